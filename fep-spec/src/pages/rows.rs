//! A layout and its notes → the rows of a table.

use fep_codec::layout::{Case, Choice, CodeMeaning, Field, Group, Item, Kind, Repeat};
use fep_codec::{Charset, Layout};

use super::facts;
use super::kinds::{kind_text, word};
use super::model::{CasePage, Row, Times};
use super::sharing::Sharing;
use super::words::Text;
use crate::model::{FlattenedNote, Note, Spec};

/// Makes the rows of one spec.
pub(super) struct Rows<'s> {
    pub(super) spec: &'s Spec,
    pub(super) sharing: &'s Sharing<'s>,
}

/// Where the items of a layout stand.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The path before the names of the items, with its dot.
    prefix: String,
    /// The number before the numbers of the items, with its dot.
    number: String,
    /// The offset of the first item.
    offset: Option<usize>,
}

impl Rows<'_> {
    /// The rows of a telegram, or of a part on its own.
    pub(super) fn top(&self, layout: &Layout, notes: &[Note]) -> Vec<Row> {
        self.list(layout, notes, &Place { offset: Some(0), ..Place::default() })
    }

    fn list(&self, layout: &Layout, notes: &[Note], place: &Place) -> Vec<Row> {
        let none = Note::default();
        let mut at = place.offset;
        let mut rows = Vec::new();
        for (index, item) in layout.items().iter().enumerate() {
            let place = Place { number: format!("{}{}", place.number, index + 1), offset: at, ..place.clone() };
            let note = notes.get(index).unwrap_or(&none);
            let mut row = self.row(layout, item, note, &place);
            self.flattened(note, &mut row);
            rows.push(row);
            at = at.zip(item.fixed_len()).and_then(|(at, len)| at.checked_add(len));
        }
        rows
    }

    /// Says which part begins with the row, if the part has no name of its own.
    fn flattened(&self, note: &Note, row: &mut Row) {
        let Some(FlattenedNote { part, count, remark }) = &note.flattened else { return };
        let label = self.spec.part(part).map(|part| &*part.layout.label).filter(|label| !label.is_empty());
        let name = label.map_or_else(|| part.clone(), |label| format!("{label} ({part})"));
        let remark = if remark.is_empty() { String::new() } else { format!(": {remark}") };
        row.facts.insert(
            0,
            Text::new(
                format!("여기부터 {count}항목은 {name}{remark}"),
                format!("{name} begins here, {count} items{remark}"),
            ),
        );
    }

    fn row(&self, layout: &Layout, item: &Item, note: &Note, place: &Place) -> Row {
        let path = item.name().map(|name| format!("{}{name}", place.prefix));
        let inner = Place {
            prefix: path.as_ref().map(|path| format!("{path}.")).unwrap_or_default(),
            number: format!("{}.", place.number),
            offset: place.offset,
        };
        let row = Row { path, letter: note.type_name.clone(), remark: note.remark.clone(), ..blank(place) };
        match item {
            Item::Field(field) => Row { len: Some(field.len), ..self.field(layout, field, note, row, false) },
            Item::Tail(field) => {
                Row { len: Some(field.len), is_tail: true, ..self.field(layout, field, note, row, true) }
            }
            Item::Literal(literal) => Row {
                label: literal.label.to_string(),
                len: Some(literal.bytes.len()),
                facts: facts::literal(literal),
                ..row.of_kind("literal")
            },
            Item::Filler(filler) => Row {
                label: filler.label.to_string(),
                len: Some(filler.len),
                facts: facts::filler(layout.charset, filler),
                ..row.of_kind("filler")
            },
            Item::Part(part) => {
                let row = Row { label: part.layout.label.to_string(), len: part.layout.fixed_len(), ..row };
                self.entry(&part.layout, None, &inner, row.of_kind("part"))
            }
            Item::Group(group) => self.group(layout.charset, group, note, &inner, row),
            Item::Choice(choice) => Row {
                label: choice.label.to_string(),
                len: item.fixed_len(),
                facts: vec![Text::new(
                    format!("{}의 코드가 고름", choice.by),
                    format!("the code of {} selects it", choice.by),
                )],
                cases: self.cases(choice, note, place, &inner),
                ..row.of_kind("choice")
            },
        }
    }

    /// The row with the items of the layout below it, or with a link to their section.
    fn entry(&self, layout: &Layout, own: Option<&[Note]>, inner: &Place, row: Row) -> Row {
        let name = &*layout.name;
        match own {
            Some(notes) => Row { rows: self.list(layout, notes, inner), ..row },
            None if self.sharing.is_shared(name) => Row { part: Some(name.to_owned()), ..row },
            None => Row { rows: self.list(layout, self.notes(name), inner), ..row },
        }
    }

    fn notes(&self, part: &str) -> &[Note] {
        self.spec.part(part).map_or(&[][..], |part| &part.notes)
    }

    fn field(&self, layout: &Layout, field: &Field, note: &Note, row: Row, is_tail: bool) -> Row {
        let codes: Vec<CodeMeaning> = match &field.kind {
            Kind::Code(rule) => rule.codes.to_vec(),
            _ => Vec::new(),
        };
        // Of two lists of one name, the telegram has the right one.
        let list = note.codes.as_ref().filter(|name| self.spec.code_list(name).is_some());
        Row {
            label: if field.label.is_empty() { row.label.clone() } else { field.label.to_string() },
            secret: field.secret,
            computed: field.computed.is_some(),
            facts: facts::field(layout, field, is_tail),
            codes,
            code_list: list.cloned(),
            ..row.of_kind(word(&field.kind))
        }
    }

    fn group(&self, charset: Charset, group: &Group, note: &Note, inner: &Place, row: Row) -> Row {
        let times = Times {
            max: group.repeat.max(),
            varies: matches!(group.repeat, Repeat::Counted { .. } | Repeat::Rest { .. }),
        };
        let row = Row {
            label: group.label.to_string(),
            len: group.layout.fixed_len(),
            times: Some(times),
            facts: facts::repeat(charset, group),
            ..row
        };
        if let Some(field) = group.layout.array_field() {
            let none = Note::default();
            let entry = note.entry.iter().flatten().next().unwrap_or(&none);
            let letter = entry.type_name.clone().or(row.letter.clone());
            let array = self.field(&group.layout, field, entry, row, false);
            let facts = facts::repeat(charset, group).into_iter().chain(array.facts).collect();
            return Row { facts, letter, ..array };
        }
        self.entry(&group.layout, note.entry.as_deref(), inner, row.of_kind("group"))
    }

    fn cases(&self, choice: &Choice, note: &Note, place: &Place, inner: &Place) -> Vec<CasePage> {
        let case = |(index, case): (usize, &Case)| {
            let own = note.choice.as_ref().and_then(|note| note.cases.get(index)?.as_deref());
            let number = format!("{}-{}", place.number, index + 1);
            let inner = Place { number: format!("{number}."), ..inner.clone() };
            let Row { rows, part, .. } = self.entry(&case.layout, own, &inner, blank(place));
            CasePage {
                number,
                name: case.layout.name.to_string(),
                label: case.layout.label.to_string(),
                codes: case.codes.iter().map(ToString::to_string).collect(),
                len: case.layout.fixed_len(),
                offset: place.offset,
                part,
                rows,
            }
        };
        choice.cases().iter().enumerate().map(case).collect()
    }
}

impl Row {
    fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, kind_text: kind_text(kind), ..self }
    }
}

/// A row that says nothing yet.
fn blank(place: &Place) -> Row {
    Row {
        number: place.number.clone(),
        label: String::new(),
        path: None,
        letter: None,
        kind: "",
        kind_text: Text::same(""),
        offset: place.offset,
        len: None,
        times: None,
        is_tail: false,
        secret: false,
        computed: false,
        facts: Vec::new(),
        codes: Vec::new(),
        code_list: None,
        remark: String::new(),
        part: None,
        rows: Vec::new(),
        cases: Vec::new(),
    }
}
