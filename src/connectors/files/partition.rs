//! Hive partitions: folders named `key=value` are columns.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use object_store::path::Path;

use crate::error::{Error, Result};

/// What Hive writes for NULL.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A folder's `key=value`, decoded; `None` for other folders.
pub(super) fn key_value(folder: &str) -> Option<(String, Option<String>)> {
    let (key, value) = folder.split_once('=')?;
    if key.is_empty() {
        return None;
    }
    let value = (value != HIVE_NULL).then(|| percent_decoded(value));
    Some((percent_decoded(key), value))
}

/// The name of the folder of a value, which [`key_value`] reads back.
pub(super) fn folder_name(key: &str, value: Option<&str>) -> String {
    let mut name = percent_encoded(key);
    name.push('=');
    name.push_str(&value.map_or_else(|| HIVE_NULL.to_owned(), percent_encoded));
    name
}

/// What Hive escapes in names of folders, and everything that cannot be printed.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_control() || "\"#%'*/:=?\\{}[]^".contains(letter) {
            out.push_str(&format!("%{:02X}", u32::from(letter)));
        } else {
            out.push(letter);
        }
    }
    out
}

/// Hive escapes `/`, `=`, `%` and their like as `%XX`; anything else stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The partition pairs of a file below the table's root, outermost first.
pub(super) fn pairs(root: &Path, file: &Path) -> Vec<(String, Option<String>)> {
    let mut parts: Vec<_> = file.parts().collect();
    parts.pop();
    pairs_of_folder(root, &Path::from_iter(parts))
}

/// The partition pairs of a folder below the table's root, its own included, outermost first.
pub(super) fn pairs_of_folder(root: &Path, folder: &Path) -> Vec<(String, Option<String>)> {
    let parts = folder.prefix_match(root).into_iter().flatten();
    parts.filter_map(|part| key_value(part.as_ref())).collect()
}

/// The partition columns that a set of files shows.
///
/// DATE only if all values are ISO dates, BIGINT only if all are integers without leading zeros,
/// else VARCHAR.
///
/// # Errors
/// `Config` when files differ in their partition keys.
pub(super) fn infer(root: &Path, files: &[&Path]) -> Result<Vec<FieldRef>> {
    let Some(first) = files.first() else { return Ok(vec![]) };
    let keys: Vec<String> = pairs(root, first).into_iter().map(|(key, _)| key).collect();
    let mut types = vec![None; keys.len()];
    for file in files {
        let pairs = pairs(root, file);
        if pairs.len() != keys.len()
            || pairs.iter().zip(&keys).any(|((key, _), known)| key != known)
        {
            return Err(Error::config(format!(
                "{file} is not partitioned by {} as {first} is",
                if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
            ))
            .with_hint("partition folders (key=value) must be the same for all files of a table"));
        }
        for ((_, value), data_type) in pairs.iter().zip(&mut types) {
            if let Some(value) = value {
                let fits = value_type(value);
                *data_type = Some(match data_type.take() {
                    None => fits,
                    Some(known) if known == fits => fits,
                    Some(_) => DataType::Utf8,
                });
            }
        }
    }
    let field = |(key, data_type): (&String, Option<DataType>)| {
        std::sync::Arc::new(Field::new(key, data_type.unwrap_or(DataType::Utf8), true))
    };
    Ok(keys.iter().zip(types).map(field).collect())
}

fn value_type(value: &str) -> DataType {
    if chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok() && value.len() == 10 {
        return DataType::Date32;
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if whole && (digits == "0" || !digits.starts_with('0')) && value.parse::<i64>().is_ok() {
        return DataType::Int64;
    }
    DataType::Utf8
}

/// The value of a partition column in a folder.
///
/// # Errors
/// `Corrupt` when the text does not fit the column's type, naming the folder.
pub(super) fn value(field: &Field, text: Option<&str>, folder: &Path) -> Result<ScalarValue> {
    let null =
        || ScalarValue::try_from(field.data_type()).map_err(|e| Error::internal(e.to_string()));
    let Some(text) = text else { return null() };
    let value = ScalarValue::Utf8(Some(text.to_owned())).cast_to(field.data_type());
    value.map_err(|_| {
        Error::corrupt(format!(
            "partition {}={text} of {folder} is not {}",
            field.name(),
            field.data_type()
        ))
        .with_hint(format!(
            "declare the partition column in a table file: [[partitions]] name = \"{}\" type = \"VARCHAR\"",
            field.name()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_folder_reads_back_as_its_value() {
        for value in [None, Some(""), Some("a/b"), Some("50 %=x"), Some("Köln#1"), Some("a\nb")] {
            let name = folder_name("k=y", value);
            assert_eq!(key_value(&name), Some(("k=y".to_owned(), value.map(str::to_owned))));
            assert!(!name.contains('/'));
        }
    }
}
