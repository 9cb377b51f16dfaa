//! Statements over a real cluster of HDFS: the same answers as from local files, and what is said
//! when the cluster does not give them.

use crate::program::Program;
use crate::rows::{sample_data, shipped_catalog};
use crate::servers::hdfs::{Cluster, single};

/// Statements over the sample lake, every format and the partitions.
const QUESTIONS: &[&str] = &[
    "select count(*), min(day), max(day) from {c}.raw.device_events",
    "select event_type, count(*), count(distinct device_id) from {c}.raw.device_events \
     where day = date '2026-09-01' group by event_type order by 1",
    "select * from {c}.raw.devices order by 1 limit 5",
    "select count(*), min(name), max(signup_time) from {c}.raw.users",
    "select count(*), min(workout_id), max(workout_id) from {c}.raw.workouts",
];

/// Puts the sample lake into a folder of its own.
fn with_lake(cluster: &Cluster, folder: &str) {
    let raw = sample_data().join("lake/raw");
    cluster.run(&["mkdir", folder]);
    cluster.run(&["upload", &format!("{folder}/raw"), &raw.display().to_string()]);
}

#[test]
fn the_sample_lake_answers_as_it_does_locally() {
    let cluster = single();
    with_lake(&cluster, "sample");
    let program = cluster.program("sample", "");
    let local = format!(
        "connector = 'files'\n[options]\nlocation = '{}'\n",
        sample_data().join("lake").display()
    );
    program.write("catalog/l.toml", local);
    for table in ["device_events", "users", "workouts"] {
        let declared =
            std::fs::read(shipped_catalog().join(format!("lake/raw/{table}.toml"))).unwrap();
        for catalog in ["h", "l"] {
            program.write(&format!("catalog/{catalog}/raw/{table}.toml"), &declared);
        }
    }
    for question in QUESTIONS {
        let of = |catalog| program.answer(&[&question.replace("{c}", catalog)]);
        assert_eq!(of("h"), of("l"), "{question}");
    }
}

#[test]
fn locations_find_the_cluster_in_every_way() {
    let cluster = single();
    cluster.run(&["mkdir", "ways/s"]);
    cluster.run(&["mkdir", "lake/ways"]);
    let csv = Program::new();
    csv.write("t.csv", "a,b\n1,x\n2,y\n");
    cluster.run(&["upload", "ways/s/t.csv", &csv.path("t.csv").display().to_string()]);
    cluster.run(&["upload", "lake/ways/t.csv", &csv.path("t.csv").display().to_string()]);
    let address = format!("hdfs://{}", cluster.authority);
    let program = Program::new();
    for (location, store) in [
        ("hdfs:///ways/s".to_owned(), format!("conf_dir = '{}'", cluster.conf().display())),
        ("hdfs:///ways/s".to_owned(), format!("properties = {{ 'fs.defaultFS' = '{address}' }}")),
        (format!("{address}/ways/s/"), String::new()),
        (
            "hdfs://far/ways/s".to_owned(),
            format!(
                "properties = {{ 'dfs.ha.namenodes.far' = 'a, b', \
                 'dfs.namenode.rpc-address.far.a' = '127.0.0.1:1', \
                 'dfs.namenode.rpc-address.far.b' = '{}' }}",
                cluster.authority
            ),
        ),
        ("viewfs://all/ways/s".to_owned(), format!("conf_dir = '{}'", cluster.conf().display())),
        ("viewfs://all/data/ways".to_owned(), format!("conf_dir = '{}'", cluster.conf().display())),
    ] {
        let text = format!(
            "connector = 'files'\n[options]\nlayout = 'table'\nlocation = '{location}'\n[store]\n{store}\n"
        );
        program.write("catalog/w.toml", text);
        let sum = program.answer(&["select sum(a), max(b) from w.default.t"]);
        assert_eq!(sum, "3,y\n", "{location} {store}");
    }
    // The environment alone, and a path that a statement names.
    let ran = program
        .command(&["--csv", "-t", "-c", "select sum(a) from 'hdfs:///ways/s/t.csv'"])
        .env("HADOOP_CONF_DIR", cluster.conf())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "3\n", "{ran:?}");
}

#[test]
fn names_are_kept_as_they_are() {
    let cluster = single();
    let csv = Program::new();
    csv.write("t.csv", "a\n1\n");
    let file = csv.path("t.csv").display().to_string();
    for (n, folder) in ["x=a b", "x=c%20d", "x=é", "x=北京", "x=a+b&c"].iter().enumerate() {
        cluster.run(&["upload", &format!("odd/s/t/{folder}/f {n}%.csv"), &file]);
    }
    let program = cluster.program("odd", "");
    let all = program.answer(&["select x from h.s.t order by x"]);
    // Partition values are written as Hive does, with escapes.
    assert_eq!(all, "a b\na+b&c\nc d\né\n北京\n");
    let one = program.answer(&["select x, a from h.s.t where x = '北京'"]);
    assert_eq!(one, "北京,1\n");
}

#[test]
fn what_the_cluster_refuses_is_said_in_words() {
    let cluster = single();
    with_lake(&cluster, "refused");
    cluster.run(&["chmod", "refused/raw/users.csv", "600"]);
    let program = cluster.program("refused", "user = 'ada'\n");
    let (code, said) = program.failure("select * from h.raw.users");
    assert!(
        said.contains("permission denied: ada has no READ access, /refused/raw/users.csv is"),
        "{said}"
    );
    assert!(said.contains("error: kind=denied"), "{code} {said}");

    let (_, said) = program.failure("select * from 'hdfs:///refused/no.csv'");
    assert!(said.contains("kind=not_found"), "{said}");
    assert!(said.contains("hdfs:///refused/no.csv"), "{said}");

    cluster.run(&["chmod", "refused/raw", "555"]);
    let (_, said) = program.failure("create table h.raw.mine as select 1 as a");
    assert!(said.contains("permission denied: ada has no WRITE access"), "{said}");
    assert!(cluster.files("refused").iter().all(|file| !file.contains("mine")), "{said}");
    cluster.run(&["chmod", "refused/raw", "777"]);
}

#[test]
fn a_check_and_a_receipt_say_as_whom_and_what_was_asked() {
    let cluster = single();
    with_lake(&cluster, "counted");
    let program = cluster.program("counted", "user = 'ada'\n");
    let said = program.answer(&["check catalog h"]);
    assert!(said.contains(" as ada from the catalog file can be listed: schemas raw"), "{said}");
    let said = cluster.program("counted", "").answer(&["check catalog h"]);
    assert!(said.contains(" as the user of this machine can be listed"), "{said}");
    let receipt = program.answer(&["select count(*) from h.raw.users", "show receipt"]);
    let amount = |counter: &str| -> u64 {
        let line = receipt.lines().find(|line| line.contains(&format!(",hdfs://,{counter},")));
        let amount = line.and_then(|line| line.split(',').nth(3)).unwrap_or("0");
        amount.parse().unwrap()
    };
    let size = std::fs::metadata(sample_data().join("lake/raw/users.csv")).unwrap().len();
    assert!(amount("bytes_received") >= size, "{receipt}");
    assert!(amount("get_requests") >= 2 && amount("list_requests") >= 1, "{receipt}");
}

#[test]
fn a_cluster_that_is_not_there_does_not_keep_a_catalog_from_loading() {
    let program = Program::new();
    program.write(
        "catalog/down.toml",
        "connector = 'files'\n[options]\nlocation = 'hdfs://127.0.0.1:1/a'\n\
         [store.properties]\n'dfs.client.failover.max.attempts' = '0'\n",
    );
    assert_eq!(program.answer(&["select 1"]), "1\n");
    let (_, said) = program.failure("select * from down.s.t");
    assert!(said.contains("hdfs://127.0.0.1:1/: the NameNode refuses connections"), "{said}");
    assert!(said.contains("kind=unavailable"), "{said}");
}

#[test]
fn what_is_copied_is_read_back_and_nothing_else_is_left() {
    let cluster = single();
    cluster.run(&["mkdir", "copied/s"]);
    let program = cluster.program("copied", "");
    let rows =
        "select value as n, value % 7 as k, 'x' || value as s from generate_series(1, 50000)";
    let sums = "select count(*), sum(n), min(s), count(distinct k)";
    let wanted = program.answer(&[&format!("{sums} from ({rows})")]);
    program.answer(&[&format!("create table h.s.parts partitioned by (k) as {rows}")]);
    assert_eq!(program.answer(&[&format!("{sums} from h.s.parts")]), wanted);
    program.answer(&[&format!("insert into h.s.parts (n, k, s) {rows}")]);
    assert_eq!(program.answer(&["select count(*) from h.s.parts"]), "100000\n");
    for target in ["a.parquet", "b.csv.gz", "c.arrow", "d.ndjson"] {
        let to = format!("hdfs:///copied/s/{target}");
        let copied =
            program.answer(&[&format!("copy ({rows}) to '{to}'"), &format!("{sums} from '{to}'")]);
        assert_eq!(copied, wanted, "{target}");
    }
    let files = cluster.files("copied");
    assert!(files.iter().all(|file| !file.contains("unfinished")), "{files:?}");
    assert!(files.iter().any(|file| file.contains("/k=6/")), "{files:?}");
}

#[test]
fn lines_of_a_file_that_is_being_written_are_rows() {
    let cluster = single();
    cluster.run(&["mkdir", "growing/s"]);
    let program = cluster.program("growing", "");
    // Three blocks of lines of 16 bytes, and the beginning of a fourth.
    cluster.run(&["open-lines", "growing/s/t.csv", "200000"]);
    let seen = program.answer(&["select count(*) >= 190000, count(*) <= 200000 from h.s.t"]);
    assert_eq!(seen, "true,true\n");
    cluster.run(&["close", "growing/s/t.csv"]);
    assert_eq!(program.answer(&["select count(*), max(n) from h.s.t"]), "200000,0199999\n");
}
