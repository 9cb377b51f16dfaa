//! The systems that Sluice reads: [`CONNECTORS`] is the list, one folder each.

mod files;
mod hbase_snapshot;
#[cfg(feature = "kafka")]
mod kafka;
mod logfile;
mod rocketmq;
mod sample;

use crate::spi::ErasedConnector;

/// Every connector that a catalog file may name.
pub static CONNECTORS: &[&dyn ErasedConnector] = &[
    &files::Files,
    &hbase_snapshot::HbaseSnapshot,
    #[cfg(feature = "kafka")]
    &kafka::Kafka,
    &logfile::LogFile,
    &rocketmq::RocketMq,
    &sample::Sample,
];
