//! The names by which a server and Sluice's own client understand each other beyond what the
//! protocol between them says.

use serde::{Deserialize, Serialize};

use super::query::Progress;

/// The header by which our client asks for what others do not expect: what was done, notes.
pub const CLIENT: &str = "x-sluice-client";

/// The header of every answer that belongs to a statement: its query id.
pub const QUERY_ID: &str = "x-sluice-query-id";

/// The header that tells our client where it stands: catalog and schema as JSON.
pub const HOME: &str = "x-sluice-home-bin";

/// The header with an error in parts, as JSON.
pub const ERROR: &str = "x-sluice-error-bin";

/// What the names of headers with settings for a new session begin with.
pub const SETTINGS: &str = "x-sluice-set-";

/// What a message without rows says to our client, as JSON in its metadata. Nobody else gets any: empty
/// messages end the result for some drivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// How far the statement has come.
    Progress(Progress),
    /// What a person should know of the answer.
    Notes(Vec<String>),
}
