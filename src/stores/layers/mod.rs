//! Stores over stores, for what every store over a network needs.

mod cached;
mod resumed;

pub(super) use cached::{CacheOptions, Cached};
pub(super) use resumed::{Policy, Resumed};
