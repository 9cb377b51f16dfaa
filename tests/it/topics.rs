//! What the tests of brokers ask of topics and of what they give.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::program::{Program, Ran};

/// Declares a topic of a catalog whose values are bytes, with all that stands beside them.
pub(crate) fn raw(program: &Program, catalog: &str, topic: &str) {
    let options = "[options]\nvalue_format = 'raw'\nmeta = 'full'\n";
    program.write(&format!("catalog/{catalog}/default/{topic}.toml"), options);
}

/// Runs a query without what stands around its rows.
pub(crate) fn run(program: &Program, sql: &str, more: &[&str]) -> Ran {
    program.run(&[&["-c", sql, "-t", "-q"], more].concat())
}

/// The rows of a query that must succeed, as CSV.
pub(crate) fn answer(program: &Program, sql: &str) -> String {
    let ran = run(program, sql, &["--csv"]);
    assert_eq!(ran.code, 0, "{sql}: {}", ran.stderr);
    ran.stdout
}

/// The one number that a query gives.
pub(crate) fn number(program: &Program, sql: &str) -> u64 {
    answer(program, sql).trim().parse().unwrap()
}

/// The bytes of a VARBINARY in JSON.
pub(crate) fn bytes_of_hex(value: &Value) -> Option<Vec<u8>> {
    let hex = value.as_str()?;
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(byte).collect())
}

/// Bytes as the servers' programs write them.
pub(crate) fn bytes_of_base64(value: &Value) -> Option<Vec<u8>> {
    value.as_str().map(|text| BASE64_STANDARD.decode(text).unwrap())
}

/// The sum of a counter of the last statement's receipt.
pub(crate) fn counter(program: &Program, sql: &str, name: &str) -> (String, u64) {
    let answer = answer(program, &format!("{sql}; show receipt"));
    let (rows, receipt) = answer.rsplit_once("\n\n").unwrap_or(("", &answer));
    let of = |line: &str| {
        let parts: Vec<&str> = line.splitn(5, ',').collect();
        (parts[2] == name).then(|| parts[3].parse::<u64>().unwrap())
    };
    (rows.to_owned(), receipt.lines().filter_map(of).sum())
}
