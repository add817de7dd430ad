//! Carries out commands: requests of services, questions about the state, and decisions of persons.

use fep_protocol::terms::Now;

use tokio::sync::oneshot;

use super::{AcceptedRequest, Handle, Running, Task, TaskCommand};
use crate::net::admission::{CannotDecide, Decision, InstitutionStatus, SwitchoverStatus};

impl Handle {
    /// The present state of the institution. `None` if it has stopped.
    pub async fn status(&self) -> Option<InstitutionStatus> {
        let (reply, status) = oneshot::channel();
        self.commands.send(TaskCommand::Status(reply)).await.ok()?;
        status.await.ok()
    }

    /// Carries out a decision of a person.
    ///
    /// # Errors
    /// The reason why that is not possible.
    pub async fn decide(&self, decision: Decision) -> Result<(), CannotDecide> {
        let (reply, done) = oneshot::channel();
        let sent = self.commands.send(TaskCommand::Decide(decision, reply)).await;
        sent.map_err(|_| CannotDecide::Stopped)?;
        done.await.unwrap_or(Err(CannotDecide::Stopped))
    }
}

impl Task {
    pub(super) fn command(&mut self, command: TaskCommand) {
        let now = self.shared.clock.now();
        match command {
            TaskCommand::Request(request) => {
                let AcceptedRequest { draft, exchange, key, since, place, reply } = *request;
                let has_stand_in = self.stand_in_fields(&exchange.telegram).is_some();
                let spare = has_stand_in.then(|| draft.clone());
                let running =
                    Running { exchange, spare, key, reply, place, since, written: None, request: None, answer: None };
                let room = self.room_for(&running.exchange);
                match room.and_then(|()| self.machine.request(draft, since, now)) {
                    Ok(ticket) => {
                        self.running.insert(ticket, running);
                    }
                    Err(why) => self.not_sent(running, why, now),
                }
            }
            TaskCommand::Status(reply) => {
                let names = (&*self.name, self.config.label.as_str());
                let flow = self.machine.flow_status(now);
                let stops = (self.machine.breakers(now), self.machine.closed(now));
                let sharing = self.sharing();
                let alternatives = self.alternatives(&stops.0);
                let state = self.machine.switchover();
                let switchover = state.map(|state| SwitchoverStatus::new(state, &self.carrying(state.rank)));
                let status = InstitutionStatus::new(names, flow, stops, now);
                let status = InstitutionStatus { sharing, alternatives, switchover, ..status };
                // Nobody may wait for it any more.
                let _ = reply.send(status);
            }
            TaskCommand::Decide(decision, reply) => {
                let _ = reply.send(self.decide(&decision, now));
            }
            TaskCommand::Settle(case, decision, reply) => self.decide_case(case, decision, reply, now),
            TaskCommand::Deliver(id, decision, reply) => self.decide_delivery(id, decision, reply),
            TaskCommand::Stop => {
                self.leaving = true;
                self.settling.stop(now);
                self.notices.delivery.stop();
                self.leave_at.get_or_insert(now);
                self.leave(now);
            }
        }
    }

    /// Lets the machine leave, once the institution waits for no answer to a notice, or that takes too long.
    pub(super) fn leave(&mut self, now: Now) {
        let Some(since) = self.leave_at else { return };
        if !self.notices.is_awaited() || since.steady + self.config.drain_max <= now.steady {
            self.leave_at = None;
            // The time for draining began when the gateway was told to stop.
            self.machine.leave(since);
        }
    }

    fn decide(&mut self, decision: &Decision, now: Now) -> Result<(), CannotDecide> {
        let line = |name: &String| self.line_names.iter().position(|line| **line == **name);
        let machine = &mut self.machine;
        let is_done = match decision {
            Decision::Trip(scope, note) => machine.trip_breaker(scope, note, now),
            Decision::Reset(scope) => machine.reset_breaker(scope, now),
            Decision::Block(business, note) => {
                machine.block(business.as_deref(), note, now).map_err(|_| CannotDecide::TooManyBlocks)?;
                true
            }
            Decision::Unblock(business) => machine.unblock(business.as_deref()),
            Decision::StopLine(name, note) => {
                machine.stop_line(line(name).ok_or(CannotDecide::NoSuchLine)?, note, now)?;
                true
            }
            Decision::StartLine(name) => {
                machine.start_line(line(name).ok_or(CannotDecide::NoSuchLine)?, now)?;
                true
            }
            Decision::Switch(name, note) => {
                machine.switch_to(line(name).ok_or(CannotDecide::NoSuchLine)?, note, now)?;
                true
            }
            Decision::Return(note) => {
                machine.switch_back(note, now)?;
                true
            }
        };
        tracing::warn!(institution = &*self.name, ?decision, is_done, "a person decided");
        let is_breaker = matches!(decision, Decision::Trip(..) | Decision::Reset(_));
        match is_done {
            true => Ok(()),
            false if is_breaker => Err(CannotDecide::NoBreaker),
            false => Err(CannotDecide::NotBlocked),
        }
    }
}
