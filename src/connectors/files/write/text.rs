//! CSV lines and the compression of text files.
//!
//! CSV is written here and not by arrow's writer, which gives NULL and the empty text the same
//! bytes and refuses nested values. NULL is nothing between two delimiters, an empty text is `""`,
//! nested values are JSON.

use std::io::{self, Write};

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use flate2::write::GzEncoder;

use super::options::TextCompression;

/// Bytes on their way, compressed or not.
pub(super) enum Compressor<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Compressor<W> {
    /// A compressor into `out`.
    pub(super) fn new(compression: TextCompression, out: W) -> io::Result<Self> {
        Ok(match compression {
            TextCompression::None => Self::None(out),
            TextCompression::Gzip => {
                Self::Gzip(GzEncoder::new(out, flate2::Compression::default()))
            }
            TextCompression::Zstd => Self::Zstd(zstd::stream::write::Encoder::new(out, 0)?),
        })
    }

    /// Writes what a compressed file ends with.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::None(_) => Ok(()),
            Self::Gzip(encoder) => encoder.finish().map(drop),
            Self::Zstd(encoder) => encoder.finish().map(drop),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes batches as CSV.
pub(super) struct CsvLines<W: Write> {
    out: Compressor<W>,
    delimiter: u8,
    null: String,
    line: Vec<u8>,
}

/// How one column's values become text.
enum Column<'a> {
    Plain(ArrayFormatter<'a>),
    Nested(NullableEncoder<'a>),
}

impl<W: Write> CsvLines<W> {
    /// Lines into `out`; with `header`, the names of the columns first.
    pub(super) fn new(
        out: Compressor<W>,
        schema: &SchemaRef,
        header: bool,
        delimiter: u8,
        null: String,
    ) -> Result<Self, ArrowError> {
        let mut lines = Self { out, delimiter, null, line: Vec::new() };
        if header {
            for (at, field) in schema.fields().iter().enumerate() {
                lines.delimit(at);
                lines.field(field.name().as_bytes());
            }
            lines.end()?;
        }
        Ok(lines)
    }

    /// Writes the rows of a batch.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let formats = FormatOptions::new();
        let nested = EncoderOptions::default().with_explicit_nulls(true);
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let mut columns = columns
            .map(|(field, array)| column(field, array.as_ref(), &formats, &nested))
            .collect::<Result<Vec<_>, _>>()?;
        let mut text = Vec::new();
        for row in 0..batch.num_rows() {
            for (at, (column, array)) in columns.iter_mut().zip(batch.columns()).enumerate() {
                self.delimit(at);
                // A dictionary's or a union's own nulls count as well.
                if array.is_null(row)
                    || array.logical_nulls().is_some_and(|nulls| nulls.is_null(row))
                {
                    self.line.extend_from_slice(self.null.as_bytes());
                    continue;
                }
                text.clear();
                match column {
                    Column::Plain(formatter) => {
                        write!(text, "{}", formatter.value(row).try_to_string()?)?
                    }
                    Column::Nested(encoder) => encoder.encode(row, &mut text),
                }
                self.field(&text);
            }
            self.end()?;
        }
        Ok(())
    }

    fn delimit(&mut self, at: usize) {
        if at > 0 {
            self.line.push(self.delimiter);
        }
    }

    /// One value, in quotes where it could be misread without.
    fn field(&mut self, text: &[u8]) {
        let special = |byte: &u8| *byte == self.delimiter || b"\"\r\n".contains(byte);
        if text.is_empty() || text == self.null.as_bytes() || text.iter().any(special) {
            self.line.push(b'"');
            for byte in text {
                if *byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(*byte);
            }
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(text);
        }
    }

    fn end(&mut self) -> Result<(), ArrowError> {
        self.line.push(b'\n');
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(self) -> Result<(), ArrowError> {
        Ok(self.out.finish()?)
    }
}

fn column<'a>(
    field: &'a FieldRef,
    array: &'a dyn Array,
    formats: &FormatOptions<'a>,
    nested: &'a EncoderOptions,
) -> Result<Column<'a>, ArrowError> {
    match array.data_type() {
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Struct(_)
        | DataType::Map(..) => make_encoder(field, array, nested).map(Column::Nested),
        _ => ArrayFormatter::try_new(array, formats).map(Column::Plain),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array, ListArray, StringArray};
    use datafusion::arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn null_and_the_empty_text_differ_and_nested_values_are_json() {
        let names = StringArray::from(vec![Some("a,\"b\""), Some(""), None]);
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            Some(vec![]),
            None,
        ]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
            ("name", Arc::new(names)),
            ("list", Arc::new(lists)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut out = Vec::new();
        let plain = Compressor::None(&mut out);
        let mut lines = CsvLines::new(plain, &batch.schema(), true, b',', String::new()).unwrap();
        lines.write(&batch).unwrap();
        lines.finish().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "n,name,list\n1,\"a,\"\"b\"\"\",\"[1,null]\"\n2,\"\",[]\n3,,\n"
        );
    }
}
