//! Parquet tables: columns from footers, splits along row groups, DataFusion's reader underneath.

mod estimate;
mod footer;
mod late;
mod reader;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Statistics;
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion_datasource::file::FileSource;
use datafusion_datasource_parquet::metadata::DFParquetMetadata;
use datafusion_datasource_parquet::source::ParquetSource;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::ParquetMetaData;

use super::scan::{Planned, Recipe, SelectedFile, Split};
use super::schema;
use super::stock::Stock;
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, StatementContext, StoreUrl, holds_float};
pub(super) use estimate::{Asked, estimate};
use footer::FooterCache;
pub(super) use late::read;
use reader::FooterReaders;

/// How many footers are read at once.
const FOOTERS_AT_ONCE: usize = 16;

/// The columns of some files, merged by name.
pub(super) async fn infer(
    store: &OpenedStore,
    url: &StoreUrl,
    context: &StatementContext,
    files: &[ObjectMeta],
) -> Result<SchemaRef> {
    let cache = context.shared().get::<FooterCache>();
    let schemas: Vec<(String, SchemaRef)> = futures::stream::iter(files.iter().cloned())
        .map(|file| {
            let cache = Arc::clone(&cache);
            async move {
                let outer = store.outer(&file.location);
                let footer = cache.get(&store.store, url, &file, &outer).await?;
                let schema = arrow_schema(&outer, &footer)?;
                Ok::<_, Error>((outer, schema))
            }
        })
        .buffered(FOOTERS_AT_ONCE)
        .try_collect()
        .await?;
    schema::merge(&schemas)
}

/// The Arrow schema of a footer, text and binary as views: they are read without copying.
fn arrow_schema(outer: &str, footer: &ParquetMetaData) -> Result<SchemaRef> {
    let file = footer.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
        .map_err(|e| Error::corrupt(format!("{outer}: {e}")))?;
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let view = match field.data_type() {
                DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
                DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
                other => other.clone(),
            };
            field.as_ref().clone().with_data_type(view)
        })
        .collect();
    Ok(Arc::new(Schema::new(fields)))
}

/// Splits and statistics of the selected files. With a limit, files after those that surely hold
/// enough rows are left out.
pub(super) async fn plan(
    store: &OpenedStore,
    context: &StatementContext,
    recipe: &Recipe,
    files: Vec<SelectedFile>,
    limit: Option<usize>,
) -> Result<Planned> {
    let cache = context.shared().get::<FooterCache>();
    let url = recipe.store();
    let footers = futures::stream::iter(files.into_iter().map(Arc::new)).map(|file| {
        let cache = Arc::clone(&cache);
        async move {
            let outer = store.outer(&file.meta.location);
            let footer = cache.get(&store.store, url, &file.meta, &outer).await?;
            schema::check(&outer, &*arrow_schema(&outer, &footer)?, recipe.file_schema())?;
            Ok::<_, Error>((file, footer))
        }
    });
    // One at a time under a limit: the first file mostly holds enough.
    let at_once = if limit.is_some() { 1 } else { FOOTERS_AT_ONCE };
    let mut footers = Box::pin(footers.buffered(at_once));
    let mut splits = Vec::new();
    let mut statistics = Vec::new();
    let mut rows: usize = 0;
    let mut whole = true;
    while let Some((file, footer)) = footers.try_next().await? {
        let of_file = file_statistics(&footer, recipe)?;
        rows = rows.saturating_add(of_file.num_rows.get_value().copied().unwrap_or_default());
        statistics.push(file.with_partition_statistics(of_file, rows_of(&footer)));
        splits.extend(row_group_splits(&file, &footer, context.settings().split_bytes));
        if limit.is_some_and(|limit| rows >= limit) {
            whole = false;
            break;
        }
    }
    let merged = Statistics::try_merge_iter(&statistics, recipe.table_schema())
        .map_err(|e| Error::internal(e.to_string()))?;
    let statistics = if whole { merged } else { merged.to_inexact() };
    Ok(Planned { splits, statistics })
}

fn rows_of(footer: &ParquetMetaData) -> usize {
    usize::try_from(footer.file_metadata().num_rows()).unwrap_or_default()
}

fn file_statistics(footer: &ParquetMetaData, recipe: &Recipe) -> Result<Statistics> {
    let file_schema = recipe.file_schema();
    let mut statistics = DFParquetMetadata::statistics_from_parquet_metadata(footer, file_schema)
        .map_err(|e| Error::corrupt(e.strip_backtrace()))?;
    // A file may keep rows and say nothing of their columns; those are then simply not known.
    if statistics.column_statistics.len() != file_schema.fields().len() {
        statistics.column_statistics = Statistics::unknown_column(file_schema);
    }
    // Bounds leave NaN out, so they are no answer to min and max.
    for (column, field) in statistics.column_statistics.iter_mut().zip(file_schema.fields()) {
        if holds_float(field.data_type()) {
            column.min_value = std::mem::take(&mut column.min_value).to_inexact();
            column.max_value = std::mem::take(&mut column.max_value).to_inexact();
        }
    }
    if statistics.num_rows == Precision::Absent {
        statistics.num_rows = Precision::Exact(rows_of(footer));
    }
    Ok(statistics)
}

/// The splits of one file: runs of whole row groups of about `split_bytes`.
fn row_group_splits(
    file: &Arc<SelectedFile>,
    footer: &ParquetMetaData,
    split_bytes: u64,
) -> Vec<Split> {
    let mut splits: Vec<Split> = Vec::new();
    let mut start = 0;
    let mut bytes = 0;
    let mut rows = 0;
    let groups = footer.row_groups();
    for (at, group) in groups.iter().enumerate() {
        bytes += u64::try_from(group.compressed_size()).unwrap_or_default();
        rows += u64::try_from(group.num_rows()).unwrap_or_default();
        let next = groups.get(at + 1).map(first_byte);
        if bytes >= split_bytes || next.is_none() {
            // A reader takes the row groups whose first byte lies in its range.
            let end = next.unwrap_or(file.meta.size);
            splits.push(Split {
                file: Arc::clone(file),
                range: Some((start, end)),
                bytes,
                rows: Some(rows),
            });
            (start, bytes, rows) = (end, 0, 0);
        }
    }
    if let [only] = splits.as_mut_slice() {
        only.range = None;
    }
    splits
}

fn first_byte(group: &parquet::file::metadata::RowGroupMetaData) -> u64 {
    group.columns().first().map_or(0, |column| column.byte_range().0)
}

/// The reader of a scan: DataFusion's, with our footers, which are not metered. With `filter_rows`
/// it drops the rows that do not pass the predicate.
pub(super) fn source(stock: &Stock, filter_rows: bool) -> Arc<dyn FileSource> {
    let (context, recipe) = (&stock.statement, &stock.recipe);
    let options = TableParquetOptions {
        global: stock.task.session_config().options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    let page_index = stock.predicate.is_some() && options.global.enable_page_index;
    let (store, metered) = (Arc::clone(&stock.store), Arc::clone(&stock.metered));
    let (url, cache) = (recipe.store().clone(), context.shared().get());
    let readers = FooterReaders::new(store, metered, url, cache, page_index);
    let mut source = ParquetSource::new(recipe.reader_schema())
        .with_table_parquet_options(options)
        .with_pushdown_filters(filter_rows)
        .with_parquet_file_reader_factory(Arc::new(readers));
    if let Some(predicate) = &stock.predicate {
        source = source.with_predicate(Arc::clone(predicate));
    }
    Arc::new(source)
}
