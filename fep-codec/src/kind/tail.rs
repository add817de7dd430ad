//! Tails: fields that are as long as their values. The rule of a tail has no padding.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use smol_str::SmolStr;

use super::FieldValue;
use crate::layout::{BytesRule, DigitsRule, TextRule};
use crate::value::{Digits, Text};

/// A Rust type that can stand for a tail.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a tail (its rule is `{R}`)",
    label = "not a type for a field of varying length",
    note = "text: `Text<N>`, `String`, `Cow<str>`, `&str` (ascii and utf-8 only); digits: `Digits<N>` and the text types; \
            bytes: `Vec<u8>`, `&[u8]`"
)]
pub trait TailValue<'a, R>: FieldValue<'a, R> {
    /// The length of the value on the wire, in bytes.
    fn wire_len(&self, rule: &R) -> usize;
}

macro_rules! tails {
    ($($value:ty $([$($generics:tt)*])?, $rule:ty: $len:expr;)*) => {
        $(impl<'a $(, $($generics)*)?> TailValue<'a, $rule> for $value {
            fn wire_len(&self, rule: &$rule) -> usize {
                let len: fn(&Self, &$rule) -> usize = $len;
                len(self, rule)
            }
        })*
    };
}

tails! {
    Text<N> [const N: usize], TextRule: |text, rule| rule.charset.text_len_with(text.as_str(), rule.writing());
    String, TextRule: |text, rule| rule.charset.text_len_with(text, rule.writing());
    SmolStr, TextRule: |text, rule| rule.charset.text_len_with(text, rule.writing());
    Cow<'a, str>, TextRule: |text, rule| rule.charset.text_len_with(text, rule.writing());
    &'a str, TextRule: |text, rule| rule.charset.text_len_with(text, rule.writing());
    Digits<N> [const N: usize], DigitsRule: |digits, _| digits.as_bytes().len();
    String, DigitsRule: |digits, _| digits.len();
    SmolStr, DigitsRule: |digits, _| digits.len();
    Cow<'a, str>, DigitsRule: |digits, _| digits.len();
    &'a str, DigitsRule: |digits, _| digits.len();
    Vec<u8>, BytesRule: |bytes, _| bytes.len();
    &'a [u8], BytesRule: |bytes, _| bytes.len();
}
