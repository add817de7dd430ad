//! How the marks of two layouts relate: whether bytes can have both, and whether one set of marks includes the other.
//!
//! A mark holds for one or several forms of bytes at its place: a number that accepts leading blanks is 5 as `005`, ` 05` and `  5`. The
//! marks of one layout do not overlap. So the marks of two layouts that overlap are chains, and comparing neighbours is enough.

use alloc::collections::BTreeMap;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;

use super::Layout;
use super::marks::Mark;

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

/// The place of a mark, and the bytes there of all telegrams that have it.
struct Forms {
    place: Range<usize>,
    bytes: Vec<Vec<u8>>,
}

impl Forms {
    fn of(mark: &Mark<'_>) -> Self {
        let bytes = mark.forms();
        let start = mark.offset();
        let len = bytes.first().map_or(0, Vec::len);
        Self { place: start..start.saturating_add(len), bytes }
    }

    /// The bytes of a form at these places, as far as the form has them.
    fn cut<'f>(&self, form: &'f [u8], places: &Range<usize>) -> &'f [u8] {
        let from = places.start.max(self.place.start) - self.place.start;
        let to = places.end.min(self.place.end).saturating_sub(self.place.start);
        form.get(from..to).unwrap_or_default()
    }

    /// Whether a form of each mark has the same bytes where the marks overlap.
    fn agree(&self, form: &[u8], other: &Self, others_form: &[u8]) -> bool {
        self.cut(form, &other.place) == other.cut(others_form, &self.place)
    }
}

impl Layout {
    /// How the marks of this layout relate to those of another.
    #[must_use]
    pub fn compare_marks(&self, other: &Self) -> MarkRelation {
        let own = forms(self);
        let others = forms(other);
        let pairs = overlaps(&own, &others);
        let turned: Vec<(usize, usize)> = pairs.iter().map(|(one, other)| (*other, *one)).collect();
        match (include(&own, &others, &turned), include(&others, &own, &pairs)) {
            _ if !can_meet(&own, &others, &pairs) => MarkRelation::Apart,
            (true, true) => MarkRelation::Same,
            (true, false) => MarkRelation::Narrower,
            (false, true) => MarkRelation::Wider,
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

    /// The bytes that every telegram of the layout has at fixed offsets, because of its marks. A byte that is another one in a further
    /// form of its field is not among them.
    #[must_use]
    pub fn known_bytes(&self) -> BTreeMap<usize, u8> {
        let mut known = BTreeMap::new();
        for mark in self.all_marks().iter().rev() {
            let Forms { place, bytes } = Forms::of(mark);
            let Some((first, further)) = bytes.split_first() else { continue };
            for (at, (offset, byte)) in place.zip(first).enumerate() {
                if further.iter().all(|form| form.get(at) == Some(byte)) {
                    known.insert(offset, *byte);
                }
            }
        }
        known
    }
}

/// The marks of a layout in the order of their places.
fn forms(layout: &Layout) -> Vec<Forms> {
    let mut forms: Vec<Forms> = layout.all_marks().iter().map(Forms::of).collect();
    forms.sort_by_key(|forms| (forms.place.start, forms.place.end));
    forms
}

/// The indices of the marks that overlap, in the order of their places.
fn overlaps(own: &[Forms], others: &[Forms]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut at = (0, 0);
    while let (Some(one), Some(other)) = (own.get(at.0), others.get(at.1)) {
        if one.place.start < other.place.end && other.place.start < one.place.end {
            pairs.push(at);
        }
        if one.place.end <= other.place.end {
            at.0 += 1;
        } else {
            at.1 += 1;
        }
    }
    pairs
}

/// Whether some bytes have all of these marks and all of those. The marks that overlap form a chain, so it is enough that each form
/// has a partner in the mark before it.
fn can_meet(own: &[Forms], others: &[Forms], pairs: &[(usize, usize)]) -> bool {
    let all = |marks: &[Forms]| marks.iter().map(|forms| forms.bytes.clone()).collect::<Vec<_>>();
    let mut left = (all(own), all(others));
    for (one, other) in pairs {
        let (Some(forms), Some(others_forms)) = (own.get(*one), others.get(*other)) else { continue };
        let (Some(these), Some(those)) = (left.0.get_mut(*one), left.1.get_mut(*other)) else { continue };
        these.retain(|form| those.iter().any(|partner| forms.agree(form, others_forms, partner)));
        those.retain(|form| these.iter().any(|partner| forms.agree(partner, others_forms, form)));
    }
    left.0.iter().chain(&left.1).all(|forms| !forms.is_empty())
}

/// Whether all bytes with the marks `own` have all the marks `others`. The pairs are the indices of marks that overlap, first that of
/// `others`.
fn include(own: &[Forms], others: &[Forms], pairs: &[(usize, usize)]) -> bool {
    if own.iter().any(|forms| forms.bytes.is_empty()) {
        return true;
    }
    let mut pairs = pairs;
    others.iter().enumerate().all(|(number, other)| {
        let count = pairs.iter().take_while(|(of, _)| *of == number).count();
        let (here, rest) = pairs.split_at(count);
        pairs = rest;
        // The bytes that telegrams with the marks `own` have where the other mark is.
        let mut possible = BTreeSet::from([Vec::new()]);
        let mut end = other.place.start;
        for forms in here.iter().filter_map(|(_, index)| own.get(*index)) {
            if forms.place.start > end {
                return false;
            }
            end = forms.place.end;
            let pieces: BTreeSet<&[u8]> = forms.bytes.iter().map(|form| forms.cut(form, &other.place)).collect();
            // More than the forms of the other mark are too many. This also bounds the product.
            if pieces.len().saturating_mul(possible.len()) > other.bytes.len() {
                return false;
            }
            let joined = |start: &Vec<u8>| pieces.iter().map(|piece| [start, *piece].concat()).collect::<Vec<_>>();
            possible = possible.iter().flat_map(joined).collect();
        }
        end >= other.place.end && possible.iter().all(|bytes| other.bytes.contains(bytes))
    })
}
