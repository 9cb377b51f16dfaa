//! Statements that write: what is there afterwards, and that a write that fails leaves nothing.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::Program;

const WRITABLE: &str =
    "connector = \"files\"\nwritable = true\n[options]\nlocation = \"../lake\"\n";

/// Rows with NULLs, texts, decimals, times and nested values.
const ROWS: &str = "select value as n, value % 3 as k, \
     case when value % 5 = 0 then null else 'x' || value end as s, \
     cast(value as decimal(12, 2)) as d, to_timestamp_seconds(value) as t, \
     [value, null] as l, named_struct('a', value, 'b', 'y') as o \
     from generate_series(1, 20000)";

const SUMS: &str =
    "select count(*), sum(n), count(s), min(s), sum(d), max(t), sum(l[1]), sum(o['a'])";

/// All files below a folder, by their path from it, sorted.
fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

fn lake() -> Program {
    let program = Program::new();
    program.write("catalog/w.toml", WRITABLE);
    std::fs::create_dir(program.path("lake")).unwrap();
    program
}

#[test]
fn what_is_copied_reads_back_equal() {
    let program = Program::new();
    let wanted = program.answer(&[&format!("{SUMS} from ({ROWS})")]);
    for (target, options) in [
        ("a.parquet", ""),
        ("b.parquet", "(compression snappy, row_group_size 3000)"),
        ("c.parquet", "stored as parquet options ('compression' 'brotli')"),
        ("d.arrow", ""),
        ("e.arrow", "(format arrow, compression zstd)"),
        ("folder", ""),
    ] {
        let copy = format!("copy ({ROWS}) to '{target}' {options}");
        let from = if target == "folder" { "folder/*" } else { target };
        let read = program.answer(&[&copy, &format!("{SUMS} from '{from}'")]);
        assert_eq!(read, wanted, "{target}");
    }
}

#[test]
fn copied_text_reads_back_equal() {
    let program = Program::new();
    let sums = "select count(*), sum(n), count(s), min(s)";
    let wanted = program.answer(&[&format!("{sums} from ({ROWS})")]);
    for target in ["a.csv", "b.tsv", "c.csv.gz", "d.csv.zst", "e.json", "f.ndjson.zst"] {
        let copy = format!("copy ({ROWS}) to '{target}'");
        assert_eq!(
            program.answer(&[&copy, &format!("{sums} from '{target}'")]),
            wanted,
            "{target}"
        );
    }
}

#[test]
fn text_files_hold_every_value_and_null_is_not_empty() {
    let program = Program::new();
    let rows =
        "(select * from (values (1, 'a,\"b\"', [1, 2]), (2, '', null), (3, null, [])) t(n, s, l))";
    program.answer(&[
        &format!("copy {rows} to 'a.csv'"),
        &format!("copy {rows} to 'b.csv' (header false, delimiter ';', null 'NULL')"),
        &format!("copy {rows} to 'c.ndjson.gz'"),
    ]);
    let text = |name: &str| std::fs::read_to_string(program.path(name)).unwrap();
    assert_eq!(text("a.csv"), "n,s,l\n1,\"a,\"\"b\"\"\",\"[1,2]\"\n2,\"\",\n3,,[]\n");
    assert_eq!(text("b.csv"), "1;\"a,\"\"b\"\"\";[1,2]\n2;\"\";NULL\n3;NULL;[]\n");
    let mut json = String::new();
    let file = std::fs::File::open(program.path("c.ndjson.gz")).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut json).unwrap();
    assert_eq!(
        json,
        "{\"n\":1,\"s\":\"a,\\\"b\\\"\",\"l\":[1,2]}\n{\"n\":2,\"s\":\"\",\"l\":null}\n\
         {\"n\":3,\"s\":null,\"l\":[]}\n"
    );
}

#[test]
fn a_partitioned_copy_has_a_folder_for_each_value() {
    let program = Program::new();
    let copy = "copy (select value as n, case value % 3 when 0 then null when 1 then 'a/b' else 'c' end as k \
                from generate_series(1, 3000)) to 'out' (partition_by (k))";
    let read = program
        .answer(&[copy, "select k, count(*), sum(n) from 'out/' group by k order by k nulls last"]);
    assert_eq!(read, "a/b,1000,1499500\nc,1000,1500500\n,1000,1501500\n");
    let one = program.answer(&["select count(*) from 'out/k=c/*.parquet'"]);
    assert_eq!(one, "1000\n");
    let names = files(&program.path("out"));
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(
        names.iter().any(|name| name.starts_with("k=__HIVE_DEFAULT_PARTITION__/")),
        "{names:?}"
    );
    assert!(names.iter().any(|name| name.starts_with("k=a%2Fb/")), "{names:?}");
}

#[test]
fn a_copy_that_fails_midway_leaves_nothing() {
    let program = Program::new();
    let rows = "select 1 / (50000 - value) as x, value % 2 as k, md5(value::varchar) as s from generate_series(1, 100000)";
    for target in ["'a/b/x.parquet'", "'c/x.csv'", "'d'", "'e' (partition_by k)", "'f/x.json'"] {
        let (code, stderr) = program.failure(&format!("copy ({rows}) to {target}"));
        assert_eq!(code, 1);
        assert!(stderr.contains("division by zero"), "{stderr}");
    }
    for folder in ["a", "c", "d", "e", "f"] {
        assert!(!program.path(folder).exists(), "{folder}: {:?}", files(&program.path(folder)));
    }
}

#[test]
fn a_failed_copy_keeps_the_file_that_was_there() {
    let program = Program::new();
    program.answer(&["copy (select 1 as x) to 'x.parquet'", "copy (select 2 as x) to 'x.parquet'"]);
    program.failure(
        "copy (select 1 / (50000 - value) as x from generate_series(1, 100000)) to 'x.parquet'",
    );
    assert_eq!(program.answer(&["select x from 'x.parquet'"]), "2\n");
    assert_eq!(files(&program.path(".")).iter().filter(|name| name.contains("parquet")).count(), 1);
}

#[test]
fn a_killed_copy_leaves_nothing_that_is_read() {
    let program = lake();
    program.answer(&["create table w.s.t as select 1 as n"]);
    let copy = "copy (select md5(value::varchar) as s from generate_series(1, 100000000)) \
                to 'lake/s/x.parquet'";
    let mut child =
        program.command(&["-c", copy]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(120);
    let unfinished =
        || files(&program.path("lake/s")).into_iter().find(|name| name.ends_with(".unfinished"));
    while unfinished().is_none() {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "nothing was begun");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = unfinished().unwrap();
    assert!(!program.path("lake/s/x.parquet").exists());
    assert_eq!(program.answer(&["select count(*) from 'lake/**/*.parquet'"]), "1\n");
    assert_eq!(program.answer(&["show tables from w.s"]).lines().count(), 1);

    let clean = |age: &str| program.run(&["clean", "w", "--older-than", age]);
    assert!(!clean("1day").stdout.contains(&left));
    let file = std::fs::File::options().write(true).open(program.path("lake/s").join(&left));
    file.unwrap()
        .set_modified(std::time::SystemTime::now() - Duration::from_secs(200_000))
        .unwrap();
    assert!(program.answer(&["check catalog w"]).contains(&left));
    let ran = clean("1day");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&left), "{}", ran.stdout);
    assert_eq!(unfinished(), None);
    assert_eq!(program.answer(&["select * from w.s.t"]), "1\n");
}

#[test]
fn a_copy_that_runs_out_of_time_leaves_nothing() {
    let program = Program::new();
    let copy =
        "copy (select md5(value::varchar) as s from generate_series(1, 1000000000)) to 'a/x.csv'";
    let ran = program.run(&["--timeout", "1s", "-c", copy]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(!program.path("a").exists(), "{:?}", files(&program.path("a")));
}

#[test]
fn files_of_a_write_that_never_ended_are_cleaned_and_committed_ones_stay() {
    let program = lake();
    let create = "create table w.s.t partitioned by (k) as \
                  select value as n, value % 2 as k from generate_series(1, 10)";
    program.answer(&[create, "insert into w.s.t values (11, 1), (12, 0)"]);
    let lists = program.path("lake/s/t/_sluice");
    let newest = files(&lists)
        .into_iter()
        .max_by_key(|name| std::fs::metadata(lists.join(name)).unwrap().modified().unwrap());
    std::fs::remove_file(lists.join(newest.unwrap())).unwrap();
    let cleaned = program.answer(&["clean catalog w older than '0s'"]);
    assert_eq!(cleaned.lines().count(), 2, "{cleaned}");
    assert_eq!(program.answer(&["clean catalog w older than '0s'"]), "");
    assert_eq!(program.answer(&["select count(*), sum(n) from w.s.t"]), "10,55\n");
}

#[test]
fn an_insert_is_seen_whole_or_not_at_all() {
    let program = lake();
    let create = "create table w.s.t partitioned by (k) as \
                  select value as n, value % 2 as k from generate_series(1, 10)";
    assert_eq!(program.answer(&[create, "select count(*), sum(n) from w.s.t"]), "10,55\n");
    let lists = program.path("lake/s/t/_sluice");
    let before = files(&lists);
    let insert = "insert into w.s.t select value, value % 2 from generate_series(11, 20)";
    assert_eq!(program.answer(&[insert, "select count(*), sum(n) from w.s.t"]), "20,210\n");
    // As a reader finds it between the files and their list.
    let after = files(&lists);
    let list = after.iter().find(|name| !before.contains(name)).unwrap();
    std::fs::rename(lists.join(list), program.path("list")).unwrap();
    for from in ["w.s.t", "w.s.t where k = 1", "'lake/s/t/k=0/*.parquet'"] {
        let rows = program.answer(&[&format!("select count(*) from {from}")]);
        assert_eq!(rows, if from == "w.s.t" { "10\n" } else { "5\n" }, "{from}");
    }
    std::fs::rename(program.path("list"), lists.join(list)).unwrap();
    assert_eq!(program.answer(&["select count(*) from w.s.t where k = 1"]), "10\n");
    // An insert that fails changes nothing.
    let (_, stderr) = program
        .failure("insert into w.s.t select 1 / (5000 - value), 1 from generate_series(1, 10000)");
    assert!(stderr.contains("division by zero"), "{stderr}");
    assert_eq!(program.answer(&["select count(*), sum(n) from w.s.t"]), "20,210\n");
}

#[test]
fn an_insert_fits_columns_by_position_or_by_name() {
    let program = lake();
    let create = "create table w.s.t as select 1::bigint as n, 'a' as s, 1.5::double as x, date '2026-01-01' as d";
    program.answer(&[create]);
    program.answer(&["insert into w.s.t (S, n) values ('b', 2)"]);
    program.answer(&["insert into w.s.t values (3, 'c', 2, '2026-01-02')"]);
    let rows = program.answer(&["select * from w.s.t order by n"]);
    assert_eq!(rows, "1,a,1.5,2026-01-01\n2,b,,\n3,c,2.0,2026-01-02\n");
    for (statement, message) in [
        ("insert into w.s.t values (1, 'a')", "takes 4 columns, and 2 are given"),
        ("insert into w.s.t (n, q) values (1, 2)", "has no column q"),
        ("insert into w.s.t (n, N) values (1, 2)", "column n is named twice"),
        ("insert into w.s.t (n) values (1.5)", "column n is BIGINT and the value is DOUBLE"),
        ("insert into w.s.t (n) values ('many')", "many"),
        ("insert into w.s.nothing values (1)", "does not exist"),
        ("create table w.s.t as select 1 as a", "w.s.t exists already"),
        ("create or replace table w.s.t as select 1 as a", "cannot be replaced"),
    ] {
        let (_, stderr) = program.failure(statement);
        assert!(stderr.contains(message), "{statement}: {stderr}");
    }
    program.answer(&["create table if not exists w.s.t as select 1 as a"]);
    assert_eq!(program.answer(&["select count(*) from w.s.t"]), "3\n");
}

#[test]
fn a_catalog_that_is_not_writable_takes_nothing() {
    let program = Program::new();
    program.write("catalog/r.toml", WRITABLE.replace("writable = true\n", ""));
    program.answer(&["copy (select 1 as a) to 'elsewhere/a.parquet'"]);
    std::fs::create_dir_all(program.path("lake/s/t")).unwrap();
    std::fs::copy(program.path("elsewhere/a.parquet"), program.path("lake/s/t/a.parquet")).unwrap();
    for statement in [
        "insert into r.s.t values (2)",
        "create table r.s.u as select 1 as a",
        "copy (select 2 as a) to 'lake/s/t/b.parquet'",
        "copy (select 2 as a) to 'elsewhere/../lake/s/u/'",
        "clean catalog r",
    ] {
        let (code, stderr) = program.failure(statement);
        assert_eq!(code, 2, "{statement}: {stderr}");
        assert!(stderr.contains("set writable = true in"), "{statement}: {stderr}");
    }
    assert_eq!(files(&program.path("lake")), ["s/t/a.parquet"]);
}

#[test]
fn a_folder_is_replaced_only_when_that_is_said() {
    let program = Program::new();
    program.answer(&[
            "copy (select value as a, value % 3 as k from generate_series(1, 9)) to 'out' (partition_by k)",
        ],
    );
    let (_, stderr) = program.failure("copy (select 5 as a) to 'out'");
    assert!(stderr.contains("is not empty") && stderr.contains("OVERWRITE"), "{stderr}");
    let copy = "copy (select a + 1 as a from 'out/') to 'out' (overwrite)";
    let read = program.answer(&[copy, "select count(*), sum(a) from 'out/'"]);
    assert_eq!(read, "9,54\n");
    let left = files(&program.path("out"));
    assert_eq!(left.iter().filter(|name| name.ends_with(".parquet")).count(), 1, "{left:?}");
}

#[test]
fn what_a_copy_does_not_know_is_an_error() {
    let program = Program::new();
    for (statement, message) in [
        ("copy (select 1 as a) to 'a.parquet' (colour red)", "unknown option `colour`"),
        ("copy (select 1 as a) to 'a.xml'", "does not say its format"),
        ("copy (select 1 as a) to 'a' (partition_by b)", "there is no column b to partition by"),
        ("copy (select 1 as a) to 'a' (partition_by a)", "no column is left"),
        ("copy (select 1 as a, 2 as a) to 'a.parquet'", "a"),
        ("copy x from 'a.parquet'", "COPY … FROM is not supported"),
        ("explain analyze copy (select 1 as a) to 'a.parquet'", "only queries are explained"),
    ] {
        let (_, stderr) = program.failure(statement);
        assert!(stderr.contains(message), "{statement}: {stderr}");
    }
    assert!(!program.path("a.parquet").exists() && !program.path("a").exists());
}

#[test]
fn a_session_table_is_as_large_as_the_spill_folder() {
    let program = Program::new();
    let create = "create table t as select value as n, md5(value::varchar) as s from generate_series(1, 300000)";
    let read = "select count(*), sum(n), count(distinct s) from t";
    assert_eq!(program.answer(&[create, read]), "300000,45000150000,300000\n");
    let drop = program.answer(&[
        create,
        "create table u as select * from t",
        "drop table t",
        "select max(n) from u",
    ]);
    assert_eq!(drop, "300000\n");
    let ran = program.run(&["--spill-limit", "100KB", "-c", create]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("--spill-limit"), "{}", ran.stderr);
    let small = program.run(&["--spill-limit", "1KB", "-c", "create table t as select 1 as a"]);
    assert_eq!(small.code, 0, "{}", small.stderr);
}

#[test]
fn an_external_table_is_a_name_for_a_path() {
    let program = Program::new();
    let copy = "copy (select value as a from generate_series(1, 3)) to 'd/x.parquet'";
    let create = "create external table t stored as parquet location 'd'";
    let more = "copy (select 10 as a) to 'd/y.parquet'";
    assert_eq!(program.answer(&[copy, create, more, "select sum(a) from t"]), "16\n");
    let (_, stderr) =
        program.failure("create external table t stored as parquet location 'nowhere'");
    assert!(stderr.contains("does not exist"), "{stderr}");
    let (_, stderr) =
        program.failure("create external table t (a int) stored as parquet location 'd'");
    assert!(stderr.contains("columns are found in the files"), "{stderr}");
}

#[test]
fn a_read_only_session_writes_nothing() {
    let program = lake();
    program.answer(&["create table w.s.t as select 1 as a"]);
    for statement in [
        "copy (select 1 as a) to 'a.parquet'",
        "insert into w.s.t values (2)",
        "create table w.s.u as select 1 as a",
        "create table u as select 1 as a",
        "create external table e stored as parquet location 'lake'",
        "clean catalog w",
    ] {
        let ran = program.run(&["--read-only", "-c", statement]);
        assert_eq!(ran.code, 2, "{statement}: {}", ran.stderr);
        assert!(ran.stderr.contains("read-only"), "{statement}: {}", ran.stderr);
    }
    assert!(!program.path("a.parquet").exists());
    assert_eq!(program.answer(&["select count(*) from w.s.t"]), "1\n");
}

#[test]
fn a_read_only_program_writes_nothing_whatever_the_statement() {
    let program = lake();
    program.answer(&["create table w.default.t as select 1 as a"]);
    let before = files(&program.path("."));
    for sql in [
        "copy (select 1 as a) to 'out.csv'",
        "insert into w.default.t values (2)",
        "create table w.default.u as select 1 as a",
        "create table session_table as select 1 as a",
        "clean catalog w",
    ] {
        let ran = program.run(&["--read-only", "-c", sql]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{sql}: {}", ran.stderr);
        assert!(ran.stderr.contains("this session is read-only"), "{sql}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: leave out --read-only"), "{sql}: {}", ran.stderr);
    }
    assert_eq!(files(&program.path(".")), before);
}

#[test]
fn a_table_of_columns_begins_without_rows() {
    let program = lake();
    let made = ["create table w.default.t (n bigint, s text, t timestamp, l double[])"];
    program.answer(&made);
    let rows = "select count(*), count(t), sum(n), max(s), max(l[1]) from w.default.t";
    assert_eq!(program.answer(&[rows]), "0,0,,,\n");
    let insert = "insert into w.default.t values (1, 'a', '2026-01-01 10:00:00', [0.5]), (2, null, null, null)";
    program.answer(&[insert]);
    assert_eq!(program.answer(&[rows]), "2,1,3,a,0.5\n");
    let (code, error) = program.failure("create table w.default.u (n bigint not null)");
    assert!(code == 1 && error.contains("take a type alone"), "{error}");
}

#[test]
fn a_thousand_small_inserts_are_one_partition() {
    let mut script = String::from("create table t (n bigint);\n");
    for n in 0..1000 {
        script.push_str(&format!("insert into t values ({n});\n"));
    }
    script.push_str("select count(*), sum(n) from t;\nexplain select * from t;\n");
    let ran = Program::new().run_with(&["-q", "--csv", "-t", "-f", "-"], &script);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1000,499500\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pieces=1,"), "{}", ran.stdout);
}
