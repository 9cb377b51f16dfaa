//! The thread that asks a session for names.
//!
//! `SHOW` and `DESCRIBE` only: they have no receipt, so that `SHOW RECEIPT` stays that of what the
//! user ran. One statement per schema, several at once: a catalog that answers slowly or not at all
//! keeps back nothing but its own names.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use arrow::array::{Array, AsArray, RecordBatch};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{FullName, Function, Known, Setting, Shared, lock};
use crate::engine::{Parameters, Session};
use crate::error::{Error, Result};
use crate::repl::draft::Column;

/// Statements that list at once; those for columns that somebody waits for come on top.
const LISTINGS: usize = 3;
const COLUMNS: usize = 3;

/// Tables of the current schema whose columns are asked for before anybody names them.
const AHEAD: usize = 50;

/// What to find out.
#[derive(Debug)]
pub(super) enum Wanted {
    /// All names, those of the current catalog and schema first.
    Everything([String; 2]),
    /// The columns of a table.
    Columns(FullName),
}

/// Starts the thread. It ends when `shared` is gone.
pub(super) fn start(
    session: Arc<dyn Session>,
    shared: Weak<Shared>,
    mut requests: UnboundedReceiver<Wanted>,
) -> Result<()> {
    let gather = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        let gatherer = Gatherer {
            session,
            shared,
            listings: Arc::new(Semaphore::new(LISTINGS)),
            columns: Arc::new(Semaphore::new(COLUMNS)),
        };
        runtime.block_on(async {
            while let Some(wanted) = requests.recv().await {
                let gatherer = gatherer.clone();
                tokio::spawn(async move {
                    match wanted {
                        Wanted::Everything(home) => gatherer.everything(home).await,
                        Wanted::Columns(table) => gatherer.columns_of(table).await,
                    }
                    if let Some(shared) = gatherer.shared.upgrade() {
                        shared.asking.fetch_sub(1, Ordering::Relaxed);
                    }
                });
            }
        });
    };
    let thread = std::thread::Builder::new().name("sluice-names".to_owned());
    let started = thread.spawn(gather).map(drop);
    started.map_err(|e| Error::unavailable(format!("a thread cannot be started: {e}")))
}

#[derive(Clone)]
struct Gatherer {
    session: Arc<dyn Session>,
    shared: Weak<Shared>,
    listings: Arc<Semaphore>,
    columns: Arc<Semaphore>,
}

impl Gatherer {
    /// Changes what is known, if anybody still wants to know.
    fn learn(&self, change: impl FnOnce(&mut Known)) {
        if let Some(shared) = self.shared.upgrade() {
            change(Arc::make_mut(&mut lock(&shared.known)));
        }
    }

    /// The answer of a statement; nothing of one that fails: what is wrong with it is told to who
    /// runs it.
    async fn ask(&self, sql: &str) -> Option<Vec<RecordBatch>> {
        let mut query = self.session.run(sql, &Parameters::default()).await.ok()?;
        let mut batches = Vec::new();
        while let Some(batch) = query.next().await {
            batches.push(batch.ok()?);
        }
        Some(batches)
    }

    async fn list(&self, sql: &str) -> Option<Vec<RecordBatch>> {
        let _turn = self.listings.acquire().await.ok()?;
        self.ask(sql).await
    }

    async fn everything(&self, home: [String; 2]) {
        self.schema(&home[0], &home[1]).await;
        self.ahead(&home);
        if let Some(batches) = self.list("SHOW FUNCTIONS").await {
            let functions = rows::<3>(&batches, ["function", "kind", "arguments"]);
            let functions =
                functions.map(|[name, kind, arguments]| Function { name, kind, arguments });
            let functions = Arc::new(functions.collect());
            self.learn(|known| known.functions = functions);
        }
        if let Some(batches) = self.list("SHOW SETTINGS").await {
            let settings = rows::<2>(&batches, ["name", "value"]);
            let settings = settings.map(|[name, value]| Setting { name, value });
            let settings = Arc::new(settings.collect());
            self.learn(|known| known.settings = settings);
        }
        let Some(batches) = self.list("SHOW CATALOGS").await else { return };
        let catalogs: Vec<String> = rows::<1>(&batches, ["catalog"]).map(|[name]| name).collect();
        let names = catalogs.clone();
        self.learn(|known| {
            known.tables.retain(|catalog, _| names.contains(catalog));
            known.catalogs = names;
        });
        for catalog in catalogs {
            let gatherer = self.clone();
            tokio::spawn(async move { gatherer.catalog(&catalog).await });
        }
    }

    async fn catalog(&self, catalog: &str) {
        let Some(batches) = self.list(&format!("SHOW SCHEMAS FROM {}", quoted(catalog))).await
        else {
            return;
        };
        let schemas: Vec<String> = rows::<1>(&batches, ["schema"]).map(|[name]| name).collect();
        self.learn(|known| {
            if let Some(known) = known.tables.get_mut(catalog) {
                known.retain(|schema, _| schemas.contains(schema));
            }
        });
        for schema in schemas {
            self.schema(catalog, &schema).await;
        }
        self.schema(catalog, "information_schema").await;
    }

    async fn schema(&self, catalog: &str, schema: &str) {
        let sql = format!("SHOW TABLES FROM {}.{}", quoted(catalog), quoted(schema));
        let Some(batches) = self.list(&sql).await else { return };
        let tables: Vec<String> = rows::<1>(&batches, ["table"]).map(|[name]| name).collect();
        self.learn(|known| {
            let gone = |name: &FullName| {
                name[0] == catalog && name[1] == schema && !tables.contains(&name[2])
            };
            if known.columns.keys().any(gone) {
                known.columns.retain(|name, _| !gone(name));
            }
            let schemas = known.tables.entry(catalog.to_owned()).or_default();
            schemas.insert(schema.to_owned(), Arc::new(tables));
        });
    }

    /// Asks for the columns of the current schema's tables, those used last first.
    fn ahead(&self, home: &[String; 2]) {
        let Some(shared) = self.shared.upgrade() else { return };
        let known = Arc::clone(&lock(&shared.known));
        let tables = known.tables.get(&home[0]).and_then(|schemas| schemas.get(&home[1]));
        let mut tables: Vec<&String> = tables.iter().flat_map(|tables| tables.iter()).collect();
        tables.sort_by_key(|table| std::cmp::Reverse(known.used.get(&table.to_ascii_lowercase())));
        for table in tables.into_iter().take(AHEAD) {
            let gatherer = self.clone();
            let name = [home[0].clone(), home[1].clone(), table.clone()];
            tokio::spawn(async move {
                let _turn = gatherer.listings.clone().acquire_owned().await;
                gatherer.columns_of(name).await;
            });
        }
    }

    async fn columns_of(&self, table: FullName) {
        let name = table.each_ref().map(|part| quoted(part)).join(".");
        let batches = {
            let Ok(_turn) = self.columns.acquire().await else { return };
            self.ask(&format!("DESCRIBE {name}")).await
        };
        let Some(batches) = batches else { return };
        let columns = rows::<2>(&batches, ["column", "type"]);
        let columns = columns.map(|[name, data_type]| Column { name, data_type });
        let columns = Arc::new(columns.collect());
        self.learn(|known| {
            known.columns.insert(table, columns);
        });
    }
}

/// A name that only matches exactly.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The named text columns of an answer, row by row; NULL is an empty text.
fn rows<const N: usize>(
    batches: &[RecordBatch],
    names: [&'static str; N],
) -> impl Iterator<Item = [String; N]> {
    batches.iter().flat_map(move |batch| {
        let columns =
            names.map(|name| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()));
        (0..batch.num_rows()).map(move |row| {
            columns.map(|column| match column {
                Some(column) if !column.is_null(row) => column.value(row).to_owned(),
                _ => String::new(),
            })
        })
    })
}
