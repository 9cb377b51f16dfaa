//! A folder of logs as a source of streams.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore};

use super::NAME;
use super::error::store_error;
use super::folder::{Streams, uncompressed};
use super::identity::Identity;
use super::lines::{LogFile, last_line_end};
use crate::error::Result;
use crate::spi::{Finding, OpenedStore, Severity, StatementContext};
use crate::stream::{
    LogSource, OffsetUnit, PartitionKind, PartitionNow, ReadRequest, Records, SourceTraits,
    TO_ITS_END,
};

/// Files that are looked at, at once.
const AT_ONCE: usize = 16;

/// The folder.
#[derive(Debug)]
pub(super) struct LogFolder {
    store: OpenedStore,
}

impl LogFolder {
    /// The folder at a location.
    pub(super) fn new(store: OpenedStore) -> Self {
        Self { store }
    }

    /// What is there, listed once per statement.
    async fn listed(&self, statement: &Arc<StatementContext>) -> Result<Arc<Streams>> {
        let key = format!("logs {}", self.store.location);
        let listed = statement.once(key, async {
            let store = self.store.counted_for(statement);
            let files = store.store.list(Some(&store.path)).try_collect::<Vec<_>>().await;
            let files = files.map_err(|e| store_error(&store.location, e))?;
            Streams::of(&store.path, files)
        });
        listed.await
    }

    /// A file as it is now.
    async fn now(
        &self,
        store: &Arc<dyn ObjectStore>,
        partition: &str,
        file: &ObjectMeta,
    ) -> Result<PartitionNow> {
        let (location, outer) = (&file.location, self.store.outer(&file.location));
        let is_whole = uncompressed(partition).1.is_some();
        let end = match is_whole {
            true => file.size,
            false => last_line_end(store.as_ref(), location, &outer, file.size).await?,
        };
        let identity = match end {
            0 => None,
            end => {
                let identity = Identity::of(store.as_ref(), location, &outer, end, is_whole);
                Some(identity.await?.text())
            }
        };
        Ok(PartitionNow {
            partition: partition.to_owned(),
            start: 0,
            end: if is_whole && end > 0 { TO_ITS_END } else { end },
            held_back: 0,
            identity,
        })
    }
}

#[async_trait]
impl LogSource for LogFolder {
    fn traits(&self) -> SourceTraits {
        SourceTraits {
            system: NAME,
            noun: "log",
            partitions: PartitionKind::Name,
            offsets: OffsetUnit::Bytes,
            has_time: false,
            has_keys: false,
            has_properties: false,
            exact_times: false,
            skips_lost: false,
            split: None,
            tail: 64 * 1024,
        }
    }

    fn location(&self) -> String {
        self.store.location.clone()
    }

    async fn streams(&self, statement: &Arc<StatementContext>) -> Result<Vec<String>> {
        Ok(self.listed(statement).await?.names())
    }

    async fn partitions(
        &self,
        statement: &Arc<StatementContext>,
        stream: &str,
    ) -> Result<Option<Vec<PartitionNow>>> {
        let listed = self.listed(statement).await?;
        let Some(files) = listed.files(stream) else { return Ok(None) };
        let store = self.store.counted_for(statement).store;
        let mut now = Vec::with_capacity(files.len());
        for (partition, file) in files {
            now.push(self.now(&store, partition, file).boxed());
        }
        let now = futures::stream::iter(now).buffered(AT_ONCE).try_collect().await?;
        Ok(Some(now))
    }

    fn read(
        &self,
        statement: &Arc<StatementContext>,
        request: ReadRequest,
    ) -> BoxStream<'static, Result<Records>> {
        let identity = request.identity.as_deref().unwrap_or_default();
        let opened = Identity::parse(identity).map(|identity| LogFile {
            store: self.store.counted_for(statement).store,
            outer: self.store.outer(identity.location()),
            identity,
            end: request.pinned_end,
        });
        match (opened, uncompressed(&request.partition).1) {
            (Err(e), _) => futures::stream::iter([Err(e)]).boxed(),
            (Ok(file), None) => file.lines(request.range),
            (Ok(file), Some(compression)) => file.unpacked(request.range, compression),
        }
    }

    async fn check(&self, statement: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        let names = self.streams(statement).await?;
        let (severity, message) = match names.as_slice() {
            [] => (Severity::Warning, format!("{} holds no logs", self.store.location)),
            names => {
                let text = format!("{} can be listed: {}", self.store.location, names.join(", "));
                (Severity::Info, text)
            }
        };
        Ok(vec![Finding { severity, object: self.store.location.clone(), message, fix: None }])
    }
}
