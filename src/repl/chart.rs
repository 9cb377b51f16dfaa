//! A result as a picture of characters: bars, a line, or how its values are spread.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use super::crosstab::position;
use super::run::LastResult;
use crate::error::{Error, Result};

/// Rows that are drawn.
const MOST: usize = 200;

/// Lines of a line chart, and bars of a histogram.
const HEIGHT: usize = 12;
const BINS: usize = 12;

/// Draws a result `width` columns wide. `words` are the kind and the columns.
pub(super) fn draw(
    result: &LastResult,
    words: &[&str],
    width: usize,
    ascii: bool,
) -> Result<String> {
    let (kind, columns) = match words.split_first() {
        Some((kind @ (&"bars" | &"bar" | &"line" | &"histogram"), columns)) => (*kind, columns),
        _ => ("bars", words),
    };
    let is_number = |at: &usize| result.schema.field(*at).data_type().is_numeric();
    let all = 0..result.schema.fields().len();
    let numbers: Vec<usize> = all.clone().filter(is_number).collect();
    let named: Vec<usize> =
        columns.iter().map(|name| position(result, name)).collect::<Result<_>>()?;
    let value = named.last().copied().or(numbers.last().copied());
    let value = value.ok_or_else(|| {
        Error::sql("a chart takes a column of numbers")
            .with_hint("select day, count(*) from t group by 1")
    })?;
    let label = match named.as_slice() {
        [label, _] => Some(*label),
        _ => all.clone().find(|at| *at != value),
    };
    let values = floats(result, value)?;
    let texts = result.texts()?;
    let labels: Vec<String> =
        texts.iter().map(|row| label.and_then(|at| row[at].clone()).unwrap_or_default()).collect();
    if kind == "histogram" {
        return Ok(histogram(&values, width, ascii));
    }
    let note = match values.len() {
        0..=MOST => String::new(),
        more => format!("\n{} of {more} rows are drawn", MOST),
    };
    let shown = values.len().min(MOST);
    let drawn = match kind {
        "line" => line(&labels[..shown], &values[..shown], width, ascii),
        _ => bars(&labels[..shown], &values[..shown], width, ascii),
    };
    Ok(format!("{}{note}", drawn.trim_end()))
}

fn floats(result: &LastResult, at: usize) -> Result<Vec<Option<f64>>> {
    let mut values = Vec::new();
    for batch in &result.batches {
        let column = cast(batch.column(at), &DataType::Float64).map_err(|_| {
            Error::sql(format!("{} is not a column of numbers", result.schema.field(at).name()))
        })?;
        let column = column.as_primitive::<Float64Type>();
        values.extend((0..column.len()).map(|row| {
            (!column.is_null(row)).then(|| column.value(row)).filter(|value| value.is_finite())
        }));
    }
    Ok(values)
}

/// A bar of eighths, or of `#`.
fn bar(share: f64, room: usize, ascii: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * room as f64 * 8.0).round() as usize;
    if ascii {
        return "#".repeat(eighths.div_ceil(8));
    }
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn padded(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    let mut shown: String = text.chars().filter(|c| !c.is_control()).collect();
    while shown.width() > width {
        shown.pop();
    }
    let blanks = " ".repeat(width - shown.width());
    format!("{shown}{blanks}")
}

fn bars(labels: &[String], values: &[Option<f64>], width: usize, ascii: bool) -> String {
    use unicode_width::UnicodeWidthStr;
    let most = values.iter().flatten().fold(0.0_f64, |most, value| most.max(value.abs()));
    let texts: Vec<String> =
        values.iter().map(|value| value.map_or("NULL".to_owned(), number)).collect();
    let of_label = labels.iter().map(|label| label.width()).max().unwrap_or(0).min(width / 3);
    let of_text = texts.iter().map(String::len).max().unwrap_or(0);
    let room = width.saturating_sub(of_label + of_text + 4).max(8);
    let mut drawn = String::new();
    for ((label, value), text) in labels.iter().zip(values).zip(&texts) {
        let share = if most > 0.0 { value.unwrap_or(0.0).abs() / most } else { 0.0 };
        let bar = bar(share, room, ascii);
        drawn.push_str(&format!("{} {text:>of_text$} {bar}\n", padded(label, of_label)));
    }
    drawn
}

fn histogram(values: &[Option<f64>], width: usize, ascii: bool) -> String {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let nulls = values.len() - known.len();
    let least = known.iter().copied().fold(f64::INFINITY, f64::min);
    let most = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if known.is_empty() {
        return "no values".to_owned();
    }
    let bins = if least == most { 1 } else { BINS };
    let step = (most - least) / bins as f64;
    let mut counts = vec![0_usize; bins];
    for value in &known {
        let bin = if step > 0.0 { ((value - least) / step) as usize } else { 0 };
        counts[bin.min(bins - 1)] += 1;
    }
    let labels: Vec<String> = (0..bins)
        .map(|bin| {
            let from = least + step * bin as f64;
            format!("{} … {}", number(from), number(from + step))
        })
        .collect();
    let labels: Vec<String> =
        labels.into_iter().map(|l| if ascii { l.replace('…', "-") } else { l }).collect();
    let counts: Vec<Option<f64>> = counts.into_iter().map(|count| Some(count as f64)).collect();
    let note = if nulls > 0 { format!("{nulls} without a value\n") } else { String::new() };
    format!("{}{note}", bars(&labels, &counts, width, ascii)).trim_end().to_owned()
}

fn line(labels: &[String], values: &[Option<f64>], width: usize, ascii: bool) -> String {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    if known.is_empty() {
        return "no values".to_owned();
    }
    let least = known.iter().copied().fold(f64::INFINITY, f64::min);
    let most = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let margin = number(most).len().max(number(least).len());
    let room = width.saturating_sub(margin + 3).max(10);
    let columns = values.len().min(room);
    let mut picture = vec![vec![' '; columns]; HEIGHT];
    let (mark, axis) = if ascii { ('*', '|') } else { ('●', '│') };
    for column in 0..columns {
        let Some(value) = values[column * values.len() / columns] else { continue };
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        let row = ((1.0 - share) * (HEIGHT - 1) as f64).round() as usize;
        picture[row.min(HEIGHT - 1)][column] = mark;
    }
    let mut drawn = String::new();
    for (row, cells) in picture.iter().enumerate() {
        let name = match row {
            0 => number(most),
            row if row == HEIGHT - 1 => number(least),
            _ => String::new(),
        };
        let cells: String = cells.iter().collect();
        drawn.push_str(&format!("{name:>margin$} {axis} {}\n", cells.trim_end()));
    }
    let (first, last) = (labels.first(), labels.last());
    if let (Some(first), Some(last)) = (first, last) {
        drawn.push_str(&format!("{:margin$}   {first} … {last}\n", ""));
    }
    if ascii { drawn.replace('…', "-") } else { drawn }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let labels = ["a".to_owned(), "日本".to_owned(), "c".to_owned()];
        let drawn = bars(&labels, &[Some(8.0), Some(4.0), None], 28, false);
        assert_eq!(drawn, "a       8 ████████████████\n日本    4 ████████\nc    NULL \n");
        let drawn = bars(&labels, &values(&[2.0, 1.0, 0.0]), 20, true);
        assert_eq!(drawn, "a    2 ###########\n日本 1 ######\nc    0 \n");
    }

    #[test]
    fn a_histogram_counts_every_value_once() {
        let drawn = histogram(&values(&[1.0, 1.0, 2.0, 13.0]), 60, true);
        let counted: usize = drawn
            .lines()
            .filter_map(|line| line.split_whitespace().nth(3)?.parse::<usize>().ok())
            .sum();
        assert_eq!(counted, 4, "{drawn}");
        assert_eq!(histogram(&[None], 60, true), "no values");
    }

    #[test]
    fn a_line_goes_from_the_least_to_the_most() {
        let labels = ["mon".to_owned(), "tue".to_owned()];
        let drawn = line(&labels, &values(&[1.0, 5.0]), 40, true);
        assert!(drawn.starts_with("5 |  *\n") && drawn.contains("1 | *\n"), "{drawn}");
        assert!(drawn.ends_with("mon - tue\n"), "{drawn}");
    }
}
