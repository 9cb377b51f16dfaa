//! Topics of a real broker, held against what Kafka's own consumer reads of them.
#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::following::Following;
use crate::program::Program;
use crate::servers::kafka::{alone, broker};
use crate::topics::{answer, bytes_of_base64, bytes_of_hex, counter, number, raw, run};

/// Every topic with records, with transactions, holes, nothing.
const TOPICS: [&str; 15] = [
    "events",
    "codec_none",
    "codec_gzip",
    "codec_snappy",
    "codec_lz4",
    "codec_zstd",
    "txn",
    "txn_only_aborted",
    "txn_commit_tail",
    "compacted",
    "head_deleted",
    "odd.name-1_x",
    "ts_disorder",
    "large",
    "empty",
];

/// The rows of a raw topic as the truth has them.
fn rows(program: &Program, topic: &str) -> Vec<Value> {
    let sql = format!(
        "select _partition, _offset, cast(_timestamp as bigint) as ms, _key, value, _headers \
         from k.default.\"{topic}\" order by _partition, _offset"
    );
    let ran = run(program, &sql, &["--ndjson"]);
    assert_eq!(ran.code, 0, "{topic}: {}", ran.stderr);
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Where a row is not the record.
fn differs(row: &Value, record: &Value) -> bool {
    let headers = |of: &Value,
                   name: &dyn Fn(&Value) -> Vec<u8>,
                   value: &dyn Fn(&Value) -> Option<Vec<u8>>| {
        let headers = of["headers"].as_array().or(of["_headers"].as_array()).unwrap();
        headers.iter().map(|it| (name(it), value(it))).collect::<Vec<_>>()
    };
    let ours = headers(row, &|it| it["key"].as_str().unwrap().as_bytes().to_vec(), &|it| {
        bytes_of_hex(&it["value"])
    });
    let theirs =
        headers(record, &|it| bytes_of_base64(&it[0]).unwrap(), &|it| bytes_of_base64(&it[1]));
    row["_partition"] != record["partition"]
        || row["_offset"] != record["offset"]
        || row["ms"] != record["timestamp"]
        || bytes_of_hex(&row["_key"]) != bytes_of_base64(&record["key"])
        || bytes_of_hex(&row["value"]) != bytes_of_base64(&record["value"])
        || ours != theirs
}

fn sorted(mut records: Vec<Value>) -> Vec<Value> {
    records.sort_by_key(|it| (it["partition"].as_i64(), it["offset"].as_i64()));
    records
}

#[test]
fn every_record_is_the_one_that_kafkas_own_consumer_reads() {
    let broker = broker();
    let program = broker.program();
    let mut compared = 0;
    for topic in TOPICS {
        raw(&program, "k", topic);
        let truth = sorted(broker.truth(topic));
        let rows = rows(&program, topic);
        assert_eq!(rows.len(), truth.len(), "{topic}");
        for (row, record) in rows.iter().zip(&truth) {
            assert!(!differs(row, record), "{topic}: {row} is not {record}");
        }
        let count = number(&program, &format!("select count(*) from k.default.\"{topic}\""));
        assert_eq!(count, truth.len() as u64, "{topic}");
        compared += truth.len();
    }
    println!("kafka: {compared} records compared");
    assert!(compared >= 100_000);
}

const OFF: [&str; 4] = [
    "--set",
    "pushdown=false",
    "--set",
    "datafusion.optimizer.enable_dynamic_filter_pushdown=false",
];

#[test]
fn filters_on_times_answer_as_the_records_do_and_read_from_there_on() {
    let broker = broker();
    let program = broker.program();
    for topic in ["events", "ts_disorder", "txn", "compacted", "head_deleted"] {
        raw(&program, "k", topic);
        let mut times: Vec<i64> =
            broker.truth(topic).iter().map(|it| it["timestamp"].as_i64().unwrap()).collect();
        times.sort_unstable();
        let among = |part: usize| times[(times.len() - 1) * part / 7];
        for part in 0..8 {
            let (from, to) = (among(part), among(part) + 61_000);
            let expected = times.iter().filter(|time| **time >= from && **time < to).count();
            let sql = format!(
                "select count(*) from k.default.{topic} where _timestamp >= to_timestamp_millis({from}) \
                 at time zone 'UTC' and _timestamp < to_timestamp_millis({to}) at time zone 'UTC'"
            );
            assert_eq!(number(&program, &sql), expected as u64, "{sql}");
            let off = run(&program, &sql, &[&["--csv"], OFF.as_slice()].concat());
            assert_eq!(off.stdout.trim(), expected.to_string(), "{sql}");
        }
    }
    // The last tenth of a topic whose times rise.
    let sql = "select count(*) from k.default.events \
               where _timestamp >= timestamp '2026-08-29T10:58:00Z'";
    let (rows, read) = counter(&program, sql, "offsets_to_read");
    assert!(read > 0 && read < 60_000, "{read} for {rows}");
}

#[test]
fn the_last_records_are_read_from_the_end() {
    let broker = broker();
    let program = broker.program();
    for topic in ["events", "txn", "txn_commit_tail", "compacted"] {
        for sql in [
            format!(
                "select _partition, _offset from k.default.{topic} order by _offset desc, _partition limit 100"
            ),
            format!(
                "select _partition, _offset, n from k.default.{topic} where n % 7 = 3 order by _offset desc, _partition limit 20"
            ),
        ] {
            let on = answer(&program, &sql);
            let off = run(&program, &sql, &[&["--csv"], OFF.as_slice()].concat());
            assert_eq!(on, off.stdout, "{sql}");
        }
    }
    let sql = "select n from k.default.events where n % 7 = 3 order by _offset desc limit 20";
    let (_, read) = counter(&program, sql, "rows_read");
    assert!(read < 40_000, "{read}");
    let filtered =
        "select count(*) from k.default.events where _partition in (1, 2) and _offset >= 100";
    let (_, read) = counter(&program, filtered, "offsets_to_read");
    assert_eq!(number(&program, filtered), read);
    assert_eq!(
        number(&program, "select count(*) from (select * from k.default.events limit 7)"),
        7
    );
}

#[test]
fn what_is_not_committed_is_not_there_and_the_receipt_says_how_much_waits() {
    let broker = broker();
    let program = broker.program();
    let sql = "select count(*) from k.default.txn";
    let (rows, held_back) = counter(&program, sql, "offsets_held_back");
    assert_eq!(rows, broker.truth("txn").len().to_string());
    // The open record and six behind it.
    assert_eq!(held_back, 7);
}

#[test]
fn good_and_bad_records_are_all_and_a_tombstone_is_a_row_of_nulls() {
    let broker = broker();
    let program = broker.program();
    let columns = "max_bad_records = 100\n[[columns]]\nname = 'n'\ntype = 'BIGINT'\n";
    program.write("catalog/k/default/dirty.toml", columns);
    let all = broker.truth("dirty").len();
    let good = answer(&program, "select count(*), count(n), sum(n) from k.default.dirty");
    assert_eq!(good, format!("401,400,{}\n", (0..400).sum::<i64>()));
    let kinds = "select kind, count(*) from errors('k.default.dirty') group by 1 order by 1";
    assert_eq!(answer(&program, kinds), "encoding,1\nmalformed,9\ntype,2\n");
    assert_eq!(all, 401 + 12);
    let place = "select count(*) from errors('k.default.dirty') where _partition = 1";
    assert_eq!(answer(&program, place), "5\n");
    program.write("catalog/k/default/dirty.toml", format!("on_error = 'fail'\n{columns}"));
    let failed = run(&program, "select count(*) from k.default.dirty where _partition = 0", &[]);
    assert!(failed.stderr.contains("k.default.dirty partition 0 offset 1: "), "{}", failed.stderr);
    // Nobody says what a topic is: its last records do.
    assert_eq!(answer(&program, "select arrow_typeof(n) from k.default.events limit 1"), "Int64\n");
}

#[test]
fn a_statement_sees_one_state_while_a_producer_writes() {
    let broker = alone();
    let program = broker.program();
    raw(&program, "k", "live");
    broker.run(&["write", "live"]);
    let sql = "select (select count(*) from k.default.live), (select count(*) from k.default.live as a \
               join k.default.live as b using (_partition, _offset))";
    let answers = answer(&program, &[sql; 5].join("; "));
    broker.run(&["stop_writing"]);
    let counts: Vec<(u64, u64)> = answers
        .lines()
        .filter_map(|line| line.split_once(','))
        .map(|(one, other)| (one.parse().unwrap(), other.parse().unwrap()))
        .collect();
    assert_eq!(counts.len(), 5);
    assert!(counts.iter().all(|(one, other)| one == other), "{counts:?}");
    assert!(counts[0] < counts[4], "nothing was written: {counts:?}");
}

#[test]
fn nothing_is_left_on_the_broker() {
    let broker = alone();
    let program = broker.program();
    let before = broker.run(&["groups"]);
    assert_eq!(number(&program, "select count(*) from k.default.events"), 120_000);
    answer(&program, "show tables from k.default");
    let unknown = run(&program, "select * from k.default.evnts", &[]);
    assert!(unknown.stderr.contains("did you mean events?"), "{}", unknown.stderr);
    assert_eq!(broker.run(&["groups"]), before);
}

#[test]
fn what_retention_deleted_is_told_and_never_left_out() {
    let broker = broker();
    let program = broker.program();
    raw(&program, "k", "deleted");
    let sql = "select count(*) from k.default.deleted";
    let ran = run(&program, sql, &["--csv", "--report", "json=report.json"]);
    assert_eq!(ran.stdout, "100\n", "{}", ran.stderr);
    let report = std::fs::read(program.path("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let token = report["statements"][0]["read_point"].as_str().unwrap();
    let replayed = run(&program, sql, &["--csv", "--read-point", token]);
    assert_eq!(replayed.stdout, "100\n", "{}", replayed.stderr);
    broker.run(&["delete_before", "deleted", "0", "40"]);
    assert_eq!(answer(&program, sql), "60\n");
    let gone = run(&program, sql, &["--read-point", token]);
    let told = "partition 0 of k.default.deleted: offsets 0 to 40 were deleted";
    assert!(gone.stderr.contains(told), "{}", gone.stderr);
    assert!(gone.stderr.ends_with("error: kind=gone -c:1:1\n"), "{}", gone.stderr);
}

#[test]
fn what_is_deleted_in_the_midst_of_a_read_is_an_error_or_passed_and_told() {
    let broker = broker();
    let program = broker.program();
    let read = |before: &str, table: &str| {
        program.write(
            "catalog/k/default/lossy.toml",
            format!("[options]\nvalue_format = 'raw'\n{table}"),
        );
        let (child, mut lines) = program.rows("select _offset, value from k.default.lossy");
        let mut offsets = Vec::new();
        let mut take = |line: std::io::Result<String>| {
            let line = line.unwrap();
            offsets.push(line.split_once(',').unwrap().0.parse::<u64>().unwrap());
        };
        // What is on its way, from the client's queue to the pipe, is some 50 of 120 MB at most,
        // however long the deletion takes to come.
        lines.by_ref().take(10).for_each(&mut take);
        broker.run(&["delete_before", "lossy", "0", before]);
        lines.for_each(&mut take);
        let output = child.wait_with_output().unwrap();
        (offsets, output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (offsets, succeeded, told) = read("12000", "");
    assert!(!succeeded, "{told}");
    let last = offsets.len() as u64;
    assert_eq!(offsets, (0..last).collect::<Vec<_>>());
    assert!(told.contains("were deleted before they were read"), "{told}");
    assert!(told.contains(" to 12000 were deleted"), "{told}");
    assert!(told.ends_with("error: kind=gone -c:1:1\n"), "{told}");
    let (offsets, succeeded, told) = read("23900", "on_data_loss = 'warn'\n");
    assert!(succeeded, "{told}");
    let first = offsets.iter().position(|offset| *offset == 23_900).unwrap();
    let before: Vec<u64> = (12_000..12_000 + first as u64).collect();
    assert_eq!(offsets, [before, (23_900..24_000).collect()].concat());
    let lost = 23_900 - 12_000 - first;
    let note = format!(
        "{lost} offsets of k.default.lossy were deleted before they were read: partition 0: ["
    );
    assert!(lost > 0 && told.contains(&note), "{told}");
}

#[test]
fn who_asks_is_let_in_or_told_why_not() {
    let broker = broker();
    let program = Program::new();
    let catalog = |name: &str, servers: &str, more: &str| {
        let options = format!("[options]\nbootstrap_servers = '{servers}'\n{more}");
        program.write(&format!("catalog/{name}.toml"), format!("connector = 'kafka'\n{options}\n"));
    };
    let scram = "sasl_mechanism = 'SCRAM-SHA-256'\nusername = 'reader'\npassword = ";
    catalog("good", &broker.sasl, &format!("{scram}'reader-pw'"));
    catalog("wrong", &broker.sasl, &format!("{scram}'guess'"));
    // Nobody listens where a listener was just closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    catalog("dead", &closed.to_string(), "");
    assert_eq!(number(&program, "select count(*) from good.default.events"), 120_000);
    for (sql, kind, says) in [
        ("select * from good.default.txn", "denied", "topic txn"),
        ("select * from wrong.default.events", "unauthenticated", "Authentication failed"),
        ("select * from dead.default.events", "unavailable", "Connection refused"),
    ] {
        let ran = run(&program, sql, &[]);
        assert!(ran.stderr.contains(says), "{sql}: {}", ran.stderr);
        let last = format!("error: kind={kind} ");
        assert!(ran.stderr.lines().last().unwrap().starts_with(&last), "{sql}: {}", ran.stderr);
        assert!(!ran.stderr.contains("guess"), "{}", ran.stderr);
    }
    let limited =
        run(&program, "select * from good.default.events", &["--max-scan-records", "1000"]);
    let told = "the statement scans at least 120000 records, and max_scan_records is 1000";
    assert!(limited.stderr.contains(told), "{}", limited.stderr);
    assert!(limited.stderr.contains("filter by _timestamp"), "{}", limited.stderr);
}

#[test]
fn a_broker_that_is_restarted_in_the_midst_of_a_scan_costs_no_record() {
    let broker = alone();
    let program = broker.program();
    raw(&program, "k", "wide");
    let sql = "select _offset, value from k.default.wide";
    let (child, mut lines) = program.rows(sql);
    let mut offsets = Vec::new();
    let mut take = |line: std::io::Result<String>| {
        let line = line.unwrap();
        offsets.push(line.split_once(',').unwrap().0.parse::<u64>().unwrap());
    };
    // Most of the topic cannot be on its way yet.
    lines.by_ref().take(100).for_each(&mut take);
    broker.run(&["stop"]);
    broker.run(&["start"]);
    lines.for_each(&mut take);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(offsets, (0..6000).collect::<Vec<_>>());
}

#[test]
fn the_status_of_a_topic_has_its_offsets_what_waits_and_its_times() {
    let broker = broker();
    let program = broker.program();
    for topic in ["events", "txn", "compacted", "head_deleted", "txn_commit_tail", "empty"] {
        raw(&program, "k", topic);
        let mut times: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
        for record in sorted(broker.truth(topic)) {
            let of = times.entry(record["partition"].as_u64().unwrap()).or_default();
            of.push(record["timestamp"].as_i64().unwrap());
        }
        let sql = format!(
            "select partition, end_offset - begin_offset = records_at_most, \
             cast(first_timestamp as bigint), cast(last_timestamp as bigint) \
             from stream_status('k.default.{topic}') order by 1"
        );
        for line in answer(&program, &sql).lines() {
            let parts: Vec<&str> = line.split(',').collect();
            let of = times.get(&parts[0].parse().unwrap());
            let expected =
                of.map(|times| [times[0], times[times.len() - 1]].map(|it| it.to_string()));
            let expected = expected.unwrap_or_default();
            assert_eq!(parts[1..], ["true", &expected[0], &expected[1]], "{topic}: {line}");
        }
    }
    let sql = "select sum(held_back), min(begin_offset) from stream_status('k.default.txn')";
    assert_eq!(answer(&program, sql), "7,0\n");
    let sql = "select begin_offset, end_offset from stream_status('k.default.head_deleted') \
               where partition < 2 order by partition";
    assert_eq!(answer(&program, sql), "77,200\n200,200\n");
    assert_eq!(number(&program, "select count(*) from stream_status('k.default.empty')"), 3);
}

#[test]
fn a_part_of_a_topic_lies_between_offsets_or_times() {
    let broker = broker();
    let program = broker.program();
    raw(&program, "k", "events");
    raw(&program, "k", "head_deleted");
    let truth = broker.truth("events");
    let count = |of: &dyn Fn(&Value) -> bool| truth.iter().filter(|it| of(it)).count() as u64;
    let offset = |it: &Value| it["offset"].as_u64().unwrap();
    let scan = |arguments: &str| {
        number(
            &program,
            &format!("select count(*) from stream_scan('k.default.events', {arguments})"),
        )
    };
    let within = count(&|it| (100..5000).contains(&offset(it)));
    assert_eq!(scan("start => 100, stop => 5000"), within);
    assert_eq!(scan("start => earliest, stop => latest"), truth.len() as u64);
    assert_eq!(scan("start => '3 days ago', stop => latest"), 0);
    let millis =
        |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis();
    let (from, to) = (millis("2026-08-29T10:50:00Z"), millis("2026-08-29T10:58:00.005Z"));
    let between = count(&|it| (from..to).contains(&it["timestamp"].as_i64().unwrap()));
    assert!(between > 0);
    assert_eq!(
        scan("start => '2026-08-29 10:50', stop => timestamp '2026-08-29T10:58:00.005Z'"),
        between
    );
    let sql = "select (select count(*) from k.default.events as a \
               join stream_scan('k.default.events', start => 20000) as b using (_partition, _offset)), \
               (select count(*) from k.default.events where _offset >= 20000)";
    let both = answer(&program, sql);
    let (one, other) = both.trim().split_once(',').unwrap();
    assert_eq!(one, other);
    let (_, read) = counter(
        &program,
        "select count(*) from stream_scan('k.default.events', start => 100, stop => 5000) \
         where _partition = 1 and _offset < 200",
        "offsets_to_read",
    );
    assert_eq!(read, 100);
    for (arguments, kind, told) in [
        (
            "'k.default.head_deleted', start => 0",
            "gone",
            "has no offset 0 any more: partition 0 has [77, 200)",
        ),
        (
            "'k.default.events', start => 1000000",
            "sql",
            "is behind the end of k.default.events: partition 0 has [0, ",
        ),
    ] {
        let ran = run(&program, &format!("select * from stream_scan({arguments})"), &[]);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("error: kind={kind} ")), "{}", ran.stderr);
    }
}

/// The offsets of lines `partition,offset`, by partition.
fn offsets<'l>(lines: impl Iterator<Item = &'l str>) -> BTreeMap<u64, Vec<u64>> {
    let mut found: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in lines {
        let (partition, offset) = line.split_once(',').unwrap();
        found.entry(partition.parse().unwrap()).or_default().push(offset.parse().unwrap());
    }
    found
}

#[test]
fn who_follows_sees_every_record_once_while_a_producer_writes_and_the_broker_is_restarted() {
    let broker = alone();
    let program = broker.program();
    raw(&program, "k", "live");
    let sql = "\\tail -n 0 select _partition, _offset from k.default.live";
    let following = Following::start(&program, sql);
    broker.run(&["write", "live"]);
    let mut seen = following.lines(2000);
    broker.run(&["stop"]);
    broker.run(&["start"]);
    seen.extend(following.lines(2000));
    broker.run(&["stop_writing"]);
    let mut truth: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for record in sorted(broker.truth("live")) {
        let of = truth.entry(record["partition"].as_u64().unwrap()).or_default();
        of.push(record["offset"].as_u64().unwrap());
    }
    // Everything has been written: what is missing comes now.
    while let Some(line) = following.line_within(Duration::from_secs(5)) {
        seen.push(line);
    }
    let (ran, took) = following.interrupt();
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 130), "{}", ran.stderr);
    assert!(took < Duration::from_secs(2), "{took:?}");
    let seen = offsets(seen.iter().map(String::as_str));
    assert_eq!(seen.len(), 2);
    for (partition, seen) in seen {
        // It began to follow before or after the first records were written.
        let first = truth[&partition].iter().position(|offset| *offset == seen[0]).unwrap();
        assert_eq!(seen, truth[&partition][first..], "partition {partition}");
    }
}

#[test]
fn following_begins_with_the_last_records_that_are_committed_and_pass() {
    let broker = broker();
    let program = broker.program();
    for (topic, last) in [("events", 20), ("txn", 20), ("compacted", 3)] {
        let filter = format!("k.default.{topic} where n % 7 = 3");
        let sql = format!(
            "\\tail -n {last} select _timestamp, _partition, _offset from {filter} limit {last}"
        );
        let ran = run(&program, &sql, &["--csv"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let rows: Vec<&str> = ran.stdout.lines().collect();
        let order = "order by _timestamp desc, _offset desc";
        let sql =
            format!("select _timestamp, _partition, _offset from {filter} {order} limit {last}");
        let expected = answer(&program, &sql);
        let mut expected: Vec<&str> = expected.lines().collect();
        expected.reverse();
        assert_eq!(rows.len(), expected.len(), "{topic}");
        // Of records of one time any may be among the last.
        let times = |rows: &[&str]| -> Vec<String> {
            rows.iter().filter_map(|row| row.split(',').next()).map(str::to_owned).collect()
        };
        if topic != "txn" {
            assert_eq!(times(&rows), times(&expected), "{topic}");
        }
    }
}
