//! Any bytes as text, and any text as bytes, in every charset.

#![no_main]

use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    properties::any_text_bytes(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        properties::any_text(text);
    }
});
