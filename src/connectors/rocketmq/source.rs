//! A cluster as a source of streams.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;

use super::NAME;
use super::client::{Client, Ends};
use super::connection::Dialer;
use super::names::{self, Instance, Queue};
use super::options::CatalogOptions;
use super::reading;
use super::signing::Signer;
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity, StatementContext};
use crate::stream::{
    LogSource, OffsetUnit, PartitionKind, PartitionNow, ReadRequest, Records, SourceTraits,
    TimeEdge, TimeOrder, sent,
};

/// Milliseconds since 1970 that no clock shows: the year 3000.
const FAR_AWAY: i64 = 32_503_680_000_000;

/// The group in whose name is read: every broker has it.
const GROUP: &str = "TOOLS_CONSUMER";

/// The cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    client: Arc<Client>,
    user: Option<String>,
}

impl Cluster {
    /// The cluster of a catalog file in `folder`. Asks no server.
    pub(super) fn new(options: &CatalogOptions, folder: &Path) -> Result<Self> {
        let (servers, of_endpoint) = names::servers(&options.name_servers)?;
        let instance = Instance::new(options.instance.clone().or(of_endpoint));
        let signer = match (&options.access_key, &options.secret_key) {
            (None, None) => None,
            (Some(access_key), Some(secret_key)) => {
                let token = options.security_token.as_deref();
                Some(Signer::new(access_key, secret_key, token, options.channel.as_deref()))
            }
            _ => return Err(Error::config("access_key and secret_key belong together")),
        };
        let authorities = options.ca_certificate.as_ref().map(|path| folder.join(path));
        let tls = match options.tls.unwrap_or(authorities.is_some()) {
            true => Some(Dialer::tls(authorities.as_ref())?),
            false => None,
        };
        let group = options.group.as_deref();
        let client = Client {
            servers,
            group: group.map_or_else(|| GROUP.to_owned(), |group| instance.wire(group)),
            instance,
            dialer: Dialer { tls, signer },
            idle: Mutex::default(),
            routes: Mutex::default(),
        };
        Ok(Self { client: Arc::new(client), user: options.access_key.clone() })
    }

    /// All topics that people look at.
    async fn topics(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>> {
        let key = format!("topics of {}", self.location());
        Ok(statement.once(key, self.client.topics()).await?.to_vec())
    }
}

#[async_trait]
impl LogSource for Cluster {
    fn traits(&self) -> SourceTraits {
        SourceTraits {
            system: NAME,
            noun: "topic",
            // Numbers are those of a broker, and a topic may get another one.
            partitions: PartitionKind::Name,
            offsets: OffsetUnit::Records,
            has_time: true,
            has_keys: false,
            has_properties: true,
            exact_times: false,
            skips_lost: false,
            split: Some(200_000),
            tail: 256,
        }
    }

    fn location(&self) -> String {
        let servers = self.client.servers.join(",");
        match self.client.instance.name() {
            Some(instance) => format!("rocketmq://{servers}/{instance}"),
            None => format!("rocketmq://{servers}"),
        }
    }

    async fn streams(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>> {
        self.topics(statement).await
    }

    async fn partitions(
        &self,
        _: &Arc<StatementContext>,
        stream: &str,
    ) -> Result<Option<Vec<PartitionNow>>> {
        let Some(brokers) = self.client.route(stream).await? else { return Ok(None) };
        if brokers.is_empty() {
            let text = format!("topic {stream}: none of its queues may be read");
            return Err(Error::denied(text).with_hint("look at `perm` of the topic"));
        }
        let ends = self.client.ends(stream, &brokers).await?.into_iter();
        let now = ends.map(|(queue, Ends { start, end })| PartitionNow {
            partition: queue.partition(),
            start,
            end,
            held_back: 0,
            identity: None,
        });
        Ok(Some(now.collect()))
    }

    /// Brokers give the time when they store a message, one after the other.
    async fn time_order(&self, _: &str) -> Result<TimeOrder> {
        Ok(TimeOrder::Rising)
    }

    async fn offsets_at(
        &self,
        stream: &str,
        partitions: &[String],
        time: DateTime<Utc>,
        edge: TimeEdge,
    ) -> Result<Option<BTreeMap<String, u64>>> {
        let queues = partitions.iter().map(|partition| Queue::parse(partition));
        let queues: Vec<Queue> = queues.collect::<Result<_>>()?;
        // Older brokers find any message of the very time, or the one next to it, be it before or behind;
        // where messages are stored in batches, the last one is found if there is none. So an earlier time
        // is asked for where reading begins, one message more is read where it ends, and all of them if no
        // later ones are found at all.
        let millis = time.timestamp_millis();
        let find = async |millis: i64| {
            let found = self.client.offsets_at(stream, &queues, millis.max(0)).await?.into_iter();
            Ok::<_, Error>(found.map(|(queue, offset)| (queue.partition(), offset)))
        };
        Ok(Some(match edge {
            TimeEdge::Since => {
                let found = find(millis.saturating_sub(1)).await?;
                found.map(|(partition, offset)| (partition, offset.unwrap_or(0))).collect()
            }
            TimeEdge::Before => {
                let last: BTreeMap<_, _> = find(FAR_AWAY).await?.collect();
                let found = find(millis).await?.map(|(partition, offset)| {
                    let last = last.get(&partition).copied().flatten();
                    let end = offset.filter(|offset| last.is_some_and(|last| *offset < last));
                    (partition, end.map_or(u64::MAX, |end| end.saturating_add(1)))
                });
                found.collect()
            }
        }))
    }

    fn read(
        &self,
        _: &Arc<StatementContext>,
        request: ReadRequest,
    ) -> BoxStream<'static, Result<Records>> {
        let client = Arc::clone(&self.client);
        sent(move |wanted| {
            // It ends when nobody takes what it reads.
            tokio::spawn(reading::read(client, request, wanted));
        })
    }

    async fn check(&self, statement: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        let topics = self.topics(statement).await?;
        // Name servers tell everybody; who asks is checked by brokers.
        if let Some(topic) = topics.first()
            && let Some(brokers) = self.client.route(topic).await?
        {
            self.client.ends(topic, &brokers).await?;
        }
        let user = self.user.as_deref().map(|user| format!(" as {user}")).unwrap_or_default();
        Ok(vec![Finding {
            severity: Severity::Info,
            object: self.location(),
            message: format!("the cluster answers{user}: {} topics", topics.len()),
            fix: None,
        }])
    }
}
