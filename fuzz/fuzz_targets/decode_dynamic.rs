//! Any bytes as one of all telegrams, through its layout.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::decode_dynamic(bytes));
