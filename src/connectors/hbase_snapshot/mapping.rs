//! Declared columns: from a table file, or from the mappings that Hive and Spark have.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;

use super::key_layout::KeyLayout;
use super::options::TableOptions;
use super::recipe::{Encoding, Mapped, Source};
use super::rows::{unescape, values_of};
use super::snapshot::Loaded;
use crate::error::{Error, Result, nearest};
use crate::spi::{DeclaredColumn, TableFile, TypeParser};
use crate::stream::decode::avro::avro_type;
use crate::stream::decode::map_of;
use crate::stream::schemas::SchemaText;
use crate::stream::schemas_of;

/// The columns of a table; `None` when nobody has declared any.
///
/// # Errors
/// `Config` for columns that cannot be, or of families that the table does not have.
pub(super) fn columns(
    declared: &TableFile<TableOptions>,
    loaded: &Loaded,
    key: &KeyLayout,
    types: TypeParser,
) -> Result<Option<Arc<[Mapped]>>> {
    let options = &declared.options;
    let of = |name: &str, data_type: &DataType, source: &str, encoding| {
        mapped(name, data_type, source, encoding, key)
    };
    let encoding = match &options.encoding {
        Some(name) => Encoding::parse(name)?,
        None => Encoding::String,
    };
    if !declared.partitions.is_empty() {
        return Err(Error::config("[[partitions]] has no use in a snapshot of HBase"));
    }
    let columns: Vec<Mapped> = match (&options.hive_columns_mapping, &options.spark_columns_mapping)
    {
        (Some(_), Some(_)) => {
            return Err(Error::config("a table has one mapping: of Hive or of Spark"));
        }
        (None, Some(spark)) => {
            if !declared.columns.is_empty() {
                return Err(Error::config(
                    "spark_columns_mapping says the columns, and so do [[columns]]",
                ));
            }
            let entries = spark.split(',').filter(|entry| !entry.trim().is_empty());
            entries
                .map(|entry| of_spark(entry.trim(), encoding, key, types))
                .collect::<Result<_>>()?
        }
        (hive, None) => {
            let sources = match hive {
                None => None,
                Some(hive) => Some(of_hive(hive, declared.columns.len())?),
            };
            let columns = declared.columns.iter().enumerate().map(|(at, column)| {
                let file = &column.file;
                if sources.is_some() && file.source.is_some() {
                    return Err(Error::config(format!(
                        "column {}: hive_columns_mapping says its source already",
                        file.name
                    )));
                }
                let source = sources.as_ref().and_then(|sources| sources.get(at)).cloned();
                let source = source.or_else(|| file.source.clone());
                let source = source.unwrap_or_else(|| default_source(&file.name, loaded));
                let own = file.encoding.as_deref().map(Encoding::parse).transpose()?;
                let encoding = own.unwrap_or(encoding);
                let (data_type, schemas) = by_schema(column, encoding, declared)?;
                let mut mapped = of(&file.name, &data_type, &source, encoding)?;
                mapped.format.clone_from(&file.format);
                mapped.timezone.clone_from(&file.timezone);
                mapped.schemas = schemas;
                let is_map = matches!(mapped.source, Source::Family { .. });
                if is_map && column.data_type == DataType::Null {
                    // The schema is one of the values, which may be maps themselves.
                    mapped.data_type = map_of(&data_type);
                }
                Ok(mapped)
            });
            columns.collect::<Result<_>>()?
        }
    };
    if columns.is_empty() {
        return Ok(None);
    }
    for (at, column) in columns.iter().enumerate() {
        let of_key = matches!(column.source, Source::Key | Source::KeyPart(_));
        let same = columns.iter().take(at).find(|other| of_key && other.source == column.source);
        if let Some(same) = same {
            let (one, other) = (&same.name, &column.name);
            return Err(Error::config(format!("columns {one} and {other} have the same source")));
        }
        check(column, loaded)?;
        values_of(column, key)?;
    }
    Ok(Some(columns.into()))
}

/// The type of a declared column, and the schemas of its values.
fn by_schema(
    column: &DeclaredColumn,
    encoding: Encoding,
    declared: &TableFile<TableOptions>,
) -> Result<(DataType, Vec<SchemaText>)> {
    let (name, data_type) = (&column.file.name, column.data_type.clone());
    let wrong = |message: &str| declared.wrong(format_args!("column {name}: {message}"));
    let Some(given) = &column.file.schema else {
        return match encoding {
            Encoding::Avro => Err(wrong("encoding \"avro\" needs its schema")
                .with_hint("schema = \"profile.avsc\" names a file beside the table file; a text will do as well")),
            _ => Ok((data_type, vec![])),
        };
    };
    if encoding != Encoding::Avro {
        return Err(wrong("`schema` is of columns with encoding \"avro\""));
    }
    let key = format!("column {name}: schema");
    let schemas = schemas_of("AVRO", given.all(), declared.text.as_ref(), &key)?;
    let first = schemas.first().ok_or_else(|| wrong("`schema` has none"))?;
    let own = avro_type(first).map_err(|e| e.within(format_args!("column {name}")))?;
    Ok((if data_type == DataType::Null { own } else { data_type }, schemas))
}

/// A table of one family needs no families in its file.
fn default_source(name: &str, loaded: &Loaded) -> String {
    match loaded.families.as_slice() {
        [only] => format!("{}:{name}", only.name),
        _ => name.to_owned(),
    }
}

/// `:key`, `:key.part`, `:timestamp`, `family:qualifier`, `family:prefix*`, `family:`, with `#b` or
/// `#s` behind.
fn mapped(
    name: &str,
    data_type: &DataType,
    source: &str,
    encoding: Encoding,
    key: &KeyLayout,
) -> Result<Mapped> {
    let (source, encoding) = match source.rsplit_once('#') {
        Some((source, short)) => match storage(short) {
            Some(own) => (source, own.unwrap_or(encoding)),
            None => (source, encoding),
        },
        None => (source, encoding),
    };
    let wrong = || {
        Error::config(format!("column {name}: `{source}` is no source")).with_hint(
            "sources are :key, :key.part, :timestamp, family:qualifier, family:prefix* and family:",
        )
    };
    let mut data_type = data_type.clone();
    let source = match source {
        ":key" => Source::Key,
        ":timestamp" => {
            let instant = matches!(data_type, DataType::Timestamp(..) | DataType::Int64);
            if !instant {
                return Err(Error::config(format!(
                    "column {name}: :timestamp is a TIMESTAMP or BIGINT"
                )));
            }
            Source::Timestamp
        }
        other if other.starts_with(":key.") => {
            let part = other.trim_start_matches(":key.");
            Source::KeyPart(key.position(part).ok_or_else(|| no_part(name, part, key))?)
        }
        other => {
            let (family, qualifier) =
                other.split_once(':').filter(|(family, _)| !family.is_empty()).ok_or_else(wrong)?;
            let family = family.to_owned();
            // Hive writes a prefix as a pattern.
            let prefix = qualifier.strip_suffix(".*").or_else(|| qualifier.strip_suffix('*'));
            let prefix = if qualifier.is_empty() { Some("") } else { prefix };
            match prefix {
                Some(prefix) => {
                    if !matches!(data_type, DataType::Map(..)) {
                        data_type = map_of(&data_type);
                    }
                    Source::Family { family, prefix: unescape(prefix) }
                }
                None => Source::Cell { family, qualifier: unescape(qualifier) },
            }
        }
    };
    let name = name.to_owned();
    let (format, timezone, schemas) = (None, None, vec![]);
    Ok(Mapped { name, data_type, source, encoding, format, timezone, schemas })
}

fn no_part(column: &str, part: &str, key: &KeyLayout) -> Error {
    let error = Error::config(format!("column {column}: the row key has no part {part}"));
    let known: Vec<&str> = key.parts.iter().map(|part| part.name.as_str()).collect();
    match nearest(part, known.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean :key.{near}?")),
        None if known.is_empty() => error.with_hint("`row_key` in [options] names the parts"),
        None => error.with_hint(format!("parts: {}", known.join(", "))),
    }
}

/// Hive's short forms of a storage type; inside, `None` stands for the table's own.
fn storage(short: &str) -> Option<Option<Encoding>> {
    if short.is_empty() {
        return None;
    }
    let is = |long: &str| long.starts_with(short);
    Some(if short == "-" {
        None
    } else if is("binary") {
        Some(Encoding::Binary)
    } else if is("string") {
        Some(Encoding::String)
    } else if is("ordered") {
        Some(Encoding::Ordered)
    } else if is("phoenix") {
        Some(Encoding::Phoenix)
    } else {
        return None;
    })
}

/// The entries of `hbase.columns.mapping`, one per column. Spaces are part of names in Hive; those
/// around an entry are what people add for reading, and no family begins with one.
fn of_hive(text: &str, columns: usize) -> Result<Vec<String>> {
    let entries: Vec<String> = text.split(',').map(|entry| entry.trim().to_owned()).collect();
    if entries.len() != columns {
        return Err(Error::config(format!(
            "hive_columns_mapping has {} entries, and there are {columns} columns",
            entries.len()
        ))
        .with_hint("declare a column, with its name and type, for each entry, in their order"));
    }
    Ok(entries)
}

/// `name TYPE family:qualifier`.
fn of_spark(entry: &str, encoding: Encoding, key: &KeyLayout, types: TypeParser) -> Result<Mapped> {
    let wrong = || {
        Error::config(format!("spark_columns_mapping: `{entry}` is no column"))
            .with_hint("write name TYPE family:qualifier, and :key for the row key")
    };
    let (name, rest) = entry.split_once(char::is_whitespace).ok_or_else(wrong)?;
    let (kind, source) = rest.trim().rsplit_once(char::is_whitespace).ok_or_else(wrong)?;
    let kind = match kind.trim().to_ascii_uppercase().as_str() {
        "STRING" => "VARCHAR".to_owned(),
        "BYTE" => "TINYINT".to_owned(),
        "SHORT" => "SMALLINT".to_owned(),
        "LONG" => "BIGINT".to_owned(),
        "BINARY" => "VARBINARY".to_owned(),
        other => other.to_owned(),
    };
    mapped(name, &types(&kind)?, source.trim(), encoding, key)
}

/// Looks whether a column's family is there.
fn check(column: &Mapped, loaded: &Loaded) -> Result<()> {
    if let Some(family) = column.source.family()
        && !loaded.families.iter().any(|known| known.name == family)
    {
        let known: Vec<&str> = loaded.families.iter().map(|family| family.name.as_str()).collect();
        let error = Error::config(format!(
            "column {}: table {} has no family {family}",
            column.name,
            loaded.table.spelled()
        ));
        return Err(match nearest(family, known.iter().copied()) {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None => error.with_hint(format!("families: {}", known.join(", "))),
        });
    }
    Ok(())
}
