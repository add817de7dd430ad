//! `impl TelegramSet` of an enum: chooses the first telegram whose `when` and literals hold.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::generics::{bytes_lifetime, closed};
use super::named;
use crate::model::{Set, Variant};
use crate::paths;

/// All implementations for an enum.
pub(crate) fn set(set: &Set) -> TokenStream {
    let telegrams = telegrams(set);
    let conversions = conversions(set);
    let asserts = set.variants.iter().enumerate().map(|(number, variant)| assert_when(set, number, variant));
    quote! {
        #telegrams
        #conversions
        #(#asserts)*
    }
}

/// `impl TelegramSet`. The bytes outlive everything that the enum borrows.
fn telegrams(set: &Set) -> TokenStream {
    let p = &set.paths;
    let telegram_set = p.telegram_set();
    let telegram = p.telegram();
    let decode = p.decode();
    let layout = p.layout();
    let error = p.error();
    let result = paths::result();
    let option = paths::option();
    let ident = &set.ident;
    // Hygiene: this name cannot clash with tokens of the user, even if another macro produced the types.
    let bytes = Ident::new("bytes", Span::mixed_site());
    let lifetime = bytes_lifetime();
    let (_, ty_generics, _) = set.generics.split_for_impl();
    let own = set.generics.lifetimes().map(|own| &own.lifetime).collect::<Vec<_>>();
    let variants: Vec<_> = set.variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<_> = set.variants.iter().map(|variant| named::member(p, &variant.ty)).collect();
    let types = names.iter().map(|ty| quote_spanned!(ty.span()=> <#ty as #telegram>::LAYOUT));
    let layouts = quote!(<Self as #telegram_set<#lifetime>>::LAYOUTS);
    let number = (0..set.variants.len()).map(Literal::usize_unsuffixed);
    let numbers: Vec<_> = number.collect();
    let chosen = set.variants.iter().zip(&numbers).map(|(variant, number)| {
        let chosen = chosen(set, variant, &bytes);
        quote_spanned!(variant.ty.span()=> if #chosen { #number } else)
    });
    // If no telegram has these bytes, the cold path looks for one whose literals alone are wrong.
    let number = quote! {
        #(#chosen)* { #option::unwrap_or(#layout::claimed(#layouts, #bytes), ::core::primitive::usize::MAX) }
    };
    let lens = names.iter().map(|ty| quote_spanned!(ty.span()=> <#ty as #telegram>::LAYOUT.fixed_len()));
    let values = variants.iter().zip(&names).map(
        |(ident, ty)| quote_spanned!(ty.span()=> #result::map(<#ty as #decode<#lifetime>>::decode(#bytes), Self::#ident)),
    );
    quote! {
        #[automatically_derived]
        impl<#lifetime #(: #own, #own)*> #telegram_set<#lifetime> for #ident #ty_generics {
            const LAYOUTS: &'static [&'static #layout] = &[#(#types),*];

            fn any_fixed_len(#bytes: &[u8]) -> #option<::core::primitive::usize> {
                match #number {
                    #(#numbers => #lens,)*
                    _ => #option::None,
                }
            }

            fn decode_any(#bytes: &#lifetime [u8]) -> #result<Self, #error> {
                match #number {
                    #(#numbers => #values,)*
                    _ => #result::Err(#layout::no_match(#layouts, #bytes)),
                }
            }

            fn any_len(&self) -> ::core::primitive::usize {
                match self {
                    #(Self::#variants(telegram) => <#names as #telegram>::encoded_len(telegram),)*
                }
            }

            fn encode_any(&self, out: &mut [u8]) -> #result<::core::primitive::usize, #error> {
                match self {
                    #(Self::#variants(telegram) => <#names as #telegram>::encode_into(telegram, out),)*
                }
            }
        }
    }
}

/// Whether the bytes are this telegram. The codes and literals that identify it, and their offsets, are constants.
fn chosen(set: &Set, Variant { ty, .. }: &Variant, bytes: &Ident) -> TokenStream {
    // A constant cannot name the enum's lifetimes. The layout does not depend on them.
    let telegram = set.paths.telegram();
    let marks = set.paths.marks();
    let closed = named::member(&set.paths, &closed(ty));
    let layout = quote_spanned!(ty.span()=> <#closed as #telegram>::LAYOUT);
    quote!(const { #marks::<{ #layout.marks() }>::of(#layout) }.hold(#bytes))
}

/// `From<T>` for the type of each telegram.
pub(super) fn conversions(set: &Set) -> TokenStream {
    let ident = &set.ident;
    let (impl_generics, ty_generics, _) = set.generics.split_for_impl();
    let conversions = set.variants.iter().map(|Variant { ident: variant, ty }| {
        quote! {
            #[automatically_derived]
            impl #impl_generics ::core::convert::From<#ty> for #ident #ty_generics {
                fn from(telegram: #ty) -> Self {
                    Self::#variant(telegram)
                }
            }
        }
    });
    quote!(#(#conversions)*)
}

/// Asserts that the telegram can be chosen: it can be recognised, and no earlier telegram's marks hold for all its bytes.
fn assert_when(set: &Set, number: usize, variant: &Variant) -> TokenStream {
    let telegram = set.paths.telegram();
    let telegram_set = set.paths.telegram_set();
    let layout = set.paths.layout();
    let ident = &set.ident;
    let ty = named::member(&set.paths, &closed(&variant.ty));
    let statics = set.generics.lifetimes().map(|_| quote!('static));
    let unknown =
        "this telegram cannot be recognised: say by which codes, `#[telegram(when(\"…\" = \"…\"))]`, or by a literal";
    let hidden = "an earlier variant's `when` and literals hold for all bytes of this one, so this one would never be chosen: put this \
         one first, or give the earlier one a condition that this one does not meet";
    quote_spanned! {variant.ident.span()=>
        const _: () = ::core::assert!(<#ty as #telegram>::LAYOUT.is_recognisable(), #unknown);
        const _: () = ::core::assert!(!#layout::is_hidden(<#ident<#(#statics),*> as #telegram_set<'static>>::LAYOUTS, #number), #hidden);
    }
}
