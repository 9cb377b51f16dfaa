//! Which cells of a row a read sees, one after another in the order of HBase.
//!
//! Source: `NormalUserScanQueryMatcher`, `RawScanQueryMatcher`, `ScanWildcardColumnTracker`.

use super::super::Broken;
use super::super::hfile::CellRef;
use super::super::hfile::key::kind;
use super::super::input::Input;
use super::deletes::{Deletes, Hidden};
use super::new_version::NewVersionDeletes;
use super::settings::Rules;

/// Types of tags.
mod tag {
    pub(super) const ACL: u8 = 1;
    pub(super) const VISIBILITY: u8 = 2;
    pub(super) const VISIBILITY_TEXT: u8 = 7;
    pub(super) const TTL: u8 = 8;
}

/// What becomes of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Given,
    // Given, and the last of its column.
    LastGiven,
    Skipped,
    // Skipped, and with it what is older in the column.
    ColumnDone,
}

/// What was not given, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Withheld {
    /// Cells that a deletion hides.
    pub(crate) deleted: u64,
    /// Cells whose time to live is over.
    pub(crate) expired: u64,
}

/// The state of a read inside one row and family.
#[derive(Debug)]
pub(super) struct Matcher {
    rules: Rules,
    deletes: Deletes,
    new_version: Option<NewVersionDeletes>,
    // Whether the rest of the column is skipped.
    column_done: bool,
    // Versions given of the column, and the last of them; whether there is room for no more.
    versions: u32,
    full: bool,
    last: Option<(i64, u8)>,
    pub(super) withheld: Withheld,
}

impl Matcher {
    pub(super) fn new(rules: Rules, new_version_behavior: bool) -> Self {
        let new_version = (new_version_behavior && !rules.raw)
            .then(|| NewVersionDeletes::new(rules.kept_versions));
        Self {
            rules,
            deletes: Deletes::default(),
            new_version,
            column_done: false,
            versions: 0,
            full: false,
            last: None,
            withheld: Withheld::default(),
        }
    }

    /// Begins a row.
    #[inline]
    pub(super) fn start_row(&mut self) {
        self.deletes.clear();
        if let Some(deletes) = &mut self.new_version {
            deletes.clear();
        }
        self.column_done = false;
    }

    /// Whether the read sees the next cell of the row, which may begin another column.
    #[inline]
    pub(super) fn sees(&mut self, cell: &CellRef<'_>, new_column: bool) -> Result<bool, Broken> {
        if !new_column {
            if self.column_done {
                return Ok(false);
            }
        } else {
            self.column_done = false;
            self.versions = 0;
            self.full = false;
            self.last = None;
        }
        match self.verdict(cell)? {
            Verdict::Given => Ok(true),
            Verdict::LastGiven => {
                self.full = true;
                Ok(true)
            }
            Verdict::Skipped => Ok(false),
            Verdict::ColumnDone => {
                // Deletions of the whole family stand in the column without a name, so that one is
                // looked through to its end.
                self.column_done = !cell.qualifier().is_empty();
                Ok(false)
            }
        }
    }

    #[inline]
    fn verdict(&mut self, cell: &CellRef<'_>) -> Result<Verdict, Broken> {
        let counted = !kind::is_delete(cell.kind());
        if self.new_version.is_none()
            && self.rules.min_versions == 0
            && self.rules.is_expired(cell.timestamp())
        {
            self.withheld.expired = self.withheld.expired.wrapping_add(u64::from(counted));
            return Ok(Verdict::ColumnDone);
        }
        if cell.has_tags() && self.is_expired_by_tag(cell)? {
            self.withheld.expired = self.withheld.expired.wrapping_add(u64::from(counted));
            return Ok(Verdict::Skipped);
        }
        if !self.rules.raw {
            if !counted {
                if self.rules.counts(cell.timestamp()) {
                    match &mut self.new_version {
                        Some(deletes) => deletes.add(cell),
                        None => self.deletes.add(cell),
                    }
                }
                return Ok(Verdict::Skipped);
            }
            let hidden = match &mut self.new_version {
                Some(deletes) => deletes.hides(cell),
                None => self.deletes.hides(cell),
            };
            match hidden {
                Hidden::No => {}
                Hidden::Alone => {
                    self.withheld.deleted = self.withheld.deleted.wrapping_add(1);
                    return Ok(Verdict::Skipped);
                }
                Hidden::WithOlder => {
                    self.withheld.deleted = self.withheld.deleted.wrapping_add(1);
                    return Ok(Verdict::ColumnDone);
                }
            }
        }
        if self.rules.is_after(cell.timestamp()) {
            return Ok(Verdict::Skipped);
        }
        if cell.timestamp() < self.rules.min_timestamp {
            return Ok(Verdict::ColumnDone);
        }
        if self.full {
            return Ok(Verdict::ColumnDone);
        }
        Ok(if self.new_version.is_some() {
            self.newest(cell)
        } else if self.rules.columns.is_some() {
            self.named(cell)
        } else {
            self.version(cell)
        })
    }

    /// Whether there is room for another version of the column.
    #[inline]
    fn version(&mut self, cell: &CellRef<'_>) -> Verdict {
        let this = (cell.timestamp(), cell.kind());
        if self.last == Some(this) {
            return Verdict::Skipped;
        }
        // Deletions that are given are no versions.
        if !kind::is_delete(cell.kind()) {
            self.versions = self.versions.saturating_add(1);
        }
        if self.versions > self.rules.given_versions {
            return Verdict::ColumnDone;
        }
        if self.versions <= self.rules.min_versions || !self.rules.is_expired(cell.timestamp()) {
            self.last = Some(this);
            return Verdict::Given;
        }
        self.withheld.expired = self.withheld.expired.wrapping_add(1);
        Verdict::ColumnDone
    }

    /// The same for a column that is asked for by name (`ExplicitColumnTracker`): one expired
    /// version more than MIN_VERSIONS may be given.
    fn named(&mut self, cell: &CellRef<'_>) -> Verdict {
        if !self.rules.columns.as_ref().is_some_and(|names| names.contains(cell.qualifier())) {
            return Verdict::ColumnDone;
        }
        if self.last.is_some_and(|(timestamp, _)| timestamp == cell.timestamp()) {
            return Verdict::Skipped;
        }
        self.last = Some((cell.timestamp(), cell.kind()));
        self.versions = self.versions.saturating_add(1);
        let enough = self.versions >= self.rules.min_versions;
        if self.versions >= self.rules.given_versions
            || enough && self.rules.is_expired(cell.timestamp())
        {
            return Verdict::LastGiven;
        }
        Verdict::Given
    }

    /// The same where the number of versions that are kept was looked at with the deletions.
    fn newest(&mut self, cell: &CellRef<'_>) -> Verdict {
        self.versions = self.versions.saturating_add(1);
        let expired = self.rules.is_expired(cell.timestamp());
        if expired && self.versions > self.rules.min_versions {
            self.withheld.expired = self.withheld.expired.wrapping_add(1);
            return Verdict::ColumnDone;
        }
        let asked = self.rules.columns.as_ref();
        if asked.is_some_and(|names| !names.contains(cell.qualifier())) {
            return Verdict::ColumnDone;
        }
        if self.versions > self.rules.given_versions { Verdict::ColumnDone } else { Verdict::Given }
    }

    /// Looks through a cell's tags: its own time to live, and who may see it.
    fn is_expired_by_tag(&self, cell: &CellRef<'_>) -> Result<bool, Broken> {
        let mut input = Input::new(cell.tags());
        let mut expired = None;
        while !input.is_empty() {
            let tag = input.u16().and_then(|length| input.take(usize::from(length)));
            let Some((tag_kind, value)) = tag.and_then(<[u8]>::split_first) else {
                return Err(Broken::corrupt("cell", "has tags that cannot be read"));
            };
            match *tag_kind {
                tag::TTL if expired.is_none() => {
                    let life = Input::new(value).i64().unwrap_or(i64::MAX);
                    expired = Some(cell.timestamp().wrapping_add(life) < self.rules.now);
                }
                tag::ACL | tag::VISIBILITY | tag::VISIBILITY_TEXT
                    if !self.rules.ignore_cell_security =>
                {
                    return Err(Broken::denied(
                        "cell",
                        "says who may see it (an access list or a visibility label), which only a region server can tell",
                    ));
                }
                _ => {}
            }
        }
        Ok(expired == Some(true))
    }
}
