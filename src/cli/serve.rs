//! `sluice serve`: opens the door, says where, and closes it in good order.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::args::{Args, Serve};
use super::config::{self, ServerFile, Span};
use super::exit::Exit;
use crate::engine::{AdmissionLimits, Engine, History, Origin, SettingValue};
use crate::error::{Error, Result};
use crate::server::flight_sql::{Server, ServerOptions, TlsFiles};
use crate::server::{Level, Log, LogOptions};

/// Where to listen if nothing says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 31337);

/// Threads that move bytes; statements have their own.
const THREADS: usize = 2;

/// Serves until SIGTERM or Ctrl-C; a second one ends at once.
pub(super) fn run(args: &Args, serve: &Serve) -> Result<Exit> {
    let file = config::server(args)?;
    let mut options = options(serve, &file)?;
    let mut engine = config::engine_options(args)?;
    engine.memory_limit = engine.memory_limit.or(file.memory);
    // The views of who starts it are not those of who asks it.
    engine.own_catalog = None;
    // Before those of the environment and of flags, which win.
    let limits = file.limits.settings().into_iter().map(|(name, value)| SettingValue {
        name: name.to_owned(),
        value,
        origin: Origin::File,
    });
    let at = engine.settings.iter().take_while(|setting| setting.origin == Origin::File).count();
    engine.settings.splice(at..at, limits);
    engine.admission = AdmissionLimits {
        statements: file.statements,
        per_user: file.statements_per_user,
        queue: file.queue,
    };
    engine.watched = true;
    let log = Log::open(log_options(&file))?;
    options.log = log.clone();
    engine.listener = Some(Arc::new(log.clone()));
    engine.history = history(&file, &log)?;
    let engine = Engine::start(engine)?;
    for problem in engine.load_catalogs()? {
        log.write(Level::Warn, &problem.to_string(), serde_json::json!({}));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("sluice-door")
        .enable_all()
        .build()
        .map_err(|e| Error::unavailable(format!("threads cannot be started: {e}")))?;
    let served = runtime.block_on(serve_until_told(&engine, options));
    runtime.shutdown_background();
    engine.close();
    served
}

/// Reads what `[server]` says and the files that it names, as a server does when it starts.
pub(super) fn check(args: &Args) -> Result<()> {
    options(&Serve::default(), &config::server(args)?)?.check()
}

fn options(serve: &Serve, file: &ServerFile) -> Result<ServerOptions> {
    let listen = serve.listen.or(file.listen).unwrap_or(LISTEN);
    let mut options = ServerOptions::at(listen);
    let either = |flag: &Option<PathBuf>, file: &Option<PathBuf>| flag.clone().or(file.clone());
    options.users = either(&serve.users, &file.users);
    options.rights.files = serve.allow_files;
    let certificate = either(&serve.tls_certificate, &file.tls_certificate);
    let key = either(&serve.tls_key, &file.tls_key);
    let client_ca = either(&serve.tls_client_ca, &file.tls_client_ca);
    options.tls = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key, client_ca }),
        (None, None) => None,
        _ => return Err(Error::config("a certificate needs its key, and a key its certificate")),
    };
    options.status = file.status;
    if let Some(sessions) = file.sessions {
        options.sessions.sessions = sessions;
    }
    let spans = [
        (&mut options.sessions.idle, file.idle),
        (&mut options.patience, file.patience),
        (&mut options.grace, file.grace),
    ];
    for (option, span) in spans {
        if let Some(Span(span)) = span {
            *option = span;
        }
    }
    let asks =
        options.users.is_some() || options.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let refused = match (listen.ip().is_loopback() || serve.insecure, asks, &options.tls) {
        (true, _, _) | (false, true, Some(_)) => return Ok(options),
        (false, false, _) => "nobody would be asked who they are",
        (false, true, None) => "passwords would be read on the way",
    };
    Err(Error::config(format!("{listen} can be reached by others, and {refused}")).with_hint(
        "listen at 127.0.0.1, or give --users and --tls-certificate with --tls-key; --insecure is \
         for where only trusted people get",
    ))
}

/// Past statements: in the folder that is named, or the user's if that can be had.
fn history(file: &ServerFile, log: &Log) -> Result<Option<History>> {
    if let Some(folder) = &file.history {
        return History::open(folder).map(Some);
    }
    let Some(folder) = config::history_folder() else { return Ok(None) };
    Ok(History::open(&folder)
        .inspect_err(|e| {
            let message = format!("past statements are not kept over a restart: {e}");
            log.write(Level::Warn, &message, serde_json::json!({}));
        })
        .ok())
}

fn log_options(file: &ServerFile) -> LogOptions {
    LogOptions {
        format: file.log,
        level: file.log_level,
        file: file.log_file.clone(),
        slow: file.slow.map(|Span(slow)| slow),
        audit: file.audit.clone(),
        hide_literals: file.hide_literals,
    }
}

async fn serve_until_told(engine: &Engine, options: ServerOptions) -> Result<Exit> {
    let no_signals = |e: std::io::Error| Error::internal(format!("signals: {e}"));
    let mut terminated = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let log = options.log.clone();
    let server = Server::open(engine.clone(), options).await?;
    let version = env!("CARGO_PKG_VERSION");
    log.announce(&format!("sluice {version} serves Flight SQL at {}", server.uri()));
    if let Some(status) = server.status_address() {
        log.announce(&format!("health and metrics at http://{status}/health, /ready, /metrics"));
    }
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
    log.announce("stopping: statements may end, a second signal ends them");
    drop(stop);
    tokio::select! {
        served = &mut serving => served.map(|()| Exit::SUCCESS),
        _ = terminated.recv() => Ok(Exit::TERMINATED),
        _ = interrupted.recv() => Ok(Exit::TERMINATED),
    }
}
