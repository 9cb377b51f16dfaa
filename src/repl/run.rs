//! One statement from its text to what a person sees of it: rows, footer, notes, progress.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use tokio::time::Interval;

use super::footer;
use super::interrupt::{Interrupt, Interrupts};
use super::output::{Display, Output, write_error};
use super::progress::ProgressLine;
use super::shell::Shell;
use crate::engine::{Outcome, Parameters, Query, Session};
use crate::error::{Error, Result};

/// What is said of a statement that SIGTERM ended.
pub(super) const TERMINATED: &str = "terminated";

/// How often progress is shown.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// Rows of the last result that are kept to be shown again.
const KEPT_ROWS: usize = 10_000;

/// Rows, and their bytes, that a command may hold which needs all of them at once.
const HELD_ROWS: usize = 1_000_000;
const HELD_BYTES: usize = 1 << 30;

/// The last result, as far as it is kept.
#[derive(Clone, Debug)]
pub(super) struct LastResult {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
    /// Whether it had more rows.
    pub(super) is_cut: bool,
}

impl LastResult {
    /// One batch.
    pub(super) fn of(batch: RecordBatch) -> Self {
        Self { schema: batch.schema(), batches: vec![batch], is_cut: false }
    }

    /// Columns of texts.
    ///
    /// # Errors
    /// `Internal` for columns of different lengths.
    pub(super) fn of_texts(names: &[String], columns: Vec<Vec<Option<String>>>) -> Result<Self> {
        let fields: Vec<Field> =
            names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let arrays =
            columns.into_iter().map(|column| Arc::new(StringArray::from(column)) as ArrayRef);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays.collect())
            .map(Self::of)
            .map_err(|e| Error::internal(e.to_string()))
    }

    /// The values as texts, row by row.
    ///
    /// # Errors
    /// `Unsupported` for a type without a text.
    pub(super) fn texts(&self) -> Result<Vec<Vec<Option<String>>>> {
        let failed = |e: arrow::error::ArrowError| Error::unsupported(e.to_string());
        let options = FormatOptions::default();
        let mut rows = Vec::new();
        for batch in &self.batches {
            let columns = batch.columns().iter();
            let columns = columns.map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
            let columns = columns.collect::<std::result::Result<Vec<_>, _>>().map_err(failed)?;
            for row in 0..batch.num_rows() {
                let text = |at: usize| {
                    (!batch.column(at).is_null(row)).then(|| columns[at].value(row).to_string())
                };
                rows.push((0..columns.len()).map(text).collect());
            }
        }
        Ok(rows)
    }

    fn keep(&mut self, batch: &RecordBatch) {
        let kept: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        let left = KEPT_ROWS.saturating_sub(kept);
        self.is_cut |= batch.num_rows() > left;
        if left > 0 {
            self.batches.push(batch.slice(0, batch.num_rows().min(left)));
        }
    }
}

/// The error of a statement that a signal ended.
pub(super) fn cancelled(interrupt: Interrupt) -> Error {
    match interrupt {
        Interrupt::Interrupt => Error::cancelled("cancelled"),
        Interrupt::Terminate => Error::cancelled(TERMINATED),
    }
}

impl Shell {
    /// Runs one statement and shows what it gives; returns its rows.
    ///
    /// # Errors
    /// The statement's own, or one of writing its results.
    pub fn statement(&mut self, sql: &str) -> Result<u64> {
        self.statement_seen(sql, &mut |_| {})
    }

    /// As [`Shell::statement`], with a look at every batch.
    ///
    /// # Errors
    /// As [`Shell::statement`]'s.
    pub fn statement_seen(&mut self, sql: &str, see: &mut dyn FnMut(&RecordBatch)) -> Result<u64> {
        let parameters = self.variables.parameters()?;
        let Self {
            runtime,
            interrupts,
            session,
            display,
            output,
            interactive,
            last_id,
            last_result,
            color,
            ..
        } = self;
        runtime.block_on(async {
            interrupts.listen()?;
            let mut progress = ProgressLine::new(*color);
            let mut ticks = tokio::time::interval(TICK);
            let query = begun(&**session, sql, &parameters, interrupts, &mut ticks, &mut progress);
            let mut query = query.await?;
            *last_id = Some(query.id().to_owned());
            let schema = match query.outcome() {
                Outcome::Done(tag) => {
                    progress.clear();
                    if !display.quiet {
                        eprintln!("{tag}");
                    }
                    return Ok(0);
                }
                Outcome::Rows(schema) => schema.clone(),
            };
            let mut kept =
                LastResult { schema: schema.clone(), batches: vec![], is_cut: false };
            output.begin(display, *interactive);
            let mut show = Show::open(display, output, &schema, *color)?;
            let mut see = |batch: &RecordBatch| {
                see(batch);
                if *interactive {
                    kept.keep(batch);
                }
            };
            let rows = show
                .rows(query.as_mut(), interrupts, &mut ticks, &mut progress, &mut see)
                .await
                .and_then(|()| show.finish());
            let shown = match rows {
                Ok(shown) => shown,
                Err(e) => {
                    progress.clear();
                    output.abandon();
                    return Err(e);
                }
            };
            if shown.is_cut {
                query.stop().await;
            }
            progress.clear();
            output.end()?;
            let mut notes = query.notes();
            notes.extend(shown.notes);
            let how = query.progress();
            drop(query);
            for note in notes {
                eprintln!("note: {note}");
            }
            if shown.is_cut {
                eprintln!(
                    "only the first {} rows were computed: \\pset display_rows 0 shows all, \\o FILE writes all",
                    shown.rows
                );
            }
            if display.timing {
                eprintln!("{}", footer::text(&how, chrono::Utc::now()));
            }
            if *interactive {
                kept.is_cut |= shown.is_cut;
                *last_result = Some(kept);
            }
            Ok(shown.rows)
        })
    }

    /// Runs one statement and keeps what it gives to itself.
    pub(super) fn fetch(&mut self, sql: &str) -> Result<Vec<RecordBatch>> {
        self.fetch_with(sql, &Parameters::default()).map(|fetched| fetched.batches)
    }

    /// The result of a statement with the shell's variables, not shown. What a person should know
    /// of it is told.
    pub(super) fn result_of(&mut self, sql: &str) -> Result<LastResult> {
        let parameters = self.variables.parameters()?;
        let fetched = self.fetch_with(sql, &parameters)?;
        let schema = fetched.schema.ok_or_else(|| Error::sql("the statement gives no rows"))?;
        for note in fetched.notes {
            eprintln!("note: {note}");
        }
        Ok(LastResult { schema, batches: fetched.batches, is_cut: false })
    }

    fn fetch_with(&mut self, sql: &str, parameters: &Parameters) -> Result<Fetched> {
        let Self { runtime, interrupts, session, last_id, color, .. } = self;
        runtime.block_on(async {
            interrupts.listen()?;
            let mut progress = ProgressLine::new(*color);
            let mut ticks = tokio::time::interval(TICK);
            let query = begun(&**session, sql, parameters, interrupts, &mut ticks, &mut progress);
            let mut query = query.await?;
            let schema = match query.outcome() {
                Outcome::Rows(schema) => Some(schema.clone()),
                Outcome::Done(_) => None,
            };
            let mut batches = Vec::new();
            let (mut rows, mut bytes) = (0, 0);
            loop {
                let batch = next(query.as_mut(), interrupts, &mut ticks, &mut progress).await?;
                let Some(batch) = batch else { break };
                rows += batch.num_rows();
                bytes += batch.get_array_memory_size();
                if rows > HELD_ROWS || bytes > HELD_BYTES {
                    query.stop().await;
                    return Err(too_many());
                }
                batches.push(batch);
            }
            if schema.is_some() && !sql.starts_with("SHOW ") {
                *last_id = Some(query.id().to_owned());
            }
            Ok(Fetched { schema, batches, notes: query.notes() })
        })
    }

    /// The columns that a statement gives; nothing of it runs.
    pub(super) fn schema_of(&mut self, sql: &str) -> Result<SchemaRef> {
        let Self { runtime, interrupts, session, .. } = self;
        runtime.block_on(async {
            interrupts.listen()?;
            let schema = tokio::select! {
                schema = session.columns(sql) => schema?,
                interrupt = interrupts.next() => return Err(cancelled(interrupt)),
            };
            schema.ok_or_else(|| Error::sql("the statement gives no rows"))
        })
    }

    /// Forgets Ctrl-C pressed once too often for what was typed before. Not between the statements of
    /// one line, or the runs of `\watch`: there it ends what follows.
    pub(super) fn forget_interrupts(&mut self) {
        let Self { runtime, interrupts, .. } = self;
        runtime.block_on(interrupts.forget());
    }

    /// Waits, unless it is interrupted.
    pub(super) fn pause(&mut self, time: Duration) -> Result<()> {
        let Self { runtime, interrupts, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(time) => Ok(()),
                interrupt = interrupts.next() => Err(cancelled(interrupt)),
            }
        })
    }

    /// Shows rows that are there already, as a statement's.
    pub(super) fn show(&mut self, result: &LastResult) -> Result<u64> {
        let Self { display, output, interactive, color, .. } = self;
        output.begin(display, *interactive);
        let mut show = Show::open(display, output, &result.schema, *color)?;
        let mut full = false;
        for batch in result.batches.iter().filter(|batch| batch.num_rows() > 0) {
            if full {
                show.is_cut = true;
                break;
            }
            full = show.batch(batch)?;
        }
        let shown = show.finish()?;
        output.end()?;
        for note in shown.notes {
            eprintln!("note: {note}");
        }
        if shown.is_cut {
            let all: usize = result.batches.iter().map(RecordBatch::num_rows).sum();
            eprintln!(
                "only the first {} of {all} rows are shown: \\pset display_rows 0 shows all, \\o FILE writes all",
                shown.rows
            );
        }
        Ok(shown.rows)
    }
}

/// A result that was not shown.
struct Fetched {
    schema: Option<SchemaRef>,
    batches: Vec<RecordBatch>,
    notes: Vec<String>,
}

fn too_many() -> Error {
    let (rows, bytes) = (footer::number(HELD_ROWS as u64), footer::bytes(HELD_BYTES as u64));
    Error::exhausted(format!("the result has more than the {rows} rows or {bytes} that are held"))
        .with_hint("group or LIMIT it, or write it to a file with \\g FILE")
}

/// Starts a statement; what is waited for is shown.
pub(super) async fn begun(
    session: &dyn Session,
    sql: &str,
    parameters: &Parameters,
    interrupts: &mut Interrupts,
    ticks: &mut Interval,
    progress: &mut ProgressLine,
) -> Result<Box<dyn Query>> {
    let began = session.run(sql, parameters);
    tokio::pin!(began);
    loop {
        tokio::select! {
            query = &mut began => return query,
            interrupt = interrupts.next() => return Err(cancelled(interrupt)),
            _ = ticks.tick() => progress.waiting(),
        }
    }
}

/// The next batch; how far the statement has come is shown meanwhile.
async fn next(
    query: &mut dyn Query,
    interrupts: &mut Interrupts,
    ticks: &mut Interval,
    progress: &mut ProgressLine,
) -> Result<Option<RecordBatch>> {
    loop {
        tokio::select! {
            batch = query.next() => return batch.transpose(),
            interrupt = interrupts.next() => return Err(cancelled(interrupt)),
            _ = ticks.tick() => {}
        }
        progress.show(&query.progress());
    }
}

/// A result on its way to the output.
pub(super) struct Show<'o> {
    renderer: Box<dyn crate::render::Renderer>,
    output: &'o mut Output,
    /// Rows that may be shown; none if all may.
    cap: Option<u64>,
    rows: u64,
    is_cut: bool,
}

/// What was shown.
pub(super) struct Shown {
    pub(super) rows: u64,
    pub(super) is_cut: bool,
    pub(super) notes: Vec<String>,
}

impl<'o> Show<'o> {
    pub(super) fn open(
        display: &Display,
        output: &'o mut Output,
        schema: &SchemaRef,
        color: super::ColorChoice,
    ) -> Result<Self> {
        let (format, options) = output.layout(display, schema, color)?;
        let capped = output.is_terminal()
            && !format.is_machine()
            && !display.whole
            && display.display_rows > 0;
        let renderer = format.open(schema, &options)?;
        let cap = capped.then_some(display.display_rows);
        Ok(Self { renderer, output, cap, rows: 0, is_cut: false })
    }

    /// Writes a batch; true when no more may be shown.
    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<bool> {
        let left = self.cap.map_or(u64::MAX, |cap| cap - self.rows);
        let shown = (batch.num_rows() as u64).min(left);
        let length = usize::try_from(shown).unwrap_or(batch.num_rows());
        self.renderer.write(&batch.slice(0, length), self.output.writer())?;
        self.rows += shown;
        self.is_cut |= batch.num_rows() as u64 > shown;
        Ok(self.cap.is_some_and(|cap| self.rows >= cap))
    }

    /// Writes out what was written.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.output.flush()
    }

    /// Fails when nobody reads any more what is shown.
    pub(super) fn hold_reader(&self) -> Result<()> {
        match self.output.has_reader() {
            true => Ok(()),
            false => Err(write_error(std::io::ErrorKind::BrokenPipe.into())),
        }
    }

    async fn rows(
        &mut self,
        query: &mut dyn Query,
        interrupts: &mut Interrupts,
        ticks: &mut Interval,
        progress: &mut ProgressLine,
        see: &mut dyn FnMut(&RecordBatch),
    ) -> Result<()> {
        let mut full = false;
        while let Some(batch) = next(query, interrupts, ticks, progress).await? {
            if full {
                // There is one more: whether it has rows decides whether something is missing.
                if batch.num_rows() > 0 {
                    self.is_cut = true;
                    return Ok(());
                }
                continue;
            }
            see(&batch);
            if self.output.is_terminal() {
                progress.clear();
            }
            full = self.batch(&batch)?;
            if self.is_cut {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Shown> {
        self.renderer.finish(self.output.writer())?;
        Ok(Shown { rows: self.rows, is_cut: self.is_cut, notes: self.renderer.notes() })
    }
}
