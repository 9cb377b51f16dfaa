//! The integration tests: one binary, as linking DataFusion is the slow part.
//!
//! `slt` runs `tests/slt` in process, `cli` the program itself, `text` dirty CSV and JSON, `writes`
//! what is written, `read_points` what a statement read and may read; `canonical` is how values are
//! written in `tests/slt`, `program` how the program is started.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod canonical;
mod cli;
mod program;
mod read_points;
mod slt;
mod text;
mod writes;
