//! Makes a layout from any bytes, and reads telegrams with it.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::layouts(bytes));
