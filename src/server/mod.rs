//! The servers: doors to one engine for clients elsewhere.
//!
//! [`flight_sql`] is the one that JDBC, ODBC and ADBC speak, `health` the one for who watches the
//! server, `log` what is written of it. Sessions, limits, the list of
//! statements and what they mean are the engine's.

mod counters;
pub mod flight_sql;
mod health;
mod log;
mod secret;
mod users;

pub use log::{Level, Log, LogFormat, LogOptions};
pub use users::{BUILT_IN, READER, Role, Users};
