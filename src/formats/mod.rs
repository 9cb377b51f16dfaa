//! Bytes of foreign formats and what they mean, apart from where the bytes come from.
//!
//! A parser takes a slice and returns a value, or says which range of a file it needs next; nothing
//! here fetches, waits or knows a query. Whatever the bytes are, a parser neither panics nor takes
//! memory out of proportion to them: it returns [`Broken`].

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod broken;
pub(crate) mod hbase_manifest;
pub(crate) mod hbase_rows;
pub(crate) mod hfile;
mod input;
pub(crate) mod rocketmq;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(any(test, fuzzing))]
pub mod untrusted;

pub(crate) use broken::{Broken, BrokenKind};
