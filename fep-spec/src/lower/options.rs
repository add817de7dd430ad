//! The options of a field's kind: read from a type and from an item, laid over each other, made a [`Kind`].

mod text;
mod number;
mod padding;

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::Charset;
use fep_codec::charset::Half;
use fep_codec::kind::PIVOT_DEFAULT;
use fep_codec::layout::{
    BytesRule, CodeRule, DatePattern, DateRule, DateTimePattern, DateTimeRule, Encoding, Justify, Kind, NoneAs,
    Overflow, Sign, TimePattern, TimeRule, Width,
};

pub(super) use self::text::{Byte, byte, charset};
use crate::document::{Document, Located, Table};
use crate::model::CodeList;

/// Which of the kinds a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindName {
    Text,
    Digits,
    Number,
    Date,
    Time,
    DateTime,
    Code,
    Flag,
    Bytes,
}

/// The digits of a date, a time, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Date(DatePattern),
    Time(TimePattern),
    DateTime(DateTimePattern),
}

/// What a type or an item says of its kind; nothing is filled in yet.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldOptions {
    pub(super) kind: Option<Located<KindName>>,
    charset: Option<Located<Charset>>,
    pad: Option<Located<Byte>>,
    justify: Option<Located<Justify>>,
    overflow: Option<Located<Overflow>>,
    full: Option<Located<bool>>,
    encoding: Option<Located<Encoding>>,
    sign: Option<Located<Sign>>,
    scale: Option<Located<u8>>,
    none: Option<Located<NoneAs>>,
    digits_max: Option<Located<u8>>,
    pattern: Option<Located<Pattern>>,
    pivot: Option<Located<u8>>,
    /// The name of a list of codes.
    pub(super) codes: Option<Located<String>>,
    yes: Option<Located<Byte>>,
    no: Option<Located<Byte>>,
    width: Option<Located<Width>>,
    compat: Option<Located<bool>>,
    half: Option<Located<Half>>,
    open_shift: Option<Located<bool>>,
    /// Whether it is 15.
    newline: Option<Located<bool>>,
    /// An option is there and could not be read, so what the field would be without it is of no interest.
    broken: bool,
}

/// Where a field stands and what its options may refer to.
pub(super) struct Field<'a> {
    pub(super) document: &'a Document,
    pub(super) name: &'a str,
    pub(super) len: Located<usize>,
    /// The spec's charset.
    pub(super) charset: Charset,
    pub(super) codes: &'a [CodeList],
}

/// The keys that [`FieldOptions::read`] reads.
pub(super) const KEYS: [&str; 20] = [
    "kind",
    "charset",
    "pad",
    "justify",
    "overflow",
    "full",
    "sign",
    "scale",
    "none",
    "pattern",
    "pivot",
    "yes",
    "no",
    "encoding",
    "digits_max",
    "width",
    "compat",
    "half",
    "open_shift",
    "newline",
];

const KINDS: [(&str, KindName); 9] = [
    ("text", KindName::Text),
    ("digits", KindName::Digits),
    ("number", KindName::Number),
    ("date", KindName::Date),
    ("time", KindName::Time),
    ("datetime", KindName::DateTime),
    ("code", KindName::Code),
    ("flag", KindName::Flag),
    ("bytes", KindName::Bytes),
];

const ENCODINGS: [(&str, Encoding); 6] = [
    ("ascii", Encoding::Ascii),
    ("ebcdic", Encoding::Ebcdic),
    ("packed", Encoding::Packed),
    ("bcd", Encoding::Bcd),
    ("binary", Encoding::Binary),
    ("binary-little", Encoding::BinaryLittle),
];

const NONE: [(&str, NoneAs); 5] = [
    ("spaces", NoneAs::Spaces),
    ("zeros", NoneAs::Zeros),
    ("nines", NoneAs::Nines),
    ("ebcdic-spaces", NoneAs::EbcdicSpaces),
    ("low-values", NoneAs::LowValues),
];

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

impl KindName {
    /// The name in specs.
    pub(super) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl Pattern {
    /// The bytes of its digits. A date's encoding is no binary one, which would have any length.
    fn len(self, encoding: Encoding) -> usize {
        let digits = match self {
            Self::Date(pattern) => pattern.len(),
            Self::Time(pattern) => pattern.len(),
            Self::DateTime(pattern) => pattern.len(),
        };
        encoding.len(digits).unwrap_or(digits)
    }

    const fn kind(self) -> KindName {
        match self {
            Self::Date(_) => KindName::Date,
            Self::Time(_) => KindName::Time,
            Self::DateTime(_) => KindName::DateTime,
        }
    }

    fn name(self) -> &'static str {
        PATTERNS.iter().find(|(_, pattern)| *pattern == self).map_or("", |(name, _)| name)
    }
}

impl FieldOptions {
    /// Reads all option keys of a table, except `codes`, whose meaning differs between types and items.
    pub(super) fn read(table: &Table<'_>) -> Self {
        let new = Self {
            kind: table.choice("kind", &KINDS),
            charset: table.get("charset").and_then(charset),
            pad: table.get("pad").and_then(byte),
            justify: table.choice("justify", &[("left", Justify::Left), ("right", Justify::Right)]),
            overflow: table.choice("overflow", &[("error", Overflow::Error), ("cut", Overflow::Cut)]),
            full: table.boolean("full"),
            encoding: table.choice("encoding", &ENCODINGS),
            sign: table.get("sign").and_then(number::sign),
            scale: table.integer("scale", 0..=38),
            none: table.choice("none", &NONE),
            digits_max: table.integer("digits_max", 1..=38),
            pattern: table.choice("pattern", &PATTERNS),
            pivot: table.integer("pivot", 0..=100),
            codes: None,
            yes: table.get("yes").and_then(byte),
            no: table.get("no").and_then(byte),
            width: table.choice("width", &text::WIDTHS),
            compat: table.boolean("compat"),
            half: table.choice("half", &text::HALVES),
            open_shift: table.boolean("open_shift"),
            newline: table.choice("newline", &text::NEW_LINES),
            broken: false,
        };
        let written = KEYS.iter().filter(|key| table.has(key)).count();
        Self { broken: written != new.count(), ..new }
    }

    /// Whether nothing is said of the kind.
    pub(super) fn is_empty(&self) -> bool {
        !self.broken && self.count() == 0 && self.codes.is_none()
    }

    /// How many of [`KEYS`] were read.
    fn count(&self) -> usize {
        let read = [
            self.kind.is_some(),
            self.charset.is_some(),
            self.pad.is_some(),
            self.justify.is_some(),
            self.overflow.is_some(),
            self.full.is_some(),
            self.encoding.is_some(),
            self.sign.is_some(),
            self.scale.is_some(),
            self.none.is_some(),
            self.digits_max.is_some(),
            self.pattern.is_some(),
            self.pivot.is_some(),
            self.yes.is_some(),
            self.no.is_some(),
            self.width.is_some(),
            self.compat.is_some(),
            self.half.is_some(),
            self.open_shift.is_some(),
            self.newline.is_some(),
        ];
        read.into_iter().filter(|read| *read).count()
    }

    /// The item's options, and the type's where the item has none.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            kind: self.kind.or(base.kind),
            charset: self.charset.or(base.charset),
            pad: self.pad.or(base.pad),
            justify: self.justify.or(base.justify),
            overflow: self.overflow.or(base.overflow),
            full: self.full.or(base.full),
            encoding: self.encoding.or(base.encoding),
            sign: self.sign.or(base.sign),
            scale: self.scale.or(base.scale),
            none: self.none.or(base.none),
            digits_max: self.digits_max.or(base.digits_max),
            pattern: self.pattern.or(base.pattern),
            pivot: self.pivot.or(base.pivot),
            codes: self.codes.or(base.codes),
            yes: self.yes.or(base.yes),
            no: self.no.or(base.no),
            width: self.width.or(base.width),
            compat: self.compat.or(base.compat),
            half: self.half.or(base.half),
            open_shift: self.open_shift.or(base.open_shift),
            newline: self.newline.or(base.newline),
            broken: self.broken || base.broken,
        }
    }

    /// Notes every option that the kind does not have.
    pub(super) fn refuse_foreign(&self, document: &Document, kind: KindName) {
        use KindName::{Code, Date, DateTime, Digits, Flag, Number, Text, Time};
        type Row<'r> = (&'r str, Option<Range<usize>>, &'r [KindName]);
        let rows: [Row<'_>; 20] = [
            ("charset", span(&self.charset), &[Text, Code]),
            ("pad", span(&self.pad), &[Text, Digits]),
            ("justify", span(&self.justify), &[Text, Digits]),
            ("overflow", span(&self.overflow), &[Text]),
            ("full", span(&self.full), &[Text, Digits]),
            ("encoding", span(&self.encoding), &[Number, Digits, Date, Time, DateTime]),
            ("sign", span(&self.sign), &[Number]),
            ("digits_max", span(&self.digits_max), &[Number]),
            ("scale", span(&self.scale), &[Number]),
            ("none", span(&self.none), &[Number, Date, Time, DateTime]),
            ("pattern", span(&self.pattern), &[Date, Time, DateTime]),
            ("pivot", span(&self.pivot), &[Date, DateTime]),
            ("codes", span(&self.codes), &[Code]),
            ("yes", span(&self.yes), &[Flag]),
            ("no", span(&self.no), &[Flag]),
            ("width", span(&self.width), &[Text]),
            ("compat", span(&self.compat), &[Text]),
            ("half", span(&self.half), &[Text]),
            ("open_shift", span(&self.open_shift), &[Text]),
            ("newline", span(&self.newline), &[Text]),
        ];
        for (option, at, kinds) in rows {
            if let Some(at) = at.filter(|_| !kinds.contains(&kind)) {
                let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
                let message = format!("`{option}` is an option of {}, this is {}", names.join(", "), kind.name());
                document.error_hint(at, message, "leave it out, or choose another kind");
            }
        }
    }

    /// The kind of a field, or `None` after noting what is wrong with it.
    pub(super) fn kind(&self, kind: KindName, field: &Field<'_>) -> Option<Kind> {
        if self.broken {
            return None;
        }
        match kind {
            KindName::Text => self.text(field).map(Kind::Text),
            KindName::Digits => self.digits(field).map(Kind::Digits),
            KindName::Number => self.number(field).map(Kind::Number),
            KindName::Date | KindName::Time | KindName::DateTime => self.calendar(kind, field),
            KindName::Code => self.code(field).map(Kind::Code),
            KindName::Flag => self.flag(field).map(Kind::Flag),
            KindName::Bytes => Some(Kind::Bytes(BytesRule)),
        }
    }

    /// The bytes of digits.
    fn encoding(&self) -> Encoding {
        value(&self.encoding).unwrap_or(Encoding::Ascii)
    }

    fn calendar(&self, kind: KindName, field: &Field<'_>) -> Option<Kind> {
        let pattern = value(&self.pattern).unwrap_or(match kind {
            KindName::Time => Pattern::Time(TimePattern::HhMmSs),
            KindName::DateTime => Pattern::DateTime(DateTimePattern::YyyyMmDdHhMmSs),
            _ => Pattern::Date(DatePattern::YyyyMmDd),
        });
        let name = field.name;
        let len = field.len.value;
        let of_kind = || PATTERNS.iter().filter(move |(_, other)| other.kind() == kind);
        if pattern.kind() != kind {
            let names: Vec<_> = of_kind().map(|(name, _)| *name).collect();
            let message = format!("{} is no pattern of a {}", pattern.name(), kind.name());
            let at = span(&self.pattern).unwrap_or(field.len.span.clone());
            field.document.error_hint(at, message, format!("there are: {}", names.join(", ")));
            return None;
        }
        let encoding = self.encoding();
        if let Some(at) = span(&self.encoding).filter(|_| encoding.is_binary()) {
            let hint = "choose \"packed\", \"bcd\" or \"ebcdic\", or kind = \"number\"";
            field.document.error_hint(at, "dates and times have decimal digits", hint);
            return None;
        }
        let pattern_len = pattern.len(encoding);
        if pattern_len != len {
            let message = format!("`{name}` has {len} bytes, its pattern {} has {pattern_len}", pattern.name());
            let fitting = of_kind().find(|(_, other)| other.len(encoding) == len);
            let hint = match fitting {
                Some((fitting, _)) => format!("write len = {pattern_len}, or pattern = \"{fitting}\""),
                None => format!("write len = {pattern_len}"),
            };
            field.document.error_hint(field.len.span.clone(), message, hint);
            return None;
        }
        let none = value(&self.none).unwrap_or(NoneAs::Never);
        let pivot = value(&self.pivot).unwrap_or(PIVOT_DEFAULT);
        if let Some(at) = span(&self.pivot).filter(|_| !pattern.name().starts_with("YYMM")) {
            let message = format!("a pivot is for two-digit years, {} has none", pattern.name());
            field.document.error_hint(at, message, "leave it out");
            return None;
        }
        if let Some(at) = span(&self.none).filter(|_| kind == KindName::Time && none == NoneAs::Zeros) {
            field.document.error_hint(at, "zeros are midnight, they cannot mean \"no time\"", "use spaces or nines");
            return None;
        }
        Some(match pattern {
            Pattern::Date(pattern) => Kind::Date(DateRule { pattern, encoding, none, pivot }),
            Pattern::Time(pattern) => Kind::Time(TimeRule { pattern, encoding, none }),
            Pattern::DateTime(pattern) => Kind::DateTime(DateTimeRule { pattern, encoding, none, pivot }),
        })
    }

    fn code(&self, field: &Field<'_>) -> Option<CodeRule> {
        let name = field.name;
        let len = field.len.value;
        let Some(codes) = &self.codes else {
            let hint = "write codes = \"ListName\" and a table [codes.ListName], or use kind = \"text\"";
            field.document.error_hint(field.len.span.clone(), format!("`{name}` is a code without `codes`"), hint);
            return None;
        };
        // A name without a list was noted where it was read.
        let list = field.codes.iter().find(|list| list.name == codes.value)?;
        if let Some((long, _)) = list.codes.iter().find(|(meaning, _)| meaning.code.len() > len) {
            let message = format!("code \"{}\" has {} bytes, `{name}` has {len}", long.code, long.code.len());
            field.document.error_hint(codes.span.clone(), message, "mend the code, or the field's `len`");
            return None;
        }
        let meanings = list.codes.iter().map(|(meaning, _)| meaning.clone()).collect();
        Some(CodeRule {
            charset: value(&self.charset).unwrap_or(field.charset),
            codes: Cow::Owned(meanings),
            open: list.open,
        })
    }
}

fn value<T: Copy>(option: &Option<Located<T>>) -> Option<T> {
    option.as_ref().map(|located| located.value)
}

fn span<T>(option: &Option<Located<T>>) -> Option<Range<usize>> {
    option.as_ref().map(|located| located.span.clone())
}
