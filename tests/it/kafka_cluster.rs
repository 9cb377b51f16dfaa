//! Who is let in over TLS, what happens when leaders move among brokers, partitions that are added.
#![cfg(feature = "kafka")]

use std::collections::BTreeMap;

use crate::following::Following;
use crate::program::Program;
use crate::servers::certificates::{authority, openssl};
use crate::servers::kafka::{Trio, broker};
use crate::topics::{answer, number, raw, run};

#[test]
fn over_tls_brokers_are_known_by_their_authority_and_who_asks_by_a_certificate_or_a_password() {
    let broker = broker();
    let program = Program::new();
    let catalog = |name: &str, servers: &str, more: &str| {
        let options = format!("[options]\nbootstrap_servers = '{servers}'\n{more}");
        program.write(&format!("catalog/{name}.toml"), format!("connector = 'kafka'\n{options}\n"));
    };
    for name in ["ca.pem", "reader.pem", "reader.key"] {
        program.write(&format!("catalog/{name}"), std::fs::read(broker.file(name)).unwrap());
    }
    let folder = program.path("catalog");
    openssl(&folder, "rsa -aes256 -passout pass:locked -in reader.key -out locked.key");
    std::fs::create_dir(program.path("elsewhere")).unwrap();
    authority(&program.path("elsewhere"));

    let ca = "ca_certificate = 'ca.pem'\n";
    let reader = format!("{ca}certificate = 'reader.pem'\n");
    let password = format!("{ca}username = 'reader'\npassword = ");
    catalog("anyone", &broker.tls, ca);
    catalog("reader", &broker.tls, &format!("{reader}key = 'reader.key'"));
    let locked = format!("{reader}key = 'locked.key'\nkey_password = ");
    catalog("locked", &broker.tls, &format!("{locked}'locked'"));
    catalog("keyed", &broker.tls, &format!("{locked}'guess'"));
    catalog("plain", &broker.tls_sasl, &format!("{password}'reader-pw'"));
    catalog("wrong", &broker.tls_sasl, &format!("{password}'guess'"));
    catalog("stranger", &broker.tls, "ca_certificate = '../elsewhere/ca.pem'");
    catalog("machine", &broker.tls, "tls = true");
    catalog("missing", &broker.tls, "ca_certificate = 'none.pem'");
    catalog("open", &broker.tls, "");

    for name in ["anyone", "reader", "locked", "plain"] {
        let sql = format!("select count(*) from {name}.default.events");
        assert_eq!(number(&program, &sql), 120_000, "{name}");
    }
    assert_eq!(number(&program, "select count(*) from anyone.default.codec_lz4"), 2000);
    let unverified = "certificate verify failed";
    for (sql, kind, says, hint) in [
        ("reader.default.codec_lz4", "denied", "topic codec_lz4", ""),
        ("plain.default.codec_lz4", "denied", "topic codec_lz4", ""),
        (
            "wrong.default.events",
            "unauthenticated",
            "Authentication failed",
            "username and password",
        ),
        ("stranger.default.events", "unavailable", unverified, "ca_certificate"),
        ("machine.default.events", "unavailable", unverified, "ca_certificate"),
        ("missing.default.events", "config", "ca_certificate", "none.pem: No such file"),
        ("keyed.default.events", "config", "ssl.key.location failed", ""),
        ("open.default.events", "unavailable", "no broker answers", "whether `tls` is"),
    ] {
        let ran = run(&program, &format!("select * from {sql}"), &[]);
        assert!(ran.stderr.contains(says), "{sql}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{sql}: {}", ran.stderr);
        let last = format!("error: kind={kind} ");
        assert!(ran.stderr.lines().last().unwrap().starts_with(&last), "{sql}: {}", ran.stderr);
        assert!(!ran.stderr.contains("guess"), "{sql}: {}", ran.stderr);
    }
}

#[test]
fn leaders_that_move_and_die_among_three_brokers_in_the_midst_of_a_scan_cost_no_record() {
    let trio = Trio::start();
    // Long records: most of them cannot be on their way before leaders move.
    trio.run(0, &["bench", "wide", "3", "12000", "10000", "none"]);
    let program = trio.program();
    raw(&program, "k", "wide");
    let sql = "select _partition, _offset, value from k.default.wide";
    let (child, mut lines) = program.rows(sql);
    let mut offsets: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    let mut take = |line: std::io::Result<String>| {
        let line = line.unwrap();
        let mut parts = line.split(',');
        let mut next = || parts.next().unwrap();
        let partition = next().parse().unwrap();
        offsets.entry(partition).or_default().push(next().parse().unwrap());
    };
    lines.by_ref().take(100).for_each(&mut take);
    // It hands its partitions to others before it ends.
    let first = trio.leader(0, "wide", 0);
    trio.run(first, &["stop"]);
    lines.by_ref().take(100).for_each(&mut take);
    trio.run(first, &["start"]);
    // This one does not.
    let second = trio.leader(first, "wide", 0);
    assert_ne!(first, second);
    trio.kill(second);
    lines.for_each(&mut take);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Vec<u64> = (0..4000).collect();
    assert_eq!(offsets.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    for (partition, mut offsets) in offsets {
        offsets.sort_unstable();
        assert_eq!(offsets, whole, "partition {partition}");
    }
    // Those that are left answer for all.
    assert_eq!(number(&program, "select count(*) from k.default.wide"), 12_000);
}

#[test]
fn partitions_that_are_added_are_read_from_the_next_statement_on_and_followed() {
    let broker = broker();
    let program = broker.program();
    broker.run(&["bench", "growing", "1", "100", "10", "none"]);
    raw(&program, "k", "growing");
    let sql = "select count(*) from k.default.growing";
    let ran = run(&program, sql, &["--csv", "--report", "json=report.json"]);
    assert_eq!(ran.stdout, "100\n", "{}", ran.stderr);
    let report = std::fs::read(program.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let token = report["statements"][0]["read_point"].as_str().unwrap();

    let follow = "\\tail -n 1 select _partition, _offset from k.default.growing";
    let following = Following::start(&program, follow);
    assert_eq!(following.line(), "0,99");
    broker.run(&["grow", "growing", "3"]);
    broker.run(&["bench", "growing", "3", "300", "10", "none"]);
    let mut lines = following.lines(300);
    let (ran, _) = following.interrupt();
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 130), "{}", ran.stderr);
    lines.sort_unstable();
    let places = (0..100).flat_map(|offset| [(0, offset + 100), (1, offset), (2, offset)]);
    let mut expected: Vec<String> =
        places.map(|(partition, offset)| format!("{partition},{offset}")).collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);

    assert_eq!(number(&program, sql), 400);
    let by = "select _partition, count(*) from k.default.growing group by 1 order by 1";
    assert_eq!(answer(&program, by), "0,200\n1,100\n2,100\n");
    // What was pinned before they were there has none of them.
    let replayed = run(&program, sql, &["--csv", "--read-point", token]);
    assert_eq!(replayed.stdout, "100\n", "{}", replayed.stderr);
}
