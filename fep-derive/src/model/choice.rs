//! An enum as a choice of bodies.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, Generics, Type};

use crate::attr::{CaseAttrs, Given, TelegramAttrs, check_code, misplaced};
use crate::ctxt::Ctxt;
use crate::paths::Paths;

/// An enum whose variants each hold a body.
pub(crate) struct Cases {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) paths: Paths,
    pub(crate) cases: Vec<Case>,
}

/// One body and its codes. An empty list of codes means `other`: every code that no case names.
pub(crate) struct Case {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) codes: Vec<Given<String>>,
}

impl Cases {
    /// The model of an enum. Any other input is a mistake.
    pub(crate) fn read(input: &DeriveInput, attrs: &TelegramAttrs, cx: &Ctxt) -> Self {
        for key in attrs.keys.iter().filter(|key| TelegramAttrs::KEYS.contains(&key.to_string().as_str())) {
            if *key != "crate" {
                cx.error(
                    key,
                    format_args!("`{key}` belongs to the bodies that the variants hold; a choice has `crate` only"),
                );
            }
        }
        let mut cases: Vec<Case> = Vec::new();
        match &input.data {
            Data::Enum(data) if data.variants.is_empty() => cx.error(&input.ident, "a choice needs at least one body"),
            Data::Enum(data) => {
                for variant in &data.variants {
                    let Some(case) = Case::read(variant, cx) else { continue };
                    let known = cases.iter().flat_map(|case| &case.codes).map(|code| code.value.clone());
                    let mut known: Vec<String> = known.collect();
                    for code in &case.codes {
                        check_code(&code.value, code.span, known.iter().map(String::as_str), cx);
                        known.push(code.value.clone());
                    }
                    if case.codes.is_empty() && cases.iter().any(|other| other.codes.is_empty()) {
                        cx.error(&case.ident, "another variant takes all other codes already");
                    }
                    cases.push(case);
                }
            }
            Data::Struct(_) | Data::Union(_) => {
                cx.error(&input.ident, "a choice is an enum whose variants each hold a body: `Name(Name)`");
            }
        }
        Self {
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            paths: attrs.root.as_ref().map_or_else(Paths::default, Paths::at),
            cases,
        }
    }
}

impl Case {
    fn read(variant: &syn::Variant, cx: &Ctxt) -> Option<Self> {
        misplaced(&variant.attrs, "field", "a variant has its codes only: `#[choice(\"100\")]`", cx);
        let attrs = CaseAttrs::read(&variant.attrs, cx);
        let name = &variant.ident;
        match (&attrs.other, attrs.codes.as_slice()) {
            (None, []) => {
                if !attrs.written {
                    cx.error(
                        name,
                        "which codes? write `#[choice(\"100\")]`, or `#[choice(other)]` for all that no variant names",
                    );
                }
                return None;
            }
            (Some(other), [_, ..]) => {
                cx.error_at(other.span, "`other` is for the codes that no variant names; leave it out here")
            }
            _ => {}
        }
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let ty = fields.unnamed.first()?.ty.clone();
                Some(Self { ident: name.clone(), ty, codes: attrs.codes })
            }
            _ => {
                cx.error(variant, format_args!("each variant holds one body: `{name}({name})`"));
                None
            }
        }
    }
}
