//! The generics of the implementations: those of the struct, a lifetime for the bytes, and bounds for type parameters.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{GenericParam, Generics, Lifetime, LifetimeParam, Type, WherePredicate, parse_quote};

use crate::model::{Codes, Item, ItemKind, Kind, Telegram};
use crate::shape;

/// The lifetime of the bytes that are read.
pub(super) fn bytes_lifetime() -> Lifetime {
    Lifetime::new("'__bytes", Span::call_site())
}

/// The generics of `impl Telegram`. A field whose type is a parameter must be a value of its kind for bytes of any lifetime.
pub(super) fn encode(telegram: &Telegram) -> Generics {
    let mut generics = telegram.generics.clone();
    let trait_ = telegram.paths.telegram();
    let body = telegram.paths.body();
    let mut predicates = nested(telegram, &quote!(#trait_), &body);
    predicates.extend(values(telegram));
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// The generics of `impl Decode<'__bytes>`. The bytes outlive everything that the struct borrows.
pub(super) fn decode(telegram: &Telegram) -> Generics {
    let mut generics = encode(telegram);
    let lifetime = bytes_lifetime();
    let trait_ = telegram.paths.decode();
    let body = telegram.paths.decode_body();
    let predicates = nested(telegram, &quote!(#trait_<#lifetime>), &quote!(#body<#lifetime>));
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    let mut param = LifetimeParam::new(lifetime);
    param.bounds = telegram.generics.lifetimes().map(|param| param.lifetime.clone()).collect();
    generics.params.insert(0, GenericParam::Lifetime(param));
    generics
}

/// The bounds of parts, entries and bodies whose type mentions a type parameter: they must be telegrams and choices.
pub(super) fn nested(telegram: &Telegram, trait_: &TokenStream, body: &TokenStream) -> Vec<WherePredicate> {
    let types = telegram.items.iter().filter_map(|item| match &item.what {
        ItemKind::Part | ItemKind::Flatten => Some((&item.ty, trait_)),
        ItemKind::Group { entry, value: None, .. } => Some((&**entry, trait_)),
        ItemKind::Choice(_) => Some((&item.ty, body)),
        _ => None,
    });
    types.filter(|(ty, _)| mentions(telegram, ty)).map(|(ty, trait_)| parse_quote!(#ty: #trait_)).collect()
}

/// The bounds of fields whose type mentions a type parameter: they must be values of their kind.
fn values(telegram: &Telegram) -> Vec<WherePredicate> {
    let field_value = telegram.paths.field_value();
    let code_set = telegram.paths.code_set();
    let mut predicates = Vec::new();
    for item in telegram.items.iter().filter(|item| mentions(telegram, &item.ty)) {
        let Item { ty, what, .. } = item;
        if let ItemKind::Tail(field) = what {
            let rule = telegram.paths.rule(field.kind.name());
            let tail_value = telegram.paths.tail_value();
            predicates.push(parse_quote!(#ty: for<'__value> #tail_value<'__value, #rule>));
        }
        if let Some((field, ty)) = item.value() {
            let rule = telegram.paths.rule(field.kind.name());
            predicates.push(parse_quote!(#ty: for<'__value> #field_value<'__value, #rule>));
            if let Kind::Code { codes: Codes::OfType, .. } = field.kind {
                predicates.push(parse_quote!(#ty: #code_set));
            }
        }
    }
    predicates
}

/// Whether the type mentions a type parameter of the struct.
pub(super) fn mentions(telegram: &Telegram, ty: &Type) -> bool {
    let parameters: Vec<&Ident> = telegram.generics.type_params().map(|param| &param.ident).collect();
    shape::mentions(ty, &parameters)
}

/// The struct's type with every lifetime `'static`, for constants outside an implementation. `None` if the struct has parameters
/// that such a constant cannot name.
pub(super) fn closed_type(telegram: &Telegram) -> Option<TokenStream> {
    let lifetimes = telegram.generics.lifetimes().count();
    if lifetimes < telegram.generics.params.len() {
        return None;
    }
    let ident = &telegram.ident;
    let statics = std::iter::repeat_n(Lifetime::new("'static", Span::call_site()), lifetimes);
    Some(quote!(#ident<#(#statics),*>))
}

/// The type with every lifetime replaced by `'static`.
pub(super) fn closed(ty: &Type) -> TokenStream {
    relabelled(ty.to_token_stream(), "static", &|_| true)
}

/// The tokens, with each lifetime that `replaces` accepts replaced by this lifetime.
pub(super) fn relabelled(tokens: TokenStream, lifetime: &str, replaces: &dyn Fn(&Ident) -> bool) -> TokenStream {
    let mut after_quote = false;
    let token = |token: TokenTree| match token {
        TokenTree::Ident(ident) if std::mem::take(&mut after_quote) && replaces(&ident) => {
            Ident::new(lifetime, ident.span()).into()
        }
        TokenTree::Group(group) => {
            let mut inner = proc_macro2::Group::new(group.delimiter(), relabelled(group.stream(), lifetime, replaces));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => {
            after_quote = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '\'');
            other
        }
    };
    tokens.into_iter().map(token).collect()
}
