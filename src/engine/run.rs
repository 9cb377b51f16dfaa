//! The way of a statement: `text → parse → resolve → plan → bind → optimise → run → receipt`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::{DFParserBuilder, Statement as DfStatement};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};
use futures::{FutureExt, StreamExt, TryStreamExt};
use tokio::sync::{mpsc, oneshot};

use super::admission::Permit;
use super::error::{from_datafusion, lowered};
use super::memory::{self, StatementPool};
use super::names::Named;
use super::own::{self, Own};
use super::parameters::{self, Parameters};
use super::prepared::PreparedStatement;
use super::queries::{Entered, QueryState};
use super::query::{Delivered, Outcome, Watch};
use super::result_limits::ResultLimits;
use super::rewrite::correlated::mend_not_in;
use super::rewrite::lateral::mend_lateral;
use super::rewrite::mixed;
use super::rows::{self, Again, Plans};
use super::runtime::Closed;
use super::session::{SessionParts, Terms};
use super::state::{RECURSION_LIMIT, Translated};
use super::{codec, depth, estimate, exhausted, names, receipt, show, summarize, tables, write};
use crate::catalog::{GrantedCatalogs, StatementCatalogs, StatementPlanner};
use crate::error::{Error, Position, Result};
use crate::spi::{ReadPoint, ReadPointBook, StatementContext};

/// What is run.
#[derive(Debug)]
pub(super) enum Work {
    /// The text of one statement.
    Sql(String),
    /// A query whose plan is kept.
    Prepared(Arc<PreparedStatement>),
    /// A plan that [`encode`] has made, here or elsewhere.
    Plan(Vec<u8>),
}

/// A statement to run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) work: Work,
    pub(super) parameters: Parameters,
    /// Many rows of parameters, for an INSERT that writes each.
    pub(super) rows: Option<RecordBatch>,
    pub(super) session: Arc<SessionParts>,
    /// What is read in the place of what is there now, whatever the session says.
    pub(super) replay: Option<ReadPoint>,
    pub(super) entered: Arc<Entered>,
}

/// What a statement came to.
pub(super) enum Started {
    /// Batches that are there already.
    Batches(SchemaRef, Vec<RecordBatch>),
    /// A plan that runs while its batches are read.
    Stream(SchemaRef, SendableRecordBatchStream),
    /// Nothing to read.
    Done(String),
}

impl Started {
    /// One batch.
    pub(super) fn batch(batch: RecordBatch) -> Self {
        Self::Batches(batch.schema(), vec![batch])
    }
}

/// What is known of a statement once it has begun.
pub(super) struct Head {
    pub(super) outcome: Outcome,
    pub(super) context: Arc<StatementContext>,
    pub(super) watch: Watch,
}

/// Where the batches of a statement go.
pub(super) struct Batches {
    pub(super) sender: mpsc::Sender<Result<RecordBatch>>,
    /// Says that somebody wants them, of a statement that waits for it.
    pub(super) asked: Option<oneshot::Receiver<()>>,
    pub(super) closed: Closed,
}

/// Runs a statement on the query threads: says what it gives on `head`, then sends its batches.
pub(super) async fn drive(job: Job, head: oneshot::Sender<Result<Head>>, batches: Batches) {
    let query = Arc::clone(&job.entered.query);
    let told = batches.sender.clone();
    tokio::select! {
        biased;
        error = query.killed() => {
            query.fail(&error);
            let _ = told.send(Err(error)).await;
        }
        () = deliver(job, head, batches) => {}
    }
}

async fn deliver(job: Job, head: oneshot::Sender<Result<Head>>, batches: Batches) {
    let Batches { sender: batches, asked, closed } = batches;
    let mut delivered = Delivered::since(Instant::now());
    let query = &job.entered.query;
    let started = AssertUnwindSafe(start(&job)).catch_unwind().await;
    let started = started.unwrap_or_else(|panic| Err(panicked(&panic)));
    let (started, statement) = match started {
        Err(e) => {
            query.fail(&e);
            // A front end that is gone does not need the error.
            let _ = head.send(Err(e));
            return;
        }
        Ok((started, statement)) => (started, statement),
    };
    // Lists of ours are short.
    let mut limits = match &started {
        Started::Stream(..) => ResultLimits::new(statement.context.settings()),
        _ => ResultLimits::default(),
    };
    let (outcome, ready) = match started {
        Started::Done(tag) => {
            // Before anyone can ask for it.
            receipt::write(&statement, delivered.progress());
            query.enter(QueryState::Finished);
            (Outcome::Done(tag), None)
        }
        Started::Batches(schema, ready) => {
            let stream = futures::stream::iter(ready.into_iter().map(Ok)).boxed();
            (Outcome::Rows(schema), Some(stream))
        }
        Started::Stream(schema, stream) => (Outcome::Rows(schema), Some(stream.boxed())),
    };
    let (whole, ended) = oneshot::channel();
    let (plans, memory) = (statement.ran.clone(), Arc::clone(&statement.memory));
    let watch = Watch { plans, memory, ended: Some(ended) };
    let begun = Head { outcome, context: Arc::clone(&statement.context), watch };
    if head.send(Ok(begun)).is_err() {
        return;
    }
    let Some(mut stream) = ready else {
        let _ = whole.send(());
        return;
    };
    if let Some(asked) = asked {
        query.enter(QueryState::Planned);
        if asked.await.is_err() {
            return;
        }
    }
    let _turn = match job.turn().await {
        Ok(turn) => turn,
        Err(e) => {
            query.fail(&e);
            let _ = batches.send(Err(e)).await;
            return;
        }
    };
    loop {
        let next = tokio::select! {
            next = AssertUnwindSafe(stream.next()).catch_unwind() => next,
            // Stopped, or gone: who is gone aborts this task.
            () = batches.closed() => break,
        };
        let batch = match next {
            Ok(None) => break,
            Ok(Some(batch)) => {
                let batch = batch.map_err(from_datafusion);
                batch.and_then(|batch| limits.count(&batch).map(|()| batch))
            }
            Err(panic) => Err(panicked(&panic)),
        };
        match &batch {
            Ok(batch) => {
                delivered.count(batch);
                query.add_rows(batch.num_rows() as u64);
            }
            Err(e) => {
                query.fail(e);
                // Who does not listen any more has ended it.
                let _ = batches.send(batch).await;
                return;
            }
        }
        if batches.send(batch).await.is_err() {
            break;
        }
    }
    drop(stream);
    if closed.is_set() {
        // Tasks that end with their threads look to those who read from them like an end of rows.
        return;
    }
    // The front end sees the end when `batches` is dropped, and may ask for the receipt then.
    receipt::write(&statement, delivered.progress());
    let _ = whole.send(());
}

impl Job {
    /// Waits for the right to run.
    pub(super) async fn turn(&self) -> Result<Permit> {
        let query = &self.entered.query;
        query.enter(QueryState::Queued);
        let began = Instant::now();
        let (session, statements) = (&self.session, self.session.terms().rights.statements);
        let turn = session.engine.admission.admit(&session.user, statements).await;
        query.waited(began.elapsed());
        let turn = turn?;
        query.enter(QueryState::Running);
        Ok(turn)
    }
}

fn panicked(panic: &Box<dyn std::any::Any + Send>) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    if exhausted::is_memory_panic(text) {
        return exhausted::nested_loop_join();
    }
    Error::internal(format!("the statement panicked: {text}"))
        .with_hint("this is a bug; the session goes on")
}

/// Everything that a statement's parts need while it is planned.
pub(super) struct Statement<'a> {
    pub(super) job: &'a Job,
    pub(super) context: Arc<StatementContext>,
    pub(super) catalogs: StatementCatalogs,
    pub(super) home: [String; 2],
    /// How often the session's settings had changed when it was planned.
    pub(super) settings_changes: u64,
    pub(super) state: SessionState,
    memory: Arc<StatementPool>,
    // The plans that were started, for the receipt.
    pub(super) ran: Plans,
}

impl<'a> Statement<'a> {
    pub(super) fn new(job: &'a Job, replayed: Option<ReadPoint>) -> Result<Self> {
        let session = &job.session;
        let engine = &session.engine;
        let mut settings = session.settings().clone();
        let settings_changes = settings.changes();
        let book = match replayed {
            None => ReadPointBook::new(chrono::Utc::now(), &settings.timezone()),
            Some(point) => {
                settings = settings.in_timezone(&point.timezone)?;
                ReadPointBook::replay(point)
            }
        };
        let context = Arc::new(StatementContext::new(
            job.id.clone(),
            settings.own(),
            settings.timezone(),
            book,
            Arc::clone(&engine.shared),
        ));
        job.entered.query.reads_with(&context);
        let home = session.home().clone();
        let mut config = settings.config().clone();
        let memory_limit = settings.own().max_memory_bytes.filter(|limit| *limit > 0);
        if let Some(limit) = memory_limit {
            memory::fit(config.options_mut(), limit);
        }
        let terms = session.terms();
        let planner = Arc::new(Planner {
            session: Arc::clone(session),
            terms: Arc::clone(&terms),
            config: config.clone(),
        });
        if !engine.watched {
            // A folder that cannot be read now leaves the catalogs as they are.
            let _ = engine.catalogs.look(Duration::ZERO);
        }
        let catalogs = StatementCatalogs::new(
            GrantedCatalogs::new(Arc::new(engine.catalogs.fixed()), Arc::clone(&terms.grants)),
            Arc::clone(&session.objects),
            Arc::clone(&context),
            planner,
        );
        let state = engine.base.for_statement(config, &catalogs, &context, &home);
        let memory = Arc::new(StatementPool::new(&state.runtime_env().memory_pool, memory_limit));
        let ran = Plans::default();
        Ok(Self { job, context, catalogs, home, settings_changes, state, memory, ran })
    }

    /// Plans a parsed statement of DataFusion's, its names resolved and its parameters bound.
    pub(super) async fn plan(
        &self,
        statement: DfStatement,
        parameters: &Parameters,
    ) -> Result<LogicalPlan> {
        let (plan, _) = self.plan_unbound(statement).await?;
        self.bind(plan, parameters)
    }

    /// Binds parameters into a plan.
    pub(super) fn bind(&self, plan: LogicalPlan, parameters: &Parameters) -> Result<LogicalPlan> {
        let plan = parameters::bind(plan, parameters)?;
        mixed::refuse(&plan)?;
        Ok(plan)
    }

    /// Plans a parsed statement of DataFusion's, its names resolved, its parameters left open; what
    /// the names were opened as.
    pub(super) async fn plan_unbound(
        &self,
        mut statement: DfStatement,
    ) -> Result<(LogicalPlan, Named)> {
        let mut named = Named::default();
        match &mut statement {
            DfStatement::Statement(inner) => {
                named = names::resolve(inner.as_mut(), &self.catalogs, &self.home).await?;
            }
            DfStatement::Explain(explain) => {
                if let DfStatement::Statement(inner) = explain.statement.as_mut() {
                    named = names::resolve(inner.as_mut(), &self.catalogs, &self.home).await?;
                }
            }
            DfStatement::CreateExternalTable(_)
            | DfStatement::CopyTo(_)
            | DfStatement::Reset(_) => {}
        }
        let plan = self.state.statement_to_plan(statement).await.translated()?;
        Ok((mend_not_in(mend_lateral(plan)?)?, named))
    }

    /// Refuses to show what would name the tables behind a view that the user may not see.
    ///
    /// # Errors
    /// `Denied`.
    pub(super) fn refuse_unseen(&self, what: &str) -> Result<()> {
        if !self.catalogs.hides() {
            return Ok(());
        }
        Err(Error::denied(format!(
            "{what} is not shown: a view in it reads what is not open to this user"
        )))
    }

    /// The physical plan of a logical one.
    pub(super) async fn optimise(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        self.state.create_physical_plan(plan).await.translated()
    }

    /// A physical plan that is about to run: within the limits as far as can be told.
    pub(super) async fn admit(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        let physical = self.optimise(plan).await?;
        estimate::hold_limits(self, &physical).await?;
        self.ran.add(&physical);
        Ok(physical)
    }

    /// Optimises and starts a logical plan.
    pub(super) async fn execute(&self, plan: LogicalPlan) -> Result<Started> {
        let physical = self.admit(&plan).await?;
        let again = Again::new(self, plan, &physical);
        self.start(physical, again)
    }

    /// A physical plan that starts when its first batch is asked for; `again` is what to do when it
    /// does not fit in memory.
    fn start(&self, physical: Arc<dyn ExecutionPlan>, again: Option<Again>) -> Result<Started> {
        let planned = physical.schema();
        let schema = names::visible(&planned);
        let task = self.task();
        // Operators that spawn tasks do so when they are started, not when they are read.
        let stream =
            futures::stream::once(async move { rows::start(physical, task, again) }).try_flatten();
        let stream = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&planned), stream));
        if Arc::ptr_eq(&schema, &planned) {
            return Ok(Started::Stream(schema, stream));
        }
        let shown = Arc::clone(&schema);
        let stream = stream.map(move |batch| {
            let batch = batch?;
            let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let columns = batch.columns().to_vec();
            Ok(RecordBatch::try_new_with_options(Arc::clone(&shown), columns, &rows)?)
        });
        let stream = RecordBatchStreamAdapter::new(Arc::clone(&schema), stream);
        Ok(Started::Stream(schema, Box::pin(stream)))
    }

    /// What plans run with: the engine's memory, counted for this statement.
    pub(super) fn task(&self) -> Arc<TaskContext> {
        let runtime = RuntimeEnv {
            memory_pool: Arc::clone(&self.memory) as Arc<dyn MemoryPool>,
            ..self.state.runtime_env().as_ref().clone()
        };
        Arc::new(TaskContext::from(&self.state).with_runtime(Arc::new(runtime)))
    }

    /// The plans that were started.
    pub(super) fn ran(&self) -> Vec<Arc<dyn ExecutionPlan>> {
        self.ran.all()
    }

    /// The most memory held at once, in bytes.
    pub(super) fn peak_memory(&self) -> u64 {
        self.memory.peak()
    }
}

/// Plans views and lists for the catalog, on behalf of one session.
struct Planner {
    session: Arc<SessionParts>,
    terms: Arc<Terms>,
    // The statement's own: a replay has another time zone.
    config: SessionConfig,
}

#[async_trait]
impl StatementPlanner for Planner {
    async fn plan_view(
        &self,
        catalogs: &StatementCatalogs,
        sql: &str,
        home: &[String; 2],
    ) -> Result<LogicalPlan> {
        let mut inner = parsed_view(sql)?;
        names::resolve(inner.as_mut(), catalogs, home).await?;
        let base = &self.session.engine.base;
        let config = self.config.clone();
        let state = base.for_statement(config, catalogs, catalogs.context(), home);
        let plan = state.statement_to_plan(DfStatement::Statement(inner)).await.translated()?;
        let plan = mend_not_in(mend_lateral(plan)?)?;
        mixed::refuse(&plan)?;
        Ok(plan)
    }

    fn settings(&self) -> Result<RecordBatch> {
        self.session.settings().batch()
    }

    fn functions(&self) -> Result<RecordBatch> {
        show::functions(self.session.engine.base.state())
    }

    fn user(&self) -> &str {
        &self.session.user
    }

    fn allow_path(&self, path: &str) -> Result<()> {
        self.terms.rights.allow_path(path)
    }

    fn queries(&self) -> Result<RecordBatch> {
        let mut listed = self.session.engine.queries.summaries();
        listed.retain(|query| self.session.sees_statements_of(&query.user));
        show::queries(&listed)
    }

    fn problems(&self) -> Result<RecordBatch> {
        // They name files of the machine that the engine runs on.
        let known = self.terms.rights.admin.then(|| self.session.engine.catalogs.problems());
        show::problems(&known.unwrap_or_default())
    }
}

/// The SELECT of a view.
fn parsed_view(sql: &str) -> Result<Box<ast::Statement>> {
    match parse_one(tokenize(sql)?)? {
        DfStatement::Statement(inner) if matches!(*inner, ast::Statement::Query(_)) => Ok(inner),
        _ => Err(Error::sql("a view is one SELECT")),
    }
}

/// Whether a text is one of a view.
pub(super) fn parse_view(sql: &str) -> Result<()> {
    parsed_view(sql).map(drop)
}

/// The tokens of a statement without white space and comments.
pub(super) fn tokenize(sql: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location();
    let tokens = tokens.map_err(|e| {
        Error::sql(format!("syntax error: {}", lowered(&e.message)))
            .at(Position { line: e.location.line, column: e.location.column })
    })?;
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match (kept.last_mut(), &token.token) {
            (_, Token::Whitespace(_)) => {}
            // `1_000` comes as a number and a word that would be its alias.
            (
                Some(TokenWithSpan { token: Token::Number(digits, _), span }),
                Token::Word(Word { value, quote_style: None, .. }),
            ) if span.end == token.span.start && value.starts_with('_') => {
                let more = value.trim_start_matches('_');
                if more.is_empty() || !more.chars().all(|c| c.is_ascii_digit() || c == '_') {
                    return Err(Error::sql(format!("syntax error: {digits}{value} is no number"))
                        .at(Position { line: span.start.line, column: span.start.column }));
                }
                digits.extend(more.chars().filter(char::is_ascii_digit));
                span.end = token.span.end;
            }
            // The tokenizer takes it for the beginning of a name: `7#3` would be 7, called `#3`.
            (_, Token::Word(Word { value, quote_style: None, .. })) if value.starts_with('#') => {
                let at = token.span.start;
                return Err(Error::sql("syntax error: # begins no comment and is no operator")
                    .at(Position { line: at.line, column: at.column })
                    .with_hint("comments begin with --; xor(a, b) is the exclusive or"));
            }
            _ => kept.push(token),
        }
    }
    Ok(kept)
}

/// Parses exactly one statement.
pub(super) fn parse_one(mut tokens: Vec<TokenWithSpan>) -> Result<DfStatement> {
    depth::hold(&tokens)?;
    // `TABLE t` of PostgreSQL is `FROM t` of DuckDB.
    if let Some(TokenWithSpan { token, .. }) = tokens.first_mut()
        && matches!(token, Token::Word(Word { keyword: Keyword::TABLE, quote_style: None, .. }))
    {
        *token = Token::make_keyword("FROM");
    }
    let mut parser = DFParserBuilder::new(tokens)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(RECURSION_LIMIT)
        .build()
        .translated()?;
    let mut statements = parser.parse_statements().translated()?;
    match (statements.pop_front(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (None, _) => Err(Error::sql("there is no statement")),
        (Some(_), false) => Err(Error::sql("several statements where one is expected")),
    }
}

async fn start(job: &Job) -> Result<(Started, Statement<'_>)> {
    let sql = match &job.work {
        Work::Sql(sql) => sql,
        Work::Plan(bytes) => {
            let statement = Statement::new(job, None)?;
            let plan = codec::decode(bytes, &statement.task())?;
            statement.ran.add(&plan);
            return Ok((statement.start(plan, None)?, statement));
        }
        Work::Prepared(prepared) => {
            let statement = Statement::new(job, replayed(job, true)?)?;
            let plan = prepared.plan(&statement).await?;
            let plan = statement.bind(plan, &job.parameters)?;
            return Ok((statement.execute(plan).await?, statement));
        }
    };
    let mut tokens = tokenize(sql)?;
    parameters::number(&mut tokens)?;
    let own = own::parse(&tokens)?;
    // SET, RESET and lists work under a read point that is gone.
    let follows = own.as_ref().is_none_or(Own::opens_tables);
    let statement = Statement::new(job, replayed(job, follows)?)?;
    let started = match own {
        Some(own) => run_own(&statement, own).await?,
        None => run_sql(&statement, parse_one(tokens)?).await?,
    };
    Ok((started, statement))
}

/// The read point that a statement reads in the place of what is there now, if it `follows` one.
fn replayed(job: &Job, follows: bool) -> Result<Option<ReadPoint>> {
    if !follows {
        return Ok(None);
    }
    if let Some(point) = &job.replay {
        return Ok(Some(point.clone()));
    }
    let named = job.session.settings().own().read_point;
    named.map(|name| job.session.engine.read_points.find(&name)).transpose()
}

/// The physical plan of a query as bytes.
///
/// # Errors
/// `Unsupported` for other statements, and for a plan that has no bytes.
pub(super) async fn encode(job: &Job) -> Result<Vec<u8>> {
    codec::encode(&physical(&Statement::new(job, None)?).await?)
}

/// The physical plan of a query, not started.
pub(super) async fn physical(statement: &Statement<'_>) -> Result<Arc<dyn ExecutionPlan>> {
    let other = || Error::unsupported("only the plan of a query can be encoded");
    let Work::Sql(sql) = &statement.job.work else { return Err(other()) };
    let mut tokens = tokenize(sql)?;
    parameters::number(&mut tokens)?;
    let parsed = match own::parse(&tokens)? {
        Some(_) => return Err(other()),
        None => parse_one(tokens)?,
    };
    match parsed {
        DfStatement::Statement(inner) if matches!(*inner, ast::Statement::Query(_)) => {
            let parameters = &statement.job.parameters;
            let plan = statement.plan(DfStatement::Statement(inner), parameters).await?;
            statement.optimise(&plan).await
        }
        _ => Err(other()),
    }
}

pub(super) async fn run_own(statement: &Statement<'_>, own: Own) -> Result<Started> {
    let session = &statement.job.session;
    match own {
        Own::Set { name, value } => {
            session.set(&name, &value)?;
            Ok(Started::Done("SET".to_owned()))
        }
        Own::Reset { name } => {
            session.reset(&name)?;
            Ok(Started::Done("RESET".to_owned()))
        }
        Own::Use { parts } => tables::use_home(statement, &parts).await,
        Own::Summarize { table, query } => summarize::run(statement, table, query).await,
        Own::Deallocate { name } => tables::deallocate(statement, name),
        Own::Kill { id } => {
            session.kill(&id)?;
            Ok(Started::Done("KILL".to_owned()))
        }
        Own::ExplainEstimate { statement: tokens } => {
            estimate::explain(statement, parse_one(tokens)?).await
        }
        Own::Copy { query, target, options } => {
            write::copy(statement, query, &target, &options).await
        }
        Own::CreatePartitioned { statement: create, partitioned_by } => match parse_one(create)? {
            DfStatement::Statement(inner) => match *inner {
                ast::Statement::CreateTable(table) => {
                    write::create(statement, table, partitioned_by).await
                }
                _ => Err(Error::sql("PARTITIONED BY is for CREATE TABLE … AS SELECT")),
            },
            _ => Err(Error::sql("PARTITIONED BY is for CREATE TABLE … AS SELECT")),
        },
        Own::CleanCatalog { catalog, older_than } => {
            write::clean(statement, &catalog, older_than.as_deref()).await
        }
        Own::ShowReceipt { id } => receipt::show(statement, id.as_deref()).map(Started::batch),
        Own::ShowReadPoint { id } => {
            receipt::show_read_point(statement, id.as_deref()).map(Started::batch)
        }
        other => show::run(statement, other).await,
    }
}

async fn run_sql(statement: &Statement<'_>, parsed: DfStatement) -> Result<Started> {
    let parameters = &statement.job.parameters;
    match parsed {
        DfStatement::Statement(inner) => match *inner {
            ast::Statement::Query(_) => {
                let plan = statement.plan(DfStatement::Statement(inner), parameters).await?;
                statement.execute(plan).await
            }
            ast::Statement::Prepare { name, data_types, statement: prepared } => {
                let types = data_types.iter().map(ToString::to_string).collect();
                tables::prepare(statement, &name.value, prepared, types)
            }
            ast::Statement::Execute { name, parameters, .. } => {
                let name = name.map(|name| name.to_string()).unwrap_or_default();
                tables::execute_prepared(statement, &name, &parameters).await
            }
            ast::Statement::CreateView(view) => tables::create_view(statement, view).await,
            ast::Statement::CreateTable(table) => tables::create_table(statement, table).await,
            ast::Statement::Drop { object_type, if_exists, names, .. } => {
                tables::drop_objects(statement, object_type, if_exists, &names)
            }
            ast::Statement::Insert(insert) => write::insert(statement, insert).await,
            ast::Statement::Explain { statement: ref explained, .. } => {
                refuse_to_explain(explained)?;
                let plan = statement.plan(DfStatement::Statement(inner), parameters).await?;
                statement.refuse_unseen("the plan")?;
                statement.execute(plan).await
            }
            ast::Statement::Update { .. }
            | ast::Statement::Delete(_)
            | ast::Statement::Merge { .. } => Err(Error::unsupported(
                "rows of a table cannot be changed",
            )
            .with_hint("write a new table: CREATE TABLE … AS SELECT …, or COPY (SELECT …) TO '…'")),
            ast::Statement::StartTransaction { .. }
            | ast::Statement::Commit { .. }
            | ast::Statement::Rollback { .. } => {
                Err(Error::unsupported("there are no transactions: every statement stands alone"))
            }
            other => Err(Error::unsupported(format!(
                "{} is not supported",
                other.to_string().split_whitespace().take(2).collect::<Vec<_>>().join(" ")
            ))),
        },
        DfStatement::Explain(ref explain) => {
            match explain.statement.as_ref() {
                DfStatement::Statement(explained) => refuse_to_explain(explained)?,
                _ => return Err(only_queries_are_explained()),
            }
            let plan = statement.plan(parsed, parameters).await?;
            statement.refuse_unseen("the plan")?;
            statement.execute(plan).await
        }
        DfStatement::CreateExternalTable(table) => tables::create_external(statement, table).await,
        DfStatement::CopyTo(_) => Err(Error::internal("COPY was parsed twice")),
        DfStatement::Reset(_) => Err(Error::internal("RESET was parsed twice")),
    }
}

/// EXPLAIN ANALYZE runs what it explains, past our own writers.
fn refuse_to_explain(statement: &ast::Statement) -> Result<()> {
    match statement {
        ast::Statement::Query(_) => Ok(()),
        _ => Err(only_queries_are_explained()),
    }
}

fn only_queries_are_explained() -> Error {
    Error::unsupported("only queries are explained")
        .with_hint("EXPLAIN the query that gives the rows to be written")
}
