//! [`Mark`]: one thing by which received bytes are recognised as a telegram. [`Discriminator`]: all of them, as constants.
//!
//! A telegram's marks are the conditions of its `when` and its literals. A literal counts if its offset is fixed. It can be inside a
//! part, but not inside a group or a choice. Bytes are a telegram if all of its marks hold.
//!
//! ```text
//! when = { code = "0100" }    items: len 4 │ code 4 │ STX │ part: literal "A" …
//! marks: code at byte 4 is "0100"; byte 8 is 02; byte 9 is "A"
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::walk::{borrowed, text};
use super::{Field, Item, Kind, Layout, Literal, When};

/// All marks of a layout. Their number `N` is [`Layout::marks`].
#[derive(Clone, Copy, Debug)]
pub struct Discriminator<const N: usize>([Mark<'static>; N]);

/// One condition or literal.
#[derive(Clone, Copy, Debug)]
pub enum Mark<'l> {
    /// A condition on a field.
    Field {
        /// The path of the field.
        path: &'l str,
        /// The field.
        field: &'l Field,
        /// The offset of the field from the start of the telegram, in bytes.
        offset: usize,
        /// The value that the field must have.
        value: &'l str,
    },
    /// A literal.
    Literal {
        /// The name of the literal, which can be empty.
        name: &'l str,
        /// The offset of the literal from the start of the telegram, in bytes.
        offset: usize,
        /// The bytes of the literal.
        bytes: &'l [u8],
    },
    /// A condition on a missing field. It never holds. The derive reports it, and `fep check` does.
    Never {
        /// The path that leads to no field.
        path: &'l str,
    },
}

/// The result of a search for one of a layout's literals.
enum Search<'l> {
    Found(Mark<'l>),
    /// The literal is not here: this many are still to be skipped.
    Skip(usize),
}

impl Layout {
    /// The number `N` of a layout's [`Discriminator`]: its conditions and its literals at fixed offsets.
    #[must_use]
    pub const fn marks(&self) -> usize {
        match self.literal_mark(0, usize::MAX) {
            Search::Found(_) => usize::MAX,
            Search::Skip(left) => self.conditions().len().saturating_add(usize::MAX - left),
        }
    }

    /// The mark at this index: first the conditions of `when`, then the literals in wire order.
    #[must_use]
    pub const fn mark(&self, index: usize) -> Option<Mark<'_>> {
        if let Some((_, [condition, ..])) = self.conditions().split_at_checked(index) {
            return Some(self.condition_mark(condition));
        }
        match self.literal_mark(0, index.saturating_sub(self.conditions().len())) {
            Search::Found(mark) => Some(mark),
            Search::Skip(_) => None,
        }
    }

    /// All marks: first the conditions of `when`, then the literals in wire order.
    #[must_use]
    pub fn all_marks(&self) -> Vec<Mark<'_>> {
        let mut marks = Vec::new();
        self.each_mark(|mark| {
            marks.push(mark);
            true
        });
        marks
    }

    /// Whether received bytes can identify this layout: it has a mark.
    #[must_use]
    pub const fn is_recognisable(&self) -> bool {
        !self.conditions().is_empty() || matches!(self.literal_mark(0, 0), Search::Found(_))
    }

    /// Whether a telegram has these bytes: all its marks hold. A layout without marks recognises nothing.
    #[must_use]
    pub fn recognises(&self, bytes: &[u8]) -> bool {
        let mut some = false;
        self.each_mark(|mark| {
            some = true;
            mark.holds(bytes)
        }) && some
    }

    /// Whether all conditions of [`Layout::when`] hold for these bytes. Literals do not matter. A layout without conditions
    /// matches nothing.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        !self.when.is_empty() && self.when.iter().all(|when| self.condition_mark(when).holds(bytes))
    }

    /// The index of the layout that these bytes are: the first one whose marks all hold. If there is none, the only one whose
    /// `when` holds. Its decoding reports the literal that is wrong.
    #[must_use]
    pub fn choose(layouts: &[&Self], bytes: &[u8]) -> Option<usize> {
        layouts.iter().position(|layout| layout.recognises(bytes)).or_else(|| Self::claimed(layouts, bytes))
    }

    /// The index of the only layout whose `when` holds. Its literals may be wrong.
    #[cold]
    #[must_use]
    pub fn claimed(layouts: &[&Self], bytes: &[u8]) -> Option<usize> {
        let mut claimed = layouts.iter().enumerate().filter(|(_, layout)| layout.matches(bytes));
        match (claimed.next(), claimed.next()) {
            (Some((only, _)), None) => Some(only),
            _ => None,
        }
    }

    /// Calls `f` for each mark, until it returns `false`. Returns whether it never did.
    fn each_mark<'l>(&'l self, mut f: impl FnMut(Mark<'l>) -> bool) -> bool {
        self.when.iter().all(|when| f(self.condition_mark(when))) && self.each_literal(0, &mut f)
    }

    fn each_literal<'l>(&'l self, base: usize, f: &mut impl FnMut(Mark<'l>) -> bool) -> bool {
        let mut offset = base;
        for item in self.items() {
            let go_on = match item {
                Item::Literal(literal) => literal.is_empty() || f(literal.mark(offset)),
                Item::Part(part) => part.layout.each_literal(offset, f),
                _ => true,
            };
            if !go_on {
                return false;
            }
            let Some(len) = item.fixed_len() else { break };
            offset = offset.saturating_add(len);
        }
        true
    }

    const fn condition_mark<'l>(&'l self, condition: &'l When) -> Mark<'l> {
        let path = text(&condition.path);
        match self.span(path) {
            Some(span) => {
                Mark::Field { path, field: span.field, offset: span.range.start, value: text(&condition.value) }
            }
            None => Mark::Never { path },
        }
    }

    /// The literal behind this many others, in a layout that begins at byte `base`.
    const fn literal_mark(&self, base: usize, index: usize) -> Search<'_> {
        let mut rest = self.items();
        let mut offset = base;
        let mut left = index;
        while let [item, tail @ ..] = rest {
            match item {
                Item::Literal(literal) if !literal.is_empty() => {
                    if left == 0 {
                        return Search::Found(literal.mark(offset));
                    }
                    left -= 1;
                }
                Item::Part(part) => match borrowed(&part.layout).literal_mark(offset, left) {
                    Search::Skip(more) => left = more,
                    found @ Search::Found(_) => return found,
                },
                _ => {}
            }
            let Some(len) = item.fixed_len() else { break };
            offset = offset.saturating_add(len);
            rest = tail;
        }
        Search::Skip(left)
    }

    pub(super) const fn conditions(&self) -> &[When] {
        match &self.when {
            Cow::Borrowed(when) => when,
            Cow::Owned(when) => when.as_slice(),
        }
    }
}

impl Literal {
    const fn mark(&self, offset: usize) -> Mark<'_> {
        Mark::Literal { name: text(&self.name), offset, bytes: self.as_bytes() }
    }
}

impl<const N: usize> Discriminator<N> {
    /// The marks of a layout. Derived code calls this in constants.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "`const fn` has no iterators, and the bound stands in the condition")]
    pub const fn of(layout: &'static Layout) -> Self {
        let mut marks = [Mark::Never { path: "" }; N];
        let mut index = 0;
        while index < N {
            if let Some(mark) = layout.mark(index) {
                marks[index] = mark;
            }
            index += 1;
        }
        Self(marks)
    }

    /// Whether all marks hold for these bytes. Without marks it returns `false`.
    #[must_use]
    #[inline(always)]
    pub fn hold(&self, bytes: &[u8]) -> bool {
        // A plain loop, because the optimiser unrolls it and then sees the marks as constants.
        let mut rest = self.0.as_slice();
        while let [mark, tail @ ..] = rest {
            if !mark.holds(bytes) {
                return false;
            }
            rest = tail;
        }
        N > 0
    }
}

impl Mark<'_> {
    /// Whether these bytes have the mark.
    #[must_use]
    #[inline(always)]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        match *self {
            Self::Field { field, offset, value, .. } => {
                let found = bytes.get(offset..).and_then(|rest| rest.get(..field.len));
                found.is_some_and(|found| field.kind.says(value, found))
            }
            Self::Literal { offset, bytes: expected, .. } => {
                bytes.get(offset..).is_some_and(|rest| rest.starts_with(expected))
            }
            Self::Never { .. } => false,
        }
    }

    /// The offset of the mark, in bytes from the start of the telegram.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match *self {
            Self::Field { offset, .. } | Self::Literal { offset, .. } => offset,
            Self::Never { .. } => usize::MAX,
        }
    }

    /// The bytes of a telegram that has the mark: those of the literal, or those that the encoder writes for the value of the field.
    /// `None` if no bytes have the mark.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match *self {
            Self::Field { field, value, .. } => field.kind.code_bytes(value, field.len),
            Self::Literal { bytes, .. } => Some(bytes.to_vec()),
            Self::Never { .. } => None,
        }
    }

    /// The bytes of all telegrams that have the mark, at its place. A field that reads several forms of one value has several. Empty if no
    /// bytes have the mark.
    pub(super) fn forms(&self) -> Vec<Vec<u8>> {
        match *self {
            Self::Field { field, value, .. } => field.kind.code_forms(value, field.len),
            Self::Literal { bytes, .. } => alloc::vec![bytes.to_vec()],
            Self::Never { .. } => Vec::new(),
        }
    }
}

impl Field {
    /// Whether a condition of `when` can name the field. Dates and times cannot, because they do not identify a telegram.
    #[must_use]
    pub const fn can_identify(&self) -> bool {
        match self.kind {
            Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) | Kind::Number(_) | Kind::Flag(_) | Kind::Bytes(_) => true,
            Kind::Date(_) | Kind::Time(_) | Kind::DateTime(_) => false,
        }
    }
}

impl super::CodeRule {
    /// The length in bytes of the longest code on the list.
    #[must_use]
    pub const fn longest(&self) -> usize {
        let mut rest = match &self.codes {
            Cow::Borrowed(codes) => *codes,
            Cow::Owned(codes) => codes.as_slice(),
        };
        let mut longest = 0;
        while let [known, tail @ ..] = rest {
            let len = text(&known.code).len();
            if len > longest {
                longest = len;
            }
            rest = tail;
        }
        longest
    }
}
