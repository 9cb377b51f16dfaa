//! A session: what one user has set, made and prepared.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast;
use tokio::sync::{mpsc, oneshot};

use super::EngineParts;
use super::every_row;
use super::parameters::Parameters;
use super::prepare::prepare;
use super::prepared::PreparedStatement;
use super::queries::Entered;
use super::query::{Deadline, Delivered, LocalQuery, Pinned, Query, RunningTask};
use super::read_points::is_token;
use super::receipt::Receipts;
use super::rights::Rights;
use super::run::{self, Batches, Job, Work};
use super::settings::{Origin, READ_POINT, Settings};
use crate::catalog::{Grants, RESERVED_CATALOGS, SESSION_CATALOG, SessionObjects};
use crate::error::{Error, Result};

/// When the rows of a statement begin to be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    AtOnce,
    WhenAsked,
}

/// How many batches a query may be ahead of its reader.
const BATCHES_AHEAD: usize = 2;

/// A session of an engine, here or on a server.
#[async_trait]
pub trait Session: Send + Sync {
    /// Starts a statement: returns when it is known what it gives. Dropping the future or the
    /// query cancels it; the session lives on.
    async fn run(&self, sql: &str, parameters: &Parameters) -> Result<Box<dyn Query>>;

    /// The columns of the rows that a statement gives; `None` for one that gives none. Nothing of it
    /// runs.
    async fn columns(&self, sql: &str) -> Result<Option<SchemaRef>>;

    /// The current catalog and schema.
    fn home(&self) -> [String; 2];
}

/// A session in this process.
#[derive(Clone, Debug)]
pub struct LocalSession(pub(super) Arc<SessionParts>);

/// A prepared statement: parsed, not yet planned. Its read point is made when it is executed.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) statement: Box<ast::Statement>,
    pub(super) types: Vec<String>,
}

/// What a session's user may do, and the settings that his sessions begin with.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) rights: Rights,
    pub(super) grants: Arc<Grants>,
    pub(super) settings: Settings,
}

impl Terms {
    fn new(engine: &EngineParts, rights: &Rights) -> Self {
        let mut settings = engine.settings.clone();
        for (name, value) in rights.limits.settings() {
            // Limits were checked when they were read; one that cannot be set leaves the engine's.
            let _ = settings.set(name, &value, Origin::Role);
        }
        Self { grants: Arc::new(rights.grants.clone()), rights: rights.clone(), settings }
    }

    /// The engine's home, if it is open to the user.
    fn home(&self, engine: &EngineParts) -> [String; 2] {
        let [catalog, schema] = &engine.home;
        let own = RESERVED_CATALOGS.contains(&catalog.as_str());
        if own || self.grants.of_schema(catalog, schema).is_some() {
            return engine.home.clone();
        }
        [SESSION_CATALOG.to_owned(), "default".to_owned()]
    }
}

#[derive(Debug)]
pub(super) struct SessionParts {
    pub(super) engine: Arc<EngineParts>,
    pub(super) user: String,
    pub(super) address: Option<String>,
    terms: RwLock<Arc<Terms>>,
    pub(super) objects: Arc<SessionObjects>,
    settings: Mutex<Settings>,
    home: Mutex<[String; 2]>,
    pub(super) prepared: Mutex<BTreeMap<String, Prepared>>,
    pub(super) receipts: Mutex<Receipts>,
}

impl SessionParts {
    /// Sets a setting, if the user may.
    pub(super) fn set(&self, name: &str, value: &str) -> Result<()> {
        // Under its full name it is the same setting.
        let lower = name.to_ascii_lowercase();
        if lower.strip_prefix("sluice.").unwrap_or(&lower) == READ_POINT {
            if !is_token(value) {
                self.terms().rights.allow_path(value)?;
            }
            self.engine.read_points.find(value)?;
        }
        let terms = self.terms();
        let mut settings = self.settings();
        let (now, first) = (settings.get(name)?, terms.settings.get(name)?);
        terms.rights.allow_setting(name, value, now.as_deref(), first.as_deref())?;
        settings.set(name, value, Origin::Session)
    }

    /// Gives a setting the value that the session began with.
    pub(super) fn reset(&self, name: &str) -> Result<()> {
        let terms = self.terms();
        self.settings().reset(name, &terms.settings)
    }

    /// What the user may do now.
    pub(super) fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether statements of a user are listed here: one's own, and with the right those of all.
    pub(super) fn sees_statements_of(&self, user: &str) -> bool {
        user == self.user || self.terms().rights.sees_queries()
    }

    /// Ends a running statement.
    ///
    /// # Errors
    /// `NotFound` when it does not run, or is not to be seen.
    pub(super) fn kill(&self, id: &str) -> Result<()> {
        let kills = self.terms().rights.kills();
        self.engine.queries.kill(id, &self.user, |owner| owner == self.user || kills)
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn home(&self) -> MutexGuard<'_, [String; 2]> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers the queries of a process.
static QUERIES: AtomicU64 = AtomicU64::new(1);

/// A query id: when it began, and the how manieth it is: `20260901_084530_00001_4x7`.
fn query_id() -> String {
    let now = chrono::Utc::now();
    let number = QUERIES.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    format!("{}_{number:05}_{process:x}", now.format("%Y%m%d_%H%M%S"))
}

impl LocalSession {
    pub(super) fn new(
        engine: Arc<EngineParts>,
        user: String,
        address: Option<String>,
        rights: &Rights,
    ) -> Self {
        let terms = Terms::new(&engine, rights);
        let settings = Mutex::new(terms.settings.clone());
        let home = Mutex::new(terms.home(&engine));
        Self(Arc::new(SessionParts {
            engine,
            user,
            address,
            terms: RwLock::new(Arc::new(terms)),
            objects: Arc::default(),
            settings,
            home,
            prepared: Mutex::default(),
            receipts: Mutex::default(),
        }))
    }

    /// Sets a setting, as SET does.
    ///
    /// # Errors
    /// As SET's.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        self.0.set(name, value)
    }

    /// What the user may do.
    pub fn rights(&self) -> Rights {
        self.0.terms().rights.clone()
    }

    /// Takes other rights, from the next statement on. Limits that were set beyond those are theirs
    /// again, and a current schema that is not open any more is left. False when they are the same.
    pub fn set_rights(&self, rights: &Rights) -> bool {
        let parts = &self.0;
        if parts.terms().rights == *rights {
            return false;
        }
        let terms = Arc::new(Terms::new(&parts.engine, rights));
        {
            let mut settings = parts.settings();
            let own = settings.of_session();
            // Also a count of changes goes on, by which kept plans are known to be old.
            let _ = settings.reset("all", &terms.settings);
            for (name, value) in own {
                let first = terms.settings.get(&name).ok().flatten();
                let allowed = terms.rights.allow_setting(&name, &value, None, first.as_deref());
                if allowed.is_ok() {
                    // It could be set before.
                    let _ = settings.set(&name, &value, Origin::Session);
                }
            }
        }
        {
            let mut home = parts.home();
            let own = RESERVED_CATALOGS.contains(&home[0].as_str());
            if !own && terms.grants.of_schema(&home[0], &home[1]).is_none() {
                *home = terms.home(&parts.engine);
            }
        }
        *parts.terms.write().unwrap_or_else(PoisonError::into_inner) = terms;
        true
    }

    /// Plans a query and gives its physical plan as bytes, for
    /// [`run_encoded`](Self::run_encoded) in another engine over the same catalog folder. Views,
    /// `now()`, parameters and read point are part of it; settings and session tables are not, but
    /// the rows of a session table are.
    ///
    /// # Errors
    /// `Unsupported` for a statement that is not a query, and for a plan with a node that has no
    /// bytes, naming it.
    pub async fn encode_plan(&self, sql: &str, parameters: &Parameters) -> Result<Vec<u8>> {
        let job = self.job(Work::Sql(sql.to_owned()), parameters);
        self.apart(async move { run::encode(&job).await }).await
    }

    /// Runs a plan that [`encode_plan`](Self::encode_plan) has made.
    ///
    /// # Errors
    /// `Unsupported` for the plan of another version of Sluice, `Corrupt` for bytes that are none.
    pub async fn run_encoded(&self, plan: &[u8]) -> Result<Box<dyn Query>> {
        let job = self.job(Work::Plan(plan.to_vec()), &Parameters::default());
        Ok(Box::new(self.begin(job, Start::AtOnce).await?))
    }

    /// Starts a statement and holds it before its first row: what it reads is pinned and planned,
    /// nothing of it runs until [`Query::next`] is called. A statement without rows has run.
    ///
    /// # Errors
    /// As [`Session::run`]'s.
    pub async fn plan(&self, sql: &str, parameters: &Parameters) -> Result<LocalQuery> {
        self.begin(self.job(Work::Sql(sql.to_owned()), parameters), Start::WhenAsked).await
    }

    /// As [`plan`](Self::plan), over exactly what another run has pinned.
    ///
    /// # Errors
    /// As [`Session::run`]'s; `Gone` when it is not there any more.
    pub async fn plan_again(
        &self,
        sql: &str,
        parameters: &Parameters,
        pinned: &Pinned,
    ) -> Result<LocalQuery> {
        let mut job = self.job(Work::Sql(sql.to_owned()), parameters);
        job.replay = pinned.read_point();
        self.begin(job, Start::WhenAsked).await
    }

    /// Prepares a statement: what it will give, which parameters it takes; nothing of it runs. The
    /// plan of a query is kept for its executions. One that is refused is listed as a statement that
    /// failed: most drivers prepare before they run anything.
    ///
    /// # Errors
    /// `Sql` and what else planning may find.
    pub async fn prepare(&self, sql: &str) -> Result<PreparedStatement> {
        self.described(sql).await.inspect_err(|e| {
            let refused = self.job(Work::Sql(sql.to_owned()), &Parameters::default());
            refused.entered.query.fail(e);
        })
    }

    async fn described(&self, sql: &str) -> Result<PreparedStatement> {
        let job = self.unlisted_job(sql);
        self.apart(async move { prepare(&job).await }).await
    }

    /// As [`plan`](Self::plan), of a prepared statement: over what is there now, or over exactly
    /// what another run has pinned.
    ///
    /// # Errors
    /// As [`Session::run`]'s; `Gone` when it would give other columns than it was prepared for, or
    /// what was pinned is not there any more.
    pub async fn plan_prepared(
        &self,
        prepared: &Arc<PreparedStatement>,
        parameters: &Parameters,
        pinned: Option<&Pinned>,
    ) -> Result<LocalQuery> {
        let work = if prepared.is_query() {
            Work::Prepared(Arc::clone(prepared))
        } else {
            Work::Sql(prepared.sql().to_owned())
        };
        let mut job = self.job(work, parameters);
        job.replay = pinned.and_then(Pinned::read_point);
        self.begin(job, Start::WhenAsked).await
    }

    /// Executes an INSERT that [takes rows](PreparedStatement::takes_rows) once, for all rows of
    /// parameters.
    ///
    /// # Errors
    /// As [`Session::run`]'s; nothing is written then.
    pub async fn insert_rows(
        &self,
        prepared: &PreparedStatement,
        rows: &RecordBatch,
    ) -> Result<LocalQuery> {
        let mut job = self.job(Work::Sql(prepared.sql().to_owned()), &Parameters::default());
        job.rows = Some(every_row::named(rows, &prepared.description().parameters)?);
        self.begin(job, Start::WhenAsked).await
    }

    /// Does work on the query threads, and ends it when nobody waits for it any more.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let engine = Arc::clone(&self.0.engine);
        let threads = engine.runtime.threads()?;
        let task = threads.spawn(work);
        let _cancels = RunningTask { engine, task: task.abort_handle(), _threads: threads };
        task.await
            .map_err(|e| Error::internal(format!("the statement ended without an answer: {e}")))?
    }

    /// The value of a setting, as SHOW gives it.
    ///
    /// # Errors
    /// As SHOW's.
    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        self.0.settings().get(name)
    }

    /// A session of the same user that has set and made nothing.
    #[must_use]
    pub fn fresh(&self) -> Self {
        let parts = &self.0;
        let (user, address) = (parts.user.clone(), parts.address.clone());
        Self::new(Arc::clone(&parts.engine), user, address, &parts.terms().rights)
    }

    /// Ends a statement, as KILL does.
    ///
    /// # Errors
    /// `NotFound` when it does not run, or is another's.
    pub fn kill(&self, id: &str) -> Result<()> {
        self.0.kill(id)
    }

    /// Whose session it is.
    pub fn user(&self) -> &str {
        &self.0.user
    }

    pub(super) fn job(&self, work: Work, parameters: &Parameters) -> Job {
        let session = Arc::clone(&self.0);
        let id = query_id();
        let sql = match &work {
            Work::Sql(sql) => sql.as_str(),
            Work::Prepared(prepared) => prepared.sql(),
            Work::Plan(_) => "",
        };
        let (user, address) = (session.user.as_str(), session.address.as_deref());
        let entered = Arc::new(session.engine.queries.enter(&id, user, address, sql));
        let parameters = parameters.clone();
        Job { id, work, parameters, rows: None, session, replay: None, entered }
    }

    /// A job that is planned and never run.
    pub(super) fn unlisted_job(&self, sql: &str) -> Job {
        let session = Arc::clone(&self.0);
        let id = query_id();
        let entered = Arc::new(Entered::unlisted(&id, &session.user));
        let work = Work::Sql(sql.to_owned());
        let parameters = Parameters::default();
        Job { id, work, parameters, rows: None, session, replay: None, entered }
    }

    async fn begin(&self, job: Job, start: Start) -> Result<LocalQuery> {
        let started = Instant::now();
        let engine = &self.0.engine;
        let id = job.id.clone();
        let limit = self.0.settings().own().timeout;
        let limit = limit.and_then(|text| humantime::parse_duration(&text).ok());
        let deadline = limit.map(|limit| Deadline { at: started + limit, limit });
        let (head, begun) = oneshot::channel();
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let (ask, asked) = match start {
            Start::AtOnce => (None, None),
            Start::WhenAsked => {
                let (ask, asked) = oneshot::channel();
                (Some(ask), Some(asked))
            }
        };
        let entered = Arc::clone(&job.entered);
        let query = Arc::clone(&entered.query);
        let threads = engine.runtime.threads()?;
        let task = run::drive(job, head, Batches { sender, asked, closed: threads.closed() });
        let task = threads.spawn(task).abort_handle();
        let task = RunningTask { engine: Arc::clone(engine), task, _threads: threads };
        let begun = match deadline {
            None => begun.await,
            Some(deadline) => {
                let begun = tokio::time::timeout_at(deadline.at.into(), begun).await;
                begun.map_err(|_| {
                    let error = deadline.error();
                    query.fail(&error);
                    error
                })?
            }
        };
        let begun = begun.map_err(|_| {
            query.kill_reason().unwrap_or_else(|| {
                Error::internal("the statement ended without an answer: this is a bug in Sluice")
            })
        })??;
        Ok(LocalQuery {
            id,
            entered,
            outcome: begun.outcome,
            statement: begun.context,
            watch: begun.watch,
            batches,
            ask,
            task,
            deadline,
            delivered: Delivered::since(started),
        })
    }
}

#[async_trait]
impl Session for LocalSession {
    async fn run(&self, sql: &str, parameters: &Parameters) -> Result<Box<dyn Query>> {
        let job = self.job(Work::Sql(sql.to_owned()), parameters);
        Ok(Box::new(self.begin(job, Start::AtOnce).await?))
    }

    async fn columns(&self, sql: &str) -> Result<Option<SchemaRef>> {
        let prepared = self.described(sql).await?;
        Ok(prepared.description().schema.clone())
    }

    fn home(&self) -> [String; 2] {
        self.0.home().clone()
    }
}
