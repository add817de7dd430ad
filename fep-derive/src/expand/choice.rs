//! `impl Body` and `impl DecodeBody` of an enum: one case for each variant.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{GenericParam, LifetimeParam, parse_quote};

use super::ask::own;
use super::generics::bytes_lifetime;
use super::named;
use crate::model::{Case, Cases};
use crate::paths;

/// All implementations for an enum.
pub(crate) fn choice(choice: &Cases) -> TokenStream {
    let p = &choice.paths;
    let body = p.body();
    let telegram = p.telegram();
    let case = p.case();
    let writer_type = p.writer();
    let error = p.error();
    let result = paths::result();
    let borrowed = p.borrowed();
    let ident = &choice.ident;
    let writer = own("writer");
    let held = own("held");
    let mut generics = choice.generics.clone();
    for Case { ty, .. } in choice.cases.iter().filter(|_| choice.generics.type_params().next().is_some()) {
        generics.make_where_clause().predicates.push(parse_quote!(#ty: #telegram));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let cases = choice.cases.iter().map(|Case { ty, codes, .. }| {
        let codes = codes.iter().map(|code| &code.value);
        let ty = named(choice, ty);
        let layout = quote_spanned!(ty.span()=> <#ty as #telegram>::LAYOUT);
        quote!(#case { codes: #borrowed(&[#(#borrowed(#codes)),*]), layout: #borrowed(#layout) })
    });
    let variants: Vec<_> = choice.cases.iter().map(|case| &case.ident).collect();
    let numbers = 0..variants.len();
    let types: Vec<_> = choice.cases.iter().map(|case| named(choice, &case.ty)).collect();
    let decode = decode(choice);
    quote! {
        #[automatically_derived]
        impl #impl_generics #body for #ident #ty_generics #where_clause {
            const CASES: &'static [#case] = &[#(#cases),*];

            fn case(&self) -> ::core::primitive::usize {
                match self {
                    #(Self::#variants(_) => #numbers,)*
                }
            }

            #[inline]
            fn encode_body(&self, #writer: &mut #writer_type<'_>) -> #result<(), #error> {
                match self {
                    #(Self::#variants(#held) => <#types as #telegram>::encode_items(#held, #writer),)*
                }
            }

            fn body_len(&self) -> ::core::primitive::usize {
                match self {
                    #(Self::#variants(#held) => <#types as #telegram>::encoded_len(#held),)*
                }
            }
        }
        #decode
    }
}

/// The type of a case. A type parameter is named directly: its bounds say what it is.
fn named(choice: &Cases, ty: &syn::Type) -> TokenStream {
    match choice.generics.type_params().next() {
        Some(_) => ty.to_token_stream(),
        None => named::member(&choice.paths, ty),
    }
}

fn decode(choice: &Cases) -> TokenStream {
    let p = &choice.paths;
    let decode_body = p.decode_body();
    let decode = p.decode();
    let reader_type = p.reader();
    let error = p.error();
    let culprit = p.culprit();
    let fault = p.fault();
    let result = paths::result();
    let ident = &choice.ident;
    let lifetime = bytes_lifetime();
    let reader = own("reader");
    let case = own("case");
    let mut generics = choice.generics.clone();
    for Case { ty, .. } in choice.cases.iter().filter(|_| choice.generics.type_params().next().is_some()) {
        generics.make_where_clause().predicates.push(parse_quote!(#ty: #decode<#lifetime>));
    }
    let mut param = LifetimeParam::new(lifetime.clone());
    param.bounds = choice.generics.lifetimes().map(|param| param.lifetime.clone()).collect();
    generics.params.insert(0, GenericParam::Lifetime(param));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (_, ty_generics, _) = choice.generics.split_for_impl();
    let reads = choice.cases.iter().enumerate().map(|(number, Case { ident, ty, .. })| {
        let ty = named(choice, ty);
        quote_spanned! {ty.span()=>
            #number => #result::map(<#ty as #decode<#lifetime>>::decode_items(#reader), Self::#ident),
        }
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics #decode_body<#lifetime> for #ident #ty_generics #where_clause {
            #[inline]
            fn decode_body(#case: ::core::primitive::usize, #reader: &mut #reader_type<#lifetime>) -> #result<Self, #error> {
                match #case {
                    #(#reads)*
                    _ => #result::Err(#error::new(#culprit::Spec, #fault::BadSpec { reason: "the choice has no such case" })),
                }
            }
        }
    }
}

/// `Body` and `DecodeBody` for an enum with mistakes.
pub(crate) fn choice_stub(choice: &Cases) -> TokenStream {
    let p = &choice.paths;
    let body = p.body();
    let case = p.case();
    let writer = p.writer();
    let decode_body = p.decode_body();
    let reader = p.reader();
    let error = p.error();
    let result = paths::result();
    let lifetime = bytes_lifetime();
    let ident = &choice.ident;
    let (impl_generics, ty_generics, where_clause) = choice.generics.split_for_impl();
    let mut generics = choice.generics.clone();
    generics.params.insert(0, GenericParam::Lifetime(LifetimeParam::new(lifetime.clone())));
    let (decode_generics, _, _) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #body for #ident #ty_generics #where_clause {
            const CASES: &'static [#case] = &[];

            fn case(&self) -> ::core::primitive::usize {
                0
            }

            fn encode_body(&self, _: &mut #writer<'_>) -> #result<(), #error> {
                #result::Ok(())
            }

            fn body_len(&self) -> ::core::primitive::usize {
                0
            }
        }

        #[automatically_derived]
        impl #decode_generics #decode_body<#lifetime> for #ident #ty_generics #where_clause {
            fn decode_body(_: ::core::primitive::usize, _: &mut #reader<#lifetime>) -> #result<Self, #error> {
                ::core::unreachable!()
            }
        }
    }
}
