//! Avro schemas, parsed: types in one list, so that a type may contain itself.
//! <https://avro.apache.org/docs/1.12.0/specification/>

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::stream::schemas::SchemaText;

/// A type's place in the list of its schema.
pub(super) type TypeId = usize;

/// A schema.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    types: Vec<Type>,
    pub(super) root: TypeId,
}

/// A type.
#[derive(Clone, Debug)]
pub(super) struct Type {
    pub(super) kind: Kind,
    pub(super) logical: Option<Logical>,
    /// Of a record, an enum or a fixed.
    pub(super) name: Option<Name>,
}

/// The name of a type.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// With its namespace.
    pub(super) full: String,
    /// With their namespaces.
    pub(super) aliases: Vec<String>,
}

impl Name {
    /// Without its namespace.
    pub(super) fn simple(&self) -> &str {
        self.full.rsplit('.').next().unwrap_or(&self.full)
    }
}

/// What a type is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(Symbols),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Vec<Field>),
}

/// What an enum can be.
#[derive(Clone, Debug)]
pub(super) struct Symbols {
    pub(super) all: Vec<String>,
    pub(super) default: Option<String>,
}

/// A field of a record.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) of: TypeId,
    pub(super) default: Option<Value>,
}

/// What the stored value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logical {
    Decimal(u8, i8),
    Uuid,
    Date,
    TimeMillis,
    TimeMicros,
    TimestampMillis,
    TimestampMicros,
    TimestampNanos,
    LocalTimestampMillis,
    LocalTimestampMicros,
    LocalTimestampNanos,
    Duration,
}

/// Names of the types that are not made of others.
const SIMPLE: [(&str, Kind); 8] = [
    ("null", Kind::Null),
    ("boolean", Kind::Boolean),
    ("int", Kind::Int),
    ("long", Kind::Long),
    ("float", Kind::Float),
    ("double", Kind::Double),
    ("bytes", Kind::Bytes),
    ("string", Kind::String),
];

impl Schema {
    /// Parses a schema after those that it refers to.
    ///
    /// # Errors
    /// `Corrupt` for text that is no schema.
    pub(super) fn parse(text: &SchemaText) -> Result<Self> {
        let mut parser = Parser::default();
        for (name, text) in &text.references {
            let within = |e: Error| e.within(format_args!("the schema {name} that it refers to"));
            parser.text(text).map_err(within)?;
        }
        let root = parser.text(&text.text)?;
        Ok(Self { types: parser.types, root })
    }

    /// One of its types.
    pub(super) fn of(&self, id: TypeId) -> &Type {
        const NOTHING: &Type = &Type { kind: Kind::Null, logical: None, name: None };
        self.types.get(id).unwrap_or(NOTHING)
    }

    /// The record that the root is, if it is one, also with NULL beside it.
    pub(super) fn record(&self, id: TypeId) -> Option<&[Field]> {
        match &self.of(id).kind {
            Kind::Record(fields) => Some(fields),
            Kind::Union(branches) => {
                let mut others = branches.iter().filter(|id| !self.is_null(**id));
                let only = others.next().filter(|_| others.next().is_none())?;
                match &self.of(*only).kind {
                    Kind::Record(fields) => Some(fields),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether a type is that of NULL.
    pub(super) fn is_null(&self, id: TypeId) -> bool {
        matches!(self.of(id).kind, Kind::Null)
    }

    /// What a type is called where several stand in a union.
    pub(super) fn branch_name(&self, id: TypeId) -> &str {
        let of = self.of(id);
        if let Some(name) = &of.name {
            return name.simple();
        }
        match &of.kind {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes | Kind::Fixed(_) => "bytes",
            Kind::String | Kind::Enum(_) => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) | Kind::Record(_) => "value",
        }
    }
}

#[derive(Default)]
struct Parser {
    types: Vec<Type>,
    named: HashMap<String, TypeId>,
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("not an Avro schema: {what}"))
}

/// A name with the namespace that it is in.
fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() {
        name.trim_start_matches('.').to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

fn namespace_of(full: &str) -> &str {
    full.rsplit_once('.').map_or("", |(namespace, _)| namespace)
}

impl Parser {
    fn text(&mut self, text: &str) -> Result<TypeId> {
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            // A type by its name alone.
            Err(_) if SIMPLE.iter().any(|(name, _)| *name == text.trim()) => {
                Value::String(text.trim().to_owned())
            }
            Err(e) => return Err(wrong(e)),
        };
        self.parse(&value, "")
    }

    fn add(&mut self, kind: Kind) -> TypeId {
        self.types.push(Type { kind, logical: None, name: None });
        self.types.len() - 1
    }

    fn parse(&mut self, value: &Value, namespace: &str) -> Result<TypeId> {
        match value {
            Value::String(name) => self.by_name(name, namespace),
            Value::Array(branches) => {
                let mut ids = Vec::with_capacity(branches.len());
                for branch in branches {
                    let id = self.parse(branch, namespace)?;
                    if matches!(self.types.get(id), Some(Type { kind: Kind::Union(_), .. })) {
                        return Err(wrong("a union directly in a union"));
                    }
                    ids.push(id);
                }
                if ids.is_empty() {
                    return Err(wrong("a union of nothing"));
                }
                Ok(self.add(Kind::Union(ids)))
            }
            Value::Object(object) => self.object(object, namespace),
            other => Err(wrong(format_args!("`{other}` is no type"))),
        }
    }

    fn by_name(&mut self, name: &str, namespace: &str) -> Result<TypeId> {
        if let Some((_, kind)) = SIMPLE.iter().find(|(simple, _)| *simple == name) {
            return Ok(self.add(kind.clone()));
        }
        let known = self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name));
        known.copied().ok_or_else(|| wrong(format_args!("there is no type `{name}`")))
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<TypeId> {
        let of = object.get("type").ok_or_else(|| wrong("a type without `type`"))?;
        let part =
            |key: &str| object.get(key).ok_or_else(|| wrong(format_args!("{of} without `{key}`")));
        let id = match of.as_str() {
            Some("record" | "error") => self.record(object, namespace)?,
            Some("enum") => {
                let symbols = part("symbols")?.as_array().map(Vec::as_slice).unwrap_or_default();
                let symbols: Vec<String> =
                    symbols.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
                let default = object.get("default").and_then(Value::as_str).map(str::to_owned);
                let kind = Kind::Enum(Symbols { all: symbols, default });
                self.name(object, namespace, kind)?
            }
            Some("fixed") => {
                let size = part("size")?.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or_else(|| wrong("a fixed without a size"))?;
                self.name(object, namespace, Kind::Fixed(size))?
            }
            Some("array") => {
                let item = self.parse(part("items")?, namespace)?;
                self.add(Kind::Array(item))
            }
            Some("map") => {
                let value = self.parse(part("values")?, namespace)?;
                self.add(Kind::Map(value))
            }
            _ => self.parse(of, namespace)?,
        };
        if let Some(of) = self.types.get_mut(id)
            && let Some(logical) = logical(object, &of.kind)
        {
            of.logical = Some(logical);
        }
        Ok(id)
    }

    /// A type with a name, which others can use from now on.
    fn name(&mut self, object: &Map<String, Value>, space: &str, kind: Kind) -> Result<TypeId> {
        let name = object.get("name").and_then(Value::as_str);
        let name =
            name.filter(|name| !name.is_empty()).ok_or_else(|| wrong("a type has no name"))?;
        let space = object.get("namespace").and_then(Value::as_str).unwrap_or(space);
        let full = full_name(name, space);
        let aliases = texts(object.get("aliases"));
        let aliases = aliases.map(|alias| full_name(alias, namespace_of(&full))).collect();
        let id = self.add(kind);
        if self.named.insert(full.clone(), id).is_some() {
            return Err(wrong(format_args!("two types are named `{full}`")));
        }
        if let Some(of) = self.types.get_mut(id) {
            of.name = Some(Name { full, aliases });
        }
        Ok(id)
    }

    fn record(&mut self, object: &Map<String, Value>, space: &str) -> Result<TypeId> {
        let id = self.name(object, space, Kind::Record(vec![]))?;
        let name = self.types.get(id).and_then(|of| of.name.clone());
        let name = name.map(|name| name.full).unwrap_or_default();
        let fields = object.get("fields").and_then(Value::as_array);
        let fields = fields.ok_or_else(|| wrong(format_args!("`{name}` without `fields`")))?;
        let mut found: Vec<Field> = Vec::with_capacity(fields.len());
        for field in fields {
            let field_name = field.get("name").and_then(Value::as_str);
            let field_name =
                field_name.ok_or_else(|| wrong(format_args!("a field of `{name}` has no name")))?;
            if found.iter().any(|field| field.name == field_name) {
                return Err(wrong(format_args!("`{name}` has two fields `{field_name}`")));
            }
            let of = field.get("type");
            let of = of.ok_or_else(|| wrong(format_args!("`{name}.{field_name}` has no type")))?;
            found.push(Field {
                name: field_name.to_owned(),
                aliases: texts(field.get("aliases")).map(str::to_owned).collect(),
                of: self.parse(of, namespace_of(&name))?,
                default: field.get("default").cloned(),
            });
        }
        if let Some(of) = self.types.get_mut(id) {
            of.kind = Kind::Record(found);
        }
        Ok(id)
    }
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The logical type, if it is one that a type can have; any other is to be ignored.
fn logical(object: &Map<String, Value>, kind: &Kind) -> Option<Logical> {
    let number = |key: &str| object.get(key).and_then(Value::as_u64);
    Some(match (object.get("logicalType")?.as_str()?, kind) {
        ("decimal", Kind::Bytes | Kind::Fixed(_)) => {
            let precision = number("precision").and_then(|it| u8::try_from(it).ok())?;
            let scale = i8::try_from(number("scale").unwrap_or(0)).ok()?;
            let is_one = precision > 0 && u8::try_from(scale).is_ok_and(|it| it <= precision);
            return is_one.then_some(Logical::Decimal(precision, scale));
        }
        ("uuid", Kind::String | Kind::Fixed(16)) => Logical::Uuid,
        ("date", Kind::Int) => Logical::Date,
        ("time-millis", Kind::Int) => Logical::TimeMillis,
        ("time-micros", Kind::Long) => Logical::TimeMicros,
        ("timestamp-millis", Kind::Long) => Logical::TimestampMillis,
        ("timestamp-micros", Kind::Long) => Logical::TimestampMicros,
        ("timestamp-nanos", Kind::Long) => Logical::TimestampNanos,
        ("local-timestamp-millis", Kind::Long) => Logical::LocalTimestampMillis,
        ("local-timestamp-micros", Kind::Long) => Logical::LocalTimestampMicros,
        ("local-timestamp-nanos", Kind::Long) => Logical::LocalTimestampNanos,
        ("duration", Kind::Fixed(12)) => Logical::Duration,
        _ => return None,
    })
}
