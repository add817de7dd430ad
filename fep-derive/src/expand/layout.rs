//! The expression for a telegram's constant layout.

use fep_core::charset::CharsetId;
use fep_core::kinds::KindName;
use fep_core::rules::{Nones, Sign};
use fep_core::words::Word as _;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::named;
use crate::attr::{Byte, CodeLine, Computed, CountAttr, ItemPath, Link, PageAttrs};
use crate::model::{Codes, Item, ItemKind, Kind, Len, Repeat, Telegram, Text};
use crate::paths::{self, Paths};

/// The layout.
pub(super) fn layout(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let layout = p.layout();
    let when = p.when();
    let borrowed = p.borrowed();
    let Telegram { name, label, .. } = telegram;
    let charset = p.charset(telegram.charset);
    let stated_len = optional(telegram.len.as_ref().map(|len| len.value));
    let items = telegram.items.iter().map(|it| item(telegram, it));
    let conditions = telegram.when.iter().map(|condition| {
        let path = &condition.path;
        let value = &condition.value;
        quote!(#when { path: #borrowed(#path), value: #borrowed(#value) })
    });
    quote! {
        #layout {
            name: #borrowed(#name),
            label: #borrowed(#label),
            charset: #charset,
            stated_len: #stated_len,
            when: #borrowed(&[#(#conditions),*]),
            items: #borrowed(&[#(#items),*]),
        }
    }
}

fn item(telegram: &Telegram, it: &Item) -> TokenStream {
    let p = &telegram.paths;
    let item = p.item();
    let borrowed = p.borrowed();
    let name = &it.name.value;
    let label = &it.label;
    match &it.what {
        ItemKind::Field(field) => {
            let none = optional(None);
            let len = len(&field.len);
            let kind = kind(p, &field.kind, &it.ty);
            let secret = field.secret;
            field_item(p, it, &quote!(len: #len, kind: #kind, secret: #secret, computed: #none))
        }
        ItemKind::Computed { computed, len, kind: stated, states_kind, secret, .. } => {
            let len = len.value;
            let option = paths::option();
            let kind =
                if *states_kind { kind(p, stated, &it.ty) } else { computed_kind(telegram, it, computed, len, stated) };
            let computed = self::computed(telegram, computed);
            field_item(p, it, &quote!(len: #len, kind: #kind, secret: #secret, computed: #option::Some(#computed)))
        }
        ItemKind::Literal(bytes, is_text) => literal(telegram, it, bytes, *is_text),
        ItemKind::Filler { len, pad, any } => {
            let filler = p.filler();
            let pad = byte_in(p, *pad, telegram.charset);
            quote!(#item::Filler(#filler { label: #borrowed(#label), len: #len, pad: #pad, any: #any }))
        }
        ItemKind::Part => {
            let part = p.part();
            let inner = layout_of(telegram, &it.ty);
            quote!(#item::Part(#part { name: #borrowed(#name), layout: #borrowed(#inner) }))
        }
        ItemKind::Group { entry, repeat, page } => {
            let group = p.group();
            let inner = layout_of(telegram, entry);
            let repeat = self::repeat(telegram, repeat);
            let page = self::page(telegram, page.as_ref());
            quote!(#item::Group(#group {
                name: #borrowed(#name), label: #borrowed(#label), repeat: #repeat, page: #page, layout: #borrowed(#inner)
            }))
        }
        ItemKind::Choice(by) => {
            let choice = p.choice();
            let body = p.body();
            let ty = named::body(telegram, &it.ty);
            let by = &by.value;
            let cases = quote_spanned!(ty.span()=> <#ty as #body>::CASES);
            quote!(#item::Choice(#choice {
                name: #borrowed(#name), label: #borrowed(#label), by: #borrowed(#by), cases: #borrowed(#cases)
            }))
        }
        ItemKind::Tail(field) => {
            let none = optional(None);
            let path = p.field();
            let len = len(&field.len);
            let kind = kind(p, &field.kind, &it.ty);
            let secret = field.secret;
            quote!(#item::Tail(#path {
                name: #borrowed(#name), label: #borrowed(#label), len: #len, kind: #kind, secret: #secret, computed: #none
            }))
        }
    }
}

fn literal(telegram: &Telegram, it: &Item, bytes: &[Byte], is_text: bool) -> TokenStream {
    let p = &telegram.paths;
    let item = p.item();
    let borrowed = p.borrowed();
    let literal = p.literal();
    let option = paths::option();
    let name = &it.name.value;
    let label = &it.label;
    let bytes = literal_bytes(p, bytes, telegram.charset);
    let charset = p.charset(telegram.charset);
    let text = if is_text { quote!(#option::Some(#charset)) } else { quote!(#option::None) };
    quote!(#item::Literal(#literal {
        name: #borrowed(#name), label: #borrowed(#label), bytes: #borrowed(#bytes), text: #text
    }))
}

/// The kind of a computed field: a number, or the kind of a sign or a check.
fn computed_kind(telegram: &Telegram, it: &Item, computed: &Computed, len: usize, number: &Kind) -> TokenStream {
    let p = &telegram.paths;
    let path = p.kind();
    let text_rule = p.rule(KindName::Text);
    match computed {
        Computed::Sign { .. } => {
            let charset = p.charset(telegram.charset);
            quote!(#path::Text(#text_rule::new(#charset)))
        }
        Computed::Check { .. } | Computed::Link(Link::Check { .. }) if len == 1 => {
            let bytes_rule = p.rule(KindName::Bytes);
            quote!(#path::Bytes(#bytes_rule))
        }
        Computed::Check { .. } | Computed::Link(Link::Check { .. }) => {
            let charset = p.charset(CharsetId::Ascii);
            quote!(#path::Text(#text_rule::new(#charset)))
        }
        _ => kind(p, number, &it.ty),
    }
}

fn page(telegram: &Telegram, page: Option<&PageAttrs>) -> TokenStream {
    let path = telegram.paths.page();
    let option = paths::option();
    let borrowed = telegram.paths.borrowed();
    let Some(PageAttrs { total, start }) = page else { return quote!(#option::None) };
    let total = name_of(telegram, total);
    let start = name_of(telegram, start);
    quote!(#option::Some(#path { total: #borrowed(#total), start: #borrowed(#start) }))
}

fn field_item(p: &Paths, it: &Item, rest: &TokenStream) -> TokenStream {
    let item = p.item();
    let field = p.field();
    let borrowed = p.borrowed();
    let name = &it.name.value;
    let label = &it.label;
    quote!(#item::Field(#field { name: #borrowed(#name), label: #borrowed(#label), #rest }))
}

/// The layout of another telegram. The path has the span of the type, so that an error about a type without a layout is shown there.
fn layout_of(telegram: &Telegram, ty: &syn::Type) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let ty = named::part(telegram, ty);
    quote_spanned!(ty.span()=> <#ty as #trait_>::LAYOUT)
}

/// The length, stated or from the type.
pub(super) fn len(len: &Len) -> TokenStream {
    match len {
        Len::Stated(len) => len.value.to_token_stream(),
        Len::OfType(len) => len.to_token_stream(),
    }
}

fn computed(telegram: &Telegram, computed: &Computed) -> TokenStream {
    let p = &telegram.paths;
    let path = p.computed();
    let borrowed = p.borrowed();
    match computed {
        Computed::Length(scope) => {
            let scope = p.word(*scope);
            quote!(#path::Length(#scope))
        }
        Computed::LengthOf(of) => {
            let name = name_of(telegram, of);
            quote!(#path::LengthOf(#borrowed(#name)))
        }
        Computed::Count(group) => {
            let name = name_of(telegram, group);
            quote!(#path::Count(#borrowed(#name)))
        }
        Computed::Sum { group, path: inner } => {
            let names = inner.iter().map(|name| name.unraw().to_string());
            let full: Vec<String> = std::iter::once(name_of(telegram, group).to_owned()).chain(names).collect();
            let full = full.join(".");
            quote!(#path::Sum(#borrowed(#full)))
        }
        Computed::Sequence(first) => quote!(#path::Sequence(#first)),
        Computed::Sign { of, plus, minus, zero } => {
            let sign_of = p.sign_of();
            let option = paths::option();
            let name = name_of(telegram, of);
            let at = |given| byte_in(p, given, telegram.charset);
            let plus = at(*plus);
            let minus = at(*minus);
            let zero = zero.map(at).map_or_else(|| quote!(#option::None), |zero| quote!(#option::Some(#zero)));
            quote!(#path::Sign(#sign_of { of: #borrowed(#name), plus: #plus, minus: #minus, zero: #zero }))
        }
        Computed::Check { function, from } => {
            check(p, function.as_ref(), from.as_ref().map(|from| name_of(telegram, from)), None)
        }
        Computed::Link(link) => self::link(telegram, link),
    }
}

fn link(telegram: &Telegram, link: &Link) -> TokenStream {
    let p = &telegram.paths;
    let path = p.computed();
    let borrowed = p.borrowed();
    let full = |path| path_of(telegram, path);
    match link {
        Link::Length(of) => {
            let of = full(of);
            quote!(#path::LengthOf(#borrowed(#of)))
        }
        Link::Count(of) => {
            let of = full(of);
            quote!(#path::Count(#borrowed(#of)))
        }
        Link::Sum(of) => {
            let of = full(of);
            quote!(#path::Sum(#borrowed(#of)))
        }
        Link::Check { function, from, to } => {
            let from = from.as_ref().map(full);
            let to = to.as_ref().map(full);
            check(p, function.as_ref(), from.as_deref(), to.as_deref())
        }
    }
}

fn check(p: &Paths, function: Option<&syn::Path>, from: Option<&str>, to: Option<&str>) -> TokenStream {
    let path = p.computed();
    let borrowed = p.borrowed();
    let check = p.check();
    let option = paths::option();
    let name = function.and_then(|path| path.segments.last());
    let name = name.map_or_else(|| "xor".to_owned(), |segment| segment.ident.unraw().to_string());
    let end =
        |item: Option<&str>| item.map_or_else(|| quote!(#option::None), |item| quote!(#option::Some(#borrowed(#item))));
    let from = end(from);
    let to = end(to);
    let run = function.map_or_else(|| p.xor(), ToTokens::to_token_stream);
    quote!(#path::Check(#check { name: #borrowed(#name), from: #from, to: #to, run: #option::Some(#run) }))
}

/// A path in the layout. The head of an outer path is written as in the layout that contains it.
fn path_of(telegram: &Telegram, path: &ItemPath) -> String {
    let head = path.head.unraw().to_string();
    path.within(if path.outer { &head } else { name_of(telegram, &path.head) })
}

fn counter(telegram: &Telegram, by: &CountAttr) -> String {
    let names = by.inner.iter().map(|name| name.unraw().to_string());
    let all: Vec<String> = std::iter::once(name_of(telegram, &by.head).to_owned()).chain(names).collect();
    all.join(".")
}

fn repeat(telegram: &Telegram, repeat: &Repeat) -> TokenStream {
    let path = telegram.paths.repeat();
    let borrowed = telegram.paths.borrowed();
    let option = paths::option();
    match repeat {
        Repeat::Fixed(count) => quote!(#path::Fixed(#count)),
        Repeat::Counted { by, max } => {
            let by = counter(telegram, by);
            let max = max.value;
            quote!(#path::Counted { by: #borrowed(#by), max: #max })
        }
        Repeat::Padded { by, max, pad } => {
            let by = by.as_ref().map(|by| counter(telegram, by));
            let by = by.map_or_else(|| quote!(#option::None), |by| quote!(#option::Some(#borrowed(#by))));
            let max = max.value;
            let pad = byte_in(&telegram.paths, *pad, telegram.charset);
            quote!(#path::Padded { by: #by, max: #max, pad: #pad })
        }
        Repeat::Rest { max } => {
            let max = max.value;
            quote!(#path::Rest { max: #max })
        }
    }
}

/// A sibling's name in the layout.
fn name_of<'t>(telegram: &'t Telegram, member: &syn::Ident) -> &'t str {
    telegram.items.iter().find(|item| item.member == *member).map_or("", |item| &item.name.value)
}

fn kind(p: &Paths, kind: &Kind, ty: &syn::Type) -> TokenStream {
    let path = p.kind();
    let variant = format_ident!("{}", kind.name().variant_name());
    let rule = p.rule(kind.name());
    let options = match kind {
        Kind::Text(text) => text_options(p, text),
        Kind::Digits { encoding, exact, pad, justify } => {
            let encoding = p.word(*encoding);
            let pad = byte(*pad);
            let justify = p.word(*justify);
            quote!({ encoding: #encoding, exact: #exact, pad: #pad, justify: #justify })
        }
        Kind::Number { encoding, sign: place, scale, none, digits_max } => {
            let encoding = p.word(*encoding);
            let sign = sign(p, *place);
            let none = nones(p, *none);
            let scale = proc_macro2::Literal::usize_unsuffixed(*scale);
            let option = paths::option();
            let max = digits_max.map(proc_macro2::Literal::usize_unsuffixed);
            let max = max.map_or_else(|| quote!(#option::None), |max| quote!(#option::Some(#max)));
            quote!({ encoding: #encoding, sign: #sign, scale: #scale, #none, digits_max: #max })
        }
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
fn byte_in(p: &Paths, given: Byte, set: CharsetId) -> TokenStream {
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

fn literal_bytes(p: &Paths, bytes: &[Byte], set: CharsetId) -> TokenStream {
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
pub(super) fn code_meaning(p: &Paths, code: &str, label: &str) -> TokenStream {
    let code_meaning = p.code_meaning();
    let borrowed = p.borrowed();
    quote!(#code_meaning { code: #borrowed(#code), label: #borrowed(#label) })
}

fn optional(value: Option<usize>) -> TokenStream {
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
