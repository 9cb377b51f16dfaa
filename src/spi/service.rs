//! What a connector's plan nodes ask for where they run: the client that an opened catalog holds.
//!
//! A plan node carries the name of its catalog, never a client or a credential. Where it runs, on
//! another machine too, the name leads to the catalog of that engine, which is opened if need be.
//! Connectors over files need nothing of this: their stores have an internal URL.

use std::any::Any;
use std::fmt::Debug;
use std::sync::{Arc, OnceLock, Weak};

use crate::error::{Error, Result};

/// Whatever a connector shares between its catalog and its plan nodes.
pub type Service = Arc<dyn Any + Send + Sync>;

/// Finds the service of a catalog by the catalog's name.
pub trait OpenServices: Debug + Send + Sync {
    /// The service; `None` for a catalog whose connector has none.
    ///
    /// # Errors
    /// Those of opening the catalog, `NotFound` when there is none of this name.
    fn service_of(&self, catalog: &str) -> Result<Option<Service>>;
}

/// The services of an engine; one of what it [shares](super::Shared).
#[derive(Debug, Default)]
pub struct Services(OnceLock<Weak<dyn OpenServices>>);

impl Services {
    /// Says whose services these are.
    pub fn serve(&self, catalogs: &Arc<dyn OpenServices>) {
        // Set once, right after both were made.
        let _ = self.0.set(Arc::downgrade(catalogs));
    }

    /// The service of a catalog.
    ///
    /// # Errors
    /// `Internal` when the catalog's connector has another one: its name means something else here.
    pub fn of<T: Any + Send + Sync>(&self, catalog: &str) -> Result<Arc<T>> {
        let catalogs = self.0.get().and_then(Weak::upgrade);
        let catalogs = catalogs.ok_or_else(|| Error::internal("the engine is gone"))?;
        let service = catalogs.service_of(catalog)?;
        service.and_then(|service| service.downcast().ok()).ok_or_else(|| {
            Error::internal(format!("catalog {catalog} is not the one that the plan was made with"))
        })
    }
}
