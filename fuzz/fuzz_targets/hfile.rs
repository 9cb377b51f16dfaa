//! Fuzzes HFiles of HBase: trailer, what is loaded on open, blocks, cells, their index and Bloom filters.
//!
//! Run with `cargo +nightly fuzz run hfile`.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sluice::formats::untrusted;

fuzz_target!(|bytes: &[u8]| {
    let bytes = Bytes::copy_from_slice(bytes);
    untrusted::hfile(&bytes);
    untrusted::block(&bytes);
});
