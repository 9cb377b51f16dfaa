//! Names: servers as people write them, topics as an instance's names and as brokers know them,
//! queues as partitions.

use crate::error::{Error, Result};

/// Beginnings of the names of topics that RocketMQ keeps for itself.
const HIDDEN: [&str; 4] = ["%RETRY%", "%DLQ%", "rmq_sys_", "RMQ_SYS_"];

/// The other ones; a broker's clusters and brokers are told by name servers.
const SYSTEM: [&str; 7] = [
    "TBW102",
    "SCHEDULE_TOPIC_XXXX",
    "BenchmarkTest",
    "TRANS_CHECK_MAX_TIME_TOPIC",
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
    "CHECKPOINT_TOPIC",
];

/// Where answers to messages that ask for one go, by cluster.
const REPLIES: &str = "_REPLY_TOPIC";

/// Whether people look at a topic of this name; `others` are names that name servers call the system's.
pub(super) fn is_shown(topic: &str, others: &[String]) -> bool {
    let of_cluster = topic.strip_suffix(REPLIES);
    let is_other = |name: &str| others.iter().any(|other| other == name);
    !HIDDEN.iter().any(|hidden| topic.starts_with(hidden))
        && !SYSTEM.contains(&topic)
        && !is_other(topic)
        && !of_cluster.is_some_and(is_other)
}

/// Name servers, and the instance where one of their names is that of an instance's endpoint.
///
/// # Errors
/// `Config` for a text that names none.
pub(super) fn servers(text: &str) -> Result<(Vec<String>, Option<String>)> {
    let (mut servers, mut instance) = (Vec::new(), None);
    for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        let server = part.rsplit_once('/').map_or(part, |(_, server)| server);
        let port = server.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(Error::config(format!("name_servers: `{part}` is no server"))
                .with_hint("write host:9876, several with commas between"));
        }
        if server.starts_with("MQ_INST_") {
            instance = server.split_once('.').map(|(instance, _)| instance.to_owned());
        }
        servers.push(server.to_owned());
    }
    if servers.is_empty() {
        return Err(Error::config("name_servers is empty").with_hint("write host:9876"));
    }
    Ok((servers, instance))
}

/// The instance whose names are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Instance(Option<String>);

impl Instance {
    /// The instance of this name; names are whole where there is none.
    pub(super) fn new(name: Option<String>) -> Self {
        Self(name.filter(|name| !name.is_empty()))
    }

    /// Its name.
    pub(super) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// A topic or group of the instance as brokers know it.
    pub(super) fn wire(&self, name: &str) -> String {
        match &self.0 {
            Some(instance) => format!("{instance}%{name}"),
            None => name.to_owned(),
        }
    }

    /// A topic that brokers know, as the instance calls it; `None` where it is not of the instance.
    pub(super) fn local<'n>(&self, wire: &'n str) -> Option<&'n str> {
        match &self.0 {
            Some(instance) => wire.strip_prefix(instance.as_str())?.strip_prefix('%'),
            None => Some(wire),
        }
    }
}

/// A queue: which one of which broker. As a partition it is called `<broker>-<number>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Queue {
    /// The broker's name.
    pub(super) broker: String,
    /// Its number there.
    pub(super) number: u32,
}

impl Queue {
    /// The queue of a partition.
    ///
    /// # Errors
    /// `Corrupt` for a name that is none of a queue.
    pub(super) fn parse(partition: &str) -> Result<Self> {
        let parts = partition.rsplit_once('-');
        let parts = parts.and_then(|(broker, number)| Some((broker, number.parse().ok()?)));
        let (broker, number) =
            parts.ok_or_else(|| Error::corrupt(format!("`{partition}` names no queue")))?;
        Ok(Self { broker: broker.to_owned(), number })
    }

    /// The partition.
    pub(super) fn partition(&self) -> String {
        format!("{}-{}", self.broker, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_ons_name_their_instance() {
        let names = |text: &str| servers(text).map_err(|e| e.to_string());
        let two = vec!["a:9876".to_owned(), "b:1".to_owned()];
        assert_eq!(names("a:9876; b:1,"), Ok((two, None)));
        let server = "MQ_INST_1_B.cn-hangzhou.mq.aliyuncs.com:8080".to_owned();
        let instance = Some("MQ_INST_1_B".to_owned());
        assert_eq!(names(&format!("http://{server}")), Ok((vec![server], instance)));
        assert_eq!(names("a"), Err("name_servers: `a` is no server".to_owned()));
        assert_eq!(names(" ,"), Err("name_servers is empty".to_owned()));
    }

    #[test]
    fn topics_of_an_instance_have_its_name_on_the_wire() {
        let (none, one) = (Instance::new(None), Instance::new(Some("MQ_INST_1".to_owned())));
        assert_eq!((one.wire("t"), none.wire("t")), ("MQ_INST_1%t".to_owned(), "t".to_owned()));
        assert_eq!(one.local("MQ_INST_1%t"), Some("t"));
        assert_eq!(one.local("MQ_INST_12%t"), None);
        assert_eq!(none.local("MQ_INST_1%t"), Some("MQ_INST_1%t"));
    }

    #[test]
    fn what_the_system_keeps_for_itself_is_hidden() {
        let others = ["DefaultCluster".to_owned(), "broker-a".to_owned()];
        for hidden in [
            "%RETRY%g",
            "%DLQ%g",
            "RMQ_SYS_TRANS_HALF_TOPIC",
            "rmq_sys_wheel_timer",
            "TBW102",
            "broker-a",
            "DefaultCluster_REPLY_TOPIC",
        ] {
            assert!(!is_shown(hidden, &others), "{hidden}");
        }
        assert!(is_shown("orders", &others) && is_shown("x_REPLY_TOPIC", &others));
    }

    #[test]
    fn a_queue_is_named_by_its_broker_and_its_number() {
        let queue = Queue { broker: "broker-a".to_owned(), number: 11 };
        assert_eq!(Queue::parse(&queue.partition()).ok(), Some(queue));
        assert!(Queue::parse("broker").is_err() && Queue::parse("a-b").is_err());
    }
}
