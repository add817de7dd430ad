//! Reads any bytes as a capture, or any packets of one TCP stream. They are put together, or refused.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::capture(bytes));
