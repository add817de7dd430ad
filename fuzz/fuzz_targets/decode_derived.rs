//! Any bytes through a derived type, its view and its layout: all must say the same.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::decode_derived(bytes));
