//! `charset = "…"`: the labels that the runtime takes, and the bytes that depend on them.
//!
//! The rules' home is the runtime's `Charset`, which a macro crate cannot call; a test compares the two lists.

use super::entry::{Entry, Given, did_you_mean};
use crate::ctxt::Ctxt;

/// A charset that the runtime has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(&'static Row);

#[derive(PartialEq, Eq)]
struct Row {
    label: &'static str,
    variant: &'static str,
    form: Form,
    /// What else people write, without case, `-`, `_` and spaces.
    aliases: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Utf8,
    /// One byte or two; ASCII keeps its bytes, and so do second bytes from this one on.
    Lead(u8),
    /// Single bytes that are not ASCII everywhere.
    Single,
    Ebcdic,
    /// EBCDIC with SO and SI.
    Shifted,
    /// EBCDIC pairs.
    Pairs,
}

/// A byte as an attribute says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Byte {
    /// As it stands on the wire: `b'\x00'`.
    Raw(u8),
    /// A character, whose byte is the charset's: `'Y'`.
    Ascii(u8),
}

impl Byte {
    /// The byte where ASCII is meant.
    pub(crate) fn value(self) -> u8 {
        let (Self::Raw(byte) | Self::Ascii(byte)) = self;
        byte
    }
}

const fn row(label: &'static str, variant: &'static str, form: Form, aliases: &'static [&'static str]) -> Row {
    Row { label, variant, form, aliases }
}

static TABLE: [Row; 19] = [
    row("ascii", "Ascii", Form::Utf8, &["ascii", "usascii", "iso646us"]),
    row("euc-kr", "EucKr", Form::Lead(0x41), &["euckr", "ksx1001", "완성형"]),
    row(
        "cp949",
        "Cp949",
        Form::Lead(0x41),
        &["cp949", "ms949", "uhc", "windows949", "xwindows949", "통합완성형", "확장완성형"],
    ),
    row("johab", "Johab", Form::Lead(0x31), &["johab", "cp1361", "ms1361", "조합형", "상용조합형"]),
    row("ibm933", "Ibm933", Form::Shifted, &["ibm933", "cp933", "ebcdickr"]),
    row("ibm1364", "Ibm1364", Form::Shifted, &["ibm1364", "cp1364"]),
    row("ibm833", "Ibm833", Form::Ebcdic, &["ibm833", "cp833"]),
    row("ibm834", "Ibm834", Form::Pairs, &["ibm834", "cp834"]),
    row("cp037", "Cp037", Form::Ebcdic, &["cp037", "ibm037", "ebcdicus"]),
    row("cp500", "Cp500", Form::Ebcdic, &["cp500", "ibm500"]),
    row("cp1047", "Cp1047", Form::Ebcdic, &["cp1047", "ibm1047"]),
    row("cp1140", "Cp1140", Form::Ebcdic, &["cp1140", "ibm1140"]),
    row("cp932", "Cp932", Form::Lead(0x40), &["cp932", "ms932", "windows31j"]),
    row("jisx0201", "JisX0201", Form::Single, &["jisx0201"]),
    row("ibm930", "Ibm930", Form::Shifted, &["ibm930", "cp930"]),
    row("ibm939", "Ibm939", Form::Shifted, &["ibm939", "cp939"]),
    row("ibm1390", "Ibm1390", Form::Shifted, &["ibm1390", "cp1390"]),
    row("ibm1399", "Ibm1399", Form::Shifted, &["ibm1399", "cp1399"]),
    row("utf-8", "Utf8", Form::Utf8, &["utf8"]),
];

/// Names that mean several charsets, and what to write.
const REFUSED: [(&[&str], &str); 4] = [
    (
        &["ksc56011987", "ksc5601", "ksc56011992", "ks5601", "korean"],
        "is used for two charsets: write \"euc-kr\" for strict KS X 1001, or \"cp949\" for the one with all 11,172 Hangul \
         syllables",
    ),
    (
        &["ibm949", "949"],
        "is another charset than Microsoft's 949: write \"cp949\" if that is what the institution sends",
    ),
    (
        &["ebcdic"],
        "is many charsets: write \"ibm933\" (Korean with SO and SI), \"cp037\" (US), \"cp500\", \"cp1047\", \"ibm930\" or \
         \"ibm939\" (Japanese)",
    ),
    (
        &["shiftjis", "sjis", "xsjis"],
        "is used for several charsets: write \"cp932\" (Microsoft's) or \"jisx0201\" (single bytes only)",
    ),
];

impl Charset {
    /// What is meant where nothing is said.
    pub(crate) const ASCII: Self = Self(&TABLE[0]);

    pub(crate) fn label(self) -> &'static str {
        self.0.label
    }

    /// The runtime's name of it.
    pub(crate) fn variant(self) -> &'static str {
        self.0.variant
    }

    /// Whether text can be borrowed as `&str`.
    pub(crate) fn is_utf8(self) -> bool {
        self.0.form == Form::Utf8
    }

    pub(crate) fn keeps_ascii(self) -> bool {
        matches!(self.0.form, Form::Utf8 | Form::Lead(_))
    }

    pub(crate) fn is_ebcdic(self) -> bool {
        matches!(self.0.form, Form::Ebcdic | Form::Shifted | Form::Pairs)
    }

    /// Whether SO and SI stand around its pairs.
    pub(crate) fn is_shifted(self) -> bool {
        self.0.form == Form::Shifted
    }

    /// Whether every character is a pair of bytes.
    pub(crate) fn is_pairs(self) -> bool {
        self.0.form == Form::Pairs
    }

    /// Whether full-width text is padded in pairs.
    pub(crate) fn has_full_space(self) -> bool {
        matches!(self.0.form, Form::Lead(_) | Form::Pairs)
    }

    pub(crate) fn space(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { b' ' }
    }

    /// Whether no character begins or ends with this byte.
    pub(crate) fn can_pad(self, byte: u8) -> bool {
        match self.0.form {
            Form::Lead(0x41) => byte.is_ascii() && !byte.is_ascii_alphabetic(),
            Form::Lead(first) => byte < first,
            Form::Utf8 | Form::Single => byte.is_ascii(),
            Form::Ebcdic | Form::Shifted => !matches!(byte, 0x0E | 0x0F),
            Form::Pairs => byte == 0x40,
        }
    }

    /// `charset = "euc-kr"`, with the labels that the runtime takes.
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let given = entry.string(cx, "charset = \"euc-kr\"")?;
        let label = &given.value;
        let plain: String =
            label.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect();
        if let Some(row) = TABLE.iter().find(|row| row.aliases.contains(&plain.as_str())) {
            return Some(given.map(|_| Self(row)));
        }
        let message = match REFUSED.iter().find(|(labels, _)| labels.contains(&plain.as_str())) {
            Some((_, why)) => format!("\"{label}\" {why}"),
            None => {
                let labels: Vec<&str> = TABLE.iter().map(|row| row.label).collect();
                format!("unknown charset \"{label}\"{}", did_you_mean(&label.to_lowercase(), &labels))
            }
        };
        cx.error_at(given.span, message);
        None
    }
}
