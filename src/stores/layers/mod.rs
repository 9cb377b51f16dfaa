//! Stores over stores, for what every store over a network needs.

mod resumed;

pub(super) use resumed::{Policy, Resumed};
