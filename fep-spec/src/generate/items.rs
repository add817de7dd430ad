//! One item of a layout → one field of a struct: its type and its attribute.

use fep_codec::layout::{self, Check, Computed, Field, Group, Item, Kind, LengthScope, Repeat, SignOf};
use fep_codec::{Charset, Layout};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::flattened::Flattened;
use super::kinds::{accepts, byte, check_kind, kind, number, pad, tail};
use super::words::{doc, ident, item_ident, own_name};
use crate::lower::of_item;
use crate::model::{Note, Spec};

/// Counts the items without a name, to give them names.
#[derive(Default)]
pub(super) struct Unnamed {
    reserved: usize,
    literals: usize,
}

/// A struct's field: doc comment, attribute, name, type.
pub(super) fn field(
    spec: &Spec,
    layout: &Layout,
    flattened: &Flattened<'_>,
    item: &Item,
    note: &Note,
    unnamed: &mut Unnamed,
) -> TokenStream {
    match item {
        Item::Field(field) => {
            let sign = layout.sign_of(&field.name).filter(|(sign, _)| flattened.has(sign));
            value(spec, layout, field, note, sign.map(|_| quote!(sign = "elsewhere")))
        }
        Item::Literal(literal) => self::literal(literal, note, unnamed),
        Item::Filler(filler) => {
            let len = Literal::usize_unsuffixed(filler.len);
            let mut options = vec![quote!(filler), quote!(len = #len)];
            options.extend((filler.pad != layout.charset.space()).then(|| pad(filler.pad)));
            options.extend(filler.any.then(|| quote!(any)));
            options.extend(label(&filler.label));
            let doc = doc("reserved", &filler.label, &note.remark);
            let name = ident(&numbered("_reserved", &mut unnamed.reserved));
            quote!(#doc #[field(#(#options),*)] pub #name: ())
        }
        Item::Part(part) => {
            let name = item_ident(&part.name);
            let ty = ident(&part.layout.name);
            let doc = doc(&part.name, &part.layout.label, &note.remark);
            let own = own_name(&part.name).map(|own| quote!(#[field(#own)]));
            quote!(#doc #own pub #name: #ty)
        }
        Item::Group(group) => self::group(spec, layout, group, note),
        Item::Choice(choice) => {
            let name = item_ident(&choice.name);
            let known = note.choice.as_ref().map(|known| ident(&known.name));
            let ty = known.unwrap_or_else(|| ident(&format!("{}{}", layout.name, of_item(&choice.name))));
            let doc = doc(&choice.name, &choice.label, &note.remark);
            let by = &*choice.by;
            let label = label(&choice.label).map(|label| quote!(, #label));
            let own = own_name(&choice.name).map(|own| quote!(, #own));
            quote!(#doc #[field(choice = #by #own #label)] pub #name: #ty)
        }
        Item::Tail(field) => {
            let name = item_ident(&field.name);
            let doc = doc(&field.name, &field.label, &note.remark);
            let max = Literal::usize_unsuffixed(field.len);
            let mut options = vec![quote!(tail), quote!(max = #max)];
            options.extend(own_name(&field.name));
            options.extend(label(&field.label));
            options.extend(field.secret.then(|| quote!(secret)));
            let (ty, own) = tail(layout, field);
            options.extend(own);
            quote!(#doc #[field(#(#options),*)] pub #name: #ty)
        }
    }
}

/// A group, or an array of plain values.
fn group(spec: &Spec, layout: &Layout, group: &Group, note: &Note) -> TokenStream {
    let name = item_ident(&group.name);
    let doc = doc(&group.name, &group.label, &note.remark);
    let array = group.layout.array_field().map(|field| array(spec, &group.layout, field, note));
    let (entry, of_entry) = array.unwrap_or_else(|| {
        let entry = ident(&group.layout.name);
        (quote!(#entry), vec![])
    });
    let (ty, mut options) = repeat(layout, group, &entry);
    options.extend(own_name(&group.name));
    options.extend(label(&group.label));
    options.extend(of_entry);
    quote!(#doc #[field(#(#options),*)] pub #name: #ty)
}

/// The type of an array's entry, and the options of its field.
fn array(spec: &Spec, layout: &Layout, field: &Field, note: &Note) -> (TokenStream, Vec<TokenStream>) {
    let none = Note::default();
    let note = note.entry.iter().flatten().next().unwrap_or(&none);
    let len = Literal::usize_unsuffixed(field.len);
    let (ty, own) = kind(spec, layout, field, note);
    let secret = field.secret.then(|| quote!(secret));
    (ty, [quote!(len = #len)].into_iter().chain(secret).chain(own).collect())
}

fn literal(literal: &layout::Literal, note: &Note, unnamed: &mut Unnamed) -> TokenStream {
    let bytes = &*literal.bytes;
    let mut options = match literal.text.map(|_| literal.shown()) {
        Some(text) if text.is_ascii() => vec![quote!(literal = #text)],
        // A text that is not ASCII is written as its bytes, and the word `text` says that it is one.
        Some(_) => {
            let constant = Literal::byte_string(bytes);
            vec![quote!(literal = #constant), quote!(text)]
        }
        None => {
            let constant = Literal::byte_string(bytes);
            vec![quote!(literal = #constant)]
        }
    };
    options.extend(own_name(&literal.name));
    options.extend(label(&literal.label));
    let name =
        if literal.name.is_empty() { numbered("_literal", &mut unnamed.literals) } else { literal.name.to_string() };
    let doc = doc(name.trim_start_matches('_'), &literal.label, &note.remark);
    let name = if literal.name.is_empty() { ident(&name) } else { item_ident(&name) };
    quote!(#doc #[field(#(#options),*)] pub #name: ())
}

/// The type of a group, and the options that say how often it repeats.
fn repeat(layout: &Layout, group: &Group, entry: &TokenStream) -> (TokenStream, Vec<TokenStream>) {
    let max = Literal::usize_unsuffixed(group.repeat.max());
    let mut options = vec![quote!(group)];
    let mut ty = quote!(Vec<#entry>);
    match &group.repeat {
        Repeat::Fixed(_) => ty = quote!([#entry; #max]),
        Repeat::Counted { by, .. } => {
            let by = path(by);
            options.extend([quote!(count = #by), quote!(max = #max)]);
        }
        Repeat::Rest { .. } => options.extend([quote!(rest), quote!(max = #max)]),
        Repeat::Padded { by, pad: blank, .. } => {
            options.extend([quote!(padded), quote!(max = #max)]);
            options.extend((*blank != layout.charset.space()).then(|| pad(*blank)));
            options.extend(by.as_ref().map(|by| {
                let by = path(by);
                quote!(count = #by)
            }));
        }
    }
    options.extend(group.page.as_ref().map(|page| {
        let total = item_ident(&page.total);
        let start = item_ident(&page.start);
        quote!(page(total = #total, start = #start))
    }));
    (ty, options)
}

fn value(spec: &Spec, layout: &Layout, field: &Field, note: &Note, sign: Option<TokenStream>) -> TokenStream {
    let name = item_ident(&field.name);
    let doc = doc(&field.name, &field.label, &note.remark);
    let len = Literal::usize_unsuffixed(field.len);
    let mut options = vec![quote!(len = #len)];
    options.extend(own_name(&field.name));
    options.extend(label(&field.label));
    options.extend(field.secret.then(|| quote!(secret)));
    let maker = foreign_check(field);
    let (ty, own) = match &field.computed {
        Some(computed) => (quote!(()), self::computed(layout, field, computed)),
        None => kind(spec, layout, field, note),
    };
    options.extend(own);
    options.extend(sign);
    quote!(#doc #maker #[field(#(#options),*)] pub #name: #ty)
}

/// A doc comment that says where the function of a check is, if it does not come with the library.
fn foreign_check(field: &Field) -> Option<TokenStream> {
    let Some(Computed::Check(Check { name, run: None, .. })) = &field.computed else { return None };
    let text = format!(" Computed by the function `{name}` in the module above this one.");
    Some(quote!(#[doc = ""] #[doc = #text]))
}

/// The options of a computed field: those of its number, and `computed`.
fn computed(layout: &Layout, field: &Field, computed: &Computed) -> Vec<TokenStream> {
    let mut options = match (computed, &field.kind) {
        (_, Kind::Number(rule)) => number(layout, rule),
        (Computed::Sign(sign), _) => Vec::from_iter(accepts(sign.accepts)),
        (Computed::Check(_), kind) => check_kind(layout, field.len, kind),
        _ => vec![],
    };
    options.push(match computed {
        Computed::Length(LengthScope::Rest) => quote!(computed = length(rest)),
        Computed::Length(LengthScope::All) => quote!(computed = length(all)),
        Computed::LengthOf(of) => {
            let of = reach(layout, of);
            quote!(computed = length(#of))
        }
        Computed::Count(of) => {
            let of = reach(layout, of);
            quote!(computed = count(#of))
        }
        Computed::Sum(of) => {
            let of = reach(layout, of);
            quote!(computed = sum(#of))
        }
        Computed::Sequence(1) => quote!(computed = sequence),
        Computed::Sequence(first) => {
            let first = Literal::u64_unsuffixed(*first);
            quote!(computed = sequence(#first))
        }
        Computed::Sign(SignOf { of, plus, minus, zero, .. }) => {
            let character = |sign: u8| character(layout.charset, sign);
            let of = reach(layout, of);
            let plus = character(*plus);
            let minus = character(*minus);
            let zero = zero.map(character).map(|zero| quote!(, #zero));
            quote!(computed = sign(#of, #plus, #minus #zero))
        }
        Computed::Check(check) => {
            let function = ident(&check.name);
            let covered = covered(layout, check);
            match (check.run, covered) {
                (Some(_), None) => quote!(computed = #function),
                (Some(_), Some(covered)) => quote!(computed = #function(#covered)),
                (None, None) => quote!(computed = check(super::#function)),
                (None, Some(covered)) => quote!(computed = check(super::#function, #covered)),
            }
        }
    });
    options
}

/// The items that a check covers: `from`, `from..=to`, `..=to`.
fn covered(layout: &Layout, check: &Check) -> Option<TokenStream> {
    // Both ends stand in the same layout.
    let outer = [&check.from, &check.to].into_iter().flatten().any(|end| layout.item_in_parts(end).is_none());
    let end = |end: &str| {
        let path = path(end);
        if outer { quote!(super::#path) } else { path }
    };
    let from = check.from.as_deref().map(end);
    match check.to.as_deref().map(end) {
        Some(to) => Some(quote!(#from ..= #to)),
        None => from,
    }
}

/// A path of items: `header.item_count`.
fn path(path: &str) -> TokenStream {
    let names = path.split('.').map(item_ident);
    quote!(#(#names).*)
}

/// The path of an item that a field is computed from. It begins with `super::` if it does not begin in the field's own layout.
fn reach(layout: &Layout, of: &str) -> TokenStream {
    let head = of.split('.').next().unwrap_or(of);
    let path = path(of);
    if layout.item(head).is_some() { path } else { quote!(super::#path) }
}

/// A sign as a character (`'+'`, `' '`) if it is the same byte in the charset, otherwise as a byte.
fn character(charset: Charset, sign: u8) -> Literal {
    if sign.is_ascii() && charset.keeps_ascii() { Literal::character(char::from(sign)) } else { byte(sign) }
}

fn label(label: &str) -> Option<TokenStream> {
    (!label.is_empty()).then(|| quote!(label = #label))
}

fn numbered(name: &str, count: &mut usize) -> String {
    *count += 1;
    if *count == 1 { name.to_owned() } else { format!("{name}_{count}") }
}
