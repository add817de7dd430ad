//! Reads any text as a spec file. It is read or refused with findings.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::spec(bytes));
