//! `information_schema`, ours: pushed filters, and one broken table never breaks it.
//!
//! DataFusion's own opens every table for `columns` and `views` and fails with the first that
//! fails. Here the filters on catalog, schema and table decide what is opened at all.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Operator, TableProviderFilterPushDown, TableType,
};
use datafusion::physical_plan::ExecutionPlan;

use super::listing::ListedTable;
use super::statement::StatementCatalogs;
use crate::error::{Error, Result};

/// The schema's name, in every catalog.
pub(super) const NAME: &str = "information_schema";

/// Its tables.
pub(super) const TABLES: &[&str] =
    &["columns", "df_settings", "problems", "routines", "schemata", "tables", "views"];

/// The table of a name; `None` for a name that is not in [`TABLES`].
pub(super) fn open(catalogs: &StatementCatalogs, table: &str) -> Option<Arc<dyn TableProvider>> {
    let table = TABLES.iter().copied().find(|name| *name == table)?;
    let schema = match table {
        "df_settings" => catalogs.planner().settings().ok()?.schema(),
        "routines" => catalogs.planner().functions().ok()?.schema(),
        "columns" => texts(&["table_catalog", "table_schema", "table_name", "column_name"])
            .with(Field::new("ordinal_position", DataType::UInt64, false))
            .with(Field::new("is_nullable", DataType::Utf8, false))
            .with(Field::new("data_type", DataType::Utf8, false))
            .finish(),
        "problems" => texts(&["object", "kind", "message"]).finish(),
        "schemata" => texts(&["catalog_name", "schema_name"]).finish(),
        "tables" => texts(&["table_catalog", "table_schema", "table_name", "table_type"]).finish(),
        _ => texts(&["table_catalog", "table_schema", "table_name"])
            .with(Field::new("definition", DataType::Utf8, true))
            .finish(),
    };
    Some(Arc::new(InformationTable { catalogs: catalogs.clone(), table, schema }))
}

struct Fields(Vec<Field>);

fn texts(names: &[&str]) -> Fields {
    Fields(names.iter().map(|name| Field::new(*name, DataType::Utf8, false)).collect())
}

impl Fields {
    fn with(mut self, field: Field) -> Self {
        self.0.push(field);
        self
    }

    fn finish(self) -> SchemaRef {
        Arc::new(Schema::new(self.0))
    }
}

/// One table of `information_schema`: its rows are made when it is scanned.
#[derive(Debug)]
struct InformationTable {
    catalogs: StatementCatalogs,
    table: &'static str,
    schema: SchemaRef,
}

/// The values that filters of the form `column = 'text'` ask for.
#[derive(Default)]
struct Wanted {
    catalog: Option<String>,
    schema: Option<String>,
    table: Option<String>,
}

impl Wanted {
    fn of(filters: &[Expr]) -> Self {
        let mut wanted = Self::default();
        for filter in filters {
            let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = filter else {
                continue;
            };
            let (column, value) = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), Expr::Literal(value, _))
                | (Expr::Literal(value, _), Expr::Column(column)) => (&column.name, value),
                _ => continue,
            };
            let (ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text))) = value
            else {
                continue;
            };
            match column.as_str() {
                "table_catalog" | "catalog_name" => wanted.catalog = Some(text.clone()),
                "table_schema" | "schema_name" => wanted.schema = Some(text.clone()),
                "table_name" => wanted.table = Some(text.clone()),
                _ => {}
            }
        }
        wanted
    }
}

impl InformationTable {
    async fn listed(&self, wanted: &Wanted) -> (Vec<ListedTable>, Vec<(String, Error)>) {
        let listing = self.catalogs.listing();
        let (mut tables, problems) =
            listing.all_tables(wanted.catalog.as_deref(), wanted.schema.as_deref()).await;
        if let Some(only) = &wanted.table {
            tables.retain(|table| table.name.table == *only);
        }
        (tables, problems)
    }

    async fn batch(&self, filters: &[Expr]) -> Result<RecordBatch> {
        let wanted = Wanted::of(filters);
        let listing = self.catalogs.listing();
        let columns: Vec<ArrayRef> = match self.table {
            "df_settings" => return self.catalogs.planner().settings(),
            "routines" => return self.catalogs.planner().functions(),
            "tables" => {
                let (tables, _) = self.listed(&wanted).await;
                let mut columns = names(&tables);
                columns.push(text(tables.iter().map(|table| table.kind.as_str())));
                columns
            }
            "columns" => {
                let (tables, _) = self.listed(&wanted).await;
                let (listed, _) = listing.columns(&tables).await;
                vec![
                    text(listed.iter().map(|column| column.table.catalog.as_str())),
                    text(listed.iter().map(|column| column.table.schema.as_str())),
                    text(listed.iter().map(|column| column.table.table.as_str())),
                    text(listed.iter().map(|column| column.name.as_str())),
                    Arc::new(UInt64Array::from_iter_values(listed.iter().map(|c| c.ordinal))),
                    text(listed.iter().map(|c| if c.nullable { "YES" } else { "NO" })),
                    text(listed.iter().map(|column| column.data_type.as_str())),
                ]
            }
            "problems" => {
                let (tables, mut problems) = self.listed(&wanted).await;
                problems.extend(listing.columns(&tables).await.1);
                vec![
                    text(problems.iter().map(|(object, _)| object.as_str())),
                    text(problems.iter().map(|(_, error)| error.kind().as_str())),
                    text(problems.iter().map(|(_, error)| error.message())),
                ]
            }
            "schemata" => {
                let mut pairs = Vec::new();
                for catalog in listing.catalogs() {
                    for schema in listing.schemas(&catalog).await.unwrap_or_default() {
                        pairs.push((catalog.clone(), schema));
                    }
                }
                vec![
                    text(pairs.iter().map(|(catalog, _)| catalog.as_str())),
                    text(pairs.iter().map(|(_, schema)| schema.as_str())),
                ]
            }
            _ => {
                let (mut tables, _) = self.listed(&wanted).await;
                tables.retain(|table| table.kind == crate::spi::TableKind::View);
                let mut definitions = Vec::new();
                for table in &tables {
                    // A view that cannot be planned is listed without its definition.
                    let opened = self.catalogs.open(&table.name).await.unwrap_or(false);
                    let provider = opened.then(|| self.catalogs.opened(&table.name)).flatten();
                    definitions
                        .push(provider.and_then(|p| p.get_table_definition().map(str::to_owned)));
                }
                let mut columns = names(&tables);
                columns.push(Arc::new(StringArray::from(definitions)));
                columns
            }
        };
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|e| Error::internal(format!("information_schema.{}: {e}", self.table)))
    }
}

fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn names(tables: &[ListedTable]) -> Vec<ArrayRef> {
    vec![
        text(tables.iter().map(|table| table.name.catalog.as_str())),
        text(tables.iter().map(|table| table.name.schema.as_str())),
        text(tables.iter().map(|table| table.name.table.as_str())),
    ]
}

#[async_trait]
impl TableProvider for InformationTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let batch = self.batch(filters).await?;
        let schema = Arc::clone(&self.schema);
        let plan = MemorySourceConfig::try_new_exec(&[vec![batch]], schema, projection.cloned())?;
        Ok(plan)
    }
}
