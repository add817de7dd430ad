//! The telegrams of bank-a as bytes. They come from the golden files, which another program made.
//!
//! Offsets are those of the sheet: telegram code at 24, business code at 28, trace number at 32, response code at 52.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A telegram of bank-a begins with its length in four digits, which do not count themselves.
pub(crate) const LENGTH_DIGITS: usize = 4;
/// The maximum length of a telegram, in bytes. A longer one ends the process that receives it.
pub(crate) const TELEGRAM_MAX_BYTES: usize = 8192;

pub(crate) const TELEGRAM_CODE: std::ops::Range<usize> = 24..28;
pub(crate) const BUSINESS_CODE: std::ops::Range<usize> = 28..31;
pub(crate) const TRACE_NO: std::ops::Range<usize> = 32..38;
pub(crate) const SENT_DATE: std::ops::Range<usize> = 38..46;
pub(crate) const RESPONSE_CODE: std::ops::Range<usize> = 52..56;
/// The number of trace numbers.
pub(crate) const TRACES: u32 = 1_000_000;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

pub(crate) fn spec() -> PathBuf {
    root().join("specs/bank-a/bank-a.toml")
}

fn golden(name: &str) -> Value {
    let path = root().join("tests/golden").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("a golden file")).expect("JSON")
}

/// The bytes of a golden telegram.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let golden = golden(name);
    let hex = golden["hex"].as_str().expect("hex digits");
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hex digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The fields that a service sends for a transfer.
pub(crate) fn transfer() -> Value {
    let mut fields = golden("bank-a-transfer")["fields"].clone();
    let object = fields.as_object_mut().expect("an object");
    // The configuration fills these.
    for name in ["header", "balance_sign", "balance", "fee"] {
        object.remove(name);
    }
    fields
}

/// The length of the first telegram in the buffer, or `None` if it is not complete.
pub(crate) fn first(buffer: &[u8]) -> Option<usize> {
    let digits = buffer.get(..LENGTH_DIGITS)?;
    let number = digits.iter().fold(0, |number, digit| number * 10 + usize::from(digit.wrapping_sub(b'0')));
    let len = LENGTH_DIGITS + number;
    assert!(len <= TELEGRAM_MAX_BYTES, "a telegram of {len} bytes");
    (buffer.len() >= len).then_some(len)
}

/// Writes a number as digits with leading zeros.
pub(crate) fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// Reads digits as a number. Other bytes give a wrong number, which no exchange waits for.
pub(crate) fn trace(telegram: &[u8]) -> u32 {
    let digits = telegram.get(TRACE_NO).unwrap_or_default();
    digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
}
