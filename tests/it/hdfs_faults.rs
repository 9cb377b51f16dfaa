//! A cluster of HDFS that fails while it is read and written: the right bytes, or words.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};

use crate::hdfs_store::hex_of;
use crate::rows;
use crate::servers::hdfs::{pair_alone, single_alone};

#[test]
fn two_of_three_replicas_may_be_corrupt() {
    let cluster = single_alone();
    let store = cluster.store().store;
    cluster.run(&["write", "corrupt/a", "3000000", "9"]);
    let wanted = cluster.run(&["sha256", "corrupt/a"]);
    assert_eq!(cluster.run(&["corrupt", "corrupt/a", "2"]), "6");
    let path = Path::from("corrupt/a");
    let runtime = rows::runtime();
    for _ in 0..12 {
        // A reader that knows nothing of the earlier ones.
        let fresh = cluster.store().store;
        for store in [&store, &fresh] {
            let bytes =
                runtime.block_on(async { store.get(&path).await.unwrap().bytes().await.unwrap() });
            assert_eq!(hex_of(&bytes), wanted);
            let part = runtime.block_on(store.get_range(&path, 400_000..700_000)).unwrap();
            assert_eq!(part, bytes[400_000..700_000]);
        }
    }
}

#[test]
fn no_replica_that_is_right_is_an_error() {
    let cluster = single_alone();
    cluster.run(&["write", "corrupt/all", "50000", "9"]);
    cluster.run(&["corrupt", "corrupt/all", "3"]);
    let store = cluster.store().store;
    let got = rows::runtime()
        .block_on(async { store.get(&Path::from("corrupt/all")).await?.bytes().await });
    assert!(got.is_err(), "{} bytes", got.unwrap().len());
}

#[test]
fn a_file_that_is_being_written_is_read_as_far_as_it_is_seen() {
    let cluster = single_alone();
    let store = cluster.store().store;
    let runtime = rows::runtime();
    cluster.run(&["write", "open/whole", "2500000", "3"]);
    // Two blocks are finished, the third is begun.
    cluster.run(&["open", "open/log", "2500000", "3"]);
    let path = Path::from("open/log");
    let listed: Vec<_> =
        runtime.block_on(store.list(Some(&Path::from("open"))).try_collect()).unwrap();
    let size = listed.iter().find(|meta| meta.location == path).unwrap().size;
    assert_eq!(runtime.block_on(store.head(&path)).unwrap().size, size);
    assert!((2 << 20..=2_500_000).contains(&size), "{size}");
    let get = |path: &str| {
        runtime
            .block_on(async { store.get(&Path::from(path)).await.unwrap().bytes().await.unwrap() })
    };
    let (read, whole) = (get("open/log"), get("open/whole"));
    assert_eq!(read, whole[..size as usize]);
    cluster.run(&["close", "open/log"]);
    assert_eq!(get("open/log"), whole);
}

#[test]
fn a_datanode_may_stop_in_the_midst_of_a_scan() {
    let cluster = single_alone();
    let store = cluster.store().store;
    cluster.run(&["write", "stopped/a", "40000000", "4"]);
    let wanted = cluster.run(&["sha256", "stopped/a"]);
    let runtime = rows::runtime();
    let mut longest = Duration::ZERO;
    let bytes = runtime.block_on(async {
        let mut parts = store.get(&Path::from("stopped/a")).await.unwrap().into_stream();
        let mut bytes = Vec::new();
        let mut asked = Instant::now();
        while let Some(part) = parts.try_next().await.unwrap() {
            longest = longest.max(asked.elapsed());
            if bytes.is_empty() {
                cluster.run(&["stop-node", "0"]);
            }
            bytes.extend_from_slice(&part);
            asked = Instant::now();
        }
        bytes
    });
    cluster.run(&["start-nodes"]);
    assert_eq!(hex_of(&bytes), wanted);
    println!("longest wait for a part after a DataNode stopped: {longest:?}");
}

#[test]
fn statements_go_on_over_a_stopped_datanode() {
    let cluster = single_alone();
    cluster.run(&["mkdir", "scanned/s"]);
    let program = cluster.program("scanned", "");
    let rows = "select value as n, 'text ' || value as s from generate_series(1, 400000)";
    program.answer(&[&format!("copy ({rows}) to 'hdfs:///scanned/s/t.csv'")]);
    let question = "select count(*), sum(n), max(s) from h.s.t";
    let wanted = program.answer(&[question]);
    let ran = std::thread::scope(|scope| {
        let asked = scope.spawn(|| program.answer(&[question, question, question]));
        cluster.run(&["stop-node", "0"]);
        asked.join().unwrap()
    });
    cluster.run(&["start-nodes"]);
    assert_eq!(ran.lines().last().unwrap(), wanted.trim());
}

#[test]
fn a_namenode_that_takes_over_is_found() {
    let cluster = pair_alone();
    let store = cluster.store().store;
    cluster.run(&["write", "taken/a", "3000000", "6"]);
    let wanted = cluster.run(&["sha256", "taken/a"]);
    let runtime = rows::runtime();
    let path = Path::from("taken/a");
    let is_over = AtomicBool::new(false);
    let (mut reads, mut longest) = (0, Duration::ZERO);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            cluster.run(&["failover", "1500"]);
            cluster.run(&["failover", "300"]);
            is_over.store(true, Ordering::SeqCst);
        });
        while !is_over.load(Ordering::SeqCst) || reads < 20 {
            let begun = Instant::now();
            // Both ask the NameNode: nothing names a content that is kept.
            let options =
                GetOptions { range: Some(GetRange::Suffix(100)), ..GetOptions::default() };
            runtime.block_on(store.get_opts(&path, options)).unwrap();
            let fresh = cluster.store().store;
            let bytes =
                runtime.block_on(async { fresh.get(&path).await.unwrap().bytes().await.unwrap() });
            longest = longest.max(begun.elapsed());
            assert_eq!(hex_of(&bytes), wanted);
            reads += 1;
        }
    });
    println!("{reads} reads over two failovers, the longest took {longest:?}");
    let program = cluster.program("taken", "");
    let read =
        program.answer(&["copy (select 1 as a) to 'hdfs:///taken/s/t.csv'", "select a from h.s.t"]);
    assert_eq!(read, "1\n");
}

#[test]
fn a_pair_without_an_active_one_is_said() {
    let cluster = pair_alone();
    let program =
        cluster.program("nothing", "properties = { 'dfs.client.failover.max.attempts' = '1' }\n");
    cluster.run(&["standby"]);
    let (_, said) = program.failure("select * from h.s.t");
    cluster.run(&["activate"]);
    assert!(said.contains("every NameNode of the cluster is on standby"), "{said}");
    assert!(said.contains("kind=unavailable"), "{said}");
}

#[test]
fn safe_mode_is_said_and_reads_go_on() {
    let cluster = single_alone();
    cluster.run(&["mkdir", "safe/s"]);
    let program = cluster.program("safe", "");
    program.answer(&["copy (select 1 as a) to 'hdfs:///safe/s/t.csv'"]);
    cluster.run(&["safemode", "on"]);
    let read = program.answer(&["select a from h.s.t"]);
    let (_, said) = program.failure("create table h.s.new as select 1 as a");
    cluster.run(&["safemode", "off"]);
    assert_eq!(read, "1\n");
    assert!(said.contains("the NameNode is in safe mode and takes no writes"), "{said}");
    assert!(said.contains("kind=unavailable"), "{said}");
}

#[test]
fn a_copy_that_is_killed_leaves_nothing_to_be_seen() {
    let cluster = single_alone();
    cluster.run(&["mkdir", "killed/s"]);
    let program = cluster.program("killed", "");
    let statement = "copy (select md5(value::varchar) as s from generate_series(1, 100000000)) \
                     to 'hdfs:///killed/s/big.parquet'";
    let mut child = program
        .command(&["-c", statement])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    let mut runs = true;
    while runs && Instant::now() < until && cluster.files("killed").is_empty() {
        runs = child.try_wait().unwrap().is_none();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = cluster.files("killed");
    assert!(runs && !left.is_empty(), "it must be killed while it writes");
    assert!(left.iter().all(|file| file.ends_with(".unfinished")), "{left:?}");
    assert_eq!(program.answer(&["show tables from h.s"]), "");
    program.answer(&["clean catalog h older than '0s'"]);
    assert_eq!(cluster.files("killed"), [""; 0]);
}
