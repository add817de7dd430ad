//! Questions that a layout answers by walking its items: lengths, offsets, one item by number, one field by path.
//!
//! Most are `const fn`, so that derived code asks them at compile time and what it asked becomes a constant.

use std::borrow::Cow;
use std::ops::Range;

use super::{
    BytesRule, CodeRule, Computed, Counts, DateRule, DateTimeRule, DigitsRule, Field, Filler, FlagRule, Group, Item,
    Kind, Layout, Literal, NumberRule, Repeat, TextRule, TimeRule,
};

/// A field together with the rule of its kind: what the cursor needs to read or write it.
#[derive(Debug)]
pub struct Slot<'l, R> {
    /// The field.
    pub field: &'l Field,
    /// The options of its kind.
    pub rule: &'l R,
}

impl<R> Clone for Slot<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Slot<'_, R> {}

/// A field and where it stands in a telegram.
#[derive(Clone, Debug)]
pub struct Span<'l> {
    /// The field.
    pub field: &'l Field,
    /// Its bytes, counted from the start of the telegram.
    pub range: Range<usize>,
}

impl Item {
    /// Bytes on the wire if that is always the same number.
    #[must_use]
    pub const fn fixed_len(&self) -> Option<usize> {
        match self {
            Self::Field(field) => Some(field.len),
            Self::Literal(literal) => Some(literal.len()),
            Self::Filler(filler) => Some(filler.len),
            Self::Part(part) => borrowed(&part.layout).fixed_len(),
            Self::Group(group) => match &group.repeat {
                Repeat::Fixed(count) => match borrowed(&group.layout).fixed_len() {
                    Some(entry) => entry.checked_mul(*count),
                    None => None,
                },
                Repeat::Counted { .. } => None,
            },
        }
    }

    /// The fewest bytes on the wire: counted groups are empty.
    #[must_use]
    pub const fn min_len(&self) -> usize {
        match self {
            Self::Part(part) => borrowed(&part.layout).min_len(),
            Self::Group(group) => match &group.repeat {
                Repeat::Fixed(count) => borrowed(&group.layout).min_len().saturating_mul(*count),
                Repeat::Counted { .. } => 0,
            },
            _ => match self.fixed_len() {
                Some(len) => len,
                None => 0,
            },
        }
    }

    /// The most bytes on the wire: counted groups are full.
    #[must_use]
    pub const fn max_len(&self) -> usize {
        match self {
            Self::Part(part) => borrowed(&part.layout).max_len(),
            Self::Group(group) => {
                let (Repeat::Fixed(count) | Repeat::Counted { max: count, .. }) = &group.repeat;
                borrowed(&group.layout).max_len().saturating_mul(*count)
            }
            _ => match self.fixed_len() {
                Some(len) => len,
                None => 0,
            },
        }
    }
}

impl Layout {
    /// The items, in `const` code too.
    #[must_use]
    pub const fn items(&self) -> &[Item] {
        match &self.items {
            Cow::Borrowed(items) => items,
            Cow::Owned(items) => items.as_slice(),
        }
    }

    /// Bytes on the wire if that is always the same number.
    #[must_use]
    pub const fn fixed_len(&self) -> Option<usize> {
        let mut rest = self.items();
        let mut len = 0_usize;
        while let [item, tail @ ..] = rest {
            let Some(item_len) = item.fixed_len() else { return None };
            len = len.saturating_add(item_len);
            rest = tail;
        }
        Some(len)
    }

    /// The fewest bytes on the wire.
    #[must_use]
    pub const fn min_len(&self) -> usize {
        let mut rest = self.items();
        let mut len = 0_usize;
        while let [item, tail @ ..] = rest {
            len = len.saturating_add(item.min_len());
            rest = tail;
        }
        len
    }

    /// The most bytes on the wire.
    #[must_use]
    pub const fn max_len(&self) -> usize {
        let mut rest = self.items();
        let mut len = 0_usize;
        while let [item, tail @ ..] = rest {
            len = len.saturating_add(item.max_len());
            rest = tail;
        }
        len
    }

    /// How many computed lengths there are, those of parts and of all entries included.
    #[must_use]
    pub const fn computed_lengths(&self) -> usize {
        let mut rest = self.items();
        let mut count = 0_usize;
        while let [item, tail @ ..] = rest {
            let more = match item {
                Item::Field(field) => matches!(field.computed, Some(Computed::Length(_))) as usize,
                Item::Part(part) => borrowed(&part.layout).computed_lengths(),
                Item::Group(group) => {
                    let (Repeat::Fixed(entries) | Repeat::Counted { max: entries, .. }) = &group.repeat;
                    borrowed(&group.layout).computed_lengths().saturating_mul(*entries)
                }
                Item::Literal(_) | Item::Filler(_) => 0,
            };
            count = count.saturating_add(more);
            rest = tail;
        }
        count
    }

    /// The offset in bytes of the item with this number, counted from the start of this layout; none behind a group of
    /// varying length, or past the end.
    #[must_use]
    pub const fn offset_of(&self, number: usize) -> Option<usize> {
        let mut rest = self.items();
        let mut offset = 0_usize;
        let mut at = 0;
        while let [item, tail @ ..] = rest {
            if at == number {
                return Some(offset);
            }
            let Some(len) = item.fixed_len() else { return None };
            offset = offset.saturating_add(len);
            rest = tail;
            at += 1;
        }
        None
    }

    /// Whether a field is secret, in parts and groups too.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.items().iter().any(|item| match item {
            Item::Field(field) => field.secret,
            Item::Part(part) => part.layout.has_secret(),
            Item::Group(group) => group.layout.has_secret(),
            Item::Literal(_) | Item::Filler(_) => false,
        })
    }

    /// The item called `name` in this layout, not in its parts, with its number.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<(usize, &Item)> {
        self.items().iter().enumerate().find(|(_, item)| item.name() == Some(name))
    }

    /// The field at a dotted path through parts, if it stands at a fixed offset.
    ///
    /// Groups are not entered, for their entries have no one offset.
    #[must_use]
    pub fn span(&self, path: &str) -> Option<Span<'_>> {
        let (head, rest) = match path.split_once('.') {
            Some((head, rest)) => (head, Some(rest)),
            None => (path, None),
        };
        let (number, item) = self.item(head)?;
        let offset = self.offset_of(number)?;
        match (item, rest) {
            (Item::Field(field), None) => Some(Span { field, range: offset..offset.checked_add(field.len)? }),
            (Item::Part(part), Some(rest)) => {
                let inner = part.layout.span(rest)?;
                let range = inner.range.start.checked_add(offset)?..inner.range.end.checked_add(offset)?;
                Some(Span { field: inner.field, range })
            }
            _ => None,
        }
    }
}

impl Literal {
    /// Bytes on the wire.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.bytes {
            Cow::Borrowed(bytes) => bytes.len(),
            Cow::Owned(bytes) => bytes.len(),
        }
    }

    /// The bytes, in `const` code too.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Cow::Borrowed(bytes) => bytes,
            Cow::Owned(bytes) => bytes.as_slice(),
        }
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[allow(clippy::ptr_arg, reason = "this is what makes a `&Layout` of a `Cow` in constants")]
pub(super) const fn borrowed<'l>(layout: &'l Cow<'static, Layout>) -> &'l Layout {
    match layout {
        Cow::Borrowed(layout) => layout,
        Cow::Owned(layout) => layout,
    }
}

/// One accessor per kind, for derived code: the item with this number is known to be of that kind, because the same derive
/// wrote both. The panic is a compile error, for every call stands in a constant.
macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident -> $rule:ident = $kind:ident;)*) => {
        impl Layout {
            $($(#[$doc])*
            ///
            /// # Panics
            /// If the item is something else; derived code calls this in constants only.
            #[must_use]
            pub const fn $name(&self, number: usize) -> Slot<'_, $rule> {
                let field = self.field(number);
                match &field.kind {
                    Kind::$kind(rule) => Slot { field, rule },
                    _ => wrong_item(),
                }
            })*
        }
    };
}

slots! {
    /// The text field with this number.
    text -> TextRule = Text;
    /// The digits field with this number.
    digits -> DigitsRule = Digits;
    /// The number field with this number.
    number -> NumberRule = Number;
    /// The date field with this number.
    date -> DateRule = Date;
    /// The time field with this number.
    time -> TimeRule = Time;
    /// The timestamp field with this number.
    datetime -> DateTimeRule = DateTime;
    /// The code field with this number.
    code -> CodeRule = Code;
    /// The flag field with this number.
    flag -> FlagRule = Flag;
    /// The bytes field with this number.
    bytes -> BytesRule = Bytes;
}

impl Layout {
    /// The item with this number.
    ///
    /// # Panics
    /// If there is none; derived code calls this in constants only.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a panic is the error message")]
    pub const fn at(&self, number: usize) -> &Item {
        &self.items()[number]
    }

    /// The field with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn field(&self, number: usize) -> &Field {
        match self.at(number) {
            Item::Field(field) => field,
            _ => wrong_item(),
        }
    }

    /// The literal with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn literal(&self, number: usize) -> &Literal {
        match self.at(number) {
            Item::Literal(literal) => literal,
            _ => wrong_item(),
        }
    }

    /// The filler with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn filler(&self, number: usize) -> &Filler {
        match self.at(number) {
            Item::Filler(filler) => filler,
            _ => wrong_item(),
        }
    }

    /// The group with this number.
    ///
    /// # Panics
    /// If the item is something else; derived code calls this in constants only.
    #[must_use]
    pub const fn group(&self, number: usize) -> &Group {
        match self.at(number) {
            Item::Group(group) => group,
            _ => wrong_item(),
        }
    }
}

impl Field {
    /// Which bytes a computed length counts.
    ///
    /// # Panics
    /// If the field is no computed length; derived code calls this in constants only.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        match &self.computed {
            Some(Computed::Length(counts)) => *counts,
            _ => wrong_item(),
        }
    }
}

#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
const fn wrong_item() -> ! {
    panic!("the derive asked its own layout for an item of another kind")
}
