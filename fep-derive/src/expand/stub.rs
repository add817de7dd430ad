//! The stubs that are emitted together with mistakes: implementations without contents, so that call sites cause no further errors.

use fep_core::charset::CharsetId;
use fep_core::kinds::KindName;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Generics;
use syn::ext::IdentExt as _;

use super::serial::serial;
use super::set::conversions;
use super::view::views;
use crate::model::{CodeSetModel, Set, Telegram};
use crate::paths::{self, Paths};

/// `Telegram` and `Decode` for a struct with mistakes.
pub(crate) fn telegram_stub(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let trait_ = p.telegram();
    let decode = p.decode();
    let writer = p.writer();
    let reader = p.reader();
    let error = p.error();
    let layout_type = p.layout();
    let result = paths::result();
    let layout = layout(telegram);
    let ident = &telegram.ident;
    let (impl_generics, ty_generics, where_clause) = telegram.generics.split_for_impl();
    let (decode_generics, lifetime) = decode_generics(&telegram.generics);
    let (decode_impl_generics, _, _) = decode_generics.split_for_impl();
    let views = telegram.view.as_ref().map(|view| views(telegram, view, true));
    let serde = telegram.serde.then(|| serial(telegram));
    quote! {
        #[automatically_derived]
        impl #impl_generics #trait_ for #ident #ty_generics #where_clause {
            const LAYOUT: &'static #layout_type = &#layout;

            fn encode_items(&self, _: &mut #writer<'_>) -> #result<(), #error> {
                #result::Ok(())
            }

            fn encoded_len(&self) -> ::core::primitive::usize {
                0
            }
        }

        #[automatically_derived]
        impl #decode_impl_generics #decode<#lifetime> for #ident #ty_generics #where_clause {
            fn decode_items(_: &mut #reader<#lifetime>) -> #result<Self, #error> {
                ::core::unreachable!()
            }
        }
        #views
        #serde
    }
}

/// A layout with the telegram's stated length, a condition and all names. Code that uses the telegram then causes no further
/// errors.
fn layout(telegram: &Telegram) -> TokenStream {
    let p = &telegram.paths;
    let layout = p.layout();
    let when = p.when();
    let item = p.item();
    let filler = p.filler();
    let borrowed = p.borrowed();
    let option = paths::option();
    let len = telegram.len.as_ref().map_or(0, |len| len.value);
    let charset = p.charset(CharsetId::Ascii);
    let own = telegram.ident.to_string();
    let broken = telegram.broken.iter().map(|member| member.unraw().to_string());
    let names = telegram.items.iter().map(|item| item.name.value.clone()).chain(broken);
    let fields = names.map(|name| field(p, &name));
    quote! {
        #layout {
            name: #borrowed(""),
            label: #borrowed(""),
            charset: #charset,
            stated_len: #option::None,
            when: #borrowed(&[#when { path: #borrowed(#own), value: #borrowed("") }]),
            items: #borrowed(&[
                #(#fields,)*
                #item::Filler(#filler { label: #borrowed(""), len: #len, pad: 0, any: true })
            ]),
        }
    }
}

/// A text field without bytes, which conditions can name.
fn field(p: &Paths, name: &str) -> TokenStream {
    let item = p.item();
    let field = p.field();
    let kind = p.kind();
    let text_rule = p.rule(KindName::Text);
    let borrowed = p.borrowed();
    let option = paths::option();
    let charset = p.charset(CharsetId::Ascii);
    quote! {
        #item::Field(#field {
            name: #borrowed(#name),
            label: #borrowed(""),
            len: 0,
            kind: #kind::Text(#text_rule::new(#charset)),
            secret: false,
            computed: #option::None,
        })
    }
}

fn decode_generics(generics: &Generics) -> (Generics, syn::Lifetime) {
    let lifetime = super::generics::bytes_lifetime();
    let mut with_bytes = generics.clone();
    let param = syn::LifetimeParam::new(lifetime.clone());
    with_bytes.params.insert(0, syn::GenericParam::Lifetime(param));
    (with_bytes, lifetime)
}

/// `TelegramSet` for an enum with mistakes.
pub(crate) fn set_stub(set: &Set, generics: &Generics) -> TokenStream {
    let p = &set.paths;
    let telegram_set = p.telegram_set();
    let layout = p.layout();
    let error = p.error();
    let result = paths::result();
    let ident = &set.ident;
    let (_, ty_generics, where_clause) = generics.split_for_impl();
    let conversions = generics.params.is_empty().then(|| conversions(set));
    let option = paths::option();
    let (with_bytes, bytes) = decode_generics(generics);
    let (bytes_generics, _, _) = with_bytes.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #bytes_generics #telegram_set<#bytes> for #ident #ty_generics #where_clause {
            const LAYOUTS: &'static [&'static #layout] = &[];

            fn any_fixed_len(_: &[u8]) -> #option<::core::primitive::usize> {
                #option::None
            }

            fn decode_any(_: & #bytes [u8]) -> #result<Self, #error> {
                ::core::unreachable!()
            }

            fn any_len(&self) -> ::core::primitive::usize {
                0
            }

            fn encode_any(&self, _: &mut [u8]) -> #result<::core::primitive::usize, #error> {
                ::core::unreachable!()
            }
        }
        #conversions
    }
}

/// `CodeSet` and the field value for a code enum with mistakes.
pub(crate) fn code_stub(set: &CodeSetModel, generics: &Generics) -> TokenStream {
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    code_set_stub(&set.paths, &set.ident, &quote!(#impl_generics), &quote!(#ty_generics #where_clause), generics)
}

fn code_set_stub(
    p: &Paths,
    ident: &Ident,
    impl_generics: &TokenStream,
    rest: &TokenStream,
    generics: &Generics,
) -> TokenStream {
    let code_set = p.code_set();
    let code_meaning = p.code_meaning();
    let field_value = p.field_value();
    let code_rule = p.rule(KindName::Code);
    let fault = p.fault();
    let result = paths::result();
    let option = paths::option();
    let (value_generics, lifetime) = decode_generics(generics);
    let (value_impl_generics, _, _) = value_generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #code_set for #ident #rest {
            const CODES: &'static [#code_meaning] = &[];
            const OPEN: bool = true;

            fn code(&self) -> &str {
                ""
            }

            fn from_code(_: &str) -> #option<Self> {
                #option::None
            }
        }

        #[automatically_derived]
        impl #value_impl_generics #field_value<#lifetime, #code_rule> for #ident #rest {
            fn put(&self, _: &#code_rule, _: &mut [u8]) -> #result<(), #fault> {
                #result::Ok(())
            }

            fn get(_: &#code_rule, _: &#lifetime [u8]) -> #result<Self, #fault> {
                #result::Err(#fault::UnknownCode)
            }
        }
    }
}
