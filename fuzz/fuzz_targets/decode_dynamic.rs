//! Reads any bytes as a telegram with its layout.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::decode_dynamic(bytes));
