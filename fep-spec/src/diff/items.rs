//! What changed at the items of a telegram, in words.

use std::mem::discriminant;

use fep_codec::Charset;
use fep_codec::layout::{Case, Check, CodeMeaning, CodeRule, Computed, Field, Group, Item, Kind, LengthScope, Repeat};

use super::pairs::Pairs;
use super::rows::{Cell, Row};
use super::tree::{Node, max};
use super::{Bytes, Change, Class};
use crate::generate::option_words;
use crate::model::{Note, Spec};

/// The comparison of one telegram's items.
pub(super) struct Items<'c> {
    pub(super) old: &'c Spec,
    pub(super) new: &'c Spec,
    /// The telegram's name for the changes.
    pub(super) telegram: &'c str,
    pub(super) changes: &'c mut Vec<Change>,
    pub(super) rows: &'c mut Vec<Row>,
    /// How deep in groups and choices the items are.
    pub(super) depth: usize,
}

impl Items<'_> {
    /// Compares two lists of items. `bases` are the offsets at which the lists begin.
    pub(super) fn list(&mut self, old: &[Node<'_>], new: &[Node<'_>], bases: [Option<usize>; 2]) {
        let pairs = Pairs::of(old, new);
        let mut last = None;
        self.removed(old, &pairs, 0);
        for (at, node) in new.iter().enumerate() {
            let partner = pairs.old_of(at);
            match partner.and_then(|partner| old.get(partner)) {
                None => self.put(None, Some(node), Class::Layout, "added", None, Some(state(self.new, node))),
                Some(own) => {
                    let is_behind = last > partner;
                    self.pair(own, node, bases, is_behind);
                    last = last.max(partner);
                }
            }
            self.row(partner.and_then(|partner| old.get(partner)), Some(node));
            if let Some(own) = partner.and_then(|partner| old.get(partner)) {
                self.below(own, node);
            }
            if let Some(partner) = partner {
                self.removed(old, &pairs, partner + 1);
            }
        }
    }

    /// Notes the items from here on that only the old version has, up to the next one that both have.
    fn removed(&mut self, old: &[Node<'_>], pairs: &Pairs, from: usize) {
        for (at, node) in old.iter().enumerate().skip(from) {
            if pairs.new_of(at).is_some() {
                break;
            }
            self.put(Some(node), None, Class::Layout, "removed", Some(state(self.old, node)), None);
            self.row(Some(node), None);
        }
    }

    fn pair(&mut self, own: &Node<'_>, other: &Node<'_>, [old_base, new_base]: [Option<usize>; 2], is_behind: bool) {
        let mut note = |class, change, old: String, new: String| {
            self.put(Some(own), Some(other), class, change, Some(old), Some(new));
        };
        if own.path != other.path {
            note(Class::Name, "renamed", own.path.clone(), other.path.clone());
        }
        let from_start = |node: &Node<'_>, base: Option<usize>| Some(node.offset?.saturating_sub(base?));
        if from_start(own, old_base) != from_start(other, new_base) || is_behind {
            let at =
                |node: &Node<'_>| node.offset.map_or_else(|| "behind what varies".to_owned(), |at| format!("at {at}"));
            note(Class::Layout, "moved", at(own), at(other));
        }
        if own.what() != other.what() {
            note(Class::Layout, "retyped", own.what().to_owned(), other.what().to_owned());
        }
        if let (Some(old_len), Some(new_len)) = (own_len(own), own_len(other))
            && old_len != new_len
        {
            note(Class::Layout, "resized", old_len.to_string(), new_len.to_string());
        }
        self.documents(own, other);
        match (own.item, other.item) {
            (Item::Field(old) | Item::Tail(old), Item::Field(new) | Item::Tail(new)) => {
                self.fields([own, other], old, new)
            }
            (Item::Literal(old), Item::Literal(new)) if old.bytes != new.bytes => {
                self.put(Some(own), Some(other), Class::Value, "constant", Some(old.shown()), Some(new.shown()));
            }
            (Item::Filler(old), Item::Filler(new)) if (old.pad, old.any) != (new.pad, new.any) => {
                let text =
                    |pad: u8, any: bool| if any { "anything".to_owned() } else { format!("filled with {pad:02x}") };
                let [old, new] = [text(old.pad, old.any), text(new.pad, new.any)];
                self.put(Some(own), Some(other), Class::Value, "reserve", Some(old), Some(new));
            }
            (Item::Group(old), Item::Group(new)) => self.groups([own, other], old, new),
            (Item::Choice(old), Item::Choice(new)) if old.by != new.by => {
                let [old, new] = [&old.by, &new.by].map(|by| format!("by `{by}`"));
                self.put(Some(own), Some(other), Class::Value, "choice", Some(old), Some(new));
            }
            _ => {}
        }
    }

    fn fields(&mut self, [own, other]: [&Node<'_>; 2], old: &Field, new: &Field) {
        let no_note = Note::default();
        let options = |spec: &Spec, node: &Node<'_>, field: &Field| {
            option_words(spec, Charset::Ascii, field, node.note.unwrap_or(&no_note))
        };
        let old_options = options(self.old, own, old);
        let new_options = options(self.new, other, new);
        if discriminant(&old.kind) != discriminant(&new.kind) {
            let text = |kind: &Kind, options: &[String]| [&[kind_word(kind).to_owned()], options].concat().join(", ");
            let [old, new] = [text(&old.kind, &old_options), text(&new.kind, &new_options)];
            self.put(Some(own), Some(other), Class::Value, "retyped", Some(old), Some(new));
        } else if old_options != new_options {
            let only = |own: &[String], others: &[String]| {
                let own: Vec<_> = own.iter().filter(|option| !others.contains(option)).cloned().collect();
                if own.is_empty() { "the usual form".to_owned() } else { own.join(", ") }
            };
            let [old, new] = [only(&old_options, &new_options), only(&new_options, &old_options)];
            self.put(Some(own), Some(other), Class::Value, "retyped", Some(old), Some(new));
        }
        if let (Kind::Code(old), Kind::Code(new)) = (&old.kind, &new.kind) {
            let open = |open: bool| if open { "other codes are kept" } else { "other codes are refused" }.to_owned();
            if old.open != new.open {
                self.put(Some(own), Some(other), Class::Value, "codes", Some(open(old.open)), Some(open(new.open)));
            }
            let missing = |from: &CodeRule, of: &CodeRule| {
                let lacks = |code: &&CodeMeaning| from.codes.iter().all(|known| known.code != code.code);
                let codes: Vec<_> = of.codes.iter().filter(lacks).map(|code| format!("{:?}", code.code)).collect();
                (!codes.is_empty()).then(|| codes.join(", "))
            };
            let [gone, come] = [missing(new, old), missing(old, new)];
            if gone.is_some() || come.is_some() {
                self.put(Some(own), Some(other), Class::Value, "codes", gone, come);
            }
            for code in new.codes.iter() {
                let before = old.codes.iter().find(|known| known.code == code.code && known.label != code.label);
                if let Some(before) = before {
                    let text = |label: &str| Some(format!("{:?} {label}", code.code));
                    self.put(Some(own), Some(other), Class::Document, "code", text(&before.label), text(&code.label));
                }
            }
        }
        if old.computed != new.computed {
            let [old, new] = [&old.computed, &new.computed].map(|computed| computed.as_ref().map(computed_text));
            self.put(Some(own), Some(other), Class::Value, "computed", old, new);
        }
        if old.secret != new.secret {
            let text = |secret: bool| Some(if secret { "secret" } else { "not secret" }.to_owned());
            self.put(Some(own), Some(other), Class::Value, "secret", text(old.secret), text(new.secret));
        }
    }

    fn groups(&mut self, [own, other]: [&Node<'_>; 2], old: &Group, new: &Group) {
        if old.repeat != new.repeat || old.page != new.page {
            let [before, after] = [repeat_text(old), repeat_text(new)];
            self.put(Some(own), Some(other), Class::Layout, "repeated", Some(before), Some(after));
        }
    }

    /// Compares what is inside a group or a choice.
    fn below(&mut self, own: &Node<'_>, other: &Node<'_>) {
        self.depth += 1;
        let bases = [own.offset, other.offset];
        match (own.item, other.item) {
            (Item::Group(_), Item::Group(_)) => self.list(&own.below, &other.below, bases),
            (Item::Choice(old), Item::Choice(new)) => {
                let mut matched = Vec::new();
                for (index, case) in new.cases().iter().enumerate() {
                    let shares = |code: &std::borrow::Cow<'_, str>| case.codes.contains(code);
                    let by_code =
                        |own: &Case| own.codes.iter().any(shares) || own.codes.is_empty() && case.codes.is_empty();
                    let free = |at: &usize| !matched.contains(at);
                    let by_name = old.cases().iter().position(|own| own.layout.name == case.layout.name).filter(free);
                    let partner = by_name.or_else(|| old.cases().iter().position(by_code).filter(free));
                    self.case(other, partner.and_then(|at| old.cases().get(at)), Some(case));
                    let none = Vec::new();
                    let olds = partner.and_then(|at| own.cases.get(at)).unwrap_or(&none);
                    self.list(olds, other.cases.get(index).unwrap_or(&none), bases);
                    matched.extend(partner);
                }
                for (index, case) in old.cases().iter().enumerate().filter(|(at, _)| !matched.contains(at)) {
                    self.case(own, Some(case), None);
                    self.list(own.cases.get(index).map_or(&[], Vec::as_slice), &[], bases);
                }
            }
            _ => {}
        }
        self.depth -= 1;
    }

    /// Compares a case of a choice.
    fn case(&mut self, node: &Node<'_>, old: Option<&Case>, new: Option<&Case>) {
        let text = |case: &Case| {
            let codes: Vec<_> = case.codes.iter().map(|code| format!("{code:?}")).collect();
            let codes = if codes.is_empty() { "all other codes".to_owned() } else { codes.join(", ") };
            format!("case {} for {codes}", case.layout.name)
        };
        let [before, after] = [old.map(text), new.map(text)];
        if before == after {
            return;
        }
        let same_codes = matches!((old, new), (Some(old), Some(new)) if old.codes == new.codes);
        let class = if same_codes { Class::Name } else { Class::Value };
        self.put(old.map(|_| node), new.map(|_| node), class, "case", before, after);
    }

    fn documents(&mut self, own: &Node<'_>, other: &Node<'_>) {
        let remark = |node: &Node<'_>| node.note.map_or("", |note| &note.remark).to_owned();
        let letter = |node: &Node<'_>| node.note.and_then(|note| note.type_name.clone()).unwrap_or_default();
        let words = [
            ("label", own.label().to_owned(), other.label().to_owned()),
            ("remark", remark(own), remark(other)),
            ("letter", letter(own), letter(other)),
        ];
        for (change, old, new) in words.into_iter().filter(|(_, old, new)| old != new) {
            let said = |text: String| (!text.is_empty()).then_some(text);
            self.put(Some(own), Some(other), Class::Document, change, said(old), said(new));
        }
        let list = |node: &Node<'_>| node.note.and_then(|note| note.codes.clone());
        if let (Some(old), Some(new)) = (list(own), list(other))
            && old != new
        {
            self.put(Some(own), Some(other), Class::Name, "codes", Some(old), Some(new));
        }
    }

    fn put(
        &mut self,
        own: Option<&Node<'_>>,
        other: Option<&Node<'_>>,
        class: Class,
        change: &'static str,
        old: Option<String>,
        new: Option<String>,
    ) {
        let node = other.or(own);
        let path = node.map(|node| node.path.clone()).filter(|path| !path.is_empty());
        let bytes = |node: &Node<'_>| Bytes { offset: node.offset, len: node.len() };
        self.changes.push(Change {
            telegram: Some(self.telegram.to_owned()),
            path,
            label: node.map(|node| node.label().to_owned()).unwrap_or_default(),
            class,
            change,
            old,
            new,
            old_bytes: own.map(bytes),
            new_bytes: other.map(bytes),
        });
    }

    fn row(&mut self, own: Option<&Node<'_>>, other: Option<&Node<'_>>) {
        let [old, new] = [(self.old, own), (self.new, other)].map(|(spec, node)| node.map(|node| cell(spec, node)));
        self.rows.push(Row { old, new, depth: self.depth });
    }
}

/// The length of an item itself: of a group that of one entry, of a tail its maximum.
fn own_len(node: &Node<'_>) -> Option<usize> {
    match node.item {
        Item::Tail(field) => Some(field.len),
        Item::Group(group) => group.layout.fixed_len(),
        _ => node.len(),
    }
}

fn cell(spec: &Spec, node: &Node<'_>) -> Cell {
    let name = if node.path.is_empty() { node.what().to_owned() } else { node.path.clone() };
    Cell { name, label: node.label().to_owned(), offset: node.offset, len: own_len(node), kind: kind_text(spec, node) }
}

/// An item in a few words.
fn state(spec: &Spec, node: &Node<'_>) -> String {
    let len = own_len(node).map_or_else(|| "of varying length".to_owned(), |len| format!("{len} bytes"));
    format!("{}, {len}", kind_text(spec, node))
}

fn kind_text(spec: &Spec, node: &Node<'_>) -> String {
    match node.item {
        Item::Field(field) | Item::Tail(field) => {
            let no_note = Note::default();
            let options = option_words(spec, spec.charset, field, node.note.unwrap_or(&no_note));
            let computed = field.computed.as_ref().map(computed_text);
            let tail = matches!(node.item, Item::Tail(_)).then(|| "as long as its value".to_owned());
            let words = [kind_word(&field.kind).to_owned()].into_iter().chain(options).chain(computed).chain(tail);
            words.collect::<Vec<_>>().join(", ")
        }
        Item::Literal(literal) => format!("constant {:?}", literal.shown()),
        Item::Group(group) => format!("{}, {}", node.what(), repeat_text(group)),
        Item::Choice(choice) => format!("choice by {}", choice.by),
        Item::Filler(filler) if filler.any => "reserved, anything".to_owned(),
        Item::Filler(_) | Item::Part(_) => "reserved".to_owned(),
    }
}

fn kind_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) => "text",
        Kind::Digits(_) => "digits",
        Kind::Number(_) => "number",
        Kind::Date(_) => "date",
        Kind::Time(_) => "time",
        Kind::DateTime(_) => "datetime",
        Kind::Code(_) => "code",
        Kind::Flag(_) => "flag",
        Kind::Bytes(_) => "bytes",
    }
}

fn computed_text(computed: &Computed) -> String {
    match computed {
        Computed::Length(LengthScope::Rest) => "length of what follows".to_owned(),
        Computed::Length(LengthScope::All) => "length of the telegram".to_owned(),
        Computed::LengthOf(of) => format!("length of {of}"),
        Computed::Count(of) => format!("count of {of}"),
        Computed::Sum(of) => format!("sum of {of}"),
        Computed::Sequence(first) => format!("number of the entry, from {first}"),
        Computed::Sign(sign) => format!("sign of {}", sign.of),
        Computed::Check(Check { name, from, to, .. }) => {
            let end = |end: &Option<std::borrow::Cow<'_, str>>, other: &str| end.as_deref().unwrap_or(other).to_owned();
            format!("check {name} over {} to {}", end(from, "the start"), end(to, "here"))
        }
    }
}

fn repeat_text(group: &Group) -> String {
    let count = match &group.repeat {
        Repeat::Fixed(count) => format!("{count} times"),
        Repeat::Counted { by, max } => format!("up to {max} times, counted by {by}"),
        Repeat::Padded { by: Some(by), max, .. } => format!("{max} times, of which {by} are used"),
        Repeat::Padded { by: None, max, .. } => format!("{max} times, the unused ones blank"),
        Repeat::Rest { .. } => format!("up to {} times, to the end", max(group)),
    };
    match &group.page {
        None => count,
        Some(page) => format!("{count}, from entry {} of {}", page.start, page.total),
    }
}
