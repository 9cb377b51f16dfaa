//! `workouts`: nested newline-delimited JSON, five of its lines broken on purpose.

use serde_json::{Value, json};

use crate::Result;
use crate::company::{CITIES, SPORTS, User, device_id, user_id};
use crate::random::Random;
use crate::simulation::Workout;
use crate::spelling::{half, moment};

const WORKOUTS: usize = 6_006;

/// [`WORKOUTS`] of all workouts as lines of JSON.
pub(crate) fn workouts_ndjson(
    random: &mut Random,
    users: &[User],
    all: &[Workout],
) -> Result<String> {
    if all.len() < WORKOUTS {
        return Err(format!("{} workouts, {WORKOUTS} are needed", all.len()).into());
    }
    // Not every workout is uploaded: every n-th is missing.
    let mut records = Vec::with_capacity(WORKOUTS);
    for index in 0..WORKOUTS {
        let workout = &all[index * all.len() / WORKOUTS];
        records.push(workout_json(random, index, workout, &users[workout.user])?);
    }
    let mut text = String::new();
    for (index, mut record) in records.into_iter().enumerate() {
        match index {
            // The writer died in the middle of the line.
            700 => {
                let json = record.to_string();
                text.push_str(&json[..json.len() / 2]);
            }
            1_900 => {
                record["duration_s"] = json!("half an hour");
                text.push_str(&record.to_string());
            }
            // Two values share a line: the line break between them was lost.
            3_100 => {
                text.push_str(&record.to_string());
                continue;
            }
            4_200 => {
                record["calories"] = json!(312.5);
                text.push_str(&record.to_string());
            }
            5_400 => text.push_str("-- rotated by the upload gateway --"),
            _ => text.push_str(&record.to_string()),
        }
        text.push('\n');
    }
    Ok(text)
}

fn workout_json(
    random: &mut Random,
    index: usize,
    workout: &Workout,
    user: &User,
) -> Result<Value> {
    let sport = &SPORTS[workout.sport];
    let effort = random.range(85, 116);
    let half_metres = sport.pace.map(|pace| workout.seconds * pace * effort / 6_000);
    let lap_count = match half_metres {
        Some(_) => random.range(1, 5),
        None => 0,
    };
    let share = |total: i64, lap: i64| total * (lap + 1) / lap_count - total * lap / lap_count;
    let laps: Vec<Value> = (0..lap_count)
        .map(|lap| {
            let metres = half_metres.map(|total| share(total / 2, lap));
            json!({"n": lap + 1, "seconds": share(workout.seconds, lap), "meters": metres})
        })
        .collect();
    let heart_rate = workout.has_heart_sensor.then(|| heart_rate_json(random, workout, effort));
    let started = moment(workout.start, CITIES[user.city].utc_hours)?;
    let mut tags = vec![sport.tag];
    match started.format("%H").to_string().as_str() {
        "04" | "05" | "06" | "07" | "08" => tags.push("morning"),
        "17" | "18" | "19" | "20" | "21" => tags.push("evening"),
        _ => {}
    }
    if random.chance(60) {
        tags.push("race");
    } else if random.chance(150) {
        tags.clear();
    }
    let distance = match half_metres {
        Some(total) => serde_json::from_str(&half(total))?,
        None => Value::Null,
    };
    Ok(json!({
        "workout_id": index + 1,
        "user_id": user_id(workout.user),
        "device_id": device_id(workout.device),
        "started_at": started.to_rfc3339(),
        "duration_s": workout.seconds,
        "sport": sport.name,
        "distance_m": distance,
        "calories": workout.seconds * sport.calories_per_minute * effort / 6_000,
        "heart_rate": heart_rate,
        "laps": laps,
        "tags": tags,
    }))
}

/// Average, maximum, and the seconds in each of five zones from easy to hard.
fn heart_rate_json(random: &mut Random, workout: &Workout, effort: i64) -> Value {
    let average = SPORTS[workout.sport].heart_rate * (effort + 200) / 300 + random.range(-6, 7);
    // Weights of the zones: they move up with the average.
    let typical = (average - 80) / 17;
    let weights =
        [0, 1, 2, 3, 4].map(|zone| 60 / (1 + 2 * (zone - typical).abs()) + random.range(0, 6));
    let total: i64 = weights.iter().sum();
    let mut zones = weights.map(|weight| workout.seconds * weight / total);
    zones[0] += workout.seconds - zones.iter().sum::<i64>();
    json!({"avg": average, "max": average + random.range(12, 34), "zones": zones})
}
