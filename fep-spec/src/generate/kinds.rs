//! The kind of a field → a Rust type and the options of its attribute.

use fep_codec::layout::{
    Accepts, CodeRule, DateForm, DatePattern, DateTimePattern, DigitsRule, Encoding, Field, Justify, Kind, NoneAs,
    NoneSet, NumberRule, Overpunch, Sign, TextRule, TimePattern,
};
use fep_codec::{Charset, Layout};
use fep_core::edit::HalfDigits;
use fep_core::limits::PIVOT_DEFAULT;
use fep_core::options::OptionName;
use fep_core::words::Word;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::words::ident;
use crate::model::{Note, Spec};

/// The maximum length in bytes of text and digits that are stored inline in a struct. Longer values are on the heap.
const INLINE_MAX_BYTES: usize = 256;

/// The Rust type of a kind, and its options that differ from the defaults.
pub(super) fn kind(spec: &Spec, layout: &Layout, field: &Field, note: &Note) -> (TokenStream, Vec<TokenStream>) {
    let len = field.len;
    match &field.kind {
        Kind::Text(rule) => (sized("Text", len), text(layout, rule)),
        Kind::Digits(rule) => {
            // A type of fixed length has room for the digits, two of which can share a byte.
            let capacity = rule.capacity(len);
            let long = (capacity > INLINE_MAX_BYTES).then(|| quote!(digits));
            (sized("Digits", capacity), long.into_iter().chain(digits(layout, rule, len)).collect())
        }
        Kind::Number(rule) => (optional(rule.none, integer(rule, len)), number(layout, rule)),
        Kind::Date(rule) => {
            let (ty, of_type) = match rule.pattern.form() {
                DateForm::Day => ("Date", DatePattern::YYYYMMDD),
                DateForm::YearMonth => ("YearMonth", DatePattern::YYYYMM),
                DateForm::MonthDay => ("MonthDay", DatePattern::MMDD),
            };
            let mut options = Vec::from_iter(none(rule.none, rule.none_also));
            options.extend(encoding(layout, rule.encoding));
            options.extend(pattern(rule.pattern, of_type));
            options.extend(pivot(rule.pivot));
            (optional(rule.none, named(ty)), options)
        }
        Kind::Time(rule) => {
            let mut options = Vec::from_iter(none(rule.none, rule.none_also));
            options.extend(encoding(layout, rule.encoding));
            options.extend(pattern(rule.pattern, TimePattern::default()));
            (optional(rule.none, named("Time")), options)
        }
        Kind::DateTime(rule) => {
            let (ty, of_type) = match rule.pattern.has_year() {
                true => ("DateTime", DateTimePattern::YYYYMMDDHHMMSS),
                false => ("MonthDayTime", DateTimePattern::MMDDHHMMSS),
            };
            let mut options = Vec::from_iter(none(rule.none, rule.none_also));
            options.extend(encoding(layout, rule.encoding));
            options.extend(pattern(rule.pattern, of_type));
            options.extend(pivot(rule.pivot));
            (optional(rule.none, named(ty)), options)
        }
        Kind::Code(rule) => code(spec, layout, rule, len, note),
        Kind::Flag(rule) => {
            let [yes, no] = [rule.yes, rule.no].map(byte);
            let usual = [b'Y', b'N'].map(|usual| layout.charset.byte_of(usual)) == [Some(rule.yes), Some(rule.no)];
            (quote!(bool), if usual { vec![] } else { vec![quote!(yes = #yes), quote!(no = #no)] })
        }
        Kind::Bytes(_) => {
            let len = Literal::usize_unsuffixed(len);
            (quote!([u8; #len]), vec![])
        }
    }
}

/// The options of a field's kind as they stand in an attribute, `scale = 2`, without its list of codes. Those that follow from the charset
/// are left out.
pub(crate) fn option_words(spec: &Spec, charset: Charset, field: &Field, note: &Note) -> Vec<String> {
    let plain = Layout {
        name: "".into(),
        label: "".into(),
        charset,
        stated_len: None,
        when: Vec::new().into(),
        items: Vec::new().into(),
    };
    let words = kind(spec, &plain, field, note).1.into_iter().map(|option| option.to_string());
    let words =
        words.filter(|word| !word.starts_with("codes") && !["code", "closed", "digits"].contains(&word.as_str()));
    words.map(|word| word.replace(" (", "(").replace(" ,", ",").replace("( ", "(").replace(" )", ")")).collect()
}

/// The kind of a check and its options, if it is not the kind of a check that states none.
pub(super) fn check_kind(layout: &Layout, len: usize, kind: &Kind) -> Vec<TokenStream> {
    match kind {
        Kind::Bytes(_) if len == 1 => vec![],
        Kind::Text(rule) if len > 1 && *rule == TextRule::new(Charset::Ascii) => vec![],
        Kind::Text(rule) => [quote!(text)].into_iter().chain(text(layout, rule)).collect(),
        Kind::Digits(rule) => [quote!(digits)].into_iter().chain(digits(layout, rule, len)).collect(),
        _ => vec![quote!(bytes)],
    }
}

/// The Rust type of a tail and its options. `full` is left out, because no tail has padding.
pub(super) fn tail(layout: &Layout, field: &Field) -> (TokenStream, Vec<TokenStream>) {
    match &field.kind {
        Kind::Text(rule) => (sized("Text", field.len), text(layout, &TextRule { exact: false, ..*rule })),
        Kind::Digits(rule) => {
            let mut options = vec![];
            options.extend((field.len > INLINE_MAX_BYTES).then(|| quote!(digits)));
            options.extend(encoding(layout, rule.encoding));
            (sized("Digits", field.len), options)
        }
        _ => (quote!(Vec<u8>), vec![quote!(bytes)]),
    }
}

fn text(layout: &Layout, rule: &TextRule) -> Vec<TokenStream> {
    let mut options = vec![];
    if rule.charset != layout.charset {
        let charset = rule.charset.label();
        options.push(quote!(charset = #charset));
    }
    options.extend(rule.exact.then(|| quote!(full)));
    options.extend(said(OptionName::Overflow, rule.overflow));
    options.extend(said(OptionName::Justify, rule.justify));
    options.extend((rule.pad != rule.charset.space()).then(|| pad(rule.pad)));
    options.extend(said(OptionName::Width, rule.width));
    options.extend(rule.compat.then(|| quote!(compat)));
    options.extend(said(OptionName::Half, rule.half));
    options.extend(rule.open_shift.then(|| quote!(open_shift)));
    options.extend(rule.newline_15.then(|| quote!(newline = "15")));
    options
}

pub(super) fn number(layout: &Layout, rule: &NumberRule) -> Vec<TokenStream> {
    let separate = |side: TokenStream, plus: u8, minus: u8| {
        if [Some(plus), Some(minus)] == [b'+', b'-'].map(|sign| rule.encoding.byte_of(sign)) {
            return quote!(sign(#side));
        }
        let [plus, minus] = [plus, minus].map(|sign| beside_digits(rule.encoding, sign));
        quote!(sign(#side, plus = #plus, minus = #minus))
    };
    let mut options: Vec<TokenStream> = encoding(layout, rule.encoding).into_iter().collect();
    options.extend(match rule.sign {
        // The field that holds the sign states it.
        Sign::Unsigned | Sign::Elsewhere => None,
        Sign::LeadingMinus => Some(quote!(sign = "leading-minus")),
        Sign::Leading { plus, minus } => Some(separate(quote!(leading), plus, minus)),
        Sign::Trailing { plus, minus } => Some(separate(quote!(trailing), plus, minus)),
        Sign::TrailingOverpunch(Overpunch::Ebcdic) => Some(quote!(sign = "overpunch")),
        Sign::Signed => Some(quote!(sign = "signed")),
        Sign::LeadingOverpunch(form) => Some(overpunch(quote!(leading), form)),
        Sign::TrailingOverpunch(form) => Some(overpunch(quote!(trailing), form)),
    });
    if rule.scale != 0 {
        let scale = Literal::i8_unsuffixed(rule.scale);
        options.push(quote!(scale = #scale));
    }
    options.extend(rule.point.map(|point| match rule.encoding.character_of(point) {
        Some(b'.') => quote!(point),
        _ => {
            let point = beside_digits(rule.encoding, point);
            quote!(point = #point)
        }
    }));
    options.extend(rule.pad.map(|pad| {
        let pad = beside_digits(rule.encoding, pad);
        quote!(pad = #pad)
    }));
    if rule.justify == Justify::Left {
        options.push(quote!(justify = "left"));
    }
    if let Some(max) = rule.digits_max {
        let max = Literal::u8_unsuffixed(max);
        options.push(quote!(digits_max = #max));
    }
    options.extend(accepts(rule.accepts));
    options.extend(none(rule.none, rule.none_also));
    options
}

/// The options of digits.
fn digits(layout: &Layout, rule: &DigitsRule, len: usize) -> Vec<TokenStream> {
    let mut options = Vec::from_iter(encoding(layout, rule.encoding));
    options.extend(rule.exact.then(|| quote!(full)));
    if rule.encoding.is_zoned() {
        options.extend(said(OptionName::Justify, rule.justify));
        let pad = beside_digits(rule.encoding, rule.pad);
        options.extend((rule.pad != rule.encoding.space()).then(|| quote!(pad = #pad)));
        return options;
    }
    if let Some(max) = rule.digits_max {
        let max = Literal::u8_unsuffixed(max);
        options.push(quote!(digits_max = #max));
    }
    let usual =
        HalfDigits { encoding: rule.encoding, room: rule.capacity(len), full: rule.exact, digits_max: None, pad: None };
    if rule.justify != usual.justify() {
        let word = rule.justify.word();
        options.push(quote!(justify = #word));
    }
    if rule.pad != usual.pad() {
        let pad = Literal::character(char::from_digit(rule.pad.into(), 16).unwrap_or('F').to_ascii_uppercase());
        options.push(quote!(pad = #pad));
    }
    options.extend(accepts(rule.accepts));
    options
}

/// `accepts("host-signs")`, if there are such forms.
pub(super) fn accepts(accepts: Accepts) -> Option<TokenStream> {
    let words = accepts.iter().map(|form| form.word());
    (!accepts.is_empty()).then(|| quote!(accepts(#(#words),*)))
}

/// `none = "zeros"`, or `none("zeros", "spaces")`.
fn none(written: NoneAs, also: NoneSet) -> Option<TokenStream> {
    if also.is_empty() {
        return said(OptionName::None, written);
    }
    let words = std::iter::once(written).chain(also.iter()).map(Word::word);
    Some(quote!(none(#(#words),*)))
}

/// `pattern = "DDMMYYYY"`, if the type and the length do not say it.
fn pattern<P: PartialEq + ToString>(pattern: P, of_type: P) -> Option<TokenStream> {
    let word = pattern.to_string();
    (pattern != of_type).then(|| quote!(pattern = #word))
}

/// `encoding = "packed"`, if it is not that of the charset.
fn encoding(layout: &Layout, encoding: Encoding) -> Option<TokenStream> {
    let word = encoding.word();
    (encoding != layout.charset.encoding()).then(|| quote!(encoding = #word))
}

fn overpunch(side: TokenStream, form: Overpunch) -> TokenStream {
    let form = form.word();
    quote!(sign(#side, overpunch = #form))
}

/// `overflow = "cut"`, if it is not the default value.
fn said<W: Word + Default>(option: OptionName, value: W) -> Option<TokenStream> {
    let key = ident(option.word());
    let word = value.word();
    (value != W::default()).then(|| quote!(#key = #word))
}

/// An enum if the list has names, otherwise text with the list at the field.
fn code(spec: &Spec, layout: &Layout, rule: &CodeRule, len: usize, note: &Note) -> (TokenStream, Vec<TokenStream>) {
    let mut options = vec![];
    if rule.charset != layout.charset {
        let charset = rule.charset.label();
        options.push(quote!(charset = #charset));
    }
    let list = note.codes.as_deref().and_then(|name| spec.code_list(name)).filter(|list| super::codes::is_named(list));
    if let Some(list) = list {
        options.insert(0, quote!(code));
        return (named(&list.name), options);
    }
    let codes = rule.codes.iter().map(|meaning| &*meaning.code);
    let labels = rule.codes.iter().map(|meaning| &*meaning.label);
    options.push(quote!(codes(#(#codes = #labels),*)));
    options.extend((!rule.open).then(|| quote!(closed)));
    (sized("Text", len), options)
}

/// The smallest integer that holds every value of the field.
fn integer(rule: &NumberRule, len: usize) -> TokenStream {
    let signed = rule.sign != Sign::Unsigned;
    if rule.encoding.is_binary() {
        return binary(len, signed);
    }
    let digits = rule.digits(len) + usize::from(rule.zeros());
    match (digits, signed) {
        (..=2, false) => quote!(u8),
        (..=4, false) => quote!(u16),
        (..=9, false) => quote!(u32),
        (..=19, false) => quote!(u64),
        (_, false) => quote!(u128),
        (..=2, true) => quote!(i8),
        (..=4, true) => quote!(i16),
        (..=9, true) => quote!(i32),
        (..=18, true) => quote!(i64),
        (_, true) => quote!(i128),
    }
}

fn binary(len: usize, signed: bool) -> TokenStream {
    match (len, signed) {
        (..=1, false) => quote!(u8),
        (..=2, false) => quote!(u16),
        (..=4, false) => quote!(u32),
        (..=8, false) => quote!(u64),
        (_, false) => quote!(u128),
        (..=1, true) => quote!(i8),
        (..=2, true) => quote!(i16),
        (..=4, true) => quote!(i32),
        (..=8, true) => quote!(i64),
        (_, true) => quote!(i128),
    }
}

fn sized(name: &str, len: usize) -> TokenStream {
    if len > INLINE_MAX_BYTES {
        return quote!(String);
    }
    let name = ident(name);
    let len = Literal::usize_unsuffixed(len);
    quote!(#name<#len>)
}

fn named(name: &str) -> TokenStream {
    let name = ident(name);
    quote!(#name)
}

fn optional(none: NoneAs, ty: TokenStream) -> TokenStream {
    if none == NoneAs::Never { ty } else { quote!(Option<#ty>) }
}

fn pivot(pivot: u8) -> Option<TokenStream> {
    let literal = Literal::u8_unsuffixed(pivot);
    (pivot != PIVOT_DEFAULT).then(|| quote!(pivot = #literal))
}

/// A byte next to digits: the character, or the byte itself if no character of the encoding has it.
fn beside_digits(encoding: Encoding, byte: u8) -> Literal {
    encoding.character_of(byte).map_or_else(|| self::byte(byte), |ascii| Literal::character(char::from(ascii)))
}

pub(super) fn pad(pad: u8) -> TokenStream {
    let pad = byte(pad);
    quote!(pad = #pad)
}

pub(super) fn byte(byte: u8) -> Literal {
    Literal::byte_character(byte)
}
