//! The threads that queries run on, apart from those of the front end.
//!
//! Some operators do not yield (a nested loop join can hold its thread for minutes), and planning
//! is synchronous. On a runtime of their own they can never keep a prompt from answering: a
//! cancelled query that does not end in time is left behind with its threads, and the next query
//! gets new ones.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

use crate::error::{Error, Result};

/// The name of the threads that statements run on.
pub const QUERY_THREAD: &str = "sluice-query";

/// Bytes of stack of such a thread. Trees of expressions are walked by recursion, and a chain of
/// thousands of ORs, as programs write them, is as deep as it is long. Untouched pages cost nothing.
const STACK: usize = 64 << 20;

/// How long the next query, or the end of the program, waits for a cancelled one.
const GRACE: Duration = Duration::from_millis(100);

/// How long the end of the process waits for cancelled queries, which may have files to remove.
const EXIT_GRACE: Duration = Duration::from_secs(1);

/// The runtime of queries.
#[derive(Debug)]
pub(super) struct QueryRuntime(Mutex<State>);

#[derive(Debug)]
struct State {
    // Taken out only to be shut down.
    runtime: Option<Runtime>,
    // Cancelled queries that had not ended when they were last looked at.
    ending: Vec<AbortHandle>,
}

impl State {
    /// Gives cancelled queries a moment to clean up behind themselves.
    fn wait_for_ending(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        loop {
            self.ending.retain(|task| !task.is_finished());
            if self.ending.is_empty() || Instant::now() >= until {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn build() -> Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name(QUERY_THREAD)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(|e| Error::unavailable(format!("threads cannot be started: {e}")).with_source(e))
}

impl QueryRuntime {
    /// Starts the threads.
    pub(super) fn start() -> Result<Self> {
        Ok(Self(Mutex::new(State { runtime: Some(build()?), ending: vec![] })))
    }

    /// The threads for a new query.
    pub(super) fn handle(&self) -> Result<Handle> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.wait_for_ending(GRACE);
        if !state.ending.is_empty() {
            state.ending.clear();
            let fresh = build()?;
            if let Some(stuck) = state.runtime.replace(fresh) {
                stuck.shutdown_background();
            }
        }
        match &state.runtime {
            Some(runtime) => Ok(runtime.handle().clone()),
            None => Err(Error::internal("the query threads are shut down")),
        }
    }

    /// Cancels a query and remembers to look whether it ends.
    pub(super) fn cancel(&self, task: AbortHandle) {
        task.abort();
        if !task.is_finished() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).ending.push(task);
        }
    }
}

impl QueryRuntime {
    /// Ends the threads: cancelled queries get a moment to clean up behind themselves, one that
    /// does not yield is left behind.
    pub(super) fn shut_down(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.wait_for_ending(EXIT_GRACE);
        let Some(runtime) = state.runtime.take() else { return };
        if state.ending.is_empty() && Handle::try_current().is_err() {
            // Idle by now: what is left are clean-ups.
            runtime.shutdown_timeout(EXIT_GRACE);
        } else {
            // Waiting could take as long as a query that does not yield.
            runtime.shutdown_background();
        }
    }
}

impl Drop for QueryRuntime {
    fn drop(&mut self) {
        self.shut_down();
    }
}
