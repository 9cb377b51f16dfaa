//! The scan of a snapshot as bytes: splits and recipe.
//!
//! Tags of fields are never used again for something else, so that a reader can tell what it does
//! not know from what is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result as DfResult;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto_common::protobuf_common as proto;
use object_store::path::Path;
use prost::Message;

use super::key_layout::{Extent, Hash, KeyLayout, KeyPart, Known};
use super::recipe::{Encoding, Mapped, Recipe, Shape, Source, Split};
use super::rows;
use super::scan::SnapshotScan;
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{Family, Reference, StoreFile, Table};
use crate::formats::hbase_rows::{ReadSettings, Versions};
use crate::formats::hfile::RowRange;
use crate::spi::{
    DecodeContext, EncodeContext, NodeCodec, OnError, RowShare, StoreUrl, TableLimits,
};
use crate::stream::schemas::SchemaText;

/// The codec of [`SnapshotScan`].
#[derive(Debug)]
pub(super) struct SnapshotScanCodec;

#[derive(Clone, PartialEq, Message)]
struct ScanMessage {
    #[prost(message, optional, tag = "1")]
    recipe: Option<RecipeMessage>,
    /// The files of each region once; splits name them by their place here.
    #[prost(message, repeated, tag = "2")]
    regions: Vec<RegionMessage>,
    #[prost(message, repeated, tag = "3")]
    partitions: Vec<PartitionMessage>,
    #[prost(uint64, repeated, tag = "4")]
    projection: Vec<u64>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    filters: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "6")]
    fetch: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct RecipeMessage {
    #[prost(string, tag = "1")]
    label: String,
    #[prost(string, tag = "2")]
    catalog: String,
    #[prost(string, tag = "3")]
    root: String,
    #[prost(string, tag = "4")]
    folder: String,
    #[prost(string, tag = "5")]
    namespace: String,
    #[prost(string, tag = "6")]
    table: String,
    #[prost(message, repeated, tag = "7")]
    families: Vec<FamilyMessage>,
    /// 0 is all.
    #[prost(uint32, tag = "8")]
    versions: u32,
    #[prost(bool, tag = "9")]
    raw: bool,
    #[prost(int64, tag = "10")]
    min_timestamp: i64,
    #[prost(int64, tag = "11")]
    max_timestamp: i64,
    #[prost(int64, tag = "12")]
    now: i64,
    #[prost(bool, tag = "13")]
    ignore_cell_security: bool,
    #[prost(message, repeated, tag = "14")]
    named: Vec<NamedMessage>,
    #[prost(string, tag = "15")]
    shape: String,
    #[prost(message, repeated, tag = "16")]
    columns: Vec<ColumnMessage>,
    #[prost(bool, tag = "17")]
    fails: bool,
    #[prost(uint64, optional, tag = "18")]
    most_bad: Option<u64>,
    #[prost(double, optional, tag = "19")]
    most_bad_share: Option<f64>,
    #[prost(uint64, optional, tag = "20")]
    max_scan_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "21")]
    max_scan_records: Option<u64>,
    #[prost(message, repeated, tag = "22")]
    key: Vec<PartMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct PartMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, optional, tag = "2")]
    width: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    until: Option<Vec<u8>>,
    #[prost(bool, tag = "4")]
    reversed: bool,
    #[prost(bytes = "vec", repeated, tag = "5")]
    values: Vec<Vec<u8>>,
    #[prost(string, optional, tag = "6")]
    hash: Option<String>,
    #[prost(uint64, tag = "7")]
    of: u64,
}

#[derive(Clone, PartialEq, Message)]
struct FamilyMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(btree_map = "string, string", tag = "2")]
    attributes: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct NamedMessage {
    #[prost(string, tag = "1")]
    family: String,
    #[prost(bytes = "vec", repeated, tag = "2")]
    qualifiers: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct ColumnMessage {
    #[prost(message, optional, tag = "1")]
    field: Option<proto::Schema>,
    #[prost(string, tag = "2")]
    source: String,
    #[prost(string, tag = "3")]
    family: String,
    #[prost(bytes = "vec", tag = "4")]
    qualifier: Vec<u8>,
    #[prost(string, tag = "5")]
    encoding: String,
    #[prost(string, optional, tag = "6")]
    format: Option<String>,
    #[prost(string, optional, tag = "7")]
    timezone: Option<String>,
    #[prost(uint64, tag = "8")]
    part: u64,
    #[prost(string, repeated, tag = "9")]
    schemas: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct RegionMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    families: Vec<FilesMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct FilesMessage {
    #[prost(message, repeated, tag = "1")]
    files: Vec<FileMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct FileMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, optional, tag = "2")]
    size: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    row: Option<Vec<u8>>,
    #[prost(bool, tag = "4")]
    top: bool,
}

#[derive(Clone, PartialEq, Message)]
struct PartitionMessage {
    #[prost(message, repeated, tag = "1")]
    splits: Vec<SplitMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SplitMessage {
    #[prost(uint64, tag = "1")]
    region: u64,
    #[prost(bytes = "vec", tag = "2")]
    start: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    end: Option<Vec<u8>>,
    #[prost(uint64, tag = "4")]
    bytes: u64,
}

impl NodeCodec for SnapshotScanCodec {
    fn kind(&self) -> &'static str {
        "hbase_snapshot.scan"
    }

    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        context: &EncodeContext<'_>,
    ) -> DfResult<Option<Vec<u8>>> {
        let Some(scan) = node.downcast_ref::<SnapshotScan>() else { return Ok(None) };
        let mut regions: Vec<(Arc<str>, RegionMessage)> = vec![];
        let partitions = scan.splits.iter().map(|splits| {
            let splits = splits.iter().map(|split| {
                let known = regions.iter().position(|(name, _)| *name == split.region);
                let region = known.unwrap_or_else(|| {
                    regions.push((Arc::clone(&split.region), RegionMessage::of(split)));
                    regions.len() - 1
                });
                SplitMessage {
                    region: region as u64,
                    start: split.rows.start.clone(),
                    end: split.rows.end.clone(),
                    bytes: split.bytes,
                }
            });
            PartitionMessage { splits: splits.collect() }
        });
        let partitions = partitions.collect();
        let filters = scan.filters.iter().map(|filter| context.expression(filter));
        let message = ScanMessage {
            recipe: Some(RecipeMessage::of(&scan.recipe)?),
            regions: regions.into_iter().map(|(_, region)| region).collect(),
            partitions,
            projection: scan.projection.iter().map(|at| *at as u64).collect(),
            filters: filters.collect::<DfResult<_>>()?,
            fetch: scan.fetch.map(|fetch| fetch as u64),
        };
        Ok(Some(message.encode_to_vec()))
    }

    fn decode(
        &self,
        bytes: &[u8],
        context: &DecodeContext<'_>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        let message = ScanMessage::decode(bytes)
            .map_err(|e| corrupt("it is cut off or was changed").with_source(e))?;
        let recipe = message.recipe.ok_or_else(|| corrupt("it has no recipe"))?.recipe()?;
        let regions: Vec<_> = message.regions.into_iter().map(RegionMessage::region).collect();
        let partitions = message.partitions.into_iter().map(|partition| {
            let splits = partition.splits.into_iter().map(|split| {
                let (name, files) = regions
                    .get(count(split.region))
                    .ok_or_else(|| corrupt("a split is of no region"))?;
                Ok(Split {
                    region: Arc::clone(name),
                    rows: RowRange { start: split.start, end: split.end },
                    files: Arc::clone(files),
                    bytes: split.bytes,
                })
            });
            splits.collect::<Result<Vec<_>>>()
        });
        let splits = partitions.collect::<Result<Vec<_>>>()?;
        let projection: Vec<usize> = message.projection.into_iter().map(count).collect();
        let schema = recipe.schema.project(&projection)?;
        let filters = message.filters.iter().map(|filter| context.expression(filter, &schema));
        let filters = filters.collect::<DfResult<_>>()?;
        let fetch = message.fetch.map(count);
        Ok(Arc::new(SnapshotScan::over(Arc::new(recipe), splits, projection, filters, fetch)?))
    }
}

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("a scan of a snapshot cannot be decoded: {why}"))
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl RegionMessage {
    fn of(split: &Split) -> Self {
        let file = |file: &StoreFile| FileMessage {
            name: file.name.clone(),
            size: file.size,
            row: file.reference.as_ref().map(|reference| reference.row.to_vec()),
            top: file.reference.as_ref().is_some_and(|reference| reference.top),
        };
        let families = split.files.iter();
        Self {
            name: split.region.to_string(),
            families: families
                .map(|files| FilesMessage { files: files.iter().map(file).collect() })
                .collect(),
        }
    }

    fn region(self) -> (Arc<str>, Arc<[Vec<StoreFile>]>) {
        let file = |file: FileMessage| StoreFile {
            reference: file.row.map(|row| Reference { row: row.into(), top: file.top }),
            name: file.name,
            size: file.size,
        };
        let families = self.families.into_iter();
        let files: Vec<Vec<StoreFile>> =
            families.map(|family| family.files.into_iter().map(file).collect()).collect();
        (self.name.into(), files.into())
    }
}

impl RecipeMessage {
    fn of(recipe: &Recipe) -> Result<Self> {
        let (shape, columns): (&str, &[Mapped]) = match &recipe.shape {
            Shape::Cells => ("cells", &[]),
            Shape::Maps => ("maps", &[]),
            Shape::Mapped(columns) => ("mapped", columns),
            Shape::Bad(columns) => ("bad", columns),
        };
        let (most_bad, most_bad_share) = match recipe.max_bad {
            None => (None, None),
            Some(RowShare::Count(count)) => (Some(count), None),
            Some(RowShare::Share(share)) => (None, Some(share)),
        };
        let named = recipe.named.iter().flatten().map(|(family, qualifiers)| NamedMessage {
            family: family.clone(),
            qualifiers: qualifiers.iter().cloned().collect(),
        });
        let families = recipe.families.iter().map(|family| FamilyMessage {
            name: family.name.clone(),
            attributes: family.attributes.clone(),
        });
        let read = &recipe.read;
        Ok(Self {
            label: recipe.label.clone(),
            catalog: recipe.store.catalog()?,
            root: recipe.root.clone(),
            folder: recipe.folder.to_string(),
            namespace: recipe.table.namespace.clone(),
            table: recipe.table.name.clone(),
            families: families.collect(),
            versions: match read.versions {
                Versions::All => 0,
                Versions::Latest => 1,
                Versions::AtMost(most) => most,
            },
            raw: read.raw,
            min_timestamp: read.min_timestamp,
            max_timestamp: read.max_timestamp,
            now: read.now,
            ignore_cell_security: read.ignore_cell_security,
            named: named.collect(),
            shape: shape.to_owned(),
            columns: columns.iter().map(ColumnMessage::of).collect::<Result<_>>()?,
            fails: recipe.on_error == OnError::Fail,
            most_bad,
            most_bad_share,
            max_scan_bytes: recipe.limits.bytes,
            max_scan_records: recipe.limits.records,
            key: recipe.key.parts.iter().map(PartMessage::of).collect(),
        })
    }

    fn recipe(self) -> Result<Recipe> {
        let families: Vec<Family> = self
            .families
            .into_iter()
            .map(|family| Family::new(family.name, family.attributes))
            .collect();
        let columns = self.columns.into_iter().map(ColumnMessage::column);
        let columns: Arc<[Mapped]> = columns.collect::<Result<_>>()?;
        let shape = match self.shape.as_str() {
            "cells" => Shape::Cells,
            "maps" => Shape::Maps,
            "mapped" => Shape::Mapped(columns),
            "bad" => Shape::Bad(columns),
            _ => return Err(corrupt("it does not say what its rows are")),
        };
        let named: BTreeMap<String, BTreeSet<Vec<u8>>> = self
            .named
            .into_iter()
            .map(|named| (named.family, named.qualifiers.into_iter().collect()))
            .collect();
        let key = self.key.into_iter().map(PartMessage::part).collect::<Result<_>>()?;
        let folder = Path::parse(&self.folder).map_err(|e| corrupt(&e.to_string()))?;
        Ok(Recipe {
            label: self.label,
            store: StoreUrl::of_catalog(&self.catalog)?,
            root: self.root,
            folder,
            table: Table { namespace: self.namespace, name: self.table },
            schema: rows::schema_of(&shape, &families),
            families,
            read: ReadSettings {
                versions: match self.versions {
                    0 => Versions::All,
                    1 => Versions::Latest,
                    most => Versions::AtMost(most),
                },
                raw: self.raw,
                min_timestamp: self.min_timestamp,
                max_timestamp: self.max_timestamp,
                now: self.now,
                ignore_cell_security: self.ignore_cell_security,
            },
            named: (!named.is_empty()).then_some(named),
            shape,
            key: KeyLayout { parts: key },
            on_error: if self.fails { OnError::Fail } else { OnError::Null },
            max_bad: match (self.most_bad, self.most_bad_share) {
                (Some(count), _) => Some(RowShare::Count(count)),
                (None, share) => share.map(RowShare::Share),
            },
            limits: TableLimits { bytes: self.max_scan_bytes, records: self.max_scan_records },
        })
    }
}

impl PartMessage {
    fn of(part: &KeyPart) -> Self {
        let (width, until) = match &part.extent {
            Extent::Bytes(width) => (Some(*width as u64), None),
            Extent::Until(delimiter) => (None, Some(delimiter.clone())),
            Extent::Rest => (None, None),
        };
        let (values, hash, of) = match &part.known {
            Known::Nothing => (vec![], None, 0),
            Known::OneOf(values) => (values.clone(), None, 0),
            Known::Hash { hash, of } => (vec![], Some(hash.name().to_owned()), *of as u64),
        };
        let (name, reversed) = (part.name.clone(), part.reversed);
        Self { name, width, until, reversed, values, hash, of }
    }

    fn part(self) -> Result<KeyPart> {
        let extent = match (self.width, self.until) {
            (Some(width), _) => Extent::Bytes(count(width)),
            (None, Some(delimiter)) => Extent::Until(delimiter),
            (None, None) => Extent::Rest,
        };
        let known = match self.hash {
            Some(hash) => Known::Hash { hash: Hash::parse(&hash)?, of: count(self.of) },
            None if self.values.is_empty() => Known::Nothing,
            None => Known::OneOf(self.values),
        };
        Ok(KeyPart { name: self.name, extent, reversed: self.reversed, known })
    }
}

impl ColumnMessage {
    fn of(column: &Mapped) -> Result<Self> {
        let field = Field::new(&column.name, column.data_type.clone(), true);
        let field = proto::Schema::try_from(&Schema::new(vec![field]))
            .map_err(|e| Error::unsupported(format!("column {}: {e}", column.name)))?;
        let (source, family, qualifier) = match &column.source {
            Source::Key => ("key", "", &[][..]),
            Source::KeyPart(_) => ("key_part", "", &[][..]),
            Source::Timestamp => ("timestamp", "", &[][..]),
            Source::Cell { family, qualifier } => ("cell", family.as_str(), qualifier.as_slice()),
            Source::Family { family, prefix } => ("family", family.as_str(), prefix.as_slice()),
        };
        Ok(Self {
            field: Some(field),
            source: source.to_owned(),
            family: family.to_owned(),
            qualifier: qualifier.to_vec(),
            encoding: column.encoding.name().to_owned(),
            format: column.format.clone(),
            timezone: column.timezone.clone(),
            part: match column.source {
                Source::KeyPart(at) => at as u64,
                _ => 0,
            },
            schemas: column.schemas.iter().map(|schema| schema.text.clone()).collect(),
        })
    }

    fn column(self) -> Result<Mapped> {
        let field = self.field.ok_or_else(|| corrupt("a column has no type"))?;
        let field = Schema::try_from(&field).map_err(|e| corrupt(&e.to_string()))?;
        let (name, data_type): (String, DataType) = field
            .fields()
            .first()
            .map(|field| (field.name().clone(), field.data_type().clone()))
            .ok_or_else(|| corrupt("a column has no type"))?;
        let source = match self.source.as_str() {
            "key" => Source::Key,
            "key_part" => Source::KeyPart(count(self.part)),
            "timestamp" => Source::Timestamp,
            "cell" => Source::Cell { family: self.family, qualifier: self.qualifier },
            "family" => Source::Family { family: self.family, prefix: self.qualifier },
            _ => return Err(corrupt("a column has no source")),
        };
        let encoding = Encoding::parse(&self.encoding)?;
        let (format, timezone) = (self.format, self.timezone);
        let schemas = self.schemas.into_iter().map(|text| SchemaText::alone("AVRO", text));
        let schemas = schemas.collect();
        Ok(Mapped { name, data_type, source, encoding, format, timezone, schemas })
    }
}
