//! What a text table is: its options, and where it declares no columns, what a sample shows.

use bytes::Bytes;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use futures::StreamExt;
use object_store::{ObjectMeta, ObjectStoreExt};

use super::super::format::{Format, uncompressed};
use super::super::options::{JsonLayout as LayoutOption, TableOptions};
use super::{Half, Layout, TextRecipe};
use crate::error::{Error, Result};
use crate::spi::store_error;
use crate::spi::{DeclaredColumn, OnError as OnErrorKey, OpenedStore, TableFile};
use crate::stream::decode::csv::{CsvDialect, Likely, infer_csv};
use crate::stream::decode::json::{JsonLayout, infer_json};
use crate::stream::decode::{Column, OnError, Shape, Source, TextEncoding, type_text};

/// How many bytes of a file are looked at.
const SAMPLE_BYTES: u64 = 1024 * 1024;

/// How many files are looked at where their records say what columns there are.
const SAMPLED_FILES: usize = 8;

/// The start of a file.
struct Sample {
    bytes: Vec<u8>,
    at_end: bool,
}

/// Finds out what the files are; the schema is that of the good records.
pub(in super::super) async fn describe(
    store: &OpenedStore,
    files: &[ObjectMeta],
    format: Format,
    declared: &TableFile<TableOptions>,
    half: Half,
) -> Result<(TextRecipe, SchemaRef)> {
    let first = files.first().ok_or_else(|| Error::not_found("there is no file"))?;
    let mut likely = vec![];
    let (layout, inferred) = match format {
        Format::Json => json(store, files, &declared.options).await?,
        _ => csv(store, first, declared, &mut likely).await?,
    };
    let columns = match declared.columns.as_slice() {
        [] => inferred,
        declared_columns => declared_columns
            .iter()
            .map(|column| declared_column(column, declared))
            .collect::<Result<Vec<_>>>()?,
    };
    if columns.is_empty() {
        return Err(Error::corrupt(format!("{} shows no columns", store.outer(&first.location)))
            .with_hint("declare them in a table file"));
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|column| Field::new(&column.name, column.data_type.clone(), column.nullable))
        .collect();
    let shape = Shape {
        columns,
        declared: !declared.columns.is_empty(),
        on_error: match declared.on_error {
            None | Some(OnErrorKey::Divert) => OnError::Divert,
            Some(OnErrorKey::Null) => OnError::Null,
            // Its bad records can be looked at all the same.
            Some(OnErrorKey::Fail) if half == Half::Bad => OnError::Divert,
            Some(OnErrorKey::Fail) => OnError::Fail,
        },
    };
    let max_bad_records = declared.max_bad_records;
    let recipe = TextRecipe { layout, shape, max_bad_records, half, likely };
    Ok((recipe, std::sync::Arc::new(Schema::new(fields))))
}

fn declared_column(column: &DeclaredColumn, table: &TableFile<TableOptions>) -> Result<Column> {
    let file = &column.file;
    let source = file.source.as_deref().map(Source::parse).transpose();
    let placed = |e: Error| match &table.text {
        Some(text) => text.wrong(format!("column {}: {e}", file.name)),
        None => e,
    };
    Ok(Column {
        name: file.name.clone(),
        data_type: column.data_type.clone(),
        source: source.map_err(placed)?.unwrap_or_else(|| Source::Name(file.name.clone())),
        format: file.format.clone(),
        timezone: file.timezone.clone(),
        nullable: file.nullable.unwrap_or(true),
    })
}

async fn csv(
    store: &OpenedStore,
    file: &ObjectMeta,
    declared: &TableFile<TableOptions>,
    likely: &mut Vec<Option<Likely>>,
) -> Result<(Layout, Vec<Column>)> {
    let options = &declared.options;
    let name = file.location.filename().unwrap_or_default();
    let (plain, _) = uncompressed(name);
    let is_tsv = plain.rsplit_once('.').is_some_and(|(_, e)| e.eq_ignore_ascii_case("tsv"));
    let tab = is_tsv.then_some(b'\t');
    let delimiter = byte("delimiter", options.delimiter.as_deref())?.or(tab);
    let default = CsvDialect::default();
    let dialect = CsvDialect {
        delimiter: delimiter.unwrap_or(default.delimiter),
        quote: match options.quote.as_deref() {
            Some("") => None,
            Some(quote) => byte("quote", Some(quote))?,
            None => default.quote,
        },
        escape: byte("escape", options.escape.as_deref())?,
        comment: byte("comment", options.comment.as_deref())?,
        header: options.header.unwrap_or(true),
        skip_rows: options.skip_rows,
        null: options.null.clone().unwrap_or(default.null),
        fields: options.fields,
        decimal_comma: options.decimal_comma,
        date_format: options.date_format.clone(),
        timestamp_format: options.timestamp_format.clone(),
        multiline: options.multiline.unwrap_or(false),
        encoding: match options.encoding.as_deref() {
            Some(label) => label.parse()?,
            None => TextEncoding::UTF_8,
        },
    };
    let sample = sample(store, file, SAMPLE_BYTES).await?;
    // Declared columns say by their names whether there is a header to find them by.
    let header = options.header.or((!declared.columns.is_empty()).then_some(true));
    let guess = infer_csv(&sample.bytes, &dialect, delimiter, header, sample.at_end)?;
    let mut dialect = guess.dialect;
    *likely = guess.likely;
    if let Some(multiline) = options.multiline {
        dialect.multiline = multiline;
    }
    let columns = guess.columns.into_iter().map(as_view).collect();
    Ok((Layout::Csv(dialect), columns))
}

async fn json(
    store: &OpenedStore,
    files: &[ObjectMeta],
    options: &TableOptions,
) -> Result<(Layout, Vec<Column>)> {
    let mut layout = None;
    let mut lines = Vec::new();
    let mut guess = None;
    for file in files.iter().take(SAMPLED_FILES) {
        let mut sample = sample(store, file, SAMPLE_BYTES).await?;
        let found = infer_json(&sample.bytes, sample.at_end)
            .map_err(|e| e.within(store.outer(&file.location)))?;
        let first = *layout.get_or_insert(found.layout);
        if first == JsonLayout::Array {
            guess = Some(found);
            break;
        }
        // Lines of several files are those of one.
        if !sample.at_end {
            sample.bytes.truncate(crate::stream::decode::boundary::lines(&sample.bytes));
        }
        lines.append(&mut sample.bytes);
        if lines.last().is_some_and(|last| *last != b'\n') {
            lines.push(b'\n');
        }
    }
    let guess = match guess {
        Some(guess) => guess,
        None => infer_json(&lines, true)?,
    };
    let layout = match options.layout {
        Some(LayoutOption::Lines) => JsonLayout::Lines,
        Some(LayoutOption::Array) => JsonLayout::Array,
        None => guess.layout,
    };
    Ok((Layout::Json(layout), guess.columns.into_iter().map(as_view).collect()))
}

/// Text as views, as it is in the other formats: a table of CSV joins one of Parquet without a cast.
fn as_view(mut column: Column) -> Column {
    use datafusion::arrow::datatypes::DataType;
    if column.data_type == DataType::Utf8 {
        column.data_type = DataType::Utf8View;
    }
    column
}

fn byte(name: &str, text: Option<&str>) -> Result<Option<u8>> {
    match text.map(str::as_bytes) {
        None => Ok(None),
        Some([one]) if one.is_ascii() => Ok(Some(*one)),
        Some(_) => Err(Error::config(format!("{name} takes one ASCII character"))),
    }
}

/// The start of a file, decompressed.
async fn sample(store: &OpenedStore, file: &ObjectMeta, most: u64) -> Result<Sample> {
    let outer = store.outer(&file.location);
    let (_, compression) = uncompressed(file.location.filename().unwrap_or_default());
    if !compression.is_compressed() {
        let end = file.size.min(most);
        let bytes: Bytes = if end == 0 {
            Bytes::new()
        } else {
            let bytes = store.store.get_range(&file.location, 0..end).await;
            bytes.map_err(|e| store_error(&outer, e))?
        };
        return Ok(Sample { bytes: bytes.to_vec(), at_end: end == file.size });
    }
    let got = store.store.get(&file.location).await.map_err(|e| store_error(&outer, e))?;
    let compressed = got.into_stream().map(|bytes| bytes.map_err(Into::into)).boxed();
    let mut plain = compression
        .convert_stream(compressed)
        .map_err(|e| Error::corrupt(format!("{outer}: {e}")))?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < most {
        match plain.next().await {
            Some(Ok(more)) => bytes.extend_from_slice(&more),
            Some(Err(e)) => {
                let e = e.strip_backtrace();
                return Err(Error::corrupt(format!("{outer} cannot be decompressed: {e}")));
            }
            None => return Ok(Sample { bytes, at_end: true }),
        }
    }
    Ok(Sample { bytes, at_end: false })
}

/// The text of a table file that declares what was found out.
pub(in super::super) fn table_file(recipe: &TextRecipe, table: &str, source: &str) -> String {
    let mut text = format!(
        "# Columns of {table} as a sample of {source} shows them. With declared types a value that\n\
         # does not fit makes its record one of errors('{table}'), not an error of the statement.\n\
         on_error = \"divert\"\n"
    );
    if let Layout::Csv(dialect) = &recipe.layout {
        let delimiter = toml::Value::String(char::from(dialect.delimiter).to_string());
        text.push_str(&format!(
            "\n[options]\nheader    = {}\ndelimiter = {delimiter}\nmultiline = {}\n",
            dialect.header, dialect.multiline
        ));
    }
    for (at, column) in recipe.shape.columns.iter().enumerate() {
        let likely = recipe.likely.get(at).and_then(Option::as_ref);
        text.push_str("\n[[columns]]\n");
        if let Some(Likely { misfits, values, example, .. }) = likely {
            text.push_str(&format!(
                "# {misfits} of {values} sampled values do not fit this type, such as {example:?}\n"
            ));
        }
        let data_type = likely.map_or(&column.data_type, |likely| &likely.data_type);
        text.push_str(&format!(
            "name = {}\ntype = \"{}\"\n",
            toml::Value::String(column.name.clone()),
            type_text(data_type)
        ));
    }
    text
}
