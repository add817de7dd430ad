//! Random numbers, and digits with two in a byte: their encodings, signs, padding and further forms.

use fep_codec::layout::{
    Accept, Accepts, DigitsRule, Encoding, Justify, Kind, NoneAs, NoneSet, NumberRule, Overpunch, Sign,
};
use fep_core::accepts::Written;
use fep_core::words::Word as _;

use super::Maker;

impl Maker<'_> {
    /// Digits with two in a byte: full, with one half byte of padding, or padded.
    pub(super) fn half_digits(&mut self, len: usize) -> DigitsRule {
        let justify = self.one_of(&[Justify::Left, Justify::Right]);
        let odd = u8::try_from(2 * len - 1).ok();
        let bcd = DigitsRule { encoding: Encoding::Bcd, pad: 0x0F, justify, ..DigitsRule::LEFT };
        let packed = DigitsRule { encoding: Encoding::Packed, exact: true, pad: 0x00, justify: Justify::Right, ..bcd };
        match self.below(5) {
            0 => DigitsRule { exact: true, ..bcd },
            1 => DigitsRule { exact: true, digits_max: odd, pad: self.one_of(&[0x00, 0x0F]), ..bcd },
            2 => DigitsRule { digits_max: odd, ..bcd },
            3 => {
                let written = Written { encoding: Encoding::Packed, sign: Sign::Unsigned, is_padded: false };
                DigitsRule { accepts: self.accepts(written), ..packed }
            }
            _ => bcd,
        }
    }

    /// The point, the padding and the scale of a number whose digits have a byte each.
    fn edited(&mut self, rule: NumberRule, len: usize) -> NumberRule {
        let space = rule.encoding.space();
        let pad = self.one_of(&[None, Some(space)]);
        let justify = if pad.is_some() { self.one_of(&[Justify::Left, Justify::Right]) } else { Justify::Right };
        // A plus that is a blank is beside the padding on the left side.
        let justify = if matches!(rule.sign, Sign::Trailing { .. }) { Justify::Right } else { justify };
        let fits = len >= 3 + rule.sign.len();
        let point = self.one_of(&[None, rule.encoding.byte_of(b'.')]).filter(|_| fits);
        let scale = if point.is_some() { 1 } else { rule.scale };
        NumberRule { pad, justify, point, scale, ..rule }
    }

    /// No further forms, one that the number can have, or all of them.
    fn accepts(&mut self, written: Written) -> Accepts {
        let possible: Vec<Accept> =
            Accept::WORDS.iter().map(|(_, form)| *form).filter(|form| form.check(written).is_ok()).collect();
        match self.below(3) {
            0 if !possible.is_empty() => Accepts::of(&[self.one_of(&possible)]),
            1 => Accepts::of(&possible),
            _ => Accepts::NONE,
        }
    }

    pub(super) fn number(&mut self, len: usize) -> (Kind, usize) {
        let encodings = [
            Encoding::Ascii,
            Encoding::Ebcdic,
            Encoding::Packed,
            Encoding::Bcd,
            Encoding::Binary,
            Encoding::BinaryLittle,
        ];
        let encoding = self.one_of(&encodings);
        let beside = Sign::Trailing { plus: b' ', minus: b'-' };
        let overpunch = self.one_of(&[Overpunch::Ebcdic, Overpunch::EbcdicMinus, Overpunch::StrictAscii]);
        let sign = match encoding {
            Encoding::Ascii => {
                let punched = [Sign::LeadingOverpunch(overpunch), Sign::TrailingOverpunch(overpunch)];
                self.one_of(&[Sign::Unsigned, Sign::LeadingMinus, beside, punched[0], punched[1]])
            }
            Encoding::Ebcdic => {
                self.one_of(&[Sign::Unsigned, Sign::LeadingMinus, Sign::TrailingOverpunch(Overpunch::Ebcdic)])
            }
            Encoding::Bcd => Sign::Unsigned,
            _ => self.one_of(&[Sign::Unsigned, Sign::Signed]),
        };
        let nones = [NoneAs::Never, NoneAs::Never, NoneAs::Spaces, NoneAs::Zeros, NoneAs::Nines, NoneAs::LowValues];
        let none = self.one_of(&nones);
        let none = if none.bytes(encoding, sign == Sign::Signed).is_some() { none } else { NoneAs::Never };
        let also = NoneSet::EMPTY.with(NoneAs::EbcdicSpaces).with(NoneAs::LowValues);
        let none_also = if none != NoneAs::Never && self.below(4) == 0 { also } else { NoneSet::EMPTY };
        let scale = self.one_of(&[0, 1, 2, 3, 30, -2]);
        let len = len.max(2);
        let rule = NumberRule { encoding, sign, none, none_also, scale, ..NumberRule::UNSIGNED };
        let rule = if encoding.is_zoned() && self.below(3) == 0 { self.edited(rule, len) } else { rule };
        let is_padded = rule.pad.is_some();
        let accepts = self.accepts(Written { encoding, sign, is_padded });
        (Kind::Number(NumberRule { accepts, ..rule }), len)
    }
}
