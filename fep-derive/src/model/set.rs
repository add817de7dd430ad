//! An enum as a set of telegrams.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{DataEnum, DeriveInput, Fields, Generics, Type};

use crate::attr::{TelegramAttrs, misplaced};
use crate::ctxt::Ctxt;
use crate::paths::Paths;

/// An enum whose variants each hold a telegram.
pub(crate) struct Set {
    pub(crate) ident: Ident,
    /// At most one lifetime, which the enum has if its telegrams borrow.
    pub(crate) generics: Generics,
    pub(crate) paths: Paths,
    pub(crate) variants: Vec<Variant>,
}

/// One telegram of the set.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Set {
    /// The model of an enum.
    pub(crate) fn read(input: &DeriveInput, data: &DataEnum, attrs: &TelegramAttrs, cx: &Ctxt) -> Self {
        for key in attrs.keys.iter().filter(|key| TelegramAttrs::KEYS.contains(&key.to_string().as_str())) {
            if *key != "crate" {
                cx.error(
                    key,
                    format_args!("`{key}` belongs to the telegrams that the variants hold; an enum has `crate` only"),
                );
            }
        }
        if input.generics.lifetimes().count() < input.generics.params.len() || input.generics.params.len() > 1 {
            cx.error(&input.generics, "an enum of telegrams has one lifetime, if they borrow, and no type parameters");
        }
        if data.variants.is_empty() {
            cx.error(&input.ident, "a choice of telegrams needs at least one");
        }
        let mut variants: Vec<Variant> = Vec::new();
        for variant in data.variants.iter().filter_map(|variant| Variant::read(variant, cx)) {
            let tokens = variant.ty.to_token_stream().to_string();
            match variants.iter().find(|other| other.ty.to_token_stream().to_string() == tokens) {
                Some(other) => {
                    let message =
                        format!("`{}` holds this telegram already, so this variant would never be chosen", other.ident);
                    cx.error(&variant.ty, message);
                }
                None => variants.push(variant),
            }
        }
        let paths = attrs.root.as_ref().map_or_else(Paths::default, Paths::at);
        Self { ident: input.ident.clone(), generics: input.generics.clone(), paths, variants }
    }
}

impl Variant {
    fn read(variant: &syn::Variant, cx: &Ctxt) -> Option<Self> {
        for name in ["telegram", "field"] {
            misplaced(&variant.attrs, name, "a variant's options stand at the telegram that it holds", cx);
        }
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|field| Self { ident: variant.ident.clone(), ty: field.ty.clone() })
            }
            _ => {
                let name = &variant.ident;
                cx.error(variant, format_args!("each variant holds one telegram: `{name}({name})`"));
                None
            }
        }
    }
}
