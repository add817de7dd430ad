//! A telegram's items as the expression that is its constant layout.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::attr::{
    Byte, Charset, CodeLine, Computed, DatePattern, DateTimePattern, Encoding, Half, Justify, LengthScope, NoneAs,
    Overflow, Overpunch, PageAttrs, Sign, TimePattern,
};
use crate::model::{Codes, Item, ItemKind, Kind, Len, Repeat, Telegram, Text};
use crate::paths::{self, Paths};

/// The layout.
pub(super) fn layout(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let layout = p.layout();
    let when = p.when();
    let borrowed = p.borrowed();
    let Telegram { name, label, .. } = telegram;
    let charset = charset(p, telegram.charset);
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
        ItemKind::Computed { computed, len, kind: number, secret, .. } => {
            let len = len.value;
            let option = paths::option();
            let kind = computed_kind(telegram, it, computed, len, number);
            let computed = self::computed(telegram, computed);
            field_item(p, it, &quote!(len: #len, kind: #kind, secret: #secret, computed: #option::Some(#computed)))
        }
        ItemKind::Literal(bytes) => {
            let literal = p.literal();
            let bytes = literal_bytes(p, bytes, telegram.charset);
            quote!(#item::Literal(#literal { name: #borrowed(#name), label: #borrowed(#label), bytes: #borrowed(#bytes) }))
        }
        ItemKind::Filler { len, pad, any } => {
            let filler = p.filler();
            let pad = byte_in(p, *pad, telegram.charset);
            quote!(#item::Filler(#filler { label: #borrowed(#label), len: #len, pad: #pad, any: #any }))
        }
        ItemKind::Part => {
            let part = p.part();
            let inner = layout_of(p, &it.ty);
            quote!(#item::Part(#part { name: #borrowed(#name), layout: #borrowed(#inner) }))
        }
        ItemKind::Group { entry, repeat, page } => {
            let group = p.group();
            let inner = layout_of(p, entry);
            let repeat = self::repeat(telegram, repeat);
            let page = self::page(telegram, page.as_ref());
            quote!(#item::Group(#group {
                name: #borrowed(#name), label: #borrowed(#label), repeat: #repeat, page: #page, layout: #borrowed(#inner)
            }))
        }
        ItemKind::Choice(by) => {
            let choice = p.choice();
            let body = p.body();
            let ty = &it.ty;
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

/// What a computed field's bytes are: a number, a sign or a check.
fn computed_kind(telegram: &Telegram, it: &Item, computed: &Computed, len: usize, number: &Kind) -> TokenStream {
    let p = &telegram.paths;
    let path = p.kind();
    let text_rule = p.text_rule();
    match computed {
        Computed::Sign { .. } => {
            let charset = charset(p, telegram.charset);
            quote!(#path::Text(#text_rule::new(#charset)))
        }
        Computed::Check { .. } if len == 1 => {
            let bytes_rule = p.bytes_rule();
            quote!(#path::Bytes(#bytes_rule))
        }
        Computed::Check { .. } => {
            let charset = charset(p, Charset::ASCII);
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

/// The layout of another telegram. The type stands at its own place, so that a type without one is marked there.
fn layout_of(p: &Paths, ty: &syn::Type) -> TokenStream {
    let telegram = p.telegram();
    quote_spanned!(ty.span()=> <#ty as #telegram>::LAYOUT)
}

/// The length, also where it is the type's.
pub(super) fn len(len: &Len) -> TokenStream {
    match len {
        Len::Stated(len) => len.value.to_token_stream(),
        Len::OfType(len) => len.to_token_stream(),
    }
}

fn computed(telegram: &Telegram, computed: &Computed) -> TokenStream {
    let p = &telegram.paths;
    let path = p.computed();
    let counts = p.counts();
    let borrowed = p.borrowed();
    match computed {
        Computed::Length(LengthScope::Rest) => quote!(#path::Length(#counts::Rest)),
        Computed::Length(LengthScope::All) => quote!(#path::Length(#counts::All)),
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
            let check = p.check();
            let option = paths::option();
            let name = function.as_ref().and_then(|path| path.segments.last());
            let name = name.map_or_else(|| "xor".to_owned(), |segment| segment.ident.unraw().to_string());
            let from = from.as_ref().map(|from| name_of(telegram, from));
            let from = from.map_or_else(|| quote!(#option::None), |from| quote!(#option::Some(#borrowed(#from))));
            let run = function.as_ref().map_or_else(|| p.xor(), ToTokens::to_token_stream);
            quote!(#path::Check(#check { name: #borrowed(#name), from: #from, run: #option::Some(#run) }))
        }
    }
}

fn repeat(telegram: &Telegram, repeat: &Repeat) -> TokenStream {
    let path = telegram.paths.repeat();
    let borrowed = telegram.paths.borrowed();
    let option = paths::option();
    match repeat {
        Repeat::Fixed(count) => quote!(#path::Fixed(#count)),
        Repeat::Counted { by, max } => {
            let by = name_of(telegram, by);
            let max = max.value;
            quote!(#path::Counted { by: #borrowed(#by), max: #max })
        }
        Repeat::Padded { by, max, pad } => {
            let by = by.as_ref().map(|by| name_of(telegram, by));
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

/// The type of a field's rule.
pub(super) fn rule_type(p: &Paths, kind: &Kind) -> TokenStream {
    match kind {
        Kind::Text(_) => p.text_rule(),
        Kind::Digits { .. } => p.digits_rule(),
        Kind::Number { .. } => p.number_rule(),
        Kind::Date { .. } => p.date_rule(),
        Kind::Time { .. } => p.time_rule(),
        Kind::DateTime { .. } => p.datetime_rule(),
        Kind::Code { .. } => p.code_rule(),
        Kind::Flag { .. } => p.flag_rule(),
        Kind::Bytes => p.bytes_rule(),
    }
}

/// The kind's variant, which is also what the layout's accessor is called.
fn variant(kind: &Kind) -> TokenStream {
    match kind {
        Kind::Text(_) => quote!(Text),
        Kind::Digits { .. } => quote!(Digits),
        Kind::Number { .. } => quote!(Number),
        Kind::Date { .. } => quote!(Date),
        Kind::Time { .. } => quote!(Time),
        Kind::DateTime { .. } => quote!(DateTime),
        Kind::Code { .. } => quote!(Code),
        Kind::Flag { .. } => quote!(Flag),
        Kind::Bytes => quote!(Bytes),
    }
}

fn kind(p: &Paths, kind: &Kind, ty: &syn::Type) -> TokenStream {
    let path = p.kind();
    let variant = variant(kind);
    let rule = rule_type(p, kind);
    let options = match kind {
        Kind::Text(text) => text_options(p, text),
        Kind::Digits { encoding: digits, full, pad, justify: side } => {
            let digits = encoding(p, *digits);
            let pad = byte(*pad);
            let side = justify(p, *side);
            quote!({ encoding: #digits, exact: #full, pad: #pad, justify: #side })
        }
        Kind::Number { encoding: digits, sign: place, scale, none, digits_max } => {
            let digits = encoding(p, *digits);
            let place = sign(p, *place);
            let none = none_as(p, *none);
            let scale = proc_macro2::Literal::usize_unsuffixed(*scale);
            let option = paths::option();
            let max = digits_max.map(proc_macro2::Literal::usize_unsuffixed);
            let max = max.map_or_else(|| quote!(#option::None), |max| quote!(#option::Some(#max)));
            quote!({ encoding: #digits, sign: #place, scale: #scale, none: #none, digits_max: #max })
        }
        Kind::Date { pattern, encoding: digits, none, pivot: year } => {
            let pattern = date_pattern(p, *pattern);
            let none = none_as(p, *none);
            let year = pivot(p, *year);
            let digits = encoding(p, *digits);
            quote!({ pattern: #pattern, encoding: #digits, none: #none, pivot: #year })
        }
        Kind::Time { pattern, encoding: digits, none } => {
            let pattern = time_pattern(p, *pattern);
            let digits = encoding(p, *digits);
            let none = none_as(p, *none);
            quote!({ pattern: #pattern, encoding: #digits, none: #none })
        }
        Kind::DateTime { pattern, encoding: digits, none, pivot: year } => {
            let pattern = datetime_pattern(p, *pattern);
            let none = none_as(p, *none);
            let year = pivot(p, *year);
            let digits = encoding(p, *digits);
            quote!({ pattern: #pattern, encoding: #digits, none: #none, pivot: #year })
        }
        Kind::Code { charset: set, codes } => {
            let set = charset(p, *set);
            let list = code_list(p, codes, ty);
            quote!({ charset: #set, #list })
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

fn text_options(p: &Paths, text: &Text) -> TokenStream {
    let Text { charset: set, unpadded, pad, compat, open_shift, newline_15, .. } = text;
    let pad = byte_in(p, *pad, *set);
    let set = charset(p, *set);
    let side = justify(p, text.justify);
    let overflow = overflow_of(p, text.overflow);
    let width = p.width();
    let half = p.half();
    let width = if text.full { quote!(#width::Wide) } else { quote!(#width::Any) };
    let half = match text.half {
        Half::Refuse => quote!(#half::Refuse),
        Half::Replace => quote!(#half::Replace),
        Half::Drop => quote!(#half::Drop),
    };
    quote!({
        charset: #set, exact: #unpadded, pad: #pad, justify: #side, overflow: #overflow, width: #width, compat: #compat, half: #half,
        open_shift: #open_shift, newline_15: #newline_15
    })
}

/// A byte that may be a character of the charset, which only the runtime knows.
fn byte_in(p: &Paths, given: Byte, set: Charset) -> TokenStream {
    match given {
        Byte::Ascii(ascii) if !set.keeps_ascii() => {
            let set = charset(p, set);
            let ascii = byte(ascii);
            let ascii_byte = p.slots("ascii_byte");
            quote!(#ascii_byte(#set, #ascii))
        }
        given => byte(given.value()).into_token_stream(),
    }
}

fn literal_bytes(p: &Paths, bytes: &[Byte], set: Charset) -> TokenStream {
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
            quote_spanned!(ty.span()=> codes: #borrowed(<#ty as #code_set>::CODES), open: <#ty as #code_set>::OPEN)
        }
        Codes::Listed { lines, open } => {
            let meanings = lines.iter().map(|CodeLine { code, label, .. }| code_meaning(p, code, label));
            quote!(codes: #borrowed(&[#(#meanings),*]), open: #open)
        }
    }
}

/// A code with its label.
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

pub(super) fn charset(p: &Paths, charset: Charset) -> TokenStream {
    let path = p.charset();
    let variant = quote::format_ident!("{}", charset.variant());
    quote!(#path::#variant)
}

fn justify(p: &Paths, justify: Justify) -> TokenStream {
    let path = p.justify();
    match justify {
        Justify::Left => quote!(#path::Left),
        Justify::Right => quote!(#path::Right),
    }
}

fn overflow_of(p: &Paths, overflow: Overflow) -> TokenStream {
    let path = p.overflow();
    match overflow {
        Overflow::Error => quote!(#path::Error),
        Overflow::Cut => quote!(#path::Cut),
    }
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
            let form = overpunch(p, form);
            quote!(#path::LeadingOverpunch(#form))
        }
        Sign::TrailingOverpunch(form) => {
            let form = overpunch(p, form);
            quote!(#path::TrailingOverpunch(#form))
        }
        Sign::Signed => quote!(#path::Signed),
    }
}

fn encoding(p: &Paths, encoding: Encoding) -> TokenStream {
    let path = p.encoding();
    match encoding {
        Encoding::Ascii => quote!(#path::Ascii),
        Encoding::Ebcdic => quote!(#path::Ebcdic),
        Encoding::Packed => quote!(#path::Packed),
        Encoding::Bcd => quote!(#path::Bcd),
        Encoding::Binary => quote!(#path::Binary),
        Encoding::BinaryLittle => quote!(#path::BinaryLittle),
    }
}

fn overpunch(p: &Paths, form: Overpunch) -> TokenStream {
    let path = p.overpunch();
    match form {
        Overpunch::Ebcdic => quote!(#path::Ebcdic),
        Overpunch::EbcdicMinus => quote!(#path::EbcdicMinus),
        Overpunch::StrictAscii => quote!(#path::StrictAscii),
    }
}

fn none_as(p: &Paths, none: NoneAs) -> TokenStream {
    let path = p.none_as();
    match none {
        NoneAs::Never => quote!(#path::Never),
        NoneAs::Spaces => quote!(#path::Spaces),
        NoneAs::Zeros => quote!(#path::Zeros),
        NoneAs::Nines => quote!(#path::Nines),
        NoneAs::EbcdicSpaces => quote!(#path::EbcdicSpaces),
        NoneAs::LowValues => quote!(#path::LowValues),
    }
}

fn pivot(p: &Paths, pivot: Option<usize>) -> TokenStream {
    pivot.map_or_else(|| p.pivot_default(), |pivot| proc_macro2::Literal::usize_unsuffixed(pivot).into_token_stream())
}

fn date_pattern(p: &Paths, pattern: DatePattern) -> TokenStream {
    let path = p.date_pattern();
    match pattern {
        DatePattern::YyyyMmDd => quote!(#path::YyyyMmDd),
        DatePattern::YyMmDd => quote!(#path::YyMmDd),
        DatePattern::YyyyDdd => quote!(#path::YyyyDdd),
        DatePattern::MmDd => quote!(#path::MmDd),
    }
}

fn time_pattern(p: &Paths, pattern: TimePattern) -> TokenStream {
    let path = p.time_pattern();
    match pattern {
        TimePattern::HhMmSs => quote!(#path::HhMmSs),
        TimePattern::HhMm => quote!(#path::HhMm),
    }
}

fn datetime_pattern(p: &Paths, pattern: DateTimePattern) -> TokenStream {
    let path = p.datetime_pattern();
    match pattern {
        DateTimePattern::YyyyMmDdHhMmSs => quote!(#path::YyyyMmDdHhMmSs),
        DateTimePattern::YyMmDdHhMmSs => quote!(#path::YyMmDdHhMmSs),
        DateTimePattern::MmDdHhMmSs => quote!(#path::MmDdHhMmSs),
    }
}
