//! The exact text every format makes of tricky values.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use super::{batch, render, render_all, tricky};
use crate::error::ErrorKind;
use crate::render::{Border, Lines, Options, format};

fn rendered(name: &str) -> String {
    render(name, &tricky(), &Options::default())
}

fn strings(values: &[Option<&str>]) -> RecordBatch {
    let array: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    batch([("a", array)])
}

#[test]
fn csv_quotes_what_it_must_and_tells_null_from_empty() {
    assert_eq!(
        rendered("csv"),
        concat!(
            "n,text,x,amount,at,list,map,raw\n",
            "-9223372036854775808,\"\",NaN,0.01,2026-09-01T08:00:00+08:00,[],{},00ff\n",
            "-1,\"a\"\"b,c\",-0.0,-0.01,1970-01-01T07:59:59.999999+08:00,",
            "\"[1,null]\",\"{\"\"k\\\"\"\"\":null}\",\n",
            "0,\"tab\tline\nback\\|\",1e+300,999999999999999999999999999999999999.99,",
            "1970-01-01T07:59:59.5+08:00,[-7],{},\n",
            "1,日本 👩‍🚀 e\u{301},-Infinity,0.00,1970-01-01T08:00:00+08:00,,{},61\n",
            "9007199254740993,\x1b[31m<b>,0.1,-123.45,2026-09-01T08:00:00.123+08:00,[null],{},\n",
            "9223372036854775807,,,,,[],,\n",
        )
    );
}

#[test]
fn csv_quotes_strings_that_look_like_the_null_text() {
    let null = Options { null: Some("NULL".to_owned()), ..Options::default() };
    let text = render("csv", &strings(&[Some("NULL"), None, Some("")]), &null);
    assert_eq!(text, "a\n\"NULL\"\nNULL\n\"\"\n");
    let zero = Options { null: Some("0".to_owned()), ..Options::default() };
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), None, Some(10)]));
    assert_eq!(render("csv", &batch([("a", numbers)]), &zero), "a\n\"0\"\n0\n10\n");
}

#[test]
fn csv_tells_of_lines_that_readers_may_skip() {
    let (_, notes) = render_all("csv", &[strings(&[None, Some("x")])], &Options::default());
    assert_eq!(notes, ["1 NULL is an empty line, which many readers of csv skip"]);
}

#[test]
fn csv_takes_any_separator_that_can_be_told_from_the_values() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![-12]));
    let row = batch([("a;b", ids.clone()), ("c", ids)]);
    let by =
        |separator: &str| Options { separator: Some(separator.to_owned()), ..Options::default() };
    assert_eq!(render("csv", &row, &by(";")), "\"a;b\";c\n-12;-12\n");
    assert_eq!(render("csv", &row, &by("-")), "a;b-c\n\"-12\"-\"-12\"\n");
    assert_eq!(render("csv", &row, &by("||")), "a;b||c\n-12||-12\n");
    for refused in ["", "\"", "\n"] {
        let error = format("csv").unwrap().open(&row.schema(), &by(refused)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn tsv_escapes_tabs_and_line_breaks_and_writes_null_as_copy_does() {
    let text = rendered("tsv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7);
    assert!(lines.iter().all(|line| line.split('\t').count() == 8), "{text}");
    assert_eq!(lines[0], "n\ttext\tx\tamount\tat\tlist\tmap\traw");
    assert_eq!(
        lines[1],
        "-9223372036854775808\t\tNaN\t0.01\t2026-09-01T08:00:00+08:00\t[]\t{}\t00ff"
    );
    assert_eq!(
        lines[2],
        "-1\ta\"b,c\t-0.0\t-0.01\t1970-01-01T07:59:59.999999+08:00\t[1,null]\t\
         {\"k\\\\\"\":null}\t"
    );
    assert!(lines[3].starts_with("0\ttab\\tline\\nback\\\\|\t1e+300\t"));
    assert!(lines[3].ends_with("\t{}\t\\N"));
    assert_eq!(lines[6], "9223372036854775807\t\\N\t\\N\t\\N\t\\N\t[]\t\\N\t\\N");
}

#[test]
fn ndjson_keeps_all_digits_and_writes_explicit_nulls() {
    assert_eq!(
        rendered("ndjson"),
        concat!(
            r#"{"n":-9223372036854775808,"text":"","x":null,"amount":0.01,"#,
            r#""at":"2026-09-01T08:00:00+08:00","list":[],"map":{},"raw":"00ff"}"#,
            "\n",
            r#"{"n":-1,"text":"a\"b,c","x":-0.0,"amount":-0.01,"#,
            r#""at":"1970-01-01T07:59:59.999999+08:00","list":[1,null],"map":{"k\"":null},"raw":""}"#,
            "\n",
            r#"{"n":0,"text":"tab\tline\nback\\|","x":1e+300,"#,
            r#""amount":999999999999999999999999999999999999.99,"#,
            r#""at":"1970-01-01T07:59:59.5+08:00","list":[-7],"map":{},"raw":null}"#,
            "\n",
            r#"{"n":1,"text":"日本 👩‍🚀 é","x":null,"amount":0.00,"#,
            r#""at":"1970-01-01T08:00:00+08:00","list":null,"map":{},"raw":"61"}"#,
            "\n",
            r#"{"n":9007199254740993,"text":"\u001b[31m<b>","x":0.1,"amount":-123.45,"#,
            r#""at":"2026-09-01T08:00:00.123+08:00","list":[null],"map":{},"raw":null}"#,
            "\n",
            r#"{"n":9223372036854775807,"text":null,"x":null,"amount":null,"#,
            r#""at":null,"list":[],"map":null,"raw":null}"#,
            "\n",
        )
    );
}

#[test]
fn json_is_the_lines_of_ndjson_in_an_array() {
    let rows = rendered("ndjson");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rendered("json"), format!("[{}]\n", rows.join(",\n")));
}

#[test]
fn equal_names_get_suffixes_in_json_and_stay_in_csv() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let row = batch([("a", ids.clone()), ("a", ids.clone()), ("a_1", ids.clone()), ("a", ids)]);
    let options = Options::default();
    assert_eq!(render("ndjson", &row, &options), "{\"a\":1,\"a_2\":1,\"a_1\":1,\"a_3\":1}\n");
    assert_eq!(render("csv", &row, &options), "a,a,a_1,a\n1,1,1,1\n");
}

#[test]
fn markdown_escapes_markup() {
    let row = strings(&[Some("a|b\\c\nd<i> *x* _y_ snake_case `z` &"), None]);
    assert_eq!(
        render("markdown", &row, &Options { footer: false, ..Options::default() }),
        "| a |\n| --- |\n| a\\|b\\\\c<br>d&lt;i> \\*x\\* \\_y\\_ snake_case \\`z\\` &amp; |\n| NULL |\n"
    );
}

#[test]
fn html_escapes_markup_and_control_characters() {
    let row = strings(&[Some("<a href=\"x\">&\n\x1b"), None]);
    let options = Options { header: false, footer: false, ..Options::default() };
    assert_eq!(
        render("html", &row, &options),
        "<table>\n<tbody>\n<tr><td>&lt;a href=&quot;x&quot;&gt;&amp;<br>\\x1b</td></tr>\n\
         <tr><td><em>NULL</em></td></tr>\n</tbody>\n</table>\n"
    );
}

#[test]
fn unaligned_is_what_psql_writes() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let row = batch([("a", ids.clone()), ("b", ids)]);
    assert_eq!(render("unaligned", &row, &Options::default()), "a|b\n1|1\n|\n(2 rows)\n");
    let bare = Options {
        header: false,
        footer: false,
        separator: Some("\t".to_owned()),
        null: Some("-".to_owned()),
        ..Options::default()
    };
    assert_eq!(render("unaligned", &row, &bare), "1\t1\n-\t-\n");
}

#[test]
fn vertical_aligns_the_names_and_goes_on_below_a_line_break() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["line one\nline\ttwo", ""]));
    let rows = batch([("id", ids), ("a long 名", texts)]);
    let unicode = Options { width: Some(30), ..Options::default() };
    assert_eq!(
        render("vertical", &rows, &unicode),
        concat!(
            "─[ RECORD 1 ]─────────────────\n",
            "id        │ 1\n",
            "a long 名 │ line one\n",
            "          │ line\\ttwo\n",
            "─[ RECORD 2 ]─────────────────\n",
            "id        │ NULL\n",
            "a long 名 │\n",
            "(2 rows)\n",
        )
    );
    let ascii = Options { lines: Lines::Ascii, footer: false, ..Options::default() };
    let text = render("vertical", &tricky(), &ascii);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "-[ RECORD 1 ]---------------------------------");
    assert_eq!(lines[1], "n      | -9223372036854775808");
}

#[test]
fn the_crossing_of_a_record_line_stands_over_the_bar() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let row = batch([("a name of some length", ids)]);
    let ascii =
        Options { lines: Lines::Ascii, footer: false, width: Some(30), ..Options::default() };
    assert_eq!(
        render("vertical", &row, &ascii),
        "-[ RECORD 1 ]---------+-------\na name of some length | 1\n"
    );
}

#[test]
fn a_table_shows_tricky_values_in_a_straight_box() {
    let rows = tricky().project(&[0, 1, 2, 5]).unwrap();
    assert_eq!(
        render("table", &rows, &Options::default()),
        concat!(
            "┌──────────────────────┬─────────────┬───────────┬──────────┐\n",
            "│                    n │ text        │         x │ list     │\n",
            "├──────────────────────┼─────────────┼───────────┼──────────┤\n",
            "│ -9223372036854775808 │             │       NaN │ []       │\n",
            "│                   -1 │ a\"b,c       │      -0.0 │ [1,null] │\n",
            "│                    0 │ tab\\tline  ↵│    1e+300 │ [-7]     │\n",
            "│                      │ back\\|      │           │          │\n",
            "│                    1 │ 日本 👩‍🚀 e\u{301}   │ -Infinity │ NULL     │\n",
            "│     9007199254740993 │ \\x1b[31m<b> │       0.1 │ [null]   │\n",
            "│  9223372036854775807 │ NULL        │      NULL │ []       │\n",
            "└──────────────────────┴─────────────┴───────────┴──────────┘\n",
            "(6 rows)\n",
        )
    );
}

#[test]
fn plain_lines_look_like_psql() {
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 20]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("two\nlines"), None]));
    let rows = batch([("id", ids), ("name", texts)]);
    let psql = |border| Options { border, lines: Lines::Ascii, ..Options::default() };
    assert_eq!(
        render("table", &rows, &psql(Border::Inner)),
        " id | name\n----+-------\n  1 | two  +\n    | lines\n 20 | NULL\n(2 rows)\n"
    );
    assert_eq!(
        render("table", &rows, &psql(Border::None)),
        "id name\n-- -----\n 1 two  +\n   lines\n20 NULL\n(2 rows)\n"
    );
    assert_eq!(
        render("table", &rows, &psql(Border::Full)),
        "+----+-------+\n| id | name  |\n+----+-------+\n|  1 | two  +|\n|    | lines |\n\
         | 20 | NULL  |\n+----+-------+\n(2 rows)\n"
    );
}
