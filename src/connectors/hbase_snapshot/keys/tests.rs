//! Ranges hold every row that a filter lets through, however its key was written.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, col, in_list, lit};

use super::super::key_layout::{Extent, Hash, KeyLayout, KeyPart, Known};
use super::super::recipe::{Encoding, Mapped, Source};
use super::super::rows::{encode, values_of};
use super::parts::KeyParts;
use super::*;
use crate::formats::hfile::RowRange;
use crate::formats::tests::Random;

const OPERATORS: [Operator; 5] =
    [Operator::Eq, Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq];

const NUMBERS: [i64; 15] = [
    i64::MIN,
    -3_000_000_000,
    -70_000,
    -129,
    -128,
    -2,
    -1,
    0,
    1,
    127,
    128,
    32_768,
    70_000,
    3_000_000_000,
    i64::MAX,
];

fn column(name: &str, data_type: DataType, encoding: Encoding, source: Source) -> Mapped {
    let name = name.to_owned();
    Mapped { name, data_type, source, encoding, format: None, timezone: None, schemas: vec![] }
}

fn key(data_type: DataType, encoding: Encoding) -> KeyColumn {
    KeyColumn::of(&column("k", data_type, encoding, Source::Key), false).expect("a column")
}

/// The rows that `k <operator> value` leaves.
fn compared(key: &KeyColumn, operator: Operator, value: ScalarValue) -> Option<Ranges> {
    let schema = Schema::new(vec![Field::new("k", value.data_type(), true)]);
    let column = col("k", &schema).expect("the column");
    key.ranges(&(Arc::new(BinaryExpr::new(column, operator, lit(value))) as _))
}

fn holds(rows: &Ranges, row: &[u8]) -> bool {
    rows.0.iter().any(|range| range.contains(row))
}

fn is_true(left: i64, operator: Operator, right: i64) -> bool {
    match operator {
        Operator::Eq => left == right,
        Operator::Lt => left < right,
        Operator::LtEq => left <= right,
        Operator::Gt => left > right,
        _ => left >= right,
    }
}

/// Every way that an encoding writes a number.
fn spellings(number: i64, encoding: Encoding) -> Vec<Vec<u8>> {
    if encoding != Encoding::Ordered {
        return encode::integer(number, &DataType::Int64, encoding).into_iter().collect();
    }
    let types = [DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64];
    let ascending = types.iter().filter_map(|of| encode::integer(number, of, encoding));
    let both = ascending.flat_map(|bytes| [bytes.iter().map(|byte| !byte).collect(), bytes]);
    both.collect()
}

#[test]
fn a_number_is_found_however_it_was_written() {
    for encoding in [Encoding::Ordered, Encoding::Phoenix, Encoding::Binary] {
        let column = key(DataType::Int64, encoding);
        for (operator, value) in OPERATORS.iter().flat_map(|o| NUMBERS.map(|n| (*o, n))) {
            let rows = compared(&column, operator, ScalarValue::from(value));
            for number in NUMBERS {
                let expected = is_true(number, operator, value);
                for row in spellings(number, encoding) {
                    // Nothing is left out at the ends of the type.
                    let kept = rows.as_ref().is_none_or(|rows| holds(rows, &row));
                    let what = format!("{number} {operator} {value} {encoding:?}, {row:02x?}");
                    assert_eq!(kept, expected || rows.is_none(), "{what}");
                }
            }
        }
    }
}

#[test]
fn what_has_several_spellings_is_not_left_out() {
    let number = || ScalarValue::from(5_i64);
    assert_eq!(compared(&key(DataType::Int64, Encoding::String), Operator::Eq, number()), None);
    for of in [DataType::Utf8, DataType::Binary] {
        let ordered = key(of.clone(), Encoding::Ordered);
        let text = ScalarValue::from("a%").cast_to(&of).expect("text");
        for operator in OPERATORS {
            assert_eq!(compared(&ordered, operator, text.clone()), None);
        }
    }
}

#[test]
fn a_list_leaves_the_rows_of_its_values() {
    let schema = Schema::new(vec![Field::new("k", DataType::Utf8, true)]);
    let list = ["b", "a"].map(lit).into_iter().chain([lit(ScalarValue::Utf8(None))]);
    let column = col("k", &schema).expect("the column");
    let condition = in_list(column, list.collect(), &false, &schema).expect("a list");
    let rows = key(DataType::Utf8, Encoding::String).ranges(&condition);
    let expected = ["a", "b"].map(|row| RowRange::of_row(row.as_bytes()));
    assert_eq!(rows, Some(Ranges(expected.to_vec())));
}

/// A layout with a column per part, except of salts, that has few different values.
fn random_layout(random: &mut Random) -> (KeyLayout, Vec<Mapped>) {
    let count = 1 + random.below(4);
    let (mut parts, mut columns): (Vec<KeyPart>, Vec<Mapped>) = (vec![], vec![]);
    for at in 0..count {
        let is_last = at + 1 == count;
        let name = format!("p{at}");
        let mut known = Known::Nothing;
        let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        let (extent, data_type, encoding) = match random.below(if is_last { 7 } else { 9 }) {
            0 => (Extent::Bytes(2), DataType::Utf8, Encoding::String),
            1 => (Extent::Bytes(8), DataType::Int64, Encoding::Binary),
            2 => (Extent::Bytes(4), DataType::Int32, Encoding::Phoenix),
            3 => (Extent::Bytes(8), millis, Encoding::Binary),
            4 => (Extent::Bytes(12), micros, Encoding::Phoenix),
            5 if is_last => (Extent::Rest, DataType::Binary, Encoding::Binary),
            5 => (Extent::Until(b"|".to_vec()), DataType::Utf8, Encoding::Phoenix),
            6 => (Extent::Bytes(5), DataType::Int32, Encoding::Ordered),
            7 => {
                known = Known::OneOf((0..3).map(|salt| vec![salt]).collect());
                (Extent::Bytes(1), DataType::Binary, Encoding::Binary)
            }
            _ => {
                known = Known::Hash { hash: Hash::Md5Hex, of: at + 1 };
                (Extent::Bytes(3), DataType::Binary, Encoding::Binary)
            }
        };
        let is_known = known != Known::Nothing;
        // OrderedBytes says of each value itself that it descends.
        let reversed = !is_known && encoding != Encoding::Ordered && random.below(3) == 0;
        parts.push(KeyPart { name: name.clone(), extent, reversed, known });
        if !is_known {
            columns.push(column(&name, data_type, encoding, Source::KeyPart(at)));
        }
    }
    (KeyLayout { parts }, columns)
}

/// A key as a layout has it, mostly: bytes that lie close together.
fn random_key(random: &mut Random, layout: &KeyLayout) -> Vec<u8> {
    let few = |random: &mut Random| match random.below(6) {
        0 => b'a',
        1 => b'b',
        2 => 0,
        3 => 0x7f,
        4 => 0x80,
        _ => 0xff,
    };
    let text = |random: &mut Random| if random.below(2) == 0 { b'a' } else { b'~' };
    let mut values: Vec<Vec<u8>> = layout
        .parts
        .iter()
        .map(|part| match &part.extent {
            // The last byte of a phoenix timestamp's nanoseconds may be anything, the first may not.
            Extent::Bytes(12) => {
                let mut bytes: Vec<u8> =
                    (0..8).map(|at| if at < 7 { 0x80 } else { few(random) }).collect();
                bytes.extend([0, 0, 0, few(random)]);
                if part.reversed { bytes.iter().map(|byte| !byte).collect() } else { bytes }
            }
            Extent::Bytes(2) => (0..2).map(|_| text(random)).collect(),
            // INT32 of OrderedBytes: its tag, ascending or descending, and the number.
            Extent::Bytes(5) => {
                let tag = if random.below(2) == 0 { 0x2b } else { 0xd4 };
                let head = few(random);
                [tag, head, head, head, few(random)].to_vec()
            }
            Extent::Bytes(width) => {
                let head = few(random);
                (0..*width).map(|at| if at + 1 < *width { head } else { few(random) }).collect()
            }
            Extent::Until(_) => {
                let bytes = (0..random.below(3)).map(|_| text(random));
                let bytes: Vec<u8> = bytes.collect();
                if part.reversed { bytes.iter().map(|byte| !byte).collect() } else { bytes }
            }
            Extent::Rest => (0..random.below(3)).map(|_| few(random)).collect(),
        })
        .collect();
    for (at, part) in layout.parts.iter().enumerate() {
        let known = match &part.known {
            Known::Nothing => continue,
            Known::OneOf(some) => some.get(random.below(some.len())).cloned(),
            Known::Hash { hash, of } => values.get(*of).map(|value| hash.prefix(value, 3)),
        };
        if let (Some(value), Some(known)) = (values.get_mut(at), known) {
            *value = known;
        }
    }
    let delimiter = |part: &KeyPart| match &part.extent {
        Extent::Until(delimiter) => delimiter.clone(),
        _ => vec![],
    };
    let parts = layout.parts.iter().zip(values);
    let mut key =
        parts.map(|(part, value)| [value, delimiter(part)].concat()).collect::<Vec<_>>().concat();
    if random.below(20) == 0 {
        key.pop();
    }
    key
}

/// The columns of some keys, as a scan gives them.
fn decoded(layout: &KeyLayout, columns: &[Mapped], keys: &[Vec<u8>]) -> RecordBatch {
    let mut values: Vec<_> =
        columns.iter().map(|it| values_of(it, layout).expect("a decoder")).collect();
    let mut places = vec![];
    for key in keys {
        let split = layout.split(key, &mut places);
        for (column, values) in columns.iter().zip(&mut values) {
            let Source::KeyPart(at) = column.source else { unreachable!() };
            let pushed = split.clone().and_then(|()| values.push(&key[places[at].clone()]));
            if pushed.is_err() {
                values.push_null();
            }
        }
    }
    let fields = columns.iter().map(|it| Field::new(&it.name, it.data_type.clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let arrays = values.iter_mut().map(|values| values.finish().expect("an array"));
    RecordBatch::try_new(Arc::new(schema), arrays.collect()).expect("a batch")
}

#[test]
fn rows_are_found_by_parts_of_their_keys() {
    let mut random = Random(20_261_130);
    let (mut kept, mut left_out, mut passed) = (0_u64, 0_u64, 0_u64);
    for _ in 0..3000 {
        let (layout, columns) = random_layout(&mut random);
        if columns.is_empty() {
            continue;
        }
        let keys: Vec<_> = (0..40).map(|_| random_key(&mut random, &layout)).collect();
        let batch = decoded(&layout, &columns, &keys);
        let filters: Vec<Arc<dyn PhysicalExpr>> = (0..1 + random.below(3))
            .map(|_| {
                let at = random.below(columns.len());
                let values = batch.column(at);
                let value = ScalarValue::try_from_array(values, random.below(40)).expect("a value");
                let column = col(&columns[at].name, &batch.schema()).expect("the column");
                let operator = OPERATORS[random.below(OPERATORS.len())];
                Arc::new(BinaryExpr::new(column, operator, lit(value))) as _
            })
            .collect();
        let parts = KeyParts::of(&layout, &columns).expect("parts");
        assert!(parts.ranges(&[], &mut []).is_all(), "no filter leaves out no row");
        let mut used = vec![false; filters.len()];
        let ranges = parts.ranges(&filters, &mut used);
        let passes = |at: usize| {
            filters.iter().all(|filter| {
                let answer = filter.evaluate(&batch).expect("an answer");
                let answer = answer.into_array(keys.len()).expect("an array");
                let answer = answer.as_boolean();
                datafusion::arrow::array::Array::is_valid(answer, at) && answer.value(at)
            })
        };
        for (at, key) in keys.iter().enumerate() {
            let held = holds(&ranges, key);
            let passing = passes(at);
            let what = || format!("{key:02x?} of {layout:?} with {filters:?} in {ranges:?}");
            assert!(held || !passing, "{}", what());
            passed += u64::from(passing);
            kept += u64::from(held);
            left_out += u64::from(!held);
        }
    }
    // The ranges leave out most of what the filters do.
    assert!(
        passed > 5_000 && left_out > 2 * passed && kept < 4 * passed,
        "{passed} {kept} {left_out}"
    );
}
