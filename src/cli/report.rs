//! `--report junit=FILE|json=FILE`: every statement that ran, for the machines that run scripts.

use std::fmt::Write as _;

use crate::error::{Error, Result};
use crate::repl::Ran;

/// Writes the reports that the command line asks for.
pub(super) fn write(reports: &[(String, String)], ran: &[Ran]) -> Result<()> {
    for (format, path) in reports {
        let text = match format.as_str() {
            "json" => json(ran),
            "junit" => junit(ran),
            other => {
                return Err(Error::config(format!(
                    "--report takes junit=FILE or json=FILE, not {other}="
                )));
            }
        };
        std::fs::write(path, text)
            .map_err(|e| Error::config(format!("{path}: {e}")).with_source(e))?;
    }
    Ok(())
}

fn json(ran: &[Ran]) -> String {
    let statements: Vec<serde_json::Value> = ran
        .iter()
        .map(|ran| {
            serde_json::json!({
                "place": ran.place,
                "statement": ran.text,
                "seconds": ran.elapsed.as_secs_f64(),
                "rows": ran.rows,
                "read_point": ran.receipt.iter().find(|line| line.counter == "read_point")
                    .map(|line| line.detail.as_str()),
                "receipt": ran.receipt.iter().map(|line| serde_json::json!({
                    "source": line.source,
                    "counter": line.counter,
                    "amount": line.amount,
                    "detail": line.detail,
                })).collect::<Vec<_>>(),
                "error": ran.error.as_ref().map(|error| serde_json::json!({
                    "kind": error.kind().as_str(),
                    "message": error.message(),
                })),
            })
        })
        .collect();
    let failed = ran.iter().filter(|ran| ran.error.is_some()).count();
    let report = serde_json::json!({ "failed": failed, "statements": statements });
    format!("{report:#}\n")
}

fn junit(ran: &[Ran]) -> String {
    let failed = ran.iter().filter(|ran| ran.error.is_some()).count();
    let seconds: f64 = ran.iter().map(|ran| ran.elapsed.as_secs_f64()).sum();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"sluice\" tests=\"{}\" failures=\"{failed}\" time=\"{seconds:.3}\">\n",
        ran.len()
    );
    for ran in ran {
        let first = ran.text.lines().next().unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            "  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
            escaped(&ran.place),
            escaped(first),
            ran.elapsed.as_secs_f64()
        );
        match &ran.error {
            None => xml.push_str("/>\n"),
            Some(error) => {
                let _ = writeln!(
                    xml,
                    ">\n    <failure type=\"{}\" message=\"{}\">{}</failure>\n  </testcase>",
                    error.kind(),
                    escaped(error.message()),
                    escaped(&ran.text)
                );
            }
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no way to write the other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
