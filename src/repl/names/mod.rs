//! The names that the prompt knows: catalogs, schemas, tables, columns, functions, settings.
//!
//! Read from a snapshot, never waited for: a thread of its own ([`gather`]) asks the session for
//! them by statements that anybody could type, so that a session elsewhere serves as well as one in
//! this process.

mod gather;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::draft::{Catalog, Column};
use crate::engine::Session;
use crate::error::Result;
use gather::Wanted;

/// Catalog, schema, table.
pub(super) type FullName = [String; 3];

/// A function and how it is called.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// `scalar`, `aggregate`, `window`, `table`.
    pub(super) kind: String,
    pub(super) arguments: String,
}

/// A setting and its value when it was last looked at.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: String,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) catalogs: Vec<String>,
    /// Table names by catalog and schema; a schema is here once its tables have been listed.
    pub(super) tables: BTreeMap<String, BTreeMap<String, Arc<Vec<String>>>>,
    pub(super) columns: HashMap<FullName, Arc<Vec<Column>>>,
    pub(super) functions: Arc<Vec<Function>>,
    pub(super) settings: Arc<Vec<Setting>>,
    /// When a name was last used: larger is later.
    pub(super) used: HashMap<String, u64>,
}

impl Known {
    /// The full name of a table that is known; what is not typed is that of `home`.
    pub(super) fn resolve(&self, name: &[Cow<'_, str>], home: &[String; 2]) -> Option<FullName> {
        places(name, home).into_iter().find_map(|[catalog, schema, table]| {
            let (catalog, schemas) = find(&self.tables, catalog)?;
            let (schema, tables) = find(schemas, schema)?;
            let exact = tables.iter().find(|known| *known == table);
            let alike = || tables.iter().find(|known| known.eq_ignore_ascii_case(table));
            let table = exact.or_else(alike)?;
            Some([catalog.clone(), schema.clone(), table.clone()])
        })
    }

    /// Whether a name is surely no table: where it would be has been listed and lacks it.
    pub(super) fn is_missing(&self, name: &[Cow<'_, str>], home: &[String; 2]) -> bool {
        let places = places(name, home);
        let listed = |[catalog, schema, _]: &[&str; 3]| {
            find(&self.tables, catalog).is_some_and(|(_, s)| find(s, schema).is_some())
        };
        !places.is_empty() && places.iter().all(listed) && self.resolve(name, home).is_none()
    }
}

/// Where a table of a name may be, as the engine looks for it.
fn places<'n>(name: &'n [Cow<'_, str>], home: &'n [String; 2]) -> Vec<[&'n str; 3]> {
    match name {
        [table] => vec![[&home[0], &home[1], table], ["session", "default", table]],
        [schema, table] => vec![[&home[0], schema, table]],
        [catalog, schema, table] => vec![[catalog, schema, table]],
        _ => vec![],
    }
}

/// The entry of a name: the exact one, else one that is equal without case.
fn find<'m, T>(map: &'m BTreeMap<String, T>, name: &str) -> Option<(&'m String, &'m T)> {
    let alike = || map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    map.get_key_value(name).or_else(alike)
}

/// The shared cache of names.
#[derive(Clone, Debug)]
pub(super) struct Names(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    known: Mutex<Arc<Known>>,
    wanted: UnboundedSender<Wanted>,
    /// The current catalog and schema.
    home: Mutex<[String; 2]>,
    /// Tables whose columns were asked for since the last refresh.
    asked: Mutex<HashSet<FullName>>,
    /// What has been asked for and is not answered yet.
    asking: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Names {
    /// Starts to gather the names that a session sees.
    ///
    /// # Errors
    /// `Unavailable` when no thread can be started.
    pub(super) fn gather(session: Arc<dyn Session>) -> Result<Self> {
        let (wanted, requests) = tokio::sync::mpsc::unbounded_channel();
        let names = Self(Arc::new(Shared {
            known: Mutex::default(),
            wanted,
            home: Mutex::new(session.home()),
            asked: Mutex::default(),
            asking: AtomicUsize::default(),
        }));
        // Weak: the thread ends when the prompt does.
        gather::start(session, Arc::downgrade(&names.0), requests)?;
        names.refresh();
        Ok(names)
    }

    /// Names that are what `known` says, for ever.
    #[cfg(test)]
    pub(super) fn fixed(known: Known, home: [&str; 2]) -> Self {
        let (wanted, _) = tokio::sync::mpsc::unbounded_channel();
        Self(Arc::new(Shared {
            known: Mutex::new(Arc::new(known)),
            wanted,
            home: Mutex::new(home.map(str::to_owned)),
            asked: Mutex::default(),
            asking: AtomicUsize::default(),
        }))
    }

    /// What is known now.
    pub(super) fn snapshot(&self) -> Arc<Known> {
        Arc::clone(&lock(&self.0.known))
    }

    /// The current catalog and schema.
    pub(super) fn home(&self) -> [String; 2] {
        lock(&self.0.home).clone()
    }

    /// Tells where unqualified names are looked for from now on.
    pub(super) fn set_home(&self, home: [String; 2]) {
        let before = std::mem::replace(&mut *lock(&self.0.home), home.clone());
        if before != home {
            self.refresh();
        }
    }

    /// Lists everything again, in the background.
    pub(super) fn refresh(&self) {
        lock(&self.0.asked).clear();
        self.ask(Wanted::Everything(self.home()));
    }

    /// Asks for the columns of a table, once.
    fn want(&self, table: FullName) {
        if lock(&self.0.asked).insert(table.clone()) {
            self.ask(Wanted::Columns(table));
        }
    }

    fn ask(&self, wanted: Wanted) {
        // Nobody gathers for fixed names, and at the end of the prompt.
        if self.0.wanted.send(wanted).is_ok() {
            self.0.asking.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether something that was asked for is not answered yet.
    pub(super) fn is_asking(&self) -> bool {
        self.0.asking.load(Ordering::Relaxed) > 0
    }

    /// Remembers the words of a statement as used.
    pub(super) fn note_used<'w>(&self, words: impl IntoIterator<Item = &'w str>) {
        let mut known = lock(&self.0.known);
        let known = Arc::make_mut(&mut known);
        let mut now = known.used.values().max().copied().unwrap_or(0);
        for word in words {
            now += 1;
            known.used.insert(word.to_ascii_lowercase(), now);
        }
    }

    /// The columns of tables as `known` has them; those that are missing come in the background.
    pub(super) fn catalog<'k>(
        &'k self,
        known: &'k Known,
        home: &'k [String; 2],
    ) -> KnownTables<'k> {
        KnownTables { names: self, known, home }
    }
}

/// See [`Names::catalog`].
#[derive(Debug)]
pub(super) struct KnownTables<'k> {
    names: &'k Names,
    known: &'k Known,
    home: &'k [String; 2],
}

impl Catalog for KnownTables<'_> {
    fn columns(&self, name: &[Cow<'_, str>]) -> Option<Vec<Column>> {
        let name = self.known.resolve(name, self.home)?;
        match self.known.columns.get(&name) {
            Some(columns) => Some(columns.to_vec()),
            None => {
                self.names.want(name);
                None
            }
        }
    }
}
