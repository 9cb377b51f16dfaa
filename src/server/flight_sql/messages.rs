//! Messages of Flight that `arrow-flight` has no types for.
//!
//! Field numbers are those of [Flight.proto] and [FlightSql.proto].
//!
//! [Flight.proto]: https://github.com/apache/arrow/blob/main/format/Flight.proto
//! [FlightSql.proto]: https://github.com/apache/arrow/blob/main/format/FlightSql.proto

use std::collections::HashMap;

use bytes::Bytes;

/// The answer of `CreatePreparedStatement`, with the mark of statements that are executed.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PreparedStatementResult {
    /// The handle.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) prepared_statement_handle: Bytes,
    /// The columns of its rows; empty without.
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) dataset_schema: Bytes,
    /// Its parameters.
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) parameter_schema: Bytes,
    /// Whether it is executed by DoPut.
    #[prost(bool, optional, tag = "4")]
    pub(super) is_update: Option<bool>,
}

/// A session option's value.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SessionOptionValue {
    /// The value; none takes the option back.
    #[prost(oneof = "OptionValue", tags = "1, 2, 3, 4, 5")]
    pub(super) option_value: Option<OptionValue>,
}

/// What types a session option's value may have.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum OptionValue {
    /// Text.
    #[prost(string, tag = "1")]
    String(String),
    /// True or false.
    #[prost(bool, tag = "2")]
    Bool(bool),
    /// A whole number.
    #[prost(sfixed64, tag = "3")]
    Int64(i64),
    /// A number.
    #[prost(double, tag = "4")]
    Double(f64),
    /// Several texts.
    #[prost(message, tag = "5")]
    StringList(StringList),
}

impl OptionValue {
    /// The value as SET takes it; `None` for a list, which no setting is.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::String(text) => Some(text.clone()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Int64(value) => Some(value.to_string()),
            Self::Double(value) => Some(value.to_string()),
            Self::StringList(_) => None,
        }
    }
}

/// Several texts.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StringList {
    /// The texts.
    #[prost(string, repeated, tag = "1")]
    pub(super) values: Vec<String>,
}

/// The request of `SetSessionOptions`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SetSessionOptionsRequest {
    /// The options by name.
    #[prost(map = "string, message", tag = "1")]
    pub(super) session_options: HashMap<String, SessionOptionValue>,
}

/// The answer of `SetSessionOptions`: what could not be set.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SetSessionOptionsResult {
    /// Errors by the option's name.
    #[prost(map = "string, message", tag = "1")]
    pub(super) errors: HashMap<String, SetOptionError>,
}

/// Why an option could not be set.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SetOptionError {
    /// One of [`SetOptionProblem`].
    #[prost(enumeration = "SetOptionProblem", tag = "1")]
    pub(super) value: i32,
}

/// What may be wrong with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(super) enum SetOptionProblem {
    /// Nothing is said.
    Unspecified = 0,
    /// There is no option of this name.
    InvalidName = 1,
    /// The value does not fit.
    InvalidValue = 2,
    /// Anything else.
    Error = 3,
}

/// The answer of `GetSessionOptions`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetSessionOptionsResult {
    /// The options by name.
    #[prost(map = "string, message", tag = "1")]
    pub(super) session_options: HashMap<String, SessionOptionValue>,
}

/// The answer of `CloseSession`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CloseSessionResult {
    /// One of [`CloseStatus`].
    #[prost(enumeration = "CloseStatus", tag = "1")]
    pub(super) status: i32,
}

/// How closing a session went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(super) enum CloseStatus {
    /// Nothing is said.
    Unspecified = 0,
    /// It is closed.
    Closed = 1,
    /// It is being closed.
    Closing = 2,
    /// It cannot be closed.
    NotCloseable = 3,
}
