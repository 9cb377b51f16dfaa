//! Fuzzes the statement splitter: parts joined are the text, each split again is itself.
//!
//! Run with `cargo +nightly fuzz run split -- -dict=fuzz/dictionaries/sql.dict`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice::engine::statement::split::split;

fuzz_target!(|text: &str| {
    let parts = split(text);
    let joined: String = parts.iter().map(|part| part.text).collect();
    assert_eq!(joined, text);
    for part in parts {
        let again = split(part.text);
        assert_eq!(again.len(), 1, "{:?} is more than one part", part.text);
        assert_eq!(again[0].kind, part.kind, "{:?}", part.text);
        assert!(part.start <= part.token, "{:?}", part.text);
    }
});
