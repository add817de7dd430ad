//! `impl Telegram` and `impl Decode`: one call for each item, in wire order.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::layout::layout;
use super::{assert, debug, generics, view};
use crate::attr::Computed;
use crate::model::{Item, Kind, Repeat, Telegram, What};
use crate::paths;

/// All implementations for a struct.
pub(crate) fn telegram(telegram: &Telegram) -> TokenStream {
    let encode = encode_impl(telegram);
    let decode = decode_impl(telegram);
    let asserts = assert::outside(telegram);
    let debug = telegram.debug.then(|| debug::debug(telegram));
    let views = telegram.view.as_ref().map(|view| view::views(telegram, view, false));
    quote!(#encode #decode #asserts #debug #views)
}

fn encode_impl(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let (trait_, writer_type, error, layout_type) = (p.telegram(), p.writer(), p.error(), p.layout());
    let (ident, result, layout) = (&telegram.ident, paths::result(), layout(telegram));
    let generics = generics::encode(telegram);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    let writer = Ident::new("writer", Span::mixed_site());
    let calls = telegram.items.iter().enumerate().map(|(number, item)| write(telegram, number, item, &writer));
    let units = read_units(telegram);
    let (asserts, len) = (assert::inside(telegram), encoded_len(telegram));
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_ for #ident #ty_generics #where_clause {
            const LAYOUT: &'static #layout_type = &#layout;

            #[inline]
            fn encode_items(&self, #writer: &mut #writer_type<'_>) -> #result<(), #error> {
                #asserts
                #units
                #(#calls?;)*
                #result::Ok(())
            }

            #[inline]
            fn encoded_len(&self) -> usize {
                #len
            }
        }
    }
}

/// Items without information are never read, which the compiler would tell their owner.
fn read_units(telegram: &Telegram) -> Option<TokenStream> {
    let is_unit = |item: &&Item| matches!(item.what, What::Computed { .. } | What::Literal(_) | What::Filler { .. });
    let mut units = telegram.items.iter().filter(is_unit).map(|item| &item.member).peekable();
    units.peek()?;
    Some(quote!(let Self { #(#units: (),)* .. } = self;))
}

fn decode_impl(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let (trait_, reader_type, error) = (p.decode(), p.reader(), p.error());
    let (ident, result, lifetime) = (&telegram.ident, paths::result(), generics::bytes_lifetime());
    let generics = generics::decode(telegram);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    let reader = Ident::new("reader", Span::mixed_site());
    let counts = telegram.items.iter().filter(|item| is_count(item)).map(|item| {
        let count = count_variable(&item.member);
        quote!(let #count;)
    });
    let members = telegram.items.iter().enumerate().map(|(number, item)| {
        let (member, value) = (&item.member, read(telegram, number, item, &reader));
        quote!(#member: #value)
    });
    let asserts = assert::inside(telegram);
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_<#lifetime> for #ident #ty_generics #where_clause {
            #[inline]
            fn decode_items(#reader: &mut #reader_type<#lifetime>) -> #result<Self, #error> {
                #asserts
                #(#counts)*
                #result::Ok(Self { #(#members),* })
            }
        }
    }
}

/// `const { LAYOUT.number(3) }`: what the layout says about an item, as a constant.
fn constant(telegram: &Telegram, accessor: &str, number: usize) -> TokenStream {
    let (trait_, accessor) = (telegram.paths.telegram(), format_ident!("{accessor}"));
    quote!(const { <Self as #trait_>::LAYOUT.#accessor(#number) })
}

/// The accessor of a field's slot.
pub(super) fn accessor(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text { .. } => "text",
        Kind::Digits { .. } => "digits",
        Kind::Number { .. } => "number",
        Kind::Date { .. } => "date",
        Kind::Time { .. } => "time",
        Kind::DateTime { .. } => "datetime",
        Kind::Code { .. } => "code",
        Kind::Flag { .. } => "flag",
        Kind::Bytes => "bytes",
    }
}

/// The place of a type, for calls that name `self`.
///
/// A type that came through another macro carries its hygiene, under which `self` would not be found.
pub(super) fn place(ty: &impl ToTokens) -> Span {
    Span::call_site().located_at(ty.span())
}

fn write(telegram: &Telegram, number: usize, item: &Item, writer: &Ident) -> TokenStream {
    let (member, name) = (&item.member, &item.name.value);
    let constant = |accessor| constant(telegram, accessor, number);
    // The whole call stands at the type, for that is what a missing implementation is about.
    let at = place(&item.ty);
    let member_at = |at: Span| {
        let mut member = member.clone();
        member.set_span(at);
        member
    };
    match &item.what {
        What::Field(field) => {
            let slot = constant(accessor(&field.kind));
            let member = member_at(at);
            quote_spanned!(at=> #writer.field(#slot, &self.#member))
        }
        What::Computed { computed: Computed::Length(_), .. } => {
            let (slot, trait_) = (constant("number"), telegram.paths.telegram());
            quote!(#writer.length(#slot, const { <Self as #trait_>::LAYOUT.field(#number).counts() }))
        }
        What::Computed { computed: Computed::Count(counted), .. } => {
            let (slot, group) = (constant("number"), group_of(telegram, counted));
            quote!(#writer.count(#slot, #group, self.#counted.len()))
        }
        What::Literal(_) => {
            let literal = constant("literal");
            quote!(#writer.literal(#literal))
        }
        What::Filler { .. } => {
            let filler = constant("filler");
            quote!(#writer.filler(#filler))
        }
        What::Part => {
            let member = member_at(at);
            quote_spanned!(at=> #writer.part(#name, &self.#member))
        }
        What::Group { entry, .. } => {
            let (group, member) = (constant("group"), member_at(place(entry)));
            quote_spanned!(place(entry)=> #writer.group(#group, &self.#member))
        }
    }
}

fn read(telegram: &Telegram, number: usize, item: &Item, reader: &Ident) -> TokenStream {
    let name = &item.name.value;
    let constant = |accessor| constant(telegram, accessor, number);
    let at = place(&item.ty);
    match &item.what {
        What::Field(field) => {
            let slot = constant(accessor(&field.kind));
            quote_spanned!(at=> #reader.field(#slot)?)
        }
        What::Computed { computed: Computed::Length(_), .. } => {
            let (slot, trait_) = (constant("number"), telegram.paths.telegram());
            quote!(#reader.length(#slot, const { <Self as #trait_>::LAYOUT.field(#number).counts() })?)
        }
        What::Computed { computed: Computed::Count(counted), .. } => {
            let (slot, group, count) = (constant("number"), group_of(telegram, counted), count_variable(&item.member));
            quote!({ #count = #reader.count(#slot, #group)?; })
        }
        What::Literal(_) => {
            let literal = constant("literal");
            quote!(#reader.literal(#literal)?)
        }
        What::Filler { .. } => {
            let filler = constant("filler");
            quote!(#reader.filler(#filler)?)
        }
        What::Part => quote_spanned!(at=> #reader.part(#name)?),
        What::Group { entry, repeat: Repeat::Fixed(_) } => {
            let group = constant("group");
            quote_spanned!(place(entry)=> #reader.array(#group)?)
        }
        What::Group { entry, repeat: Repeat::Counted { by, .. } } => {
            let (group, count) = (constant("group"), count_variable(by));
            quote_spanned!(place(entry)=> #reader.group(#group, #count)?)
        }
    }
}

fn is_count(item: &Item) -> bool {
    matches!(item.what, What::Computed { computed: Computed::Count(_), .. })
}

/// Where a count is kept until its group is read.
fn count_variable(member: &Ident) -> Ident {
    format_ident!("count_{}", syn::ext::IdentExt::unraw(member), span = Span::mixed_site())
}

/// The group that a field counts.
fn group_of(telegram: &Telegram, counted: &Ident) -> TokenStream {
    let number = telegram.items.iter().position(|item| item.member == *counted).unwrap_or_default();
    constant(telegram, "group", number)
}

/// A constant, or the sum over the items if one of them varies.
fn encoded_len(telegram: &Telegram) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    if !telegram.items.iter().any(|item| matches!(item.what, What::Part | What::Group { .. })) {
        return quote!(const { <Self as #trait_>::LAYOUT.min_len() });
    }
    let varying = telegram.items.iter().filter_map(|Item { member, ty, what, .. }| match what {
        What::Part => Some(quote_spanned!(place(ty)=> <#ty as #trait_>::encoded_len(&self.#member))),
        What::Group { entry, .. } => Some(quote_spanned! {place(entry)=>
            self.#member.iter().map(<#entry as #trait_>::encoded_len).sum::<usize>()
        }),
        _ => None,
    });
    let own =
        telegram.items.iter().enumerate().filter(|(_, item)| !matches!(item.what, What::Part | What::Group { .. }));
    let own = own.map(|(number, _)| quote!(const { <Self as #trait_>::LAYOUT.at(#number).min_len() }));
    let lens = varying.chain(own);
    quote!(#(#lens)+*)
}
