//! Fuzzes what clients send as bytes: tickets, descriptors, actions, streams of rows. The answer is an
//! error that is not the server's, and no panic.
//!
//! Run with `cargo +nightly fuzz run ticket`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sluice::server::flight_sql::untrusted::{Untrusted, is_a_bug};
use tokio::runtime::Runtime;

static DOOR: LazyLock<(Runtime, Untrusted)> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("threads");
    let door = runtime.block_on(Untrusted::new()).expect("an engine");
    (runtime, door)
});

fuzz_target!(|bytes: &[u8]| {
    let (runtime, door) = &*DOOR;
    let answer = runtime.block_on(door.give(bytes));
    assert!(!is_a_bug(&answer), "{answer:?}");
});
