//! Reads any text as the JSON of a telegram. It is read or refused. A value that encodes must decode again.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::json(bytes));
