//! Conditions on a column of the row key as ranges of its bytes.
//!
//! A condition becomes a range only where the order of values is the order of their bytes:
//! `VARBINARY` and text (UTF-8 sorts as its code points do) always, numbers by their encoding.
//! Every row is filtered again above, so a range may be too wide and never too narrow.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, LikeExpr, Literal,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use super::super::recipe::{Encoding, Mapped};
use super::super::rows::{Turn, encode};
use super::numbers;
use super::ranges::{Ranges, after_prefix};
use crate::formats::hfile::RowRange;

/// How a column stands for bytes of the key.
#[derive(Clone, Debug)]
pub(super) struct KeyColumn {
    name: String,
    data_type: DataType,
    encoding: Encoding,
    // What is done to the bytes before they are decoded.
    turn: Option<Turn>,
}

impl KeyColumn {
    /// A column of bytes.
    pub(super) fn raw(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, data_type: DataType::Binary, encoding: Encoding::Binary, turn: None }
    }

    /// A declared column; `None` where it is turned in a way that it cannot be.
    pub(super) fn of(column: &Mapped, reversed: bool) -> Option<Self> {
        let (turn, encoding) = match reversed {
            false => (None, column.encoding),
            true => {
                let (turn, encoding) = Turn::of(&column.data_type, column.encoding)?;
                (Some(turn), encoding)
            }
        };
        let (name, data_type) = (column.name.clone(), column.data_type.clone());
        Some(Self { name, data_type, encoding, turn })
    }

    fn is_text(&self) -> bool {
        let is_plain = self.encoding != Encoding::Ordered && self.encoding.is_of_keys();
        is_text(&self.data_type) && is_plain
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
            return is_text(&self.data_type) && is_text(cast.cast_type()) && self.is(cast.expr());
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
        if !is_text(&self.data_type) {
            let inverted = match self.turn {
                None => false,
                Some(Turn::Inverted) => true,
                Some(_) => return None,
            };
            let (data_type, encoding) = (&self.data_type, self.encoding);
            let rows = numbers::compared(operator, &value, data_type, encoding, inverted)?;
            return Some(Ranges::of(rows.into_iter()));
        }
        let bytes = encode::scalar(&value, &self.data_type, self.encoding)?;
        let from = |start: Vec<u8>| RowRange { start, end: None };
        let until = |end: Vec<u8>| RowRange { start: vec![], end: Some(end) };
        let behind = |mut row: Vec<u8>| {
            row.push(0);
            row
        };
        let range = match (self.turn, operator) {
            (Some(turn), Operator::Eq) => {
                let mut turned = vec![];
                turn.turn(&bytes, &mut turned).ok()?;
                RowRange::of_row(&turned)
            }
            (Some(_), _) => return None,
            (None, Operator::Eq) => RowRange::of_row(&bytes),
            (None, Operator::Gt) => from(behind(bytes)),
            (None, Operator::GtEq) => from(bytes),
            (None, Operator::Lt) => until(bytes),
            (None, Operator::LtEq) => until(behind(bytes)),
            _ => return None,
        };
        Some(Ranges::of([range].into_iter()))
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
        if !self.is_text() || self.turn.is_some() || pattern.contains(&b'\\') {
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

fn is_text(data_type: &DataType) -> bool {
    use DataType::{Binary, BinaryView, Utf8, Utf8View};
    matches!(data_type, Utf8 | Utf8View | Binary | BinaryView)
}

/// The value of a literal, also under casts.
pub(super) fn literal(expr: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return literal(cast.expr())?.cast_to(cast.cast_type()).ok();
    }
    expr.downcast_ref::<Literal>().map(|literal| literal.value().clone())
}
