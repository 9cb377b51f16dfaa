//! Topics whose records have schemas: a real broker and a real registry, held against what Avro's own
//! library reads of every record.
#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::program::Program;
use crate::servers::kafka::{Broker, broker};
use crate::servers::registry::registry;
use crate::topics::{answer, number, run};

/// The program with a catalog `k` whose records' schemas the registry keeps, and more options.
fn program(broker: &Broker, more: &str) -> Program {
    let program = Program::new();
    let options = format!(
        "bootstrap_servers = '{}'\nschema_registry = '{}'\n{more}",
        broker.plain,
        registry().url
    );
    program.write("catalog/k.toml", format!("connector = 'kafka'\n[options]\n{options}\n"));
    program
}

/// Micros since 1970, or since midnight.
fn micros(text: &str) -> i64 {
    if let Ok(time) = text.parse::<chrono::DateTime<chrono::Utc>>() {
        return time.timestamp_micros();
    }
    if let Ok(time) = text.replace(' ', "T").parse::<chrono::NaiveDateTime>() {
        return time.and_utc().timestamp_micros();
    }
    let time: chrono::NaiveTime = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    (time - chrono::NaiveTime::MIN).num_microseconds().unwrap()
}

/// Whether a value is what the other library read: numbers by their bits.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    let bits = |name: &str| theirs.get(name).map(ToString::to_string);
    if let Some(bits) = bits("$double") {
        let number = f64::from_bits(bits.parse().unwrap());
        return match ours.as_f64() {
            Some(ours) => ours.to_bits() == number.to_bits(),
            None => ours.is_null() && !number.is_finite(),
        };
    }
    if let Some(bits) = bits("$float") {
        let number = f32::from_bits(bits.parse().unwrap());
        return match ours {
            Value::Null => !number.is_finite(),
            ours => ours.to_string().parse::<f32>().unwrap().to_bits() == number.to_bits(),
        };
    }
    if let Some(number) = theirs.get("$decimal") {
        return Some(ours.to_string().as_str()) == number.as_str();
    }
    if let Some(time) = theirs.get("$instant") {
        let instant = |of: &Value| of.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
        return instant(ours).unwrap() == instant(time).unwrap();
    }
    if let Some(time) = theirs.get("$at").or(theirs.get("$time")) {
        return ours.as_str().map(micros) == time.as_i64();
    }
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && theirs
                    .iter()
                    .all(|(key, theirs)| ours.get(key).is_some_and(|ours| is_same(ours, theirs)))
        }
        (ours, theirs) => ours == theirs,
    }
}

/// The place of a row or a record.
fn place(of: &Value) -> (u64, u64) {
    let number = |name: &str| {
        of.get(name)
            .or(of.get(&name[1..]))
            .and_then(Value::as_u64)
            .unwrap_or_else(|| panic!("{of}"))
    };
    (number("_partition"), number("_offset"))
}

/// Compares all rows and bad records of a topic with the truth, and says how many they were.
fn compare(program: &Program, topic: &str, truth: &str) -> usize {
    let ran = run(program, &format!("select * from k.default.{topic}"), &["--ndjson"]);
    assert_eq!(ran.code, 0, "{topic}: {}", ran.stderr);
    let mut rows: BTreeMap<(u64, u64), Value> = BTreeMap::new();
    for line in ran.stdout.lines() {
        let mut row: Value = serde_json::from_str(line).unwrap();
        let place = place(&row);
        let columns = row.as_object_mut().unwrap();
        columns.retain(|name, _| !name.starts_with('_'));
        assert!(rows.insert(place, row).is_none(), "{place:?} is there twice");
    }
    let sql =
        format!("select _partition, _offset, kind, raw_length from errors('k.default.{topic}')");
    let ran = run(program, &sql, &["--ndjson"]);
    assert_eq!(ran.code, 0, "{topic}: {}", ran.stderr);
    let mut bad: BTreeMap<(u64, u64), Value> = BTreeMap::new();
    for line in ran.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        bad.insert(place(&row), row["kind"].clone());
    }
    let mut compared = 0;
    for line in truth.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let place = place(&record);
        match (record.get("row"), record.get("bad")) {
            (Some(theirs), _) => {
                let ours = rows
                    .remove(&place)
                    .unwrap_or_else(|| panic!("{topic} {place:?}: no row: {line}"));
                for (name, theirs) in theirs.as_object().unwrap() {
                    let ours = &ours[name.as_str()];
                    assert!(
                        is_same(ours, theirs),
                        "{topic} {place:?} {name}: {ours} is not {theirs}"
                    );
                }
            }
            // A tombstone.
            (None, Some(Value::Null)) => {
                let ours = rows.remove(&place).unwrap();
                assert!(ours.as_object().unwrap().values().all(Value::is_null), "{ours}");
            }
            (None, kind) => assert_eq!(bad.remove(&place).as_ref(), kind, "{topic} {place:?}"),
        }
        compared += 1;
    }
    assert!(rows.is_empty() && bad.is_empty(), "{topic}: {rows:?} {bad:?}");
    compared
}

/// Writes a topic of Avro records under a subject, and gives what Avro's own library reads of it.
fn fill(broker: &Broker, topic: &str, subject: &str, seed: u32, records: usize) -> String {
    let truth = broker.file(&format!("{topic}.truth"));
    let (seed, records, path) = (seed.to_string(), records.to_string(), truth.to_str().unwrap());
    broker.run(&["avro", &registry().url, &seed, topic, subject, "7", &records, path]);
    std::fs::read_to_string(truth).unwrap()
}

#[test]
fn every_avro_record_is_what_avros_own_library_reads_by_the_latest_schema() {
    let broker = broker();
    let program = program(&broker, "");
    let mut compared = 0;
    for seed in 1..=4 {
        let topic = format!("avro_{seed}");
        let truth = fill(&broker, &topic, &format!("{topic}-value"), seed, 6000);
        compared += compare(&program, &topic, &truth);
        // Whatever is asked for, the same records are rows.
        let rows = truth.lines().filter(|line| !line.contains("\"bad\":\"")).count() as u64;
        for sql in
            ["count(*)", "count(coalesce(f0, 0))", "count(coalesce(cast(f16 as varchar), ''))"]
        {
            let sql = format!("select {sql} from k.default.{topic}");
            assert_eq!(number(&program, &sql), rows, "{sql}");
        }
    }
    println!("avro: {compared} records compared");
    assert!(compared >= 20_000);
    let described = program.run(&["-c", "\\d+ k.default.avro_1"]).stdout;
    assert!(described.contains("avro by schema "), "{described}");
    assert!(described.contains(", version 7 of subject avro_1-value"), "{described}");
    let inferred = answer(&program, "infer table k.default.avro_1");
    assert!(inferred.contains("version 7 of subject avro_1-value"), "{inferred}");
    assert!(inferred.contains("value_format = \"\"avro\"\""), "{inferred}");
}

#[test]
fn records_name_their_schema_also_where_no_subject_is_called_like_the_topic() {
    let broker = broker();
    let program = program(&broker, "");
    let truth = fill(&broker, "avro_named", "t.V", 9, 1000);
    // The last version has been met in the sample.
    assert_eq!(compare(&program, "avro_named", &truth), 1000);
    // With declared columns nobody needs to say more; what is missing is NULL.
    let columns = "[options]\nvalue_format = 'avro'\n[[columns]]\nname = 'n'\ntype = 'BIGINT'\nsource = 'f1'\n\
                   [[columns]]\nname = 'nowhere'\ntype = 'VARCHAR'\n";
    program.write("catalog/k/default/avro_named.toml", columns);
    let rows = truth.lines().filter(|line| !line.contains("\"bad\":\"")).count();
    let sql = "select count(*), count(nowhere) from k.default.avro_named";
    assert_eq!(answer(&program, sql), format!("{rows},0\n"));
    let subject = "[options]\nvalue_format = 'avro'\nvalue_subject = 't.V'\n";
    program.write("catalog/k/default/avro_named.toml", subject);
    assert_eq!(compare(&program, "avro_named", &truth), 1000);
    program.write("catalog/k/default/avro_named.toml", "on_error = 'fail'\n".to_owned() + subject);
    let failed = run(&program, "select count(*) from k.default.avro_named", &[]);
    assert!(failed.stderr.contains("k.default.avro_named partition "), "{}", failed.stderr);
    assert!(failed.stderr.contains(" offset "), "{}", failed.stderr);
}

#[test]
fn keys_have_a_format_of_their_own_and_may_be_bad() {
    let broker = broker();
    let program = program(&broker, "");
    let truth = fill(&broker, "avro_keyed", "avro_keyed-value", 13, 3000);
    program.write("catalog/k/default/avro_keyed.toml", "[options]\nkey_format = 'avro'\n");
    let (mut rows, mut bad) = (vec![], vec![]);
    for line in truth.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let n = record["n"].as_u64().unwrap();
        let is_bad = record.get("bad").is_some_and(|bad| !bad.is_null());
        if is_bad || n % 101 == 5 {
            bad.push((place(&record), !is_bad));
        } else {
            rows.push((place(&record), n));
        }
    }
    let rows: BTreeMap<(u64, u64), u64> = rows.into_iter().collect();
    let ran =
        run(&program, "select _key, _partition, _offset from k.default.avro_keyed", &["--ndjson"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), rows.len());
    for line in ran.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["_key"], format!("k{}", rows[&place(&row)]), "{row}");
    }
    // Whether a record is good does not depend on who asks.
    assert_eq!(number(&program, "select count(*) from k.default.avro_keyed"), rows.len() as u64);
    let sql = "select _partition, _offset, column_name is null as whole, raw from errors('k.default.avro_keyed')";
    let ran = run(&program, sql, &["--ndjson"]);
    let bad: BTreeMap<(u64, u64), bool> = bad.into_iter().collect();
    assert_eq!(ran.stdout.lines().count(), bad.len(), "{}", ran.stderr);
    for line in ran.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let of_key = bad[&place(&row)];
        assert!(!of_key || row["raw"].as_str().unwrap().starts_with("09"), "{row}");
    }
    let text = "[options]\nkey_format = 'text'\nvalue_format = 'raw'\n";
    program.write("catalog/k/default/events.toml", text);
    let sql = "select count(distinct _key), min(_key) from k.default.events";
    assert_eq!(answer(&program, sql), "50,k0\n");
    program.write("catalog/k/default/avro_keyed.toml", "[options]\nkey_format = 'protobuf'\n");
    let failed = run(&program, "select * from k.default.avro_keyed", &[]);
    let told = "key_format is protobuf, and the schema of subject avro_keyed-key is one of AVRO";
    assert!(failed.stderr.contains(told), "{}", failed.stderr);
}

#[test]
fn a_schema_of_the_table_file_reads_records_that_name_none() {
    let broker = broker();
    let program = Program::new();
    let options = format!("bootstrap_servers = '{}'", broker.plain);
    program.write("catalog/k.toml", format!("connector = 'kafka'\n[options]\n{options}\n"));
    std::fs::create_dir_all(program.path("catalog/k/default")).unwrap();
    for (topic, how) in [("avro_plain", "plain"), ("avro_single", "named")] {
        let schema = program.path("catalog/k/default/s.avsc");
        broker.run(&["avro_unregistered", topic, schema.to_str().unwrap(), "500", how]);
        let framing = if how == "named" { "value_framing = 'single_object'\n" } else { "" };
        let file = format!("[options]\nvalue_format = 'avro'\nvalue_schema = 's.avsc'\n{framing}");
        program.write(&format!("catalog/k/default/{topic}.toml"), file);
        let sql = format!("select count(*), sum(n), count(t), min(t) from k.default.{topic}");
        assert_eq!(answer(&program, &sql), "500,124750,333,t1\n");
    }
    let missing = "[options]\nvalue_format = 'avro'\n";
    program.write("catalog/k/default/avro_plain.toml", missing);
    let failed = run(&program, "select * from k.default.avro_plain", &[]);
    assert!(failed.stderr.contains("value_format \"avro\" needs a schema"), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("schema_registry in the file of catalog k"),
        "{}",
        failed.stderr
    );
    assert!(failed.stderr.ends_with("error: kind=config -c:1:1\n"), "{}", failed.stderr);
}

#[test]
fn every_protobuf_record_is_what_protobufs_own_library_reads_by_the_latest_schema() {
    let broker = broker();
    let program = program(&broker, "");
    let path = broker.file("proto_1.truth");
    let schema =
        broker.run(&["protobuf", &registry().url, "5", "proto_1", "8000", path.to_str().unwrap()]);
    let truth = std::fs::read_to_string(path).unwrap();
    // The first message of the file is not the one.
    program.write(
        "catalog/k/default/proto_1.toml",
        "[options]\nvalue_format = 'protobuf'\nmessage = 't.Event'\n",
    );
    let compared = compare(&program, "proto_1", &truth);
    println!("protobuf: {compared} records compared");
    assert!(compared >= 5_000);
    let rows = truth.lines().filter(|line| !line.contains("\"bad\":\"")).count() as u64;
    for sql in ["count(*)", "count(coalesce(y2, 0))", "count(coalesce(w['x'], 0))"] {
        let sql = format!("select {sql} from k.default.proto_1");
        assert_eq!(number(&program, &sql), rows, "{sql}");
    }
    let described = program.run(&["-c", "\\d+ k.default.proto_1"]).stdout;
    assert!(described.contains("protobuf by schema "), "{described}");
    // Without a table file the columns are those of the first message.
    std::fs::remove_file(program.path("catalog/k/default/proto_1.toml")).unwrap();
    let columns = answer(&program, "select count(*), count(unused) from k.default.proto_1");
    assert_eq!(columns, format!("{rows},0\n"));
    // A schema of files, and columns of it.
    program.write("catalog/k/default/event.proto", schema);
    program.write(
        "catalog/k/default/shared.proto",
        "syntax = \"proto3\"; package t; message Shared { string name = 1; repeated sint64 counts = 2; }",
    );
    program.write(
        "catalog/k/default/proto_1.toml",
        "[options]\nvalue_format = 'protobuf'\nvalue_schema = 'event.proto'\nmessage = 't.Event'\n\
         value_framing = 'confluent'\n[[columns]]\nname = 'x'\ntype = 'BIGINT'\nsource = '$.w.x'\n\
         [[columns]]\nname = 'z4'\ntype = 'STRUCT<name VARCHAR>'\n",
    );
    let expected: i64 = truth
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|record| record["row"]["w"]["x"].as_i64())
        .sum();
    let sql = "select sum(x), count(z4['name']) > 0 from k.default.proto_1";
    assert_eq!(answer(&program, sql), format!("{expected},true\n"));
}

/// A door to the registry for those who say who they are.
fn guarded() -> String {
    let target = registry().url.strip_prefix("http://").unwrap();
    let (host, path) = target.split_once('/').unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{path}", listener.local_addr().unwrap());
    let host = host.to_owned();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0)
            {
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            // `reader` and `reader-pw`.
            let is_known =
                head.to_lowercase().contains("authorization: basic cmvhzgvyonjlywrlci1wdw==");
            if !is_known && !head.contains("Bearer sesame") && !head.contains("bearer sesame") {
                let refused =
                    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(refused.as_bytes()).unwrap();
                continue;
            }
            let mut inner = TcpStream::connect(&host).unwrap();
            let asked = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            inner.write_all(asked.as_bytes()).unwrap();
            std::io::copy(&mut inner, &mut stream).unwrap();
        }
    });
    url
}

#[test]
fn a_registry_that_refuses_or_is_gone_is_named_with_the_key_of_the_catalog() {
    let broker = broker();
    let truth = fill(&broker, "avro_guarded", "avro_guarded-value", 11, 200);
    let rows = truth.lines().filter(|line| !line.contains("\"bad\":\"")).count() as u64;
    let url = guarded();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::new();
    let catalog = |name: &str, url: &str, more: &str| {
        let options =
            format!("bootstrap_servers = '{}'\nschema_registry = '{url}'\n{more}", broker.plain);
        program.write(
            &format!("catalog/{name}.toml"),
            format!("connector = 'kafka'\n[options]\n{options}\n"),
        );
    };
    let user = "schema_registry_username = 'reader'\nschema_registry_password = ";
    catalog("user", &url, &format!("{user}'reader-pw'"));
    catalog("token", &url, "schema_registry_token = 'sesame'");
    catalog("guess", &url, &format!("{user}'guess'"));
    catalog("dead", &format!("http://{closed}"), "");
    catalog("wrong", &format!("{}/nothing", registry().url), "");
    for name in ["user", "token"] {
        assert_eq!(
            number(&program, &format!("select count(*) from {name}.default.avro_guarded")),
            rows
        );
    }
    for (name, kind, says) in [
        ("guess", "unauthenticated", "look at schema_registry_username"),
        ("dead", "unavailable", "look at schema_registry in the catalog file"),
        ("wrong", "config", "look at the path of schema_registry"),
    ] {
        let ran = run(&program, &format!("select * from {name}.default.avro_guarded"), &[]);
        assert!(ran.stderr.contains("the schema registry http://127.0.0.1:"), "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        let last = format!("error: kind={kind} ");
        assert!(ran.stderr.lines().last().unwrap().starts_with(&last), "{}", ran.stderr);
        let checked = run(&program, &format!("check catalog {name}"), &["--csv"]).stdout;
        assert!(checked.contains("the schema registry http://127.0.0.1:"), "{checked}");
    }
    let checked = answer(&program, "check catalog user");
    assert!(checked.contains("the schema registry answers: "), "{checked}");
    // What needs no schema asks nobody.
    assert_eq!(number(&program, "select count(*) from dead.default.events"), 120_000);
}
