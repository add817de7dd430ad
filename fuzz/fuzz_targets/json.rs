//! Any text as a telegram's JSON: it is read or refused, and what encodes decodes again.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| targets::json(bytes));
