//! Records in Avro's binary encoding as rows: each read by the schema that it was written with, and
//! resolved to the columns.
//!
//! Own, as the decoder of arrow-avro reads a stream: it takes the end of one message and the begin of
//! the next for one record, goes on with half a row after an error, and does not say which record
//! it was.

mod columns;
mod default;
mod resolve;
mod run;
mod schema;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow_avro::schema::{AvroSchema, Fingerprint, FingerprintAlgorithm};

use self::resolve::{FieldRead, Read, Resolver, Root};
use self::run::Run;
use self::schema::{Kind, Schema};
use self::wire::{Cursor, NO_BRANCH};
use super::bad::{BadKind, Flaw};
use super::filling::{Filling, Row, Unfit};
use super::framed::{self, Framing};
use super::judge::Judge;
use super::shape::{Column, OnError, Shape, Source};
use super::{Chunk, Decoded, Decoder};
use crate::error::{Error, Result};
use crate::stream::schemas::{SchemaBook, SchemaText};

/// How the records of a table are written.
#[derive(Clone, Debug, PartialEq)]
pub struct AvroFormat {
    /// What stands before each.
    pub framing: Framing,
    /// The schema that says what columns are, as the schema registry or the table file has it: its
    /// aliases and defaults count.
    pub reader: Option<SchemaText>,
    /// Where records do not name schemas of a registry: those that they may be written with. Without
    /// anything before them it is the first.
    pub given: Vec<SchemaText>,
}

/// The columns that a schema has.
///
/// # Errors
/// `Corrupt` for what is no schema, `Unsupported` for one whose types contain themselves.
pub fn avro_columns(schema: &SchemaText) -> Result<Vec<Column>> {
    columns::columns(&Schema::parse(schema)?)
}

/// The type of the one column that whole records are: of those that have fields, a struct.
///
/// # Errors
/// As [`avro_columns`].
pub fn avro_type(schema: &SchemaText) -> Result<DataType> {
    let schema = Schema::parse(schema)?;
    columns::data_type(&schema, schema.root, &mut vec![])
}

/// Decodes records of one table.
#[derive(Debug)]
pub struct AvroDecoder {
    filling: Filling,
    plans: Plans,
}

impl AvroDecoder {
    /// A decoder whose batches have the columns that `projection` lists. Schemas are looked up in
    /// `book`, which must have those of all records.
    ///
    /// # Errors
    /// `Corrupt` for a given schema that is none, `Config` for columns that are found by number or
    /// have a format they cannot have.
    pub fn try_new(
        shape: Shape,
        format: &AvroFormat,
        book: Arc<SchemaBook>,
        projection: &[usize],
    ) -> Result<Self> {
        framed::check(&shape)?;
        let reader = format.reader.as_ref().map(Schema::parse).transpose()?;
        let filling = Filling::try_new(shape, projection)?;
        let given = format.given.iter().map(|text| {
            let plan = Plan::new(Schema::parse(text)?, reader.as_ref(), &filling.judge);
            let fingerprint = match format.framing {
                Framing::SingleObject => fingerprint(text)?,
                Framing::Confluent | Framing::None => 0,
            };
            Ok((fingerprint, Arc::new(plan)))
        });
        let given = given.collect::<Result<_>>()?;
        let (framing, registered) = (format.framing, HashMap::new());
        Ok(Self { plans: Plans { framing, reader, book, registered, given }, filling })
    }
}

/// Reads values that stand alone, each a record of its own, into one column.
#[derive(Debug)]
pub struct AvroValues(AvroDecoder);

impl AvroValues {
    /// None yet, of a column that is the whole of each record.
    ///
    /// # Errors
    /// As [`AvroDecoder::try_new`].
    pub fn try_new(column: Column, format: &AvroFormat) -> Result<Self> {
        let column = Column { source: Source::Path(vec![]), ..column };
        let shape = Shape { columns: vec![column], declared: true, on_error: OnError::Null };
        AvroDecoder::try_new(shape, format, Arc::default(), &[0]).map(Self)
    }

    /// Appends a value; appends nothing if the bytes are none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn push(&mut self, record: &[u8]) -> Result<(), Flaw> {
        let AvroDecoder { filling, plans } = &mut self.0;
        let (plan, body) = plans.find(record, &filling.judge)?;
        filling.push(|row| plan.read(body, plans.reader.as_ref(), row))
    }

    /// Appends NULL.
    pub fn push_null(&mut self) {
        self.0.filling.push_null();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.filling.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values as an array; there are none then.
    ///
    /// # Errors
    /// `Internal` where they make none.
    pub fn finish(&mut self) -> Result<ArrayRef> {
        self.0.filling.finish()
    }
}

/// How records are read, by what they name.
#[derive(Debug)]
struct Plans {
    framing: Framing,
    reader: Option<Schema>,
    book: Arc<SchemaBook>,
    /// By the ids that a registry gives them.
    registered: HashMap<u32, Result<Arc<Plan>, Flaw>>,
    /// By the fingerprints that they have by themselves.
    given: Vec<(u64, Arc<Plan>)>,
}

/// How records of one schema are read.
#[derive(Debug)]
struct Plan {
    schema: Schema,
    root: Root,
}

impl Plans {
    /// How a record is read, and its bytes behind what names its schema.
    fn find<'r>(&mut self, record: &'r [u8], judge: &Judge) -> Result<(Arc<Plan>, &'r [u8]), Flaw> {
        match self.framing {
            Framing::None => {
                let plan = self.given.first().map(|(_, plan)| Arc::clone(plan));
                Ok((plan.ok_or_else(|| Flaw::malformed("there is no schema"))?, record))
            }
            Framing::SingleObject => {
                let (fingerprint, body) = framed::single_object(record)?;
                let plan = self.given.iter().find(|(known, _)| *known == fingerprint);
                let plan = plan.ok_or_else(|| Flaw {
                    kind: BadKind::SchemaId,
                    reason: format!("no given schema has the fingerprint {fingerprint:016x}")
                        .into(),
                })?;
                Ok((Arc::clone(&plan.1), body))
            }
            Framing::Confluent => {
                let (id, body) = framed::confluent(record)?;
                if let Some(known) = self.registered.get(&id) {
                    return Ok((known.clone()?, body));
                }
                let plan = self.book.schema(id, "AVRO").and_then(|text| {
                    let parsed = Schema::parse(&text).map_err(|e| framed::unusable(id, &e))?;
                    Ok(Arc::new(Plan::new(parsed, self.reader.as_ref(), judge)))
                });
                self.registered.insert(id, plan.clone());
                Ok((plan?, body))
            }
        }
    }
}

impl Plan {
    fn new(schema: Schema, reader: Option<&Schema>, judge: &Judge) -> Self {
        let columns = &judge.shape.columns;
        let wants = |at: usize, read: &Read| {
            let is_sure = |column: &Column| {
                column.nullable
                    && column.format.is_none()
                    && is_sure(read, &schema, &column.data_type)
            };
            // What is only looked at is passed where nothing can be wrong with it.
            judge.builds(at) || !columns.get(at).is_some_and(is_sure)
        };
        let root = Resolver { writer: &schema, reader }.columns(columns, wants);
        Self { root, schema }
    }

    /// Appends a record to all columns. Says how many fields no column asks for.
    fn read(&self, body: &[u8], reader: Option<&Schema>, row: &mut Row<'_>) -> Result<u64, Flaw> {
        let mut run = Run { schema: &self.schema, reader, shown: None };
        let mut from = Cursor::new(body);
        let is_null = match (self.root.null, &self.schema.of(self.schema.root).kind) {
            (Some(null), Kind::Union(branches)) => from.choice(branches.len(), NO_BRANCH)? == null,
            _ => false,
        };
        let mut ignored = 0;
        let record = &self.root.record;
        for FieldRead { of, into, is_known } in &record.fields {
            if is_null {
                into.iter().for_each(|(at, _)| row.absent(*at));
                continue;
            }
            let start = from.clone();
            ignored += u64::from(!is_known);
            if into.is_empty() {
                from.skip(&self.schema, *of)?;
            }
            for (at, read) in into {
                from = start.clone();
                let fits = row.fill(*at, |values| {
                    let done = run.value(read, &mut from, values);
                    done.map_err(|flaw| Unfit { flaw, shown: run.shown.take() })
                })?;
                if !fits {
                    from = start.clone();
                    from.skip(&self.schema, *of)?;
                }
            }
        }
        for (at, fallback) in &record.missing {
            match fallback {
                Some(_) if !is_null => {
                    row.fill(*at, |values| {
                        let done = run.fallback(fallback.as_ref(), values);
                        done.map_err(|flaw| Unfit { flaw, shown: run.shown.take() })
                    })?;
                }
                _ => row.absent(*at),
            }
        }
        match from.left() {
            0 => Ok(ignored),
            left => Err(Flaw::malformed(format!("{left} bytes after the record"))),
        }
    }
}

/// Whether whatever value there is fits a type.
fn is_sure(read: &Read, schema: &Schema, target: &DataType) -> bool {
    match read {
        Read::Nothing(_) => true,
        Read::Union(branches) => branches.iter().all(|it| is_sure(it, schema, target)),
        Read::Scalar(of, None) => match schema.of(*of).kind {
            Kind::Boolean => *target == DataType::Boolean,
            Kind::Int => matches!(
                target,
                DataType::Int32 | DataType::Int64 | DataType::Float32 | DataType::Float64
            ),
            Kind::Long => {
                matches!(target, DataType::Int64 | DataType::Float32 | DataType::Float64)
            }
            Kind::Float => matches!(target, DataType::Float32 | DataType::Float64),
            Kind::Double => *target == DataType::Float64,
            Kind::Bytes | Kind::Fixed(_) => *target == DataType::Binary,
            _ => false,
        },
        _ => false,
    }
}

/// By what records name a schema that no registry keeps: its fingerprint (CRC-64-AVRO).
fn fingerprint(text: &SchemaText) -> Result<u64> {
    let schema = AvroSchema::new(text.text.clone());
    match schema.fingerprint(FingerprintAlgorithm::Rabin) {
        Ok(Fingerprint::Rabin(fingerprint)) => Ok(fingerprint),
        Ok(_) => Err(Error::internal("a fingerprint of another kind")),
        Err(e) => Err(Error::corrupt(format!("not an Avro schema: {e}"))),
    }
}

impl Decoder for AvroDecoder {
    /// Nothing says where records end: the chunk is one.
    fn decode(&mut self, chunk: Chunk<'_>, _: usize) -> Result<Decoded> {
        let whole = 0..chunk.bytes.len();
        self.decode_records(chunk, std::slice::from_ref(&whole))
    }

    fn decode_records(&mut self, chunk: Chunk<'_>, ranges: &[Range<usize>]) -> Result<Decoded> {
        let plans = &mut self.plans;
        let judge = Arc::clone(&self.filling.judge);
        self.filling.fill(chunk, ranges, |record, row| {
            let (plan, body) = plans.find(record, &judge)?;
            plan.read(body, plans.reader.as_ref(), row)
        })
    }
}
