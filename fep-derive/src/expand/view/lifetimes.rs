//! The lifetimes of a view: that of the bytes replaces all lifetimes of the struct.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{GenericParam, Generics, LifetimeParam, parse_quote};

use super::super::generics::{bytes_lifetime, relabelled};
use crate::model::Telegram;

/// The name of the lifetime of the bytes, as in [`bytes_lifetime`].
pub(super) const BYTES: &str = "__bytes";

/// The generics with the lifetime of the bytes as the only lifetime. It replaces all lifetimes of the struct.
pub(super) fn with_bytes_only(generics: &Generics, telegram: &Telegram) -> Generics {
    let mut only = Generics::default();
    only.params.push(GenericParam::Lifetime(LifetimeParam::new(bytes_lifetime())));
    for param in generics.params.iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))) {
        let tokens = relabelled(param.to_token_stream(), BYTES, &|lifetime| is_own(telegram, lifetime));
        only.params.push(parse_quote!(#tokens));
    }
    if let Some(clause) = &generics.where_clause {
        let tokens = relabelled(clause.to_token_stream(), BYTES, &|lifetime| is_own(telegram, lifetime));
        only.where_clause = Some(parse_quote!(#tokens));
    }
    only
}

/// Whether this is a lifetime of the struct.
pub(super) fn is_own(telegram: &Telegram, lifetime: &Ident) -> bool {
    telegram.generics.lifetimes().any(|own| own.lifetime.ident == *lifetime)
}
