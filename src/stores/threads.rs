//! The threads of connections, shared by all stores over a network. They hold nothing but sockets.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// The threads that sockets are read on. Connections outlive the statement that made them, and the
/// threads of statements do not always.
pub(super) fn io_threads() -> std::io::Result<Handle> {
    static THREADS: OnceLock<Runtime> = OnceLock::new();
    if let Some(threads) = THREADS.get() {
        return Ok(threads.handle().clone());
    }
    let threads = Builder::new_multi_thread().thread_name("sluice-io").enable_all().build()?;
    match THREADS.set(threads) {
        Ok(()) => {}
        // Somebody else was faster; a runtime must not be dropped where others run.
        Err(mine) => mine.shutdown_background(),
    }
    THREADS
        .get()
        .map(|threads| threads.handle().clone())
        .ok_or_else(|| std::io::Error::other("no threads"))
}
