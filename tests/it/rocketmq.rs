//! Topics of real brokers, held against what RocketMQ's own pull consumer reads of them.

use serde_json::Value;
use sluice::engine::{Engine, EngineOptions, Parameters};

use crate::program::Program;
use crate::rows;
use crate::servers::rocketmq::{Cluster, alone, cluster};
use crate::topics::{answer, bytes_of_base64, bytes_of_hex, counter, number, raw, run};

/// Every topic: many queues, compressed, batches, transactions, addresses of 16 bytes, holes, nothing.
const TOPICS: [&str; 14] = [
    "events",
    "codec_zlib",
    "codec_lz4",
    "codec_zstd",
    "odd",
    "large",
    "packed",
    "txn",
    "delayed",
    "empty",
    "many",
    "wide",
    "spread",
    "head_deleted",
];

/// The messages of a topic in their order, each a line that is parsed when it is looked at.
fn truth(cluster: &Cluster, topic: &str) -> Vec<Value> {
    let text = cluster.truth(topic);
    let mut messages: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    messages.sort_by_key(|it| (it["partition"].as_str().map(str::to_owned), it["offset"].as_u64()));
    messages
}

fn text(value: &Value) -> Option<Vec<u8>> {
    value.as_str().map(|text| text.as_bytes().to_vec())
}

/// Names and values, in the order of names.
fn properties(row: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let all = row["_properties"].as_object().unwrap().iter();
    let mut all: Vec<_> =
        all.map(|(name, value)| (name.as_bytes().to_vec(), text(value).unwrap())).collect();
    all.sort();
    all
}

/// Where a row is not the message.
fn differs(row: &Value, message: &Value) -> bool {
    let pair = |it: &Value| (bytes_of_base64(&it[0]).unwrap(), bytes_of_base64(&it[1]).unwrap());
    let mut theirs: Vec<_> = message["properties"].as_array().unwrap().iter().map(pair).collect();
    theirs.sort();
    row["_partition"] != message["partition"]
        || row["_offset"] != message["offset"]
        || row["ms"] != message["timestamp"]
        || row["born"] != message["born"]
        || text(&row["_tags"]) != bytes_of_base64(&message["tags"])
        || text(&row["_keys"]) != bytes_of_base64(&message["keys"])
        || text(&row["_msg_id"]) != bytes_of_base64(&message["id"])
        || bytes_of_hex(&row["value"]) != bytes_of_base64(&message["value"])
        || properties(row) != theirs
}

#[test]
fn every_message_is_the_one_that_rocketmqs_own_consumer_reads() {
    let cluster = cluster();
    let program = cluster.program();
    let mut compared = 0;
    for topic in TOPICS {
        raw(&program, "m", topic);
        let truth = truth(&cluster, topic);
        let sql = format!(
            "select _partition, _offset, cast(_timestamp as bigint) as ms, cast(_born_timestamp as bigint) \
             as born, _tags, _keys, _msg_id, _properties, value from m.default.\"{topic}\" \
             order by _partition, _offset"
        );
        let ran = run(&program, &sql, &["--ndjson"]);
        assert_eq!(ran.code, 0, "{topic}: {}", ran.stderr);
        assert_eq!(ran.stdout.lines().count(), truth.len(), "{topic}");
        for (line, message) in ran.stdout.lines().zip(&truth) {
            let row: Value = serde_json::from_str(line).unwrap();
            assert!(!differs(&row, message), "{topic}: {row} is not {message}");
        }
        let count = number(&program, &format!("select count(*) from m.default.\"{topic}\""));
        assert_eq!(count, truth.len() as u64, "{topic}");
        compared += truth.len();
    }
    println!("rocketmq: {compared} messages compared");
    assert!(compared >= 100_000);
}

#[test]
fn a_cluster_is_listed_described_and_checked() {
    let cluster = cluster();
    let program = cluster.program();
    let listed = answer(&program, "show tables from m.default");
    let tables: Vec<&str> = listed.lines().filter_map(|line| line.split(',').next()).collect();
    for topic in TOPICS {
        assert!(tables.contains(&topic), "{topic}: {tables:?}");
    }
    // Neither topics of the system, nor those of brokers and clusters.
    let expected = TOPICS.len() + ["dirty", "live", "deleted", "MQ_INST_1_x%orders"].len();
    assert_eq!(tables.len(), expected, "{tables:?}");
    let kinds =
        "select arrow_typeof(_properties), arrow_typeof(_partition) from m.default.odd limit 1";
    raw(&program, "m", "odd");
    assert!(answer(&program, kinds).contains("Map("), "{kinds}");
    let tag = "select count(*) from m.default.odd where _tags = 'BBAa' and _properties['CLUSTER'] = 'sluice'";
    assert_eq!(number(&program, tag), 80);
    let columns = answer(&program, "describe m.default.events");
    for column in ["n,", "device_model,", "_partition,", "_offset,", "_timestamp,"] {
        assert!(columns.lines().any(|line| line.starts_with(column)), "{columns}");
    }
    let checked = program.run(&["check", "m"]);
    let all = format!("{}{}", checked.stdout, checked.stderr);
    assert!(all.contains("the cluster answers"), "{all}");
    // What belongs to an instance has its name there, and is called without it.
    let server = &cluster.plain;
    let options = format!("name_servers = 'dead.invalid:1;{server}'\ninstance = 'MQ_INST_1_x'\n");
    program.write("catalog/one.toml", format!("connector = 'rocketmq'\n[options]\n{options}"));
    assert_eq!(answer(&program, "show tables from one.default").lines().count(), 1);
    assert_eq!(number(&program, "select count(*) from one.default.orders"), 1);
}

const OFF: [&str; 4] = [
    "--set",
    "pushdown=false",
    "--set",
    "datafusion.optimizer.enable_dynamic_filter_pushdown=false",
];

#[test]
fn filters_on_times_answer_as_the_messages_do_and_read_no_more() {
    let cluster = cluster();
    let program = cluster.program();
    for topic in ["events", "odd", "spread", "head_deleted", "packed"] {
        raw(&program, "m", topic);
        let messages = truth(&cluster, topic);
        let mut times: Vec<i64> =
            messages.iter().map(|it| it["timestamp"].as_i64().unwrap()).collect();
        times.sort_unstable();
        let among = |part: usize| times[(times.len() - 1) * part / 7];
        for part in 0..7 {
            // Both ends are times of messages, of which there may be several.
            let (from, to) = (among(part), among(part + 1));
            let expected = times.iter().filter(|time| **time >= from && **time < to).count();
            let sql = format!(
                "select count(*) from m.default.{topic} where _timestamp >= to_timestamp_millis({from}) \
                 at time zone 'UTC' and _timestamp < to_timestamp_millis({to}) at time zone 'UTC'"
            );
            let (rows, read) = counter(&program, &sql, "offsets_to_read");
            assert_eq!(rows.trim(), expected.to_string(), "{sql}");
            let off = run(&program, &sql, &[&["--csv"], OFF.as_slice()].concat());
            assert_eq!(off.stdout.trim(), expected.to_string(), "{sql}");
            // Messages of a batch have one time, and each queue may have a batch before and one behind.
            assert!(read <= expected as u64 + 8 * 251, "{read} for {expected}: {sql}");
        }
    }
}

#[test]
fn the_last_messages_are_read_from_the_end() {
    let cluster = cluster();
    let program = cluster.program();
    for topic in ["events", "spread", "packed"] {
        for sql in [
            format!(
                "select _partition, _offset from m.default.{topic} order by _offset desc, _partition limit 100"
            ),
            format!(
                "select _partition, _offset, n from m.default.{topic} where n % 7 = 3 order by _offset desc, _partition limit 20"
            ),
            format!(
                "select _timestamp from m.default.{topic} where n % 7 = 3 order by _timestamp desc limit 20"
            ),
        ] {
            let on = answer(&program, &sql);
            let off = run(&program, &sql, &[&["--csv"], OFF.as_slice()].concat());
            assert_eq!(on, off.stdout, "{sql}");
        }
    }
    for order in ["_offset", "_timestamp"] {
        let sql = format!(
            "select n from m.default.events where n % 7 = 3 order by {order} desc limit 20"
        );
        let (_, read) = counter(&program, &sql, "rows_read");
        assert!(read > 0 && read < 20_000, "{order}: {read}");
    }
    let filtered = "select count(*) from m.default.events where _partition in ('a-1', 'a-2') and _offset >= 100";
    let (_, read) = counter(&program, filtered, "offsets_to_read");
    assert_eq!(number(&program, filtered), read);
    assert_eq!(
        number(&program, "select count(*) from (select * from m.default.events limit 7)"),
        7
    );
}

#[test]
fn a_topic_has_a_status_and_parts_between_offsets() {
    let cluster = cluster();
    let program = cluster.program();
    let status = "select count(*), sum(records_at_most), min(begin_offset), max(end_offset) \
                  from stream_status('m.default.many')";
    assert_eq!(answer(&program, status), "64,640,0,10\n");
    let part = "select count(*), min(_offset), max(_offset) \
                from stream_scan('m.default.events', start => 100, stop => 5000)";
    assert_eq!(answer(&program, part), "19600,100,4999\n");
    let since = "select * from stream_scan('m.default.events', start => '10 minutes ago')";
    let refused = run(&program, since, &[]);
    let told = "a topic has no index of times that finds the very first offset";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
}

#[test]
fn good_and_bad_messages_are_all() {
    let cluster = cluster();
    let program = cluster.program();
    let columns = "max_bad_records = 100\n[[columns]]\nname = 'n'\ntype = 'BIGINT'\n";
    program.write("catalog/m/default/dirty.toml", columns);
    let good = answer(&program, "select count(*), count(n), sum(n) from m.default.dirty");
    assert_eq!(good, format!("400,400,{}\n", (0..400).sum::<i64>()));
    let kinds = "select kind, count(*) from errors('m.default.dirty') group by 1 order by 1";
    assert_eq!(answer(&program, kinds), "encoding,1\nmalformed,9\ntype,2\n");
    program.write("catalog/m/default/dirty.toml", format!("on_error = 'fail'\n{columns}"));
    let failed =
        run(&program, "select count(*) from m.default.dirty where _partition = 'a-0'", &[]);
    assert!(
        failed.stderr.contains("m.default.dirty partition a-0 offset 1: "),
        "{}",
        failed.stderr
    );
}

#[test]
fn a_statement_sees_one_state_while_a_producer_writes() {
    let cluster = alone();
    let program = cluster.program();
    raw(&program, "m", "live");
    cluster.run(&["write", "live"]);
    let sql = "select (select count(*) from m.default.live), (select count(*) from m.default.live as a \
               join m.default.live as b using (_partition, _offset))";
    let answers = answer(&program, &[sql; 5].join("; "));
    cluster.run(&["stop_writing"]);
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
fn nothing_is_left_on_the_brokers() {
    let cluster = alone();
    let program = cluster.program();
    let before = cluster.run(&["state"]);
    assert_eq!(number(&program, "select count(*) from m.default.events"), 120_000);
    answer(&program, "select * from m.default.spread order by _offset desc limit 3");
    answer(&program, "show tables from m.default");
    let unknown = run(&program, "select * from m.default.evnts", &[]);
    assert!(unknown.stderr.contains("did you mean events?"), "{}", unknown.stderr);
    program.write("catalog/m/default/t.toml", "[options]\nstream = 'evnts'\n");
    let unknown = run(&program, "select * from m.default.t", &[]);
    assert!(
        unknown.stderr.contains("there is no topic evnts at rocketmq://"),
        "{}",
        unknown.stderr
    );
    assert_eq!(cluster.run(&["state"]), before);
}

#[test]
fn what_retention_deleted_is_told_and_never_left_out() {
    let cluster = alone();
    let program = cluster.program();
    raw(&program, "m", "deleted");
    let sql = "select count(*) from m.default.deleted";
    let ran = run(&program, sql, &["--csv", "--report", "json=report.json"]);
    let report = std::fs::read(program.path("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let token = report["statements"][0]["read_point"].as_str().unwrap();
    let there: u64 = ran.stdout.trim().parse().unwrap();
    assert!(there > 0 && there < 300, "{there}");
    let replayed = run(&program, sql, &["--csv", "--read-point", token]);
    assert_eq!(replayed.stdout, ran.stdout, "{}", replayed.stderr);
    cluster.run(&["delete_head", "b"]);
    assert_eq!(number(&program, sql), truth(&cluster, "deleted").len() as u64);
    let gone = run(&program, sql, &["--read-point", token]);
    let told = format!("partition b-0 of m.default.deleted: offsets {} to ", 300 - there);
    assert!(gone.stderr.contains(&told), "{}", gone.stderr);
    assert!(gone.stderr.ends_with("error: kind=gone -c:1:1\n"), "{}", gone.stderr);
}

#[test]
fn who_asks_is_let_in_or_told_why_not() {
    let cluster = cluster();
    let program = Program::new();
    let catalog = |name: &str, server: &str, more: &str| {
        let options = format!("[options]\nname_servers = '{server}'\n{more}");
        program
            .write(&format!("catalog/{name}.toml"), format!("connector = 'rocketmq'\n{options}\n"));
    };
    let keys = "channel = 'ALIYUN'\naccess_key = 'reader'\nsecret_key = ";
    catalog("good", &cluster.guarded, &format!("{keys}'reader-secret'"));
    catalog("wrong", &cluster.guarded, &format!("{keys}'guess'"));
    catalog("nobody", &cluster.guarded, "");
    catalog("group", &cluster.guarded, &format!("group = 'other'\n{keys}'reader-secret'"));
    // Nobody listens where a listener was just closed.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    catalog("dead", &closed.to_string(), "");
    assert_eq!(number(&program, "select count(*) from good.default.events"), 100);
    for (sql, kind, says) in [
        ("select * from good.default.hidden", "denied", "topic hidden"),
        (
            "select * from wrong.default.events",
            "unauthenticated",
            "look at access_key and secret_key",
        ),
        ("select * from nobody.default.events", "unauthenticated", "broker guarded at 127.0.0.1:"),
        ("select * from group.default.events", "denied", "`group` in the catalog file"),
        ("select * from dead.default.events", "unavailable", "Connection refused"),
    ] {
        let ran = run(&program, sql, &[]);
        assert!(ran.stderr.contains(says), "{sql}: {}", ran.stderr);
        let last = format!("error: kind={kind} ");
        assert!(ran.stderr.lines().last().unwrap().starts_with(&last), "{sql}: {}", ran.stderr);
        assert!(!ran.stderr.contains("guess"), "{}", ran.stderr);
    }
    catalog("open", &cluster.plain, "");
    let limited =
        run(&program, "select * from open.default.events", &["--max-scan-records", "1000"]);
    let told = "the statement scans at least 120000 records, and max_scan_records is 1000";
    assert!(limited.stderr.contains(told), "{}", limited.stderr);
}

#[test]
fn a_broker_that_is_restarted_in_the_midst_of_a_scan_costs_no_message() {
    let cluster = alone();
    let program = cluster.program();
    raw(&program, "m", "wide");
    let sql = "select _offset, value from m.default.wide";
    let (child, mut lines) = program.rows(sql);
    let mut offsets = Vec::new();
    let mut take = |line: std::io::Result<String>| {
        let line = line.unwrap();
        offsets.push(line.split_once(',').unwrap().0.parse::<u64>().unwrap());
    };
    // Most of the topic cannot be on its way yet.
    lines.by_ref().take(100).for_each(&mut take);
    cluster.run(&["stop", "a"]);
    cluster.run(&["start", "a"]);
    lines.for_each(&mut take);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(offsets, (0..6000).collect::<Vec<_>>());
}

#[test]
fn a_broker_that_is_gone_is_named_and_its_queues_are_not_left_out() {
    let cluster = alone();
    let program = cluster.program();
    raw(&program, "m", "spread");
    let runtime = rows::runtime();
    let session = || {
        let options = EngineOptions {
            catalog_dir: Some(program.path("catalog")),
            partitions: Some(3),
            ..EngineOptions::default()
        };
        Engine::start(options).unwrap().session()
    };
    let (one, other) = (session(), session());
    let sql = "select count(*), count(distinct _msg_id) from m.default.spread";
    let count = |session| runtime.block_on(rows::run(session, sql)).map(|rows| rows.rows);
    let both = count(&one).unwrap();
    assert_eq!(both[0][0], truth(&cluster, "spread").len().to_string());
    // A plan that travels asks there for what it needs.
    let plan = runtime.block_on(one.encode_plan(sql, &Parameters::default())).unwrap();
    let travelled = async { rows::read(other.run_encoded(&plan).await?).await };
    assert_eq!(runtime.block_on(travelled).unwrap().unwrap().rows, both);
    cluster.run(&["stop", "b"]);
    let told = count(&one).unwrap_err().to_string();
    cluster.run(&["start", "b"]);
    assert!(told.contains("topic spread: broker b at 127.0.0.1:"), "{told}");
    assert_eq!(count(&one).unwrap(), both);
}
