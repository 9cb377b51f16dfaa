//! `SUMMARIZE table | query`: one line per column, computed by one aggregate over all of them.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::functions_aggregate::expr_fn::{
    approx_distinct, approx_percentile_cont, avg, count, max, min,
};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr, lit};
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::tokenizer::TokenWithSpan;

use super::own::Looked;
use super::run::{Started, Statement, parse_one};
use super::state::Translated;
use crate::catalog::sql_type_name;
use crate::error::{Error, Result};

/// The quantiles that are shown.
const QUANTILES: [f64; 3] = [0.25, 0.5, 0.75];

/// Runs SUMMARIZE over a table or over the tokens of a query.
pub(super) async fn run(
    statement: &Statement<'_>,
    table: Option<Looked>,
    query: Vec<TokenWithSpan>,
) -> Result<Started> {
    let parsed = match table {
        Some(table) => {
            let table = match table {
                Looked::Table(name) => {
                    let name = statement.catalogs.resolve(&name, &statement.home).await?;
                    let parts = [&name.catalog, &name.schema, &name.table];
                    parts.map(|part| format!("\"{}\"", part.replace('"', "\"\""))).join(".")
                }
                Looked::Path(path) => format!("'{}'", path.replace('\'', "''")),
            };
            parse_one(super::run::tokenize(&format!("SELECT * FROM {table}"))?)?
        }
        None => parse_one(query)?,
    };
    let DfStatement::Statement(_) = &parsed else {
        return Err(Error::sql("SUMMARIZE takes a table or a SELECT"));
    };
    let input = statement.plan(parsed, &statement.job.parameters).await?;
    let fields: Vec<Arc<Field>> = input.schema().fields().iter().cloned().collect();
    let plan = aggregate(input)?;
    let physical = statement.admit(&plan).await?;
    let _turn = statement.job.turn().await?;
    let batches = collect(physical, statement.task()).await.translated()?;
    let row = batches
        .into_iter()
        .find(|batch| batch.num_rows() == 1)
        .ok_or_else(|| Error::internal("an aggregate without groups gave no row"))?;
    answer(&fields, &row).map(Started::batch)
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric() && !matches!(data_type, DataType::Float16)
}

fn is_ordered(data_type: &DataType) -> bool {
    !data_type.is_nested() && *data_type != DataType::Null
}

/// The aggregates of one column in the order in which [`answer`] reads them.
fn of_column(column: &Expr, data_type: &DataType) -> Vec<Expr> {
    let mut aggregates = vec![count(column.clone())];
    if is_ordered(data_type) {
        aggregates.push(min(column.clone()));
        aggregates.push(max(column.clone()));
        if *data_type != DataType::Boolean {
            // Not every type is counted; the texts of equal numbers are the same.
            let is_counted = !data_type.is_floating() && !data_type.is_decimal();
            aggregates.push(approx_distinct(match is_counted {
                true => column.clone(),
                false => datafusion::logical_expr::cast(column.clone(), DataType::Utf8),
            }));
        }
    }
    if is_number(data_type) {
        let number = datafusion::logical_expr::cast(column.clone(), DataType::Float64);
        aggregates.push(avg(number.clone()));
        for quantile in QUANTILES {
            let order = SortExpr::new(number.clone(), true, false);
            aggregates.push(approx_percentile_cont(order, lit(quantile), None));
        }
    }
    aggregates
}

fn aggregate(input: LogicalPlan) -> Result<LogicalPlan> {
    let columns: Vec<(Expr, DataType)> = input
        .schema()
        .iter()
        .map(|(qualifier, field)| {
            let column = datafusion::common::Column::new(qualifier.cloned(), field.name());
            (Expr::Column(column), field.data_type().clone())
        })
        .collect();
    let mut aggregates = vec![count(lit(1)).alias("rows")];
    for (at, (column, data_type)) in columns.iter().enumerate() {
        let named = of_column(column, data_type).into_iter().enumerate();
        aggregates.extend(named.map(|(nth, expr)| expr.alias(format!("{at}.{nth}"))));
    }
    LogicalPlanBuilder::from(input)
        .aggregate(Vec::<Expr>::new(), aggregates)
        .translated()?
        .build()
        .translated()
}

/// One line per column.
#[derive(Default)]
struct Lines {
    nulls: Vec<u64>,
    distinct: Vec<Option<u64>>,
    min: Vec<Option<String>>,
    max: Vec<Option<String>>,
    numbers: [Vec<Option<f64>>; 4],
}

fn answer(fields: &[Arc<Field>], row: &RecordBatch) -> Result<RecordBatch> {
    let mut columns = row.columns().iter();
    let mut next = || columns.next().ok_or_else(|| Error::internal("an aggregate is missing"));
    let rows = whole(next()?)?.unwrap_or_default();
    let mut lines = Lines::default();
    for field in fields {
        let data_type = field.data_type();
        lines.nulls.push(rows - whole(next()?)?.unwrap_or_default().min(rows));
        let ordered = is_ordered(data_type);
        lines.min.push(if ordered { text(next()?)? } else { None });
        lines.max.push(if ordered { text(next()?)? } else { None });
        let counted = ordered && *data_type != DataType::Boolean;
        lines.distinct.push(if counted { whole(next()?)? } else { None });
        let number = is_number(data_type);
        for values in &mut lines.numbers {
            values.push(if number { float(next()?)? } else { None });
        }
    }
    batch(fields, rows, lines)
}

/// The answer of `SUMMARIZE` of a table without columns: its schema.
pub(super) fn nothing() -> Result<RecordBatch> {
    batch(&[], 0, Lines::default())
}

fn batch(fields: &[Arc<Field>], rows: u64, lines: Lines) -> Result<RecordBatch> {
    let [mean, q25, q50, q75] = lines.numbers;
    let share = |nulls: &u64| {
        if rows == 0 { 0.0 } else { (*nulls as f64 / rows as f64 * 1e4).round() / 100.0 }
    };
    let floats = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let names = fields.iter().map(|field| field.name().as_str());
    let types = fields.iter().map(|field| sql_type_name(field.data_type()));
    let columns: [(&str, ArrayRef); 12] = [
        ("column", Arc::new(StringArray::from_iter_values(names))),
        ("type", Arc::new(StringArray::from_iter_values(types))),
        ("rows", Arc::new(UInt64Array::from_value(rows, fields.len()))),
        ("nulls", Arc::new(UInt64Array::from_iter_values(lines.nulls.iter().copied()))),
        ("null_pct", Arc::new(Float64Array::from_iter_values(lines.nulls.iter().map(share)))),
        ("approx_distinct", Arc::new(UInt64Array::from(lines.distinct))),
        ("min", Arc::new(StringArray::from(lines.min))),
        ("max", Arc::new(StringArray::from(lines.max))),
        ("mean", floats(mean)),
        ("q25", floats(q25)),
        ("q50", floats(q50)),
        ("q75", floats(q75)),
    ];
    let schema = Schema::new(
        columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).map_err(|e| Error::internal(e.to_string()))
}

fn casted<T: Clone + 'static>(array: &ArrayRef, to: &DataType) -> Result<T> {
    let array = cast(array, to).map_err(|e| Error::internal(e.to_string()))?;
    let typed = array.as_any().downcast_ref::<T>().cloned();
    typed.ok_or_else(|| Error::internal(format!("a cast to {to} gave {}", array.data_type())))
}

fn whole(array: &ArrayRef) -> Result<Option<u64>> {
    Ok(casted::<UInt64Array>(array, &DataType::UInt64)?.iter().next().flatten())
}

fn float(array: &ArrayRef) -> Result<Option<f64>> {
    Ok(casted::<Float64Array>(array, &DataType::Float64)?.iter().next().flatten())
}

fn text(array: &ArrayRef) -> Result<Option<String>> {
    if array.is_null(0) {
        return Ok(None);
    }
    array_value_to_string(array, 0).map(Some).map_err(|e| Error::internal(e.to_string()))
}
