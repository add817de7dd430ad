//! `impl CodeSet` and `impl FieldValue` of an enum, so that it can be the type of a code field.

use fep_core::kinds::KindName;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::layout::code_meaning;
use crate::model::{Code, CodeSetModel};
use crate::paths;

/// All implementations for a code enum.
pub(crate) fn code_set(set: &CodeSetModel) -> TokenStream {
    let p = &set.paths;
    let code_set = p.code_set();
    let code_meaning_type = p.code_meaning();
    let ident = &set.ident;
    let result = paths::result();
    let option = paths::option();
    let meanings = set.codes.iter().map(|code| code_meaning(p, &code.code.value, &code.label));
    let open = set.other.is_some();
    let codes: Vec<_> = set.codes.iter().map(|Code { code, .. }| &code.value).collect();
    let variants: Vec<_> = set.codes.iter().map(|Code { ident, .. }| ident).collect();
    let other_code = set.other.as_ref().map(|(other, ty)| quote_spanned!(ty.span()=> Self::#other(code) => code,));
    let from_other = match &set.other {
        Some((other, ty)) => {
            quote_spanned!(ty.span()=> code => #result::map(::core::str::FromStr::from_str(code), Self::#other).ok(),)
        }
        None => quote!(_ => #option::None,),
    };
    let value = field_value(set);
    quote! {
        #[automatically_derived]
        impl #code_set for #ident {
            const CODES: &'static [#code_meaning_type] = &[#(#meanings),*];
            const OPEN: bool = #open;

            fn code(&self) -> &str {
                match self {
                    #(Self::#variants => #codes,)*
                    #other_code
                }
            }

            fn from_code(code: &str) -> #option<Self> {
                match code {
                    #(#codes => #option::Some(Self::#variants),)*
                    #from_other
                }
            }
        }
        #value
    }
}

fn field_value(set: &CodeSetModel) -> TokenStream {
    let p = &set.paths;
    let field_value = p.field_value();
    let code_rule = p.rule(KindName::Code);
    let code_set = p.code_set();
    let fault = p.fault();
    let put_code = p.put_code();
    let get_code = p.get_code();
    let get_ascii_code = p.get_ascii_code();
    let ident = &set.ident;
    let result = paths::result();
    let option = paths::option();
    let len = set.other.as_ref().map(|(_, ty)| {
        quote_spanned! {ty.span()=>
            const LEN: #option<::core::primitive::usize> = <#ty as #field_value<'static, #code_rule>>::LEN;
        }
    });
    quote! {
        #[automatically_derived]
        impl #field_value<'_, #code_rule> for #ident {
            #len

            #[inline]
            fn put(&self, rule: &#code_rule, out: &mut [u8]) -> #result<(), #fault> {
                #put_code(#code_set::code(self), rule, out)
            }

            #[inline]
            fn get(rule: &#code_rule, bytes: &[u8]) -> #result<Self, #fault> {
                #option::ok_or(<Self as #code_set>::from_code(&#get_code(rule, bytes)?), #fault::UnknownCode)
            }

            const PREFERS_ASCII: bool = true;

            #[inline]
            fn get_ascii(rule: &#code_rule, text: &str) -> #result<Self, #fault> {
                #option::ok_or(<Self as #code_set>::from_code(&#get_ascii_code(rule, text)?), #fault::UnknownCode)
            }
        }
    }
}
