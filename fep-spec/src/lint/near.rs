//! The pairs of telegrams whose marks do not contradict each other at one byte. Only these need to be compared.
//!
//! Most telegrams of a spec have different codes at the same place. So they are sorted by the byte that most of them know, then by the
//! next one, and telegrams with different bytes there are never compared. A spec of 5,000 telegrams has 12 million pairs, and usually
//! no such pair.

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::Layout;

/// So few telegrams are compared with each other.
const FEW: usize = 8;

/// The bytes that a telegram has at fixed offsets, and its number.
type Known = (usize, BTreeMap<usize, u8>);

/// The pairs, each with the later telegram first, in the order of the numbers.
pub(super) fn pairs(layouts: &[&Layout]) -> BTreeSet<(usize, usize)> {
    let all: Vec<Known> = layouts.iter().map(|layout| layout.known_bytes()).enumerate().collect();
    let mut pairs = BTreeSet::new();
    sort(&all.iter().collect::<Vec<_>>(), &mut pairs);
    pairs
}

fn sort(all: &[&Known], pairs: &mut BTreeSet<(usize, usize)>) {
    let Some(at) = divider(all).filter(|_| all.len() > FEW) else {
        return each_pair(all, all, pairs);
    };
    let mut by_byte: BTreeMap<u8, Vec<&Known>> = BTreeMap::new();
    let mut without: Vec<&Known> = Vec::new();
    for known in all {
        match known.1.get(&at) {
            Some(byte) => by_byte.entry(*byte).or_default().push(known),
            None => without.push(known),
        }
    }
    for same in by_byte.values() {
        sort(same, pairs);
        each_pair(same, &without, pairs);
    }
    sort(&without, pairs);
}

/// The offset at which most telegrams know a byte, of those at which they know different ones.
fn divider(all: &[&Known]) -> Option<usize> {
    let mut counts: BTreeMap<usize, (usize, u8, bool)> = BTreeMap::new();
    for (at, byte) in all.iter().flat_map(|(_, known)| known) {
        let (count, first, differ) = counts.entry(*at).or_insert((0, *byte, false));
        *count += 1;
        *differ |= first != byte;
    }
    let divides = counts.into_iter().filter(|(_, (_, _, differ))| *differ);
    divides.max_by_key(|(_, (count, ..))| *count).map(|(at, _)| at)
}

fn each_pair(some: &[&Known], others: &[&Known], pairs: &mut BTreeSet<(usize, usize)>) {
    for (one, bytes) in some {
        let differ = |other: &BTreeMap<usize, u8>| {
            bytes.iter().any(|(at, byte)| other.get(at).is_some_and(|other| other != byte))
        };
        let near = others.iter().filter(|(other, known)| other != one && !differ(known));
        pairs.extend(near.map(|(other, _)| (*one.max(other), *one.min(other))));
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use fep_codec::Charset;
    use fep_codec::layout::{Item, Literal};

    use super::*;

    /// A layout of literals of one byte. A blank is a filler.
    fn layout(marks: &str) -> Layout {
        let items = marks.bytes().map(|byte| match byte {
            b' ' => Item::Filler(fep_codec::layout::Filler { label: "".into(), len: 1, pad: b' ', any: true }),
            byte => {
                Item::Literal(Literal { name: "".into(), label: "".into(), bytes: Cow::Owned(vec![byte]), text: None })
            }
        });
        Layout {
            name: marks.to_owned().into(),
            label: "".into(),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: Cow::Owned(items.collect()),
        }
    }

    #[test]
    fn only_telegrams_that_contradict_each_other_are_left_out() {
        // All layouts of three places with a mark of A, B or none: 27, so they are sorted.
        let places = ["A", "B", " "];
        let all = places.iter().flat_map(|one| places.iter().map(move |two| format!("{one}{two}")));
        let all = all.flat_map(|two| places.iter().map(move |three| format!("{two}{three}")));
        let all: Vec<String> = all.collect();
        let layouts: Vec<Layout> = all.iter().map(|marks| layout(marks)).collect();
        let found = pairs(&layouts.iter().collect::<Vec<_>>());
        for (later, one) in all.iter().enumerate() {
            for (earlier, other) in all.iter().enumerate().take(later) {
                let apart =
                    one.bytes().zip(other.bytes()).any(|(one, other)| one != other && one != b' ' && other != b' ');
                assert_eq!(found.contains(&(later, earlier)), !apart, "{one:?} {other:?}");
            }
        }
    }
}
