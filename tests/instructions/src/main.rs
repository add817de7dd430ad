//! Makes a fixed number of calls, so that callgrind can count instructions. There is no clock, no warm-up and no statistics.
//!
//! `scripts/instructions.sh` runs it twice for each row, with different numbers of calls. The difference is the cost of the calls alone. The result
//! stays where the call puts it, for all contenders: what a caller does with it is not theirs. The test `instructions` of `fep-tests` sets limits.

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

#[path = "../../src/generated/bank_a.rs"]
mod bank_a;
#[path = "../../src/check_digits.rs"]
mod by_institution;
#[path = "../../benches/transfer/convert.rs"]
mod convert;
#[path = "../../benches/records/data.rs"]
mod data;
#[path = "../../benches/transfer/derived.rs"]
mod derived;
#[path = "../../benches/transfer/hand.rs"]
mod hand;

use std::hint::black_box;

use by_institution::check_digits;
use encoding_rs::EUC_KR;
use fep_codec::charset::Charset;
use fep_codec::{Decode, Plan, Record, Telegram};

const TELEGRAM: [&str; 10] = [
    "decode/hand-written",
    "decode/derived",
    "decode/generated",
    "decode/record",
    "decode/plan",
    "encode/hand-written",
    "encode/derived",
    "encode/generated",
    "encode/record",
    "encode/plan",
];

/// Texts that are converted by this crate and by encoding_rs.
const TEXTS: [(&str, &str); 3] =
    [("syllables", "가나다라마바사아자차"), ("name", "홍길동"), ("mixed", "(주)가나다 ABC-123")];

/// Texts in IBM-933: a full field of 20 bytes, and a name.
const IBM_933: [(&str, &str); 2] = [("field", "가나다라마바사아자"), ("name", "홍길동")];

const GOLDEN: &str = include_str!("../../golden/bank-a-transfer.json");

/// A file of seven records of 120 bytes, of which the second to the fourth are data records.
const RECORDS: &str = include_str!("../../golden/kftc-cms-eb13.json");

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(row) = arguments.next() else {
        TELEGRAM.iter().for_each(|row| println!("{row}"));
        for (text, _) in TEXTS {
            for who in ["ours", "encoding_rs"] {
                println!("{text}/decode/{who}\n{text}/encode/{who}");
            }
        }
        println!("records/borrowed");
        IBM_933.iter().for_each(|(text, _)| println!("ibm933/decode/{text}\nibm933/encode/{text}"));
        return;
    };
    let calls: usize = arguments.next().and_then(|calls| calls.parse().ok()).expect("ROW CALLS");
    let parts: Vec<&str> = row.split('/').collect();
    match parts.as_slice() {
        ["decode" | "encode", _] => telegram(&row, calls),
        ["records", _] => records(calls),
        ["ibm933", direction, text] => convert_by_us(Charset::Ibm933, direction, find(&IBM_933, text), calls),
        [text, direction, "ours"] => convert_by_us(Charset::Cp949, direction, find(&TEXTS, text), calls),
        [text, direction, "encoding_rs"] => convert_by_encoding_rs(direction, find(&TEXTS, text), calls),
        _ => unreachable!("no row {row}"),
    }
}

fn find<'t>(texts: &[(&str, &'t str)], name: &str) -> &'t str {
    texts.iter().find(|(other, _)| *other == name).expect("a text").1
}

fn telegram(row: &str, calls: usize) {
    let golden = bytes_of(GOLDEN);
    let bytes = golden.as_slice();
    let mut out = [0; 300];
    let hand = hand::decode(bytes).expect("decodes");
    let derived = derived::Transfer::decode(bytes).expect("decodes");
    let generated = bank_a::Transfer::decode(bytes).expect("decodes");
    let record = Record::decode(derived::Transfer::LAYOUT, bytes).expect("decodes");
    let plan = Plan::new(derived::Transfer::LAYOUT);
    match row {
        "decode/hand-written" => repeat(calls, || drop_seen(&hand::decode(black_box(bytes)))),
        "decode/derived" => repeat(calls, || drop_seen(&derived::Transfer::decode(black_box(bytes)))),
        "decode/generated" => repeat(calls, || drop_seen(&bank_a::Transfer::decode(black_box(bytes)))),
        "decode/record" => repeat(calls, || drop_seen(&Record::decode(derived::Transfer::LAYOUT, black_box(bytes)))),
        "decode/plan" => repeat(calls, || drop_seen(&plan.decode(black_box(bytes)))),
        "encode/hand-written" => repeat(calls, || drop_seen(&hand::encode(black_box(&hand), &mut out))),
        "encode/derived" => repeat(calls, || drop_seen(&black_box(&derived).encode_into(&mut out))),
        "encode/generated" => repeat(calls, || drop_seen(&black_box(&generated).encode_into(&mut out))),
        "encode/record" => repeat(calls, || drop_seen(&black_box(&record).encode_into(&mut out))),
        "encode/plan" => repeat(calls, || drop_seen(&plan.encode_into(black_box(&record), &mut out))),
        other => unreachable!("no row {other}"),
    }
    assert!(row.starts_with("decode") || calls == 0 || out == bytes, "the golden bytes");
}

/// One call is one record from memory.
fn records(calls: usize) {
    let file = bytes_of(RECORDS);
    let mut bytes = file[120..480].repeat(calls / 3 + 1);
    bytes.truncate(calls * 120);
    let mut records = fep_codec::files::records::<data::Data<'_>>(black_box(&bytes));
    repeat(calls, || drop_seen(&records.next()));
    assert!(records.next().is_none(), "all records");
}

/// Makes the calls. What is called is chosen once, so the choice is not counted.
fn repeat(calls: usize, mut call: impl FnMut()) {
    (0..calls).for_each(|_| call());
}

/// Lets the compiler believe that somebody looks at the result.
#[inline(always)]
fn drop_seen<T>(result: &T) {
    black_box(result);
}

fn convert_by_us(charset: Charset, direction: &str, text: &str, calls: usize) {
    let mut out = [0; 80];
    let len = charset.encode(text, &mut out).expect("it has the text");
    let bytes = out[..len].to_vec();
    for _ in 0..calls {
        match direction {
            "decode" => drop_seen(&charset.decode_into(black_box(&bytes), &mut out)),
            _ => drop_seen(&charset.encode(black_box(text), &mut out)),
        }
    }
}

fn convert_by_encoding_rs(direction: &str, text: &str, calls: usize) {
    let (bytes, _, _) = EUC_KR.encode(text);
    let mut out = [0; 80];
    for _ in 0..calls {
        match direction {
            "decode" => {
                let mut decoder = EUC_KR.new_decoder_without_bom_handling();
                drop_seen(&decoder.decode_to_utf8_without_replacement(black_box(&bytes), &mut out, true));
            }
            _ => {
                let mut encoder = EUC_KR.new_encoder();
                drop_seen(&encoder.encode_from_utf8_without_replacement(black_box(text), &mut out, true));
            }
        }
    }
}

/// The bytes of a golden file, made by an independent program.
fn bytes_of(golden: &str) -> Vec<u8> {
    let golden: serde_json::Value = serde_json::from_str(golden).expect("JSON");
    let hex = golden["hex"].as_str().expect("hex").as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a digit") as u8;
    hex.as_chunks::<2>().0.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
}
