//! What is known of all alarms: a value that is stored as a whole. It reads no clock and tells nobody.

use std::collections::{BTreeMap, VecDeque};

use fep_protocol::alarm::measure::{Measure, Measured, Measurement, Observation, Present};
use fep_protocol::alarm::{Alarm, AlarmAction, AlarmState, Level};
use fep_protocol::zone::TimeZone;
use serde::{Deserialize, Serialize};

use super::outbox::Outbox;
use super::text;
use crate::alarm_status::{AlarmChange, AlarmStatus, AlarmWord, MeasuredView, SilencedBy};
use crate::config::{AlarmRule, AlarmsConfig};

/// How many of the last changes are shown.
const RECENT_MAX: usize = 100;

/// The version of what is stored.
const VERSION: u32 = 1;

/// All alarms.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlarmBook {
    version: u32,
    /// The journal to which it belongs.
    journal: String,
    /// The last fact that it knows. `None` before the first one.
    pub(super) read_up_to: Option<u64>,
    /// By rule and institution.
    alarms: BTreeMap<String, BTreeMap<String, Watched>>,
    recent: VecDeque<AlarmChange>,
    /// By receiver.
    pub(super) outboxes: BTreeMap<String, Outbox>,
    /// What was added since somebody took this, with its receivers.
    #[serde(skip)]
    added: Vec<(AlarmChange, Vec<String>)>,
}

/// One alarm with what it measures.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Watched {
    alarm: Alarm,
    measure: Measure,
    /// What the measure was made of. Another window or another field begins anew.
    basis: String,
    /// The name of the raise, while it is raised.
    id: Option<String>,
    silenced_by: Option<SilencedBy>,
    /// The raise, while it is raised.
    raise: Option<AlarmChange>,
    /// The receivers of the raise.
    raised_to: Vec<String>,
    /// What was told last, for an end without a measure.
    told: Option<MeasuredView>,
    #[serde(skip)]
    measured: Option<Measured>,
}

/// One rule with its name.
pub(super) type Rule<'r> = (&'r str, &'r AlarmRule);

impl AlarmBook {
    /// Nothing is known yet.
    pub(super) fn new(journal: &str) -> Self {
        Self {
            version: VERSION,
            journal: journal.to_owned(),
            read_up_to: None,
            alarms: BTreeMap::new(),
            recent: VecDeque::new(),
            outboxes: BTreeMap::new(),
            added: Vec::new(),
        }
    }

    /// What was stored for this journal. That of another journal which was here before does not count.
    ///
    /// # Errors
    /// If it cannot be read. One line.
    pub(super) fn stored(journal: &str, text: Option<&[u8]>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::new(journal)) };
        let book: Self =
            serde_json::from_slice(text).map_err(|error| format!("this is no state of alarms ({error})"))?;
        if book.version != VERSION {
            return Err(format!("its version is {}, and this gateway knows {VERSION}", book.version));
        }
        Ok(if book.journal == journal { book } else { Self::new(journal) })
    }

    /// The text to store.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Takes an observation of an institution for one rule.
    pub(super) fn observe(&mut self, rule: Rule<'_>, institution: &str, seen: Observation, zone: TimeZone) {
        let watched = self.watched(rule, institution);
        watched.measure.observe(&rule.1.measurement, seen, zone);
    }

    /// Looks at one alarm. Returns whether something is to be told: then it waits for the receivers.
    pub(super) fn look(
        &mut self,
        rule: Rule<'_>,
        institution: &str,
        present: &Present,
        new_name: impl FnOnce() -> String,
    ) -> bool {
        let (name, of) = rule;
        let now_ms = present.now_ms;
        let is_hour = of.hours.as_ref().is_none_or(|hours| hours.is_open(present.business_ms));
        let may_tell = is_hour && (present.is_open || !of.only_while_open);
        let watched = self.watched(rule, institution);
        let measured = watched.measure.look(&of.measurement, present);
        watched.measured = Some(measured);
        let since_ms = watched.since_ms();
        let Some(action) = watched.alarm.observe(measured.level, may_tell, &of.holds, now_ms) else {
            return false;
        };
        let since_ms = watched.since_ms().or(since_ms).unwrap_or(now_ms);
        let id = match action {
            AlarmAction::Raise => watched.id.insert(new_name()).clone(),
            AlarmAction::Remind => watched.id.clone().unwrap_or_default(),
            AlarmAction::Clear => watched.id.take().unwrap_or_default(),
        };
        let view = text::view(&of.measurement, &measured);
        watched.told = Some(view.clone());
        let change = AlarmChange {
            id,
            action,
            rule: name.to_owned(),
            institution: institution.to_owned(),
            at_ms: now_ms,
            since_ms,
            measured: view,
            text: text::sentence(&of.measurement, institution, &measured, action),
            next: text::next(&of.measurement, institution),
        };
        let watched = self.watched(rule, institution);
        let mut to = of.to.clone();
        match action {
            AlarmAction::Raise => {
                watched.raise = Some(change.clone());
                watched.raised_to.clone_from(&to);
            }
            AlarmAction::Remind => {}
            AlarmAction::Clear => {
                watched.raise = None;
                // Those who were called learn that it is over.
                let called = std::mem::take(&mut watched.raised_to);
                to.extend(called.into_iter().filter(|name| !of.to.contains(name)));
            }
        }
        self.tell(to, change);
        true
    }

    /// Gives what is not told yet to the receivers that its rule has now. They hear of what is raised, too, if they have not. Returns what was given,
    /// with the receiver that had it.
    pub(super) fn redirect(&mut self, config: &AlarmsConfig) -> Vec<(String, AlarmChange)> {
        let mut given = Vec::new();
        for (name, outbox) in &mut self.outboxes {
            let is_gone = !config.to.contains_key(name);
            let is_elsewhere = |change: &AlarmChange| {
                is_gone || config.rules.get(&change.rule).is_some_and(|rule| !rule.to.contains(name))
            };
            // The letter to a receiver that is still there is told to it: it may have it.
            let letter = outbox.changes().filter(|change| is_elsewhere(change)).cloned().collect::<Vec<_>>();
            outbox.give(is_elsewhere);
            given.extend(letter.into_iter().map(|change| (name.clone(), change)));
        }
        self.outboxes.retain(|name, _| config.to.contains_key(name));
        for (_, change) in &given {
            let to = config
                .rules
                .get(&change.rule)
                .map_or_else(|| config.to.keys().collect(), |rule| rule.to.iter().collect::<Vec<_>>());
            to.into_iter().for_each(|name| self.outboxes.entry(name.clone()).or_default().take(change.clone()));
        }
        for (name, of_rule) in &mut self.alarms {
            let Some(rule) = config.rules.get(name) else { continue };
            for watched in of_rule.values_mut() {
                watched.raised_to.retain(|name| config.to.contains_key(name));
                let Some(raise) = &watched.raise else { continue };
                for receiver in rule.to.iter().filter(|receiver| !watched.raised_to.contains(receiver)) {
                    self.outboxes.entry(receiver.clone()).or_default().take(raise.clone());
                }
                watched.raised_to.extend(
                    rule.to.iter().filter(|name| !watched.raised_to.contains(name)).cloned().collect::<Vec<_>>(),
                );
            }
        }
        given
    }

    /// Ends the alarms whose rule or institution is gone. Returns whether something is to be told.
    pub(super) fn keep_only(&mut self, config: &AlarmsConfig, institutions: &[String], now_ms: i64) -> bool {
        let mut ended = Vec::new();
        for (name, of_rule) in &mut self.alarms {
            let rule = config.rules.get(name);
            of_rule.retain(|institution, watched| {
                let stays = institutions.contains(institution) && rule.is_some_and(|rule| is_of(rule, institution));
                if !stays && watched.alarm.is_raised() {
                    ended.push((rule.map(|rule| rule.to.clone()), watched.end(name, institution, now_ms)));
                }
                stays
            });
        }
        self.alarms.retain(|name, _| config.rules.contains_key(name));
        let everybody: Vec<String> = config.to.keys().cloned().collect();
        let is_told = !ended.is_empty();
        for (to, change) in ended {
            self.tell(to.unwrap_or_else(|| everybody.clone()), change);
        }
        is_told
    }

    fn tell(&mut self, to: Vec<String>, change: AlarmChange) {
        self.recent.push_front(change.clone());
        self.recent.truncate(RECENT_MAX);
        for receiver in &to {
            self.outboxes.entry(receiver.clone()).or_default().add(change.clone());
        }
        self.added.push((change, to));
    }

    /// What was added since the last time, with its receivers.
    pub(super) fn take_added(&mut self) -> Vec<(AlarmChange, Vec<String>)> {
        std::mem::take(&mut self.added)
    }

    /// Silences an alarm, or ends its silence.
    pub(super) fn silence(&mut self, rule: Rule<'_>, institution: &str, until_ms: Option<i64>, by: SilencedBy) {
        let watched = self.watched(rule, institution);
        watched.alarm.silence(until_ms);
        watched.silenced_by = until_ms.map(|_| by);
    }

    fn watched(&mut self, (name, rule): Rule<'_>, institution: &str) -> &mut Watched {
        // Nearly each time it is there, and then no name is copied.
        if !self.alarms.get(name).is_some_and(|of_rule| of_rule.contains_key(institution)) {
            let of_rule = self.alarms.entry(name.to_owned()).or_default();
            of_rule.insert(institution.to_owned(), Watched { basis: basis(rule), ..Watched::default() });
        }
        self.alarms.entry(name.to_owned()).or_default().entry(institution.to_owned()).or_default()
    }

    /// Forgets measures that were made of something else.
    pub(super) fn check_basis(&mut self, config: &AlarmsConfig) {
        for (name, of_rule) in &mut self.alarms {
            let Some(now) = config.rules.get(name).map(basis) else { continue };
            for watched in of_rule.values_mut().filter(|watched| watched.basis != now) {
                watched.measure = Measure::default();
                watched.basis.clone_from(&now);
            }
        }
    }

    /// All alarms of the rules for these institutions.
    pub(super) fn statuses(&self, config: &AlarmsConfig, institutions: &[String], now_ms: i64) -> Vec<AlarmStatus> {
        let of_rule = |(name, rule): (&String, &AlarmRule)| {
            let of = institutions.iter().filter(|institution| is_of(rule, institution));
            of.map(|institution| self.status((name, rule), institution, now_ms)).collect::<Vec<_>>()
        };
        config.rules.iter().flat_map(of_rule).collect()
    }

    fn status(&self, (name, rule): Rule<'_>, institution: &str, now_ms: i64) -> AlarmStatus {
        let watched = self.alarms.get(name).and_then(|of_rule| of_rule.get(institution));
        let measured = watched.and_then(|watched| watched.measured.as_ref());
        let measured = measured.filter(|measured| measured.level != Level::Unjudged);
        let silenced_until_ms = watched.and_then(|watched| watched.alarm.silenced_until_ms(now_ms));
        AlarmStatus {
            rule: name.to_owned(),
            institution: institution.to_owned(),
            state: watched.map_or(AlarmWord::Quiet, Watched::word),
            id: watched.and_then(|watched| watched.id.clone()),
            since_ms: watched.and_then(Watched::since_ms),
            silenced_until_ms,
            silenced_by: watched
                .and_then(|watched| watched.silenced_by.clone())
                .filter(|_| silenced_until_ms.is_some()),
            text: watched
                .zip(measured)
                .filter(|(watched, _)| watched.word() != AlarmWord::Quiet)
                .map(|(_, measured)| text::sentence(&rule.measurement, institution, measured, AlarmAction::Raise)),
            measured: measured.map(|measured| text::view(&rule.measurement, measured)),
        }
    }

    /// What was told last, newest first.
    pub(super) fn recent(&self) -> Vec<AlarmChange> {
        self.recent.iter().cloned().collect()
    }
}

impl Watched {
    fn since_ms(&self) -> Option<i64> {
        match self.alarm.state() {
            AlarmState::Quiet => None,
            AlarmState::Pending { since_ms } | AlarmState::Raised { since_ms, .. } => Some(since_ms),
        }
    }

    fn word(&self) -> AlarmWord {
        match self.alarm.state() {
            AlarmState::Quiet => AlarmWord::Quiet,
            AlarmState::Pending { .. } => AlarmWord::Pending,
            AlarmState::Raised { .. } => AlarmWord::Raised,
        }
    }

    /// The end of a raised alarm that is watched no longer.
    fn end(&self, rule: &str, institution: &str, now_ms: i64) -> AlarmChange {
        let unknown = MeasuredView { value: 0.0, limit: 0.0, unit: crate::alarm_status::AlarmUnit::Count };
        AlarmChange {
            id: self.id.clone().unwrap_or_default(),
            action: AlarmAction::Clear,
            rule: rule.to_owned(),
            institution: institution.to_owned(),
            at_ms: now_ms,
            since_ms: self.since_ms().unwrap_or(now_ms),
            measured: self.told.clone().unwrap_or(unknown),
            text: format!("over: the rule {rule} watches {institution} no longer"),
            next: "look at [alarms] in the configuration, if that is not meant".to_owned(),
        }
    }
}

/// Whether a rule is about an institution.
pub(super) fn is_of(rule: &AlarmRule, institution: &str) -> bool {
    rule.institutions.as_ref().is_none_or(|of| of.iter().any(|name| name == institution))
}

/// What the measure of a rule is made of. Its limits are no part of that: they can change, and what is usual stays.
fn basis(rule: &AlarmRule) -> String {
    match &rule.measurement {
        Measurement::NoTraffic { .. } => "no_traffic".to_owned(),
        Measurement::UnknownAge { .. } | Measurement::DeadLetters { .. } => "open".to_owned(),
        Measurement::ErrorRate { window, failed, .. } => format!("error_rate {window:?} {failed:?}"),
        Measurement::Latency { window, .. } => format!("latency {window:?}"),
        Measurement::Conflicts { window, .. } => format!("conflicts {window:?}"),
        Measurement::Amounts { window, .. } => format!("amount {window:?} {:?}", rule.amount),
    }
}

#[cfg(test)]
mod tests;
