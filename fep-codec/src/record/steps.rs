//! [`Steps`]: how each item of a layout is read and written, found out once for many telegrams.
//!
//! Nearly all fields are ASCII by a rule without options. Such a step has all that is needed to read and write its item, so neither the item nor
//! its rule is looked at, except for text in other charsets. All other items stay with `decode.rs` and `encode.rs`.

use alloc::vec::Vec;

use crate::charset::Charset;
use crate::layout::{Computed, Field, Filler, Item, Kind, Layout, LengthScope, Limit};

/// The byte that fills most fields.
pub(super) const BLANK: u8 = b' ';

/// The steps of a layout, one for each item, and of the layouts inside it. Without a plan there are none.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    steps: Vec<Step>,
    /// Those of the items that contain layouts, in the order of the items.
    inner: Vec<Inner>,
    /// Whether all items, also those of its parts, are usual.
    are_usual: bool,
}

/// How one item is read and written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) how: How,
    /// The byte that fills what the value leaves free.
    pub(super) pad: u8,
    /// For a short date: the two-digit years below this are 20xx.
    pub(super) pivot: u8,
    /// The length of the item in bytes.
    pub(super) len: u32,
    /// The number of bytes from here on that are ASCII by the layout, if such a run begins here: [`Layout::ascii_run`].
    pub(super) ascii_run: u32,
    /// The number of bytes from here on that belong to usual items.
    pub(super) usual_run: usize,
}

/// The kinds of items that are read and written without a look at their rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Any other item.
    Other,
    /// ASCII on the left.
    Text,
    /// Text on the left, in a charset in which ASCII has the same bytes. Its rule is needed for other characters.
    Converted,
    /// Digits on the left.
    Digits,
    /// Digits in every byte.
    FullDigits,
    /// A number without a sign that always has a value.
    Number,
    /// The number of bytes behind it.
    Length,
    /// `YYYYMMDD`.
    Date,
    /// `YYMMDD`.
    ShortDate,
    /// `HHMMSS`.
    Time,
    /// `YYYYMMDDHHMMSS`.
    DateTime,
    /// Reserved bytes that must be blank.
    Filler,
    /// A part with usual items only, whose length no other field states.
    Part,
}

/// What is known of an item that contains layouts.
#[derive(Clone, Debug)]
struct Inner {
    /// The index of the item.
    index: usize,
    limit: Limit,
    /// The layout of the part or of an entry, or those of the cases.
    layouts: Vec<Steps>,
}

impl Steps {
    /// No steps.
    pub(super) const NONE: &Self = &Self { steps: Vec::new(), inner: Vec::new(), are_usual: false };

    /// The steps of a layout.
    pub(super) fn of(layout: &Layout) -> Self {
        Self::within(layout, false)
    }

    /// The steps of a layout, which may be inside entries.
    fn within(layout: &Layout, in_entry: bool) -> Self {
        let items = || layout.items().iter().enumerate();
        let inner: Vec<Inner> = items().filter_map(|(index, item)| Inner::of(layout, index, item, in_entry)).collect();
        let mut steps: Vec<Step> =
            items().map(|(index, item)| Step::of(layout, index, item, &inner, in_entry)).collect();
        let mut usual_run = 0_usize;
        for step in steps.iter_mut().rev() {
            usual_run = if step.how == How::Other { 0 } else { usual_run.saturating_add(step.len as usize) };
            step.usual_run = usual_run;
        }
        let are_usual = steps.iter().all(|step| step.how != How::Other);
        Self { steps, inner, are_usual }
    }

    /// The steps from the item at this index on.
    #[inline(always)]
    pub(super) fn from(&self, index: usize) -> &[Step] {
        self.steps.get(index..).unwrap_or_default()
    }

    /// Whether the item at this index is usual.
    #[inline(always)]
    pub(super) fn is_usual(&self, index: usize) -> bool {
        self.steps.get(index).is_some_and(|step| step.how != How::Other)
    }

    /// Whether all items are usual.
    #[inline(always)]
    pub(super) const fn are_usual(&self) -> bool {
        self.are_usual
    }

    /// The steps of a layout inside the item at this index: of a part, of an entry, or of the case with this number.
    pub(super) fn inner(&self, index: usize, case: usize) -> &Self {
        self.inner_at(index).and_then(|inner| inner.layouts.get(case)).unwrap_or(Self::NONE)
    }

    /// The latest end of the item at this index: [`Layout::limit`].
    pub(super) fn limit(&self, layout: &Layout, index: usize) -> Limit {
        self.inner_at(index).map_or_else(|| layout.limit(index), |inner| inner.limit)
    }

    fn inner_at(&self, index: usize) -> Option<&Inner> {
        let at = self.inner.binary_search_by_key(&index, |inner| inner.index).ok()?;
        self.inner.get(at)
    }
}

impl Inner {
    fn of(layout: &Layout, index: usize, item: &Item, in_entry: bool) -> Option<Self> {
        let within = |layout| Steps::within(layout, in_entry);
        let layouts = match item {
            Item::Part(part) => [&*part.layout].map(within).into(),
            Item::Group(group) => [Steps::within(&group.layout, true)].into(),
            Item::Choice(choice) => choice.cases().iter().map(|case| within(&case.layout)).collect(),
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => return None,
        };
        Some(Self { index, limit: layout.limit(index), layouts })
    }
}

impl Step {
    fn of(layout: &Layout, index: usize, item: &Item, inner: &[Inner], in_entry: bool) -> Self {
        let ascii_run = u32::try_from(layout.ascii_run(index)).unwrap_or_default();
        let other = Self { how: How::Other, pad: 0, pivot: 0, len: 0, ascii_run, usual_run: 0 };
        let usual = match item {
            // The writer must know which bytes of an entry are filled in at the end: they say whether it looks unused.
            Item::Field(field) => {
                How::of(field).filter(|how| !in_entry || *how != How::Length).map(|how| (how, pad_of(field), field.len))
            }
            Item::Filler(Filler { any: false, pad, len, .. }) => Some((How::Filler, *pad, *len)),
            Item::Part(part) => {
                let inner = inner.iter().find(|inner| inner.index == index);
                // A part whose length another field states is compared with it.
                let is_usual =
                    |inner: &Inner| inner.limit == Limit::Before(0) && inner.layouts.iter().all(Steps::are_usual);
                let len = part.layout.fixed_len().filter(|_| inner.is_some_and(is_usual));
                len.map(|len| (How::Part, BLANK, len))
            }
            _ => None,
        };
        let usual = usual.and_then(|(how, pad, len)| Some(Self { how, pad, len: u32::try_from(len).ok()?, ..other }));
        let pivot = match item {
            Item::Field(Field { kind: Kind::Date(rule), .. }) => rule.pivot,
            _ => 0,
        };
        Self { pivot, ..usual.unwrap_or(other) }
    }
}

/// The byte that fills what the value of a usual field leaves free.
const fn pad_of(field: &Field) -> u8 {
    match &field.kind {
        Kind::Text(rule) => rule.pad,
        Kind::Digits(rule) => rule.pad,
        _ => BLANK,
    }
}

impl How {
    /// How a field is read and written, if it is usual.
    fn of(field: &Field) -> Option<Self> {
        let len = field.len;
        match (&field.computed, &field.kind) {
            (Some(Computed::Length(LengthScope::Rest)), Kind::Number(rule)) if rule.is_usual(len) => Some(Self::Length),
            (Some(_), _) => None,
            (None, Kind::Text(rule)) if rule.is_plain() && rule.charset == Charset::Ascii => Some(Self::Text),
            (None, Kind::Text(rule)) if rule.is_plain() => Some(Self::Converted),
            (None, Kind::Digits(rule)) if rule.is_plain() && rule.exact => Some(Self::FullDigits),
            (None, Kind::Digits(rule)) if rule.is_plain() => Some(Self::Digits),
            (None, Kind::Number(rule)) if rule.is_usual(len) => Some(Self::Number),
            (None, Kind::Date(rule)) if rule.is_usual(len) => Some(Self::Date),
            (None, Kind::Date(rule)) if rule.is_usual_short(len) => Some(Self::ShortDate),
            (None, Kind::Time(rule)) if rule.is_usual(len) => Some(Self::Time),
            (None, Kind::DateTime(rule)) if rule.is_usual(len) => Some(Self::DateTime),
            (None, _) => None,
        }
    }
}
