//! The expression for a telegram's constant layout.

mod rule;

use fep_core::charset::CharsetId;
use fep_core::kinds::KindName;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

pub(super) use self::rule::code_meaning;
use self::rule::{accepts, byte_in, kind, literal_bytes, optional};
use super::ask::{flattened_layout, index};
use super::named;
use crate::attr::{Byte, Computed, CountAttr, ItemPath, Link, PageAttrs};
use crate::model::{Field, Item, ItemKind, Kind, Len, Repeat, Telegram};
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
    let items = items(telegram);
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
            items: #borrowed(#items),
        }
    }
}

/// The list of items. The items of flattened parts are spliced in.
fn items(telegram: &Telegram) -> TokenStream {
    if !telegram.has_flattened() {
        let items = telegram.items.iter().map(|it| item(telegram, it));
        return quote!(&[#(#items),*]);
    }
    let spliced = telegram.paths.slots("spliced");
    let len = index(telegram, telegram.items.len());
    let lists = telegram.items.chunk_by(|it, next| !is_flattened(it) && !is_flattened(next)).map(|list| match list {
        [it] if is_flattened(it) => {
            let part = flattened_layout(telegram, it);
            quote!(#part.items())
        }
        own => {
            let own = own.iter().map(|it| item(telegram, it));
            quote!(&[#(#own),*])
        }
    });
    quote!(const { &#spliced::<{ #len }>(&[#(#lists),*]) })
}

const fn is_flattened(item: &Item) -> bool {
    matches!(item.what, ItemKind::Flatten)
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
        // Its items are spliced in.
        ItemKind::Flatten => TokenStream::new(),
        ItemKind::Group { entry, repeat, page, value } => {
            let group = p.group();
            let inner = match value {
                Some(value) => array_entry(telegram, it, entry, value),
                None => layout_of(telegram, entry),
            };
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

/// The layout of an array's entry: one field without a name.
fn array_entry(telegram: &Telegram, it: &Item, ty: &syn::Type, value: &Field) -> TokenStream {
    let p = &telegram.paths;
    let layout = p.layout();
    let item = p.item();
    let field = p.field();
    let borrowed = p.borrowed();
    let charset = p.charset(telegram.charset);
    let none = optional(None);
    let label = &it.label;
    let len = len(&value.len);
    let kind = kind(p, &value.kind, ty);
    let secret = value.secret;
    quote! {
        &#layout {
            name: #borrowed(""),
            label: #borrowed(""),
            charset: #charset,
            stated_len: #none,
            when: #borrowed(&[]),
            items: #borrowed(&[#item::Field(#field {
                name: #borrowed(""), label: #borrowed(#label), len: #len, kind: #kind, secret: #secret, computed: #none
            })]),
        }
    }
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
            let full: Vec<String> = std::iter::once(name_of(telegram, group)).chain(names).collect();
            let full = full.join(".");
            quote!(#path::Sum(#borrowed(#full)))
        }
        Computed::Sequence(first) => quote!(#path::Sequence(#first)),
        Computed::Sign { of, plus, minus, zero, accepts: forms, .. } => {
            let sign_of = p.sign_of();
            let option = paths::option();
            let name = name_of(telegram, of);
            let at = |given| byte_in(p, given, telegram.charset);
            let plus = at(*plus);
            let minus = at(*minus);
            let forms = accepts(p, *forms);
            let zero = zero.map(at).map_or_else(|| quote!(#option::None), |zero| quote!(#option::Some(#zero)));
            quote!(#path::Sign(#sign_of { of: #borrowed(#name), plus: #plus, minus: #minus, zero: #zero, accepts: #forms }))
        }
        Computed::Check { function, from } => {
            let from = from.as_ref().map(|from| name_of(telegram, from));
            check(p, function.as_ref(), from.as_deref(), None)
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
    path.within(&if path.outer { head } else { name_of(telegram, &path.head) })
}

fn counter(telegram: &Telegram, by: &CountAttr) -> String {
    let names = by.inner.iter().map(|name| name.unraw().to_string());
    let all: Vec<String> = std::iter::once(name_of(telegram, &by.head)).chain(names).collect();
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

/// A sibling's name in the layout. An item of a flattened part has its name from there.
fn name_of(telegram: &Telegram, member: &syn::Ident) -> String {
    let own = telegram.items.iter().find(|item| item.member == *member && !is_flattened(item));
    own.map_or_else(|| member.unraw().to_string(), |item| item.name.value.clone())
}
