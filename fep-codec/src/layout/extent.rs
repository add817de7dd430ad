//! How far an item goes: where its bytes end, and how many entries a group has.
//!
//! This is the one home of both rules. A rule that depends on received bytes names the deciding field by its index. Whoever
//! has read that field resolves the rule: a record from its values, a walk from the bytes, derived code from a variable.
//!
//! The rules are `const fn`, so that derived code asks for them at compile time.

use super::place::same;
use super::walk::{borrowed, text};
use super::{Computed, Field, Group, Item, Layout, Repeat};

/// Where the bytes of an item end at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After as many bytes as the field at this index says, which stands before the item.
    Stated(usize),
    /// This many bytes before the end of the layout that it stands in: the bytes of the items behind it. Zero if the item
    /// itself says where it ends.
    Before(usize),
    /// Unknown: the item takes the rest of the telegram, and an item behind it varies in length.
    Endless,
}

/// How many entries a group has, as far as the layout says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtentRule {
    /// Always this many.
    Fixed(usize),
    /// As many as the field at this index says.
    Counted(usize),
    /// Always the most; as many are used as the field at this index says. `None` if no field before the group counts them:
    /// such a layout is refused.
    PaddedCounted(Option<usize>),
    /// Always the most; those before the first blank one are used.
    PaddedBlank,
    /// As many as fit before the bytes behind the group, which are this many.
    Rest(usize),
}

/// How many entries a group has in one telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// This many entries.
    Count(usize),
    /// The used ones among those that are always there: this many, or those before the first blank one.
    Padded(Option<usize>),
    /// The entries up to the bytes that follow the group, which are this many within the layout that it stands in.
    Rest(usize),
}

impl ExtentRule {
    /// The field that says the count, by its index.
    #[must_use]
    pub const fn counted_by(self) -> Option<usize> {
        match self {
            Self::Counted(field) => Some(field),
            Self::PaddedCounted(field) => field,
            Self::Fixed(_) | Self::PaddedBlank | Self::Rest(_) => None,
        }
    }

    /// The extent in one telegram. `count` is asked if a field says the count, with the index of that field.
    ///
    /// # Errors
    /// That of `count`.
    #[inline]
    pub(crate) fn resolve<E>(self, count: impl FnOnce(Option<usize>) -> Result<usize, E>) -> Result<Extent, E> {
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
    /// How many entries the group at this index has. Any other item stands there once.
    #[must_use]
    pub const fn extent(&self, index: usize) -> ExtentRule {
        let Some(Item::Group(group)) = self.item_at(index) else { return ExtentRule::Fixed(1) };
        match &group.repeat {
            Repeat::Fixed(count) => ExtentRule::Fixed(*count),
            Repeat::Padded { by: Some(by), .. } => ExtentRule::PaddedCounted(self.field_index(text(by), index)),
            Repeat::Padded { by: None, .. } => ExtentRule::PaddedBlank,
            Repeat::Counted { by, .. } => match self.field_index(text(by), index) {
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

    /// Where the bytes of the item at this index end at the latest.
    #[must_use]
    pub const fn limit(&self, index: usize) -> Limit {
        let Some(item) = self.item_at(index) else { return Limit::Before(0) };
        if let Some(field) = self.measured_by(item, index) {
            return Limit::Stated(field);
        }
        // An item of a fixed length takes that length, however much is left.
        if item.fixed_len().is_some() || !self.has_no_end(item, index) {
            return Limit::Before(0);
        }
        match self.len_behind(index) {
            Some(behind) => Limit::Before(behind),
            None => Limit::Endless,
        }
    }

    /// Bytes behind the item at this index, if that is always the same number.
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

    /// Whether the end of every item is known, in parts, entries and cases too: no [`Limit`] is [`Limit::Endless`].
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

    /// Whether nothing in the item at this index says where it ends, so that a length must, or the end of the telegram.
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
                Repeat::Counted { by, .. } => self.field_index(text(by), index).is_none(),
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

    /// The field that says how long the item at `index` is, if one before it does.
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

    /// The field with this name among the items before `end`, by its index.
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

impl Group {
    /// Whether these bytes are an entry that is not used.
    pub(crate) fn is_blank(&self, entry: &[u8]) -> bool {
        let Repeat::Padded { pad, .. } = self.repeat else { return false };
        self.layout.fixed_len() == Some(entry.len()) && entry.iter().all(|byte| *byte == pad)
    }

    /// How many entries of a padded group are used: those before the first blank one. `bytes` begin where the group does; an
    /// entry that they lack is not blank.
    pub(crate) fn used_entries(&self, bytes: &[u8]) -> usize {
        let max = self.repeat.max();
        match self.layout.fixed_len() {
            Some(0) => 0,
            Some(len) => bytes.chunks(len).take(max).position(|entry| self.is_blank(entry)).unwrap_or(max),
            None => max,
        }
    }
}
