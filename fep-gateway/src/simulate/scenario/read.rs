//! Reads a scenario file into a [`Scenario`] and checks it against its spec.

mod calendar;
mod fields;
mod rules;
mod state;
// They read times as rules do.
mod lines;
mod tls;
// It reads delays as rules do.
mod bank;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::time::Duration;

use fep_spec::document::{Document, Located, Table, Value};
use fep_spec::model::Spec;
use fep_spec::report::{Code, Report, Source};

use self::rules::WAIT_MAX_MS;
use super::{
    Answers, BankAccount, Remember, Replay, Rule, Scenario, ScenarioAction, ScenarioHandshake, ScenarioNotice,
    ScenarioSession,
};
use crate::business_clock::BaseTime;
use crate::config::Framing;
use crate::config::hours::zone;

/// The default limit of a frame, in bytes.
const FRAME_MAX_BYTES: usize = 9999;
/// The maximum number of rules.
pub(in crate::simulate) const RULES_MAX: usize = 1000;

impl Scenario {
    /// Reads a scenario file. The paths of certificates in it are relative to the folder of the source's name.
    ///
    /// # Errors
    /// If the file has mistakes. The report has all of them, each with its line and column.
    pub fn read(source: Source, spec: &Spec) -> Result<Self, Report> {
        read_one(source, spec, |reader, root| reader.scenario(root))
    }
}

impl Rule {
    /// Reads one rule. Its keys stand at the top of the text.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn read(source: Source, scenario: &Scenario, spec: &Spec) -> Result<Self, Report> {
        read_one(source, spec, |reader, root| {
            let place = root.span();
            let rule = reader.rule(root)?;
            reader.has_trace(scenario.trace.as_ref(), [&rule], place);
            Some(rule)
        })
    }
}

impl BankAccount {
    /// Reads one account. Its keys stand at the top of the text.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn read(source: Source, spec: &Spec) -> Result<Self, Report> {
        read_one(source, spec, |reader, root| reader.account(root))
    }
}

impl BaseTime {
    /// Reads a base time. Its keys stand at the top of the text.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub(in crate::simulate) fn read(source: Source, spec: &Spec) -> Result<Self, Report> {
        read_one(source, spec, |reader, root| reader.base_time(root))
    }
}

impl ScenarioNotice {
    /// Reads one telegram that is sent without a request. Its keys stand at the top of the text.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn read(source: Source, spec: &Spec) -> Result<Self, Report> {
        read_one(source, spec, |reader, root| reader.notice(root))
    }
}

impl ScenarioHandshake {
    /// Reads the array `handshakes`, which stands at the top of the text.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub(in crate::simulate) fn read_all(source: Source, spec: &Spec) -> Result<Vec<Self>, Report> {
        read_one(source, spec, |reader, root| {
            let _noted = root.required("handshakes");
            let handshakes = reader.tables(&root, "handshakes", |table| reader.handshake(table));
            root.finish();
            handshakes.into_iter().collect()
        })
    }
}

fn read_one<T>(
    source: Source,
    spec: &Spec,
    read: impl FnOnce(&Reader<'_>, Table<'_>) -> Option<T>,
) -> Result<T, Report> {
    let document = Document::new(source);
    let one = document.walk(|root| read(&Reader { document: &document, spec, state_values: RefCell::default() }, root));
    match one.flatten() {
        Some(one) if !document.has_errors() => Ok(one),
        _ => Err(document.into_report()),
    }
}

struct Reader<'s> {
    document: &'s Document,
    spec: &'s Spec,
    /// The values that `<state.NAME>` may name. `None` where there is no entry.
    state_values: RefCell<Option<BTreeSet<String>>>,
}

impl<'s> Reader<'s> {
    fn scenario(&self, root: Table<'_>) -> Option<Scenario> {
        let title = root.string("title").map_or(String::new(), |title| title.value.to_owned());
        let seed = root.integer("seed", 0..=i64::MAX).map_or(1, |seed| seed.value.unsigned_abs());
        let sequence_start = root.integer("sequence_start", 0..=i64::MAX).map_or(1, |start| start.value.unsigned_abs());
        let zone = zone(&root, -840..=840).unwrap_or_else(|| 540.into());
        let clock = root.table("clock").and_then(|table| self.base_time(table));
        let trace = root.string("trace").map(|trace| self.known_somewhere(trace));
        let framing = Framing::read(root.table("framing"), self.spec, FRAME_MAX_BYTES);
        let session = root.table("session").map(|table| self.session(table));
        let line = root.table("line").map(|table| self.line(table)).unwrap_or_default();
        let tls = root.table("tls").map(|table| self.tls(table, None));
        let handshakes = self.tables(&root, "handshakes", |table| self.handshake(table));
        let http = root.table("http").map(|table| self.http(table, &root));
        let poll = root.table("poll").and_then(|table| self.poll(table, &framing));
        let send_line = root.table("send_line").map(|table| self.send_line(table));
        let has_tls = tls.is_some() || line.tls.is_some() || send_line.iter().flatten().any(|line| line.tls.is_some());
        self.handshakes_are_made(&root, has_tls);
        let memory = root.table("memory").map(|table| self.memory(table));
        let bank = root.table("bank").map(|table| self.bank(table));
        let state = self.state(&root);
        let replay = root.table("replay").map(|table| self.replay(table));
        let answers = root.table("answers").map(|table| self.answers(table)).unwrap_or_default();
        let rules = self.tables(&root, "rules", |table| self.rule(table));
        if rules.len() > RULES_MAX {
            let message = format!("there are {} rules, at most {RULES_MAX} are allowed", rules.len());
            self.document.error(Code::OutOfRange, root.key_span("rules").unwrap_or_default(), message);
        }
        self.names_are_unique(&root, &rules);
        let notices = self.tables(&root, "notices", |table| self.notice(table));
        self.has_trace(trace.as_ref(), rules.iter().flatten(), root.key_span("rules").unwrap_or_default());
        root.finish();
        Some(Scenario {
            title,
            seed,
            sequence_start,
            zone,
            clock,
            trace,
            framing,
            session: session.flatten(),
            line,
            tls,
            http,
            handshakes: handshakes.into_iter().collect::<Option<_>>()?,
            poll,
            send_line: send_line.flatten(),
            memory,
            bank: bank.flatten(),
            state: state.into_iter().collect::<Option<_>>()?,
            replay,
            answers,
            rules: rules.into_iter().collect::<Option<_>>()?,
            notices: notices.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Notes that a rule falsifies the trace number, if nothing names it.
    fn has_trace<'r>(&self, trace: Option<&String>, rules: impl IntoIterator<Item = &'r Rule>, place: Range<usize>) {
        if trace.is_none() && rules.into_iter().any(|rule| rule.action == ScenarioAction::WrongTrace) {
            let message = "`wrong_trace` falsifies the field that `trace` names at the top of the file: it is missing";
            self.document.error(Code::MissingKey, place, message);
        }
    }

    fn names_are_unique(&self, root: &Table<'_>, rules: &[Option<Rule>]) {
        let mut names = HashSet::new();
        for name in rules.iter().enumerate().filter_map(|(number, rule)| Some(rule.as_ref()?.name_at(number))) {
            if !names.insert(name.clone()) {
                let message = format!("two rules have the name `{name}`");
                self.document.error(Code::NameTaken, root.key_span("rules").unwrap_or_default(), message);
            }
        }
    }

    fn tables<'d, T>(&self, root: &Table<'d>, key: &'d str, read: impl Fn(Table<'d>) -> Option<T>) -> Vec<Option<T>> {
        let values = root.array(key).unwrap_or_default();
        values.into_iter().map(|value| value.table().and_then(&read)).collect()
    }

    fn session(&self, table: Table<'_>) -> Option<ScenarioSession> {
        let open = table.required_string("open").and_then(|name| self.telegram(name));
        let close = table.string("close").and_then(|name| self.telegram(name));
        table.finish();
        Some(ScenarioSession {
            open: open?.layout.name.to_string(),
            close: close.map(|close| close.layout.name.to_string()),
        })
    }

    fn memory(&self, table: Table<'_>) -> Remember {
        let names = table.required("telegrams").and_then(Value::array).unwrap_or_default();
        let names: Vec<Located<&str>> = names.into_iter().filter_map(Value::string).collect();
        let telegrams: Vec<_> = names.into_iter().filter_map(|name| self.telegram(name)).collect();
        let key = self.paths(table.required("key"), |path| {
            telegrams.iter().for_each(|telegram| {
                self.known_in(&telegram.layout, path.clone());
            });
        });
        table.finish();
        Remember { telegrams: telegrams.iter().map(|telegram| telegram.name().to_owned()).collect(), key }
    }

    fn replay(&self, table: Table<'_>) -> Replay {
        let read = |value| {
            self.paths(value, |path| {
                self.known_somewhere(path);
            })
        };
        let key = read(table.required("key"));
        let same = read(table.get("same"));
        let copy = if table.has("copy") { read(table.get("copy")) } else { key.clone() };
        let timing = table.boolean("timing").is_some_and(|timing| timing.value);
        table.finish();
        Replay { key, same, copy, timing }
    }

    fn paths<'d>(&self, value: Option<Value<'d>>, check: impl Fn(Located<&'d str>)) -> Vec<String> {
        let paths = value.and_then(Value::array).unwrap_or_default();
        let paths = paths.into_iter().filter_map(Value::string);
        paths.inspect(|path| check(path.clone())).map(|path| path.value.to_owned()).collect()
    }

    fn answers(&self, table: Table<'_>) -> Answers {
        let delay = self.delay(&table).unwrap_or_default();
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        for (place, assignment) in &set {
            self.known_somewhere(Located { value: assignment.path.as_str(), span: place.clone() });
        }
        table.finish();
        Answers { delay, set: set.into_iter().map(|(_, assignment)| assignment).collect() }
    }

    fn notice(&self, table: Table<'_>) -> Option<ScenarioNotice> {
        let telegram = table.required_string("telegram").and_then(|name| self.telegram(name));
        let every = table.required("every_ms").and_then(|every| every.integer(1..=WAIT_MAX_MS));
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        if let Some(telegram) = telegram {
            self.check_set(&telegram.layout, &set);
        }
        table.finish();
        Some(ScenarioNotice {
            telegram: telegram?.layout.name.to_string(),
            every: Duration::from_millis(every?.value),
            set: set.into_iter().map(|(_, assignment)| assignment).collect(),
        })
    }
}
