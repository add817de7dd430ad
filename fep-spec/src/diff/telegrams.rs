//! The telegrams of both versions, and what changed around their items.

use super::items::Items;
use super::links::Names;
use super::pairs::Pairs;
use super::recognised;
use super::rows::{Table, Title};
use super::tree::{Node, PartAt, Tree};
use super::wire::Walk;
use super::{Break, Bytes, Change, Class, Diff, Sender};
use crate::model::{CodeList, Spec, TelegramSpec};

/// Compares the specs and all their telegrams.
pub(super) fn compare(old: &Spec, new: &Spec, diff: &mut Diff) {
    heads(old, new, &mut diff.changes);
    let partners = partners(old, new);
    let mut both = Vec::new();
    for telegram in &new.telegrams {
        let partner = partners.iter().find(|(_, other)| std::ptr::eq(*other, telegram)).map(|(own, _)| *own);
        if let Some(own) = partner {
            both.push((&own.layout, &telegram.layout));
        }
        one(old, new, partner, Some(telegram), diff);
    }
    let gone = |own: &&TelegramSpec| !partners.iter().any(|(other, _)| std::ptr::eq(*other, *own));
    for telegram in old.telegrams.iter().filter(gone) {
        one(old, new, Some(telegram), None, diff);
        let reason = "the new version does not have the telegram".to_owned();
        let telegram = telegram.name().to_owned();
        diff.breaks.push(Break { telegram, path: None, sender: Sender::Old, bytes: None, reason, example: None });
    }
    let only_old: Vec<_> = old.telegrams.iter().filter(gone).map(|own| &own.layout).collect();
    let is_new = |other: &&TelegramSpec| !partners.iter().any(|(_, own)| std::ptr::eq(*own, *other));
    let only_new: Vec<_> = new.telegrams.iter().filter(is_new).map(|other| &other.layout).collect();
    recognised::compare(&both, &only_old, &only_new, &mut diff.breaks);
}

/// Whether a telegram of the old version is one of the new version.
type IsSame = fn(&TelegramSpec, &TelegramSpec) -> bool;

/// The telegrams that both versions have. A name that is left over belongs to a telegram that is left over and has the same conditions or
/// the same name on the sheet.
fn partners<'s>(old: &'s Spec, new: &'s Spec) -> Vec<(&'s TelegramSpec, &'s TelegramSpec)> {
    let mut partners: Vec<(&TelegramSpec, &TelegramSpec)> = Vec::new();
    let by: [IsSame; 3] = [
        |own, other| own.name() == other.name(),
        |own, other| !own.layout.when.is_empty() && own.layout.when == other.layout.when,
        |own, other| !own.layout.label.is_empty() && own.layout.label == other.layout.label,
    ];
    for is_same in by {
        for own in &old.telegrams {
            if partners.iter().any(|(taken, _)| std::ptr::eq(*taken, own)) {
                continue;
            }
            let free = |other: &&TelegramSpec| !partners.iter().any(|(_, taken)| std::ptr::eq(*taken, *other));
            let found = new.telegrams.iter().filter(free).find(|other| is_same(own, other));
            if let Some(other) = found {
                partners.push((own, other));
            }
        }
    }
    partners
}

/// Compares a telegram, or notes that one version does not have it.
fn one(old: &Spec, new: &Spec, own: Option<&TelegramSpec>, other: Option<&TelegramSpec>, diff: &mut Diff) {
    let Some(shown) = other.or(own) else { return };
    let name = shown.name().to_owned();
    let olds = own.map_or_else(Tree::default, |own| Tree::of(old, &own.layout, &own.notes));
    let news = other.map_or_else(Tree::default, |other| Tree::of(new, &other.layout, &other.notes));
    let mut rows = Vec::new();
    match (own, other) {
        (Some(own), Some(other)) => {
            around(own, other, &mut diff.changes);
            let mut items = Items { old, new, telegram: &name, changes: &mut diff.changes, rows: &mut rows, depth: 0 };
            items.list(&olds.nodes, &news.nodes, [Some(0), Some(0)]);
            parts(&name, &olds, &news, &mut diff.changes);
            let names = names(&olds, &news);
            let mut walk = Walk { telegrams: [own.name(), other.name()], names: &names, breaks: Vec::new() };
            walk.list(&olds.nodes, &news.nodes);
            diff.breaks.append(&mut walk.breaks);
        }
        _ => {
            let mut changes = Vec::new();
            let mut items = Items { old, new, telegram: &name, changes: &mut changes, rows: &mut rows, depth: 0 };
            items.list(&olds.nodes, &news.nodes, [Some(0), Some(0)]);
            let change = if other.is_some() { "added" } else { "removed" };
            let text = |telegram: &TelegramSpec| len_text(telegram.layout.fixed_len());
            telegram_change(&mut diff.changes, shown, Class::Layout, change, own.map(text), other.map(text));
        }
    }
    let title = |telegram: &TelegramSpec| Title {
        name: telegram.name().to_owned(),
        label: telegram.layout.label.to_string(),
        len: telegram.layout.fixed_len(),
    };
    diff.rows.push(Table { old: own.map(title), new: other.map(title), rows });
}

/// All paths of the old version with those of the new one.
fn names(old: &Tree<'_>, new: &Tree<'_>) -> Names {
    let mut names = Names::default();
    add_names(&old.nodes, &new.nodes, &mut names);
    for PartAt { path, .. } in &new.parts {
        names.new.insert(path.clone());
    }
    for PartAt { path, .. } in &old.parts {
        // A part has another name if the items in it have.
        let inside = format!("{path}.");
        let moved = names.new_of.iter().find_map(|(own, other)| {
            let rest = own.strip_prefix(&inside)?;
            Some(other.as_ref()?.strip_suffix(rest)?.trim_end_matches('.').to_owned())
        });
        let kept = names.new.contains(path).then(|| path.clone());
        names.new_of.insert(path.clone(), moved.or(kept));
    }
    names
}

fn add_names(old: &[Node<'_>], new: &[Node<'_>], names: &mut Names) {
    let pairs = Pairs::of(old, new);
    names.new.extend(new.iter().filter(|node| !node.path.is_empty()).map(|node| node.path.clone()));
    for (at, own) in old.iter().enumerate() {
        let other = pairs.new_of(at).and_then(|at| new.get(at));
        if !own.path.is_empty() {
            names.new_of.insert(own.path.clone(), other.map(|other| other.path.clone()));
        }
        add_names(&own.below, other.map_or(&[], |other| &other.below), names);
        for (index, case) in own.cases.iter().enumerate() {
            add_names(case, other.and_then(|other| other.cases.get(index)).map_or(&[], Vec::as_slice), names);
        }
    }
    for (_, other) in new.iter().enumerate().filter(|(at, _)| pairs.old_of(*at).is_none()) {
        add_names(&[], &other.below, names);
        other.cases.iter().for_each(|case| add_names(&[], case, names));
    }
}

/// What changed at the telegram itself.
fn around(own: &TelegramSpec, other: &TelegramSpec, changes: &mut Vec<Change>) {
    let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let when = |telegram: &TelegramSpec| {
        let conditions: Vec<_> =
            telegram.layout.when.iter().map(|when| format!("{} = {:?}", when.path, when.value)).collect();
        said(&conditions.join(", "))
    };
    let view = |telegram: &TelegramSpec| Some(if telegram.view { "a view" } else { "no view" }.to_owned());
    let len = |telegram: &TelegramSpec| Some(len_text(telegram.layout.fixed_len()));
    let stated = |telegram: &TelegramSpec| telegram.layout.stated_len.map(|len| format!("{len} bytes"));
    let like = |telegram: &TelegramSpec| telegram.like.clone();
    let facts: [(Class, &'static str, [Option<String>; 2]); 9] = [
        (Class::Name, "renamed", [own, other].map(|telegram| said(telegram.name()))),
        (Class::Layout, "resized", [own, other].map(len)),
        (Class::Value, "conditions", [own, other].map(when)),
        (Class::Value, "answer", [own, other].map(|telegram| telegram.answer.clone())),
        (Class::Name, "view", [own, other].map(view)),
        (Class::Document, "stated length", [own, other].map(stated)),
        (Class::Document, "like", [own, other].map(like)),
        (Class::Document, "label", [own, other].map(|telegram| said(&telegram.layout.label))),
        (Class::Document, "remark", [own, other].map(|telegram| said(&telegram.remark))),
    ];
    for (class, change, [old, new]) in facts {
        if old != new {
            telegram_change(changes, other, class, change, old, new);
        }
    }
}

/// What changed at the parts as a whole. Their names are types of generated code.
fn parts(telegram: &str, old: &Tree<'_>, new: &Tree<'_>, changes: &mut Vec<Change>) {
    let mut put = |path: &str, class, change, old: &str, new: &str| {
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let [old, new] = [said(old), said(new)];
        if old == new {
            return;
        }
        let [telegram, path] = [telegram, path].map(said);
        let label = String::new();
        changes.push(Change { telegram, path, label, class, change, old, new, old_bytes: None, new_bytes: None });
    };
    let mut taken = Vec::new();
    for own in &old.parts {
        let free = |(at, other): &(usize, &PartAt<'_>)| !taken.contains(at) && other.path == own.path;
        let same_name = new.parts.iter().enumerate().filter(free).find(|(_, other)| other.name == own.name);
        let Some((at, other)) = same_name.or_else(|| new.parts.iter().enumerate().find(free)) else {
            put(&own.path, Class::Name, "part", own.name, "");
            continue;
        };
        put(&own.path, Class::Name, "part", own.name, other.name);
        let [own_label, own_remark] = own.words;
        let [label, remark] = other.words;
        put(&own.path, Class::Document, "label", own_label, label);
        put(&own.path, Class::Document, "remark", own_remark, remark);
        taken.push(at);
    }
    for (_, other) in new.parts.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
        put(&other.path, Class::Name, "part", "", other.name);
    }
}

fn telegram_change(
    changes: &mut Vec<Change>,
    telegram: &TelegramSpec,
    class: Class,
    change: &'static str,
    old: Option<String>,
    new: Option<String>,
) {
    changes.push(Change {
        telegram: Some(telegram.name().to_owned()),
        path: None,
        label: telegram.layout.label.to_string(),
        class,
        change,
        old,
        new,
        old_bytes: None,
        new_bytes: None,
    });
}

/// What changed at the head of the spec, in its types and lists of codes.
fn heads(old: &Spec, new: &Spec, changes: &mut Vec<Change>) {
    let mut put = |label: &str, class, change, old: &str, new: &str| {
        if old == new {
            return;
        }
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let [old, new] = [said(old), said(new)];
        let label = label.to_owned();
        changes.push(Change {
            telegram: None,
            path: None,
            label,
            class,
            change,
            old,
            new,
            old_bytes: None,
            new_bytes: None,
        });
    };
    put("", Class::Name, "spec", &old.name, &new.name);
    put("", Class::Document, "title", &old.title, &new.title);
    put("", Class::Document, "version", &old.version, &new.version);
    put("", Class::Document, "source", &old.source, &new.source);
    put("", Class::Value, "charset", old.charset.label(), new.charset.label());
    letters(old, new, &mut put);
    lists(old, new, &mut put);
}

/// Adds a change of the spec: its label, class, kind, old and new state.
type Put<'p> = dyn FnMut(&str, Class, &'static str, &str, &str) + 'p;

/// The letters of the sheet. What they mean is seen at the fields.
fn letters(old: &Spec, new: &Spec, put: &mut Put<'_>) {
    for letter in &new.types {
        let before = old.types.iter().find(|before| before.name == letter.name);
        match before {
            None => put(&letter.name, Class::Document, "type", "", letter.kind),
            Some(before) => {
                put(&letter.name, Class::Document, "type", before.kind, letter.kind);
                put(&letter.name, Class::Document, "type", &before.remark, &letter.remark);
            }
        }
    }
    for letter in old.types.iter().filter(|letter| new.types.iter().all(|other| other.name != letter.name)) {
        put(&letter.name, Class::Document, "type", letter.kind, "");
    }
}

/// The lists of codes. Which codes a field can have is seen at the fields.
fn lists(old: &Spec, new: &Spec, put: &mut Put<'_>) {
    let count = |list: &CodeList| format!("{} codes", list.codes.len());
    for list in &new.codes {
        let Some(before) = old.codes.iter().find(|before| before.name == list.name) else {
            put(&list.name, Class::Name, "code list", "", &count(list));
            continue;
        };
        put(&list.name, Class::Document, "code list", &before.label, &list.label);
        for (code, name) in &list.codes {
            let known = before.codes.iter().find(|(known, _)| known.code == code.code);
            let Some((_, known)) = known else { continue };
            let shown =
                |name: &Option<String>| name.as_ref().map_or_else(String::new, |name| format!("{}::{name}", list.name));
            put(&format!("{} {:?}", list.name, code.code), Class::Name, "code name", &shown(known), &shown(name));
        }
    }
    for list in old.codes.iter().filter(|list| new.code_list(&list.name).is_none()) {
        put(&list.name, Class::Name, "code list", &count(list), "");
    }
}

fn len_text(len: Option<usize>) -> String {
    len.map_or_else(|| "of varying length".to_owned(), |len| format!("{len} bytes"))
}

impl Bytes {
    /// `112-124`, or where the bytes are not known a dash.
    pub(super) fn range(self) -> String {
        match (self.offset, self.len) {
            (Some(offset), Some(1)) => offset.to_string(),
            (Some(offset), Some(len)) if len > 0 => format!("{offset}-{}", offset + len - 1),
            (Some(offset), _) => format!("{offset}-"),
            _ => "-".to_owned(),
        }
    }
}
