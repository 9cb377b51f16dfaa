//! What JSON records seem to hold, from a sample of a file's first bytes.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};

use super::array::ArraySplitter;
use super::scan::{Wrong, elements, members, skip_space};
use crate::error::{Error, Result};
use crate::stream::decode::csv::byte_order_mark;
use crate::stream::decode::csv::infer::{one, unite};
use crate::stream::decode::shape::Column;

/// The most keys of one object that become columns or fields; more are rather values.
const MEMBERS: usize = 1024;

/// How records stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonLayout {
    /// One object per line.
    Lines,
    /// The elements of one array.
    Array,
}

/// What [`infer_json`] has found.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonGuess {
    /// How records stand in the file.
    pub layout: JsonLayout,
    /// The keys of the records in the order in which they first occur.
    pub columns: Vec<Column>,
}

/// Guesses columns: objects are STRUCTs, arrays LISTs, objects of more than
/// 1,024 keys text, strings that all are dates or timestamps
/// are those. Where types conflict, and for figures of more than 18 digits, the column is text and
/// holds what is written. `at_end` says that `sample` is the whole file; otherwise its last record
/// is not looked at. Broken records are passed over.
///
/// # Errors
/// `Corrupt` if the sample begins like an array and is none, `Unsupported` if its records have more
/// than 1,024 keys.
pub fn infer_json(sample: &[u8], at_end: bool) -> Result<JsonGuess> {
    let body = sample.get(byte_order_mark(sample)..).unwrap_or_default();
    let is_array = body.get(skip_space(body, 0)) == Some(&b'[');
    let mut all = Guess::Unknown;
    if is_array {
        let split = ArraySplitter::default().split(body, at_end)?;
        for range in split.records {
            all.see_record(body.get(range).unwrap_or_default());
        }
    } else {
        let whole = if at_end { body.len() } else { memchr::memrchr(b'\n', body).unwrap_or(0) };
        let body = body.get(..whole).unwrap_or_default();
        for line in body.split(|&byte| byte == b'\n') {
            all.see_record(line);
        }
    }
    let columns = match all {
        Guess::Object(members) => {
            members.into_iter().map(|(name, guess)| Column::new(name, guess.data_type())).collect()
        }
        Guess::Text => {
            return Err(Error::unsupported(format!("records have more than {MEMBERS} keys"))
                .with_hint("declare the columns in a table file"));
        }
        Guess::Unknown | Guess::Scalar(_) | Guess::Array(_) => Vec::new(),
    };
    let layout = if is_array { JsonLayout::Array } else { JsonLayout::Lines };
    Ok(JsonGuess { layout, columns })
}

/// What the values of one key have in common.
#[derive(Clone, Debug, PartialEq)]
enum Guess {
    /// Nothing but NULL was seen.
    Unknown,
    Scalar(DataType),
    Object(Vec<(String, Guess)>),
    Array(Box<Guess>),
    /// Text, or what has nothing in common.
    Text,
}

impl Guess {
    fn see_record(&mut self, record: &[u8]) {
        let start = skip_space(record, 0);
        if record.get(start) != Some(&b'{') || std::str::from_utf8(record).is_err() {
            return;
        }
        if let Ok((guess, end)) = object(record, start)
            && skip_space(record, end) == record.len()
        {
            let before = std::mem::replace(self, Self::Unknown);
            *self = before.join(guess);
        }
    }

    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, guess) | (guess, Self::Unknown) => guess,
            (Self::Scalar(one), Self::Scalar(other)) => {
                unite(one, other).map_or(Self::Text, Self::Scalar)
            }
            (Self::Array(one), Self::Array(other)) => Self::Array(Box::new(one.join(*other))),
            (Self::Object(mut all), Self::Object(members)) => {
                for (index, (name, guess)) in members.into_iter().enumerate() {
                    // Records mostly have their keys in one order.
                    let known = match all.get(index) {
                        Some((known, _)) if *known == name => Some(index),
                        _ => all.iter().position(|(known, _)| *known == name),
                    };
                    if let Some((_, known)) = known.and_then(|known| all.get_mut(known)) {
                        let before = std::mem::replace(known, Self::Unknown);
                        *known = before.join(guess);
                    } else if all.len() == MEMBERS {
                        return Self::Text;
                    } else {
                        all.push((name, guess));
                    }
                }
                Self::Object(all)
            }
            _ => Self::Text,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Unknown | Self::Text => DataType::Utf8,
            Self::Scalar(data_type) => data_type,
            // An object that never had a member would have no column to show.
            Self::Object(members) if members.is_empty() => DataType::Utf8,
            Self::Object(members) => {
                let field =
                    |(name, guess): (String, Self)| Field::new(name, guess.data_type(), true);
                DataType::Struct(members.into_iter().map(field).collect::<Fields>())
            }
            Self::Array(element) => {
                DataType::List(Arc::new(Field::new("item", element.data_type(), true)))
            }
        }
    }
}

fn object(text: &[u8], at: usize) -> Result<(Guess, usize), Wrong> {
    let (mut found, mut scratch) = (Vec::new(), Vec::new());
    let end = members(text, at, 0, |key, value| {
        let name = String::from_utf8_lossy(key.plain(text, &mut scratch)).into_owned();
        found.push((name, guess(value.bytes(text))?));
        Ok::<(), Wrong>(())
    })?;
    Ok((Guess::Object(Vec::new()).join(Guess::Object(found)), end))
}

fn guess(text: &[u8]) -> Result<Guess, Wrong> {
    Ok(match text.first() {
        None | Some(b'n') => Guess::Unknown,
        Some(b'{') => object(text, 0)?.0,
        Some(b'[') => {
            let mut all = Guess::Unknown;
            elements(text, 0, 0, |raw| {
                let before = std::mem::replace(&mut all, Guess::Unknown);
                all = before.join(guess(raw.bytes(text))?);
                Ok::<(), Wrong>(())
            })?;
            Guess::Array(Box::new(all))
        }
        Some(b't' | b'f') => Guess::Scalar(DataType::Boolean),
        Some(b'"') => {
            let inner = text.get(1..text.len() - 1).unwrap_or_default();
            match std::str::from_utf8(inner).ok().and_then(|inner| one(inner, false)) {
                Some(it) if it.is_temporal() => Guess::Scalar(it),
                _ => Guess::Text,
            }
        }
        Some(_) => std::str::from_utf8(text)
            .ok()
            .and_then(|number| one(number, false))
            .map_or(Guess::Text, Guess::Scalar),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values_conflicts_and_dates_are_found() {
        let sample = br#"{"id":1,"tags":["a"],"pos":{"x":1},"at":"2024-01-01","mix":1,"no":null}
broken
{"id":2.5,"pos":{"y":"n"},"at":"2024-01-02","mix":"a","big":12345678901234567890}
{"id":3,"cut"#;
        let guess = infer_json(sample, false).unwrap();
        let columns: Vec<String> = guess
            .columns
            .iter()
            .map(|column| format!("{} {}", column.name, column.data_type))
            .collect();
        assert_eq!(guess.layout, JsonLayout::Lines);
        let pos = DataType::Struct(Fields::from(vec![
            Field::new("x", DataType::Int64, true),
            Field::new("y", DataType::Utf8, true),
        ]));
        let tags = DataType::List(Arc::new(Field::new("item", DataType::Utf8, true)));
        let expected = [
            "id Float64".to_owned(),
            format!("tags {tags}"),
            format!("pos {pos}"),
            "at Date32".to_owned(),
            "mix Utf8".to_owned(),
            "no Utf8".to_owned(),
            "big Utf8".to_owned(),
        ];
        assert_eq!(columns, expected);
    }

    #[test]
    fn an_array_is_noticed() {
        let guess = infer_json(b" [{\"a\":true},\n{\"a\":false", false).unwrap();
        assert_eq!(guess.layout, JsonLayout::Array);
        assert_eq!(guess.columns, [Column::new("a", DataType::Boolean)]);
        assert_eq!(infer_json(b"", true).unwrap().columns, []);
    }
}
