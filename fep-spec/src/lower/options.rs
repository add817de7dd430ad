//! The options of a field's kind. They are read from a type and from an item, merged, and converted to a [`Kind`].

mod text;
mod number;
mod calendar;
mod padding;

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::Charset;
use fep_codec::layout::{BytesRule, CodeRule, Encoding, Half, Justify, Kind, NoneAs, Overflow, SignOf, Width};
use fep_core::accepts::Accepts;
use fep_core::calendar::Pattern;
use fep_core::kinds::KindName;
use fep_core::limits::{self, PIVOT_MAX};
use fep_core::options::OptionName;
use fep_core::rules::{Nones, WrittenSign};
use fep_core::words::Word;

pub(super) use self::text::{Byte, byte, charset};
use crate::document::{Document, Located, Table, Value};
use crate::model::CodeList;
use crate::report::{Code, Fix};

/// Declares [`FieldOptions`] with one line for each option: its name in fep-core's table, which has its key and its kinds; the
/// field that holds it; and the function that reads its value.
macro_rules! options {
    ($($name:ident $field:ident: $type:ty = $read:expr;)*) => {
        /// The options of a kind as a type or an item states them. Defaults are not filled in yet.
        #[derive(Clone, Debug, Default)]
        pub(super) struct FieldOptions {
            pub(super) kind: Option<Located<KindName>>,
            /// The name of a list of codes.
            pub(super) codes: Option<Located<String>>,
            $($field: Option<Located<$type>>,)*
            /// Whether an option is there and could not be read. The kind is then not determined, because it would be wrong.
            broken: bool,
        }

        /// The keys that [`FieldOptions::read`] reads.
        pub(super) fn keys() -> Vec<&'static str> {
            vec!["kind", $(OptionName::$name.word(),)*]
        }

        impl FieldOptions {
            /// Reads all option keys of a table, except `codes`, whose meaning differs between types and items.
            pub(super) fn read(table: &Table<'_>) -> Self {
                let mut broken = false;
                let kind = option(table, "kind", &mut broken, word);
                Self {
                    kind,
                    codes: None,
                    $($field: option(table, OptionName::$name.word(), &mut broken, $read),)*
                    broken,
                }
            }

            /// Merges the options of an item with those of its type. An option of the item overrides that of the type.
            pub(super) fn over(self, base: Self) -> Self {
                Self {
                    kind: self.kind.or(base.kind),
                    codes: self.codes.or(base.codes),
                    $($field: self.$field.or(base.$field),)*
                    broken: self.broken || base.broken,
                }
            }

            /// The options that are there, each with its place.
            fn places(&self) -> impl Iterator<Item = (OptionName, Range<usize>)> {
                let codes = (OptionName::Codes, span(&self.codes));
                let places = [codes, $((OptionName::$name, span(&self.$field)),)*];
                places.into_iter().filter_map(|(option, at)| Some((option, at?)))
            }
        }
    };
}

options! {
    Charset charset: Charset = charset;
    Pad pad: Byte = byte;
    Justify justify: Justify = word;
    Overflow overflow: Overflow = word;
    Full exact: bool = Value::boolean;
    Encoding encoding: Encoding = word;
    Sign sign: WrittenSign = number::sign;
    Scale scale: i8 = |value| value.integer(-SCALE_MAX..=SCALE_MAX);
    Point point: Byte = number::point;
    Accepts accepts: Accepts = number::accepts;
    None none: Nones = nones;
    DigitsMax digits_max: u8 = |value| value.integer(1..=NUMBER_MAX_DIGITS);
    Pattern pattern: Pattern = calendar::pattern;
    Pivot pivot: u8 = |value| value.integer(0..=PIVOT_MAX);
    Yes yes: Byte = byte;
    No no: Byte = byte;
    Width width: Width = word;
    Compat compat: bool = Value::boolean;
    Half half: Half = word;
    OpenShift open_shift: bool = Value::boolean;
    Newline newline: bool = |value| value.choice(&NEWLINES);
}

/// The words of `newline`, and whether the byte is `15`.
pub(crate) const NEWLINES: [(&str, bool); 2] = [("15", true), ("25", false)];

/// The maximum number of digits of a number, in the type of the options that count digits.
#[allow(clippy::cast_possible_truncation, reason = "38")]
pub(crate) const NUMBER_MAX_DIGITS: u8 = limits::NUMBER_MAX_DIGITS as u8;

/// The largest scale, in its type.
#[allow(clippy::cast_possible_truncation, reason = "38")]
pub(crate) const SCALE_MAX: i8 = limits::NUMBER_MAX_DIGITS as i8;

/// The value of a key, if it is there. Sets `broken` if it is there and cannot be read.
fn option<'d, T>(
    table: &Table<'d>,
    key: &'d str,
    broken: &mut bool,
    read: impl FnOnce(Value<'d>) -> Option<Located<T>>,
) -> Option<Located<T>> {
    let option = read(table.get(key)?);
    *broken |= option.is_none();
    option
}

/// One of the words of a rule.
fn word<W: Word>(value: Value<'_>) -> Option<Located<W>> {
    value.choice(W::WORDS)
}

/// `"zeros"`, or `["zeros", "spaces"]`, of which the first is written.
fn nones(value: Value<'_>) -> Option<Located<Nones>> {
    if !value.is_array() {
        let word = word::<NoneAs>(value)?;
        return Some(Located { value: Nones::of(&[word.value]), span: word.span });
    }
    let words = distinct(value, "none")?;
    Some(Located { value: Nones::of(&words), span: value.span() })
}

/// A list of words, each at most once.
fn distinct<W: Word>(value: Value<'_>, key: &str) -> Option<Vec<W>> {
    let mut words = vec![];
    for word in value.array()? {
        let word = self::word::<W>(word)?;
        if words.contains(&word.value) {
            let message = format!("\"{}\" is there twice", word.value.word());
            value.document().error_fix(Code::Duplicate, word.span, message, "leave one out", Fix::TakeOutCopy);
            return None;
        }
        words.push(word.value);
    }
    if words.is_empty() {
        let message = format!("`{key}` has no word");
        value.document().error_hint(Code::Empty, value.span(), message, "leave it out");
        return None;
    }
    Some(words)
}

/// The field that the options belong to, and the elements that they may refer to.
pub(super) struct Field<'a> {
    pub(super) document: &'a Document,
    pub(super) name: &'a str,
    pub(super) len: Located<usize>,
    /// The spec's charset.
    pub(super) charset: Charset,
    pub(super) codes: &'a [CodeList],
}

impl FieldOptions {
    /// Lets a computed sign accept the forms that are stated. `None` after noting a form that it cannot accept.
    pub(super) fn sign_with_accepts(&self, sign: SignOf, field: &Field<'_>) -> Option<SignOf> {
        let Some(accepts) = &self.accepts else { return Some(sign) };
        let blank = field.charset.space();
        let signs = [Some(sign.plus), Some(sign.minus), sign.zero];
        for form in accepts.value.iter() {
            if let Err(hint) = form.check_sign(sign.zero.is_some(), signs.contains(&Some(blank))) {
                let message = format!("`{}` cannot accept \"{}\"", field.name, form.word());
                field.document.error_hint(Code::WrongOption, accepts.span.clone(), message, hint);
                return None;
            }
        }
        Some(SignOf { accepts: accepts.value, ..sign })
    }

    /// Whether no option is stated, except the forms that a sign accepts.
    pub(super) fn is_bare_sign(&self) -> bool {
        !self.broken && self.kind.is_none() && self.places().all(|(option, _)| option == OptionName::Accepts)
    }

    /// The same options without `pad`.
    pub(super) fn without_pad(self) -> Self {
        Self { pad: None, ..self }
    }

    /// The place of `pad`.
    pub(super) fn pad_span(&self) -> Option<Range<usize>> {
        span(&self.pad)
    }

    /// Whether neither a kind nor an option is stated.
    pub(super) fn is_empty(&self) -> bool {
        !self.broken && self.kind.is_none() && self.places().next().is_none()
    }

    /// Notes every option that the kind does not have.
    pub(super) fn refuse_foreign(&self, document: &Document, kind: KindName) {
        for (option, at) in self.places().filter(|(option, _)| !option.is_of(kind)) {
            let names: Vec<_> = option.kinds().iter().map(|kind| kind.word()).collect();
            let message = format!("`{}` is an option of {}, this is {}", option.word(), names.join(", "), kind.word());
            document.error_hint(Code::WrongOption, at, message, "leave it out, or choose another kind");
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

    /// The encoding of digits: as stated, or that of the spec's charset.
    fn encoding(&self, field: &Field<'_>) -> Encoding {
        value(&self.encoding).unwrap_or(field.charset.encoding())
    }

    fn code(&self, field: &Field<'_>) -> Option<CodeRule> {
        let name = field.name;
        let len = field.len.value;
        let Some(codes) = &self.codes else {
            let hint = "write codes = \"ListName\" and a table [codes.ListName], or use kind = \"text\"";
            field.document.error_hint(
                Code::MissingKey,
                field.len.span.clone(),
                format!("`{name}` is a code without `codes`"),
                hint,
            );
            return None;
        };
        // A name without a list was noted where it was read.
        let list = field.codes.iter().find(|list| list.name == codes.value)?;
        if let Some((long, _)) = list.codes.iter().find(|(meaning, _)| meaning.code.len() > len) {
            let message = format!("code \"{}\" has {} bytes, `{name}` has {len}", long.code, long.code.len());
            field.document.error_hint(
                Code::BadCode,
                codes.span.clone(),
                message,
                "mend the code, or the field's `len`",
            );
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
