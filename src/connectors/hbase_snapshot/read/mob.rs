//! Values that lie in files of their own (MOB): the cell of the table says in which, and the same
//! key there has the value.
//!
//! Source: `HMobStore`, `MobUtils`
//! (<https://github.com/apache/hbase/blob/master/hbase-server/src/main/java/org/apache/hadoop/hbase/mob/MobUtils.java>).

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::file::{OpenFile, Opener};
use super::locate::Located;
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{Place, Table, mob_region};
use crate::formats::hfile::{CellRef, RowRange, Step, Walk};

/// Types of tags: the value is elsewhere, and the table in whose folder.
const ELSEWHERE: u8 = 5;
const TABLE: u8 = 6;

/// A reference to a value, with all that finds it.
#[derive(Clone, Debug)]
pub(super) struct MobReference {
    table: Option<String>,
    file: String,
    family: String,
    row: Vec<u8>,
    qualifier: Vec<u8>,
    timestamp: i64,
    kind: u8,
}

impl MobReference {
    /// The reference that a cell is; `None` for a cell with its own value.
    #[inline]
    pub(super) fn of(cell: &CellRef<'_>, family: &str) -> Option<Self> {
        if !cell.has_tags() { None } else { Self::by_tags(cell, family) }
    }

    fn by_tags(cell: &CellRef<'_>, family: &str) -> Option<Self> {
        let (mut elsewhere, mut table) = (false, None);
        let mut rest = cell.tags();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (tag, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            rest = after;
            match tag.split_first() {
                Some((&ELSEWHERE, _)) => elsewhere = true,
                Some((&TABLE, name)) => table = Some(String::from_utf8_lossy(name).into_owned()),
                _ => {}
            }
        }
        // The length of the value, and the file.
        let file = cell.value().get(4..).filter(|_| elsewhere)?;
        Some(Self {
            table,
            file: String::from_utf8_lossy(file).into_owned(),
            family: family.to_owned(),
            row: cell.row().to_vec(),
            qualifier: cell.qualifier().to_vec(),
            timestamp: cell.timestamp(),
            kind: cell.kind(),
        })
    }
}

/// The files of values that a partition has opened.
#[derive(Debug, Default)]
pub(super) struct MobFiles(HashMap<Place, Arc<OpenFile>>);

impl MobFiles {
    /// The value that a cell refers to.
    ///
    /// # Errors
    /// `Corrupt` when its file is missing or has no such cell.
    pub(super) async fn value(
        &mut self,
        opener: &Arc<Opener>,
        reference: &MobReference,
    ) -> Result<Bytes> {
        let own = &opener.recipe().table;
        let table = reference.table.as_deref().map_or_else(|| own.clone(), Table::parse);
        let place = Place {
            region: mob_region(&table),
            table,
            family: reference.family.clone(),
            file: reference.file.clone(),
        };
        let file = match self.0.get(&place) {
            Some(file) => Arc::clone(file),
            None => {
                let file = opener.open(&place, None).await?;
                self.0.insert(place, Arc::clone(&file));
                file
            }
        };
        let rows = RowRange::of_row(&reference.row);
        if let Located::Blocks(blocks) = file.locate(&rows, None).await? {
            let mut walk = Walk::new(Arc::clone(&file.file), blocks, rows);
            loop {
                match walk.advance().map_err(|e| file.broken(&e))? {
                    Step::Cell => {
                        let cell = walk.cell();
                        if cell.qualifier() == reference.qualifier
                            && cell.timestamp() == reference.timestamp
                            && cell.kind() == reference.kind
                        {
                            return Ok(Bytes::copy_from_slice(cell.value()));
                        }
                    }
                    Step::Need(range) => {
                        let bytes = file.read_kept(range.clone()).await?;
                        walk.give(range.start, bytes);
                    }
                    Step::End => break,
                }
            }
        }
        Err(Error::corrupt(format!(
            "{} has no value of row \"{}\", to which {}:{} refers",
            file.outer,
            reference.row.escape_ascii(),
            reference.family,
            reference.qualifier.escape_ascii()
        )))
    }
}
