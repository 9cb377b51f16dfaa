//! Column types as SQL spells them, in both directions. One parser serves table files and
//! CREATE TABLE; one printer serves DESCRIBE, `information_schema` and inferred table files.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use datafusion::common::TableReference;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::planner::ContextProvider;
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::sql::planner::SqlToRel;
use datafusion::sql::sqlparser::ast::{self, ColumnDef, Ident};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::error::{Error, Result};

/// Parses a type as CREATE TABLE takes it: `BIGINT`, `DECIMAL(10, 2)`, `TIMESTAMP WITH TIME ZONE`,
/// `STRUCT<a INT, b VARCHAR>`, `INT[]`, `MAP(VARCHAR, INT)`.
///
/// # Errors
/// `Sql` when the text is not a type.
pub fn parse_type(text: &str) -> Result<DataType> {
    let wrong = |e: String| Error::sql(format!("`{text}` is not a type: {e}"));
    let mut parser =
        Parser::new(&GenericDialect {}).try_with_sql(text).map_err(|e| wrong(e.to_string()))?;
    let data_type = parser.parse_data_type().map_err(|e| wrong(e.to_string()))?;
    if parser.peek_token().token != datafusion::sql::sqlparser::tokenizer::Token::EOF {
        return Err(wrong(format!("`{}` is left over", parser.peek_token())));
    }
    typed(data_type).map_err(wrong)
}

/// A type of which DataFusion knows all but maps, bytes by other names than one, and in which zone
/// instants are kept; the parts of nested types as well.
fn typed(data_type: ast::DataType) -> Result<DataType, String> {
    use ast::ArrayElemTypeDef::{AngleBracket, Parenthesis, SquareBracket};
    Ok(match data_type {
        ast::DataType::Map(key, value) => {
            // DataFusion's functions of maps look for keys of this type.
            let key = match typed(*key)? {
                DataType::Utf8View => DataType::Utf8,
                other => other,
            };
            let pair = [Field::new("key", key, false), Field::new("value", typed(*value)?, true)];
            let pair = Fields::from(pair.to_vec());
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), false)
        }
        ast::DataType::Array(
            AngleBracket(item) | SquareBracket(item, None) | Parenthesis(item),
        ) => DataType::new_list(typed(*item)?, true),
        ast::DataType::Struct(fields, _) => {
            let field = |(at, field): (usize, ast::StructField)| {
                let name = match field.field_name {
                    Some(name) if name.quote_style.is_some() => name.value,
                    Some(name) => name.value.to_lowercase(),
                    None => format!("c{at}"),
                };
                Ok(Field::new(name, typed(field.field_type)?, true))
            };
            let fields = fields.into_iter().enumerate().map(field);
            DataType::Struct(fields.collect::<Result<Fields, String>>()?)
        }
        ast::DataType::Varbinary(_) | ast::DataType::Binary(_) | ast::DataType::Blob(_) => {
            plain(ast::DataType::Bytea)?
        }
        other => plain(other)?,
    })
}

/// A type as DataFusion understands it.
fn plain(data_type: ast::DataType) -> Result<DataType, String> {
    let column = ColumnDef { name: Ident::new("c"), data_type, options: vec![] };
    let mut options = ConfigOptions::default();
    options.execution.time_zone = Some("UTC".to_owned());
    let schema = SqlToRel::new(&NoTables(options))
        .build_schema(vec![column])
        .map_err(|e| e.strip_backtrace())?;
    Ok(match schema.field(0).data_type() {
        // Zones are a matter of display; a stored instant is UTC.
        DataType::Timestamp(_, Some(_)) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        other => other.clone(),
    })
}

/// A planner context that knows no table: types need none.
struct NoTables(ConfigOptions);

impl ContextProvider for NoTables {
    fn get_table_source(
        &self,
        name: TableReference,
    ) -> datafusion::common::Result<Arc<dyn TableSource>> {
        datafusion::common::plan_err!("no table {name} in a type")
    }
    fn get_function_meta(&self, _: &str) -> Option<Arc<ScalarUDF>> {
        None
    }
    fn get_aggregate_meta(&self, _: &str) -> Option<Arc<AggregateUDF>> {
        None
    }
    fn get_window_meta(&self, _: &str) -> Option<Arc<WindowUDF>> {
        None
    }
    fn get_higher_order_meta(&self, _: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }
    fn get_variable_type(&self, _: &[String]) -> Option<DataType> {
        None
    }
    fn options(&self) -> &ConfigOptions {
        &self.0
    }
    fn udf_names(&self) -> Vec<String> {
        vec![]
    }
    fn udaf_names(&self) -> Vec<String> {
        vec![]
    }
    fn udwf_names(&self) -> Vec<String> {
        vec![]
    }
    fn higher_order_function_names(&self) -> Vec<String> {
        vec![]
    }
}

/// The SQL name of an Arrow type, as people would declare it.
pub fn sql_type_name(data_type: &DataType) -> String {
    let inner = |field: &Field| sql_type_name(field.data_type());
    match data_type {
        DataType::Null => "NULL".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::UInt8 => "TINYINT UNSIGNED".to_owned(),
        DataType::UInt16 => "SMALLINT UNSIGNED".to_owned(),
        DataType::UInt32 => "INTEGER UNSIGNED".to_owned(),
        DataType::UInt64 => "BIGINT UNSIGNED".to_owned(),
        DataType::Float16 | DataType::Float32 => "REAL".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => format!("DECIMAL({p}, {s})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "VARBINARY".to_owned(),
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "TIME".to_owned(),
        DataType::Timestamp(unit, zone) => {
            let digits = match unit {
                TimeUnit::Second => "(0)",
                TimeUnit::Millisecond => "(3)",
                TimeUnit::Microsecond => "(6)",
                TimeUnit::Nanosecond => "(9)",
            };
            let zone = if zone.is_some() { " WITH TIME ZONE" } else { "" };
            format!("TIMESTAMP{digits}{zone}")
        }
        DataType::Interval(
            IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano,
        ) => "INTERVAL".to_owned(),
        DataType::Duration(_) => "DURATION".to_owned(),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => format!("{}[]", inner(field)),
        DataType::Struct(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|f| format!("{} {}", f.name(), inner(f))).collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => {
                let types: Vec<_> = pair.iter().map(|f| inner(f)).collect();
                format!("MAP({})", types.join(", "))
            }
            other => format!("MAP({other})"),
        },
        DataType::Dictionary(_, value) => sql_type_name(value),
        DataType::RunEndEncoded(_, value) => inner(value),
        DataType::Union(_, _) => "UNION".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_parsed_as_they_are_printed() {
        for text in [
            "BIGINT",
            "DECIMAL(10, 2)",
            "TIMESTAMP(6) WITH TIME ZONE",
            "VARBINARY",
            "VARCHAR[]",
            "MAP(VARCHAR, DOUBLE)",
            "STRUCT<name VARCHAR, raw VARBINARY, at TIMESTAMP(6) WITH TIME ZONE>",
            "MAP(VARCHAR, STRUCT<tags VARCHAR[], scores MAP(VARCHAR, DATE[])>[])",
        ] {
            let parsed = parse_type(text).map(|data_type| sql_type_name(&data_type));
            assert_eq!(parsed.as_deref().ok(), Some(text), "{parsed:?}");
        }
        for wrong in ["MAP(VARCHAR)", "MAP(VARCHAR, NOTHING)", "STRUCT<a>", "INT INT", ""] {
            assert!(parse_type(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_of_fields_are_lower_case_unless_they_are_quoted() {
        let parsed = parse_type("STRUCT<Name INT, \"Other\" INT>").map(|it| sql_type_name(&it));
        assert_eq!(parsed.as_deref().ok(), Some("STRUCT<name INTEGER, Other INTEGER>"));
    }
}
