//! The scan of files as bytes: splits and recipe, with the ETags that a stock scan would lose.
//!
//! Tags of fields are never used again for something else, so that a reader can tell what it does
//! not know from what is not there; other changes raise the version of the engine's envelope.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto_common::protobuf_common as proto;
use object_store::ObjectMeta;
use object_store::path::Path;
use prost::Message;

use super::format::Format;
use super::scan::{FilesScan, Recipe, SelectedFile, Split};
use super::text;
use crate::error::Error;
use crate::spi::{DecodeContext, EncodeContext, NodeCodec, StoreUrl, TableLimits};

/// The codec of [`FilesScan`].
#[derive(Debug)]
pub(super) struct FilesScanCodec;

#[derive(Clone, PartialEq, Message)]
struct ScanMessage {
    #[prost(message, optional, tag = "1")]
    recipe: Option<RecipeMessage>,
    /// Each file once; splits name them by their place here.
    #[prost(message, repeated, tag = "2")]
    files: Vec<FileMessage>,
    #[prost(message, repeated, tag = "3")]
    partitions: Vec<PartitionMessage>,
    #[prost(uint64, repeated, tag = "4")]
    projection: Vec<u64>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    filters: Vec<Vec<u8>>,
    #[prost(uint64, optional, tag = "6")]
    fetch: Option<u64>,
    #[prost(message, optional, tag = "7")]
    statistics: Option<proto::Statistics>,
}

#[derive(Clone, PartialEq, Message)]
struct RecipeMessage {
    #[prost(string, tag = "1")]
    label: String,
    /// The catalog whose store holds the files.
    #[prost(string, tag = "2")]
    catalog: String,
    #[prost(string, tag = "3")]
    format: String,
    #[prost(message, optional, tag = "4")]
    file_schema: Option<proto::Schema>,
    #[prost(message, optional, tag = "5")]
    partition_schema: Option<proto::Schema>,
    /// What only the format understands: what text records are. Parquet and Arrow have none.
    #[prost(bytes = "vec", tag = "6")]
    options: Vec<u8>,
    /// The store's root as people write it.
    #[prost(string, tag = "7")]
    root: String,
    #[prost(uint64, optional, tag = "8")]
    max_scan_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "9")]
    max_scan_records: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct FileMessage {
    #[prost(string, tag = "1")]
    path: String,
    #[prost(uint64, tag = "2")]
    size: u64,
    #[prost(int64, tag = "3")]
    modified_seconds: i64,
    #[prost(uint32, tag = "4")]
    modified_nanos: u32,
    #[prost(string, optional, tag = "5")]
    etag: Option<String>,
    #[prost(string, optional, tag = "6")]
    version: Option<String>,
    #[prost(message, repeated, tag = "7")]
    values: Vec<proto::ScalarValue>,
}

#[derive(Clone, PartialEq, Message)]
struct PartitionMessage {
    #[prost(message, repeated, tag = "1")]
    splits: Vec<SplitMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SplitMessage {
    #[prost(uint64, tag = "1")]
    file: u64,
    #[prost(message, optional, tag = "2")]
    range: Option<RangeMessage>,
    #[prost(uint64, tag = "3")]
    bytes: u64,
    #[prost(uint64, optional, tag = "4")]
    rows: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct RangeMessage {
    #[prost(uint64, tag = "1")]
    start: u64,
    #[prost(uint64, tag = "2")]
    end: u64,
}

impl NodeCodec for FilesScanCodec {
    fn kind(&self) -> &'static str {
        "files.scan"
    }

    fn encode(
        &self,
        node: &Arc<dyn ExecutionPlan>,
        context: &EncodeContext<'_>,
    ) -> Result<Option<Vec<u8>>> {
        let Some(scan) = node.downcast_ref::<FilesScan>() else { return Ok(None) };
        let mut files = Files::default();
        let mut partitions = Vec::with_capacity(scan.splits.len());
        for list in &scan.splits {
            let splits = list.iter().map(|split| files.split(split)).collect::<Result<_>>()?;
            partitions.push(PartitionMessage { splits });
        }
        let filters = scan.filters.iter().map(|filter| context.expression(filter));
        let message = ScanMessage {
            recipe: Some(RecipeMessage::of(&scan.recipe)?),
            files: files.messages,
            partitions,
            projection: scan.projection.iter().map(|index| *index as u64).collect(),
            filters: filters.collect::<Result<_>>()?,
            fetch: scan.fetch.map(|fetch| fetch as u64),
            statistics: Some(scan.statistics.as_ref().into()),
        };
        Ok(Some(message.encode_to_vec()))
    }

    fn decode(&self, bytes: &[u8], context: &DecodeContext<'_>) -> Result<Arc<dyn ExecutionPlan>> {
        let message = ScanMessage::decode(bytes)
            .map_err(|e| corrupt("it is cut off or was changed").with_source(e))?;
        let recipe = message.recipe.ok_or_else(|| corrupt("it has no recipe"))?.recipe()?;
        let files = message
            .files
            .into_iter()
            .map(|file| file.file().map(Arc::new))
            .collect::<Result<Vec<_>>>()?;
        let mut splits = Vec::with_capacity(message.partitions.len());
        for partition in message.partitions {
            let list = partition.splits.into_iter().map(|split| split.split(&files));
            splits.push(list.collect::<Result<Vec<_>>>()?);
        }
        let projection = message.projection.into_iter().map(count).collect();
        let statistics = message.statistics.ok_or_else(|| corrupt("it has no statistics"))?;
        let statistics = Statistics::try_from(&statistics)?;
        let fetch = message.fetch.map(count);
        let scan = FilesScan::over(Arc::new(recipe), splits, projection, fetch, statistics)?;
        let schema = scan.schema();
        let filters = message.filters.iter().map(|filter| context.expression(filter, &schema));
        Ok(Arc::new(scan.with_filters(filters.collect::<Result<_>>()?)))
    }
}

fn corrupt(why: &str) -> Error {
    Error::corrupt(format!("a scan of files cannot be decoded: {why}"))
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn schema_of(message: Option<proto::Schema>) -> Result<SchemaRef> {
    let message = message.ok_or_else(|| corrupt("it has no schema"))?;
    let schema = Schema::try_from(&message).map_err(|e| corrupt(&e.to_string()))?;
    Ok(Arc::new(schema))
}

/// The files of a scan while it is encoded.
#[derive(Default)]
struct Files {
    messages: Vec<FileMessage>,
    // By address: splits of one file share it.
    places: HashMap<*const SelectedFile, u64>,
}

impl Files {
    fn split(&mut self, split: &Split) -> Result<SplitMessage> {
        let address = Arc::as_ptr(&split.file);
        let file = match self.places.get(&address) {
            Some(place) => *place,
            None => {
                let place = self.messages.len() as u64;
                self.messages.push(FileMessage::of(&split.file)?);
                self.places.insert(address, place);
                place
            }
        };
        let range = split.range.map(|(start, end)| RangeMessage { start, end });
        Ok(SplitMessage { file, range, bytes: split.bytes, rows: split.rows })
    }
}

impl SplitMessage {
    fn split(self, files: &[Arc<SelectedFile>]) -> Result<Split> {
        let file = files.get(count(self.file)).ok_or_else(|| corrupt("a split has no file"))?;
        let range = self.range.map(|range| (range.start, range.end));
        Ok(Split { file: Arc::clone(file), range, bytes: self.bytes, rows: self.rows })
    }
}

impl RecipeMessage {
    fn of(recipe: &Recipe) -> Result<Self> {
        let partitions = Schema::new(recipe.partition_fields().to_vec());
        Ok(Self {
            label: recipe.label().to_owned(),
            catalog: recipe.store().catalog()?,
            format: recipe.format().name().to_owned(),
            file_schema: Some(recipe.file_schema().as_ref().try_into()?),
            partition_schema: Some((&partitions).try_into()?),
            options: recipe.text().map(text::encode).transpose()?.unwrap_or_default(),
            root: recipe.outer(&Path::default()),
            max_scan_bytes: recipe.limits().bytes,
            max_scan_records: recipe.limits().records,
        })
    }

    fn recipe(self) -> Result<Recipe> {
        let format = Format::parse(&self.format)?;
        let recipe = Recipe::new(
            self.label,
            StoreUrl::of_catalog(&self.catalog)?,
            self.root,
            format,
            schema_of(self.file_schema)?,
            schema_of(self.partition_schema)?.fields().to_vec(),
        )
        .with_limits(TableLimits { bytes: self.max_scan_bytes, records: self.max_scan_records });
        if format.is_text() {
            return Ok(recipe.with_text(text::decode(&self.options)?));
        }
        if !self.options.is_empty() {
            return Err(corrupt(&format!("format {} has no options", self.format)).into());
        }
        Ok(recipe)
    }
}

impl FileMessage {
    fn of(file: &SelectedFile) -> Result<Self> {
        let values = file.values.iter().map(proto::ScalarValue::try_from);
        Ok(Self {
            path: file.meta.location.to_string(),
            size: file.meta.size,
            modified_seconds: file.meta.last_modified.timestamp(),
            modified_nanos: file.meta.last_modified.timestamp_subsec_nanos(),
            etag: file.meta.e_tag.clone(),
            version: file.meta.version.clone(),
            values: values.collect::<Result<_, _>>()?,
        })
    }

    fn file(self) -> Result<SelectedFile> {
        let path = Path::parse(&self.path)
            .map_err(|e| corrupt(&format!("{}: {e}", self.path)).with_source(e))?;
        let modified = DateTime::from_timestamp(self.modified_seconds, self.modified_nanos)
            .ok_or_else(|| corrupt(&format!("{path} has an impossible time")))?;
        let values = self.values.iter().map(ScalarValue::try_from);
        let values = values.collect::<Result<_, _>>()?;
        let meta = ObjectMeta {
            location: path,
            last_modified: modified,
            size: self.size,
            e_tag: self.etag,
            version: self.version,
        };
        Ok(SelectedFile { meta, values })
    }
}
