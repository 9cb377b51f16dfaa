//! `sluice serve`: opens the door, says where, and closes it in good order.

use tokio::signal::unix::{SignalKind, signal};

use super::args::{Args, Serve};
use super::config;
use super::exit::Exit;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::server::flight_sql::{Server, ServerOptions, TlsFiles};

/// Threads that move bytes; statements have their own.
const THREADS: usize = 2;

/// Serves until SIGTERM or Ctrl-C; a second one ends at once.
pub(super) fn run(args: &Args, serve: &Serve) -> Result<Exit> {
    // A client's certificate says who connects.
    if !serve.listen.ip().is_loopback() && !serve.insecure && serve.tls_client_ca.is_none() {
        return Err(Error::config(format!(
            "{} can be reached by others, and nobody would be asked who they are",
            serve.listen
        ))
        .with_hint(
            "listen at 127.0.0.1, ask clients for certificates with --tls-client-ca, or say \
             --insecure where only trusted people get",
        ));
    }
    let engine = Engine::start(config::engine_options(args)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("sluice-door")
        .enable_all()
        .build()
        .map_err(|e| Error::unavailable(format!("threads cannot be started: {e}")))?;
    let mut options = ServerOptions::at(serve.listen);
    if let (Some(certificate), Some(key)) = (&serve.tls_certificate, &serve.tls_key) {
        options.tls = Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
            client_ca: serve.tls_client_ca.clone(),
        });
    }
    let served = runtime.block_on(serve_until_told(&engine, options));
    runtime.shutdown_background();
    engine.close();
    served
}

async fn serve_until_told(engine: &Engine, options: ServerOptions) -> Result<Exit> {
    let no_signals = |e: std::io::Error| Error::internal(format!("signals: {e}"));
    let mut terminated = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let server = Server::open(engine.clone(), options).await?;
    eprintln!("sluice {} serves Flight SQL at {}", env!("CARGO_PKG_VERSION"), server.uri());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut serving = std::pin::pin!(server.run(async move {
        // Dropped or sent: both mean to stop.
        let _ = stopped.await;
    }));
    tokio::select! {
        served = &mut serving => return served.map(|()| Exit::SUCCESS),
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    eprintln!("stopping: statements may end, a second signal ends them");
    drop(stop);
    tokio::select! {
        served = &mut serving => served.map(|()| Exit::SUCCESS),
        _ = terminated.recv() => Ok(Exit::TERMINATED),
        _ = interrupted.recv() => Ok(Exit::TERMINATED),
    }
}
