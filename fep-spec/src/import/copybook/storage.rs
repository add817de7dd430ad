//! Where each item is: the tree of levels, lengths, offsets, slack bytes, redefinitions.

use super::BinarySize;
use super::entry::{Entry, Occurs, SignClause, Usage};
use super::picture::{Picture, What};
use crate::import::{Doubt, Origin, Severity, doubt};

/// An item with everything below it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) entry: Entry,
    /// The usage, also if a group above says it.
    pub(super) usage: Usage,
    pub(super) sign: Option<SignClause>,
    pub(super) below: Vec<Node>,
    /// The conditions of level 88.
    pub(super) conditions: Vec<Entry>,
    /// The offset in the entry of the group that contains it.
    pub(super) offset: usize,
    /// The bytes of one entry, with slack bytes at the end.
    pub(super) len: usize,
    /// Slack bytes before the item.
    pub(super) slack: usize,
    /// The items that redefine this one.
    pub(super) redefinitions: Vec<Node>,
}

impl Node {
    /// The name for messages.
    pub(super) fn shown(&self) -> String {
        self.entry.name.clone().unwrap_or_else(|| "FILLER".to_owned())
    }

    /// The line of its entry.
    pub(super) fn origin(&self) -> Origin {
        Origin { line: Some(self.entry.line), ..Origin::default() }
    }

    /// The bytes of all entries.
    pub(super) fn all(&self) -> usize {
        self.len.saturating_mul(entries(&self.entry.occurs))
    }

    /// The bytes of the longest description.
    pub(super) fn longest(&self) -> usize {
        self.redefinitions.iter().map(Self::all).max().unwrap_or_default().max(self.all())
    }
}

/// The most items of a copybook.
pub(super) const ITEMS_MAX: usize = 20_000;

/// The deepest level of groups.
const DEPTH_MAX: usize = 49;

/// Makes the tree of the records.
pub(super) fn records(entries: Vec<Entry>, size: BinarySize, doubts: &mut Vec<Doubt>) -> Vec<Node> {
    let mut roots: Vec<Node> = Vec::new();
    if let Some(entry) = entries.get(ITEMS_MAX) {
        let message = format!("the copybook has more than {ITEMS_MAX} items: the rest was left out");
        doubts.push(doubt("entry", entry.line, message, "import it in parts"));
    }
    for entry in entries.iter().filter(|entry| matches!(entry.level, 66 | 78)) {
        let name = entry.name.as_deref().unwrap_or("FILLER");
        let what = if entry.level == 66 { "another name for bytes that have items" } else { "a constant" };
        let message = format!("level {} {name} is {what}, no item: it was left out", entry.level);
        doubts.push(Doubt { severity: Severity::Note, ..doubt("entry", entry.line, message, "") });
    }
    let mut entries = entries.into_iter().filter(|entry| !matches!(entry.level, 66 | 78)).take(ITEMS_MAX).peekable();
    while let Some(entry) = entries.next() {
        if entry.level == 88 {
            doubts.push(doubt("entry", entry.line, "a condition (88) stands behind no item".to_owned(), ""));
            continue;
        }
        roots.push(node(entry, &mut entries, 0, doubts));
    }
    // Without a record of level 01 the items are one record.
    if let Some(level) = roots.first().map(|root| root.entry.level).filter(|level| *level > 1 && *level < 66) {
        let line = roots.first().map_or(1, |root| root.entry.line);
        let below = std::mem::take(&mut roots);
        let entry = Entry { level: level - 1, ..record(line) };
        roots.push(Node { below, ..leaf(entry) });
    }
    for root in &mut roots {
        let usage = root.entry.usage.unwrap_or(Usage::Display);
        settle(root, usage, root.entry.sign, doubts);
        root.below = redefined(std::mem::take(&mut root.below), doubts);
        measure(root, 0, 0, size);
    }
    roots
}

fn record(line: usize) -> Entry {
    Entry {
        number: usize::MAX,
        line,
        level: 1,
        name: None,
        redefines: None,
        picture: None,
        picture_text: String::new(),
        usage: None,
        sign: None,
        occurs: None,
        is_synchronized: false,
        is_justified: false,
        is_blank_when_zero: false,
        values: Vec::new(),
    }
}

fn leaf(entry: Entry) -> Node {
    Node {
        usage: entry.usage.unwrap_or(Usage::Display),
        sign: entry.sign,
        entry,
        below: Vec::new(),
        conditions: Vec::new(),
        offset: 0,
        len: 0,
        slack: 0,
        redefinitions: Vec::new(),
    }
}

fn node(
    entry: Entry,
    rest: &mut std::iter::Peekable<impl Iterator<Item = Entry>>,
    depth: usize,
    doubts: &mut Vec<Doubt>,
) -> Node {
    let level = entry.level;
    let mut node = leaf(entry);
    while let Some(next) = rest.peek() {
        if next.level == 88 {
            node.conditions.extend(rest.next());
            continue;
        }
        if next.level <= level || next.level == 77 || level == 77 || depth >= DEPTH_MAX {
            break;
        }
        if let Some(next) = rest.next() {
            if let Some(first) = node.below.first().filter(|first| first.entry.level != next.level) {
                let message = format!(
                    "level {:02} is neither in {} nor beside it: items of one group have one level, here {:02}",
                    next.level,
                    first.entry.name.as_deref().unwrap_or("FILLER"),
                    first.entry.level
                );
                doubts.push(doubt("level", next.line, message, "look at the level numbers"));
            }
            node.below.push(self::node(next, rest, depth + 1, doubts));
        }
    }
    node
}

/// Gives items the usage and the sign of their groups, and names what cannot be stored.
fn settle(node: &mut Node, usage: Usage, sign: Option<SignClause>, doubts: &mut Vec<Doubt>) {
    node.usage = node.entry.usage.unwrap_or(usage);
    node.sign = node.entry.sign.or(sign);
    let is_without = matches!(node.usage, Usage::Float | Usage::Double | Usage::Index | Usage::Pointer);
    let shown = node.entry.name.clone().unwrap_or_else(|| "FILLER".to_owned());
    if node.below.is_empty() && node.entry.picture.is_none() && node.entry.picture_text.is_empty() && !is_without {
        let message = format!("{shown} has neither a picture nor items below it");
        doubts.push(doubt("picture", node.entry.line, message, "write PIC, or give the items below it a higher level"));
    }
    if !node.below.is_empty() && node.entry.picture.is_some() {
        let message = format!("{shown} has a picture and items below it: the items count");
        doubts.push(doubt("picture", node.entry.line, message, "look at the levels of the items behind it"));
    }
    let digits =
        node.entry.picture.as_ref().filter(|picture| picture.what == What::Number).map(|picture| picture.digits);
    if let Some(digits) = digits.filter(|digits| *digits > 38) {
        let message = format!("{shown} has {digits} digits, a number has at most 38");
        doubts.push(doubt("picture", node.entry.line, message, ""));
    }
    if digits.is_none()
        && node.entry.picture.is_some()
        && matches!(node.usage, Usage::Packed | Usage::Binary | Usage::Native)
    {
        let message = format!("{shown} is stored as a number, and its picture {} is none", node.entry.picture_text);
        doubts.push(doubt("picture", node.entry.line, message, ""));
    }
    let usage = node.usage;
    let sign = node.sign;
    node.below.iter_mut().for_each(|below| settle(below, usage, sign, doubts));
}

/// Puts redefinitions at the items that they redefine.
fn redefined(nodes: Vec<Node>, doubts: &mut Vec<Doubt>) -> Vec<Node> {
    let mut kept: Vec<Node> = Vec::new();
    for mut node in nodes {
        node.below = redefined(std::mem::take(&mut node.below), doubts);
        let Some(target) = node.entry.redefines.clone() else {
            kept.push(node);
            continue;
        };
        let is_target = |other: &Node| {
            let named = |node: &Node| node.entry.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&target));
            named(other) || other.redefinitions.iter().any(named)
        };
        let found = kept.iter().rposition(is_target);
        if let Some(between) = found.and_then(|index| kept.get(index + 1)) {
            let message = format!(
                "{} redefines {target}, and {} stands between them, where COBOL allows no other item",
                node.shown(),
                between.shown()
            );
            doubts.push(doubt("redefines", node.entry.line, message, "write it behind the item that it redefines"));
        }
        match found.and_then(|index| kept.get_mut(index)) {
            Some(other) => other.redefinitions.push(node),
            None => {
                let message = format!("there is no {target} before it at the same level that could be redefined");
                doubts.push(doubt("redefines", node.entry.line, message, ""));
            }
        }
    }
    kept
}

/// Sets the lengths and offsets of an item and of everything below it. `offset` counts in the entry of its group, `start` in the record.
/// Returns the largest alignment below it.
///
/// Slack bytes stand before the elementary item that needs them, not before its group. Each entry of a table is as long as its alignment
/// asks, so that all entries look like the first one.
fn measure(node: &mut Node, offset: usize, start: usize, size: BinarySize) -> usize {
    node.offset = offset;
    if node.below.is_empty() {
        node.len = length(node, size);
        return alignment_of(node);
    }
    let mut alignment = 1;
    let mut at = 0_usize;
    for below in &mut node.below {
        let own = measure(below, at, start.saturating_add(at), size);
        alignment = alignment.max(own);
        let slack = if below.below.is_empty() { (own - start.saturating_add(at) % own) % own } else { 0 };
        below.slack = slack;
        below.offset = below.offset.saturating_add(slack);
        let mut len = below.len.saturating_mul(entries(&below.entry.occurs));
        for redefinition in &mut below.redefinitions {
            let place = at.saturating_add(slack);
            measure(redefinition, place, start.saturating_add(place), size);
            len = len.max(redefinition.len.saturating_mul(entries(&redefinition.entry.occurs)));
        }
        at = at.saturating_add(slack).saturating_add(len);
    }
    node.len = at;
    if entries(&node.entry.occurs) > 1 {
        node.len = at.saturating_add((alignment - at % alignment) % alignment);
    }
    alignment
}

pub(super) fn entries(occurs: &Option<Occurs>) -> usize {
    occurs.as_ref().map_or(1, |occurs| occurs.max)
}

fn alignment_of(node: &Node) -> usize {
    match node.usage {
        _ if !node.entry.is_synchronized => 1,
        Usage::Binary | Usage::Native => node.len.clamp(1, 8),
        Usage::Float | Usage::Index => 4,
        Usage::Double | Usage::Pointer => 8,
        Usage::Display | Usage::Packed | Usage::National | Usage::DoubleByte => 1,
    }
}

fn length(node: &Node, size: BinarySize) -> usize {
    match (node.usage, &node.entry.picture) {
        (Usage::Float | Usage::Index, _) => 4,
        (Usage::Double | Usage::Pointer, _) => 8,
        // The picture is missing or wrong, which has been said: a byte keeps the offsets of the spec in order.
        (_, None) => 1,
        (Usage::Packed, Some(picture)) => picture.digits / 2 + 1,
        (Usage::Binary | Usage::Native, Some(picture)) => size.bytes(picture.digits),
        // A national digit is a character of UTF-16.
        (Usage::National, Some(picture)) if picture.what != What::National => {
            2 * picture.size + 2 * usize::from(is_separate(node, picture))
        }
        (_, Some(picture)) => picture.size + usize::from(is_separate(node, picture)),
    }
}

/// Whether the sign has a byte of its own.
pub(super) fn is_separate(node: &Node, picture: &Picture) -> bool {
    picture.is_signed && node.sign.is_some_and(|sign| sign.is_separate)
}
