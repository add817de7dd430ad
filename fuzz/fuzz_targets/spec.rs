//! Any text as a spec file: it is read or refused with findings; what is read has layouts that survive any bytes.

#![no_main]

use fep_spec::model::Spec;
use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(spec) = Spec::parse("fuzz.toml", text) {
        for telegram in &spec.telegrams {
            properties::any_bytes(&telegram.layout, text.as_bytes());
        }
    }
});
