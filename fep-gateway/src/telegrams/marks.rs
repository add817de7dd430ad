//! The marks by which received bytes are recognised as a telegram: [`Layout::recognises`] with the offsets and bytes found once.

use std::ops::Range;

use fep_codec::layout::{Kind, Mark};
use fep_codec::{Field, Layout};

/// The marks of one telegram.
#[derive(Debug)]
pub(super) struct Marks {
    conditions: Vec<OwnMark>,
    literals: Vec<OwnMark>,
}

#[derive(Debug)]
enum OwnMark {
    /// Exactly these bytes.
    Bytes(Range<usize>, Vec<u8>),
    /// A value that several forms of bytes can have.
    Value(Field, Range<usize>, String),
    /// No bytes have the mark.
    Never,
}

impl Marks {
    pub(super) fn new(layout: &Layout) -> Self {
        let (conditions, literals) = layout.all_marks().into_iter().partition::<Vec<_>, _>(|mark| !is_literal(mark));
        let own = |marks: Vec<Mark<'_>>| marks.iter().map(OwnMark::new).collect();
        Self { conditions: own(conditions), literals: own(literals) }
    }

    /// Whether the bytes have all marks. Without marks it returns `false`.
    pub(super) fn hold(&self, bytes: &[u8]) -> bool {
        let mut all = self.conditions.iter().chain(&self.literals).peekable();
        all.peek().is_some() && all.all(|mark| mark.holds(bytes))
    }

    /// Whether the bytes have the codes of the telegram, whatever its literals are.
    pub(super) fn codes_hold(&self, bytes: &[u8]) -> bool {
        !self.conditions.is_empty() && self.conditions.iter().all(|mark| mark.holds(bytes))
    }
}

impl OwnMark {
    fn new(mark: &Mark<'_>) -> Self {
        let bytes = mark.bytes().map(|bytes| (mark.offset()..mark.offset().saturating_add(bytes.len()), bytes));
        match (*mark, bytes) {
            (Mark::Field { field, value, .. }, Some((range, _)))
                if matches!(field.kind, Kind::Number(_)) || !value.is_ascii() =>
            {
                Self::Value(field.clone(), range, value.to_owned())
            }
            (_, Some((range, bytes))) => Self::Bytes(range, bytes),
            (_, None) => Self::Never,
        }
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Bytes(range, expected) => bytes.get(range.clone()) == Some(expected),
            Self::Value(field, range, value) => {
                bytes.get(range.clone()).is_some_and(|found| field.kind.says(value, found))
            }
            Self::Never => false,
        }
    }
}

const fn is_literal(mark: &Mark<'_>) -> bool {
    matches!(mark, Mark::Literal { .. })
}
