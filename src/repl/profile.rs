//! EXPLAIN ANALYZE as a tree: the time, rows and bytes of every step, the slowest way marked.

use super::color::{BOLD, RESET};

/// One step of a plan.
struct Step {
    depth: usize,
    name: String,
    nanos: u64,
    rows: String,
    bytes: String,
}

/// The tree of what EXPLAIN ANALYZE has answered.
pub(super) fn tree(answer: &[Vec<Option<String>>], colored: bool) -> String {
    let plan =
        answer.iter().filter_map(|row| row.last()?.as_deref()).collect::<Vec<_>>().join("\n");
    let steps: Vec<Step> = plan.lines().filter_map(step).collect();
    let slow = slowest(&steps);
    let mut lines = vec![format!("{:>10}  {:>12}  {:>10}  step", "time", "rows", "bytes")];
    for (at, step) in steps.iter().enumerate() {
        let mark = if slow.contains(&at) { "*" } else { " " };
        let line = format!(
            "{:>10}  {:>12}  {:>10} {mark}{}{}",
            time(step.nanos),
            step.rows,
            step.bytes,
            "  ".repeat(step.depth),
            step.name
        );
        lines.push(if colored && mark == "*" { format!("{BOLD}{line}{RESET}") } else { line });
    }
    lines.push("* the slowest way; times are of all threads together".to_owned());
    lines.join("\n")
}

/// `  FilterExec: a@0 > 1, metrics=[output_rows=5, elapsed_compute=1.2ms, …]`.
fn step(line: &str) -> Option<Step> {
    let text = line.trim_start();
    if text.is_empty() {
        return None;
    }
    let (name, metrics) = text.split_once(", metrics=[").unwrap_or((text, ""));
    let of = |wanted: &str| {
        let found = metrics.trim_end_matches(']').split(", ").find_map(|metric| {
            let (name, value) = metric.split_once('=')?;
            (name == wanted).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    };
    let bytes = [of("bytes_read"), of("bytes_scanned")].into_iter().find(|text| !text.is_empty());
    Some(Step {
        depth: (line.len() - text.len()) / 2,
        name: name.chars().take(100).collect(),
        nanos: nanos(&of("elapsed_compute")),
        rows: of("output_rows"),
        bytes: bytes.unwrap_or_default(),
    })
}

/// `1.5ms` in nanoseconds.
fn nanos(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let scale = match &text[end..] {
        "ns" => 1.0,
        "µs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => 0.0,
    };
    // Times fit a float's digits.
    (text[..end].parse::<f64>().unwrap_or(0.0) * scale) as u64
}

fn time(nanos: u64) -> String {
    match nanos {
        0 => String::new(),
        1..1_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", nanos as f64 / 1e6),
        _ => format!("{:.2} s", nanos as f64 / 1e9),
    }
}

/// From the root always to the child whose steps took longest, together.
fn slowest(steps: &[Step]) -> Vec<usize> {
    let end = |at: usize| {
        let below = steps[at + 1..].iter().take_while(|step| step.depth > steps[at].depth).count();
        at + 1 + below
    };
    let total = |at: usize| steps[at..end(at)].iter().map(|step| step.nanos).sum::<u64>();
    let mut way = Vec::new();
    let mut next = (!steps.is_empty()).then_some(0);
    while let Some(at) = next {
        way.push(at);
        let children = (at + 1..end(at)).filter(|child| steps[*child].depth == steps[at].depth + 1);
        next = children.max_by_key(|child| total(*child));
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_way_is_marked() {
        let plan = "JoinExec, metrics=[output_rows=5, elapsed_compute=1ms]\n  \
                    ScanExec: a, metrics=[output_rows=7, elapsed_compute=2µs, bytes_read=40]\n  \
                    FilterExec: b, metrics=[output_rows=9, elapsed_compute=3.5ms]\n    \
                    ScanExec: b, metrics=[]\n";
        let answer = [vec![Some("Plan with Metrics".to_owned()), Some(plan.to_owned())]];
        assert_eq!(
            tree(&answer, false),
            "      time          rows       bytes  step\n\
             \u{20}   1.0 ms             5             *JoinExec\n\
             \u{20}   2.0 µs             7          40    ScanExec: a\n\
             \u{20}   3.5 ms             9             *  FilterExec: b\n\
             \u{20}                                    *    ScanExec: b\n\
             * the slowest way; times are of all threads together"
        );
    }
}
