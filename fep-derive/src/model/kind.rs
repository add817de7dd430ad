//! The rule of a field with a value: its options put together, and what the Rust type does not go with.

mod number;

use fep_core::calendar::{DatePattern, DateTimePattern, Pattern, TimePattern};
use fep_core::charset::CharsetId;
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::options::OptionName;
use fep_core::rules::{Justify, NoneAs, Width};
use fep_core::words::Word as _;

use super::field::Source;
use super::{Codes, Kind, Text};
use crate::attr::{Byte, Given, bytes};
use crate::shape::Shape;

impl Source<'_> {
    /// The rule, if the options make one.
    pub(super) fn kind(&self, kind: KindName) -> Option<Kind> {
        // A tail with a `len` has been reported.
        let length: &[&str] =
            if self.attrs.tail.is_some() { &["tail", "max", "len", "secret"] } else { &["len", "secret"] };
        let options = OptionName::of(kind).map(|option| option.word());
        self.only(kind.singular(), &options.chain(length.iter().copied()).collect::<Vec<_>>());
        self.check_option(kind);
        if let Some(types) = self.cannot_be(kind) {
            self.cx.error(self.ty, format_args!("this type cannot stand for {}; {types}", kind.singular()));
            return None;
        }
        match kind {
            KindName::Text => self.text(),
            KindName::Digits => self.digits(),
            KindName::Number => self.number(),
            KindName::Date => self.date(),
            KindName::Time => self.time(),
            KindName::DateTime => self.datetime(),
            KindName::Code => Some(self.code()),
            KindName::Flag => Some(self.flag()),
            KindName::Bytes => Some(Kind::Bytes),
        }
    }

    /// The bytes that a kind always has, or that its pattern says.
    pub(super) fn len_of_kind(&self, kind: KindName) -> Option<usize> {
        match (kind, &self.attrs.pattern) {
            (KindName::Flag, _) => Some(1),
            (KindName::Date | KindName::Time | KindName::DateTime, Some(pattern)) => {
                Some(pattern.value.len(self.encoding()))
            }
            (KindName::Date, None) => {
                let yearless = Pattern::Date(DatePattern::MmDd);
                matches!(self.inner(), Shape::MonthDay).then_some(yearless.len(self.encoding()))
            }
            (KindName::DateTime, None) => {
                let yearless = Pattern::DateTime(DateTimePattern::MmDdHhMmSs);
                matches!(self.inner(), Shape::MonthDayTime).then_some(yearless.len(self.encoding()))
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
    fn cannot_be(&self, kind: KindName) -> Option<&'static str> {
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
        let (can, types) = match kind {
            KindName::Text => {
                (text || matches!(inner, Shape::Char), "text is `Text<N>`, `String`, `Cow<str>`, `&str` or `char`")
            }
            KindName::Digits => (text, "digits are `Digits<N>`, `String`, `Cow<str>` or `&str`"),
            KindName::Number => (number, "numbers are `u8` to `u128` and `i8` to `i128`"),
            KindName::Date => (false, "dates are `Date` and `MonthDay`"),
            KindName::Time => (false, "times are `Time`"),
            KindName::DateTime => (false, "timestamps are `DateTime` and `MonthDayTime`"),
            KindName::Code => (text, "codes are an enum with `#[derive(Code)]`, or a text type"),
            KindName::Flag => (flag, "flags are `bool`"),
            KindName::Bytes => (bytes, "bytes are `[u8; N]`, `Vec<u8>` or `&[u8]`"),
        };
        (!can).then_some(types)
    }

    /// `Option` and `none` go together, and only where there are contents that mean "no value".
    fn check_option(&self, kind: KindName) {
        let optional = matches!(self.shape, Shape::Option(_));
        let can_be_none = kind.can_be_none();
        let none = self.attrs.key("none");
        match (optional, none) {
            (true, _) if !can_be_none => {
                let instead = match kind {
                    KindName::Text | KindName::Digits => "a blank field is the empty value",
                    KindName::Code => "give the blank field a code of its own: `#[code(\"\")]`",
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
        given(&self.attrs.encoding)
    }

    fn none(&self) -> NoneAs {
        given(&self.attrs.none)
    }

    fn justify(&self) -> Justify {
        given(&self.attrs.justify)
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
            overflow: given(&self.attrs.overflow),
            exact: self.exact("part of the text"),
            width: given(&self.attrs.width),
            compat: self.attrs.compat.is_some(),
            half: given(&self.attrs.half),
            open_shift: self.attrs.open_shift.is_some(),
            newline_15: given(&self.attrs.newline),
        }))
    }

    /// Padding is trimmed byte by byte, so no character may begin or end in the pad byte.
    fn check_pad(&self, pad: &Given<Byte>, charset: CharsetId) {
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
    fn check_charset_options(&self, charset: CharsetId) {
        let label = charset.label();
        let wide = self.attrs.width.as_ref().filter(|width| width.value == Width::Wide);
        if let Some(width) = wide {
            if !charset.has_full_width() {
                self.cx.error_at(width.span, format_args!("{label} has no full-width letters of two bytes"));
            } else if let Some(pad) = self.attrs.pad.as_ref().filter(|_| !charset.is_shifted()) {
                self.cx.error_at(pad.span, "full-width text is padded with full-width spaces; leave out `pad`");
            }
        }
        let in_pairs = charset.is_pairs() || wide.is_some() && charset.full_space().is_some();
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
    fn exact(&self, what: &str) -> bool {
        let (exact, kind) = match (self.attrs.tail.is_some(), self.attrs.exact.is_some()) {
            (true, _) => (true, "tail"),
            (false, exact) => (exact, "`full` field"),
        };
        for key in ["pad", "justify"] {
            if let Some(at) = self.attrs.key(key).filter(|_| exact) {
                self.cx.error_at(at, format_args!("every byte of a {kind} is {what}, so `{key}` does nothing"));
            }
        }
        exact
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
        let exact = self.exact("a digit");
        if let Some(pad) = self.attrs.pad.as_ref().filter(|pad| pad.value.value().is_ascii_digit() && !exact)
            && self.justify() == Justify::Left
        {
            let message =
                "digits behind digits cannot be told from the value; `justify = \"right\"` puts them in front";
            self.cx.error_at(pad.span, message);
        }
        let pad = self.attrs.pad.as_ref().map_or(encoding.space(), |pad| pad.value.value());
        Some(Kind::Digits { encoding, exact, pad, justify: self.justify() })
    }

    /// The pattern as written or by the length; a mistake if they are of two minds.
    fn pattern<P>(&self, kind: KindName, is_kind: impl Fn(Pattern) -> Option<P>) -> Option<P> {
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
        let pattern = Pattern::of_len(kind, len.value, self.encoding()).and_then(is_kind);
        if pattern.is_none() {
            let instead = lengths(kind, self.encoding());
            self.cx.error_at(len.span, format_args!("no {} has {}; {instead}", noun(kind), bytes(len.value)));
        }
        pattern
    }

    fn stated_pattern<P>(
        &self,
        given: &Given<Pattern>,
        kind: KindName,
        is_kind: impl Fn(Pattern) -> Option<P>,
    ) -> Option<P> {
        let label = given.value.word();
        let Some(pattern) = is_kind(given.value) else {
            self.cx.error_at(
                given.span,
                format_args!("\"{label}\" is no {}; {}", noun(kind), lengths(kind, self.encoding())),
            );
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
        let pattern = self.pattern(KindName::Date, of_date)?;
        if pattern == DatePattern::MmDd && matches!(self.inner(), Shape::Date) {
            self.cx.error(self.ty, "a date without a year is a `MonthDay`");
            return None;
        }
        let pivot = self.pivot(pattern.has_short_year());
        Some(Kind::Date { pattern, encoding: self.encoding(), none: self.none(), pivot })
    }

    fn month_day(&self) -> Option<Kind> {
        self.decimal()?;
        let own_len = Pattern::Date(DatePattern::MmDd).len(self.encoding());
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
        let pattern: TimePattern = self.pattern(KindName::Time, of_time)?;
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
            _ => self.pattern(KindName::DateTime, of_both)?,
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
        let pivot = self.pivot(pattern.has_short_year());
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

/// The value as written, or the usual one.
fn given<T: Copy + Default>(option: &Option<Given<T>>) -> T {
    option.as_ref().map_or_else(T::default, |given| given.value)
}

/// `date`, `time` or `timestamp`, as messages call them.
fn noun(kind: KindName) -> &'static str {
    kind.singular().trim_start_matches("a ")
}

/// The lengths that a kind of date has.
fn lengths(kind: KindName, encoding: Encoding) -> String {
    let listed = match kind {
        KindName::Date => "dates are \"YYYYMMDD\" (8), \"YYMMDD\" (6), \"YYYYDDD\" (7) and \"MMDD\" (4, a `MonthDay`)",
        KindName::Time => "times are \"HHMMSS\" (6) and \"HHMM\" (4)",
        _ => "timestamps are \"YYYYMMDDHHMMSS\" (14), \"YYMMDDHHMMSS\" (12) and \"MMDDHHMMSS\" (10, a `MonthDayTime`)",
    };
    match encoding {
        Encoding::Packed => format!("{listed} before they are packed, two in a byte with the sign's half"),
        Encoding::Bcd => format!("{listed} before they are packed, two in a byte"),
        _ => listed.to_owned(),
    }
}
