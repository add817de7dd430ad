//! Any bytes as every telegram of bank-a and kftc-cms, through the layouts.

#![no_main]

use fep_codec::TelegramSet;
use fep_tests::generated::{bank_a::BankA, kftc_cms::KftcCms};
use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for layout in BankA::LAYOUTS.iter().chain(KftcCms::LAYOUTS) {
        properties::any_bytes(layout, bytes);
    }
});
