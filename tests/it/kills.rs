//! Programs that are killed at any moment while they write: what they wrote is there whole or not at
//! all, wherever it lies. `SLUICE_KILLS` says how often; `SLUICE_KILLS_SEED` repeats the moments.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::buckets::{catalog_file, stores};
use crate::program::Program;
use crate::servers::buckets::buckets;
use crate::servers::hdfs::single;

/// Rows of an insert, and what they add up to.
const ROWS: u64 = 30_000;
const SUM: u64 = ROWS * (ROWS + 1) / 2;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Kills inserts into a table of a catalog of the program, and looks at the table each time.
fn hold(program: &Program, table: &str) {
    let (kills, mut seed) = (variable("SLUICE_KILLS", 3), variable("SLUICE_KILLS_SEED", 7));
    let rows = format!("select value as n, value % 3 as part from generate_series(1, {ROWS})");
    program.answer(&[&format!("create table {table} partitioned by (part) as {rows}")]);
    let insert = format!("insert into {table} {rows}");
    let begun = Instant::now();
    program.answer(&[&insert]);
    let whole = u64::try_from(begun.elapsed().as_micros()).unwrap();
    let (mut inserts, mut finished) = (2, 0);
    let look = || {
        let answer = program.answer(&[&format!("select count(*), sum(n) from {table}")]);
        let (count, sum) = answer.trim().split_once(',').unwrap();
        (count.parse::<u64>().unwrap(), sum.parse::<u64>().unwrap())
    };
    for _ in 0..kills {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = (seed >> 33) % (whole * 11 / 10);
        let mut inserting = program
            .command(&["-q", "-c", &insert])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(moment));
        inserting.kill().unwrap();
        inserting.wait().unwrap();
        let (count, sum) = look();
        let is_whole = (count, sum) == ((inserts + 1) * ROWS, (inserts + 1) * SUM);
        let is_nothing = (count, sum) == (inserts * ROWS, inserts * SUM);
        assert!(
            is_whole || is_nothing,
            "{table}, killed after {moment} of {whole} us: {count} rows after {inserts} inserts"
        );
        inserts += u64::from(is_whole);
        finished += u64::from(is_whole);
    }
    println!("{table}: {kills} kills, {finished} when all was written");
    let (catalog, _) = table.split_once('.').unwrap();
    program.answer(&[&format!("clean catalog {catalog} older than '0s'")]);
    assert_eq!(look(), (inserts * ROWS, inserts * SUM), "{table} after it was cleaned");
    assert_eq!(program.answer(&[&format!("clean catalog {catalog} older than '0s'")]), "");
}

#[test]
fn an_insert_that_is_killed_is_there_whole_or_not_at_all() {
    let program = Program::new();
    let options = "connector = 'files'\nwritable = true\n[options]\nlocation = '../lake'\n";
    program.write("catalog/w.toml", options);
    std::fs::create_dir_all(program.path("lake/s")).unwrap();
    hold(&program, "w.s.t");
    let buckets = buckets();
    for (kind, store) in stores(&buckets) {
        let location = format!("{kind}://made/kills-{kind}/");
        program.write(&format!("catalog/{kind}.toml"), catalog_file(&location, &store));
        hold(&program, &format!("{kind}.s.t"));
    }
    let cluster = single();
    cluster.run(&["mkdir", "kills/s"]);
    hold(&cluster.program("kills", ""), "h.s.t");
}
