//! The threads that queries run on, apart from those of the front end.
//!
//! Some operators do not yield (a nested loop join can hold its thread for minutes), and planning
//! is synchronous. On a runtime of their own they can never keep a prompt from answering: a
//! cancelled query that does not end in time is left behind with its threads, and the next query
//! gets new ones. Other statements on those threads run on to their end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{AbortHandle, JoinHandle};

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
    threads: Option<Arc<Threads>>,
    // Cancelled queries that had not ended when they were last looked at.
    ending: Vec<AbortHandle>,
}

/// Threads that live as long as statements run on them, also when later ones get others.
#[derive(Debug)]
pub(super) struct Threads {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
    closed: Closed,
}

/// Whether the threads of a statement are being ended: what its sources give then may be cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Closed(Arc<AtomicBool>);

impl Closed {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Threads {
    fn start() -> Result<Arc<Self>> {
        let runtime = build()?;
        let handle = runtime.handle().clone();
        let runtime = Mutex::new(Some(runtime));
        Ok(Arc::new(Self { handle, runtime, closed: Closed::default() }))
    }

    pub(super) fn closed(&self) -> Closed {
        self.closed.clone()
    }

    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(task)
    }

    fn take(&self) -> Option<Runtime> {
        self.closed.0.store(true, Ordering::SeqCst);
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.take() {
            // Waiting could take as long as a query that does not yield.
            runtime.shutdown_background();
        }
    }
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
        Ok(Self(Mutex::new(State { threads: Some(Threads::start()?), ending: vec![] })))
    }

    /// The threads for a new query.
    pub(super) fn threads(&self) -> Result<Arc<Threads>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.wait_for_ending(GRACE);
        let threads = state.threads.as_ref();
        let threads = threads.ok_or_else(|| Error::internal("the query threads are shut down"))?;
        if state.ending.is_empty() {
            return Ok(Arc::clone(threads));
        }
        let fresh = Threads::start()?;
        state.ending.clear();
        state.threads = Some(Arc::clone(&fresh));
        Ok(fresh)
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
        let Some(runtime) = state.threads.take().and_then(|threads| threads.take()) else { return };
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
