//! Edits a spec and compares it with the one that it was. Everything that can be made of a spec is made of the result.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::edited(bytes));
