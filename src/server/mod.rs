//! The servers: doors to one engine for clients elsewhere.
//!
//! [`flight_sql`] is the one that JDBC, ODBC and ADBC speak. Sessions, limits, the list of
//! statements and what they mean are the engine's.

pub mod flight_sql;
mod secret;
mod users;

pub use users::{BUILT_IN, READER, Role, Users};
