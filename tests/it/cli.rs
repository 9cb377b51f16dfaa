//! The program as scripts meet it: standard output, standard error, exit codes.
//!
//! The first tests are the measured faults of other shells (a script that goes on after an error,
//! rows that get lost, errors among the results), each reproduced with the right outcome.

use std::process::Stdio;

use crate::program::Program;

const THREE: &str = "select 1;\nselect bad;\nselect 2;\n";

#[test]
fn a_script_stops_at_its_first_error_with_3() {
    let program = Program::new();
    program.write("script.sql", THREE);
    let ran = program.run(&["-f", "script.sql", "--csv"]);
    assert_eq!(ran.stdout, "1\n1\n");
    assert_eq!(
        ran.stderr,
        "error: column bad does not exist\nLINE 2: select bad;\n               ^\n\
         error: kind=sql script.sql:2:8\n"
    );
    assert_eq!(ran.code, 3);
}

#[test]
fn a_script_on_standard_input_stops_too() {
    let ran = Program::new().run_with(&["--csv"], THREE);
    assert_eq!(ran.stdout, "1\n1\n");
    assert!(ran.stderr.ends_with("error: kind=sql <stdin>:2:8\n"), "{}", ran.stderr);
    assert_eq!(ran.code, 3);
}

#[test]
fn continue_goes_on_and_still_fails() {
    let program = Program::new();
    program.write("script.sql", THREE);
    let ran = program.run(&["-f", "script.sql", "--csv", "-t", "--continue"]);
    assert_eq!(ran.stdout, "1\n\n2\n");
    assert!(ran.stderr.ends_with("error: kind=sql script.sql:2:8\n"), "{}", ran.stderr);
    assert_eq!(ran.code, 3);
}

#[test]
fn a_command_line_statement_fails_with_1_on_standard_error() {
    let ran = Program::new().run(&["-c", "select bad"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.contains("column bad does not exist"), "{}", ran.stderr);
}

#[test]
fn a_missing_script_is_1() {
    let ran = Program::new().run(&["-f", "nowhere.sql"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 1));
    assert!(ran.stderr.contains("nowhere.sql"), "{}", ran.stderr);
}

#[test]
fn an_unknown_flag_is_1() {
    assert_eq!(Program::new().run(&["--nonsense"]).code, 1);
}

#[test]
fn every_row_arrives_in_every_machine_format() {
    let program = Program::new();
    let sql = "select value as n, 'x' || value as t from generate_series(1, 50000)";
    let lines = |format: &str| {
        let ran = program.run(&["-c", sql, "--output-format", format]);
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
        ran.stdout.lines().filter(|line| line.contains('x')).count()
    };
    for format in
        ["csv", "tsv", "json", "ndjson", "unaligned", "markdown", "html", "table", "vertical"]
    {
        assert_eq!(lines(format), 50_000, "{format}");
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_success() {
    let program = Program::new();
    let mut child = program
        .command(&["-c", "select * from generate_series(1, 5000000)", "--csv"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_semicolon_at_a_line_end_inside_a_literal_is_text() {
    let program = Program::new();
    program.write("script.sql", "select 'a;\nb' as v;\nselect '-- no\n-- comment' as w;\n");
    let ran = program.run(&["-f", "script.sql", "--csv", "-t"]);
    assert_eq!(ran.stdout, "\"a;\nb\"\n\n\"-- no\n-- comment\"\n");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn prepare_and_execute_in_one_command() {
    let sql = "prepare p as select $1 + 1 as v; execute p(5)";
    let ran = Program::new().run(&["-c", sql, "--csv", "-q"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), ("v\n6\n", "", 0));
}

#[test]
fn a_result_without_rows_has_a_header() {
    let ran = Program::new().run(&["-c", "select 1 as a where false", "--csv"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("a\n", 0));
}

#[test]
fn parquet_takes_exactly_one_result() {
    let program = Program::new();
    let two = program.run(&[
        "-c",
        "select 1 as a; select 2 as b",
        "--output-format",
        "parquet",
        "-o",
        "x.parquet",
    ]);
    assert_eq!((two.stdout.as_str(), two.code), ("", 1));
    assert!(two.stderr.contains("parquet holds exactly one result"), "{}", two.stderr);
    let one =
        program.run(&["-c", "select 41 + 1 as a", "--output-format", "parquet", "-o", "x.parquet"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
    let back = program.run(&["-c", "select a from 'x.parquet'", "--csv"]);
    assert_eq!((back.stdout.as_str(), back.code), ("a\n42\n", 0), "{}", back.stderr);
}

#[test]
fn the_arrow_stream_that_is_written_is_read_again_with_every_type() {
    let program = Program::new();
    let rows = "select * from (values \
        (1, 1.5::double, 2.50::decimal(10, 2), date '2026-01-02', timestamp '2026-01-02 03:04:05', \
         'a', true, [1, null], {'x': 1, 'y': 'b'}, x'00ff'), \
        (null, null, null, null, null, null, null, null, null, null))";
    let made = program.run(&["-c", rows, "--output-format", "arrow", "-o", "x.arrow"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let wanted = program.run(&["-c", rows, "--ndjson"]);
    assert_eq!(wanted.code, 0, "{}", wanted.stderr);
    let read = program.run(&["-c", "select * from 'x.arrow'", "--ndjson"]);
    assert_eq!((read.stdout, read.code), (wanted.stdout, 0), "{}", read.stderr);
}

#[test]
fn a_timeout_is_5_and_names_the_limit() {
    let sql = "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b \
               where a.value * b.value = -1";
    let ran = Program::new().run(&["-c", sql, "--timeout", "300ms"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
    assert!(ran.stderr.contains("did not end within 300ms"), "{}", ran.stderr);
}

#[test]
fn variables_are_bound_and_pasted() {
    let program = Program::new();
    program.write(
        "by_day.sql",
        "-- @param day DATE required -- which day\n-- @param n INT = 2\n\
         select $day + 1 as d, $n * 10 as n, :'what' as w;\n",
    );
    let args = ["-f", "by_day.sql", "--csv", "-v", "day=2026-09-01", "-v", "what=it's"];
    let unknown = program.run(&args);
    assert!(
        unknown.stderr.contains("-v what: the file declares no such parameter"),
        "{}",
        unknown.stderr
    );
    let missing = program.run(&["-f", "by_day.sql"]);
    assert!(missing.stderr.contains("parameter day is required"), "{}", missing.stderr);
    let wrong = program.run(&["-f", "by_day.sql", "-v", "day=soon"]);
    assert!(wrong.stderr.contains("parameter $day: `soon` is not DATE"), "{}", wrong.stderr);
    assert_eq!(wrong.code, 3);
    program.write("plain.sql", "select $day::date + 1 as d, :'what' as w, ':what' as l;\n");
    let ran = program.run(&["-f", "plain.sql", "--csv", "-v", "day=2026-09-01", "-v", "what=it's"]);
    assert_eq!(ran.stdout, "d,w,l\n2026-09-02,it's,:what\n", "{}", ran.stderr);
}

#[test]
fn a_report_says_what_ran_and_what_failed() {
    let program = Program::new();
    program.write("script.sql", THREE);
    let args = ["-f", "script.sql", "--continue", "--report", "json=r.json"];
    let ran = program.run(&[&args[..], &["--report", "junit=r.xml"]].concat());
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let json = std::fs::read_to_string(program.path("r.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["failed"], 1);
    assert_eq!(json["statements"].as_array().unwrap().len(), 3);
    assert_eq!(json["statements"][1]["place"], "script.sql:2:1");
    assert_eq!(json["statements"][1]["error"]["kind"], "sql");
    let xml = std::fs::read_to_string(program.path("r.xml")).unwrap();
    assert!(xml.contains("tests=\"3\" failures=\"1\""), "{xml}");
    assert!(xml.contains("message=\"column bad does not exist\""), "{xml}");
}
