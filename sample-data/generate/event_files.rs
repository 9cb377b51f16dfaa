//! `device_events`: a folder for each day, Parquet within, and one file whose schema has drifted.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::company::{ERROR_CODES, User, device_id, user_id};
use crate::random::Random;
use crate::simulation::{Event, EventType};
use crate::spelling::date;
use crate::{FIRST_DAY, Result};

/// Days of events that came in two files: the second holds what arrived late.
const LATE_PLAIN: i32 = 14;
/// As [`LATE_PLAIN`], but the second file is from a newer gateway with a schema of its own.
const LATE_DRIFTED: i32 = 28;

/// Writes the one or two files of a day.
pub(crate) fn write_day(
    folder: &Path,
    day: i32,
    random: &mut Random,
    mut events: Vec<Event>,
    users: &[User],
) -> Result<()> {
    let folder = folder.join(format!("day={}", date(FIRST_DAY + day)?));
    fs::create_dir_all(&folder)?;
    let mut late = Vec::new();
    if day == LATE_PLAIN || day == LATE_DRIFTED {
        (late, events) = events.into_iter().partition(|_| random.chance(80));
    }
    write_parquet(&folder.join("part-0.parquet"), &event_columns(&events)?)?;
    if day == LATE_PLAIN {
        write_parquet(&folder.join("part-1.parquet"), &event_columns(&late)?)?;
    } else if day == LATE_DRIFTED {
        write_parquet(&folder.join("part-1.parquet"), &drifted(&late, users, random)?)?;
    }
    Ok(())
}

/// The schema of almost all files.
fn event_columns(events: &[Event]) -> Result<RecordBatch> {
    let strings = |text: fn(&Event) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(events.iter().map(text)))
    };
    let time = TimestampMicrosecondArray::from_iter_values(events.iter().map(|event| event.time));
    let user = Int64Array::from_iter_values(events.iter().map(|event| user_id(event.user)));
    let error = StringArray::from_iter(events.iter().map(|event| match event.event_type {
        EventType::Error(code) => Some(ERROR_CODES[code]),
        _ => None,
    }));
    let event_type: fn(&Event) -> String = |event| {
        match event.event_type {
            EventType::Heartbeat => "heartbeat",
            EventType::WorkoutStarted => "workout_started",
            EventType::WorkoutFinished => "workout_finished",
            EventType::Sync => "sync",
            EventType::Error(_) => "error",
            EventType::BatteryLow => "battery_low",
        }
        .into()
    };
    let columns: [(&str, ArrayRef, bool); 9] = [
        (
            "event_id",
            Arc::new(Int64Array::from_iter_values(events.iter().map(|event| event.id))),
            false,
        ),
        ("device_id", strings(|event| device_id(event.device)), false),
        ("user_id", Arc::new(user), false),
        ("event_type", strings(event_type), false),
        ("event_time", Arc::new(time.with_timezone("UTC")), false),
        (
            "battery",
            Arc::new(Int16Array::from_iter(events.iter().map(|event| event.battery))),
            true,
        ),
        (
            "heart_rate",
            Arc::new(Int16Array::from_iter(events.iter().map(|event| event.heart_rate))),
            true,
        ),
        ("error_code", Arc::new(error), true),
        ("firmware", strings(|event| event.firmware.into()), false),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}

/// What the newer gateway writes: the same columns in another order, `user_id` as INT, and
/// `signal_dbm`, which no other file has.
fn drifted(events: &[Event], users: &[User], random: &mut Random) -> Result<RecordBatch> {
    let usual = event_columns(events)?;
    let user = Int32Array::from_iter_values(events.iter().map(|event| user_id(event.user) as i32));
    // Some cities have better coverage than others.
    let signal = Int16Array::from_iter(events.iter().map(|event| {
        let typical = -88 + 3 * (users[event.user].city % 5) as i64;
        random.chance(950).then(|| (typical + random.range(-9, 10)) as i16)
    }));
    let order = ["event_time", "event_type", "device_id", "user_id", "signal_dbm", "heart_rate"];
    let columns = order.into_iter().chain(["battery", "firmware", "error_code", "event_id"]).map(
        |name| -> Result<(&str, ArrayRef, bool)> {
            Ok(match name {
                "user_id" => (name, Arc::new(user.clone()), false),
                "signal_dbm" => (name, Arc::new(signal.clone()), true),
                _ => {
                    let index = usual.schema_ref().index_of(name)?;
                    (
                        name,
                        usual.column(index).clone(),
                        usual.schema_ref().field(index).is_nullable(),
                    )
                }
            })
        },
    );
    Ok(RecordBatch::try_from_iter_with_nullable(columns.collect::<Result<Vec<_>>>()?)?)
}

fn write_parquet(path: &Path, batch: &RecordBatch) -> Result<()> {
    let delta = ["event_id", "event_time"].map(ColumnPath::from);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(9)?))
        // Small enough that a filter on the time of day finds row groups to skip.
        .set_max_row_group_row_count(Some(2_000));
    for column in delta {
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    let file = File::create(path)?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build()))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(())
}
