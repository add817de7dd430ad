//! `impl Telegram`: one call for each item, in wire order.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::ask::{
    about_flattened, accessor, check_from, chooser, constant, counted_in_part_before, entry_slot, flattened, index,
    is_link, is_signed_in_flattened, links, may_be_measured, needs_start, number_of, own, place,
};
use super::layout::layout;
use super::{assert, generics, named};
use crate::attr::{Computed, PageAttrs};
use crate::model::{Item, ItemKind, Repeat, Telegram};
use crate::paths;

/// The implementation.
pub(super) fn encode(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let trait_ = p.telegram();
    let writer_type = p.writer();
    let error = p.error();
    let layout_type = p.layout();
    let ident = &telegram.ident;
    let result = paths::result();
    let layout = layout(telegram);
    let generics = generics::encode(telegram);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    let writer = own("writer");
    let start = start(telegram, &writer);
    let calls = telegram.items.iter().enumerate().map(|(number, item)| write(telegram, number, item, &writer));
    let checks =
        telegram.items.iter().enumerate().filter_map(|(number, item)| afterwards(telegram, number, item, &writer));
    let links = links(telegram, &writer);
    let units = read_units(telegram);
    let asserts = assert::inside(telegram);
    let len = encoded_len(telegram);
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_ for #ident #ty_generics #where_clause {
            const LAYOUT: &'static #layout_type = &#layout;

            #[inline]
            fn encode_items(&self, #writer: &mut #writer_type<'_>) -> #result<(), #error> {
                #asserts
                #units
                #start
                #(#calls?;)*
                #(#checks?;)*
                #links
                #result::Ok(())
            }

            #[inline]
            fn encoded_len(&self) -> ::core::primitive::usize {
                #len
            }
        }
    }
}

fn start(telegram: &Telegram, writer: &Ident) -> Option<TokenStream> {
    let start = own("start");
    needs_start(telegram).then(|| quote!(let #start = #writer.position();))
}

/// Reads the items without information. Otherwise, the compiler would warn the user that they are never read.
fn read_units(telegram: &Telegram) -> Option<TokenStream> {
    let is_unit =
        |item: &&Item| matches!(item.what, ItemKind::Computed { .. } | ItemKind::Literal(..) | ItemKind::Filler { .. });
    let mut units = telegram.items.iter().filter(is_unit).map(|item| &item.member).peekable();
    units.peek()?;
    Some(quote!(let Self { #(#units: (),)* .. } = self;))
}

fn write(telegram: &Telegram, number: usize, item: &Item, writer: &Ident) -> TokenStream {
    let written = write_item(telegram, number, item, writer);
    if !may_be_measured(telegram, number, item) {
        return written;
    }
    let result = paths::result();
    let option = paths::option();
    let trait_ = telegram.paths.telegram();
    let start = own("start");
    let measure = constant(telegram, "measure", number);
    let len = varying_len(telegram, number, item);
    quote! {
        match #measure {
            #option::None => #result::Ok(()),
            measure => #writer.measure(<Self as #trait_>::LAYOUT, #start, measure, #len),
        }
        .and_then(|()| #written)
    }
}

fn write_item(telegram: &Telegram, number: usize, item: &Item, writer: &Ident) -> TokenStream {
    let name = &item.name.value;
    let constant = |accessor| constant(telegram, accessor, number);
    // The whole call has the span of the type, because a missing implementation is an error about the type.
    let at = place(&item.ty);
    let member = member_at(item, at);
    match &item.what {
        ItemKind::Field(field) => {
            let slot = constant(accessor(&field.kind));
            let ty = named::own_value(telegram, item, &item.ty).map(|ty| quote!(::<_, #ty>));
            quote_spanned!(at=> #writer.field #ty(#slot, &self.#member))
        }
        ItemKind::Tail(field) => {
            let slot = constant(accessor(&field.kind));
            let ty = named::own_value(telegram, item, &item.ty).map(|ty| quote!(::<_, #ty>));
            quote_spanned!(at=> #writer.tail #ty(#slot, &self.#member))
        }
        ItemKind::Computed { computed, .. } => write_computed(telegram, number, computed, writer),
        ItemKind::Literal(..) => {
            let literal = constant("literal");
            quote!(#writer.literal(#literal))
        }
        ItemKind::Filler { .. } => {
            let filler = constant("filler");
            quote!(#writer.filler(#filler))
        }
        ItemKind::Part => {
            let ty = named::part(telegram, &item.ty);
            quote_spanned!(at=> #writer.part::<#ty>(#name, &self.#member))
        }
        ItemKind::Flatten => write_flattened(telegram, number, item, writer),
        ItemKind::Choice(_) => {
            let body = telegram.paths.body();
            let ty = named::body(telegram, &item.ty);
            quote!(<#ty as #body>::encode_as(&self.#member, #name, #writer))
        }
        ItemKind::Group { entry, value, .. } => {
            let group = constant("group");
            let member = member_at(item, place(entry));
            let written = match value {
                Some(field) => {
                    let slot = entry_slot(telegram, &field.kind, number);
                    let ty = named::own_value(telegram, item, &**entry).map(|ty| quote!(::<_, #ty>));
                    quote_spanned!(place(entry)=> #writer.values #ty(#group, #slot, &self.#member))
                }
                None => {
                    let ty = named::part(telegram, entry);
                    quote_spanned!(place(entry)=> #writer.group::<#ty>(#group, &self.#member))
                }
            };
            if is_counted_in_flattened(telegram, item) {
                let trait_ = telegram.paths.telegram();
                let start = own("start");
                let extent = constant("extent");
                let count =
                    quote!(#writer.counted(<Self as #trait_>::LAYOUT, #start, #group, #extent, self.#member.len()));
                return quote!(#written.and_then(|()| #count));
            }
            let Some(by) = counted_in_part_before(telegram, number, item) else { return written };
            let trait_ = telegram.paths.telegram();
            let start = own("start");
            let count = quote_spanned!(by.span()=> #writer.count_in_part(<Self as #trait_>::LAYOUT, #start, #group, self.#member.len()));
            quote!(#written.and_then(|()| #count))
        }
    }
}

fn is_counted_in_flattened(telegram: &Telegram, item: &Item) -> bool {
    let ItemKind::Group { repeat, .. } = &item.what else { return false };
    repeat.counted().is_some_and(|(by, _)| telegram.is_flattened(by))
}

/// Writes a flattened part, and the lengths of its items that fields before it state.
fn write_flattened(telegram: &Telegram, number: usize, item: &Item, writer: &Ident) -> TokenStream {
    let result = paths::result();
    let trait_ = telegram.paths.telegram();
    let start = own("start");
    let part_start = own("part_start");
    let of = flattened(telegram, number, item);
    let layout = quote!(<Self as #trait_>::LAYOUT);
    let is_measured = about_flattened(telegram, "is_flattened_measured", &layout, number, item);
    let at = place(&item.ty);
    let member = member_at(item, at);
    let ty = named::part(telegram, &item.ty);
    let written = quote_spanned!(at=> #writer.flattened::<#ty>(&self.#member));
    quote!({
        let #part_start = #writer.position();
        #written.and_then(|()| {
            if const { #is_measured } { #writer.flattened_lens(#of, #start, #part_start) } else { #result::Ok(()) }
        })
    })
}

fn member_at(item: &Item, at: proc_macro2::Span) -> Ident {
    let mut member = item.member.clone();
    member.set_span(at);
    member
}

fn write_computed(telegram: &Telegram, number: usize, computed: &Computed, writer: &Ident) -> TokenStream {
    let slot = constant(telegram, "number", number);
    match computed {
        Computed::Sign { outer: true, .. } => {
            let field = constant(telegram, "field", number);
            quote!(#writer.open(#field))
        }
        computed if is_link(telegram, computed) => {
            let field = constant(telegram, "field", number);
            quote!(#writer.open(#field))
        }
        Computed::Link(_) => TokenStream::new(),
        Computed::Length(_) => {
            let counts = constant(telegram, "counts", number);
            quote!(#writer.length(#slot, #counts))
        }
        Computed::LengthOf(of) => {
            let at = number_of(telegram, of);
            let len = telegram.items.get(at).map(|item| varying_len(telegram, at, item));
            quote!(#writer.field(#slot, &((#len) as ::core::primitive::u64)))
        }
        Computed::Count(counted) => {
            let group = constant(telegram, "group", number_of(telegram, counted));
            quote!(#writer.count(#slot, #group, self.#counted.len()))
        }
        Computed::Sum { group, path } => {
            let tally = tally(telegram, number, &quote!(self.#group), path);
            quote!(#writer.sum(#slot, #tally))
        }
        Computed::Sequence(_) => {
            let first = constant(telegram, "sequence", number);
            quote!(#writer.sequence(#slot, #first))
        }
        Computed::Sign { of, .. } => {
            let field = constant(telegram, "field", number);
            let sign = constant(telegram, "sign", number);
            let signed = constant(telegram, "number", number_of(telegram, of));
            quote!(#writer.sign((#field, #sign), &self.#of, #signed.rule))
        }
        Computed::Check { from, .. } => {
            let field = constant(telegram, "field", number);
            let from = check_from(telegram, number, from.as_ref(), &own("start"));
            quote!(#writer.check(#field, #from))
        }
    }
}

/// The sum of a number over a group's entries.
pub(super) fn tally(telegram: &Telegram, number: usize, group: &TokenStream, path: &[Ident]) -> TokenStream {
    let tally_type = telegram.paths.tally();
    let rule = constant(telegram, "summand_rule", number);
    let tally = own("tally");
    let entry = own("entry");
    // The entries of an array are the numbers themselves.
    let reference = (!path.is_empty()).then(|| quote!(&));
    quote!({
        let mut #tally = #tally_type::ZERO;
        for #entry in &#group {
            #tally.add(#rule, #reference #entry #(.#path)*);
        }
        #tally
    })
}

/// A check that is possible only after all items are written.
fn afterwards(telegram: &Telegram, number: usize, item: &Item, writer: &Ident) -> Option<TokenStream> {
    let member = &item.member;
    let start = own("start");
    match &item.what {
        ItemKind::Choice(_) => {
            let choice = constant(telegram, "choice", number);
            let by = chooser(telegram, number);
            let body = telegram.paths.body();
            let ty = named::body(telegram, &item.ty);
            Some(quote!(#writer.check_case(#start, #by, #choice, <#ty as #body>::case(&self.#member))))
        }
        ItemKind::Field(_) if is_signed_in_flattened(telegram, item) => {
            let trait_ = telegram.paths.telegram();
            let sign = constant(telegram, "sign_index", number);
            let signed = constant(telegram, "number", number);
            Some(quote! {
                #writer.sign_beside(<Self as #trait_>::LAYOUT, #start, #sign, &self.#member, #signed.rule)
            })
        }
        ItemKind::Group { page: Some(PageAttrs { total, start }), .. } => {
            let group = constant(telegram, "group", number);
            Some(quote!(#writer.check_page(#group, self.#member.len(), &self.#start, &self.#total)))
        }
        _ => None,
    }
}

/// The encoded length in bytes: a constant, or the sum over the items if one of them varies.
fn encoded_len(telegram: &Telegram) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    if !telegram.items.iter().any(varies) {
        return quote!(const { <Self as #trait_>::LAYOUT.min_len() });
    }
    let items = || telegram.items.iter().enumerate();
    let varying = items().filter(|(_, item)| varies(item)).map(|(number, item)| varying_len(telegram, number, item));
    let own = items().filter(|(_, item)| !varies(item));
    let item = telegram.paths.slots("item");
    let own = own.map(|(number, _)| {
        let index = index(telegram, number);
        quote!(const { #item(<Self as #trait_>::LAYOUT, #index).min_len() })
    });
    let lens = varying.chain(own);
    quote!(#(#lens)+*)
}

/// Whether the length of the item depends on its value.
const fn varies(item: &Item) -> bool {
    match &item.what {
        ItemKind::Part | ItemKind::Flatten | ItemKind::Choice(_) | ItemKind::Tail(_) => true,
        ItemKind::Group { repeat, .. } => !matches!(repeat, Repeat::Padded { .. }),
        ItemKind::Field(_) | ItemKind::Computed { .. } | ItemKind::Literal(..) | ItemKind::Filler { .. } => false,
    }
}

/// The length in bytes of an item, which may vary.
fn varying_len(telegram: &Telegram, number: usize, item: &Item) -> TokenStream {
    let p = &telegram.paths;
    let trait_ = p.telegram();
    let Item { member, ty, what, .. } = item;
    match what {
        ItemKind::Part | ItemKind::Flatten => {
            let len = encoded_len_of(telegram, ty);
            quote_spanned!(place(ty)=> #len(&self.#member))
        }
        ItemKind::Choice(_) => {
            let body = p.body();
            let named = named::body(telegram, ty);
            let len = quote_spanned!(ty.span()=> <#named as #body>::body_len);
            quote_spanned!(place(ty)=> #len(&self.#member))
        }
        ItemKind::Tail(field) => {
            let tail_value = p.tail_value();
            let slot = constant(telegram, accessor(&field.kind), number);
            let named = named::value(telegram, item);
            quote_spanned!(place(ty)=> <#named as #tail_value<'_, _>>::wire_len(&self.#member, #slot.rule))
        }
        ItemKind::Group { repeat, value: Some(_), .. } if !matches!(repeat, Repeat::Padded { .. }) => {
            let entry = p.slots("entry");
            let index = index(telegram, number);
            quote!(self.#member.len().saturating_mul(const { #entry(<Self as #trait_>::LAYOUT, #index).min_len() }))
        }
        ItemKind::Group { entry, repeat, .. } if !matches!(repeat, Repeat::Padded { .. }) => {
            let len = encoded_len_of(telegram, entry);
            let each = own("entry");
            quote_spanned! {place(entry)=>
                self.#member.iter().map(|#each| #len(#each)).sum::<::core::primitive::usize>()
            }
        }
        _ => {
            let item = p.slots("item");
            let index = index(telegram, number);
            quote!(const { #item(<Self as #trait_>::LAYOUT, #index).min_len() })
        }
    }
}

/// The function for the length of a part or an entry. It stands at the type, like every other use of the type.
fn encoded_len_of(telegram: &Telegram, ty: &syn::Type) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let named = named::part(telegram, ty);
    quote_spanned!(ty.span()=> <#named as #trait_>::encoded_len)
}
