//! Real servers that tests start: built once, started once for all tests, ended with them.

pub(crate) mod buckets;
pub(crate) mod certificates;
pub(crate) mod hbase;
pub(crate) mod hdfs;
mod java;
pub(crate) mod kafka;
pub(crate) mod lakes;
mod maven;
pub(crate) mod registry;
pub(crate) mod rocketmq;
