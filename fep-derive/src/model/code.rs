//! An enum as a list of codes.

use proc_macro2::Ident;
use syn::{Attribute, Data, DeriveInput, Fields, Type};

use crate::attr::{Given, TelegramAttrs, VariantAttrs, check_code};
use crate::ctxt::Ctxt;
use crate::paths::Paths;

/// An enum of codes.
pub(crate) struct CodeSetModel {
    pub(crate) ident: Ident,
    pub(crate) paths: Paths,
    pub(crate) codes: Vec<Code>,
    /// The variant that keeps codes that are not on the list.
    pub(crate) other: Option<(Ident, Type)>,
}

/// A variant with its code.
pub(crate) struct Code {
    pub(crate) ident: Ident,
    pub(crate) code: Given<String>,
    pub(crate) label: String,
}

impl CodeSetModel {
    /// The model of an enum. Any other input is a mistake.
    pub(crate) fn read(input: &DeriveInput, cx: &Ctxt) -> Self {
        let mut new =
            Self { ident: input.ident.clone(), paths: paths(&input.attrs, cx), codes: Vec::new(), other: None };
        let Data::Enum(data) = &input.data else {
            cx.error(&input.ident, "a list of codes is an enum: `enum Kind { #[code(\"20\")] Deposit }`");
            return new;
        };
        if !input.generics.params.is_empty() {
            cx.error(&input.generics, "a list of codes has no parameters");
        }
        if data.variants.is_empty() {
            cx.error(&input.ident, "a list of codes needs at least one: `#[code(\"20\")] Deposit`");
        }
        for variant in &data.variants {
            new.variant(variant, cx);
        }
        new
    }

    fn variant(&mut self, variant: &syn::Variant, cx: &Ctxt) {
        let attrs = VariantAttrs::read(&variant.attrs, cx);
        if let Some(other) = &attrs.other {
            if attrs.code.is_some() || attrs.label.is_some() {
                cx.error_at(other.span, "`other` keeps each code that is not on the list: it has no code and no label");
            }
            return self.other(variant, cx);
        }
        let Some(code) = attrs.code else {
            if !attrs.written {
                cx.error(
                    &variant.ident,
                    "which code is this? write `#[code(\"20\", label = \"…\")]`, or `#[code(other)]`",
                );
            } else if attrs.label.is_some() {
                cx.error(&variant.ident, "the code comes first: `#[code(\"20\", label = \"…\")]`");
            }
            return;
        };
        if !matches!(variant.fields, Fields::Unit) {
            cx.error(&variant.fields, "a variant with a code holds nothing; only `#[code(other)]` does");
        }
        check_code(&code.value, code.span, self.codes.iter().map(|known| known.code.value.as_str()), cx);
        let label = attrs.label.map_or_else(String::new, |label| label.value);
        self.codes.push(Code { ident: variant.ident.clone(), code, label });
    }

    fn other(&mut self, variant: &syn::Variant, cx: &Ctxt) {
        let ty = match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                fields.unnamed.first().map(|field| field.ty.clone())
            }
            _ => None,
        };
        let Some(ty) = ty else {
            cx.error(variant, format_args!("`other` holds the code: `{}(Text<2>)`", variant.ident));
            return;
        };
        if self.other.is_some() {
            cx.error(&variant.ident, "there is one `other` already");
            return;
        }
        self.other = Some((variant.ident.clone(), ty));
    }
}

/// Reads `#[telegram(crate = …)]`, the only option that a code enum shares with telegrams.
fn paths(attrs: &[Attribute], cx: &Ctxt) -> Paths {
    let attrs = TelegramAttrs::read(attrs, cx);
    for key in
        attrs.keys.iter().filter(|key| **key != "crate" && TelegramAttrs::KEYS.contains(&key.to_string().as_str()))
    {
        cx.error(key, format_args!("`{key}` is for telegrams; a code enum has `crate` only"));
    }
    attrs.root.as_ref().map_or_else(Paths::default, Paths::at)
}
