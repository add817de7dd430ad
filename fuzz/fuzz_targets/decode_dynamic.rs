//! Any bytes as every telegram of bank-a and kftc-cms, through the layouts.

#![no_main]

use fep_codec::{Telegram, TelegramSet};
use fep_tests::generated::{bank_a::BankA, kftc_cms};
use fep_tests::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let records = [kftc_cms::Header::LAYOUT, kftc_cms::Data::LAYOUT, kftc_cms::Trailer::LAYOUT];
    for layout in BankA::LAYOUTS.iter().chain(&records) {
        properties::any_bytes(layout, bytes);
    }
});
