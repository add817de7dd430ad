//! `impl Decode`: one variable for each item, in wire order, and then the checks of items against each other.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::ask::{
    about_flattened, accessor, check_from, chooser, constant, counted_in_part_before, entry_slot, flattened, is_link,
    is_signed_in_flattened, length_field, links, may_be_measured, needs_start, number_of, own, place, variable,
};
use super::encode::tally;
use super::{assert, generics, named};
use crate::attr::{Computed, Link, PageAttrs};
use crate::model::{Field, Item, ItemKind, Repeat, Telegram};
use crate::paths;

/// The implementation.
pub(super) fn decode(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let trait_ = p.decode();
    let reader_type = p.reader();
    let error = p.error();
    let ident = &telegram.ident;
    let result = paths::result();
    let lifetime = generics::bytes_lifetime();
    let generics = generics::decode(telegram);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    let reader = own("reader");
    let start = own("start");
    let start = needs_start(telegram).then(|| quote!(let #start = #reader.position();));
    let items = || telegram.items.iter().enumerate();
    let reads = items().map(|(number, item)| {
        let member = variable("item", &item.member);
        let ty = &item.ty;
        let value = read(telegram, number, item, &reader);
        let run = borrows(telegram).then(|| {
            let run = constant(telegram, "ascii_run", number);
            quote!(#reader.expect_ascii(#run);)
        });
        quote!(#run let #member: #ty = #value;)
    });
    let checks = items().filter_map(|(number, item)| afterwards(telegram, number, item, &reader));
    let members = telegram.items.iter().map(|item| {
        let member = &item.member;
        let value = variable("item", &item.member);
        quote!(#member: #value)
    });
    let links = links(telegram, &reader);
    let whole = telegram.has_flattened().then(|| {
        let decode_flattened = p.decode_flattened();
        let bytes = own("bytes");
        quote! {
            #[inline]
            fn decode(#bytes: &#lifetime [::core::primitive::u8]) -> #result<Self, #error> {
                #decode_flattened(#bytes)
            }
        }
    });
    let asserts = assert::inside(telegram);
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_<#lifetime> for #ident #ty_generics #where_clause {
            #[inline(always)]
            fn decode_items(#reader: &mut #reader_type<#lifetime>) -> #result<Self, #error> {
                #asserts
                #start
                #(#reads)*
                #(#checks)*
                #links
                #result::Ok(Self { #(#members),* })
            }

            #whole
        }
    }
}

fn read(telegram: &Telegram, number: usize, item: &Item, reader: &Ident) -> TokenStream {
    let name = &item.name.value;
    let constant = |accessor| constant(telegram, accessor, number);
    let at = place(&item.ty);
    match &item.what {
        ItemKind::Field(field) => {
            let slot = constant(accessor(&field.kind));
            let ty = own_value(telegram, item, &item.ty).map(|ty| quote!(::<_, #ty>));
            if !borrows(telegram) {
                return quote_spanned!(at=> #reader.field #ty(#slot)?);
            }
            quote_spanned!(at=> #reader.field_in_run #ty(#slot)?)
        }
        ItemKind::Computed { computed, .. } => read_computed(telegram, number, item, computed, reader),
        ItemKind::Literal(..) => {
            let literal = constant("literal");
            quote!(#reader.literal(#literal)?)
        }
        ItemKind::Filler { .. } => {
            let filler = constant("filler");
            quote!(#reader.filler(#filler)?)
        }
        ItemKind::Tail(field) => {
            let slot = constant(accessor(&field.kind));
            let behind = constant("behind");
            let ty = own_value(telegram, item, &item.ty).map(|ty| quote!(::<_, #ty>));
            within(telegram, number, item, reader, |reader| quote_spanned!(at=> #reader.tail #ty(#slot, #behind)))
        }
        ItemKind::Part => {
            let behind = constant("behind");
            let ty = named::read(named::part(telegram, &item.ty));
            within(telegram, number, item, reader, |reader| quote_spanned!(at=> #reader.part::<#ty>(#name, #behind)))
        }
        ItemKind::Flatten => {
            let of = flattened(telegram, number, item);
            let trait_ = telegram.paths.telegram();
            let limit =
                about_flattened(telegram, "limit_of_flattened", &quote!(<Self as #trait_>::LAYOUT), number, item);
            let start = own("start");
            let ty = named::read(named::part(telegram, &item.ty));
            quote_spanned!(at=> #reader.flattened::<#ty>(#of, #start, const { #limit })?)
        }
        ItemKind::Choice(_) => {
            let choice = constant("choice");
            let by = chooser(telegram, number);
            let behind = constant("behind");
            let start = own("start");
            let body = telegram.paths.decode_body();
            let ty = named::read(named::body(telegram, &item.ty));
            within(
                telegram,
                number,
                item,
                reader,
                |reader| quote!(<#ty as #body<'_>>::decode_chosen(#reader, #choice, #start, #by, #behind)),
            )
        }
        ItemKind::Group { entry, repeat, value, .. } => within(telegram, number, item, reader, |reader| {
            read_group(telegram, number, item, (entry, repeat, value.as_deref()), reader)
        }),
    }
}

/// Whether texts can borrow from the bytes. Then neighbours that are ASCII are validated together.
fn borrows(telegram: &Telegram) -> bool {
    telegram.generics.lifetimes().next().is_some()
}

/// Reads a group, or an array of plain values.
fn read_group(
    telegram: &Telegram,
    number: usize,
    item: &Item,
    (entry, repeat, value): (&syn::Type, &Repeat, Option<&Field>),
    reader: &Ident,
) -> TokenStream {
    let group = constant(telegram, "group", number);
    let at = place(entry);
    let slot = value.map(|field| entry_slot(telegram, &field.kind, number));
    let part = || named::read(named::part(telegram, entry));
    let own = own_value(telegram, item, entry);
    if let Repeat::Fixed(_) = repeat {
        return match slot {
            Some(slot) => {
                let ty = own.map(|ty| quote!(::<_, #ty, _>));
                quote_spanned!(at=> #reader.value_array #ty(#group, #slot))
            }
            None => {
                let ty = part();
                quote_spanned!(at=> #reader.array::<#ty, _>(#group))
            }
        };
    }
    let extent = constant(telegram, "extent", number);
    let count = match counted_in_part_before(telegram, number, item) {
        Some(_) => {
            let trait_ = telegram.paths.telegram();
            let option = paths::option();
            let start = self::own("start");
            quote!(#option::Some(#reader.count_in_part(<Self as #trait_>::LAYOUT, #start, #group)?))
        }
        None => count(telegram, number, repeat, reader),
    };
    match slot {
        Some(slot) => {
            let ty = own.map(|ty| quote!(::<_, #ty>));
            quote_spanned!(at=> #reader.values #ty(#group, #slot, #extent, #count))
        }
        None => {
            let ty = part();
            quote_spanned!(at=> #reader.group::<#ty>(#group, #extent, #count))
        }
    }
}

/// The type argument of a call that reads a type of the user's own.
fn own_value(telegram: &Telegram, item: &Item, ty: &syn::Type) -> Option<TokenStream> {
    named::own_value(telegram, item, ty).map(named::read)
}

/// Reads an item. If another field states its length, the item must use exactly those bytes.
fn within(
    telegram: &Telegram,
    number: usize,
    item: &Item,
    reader: &Ident,
    read: impl FnOnce(&Ident) -> TokenStream,
) -> TokenStream {
    let call = read(reader);
    let name = &item.name.value;
    if may_be_measured(telegram, number, item) {
        let trait_ = telegram.paths.telegram();
        let start = own("start");
        let measure = constant(telegram, "measure", number);
        return quote!(#reader.measured(<Self as #trait_>::LAYOUT, #start, #name, #measure, |#reader| #call)?);
    }
    let Some(length) = length_field(telegram, item) else { return quote!(#call?) };
    let stated = variable("stated", &length.member);
    quote!(#reader.within(#name, #stated.value(), |#reader| #call)?)
}

/// The variable that holds the value of a group's counting field, if that field is read before the group.
fn count(telegram: &Telegram, number: usize, repeat: &Repeat, reader: &Ident) -> TokenStream {
    let option = paths::option();
    let by = repeat.counted().map(|(by, _)| by);
    if by.is_some_and(|by| telegram.is_flattened(by)) {
        let trait_ = telegram.paths.telegram();
        let start = own("start");
        let group = constant(telegram, "group", number);
        let extent = constant(telegram, "extent", number);
        return quote!(#reader.counted(<Self as #trait_>::LAYOUT, #start, #group, #extent)?);
    }
    match by.filter(|by| number_of(telegram, by) < number) {
        Some(by) => {
            let count = variable("count", by);
            quote!(#option::Some(#count))
        }
        None => quote!(#option::None),
    }
}

fn read_computed(telegram: &Telegram, number: usize, item: &Item, computed: &Computed, reader: &Ident) -> TokenStream {
    let slot = constant(telegram, "number", number);
    let result = paths::result();
    let stated = variable("stated", &item.member);
    match computed {
        Computed::Link(Link::Check { .. }) => {
            let field = constant(telegram, "field", number);
            quote!(#reader.open_check(#field)?)
        }
        Computed::Sign { outer: true, .. } => {
            let field = constant(telegram, "field", number);
            quote!({ #reader.sign(#field)?; })
        }
        computed if is_link(telegram, computed) => quote!({ #reader.stated::<::core::primitive::i128>(#slot)?; }),
        Computed::Link(_) => TokenStream::new(),
        Computed::Length(_) => {
            let counts = constant(telegram, "counts", number);
            quote!(#reader.length(#slot, #counts)?)
        }
        Computed::Count(of) if number_of(telegram, of) > number => {
            let group = constant(telegram, "group", number_of(telegram, of));
            let count = variable("count", &item.member);
            kept(&count, &quote!(#reader.count(#slot, #group)?))
        }
        Computed::Count(of) => {
            let field = constant(telegram, "field", number);
            let entries = variable("item", of);
            quote!({
                let stated = #reader.stated(#slot)?;
                #reader.check_count(#field, stated, #entries.len())?
            })
        }
        Computed::LengthOf(_) | Computed::Sum { .. } => kept(&stated, &quote!(#reader.stated(#slot)?)),
        Computed::Sequence(_) => {
            let first = constant(telegram, "sequence", number);
            quote!(#result::map(#reader.sequence(#slot, #first), ::core::mem::drop)?)
        }
        Computed::Sign { .. } => {
            let field = constant(telegram, "field", number);
            kept(&stated, &quote!(#reader.sign(#field)?))
        }
        Computed::Check { from, .. } => {
            let field = constant(telegram, "field", number);
            let from = check_from(telegram, number, from.as_ref(), &own("start"));
            quote!(#reader.check(#field, #from)?)
        }
    }
}

/// Keeps what was read for an item without information in a second variable. The item's own variable is `()`.
fn kept(variable: &Ident, value: &TokenStream) -> TokenStream {
    quote!(();
    let #variable = #value)
}

/// A check that is possible only after all items are read.
fn afterwards(telegram: &Telegram, number: usize, item: &Item, reader: &Ident) -> Option<TokenStream> {
    let stated = variable("stated", &item.member);
    match &item.what {
        ItemKind::Computed { computed, .. } if is_link(telegram, computed) => None,
        ItemKind::Computed { computed: Computed::Sum { group, path }, .. } => {
            let field = constant(telegram, "field", number);
            let entries = variable("item", group);
            let tally = tally(telegram, number, &quote!(#entries), path);
            Some(quote!(#reader.check_sum(#field, #stated, #tally)?;))
        }
        ItemKind::Computed { computed: Computed::Sign { of, outer: false, .. }, .. } => {
            let field = constant(telegram, "field", number);
            let sign = constant(telegram, "sign", number);
            let number = constant(telegram, "number", number_of(telegram, of));
            let value = variable("item", of);
            Some(quote!(let #value = #reader.signed((#field, #sign), #stated, #value, #number.rule)?;))
        }
        ItemKind::Field(_) if is_signed_in_flattened(telegram, item) => {
            let trait_ = telegram.paths.telegram();
            let start = own("start");
            let sign = constant(telegram, "sign_index", number);
            let number = constant(telegram, "number", number);
            let value = variable("item", &item.member);
            Some(quote! {
                let #value = #reader.signed_beside(<Self as #trait_>::LAYOUT, #start, #sign, #value, #number.rule)?;
            })
        }
        ItemKind::Group { page: Some(PageAttrs { total, start }), .. } => {
            let group = constant(telegram, "group", number);
            let entries = variable("item", &item.member);
            let total = variable("item", total);
            let start = variable("item", start);
            Some(quote!(#reader.check_page(#group, #entries.len(), &#start, &#total)?;))
        }
        _ => None,
    }
}
