//! Links of a whole telegram: fields that are computed from items beside the part that contains them, or at paths through parts.

use std::ops::Range;

use fep_codec::Layout;
use fep_codec::layout::{Check, Computed, Field, Item, SignOf};

use super::counts::{largest, short};
use super::elsewhere;
use super::links::{is_measurable, numbers, scale};
use crate::document::{Document, instead};
use crate::lower::{LayoutPlace, Place, item_lacks_len, may_be_hole};
use crate::model::Spec;
use crate::report::Code;

/// Checks the links of a telegram, in its parts, entries and cases too.
pub(super) fn telegram(document: &Document, spec: &Spec, layout: &Layout, place: &LayoutPlace) {
    let places = place.items.as_deref();
    let mut reach =
        Reach { document, spec, telegram: layout, outer: Vec::new(), path: Vec::new(), at: place.name.clone() };
    reach.layout(layout, places);
}

struct Reach<'l> {
    document: &'l Document,
    spec: &'l Spec,
    telegram: &'l Layout,
    /// The layouts around the current one, outermost first.
    outer: Vec<&'l Layout>,
    path: Vec<&'l str>,
    /// The place of the item of the telegram that contains the field.
    at: Range<usize>,
}

impl<'l> Reach<'l> {
    fn layout(&mut self, layout: &'l Layout, places: Option<&[Place]>) {
        self.outer.push(layout);
        for (index, item) in layout.items().iter().enumerate() {
            let place = places.and_then(|places| places.get(index));
            let at = place.map_or_else(|| self.at.clone(), |place| place.name.clone());
            let outer_at = std::mem::replace(&mut self.at, at);
            match item {
                Item::Field(field) if layout.is_link(field) => self.field(field, place),
                Item::Field(Field { name, computed: Some(Computed::Sign(sign)), .. }) => {
                    self.sign(layout, name, sign, place);
                }
                Item::Part(part) => self.within(&part.name, |reach| reach.layout(&part.layout, None)),
                Item::Group(group) => self.separate(&group.name, &group.layout),
                Item::Choice(choice) => {
                    choice.cases().iter().for_each(|case| self.separate(&choice.name, &case.layout))
                }
                _ => {}
            }
            self.at = outer_at;
        }
        self.outer.pop();
    }

    fn within(&mut self, name: &'l str, walk: impl FnOnce(&mut Self)) {
        self.path.push(name);
        walk(self);
        self.path.pop();
    }

    /// Entries and cases do not reach items outside of them.
    fn separate(&mut self, name: &'l str, layout: &'l Layout) {
        let outer = std::mem::take(&mut self.outer);
        self.within(name, |reach| reach.layout(layout, None));
        self.outer = outer;
    }

    fn path_of(&self, field: &Field) -> String {
        self.path.iter().copied().chain([&*field.name]).collect::<Vec<_>>().join(".")
    }

    fn field(&self, field: &Field, place: Option<&Place>) {
        let Some(computed) = &field.computed else { return };
        let at = |key: &str| place.map_or_else(|| self.at.clone(), |place| place.key(key));
        let named: Vec<&str> = match computed {
            Computed::LengthOf(of) | Computed::Count(of) | Computed::Sum(of) => vec![of],
            Computed::Check(check) => [&check.from, &check.to].into_iter().filter_map(|end| end.as_deref()).collect(),
            Computed::Length(_) | Computed::Sequence(_) | Computed::Sign(_) => vec![],
        };
        if named.into_iter().any(|of| self.outer.iter().any(|layout| may_be_hole(layout, of))) {
            return;
        }
        let Some(found) = self.outer.iter().rev().find(|layout| layout.answers(computed)) else {
            return self.unanswered(field, computed, at);
        };
        let name = self.path_of(field);
        match computed {
            Computed::LengthOf(of) => self.length(&name, field, of, found, at("of")),
            Computed::Count(of) => self.count(&name, field, of, found, at("of")),
            Computed::Sum(path) => self.sum(&name, field, path, found, at("of")),
            Computed::Check(Check { from: Some(from), to: Some(to), .. }) if order(found, from) > order(found, to) => {
                let message = format!("the bytes that `{name}` covers begin at `{from}`, behind `{to}` where they end");
                self.document.error_hint(Code::WrongOrder, at("from"), message, "exchange `from` and `to`");
            }
            _ => {}
        }
    }

    /// Checks that the number of a sign stands beside it.
    fn sign(&self, layout: &Layout, field: &str, sign: &SignOf, place: Option<&Place>) {
        let of = &*sign.of;
        if layout.item(of).is_some() || self.outer.iter().any(|layout| may_be_hole(layout, of)) {
            return;
        }
        let at = place.map_or_else(|| self.at.clone(), |place| place.key("of"));
        let outer = self.outer.iter().rev().skip(1).any(|outer| outer.item(of).is_some());
        if outer {
            let message =
                format!("the number `{of}` of the sign `{field}` stands beside the part, and not beside the sign");
            let hint = "leave out the `name` of the part, so that both stand at one level: { part = \"Header\" }";
            return self.document.error_hint(Code::WrongReference, at, message, hint);
        }
        let numbers = numbers(layout, "");
        let known: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let rule = "a sign and its number stand side by side: move one of them";
        let hint = elsewhere::advice(self.spec, layout, of, &known, rule);
        let message = format!("there is no number `{of}` for the sign `{field}`");
        self.document.error_hint(Code::UnknownName, at, message, hint);
    }

    fn unanswered(&self, field: &Field, computed: &Computed, at: impl Fn(&str) -> Range<usize>) {
        let name = self.path_of(field);
        let telegram = &self.telegram.name;
        let missing = |path: &str| self.outer.iter().all(|layout| layout.item_in_parts(path).is_none());
        let (key, of, expected) = match computed {
            Computed::LengthOf(of) => ("of", of, "an item"),
            Computed::Count(of) => ("of", of, "a group"),
            Computed::Sum(path) => ("of", path, "a number in the entries of a group"),
            Computed::Check(Check { from: Some(from), .. }) if missing(from) => ("from", from, "an item"),
            Computed::Check(Check { to: Some(to), .. }) => ("to", to, "an item"),
            _ => return,
        };
        let there = if self.outer.len() > 1 { "there or beside its part" } else { "there" };
        let message = format!("`{name}` of `{telegram}` refers to `{of}`, which is not {expected} {there}");
        let fits = |item: &&Item| match computed {
            Computed::LengthOf(_) => is_measurable(item),
            Computed::Count(_) | Computed::Sum(_) => matches!(item, Item::Group(_)),
            _ => true,
        };
        let beside = self.outer.iter().rev().flat_map(|layout| layout.items()).filter(fits).filter_map(Item::name);
        let head = if let Computed::Sum(path) = computed { path.split('.').next().unwrap_or(path) } else { of };
        let hint = match elsewhere::in_layout(self.telegram, head) {
            Some(place) if !self.outer.iter().any(|layout| layout.name == self.telegram.name) => format!(
                "{place}; an entry or a case cannot be computed from items outside of it: move the field beside `{head}`"
            ),
            _ => instead(head, &beside.collect::<Vec<_>>()),
        };
        self.document.error_hint(Code::UnknownName, at(key), message, hint);
    }

    fn length(&self, name: &str, field: &Field, of: &str, found: &Layout, at: Range<usize>) {
        let Some(item) = found.item_in_parts(of) else { return };
        if !is_measurable(item) {
            let message = format!("`{of}`, whose length `{name}` says, always has the same length");
            return self.document.error_hint(
                Code::WrongReference,
                at,
                message,
                "`of` names a part, a group, a choice or a tail",
            );
        }
        if item_lacks_len(item) {
            return;
        }
        short(self.document, field, name, item.min_len()..=item.max_len(), self.at.clone());
    }

    fn count(&self, name: &str, field: &Field, of: &str, found: &Layout, at: Range<usize>) {
        let Some(Item::Group(group)) = found.item_in_parts(of) else { return };
        // The part may stand under several names: the path from where the group stands is the end of the path from the telegram.
        if let Some(by) = group.repeat.counted_by()
            && name != by
            && !name.ends_with(&format!(".{by}"))
        {
            let message = format!("`{name}` counts `{of}`, which is not counted by it");
            return self.document.error_hint(
                Code::NotLinked,
                at,
                message,
                format!("write at the group: count = \"{name}\""),
            );
        }
        let most = largest(field);
        let max = group.repeat.max();
        if u128::try_from(max).is_ok_and(|max| max > most) {
            let message = format!("`{of}` may have {max} entries, `{name}` counts to {most}");
            self.document.error_hint(
                Code::TooNarrow,
                self.at.clone(),
                message,
                "make the count field longer, or `max` smaller",
            );
        }
    }

    fn sum(&self, name: &str, field: &Field, path: &str, found: &Layout, at: Range<usize>) {
        let Some(summand) = found.summand_in_parts(path) else { return };
        if scale(summand) != scale(field) {
            let message = format!(
                "`{name}` has {} decimals, `{path}` has {}",
                scale(field).unwrap_or_default(),
                scale(summand).unwrap_or_default()
            );
            return self.document.error_hint(
                Code::WrongComputed,
                at,
                message,
                "a sum has the decimals of what it adds up: mend `scale`",
            );
        }
        if largest(field) < largest(summand) {
            let message = format!("`{name}` cannot hold the largest `{path}`, still less several of them");
            self.document.warning(Code::TooNarrow, at, message, "compare the `len` of both with the sheet's");
        }
    }
}

/// The position of the first item of a path in a layout, and then in its parts.
fn order(layout: &Layout, path: &str) -> Vec<usize> {
    let (name, inner) = path.split_once('.').unwrap_or((path, ""));
    let Some((index, item)) = layout.item(name) else { return Vec::new() };
    let mut all = vec![index];
    if let (Item::Part(part), false) = (item, inner.is_empty()) {
        all.extend(order(&part.layout, inner));
    }
    all
}
