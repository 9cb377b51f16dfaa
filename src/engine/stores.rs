//! The stores of an engine, each under the internal URL of its catalog.
//!
//! A scan asks by that URL where it runs. On another machine, where nobody has planned anything,
//! the URL names the catalog, which is then opened from its file.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};

use datafusion::common::DataFusionError;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use url::Url;

use crate::catalog::Catalogs;
use crate::error::{Error, Result};
use crate::spi::{OpenStore, OpenedStore, StoreUrl, TomlText};
use crate::stores::open;

/// The registry.
#[derive(Debug, Default)]
pub(super) struct EngineStores {
    opened: RwLock<HashMap<String, Arc<dyn ObjectStore>>>,
    // Weak: the catalogs hold these stores.
    catalogs: OnceLock<Weak<Catalogs>>,
}

impl EngineStores {
    /// Says whose stores these are.
    pub(super) fn serve(&self, catalogs: &Arc<Catalogs>) {
        // Set once, right after both were made.
        let _ = self.catalogs.set(Arc::downgrade(catalogs));
    }

    fn known(&self, key: &str) -> Option<Arc<dyn ObjectStore>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }
}

impl OpenStore for EngineStores {
    fn open(&self, catalog: &str, location: &str, options: &TomlText) -> Result<OpenedStore> {
        let opened = open(location, options)?;
        let url = StoreUrl::of_catalog(catalog)?;
        let key = url.as_object_store_url().as_str().to_owned();
        let store = Arc::clone(&opened.store);
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(key, store);
        Ok(opened)
    }
}

impl ObjectStoreRegistry for EngineStores {
    fn register_store(
        &self,
        url: &Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        self.opened
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(url.as_str().to_owned(), store)
    }

    fn get_store(&self, url: &Url) -> datafusion::common::Result<Arc<dyn ObjectStore>> {
        let mut key = url.as_str().to_owned();
        if !key.ends_with('/') {
            key.push('/');
        }
        if let Some(store) = self.known(&key) {
            return Ok(store);
        }
        let catalog = StoreUrl::catalog_of(url).ok_or_else(|| {
            DataFusionError::from(Error::not_found(format!("no store is known for {url}")))
        })?;
        if let Some(catalogs) = self.catalogs.get().and_then(Weak::upgrade) {
            catalogs.open_store_of(&catalog)?;
        }
        self.known(&key)
            .ok_or_else(|| Error::not_found(format!("catalog {catalog} has no store")).into())
    }
}
