//! Splits any byte stream at any position. The frames must be the same.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::frames(bytes));
