//! A server in this process, for as long as a test holds it.

use std::net::SocketAddr;
use std::path::Path;

use sluice::client::{Login, RemoteSession, Target};
use sluice::engine::{AdmissionLimits, Engine, EngineOptions};
use sluice::server::flight_sql::{Server, ServerOptions};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// An engine over a catalog `made` that takes rows into a folder.
pub(crate) fn engine(folder: &Path, admission: AdmissionLimits) -> Engine {
    engine_with(folder, EngineOptions { admission, ..EngineOptions::default() })
}

/// The same, started with more.
pub(crate) fn engine_with(folder: &Path, options: EngineOptions) -> Engine {
    let catalog = folder.join("catalog");
    std::fs::create_dir_all(&catalog).unwrap();
    std::fs::create_dir_all(folder.join("made")).unwrap();
    let location = folder.join("made").display().to_string();
    let file =
        format!("connector = \"files\"\nwritable = true\n[options]\nlocation = {location:?}\n");
    std::fs::write(catalog.join("made.toml"), file).unwrap();
    Engine::start(EngineOptions { catalog_dir: Some(catalog), ..options }).unwrap()
}

/// A server that runs.
pub(crate) struct Served {
    // Dropped last but one: it ends the tasks of connections.
    runtime: Option<Runtime>,
    engine: Engine,
    uri: String,
    status: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    sessions: Box<dyn Fn() -> usize + Send>,
}

impl Served {
    /// Serves an engine at a free port.
    pub(crate) fn start(engine: Engine) -> Self {
        Self::with(engine, |_| {})
    }

    /// Serves an engine with other options than the usual ones.
    pub(crate) fn with(engine: Engine, change: impl FnOnce(&mut ServerOptions)) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let mut options = ServerOptions::at("127.0.0.1:0".parse().unwrap());
        options.rights = sluice::engine::Rights::ALL;
        change(&mut options);
        let server = runtime.block_on(Server::open(engine.clone(), options)).unwrap();
        let (uri, status) = (server.uri(), server.status_address());
        let sessions = Box::new(server.watch());
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(server.run(async move {
            let _ = stopped.await;
        }));
        Self { runtime: Some(runtime), engine, uri, status, stop: Some(stop), sessions }
    }

    /// Where it is.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Where it tells its health, of one that was asked to.
    pub(crate) fn status(&self) -> SocketAddr {
        self.status.unwrap()
    }

    /// Tells it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// How many sessions it has.
    pub(crate) fn sessions(&self) -> usize {
        (self.sessions)()
    }

    /// The engine behind it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A session of Sluice's own client.
    pub(crate) fn connect(&self) -> RemoteSession {
        let target = Target::parse(&self.uri).unwrap();
        RemoteSession::connect(&target, &Login::Nobody, &[]).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
