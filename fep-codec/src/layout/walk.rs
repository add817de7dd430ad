//! Properties of a layout that are found by walking its items: lengths, offsets, secrets, one item by name.
//!
//! Most are `const fn`, so that derived code calls them at compile time and the results become constants.

use alloc::borrow::Cow;

use super::{Case, Check, Choice, Computed, Field, Item, Layout, Literal, Repeat};

/// A field together with the rule of its kind. The cursor needs both to read or write the field.
#[derive(Debug)]
pub struct FieldSlot<'l, R> {
    /// The field.
    pub field: &'l Field,
    /// The options of its kind.
    pub rule: &'l R,
}

impl<R> Clone for FieldSlot<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for FieldSlot<'_, R> {}

impl Item {
    /// The name, or an empty string if there is none.
    pub(super) const fn own_name(&self) -> &str {
        match self {
            Self::Field(field) | Self::Tail(field) => text(&field.name),
            Self::Literal(literal) => text(&literal.name),
            Self::Filler(_) => "",
            Self::Part(part) => text(&part.name),
            Self::Group(group) => text(&group.name),
            Self::Choice(choice) => text(&choice.name),
        }
    }

    /// The length on the wire in bytes, or `None` if it varies.
    #[must_use]
    #[inline]
    pub const fn fixed_len(&self) -> Option<usize> {
        match self {
            Self::Field(field) => Some(field.len),
            Self::Literal(literal) => Some(literal.len()),
            Self::Filler(filler) => Some(filler.len),
            _ => self.fixed_len_within(),
        }
    }

    /// Whether a field in the item is secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        match self {
            Self::Field(field) | Self::Tail(field) => field.secret,
            Self::Part(part) => part.layout.has_secret(),
            Self::Group(group) => group.layout.has_secret(),
            Self::Choice(choice) => choice.has_secret(),
            Self::Literal(_) | Self::Filler(_) => false,
        }
    }

    /// [`Self::fixed_len`] for items that contain layouts. They are rare and kept out of line, so the common arms stay inlinable.
    const fn fixed_len_within(&self) -> Option<usize> {
        match self {
            Self::Part(part) => borrowed(&part.layout).fixed_len(),
            Self::Group(group) => match &group.repeat {
                Repeat::Fixed(count) | Repeat::Padded { max: count, .. } => match borrowed(&group.layout).fixed_len() {
                    Some(entry) => entry.checked_mul(*count),
                    None => None,
                },
                Repeat::Counted { .. } | Repeat::Rest { .. } => None,
            },
            Self::Choice(choice) => choice.fixed_len(),
            Self::Field(_) | Self::Literal(_) | Self::Filler(_) | Self::Tail(_) => None,
        }
    }

    /// The minimum length on the wire in bytes, with empty counted groups and tails.
    #[must_use]
    pub const fn min_len(&self) -> usize {
        match self {
            Self::Part(part) => borrowed(&part.layout).min_len(),
            Self::Group(group) => match &group.repeat {
                Repeat::Fixed(count) | Repeat::Padded { max: count, .. } => {
                    borrowed(&group.layout).min_len().saturating_mul(*count)
                }
                Repeat::Counted { .. } | Repeat::Rest { .. } => 0,
            },
            Self::Choice(choice) => choice.min_len(),
            _ => match self.fixed_len() {
                Some(len) => len,
                None => 0,
            },
        }
    }

    /// The maximum length on the wire in bytes, with full counted groups and tails.
    #[must_use]
    pub const fn max_len(&self) -> usize {
        match self {
            Self::Part(part) => borrowed(&part.layout).max_len(),
            Self::Group(group) => borrowed(&group.layout).max_len().saturating_mul(group.repeat.max()),
            Self::Choice(choice) => choice.max_len(),
            Self::Tail(field) => field.len,
            _ => match self.fixed_len() {
                Some(len) => len,
                None => 0,
            },
        }
    }
}

impl Repeat {
    /// The maximum number of entries.
    #[must_use]
    pub const fn max(&self) -> usize {
        match self {
            Self::Fixed(max) | Self::Counted { max, .. } | Self::Padded { max, .. } | Self::Rest { max } => *max,
        }
    }

    /// The name of the sibling field that counts the entries.
    #[must_use]
    pub fn counted_by(&self) -> Option<&str> {
        match self {
            Self::Counted { by, .. } | Self::Padded { by: Some(by), .. } => Some(by),
            Self::Fixed(_) | Self::Padded { by: None, .. } | Self::Rest { .. } => None,
        }
    }
}

impl Choice {
    /// The cases. This also works in `const` code.
    #[must_use]
    pub const fn cases(&self) -> &[Case] {
        match &self.cases {
            Cow::Borrowed(cases) => cases,
            Cow::Owned(cases) => cases.as_slice(),
        }
    }

    /// Whether a field of any case is secret.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.cases().iter().any(|case| case.layout.has_secret())
    }

    /// The length on the wire in bytes, or `None` if the cases differ in length.
    #[must_use]
    pub const fn fixed_len(&self) -> Option<usize> {
        let [first, rest @ ..] = self.cases() else { return None };
        let Some(len) = borrowed(&first.layout).fixed_len() else { return None };
        let mut rest = rest;
        while let [case, tail @ ..] = rest {
            match borrowed(&case.layout).fixed_len() {
                Some(other) if other == len => rest = tail,
                _ => return None,
            }
        }
        Some(len)
    }

    const fn min_len(&self) -> usize {
        let mut rest = self.cases();
        let mut least = usize::MAX;
        while let [case, tail @ ..] = rest {
            let len = borrowed(&case.layout).min_len();
            if len < least {
                least = len;
            }
            rest = tail;
        }
        if self.cases().is_empty() { 0 } else { least }
    }

    const fn max_len(&self) -> usize {
        let mut rest = self.cases();
        let mut most = 0;
        while let [case, tail @ ..] = rest {
            let len = borrowed(&case.layout).max_len();
            if len > most {
                most = len;
            }
            rest = tail;
        }
        most
    }

    const fn late_fields(&self) -> usize {
        let mut rest = self.cases();
        let mut most = 0;
        while let [case, tail @ ..] = rest {
            let late = borrowed(&case.layout).late_fields();
            if late > most {
                most = late;
            }
            rest = tail;
        }
        most
    }
}

impl Layout {
    /// The items. This also works in `const` code.
    #[must_use]
    pub const fn items(&self) -> &[Item] {
        match &self.items {
            Cow::Borrowed(items) => items,
            Cow::Owned(items) => items.as_slice(),
        }
    }

    /// The length on the wire in bytes, or `None` if it varies.
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

    /// The minimum length on the wire in bytes.
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

    /// The maximum length on the wire in bytes.
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

    /// The number of computed lengths and checks, including those of parts and of all entries.
    #[must_use]
    pub const fn late_fields(&self) -> usize {
        let mut rest = self.items();
        let mut count = 0_usize;
        while let [item, tail @ ..] = rest {
            let more = match item {
                Item::Field(field) => {
                    matches!(field.computed, Some(Computed::Length(_) | Computed::Check(Check { run: Some(_), .. })))
                        as usize
                }
                Item::Part(part) => borrowed(&part.layout).late_fields(),
                Item::Group(group) => borrowed(&group.layout).late_fields().saturating_mul(group.repeat.max()),
                Item::Choice(choice) => choice.late_fields(),
                Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => 0,
            };
            count = count.saturating_add(more);
            rest = tail;
        }
        count
    }

    /// The offset in bytes of the item at this index, counted from the start of this layout. `None` after an item of varying
    /// length, or past the end.
    #[must_use]
    pub const fn offset_of(&self, index: usize) -> Option<usize> {
        let mut rest = self.items();
        let mut offset = 0_usize;
        let mut at = 0;
        while let [item, tail @ ..] = rest {
            if at == index {
                return Some(offset);
            }
            let Some(len) = item.fixed_len() else { return None };
            offset = offset.saturating_add(len);
            rest = tail;
            at += 1;
        }
        None
    }

    /// Whether any field is secret, including fields in parts, groups and choices.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.items().iter().any(Item::has_secret)
    }

    /// Whether the layout has a check whose function is known, including checks in parts, groups and choices. [`refresh`] computes
    /// such a check again after the bytes that it covers were patched.
    ///
    /// [`refresh`]: crate::view::refresh
    #[must_use]
    pub fn has_checks(&self) -> bool {
        self.items().iter().any(|item| match item {
            Item::Field(field) => matches!(field.computed, Some(Computed::Check(Check { run: Some(_), .. }))),
            Item::Part(part) => part.layout.has_checks(),
            Item::Group(group) => group.layout.has_checks(),
            Item::Choice(choice) => choice.cases().iter().any(|case| case.layout.has_checks()),
            Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
        })
    }

    /// The field that is an entry, if this is the layout of an array's entry: its only item is a field without a name. JSON and
    /// paths have its value at the entry itself: `rates[3]`.
    #[must_use]
    pub const fn array_field(&self) -> Option<&Field> {
        match self.items() {
            [Item::Field(field)] if text(&field.name).is_empty() => Some(field),
            _ => None,
        }
    }

    /// The item with this name and its index. Items in parts are not searched.
    #[must_use]
    pub fn item(&self, name: &str) -> Option<(usize, &Item)> {
        self.items().iter().enumerate().find(|(_, item)| item.name() == Some(name))
    }
}

impl Literal {
    /// The length on the wire in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.bytes {
            Cow::Borrowed(bytes) => bytes.len(),
            Cow::Owned(bytes) => bytes.len(),
        }
    }

    /// The bytes. This also works in `const` code.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Cow::Borrowed(bytes) => bytes,
            Cow::Owned(bytes) => bytes.as_slice(),
        }
    }

    /// Whether the literal has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[allow(clippy::ptr_arg, reason = "this is what makes a `&Layout` of a `Cow` in constants")]
pub(crate) const fn borrowed<'l>(layout: &'l Cow<'static, Layout>) -> &'l Layout {
    match layout {
        Cow::Borrowed(layout) => layout,
        Cow::Owned(layout) => layout,
    }
}

#[allow(clippy::ptr_arg, reason = "this is what makes a `&str` of a `Cow` in constants")]
pub(crate) const fn text<'c>(text: &'c Cow<'static, str>) -> &'c str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => text.as_str(),
    }
}
