//! The breaker of one institution: stops sending to an institution, or to one of its business codes, that does not answer.
//!
//! It counts time-outs and lost links against answers. A declined request is an answer. A request that was not sent, and our
//! own full queue, say nothing about the institution. The breaker sends nothing and knows no telegrams: it says when to send
//! an echo test, which requests may pass, and what to do instead.
//!
//! ```text
//! Passing ──n failures in a row, or a share of the window──► Tripped ──wait──► Probing: Echo ──answered──► Probing: Trial
//!    ▲                                                         ▲                 │                           │      │
//!    │                                                         └──no answer──────┴───────────a failure───────┘      │
//!    └──────────────────────────────────────────enough answers──────────────────────────────────────────────────────┘
//! ```
//!
//! Several instances share the states of their breakers. One of them sends the echo test: each asks its coordinator first, which lets one
//! of them. A trial is held by all of them, each with its own maximum of requests.
//!
//! Each change of state begins a new generation. A result counts only in the generation in which its request started:
//! a time-out of yesterday's trouble does not trip a breaker that passes again.

mod scope;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use serde::Serialize;

pub use self::scope::{BreakerState, TripCause};
use self::scope::{Due, Scope};
use crate::note::PersonNote;
use crate::terms::Now;

/// The maximum number of business codes with a breaker of their own. Further codes have only the institution's breaker.
pub const BUSINESSES_MAX: usize = 256;

/// The settings of the breakers of one institution. All breakers of an institution have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// This number of failures in a row trips the breaker.
    pub failures_in_row: u32,
    /// The window in which failures and answers are counted.
    pub window: Duration,
    /// The share of failures in the window that trips the breaker, in percent.
    pub failure_percent: u32,
    /// The share does not count with fewer results than this in the window.
    pub volume_min: u32,
    /// The wait before the first echo test after a trip. It doubles with each failed attempt.
    pub wait_min: Duration,
    /// The longest wait.
    pub wait_max: Duration,
    /// Whether an echo test must be answered before requests may pass.
    pub echo_first: bool,
    /// The longest time that an echo test, or a trial, may take without a result.
    pub probe_timeout: Duration,
    /// The maximum number of requests in flight during a trial.
    pub trial_inflight_max: u32,
    /// The number of answers that end a trial.
    pub trial_answers: u32,
    /// The maximum number of inquiries and reversals in flight while business is stopped.
    pub lane_inflight_max: u32,
}

/// The part of an institution that a breaker is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BreakerScope {
    /// The whole institution.
    Institution,
    /// One business code.
    Business(String),
}

/// The permission to send one request. Each permit gets exactly one [`Breaker::record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    institution: Pass,
    business: Option<(String, Pass)>,
}

/// The passage through one breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    generation: u64,
    /// Whether it passed by the lane of inquiries and reversals.
    is_lane: bool,
}

/// What a result says about the institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerResult {
    /// An answer came, with any response code.
    Answered,
    /// No answer came in time.
    TimedOut,
    /// The request was not sent, or nothing about the institution is known: it counts as nothing.
    Nothing,
}

/// What to do with a request that must not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Refuse it.
    Refuse,
    /// Refuse it and tell services this note: the entrance of this product is closed.
    Closed(String),
    /// Answer it with the configured stand-in answer.
    StandIn,
    /// Send it to this institution, if its breaker lets it pass. There is no further alternative after that.
    Institution(String),
}

impl Alternative {
    /// The stable name: `refuse`, `closed`, `stand_in`, `institution`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Closed(_) => "closed",
            Self::StandIn => "stand_in",
            Self::Institution(_) => "institution",
        }
    }
}

/// The reason why a request must not be sent, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The breaker that does not let it pass.
    pub scope: BreakerScope,
    /// The reason why that breaker tripped.
    pub cause: TripCause,
    /// The time of the trip, in milliseconds since 1970.
    pub since_ms: i64,
    /// What to do instead.
    pub alternative: Alternative,
}

/// An action for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakerAction {
    /// Send an echo test, or another telegram that moves no money, and report its result with [`Breaker::probed`].
    Probe(BreakerScope, u64),
    /// Ask whether this instance may send the echo test of this generation, and report the answer with [`Breaker::may_probe`]. If it may, no
    /// other one may for the duration, unless the state changes.
    MayProbe(BreakerScope, u64, Duration),
    /// The state of a breaker changed. The caller shows it, and shares it between instances.
    Changed(BreakerSnapshot),
}

/// The state of one breaker as a plain value: for people, and for other instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BreakerSnapshot {
    /// The breaker.
    pub scope: BreakerScope,
    /// Its state.
    pub state: BreakerState,
    /// The number of state changes until now. Of two snapshots, the one with the higher number is the newer one.
    pub generation: u64,
    /// The reason of the last trip. `None` if it never tripped.
    pub cause: Option<TripCause>,
    /// The time of the last change between passing and not passing, in milliseconds since 1970.
    pub since_ms: i64,
    /// The time until the next echo test. `None` if the breaker is not tripped, or if a person tripped it.
    pub wait: Option<Duration>,
    /// The number of failed attempts to pass again.
    pub attempts: u32,
    /// The failures that count in the present window.
    pub failures: u32,
    /// The answers that count in the present window.
    pub answers: u32,
}

/// The breakers of one institution: its own, and one for each business code that was used.
///
/// After each input, the caller takes actions with [`next_action`](Self::next_action) until there is none, and then reads
/// [`deadline`](Self::deadline).
#[derive(Clone, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    institution: Scope,
    businesses: BTreeMap<String, Scope>,
    /// By the name of the telegram.
    alternatives: BTreeMap<String, Alternative>,
    /// How long the coordinator has to say who sends an echo test. `None` for an instance that is alone.
    answer_max: Option<Duration>,
    actions: VecDeque<BreakerAction>,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Alternative::Closed(note) = &self.alternative {
            write!(f, "{note}: ")?;
        }
        match &self.scope {
            BreakerScope::Institution => write!(f, "the breaker of the institution is tripped: {}", self.cause),
            BreakerScope::Business(code) => {
                write!(f, "the breaker of business code {code} is tripped: {}", self.cause)
            }
        }
    }
}

impl Breaker {
    /// Creates breakers that pass. `alternatives` has the names of the telegrams that are not simply refused.
    #[must_use]
    pub fn new(settings: BreakerSettings, alternatives: BTreeMap<String, Alternative>, now: Now) -> Self {
        let institution = Scope::new(now);
        let businesses = BTreeMap::new();
        Self { settings, institution, businesses, alternatives, answer_max: None, actions: VecDeque::new() }
    }

    /// The breakers of one of several instances: it asks before it sends an echo test, and sends it without an answer after this time.
    #[must_use]
    pub fn asking(self, answer_max: Duration) -> Self {
        Self { answer_max: Some(answer_max), ..self }
    }

    /// Asks the same as [`Breaker::permit`], without a permit: for a request that begins to wait.
    ///
    /// # Errors
    /// The same as those of [`Breaker::permit`].
    pub fn may_pass(&self, telegram: &str, business: Option<&str>, is_privileged: bool) -> Result<(), Blocked> {
        let scopes = business.and_then(|name| self.businesses.get_key_value(name));
        let own = scopes.map(|(name, scope)| (BreakerScope::Business(name.clone()), scope));
        for (scope, one) in [(BreakerScope::Institution, &self.institution)].into_iter().chain(own) {
            one.may_pass(&self.settings, is_privileged).map_err(|(cause, since_ms)| Blocked {
                scope,
                cause: cause.clone(),
                since_ms,
                alternative: self.alternatives.get(telegram).cloned().unwrap_or(Alternative::Refuse),
            })?;
        }
        Ok(())
    }

    /// Asks whether a request may be sent now. Ask when the request starts, not when it begins to wait.
    ///
    /// `is_privileged` says that it is an inquiry or a reversal. A few of them pass a tripped breaker, but none that a person
    /// tripped: they are how unknown outcomes get settled.
    ///
    /// # Errors
    /// The breaker that does not let it pass, why and since when, and what to do instead.
    pub fn permit(
        &mut self,
        telegram: &str,
        business: Option<&str>,
        is_privileged: bool,
        now: Now,
    ) -> Result<Permit, Blocked> {
        let settings = self.settings;
        if let Some(name) = business
            && !self.businesses.contains_key(name)
            && self.businesses.len() < BUSINESSES_MAX
        {
            self.businesses.insert(name.to_owned(), Scope::new(now));
        }
        let blocked = |scope: BreakerScope, cause: &TripCause, since_ms| Blocked {
            scope,
            cause: cause.clone(),
            since_ms,
            alternative: self.alternatives.get(telegram).cloned().unwrap_or(Alternative::Refuse),
        };
        let institution = self
            .institution
            .may_pass(&settings, is_privileged)
            .map_err(|(cause, since_ms)| blocked(BreakerScope::Institution, cause, since_ms))?;
        let mut own = None;
        if let Some((name, scope)) = business.and_then(|name| self.businesses.get_key_value(name)) {
            let is_lane = scope
                .may_pass(&settings, is_privileged)
                .map_err(|(cause, since_ms)| blocked(BreakerScope::Business(name.clone()), cause, since_ms))?;
            own = Some((name.clone(), is_lane));
        }
        let institution =
            Pass { generation: self.institution.enter(&settings, institution, now), is_lane: institution };
        let business = own.and_then(|(name, is_lane)| {
            let generation = self.businesses.get_mut(&name)?.enter(&settings, is_lane, now);
            Some((name, Pass { generation, is_lane }))
        });
        Ok(Permit { institution, business })
    }

    /// Records the end of a request that had a permit. A late answer changes nothing: the time-out was recorded.
    pub fn record(&mut self, permit: &Permit, result: BreakerResult, now: Now) {
        let settings = self.settings;
        let Permit { institution, business } = permit;
        if self.institution.record(&settings, *institution, result, now) {
            self.changed(&BreakerScope::Institution, now);
        }
        if let Some((name, pass)) = business
            && self.businesses.get_mut(name).is_some_and(|scope| scope.record(&settings, *pass, result, now))
        {
            self.changed(&BreakerScope::Business(name.clone()), now);
        }
    }

    /// Records that a link was lost on which requests waited: one failure, however many they were. Record each of them as
    /// [`BreakerResult::Nothing`]. A link that is lost while it is idle is no failure: many institutions close such links.
    pub fn link_lost(&mut self, now: Now) {
        if self.institution.fail(&self.settings, TripCause::LinksLost, now) {
            self.changed(&BreakerScope::Institution, now);
        }
    }

    /// Reports the result of [`BreakerAction::Probe`], with its generation.
    pub fn probed(&mut self, scope: &BreakerScope, generation: u64, is_answered: bool, now: Now) {
        let settings = self.settings;
        if self.scope_mut(scope).is_some_and(|one| one.probed(&settings, generation, is_answered, now)) {
            self.changed(scope, now);
        }
    }

    /// Reports the answer to [`BreakerAction::MayProbe`], with its generation. An answer that comes too late changes nothing.
    pub fn may_probe(&mut self, scope: &BreakerScope, generation: u64, may: bool, now: Now) {
        let settings = self.settings;
        if let Some(next) = self.scope_mut(scope).and_then(|one| one.may_probe(&settings, generation, may, now)) {
            self.actions.push_back(BreakerAction::Probe(scope.clone(), next));
            self.changed(scope, now);
        }
    }

    /// Trips a breaker by hand. It stays tripped until [`Breaker::reset`]. Returns whether there is room for a breaker of its own.
    pub fn trip(&mut self, scope: &BreakerScope, person: &str, note: &str, now: Now) -> bool {
        self.make(scope, now);
        let Some(one) = self.scope_mut(scope) else { return false };
        one.trip(TripCause::Person { person: person.to_owned(), note: note.to_owned() }, None, now);
        self.changed(scope, now);
        true
    }

    /// Restores a trip by a person of an earlier run. Nothing changed, so there is no action.
    pub fn recall(&mut self, scope: &BreakerScope, person: &str, by: &PersonNote, now: Now) {
        self.make(scope, now);
        if let Some(one) = self.scope_mut(scope) {
            let cause = TripCause::Person { person: person.to_owned(), note: by.note.clone() };
            one.recall(cause, by.since_ms, now);
        }
    }

    /// Whether a person tripped this breaker.
    #[must_use]
    pub fn is_by_hand(&self, scope: &BreakerScope) -> bool {
        match scope {
            BreakerScope::Institution => self.institution.is_by_hand(),
            BreakerScope::Business(name) => self.businesses.get(name).is_some_and(Scope::is_by_hand),
        }
    }

    /// Resets a breaker by hand: it passes, and nothing is counted against it.
    pub fn reset(&mut self, scope: &BreakerScope, now: Now) {
        if let Some(one) = self.scope_mut(scope) {
            one.pass(now);
            self.changed(scope, now);
        }
    }

    /// Lets other settings hold from now on. A breaker that is tripped stays so, and its present wait ends as it began.
    pub fn retune(&mut self, settings: BreakerSettings, alternatives: BTreeMap<String, Alternative>) {
        // In another window, the numbers of its parts mean other times.
        if settings.window != self.settings.window {
            self.businesses.values_mut().chain([&mut self.institution]).for_each(Scope::forget_window);
        }
        self.settings = settings;
        self.alternatives = alternatives;
    }

    /// Does what is due by time: echo tests, and probes without a result.
    pub fn tick(&mut self, now: Now) {
        for scope in self.scopes() {
            let settings = self.settings;
            let answer_max = self.answer_max;
            let Some(one) = self.scope_mut(&scope).filter(|one| one.is_due(now.steady)) else { continue };
            match one.tick(&settings, answer_max, now) {
                Due::Waits => {}
                Due::Asks(generation) => {
                    let lease = settings.probe_timeout + settings.wait_min;
                    self.actions.push_back(BreakerAction::MayProbe(scope, generation, lease));
                }
                Due::Probes(generation) => {
                    self.actions.push_back(BreakerAction::Probe(scope.clone(), generation));
                    self.changed(&scope, now);
                }
                Due::Turned => self.changed(&scope, now),
            }
        }
    }

    /// The next time when [`Breaker::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let scopes = self.businesses.values().chain([&self.institution]);
        scopes.filter_map(Scope::deadline).min()
    }

    /// Returns the next action, or `None` if there is none now.
    pub fn next_action(&mut self) -> Option<BreakerAction> {
        self.actions.pop_front()
    }

    /// The states of all breakers: the institution's first, then those of business codes, by code.
    #[must_use]
    pub fn snapshots(&self, now: Now) -> Vec<BreakerSnapshot> {
        self.scopes().iter().filter_map(|scope| self.snapshot(scope, now)).collect()
    }

    /// Takes the state of another instance if it is newer than ours. Of two states with one generation, the one that lets
    /// less through holds. Requests that started before count no more.
    /// Returns whether it was newer.
    pub fn import(&mut self, snapshot: &BreakerSnapshot, now: Now) -> bool {
        self.make(&snapshot.scope, now);
        let settings = self.settings;
        self.scope_mut(&snapshot.scope).is_some_and(|one| one.import(&settings, snapshot, now))
    }

    fn changed(&mut self, scope: &BreakerScope, now: Now) {
        let snapshot = self.snapshot(scope, now);
        self.actions.extend(snapshot.map(BreakerAction::Changed));
    }

    fn snapshot(&self, scope: &BreakerScope, now: Now) -> Option<BreakerSnapshot> {
        let one = match scope {
            BreakerScope::Institution => &self.institution,
            BreakerScope::Business(name) => self.businesses.get(name)?,
        };
        Some(one.snapshot(scope.clone(), &self.settings, now))
    }

    fn scopes(&self) -> Vec<BreakerScope> {
        let businesses = self.businesses.keys().cloned().map(BreakerScope::Business);
        [BreakerScope::Institution].into_iter().chain(businesses).collect()
    }

    fn make(&mut self, scope: &BreakerScope, now: Now) {
        if let BreakerScope::Business(name) = scope
            && self.businesses.len() < BUSINESSES_MAX
        {
            self.businesses.entry(name.clone()).or_insert_with(|| Scope::new(now));
        }
    }

    fn scope_mut(&mut self, scope: &BreakerScope) -> Option<&mut Scope> {
        match scope {
            BreakerScope::Institution => Some(&mut self.institution),
            BreakerScope::Business(name) => self.businesses.get_mut(name),
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod probing;
