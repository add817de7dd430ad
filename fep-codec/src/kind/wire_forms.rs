//! All bytes with which a field says one code. Most kinds have one form of each value. A number or digits with `accepts`, and a number
//! with several words for "no value", have several.
//!
//! ```text
//! 5 in 3 bytes, accepts "leading-blanks"      "005"   " 05"   "  5"
//! 5 in 2 packed bytes, accepts "host-signs"   00 5A   00 5C   00 5E   00 5F
//! ```

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use fep_core::accepts::Accepts;
use fep_core::rules::NoneSet;

use super::FieldValue;
use super::wire_code::number_of;
use crate::layout::{Justify, Kind, NoneAs, NumberRule};

impl Kind {
    /// The bytes of all fields of `len` bytes that hold this code: those of [`Kind::code_bytes`], and every further form that the field
    /// reads. Empty if no field of this kind and length can hold the code.
    #[must_use]
    pub fn code_forms(&self, code: &str, len: usize) -> Vec<Vec<u8>> {
        let Some(written) = self.code_bytes(code, len) else { return Vec::new() };
        let mut forms = match self {
            Self::Number(rule) if !rule.reads_one_form() => {
                number_of(rule, code).map(|value| candidates(rule, value, len)).unwrap_or_default()
            }
            Self::Digits(rule) if !rule.accepts.is_empty() => {
                let mut forms = BTreeSet::new();
                vary(&written, written.len().saturating_sub(1), &any_byte(), &mut forms);
                forms
            }
            _ => BTreeSet::new(),
        };
        forms.insert(written);
        forms.into_iter().filter(|bytes| self.says(code, bytes)).collect()
    }
}

impl NumberRule {
    /// Whether each value has one form: the one that is written.
    pub(crate) const fn reads_one_form(&self) -> bool {
        self.accepts.is_empty() && self.none_also.is_empty()
    }
}

/// Bytes of which some are forms of the value: the value in fewer bytes, filled with blanks, and with each byte in the places where a sign can
/// be.
fn candidates(rule: &NumberRule, value: Option<i128>, len: usize) -> BTreeSet<Vec<u8>> {
    let mut found = BTreeSet::new();
    let Some(value) = value else {
        for none in rule.none_also.iter().chain([rule.none]) {
            let alone = NumberRule { none, none_also: NoneSet::EMPTY, ..*rule };
            let mut bytes = vec![0; len];
            if Option::<i128>::None.put(&alone, &mut bytes).is_ok() {
                found.insert(bytes);
            }
        }
        return found;
    };
    let plain = NumberRule {
        pad: None,
        justify: Justify::Right,
        accepts: Accepts::NONE,
        none: NoneAs::Never,
        none_also: NoneSet::EMPTY,
        ..*rule
    };
    let digits = |width: usize| {
        let mut digits = vec![0; width];
        value.put(&plain, &mut digits).is_ok().then_some(digits)
    };
    let blank = rule.pad.unwrap_or(rule.encoding.space());
    if let Some(digits) = digits(len) {
        placed(&digits, blank, len, &any_byte(), &mut found);
    }
    if rule.encoding.is_zoned() {
        // The bytes that the whole field can have where a sign can be. Fewer digits have no others.
        let read = found.iter().filter(|bytes| i128::get(rule, bytes) == Ok(value));
        let signs: BTreeSet<u8> = read.flatten().copied().chain([rule.encoding.space()]).collect();
        let signs = Vec::from_iter(signs);
        (1..len).filter_map(digits).for_each(|digits| placed(&digits, blank, len, &signs, &mut found));
    }
    found
}

/// The digits on the right and on the left of the field, with each of these bytes where a sign can be.
fn placed(digits: &[u8], blank: u8, len: usize, signs: &[u8], found: &mut BTreeSet<Vec<u8>>) {
    let width = digits.len();
    let blanks = vec![blank; len - width];
    // A plus that the field does not write has a byte before the digits, or one that would be blank.
    for (bytes, first) in [([&*blanks, digits].concat(), len - width), ([digits, &*blanks].concat(), 0)] {
        for at in [first.saturating_sub(1), first, (first + width).saturating_sub(1), first + width] {
            vary(&bytes, at, signs, found);
        }
    }
}

fn any_byte() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

/// These bytes with each of the `values` at this place.
fn vary(bytes: &[u8], at: usize, values: &[u8], found: &mut BTreeSet<Vec<u8>>) {
    for value in values {
        let mut varied = bytes.to_vec();
        if let Some(byte) = varied.get_mut(at) {
            *byte = *value;
            found.insert(varied);
        }
    }
}
