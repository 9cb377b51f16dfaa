//! What a statement pins, reads again, reckons with and counts: read points, estimates, limits,
//! receipts.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::program::{Program, Ran};

/// A catalog `lake` over a folder `data`, with a table `raw.events` of one file a day.
struct Lake(Program);

impl Lake {
    fn new(days: u32) -> Self {
        let program = Program::new();
        program.write(
            "catalog/lake.toml",
            "connector = \"files\"\n[options]\nlocation = \"../data\"\n",
        );
        let lake = Self(program);
        for day in 1..=days {
            lake.add(&day_file(day, "a"), "select * from generate_series(1, 100) t(n)");
        }
        lake
    }

    /// Writes a Parquet file below `data`.
    fn add(&self, name: &str, sql: &str) {
        let path = self.0.path("data").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let path = path.to_str().unwrap();
        let ran = self.0.run(&["-c", sql, "--output-format", "parquet", "-o", path]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    fn csv(&self, sql: &str, more: &[&str]) -> Ran {
        self.0.run(&[&["-c", sql, "--csv", "-t", "-q"], more].concat())
    }

    /// The answer of a statement and the token of what it read.
    fn with_token(&self, sql: &str) -> (String, String) {
        let ran = self.csv(sql, &["--report", "json=report.json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let report = std::fs::read(self.0.path("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let token = report["statements"][0]["read_point"].as_str().unwrap().to_owned();
        assert!(token.starts_with("rp1-"), "{token}");
        (ran.stdout, token)
    }
}

fn day_file(day: u32, name: &str) -> String {
    format!("raw/events/day=2026-{:02}-{:02}/{name}.parquet", 1 + day / 28, 1 + day % 28)
}

const COUNT: &str = "select count(*), sum(n), max(day) from lake.raw.events";

#[test]
fn references_with_different_filters_see_one_state_while_files_are_added() {
    // More folders than are listed at once to find the columns.
    let lake = Lake::new(3);
    let source = lake.0.path("data").join(day_file(1, "a"));
    let put = |day: u32, name: &str| {
        let path = lake.0.path("data").join(day_file(day, name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let whole = lake.0.path("whole");
        std::fs::copy(&source, &whole).unwrap();
        std::fs::rename(&whole, &path).unwrap();
    };
    (4..=80).for_each(|day| put(day, "a"));
    let sql = "select (select count(*) from lake.raw.events) as a, \
               (select count(*) from lake.raw.events where day >= '2026-01-01') as b";
    let sql = format!("{sql}; {sql}; {sql}");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Bounded: a reader that never ends must not fill the disk.
            for at in 0..2000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                put(1 + at % 300, &format!("b{at}"));
            }
        });
        let ran = lake.csv(&sql, &[]);
        done.store(true, Ordering::Relaxed);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let lines: Vec<_> = ran.stdout.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 3);
        for line in lines {
            let (all, filtered) = line.split_once(',').unwrap();
            assert_eq!(all, filtered);
        }
    });
}

#[test]
fn a_replay_gives_the_old_answer_after_files_were_added() {
    let lake = Lake::new(3);
    let (answer, token) = lake.with_token(COUNT);
    assert_eq!(answer, "300,15150,2026-01-04\n");
    lake.add(&day_file(2, "b"), "select 1::bigint as n");
    lake.add(&day_file(9, "a"), "select 1::bigint as n");
    assert_eq!(lake.csv(COUNT, &[]).stdout, "302,15152,2026-01-10\n");
    let replayed = lake.csv(COUNT, &["--read-point", &token]);
    assert_eq!((replayed.stdout.as_str(), replayed.code), (answer.as_str(), 0), "{replayed:?}");
    let sql = format!("set read_point = '{token}'; {COUNT}; reset read_point; {COUNT}");
    assert_eq!(lake.csv(&sql, &[]).stdout, format!("{answer}\n302,15152,2026-01-10\n"));
    // A replay can be replayed: it pins the same.
    let again = lake.csv(&format!("set read_point = '{token}'; {COUNT}; show read point"), &[]);
    assert!(again.stdout.contains(&token), "{again:?}");
}

#[test]
fn a_saved_read_point_is_replayed_from_its_file() {
    let lake = Lake::new(2);
    lake.0.write("save.sql", format!("{COUNT};\n\\receipt save point.json\n"));
    let saved = lake.0.run(&["-f", "save.sql", "--csv", "-t"]);
    assert_eq!((saved.stdout.as_str(), saved.code), ("200,10100,2026-01-03\n", 0), "{saved:?}");
    lake.add(&day_file(9, "a"), "select 1::bigint as n");
    let replayed = lake.csv(COUNT, &["--read-point", "point.json"]);
    assert_eq!(replayed.stdout, saved.stdout, "{replayed:?}");
}

#[test]
fn a_replay_of_a_replaced_or_missing_file_is_gone_and_names_it() {
    let lake = Lake::new(3);
    let (_, token) = lake.with_token(COUNT);
    lake.add(&day_file(2, "a"), "select 5::bigint as n");
    let ran = lake.csv(COUNT, &["--read-point", &token]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.contains("day=2026-01-03/a.parquet has changed"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("error: kind=gone -c:1:1\n"), "{}", ran.stderr);
    std::fs::remove_file(lake.0.path("data").join(day_file(2, "a"))).unwrap();
    let ran = lake.csv(COUNT, &["--read-point", &token]);
    assert!(ran.stderr.contains("day=2026-01-03/a.parquet of the read point"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("error: kind=gone -c:1:1\n"), "{}", ran.stderr);
}

#[test]
fn a_replay_ignores_what_became_of_other_tables() {
    let lake = Lake::new(1);
    lake.add("raw/one.parquet", "select 1 as x");
    let (answer, token) = lake.with_token("select count(*) from lake.raw.one");
    lake.add("raw/other.parquet", "select 1 as x");
    std::fs::remove_dir_all(lake.0.path("data/raw/events")).unwrap();
    let replayed = lake.csv("select count(*) from lake.raw.one", &["--read-point", &token]);
    assert_eq!(replayed.stdout, answer, "{replayed:?}");
}

#[test]
fn the_clock_and_the_time_zone_are_replayed() {
    let lake = Lake::new(1);
    let sql = "select now(), current_time, '2026-07-01 12:00:00'::timestamp::timestamptz, count(*) \
               from lake.raw.events";
    let ran = |more: &[&str]| {
        let ran = lake.csv(sql, more);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let first = ran(&["--set", "timezone=Asia/Tokyo", "--report", "json=report.json"]);
    let report = std::fs::read(lake.0.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let token = report["statements"][0]["read_point"].as_str().unwrap();
    assert_eq!(ran(&["--read-point", token]), first);
    assert_ne!(ran(&[]), first);
}

#[test]
fn a_table_outside_the_read_point_is_an_error() {
    let lake = Lake::new(1);
    lake.add("raw/one.parquet", "select 1 as x");
    let (_, token) = lake.with_token(COUNT);
    for (sql, name) in [
        ("select * from lake.raw.one", "lake.raw.one"),
        ("select * from 'data/raw/one.parquet'", "data/raw/one.parquet"),
    ] {
        let ran = lake.csv(sql, &["--read-point", &token]);
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
        assert!(ran.stderr.contains(&format!("{name} is not in the read point")), "{}", ran.stderr);
    }
    let sql = "create table s as select 1 as x; set read_point = 'TOKEN'; select * from s";
    let ran = lake.csv(&sql.replace("TOKEN", &token), &[]);
    assert!(ran.stderr.contains("session.default.s is not in the read point"), "{}", ran.stderr);
}

#[test]
fn an_unknown_read_point_is_refused_when_it_is_set() {
    let lake = Lake::new(1);
    let sql = format!("set read_point = 'rp1-00000000000000000000000000000000'; {COUNT}");
    let ran = lake.csv(&sql, &[]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.ends_with("error: kind=not_found -c:1:1\n"), "{}", ran.stderr);
}

#[test]
fn a_statement_that_reads_nothing_keeps_no_read_point() {
    let lake = Lake::new(1);
    let ran = lake.csv("select 1", &["--report", "json=report.json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report = std::fs::read_to_string(lake.0.path("report.json")).unwrap();
    assert!(report.contains("\"read_point\": null"), "{report}");
    assert!(!lake.0.path("sluice/read-points").exists());
}

#[test]
fn what_is_surely_beyond_a_limit_is_refused() {
    let lake = Lake::new(3);
    let sum = "select sum(n) from lake.raw.events";
    let ran = lake.csv(sum, &["--max-scan-records", "299"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(
            "lake.raw.events: the statement scans at least 300 records, and max_scan_records is 299"
        ),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("filter by the partition column day"), "{}", ran.stderr);
    assert_eq!(lake.csv(sum, &["--max-scan-records", "300"]).stdout, "15150\n");
    let filtered = format!("{sum} where day = '2026-01-02'");
    assert_eq!(lake.csv(&filtered, &["--max-scan-records", "100"]).stdout, "5050\n");
    let ran = lake.csv(sum, &["--max-scan-bytes", "10"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
    assert!(ran.stderr.contains("bytes, and max_scan_bytes is 10"), "{}", ran.stderr);
    // Footers alone are no scan.
    let count = lake.csv("select count(*) from lake.raw.events", &["--max-scan-bytes", "10"]);
    assert_eq!(count.stdout, "300\n", "{}", count.stderr);
}

#[test]
fn what_crosses_a_limit_while_it_runs_is_ended() {
    let lake = Lake::new(3);
    // Which rows a filter needs is only known to the reader, so that nothing is certain before.
    let sum = "select sum(n) from lake.raw.events where n % 2 = 0";
    for (flag, limit, unit) in [("records", "150", "records"), ("bytes", "300", "bytes")] {
        let flag = format!("--max-scan-{flag}");
        let ran = lake.csv(sum, &[&flag, limit]);
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{flag}: {}", ran.stderr);
        let sentence = format!("{unit}, and max_scan_{unit} is {limit}");
        assert!(ran.stderr.contains(&sentence), "{flag}: {}", ran.stderr);
        assert!(ran.stderr.ends_with("error: kind=exhausted -c:1:1\n"), "{}", ran.stderr);
    }
    assert_eq!(lake.csv(sum, &["--max-scan-records", "300"]).stdout, "7650\n");
}

#[test]
fn the_limits_of_a_table_file_hold_for_that_table_alone() {
    let lake = Lake::new(3);
    lake.add("raw/other.parquet", "select * from generate_series(1, 500) t(n)");
    let sum = "select sum(n) from lake.raw.events";
    let file = |text: &str| {
        lake.0.write("catalog/lake/raw/events.toml", text);
    };
    file("max_scan_records = 299\n");
    let refused = lake.csv(sum, &[]);
    assert_eq!((refused.stdout.as_str(), refused.code), ("", 5), "{}", refused.stderr);
    let sentence = "lake.raw.events: the statement scans at least 300 records of it, and its table \
                    file allows 299";
    assert!(refused.stderr.contains(sentence), "{}", refused.stderr);
    assert!(refused.stderr.contains("raise max_scan_records in the table file"));
    assert_eq!(lake.csv("select sum(n) from lake.raw.other", &[]).stdout, "125250\n");
    assert_eq!(lake.csv(&format!("{sum} where day = '2026-01-02'"), &[]).stdout, "5050\n");
    // Which rows a filter needs is only known while it runs.
    let ended = lake.csv(&format!("{sum} where n % 2 = 0"), &[]);
    assert_eq!((ended.stdout.as_str(), ended.code), ("", 5), "{}", ended.stderr);
    assert!(ended.stderr.contains("records of it"), "{}", ended.stderr);
    // All references of a statement count together.
    file("max_scan_records = 599\n");
    assert_eq!(lake.csv(sum, &[]).stdout, "15150\n");
    let twice = lake.csv(&format!("{sum} union all {sum}"), &[]);
    assert_eq!((twice.stdout.as_str(), twice.code), ("", 5), "{}", twice.stderr);
    file("max_scan_bytes = 10\n");
    let bytes = lake.csv(sum, &[]);
    assert!(bytes.stderr.contains("bytes of it, and its table file allows 10"), "{}", bytes.stderr);
    file("");
    let catalog = "connector = \"files\"\n[options]\nlocation = \"../data\"\n[tables]\nmax_scan_records = 400\n";
    lake.0.write("catalog/lake.toml", catalog);
    assert_eq!(lake.csv(sum, &[]).stdout, "15150\n");
    assert_eq!(lake.csv("select sum(n) from lake.raw.other", &[]).code, 5);
}

/// The program over the catalog and data that the repository ships.
fn sample_lake() -> (Program, String) {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    (Program::new(), catalog.to_str().unwrap().to_owned())
}

/// Bytes and records that a query really read, by its receipt.
fn real(program: &Program, catalog: &str, sql: &str) -> (u64, u64) {
    let args = ["--catalog-dir", catalog, "-c", sql, "--csv", "-t", "-o", "out.csv"];
    let ran = program.run(&[&args[..], &["--report", "json=report.json"]].concat());
    assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    let report = std::fs::read(program.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let lines = report["statements"][0]["receipt"].as_array().unwrap();
    let sum = |counter: &str| {
        let lines = lines.iter().filter(|line| line["counter"] == counter);
        lines.map(|line| line["amount"].as_u64().unwrap()).sum()
    };
    (sum("bytes_read"), sum("rows_read"))
}

/// What a query reads lies between the bounds of its estimate.
pub(crate) fn hold_estimate(program: &Program, catalog: &str, sql: &str) {
    let explain = format!("explain estimate {sql}");
    let args = ["--catalog-dir", catalog, "-c", &explain, "--csv", "-t"];
    let ran = program.run(&args);
    assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    let mut least = (0, 0);
    let mut most = (Some(0), Some(0));
    for line in ran.stdout.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<u64>().ok();
        let add = |sum: Option<u64>, at: usize| sum.zip(number(at)).map(|(a, b)| a + b);
        least = (least.0 + number(1).unwrap(), least.1 + number(3).unwrap());
        most = (add(most.0, 2), add(most.1, 4));
    }
    let (bytes, records) = real(program, catalog, sql);
    let fits = |real: u64, least: u64, most: Option<u64>| {
        least <= real && most.is_none_or(|most| real <= most)
    };
    assert!(fits(bytes, least.0, most.0), "{sql}: {bytes} bytes, estimated\n{}", ran.stdout);
    assert!(fits(records, least.1, most.1), "{sql}: {records} rows, estimated\n{}", ran.stdout);
}

#[test]
fn what_is_really_read_lies_between_the_bounds_of_the_estimate() {
    let (program, catalog) = sample_lake();
    let events = "lake.raw.device_events";
    for sql in [
        format!("select * from {events}"),
        format!("select sum(battery) from {events}"),
        format!("select count(*) from {events}"),
        format!("select max(event_id) from {events} where day = '2026-08-15'"),
        format!("select * from {events} where event_type = 'error'"),
        format!("select * from {events} where event_time < '2026-08-15 12:00:00'"),
        format!("select event_id from {events} where event_id % 2 = 0 and day > '2026-08-20'"),
        format!("select * from {events} limit 10"),
        format!("select * from {events} where event_type = 'error' limit 10"),
        format!("select * from {events} order by event_time desc limit 3"),
        format!("select event_type, count(*) from {events} group by 1 order by 2 limit 1"),
        format!(
            "select count(*) from {events} join lake.raw.devices d using (device_id) \
                 where d.model = 'Tide Swim'"
        ),
        format!(
            "select count(*) from {events} join lake.raw.devices d using (device_id) \
                 where d.model = 'none'"
        ),
        format!(
            "select day, event_type from {events} union all \
                 select day, event_type from {events} where day = '2026-08-02' limit 5"
        ),
        "select model from lake.raw.devices".to_owned(),
        "select * from lake.raw.users".to_owned(),
        "select count(*) from lake.raw.workouts".to_owned(),
    ] {
        hold_estimate(&program, &catalog, &sql);
    }
}

#[test]
fn an_estimate_knows_partitions_columns_and_statistics() {
    let lake = Lake::new(3);
    let estimate = |sql: &str| {
        let ran = lake.csv(&format!("explain estimate {sql}"), &[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let all = estimate("select n from lake.raw.events");
    assert!(all.ends_with(",300,300\n"), "{all}");
    let day = estimate("select n from lake.raw.events where day = '2026-01-02'");
    assert!(day.ends_with(",100,100\n"), "{day}");
    let no_column = estimate("select day from lake.raw.events");
    assert_eq!(no_column, "lake.raw.events,0,0,300,300\n");
    let nowhere = estimate("select n from lake.raw.events where n > 1000");
    assert!(nowhere.ends_with(",0,0\n"), "{nowhere}");
    let everywhere = estimate("select n from lake.raw.events where n > 0");
    assert!(everywhere.ends_with(",300,300\n"), "{everywhere}");
    let limited = estimate("select n from lake.raw.events limit 10");
    assert!(limited.ends_with(",10,100\n"), "{limited}");
    assert_eq!(estimate("select count(*) from lake.raw.events"), "");
    lake.0.write("data/raw/text.csv", "n\n1\n2\n");
    assert_eq!(estimate("select n from lake.raw.text"), "lake.raw.text,6,,0,6\n");
}

#[test]
fn a_receipt_counts_what_was_read_skipped_and_kept() {
    let lake = Lake::new(3);
    lake.add(&day_file(2, "b"), "select * from generate_series(5000, 5099) t(n)");
    let receipt = |sql: &str| {
        let sql = format!("{sql}; show receipt");
        let ran = lake.csv(&sql, &["-o", "out.csv"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = std::fs::read_to_string(lake.0.path("out.csv")).unwrap();
        let lines = text.split("\n\n").nth(1).unwrap().lines();
        let lines = lines.map(|line| line.split_once(',').unwrap().1.to_owned());
        lines.collect::<Vec<_>>()
    };
    let lines = receipt(
        "select sum(n) from lake.raw.events where day >= '2026-01-03' and n > 50 and n <= 100",
    );
    for expected in [
        "statement,rows,1,\"\"",
        "lake.raw.events,files,3,\"\"",
        "lake.raw.events,folders_skipped,1,by partition",
        "lake.raw.events,row_groups,2,\"\"",
        "lake.raw.events,row_groups_skipped,1,by statistics",
        "lake.raw.events,rows_read,200,\"\"",
        "lake.raw.events,rows_kept,100,\"\"",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected} in {lines:#?}");
    }
    for expected in ["lake.raw.events,filters_pushed,1,n <= 100", "statement,read_point,1,rp1-"] {
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected} in {lines:#?}");
    }
    let footers = receipt("select count(*) from lake.raw.events");
    let expected = "lake.raw.events,answered_from_footers,1,nothing was read";
    assert!(footers.iter().any(|line| line == expected), "{footers:#?}");
    assert!(!footers.iter().any(|line| line.contains("rows_read")), "{footers:#?}");
}

/// The counters of a source in a receipt, summed by name.
fn counted(receipt: &str, source: &str, name: &str) -> u64 {
    let lines = receipt.lines().filter(|line| line.contains(&format!("{source},{name},")));
    lines.map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum()
}

/// An answer and its receipt.
fn with_receipt(lake: &Lake, sql: &str, pushdown: &str) -> (String, String) {
    let sql = format!("{sql}; show receipt");
    let ran = lake.csv(&sql, &["--set", &format!("pushdown={pushdown}")]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (answer, receipt) = ran.stdout.split_once("\n\n").unwrap();
    (answer.to_owned(), receipt.to_owned())
}

/// 20,000 rows in 20 row groups.
fn many(lake: &Lake) {
    let rows = "select n, n % 10 as small, md5(n::varchar) as text \
                from generate_series(1, 20000) t(n) order by n";
    let made = lake.csv(&format!("copy ({rows}) to 'many.parquet' (row_group_size 1000)"), &[]);
    assert_eq!(made.code, 0, "{}", made.stderr);
}

#[test]
fn rows_that_the_reader_drops_are_counted_and_limited_like_all_others() {
    let lake = Lake::new(0);
    many(&lake);
    for (filter, kept, drops) in [
        // Next to nothing passes, so the reader begins to filter.
        ("n % 20011 = 15007", 1, true),
        // Many pass.
        ("small > 2", 14_000, false),
        // Next to nothing passes at first, then all.
        ("n % 20011 = 15007 or n > 6000", 14_000, true),
    ] {
        let sql = format!("select count(text), min(text) from 'many.parquet' where {filter}");
        let (answer, receipt) = with_receipt(&lake, &sql, "true");
        let of = |name| counted(&receipt, "many.parquet", name);
        let seen = (of("rows_read"), of("rows_kept"), of("rows_dropped") > 0);
        assert_eq!(seen, (20_000, kept, drops), "{filter}\n{receipt}");
        let (whole, receipt) = with_receipt(&lake, &sql, "false");
        assert_eq!((whole, counted(&receipt, "many.parquet", "rows_dropped")), (answer, 0));
    }
    let sql = "select max(text) from 'many.parquet' where n % 20011 = 15007";
    let ran = lake.csv(sql, &["--max-scan-records", "19000"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
}

#[test]
fn what_a_join_has_learned_drops_rows_of_the_scan() {
    let lake = Lake::new(0);
    many(&lake);
    let few = "copy (select n from generate_series(5, 19999, 100) t(n)) to 'few.parquet'";
    assert_eq!(lake.csv(few, &[]).code, 0);
    let sql = "select count(*), sum(m.n), min(m.text) from 'many.parquet' m join 'few.parquet' f on m.n = f.n";
    let (answer, receipt) = with_receipt(&lake, sql, "true");
    assert_eq!(counted(&receipt, "many.parquet", "rows_read"), 20_000, "{receipt}");
    assert!(counted(&receipt, "many.parquet", "rows_dropped") > 15_000, "{receipt}");
    let (whole, receipt) = with_receipt(&lake, sql, "false");
    assert_eq!((whole, counted(&receipt, "many.parquet", "rows_dropped")), (answer, 0));
}
