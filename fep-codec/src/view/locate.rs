//! Locates a field by its path, `body.items[3].amount`, in the bytes of one telegram.

use alloc::vec::Vec;

use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Item, Layout, UsedEntry};
use crate::record::{split_index, unknown};
use crate::walk::PlacedLayout;

/// A field and its place in a telegram.
#[derive(Clone, Debug)]
pub(crate) struct Located<'l> {
    pub(crate) field: &'l Field,
    pub(crate) start: usize,
    /// Its length in bytes. A tail is as long as its value.
    pub(crate) len: usize,
    /// The layout that contains the field.
    pub(crate) layout: &'l Layout,
    /// The entries around it that must stay used, the outermost first.
    pub(crate) used: Vec<UsedEntry>,
}

/// The field at a path, and its place in this telegram.
///
/// # Errors
/// If there is no such field: the error suggests the name that was probably meant. Also if the group has no such entry, or if the
/// offset cannot be determined from the telegram.
pub(crate) fn locate<'l>(layout: &'l Layout, telegram: &[u8], path: &str) -> Result<Located<'l>, Error> {
    let mut inner = PlacedLayout::whole(layout, telegram);
    let mut passed: Vec<&str> = Vec::new();
    let mut used = Vec::new();
    let mut segments = path.split('.').peekable();
    while let Some(segment) = segments.next() {
        let Some((name, index)) = split_index(segment) else { break };
        let Some((number, item)) = inner.layout.item(name) else { break };
        let within = |error: Error| passed.iter().rev().fold(error, |error, name| error.within(name));
        let walk = inner.walk_to(number).map_err(within)?;
        let start = walk.at;
        let end = walk.limit(number).map_err(within)?;
        inner = match (item, index) {
            (Item::Field(field), None) if segments.peek().is_none() => {
                return Ok(Located { field, start, len: field.len, layout: inner.layout, used });
            }
            (Item::Tail(field), None) if segments.peek().is_none() => {
                return Ok(Located { field, start, len: end.saturating_sub(start), layout: inner.layout, used });
            }
            (Item::Part(part), None) => inner.of(&part.layout, start, end),
            (Item::Choice(choice), None) => inner.of(walk.case(choice).map_err(within)?, start, end),
            (Item::Group(group), Some(index)) => {
                if index >= walk.count(number, group).map_err(within)? {
                    let expected = "the number of an entry that the telegram has, from 0";
                    return Err(Error::new(Culprit::Caller, Fault::Unreadable { expected }).within(path));
                }
                let start = inner.entry_offset(group, start, index).map_err(within)?;
                used.extend(group.used_entry(start));
                if let Some(field) = group.layout.array_field().filter(|_| segments.peek().is_none()) {
                    return Ok(Located { field, start, len: field.len, layout: &group.layout, used });
                }
                inner.of(&group.layout, start, end)
            }
            _ => break,
        };
        passed.push(segment);
    }
    Err(unknown(layout, path))
}
