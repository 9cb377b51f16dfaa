//! Memory, spill files, time, signals: every limit ends a statement with its own sentence.

use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use sluice::engine::{Engine, EngineOptions, Parameters, Session};

use crate::program::{Program, Ran};
use crate::rows;

/// Longer than any statement here takes to be ended, far shorter than it would run.
const GENEROUS: Duration = Duration::from_secs(60);

/// A join without an equality whose operator never gives its thread back.
const NESTED_LOOP: &str = "select count(*) from generate_series(1, 1000000) a \
                           join generate_series(1, 1000000) b on a.value * b.value < -1";

const LIMIT: &str = "8MiB";

/// A table of 82 MB in memory, ten times [`LIMIT`].
fn with_big_table() -> Program {
    let program = Program::new();
    let sql = "select value as v, (value * 7919) % 200003 as x, repeat('x', 400) || value as s \
               from generate_series(1, 200000)";
    let made = program.run(&["-c", sql, "--output-format", "parquet", "-o", "big.parquet"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    program
}

fn limited(program: &Program, limit: &str, sql: &str) -> Ran {
    program.run(&["-t", "--csv", "--memory-limit", limit, "-c", sql])
}

/// Either the whole answer or the limit's own sentence; nothing else will do.
fn finishes_or_names_its_limit(program: &Program, sql: &str, answer: &str) {
    let ran = limited(program, LIMIT, sql);
    println!("{sql}: {} {}", ran.code, ran.stderr.lines().next().unwrap_or_default());
    if ran.code == 0 {
        assert_eq!(ran.stdout, answer);
    } else {
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with("error: the memory limit of 8.0 MB is reached"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("--memory-limit"), "{}", ran.stderr);
    }
}

#[test]
fn a_sort_of_ten_times_the_memory_spills() {
    let program = with_big_table();
    let sql = "select v, s from 'big.parquet' order by x desc, v";
    let ran = limited(&program, LIMIT, sql);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 200_000);
}

#[test]
fn a_large_limit_under_a_sort_spills_and_a_small_one_is_a_heap() {
    let program = with_big_table();
    let sql = "select v, s from 'big.parquet' order by x desc, v limit 100000";
    let ran = limited(&program, LIMIT, sql);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 100_000);
    let whole = "select v, s from 'big.parquet' order by x desc, v";
    let whole = limited(&program, "1GiB", whole).stdout;
    assert!(whole.starts_with(&ran.stdout));
    let few = "explain select v from 'big.parquet' order by x limit 100";
    let plan = limited(&program, LIMIT, few).stdout;
    assert!(plan.contains("TopK(fetch=100)"), "{plan}");
}

#[test]
fn an_aggregate_of_ten_times_the_memory_spills() {
    let program = with_big_table();
    let sql = "select count(*), sum(n) from (select s, count(*) n from 'big.parquet' group by s)";
    let ran = limited(&program, LIMIT, sql);
    assert_eq!((ran.stdout.as_str(), ran.code), ("200000,200000\n", 0), "{}", ran.stderr);
}

#[test]
fn an_equality_join_of_many_times_the_memory_is_planned_again_and_spills() {
    let program = with_big_table();
    let sql = "select count(*), sum(length(b.s)) - sum(length(a.s)) \
               from 'big.parquet' a join 'big.parquet' b on a.s = b.s";
    // Both sides together are many times this. With less, two sorts that merge at the same
    // time may be too many.
    let ran = limited(&program, "24MiB", sql);
    assert_eq!((ran.stdout.as_str(), ran.code), ("200000,0\n", 0), "{}", ran.stderr);
    // The plan that did not fit counts neither against the limit nor in the receipt.
    let more = ["-t", "--csv", "--memory-limit", "24MiB", "--max-scan-records", "400000", "-c"];
    let ran = program.run(&[&more[..], &[&format!("{sql}; show receipt")]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for line in [",rows_read,400000,", ",files,2,", ",rows_kept,400000,"] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
}

#[test]
fn what_cannot_spill_names_the_memory_limit() {
    let program = with_big_table();
    finishes_or_names_its_limit(
        &program,
        "select length(string_agg(s, ',')) from 'big.parquet'",
        "81288894\n",
    );
    let cross =
        limited(&program, LIMIT, "select max(a.s), max(b.s) from 'big.parquet' a, 'big.parquet' b");
    assert_eq!((cross.stdout.as_str(), cross.code), ("", 5), "{}", cross.stderr);
    assert!(
        cross.stderr.contains("the memory limit of 8.0 MB is reached: a join without a condition"),
        "{}",
        cross.stderr
    );
}

#[test]
fn a_full_spill_folder_names_the_spill_limit() {
    let program = with_big_table();
    let sql = "select v, s from 'big.parquet' order by x desc";
    let ran = program.run(&["--memory-limit", LIMIT, "--spill-limit", "100kB", "--csv", "-c", sql]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: the spill limit of "), "{}", ran.stderr);
    assert!(ran.stderr.contains("raise it with --spill-limit"), "{}", ran.stderr);
}

#[test]
fn the_spill_folder_is_empty_again_and_leftovers_go() {
    let program = with_big_table();
    program
        .write("spill/sluice-spill-1-dead/lock", "")
        .write("spill/sluice-spill-1-dead/x", "left");
    let sql = "select v, s from 'big.parquet' order by x desc";
    let args = ["--memory-limit", LIMIT, "--spill-dir", "spill", "--csv", "-c", sql];
    assert_eq!(program.run(&args).code, 0);
    assert_eq!(std::fs::read_dir(program.path("spill")).unwrap().count(), 0);
}

/// Starts the program in a process group of its own.
fn start(program: &Program, args: &[&str]) -> Child {
    let mut command = program.command(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).spawn().unwrap()
}

/// Sends a signal once the statement is echoed, which is just before it runs.
fn signalled(program: &Program, sql: &str, signal: &str) -> (Ran, Duration) {
    use std::io::{BufRead, BufReader, Read};
    // The first statement sees to it that signals are listened to when the second one is echoed.
    let mut child = start(program, &["-t", "--csv", "-e", "-c", &format!("select 1; {sql}")]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let opening: String = sql.chars().take(12).collect();
    while !line.starts_with(&opening) {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the statement was not echoed");
    }
    let sent = Instant::now();
    let kill = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let (mut rest, mut stdout) = (String::new(), String::new());
    stderr.read_to_string(&mut rest).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let code = child.wait().unwrap().code().unwrap_or(-1);
    (Ran { stdout, stderr: rest, code }, sent.elapsed())
}

#[test]
fn a_signal_ends_a_nested_loop_join() {
    let program = Program::new();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (ran, took) = signalled(&program, NESTED_LOOP, signal);
        println!("{signal} in a nested loop join: {took:?}");
        assert_eq!((ran.stdout.as_str(), ran.code), ("1\n", code), "{}", ran.stderr);
        assert!(took < GENEROUS);
    }
}

fn long_sum() -> String {
    format!("select 1{} as n", "+1".repeat(5_000))
}

#[test]
fn a_signal_ends_the_planning_of_a_long_expression() {
    let (ran, took) = signalled(&Program::new(), &long_sum(), "-INT");
    println!("-INT in 1+1+…: {took:?}");
    assert_eq!((ran.stdout.as_str(), ran.code), ("1\n", 130), "{}", ran.stderr);
    assert!(took < GENEROUS);
}

#[test]
fn a_timeout_ends_what_does_not_yield() {
    let program = Program::new();
    let ors = format!("select 1 where 1 = 2{}", " or 1 = 2".repeat(5_000));
    for sql in [NESTED_LOOP, &long_sum(), &ors] {
        let started = Instant::now();
        let ran = program.run(&["-c", sql, "--timeout", "100ms"]);
        println!("--timeout 100ms: {:?}", started.elapsed());
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 5), "{}", ran.stderr);
        assert!(ran.stderr.contains("did not end within 100ms"), "{}", ran.stderr);
        assert!(started.elapsed() < GENEROUS);
    }
}

#[test]
fn a_signal_ends_a_program_that_still_waits_for_its_script() {
    let program = Program::new();
    let mut command = program.command(&[]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    // Its standard input stays open until it has ended.
    let stdin = child.stdin.take();
    assert!(!child.wait().unwrap().success());
    drop(stdin);
}

#[test]
fn a_chain_that_no_stack_takes_is_refused() {
    let program = Program::new();
    program.write("deep.sql", format!("select 1 where 1 = 2{};", " or 1 = 2".repeat(100_000)));
    let ran = program.run(&["-f", "deep.sql"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 3), "{}", ran.stderr);
    assert!(ran.stderr.contains("more than 20000 operators"), "{}", ran.stderr);
}

/// A front end that still reads when the engine closes must not take the part for the whole.
#[test]
fn rows_that_stop_with_their_engine_are_an_error_and_no_end() {
    let engine = Engine::start(EngineOptions::default()).unwrap();
    let runtime = rows::runtime();
    let sql = "select value from generate_series(1, 1000000000000)";
    let mut query = runtime.block_on(async {
        let mut query = engine.session().run(sql, &Parameters::default()).await.unwrap();
        query.next().await.unwrap().unwrap();
        query
    });
    engine.close();
    let end = runtime.block_on(async {
        loop {
            match query.next().await {
                Some(Ok(_)) => {}
                end => break end,
            }
        }
    });
    assert!(end.is_some_and(|end| end.is_err()));
}
