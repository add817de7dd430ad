//! Decoding a telegram without groups and encoding it into a buffer touch no heap: counted, not believed.
//!
//! It is a test binary of its own, because the counter is the global allocator of the whole program.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use allocation_counter::{AllocationInfo, measure};
use fep_codec::{Decode, Telegram};
use fep_tests::generated::bank_a::{Transfer, TransferAnswer};
use fep_tests::golden::Golden;

fn allocations(work: impl FnOnce()) -> u64 {
    let AllocationInfo { count_total, .. } = measure(work);
    count_total
}

fn check<T: Telegram + for<'a> Decode<'a>>(name: &str) {
    let bytes = Golden::load(name).bytes;
    let mut out = vec![0; bytes.len()];
    let mut telegram = None;
    assert_eq!(allocations(|| telegram = T::decode(&bytes).ok()), 0, "decoding {name}");
    let telegram = telegram.expect("a golden telegram");
    let mut written = 0;
    assert_eq!(allocations(|| written = telegram.encode_into(&mut out).unwrap_or_default()), 0, "encoding {name}");
    assert_eq!(out.get(..written), Some(&*bytes), "{name}");
}

#[test]
fn a_telegram_without_groups_is_read_and_written_without_a_heap() {
    check::<Transfer>("bank-a-transfer");
    check::<TransferAnswer>("bank-a-transfer-answer");
}

/// The beginning of a transfer, and the rest unread.
#[derive(Telegram)]
#[telegram(len = 300, view)]
struct Start {
    #[field(filler, any, len = 116)]
    _before: (),
    #[field(len = 13)]
    amount: u64,
    #[field(filler, any, len = 171)]
    _behind: (),
}

#[test]
fn a_field_is_read_and_patched_without_a_heap() {
    let mut bytes = Golden::load("bank-a-transfer").bytes;
    let mut amount = None;
    let read = || amount = StartView::new(&bytes).and_then(|view| view.amount()).ok();
    assert_eq!(allocations(read), 0);
    assert_eq!(amount, Some(1_234_567));
    let mut patched = false;
    let write = || patched = StartViewMut::new(&mut bytes).and_then(|mut view| view.set_amount(&7)).is_ok();
    assert_eq!(allocations(write), 0);
    assert!(patched);
    assert_eq!(bytes.get(116..129), Some(&b"0000000000007"[..]));
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}
