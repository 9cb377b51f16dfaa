//! Ctrl-C and SIGTERM while a statement runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// The exit code after SIGTERM: 128 and the signal's number.
const TERMINATED: i32 = 143;

/// The two signals that end a statement. Listened to from the first statement on: before it, while
/// a script is still read from a pipe, they end the process as usual.
#[derive(Debug, Default)]
pub(super) struct Interrupts(Option<Signals>);

#[derive(Debug)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

fn listen(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|e| Error::internal(format!("signals: {e}")).with_source(e))
}

impl Interrupts {
    /// Listens from now on, if it did not yet. Must be called on a runtime.
    pub(super) fn listen(&mut self) -> Result<()> {
        if self.0.is_none() {
            let interrupt = listen(SignalKind::interrupt())?;
            self.0 = Some(Signals { interrupt, terminate: listen(SignalKind::terminate())? });
        }
        Ok(())
    }

    /// Forgets Ctrl-C pressed once too often for the statement before.
    pub(super) async fn forget(&mut self) {
        // Signals that have come are known once the runtime has looked.
        tokio::task::yield_now().await;
        if let Some(signals) = &mut self.0 {
            while signals.interrupt.recv().now_or_never().flatten().is_some() {}
        }
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Interrupt {
        let Some(signals) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = signals.interrupt.recv() => Interrupt::Interrupt,
            _ = signals.terminate.recv() => Interrupt::Terminate,
        }
    }
}

/// Ends the process at SIGTERM while `waiting` says that the prompt waits for a line: nobody else
/// looks at signals then. The shell that started it puts its terminal in order again.
pub(super) fn end_when_waiting(waiting: Arc<AtomicBool>) -> Result<()> {
    let watch = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut terminate) = listen(SignalKind::terminate()) else { return };
            while terminate.recv().await.is_some() {
                if waiting.load(Ordering::Acquire) {
                    std::process::exit(TERMINATED);
                }
            }
        });
    };
    let thread = std::thread::Builder::new().name("sluice-signals".to_owned());
    let started = thread.spawn(watch).map(drop);
    started.map_err(|e| Error::unavailable(format!("a thread cannot be started: {e}")))
}
