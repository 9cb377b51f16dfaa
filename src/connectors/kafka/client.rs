//! Brokers as librdkafka reaches them; the only file that names it. Everything here blocks.
//!
//! Clients are pooled: making one costs a connection to each broker, ending one a tenth of a second.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::error::Trouble;
use crate::error::Result;
use crate::stream::{Record, Records};

/// How long brokers may take to say something about topics.
const ANSWER: Duration = Duration::from_secs(20);

/// How long the first answer of them may take before it is looked what connections are like; each
/// further one twice as long.
const FIRST_ANSWER: Duration = Duration::from_millis(500);

/// How long after a failed question the next one is, where it failed at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Clients that are kept though nobody uses them.
const IDLE: usize = 8;

/// Partitions that are asked about at once.
const AT_ONCE: usize = 8;

/// What is said to every client, besides where brokers are and who asks.
const SETTINGS: [(&str, &str); 9] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("enable.partition.eof", "true"),
    ("auto.offset.reset", "error"),
    ("allow.auto.create.topics", "false"),
    ("fetch.wait.max.ms", "10"),
    ("fetch.queue.backoff.ms", "1"),
    // What one client holds of a partition before it is taken.
    ("queued.max.messages.kbytes", "16384"),
    ("client.id", "sluice"),
];

/// Which records are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Those of committed transactions, up to the first one that is open.
    Committed,
    /// All.
    Uncommitted,
}

/// Takes down what the client says of its connections: its errors alone do not tell a wrong password
/// from a broker that is down.
#[derive(Clone, Default)]
pub(super) struct Sayings(Arc<Mutex<Option<String>>>);

impl Sayings {
    fn say(&self, text: &str) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // That all brokers are down says less than why one of them is.
        if said.is_none() || !text.ends_with("brokers are down") {
            *said = Some(text.to_owned());
        }
    }

    fn last(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Sayings {
    fn log(&self, level: RDKafkaLogLevel, _: &str, message: &str) {
        // Everything up to errors.
        if level as i32 <= RDKafkaLogLevel::Error as i32 {
            // `[thrd:host:port/bootstrap]: host:port/bootstrap: Connect to … failed: …`
            let text = message.split_once("]: ").map_or(message, |(_, text)| text);
            self.say(text);
        }
    }

    fn error(&self, _: KafkaError, reason: &str) {
        self.say(reason);
    }
}

impl ConsumerContext for Sayings {}

type Consuming = BaseConsumer<Sayings>;

/// A cluster.
pub(super) struct Client {
    config: ClientConfig,
    servers: String,
    idle: Mutex<Vec<Consuming>>,
    // For what only those know who see everything.
    uncommitted: Mutex<Option<Arc<Consuming>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("servers", &self.servers).finish_non_exhaustive()
    }
}

/// A client out of the pool, which goes back when it is dropped.
pub(super) struct Lent {
    client: Arc<Client>,
    consumer: Option<Consuming>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        let mut idle = self.client.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if consumer.unassign().is_ok() && idle.len() < IDLE {
            idle.push(consumer);
            return;
        }
        drop(idle);
        // It says goodbye to brokers, and nobody has to wait for that.
        std::thread::spawn(move || drop(consumer));
    }
}

/// What can be said of an error without the place.
fn trouble_of(error: &KafkaError) -> Trouble {
    use RDKafkaErrorCode as Code;
    let Some(code) = error.rdkafka_error_code() else { return Trouble::Other };
    match code {
        Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::Resolve
        | Code::BrokerDestroy
        | Code::NotLeaderForPartition
        | Code::LeaderNotAvailable
        | Code::ReplicaNotAvailable
        | Code::BrokerNotAvailable
        | Code::NetworkException
        | Code::CoordinatorNotAvailable
        | Code::CoordinatorLoadInProgress
        | Code::NotCoordinator
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::Fail => Trouble::Passing,
        Code::Authentication | Code::SaslAuthenticationFailed => Trouble::Unauthenticated,
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => Trouble::Denied,
        Code::GroupAuthorizationFailed => Trouble::Nothing,
        Code::AutoOffsetReset | Code::OffsetOutOfRange => Trouble::OutOfRange,
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => {
            Trouble::UnknownTopic
        }
        Code::BadMessage | Code::BadCompression | Code::InvalidMessage => Trouble::Corrupt,
        _ => Trouble::Other,
    }
}

/// What the client's sentence about a connection means.
fn trouble_of_saying(said: &str) -> Trouble {
    let lower = said.to_lowercase();
    if lower.contains("authentication fail") {
        Trouble::Unauthenticated
    } else if lower.contains("certificate verify failed") {
        Trouble::Untrusted
    } else {
        Trouble::Passing
    }
}

impl Client {
    /// A client of the cluster that `settings` say.
    ///
    /// # Errors
    /// `Config` for settings that contradict each other.
    pub(super) fn new(servers: &str, settings: &[(&str, String)]) -> Result<Self> {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Error);
        for (name, value) in SETTINGS {
            config.set(name, value);
        }
        config.set("bootstrap.servers", servers);
        for (name, value) in settings {
            config.set(*name, value);
        }
        // Files are read and names are checked here; no broker is asked.
        config
            .create_native_config()
            .map_err(|e| crate::error::Error::config(format!("the options of {servers}: {e}")))?;
        Ok(Self {
            config,
            servers: servers.to_owned(),
            idle: Mutex::default(),
            uncommitted: Mutex::default(),
        })
    }

    fn connect(&self, isolation: Isolation) -> Result<Consuming> {
        let level = match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        };
        let mut config = self.config.clone();
        config.set("isolation.level", level);
        config
            .create_with_context(Sayings::default())
            .map_err(|e: KafkaError| crate::error::Error::config(format!("{}: {e}", self.servers)))
    }

    /// A client that nobody else uses.
    pub(super) fn lend(self: &Arc<Self>) -> Result<Lent> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let consumer = match idle {
            Some(consumer) => consumer,
            None => self.connect(Isolation::Committed)?,
        };
        Ok(Lent { client: Arc::clone(self), consumer: Some(consumer) })
    }

    /// The one client that sees all records.
    fn seeing_all(&self) -> Result<Arc<Consuming>> {
        let mut kept = self.uncommitted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(consumer) = &*kept {
            return Ok(Arc::clone(consumer));
        }
        Ok(Arc::clone(kept.insert(Arc::new(self.connect(Isolation::Uncommitted)?))))
    }

    /// The error of asking about something.
    fn error(&self, consumer: &Consuming, what: &str, error: &KafkaError) -> crate::error::Error {
        // What was said of connections is among the events.
        let _ = consumer.poll(Duration::ZERO);
        let said = consumer.context().last();
        let reason = said.unwrap_or_else(|| error.to_string());
        let trouble = match trouble_of(error) {
            Trouble::Passing => trouble_of_saying(&reason),
            trouble => trouble,
        };
        trouble.error(&format!("{}: {what}", self.servers), &reason)
    }

    /// Whether a question may be answered the next time. To a client of the pool a partition that was
    /// added since it last asked is unknown: it asks.
    fn may_ask_again(&self, consumer: &Consuming, topic: &str, error: &KafkaError) -> bool {
        match trouble_of(error) {
            Trouble::Passing => true,
            Trouble::UnknownTopic => self.metadata(consumer, Some(topic)).is_ok(),
            _ => false,
        }
    }

    /// What brokers say of topics. Who is not let in need not wait for those that would say it, too.
    fn metadata(
        &self,
        consumer: &Consuming,
        topic: Option<&str>,
    ) -> std::result::Result<Metadata, KafkaError> {
        let (asked, mut wait) = (Instant::now(), FIRST_ANSWER);
        loop {
            let left = ANSWER.saturating_sub(asked.elapsed());
            let answer = consumer.fetch_metadata(topic, wait.min(left));
            let Err(e) = &answer else { return answer };
            // What was said of connections is among the events; nor are brokers asked without a pause.
            let _ = consumer.poll(PAUSE);
            let said = consumer.context().last();
            let may_pass = said.is_none_or(|said| trouble_of_saying(&said) == Trouble::Passing);
            if trouble_of(e) != Trouble::Passing || !may_pass || asked.elapsed() >= ANSWER {
                return answer;
            }
            wait *= 2;
        }
    }

    /// Topics with the numbers of their partitions; of one topic, none where there is none.
    pub(super) fn topics(
        self: &Arc<Self>,
        topic: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<i32>>> {
        let lent = self.lend()?;
        let consumer = lent.consumer()?;
        let what = topic.map_or_else(|| "topics".to_owned(), |topic| format!("topic {topic}"));
        let metadata =
            self.metadata(consumer, topic).map_err(|e| self.error(consumer, &what, &e))?;
        let mut topics = BTreeMap::new();
        for found in metadata.topics() {
            match found.error().map(RDKafkaErrorCode::from) {
                None => {}
                Some(
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
                ) => {
                    continue;
                }
                Some(code) if topic.is_some() => {
                    return Err(self.error(consumer, &what, &KafkaError::MetadataFetch(code)));
                }
                Some(_) => {}
            }
            let partitions = found.partitions().iter().map(|partition| partition.id()).collect();
            topics.insert(found.name().to_owned(), partitions);
        }
        Ok(topics)
    }

    /// First offset, end of what is committed, end of all, of each partition.
    pub(super) fn ends(
        self: &Arc<Self>,
        topic: &str,
        partitions: &[i32],
    ) -> Result<Vec<(i32, [i64; 3])>> {
        let lent = self.lend()?;
        let (committed, all) = (lent.consumer()?, self.seeing_all()?);
        let of = |partition: i32| {
            let ask = |consumer: &Consuming| {
                let what = format!("topic {topic} partition {partition}");
                let asked = consumer.fetch_watermarks(topic, partition, ANSWER);
                let asked = match asked {
                    Err(e) if self.may_ask_again(consumer, topic, &e) => {
                        consumer.fetch_watermarks(topic, partition, ANSWER)
                    }
                    asked => asked,
                };
                asked.map_err(|e| self.error(consumer, &what, &e))
            };
            // The end of all is asked first: it is never below that of what is committed then.
            let (_, high) = ask(&all)?;
            let (low, stable) = ask(committed)?;
            Ok((partition, [low, stable, high]))
        };
        let mut found = Vec::with_capacity(partitions.len());
        for some in partitions.chunks(AT_ONCE) {
            let ends: Vec<Result<_>> = std::thread::scope(|scope| {
                let asked: Vec<_> =
                    some.iter().map(|partition| scope.spawn(|| of(*partition))).collect();
                let lost = || crate::error::Error::internal("a question to a broker was lost");
                asked.into_iter().map(|it| it.join().unwrap_or_else(|_| Err(lost()))).collect()
            });
            for end in ends {
                found.push(end?);
            }
        }
        Ok(found)
    }

    /// The first offset that is not older than a time (milliseconds), where there is one.
    pub(super) fn offsets_at(
        self: &Arc<Self>,
        topic: &str,
        partitions: &[i32],
        time: i64,
    ) -> Result<BTreeMap<i32, i64>> {
        let lent = self.lend()?;
        let consumer = lent.consumer()?;
        let what = format!("topic {topic}: offsets of a time");
        let mut asked = TopicPartitionList::new();
        for partition in partitions {
            asked
                .add_partition_offset(topic, *partition, Offset::Offset(time.max(0)))
                .map_err(|e| self.error(consumer, &what, &e))?;
        }
        let answer = match consumer.offsets_for_times(asked.clone(), ANSWER) {
            Err(e) if self.may_ask_again(consumer, topic, &e) => {
                consumer.offsets_for_times(asked, ANSWER)
            }
            answer => answer,
        };
        let answer = answer.map_err(|e| self.error(consumer, &what, &e))?;
        let mut found = BTreeMap::new();
        for element in answer.elements() {
            element.error().map_err(|e| self.error(consumer, &what, &e))?;
            match element.offset() {
                Offset::Offset(offset) => {
                    found.insert(element.partition(), offset);
                }
                // All records are older.
                Offset::End => {}
                other => {
                    return Err(crate::error::Error::internal(format!("{what}: {other:?}")));
                }
            }
        }
        Ok(found)
    }
}

/// What came of a look at what a partition has.
pub(super) enum Polled {
    /// A record was added.
    Record,
    /// A record from the end of the range on; it was not added.
    Beyond,
    /// A record that was not asked for; it was not added.
    Other,
    /// Nothing yet.
    Nothing,
    /// Nothing more for now: the partition ends here.
    End,
    /// Something is wrong, in the client's own words.
    Trouble(Trouble, String),
}

impl Lent {
    fn consumer(&self) -> Result<&Consuming> {
        self.consumer
            .as_ref()
            .ok_or_else(|| crate::error::Error::internal("a client was taken away"))
    }

    /// Learns which partitions a topic has now.
    pub(super) fn learn(&self, topic: &str) -> Result<()> {
        let consumer = self.consumer()?;
        let asked = self.client.metadata(consumer, Some(topic));
        asked.map(drop).map_err(|e| self.client.error(consumer, &format!("topic {topic}"), &e))
    }

    /// Begins to read a partition.
    pub(super) fn assign(&self, topic: &str, partition: i32, offset: i64) -> Result<()> {
        let consumer = self.consumer()?;
        let what = format!("topic {topic} partition {partition}");
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .and_then(|()| consumer.assign(&list))
            .map_err(|e| self.client.error(consumer, &what, &e))
    }

    /// The position that reading has come to, once it is known.
    pub(super) fn position(&self, topic: &str, partition: i32) -> Result<Option<i64>> {
        let consumer = self.consumer()?;
        let what = format!("topic {topic} partition {partition}");
        let list = consumer.position().map_err(|e| self.client.error(consumer, &what, &e))?;
        Ok(match list.find_partition(topic, partition).map(|element| element.offset()) {
            Some(Offset::Offset(offset)) => Some(offset),
            _ => None,
        })
    }

    /// Waits for the next record below `end` of the partition that is read and adds it to `records`.
    pub(super) fn poll(
        &self,
        wait: Duration,
        (topic, partition): (&str, i32),
        end: i64,
        wants_keys: bool,
        records: &mut Records,
    ) -> Result<Polled> {
        let consumer = self.consumer()?;
        // What is there already is taken without a look at the clock, which costs as much as it.
        let message = match consumer.poll(Duration::ZERO).or_else(|| consumer.poll(wait)) {
            None => return Ok(Polled::Nothing),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(Polled::End),
            Some(Err(e)) => {
                let said = consumer.context().last().unwrap_or_else(|| e.to_string());
                return Ok(Polled::Trouble(trouble_of(&e), said));
            }
            Some(Ok(message)) => message,
        };
        let offset = u64::try_from(message.offset()).unwrap_or_default();
        // What was on its way for who had the client before, or came twice.
        let is_asked_for = message.topic() == topic && message.partition() == partition;
        if !is_asked_for || offset < records.position {
            return Ok(Polled::Other);
        }
        if message.offset() >= end {
            return Ok(Polled::Beyond);
        }
        let value = message.payload().map(|payload| {
            let from = records.values.len();
            records.values.extend_from_slice(payload);
            from..records.values.len()
        });
        let mut record = Record {
            offset,
            timestamp: message.timestamp().to_millis(),
            value,
            ..Record::default()
        };
        if wants_keys {
            record.key = message.key().map(<[u8]>::to_vec);
            let headers = message.headers().into_iter().flat_map(Headers::iter);
            let header = |it: rdkafka::message::Header<'_, &[u8]>| {
                (it.key.to_owned(), it.value.map(<[u8]>::to_vec))
            };
            record.headers = headers.map(header).collect();
        }
        records.bytes += (message.payload_len() + message.key_len()) as u64;
        records.position = offset + 1;
        records.records.push(record);
        Ok(Polled::Record)
    }
}
