//! Fuzzes the messages that a snapshot of HBase is told by.
//!
//! Run with `cargo +nightly fuzz run manifest`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice::formats::untrusted;

fuzz_target!(|bytes: &[u8]| {
    untrusted::manifest(bytes);
});
