//! Fuzzes what stands in blocks of HFiles, behind their checksums: cells in every encoding, indexes, Bloom
//! filters, what a file says of itself, the bytes of every codec.
//!
//! Run with `cargo +nightly fuzz run payload`.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sluice::formats::untrusted;

fuzz_target!(|given: (u16, &[u8])| {
    let (size, bytes) = given;
    untrusted::payload(&Bytes::copy_from_slice(bytes), usize::from(size));
});
