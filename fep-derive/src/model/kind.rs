//! The rule of a field with a value: combines its options, and reports a Rust type that does not fit the kind.

mod calendar;
mod number;

use fep_core::accepts::{Accepts, Written};
use fep_core::calendar::{DatePattern, DateTimePattern, TimePattern};
use fep_core::charset::CharsetId;
use fep_core::edit::HalfDigits;
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::options::OptionName;
use fep_core::rules::{Half, Justify, Nones, Overflow, Sign, Width};
use fep_core::words::Word as _;
use syn::spanned::Spanned as _;

use super::field::Source;
use crate::attr::{Byte, CodeLine, Computed, Given, KindWord, bytes};
use crate::shape::{Shape, literal};

/// The rule of a field.
pub(crate) enum Kind {
    Text(Text),
    Digits(Digits),
    Number(Number),
    Date { pattern: DatePattern, encoding: Encoding, none: Nones, pivot: Option<usize> },
    Time { pattern: TimePattern, encoding: Encoding, none: Nones },
    DateTime { pattern: DateTimePattern, encoding: Encoding, none: Nones, pivot: Option<usize> },
    Code { charset: CharsetId, codes: Codes },
    Flag { yes: Byte, no: Byte, charset: CharsetId },
    Bytes,
}

/// The rule of a digits field.
pub(crate) struct Digits {
    pub(crate) encoding: Encoding,
    /// The value has as many digits as there can be.
    pub(crate) exact: bool,
    pub(crate) pad: u8,
    pub(crate) justify: Justify,
    pub(crate) digits_max: Option<usize>,
    pub(crate) accepts: Accepts,
}

/// The rule of a number.
pub(crate) struct Number {
    pub(crate) encoding: Encoding,
    pub(crate) sign: Sign,
    pub(crate) scale: i8,
    pub(crate) none: Nones,
    pub(crate) digits_max: Option<usize>,
    pub(crate) point: Option<u8>,
    pub(crate) pad: Option<u8>,
    pub(crate) justify: Justify,
    pub(crate) accepts: Accepts,
}

impl Number {
    /// The number of decimals of a value.
    pub(crate) fn decimals(&self) -> usize {
        usize::try_from(self.scale).unwrap_or(0)
    }

    /// The number of zeros behind the last digit of the field, in its value.
    pub(crate) const fn zeros(&self) -> u8 {
        if self.scale < 0 { self.scale.unsigned_abs() } else { 0 }
    }
}

/// The rule of a text field.
pub(crate) struct Text {
    pub(crate) charset: CharsetId,
    pub(crate) pad: Byte,
    pub(crate) justify: Justify,
    pub(crate) overflow: Overflow,
    /// No padding.
    pub(crate) exact: bool,
    pub(crate) width: Width,
    pub(crate) compat: bool,
    pub(crate) half: Half,
    pub(crate) open_shift: bool,
    pub(crate) newline_15: bool,
}

impl Kind {
    /// The name of the kind.
    pub(crate) const fn name(&self) -> KindName {
        match self {
            Self::Text(_) => KindName::Text,
            Self::Digits(_) => KindName::Digits,
            Self::Number(_) => KindName::Number,
            Self::Date { .. } => KindName::Date,
            Self::Time { .. } => KindName::Time,
            Self::DateTime { .. } => KindName::DateTime,
            Self::Code { .. } => KindName::Code,
            Self::Flag { .. } => KindName::Flag,
            Self::Bytes => KindName::Bytes,
        }
    }
}

impl Digits {
    /// The maximum number of digits in a field of `len` bytes.
    pub(crate) fn capacity(&self, len: usize) -> usize {
        self.digits_max.unwrap_or_else(|| self.encoding.digits(len))
    }
}

/// Where a code field gets its codes.
pub(crate) enum Codes {
    /// From its type, a `CodeSet`.
    OfType,
    /// From the attribute.
    Listed { lines: Vec<CodeLine>, open: bool },
}

impl Source<'_> {
    /// The rule, or `None` if a mistake in the options prevents one.
    pub(super) fn kind(&self, kind: KindName) -> Option<Kind> {
        // A tail with a `len` was reported.
        let length: &[&str] =
            if self.attrs.tail.is_some() { &["tail", "max", "len", "secret"] } else { &["len", "secret"] };
        let options = OptionName::of(kind).map(|option| option.word());
        let narrow = (kind == KindName::Number).then_some("narrow");
        self.only(kind.singular(), &options.chain(length.iter().copied()).chain(narrow).collect::<Vec<_>>());
        if let Some(instead) = self.inner().instead().filter(|_| kind == KindName::Number) {
            self.cx.error(self.ty, instead);
            return None;
        }
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

    /// The kind that a check states.
    pub(super) fn kind_of_check(&self, stated: &Given<KindName>, is_check: bool) -> Option<Kind> {
        match stated.value {
            KindName::Bytes if is_check => return Some(Kind::Bytes),
            KindName::Text if is_check => return self.text(),
            KindName::Digits if is_check => return self.digits(),
            _ if is_check => self.cx.error_at(stated.span, "a check is text, digits or bytes"),
            other => {
                let message = format!("a field has one kind, and `{}` is the second", other.word());
                self.cx.error_at(stated.span, message);
            }
        }
        None
    }

    /// The length in bytes that the kind always has, or that its pattern gives.
    pub(super) fn len_of_kind(&self, kind: KindName) -> Option<usize> {
        match (kind, &self.attrs.pattern) {
            (KindName::Flag, _) => Some(1),
            (KindName::Date | KindName::Time | KindName::DateTime, Some(pattern)) => {
                Some(pattern.value.len(self.encoding()))
            }
            (KindName::Date | KindName::DateTime, None) => {
                self.pattern_of_type().map(|pattern| pattern.len(self.encoding()))
            }
            _ => None,
        }
    }

    /// An example of a `len` for this kind.
    pub(super) fn example_len(kind: KindName) -> &'static str {
        match kind {
            KindName::Date => "len = 8",
            KindName::Time => "len = 6",
            KindName::DateTime => "len = 14",
            KindName::Text => "len = 20",
            KindName::Code => "len = 2",
            KindName::Digits | KindName::Number | KindName::Flag | KindName::Bytes => "len = 13",
        }
    }

    /// The type, or the type inside its `Option`.
    fn inner(&self) -> Shape<'_> {
        match &self.shape {
            Shape::Option(inner) => Shape::of(inner),
            _ => Shape::of(self.ty),
        }
    }

    /// The valid types of a kind, if the field has a type of the language that cannot have this kind. The compiler checks the value
    /// types of fep-codec and of the user.
    fn cannot_be(&self, kind: KindName) -> Option<&'static str> {
        let inner = self.inner();
        let text = matches!(inner, Shape::String | Shape::Cow | Shape::Str);
        let (number, flag, bytes) = match inner {
            Shape::Integer(_) => (true, false, false),
            Shape::Bool => (false, true, false),
            Shape::ByteArray(_) | Shape::Bytes => (false, false, true),
            Shape::Char | Shape::Float | Shape::PointerSized => (false, false, false),
            _ if text => (false, false, false),
            _ => return None,
        };
        let (can, types) = match kind {
            KindName::Text => {
                (text || matches!(inner, Shape::Char), "text is `Text<N>`, `String`, `Cow<str>`, `&str` or `char`")
            }
            KindName::Digits => (text, "digits are `Digits<N>`, `String`, `Cow<str>` or `&str`"),
            KindName::Number => (number, "numbers are `u8` to `u128` and `i8` to `i128`"),
            KindName::Date => (false, "dates are `Date`, `YearMonth` and `MonthDay`"),
            KindName::Time => (false, "times are `Time`"),
            KindName::DateTime => (false, "timestamps are `DateTime` and `MonthDayTime`"),
            KindName::Code => (text, "codes are an enum with `#[derive(Code)]`, or a text type"),
            KindName::Flag => (flag, "flags are `bool`"),
            KindName::Bytes => (bytes, "bytes are `[u8; N]`, `Vec<u8>` or `&[u8]`"),
        };
        (!can).then_some(types)
    }

    /// Checks that `Option` and `none` occur together, and only on a kind with contents that mean "no value".
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

    /// The encoding of digits: as stated, or that of the telegram's charset.
    pub(super) fn encoding(&self) -> Encoding {
        let of_charset = Encoding::of_charset(self.charset);
        self.attrs.encoding.as_ref().map_or(of_charset, |encoding| encoding.value)
    }

    /// A byte next to digits, with a character in the encoding of the digits.
    pub(super) fn beside_digits(&self, byte: &Given<Byte>, encoding: Encoding) -> u8 {
        match byte.value {
            Byte::Raw(byte) => byte,
            Byte::Ascii(ascii) => encoding.byte_of(ascii).unwrap_or_else(|| {
                self.cx.error_at(
                    byte.span,
                    "this character has different bytes in EBCDIC charsets; write the byte: `b'\\x4E'`",
                );
                ascii
            }),
        }
    }

    fn none(&self) -> Nones {
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

    /// Checks the pad byte. Padding is trimmed byte by byte, so no character may begin or end with this byte.
    fn check_pad(&self, pad: &Given<Byte>, charset: CharsetId) {
        let label = charset.label();
        let message = match pad.value {
            Byte::Ascii(_) if charset.is_pairs() => format!("{label} is padded with `b'\\x40'`, in pairs"),
            // The character has another byte in EBCDIC. Only the runtime knows that byte.
            Byte::Ascii(_) if charset.is_ebcdic() => return,
            pad if charset.can_pad(pad.value()) => return,
            _ => format!("{label} characters can have this byte, so it cannot be told from padding"),
        };
        self.cx.error_at(pad.span, message);
    }

    /// Checks the options that have a meaning only in some charsets.
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

    /// Whether the field has no padding. Reports options of padding on such a field.
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
        if let Some(given) = self.attrs.encoding.as_ref().filter(|_| encoding.is_binary()) {
            self.cx.error_at(
                given.span,
                "a binary number has no digits; they are \"ascii\", \"ebcdic\", \"bcd\" or \"packed\"",
            );
            return None;
        }
        if matches!(self.shape, Shape::Str) && encoding != Encoding::Ascii {
            let message = "`&str` cannot borrow digits that are not ASCII, which are converted when they are read: use `Digits<N>`, \
                           `Cow<str>` or `String`";
            self.cx.error(self.ty, message);
            return None;
        }
        if !encoding.is_zoned() {
            return self.half_digits(encoding);
        }
        for key in ["digits_max", "accepts"] {
            if let Some(at) = self.attrs.key(key) {
                self.cx.error_at(at, format_args!("`{key}` is for digits of half a byte; each digit has a byte here"));
            }
        }
        let exact = self.exact("a digit");
        let pad = self.attrs.pad.as_ref().map_or(encoding.space(), |pad| self.beside_digits(pad, encoding));
        if let Some(given) = self.attrs.pad.as_ref().filter(|_| encoding.is_digit(pad) && !exact) {
            let message = "digits that are padded with a digit lose their zeros; pad with a space, write `full` if the value has all \
                           digits, or make it a number: `u32`";
            self.cx.error_at(given.span, message);
        }
        let justify = self.justify();
        Some(Kind::Digits(Digits { encoding, exact, pad, justify, digits_max: None, accepts: Accepts::NONE }))
    }

    /// Digits with two in a byte. What they leave free is filled with a half byte.
    fn half_digits(&self, encoding: Encoding) -> Option<Kind> {
        if let Some(given) = self.attrs.tail.as_ref() {
            let message =
                "two digits in a byte: a length in bytes does not say how many there are, so they cannot be a tail";
            self.cx.error_at(given.span, message);
            return None;
        }
        let len = self.attrs.len.as_ref().map(|len| len.value);
        let of_type = self.type_len().as_ref().and_then(literal);
        let len = len.or_else(|| encoding.len(of_type?));
        let full = self.attrs.exact.is_some();
        let given = self.attrs.pad.as_ref();
        let pad = given.and_then(|pad| HalfDigits::half(pad.value.value(), matches!(pad.value, Byte::Ascii(_))));
        if let Some(given) = given.filter(|_| pad.is_none()) {
            self.cx.error_at(given.span, "this is not half a byte: `pad = 'F'`, `pad = '0'`");
            return None;
        }
        let digits_max = self.attrs.digits_max.as_ref().map(|max| max.value);
        // If the length is not known here, the layout has room for exactly the stated digits.
        let room = len.map_or_else(|| digits_max.unwrap_or_default(), |len| encoding.digits(len));
        let half = HalfDigits { encoding, room, full, digits_max, pad };
        if let Err((option, reason)) = half.check() {
            let at = self.attrs.key(option.word()).or(self.attrs.key("len")).unwrap_or_else(|| self.ty.span());
            self.cx.error_at(at, reason);
            return None;
        }
        let accepts = self.accepts(Written { encoding, sign: Sign::Unsigned, is_padded: false });
        let justify = self.attrs.justify.as_ref().map_or(half.justify(), |justify| justify.value);
        Some(Kind::Digits(Digits { encoding, exact: full, pad: half.pad(), justify, digits_max, accepts }))
    }

    /// Whether the field is the sign of a number in another field. It has rules of its own for the forms that it accepts.
    fn is_computed_sign(&self) -> bool {
        let kind = self.attrs.kind.as_ref().map(|kind| &kind.value);
        matches!(kind, Some(KindWord::Computed(Computed::Sign { .. })))
    }

    /// The further forms that are read. Reports those that the field cannot have.
    pub(super) fn accepts(&self, written: Written) -> Accepts {
        let Some(accepts) = &self.attrs.accepts else { return Accepts::NONE };
        if self.is_computed_sign() {
            return Accepts::NONE;
        }
        for form in accepts.value.iter() {
            if let Err(reason) = form.check(written) {
                self.cx.error_at(accepts.span, reason);
            }
        }
        accepts.value
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

/// The value as written, or the default.
fn given<T: Copy + Default>(option: &Option<Given<T>>) -> T {
    option.as_ref().map_or_else(T::default, |given| given.value)
}
