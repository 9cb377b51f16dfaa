//! The metrics as Prometheus reads them. Their names and labels are in `docs/serving.md`.

use std::fmt::{Display, Write};

use super::Watched;
use crate::engine::Histogram;

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, about: &str, value: impl Display) {
        self.head(name, kind, about);
        self.line(name, "", value);
    }

    fn histogram(&mut self, name: &str, about: &str, histogram: &Histogram) {
        self.head(name, "histogram", about);
        let bucket = format!("{name}_bucket");
        for (bound, count) in histogram.buckets() {
            self.line(&bucket, &format!("{{le=\"{bound}\"}}"), count);
        }
        self.line(&bucket, "{le=\"+Inf\"}", histogram.count);
        self.line(&format!("{name}_sum"), "", histogram.sum.as_secs_f64());
        self.line(&format!("{name}_count"), "", histogram.count);
    }
}

/// All of them, now.
pub(super) fn text(watched: &Watched) -> String {
    let Watched { engine, counters, log, sessions, .. } = watched;
    let (totals, load) = (engine.totals(), engine.load());
    let problems = engine.catalog_problems().iter().filter(|problem| problem.is_error()).count();
    let mut text = Text(String::new());
    text.head("sluice_build_info", "gauge", "1, with the version.");
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    text.line("sluice_build_info", &version, 1);
    let name = "sluice_statements_total";
    text.head(name, "counter", "Statements that have ended, by state and kind of error.");
    for ((state, kind), count) in &totals.ended {
        let kind = kind.unwrap_or("none");
        text.line(name, &format!("{{state=\"{state}\",error_kind=\"{kind}\"}}"), count);
    }
    text.histogram(
        "sluice_statement_duration_seconds",
        "From the beginning of statements to their end.",
        &totals.took,
    );
    text.histogram(
        "sluice_queue_wait_seconds",
        "How long statements waited for their turn.",
        &totals.waited,
    );
    for (name, about, value) in [
        ("sluice_rows_sent_total", "Rows handed out by statements that have ended.", totals.rows),
        ("sluice_bytes_sent_total", "Bytes of rows sent to clients.", counters.sent.get()),
        (
            "sluice_bytes_scanned_total",
            "Bytes read by statements that have ended.",
            totals.bytes_read,
        ),
        (
            "sluice_bad_records_total",
            "Records that were not what their tables declare.",
            totals.bad_records,
        ),
        ("sluice_sessions_started_total", "Sessions that began.", counters.sessions.get()),
        ("sluice_login_failures_total", "Calls that were not let in.", counters.refused.get()),
        (
            "sluice_catalog_changes_total",
            "Changes of the catalog folder that were taken up.",
            counters.catalog_changes.get(),
        ),
    ] {
        text.one(name, "counter", about, value);
    }
    let name = "sluice_log_lines_lost_total";
    text.head(name, "counter", "Lines that could not be written, by log.");
    for (of, lost) in
        [("server", log.lost()), ("audit", log.lost_audit()), ("history", engine.lost_history())]
    {
        text.line(name, &format!("{{log=\"{of}\"}}"), lost);
    }
    for (name, about, value) in [
        ("sluice_statements_running", "Statements that run.", load.running as u64),
        ("sluice_statements_waiting", "Statements that wait for their turn.", load.waiting as u64),
        ("sluice_sessions", "Sessions that are open.", sessions() as u64),
        ("sluice_memory_used_bytes", "Memory that statements hold.", load.memory as u64),
        ("sluice_memory_limit_bytes", "Memory that statements may hold.", load.memory_limit),
        ("sluice_catalog_problems", "Files of the catalog folder that are wrong.", problems as u64),
    ] {
        text.one(name, "gauge", about, value);
    }
    text.0
}
