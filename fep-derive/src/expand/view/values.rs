//! The methods of arrays in views: the values are read by index or one after the other, and set by index.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;
use syn::ext::IdentExt as _;

use super::super::ask::{accessor, index};
use super::{BYTES, Views, bytes_lifetime, docs};
use crate::model::{Field, Item};
use crate::paths;

impl Views<'_> {
    /// The type that the reading method of an array returns, and its body.
    pub(super) fn read_values(&self, number: usize, entry: &Type, field: &Field) -> (TokenStream, TokenStream) {
        let bytes = bytes_lifetime();
        let p = &self.telegram.paths;
        let values = p.values();
        let rule = p.rule(field.kind.name());
        let ty = self.with(entry, BYTES);
        let asked = self.asked(number);
        let at = self.at(number);
        (quote!(#values<#bytes, #rule, #ty>), quote!(self.0.values(#asked, #at)))
    }

    /// The method that sets one value of an array.
    pub(super) fn write_values(&self, number: usize, item: &Item, entry: &Type, field: &Field) -> TokenStream {
        let p = &self.telegram.paths;
        let Item { member, vis, .. } = item;
        let docs = docs(item);
        let set = format_ident!("set_{}", member.unraw(), span = member.span());
        let ty = self.with(entry, "_");
        let rule = p.rule(field.kind.name());
        let error = p.error();
        let result = paths::result();
        let asked = self.asked(number);
        let at = self.at(number);
        let body = self.body(quote!(self.0.set_value::<#rule, _>(#asked, #at, index, value)));
        quote! {
            #docs
            ///
            /// Sets the entry at this index, from 0.
            ///
            /// # Errors
            /// If there is no such entry, or the value does not fit or would make an entry look unused. Then the bytes are unchanged.
            #vis fn #set(&mut self, index: ::core::primitive::usize, value: &#ty) -> #result<(), #error> { #body }
        }
    }

    /// The type and the value of an array's constant: the group, and the slot of its entries.
    pub(super) fn constant_of_values(&self, number: usize, field: &Field) -> (TokenStream, TokenStream) {
        let p = &self.telegram.paths;
        let layout = self.layout();
        let group = p.group();
        let slot = p.slot();
        let rule = p.rule(field.kind.name());
        let accessor = p.slots(accessor(&field.kind));
        let of_group = p.slots("group");
        let entry = p.slots("entry");
        let index = index(self.telegram, number);
        (
            quote!((&'static #group, #slot<'static, #rule>)),
            quote!((#of_group(#layout, #index), #accessor(#entry(#layout, #index), 0))),
        )
    }
}
