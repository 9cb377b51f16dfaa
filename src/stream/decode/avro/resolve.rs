//! How the values of a writer's schema become values of columns: worked out once per schema.
//!
//! By the specification's rules: fields by name or alias, defaults of the reader where the writer has
//! no such field, branches of unions by type. It departs from them where nothing is lost by it: what
//! neither has is NULL, names of records need not agree, a symbol that the reader does not know and
//! has no default for stays what it is, and a number goes into any column that can hold it.

use arrow::datatypes::{DataType, Field as ArrowField};

use super::columns::{United, VALUE, united};
use super::default::encode;
use super::schema::{Field, Kind, Logical, Schema, Type, TypeId};
use crate::stream::decode::framed::steps;
use crate::stream::decode::shape::Column;

/// How one value is read.
#[derive(Debug)]
pub(super) enum Read {
    /// A value that is not made of others, as what it stands for.
    Scalar(TypeId, Option<Logical>),
    /// Of an enum: the texts of its symbols.
    Symbols(Vec<String>),
    /// Of a union: one for each branch.
    Union(Vec<Read>),
    /// A record as a struct, or as all columns.
    Record(RecordRead),
    Array(Box<Read>),
    Map(Box<Read>),
    /// Into one member of a struct whose others are NULL.
    Member(usize, Box<Read>),
    /// A field of a record, and what to pass before and after it.
    Step(Vec<TypeId>, Box<Read>, Vec<TypeId>),
    /// NULL, whatever is there.
    Nothing(TypeId),
    /// A value that the type of the column cannot have.
    Unfit(&'static str),
}

/// How the fields of a record are read.
#[derive(Debug, Default)]
pub(super) struct RecordRead {
    /// The fields in their order.
    pub(super) fields: Vec<FieldRead>,
    /// Members without a field.
    pub(super) missing: Vec<(usize, Option<Fallback>)>,
}

/// How one field is read.
#[derive(Debug)]
pub(super) struct FieldRead {
    pub(super) of: TypeId,
    /// Members that it is read for; none is to pass it.
    pub(super) into: Vec<(usize, Read)>,
    /// Whether any column asks for it.
    pub(super) is_known: bool,
}

/// The default of the reader's field.
#[derive(Debug)]
pub(super) struct Fallback {
    pub(super) bytes: Vec<u8>,
    pub(super) read: Read,
}

/// Both schemas.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'s> {
    pub(super) writer: &'s Schema,
    pub(super) reader: Option<&'s Schema>,
}

impl Resolver<'_> {
    /// How records become rows; `wants` says of which columns values are wanted.
    pub(super) fn columns(self, columns: &[Column], wants: impl Fn(usize, &Read) -> bool) -> Root {
        let root = self.writer.root;
        let reader = self.reader.map(|reader| reader.root);
        let takes_whole = columns.iter().any(|column| steps(column).is_empty());
        let Some(fields) = self.writer.record(root).filter(|_| !takes_whole) else {
            // The value itself is the column.
            let mut record = RecordRead::default();
            let mut into = vec![];
            for (at, column) in columns.iter().enumerate() {
                if takes_whole || steps(column) == [VALUE] {
                    let is_alike = |id: &TypeId| {
                        self.reader.is_some_and(|reader| reader.record(*id).is_none())
                    };
                    let reader = reader.filter(|id| takes_whole || is_alike(id));
                    into.push((at, self.read(root, reader, &column.data_type)));
                } else {
                    record.missing.push((at, None));
                }
            }
            let is_known = !into.is_empty();
            into.retain(|(at, read)| wants(*at, read));
            record.fields.push(FieldRead { of: root, into, is_known });
            return Root { record, null: None };
        };
        let mut record = self.fields(fields);
        for (at, column) in columns.iter().enumerate() {
            let steps = steps(column);
            let found = self.step(fields, reader, &steps, &column.data_type);
            match found {
                Found::Field(field, read) => {
                    if let Some(field) = record.fields.get_mut(field) {
                        field.is_known = true;
                        if wants(at, &read) {
                            field.into.push((at, read));
                        }
                    }
                }
                Found::Missing(default) => record.missing.push((at, default)),
            }
        }
        let null = match &self.writer.of(root).kind {
            Kind::Union(branches) => branches.iter().position(|id| self.writer.is_null(*id)),
            _ => None,
        };
        let is_union = matches!(self.writer.of(root).kind, Kind::Union(_));
        Root { record, null: is_union.then_some(null.unwrap_or(usize::MAX)) }
    }

    fn fields(self, fields: &[Field]) -> RecordRead {
        let pass = |field: &Field| FieldRead { of: field.of, into: vec![], is_known: false };
        RecordRead { fields: fields.iter().map(pass).collect(), missing: vec![] }
    }

    /// The reader's field of a name.
    fn reader_field(&self, id: Option<TypeId>, name: &str) -> Option<&Field> {
        let fields = self.reader.and_then(|reader| reader.record(id?))?;
        fields.iter().find(|field| field.name == name)
    }

    /// Where a path leads.
    fn step(
        self,
        fields: &[Field],
        reader: Option<TypeId>,
        steps: &[&str],
        target: &DataType,
    ) -> Found {
        let Some((first, below)) = steps.split_first() else { return Found::Missing(None) };
        let known = self.reader_field(reader, first);
        let is_it = |field: &Field| {
            field.name == **first || known.is_some_and(|known| known.aliases.contains(&field.name))
        };
        // The name itself goes before aliases.
        let at = fields.iter().position(|field| field.name == **first);
        let at = at.or_else(|| fields.iter().position(is_it));
        let reader = known.map(|field| field.of);
        let Some(at) = at else {
            let default = known.and_then(|field| self.default(field, below, target));
            return Found::Missing(default);
        };
        let of = fields.get(at).map_or(0, |field| field.of);
        Found::Field(at, self.below(of, reader, below, target))
    }

    /// The value at the end of a path that begins in a value.
    fn below(self, of: TypeId, reader: Option<TypeId>, steps: &[&str], target: &DataType) -> Read {
        if steps.is_empty() {
            return self.read(of, reader, target);
        }
        match &self.writer.of(of).kind {
            Kind::Union(branches) => {
                let branch = |id: &TypeId| self.below(*id, self.branch(*id, reader), steps, target);
                Read::Union(branches.iter().map(branch).collect())
            }
            Kind::Record(fields) => match self.step(fields, reader, steps, target) {
                Found::Field(at, read) => {
                    let ids = |fields: &[Field]| fields.iter().map(|field| field.of).collect();
                    let before = ids(fields.get(..at).unwrap_or_default());
                    let after = ids(fields.get(at + 1..).unwrap_or_default());
                    Read::Step(before, Box::new(read), after)
                }
                Found::Missing(_) => Read::Nothing(of),
            },
            Kind::Null => Read::Nothing(of),
            _ => Read::Unfit("no record that could have the field of the column"),
        }
    }

    fn default(self, field: &Field, below: &[&str], target: &DataType) -> Option<Fallback> {
        let reader = self.reader?;
        let bytes = encode(reader, field.of, field.default.as_ref()?)?;
        // The reader is who wrote it.
        let own = Resolver { writer: reader, reader: Some(reader) };
        Some(Fallback { bytes, read: own.below(field.of, Some(field.of), below, target) })
    }

    /// How a value of a writer's type becomes one of a column's type.
    fn read(self, of: TypeId, reader: Option<TypeId>, target: &DataType) -> Read {
        let entry = self.writer.of(of);
        if let Kind::Union(branches) = &entry.kind {
            let read = |id: &TypeId| match self.writer.is_null(*id) {
                true => Read::Nothing(*id),
                false => self.one(of, *id, reader, target),
            };
            return Read::Union(branches.iter().map(read).collect());
        }
        self.one(of, of, reader, target)
    }

    /// One branch of a union, or a type that is none.
    fn one(self, of: TypeId, branch: TypeId, reader: Option<TypeId>, target: &DataType) -> Read {
        let chosen = self.branch(branch, reader);
        // Whose union says what the members are.
        let members = match (self.reader, reader) {
            (Some(schema), Some(reader)) => united(schema, reader),
            _ => united(self.writer, of),
        };
        if let (United::Several(members), DataType::Struct(fields)) = (members, target) {
            let own = chosen.unwrap_or(branch);
            let name = members.iter().find(|(_, id)| *id == own).map(|(name, _)| name);
            let is_one = |field: &ArrowField| members.iter().any(|(name, _)| name == field.name());
            if fields.iter().any(|field| is_one(field)) {
                let at = fields.iter().position(|field| Some(field.name()) == name);
                let Some((at, field)) = at.and_then(|at| Some((at, fields.get(at)?))) else {
                    return Read::Unfit("a type that the column has no member for");
                };
                let read = self.plain(branch, chosen, field.data_type());
                return Read::Member(at, Box::new(read));
            }
        }
        self.plain(branch, chosen, target)
    }

    /// A type that is no union; neither is the reader's.
    fn plain(self, of: TypeId, reader: Option<TypeId>, target: &DataType) -> Read {
        let entry = self.writer.of(of);
        let known = match (self.reader, reader) {
            (Some(schema), Some(id)) => Some(schema.of(id)),
            _ => None,
        };
        match (&entry.kind, target) {
            (Kind::Null, _) => Read::Nothing(of),
            (Kind::Record(fields), DataType::Struct(members)) => {
                let mut record = self.fields(fields);
                for (at, member) in members.iter().enumerate() {
                    let steps = [member.name().as_str()];
                    match self.step(fields, reader, &steps, member.data_type()) {
                        Found::Field(field, read) => {
                            if let Some(field) = record.fields.get_mut(field) {
                                field.into.push((at, read));
                            }
                        }
                        Found::Missing(default) => record.missing.push((at, default)),
                    }
                }
                Read::Record(record)
            }
            (Kind::Array(item), DataType::List(field)) => {
                let reader = known.and_then(|it| match it.kind {
                    Kind::Array(item) => Some(item),
                    _ => None,
                });
                Read::Array(Box::new(self.read(*item, reader, field.data_type())))
            }
            (Kind::Map(value), DataType::Map(entries, _)) => {
                let reader = known.and_then(|it| match it.kind {
                    Kind::Map(value) => Some(value),
                    _ => None,
                });
                let value_type = match entries.data_type() {
                    DataType::Struct(parts) => parts.get(1).map(|field| field.data_type()),
                    _ => None,
                };
                let Some(value_type) = value_type else {
                    return Read::Unfit("no map of keys and values");
                };
                Read::Map(Box::new(self.read(*value, reader, value_type)))
            }
            (Kind::Record(_), _) => Read::Unfit("a record, which the column's type is not"),
            (Kind::Array(_), _) => Read::Unfit("an array, which the column's type is not"),
            (Kind::Map(_), _) => Read::Unfit("a map, which the column's type is not"),
            (Kind::Union(_), _) => Read::Unfit("a union in a union"),
            (Kind::Enum(symbols), _) => {
                let reader = known.and_then(|it| match &it.kind {
                    Kind::Enum(symbols) => Some(symbols),
                    _ => None,
                });
                let text = |symbol: &String| match reader {
                    Some(known) if !known.all.contains(symbol) => {
                        known.default.clone().unwrap_or_else(|| symbol.clone())
                    }
                    _ => symbol.clone(),
                };
                Read::Symbols(symbols.all.iter().map(text).collect())
            }
            (_, DataType::Struct(_) | DataType::List(_) | DataType::Map(..)) => {
                Read::Unfit("a single value, which the column's type is not")
            }
            _ => Read::Scalar(of, entry.logical.or_else(|| borrowed(entry, known?))),
        }
    }

    /// Which branch of the reader's union values of a writer's type belong to; of any other type,
    /// itself.
    fn branch(self, of: TypeId, reader: Option<TypeId>) -> Option<TypeId> {
        let (schema, id) = (self.reader?, reader?);
        let Kind::Union(branches) = &schema.of(id).kind else { return Some(id) };
        let entry = self.writer.of(of);
        let find = |fits: &dyn Fn(&Type) -> bool| {
            branches.iter().copied().find(|branch| fits(schema.of(*branch)))
        };
        find(&|branch| is_same(entry, branch, true))
            .or_else(|| find(&|branch| is_same(entry, branch, false)))
            .or_else(|| find(&|branch| is_promoted(&entry.kind, &branch.kind)))
            // A record that was given another name.
            .or_else(|| {
                find(&|branch| {
                    matches!((&entry.kind, &branch.kind), (Kind::Record(_), Kind::Record(_)))
                })
            })
    }
}

/// How records become rows.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) record: RecordRead,
    /// Where the record is a branch of a union: which branch is NULL.
    pub(super) null: Option<usize>,
}

enum Found {
    Field(usize, Read),
    Missing(Option<Fallback>),
}

/// The reader says what a number stands for where the writer did not.
fn borrowed(writer: &Type, reader: &Type) -> Option<Logical> {
    let is_same = std::mem::discriminant(&writer.kind) == std::mem::discriminant(&reader.kind);
    let is_long = matches!((&writer.kind, &reader.kind), (Kind::Int, Kind::Long));
    reader.logical.filter(|_| is_same || is_long)
}

/// Whether two types are of one kind, and of one name where they have some.
fn is_same(writer: &Type, reader: &Type, with_namespace: bool) -> bool {
    if std::mem::discriminant(&writer.kind) != std::mem::discriminant(&reader.kind) {
        return false;
    }
    match (&writer.name, &reader.name) {
        (Some(one), Some(other)) if with_namespace => {
            one.full == other.full || other.aliases.contains(&one.full)
        }
        (Some(one), Some(other)) => one.simple() == other.simple(),
        _ => true,
    }
}

fn is_promoted(writer: &Kind, reader: &Kind) -> bool {
    match writer {
        Kind::Int => matches!(reader, Kind::Long | Kind::Float | Kind::Double),
        Kind::Long => matches!(reader, Kind::Float | Kind::Double),
        Kind::Float => matches!(reader, Kind::Double),
        Kind::String => matches!(reader, Kind::Bytes),
        Kind::Bytes => matches!(reader, Kind::String),
        _ => false,
    }
}
