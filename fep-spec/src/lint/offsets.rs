//! Stated offsets: whether the items above an item put it where the sheet says.
//!
//! A sheet that counts from 1 is one mistake, not one for each item.

use std::ops::Range;

use fep_codec::Layout;
use fep_codec::layout::Item;

use super::ends;
use crate::document::Document;
use crate::lower::{Lowered, Place, Stated, item_lacks_len};
use crate::report::Code;

/// Notes each offset that is not that of its item.
pub(super) fn offsets(document: &Document, lowered: &Lowered) {
    let mut all = Vec::new();
    let parts = lowered.spec.parts.iter().map(|part| &part.layout).zip(&lowered.parts);
    let telegrams = lowered.spec.telegrams.iter().map(|telegram| &telegram.layout).zip(&lowered.telegrams);
    for (layout, place) in parts.chain(telegrams) {
        collect(layout, place.items.as_deref().unwrap_or_default(), &mut all);
    }
    let other = other_start(document, &all);
    let mut before = 0_isize;
    for one in &all {
        if one.is_first {
            before = 0;
        }
        match &one.found {
            Found::At(offset) => {
                // A wrong length moves all items below it, which is one mistake.
                let by = compare(document, one.stated, *offset, other, before);
                before = by;
            }
            Found::Behind(above) => {
                let stated = written(one.stated);
                let message = format!("the sheet says byte {stated}, `{above}` above has no fixed length");
                document.error_hint(Code::VaryingLength, one.stated.span.clone(), message, "leave out `at`");
            }
        }
    }
}

/// A stated offset, and where the item is.
struct Compared<'l> {
    /// Whether it is the first one of its layout.
    is_first: bool,
    stated: &'l Stated,
    found: Found<'l>,
}

enum Found<'l> {
    /// At this offset, from 0.
    At(usize),
    /// Behind this item, which varies in length.
    Behind(&'l str),
}

/// Behind an item whose length is not known, the next stated offset is believed, and those behind it are compared with it.
fn collect<'l>(layout: &'l Layout, places: &'l [Place], all: &mut Vec<Compared<'l>>) {
    let mut is_first = true;
    let mut lost = false;
    let mut offset = Some(0_usize);
    for (number, (item, place)) in layout.items().iter().zip(places).enumerate() {
        if let Some(stated) = &place.at {
            match offset {
                Some(offset) => {
                    all.push(Compared { is_first: std::mem::take(&mut is_first), stated, found: Found::At(offset) })
                }
                None if lost => {
                    offset = Some(stated.offset);
                    is_first = true;
                }
                None => all.push(Compared { is_first, stated, found: Found::Behind(ends::varying(layout, number)) }),
            }
        }
        lost |= item_lacks_len(item);
        offset = offset.and_then(|offset| offset.checked_add(item.fixed_len()?));
        match item {
            Item::Group(group) => collect(&group.layout, place.entry.as_deref().unwrap_or_default(), all),
            Item::Choice(choice) => {
                for (case, place) in choice.cases().iter().zip(&place.cases) {
                    collect(&case.layout, place.items.as_deref().unwrap_or_default(), all);
                }
            }
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) | Item::Part(_) => {}
        }
    }
}

/// The start that the offsets count from, if it is not the stated one: no offset is right, and most of them are one too many or too
/// few. Notes it at the first one.
fn other_start(document: &Document, all: &[Compared<'_>]) -> Option<usize> {
    let first = all.first()?.stated;
    let other = 1 - first.from.min(1);
    let fits = |one: &&Compared<'_>, from: usize| match one.found {
        Found::At(offset) => offset.checked_add(from) == Some(written(one.stated)),
        Found::Behind(_) => false,
    };
    let fitting: Vec<_> = all.iter().filter(|one| fits(one, other)).collect();
    let is_it = fitting.len() > 1 && fitting.len() * 2 > all.len() && !all.iter().any(|one| fits(&one, first.from));
    let at: Range<usize> = fitting.first().filter(|_| is_it)?.stated.span.clone();
    let message = format!("the offsets count from {other}, in {} places", fitting.len());
    let hint = match other {
        0 => "leave out `offsets_from`: without it, offsets count from 0",
        _ => "offsets count from 0; if the sheet counts from 1, write offsets_from = 1 at the head of the file",
    };
    document.error_hint(Code::OffsetMismatch, at, message, hint);
    Some(other)
}

/// Compares a stated offset with that of the item. `other`: the number of the first byte, if it is not the stated one. Returns the difference;
/// one that is as large as that of the item `before` is not noted.
fn compare(document: &Document, stated: &Stated, offset: usize, other: Option<usize>, before: isize) -> isize {
    let from = other.unwrap_or(stated.from);
    let found = offset.saturating_add(from);
    let stated_at = written(stated);
    let difference = isize::try_from(found).unwrap_or(isize::MAX) - isize::try_from(stated_at).unwrap_or(isize::MAX);
    if difference == 0 || difference == before {
        return difference;
    }
    let (more, by) = if found > stated_at { ("later", found - stated_at) } else { ("earlier", stated_at - found) };
    let message = format!("the sheet says byte {stated_at}, the items above put it at byte {found}: {by} {more}");
    let hint = format!("offsets count from {from}; look for a wrong `len` above");
    document.error_hint(Code::OffsetMismatch, stated.span.clone(), message, hint);
    difference
}

/// The offset as it stands in the file.
const fn written(stated: &Stated) -> usize {
    stated.offset.saturating_add(stated.from)
}
