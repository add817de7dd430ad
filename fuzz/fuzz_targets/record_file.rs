//! Any bytes as a record file: the same records in pieces of any size, and the same bytes again.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::record_file(bytes));
