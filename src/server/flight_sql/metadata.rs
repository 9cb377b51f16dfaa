//! The metadata calls: catalogs, schemas, tables, columns, keys.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::error::FlightError;
use arrow_flight::sql::metadata::{GetCatalogsBuilder, GetDbSchemasBuilder, GetTablesBuilder};
use arrow_flight::sql::{Command, CommandGetDbSchemas, CommandGetTables};

use super::sessions::DoorSession;
use super::wire::Profile;
use super::{sql_info, xdbc};
use crate::engine::{TableFilter, TableListing};
use crate::error::{Error, Result};

/// What tables are called to clients. ODBC's driver knows no `BASE TABLE`.
const TABLE: &str = "TABLE";

/// What views are called to clients.
const VIEW: &str = "VIEW";

/// The columns of a metadata call's answer, as the specification has them; `None` for a command
/// that is none.
pub(super) fn schema(command: &Command) -> Option<SchemaRef> {
    Some(match command {
        Command::CommandGetCatalogs(_) => GetCatalogsBuilder::new().schema(),
        Command::CommandGetDbSchemas(_) => schemas_builder().schema(),
        Command::CommandGetTables(asked) => tables_builder(asked.include_schema).schema(),
        Command::CommandGetTableTypes(_) => table_types(),
        Command::CommandGetPrimaryKeys(_) => primary_keys(),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => foreign_keys(),
        Command::CommandGetSqlInfo(_) => sql_info::schema(),
        Command::CommandGetXdbcTypeInfo(_) => xdbc::schema().ok()?,
        _ => return None,
    })
}

/// The answer of a metadata call.
///
/// # Errors
/// `Sql` for a pattern that is none, `Unsupported` for a command that is no metadata call.
pub(super) async fn answer(session: &DoorSession, command: Command) -> Result<RecordBatch> {
    match command {
        Command::CommandGetCatalogs(_) => {
            let mut builder = GetCatalogsBuilder::new();
            for catalog in session.engine.catalogs().await? {
                builder.append(catalog);
            }
            builder.build().map_err(built_wrongly)
        }
        Command::CommandGetDbSchemas(asked) => schemas(session, asked).await,
        Command::CommandGetTables(asked) => tables(session, asked).await,
        Command::CommandGetTableTypes(_) => {
            let types: ArrayRef = Arc::new(StringArray::from(vec![TABLE, VIEW]));
            RecordBatch::try_new(table_types(), vec![types]).map_err(|e| built_wrongly(e.into()))
        }
        // Files and logs declare no keys.
        Command::CommandGetPrimaryKeys(_) => Ok(RecordBatch::new_empty(primary_keys())),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => Ok(RecordBatch::new_empty(foreign_keys())),
        Command::CommandGetSqlInfo(asked) => sql_info::answer(asked.info),
        Command::CommandGetXdbcTypeInfo(asked) => xdbc::answer(asked.data_type),
        other => Err(Error::unsupported(format!("{} is not answered here", other.type_url()))),
    }
}

pub(super) fn built_wrongly(error: FlightError) -> Error {
    Error::internal(format!("metadata: {error}"))
}

// The filters are applied before: arrow-flight's compare the types of tables exactly.
fn schemas_builder() -> GetDbSchemasBuilder {
    GetDbSchemasBuilder::new(None::<String>, None::<String>)
}

fn tables_builder(columns: bool) -> GetTablesBuilder {
    let all = None::<String>;
    GetTablesBuilder::new(all.clone(), all.clone(), all, Vec::<String>::new(), columns)
}

async fn schemas(session: &DoorSession, asked: CommandGetDbSchemas) -> Result<RecordBatch> {
    let filter = TableFilter {
        catalog: asked.catalog,
        schema_like: asked.db_schema_filter_pattern,
        table_like: None,
    };
    let mut builder = schemas_builder();
    for [catalog, schema] in session.engine.schemas(filter).await? {
        builder.append(catalog, schema);
    }
    builder.build().map_err(built_wrongly)
}

async fn tables(session: &DoorSession, asked: CommandGetTables) -> Result<RecordBatch> {
    let filter = TableFilter {
        catalog: asked.catalog,
        schema_like: asked.db_schema_filter_pattern,
        table_like: asked.table_name_filter_pattern,
    };
    let wanted = |kind: &str| {
        let same = |asked: &String| {
            asked.eq_ignore_ascii_case(kind)
                || (kind == TABLE && asked.eq_ignore_ascii_case("base table"))
        };
        asked.table_types.is_empty() || asked.table_types.iter().any(same)
    };
    let mut builder = tables_builder(asked.include_schema);
    if !wanted(TABLE) && !wanted(VIEW) {
        return builder.build().map_err(built_wrongly);
    }
    let profile = session.wishes().profile;
    for table in session.engine.tables(filter, asked.include_schema).await? {
        let kind = if table.is_view { VIEW } else { TABLE };
        if wanted(kind) {
            let columns = columns(&table, profile);
            builder
                .append(&table.catalog, &table.schema, &table.table, kind, &columns)
                .map_err(built_wrongly)?;
        }
    }
    builder.build().map_err(built_wrongly)
}

/// The columns of a table with what drivers read of each.
fn columns(table: &TableListing, profile: Profile) -> Schema {
    let fields = table.columns.fields().iter().map(|field| {
        let key = |name: &str| format!("ARROW:FLIGHT:SQL:{name}");
        let mut metadata = vec![
            (key("CATALOG_NAME"), table.catalog.clone()),
            (key("SCHEMA_NAME"), table.schema.clone()),
            (key("TABLE_NAME"), table.table.clone()),
            (key("TYPE_NAME"), crate::engine::sql_type_name(field.data_type())),
            (key("IS_AUTO_INCREMENT"), "0".to_owned()),
            (key("IS_CASE_SENSITIVE"), "1".to_owned()),
            (key("IS_READ_ONLY"), "1".to_owned()),
            (key("IS_SEARCHABLE"), "1".to_owned()),
        ];
        if let DataType::Decimal128(precision, scale) = field.data_type() {
            metadata.push((key("PRECISION"), precision.to_string()));
            metadata.push((key("SCALE"), scale.to_string()));
        }
        Field::new(field.name(), profile.data_type(field.data_type()), field.is_nullable())
            .with_metadata(metadata.into_iter().collect())
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

fn table_types() -> SchemaRef {
    Arc::new(Schema::new(vec![text("table_type", false)]))
}

fn primary_keys() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        text("key_name", true),
        Field::new("key_sequence", DataType::Int32, false),
    ]))
}

fn foreign_keys() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("pk_catalog_name", true),
        text("pk_db_schema_name", true),
        text("pk_table_name", false),
        text("pk_column_name", false),
        text("fk_catalog_name", true),
        text("fk_db_schema_name", true),
        text("fk_table_name", false),
        text("fk_column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("fk_key_name", true),
        text("pk_key_name", true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}
