//! Protobuf messages as rows: cut by their wire format, named by the descriptors of their schemas.
//!
//! A field that is not there is NULL where a message can tell that it is not, and its default where it
//! cannot: `optional`, members of a `oneof` and messages are NULL, single values of proto3 zero or
//! empty, lists and maps empty. Of a field that is there more than once the last one counts, messages
//! are merged, as the specification has it. Enums are the names of their values.

mod columns;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::DataType;
use prost_reflect::MessageDescriptor;

use self::read::{MessageRead, Run, WholeRead};
pub(in crate::stream) use self::schema::DESCRIPTORS;
use self::schema::Schema;
use self::wire::DEEPEST;
use super::bad::{BadKind, Flaw};
use super::filling::{Filling, Row, Unfit};
use super::framed::{self, Framing, steps};
use super::judge::Judge;
use super::shape::{Column, Shape};
use super::{Chunk, Decoded, Decoder};
use crate::error::{Error, Result};
use crate::stream::schemas::{SchemaBook, SchemaText};

/// Messages that are kept; a damaged record may name any.
const MESSAGES: usize = 1024;

/// How the records of a table are written.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtobufFormat {
    /// What stands before each: the id of a schema and the indexes of a message, or nothing.
    pub framing: Framing,
    /// The schema that says what columns are. Messages of the name that it has are read by it,
    /// others, and all where it is not known, by the schemas that they name.
    pub reader: Option<SchemaText>,
    /// The full name of the message; the first one of the schema if not given.
    pub message: Option<String>,
}

/// The columns that a message of a schema has.
///
/// # Errors
/// `Corrupt` for what is no schema, `Config` for a message that it does not have, `Unsupported` for
/// one that contains itself.
pub fn protobuf_columns(schema: &SchemaText, message: Option<&str>) -> Result<Vec<Column>> {
    columns::columns(&Schema::parse(schema)?.message(message)?)
}

/// The type of the one column that whole records are.
///
/// # Errors
/// As [`protobuf_columns`].
pub fn protobuf_type(schema: &SchemaText, message: Option<&str>) -> Result<DataType> {
    columns::of_message(&Schema::parse(schema)?.message(message)?, &mut vec![])
}

/// Decodes records of one table.
#[derive(Debug)]
pub struct ProtobufDecoder {
    filling: Filling,
    plans: Plans,
}

/// How records are read, by the messages that they are.
#[derive(Debug)]
struct Plans {
    framing: Framing,
    book: Arc<SchemaBook>,
    /// The message that says what columns are.
    own: Option<Arc<Plan>>,
    schemas: HashMap<u32, Result<Schema, Flaw>>,
    messages: HashMap<(u32, Vec<usize>), Result<Arc<Plan>, Flaw>>,
}

/// How records of one message are read.
#[derive(Debug)]
struct Plan {
    message: MessageDescriptor,
    /// A member for each column.
    read: MessageRead,
    known: HashSet<u32>,
    /// Where the one column is the message itself.
    whole: Option<WholeRead>,
}

impl ProtobufDecoder {
    /// A decoder whose batches have the columns that `projection` lists. Schemas are looked up in
    /// `book`, which must have those of all records.
    ///
    /// # Errors
    /// `Corrupt` for a schema that is none, `Config` for a message that it does not have, for columns
    /// that are found by number or have a format they cannot have.
    pub fn try_new(
        shape: Shape,
        format: &ProtobufFormat,
        book: Arc<SchemaBook>,
        projection: &[usize],
    ) -> Result<Self> {
        framed::check(&shape)?;
        let filling = Filling::try_new(shape, projection)?;
        let own = match &format.reader {
            Some(text) => {
                let message = Schema::parse(text)?.message(format.message.as_deref())?;
                Some(Arc::new(Plan::new(message, &filling.judge)))
            }
            None => None,
        };
        let (framing, schemas, messages) = (format.framing, HashMap::new(), HashMap::new());
        Ok(Self { plans: Plans { framing, book, own, schemas, messages }, filling })
    }
}

impl Plans {
    /// How a record is read, and its bytes behind what names its schema.
    fn find<'r>(&mut self, record: &'r [u8], judge: &Judge) -> Result<(Arc<Plan>, &'r [u8]), Flaw> {
        if self.framing != Framing::Confluent {
            let own = self.own.clone().ok_or_else(|| Flaw::malformed("there is no schema"))?;
            return Ok((own, record));
        }
        let (id, body) = framed::confluent(record)?;
        let (path, body) = wire::indexes(body)?;
        let key = (id, path);
        if let Some(known) = self.messages.get(&key) {
            return Ok((known.clone()?, body));
        }
        if self.messages.len() >= MESSAGES {
            self.messages.clear();
        }
        let plan = self.message(id, &key.1, judge);
        self.messages.insert(key, plan.clone());
        Ok((plan?, body))
    }

    fn message(&mut self, id: u32, path: &[usize], judge: &Judge) -> Result<Arc<Plan>, Flaw> {
        let schema = self.schemas.entry(id).or_insert_with(|| {
            let text = self.book.schema(id, "PROTOBUF")?;
            Schema::parse(&text).map_err(|e| framed::unusable(id, &e))
        });
        let message = schema.clone()?.at(path).ok_or_else(|| Flaw {
            kind: BadKind::SchemaId,
            reason: format!("schema {id} has no message {path:?}").into(),
        })?;
        match &self.own {
            Some(own) if own.message.full_name() == message.full_name() => Ok(Arc::clone(own)),
            _ => Ok(Arc::new(Plan::new(message, judge))),
        }
    }
}

impl Plan {
    fn new(message: MessageDescriptor, judge: &Judge) -> Self {
        let (mut read, mut known) = (MessageRead::default(), HashSet::new());
        let mut whole = None;
        for column in &judge.shape.columns {
            let steps = steps(column);
            if steps.is_empty() {
                known.extend(message.fields().map(|field| field.number()));
                whole = Some(WholeRead::new(&message, &column.data_type));
            } else if read.add(&message, &steps, &column.data_type)
                && let Some(field) = steps.first().and_then(|name| message.get_field_by_name(name))
            {
                known.insert(field.number());
            }
        }
        read.require(&message);
        Self { message, read, known, whole }
    }

    /// Appends a record to all columns. Says how many fields no column asks for.
    fn read(&self, body: &[u8], row: &mut Row<'_>) -> Result<u64, Flaw> {
        let mut unknown = HashSet::new();
        let found = self.read.cut(body, |number| {
            if !self.known.contains(&number) {
                unknown.insert(number);
            }
        })?;
        let mut run = Run::default();
        if let Some(whole) = &self.whole {
            row.fill(0, |values| {
                let done = run.whole(whole, body, values);
                done.map_err(|flaw| Unfit { flaw, shown: run.shown.take() })
            })?;
            return Ok(unknown.len() as u64);
        }
        for (at, (slot, read)) in self.read.members.iter().enumerate() {
            let found = found.get(*slot).map(Vec::as_slice).unwrap_or_default();
            row.fill(at, |values| {
                let done = run.field(read, found, values, DEEPEST);
                done.map_err(|flaw| Unfit { flaw, shown: run.shown.take() })
            })?;
        }
        Ok(unknown.len() as u64)
    }
}

impl Decoder for ProtobufDecoder {
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
            plan.read(body, row)
        })
    }
}

/// The texts of the files that a schema imports, by the names that it imports them by.
///
/// # Errors
/// `Corrupt` for text that is no schema; those of `open`, which gives the text of a file.
pub(in crate::stream) fn imports(
    text: &str,
    open: &dyn Fn(&str) -> Result<String>,
) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = vec![];
    let mut waiting = vec![text.to_owned()];
    while let Some(text) = waiting.pop() {
        let parsed = protox::file::File::from_source("schema.proto", &text);
        let parsed = parsed.map_err(|e| Error::corrupt(format!("not a Protobuf schema: {e}")))?;
        for name in &parsed.file_descriptor_proto().dependency {
            let is_known = found.iter().any(|(known, _)| known == name);
            if !is_known && !name.starts_with("google/protobuf/") {
                let text = open(name)?;
                found.push((name.clone(), text.clone()));
                waiting.push(text);
            }
        }
    }
    Ok(found)
}
