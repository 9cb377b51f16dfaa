//! What all splits of a scan share, and the splits: plain data, enough to read again elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::execution::TaskContext;
use object_store::ObjectStore;
use object_store::path::Path;

use super::key_layout::KeyLayout;
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{Family, StoreFile, Table};
use crate::formats::hbase_rows::ReadSettings;
use crate::formats::hfile::RowRange;
use crate::spi::{OnError, RowShare, ScanUnit, StatementContext, StoreUrl, TableLimits};
use crate::stream::decode::Framing;
use crate::stream::decode::avro::AvroFormat;
use crate::stream::schemas::SchemaText;

/// What rows a scan gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// A row per cell: `hbase_cells('t')`.
    Cells,
    /// A row per row of HBase, with a map of cells per family.
    Maps,
    /// A row per row of HBase, with declared columns.
    Mapped(Arc<[Mapped]>),
    /// A row per value that is not what its column declares: `errors('t')`.
    Bad(Arc<[Mapped]>),
}

/// A declared column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapped {
    /// Its name in SQL.
    pub(super) name: String,
    /// Its type; of a map, that of the map.
    pub(super) data_type: DataType,
    /// Where its values come from.
    pub(super) source: Source,
    /// How they are encoded.
    pub(super) encoding: Encoding,
    /// How dates and timestamps are written, where they are text.
    pub(super) format: Option<String>,
    /// The zone of texts without one.
    pub(super) timezone: Option<String>,
    /// The schemas that values are written with, of which the first says what the column is.
    pub(super) schemas: Vec<SchemaText>,
}

impl Mapped {
    /// How its values are written, where that is Avro: with the schema's fingerprint before each where
    /// there are several.
    pub(super) fn avro(&self) -> AvroFormat {
        let framing = match self.schemas.len() {
            0 | 1 => Framing::None,
            _ => Framing::SingleObject,
        };
        AvroFormat { framing, reader: self.schemas.first().cloned(), given: self.schemas.clone() }
    }

    /// The type of one value: of a map, of what it maps to.
    pub(super) fn value_type(&self) -> Result<&DataType> {
        let DataType::Map(entries, _) = &self.data_type else { return Ok(&self.data_type) };
        let value = match entries.data_type() {
            DataType::Struct(fields) => fields.get(1).map(|field| field.data_type()),
            _ => None,
        };
        value.ok_or_else(|| Error::internal(format!("column {} is no map", self.name)))
    }
}

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The row key.
    Key,
    /// A part of it, by its number in the [layout](KeyLayout).
    KeyPart(usize),
    /// The newest timestamp of the row's mapped cells.
    Timestamp,
    /// One column of a family.
    Cell {
        /// The family.
        family: String,
        /// The qualifier.
        qualifier: Vec<u8>,
    },
    /// All columns of a family whose qualifier has a prefix, as a map without the prefix.
    Family {
        /// The family.
        family: String,
        /// The prefix; empty takes all.
        prefix: Vec<u8>,
    },
}

impl Source {
    /// The family that is read for it.
    pub(super) fn family(&self) -> Option<&str> {
        match self {
            Self::Key | Self::KeyPart(_) | Self::Timestamp => None,
            Self::Cell { family, .. } | Self::Family { family, .. } => Some(family),
        }
    }
}

/// How values are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8 text, numbers as text.
    #[default]
    String,
    /// `Bytes.toBytes` of HBase.
    Binary,
    /// `OrderedBytes` of HBase.
    Ordered,
    /// The signed types of Phoenix.
    Phoenix,
    /// Text of JSON.
    Json,
    /// Avro's binary encoding, by a schema.
    Avro,
}

impl Encoding {
    /// All of them, as table files spell them.
    pub(super) const ALL: [(&str, Self); 6] = [
        ("string", Self::String),
        ("binary", Self::Binary),
        ("ordered", Self::Ordered),
        ("phoenix", Self::Phoenix),
        ("json", Self::Json),
        ("avro", Self::Avro),
    ];

    /// Whether values stand for themselves, so that keys can be written in it and compared.
    pub(super) fn is_of_keys(self) -> bool {
        !matches!(self, Self::Json | Self::Avro)
    }

    /// The encoding of a name.
    ///
    /// # Errors
    /// `Config` for a name that is none.
    pub(super) fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, encoding)| *encoding).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            Error::config(format!("encoding \"{name}\" is not known"))
                .with_hint(format!("encodings: {}", known.join(", ")))
        })
    }

    /// As table files spell it.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("string", |(name, _)| name)
    }
}

/// Qualifiers by their family.
pub(super) type Columns = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// The recipe of a scan. Holds no credential.
#[derive(Debug)]
pub(super) struct Recipe {
    /// What people call the table.
    pub(super) label: String,
    /// The catalog's store.
    pub(super) store: StoreUrl,
    /// The store's root as people write it.
    pub(super) root: String,
    /// HBase's root folder in the store.
    pub(super) folder: Path,
    /// The table that the snapshot is of.
    pub(super) table: Table,
    /// Its families, by name.
    pub(super) families: Vec<Family>,
    /// How cells are read.
    pub(super) read: ReadSettings,
    /// The only columns that are asked for, by family, as a Scan of HBase names them.
    pub(super) named: Option<Columns>,
    /// What the rows are.
    pub(super) shape: Shape,
    /// What row keys are made of.
    pub(super) key: KeyLayout,
    /// All columns.
    pub(super) schema: SchemaRef,
    /// What happens to a value that does not decode.
    pub(super) on_error: OnError,
    /// How many of them are too many.
    pub(super) max_bad: Option<RowShare>,
    /// What a statement may scan of the table.
    pub(super) limits: TableLimits,
}

impl Recipe {
    /// The table's store where a task runs; what is read from it counts as the statement's.
    pub(super) fn store_of(
        &self,
        task: &TaskContext,
        statement: &StatementContext,
    ) -> Result<Arc<dyn ObjectStore>> {
        self.store.open(&self.root, task, statement)
    }

    /// Counts what a scan is about to read.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond a limit with it.
    pub(super) fn meter(
        &self,
        statement: &StatementContext,
        unit: ScanUnit,
        amount: u64,
    ) -> Result<()> {
        let advice = self.advice();
        statement.meter().add_scan(unit, amount, self.limits, &self.label, &advice)
    }

    /// How to read less of the table.
    pub(super) fn advice(&self) -> String {
        match self.key_column() {
            Some(key) => format!("filter by {key}, select columns of fewer families"),
            None => "select columns of fewer families".to_owned(),
        }
    }

    /// The name of the column that is the row key, or the first of its parts that is one.
    fn key_column(&self) -> Option<&str> {
        match &self.shape {
            Shape::Cells => Some("row"),
            Shape::Maps | Shape::Bad(_) => Some("row_key"),
            Shape::Mapped(columns) => {
                let number = |column: &&Mapped| match column.source {
                    Source::Key => Some(0),
                    Source::KeyPart(at) => Some(at),
                    _ => None,
                };
                let of_key = columns.iter().filter(|column| number(column).is_some());
                of_key.min_by_key(number).map(|column| column.name.as_str())
            }
        }
    }

    /// The only columns that a scan of some columns sees; `None` where others make a row, or are shown.
    /// That is known where columns are asked for by name, and where a filter (`narrow` is not empty
    /// then) drops every row without a value of one that is scanned.
    pub(super) fn columns_for(
        &self,
        projection: &[usize],
        narrow: &BTreeSet<String>,
    ) -> Option<Columns> {
        let mapped = match &self.shape {
            Shape::Cells => return self.named.clone(),
            Shape::Mapped(mapped) if !narrow.is_empty() => mapped,
            _ => return None,
        };
        let mut columns = Columns::new();
        for column in projection.iter().filter_map(|at| mapped.get(*at)) {
            match &column.source {
                Source::Cell { family, qualifier } => {
                    columns.entry(family.clone()).or_default().insert(qualifier.clone());
                }
                Source::Key | Source::KeyPart(_) => {}
                Source::Timestamp | Source::Family { .. } => return None,
            }
        }
        Some(columns)
    }

    /// The families that some columns need read. Which rows there are is the table's business and
    /// not the query's, so a row that only another mapped family has counts as well: `narrow` are
    /// families of which a row must have a cell, as a filter drops all others.
    pub(super) fn families_for(
        &self,
        columns: &[usize],
        narrow: &BTreeSet<String>,
    ) -> BTreeSet<usize> {
        let all = || (0..self.families.len()).collect();
        let number = |name: &str| self.families.iter().position(|family| family.name == name);
        let of_columns = |columns: &mut dyn Iterator<Item = &Mapped>| -> BTreeSet<usize> {
            columns.filter_map(|column| number(column.source.family()?)).collect()
        };
        match &self.shape {
            Shape::Cells => match &self.named {
                Some(named) => named.keys().filter_map(|name| number(name)).collect(),
                None if narrow.is_empty() => all(),
                None => narrow.iter().filter_map(|name| number(name)).collect(),
            },
            Shape::Maps => all(),
            Shape::Bad(mapped) => of_columns(&mut mapped.iter()),
            Shape::Mapped(mapped) => {
                let mapped_families = of_columns(&mut mapped.iter());
                let projected = columns.iter().filter_map(|at| mapped.get(*at));
                let newest = projected.clone().any(|column| column.source == Source::Timestamp);
                if mapped_families.is_empty() {
                    all()
                } else if narrow.is_empty() || newest {
                    mapped_families
                } else {
                    let mut some = of_columns(&mut projected.into_iter());
                    some.extend(narrow.iter().filter_map(|name| number(name)));
                    some
                }
            }
        }
    }
}

/// A part of a region: rows of files.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Split {
    /// The region's folder.
    pub(super) region: Arc<str>,
    /// The rows, inside the region.
    pub(super) rows: RowRange,
    /// The files of the region, by the number of the family.
    pub(super) files: Arc<[Vec<StoreFile>]>,
    /// About how many bytes are read of all families.
    pub(super) bytes: u64,
}
