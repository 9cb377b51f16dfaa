//! The statements of an engine: which run, for whom, since when, and how one is ended from outside.
//!
//! A statement enters when it begins and leaves when all that it owns is gone. Every door shares
//! this list, so that a statement of one can be seen and ended from another.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::history::History;
use super::totals::Totals;
use crate::error::{Error, ErrorKind, Result};
use crate::spi::StatementContext;

/// How many statements that have ended are remembered, and how long.
const REMEMBERED: usize = 10_000;
const REMEMBERED_FOR: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// The bytes of a statement's text that are remembered: programs write statements of megabytes. All
/// that is remembered stays below 20 MB.
const LONGEST_TEXT: usize = 2_000;

/// How far a statement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryState {
    /// Its names are resolved, its plan is made.
    Planning,
    /// Planned; nobody has asked for its rows yet.
    Planned,
    /// It waits for its turn.
    Queued,
    /// It runs.
    Running,
    /// All of it was delivered.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was ended before its end.
    Cancelled,
}

impl QueryState {
    const ALL: [Self; 7] = [
        Self::Planning,
        Self::Planned,
        Self::Queued,
        Self::Running,
        Self::Finished,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The state as listings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Planned => "planned",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that is spelled so.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Running)
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled)
    }
}

/// A statement in a listing.
#[derive(Clone, Debug)]
pub struct QuerySummary {
    /// The query id.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// Where its client is, of a client of a server.
    pub address: Option<String>,
    /// Its text.
    pub sql: String,
    /// How far it has come.
    pub state: QueryState,
    /// When it began.
    pub began: DateTime<Utc>,
    /// How long it has taken so far, or took, in milliseconds.
    pub elapsed_ms: u64,
    /// How long it waited for its turn.
    pub queued_ms: u64,
    /// Rows handed out.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Records that were not what their tables declare.
    pub bad_records: u64,
    /// The kind of what went wrong.
    pub kind: Option<ErrorKind>,
    /// What went wrong.
    pub error: Option<String>,
}

/// Who hears of every statement of an engine. Called on the threads of statements, which wait.
pub trait Listener: fmt::Debug + Send + Sync {
    /// It begins.
    fn began(&self, query: &QuerySummary);
    /// It has ended.
    fn ended(&self, query: &QuerySummary);
}

/// All statements of an engine.
#[derive(Debug, Default)]
pub(super) struct Queries {
    listed: Mutex<Listed>,
    history: Option<History>,
    listener: Option<Arc<dyn Listener>>,
}

#[derive(Debug, Default)]
struct Listed {
    running: BTreeMap<String, Arc<RunningQuery>>,
    ended: VecDeque<QuerySummary>,
    totals: Totals,
}

/// One statement, from its beginning to its end.
pub(super) struct RunningQuery {
    id: String,
    user: String,
    address: Option<String>,
    sql: String,
    began: DateTime<Utc>,
    started: Instant,
    // Set when it has ended; its reader may hold it longer.
    took: OnceLock<Duration>,
    state: AtomicU8,
    queued_ms: AtomicU64,
    rows: AtomicU64,
    error: OnceLock<(ErrorKind, String)>,
    context: OnceLock<Arc<StatementContext>>,
    killed: watch::Sender<Option<Error>>,
}

impl fmt::Debug for RunningQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningQuery").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Entered {
    /// What is planned and never listed: no user's statement.
    pub(super) fn unlisted(id: &str, user: &str) -> Self {
        Self { queries: None, query: Arc::new(RunningQuery::new(id, user, None, "")) }
    }
}

impl RunningQuery {
    fn new(id: &str, user: &str, address: Option<&str>, sql: &str) -> Self {
        Self {
            id: id.to_owned(),
            user: user.to_owned(),
            address: address.map(str::to_owned),
            sql: shortened(sql),
            began: Utc::now(),
            started: Instant::now(),
            took: OnceLock::new(),
            state: AtomicU8::new(QueryState::Planning as u8),
            queued_ms: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            error: OnceLock::new(),
            context: OnceLock::new(),
            killed: watch::Sender::new(None),
        }
    }

    /// Says how far it has come. What has ended stays ended.
    pub(super) fn enter(&self, state: QueryState) {
        self.moved(state);
    }

    /// Whether it was not at its end, and so is there now.
    fn moved(&self, state: QueryState) -> bool {
        let goes_on = |now: u8| (!QueryState::of(now).has_ended()).then_some(state as u8);
        let moved = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, goes_on).is_ok();
        if moved && state.has_ended() {
            let _ = self.took.set(self.started.elapsed());
        }
        moved
    }

    /// Takes down the error that ends it.
    pub(super) fn fail(&self, error: &Error) {
        let cancelled = error.kind() == ErrorKind::Cancelled;
        if self.moved(if cancelled { QueryState::Cancelled } else { QueryState::Failed }) {
            let _ = self.error.set((error.kind(), error.message().to_owned()));
        }
    }

    /// Says what it reads with.
    pub(super) fn reads_with(&self, context: &Arc<StatementContext>) {
        let _ = self.context.set(Arc::clone(context));
    }

    /// Says how long it waited for its turn.
    pub(super) fn waited(&self, time: Duration) {
        self.queued_ms.store(millis(time), Ordering::Relaxed);
    }

    /// Counts rows that were handed out.
    pub(super) fn add_rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Waits until somebody ends it, and says why.
    pub(super) async fn killed(&self) -> Error {
        let mut killed = self.killed.subscribe();
        let reason = killed.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| Error::cancelled("cancelled"))
    }

    /// Why somebody has ended it, if somebody has.
    pub(super) fn kill_reason(&self) -> Option<Error> {
        self.killed.borrow().clone()
    }

    fn state(&self) -> QueryState {
        QueryState::of(self.state.load(Ordering::Relaxed))
    }

    fn summary(&self) -> QuerySummary {
        let sources = self.context.get().map(|context| context.receipt().sources());
        let counters = sources.iter().flat_map(|sources| sources.values()).flatten();
        let bad = counters.filter(|(counter, _)| counter.name == "bad_records");
        QuerySummary {
            id: self.id.clone(),
            user: self.user.clone(),
            address: self.address.clone(),
            sql: self.sql.clone(),
            state: self.state(),
            began: self.began,
            elapsed_ms: millis(*self.took.get().unwrap_or(&self.started.elapsed())),
            queued_ms: self.queued_ms.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.context.get().map_or(0, |context| context.meter().bytes()),
            bad_records: bad.map(|(_, count)| count).sum(),
            kind: self.error.get().map(|(kind, _)| *kind),
            error: self.error.get().map(|(_, message)| message.clone()),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A text of which so much is remembered that its statement is recognised.
fn shortened(sql: &str) -> String {
    if sql.len() <= LONGEST_TEXT {
        return sql.to_owned();
    }
    format!("{}…", &sql[..sql.floor_char_boundary(LONGEST_TEXT)])
}

/// The place of a statement in the list; dropped, the statement has ended.
#[derive(Debug)]
pub(super) struct Entered {
    // `None` for what no user has asked for: descriptions, listings.
    queries: Option<Arc<Queries>>,
    pub(super) query: Arc<RunningQuery>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let Some(queries) = &self.queries else { return };
        // One that did not come to its end was left by whoever asked for it.
        self.query.fail(&Error::cancelled("nobody took its rows to their end"));
        let summary = self.query.summary();
        if let Some(listener) = &queries.listener {
            listener.ended(&summary);
        }
        if let Some(history) = &queries.history {
            history.ended(&summary);
        }
        let mut listed = queries.listed();
        listed.running.remove(&self.query.id);
        listed.totals.add(&summary);
        listed.remember(summary);
    }
}

impl Listed {
    fn remember(&mut self, query: QuerySummary) {
        let oldest = Utc::now() - REMEMBERED_FOR;
        while self.ended.len() >= REMEMBERED
            || self.ended.front().is_some_and(|query| query.began < oldest)
        {
            self.ended.pop_front();
        }
        self.ended.push_back(query);
    }
}

impl Queries {
    /// A list that begins with what a history has in it.
    pub(super) fn new(mut history: Option<History>, listener: Option<Arc<dyn Listener>>) -> Self {
        let past = history.as_mut().map(History::take_past);
        let mut listed = Listed::default();
        let oldest = Utc::now() - REMEMBERED_FOR;
        for query in past.into_iter().flatten().filter(|query| query.began >= oldest) {
            listed.remember(query);
        }
        Self { listed: Mutex::new(listed), history, listener }
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the statements that have ended came to.
    pub(super) fn totals(&self) -> Totals {
        self.listed().totals.clone()
    }

    /// Lines of the history that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.history.as_ref().map_or(0, History::lost)
    }

    /// Writes the history to its end.
    pub(super) fn close(&self) {
        if let Some(history) = &self.history {
            history.close();
        }
    }

    /// Takes a statement into the list.
    pub(super) fn enter(
        self: &Arc<Self>,
        id: &str,
        user: &str,
        address: Option<&str>,
        sql: &str,
    ) -> Entered {
        let query = Arc::new(RunningQuery::new(id, user, address, sql));
        let begins = query.summary();
        if let Some(history) = &self.history {
            history.began(&begins);
        }
        if let Some(listener) = &self.listener {
            listener.began(&begins);
        }
        self.listed().running.insert(id.to_owned(), Arc::clone(&query));
        Entered { queries: Some(Arc::clone(self)), query }
    }

    /// Ends a running statement; its reader gets an error that says by whom.
    ///
    /// # Errors
    /// `NotFound` when no statement of this id runs that `may` allows to be seen.
    pub(super) fn kill(&self, id: &str, by: &str, may: impl Fn(&str) -> bool) -> Result<()> {
        let query = self.listed().running.get(id).cloned();
        match query.filter(|query| may(&query.user) && !query.state().has_ended()) {
            Some(query) => {
                let why = format!("the statement was ended by {by}");
                query.killed.send_replace(Some(Error::cancelled(why)));
                Ok(())
            }
            None => Err(Error::not_found(format!("no statement {id} is running"))
                .with_hint("SELECT * FROM system.runtime.queries lists them")),
        }
    }

    /// Ends every running statement.
    pub(super) fn end_all(&self, why: &str) {
        for query in self.listed().running.values() {
            query.killed.send_replace(Some(Error::cancelled(why)));
        }
    }

    /// The statements that ran and run, oldest first.
    pub(super) fn summaries(&self) -> Vec<QuerySummary> {
        let listed = self.listed();
        let running = listed.running.values().map(|query| query.summary());
        listed.ended.iter().cloned().chain(running).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_listed_from_its_beginning_and_remembered_after_its_end() {
        let queries = Arc::new(Queries::default());
        let entered = queries.enter("q1", "ada", None, "SELECT 1");
        entered.query.enter(QueryState::Running);
        entered.query.add_rows(3);
        let listed = queries.summaries();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].state, listed[0].rows), (QueryState::Running, 3));
        entered.query.enter(QueryState::Finished);
        drop(entered);
        let listed = queries.summaries();
        assert_eq!((listed.len(), listed[0].state), (1, QueryState::Finished));
    }

    #[test]
    fn a_long_text_is_remembered_in_part() {
        let queries = Arc::new(Queries::default());
        let _entered = queries.enter("q1", "ada", None, &"ü".repeat(LONGEST_TEXT));
        let listed = queries.summaries();
        assert!(listed[0].sql.ends_with("ü…") && listed[0].sql.len() < LONGEST_TEXT + 10);
    }

    #[test]
    fn one_that_was_left_was_cancelled() {
        let queries = Arc::new(Queries::default());
        drop(queries.enter("q1", "ada", None, "SELECT 1"));
        assert_eq!(queries.summaries()[0].state, QueryState::Cancelled);
    }

    #[tokio::test]
    async fn who_is_killed_hears_by_whom_and_only_from_those_who_may() {
        let queries = Arc::new(Queries::default());
        let entered = queries.enter("q1", "ada", None, "SELECT 1");
        assert!(queries.kill("q1", "bob", |user| user == "bob").is_err());
        assert!(queries.kill("q2", "ada", |_| true).is_err());
        queries.kill("q1", "ada", |user| user == "ada").unwrap();
        let reason = entered.query.killed().await;
        assert_eq!(reason.message(), "the statement was ended by ada");
        // Its reader may still hold it.
        entered.query.fail(&reason);
        assert!(queries.kill("q1", "ada", |_| true).is_err(), "it has ended");
        entered.query.fail(&Error::internal("later"));
        let listed = queries.summaries();
        assert_eq!((listed[0].state, listed[0].kind), (QueryState::Cancelled, Some(reason.kind())));
    }
}
