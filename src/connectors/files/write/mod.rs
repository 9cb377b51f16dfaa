//! Writes files: encodes batches, spreads them over partition folders, commits all of it at once.
//!
//! [`stored`] finds types that a format has, [`encode`] makes bytes, [`upload`] sends them, [`options`] reads what a statement wants. Rows
//! of one partition come one after another, so only one file is open at a time.

mod encode;
mod options;
mod orc;
mod stored;
mod text;
mod upload;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::partition;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use object_store::ObjectStoreExt;
use object_store::path::{Path, PathPart};

use self::encode::Encoder;
use self::options::{Encoding, Wanted, WriteFormat};
use self::upload::Upload;
use super::commits::{self, WriteId, table_folder};
use super::format::Format;
use super::partition::folder_name;
use crate::error::{Error, Result};
use crate::spi::{OpenedStore, TableWriter, WriteOptions};

/// Bytes after which a folder gets another file.
const FILE_BYTES: u64 = 512 * 1024 * 1024;

/// How many files wait for the commit unfinished. Local stores keep each of them open, so beyond
/// it the oldest are finished early; without the list of their write they are still not there.
const WAITING: usize = 100;

/// What is to be written.
pub(super) struct Plan {
    encoding: Encoding,
    /// All columns, partitions among them.
    schema: SchemaRef,
    partitioned_by: Vec<String>,
    /// Nullability as it is, because the table's other files have it so.
    strict: bool,
    single: bool,
    /// Whether files of a folder are replaced.
    pub(super) overwrite: bool,
}

impl Plan {
    /// New files at `location`, as a statement wants them.
    ///
    /// # Errors
    /// `Sql` for options and columns that do not go together.
    pub(super) fn new(location: &str, columns: SchemaRef, options: &WriteOptions) -> Result<Self> {
        let target = location.rsplit('/').next().unwrap_or(location);
        let wanted = Wanted::read(target, options)?;
        let mut names = HashSet::new();
        if let Some(twice) = columns.fields().iter().find(|field| !names.insert(field.name())) {
            return Err(Error::sql(format!("two columns are called {}", twice.name()))
                .with_hint("give one of them another name: expression AS name"));
        }
        let partitioned_by = options
            .partitioned_by
            .iter()
            .map(|typed| column_named(&columns, typed))
            .collect::<Result<Vec<_>>>()?;
        Self {
            encoding: wanted.encoding,
            schema: columns,
            partitioned_by,
            strict: false,
            single: wanted.single,
            overwrite: wanted.overwrite,
        }
        .checked()
    }

    /// More files for a table.
    ///
    /// # Errors
    /// `Unsupported` for formats that cannot be appended to.
    pub(super) fn append(
        format: Format,
        schema: SchemaRef,
        partitioned_by: Vec<String>,
    ) -> Result<Self> {
        let format = WriteFormat::parse(format.name())?;
        if format.is_text() {
            // Delimiters, null texts and encodings are the table's own.
            return Err(Error::unsupported(format!("{} tables take no rows", format.name()))
                .with_hint("only tables of Parquet, ORC, Avro and Arrow files do"));
        }
        let own = schema.fields().iter().filter(|field| !partitioned_by.contains(field.name()));
        stored::read_again(format, &Arc::new(Schema::new(own.cloned().collect::<Vec<_>>())))?;
        Self {
            encoding: Encoding::plain(format)?,
            schema,
            partitioned_by,
            strict: true,
            single: false,
            overwrite: false,
        }
        .checked()
    }

    fn checked(self) -> Result<Self> {
        if self.schema.fields().len() <= self.partitioned_by.len() {
            return Err(Error::sql("no column is left for the files: all are partition columns"));
        }
        Ok(self)
    }

    /// Whether the target is one file.
    pub(super) fn single(&self) -> bool {
        self.single
    }
}

fn column_named(columns: &Schema, typed: &str) -> Result<String> {
    let names: Vec<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
    let alike: Vec<&str> =
        names.iter().filter(|name| name.eq_ignore_ascii_case(typed)).copied().collect();
    match (names.iter().find(|name| **name == typed), alike.as_slice()) {
        (Some(exact), _) => Ok((*exact).to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(Error::sql(format!("there is no column {typed} to partition by"))
            .with_hint(format!("columns: {}", names.join(", ")))),
    }
}

/// Where the files go.
#[derive(Debug)]
pub(super) enum Destination {
    /// One file, which replaces one of its name.
    File(Path),
    /// Files below a folder, in the place of others.
    Folder { folder: Path, replaced: Vec<Path> },
}

/// A file being written.
#[derive(Debug)]
struct Open {
    folder: Path,
    encoder: Encoder,
    upload: Upload,
}

/// Writes the rows of one statement into files.
#[derive(Debug)]
pub(super) struct FilesWriter {
    store: OpenedStore,
    destination: Destination,
    id: WriteId,
    encoding: Encoding,
    schema: SchemaRef,
    file_schema: SchemaRef,
    partitioned_by: Vec<String>,
    open: Option<Open>,
    waiting: Vec<Upload>,
    // Of the files that were begun; the first ones may be completed already.
    begun: Vec<Path>,
}

impl FilesWriter {
    /// A writer; the target is tried, so that what cannot be written fails before the query runs.
    pub(super) async fn open(
        store: &OpenedStore,
        destination: Destination,
        plan: Plan,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let fields = plan.schema.fields().iter();
        let fields = fields.filter(|field| !plan.partitioned_by.contains(field.name()));
        let fields = fields.map(|field| {
            if plan.strict {
                Arc::clone(field)
            } else {
                let field = field.as_ref().clone().with_nullable(true);
                Arc::new(field.with_metadata(Default::default()))
            }
        });
        let mut writer = Self {
            store: store.clone(),
            destination,
            id: WriteId::new(now),
            encoding: plan.encoding,
            file_schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            schema: plan.schema,
            partitioned_by: plan.partitioned_by,
            open: None,
            waiting: Vec::new(),
            begun: Vec::new(),
        };
        if writer.partitioned_by.is_empty() {
            let folder = match &writer.destination {
                Destination::File(path) => path.clone(),
                Destination::Folder { folder, .. } => folder.clone(),
            };
            writer.begin(folder).await?;
        }
        Ok(writer)
    }

    async fn begin(&mut self, folder: Path) -> Result<()> {
        let path = match &self.destination {
            Destination::File(path) => path.clone(),
            Destination::Folder { .. } => {
                let name = self.id.file_name(self.begun.len(), &self.encoding.extension());
                folder.clone().join(name)
            }
        };
        let encoder = Encoder::new(&self.encoding, &self.file_schema)?;
        let upload = Upload::begin(&self.store, &path).await?;
        self.begun.push(path);
        self.open = Some(Open { folder, encoder, upload });
        Ok(())
    }

    /// Ends the open file; it waits for the commit.
    async fn end(&mut self) -> Result<()> {
        let Some(Open { encoder, mut upload, .. }) = self.open.take() else { return Ok(()) };
        let mut bytes = Vec::new();
        let ended = encoder.finish(&mut bytes);
        let sent = match ended {
            Ok(()) => upload.push(&mut bytes).await,
            Err(e) => Err(e),
        };
        let sealed = match sent {
            Ok(()) => upload.seal().await,
            Err(e) => Err(e),
        };
        self.waiting.push(upload);
        sealed?;
        if self.waiting.len() > WAITING {
            self.waiting.remove(0).complete().await?;
        }
        Ok(())
    }

    /// Writes rows of one folder.
    async fn write_into(&mut self, folder: Path, rows: &RecordBatch) -> Result<()> {
        let full = |open: &Open| {
            matches!(self.destination, Destination::Folder { .. })
                && open.upload.bytes() >= FILE_BYTES
        };
        let goes_on = self.open.as_ref().is_some_and(|open| open.folder == folder && !full(open));
        if !goes_on {
            self.end().await?;
            self.begin(folder).await?;
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut bytes = Vec::new();
        open.encoder.write(rows, &mut bytes)?;
        open.upload.push(&mut bytes).await
    }

    /// The files' columns of a batch.
    fn file_rows(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.schema.fields().iter().zip(batch.columns());
        let columns: Vec<ArrayRef> = columns
            .filter(|(field, _)| !self.partitioned_by.contains(field.name()))
            .map(|(_, column)| Arc::clone(column))
            .collect();
        for (field, column) in self.file_schema.fields().iter().zip(&columns) {
            if !field.is_nullable() && column.null_count() > 0 {
                return Err(Error::sql(format!("column {} cannot be NULL", field.name())));
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.file_schema), columns, &options)
            .map_err(|e| Error::internal(format!("a batch of other columns: {e}")))
    }

    async fn write_partitions(&mut self, batch: &RecordBatch, root: &Path) -> Result<()> {
        let failed = |e: datafusion::arrow::error::ArrowError| {
            Error::unsupported(format!("the rows cannot be partitioned: {e}"))
        };
        let keys = self
            .partitioned_by
            .iter()
            .filter_map(|name| self.schema.index_of(name).ok())
            .filter_map(|at| batch.columns().get(at).cloned())
            .collect::<Vec<ArrayRef>>();
        let rows = self.file_rows(batch)?;
        for range in partition(&keys).map_err(failed)?.ranges() {
            let mut folder = root.clone();
            for (name, key) in self.partitioned_by.iter().zip(&keys) {
                let formats = FormatOptions::new();
                let text = if key.is_null(range.start) {
                    None
                } else {
                    let formatter = ArrayFormatter::try_new(key.as_ref(), &formats);
                    let value = formatter.and_then(|f| f.value(range.start).try_to_string());
                    Some(value.map_err(failed)?)
                };
                let part = folder_name(name, text.as_deref());
                let part = PathPart::parse(&part).map_err(|e| {
                    Error::unsupported(format!("{part} cannot be the name of a folder: {e}"))
                })?;
                folder = folder.join(part);
            }
            let rows = rows.slice(range.start, range.end - range.start);
            self.write_into(folder, &rows).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        self.end().await?;
        for upload in &mut self.waiting {
            upload.complete().await?;
        }
        let Destination::Folder { folder, replaced } = &self.destination else { return Ok(()) };
        commits::commit(&self.store, &table_folder(folder), &self.id, &self.begun, replaced).await
    }

    /// Deletes what was replaced: it is not there any more, whether this succeeds or not.
    async fn delete_replaced(&mut self) {
        let Destination::Folder { replaced, .. } = &self.destination else { return };
        for path in replaced {
            let _ = self.store.store.delete(path).await;
        }
    }

    async fn take_back(&mut self) {
        if let Some(open) = &mut self.open {
            open.upload.abort().await;
        }
        for upload in &mut self.waiting {
            upload.abort().await;
        }
        // A single file is complete only when nothing can fail any more.
        if matches!(self.destination, Destination::Folder { .. }) {
            for path in &self.begun {
                let _ = self.store.store.delete(path).await;
            }
        }
    }
}

#[async_trait]
impl TableWriter for FilesWriter {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn clustered_by(&self) -> &[String] {
        &self.partitioned_by
    }

    async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let root = match &self.destination {
            Destination::File(path) => path.clone(),
            Destination::Folder { folder, .. } => folder.clone(),
        };
        if self.partitioned_by.is_empty() {
            let rows = self.file_rows(&batch)?;
            self.write_into(root, &rows).await
        } else {
            self.write_partitions(&batch, &root).await
        }
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        if let Err(e) = self.finish().await {
            self.take_back().await;
            return Err(e);
        }
        self.delete_replaced().await;
        Ok(())
    }

    async fn abort(mut self: Box<Self>) {
        self.take_back().await;
    }
}
