//! The values of single options: the runtime's rules as the attributes write them.
//!
//! Each type mirrors the one of the same name in fep-codec, which a macro crate cannot depend on.

use proc_macro2::Span;

use super::entry::{Entry, Given, entry, string_pair, unique};
use crate::ctxt::Ctxt;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Justify {
    Left,
    Right,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overflow {
    Error,
    Cut,
}

/// What becomes of half a character at the end of a received field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Refuse,
    Replace,
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// In another field; nobody writes this, the field that is the sign says it.
    Elsewhere,
    Unsigned,
    LeadingMinus,
    Leading {
        plus: u8,
        minus: u8,
    },
    Trailing {
        plus: u8,
        minus: u8,
    },
    LeadingOverpunch(Overpunch),
    TrailingOverpunch(Overpunch),
    Signed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Ascii,
    Ebcdic,
    Packed,
    Bcd,
    Binary,
    BinaryLittle,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overpunch {
    Ebcdic,
    EbcdicMinus,
    StrictAscii,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoneAs {
    Never,
    Spaces,
    Zeros,
    Nines,
    EbcdicSpaces,
    LowValues,
}

/// The digits of a date, a time or both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    Date(DatePattern),
    Time(TimePattern),
    DateTime(DateTimePattern),
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the names of the runtime's patterns")]
pub(crate) enum DatePattern {
    YyyyMmDd,
    YyMmDd,
    YyyyDdd,
    MmDd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimePattern {
    HhMmSs,
    HhMm,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(clippy::enum_variant_names, reason = "the names of the runtime's patterns")]
pub(crate) enum DateTimePattern {
    YyyyMmDdHhMmSs,
    YyMmDdHhMmSs,
    MmDdHhMmSs,
}

/// `"20" = "입금"` in `codes(…)`.
#[derive(Clone)]
pub(crate) struct CodeLine {
    pub(crate) code: String,
    pub(crate) label: String,
    pub(crate) span: Span,
}

const PATTERNS: [(&str, Pattern); 9] = [
    ("YYYYMMDD", Pattern::Date(DatePattern::YyyyMmDd)),
    ("YYMMDD", Pattern::Date(DatePattern::YyMmDd)),
    ("YYYYDDD", Pattern::Date(DatePattern::YyyyDdd)),
    ("MMDD", Pattern::Date(DatePattern::MmDd)),
    ("HHMMSS", Pattern::Time(TimePattern::HhMmSs)),
    ("HHMM", Pattern::Time(TimePattern::HhMm)),
    ("YYYYMMDDHHMMSS", Pattern::DateTime(DateTimePattern::YyyyMmDdHhMmSs)),
    ("YYMMDDHHMMSS", Pattern::DateTime(DateTimePattern::YyMmDdHhMmSs)),
    ("MMDDHHMMSS", Pattern::DateTime(DateTimePattern::MmDdHhMmSs)),
];

impl Justify {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        entry.one_of(cx, &[("right", Self::Right), ("left", Self::Left)])
    }
}

impl Overflow {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        entry.one_of(cx, &[("cut", Self::Cut), ("error", Self::Error)])
    }
}

impl Half {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        entry.one_of(cx, &[("replace", Self::Replace), ("drop", Self::Drop), ("refuse", Self::Refuse)])
    }
}

impl NoneAs {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let words = [
            ("spaces", Self::Spaces),
            ("zeros", Self::Zeros),
            ("nines", Self::Nines),
            ("ebcdic-spaces", Self::EbcdicSpaces),
            ("low-values", Self::LowValues),
        ];
        entry.one_of(cx, &words)
    }
}

impl Pattern {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        entry.one_of(cx, &PATTERNS)
    }

    /// The pattern as the attribute writes it; its length is the field's.
    pub(crate) fn label(self) -> &'static str {
        PATTERNS.iter().find(|(_, pattern)| *pattern == self).map_or("", |(label, _)| label)
    }

    /// The bytes of its digits.
    pub(crate) fn len(self, encoding: Encoding) -> usize {
        encoding.len(self.label().len())
    }

    /// The pattern of this kind with this length.
    pub(crate) fn of_len(len: usize, encoding: Encoding, is_kind: impl Fn(Self) -> bool) -> Option<Self> {
        let mut patterns = PATTERNS.iter().map(|(_, pattern)| *pattern);
        patterns.find(|pattern| is_kind(*pattern) && pattern.len(encoding) == len)
    }
}

impl Encoding {
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let words = [
            ("ascii", Self::Ascii),
            ("ebcdic", Self::Ebcdic),
            ("packed", Self::Packed),
            ("bcd", Self::Bcd),
            ("binary", Self::Binary),
            ("binary-little", Self::BinaryLittle),
        ];
        entry.one_of(cx, &words)
    }

    pub(crate) fn is_zoned(self) -> bool {
        matches!(self, Self::Ascii | Self::Ebcdic)
    }

    pub(crate) fn is_binary(self) -> bool {
        matches!(self, Self::Binary | Self::BinaryLittle)
    }

    /// The bytes of so many digits. Its home is the runtime's `Encoding::len`, which a macro crate cannot call.
    pub(crate) fn len(self, digits: usize) -> usize {
        match self {
            Self::Packed => digits / 2 + 1,
            Self::Bcd => digits.div_ceil(2),
            Self::Ascii | Self::Ebcdic | Self::Binary | Self::BinaryLittle => digits,
        }
    }

    /// The largest number of so many bytes, without a sign.
    pub(crate) fn largest(self, len: usize) -> u128 {
        let digits = match self {
            Self::Ascii | Self::Ebcdic => len,
            Self::Packed => (len * 2).saturating_sub(1),
            Self::Bcd => len * 2,
            Self::Binary | Self::BinaryLittle => {
                return u32::try_from(len * 8)
                    .ok()
                    .and_then(|bits| 1_u128.checked_shl(bits))
                    .map_or(u128::MAX, |end| end - 1);
            }
        };
        u32::try_from(digits).ok().and_then(|digits| 10_u128.checked_pow(digits)).map_or(u128::MAX, |end| end - 1)
    }
}

impl Sign {
    /// `sign = "leading-minus"`, `sign(trailing, plus = '+', minus = '-')` or `sign(leading, overpunch = "ebcdic")`.
    pub(super) fn read(given: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        const WORDS: [(&str, Sign); 6] = [
            ("leading-minus", Sign::LeadingMinus),
            ("leading", Sign::Leading { plus: b'+', minus: b'-' }),
            ("trailing", Sign::Trailing { plus: b'+', minus: b'-' }),
            ("unsigned", Sign::Unsigned),
            ("overpunch", Sign::TrailingOverpunch(Overpunch::Ebcdic)),
            ("signed", Sign::Signed),
        ];
        if !given.is_list() {
            return given.one_of(cx, &WORDS);
        }
        let entries = given.list(cx, "")?.into_iter().filter_map(|chunk| entry(chunk, cx)).collect();
        let mut leading = None;
        let mut plus = b'+';
        let mut minus = b'-';
        let mut overpunch = None;
        let mut byte = None;
        for entry in unique(entries, cx) {
            match entry.key.to_string().as_str() {
                side @ ("leading" | "trailing") => {
                    entry.word(cx)?;
                    if leading.replace(side == "leading").is_some() {
                        cx.error(&entry.key, "a number has one sign: `leading` or `trailing`");
                    }
                }
                "plus" => plus = byte.insert(entry.byte(cx, "plus = '+'")?).value.value(),
                "minus" => minus = byte.insert(entry.byte(cx, "minus = '-'")?).value.value(),
                "overpunch" => overpunch = Some(Overpunch::read(&entry, cx)?),
                _ => entry.unknown(cx, &["leading", "trailing", "plus", "minus", "overpunch"]),
            }
        }
        if let (Some(byte), Some(_)) = (&byte, &overpunch) {
            cx.error_at(byte.span, "an overpunched sign has no byte of its own");
        }
        if plus == minus {
            cx.error_at(given.span(), "`plus` and `minus` are the same byte, so the sign says nothing");
        }
        let sign = match (leading, overpunch) {
            (Some(true), None) => Self::Leading { plus, minus },
            (Some(false), None) => Self::Trailing { plus, minus },
            (Some(true), Some(form)) => Self::LeadingOverpunch(form.value),
            (Some(false), Some(form)) => Self::TrailingOverpunch(form.value),
            (None, Some(_)) => {
                cx.error_at(
                    given.span(),
                    "say which digit carries the sign: `sign(leading, …)` is the first, `sign(trailing, …)` the last",
                );
                return None;
            }
            (None, None) => {
                cx.error_at(given.span(), "say where the sign byte stands: `sign(leading)` or `sign(trailing)`");
                return None;
            }
        };
        Some(Given { value: sign, span: given.span() })
    }
}

impl Overpunch {
    fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Self>> {
        let forms =
            [("ebcdic", Self::Ebcdic), ("ebcdic-minus", Self::EbcdicMinus), ("strict-ascii", Self::StrictAscii)];
        entry.one_of(cx, &forms)
    }
}

impl CodeLine {
    /// `codes("20" = "입금", …)`, each code once.
    pub(super) fn read(entry: &Entry, cx: &Ctxt) -> Option<Given<Vec<Self>>> {
        let example = "codes(\"20\" = \"입금\", \"30\" = \"출금\")";
        let mut lines: Vec<Self> = Vec::new();
        for chunk in entry.list(cx, &format!("a list: `{example}`"))? {
            let Some((code, label)) = string_pair(chunk, cx, "\"20\" = \"입금\"") else { continue };
            check_code(&code.value(), code.span(), lines.iter().map(|line| line.code.as_str()), cx);
            lines.push(Self { code: code.value(), label: label.value(), span: code.span() });
        }
        Some(Given { value: lines, span: entry.span() })
    }
}

/// A code is ASCII without padding, and stands once on its list.
pub(crate) fn check_code<'c>(code: &str, span: Span, mut before: impl Iterator<Item = &'c str>, cx: &Ctxt) {
    if !code.is_ascii() {
        cx.error_at(span, "a code is ASCII");
    } else if code.ends_with(' ') {
        cx.error_at(span, "write the code without padding");
    } else if before.any(|known| known == code) {
        cx.error_at(span, format_args!("the code \"{code}\" is already on the list"));
    }
}
