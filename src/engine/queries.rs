//! The statements of an engine: which run, for whom, since when, and how one is ended from outside.
//!
//! A statement enters when it begins and leaves when all that it owns is gone. Every door shares
//! this list, so that a statement of one can be seen and ended from another.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::spi::StatementContext;

/// How many statements that have ended are remembered.
const REMEMBERED: usize = 10_000;

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
    /// Its text.
    pub sql: String,
    /// How far it has come.
    pub state: QueryState,
    /// When it began.
    pub began: DateTime<Utc>,
    /// How long it has taken so far, or took, in milliseconds.
    pub elapsed_ms: u64,
    /// Rows handed out.
    pub rows: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What went wrong.
    pub error: Option<String>,
}

/// All statements of an engine.
#[derive(Debug, Default)]
pub(super) struct Queries(Mutex<Listed>);

#[derive(Debug, Default)]
struct Listed {
    running: BTreeMap<String, Arc<RunningQuery>>,
    ended: VecDeque<QuerySummary>,
}

/// One statement, from its beginning to its end.
pub(super) struct RunningQuery {
    id: String,
    user: String,
    sql: String,
    began: DateTime<Utc>,
    started: Instant,
    state: AtomicU8,
    rows: AtomicU64,
    error: OnceLock<String>,
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
        Self { queries: None, query: Arc::new(RunningQuery::new(id, user, "")) }
    }
}

impl RunningQuery {
    fn new(id: &str, user: &str, sql: &str) -> Self {
        Self {
            id: id.to_owned(),
            user: user.to_owned(),
            sql: shortened(sql),
            began: Utc::now(),
            started: Instant::now(),
            state: AtomicU8::new(QueryState::Planning as u8),
            rows: AtomicU64::new(0),
            error: OnceLock::new(),
            context: OnceLock::new(),
            killed: watch::Sender::new(None),
        }
    }

    /// Says how far it has come. What has ended stays ended.
    pub(super) fn enter(&self, state: QueryState) {
        if !self.state().has_ended() {
            self.state.store(state as u8, Ordering::Relaxed);
        }
    }

    /// Takes down the error that ends it.
    pub(super) fn fail(&self, error: &Error) {
        let cancelled = error.kind() == crate::error::ErrorKind::Cancelled;
        let _ = self.error.set(error.message().to_owned());
        self.enter(if cancelled { QueryState::Cancelled } else { QueryState::Failed });
    }

    /// Says what it reads with.
    pub(super) fn reads_with(&self, context: &Arc<StatementContext>) {
        let _ = self.context.set(Arc::clone(context));
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
        let state = usize::from(self.state.load(Ordering::Relaxed));
        QueryState::ALL.get(state).copied().unwrap_or(QueryState::Running)
    }

    fn summary(&self) -> QuerySummary {
        let elapsed = self.started.elapsed().as_millis();
        QuerySummary {
            id: self.id.clone(),
            user: self.user.clone(),
            sql: self.sql.clone(),
            state: self.state(),
            began: self.began,
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
            rows: self.rows.load(Ordering::Relaxed),
            bytes: self.context.get().map_or(0, |context| context.meter().bytes()),
            error: self.error.get().cloned(),
        }
    }
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
        self.query.enter(QueryState::Cancelled);
        let summary = self.query.summary();
        let mut listed = queries.listed();
        listed.running.remove(&self.query.id);
        if listed.ended.len() >= REMEMBERED {
            listed.ended.pop_front();
        }
        listed.ended.push_back(summary);
    }
}

impl Queries {
    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a statement into the list.
    pub(super) fn enter(self: &Arc<Self>, id: &str, user: &str, sql: &str) -> Entered {
        let query = Arc::new(RunningQuery::new(id, user, sql));
        self.listed().running.insert(id.to_owned(), Arc::clone(&query));
        Entered { queries: Some(Arc::clone(self)), query }
    }

    /// Ends a running statement; its reader gets an error that says by whom.
    ///
    /// # Errors
    /// `NotFound` when no statement of this id runs that `may` allows to be seen.
    pub(super) fn kill(&self, id: &str, by: &str, may: impl Fn(&str) -> bool) -> Result<()> {
        let query = self.listed().running.get(id).cloned();
        match query.filter(|query| may(&query.user)) {
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
        let entered = queries.enter("q1", "ada", "SELECT 1");
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
        let _entered = queries.enter("q1", "ada", &"ü".repeat(LONGEST_TEXT));
        let listed = queries.summaries();
        assert!(listed[0].sql.ends_with("ü…") && listed[0].sql.len() < LONGEST_TEXT + 10);
    }

    #[test]
    fn one_that_was_left_was_cancelled() {
        let queries = Arc::new(Queries::default());
        drop(queries.enter("q1", "ada", "SELECT 1"));
        assert_eq!(queries.summaries()[0].state, QueryState::Cancelled);
    }

    #[tokio::test]
    async fn who_is_killed_hears_by_whom_and_only_from_those_who_may() {
        let queries = Arc::new(Queries::default());
        let entered = queries.enter("q1", "ada", "SELECT 1");
        assert!(queries.kill("q1", "bob", |user| user == "bob").is_err());
        assert!(queries.kill("q2", "ada", |_| true).is_err());
        queries.kill("q1", "ada", |user| user == "ada").unwrap();
        let reason = entered.query.killed().await;
        assert_eq!(reason.message(), "the statement was ended by ada");
    }
}
