//! What a statement says about new files: format, compression, and the keys of `OPTIONS (…)`.

use arrow_avro::compression::CompressionCodec as AvroCodec;
use datafusion::arrow::ipc::CompressionType;
use orc_rust::compression::CompressionType as OrcCompression;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};

use crate::error::{Error, Result};
use crate::spi::WriteOptions;

/// The rows of a row group where the statement does not say it.
const ROW_GROUP_ROWS: usize = 1024 * 1024;

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteFormat {
    Parquet,
    Csv,
    Json,
    Arrow,
    Avro,
    Orc,
}

/// Formats by the names that statements use, and the extension of their files first.
const FORMATS: &[(WriteFormat, &[&str])] = &[
    (WriteFormat::Parquet, &["parquet", "parq", "pq"]),
    (WriteFormat::Csv, &["csv", "tsv"]),
    (WriteFormat::Json, &["json", "ndjson", "jsonl"]),
    (WriteFormat::Arrow, &["arrow", "feather", "ipc"]),
    (WriteFormat::Avro, &["avro"]),
    (WriteFormat::Orc, &["orc"]),
];

/// Compressions of whole text files, by extension and by name.
const TEXT_COMPRESSIONS: &[(&str, &str)] = &[("gz", "gzip"), ("zst", "zstd")];

impl WriteFormat {
    fn of(name: &str) -> Option<Self> {
        let known = |names: &&[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        FORMATS.iter().find(|(_, names)| known(names)).map(|(format, _)| *format)
    }

    /// The format of a name.
    ///
    /// # Errors
    /// `Sql`, with the names there are.
    pub(super) fn parse(name: &str) -> Result<Self> {
        Self::of(name).ok_or_else(|| {
            Error::sql(format!("unknown format `{name}`"))
                .with_hint("known formats: parquet, csv, json, arrow, avro, orc")
        })
    }

    /// As people write it, and as files end.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Arrow => "arrow",
            Self::Avro => "avro",
            Self::Orc => "orc",
        }
    }

    /// As a sentence has it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Arrow => "Arrow",
            Self::Avro => "Avro",
            Self::Orc => "ORC",
        }
    }

    /// Whether files of this format are text.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json)
    }
}

/// How text files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextCompression {
    None,
    Gzip,
    Zstd,
}

/// How files are written.
#[derive(Clone, Debug)]
pub(super) enum Encoding {
    Parquet { compression: Compression, row_group_rows: usize },
    Csv { header: bool, delimiter: u8, null: String, compression: TextCompression },
    Json { compression: TextCompression },
    Arrow { compression: Option<CompressionType> },
    Avro { compression: Option<AvroCodec> },
    Orc { compression: Option<OrcCompression> },
}

impl Encoding {
    /// The encoding of a format where nothing else is said.
    ///
    /// # Errors
    /// None for the formats there are.
    pub(super) fn plain(format: WriteFormat) -> Result<Self> {
        Keys::default().encoding(format, None)
    }

    /// Of which format the files are.
    pub(super) fn format(&self) -> WriteFormat {
        match self {
            Self::Parquet { .. } => WriteFormat::Parquet,
            Self::Csv { .. } => WriteFormat::Csv,
            Self::Json { .. } => WriteFormat::Json,
            Self::Arrow { .. } => WriteFormat::Arrow,
            Self::Avro { .. } => WriteFormat::Avro,
            Self::Orc { .. } => WriteFormat::Orc,
        }
    }

    /// How file names end.
    pub(super) fn extension(&self) -> String {
        let format = self.format();
        let compression = match self {
            Self::Csv { compression, .. } | Self::Json { compression } => *compression,
            Self::Parquet { .. } | Self::Arrow { .. } | Self::Avro { .. } | Self::Orc { .. } => {
                TextCompression::None
            }
        };
        match compression {
            TextCompression::None => format.name().to_owned(),
            TextCompression::Gzip => format!("{}.gz", format.name()),
            TextCompression::Zstd => format!("{}.zst", format.name()),
        }
    }
}

/// What a statement wants of new files.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) encoding: Encoding,
    /// Whether the target is one file: its name has an extension and nothing is partitioned.
    pub(super) single: bool,
    /// Whether what a folder holds is replaced.
    pub(super) overwrite: bool,
}

/// The keys as they were given.
#[derive(Default)]
struct Keys {
    compression: Option<String>,
    header: Option<bool>,
    delimiter: Option<u8>,
    null: Option<String>,
    row_group_rows: Option<usize>,
    overwrite: bool,
}

impl Wanted {
    /// Reads what a statement says about `target`, the last part of a path, with its `/` if it has
    /// one.
    ///
    /// # Errors
    /// `Sql` for what is not known or contradicts itself.
    pub(super) fn read(target: &str, options: &WriteOptions) -> Result<Self> {
        let keys = Keys::read(&options.options)?;
        let (bare, squeezed) = match target.rsplit_once('.') {
            Some((bare, end)) => {
                let known = TEXT_COMPRESSIONS.iter().find(|(known, _)| known == &end);
                known.map_or((target, None), |(_, name)| (bare, Some(*name)))
            }
            None => (target, None),
        };
        let extension = bare.rsplit_once('.').map(|(_, end)| end).filter(|end| !end.is_empty());
        let named = extension.and_then(WriteFormat::of);
        let single = extension.is_some() && options.partitioned_by.is_empty();
        let format = match (&options.format, named) {
            (Some(format), named) => {
                let format = WriteFormat::parse(format)?;
                if let Some(named) = named.filter(|named| single && *named != format) {
                    return Err(Error::sql(format!(
                        "{target} is named as {} and would be {}",
                        named.name(),
                        format.name()
                    ))
                    .with_hint("say the format once, or the same twice"));
                }
                format
            }
            (None, Some(named)) => named,
            (None, None) if single => {
                return Err(Error::sql(format!("{target} does not say its format")).with_hint(
                    "add (FORMAT parquet), or end the name in .parquet, .csv, .json, .arrow, .avro or .orc",
                ));
            }
            (None, None) => WriteFormat::Parquet,
        };
        let delimiter = extension.filter(|end| end.eq_ignore_ascii_case("tsv")).map(|_| b'\t');
        let overwrite = keys.overwrite;
        let keys = Keys { delimiter: keys.delimiter.or(delimiter), ..keys };
        let encoding = keys.encoding(format, squeezed.filter(|_| single))?;
        if single && format.is_text() {
            let ends = encoding.extension();
            let wrong = match (squeezed, ends.rsplit_once('.')) {
                (None, Some((_, end))) => Some(format!("{target}.{end}")),
                (Some(_), None) => Some(bare.to_owned()),
                _ => None,
            };
            if let Some(name) = wrong {
                return Err(Error::sql(format!("the name {target} does not say its compression"))
                    .with_hint(format!("write to {name}")));
            }
        }
        Ok(Self { encoding, single, overwrite })
    }
}

impl Keys {
    fn read(options: &[(String, String)]) -> Result<Self> {
        let mut keys = Self::default();
        for (key, value) in options {
            let wrong =
                |wanted: &str| Error::sql(format!("option {key}: `{value}` is not {wanted}"));
            match key.strip_prefix("format.").unwrap_or(key) {
                "compression" | "codec" => keys.compression = Some(value.to_ascii_lowercase()),
                "header" | "has_header" => {
                    keys.header = Some(truth(value).ok_or_else(|| wrong("true or false"))?);
                }
                "overwrite" => {
                    keys.overwrite = truth(value).ok_or_else(|| wrong("true or false"))?;
                }
                "delimiter" | "delim" | "sep" => {
                    let byte = match value.as_bytes() {
                        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => *byte,
                        b"\\t" => b'\t',
                        _ => return Err(wrong("one ASCII character")),
                    };
                    keys.delimiter = Some(byte);
                }
                "null" | "nullstr" => keys.null = Some(value.clone()),
                "row_group_size" => {
                    let rows = value.parse().ok().filter(|rows| *rows > 0);
                    keys.row_group_rows = Some(rows.ok_or_else(|| wrong("a number of rows"))?);
                }
                _ => {
                    return Err(Error::sql(format!("unknown option `{key}`")).with_hint(
                        "known: format, compression, partition_by, overwrite; of csv header, delimiter, null; of parquet row_group_size",
                    ));
                }
            }
        }
        Ok(keys)
    }

    fn encoding(self, format: WriteFormat, squeezed: Option<&str>) -> Result<Encoding> {
        let given = [
            (self.header.is_some(), "header", WriteFormat::Csv),
            (self.delimiter.is_some(), "delimiter", WriteFormat::Csv),
            (self.null.is_some(), "null", WriteFormat::Csv),
            (self.row_group_rows.is_some(), "row_group_size", WriteFormat::Parquet),
        ];
        if let Some((_, key, of)) = given.iter().find(|(given, _, of)| *given && *of != format) {
            return Err(Error::sql(format!(
                "option {key} is for {} and the format is {}",
                of.name(),
                format.name()
            )));
        }
        let name = self.compression.as_deref();
        Ok(match format {
            WriteFormat::Parquet => Encoding::Parquet {
                compression: parquet_compression(name)?,
                row_group_rows: self.row_group_rows.unwrap_or(ROW_GROUP_ROWS),
            },
            WriteFormat::Csv => Encoding::Csv {
                header: self.header.unwrap_or(true),
                delimiter: self.delimiter.unwrap_or(b','),
                null: self.null.unwrap_or_default(),
                compression: text_compression(name.or(squeezed))?,
            },
            WriteFormat::Json => {
                Encoding::Json { compression: text_compression(name.or(squeezed))? }
            }
            WriteFormat::Arrow => Encoding::Arrow {
                compression: match name {
                    None | Some("none" | "uncompressed") => None,
                    Some("lz4") => Some(CompressionType::LZ4_FRAME),
                    Some("zstd") => Some(CompressionType::ZSTD),
                    Some(other) => return Err(unknown(other, format, "none, lz4, zstd")),
                },
            },
            WriteFormat::Avro => Encoding::Avro {
                compression: match name {
                    // What every reader of Avro must have.
                    None | Some("deflate") => Some(AvroCodec::Deflate),
                    Some("snappy") => Some(AvroCodec::Snappy),
                    Some("zstd" | "zstandard") => Some(AvroCodec::ZStandard),
                    Some("bzip2") => Some(AvroCodec::Bzip2),
                    Some("xz") => Some(AvroCodec::Xz),
                    Some("none" | "uncompressed" | "null") => None,
                    Some(other) => {
                        let known = "deflate, snappy, zstd, bzip2, xz, none";
                        return Err(unknown(other, format, known));
                    }
                },
            },
            WriteFormat::Orc => Encoding::Orc {
                compression: match name {
                    None | Some("zlib") => Some(OrcCompression::Zlib),
                    Some("snappy") => Some(OrcCompression::Snappy),
                    Some("lz4") => Some(OrcCompression::Lz4),
                    Some("zstd") => Some(OrcCompression::Zstd),
                    Some("none" | "uncompressed") => None,
                    Some(other) => {
                        return Err(unknown(other, format, "zlib, snappy, lz4, zstd, none"));
                    }
                },
            },
        })
    }
}

fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        // A key without a value, as in (FORMAT csv, HEADER).
        "" | "true" | "on" | "1" => Some(true),
        "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn unknown(compression: &str, format: WriteFormat, known: &str) -> Error {
    Error::sql(format!("{} cannot be compressed with `{compression}`", format.name()))
        .with_hint(format!("known: {known}"))
}

fn parquet_compression(name: Option<&str>) -> Result<Compression> {
    Ok(match name {
        None | Some("zstd") => Compression::ZSTD(ZstdLevel::default()),
        Some("snappy") => Compression::SNAPPY,
        Some("gzip") => Compression::GZIP(GzipLevel::default()),
        Some("brotli") => Compression::BROTLI(BrotliLevel::default()),
        Some("lz4" | "lz4_raw") => Compression::LZ4_RAW,
        Some("none" | "uncompressed") => Compression::UNCOMPRESSED,
        Some(other) => {
            let known = "zstd, snappy, gzip, brotli, lz4, none";
            return Err(unknown(other, WriteFormat::Parquet, known));
        }
    })
}

fn text_compression(name: Option<&str>) -> Result<TextCompression> {
    Ok(match name {
        None | Some("none" | "uncompressed") => TextCompression::None,
        Some("gzip" | "gz") => TextCompression::Gzip,
        Some("zstd" | "zst") => TextCompression::Zstd,
        Some(other) => return Err(unknown(other, WriteFormat::Csv, "none, gzip, zstd")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str, options: &[(&str, &str)]) -> Result<Wanted> {
        let options: Vec<_> =
            options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Wanted::read(target, &WriteOptions { options, ..WriteOptions::default() })
    }

    #[test]
    fn the_name_of_a_target_says_what_it_is() {
        for (target, single, extension) in [
            ("a.parquet", true, "parquet"),
            ("a.b.CSV", true, "csv"),
            ("a.ndjson.gz", true, "json.gz"),
            ("a.tsv.zst", true, "csv.zst"),
            ("folder", false, "parquet"),
        ] {
            let wanted = read(target, &[]).unwrap();
            assert_eq!((wanted.single, wanted.encoding.extension().as_str()), (single, extension));
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (target, options, message) in [
            ("a.dat", vec![], "a.dat does not say its format"),
            ("a.csv", vec![("compression", "gzip")], "the name a.csv does not say its compression"),
            (
                "a.csv.gz",
                vec![("compression", "none")],
                "the name a.csv.gz does not say its compression",
            ),
            (
                "a.parquet",
                vec![("header", "true")],
                "option header is for csv and the format is parquet",
            ),
            ("a.parquet", vec![("compression", "lzo")], "parquet cannot be compressed with `lzo`"),
            ("a.csv", vec![("colour", "red")], "unknown option `colour`"),
            ("a.csv", vec![("header", "maybe")], "option header: `maybe` is not true or false"),
        ] {
            assert_eq!(read(target, &options).unwrap_err().message(), message);
        }
    }
}
