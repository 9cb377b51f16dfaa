//! The systems that Sluice reads: [`CONNECTORS`] is the list, one folder each.

mod files;
mod logfile;
mod sample;

use crate::spi::ErasedConnector;

/// Every connector that a catalog file may name.
pub static CONNECTORS: &[&dyn ErasedConnector] =
    &[&files::Files, &logfile::LogFile, &sample::Sample];
