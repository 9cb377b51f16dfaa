//! The scan of a stream as bytes: splits and recipe. Whoever decodes it asks the catalog of that
//! name there for the system.
//!
//! Tags of fields are never used again for something else.

use std::sync::Arc;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto_common::protobuf_common as proto;
use prost::Message;

use super::decode::Shape;
use super::recipe::{Format, Half, Recipe};
use super::scan::{Split, StreamScan};
use super::source::{OffsetUnit, TimeOrder};
use super::wire::{ColumnMessage, DialectMessage, on_error_name, on_error_of};
use crate::error::Error;
use crate::spi::{DecodeContext, EncodeContext, NodeCodec, RowShare, TableLimits};

/// The codec of the [`StreamScan`]s of one connector.
#[derive(Debug)]
pub struct StreamScanCodec {
    /// The connector's name.
    pub system: &'static str,
    /// The kind of the node: `<connector>.scan`.
    pub kind: &'static str,
}

#[derive(Clone, PartialEq, Message)]
struct ScanMessage {
    #[prost(message, optional, tag = "1")]
    recipe: Option<RecipeMessage>,
    #[prost(message, repeated, tag = "2")]
    partitions: Vec<PartitionMessage>,
    #[prost(uint64, repeated, tag = "3")]
    projection: Vec<u64>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    filters: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "5")]
    fetch: Option<u64>,
    #[prost(bool, tag = "6")]
    last_first: bool,
}

#[derive(Clone, PartialEq, Message)]
struct RecipeMessage {
    #[prost(string, tag = "1")]
    label: String,
    #[prost(string, tag = "2")]
    catalog: String,
    #[prost(string, tag = "3")]
    stream: String,
    /// `json`, `csv` or `raw`.
    #[prost(string, tag = "4")]
    format: String,
    #[prost(message, optional, tag = "5")]
    dialect: Option<DialectMessage>,
    #[prost(string, optional, tag = "6")]
    raw_column: Option<String>,
    #[prost(message, repeated, tag = "7")]
    columns: Vec<ColumnMessage>,
    #[prost(bool, tag = "8")]
    declared: bool,
    #[prost(string, tag = "9")]
    on_error: String,
    #[prost(bool, tag = "10")]
    bad: bool,
    #[prost(uint64, optional, tag = "11")]
    most_bad: Option<u64>,
    #[prost(double, optional, tag = "12")]
    most_bad_share: Option<f64>,
    #[prost(uint64, optional, tag = "13")]
    max_scan_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "14")]
    max_scan_records: Option<u64>,
    #[prost(uint64, optional, tag = "15")]
    event_time: Option<u64>,
    #[prost(bool, tag = "16")]
    rising_times: bool,
    #[prost(bool, tag = "17")]
    counts_bytes: bool,
    #[prost(message, optional, tag = "18")]
    schema: Option<proto::Schema>,
}

#[derive(Clone, PartialEq, Message)]
struct PartitionMessage {
    #[prost(message, repeated, tag = "1")]
    splits: Vec<SplitMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SplitMessage {
    #[prost(string, tag = "1")]
    partition: String,
    #[prost(uint64, tag = "2")]
    start: u64,
    #[prost(uint64, tag = "3")]
    end: u64,
    #[prost(uint64, tag = "4")]
    pinned_end: u64,
    #[prost(string, optional, tag = "5")]
    identity: Option<String>,
}

impl NodeCodec for StreamScanCodec {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        context: &EncodeContext<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(scan) = node.downcast_ref::<StreamScan>() else { return Ok(None) };
        if scan.recipe.system != self.system {
            return Ok(None);
        }
        let filters = scan.filters.iter().map(|filter| context.expression(filter));
        let split = |split: &Split| SplitMessage {
            partition: split.partition.clone(),
            start: split.range.start,
            end: split.range.end,
            pinned_end: split.pinned_end,
            identity: split.identity.clone(),
        };
        let partitions = scan
            .splits
            .iter()
            .map(|list| PartitionMessage { splits: list.iter().map(split).collect() });
        let message = ScanMessage {
            recipe: Some(RecipeMessage::of(&scan.recipe)?),
            partitions: partitions.collect(),
            projection: scan.projection.iter().map(|index| *index as u64).collect(),
            filters: filters.collect::<Result<_>>()?,
            fetch: scan.fetch.map(|fetch| fetch as u64),
            last_first: scan.last_first,
        };
        Ok(Some(message.encode_to_vec()))
    }

    fn decode(&self, bytes: &[u8], context: &DecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let message = ScanMessage::decode(bytes)
            .map_err(|e| corrupt("it is cut off or was changed").with_source(e))?;
        let recipe = message.recipe.ok_or_else(|| corrupt("it has no recipe"))?;
        let recipe = recipe.recipe(self.system)?;
        let split = |split: SplitMessage| Split {
            partition: split.partition,
            range: split.start..split.end,
            pinned_end: split.pinned_end,
            identity: split.identity,
        };
        let lists = message.partitions.into_iter();
        let splits = lists.map(|list| list.splits.into_iter().map(split).collect()).collect();
        let projection = message.projection.into_iter().map(size).collect();
        let scan = StreamScan::over(Arc::new(recipe), splits, projection, message.fetch.map(size))?;
        let schema = scan.schema();
        let filters = message.filters.iter().map(|filter| context.expression(filter, &schema));
        let filters = filters.collect::<Result<_>>()?;
        Ok(Arc::new(scan.with_filters(filters).with_last_first(message.last_first)))
    }
}

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("a scan of a stream cannot be decoded: {why}"))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl RecipeMessage {
    fn of(recipe: &Recipe) -> Result<Self> {
        let (format, dialect, raw_column) = match &recipe.format {
            Format::Json => ("json", None, None),
            Format::Csv(dialect) => ("csv", Some(DialectMessage::of(dialect)), None),
            Format::Raw(column) => ("raw", None, Some(column.clone())),
        };
        let (most_bad, most_bad_share) = match recipe.max_bad_records {
            None => (None, None),
            Some(RowShare::Count(count)) => (Some(count), None),
            Some(RowShare::Share(share)) => (None, Some(share)),
        };
        let columns = recipe.shape.columns.iter().map(ColumnMessage::of);
        Ok(Self {
            label: recipe.label.clone(),
            catalog: recipe.catalog.clone(),
            stream: recipe.stream.clone(),
            format: format.to_owned(),
            dialect,
            raw_column,
            columns: columns.collect::<Result<_, _>>()?,
            declared: recipe.shape.declared,
            on_error: on_error_name(recipe.shape.on_error),
            bad: recipe.half == Half::Bad,
            most_bad,
            most_bad_share,
            max_scan_bytes: recipe.limits.bytes,
            max_scan_records: recipe.limits.records,
            event_time: recipe.event_time.map(|at| at as u64),
            rising_times: recipe.times == TimeOrder::Rising,
            counts_bytes: recipe.unit == OffsetUnit::Bytes,
            schema: Some(recipe.schema.as_ref().try_into()?),
        })
    }

    fn recipe(self, system: &str) -> Result<Recipe> {
        let format = match (self.format.as_str(), self.dialect, self.raw_column) {
            ("json", None, None) => Format::Json,
            ("csv", Some(dialect), None) => Format::Csv(dialect.dialect()?),
            ("raw", None, Some(column)) => Format::Raw(column),
            _ => return Err(corrupt("it does not say what a value is").into()),
        };
        let schema = self.schema.ok_or_else(|| corrupt("it has no schema"))?;
        let schema = Schema::try_from(&schema).map_err(|e| corrupt(&e.to_string()))?;
        let columns = self.columns.into_iter().map(ColumnMessage::column);
        Ok(Recipe {
            label: self.label,
            system: system.to_owned(),
            catalog: self.catalog,
            stream: self.stream,
            format,
            shape: Shape {
                columns: columns.collect::<Result<_, _>>()?,
                declared: self.declared,
                on_error: on_error_of(&self.on_error)?,
            },
            half: if self.bad { Half::Bad } else { Half::Good },
            max_bad_records: match (self.most_bad, self.most_bad_share) {
                (Some(count), _) => Some(RowShare::Count(count)),
                (None, share) => share.map(RowShare::Share),
            },
            limits: TableLimits { bytes: self.max_scan_bytes, records: self.max_scan_records },
            event_time: self.event_time.map(size),
            times: if self.rising_times { TimeOrder::Rising } else { TimeOrder::Any },
            unit: if self.counts_bytes { OffsetUnit::Bytes } else { OffsetUnit::Records },
            schema: Arc::new(schema),
        })
    }
}
