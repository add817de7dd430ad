//! `impl Serialize` and `impl Deserialize` of `#[telegram(serde)]`: one call each, because the layout knows the contract.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, LifetimeParam, parse_quote};

use super::generics::{self, bytes_lifetime};
use crate::model::Telegram;
use crate::paths;

/// Both implementations. What borrows from its bytes has no `Deserialize`: the bytes are made on the way and do not outlive it.
pub(super) fn serial(telegram: &Telegram) -> TokenStream {
    let serialize = serialize(telegram);
    let deserialize = telegram.generics.lifetimes().next().is_none().then(|| deserialize(telegram));
    quote!(#serialize #deserialize)
}

fn serialize(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let ident = &telegram.ident;
    let result = paths::result();
    let trait_ = p.serial("Serialize");
    let serializer = p.serial("Serializer");
    let serialize = p.serial("serialize");
    let generics = generics::encode(telegram);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_ for #ident #ty_generics #where_clause {
            fn serialize<__S: #serializer>(&self, serializer: __S) -> #result<__S::Ok, __S::Error> {
                #serialize(self, serializer)
            }
        }
    }
}

fn deserialize(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let ident = &telegram.ident;
    let result = paths::result();
    let lifetime = bytes_lifetime();
    let trait_ = p.serial("Deserialize");
    let deserializer = p.serial("Deserializer");
    let deserialize = p.serial("deserialize");
    let decode = p.decode();
    let (_, ty_generics, _) = telegram.generics.split_for_impl();
    let mut generics = telegram.generics.clone();
    if generics.type_params().next().is_some() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: for<'__decoded> #decode<'__decoded>));
    }
    generics.params.insert(0, GenericParam::Lifetime(LifetimeParam::new(lifetime.clone())));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_<#lifetime> for #ident #ty_generics #where_clause {
            fn deserialize<__D: #deserializer<#lifetime>>(deserializer: __D) -> #result<Self, __D::Error> {
                #deserialize(deserializer)
            }
        }
    }
}
