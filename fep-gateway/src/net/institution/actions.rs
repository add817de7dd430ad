//! Carries out the actions of the machine.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Done, OpenLink, Running, Task};
use crate::journal::{Direction, Entry, JournalError, Sending, Settlement};
use crate::net::link::LinkTask;
use fep_protocol::exchange::{Answer, Event, LinkState, Outcome, TelegramBytes};
use fep_protocol::institution::{Action, Class, FinalState, Incoming, Outgoing};
use fep_protocol::reason::{CloseReason, Mismatch, NotSent};
use fep_protocol::terms::{Incarnation, LinkId, Ticket};

/// The number of frames that may wait for a link's writer in addition to the requests in flight: duties and replies.
const FRAMES_EXTRA: usize = 256;

impl Task {
    /// Carries out all actions that the machine has ready.
    pub(super) async fn obey(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Connect(incarnation) => self.connect(incarnation),
                Action::Close(incarnation, why) => self.close(incarnation, &why),
                Action::Journal(outgoing) => self.journal(outgoing),
                Action::Write(ticket, incarnation, bytes) => self.write(ticket, incarnation, bytes),
                Action::Finish(ticket, state) => self.finish(ticket, state).await,
                Action::Received(incoming) => self.received(incoming).await,
                Action::Notice(incarnation, telegram, bytes) => self.notice(incarnation, &telegram, bytes),
                Action::Link(link, state, error) => self.link_became(link, state, error),
                Action::Echo(link, time) => {
                    self.statuses.echo(link, u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
                    metrics::histogram!("fep_echo_seconds", "institution" => self.name.clone())
                        .record(time.as_secs_f64());
                }
                Action::Forget(ticket) => {
                    self.ended.remove(&ticket);
                }
                Action::Stopped => self.stopped = true,
            }
        }
    }

    fn connect(&mut self, incarnation: Incarnation) {
        let Some(line) = self.config.lines.get(incarnation.link.line) else { return };
        let (frames, frame_queue) = mpsc::channel(self.config.inflight_max + FRAMES_EXTRA);
        let (close, closed) = oneshot::channel();
        let link = LinkTask {
            incarnation,
            address: line.connect.clone(),
            connect_timeout: line.connect_timeout,
            write_timeout: self.config.write_timeout,
            frame_timeout: self.config.frame_timeout,
            framing: self.config.framing.clone(),
            events: self.events.clone(),
            frames: frame_queue,
            close: closed,
            statuses: Arc::clone(&self.statuses),
            clock: Arc::clone(&self.shared.clock),
        };
        self.links.insert(incarnation.link, OpenLink { incarnation, frames, close: Some(close) });
        tokio::spawn(link.run());
    }

    fn close(&mut self, incarnation: Incarnation, why: &CloseReason) {
        let (line, number) = self.link_name(incarnation.link);
        tracing::info!(
            institution = self.name,
            line,
            link = number,
            incarnation = incarnation.number,
            why = why.to_string(),
            code = why.code(),
            "closing the link"
        );
        let link = self.links.get_mut(&incarnation.link).filter(|link| link.incarnation == incarnation);
        if let Some(close) = link.and_then(|link| link.close.take()) {
            // If the link has already ended by itself, there is no receiver.
            let _ = close.send(());
        }
    }

    fn journal(&mut self, outgoing: Outgoing) {
        let Outgoing { ticket, incarnation, bytes, request, high_water } = outgoing;
        let line = (self.line_name(incarnation.link), incarnation.number);
        let class = match (&request, high_water) {
            (Some(_), _) => "request",
            (None, Some(_)) => "duty",
            (None, None) => "reply",
        };
        let mut exchange = None;
        if let (Some(request), Some(running)) = (&request, self.running.get_mut(&ticket)) {
            running.exchange.trace.clone_from(&request.trace);
            running.exchange.line = Some(line.clone());
            running.exchange.request = bytes.clone();
            exchange = Some(running.exchange.id.clone());
        }
        let at_ms = self.shared.clock.now().wall_ms;
        let institution = self.name.clone();
        let entry = Entry { at_ms, institution, line, direction: Direction::Out, class, exchange, note: None, bytes };
        let sending = Sending { entry, high_water, request, notice: self.notice_replies.remove(&ticket) };
        match self.shared.journal.send(sending) {
            Ok(written) => self.journaled.push_back(Box::pin(async move {
                let result = match written.await {
                    Ok(result) => result,
                    Err(_) => Err(JournalError::Closed),
                };
                (ticket, result)
            })),
            Err(error) => self.machine.journaled(ticket, Err(error), self.shared.clock.now()),
        }
    }

    fn write(&mut self, ticket: Ticket, incarnation: Incarnation, bytes: TelegramBytes) {
        let link = self.links.get(&incarnation.link).filter(|link| link.incarnation == incarnation);
        let handed = link.is_some_and(|link| link.frames.try_send((ticket, bytes)).is_ok());
        if handed {
            self.show_inflight(incarnation.link.line);
        } else {
            self.machine.unsent(ticket, NotSent::LinkFull, self.shared.clock.now());
        }
    }

    async fn finish(&mut self, ticket: Ticket, state: FinalState) {
        if let FinalState::Settled(telegram, bytes) = state {
            let Some(id) = self.ended.get(&ticket).cloned() else { return };
            metrics::counter!("fep_settled_total", "institution" => self.name.clone()).increment(1);
            let answer = Answer { telegram: telegram.as_ref().to_owned(), bytes };
            let settled = self.shared.journal.settle(Settlement { id, by: "late answer", answer }).await;
            self.others.push(Box::pin(async move { Done::Settled(settled.await.ok().flatten()) }));
            return;
        }
        let Some(Running { exchange, reply, since }) = self.running.remove(&ticket) else { return };
        if let Some(line) = exchange.line.as_ref().map(|(name, _)| name.clone()) {
            let number = self.config.lines.iter().position(|config| config.name == line);
            number.into_iter().for_each(|number| self.show_inflight(number));
        }
        let reason = state.reason();
        match state {
            FinalState::Answered(telegram, bytes) => {
                let took = self.shared.clock.now().steady.saturating_sub(since);
                let institution = self.name.clone();
                let request = exchange.telegram.clone();
                metrics::histogram!("fep_round_trip_seconds", "institution" => institution, "telegram" => request)
                    .record(took.as_secs_f64());
                let answer = Answer { telegram: telegram.as_ref().to_owned(), bytes };
                self.ended.insert(ticket, exchange.id.clone());
                self.finish_exchange(exchange, reply, Outcome::Answered, reason, Some(answer)).await;
            }
            FinalState::NotSent(_) => self.finish_exchange(exchange, reply, Outcome::NotSent, reason, None).await,
            FinalState::Unknown(_) => {
                self.ended.insert(ticket, exchange.id.clone());
                self.finish_exchange(exchange, reply, Outcome::Unknown, reason, None).await;
            }
            FinalState::Settled(..) => {}
        }
    }

    async fn received(&mut self, incoming: Incoming) {
        let Incoming { incarnation, bytes, class, ticket, note } = incoming;
        let institution = self.name.clone();
        let name = class.name();
        metrics::counter!("fep_received_total", "institution" => institution, "class" => name).increment(1);
        if matches!(class, Class::Conflicting | Class::Unmatched | Class::Undecodable | Class::BadFrame) {
            let (line, link) = self.link_name(incarnation.link);
            let why = note.as_ref().map(Mismatch::to_string);
            let code = note.as_ref().map(Mismatch::code);
            tracing::warn!(
                institution = self.name,
                line,
                link,
                incarnation = incarnation.number,
                class = name,
                why,
                code,
                "received a telegram that fits nothing"
            );
        }
        let running = ticket.and_then(|ticket| self.running.get(&ticket)).map(|running| running.exchange.id.clone());
        let exchange = running.or_else(|| self.ended.get(&ticket?).cloned());
        let entry = Entry {
            at_ms: self.shared.clock.now().wall_ms,
            institution: self.name.clone(),
            line: (self.line_name(incarnation.link), incarnation.number),
            direction: Direction::In,
            class: name,
            exchange,
            note,
            bytes,
        };
        self.shared.journal.received(entry).await;
    }

    fn link_became(&mut self, id: LinkId, state: LinkState, error: Option<CloseReason>) {
        let now = self.shared.clock.now();
        if matches!(state, LinkState::Up | LinkState::SigningOff) {
            let (line, link) = self.link_name(id);
            let what =
                if state == LinkState::Up { "the link carries business" } else { "the link carries no business" };
            tracing::info!(institution = self.name, line, link, "{what}");
        }
        let reason = error.as_ref().map_or("", CloseReason::code);
        let Some((line, lost)) = self.statuses.became(id, state, error, now.wall_ms) else { return };
        let up = line.links.iter().filter(|link| link.state == LinkState::Up).count();
        let institution = self.name.clone();
        let name = line.line.clone();
        metrics::gauge!("fep_links_up", "institution" => institution, "line" => name)
            .set(f64::from(u32::try_from(up).unwrap_or(u32::MAX)));
        if lost {
            let institution = self.name.clone();
            let name = line.line.clone();
            metrics::counter!("fep_links_lost_total", "institution" => institution, "line" => name, "reason" => reason)
                .increment(1);
        }
        self.tell(Event::Line(Box::new(line)));
    }

    fn show_inflight(&self, line: usize) {
        let inflight = self.machine.inflight_on(line);
        self.statuses.inflight(line, inflight);
        let name = self.config.lines.get(line).map_or(String::new(), |line| line.name.clone());
        metrics::gauge!("fep_inflight", "institution" => self.name.clone(), "line" => name)
            .set(f64::from(u32::try_from(inflight).unwrap_or(u32::MAX)));
    }

    /// The name of the line, and the number of the link on it, counted from 1 as operators do.
    pub(super) fn link_name(&self, id: LinkId) -> (&str, usize) {
        (self.config.lines.get(id.line).map_or("", |line| &line.name), id.link + 1)
    }

    fn line_name(&self, id: LinkId) -> String {
        self.link_name(id).0.to_owned()
    }
}
