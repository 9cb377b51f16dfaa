//! The leaf that reads files: splits as plain data, everything else opened when it runs.
//!
//! It stands around DataFusion's own file scan, which it builds in `execute` for the splits of one
//! partition alone. So nothing is shared between partitions, a second `execute` reads the same
//! splits again, and what the stock scan would lose on the way to another machine (ETags, our
//! footers) never leaves this node's own message.

use std::fmt;
use std::sync::{Arc, PoisonError};

use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{PhysicalExpr, conjunction_opt, split_conjunction};
use datafusion::physical_expr_common::physical_expr::fmt_sql;
use datafusion::physical_plan::execution_plan::apply_expression_roots;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SendableRecordBatchStream,
};
use datafusion_datasource::TableSchema;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use object_store::{ObjectMeta, ObjectStore};

use super::format::Format;
use super::learned::Learned;
use super::metered::MeteredStore;
use super::pinned::PinnedStore;
use super::stock::{Built, Stock};
use super::text::{self, TextRecipe};
use super::{avro, batches, broken, decidable, ipc, orc, parquet};
use crate::error::{Error, Result};
use crate::spi::{
    Estimate, ScanLeaf, ScanUnit, StatementContext, StoreUrl, TableLimits, is_dynamic,
    leaf_properties, leaf_with_children, of_partition, pushdown_is_on, spread, unsigned_nans,
};
use crate::stream::Tally;

type DfResult<T> = datafusion::common::Result<T>;

/// Scans smaller than this are not spread over several partitions.
const PARTITION_BYTES: u64 = 1024 * 1024;

/// What all splits of a scan share: which store, which columns. Holds no credential.
#[derive(Debug)]
pub(super) struct Recipe {
    label: String,
    store: StoreUrl,
    root: String,
    format: Format,
    file_schema: SchemaRef,
    partition_fields: Vec<FieldRef>,
    table_schema: SchemaRef,
    text: Option<TextRecipe>,
    limits: TableLimits,
}

impl Recipe {
    /// A recipe; `label` is what people call the table, `root` the store's root as they write it.
    pub(super) fn new(
        label: String,
        store: StoreUrl,
        root: String,
        format: Format,
        file_schema: SchemaRef,
        partition_fields: Vec<FieldRef>,
    ) -> Self {
        // Writers that keep partition columns in the files: the folder's value counts.
        let columns = file_schema.fields().iter().filter(|field| {
            !partition_fields.iter().any(|partition| partition.name() == field.name())
        });
        let file_schema: SchemaRef =
            Arc::new(Schema::new(columns.cloned().collect::<Vec<FieldRef>>()));
        let all = file_schema.fields().iter().chain(&partition_fields);
        let table_schema = Arc::new(Schema::new(all.cloned().collect::<Vec<FieldRef>>()));
        Self {
            label,
            store,
            root,
            format,
            file_schema,
            partition_fields,
            table_schema,
            text: None,
            limits: TableLimits::default(),
        }
    }

    /// The table's store where a task runs; what is read from it counts as the statement's.
    ///
    /// # Errors
    /// Those of the catalog that the store belongs to, when it is opened here for the first time.
    pub(super) fn store_of(
        &self,
        task: &TaskContext,
        statement: &StatementContext,
    ) -> Result<Arc<dyn ObjectStore>> {
        self.store.open(&self.root, task, statement)
    }

    /// The same with limits of what a statement may scan.
    pub(super) fn with_limits(self, limits: TableLimits) -> Self {
        Self { limits, ..self }
    }

    /// What a statement may scan of the table.
    pub(super) fn limits(&self) -> TableLimits {
        self.limits
    }

    /// The same for text, with what its records are.
    pub(super) fn with_text(self, text: TextRecipe) -> Self {
        Self { text: Some(text), ..self }
    }

    /// What text records are.
    pub(super) fn text(&self) -> Option<&TextRecipe> {
        self.text.as_ref()
    }

    /// A path of the store as people write it.
    pub(super) fn outer(&self, path: &object_store::path::Path) -> String {
        format!("{}{path}", self.root)
    }

    /// What people call the table.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Counts what a scan is about to read.
    ///
    /// # Errors
    /// `Exhausted` when the statement is beyond its limit with it.
    pub(super) fn meter(
        &self,
        statement: &StatementContext,
        unit: ScanUnit,
        amount: u64,
    ) -> Result<()> {
        let advice = self.advice();
        statement.meter().add_scan(unit, amount, self.limits, &self.label, &advice)
    }

    /// How to read less of the table.
    fn advice(&self) -> String {
        let names: Vec<_> = self.partition_fields.iter().map(|f| f.name().as_str()).collect();
        let columns = match self.format {
            Format::Parquet | Format::Orc => "select fewer columns",
            Format::Arrow | Format::Avro | Format::Csv | Format::Json => "read a smaller table",
        };
        match names.as_slice() {
            [] => columns.to_owned(),
            [one] => format!("filter by the partition column {one}, {columns}"),
            several => {
                format!("filter by the partition columns {}, {columns}", several.join(" or "))
            }
        }
    }

    /// The internal URL of the store.
    pub(super) fn store(&self) -> &StoreUrl {
        &self.store
    }

    /// The format of all files.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// The columns that come from the files.
    pub(super) fn file_schema(&self) -> &SchemaRef {
        &self.file_schema
    }

    /// The columns that come from folder names.
    pub(super) fn partition_fields(&self) -> &[FieldRef] {
        &self.partition_fields
    }

    /// Both, as DataFusion's readers take them.
    pub(super) fn reader_schema(&self) -> TableSchema {
        TableSchema::builder(Arc::clone(&self.file_schema))
            .with_table_partition_cols(self.partition_fields.clone())
            .build()
    }

    /// All columns: the files', then the folders'.
    pub(super) fn table_schema(&self) -> &SchemaRef {
        &self.table_schema
    }
}

/// A file that a statement reads, as it was when it was listed.
#[derive(Clone, Debug)]
pub(super) struct SelectedFile {
    /// Path, size, time and ETag.
    pub(super) meta: ObjectMeta,
    /// The values of the partition columns.
    pub(super) values: Vec<ScalarValue>,
}

impl SelectedFile {
    /// The file's statistics with those of its partition columns, which are the same in each row.
    pub(super) fn with_partition_statistics(
        &self,
        mut file: Statistics,
        rows: usize,
    ) -> Statistics {
        let columns = self.values.iter().map(|value| ColumnStatistics {
            null_count: Precision::Exact(if value.is_null() { rows } else { 0 }),
            min_value: Precision::Exact(value.clone()),
            max_value: Precision::Exact(value.clone()),
            distinct_count: Precision::Exact(usize::from(!value.is_null())),
            ..ColumnStatistics::new_unknown()
        });
        file.column_statistics.extend(columns);
        file
    }
}

/// A piece of a file that one task reads at a time.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// The file.
    pub(super) file: Arc<SelectedFile>,
    /// First byte and end; `None` is the whole file.
    pub(super) range: Option<(u64, u64)>,
    /// About how many bytes are read.
    pub(super) bytes: u64,
    /// How many rows it has, where that is known.
    pub(super) rows: Option<u64>,
}

impl Split {
    /// A file in pieces of about `bytes`; whole where it is to be read so.
    pub(super) fn pieces(file: SelectedFile, bytes: Option<u64>) -> impl Iterator<Item = Self> {
        let (size, file) = (file.meta.size, Arc::new(file));
        let pieces = bytes.map_or(1, |bytes| size.div_ceil(bytes.max(1))).max(1);
        (0..pieces).map(move |piece| {
            let (start, end) = (size * piece / pieces, size * (piece + 1) / pieces);
            let range = (pieces > 1).then_some((start, end));
            Self { file: Arc::clone(&file), range, bytes: end - start, rows: None }
        })
    }
}

/// What a format planned.
#[derive(Debug)]
pub(super) struct Planned {
    /// In the order of the files.
    pub(super) splits: Vec<Split>,
    /// Of all columns of the table.
    pub(super) statistics: Statistics,
}

/// The plan node.
#[derive(Clone, Debug)]
pub(super) struct FilesScan {
    pub(super) recipe: Arc<Recipe>,
    // One list of splits per partition; a list may be empty.
    pub(super) splits: Vec<Vec<Split>>,
    // Indices into the table's columns.
    pub(super) projection: Vec<usize>,
    // Over the projected columns; only ever used to skip, every row is filtered again above.
    pub(super) filters: Vec<Arc<dyn PhysicalExpr>>,
    // Filters that skip nothing, and why; for the receipt of whoever planned, so not encoded.
    refused: Vec<(String, &'static str)>,
    pub(super) fetch: Option<usize>,
    // Of the projected columns, before `fetch`.
    pub(super) statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
    running: Arc<Running>,
}

/// What is known once partitions run; none of it is part of the plan.
#[derive(Debug)]
struct Running {
    // The stock scans that `execute` built, for their metrics.
    built: Built,
    // Of text, which has no stock scan.
    metrics: ExecutionPlanMetricsSet,
    tally: Arc<Tally>,
}

impl Running {
    fn new(partitions: usize) -> Arc<Self> {
        Arc::new(Self {
            built: Built::default(),
            metrics: ExecutionPlanMetricsSet::new(),
            tally: Arc::new(Tally::new(partitions)),
        })
    }
}

impl FilesScan {
    /// A scan of planned splits, spread over at most `partitions` partitions.
    pub(super) fn try_new(
        recipe: Arc<Recipe>,
        planned: Planned,
        partitions: usize,
        projection: Option<Vec<usize>>,
        fetch: Option<usize>,
    ) -> DfResult<Self> {
        let projection =
            projection.unwrap_or_else(|| (0..recipe.table_schema().fields().len()).collect());
        let total: u64 = planned.splits.iter().map(|split| split.bytes).sum();
        let useful = usize::try_from(total / PARTITION_BYTES).unwrap_or(usize::MAX).max(1);
        let splits = spread(planned.splits, partitions.min(useful), |split| split.bytes);
        let statistics = planned.statistics.project(Some(&projection));
        Self::over(recipe, splits, projection, fetch, statistics)
    }

    /// A scan of one list of splits per partition, without filters. `statistics` are those of the
    /// projected columns.
    pub(super) fn over(
        recipe: Arc<Recipe>,
        splits: Vec<Vec<Split>>,
        projection: Vec<usize>,
        fetch: Option<usize>,
        statistics: Statistics,
    ) -> DfResult<Self> {
        let schema = Arc::new(recipe.table_schema().project(&projection)?);
        let properties = leaf_properties(schema, splits.len());
        let running = Running::new(splits.len());
        Ok(Self {
            recipe,
            splits,
            projection,
            filters: vec![],
            refused: vec![],
            fetch,
            statistics: Arc::new(statistics),
            properties,
            running,
        })
    }

    /// A scan of its own: what it counts is not counted here.
    fn fresh(&self) -> Self {
        Self { running: Running::new(self.splits.len()), ..self.clone() }
    }

    /// The same scan with other filters.
    pub(super) fn with_filters(&self, filters: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        Self { filters, ..self.fresh() }
    }

    /// All filters over the table's columns.
    fn predicate(&self) -> DfResult<Option<Arc<dyn PhysicalExpr>>> {
        conjunction_opt(self.filters.iter().cloned())
            .map(|filter| reassign_expr_columns(filter, self.recipe.table_schema()))
            .transpose()
    }

    /// Puts into the receipt what became of the filters.
    fn tell_filters(&self, statement: &StatementContext) {
        let receipt = statement.receipt();
        let label = &self.recipe.label;
        for filter in &self.filters {
            receipt.add_with(label, "filters_pushed", &fmt_sql(filter.as_ref()).to_string(), 1);
        }
        for (filter, why) in &self.refused {
            receipt.add_with(label, "filters_not_pushed", &format!("{filter}: {why}"), 1);
        }
    }

    fn partition(&self, partition: usize) -> Result<&[Split]> {
        of_partition(&self.splits, partition).map(Vec::as_slice)
    }

    /// Our own scan of text over the splits of one partition.
    fn scan_text(
        &self,
        text: &TextRecipe,
        partition: usize,
        store: Arc<dyn ObjectStore>,
        statement: &Arc<StatementContext>,
        batch_size: usize,
    ) -> DfResult<SendableRecordBatchStream> {
        let partition = text::Partition {
            number: partition,
            splits: self.partition(partition)?.to_vec(),
            projection: self.projection.clone(),
            schema: self.schema(),
            fetch: self.fetch,
            batch_size,
            tally: Arc::clone(&self.running.tally),
        };
        let metrics = &self.running.metrics;
        Ok(text::scan(store, &self.recipe, text, partition, metrics, statement))
    }

    /// The stock scan over the splits of one partition.
    fn scan_stock(
        &self,
        partition: usize,
        metered: Arc<dyn ObjectStore>,
        statement: &Arc<StatementContext>,
        task: &Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let splits = self.partition(partition)?;
        let stock = Stock {
            recipe: Arc::clone(&self.recipe),
            projection: self.projection.clone(),
            fetch: self.fetch,
            predicate: self.predicate()?,
            store: self.recipe.store_of(task, statement)?,
            metered,
            statement: Arc::clone(statement),
            task: Arc::clone(task),
            built: Arc::clone(&self.running.built),
        };
        match conjunction_opt(self.filters.iter().cloned()) {
            Some(filter) if self.fetch.is_none() => {
                let stream = parquet::read(stock, splits.to_vec(), filter);
                Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream)))
            }
            _ => Ok(stock.read(splits, false)?.1),
        }
    }

    /// Those of the filters that change while a join or a sort learns more; no filter above the
    /// scan holds them.
    fn dynamic_filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        conjunction_opt(self.filters.iter().filter(|filter| is_dynamic(filter)).cloned())
    }
}

impl DisplayAs for FilesScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: usize = self.splits.iter().map(Vec::len).sum();
        let mut files: Vec<&str> =
            self.splits.iter().flatten().map(|split| split.file.meta.location.as_ref()).collect();
        files.dedup();
        write!(
            f,
            "FilesScan: table={}, format={}, files={}, splits={count}, columns=[{}]",
            self.recipe.label,
            self.recipe.format.name(),
            files.len(),
            self.schema()
                .fields()
                .iter()
                .map(|field| field.name().as_str())
                .collect::<Vec<_>>()
                .join(", ")
        )?;
        let rows = self.splits.iter().flatten().map(|split| split.rows).sum::<Option<u64>>();
        if let Some(rows) = rows {
            write!(f, ", rows={rows}")?;
        }
        if !self.filters.is_empty() {
            let filters: Vec<_> = self.filters.iter().map(ToString::to_string).collect();
            write!(f, ", skip_unless=[{}]", filters.join(", "))?;
        }
        match self.fetch {
            Some(fetch) => write!(f, ", fetch={fetch}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for FilesScan {
    fn name(&self) -> &str {
        "FilesScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        leaf_with_children(self, &children)
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        apply_expression_roots(self.filters.iter(), f)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let statement = StatementContext::of(context.session_config())?;
        if partition == 0 {
            self.tell_filters(&statement);
        }
        let store = self.recipe.store_of(&context, &statement)?;
        let files = self.partition(partition)?.iter().map(|split| &split.file.meta);
        let store = Arc::new(PinnedStore::new(store, &self.recipe.root, files));
        let metrics = &self.running.metrics;
        let pinned = Arc::clone(&store);
        let metered: Arc<dyn ObjectStore> =
            Arc::new(MeteredStore::new(store, &statement, &self.recipe, metrics, partition));
        let stream = match self.recipe.text() {
            Some(text) => {
                let batch_size = context.session_config().batch_size();
                self.scan_text(text, partition, metered, &statement, batch_size)?
            }
            None if self.recipe.format != Format::Parquet => {
                let partition = batches::Partition {
                    number: partition,
                    splits: self.partition(partition)?.to_vec(),
                    projection: self.projection.clone(),
                    schema: self.schema(),
                    fetch: self.fetch,
                    batch_size: context.session_config().batch_size(),
                    filter: self.predicate()?,
                };
                let footers = Arc::clone(&pinned) as Arc<dyn ObjectStore>;
                batches::scan(footers, metered, &self.recipe, partition, metrics)
            }
            None => self.scan_stock(partition, metered, &statement, &context)?,
        };
        let recipe = Arc::clone(&self.recipe);
        let counted = broken::named(stream, pinned).map(move |batch| {
            let batch = batch?;
            recipe.meter(&statement, ScanUnit::Records, batch.num_rows() as u64)?;
            Ok(unsigned_nans(batch)?)
        });
        Ok(match self.dynamic_filter().filter(|_| self.fetch.is_none()) {
            None => Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)),
            Some(filter) => {
                let stream = Learned::new(filter, metrics, partition).filter(counted);
                Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream))
            }
        })
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let built = self.running.built.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.running.metrics.clone_inner();
        for metrics in built.iter().filter_map(|scan| scan.metrics()) {
            for metric in metrics.iter() {
                all.push(Arc::clone(metric));
            }
        }
        Some(all)
    }

    fn statistics_from_inputs(
        &self,
        _: &[Arc<Statistics>],
        arguments: &StatisticsArgs,
    ) -> DfResult<Arc<Statistics>> {
        let several = self.splits.len() > 1;
        if arguments.partition().is_some() && several {
            return Ok(Arc::new(Statistics::new_unknown(&self.schema())));
        }
        if self.fetch.is_none() && self.filters.is_empty() {
            return Ok(Arc::clone(&self.statistics));
        }
        let statistics = self.statistics.as_ref().clone().with_fetch(self.fetch, 0, 1)?;
        // Each partition stops at `fetch` by itself, and filters skip what nobody has counted.
        let exact = self.filters.is_empty() && !several;
        Ok(Arc::new(if exact { statistics } else { statistics.to_inexact() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn with_fetch(&self, fetch: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch, ..self.fresh() }))
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        config: &ConfigOptions,
    ) -> DfResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let pushdown = pushdown_is_on(config);
        let parents = result.parent_filters.len();
        let schema = self.schema();
        let mut scan = self.fresh();
        for filter in result.parent_filters.into_iter().map(|parent| parent.filter) {
            let known = collect_columns(&filter).iter().all(|c| schema.index_of(c.name()).is_ok());
            let why = match self.recipe.format {
                _ if !pushdown => "pushdown is off",
                Format::Arrow => "Arrow files have no statistics",
                Format::Avro => "Avro files have no statistics",
                Format::Csv | Format::Json => "text has no statistics",
                Format::Parquet | Format::Orc if !known => "it needs columns that are not read",
                Format::Parquet | Format::Orc => {
                    scan.filters.push(filter);
                    continue;
                }
            };
            // A filter of the second phase is still empty, and says nothing yet.
            if phase == FilterPushdownPhase::Pre {
                scan.refused.push((fmt_sql(filter.as_ref()).to_string(), why));
            }
        }
        let all = std::mem::take(&mut scan.filters);
        scan.filters = decidable::decidable(&all, &schema);
        // What is fixed decides how a reader that filters begins.
        scan.filters.sort_by_key(is_dynamic);
        for filter in all.iter().flat_map(split_conjunction) {
            if phase == FilterPushdownPhase::Pre && !scan.filters.contains(filter) {
                let why = match decidable::in_order(filter, &schema) {
                    true => "NaN may be among the values, which bounds leave out",
                    false => "a cast in it changes the order of values",
                };
                scan.refused.push((fmt_sql(filter.as_ref()).to_string(), why));
            }
        }
        let propagation =
            FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; parents]);
        if parents == 0 {
            return Ok(propagation);
        }
        Ok(propagation.with_updated_node(Arc::new(scan) as _))
    }
}

impl ScanLeaf for FilesScan {
    fn source(&self) -> &str {
        &self.recipe.label
    }

    fn advice(&self) -> String {
        self.recipe.advice()
    }

    fn limits(&self) -> TableLimits {
        self.recipe.limits
    }

    fn estimate(&self, task: Arc<TaskContext>) -> BoxFuture<'_, Result<Estimate>> {
        async move {
            let splits: Vec<&Split> = self.splits.iter().flatten().collect();
            let mut estimate = match self.recipe.format {
                Format::Arrow => {
                    let statement = StatementContext::of(task.session_config())?;
                    let store = self.recipe.store_of(&task, &statement)?;
                    ipc::estimate(store.as_ref(), &self.recipe, &splits).await?
                }
                Format::Orc => {
                    let statement = StatementContext::of(task.session_config())?;
                    let store = self.recipe.store_of(&task, &statement)?;
                    let filter = self.predicate();
                    let filter = filter.map_err(|e| Error::internal(e.strip_backtrace()))?;
                    let (recipe, columns) = (&self.recipe, self.schema());
                    orc::estimate(&store, recipe, &splits, &columns, filter.as_ref()).await?
                }
                Format::Avro => avro::estimate(&splits),
                Format::Csv | Format::Json => text::estimate(&splits),
                Format::Parquet => {
                    let predicate =
                        self.predicate().map_err(|e| Error::internal(e.strip_backtrace()))?;
                    let schema = self.schema();
                    let columns = schema.fields().iter().map(|f| f.name().as_str()).collect();
                    let is_dynamic = self.filters.iter().any(is_dynamic);
                    let recipe = &self.recipe;
                    let asked = parquet::Asked { recipe, splits, columns, predicate, is_dynamic };
                    parquet::estimate(asked, &task).await?
                }
            };
            if let Some(fetch) = self.fetch {
                let (bytes, records) = estimate.first_batch;
                estimate.bytes.at_least = bytes;
                estimate.records.at_least = records.min(fetch as u64);
                estimate.first_batch.1 = estimate.records.at_least;
            }
            Ok(estimate)
        }
        .boxed()
    }
}
