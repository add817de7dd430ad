//! A choice → an enum whose variants each hold a body.

use fep_codec::Layout;
use fep_codec::layout::Choice;
use proc_macro2::TokenStream;
use quote::quote;

use super::words::{doc, ident};
use crate::model::{ChoiceNote, Note};

/// `pub enum PaymentBody { Transfer(Transfer), …, Raw(Raw) }`
pub(super) fn enumeration(choice: &Choice, note: &ChoiceNote) -> TokenStream {
    let variants = choice.cases().iter().map(|case| {
        let name = ident(&case.layout.name);
        let doc = doc(&case.layout.name, &case.layout.label, "");
        let codes = case.codes.iter().map(|code| &**code);
        let codes = if case.codes.is_empty() { quote!(other) } else { quote!(#(#codes),*) };
        quote!(#doc #[choice(#codes)] #name(#name))
    });
    let name = ident(&note.name);
    let doc = doc(&note.name, &choice.label, "");
    quote! {
        #doc
        #[derive(Choice, Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "bodies are as long as the sheet says")]
        pub enum #name { #(#variants),* }
    }
}

/// The bodies whose items are written at the choice, with the notes of their items.
pub(super) fn own_bodies<'c>(
    choice: &'c Choice,
    note: &'c ChoiceNote,
) -> impl Iterator<Item = (&'c Layout, &'c [Note])> {
    let cases = choice.cases().iter().zip(&note.cases);
    cases.filter_map(|(case, notes)| Some((&*case.layout, notes.as_deref()?)))
}
