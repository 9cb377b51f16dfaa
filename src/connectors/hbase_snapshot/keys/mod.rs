//! Which rows a filter leaves: conditions on the row key, or on its parts, as ranges of bytes.
//!
//! Every row is filtered again above, so a range may be too wide and never too narrow.

mod column;
mod families;
mod numbers;
mod parts;
mod ranges;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::physical_expr::PhysicalExpr;

use super::recipe::{Recipe, Shape, Source};
use column::KeyColumn;
pub(super) use families::narrow;
use parts::KeyParts;
pub(super) use ranges::Ranges;

/// The rows that all of some filters leave, and which of the filters said so.
pub(super) fn of_filters(
    recipe: &Recipe,
    filters: &[Arc<dyn PhysicalExpr>],
) -> (Ranges, Vec<bool>) {
    let whole = match &recipe.shape {
        Shape::Cells => Some(KeyColumn::raw("row")),
        Shape::Maps | Shape::Bad(_) => Some(KeyColumn::raw("row_key")),
        Shape::Mapped(columns) => {
            let key = columns.iter().find(|column| column.source == Source::Key);
            key.and_then(|key| KeyColumn::of(key, false))
        }
    };
    let mut ranges = Ranges::all();
    let mut used = vec![false; filters.len()];
    for (filter, used) in filters.iter().zip(&mut used) {
        if let Some(found) = whole.as_ref().and_then(|key| key.ranges(filter)) {
            // A filter that is still empty leaves all rows, and says nothing.
            *used = !found.is_all();
            ranges = ranges.and(&found);
        }
    }
    if let Shape::Mapped(columns) = &recipe.shape
        && let Some(parts) = KeyParts::of(&recipe.key, columns)
    {
        ranges = ranges.and(&parts.ranges(filters, &mut used));
    }
    (ranges, used)
}
