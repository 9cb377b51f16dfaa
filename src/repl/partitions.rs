//! The partitions of a table, as a statement over it has pinned them: a `k=v` folder each.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::footer::{bytes, number};
use super::run::LastResult;
use crate::error::{Error, Result};

/// What is read of a read point's text.
#[derive(Deserialize)]
struct ReadPoint {
    listings: BTreeMap<String, Listing>,
}

#[derive(Deserialize)]
struct Listing {
    files: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    size: u64,
    modified: String,
}

/// What a partition has.
#[derive(Default)]
struct Partition {
    files: u64,
    bytes: u64,
    newest: String,
}

/// The partitions in the text of a read point; `None` where there are none.
pub(super) fn of(read_point: &str) -> Result<Option<LastResult>> {
    let point: ReadPoint = serde_json::from_str(read_point)
        .map_err(|e| Error::internal(format!("a read point that cannot be read: {e}")))?;
    let mut partitions: BTreeMap<String, Partition> = BTreeMap::new();
    for (path, file) in point.listings.values().flat_map(|listing| &listing.files) {
        let folders: Vec<&str> = path.split('/').filter(|part| part.contains('=')).collect();
        if folders.is_empty() {
            continue;
        }
        let partition = partitions.entry(folders.join("/")).or_default();
        partition.files += 1;
        partition.bytes += file.size;
        // Instants of one form: the later text is the later time.
        if file.modified > partition.newest {
            partition.newest.clone_from(&file.modified);
        }
    }
    if partitions.is_empty() {
        return Ok(None);
    }
    let text = |shown: &dyn Fn(&Partition) -> String| {
        partitions.values().map(|partition| Some(shown(partition))).collect()
    };
    let names = ["partition", "files", "size", "newest"].map(str::to_owned);
    let second = |text: &str| text.split('.').next().unwrap_or_default().replace('T', " ");
    LastResult::of_texts(
        &names,
        vec![
            partitions.keys().map(|name| Some(name.clone())).collect(),
            text(&|partition| number(partition.files)),
            text(&|partition| bytes(partition.bytes)),
            text(&|partition| second(&partition.newest)),
        ],
    )
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn files_are_counted_by_their_folder() {
        let file = |time: &str| format!("{{\"size\":1500,\"modified\":\"2026-09-01T{time}.5Z\"}}");
        let (first, last) = (file("08:00:00"), file("09:00:00"));
        let files = format!("\"t/day=1/a\":{first},\"t/day=1/b\":{last},\"t/day=2/a\":{first}");
        let point =
            format!("{{\"now\":\"\",\"listings\":{{\"lake:t\":{{\"files\":{{{files}}}}}}}}}");
        let rows = of(&point).unwrap().unwrap().texts().unwrap();
        let rows: Vec<String> = rows
            .iter()
            .map(|row| row.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            rows,
            ["day=1 2 3.0 kB 2026-09-01 09:00:00", "day=2 1 1.5 kB 2026-09-01 08:00:00"]
        );
        assert!(of("{\"listings\":{}}").unwrap().is_none());
    }
}
