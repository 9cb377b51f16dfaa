//! The catalog folder has changed: what is new is read, checked and taken up in one step.
//!
//! A file that is wrong leaves what it declared as it was, and is named among the problems; the rest
//! of the change holds. Whoever edits files writes several, and not in one moment, so a server waits
//! until the folder is quiet. What did not change stays open.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{Catalogs, Entry, Opened, Parts, State, finding};
use crate::catalog::folder::{CatalogFolder, Declaration, Folder, SchemaFolder};
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity};

/// Something that is wrong in the catalog folder.
#[derive(Clone, Debug)]
pub struct Problem {
    finding: Finding,
    /// The catalog that it is in, if it is in one.
    catalog: Option<String>,
    /// Whether what was there before is in use.
    pub last_good_in_use: bool,
    /// Since when it is known.
    pub since: DateTime<Utc>,
}

impl Problem {
    fn new(finding: Finding, catalog: Option<&str>, last_good_in_use: bool) -> Self {
        let catalog = catalog.map(str::to_owned);
        Self { finding, catalog, last_good_in_use, since: Utc::now() }
    }

    /// What it is.
    pub fn finding(&self) -> Finding {
        self.finding.clone()
    }

    pub(super) fn is_of(&self, catalog: &str) -> bool {
        self.catalog.as_deref() == Some(catalog)
    }

    /// Whether something does not work because of it.
    pub fn is_error(&self) -> bool {
        self.finding.severity == Severity::Error
    }

    fn is_as(&self, other: &Self) -> bool {
        self.finding.object == other.finding.object && self.finding.message == other.finding.message
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { severity, object, message, fix } = &self.finding;
        write!(f, "{} {object}: {message}", severity.as_str())?;
        if let Some(fix) = fix {
            write!(f, ": {fix}")?;
        }
        if self.last_good_in_use {
            write!(f, " (what was there before stays in use)")?;
        }
        Ok(())
    }
}

/// A change that was taken up.
#[derive(Clone, Debug)]
pub struct CatalogChange {
    /// The catalogs with new, other or no files.
    pub catalogs: Vec<String>,
    /// What is wrong and was not before.
    pub problems: Vec<Problem>,
}

/// A change that is waited out: the folder as it was last seen, and since when it is so.
#[derive(Debug, Default)]
pub(super) struct Waiting(Option<(Folder, Instant)>);

impl Waiting {
    /// What is to be taken up now: what differs from the current folder and has been quiet for so
    /// long.
    fn step(
        &mut self,
        seen: Folder,
        current: &Folder,
        quiet: Duration,
        now: Instant,
    ) -> Option<Folder> {
        if seen.is_as(current) {
            self.0 = None;
            return None;
        }
        let since = match &self.0 {
            Some((before, since)) if before.is_as(&seen) => *since,
            _ => now,
        };
        if now.duration_since(since) >= quiet {
            self.0 = None;
            return Some(seen);
        }
        self.0 = Some((seen, since));
        None
    }
}

/// What is opened and read again although its files are as they were.
#[derive(Clone, Copy)]
enum Anew<'a> {
    Nothing,
    Catalog(&'a str),
    All,
}

impl Catalogs {
    /// Reads the folder again and forgets what was opened: all of it, or one catalog.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read.
    pub fn refresh(&self, catalog: Option<&str>) -> Result<()> {
        let _one = self.parts.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = self.read_again()? else { return Ok(()) };
        self.parts.take(folder, catalog.map_or(Anew::All, Anew::Catalog));
        Ok(())
    }

    /// Reads every file of the folder that was not read yet, and says all that is wrong.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read.
    pub fn load(&self) -> Result<Vec<Problem>> {
        let _one = self.parts.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = self.read_again()? else { return Ok(vec![]) };
        self.parts.take(folder, Anew::Nothing);
        Ok(self.parts.current().problems())
    }

    /// Takes up what has changed in the folder, once nothing of it was written for `quiet`. To be
    /// called again and again.
    ///
    /// # Errors
    /// `Config` when the folder cannot be read: it stays as it was.
    pub fn look(&self, quiet: Duration) -> Result<Option<CatalogChange>> {
        let mut waiting = self.parts.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.parts.current();
        let Some(current) = &before.folder else { return Ok(None) };
        if waiting.0.is_none() && before.is_untouched() {
            return Ok(None);
        }
        let Some(seen) = self.read_again()? else { return Ok(None) };
        let Some(taken) = waiting.step(seen, current, quiet, Instant::now()) else {
            return Ok(None);
        };
        let after = self.parts.take(taken, Anew::Nothing);
        let known = before.problems();
        let mut problems = after.problems();
        problems.retain(|problem| !known.iter().any(|other| other.is_as(problem)));
        Ok(Some(CatalogChange { catalogs: differing(&before, &after), problems }))
    }

    /// The folders as they are now.
    fn read_again(&self) -> Result<Option<Folder>> {
        let current = self.parts.current();
        let Some(folder) = &current.folder else { return Ok(None) };
        Folder::read_all(folder.path.clone(), folder.own.clone())
    }

    /// What is wrong with the files that were read.
    pub fn problems(&self) -> Vec<Problem> {
        self.parts.current().problems()
    }
}

impl State {
    /// Whether surely nothing has changed that anybody has looked at: what nobody has read yet is read
    /// as it will be then. A tenth of the time of a walk.
    fn is_untouched(&self) -> bool {
        let both = self.entries.values().flat_map(|entry| [&entry.seen, &entry.files]);
        let mut read = both.flat_map(CatalogFolder::sources).filter(|source| source.is_read());
        self.folder.as_ref().is_some_and(Folder::is_untouched)
            && read.all(|source| source.is_untouched())
    }
}

/// The catalogs whose files are not the same.
fn differing(before: &State, after: &State) -> Vec<String> {
    let other = |state: &State, name: &String, entry: &Arc<Entry>| {
        state.entries.get(name).is_none_or(|other| other.seen != entry.seen)
    };
    let changed = after.entries.iter().filter(|(name, entry)| other(before, name, entry));
    let gone = before.entries.keys().filter(|name| !after.entries.contains_key(*name));
    changed.map(|(name, _)| name).chain(gone).cloned().collect()
}

impl State {
    fn problems(&self) -> Vec<Problem> {
        let since = Utc::now();
        let odd = self.folder.iter().flat_map(|folder| folder.findings.iter().cloned());
        let odd =
            odd.map(|finding| Problem { finding, catalog: None, last_good_in_use: false, since });
        let of_catalogs = self.entries.values().flat_map(|entry| entry.problems.iter().cloned());
        odd.chain(of_catalogs).collect()
    }
}

impl Parts {
    /// Makes the folder the current one.
    fn take(&self, folder: Folder, anew: Anew<'_>) -> Arc<State> {
        let before = self.current();
        let mut after = State::default();
        for (name, seen) in &folder.catalogs {
            let anew = match anew {
                Anew::All => true,
                Anew::Catalog(only) => only == name,
                Anew::Nothing => false,
            };
            let entry = self.entry(name, seen, before.entries.get(name).map(Arc::as_ref), anew);
            after.entries.insert(name.clone(), Arc::new(entry));
        }
        after.folder = Some(folder);
        let after = Arc::new(after);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&after);
        after
    }

    /// A catalog of files, some of which are those of `before`.
    fn entry(&self, name: &str, seen: &CatalogFolder, before: Option<&Entry>, anew: bool) -> Entry {
        let mut files = seen.clone();
        let mut problems = Vec::new();
        let opened = self.opened(name, &mut files, before, anew, &mut problems);
        for (schema, folder) in &mut files.schemas {
            let old = |state: fn(&Entry) -> &CatalogFolder| {
                before.and_then(|before| state(before).schemas.get(schema))
            };
            let (was_seen, was_used) = (old(|entry| &entry.seen), old(|entry| &entry.files));
            for (table, declaration) in &mut folder.objects {
                let of = |folder: Option<&SchemaFolder>| {
                    folder.and_then(|folder| folder.objects.get(table)).cloned()
                };
                if of(was_seen).as_ref() == Some(&*declaration)
                    && let Some(used) = of(was_used).filter(|used| used == declaration)
                {
                    // As it was, and read already if somebody has.
                    *declaration = used;
                }
                if let Err(e) = self.check(opened.as_deref(), declaration) {
                    let good = of(was_used).filter(|used| {
                        used.source().is_read() && self.check(opened.as_deref(), used).is_ok()
                    });
                    let object = format!("{name}.{schema}.{table}");
                    problems.push(Problem::new(finding(&object, &e), Some(name), good.is_some()));
                    if let Some(good) = good {
                        *declaration = good;
                    }
                }
            }
        }
        // A problem that goes on is known since it began.
        for problem in &mut problems {
            let known = before.iter().flat_map(|before| &before.problems);
            if let Some(known) = known.into_iter().find(|known| known.is_as(problem)) {
                problem.since = known.since;
            }
        }
        let opened = Mutex::new(opened);
        Entry { name: name.to_owned(), seen: seen.clone(), files, opened, problems }
    }

    /// The catalog as its connector opens it: the open one if its file is as it was, or is wrong now.
    fn opened(
        &self,
        name: &str,
        files: &mut CatalogFolder,
        before: Option<&Entry>,
        anew: bool,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Opened>> {
        let source = Arc::clone(files.file.as_ref()?);
        let open = before.and_then(|before| {
            before.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
        });
        let used = before.and_then(|before| before.files.file.clone());
        if !anew && open.is_some() && used.as_ref() == Some(&source) {
            files.file = used;
            return open;
        }
        match self.open(name, &source) {
            Ok(opened) => Some(Arc::new(opened)),
            Err(e) => {
                problems.push(Problem::new(finding(name, &e), Some(name), open.is_some()));
                if open.is_some() {
                    files.file = used;
                }
                open
            }
        }
    }

    /// What is wrong with the file of a table or view.
    fn check(&self, opened: Option<&Opened>, declaration: &Declaration) -> Result<()> {
        match (declaration, opened) {
            (Declaration::Table(_), Some(opened)) => {
                let declared = self.declared(opened, Some(declaration))?;
                opened.catalog.check_file(&declared)
            }
            // The catalog's own file is what is wrong.
            (Declaration::Table(source), None) => source.text().map(drop),
            (Declaration::View(source), _) => {
                let text = source.text()?;
                (self.parse_view)(&text).map_err(|e| in_file(e, source.path()))
            }
        }
    }
}

/// An error in the text of a file, with its place.
fn in_file(error: Error, path: &std::path::Path) -> Error {
    match error.position() {
        Some(at) => error.within(format!("{}:{}:{}", path.display(), at.line, at.column)),
        None => error.within(path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(root: &std::path::Path) -> Folder {
        Folder::read(root).unwrap()
    }

    #[test]
    fn what_is_untouched_is_known_without_a_walk() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
        std::fs::create_dir_all(path("a/s")).unwrap();
        write("a.toml", "one");
        write("a/s/t.toml", "one");
        assert!(!folder(root.path()).is_untouched(), "what was written just now may be again");
        std::thread::sleep(Duration::from_millis(150));
        let state = State::new(Some(folder(root.path())));
        assert!(state.is_untouched());
        write("a/s/t.toml", "two");
        assert!(state.is_untouched(), "nobody has read it");
        let entry = &state.entries["a"];
        let table = entry.seen.sources().nth(1).unwrap();
        assert_eq!(&*table.text().unwrap(), "two");
        assert!(!state.is_untouched(), "it is not the file that was seen");

        let state = State::new(Some(folder(root.path())));
        state.entries["a"].seen.sources().for_each(|source| drop(source.text()));
        assert!(state.is_untouched());
        write("a/s/u.sql", "SELECT 1");
        assert!(!state.is_untouched(), "a file has come");
    }

    #[test]
    fn a_change_is_taken_up_once_it_is_quiet() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
        write("a.toml", "one");
        let current = folder(root.path());
        let (quiet, start) = (Duration::from_secs(1), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let mut waiting = Waiting::default();
        let mut step = |millis| {
            let seen = folder(root.path());
            waiting.step(seen, &current, quiet, at(millis)).is_some()
        };
        assert!(!step(0), "nothing has changed");
        write("a.toml", "longer");
        assert!(!step(5000), "it is seen for the first time");
        assert!(!step(5900));
        write("b.toml", "one");
        assert!(!step(6100), "another file was written");
        assert!(!step(7000));
        assert!(step(7100));
        write("b.toml", "longer");
        assert!(!step(8000));
        std::fs::remove_file(root.path().join("b.toml")).unwrap();
        write("a.toml", "longer still");
        assert!(!step(9000));
        assert!(step(10_000));
    }
}
