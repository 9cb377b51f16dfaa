//! `devices`: one Arrow IPC file of several batches, with decimals, dates and JSON text.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::ipc::writer::FileWriter;

use crate::Result;
use crate::company::{CITIES, Device, MODELS, User, device_id, user_id};
use crate::random::Random;

/// Writes all devices to `path`.
pub(crate) fn write_devices(
    path: &Path,
    random: &mut Random,
    users: &[User],
    devices: &[Device],
) -> Result<()> {
    let model = |device: &Device| &MODELS[device.model];
    let names = |text: &dyn Fn(usize, &Device) -> String| -> ArrayRef {
        let texts = devices.iter().enumerate().map(|(index, device)| text(index, device));
        Arc::new(StringArray::from_iter_values(texts))
    };
    let prices = devices.iter().map(|device| {
        // One in four was sold in a promotion, 10 to 30 percent off.
        let percent = if random.chance(250) { 100 - 5 * random.range(2, 7) } else { 100 };
        i128::from(model(device).price_cents * percent / 100)
    });
    let prices = Decimal128Array::from_iter_values(prices.collect::<Vec<_>>());
    let manufactured = devices.iter().map(|device| device.manufactured);
    let columns: [(&str, ArrayRef, bool); 8] = [
        ("device_id", names(&|index, _| device_id(index)), false),
        ("model", names(&|_, device| model(device).name.into()), false),
        (
            "owner_user_id",
            Arc::new(Int64Array::from_iter(devices.iter().map(|device| device.owner.map(user_id)))),
            true,
        ),
        ("city", names(&|_, device| CITIES[device.city].name.into()), false),
        ("manufactured", Arc::new(Date32Array::from_iter_values(manufactured)), false),
        (
            "firmware",
            names(&|_, device| {
                model(device).firmware[usize::from(device.born_with_new_firmware)].into()
            }),
            false,
        ),
        ("price", Arc::new(prices.with_precision_and_scale(8, 2)?), false),
        ("settings", names(&|index, device| settings(index, device, users)), false),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns)?;
    let mut writer = FileWriter::try_new(File::create(path)?, batch.schema_ref())?;
    // Several batches, as a writer that streams would leave them.
    for start in (0..batch.num_rows()).step_by(1_024) {
        writer.write(&batch.slice(start, 1_024.min(batch.num_rows() - start)))?;
    }
    writer.finish()?;
    Ok(())
}

/// The settings as the device reports them: JSON inside a VARCHAR column.
fn settings(index: usize, device: &Device, users: &[User]) -> String {
    let units = if CITIES[device.city].country == "US" { "imperial" } else { "metric" };
    let minutes = [15, 30, 60][index % 3];
    let mut text = format!(r#"{{"units":"{units}","sync_minutes":{minutes}"#);
    if MODELS[device.model].has_heart_sensor {
        let high = 165 + 5 * (index % 5);
        // Writing into a String does not fail.
        let _ = write!(text, r#","alerts":{{"battery":15,"heart_rate":{high}}}"#);
    } else {
        text.push_str(r#","alerts":{"battery":15}"#);
    }
    let paired = device.owner.is_some_and(|owner| users[owner].plan != "free");
    let _ = write!(text, r#","cloud_backup":{paired}}}"#);
    text
}
