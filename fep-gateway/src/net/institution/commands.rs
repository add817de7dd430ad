//! Carries out commands: requests of services, questions about the state, and decisions of persons.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::breaker::BreakerScope;
use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::reason::NotSent;
use fep_protocol::terms::Now;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{AcceptedRequest, Handle, JOURNAL_PATIENCE, Running, Task, TaskCommand};
use crate::journal::{KeyTicket, Left};
use crate::net::admission::{CannotDecide, Decision, InstitutionStatus, SwitchoverStatus};
use crate::telegrams::BusinessKnown;

impl Handle {
    /// Returns a permit for one more request, which is held until the request ends. Returns `None` if too many requests
    /// already run or wait.
    #[must_use]
    pub fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.entrance.permits).try_acquire_owned().ok()
    }

    /// Passes a request to the task.
    ///
    /// # Errors
    /// If the institution has stopped, or too many requests wait. The request certainly was not sent.
    pub fn request(&self, request: AcceptedRequest) -> Result<(), NotSent> {
        send(&self.commands, Box::new(request)).map_err(|(why, _)| why)
    }

    /// The present state of the institution. `None` if it has stopped.
    pub async fn status(&self) -> Option<InstitutionStatus> {
        let (reply, status) = oneshot::channel();
        self.commands.send(TaskCommand::Status(reply)).await.ok()?;
        status.await.ok()
    }

    /// The exchange with this name, if it runs here. The journal does not have one that waits for its turn.
    pub(crate) async fn find(&self, id: ExchangeId) -> Option<Exchange> {
        let (reply, found) = oneshot::channel();
        self.commands.send(TaskCommand::Find(id, reply)).await.ok()?;
        found.await.ok()?
    }

    /// Hands over what another gateway left. Returns `false` if the institution has stopped: then the next start goes on with it.
    pub(crate) async fn inherit(&self, left: Left) -> bool {
        self.commands.send(TaskCommand::Inherit(Box::new(left))).await.is_ok()
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

/// Passes a request to a task, or returns it with the reason why the task does not take it.
pub(super) fn send(
    commands: &mpsc::Sender<TaskCommand>,
    request: Box<AcceptedRequest>,
) -> Result<(), (NotSent, Box<AcceptedRequest>)> {
    let (why, command) = match commands.try_send(TaskCommand::Request(request)) {
        Ok(()) => return Ok(()),
        Err(TrySendError::Full(command)) => (NotSent::TooManyWaiting, command),
        Err(TrySendError::Closed(command)) => (NotSent::Stopping, command),
    };
    match command {
        TaskCommand::Request(request) => Err((why, request)),
        _ => Ok(()),
    }
}

impl Task {
    pub(super) fn command(&mut self, command: TaskCommand) {
        let now = self.shared.clock.now();
        match command {
            TaskCommand::Request(request) => {
                let AcceptedRequest { draft, exchange, key, since, place, reply } = *request;
                let spare = self.needs_spare(&exchange.telegram).then(|| draft.clone());
                // From here on it is found by its name.
                key.iter().for_each(KeyTicket::runs);
                let deadline = since + self.catalogue.answer_timeout(&exchange.telegram);
                let running = Running {
                    exchange,
                    spare,
                    onward: None,
                    key,
                    reply,
                    place,
                    since,
                    deadline,
                    queued: None,
                    written: None,
                    request: None,
                    answer: None,
                };
                let room = self.room_for(&running.exchange);
                match room.and_then(|()| self.machine.request(draft, since, now)) {
                    Ok(ticket) => {
                        self.running.insert(ticket, running);
                    }
                    Err(why) => self.not_sent(running, why, now),
                }
            }
            TaskCommand::Status(reply) => {
                let flow = self.machine.flow_status(now);
                let stops = (self.machine.breakers(now), self.machine.closed(now));
                let sharing = self.sharing();
                let indicators = Some(self.indicators(now));
                let alternatives = self.alternatives(&stops.0);
                let state = self.machine.switchover();
                let switchover = state.map(|state| SwitchoverStatus::new(state, &self.carrying(state.rank)));
                let status = InstitutionStatus::new(&self.name, &self.config, flow, stops, now);
                let unsettled_since_ms = self.settling.oldest_unfinished();
                let status =
                    InstitutionStatus { sharing, indicators, alternatives, switchover, unsettled_since_ms, ..status };
                // Nobody may wait for it any more.
                let _ = reply.send(status);
            }
            TaskCommand::Find(id, reply) => {
                let found = self.running.values().map(|running| &running.exchange).find(|exchange| exchange.id == id);
                // Nobody may wait for it any more.
                let _ = reply.send(found.cloned());
            }
            TaskCommand::Decide(decision, reply) => {
                let _ = reply.send(self.decide(&decision, now));
            }
            TaskCommand::TestLine(line, reply) => self.test_line(&line, reply, now),
            TaskCommand::Route(decision, reply) => self.decide_routing(*decision, reply, now),
            TaskCommand::Audit(entry, reply) => self.audit(*entry, reply),
            TaskCommand::Settle(case, decision, reply) => self.decide_case(case, decision, reply, now),
            TaskCommand::Deliver(id, decision, reply) => self.decide_delivery(id, decision, reply),
            TaskCommand::Retune(retuned, done) => self.retune(*retuned, done, now),
            TaskCommand::Inherit(left) => self.inherit(*left, now),
            TaskCommand::Place(line, word) => self.place(line, word, now),
            TaskCommand::Stop => {
                self.leaving = true;
                self.settling.stop();
                self.notices.delivery.stop();
                self.leave_at.get_or_insert(now.steady);
                self.leave(now);
            }
        }
    }

    /// Lets the machine leave, once the institution waits for no answer to a notice, or that takes too long.
    pub(super) fn leave(&mut self, now: Now) {
        let Some(since) = self.leave_at else { return };
        if !self.notices.is_awaited() || since + self.config.drain_max <= now.steady {
            self.leave_at = None;
            // The time for draining began when the gateway was told to stop.
            self.machine.leave(since, now);
        }
    }

    /// When it stops although the journal has not taken everything.
    pub(super) fn give_up_at(&self) -> Option<Duration> {
        self.stopped_at.map(|stopped_at| stopped_at + JOURNAL_PATIENCE)
    }

    fn decide(&mut self, decision: &Decision, now: Now) -> Result<(), CannotDecide> {
        let line = |name: &String| self.line_names.iter().position(|line| **line == **name);
        let code = match decision {
            Decision::Trip { scope: BreakerScope::Business(code), .. } | Decision::Block(Some(code), _) => Some(code),
            _ => None,
        };
        match code.map_or(BusinessKnown::Yes, |code| self.catalogue.knows_business(code)) {
            BusinessKnown::Yes => {}
            BusinessKnown::No => return Err(CannotDecide::NoSuchBusiness),
            BusinessKnown::NothingHasOne => return Err(CannotDecide::NoBusinessCodes),
        }
        let machine = &mut self.machine;
        let is_done = match decision {
            Decision::Trip { scope, person, note } => machine.trip_breaker(scope, person, note, now),
            Decision::Reset { scope, person } => machine.reset_breaker(scope, person, now),
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
            Decision::SignOn(name) => {
                machine.sign_on(line(name).ok_or(CannotDecide::NoSuchLine)?, now)?;
                true
            }
            Decision::SignOff(name, note) => {
                machine.sign_off(line(name).ok_or(CannotDecide::NoSuchLine)?, note, now)?;
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
        let is_breaker = matches!(decision, Decision::Trip { .. } | Decision::Reset { .. });
        match is_done {
            true => Ok(()),
            false if is_breaker => Err(CannotDecide::NoBreaker),
            false => Err(CannotDecide::NotBlocked),
        }
    }
}
