//! What a session made for itself: the tables and views of `session.default`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::catalog::TableProvider;

use crate::error::{Error, Result};
use crate::spi::TableKind;

/// A table or view of the session.
#[derive(Clone, Debug)]
pub enum SessionObject {
    /// CREATE TABLE AS.
    Table {
        /// The table.
        provider: Arc<dyn TableProvider>,
        /// The statement that made it.
        definition: String,
    },
    /// CREATE EXTERNAL TABLE: opened anew by every statement.
    Path {
        /// Where the files are.
        location: String,
        /// Their format.
        format: String,
        /// The statement that made it.
        definition: String,
    },
    /// CREATE VIEW.
    View {
        /// The SELECT.
        query: String,
        /// The statement that made it.
        definition: String,
        /// The current catalog and schema when it was made: what its names mean.
        home: [String; 2],
    },
}

impl SessionObject {
    /// Table or view.
    pub fn kind(&self) -> TableKind {
        match self {
            Self::Table { .. } | Self::Path { .. } => TableKind::Table,
            Self::View { .. } => TableKind::View,
        }
    }

    /// The statement that made it.
    pub fn definition(&self) -> &str {
        match self {
            Self::Table { definition, .. }
            | Self::Path { definition, .. }
            | Self::View { definition, .. } => definition,
        }
    }
}

/// The objects of one session by name.
#[derive(Debug, Default)]
pub struct SessionObjects(Mutex<BTreeMap<String, SessionObject>>);

impl SessionObjects {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, SessionObject>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names and kinds, sorted.
    pub fn list(&self) -> Vec<(String, TableKind)> {
        self.lock().iter().map(|(name, object)| (name.clone(), object.kind())).collect()
    }

    /// The object of an exact name.
    pub fn get(&self, name: &str) -> Option<SessionObject> {
        self.lock().get(name).cloned()
    }

    /// Adds an object.
    ///
    /// # Errors
    /// `Sql` when the name is taken and `replace` is false.
    pub fn create(&self, name: &str, object: SessionObject, replace: bool) -> Result<()> {
        let mut objects = self.lock();
        if !replace && let Some(old) = objects.get(name) {
            let kind = old.kind().as_str().to_lowercase();
            return Err(Error::sql(format!("session.default.{name} exists already as {kind}"))
                .with_hint("use CREATE OR REPLACE, or drop it first"));
        }
        objects.insert(name.to_owned(), object);
        Ok(())
    }

    /// Puts another object in the place of one, which nobody else changes meanwhile.
    ///
    /// # Errors
    /// `NotFound` when there is none any more; those of `changed`.
    pub fn change(
        &self,
        name: &str,
        changed: impl FnOnce(&SessionObject) -> Result<SessionObject>,
    ) -> Result<()> {
        let mut objects = self.lock();
        let object = objects.get_mut(name).ok_or_else(|| {
            Error::not_found(format!("session.default.{name} does not exist any more"))
        })?;
        *object = changed(object)?;
        Ok(())
    }

    /// Removes an object; false when there was none.
    pub fn drop_object(&self, name: &str) -> bool {
        self.lock().remove(name).is_some()
    }
}
