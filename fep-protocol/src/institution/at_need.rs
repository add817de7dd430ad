//! Lines that carry business only at times: backup lines, links for one request, and lines that a person stops and starts.

use std::time::Duration;

use super::link::{ContractedLink, Stage};
use super::withheld::Withheld;
use super::{Action, Institution};
use crate::reason::{CloseReason, NotSent};
use crate::standing::{PersonNote, Standing};
use crate::switchover::SwitchoverState;
use crate::terms::{Duty, LinkId, Now, Telegrams};

/// A line that a person stopped.
#[derive(Clone, Debug)]
pub(super) struct StoppedLine {
    pub(super) by: PersonNote,
    /// Requests in flight on it may end until this time.
    drain_until: Duration,
}

/// The reason why a person cannot stop, start or switch a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineRefusal {
    /// There is no such line.
    NoSuchLine,
    /// The line is in that state already.
    Already,
    /// The gateway does not send on the line, or there is no backup line.
    NoSwitchover,
    /// The gateway has no such telegram to send on the line.
    NoSuchDuty(Duty),
    /// No link of the line can be tested now: none is signed on, or no link has a place for one more telegram.
    NoLinkToTest,
}

impl<T: Telegrams> Institution<T> {
    /// Stops a line by hand, until [`start_line`](Self::start_line). It gets no new request. What is in flight on it may end, then
    /// it signs off and closes. Its links are not connected again.
    ///
    /// # Errors
    /// If there is no such line, or if it is stopped already.
    pub fn stop_line(&mut self, line: usize, note: &str, now: Now) -> Result<(), LineRefusal> {
        let by = PersonNote { note: note.to_owned(), since_ms: now.wall_ms };
        self.line_may_become(line, true)?;
        self.hold_line(line, by, now);
        self.tell_line(line);
        self.progress(now);
        Ok(())
    }

    /// Starts a line again that a person stopped.
    ///
    /// # Errors
    /// If there is no such line, or if it is not stopped.
    pub fn start_line(&mut self, line: usize, now: Now) -> Result<(), LineRefusal> {
        self.line_may_become(line, false)?;
        self.stopped_lines.remove(&line);
        if !self.withheld.contains_key(&line) {
            self.open_line(line);
        }
        self.tell_line(line);
        self.progress(now);
        Ok(())
    }

    /// Connects the links of a line that is neither stopped nor withheld any more.
    pub(super) fn open_line(&mut self, line: usize) {
        for id in self.links_of(line) {
            let Some(link) = self.link_mut(id) else { continue };
            link.is_stopped = false;
            link.last_error = None;
            let is_down = link.stage == Stage::Down;
            let at_need = link.line.at_need;
            self.refresh(id);
            match (is_down && self.leaving.is_none(), at_need) {
                (true, true) => self.rest(id),
                (true, false) => self.connect(id),
                (false, _) => {}
            }
        }
    }

    /// A person wants business on the lines that have the rank of this line. [`Switchover::order`] says what that means.
    ///
    /// [`Switchover::order`]: crate::switchover::Switchover::order
    ///
    /// # Errors
    /// If there is no such line, or if there is nothing to choose.
    pub fn switch_to(&mut self, line: usize, note: &str, now: Now) -> Result<(), LineRefusal> {
        let settings = self.settings.lines.get(line).ok_or(LineRefusal::NoSuchLine)?;
        if !settings.duty.sends() || !self.switchover.has_backup() {
            return Err(LineRefusal::NoSwitchover);
        }
        self.switchover.order(settings.rank, note).map_err(|_| LineRefusal::NoSwitchover)?;
        self.tell_switchover();
        self.progress(now);
        Ok(())
    }

    /// A person wants business on the main lines again.
    ///
    /// # Errors
    /// If there is nothing to choose.
    pub fn switch_back(&mut self, note: &str, now: Now) -> Result<(), LineRefusal> {
        let sending = self.settings.lines.iter().enumerate().filter(|(_, line)| line.duty.sends());
        let main = sending.min_by_key(|(_, line)| line.rank).map(|(line, _)| line);
        self.switch_to(main.ok_or(LineRefusal::NoSwitchover)?, note, now)
    }

    /// Brings back what held at the end of an earlier run. `line` finds a line by its name.
    pub fn recall_standing(&mut self, standing: Standing, line: impl Fn(&str) -> Option<usize>, now: Now) {
        match standing {
            Standing::Line { line: name, by: Some(by) } => {
                if let Some(line) = line(&name) {
                    self.hold_line(line, by, now);
                }
            }
            Standing::Switchover(state) => self.switchover.recall(state),
            Standing::Notice(_) | Standing::Block { .. } | Standing::Breaker { .. } => {
                self.admission.recall_standing(standing, now);
            }
            // Where a request goes is decided before it comes here.
            Standing::Line { by: None, .. } | Standing::Routing(_) | Standing::Sites(_) => {}
        }
    }

    /// Which rank of lines carries business, why and since when. `None` if there are no backup lines.
    #[must_use]
    pub fn switchover(&self) -> Option<&SwitchoverState> {
        self.switchover.has_backup().then(|| self.switchover.state())
    }

    /// The stop of a line, if a person stopped it.
    #[must_use]
    pub fn stopped_line(&self, line: usize) -> Option<&PersonNote> {
        self.stopped_lines.get(&line).map(|stopped| &stopped.by)
    }

    /// Moves business to the lines that carry it now, and connects and closes the links that are connected only at need.
    pub(super) fn choose_lines(&mut self, now: Now) {
        let roster = &self.roster;
        if self.switchover.look(|rank| roster.state(rank), now) {
            self.tell_switchover();
        }
        if !self.stopped_lines.is_empty() || !self.withheld.is_empty() {
            self.end_stopped(now);
        }
        if self.leaving.is_some() {
            return;
        }
        for line in 0..self.at_need.len() {
            let Some(index) = self.at_need.get(line).copied() else { continue };
            match self.settings.lines.get(index) {
                Some(settings) if settings.one_shot => {}
                Some(settings) => self.stand_by(index, self.switchover.needs(settings.rank, now.steady), now),
                None => {}
            }
        }
        self.connect_for_requests(now);
    }

    /// The next time when [`choose_lines`](Self::choose_lines) has something to do.
    pub(super) fn lines_deadline(&self) -> Option<Duration> {
        let stopped = self.stopped_lines.iter().map(|(line, stopped)| (*line, stopped.drain_until));
        let withheld = self.withheld.iter().map(|(line, withheld)| (*line, withheld.drain_until));
        let drains = stopped.chain(withheld).filter(|(line, _)| self.is_line_open(*line)).map(|(_, until)| until);
        [self.switchover.deadline(), drains.min()].into_iter().flatten().min()
    }

    /// Whether no request can start now because no link has a place for it.
    pub(super) fn is_without_place(&self) -> bool {
        let rank = self.switchover.rank();
        self.roster.next(rank).is_none() || !self.roster.state(rank).works
    }

    /// Connects the links of a backup line that is needed, and closes those of one that is not.
    fn stand_by(&mut self, line: usize, is_needed: bool, now: Now) {
        for id in self.links_of(line) {
            let Some(link) = self.link(id) else { continue };
            match (link.stage, is_needed) {
                (Stage::Idle, true) => self.connect(id),
                (Stage::Open, false) if link.places.is_empty() && link.session.is_open() => {
                    self.leave_link(id, &CloseReason::NotNeeded, now);
                }
                (Stage::Connecting, false) => self.close(id, CloseReason::NotNeeded),
                _ => {}
            }
        }
    }

    /// Connects as many links for one request as requests wait that may start, and closes those that no request needs any more.
    fn connect_for_requests(&mut self, now: Now) {
        if !self.has_one_shot {
            return;
        }
        let rank = self.switchover.rank();
        let wanted = self.admission.flow.startable(now.steady);
        if wanted == 0 {
            let unused: Vec<_> = self.roster.unused(rank).filter(|id| self.is_one_shot(*id)).collect();
            for id in unused {
                self.close(id, CloseReason::RequestDone);
            }
            return;
        }
        let ready = self.roster.unused(rank).count() + self.roster.connecting(rank);
        for _ in ready..wanted {
            let Some(id) = self.roster.idle(rank) else { break };
            self.connect(id);
        }
    }

    fn line_may_become(&self, line: usize, is_stopped: bool) -> Result<(), LineRefusal> {
        match self.lines.get(line) {
            None => Err(LineRefusal::NoSuchLine),
            Some(_) if self.stopped_lines.contains_key(&line) == is_stopped => Err(LineRefusal::Already),
            Some(_) => Ok(()),
        }
    }

    fn hold_line(&mut self, line: usize, by: PersonNote, now: Now) {
        for id in self.links_of(line) {
            if let Some(link) = self.link_mut(id) {
                link.is_stopped = true;
                link.last_error = Some(CloseReason::LineStopped { note: by.note.clone() });
            }
            self.refresh(id);
        }
        let drain_until = now.steady + self.settings.drain_max;
        self.stopped_lines.insert(line, StoppedLine { by, drain_until });
    }

    /// Closes the links of stopped lines on which nothing is in flight, or whose time to end is over.
    fn end_stopped(&mut self, now: Now) {
        let stopped = self.stopped_lines.iter().map(|(line, StoppedLine { by, drain_until })| {
            (*line, *drain_until, CloseReason::LineStopped { note: by.note.clone() })
        });
        let withheld = self.withheld.iter().map(|(line, Withheld { holder, drain_until })| {
            (*line, *drain_until, CloseReason::LineElsewhere { holder: holder.clone() })
        });
        for (line, drain_until, why) in stopped.chain(withheld).collect::<Vec<_>>() {
            for id in self.links_of(line) {
                let Some(link) = self.link(id) else { continue };
                match link.stage {
                    Stage::Open if drain_until <= now.steady => self.close(id, why.clone()),
                    Stage::Open if !(link.places.is_empty() && link.session.is_open()) => {}
                    _ => self.leave_link(id, &why, now),
                }
            }
        }
    }

    fn is_line_open(&self, line: usize) -> bool {
        self.lines.get(line).into_iter().flatten().any(|link| link.stage == Stage::Open)
    }

    pub(super) fn is_one_shot(&self, id: LinkId) -> bool {
        self.link(id).is_some_and(|link| link.line.one_shot)
    }

    pub(super) fn links_of(&self, line: usize) -> Vec<LinkId> {
        let links = self.lines.get(line).map_or(0, Vec::len);
        (0..links).map(|link| LinkId { line, link }).collect()
    }

    fn tell_line(&mut self, line: usize) {
        self.actions.push_back(Action::LineStopped(line, self.stopped_line(line).cloned()));
    }

    fn tell_switchover(&mut self) {
        self.actions.push_back(Action::Standing(Standing::Switchover(self.switchover.state().clone())));
    }

    /// The reason why nothing can be sent, with the error of one of the links.
    pub(super) fn no_line_up(&self) -> NotSent {
        if let Some(why) = self.is_elsewhere() {
            return why;
        }
        let is_heard = self.roster.can_receive();
        let links = self.lines.iter().flatten().filter(|link| is_heard || link.line.duty.only_receives());
        let error = links.filter_map(ContractedLink::error).next().cloned().map(Box::new);
        if is_heard { NotSent::NoLineUp(error) } else { NotSent::NoReceivingLine(error) }
    }
}
