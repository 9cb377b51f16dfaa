//! The store over HDFS against a real cluster: every byte is held against what was written.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    PutPayload,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use crate::rows;
use crate::servers::hdfs::{Cluster, single};

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn bytes(&mut self, length: u64) -> Bytes {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

pub(crate) fn hex_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Store {
    runtime: Runtime,
    store: Arc<dyn ObjectStore>,
}

impl Store {
    fn of(cluster: &Cluster) -> Self {
        Self { runtime: rows::runtime(), store: cluster.store().store }
    }

    fn put(&self, path: &Path, bytes: Bytes) {
        self.runtime.block_on(self.store.put(path, PutPayload::from(bytes))).unwrap();
    }

    fn get(&self, path: &Path, options: GetOptions) -> Result<Bytes, Error> {
        self.runtime.block_on(async { self.store.get_opts(path, options).await?.bytes().await })
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        let prefix = Path::parse(prefix).unwrap();
        let listed: Vec<_> =
            self.runtime.block_on(self.store.list(Some(&prefix)).try_collect()).unwrap();
        let mut names: Vec<_> = listed.iter().map(|meta| meta.location.to_string()).collect();
        names.sort();
        names
    }
}

fn ranged(range: GetRange) -> GetOptions {
    GetOptions { range: Some(range), ..GetOptions::default() }
}

#[test]
fn every_range_of_every_file_has_the_bytes_that_were_written() {
    let cluster = single();
    let store = Store::of(&cluster);
    let mut random = Random(42);
    // Blocks are 1 MiB.
    for size in [0, 1, 511, 512, 65_536, 1_048_575, 1_048_576, 1_048_577, 3_333_333] {
        let bytes = random.bytes(size);
        let path = Path::parse(format!("ranges/{size} bytes.bin")).unwrap();
        store.put(&path, bytes.clone());
        let meta = store.runtime.block_on(store.store.head(&path)).unwrap();
        assert_eq!(meta.size, size);
        assert_eq!(store.get(&path, GetOptions::default()).unwrap(), bytes);
        assert_eq!(cluster.run(&["sha256", path.as_ref()]), hex_of(&bytes));
        for n in 0..40 {
            let at = random.below(size + 2);
            let range = match n % 4 {
                0 => GetRange::Suffix(random.below(size + 10)),
                1 => GetRange::Offset(at),
                2 => GetRange::Bounded(at..at + random.below(5_000)),
                _ => GetRange::Bounded(at..at + random.below(size + 10)),
            };
            let wanted = range.as_range(size).ok();
            match (store.get(&path, ranged(range.clone())), wanted) {
                (Ok(got), Some(wanted)) => assert_eq!(got, slice(&bytes, &wanted), "{range:?}"),
                (Err(Error::Generic { .. }), None) => {}
                (got, wanted) => panic!("{size} {range:?}: {wanted:?} {got:?}"),
            }
        }
        let ranges: Vec<Range<u64>> = (0..if size == 0 { 0 } else { 100 })
            .map(|_| {
                let at = random.below(size);
                at..at + 1 + random.below(size - at)
            })
            .collect();
        let got = store.runtime.block_on(store.store.get_ranges(&path, &ranges)).unwrap();
        for (range, got) in ranges.iter().zip(&got) {
            assert_eq!(*got, slice(&bytes, range), "{size} {range:?}");
        }
        assert_eq!(got.len(), ranges.len());
        let beyond = [size..size + 1, size + 1..size + 2];
        let beyond = store.runtime.block_on(store.store.get_ranges(&path, &beyond));
        assert!(beyond.is_err(), "{size}");
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    bytes.slice(range.start as usize..(range.end as usize).min(bytes.len()))
}

#[test]
fn what_the_java_client_writes_is_read_equal() {
    let cluster = single();
    let store = Store::of(&cluster);
    cluster.run(&["encode", "java/xor", "XOR-2-1-1024k"]);
    for (path, length) in [("java/a", "0"), ("java/b c%=é", "2500000"), ("java/xor/e", "5000000")]
    {
        cluster.run(&["write", path, length, "5"]);
        let got = store.get(&Path::parse(path).unwrap(), GetOptions::default()).unwrap();
        assert_eq!(got.len().to_string(), length, "{path}");
        assert_eq!(hex_of(&got), cluster.run(&["sha256", path]), "{path}");
    }
    let path = Path::parse("java/xor/ours").unwrap();
    let bytes = Random(1).bytes(5_000_000);
    store.put(&path, bytes.clone());
    assert_eq!(cluster.run(&["sha256", "java/xor/ours"]), hex_of(&bytes));
}

#[test]
fn conditions_are_held() {
    let cluster = single();
    let store = Store::of(&cluster);
    let path = Path::from("conditions/a");
    store.put(&path, "first".into());
    let first = store.runtime.block_on(store.store.head(&path)).unwrap();
    let tag = first.e_tag.clone();
    let with = |if_match: Option<String>, if_none_match: Option<String>| {
        store.get(&path, GetOptions { if_match, if_none_match, ..GetOptions::default() })
    };
    assert_eq!(with(tag.clone(), None).unwrap(), "first");
    assert!(matches!(with(None, tag.clone()), Err(Error::NotModified { .. })));
    assert!(matches!(with(Some("other".into()), None), Err(Error::Precondition { .. })));
    let create = PutOptions::from(PutMode::Create);
    let again = store.runtime.block_on(store.store.put_opts(&path, "no".into(), create.clone()));
    assert!(matches!(again, Err(Error::AlreadyExists { .. })), "{again:?}");
    let there = Path::from("conditions/new/b");
    store.runtime.block_on(store.store.put_opts(&there, "yes".into(), create)).unwrap();
    store.put(&path, "second, and longer".into());
    assert!(matches!(with(tag, None), Err(Error::Precondition { .. })));
    assert_eq!(with(None, None).unwrap(), "second, and longer");
    assert_eq!(store.names("conditions"), ["conditions/a", "conditions/new/b"]);
}

#[test]
fn an_upload_that_does_not_end_leaves_nothing() {
    let cluster = single();
    let store = Store::of(&cluster);
    cluster.run(&["mkdir", "uploads"]);
    let path = Path::from("uploads/deep/er/a");
    let begin = || store.runtime.block_on(store.store.put_multipart(&path)).unwrap();
    let write = |upload: &mut Box<dyn MultipartUpload>| {
        // In the order of the calls, whichever is waited for first.
        let parts: Vec<_> = (0..5u8).map(|n| upload.put_part(vec![n; 300_000].into())).collect();
        store.runtime.block_on(futures::future::try_join_all(parts.into_iter().rev())).unwrap();
    };
    let mut upload = begin();
    write(&mut upload);
    assert!(store.names("uploads")[0].ends_with(".unfinished"));
    store.runtime.block_on(upload.abort()).unwrap();
    assert_eq!(store.names("uploads"), [""; 0]);

    let mut upload = begin();
    write(&mut upload);
    drop(upload);
    // The cleaning runs beside; the folders go last.
    let is_gone = || {
        let folder = Path::from("uploads");
        let level = store.store.list_with_delimiter(Some(&folder));
        store.runtime.block_on(level).unwrap().common_prefixes.is_empty()
    };
    let begun = std::time::Instant::now();
    while !is_gone() {
        assert!(begun.elapsed().as_secs() < 20, "{:?}", store.names("uploads"));
    }

    let mut upload = begin();
    write(&mut upload);
    store.runtime.block_on(upload.complete()).unwrap();
    assert_eq!(store.names("uploads"), ["uploads/deep/er/a"]);
    let wanted: Vec<u8> = (0..5u8).flat_map(|n| vec![n; 300_000]).collect();
    assert_eq!(store.get(&path, GetOptions::default()).unwrap(), wanted);
}

#[test]
fn files_are_listed_moved_copied_and_removed() {
    let cluster = single();
    let store = Store::of(&cluster);
    let (a, b, c) = (Path::from("moves/x/a"), Path::from("moves/y/b"), Path::from("moves/z/c"));
    store.put(&a, "bytes".into());
    store.runtime.block_on(store.store.rename(&a, &b)).unwrap();
    store.runtime.block_on(store.store.copy(&b, &c)).unwrap();
    assert_eq!(store.names("moves"), ["moves/y/b", "moves/z/c"]);
    assert_eq!(store.get(&c, GetOptions::default()).unwrap(), "bytes");
    let taken = store.runtime.block_on(store.store.copy_if_not_exists(&b, &c));
    assert!(matches!(taken, Err(Error::AlreadyExists { .. })), "{taken:?}");
    let gone = store.runtime.block_on(store.store.rename(&a, &b));
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    store.runtime.block_on(store.store.delete(&b)).unwrap();
    for missing in ["moves/y/b", "moves/z/c/below", "moves/z", "none"] {
        let got = store.get(&Path::from(missing), GetOptions::default());
        assert!(matches!(got, Err(Error::NotFound { .. })), "{missing} {got:?}");
        assert_eq!(store.names(if missing == "moves/z" { "none" } else { missing }), [""; 0]);
    }
    let level = store.runtime.block_on(store.store.list_with_delimiter(Some(&Path::from("moves"))));
    assert_eq!(level.unwrap().common_prefixes.len(), 3);
    let many: Vec<_> = (0..1_200).map(|n| format!("many/f{n:04}")).collect();
    for name in &many {
        cluster.run(&["touch", name]);
    }
    assert_eq!(store.names("many"), many);
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_never_a_mix() {
    let cluster = single();
    let store = Store::of(&cluster);
    let path = Path::from("replaced/a");
    let mut random = Random(11);
    let (old, new) = (random.bytes(2_000_000), random.bytes(2_000_000));
    store.put(&path, old.clone());
    let tag = store.runtime.block_on(store.store.head(&path)).unwrap().e_tag;
    let pinned = |range: Range<u64>| {
        let options = GetOptions { if_match: tag.clone(), ..ranged(GetRange::Bounded(range)) };
        store.get(&path, options)
    };
    assert_eq!(pinned(0..1_000).unwrap(), old[..1_000]);
    // Another client writes: this one is told nothing.
    let other = Store::of(&cluster);
    other.put(&path, new.clone());
    for at in [0, 1_048_000, 1_999_000] {
        match pinned(at..at + 1_000) {
            Ok(got) => assert_eq!(got, old[at as usize..at as usize + 1_000]),
            Err(Error::Precondition { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(store.get(&path, GetOptions::default()).unwrap(), new);
}
