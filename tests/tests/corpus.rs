//! Replays the kept fuzzer inputs through the properties of the fuzzer.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;

use fep_tests::golden::from_hex;
use fep_tests::properties::targets::TARGETS;

#[test]
fn every_kept_input_has_the_properties_of_its_target() {
    for (name, target) in TARGETS {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name).with_extension("hex");
        let lines = std::fs::read_to_string(&file).expect("the kept inputs of every target");
        assert!(!lines.is_empty(), "{name} has no inputs");
        for line in lines.lines() {
            target(&from_hex(line).expect("hex digits"));
        }
    }
}
