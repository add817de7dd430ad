//! The items of a telegram with their paths and bytes. The items of a part stand in its place.

use fep_codec::layout::{Choice, Group, Item, Layout, Repeat};

use crate::model::{Note, Spec};

/// One item that is not a part.
#[derive(Clone, Debug)]
pub(super) struct Node<'s> {
    /// The path from the telegram: `header.trace_no`, `items.amount`. Empty for fillers and nameless literals.
    pub(super) path: String,
    /// The offset of the first byte, in a group that of the first entry.
    pub(super) offset: Option<usize>,
    /// The item.
    pub(super) item: &'s Item,
    /// What documents need to know about it.
    pub(super) note: Option<&'s Note>,
    /// The items of a group's entry.
    pub(super) below: Vec<Node<'s>>,
    /// The cases of a choice, each with its items.
    pub(super) cases: Vec<Vec<Node<'s>>>,
}

/// A part where it is used.
#[derive(Clone, Debug)]
pub(super) struct PartAt<'s> {
    /// Its path; of a part without a name of its own the path of what contains it.
    pub(super) path: String,
    /// The name of its layout.
    pub(super) name: &'s str,
    /// Its name on the sheet, and the remark where it is used.
    pub(super) words: [&'s str; 2],
}

/// The items of a layout, and its parts.
#[derive(Debug, Default)]
pub(super) struct Tree<'s> {
    pub(super) nodes: Vec<Node<'s>>,
    pub(super) parts: Vec<PartAt<'s>>,
}

impl<'s> Tree<'s> {
    /// The items of a telegram.
    pub(super) fn of(spec: &'s Spec, layout: &'s Layout, notes: &'s [Note]) -> Self {
        let mut reader = Reader { spec, parts: Vec::new() };
        let mut nodes = Vec::new();
        reader.list(layout, notes, "", Some(0), &mut nodes);
        Self { nodes, parts: reader.parts }
    }
}

struct Reader<'s> {
    spec: &'s Spec,
    parts: Vec<PartAt<'s>>,
}

impl<'s> Reader<'s> {
    /// Adds the items of a layout that begins at `offset`. Returns where it ends.
    fn list(
        &mut self,
        layout: &'s Layout,
        notes: &'s [Note],
        prefix: &str,
        offset: Option<usize>,
        nodes: &mut Vec<Node<'s>>,
    ) -> Option<usize> {
        let mut at = offset;
        for (index, item) in layout.items().iter().enumerate() {
            let note = notes.get(index);
            if let Some(flattened) = note.and_then(|note| note.flattened.as_ref()) {
                let label = self.spec.part(&flattened.part).map_or("", |part| &*part.layout.label);
                let path = prefix.trim_end_matches('.').to_owned();
                self.parts.push(PartAt { path, name: &flattened.part, words: [label, &flattened.remark] });
            }
            if let Item::Part(part) = item {
                let path = format!("{prefix}{}", part.name);
                let prefix = if part.name.is_empty() { prefix.to_owned() } else { format!("{path}.") };
                let remark = note.map_or("", |note| note.remark.as_str());
                self.parts.push(PartAt { path, name: &part.layout.name, words: [&part.layout.label, remark] });
                at = self.list(&part.layout, self.notes_of(&part.layout), &prefix, at, nodes);
                continue;
            }
            nodes.push(self.node(item, note, prefix, at));
            at = at.zip(item.fixed_len()).map(|(at, len)| at + len);
        }
        at
    }

    fn node(&mut self, item: &'s Item, note: Option<&'s Note>, prefix: &str, offset: Option<usize>) -> Node<'s> {
        let is_entry = matches!(item, Item::Field(field) if field.name.is_empty());
        let path = match item.name() {
            Some(name) => format!("{prefix}{name}"),
            // The entry of an array has the path of the group.
            None if is_entry => prefix.trim_end_matches('.').to_owned(),
            None => String::new(),
        };
        let mut node = Node { path, offset, item, note, below: Vec::new(), cases: Vec::new() };
        match item {
            Item::Group(group) => {
                let prefix = format!("{}.", node.path);
                let notes = note.and_then(|note| note.entry.as_deref()).unwrap_or_else(|| self.notes_of(&group.layout));
                self.list(&group.layout, notes, &prefix, offset, &mut node.below);
            }
            Item::Choice(choice) => node.cases = self.cases(choice, note, &node.path, offset),
            _ => {}
        }
        node
    }

    fn cases(
        &mut self,
        choice: &'s Choice,
        note: Option<&'s Note>,
        path: &str,
        offset: Option<usize>,
    ) -> Vec<Vec<Node<'s>>> {
        let notes = note.and_then(|note| note.choice.as_ref()).map_or(&[][..], |choice| &choice.cases);
        let mut cases = Vec::new();
        for (index, case) in choice.cases().iter().enumerate() {
            let own = notes.get(index).and_then(Option::as_deref).unwrap_or_else(|| self.notes_of(&case.layout));
            let mut nodes = Vec::new();
            self.list(&case.layout, own, &format!("{path}."), offset, &mut nodes);
            cases.push(nodes);
        }
        cases
    }

    fn notes_of(&self, layout: &Layout) -> &'s [Note] {
        self.spec.part(&layout.name).map_or(&[], |part| &part.notes)
    }
}

impl Node<'_> {
    /// The name on the sheet.
    pub(super) fn label(&self) -> &str {
        match self.item {
            Item::Field(field) | Item::Tail(field) => &field.label,
            Item::Literal(literal) => &literal.label,
            Item::Filler(filler) => &filler.label,
            Item::Part(part) => &part.layout.label,
            Item::Group(group) => &group.label,
            Item::Choice(choice) => &choice.label,
        }
    }

    /// The length in bytes; of a group that of all entries.
    pub(super) fn len(&self) -> Option<usize> {
        self.item.fixed_len()
    }

    /// The path for messages. Fillers and nameless literals are called by what they are.
    pub(super) fn shown(&self) -> String {
        match self.item {
            Item::Filler(_) => "reserved bytes".to_owned(),
            Item::Literal(_) if self.path.is_empty() => "constant".to_owned(),
            _ => format!("`{}`", self.path),
        }
    }

    /// What kind of item it is.
    pub(super) fn what(&self) -> &'static str {
        match self.item {
            Item::Field(_) => "field",
            Item::Literal(_) => "constant",
            Item::Filler(_) => "reserved bytes",
            Item::Part(_) => "part",
            Item::Group(group) if group.layout.array_field().is_some() => "array",
            Item::Group(_) => "group",
            Item::Choice(_) => "choice",
            Item::Tail(_) => "tail",
        }
    }
}

/// The maximum number of entries.
pub(super) fn max(group: &Group) -> usize {
    match &group.repeat {
        Repeat::Fixed(max) | Repeat::Counted { max, .. } | Repeat::Padded { max, .. } | Repeat::Rest { max } => *max,
    }
}
