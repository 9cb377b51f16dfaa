//! What a connector may ask for: a store by location when its catalog is opened, and the context
//! of the one statement that it serves.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::DataType;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use tokio::sync::OnceCell;

use super::calls::{CallCount, Counted, StoreCalls};
use super::file::TomlText;
use super::meter::ScanMeter;
use super::read_point::ReadPointBook;
use super::receipt::Receipt;
use super::settings::SluiceSettings;
use super::store::{OpenStore, OpenedStore, StoreUrl};
use crate::error::{Error, Result};

/// Parses a column type as CREATE TABLE takes it. SQL text is not read in the seam itself.
pub type TypeParser = fn(&str) -> Result<DataType>;

/// What a catalog is opened with.
#[derive(Clone, Debug)]
pub struct CatalogContext {
    name: String,
    folder: PathBuf,
    store_options: TomlText,
    stores: Arc<dyn OpenStore>,
    types: TypeParser,
}

impl CatalogContext {
    /// The context of catalog `name`, whose file stands in `folder`.
    pub fn new(
        name: impl Into<String>,
        folder: impl Into<PathBuf>,
        store_options: TomlText,
        stores: Arc<dyn OpenStore>,
        types: TypeParser,
    ) -> Self {
        Self { name: name.into(), folder: folder.into(), store_options, stores, types }
    }

    /// The catalog's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of the catalog file; relative locations start here.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The parser of column types.
    pub fn types(&self) -> TypeParser {
        self.types
    }

    /// Opens the store of a location with the catalog's `[store]`. A plain relative path is taken
    /// from the catalog's folder.
    pub fn store(&self, location: &str) -> Result<OpenedStore> {
        if location.contains("://") {
            return self.stores.open(&self.name, location, &self.store_options);
        }
        let path = self.folder.join(location);
        let path = path.to_str().ok_or_else(|| {
            Error::config(format!("location {} is not valid UTF-8", path.display()))
        })?;
        self.stores.open(&self.name, path, &self.store_options)
    }

    /// The internal URL of the catalog's store.
    pub fn store_url(&self) -> Result<StoreUrl> {
        StoreUrl::of_catalog(&self.name)
    }
}

/// What outlives statements and is shared by all of an engine: caches, by their type.
///
/// An engine has one; there is no process-global state, so two engines never see each other's.
#[derive(Default)]
pub struct Shared(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// The engine's one object of a type, made when it is first asked for.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let object = objects
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(T::default()) as Arc<dyn Any + Send + Sync>);
        // The key is the type, so the cast cannot fail; a fresh object would be right all the same.
        Arc::clone(object).downcast().unwrap_or_default()
    }
}

type Memo = HashMap<String, Arc<OnceCell<Arc<dyn Any + Send + Sync>>>>;

/// What lives through one statement: its clock, its read point, what it has already asked for.
pub struct StatementContext {
    id: String,
    now: DateTime<Utc>,
    settings: SluiceSettings,
    timezone: String,
    memo: Mutex<Memo>,
    read_point: ReadPointBook,
    receipt: Receipt,
    meter: ScanMeter,
    // By the store's root.
    calls: Mutex<BTreeMap<String, Arc<StoreCalls>>>,
    shared: Arc<Shared>,
}

impl fmt::Debug for StatementContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementContext").field("id", &self.id).field("now", &self.now).finish()
    }
}

impl StatementContext {
    /// A statement's context.
    pub fn new(
        id: impl Into<String>,
        settings: SluiceSettings,
        timezone: impl Into<String>,
        read_point: ReadPointBook,
        shared: Arc<Shared>,
    ) -> Self {
        let now = read_point.pinned().now;
        let meter = ScanMeter::new(&settings);
        Self {
            id: id.into(),
            now,
            settings,
            timezone: timezone.into(),
            memo: Mutex::default(),
            read_point,
            receipt: Receipt::default(),
            meter,
            calls: Mutex::default(),
            shared,
        }
    }

    /// A context in which a statement that goes on asks again what it has asked before. It remembers
    /// nothing, and nothing that is asked in it is pinned; requests are counted together.
    pub fn asking_again(&self) -> Arc<Self> {
        let book = ReadPointBook::new(Utc::now(), &self.timezone);
        let (id, settings) = (self.id.clone(), self.settings.clone());
        let again = Self::new(id, settings, self.timezone.clone(), book, Arc::clone(&self.shared));
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(Self { calls: Mutex::new(calls), ..again })
    }

    /// The context of the statement that a task belongs to.
    ///
    /// # Errors
    /// `Internal` when the plan runs outside a statement.
    pub fn of(config: &SessionConfig) -> Result<Arc<Self>> {
        config
            .get_extension::<Self>()
            .ok_or_else(|| Error::internal("a scan was planned outside a statement"))
    }

    /// The query id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The statement's `now()`.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The settings as the statement found them.
    pub fn settings(&self) -> &SluiceSettings {
        &self.settings
    }

    /// The session's time zone.
    pub fn timezone(&self) -> &str {
        &self.timezone
    }

    /// What the statement has pinned.
    pub fn read_point(&self) -> &ReadPointBook {
        &self.read_point
    }

    /// What the engine keeps between statements.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The planning side of the receipt.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// What the statement has scanned so far.
    pub fn meter(&self) -> &ScanMeter {
        &self.meter
    }

    /// A store whose reads count as this statement's, if it is reached over a network; `root` is
    /// the store's root as people write it.
    pub fn counted(&self, root: &str, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        if !root.contains("://") {
            return store;
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        Counted::over(
            store,
            Arc::clone(calls.entry(root.strip_suffix('/').unwrap_or(root).to_owned()).or_default()),
        )
    }

    /// What the statement has asked of stores so far, by their roots.
    pub fn all_calls(&self) -> Vec<(String, Vec<CallCount>)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|(root, calls)| (root.clone(), calls.counters())).collect()
    }

    /// Computes something once per statement: the same key gives the same object, and a second
    /// caller waits for the first. An error is not remembered.
    pub async fn once<T, F>(&self, key: String, compute: F) -> Result<Arc<T>>
    where
        T: Any + Send + Sync,
        F: Future<Output = Result<T>>,
    {
        let cell = {
            let mut memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(memo.entry(key.clone()).or_default())
        };
        let value = cell
            .get_or_try_init(|| async {
                Ok::<_, Error>(Arc::new(compute.await?) as Arc<dyn Any + Send + Sync>)
            })
            .await?;
        Arc::clone(value)
            .downcast()
            .map_err(|_| Error::internal(format!("two kinds of things are remembered as {key}")))
    }
}
