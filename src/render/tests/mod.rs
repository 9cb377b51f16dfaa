//! What holds for all formats; exact texts are in `text`, reading back in `round_trip`.

mod round_trip;
mod text;

use std::collections::BTreeSet;
use std::error::Error as _;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int64Array, ListArray, MapBuilder,
    RecordBatch, RecordBatchOptions, StringArray, StringBuilder, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{Int32Type, Schema};

use super::{FORMATS, Options, format};
use crate::error::ErrorKind;

/// What a format makes of batches of one schema, and its notes.
fn render_all(name: &str, batches: &[RecordBatch], options: &Options) -> (Vec<u8>, Vec<String>) {
    let schema = batches[0].schema();
    let mut renderer = format(name).unwrap().open(&schema, options).unwrap();
    let mut out = Vec::new();
    for batch in batches {
        renderer.write(batch, &mut out).unwrap();
    }
    renderer.finish(&mut out).unwrap();
    (out, renderer.notes())
}

/// What a format makes of one batch, as text.
pub(super) fn render(name: &str, batch: &RecordBatch, options: &Options) -> String {
    let (out, _) = render_all(name, std::slice::from_ref(batch), options);
    String::from_utf8(out).unwrap()
}

/// A batch of nullable columns.
pub(super) fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// A batch with rows and no columns.
fn columnless(rows: usize) -> RecordBatch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap()
}

/// Values that writers get wrong.
fn tricky() -> RecordBatch {
    let texts = ["", "a\"b,c", "tab\tline\nback\\|", "日本 👩‍🚀 e\u{301}", "\x1b[31m<b>", "x"];
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for row in 0..6 {
        if row == 1 {
            maps.keys().append_value("k\"");
            maps.values().append_null();
        }
        maps.append(row != 5).unwrap();
    }
    batch([
        (
            "n",
            Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, 9_007_199_254_740_993, i64::MAX])),
        ),
        ("text", {
            let mut values: Vec<Option<&str>> = texts.iter().copied().map(Some).collect();
            values[5] = None;
            Arc::new(StringViewArray::from(values))
        }),
        (
            "x",
            Arc::new(Float64Array::from(vec![
                Some(f64::NAN),
                Some(-0.0),
                Some(1e300),
                Some(f64::NEG_INFINITY),
                Some(0.1),
                None,
            ])),
        ),
        (
            "amount",
            Arc::new(
                Decimal128Array::from(vec![
                    Some(1),
                    Some(-1),
                    Some(99_999_999_999_999_999_999_999_999_999_999_999_999),
                    Some(0),
                    Some(-12_345),
                    None,
                ])
                .with_precision_and_scale(38, 2)
                .unwrap(),
            ),
        ),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![
                    Some(1_788_220_800_000_000),
                    Some(-1),
                    Some(-500_000),
                    Some(0),
                    Some(1_788_220_800_123_000),
                    None,
                ])
                .with_timezone("Asia/Taipei"),
            ),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
                Some(vec![]),
                Some(vec![Some(1), None]),
                Some(vec![Some(-7)]),
                None,
                Some(vec![None]),
                Some(vec![]),
            ])),
        ),
        ("map", Arc::new(maps.finish())),
        (
            "raw",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(b"\x00\xff"),
                Some(b""),
                None,
                Some(b"a"),
                None,
                None,
            ])),
        ),
    ])
}

#[test]
fn every_file_or_folder_is_a_format_or_known_to_be_none() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !["mod", "options", "cell", "tests"].contains(&name.as_str()))
        .collect();
    let listed: BTreeSet<String> = FORMATS.iter().map(|format| format.name().to_owned()).collect();
    assert_eq!(found, listed);
}

#[test]
fn names_and_aliases_are_unique_and_found_in_any_case() {
    let mut seen = BTreeSet::new();
    for known in FORMATS {
        for name in [known.name()].iter().chain(known.aliases()) {
            assert!(seen.insert(*name), "{name} comes twice");
            assert_eq!(format(&name.to_uppercase()).unwrap().name(), known.name());
        }
        assert!(!known.description().is_empty());
    }
}

#[test]
fn an_unknown_format_is_answered_with_the_names_and_the_nearest_one() {
    let error = format("cvs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.message(),
        "unknown output format 'cvs', must be one of table, vertical, csv, tsv, json, ndjson, \
         unaligned, markdown, html, parquet, arrow"
    );
    assert_eq!(error.hint(), Some("did you mean 'csv'?"));
    assert_eq!(format("jsonlnes").unwrap_err().hint(), Some("did you mean 'jsonlines'?"));
    assert_eq!(format("spreadsheet").unwrap_err().hint(), None);
}

#[derive(Debug)]
struct ClosedPipe;

impl Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_can_be_recognized_whatever_the_format() {
    for known in FORMATS {
        let mut renderer = known.open(&tricky().schema(), &Options::default()).unwrap();
        let error = renderer
            .write(&tricky(), &mut ClosedPipe)
            .and_then(|()| renderer.finish(&mut ClosedPipe))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(cause.kind(), io::ErrorKind::BrokenPipe, "{}", known.name());
    }
}

#[test]
fn batches_of_any_size_and_slices_make_the_same_text() {
    for known in FORMATS.iter().filter(|format| !format.holds_one_result()) {
        let whole = tricky();
        let slices: Vec<RecordBatch> =
            [(0, 0), (0, 1), (1, 3), (4, 0), (4, 2)].map(|(at, n)| whole.slice(at, n)).into();
        let options = Options::default();
        let (text, notes) = render_all(known.name(), &slices, &options);
        let (expected, expected_notes) = render_all(known.name(), &[whole], &options);
        assert_eq!(String::from_utf8(text), String::from_utf8(expected), "{}", known.name());
        assert_eq!(notes, expected_notes);
    }
}

#[test]
fn rows_are_passed_on_batch_by_batch() {
    for known in FORMATS.iter().filter(|format| format.name() != "parquet") {
        let options = Options { sample_rows: 1, ..Options::default() };
        let mut renderer = known.open(&tricky().schema(), &options).unwrap();
        let mut out = Vec::new();
        renderer.write(&tricky(), &mut out).unwrap();
        let first = out.len();
        renderer.write(&tricky(), &mut out).unwrap();
        assert!(first > 0 && out.len() > first, "{}", known.name());
    }
}

#[test]
fn a_result_without_batches_has_a_header_and_no_rows() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let schema = batch([("id", ids), ("a b", texts)]).schema();
    let empty = |name: &str| {
        let mut renderer = format(name).unwrap().open(&schema, &Options::default()).unwrap();
        let mut out = Vec::new();
        renderer.finish(&mut out).unwrap();
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(empty("csv"), "id,a b\n");
    assert_eq!(empty("tsv"), "id\ta b\n");
    assert_eq!(empty("json"), "[]\n");
    assert_eq!(empty("ndjson"), "");
    assert_eq!(empty("unaligned"), "id|a b\n(0 rows)\n");
    assert_eq!(empty("vertical"), "(0 rows)\n");
    assert_eq!(empty("markdown"), "| id | a b |\n| ---: | --- |\n\n(0 rows)\n");
    assert_eq!(
        empty("html"),
        "<table>\n<thead>\n<tr><th>id</th><th>a b</th></tr>\n</thead>\n<tbody>\n</tbody>\n\
         </table>\n<p>(0 rows)</p>\n"
    );
    assert_eq!(
        empty("table"),
        "┌────┬─────┐\n│ id │ a b │\n├────┼─────┤\n└────┴─────┘\n(0 rows)\n"
    );
}

#[test]
fn a_batch_of_other_columns_is_refused() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = batch([("a", ids.clone()), ("b", ids)]);
    for known in FORMATS {
        let options = Options { sample_rows: 1, ..Options::default() };
        let mut renderer = known.open(&tricky().schema(), &options).unwrap();
        let error = renderer.write(&other, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{}", known.name());
    }
}

#[test]
fn rows_without_columns_are_counted() {
    let options = Options::default();
    assert_eq!(render("csv", &columnless(2), &options), "\n\n\n");
    assert_eq!(render("tsv", &columnless(2), &options), "\n\n\n");
    assert_eq!(render("json", &columnless(2), &options), "[{},\n{}]\n");
    assert_eq!(render("ndjson", &columnless(2), &options), "{}\n{}\n");
    assert_eq!(render("table", &columnless(2), &options), "(2 rows)\n");
    assert_eq!(render("markdown", &columnless(2), &options), "\n(2 rows)\n");
    assert!(render("vertical", &columnless(2), &options).ends_with("(2 rows)\n"));
    assert!(render("html", &columnless(2), &options).contains("(2 rows)"));
    let refused = format("parquet").unwrap().open(&columnless(2).schema(), &options).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
}

#[test]
fn what_is_written_as_null_is_told() {
    for name in ["json", "ndjson"] {
        let (_, notes) = render_all(name, &[tricky()], &Options::default());
        assert_eq!(notes, ["2 NaN or infinite values written as null"]);
    }
    for name in ["csv", "table", "parquet"] {
        assert!(render_all(name, &[tricky()], &Options::default()).1.is_empty());
    }
}

#[test]
fn a_blank_line_goes_before_later_results() {
    let later = Options { first_result: false, ..Options::default() };
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let one = batch([("id", ids)]);
    for name in ["table", "vertical", "csv", "tsv", "markdown", "html"] {
        let first = render(name, &one, &Options::default());
        assert_eq!(render(name, &one, &later), format!("\n{first}"));
    }
    for name in ["json", "ndjson", "unaligned"] {
        assert_eq!(render(name, &one, &later), render(name, &one, &Options::default()));
    }
}

#[test]
fn an_unknown_time_zone_is_an_error_that_names_the_column() {
    let at = TimestampMicrosecondArray::from(vec![0]).with_timezone("Mars/Olympus");
    let batch = batch([("at", Arc::new(at) as ArrayRef)]);
    let mut renderer = format("csv").unwrap().open(&batch.schema(), &Options::default()).unwrap();
    let error = renderer.write(&batch, &mut Vec::new()).unwrap_err();
    assert_eq!(error.message(), "column \"at\": unknown time zone 'Mars/Olympus'");
}
