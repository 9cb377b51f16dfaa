//! Fuzzes what brokers and name servers of RocketMQ send: frames, routes, messages, their bodies.
//!
//! Run with `cargo +nightly fuzz run remoting`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice::formats::untrusted;

fuzz_target!(|bytes: &[u8]| {
    untrusted::remoting(bytes);
});
