//! Stores as connectors see them: asked for by location, handed out as `object_store` stores.
//!
//! DataFusion keys stores by scheme and host, and some of its caches by path alone, so two
//! catalogs over one bucket would mix. Every catalog therefore has a store under an internal URL
//! of its own; people only ever see the outer location. Which schemes there are is `stores`'
//! business.

use std::fmt::{self, Debug};
use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;
use object_store::path::Path;

use super::context::StatementContext;
use super::file::TomlText;
use crate::error::{Error, Result};

/// Scheme of the internal URLs: `sluice-store://<catalog>/`.
const INTERNAL_SCHEME: &str = "sluice-store";

/// How hidden files end that a store keeps while it takes an upload, where it has files for that:
/// what a killed process leaves of them is found by this name.
pub const UNFINISHED: &str = ".unfinished";

/// The internal URL of one catalog's store.
///
/// Catalog names may hold any character and URL hosts may not, so the name is written as hex.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreUrl(ObjectStoreUrl);

impl StoreUrl {
    /// The URL of the store of catalog `name`.
    pub fn of_catalog(name: &str) -> Result<Self> {
        use fmt::Write as _;
        let mut url = format!("{INTERNAL_SCHEME}://c");
        for byte in name.bytes() {
            write!(url, "{byte:02x}").map_err(|e| Error::internal(e.to_string()))?;
        }
        ObjectStoreUrl::parse(url).map(Self).map_err(|e| Error::internal(e.to_string()))
    }

    /// The catalog whose store an internal URL names; `None` for any other URL.
    pub fn catalog_of(url: &url::Url) -> Option<String> {
        if url.scheme() != INTERNAL_SCHEME {
            return None;
        }
        let hex = url.host_str()?.strip_prefix('c')?;
        let bytes = (0..hex.len())
            .step_by(2)
            .map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect::<Option<Vec<u8>>>()?;
        String::from_utf8(bytes).ok()
    }

    /// The catalog whose store this is.
    pub fn catalog(&self) -> Result<String> {
        Self::catalog_of(self.0.as_ref())
            .ok_or_else(|| Error::internal(format!("{} names no catalog", self.0)))
    }

    /// The store where a task runs; what is read from it counts as the statement's. `root` is its
    /// root as people write it.
    ///
    /// # Errors
    /// Those of the catalog that the store belongs to, when it is opened here for the first time.
    pub fn open(
        &self,
        root: &str,
        task: &TaskContext,
        statement: &StatementContext,
    ) -> Result<Arc<dyn ObjectStore>> {
        let store = task.runtime_env().object_store(self.as_object_store_url());
        let store = store.map_err(|e| Error::internal(e.strip_backtrace()))?;
        Ok(statement.counted(root, store))
    }

    /// As DataFusion's look-up takes it.
    pub fn as_object_store_url(&self) -> &ObjectStoreUrl {
        &self.0
    }
}

/// A store and where in it a location is.
#[derive(Clone, Debug)]
pub struct OpenedStore {
    /// The store, wrapped in all layers. One over a network displays as where it is and as whom it
    /// is asked.
    pub store: Arc<dyn ObjectStore>,
    /// What the location names inside the store: a prefix or an object.
    pub path: Path,
    /// The location as people write it, with its scheme where it has one, ending without `/`.
    pub location: String,
    /// The location of the store's root as people write it: outer name = root + path.
    pub root: String,
}

impl OpenedStore {
    /// The same store, whose reads count as a statement's.
    #[must_use]
    pub fn counted_for(&self, statement: &StatementContext) -> Self {
        let store = statement.counted(&self.root, Arc::clone(&self.store));
        Self { store, ..self.clone() }
    }

    /// The outer name of a path of this store, as people write it.
    pub fn outer(&self, path: &Path) -> String {
        format!("{}{path}", self.root)
    }
}

/// One URL scheme and the stores behind it.
pub trait StoreScheme: Debug + Send + Sync {
    /// The schemes, without `://`. The local file system also takes plain paths.
    fn schemes(&self) -> &'static [&'static str];

    /// Opens the store of a location; `options` is the `[store]` section. Does no I/O.
    ///
    /// # Errors
    /// `Config` with file and line for options the scheme does not know.
    fn open(&self, location: &str, options: &TomlText) -> Result<OpenedStore>;
}

/// Opens stores by location: the engine's list of schemes, as connectors may use it.
pub trait OpenStore: Debug + Send + Sync {
    /// Opens the store of a location and keeps it under the catalog's internal URL. A relative
    /// plain path is resolved by the caller.
    fn open(&self, catalog: &str, location: &str, options: &TomlText) -> Result<OpenedStore>;
}

/// A store's error in words, by kind; `outer` is the file as people write it.
pub fn store_error(outer: &str, error: object_store::Error) -> Error {
    let causes =
        std::iter::successors(Some(&error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        });
    // The meter's refusal comes through the store.
    if let Some(ours) = causes.filter_map(|cause| cause.downcast_ref::<Error>()).next() {
        return ours.clone();
    }
    let error_of =
        |constructor: fn(String) -> Error, text: &str| constructor(format!("{outer}: {text}"));
    match &error {
        object_store::Error::NotFound { .. } => error_of(Error::not_found, "does not exist"),
        object_store::Error::PermissionDenied { .. } => {
            error_of(Error::denied, "permission denied")
        }
        object_store::Error::Unauthenticated { .. } => {
            error_of(Error::unauthenticated, "the store does not know who asks")
        }
        object_store::Error::Precondition { .. } => {
            error_of(Error::gone, "has changed while it was read")
        }
        other => {
            // A local file's permission error is a generic one.
            let denied =
                std::iter::successors(Some(other as &(dyn std::error::Error + 'static)), |error| {
                    error.source()
                })
                .filter_map(|error| error.downcast_ref::<std::io::Error>())
                .any(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
            if denied {
                error_of(Error::denied, "permission denied")
            } else {
                error_of(Error::unavailable, &other.to_string())
            }
        }
    }
    .with_source(error)
}
