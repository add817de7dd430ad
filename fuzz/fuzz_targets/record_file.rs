//! Reads any bytes as a record file. The pieces may have any size: the records must be the same, and so must the bytes written from them.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::record_file(bytes));
