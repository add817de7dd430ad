//! The extent of an item: where its bytes end, and how many entries a group has.
//!
//! Both rules are defined only here. A rule that depends on received bytes names the deciding field by its index. The code that
//! has read this field resolves the rule: a record from its values, a walk from the bytes, derived code from a variable.
//!
//! The rules are `const fn`, so that derived code evaluates them at compile time.

use core::ops::Range;

use super::place::same;
use super::walk::{borrowed, text};
use super::{Computed, Field, Group, Item, Kind, Layout, Repeat, Span};

/// The latest end of the bytes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After as many bytes as the field at this index says. The field is before the item.
    Stated(usize),
    /// This many bytes before the end of the layout that contains the item: the bytes of the items after it. Zero if the item
    /// itself determines its end.
    Before(usize),
    /// Unknown: the item takes the rest of the telegram, and an item after it varies in length.
    Endless,
}

/// The rule for the number of entries of a group, as far as the layout determines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtentRule {
    /// Always this many.
    Fixed(usize),
    /// As many as this field says.
    Counted(Counter),
    /// Always the maximum on the wire. This field says how many of them are used. `None` if no field before the group counts them:
    /// such a layout is rejected.
    PaddedCounted(Option<Counter>),
    /// Always the maximum on the wire. The entries before the first blank entry are used.
    PaddedBlank,
    /// As many as fit before the items after the group, which have this many bytes.
    Rest(usize),
}

/// The field before a group that states the number of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// The field at this index, beside the group.
    Beside(usize),
    /// A field in a part beside the group, at a fixed offset. [`Layout::counter`] finds it.
    InPart,
}

/// The number of entries of a group in one telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// This many entries.
    Count(usize),
    /// The maximum on the wire. This many entries are used, or for `None` the entries before the first blank entry.
    Padded(Option<usize>),
    /// As many as fit before the items after the group, which have this many bytes in the layout that contains the group.
    Rest(usize),
}

impl ExtentRule {
    /// The field that states the count, if there is one.
    #[must_use]
    pub const fn counted_by(self) -> Option<Counter> {
        match self {
            Self::Counted(field) => Some(field),
            Self::PaddedCounted(field) => field,
            Self::Fixed(_) | Self::PaddedBlank | Self::Rest(_) => None,
        }
    }

    /// The extent in one telegram. If a field states the count, this calls `count` with that field.
    ///
    /// # Errors
    /// The error of `count`.
    #[inline]
    pub(crate) fn resolve<E>(self, count: impl FnOnce(Option<Counter>) -> Result<usize, E>) -> Result<Extent, E> {
        Ok(match self {
            Self::Fixed(count) => Extent::Count(count),
            Self::Counted(field) => Extent::Count(count(Some(field))?),
            Self::PaddedCounted(field) => Extent::Padded(Some(count(field)?)),
            Self::PaddedBlank => Extent::Padded(None),
            Self::Rest(behind) => Extent::Rest(behind),
        })
    }
}

impl Layout {
    /// The rule for the number of entries of the group at this index. Any other item occurs once.
    #[must_use]
    pub const fn extent(&self, index: usize) -> ExtentRule {
        let Some(Item::Group(group)) = self.item_at(index) else { return ExtentRule::Fixed(1) };
        match &group.repeat {
            Repeat::Fixed(count) => ExtentRule::Fixed(*count),
            Repeat::Padded { by: Some(by), .. } => ExtentRule::PaddedCounted(self.counter_of(text(by), index)),
            Repeat::Padded { by: None, .. } => ExtentRule::PaddedBlank,
            Repeat::Counted { by, .. } => match self.counter_of(text(by), index) {
                Some(field) => ExtentRule::Counted(field),
                None => ExtentRule::Rest(self.bytes_behind(index)),
            },
            Repeat::Rest { .. } => ExtentRule::Rest(self.bytes_behind(index)),
        }
    }

    const fn bytes_behind(&self, index: usize) -> usize {
        match self.limit(index) {
            Limit::Before(behind) => behind,
            Limit::Stated(_) | Limit::Endless => 0,
        }
    }

    /// The latest end of the bytes of the item at this index.
    #[must_use]
    pub const fn limit(&self, index: usize) -> Limit {
        let Some(item) = self.item_at(index) else { return Limit::Before(0) };
        if let Some(field) = self.measured_by(item, index) {
            return Limit::Stated(field);
        }
        // An item of a fixed length takes that length, regardless of how many bytes are left.
        if item.fixed_len().is_some() || !self.has_no_end(item, index) {
            return Limit::Before(0);
        }
        match self.len_behind(index) {
            Some(behind) => Limit::Before(behind),
            None => Limit::Endless,
        }
    }

    /// The number of bytes after the item at this index, or `None` if that number varies.
    #[must_use]
    pub const fn len_behind(&self, index: usize) -> Option<usize> {
        let mut rest = self.items();
        let mut at = 0;
        let mut len = 0_usize;
        while let [item, tail @ ..] = rest {
            if at > index {
                let Some(item_len) = item.fixed_len() else { return None };
                len = len.saturating_add(item_len);
            }
            rest = tail;
            at += 1;
        }
        Some(len)
    }

    /// Whether the end of every item is known, including items in parts, entries and cases: no [`Limit`] is [`Limit::Endless`].
    #[must_use]
    pub const fn rests_end(&self) -> bool {
        let mut rest = self.items();
        let mut index = 0;
        while let [item, tail @ ..] = rest {
            if let Limit::Endless = self.limit(index) {
                return false;
            }
            let inner = match item {
                Item::Part(part) => borrowed(&part.layout).rests_end(),
                // Only the last entry could take the rest, and nothing says which entry is the last.
                Item::Group(group) => borrowed(&group.layout).rests_end() && !borrowed(&group.layout).has_rest(),
                Item::Choice(choice) => {
                    let mut cases = choice.cases();
                    let mut all = true;
                    while let [case, others @ ..] = cases {
                        all = all && borrowed(&case.layout).rests_end();
                        cases = others;
                    }
                    all
                }
                Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => true,
            };
            if !inner {
                return false;
            }
            rest = tail;
            index += 1;
        }
        true
    }

    /// Whether an item takes the rest of the telegram.
    #[must_use]
    pub const fn has_rest(&self) -> bool {
        let mut rest = self.items();
        let mut index = 0;
        while let [item, tail @ ..] = rest {
            if self.has_no_end(item, index) && self.measured_by(item, index).is_none() {
                return true;
            }
            rest = tail;
            index += 1;
        }
        false
    }

    /// Whether the item at this index does not determine its own end. Then a length field or the end of the telegram must.
    #[must_use]
    pub(crate) const fn needs_length(&self, index: usize) -> bool {
        match self.item_at(index) {
            Some(item) => self.has_no_end(item, index),
            None => false,
        }
    }

    const fn has_no_end(&self, item: &Item, index: usize) -> bool {
        match item {
            Item::Part(part) => borrowed(&part.layout).has_rest(),
            Item::Tail(_) => true,
            Item::Group(group) => match &group.repeat {
                Repeat::Rest { .. } => true,
                Repeat::Counted { by, .. } => self.counter_of(text(by), index).is_none(),
                Repeat::Fixed(_) | Repeat::Padded { .. } => false,
            },
            Item::Choice(choice) => {
                let mut rest = choice.cases();
                let mut takes = false;
                while let [case, tail @ ..] = rest {
                    takes = takes || borrowed(&case.layout).has_rest();
                    rest = tail;
                }
                takes
            }
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) => false,
        }
    }

    /// The index of the field that states the length of the item at `index`, if a field before the item does so.
    const fn measured_by(&self, item: &Item, index: usize) -> Option<usize> {
        let name = match item {
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) => return None,
            Item::Part(_) | Item::Group(_) | Item::Choice(_) | Item::Tail(_) => item.own_name(),
        };
        let mut rest = self.items();
        let mut at = 0;
        while let [other, tail @ ..] = rest {
            if at == index {
                return None;
            }
            if let Item::Field(Field { computed: Some(Computed::LengthOf(of)), .. }) = other
                && same(text(of), name)
            {
                return Some(at);
            }
            rest = tail;
            at += 1;
        }
        None
    }

    /// The field at this path that counts a group, among the items before `end`.
    const fn counter_of(&self, by: &str, end: usize) -> Option<Counter> {
        if let Some(index) = self.field_index(by, end) {
            return Some(Counter::Beside(index));
        }
        match (self.field_before(by, end), self.span(by)) {
            (Some(_), Some(_)) => Some(Counter::InPart),
            _ => None,
        }
    }

    /// The number field in a part that counts a group of this layout, if it is at a fixed offset.
    #[must_use]
    pub const fn counter(&self, group: &Group) -> Option<Span<'_>> {
        let (Repeat::Counted { by, .. } | Repeat::Padded { by: Some(by), .. }) = &group.repeat else { return None };
        match self.span(text(by)) {
            Some(span) if matches!(span.field.kind, Kind::Number(_)) => Some(span),
            _ => None,
        }
    }

    /// The index of the field with this name among the items before `end`.
    const fn field_index(&self, name: &str, end: usize) -> Option<usize> {
        let mut rest = self.items();
        let mut at = 0;
        while let [item, tail @ ..] = rest {
            if at == end {
                return None;
            }
            if let Item::Field(field) = item
                && same(text(&field.name), name)
            {
                return Some(at);
            }
            rest = tail;
            at += 1;
        }
        None
    }
}

/// An entry of a padded group of which only its bytes say that it is used: they are not all padding.
///
/// Whatever changes the bytes of a telegram must leave such an entry used. A reader takes the first entry of nothing but padding for the end, so the
/// entry and all behind it would be out of the telegram, with valid values everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsedEntry {
    start: usize,
    /// In bytes.
    len: usize,
    pad: u8,
}

impl UsedEntry {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.len)
    }

    /// Whether the entry is nothing but padding in this telegram. An entry that the telegram does not contain completely is not.
    pub(crate) fn is_blank(&self, telegram: &[u8]) -> bool {
        self.would_be_blank(telegram, |_| None)
    }

    /// The same, if the telegram had other bytes at the offsets for which `new` has one.
    pub(crate) fn would_be_blank(&self, telegram: &[u8], new: impl Fn(usize) -> Option<u8>) -> bool {
        let Some(entry) = telegram.get(self.range()) else { return false };
        (self.start..).zip(entry).all(|(at, byte)| new(at).unwrap_or(*byte) == self.pad)
    }
}

impl Group {
    /// The entry that begins at this offset of a telegram and is used. `None` if something else than its bytes says so.
    pub(crate) fn used_entry(&self, start: usize) -> Option<UsedEntry> {
        let Repeat::Padded { by: None, pad, .. } = self.repeat else { return None };
        Some(UsedEntry { start, len: self.layout.fixed_len()?, pad })
    }

    /// Whether these bytes are an unused entry.
    pub(crate) fn is_blank(&self, entry: &[u8]) -> bool {
        let Repeat::Padded { pad, .. } = self.repeat else { return false };
        self.layout.fixed_len() == Some(entry.len()) && entry.iter().all(|byte| *byte == pad)
    }

    /// The number of used entries of a padded group: the entries before the first blank entry. `bytes` begin at the start of the
    /// group. An entry that `bytes` do not contain completely does not count as blank.
    pub(crate) fn used_entries(&self, bytes: &[u8]) -> usize {
        let max = self.repeat.max();
        match self.layout.fixed_len() {
            Some(0) => 0,
            Some(len) => bytes.chunks(len).take(max).position(|entry| self.is_blank(entry)).unwrap_or(max),
            None => max,
        }
    }
}
