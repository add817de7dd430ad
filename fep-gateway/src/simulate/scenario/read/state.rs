//! Reads `[[state]]` and checks it against the spec: telegrams, fields, and the names that formulas use.

use std::collections::{BTreeSet, HashSet};

use fep_codec::Layout;
use fep_protocol::calendar::{Calendar, DayHours};
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::report::Code;

use super::Reader;
use crate::config::hours::holidays;
use crate::simulate::scenario::formula::Formula;
use crate::simulate::scenario::{Change, StateDaily, StateStep, StateTable};

/// How many tables there may be.
const TABLES_MAX: usize = 100;
/// How many steps a table may have, for requests and for days each.
const STEPS_MAX: usize = 1000;
/// How many changes a step may have.
const CHANGES_MAX: usize = 100;
/// The default and the largest `entries_max`.
const ENTRIES: usize = 10_000;
const ENTRIES_MAX: usize = 1_000_000;

/// The words of formulas, which no number can have as its name.
const WORDS: [&str; 3] = ["today", "exists", "request"];

/// What formulas and `<state.NAME>` may name.
#[derive(Default)]
struct Names {
    numbers: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl<'s> Reader<'s> {
    pub(super) fn state(&self, root: &Table<'_>) -> Vec<Option<StateTable>> {
        let tables = self.tables(root, "state", |table| self.state_table(table));
        let place = root.key_span("state").unwrap_or_default();
        self.at_most(&place, "tables", tables.len(), TABLES_MAX);
        let mut names = HashSet::new();
        if let Some(table) = tables.iter().flatten().find(|table| !names.insert(&*table.name)) {
            self.document.error(Code::NameTaken, place, format!("two tables of `state` are called {}", table.name));
        }
        tables
    }

    fn at_most(&self, place: &std::ops::Range<usize>, what: &str, count: usize, max: usize) {
        if count > max {
            let message = format!("there are {count} {what}, at most {max} are allowed");
            self.document.error(Code::OutOfRange, place.clone(), message);
        }
    }

    fn state_table(&self, table: Table<'_>) -> Option<StateTable> {
        let name = table.required_string("name");
        let key = table.required_string("key").map(|key| self.known_somewhere(key));
        let entries_max = table.integer("entries_max", 1..=ENTRIES_MAX).map_or(ENTRIES, |max| max.value);
        let mut special = Calendar::always(0);
        holidays(&table, &mut special, self.folder());
        let closed = special.special_days().filter(|(_, hours)| **hours == DayHours::closed());
        let holidays = closed.map(|(day, _)| day).collect();
        let names = self.state_names(&table);
        let own = key.as_deref().unwrap_or_default();
        let on = self.tables(&table, "on", |step| self.state_step(step, own, &names));
        let daily = self.tables(&table, "daily", |step| self.state_daily(step, &names));
        for (word, count) in [("on", on.len()), ("daily", daily.len())] {
            self.at_most(&table.key_span(word).unwrap_or_default(), word, count, STEPS_MAX);
        }
        if on.is_empty() {
            let hint = "write [[state.on]]: which request makes an entry?";
            self.document.error_hint(Code::MissingKey, table.span(), "without requests there are no entries", hint);
        }
        table.finish();
        Some(StateTable {
            name: name?.value.to_owned(),
            key: key?,
            entries_max,
            holidays,
            on: on.into_iter().collect::<Option<_>>()?,
            daily: daily.into_iter().collect::<Option<_>>()?,
        })
    }

    /// What the steps of a table set. Mistakes are reported when the steps are read.
    fn state_names(&self, table: &Table<'_>) -> Names {
        let mut names = Names::default();
        for word in ["on", "daily"] {
            for step in table.array(word).unwrap_or_default().into_iter().filter_map(Value::table) {
                for text in step.array("do").unwrap_or_default().into_iter().filter_map(Value::string) {
                    names.numbers.extend(text.value.split_once('=').map(|(name, _)| name.trim().to_owned()));
                }
                let keep = step.table("keep").map_or_else(Vec::new, |keep| keep.entries());
                names.texts.extend(keep.into_iter().map(|(name, _)| name.value.to_owned()));
            }
        }
        names
    }

    fn state_step(&self, table: Table<'_>, key: &str, names: &Names) -> Option<StateStep> {
        let named = table.required_string("telegram");
        let telegram = named.clone().and_then(|name| self.telegram(name));
        let answer = telegram.and_then(|telegram| telegram.answer.as_deref()).and_then(|name| self.spec.telegram(name));
        if let (Some(name), Some(_), None) = (&named, telegram, answer) {
            self.not_a_request(name);
        }
        let layout = telegram.map(|telegram| &telegram.layout);
        if let (Some(layout), Some(name)) = (layout, &named) {
            self.known_in(layout, Located { value: key, span: name.span.clone() });
        }
        let when = table.string("when").map(|text| self.formula(&text, layout, names));
        let mut change = self.change(&table, layout, names);
        for (name, value) in table.table("keep").map_or_else(Vec::new, |keep| keep.entries()) {
            let Some(path) = value.string() else { continue };
            self.is_name(&name);
            if names.numbers.contains(name.value) {
                let message = format!("`{}` is a number, too: `do` sets it", name.value);
                self.document.error_hint(Code::NameTaken, name.span.clone(), message, "give one of them another name");
            }
            if layout.is_some_and(|layout| self.known_in(layout, path.clone())) {
                change.keep.push((name.value.to_owned(), path.value.to_owned()));
            }
        }
        let remove = table.boolean("remove").is_some_and(|remove| remove.value);
        let set = self.state_set(&table, answer.map(|answer| &answer.layout), names);
        table.finish();
        let when = when.map_or(Some(None), |when| when.map(Some));
        Some(StateStep { telegram: answer.and(named)?.value.to_owned(), when: when?, change, remove, set })
    }

    fn state_daily(&self, table: Table<'_>, names: &Names) -> Option<StateDaily> {
        let when = table.required_string("when").and_then(|text| self.formula(&text, None, names));
        let change = self.change(&table, None, names);
        let remove = table.boolean("remove").is_some_and(|remove| remove.value);
        let notice = table.string("notice").map(|name| self.telegram(name));
        let layout = notice.flatten().map(|telegram| &telegram.layout);
        let set = self.state_set(&table, layout, names);
        if notice.is_none() && table.has("set") {
            let place = table.key_span("set").unwrap_or_default();
            self.document.error_hint(Code::MissingKey, place, "`set` has no telegram", "write `notice = …`");
        }
        table.finish();
        let notice = notice.map_or(Some(None), |notice| notice.map(|notice| Some(notice.name().to_owned())));
        Some(StateDaily { when: when?, change, remove, notice: notice?, set })
    }

    /// Reads `do`.
    fn change(&self, table: &Table<'_>, layout: Option<&Layout>, names: &Names) -> Change {
        let texts = table.array("do").unwrap_or_default();
        self.at_most(&table.key_span("do").unwrap_or_default(), "changes", texts.len(), CHANGES_MAX);
        let mut change = Change::default();
        for text in texts.into_iter().filter_map(Value::string) {
            let Some((name, formula)) = text.value.split_once('=').filter(|(_, rest)| !rest.starts_with('=')) else {
                let message = format!("`{}` changes nothing", text.value.escape_debug());
                let hint = "a change is written \"turn = turn + 1\"";
                self.document.error_hint(Code::BadValue, text.span, message, hint);
                continue;
            };
            let name = Located { value: name.trim(), span: text.span.clone() };
            self.is_name(&name);
            let formula = self.formula(&Located { value: formula, span: text.span }, layout, names);
            change.formulas.extend(formula.map(|formula| (name.value.to_owned(), formula)));
        }
        change
    }

    /// Reports a name that is none.
    fn is_name(&self, name: &Located<&str>) {
        let mut bytes = name.value.bytes();
        let begins = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
        let goes_on = bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !begins || !goes_on || WORDS.contains(&name.value) {
            let message = format!("`{}` cannot be a name", name.value.escape_debug());
            let hint = "a name has letters, digits and `_`, and is no word of formulas";
            self.document.error_hint(Code::BadValue, name.span.clone(), message, hint);
        }
    }

    /// Reads a formula about an entry, and about the request with this layout if there is one.
    fn formula(&self, text: &Located<&str>, layout: Option<&Layout>, names: &Names) -> Option<Formula> {
        let formula = match Formula::parse(text.value) {
            Ok(formula) => formula,
            Err((why, at)) => {
                let message = format!("no formula: {why}, at its byte {at}");
                self.document.error(Code::BadValue, text.span.clone(), message);
                return None;
            }
        };
        for path in formula.fields() {
            match layout {
                Some(layout) => {
                    self.known_in(layout, Located { value: path, span: text.span.clone() });
                }
                None => self.document.error_hint(
                    Code::WrongReference,
                    text.span.clone(),
                    format!("`request.{path}`: a day has no request"),
                    "keep what is needed when the request comes",
                ),
            }
        }
        for name in formula.names().into_iter().filter(|name| !names.numbers.contains(*name)) {
            let known: Vec<&str> = names.numbers.iter().map(String::as_str).chain(WORDS).collect();
            let message = format!("nothing sets the number `{name}`");
            self.document.error_hint(Code::UnknownName, text.span.clone(), message, instead(name, &known));
        }
        Some(formula)
    }

    /// Reads `set`, in which `<state.NAME>` is a value of the entry.
    fn state_set(
        &self,
        table: &Table<'_>,
        layout: Option<&Layout>,
        names: &Names,
    ) -> Vec<crate::simulate::scenario::Assignment> {
        let Some(set) = table.table("set") else { return Vec::new() };
        let known = names.numbers.iter().chain(&names.texts).cloned().collect();
        self.state_values.replace(Some(known));
        let set = self.assignments(set);
        self.state_values.replace(None);
        if let Some(layout) = layout {
            self.check_set(layout, &set);
        }
        set.into_iter().map(|(_, assignment)| assignment).collect()
    }
}
