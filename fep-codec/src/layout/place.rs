//! The positions of fields by path, and of items by name and by index.
//!
//! All functions are `const fn`, so that derived code calls them at compile time. Offsets are in bytes from the start of the
//! layout.

use core::ops::Range;

use super::walk::{borrowed, text};
use super::{Check, Choice, Field, Group, Item, Kind, Layout};

/// A field and the range of its bytes.
#[derive(Clone, Debug)]
pub struct Span<'l> {
    /// The field.
    pub field: &'l Field,
    /// The range of its bytes. [`Layout::span`] counts it from the start of the layout.
    pub range: Range<usize>,
}

/// The location of the code that decides a choice.
#[derive(Clone, Debug)]
pub enum Chooser<'l> {
    /// At a fixed offset from the start of the layout.
    At(Span<'l>),
    /// Before the choice, and after an item of varying length. A walk over the items finds it.
    Passed {
        /// The layout that contains the choice.
        layout: &'l Layout,
        /// The index of the choice.
        index: usize,
    },
}

impl Layout {
    /// The field at a dotted path through parts, if it is at a fixed offset.
    ///
    /// Groups and choices are not entered, because their fields have no single offset.
    #[must_use]
    pub const fn span(&self, path: &str) -> Option<Span<'_>> {
        self.span_at(path.as_bytes(), 0)
    }

    pub(super) const fn span_at(&self, path: &[u8], base: usize) -> Option<Span<'_>> {
        let mut rest = self.items();
        let mut offset = base;
        while let [item, tail @ ..] = rest {
            match item {
                Item::Field(field) => {
                    if let Some([]) = behind(path, text(&field.name)) {
                        return Some(Span { field, range: offset..offset.saturating_add(field.len) });
                    }
                }
                Item::Part(part) => {
                    if let Some([b'.', inner @ ..]) = behind(path, text(&part.name)) {
                        return borrowed(&part.layout).span_at(inner, offset);
                    }
                }
                _ => {}
            }
            let Some(len) = item.fixed_len() else { return None };
            offset = offset.saturating_add(len);
            rest = tail;
        }
        None
    }

    /// Whether a condition of `when` can name this path: it leads to a field at a fixed offset that is no date and no time.
    #[must_use]
    pub const fn has_field(&self, path: &str) -> bool {
        match self.span(path) {
            Some(span) => span.field.can_identify(),
            None => false,
        }
    }

    /// The field whose code decides a choice of this layout, if it is at a fixed offset.
    #[must_use]
    pub const fn chooser_of(&self, choice: &Choice) -> Option<Span<'_>> {
        match self.span(text(&choice.by)) {
            Some(span) if span.field.is_code_like() => Some(span),
            _ => None,
        }
    }

    /// The field whose code decides the choice at this index. It is at a fixed offset or before the choice.
    #[must_use]
    pub const fn decider_of(&self, index: usize) -> Option<&Field> {
        let Some(Item::Choice(choice)) = self.item_at(index) else { return None };
        if let Some(span) = self.chooser_of(choice) {
            return Some(span.field);
        }
        match self.field_before(text(&choice.by), index) {
            Some(field) if field.is_code_like() => Some(field),
            _ => None,
        }
    }

    /// The field at a path through parts, among the items before the item at this index. It does not need a fixed offset.
    #[must_use]
    pub const fn field_before(&self, path: &str, index: usize) -> Option<&Field> {
        self.named_before(path.as_bytes(), index)
    }

    const fn named_before(&self, path: &[u8], index: usize) -> Option<&Field> {
        let mut rest = self.items();
        let mut at = 0;
        while let [item, tail @ ..] = rest {
            match item {
                _ if at >= index => return None,
                Item::Field(field) => {
                    if let Some([]) = behind(path, text(&field.name)) {
                        return Some(field);
                    }
                }
                Item::Part(part) => {
                    if let Some([b'.', inner @ ..]) = behind(path, text(&part.name)) {
                        return borrowed(&part.layout).named_before(inner, usize::MAX);
                    }
                }
                _ => {}
            }
            rest = tail;
            at += 1;
        }
        None
    }

    /// The offset in bytes of the item with this name, if all items before it have a fixed length.
    #[must_use]
    pub const fn offset_of_item(&self, name: &str) -> Option<usize> {
        let mut rest = self.items();
        let mut offset = 0_usize;
        while let [item, tail @ ..] = rest {
            if !name.is_empty() && same(item.own_name(), name) {
                return Some(offset);
            }
            let Some(len) = item.fixed_len() else { return None };
            offset = offset.saturating_add(len);
            rest = tail;
        }
        None
    }

    /// The offset in the telegram at which the bytes that a check covers begin, in a layout that begins at `start`. `None` if the
    /// item at which they begin has no fixed offset. For a check that is not a link.
    #[must_use]
    pub(crate) const fn check_start(&self, check: &Check, start: usize) -> Option<usize> {
        match &check.from {
            None => Some(0),
            Some(from) => match self.offset_of_item(text(from)) {
                Some(offset) => Some(start.saturating_add(offset)),
                None => None,
            },
        }
    }

    /// The number field that a sum adds up over the entries of a group, by its path: `items.amount`, or `amounts` for an array.
    #[must_use]
    pub const fn summand(&self, path: &str) -> Option<&Field> {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            if let Item::Group(group) = item
                && let Some(inner) = behind(path.as_bytes(), text(&group.name))
                && let [b'.', ..] | [] = inner
            {
                return group.summand(inner);
            }
            rest = tail;
        }
        None
    }

    /// The item at this index.
    #[must_use]
    pub const fn item_at(&self, index: usize) -> Option<&Item> {
        match self.items().split_at_checked(index) {
            Some((_, [item, ..])) => Some(item),
            _ => None,
        }
    }

    /// The field or the tail at this index.
    #[must_use]
    pub const fn field_at(&self, index: usize) -> Option<&Field> {
        match self.item_at(index) {
            Some(Item::Field(field) | Item::Tail(field)) => Some(field),
            _ => None,
        }
    }

    /// The location of the code that decides the choice at this index. `None` if the item is not a choice, or if its path does
    /// not lead to a field that can decide a choice.
    #[must_use]
    pub const fn chooser_at(&self, index: usize) -> Option<Chooser<'_>> {
        let Some(Item::Choice(choice)) = self.item_at(index) else { return None };
        match (self.chooser_of(choice), self.decider_of(index)) {
            (Some(span), _) => Some(Chooser::At(span)),
            (None, Some(_)) => Some(Chooser::Passed { layout: self, index }),
            (None, None) => None,
        }
    }
}

impl Group {
    /// The number in an entry that a sum adds up. `path` is what is left behind the name of the group: `.amount`, or nothing for an
    /// array.
    pub(super) const fn summand(&self, path: &[u8]) -> Option<&Field> {
        let entry = borrowed(&self.layout);
        let field = match (path, entry.array_field()) {
            ([], Some(field)) => field,
            ([b'.', inner @ ..], None) => match entry.span_at(inner, 0) {
                Some(span) => span.field,
                None => return None,
            },
            _ => return None,
        };
        if matches!(field.kind, Kind::Number(_)) { Some(field) } else { None }
    }
}

impl Field {
    /// Whether the field's code can decide a choice.
    #[must_use]
    pub const fn is_code_like(&self) -> bool {
        match self.kind {
            Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) => true,
            Kind::Number(_) | Kind::Date(_) | Kind::Time(_) | Kind::DateTime(_) | Kind::Flag(_) | Kind::Bytes(_) => {
                false
            }
        }
    }
}

/// `path` without its prefix `name`, or `None` if it does not begin with `name`. `strip_prefix` is not a `const fn`.
pub(super) const fn behind<'p>(path: &'p [u8], name: &str) -> Option<&'p [u8]> {
    let mut path = path;
    let mut name = name.as_bytes();
    while let [byte, rest @ ..] = name {
        match path {
            [same, behind @ ..] if *same == *byte => (path, name) = (behind, rest),
            _ => return None,
        }
    }
    Some(path)
}

pub(super) const fn same(one: &str, other: &str) -> bool {
    matches!(behind(one.as_bytes(), other), Some([]))
}
