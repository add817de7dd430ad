//! `[alarms.rules.NAME]`: what is measured, and the limits.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fep_codec::layout::Kind;
use fep_protocol::alarm::AlarmHolds;
use fep_protocol::alarm::measure::{DAYS_MIN, Ending, Measurement};
use fep_protocol::zone::TimeZone;
use fep_spec::document::{Table, Value, instead};
use fep_spec::report::Code;

use super::{AlarmRule, AmountField, long_ms};
use crate::config::InstitutionConfig;
use crate::config::hours::calendar;
use crate::config::names::{check_name, telegram};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    NoTraffic,
    UnknownAge,
    ErrorRate,
    Latency,
    DeadLetters,
    Conflicts,
    Amount,
}

const WORDS: [(&str, Word); 7] = [
    ("no_traffic", Word::NoTraffic),
    ("unknown_age", Word::UnknownAge),
    ("error_rate", Word::ErrorRate),
    ("latency", Word::Latency),
    ("dead_letters", Word::DeadLetters),
    ("conflicts", Word::Conflicts),
    ("amount", Word::Amount),
];

/// The words of `failed`.
const ENDINGS: [(&str, Ending); 3] =
    [("declined", Ending::Declined), ("unknown", Ending::Unknown), ("not_sent", Ending::NotSent)];

impl Word {
    /// The keys that only some kinds have.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::NoTraffic => &["quiet_max_ms"],
            Self::UnknownAge => &["age_max_ms", "clear_age_ms"],
            Self::ErrorRate => &["window_ms", "count_min", "percent_max", "clear_percent", "times", "days", "failed"],
            Self::Latency => &["window_ms", "count_min", "z_max", "clear_z", "mean_min_ms", "days"],
            Self::DeadLetters => &["count_max", "clear_count"],
            Self::Conflicts => &["window_ms", "count_max", "clear_count"],
            Self::Amount => &["window_ms", "count_min", "telegram", "amount", "amount_max", "z_max"],
        }
    }
}

/// What rules refer to.
pub(super) struct Around<'a> {
    /// The names of the receivers.
    pub(super) receivers: &'a [&'a str],
    pub(super) institutions: &'a BTreeMap<String, InstitutionConfig>,
    /// Where files are.
    pub(super) folder: &'a Path,
    /// The clock of `hours`.
    pub(super) zone: TimeZone,
}

/// Reads all rules.
pub(super) fn read(table: &Table<'_>, around: &Around<'_>) -> BTreeMap<String, AlarmRule> {
    let mut rules = BTreeMap::new();
    for (name, value) in table.entries() {
        check_name(table.document(), &name);
        let Some(table) = value.table() else { continue };
        WORDS.iter().for_each(|(_, word)| table.knows(word.keys()));
        rules.extend(rule(&table, around).map(|rule| (name.value.to_owned(), rule)));
        table.finish();
    }
    rules
}

fn rule(table: &Table<'_>, around: &Around<'_>) -> Option<AlarmRule> {
    let Around { receivers, institutions, folder, zone } = *around;
    let known: Vec<&str> = institutions.keys().map(String::as_str).collect();
    let of = table.has("institutions").then(|| names(table, "institutions", "institution", &known));
    let to = if table.required("to").is_some() { names(table, "to", "receiver", receivers) } else { Vec::new() };
    let holds = AlarmHolds {
        raise_after: long_ms(table, "raise_after_ms", 0).unwrap_or_default(),
        clear_after: long_ms(table, "clear_after_ms", 0).unwrap_or(Duration::from_secs(300)),
        remind_after: long_ms(table, "remind_after_ms", 60_000),
    };
    let only_while_open = table.boolean("only_while_open").is_some_and(|only| only.value);
    let hours = table.table("hours").map(|hours| {
        let calendar = calendar(&hours, zone, folder);
        hours.finish();
        calendar
    });
    let word = table.required("kind").and_then(|kind| kind.choice(&WORDS))?.value;
    foreign_keys(table, word);
    let amount = if word == Word::Amount { amount(table, of.as_deref(), institutions) } else { None };
    let measurement = measurement(table, word)?;
    Some(AlarmRule { institutions: of, to, holds, only_while_open, hours, measurement, amount })
}

/// Reports keys of other kinds: a limit that has no effect is one that somebody relies on.
fn foreign_keys(table: &Table<'_>, word: Word) {
    let name = |word: Word| WORDS.iter().find(|(_, known)| *known == word).map_or("", |(name, _)| *name);
    let mut told = Vec::new();
    for (_, other) in WORDS {
        for key in other.keys().iter().filter(|key| !word.keys().contains(key)) {
            let Some(span) = table.key_span(key).filter(|_| !told.contains(key)) else { continue };
            told.push(key);
            let message = format!("`{key}` has no meaning with `kind = \"{}\"`", name(word));
            let hint = format!("its keys are {}", word.keys().join(", "));
            table.document().error_hint(Code::ConflictingKeys, span, message, hint);
        }
    }
}

/// Reads a list of names, at least one, each of which must be known and stand there once.
fn names<'d>(table: &Table<'d>, key: &'d str, what: &str, known: &[&str]) -> Vec<String> {
    let all: Vec<_> = table.array(key).unwrap_or_default().into_iter().filter_map(Value::string).collect();
    if all.is_empty() {
        let span = table.key_span(key).unwrap_or_default();
        let hint = format!("name a {what}: {}", known.join(", "));
        table.document().error_hint(Code::Empty, span, format!("`{key}` is empty"), hint);
    }
    for (at, name) in all.iter().enumerate() {
        let refuse = |code, message: String, hint: String| {
            table.document().error_hint(code, name.span.clone(), message, hint);
        };
        if !known.contains(&name.value) {
            refuse(Code::UnknownName, format!("there is no {what} `{}`", name.value), instead(name.value, known));
        }
        if all.iter().take(at).any(|other| other.value == name.value) {
            refuse(Code::NameTaken, format!("`{}` is there twice", name.value), "name each once".to_owned());
        }
    }
    all.into_iter().map(|name| name.value.to_owned()).collect()
}

/// The field of the amount. Each institution of the rule must have it.
fn amount(
    table: &Table<'_>,
    of: Option<&[String]>,
    institutions: &BTreeMap<String, InstitutionConfig>,
) -> Option<AmountField> {
    let name = table.required_string("telegram");
    let path = table.required_string("amount");
    let name = name?;
    let path = path?;
    let is_of = |institution: &String| of.is_none_or(|of| of.contains(institution));
    for (institution, config) in institutions.iter().filter(|(name, _)| is_of(name)) {
        let Some(request) = telegram(table.document(), &config.spec, &name) else { continue };
        let field = request.layout.span(path.value).map(|span| span.field);
        let (message, hint) = match field {
            None => (
                format!("{} of {institution} has no field `{}` at a fixed place", name.value, path.value),
                "paths go through parts: header.trace_no",
            ),
            Some(field) if !matches!(field.kind, Kind::Number(_)) => {
                (format!("`{}` of {institution} is not a number", path.value), "name the field with the amount")
            }
            Some(_) => continue,
        };
        table.document().error_hint(Code::WrongReference, path.span.clone(), message, hint);
    }
    Some(AmountField { telegram: name.value.to_owned(), path: path.value.to_owned() })
}

fn measurement(table: &Table<'_>, word: Word) -> Option<Measurement> {
    let required_ms = |key: &'static str| {
        table.required(key)?;
        long_ms(table, key, 1)
    };
    let window = |default_s: u64| long_ms(table, "window_ms", 1000).unwrap_or(Duration::from_secs(default_s));
    let count = |key: &'static str, least: u64, default: u64| {
        table.integer(key, least..=1_000_000_000_u64).map_or(default, |count| count.value)
    };
    let number = |key: &'static str, range: std::ops::RangeInclusive<u32>| table.integer(key, range).map(|it| it.value);
    let days = || number("days", DAYS_MIN..=20).unwrap_or(5);
    let found = match word {
        Word::NoTraffic => Measurement::NoTraffic { quiet_max: required_ms("quiet_max_ms")? },
        Word::UnknownAge => {
            let age_max = required_ms("age_max_ms")?;
            Measurement::UnknownAge { age_max, clear_age: long_ms(table, "clear_age_ms", 0).unwrap_or(age_max) }
        }
        Word::ErrorRate => {
            table.required("percent_max")?;
            let percent_max = number("percent_max", 0..=99)?;
            Measurement::ErrorRate {
                window: window(300),
                count_min: count("count_min", 1, 20),
                percent_max,
                clear_percent: number("clear_percent", 0..=99).unwrap_or(percent_max),
                times: number("times", 1..=100),
                days: days(),
                failed: failed(table),
            }
        }
        Word::Latency => {
            let z_max = number("z_max", 1..=100).unwrap_or(4);
            Measurement::Latency {
                window: window(300),
                count_min: count("count_min", 2, 50),
                z_max,
                clear_z: number("clear_z", 0..=100).unwrap_or(z_max),
                mean_min: long_ms(table, "mean_min_ms", 0).unwrap_or(Duration::from_millis(100)),
                days: days(),
            }
        }
        Word::DeadLetters => {
            let count_max = count("count_max", 0, 0);
            Measurement::DeadLetters { count_max, clear_count: count("clear_count", 0, count_max) }
        }
        Word::Conflicts => {
            let count_max = count("count_max", 0, 0);
            let clear_count = count("clear_count", 0, count_max);
            Measurement::Conflicts { window: window(3600), count_max, clear_count }
        }
        Word::Amount => amounts(table, window(3600), count("count_min", 10, 1000)),
    };
    clears_below(table, &found);
    Some(found)
}

fn amounts(table: &Table<'_>, window: Duration, count_min: u64) -> Measurement {
    let amount_max = table.integer("amount_max", 0..=u64::MAX >> 1).map(|max| max.value);
    let z_max = table.integer("z_max", 1..=100_u32).map(|max| max.value);
    if amount_max.is_none() && z_max.is_none() && !table.has("amount_max") && !table.has("z_max") {
        let message = "the rule has neither `amount_max` nor `z_max`, so no amount is unusual";
        let hint = "write `amount_max`, the highest usual amount, or `z_max`, such as 5";
        table.document().error_hint(Code::MissingKey, table.span(), message, hint);
    }
    Measurement::Amounts { window, amount_max, z_max, count_min }
}

fn failed(table: &Table<'_>) -> Vec<Ending> {
    let Some(all) = table.array("failed") else { return vec![Ending::Unknown, Ending::NotSent] };
    let found: Vec<_> = all.into_iter().filter_map(|word| word.choice(&ENDINGS)).map(|word| word.value).collect();
    if found.is_empty() {
        let span = table.key_span("failed").unwrap_or_default();
        let hint = "such as [\"unknown\", \"not_sent\", \"declined\"]";
        table.document().error_hint(Code::Empty, span, "`failed` is empty, so nothing is a failure", hint);
    }
    found
}

/// A limit that clears and is higher than the one that raises would raise and clear at the same time.
fn clears_below(table: &Table<'_>, found: &Measurement) {
    let (clear, max, is_wrong) = match found {
        Measurement::UnknownAge { age_max, clear_age } => ("clear_age_ms", "age_max_ms", clear_age > age_max),
        Measurement::ErrorRate { percent_max, clear_percent, .. } => {
            ("clear_percent", "percent_max", clear_percent > percent_max)
        }
        Measurement::Latency { z_max, clear_z, .. } => ("clear_z", "z_max", clear_z > z_max),
        Measurement::DeadLetters { count_max, clear_count } | Measurement::Conflicts { count_max, clear_count, .. } => {
            ("clear_count", "count_max", clear_count > count_max)
        }
        Measurement::NoTraffic { .. } | Measurement::Amounts { .. } => return,
    };
    if is_wrong {
        let span = table.key_span(clear).unwrap_or_default();
        let hint = "an alarm clears at the same value as it is raised, or at a lower one";
        table.document().error_hint(Code::ConflictingKeys, span, format!("`{clear}` is higher than `{max}`"), hint);
    }
}
