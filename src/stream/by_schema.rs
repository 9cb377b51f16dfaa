//! Tables whose columns a schema says: one of the table file, or of a schema registry.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;

use super::decode::avro::{AvroFormat, avro_columns, avro_type};
use super::decode::protobuf::{DESCRIPTORS, ProtobufFormat, protobuf_columns, protobuf_type};
use super::decode::{Column, Framing, Source, confluent};
use super::describe::{Sampled, declared_columns};
use super::meta::MetaColumn;
use super::options::{KeyFormat, StreamOptions, ValueFormat};
use super::pin::StreamName;
use super::recipe::{Format, Key};
use super::schema_files::schemas_of;
use super::schemas::{SchemaText, SubjectVersion};
use super::source::{LogSource, OffsetUnit};
use crate::error::{Error, Result};
use crate::spi::{OneOrMore, TableFile};

/// The kinds of schemas that records are read by.
const READ: [&str; 2] = ["AVRO", "PROTOBUF"];

/// How many of a sample's ids are looked up.
const SAMPLED_IDS: usize = 32;

/// The half of records that a schema is of, and what a table file says of it.
struct Side<'a> {
    /// `value` or `key`.
    part: &'static str,
    /// As a table file spells the format.
    format: &'static str,
    /// What a registry calls schemas of it.
    kind: &'static str,
    schema: Option<&'a OneOrMore>,
    subject: Option<&'a str>,
    message: Option<&'a str>,
    framing: Option<Framing>,
}

/// Which schemas say what a side is.
enum Chosen {
    /// Those of the table file, and what stands before records.
    Given(Vec<SchemaText>, Framing, &'static str),
    /// The latest of the registry.
    Version(SubjectVersion),
    /// None; the subject that there is not.
    Nobody(String),
}

impl<'a> Side<'a> {
    fn value(options: &'a StreamOptions, format: ValueFormat) -> Self {
        Self {
            part: "value",
            format: format.name(),
            kind: format.schema_kind().unwrap_or_default(),
            schema: options.value_schema.as_ref(),
            subject: options.value_subject.as_deref(),
            message: options.message.as_deref(),
            framing: options.value_framing,
        }
    }

    fn key(options: &'a StreamOptions, format: &'static str, kind: &'static str) -> Self {
        Self {
            part: "key",
            format,
            kind,
            schema: options.key_schema.as_ref(),
            subject: options.key_subject.as_deref(),
            message: options.key_message.as_deref(),
            framing: options.key_framing,
        }
    }

    /// The schemas that say what it is.
    async fn choose(
        &self,
        source: &Arc<dyn LogSource>,
        name: &StreamName,
        declared: &TableFile<StreamOptions>,
    ) -> Result<Chosen> {
        let Self { part, format, kind, .. } = self;
        let wrong = |message: String| declared.wrong(message);
        if source.traits().offsets == OffsetUnit::Bytes {
            return Err(wrong(format!("the records of a log are lines, which {format} is not")));
        }
        let given = self.given(declared)?;
        let framing = self.framing.unwrap_or(match given.is_empty() {
            true => Framing::Confluent,
            false => Framing::None,
        });
        if framing != Framing::Confluent {
            if given.is_empty() {
                let framing = framing.name();
                let message =
                    format!("{part}_framing \"{framing}\" needs the schema: {part}_schema");
                return Err(wrong(message));
            }
            return Ok(Chosen::Given(given, framing, "the table file's schema"));
        }
        let registry = source.registry().ok_or_else(|| {
            let catalog = &name.catalog;
            wrong(format!("{part}_format \"{format}\" needs a schema")).with_hint(format!(
                "set {part}_schema in the table file, or schema_registry in the file of catalog \
                 {catalog}"
            ))
        })?;
        if !given.is_empty() {
            return Ok(Chosen::Given(given, framing, "the table file's schema"));
        }
        let subject = self.subject.map(str::to_owned);
        let subject = subject.unwrap_or_else(|| format!("{}-{part}", name.stream));
        match registry.latest(&subject).await? {
            Some(latest) if latest.schema.kind == *kind => Ok(Chosen::Version(latest)),
            Some(latest) => Err(wrong(format!(
                "{part}_format is {format}, and the schema of subject {subject} is one of {}",
                latest.schema.kind
            ))),
            None if self.subject.is_some() => {
                Err(wrong(format!("there is no subject {subject} at {}", registry.location())))
            }
            None => Ok(Chosen::Nobody(subject)),
        }
    }

    /// The schemas that the table file has.
    fn given(&self, declared: &TableFile<StreamOptions>) -> Result<Vec<SchemaText>> {
        let texts = self.schema.map(OneOrMore::all).unwrap_or_default();
        let key = format!("{}_schema", self.part);
        let given = schemas_of(self.kind, texts, declared.text.as_ref(), &key)?;
        if self.kind == "PROTOBUF" && given.len() > 1 {
            let message = format!("{key}: Protobuf messages are read by one schema");
            return Err(declared.wrong(message));
        }
        Ok(given)
    }
}

fn origin_of(version: &SubjectVersion) -> String {
    let SubjectVersion { subject, version, id, .. } = version;
    format!("schema {id}, version {version} of subject {subject}")
}

/// The table of a format whose records need a schema; `None` where only its records say which.
pub(super) async fn of(
    source: &Arc<dyn LogSource>,
    name: &StreamName,
    declared: &TableFile<StreamOptions>,
    format: ValueFormat,
) -> Result<Option<Sampled>> {
    let side = Side::value(&declared.options, format);
    let table = |framing| Table { name, declared, framing };
    match side.choose(source, name, declared).await? {
        Chosen::Given(given, framing, origin) => {
            table(framing).of(given, origin.to_owned()).map(Some)
        }
        Chosen::Version(latest) => table(Framing::Confluent).version(&latest).map(Some),
        // What is declared needs no schema to be read by.
        Chosen::Nobody(_) if !declared.columns.is_empty() => {
            let origin = "the schemas of its records".to_owned();
            Ok(Some(table(Framing::Confluent).read_by(format, origin)?))
        }
        Chosen::Nobody(_) => Ok(None),
    }
}

/// What the keys of a table are, where its file says more than bytes.
pub(super) async fn key(
    source: &Arc<dyn LogSource>,
    name: &StreamName,
    declared: &TableFile<StreamOptions>,
) -> Result<Option<Key>> {
    let options = &declared.options;
    let Some(format) = options.key_format.filter(|it| *it != KeyFormat::Raw) else {
        return Ok(None);
    };
    if !source.traits().has_keys {
        let noun = source.traits().noun;
        return Err(declared.wrong(format!("key_format: records of a {noun} have no key")));
    }
    let column = |data_type| {
        // All of the key, not a part of it.
        let source = Source::Path(vec![]);
        let data_type = if data_type == DataType::Utf8 { DataType::Utf8View } else { data_type };
        Column { source, ..Column::new(MetaColumn::Key.name(), data_type) }
    };
    let side = match format {
        KeyFormat::Raw | KeyFormat::Text => {
            return Ok(Some(Key { format: None, column: column(DataType::Utf8View) }));
        }
        KeyFormat::Avro => Side::key(options, "avro", "AVRO"),
        KeyFormat::Protobuf => Side::key(options, "protobuf", "PROTOBUF"),
    };
    let (schemas, framing, origin) = match side.choose(source, name, declared).await? {
        Chosen::Given(given, framing, origin) => (given, framing, origin.to_owned()),
        Chosen::Version(latest) => {
            let schema = SchemaText::clone(&latest.schema);
            (vec![schema], Framing::Confluent, origin_of(&latest))
        }
        Chosen::Nobody(subject) => {
            return Err(declared
                .wrong(format!("key_format: there is no subject {subject}"))
                .with_hint("set key_subject or key_schema in the table file"));
        }
    };
    let reader = schemas.first().cloned();
    let first = reader.as_ref().ok_or_else(|| Error::internal("a key by no schema"))?;
    let data_type = match format {
        KeyFormat::Protobuf => protobuf_type(first, side.message),
        _ => avro_type(first),
    };
    let data_type = data_type.map_err(|e| e.within(format_args!("the key by {origin}")))?;
    let given = if framing == Framing::Confluent { vec![] } else { schemas };
    let message = side.message.map(str::to_owned);
    let format = match format {
        KeyFormat::Protobuf => Format::Protobuf(ProtobufFormat { framing, reader, message }),
        _ => Format::Avro(AvroFormat { framing, reader, given }),
    };
    Ok(Some(Key { format: Some(format), column: column(data_type) }))
}

/// The table of records that name schemas; `None` where they do not, or name unknown ones.
pub(super) async fn seen(
    source: &Arc<dyn LogSource>,
    name: &StreamName,
    declared: &TableFile<StreamOptions>,
    values: &[Vec<u8>],
) -> Result<Option<Sampled>> {
    let Some(registry) = source.registry() else { return Ok(None) };
    let ids: Vec<u32> = values.iter().filter_map(|it| Some(confluent(it).ok()?.0)).collect();
    if ids.is_empty() || ids.len() * 2 < values.len() {
        return Ok(None);
    }
    let table = Table { name, declared, framing: Framing::Confluent };
    let subject = declared.options.value_subject.clone();
    let subject = subject.unwrap_or_else(|| format!("{}-value", name.stream));
    match registry.latest(&subject).await? {
        Some(latest) if READ.contains(&latest.schema.kind.as_str()) => {
            return table.version(&latest).map(Some);
        }
        Some(_) => return Ok(None),
        None => {}
    }
    // The last one that was registered is what is written now.
    let ids: BTreeSet<u32> = ids.into_iter().collect();
    let mut found: Vec<(u32, Arc<SchemaText>)> = vec![];
    for id in ids.into_iter().rev().take(SAMPLED_IDS) {
        let schema = registry.schema(id).await?;
        if let Some(schema) = schema.filter(|it| READ.contains(&it.kind.as_str())) {
            found.push((id, schema));
        }
    }
    let Some((id, last)) = found.first() else { return Ok(None) };
    let origin = format!("schema {id}");
    let mut sampled = table.of(vec![SchemaText::clone(last)], origin)?;
    if declared.columns.is_empty() {
        for (_, schema) in found.iter().skip(1).filter(|(_, it)| it.kind == last.kind) {
            let Ok(others) = table.columns(schema) else { continue };
            for column in others {
                if sampled.columns.iter().all(|known| known.name != column.name) {
                    sampled.columns.push(column);
                }
            }
        }
    }
    Ok(Some(sampled))
}

/// What is known of a table before its schema is.
struct Table<'a> {
    name: &'a StreamName,
    declared: &'a TableFile<StreamOptions>,
    framing: Framing,
}

impl Table<'_> {
    fn version(&self, latest: &SubjectVersion) -> Result<Sampled> {
        self.of(vec![SchemaText::clone(&latest.schema)], origin_of(latest))
    }

    fn columns(&self, schema: &SchemaText) -> Result<Vec<Column>> {
        match schema.kind.as_str() {
            "AVRO" => avro_columns(schema),
            "PROTOBUF" | DESCRIPTORS => {
                protobuf_columns(schema, self.declared.options.message.as_deref())
            }
            other => Err(unread(other)),
        }
    }

    /// A table whose columns, if they are not declared, are those of the first schema.
    fn of(&self, schemas: Vec<SchemaText>, origin: String) -> Result<Sampled> {
        let Some(first) = schemas.first().cloned() else {
            return Err(Error::internal("a table by no schema"));
        };
        let within = |e: Error| e.within(format_args!("{}: {origin}", self.name.stream));
        let columns = match self.declared.columns.is_empty() {
            true => self.columns(&first).map_err(within)?,
            false => declared_columns(self.declared)?,
        };
        let given = if self.framing == Framing::Confluent { vec![] } else { schemas };
        let kind = first.kind.clone();
        let format = self.format(&kind, Some(first), given).map_err(within)?;
        Ok(Sampled { format, columns, records: 0, origin: Some(origin), key: None })
    }

    /// A table with declared columns, of records that say all else.
    fn read_by(&self, format: ValueFormat, origin: String) -> Result<Sampled> {
        let columns = declared_columns(self.declared)?;
        let format = self.format(format.schema_kind().unwrap_or_default(), None, vec![])?;
        Ok(Sampled { format, columns, records: 0, origin: Some(origin), key: None })
    }

    fn format(
        &self,
        kind: &str,
        reader: Option<SchemaText>,
        given: Vec<SchemaText>,
    ) -> Result<Format> {
        let framing = self.framing;
        match kind {
            "AVRO" => Ok(Format::Avro(AvroFormat { framing, reader, given })),
            "PROTOBUF" | DESCRIPTORS => {
                let message = self.declared.options.message.clone();
                Ok(Format::Protobuf(ProtobufFormat { framing, reader, message }))
            }
            other => Err(unread(other)),
        }
    }
}

fn unread(kind: &str) -> Error {
    Error::unsupported(format!("schemas of {kind} are not read"))
        .with_hint("declare the columns in a table file, or set value_format = \"raw\"")
}
