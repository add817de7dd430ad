//! Digit strings in half bytes: two digits in each byte, and their zeros are kept.
//!
//! ```text
//! 0200, 2 bytes, bcd, exact                          02 00
//! 4711, 3 bytes, bcd                                 47 11 FF
//! 123, 2 bytes, bcd                                  12 3F
//! 831, 2 bytes, bcd, exact, 3 digits, 0, right       08 31
//! 00831, 3 bytes, packed, exact                      00 83 1F      with "host-signs" also A, C and E
//! ```

use core::iter::repeat_n;

use crate::error::Fault;
use crate::layout::{Accept, DigitsRule, Encoding, Justify};
use crate::swar::all_digits;

impl DigitsRule {
    /// The maximum number of digits in a field of `len` bytes.
    #[must_use]
    pub const fn capacity(&self, len: usize) -> usize {
        let room = self.encoding.digits(len);
        match self.digits_max {
            Some(max) if (max as usize) < room => max as usize,
            _ => room,
        }
    }

    /// Whether two digits share a byte.
    #[inline(always)]
    #[must_use]
    pub const fn is_half(&self) -> bool {
        matches!(self.encoding, Encoding::Bcd | Encoding::Packed)
    }
}

/// The half bytes of a field without the sign's.
fn halves(rule: &DigitsRule, bytes: &[u8]) -> impl DoubleEndedIterator<Item = u8> + Clone {
    let room = rule.encoding.digits(bytes.len());
    (0..room).map(|at| {
        let byte = bytes.get(at / 2).copied().unwrap_or_default();
        if at % 2 == 0 { byte >> 4 } else { byte & 0x0F }
    })
}

/// The digits, each as an ASCII character.
pub(super) fn get(rule: &DigitsRule, bytes: &[u8]) -> Result<impl Iterator<Item = u8> + Clone, Fault> {
    check_sign(rule, bytes)?;
    let room = rule.encoding.digits(bytes.len());
    let capacity = rule.capacity(bytes.len());
    let is_pad = |half: u8| half == rule.pad;
    // The fewest digits: all that there can be, or none.
    let least = if rule.exact { capacity } else { 0 };
    let (from, to) = match rule.justify {
        Justify::Left => {
            let padding = halves(rule, bytes).rev().take(room - least).take_while(|half| is_pad(*half)).count();
            (0, room - padding)
        }
        Justify::Right => (halves(rule, bytes).take(room - least).take_while(|half| is_pad(*half)).count(), room),
    };
    let digits = halves(rule, bytes).skip(from).take(to - from);
    if let Some(at) = digits.clone().position(|digit| digit > 9) {
        let offset = (from + at) / 2;
        return Err(Fault::NotADigit { offset, byte: bytes.get(offset).copied() });
    }
    match rule.digits_max {
        Some(max) if to - from > usize::from(max) => Err(Fault::TooManyDigits { max }),
        _ => Ok(digits.map(|digit| b'0' | digit)),
    }
}

/// Checks the last half byte of packed digits. Digits have no sign, so it is `F`, or any plus that the field accepts.
fn check_sign(rule: &DigitsRule, bytes: &[u8]) -> Result<(), Fault> {
    let sign = bytes.last().map(|last| last & 0x0F);
    match (rule.encoding, sign) {
        (Encoding::Bcd, _) | (Encoding::Packed, Some(0x0F)) => Ok(()),
        (Encoding::Packed, Some(0x0A | 0x0C | 0x0E)) if rule.accepts.has(Accept::HostSigns) => Ok(()),
        (Encoding::Packed, _) => Err(Fault::BadSign { byte: bytes.last().copied() }),
        _ => Err(Fault::BadSpec { reason: "digits are not binary" }),
    }
}

/// Writes the digits, which are ASCII.
pub(super) fn put(digits: &[u8], rule: &DigitsRule, out: &mut [u8]) -> Result<(), Fault> {
    if !all_digits(digits) {
        let offset = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return Err(Fault::NotADigit { offset, byte: digits.get(offset).copied() });
    }
    let len = out.len();
    let room = rule.encoding.digits(len);
    let capacity = rule.capacity(len);
    if rule.exact && digits.len() != capacity {
        return Err(Fault::NotAllDigits { given: digits.len(), expected: capacity });
    }
    if digits.len() > capacity {
        let needed = rule.encoding.len(digits.len()).unwrap_or(len + 1);
        return Err(match rule.digits_max {
            Some(max) => Fault::TooManyDigits { max },
            None => Fault::TooLong { needed, len },
        });
    }
    let padding = room - digits.len();
    let (before, behind) = if rule.justify == Justify::Right { (padding, 0) } else { (0, padding) };
    let digits = digits.iter().map(|digit| digit & 0x0F);
    let sign = (rule.encoding == Encoding::Packed).then_some(0x0F);
    let mut halves = repeat_n(rule.pad, before).chain(digits).chain(repeat_n(rule.pad, behind)).chain(sign);
    for byte in out {
        let high = halves.next().unwrap_or_default();
        *byte = high << 4 | halves.next().unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::kind::FieldValue;
    use crate::layout::Accepts;
    use crate::value::Digits;

    const BCD: DigitsRule = DigitsRule { encoding: Encoding::Bcd, pad: 0x0F, ..DigitsRule::LEFT };
    const FULL: DigitsRule = DigitsRule { exact: true, ..BCD };
    const ZERO_IN_FRONT: DigitsRule = DigitsRule { pad: 0, justify: Justify::Right, digits_max: Some(3), ..FULL };
    const PACKED: DigitsRule = DigitsRule { encoding: Encoding::Packed, ..FULL };

    fn write(rule: &DigitsRule, digits: &str, len: usize) -> Result<Vec<u8>, Fault> {
        let mut out = vec![0xEE; len];
        digits.put(rule, &mut out).map(|()| out)
    }

    fn check(rule: &DigitsRule, digits: &str, bytes: &[u8]) {
        assert_eq!(write(rule, digits, bytes.len()).as_deref(), Ok(bytes), "{digits}");
        assert_eq!(String::get(rule, bytes).as_deref(), Ok(digits), "{bytes:02x?}");
        assert_eq!(Digits::<6>::get(rule, bytes).unwrap(), *digits);
    }

    #[test]
    fn zeros_stay_where_they_are() {
        check(&FULL, "0200", b"\x02\x00");
        check(&FULL, "000000", b"\0\0\0");
        check(&BCD, "4711", b"\x47\x11\xFF");
        check(&BCD, "123", b"\x12\x3F");
        check(&BCD, "", b"\xFF\xFF");
        check(&DigitsRule { justify: Justify::Right, ..BCD }, "123", b"\xF1\x23");
        check(&ZERO_IN_FRONT, "831", b"\x08\x31");
        check(&ZERO_IN_FRONT, "000", b"\x00\x00");
        check(&DigitsRule { digits_max: Some(3), ..FULL }, "031", b"\x03\x1F");
        check(&PACKED, "00831", b"\x00\x83\x1F");
        check(&DigitsRule { digits_max: Some(4), pad: 0, justify: Justify::Right, ..PACKED }, "0831", b"\x00\x83\x1F");
    }

    #[test]
    fn every_half_byte_is_a_digit_padding_or_refused() {
        for byte in 0..=u8::MAX {
            let bad = Err(Fault::NotADigit { offset: 0, byte: Some(byte) });
            let high = byte / 16;
            let low = byte % 16;
            let expected = if high <= 9 && low <= 9 { Ok(alloc::format!("{high}{low}")) } else { bad.clone() };
            assert_eq!(String::get(&FULL, &[byte]), expected, "{byte:02x}");
            let expected = match (high, low) {
                (15, 15) => Ok(String::new()),
                (0..=9, 15) => Ok(alloc::format!("{high}")),
                _ => expected,
            };
            assert_eq!(String::get(&BCD, &[byte]), expected, "{byte:02x}");
            let host = DigitsRule { accepts: Accepts::of(&[Accept::HostSigns]), ..PACKED };
            let sign = Err(Fault::BadSign { byte: Some(byte) });
            let digit = if high <= 9 { Ok(alloc::format!("{high}")) } else { bad };
            let expected = |signs: &[u8]| if signs.contains(&low) { digit.clone() } else { sign.clone() };
            assert_eq!(String::get(&PACKED, &[byte]), expected(&[15]), "{byte:02x}");
            assert_eq!(String::get(&host, &[byte]), expected(&[10, 12, 14, 15]), "{byte:02x}");
        }
    }

    #[test]
    fn another_number_of_digits_is_refused() {
        assert_eq!(write(&FULL, "123", 2), Err(Fault::NotAllDigits { given: 3, expected: 4 }));
        assert_eq!(write(&ZERO_IN_FRONT, "0831", 2), Err(Fault::NotAllDigits { given: 4, expected: 3 }));
        assert_eq!(write(&BCD, "12345", 2), Err(Fault::TooLong { needed: 3, len: 2 }));
        let odd = DigitsRule { digits_max: Some(3), ..BCD };
        assert_eq!(write(&odd, "1234", 2), Err(Fault::TooManyDigits { max: 3 }));
        assert_eq!(String::get(&odd, b"\x12\x34"), Err(Fault::TooManyDigits { max: 3 }));
        assert_eq!(String::get(&ZERO_IN_FRONT, b"\x18\x31"), Err(Fault::TooManyDigits { max: 3 }));
        assert_eq!(write(&BCD, "1x", 2), Err(Fault::NotADigit { offset: 1, byte: Some(b'x') }));
        assert_eq!(Digits::<3>::get(&FULL, b"\x12\x34"), Err(Fault::TooLong { needed: 4, len: 3 }));
        assert!(matches!(<&str>::get(&FULL, b"\x12"), Err(Fault::BadSpec { .. })));
    }
}
