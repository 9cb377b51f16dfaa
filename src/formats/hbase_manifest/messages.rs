//! The protobuf messages, as far as a reader needs them, and the types they become.

use bytes::Bytes;
use prost::Message;

use super::super::Broken;
use super::super::hfile::key::Key;
use super::super::input::Input;
use super::Family;

/// How a snapshot was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SnapshotKind {
    /// Of a disabled table.
    Disabled,
    /// Of a live table, after a flush.
    Flush,
    /// Of a live table without a flush: what was in memory is missing.
    SkipFlush,
}

impl SnapshotKind {
    /// As HBase's shell spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Flush => "FLUSH",
            Self::SkipFlush => "SKIPFLUSH",
        }
    }
}

/// What `.snapshotinfo` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The snapshot's name.
    pub(crate) name: String,
    /// Its table, `namespace:table`, or `table` in the default namespace.
    pub(crate) table: String,
    /// When it was taken, in milliseconds since 1970.
    pub(crate) created: i64,
    /// How it was taken.
    pub(crate) kind: SnapshotKind,
    /// The layout: 2 has one manifest, 0 is a folder of empty files.
    pub(crate) layout: i32,
    /// Who took it.
    pub(crate) owner: Option<String>,
    /// How many seconds it may be read; 0 is for ever.
    pub(crate) ttl: i64,
}

/// The table's families.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableSchema {
    /// By name, in order.
    pub(crate) families: Vec<Family>,
}

/// A region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegionInfo {
    /// When it was made, part of its name.
    pub(crate) id: u64,
    /// Its namespace; `default` for tables without one.
    pub(crate) namespace: String,
    /// Its table without namespace.
    pub(crate) table: String,
    /// Its first row; empty is the beginning.
    pub(crate) start: Bytes,
    /// The first row behind it; empty is the end.
    pub(crate) end: Bytes,
    /// Whether it was split and its halves are regions of their own.
    pub(crate) split_parent: bool,
    /// Number of the copy; 0 is the region itself.
    pub(crate) replica: i32,
}

/// Which rows of a file a region has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The row at which the file is divided.
    pub(crate) row: Bytes,
    /// Whether the region has the rows from there on, or those before.
    pub(crate) top: bool,
}

/// A file of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreFile {
    /// Its name: plain, link or reference.
    pub(crate) name: String,
    /// The half that the region has, if it is one.
    pub(crate) reference: Option<Reference>,
    /// Bytes of the file that is read in the end.
    pub(crate) size: Option<u64>,
}

/// The files of one family in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FamilyFiles {
    /// The family.
    pub(crate) family: String,
    /// Its files.
    pub(crate) files: Vec<StoreFile>,
}

/// A region with its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegionManifest {
    /// The region.
    pub(crate) region: RegionInfo,
    /// Files by family.
    pub(crate) families: Vec<FamilyFiles>,
}

mod proto {
    use bytes::Bytes;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct BytesBytesPair {
        #[prost(bytes = "bytes", required, tag = "1")]
        pub(super) first: Bytes,
        #[prost(bytes = "bytes", required, tag = "2")]
        pub(super) second: Bytes,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TableName {
        #[prost(bytes = "bytes", required, tag = "1")]
        pub(super) namespace: Bytes,
        #[prost(bytes = "bytes", required, tag = "2")]
        pub(super) qualifier: Bytes,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ColumnFamilySchema {
        #[prost(bytes = "bytes", required, tag = "1")]
        pub(super) name: Bytes,
        #[prost(message, repeated, tag = "2")]
        pub(super) attributes: Vec<BytesBytesPair>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TableSchema {
        #[prost(message, repeated, tag = "3")]
        pub(super) column_families: Vec<ColumnFamilySchema>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct RegionInfo {
        #[prost(uint64, required, tag = "1")]
        pub(super) region_id: u64,
        #[prost(message, required, tag = "2")]
        pub(super) table_name: TableName,
        #[prost(bytes = "bytes", optional, tag = "3")]
        pub(super) start_key: Option<Bytes>,
        #[prost(bytes = "bytes", optional, tag = "4")]
        pub(super) end_key: Option<Bytes>,
        #[prost(bool, optional, tag = "5")]
        pub(super) offline: Option<bool>,
        #[prost(bool, optional, tag = "6")]
        pub(super) split: Option<bool>,
        #[prost(int32, optional, tag = "7")]
        pub(super) replica_id: Option<i32>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Reference {
        #[prost(bytes = "bytes", required, tag = "1")]
        pub(super) splitkey: Bytes,
        #[prost(int32, required, tag = "2")]
        pub(super) range: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct SnapshotDescription {
        #[prost(string, required, tag = "1")]
        pub(super) name: String,
        #[prost(string, optional, tag = "2")]
        pub(super) table: Option<String>,
        #[prost(int64, optional, tag = "3")]
        pub(super) creation_time: Option<i64>,
        #[prost(int32, optional, tag = "4")]
        pub(super) kind: Option<i32>,
        #[prost(int32, optional, tag = "5")]
        pub(super) version: Option<i32>,
        #[prost(string, optional, tag = "6")]
        pub(super) owner: Option<String>,
        #[prost(int64, optional, tag = "8")]
        pub(super) ttl: Option<i64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct StoreFile {
        #[prost(string, required, tag = "1")]
        pub(super) name: String,
        #[prost(message, optional, tag = "2")]
        pub(super) reference: Option<Reference>,
        #[prost(uint64, optional, tag = "3")]
        pub(super) file_size: Option<u64>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct FamilyFiles {
        #[prost(bytes = "bytes", required, tag = "1")]
        pub(super) family_name: Bytes,
        #[prost(message, repeated, tag = "2")]
        pub(super) store_files: Vec<StoreFile>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct SnapshotRegionManifest {
        #[prost(message, required, tag = "2")]
        pub(super) region_info: RegionInfo,
        #[prost(message, repeated, tag = "3")]
        pub(super) family_files: Vec<FamilyFiles>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct SnapshotDataManifest {
        #[prost(message, required, tag = "1")]
        pub(super) table_schema: TableSchema,
        #[prost(message, repeated, tag = "2")]
        pub(super) region_manifests: Vec<SnapshotRegionManifest>,
    }
}

fn unread(structure: &'static str) -> impl Fn(prost::DecodeError) -> Broken {
    move |e| Broken::corrupt(structure, format!("cannot be read: {e}"))
}

pub(super) fn snapshot(bytes: &[u8]) -> Result<Snapshot, Broken> {
    const STRUCTURE: &str = "snapshot description";
    let proto = proto::SnapshotDescription::decode(bytes).map_err(unread(STRUCTURE))?;
    let table = proto.table.ok_or_else(|| Broken::corrupt(STRUCTURE, "names no table"))?;
    let kind = match proto.kind.unwrap_or(1) {
        0 => SnapshotKind::Disabled,
        2 => SnapshotKind::SkipFlush,
        _ => SnapshotKind::Flush,
    };
    Ok(Snapshot {
        name: proto.name,
        table,
        created: proto.creation_time.unwrap_or_default(),
        kind,
        layout: proto.version.unwrap_or_default(),
        owner: proto.owner,
        ttl: proto.ttl.unwrap_or_default(),
    })
}

pub(super) fn manifest(bytes: &[u8]) -> Result<(TableSchema, Vec<RegionManifest>), Broken> {
    const STRUCTURE: &str = "snapshot manifest";
    let proto = proto::SnapshotDataManifest::decode(bytes).map_err(unread(STRUCTURE))?;
    let regions = proto.region_manifests.into_iter().map(|region| {
        let families = region.family_files.into_iter().map(|family| {
            let files = family.store_files.into_iter().map(|file| {
                let reference = file.reference.map(half).transpose()?;
                Ok(StoreFile { name: file.name, reference, size: file.file_size })
            });
            let files = files.collect::<Result<_, Broken>>()?;
            Ok(FamilyFiles { family: text(&family.family_name), files })
        });
        let families = families.collect::<Result<_, Broken>>()?;
        Ok(RegionManifest { region: region_of(region.region_info), families })
    });
    let regions = regions.collect::<Result<_, Broken>>()?;
    Ok((schema(proto.table_schema), regions))
}

pub(super) fn table_info(bytes: &[u8]) -> Result<TableSchema, Broken> {
    const STRUCTURE: &str = "table description";
    let message = magic(bytes, STRUCTURE)?;
    proto::TableSchema::decode(message).map(schema).map_err(unread(STRUCTURE))
}

pub(super) fn region_info(bytes: &[u8]) -> Result<RegionInfo, Broken> {
    const STRUCTURE: &str = "region description";
    let message = magic(bytes, STRUCTURE)?;
    proto::RegionInfo::decode_length_delimited(message).map(region_of).map_err(unread(STRUCTURE))
}

pub(super) fn reference(bytes: &[u8]) -> Result<Reference, Broken> {
    const STRUCTURE: &str = "reference";
    if let Some(message) = bytes.strip_prefix(b"PBUF") {
        return half(proto::Reference::decode(message).map_err(unread(STRUCTURE))?);
    }
    // Before protobuf: whether it is the top half, and the key.
    let mut input = Input::new(bytes);
    let top = input.u8();
    let key = input.vlength().and_then(|length| input.take(length));
    let (Some(top), Some(key)) = (top, key) else { return Err(Broken::short(STRUCTURE)) };
    Ok(Reference { row: split_row(key)?, top: top != 0 })
}

fn magic<'a>(bytes: &'a [u8], structure: &'static str) -> Result<&'a [u8], Broken> {
    bytes.strip_prefix(b"PBUF").ok_or_else(|| {
        Broken::unsupported(structure, "was written by an HBase before 0.96, which is not read")
    })
}

fn half(proto: proto::Reference) -> Result<Reference, Broken> {
    Ok(Reference { row: split_row(&proto.splitkey)?, top: proto.range == 0 })
}

/// The split key is a whole key of a cell, of which the row counts. The first region of a merge
/// has a key with an empty row.
fn split_row(key: &[u8]) -> Result<Bytes, Broken> {
    let key =
        Key::parse(key).ok_or_else(|| Broken::corrupt("reference", "has no key to split at"))?;
    Ok(Bytes::copy_from_slice(key.row))
}

fn schema(proto: proto::TableSchema) -> TableSchema {
    let families = proto.column_families.into_iter().map(|family| {
        let attributes = family.attributes.iter();
        Family::new(
            text(&family.name),
            attributes.map(|pair| (text(&pair.first), text(&pair.second))).collect(),
        )
    });
    let mut families: Vec<Family> = families.collect();
    families.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    TableSchema { families }
}

fn region_of(proto: proto::RegionInfo) -> RegionInfo {
    RegionInfo {
        id: proto.region_id,
        namespace: text(&proto.table_name.namespace),
        table: text(&proto.table_name.qualifier),
        start: proto.start_key.unwrap_or_default(),
        end: proto.end_key.unwrap_or_default(),
        split_parent: proto.offline == Some(true) && proto.split == Some(true),
        replica: proto.replica_id.unwrap_or_default(),
    }
}

/// Names and attributes are text in HBase.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
