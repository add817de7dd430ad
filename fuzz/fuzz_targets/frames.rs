//! Any byte stream, cut at any place: the same frames.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::frames(bytes));
