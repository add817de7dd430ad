//! Makes the spec from the records of a copybook.

use super::codes::{literal, range};
use super::entry::Usage;
use super::picture::{Picture, What};
use super::storage::{Node, entries, is_separate};
use crate::draft::{Draft, DraftCodes, DraftItem, DraftTable, Entry, Value};
use crate::import::name::{Given, free, item_name};
use crate::import::{Doubt, ImportedItem, Origin, Severity};
use crate::lower::names::pascal;

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
        count(&mut table.items, &mut self.draft.parts);
        self.draft.telegrams.push(table);
    }

    fn level(&mut self, nodes: &[Node], base: usize, path: &str, varies: &mut bool) -> Vec<DraftItem> {
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
            self.doubt(
                node,
                Severity::Note,
                "slack",
                format!("SYNCHRONIZED puts {} slack bytes before {}", node.slack, shown(node)),
            );
        }
        let at = (!*varies).then_some(base + node.offset);
        let mut own = self.item(node, at, path, varies, given);
        if !node.redefinitions.is_empty() {
            self.redefinitions(node, &mut own, path);
        }
        items.append(&mut own);
        let len = |node: &Node| node.len.saturating_mul(entries(&node.entry.occurs));
        let longest = node.redefinitions.iter().map(len).max().unwrap_or_default();
        if longest > len(node) {
            let rest = longest - len(node);
            let label = format!("the rest of the longest description of {}", shown(node));
            items.push(DraftItem::new([
                Entry::new("filler", rest),
                Entry::new("label", label),
                Entry::new("any", true),
            ]));
        }
        items
    }

    fn item(
        &mut self,
        node: &Node,
        at: Option<usize>,
        path: &str,
        varies: &mut bool,
        given: &mut Given,
    ) -> Vec<DraftItem> {
        if node.below.is_empty() {
            return vec![self.field(node, at, path, given)];
        }
        let Some(name) = &node.entry.name else {
            if node.entry.occurs.is_none() {
                // A group without a name: its items stand in its place.
                let base = at.unwrap_or_default();
                let items = node.below.iter().flat_map(|below| self.node(below, base, path, varies, given)).collect();
                return items;
            }
            return vec![self.group(node, "entries", at, path, varies, given)];
        };
        if node.entry.occurs.is_some() {
            return vec![self.group(node, name, at, path, varies, given)];
        }
        let item = given.unique(&item_name(name), "_");
        let part = self.given.unique(&free(&pascal(&item_name(name)), "Part"), "");
        let below = format!("{path}{item}.");
        let mut inside = false;
        let items = self.level(&node.below, 0, &below, &mut inside);
        let mut entries = vec![Entry::new("label", name.as_str())];
        if !inside {
            entries.push(Entry::new("len", node.len));
        }
        *varies |= inside;
        self.draft.parts.push(DraftTable { name: part.clone(), entries, items, ..DraftTable::default() });
        let mut used = DraftItem::new([Entry::new("part", part), Entry::new("name", item)]);
        place(&mut used, at);
        vec![used]
    }

    fn group(
        &mut self,
        node: &Node,
        name: &str,
        at: Option<usize>,
        path: &str,
        varies: &mut bool,
        given: &mut Given,
    ) -> DraftItem {
        let item = given.unique(&item_name(name), "_");
        let mut group = DraftItem::new([Entry::new("group", item.as_str()), Entry::new("label", name)]);
        let mut inside = false;
        group.items = self.level(&node.below, 0, &format!("{path}{item}."), &mut inside);
        let used: usize =
            node.below.iter().map(|below| below.slack + below.len.saturating_mul(entries(&below.entry.occurs))).sum();
        if node.len > used && !inside && node.below.iter().all(|below| below.redefinitions.is_empty()) {
            group.items.push(DraftItem::new([
                Entry::new("filler", node.len - used),
                Entry::new("label", "slack bytes"),
                Entry::new("any", true),
            ]));
        }
        self.repeat(node, &mut group, varies);
        place(&mut group, at);
        self.read(node, &format!("{path}{item}"), &[]);
        group
    }

    /// How often an item repeats.
    fn repeat(&mut self, node: &Node, item: &mut DraftItem, varies: &mut bool) {
        let Some(occurs) = &node.entry.occurs else { return };
        let max = occurs.max.unwrap_or(1);
        match &occurs.depending {
            Some(by) => {
                item.entries.extend([Entry::new("count", item_name(by)), Entry::new("max", max)]);
                *varies = true;
            }
            None => item.entries.push(Entry::new("count", max)),
        }
    }

    fn field(&mut self, node: &Node, at: Option<usize>, path: &str, given: &mut Given) -> DraftItem {
        let constant = node.entry.values.first().filter(|_| node.conditions.is_empty()).map(|(value, _)| value.clone());
        let Some(name) = &node.entry.name else { return filler(node, at, constant.as_deref()) };
        let item_name = given.unique(&item_name(name), "_");
        let head = if node.entry.occurs.is_some() { "group" } else { "name" };
        let mut item = DraftItem::new([Entry::new(head, item_name.as_str()), Entry::new("label", name.as_str())]);
        let mut varies = false;
        self.repeat(node, &mut item, &mut varies);
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
        let usage = usage_text(node.usage);
        if !usage.is_empty() {
            remark = format!("{remark} {usage}").trim().to_owned();
        }
        if let Some(value) = constant {
            remark = format!("{remark}, VALUE {value}");
        }
        if !node.entry.picture_text.is_empty() {
            item.entries.push(Entry::new("remark", remark));
        }
        self.read(node, &format!("{path}{item_name}"), &assumed);
        item
    }

    /// The kind of an elementary item, with what was assumed.
    fn kind(&mut self, node: &Node) -> (Vec<Entry>, Vec<String>) {
        let bytes = || vec![Entry::new("kind", "bytes")];
        let Some(picture) = &node.entry.picture else {
            let message =
                format!("{} is {}: a telegram has no such value, so it is bytes", shown(node), usage_text(node.usage));
            self.doubt(node, Severity::Warning, "usage", message);
            return (bytes(), Vec::new());
        };
        let mut options = Vec::new();
        match picture.what {
            What::Text if node.entry.is_justified => {
                options.extend([Entry::new("kind", "text"), Entry::new("justify", "right")]);
            }
            What::Text => options.push(Entry::new("kind", "text")),
            What::Double if self.is_ebcdic => {
                options.extend([Entry::new("kind", "text"), Entry::new("charset", "ibm834")])
            }
            What::Double | What::National => {
                let message = format!("{} is in a code page that the copybook does not name: it is bytes", shown(node));
                self.doubt(node, Severity::Warning, "charset", message);
                return (bytes(), Vec::new());
            }
            What::Blanks(scale) => {
                options.extend([Entry::new("kind", "number"), Entry::new("pad", " ")]);
                if scale > 0 {
                    options.extend([Entry::new("scale", scale), Entry::new("point", true)]);
                }
            }
            What::Edited => {
                options.extend([Entry::new("kind", "text"), Entry::new("full", true)]);
                let message = format!("{} is an edited number ({}): it is text", shown(node), node.entry.picture_text);
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
                    shown(node)
                );
                self.doubt(node, Severity::Warning, "usage", message);
            }
            _ => {}
        }
        if picture.is_signed {
            let is_leading = node.sign.is_some_and(|sign| sign.is_leading);
            let overpunch = if self.is_ebcdic { "ebcdic" } else { "strict-ascii" };
            let sign = match node.usage {
                Usage::Packed | Usage::Binary | Usage::Native => Value::from("signed"),
                _ if is_separate(node, picture) => Value::from(if is_leading { "leading" } else { "trailing" }),
                _ if is_leading => Value::Table(vec![Entry::new("at", "leading"), Entry::new("overpunch", overpunch)]),
                _ => Value::from("overpunch"),
            };
            options.push(Entry::new("sign", sign));
        }
        if picture.scale != 0 {
            options.push(Entry::new("scale", Value::Number(picture.scale)));
        }
        (options, Vec::new())
    }

    /// The list of codes of the conditions of an item.
    fn codes(&mut self, node: &Node, name: &str, assumed: &mut Vec<String>) -> Option<String> {
        let picture = node.entry.picture.as_ref()?;
        let is_plain = node.usage == Usage::Display
            && matches!(picture.what, What::Text | What::Number)
            && !picture.is_signed
            && picture.scale == 0;
        if node.conditions.is_empty() {
            return None;
        }
        let mut codes: Vec<(String, String)> = Vec::new();
        for condition in &node.conditions {
            let label = condition.name.clone().unwrap_or_default();
            for (from, to) in &condition.values {
                let all = range(from, to.as_deref(), picture, node.len);
                if !is_plain || all.is_none() {
                    let message = format!("the values of {label} are no codes of {}: they were left out", shown(node));
                    self.doubt(node, Severity::Note, "values", message);
                    return None;
                }
                codes.extend(all.unwrap_or_default().into_iter().map(|code| (code, label.clone())));
            }
        }
        let mut seen = Vec::new();
        codes.retain(|(code, _)| {
            !seen.contains(code) && {
                seen.push(code.clone());
                true
            }
        });
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

    /// Redefinitions: the first description is used. The choice that somebody can complete stands above it as a comment.
    fn redefinitions(&mut self, node: &Node, own: &mut [DraftItem], path: &str) {
        let name = item_name(node.entry.name.as_deref().unwrap_or("filler"));
        let mut cases = Vec::new();
        for (number, description) in std::iter::once(node).chain(&node.redefinitions).enumerate() {
            let mut quiet = Self::new(self.is_ebcdic, Vec::new());
            let mut varies = false;
            let items = match description.below.is_empty() {
                true => vec![quiet.field(description, None, path, &mut Given::default())],
                false => quiet.level(&description.below, 0, path, &mut varies),
            };
            let label = description.entry.name.clone().unwrap_or_else(|| format!("Case{number}"));
            let mut case = DraftItem::new([Entry::new("code", "?"), Entry::new("name", pascal(&item_name(&label)))]);
            case.items = items;
            cases.push(case);
        }
        let mut choice = DraftItem::new([Entry::new("choice", format!("{name}_forms")), Entry::new("by", "?")]);
        choice.cases = cases;
        let names: Vec<_> = node.redefinitions.iter().map(shown).collect();
        let message = format!(
            "{} also describes {}: no field says which of them holds, so the first description is used",
            names.join(", "),
            shown(node)
        );
        let mut comment = vec![format!(
            "line {}: {message}. As a choice, with the field and the codes that decide:",
            node.entry.line
        )];
        comment.extend(crate::draft::lines(&choice));
        if let Some(first) = own.first_mut() {
            first.doubts.extend(comment);
        }
        self.doubt(node, Severity::Warning, "redefines", message);
        if let Some(last) = self.doubts.last_mut() {
            last.hint = Some("the choice stands as a comment in the spec: complete `by` and the codes".to_owned());
        }
    }

    fn read(&mut self, node: &Node, path: &str, assumed: &[String]) {
        let read = [
            ("name", node.entry.name.clone().unwrap_or_default()),
            ("picture", node.entry.picture_text.clone()),
            ("usage", usage_text(node.usage).to_owned()),
        ];
        self.items.push(ImportedItem {
            origin: origin(node),
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
        self.doubts.push(Doubt { code, severity, origin: origin(node), message, hint: None });
    }
}

fn origin(node: &Node) -> Origin {
    Origin { line: Some(node.entry.line), ..Origin::default() }
}

fn shown(node: &Node) -> String {
    node.entry.name.clone().unwrap_or_else(|| "FILLER".to_owned())
}

fn place(item: &mut DraftItem, at: Option<usize>) {
    item.entries.extend(at.map(|at| Entry::new("at", at)));
}

fn usage_text(usage: Usage) -> &'static str {
    match usage {
        Usage::Display => "",
        Usage::Packed => "COMP-3",
        Usage::Binary => "COMP",
        Usage::Native => "COMP-5",
        Usage::Float => "COMP-1",
        Usage::Double => "COMP-2",
        Usage::National => "NATIONAL",
        Usage::DoubleByte => "DISPLAY-1",
        Usage::Index => "INDEX",
        Usage::Pointer => "POINTER",
    }
}

/// An item without a name: constant bytes if it has a text as its value, otherwise reserved bytes.
fn filler(node: &Node, at: Option<usize>, value: Option<&str>) -> DraftItem {
    let count = entries(&node.entry.occurs);
    let text = value
        .and_then(literal)
        .filter(|text| text.len() == node.len && text.is_ascii() && count == 1 && !text.trim().is_empty());
    let mut item = match text {
        Some(text) => DraftItem::new([Entry::new("literal", text)]),
        None => DraftItem::new([Entry::new("filler", node.len.saturating_mul(count).max(1)), Entry::new("any", true)]),
    };
    place(&mut item, at);
    item
}

/// Makes the fields that count entries computed, also in parts.
fn count(items: &mut [DraftItem], parts: &mut [DraftTable]) {
    let text = |item: &DraftItem, key: &str| {
        if let Some(Value::Text(text)) = item.get(key) { text.clone() } else { String::new() }
    };
    let groups: Vec<_> =
        items.iter().map(|item| (text(item, "group"), text(item, "count"))).filter(|(_, by)| !by.is_empty()).collect();
    for (group, by) in groups {
        if let Some(field) = items.iter_mut().find(|item| text(item, "name") == by) {
            if field.get("computed").is_none() {
                field.entries.extend([Entry::new("computed", "count"), Entry::new("of", group)]);
            }
            continue;
        }
        // The counting field stands in a part.
        let found = items.iter().filter(|item| item.get("part").is_some()).find_map(|item| {
            let part = text(item, "part");
            let holds = parts
                .iter()
                .any(|table| table.name == part && table.items.iter().any(|inner| text(inner, "name") == by));
            holds.then(|| (part, text(item, "name")))
        });
        let Some((part, name)) = found else { continue };
        for item in items.iter_mut().filter(|item| text(item, "group") == group) {
            for entry in item.entries.iter_mut().filter(|entry| entry.key == "count") {
                entry.value = Value::from(format!("{name}.{by}"));
            }
        }
        let field = parts
            .iter_mut()
            .find(|table| table.name == part)
            .and_then(|table| table.items.iter_mut().find(|inner| text(inner, "name") == by));
        if let Some(field) = field.filter(|field| field.get("computed").is_none()) {
            field.entries.extend([Entry::new("computed", "count"), Entry::new("of", group)]);
        }
    }
    for item in items.iter_mut() {
        count(&mut item.items, parts);
    }
}
