//! Any bytes through derived types and through their layouts: both must say the same.

#![no_main]

use fep_tests::generated::{bank_a, kftc_cms};
use fep_tests::properties::same_as_record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    same_as_record::<bank_a::TransferAnswer>(bytes);
    same_as_record::<bank_a::BalanceInquiryAnswer>(bytes);
    same_as_record::<bank_a::TransactionListAnswer>(bytes);
    same_as_record::<bank_a::DepositNotice>(bytes);
    same_as_record::<kftc_cms::Data>(bytes);
});
