//! Which item of the old version is which item of the new one.
//!
//! Names decide first. An item that is left over is the same as one that is left over on the other side if the sheet calls both alike, or
//! if both say the same about the same bytes and the sheet has no names to tell them apart. Fillers and nameless constants are
//! matched in their order between the items around them.

use std::collections::BTreeMap;
use std::mem::discriminant;

use fep_codec::layout::{Field, Item};

use super::tree::Node;

/// The partners of the items of one list, as indices.
#[derive(Debug)]
pub(super) struct Pairs {
    /// For each old item its partner.
    pub(super) of_old: Vec<Option<usize>>,
    /// For each new item its partner.
    pub(super) of_new: Vec<Option<usize>>,
}

impl Pairs {
    /// Matches two lists of items.
    pub(super) fn of(old: &[Node<'_>], new: &[Node<'_>]) -> Self {
        let mut pairs = Self { of_old: vec![None; old.len()], of_new: vec![None; new.len()] };
        pairs.by_path(old, new);
        pairs.by(old, new, |old, new| !old.label().is_empty() && old.label() == new.label() && is_alike(old, new));
        pairs.by(old, new, |old, new| last(&old.path) == last(&new.path) && old.what() == new.what());
        pairs.by(old, new, says_the_same);
        pairs.unnamed(old, new);
        pairs
    }

    /// The partner of an old item.
    pub(super) fn new_of(&self, old: usize) -> Option<usize> {
        self.of_old.get(old).copied().flatten()
    }

    /// The partner of a new item.
    pub(super) fn old_of(&self, new: usize) -> Option<usize> {
        self.of_new.get(new).copied().flatten()
    }

    fn join(&mut self, old: usize, new: usize) {
        if let (Some(one), Some(other)) = (self.of_old.get_mut(old), self.of_new.get_mut(new)) {
            *one = Some(new);
            *other = Some(old);
        }
    }

    fn by_path(&mut self, old: &[Node<'_>], new: &[Node<'_>]) {
        let places: BTreeMap<&str, usize> = new.iter().enumerate().map(|(at, node)| (node.path.as_str(), at)).collect();
        for (at, node) in old.iter().enumerate().filter(|(_, node)| !node.path.is_empty()) {
            if let Some(partner) = places.get(node.path.as_str()) {
                self.join(at, *partner);
            }
        }
    }

    /// Matches named items that are left over, the nearest ones first in order.
    fn by(&mut self, old: &[Node<'_>], new: &[Node<'_>], is_same: impl Fn(&Node<'_>, &Node<'_>) -> bool) {
        for (at, node) in old.iter().enumerate().filter(|(_, node)| !node.path.is_empty()) {
            if self.new_of(at).is_some() {
                continue;
            }
            let free = new.iter().enumerate().filter(|(other, _)| self.old_of(*other).is_none());
            let alike = free.filter(|(_, other)| !other.path.is_empty() && is_same(node, other));
            if let Some((partner, _)) = alike.min_by_key(|(other, _)| other.abs_diff(at)) {
                self.join(at, partner);
            }
        }
    }

    /// Matches fillers and nameless constants.
    fn unnamed(&mut self, old: &[Node<'_>], new: &[Node<'_>]) {
        let mut waiting: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        let mut anchor = None;
        for (at, node) in new.iter().enumerate() {
            if node.path.is_empty() {
                waiting.entry(anchor).or_default().push(at);
            } else if self.old_of(at).is_some() {
                anchor = Some(at);
            }
        }
        anchor = None;
        for (at, node) in old.iter().enumerate() {
            if !node.path.is_empty() {
                anchor = self.new_of(at).or(anchor);
                continue;
            }
            let Some(free) = waiting.get_mut(&anchor) else { continue };
            let same = |other: &usize| {
                new.get(*other).is_some_and(|other| discriminant(node.item) == discriminant(other.item))
            };
            if let Some(position) = free.iter().position(same) {
                let partner = free.remove(position);
                self.join(at, partner);
            }
        }
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Whether two items are of one kind.
fn is_alike(old: &Node<'_>, new: &Node<'_>) -> bool {
    match (old.item, new.item) {
        (Item::Field(own), Item::Field(other)) | (Item::Tail(own), Item::Tail(other)) => {
            discriminant(&own.kind) == discriminant(&other.kind)
        }
        (own, other) => discriminant(own) == discriminant(other),
    }
}

/// Whether two fields are the same but for their names, and no label says that they are not.
fn says_the_same(old: &Node<'_>, new: &Node<'_>) -> bool {
    let (Item::Field(own), Item::Field(other)) = (old.item, new.item) else { return false };
    let nameless = |field: &Field| Field { name: "".into(), label: "".into(), ..field.clone() };
    (own.label.is_empty() || other.label.is_empty())
        && old.offset.is_some()
        && old.offset == new.offset
        && nameless(own) == nameless(other)
}
