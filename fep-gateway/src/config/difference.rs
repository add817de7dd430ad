//! The difference between two configurations: pure, and by key. What is done about it is decided in `gateway`.
//!
//! Only numbers, words that are no secret and yes or no are shown with their values. Constants of telegrams, addresses of services and paths
//! can be secret, so of those only the key is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::in_place::in_place;
use super::{Config, Http, InstitutionConfig, JournalFile, LineConfig};

/// What differs between a configuration that holds and another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The keys that differ and belong to the process: `environment`, `[test_clock]`, `[http]`, `[journal]`, `[instances]`, `[events]`, `[opentelemetry]` and `[alarms]`. They hold after a
    /// restart.
    pub process: Vec<KeyChange>,
    /// The streams that are new, gone or other: `streams.quotes`. One that is other starts anew, and its consumers come again.
    pub streams: Vec<KeyChange>,
    /// The institutions that differ, by name.
    pub institutions: BTreeMap<String, InstitutionChange>,
}

/// What differs of one institution.
#[derive(Clone, Debug, PartialEq)]
pub enum InstitutionChange {
    /// It is new.
    Added(Box<InstitutionConfig>),
    /// It is gone.
    Removed,
    /// It has other settings.
    Changed {
        /// The keys that differ, at least one.
        keys: Vec<KeyChange>,
        /// The new settings.
        to: Box<InstitutionConfig>,
        /// Those of the keys that cannot be changed in place. While there are some, the institution starts anew: it signs off, and connects
        /// again. If there are none, its connections and its exchanges stay as they are.
        anew: Vec<KeyChange>,
    },
}

/// A key with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key with its tables: `institutions.bank-a.answer_timeout_ms`. A table that differs stands for its keys.
    pub key: String,
    /// The value that holds, if it can be shown.
    pub from: Option<String>,
    /// The new value, if it can be shown.
    pub to: Option<String>,
}

impl Difference {
    /// What makes `to` out of `from`. The files from which they were read do not count; the content of spec files does.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use fep_gateway::Config;
    /// use fep_gateway::config::Difference;
    ///
    /// # fn main() -> Result<(), fep_gateway::config::ConfigError> {
    /// let from = Config::load(Path::new("gateway.toml"))?;
    /// let to = Config::load(Path::new("gateway.new.toml"))?;
    /// let difference = Difference::between(&from, &to);
    /// difference.process.iter().for_each(|key| println!("needs a restart: {key}"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn between(from: &Config, to: &Config) -> Self {
        // A new part of the file does not compile until it is decided here what a reload does with it.
        let Config {
            environment,
            test_clock,
            http,
            journal,
            instances,
            events,
            requests,
            opentelemetry,
            alarms,
            streams,
            institutions,
            notes: _,
            file: _,
        } = from;
        let mut process = Keys::new("");
        process.shown("environment", environment.name(), to.environment.name());
        process.differs("test_clock", *test_clock != to.test_clock);
        process.http(http, &to.http);
        process.journal(journal, &to.journal);
        process.differs("instances", *instances != to.instances);
        process.differs("events", *events != to.events);
        process.differs("requests", *requests != to.requests);
        process.differs("opentelemetry", *opentelemetry != to.opentelemetry);
        process.differs("alarms", *alarms != to.alarms);
        let names: BTreeSet<&String> = institutions.keys().chain(to.institutions.keys()).collect();
        let change = |name: &String| match (institutions.get(name), to.institutions.get(name)) {
            (Some(_), None) => Some(InstitutionChange::Removed),
            (None, Some(to)) => Some(InstitutionChange::Added(Box::new(to.clone()))),
            (Some(from), Some(to)) if from != to => {
                let live = in_place(from, to);
                let anew = if live == *to { Vec::new() } else { Keys::of_institution(name, &live, to) };
                let keys = Keys::of_institution(name, from, to);
                Some(InstitutionChange::Changed { keys, to: Box::new(to.clone()), anew })
            }
            (Some(_), Some(_)) | (None, None) => None,
        };
        let institutions = names.into_iter().filter_map(|name| Some((name.clone(), change(name)?))).collect();
        let mut of_streams = Keys::new("");
        of_streams.named("streams", streams, &to.streams);
        Self { process: process.0, streams: of_streams.0, institutions }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.process.is_empty() && self.streams.is_empty() && self.institutions.is_empty()
    }

    /// Lets each institution that differs start anew.
    pub(crate) fn without_places(&mut self) {
        for change in self.institutions.values_mut() {
            if let InstitutionChange::Changed { keys, anew, .. } = change {
                anew.clone_from(keys);
            }
        }
    }

    /// The institutions as they are after the difference.
    pub fn apply(&self, institutions: &mut BTreeMap<String, InstitutionConfig>) {
        for (name, change) in &self.institutions {
            match change {
                InstitutionChange::Removed => drop(institutions.remove(name)),
                InstitutionChange::Added(to) | InstitutionChange::Changed { to, .. } => {
                    institutions.insert(name.clone(), (**to).clone());
                }
            }
        }
    }
}

impl InstitutionChange {
    /// Whether the institution goes on with other settings, and nothing else of it changes.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        matches!(self, Self::Changed { anew, .. } if anew.is_empty())
    }
}

/// Collects keys that differ, below one table.
struct Keys(Vec<KeyChange>, String);

impl Keys {
    fn new(table: &str) -> Self {
        Self(Vec::new(), table.to_owned())
    }

    /// The keys of an institution that differs.
    fn of_institution(name: &str, from: &InstitutionConfig, to: &InstitutionConfig) -> Vec<KeyChange> {
        let mut keys = Self::new(&format!("institutions.{name}."));
        keys.limits(from, to);
        keys.telegram_keys(from, to);
        keys.tables(from, to);
        keys.named("lines", &by_name(&from.lines), &by_name(&to.lines));
        keys.named("telegrams", &from.telegrams, &to.telegrams);
        keys.named("notices", &from.notices, &to.notices);
        let same_names = from.lines.iter().map(|line| &line.name).eq(to.lines.iter().map(|line| &line.name));
        if keys.0.is_empty() || !same_names && by_name(&from.lines).keys().eq(by_name(&to.lines).keys()) {
            // The order of the lines, or a key that this module does not know yet.
            keys.differs(if same_names { "" } else { "lines" }, true);
        }
        keys.0
    }

    fn limits(&mut self, from: &InstitutionConfig, to: &InstitutionConfig) {
        self.shown("label", &from.label, &to.label);
        self.shown("trace_wraps", from.trace_wraps, to.trace_wraps);
        self.ms("answer_timeout_ms", from.answer_timeout, to.answer_timeout);
        self.shown("inflight_max", from.inflight_max, to.inflight_max);
        self.shown("unsolicited_max_per_s", from.unsolicited_max_per_s, to.unsolicited_max_per_s);
        self.ms("quarantine_ms", from.quarantine, to.quarantine);
        self.ms("drain_max_ms", from.drain_max, to.drain_max);
        self.ms("write_timeout_ms", from.write_timeout, to.write_timeout);
        self.ms("frame_timeout_ms", from.frame_timeout, to.frame_timeout);
        self.shown("zone", from.zone, to.zone);
    }

    fn telegram_keys(&mut self, from: &InstitutionConfig, to: &InstitutionConfig) {
        self.differs("contact", from.contact != to.contact);
        self.differs("spec", from.spec != to.spec);
        self.differs("control_characters", from.control_characters != to.control_characters);
        self.differs("key", from.key != to.key);
        self.differs("trace", from.trace != to.trace);
        self.differs("response_code", from.response_codes.path != to.response_codes.path);
        self.differs("accepted_codes", from.response_codes.accepted != to.response_codes.accepted);
        self.differs("framing", from.framing != to.framing);
        self.differs("fill", from.fill != to.fill);
    }

    fn tables(&mut self, from: &InstitutionConfig, to: &InstitutionConfig) {
        self.differs("session", from.session != to.session);
        self.differs("flow", from.flow != to.flow);
        self.differs("breaker", from.breaker != to.breaker);
        self.differs("hours", from.hours != to.hours);
        self.differs("settlement", from.settlement != to.settlement);
        self.differs("delivery", from.delivery != to.delivery);
        self.differs("switchover", from.switchover != to.switchover);
        self.differs("routing", from.routing != to.routing);
        self.differs("reconciliation", from.reconciliation != to.reconciliation);
    }

    fn http(&mut self, from: &Http, to: &Http) {
        let before = self.0.len();
        self.shown("http.listen", from.listen, to.listen);
        self.differs("http.access", from.access != to.access);
        self.differs("http.hosts", from.hosts != to.hosts);
        self.shown("http.connections_max", from.connections_max, to.connections_max);
        self.ms("http.idle_timeout_ms", from.idle_timeout, to.idle_timeout);
        self.ms("http.head_timeout_ms", from.head_timeout, to.head_timeout);
        self.ms("http.body_timeout_ms", from.body_timeout, to.body_timeout);
        self.ms("http.reply_timeout_ms", from.reply_timeout, to.reply_timeout);
        self.differs("http", from != to && self.0.len() == before);
    }

    fn journal(&mut self, from: &JournalFile, to: &JournalFile) {
        let before = self.0.len();
        self.differs("journal.path", from.path != to.path);
        self.differs("journal.encryption", from.key_file != to.key_file);
        self.differs("journal.archive", from.archive != to.archive);
        self.differs("journal.postgres", from.postgres != to.postgres);
        self.differs("journal", from != to && self.0.len() == before);
    }

    /// Tables with names: which of them are new, gone or other.
    fn named<T: PartialEq>(&mut self, table: &str, from: &BTreeMap<String, T>, to: &BTreeMap<String, T>) {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let [has, gets] = [from, to].map(|all| all.get(name));
            if has != gets {
                let word = |found: Option<&T>| if found.is_none() { Some("none".to_owned()) } else { None };
                self.push(&format!("{table}.{name}"), word(has), word(gets));
            }
        }
    }

    fn ms(&mut self, key: &str, from: Duration, to: Duration) {
        self.shown(key, from.as_millis(), to.as_millis());
    }

    fn shown<T: PartialEq + ToString>(&mut self, key: &str, from: T, to: T) {
        if from != to {
            self.push(key, Some(from.to_string()), Some(to.to_string()));
        }
    }

    fn differs(&mut self, key: &str, differs: bool) {
        if differs {
            self.push(key, None, None);
        }
    }

    fn push(&mut self, key: &str, from: Option<String>, to: Option<String>) {
        let key = format!("{}{key}", self.1).trim_end_matches('.').to_owned();
        self.0.push(KeyChange { key, from, to });
    }
}

impl std::fmt::Display for KeyChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, "{}: {from} -> {to}", self.key),
            (Some(_), None) => write!(f, "{} is new", self.key),
            (None, Some(_)) => write!(f, "{} is gone", self.key),
            (None, None) => f.write_str(&self.key),
        }
    }
}

fn by_name(lines: &[LineConfig]) -> BTreeMap<String, LineConfig> {
    lines.iter().map(|line| (line.name.clone(), line.clone())).collect()
}

#[cfg(test)]
mod tests;
