//! All samples that a telegram should have: one for each limit of each field, size of each group, and code of each choice.

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::Value;
use fep_codec::layout::{Choice, Field, Item, Kind, Layout, Repeat};

use super::fill::{Wanted, codes, path_of, without_indices};
use super::limits;
use super::numbers::{Bound, Range};
use super::random::Random;

/// A sample that should be, and how.
pub(super) struct Case {
    /// `items[0].amount: largest`
    pub(super) name: String,
    /// What is wanted, and what is tried if that is impossible.
    pub(super) wanted: Vec<Wanted>,
}

/// Lists the samples of a layout.
pub(super) struct Cases<'a> {
    pub(super) marks: &'a BTreeMap<String, Value>,
    pub(super) bounds: &'a BTreeMap<String, Bound>,
    pub(super) random: Random,
    /// The paths of fields that decide choices. Their codes are the samples of the choice.
    pub(super) deciders: BTreeSet<String>,
    pub(super) found: Vec<Case>,
}

impl Cases<'_> {
    /// Adds the samples of a layout at a place in the telegram. `around` is what this place needs: the cases of choices around it.
    pub(super) fn items(&mut self, layout: &Layout, within: &str, around: &Wanted) {
        for item in layout.items() {
            if let Item::Choice(choice) = item {
                self.deciders.insert(format!("{within}{}", choice.by));
            }
        }
        let paged = |name: &str| {
            layout.items().iter().find_map(|item| match item {
                Item::Group(group) => {
                    let page = group.page.as_ref().filter(|page| page.start == name || page.total == name)?;
                    let other = if page.start == name { &page.total } else { &page.start };
                    Some((group, layout.item(other).map(|(_, item)| item)))
                }
                _ => None,
            })
        };
        for (index, item) in layout.items().iter().enumerate() {
            let path = path_of(within, item);
            match item {
                Item::Field(field) if field.is_given() => {
                    if let Some((group, other)) = paged(&field.name) {
                        let group = format!("{within}{}", group.name);
                        self.page(field, other, [&path, &group], around);
                    } else if !self.marks.contains_key(&path) && !self.deciders.contains(&path) {
                        self.field(field, &path, around);
                    }
                }
                Item::Tail(field) => {
                    let limits = limits::of_tail(field, &mut self.random);
                    self.add(limits, &path, around);
                }
                Item::Part(part) => self.items(&part.layout, &format!("{path}."), around),
                Item::Group(group) => {
                    if !matches!(group.repeat, Repeat::Fixed(_)) {
                        self.sizes(&path, group.repeat.max(), around);
                    }
                    if group.repeat.max() > 0 {
                        self.items(&group.layout, &format!("{path}[0]."), around);
                    }
                }
                Item::Choice(choice) => {
                    if let Some(decider) = layout.decider_of(index) {
                        self.choice(choice, decider, within, around);
                    }
                }
                Item::Field(_) | Item::Literal(_) | Item::Filler(_) => {}
            }
        }
    }

    fn field(&mut self, field: &Field, path: &str, around: &Wanted) {
        let limits = limits::of_field(field, self.bounds.get(&without_indices(path)), &mut self.random);
        self.add(limits, path, around);
    }

    fn add(&mut self, limits: Vec<limits::Limit>, path: &str, around: &Wanted) {
        for limit in limits {
            let wanted = limit.values.into_iter().map(|value| around.with_value(path, value)).collect();
            self.found.push(Case { name: format!("{path}: {}", limit.name), wanted });
        }
    }

    /// The number of a page's first entry, or of all entries. An empty page allows 0. A number cannot be greater than the other one's
    /// field can say.
    fn page(&mut self, field: &Field, other: Option<&Item>, [path, group]: [&str; 2], around: &Wanted) {
        let range = |field: &Field| match &field.kind {
            Kind::Number(rule) => Range::of(rule, field.len).last,
            _ => i128::MAX,
        };
        let other = if let Some(Item::Field(other)) = other { range(other) } else { i128::MAX };
        let of = |number: i128| around.with_value(path, Value::Number(number));
        let smallest = vec![of(0).with_count(group, 0), of(1)];
        self.found.push(Case { name: format!("{path}: smallest"), wanted: smallest });
        self.found.push(Case { name: format!("{path}: largest"), wanted: vec![of(range(field).min(other))] });
    }

    /// A group that is empty, has one entry, and is full.
    fn sizes(&mut self, path: &str, max: usize, around: &Wanted) {
        let of = |count| around.with_count(path, count);
        self.found.push(Case { name: format!("{path}: empty"), wanted: vec![of(0)] });
        if max > 1 {
            self.found.push(Case { name: format!("{path}: one entry"), wanted: vec![of(1)] });
        }
        // A length field with few digits can make a full group impossible.
        let fewer = std::iter::successors(Some(max), |count| Some(count / 10 * 9 + count % 10 / 2))
            .take_while(|count| *count > 1)
            .take(60);
        let wanted: Vec<Wanted> = fewer.map(of).collect();
        let wanted = if wanted.is_empty() { vec![of(max)] } else { wanted };
        self.found.push(Case { name: format!("{path}: full, {max} entries"), wanted });
    }

    /// Each code of a choice, and the samples of each case with its first code.
    fn choice(&mut self, choice: &Choice, decider: &Field, within: &str, around: &Wanted) {
        let by = format!("{within}{}", choice.by);
        let path = format!("{within}{}", choice.name);
        let codes = match (self.marks.get(&by), around.codes.get(&by)) {
            (_, Some(code)) => vec![code.clone()],
            (Some(Value::Text(code)), None) => vec![code.to_string()],
            _ => codes(choice, decider),
        };
        let mut shown = BTreeSet::new();
        for code in codes {
            let Some((number, case)) =
                choice.case_with(&code).and_then(|number| Some((number, choice.cases().get(number)?)))
            else {
                continue;
            };
            let wanted = around.with_code(&by, &code);
            self.found.push(Case {
                name: format!("{path}: {} by code {code:?}", case.layout.name),
                wanted: vec![wanted.clone()],
            });
            if shown.insert(number) {
                self.items(&case.layout, &format!("{path}."), &wanted);
            }
        }
    }
}
