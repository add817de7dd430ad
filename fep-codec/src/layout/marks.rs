//! [`Discriminator`]: the bytes by which a telegram is chosen, with their offsets found at compile time.

use alloc::borrow::Cow;

use super::walk::text;
use super::{Item, Kind, Layout};

/// The conditions of a layout's `when`, or its literals if it has no conditions. Their number `N` is [`Layout::marks`].
#[derive(Clone, Copy, Debug)]
pub struct Discriminator<const N: usize>([Mark; N]);

/// One condition or literal.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// A condition on a field.
    Field { kind: &'static Kind, offset: usize, len: usize, value: &'static str },
    /// A literal.
    Literal { offset: usize, bytes: &'static [u8] },
    /// A condition on a missing field. It never holds. The derive reports it.
    Never,
}

impl Layout {
    /// The number `N` of a layout's [`Discriminator`]: its conditions, or if it has none its literals at fixed offsets.
    #[must_use]
    pub const fn marks(&self) -> usize {
        match self.conditions() {
            [] => {}
            conditions => return conditions.len(),
        }
        let mut rest = self.items();
        let mut count = 0_usize;
        while let [item, tail @ ..] = rest {
            if let Item::Literal(_) = item {
                count = count.saturating_add(1);
            }
            if item.fixed_len().is_none() {
                break;
            }
            rest = tail;
        }
        count
    }

    /// The mark at this index: a condition, or a literal if the layout has no conditions.
    const fn mark(&'static self, index: usize) -> Mark {
        let mut conditions = self.conditions();
        if conditions.is_empty() {
            return self.literal_mark(index);
        }
        let mut left = index;
        while let [condition, tail @ ..] = conditions {
            if left == 0 {
                let Some(span) = self.span(text(&condition.path)) else { return Mark::Never };
                let value = text(&condition.value);
                return Mark::Field { kind: &span.field.kind, offset: span.range.start, len: span.field.len, value };
            }
            (conditions, left) = (tail, left - 1);
        }
        Mark::Never
    }

    const fn literal_mark(&'static self, index: usize) -> Mark {
        let mut rest = self.items();
        let mut offset = 0_usize;
        let mut left = index;
        while let [item, tail @ ..] = rest {
            if let Item::Literal(literal) = item {
                if left == 0 {
                    return Mark::Literal { offset, bytes: literal.as_bytes() };
                }
                left -= 1;
            }
            let Some(len) = item.fixed_len() else { break };
            offset = offset.saturating_add(len);
            rest = tail;
        }
        Mark::Never
    }
}

impl<const N: usize> Discriminator<N> {
    /// The marks of a layout. Derived code calls this in constants.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "`const fn` has no iterators, and the bound stands in the condition")]
    pub const fn of(layout: &'static Layout) -> Self {
        let mut marks = [Mark::Never; N];
        let mut index = 0;
        while index < N {
            marks[index] = layout.mark(index);
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

impl Mark {
    #[inline(always)]
    fn holds(&self, bytes: &[u8]) -> bool {
        match *self {
            Self::Field { kind, offset, len, value } => {
                let field = bytes.get(offset..).and_then(|rest| rest.get(..len));
                field.is_some_and(|field| kind.says(value, field))
            }
            Self::Literal { offset, bytes: expected } => {
                bytes.get(offset..).is_some_and(|rest| rest.starts_with(expected))
            }
            Self::Never => false,
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
