//! Any bytes as a layout, and as telegrams of it.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::layouts(bytes));
