//! Which parts stand in several places. Such a part has a section of its own, any other part is shown where it stands.

use std::collections::BTreeMap;

use fep_codec::layout::Item;

use super::model::Anchor;
use crate::model::{Note, Spec};

/// The uses of each part.
pub(super) struct Sharing<'s> {
    /// For each part the sections that contain it, and how often all of them do.
    uses: BTreeMap<&'s str, (Vec<Anchor>, usize)>,
}

impl<'s> Sharing<'s> {
    /// Counts the uses in telegrams and parts. A telegram with the items of another one is no further use.
    pub(super) fn of(spec: &'s Spec) -> Self {
        let mut sharing = Self { uses: BTreeMap::new() };
        for telegram in spec.telegrams.iter().filter(|telegram| telegram.like.is_none()) {
            let user = Anchor::Telegram(telegram.name().to_owned());
            sharing.items(telegram.layout.items(), &telegram.notes, &user);
        }
        for part in &spec.parts {
            let user = Anchor::Part(part.layout.name.to_string());
            sharing.items(part.layout.items(), &part.notes, &user);
        }
        sharing
    }

    fn items(&mut self, items: &'s [Item], notes: &[Note], user: &Anchor) {
        let none = Note::default();
        for (index, item) in items.iter().enumerate() {
            let note = notes.get(index).unwrap_or(&none);
            match item {
                Item::Part(part) => self.add(&part.layout.name, user),
                Item::Group(group) if group.layout.array_field().is_some() => {}
                Item::Group(group) => match &note.entry {
                    Some(notes) => self.items(group.layout.items(), notes, user),
                    None => self.add(&group.layout.name, user),
                },
                Item::Choice(choice) => {
                    for (number, case) in choice.cases().iter().enumerate() {
                        match note.choice.as_ref().and_then(|note| note.cases.get(number)?.as_deref()) {
                            Some(notes) => self.items(case.layout.items(), notes, user),
                            None => self.add(&case.layout.name, user),
                        }
                    }
                }
                Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => {}
            }
        }
    }

    fn add(&mut self, part: &'s str, user: &Anchor) {
        let (users, count) = self.uses.entry(part).or_default();
        *count += 1;
        if !users.contains(user) {
            users.push(user.clone());
        }
    }

    /// Whether the part stands in several places.
    pub(super) fn is_shared(&self, part: &str) -> bool {
        self.uses.get(part).is_some_and(|(_, count)| *count > 1)
    }

    /// The sections that contain the part.
    pub(super) fn users(&self, part: &str) -> Vec<Anchor> {
        self.uses.get(part).map(|(users, _)| users.clone()).unwrap_or_default()
    }
}
