//! Defaults of fields, as the bytes that a record would have for them.

use serde_json::Value;

use super::schema::{Kind, Schema, TypeId};

/// The bytes of a default; `None` where it is none of the type.
pub(super) fn encode(schema: &Schema, of: TypeId, value: &Value) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    append(schema, of, value, &mut out, DEEPEST)?;
    Some(out)
}

/// A default may lead to the one of a field that contains itself.
const DEEPEST: usize = 64;

fn append(
    schema: &Schema,
    of: TypeId,
    value: &Value,
    out: &mut Vec<u8>,
    depth: usize,
) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match (&schema.of(of).kind, value) {
        (Kind::Null, Value::Null) => {}
        (Kind::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Kind::Int, Value::Number(number)) => {
            long(i32::try_from(number.as_i64()?).ok()?.into(), out);
        }
        (Kind::Long, Value::Number(number)) => long(number.as_i64()?, out),
        (Kind::Float, Value::Number(number)) => {
            out.extend_from_slice(&(number.as_f64()? as f32).to_le_bytes());
        }
        (Kind::Double, Value::Number(number)) => {
            out.extend_from_slice(&number.as_f64()?.to_le_bytes());
        }
        (Kind::String, Value::String(text)) => bytes(text.as_bytes(), out),
        (Kind::Bytes, Value::String(text)) => bytes(&latin(text)?, out),
        (Kind::Fixed(size), Value::String(text)) => {
            let value = latin(text).filter(|value| value.len() == *size)?;
            out.extend_from_slice(&value);
        }
        (Kind::Enum(symbols), Value::String(text)) => {
            let at = symbols.all.iter().position(|symbol| symbol == text)?;
            long(i64::try_from(at).ok()?, out);
        }
        (Kind::Array(item), Value::Array(items)) => {
            if !items.is_empty() {
                long(i64::try_from(items.len()).ok()?, out);
                items.iter().try_for_each(|value| append(schema, *item, value, out, depth))?;
            }
            long(0, out);
        }
        (Kind::Map(of), Value::Object(entries)) => {
            if !entries.is_empty() {
                long(i64::try_from(entries.len()).ok()?, out);
                for (key, value) in entries {
                    bytes(key.as_bytes(), out);
                    append(schema, *of, value, out, depth)?;
                }
            }
            long(0, out);
        }
        (Kind::Union(branches), value) => {
            // Of the first branch by the specification; newer libraries take the first that fits.
            let (at, encoded) = branches.iter().enumerate().find_map(|(at, branch)| {
                let mut encoded = Vec::new();
                append(schema, *branch, value, &mut encoded, depth)?;
                Some((at, encoded))
            })?;
            long(i64::try_from(at).ok()?, out);
            out.extend_from_slice(&encoded);
        }
        (Kind::Record(fields), Value::Object(members)) => {
            for field in fields {
                let value = members.get(&field.name).or(field.default.as_ref())?;
                append(schema, field.of, value, out, depth)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// Bytes stand in JSON as the characters of their numbers.
fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    long(i64::try_from(value.len()).unwrap_or(i64::MAX), out);
    out.extend_from_slice(value);
}

/// A number of variable length.
pub(super) fn long(number: i64, out: &mut Vec<u8>) {
    let mut left = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while left >= 0x80 {
        // Seven bits, and that there are more.
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push((left & 0x7f) as u8);
}
