//! Reads rules, and what an answer of theirs is like: action, rate, delay.

use std::ops::RangeInclusive;
use std::time::Duration;

use fep_spec::document::{Located, Table};
use fep_spec::report::Code;

use super::Reader;
use crate::simulate::scenario::{Delay, Percentile, Rule, ScenarioAction};

/// The longest duration in a scenario, in milliseconds: one hour.
pub(super) const WAIT_MAX_MS: u64 = 3_600_000;
const HOLD_MAX: usize = 1000;
/// The largest difference that `wrong_length` makes, in bytes.
const WRONG_BYTES_MAX: i16 = 1000;
/// The longest name of a rule, in bytes.
const NAME_MAX_BYTES: usize = 64;

impl Reader<'_> {
    pub(super) fn rule(&self, table: Table<'_>) -> Option<Rule> {
        let name = table.string("name").and_then(|name| self.rule_name(name));
        let named = table.string("telegram");
        let telegram = named.clone().and_then(|name| self.telegram(name));
        let answer = telegram.and_then(|telegram| telegram.answer.as_deref()).and_then(|name| self.spec.telegram(name));
        if let (Some(name), Some(_), None) = (&named, telegram, answer) {
            self.not_a_request(name);
        }
        let when = table.table("when").map(|when| self.when(when, telegram.map(|telegram| &telegram.layout)));
        let recall = self.paths(table.get("recall"), |path| match telegram {
            Some(telegram) => {
                self.known_in(&telegram.layout, path);
            }
            None => {
                self.known_somewhere(path);
            }
        });
        let at = table.table("at").map(|at| self.calendar(at));
        let count = |key, least| table.integer(key, least..=i64::MAX).map(|count| count.value.unsigned_abs());
        let skip = count("skip", 0).unwrap_or_default();
        let every = count("every", 1);
        let times = count("times", 1);
        let per_10000 = self.rate(&table);
        let delay = self.delay(&table);
        let action = self.action(&table);
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        match answer {
            Some(answer) => self.check_set(&answer.layout, &set),
            None => set.iter().for_each(|(place, assignment)| {
                self.known_somewhere(Located { value: assignment.path.as_str(), span: place.clone() });
            }),
        }
        table.finish();
        Some(Rule {
            name,
            telegram: named.map(|name| name.value.to_owned()),
            when: when.unwrap_or_default(),
            recall,
            at,
            skip,
            every,
            per_10000,
            times,
            action: action?,
            delay,
            set: set.into_iter().map(|(_, assignment)| assignment).collect(),
        })
    }

    fn action(&self, table: &Table<'_>) -> Option<ScenarioAction> {
        let words = [
            ScenarioAction::Answer,
            ScenarioAction::Decline,
            ScenarioAction::Late,
            ScenarioAction::Silence,
            ScenarioAction::Lost,
            ScenarioAction::OtherLink,
            ScenarioAction::WrongTrace,
            ScenarioAction::Duplicate,
            ScenarioAction::HalfFrame,
            ScenarioAction::Disconnect,
            ScenarioAction::Garbage,
            ScenarioAction::WrongLength { bytes: -1 },
            ScenarioAction::BadLength,
            ScenarioAction::Glued { hold: 2, hold_max: Duration::from_millis(500) },
        ];
        let action = table.required("action")?.choice(&words.map(|action| (action.name(), action)))?;
        match action.value {
            ScenarioAction::Glued { hold, hold_max } => Some(ScenarioAction::Glued {
                hold: table
                    .integer("hold", 2..=i64::try_from(HOLD_MAX).unwrap_or(i64::MAX))
                    .map_or(hold, |hold| usize::try_from(hold.value).unwrap_or(HOLD_MAX)),
                hold_max: milliseconds(table, "hold_max_ms", 1..=WAIT_MAX_MS).unwrap_or(hold_max),
            }),
            ScenarioAction::WrongLength { bytes } => {
                let given = table.integer("bytes", -WRONG_BYTES_MAX..=WRONG_BYTES_MAX);
                if let Some(none) = given.as_ref().filter(|bytes| bytes.value == 0) {
                    let message = "with 0 bytes more, the length is right";
                    self.document.error(Code::OutOfRange, none.span.clone(), message);
                }
                Some(ScenarioAction::WrongLength { bytes: given.map_or(bytes, |bytes| bytes.value) })
            }
            ScenarioAction::Decline if !table.has("set") => {
                let message = "`decline` needs `set`: the fields of the answer that say so";
                self.document.error(Code::MissingKey, action.span, message);
                None
            }
            ScenarioAction::Late if !table.has("delay_ms") && !table.has("latency") => {
                let message = "`late` needs `delay_ms` or `latency`: longer than the other side waits";
                self.document.error(Code::MissingKey, action.span, message);
                None
            }
            other => Some(other),
        }
    }

    /// A name is a part of a path of the API, so it is short and plain.
    fn rule_name(&self, name: Located<&str>) -> Option<String> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.value.is_empty() || name.value.len() > NAME_MAX_BYTES || !name.value.bytes().all(is_plain) {
            let message = format!("`{}` is no name for a rule", name.value.escape_debug());
            let hint = format!("letters, digits, - and _, at most {NAME_MAX_BYTES}: no-answer");
            self.document.error_hint(Code::BadName, name.span, message, hint);
            return None;
        }
        Some(name.value.to_owned())
    }

    /// `percent` or `per_10000`, as a number of ten thousand.
    fn rate(&self, table: &Table<'_>) -> Option<u16> {
        let percent = table.integer("percent", 0..=100_u16);
        let fine = table.integer("per_10000", 0..=10_000_u16);
        if let (Some(percent), Some(_)) = (&percent, &fine) {
            let message = "`percent` stands beside `per_10000`: write one of them";
            self.document.error(Code::ConflictingKeys, percent.span.clone(), message);
        }
        fine.map(|rate| rate.value).or(percent.map(|percent| percent.value * 100))
    }

    /// `delay_ms` and `jitter_ms`, or `latency`.
    pub(super) fn delay(&self, table: &Table<'_>) -> Option<Delay> {
        let least = milliseconds(table, "delay_ms", 0..=WAIT_MAX_MS);
        let spread = milliseconds(table, "jitter_ms", 0..=WAIT_MAX_MS);
        let Some(latency) = table.table("latency") else {
            return (least.is_some() || spread.is_some())
                .then(|| Delay::Even { least: least.unwrap_or_default(), spread: spread.unwrap_or_default() });
        };
        if let Some(place) = ["delay_ms", "jitter_ms"].into_iter().find_map(|key| table.key_span(key)) {
            let message = "`latency` says all about the delay: leave out `delay_ms` and `jitter_ms`";
            self.document.error(Code::ConflictingKeys, place, message);
        }
        let delay = self.latency(&latency);
        latency.finish();
        delay
    }

    fn latency(&self, table: &Table<'_>) -> Option<Delay> {
        let mean = milliseconds(table, "mean_ms", 0..=WAIT_MAX_MS);
        let deviation = milliseconds(table, "deviation_ms", 0..=WAIT_MAX_MS);
        let mut points: Vec<Percentile> = Vec::new();
        for (key, per_mille) in Percentile::KEYS {
            let Some(within) = table.integer(key, 0..=WAIT_MAX_MS) else { continue };
            let point = Percentile { per_mille, within: Duration::from_millis(within.value) };
            if points.last().is_some_and(|below| below.within > point.within) {
                let message = format!("`{key}` is below the value before it");
                self.document.error(Code::OutOfRange, within.span, message);
            }
            points.push(point);
        }
        let is_measured = Percentile::KEYS.iter().any(|(key, _)| table.has(key));
        match (is_measured, table.has("mean_ms")) {
            (true, false) if table.has("max_ms") => return Some(Delay::Measured(points)),
            (true, false) => {
                let hint = "the longest answer: nothing takes longer";
                self.document.error_hint(Code::MissingKey, table.span(), "`max_ms` is missing", hint);
            }
            (false, true) => {
                return mean.map(|mean| match deviation {
                    Some(deviation) => Delay::Normal { mean, deviation },
                    None => Delay::Exponential { mean },
                });
            }
            _ => {
                let hint = "{ p50_ms = 12, p99_ms = 400, max_ms = 3000 }, { mean_ms = 20 } or { mean_ms = 20, deviation_ms = 5 }";
                self.document.error_hint(Code::MissingKey, table.span(), "which distribution is it?", hint);
            }
        }
        None
    }
}

pub(super) fn milliseconds(table: &Table<'_>, key: &'static str, range: RangeInclusive<u64>) -> Option<Duration> {
    table.integer(key, range).map(|ms| Duration::from_millis(ms.value))
}
