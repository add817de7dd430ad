//! One contracted link: its connection, its session, and the places in its window.

use std::collections::BTreeSet;
use std::time::Duration;

use super::LineSettings;
use super::roster::Seat;
use crate::backoff::Backoff;
use crate::exchange::LinkState;
use crate::mutant::{Mutant, is_on};
use crate::reason::CloseReason;
use crate::session::{Session, SessionPolicy};
use crate::terms::{Key, Ticket};

/// One contracted link.
#[derive(Clone, Debug)]
pub(super) struct ContractedLink {
    pub(super) incarnation: u64,
    pub(super) stage: Stage,
    pub(super) session: Session,
    pub(super) line: LineSettings,
    pub(super) opened: Duration,
    pub(super) up_since: Option<Duration>,
    pub(super) last_error: Option<CloseReason>,
    /// Whether a person stopped the line.
    pub(super) is_stopped: bool,
    /// Whether an answer to what is sent on it could arrive: a line that receives is up, if there are such lines.
    pub(super) is_heard: bool,
    /// The number of exchanges that wait for their answer.
    pub(super) inflight: usize,
    /// The telegrams of ours that may still be answered on the connection. Each occupies a place in the window.
    pub(super) places: BTreeSet<Ticket>,
    /// Since when every place is held by a telegram that was not answered in time.
    pub(super) stuck_since: Option<Duration>,
    /// Whether a sign-on that nobody could answer is to be sent again as soon as there is room.
    pub(super) repeats_with_room: bool,
    /// The key of the telegram in flight whose answer carries no key: the answer belongs to it, because nothing else is in flight.
    pub(super) keyless: Option<Key>,
    /// The same for a poll of ours.
    pub(super) poll: Option<Key>,
    backoff: Backoff,
    /// The time when an answer last proved that the institution is alive, as far as it was reported.
    proved: Option<Duration>,
    /// The shortest time between two reports that the link works.
    proved_pause: Duration,
}

/// The shortest time between two reports that a link works, unless an answer proves it only for a short time.
const PROVED_PAUSE: Duration = Duration::from_secs(1);

/// How many reports are made at least while an answer still proves that a link works.
const REPORTS_WHILE_ALIVE: u32 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No connection, and none is to be made.
    Down,
    /// No connection. One is made when it is needed.
    Idle,
    /// No connection until this time.
    Waiting(Duration),
    Connecting,
    Open,
    /// We asked for the close, and it has not been confirmed.
    Closing,
}

impl ContractedLink {
    pub(super) fn new(line: &LineSettings, policy: &SessionPolicy) -> Self {
        Self {
            incarnation: 0,
            stage: Stage::Down,
            session: Session::new(policy.clone()),
            line: *line,
            opened: Duration::ZERO,
            up_since: None,
            last_error: None,
            is_stopped: false,
            is_heard: true,
            inflight: 0,
            places: BTreeSet::new(),
            stuck_since: None,
            repeats_with_room: false,
            keyless: None,
            poll: None,
            backoff: Backoff::new(line.reconnect_min, line.reconnect_max),
            proved: None,
            proved_pause: PROVED_PAUSE,
        }
    }

    /// Begins another connection.
    pub(super) fn begin(&mut self, policy: SessionPolicy) {
        self.incarnation += 1;
        self.stage = Stage::Connecting;
        let alive = policy.alive.map(|alive| alive / REPORTS_WHILE_ALIVE);
        self.proved_pause = alive.map_or(PROVED_PAUSE, |pause| pause.min(PROVED_PAUSE));
        self.session = Session::new(policy);
        self.proved = None;
        self.free();
    }

    /// Forgets what was in flight on a connection that is gone.
    pub(super) fn free(&mut self) {
        self.places.clear();
        self.stuck_since = None;
        self.repeats_with_room = false;
        self.keyless = None;
        self.poll = None;
    }

    /// Records that a telegram of ours was answered on the link: the next failure counts as the first one again. Returns
    /// whether that is to be reported.
    pub(super) fn worked(&mut self, now: Duration) -> bool {
        self.backoff.succeeded();
        let is_due = self.proved.is_none_or(|proved| now.saturating_sub(proved) >= self.proved_pause);
        if is_due {
            self.proved = Some(now);
        }
        is_due
    }

    /// Records a lost connection and returns the wait before the next attempt. A link that was up only briefly counts as
    /// failed. If the institution connects, it decides when.
    pub(super) fn fell(&mut self, now: Duration, random: u64) -> Duration {
        if self.line.listens {
            self.up_since = None;
            return Duration::ZERO;
        }
        if self.up_since.take().is_some_and(|since| now.saturating_sub(since) >= self.backoff.max()) {
            self.backoff.succeeded();
        }
        self.backoff.failed(random)
    }

    /// Records that the connection did what it was made for.
    pub(super) fn served(&mut self) {
        self.up_since = None;
        self.backoff.succeeded();
    }

    /// Whether it is connected and may carry business.
    pub(super) fn is_up(&self) -> bool {
        self.stage == Stage::Open && self.session.state() == LinkState::Up
    }

    /// Why nothing can be sent on it.
    pub(super) fn error(&self) -> Option<&CloseReason> {
        self.last_error.as_ref()
    }

    pub(super) fn is_down(&self) -> bool {
        matches!(self.stage, Stage::Down | Stage::Idle | Stage::Waiting(_))
    }

    /// Whether the window has a place for one more telegram of ours.
    pub(super) fn has_room(&self) -> bool {
        self.places.len() < self.line.window || is_on(Mutant::IgnoresTheWindow)
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.stage {
            Stage::Waiting(until) => Some(until),
            // An echo test is a telegram too. Without a place for it, the answer that is waited for shows whether the link lives.
            Stage::Open => {
                let test = self.session.deadline().filter(|_| self.has_room() && self.is_heard);
                [test, self.stuck_until(), self.session.poll_deadline()].into_iter().flatten().min()
            }
            Stage::Down | Stage::Idle | Stage::Connecting | Stage::Closing => None,
        }
    }

    /// The end of the time in which one of the telegrams that hold every place has to be answered. Nothing waits for an answer then, and
    /// no echo test can be sent, so nothing else would show that the link is dead.
    pub(super) fn stuck_until(&self) -> Option<Duration> {
        let since = self.stuck_since.filter(|_| self.is_heard && !is_on(Mutant::KeepsFullWindows))?;
        Some(since + self.session.echo_interval()?)
    }

    /// What the roster has to know about it.
    pub(super) fn seat(&self) -> Seat {
        let sends = self.line.duty.sends();
        let is_needed = matches!(self.stage, Stage::Idle | Stage::Connecting | Stage::Open) && self.line.at_need;
        Seat {
            rank: self.line.rank,
            sends,
            receives: self.line.duty.only_receives(),
            is_up: self.is_up() && !self.is_stopped,
            is_good: !self.session.is_unproved(),
            has_room: self.has_room(),
            load: self.places.len(),
            is_idle: self.stage == Stage::Idle && self.line.one_shot && !self.is_stopped,
            is_connecting: self.stage == Stage::Connecting && self.line.one_shot,
            is_hopeful: sends && !self.is_stopped && (self.is_up() || is_needed),
            deadline: self.deadline(),
        }
    }
}
