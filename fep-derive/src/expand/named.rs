//! The user's types as the output names them: `<Header as PartType>::Itself`.
//!
//! With such names, the compiler reports a type that is no telegram once, at the field, although the output uses it in several places.
//! A type that mentions a type parameter is named directly: its bounds say what it is.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::generics::{mentions, relabelled};
use crate::model::{Codes, Field, Item, ItemKind, Kind, Telegram};
use crate::paths::Paths;
use crate::shape::Shape;

/// A part or an entry.
pub(super) fn part(telegram: &Telegram, ty: &Type) -> TokenStream {
    if mentions(telegram, ty) { ty.to_token_stream() } else { member(&telegram.paths, ty) }
}

/// A telegram that a variant of an enum holds.
pub(super) fn member(p: &Paths, ty: &impl ToTokens) -> TokenStream {
    named(&p.part_type(), ty, None)
}

/// A choice.
pub(super) fn body(telegram: &Telegram, ty: &Type) -> TokenStream {
    if mentions(telegram, ty) { ty.to_token_stream() } else { named(&telegram.paths.choice_type(), ty, None) }
}

/// The type to read, which may borrow from the bytes: the compiler finds its lifetimes.
pub(super) fn read(named: TokenStream) -> TokenStream {
    relabelled(named, "_", &|_| true)
}

/// An enum of codes.
pub(super) fn code(p: &Paths, ty: &Type) -> TokenStream {
    named(&p.code_type(), ty, None)
}

/// The type of a field or a tail. A type that the derive knows needs no check by the compiler, so it is named directly.
pub(super) fn value(telegram: &Telegram, item: &Item) -> TokenStream {
    match own_value(telegram, item, &item.ty) {
        Some(named) => named,
        None => item.ty.to_token_stream(),
    }
}

/// The type of a field, of an array's entry or of a tail, as `ty` writes it, if the type is the user's own.
pub(super) fn own_value(telegram: &Telegram, item: &Item, ty: &impl ToTokens) -> Option<TokenStream> {
    let p = &telegram.paths;
    let rule = |field: &Field| p.rule(field.kind.name());
    match (&item.what, item.value()) {
        (_, Some((_, own))) if !Shape::of(own).is_custom() => None,
        (_, Some((Field { kind: Kind::Code { codes: Codes::OfType, .. }, .. }, _))) => {
            Some(named(&p.code_type(), ty, None))
        }
        (_, Some((field, _))) => Some(named(&p.value_type(), ty, Some(&rule(field)))),
        (ItemKind::Tail(field), _) if Shape::of(&item.ty).is_custom() => {
            Some(named(&p.tail_type(), ty, Some(&rule(field))))
        }
        _ => None,
    }
}

/// All of it stands at the type, because that is where a mistake is.
fn named(trait_: &TokenStream, ty: &impl ToTokens, rule: Option<&TokenStream>) -> TokenStream {
    let ty = ty.to_token_stream();
    let rule = rule.map(|rule| quote!(<#rule>));
    quote_spanned!(ty.span()=> <#ty as #trait_ #rule>::Itself)
}
