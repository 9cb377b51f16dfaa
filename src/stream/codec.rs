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

use super::decode::avro::AvroFormat;
use super::decode::protobuf::ProtobufFormat;
use super::decode::{Framing, Shape};
use super::recipe::{Format, Half, Key, Recipe};
use super::scan::{Split, StreamScan};
use super::source::{OffsetUnit, TimeOrder};
use super::wire::{ColumnMessage, DialectMessage, SchemaMessage, on_error_name, on_error_of};
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
    /// `json`, `csv`, `avro`, `protobuf` or `raw`.
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
    /// What stands before values that have a schema.
    #[prost(string, optional, tag = "19")]
    framing: Option<String>,
    /// The schema that says what columns are.
    #[prost(message, optional, tag = "20")]
    reader: Option<SchemaMessage>,
    /// Those that records may be written with.
    #[prost(message, repeated, tag = "21")]
    given: Vec<SchemaMessage>,
    /// The message that a value is.
    #[prost(string, optional, tag = "22")]
    message: Option<String>,
    /// What keys are, where they are more than bytes.
    #[prost(message, optional, tag = "23")]
    key: Option<KeyMessage>,
    #[prost(bool, tag = "24")]
    skips_lost: bool,
}

#[derive(Clone, PartialEq, Message)]
struct KeyMessage {
    #[prost(message, optional, tag = "1")]
    column: Option<ColumnMessage>,
    /// `text`, `avro` or `protobuf`.
    #[prost(string, tag = "2")]
    format: String,
    #[prost(string, optional, tag = "3")]
    framing: Option<String>,
    #[prost(message, optional, tag = "4")]
    reader: Option<SchemaMessage>,
    #[prost(message, repeated, tag = "5")]
    given: Vec<SchemaMessage>,
    #[prost(string, optional, tag = "6")]
    message: Option<String>,
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

impl KeyMessage {
    fn of(key: &Key) -> Result<Self> {
        let column = Some(ColumnMessage::of(&key.column)?);
        let mut message = Self { column, format: "text".to_owned(), ..Self::default() };
        match &key.format {
            Some(Format::Avro(AvroFormat { framing, reader, given })) => {
                message.format = "avro".to_owned();
                message.framing = Some(framing.name().to_owned());
                message.reader = reader.as_ref().map(SchemaMessage::of);
                message.given = given.iter().map(SchemaMessage::of).collect();
            }
            Some(Format::Protobuf(ProtobufFormat { framing, reader, message: name })) => {
                message.format = "protobuf".to_owned();
                message.framing = Some(framing.name().to_owned());
                message.reader = reader.as_ref().map(SchemaMessage::of);
                message.message.clone_from(name);
            }
            Some(Format::Json | Format::Csv(_) | Format::Raw(_)) | None => {}
        }
        Ok(message)
    }

    fn key(self) -> Result<Key> {
        let column = self.column.ok_or_else(|| corrupt("a key has no column"))?;
        let reader = self.reader.map(SchemaMessage::schema);
        let framing = || framing(self.framing.as_deref());
        let format = match self.format.as_str() {
            "text" => None,
            "avro" => Some(Format::Avro(AvroFormat {
                framing: framing()?,
                reader,
                given: self.given.into_iter().map(SchemaMessage::schema).collect(),
            })),
            "protobuf" => Some(Format::Protobuf(ProtobufFormat {
                framing: framing()?,
                reader,
                message: self.message,
            })),
            _ => return Err(corrupt("it does not say what a key is").into()),
        };
        Ok(Key { format, column: column.column()? })
    }
}

/// The framing of a name.
fn framing(name: Option<&str>) -> Result<Framing> {
    let known = Framing::ALL.into_iter().find(|(known, _)| Some(*known) == name);
    let known = known.ok_or_else(|| corrupt("it does not say what stands before a value"))?;
    Ok(known.1)
}

impl RecipeMessage {
    fn of(recipe: &Recipe) -> Result<Self> {
        let mut message = Self::default();
        match &recipe.format {
            Format::Json => message.format = "json".to_owned(),
            Format::Csv(dialect) => {
                message.format = "csv".to_owned();
                message.dialect = Some(DialectMessage::of(dialect));
            }
            Format::Avro(AvroFormat { framing, reader, given }) => {
                message.format = "avro".to_owned();
                message.framing = Some(framing.name().to_owned());
                message.reader = reader.as_ref().map(SchemaMessage::of);
                message.given = given.iter().map(SchemaMessage::of).collect();
            }
            Format::Protobuf(ProtobufFormat { framing, reader, message: name }) => {
                message.format = "protobuf".to_owned();
                message.framing = Some(framing.name().to_owned());
                message.reader = reader.as_ref().map(SchemaMessage::of);
                message.message.clone_from(name);
            }
            Format::Raw(column) => {
                message.format = "raw".to_owned();
                message.raw_column = Some(column.clone());
            }
        }
        message.key = recipe.key.as_ref().map(KeyMessage::of).transpose()?;
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
            columns: columns.collect::<Result<_, _>>()?,
            declared: recipe.shape.declared,
            on_error: on_error_name(recipe.shape.on_error),
            bad: recipe.half == Half::Bad,
            most_bad,
            most_bad_share,
            skips_lost: recipe.skips_lost,
            max_scan_bytes: recipe.limits.bytes,
            max_scan_records: recipe.limits.records,
            event_time: recipe.event_time.map(|at| at as u64),
            rising_times: recipe.times == TimeOrder::Rising,
            counts_bytes: recipe.unit == OffsetUnit::Bytes,
            schema: Some(recipe.schema.as_ref().try_into()?),
            ..message
        })
    }

    fn recipe(self, system: &str) -> Result<Recipe> {
        let format = match (self.format.as_str(), self.dialect, self.raw_column) {
            ("json", None, None) => Format::Json,
            ("csv", Some(dialect), None) => Format::Csv(dialect.dialect()?),
            ("avro", None, None) => Format::Avro(AvroFormat {
                framing: framing(self.framing.as_deref())?,
                reader: self.reader.map(SchemaMessage::schema),
                given: self.given.into_iter().map(SchemaMessage::schema).collect(),
            }),
            ("protobuf", None, None) => Format::Protobuf(ProtobufFormat {
                framing: framing(self.framing.as_deref())?,
                reader: self.reader.map(SchemaMessage::schema),
                message: self.message,
            }),
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
            key: self.key.map(KeyMessage::key).transpose()?,
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
            skips_lost: self.skips_lost,
            limits: TableLimits { bytes: self.max_scan_bytes, records: self.max_scan_records },
            event_time: self.event_time.map(size),
            times: if self.rising_times { TimeOrder::Rising } else { TimeOrder::Any },
            unit: if self.counts_bytes { OffsetUnit::Bytes } else { OffsetUnit::Records },
            schema: Arc::new(schema),
        })
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field};

    use super::*;
    use crate::stream::decode::{Column, OnError};
    use crate::stream::schemas::SchemaText;

    fn recipe(format: Format, key: Option<Key>) -> Recipe {
        let columns = vec![Column::new("a", DataType::Int32)];
        Recipe {
            label: "k.default.t".to_owned(),
            system: "kafka".to_owned(),
            catalog: "k".to_owned(),
            stream: "t".to_owned(),
            format,
            key,
            shape: Shape { columns, declared: true, on_error: OnError::Null },
            half: Half::Good,
            max_bad_records: None,
            skips_lost: true,
            limits: TableLimits { bytes: None, records: Some(7) },
            event_time: None,
            times: TimeOrder::Any,
            unit: OffsetUnit::Records,
            schema: Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true)])),
        }
    }

    #[test]
    fn schemas_travel_with_the_scan() {
        let text = |kind: &str| SchemaText {
            references: vec![("r".to_owned(), "\"int\"".to_owned())],
            ..SchemaText::alone(kind, "\"string\"")
        };
        let avro = |framing| AvroFormat {
            framing,
            reader: Some(text("AVRO")),
            given: vec![text("AVRO"), SchemaText::alone("AVRO", "\"long\"")],
        };
        let protobuf = ProtobufFormat {
            framing: Framing::Confluent,
            reader: Some(text("PROTOBUF")),
            message: Some("t.M".to_owned()),
        };
        let column = Column {
            source: crate::stream::decode::Source::Path(vec![]),
            ..Column::new("_key", DataType::Utf8View)
        };
        let key = |format| Some(Key { format, column: column.clone() });
        for recipe in [
            recipe(Format::Avro(avro(Framing::SingleObject)), None),
            recipe(Format::Protobuf(protobuf.clone()), key(None)),
            recipe(Format::Json, key(Some(Format::Avro(avro(Framing::Confluent))))),
            recipe(Format::Json, key(Some(Format::Protobuf(protobuf)))),
        ] {
            let bytes = RecipeMessage::of(&recipe).unwrap().encode_to_vec();
            let again = RecipeMessage::decode(bytes.as_slice()).unwrap().recipe("kafka").unwrap();
            assert_eq!((&again.format, again.skips_lost), (&recipe.format, true));
            let parts = |recipe: &Recipe| recipe.key.clone().map(|key| (key.format, key.column));
            assert_eq!(parts(&again), parts(&recipe));
        }
    }
}
