//! The integration tests: one binary, as linking DataFusion is the slow part.
//!
//! `slt` runs `tests/slt` in process, `cli` the program itself, `prompt` it at a terminal (`prompt_typing`
//! what helps while typing, `prompt_results` what comes of it, `prompt_signals` what may
//! happen to it), `buckets` what is read from OSS and S3, `commands` what every command prints, `errors`
//! what is said of typical mistakes, `limits` memory, time and signals, `logfile` streams of
//! log files, `text` dirty CSV and JSON,
//! `writes` what is written, `kills` what is written by programs that are killed, `prepared` statements that are executed often, `read_points` what a statement read and may read; `codec` sends the
//! plans of `tests/slt` from one engine to another, `conformance` holds every table to the same laws,
//! `files` writes folders that are hard to read, `catalog_changes` a catalog folder while it is in
//! use, `changing` files that break or change while they are read; `hdfs`, `hbase` (`hbase_mappings` by
//! mappings of other systems), `kafka` (`kafka_cluster` its certificates, several brokers, partitions that are
//! added) and `rocketmq` are real ones that
//! `servers` starts; `door` is the server from outside, `watching` its health, metrics, logs and history, `served`
//! starts one, `grants` is what users may not see. `canonical` is how values are
//! written in `tests/slt`, `rows` how answers are compared, `program` how the program is started.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A terminal is opened through libc.
#![allow(unsafe_code)]

mod buckets;
mod canonical;
mod catalog_changes;
mod changing;
mod cli;
mod codec;
mod commands;
mod conformance;
mod door;
mod errors;
mod files;
mod following;
mod grants;
mod hbase;
mod hbase_documents;
mod hbase_keys;
mod hbase_mappings;
mod hdfs;
mod hdfs_faults;
mod hdfs_store;
mod kafka;
mod kafka_cluster;
mod kills;
mod lakes;
mod limits;
mod logfile;
mod prepared;
mod program;
mod prompt;
mod prompt_results;
mod prompt_signals;
mod prompt_typing;
mod read_points;
mod rocketmq;
mod rows;
mod schemas;
mod served;
mod servers;
mod slt;
mod text;
mod topics;
mod watching;
mod writes;
