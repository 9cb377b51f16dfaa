//! Fuzzes the decoders of records: what becomes of one does not depend on the ones beside it.
//!
//! Run with `cargo +nightly fuzz run records`.

#![no_main]

use std::ops::Range;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use libfuzzer_sys::fuzz_target;
use sluice::stream::decode::csv::{CsvDecoder, CsvDialect};
use sluice::stream::decode::json::JsonDecoder;
use sluice::stream::decode::{Chunk, Column, Decoder, OnError, Shape};

fn shape(on_error: OnError) -> Shape {
    let nested = Fields::from(vec![Field::new("x", DataType::Int32, true)]);
    let columns = [
        ("a", DataType::Int64),
        ("b", DataType::Utf8),
        ("c", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("d", DataType::Decimal128(10, 2)),
        ("e", DataType::Struct(nested)),
    ];
    let columns = columns.map(|(name, data_type)| Column::new(name, data_type));
    Shape { columns: columns.to_vec(), declared: true, on_error }
}

/// Whether each record is a row.
fn good(decoder: &mut dyn Decoder, bytes: &[u8], records: &[Range<usize>]) -> Vec<bool> {
    let chunk = Chunk { bytes, byte_offset: 0, line: None };
    let decoded = decoder.decode_records(chunk, records).expect("no bad record is an error");
    let mut good = vec![true; records.len()];
    for bad in decoded.bad.iter().filter(|bad| bad.diverted) {
        good[usize::try_from(bad.record).expect("a place")] = false;
    }
    assert_eq!(decoded.batch.num_rows(), good.iter().filter(|good| **good).count());
    good
}

fuzz_target!(|given: (bool, bool, &[u8])| {
    let (json, null, bytes) = given;
    let shape = shape(if null { OnError::Null } else { OnError::Divert });
    let decoder = || -> Box<dyn Decoder> {
        // CSV has no nested columns.
        let flat = Shape { columns: shape.columns[..4].to_vec(), ..shape.clone() };
        match json {
            true => {
                Box::new(JsonDecoder::try_new(shape.clone(), &[0, 1, 2, 3, 4]).expect("a shape"))
            }
            false => Box::new(
                CsvDecoder::try_new(flat, &CsvDialect::default(), None, &[0, 1, 2, 3])
                    .expect("a shape"),
            ),
        }
    };
    let mut records = vec![];
    let mut at = 0;
    for part in bytes.split(|byte| *byte == 0) {
        records.push(at..at + part.len());
        at += part.len() + 1;
    }
    let mut all = decoder();
    let together = good(all.as_mut(), bytes, &records);
    for (record, expected) in records.iter().zip(together) {
        let alone = good(decoder().as_mut(), &bytes[record.clone()], &[0..record.len()]);
        assert_eq!(alone, [expected], "{:?}", &bytes[record.clone()]);
    }
});
