//! Bytes as RocketMQ's own code writes them, whole and damaged.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::super::tests::Random;
use super::super::untrusted;
use super::frame::{self, Request};
use super::message::{Message, messages, packed};
use super::route::{self, Broker};

/// A message to be written as a broker stores it.
#[derive(Clone, Default)]
struct Written {
    is_second: bool,
    flags: u32,
    body: Vec<u8>,
    properties: Vec<u8>,
}

impl Written {
    fn bytes(&self) -> Vec<u8> {
        let address = |bit: u32| vec![0xfe; if self.flags & bit == 0 { 4 } else { 16 }];
        let magic: u32 = if self.is_second { 0xdaa3_20ab } else { 0xdaa3_20a7 };
        let parts: Vec<Vec<u8>> = vec![
            magic.to_be_bytes().to_vec(),
            (crc32fast::hash(&self.body) & 0x7fff_ffff).to_be_bytes().to_vec(),
            vec![0; 8],
            41_u64.to_be_bytes().to_vec(),
            0xabcd_u64.to_be_bytes().to_vec(),
            self.flags.to_be_bytes().to_vec(),
            7_i64.to_be_bytes().to_vec(),
            address(1 << 4),
            1234_u32.to_be_bytes().to_vec(),
            8_i64.to_be_bytes().to_vec(),
            address(1 << 5),
            10_911_u32.to_be_bytes().to_vec(),
            vec![0; 12],
            length(&self.body),
            self.body.clone(),
            if self.is_second { vec![0, 1] } else { vec![1] },
            b"t".to_vec(),
            length(&self.properties).split_off(2),
            self.properties.clone(),
        ];
        sized(&parts.concat())
    }
}

/// A length as four bytes.
fn length(bytes: &[u8]) -> Vec<u8> {
    u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec()
}

/// Bytes behind the length of all.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let all = u32::try_from(bytes.len()).unwrap().checked_add(4).unwrap();
    [all.to_be_bytes().as_slice(), bytes].concat()
}

/// One message in the body of another.
fn inner(body: &[u8], properties: &[u8]) -> Vec<u8> {
    let behind = length(properties).split_off(2);
    sized(&[&[0; 12], length(body).as_slice(), body, &behind, properties].concat())
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A message of each kind, all with this body.
fn every_kind(body: &[u8]) -> Vec<Written> {
    let of = |flags: u32, body: Vec<u8>| Written { flags, body, ..Written::default() };
    vec![
        of(0, body.to_vec()),
        of(1, zlib(body)),
        of(0x101, lz4(body)),
        of(0x201, zstd::encode_all(body, 1).unwrap()),
        of(0x301, zlib(body)),
        of(1 << 4 | 1 << 5, body.to_vec()),
        Written { is_second: true, ..of(1 << 5, body.to_vec()) },
    ]
}

fn body(message: &Message<'_>) -> Vec<u8> {
    let mut body = b"before".to_vec();
    message.body(&mut body).unwrap();
    body.split_off(6)
}

#[test]
fn messages_of_every_kind_have_their_bodies() {
    let text = "a body that is long enough to be compressed ".repeat(30);
    let bytes: Vec<u8> = every_kind(text.as_bytes()).iter().flat_map(Written::bytes).collect();
    let read: Vec<_> = messages(&bytes).map(Result::unwrap).collect();
    assert_eq!(read.len(), 7);
    for message in &read {
        assert_eq!(body(message), text.as_bytes());
        assert_eq!((message.offset, message.born, message.stored), (41, 7, 8));
        assert!(!message.is_batch());
    }
    let ids: Vec<String> = read.iter().map(Message::place_id).collect();
    assert_eq!(ids.first().unwrap(), "FEFEFEFE00002A9F000000000000ABCD");
    let long = format!("{}00002A9F000000000000ABCD", "FE".repeat(16));
    assert_eq!(ids.iter().filter(|id| **id == long).count(), 2);
}

#[test]
fn properties_are_those_that_rocketmqs_own_client_sees() {
    let written = |properties: &str| {
        let message = Written { properties: properties.into(), ..Written::default() };
        let bytes = message.bytes();
        messages(&bytes).next().unwrap().unwrap().properties()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        written("TAGS\u{1}a\u{2}KEYS\u{1}k 2\u{2}"),
        [pair("TAGS", "a"), pair("KEYS", "k 2")]
    );
    assert_eq!(
        written("a\u{1}1\u{2}名\u{1}=\u{1}\u{2}a\u{1}2"),
        [pair("a", "2"), pair("名", "=\u{1}")]
    );
    assert_eq!(written("a\u{1}\u{2}\u{1}b\u{2}c\u{2}\u{2}"), []);
}

#[test]
fn a_batch_is_taken_apart() {
    let body = [inner(b"one", b"a\x01b\x02"), inner(b"", b"")].concat();
    let bytes = Written { flags: 0xc0, body, ..Written::default() }.bytes();
    let message = messages(&bytes).next().unwrap().unwrap();
    assert!(message.is_batch());
    let mut body = Vec::new();
    message.body(&mut body).unwrap();
    let parts: Vec<_> = packed(&body).map(Result::unwrap).collect();
    let [one, other] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!((one.body, other.body), (b"one".as_slice(), b"".as_slice()));
    assert_eq!(one.properties(), [("a".to_owned(), "b".to_owned())]);
}

#[test]
fn what_is_not_what_was_stored_is_told() {
    let bytes = Written { body: b"body".to_vec(), ..Written::default() }.bytes();
    let told = |bytes: &[u8]| messages(bytes).last().unwrap().unwrap_err().to_string();
    let mut changed = bytes.clone();
    *changed.iter_mut().rfind(|byte| **byte == b'o').unwrap() = b'0';
    assert_eq!(told(&changed), "message has a body that is not the one of its checksum");
    let (_, shorter) = bytes.split_last().unwrap();
    assert_eq!(told(shorter), "message ends too early");
    let (_, parts) = bytes.split_at(4);
    let longer = sized(&[parts, &[0]].concat());
    assert_eq!(told(&longer), "message goes on behind its properties");
    // A bomb: a gigabyte of nothing.
    let mut bomb = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..1024).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = Written { flags: 0x201, body: bomb.finish().unwrap(), ..Written::default() }.bytes();
    let refused = messages(&bomb).next().unwrap().unwrap().body(&mut Vec::new()).unwrap_err();
    assert!(refused.to_string().contains("longer than 268435456 bytes"), "{refused}");
}

/// A frame without its first length.
fn framed(kind: u32, header: &[u8], body: &[u8]) -> Vec<u8> {
    let word = kind << 24 | u32::try_from(header.len()).unwrap();
    [word.to_be_bytes().as_slice(), header, body].concat()
}

fn binary_header() -> Vec<u8> {
    let field = |name: &str, value: &str| {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        [length(name).split_off(2).as_slice(), name, &length(value), value].concat()
    };
    let fields = [field("offset", "12"), field("名", "x")].concat();
    // A code, the language, the version, 77, a reply, a remark.
    let begin = [0, 19, 0, 1, 143, 0, 0, 0, 77, 0, 0, 0, 1, 0, 0, 0, 2];
    [begin.as_slice(), b"no", &length(&fields), &fields].concat()
}

#[test]
fn headers_of_both_layouts_say_the_same() {
    let json = r#"{"code":19,"extFields":{"offset":"12","名":"x"},"flag":1,"language":"JAVA",
        "opaque":77,"remark":"no","serializeTypeCurrentRPC":"JSON","version":513}"#;
    let (json, binary) = (framed(0, json.as_bytes(), b"abc"), framed(1, &binary_header(), b"abc"));
    let (one, body) = frame::decode(&json).unwrap();
    assert_eq!((one, body), frame::decode(&binary).unwrap());
    let (header, body) = frame::decode(&json).unwrap();
    assert_eq!(
        (header.code, header.opaque, header.is_reply(), body),
        (19, 77, true, b"abc".as_slice())
    );
    assert_eq!((header.number("offset").unwrap(), header.field("名")), (12, Some("x")));
    assert!(header.number("名").is_err());
    assert!(frame::decode(&framed(2, b"", b"")).is_err());
}

#[test]
fn a_question_is_a_frame() {
    let fields = BTreeMap::from([("topic", "t".to_owned())]);
    let bytes = Request::new(105, 3, &fields).encode().unwrap();
    let (all, frame) = bytes.split_at(4);
    assert_eq!(all, length(frame));
    let (header, body) = frame::decode(frame).unwrap();
    assert_eq!(
        (header.code, header.opaque, header.is_reply(), body),
        (105, 3, false, b"".as_slice())
    );
    assert_eq!(header.field("topic"), Some("t"));
}

const ROUTE: &str = r#"{"brokerDatas":[{"brokerAddrs":{2:"b:1",0:"a:1", -1 :"c:1"},"brokerName":"x,1:"}],
    "filterServerTable":{},"queueDatas":[{"brokerName":"x,1:","perm":6,"readQueueNums":4,"topicSysFlag":0,
    "writeQueueNums":8},{"brokerName":"w","perm":2,"readQueueNums":4}],"list":[1,2, 3]}"#;

#[test]
fn a_route_names_who_has_queues_that_may_be_read() {
    let addresses = ["c:1", "a:1", "b:1"].map(str::to_owned).to_vec();
    let expected = [Broker { name: "x,1:".to_owned(), addresses, queues: 4 }];
    assert_eq!(route::brokers(ROUTE.as_bytes()).unwrap(), expected);
    let quoted =
        ROUTE.replace("2:", "\"2\":").replace("0:\"a", "\"0\":\"a").replace("-1 ", "\"-1\"");
    assert_eq!(route::brokers(quoted.as_bytes()).unwrap(), expected);
    let moving = r#"{"queueDatas":[],"topicQueueMappingByBroker":{"b":{}}}"#;
    assert!(route::brokers(moving.as_bytes()).is_err());
    let many = r#"{"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":4000000000}]}"#;
    assert!(route::brokers(many.as_bytes()).is_err());
    let topics = route::topics(br#"{"brokerAddr":null,"topicList":["a","%RETRY%b"]}"#).unwrap();
    assert_eq!(topics, ["a", "%RETRY%b"]);
}

#[test]
fn damaged_bytes_are_told_and_nothing_worse() {
    let text = b"{\"a\":1} some text to compress, some text to compress".repeat(8);
    let mut kinds: Vec<Written> = every_kind(&text);
    for kind in &mut kinds {
        kind.properties = b"TAGS\x01a\x02KEYS\x01k\x02".to_vec();
    }
    let body = [inner(b"one", b"a\x01b\x02"), inner(b"two", b"")].concat();
    kinds.push(Written { flags: 0xc0, body, ..Written::default() });
    let whole: Vec<u8> = kinds.iter().flat_map(Written::bytes).collect();
    let frames = [framed(0, ROUTE.as_bytes(), b""), framed(1, &binary_header(), b"abc")];
    let mut random = Random(7);
    let (mut told, mut read) = (0_usize, 0_usize);
    let mut count = |is_told: bool| {
        let counter = if is_told { &mut told } else { &mut read };
        *counter = counter.saturating_add(1);
    };
    for (kind, frame) in kinds.iter().cycle().zip(frames.iter().cycle()).take(20_000) {
        for message in messages(&random.damaged(&whole)) {
            let mut body = Vec::new();
            let read = message.and_then(|message| {
                message.properties();
                message.body(&mut body)
            });
            count(read.is_err());
            packed(&body).for_each(drop);
        }
        // Bodies alone, as a checksum finds most changes before.
        let damaged = Written { body: random.damaged(&kind.body).to_vec(), ..kind.clone() }.bytes();
        for message in messages(&damaged) {
            let mut body = Vec::new();
            count(message.unwrap().body(&mut body).is_err());
            packed(&body).for_each(drop);
        }
        count(frame::decode(&random.damaged(frame)).is_err());
        count(untrusted::remoting(&random.damaged(frame)) == 0);
        count(route::brokers(&random.damaged(ROUTE.as_bytes())).is_err());
    }
    assert!(told > 20_000 && read > 20_000, "{told} told, {read} read");
}
