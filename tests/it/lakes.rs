//! ORC and Avro files of the systems' own writers, held against what was written.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Program;
use crate::servers::lakes::{make, read};

const ORC: &str = "id, flag, tiny, small, number, big, cast(single as double) as single, double, text, word, short_text, fixed, \
    encode(bytes, 'hex') as bytes, cast(day as varchar) as day, \
    cast(wall as bigint) as wall, cast(instant as bigint) as instant, \
    cast(price as varchar) as price, cast(huge as varchar) as huge, list, map, pair";

const AVRO: &str = "id, flag, number, big, cast(single as double) as single, double, text, encode(bytes, 'hex') as bytes, \
    encode(five, 'hex') as five, cast(color as varchar) as color, cast(day as varchar) as day, \
    cast(millis as bigint) * 1000 as millis, cast(micros as bigint) as micros, \
    cast(wall as bigint) as wall, cast(price as varchar) as price, cast(huge as varchar) as huge, \
    list, map, pair";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const UNIONS: &str = "id, either, sure, one, shape, list, map, inner";

fn columns(file: &Path) -> &'static str {
    match file.file_stem().and_then(std::ffi::OsStr::to_str) {
        Some("avro_unions") => UNIONS,
        Some(name) if name.starts_with("orc") => ORC,
        _ => AVRO,
    }
}

/// Whether two values are the same. A map comes as an object, and was written as a list of keys and
/// values.
fn same(found: &Value, written: &Value) -> bool {
    match (found, written) {
        (Value::Object(found), Value::Array(written)) => {
            let pairs = written.chunks(2).map(|pair| (pair[0].as_str().unwrap(), &pair[1]));
            found.len() * 2 == written.len() && pairs.eq(found.iter().map(|(k, v)| (k.as_str(), v)))
        }
        (Value::Number(found), Value::Number(written)) => {
            found == written || found.as_f64() == written.as_f64() && !written.is_i64()
        }
        _ => found == written,
    }
}

/// What was written into a file.
fn truth(file: &Path) -> Vec<Value> {
    lines(&std::fs::read_to_string(file.with_extension("jsonl")).unwrap())
}

/// Whether rows are those that were written, in all the columns that were found.
fn hold_rows(name: &str, found: &[Value], truth: &[Value]) {
    assert_eq!(found.len(), truth.len(), "{name}");
    for (found, written) in found.iter().zip(truth) {
        for (column, value) in found.as_object().unwrap() {
            let written = &written[column];
            assert!(
                same(value, written),
                "{name}, row {}: {column} is {value}, not {written}",
                found["id"]
            );
        }
    }
}

fn hold(program: &Program, name: &str, file: &Path, more: &[&str]) -> usize {
    let truth = truth(file);
    let sql = format!("select {} from lake.s.{name} order by id", columns(file));
    let ran = program.run(&[&["-c", &sql, "--ndjson", "-q"], more].concat());
    assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    let found = lines(&ran.stdout);
    hold_rows(name, &found, &truth);
    for (found, written) in found.iter().zip(&truth) {
        let (found, written) = (found.as_object().unwrap(), written.as_object().unwrap());
        assert_eq!(found.len(), written.len(), "{name}: {found:?}");
    }
    truth.len()
}

fn seed() -> u64 {
    std::env::var("SLUICE_LAKES_SEED").ok().map_or(7, |seed| seed.parse().unwrap())
}

/// A writable catalog over the files of a folder.
fn lake(made: &Path) -> (Program, Vec<PathBuf>) {
    let program = Program::new();
    let catalog = "connector = \"files\"\nwritable = true\n[options]\nlocation = \"../lake\"\n";
    program.write("catalog/lake.toml", catalog);
    std::fs::create_dir_all(program.path("lake/s")).unwrap();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(made).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        let hidden = file.file_name().unwrap().to_str().unwrap().starts_with('.');
        !hidden && file.extension().is_some_and(|extension| extension != "jsonl")
    });
    files.sort();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        std::fs::copy(file, program.path(&format!("lake/s/{name}"))).unwrap();
    }
    (program, files)
}

#[test]
fn what_hive_and_avro_write_is_read() {
    let made = make(seed(), &["orc", "avro"]);
    let (program, files) = lake(made.path());
    let mut rows = 0;
    for file in &files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        rows += hold(&program, name, file, &[]);
        // Pieces in which nothing begins, and which begin in the midst of something.
        for bytes in ["1000", "30011"] {
            hold(&program, name, file, &["--set", &format!("split_bytes={bytes}")]);
        }
        let catalog = program.path("catalog").display().to_string();
        for columns in ["*", "id", "count(*)"] {
            let sql = format!("select {columns} from lake.s.{name}");
            crate::read_points::hold_estimate(&program, &catalog, &sql);
        }
        let counted = program.answer(&[&format!(
            "select (select count(*) from lake.s.{name}), (select count(distinct id) from lake.s.{name})"
        )]);
        let count = truth(file).len();
        assert_eq!(counted.trim(), format!("{count},{count}"), "{name}");
    }
    // A table of some of a file's columns reads less than the file.
    let some = "[options]\nlocation = 's/orc_none.orc'\n[[columns]]\nname = 'id'\ntype = 'INT'\n";
    program.write("catalog/lake/s/some.toml", some);
    let catalog = program.path("catalog").display().to_string();
    crate::read_points::hold_estimate(&program, &catalog, "select * from lake.s.some");
    println!("{} files of {rows} rows, each read three times: no difference", files.len());
    assert!(files.len() == 13 && rows > 50_000, "{files:?}, {rows} rows");
}

/// Columns of the files whose values grow, and how to write one of them in SQL.
const SORTED: [(&str, &str); 15] = [
    ("id", "int"),
    ("flag", "boolean"),
    ("tiny", "tinyint"),
    ("small", "smallint"),
    ("number", "int"),
    ("big", "bigint"),
    ("single", "real"),
    ("double", "double"),
    ("text", "varchar"),
    ("short_text", "varchar"),
    ("fixed", "varchar"),
    ("day", "date"),
    ("wall", "timestamp"),
    ("instant", "timestamp with time zone"),
    ("price", "decimal(10,2)"),
];

/// Filters from the values of some rows.
struct Filters {
    rows: Vec<Value>,
    state: u64,
}

impl Filters {
    /// A number below `end`, by Knuth's generator.
    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % end
    }

    fn literal(&mut self, column: &str, kind: &str) -> String {
        loop {
            let row = self.below(self.rows.len());
            if let Some(text) = self.rows[row][column].as_str() {
                return format!("cast('{text}' as {kind})");
            }
        }
    }

    fn simple(&mut self) -> String {
        let columns = SORTED.len() + 3;
        let at = self.below(columns);
        let Some((column, kind)) = SORTED.get(at).copied() else {
            let column = ["huge", "bytes", "pair"][at - SORTED.len()];
            return format!("{column} is {}null", ["", "not "][self.below(2)]);
        };
        let (a, b) = (self.literal(column, kind), self.literal(column, kind));
        match self.below(11) {
            // Not in the order of the column.
            10 if kind.starts_with("timestamp") => {
                format!("cast({column} as time) < time '{:02}:00:00'", self.below(24))
            }
            0 => format!("{column} = {a}"),
            1 => format!("{column} < {a}"),
            2 => format!("{column} > {a}"),
            3 => format!("{column} <= {a}"),
            4 => format!("{column} between least({a}, {b}) and greatest({a}, {b})"),
            5 => format!("{column} in ({a}, {b})"),
            6 => format!("{column} not in ({a}, {b})"),
            7 => format!("{column} is {}null", ["", "not "][self.below(2)]),
            8 if kind == "varchar" => {
                format!("{column} like '{}%'", ["a", "bz", "cé1", "t"][self.below(4)])
            }
            _ => format!("{column} >= {a}"),
        }
    }

    fn next(&mut self) -> String {
        match self.below(5) {
            0 => format!("{} and {}", self.simple(), self.simple()),
            1 => format!("({} or {})", self.simple(), self.simple()),
            2 => format!("not ({})", self.simple()),
            _ => self.simple(),
        }
    }
}

/// A counter of the receipt of a statement.
fn counter(program: &Program, sql: &str, name: &str) -> u64 {
    let receipt = program.answer(&[sql, "show receipt"]);
    let lines = receipt.lines().filter(|line| line.contains(&format!(",{name},")));
    lines.map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_filter_skips_stripes_and_no_row() {
    let made = make(seed(), &["sorted"]);
    let (program, files) = lake(made.path());
    let texts: Vec<_> =
        SORTED.iter().map(|(column, _)| format!("cast({column} as varchar) as {column}")).collect();
    let (mut skipping, mut asked) = (0, 0);
    for file in &files {
        let table = format!("lake.s.{}", file.file_stem().unwrap().to_str().unwrap());
        let some = format!(
            "select {} from {table} where id % 97 = 5 or id in (6000, 6001, 12500)",
            texts.join(", ")
        );
        let ran = program.run(&["-c", &some, "--ndjson", "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut filters = Filters { rows: lines(&ran.stdout), state: seed() };
        let queries: Vec<String> = (0..60)
            .map(|_| format!("select count(*), sum(id) from {table} where {}", filters.next()))
            .collect();
        let run = |pushdown: &str| {
            let mut args = vec!["--csv", "-t", "--set", pushdown];
            for query in &queries {
                args.extend(["-c", query]);
            }
            let ran = program.run(&args);
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            ran.stdout
                .lines()
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (pruned, all) = (run("pushdown=true"), run("pushdown=false"));
        assert_eq!(all.len(), queries.len());
        for ((pruned, all), query) in pruned.iter().zip(&all).zip(&queries) {
            assert_eq!(pruned, all, "{query}");
        }
        // Each type by itself: the first tenth, which needs a few stripes of twenty.
        let whole = format!("select count(bytes) from {table}");
        let bytes = counter(&program, &whole, "bytes_read");
        for (column, kind) in SORTED {
            let tenth = format!("select max({column}) from {table} where id < 2000");
            let most = match column {
                "flag" => "true".to_owned(),
                _ => program.answer(&[&format!("select cast(({tenth}) as varchar)")]),
            };
            let most = most.trim();
            let sql = match column {
                "flag" => format!("{whole} where flag = cast('{most}' as {kind})"),
                _ => format!("{whole} where {column} < cast('{most}' as {kind})"),
            };
            let skipped = counter(&program, &sql, "stripes_skipped");
            let read = counter(&program, &sql, "bytes_read");
            let least = if column == "flag" { 5 } else { 12 };
            assert!(skipped >= least, "{sql}: {skipped} stripes skipped");
            assert!(read < bytes * (22 - skipped) / 20, "{sql}: {read} bytes of {bytes}");
            assert_eq!(counter(&program, &sql, "stripes"), 20 - skipped, "{sql}");
            (skipping, asked) = (skipping + skipped, asked + 20);
            crate::read_points::hold_estimate(
                &program,
                &program.path("catalog").display().to_string(),
                &sql,
            );
        }
        // What NaN may pass is not skipped, and what a stripe of NULL alone cannot pass is.
        let large = format!("select count(*) > 0 from {table} where double > 1e300");
        assert_eq!(program.answer(&[&large]), "true\n");
        let nulls = format!("{whole} where small is not null");
        assert_eq!(counter(&program, &nulls, "stripes_skipped"), 1);
        let explained = program.answer(&[&format!("explain analyze {nulls}")]);
        assert!(explained.contains("stripes_pruned_statistics"), "{explained}");
        // What a join has learned skips as well.
        let joined = format!("{whole} join (values (17), (18)) v(n) on id = n");
        assert!(counter(&program, &joined, "stripes_skipped") >= 18, "{joined}");
    }
    println!("{skipping} of {asked} stripes skipped, and no row");
}

#[test]
fn what_is_written_is_read_by_the_systems_own_libraries() {
    let made = make(seed(), &["orc", "avro"]);
    let (program, _) = lake(made.path());
    let orc = "id, flag, tiny, small, number, big, single, double, text, word, short_text, fixed, \
        bytes, day, wall, instant";
    let mut targets = vec![];
    for codec in ["deflate", "snappy", "zstd", "bzip2", "xz", "none"] {
        targets.push(("avro_null", "*", format!("{codec}.avro"), codec));
    }
    for codec in ["zlib", "snappy", "lz4", "zstd", "none"] {
        targets.push(("orc_zlib", orc, format!("{codec}.orc"), codec));
    }
    for (table, columns, target, codec) in targets {
        let select = format!("select {columns} from lake.s.{table} order by id");
        program.answer(&[&format!("copy ({select}) to '{target}' (compression {codec})")]);
        let truth = truth(&made.path().join(format!("{table}.jsonl")));
        let found = lines(&read(&program.path(&target), "America/New_York"));
        hold_rows(&target, &found, &truth);
        // And by ourselves.
        let sums = "select count(*), sum(id), count(text), max(text), min(day), max(wall) from";
        let (ours, theirs) = (format!("{sums} '{target}'"), format!("{sums} lake.s.{table}"));
        assert_eq!(program.answer(&[&ours]), program.answer(&[&theirs]), "{target}");
    }
    // Without rows, with types that Avro has not, and into partitions.
    program.answer(&[
        "copy (select 1 as a where false) to 'none.avro'",
        "copy (select 1 as a where false) to 'none.orc'",
        "copy (select 1::smallint as a, 'x' as b, time '10:11:12.5' as c, null as d, \
         18446744073709551615::bigint unsigned as e, [1, 2] as f) to 'types.avro'",
    ]);
    for empty in ["none.avro", "none.orc"] {
        assert_eq!(read(&program.path(empty), "UTC"), "");
        assert_eq!(program.answer(&[&format!("select count(*), sum(a) from '{empty}'")]), "0,\n");
    }
    let types = read(&program.path("types.avro"), "UTC");
    let expected =
        r#"{"a":1,"b":"x","c":36672500000,"d":null,"e":"18446744073709551615","f":[1,2]}"#;
    assert_eq!(types.trim(), expected);
    program.answer(&["copy (select value as n, value % 3 as k from generate_series(1, 300)) \
         to 'parts' (format avro, partition_by (k))"]);
    assert_eq!(program.answer(&["select sum(n), count(distinct k) from 'parts'"]), "45150,3\n");
    // More rows for a table of such files, and what cannot be kept is named.
    for (file, table) in [("avro_snappy.avro", "more_avro"), ("types.orc", "more_orc")] {
        if table == "more_orc" {
            program.answer(&[&format!("copy (select {orc} from lake.s.orc_zlib) to 'types.orc'")]);
        }
        let from = if table == "more_orc" { program.path(file) } else { made.path().join(file) };
        std::fs::create_dir(program.path(&format!("lake/s/{table}"))).unwrap();
        std::fs::copy(from, program.path(&format!("lake/s/{table}/{file}"))).unwrap();
        let insert = format!("insert into lake.s.{table} select * from lake.s.{table}");
        let sums = format!("select count(*), count(distinct id), count(text) from lake.s.{table}");
        let before = program.answer(&[&sums]);
        program.answer(&[&insert]);
        let twice =
            format!("select count(*) / 2, count(distinct id), count(text) / 2 from lake.s.{table}");
        assert_eq!(program.answer(&[&twice]), before, "{table}");
    }
    program.answer(&["copy (select 1 as a, 'b' as c) to 'lake/s/made' (format avro)"]);
    program.answer(&["insert into lake.s.made select 2, null"]);
    assert_eq!(program.answer(&["select * from lake.s.made order by a"]), "1,b\n2,\n");
    for (sql, message) in [
        (
            "copy (select 1.5::decimal(4,1) as price) to 'x.orc'",
            "column price is DECIMAL(4,1), which is not written to ORC files",
        ),
        (
            "copy (select [1] as l) to 'x.orc'",
            "column l is LIST, which is not written to ORC files",
        ),
        ("copy (select count(*)) to 'x.avro'", "`count(*)` cannot be a name in an Avro file"),
        (
            "copy (select interval '1 day' as i) to 'x.avro'",
            "column i is INTERVAL, which is not written to Avro files",
        ),
        (
            "copy (select 1 as a) to 'x.avro' (compression lzo)",
            "avro cannot be compressed with `lzo`",
        ),
    ] {
        let (_, stderr) = program.failure(sql);
        assert!(stderr.contains(message), "{sql}: {stderr}");
        assert!(!program.path("x.orc").exists() && !program.path("x.avro").exists());
    }
}
