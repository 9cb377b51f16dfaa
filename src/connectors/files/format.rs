//! Which format a file has, by its name.

use datafusion_datasource::file_compression_type::FileCompressionType;
use object_store::path::Path;

use crate::error::{Error, Result};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Format {
    Parquet,
    Arrow,
    Orc,
    Avro,
    Csv,
    Json,
}

/// The extensions of each format. Case does not matter.
const EXTENSIONS: &[(&str, Format)] = &[
    ("parquet", Format::Parquet),
    ("parq", Format::Parquet),
    ("pq", Format::Parquet),
    ("arrow", Format::Arrow),
    ("feather", Format::Arrow),
    ("ipc", Format::Arrow),
    ("orc", Format::Orc),
    ("avro", Format::Avro),
    ("csv", Format::Csv),
    ("tsv", Format::Csv),
    ("json", Format::Json),
    ("ndjson", Format::Json),
    ("jsonl", Format::Json),
];

/// The extensions that stand behind another one, for text that was compressed as a whole.
const COMPRESSIONS: &[(&str, FileCompressionType)] = &[
    ("gz", FileCompressionType::GZIP),
    ("zst", FileCompressionType::ZSTD),
    ("bz2", FileCompressionType::BZIP2),
    ("xz", FileCompressionType::XZ),
];

/// A name without the extension of its compression, and that compression.
pub(super) fn uncompressed(name: &str) -> (&str, FileCompressionType) {
    if let Some((rest, extension)) = name.rsplit_once('.')
        && let Some((_, kind)) =
            COMPRESSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension))
    {
        return (rest, *kind);
    }
    (name, FileCompressionType::UNCOMPRESSED)
}

impl Format {
    /// The format that a file name says; `None` when it says none.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (name, compression) = uncompressed(name);
        let (_, extension) = name.rsplit_once('.')?;
        let known = EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension));
        let format = known.map(|(_, format)| *format)?;
        (format.is_text() || compression == FileCompressionType::UNCOMPRESSED).then_some(format)
    }

    /// The format of a name in `format = "…"`.
    pub(super) fn parse(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "parquet" => Ok(Self::Parquet),
            "arrow" => Ok(Self::Arrow),
            "orc" => Ok(Self::Orc),
            "avro" => Ok(Self::Avro),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(Error::config(format!("unknown format `{name}`"))
                .with_hint("known formats: parquet, orc, avro, arrow, csv, json")),
        }
    }

    /// As people write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Orc => "orc",
            Self::Avro => "avro",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// Whether its files are text, in which single records can be bad.
    pub(super) fn is_text(self) -> bool {
        match self {
            Self::Csv | Self::Json => true,
            Self::Parquet | Self::Arrow | Self::Orc | Self::Avro => false,
        }
    }

    /// The one format of a table's files.
    ///
    /// # Errors
    /// `Config` when there are several, naming a file of each.
    pub(super) fn of_files<'a>(files: impl Iterator<Item = &'a Path>) -> Result<Option<Self>> {
        let mut seen: Vec<(Self, &Path)> = Vec::new();
        for path in files {
            if let Some(format) = path.filename().and_then(Self::of_name)
                && !seen.iter().any(|(known, _)| *known == format)
            {
                seen.push((format, path));
            }
        }
        match seen.as_slice() {
            [] => Ok(None),
            [(format, _)] => Ok(Some(*format)),
            several => {
                let names: Vec<_> = several
                    .iter()
                    .map(|(format, path)| format!("{} ({path})", format.name()))
                    .collect();
                Err(Error::config(format!("files of several formats: {}", names.join(", ")))
                    .with_hint("keep one format per folder, or declare `location` with a pattern such as *.parquet"))
            }
        }
    }
}

/// The table name of a data file: its name without the extensions that are known.
pub(super) fn stem(name: &str) -> Option<&str> {
    Format::of_name(name)?;
    let (name, _) = uncompressed(name);
    name.rsplit_once('.').map(|(stem, _)| stem).filter(|stem| !stem.is_empty())
}
