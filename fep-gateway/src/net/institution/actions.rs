//! Carries out the actions of the machine.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use fep_protocol::exchange::{Answer, Event, ExchangeId, LinkState, Outcome, SettledBy, TelegramBytes};
use fep_protocol::fact::{Class, Fact, Idempotency, Reason, SentClass, What};
use fep_protocol::institution::{Action, FinalState, Incoming, Origin, Outgoing};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::{CloseReason, Mismatch, NotSent};
use fep_protocol::settlement::StepKind;
use fep_protocol::terms::{Incarnation, LinkId, Ticket};

use super::{OpenLink, Task};
use crate::fault::{FaultPoint, point};
use crate::journal::LaneNumber;
use crate::net::link::LinkTask;
use crate::net::outbox::Outbox;
use crate::net::transport::http::Asker;

/// The number of frames that may wait for a link's writer in addition to the requests in flight: duties and replies.
pub(super) const FRAMES_EXTRA: usize = 2048;

impl Task {
    /// Carries out all actions that the machine has ready.
    pub(super) fn obey(&mut self) {
        loop {
            self.obey_machine();
            let settled = self.settle();
            let delivered = self.deliver();
            if !settled && !delivered {
                break;
            }
        }
    }

    fn obey_machine(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Connect(incarnation) => self.connect(incarnation),
                Action::Close(incarnation, why) => self.close(incarnation, &why),
                Action::Journal(outgoing) => self.journal(outgoing),
                Action::Write { ticket, incarnation, bytes, not_after } => {
                    self.write(ticket, incarnation, bytes, not_after);
                }
                Action::Withdraw(ticket, incarnation) => self.withdraw(ticket, incarnation),
                Action::Finish(ticket, state) => self.finish(ticket, state),
                Action::Received(incoming) => self.received(incoming),
                Action::Notice(incarnation, telegram, bytes) => self.notice(incarnation, &telegram, &bytes),
                Action::Link(link, state, error) => {
                    error.iter().for_each(|why| self.tests.over(link, Err(why)));
                    self.link_became(link, state, error);
                    self.lines_changed();
                }
                Action::Echo(link, time) => {
                    self.tests.over(link, Ok(time));
                    self.statuses.echo(link, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
                    metrics::histogram!("fep_echo_seconds", "institution" => self.name.to_string())
                        .record(time.as_secs_f64());
                }
                Action::Proved(link) => self.statuses.proved(link, self.shared.clock.now()),
                Action::OwesPoll(link, is_owed) => self.owes_poll(link, is_owed),
                Action::Business(notice, stops) => {
                    if self.surplus.is_change_logged(self.shared.clock.now().steady) {
                        tracing::warn!(
                            institution = &*self.name,
                            ?notice,
                            ?stops,
                            "the institution changed its business"
                        );
                    }
                }
                Action::Standing(standing) => self.standing(standing),
                Action::LineStopped(line, by) => self.line_stopped(line, by),
                Action::Breaker(snapshot) => self.breaker_changed(&snapshot),
                Action::Ask(ask) => self.ask_others(ask),
                Action::HandOver(to, incarnation, bytes) => self.hand_over(to, incarnation, bytes),
                Action::TracesLow { used, max } => {
                    tracing::warn!(
                        institution = &*self.name,
                        used,
                        max,
                        "80 % of the trace numbers of this business day are used; requests are refused at the end"
                    );
                    metrics::counter!("fep_traces_low_total", "institution" => self.name.to_string()).increment(1);
                }
                Action::Forget(ticket) => {
                    self.ended.remove(&ticket);
                    self.settling.forget(ticket);
                }
                Action::Stopped => self.stopped_at = Some(self.shared.clock.now().steady),
            }
        }
    }

    /// Wakes the journal and the links, once for everything that was carried out.
    pub(super) fn flush(&mut self) {
        self.lane.flush();
        self.links.values().for_each(|link| link.outbox.flush());
    }

    fn connect(&mut self, incarnation: Incarnation) {
        let Some(line) = self.config.lines.get(incarnation.link.line) else { return };
        let asker = Asker::default();
        let origin = self.lines.origin(incarnation.link.line, line, &self.catalogue, &asker);
        let asker = line.http.is_some().then_some(asker);
        let outbox = Arc::new(Outbox::new(self.config.inflight_max + FRAMES_EXTRA));
        let link = LinkTask {
            incarnation,
            origin,
            write_timeout: self.config.write_timeout,
            frame_timeout: self.config.frame_timeout,
            framing: self.config.framing.clone(),
            events: self.events.clone(),
            outbox: Arc::clone(&outbox),
            statuses: Arc::clone(&self.statuses),
            clock: Arc::clone(&self.shared.clock),
        };
        self.links.insert(incarnation.link, OpenLink { incarnation, outbox, asker });
        tokio::spawn(link.run());
    }

    fn close(&mut self, incarnation: Incarnation, why: &CloseReason) {
        self.log_close(incarnation, why);
        self.tests.over(incarnation.link, Err(why));
        if let Some(link) = self.links.get(&incarnation.link).filter(|link| link.incarnation == incarnation) {
            match why {
                CloseReason::PlaceLost => link.outbox.cut(),
                _ => link.outbox.close(),
            }
        }
    }

    fn journal(&mut self, outgoing: Outgoing) {
        let Outgoing { ticket, incarnation, telegram, bytes, request } = outgoing;
        let now = self.shared.clock.now();
        let is_duty = telegram.is_some();
        let mut fact = Fact { telegram, bytes: bytes.clone(), ..self.fact_on(incarnation, now) };
        let step = self.settling.step(ticket);
        fact.what = What::Sent(match (step, &request) {
            (Some(StepKind::Inquiry), _) => SentClass::Inquiry,
            (Some(StepKind::Reversal), _) => SentClass::Reversal,
            (None, Some(_)) => SentClass::Request,
            (None, None) if is_duty => SentClass::Duty,
            (None, None) => SentClass::Reply,
        });
        if let Some(request) = request {
            fact.trace = Some(request.trace.as_str().into());
            fact.key = Some(request.key);
            if let Some(running) = self.running.get_mut(&ticket) {
                running.queued = Some(now.steady);
                let exchange = &mut running.exchange;
                exchange.trace = request.trace;
                exchange.line.clone_from(&fact.line);
                exchange.request = bytes;
                fact.exchange = Some(exchange.id);
                fact.passage = exchange.passage.clone().map(Box::new);
                fact.caller.clone_from(&exchange.caller);
                fact.idempotency =
                    running.key.as_ref().map(|key| Box::new(Idempotency { key: key.key().into(), digest: key.digest }));
            } else {
                fact.exchange = self.ended.get(&ticket).copied();
            }
        } else {
            self.notice_reply(ticket, &mut fact);
        }
        match self.lane.append(fact) {
            Ok(number) => {
                self.permissions.push_back((number, ticket));
                if let Some(running) = self.running.get_mut(&ticket) {
                    running.request = Some(number);
                }
                if let Some(running) = self.running.get(&ticket) {
                    self.tell(&running.exchange);
                }
                if is_on(Mutant::WritesBeforeDurable) {
                    self.machine.journaled(ticket, Ok(()), now);
                }
            }
            Err(error) => {
                self.replied(ticket, false);
                self.machine.journaled(ticket, Err(error), now);
            }
        }
    }

    fn write(&mut self, ticket: Ticket, incarnation: Incarnation, bytes: TelegramBytes, not_after: Option<Duration>) {
        let not_after = not_after.map(|at| self.shared.clock.instant(at));
        let link = self.links.get(&incarnation.link).filter(|link| link.incarnation == incarnation);
        if let Some(asker) = link.and_then(|link| link.asker.as_ref()) {
            self.running.get(&ticket).into_iter().for_each(|running| asker.set(running.asked(&self.shared.tracer)));
        }
        if link.is_some_and(|link| link.outbox.push(ticket, bytes, not_after)) {
            self.show_inflight(incarnation.link.line);
            self.written(ticket);
        } else {
            self.machine.unsent(ticket, NotSent::LinkFull, self.shared.clock.now());
        }
    }

    fn withdraw(&mut self, ticket: Ticket, incarnation: Incarnation) {
        let now = self.shared.clock.now();
        let link = self.links.get(&incarnation.link).filter(|link| link.incarnation == incarnation);
        if link.is_some_and(|link| link.outbox.withdraw(ticket)) {
            self.machine.withdrawn(ticket, now);
        } else {
            self.machine.unanswered(ticket, now);
        }
    }

    fn finish(&mut self, ticket: Ticket, state: FinalState) {
        let now = self.shared.clock.now();
        if self.settling.step(ticket).is_some() {
            return self.step_ended(ticket, &state, now);
        }
        if let FinalState::Settled(_, bytes) = &state {
            if !self.answered_late(ticket, bytes, now) {
                self.count_settled(SettledBy::LateAnswer);
            }
            return self.changed(ticket);
        }
        let Some(running) = self.running.remove(&ticket) else { return };
        if let Some(line) = running.exchange.line.as_ref().map(|(name, _)| name.clone()) {
            let number = self.line_names.iter().position(|name| *name == line);
            number.into_iter().for_each(|number| self.show_inflight(number));
        }
        let reason = state.reason();
        match state {
            FinalState::Answered(telegram, bytes) => {
                self.meters.round_trip(&running.exchange.telegram, Self::seconds(running.since, now));
                self.meters.stages(running.since, running.queued, running.written.map(|at| at.steady), now.steady);
                self.ended.insert(ticket, running.exchange.id);
                self.end(running, Outcome::Answered, reason, Some(Answer { telegram, bytes }), now);
            }
            FinalState::NotSent(why) => self.not_sent(running, why, now),
            FinalState::Unknown(_) => {
                self.ended.insert(ticket, running.exchange.id);
                self.open_case(ticket, &running, now);
                self.end(running, Outcome::Unknown, reason, None, now);
            }
            FinalState::Settled(..) => {}
        }
    }

    fn received(&mut self, incoming: Incoming) {
        let Incoming { origin, telegram, bytes, mut class, ticket, note } = incoming;
        let is_of_step = ticket.is_some_and(|ticket| self.settling.step(ticket).is_some());
        if is_of_step && matches!(class, Class::Answer | Class::Late) {
            class = Class::StepAnswer;
        }
        let now = self.shared.clock.now();
        self.meters.received(class);
        let is_for_others = self.surplus.may_be_for_others(class, note.as_ref(), now.steady);
        if let Origin::Here(incarnation) = &origin {
            self.handled(incarnation.link, class, now);
        }
        let line = self.line_of(origin);
        let reason = note.as_ref().map(|note| Reason::new(note, note.code()));
        if matches!(class, Class::Conflicting | Class::Unmatched | Class::Undecodable | Class::BadFrame)
            && !is_for_others
            && self.surplus.is_logged(now.steady)
        {
            let (name, incarnation) = line.as_ref().map_or(("", 0), |(name, incarnation)| (&**name, *incarnation));
            tracing::warn!(
                institution = &*self.name,
                line = name,
                incarnation,
                class = class.name(),
                why = reason.as_ref().map(|reason| &*reason.sentence),
                code = reason.as_ref().map(|reason| &*reason.code),
                "received a telegram that fits nothing"
            );
        }
        if !is_for_others && !self.surplus.is_stored(class, now.steady) {
            return;
        }
        let mut fact = Fact { what: What::Received(class), line, telegram, reason, bytes, ..self.fact(now) };
        if matches!(class, Class::Answer | Class::Late | Class::Conflicting) {
            fact.code = fact.telegram.as_deref().and_then(|name| self.catalogue.response_code(name, &fact.bytes));
        }
        if class == Class::Answer {
            point(FaultPoint::AnswerRead);
        }
        let running = ticket.filter(|ticket| self.running.contains_key(ticket));
        match running.and_then(|ticket| self.running.get(&ticket)) {
            Some(running) => {
                fact.exchange = Some(running.exchange.id);
                fact.outcome = (class == Class::Answer).then_some(Outcome::Answered);
                let declines = |code: &&str| class == Class::Answer && !self.catalogue.line_spec().codes().accept(code);
                if let Some(code) = fact.code.as_deref().filter(declines) {
                    self.meters.declined(&running.exchange.telegram, code);
                }
            }
            None => fact.exchange = ticket.and_then(|ticket| self.ended.get(&ticket).copied()),
        }
        if class == Class::Notice {
            return self.notice_received(fact);
        }
        let at_ms = fact.at_ms;
        let conflicting = matches!(note, Some(Mismatch::Conflicting)).then(|| fact.bytes.clone());
        let number = self.append(fact);
        if let Some(running) = running.and_then(|ticket| self.running.get_mut(&ticket)) {
            if class == Class::Answer {
                running.answer = Some((number, at_ms));
            }
            running.exchange.flags.contradicting |= matches!(note, Some(Mismatch::Contradicting(_)));
        }
        if let Some(ticket) = ticket.filter(|_| class == Class::Conflicting) {
            if let Some(bytes) = conflicting.filter(|_| !is_of_step) {
                self.answered_late(ticket, &bytes, now);
            }
            self.changed(ticket);
        }
    }

    /// Shows subscribers an exchange that has ended before and has changed now, once the change is durable.
    fn changed(&mut self, ticket: Ticket) {
        if let Some(id) = self.ended.get(&ticket) {
            self.changed_exchange(*id);
        }
    }

    pub(super) fn changed_exchange(&mut self, id: ExchangeId) {
        if self.shared.events.receiver_count() > 0 {
            self.changes.push_back((self.lane.last(), id));
        }
    }

    /// Shows the changes that are durable.
    pub(super) fn durable_changes(&mut self, durable: LaneNumber) {
        while self.changes.front().is_some_and(|(number, _)| *number <= durable) {
            let Some((_, id)) = self.changes.pop_front() else { break };
            let shared = self.shared.clone();
            tokio::spawn(async move {
                if let Ok(Some(exchange)) = shared.journal.find(&id).await {
                    // The last subscriber may have gone meanwhile.
                    let _ = shared.events.send(Event::Exchange(Box::new(exchange)));
                }
            });
        }
    }

    fn link_became(&mut self, id: LinkId, state: LinkState, error: Option<CloseReason>) {
        let now = self.shared.clock.now();
        if matches!(state, LinkState::Up | LinkState::SigningOff) {
            self.log_carrying(id, state == LinkState::Up, now);
        }
        let reason = error.as_ref().map_or("", CloseReason::code);
        let Some((line, lost)) = self.statuses.became(id, state, error, now.wall_ms) else { return };
        let up = line.links.iter().filter(|link| link.state == LinkState::Up).count();
        let labels = [("institution", self.name.to_string()), ("line", line.line.clone())];
        metrics::gauge!("fep_links_up", &labels).set(f64::from(u32::try_from(up).unwrap_or(u32::MAX)));
        if lost {
            let [institution, name] = labels;
            let labels = [institution, name, ("reason", reason.to_owned())];
            metrics::counter!("fep_links_lost_total", &labels).increment(1);
        }
        // There may be no subscriber.
        let _ = self.shared.events.send(Event::Line(Box::new(line)));
    }

    /// Records that the institution does not poll in time, or does so again.
    fn owes_poll(&mut self, id: LinkId, is_owed: bool) {
        let is_logged = self.surplus.is_change_logged(self.shared.clock.now().steady);
        let (line, link) = self.link_name(id);
        match is_owed {
            _ if !is_logged => {}
            true => tracing::warn!(institution = &*self.name, line, link, "the institution does not poll in time"),
            false => tracing::info!(institution = &*self.name, line, link, "the institution polls again"),
        }
        self.statuses.owes_poll(id, is_owed.then(|| self.shared.clock.now().wall_ms));
        self.lines_changed();
    }

    fn breaker_changed(&self, snapshot: &BreakerSnapshot) {
        let scope = match &snapshot.scope {
            BreakerScope::Institution => "",
            BreakerScope::Business(code) => code,
        };
        let why = snapshot.cause.as_ref().map(ToString::to_string);
        let state = snapshot.state.name();
        if snapshot.state == BreakerState::Passing {
            tracing::info!(institution = &*self.name, business = scope, "the breaker passes again");
        } else {
            tracing::warn!(institution = &*self.name, business = scope, state, why, "the breaker changed");
        }
        if snapshot.state == BreakerState::Tripped {
            let cause = snapshot.cause.as_ref().map_or("", TripCause::name);
            let labels = [("institution", self.name.to_string()), ("cause", cause.to_owned())];
            metrics::counter!("fep_breaker_trips_total", &labels).increment(1);
        }
    }

    fn show_inflight(&self, line: usize) {
        self.statuses.inflight(line, self.machine.inflight_on(line));
    }

    /// The name of the line, and the number of the link on it, counted from 1 as operators do.
    pub(super) fn link_name(&self, id: LinkId) -> (&str, usize) {
        (self.line_names.get(id.line).map_or("", |name| &**name), id.link + 1)
    }
}
