//! A struct as a telegram.

use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Fields};

use super::{Item, Telegram};
use crate::attr::{Charset, TelegramAttrs};
use crate::ctxt::Ctxt;
use crate::paths::Paths;

impl Telegram {
    /// The model of a struct with named fields; anything else is a mistake.
    pub(crate) fn read(input: &DeriveInput, attrs: TelegramAttrs, cx: &Ctxt) -> Self {
        let charset = attrs.charset.map_or(Charset::Ascii, |charset| charset.value);
        let name = match attrs.name {
            Some(name) if name.value.is_empty() => {
                cx.error_at(name.span, "a telegram needs a name");
                String::new()
            }
            Some(name) => name.value,
            None => input.ident.unraw().to_string(),
        };
        Self {
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            paths: attrs.root.as_ref().map_or_else(Paths::default, Paths::at),
            name,
            label: attrs.label.map_or_else(String::new, |label| label.value),
            charset,
            len: attrs.len,
            when: attrs.when,
            debug: attrs.debug,
            items: items(&input.data, charset, cx),
        }
    }
}

fn items(data: &Data, charset: Charset, cx: &Ctxt) -> Vec<Item> {
    match data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().filter_map(|field| Item::read(field, charset, cx)).collect(),
            Fields::Unnamed(fields) => {
                cx.error(fields, "a telegram's fields have names: `struct Name { field: Type }`");
                Vec::new()
            }
            Fields::Unit => Vec::new(),
        },
        Data::Union(data) => {
            let message = "a union is no telegram; use a struct, or an enum whose variants each hold a telegram";
            cx.error_at(data.union_token.span(), message);
            Vec::new()
        }
        // The entry sends enums elsewhere.
        Data::Enum(_) => Vec::new(),
    }
}
