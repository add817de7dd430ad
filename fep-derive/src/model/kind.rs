//! The rule of a field with a value: its options put together, and what the Rust type does not go with.

mod number;

use super::field::Source;
use super::{Codes, Kind, Text};
use crate::attr::{
    Byte, Charset, DatePattern, DateTimePattern, Encoding, Given, Half, Justify, KindWord, NoneAs, Overflow, Pattern,
    TimePattern, bytes,
};
use crate::shape::Shape;

const TEXT_OPTIONS: &[&str] =
    &["text", "charset", "full", "justify", "pad", "overflow", "width", "compat", "half", "open_shift", "newline"];

/// How a kind is called in a mistake, and the options that it has.
fn options(word: &KindWord) -> (&'static str, &'static [&'static str]) {
    match word {
        KindWord::Text => ("a text field", TEXT_OPTIONS),
        KindWord::Digits => ("a digits field", &["digits", "encoding", "full", "justify", "pad"]),
        KindWord::Number => ("a number", &["number", "encoding", "sign", "scale", "none", "digits_max"]),
        KindWord::Date => ("a date", &["date", "pattern", "encoding", "none", "pivot"]),
        KindWord::Time => ("a time", &["time", "pattern", "encoding", "none"]),
        KindWord::DateTime => ("a timestamp", &["datetime", "pattern", "encoding", "none", "pivot"]),
        KindWord::Code => ("a code", &["code", "codes", "closed", "charset"]),
        KindWord::Flag => ("a flag", &["flag", "yes", "no"]),
        KindWord::Bytes => ("a bytes field", &["bytes"]),
        KindWord::Part
        | KindWord::Group
        | KindWord::Filler
        | KindWord::Literal(_)
        | KindWord::Computed(_)
        | KindWord::Choice(_) => ("this item", &[]),
    }
}

impl Source<'_> {
    /// The rule, if the options make one.
    pub(super) fn kind(&self, word: &KindWord) -> Option<Kind> {
        let (name, options) = options(word);
        // A tail with a `len` has been reported.
        let length: &[&str] =
            if self.attrs.tail.is_some() { &["tail", "max", "len", "secret"] } else { &["len", "secret"] };
        self.only(name, &[options, length].concat());
        self.check_option(word);
        if let Some(types) = self.cannot_be(word) {
            self.cx.error(self.ty, format_args!("this type cannot stand for {name}; {types}"));
            return None;
        }
        match word {
            KindWord::Text => self.text(),
            KindWord::Digits => self.digits(),
            KindWord::Number => self.number(),
            KindWord::Date => self.date(),
            KindWord::Time => self.time(),
            KindWord::DateTime => self.datetime(),
            KindWord::Code => Some(self.code()),
            KindWord::Flag => Some(self.flag()),
            KindWord::Bytes => Some(Kind::Bytes),
            KindWord::Part
            | KindWord::Group
            | KindWord::Filler
            | KindWord::Literal(_)
            | KindWord::Computed(_)
            | KindWord::Choice(_) => None,
        }
    }

    /// The bytes that a kind always has, or that its pattern says.
    pub(super) fn len_of_kind(&self, word: &KindWord) -> Option<usize> {
        match (word, &self.attrs.pattern) {
            (KindWord::Flag, _) => Some(1),
            (KindWord::Date | KindWord::Time | KindWord::DateTime, Some(pattern)) => {
                Some(pattern.value.len(self.encoding()))
            }
            (KindWord::Date, None) => matches!(self.inner(), Shape::MonthDay).then_some(self.encoding().len(4)),
            (KindWord::DateTime, None) => {
                matches!(self.inner(), Shape::MonthDayTime).then_some(self.encoding().len(10))
            }
            _ => None,
        }
    }

    /// The type, or what is inside its `Option`.
    fn inner(&self) -> Shape<'_> {
        match &self.shape {
            Shape::Option(inner) => Shape::of(inner),
            _ => Shape::of(self.ty),
        }
    }

    /// The types of a kind, if the field's is one of the language's that cannot stand for it. Whether one of our values or
    /// of the user's own can, the compiler knows.
    fn cannot_be(&self, word: &KindWord) -> Option<&'static str> {
        let inner = self.inner();
        let text = matches!(inner, Shape::String | Shape::Cow | Shape::Str);
        let (number, flag, bytes) = match inner {
            Shape::Integer => (true, false, false),
            Shape::Bool => (false, true, false),
            Shape::ByteArray(_) | Shape::Bytes => (false, false, true),
            Shape::Char => (false, false, false),
            _ if text => (false, false, false),
            _ => return None,
        };
        let (can, types) = match word {
            KindWord::Text => {
                (text || matches!(inner, Shape::Char), "text is `Text<N>`, `String`, `Cow<str>`, `&str` or `char`")
            }
            KindWord::Digits => (text, "digits are `Digits<N>`, `String`, `Cow<str>` or `&str`"),
            KindWord::Number => (number, "numbers are `u8` to `u128` and `i8` to `i128`"),
            KindWord::Date => (false, "dates are `Date` and `MonthDay`"),
            KindWord::Time => (false, "times are `Time`"),
            KindWord::DateTime => (false, "timestamps are `DateTime` and `MonthDayTime`"),
            KindWord::Code => (text, "codes are an enum with `#[derive(Code)]`, or a text type"),
            KindWord::Flag => (flag, "flags are `bool`"),
            KindWord::Bytes => (bytes, "bytes are `[u8; N]`, `Vec<u8>` or `&[u8]`"),
            _ => (true, ""),
        };
        (!can).then_some(types)
    }

    /// `Option` and `none` go together, and only where there are contents that mean "no value".
    fn check_option(&self, word: &KindWord) {
        let optional = matches!(self.shape, Shape::Option(_));
        let can_be_none = matches!(word, KindWord::Number | KindWord::Date | KindWord::Time | KindWord::DateTime);
        let none = self.attrs.key("none");
        match (optional, none) {
            (true, _) if !can_be_none => {
                let instead = match word {
                    KindWord::Text | KindWord::Digits => "a blank field is the empty value",
                    KindWord::Code => "give the blank field a code of its own: `#[code(\"\")]`",
                    _ => "its bytes always mean something",
                };
                self.cx.error(self.ty, format_args!("this field cannot be an `Option`; {instead}"));
            }
            (true, None) => {
                let message = "which contents mean that there is no value? write `none = \"spaces\"`, `none = \"zeros\"` or \
                               `none = \"nines\"`";
                self.cx.error(self.ty, message);
            }
            (false, Some(none)) if can_be_none && !self.shape.is_custom() => {
                self.cx.error_at(none, "`none` needs a type that can say so: `Option<…>`");
            }
            _ => {}
        }
    }

    /// The bytes of digits.
    pub(super) fn encoding(&self) -> Encoding {
        self.attrs.encoding.as_ref().map_or(Encoding::Ascii, |encoding| encoding.value)
    }

    fn none(&self) -> NoneAs {
        self.attrs.none.as_ref().map_or(NoneAs::Never, |none| none.value)
    }

    fn justify(&self) -> Justify {
        self.attrs.justify.as_ref().map_or(Justify::Left, |justify| justify.value)
    }

    fn text(&self) -> Option<Kind> {
        let charset = self.attrs.charset.as_ref().map_or(self.charset, |charset| charset.value);
        if matches!(self.shape, Shape::Str) && !charset.is_utf8() {
            let label = charset.label();
            let message = format!(
                "`&str` cannot borrow {label} text, which is converted when it is read: use `Text<N>`, `Cow<str>` or `String`"
            );
            self.cx.error(self.ty, message);
            return None;
        }
        let pad = match &self.attrs.pad {
            Some(pad) => {
                self.check_pad(pad, charset);
                pad.value
            }
            None => Byte::Raw(charset.space()),
        };
        self.check_charset_options(charset);
        Some(Kind::Text(Text {
            charset,
            pad,
            justify: self.justify(),
            overflow: self.attrs.overflow.as_ref().map_or(Overflow::Error, |overflow| overflow.value),
            unpadded: self.full("part of the text"),
            full: self.attrs.width.as_ref().is_some_and(|width| width.value),
            compat: self.attrs.compat.is_some(),
            half: self.attrs.half.as_ref().map_or(Half::Refuse, |half| half.value),
            open_shift: self.attrs.open_shift.is_some(),
            newline_15: self.attrs.newline.as_ref().is_some_and(|newline| newline.value),
        }))
    }

    /// Padding is trimmed byte by byte, so no character may begin or end in the pad byte.
    fn check_pad(&self, pad: &Given<Byte>, charset: Charset) {
        let label = charset.label();
        let message = match pad.value {
            Byte::Ascii(_) if charset.is_pairs() => format!("{label} is padded with `b'\\x40'`, in pairs"),
            // Its byte is another one, which the runtime knows.
            Byte::Ascii(_) if charset.is_ebcdic() => return,
            pad if charset.can_pad(pad.value()) => return,
            _ => format!("{label} characters can have this byte, so it cannot be told from padding"),
        };
        self.cx.error_at(pad.span, message);
    }

    /// Options that mean something in some charsets only.
    fn check_charset_options(&self, charset: Charset) {
        let label = charset.label();
        let full = self.attrs.width.as_ref().filter(|width| width.value);
        if let Some(width) = full {
            if !charset.has_full_space() && !charset.is_shifted() {
                self.cx.error_at(width.span, format_args!("{label} has no full-width letters of two bytes"));
            } else if let Some(pad) = self.attrs.pad.as_ref().filter(|_| !charset.is_shifted()) {
                self.cx.error_at(pad.span, "full-width text is padded with full-width spaces; leave out `pad`");
            }
        }
        let in_pairs = charset.is_pairs() || full.is_some() && charset.has_full_space();
        if let Some(len) = self.attrs.len.as_ref().filter(|len| in_pairs && len.value % 2 == 1) {
            let message = format!("every character has 2 bytes here, so {} cannot be filled", bytes(len.value));
            self.cx.error_at(len.span, message);
        }
        if let Some(at) = self.attrs.key("open_shift").filter(|_| !charset.is_shifted()) {
            self.cx.error_at(at, format_args!("{label} has no SI that could be missing"));
        }
        if let Some(at) = self.attrs.key("newline").filter(|_| !charset.is_ebcdic() || charset.is_pairs()) {
            self.cx.error_at(at, format_args!("{label} has one byte for a new line, and it is neither 15 nor 25"));
        }
    }

    /// Whether there is no padding, which then has no options.
    fn full(&self, what: &str) -> bool {
        let (full, kind) = match (self.attrs.tail.is_some(), self.attrs.full.is_some()) {
            (true, _) => (true, "tail"),
            (false, full) => (full, "`full` field"),
        };
        for key in ["pad", "justify"] {
            if let Some(at) = self.attrs.key(key).filter(|_| full) {
                self.cx.error_at(at, format_args!("every byte of a {kind} is {what}, so `{key}` does nothing"));
            }
        }
        full
    }

    fn digits(&self) -> Option<Kind> {
        let encoding = self.encoding();
        if let Some(given) = self.attrs.encoding.as_ref().filter(|_| !encoding.is_zoned()) {
            self.cx.error_at(given.span, "digits are encoded as \"ascii\" or \"ebcdic\", a byte for each");
            return None;
        }
        if matches!(self.shape, Shape::Str) && encoding == Encoding::Ebcdic {
            let message = "`&str` cannot borrow EBCDIC digits, which are converted when they are read: use `Digits<N>`, \
                           `Cow<str>` or `String`";
            self.cx.error(self.ty, message);
            return None;
        }
        let full = self.full("a digit");
        if let Some(pad) = self.attrs.pad.as_ref().filter(|pad| pad.value.value().is_ascii_digit() && !full)
            && self.justify() == Justify::Left
        {
            let message =
                "digits behind digits cannot be told from the value; `justify = \"right\"` puts them in front";
            self.cx.error_at(pad.span, message);
        }
        let space = if encoding == Encoding::Ebcdic { 0x40 } else { b' ' };
        let pad = self.attrs.pad.as_ref().map_or(space, |pad| pad.value.value());
        Some(Kind::Digits { encoding, full, pad, justify: self.justify() })
    }

    /// The pattern as written or by the length; a mistake if they are of two minds.
    fn pattern<P>(&self, kind: &str, is_kind: impl Fn(Pattern) -> Option<P>) -> Option<P> {
        self.decimal()?;
        if let Some(given) = &self.attrs.pattern {
            return self.stated_pattern(given, kind, is_kind);
        }
        let len = match &self.attrs.len {
            // Whatever is wrong with the length or the pattern was reported, or will be as a missing length.
            _ if self.attrs.has("pattern") => return None,
            None => return None,
            Some(len) => len,
        };
        let pattern =
            Pattern::of_len(len.value, self.encoding(), |pattern| is_kind(pattern).is_some()).and_then(is_kind);
        if pattern.is_none() {
            let instead = lengths(kind, self.encoding());
            self.cx.error_at(len.span, format_args!("no {kind} has {}; {instead}", bytes(len.value)));
        }
        pattern
    }

    fn stated_pattern<P>(
        &self,
        given: &Given<Pattern>,
        kind: &str,
        is_kind: impl Fn(Pattern) -> Option<P>,
    ) -> Option<P> {
        let label = given.value.label();
        let Some(pattern) = is_kind(given.value) else {
            self.cx.error_at(given.span, format_args!("\"{label}\" is no {kind}; {}", lengths(kind, self.encoding())));
            return None;
        };
        let pattern_len = given.value.len(self.encoding());
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != pattern_len) {
            let message = format!("`len` is {}, but \"{label}\" has {}", len.value, bytes(pattern_len));
            self.cx.error_at(len.span, message);
            return None;
        }
        Some(pattern)
    }

    /// A date or time has decimal digits.
    fn decimal(&self) -> Option<()> {
        match &self.attrs.encoding {
            Some(given) if given.value.is_binary() => {
                let message = "dates and times have decimal digits; a binary number is a `number`";
                self.cx.error_at(given.span, message);
                None
            }
            _ => Some(()),
        }
    }

    fn pivot(&self, two_digit_year: bool) -> Option<usize> {
        if let Some(at) = self.attrs.key("pivot").filter(|_| !two_digit_year) {
            self.cx.error_at(at, "a pivot is for two-digit years, and this pattern has none");
        }
        self.attrs.pivot.as_ref().map(|pivot| pivot.value)
    }

    fn date(&self) -> Option<Kind> {
        if let Shape::MonthDay = self.inner() {
            return self.month_day();
        }
        let of_date = |pattern| if let Pattern::Date(pattern) = pattern { Some(pattern) } else { None };
        let pattern = self.pattern("date", of_date)?;
        if pattern == DatePattern::MmDd && matches!(self.inner(), Shape::Date) {
            self.cx.error(self.ty, "a date without a year is a `MonthDay`");
            return None;
        }
        let pivot = self.pivot(pattern == DatePattern::YyMmDd);
        Some(Kind::Date { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }

    fn month_day(&self) -> Option<Kind> {
        self.decimal()?;
        let own_len = self.encoding().len(4);
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != own_len) {
            let message = format!("a `MonthDay` has {own_len} bytes, MMDD; a date with a year is a `Date`");
            self.cx.error_at(len.span, message);
            return None;
        }
        if let Some(pattern) =
            self.attrs.pattern.as_ref().filter(|given| given.value != Pattern::Date(DatePattern::MmDd))
        {
            self.cx.error_at(pattern.span, "a `MonthDay` is \"MMDD\"; a date with a year is a `Date`");
            return None;
        }
        let pivot = self.pivot(false);
        Some(Kind::Date { pattern: DatePattern::MmDd, encoding: self.encoding(), none: self.none(), pivot })
    }

    fn time(&self) -> Option<Kind> {
        let of_time = |pattern| if let Pattern::Time(pattern) = pattern { Some(pattern) } else { None };
        if let Some(none) = self.attrs.none.as_ref().filter(|none| none.value == NoneAs::Zeros) {
            self.cx
                .error_at(none.span, "zeros are midnight; a missing time is `none = \"spaces\"` or `none = \"nines\"`");
        }
        let pattern: TimePattern = self.pattern("time", of_time)?;
        Some(Kind::Time { pattern, encoding: self.encoding(), none: self.none() })
    }

    fn datetime(&self) -> Option<Kind> {
        let of_both = |pattern| if let Pattern::DateTime(pattern) = pattern { Some(pattern) } else { None };
        let yearless = matches!(self.inner(), Shape::MonthDayTime);
        let pattern = match (&self.attrs.len, &self.attrs.pattern) {
            (None, None) if yearless => {
                self.decimal()?;
                DateTimePattern::MmDdHhMmSs
            }
            _ => self.pattern("timestamp", of_both)?,
        };
        let without_year = pattern == DateTimePattern::MmDdHhMmSs;
        if yearless && !without_year {
            self.cx.error(self.ty, "a `MonthDayTime` is \"MMDDHHMMSS\"; a timestamp with a year is a `DateTime`");
            return None;
        }
        if without_year && matches!(self.inner(), Shape::DateTime) {
            self.cx.error(self.ty, "a timestamp without a year is a `MonthDayTime`");
            return None;
        }
        let pivot = self.pivot(pattern == DateTimePattern::YyMmDdHhMmSs);
        Some(Kind::DateTime { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }

    fn code(&self) -> Kind {
        let charset = self.attrs.charset.as_ref().map_or(self.charset, |charset| charset.value);
        let codes = if self.attrs.has("codes") || self.shape.is_text() {
            let lines = self.attrs.codes.as_ref().map_or_else(Vec::new, |codes| codes.value.clone());
            if let (Some(at), false) = (self.attrs.key("closed"), self.attrs.has("codes")) {
                self.cx.error_at(at, "a closed list needs its codes: `codes(\"20\" = \"입금\", …)`");
            }
            if let Some(len) = &self.attrs.len {
                for line in lines.iter().filter(|line| line.code.len() > len.value) {
                    let message = format!("the code \"{}\" does not fit into {}", line.code, bytes(len.value));
                    self.cx.error_at(line.span, message);
                }
            }
            Codes::Listed { lines, open: self.attrs.closed.is_none() }
        } else {
            if let Some(at) = self.attrs.key("closed") {
                self.cx.error_at(
                    at,
                    "a code enum is closed if it has no `#[code(other)]` variant; `closed` is for `codes(…)`",
                );
            }
            Codes::OfType
        };
        Kind::Code { charset, codes }
    }

    fn flag(&self) -> Kind {
        if let Some(len) = self.attrs.len.as_ref().filter(|len| len.value != 1) {
            self.cx.error_at(len.span, "a flag has one byte");
        }
        let yes = self.attrs.yes.as_ref().map_or(Byte::Ascii(b'Y'), |yes| yes.value);
        let no = self.attrs.no.as_ref().map_or(Byte::Ascii(b'N'), |no| no.value);
        if let Some(given) = self.attrs.no.as_ref().or(self.attrs.yes.as_ref()).filter(|_| yes == no) {
            self.cx.error_at(given.span, "yes and no are the same byte");
        }
        Kind::Flag { yes, no, charset: self.charset }
    }
}

/// The lengths that a kind of date has.
fn lengths(kind: &str, encoding: Encoding) -> String {
    let listed = match kind {
        "date" => "dates are \"YYYYMMDD\" (8), \"YYMMDD\" (6), \"YYYYDDD\" (7) and \"MMDD\" (4, a `MonthDay`)",
        "time" => "times are \"HHMMSS\" (6) and \"HHMM\" (4)",
        _ => "timestamps are \"YYYYMMDDHHMMSS\" (14), \"YYMMDDHHMMSS\" (12) and \"MMDDHHMMSS\" (10, a `MonthDayTime`)",
    };
    match encoding {
        Encoding::Packed => format!("{listed} before they are packed, two in a byte with the sign's half"),
        Encoding::Bcd => format!("{listed} before they are packed, two in a byte"),
        _ => listed.to_owned(),
    }
}
