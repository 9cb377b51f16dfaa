//! What the cells of several files mean together: the order of HBase, what hides what, which
//! versions there are.
//!
//! A [`FamilyScan`] merges the files of one family of one region and gives the cells that a read
//! with certain settings sees; a [`RegionScan`] puts the families of a region side by side, row by
//! row. Neither fetches: where a file's bytes are missing, they say so and go on later.
//!
//! Source: `ScanQueryMatcher` and its neighbours
//! (<https://github.com/apache/hbase/tree/master/hbase-server/src/main/java/org/apache/hadoop/hbase/regionserver/querymatcher>).

mod deletes;
mod family;
mod matcher;
mod merge;
mod new_version;
mod region;
mod settings;

pub(crate) use family::FamilyScan;
pub(crate) use merge::{Rank, StoreFileScan};
pub(crate) use region::{Event, RegionScan};
pub(crate) use settings::{ReadSettings, Versions};
