//! Reads any bytes with a derived type, its view and its layout. All must agree.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::decode_derived(bytes));
