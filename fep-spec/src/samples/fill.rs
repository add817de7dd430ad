//! One telegram as it is wanted: the given values, cases and numbers of entries, and random values for the rest.

use std::collections::BTreeMap;

use fep_codec::layout::{Choice, Field, Group, Item, Kind, Layout, Repeat};
use fep_codec::{Error, Record, Value};

use super::limits;
use super::numbers::Bound;
use super::random::Random;

/// What a sample has to show. Everything else is filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// The values of fields, by their paths.
    pub(super) values: BTreeMap<String, Value>,
    /// The numbers of entries of groups, by their paths. A group that is not here has one entry.
    pub(super) counts: BTreeMap<String, usize>,
    /// The codes that decide choices, by the paths of their fields.
    pub(super) codes: BTreeMap<String, String>,
}

impl Wanted {
    /// The same, with this value at this path.
    pub(super) fn with_value(&self, path: &str, value: Value) -> Self {
        let mut wanted = self.clone();
        wanted.values.insert(path.to_owned(), value);
        wanted
    }

    /// The same, with this number of entries.
    pub(super) fn with_count(&self, path: &str, count: usize) -> Self {
        let mut wanted = self.clone();
        wanted.counts.insert(path.to_owned(), count);
        wanted
    }

    /// The same, with this code in a field that decides a choice.
    pub(super) fn with_code(&self, path: &str, code: &str) -> Self {
        let mut wanted = self.clone();
        wanted.codes.insert(path.to_owned(), code.to_owned());
        wanted
    }
}

/// Fills a record.
pub(super) struct Filling<'a> {
    pub(super) wanted: &'a Wanted,
    /// The values by which the telegram is recognised.
    pub(super) marks: &'a BTreeMap<String, Value>,
    pub(super) bounds: &'a BTreeMap<String, Bound>,
    /// Numbers are added up outside the telegram too: in the trailer of a file.
    pub(super) few_digits: bool,
    pub(super) random: Random,
}

impl Filling<'_> {
    /// A record of this layout. Computed fields are left out.
    ///
    /// # Errors
    /// If the layout has no place for a wanted value.
    pub(super) fn record<'l>(mut self, layout: &'l Layout) -> Result<Record<'l>, Error> {
        let mut record = Record::new(layout);
        self.items(layout, "", &mut record)?;
        Ok(record)
    }

    fn items(&mut self, layout: &Layout, within: &str, record: &mut Record<'_>) -> Result<(), Error> {
        for item in layout.items() {
            let path = path_of(within, item);
            match item {
                Item::Field(field) if field.is_given() => {
                    let value = self.value(field, &path);
                    record.set(&path, value)?;
                }
                Item::Tail(field) => {
                    let value = self.wanted.values.get(&path).cloned();
                    record.set(&path, value.unwrap_or_else(|| limits::tail_between(field, &mut self.random)))?;
                }
                Item::Part(part) => self.items(&part.layout, &format!("{path}."), record)?,
                Item::Group(group) => self.group(group, within, record)?,
                Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => {}
            }
        }
        self.choices(layout, within, record)
    }

    fn value(&mut self, field: &Field, path: &str) -> Value {
        if let Some(value) = self.wanted.values.get(path).or_else(|| self.marks.get(path)) {
            return value.clone();
        }
        let place = without_indices(path);
        let bound = self.bounds.get(&place);
        // Beside a number at its limit, the others of the same sum must add nothing.
        if bound.is_some() && self.wanted.values.keys().any(|wanted| without_indices(wanted) == place) {
            return limits::nothing(field);
        }
        limits::between(field, bound, self.few_digits, &mut self.random)
    }

    fn group(&mut self, group: &Group, within: &str, record: &mut Record<'_>) -> Result<(), Error> {
        let path = format!("{within}{}", group.name);
        let count = match group.repeat {
            Repeat::Fixed(count) => count,
            _ => self.wanted.counts.get(&path).copied().unwrap_or(1).min(group.repeat.max()),
        };
        for index in 0..count {
            if !matches!(group.repeat, Repeat::Fixed(_)) {
                record.push_entry(&path)?;
            }
            self.items(&group.layout, &format!("{path}[{index}]."), record)?;
        }
        let Some(page) = &group.page else { return Ok(()) };
        let start = format!("{within}{}", page.start);
        let total = format!("{within}{}", page.total);
        let wanted = |path: &String| match self.wanted.values.get(path) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        // The page must be inside the list: the other number follows from the wanted one.
        let first = wanted(&start).unwrap_or(1);
        let entries = i128::try_from(count).unwrap_or(i128::MAX);
        let all = wanted(&total).unwrap_or_else(|| first.saturating_sub(1).saturating_add(entries).max(0));
        record.set(&start, Value::Number(first))?;
        record.set(&total, Value::Number(all))
    }

    /// Selects the case of each choice, and fills it. Choices with the same field get the cases of one code.
    fn choices(&mut self, layout: &Layout, within: &str, record: &mut Record<'_>) -> Result<(), Error> {
        let mut decided: Vec<(&str, String)> = Vec::new();
        for (index, item) in layout.items().iter().enumerate() {
            let Item::Choice(choice) = item else { continue };
            let Some(decider) = layout.decider_of(index) else { continue };
            let by = format!("{within}{}", choice.by);
            let marked = || match self.marks.get(&by) {
                Some(Value::Text(code)) => Some(code.to_string()),
                _ => None,
            };
            let earlier = || decided.iter().find(|(path, _)| *path == choice.by).map(|(_, code)| code.clone());
            let wanted = self.wanted.codes.get(&by).cloned();
            let code = wanted.or_else(marked).or_else(earlier).or_else(|| codes(choice, decider).into_iter().next());
            let code = code.unwrap_or_default();
            record.set(&by, code.as_str())?;
            if let Some(number) = choice.case_with(&code)
                && let Some(case) = choice.cases().get(number)
            {
                let path = format!("{within}{}", choice.name);
                // By its number, because two cases can have the same part and so the same name.
                record.set(&path, Value::Choice(number, Record::new(&case.layout).values().to_vec()))?;
                self.items(&case.layout, &format!("{path}."), record)?;
            }
            decided.push((&choice.by, code));
        }
        Ok(())
    }
}

/// The codes with which a choice is shown: those of its cases, one that no case names if there is a case for it, and all codes of the
/// field's list.
pub(super) fn codes(choice: &Choice, decider: &Field) -> Vec<String> {
    let mut codes: Vec<String> =
        choice.cases().iter().flat_map(|case| case.codes.iter()).map(|code| code.to_string()).collect();
    if let Kind::Code(rule) = &decider.kind {
        for known in rule.codes.iter().map(|known| known.code.to_string()) {
            if !codes.contains(&known) && choice.case_with(&known).is_some() {
                codes.push(known);
            }
        }
    }
    let is_named = |code: &str| choice.cases().iter().any(|case| case.codes.iter().any(|known| known == code));
    let is_open = choice.cases().iter().any(|case| case.codes.is_empty());
    if is_open && codes.iter().all(|code| is_named(code)) {
        let len = match &decider.kind {
            Kind::Digits(rule) if !rule.encoding.is_zoned() => rule.capacity(decider.len),
            _ => decider.len,
        };
        let strange = ["9", "8", "7", "6", "5"].map(|digit| digit.repeat(len));
        codes.extend(strange.into_iter().find(|code| !is_named(code)));
    }
    codes
}

/// The path of an item. The entry of an array has no name: its path is that of the entry.
pub(super) fn path_of(within: &str, item: &Item) -> String {
    match item.name() {
        Some(name) => format!("{within}{name}"),
        None => within.trim_end_matches('.').to_owned(),
    }
}

/// `items[3].amount` → `items.amount`
pub(super) fn without_indices(path: &str) -> String {
    let mut within = false;
    path.chars()
        .filter(|character| {
            within = *character == '[' || within && *character != ']';
            !within && *character != ']'
        })
        .collect()
}
