//! What a stream's records are: as its table file says, else as a sample shows.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::by_schema;
use super::decode::csv::{CsvDialect, infer_csv};
use super::decode::json::infer_json;
use super::decode::{Column, OnError, Shape, Source, type_text};
use super::meta::MetaColumn;
use super::options::{Meta, OnDataLoss, StreamOptions, ValueFormat};
use super::pin::StreamName;
use super::recipe::{Format, Half, Key, Recipe, VALUE};
use super::source::{LogSource, ReadRequest, SourceTraits};
use super::tail::last_records;
use crate::error::{Error, Result};
use crate::spi::{
    DeclaredColumn, OnError as OnErrorKey, PinnedStream, StatementContext, TableFile,
};

/// How many records of a partition are looked at, the last ones.
const SAMPLED_RECORDS: usize = 200;

/// How many partitions are looked at.
const SAMPLED_PARTITIONS: usize = 8;

/// What a sample or a schema shows.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) format: Format,
    pub(super) columns: Vec<Column>,
    /// How many records were looked at.
    pub(super) records: usize,
    /// The schema that says all this, if one does.
    pub(super) origin: Option<String>,
    /// What keys are, if more than bytes.
    pub(super) key: Option<Key>,
}

impl Sampled {
    /// What it is, for people.
    pub(super) fn summary(&self) -> String {
        let format = match &self.format {
            Format::Json => "json",
            Format::Csv(_) => "csv",
            Format::Avro(_) => "avro",
            Format::Protobuf(_) => "protobuf",
            Format::Raw(_) => "raw",
        };
        match &self.origin {
            Some(origin) => format!("{format} by {origin}"),
            None => format.to_owned(),
        }
    }
}

/// What a stream's records are: by a schema, or as the last records of some partitions show it.
pub(super) async fn sample(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
    pinned: &PinnedStream,
    declared: &TableFile<StreamOptions>,
) -> Result<Sampled> {
    let by_schema = declared.options.value_format.filter(|it| it.schema_kind().is_some());
    if let Some(format) = by_schema
        && let Some(known) = by_schema::of(source, name, declared, format).await?
    {
        return Ok(known);
    }
    let mut values = values(source, statement, name, pinned).await?;
    let format = match declared.options.value_format {
        Some(format) if by_schema.is_none() => format,
        _ if values.iter().filter(|value| is_object(value)).count() * 2 > values.len()
            && by_schema.is_none() =>
        {
            ValueFormat::Json
        }
        _ => match by_schema::seen(source, name, declared, &values).await? {
            Some(seen) => return Ok(seen),
            None if by_schema.is_some() => return Err(unnamed(name)),
            None => ValueFormat::Raw,
        },
    };
    let records = values.len();
    // A line end is white space in JSON and nothing that a line of CSV can have.
    let mut lines = Vec::new();
    for value in &mut values {
        value.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        lines.append(value);
        lines.push(b'\n');
    }
    let (format, columns) = match format {
        ValueFormat::Json => (Format::Json, infer_json(&lines, true)?.columns),
        ValueFormat::Csv => {
            let dialect = dialect(&declared.options)?;
            let guess = infer_csv(&lines, &dialect, Some(dialect.delimiter), Some(false), true)?;
            (Format::Csv(guess.dialect), guess.columns)
        }
        ValueFormat::Raw | ValueFormat::Avro | ValueFormat::Protobuf => {
            (Format::Raw(VALUE.to_owned()), vec![])
        }
    };
    let columns = columns.into_iter().map(as_view).collect();
    Ok(Sampled { format, columns, records, origin: None, key: None })
}

/// The error of a table whose columns nobody says.
fn unnamed(name: &StreamName) -> Error {
    let stream = &name.stream;
    Error::corrupt(format!(
        "there is no subject {stream}-value, and the last records name no schema that is known"
    ))
    .with_hint("declare the columns in a table file, or set value_subject or value_schema there")
}

/// The values of the last records of some partitions.
async fn values(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
    pinned: &PinnedStream,
) -> Result<Vec<Vec<u8>>> {
    let mut values: Vec<Vec<u8>> = Vec::new();
    let filled = pinned.partitions.iter().filter(|(_, partition)| partition.start < partition.end);
    for (partition, bounds) in filled.take(SAMPLED_PARTITIONS) {
        let request = ReadRequest {
            stream: name.stream.clone(),
            partition: partition.clone(),
            range: bounds.start..bounds.end,
            pinned_end: bounds.end,
            identity: bounds.identity.clone(),
            wants_keys: false,
            skips_lost: false,
        };
        let found = last_records(source, statement, request, SAMPLED_RECORDS).await?;
        for records in &found {
            values.extend(records.present().map(<[u8]>::to_vec));
        }
    }
    Ok(values)
}

fn is_object(value: &[u8]) -> bool {
    value.trim_ascii_start().first() == Some(&b'{')
        && serde_json::from_slice::<&serde_json::value::RawValue>(value).is_ok()
}

/// Text as views, as it is in the other formats.
fn as_view(mut column: Column) -> Column {
    if column.data_type == DataType::Utf8 {
        column.data_type = DataType::Utf8View;
    }
    column
}

/// What is declared of a table, as a sample without one.
pub(super) fn as_declared(declared: &TableFile<StreamOptions>) -> Result<Option<Sampled>> {
    let wrong = |message: String| declared.wrong(message);
    if let Some(column) = declared.partitions.first() {
        return Err(wrong(format!(
            "partition column {}: a stream's partitions are in _partition",
            column.file.name
        )));
    }
    declared.refuse_encodings("streams")?;
    let format = match (declared.options.value_format, declared.columns.as_slice()) {
        (Some(ValueFormat::Raw), []) => Format::Raw(VALUE.to_owned()),
        (Some(ValueFormat::Raw), [one]) if one.data_type == DataType::Binary => {
            let name = one.file.name.clone();
            let (format, columns) = (Format::Raw(name), vec![]);
            return Ok(Some(Sampled { format, columns, records: 0, origin: None, key: None }));
        }
        (Some(ValueFormat::Raw), _) => {
            return Err(wrong("raw records have one column, of type VARBINARY".to_owned()));
        }
        (Some(ValueFormat::Avro | ValueFormat::Protobuf), _) | (_, []) => return Ok(None),
        (Some(ValueFormat::Csv), _) => Format::Csv(dialect(&declared.options)?),
        (Some(ValueFormat::Json) | None, _) => Format::Json,
    };
    let columns = declared_columns(declared)?;
    Ok(Some(Sampled { format, columns, records: 0, origin: None, key: None }))
}

/// The columns that a table file declares.
pub(super) fn declared_columns(declared: &TableFile<StreamOptions>) -> Result<Vec<Column>> {
    let column = |column: &DeclaredColumn| {
        let file = &column.file;
        let source = file.source.as_deref().map(Source::parse).transpose();
        let source =
            source.map_err(|e| declared.wrong(format_args!("column {}: {e}", file.name)))?;
        Ok(Column {
            name: file.name.clone(),
            data_type: column.data_type.clone(),
            source: source.unwrap_or_else(|| Source::Name(file.name.clone())),
            format: file.format.clone(),
            timezone: file.timezone.clone(),
            nullable: file.nullable.unwrap_or(true),
        })
    };
    declared.columns.iter().map(column).collect()
}

fn dialect(options: &StreamOptions) -> Result<CsvDialect> {
    let byte = |name: &str, text: Option<&str>| match text.map(str::as_bytes) {
        None => Ok(None),
        Some([one]) if one.is_ascii() => Ok(Some(*one)),
        Some(_) => Err(Error::config(format!("{name} takes one ASCII character"))),
    };
    let default = CsvDialect::default();
    Ok(CsvDialect {
        header: false,
        delimiter: byte("delimiter", options.delimiter.as_deref())?.unwrap_or(default.delimiter),
        quote: match options.quote.as_deref() {
            Some("") => None,
            Some(quote) => byte("quote", Some(quote))?,
            None => default.quote,
        },
        null: options.null.clone().unwrap_or(default.null),
        ..default
    })
}

/// The recipe of a table whose records are `sampled` or declared so.
pub(super) async fn recipe(
    source: &Arc<dyn LogSource>,
    statement: &Arc<StatementContext>,
    name: &StreamName,
    sampled: &Sampled,
    declared: &TableFile<StreamOptions>,
    half: Half,
) -> Result<Recipe> {
    let traits = source.traits();
    let mut columns = sampled.columns.clone();
    for column in &mut columns {
        if let DataType::Timestamp(unit, Some(_)) = column.data_type {
            column.data_type = DataType::Timestamp(unit, Some(statement.timezone().into()));
        }
    }
    let shape = Shape {
        columns,
        // A schema is a declaration, too.
        declared: !declared.columns.is_empty() || sampled.origin.is_some(),
        on_error: match declared.on_error {
            None | Some(OnErrorKey::Divert) => OnError::Divert,
            Some(OnErrorKey::Null) => OnError::Null,
            // Its bad records can be looked at all the same.
            Some(OnErrorKey::Fail) if half == Half::Bad => OnError::Divert,
            Some(OnErrorKey::Fail) => OnError::Fail,
        },
    };
    let schema = schema(&shape, sampled, half, declared, traits, statement.timezone())?;
    if schema.fields().is_empty() {
        return Err(Error::corrupt(format!("{} shows no columns", name.label))
            .with_hint("declare them in a table file, or set value_format = \"raw\""));
    }
    Ok(Recipe {
        label: name.label.clone(),
        system: traits.system.to_owned(),
        catalog: name.catalog.clone(),
        stream: name.stream.clone(),
        format: sampled.format.clone(),
        key: sampled.key.clone().filter(|_| declared.options.meta != Meta::None),
        event_time: event_time(&shape, declared, traits)?,
        shape,
        half,
        max_bad_records: declared.max_bad_records,
        skips_lost: skips_lost(declared, traits)?,
        limits: declared.limits(),
        times: source.time_order(&name.stream).await?,
        unit: traits.offsets,
        schema,
    })
}

fn schema(
    shape: &Shape,
    sampled: &Sampled,
    half: Half,
    declared: &TableFile<StreamOptions>,
    traits: SourceTraits,
    timezone: &str,
) -> Result<SchemaRef> {
    let mut fields: Vec<Field> = Recipe::value_fields(half, &sampled.format, shape);
    let about = MetaColumn::of(Meta::Full, traits);
    let is_about = |field: &&Field| about.iter().any(|column| column.name() == field.name());
    if let Some(field) = fields.iter().find(is_about) {
        return Err(Error::config(format!(
            "a record has a value {0}, which is the name of a column about records",
            field.name()
        ))
        .with_hint(format!(
            "declare the columns in a table file, this one under another name: source = \"{}\"",
            field.name()
        )));
    }
    let meta = match half {
        Half::Good => declared.options.meta,
        Half::Bad => Meta::Basic,
    };
    let mut about = MetaColumn::of(meta, traits);
    let key = sampled.key.as_ref().filter(|_| half == Half::Good && meta != Meta::None);
    if key.is_some() && !about.contains(&MetaColumn::Key) {
        about.push(MetaColumn::Key);
    }
    fields.extend(about.into_iter().map(|column| match (column, key) {
        (MetaColumn::Key, Some(key)) => {
            column.field(traits, timezone).with_data_type(key.column.data_type.clone())
        }
        _ => column.field(traits, timezone),
    }));
    Ok(Arc::new(Schema::new(fields)))
}

fn skips_lost(declared: &TableFile<StreamOptions>, traits: SourceTraits) -> Result<bool> {
    if declared.options.on_data_loss != Some(OnDataLoss::Warn) {
        return Ok(false);
    }
    if traits.skips_lost {
        return Ok(true);
    }
    let message = format!("on_data_loss: what is lost of a {} is always an error", traits.noun);
    Err(declared.wrong(message))
}

fn event_time(
    shape: &Shape,
    declared: &TableFile<StreamOptions>,
    traits: SourceTraits,
) -> Result<Option<usize>> {
    let Some(name) = &declared.options.event_time else { return Ok(None) };
    let wrong = |message: &str| declared.wrong(format_args!("event_time `{name}`: {message}"));
    if traits.has_time {
        return Err(wrong("records come with a time of their own, which is _timestamp"));
    }
    let at = shape.columns.iter().position(|column| column.name == *name);
    let at = at.ok_or_else(|| wrong("there is no such column"))?;
    match shape.columns.get(at).map(|column| &column.data_type) {
        Some(DataType::Timestamp(..)) => Ok(Some(at)),
        _ => Err(wrong("the column is no TIMESTAMP")),
    }
}

/// The text of a table file that declares what was found out.
pub(super) fn table_file(sampled: &Sampled, label: &str, location: &str) -> String {
    let format = match sampled.format {
        Format::Json => ValueFormat::Json,
        Format::Csv(_) => ValueFormat::Csv,
        Format::Avro(_) => ValueFormat::Avro,
        Format::Protobuf(_) => ValueFormat::Protobuf,
        Format::Raw(_) => ValueFormat::Raw,
    };
    let who = match &sampled.origin {
        Some(origin) => format!("{origin} has them (topic at {location})"),
        None => format!("the last {} records at {location} show them", sampled.records),
    };
    let mut text = format!(
        "# Columns of {label} as {who}. With declared types a\n\
         # value that does not fit makes its record one of errors('{label}'), not an error of the\n\
         # statement.\non_error = \"divert\"\n\n[options]\nvalue_format = \"{}\"\n",
        format.name()
    );
    if let Format::Csv(dialect) = &sampled.format {
        let delimiter = toml::Value::String(char::from(dialect.delimiter).to_string());
        text.push_str(&format!("delimiter = {delimiter}\n"));
    }
    for column in &sampled.columns {
        text.push_str(&format!(
            "\n[[columns]]\nname = {}\ntype = \"{}\"\n",
            toml::Value::String(column.name.clone()),
            type_text(&column.data_type)
        ));
    }
    text
}
