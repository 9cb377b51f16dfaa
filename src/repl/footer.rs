//! The line below a result: how long it took and what it read.

use std::time::Duration;

use chrono::{DateTime, Local, Utc};

use crate::engine::Progress;

/// `time: 0.012 s, first row 0.010 s, read 4,000 rows and 1.2 MB of 3 files, newest of 2026-09-01
/// 08:00:00 (2 h ago), 3 bad records left out`.
pub(super) fn text(progress: &Progress, now: DateTime<Utc>) -> String {
    let mut parts = vec![format!("time: {:.3} s", progress.elapsed.as_secs_f64())];
    if let Some(first) = progress.first_row {
        parts.push(format!("first row {:.3} s", first.as_secs_f64()));
    }
    if progress.rows_read > 0 || progress.bytes_read > 0 {
        let files = match progress.files {
            0 => String::new(),
            1 => " of 1 file".to_owned(),
            files => format!(" of {files} files"),
        };
        let (rows, bytes) = (number(progress.rows_read), bytes(progress.bytes_read));
        parts.push(format!("read {rows} rows and {bytes}{files}"));
    }
    if let Some(newest) = progress.newest {
        let age = now.signed_duration_since(newest).to_std().unwrap_or_default();
        let written = newest.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S");
        parts.push(format!("newest file of {written} ({} ago)", coarse(age)));
    }
    match progress.bad_records {
        0 => {}
        1 => parts.push("1 bad record left out".to_owned()),
        count => parts.push(format!("{} bad records left out", number(count))),
    }
    parts.join(", ")
}

/// How long ago, in its largest unit.
fn coarse(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Digits in groups of three.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size with a unit.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        if size < 1000.0 {
            break;
        }
        size /= 1000.0;
        unit = next;
    }
    format!("{size:.1} {unit}")
}

/// A duration as people say it.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0..60 => format!("{seconds:.1} s"),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_times_are_written_for_people() {
        assert_eq!([number(7), number(1234), number(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([bytes(999), bytes(1500), bytes(2_000_000_000)], ["999 B", "1.5 kB", "2.0 GB"]);
        assert_eq!(duration(Duration::from_millis(1540)), "1.5 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn the_footer_leaves_out_what_is_not_known() {
        let mut progress = Progress { elapsed: Duration::from_millis(12), ..Progress::default() };
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(text(&progress, now), "time: 0.012 s");
        progress.rows_read = 4000;
        progress.bytes_read = 1_200_000;
        progress.files = 3;
        let read = "time: 0.012 s, read 4,000 rows and 1.2 MB of 3 files";
        assert_eq!(text(&progress, now), read);
        progress.newest = Some(now - Duration::from_secs(3 * 3600));
        progress.bad_records = 2;
        let text = text(&progress, now);
        assert!(text.contains("(3 h ago), 2 bad records left out"), "{text}");
    }
}
