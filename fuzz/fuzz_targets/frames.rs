//! Any byte stream, cut at any place: the same frames.

#![no_main]

use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, &[u8])| properties::any_cut(input.1, input.0 % 1024));
