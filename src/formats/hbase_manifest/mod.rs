//! Snapshots of HBase as they lie in the file system: what the snapshot is, which table it is of,
//! which regions and files it has, and where those files may be.
//!
//! Source: `Snapshot.proto`, `HBase.proto`
//! (<https://github.com/apache/hbase/tree/master/hbase-protocol-shaded/src/main/protobuf>),
//! `SnapshotManifest`, `HFileLink`, `StoreFileInfo`.

mod messages;
mod names;
mod table;

pub(crate) use messages::{
    FamilyFiles, Reference, RegionInfo, RegionManifest, Snapshot, SnapshotKind, StoreFile,
    TableSchema,
};
pub(crate) use names::{FileName, Place, Table, encoded_region, mob_region};
pub(crate) use table::{Family, KeepDeleted};

use super::Broken;

/// Reads `.snapshotinfo`.
///
/// # Errors
/// When the bytes are no description of a snapshot.
pub(crate) fn snapshot(bytes: &[u8]) -> Result<Snapshot, Broken> {
    messages::snapshot(bytes)
}

/// Reads `data.manifest`: the table's schema and the regions with their files.
///
/// # Errors
/// When the bytes are no manifest.
pub(crate) fn manifest(bytes: &[u8]) -> Result<(TableSchema, Vec<RegionManifest>), Broken> {
    messages::manifest(bytes)
}

/// Reads `.tableinfo.*` of a snapshot of the first layout.
///
/// # Errors
/// When the bytes are no schema.
pub(crate) fn table_info(bytes: &[u8]) -> Result<TableSchema, Broken> {
    messages::table_info(bytes)
}

/// Reads `.regioninfo` of a snapshot of the first layout.
///
/// # Errors
/// When the bytes are no region.
pub(crate) fn region_info(bytes: &[u8]) -> Result<RegionInfo, Broken> {
    messages::region_info(bytes)
}

/// Reads a reference file: which half of its file a region has.
///
/// # Errors
/// When the bytes are no reference.
pub(crate) fn reference(bytes: &[u8]) -> Result<Reference, Broken> {
    messages::reference(bytes)
}
