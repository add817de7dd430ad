//! The expression for the kind of a field, with its rule.

use fep_core::accepts::Accepts;
use fep_core::charset::CharsetId;
use fep_core::rules::{Nones, Sign};
use fep_core::words::Word as _;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::super::named;
use crate::attr::{Byte, CodeLine};
use crate::model::{Codes, Digits, Kind, Number, Text};
use crate::paths::{self, Paths};

pub(super) fn kind(p: &Paths, kind: &Kind, ty: &syn::Type) -> TokenStream {
    let path = p.kind();
    let variant = format_ident!("{}", kind.name().variant_name());
    let rule = p.rule(kind.name());
    let options = match kind {
        Kind::Text(text) => text_options(p, text),
        Kind::Digits(digits) => digits_options(p, digits),
        Kind::Number(number) => number_options(p, number),
        Kind::Date { pattern, encoding, none, pivot: year } => {
            let pattern = pattern_of(p, "date_pattern", pattern);
            let encoding = p.word(*encoding);
            let none = nones(p, *none);
            let year = pivot(p, *year);
            quote!({ pattern: #pattern, encoding: #encoding, #none, pivot: #year })
        }
        Kind::Time { pattern, encoding, none } => {
            let pattern = pattern_of(p, "time_pattern", pattern);
            let encoding = p.word(*encoding);
            let none = nones(p, *none);
            quote!({ pattern: #pattern, encoding: #encoding, #none })
        }
        Kind::DateTime { pattern, encoding, none, pivot: year } => {
            let pattern = pattern_of(p, "datetime_pattern", pattern);
            let encoding = p.word(*encoding);
            let none = nones(p, *none);
            let year = pivot(p, *year);
            quote!({ pattern: #pattern, encoding: #encoding, #none, pivot: #year })
        }
        Kind::Code { charset, codes } => {
            let charset = p.charset(*charset);
            let list = code_list(p, codes, ty);
            quote!({ charset: #charset, #list })
        }
        Kind::Flag { yes, no, charset } => {
            let yes = byte_in(p, *yes, *charset);
            let no = byte_in(p, *no, *charset);
            quote!({ yes: #yes, no: #no })
        }
        Kind::Bytes => TokenStream::new(),
    };
    quote!(#path::#variant(#rule #options))
}

/// `slots::date_pattern("DDMMYYYY")`
fn pattern_of(p: &Paths, function: &str, pattern: &impl ToString) -> TokenStream {
    let function = p.slots(function);
    let word = pattern.to_string();
    quote!(#function(#word))
}

/// The fields `none` and `none_also` of a rule.
fn nones(p: &Paths, nones: Nones) -> TokenStream {
    let written = p.word(nones.written);
    let set = p.none_set();
    let also = nones.also.iter().map(|none| p.word(none));
    quote!(none: #written, none_also: #set::EMPTY #(.with(#also))*)
}

fn digits_options(p: &Paths, digits: &Digits) -> TokenStream {
    let Digits { exact, .. } = digits;
    let encoding = p.word(digits.encoding);
    let pad = byte(digits.pad);
    let justify = p.word(digits.justify);
    let max = unsuffixed(digits.digits_max);
    let accepts = accepts(p, digits.accepts);
    quote!({ encoding: #encoding, exact: #exact, pad: #pad, justify: #justify, digits_max: #max, accepts: #accepts })
}

fn number_options(p: &Paths, number: &Number) -> TokenStream {
    let encoding = p.word(number.encoding);
    let sign = sign(p, number.sign);
    let none = nones(p, number.none);
    let scale = proc_macro2::Literal::i8_unsuffixed(number.scale);
    let max = unsuffixed(number.digits_max);
    let point = optional_byte(number.point);
    let pad = optional_byte(number.pad);
    let justify = p.word(number.justify);
    let accepts = accepts(p, number.accepts);
    quote!({
        encoding: #encoding, sign: #sign, scale: #scale, #none, digits_max: #max, point: #point, pad: #pad,
        justify: #justify, accepts: #accepts
    })
}

pub(super) fn accepts(p: &Paths, accepts: Accepts) -> TokenStream {
    let path = p.accepts();
    let forms = accepts.iter().map(|form| p.word(form));
    quote!(#path::of(&[#(#forms),*]))
}

fn unsuffixed(number: Option<usize>) -> TokenStream {
    let option = paths::option();
    let number = number.map(proc_macro2::Literal::usize_unsuffixed);
    number.map_or_else(|| quote!(#option::None), |number| quote!(#option::Some(#number)))
}

fn optional_byte(given: Option<u8>) -> TokenStream {
    let option = paths::option();
    let given = given.map(byte);
    given.map_or_else(|| quote!(#option::None), |given| quote!(#option::Some(#given)))
}

fn text_options(p: &Paths, text: &Text) -> TokenStream {
    let Text { exact, compat, open_shift, newline_15, .. } = text;
    let pad = byte_in(p, text.pad, text.charset);
    let charset = p.charset(text.charset);
    let justify = p.word(text.justify);
    let overflow = p.word(text.overflow);
    let width = p.word(text.width);
    let half = p.word(text.half);
    quote!({
        charset: #charset, exact: #exact, pad: #pad, justify: #justify, overflow: #overflow, width: #width, compat: #compat,
        half: #half, open_shift: #open_shift, newline_15: #newline_15
    })
}

/// A byte that may be a character of the charset. Only the runtime knows the bytes of characters in EBCDIC.
pub(super) fn byte_in(p: &Paths, given: Byte, set: CharsetId) -> TokenStream {
    match given {
        Byte::Ascii(ascii) if !set.keeps_ascii() => {
            let set = p.charset(set);
            let ascii = byte(ascii);
            let ascii_byte = p.slots("ascii_byte");
            quote!(#ascii_byte(#set, #ascii))
        }
        given => byte(given.value()).into_token_stream(),
    }
}

pub(super) fn literal_bytes(p: &Paths, bytes: &[Byte], set: CharsetId) -> TokenStream {
    if set.keeps_ascii() || bytes.iter().all(|byte| matches!(byte, Byte::Raw(_))) {
        let bytes: Vec<u8> = bytes.iter().map(|byte| byte.value()).collect();
        return proc_macro2::Literal::byte_string(&bytes).into_token_stream();
    }
    let bytes = bytes.iter().map(|byte| byte_in(p, *byte, set));
    quote!(const { &[#(#bytes),*] })
}

fn code_list(p: &Paths, codes: &Codes, ty: &syn::Type) -> TokenStream {
    let borrowed = p.borrowed();
    match codes {
        Codes::OfType => {
            let code_set = p.code_set();
            let ty = named::code(p, ty);
            quote_spanned!(ty.span()=> codes: #borrowed(<#ty as #code_set>::CODES), open: <#ty as #code_set>::OPEN)
        }
        Codes::Listed { lines, open } => {
            let meanings = lines.iter().map(|CodeLine { code, label, .. }| code_meaning(p, code, label));
            quote!(codes: #borrowed(&[#(#meanings),*]), open: #open)
        }
    }
}

/// The expression for a code with its label.
pub(in crate::expand) fn code_meaning(p: &Paths, code: &str, label: &str) -> TokenStream {
    let code_meaning = p.code_meaning();
    let borrowed = p.borrowed();
    quote!(#code_meaning { code: #borrowed(#code), label: #borrowed(#label) })
}

pub(super) fn optional(value: Option<usize>) -> TokenStream {
    let option = paths::option();
    match value {
        Some(value) => quote!(#option::Some(#value)),
        None => quote!(#option::None),
    }
}

fn byte(byte: u8) -> proc_macro2::Literal {
    proc_macro2::Literal::byte_character(byte)
}

fn sign(p: &Paths, sign: Sign) -> TokenStream {
    let path = p.sign();
    match sign {
        Sign::Elsewhere => quote!(#path::Elsewhere),
        Sign::Unsigned => quote!(#path::Unsigned),
        Sign::LeadingMinus => quote!(#path::LeadingMinus),
        Sign::Leading { plus, minus } => {
            let plus = byte(plus);
            let minus = byte(minus);
            quote!(#path::Leading { plus: #plus, minus: #minus })
        }
        Sign::Trailing { plus, minus } => {
            let plus = byte(plus);
            let minus = byte(minus);
            quote!(#path::Trailing { plus: #plus, minus: #minus })
        }
        Sign::LeadingOverpunch(form) => {
            let form = p.word(form);
            quote!(#path::LeadingOverpunch(#form))
        }
        Sign::TrailingOverpunch(form) => {
            let form = p.word(form);
            quote!(#path::TrailingOverpunch(#form))
        }
        Sign::Signed => quote!(#path::Signed),
    }
}

fn pivot(p: &Paths, pivot: Option<usize>) -> TokenStream {
    pivot.map_or_else(|| p.pivot_default(), |pivot| proc_macro2::Literal::usize_unsuffixed(pivot).into_token_stream())
}
