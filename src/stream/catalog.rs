//! A catalog whose tables are the streams of one system.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::TableProvider;

use super::bounds;
use super::by_schema;
use super::describe::{self, Sampled, as_declared};
use super::follow::FollowTable;
use super::functions::{self, FOLLOW, SCAN, STATUS};
use super::options::StreamOptions;
use super::pin::{self, StreamName};
use super::recipe::{Half, Recipe};
use super::source::{LogSource, StreamService};
use super::status::StatusTable;
use super::table::StreamTable;
use crate::error::{Error, Result};
use crate::spi::{
    Catalog, Finding, FunctionArguments, OpenedTable, PinnedStream, Service, StatementContext,
    TableEntry, TableFile, TableKind, TableName, TomlText,
};

/// The one schema: streams have none.
const SCHEMA: &str = "default";

/// The catalog.
#[derive(Debug)]
pub struct StreamCatalog {
    name: String,
    service: Arc<StreamService>,
    // What samples have shown, by stream: a table keeps its columns until a refresh opens the
    // catalog anew.
    sampled: Mutex<HashMap<String, Arc<Sampled>>>,
}

impl StreamCatalog {
    /// The catalog `name` of a system's streams.
    pub fn new(name: &str, source: Arc<dyn LogSource>) -> Self {
        let service = Arc::new(StreamService { source });
        Self { name: name.to_owned(), service, sampled: Mutex::default() }
    }

    fn source(&self) -> &Arc<dyn LogSource> {
        &self.service.source
    }

    fn stream_name(&self, name: &TableName, declared: &TableFile<StreamOptions>) -> StreamName {
        StreamName {
            catalog: self.name.clone(),
            stream: declared.options.stream.clone().unwrap_or_else(|| name.table.clone()),
            label: format!("{}.{name}", self.name),
        }
    }

    /// What the table's records are: declared, known, or seen now.
    async fn sampled(
        &self,
        statement: &Arc<StatementContext>,
        name: &StreamName,
        pinned: &PinnedStream,
        declared: &TableFile<StreamOptions>,
    ) -> Result<Arc<Sampled>> {
        let known = as_declared(declared)?;
        if let Some(sampled) = &known
            && declared.options.key_format.is_none()
        {
            return Ok(Arc::new(sampled.clone()));
        }
        // A replay sees what was there then.
        let is_replay = statement.read_point().replayed().is_some();
        let key = format!("{}/{:?}/{:?}", name.stream, declared.options, declared.columns);
        let lock = || self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_replay && let Some(known) = lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let source = self.source();
        let mut sampled = match known {
            Some(sampled) => sampled,
            None => describe::sample(source, statement, name, pinned, declared).await?,
        };
        sampled.key = by_schema::key(source, name, declared).await?;
        let sampled = Arc::new(sampled);
        // An empty stream shows nothing that could be kept.
        let shows = pinned.partitions.values().any(|it| it.start < it.end);
        if !is_replay && (shows || sampled.origin.is_some()) {
            lock().insert(key, Arc::clone(&sampled));
        }
        Ok(sampled)
    }

    /// What a statement reads of a stream; `None` when there is none and nobody says that there is.
    async fn pinned(
        &self,
        statement: &Arc<StatementContext>,
        name: &TableName,
        stream: &StreamName,
        declared: &TableFile<StreamOptions>,
    ) -> Result<Option<Arc<PinnedStream>>> {
        if name.schema != SCHEMA {
            return Ok(None);
        }
        let pinned = pin::pinned(self.source(), statement, stream).await;
        match pinned.map_err(|e| placed(e, stream))? {
            None if declared.text.is_some() => {
                Err(pin::unknown(self.source(), statement, stream).await)
            }
            pinned => Ok(pinned),
        }
    }

    /// How a table's records are read, and what they are, for people.
    async fn recipe(
        &self,
        statement: &Arc<StatementContext>,
        stream: &StreamName,
        pinned: &PinnedStream,
        half: Half,
        declared: &TableFile<StreamOptions>,
    ) -> Result<(Recipe, String)> {
        let recipe = async {
            let sampled = self.sampled(statement, stream, pinned, declared).await?;
            let source = self.source();
            let recipe = describe::recipe(source, statement, stream, &sampled, declared, half);
            if sampled.origin.is_some() {
                // Shown by \d+, and with the receipt of every statement.
                statement.receipt().add_with(&stream.label, "format", &sampled.summary(), 1);
            }
            Ok((recipe.await?, sampled.summary()))
        };
        recipe.await.map_err(|e| placed(e, stream))
    }

    async fn open(
        &self,
        statement: &Arc<StatementContext>,
        name: &TableName,
        half: Half,
        declared: TableFile<StreamOptions>,
    ) -> Result<Option<OpenedTable>> {
        let stream = self.stream_name(name, &declared);
        let Some(pinned) = self.pinned(statement, name, &stream, &declared).await? else {
            return Ok(None);
        };
        let (recipe, what) = self.recipe(statement, &stream, &pinned, half, &declared).await?;
        let (source, statement) = (Arc::clone(self.source()), Arc::clone(statement));
        let table = StreamTable::new(source, statement, recipe, pinned);
        Ok(Some(self.opened(&stream, Arc::new(table), Some(&what), declared.description)))
    }

    fn opened(
        &self,
        stream: &StreamName,
        provider: Arc<dyn TableProvider>,
        what: Option<&str>,
        description: Option<String>,
    ) -> OpenedTable {
        let source = self.source();
        let (noun, place) = (source.traits().noun, source.location());
        let mut line = format!("{noun} {} at {place}", stream.stream);
        if let Some(what) = what {
            line.push_str(&format!(": {what}"));
        }
        OpenedTable { provider, source: line, description }
    }
}

fn placed(error: Error, stream: &StreamName) -> Error {
    error.within(format!("table {}", stream.label))
}

/// Options of a table that nobody has declared.
fn nothing_declared() -> Result<TableFile<StreamOptions>> {
    let types = |_: &str| Err(Error::internal("nothing is declared"));
    TableFile::parse(None, &TomlText::new("", "", false), types)
}

#[async_trait]
impl Catalog for StreamCatalog {
    type TableOptions = StreamOptions;

    async fn schemas(&self, _: &Arc<StatementContext>) -> Result<Vec<String>> {
        Ok(vec![SCHEMA.to_owned()])
    }

    async fn tables(
        &self,
        statement: &Arc<StatementContext>,
        schema: &str,
    ) -> Result<Vec<TableEntry>> {
        if schema != SCHEMA {
            return Ok(vec![]);
        }
        let streams = self.source().streams(statement).await?.into_iter();
        Ok(streams.map(|name| TableEntry { name, kind: TableKind::Table }).collect())
    }

    async fn table(
        &self,
        statement: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<StreamOptions>,
    ) -> Result<Option<OpenedTable>> {
        self.open(statement, name, Half::Good, declared).await
    }

    async fn errors(
        &self,
        statement: &Arc<StatementContext>,
        name: &TableName,
        declared: TableFile<StreamOptions>,
    ) -> Result<Option<OpenedTable>> {
        self.open(statement, name, Half::Bad, declared).await
    }

    async fn call(
        &self,
        statement: &Arc<StatementContext>,
        function: &str,
        name: &TableName,
        declared: TableFile<StreamOptions>,
        arguments: &FunctionArguments,
    ) -> Result<Option<OpenedTable>> {
        let stream = self.stream_name(name, &declared);
        let Some(pinned) = self.pinned(statement, name, &stream, &declared).await? else {
            return Ok(None);
        };
        let (source, context) = (Arc::clone(self.source()), Arc::clone(statement));
        let provider: Arc<dyn TableProvider> = if function == STATUS.name {
            Arc::new(StatusTable::new(source, context, stream.clone(), pinned))
        } else {
            let (recipe, _) =
                self.recipe(statement, &stream, &pinned, Half::Good, &declared).await?;
            if function == SCAN.name {
                let within = bounds::of(&source, statement, &stream, &pinned, arguments).await?;
                Arc::new(StreamTable::new(source, context, recipe, pinned).within(within))
            } else if function == FOLLOW.name {
                Arc::new(FollowTable::new(recipe, &pinned, functions::last(arguments)?))
            } else {
                return Ok(None);
            }
        };
        Ok(Some(self.opened(&stream, provider, None, declared.description)))
    }

    async fn check(&self, statement: &Arc<StatementContext>) -> Result<Vec<Finding>> {
        self.source().check(statement).await
    }

    async fn infer(
        &self,
        statement: &Arc<StatementContext>,
        name: &TableName,
    ) -> Result<Option<String>> {
        let declared = nothing_declared()?;
        let (source, stream) = (self.source(), self.stream_name(name, &declared));
        let Some(pinned) = pin::pinned(source, statement, &stream).await? else { return Ok(None) };
        let sampled = describe::sample(source, statement, &stream, &pinned, &declared).await?;
        Ok(Some(describe::table_file(&sampled, &stream.label, &source.location())))
    }

    fn service(&self) -> Option<Service> {
        Some(Arc::clone(&self.service) as Service)
    }

    fn location(&self) -> String {
        self.source().location()
    }
}
