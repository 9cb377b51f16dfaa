//! What a CSV file seems to be, from a sample of its first bytes.
//!
//! Whole numbers with leading zeros or more than 18 digits stay text, since they are names or would
//! lose digits; numbers with a fraction are DOUBLE, and so are whole ones among them.

use arrow::datatypes::{DataType, TimeUnit};

use super::header::texts;
use super::tokens::{Found, Tokens, Width};
use super::{CsvDialect, distinct_names, header};
use crate::error::Result;
use crate::stream::decode::TextEncoding;
use crate::stream::decode::cell::temporal::{iso_date, iso_time, iso_timestamp};
use crate::stream::decode::shape::Column;

/// What [`infer_csv`] has found.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvGuess {
    /// The dialect that was asked for, with delimiter, header and multiline as found.
    pub dialect: CsvDialect,
    /// The columns; text where nothing else fits.
    pub columns: Vec<Column>,
    /// For each column, the type that nine of ten values have where some do not: what a table file
    /// would declare, so that the others are bad values and not a reason to call it all text.
    pub likely: Vec<Option<Likely>>,
}

/// A type that most values of a column have.
#[derive(Clone, Debug, PartialEq)]
pub struct Likely {
    /// The type.
    pub data_type: DataType,
    /// How many values were looked at.
    pub values: usize,
    /// How many of them do not have it.
    pub misfits: usize,
    /// The first of those.
    pub example: String,
}

/// Guesses delimiter (unless one is given), whether there is a header (unless `header` says so),
/// names, types, and whether quoted fields hold line ends. `at_end` says that `sample` is the
/// whole file; otherwise its last line is not looked at.
///
/// Where all columns are text, the first record is taken for the header.
///
/// # Errors
/// `Config` for options that contradict each other.
pub fn infer_csv(
    sample: &[u8],
    dialect: &CsvDialect,
    delimiter: Option<u8>,
    header: Option<bool>,
    at_end: bool,
) -> Result<CsvGuess> {
    let candidates = delimiter.map_or_else(|| b",\t;|".to_vec(), |one| vec![one]);
    let mut best: Option<(usize, CsvDialect, Vec<Vec<String>>)> = None;
    for delimiter in candidates {
        if dialect.quote == Some(delimiter) || dialect.comment == Some(delimiter) {
            continue;
        }
        for multiline in [false, true] {
            let candidate = CsvDialect { delimiter, multiline, header: false, ..dialect.clone() };
            let records = records_of(sample, &candidate, at_end)?;
            let score = score(&records);
            if best.as_ref().is_none_or(|(other, ..)| score > *other) {
                best = Some((score, candidate, regular(records)));
            }
        }
    }
    let (_, mut dialect, records) = best.unwrap_or((0, dialect.clone(), Vec::new()));
    let (first, rest) = match records.split_first() {
        Some((first, rest)) => (first.clone(), rest),
        None => (Vec::new(), &[][..]),
    };
    let types = |records: &[Vec<String>], index: usize| {
        let values = records.iter().filter_map(|record| record.get(index));
        let values = values.filter(|value| !dialect.null.contains(value) && !value.is_empty());
        guess(values.map(String::as_str), dialect.decimal_comma)
    };
    let below: Vec<DataType> = (0..first.len()).map(|index| types(rest, index)).collect();
    let is_header = header.unwrap_or_else(|| {
        let named = first.iter().all(|name| !name.is_empty() && one(name, false).is_none());
        let differs = below.iter().any(|data_type| *data_type != DataType::Utf8);
        named && (differs || below.iter().all(|data_type| *data_type == DataType::Utf8))
    });
    let names = if is_header { first.clone() } else { vec![String::new(); first.len()] };
    let columns = distinct_names(names).into_iter().enumerate().map(|(index, name)| {
        let data_type = if is_header {
            below.get(index).cloned().unwrap_or(DataType::Utf8)
        } else {
            types(&records, index)
        };
        Column::new(name, data_type)
    });
    let columns = columns.collect::<Vec<_>>();
    let body = if is_header { rest } else { records.as_slice() };
    let likely = (0..columns.len()).map(|index| {
        let values = body.iter().filter_map(|record| record.get(index));
        let values = values.filter(|value| !dialect.null.contains(value) && !value.is_empty());
        likely(&values.map(String::as_str).collect::<Vec<_>>(), dialect.decimal_comma)
    });
    let likely = likely.collect();
    dialect.header = is_header;
    Ok(CsvGuess { dialect, columns, likely })
}

/// The type that nine of ten values have, where not all have it.
fn likely(values: &[&str], decimal_comma: bool) -> Option<Likely> {
    let types: Vec<Option<DataType>> =
        values.iter().map(|value| one(value, decimal_comma)).collect();
    // Few types, many values: one pass.
    let mut counts: Vec<(&DataType, usize)> = Vec::new();
    for data_type in types.iter().flatten() {
        match counts.iter_mut().find(|(known, _)| *known == data_type) {
            Some((_, count)) => *count += 1,
            None => counts.push((data_type, 1)),
        }
    }
    let (first, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let fits = |data_type: &Option<DataType>| {
        data_type.clone().is_some_and(|other| unite(first.clone(), other).is_some())
    };
    let misfits = types.iter().filter(|data_type| !fits(data_type)).count();
    if misfits == 0 || misfits * 10 > values.len() {
        return None;
    }
    let data_type =
        types.iter().filter(|t| fits(t)).flatten().cloned().try_fold(first.clone(), unite)?;
    let example = types.iter().zip(values).find(|(data_type, _)| !fits(data_type));
    let example = example.map(|(_, value)| (*value).to_owned()).unwrap_or_default();
    Some(Likely { data_type, values: values.len(), misfits, example })
}

/// The records of a sample; a broken one is an empty list.
fn records_of(sample: &[u8], dialect: &CsvDialect, at_end: bool) -> Result<Vec<Vec<String>>> {
    let start = header::head(sample, dialect, true)?.map_or(0, |head| head.bytes);
    let body = sample.get(start..).unwrap_or_default();
    let transcribed;
    let text = if dialect.encoding == TextEncoding::UTF_8 {
        body
    } else {
        transcribed = dialect.encoding.decode(body).0;
        transcribed.as_slice()
    };
    let mut tokens = Tokens::new(dialect, Width::AtLeast(0), usize::MAX);
    let (mut records, mut at) = (Vec::new(), 0);
    while at < text.len() {
        tokens.clear();
        let step = tokens.step(text, at);
        if step.is_open && !at_end && !records.is_empty() {
            break;
        }
        match step.found {
            Found::Nothing => {}
            Found::Broken(_) => records.push(Vec::new()),
            Found::Record => records.push(texts(&tokens, text, dialect)),
        }
        at = step.next;
    }
    Ok(records)
}

/// The number of fields that most records have; the larger one of two that are as frequent.
fn usual_width(records: &[Vec<String>]) -> (usize, usize) {
    let mut widths: Vec<usize> = records.iter().map(Vec::len).filter(|&width| width > 0).collect();
    widths.sort_unstable();
    let groups = widths.chunk_by(|one, other| one == other);
    groups.map(|group| (group.len(), group.first().copied().unwrap_or(0))).max().unwrap_or((0, 0))
}

/// How well a dialect explains records: in thousandths of those that agree, and, among dialects
/// that explain as many, by the number of fields. One field explains nothing.
fn score(records: &[Vec<String>]) -> usize {
    let (agreeing, width) = usual_width(records);
    let share = agreeing * 1000 / records.len().max(1);
    if width < 2 { share / 10 } else { share * 100 + width.min(99) }
}

fn regular(records: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let (_, width) = usual_width(&records);
    records.into_iter().filter(|record| record.len() == width).collect()
}

/// The type that all values have; text if there are none.
pub(in crate::stream::decode) fn guess<'a>(
    values: impl Iterator<Item = &'a str>,
    decimal_comma: bool,
) -> DataType {
    let mut all: Option<DataType> = None;
    for value in values {
        let Some(next) = one(value, decimal_comma) else {
            return DataType::Utf8;
        };
        all = Some(match all {
            None => next,
            Some(all) => match unite(all, next) {
                Some(both) => both,
                None => return DataType::Utf8,
            },
        });
    }
    all.unwrap_or(DataType::Utf8)
}

/// The type that holds the values of both.
pub(in crate::stream::decode) fn unite(one: DataType, other: DataType) -> Option<DataType> {
    use DataType::{Date32, Float64, Int64, Timestamp};
    match (one, other) {
        (one, other) if one == other => Some(one),
        (Int64, Float64) | (Float64, Int64) => Some(Float64),
        (Date32, Timestamp(unit, None)) | (Timestamp(unit, None), Date32) => {
            Some(Timestamp(unit, None))
        }
        // The units differ.
        (Timestamp(_, zone), Timestamp(_, other)) if zone == other => {
            Some(Timestamp(TimeUnit::Nanosecond, zone))
        }
        _ => None,
    }
}

/// The type of one value; `None` for text.
pub(in crate::stream::decode) fn one(value: &str, decimal_comma: bool) -> Option<DataType> {
    let bytes = value.as_bytes();
    if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        return Some(DataType::Boolean);
    }
    let digits = value.strip_prefix('-').unwrap_or(value);
    let has_leading_zero = digits.len() > 1
        && digits.starts_with('0')
        && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty() {
        return (!has_leading_zero && digits.len() <= 18).then_some(DataType::Int64);
    }
    let number = if decimal_comma {
        value.replace('.', "x").replacen(',', ".", 1)
    } else {
        value.to_owned()
    };
    let starts_so =
        digits.starts_with(|first: char| first.is_ascii_digit() || ".,".contains(first));
    if starts_so && !has_leading_zero && number.parse::<f64>().is_ok_and(f64::is_finite) {
        return Some(DataType::Float64);
    }
    if iso_date(bytes).is_some() {
        return Some(DataType::Date32);
    }
    if iso_time(bytes).is_some() {
        return Some(DataType::Time64(TimeUnit::Microsecond));
    }
    let moment = iso_timestamp(bytes)?;
    let zone = moment.offset.map(|_| "UTC".into());
    let digits = value
        .rsplit_once('.')
        .map_or(0, |(_, fraction)| fraction.bytes().take_while(u8::is_ascii_digit).count());
    let unit = if digits > 6 { TimeUnit::Nanosecond } else { TimeUnit::Microsecond };
    Some(DataType::Timestamp(unit, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(sample: &str) -> (u8, bool, bool, Vec<(String, DataType)>) {
        let guess =
            infer_csv(sample.as_bytes(), &CsvDialect::default(), None, None, false).unwrap();
        let columns = guess.columns.into_iter().map(|column| (column.name, column.data_type));
        let dialect = guess.dialect;
        (dialect.delimiter, dialect.header, dialect.multiline, columns.collect())
    }

    #[test]
    fn delimiter_header_names_and_types_are_found() {
        let (delimiter, header, multiline, columns) = infer(
            "id;name;price;day;at;ok;zip\n\
             1;\"a;b\";1.5;2024-01-31;2024-01-31T10:00:00Z;true;01234\n\
             2;c;2;2024-02-01;2024-02-01 10:00:00+08;FALSE;99999\n3;trunc",
        );
        assert_eq!((delimiter, header, multiline), (b';', true, false));
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let types: Vec<DataType> = columns.iter().map(|(_, it)| it.clone()).collect();
        let expected = [
            DataType::Int64,
            DataType::Utf8,
            DataType::Float64,
            DataType::Date32,
            zoned,
            DataType::Boolean,
            DataType::Utf8,
        ];
        assert_eq!(types, expected);
        assert_eq!(columns[6].0, "zip");
    }

    #[test]
    fn quoted_line_ends_are_noticed() {
        let (_, header, multiline, columns) = infer("a,b\n1,\"x\ny\"\n2,z\n3,\"u\nv\"\n");
        assert!(header && multiline);
        assert_eq!(columns[0], ("a".to_owned(), DataType::Int64));
    }

    #[test]
    fn a_first_record_like_the_others_is_no_header() {
        let (_, header, _, columns) = infer("1,x\n2,y\n");
        assert!(!header);
        assert_eq!(columns[0], ("column0".to_owned(), DataType::Int64));
        assert!(infer("a,b\nc,d\n").1);
        assert_eq!(infer("").3, []);
    }

    #[test]
    fn figures_that_are_names_stay_text() {
        assert_eq!(guess(["007", "12"].into_iter(), false), DataType::Utf8);
        assert_eq!(guess(["12345678901234567890"].into_iter(), false), DataType::Utf8);
        assert_eq!(guess(["0", "-5", "0.5"].into_iter(), false), DataType::Float64);
        assert_eq!(guess(["1,5"].into_iter(), true), DataType::Float64);
        assert_eq!(guess(["nan"].into_iter(), false), DataType::Utf8);
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        assert_eq!(guess(["2024-01-01", "2024-01-01 00:00:00"].into_iter(), false), micros);
    }
}
