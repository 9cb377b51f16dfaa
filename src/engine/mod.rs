//! The engine: the one place that knows every connector and store, and makes DataFusion sessions.
//!
//! Front ends know [`Engine`], [`Session`] and [`Query`] and never DataFusion's own context. A
//! statement goes `text → parse → resolve names → logical plan → bind → optimise → physical plan →
//! run → receipt`; [`run`] is that way, the other modules its parts.

mod about;
mod admission;
mod arithmetic;
mod bytes;
mod codec;
mod columns;
mod depth;
mod empty_subquery;
mod endless;
mod error;
mod estimate;
mod every_row;
mod exhausted;
mod history;
mod ingest;
mod large_top;
mod last_first;
mod len;
mod limits;
mod listing;
mod memory;
mod names;
mod own;
mod parameters;
mod planning;
mod prepare;
mod prepared;
pub mod protocol;
mod queries;
mod query;
mod read_points;
mod receipt;
mod result_limits;
mod rewrite;
mod rights;
mod rows;
mod run;
mod runtime;
mod session;
mod session_table;
mod settings;
mod show;
mod sort_merge;
mod spill;
mod state;
pub mod statement;
mod stores;
mod summarize;
mod tables;
mod totals;
mod trust;
mod write;
mod zones;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use admission::AdmissionLimits;
pub use history::History;
pub use ingest::{IfExists, Ingest};
pub use limits::Limits;
pub use listing::{TableFilter, TableListing};
pub use parameters::Parameters;
pub use prepare::{Description, Parameter, StatementKind};
pub use prepared::PreparedStatement;
pub use queries::{Listener, QueryState, QuerySummary};
pub use query::{Delivered, LocalQuery, Observer, Outcome, Pinned, Progress, Query};
pub use rights::Rights;
pub use runtime::QUERY_THREAD;
pub use session::{LocalSession, Session};
pub use settings::{Origin, SettingValue};
pub use totals::{Histogram, Load, Totals};
pub use trust::{is_trusted, trust};

pub use crate::catalog::{Access, CatalogChange, Grants, Problem, sql_type_name};
use crate::catalog::{Catalogs, Folder};
use crate::connectors::CONNECTORS;
use crate::error::Result;
use crate::spi::{OpenServices, Services, Shared};
use admission::Admission;
use queries::Queries;
use read_points::ReadPoints;
use runtime::QueryRuntime;
use settings::Settings;
use spill::SpillFolder;
use state::BaseState;
use stores::EngineStores;

/// The user of sessions that no server made.
const LOCAL_USER: &str = "local";

/// What an engine is started with.
#[derive(Debug, Default)]
pub struct EngineOptions {
    /// The catalog folder; none gives an engine that knows sessions and paths only.
    pub catalog_dir: Option<PathBuf>,
    /// The folder of the catalog `my`, one user's own views; it need not be there.
    pub own_catalog: Option<PathBuf>,
    /// Whether `${…}` in catalog files is expanded.
    pub expand: bool,
    /// The most memory that queries may hold, in bytes; 70 % of the machine's if not given.
    pub memory_limit: Option<u64>,
    /// Where queries spill; a folder of the system's temporary one if not given.
    pub spill_dir: Option<PathBuf>,
    /// The most bytes of spill files; none if not given.
    pub spill_limit: Option<u64>,
    /// How many partitions run at once; the number of processors if not given.
    pub partitions: Option<usize>,
    /// Where read points are kept; without it, only their session knows them.
    pub state_dir: Option<PathBuf>,
    /// Settings with where each comes from, the later winning.
    pub settings: Vec<SettingValue>,
    /// The current catalog and schema of new sessions.
    pub home: Option<[String; 2]>,
    /// How many statements may run and wait at once.
    pub admission: AdmissionLimits,
    /// Whether somebody calls [`Engine::look_at_catalogs`]; otherwise every statement begins with
    /// that, as who has just saved a file wants to see what became of it.
    pub watched: bool,
    /// Where statements that have ended are kept over a restart; nowhere if not given.
    pub history: Option<History>,
    /// Who hears of every statement.
    pub listener: Option<Arc<dyn Listener>>,
}

/// One engine: catalogs, caches, memory, and the threads that queries run on.
///
/// Cloning shares it. There is no process-global state: two engines in one process are strangers.
#[derive(Clone, Debug)]
pub struct Engine(Arc<EngineParts>);

#[derive(Debug)]
struct EngineParts {
    catalogs: Arc<Catalogs>,
    shared: Arc<Shared>,
    base: BaseState,
    runtime: QueryRuntime,
    settings: Settings,
    read_points: ReadPoints,
    home: [String; 2],
    admission: Arc<Admission>,
    queries: Arc<Queries>,
    memory_limit: u64,
    watched: bool,
    spill: Mutex<Option<SpillFolder>>,
}

impl Engine {
    /// Starts an engine. Reads the catalog folder's names; opens nothing.
    ///
    /// # Errors
    /// `Config` for a folder that cannot be read or a setting that does not exist.
    pub fn start(options: EngineOptions) -> Result<Self> {
        let stores = Arc::new(EngineStores::default());
        let folder = Folder::read_all(options.catalog_dir, options.own_catalog)?;
        let catalogs = Arc::new(Catalogs::new(
            folder,
            CONNECTORS,
            Arc::clone(&stores) as Arc<dyn crate::spi::OpenStore>,
            options.expand,
            run::parse_view,
        ));
        stores.serve(&catalogs);
        let shared: Arc<Shared> = Arc::default();
        let services = Arc::clone(&catalogs) as Arc<dyn OpenServices>;
        shared.get::<Services>().serve(&services);
        let spill = SpillFolder::make(options.spill_dir.as_deref())?;
        let limit = memory::limit(options.memory_limit);
        let runtime = memory::runtime_env(limit, &spill, options.spill_limit, stores)?;
        let base = BaseState::new(runtime, limit, options.partitions);
        let settings = Settings::new(base.config(), &options.settings)?;
        let read_points = ReadPoints::new(options.state_dir.as_deref());
        if let Some(name) = settings.own().read_point {
            read_points.find(&name)?;
        }
        let home = options.home.unwrap_or_else(|| ["session".to_owned(), "default".to_owned()]);
        Ok(Self(Arc::new(EngineParts {
            catalogs,
            shared,
            base,
            runtime: QueryRuntime::start()?,
            settings,
            read_points,
            home,
            admission: Admission::new(options.admission),
            queries: Arc::new(Queries::new(options.history, options.listener)),
            memory_limit: limit,
            watched: options.watched,
            spill: Mutex::new(Some(spill)),
        })))
    }

    /// A new session with the engine's defaults.
    pub fn session(&self) -> LocalSession {
        self.session_of(LOCAL_USER, None, &Rights::ALL)
    }

    /// A new session of a user of a server, whose client is at `address`.
    pub fn session_of(&self, user: &str, address: Option<String>, rights: &Rights) -> LocalSession {
        LocalSession::new(Arc::clone(&self.0), user.to_owned(), address, rights)
    }

    /// Ends every statement that runs, saying why.
    pub fn end_all(&self, why: &str) {
        self.0.queries.end_all(why);
    }

    /// The statements that ran and run, of all users, oldest first.
    pub fn queries(&self) -> Vec<QuerySummary> {
        self.0.queries.summaries()
    }

    /// What the statements that have ended came to.
    pub fn totals(&self) -> Totals {
        self.0.queries.totals()
    }

    /// What goes on now.
    pub fn load(&self) -> Load {
        let (running, waiting) = self.0.admission.load();
        let memory = self.0.base.state().runtime_env().memory_pool.reserved();
        Load { running, waiting, memory, memory_limit: self.0.memory_limit }
    }

    /// Lines about statements that could not be kept.
    pub fn lost_history(&self) -> u64 {
        self.0.queries.lost()
    }

    /// Ends the engine: cancelled statements get a moment to clean up, and the spill folder goes.
    /// Dropping it is not enough when the program ends: a statement that was left behind holds it.
    pub fn close(&self) {
        self.0.runtime.shut_down();
        self.0.queries.close();
        drop(self.0.spill.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Reads every file of the catalog folder and says all that is wrong; asks no system.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read.
    pub fn load_catalogs(&self) -> Result<Vec<Problem>> {
        self.0.catalogs.load()
    }

    /// Takes up what has changed in the catalog folder once nothing of it was written for `quiet`.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read: the catalogs stay as they are.
    pub fn look_at_catalogs(&self, quiet: Duration) -> Result<Option<CatalogChange>> {
        self.0.catalogs.look(quiet)
    }

    /// What is wrong in the catalog folder, as far as it was read.
    pub fn catalog_problems(&self) -> Vec<Problem> {
        self.0.catalogs.problems()
    }

    /// The names of the catalogs of the folder, sorted.
    pub fn catalog_names(&self) -> Vec<String> {
        self.0.catalogs.names()
    }

    /// The catalog folder in use.
    pub fn catalog_dir(&self) -> Option<PathBuf> {
        self.0.catalogs.folder()
    }
}
