//! Any text as a telegram's JSON: it is read or refused, and what encodes decodes again.

#![no_main]

use fep_codec::{Record, TelegramSet};
use fep_tests::generated::bank_a::BankA;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for layout in BankA::LAYOUTS {
        if let Ok(bytes) = Record::from_json(layout, text).and_then(|record| record.encode()) {
            assert!(Record::decode(layout, &bytes).is_ok(), "{} of {text}", layout.name);
        }
    }
});
