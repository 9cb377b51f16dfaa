//! Sluice: one SQL prompt over lakes, clusters and live streams.
//!
//! | module | what it is for |
//! |---|---|
//! | [`cli`] | flags, scripts, exit codes; picks a front end |
//! | [`repl`] | the prompt |
//! | [`client`] | a session on a server, for `--connect` |
//! | [`server`] | Flight SQL for BI tools |
//! | [`render`] | record batches to text or bytes, one file per format |
//! | [`engine`] | statements, sessions, limits: the one place that knows all connectors and stores |
//! | [`catalog`] | a folder of files becomes catalogs, schemas, tables, views |
//! | [`connectors`] | the systems that are read, one folder each |
//! | [`formats`] | bytes of foreign formats and what they mean, without I/O |
//! | [`stream`] | records: what text and live sources share |
//! | [`stores`] | object stores by URL scheme, one file each |
//! | [`spi`] | the seam between engine and connectors |
//! | [`error`] | the one public error |
//!
//! Who may use whom is held by `tests/tidy`.

pub mod catalog;
pub mod cli;
pub mod client;
pub mod connectors;
pub mod engine;
pub mod error;
pub mod formats;
pub mod render;
pub mod repl;
pub mod server;
pub mod spi;
pub mod stores;
pub mod stream;
