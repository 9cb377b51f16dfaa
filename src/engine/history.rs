//! Statements that have ended, kept over a restart: lines of JSON in a few files of limited size.
//!
//! A statement has a line when it begins and one when it ends, so that one that the engine did not
//! outlive is known too. A thread of its own writes: a slow disk must not hold up statements. What it
//! cannot write is counted and left out.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::queries::{QueryState, QuerySummary};
use crate::error::{Error, ErrorKind, Result};

/// The bytes of a file before the next one is begun, and how many files there are.
const FILE_BYTES: u64 = 4 << 20;
const FILES: usize = 8;

/// Lines that may wait to be written.
const WAITING: usize = 4096;

/// What is known when a statement begins.
#[derive(Debug, Serialize, Deserialize)]
struct Began {
    id: String,
    user: String,
    address: Option<String>,
    began: DateTime<Utc>,
    sql: String,
}

/// What is known when it has ended.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    id: String,
    state: String,
    elapsed_ms: u64,
    queued_ms: u64,
    rows: u64,
    bytes: u64,
    bad_records: u64,
    kind: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Began(Began),
    Ended(Ended),
}

/// The files of past statements, and who writes them.
#[derive(Debug)]
pub struct History {
    // What was in them, until it is taken.
    past: Vec<QuerySummary>,
    writer: Mutex<Option<(SyncSender<Line>, JoinHandle<()>)>>,
    lost: Arc<AtomicU64>,
}

impl History {
    /// Opens a folder, made if it is not there, and reads the statements in it.
    ///
    /// # Errors
    /// `Config` when it cannot be written, or another process writes it.
    pub fn open(folder: &Path) -> Result<Self> {
        let wrong = |e: std::io::Error| {
            Error::config(format!("{}: {e}", folder.display()))
                .with_hint("past statements are kept there: name another folder for `history`")
                .with_source(e)
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
        let lock = append(&folder.join("lock")).map_err(wrong)?;
        lock.try_lock().map_err(|_| {
            Error::config(format!(
                "{}: another process keeps its statements there",
                folder.display()
            ))
            .with_hint("name another folder for `history` in [server]")
        })?;
        let files = files(folder).map_err(wrong)?;
        let past = read(&files);
        let number = files.last().map_or(1, |(number, _)| *number);
        let file = append(&path(folder, number)).map_err(wrong)?;
        let lost = Arc::new(AtomicU64::new(0));
        let (sender, lines) = sync_channel(WAITING);
        let mut writing = Writing { folder: folder.to_owned(), number, file, _lock: lock };
        let counted = Arc::clone(&lost);
        let thread = std::thread::Builder::new()
            .name("sluice-history".to_owned())
            .spawn(move || writing.run(&lines, &counted))
            .map_err(wrong)?;
        Ok(Self { past, writer: Mutex::new(Some((sender, thread))), lost })
    }

    /// The statements that were in the files, oldest first; only once.
    pub(super) fn take_past(&mut self) -> Vec<QuerySummary> {
        std::mem::take(&mut self.past)
    }

    /// A statement has begun.
    pub(super) fn began(&self, query: &QuerySummary) {
        self.write(Line::Began(Began {
            id: query.id.clone(),
            user: query.user.clone(),
            address: query.address.clone(),
            began: query.began,
            sql: query.sql.clone(),
        }));
    }

    /// A statement has ended.
    pub(super) fn ended(&self, query: &QuerySummary) {
        self.write(Line::Ended(Ended {
            id: query.id.clone(),
            state: query.state.as_str().to_owned(),
            elapsed_ms: query.elapsed_ms,
            queued_ms: query.queued_ms,
            rows: query.rows,
            bytes: query.bytes,
            bad_records: query.bad_records,
            kind: query.kind.map(|kind| kind.as_str().to_owned()),
            error: query.error.clone(),
        }));
    }

    fn write(&self, line: Line) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, _)) = &*writer
            && sender.try_send(line).is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that could not be written.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes what waits, and nothing more.
    pub(super) fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = writer {
            drop(sender);
            let _ = thread.join();
        }
    }
}

/// The writer's side.
struct Writing {
    folder: PathBuf,
    number: u64,
    file: File,
    // Held as long as files are written.
    _lock: File,
}

impl Writing {
    fn run(&mut self, lines: &Receiver<Line>, lost: &AtomicU64) {
        for line in lines {
            if self.write(&line).is_err() {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn write(&mut self, line: &Line) -> std::io::Result<()> {
        if self.file.metadata()?.len() >= FILE_BYTES {
            self.file = append(&path(&self.folder, self.number + 1))?;
            self.number += 1;
            let files = files(&self.folder)?;
            for (_, old) in files.iter().take(files.len().saturating_sub(FILES)) {
                std::fs::remove_file(old)?;
            }
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        // One call for one line: what is cut off by a full disk is at most the last one.
        self.file.write_all(&text)
    }
}

fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("queries-{number:06}.jsonl"))
}

/// The files by number.
fn files(folder: &Path) -> std::io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("queries-").and_then(|rest| rest.strip_suffix(".jsonl"));
        if let Some(number) = number.and_then(|number| number.parse().ok()) {
            files.push((number, path));
        }
    }
    files.sort();
    Ok(files)
}

/// The statements in files. A line that is cut off or unknown is passed over.
fn read(files: &[(u64, PathBuf)]) -> Vec<QuerySummary> {
    let mut queries: BTreeMap<String, QuerySummary> = BTreeMap::new();
    for (_, path) in files {
        let Ok(file) = File::open(path) else { continue };
        for line in BufReader::new(file).split(b'\n').map_while(std::io::Result::ok) {
            match serde_json::from_slice(&line) {
                Ok(Line::Began(began)) => {
                    queries.insert(began.id.clone(), not_ended(began));
                }
                Ok(Line::Ended(ended)) => {
                    if let Some(query) = queries.get_mut(&ended.id) {
                        end(query, ended);
                    }
                }
                Err(_) => {}
            }
        }
    }
    let mut queries: Vec<QuerySummary> = queries.into_values().collect();
    queries.sort_by_key(|query| query.began);
    queries
}

/// A statement that the engine did not outlive, as long as no line says how it ended.
fn not_ended(began: Began) -> QuerySummary {
    QuerySummary {
        id: began.id,
        user: began.user,
        address: began.address,
        sql: began.sql,
        state: QueryState::Failed,
        began: began.began,
        elapsed_ms: 0,
        queued_ms: 0,
        rows: 0,
        bytes: 0,
        bad_records: 0,
        kind: Some(ErrorKind::Unavailable),
        error: Some("the server ended before the statement did".to_owned()),
    }
}

fn end(query: &mut QuerySummary, ended: Ended) {
    query.state = QueryState::named(&ended.state).unwrap_or(QueryState::Failed);
    query.elapsed_ms = ended.elapsed_ms;
    query.queued_ms = ended.queued_ms;
    query.rows = ended.rows;
    query.bytes = ended.bytes;
    query.bad_records = ended.bad_records;
    let kind = |name: &str| ErrorKind::ALL.into_iter().find(|kind| kind.as_str() == name);
    query.kind = ended.kind.as_deref().and_then(kind);
    query.error = ended.error;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &str) -> QuerySummary {
        let began = Began {
            id: id.to_owned(),
            user: "ada".to_owned(),
            address: None,
            began: Utc::now(),
            sql: format!("SELECT '{id}'"),
        };
        let mut query = not_ended(began);
        (query.state, query.kind, query.error) = (QueryState::Finished, None, None);
        query
    }

    #[test]
    fn what_has_ended_is_there_after_a_restart_and_what_has_not_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path()).unwrap();
        assert!(history.past.is_empty());
        assert!(History::open(folder.path()).is_err(), "one writes at a time");
        history.began(&query("q1"));
        history.began(&query("q2"));
        history.ended(&query("q1"));
        history.close();
        // The line that a power cut leaves.
        append(&path(folder.path(), 1)).unwrap().write_all(b"{\"began\":{\"id\":").unwrap();
        let mut history = History::open(folder.path()).unwrap();
        let past = history.take_past();
        assert_eq!((history.lost(), past.len()), (0, 2));
        assert_eq!((past[0].id.as_str(), past[0].state), ("q1", QueryState::Finished));
        assert_eq!(
            (past[1].state, past[1].kind),
            (QueryState::Failed, Some(ErrorKind::Unavailable))
        );
    }

    #[test]
    fn files_are_few_and_of_limited_size() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::open(folder.path()).unwrap();
        let mut long = query("long");
        long.sql = "x".repeat(1 << 20);
        for number in 0..50 {
            long.id = number.to_string();
            history.began(&long);
        }
        history.close();
        let files = files(folder.path()).unwrap();
        assert_eq!(files.len(), FILES);
        for (_, path) in files {
            assert!(std::fs::metadata(path).unwrap().len() < FILE_BYTES + (2 << 20));
        }
    }
}
