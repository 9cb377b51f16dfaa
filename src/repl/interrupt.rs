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
pub(super) struct Interrupts {
    signals: Option<Signals>,
    /// Whether a terminal that is closed ends them too. Scripts may go on without one.
    pub(super) at_terminal: bool,
}

#[derive(Debug)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, or the terminal is closed.
    Terminate,
}

fn listen(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|e| Error::internal(format!("signals: {e}")).with_source(e))
}

impl Interrupts {
    /// Listens from now on, if it did not yet. Must be called on a runtime.
    pub(super) fn listen(&mut self) -> Result<()> {
        if self.signals.is_none() {
            let hangup = self.at_terminal.then(|| listen(SignalKind::hangup())).transpose()?;
            let interrupt = listen(SignalKind::interrupt())?;
            let terminate = listen(SignalKind::terminate())?;
            self.signals = Some(Signals { interrupt, terminate, hangup });
        }
        Ok(())
    }

    /// Forgets Ctrl-C pressed once too often for the statement before.
    pub(super) async fn forget(&mut self) {
        // Signals that have come are known once the runtime has looked.
        tokio::task::yield_now().await;
        if let Some(signals) = &mut self.signals {
            while signals.interrupt.recv().now_or_never().flatten().is_some() {}
        }
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Interrupt {
        let Some(signals) = &mut self.signals else { return std::future::pending().await };
        tokio::select! {
            _ = signals.interrupt.recv() => Interrupt::Interrupt,
            _ = signals.terminate.recv() => Interrupt::Terminate,
            _ = hung_up(signals.hangup.as_mut()) => Interrupt::Terminate,
        }
    }
}

/// Waits for the terminal to be closed.
async fn hung_up(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Ends the process at SIGTERM, or when the terminal is closed, while `waiting` says that the prompt
/// waits for a line: nobody else looks at signals then. The shell that started it puts its terminal in order again.
pub(super) fn end_when_waiting(waiting: Arc<AtomicBool>) -> Result<()> {
    let watch = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let Ok(mut terminate) = listen(SignalKind::terminate()) else { return };
            let Ok(mut hangup) = listen(SignalKind::hangup()) else { return };
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
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
