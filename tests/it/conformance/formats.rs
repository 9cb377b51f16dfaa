//! What the program writes is what a reader that knows nothing of it reads back.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Suite;
use crate::canonical::canonical;
use crate::program::Program;

const QUERIES: [&str; 3] = [
    "SELECT * FROM made.default.readings ORDER BY id",
    "SELECT id, big, small, huge, decimal, flag, date, instant, plain, constant FROM hard.t.whole \
     ORDER BY id",
    "SELECT event_id, device_id, user_id, event_type, event_time, battery, signal_dbm, day \
     FROM lake.raw.device_events WHERE day = DATE '2026-08-29' ORDER BY event_id LIMIT 700",
];

fn texts(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let row = |batch: &RecordBatch, row| {
        batch.columns().iter().map(|column| canonical(column, row)).collect()
    };
    batches.iter().flat_map(|b| (0..b.num_rows()).map(move |at| row(b, at))).collect()
}

/// The schema with plain text for views, nullable: what a reader of text is told.
fn plain(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8View => DataType::Utf8,
            other => other.clone(),
        };
        Field::new(field.name(), kind, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn lines(text: &[u8], schema: &SchemaRef) -> Vec<RecordBatch> {
    let reader = arrow::json::ReaderBuilder::new(Arc::clone(schema)).build(Cursor::new(text));
    reader.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_machine_format_reads_back_as_the_rows() {
    let suite = Suite::new();
    let session = suite.session(2, &[]);
    let program = Program::new();
    let catalog = suite.catalog.folder();
    for sql in QUERIES {
        let write = |format: &str| {
            let catalog = catalog.to_str().unwrap();
            let args =
                ["--catalog-dir", catalog, "-c", sql, "--output-format", format, "-o", "out"];
            let ran = program.run(&args);
            assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
            std::fs::read(program.path("out")).unwrap()
        };
        let expected = suite.runtime.block_on(crate::rows::run(&session, sql)).unwrap().rows;
        assert!(expected.len() > 200);
        let check = |format: &str, batches: Vec<RecordBatch>| {
            assert_eq!(texts(&batches), expected, "{format}: {sql}");
        };

        let arrow = StreamReader::try_new(Cursor::new(write("arrow")), None).unwrap();
        let schema = plain(&arrow.schema());
        check("arrow", arrow.collect::<Result<_, _>>().unwrap());

        let parquet = bytes::Bytes::from(write("parquet"));
        let parquet = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap().build().unwrap();
        check("parquet", parquet.collect::<Result<_, _>>().unwrap());

        let csv = arrow::csv::ReaderBuilder::new(Arc::clone(&schema)).with_header(true);
        let csv = csv.build(Cursor::new(write("csv"))).unwrap();
        check("csv", csv.collect::<Result<_, _>>().unwrap());

        check("ndjson", lines(&write("ndjson"), &schema));
        let objects: Vec<serde_json::Value> = serde_json::from_slice(&write("json")).unwrap();
        let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
        check("json", lines(objects.join("\n").as_bytes(), &schema));
    }
}
