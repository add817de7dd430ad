//! Reads any bytes as text and writes any text as bytes, in every charset.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::text(bytes));
