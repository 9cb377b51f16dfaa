//! Schemas that records name by an id: who keeps them, and those that a reader has at hand.
//!
//! Decoders do not wait for anybody: before records are decoded, the schemas that they name are
//! looked up ([`SchemaBook::learn`]). What a registry said of an id holds for the whole statement.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};

use super::decode::{BadKind, Flaw, confluent};
use super::source::Records;
use crate::error::{Error, Result};
use crate::spi::StatementContext;

/// Ids that are asked for at once.
const AT_ONCE: usize = 4;

/// Ids that no registry knows which a statement meets before it is sure that they are none.
const MOST_UNKNOWN: usize = 256;

/// A schema as it was written, with those that it refers to before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaText {
    /// `AVRO`, `PROTOBUF` or `JSON`.
    pub kind: String,
    /// The schema.
    pub text: String,
    /// Names and texts of the schemas that it refers to, each after those that it refers to itself.
    pub references: Vec<(String, String)>,
}

impl SchemaText {
    /// A schema that stands alone.
    pub fn alone(kind: &str, text: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), text: text.into(), references: vec![] }
    }
}

/// A version of a subject.
#[derive(Clone, Debug)]
pub struct SubjectVersion {
    /// The subject: what is the schema of the values of `topic` is called `topic-value`.
    pub subject: String,
    /// Its number, from 1.
    pub version: u32,
    /// What records name it by.
    pub id: u32,
    /// The schema.
    pub schema: Arc<SchemaText>,
}

/// Who keeps schemas.
#[async_trait]
pub trait SchemaRegistry: Debug + Send + Sync {
    /// One line for people: where it is.
    fn location(&self) -> String;

    /// The schema of an id; `None` when there is none.
    async fn schema(&self, id: u32) -> Result<Option<Arc<SchemaText>>>;

    /// The latest version of a subject; `None` when there is none.
    async fn latest(&self, subject: &str) -> Result<Option<SubjectVersion>>;
}

/// The schemas of the records that a reader has met.
#[derive(Debug, Default)]
pub struct SchemaBook {
    registry: Option<Arc<dyn SchemaRegistry>>,
    known: Mutex<HashMap<u32, Option<Arc<SchemaText>>>>,
}

impl SchemaBook {
    /// An empty one, filled from a registry.
    pub fn new(registry: Option<Arc<dyn SchemaRegistry>>) -> Self {
        Self { registry, known: Mutex::default() }
    }

    /// Looks up the schemas of all ids that records begin with and that are not known yet.
    ///
    /// # Errors
    /// Those of the registry; `Corrupt` when it knows none of very many.
    pub async fn learn<'r>(
        &self,
        statement: &StatementContext,
        records: impl Iterator<Item = &'r [u8]>,
    ) -> Result<()> {
        let ids: BTreeSet<u32> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let ids = records.filter_map(|record| Some(confluent(record).ok()?.0));
            ids.filter(|id| !known.contains_key(id)).collect()
        };
        if ids.is_empty() {
            return Ok(());
        }
        let Some(registry) = &self.registry else {
            return Err(Error::config("records name schemas, and the catalog has no registry")
                .with_hint("set `schema_registry` under [options] of the catalog file"));
        };
        let ask = |id: u32| async move {
            let key = format!("schema {id} of {}", registry.location());
            let found = statement.once(key, async { registry.schema(id).await }).await?;
            Ok::<_, Error>((id, Option::clone(&found)))
        };
        let mut asked = futures::stream::iter(ids.into_iter().map(ask)).buffer_unordered(AT_ONCE);
        while let Some((id, found)) = asked.try_next().await? {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(id, found);
            if known.values().filter(|found| found.is_none()).count() > MOST_UNKNOWN {
                return Err(Error::corrupt(format!(
                    "more than {MOST_UNKNOWN} schema ids of its records are not known to {}",
                    registry.location()
                ))
                .with_hint("the records seem to be something else: look at them with value_format = \"raw\""));
            }
        }
        Ok(())
    }

    /// Notes what an id stands for.
    #[cfg(test)]
    pub(super) fn enter(&self, id: u32, schema: Option<SchemaText>) {
        self.known.lock().unwrap().insert(id, schema.map(Arc::new));
    }

    /// The schema of an id that was looked up, of a kind.
    ///
    /// # Errors
    /// What is wrong with a record of it.
    pub fn schema(&self, id: u32, kind: &str) -> Result<Arc<SchemaText>, Flaw> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&id).cloned().flatten();
        drop(known);
        let flaw = |reason: String| Flaw { kind: BadKind::SchemaId, reason: reason.into() };
        let at = || match &self.registry {
            Some(registry) => format!(" to {}", registry.location()),
            None => String::new(),
        };
        let found = found.ok_or_else(|| flaw(format!("schema {id} is not known{}", at())))?;
        if found.kind != kind {
            return Err(flaw(format!("schema {id} is one of {}, not of {kind}", found.kind)));
        }
        Ok(found)
    }
}

impl Records {
    /// The values of those that have one.
    pub(super) fn present(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().filter_map(|record| self.value(record))
    }
}
