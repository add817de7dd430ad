//! `impl Debug` of `#[telegram(debug)]`: shows the fields that carry information and hides the values of secret fields.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse_quote;

use crate::model::{Item, ItemKind, Telegram};

/// The implementation.
pub(super) fn debug(telegram: &Telegram) -> TokenStream {
    let ident = &telegram.ident;
    let name = ident.unraw().to_string();
    let mut generics = telegram.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(::core::fmt::Debug));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let fields = telegram.items.iter().filter_map(|Item { member, what, .. }| {
        let shown = member.unraw().to_string();
        match what {
            ItemKind::Field(field) | ItemKind::Tail(field) if field.secret => {
                Some(quote!(.field(#shown, &::core::format_args!("<secret>"))))
            }
            ItemKind::Group { value: Some(field), .. } if field.secret => {
                Some(quote!(.field(#shown, &::core::format_args!("<secret>"))))
            }
            ItemKind::Field(_)
            | ItemKind::Tail(_)
            | ItemKind::Part
            | ItemKind::Flatten
            | ItemKind::Group { .. }
            | ItemKind::Choice(_) => Some(quote!(.field(#shown, &self.#member))),
            ItemKind::Computed { .. } | ItemKind::Literal(..) | ItemKind::Filler { .. } => None,
        }
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #ident #ty_generics #where_clause {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name) #(#fields)* .finish()
            }
        }
    }
}
