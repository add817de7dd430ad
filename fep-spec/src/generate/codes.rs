//! A list of codes with names → an enum.

use std::collections::BTreeSet;

use fep_codec::Layout;
use fep_codec::layout::Item;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::choices::own_bodies;
use super::words::{doc, escaped, ident};
use crate::model::{CodeList, Note, Spec};

/// Whether every code of the list has a name.
pub(super) fn is_named(list: &CodeList) -> bool {
    !list.codes.is_empty() && list.codes.iter().all(|(_, name)| name.is_some())
}

/// `pub enum TradeKind { Deposit, …, Other(Text<2>) }`
pub(super) fn enumeration(spec: &Spec, list: &CodeList) -> Option<TokenStream> {
    if !is_named(list) {
        return None;
    }
    let mut variants: Vec<TokenStream> = list
        .codes
        .iter()
        .filter_map(|(meaning, name)| {
            let code = &*meaning.code;
            let label = &*meaning.label;
            let name = ident(name.as_deref()?);
            let text = format!(" {}.", if label.is_empty() { format!("Code \"{code}\"") } else { escaped(label) });
            let label = (!label.is_empty()).then(|| quote!(, label = #label));
            Some(quote!(#[doc = #text] #[code(#code #label)] #name))
        })
        .collect();
    if list.open {
        let ty = other(spec, list);
        variants.push(quote!(#[doc = " A code that is not on the list."] #[code(other)] Other(#ty)));
    }
    let name = ident(&list.name);
    let doc = doc(&list.name, &list.label, "");
    let derives = if list.open {
        quote!(Code, Clone, Debug, PartialEq, Eq)
    } else {
        quote!(Code, Clone, Copy, Debug, PartialEq, Eq)
    };
    Some(quote! {
        #doc
        #[derive(#derives)]
        pub enum #name { #(#variants),* }
    })
}

/// The type for unknown codes: inline text if all fields with this list have the same length, otherwise `String`.
fn other(spec: &Spec, list: &CodeList) -> TokenStream {
    let mut lens = BTreeSet::new();
    for telegram in &spec.telegrams {
        collect(&telegram.layout, &telegram.notes, &list.name, &mut lens);
    }
    for part in &spec.parts {
        collect(&part.layout, &part.notes, &list.name, &mut lens);
    }
    match lens.into_iter().collect::<Vec<_>>().as_slice() {
        [len] => {
            let len = Literal::usize_unsuffixed(*len);
            quote!(Text<#len>)
        }
        _ => quote!(String),
    }
}

fn collect(layout: &Layout, notes: &[Note], list: &str, lens: &mut BTreeSet<usize>) {
    for (item, note) in layout.items().iter().zip(notes) {
        match (item, &note.entry) {
            (Item::Field(field), _) if note.codes.as_deref() == Some(list) => {
                lens.insert(field.len);
            }
            (Item::Group(group), Some(notes)) => collect(&group.layout, notes, list, lens),
            (Item::Choice(choice), _) => {
                for (layout, notes) in note.choice.iter().flat_map(|known| own_bodies(choice, known)) {
                    collect(layout, notes, list, lens);
                }
            }
            _ => {}
        }
    }
}
