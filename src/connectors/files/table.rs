//! One table over files: what it looks like, and which files a scan has to read.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::cast::as_boolean_array;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr_common::physical_expr::fmt_sql;
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::format::Format;
use super::listing::Lister;
use super::options::TableOptions;
use super::partition;
use super::scan::{FilesScan, Recipe, SelectedFile};
use super::text::Half;
use super::{avro, batches, ipc, orc, parquet, schema, text};
use crate::error::{Error, Result};
use crate::spi::{
    OpenedStore, PinnedTable, StatementContext, StoreUrl, TableFile, physical_filters,
};

/// How many files at most are opened to infer a table's columns, spread over all of them.
const SAMPLED_FILES: usize = 100;

/// How many folders at most are listed to find the files to sample.
const SAMPLED_FOLDERS: usize = 64;

/// What skipped a file or a folder, for the receipt.
const BY_PARTITION: &str = "by partition";

/// Where a table's files are.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// All files below a folder.
    Folder(Path),
    /// One file.
    File(ObjectMeta),
    /// The files below a folder whose path matches a pattern.
    Pattern(Path, glob::Pattern),
}

impl Root {
    /// The root that a relative location names below `base`: a pattern, a file, or a folder.
    pub(super) async fn at(
        lister: &Lister,
        store: &OpenedStore,
        base: &Path,
        relative: &str,
    ) -> Result<Self> {
        let wrong = |e: String| Error::config(format!("location {relative}: {e}"));
        if relative.contains(['*', '?', '[']) {
            let (folder, _) = relative
                .find(['*', '?', '['])
                .and_then(|at| relative.get(..at))
                .and_then(|fixed| fixed.rsplit_once('/'))
                .unwrap_or(("", relative));
            let folder = joined(base, folder).map_err(wrong)?;
            let whole = if base.as_ref().is_empty() {
                relative.to_owned()
            } else {
                format!("{}/{relative}", glob::Pattern::escape(base.as_ref()))
            };
            let pattern = glob::Pattern::new(&whole).map_err(|e| wrong(e.to_string()))?;
            return Ok(Self::Pattern(folder, pattern));
        }
        let path = joined(base, relative).map_err(wrong)?;
        if let Some(file) = lister.file(&path).await? {
            return Ok(Self::File(file));
        }
        let level = lister.level(&path).await?;
        if level.files.is_empty() && level.folders.is_empty() {
            return Err(Error::not_found(format!("{} does not exist", store.outer(&path))));
        }
        Ok(Self::Folder(path))
    }

    /// Where a replayed read point has the table of a label; `None` in an ordinary statement, and
    /// for a table that is not in it.
    pub(super) fn replayed(lister: &Lister, label: &str) -> Result<Option<Self>> {
        let Some(point) = lister.context().read_point().replayed() else { return Ok(None) };
        let Some(pinned) = point.tables.get(label) else { return Ok(None) };
        let wrong = |e: String| Error::corrupt(format!("the read point's table {label}: {e}"));
        let path = |path: &str| Path::parse(path).map_err(|e| wrong(e.to_string()));
        Ok(Some(match pinned {
            PinnedTable::Folder(folder) => Self::Folder(path(folder)?),
            PinnedTable::File(file) => Self::File(lister.pinned_file(&path(file)?)?),
            PinnedTable::Pattern(folder, pattern) => {
                let pattern = glob::Pattern::new(pattern).map_err(|e| wrong(e.to_string()))?;
                Self::Pattern(path(folder)?, pattern)
            }
        }))
    }

    /// Takes down where a table was found.
    pub(super) fn pin(&self, lister: &Lister, label: &str) {
        let found = match self {
            Self::Folder(path) => PinnedTable::Folder(path.to_string()),
            Self::File(file) => {
                lister.pin_file(file);
                PinnedTable::File(file.location.to_string())
            }
            Self::Pattern(path, pattern) => {
                PinnedTable::Pattern(path.to_string(), pattern.to_string())
            }
        };
        lister.context().read_point().pin_table(label, found);
    }

    /// The folder or file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Pattern(path, _) => path,
            Self::File(file) => &file.location,
        }
    }

    fn keeps(&self, path: &Path) -> bool {
        let options =
            glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::default() };
        match self {
            Self::Folder(_) | Self::File(_) => true,
            Self::Pattern(_, pattern) => pattern.matches_with(path.as_ref(), options),
        }
    }
}

/// A relative location below `base`.
pub(super) fn joined(base: &Path, relative: &str) -> Result<Path, String> {
    let mut path = base.clone();
    for part in relative.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            let mut parts: Vec<_> = path.parts().map(|part| part.as_ref().to_owned()).collect();
            parts.pop();
            path = Path::from_iter(parts);
        } else {
            path = path.join(object_store::path::PathPart::parse(part).map_err(|e| e.to_string())?);
        }
    }
    Ok(path)
}

/// A table over files, as one statement sees it.
#[derive(Debug)]
pub(super) struct FilesTable {
    lister: Lister,
    store: OpenedStore,
    root: Root,
    recipe: Arc<Recipe>,
    // Whether files whose names say no format are data too: only where the format is declared.
    // A note or a half-written file in the folder is no data.
    any_name: bool,
}

/// Whether a file of this name is data of a table of `format`.
fn is_data(file: &ObjectMeta, format: Format, any_name: bool) -> bool {
    match file.location.filename().and_then(Format::of_name) {
        Some(named) => named == format,
        None => any_name,
    }
}

impl FilesTable {
    /// Opens a table: finds its format and, where they are not declared, its columns.
    pub(super) async fn open(
        lister: Lister,
        store: OpenedStore,
        store_url: StoreUrl,
        label: String,
        root: Root,
        half: Half,
        declared: &TableFile<TableOptions>,
    ) -> Result<Self> {
        let format = declared.options.format.as_deref().map(Format::parse).transpose()?;
        let any_name = format.is_some();
        root.pin(&lister, &label);
        // What is declared needs no look at all of the table; two files show what else there is.
        let is_declared = !declared.columns.is_empty() && !declared.partitions.is_empty();
        let mut seen = vec![];
        if is_declared {
            seen = sample(&lister, &root, 2, 2).await?;
        }
        if seen.is_empty() {
            seen = sample(&lister, &root, SAMPLED_FOLDERS, SAMPLED_FILES).await?;
        }
        let format = match format {
            Some(format) => format,
            None => Format::of_files(seen.iter().map(|file| &file.location))?.ok_or_else(|| {
                Error::not_found(format!("{} holds no data files", store.outer(root.path())))
                    .with_hint("data files end in .parquet, .orc, .avro, .csv, .json or .arrow; `format` in a table file says it for others")
            })?,
        };
        let files: Vec<ObjectMeta> =
            seen.into_iter().filter(|file| is_data(file, format, any_name)).collect();
        let partition_fields = match declared.partitions.as_slice() {
            [] => {
                let paths: Vec<&Path> = files.iter().map(|file| &file.location).collect();
                partition::infer(root.path(), &paths)?
            }
            declared => declared
                .iter()
                .map(|column| {
                    let name = &column.file.name;
                    let field = datafusion::arrow::datatypes::Field::new(
                        name,
                        column.data_type.clone(),
                        true,
                    );
                    Arc::new(field)
                })
                .collect(),
        };
        declared.refuse_encodings("files")?;
        let mut text = None;
        let file_schema = match format {
            Format::Parquet | Format::Arrow | Format::Orc | Format::Avro
                if !declared.columns.is_empty() =>
            {
                declared_schema(declared)?
            }
            Format::Parquet => parquet::infer(&store, &store_url, lister.context(), &files).await?,
            Format::Arrow => ipc::infer(&store, &files).await?,
            Format::Orc => orc::infer(&store, &files).await?,
            Format::Avro => avro::infer(&store, &files).await?,
            Format::Csv | Format::Json => {
                let (found, schema) =
                    text::describe(&store, &files, format, declared, half).await?;
                text = Some(found);
                schema
            }
        };
        if text.is_none() && half == Half::Bad {
            return Err(Error::unsupported(format!(
                "{label} keeps no bad records: its files are {}",
                format.name()
            )));
        }
        let file_schema = match half {
            Half::Good => schema::in_timezone(&file_schema, lister.context().timezone()),
            Half::Bad => text::errors_schema(),
        };
        if let Some(text) = &mut text {
            for (column, field) in text.shape.columns.iter_mut().zip(file_schema.fields()) {
                if half == Half::Good {
                    column.data_type = field.data_type().clone();
                }
            }
        }
        let base = store.root.clone();
        let recipe = Recipe::new(label, store_url, base, format, file_schema, partition_fields);
        let mut recipe = recipe.with_limits(declared.limits());
        if let Some(text) = text {
            recipe = recipe.with_text(text);
        }
        Ok(Self { lister, store, root, recipe: Arc::new(recipe), any_name })
    }

    /// The text of a table file that declares what was found out.
    pub(super) fn table_file(&self) -> Option<String> {
        let source = self.store.outer(self.root.path());
        self.recipe.text().map(|text| text::table_file(text, self.recipe.label(), &source))
    }

    /// What the table's files share.
    pub(super) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    fn context(&self) -> &Arc<StatementContext> {
        self.lister.context()
    }

    /// The files that pass the partition filters, each with its partition values.
    async fn select(&self, filters: &[Arc<dyn PhysicalExpr>]) -> Result<Vec<SelectedFile>> {
        let root = self.root.path();
        let files: Vec<ObjectMeta> = match &self.root {
            Root::File(file) => vec![file.clone()],
            Root::Folder(_) | Root::Pattern(..) if filters.is_empty() => {
                self.lister.everything(root).await?.iter().cloned().collect()
            }
            Root::Folder(_) | Root::Pattern(..) => {
                self.lister.walk(root, &|folders| self.enter(folders, filters)).await?
            }
        };
        let format = self.recipe.format();
        let files = files
            .into_iter()
            .filter(|file| self.root.keeps(&file.location) && is_data(file, format, self.any_name));
        let mut selected = Vec::new();
        for file in files {
            let values = self.values(&file.location, true)?;
            selected.push(SelectedFile { meta: file, values });
        }
        let total = selected.len();
        let keep = self.matching(filters, selected.iter().map(|file| file.values.as_slice()))?;
        let mut keep = keep.into_iter();
        selected.retain(|_| keep.next().unwrap_or(true));
        self.lister.verify(selected.iter().map(|file| file.meta.clone()).collect()).await?;
        let receipt = self.context().receipt();
        let label = self.recipe.label();
        receipt.add(label, "files", selected.len() as u64);
        let skipped = (total - selected.len()) as u64;
        if skipped > 0 {
            receipt.add_with(label, "files_skipped", BY_PARTITION, skipped);
        }
        for filter in filters {
            let shown = format!("{}: {BY_PARTITION}", fmt_sql(filter.as_ref()));
            receipt.add_with(label, "filters_pushed", &shown, 1);
        }
        Ok(selected)
    }

    /// The folders of one level that can hold matching files.
    fn enter(&self, folders: Vec<Path>, filters: &[Arc<dyn PhysicalExpr>]) -> Result<Vec<Path>> {
        let depth = folders
            .iter()
            .map(|folder| partition::pairs_of_folder(self.root.path(), folder).len())
            .min()
            .unwrap_or_default();
        let known: Vec<&str> =
            self.recipe.partition_fields().iter().take(depth).map(|f| f.name().as_str()).collect();
        let decidable: Vec<_> = filters
            .iter()
            .filter(|filter| {
                collect_columns(filter).iter().all(|column| known.contains(&column.name()))
            })
            .cloned()
            .collect();
        if decidable.is_empty() {
            return Ok(folders);
        }
        let values: Vec<Vec<ScalarValue>> =
            folders.iter().map(|folder| self.values(folder, false)).collect::<Result<_>>()?;
        let keep = self.matching(&decidable, values.iter().map(Vec::as_slice))?;
        let skipped = keep.iter().filter(|keep| !**keep).count();
        if skipped > 0 {
            let receipt = self.context().receipt();
            receipt.add_with(self.recipe.label(), "folders_skipped", BY_PARTITION, skipped as u64);
        }
        let kept = folders.into_iter().zip(keep).filter(|(_, keep)| *keep);
        Ok(kept.map(|(folder, _)| folder).collect())
    }

    /// The partition values of a file (or folder, whose deeper values are NULL until known).
    fn values(&self, path: &Path, is_file: bool) -> Result<Vec<ScalarValue>> {
        let pairs = if is_file {
            partition::pairs(self.root.path(), path)
        } else {
            partition::pairs_of_folder(self.root.path(), path)
        };
        let fields = self.recipe.partition_fields();
        if is_file {
            for field in fields {
                if !pairs.iter().any(|(key, _)| key == field.name()) {
                    return Err(Error::corrupt(format!(
                        "{} has no partition folder {}=…",
                        self.store.outer(path),
                        field.name()
                    )));
                }
            }
        }
        fields
            .iter()
            .map(|field| {
                let text = pairs.iter().find(|(key, _)| key == field.name());
                partition::value(field, text.and_then(|(_, value)| value.as_deref()), path)
            })
            .collect()
    }

    /// Which rows of partition values pass all filters.
    fn matching<'a>(
        &self,
        filters: &[Arc<dyn PhysicalExpr>],
        rows: impl Iterator<Item = &'a [ScalarValue]>,
    ) -> Result<Vec<bool>> {
        let rows: Vec<&[ScalarValue]> = rows.collect();
        if rows.is_empty() || filters.is_empty() {
            return Ok(vec![true; rows.len()]);
        }
        let internal = |e: datafusion::error::DataFusionError| {
            Error::sql(format!("the partition filter cannot be computed: {}", e.strip_backtrace()))
        };
        let schema = Arc::new(Schema::new(self.recipe.partition_fields().to_vec()));
        let columns: Vec<ArrayRef> = (0..schema.fields().len())
            .map(|at| {
                ScalarValue::iter_to_array(rows.iter().filter_map(|row| row.get(at).cloned()))
            })
            .collect::<Result<_, _>>()
            .map_err(internal)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)
            .map_err(|e| Error::internal(e.to_string()))?;
        let mut keep = vec![true; rows.len()];
        for filter in filters {
            let value = filter.evaluate(&batch).map_err(internal)?;
            let array = value.into_array(rows.len()).map_err(internal)?;
            let array: &BooleanArray = as_boolean_array(&array).map_err(internal)?;
            for (keep, value) in keep.iter_mut().zip(array) {
                *keep &= value == Some(true);
            }
        }
        Ok(keep)
    }

    /// The filters that partition values alone decide, as physical expressions over them.
    fn partition_filters(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<Vec<Arc<dyn PhysicalExpr>>, datafusion::error::DataFusionError> {
        let schema = Schema::new(self.recipe.partition_fields().to_vec());
        let schema = DFSchema::try_from(schema)?;
        let fields = self.recipe.partition_fields();
        let decided = filters.iter().filter(|filter| decided_by_partitions(filter, fields));
        physical_filters(state, &schema, decided)
    }
}

/// Whether a filter reads partition columns only and always gives the same answer.
fn decided_by_partitions(filter: &Expr, fields: &[FieldRef]) -> bool {
    !fields.is_empty()
        && !filter.is_volatile()
        && filter
            .column_refs()
            .iter()
            .all(|column| fields.iter().any(|field| *field.name() == column.name))
}

/// At most `most` files of at most `folders` folders, spread over all of the table: all of its files
/// where they are few.
async fn sample(
    lister: &Lister,
    root: &Root,
    folders: usize,
    most: usize,
) -> Result<Vec<ObjectMeta>> {
    let mut files = match root {
        Root::File(file) => vec![file.clone()],
        Root::Folder(path) | Root::Pattern(path, _) => {
            if lister.width(path).await? <= folders {
                lister.everything(path).await?.as_ref().clone()
            } else {
                let enter = |below: Vec<Path>| Ok(spread(&below, folders));
                lister.walk(path, &enter).await?
            }
        }
    };
    files.retain(|file| root.keeps(&file.location));
    let files = spread(&files, most);
    lister.verify(files.clone()).await?;
    Ok(files)
}

/// At most `most` items, evenly spread, the first and the last among them.
fn spread<T: Clone>(items: &[T], most: usize) -> Vec<T> {
    if items.len() <= most {
        return items.to_vec();
    }
    (0..most).filter_map(|at| items.get(at * (items.len() - 1) / (most - 1))).cloned().collect()
}

/// The declared columns of files that say their types themselves.
fn declared_schema(declared: &TableFile<TableOptions>) -> Result<SchemaRef> {
    let fields: Vec<_> = declared
        .columns
        .iter()
        .map(|column| {
            let nullable = column.file.nullable.unwrap_or(true);
            let name = &column.file.name;
            datafusion::arrow::datatypes::Field::new(name, column.data_type.clone(), nullable)
        })
        .collect();
    if let Some(column) = declared.columns.iter().find(|column| column.file.source.is_some()) {
        let name = &column.file.name;
        return Err(declared
            .wrong(format_args!("column {name}: `source` has no use in Parquet and Arrow files")));
    }
    Ok(Arc::new(Schema::new(fields)))
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.recipe.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        if !self.context().settings().pushdown {
            return Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()]);
        }
        let fields = self.recipe.partition_fields();
        let answer = |filter: &&Expr| {
            if decided_by_partitions(filter, fields) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let decided = self.partition_filters(state, filters)?;
        // A limit counts rows after all filters, so it says nothing while one is left.
        let limit = limit.filter(|_| decided.len() == filters.len());
        let files = self.select(&decided).await?;
        let planned = match self.recipe.format() {
            Format::Parquet => {
                parquet::plan(&self.store, self.context(), &self.recipe, files, limit).await?
            }
            format @ (Format::Arrow | Format::Orc | Format::Avro) => {
                let bytes = self.context().settings().split_bytes;
                let pieces = (format != Format::Arrow).then_some(bytes);
                batches::plan(files, self.recipe.table_schema(), pieces)
            }
            Format::Csv | Format::Json => match self.recipe.text() {
                Some(text) => {
                    text::plan(&self.recipe, text, files, self.context().settings().split_bytes)
                }
                None => return Err(Error::internal("text without a recipe").into()),
            },
        };
        let partitions = state.config().target_partitions();
        let scan = FilesScan::try_new(
            Arc::clone(&self.recipe),
            planned,
            partitions,
            projection.cloned(),
            limit,
        )?;
        Ok(Arc::new(scan))
    }
}
