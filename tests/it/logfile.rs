//! Streams of log files: what a statement fixes while lines are appended, files that are rotated,
//! cut and replaced, what is pushed down, and bad lines.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::following::Following;
use crate::program::{Program, Ran};

/// A catalog `logs` over a folder `data`.
struct Logs(Program);

const TYPED: &str = "[options]\nevent_time = 'ts'\n[[columns]]\nname = 'n'\ntype = 'BIGINT'\n\
                     nullable = false\n[[columns]]\nname = 'ts'\ntype = 'TIMESTAMP(3) WITH TIME ZONE'\n";

impl Logs {
    fn new() -> Self {
        let program = Program::new();
        program.write(
            "catalog/logs.toml",
            "connector = \"logfile\"\n[options]\nlocation = \"../data\"\n",
        );
        Self(program)
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.0.path("data").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    fn append(&self, name: &str, text: &str) {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(self.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn gzip(&self, name: &str, text: &str) {
        let file = std::fs::File::create(self.path(name)).unwrap();
        let mut packed = GzEncoder::new(file, Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap();
    }

    fn declare(&self, table: &str, text: &str) {
        self.0.write(&format!("catalog/logs/default/{table}.toml"), text);
    }

    fn run(&self, sql: &str, more: &[&str]) -> Ran {
        self.0.run(&[&["-c", sql, "--csv", "-t", "-q"], more].concat())
    }

    fn answer(&self, sql: &str) -> String {
        let ran = self.run(sql, &[]);
        assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
        ran.stdout
    }

    /// The error of a statement: its text, and its last line on standard error.
    fn failure(&self, sql: &str, more: &[&str]) -> String {
        let ran = self.run(sql, more);
        assert_ne!(ran.code, 0, "{sql}: {}", ran.stdout);
        ran.stderr
    }

    /// The answer of a statement, and what its receipt says of a counter, as `detail=amount`.
    fn with_receipt(&self, sql: &str, counter: &str) -> (String, Vec<String>) {
        let receipt = format!("{sql}; show receipt");
        let answer = self.answer(&receipt);
        let (rows, receipt) = answer.rsplit_once("\n\n").unwrap_or(("", &answer));
        let of = |line: &str| {
            let parts: Vec<&str> = line.splitn(5, ',').collect();
            (parts[2] == counter).then(|| format!("{}={}", parts[4].trim_matches('"'), parts[3]))
        };
        (format!("{rows}\n"), receipt.lines().filter_map(of).collect())
    }

    fn token(&self, sql: &str) -> (String, String) {
        let ran = self.run(sql, &["--report", "json=report.json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let report = std::fs::read(self.0.path("report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        (ran.stdout, report["statements"][0]["read_point"].as_str().unwrap().to_owned())
    }
}

fn lines(range: std::ops::Range<u64>) -> String {
    range.fold(String::new(), |mut text, n| {
        let (minute, second) = (n / 60 % 60, n % 60);
        let ts = format!("2026-09-01T{:02}:{minute:02}:{second:02}Z", n / 3600 % 24);
        writeln!(text, "{{\"n\":{n},\"ts\":\"{ts}\"}}").unwrap();
        text
    })
}

#[test]
fn all_references_of_a_statement_see_the_same_lines_while_some_are_appended() {
    let logs = Logs::new();
    logs.append("t/a.log", &lines(0..1000));
    logs.append("t/b.log", &lines(1000..1500));
    let sql = "select (select count(*) from logs.default.t), \
               (select count(*) from logs.default.t as x join logs.default.t as y using (n)), \
               (select max(n) from logs.default.t where _partition = 'b.log')";
    let sql = format!("{sql}; {sql}; {sql}");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Bounded: a reader that never ends must not fill the disk.
            for n in 1500..200_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                // Half a line at a time: no reader may see one.
                let line = lines(n..n + 1);
                logs.append("t/b.log", &line[..9]);
                logs.append("t/b.log", &line[9..]);
            }
        });
        let ran = logs.run(&sql, &[]);
        done.store(true, Ordering::Relaxed);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let rows: Vec<_> = ran.stdout.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(rows.len(), 3);
        for row in rows {
            let parts: Vec<u64> = row.split(',').map(|n| n.parse().unwrap()).collect();
            assert!(parts[0] >= 1500, "{row}");
            assert_eq!(parts[0], parts[1], "{row}");
            // Every line of b.log is there up to its last.
            assert_eq!(parts[0], parts[2] + 1, "{row}");
        }
    });
}

#[test]
fn rotated_and_compressed_files_are_partitions_and_unfinished_lines_are_not_there_yet() {
    let logs = Logs::new();
    logs.append("t/a.log", &lines(20..30));
    logs.append("t/a.log", "\r\n  \n{\"n\":99,\"ts\":");
    logs.append("t/a.log.1", lines(10..20).trim_end());
    logs.gzip("t/a.log.2.gz", lines(0..10).trim_end());
    // Both are there while a file is compressed.
    logs.gzip("t/a.log.1.gz", "{\"n\":");
    logs.append("top.log", &lines(0..3));
    logs.append(".hidden/a.log", "x\n");
    assert_eq!(logs.answer("show tables from logs.default").matches("logs").count(), 2);
    let sql =
        "select _partition, count(*), min(n), max(n) from logs.default.t group by 1 order by 1";
    let expected = "a.log,10,20,29\na.log.1,9,10,18\na.log.2.gz,10,0,9\n";
    assert_eq!(logs.answer(sql), expected);
    assert_eq!(logs.answer("select sum(n) from logs.default.top"), "3\n");
    // The line that was not finished is, now.
    logs.append("t/a.log", "\"2026-09-01T00:00:00Z\"}\n");
    assert_eq!(logs.answer("select max(n) from logs.default.t"), "99\n");
    // An offset is the place of the line.
    let text = std::fs::read_to_string(logs.path("t/a.log")).unwrap();
    let at = text.find("{\"n\":25,").unwrap();
    let sql = format!("select n from logs.default.t where _offset = {at} and _partition = 'a.log'");
    assert_eq!(logs.answer(&sql), "25\n");
}

#[test]
fn a_replay_reads_what_was_there_and_a_log_that_was_cut_or_replaced_is_gone() {
    let logs = Logs::new();
    logs.append("t/a.log", &lines(0..100));
    let sql = "select count(*), max(n) from logs.default.t";
    let (answer, token) = logs.token(sql);
    assert_eq!(answer, "100,99\n");
    logs.append("t/a.log", &lines(100..200));
    logs.append("t/b.log", &lines(0..5));
    assert_eq!(logs.answer(sql), "205,199\n");
    let replayed = logs.run(sql, &["--read-point", &token]);
    assert_eq!((replayed.stdout.as_str(), replayed.code), ("100,99\n", 0), "{replayed:?}");
    logs.append("u/a.log", &lines(0..1));
    let other = logs.failure("select * from logs.default.u", &["--read-point", &token]);
    assert!(other.contains("logs.default.u is not in the read point"), "{other}");

    std::fs::write(logs.path("t/a.log"), lines(0..10)).unwrap();
    let cut = logs.failure(sql, &["--read-point", &token]);
    assert!(cut.contains("it was cut or made anew"), "{cut}");
    assert!(cut.ends_with("error: kind=gone -c:1:1\n"), "{cut}");
    std::fs::write(logs.path("t/a.log"), lines(500..900)).unwrap();
    let replaced = logs.failure(sql, &["--read-point", &token]);
    assert!(replaced.contains("t/a.log was replaced by another file"), "{replaced}");
    assert!(replaced.ends_with("error: kind=gone -c:1:1\n"), "{replaced}");
    std::fs::remove_file(logs.path("t/a.log")).unwrap();
    let removed = logs.failure(sql, &["--read-point", &token]);
    assert!(removed.contains("partition a.log of logs.default.t is gone"), "{removed}");
}

#[test]
fn filters_on_places_read_nothing_else_and_the_receipt_says_what_became_of_the_others() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    for at in 0..5 {
        logs.append(&format!("t/{at}.log"), &lines(at * 1000..(at + 1) * 1000));
    }
    let all = "select count(*) from logs.default.t where ";
    let line = lines(3000..3001).len() as u64;
    for (filter, rows, bytes) in [
        ("_partition = '3.log'", 1000, 1000 * line),
        ("_partition in ('3.log', '4.log') and n >= 0", 2000, 2000 * line),
        // The byte before the first line is read as well: it says where that begins.
        (&format!("_partition = '3.log' and _offset >= {}", 900 * line), 100, 100 * line + 1),
        (&format!("_partition = '3.log' and _offset < {line}"), 1, line),
        ("_partition = '3.log' and _offset between 1 and 20", 0, 0),
        ("_partition = 'none'", 0, 0),
    ] {
        let sql = format!("{all}{filter}");
        let (answer, read) = logs.with_receipt(&sql, "bytes_read");
        assert_eq!(answer, format!("{rows}\n"), "{filter}");
        let read: u64 =
            read.iter().map(|it| it.trim_start_matches('=').parse::<u64>().unwrap()).sum();
        // Behind a range only the rest of a line is wanted, and comes in blocks.
        assert!(read >= bytes && read <= bytes + 64 * 1024, "{filter}: {read} of {bytes}");
        let off = logs.run(&sql, &["--set", "pushdown=false"]);
        assert_eq!(off.stdout, answer, "{filter}: {}", off.stderr);
    }
    let sql = format!("{all} _timestamp >= '2026-09-01T01:00:00Z' and n % 2 = 0");
    let (answer, refused) = logs.with_receipt(&sql, "filters_not_pushed");
    assert_eq!(answer, "700\n");
    assert!(refused.iter().any(|line| line.contains("there is no index of times")), "{refused:?}");
    assert!(refused.iter().any(|line| line.contains("records have no statistics")), "{refused:?}");
}

#[test]
fn the_last_lines_are_read_from_the_end() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..60_000));
    logs.append("t/b.log", &lines(0..10));
    let size = std::fs::metadata(logs.path("t/a.log")).unwrap().len();
    for sql in [
        "select _partition, _offset, n from logs.default.t order by _offset desc limit 100",
        "select _offset, n from logs.default.t where n % 10 = 3 order by _offset desc limit 50",
    ] {
        let (answer, read) = logs.with_receipt(sql, "bytes_read");
        let off = "datafusion.optimizer.enable_dynamic_filter_pushdown=false";
        let whole = logs.run(sql, &["--set", "pushdown=false", "--set", off]);
        assert_eq!(answer.trim_end(), whole.stdout.trim_end(), "{sql}");
        let read: u64 =
            read.iter().map(|it| it.trim_start_matches('=').parse::<u64>().unwrap()).sum();
        assert!(read < size / 4, "{sql}: {read} of {size} bytes");
    }
    // Further back where a filter lets little pass, and to the start where it lets nothing pass.
    let sql = "select n from logs.default.t where n = 5 order by _offset desc limit 3";
    assert_eq!(logs.answer(sql), "5\n5\n");
    let explained =
        logs.answer("explain select n, _offset from logs.default.t order by _offset desc limit 3");
    assert!(explained.contains("last_first"), "{explained}");
    let first =
        logs.answer("explain select n, _offset from logs.default.t order by _offset limit 3");
    assert!(!first.contains("last_first"), "{first}");
}

#[test]
fn bad_lines_are_rows_of_errors_and_too_many_of_them_fail() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..300));
    let at = std::fs::metadata(logs.path("t/a.log")).unwrap().len();
    logs.append("t/a.log", "{\"n\":\n{\"n\":\"x\"}\n{\"ts\":null}\nWARN text\n");
    logs.append("t/a.log", &lines(300..400));
    assert_eq!(logs.answer("select count(*), sum(n) from logs.default.t"), "400,79800\n");
    let sql = format!(
        "select kind, column_name, value, raw_length, _partition, _offset - {at}, _timestamp \
         from errors('logs.default.t') order by _offset"
    );
    let expected = "malformed,,,5,a.log,0,\ntype,n,x,9,a.log,6,\ntype,n,,11,a.log,16,\n\
                    malformed,,,9,a.log,28,\n";
    assert_eq!(logs.answer(&sql), expected);
    let place =
        format!("select count(*) from errors('logs.default.t') where _offset = {}", at + 16);
    assert_eq!(logs.answer(&place), "1\n");

    logs.declare("t", &format!("on_error = 'fail'\n{TYPED}"));
    let failed = logs.failure("select count(*) from logs.default.t", &[]);
    assert!(failed.contains(&format!("logs.default.t partition a.log offset {at}: ")), "{failed}");
    logs.declare("t", &format!("max_bad_records = 3\n{TYPED}"));
    let failed = logs.failure("select count(*) from logs.default.t", &[]);
    assert!(failed.contains("4 of 404 records of logs.default.t are bad"), "{failed}");
    logs.declare("t", &format!("on_error = 'null'\n{}", TYPED.replace("nullable = false\n", "")));
    assert_eq!(logs.answer("select count(*), count(n) from logs.default.t"), "402,400\n");
}

#[test]
fn what_nobody_declared_is_found_in_the_last_lines() {
    let logs = Logs::new();
    logs.append("json/a.log", "not json\n");
    logs.append("json/a.log", &lines(0..500));
    logs.append("text/a.log", "GET / 200\nGET /x 404\n");
    logs.append("csv/a.log", "1;a;2.5\n2;b;\n3;c;x\n");
    assert_eq!(logs.answer("select arrow_typeof(n) from logs.default.json limit 1"), "Int64\n");
    assert_eq!(logs.answer("select count(*) from errors('logs.default.json')"), "1\n");
    let raw = "select cast(value as varchar), _offset from logs.default.text order by _offset desc";
    assert_eq!(logs.answer(raw), "GET /x 404,10\nGET / 200,0\n");
    logs.declare(
        "csv",
        "[options]\nvalue_format = 'csv'\ndelimiter = ';'\nmeta = 'none'\n[[columns]]\nname = 'id'\n\
         type = 'INT'\n[[columns]]\nname = 'price'\ntype = 'DOUBLE'\nsource = '#3'\n",
    );
    assert_eq!(logs.answer("select * from logs.default.csv order by id"), "1,2.5\n2,\n");
    let inferred = logs.answer("infer table logs.default.json");
    assert!(
        inferred.contains("value_format = \"\"json\"\"") && inferred.contains("BIGINT"),
        "{inferred}"
    );
    logs.append("clash/a.log", "{\"_offset\":1}\n");
    let clash = logs.failure("select * from logs.default.clash", &[]);
    assert!(clash.contains("_offset, which is the name of a column about records"), "{clash}");
    let wrong = logs.failure("select * from logs.default.jsn", &[]);
    assert!(wrong.contains("did you mean json?"), "{wrong}");
    logs.declare("gone", "[options]\nstream = 'jsom'\n");
    let wrong = logs.failure("select * from logs.default.gone", &[]);
    assert!(
        wrong.contains("there is no log jsom") && wrong.contains("did you mean json?"),
        "{wrong}"
    );
}

#[test]
fn limits_hold_before_and_while_lines_are_read() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..5000));
    let sql = "select sum(n) from logs.default.t";
    let refused = logs.failure(sql, &["--max-scan-bytes", "1000"]);
    assert!(
        refused.contains("logs.default.t: the statement scans at least 193890 bytes"),
        "{refused}"
    );
    assert!(refused.contains("filter by _partition or _offset"), "{refused}");
    let ended = logs.failure(sql, &["--max-scan-records", "4000"]);
    assert!(ended.contains("and max_scan_records is 4000"), "{ended}");
    let few = logs.run("select n from logs.default.t limit 3", &["--max-scan-bytes", "200000"]);
    assert_eq!(few.code, 0, "{}", few.stderr);
}

#[test]
fn the_status_of_a_stream_is_what_the_statement_reads_of_it() {
    let logs = Logs::new();
    logs.append("t/a.log", &lines(0..10));
    logs.append("t/a.log", "{\"n\":");
    logs.append("t/b.log", "\n");
    logs.gzip("t/b.log.1.gz", &lines(10..20));
    let size = lines(0..10).len();
    let sql = "select * from stream_status('logs.default.t') order by partition";
    let expected = format!("a.log,0,{size},,0,,\nb.log,0,1,,0,,\nb.log.1.gz,0,,,0,,\n");
    assert_eq!(logs.answer(sql), expected);
    let types = logs.answer(&format!("describe {sql}"));
    assert!(types.starts_with("partition,VARCHAR,NO\nbegin_offset,BIGINT,NO\n"), "{types}");
    // A replay has the status of then.
    let (before, token) = logs.token(sql);
    logs.append("t/a.log", "1}\n");
    assert_ne!(logs.answer(sql), before);
    assert_eq!(logs.run(sql, &["--read-point", &token]).stdout, before);
}

#[test]
fn a_part_of_a_stream_is_what_lies_between_two_offsets_and_says_what_is_there() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..10));
    logs.append("t/b.log", &lines(0..5));
    logs.gzip("t/c.log.gz", &lines(0..8));
    let line = lines(0..1).len();
    let part = |arguments: &str, more: &str| {
        logs.answer(&format!(
            "select _partition, min(n), max(n), count(*) \
             from stream_scan('logs.default.t', {arguments}) {more} group by 1 order by 1"
        ))
    };
    let bounds = format!("start => {}, stop => {}", 3 * line, 7 * line);
    assert_eq!(part(&bounds, ""), "a.log,3,6,4\nb.log,3,4,2\nc.log.gz,3,6,4\n");
    // A line belongs to where it begins.
    let bounds = format!("start => {}, stop => {}", 3 * line + 1, 7 * line - 5);
    assert_eq!(part(&bounds, ""), "a.log,4,6,3\nb.log,4,4,1\nc.log.gz,4,6,3\n");
    let within = format!("where _offset >= {} and _partition <> 'c.log.gz'", 4 * line);
    let bounds = format!("start => earliest, stop => {}", 6 * line);
    assert_eq!(part(&bounds, &within), "a.log,4,5,2\nb.log,4,4,1\n");
    let (answer, read) = logs.with_receipt(
        &format!("select count(*) from stream_scan('logs.default.t', start => {})", 9 * line),
        "bytes_read",
    );
    assert_eq!(answer, "1\n");
    assert!(!read.is_empty());
    // Together with the stream itself it is of one moment.
    let sql = format!(
        "select count(*) from logs.default.t as a \
         join stream_scan('logs.default.t', start => {line}) as b using (_partition, _offset)"
    );
    assert_eq!(logs.answer(&sql), "20\n");
    for (arguments, told) in [
        (
            "start => 100000",
            "start => 100000 is behind the end of logs.default.t: partition a.log has [0, ",
        ),
        ("stop => 100000", "c.log.gz has [0, …)"),
        ("start => 9, stop => 3", "start is behind stop"),
        ("start => 'soon'", "'soon' is no offset and no time"),
        ("start => '2026-09-01'", "a log has no index of times"),
        ("begin => 3", "has no argument begin"),
    ] {
        let sql = format!("select * from stream_scan('logs.default.t', {arguments})");
        // With a compressed file nobody knows the last end.
        if arguments.ends_with("=> 100000") {
            std::fs::remove_file(logs.path("t/c.log.gz")).ok();
        }
        let failed = logs.failure(&sql, &[]);
        let told = if told.starts_with("c.log.gz") { "b.log has [0, " } else { told };
        assert!(failed.contains(told), "{arguments}: {failed}");
    }
}

/// The numbers of lines of CSV.
fn numbers(lines: &[String]) -> Vec<u64> {
    lines.iter().map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn following_shows_the_last_rows_and_each_that_comes_once() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..500));
    logs.append("t/b.log", &lines(500..503));
    logs.gzip("t/old.log.gz", &lines(0..3));
    let following = Following::start(&logs.0, "\\tail logs.default.t");
    assert_eq!(numbers(&following.lines(10)), (493..503).collect::<Vec<_>>());
    // Half a line is not there yet.
    let line = lines(503..504);
    logs.append("t/a.log", &line[..9]);
    assert_eq!(following.line_within(Duration::from_millis(800)), None);
    logs.append("t/a.log", &line[9..]);
    assert_eq!(numbers(&[following.line()]), [503]);
    logs.append("t/c.log", &lines(504..506));
    assert_eq!(numbers(&following.lines(2)), [504, 505]);
    logs.append("t/a.log", "{\"n\":\"x\"}\nWARN\n");
    for at in 0..40 {
        logs.append("t/b.log", &lines(506 + at * 5..511 + at * 5));
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(numbers(&following.lines(200)), (506..706).collect::<Vec<_>>());
    let (ran, took) = following.interrupt();
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 130), "{ran:?}");
    assert!(ran.stderr.contains("2 bad records of logs.default.t"), "{}", ran.stderr);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn following_takes_filters_columns_and_a_limit() {
    let logs = Logs::new();
    logs.declare("t", TYPED);
    logs.append("t/a.log", &lines(0..500));
    let sql = "\\tail -n 2 select n * 2 as twice, _partition from logs.default.t \
               where n % 100 = 7 limit 4;";
    let following = Following::start(&logs.0, sql);
    assert_eq!(following.lines(2), ["614,a.log", "814,a.log"]);
    logs.append("t/a.log", &lines(500..1000));
    let ran = following.end();
    assert_eq!((ran.stdout.as_str(), ran.code), ("1014,a.log\n1214,a.log\n", 0), "{ran:?}");
    // None of the last rows, and a name that may be short.
    let arguments = ["-c", "use logs.default", "-c", "\\tail -n 0 t where n > 5", "--ndjson", "-q"];
    let following = Following::start_with(&logs.0, &arguments);
    assert_eq!(following.line_within(Duration::from_secs(2)), None);
    logs.append("t/b.log", &lines(3..8));
    assert!(following.line().starts_with("{\"n\":6,"));
    assert!(following.line().starts_with("{\"n\":7,"));
    assert_eq!(following.interrupt().0.code, 130);
    for (sql, told) in [
        ("select count(*) from stream_follow('logs.default.t')", "has no end"),
        ("select n from stream_follow('logs.default.t') order by n limit 3", "has no end"),
        (
            "select * from stream_follow('logs.default.t') a join logs.default.t b using (n)",
            "has no end",
        ),
        ("select * from stream_follow('logs.default.t', last => x)", "last is a number of rows"),
        ("\\tail t u v", "\\tail takes a stream"),
        ("\\tail logs.default.none", "logs.default.none"),
    ] {
        let failed = logs.failure(sql, &[]);
        assert!(failed.contains(told), "{sql}: {failed}");
    }
    logs.0.write("catalog/lake.toml", "connector = \"files\"\n[options]\nlocation = \"../lake\"\n");
    logs.0.write("lake/raw/users.csv", "id\n1\n");
    let failed = logs.failure("\\tail lake.raw.users", &[]);
    assert!(failed.contains("lake.raw.users is no stream"), "{failed}");
    assert!(failed.contains("with connector kafka, logfile, rocketmq"), "{failed}");
}

#[test]
fn a_log_that_is_cut_replaced_or_renamed_is_gone_for_who_follows_it() {
    let logs = Logs::new();
    let away = |change: &dyn Fn(&Logs), told: &[&str]| {
        logs.append("t/a.log", &lines(0..50));
        let following = Following::start(&logs.0, "\\tail -n 1 logs.default.t");
        assert_eq!(numbers(&[following.line()]), [49]);
        change(&logs);
        let ran = following.end();
        assert!(told.iter().any(|told| ran.stderr.contains(told)), "{}", ran.stderr);
        assert!(ran.stderr.ends_with("error: kind=gone -c:1:1\n"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        std::fs::remove_dir_all(logs.path("t/a.log").parent().unwrap()).unwrap();
    };
    let put = |logs: &Logs, range| {
        logs.append("next", &lines(range));
        std::fs::rename(logs.path("next"), logs.path("t/a.log")).unwrap();
    };
    let cut = "it was cut or made anew";
    away(&|logs| put(logs, 0..3), &[cut]);
    // What was listed may be the old file and what is read the new one.
    away(&|logs| put(logs, 900..999), &["was replaced by another file", cut]);
    away(
        &|logs| {
            std::fs::rename(logs.path("t/a.log"), logs.path("t/a.log.1")).unwrap();
            logs.append("t/b.log", &lines(0..3));
        },
        &["partition a.log of logs.default.t is gone"],
    );
}

#[test]
fn who_follows_ends_when_its_reader_does() {
    let logs = Logs::new();
    logs.append("t/a.log", &lines(0..5));
    let mut command = logs.0.command(&["-c", "\\tail logs.default.t", "--csv"]);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 1];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    // Nothing more comes that could be written to it.
    drop(child.stdout.take());
    let closed = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(closed.elapsed() < Duration::from_secs(10));
}
