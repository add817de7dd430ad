//! Makes the spec from the records of a copybook.

use super::codes::conditions;
use super::counters::{Pairs, without_marks};
use super::entry::Usage;
use super::filler::filler;
use super::picture::{Picture, What};
use super::storage::{Node, is_separate};
use crate::draft::{Draft, DraftCodes, DraftItem, DraftTable, Entry, Value};
use crate::import::name::{Given, free, item_name};
use crate::import::{Doubt, ImportedItem, Severity};
use crate::lower::names::pascal;

/// How many parts and groups may be inside each other, so that a field is at most at the depth that a spec can have.
const DEPTH_MAX: usize = 7;

/// What is known while a spec is made.
pub(super) struct Writer {
    pub(super) is_ebcdic: bool,
    pub(super) draft: Draft,
    pub(super) doubts: Vec<Doubt>,
    pub(super) items: Vec<ImportedItem>,
    /// The name of the spec, in `PascalCase`.
    spec: String,
    /// The names of telegrams, parts and lists.
    given: Given,
    /// The telegram that is being made.
    table: String,
    /// The fields that count entries.
    pub(super) counters: Pairs,
    /// How many parts and groups contain the item.
    pub(super) depth: usize,
    /// Groups without OCCURS become no parts: their items stand in their place.
    pub(super) is_flat: bool,
}

impl Writer {
    pub(super) fn new(is_ebcdic: bool, head: Vec<Entry>) -> Self {
        let spec = head.first().map(|entry| &entry.value);
        let spec = if let Some(Value::Text(spec)) = spec { pascal(spec) } else { String::new() };
        Self {
            is_ebcdic,
            spec,
            draft: Draft { head, ..Draft::default() },
            doubts: Vec::new(),
            items: Vec::new(),
            given: Given::default(),
            table: String::new(),
            counters: Pairs::default(),
            depth: 0,
            is_flat: false,
        }
    }

    /// A record becomes a telegram.
    pub(super) fn record(&mut self, record: &Node, stem: &str) {
        let label = record.entry.name.clone().unwrap_or_else(|| stem.to_owned());
        let base = pascal(&item_name(&label));
        let base =
            if base.starts_with(|first: char| first.is_ascii_uppercase()) { base } else { format!("Record{base}") };
        // The enum of all telegrams has the name of the spec.
        let base = if base == self.spec { format!("{base}Record") } else { free(&base, "Record") };
        self.table = self.given.unique(&base, "");
        self.counters = Pairs::of(record);
        let mut varies = false;
        let items = match record.below.is_empty() {
            true => self.node(record, 0, "", &mut varies, &mut Given::default()),
            false => self.level(&record.below, 0, "", &mut varies),
        };
        let mut entries = vec![Entry::new("label", label)];
        if !varies {
            entries.push(Entry::new("len", record.len));
        }
        let mut table = DraftTable { name: self.table.clone(), entries, items, ..DraftTable::default() };
        self.count(record, &mut table.items);
        without_marks(&mut table.items);
        self.draft.parts.iter_mut().for_each(|part| without_marks(&mut part.items));
        self.draft.telegrams.push(table);
    }

    pub(super) fn level(&mut self, nodes: &[Node], base: usize, path: &str, varies: &mut bool) -> Vec<DraftItem> {
        let mut given = Given::default();
        nodes.iter().flat_map(|node| self.node(node, base, path, varies, &mut given)).collect()
    }

    /// The items that a node becomes: slack bytes, the item, what is left of a longer redefinition.
    fn node(&mut self, node: &Node, base: usize, path: &str, varies: &mut bool, given: &mut Given) -> Vec<DraftItem> {
        let mut items = Vec::new();
        if node.slack > 0 {
            let slack = DraftItem::new([
                Entry::new("filler", node.slack),
                Entry::new("label", "slack bytes"),
                Entry::new("any", true),
            ]);
            items.push(slack);
            self.slack(node);
        }
        let at = (!*varies).then_some(base.saturating_add(node.offset));
        let mut own = self.item(node, at, path, varies, given);
        if !node.redefinitions.is_empty() {
            self.redefinitions(node, &mut own, path);
        }
        items.append(&mut own);
        let rest = node.longest().saturating_sub(node.all());
        if rest > 0 {
            let label = format!("the rest of the longest description of {}", node.shown());
            items.push(DraftItem::new([
                Entry::new("filler", rest),
                Entry::new("label", label),
                Entry::new("any", true),
            ]));
        }
        items
    }

    pub(super) fn item(
        &mut self,
        node: &Node,
        at: Option<usize>,
        path: &str,
        varies: &mut bool,
        given: &mut Given,
    ) -> Vec<DraftItem> {
        if node.below.is_empty() {
            return vec![self.field(node, at, path, varies, given)];
        }
        if !node.conditions.is_empty() {
            let message = format!("the conditions (88) of the group {} are no codes: they were left out", node.shown());
            self.doubt(node, Severity::Note, "values", message);
        }
        let Some(name) = &node.entry.name else {
            if node.entry.occurs.is_none() {
                return self.in_place(node, at, path, varies, given);
            }
            return vec![self.group(node, "entries", at, path, varies, given)];
        };
        if node.entry.occurs.is_some() {
            return vec![self.group(node, name, at, path, varies, given)];
        }
        if self.is_flat {
            return self.in_place(node, at, path, varies, given);
        }
        let is_deep = self.depth >= DEPTH_MAX;
        if is_deep || self.counters.is_counted_outside(node) {
            let why = if is_deep { "is too deep for a part" } else { "has a table that a field outside it counts" };
            self.doubt(node, Severity::Note, "group", format!("{name} {why}: its items stand in its place"));
            return self.in_place(node, at, path, varies, given);
        }
        let item = given.unique(&item_name(name), "_");
        let part = self.given.unique(&free(&pascal(&item_name(name)), "Part"), "");
        let below = format!("{path}{item}.");
        let mut inside = false;
        self.depth += 1;
        let mut items = self.level(&node.below, 0, &below, &mut inside);
        self.depth -= 1;
        let mut entries = vec![Entry::new("label", name.as_str())];
        if !inside {
            entries.push(Entry::new("len", node.len));
        }
        *varies |= inside;
        self.count(node, &mut items);
        self.draft.parts.push(DraftTable { name: part.clone(), entries, items, ..DraftTable::default() });
        let mut used = DraftItem::new([Entry::new("part", part), Entry::new("name", item)]);
        used.line = Some(node.entry.line);
        place(&mut used, at);
        vec![used]
    }

    /// The items of a group where the group is.
    fn in_place(
        &mut self,
        node: &Node,
        at: Option<usize>,
        path: &str,
        varies: &mut bool,
        given: &mut Given,
    ) -> Vec<DraftItem> {
        let base = at.unwrap_or_default();
        node.below.iter().flat_map(|below| self.node(below, base, path, varies, given)).collect()
    }

    fn field(&mut self, node: &Node, at: Option<usize>, path: &str, varies: &mut bool, given: &mut Given) -> DraftItem {
        let constant = node.entry.values.first().filter(|_| node.conditions.is_empty()).map(|(value, _)| value.clone());
        let Some(name) = &node.entry.name else { return self.filler(node, at, constant.as_deref()) };
        let item_name = given.unique(&item_name(name), "_");
        let head = if node.entry.occurs.is_some() { "group" } else { "name" };
        let mut item = DraftItem::new([Entry::new(head, item_name.as_str()), Entry::new("label", name.as_str())]);
        item.line = Some(node.entry.line);
        self.repeat(node, &mut item, varies);
        let (mut options, mut assumed) = self.kind(node);
        let codes = self.codes(node, &item_name, &mut assumed);
        if codes.is_some() {
            options = vec![Entry::new("kind", "code")];
        }
        item.entries.extend(options.iter().filter(|entry| entry.key == "kind").cloned());
        item.entries.push(Entry::new("len", node.len.max(1)));
        place(&mut item, at);
        item.entries.extend(options.into_iter().filter(|entry| entry.key != "kind"));
        item.entries.extend(codes.map(|list| Entry::new("codes", list)));
        let mut remark = format!("PIC {}", node.entry.picture_text);
        let usage = node.usage.text();
        if !usage.is_empty() {
            remark = format!("{remark} {usage}").trim().to_owned();
        }
        if let Some(value) = constant {
            remark = format!("{remark}, VALUE {value}");
        }
        if !node.entry.picture_text.is_empty() {
            item.entries.push(Entry::new("remark", remark));
        }
        self.counters.mark_field(node, &mut item);
        self.read(node, &format!("{path}{item_name}"), &assumed);
        item
    }

    /// An item without a name. What of its entry a filler cannot have is a note.
    fn filler(&mut self, node: &Node, at: Option<usize>, value: Option<&str>) -> DraftItem {
        let (item, is_lost) = filler(node, at, value, self.is_ebcdic);
        if is_lost {
            let message = format!("the VALUE {} of an item without a name was left out", value.unwrap_or_default());
            self.doubt(node, Severity::Note, "values", message);
        }
        if !node.conditions.is_empty() {
            let message = "the conditions (88) of an item without a name were left out: give it a name".to_owned();
            self.doubt(node, Severity::Note, "values", message);
        }
        item
    }

    /// The kind of an elementary item, with what was assumed.
    fn kind(&mut self, node: &Node) -> (Vec<Entry>, Vec<String>) {
        let bytes = || vec![Entry::new("kind", "bytes")];
        let Some(picture) = &node.entry.picture else {
            if !matches!(node.usage, Usage::Float | Usage::Double | Usage::Index | Usage::Pointer) {
                // The picture is missing or wrong, which has been said.
                return (bytes(), Vec::new());
            }
            let message = format!(
                "{} is {}: a telegram has no such value, so it is {} bytes",
                node.shown(),
                node.usage.text(),
                node.len
            );
            self.doubt(node, Severity::Warning, "usage", message);
            return (bytes(), Vec::new());
        };
        let mut options = Vec::new();
        match picture.what {
            _ if node.usage == Usage::National && picture.what != What::National => {
                let message = format!("{} has its digits in UTF-16: it is bytes", node.shown());
                self.doubt(node, Severity::Warning, "charset", message);
                return (bytes(), Vec::new());
            }
            What::Text if node.entry.is_justified => {
                options.extend([Entry::new("kind", "text"), Entry::new("justify", "right")]);
            }
            What::Text => options.push(Entry::new("kind", "text")),
            What::Double | What::National if self.is_ebcdic && node.usage == Usage::DoubleByte => {
                options.extend([Entry::new("kind", "text"), Entry::new("charset", "ibm834")])
            }
            What::Double | What::National => {
                let message =
                    format!("{} is in a code page that the copybook does not name: it is bytes", node.shown());
                self.doubt(node, Severity::Warning, "charset", message);
                return (bytes(), Vec::new());
            }
            What::Blanks(scale) => {
                options.extend([Entry::new("kind", "number"), Entry::new("pad", " ")]);
                options.extend(node.entry.is_blank_when_zero.then(|| self.blank(node)));
                if scale > 0 {
                    options.extend([Entry::new("scale", scale), Entry::new("point", true)]);
                }
            }
            What::Edited => {
                options.extend([Entry::new("kind", "text"), Entry::new("full", true)]);
                let message = format!("{} is edited ({}): it is text", node.shown(), node.entry.picture_text);
                self.doubt(node, Severity::Note, "picture", message);
            }
            What::Number => return self.number(node, picture),
        }
        (options, Vec::new())
    }

    fn number(&mut self, node: &Node, picture: &Picture) -> (Vec<Entry>, Vec<String>) {
        let name = node.entry.name.as_deref().map(item_name).unwrap_or_default();
        let is_plain = node.usage == Usage::Display && !picture.is_signed && picture.scale == 0;
        if is_plain && (picture.digits > 38 || name.ends_with("code") || name.ends_with("_cd")) {
            let assumed = vec!["a code of digits keeps its zeros".to_owned()];
            return (vec![Entry::new("kind", "digits"), Entry::new("full", true)], assumed);
        }
        let mut options = vec![Entry::new("kind", "number")];
        match node.usage {
            Usage::Packed => options.push(Entry::new("encoding", "packed")),
            Usage::Binary => options.push(Entry::new("encoding", "binary")),
            Usage::Native => {
                options.push(Entry::new("encoding", "binary"));
                let message = format!(
                    "{} is COMP-5, which has the byte order of its machine: the high byte was taken to be first",
                    node.shown()
                );
                self.doubt(node, Severity::Warning, "usage", message);
            }
            _ => {}
        }
        let is_counter = self.counters.counts(node);
        if picture.is_signed && is_counter {
            let message = match node.usage {
                Usage::Binary | Usage::Native => None,
                Usage::Packed => Some("half byte C is read as F is, and F is written"),
                _ => Some("a sign in its bytes is not read"),
            };
            options.extend(
                (node.usage == Usage::Packed)
                    .then(|| Entry::new("accepts", Value::List(vec![Value::from("host-signs")]))),
            );
            if let Some(message) = message {
                let message =
                    format!("{} counts entries and has a sign, which a count has not: {message}", node.shown());
                self.doubt(node, Severity::Warning, "sign", message);
            }
        } else if picture.is_signed {
            let is_leading = node.sign.is_some_and(|sign| sign.is_leading);
            let overpunch = if self.is_ebcdic { "ebcdic" } else { "strict-ascii" };
            let sign = match node.usage {
                Usage::Packed | Usage::Binary | Usage::Native => Value::from("signed"),
                _ if is_separate(node, picture) => Value::from(if is_leading { "leading" } else { "trailing" }),
                _ if !is_leading && self.is_ebcdic => Value::from("overpunch"),
                _ => {
                    let place = if is_leading { "leading" } else { "trailing" };
                    Value::Table(vec![Entry::new("at", place), Entry::new("overpunch", overpunch)])
                }
            };
            if !self.is_ebcdic && node.usage == Usage::Display && !is_separate(node, picture) {
                let message = format!(
                    "{} has its sign in a digit: a minus is p to y, as COBOL writes it in ASCII; bytes that were converted from EBCDIC have other letters (overpunch = \"ebcdic\")",
                    node.shown()
                );
                self.doubt(node, Severity::Warning, "sign", message);
            }
            options.push(Entry::new("sign", sign));
        }
        if picture.scale != 0 {
            options.push(Entry::new("scale", Value::Number(picture.scale)));
        }
        if node.entry.is_blank_when_zero {
            options.push(self.blank(node));
        }
        (options, Vec::new())
    }

    /// What BLANK WHEN ZERO becomes.
    fn blank(&mut self, node: &Node) -> Entry {
        let message = format!("{} is BLANK WHEN ZERO: blanks are read as no value", node.shown());
        let has_point =
            node.entry.picture.as_ref().is_some_and(|picture| picture.what == What::Number && picture.scale > 0);
        if has_point {
            let message = format!("{message}; with V, GnuCOBOL has one byte more, and a compiler of IBM has not");
            self.doubt(node, Severity::Warning, "picture", message);
        } else {
            self.doubt(node, Severity::Note, "picture", message);
        }
        Entry::new("none", if self.is_ebcdic { "ebcdic-spaces" } else { "spaces" })
    }

    /// The list of codes of the conditions of an item.
    fn codes(&mut self, node: &Node, name: &str, assumed: &mut Vec<String>) -> Option<String> {
        let codes = match conditions(node) {
            Ok(codes) => codes,
            Err(condition) => {
                let message = format!("the values of {condition} are no codes of {}: they were left out", node.shown());
                self.doubt(node, Severity::Note, "values", message);
                return None;
            }
        };
        if codes.is_empty() {
            return None;
        }
        assumed.push("its conditions (88) are its codes".to_owned());
        let list = self.given.unique(&free(&pascal(name), "Code"), "");
        let mut names = Given::default();
        let line = |(code, label): &(String, String)| {
            let named = names.unique(&free(&pascal(&item_name(label)), "Code"), "");
            vec![Entry::new("code", code.as_str()), Entry::new("name", named), Entry::new("label", label.as_str())]
        };
        let codes = codes.iter().map(line).collect();
        let entries = vec![Entry::new("label", node.entry.name.as_deref().unwrap_or_default())];
        self.draft.codes.push(DraftCodes { name: list.clone(), entries, codes, doubts: Vec::new() });
        Some(list)
    }

    pub(super) fn read(&mut self, node: &Node, path: &str, assumed: &[String]) {
        let read = [
            ("name", node.entry.name.clone().unwrap_or_default()),
            ("picture", node.entry.picture_text.clone()),
            ("usage", node.usage.text().to_owned()),
        ];
        self.items.push(ImportedItem {
            origin: node.origin(),
            table: self.table.clone(),
            path: path.to_owned(),
            read: read
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(key, text)| (key.to_owned(), text))
                .collect(),
            assumed: assumed.to_vec(),
        });
    }

    pub(super) fn doubt(&mut self, node: &Node, severity: Severity, code: &'static str, message: String) {
        self.doubts.push(Doubt { code, severity, origin: node.origin(), message, hint: None });
    }
}

pub(super) fn place(item: &mut DraftItem, at: Option<usize>) {
    item.entries.extend(at.map(|at| Entry::new("at", at)));
}
