//! The file info: a map of names to bytes, of which a reader needs some.
//!
//! Source: `HFileInfo`, `HStoreFile`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/io/hfile/HFileInfo.java>).

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::super::Broken;
use super::super::input::Input;
use super::key::Key;

/// What the file info says of cells and of the file among others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileInfo {
    /// The last row of the file; `None` in one without cells.
    pub(crate) last_row: Option<Vec<u8>>,
    /// Whether cells have tags.
    pub(crate) tags: bool,
    /// Whether tags of encoded blocks go by a dictionary.
    pub(crate) compressed_tags: bool,
    /// Whether cells have a sequence id.
    pub(crate) sequence_ids: bool,
    /// The highest sequence id of the file; −1 in files that say nothing.
    pub(crate) max_sequence_id: i64,
    /// The least and the greatest timestamp, stretched so that family deletes count.
    pub(crate) time_range: Option<(i64, i64)>,
    /// When the file was loaded in bulk, if it was.
    pub(crate) bulk_loaded: Option<i64>,
    /// Whether the cells of a bulk-loaded file keep their own sequence ids.
    pub(crate) keeps_sequence_ids: bool,
    /// The kind of the Bloom filter: `NONE`, `ROW`, `ROWCOL`, `ROWPREFIX_FIXED_LENGTH`.
    pub(crate) bloom: String,
    /// The length of the rows' prefix in a Bloom filter of prefixes.
    pub(crate) bloom_prefix: Option<usize>,
    /// The name of an encoding of index blocks, where it is not `NONE`.
    pub(crate) index_encoding: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(bytes = "bytes", required, tag = "1")]
    first: Bytes,
    #[prost(bytes = "bytes", required, tag = "2")]
    second: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct Proto {
    #[prost(message, repeated, tag = "1")]
    map_entry: Vec<Pair>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeRange {
    #[prost(uint64, optional, tag = "1")]
    from: Option<u64>,
    #[prost(uint64, optional, tag = "2")]
    to: Option<u64>,
}

type Map = BTreeMap<Bytes, Bytes>;

impl FileInfo {
    /// Reads the payload of a file info block.
    pub(crate) fn parse(payload: &Bytes) -> Result<Self, Broken> {
        let map = match payload.strip_prefix(b"PBUF") {
            Some(message) => {
                Proto::decode_length_delimited(payload.slice_ref(message)).ok().map(|proto| {
                    proto.map_entry.into_iter().map(|pair| (pair.first, pair.second)).collect()
                })
            }
            None => writable(payload),
        };
        let map: Map = map.ok_or_else(|| Broken::corrupt("file info block", "cannot be read"))?;
        Ok(Self::of(&map))
    }

    fn of(map: &Map) -> Self {
        let get = |name: &str| map.get(name.as_bytes());
        let text = |name: &str| get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let long = |name: &str| get(name).and_then(|value| Input::new(value).i64());
        let int = |name: &str| get(name).and_then(|value| Input::new(value).u32());
        let truth = |name: &str| get(name).is_some_and(|value| value.iter().any(|byte| *byte != 0));
        Self {
            last_row: get("hfile.LASTKEY").and_then(|key| Some(Key::parse(key)?.row.to_vec())),
            tags: get("hfile.MAX_TAGS_LEN").is_some(),
            compressed_tags: truth("hfile.TAGS_COMPRESSED"),
            sequence_ids: int("KEY_VALUE_VERSION") == Some(1),
            max_sequence_id: long("MAX_SEQ_ID_KEY").unwrap_or(-1),
            time_range: get("TIMERANGE").and_then(time_range),
            bulk_loaded: long("BULKLOAD_TIMESTAMP"),
            keeps_sequence_ids: truth("SKIP_RESET_SEQ_ID"),
            bloom: text("BLOOM_FILTER_TYPE").unwrap_or_default(),
            bloom_prefix: int("BLOOM_FILTER_PARAM").and_then(|length| usize::try_from(length).ok()),
            index_encoding: text("INDEX_BLOCK_ENCODING").filter(|name| name != "NONE"),
        }
    }
}

/// The form before protobuf: a count, then names and values with a byte between them.
fn writable(payload: &Bytes) -> Option<Map> {
    let mut input = Input::new(payload);
    let count = input.length()?;
    let mut map = Map::new();
    for _ in 0..count {
        let length = input.vlength()?;
        let name = payload.slice_ref(input.take(length)?);
        let _type = input.u8()?;
        let length = input.vlength()?;
        map.insert(name, payload.slice_ref(input.take(length)?));
    }
    Some(map)
}

/// Two longs, or `PBUF` and a message.
fn time_range(value: &Bytes) -> Option<(i64, i64)> {
    match value.strip_prefix(b"PBUF") {
        Some(message) => {
            let range = TimeRange::decode(message).ok()?;
            Some((range.from?.cast_signed(), range.to?.cast_signed()))
        }
        None => {
            let mut input = Input::new(value);
            Some((input.i64()?, input.i64()?))
        }
    }
}
