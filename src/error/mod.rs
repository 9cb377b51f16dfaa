//! The one public error: what went wrong by kind, where, and the way out.
//!
//! Modules keep private error enums where several causes share a shape and turn them into this
//! type with one `From`. How kinds map to exit codes is `cli`'s business, to Flight statuses
//! `server`'s; how they travel through DataFusion is `engine::error`'s.

use std::fmt;
use std::sync::Arc;

mod nearest;
mod parts;

pub use nearest::nearest;
pub use parts::ErrorParts;

/// What a caller can do about an error, not which layer it came from.
///
/// Matches over this enum have no wildcard arm, so that a new kind cannot be forgotten anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A catalog file, setting, flag or option says something impossible.
    Config,
    /// The text of a statement is wrong: syntax, names, types, parameters.
    Sql,
    /// The named thing does not exist.
    NotFound,
    /// The user is known, and may not.
    Denied,
    /// The user is not known.
    Unauthenticated,
    /// Bytes are not what their format promises.
    Corrupt,
    /// Right, but not something Sluice does.
    Unsupported,
    /// A system that should answer does not.
    Unavailable,
    /// A limit of memory, disk, bytes or records was reached.
    Exhausted,
    /// The time limit was reached.
    TimedOut,
    /// What a read point names is no longer there.
    Gone,
    /// The user or the client ended it.
    Cancelled,
    /// A bug in Sluice.
    Internal,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Config,
        Self::Sql,
        Self::NotFound,
        Self::Denied,
        Self::Unauthenticated,
        Self::Corrupt,
        Self::Unsupported,
        Self::Unavailable,
        Self::Exhausted,
        Self::TimedOut,
        Self::Gone,
        Self::Cancelled,
        Self::Internal,
    ];

    /// The kind as machine formats and the last line on stderr spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Sql => "sql",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Unauthenticated => "unauthenticated",
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Exhausted => "exhausted",
            Self::TimedOut => "timed_out",
            Self::Gone => "gone",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may succeed if it is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call fails again.
    Never,
    /// Worth another try after a pause.
    Later,
}

/// A place in a text: 1-based line and column, both counted in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based line.
    pub line: u64,
    /// 1-based column in characters.
    pub column: u64,
}

/// An error with a kind, a sentence, and, where they are known, a place and a way out.
///
/// `Display` prints the message alone: lowercase, no full stop, never the source's text again.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    // Boxed: an error is moved through many `Result`s that mostly carry none.
    detail: Box<Detail>,
}

#[derive(Clone, Debug, Default)]
struct Detail {
    hint: Option<String>,
    position: Option<Position>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    retry: bool,
}

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` that says `message` (lowercase, no full stop).
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), detail: Box::default() }
    }

    /// Says the way out, on a line of its own.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.detail.hint = Some(hint.into());
        self
    }

    /// Says where in the statement's text.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.detail.position = Some(position);
        self
    }

    /// Keeps the cause for `source()`; the message should not repeat it.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.detail.source = Some(source.into().into());
        self
    }

    /// Marks the error as worth another try.
    #[must_use]
    pub fn retry_later(mut self) -> Self {
        self.detail.retry = true;
        self
    }

    /// Puts words in front of the message: `table lake.raw.events: …`.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    pub fn retry(&self) -> Retry {
        if self.detail.retry { Retry::Later } else { Retry::Never }
    }

    /// The message alone.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The way out, if one is known.
    pub fn hint(&self) -> Option<&str> {
        self.detail.hint.as_deref()
    }

    /// Where in the statement's text, if known.
    pub fn position(&self) -> Option<Position> {
        self.detail.position
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.detail.source.as_deref().map(|source| source as _)
    }
}

/// One constructor per kind, so that call sites read as sentences: `Error::corrupt("…")`.
macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {
        impl Error {
            $(
                #[doc = concat!("An error of kind [`ErrorKind::", stringify!($kind), "`].")]
                pub fn $name(message: impl Into<String>) -> Self {
                    Self::new(ErrorKind::$kind, message)
                }
            )*
        }
    };
}

constructors! {
    config => Config,
    sql => Sql,
    not_found => NotFound,
    denied => Denied,
    unauthenticated => Unauthenticated,
    corrupt => Corrupt,
    unsupported => Unsupported,
    unavailable => Unavailable,
    exhausted => Exhausted,
    timed_out => TimedOut,
    gone => Gone,
    cancelled => Cancelled,
    internal => Internal,
}
