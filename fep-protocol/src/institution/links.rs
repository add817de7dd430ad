//! The links of an institution: connecting, sessions, and lost connections.

use super::link::{ContractedLink, Stage};
use super::{Action, Institution, Owner};
use crate::exchange::LinkState;
use crate::mutant::{Mutant, is_on};
use crate::reason::{CloseReason, DutyFailure, NotSent, Unknown};
use crate::session::{SessionAction, SessionEvent, SessionPolicy};
use crate::terms::{BusinessNotice, Duty, Incarnation, LineDuty, LinkId, Now, Stops, Telegrams, Ticket};

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
            self.progress(now);
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
        self.duties.lost(incarnation);
        self.held.retain(|_, there| *there != incarnation);
        let random = self.random.next_u64();
        let leaving = self.leaving.is_some();
        let id = incarnation.link;
        let is_needed = self.link(id).is_some_and(|link| self.switchover.needs(link.line.rank, now.steady));
        let Some(link) = self.link_mut(id).filter(|link| link.incarnation == incarnation.number) else { return };
        if link.is_down() {
            return;
        }
        // It has done what it was connected for: the institution may close it as well as we.
        let is_over = link.line.one_shot || (link.line.at_need && !is_needed);
        let has_served = is_over && link.up_since.is_some() && link.places.is_empty();
        // A bad reply to its one request says nothing against the next connection.
        let was_reached = link.line.one_shot && link.up_since.is_some() && !why.delays_the_next();
        link.free();
        let (state, reason) = match (leaving || link.is_stopped, has_served || was_reached) {
            (true, _) => {
                link.stage = Stage::Down;
                (LinkState::Down, Some(why.clone()))
            }
            (false, true) => {
                link.served();
                link.stage = Stage::Idle;
                (LinkState::Idle, Some(why.clone()).filter(|_| !has_served))
            }
            (false, false) => {
                link.stage = Stage::Waiting(now.steady + link.fell(now.steady, random));
                (LinkState::Down, Some(why.clone()))
            }
        };
        link.last_error.clone_from(&reason);
        self.refresh(id);
        self.actions.push_back(Action::Link(id, state, reason));
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
        // On a line for the telegrams of the institution, the gateway has no duties. It carries them as soon as it is connected. A
        // link for one request has none either.
        let has_duties = link.line.duty.sends() && !link.line.one_shot;
        // The institution polls on the lines on which it sends.
        let is_polled = link.line.duty != LineDuty::Send && !link.line.one_shot;
        let polled_within = policy.polled_within.filter(|_| is_polled);
        let closes_unpolled = policy.closes_unpolled;
        let alive = policy.alive;
        let duties = if has_duties { policy } else { SessionPolicy::default() };
        link.begin(SessionPolicy { polled_within, closes_unpolled, alive, ..duties });
        let incarnation = Incarnation { link: id, number: link.incarnation };
        let state = if link.line.listens { LinkState::Listening } else { LinkState::Connecting };
        self.refresh(id);
        self.actions.push_back(Action::Link(id, state, None));
        self.actions.push_back(Action::Connect(incarnation));
    }

    pub(super) fn tick_link(&mut self, id: LinkId, now: Now) {
        let Some(link) = self.link_mut(id) else { return };
        match link.stage {
            Stage::Waiting(until) if until <= now.steady && link.line.at_need => self.rest(id),
            Stage::Waiting(until) if until <= now.steady => self.connect(id),
            Stage::Open if link.stuck_until().is_some_and(|until| until <= now.steady) => {
                let within = link.session.echo_interval().unwrap_or_default();
                self.close(id, CloseReason::WindowUnanswered { within });
            }
            Stage::Open => {
                let may_test = link.has_room() && link.is_heard;
                let mut actions = link.session.tick_poll(now.steady);
                if may_test {
                    actions.extend(link.session.tick(now.steady));
                }
                self.refresh(id);
                self.obey(id, actions, now);
            }
            _ => {}
        }
    }

    /// Lets a link without a connection wait until it is needed.
    pub(super) fn rest(&mut self, id: LinkId) {
        let Some(link) = self.link_mut(id) else { return };
        link.stage = Stage::Idle;
        self.refresh(id);
        self.actions.push_back(Action::Link(id, LinkState::Idle, None));
    }

    /// Ends a link for this reason. A sign-off comes first if that is agreed and the window has room for it.
    pub(super) fn leave_link(&mut self, id: LinkId, why: &CloseReason, now: Now) {
        let Some(link) = self.link_mut(id) else { return };
        match link.stage {
            Stage::Open if link.has_room() => self.session(id, SessionEvent::Leave(why.clone()), now),
            Stage::Waiting(_) | Stage::Idle => {
                link.stage = Stage::Down;
                self.refresh(id);
                self.actions.push_back(Action::Link(id, LinkState::Down, None));
            }
            Stage::Open | Stage::Connecting => self.close(id, why.clone()),
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
                    self.refresh(id);
                    self.actions.push_back(Action::Link(id, state, None));
                    if state == LinkState::Up && self.settings.policy.sign_on {
                        self.business_sign(BusinessNotice::Open, Stops::Nothing, now);
                    }
                }
                SessionAction::OwesPoll(is_owed) => self.actions.push_back(Action::OwesPoll(id, is_owed)),
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

    /// Whether a request might be sent soon.
    pub(super) fn is_any_up(&self) -> bool {
        self.roster.is_hopeful()
    }

    /// The connection for an answer to what came on a connection: the same one, if it is open and the gateway may write on it;
    /// otherwise one of a line that sends.
    pub(super) fn incarnation_for_reply(&self, incarnation: Incarnation) -> Result<Incarnation, NotSent> {
        let own = self
            .link(incarnation.link)
            .filter(|link| link.line.duty.replies() || is_on(Mutant::RepliesWhereItReceives));
        if own.is_some() && self.is_open(incarnation) {
            return Ok(incarnation);
        }
        let open = |id: &LinkId| self.link(*id).filter(|link| link.stage == Stage::Open && link.line.duty.sends());
        let links = self.link_ids().into_iter().filter_map(|id| Some((id, open(&id)?)));
        let best = links.min_by_key(|(_, link)| (!link.is_up(), link.line.rank, link.inflight));
        let best = best.map(|(id, link)| Incarnation { link: id, number: link.incarnation });
        best.ok_or_else(|| self.no_line_up())
    }

    /// Handles a duty of the institution. On a line for receiving only, it is about the lines that send. But the sign-on for its own
    /// line is no answer to ours.
    pub(super) fn theirs(&mut self, id: LinkId, duty: Duty, now: Now) {
        if self.link(id).is_none_or(|link| link.line.duty != LineDuty::Receive) {
            return self.session(id, SessionEvent::Theirs(duty), now);
        }
        for id in self.link_ids() {
            let open = self.link(id).filter(|link| link.stage == Stage::Open && link.line.duty.sends());
            let is_ours = |state| duty == Duty::SignOn && state == LinkState::SigningOn;
            if open.is_some_and(|link| !is_ours(link.session.state())) {
                self.session(id, SessionEvent::Theirs(duty), now);
            }
        }
    }

    pub(super) fn sends(&self, id: LinkId) -> bool {
        self.link(id).is_some_and(|link| link.line.duty.sends())
    }

    /// The link that carries the next request.
    pub(super) fn incarnation_for_business(&self) -> Result<Incarnation, NotSent> {
        let rank = self.switchover.rank();
        let next = self.roster.next(rank).filter(|_| self.roster.state(rank).works);
        let link = next.and_then(|id| Some((id, self.link(id)?)));
        let incarnation = link.map(|(id, link)| Incarnation { link: id, number: link.incarnation });
        incarnation.ok_or_else(|| self.no_line_up())
    }

    /// The number of exchanges on a line that wait for their answer.
    #[must_use]
    pub fn inflight_on(&self, line: usize) -> usize {
        self.lines.get(line).map_or(0, |links| links.iter().map(|link| link.inflight).sum())
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

    pub(super) fn link(&self, id: LinkId) -> Option<&ContractedLink> {
        self.lines.get(id.line)?.get(id.link)
    }

    /// Tells the roster what has become of a link. It must be called after each change of a link.
    pub(super) fn refresh(&mut self, id: LinkId) {
        if let Some(seat) = self.link(id).map(ContractedLink::seat) {
            self.roster.set(id, seat);
        }
    }

    pub(super) fn close(&mut self, id: LinkId, why: CloseReason) {
        let Some(link) = self.link_mut(id) else { return };
        if matches!(link.stage, Stage::Open | Stage::Connecting) {
            link.stage = Stage::Closing;
            link.last_error = Some(why.clone());
            let incarnation = Incarnation { link: id, number: link.incarnation };
            self.refresh(id);
            self.actions.push_back(Action::Close(incarnation, why));
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
            if is_on(Mutant::ResendsAfterLoss)
                && let Ok(next) = self.incarnation_for_business()
            {
                self.actions.push_back(Action::Write {
                    ticket,
                    incarnation: next,
                    bytes: item.bytes.clone(),
                    not_after: None,
                });
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
