//! A cluster as a source of streams.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;

use super::NAME;
use super::client::Client;
use super::options::CatalogOptions;
use super::reading;
use super::registry::Registry;
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity, StatementContext};
use crate::stream::schemas::SchemaRegistry;
use crate::stream::{
    LogSource, OffsetUnit, PartitionKind, PartitionNow, ReadRequest, Records, SourceTraits,
    TimeEdge, sent,
};

/// The group in whose name is read.
const GROUP: &str = "sluice";

/// The cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    client: Arc<Client>,
    servers: String,
    user: Option<String>,
    registry: Option<Arc<Registry>>,
}

impl Cluster {
    /// The cluster of a catalog file in `folder`. Asks no broker.
    pub(super) fn new(options: CatalogOptions, folder: &Path) -> Result<Self> {
        let settings = settings(&options, folder)?;
        let client = Arc::new(Client::new(&options.bootstrap_servers, &settings)?);
        let registry = Registry::of(&options, folder)?.map(Arc::new);
        Ok(Self { client, servers: options.bootstrap_servers, user: options.username, registry })
    }

    /// Asks brokers on a thread that may wait.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Arc<Client>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let client = Arc::clone(&self.client);
        let asked = tokio::task::spawn_blocking(move || question(&client)).await;
        asked.unwrap_or_else(|e| Err(Error::internal(e.to_string())))
    }

    /// All topics that people look at.
    async fn topics(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>> {
        let key = format!("topics of {}", self.servers);
        let topics = statement.once(key, async { self.ask(|client| client.topics(None)).await });
        let shown = |name: &&String| !name.starts_with("__") && *name != "_schemas";
        Ok(topics.await?.keys().filter(shown).cloned().collect())
    }
}

/// What the client is told of who asks and how.
fn settings(options: &CatalogOptions, folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut settings =
        vec![("group.id", options.group.clone().unwrap_or_else(|| GROUP.to_owned()))];
    let files = [
        ("ssl.ca.location", "ca_certificate", &options.ca_certificate),
        ("ssl.certificate.location", "certificate", &options.certificate),
        ("ssl.key.location", "key", &options.key),
    ];
    let has_files = files.iter().any(|(_, _, path)| path.is_some());
    for (setting, option, path) in files {
        let Some(path) = path.as_ref().map(|path| folder.join(path)) else { continue };
        // The client names no file that it cannot read.
        std::fs::File::open(&path)
            .map_err(|e| Error::config(format!("{option} {}: {e}", path.display())))?;
        settings.push((setting, path.display().to_string()));
    }
    if let Some(password) = &options.key_password {
        settings.push(("ssl.key.password", password.clone()));
    }
    let tls = options.tls.unwrap_or(has_files);
    let protocol = match (tls, &options.username, &options.password) {
        (false, None, None) => "plaintext",
        (true, None, None) => "ssl",
        (tls, Some(user), Some(password)) => {
            let mechanism = options.sasl_mechanism.as_deref().unwrap_or("PLAIN").to_uppercase();
            if !["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].contains(&mechanism.as_str()) {
                return Err(Error::config(format!("sasl_mechanism `{mechanism}` is not known"))
                    .with_hint("takes PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"));
            }
            settings.push(("sasl.mechanisms", mechanism));
            settings.push(("sasl.username", user.clone()));
            settings.push(("sasl.password", password.clone()));
            if tls { "sasl_ssl" } else { "sasl_plaintext" }
        }
        _ => return Err(Error::config("username and password belong together")),
    };
    settings.push(("security.protocol", protocol.to_owned()));
    Ok(settings)
}

#[async_trait]
impl LogSource for Cluster {
    fn traits(&self) -> SourceTraits {
        SourceTraits {
            system: NAME,
            noun: "topic",
            partitions: PartitionKind::Number,
            offsets: OffsetUnit::Records,
            has_time: true,
            has_keys: true,
            has_properties: false,
            exact_times: true,
            skips_lost: true,
            split: Some(500_000),
            tail: 1000,
        }
    }

    fn location(&self) -> String {
        format!("kafka://{}", self.servers)
    }

    async fn streams(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>> {
        self.topics(statement).await
    }

    async fn partitions(
        &self,
        _: &Arc<StatementContext>,
        stream: &str,
    ) -> Result<Option<Vec<PartitionNow>>> {
        let topic = stream.to_owned();
        self.ask(move |client| {
            let Some(partitions) = client.topics(Some(&topic))?.remove(&topic) else {
                return Ok(None);
            };
            let now = client.ends(&topic, &partitions)?.into_iter();
            let number = |offset: i64| u64::try_from(offset).unwrap_or_default();
            let now = now.map(|(partition, [low, stable, high])| PartitionNow {
                partition: partition.to_string(),
                start: number(low),
                end: number(stable.max(low)),
                held_back: number(high - stable),
                identity: None,
            });
            Ok(Some(now.collect()))
        })
        .await
    }

    async fn offsets_at(
        &self,
        stream: &str,
        partitions: &[String],
        time: DateTime<Utc>,
        _: TimeEdge,
    ) -> Result<Option<BTreeMap<String, u64>>> {
        let topic = stream.to_owned();
        let numbers = partitions.iter().map(|partition| reading::number(partition));
        let numbers: Vec<i32> = numbers.collect::<Result<_>>()?;
        let time = time.timestamp_millis();
        let found = self.ask(move |client| client.offsets_at(&topic, &numbers, time)).await?;
        let number = |offset: i64| u64::try_from(offset).unwrap_or_default();
        let found = found.into_iter().map(|(it, offset)| (it.to_string(), number(offset)));
        Ok(Some(found.collect()))
    }

    fn registry(&self) -> Option<Arc<dyn SchemaRegistry>> {
        let registry = self.registry.as_ref()?;
        Some(Arc::clone(registry) as Arc<dyn SchemaRegistry>)
    }

    fn read(
        &self,
        _: &Arc<StatementContext>,
        request: ReadRequest,
    ) -> BoxStream<'static, Result<Records>> {
        let client = Arc::clone(&self.client);
        sent(move |wanted| {
            tokio::task::spawn_blocking(move || reading::read(&client, &request, &wanted));
        })
    }

    async fn check(&self, statement: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        let count = self.topics(statement).await?.len();
        let user = self.user.as_deref().map(|user| format!(" as {user}")).unwrap_or_default();
        let mut findings = vec![Finding {
            severity: Severity::Info,
            object: self.location(),
            message: format!("the cluster answers{user}: {count} topics"),
            fix: None,
        }];
        if let Some(registry) = &self.registry {
            findings.push(registry.check().await);
        }
        Ok(findings)
    }
}
