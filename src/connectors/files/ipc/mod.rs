//! Arrow IPC tables: files and streams, told apart by how they begin.
//!
//! [`layout`] finds out what a file is and where its batches are, [`read`] reads them.

mod layout;
mod read;

use datafusion::arrow::datatypes::SchemaRef;
use object_store::ObjectStore;

use super::scan::{Recipe, Split};
use crate::error::{Error, Result};
use crate::spi::{Bounds, Estimate, OpenedStore};
use layout::Layout;
pub(super) use read::open;

/// The columns of the files, which must be the same in all of them.
pub(super) async fn infer(
    store: &OpenedStore,
    files: &[object_store::ObjectMeta],
) -> Result<SchemaRef> {
    let mut first: Option<(String, SchemaRef)> = None;
    for file in files {
        let outer = store.outer(&file.location);
        let schema = Layout::of(store.store.as_ref(), file, &outer).await?.schema();
        match &first {
            None => first = Some((outer, schema)),
            Some((known_file, known)) if known.fields() != schema.fields() => {
                return Err(Error::corrupt(format!("{outer} has other columns than {known_file}"))
                    .with_hint("Arrow files of one table must have the same columns"));
            }
            Some(_) => {}
        }
    }
    first.map(|(_, schema)| schema).ok_or_else(|| Error::not_found("no Arrow file"))
}

/// Every batch is asked for whole; how many records they have, only reading tells.
pub(super) async fn estimate(
    store: &dyn ObjectStore,
    recipe: &Recipe,
    splits: &[&Split],
) -> Result<Estimate> {
    let mut sizes = Vec::with_capacity(splits.len());
    for split in splits {
        let file = &split.file.meta;
        sizes.push(Layout::of(store, file, &recipe.outer(&file.location)).await?.bytes());
    }
    Ok(Estimate {
        bytes: Bounds::exactly(sizes.iter().sum()),
        records: Bounds::default(),
        first_batch: (0, 0),
    })
}
