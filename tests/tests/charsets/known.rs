//! The table of known differences between other programs and our tables, with reasons.

use super::Decoded;
use super::oracles::Oracle::{self, Glibc, Icu, Java, Python};

/// One difference: a code that is read differently, or a character that is written differently.
pub(crate) struct Case<'c> {
    pub(crate) character: Option<char>,
    pub(crate) code: Option<&'c [u8]>,
    pub(crate) ours: Option<Vec<u8>>,
    pub(crate) theirs: Option<Vec<u8>>,
    pub(crate) reading: &'c Decoded,
}

pub(crate) struct Known {
    pub(crate) oracles: &'static [Oracle],
    /// Empty: all charsets.
    pub(crate) charsets: &'static [&'static str],
    pub(crate) is: fn(&Case<'_>) -> bool,
    pub(crate) why: &'static str,
}

impl Case<'_> {
    /// Whether the code or the character is one of these.
    fn at(&self, codes: &[u32]) -> bool {
        let number = |code: &[u8]| code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let at = self.code.map(number).or(self.character.map(u32::from));
        at.is_some_and(|at| codes.contains(&at))
    }

    fn they_read(&self, is: fn(char) -> bool) -> bool {
        let text = self.theirs.as_ref().filter(|_| self.code.is_some()).and_then(|text| str::from_utf8(text).ok());
        text.is_some_and(|text| text.chars().all(is))
    }

    /// The character that we read from the code that they write.
    fn read_back(&self) -> Option<char> {
        let code = self.theirs.as_ref().filter(|_| self.character.is_some())?;
        self.reading.get(code)?.chars().next()
    }
}

const fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}')
}

pub(crate) const KNOWN: &[Known] = &[
    Known {
        oracles: &[Java],
        charsets: &[],
        is: |case| case.at(&[0x15, 0x25, 0x0A, 0x85]),
        why: "Java swaps the new lines 15 and 25, or reads both as one",
    },
    Known {
        oracles: &[Glibc],
        charsets: &[],
        is: |case| case.ours.is_none() && matches!(case.theirs.as_deref(), Some([0x3F | 0x7F])),
        why: "glibc writes SUB for characters that the charset lacks and reports success",
    },
    Known {
        oracles: &[Java, Glibc, Icu, Python],
        charsets: &[],
        is: |case| case.ours.is_none() && case.read_back().is_some_and(|back| Some(back) != case.character),
        why: "a fallback: the character is written with the code of another, which is what they read there too",
    },
    Known {
        oracles: &[Icu, Java, Python, Glibc],
        charsets: &["euc-kr", "cp949"],
        is: |case| case.they_read(is_private) || case.ours.is_none() && case.character.is_some_and(is_private),
        why: "the user area of CP949 (C9, FE): programs do not agree on its characters",
    },
    Known { oracles: &[Icu], charsets: &["cp949"], is: |case| case.at(&[0x80]), why: "ICU gives 80 to U+0080" },
    Known {
        oracles: &[Glibc, Java, Python],
        charsets: &["euc-kr"],
        is: |case| case.theirs.is_none() && case.code.is_some_and(|code| code[0] < 0xA1 || code[1] < 0xA1),
        why: "we read CP949 where KS X 1001 is meant, because peers send it",
    },
    Known {
        oracles: &[Java, Python, Glibc],
        charsets: &["euc-kr"],
        is: |case| case.theirs.is_none() && case.at(&[0xA2E8, 0x327E]),
        why: "the character of 2002 is not in their tables",
    },
    Known {
        oracles: &[Python],
        charsets: &["euc-kr"],
        is: |case| case.at(&[0xA4D4, 0x3164]) || case.theirs.as_ref().is_some_and(|code| code.len() == 8),
        why: "Python writes syllables that KS X 1001 lacks as eight bytes, filler and jamo",
    },
    Known {
        oracles: &[Glibc],
        charsets: &["euc-kr"],
        is: |case| case.at(&std::array::from_fn::<u32, 33, _>(|number| 0x80 + number as u32)),
        why: "glibc reads and writes C1 control characters",
    },
    Known {
        oracles: &[Python],
        charsets: &["johab"],
        is: |case| case.ours.is_none() && case.code.is_some_and(|code| code[0] == 0x84),
        why: "Python reads a final alone as the consonant, and the code without parts as a space",
    },
    Known {
        oracles: &[Glibc],
        charsets: &["johab"],
        is: |case| case.at(&[0x5C, 0x20A9, 0xD9E8, 0x327E]),
        why: "glibc reads 5C as the won sign, and has the character of 2002 in Johab",
    },
    Known {
        oracles: &[Glibc],
        charsets: &["ibm930", "ibm939"],
        is: |case| case.at(&[0x5C, 0x7E, 0xA5, 0x203E]),
        why: "glibc writes backslash and tilde with the codes of yen sign and overline",
    },
    Known {
        oracles: &[Glibc],
        charsets: &["ibm1390", "ibm1399"],
        is: |case| case.ours.is_none() && case.code.is_some() && case.theirs.as_deref() == Some(&[0x1A]),
        why: "glibc reads bytes without a character as SUB",
    },
    Known {
        oracles: &[Java],
        charsets: &["ibm930", "ibm939"],
        is: |case| {
            case.at(&[0x4260, 0x426A, 0x43A1, 0x444A, 0x447C])
                || case.at(&[0xA6, 0x2014, 0x2015, 0x2016, 0x2212, 0x2225, 0x301C, 0xFF0D, 0xFF5E, 0xFFE4])
        },
        why: "Java has Microsoft's characters for five signs",
    },
    Known {
        oracles: &[Icu, Glibc],
        charsets: &["cp932"],
        is: |case| case.at(&[0x1A, 0x1C, 0x7F]),
        why: "IBM-943 turns three control characters round",
    },
    Known {
        oracles: &[Python],
        charsets: &["cp932"],
        is: |case| case.at(&[0x80, 0xA0, 0xFD, 0xFE, 0xFF]) || case.at(&[0xF8F0, 0xF8F1, 0xF8F2, 0xF8F3]),
        why: "Python gives characters to five bytes that have none",
    },
    Known {
        oracles: &[Glibc],
        charsets: &["cp932"],
        is: |case| {
            case.at(&[0x815C, 0x8160, 0x8161, 0x817C, 0xEEFA, 0xFA55])
                || case.at(&[0xA6, 0x2014, 0x2015, 0x2016, 0x2212, 0x2225, 0x301C, 0xFF0D, 0xFF5E, 0xFFE4])
        },
        why: "IBM-943 has IBM's characters for five signs",
    },
    Known {
        oracles: &[Glibc, Icu, Java, Python],
        charsets: &["cp932"],
        is: |case| case.ours.is_some() && case.read_back().is_some_and(|back| Some(back) == case.character),
        why: "characters that NEC and IBM both added have two codes; which is written differs",
    },
    Known {
        oracles: &[Icu],
        charsets: &["windows-1252"],
        is: |case| case.at(&[0x81, 0x8D, 0x8F, 0x90, 0x9D]),
        why: "ICU reads five bytes without a character as control characters",
    },
    Known {
        oracles: &[Java],
        charsets: &["jisx0201"],
        is: |case| case.at(&[0x5C, 0x7E, 0xA5, 0x203E]),
        why: "Java reads 5C and 7E as ASCII",
    },
    Known {
        oracles: &[Java],
        charsets: &["ibm833"],
        is: |case| case.at(&[0x0E, 0x0F]),
        why: "Java takes SO and SI for characters",
    },
];
