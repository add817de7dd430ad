//! `#[code(…)]` on a variant of a code enum, and `#[choice(…)]` on a variant of a choice.

use fep_core::codes::kept;
use quote::ToTokens as _;
use syn::{Attribute, LitStr};

use super::entry::{Given, chunks, entry, unique};
use crate::ctxt::Ctxt;

/// The options of a variant of a code enum.
#[derive(Default)]
pub(crate) struct VariantAttrs {
    pub(crate) code: Option<Given<String>>,
    pub(crate) label: Option<Given<String>>,
    pub(crate) other: Option<Given<()>>,
    /// Whether the variant has the attribute, even if the attribute is a mistake.
    pub(crate) written: bool,
}

impl VariantAttrs {
    pub(crate) fn read(attrs: &[Attribute], cx: &Ctxt) -> Self {
        let mut new = Self { written: attrs.iter().any(|attr| attr.path().is_ident("code")), ..Self::default() };
        let mut entries = Vec::new();
        for chunk in chunks(attrs, "code", cx) {
            match syn::parse2::<LitStr>(chunk.clone()) {
                Ok(code) if new.code.is_none() => {
                    new.code = Some(Given { value: kept(&code.value()).to_owned(), span: code.span() })
                }
                Ok(code) => cx.error(code, "a variant has one code"),
                Err(_) if starts_with_literal(&chunk) => cx.error(chunk, "a code is a string: `#[code(\"20\")]`"),
                Err(_) => entries.extend(entry(chunk, cx)),
            }
        }
        for entry in unique(entries, cx) {
            match entry.key.to_string().as_str() {
                "label" => new.label = entry.string(cx, "label = \"입금\""),
                "other" => new.other = entry.word(cx),
                _ => entry.unknown(cx, &["label", "other"]),
            }
        }
        new
    }
}

/// The options of a variant of a choice.
#[derive(Default)]
pub(crate) struct CaseAttrs {
    pub(crate) codes: Vec<Given<String>>,
    pub(crate) other: Option<Given<()>>,
    /// Whether the variant has the attribute, even if the attribute is a mistake.
    pub(crate) written: bool,
}

impl CaseAttrs {
    pub(crate) fn read(attrs: &[Attribute], cx: &Ctxt) -> Self {
        let mut new = Self { written: attrs.iter().any(|attr| attr.path().is_ident("choice")), ..Self::default() };
        let mut entries = Vec::new();
        for chunk in chunks(attrs, "choice", cx) {
            match syn::parse2::<LitStr>(chunk.clone()) {
                Ok(code) => new.codes.push(Given { value: kept(&code.value()).to_owned(), span: code.span() }),
                Err(_) if starts_with_literal(&chunk) => cx.error(chunk, "a code is a string: `#[choice(\"100\")]`"),
                Err(_) => entries.extend(entry(chunk, cx)),
            }
        }
        for entry in unique(entries, cx) {
            match entry.key.to_string().as_str() {
                "other" => new.other = entry.word(cx),
                _ => entry.unknown(cx, &["other"]),
            }
        }
        new
    }
}

fn starts_with_literal(chunk: &proc_macro2::TokenStream) -> bool {
    matches!(chunk.to_token_stream().into_iter().next(), Some(proc_macro2::TokenTree::Literal(_)))
}
