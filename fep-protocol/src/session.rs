//! Sign-on, echo test and sign-off on one link: decides whether the link may carry business telegrams.
//!
//! A session sends nothing, has no clock (callers pass the time) and matches no answers (`mux` does).
//!
//! ```text
//! connected ─► SigningOn ──our sign-on accepted, or theirs answered──► Up ──sign-off──► SigningOff ─► closed
//!                  └─ refused, no answer ─► closed                     └─ echo test unanswered ─► closed
//! ```

use std::time::Duration;

use crate::exchange::LinkState;
use crate::mutant::{Mutant, is_on};
use crate::reason::{CloseReason, DutyFailure};
use crate::terms::Duty;

/// The duties of an institution's sessions, and their times.
#[derive(Clone, Debug, Default)]
pub struct SessionPolicy {
    /// Whether the gateway signs on after connecting.
    pub sign_on: bool,
    /// Whether the gateway signs off before closing.
    pub sign_off: bool,
    /// Whether the gateway sends echo tests.
    pub echo_test: bool,
    /// The longest time between two echo tests.
    pub echo_interval: Duration,
    /// The longest time without received bytes before an echo test is sent.
    pub echo_idle: Duration,
    /// The longest time between two polls of the institution: frames that are polls, or its own echo tests. `None`: it need not poll.
    pub polled_within: Option<Duration>,
    /// Whether a link is closed when the institution does not poll in time. Otherwise it only counts as not ready.
    pub closes_unpolled: bool,
    /// Whether a poll of the institution does not show that it is alive: only its answers do.
    pub polls_prove_nothing: bool,
    /// How long an answer proves that a link is alive, if somebody asks: answers are reported often enough for it.
    pub alive: Option<Duration>,
}

/// The session of one connection.
#[derive(Clone, Debug)]
pub struct Session {
    policy: SessionPolicy,
    state: LinkState,
    echo_sent: Duration,
    echo_waits: bool,
    /// No echo test is due before this time: the last one could not be sent.
    no_test_before: Duration,
    received: Duration,
    /// Whether a telegram of ours other than a sign-on was answered on this connection.
    proved: bool,
    /// The time of the last poll of the institution, or since which it has to poll.
    polled: Duration,
    owes_poll: bool,
    /// Whether we sign off: the link closes after that.
    leaves: bool,
    /// Whether a person lets us sign on again on a connection that may still bring answers.
    signs_on_again: bool,
}

/// The wait before an echo test is tried again that could not be sent.
const TEST_AGAIN: Duration = Duration::from_secs(1);

/// An event of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// The connection is established.
    Connected,
    /// Bytes were received.
    Received,
    /// A request of ours was answered.
    Proved,
    /// The institution polled, or tested the link.
    Polled,
    /// Our duty was answered.
    Answered {
        /// The duty that was answered.
        duty: Duty,
        /// The reason why the answer is not a yes, or `None` if it is a yes.
        refused: Option<String>,
    },
    /// Our duty was not answered in time, or could not be sent. What failed on our side says nothing about the link: it stays, and the echo test
    /// is tried again.
    Unanswered(Duty, DutyFailure),
    /// The institution sent a duty of its own, which is answered with yes.
    Theirs(Duty),
    /// The answers to our duties can arrive, and could not for a while: there was no line to receive them.
    Heard,
    /// The gateway wants to close the link, for this reason.
    Leave(CloseReason),
    /// A person wants an echo test now. One that is under way counts.
    TestNow,
    /// A person wants to sign on again after the institution signed off.
    SignOnNow,
}

/// An action that a session requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionAction {
    /// Send this duty.
    Send(Duty),
    /// The link's state changed.
    Became(LinkState),
    /// The institution does not poll in time, or does so again.
    OwesPoll(bool),
    /// Close the connection, for this reason.
    Close(CloseReason),
}

impl Session {
    /// Creates a session for a link that is still connecting.
    #[must_use]
    pub fn new(policy: SessionPolicy) -> Self {
        let never = Duration::ZERO;
        Self {
            policy,
            state: LinkState::Connecting,
            echo_sent: never,
            echo_waits: false,
            no_test_before: never,
            received: never,
            proved: false,
            polled: never,
            owes_poll: false,
            leaves: false,
            signs_on_again: false,
        }
    }

    /// The state of the link.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// Whether business is open on the link, and we have not begun to close it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == LinkState::Up
    }

    /// Whether echo tests are agreed and nothing of ours has been answered yet, except a sign-on.
    #[must_use]
    pub fn is_unproved(&self) -> bool {
        self.policy.echo_test && !self.proved
    }

    /// The longest time between two echo tests, or `None` if there are none.
    #[must_use]
    pub fn echo_interval(&self) -> Option<Duration> {
        self.policy.echo_test.then_some(self.policy.echo_interval)
    }

    /// Handles an event and returns the resulting actions.
    pub fn on(&mut self, event: SessionEvent, now: Duration) -> Vec<SessionAction> {
        let was_open = self.is_open();
        let actions = self.handle(event, now);
        if self.is_open() && !was_open {
            self.polled = now;
            self.owes_poll = false;
        }
        actions
    }

    fn handle(&mut self, event: SessionEvent, now: Duration) -> Vec<SessionAction> {
        match event {
            SessionEvent::Connected => {
                self.received = now;
                self.echo_sent = now;
                if self.policy.sign_on {
                    vec![self.turn(LinkState::SigningOn), SessionAction::Send(Duty::SignOn)]
                } else {
                    vec![self.turn(LinkState::Up)]
                }
            }
            SessionEvent::Received => {
                self.received = now;
                Vec::new()
            }
            SessionEvent::Proved => {
                self.proved = true;
                Vec::new()
            }
            SessionEvent::Polled => {
                self.polled = now;
                let owed = std::mem::take(&mut self.owes_poll);
                if owed { vec![SessionAction::OwesPoll(false)] } else { Vec::new() }
            }
            SessionEvent::Answered { duty, refused } => self.answered(duty, refused),
            SessionEvent::Unanswered(Duty::SignOn, _) if self.state == LinkState::Up => Vec::new(),
            SessionEvent::Unanswered(Duty::EchoTest, _) if is_on(Mutant::SilentPollsKeepTheLink) => Vec::new(),
            SessionEvent::Unanswered(duty, why) if !why.concerns_link() && self.stays_without(duty) => {
                self.unsent(duty, now)
            }
            SessionEvent::Unanswered(duty, why) => vec![SessionAction::Close(CloseReason::DutyFailed { duty, why })],
            SessionEvent::Theirs(duty) => self.theirs(duty),
            SessionEvent::Heard => self.heard(),
            SessionEvent::Leave(why) => match self.state {
                LinkState::Up if self.policy.sign_off => {
                    self.leaves = true;
                    vec![self.turn(LinkState::SigningOff), SessionAction::Send(Duty::SignOff)]
                }
                _ => vec![SessionAction::Close(why)],
            },
            SessionEvent::TestNow if self.can_test() && !self.echo_waits => vec![self.test(now)],
            SessionEvent::TestNow => Vec::new(),
            SessionEvent::SignOnNow if self.is_signed_off() => {
                self.signs_on_again = true;
                vec![self.turn(LinkState::SigningOn), SessionAction::Send(Duty::SignOn)]
            }
            SessionEvent::SignOnNow => Vec::new(),
        }
    }

    /// Returns the actions that are due by time alone: an echo test.
    pub fn tick(&mut self, now: Duration) -> Vec<SessionAction> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Vec::new();
        }
        vec![self.test(now)]
    }

    /// Whether an echo test is agreed and can be sent in this state. Echo tests continue after a sign-off: a connection that the institution
    /// left open may be dead.
    #[must_use]
    pub fn can_test(&self) -> bool {
        self.policy.echo_test && matches!(self.state, LinkState::Up | LinkState::SigningOff)
    }

    /// Whether the institution signed off, and we can sign on again.
    #[must_use]
    pub fn is_signed_off(&self) -> bool {
        self.policy.sign_on && self.state == LinkState::SigningOff && !self.leaves
    }

    /// The time when [`Session::tick`] has something to do, or `None` if it has nothing to wait for.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        if !self.can_test() || self.echo_waits {
            return None;
        }
        // A sign-on proves little: a front end accepts it, and the application behind it may be dead. So the first echo
        // test comes at once.
        if !self.proved {
            return Some(self.echo_sent.max(self.no_test_before));
        }
        let idle = self.received.max(self.echo_sent) + self.policy.echo_idle;
        Some(idle.min(self.echo_sent + self.policy.echo_interval).max(self.no_test_before))
    }

    /// Returns the actions that are due because the institution does not poll.
    pub fn tick_poll(&mut self, now: Duration) -> Vec<SessionAction> {
        let within = self.policy.polled_within.filter(|_| self.poll_deadline().is_some_and(|deadline| deadline <= now));
        let Some(within) = within else { return Vec::new() };
        self.owes_poll = true;
        if is_on(Mutant::ForgetsUnpolled) {
            return Vec::new();
        }
        match self.policy.closes_unpolled {
            true => vec![SessionAction::Close(CloseReason::NotPolled { within })],
            false => vec![SessionAction::OwesPoll(true)],
        }
    }

    /// The time when [`Session::tick_poll`] has something to do. The institution polls while business is open.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Duration> {
        let within = self.policy.polled_within.filter(|_| self.is_open() && !self.owes_poll);
        within.map(|within| self.polled + within)
    }

    fn answered(&mut self, duty: Duty, refused: Option<String>) -> Vec<SessionAction> {
        match (duty, refused) {
            (Duty::SignOn, None) if self.state == LinkState::SigningOn => vec![self.turn(LinkState::Up)],
            (Duty::SignOn, Some(why)) if self.state == LinkState::SigningOn => {
                vec![SessionAction::Close(CloseReason::SignOnRefused(why))]
            }
            (Duty::SignOn, _) => Vec::new(),
            (Duty::SignOff, _) => vec![SessionAction::Close(CloseReason::SignedOff)],
            // An answer with any response code proves that the other side is alive.
            (Duty::EchoTest, _) => {
                self.echo_waits = false;
                self.proved = true;
                Vec::new()
            }
        }
    }

    fn theirs(&mut self, duty: Duty) -> Vec<SessionAction> {
        match (duty, self.state) {
            (Duty::SignOn, LinkState::SigningOn | LinkState::SigningOff) => vec![self.turn(LinkState::Up)],
            (Duty::SignOff, LinkState::Up | LinkState::SigningOn) => vec![self.turn(LinkState::SigningOff)],
            _ => Vec::new(),
        }
    }

    /// What was sent while no answer could arrive has to be sent again. What was proved before is to be proved again.
    fn heard(&mut self) -> Vec<SessionAction> {
        self.echo_waits = false;
        self.proved = false;
        match self.state {
            LinkState::SigningOn if !is_on(Mutant::NeverSignsOnAgain) => vec![SessionAction::Send(Duty::SignOn)],
            _ => Vec::new(),
        }
    }

    /// Whether the connection is of use although this duty cannot be sent now.
    fn stays_without(&self, duty: Duty) -> bool {
        match duty {
            Duty::EchoTest => true,
            // On a new connection nothing is awaited. It is opened again later.
            Duty::SignOn => self.signs_on_again,
            Duty::SignOff => false,
        }
    }

    fn unsent(&mut self, duty: Duty, now: Duration) -> Vec<SessionAction> {
        if duty == Duty::EchoTest {
            self.echo_waits = false;
            self.no_test_before = now + TEST_AGAIN;
        }
        match (duty, self.state) {
            (Duty::SignOn, LinkState::SigningOn) => vec![self.turn(LinkState::SigningOff)],
            _ => Vec::new(),
        }
    }

    fn test(&mut self, now: Duration) -> SessionAction {
        self.echo_waits = true;
        self.echo_sent = now;
        SessionAction::Send(Duty::EchoTest)
    }

    fn turn(&mut self, state: LinkState) -> SessionAction {
        self.state = state;
        SessionAction::Became(state)
    }
}

#[cfg(test)]
mod tests;
