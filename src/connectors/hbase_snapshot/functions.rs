//! Functions for bytes of HBase: `hbase_decode`, `hbase_encode`, `hbase_escape`, `hbase_unescape`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result as DfResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use super::recipe::Encoding;
use super::rows::{decoder, encode, escape, unescape};
use crate::error::{Error, Result};

/// All of them.
pub(super) fn all() -> Vec<ScalarUDF> {
    [Kind::Decode, Kind::Encode, Kind::Escape, Kind::Unescape]
        .into_iter()
        .map(|kind| ScalarUDF::from(Function::new(kind)))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Decode,
    Encode,
    Escape,
    Unescape,
}

#[derive(Debug)]
struct Function {
    kind: Kind,
    signature: Signature,
    documentation: Documentation,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Function {}

impl std::hash::Hash for Function {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl Function {
    fn new(kind: Kind) -> Self {
        let (about, usage) = match kind {
            Kind::Decode => (
                "a value of HBase as a value of a type: 'BIGINT', 'VARCHAR', …; the encoding is 'binary' if none is given",
                "hbase_decode(value, type [, 'binary'|'ordered'|'phoenix'|'string'])",
            ),
            Kind::Encode => (
                "a value as bytes of HBase, by its type; the encoding is 'binary' if none is given",
                "hbase_encode(value [, 'binary'|'ordered'|'phoenix'|'string'])",
            ),
            Kind::Escape => (
                "bytes as HBase's shell shows them: printable as they are, others as \\x00",
                "hbase_escape(value)",
            ),
            Kind::Unescape => {
                ("the bytes of a text in which \\x00 stands for a byte", "hbase_unescape(text)")
            }
        };
        let signature = match kind {
            Kind::Decode => Signature::variadic_any(Volatility::Immutable),
            Kind::Encode => Signature::variadic_any(Volatility::Immutable),
            Kind::Escape | Kind::Unescape => Signature::any(1, Volatility::Immutable),
        };
        let documentation = Documentation::builder(Default::default(), about, usage).build();
        Self { kind, signature, documentation }
    }

    /// The encoding that an argument names.
    fn encoding(&self, argument: Option<&ScalarValue>) -> Result<Encoding> {
        match argument {
            None => Ok(Encoding::Binary),
            Some(value) => match text(value) {
                Some(name) => Encoding::parse(name),
                None => Err(Error::sql(format!("{}() takes an encoding as text", self.name()))),
            },
        }
    }

    fn target(&self, arguments: &[Option<&ScalarValue>]) -> Result<(DataType, Encoding)> {
        let usage = || {
            Error::sql(format!("{}() takes a value, a type as text, and an encoding", self.name()))
                .with_hint("write hbase_decode(value, 'BIGINT')")
        };
        let named = arguments.get(1).copied().flatten().and_then(text).ok_or_else(usage)?;
        if arguments.len() > 3 {
            return Err(usage());
        }
        let encoding = match arguments.get(2) {
            Some(None) => return Err(usage()),
            given => self.encoding(given.copied().flatten())?,
        };
        Ok((data_type(named)?, encoding))
    }
}

fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// The types that values of HBase can be.
fn data_type(name: &str) -> Result<DataType> {
    let upper = name.trim().to_ascii_uppercase();
    Ok(match upper.as_str() {
        "BOOLEAN" | "BOOL" => DataType::Boolean,
        "TINYINT" => DataType::Int8,
        "SMALLINT" => DataType::Int16,
        "INT" | "INTEGER" => DataType::Int32,
        "BIGINT" | "LONG" => DataType::Int64,
        "FLOAT" | "REAL" => DataType::Float32,
        "DOUBLE" => DataType::Float64,
        "VARCHAR" | "TEXT" | "STRING" => DataType::Utf8,
        "VARBINARY" | "BYTEA" => DataType::Binary,
        "DATE" => DataType::Date32,
        "TIMESTAMP" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => {
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
        }
        other => {
            let decimal = other
                .strip_prefix("DECIMAL(")
                .and_then(|rest| rest.strip_suffix(')'))
                .and_then(|rest| rest.split_once(','))
                .and_then(|(p, s)| Some((p.trim().parse().ok()?, s.trim().parse().ok()?)));
            let Some((precision, scale)) = decimal else {
                return Err(Error::sql(format!("hbase_decode() knows no type {name}")).with_hint(
                    "types: BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p, s), VARCHAR, VARBINARY, DATE, TIMESTAMP, TIMESTAMPTZ",
                ));
            };
            DataType::Decimal128(precision, scale)
        }
    })
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Decode => "hbase_decode",
            Kind::Encode => "hbase_encode",
            Kind::Escape => "hbase_escape",
            Kind::Unescape => "hbase_unescape",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn return_type(&self, _: &[DataType]) -> DfResult<DataType> {
        Ok(match self.kind {
            Kind::Decode | Kind::Encode | Kind::Unescape => DataType::Binary,
            Kind::Escape => DataType::Utf8,
        })
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> DfResult<FieldRef> {
        let data_type = match self.kind {
            Kind::Decode => self.target(arguments.scalar_arguments)?.0,
            _ => self.return_type(&[])?,
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> DfResult<ColumnarValue> {
        let rows = arguments.number_rows;
        let Some((value, rest)) = arguments.args.split_first() else {
            return Err(Error::sql(format!("{}() takes a value", self.name())).into());
        };
        let array = value.to_array(rows)?;
        let constants: Vec<Option<&ScalarValue>> = std::iter::once(None)
            .chain(rest.iter().map(|argument| match argument {
                ColumnarValue::Scalar(value) => Some(value),
                ColumnarValue::Array(_) => None,
            }))
            .collect();
        let result = match self.kind {
            Kind::Decode => {
                let (data_type, encoding) = self.target(&constants)?;
                self.decode(&array, &data_type, encoding)?
            }
            Kind::Encode => {
                let encoding = self.encoding(constants.get(1).copied().flatten())?;
                self.encode(&array, encoding)?
            }
            Kind::Escape => {
                let escaped = bytes_of(&array)?
                    .iter()
                    .map(|bytes| {
                        bytes.map(|bytes| {
                            let mut text = String::new();
                            escape(bytes, &mut text);
                            text
                        })
                    })
                    .collect::<StringArray>();
                Arc::new(escaped) as ArrayRef
            }
            Kind::Unescape => {
                let texts = cast(&array, &DataType::Utf8)?;
                let bytes = texts.as_string::<i32>().iter().map(|text| text.map(unescape));
                Arc::new(bytes.collect::<BinaryArray>()) as ArrayRef
            }
        };
        match value {
            ColumnarValue::Scalar(_) => {
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?))
            }
            ColumnarValue::Array(_) => Ok(ColumnarValue::Array(result)),
        }
    }
}

fn bytes_of(array: &ArrayRef) -> DfResult<BinaryArray> {
    Ok(cast(array, &DataType::Binary)?.as_binary::<i32>().clone())
}

impl Function {
    fn decode(
        &self,
        array: &ArrayRef,
        data_type: &DataType,
        encoding: Encoding,
    ) -> DfResult<ArrayRef> {
        let mut values = decoder(self.name(), data_type, encoding, None, None)?;
        for bytes in bytes_of(array)?.iter() {
            match bytes {
                None => values.push_null(),
                Some(bytes) => values.push(bytes).map_err(|flaw| {
                    let mut shown = String::new();
                    escape(bytes.get(..64).unwrap_or(bytes), &mut shown);
                    Error::sql(format!("{}(): \"{shown}\" has {}", self.name(), flaw.reason))
                })?,
            }
        }
        Ok(values.finish()?)
    }

    fn encode(&self, array: &ArrayRef, encoding: Encoding) -> DfResult<ArrayRef> {
        let data_type = array.data_type();
        let mut encoded = Vec::with_capacity(array.len());
        for at in 0..array.len() {
            let value = ScalarValue::try_from_array(array, at)?;
            if value.is_null() {
                encoded.push(None);
                continue;
            }
            let bytes = encode::scalar(&value, data_type, encoding).ok_or_else(|| {
                Error::unsupported(format!(
                    "{}() has no bytes of {data_type} in encoding {}",
                    self.name(),
                    encoding.name()
                ))
            })?;
            encoded.push(Some(bytes));
        }
        Ok(Arc::new(encoded.into_iter().collect::<BinaryArray>()))
    }
}
