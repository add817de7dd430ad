//! What the institution keeps under keys (`[[state]]`). It takes the fields of a request, or a day, and changes its entries completely or not at all. It
//! knows neither bytes nor a clock: callers pass the date.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use fep_codec::layout::Kind;
use fep_codec::{Layout, Record, json};
use serde_json::{Map, Value as Json};
use tracing::warn;

use super::bank::money;
use super::compose;
use super::scenario::{Assignment, Change, Facts, NoValue, StateTable};
use crate::time::{self, DAY_MS, Rfc3339};

/// How many days are made up for if the clock jumps: about thirty years.
const DAYS_MAX: i64 = 11_000;

/// How many notices of days wait at most until a link takes them.
const WAITING_MAX: usize = 10_000;

/// All entries.
#[derive(Debug)]
pub(super) struct Kept {
    tables: Vec<KeptTable>,
    /// The last day that was carried out, in days since 1970-01-01.
    passed: Option<i64>,
    /// Frames of notices that no link has taken yet.
    pub(super) waiting: VecDeque<Vec<u8>>,
}

#[derive(Debug)]
struct KeptTable {
    terms: Arc<StateTable>,
    entries: BTreeMap<String, Entry>,
}

/// What is kept under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    numbers: BTreeMap<String, i128>,
    texts: BTreeMap<String, Json>,
}

/// What a request did.
#[derive(Debug)]
pub(super) struct Done {
    terms: Arc<StateTable>,
    step: usize,
    pub(super) entry: Entry,
}

/// What a day has the institution send.
#[derive(Debug)]
pub(super) struct DayNotice {
    pub(super) telegram: String,
    pub(super) set: Vec<Assignment>,
    pub(super) entry: Entry,
}

/// A request, as the entries see it.
pub(super) struct Asked<'a> {
    /// The name of its telegram.
    pub(super) telegram: &'a str,
    pub(super) layout: &'a Layout,
    pub(super) fields: &'a Map<String, Json>,
}

/// What a formula is about.
struct About<'a> {
    today: i64,
    exists: bool,
    entry: &'a Entry,
    asked: Option<&'a Asked<'a>>,
    terms: &'a StateTable,
}

impl Kept {
    pub(super) fn new(tables: &[StateTable]) -> Self {
        let tables = tables.iter().map(|terms| KeptTable { terms: Arc::new(terms.clone()), entries: BTreeMap::new() });
        Self { tables: tables.collect(), passed: None, waiting: VecDeque::new() }
    }

    /// Carries out a request. `None` if no step fits it: then nothing changes.
    pub(super) fn carry_out(&mut self, asked: &Asked<'_>, today: i64) -> Option<Done> {
        self.tables.iter_mut().find_map(|table| table.carry_out(asked, today))
    }

    /// Carries out the next day, up to this one. A clock that was set back changes nothing until it shows a new day. Returns the notices of the
    /// day, or `None` if there was no day left.
    pub(super) fn pass(&mut self, today: i64) -> Option<Vec<DayNotice>> {
        let passed = *self.passed.get_or_insert(today);
        if self.tables.iter().all(|table| table.terms.daily.is_empty()) || today <= passed {
            self.passed = Some(passed.max(today));
            return None;
        }
        if today - passed > DAYS_MAX {
            warn!(days = today - passed, max = DAYS_MAX, "the clock jumped too far: the first days are left out");
        }
        let day = (passed + 1).max(today - DAYS_MAX);
        self.passed = Some(day);
        let mut notices = Vec::new();
        let room = WAITING_MAX.saturating_sub(self.waiting.len());
        let dropped: usize = self.tables.iter_mut().map(|table| table.pass(day, &mut notices, room)).sum();
        if dropped > 0 {
            warn!(dropped, max = WAITING_MAX, "notices of a day are dropped: too many wait for a link");
        }
        Some(notices)
    }

    /// Keeps a notice until a link takes it.
    pub(super) fn wait(&mut self, frame: Vec<u8>) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(frame);
        }
    }

    /// The number of entries of each table, by its name.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tables.iter().map(|table| (&*table.terms.name, table.entries.len()))
    }

    /// An entry of a table as JSON. A number is a text if JSON may round it.
    pub(super) fn shown(&self, name: &str, key: &str) -> Option<Json> {
        let table = self.tables.iter().find(|table| table.terms.name == name)?;
        let Entry { numbers, texts } = table.entries.get(key)?;
        let number = |number: &i128| i64::try_from(*number).map_or_else(|_| number.to_string().into(), Json::from);
        let numbers = numbers.iter().map(|(name, value)| (name.clone(), number(value)));
        Some(Json::Object(numbers.chain(texts.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()))
    }
}

impl KeptTable {
    fn carry_out(&mut self, asked: &Asked<'_>, today: i64) -> Option<Done> {
        let terms = Arc::clone(&self.terms);
        let key = json::get(asked.fields, &terms.key).map(compose::text).filter(|key| !key.trim().is_empty())?;
        let known = self.entries.get(&key);
        let exists = known.is_some();
        let before = known.cloned().unwrap_or_default();
        let about = About { today, exists, entry: &before, asked: Some(asked), terms: &terms };
        let fits = |step: &super::scenario::StateStep| {
            step.telegram == asked.telegram && step.when.as_ref().is_none_or(|when| is_so(when.value(&about), &terms))
        };
        let number = terms.on.iter().position(fits)?;
        let step = terms.on.get(number)?;
        let entry = changed(&step.change, &about)?;
        if step.remove {
            self.entries.remove(&key);
        } else if step.change.is_none() {
            // A question makes no entry.
        } else if exists || self.entries.len() < terms.entries_max {
            self.entries.insert(key, entry.clone());
        } else {
            warn!(table = terms.name, max = terms.entries_max, "no further entry is kept");
            return None;
        }
        Some(Done { terms, step: number, entry })
    }

    /// Carries out a day. No more notices than `room` are made; returns how many were not.
    fn pass(&mut self, day: i64, notices: &mut Vec<DayNotice>, room: usize) -> usize {
        let mut dropped = 0;
        let terms = &self.terms;
        self.entries.retain(|_, entry| {
            for daily in &terms.daily {
                let about = About { today: day, exists: true, entry, asked: None, terms };
                if !is_so(daily.when.value(&about), terms) {
                    continue;
                }
                let Some(after) = changed(&daily.change, &about) else { continue };
                *entry = after;
                if let Some(telegram) = &daily.notice {
                    if notices.len() < room {
                        let set = daily.set.clone();
                        notices.push(DayNotice { telegram: telegram.clone(), set, entry: entry.clone() });
                    } else {
                        dropped += 1;
                    }
                }
                if daily.remove {
                    return false;
                }
            }
            true
        });
        dropped
    }
}

/// Whether a condition holds. One without a value does not.
fn is_so(value: Result<i128, NoValue>, terms: &StateTable) -> bool {
    value.unwrap_or_else(|why| {
        warn!(table = terms.name, %why, "a condition has no value, so it does not hold");
        0
    }) != 0
}

/// The entry after a change, or `None` if one of its formulas has no value: then nothing changes.
fn changed(change: &Change, about: &About<'_>) -> Option<Entry> {
    let mut after = about.entry.clone();
    for (name, formula) in &change.formulas {
        let value = formula.value(&About { entry: &after, ..*about });
        match value {
            Ok(value) => drop(after.numbers.insert(name.clone(), value)),
            Err(why) => {
                warn!(table = about.terms.name, name, %why, "a formula has no value, so nothing changes");
                return None;
            }
        }
    }
    for (name, path) in &change.keep {
        let value = about.asked.and_then(|asked| json::get(asked.fields, path)).cloned();
        after.texts.insert(name.clone(), value.unwrap_or_default());
    }
    Some(after)
}

impl Facts for About<'_> {
    fn today(&self) -> i64 {
        self.today
    }

    fn exists(&self) -> bool {
        self.exists
    }

    fn name(&self, name: &str) -> i128 {
        self.entry.numbers.get(name).copied().unwrap_or_default()
    }

    fn request(&self, path: &str) -> Option<i128> {
        let asked = self.asked?;
        let value = json::get(asked.fields, path)?;
        match kind_of(asked.layout, path) {
            Some(Kind::Date(_)) => match value {
                Json::Null => Some(0),
                date => Some(time::parse(date.as_str()?).ok()?.div_euclid(DAY_MS).into()),
            },
            kind => money::read(asked.layout, path, value, decimals(kind.as_ref())).map(Into::into),
        }
    }

    fn is_holiday(&self, day: i64) -> bool {
        self.terms.holidays.contains(&day)
    }
}

impl Entry {
    /// What is kept under a name, as the field at this path takes it. `None` if there is nothing that it takes.
    pub(super) fn value(&self, name: &str, layout: &Layout, path: &str) -> Option<Json> {
        if let Some(text) = self.texts.get(name) {
            return Some(text.clone());
        }
        let number = i64::try_from(self.numbers.get(name).copied().unwrap_or_default()).ok()?;
        match kind_of(layout, path) {
            Some(Kind::Date(_)) if number == 0 => Some(Json::Null),
            Some(Kind::Date(_)) => {
                let text = Rfc3339(number.checked_mul(DAY_MS)?).to_string();
                text.split_once('T').map(|(date, _)| date.into())
            }
            kind => Some(money::write(layout, path, number, decimals(kind.as_ref()))),
        }
    }
}

impl Done {
    /// The fields of the answer.
    pub(super) fn set(&self) -> &[Assignment] {
        self.terms.on.get(self.step).map_or(&[], |step| &step.set)
    }
}

fn kind_of(layout: &Layout, path: &str) -> Option<Kind> {
    Record::new(layout).field(path).map(|(field, _)| field.kind.clone())
}

/// The decimals of a number, so that `6.000` percent with three of them is 6000.
fn decimals(kind: Option<&Kind>) -> u8 {
    match kind {
        Some(Kind::Number(rule)) => u8::try_from(rule.scale).unwrap_or(0),
        _ => 0,
    }
}
