//! A struct as a telegram.

use fep_core::charset::CharsetId;
use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DataStruct, DeriveInput, Fields};

use super::{Item, Telegram, View};
use crate::attr::{self, TelegramAttrs, misplaced};
use crate::ctxt::Ctxt;
use crate::paths::Paths;

impl Telegram {
    /// The model of a struct with named fields. Any other input is a mistake.
    pub(crate) fn read(input: &DeriveInput, attrs: TelegramAttrs, cx: &Ctxt) -> Self {
        misplaced(&input.attrs, "field", "a telegram's options are `#[telegram(…)]`", cx);
        let charset = attrs.charset.map_or(CharsetId::Ascii, |charset| charset.value);
        let name = match attrs.name {
            Some(name) if name.value.is_empty() => {
                cx.error_at(name.span, "a telegram needs a name");
                String::new()
            }
            Some(name) => name.value,
            None => input.ident.unraw().to_string(),
        };
        let (items, broken) = items(&input.data, charset, cx);
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
            serde: attrs.serde,
            vis: input.vis.clone(),
            view: attrs.view.map(|view| View::of(&input.ident, view)),
            items,
            broken,
        }
    }
}

impl View {
    fn of(telegram: &Ident, attr: attr::View) -> Self {
        let ident = attr.name.unwrap_or_else(|| format_ident!("{}View", telegram.unraw(), span = telegram.span()));
        Self { ident_mut: format_ident!("{ident}Mut"), ident }
    }
}

/// The items, and the names of the fields that are not items because of a mistake.
fn items(data: &Data, charset: CharsetId, cx: &Ctxt) -> (Vec<Item>, Vec<Ident>) {
    let mut items = Vec::new();
    let mut broken = Vec::new();
    match data {
        Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) => {
            for field in &fields.named {
                match Item::read(field, charset, cx) {
                    Some(item) => items.push(item),
                    None => broken.extend(field.ident.clone()),
                }
            }
        }
        Data::Struct(DataStruct { fields: Fields::Unnamed(fields), .. }) => {
            cx.error(fields, "a telegram's fields have names: `struct Name { field: Type }`");
        }
        Data::Union(data) => {
            let message = "a union is no telegram; use a struct, or an enum whose variants each hold a telegram";
            cx.error_at(data.union_token.span(), message);
        }
        // A telegram without items is not a mistake. `derive_telegram` handles enums separately.
        Data::Struct(_) | Data::Enum(_) => {}
    }
    (items, broken)
}
