//! A schema registry in a process beside the tests: `tests/servers/registry`, built with Maven.
//!
//! One is started at the first test that asks for it. It ends when its standard input closes: with this
//! process.

use std::sync::OnceLock;

use super::java::{self, Server};

/// A running registry.
pub(crate) struct Registry {
    /// Where it answers.
    pub(crate) url: String,
    _server: Server,
}

/// The one registry.
pub(crate) fn registry() -> &'static Registry {
    static SHARED: OnceLock<Registry> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = java::folder();
        let command = java::command("registry", "Registry", 400, &[]);
        let (server, words) = Server::start(command, &folder);
        let [url] = <[String; 1]>::try_from(words).expect("the address");
        Registry { url, _server: server }
    })
}
