//! Charsets as plain data: their labels, the labels that are refused, and the form of their bytes.
//!
//! The tables of characters are in fep-codec. Its `Charset` has a variant for each of these charsets that its features include.

use core::fmt;

use crate::words::{Word, words};

words! {
    /// A charset. Its tables need not be in the build. The word is the label that specs use.
    pub enum CharsetId {
        /// ASCII.
        Ascii = "ascii",
        /// KS X 1001 in its EUC form.
        EucKr = "euc-kr",
        /// Microsoft's Unified Hangul Code.
        Cp949 = "cp949",
        /// The combination code of KS X 1001.
        Johab = "johab",
        /// Korean EBCDIC, single bytes and pairs.
        Ibm933 = "ibm933",
        /// IBM-933 with all syllables.
        Ibm1364 = "ibm1364",
        /// Korean EBCDIC, single bytes only.
        Ibm833 = "ibm833",
        /// Korean EBCDIC, pairs only.
        Ibm834 = "ibm834",
        /// EBCDIC of the United States.
        Cp037 = "cp037",
        /// International EBCDIC.
        Cp500 = "cp500",
        /// EBCDIC of Unix on mainframes.
        Cp1047 = "cp1047",
        /// CP037 with €.
        Cp1140 = "cp1140",
        /// Microsoft's Shift_JIS.
        Cp932 = "cp932",
        /// Latin letters and half-width katakana.
        JisX0201 = "jisx0201",
        /// Japanese EBCDIC with katakana where other EBCDIC charsets have small letters.
        Ibm930 = "ibm930",
        /// Japanese EBCDIC with small letters in the usual places.
        Ibm939 = "ibm939",
        /// IBM-930 with the kanji of JIS X 0213 and €.
        Ibm1390 = "ibm1390",
        /// IBM-939 with the kanji of JIS X 0213 and €.
        Ibm1399 = "ibm1399",
        /// The first 256 characters of Unicode (Latin-1).
        Iso8859_1 = "iso-8859-1",
        /// ISO 8859-1 with €, Š, Ž, Œ and Ÿ (Latin-9).
        Iso8859_15 = "iso-8859-15",
        /// Microsoft's extension of ISO 8859-1 (cp1252).
        Windows1252 = "windows-1252",
        /// UTF-8.
        Utf8 = "utf-8",
    }
}

/// The form of a charset's bytes. The rules of padding and borrowing follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The bytes are UTF-8 without conversion.
    Utf8,
    /// One byte or two. ASCII keeps its bytes. The second byte of a character is at least this byte.
    Lead(u8),
    /// Single bytes. ASCII keeps its bytes.
    Latin,
    /// Single bytes that are not ASCII everywhere.
    Single,
    /// EBCDIC, single bytes.
    Ebcdic,
    /// EBCDIC with pairs between SO and SI.
    Shifted,
    /// EBCDIC pairs, without SO and SI.
    Pairs,
}

/// Why a label names no charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelError {
    /// The label is not that of a known charset.
    Unknown,
    /// The label means several charsets. The hint says what to write instead.
    Refused(&'static str),
}

impl fmt::Display for LabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("no charset has this label"),
            Self::Refused(hint) => f.write_str(hint),
        }
    }
}

impl core::error::Error for LabelError {}

/// Other labels that people write, in lower case without `-`, `_` and spaces. The charset's own label is not listed here.
const ALIASES: [(CharsetId, &[&str]); 21] = [
    (CharsetId::Ascii, &["usascii", "iso646us"]),
    (CharsetId::EucKr, &["ksx1001", "완성형"]),
    (CharsetId::Cp949, &["ms949", "uhc", "windows949", "xwindows949", "통합완성형", "확장완성형"]),
    (CharsetId::Johab, &["cp1361", "ms1361", "조합형", "상용조합형"]),
    (CharsetId::Ibm933, &["cp933", "ebcdickr"]),
    (CharsetId::Ibm1364, &["cp1364"]),
    (CharsetId::Ibm833, &["cp833"]),
    (CharsetId::Ibm834, &["cp834"]),
    (CharsetId::Cp037, &["ibm037", "ebcdicus"]),
    (CharsetId::Cp500, &["ibm500"]),
    (CharsetId::Cp1047, &["ibm1047"]),
    (CharsetId::Cp1140, &["ibm1140"]),
    (CharsetId::Cp932, &["ms932", "windows31j"]),
    (CharsetId::Ibm930, &["cp930"]),
    (CharsetId::Ibm939, &["cp939"]),
    (CharsetId::Ibm1390, &["cp1390"]),
    (CharsetId::Ibm1399, &["cp1399"]),
    (CharsetId::Iso8859_1, &["latin1", "isolatin1", "l1", "88591", "ibm819", "cp819"]),
    (CharsetId::Iso8859_15, &["latin9", "latin0", "isolatin9", "l9", "885915", "ibm923", "cp923"]),
    (CharsetId::Windows1252, &["cp1252", "ms1252", "win1252", "1252", "xcp1252", "winlatin1"]),
    (CharsetId::Utf8, &[]),
];

/// Labels that mean several charsets, and hints that say what to write instead.
const REFUSED: [(&[&str], &str); 6] = [
    (
        &["ksc56011987", "ksc5601", "ksc56011992", "ks5601", "korean"],
        "this label is used for two charsets: write euc-kr (strict KS X 1001) or cp949 (with the added Hangul)",
    ),
    (
        &["ibm949", "949"],
        "IBM-949 is another charset than Microsoft's 949: write cp949 (MS949, UHC) if that is what the institution sends",
    ),
    (
        &["ebcdic"],
        "EBCDIC is many charsets: write ibm933 (Korean with SO/SI), cp037 (US), cp500, cp1047, ibm930 or ibm939 (Japanese)",
    ),
    (
        &["shiftjis", "sjis", "xsjis"],
        "this label is used for several charsets: write cp932 (Microsoft's, windows-31j) or jisx0201 (single bytes only)",
    ),
    (
        &["latin", "iso8859", "8859", "westerneuropean"],
        "this label is used for several charsets: write iso-8859-1 (without €), iso-8859-15 (€ is A4) or windows-1252 (€ is 80)",
    ),
    (
        &["ansi", "dbcs", "mbcs"],
        "this names no charset: on Korean Windows it is cp949, on Japanese cp932, in Western Europe and America windows-1252",
    ),
];

/// The label in lower case, without the separators `-`, `_` and space.
fn plain(label: &str) -> impl Iterator<Item = char> + Clone + '_ {
    label.chars().filter(|character| !matches!(character, '-' | '_' | ' ')).flat_map(char::to_lowercase)
}

impl CharsetId {
    /// The charset with this label, or with a name that sheets use for it: `MS949`, `완성형`, `EBCDIC-KR`.
    ///
    /// # Errors
    /// If the label is unknown, or means several charsets.
    ///
    /// ```
    /// use fep_core::charset::{CharsetId, LabelError};
    ///
    /// assert_eq!(CharsetId::of_label("EUC_KR"), Ok(CharsetId::EucKr));
    /// assert_eq!(CharsetId::of_label("latin2"), Err(LabelError::Unknown));
    /// assert!(matches!(CharsetId::of_label("ks_c_5601-1987"), Err(LabelError::Refused(_))));
    /// ```
    pub fn of_label(label: &str) -> Result<Self, LabelError> {
        let is = |alias: &&str| plain(label).eq(plain(alias));
        let own = Self::WORDS.iter().find(|(word, _)| is(word)).map(|(_, id)| *id);
        let other = || ALIASES.iter().find(|(_, aliases)| aliases.iter().any(is)).map(|(id, _)| *id);
        own.or_else(other).ok_or_else(|| {
            let refused = REFUSED.iter().find(|(labels, _)| labels.iter().any(is));
            refused.map_or(LabelError::Unknown, |(_, hint)| LabelError::Refused(hint))
        })
    }

    /// Other labels that people write, in lower case without `-`, `_` and spaces. Between these characters, any of the three may stand.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        ALIASES.iter().find(|(id, _)| *id == self).map_or(&[], |(_, aliases)| aliases)
    }

    /// The label that specs use: `euc-kr`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        // The words are in the order of the variants. A test pins this order.
        match Self::WORDS.split_at_checked(self as usize) {
            Some((_, [(label, _), ..])) => label,
            _ => "",
        }
    }

    /// The form of its bytes.
    #[inline]
    #[must_use]
    pub const fn form(self) -> Form {
        match self {
            Self::Ascii | Self::Utf8 => Form::Utf8,
            Self::EucKr | Self::Cp949 => Form::Lead(0x41),
            Self::Johab => Form::Lead(0x31),
            Self::Cp932 => Form::Lead(0x40),
            Self::Iso8859_1 | Self::Iso8859_15 | Self::Windows1252 => Form::Latin,
            Self::JisX0201 => Form::Single,
            Self::Ibm833 | Self::Cp037 | Self::Cp500 | Self::Cp1047 | Self::Cp1140 => Form::Ebcdic,
            Self::Ibm933 | Self::Ibm1364 | Self::Ibm930 | Self::Ibm939 | Self::Ibm1390 | Self::Ibm1399 => Form::Shifted,
            Self::Ibm834 => Form::Pairs,
        }
    }

    /// Whether text can be borrowed as `&str` without conversion.
    #[inline]
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        matches!(self.form(), Form::Utf8)
    }

    /// Whether ASCII text has the same bytes in this charset, and a byte below `80` at the start of a character is ASCII.
    #[inline]
    #[must_use]
    pub const fn keeps_ascii(self) -> bool {
        matches!(self.form(), Form::Utf8 | Form::Lead(_) | Form::Latin)
    }

    /// Whether the charset is an EBCDIC charset of mainframes.
    #[inline]
    #[must_use]
    pub const fn is_ebcdic(self) -> bool {
        matches!(self.form(), Form::Ebcdic | Form::Shifted | Form::Pairs)
    }

    /// Whether pairs of bytes are enclosed in SO and SI.
    #[inline]
    #[must_use]
    pub const fn is_shifted(self) -> bool {
        matches!(self.form(), Form::Shifted)
    }

    /// Whether each character is a pair of bytes. The lengths of fields and of padding are then even.
    #[inline]
    #[must_use]
    pub const fn is_pairs(self) -> bool {
        matches!(self.form(), Form::Pairs)
    }

    /// The byte of a space, which pads text: `20`, or `40` in EBCDIC.
    #[inline]
    #[must_use]
    pub const fn space(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { b' ' }
    }

    /// The two bytes of a full-width space (U+3000), which pad full-width text. `None` if the charset lacks the character, has it
    /// only between SO and SI, or encodes it in more than two bytes.
    #[inline]
    #[must_use]
    pub const fn full_space(self) -> Option<[u8; 2]> {
        match self {
            Self::EucKr | Self::Cp949 => Some([0xA1, 0xA1]),
            Self::Johab => Some([0xD9, 0x31]),
            Self::Ibm834 => Some([0x40, 0x40]),
            Self::Cp932 => Some([0x81, 0x40]),
            _ => None,
        }
    }

    /// Whether full-width text can be written. It is padded with [`CharsetId::full_space`], or enclosed in SO and SI.
    #[inline]
    #[must_use]
    pub const fn has_full_width(self) -> bool {
        self.full_space().is_some() || self.is_shifted()
    }

    /// Whether this byte can pad a text field. Padding is trimmed byte by byte, so the byte must not begin or end a character of
    /// several bytes, or a run of pairs between SO and SI.
    ///
    /// The second byte of a character can be a letter in CP949, and a digit or a symbol in other charsets. EUC-KR is read as CP949.
    #[inline]
    #[must_use]
    pub const fn can_pad(self, byte: u8) -> bool {
        match self.form() {
            Form::Lead(0x41) => byte.is_ascii() && !byte.is_ascii_alphabetic(),
            Form::Lead(second) => byte < second,
            Form::Utf8 | Form::Latin | Form::Single => byte.is_ascii(),
            Form::Ebcdic | Form::Shifted => !matches!(byte, 0x0E | 0x0F),
            Form::Pairs => byte == 0x40,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_word_of_its_variant() {
        for (label, id) in CharsetId::WORDS {
            assert_eq!(id.label(), *label);
            assert_eq!(CharsetId::of_label(label), Ok(*id));
        }
    }

    #[test]
    fn sheets_write_labels_as_they_like() {
        for (label, id) in [
            ("MS949", CharsetId::Cp949),
            ("Windows-949", CharsetId::Cp949),
            ("EUC_KR", CharsetId::EucKr),
            ("완성형", CharsetId::EucKr),
            ("UHC", CharsetId::Cp949),
            ("조합형", CharsetId::Johab),
            ("EBCDIC-KR", CharsetId::Ibm933),
            ("IBM-1390", CharsetId::Ibm1390),
            ("CP1399", CharsetId::Ibm1399),
            ("IBM-1364", CharsetId::Ibm1364),
            ("CP 037", CharsetId::Cp037),
            ("JIS X 0201", CharsetId::JisX0201),
            ("UTF8", CharsetId::Utf8),
            ("ISO8859-1", CharsetId::Iso8859_1),
            ("Latin-1", CharsetId::Iso8859_1),
            ("8859-15", CharsetId::Iso8859_15),
            ("latin9", CharsetId::Iso8859_15),
            ("CP1252", CharsetId::Windows1252),
        ] {
            assert_eq!(CharsetId::of_label(label), Ok(id), "{label}");
        }
    }

    #[test]
    fn no_label_means_two_charsets() {
        let own = CharsetId::WORDS.iter().map(|(label, _)| *label);
        let aliases = ALIASES.iter().flat_map(|(_, aliases)| aliases.iter().copied());
        let refused = REFUSED.iter().flat_map(|(labels, _)| labels.iter().copied());
        let labels: alloc::vec::Vec<_> = own.chain(aliases).chain(refused).collect();
        for (at, label) in labels.iter().enumerate() {
            let again = labels.iter().skip(at + 1).find(|other| plain(label).eq(plain(other)));
            assert_eq!(again, None);
        }
    }

    #[test]
    fn a_label_of_two_charsets_is_refused_with_both() {
        let hint = |label: &str| match CharsetId::of_label(label) {
            Err(LabelError::Refused(hint)) => hint,
            other => panic!("{label}: {other:?}"),
        };
        assert!(["ks_c_5601-1987", "KSC5601", "ksc_5601"].iter().all(|label| hint(label).contains("euc-kr (")));
        assert!(hint("ks_c_5601-1987").contains("cp949"));
        assert!(hint("IBM-949").contains("another charset"));
        assert!(hint("EBCDIC").contains("ibm933"));
        assert!(hint("ANSI").contains("cp949"));
        assert!(hint("ANSI").contains("windows-1252"));
        assert!(hint("ISO 8859").contains("iso-8859-15"));
        assert_eq!(CharsetId::of_label("latin2"), Err(LabelError::Unknown));
    }
}
