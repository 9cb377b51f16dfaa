//! `heartbeats`: what three gateways wrote into their logs on the day after the lake's last one, a
//! line of JSON per heartbeat. One log was rotated and compressed in the meantime.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::company::{Device, MODELS, device_id};
use crate::random::Random;
use crate::spelling::moment;
use crate::{DAY_SECONDS, DAYS, FIRST_DAY, Result, SEED};

/// Logs by gateway, and how many milliseconds pass between two lines of each.
const GATEWAYS: [(&str, i64); 3] = [("asia", 9_000), ("eu", 6_000), ("us", 12_000)];

/// Hours that the logs are about, from midnight UTC.
const HOURS: i64 = 4;

/// The hours of the log that was rotated.
const ROTATED: (&str, i64) = ("eu", 2);

/// Writes all logs.
pub(crate) fn write_logs(folder: &Path, devices: &[Device]) -> Result<()> {
    fs::create_dir_all(folder)?;
    // Numbers of their own, so that the lake's files do not depend on these.
    let mut random = Random(SEED ^ 0x7eab_ea75);
    let used: Vec<usize> = (0..devices.len()).filter(|at| devices[*at].owner.is_some()).collect();
    for (gateway, step) in GATEWAYS {
        let (mut log, mut rotated) = (String::new(), String::new());
        let mut passed = random.range(0, step);
        while passed < HOURS * 3_600_000 {
            let index = used[random.range(0, used.len() as i64) as usize];
            let line = heartbeat(&mut random, index, &devices[index], passed)?;
            let (name, hours) = ROTATED;
            let target =
                if gateway == name && passed < hours * 3_600_000 { &mut rotated } else { &mut log };
            target.push_str(&line);
            target.push('\n');
            passed += random.range(step / 2, step * 3 / 2);
        }
        spoil(gateway, &mut log);
        fs::write(folder.join(format!("gateway-{gateway}.log")), log)?;
        if !rotated.is_empty() {
            let file = fs::File::create(folder.join(format!("gateway-{gateway}.log.1.gz")))?;
            let mut packed: GzEncoder<_> = GzBuilder::new().write(file, Compression::best());
            packed.write_all(rotated.as_bytes())?;
            packed.finish()?;
        }
    }
    Ok(())
}

fn heartbeat(random: &mut Random, index: usize, device: &Device, passed: i64) -> Result<String> {
    let midnight = i64::from(FIRST_DAY + DAYS) * DAY_SECONDS;
    let time = moment(midnight + passed / 1_000, 0)?;
    let model = &MODELS[device.model];
    let firmware = model.firmware[usize::from(device.has_new_firmware(DAYS))];
    // Few wait long.
    let latency = if random.chance(40) { random.range(400, 3_000) } else { random.range(20, 180) };
    Ok(format!(
        "{{\"ts\":\"{}.{:03}Z\",\"device_id\":\"{}\",\"device_model\":\"{}\",\"firmware\":\"{firmware}\",\
         \"battery\":{},\"latency_ms\":{latency}}}",
        time.format("%Y-%m-%dT%H:%M:%S"),
        passed % 1_000,
        device_id(index),
        model.name,
        random.range(3, 101),
    ))
}

/// Lines that are no heartbeats, and what a gateway writes beside them: blank lines, and a line that
/// is not finished.
fn spoil(gateway: &str, log: &mut String) {
    let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
    match gateway {
        "asia" => {
            lines[100] = "2026-09-10 00:15:02 WARN  uplink lost, 3 heartbeats buffered".into();
            lines[900] = lines[900].replace("\"battery\":", "\"battery\":\"low\",\"was\":");
        }
        "eu" => {
            let cut = lines[400].len() / 2;
            lines[400].truncate(cut);
            lines.insert(700, String::new());
        }
        _ => lines.push("{\"ts\":\"2026-09-10T04:00:00.000Z\",\"device_".into()),
    }
    *log = lines.join("\n");
    if gateway != "us" {
        log.push('\n');
    }
}
