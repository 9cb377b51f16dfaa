//! Where the queues of a topic are: brokers by name, with their addresses.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::super::Broken;

/// The bit of a queue that may be read, in `perm`.
const READABLE: i64 = 4;

/// Queues of one broker that a topic may have; more are a mistake of bytes.
const MOST_QUEUES: u32 = 65_536;

/// What a name server says of a topic.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteMessage {
    #[serde(default)]
    broker_datas: Vec<BrokerMessage>,
    #[serde(default)]
    queue_datas: Vec<QueueMessage>,
    // Only of topics whose queues move between brokers.
    #[serde(default)]
    topic_queue_mapping_by_broker: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BrokerMessage {
    broker_name: String,
    #[serde(default)]
    broker_addrs: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueueMessage {
    broker_name: String,
    #[serde(default)]
    perm: i64,
    #[serde(default)]
    read_queue_nums: u32,
}

/// A broker that has queues of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Broker {
    /// Its name.
    pub(crate) name: String,
    /// Its addresses, `host:port`: the master's first, then those of the copies.
    pub(crate) addresses: Vec<String>,
    /// The number of its queues that may be read.
    pub(crate) queues: u32,
}

/// The brokers that have queues of a topic, in the bytes of an answer.
///
/// # Errors
/// For what is no route, and for topics whose queues move between brokers.
pub(crate) fn brokers(bytes: &[u8]) -> Result<Vec<Broker>, Broken> {
    let route: RouteMessage = json("route", bytes)?;
    if route.topic_queue_mapping_by_broker.is_some_and(|mapping| !mapping.is_empty()) {
        return Err(Broken::unsupported("route", "is one of queues that move between brokers"));
    }
    let mut brokers = Vec::new();
    for queues in route.queue_datas {
        if queues.read_queue_nums > MOST_QUEUES {
            let reason = format!("has {} queues on one broker", queues.read_queue_nums);
            return Err(Broken::corrupt("route", reason));
        }
        if queues.perm & READABLE == 0 || queues.read_queue_nums == 0 {
            continue;
        }
        let of_name = route.broker_datas.iter().find(|it| it.broker_name == queues.broker_name);
        let mut addresses: Vec<(i64, String)> = Vec::new();
        for (id, address) in of_name.into_iter().flat_map(|it| &it.broker_addrs) {
            let id = id.parse().map_err(|_| Broken::corrupt("route", "has a broker without id"))?;
            addresses.push((id, address.clone()));
        }
        addresses.sort();
        brokers.push(Broker {
            name: queues.broker_name,
            addresses: addresses.into_iter().map(|(_, address)| address).collect(),
            queues: queues.read_queue_nums,
        });
    }
    brokers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(brokers)
}

/// What a name server says of topics.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TopicsMessage {
    #[serde(default)]
    topic_list: Vec<String>,
}

/// The names of topics in the bytes of an answer.
///
/// # Errors
/// For what is no list of topics.
pub(crate) fn topics(bytes: &[u8]) -> Result<Vec<String>, Broken> {
    Ok(json::<TopicsMessage>("list of topics", bytes)?.topic_list)
}

fn json<T: DeserializeOwned>(structure: &'static str, bytes: &[u8]) -> Result<T, Broken> {
    serde_json::from_slice(&with_quoted_keys(bytes))
        .map_err(|e| Broken::corrupt(structure, format!("is no JSON: {e}")))
}

/// JSON whose keys are all in quotes: older servers write numbers as keys without them.
fn with_quoted_keys(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut quoted = Vec::new();
    let (mut copied, mut at) = (0, 0_usize);
    let (mut in_text, mut may_be_key) = (false, false);
    while let Some(byte) = bytes.get(at).copied() {
        let next = at.saturating_add(1);
        at = match byte {
            b'\\' if in_text => at.saturating_add(2),
            b'"' => {
                in_text = !in_text;
                may_be_key = false;
                next
            }
            _ if in_text => next,
            b'{' | b',' => {
                may_be_key = true;
                next
            }
            b'-' | b'0'..=b'9' if may_be_key => {
                may_be_key = false;
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|it| matches!(it, b'-' | b'0'..=b'9')).count();
                let end = at.saturating_add(length);
                let behind = bytes.get(end..).unwrap_or_default().trim_ascii_start();
                if behind.first() == Some(&b':') {
                    quoted.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
                    quoted.push(b'"');
                    quoted.extend_from_slice(bytes.get(at..end).unwrap_or_default());
                    quoted.push(b'"');
                    copied = end;
                }
                end
            }
            b' ' | b'\t' | b'\n' | b'\r' => next,
            _ => {
                may_be_key = false;
                next
            }
        };
    }
    if copied == 0 {
        return Cow::Borrowed(bytes);
    }
    quoted.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Cow::Owned(quoted)
}
