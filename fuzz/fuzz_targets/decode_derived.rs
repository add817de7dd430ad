//! Any bytes through derived types and through their layouts: both must say the same.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::decode_derived(bytes));
