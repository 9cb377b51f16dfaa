//! Writes the sample lake: a small company's connected fitness devices, 40 days of them; and the
//! logs of the day after.
//!
//! `cargo run --example generate-sample-data [FOLDER]` writes `FOLDER/lake/raw/…` and
//! `FOLDER/streams/…` (default `sample-data`). The same code gives the same bytes everywhere: one seed, integer arithmetic, no
//! clock, no hash maps. What the files hold and which of their records are broken on purpose is
//! told in `README.md` beside this file; how they become tables is the business of `catalog`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

#[path = "generate/company.rs"]
mod company;
#[path = "generate/device_file.rs"]
mod device_file;
#[path = "generate/event_files.rs"]
mod event_files;
#[path = "generate/heartbeat_logs.rs"]
mod heartbeat_logs;
#[path = "generate/random.rs"]
mod random;
#[path = "generate/simulation.rs"]
mod simulation;
#[path = "generate/spelling.rs"]
mod spelling;
#[path = "generate/user_file.rs"]
mod user_file;
#[path = "generate/workout_file.rs"]
mod workout_file;

use random::Random;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Another seed is another company; the tests and README.md know the numbers of this one.
const SEED: u64 = 0x51_0000_07ea;
/// Days since 1970-01-01 of the first day of events, Saturday 2026-08-01.
const FIRST_DAY: i32 = 20_666;
/// Days of events.
const DAYS: i32 = 40;
const DAY_SECONDS: i64 = 86_400;

fn main() -> Result<()> {
    let target = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "sample-data".into()));
    let raw = target.join("lake/raw");
    let events_folder = raw.join("device_events");
    fs::create_dir_all(&events_folder)?;

    let mut random = Random(SEED);
    let users = company::make_users(&mut random);
    let mut devices = company::make_devices(&mut random, &users);
    device_file::write_devices(&raw.join("devices.arrow"), &mut random, &users, &devices)?;
    fs::write(raw.join("users.csv"), user_file::users_csv(&mut random, &users)?)?;

    let mut workouts = Vec::new();
    let mut next_id = 1;
    for day in 0..DAYS {
        let mut events =
            simulation::simulate_day(&mut random, day, &users, &mut devices, &mut workouts);
        events.sort_by_key(|event| (event.time, event.device));
        for event in &mut events {
            event.id = next_id;
            next_id += 1;
        }
        event_files::write_day(&events_folder, day, &mut random, events, &users)?;
    }
    workouts.sort_by_key(|workout| (workout.start, workout.device));
    fs::write(
        raw.join("workouts.ndjson"),
        workout_file::workouts_ndjson(&mut random, &users, &workouts)?,
    )?;
    heartbeat_logs::write_logs(&target.join("streams/heartbeats"), &devices)?;
    println!("{} events, {} workouts took place", next_id - 1, workouts.len());
    Ok(())
}
