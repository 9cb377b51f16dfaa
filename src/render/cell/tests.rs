//! How single values are spelled, as text and as JSON.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;

use super::{Column, Sink, cut, one_line, printable, width};

fn spelled(array: &dyn Array, write: impl Fn(&Column<'_>, usize, &mut Sink)) -> Vec<String> {
    let column = Column::new(array).unwrap();
    (0..array.len())
        .map(|row| {
            let mut sink = Sink::new(None);
            write(&column, row, &mut sink);
            String::from_utf8(sink.bytes).unwrap()
        })
        .collect()
}

fn texts(array: &dyn Array) -> Vec<String> {
    spelled(array, |column, row, sink| {
        if column.is_null(row) { sink.push("∅") } else { column.write_text(row, sink) }
    })
}

fn jsons(array: &dyn Array) -> Vec<String> {
    spelled(array, |column, row, sink| column.write_json(row, sink))
}

#[test]
fn integers_of_every_length_have_all_digits() {
    let mut values: Vec<i64> = vec![i64::MIN, i64::MAX, 0];
    for digits in 0..19 {
        let power = 10_i64.pow(digits);
        values.extend([power, power - 1, -power, power * 9 / 10 + 1]);
    }
    let expected: Vec<String> = values.iter().map(i64::to_string).collect();
    assert_eq!(texts(&Int64Array::from(values)), expected);
    assert_eq!(jsons(&UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
}

#[test]
fn floats_are_the_shortest_text_that_reads_back_and_look_like_floats() {
    let values =
        Float64Array::from(vec![1.0, -0.0, 0.1, 1e16, 1e300, 5e-324, 123_456.75, f64::NAN]);
    let expected = ["1.0", "-0.0", "0.1", "1e+16", "1e+300", "5e-324", "123456.75", "NaN"];
    assert_eq!(texts(&values), expected);
    assert_eq!(jsons(&values)[..7], expected[..7]);
    assert_eq!(texts(&Float32Array::from(vec![0.1, f32::INFINITY])), ["0.1", "Infinity"]);
    for (text, value) in texts(&values).iter().zip(values.values()).take(7) {
        assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
    }
}

#[test]
fn decimals_keep_every_digit_at_any_scale() {
    let scaled = |values: Vec<i128>, scale| {
        texts(&Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap())
    };
    let max = 99_999_999_999_999_999_999_999_999_999_999_999_999_i128;
    assert_eq!(scaled(vec![0, 7, -1234], 0), ["0", "7", "-1234"]);
    assert_eq!(scaled(vec![0, 7, -7, 1234, 100], 2), ["0.00", "0.07", "-0.07", "12.34", "1.00"]);
    assert_eq!(scaled(vec![0, 7, -12], -3), ["0", "7000", "-12000"]);
    assert_eq!(scaled(vec![max], 38), [format!("0.{max}")]);
    assert_eq!(scaled(vec![-max], 1), [format!("-{}.9", max / 10)]);
    let wide = i256::from_string("-123456789012345678901234567890123456789012345").unwrap();
    let wide = Decimal256Array::from(vec![wide]).with_precision_and_scale(76, 5).unwrap();
    assert_eq!(jsons(&wide), ["-1234567890123456789012345678901234567890.12345"]);
    let small = Decimal32Array::from(vec![-5]).with_precision_and_scale(9, 4).unwrap();
    assert_eq!(texts(&small), ["-0.0005"]);
    let small = Decimal64Array::from(vec![5]).with_precision_and_scale(18, 1).unwrap();
    assert_eq!(texts(&small), ["0.5"]);
}

#[test]
fn every_day_of_eight_centuries_is_what_chrono_says() {
    let days: Vec<i32> = (-146_097..146_097).collect();
    let expected = days.iter().map(|day| {
        let date = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        (date + chrono::Duration::days(i64::from(*day))).to_string()
    });
    assert!(texts(&Date32Array::from(days.clone())).into_iter().eq(expected));
}

#[test]
fn years_beyond_four_digits_have_a_sign() {
    let dates =
        Date32Array::from(vec![-719_528, -719_529, 2_932_896, 2_932_897, i32::MIN, i32::MAX]);
    assert_eq!(
        texts(&dates),
        [
            "0000-01-01",
            "-0001-12-31",
            "9999-12-31",
            "+10000-01-01",
            "-5877641-06-23",
            "+5881580-07-11"
        ]
    );
}

#[test]
fn a_date64_inside_a_day_shows_its_time() {
    let dates = Date64Array::from(vec![86_400_000, -1]);
    assert_eq!(texts(&dates), ["1970-01-02", "1969-12-31 23:59:59.999"]);
    assert_eq!(jsons(&dates), ["\"1970-01-02\"", "\"1969-12-31T23:59:59.999\""]);
}

#[test]
fn timestamps_have_the_fractions_they_need() {
    let instants = TimestampNanosecondArray::from(vec![0, -1, 1_500_000_000, 1_000, i64::MIN]);
    assert_eq!(
        texts(&instants),
        [
            "1970-01-01 00:00:00",
            "1969-12-31 23:59:59.999999999",
            "1970-01-01 00:00:01.5",
            "1970-01-01 00:00:00.000001",
            "1677-09-21 00:12:43.145224192",
        ]
    );
    assert_eq!(jsons(&instants)[2], "\"1970-01-01T00:00:01.5\"");
    let extremes = TimestampSecondArray::from(vec![i64::MIN, i64::MAX]);
    assert_eq!(texts(&extremes), ["-292277022657-01-27 08:29:52", "+292277026596-12-04 15:30:07"]);
}

#[test]
fn instants_carry_the_offset_of_their_moment() {
    let at = |zone: &str, seconds: i64| {
        let array = TimestampSecondArray::from(vec![seconds]).with_timezone(zone);
        let text = texts(&array).remove(0);
        assert_eq!(jsons(&array), [format!("\"{text}\"")]);
        text
    };
    assert_eq!(at("UTC", 0), "1970-01-01T00:00:00+00:00");
    assert_eq!(at("+00:00", 0), "1970-01-01T00:00:00+00:00");
    assert_eq!(at("Asia/Taipei", 1_788_220_800), "2026-09-01T08:00:00+08:00");
    assert_eq!(at("-03:30", 0), "1969-12-31T20:30:00-03:30");
    assert_eq!(at("Europe/Berlin", 1_774_745_999), "2026-03-29T01:59:59+01:00");
    assert_eq!(at("Europe/Berlin", 1_774_746_000), "2026-03-29T03:00:00+02:00");
    // Local mean time, 9 minutes and 21 seconds east: the offset is cut, the instant is not moved.
    assert_eq!(at("Europe/Paris", -2_500_000_000), "1890-10-11T19:42:20+00:09");
    assert_eq!(at("Asia/Taipei", i64::MAX), "+292277026596-12-04T15:30:07+00:00");
}

#[test]
fn times_of_day_have_the_fractions_they_need() {
    assert_eq!(texts(&Time32SecondArray::from(vec![0, 86_399])), ["00:00:00", "23:59:59"]);
    assert_eq!(texts(&Time32MillisecondArray::from(vec![1])), ["00:00:00.001"]);
    assert_eq!(
        jsons(&Time64NanosecondArray::from(vec![3_600_000_000_010])),
        ["\"01:00:00.00000001\""]
    );
}

#[test]
fn intervals_are_readable_and_durations_of_iso_8601_in_json() {
    let spans = IntervalMonthDayNanoArray::from(vec![
        IntervalMonthDayNano::new(14, 3, 14_706_789_000_000),
        IntervalMonthDayNano::new(-1, 1, -1_500_000_000),
        IntervalMonthDayNano::ZERO,
        IntervalMonthDayNano::new(0, 0, 360_000_000_000_000),
        IntervalMonthDayNano::new(0, 0, i64::MIN),
    ]);
    assert_eq!(
        texts(&spans),
        [
            "1 year 2 months 3 days 04:05:06.789",
            "-1 month 1 day -00:00:01.5",
            "00:00:00",
            "100:00:00",
            "-2562047:47:16.854775808",
        ]
    );
    assert_eq!(
        jsons(&spans),
        [
            "\"P1Y2M3DT4H5M6.789S\"",
            "\"P-1M1DT-1.5S\"",
            "\"PT0S\"",
            "\"PT100H\"",
            "\"PT-2562047H-47M-16.854775808S\"",
        ]
    );
    assert_eq!(texts(&IntervalYearMonthArray::from(vec![-25])), ["-2 years -1 month"]);
    let days = IntervalDayTimeArray::from(vec![IntervalDayTime::new(-1, 250)]);
    assert_eq!(texts(&days), ["-1 day 00:00:00.25"]);
    let durations = DurationMillisecondArray::from(vec![93_784_005, -93_784_005, i64::MIN]);
    assert_eq!(texts(&durations)[..2], ["1 day 02:03:04.005", "-1 day -02:03:04.005"]);
    assert_eq!(jsons(&durations)[..2], ["\"P1DT2H3M4.005S\"", "\"P-1DT-2H-3M-4.005S\""]);
    assert_eq!(texts(&durations)[2], "-106751991167 days -07:12:55.808");
}

#[test]
fn dictionaries_runs_and_unions_show_their_values() {
    let keys = Int8Array::from(vec![Some(1), None, Some(0), Some(2)]);
    let values: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("b"), None]));
    let dictionary = DictionaryArray::new(keys, values);
    assert_eq!(texts(&dictionary), ["b", "∅", "a", "∅"]);
    assert_eq!(jsons(&dictionary.slice(1, 2)), ["null", "\"a\""]);
    let empty = DictionaryArray::<Int8Type>::from_iter([None::<&str>, None]);
    assert_eq!(texts(&empty), ["∅", "∅"]);

    let ends = Int16Array::from(vec![2, 3, 5]);
    let values = Int64Array::from(vec![Some(7), None, Some(8)]);
    let runs = RunArray::<Int16Type>::try_new(&ends, &values).unwrap();
    assert_eq!(texts(&runs), ["7", "7", "∅", "8", "8"]);
    assert_eq!(jsons(&runs.slice(1, 3)), ["7", "null", "8"]);

    let mut union = UnionBuilder::new_dense();
    union.append::<Int32Type>("n", 1).unwrap();
    union.append::<Float64Type>("x", 2.5).unwrap();
    union.append_null::<Int32Type>("n").unwrap();
    let union = union.build().unwrap();
    assert_eq!(texts(&union), ["1", "2.5", "∅"]);
    assert_eq!(jsons(&union.slice(1, 2)), ["2.5", "null"]);
}

#[test]
fn nested_values_are_json_and_slices_of_them_too() {
    let lists = ListArray::from_iter_primitive::<TimestampSecondType, _, _>([
        Some(vec![Some(0), None]),
        None,
        Some(vec![]),
        Some(vec![Some(1)]),
    ]);
    let expected = ["[\"1970-01-01T00:00:00\",null]", "∅", "[]", "[\"1970-01-01T00:00:01\"]"];
    assert_eq!(texts(&lists), expected);
    assert_eq!(texts(&lists.slice(1, 3)), expected[1..]);

    let mut views = ListViewBuilder::new(Int8Builder::new());
    views.append_value([Some(1), None]);
    views.append_value([]);
    views.append_value([Some(3)]);
    assert_eq!(jsons(&views.finish().slice(1, 2)), ["[]", "[3]"]);

    let item = Arc::new(Field::new("item", DataType::Int8, true));
    let values = Arc::new(Int8Array::from(vec![1, 2, 3, 4]));
    let fixed = FixedSizeListArray::new(item, 2, values, None);
    assert_eq!(jsons(&fixed.slice(1, 1)), ["[3,4]"]);

    let one: ArrayRef = Arc::new(Int8Array::from(vec![1]));
    let twice = StructArray::from(vec![
        (Arc::new(Field::new("a", DataType::Int8, true)), one.clone()),
        (Arc::new(Field::new("a", DataType::Int8, true)), one),
    ]);
    assert_eq!(texts(&twice), ["{\"a\":1,\"a_1\":1}"]);
    assert_eq!(jsons(&StructArray::new_empty_fields(2, None)), ["{}", "{}"]);

    let mut maps = MapBuilder::new(None, Date32Builder::new(), Float64Builder::new());
    maps.keys().append_value(0);
    maps.values().append_value(f64::NAN);
    maps.append(true).unwrap();
    assert_eq!(texts(&maps.finish()), ["{\"1970-01-01\":null}"]);
}

#[test]
fn strings_have_only_the_escapes_json_demands() {
    let strings = LargeStringArray::from(vec!["a/b é \u{7f}", "\"\\\n\r\t\u{8}\u{1f}"]);
    assert_eq!(jsons(&strings), ["\"a/b é \u{7f}\"", "\"\\\"\\\\\\n\\r\\t\\u0008\\u001f\""]);
}

#[test]
fn widths_are_those_of_a_terminal() {
    for (text, columns) in [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👩‍🚀", 2), ("", 0), ("é", 1)]
    {
        assert_eq!(width(text), columns, "{text}");
    }
}

#[test]
fn nothing_that_steers_a_terminal_gets_through() {
    assert_eq!(printable("a\x1b[0m\r\t\u{9b}\u{202e}\nb"), "a\\x1b[0m\\r\\t\\u{9b}\\u{202e}\nb");
    assert_eq!(one_line("a\nb"), "a\\nb");
    assert_eq!(printable("👩‍🚀 e\u{301} 日本"), "👩‍🚀 e\u{301} 日本");
}

#[test]
fn a_cut_leaves_room_for_its_mark_and_keeps_characters_whole() {
    assert_eq!(cut("abcdef", 6), None);
    assert_eq!(cut("abcdef", 4), Some("abc"));
    assert_eq!(cut("日本語", 5), Some("日本"));
    assert_eq!(cut("日本語", 4), Some("日"));
    assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), Some("e\u{301}"));
    assert_eq!(cut("👩‍🚀👩‍🚀", 3), Some("👩‍🚀"));
    assert_eq!(cut("ab", 1), Some(""));
    assert!(cut(&format!("{}ab", "e\u{301}".repeat(3)), 4).is_some());
    let heap = format!("x{}abc", "\u{301}".repeat(100_000));
    assert!(cut(&heap, 3).unwrap().len() < 100);
}
