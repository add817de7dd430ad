//! Parts without a name of their own → fields with the word `flatten`, so that telegrams share the type of their header.

use fep_codec::Layout;
use fep_codec::layout::{Item, Page};
use proc_macro2::TokenStream;
use quote::quote;

use super::words::{doc, ident};
use crate::lower::{ident as ident_of, snake};
use crate::model::{Note, PartSpec, Spec, VIEW_METHODS};

/// The flattened parts of one layout.
pub(super) struct Flattened<'s> {
    parts: Vec<FlattenedPart<'s>>,
}

/// A part whose items stand in the layout.
pub(super) struct FlattenedPart<'s> {
    /// The index of its first item.
    pub(super) first: usize,
    part: &'s PartSpec,
    /// The name of the struct's field.
    name: String,
    remark: &'s str,
}

/// The parts that the struct of a layout can flatten. The fields of other parts are written in the struct itself: the derive cannot
/// say in two structs that a page's numbers are on the other side of the border, or that a number's sign is, or that an item on the other
/// side has another name than its field.
pub(super) fn parts<'s>(spec: &'s Spec, layout: &Layout, notes: &'s [Note]) -> Flattened<'s> {
    let mut parts: Vec<FlattenedPart<'s>> = Vec::new();
    for (first, note) in notes.iter().enumerate() {
        let Some(flattened) = &note.flattened else { continue };
        let Some(part) = spec.part(&flattened.part).filter(|part| fits(layout, first, part)) else { continue };
        let own = snake(&part.layout.name);
        let taken = |name: &str| {
            let is_item = layout.items().iter().filter_map(Item::name).any(|item| ident_of(item) == name);
            is_item || VIEW_METHODS.contains(&name) || parts.iter().any(|part| part.name == name)
        };
        let mut name = own.clone();
        let mut number = 1;
        while taken(&name) {
            name = if number == 1 { format!("{own}_part") } else { format!("{own}_part_{number}") };
            number += 1;
        }
        parts.push(FlattenedPart { first, part, name, remark: &flattened.remark });
    }
    Flattened { parts }
}

fn fits(layout: &Layout, first: usize, part: &PartSpec) -> bool {
    let own = part.layout.items();
    let behind = first.saturating_add(own.len());
    let same = layout.items().get(first..behind) == Some(own);
    let in_part = |name: &str| part.layout.item(name).is_some();
    let pages_out_of_it = layout.items().iter().any(|item| match item {
        Item::Group(group) => match &group.page {
            Some(Page { total, start }) => !in_part(&group.name) && (in_part(total) || in_part(start)),
            None => false,
        },
        _ => false,
    });
    let renamed = own.iter().filter_map(Item::name).any(|name| ident_of(name) != name);
    same && !renamed && !own.is_empty() && !pages_out_of_it && layout.ends_spliced(first, &part.layout)
}

impl<'s> Flattened<'s> {
    /// The part that has the item at this index of the layout.
    pub(super) fn at(&self, index: usize) -> Option<&FlattenedPart<'s>> {
        self.parts.iter().find(|part| (part.first..part.behind()).contains(&index))
    }

    /// Whether a part has an item with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.part.layout.item(name).is_some())
    }
}

impl FlattenedPart<'_> {
    fn behind(&self) -> usize {
        self.first.saturating_add(self.part.layout.items().len())
    }

    /// `#[field(flatten)] pub header: Header`
    pub(super) fn field(&self) -> TokenStream {
        let name = ident(&self.name);
        let ty = ident(&self.part.layout.name);
        let doc = doc(&self.name, &self.part.layout.label, self.remark);
        quote!(#doc #[field(flatten)] pub #name: #ty)
    }
}
