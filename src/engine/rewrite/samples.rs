//! `FROM t TABLESAMPLE BERNOULLI (10)`: a part of the rows that chance chooses.

use datafusion::sql::sqlparser::ast::{
    ObjectNamePart, TableAlias, TableFactor, TableSample, TableSampleKind, TableSampleQuantity,
    TableSampleUnit,
};

use super::template::{self, QUERY};
use crate::error::{Error, Result};

/// Writes a sampled table as a subquery that keeps each row with a probability, or so many rows.
///
/// # Errors
/// `Unsupported` for samples that would have to be the same again, and for parts of buckets.
pub(super) fn mend(factor: &mut TableFactor) -> Result<()> {
    let TableFactor::Table { name, alias, sample, .. } = factor else { return Ok(()) };
    let Some(taken) = sample.take() else { return Ok(()) };
    let (TableSampleKind::BeforeTableAlias(taken) | TableSampleKind::AfterTableAlias(taken)) =
        taken;
    let (quantity, counts_rows) = quantity(*taken)?;
    let end = match counts_rows {
        true => format!("ORDER BY random() LIMIT {quantity}"),
        false => format!("WHERE random() * 100 < ({quantity})"),
    };
    let alias = alias.take().or_else(|| {
        let ObjectNamePart::Identifier(table) = name.0.last()? else { return None };
        Some(TableAlias { explicit: true, name: table.clone(), columns: vec![], at: None })
    });
    let table = template::all_of(factor.clone())?;
    let sql = format!("SELECT * FROM (SELECT 1) AS \"{QUERY}\" {end}");
    *factor = TableFactor::Derived {
        lateral: false,
        subquery: template::query(&sql, vec![&table])?,
        alias,
        sample: None,
    };
    Ok(())
}

/// How much is wanted, and whether that is a number of rows.
fn quantity(sample: TableSample) -> Result<(String, bool)> {
    if sample.seed.is_some() {
        return Err(Error::unsupported(
            "a sample is not the same again: REPEATABLE is not supported",
        )
        .with_hint(
            "WHERE hash of a key decides the same way each time: \
                        WHERE md5(CAST(id AS VARCHAR)) < '1a' keeps about 10 %",
        ));
    }
    match sample {
        TableSample { quantity: Some(quantity), bucket: None, offset: None, .. } => {
            let TableSampleQuantity { value, unit, .. } = quantity;
            Ok((value.to_string(), unit == Some(TableSampleUnit::Rows)))
        }
        _ => Err(Error::unsupported("TABLESAMPLE takes a share or a number of rows")
            .with_hint("write TABLESAMPLE (10 PERCENT) or TABLESAMPLE (1000 ROWS)")),
    }
}
