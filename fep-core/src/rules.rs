//! The field options whose value is one of a few words. fep-codec applies them to bytes.

use crate::encoding::Encoding;
use crate::words::{Word, words};

words! {
    /// The side of a field at which the value is.
    #[derive(Default)]
    pub enum Justify {
        /// The padding first, then the value.
        Right = "right",
        /// The value first, then the padding.
        #[default]
        Left = "left",
    }
}

words! {
    /// What happens to a text that does not fit.
    #[derive(Default)]
    pub enum Overflow {
        /// It is cut after the last whole character that fits.
        Cut = "cut",
        /// It is an error.
        #[default]
        Error = "error",
    }
}

words! {
    /// How wide the letters of a text are.
    #[derive(Default)]
    pub enum Width {
        /// All full-width (전각): ASCII is written as U+FF01 to U+FF5E, a space as U+3000. Received text stays full-width.
        Wide = "full",
        /// As they are in the text.
        #[default]
        Any = "any",
    }
}

words! {
    /// What happens to the first half of a character at the end of a field. A peer that cuts text at a byte leaves it there.
    #[derive(Default)]
    pub enum Half {
        /// It is read as U+FFFD.
        Replace = "replace",
        /// It is left out.
        Drop = "drop",
        /// It is an error.
        #[default]
        Refuse = "refuse",
    }
}

words! {
    /// The contents of a field that mean "no value".
    #[derive(Default)]
    pub enum NoneAs {
        /// The field always has a value. This is the default and has no word.
        #[default]
        Never,
        /// All spaces: `40` if the digits are EBCDIC, otherwise `20`.
        Spaces = "spaces",
        /// All digits are zeros.
        Zeros = "zeros",
        /// All digits are nines.
        Nines = "nines",
        /// All bytes are `40`: the spaces of a mainframe, in an encoding that is not EBCDIC.
        EbcdicSpaces = "ebcdic-spaces",
        /// All bytes are `00`.
        LowValues = "low-values",
    }
}

words! {
    /// The characters that hold a digit and a sign in one byte. Each number has only one form, so a number that was read is written
    /// as the same bytes.
    pub enum Overpunch {
        /// `{ABCDEFGHI` are 0 to 9 with a plus, `}JKLMNOPQR` with a minus. In EBCDIC these are the bytes `C0` to `C9` and `D0` to `D9`.
        Ebcdic = "ebcdic",
        /// In a number that is not negative, the digit is unchanged. `}JKLMNOPQR` are 0 to 9 with a minus.
        EbcdicMinus = "ebcdic-minus",
        /// In a number that is not negative, the digit is unchanged. `pqrstuvwxy` are 0 to 9 with a minus. GnuCOBOL writes this form.
        /// It does not exist in EBCDIC.
        StrictAscii = "strict-ascii",
    }
}

words! {
    /// Which bytes a length field counts.
    pub enum LengthScope {
        /// The bytes that follow the length field.
        Rest = "rest",
        /// All bytes of the telegram, the length field included.
        All = "all",
    }
}

/// Where a number carries its sign. If the sign has a byte, the length of the field includes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// No sign: the number is not negative.
    #[default]
    Unsigned,
    /// The first byte is a minus if the number is negative, otherwise one more digit: `-00500`, `000500`.
    LeadingMinus,
    /// The first byte is a separate sign.
    Leading {
        /// The byte of a number that is zero or more.
        plus: u8,
        /// The byte of a negative number.
        minus: u8,
    },
    /// The last byte is a separate sign.
    Trailing {
        /// The byte of a number that is zero or more.
        plus: u8,
        /// The byte of a negative number.
        minus: u8,
    },
    /// The first digit carries the sign: `N00` is -500.
    LeadingOverpunch(Overpunch),
    /// The last digit carries the sign: `00N` is -5.
    TrailingOverpunch(Overpunch),
    /// The sign of the encoding: `C` or `D` in the last half byte of packed digits, two's complement for a binary number.
    Signed,
    /// The sign is in another field, which is computed from this one.
    Elsewhere,
}

impl Sign {
    /// The signs that have a word, in the order in which messages list them. `Unsigned` is not among them, because its word is
    /// "unsigned" in attributes and "none" in spec files.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("leading-minus", Self::LeadingMinus),
        ("leading", Self::LEADING),
        ("trailing", Self::TRAILING),
        ("overpunch", Self::TrailingOverpunch(Overpunch::Ebcdic)),
        ("signed", Self::Signed),
    ];

    /// The first byte is `+` or `-`.
    pub const LEADING: Self = Self::Leading { plus: b'+', minus: b'-' };

    /// The last byte is `+` or `-`.
    pub const TRAILING: Self = Self::Trailing { plus: b'+', minus: b'-' };

    /// The number of bytes that the sign takes from the field's length: 1 if it has a separate byte, otherwise 0.
    #[must_use]
    pub const fn len(self) -> usize {
        matches!(self, Self::Leading { .. } | Self::Trailing { .. }) as usize
    }

    /// Whether the sign has no separate byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Checks that numbers in this encoding can have the sign.
    ///
    /// # Errors
    /// The reason, in a few words for a hint, if they cannot.
    pub const fn check_encoding(self, encoding: Encoding) -> Result<(), &'static str> {
        match (encoding, self) {
            (_, Self::Unsigned | Self::Elsewhere)
            | (Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle, Self::Signed) => Ok(()),
            (Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle, _) => {
                Err("a packed or binary number has its sign inside: `sign = \"signed\"`")
            }
            (Encoding::Bcd, _) => Err("bcd digits have no sign; `encoding = \"packed\"` has"),
            (_, Self::Signed) => Err(
                "digits do not say how they carry a sign: \"leading-minus\", \"leading\", \"trailing\", \"overpunch\"",
            ),
            (
                Encoding::Ebcdic,
                Self::LeadingOverpunch(Overpunch::StrictAscii) | Self::TrailingOverpunch(Overpunch::StrictAscii),
            ) => Err("this form is ASCII's; EBCDIC has \"ebcdic\" and \"ebcdic-minus\""),
            _ => Ok(()),
        }
    }
}

/// The contents that are read as "no value" beside the one that is written. Their order has no meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NoneSet(u8);

impl NoneSet {
    /// No other contents.
    pub const EMPTY: Self = Self(0);

    /// The set with one more.
    #[must_use]
    pub const fn with(self, none: NoneAs) -> Self {
        Self(self.0 | 1 << none as u8)
    }

    /// Whether both sets have the same members. `==` is not possible in constants.
    #[must_use]
    pub const fn is(self, other: Self) -> bool {
        self.0 == other.0
    }

    /// Whether no other contents mean "no value".
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether these contents are in the set.
    #[inline]
    #[must_use]
    pub const fn has(self, none: NoneAs) -> bool {
        self.0 & 1 << none as u8 != 0
    }

    /// The members, in the order of `NoneAs::WORDS`.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = NoneAs> {
        NoneAs::WORDS.iter().map(|(_, none)| *none).filter(move |none| self.has(*none))
    }
}

/// The value of the option `none`: the contents that are written for "no value", and the others that are read too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nones {
    /// The contents that are written.
    pub written: NoneAs,
    /// The other contents that are read.
    pub also: NoneSet,
}

impl Nones {
    /// The value of these words. The first one is written.
    #[must_use]
    pub fn of(words: &[NoneAs]) -> Self {
        match words {
            [] => Self::default(),
            [written, also @ ..] => {
                Self { written: *written, also: also.iter().fold(NoneSet::EMPTY, |set, none| set.with(*none)) }
            }
        }
    }

    /// The words, the written one first.
    pub fn iter(self) -> impl Iterator<Item = NoneAs> {
        core::iter::once(self.written).filter(|none| *none != NoneAs::Never).chain(self.also.iter())
    }
}

/// A sign as an attribute or a spec writes it. Its bytes can be characters, which have other bytes in EBCDIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenSign {
    /// The sign, with ASCII for each byte that is a character.
    pub sign: Sign,
    /// Whether the byte of plus is a character.
    pub plus_is_character: bool,
    /// Whether the byte of minus is a character.
    pub minus_is_character: bool,
}

impl WrittenSign {
    /// A sign whose bytes are characters.
    #[must_use]
    pub const fn of_characters(sign: Sign) -> Self {
        Self { sign, plus_is_character: true, minus_is_character: true }
    }

    /// The sign in this encoding, or the character that has no byte of its own in all EBCDIC charsets.
    ///
    /// # Errors
    /// If there is such a character.
    pub const fn in_encoding(self, encoding: Encoding) -> Result<Sign, u8> {
        let (plus, minus) = match self.sign {
            Sign::Leading { plus, minus } | Sign::Trailing { plus, minus } => (plus, minus),
            other => return Ok(other),
        };
        let plus = match encoding.byte_of(plus) {
            _ if !self.plus_is_character => plus,
            Some(byte) => byte,
            None => return Err(plus),
        };
        let minus = match encoding.byte_of(minus) {
            _ if !self.minus_is_character => minus,
            Some(byte) => byte,
            None => return Err(minus),
        };
        Ok(match self.sign {
            Sign::Leading { .. } => Sign::Leading { plus, minus },
            _ => Sign::Trailing { plus, minus },
        })
    }
}

impl NoneAs {
    /// Whether all digits are zeros, which mean midnight in a time.
    #[must_use]
    pub const fn is_zeros(self, encoding: Encoding) -> bool {
        matches!((self, encoding), (Self::Zeros, _) | (Self::LowValues, Encoding::Bcd))
    }

    /// The contents of a field without a value, as two bytes: the byte at every position but the last, and the last byte. `None` if
    /// the field cannot be without a value. `signed` is true for packed digits with a sign.
    #[inline]
    #[must_use]
    pub const fn bytes(self, encoding: Encoding, signed: bool) -> Option<[u8; 2]> {
        let digit = match self {
            Self::Never => return None,
            Self::Spaces => return Some([encoding.space(); 2]),
            Self::EbcdicSpaces => return Some([0x40; 2]),
            Self::LowValues => return Some([0x00; 2]),
            Self::Zeros => 0x00,
            Self::Nines => 0x09,
        };
        match encoding {
            Encoding::Ascii => Some([0x30 | digit; 2]),
            Encoding::Ebcdic => Some([0xF0 | digit; 2]),
            Encoding::Bcd => Some([digit << 4 | digit; 2]),
            Encoding::Packed => Some([digit << 4 | digit, digit << 4 | if signed { 0x0C } else { 0x0F }]),
            Encoding::Binary | Encoding::BinaryLittle if digit == 0 => Some([0x00; 2]),
            // A binary number has no digits that could all be nines.
            Encoding::Binary | Encoding::BinaryLittle => None,
        }
    }
}
