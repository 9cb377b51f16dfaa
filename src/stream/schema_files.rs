//! Schemas that a table file has: as text, or as the path of a file from its folder.

use std::ffi::OsStr;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::decode::protobuf::{DESCRIPTORS, imports};
use super::schemas::SchemaText;
use crate::error::{Error, Result};
use crate::spi::TomlText;

/// Reads schemas of a kind (`AVRO`, `PROTOBUF`) that a key of a table file has.
///
/// # Errors
/// `Config` for a file that cannot be read, or is no text where one is asked for.
pub fn schemas_of(
    kind: &str,
    given: &[String],
    file: Option<&TomlText>,
    key: &str,
) -> Result<Vec<SchemaText>> {
    let folder = file.and_then(|text| text.path().parent());
    let folder = folder.map(Path::to_owned).unwrap_or_default();
    let wrong = |message: String| match file {
        Some(file) => file.wrong(format_args!("{key}: {message}")),
        None => Error::config(format!("{key}: {message}")),
    };
    let bytes_of =
        |path: &Path| std::fs::read(path).map_err(|e| wrong(format!("{}: {e}", path.display())));
    let text_of = |path: &Path| {
        let text = String::from_utf8(bytes_of(path)?);
        text.map_err(|_| wrong(format!("{}: no text of UTF-8", path.display())))
    };
    let read = |text: &String| {
        let ending = Path::new(text).extension().and_then(OsStr::to_str).unwrap_or_default();
        let is_path = !text.contains(['\n', '{', ';', '"']);
        let schema = match (kind, ending) {
            ("PROTOBUF", "desc" | "pb" | "binpb" | "protoset") if is_path => {
                let bytes = bytes_of(&folder.join(text))?;
                return Ok(SchemaText::alone(DESCRIPTORS, BASE64_STANDARD.encode(bytes)));
            }
            (_, "avsc" | "proto" | "json") if is_path => {
                SchemaText::alone(kind, text_of(&folder.join(text))?)
            }
            _ => SchemaText::alone(kind, text),
        };
        if kind != "PROTOBUF" {
            return Ok(schema);
        }
        // Imports begin where the file is, or at the table file.
        let beside = folder.join(if is_path { text } else { "-" });
        let beside = beside.parent().map(Path::to_owned).unwrap_or_default();
        let references = imports(&schema.text, &|name| text_of(&beside.join(name)))?;
        Ok(SchemaText { references, ..schema })
    };
    given.iter().map(read).collect()
}
