//! Helpers of encoding and decoding: constants of the layout, spans of calls, and names of variables.

use fep_core::rules::Sign;
use fep_core::words::Word as _;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::generics::closed;
use super::named;
use crate::attr::Computed;
use crate::model::{Field, Item, ItemKind, Kind, Telegram};

/// Reads an item of the layout in a constant: `const { number(LAYOUT, 3) }`.
pub(super) fn constant(telegram: &Telegram, accessor: &str, index: usize) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let accessor = telegram.paths.slots(accessor);
    let index = self::index(telegram, index);
    quote!(const { #accessor(<Self as #trait_>::LAYOUT, #index) })
}

/// Reads the field of an array's entry in a constant: `const { number(entry(LAYOUT, 3), 0) }`.
pub(super) fn entry_slot(telegram: &Telegram, kind: &Kind, index: usize) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let accessor = telegram.paths.slots(accessor(kind));
    let entry = telegram.paths.slots("entry");
    let index = self::index(telegram, index);
    quote!(const { #accessor(#entry(<Self as #trait_>::LAYOUT, #index), 0) })
}

/// Reads the field that decides a choice in a constant: `const { &chooser(LAYOUT, 3) }`.
pub(super) fn chooser(telegram: &Telegram, index: usize) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let chooser = telegram.paths.slots("chooser");
    let index = self::index(telegram, index);
    quote!(const { &#chooser(<Self as #trait_>::LAYOUT, #index) })
}

/// The accessor of a field's slot. It has the name of the kind.
pub(super) fn accessor(kind: &Kind) -> &'static str {
    kind.name().word()
}

/// The span of a type, for calls that name `self`.
///
/// A type that another macro produced carries the hygiene of that macro. With this hygiene, `self` would not be found.
pub(super) fn place(ty: &impl ToTokens) -> Span {
    Span::call_site().located_at(ty.span())
}

/// A variable of the derive that cannot clash with tokens of the user, even if another macro produced the struct.
pub(super) fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A variable of the derive that belongs to an item: `count_items`.
pub(super) fn variable(prefix: &str, member: &Ident) -> Ident {
    format_ident!("{prefix}_{}", member.unraw(), span = Span::mixed_site())
}

/// The index of the item with this name. The checks have ensured that it exists.
pub(super) fn number_of(telegram: &Telegram, member: &Ident) -> usize {
    telegram.items.iter().position(|item| item.member == *member).unwrap_or_default()
}

/// The index in the layout of the item with this number. A flattened part before it has as many items as its own layout.
pub(super) fn index(telegram: &Telegram, number: usize) -> TokenStream {
    let before = || telegram.items.iter().take(number);
    let own = before().filter(|item| !matches!(item.what, ItemKind::Flatten)).count();
    let flattened =
        before().filter(|item| matches!(item.what, ItemKind::Flatten)).map(|item| flattened_layout(telegram, item));
    quote!(#own #(+ #flattened.items().len())*)
}

/// The layout of a flattened part. A constant cannot name the struct's lifetimes, and the layout does not depend on them.
pub(super) fn flattened_layout(telegram: &Telegram, item: &Item) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let ty = named::member(&telegram.paths, &closed(&item.ty));
    quote_spanned!(item.ty.span()=> <#ty as #trait_>::LAYOUT)
}

/// A flattened part, its place in the layout, and its own layout: `const { Flattened { … } }`.
pub(super) fn flattened(telegram: &Telegram, number: usize, item: &Item) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let flattened = telegram.paths.flattened();
    let first = index(telegram, number);
    let part = flattened_layout(telegram, item);
    quote!(const { #flattened { layout: <Self as #trait_>::LAYOUT, first: #first, part: #part } })
}

/// A fact about a flattened part: `function(LAYOUT, first, PART)`, where `layout` is the first argument.
pub(super) fn about_flattened(
    telegram: &Telegram,
    function: &str,
    layout: &TokenStream,
    number: usize,
    item: &Item,
) -> TokenStream {
    let function = telegram.paths.slots(function);
    let first = index(telegram, number);
    let part = flattened_layout(telegram, item);
    quote!(#function(#layout, #first, #part))
}

/// Whether a field of a flattened part may state the length of this item.
pub(super) fn may_be_measured(telegram: &Telegram, number: usize, item: &Item) -> bool {
    let varies = matches!(item.what, ItemKind::Part | ItemKind::Group { .. } | ItemKind::Choice(_) | ItemKind::Tail(_));
    let flattened = telegram.items.iter().take(number).any(|before| matches!(before.what, ItemKind::Flatten));
    varies && flattened && length_field(telegram, item).is_none()
}

/// Whether the sign of this number can only be in a flattened part.
pub(super) fn is_signed_in_flattened(telegram: &Telegram, item: &Item) -> bool {
    let signs = |other: &Item| matches!(&other.what, ItemKind::Computed { computed: Computed::Sign { of, outer: false, .. }, .. } if *of == item.member);
    let elsewhere = matches!(&item.what, ItemKind::Field(Field { kind: Kind::Number(number), .. }) if number.sign == Sign::Elsewhere);
    elsewhere && !telegram.items.iter().any(signs)
}

/// Whether the code needs the position at which the layout starts. A choice finds its code from there, a check its bytes.
pub(super) fn needs_start(telegram: &Telegram) -> bool {
    let check =
        |item: &Item| matches!(item.what, ItemKind::Computed { computed: Computed::Check { from: Some(_), .. }, .. });
    may_have_links(telegram)
        || telegram.has_flattened()
        || telegram.items.iter().any(|item| check(item) || matches!(item.what, ItemKind::Choice(_)))
}

/// Whether the layout may have links. Only the compiler knows the fields of a part.
pub(super) fn may_have_links(telegram: &Telegram) -> bool {
    telegram.items.iter().any(|item| match &item.what {
        ItemKind::Part | ItemKind::Flatten => true,
        ItemKind::Computed { computed, .. } => is_link(telegram, computed),
        _ => false,
    })
}

/// Whether a field is computed when the layout is complete.
pub(super) fn is_link(telegram: &Telegram, computed: &Computed) -> bool {
    match computed {
        Computed::Link(_) => true,
        Computed::Sum { group, .. } => {
            telegram.items.iter().any(|item| item.member == *group && matches!(item.what, ItemKind::Part))
        }
        _ => false,
    }
}

/// Looks at the links of a complete layout, if it has any.
pub(super) fn links(telegram: &Telegram, cursor: &Ident) -> Option<TokenStream> {
    if !may_have_links(telegram) {
        return None;
    }
    let trait_ = telegram.paths.telegram();
    let start = own("start");
    let across = across(telegram, cursor);
    Some(quote! {
        if const { <Self as #trait_>::LAYOUT.has_links() } {
            #cursor.links(<Self as #trait_>::LAYOUT, #start)?;
        }
        #across
    })
}

/// Looks at the fields of flattened parts that are computed from items of the struct, and the reverse.
fn across(telegram: &Telegram, cursor: &Ident) -> Option<TokenStream> {
    if !telegram.has_flattened() {
        return None;
    }
    let trait_ = telegram.paths.telegram();
    let start = own("start");
    let is_open = telegram.paths.slots("is_open");
    let items = || telegram.items.iter().enumerate();
    let parts = items().filter(|(_, item)| matches!(item.what, ItemKind::Flatten)).map(|(number, item)| {
        let of = flattened(telegram, number, item);
        let part = flattened_layout(telegram, item);
        quote! {
            if const { #is_open(#part) } {
                #cursor.flattened_links(#of, #start)?;
            }
        }
    });
    let is_across = |item: &Item| match &item.what {
        ItemKind::Computed { computed: Computed::Link(link), .. } => {
            link.paths().iter().any(|path| !path.outer && telegram.is_flattened(&path.head))
        }
        _ => false,
    };
    let indices: Vec<_> =
        items().filter(|(_, item)| is_across(item)).map(|(number, _)| index(telegram, number)).collect();
    let own_links = (!indices.is_empty())
        .then(|| quote!(#cursor.links_beside(<Self as #trait_>::LAYOUT, #start, const { [#(#indices),*] })?;));
    Some(quote!(#(#parts)* #own_links))
}

/// The part with the field that counts a group, if it stands before the group.
pub(super) fn counted_in_part_before<'t>(telegram: &Telegram, number: usize, item: &'t Item) -> Option<&'t Ident> {
    let ItemKind::Group { repeat, .. } = &item.what else { return None };
    repeat.counted_in_part().map(|by| &by.head).filter(|head| number_of(telegram, head) < number)
}

/// The position in the telegram at which the bytes covered by a check begin.
pub(super) fn check_from(telegram: &Telegram, number: usize, from: Option<&Ident>, start: &Ident) -> TokenStream {
    if from.is_none() {
        return quote!(0);
    }
    let offset = constant(telegram, "check_from", number);
    let option = crate::paths::option();
    quote!(match #offset {
        #option::Some(offset) => #start + offset,
        #option::None => #start,
    })
}

/// The field that states the length of an item, if there is one.
pub(super) fn length_field<'t>(telegram: &'t Telegram, item: &Item) -> Option<&'t Item> {
    telegram.items.iter().find(
        |other| matches!(&other.what, ItemKind::Computed { computed: Computed::LengthOf(of), .. } if *of == item.member),
    )
}
