//! What snapshots there are, as tables: `<catalog>.hbase.snapshots` and `<catalog>.hbase.families`.
//!
//! Both are made of manifests alone; no data file is opened. HBase keeps the namespace `hbase` for
//! tables of its own, of which no snapshots are taken.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use futures::StreamExt;

use super::snapshot::{Loaded, Snapshots};
use crate::error::{Error, Result};
use crate::formats::hbase_manifest::{Family, Snapshot, Table};

/// The schema of the listings.
pub(super) const SCHEMA: &str = "hbase";

/// The listings.
pub(super) const TABLES: [&str; 2] = ["families", "snapshots"];

/// How many manifests are read at once.
const READ_AT_ONCE: usize = 8;

/// A listing.
pub(super) async fn open(
    snapshots: &Snapshots,
    table: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    if !TABLES.contains(&table) {
        return Ok(None);
    }
    let all = snapshots.all().await?;
    let mut lines: Vec<Line> = futures::stream::iter(all.snapshots.iter().cloned())
        .map(|snapshot| {
            let snapshots = snapshots.clone();
            async move {
                let loaded = snapshots.load_unpinned(&snapshot.name).await;
                Line { name: snapshot.name.clone(), snapshot: Some(snapshot), loaded }
            }
        })
        .buffered(READ_AT_ONCE)
        .collect()
        .await;
    lines.extend(all.damaged.iter().map(|(name, e)| Line {
        name: name.clone(),
        snapshot: None,
        loaded: Err(e.clone()),
    }));
    let batch = if table == "snapshots" { of_snapshots(&lines) } else { of_families(&lines) }?;
    let internal = |e: datafusion::error::DataFusionError| Error::internal(e.strip_backtrace());
    let provider = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(internal)?;
    Ok(Some(Arc::new(provider)))
}

/// A snapshot, or a folder that should be one.
struct Line {
    name: String,
    snapshot: Option<Snapshot>,
    loaded: Result<Arc<Loaded>>,
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch> {
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).map_err(|e| Error::internal(e.to_string()))
}

fn texts<T>(all: &[T], of: impl Fn(&T) -> Option<String>) -> ArrayRef {
    Arc::new(all.iter().map(of).collect::<StringArray>())
}

fn numbers<T>(all: &[T], of: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(all.iter().map(of).collect::<Int64Array>())
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn of_snapshots(all: &[Line]) -> Result<RecordBatch> {
    let of_loaded = |of: fn(&Loaded) -> u64| {
        numbers(all, move |line| line.loaded.as_ref().ok().map(|loaded| count(of(loaded))))
    };
    let text = |of: fn(&Snapshot) -> Option<String>| {
        texts(all, move |line| line.snapshot.as_ref().and_then(of))
    };
    let instants = all.iter().map(|line| line.snapshot.as_ref().map(|snapshot| snapshot.created));
    let instants = instants.collect::<TimestampMillisecondArray>().with_timezone("UTC");
    let ttl = |line: &Line| line.snapshot.as_ref().map(|snapshot| snapshot.ttl);
    batch(vec![
        ("snapshot", texts(all, |line| Some(line.name.clone()))),
        ("namespace", text(|snapshot| Some(Table::parse(&snapshot.table).namespace))),
        ("table_name", text(|snapshot| Some(Table::parse(&snapshot.table).name))),
        ("created", Arc::new(instants)),
        ("type", text(|snapshot| Some(snapshot.kind.as_str().to_owned()))),
        ("ttl_seconds", numbers(all, |line| ttl(line).filter(|ttl| *ttl > 0))),
        ("owner", text(|snapshot| snapshot.owner.clone())),
        ("families", of_loaded(|loaded| loaded.families.len() as u64)),
        ("regions", of_loaded(|loaded| loaded.regions.len() as u64)),
        ("files", of_loaded(|loaded| loaded.all_files().count() as u64)),
        ("bytes", of_loaded(|loaded| loaded.all_files().filter_map(|file| file.size).sum())),
        ("problem", texts(all, |line| line.loaded.as_ref().err().map(ToString::to_string))),
    ])
}

fn of_families(all: &[Line]) -> Result<RecordBatch> {
    let whole = all.iter().filter_map(|line| line.loaded.as_ref().ok());
    let families: Vec<(&Arc<Loaded>, &Family)> = whole
        .flat_map(|loaded| loaded.families.iter().map(move |family| (loaded, family)))
        .collect();
    let attribute = |name: &'static str| {
        texts(&families, move |(_, family)| family.attributes.get(name).cloned())
    };
    let files = |(loaded, family): &(&Arc<Loaded>, &Family)| loaded.size_of(family);
    let is_mob = families.iter().map(|(_, family)| {
        family.attributes.get("IS_MOB").map(|value| value.eq_ignore_ascii_case("true"))
    });
    batch(vec![
        ("snapshot", texts(&families, |(loaded, _)| Some(loaded.snapshot.name.clone()))),
        ("family", texts(&families, |(_, family)| Some(family.name.clone()))),
        ("versions", numbers(&families, |(_, family)| Some(family.versions.into()))),
        ("min_versions", numbers(&families, |(_, family)| Some(family.min_versions.into()))),
        ("ttl_seconds", numbers(&families, |(_, family)| family.ttl.map(i64::from))),
        ("keep_deleted_cells", attribute("KEEP_DELETED_CELLS")),
        ("compression", attribute("COMPRESSION")),
        ("encoding", attribute("DATA_BLOCK_ENCODING")),
        ("bloom_filter", attribute("BLOOMFILTER")),
        ("block_size", attribute("BLOCKSIZE")),
        ("mob", Arc::new(is_mob.collect::<BooleanArray>())),
        ("files", numbers(&families, |each| Some(count(files(each).0)))),
        ("bytes", numbers(&families, |each| Some(count(files(each).1)))),
    ])
}
