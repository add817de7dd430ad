//! One breaker: of an institution, or of one business code.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{BreakerResult, BreakerScope, BreakerSettings, BreakerSnapshot, Pass};
use crate::mutant::{Mutant, is_on};
use crate::terms::Now;

/// The number of parts of the window. Results are forgotten part by part.
const PARTS: u32 = 10;

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Requests pass.
    Passing,
    /// A limited number of requests passes, to find out whether they are answered.
    Trial,
    /// No request passes. An echo test is on its way.
    Echo,
    /// No request passes.
    Tripped,
}

/// The reason why a breaker tripped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TripCause {
    /// This number of requests in a row was not answered in time.
    InRow {
        /// Their number.
        failures: u32,
    },
    /// Too large a share of the requests in the window was not answered in time.
    Share {
        /// The share, in percent.
        percent: u32,
        /// The number of results in the window.
        volume: u32,
    },
    /// Links were lost one after the other.
    LinksLost,
    /// The echo test was not answered.
    NoEcho,
    /// A request of the trial was not answered, or the trial had no result in time.
    TrialFailed,
    /// A person tripped it.
    Person {
        /// The name of that person.
        person: String,
        /// The note of that person.
        note: String,
    },
}

/// What follows when the time of a state is over.
pub(super) enum Due {
    /// Nothing yet.
    Waits,
    /// The coordinator has to say who sends the echo test of this generation.
    Asks(u64),
    /// The echo test of this generation is to be sent.
    Probes(u64),
    /// The state is another one.
    Turned,
}

/// One breaker.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    state: BreakerState,
    generation: u64,
    cause: Option<TripCause>,
    since_ms: i64,
    /// Parts of the window with results: the number of the part, failures, answers.
    parts: VecDeque<(u64, u32, u32)>,
    in_row: u32,
    /// When the present state ends by time alone.
    until: Option<Duration>,
    /// The number of failed attempts since the breaker passed last.
    attempts: u32,
    /// Whether the coordinator was asked who sends the echo test of this generation.
    is_asked: bool,
    /// Whether the last attempt was ours and failed. Then others are let first: they may reach the institution where we do not.
    lets_others: bool,
    trial_inflight: u32,
    trial_answers: u32,
    /// Inquiries and reversals in flight that passed although business is stopped.
    lane_inflight: u32,
}

impl BreakerState {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Trial => "trial",
            Self::Echo => "echo",
            Self::Tripped => "tripped",
        }
    }
}

impl TripCause {
    /// The stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::InRow { .. } => "failures_in_row",
            Self::Share { .. } => "failure_share",
            Self::LinksLost => "links_lost",
            Self::NoEcho => "no_echo",
            Self::TrialFailed => "trial_failed",
            Self::Person { .. } => "person",
        }
    }
}

impl fmt::Display for TripCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InRow { failures } => write!(f, "{failures} requests in a row were not answered"),
            Self::Share { percent, volume } => write!(f, "{percent} % of {volume} requests were not answered"),
            Self::LinksLost => f.write_str("links were lost one after the other"),
            Self::NoEcho => f.write_str("the echo test was not answered"),
            Self::TrialFailed => f.write_str("a request of the trial was not answered"),
            Self::Person { note, .. } => write!(f, "a person stopped it: {note}"),
        }
    }
}

impl Scope {
    pub(super) fn new(now: Now) -> Self {
        Self {
            state: BreakerState::Passing,
            generation: 0,
            cause: None,
            since_ms: now.wall_ms,
            parts: VecDeque::new(),
            in_row: 0,
            until: None,
            attempts: 0,
            is_asked: false,
            lets_others: false,
            trial_inflight: 0,
            trial_answers: 0,
            lane_inflight: 0,
        }
    }

    /// Whether a request may pass. `Ok(true)` means that it passes by the lane of inquiries and reversals.
    pub(super) fn may_pass(&self, settings: &BreakerSettings, is_privileged: bool) -> Result<bool, (&TripCause, i64)> {
        let has_lane = is_privileged && self.lane_inflight < settings.lane_inflight_max && !self.is_by_hand();
        let is_trial = self.trial_inflight < settings.trial_inflight_max || is_on(Mutant::TrialWithoutLimit);
        match self.state {
            BreakerState::Passing => Ok(false),
            BreakerState::Trial if is_trial => Ok(false),
            BreakerState::Echo if is_on(Mutant::SkipsTheProbe) => Ok(false),
            _ if has_lane => Ok(true),
            _ => Err((self.cause.as_ref().unwrap_or(&TripCause::TrialFailed), self.since_ms)),
        }
    }

    /// Takes a place for a request that passes. Returns the generation of its permit.
    pub(super) fn enter(&mut self, settings: &BreakerSettings, is_lane: bool, now: Now) -> u64 {
        if is_lane {
            self.lane_inflight += 1;
        } else if self.state == BreakerState::Trial {
            if self.trial_inflight == 0 {
                self.until = Some(now.steady + settings.probe_timeout);
            }
            self.trial_inflight += 1;
        }
        self.generation
    }

    /// Counts the end of a request. Returns whether the state changed.
    pub(super) fn record(&mut self, settings: &BreakerSettings, pass: Pass, result: BreakerResult, now: Now) -> bool {
        if pass.is_lane {
            // Its place is that of the lane, in any generation. It proves nothing about the business that is stopped.
            self.lane_inflight = self.lane_inflight.saturating_sub(1);
            return false;
        }
        if pass.generation != self.generation && !is_on(Mutant::CountsOldGenerations) {
            return false;
        }
        if self.state == BreakerState::Trial {
            self.trial_inflight = self.trial_inflight.saturating_sub(1);
        }
        match result {
            BreakerResult::Answered => self.succeed(settings, now),
            BreakerResult::TimedOut => {
                let cause = TripCause::InRow { failures: self.in_row.saturating_add(1) };
                self.fail(settings, cause, now)
            }
            BreakerResult::Nothing if is_on(Mutant::CountsNotSent) => self.fail(settings, TripCause::LinksLost, now),
            BreakerResult::Nothing => false,
        }
    }

    /// Counts a failure, for a trip by failures in a row with this cause. Returns whether the state changed.
    pub(super) fn fail(&mut self, settings: &BreakerSettings, in_row: TripCause, now: Now) -> bool {
        match self.state {
            BreakerState::Passing => {
                self.count(settings, now.steady, 1, 0);
                self.in_row = self.in_row.saturating_add(1);
                let (failures, answers) = self.counts(settings, now.steady);
                let volume = failures.saturating_add(answers);
                let percent = u64::from(failures) * 100 / u64::from(volume.max(1));
                if self.in_row >= settings.failures_in_row {
                    self.trip(in_row, Some(self.wait(settings)), now);
                    true
                } else if volume >= settings.volume_min && percent >= u64::from(settings.failure_percent) {
                    let percent = u32::try_from(percent).unwrap_or(100);
                    self.trip(TripCause::Share { percent, volume }, Some(self.wait(settings)), now);
                    true
                } else {
                    false
                }
            }
            BreakerState::Trial => {
                self.retreat(settings, TripCause::TrialFailed, now);
                true
            }
            // Nothing passes, so it began before.
            BreakerState::Echo | BreakerState::Tripped => false,
        }
    }

    /// The echo test of this generation was answered, or not. Returns whether the state changed.
    pub(super) fn probed(&mut self, settings: &BreakerSettings, generation: u64, is_answered: bool, now: Now) -> bool {
        if self.state != BreakerState::Echo || generation != self.generation {
            return false;
        }
        if is_answered {
            self.turn(BreakerState::Trial, Some(now.steady + settings.probe_timeout));
        } else {
            self.retreat(settings, TripCause::NoEcho, now);
        }
        true
    }

    /// Stops business, for ever if `wait` is `None`.
    pub(super) fn trip(&mut self, cause: TripCause, wait: Option<Duration>, now: Now) {
        if self.state == BreakerState::Passing {
            self.since_ms = now.wall_ms;
        }
        self.cause = Some(cause);
        self.turn(BreakerState::Tripped, wait.map(|wait| now.steady + wait));
    }

    /// Opens business, with nothing counted.
    pub(super) fn pass(&mut self, now: Now) {
        if self.state != BreakerState::Passing {
            self.since_ms = now.wall_ms;
        }
        self.attempts = 0;
        self.turn(BreakerState::Passing, None);
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Ends a state whose time is over. `answer_max` is the time that the coordinator has to say who sends an echo test.
    pub(super) fn tick(&mut self, settings: &BreakerSettings, answer_max: Option<Duration>, now: Now) -> Due {
        match self.state {
            BreakerState::Tripped if settings.echo_first => {
                let asks = answer_max.filter(|_| !self.is_asked && !is_on(Mutant::ProbesUnasked));
                let Some(answer_max) = asks else { return Due::Probes(self.probe(settings, now)) };
                self.until = Some(now.steady + answer_max);
                if std::mem::take(&mut self.lets_others) {
                    return Due::Waits;
                }
                self.is_asked = true;
                return Due::Asks(self.generation);
            }
            BreakerState::Tripped => self.turn(BreakerState::Trial, Some(now.steady + settings.probe_timeout)),
            BreakerState::Echo => self.retreat(settings, TripCause::NoEcho, now),
            BreakerState::Trial => self.retreat(settings, TripCause::TrialFailed, now),
            BreakerState::Passing => {}
        }
        Due::Turned
    }

    /// The coordinator says whether this instance sends the echo test of a generation. Returns the generation of the test, if it does now.
    pub(super) fn may_probe(
        &mut self,
        settings: &BreakerSettings,
        generation: u64,
        may: bool,
        now: Now,
    ) -> Option<u64> {
        if self.state != BreakerState::Tripped || !self.is_asked || generation != self.generation {
            return None;
        }
        if may {
            return Some(self.probe(settings, now));
        }
        // If nothing is heard of the one that sends it, this one asks again when that one's right is over.
        self.is_asked = false;
        self.until = Some(now.steady + settings.probe_timeout + settings.wait_min);
        None
    }

    fn probe(&mut self, settings: &BreakerSettings, now: Now) -> u64 {
        self.turn(BreakerState::Echo, Some(now.steady + settings.probe_timeout));
        self.generation
    }

    /// The next time when [`Scope::tick`] has something to do. A trial that no request uses waits without a deadline.
    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.state {
            BreakerState::Trial if self.trial_inflight == 0 => None,
            _ => self.until,
        }
    }

    pub(super) fn snapshot(&self, scope: BreakerScope, settings: &BreakerSettings, now: Now) -> BreakerSnapshot {
        let (failures, answers) = self.counts(settings, now.steady);
        BreakerSnapshot {
            scope,
            state: self.state,
            generation: self.generation,
            cause: self.cause.clone(),
            since_ms: self.since_ms,
            wait: self.until.filter(|_| self.state == BreakerState::Tripped).map(|at| at.saturating_sub(now.steady)),
            attempts: self.attempts,
            failures,
            answers,
        }
    }

    /// Takes a newer state of another instance. The other instance sends the echo test: until its result comes, this one
    /// is tripped, and asks for the next one only if that result does not come.
    /// Returns whether it is newer.
    pub(super) fn import(&mut self, settings: &BreakerSettings, other: &BreakerSnapshot, now: Now) -> bool {
        if (other.generation, other.state) <= (self.generation, self.state) {
            return false;
        }
        let until = match other.state {
            BreakerState::Passing => None,
            BreakerState::Trial => Some(now.steady + settings.probe_timeout),
            BreakerState::Echo => Some(now.steady + settings.probe_timeout + settings.wait_min),
            BreakerState::Tripped => other.wait.map(|wait| now.steady + wait),
        };
        let state = if other.state == BreakerState::Echo { BreakerState::Tripped } else { other.state };
        self.turn(state, until);
        self.generation = other.generation;
        self.cause.clone_from(&other.cause);
        self.since_ms = other.since_ms;
        self.attempts = other.attempts;
        true
    }

    fn succeed(&mut self, settings: &BreakerSettings, now: Now) -> bool {
        self.in_row = 0;
        match self.state {
            BreakerState::Passing => {
                self.count(settings, now.steady, 0, 1);
                false
            }
            BreakerState::Trial => {
                self.trial_answers += 1;
                self.until = Some(now.steady + settings.probe_timeout);
                let is_over = self.trial_answers >= settings.trial_answers;
                if is_over {
                    self.pass(now);
                }
                is_over
            }
            BreakerState::Echo | BreakerState::Tripped => false,
        }
    }

    /// An attempt to pass again failed: trips again, for a longer time.
    fn retreat(&mut self, settings: &BreakerSettings, cause: TripCause, now: Now) {
        self.attempts = self.attempts.saturating_add(1);
        self.trip(cause, Some(self.wait(settings)), now);
        self.lets_others = true;
    }

    fn wait(&self, settings: &BreakerSettings) -> Duration {
        let factor = 1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX);
        settings.wait_min.saturating_mul(factor).min(settings.wait_max.max(settings.wait_min))
    }

    fn turn(&mut self, state: BreakerState, until: Option<Duration>) {
        self.state = state;
        self.until = until;
        self.generation += 1;
        self.parts.clear();
        self.in_row = 0;
        self.is_asked = false;
        self.lets_others = false;
        self.trial_inflight = 0;
        self.trial_answers = 0;
    }

    /// Restores a trip by a person of an earlier run, since this time in milliseconds since 1970.
    pub(super) fn recall(&mut self, cause: TripCause, since_ms: i64, now: Now) {
        self.trip(cause, None, now);
        self.since_ms = since_ms;
    }

    /// Whether a person tripped it. Then it does not try to pass again.
    pub(super) fn is_by_hand(&self) -> bool {
        self.state == BreakerState::Tripped && self.until.is_none()
    }

    fn count(&mut self, settings: &BreakerSettings, now: Duration, failures: u32, answers: u32) {
        let part = part(settings, now);
        while self.parts.front().is_some_and(|(first, ..)| first + u64::from(PARTS) <= part) {
            self.parts.pop_front();
        }
        match self.parts.back_mut().filter(|(last, ..)| *last == part) {
            Some((_, failed, answered)) => {
                *failed = failed.saturating_add(failures);
                *answered = answered.saturating_add(answers);
            }
            None => self.parts.push_back((part, failures, answers)),
        }
    }

    /// Forgets the results in the window.
    pub(super) fn forget_window(&mut self) {
        self.parts.clear();
    }

    /// The failures and answers of the window that ends now.
    fn counts(&self, settings: &BreakerSettings, now: Duration) -> (u32, u32) {
        let part = part(settings, now);
        let inside = self.parts.iter().filter(|(one, ..)| one + u64::from(PARTS) > part);
        inside.fold((0, 0), |(failures, answers), (_, failed, answered)| {
            (failures.saturating_add(*failed), answers.saturating_add(*answered))
        })
    }
}

/// The number of the part of the window that contains this time.
fn part(settings: &BreakerSettings, now: Duration) -> u64 {
    let len = (settings.window / PARTS).as_millis().max(1);
    u64::try_from(now.as_millis() / len).unwrap_or(u64::MAX)
}
