//! Links: computed fields that depend on items outside of their own layout, or on bytes that are not before them.
//!
//! The length of a body beside the header is such a field. The header alone only declares it. The layout that contains both fills
//! it in and verifies it ([`crate::links`]), because only there are both known.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::place::{behind, same};
use super::walk::{borrowed, text};
use super::{Check, Computed, Field, Group, Item, Kind, Layout, Repeat};

impl Layout {
    /// Whether a field of this layout, or of its parts, is a link. Then the layout has to be looked at again when it is complete.
    #[must_use]
    pub const fn has_links(&self) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            let found = match item {
                Item::Field(field) => self.is_link(field),
                Item::Part(part) => borrowed(&part.layout).has_links(),
                _ => false,
            };
            if found {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether a field of this layout depends on more than the items beside it, or than the bytes before it.
    #[must_use]
    #[inline]
    pub const fn is_link(&self, field: &Field) -> bool {
        match &field.computed {
            None => false,
            Some(computed) => self.links_to(computed),
        }
    }

    const fn links_to(&self, computed: &Computed) -> bool {
        match computed {
            Computed::LengthOf(of) | Computed::Count(of) => !self.has_item(text(of)),
            Computed::Sum(path) => !self.has_group(text(path)),
            Computed::Check(check) => self.is_linked_check(check),
            Computed::Length(_) | Computed::Sequence(_) | Computed::Sign(_) => false,
        }
    }

    /// Whether the bytes that a check of this layout covers are known only when the layout is complete.
    #[must_use]
    pub(crate) const fn is_linked_check(&self, check: &Check) -> bool {
        match (&check.from, &check.to) {
            (_, Some(_)) => true,
            (Some(from), None) => !self.has_item(text(from)),
            (None, None) => false,
        }
    }

    /// Whether an item of this layout has the name.
    pub(super) const fn has_item(&self, name: &str) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            if !name.is_empty() && same(item.own_name(), name) {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether the path begins with the name of a group of this layout.
    const fn has_group(&self, path: &str) -> bool {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            if let Item::Group(group) = item
                && let Some([b'.', ..] | []) = behind(path.as_bytes(), text(&group.name))
            {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// The item at a path through parts.
    #[must_use]
    pub const fn item_in_parts(&self, path: &str) -> Option<&Item> {
        self.item_behind(path.as_bytes())
    }

    const fn item_behind(&self, path: &[u8]) -> Option<&Item> {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            let name = item.own_name();
            match (item, behind(path, name)) {
                (item, Some([])) if !name.is_empty() => return Some(item),
                (Item::Part(part), Some([b'.', inner @ ..])) => return borrowed(&part.layout).item_behind(inner),
                _ => {}
            }
            rest = tail;
        }
        None
    }

    /// The number field that a sum adds up, by its path through parts: `body.items.amount`.
    #[must_use]
    pub const fn summand_in_parts(&self, path: &str) -> Option<&Field> {
        if let Some(field) = self.summand(path) {
            return Some(field);
        }
        self.summand_behind(path.as_bytes())
    }

    const fn summand_behind(&self, path: &[u8]) -> Option<&Field> {
        let mut rest = self.items();
        while let [item, tail @ ..] = rest {
            match item {
                Item::Part(part) => {
                    if let Some([b'.', inner @ ..]) = behind(path, text(&part.name)) {
                        return borrowed(&part.layout).summand_behind(inner);
                    }
                }
                Item::Group(group) => {
                    if let Some(inner) = behind(path, text(&group.name))
                        && let [b'.', ..] | [] = inner
                    {
                        return group.summand(inner);
                    }
                }
                _ => {}
            }
            rest = tail;
        }
        None
    }

    /// Whether the items that a computed field depends on are at paths that begin in this layout.
    #[must_use]
    pub const fn answers(&self, computed: &Computed) -> bool {
        match computed {
            Computed::LengthOf(of) => self.item_in_parts(text(of)).is_some(),
            Computed::Count(of) => matches!(self.item_in_parts(text(of)), Some(Item::Group(_))),
            Computed::Sum(path) => self.summand_in_parts(text(path)).is_some(),
            Computed::Check(Check { from, to, .. }) => self.has_end(from) && self.has_end(to),
            Computed::Length(_) | Computed::Sequence(_) | Computed::Sign(_) => true,
        }
    }

    #[allow(clippy::ref_option, reason = "a constant cannot map an `Option<Cow>`")]
    const fn has_end(&self, path: &Option<Cow<'static, str>>) -> bool {
        match path {
            Some(path) => self.item_in_parts(text(path)).is_some(),
            None => true,
        }
    }

    /// Whether the field in a part that a group names as its count is computed from the group, can state its most entries, and is at a
    /// fixed offset if it stands before the group.
    #[must_use]
    pub const fn is_counted_in_part(&self, group: &Group, index: usize) -> bool {
        let (Repeat::Counted { by, max } | Repeat::Padded { by: Some(by), max, .. }) = &group.repeat else {
            return false;
        };
        let Some(Item::Field(field)) = self.item_in_parts(text(by)) else { return false };
        let (Some(Computed::Count(of)), Kind::Number(rule)) = (&field.computed, &field.kind) else { return false };
        let before = self.field_before(text(by), index).is_some();
        same(text(of), text(&group.name))
            && *max as u128 <= rule.encoding.largest(field.len)
            && (!before || self.span(text(by)).is_some())
            && (before || !matches!(group.repeat, Repeat::Padded { .. }))
    }

    /// The first link in the layout whose items stand nowhere beside it, with its path: the layout is not a whole telegram.
    #[must_use]
    pub fn open_link(&self) -> Option<(String, &Field)> {
        self.open_within(&mut Vec::new())
    }

    fn open_within<'l>(&'l self, outer: &mut Vec<&'l Self>) -> Option<(String, &'l Field)> {
        outer.push(self);
        let found = self.items().iter().find_map(|item| {
            let name = item.name().unwrap_or_default();
            let inner = match item {
                Item::Field(field) if self.is_link(field) => {
                    let computed = field.computed.as_ref()?;
                    let open = !outer.iter().any(|layout| layout.answers(computed));
                    return open.then(|| (name.into(), field));
                }
                Item::Part(part) => part.layout.open_within(outer),
                Item::Group(group) => group.layout.open_within(&mut Vec::new()),
                Item::Choice(choice) => choice.cases().iter().find_map(|case| case.layout.open_within(&mut Vec::new())),
                _ => None,
            };
            inner.map(|(path, field)| (format!("{name}.{path}"), field))
        });
        outer.pop();
        found
    }
}
