//! How the marks of two layouts relate: whether bytes can have both, and whether one set of marks includes the other.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::Layout;

/// The relation of the marks of one layout to those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRelation {
    /// No bytes have the marks of both.
    Apart,
    /// Both have the same marks.
    Same,
    /// The first layout has all marks of the other, and more. If it is tried first, the other one is for all other bytes.
    Narrower,
    /// The other layout has all marks of the first, and more.
    Wider,
    /// Some bytes have the marks of both, and each has a mark that the other lacks.
    Crossing,
}

impl Layout {
    /// How the marks of this layout relate to those of another.
    #[must_use]
    pub fn compare_marks(&self, other: &Self) -> MarkRelation {
        let own = self.known_bytes();
        let others = other.known_bytes();
        let same = own.iter().filter(|(at, byte)| others.get(at) == Some(byte)).count();
        let differ = own.iter().any(|(at, byte)| others.get(at).is_some_and(|other| other != byte));
        match (same == own.len(), same == others.len()) {
            _ if differ => MarkRelation::Apart,
            (true, true) => MarkRelation::Same,
            (false, true) => MarkRelation::Narrower,
            (true, false) => MarkRelation::Wider,
            (false, false) => MarkRelation::Crossing,
        }
    }

    /// The ranges of bytes that the marks of both layouts say, in the order of their offsets.
    #[must_use]
    pub fn shared_marks(&self, other: &Self) -> Vec<Range<usize>> {
        let others = other.known_bytes();
        let mut shared: Vec<Range<usize>> = Vec::new();
        for at in self.known_bytes().into_iter().filter(|(at, byte)| others.get(at) == Some(byte)).map(|(at, _)| at) {
            match shared.last_mut() {
                Some(last) if last.end == at => last.end = at.saturating_add(1),
                _ => shared.push(at..at.saturating_add(1)),
            }
        }
        shared
    }

    /// The bytes that every telegram of the layout has at fixed offsets, because of its marks.
    #[must_use]
    pub fn known_bytes(&self) -> BTreeMap<usize, u8> {
        let bytes = self.all_marks().into_iter().rev().filter_map(|mark| Some((mark.offset(), mark.bytes()?)));
        bytes.flat_map(|(offset, bytes)| (offset..).zip(bytes)).collect()
    }
}
