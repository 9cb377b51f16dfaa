//! Which rows a filter leaves: conditions on the row key as ranges of bytes.
//!
//! A condition becomes a range only where the order of values is the order of their bytes:
//! `VARBINARY` and text (UTF-8 sorts as its code points do) always, numbers by their encoding.
//! Every row is filtered again above, so a range may be too wide and never too narrow.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, IsNotNullExpr, LikeExpr, Literal,
};
use datafusion::physical_expr::{ScalarFunctionExpr, split_conjunction};

use super::recipe::{Encoding, Mapped, Recipe, Shape, Source};
use super::rows::{encode, ordered};
use crate::formats::hfile::RowRange;

/// About the bytes of a block as it lies in a file, compressed.
const BLOCK: u64 = 16 * 1024;

/// How the key's column stands for bytes.
#[derive(Clone, Debug)]
pub(super) struct KeyColumn {
    name: String,
    data_type: DataType,
    encoding: Encoding,
}

impl KeyColumn {
    /// The key column of a table, if it has one.
    pub(super) fn of(recipe: &Recipe) -> Option<Self> {
        let raw = |name: &str| Self {
            name: name.to_owned(),
            data_type: DataType::Binary,
            encoding: Encoding::Binary,
        };
        match &recipe.shape {
            Shape::Cells => Some(raw("row")),
            Shape::Maps | Shape::Bad(_) => Some(raw("row_key")),
            Shape::Mapped(columns) => {
                let key = columns.iter().find(|column| column.source == Source::Key)?;
                Some(Self {
                    name: key.name.clone(),
                    data_type: key.data_type.clone(),
                    encoding: key.encoding,
                })
            }
        }
    }

    /// The bytes of a value of the column; `None` where it has none.
    fn bytes(&self, value: &ScalarValue) -> Option<Vec<u8>> {
        encode::scalar(value, &self.data_type, self.encoding)
    }

    /// Whether the values sort as their bytes do.
    fn sorts_as_bytes(&self) -> bool {
        match self.data_type {
            DataType::Binary | DataType::BinaryView | DataType::Utf8 | DataType::Utf8View => {
                self.encoding != Encoding::Ordered
            }
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
                self.encoding == Encoding::Phoenix
            }
            _ => false,
        }
    }

    /// Whether equal values always have equal bytes: text of numbers may have leading zeros.
    fn has_one_spelling(&self) -> bool {
        let whole = self.data_type.is_signed_integer() && self.encoding == Encoding::Binary;
        whole || self.sorts_as_bytes()
    }

    /// The rows that a condition leaves; `None` where that cannot be said.
    pub(super) fn ranges(&self, condition: &Arc<dyn PhysicalExpr>) -> Option<Ranges> {
        if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
            return match binary.op() {
                Operator::And => match (self.ranges(binary.left()), self.ranges(binary.right())) {
                    (Some(a), Some(b)) => Some(a.and(&b)),
                    (a, b) => a.or(b),
                },
                Operator::Or => Some(self.ranges(binary.left())?.or(self.ranges(binary.right())?)),
                operator => {
                    if self.is(binary.left()) {
                        self.compared(*operator, literal(binary.right())?)
                    } else if self.is(binary.right()) {
                        self.compared(operator.swap()?, literal(binary.left())?)
                    } else {
                        None
                    }
                }
            };
        }
        if let Some(list) = condition.downcast_ref::<InListExpr>() {
            if list.negated() || !self.is(list.expr()) {
                return None;
            }
            let values = list.list().iter();
            let rows = values.map(|value| self.compared(Operator::Eq, literal(value)?));
            let rows = rows.collect::<Option<Vec<_>>>()?;
            return Some(Ranges::of(rows.into_iter().flat_map(|rows| rows.0)));
        }
        if let Some(like) = condition.downcast_ref::<LikeExpr>() {
            if like.negated() || like.case_insensitive() || !self.is(like.expr()) {
                return None;
            }
            return self.like(&literal(like.pattern())?);
        }
        if let Some(call) = condition.downcast_ref::<ScalarFunctionExpr>() {
            // LIKE over bytes is a function of the engine's.
            return match call.args() {
                [value, pattern] if call.name() == "bytes_like" && self.is(value) => {
                    self.like(&literal(pattern)?)
                }
                _ => None,
            };
        }
        if let Some(literal) = condition.downcast_ref::<Literal>() {
            return match literal.value() {
                ScalarValue::Boolean(Some(true)) => Some(Ranges::all()),
                ScalarValue::Boolean(Some(false)) => Some(Ranges(vec![])),
                _ => None,
            };
        }
        None
    }

    fn is(&self, expr: &Arc<dyn PhysicalExpr>) -> bool {
        if let Some(cast) = expr.downcast_ref::<CastExpr>() {
            // Text of the same bytes, or bytes of the same text.
            let plain = |kind: &DataType| {
                matches!(
                    kind,
                    DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView
                )
            };
            return plain(&self.data_type) && plain(cast.cast_type()) && self.is(cast.expr());
        }
        expr.downcast_ref::<Column>().is_some_and(|column| column.name() == self.name)
    }

    fn compared(&self, operator: Operator, value: ScalarValue) -> Option<Ranges> {
        let compares = matches!(
            operator,
            Operator::Eq | Operator::Gt | Operator::GtEq | Operator::Lt | Operator::LtEq
        );
        if value.is_null() {
            // IS DISTINCT FROM NULL is true of every row; a comparison of none.
            return compares.then(|| Ranges(vec![]));
        }
        if self.encoding == Encoding::Ordered {
            return self.compared_in_order(operator, &value);
        }
        let bytes = self.bytes(&value)?;
        let from = |start: Vec<u8>| RowRange { start, end: None };
        let until = |end: Vec<u8>| RowRange { start: vec![], end: Some(end) };
        let behind = |mut row: Vec<u8>| {
            row.push(0);
            row
        };
        let range = match operator {
            Operator::Eq if self.has_one_spelling() => RowRange::of_row(&bytes),
            Operator::Gt if self.sorts_as_bytes() => from(behind(bytes)),
            Operator::GtEq if self.sorts_as_bytes() => from(bytes),
            Operator::Lt if self.sorts_as_bytes() => until(bytes),
            Operator::LtEq if self.sorts_as_bytes() => until(behind(bytes)),
            _ => return None,
        };
        Some(Ranges::of([range].into_iter()))
    }

    /// `OrderedBytes` has several spellings of a number, and its type is not known to be that of
    /// the column: what decodes is found, however it was written.
    fn compared_in_order(&self, operator: Operator, value: &ScalarValue) -> Option<Ranges> {
        if !self.data_type.is_signed_integer() {
            return None;
        }
        let number = encode::whole(value)?;
        let numbers = match operator {
            Operator::Eq => number..=number,
            Operator::Gt => number.checked_add(1)?..=i64::MAX,
            Operator::GtEq => number..=i64::MAX,
            Operator::Lt => i64::MIN..=number.checked_sub(1)?,
            Operator::LtEq => i64::MIN..=number,
            _ => return None,
        };
        let rows = ordered::integers(&numbers).into_iter().map(|[first, mut last]| {
            last.push(0);
            RowRange { start: first, end: Some(last) }
        });
        Some(Ranges::of(rows))
    }

    /// The rows that begin with what stands before the first wildcard.
    fn like(&self, pattern: &ScalarValue) -> Option<Ranges> {
        let pattern = match pattern {
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)) => text.as_bytes(),
            ScalarValue::Binary(Some(bytes)) | ScalarValue::BinaryView(Some(bytes)) => bytes,
            _ => return None,
        };
        if !self.sorts_as_bytes() || pattern.contains(&b'\\') {
            return None;
        }
        let fixed = pattern.iter().position(|byte| matches!(byte, b'%' | b'_'));
        let prefix = pattern.get(..fixed.unwrap_or(pattern.len()))?;
        let range = match fixed {
            None => RowRange::of_row(prefix),
            Some(_) => RowRange { start: prefix.to_vec(), end: after_prefix(prefix) },
        };
        Some(Ranges::of([range].into_iter()))
    }
}

/// The first row behind all that begin with a prefix.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

fn literal(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return literal(cast.expr())?.cast_to(cast.cast_type()).ok();
    }
    expr.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}

/// Families of which every row that passes a filter has a cell: those whose columns must not be
/// NULL, or, of cells, those that are named.
pub(super) fn narrow(recipe: &Recipe, filters: &[Arc<dyn PhysicalExpr>]) -> BTreeSet<String> {
    let conditions = || filters.iter().flat_map(split_conjunction);
    match &recipe.shape {
        Shape::Mapped(columns) => {
            // Any one family is enough to find the rows; the first that is found is taken.
            conditions().find_map(|c| required(c, columns)).into_iter().collect()
        }
        Shape::Cells => conditions().find_map(named_families).unwrap_or_default(),
        Shape::Maps | Shape::Bad(_) => BTreeSet::new(),
    }
}

/// The family of a column that a condition needs to be there.
fn required(condition: &Arc<dyn PhysicalExpr>, columns: &[Mapped]) -> Option<String> {
    let column = if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        let compares = matches!(
            binary.op(),
            Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
        );
        let sides = [binary.left(), binary.right()];
        let plain = sides.iter().all(|side| {
            side.downcast_ref::<Column>().is_some() || side.downcast_ref::<Literal>().is_some()
        });
        let side = sides.into_iter().find_map(|side| side.downcast_ref::<Column>())?;
        (compares && plain).then_some(side)?
    } else if let Some(list) = condition.downcast_ref::<InListExpr>() {
        list.expr().downcast_ref::<Column>().filter(|_| !list.negated())?
    } else if let Some(present) = condition.downcast_ref::<IsNotNullExpr>() {
        present.arg().downcast_ref::<Column>()?
    } else {
        return None;
    };
    let found = columns.iter().find(|known| known.name == column.name())?;
    match &found.source {
        Source::Cell { family, .. } => Some(family.clone()),
        _ => None,
    }
}

/// The families that `family = 'a'` or `family IN ('a', 'b')` names.
fn named_families(condition: &Arc<dyn PhysicalExpr>) -> Option<BTreeSet<String>> {
    let is_family = |expr: &Arc<dyn PhysicalExpr>| {
        expr.downcast_ref::<Column>().is_some_and(|column| column.name() == "family")
    };
    let text = |expr: &Arc<dyn PhysicalExpr>| match literal(expr)? {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(text),
        _ => None,
    };
    if let Some(binary) = condition.downcast_ref::<BinaryExpr>() {
        let (left, right) = (binary.left(), binary.right());
        return match binary.op() {
            Operator::Eq if is_family(left) => Some(BTreeSet::from([text(right)?])),
            Operator::Or => {
                let mut both = named_families(left)?;
                both.extend(named_families(right)?);
                Some(both)
            }
            _ => None,
        };
    }
    let list = condition.downcast_ref::<InListExpr>()?;
    if list.negated() || !is_family(list.expr()) {
        return None;
    }
    list.list().iter().map(text).collect()
}

/// Disjoint ranges of rows, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(pub(super) Vec<RowRange>);

impl Ranges {
    /// Every row.
    pub(super) fn all() -> Self {
        Self(vec![RowRange::default()])
    }

    fn of(ranges: impl Iterator<Item = RowRange>) -> Self {
        let mut ranges: Vec<RowRange> = ranges
            .filter(|range| range.end.as_ref().is_none_or(|end| range.start < *end))
            .collect();
        ranges.sort();
        let mut merged: Vec<RowRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if last.end.as_ref().is_none_or(|end| range.start <= *end) => {
                    last.end = match (last.end.take(), range.end) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        _ => None,
                    };
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    fn or(self, other: Self) -> Self {
        Self::of(self.0.into_iter().chain(other.0))
    }

    /// What both have.
    pub(super) fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().filter_map(|b| a.and(b)));
        Self::of(pairs)
    }

    /// The parts inside one range of `bytes` bytes. Every part costs a block at least, so that many
    /// close together are read as one.
    pub(super) fn worth_reading(&self, rows: &RowRange, bytes: u64) -> Vec<RowRange> {
        let parts = self.within(rows);
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return parts };
        if parts.len() > 1 && parts.len() as u64 * BLOCK > bytes {
            return vec![RowRange { start: first.start.clone(), end: last.end.clone() }];
        }
        parts
    }

    /// The parts inside one range.
    pub(super) fn within(&self, rows: &RowRange) -> Vec<RowRange> {
        self.0.iter().filter_map(|range| range.and(rows)).collect()
    }

    /// Whether nothing is left out.
    pub(super) fn is_all(&self) -> bool {
        self.0 == [RowRange::default()]
    }
}

/// The rows that all of some filters leave, and which of the filters said so.
pub(super) fn of_filters(
    key: Option<&KeyColumn>,
    filters: &[Arc<dyn PhysicalExpr>],
) -> (Ranges, Vec<bool>) {
    let mut ranges = Ranges::all();
    let used = filters.iter().map(|filter| {
        let found = key.and_then(|key| key.ranges(filter));
        if let Some(found) = &found {
            ranges = ranges.and(found);
        }
        found.is_some()
    });
    let used = used.collect();
    (ranges, used)
}

#[cfg(test)]
mod tests {
    use datafusion::physical_expr::expressions::{col, in_list, lit};

    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};

    fn key(data_type: DataType, encoding: Encoding) -> KeyColumn {
        KeyColumn { name: "k".to_owned(), data_type, encoding }
    }

    /// The rows that `k <operator> value` leaves.
    fn compared(key: &KeyColumn, operator: Operator, value: ScalarValue) -> Option<Ranges> {
        let schema = Schema::new(vec![Field::new("k", key.data_type.clone(), true)]);
        let column = col("k", &schema).expect("the column");
        key.ranges(&(Arc::new(BinaryExpr::new(column, operator, lit(value))) as _))
    }

    fn holds(rows: &Ranges, row: &[u8]) -> bool {
        rows.0.iter().any(|range| {
            range.start.as_slice() <= row
                && range.end.as_ref().is_none_or(|end| row < end.as_slice())
        })
    }

    /// Every way that `OrderedBytes` writes a number.
    fn spellings(number: i64) -> Vec<Vec<u8>> {
        let types = [DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64];
        let ascending =
            types.iter().filter_map(|of| encode::integer(number, of, Encoding::Ordered));
        let both = ascending.flat_map(|bytes| [bytes.iter().map(|byte| !byte).collect(), bytes]);
        both.collect()
    }

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
    const OPERATORS: [Operator; 5] =
        [Operator::Eq, Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq];

    fn is_true(left: i64, operator: Operator, right: i64) -> bool {
        match operator {
            Operator::Eq => left == right,
            Operator::Lt => left < right,
            Operator::LtEq => left <= right,
            Operator::Gt => left > right,
            _ => left >= right,
        }
    }

    #[test]
    fn a_number_is_found_however_it_was_written() {
        let ordered = key(DataType::Int64, Encoding::Ordered);
        let phoenix = key(DataType::Int64, Encoding::Phoenix);
        for (operator, value) in OPERATORS.iter().flat_map(|o| NUMBERS.map(|n| (*o, n))) {
            let rows = compared(&ordered, operator, ScalarValue::from(value));
            let of_phoenix = compared(&phoenix, operator, ScalarValue::from(value));
            for number in NUMBERS {
                let expected = is_true(number, operator, value);
                let what = format!("{number} {operator} {value}");
                for row in spellings(number) {
                    // Nothing is left out at the ends of the type.
                    let kept = rows.as_ref().is_none_or(|rows| holds(rows, &row));
                    assert_eq!(kept, expected || rows.is_none(), "{what}, {row:02x?}");
                }
                let row = encode::integer(number, &DataType::Int64, Encoding::Phoenix);
                let rows = of_phoenix.as_ref().expect("numbers of Phoenix sort");
                assert_eq!(holds(rows, &row.expect("bytes")), expected, "{what} of Phoenix");
            }
        }
    }

    #[test]
    fn what_has_several_spellings_is_not_left_out() {
        let number = || ScalarValue::from(5_i64);
        assert_eq!(compared(&key(DataType::Int64, Encoding::String), Operator::Eq, number()), None);
        let binary = key(DataType::Int64, Encoding::Binary);
        assert_eq!(compared(&binary, Operator::Lt, number()), None, "-1 is behind 5");
        assert!(compared(&binary, Operator::Eq, number()).is_some());
        for of in [DataType::Utf8, DataType::Binary] {
            let ordered = key(of.clone(), Encoding::Ordered);
            let pattern = ScalarValue::from("a%").cast_to(&of).expect("text");
            for operator in OPERATORS {
                assert_eq!(compared(&ordered, operator, pattern.clone()), None);
            }
            assert_eq!(ordered.like(&pattern), None);
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
}
