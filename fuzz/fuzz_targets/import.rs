//! Imports any bytes as a copybook or a sheet. They are imported or refused.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::import(bytes));
