//! The links of an institution: connecting, sessions, and lost connections.

use std::time::Duration;

use super::{Action, Institution, LineSettings, Owner};
use crate::backoff::Backoff;
use crate::exchange::LinkState;
use crate::reason::{CloseReason, DutyFailure, NotSent, Unknown};
use crate::session::{Session, SessionAction, SessionEvent, SessionPolicy};
use crate::terms::{BusinessNotice, Duty, Incarnation, LineDuty, LinkId, Now, Stops, Telegrams, Ticket};
use crate::trace::TraceUse;

/// One contracted link.
#[derive(Clone, Debug)]
pub(super) struct ContractedLink {
    incarnation: u64,
    stage: Stage,
    session: Session,
    backoff: Backoff,
    duty: LineDuty,
    listens: bool,
    opened: Duration,
    up_since: Option<Duration>,
    inflight: usize,
    /// The time when an answer last proved that the institution is alive, as far as it was reported.
    proved: Option<Duration>,
    last_error: Option<CloseReason>,
}

/// The shortest time between two reports that a link works.
const PROVED_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No connection, and none is to be made.
    Down,
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
            backoff: Backoff::new(line.reconnect_min, line.reconnect_max),
            duty: line.duty,
            listens: line.listens,
            opened: Duration::ZERO,
            up_since: None,
            inflight: 0,
            proved: None,
            last_error: None,
        }
    }

    pub(super) fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Records that a telegram of ours was answered on the link: the next failure counts as the first one again. Returns
    /// whether that is to be reported.
    pub(super) fn worked(&mut self, now: Duration) -> bool {
        self.backoff.succeeded();
        let is_due = self.proved.is_none_or(|proved| now.saturating_sub(proved) >= PROVED_PAUSE);
        if is_due {
            self.proved = Some(now);
        }
        is_due
    }

    /// Records a lost connection and returns the wait before the next attempt. A link that was up only briefly counts as
    /// failed. If the institution connects, it decides when.
    fn fell(&mut self, now: Duration, random: u64) -> Duration {
        if self.listens {
            self.up_since = None;
            return Duration::ZERO;
        }
        if self.up_since.take().is_some_and(|since| now.saturating_sub(since) >= self.backoff.max()) {
            self.backoff.succeeded();
        }
        self.backoff.failed(random)
    }

    pub(super) fn inflight(&self) -> usize {
        self.inflight
    }

    /// Whether it may carry business.
    fn is_up(&self) -> bool {
        self.stage == Stage::Open && self.session.state() == LinkState::Up
    }

    pub(super) fn is_down(&self) -> bool {
        matches!(self.stage, Stage::Down | Stage::Waiting(_))
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.stage {
            Stage::Waiting(until) => Some(until),
            Stage::Open => self.session.deadline(),
            Stage::Down | Stage::Connecting | Stage::Closing => None,
        }
    }
}

impl<T: Telegrams> Institution<T> {
    /// Reports that the connection is established.
    pub fn connected(&mut self, incarnation: Incarnation, now: Now) {
        let Some(link) = self.link_mut(incarnation.link).filter(|link| link.incarnation == incarnation.number) else {
            return;
        };
        if link.stage == Stage::Connecting {
            link.stage = Stage::Open;
            link.opened = now.steady;
            self.session(incarnation.link, SessionEvent::Connected, now);
        }
    }

    /// Reports that the connection ended, or was never established. `untouched` lists the tickets of each
    /// [`Action::Write`] that certainly handed no byte to the kernel.
    pub fn lost(&mut self, incarnation: Incarnation, why: &CloseReason, untouched: &[Ticket], now: Now) {
        // If we closed the link, the reason of our close says more than the end of the connection.
        let ours = self.link(incarnation.link).filter(|link| link.incarnation == incarnation.number);
        let ours = ours.filter(|link| link.stage == Stage::Closing).and_then(|link| link.last_error.clone());
        let why = ours.as_ref().unwrap_or(why);
        for ticket in untouched {
            self.unsent(*ticket, NotSent::LinkLost(Some(Box::new(why.clone()))), now);
        }
        self.give_up_on(incarnation, why, now);
        let random = self.random.next_u64();
        let leaving = self.leaving.is_some();
        let Some(link) = self.link_mut(incarnation.link).filter(|link| link.incarnation == incarnation.number) else {
            return;
        };
        if link.is_down() {
            return;
        }
        let reason = Some(why.clone());
        link.stage = if leaving { Stage::Down } else { Stage::Waiting(now.steady + link.fell(now.steady, random)) };
        link.last_error.clone_from(&reason);
        self.actions.push_back(Action::Link(incarnation.link, LinkState::Down, reason));
        self.progress(now);
    }

    /// Reports that one more connection came to a listening line, and is to replace the oldest one. If a link of the line waits
    /// already, or is being closed, the new connection gets that place.
    pub fn replace(&mut self, line: usize) {
        let Some(links) = self.lines.get(line).filter(|links| links.iter().all(|link| link.stage == Stage::Open))
        else {
            return;
        };
        let oldest = links.iter().enumerate().min_by_key(|(_, link)| link.opened);
        if let Some((link, _)) = oldest {
            self.close(LinkId { line, link }, CloseReason::Replaced);
        }
    }

    pub(super) fn connect(&mut self, id: LinkId) {
        let policy = self.settings.policy.clone();
        let Some(link) = self.link_mut(id) else { return };
        // On a line for the telegrams of the institution, the gateway has no duties. It carries them as soon as it is connected.
        let policy = if link.duty.sends() { policy } else { SessionPolicy::default() };
        link.incarnation += 1;
        link.stage = Stage::Connecting;
        link.session = Session::new(policy);
        link.proved = None;
        let incarnation = Incarnation { link: id, number: link.incarnation };
        let state = if link.listens { LinkState::Listening } else { LinkState::Connecting };
        self.actions.push_back(Action::Link(id, state, None));
        self.actions.push_back(Action::Connect(incarnation));
    }

    pub(super) fn tick_link(&mut self, id: LinkId, now: Now) {
        let Some(link) = self.link_mut(id) else { return };
        match link.stage {
            Stage::Waiting(until) if until <= now.steady => self.connect(id),
            Stage::Open => {
                let actions = link.session.tick(now.steady);
                self.obey(id, actions, now);
            }
            _ => {}
        }
    }

    pub(super) fn leave_link(&mut self, id: LinkId, now: Now) {
        let Some(link) = self.link_mut(id) else { return };
        match link.stage {
            Stage::Open => self.session(id, SessionEvent::Leave, now),
            Stage::Waiting(_) => link.stage = Stage::Down,
            Stage::Connecting => self.close(id, CloseReason::Stopped),
            Stage::Down | Stage::Closing => {}
        }
    }

    pub(super) fn close_all(&mut self) {
        for id in self.link_ids() {
            self.close(id, CloseReason::Stopped);
        }
    }

    pub(super) fn is_any_open(&self) -> bool {
        self.lines.iter().flatten().any(|link| matches!(link.stage, Stage::Open | Stage::Connecting))
    }

    /// Carries out the actions that a session requests.
    pub(super) fn obey(&mut self, id: LinkId, actions: Vec<SessionAction>, now: Now) {
        for action in actions {
            match action {
                SessionAction::Send(duty) => self.ask(id, duty, now),
                SessionAction::Became(state) => {
                    if let Some(link) = self.link_mut(id).filter(|_| state == LinkState::Up) {
                        link.up_since = Some(now.steady);
                        link.last_error = None;
                    }
                    self.actions.push_back(Action::Link(id, state, None));
                    if state == LinkState::Up && self.settings.policy.sign_on {
                        self.business_sign(BusinessNotice::Open, Stops::Nothing, now);
                    }
                }
                SessionAction::Close(why) => self.close(id, why),
            }
        }
    }

    pub(super) fn duty_failed(&mut self, incarnation: Incarnation, duty: Duty, why: DutyFailure, now: Now) {
        if self.is_open(incarnation) {
            self.session(incarnation.link, SessionEvent::Unanswered(duty, why), now);
        }
    }

    pub(super) fn is_open(&self, incarnation: Incarnation) -> bool {
        self.link(incarnation.link)
            .is_some_and(|link| link.incarnation == incarnation.number && link.stage == Stage::Open)
    }

    /// Returns whether the connection is the current one of the link. It still is after we asked for its close.
    pub(super) fn is_present(&self, incarnation: Incarnation) -> bool {
        self.link(incarnation.link).is_some_and(|link| link.incarnation == incarnation.number && !link.is_down())
    }

    pub(super) fn state(&self, id: LinkId) -> LinkState {
        self.link(id).map_or(LinkState::Down, |link| link.session.state())
    }

    pub(super) fn is_any_up(&self) -> bool {
        self.can_receive() && self.lines.iter().flatten().any(|link| link.is_up() && link.duty.sends())
    }

    /// Whether answers can arrive. If there are lines for receiving only, one of them must be up.
    fn can_receive(&self) -> bool {
        let mut receiving = self.lines.iter().flatten().filter(|link| link.duty == LineDuty::Receive).peekable();
        receiving.peek().is_none() || receiving.any(|link| link.is_up())
    }

    /// The connection for an answer to what came on a connection: the same one, if it is open and the gateway may write on it;
    /// otherwise one of a line that sends.
    pub(super) fn incarnation_for_reply(&self, incarnation: Incarnation) -> Result<Incarnation, NotSent> {
        let own = self.link(incarnation.link).filter(|link| link.duty.replies());
        if own.is_some() && self.is_open(incarnation) {
            return Ok(incarnation);
        }
        let open = |id: &LinkId| self.link(*id).filter(|link| link.stage == Stage::Open && link.duty.sends());
        let links = self.link_ids().into_iter().filter_map(|id| Some((id, open(&id)?)));
        let best = links.min_by_key(|(_, link)| (!link.is_up(), link.inflight));
        let best = best.map(|(id, link)| Incarnation { link: id, number: link.incarnation });
        best.ok_or_else(|| self.no_line_up())
    }

    /// Handles a duty of the institution. On a line for receiving only, it is about the lines that send.
    pub(super) fn theirs(&mut self, id: LinkId, duty: Duty, now: Now) {
        if self.link(id).is_none_or(|link| link.duty != LineDuty::Receive) {
            return self.session(id, SessionEvent::Theirs(duty), now);
        }
        for id in self.link_ids() {
            if self.link(id).is_some_and(|link| link.stage == Stage::Open && link.duty.sends()) {
                self.session(id, SessionEvent::Theirs(duty), now);
            }
        }
    }

    /// Closes the lines for the telegrams of the institution, once those that send are closed: the answers to our sign-offs may
    /// come on them.
    pub(super) fn leave_receiving(&mut self, now: Now) {
        let links = self.lines.iter().flatten();
        if links.filter(|link| link.duty.sends()).all(ContractedLink::is_down) {
            for id in self.link_ids() {
                self.leave_link(id, now);
            }
        }
    }

    pub(super) fn sends(&self, id: LinkId) -> bool {
        self.link(id).is_some_and(|link| link.duty.sends())
    }

    /// The link that is up and has the fewest exchanges in flight.
    pub(super) fn incarnation_for_business(&self) -> Result<Incarnation, NotSent> {
        if !self.can_receive() {
            return Err(self.no_line_up());
        }
        let mut best: Option<(usize, Incarnation)> = None;
        for id in self.link_ids() {
            let Some(link) = self.link(id) else { continue };
            if link.is_up() && link.duty.sends() && best.is_none_or(|(least, _)| link.inflight < least) {
                best = Some((link.inflight, Incarnation { link: id, number: link.incarnation }));
            }
        }
        best.map(|(_, incarnation)| incarnation).ok_or_else(|| self.no_line_up())
    }

    /// The reason why nothing can be sent, with the error of one of the links.
    pub(super) fn no_line_up(&self) -> NotSent {
        let error = self.lines.iter().flatten().find_map(|link| link.last_error.as_ref());
        NotSent::NoLineUp(error.cloned().map(Box::new))
    }

    pub(super) fn count(&mut self, id: LinkId, change: isize) {
        if let Some(link) = self.link_mut(id) {
            link.inflight = link.inflight.saturating_add_signed(change);
        }
    }

    pub(super) fn link_ids(&self) -> Vec<LinkId> {
        let lines = self.lines.iter().enumerate();
        lines.flat_map(|(line, links)| (0..links.len()).map(move |link| LinkId { line, link })).collect()
    }

    pub(super) fn link_mut(&mut self, id: LinkId) -> Option<&mut ContractedLink> {
        self.lines.get_mut(id.line)?.get_mut(id.link)
    }

    fn link(&self, id: LinkId) -> Option<&ContractedLink> {
        self.lines.get(id.line)?.get(id.link)
    }

    fn close(&mut self, id: LinkId, why: CloseReason) {
        let Some(link) = self.link_mut(id) else { return };
        if matches!(link.stage, Stage::Open | Stage::Connecting) {
            link.stage = Stage::Closing;
            link.last_error = Some(why.clone());
            let incarnation = Incarnation { link: id, number: link.incarnation };
            self.actions.push_back(Action::Close(incarnation, why));
        }
    }

    pub(super) fn ask(&mut self, id: LinkId, duty: Duty, now: Now) {
        let Some(link) = self.link(id) else { return };
        let incarnation = Incarnation { link: id, number: link.incarnation };
        match self.make(now, TraceUse::Duty, |telegrams, trace| telegrams.duty(duty, trace, now)) {
            Ok(wire) => {
                let ticket = self.ticket();
                let owner = Owner::Duty { duty, since: now.steady };
                self.send_wire(ticket, owner, incarnation, wire, now.steady);
            }
            Err(why) => self.duty_without_trace(incarnation, duty, why, now),
        }
    }

    /// Ends everything that was written to a lost connection. It can only be answered late.
    fn give_up_on(&mut self, incarnation: Incarnation, why: &CloseReason, now: Now) {
        let mut written = Vec::new();
        for (ticket, item) in &self.under_way {
            if item.incarnation == incarnation && item.written {
                written.push(*ticket);
            }
        }
        written.sort_unstable();
        let mut is_exchange_lost = false;
        for ticket in written {
            let Some(item) = self.under_way.remove(&ticket) else { continue };
            if let Some((key, _)) = &item.waits {
                self.mux.give_up(key, now.steady + self.settings.quarantine);
            }
            match item.owner {
                Owner::Exchange | Owner::Step => {
                    is_exchange_lost = true;
                    self.finish_unknown(ticket, item, Unknown::LinkLost(Box::new(why.clone())), now);
                }
                Owner::Probe { .. } => self.probed(ticket, false, now),
                Owner::Duty { .. } | Owner::Reply => {}
            }
        }
        if is_exchange_lost {
            self.admission.link_lost(now);
        }
    }
}
