//! Faults of a network, in every format: the right answer or a clear error, never a short one.

use super::{buckets, catalog_file, lake, stores, through_front};
use crate::program::{Program, Ran};
use crate::servers::buckets::Turn;

/// A table of every format and what its count and one sum are.
const QUESTIONS: &[(&str, &str)] = &[
    ("raw/device_events", "select count(*), sum(signal_dbm) from lake.raw.device_events"),
    ("raw/users", "select count(*), max(user_id) from lake.raw.users"),
    ("raw/workouts", "select count(*), max(cast(workout_id as varchar)) from lake.raw.workouts"),
    ("raw/devices", "select count(*), min(device_id) from lake.raw.devices"),
];

fn ask(program: &Program, sql: &str) -> Ran {
    program.run(&["--csv", "-q", "-c", sql])
}

/// Runs every question under a fault; `times` is how often it strikes.
fn under(buckets: &Turn, program: &Program, fault: &str, check: impl Fn(&str, &Ran, &Ran)) {
    for (key, sql) in QUESTIONS {
        buckets.faults("[]");
        let right = ask(program, sql);
        assert_eq!(right.code, 0, "{sql}: {}", right.stderr);
        buckets.faults(&format!("[{{\"key\": \"{key}\", {fault}}}]"));
        check(sql, &right, &ask(program, sql));
    }
}

/// OSS with little patience.
fn impatient(buckets: &Turn, retries: usize) -> String {
    let [_, (_, oss)] = stores(buckets);
    format!("{oss}timeout = '400ms'\nretries = {retries}\n")
}

#[test]
fn faults_that_pass_change_no_answer() {
    let buckets = buckets();
    let program = lake(&buckets, &impatient(&buckets, 3));
    for fault in [
        "\"kind\": \"status\", \"status\": 503, \"code\": \"SlowDown\", \"times\": 2",
        "\"kind\": \"status\", \"status\": 500, \"code\": \"InternalError\", \"times\": 1",
        "\"kind\": \"status\", \"status\": 503, \"times\": 2, \"listing\": true, \"key\": \"\"",
        "\"kind\": \"reset\", \"after\": 1000, \"times\": 3",
        "\"kind\": \"reset\", \"after\": 0, \"times\": 2",
        "\"kind\": \"truncate\", \"after\": 777, \"times\": 3",
        "\"kind\": \"stall\", \"after\": 500, \"seconds\": 2, \"times\": 1",
        "\"kind\": \"hang\", \"seconds\": 1, \"times\": 1",
        "\"kind\": \"slow\", \"seconds\": 0.05, \"times\": 2",
        "\"kind\": \"ignore-range\", \"times\": 1",
    ] {
        under(&buckets, &program, fault, |sql, right, ran| {
            assert_eq!(
                (ran.code, &ran.stdout),
                (0, &right.stdout),
                "{fault}, {sql}: {}",
                ran.stderr
            );
        });
    }
}

#[test]
fn faults_that_stay_are_errors_and_never_short_answers() {
    let buckets = buckets();
    let program = lake(&buckets, &impatient(&buckets, 1));
    for (fault, said) in [
        (
            "\"kind\": \"status\", \"status\": 503, \"code\": \"SlowDown\", \"times\": 9999",
            "lake.oss-cn-hangzhou.aliyuncs.com asks for fewer requests (Please reduce your request rate.)",
        ),
        ("\"kind\": \"truncate\", \"after\": 0, \"times\": 9999", "the connection broke"),
        ("\"kind\": \"hang\", \"seconds\": 1, \"times\": 9999", "no answer came for 400ms"),
        (
            "\"kind\": \"ignore-range\", \"times\": 9999",
            "lake.oss-cn-hangzhou.aliyuncs.com answers with whole objects where parts were asked for",
        ),
    ] {
        under(&buckets, &program, fault, |sql, right, ran| {
            // Whole small files are asked for without a range, so that a server may ignore none.
            if fault.contains("ignore-range") && ran.code == 0 {
                assert_eq!(ran.stdout, right.stdout, "{sql}");
                return;
            }
            assert_eq!(ran.code, 2, "{fault}, {sql}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains(said), "{fault}, {sql}: {}", ran.stderr);
            assert!(ran.stderr.contains("kind=unavailable"), "{fault}, {sql}: {}", ran.stderr);
        });
    }
}

#[test]
fn a_receipt_says_what_was_asked_and_how_long_it_waited() {
    let buckets = buckets();
    let program = lake(&buckets, &impatient(&buckets, 3));
    buckets.faults(r#"[{"key": "users", "kind": "status", "status": 503, "times": 2}]"#);
    let ran = ask(&program, "select count(*) from lake.raw.users; show receipt");
    let counters: Vec<(&str, u64)> = ran
        .stdout
        .lines()
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|fields| fields.get(1) == Some(&"oss://lake"))
        .map(|fields| (fields[2], fields[3].parse().unwrap()))
        .collect();
    let amount =
        |name: &str| counters.iter().find(|(counter, _)| *counter == name).map(|(_, n)| *n);
    assert_eq!(amount("retries"), Some(2), "{counters:?} {}", ran.stderr);
    assert!(amount("waited_ms") >= Some(100), "{counters:?}");
    assert!(
        amount("list_requests") >= Some(1) && amount("get_requests") >= Some(3),
        "{counters:?}"
    );
    assert!(amount("bytes_received") > Some(100_000), "{counters:?}");
}

#[test]
fn one_request_at_a_time_is_enough() {
    let buckets = buckets();
    let [_, (_, oss)] = stores(&buckets);
    let program = lake(&buckets, &format!("{oss}requests = 1\n"));
    for (_, sql) in QUESTIONS {
        // Blocks are fetched ahead and partitions read side by side.
        let ran = program.run(&["--csv", "-q", "--timeout", "60s", "-c", sql]);
        assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    }
}

#[test]
fn a_dead_server_is_named_at_once() {
    let buckets = buckets();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = Program::new();
    let store = format!("endpoint = 'http://127.0.0.1:{port}'\nanonymous = true\nretries = 1\n");
    program.write("catalog/gone.toml", catalog_file("s3://lake/", &store));
    program
        .write("catalog/lake.toml", catalog_file("oss://public-lake/", &through_front(&buckets)));
    let ran = ask(&program, "select * from gone.raw.users");
    let said = format!("127.0.0.1:{port} cannot be reached");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
}
