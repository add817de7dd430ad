//! Imports any bytes as a copybook or a sheet. They are imported or refused.

#![no_main]

use fep_tests::properties::targets;
use libfuzzer_sys::fuzz_target;

// A panic of calamine is caught. The fuzzer's own hook would end the process before; a panic that is not caught still ends it.
fuzz_target!(init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))), |bytes: &[u8]| { targets::import(bytes); });
