//! What encoding and decoding share: constants of the layout, the places of calls, and names of what is kept in between.

use fep_core::words::Word as _;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use crate::attr::Computed;
use crate::model::{Item, ItemKind, Kind, Telegram};

/// `const { number(LAYOUT, 3) }`: what the layout says about an item, as a constant.
pub(super) fn constant(telegram: &Telegram, accessor: &str, index: usize) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let accessor = telegram.paths.slots(accessor);
    quote!(const { #accessor(<Self as #trait_>::LAYOUT, #index) })
}

/// `const { &chooser(LAYOUT, 3) }`: the field that decides a choice.
pub(super) fn chooser(telegram: &Telegram, index: usize) -> TokenStream {
    let trait_ = telegram.paths.telegram();
    let chooser = telegram.paths.slots("chooser");
    quote!(const { &#chooser(<Self as #trait_>::LAYOUT, #index) })
}

/// The accessor of a field's slot, which is called like its kind.
pub(super) fn accessor(kind: &Kind) -> &'static str {
    kind.name().word()
}

/// The place of a type, for calls that name `self`.
///
/// A type that came through another macro carries its hygiene, under which `self` would not be found.
pub(super) fn place(ty: &impl ToTokens) -> Span {
    Span::call_site().located_at(ty.span())
}

/// A variable of our own, whatever macro the struct came through.
pub(super) fn own(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A variable that belongs to an item: `count_items`.
pub(super) fn variable(prefix: &str, member: &Ident) -> Ident {
    format_ident!("{prefix}_{}", member.unraw(), span = Span::mixed_site())
}

/// The number of the item with this name; the checks have found it.
pub(super) fn number_of(telegram: &Telegram, member: &Ident) -> usize {
    telegram.items.iter().position(|item| item.member == *member).unwrap_or_default()
}

/// Whether the code needs to know where the layout began: a choice looks for its code from there, a check for its bytes.
pub(super) fn needs_start(telegram: &Telegram) -> bool {
    telegram.items.iter().any(|item| {
        let check = matches!(item.what, ItemKind::Computed { computed: Computed::Check { from: Some(_), .. }, .. });
        check || matches!(item.what, ItemKind::Choice(_))
    })
}

/// Where the bytes begin that a check covers, in the telegram.
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

/// The field that says how long an item is, with its number.
pub(super) fn length_field<'t>(telegram: &'t Telegram, item: &Item) -> Option<&'t Item> {
    telegram.items.iter().find(
        |other| matches!(&other.what, ItemKind::Computed { computed: Computed::LengthOf(of), .. } if *of == item.member),
    )
}
