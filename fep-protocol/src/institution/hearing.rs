//! Whether answers can arrive: an institution may have lines of its own for what it sends, and then our answers come on them.
//!
//! Without a line that receives, nothing is sent that waits for an answer, and silence says nothing. With one, silence has two
//! possible causes: the line that sends, or the line on which the answer should come. The line that sends is closed first. If the
//! next sign-on or echo test is not answered either, and nothing else was, the lines that receive are closed, too: they are connected,
//! but no answer comes on them. The institution may have lost them, or its answers wait behind a flood.

use std::time::Duration;

use super::Institution;
use super::action::Origin;
use super::link::{ContractedLink, Stage};
use crate::mutant::{Mutant, is_on};
use crate::reason::CloseReason;
use crate::session::SessionEvent;
use crate::terms::{Duty, LinkId, Now, Telegrams};

/// What is known about the way of the answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing {
    /// Whether answers can arrive, as far as the links were told.
    is_possible: bool,
    /// How often it became possible again that answers arrive.
    times: u64,
    /// When a sign-on or echo test first got no answer, if no answer came since on a line that receives.
    silent_since: Option<Duration>,
}

impl Hearing {
    pub(super) const fn new() -> Self {
        Self { is_possible: true, times: 0, silent_since: None }
    }

    /// How often it became possible again that answers arrive.
    pub(super) fn times(&self) -> u64 {
        self.times
    }
}

impl<T: Telegrams> Institution<T> {
    /// Whether an answer to a duty could arrive all the time since it was sent. Otherwise its silence says nothing about its link.
    pub(super) fn could_be_answered(&self, duty: Duty, times_heard: u64) -> bool {
        duty == Duty::SignOff || (self.hearing.is_possible && self.hearing.times == times_heard)
    }

    /// Notices whether answers can arrive. While no line receives, nothing is sent that waits for an answer, and silence says
    /// nothing. Afterwards the duties that nobody could answer are sent again, at once or when their link has room.
    pub(super) fn listen(&mut self, now: Now) {
        let is_heard = self.roster.can_receive();
        if is_heard == self.hearing.is_possible {
            return;
        }
        self.hearing.is_possible = is_heard;
        self.hearing.times += u64::from(is_heard);
        for id in self.link_ids() {
            let Some(link) = self.link_mut(id).filter(|link| link.line.duty.sends()) else { continue };
            link.is_heard = is_heard;
            link.stuck_since = link.stuck_since.map(|_| now.steady);
            let repeats = is_heard && link.stage == Stage::Open && link.has_room();
            link.repeats_with_room = is_heard && link.stage == Stage::Open && !repeats;
            self.refresh(id);
            if repeats {
                self.session(id, SessionEvent::Heard, now);
            }
        }
    }

    /// Notices an answer of the institution.
    pub(super) fn heard(&mut self, origin: &Origin) {
        if matches!(origin, Origin::Here(incarnation) if self.only_receives(incarnation.link)) {
            self.hearing.silent_since = None;
        }
    }

    /// Notices that a duty that was sent at this time was not answered, although its answer could arrive. If it is not the first one,
    /// the lines that receive do not deliver.
    pub(super) fn unheard(&mut self, duty: Duty, sent: Duration, now: Now) {
        if duty == Duty::SignOff || is_on(Mutant::KeepsDeafLines) {
            return;
        }
        let silent_since = *self.hearing.silent_since.get_or_insert(now.steady);
        if sent < silent_since {
            return;
        }
        let is_silent = |link: &ContractedLink| link.stage == Stage::Open && link.opened <= silent_since;
        let mut silent = self.link_ids();
        silent.retain(|id| self.only_receives(*id) && self.link(*id).is_some_and(is_silent));
        silent.into_iter().for_each(|id| self.close(id, CloseReason::NoAnswersCame));
        self.hearing.silent_since = None;
    }

    /// Closes the lines for the telegrams of the institution, once those that send are closed: the answers to our sign-offs may
    /// come on them.
    pub(super) fn leave_receiving(&mut self, now: Now) {
        let links = self.lines.iter().flatten();
        if links.filter(|link| link.line.duty.sends()).all(ContractedLink::is_down) {
            for id in self.link_ids() {
                self.leave_link(id, &CloseReason::Stopped, now);
            }
        }
    }

    fn only_receives(&self, id: LinkId) -> bool {
        self.link(id).is_some_and(|link| link.line.duty.only_receives())
    }
}
