//! Tables in buckets: the same answers as from files, under every fault of a network, and plain
//! words for everything that people set wrong.
//!
//! S3 is Versity's gateway. OSS is that gateway behind a front of ours (`tests/servers/oss`), which
//! does what only OSS does; the live service is not reached by these tests.

mod cached;
mod faults;
mod words;

use std::path::Path;

use sluice::engine::{Engine, EngineOptions};

use crate::program::Program;
use crate::rows::{copy_folder, sample_data, shipped_catalog};
use crate::servers::buckets::{Buckets, Turn, buckets};
use crate::servers::hdfs::single;
use crate::slt::run_through;

/// Keys that may write.
const WRITER: &str = "access_key_id = 'LTAI5tWriterKey01'\naccess_key_secret = 'writer-secret'\n";

/// How OSS is reached: through the front, by the names of its servers.
fn through_front(buckets: &Buckets) -> String {
    format!("proxy = 'http://127.0.0.1:{}'\n", buckets.front)
}

/// A catalog of files at a location, with what stands under `[store]`.
pub(crate) fn catalog_file(location: &str, store: &str) -> String {
    format!(
        "connector = 'files'\nwritable = true\n[options]\nlocation = '{location}'\n[store]\n{store}"
    )
}

/// `[store]` of the two kinds of buckets.
pub(crate) fn stores(buckets: &Buckets) -> [(&'static str, String); 2] {
    let gateway = buckets.gateway;
    let s3 = format!(
        "endpoint = 'http://127.0.0.1:{gateway}'\naccess_key_id = 'gateway-key'\naccess_key_secret = 'gateway-secret'\n"
    );
    let oss = format!(
        "endpoint = 'http://oss-cn-hangzhou.aliyuncs.com'\n{}{WRITER}",
        through_front(buckets)
    );
    [("s3", s3), ("oss", oss)]
}

/// A program with the shipped catalog, whose lake is in a bucket of OSS.
fn lake(buckets: &Turn, store: &str) -> Program {
    fill(buckets);
    let program = Program::new();
    moved_catalog(&program.path("catalog"), "oss://lake/", store);
    program
}

/// Puts the sample's lake into the bucket `lake`, once.
fn fill(buckets: &Buckets) {
    for bucket in ["lake", "public-lake", "lake-beijing"] {
        let folder = buckets.bucket(bucket);
        if !folder.join("raw").exists() {
            copy_folder(&sample_data().join("lake"), &folder);
        }
    }
}

/// How many files are in a folder and those below it.
fn files_below(folder: &Path) -> usize {
    // The gateway removes folders that become empty.
    let entries =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
}

/// A folder with the shipped catalog, whose lake is somewhere else.
fn moved_catalog(folder: &Path, location: &str, store: &str) {
    copy_folder(&shipped_catalog(), folder);
    let file = folder.join("lake.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let moved = text.replace("\"../sample-data/lake/\"", &format!("\"{location}\""));
    assert_ne!(text, moved);
    std::fs::write(&file, format!("{moved}\n[store]\n{store}")).unwrap();
}

#[test]
fn a_lake_in_a_bucket_gives_the_answers_of_the_folder() {
    let buckets = buckets();
    fill(&buckets);
    for (kind, store) in stores(&buckets) {
        let folder = tempfile::tempdir().unwrap();
        moved_catalog(folder.path(), &format!("{kind}://lake/"), &store);
        run_through("lake", kind, |runner| {
            let options = EngineOptions {
                catalog_dir: Some(folder.path().to_owned()),
                partitions: Some(3),
                home: Some(["lake", "raw"].map(str::to_owned)),
                ..EngineOptions::default()
            };
            runner(Box::new(Engine::start(options).unwrap().session()));
        });
    }
}

#[test]
fn what_is_written_into_a_bucket_is_read_back() {
    let buckets = buckets();
    for (kind, store) in stores(&buckets) {
        let program = Program::new();
        program.write("catalog/made.toml", catalog_file(&format!("{kind}://made/{kind}/"), &store));
        let sql = format!(
            "create table made.raw.numbers as select value, value % 7 as week from generate_series(1, 5000);
             insert into made.raw.numbers select value, 0 from generate_series(5001, 5010);
             copy (select value, week from made.raw.numbers) to '{kind}://made/{kind}/raw/weeks' stored as parquet partitioned by (week);
             copy (select * from made.raw.numbers) to '{kind}://made/{kind}/raw/one.csv';
             select count(*), sum(value) from made.raw.numbers;
             select count(*), sum(value) from made.raw.weeks where week in (0, 3);
             select count(*), sum(value) from made.raw.one;"
        );
        let ran = program.run(&["--csv", "-q", "-c", &sql]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{kind}");
        let answers: Vec<_> =
            ran.stdout.lines().filter(|line| line.starts_with(char::is_numeric)).collect();
        assert_eq!(answers, ["5010,12552555", "1438,3620769", "5010,12552555"], "{kind}");
    }
}

#[test]
fn an_object_is_not_replaced_where_that_is_forbidden() {
    use object_store::{ObjectStoreExt, PutMode, PutOptions};
    let buckets = buckets();
    let runtime = crate::rows::runtime();
    for (kind, store) in stores(&buckets) {
        let text = sluice::spi::TomlText::new("store", store.as_str(), false);
        let opened = sluice::stores::open(&format!("{kind}://made/"), &text).unwrap();
        let path = object_store::path::Path::from(format!("once-{kind}"));
        let create = || PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = |text: &'static str| {
            runtime.block_on(opened.store.put_opts(&path, text.into(), create()))
        };
        put("first").unwrap();
        let again = put("second").unwrap_err();
        assert!(matches!(again, object_store::Error::AlreadyExists { .. }), "{kind}: {again:?}");
        let read = runtime.block_on(async { opened.store.get(&path).await.unwrap().bytes().await });
        assert_eq!(read.unwrap(), "first");
    }
}

#[test]
fn a_filter_on_a_partition_lists_and_reads_that_partition_alone() {
    let buckets = buckets();
    let folder = buckets.bucket("made").join("many/raw/days");
    for day in 0..600 {
        let folder = folder.join(format!("day=d{day:04}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("part.csv"), format!("n\n{day}\n")).unwrap();
    }
    let program = Program::new();
    let [_, (_, oss)] = stores(&buckets);
    program.write("catalog/many.toml", catalog_file("oss://made/many/", &oss));
    buckets.requests();
    let ran =
        program.run(&["--csv", "-q", "-c", "select n from many.raw.days where day = 'd0417'"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "n\n417\n"), "{}", ran.stderr);
    let asked = buckets.requests().len();
    // The table's folders are sampled once to know its columns; the other days are not entered.
    assert!(asked < 250, "{asked} requests for one of 600 days");
    let declared =
        "[[columns]]\nname = 'n'\ntype = 'INT'\n[[partitions]]\nname = 'day'\ntype = 'VARCHAR'\n";
    program.write("catalog/many/raw/days.toml", declared);
    let ran =
        program.run(&["--csv", "-q", "-c", "select n from many.raw.days where day = 'd0417'"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "n\n417\n"), "{}", ran.stderr);
    let asked = buckets.requests();
    assert!(asked.len() < 30, "{asked:?}");
}

#[test]
fn a_copy_that_is_killed_shows_nothing_of_itself() {
    let buckets = buckets();
    let program = Program::new();
    let [_, (_, oss)] = stores(&buckets);
    program.write("catalog/killed.toml", catalog_file("oss://made/killed/", &oss));
    let copy = "copy (select value, value % 5 as part from generate_series(1, 5000)) \
        to 'oss://made/killed/raw/copied' stored as parquet partitioned by (part)";
    let count = ["--csv", "-q", "-c", "select count(*) from killed.raw.copied"];
    // In the midst of a part, before the first and before the last file is whole, before the list.
    for (method, key, query) in [
        ("PUT", "part%3D2/", "partNumber"),
        ("POST", "part%3D0/", "uploadId"),
        ("POST", "part%3D4/", "uploadId"),
        ("PUT", "_sluice/", ""),
    ] {
        buckets.requests();
        let fault = format!(
            r#"[{{"kind": "hang", "seconds": 30, "method": "{method}", "key": "{key}", "query": "{query}"}}]"#
        );
        buckets.faults(&fault);
        let mut copying = program.command(&["-q", "-c", copy]).spawn().unwrap();
        let is_met = |[asked, _, path, with]: &[String; 4]| {
            asked == method && path.contains(key) && with.contains(query)
        };
        while !buckets.requests().iter().any(is_met) {
            assert!(copying.try_wait().unwrap().is_none(), "{method} {key} never came");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        copying.kill().unwrap();
        copying.wait().unwrap();
        buckets.faults("[]");
        let ran = program.run(&count);
        let nothing = ["does not exist", "holds no data files"];
        let says_so = ran.code == 1 && nothing.iter().any(|text| ran.stderr.contains(text));
        assert!(says_so, "{method} {key}: {ran:?}");
    }
    let ran = program.run(&["clean", "killed", "--older-than", "0s"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(files_below(&buckets.bucket("made").join("killed")), 0);
    assert_eq!(program.run(&["-q", "-c", copy]).code, 0);
    assert_eq!(program.run(&count).stdout, "count(*)\n5000\n");
}

#[test]
fn rows_go_from_a_cluster_to_a_bucket_and_back() {
    let (buckets, cluster) = (buckets(), single());
    cluster.run(&["mkdir", "journey"]);
    // `h` is the catalog over the cluster.
    let program = cluster.program("journey", "");
    let [_, (_, oss)] = stores(&buckets);
    program.write("catalog/b.toml", catalog_file("oss://made/journey/", &oss));
    let sql = "create table h.raw.there partitioned by (week) as \
            select value, value % 3 as week from generate_series(1, 3000);
        create table b.raw.here partitioned by (week) as select value + 1 as value, week from h.raw.there;
        create table h.raw.back as select value, week from b.raw.here where week > 0;
        select count(*), sum(value), sum(week) from h.raw.back;
        select count(*) from h.raw.there t join b.raw.here h on t.value = h.value - 1 and t.week = h.week";
    let ran = program.run(&["--csv", "-q", "-t", "-c", sql]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "2000,3002000,3000\n\n3000\n"),
        "{}",
        ran.stderr
    );
}

#[test]
fn names_with_odd_characters_are_objects_like_others() {
    let buckets = buckets();
    for (kind, store) in stores(&buckets) {
        let folder = buckets.bucket("made").join(format!("odd-{kind}/raw/odd"));
        for (number, name) in ["a b", "x=y,z", "100%", "über", "名前", "plus+"].iter().enumerate()
        {
            let folder = folder.join(format!("part={number}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{name}.csv")), format!("n\n{number}\n")).unwrap();
        }
        let program = Program::new();
        let location = format!("{kind}://made/odd-{kind}/");
        program.write("catalog/odd.toml", catalog_file(&location, &store));
        let ran = program.run(&[
            "--csv",
            "-q",
            "-c",
            "select count(*), sum(n), sum(part) from odd.raw.odd",
        ]);
        assert_eq!(
            (ran.code, ran.stdout.lines().nth(1)),
            (0, Some("6,15,15")),
            "{kind}: {}",
            ran.stderr
        );
    }
}
