//! Makes a fixed number of calls, so that callgrind can count instructions. There is no clock, no warm-up and no statistics.
//!
//! `scripts/instructions.sh` runs it twice for each row, with different numbers of calls. The difference is the cost of the calls alone.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark: it shares the contenders of `transfer`"
)]

#[path = "transfer/convert.rs"]
mod convert;
#[path = "transfer/derived.rs"]
mod derived;
#[path = "transfer/hand.rs"]
mod hand;

use std::hint::black_box;

use fep_codec::{Decode, Record, Telegram};
use fep_tests::generated::bank_a;
use fep_tests::golden::Golden;

const ROWS: [&str; 8] = [
    "decode/hand-written",
    "decode/derived",
    "decode/generated",
    "decode/record",
    "encode/hand-written",
    "encode/derived",
    "encode/generated",
    "encode/record",
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(row) = arguments.next() else {
        ROWS.iter().for_each(|row| println!("{row}"));
        return;
    };
    let calls: usize = arguments.next().and_then(|calls| calls.parse().ok()).expect("ROW CALLS");
    run(&row, calls);
}

fn run(row: &str, calls: usize) {
    let golden = Golden::load("bank-a-transfer");
    let bytes = golden.bytes.as_slice();
    let mut out = [0; 300];
    let hand = hand::decode(bytes).expect("decodes");
    let derived = derived::Transfer::decode(bytes).expect("decodes");
    let generated = bank_a::Transfer::decode(bytes).expect("decodes");
    let record = Record::decode(derived::Transfer::LAYOUT, bytes).expect("decodes");
    for _ in 0..calls {
        let bytes = black_box(bytes);
        match row {
            "decode/hand-written" => drop(black_box(hand::decode(bytes))),
            "decode/derived" => drop(black_box(derived::Transfer::decode(bytes))),
            "decode/generated" => drop(black_box(bank_a::Transfer::decode(bytes))),
            "decode/record" => drop(black_box(Record::decode(derived::Transfer::LAYOUT, bytes))),
            "encode/hand-written" => drop(black_box(hand::encode(black_box(&hand), &mut out))),
            "encode/derived" => drop(black_box(black_box(&derived).encode_into(&mut out))),
            "encode/generated" => drop(black_box(black_box(&generated).encode_into(&mut out))),
            "encode/record" => drop(black_box(black_box(&record).encode_into(&mut out))),
            other => unreachable!("no row {other}"),
        }
    }
    assert!(row.starts_with("decode") || calls == 0 || out == bytes, "the golden bytes");
}
