//! Which telegrams of one version the other one refuses or reads differently: both layouts are walked side by side.
//!
//! As long as the items of both end at the same byte, they are compared one by one. Where they do not, all items up to the next common end
//! are one stretch of bytes that the two versions read differently. Reserved bytes may be divided at any byte.

mod repeats;

use std::ops::Range;

use fep_codec::layout::{Field, Filler, Item, Literal};
use serde_json::Value as Json;

use super::content::{self, Reading};
use super::links::Names;
use super::pairs::Pairs;
use super::sides::{Gap, Side};
use super::tree::Node;
use super::{Break, Example, Sender};

/// The comparison of one telegram.
#[derive(Debug)]
pub(super) struct Walk<'w> {
    /// The telegram's name in the old and in the new version.
    pub(super) telegrams: [&'w str; 2],
    pub(super) names: &'w Names,
    pub(super) breaks: Vec<Break>,
}

impl Walk<'_> {
    /// Compares two lists of items that begin at the same byte.
    pub(super) fn list<'n>(&mut self, old: &'n [Node<'n>], new: &'n [Node<'n>]) {
        let pairs = Pairs::of(old, new);
        let mut old = Side { nodes: old, passed: 0, used: 0 };
        let mut new = Side { nodes: new, passed: 0, used: 0 };
        while let (Some(own), Some(other)) = (old.current(), new.current()) {
            match (old.filler(), new.filler()) {
                (Some((own, own_left)), Some((other, other_left))) => {
                    let len = own_left.min(other_left);
                    self.fillers(own, other, [&old, &new], len);
                    old.pass(len);
                    new.pass(len);
                    continue;
                }
                (Some((filler, left)), None) if other.len().is_some_and(|len| len <= left) => {
                    let len = other.len().unwrap_or_default();
                    self.put_in_reserve(filler, other, &old);
                    old.pass(len);
                    new.pass_item();
                    continue;
                }
                (None, Some((filler, left))) if own.len().is_some_and(|len| len <= left) => {
                    let len = own.len().unwrap_or_default();
                    self.made_reserve(own, filler, &new);
                    old.pass_item();
                    new.pass(len);
                    continue;
                }
                _ => {}
            }
            let are_one = old.used == 0 && new.used == 0 && pairs.new_of(old.passed) == Some(new.passed);
            if are_one && own.len() == other.len() && self.pair(own, other) {
                old.pass_item();
                new.pass_item();
            } else {
                self.stretch(&mut old, &mut new, are_one);
            }
        }
        self.ends(&old, &new);
    }

    /// Compares an item of both versions that has the same number of bytes in both, or varies in both. Returns `false` if the two are not of one
    /// sort, so that their bytes are not compared.
    fn pair(&mut self, own: &Node<'_>, other: &Node<'_>) -> bool {
        match (own.item, other.item) {
            (Item::Field(old), Item::Field(new)) => {
                let readings = content::compare(old, new);
                self.readings(own, other, readings.of_old, readings.of_new);
                self.computed(own, other, old, new);
            }
            (Item::Tail(old), Item::Tail(new)) => self.tails(own, other, old, new),
            (Item::Literal(old), Item::Literal(new)) => {
                if old.bytes != new.bytes {
                    self.both(own, other, "the constant has other bytes", |sender| {
                        let sent = if sender == Sender::Old { old } else { new };
                        let value = |literal: &Literal| (literal.bytes == sent.bytes).then(|| shown(literal));
                        Some(Example { content: content::hex(&sent.bytes), old: value(old), new: value(new) })
                    });
                }
            }
            (Item::Literal(old), Item::Field(new)) => self.opened(own, other, old, new),
            (Item::Field(old), Item::Literal(new)) => self.closed(own, other, old, new),
            (Item::Group(old), Item::Group(new)) => {
                repeats::compare(self, [own, other], old, new);
                self.list(&own.below, &other.below);
            }
            (Item::Choice(old), Item::Choice(new)) => repeats::choice(self, [own, other], old, new),
            _ => return false,
        }
        true
    }

    fn readings(&mut self, own: &Node<'_>, other: &Node<'_>, of_old: Reading, of_new: Reading) {
        for (sender, reading) in [(Sender::Old, of_old), (Sender::New, of_new)] {
            match reading {
                Reading::Same => {}
                Reading::Differs(example) => {
                    let reason = match (sender, &example.old, &example.new) {
                        (Sender::Old, _, None) => "the new version refuses contents that the old one has",
                        (Sender::New, None, _) => "the old version refuses contents that the new one has",
                        _ => "the two versions read other values",
                    };
                    self.add(sender, [own, other], reason, Some(example));
                }
                Reading::Unproved => {
                    let reason = "it is read by other rules, and these are not shown to be alike";
                    self.add(sender, [own, other], reason, None);
                }
            }
        }
    }

    fn tails(&mut self, own: &Node<'_>, other: &Node<'_>, old: &Field, new: &Field) {
        let at = |field: &Field| Field { len: 1, ..field.clone() };
        let readings = content::compare(&at(old), &at(new));
        if readings != content::Readings::SAME {
            self.both(own, other, "it is read by other rules, and these are not shown to be alike", |_| None);
        } else if old.len > new.len {
            self.add(
                Sender::Old,
                [own, other],
                &format!("it has at most {} bytes, and had {}", new.len, old.len),
                None,
            );
        } else if old.len < new.len {
            self.add(
                Sender::New,
                [own, other],
                &format!("it had at most {} bytes, and has {}", old.len, new.len),
                None,
            );
        }
    }

    /// A constant that became a field.
    fn opened(&mut self, own: &Node<'_>, other: &Node<'_>, old: &Literal, new: &Field) {
        let value = content::value_of(new, &old.bytes);
        let is_same = value.is_some() && (own.path.is_empty() || value == Some(shown(old)));
        if !is_same {
            let example = Example { content: content::hex(&old.bytes), old: Some(shown(old)), new: value };
            self.add(Sender::Old, [own, other], "a constant was here", Some(example));
        }
        self.add(Sender::New, [own, other], "the old version takes only the constant that was here", None);
    }

    /// A field that became a constant.
    fn closed(&mut self, own: &Node<'_>, other: &Node<'_>, old: &Field, new: &Literal) {
        self.add(Sender::Old, [own, other], "the new version takes only a constant here", None);
        let value = content::value_of(old, &new.bytes);
        if value.is_none() {
            let example = Example { content: content::hex(&new.bytes), old: None, new: Some(shown(new)) };
            self.add(Sender::New, [own, other], "the old version refuses the constant", Some(example));
        }
    }

    fn fillers(&mut self, own: &Filler, other: &Filler, [old, new]: [&Side<'_>; 2], len: usize) {
        let strict = |sender, side: &Side<'_>, reason: &str, walk: &mut Self| {
            let bytes = side.offset().map(|at| at..at + len);
            walk.put(sender, None, bytes, reason.to_owned(), None);
        };
        if own.any && !other.any {
            strict(Sender::Old, old, "reserved bytes could hold anything, and must be blank now", self);
        } else if !own.any && other.any {
            strict(Sender::New, new, "reserved bytes can hold anything, and had to be blank", self);
        } else if own.pad != other.pad && !own.any {
            let reason = format!("reserved bytes are filled with {:02x}, and were with {:02x}", other.pad, own.pad);
            strict(Sender::Old, old, &reason, self);
            strict(Sender::New, new, &reason, self);
        }
    }

    /// An item where bytes were reserved.
    fn put_in_reserve(&mut self, filler: &Filler, other: &Node<'_>, old: &Side<'_>) {
        let len = other.len().unwrap_or_default();
        let blank = vec![filler.pad; len];
        let reads = reads_blank(other, &blank);
        if filler.any || !reads {
            let bytes = old.offset().map(|at| at..at + len);
            let reason = if filler.any {
                format!("the bytes could hold anything, and are read as {} now", other.shown())
            } else {
                format!("the bytes were blank, and {} refuses that", other.shown())
            };
            let example = Example { content: content::hex(&blank), old: Some("reserved".to_owned()), new: None };
            self.put(Sender::Old, None, bytes, reason, Some(example).filter(|_| !reads));
        }
        if !filler.any && !is_blank_constant(other, &blank) {
            let reason = "the bytes were reserved, and the old version refuses them if they are not blank";
            self.put(Sender::New, path_of(other), bytes_of(other), reason.to_owned(), None);
        }
    }

    /// Reserved bytes where an item was.
    fn made_reserve(&mut self, own: &Node<'_>, filler: &Filler, new: &Side<'_>) {
        let len = own.len().unwrap_or_default();
        let blank = vec![filler.pad; len];
        if !is_blank_constant(own, &blank) || !own.path.is_empty() {
            let reason = if filler.any {
                "its value is lost: the bytes are reserved"
            } else {
                "the bytes are reserved, and must be blank"
            };
            self.put(Sender::Old, path_of(own), bytes_of(own), reason.to_owned(), None);
        }
        if filler.any || !reads_blank(own, &blank) {
            let bytes = new.offset().map(|at| at..at + len);
            let reason = format!("the bytes are reserved now, and the old version reads {} there", own.shown());
            self.put(Sender::New, None, bytes, reason, None);
        }
    }

    /// Passes all items up to the next byte at which items of both versions end.
    fn stretch<'n>(&mut self, old: &mut Side<'n>, new: &mut Side<'n>, are_one: bool) {
        let starts = [old.clone(), new.clone()];
        let mut gap = Gap::default();
        gap.pass(old, 0);
        gap.pass(new, 1);
        while gap.is_open() {
            let behind = usize::from(gap.passed[0] > gap.passed[1]);
            let side = if behind == 0 { &mut *old } else { &mut *new };
            if side.current().is_none() {
                break;
            }
            gap.pass_up_to(side, behind);
        }
        if gap.is_open() {
            // Behind a gap that nothing closes, no item has its old place.
            old.passed = old.nodes.len();
            new.passed = new.nodes.len();
            old.used = 0;
            new.used = 0;
        }
        let [from_old, from_new] = starts;
        self.report_stretch([&from_old, old], [&from_new, new], are_one);
    }

    fn report_stretch(&mut self, [from_old, old]: [&Side<'_>; 2], [from_new, new]: [&Side<'_>; 2], are_one: bool) {
        let [before, after] = [from_old.items_to(old), from_new.items_to(new)];
        let reason = match (before.first(), after.first()) {
            (Some(own), Some(other)) if are_one && own.what() == other.what() => {
                let moved =
                    if old.current().is_none() && before.len() > 1 { ", and what follows has moved" } else { "" };
                format!("it has {}, and had {}{moved}", len_text(other), len_text(own))
            }
            (Some(own), Some(other)) if are_one => {
                format!("it is a {}, and was a {}", other.what(), own.what())
            }
            _ => format!("other items are here: {} now, {} before", listed(after), listed(before)),
        };
        if let [Some(own), Some(other)] = [before.first(), after.first()]
            && are_one
            && let (Item::Group(old), Item::Group(new)) = (own.item, other.item)
        {
            repeats::compare(self, [own, other], old, new);
            self.list(&own.below, &other.below);
        }
        let path = |nodes: &[Node<'_>]| nodes.first().filter(|_| are_one).and_then(path_of);
        self.put(Sender::Old, path(before), from_old.bytes_to(old), reason.clone(), None);
        self.put(Sender::New, path(after), from_new.bytes_to(new), reason, None);
    }

    /// What one version has behind the end of the other.
    fn ends(&mut self, old: &Side<'_>, new: &Side<'_>) {
        for (sender, side) in [(Sender::Old, old), (Sender::New, new)] {
            let end = Side { passed: side.nodes.len(), used: 0, ..side.clone() };
            let rest = side.items_to(&end);
            let Some(first) = rest.first() else { continue };
            let more = side.bytes_to(&end).map(|bytes| format!(" by {} bytes", bytes.len())).unwrap_or_default();
            let (lacking, reason) = match sender {
                Sender::Old => (
                    Sender::New,
                    format!("the new version ends here, and the old one was longer{more}: {}", listed(rest)),
                ),
                Sender::New => (
                    Sender::Old,
                    format!("the old version ended here, and the new one is longer{more}: {}", listed(rest)),
                ),
            };
            self.put(sender, path_of(first), side.bytes_to(&end), reason.clone(), None);
            if !rest.iter().all(can_be_empty) {
                let end = if lacking == Sender::Old { old } else { new }.offset();
                self.put(lacking, None, end.map(|end| end..end), reason, None);
            }
        }
    }

    fn computed(&mut self, own: &Node<'_>, other: &Node<'_>, old: &Field, new: &Field) {
        let translated = old.computed.as_ref().map(|computed| self.names.translate(computed, &own.path));
        let resolved = new.computed.as_ref().map(|computed| self.names.absolute(computed, &other.path));
        match (translated, resolved) {
            (one, two) if one == two => {}
            (None, Some(_)) => {
                self.add(Sender::Old, [own, other], "it is computed now, and every other value is refused", None);
            }
            (Some(_), None) => {
                self.add(
                    Sender::New,
                    [own, other],
                    "it is not computed any more, and the old version refuses every other value",
                    None,
                );
            }
            _ => self.both(own, other, "it is computed in another way", |_| None),
        }
    }

    /// Notes that telegrams of both versions break.
    pub(super) fn both(
        &mut self,
        own: &Node<'_>,
        other: &Node<'_>,
        reason: &str,
        example: impl Fn(Sender) -> Option<Example>,
    ) {
        for sender in [Sender::Old, Sender::New] {
            self.add(sender, [own, other], reason, example(sender));
        }
    }

    /// Notes that telegrams of one version break at an item.
    pub(super) fn add(&mut self, sender: Sender, nodes: [&Node<'_>; 2], reason: &str, example: Option<Example>) {
        let [old, new] = nodes;
        let node = if sender == Sender::Old { old } else { new };
        self.put(sender, path_of(node), bytes_of(node), reason.to_owned(), example);
    }

    fn put(
        &mut self,
        sender: Sender,
        path: Option<String>,
        bytes: Option<Range<usize>>,
        reason: String,
        example: Option<Example>,
    ) {
        let [old, new] = self.telegrams;
        let telegram = if sender == Sender::Old { old } else { new }.to_owned();
        self.breaks.push(Break { telegram, path, sender, bytes, reason, example });
    }
}

/// Whether blank bytes are read as an item without changing what the others mean.
fn reads_blank(node: &Node<'_>, blank: &[u8]) -> bool {
    match node.item {
        Item::Field(field) => field.computed.is_none() && content::value_of(field, blank).is_some(),
        Item::Literal(literal) => *literal.bytes == *blank,
        _ => false,
    }
}

fn is_blank_constant(node: &Node<'_>, blank: &[u8]) -> bool {
    matches!(node.item, Item::Literal(literal) if *literal.bytes == *blank)
}

/// Whether an item may take no bytes at all.
fn can_be_empty(node: &Node<'_>) -> bool {
    match node.item {
        Item::Tail(_) => true,
        Item::Group(group) => repeats::can_be_empty(group),
        _ => false,
    }
}

fn path_of(node: &Node<'_>) -> Option<String> {
    (!node.path.is_empty()).then(|| node.path.clone())
}

fn bytes_of(node: &Node<'_>) -> Option<Range<usize>> {
    node.offset.zip(node.len()).map(|(at, len)| at..at + len)
}

/// A literal as JSON.
fn shown(literal: &Literal) -> String {
    Json::from(literal.shown()).to_string()
}

fn len_text(node: &Node<'_>) -> String {
    match (node.item, node.len()) {
        (Item::Tail(field), _) => format!("at most {} bytes", field.len),
        (_, Some(1)) => "1 byte".to_owned(),
        (_, Some(len)) => format!("{len} bytes"),
        (_, None) => "a varying number of bytes".to_owned(),
    }
}

/// The items of a stretch, for a message.
fn listed(nodes: &[Node<'_>]) -> String {
    const MOST: usize = 4;
    let shown: Vec<String> = nodes.iter().take(MOST).map(Node::shown).collect();
    match nodes.len().checked_sub(MOST) {
        _ if nodes.is_empty() => "nothing".to_owned(),
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
