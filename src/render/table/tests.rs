//! Widths, cutting, hiding and streaming of tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use super::Table;
use crate::render::cell::width;
use crate::render::tests::{batch, render};
use crate::render::{Format, Options};

fn wide(columns: usize) -> RecordBatch {
    let names: Vec<String> = (0..columns).map(|n| format!("column_{n}")).collect();
    RecordBatch::try_from_iter(names.iter().enumerate().map(|(n, name)| {
        let array: ArrayRef = if n % 2 == 0 {
            Arc::new(Int64Array::from(vec![1_000_000 + n as i64]))
        } else {
            Arc::new(StringArray::from(vec!["日本語のとても長い文字列でしょうか".repeat(2)]))
        };
        (name, array)
    }))
    .unwrap()
}

fn at(columns: usize) -> Options {
    Options { width: Some(columns), ..Options::default() }
}

fn notes(batch: &RecordBatch, options: &Options) -> Vec<String> {
    let mut renderer = Table.open(&batch.schema(), options).unwrap();
    renderer.write(batch, &mut Vec::new()).unwrap();
    renderer.finish(&mut Vec::new()).unwrap();
    renderer.notes()
}

#[test]
fn a_table_never_is_wider_than_the_terminal() {
    for columns in 1..30 {
        for terminal in [40, 80, 81, 120] {
            let text = render("table", &wide(columns), &at(terminal));
            for line in text.lines() {
                assert!(width(line) <= terminal, "{columns} columns on {terminal}:\n{text}");
            }
            let rows: Vec<usize> = text.lines().take(5).map(width).collect();
            assert!(rows.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
        }
    }
}

#[test]
fn what_is_cut_or_hidden_is_marked_and_told() {
    let text = render("table", &wide(9), &at(60));
    assert_eq!(
        text,
        concat!(
            "┌──────────┬────────────────┬───┬───────────────┬──────────┐\n",
            "│ column_0 │ column_1       │ … │ column_7      │ column_8 │\n",
            "├──────────┼────────────────┼───┼───────────────┼──────────┤\n",
            "│  1000000 │ 日本語のとて…  │ … │ 日本語のとて… │  1000008 │\n",
            "└──────────┴────────────────┴───┴───────────────┴──────────┘\n",
            "(1 row)\n",
        )
    );
    assert_eq!(
        notes(&wide(9), &at(60)),
        [
            "5 columns hidden to fit the terminal: column_2, column_3, column_4, column_5, \
             column_6",
            "2 texts cut to fit the terminal"
        ]
    );
}

#[test]
fn of_many_hidden_columns_some_are_named() {
    let notes = notes(&wide(500), &at(60));
    assert!(notes[0].contains(" columns hidden to fit the terminal: column_2, column_3, "));
    assert!(notes[0].ends_with(", …") && notes[0].len() < 400, "{}", notes[0]);
}

#[test]
fn without_a_width_nothing_is_cut_or_hidden() {
    let options = Options::default();
    let text = render("table", &wide(40), &options);
    assert!(text.contains("column_39") && !text.contains('…'));
    assert!(notes(&wide(40), &options).is_empty());
}

#[test]
fn later_values_overflow_and_are_not_cut() {
    let texts = |values: &[&str]| {
        let array: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        batch([("a", array.clone()), ("b", array)])
    };
    let options = Options { sample_rows: 2, ..Options::default() };
    let mut renderer = Table.open(&texts(&[]).schema(), &options).unwrap();
    let mut out = Vec::new();
    renderer.write(&texts(&["x"]), &mut out).unwrap();
    assert!(out.is_empty());
    renderer.write(&texts(&["yy"]), &mut out).unwrap();
    renderer.write(&texts(&["longer"]), &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("│ longer │ longer │\n"));
    renderer.finish(&mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "┌────┬────┐\n│ a  │ b  │\n├────┼────┤\n│ x  │ x  │\n│ yy │ yy │\n\
         │ longer │ longer │\n└────┴────┘\n(3 rows)\n"
    );
}

#[test]
fn one_huge_value_is_written_whole_and_does_not_widen_all_rows() {
    let huge = "x".repeat(1_000_000);
    let mut values = vec!["a"; 99];
    values.push(&huge);
    let texts: ArrayRef = Arc::new(StringArray::from(values));
    let text = render("table", &batch([("a", texts.clone())]), &Options::default());
    assert!(text.contains(&huge));
    assert!(text.len() < 2 * huge.len());
    let text = render("table", &batch([("a", texts)]), &at(80));
    assert!(text.lines().all(|line| width(line) <= 80));
}

#[test]
fn numbers_are_not_cut_even_if_they_do_not_fit() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN]));
    assert!(render("table", &batch([("id", ids)]), &at(10)).contains("-9223372036854775808"));
}

#[test]
fn color_is_only_where_it_is_asked_for_and_does_not_move_anything() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("NULL"), None]));
    let rows = batch([("a", texts)]);
    let plain = render("table", &rows, &Options::default());
    let color = render("table", &rows, &Options { color: true, ..Options::default() });
    assert!(!plain.contains('\x1b'));
    assert!(color.contains("│ NULL │") && color.contains("│ \x1b[2mNULL\x1b[0m │"));
    let stripped = ["\x1b[0m", "\x1b[1m", "\x1b[2m"].iter().fold(color, |t, c| t.replace(c, ""));
    assert_eq!(stripped, plain);
}

#[test]
fn floats_have_as_many_digits_as_asked_for() {
    let floats: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![0.125, 2.0]));
    let options = Options { float_digits: Some(2), ..Options::default() };
    let text = render("table", &batch([("x", floats.clone())]), &options);
    assert!(text.contains("│ 0.12 │\n│ 2.00 │"), "{text}");
    assert_eq!(render("csv", &batch([("x", floats)]), &options), "x\n0.125\n2.0\n");
}
