//! Telegrams of ours on their way to a link, and their places in its window.
//!
//! The window of a link is the number of telegrams of ours that may wait for their answer on it. A telegram that was not answered
//! in time may still be answered. If the window is limited, its place is therefore not free: either its link is closed, which
//! certainly separates its answer from all others, or it keeps its place until it is answered or its quarantine ends.
//!
//! Some telegrams carry nothing by which an answer could be told. On a link with a window of one, the answer belongs to the only
//! telegram in flight on that connection.

use std::time::Duration;

use super::{Action, Institution, Outgoing, OutgoingRequest, Owner, Ready, UnderWay};
use crate::breaker::BreakerResult;
use crate::exchange::TelegramBytes;
use crate::mutant::{Mutant, is_on};
use crate::reason::{CloseReason, NotSent};
use crate::session::SessionEvent;
use crate::terms::{EncodedRequest, Incarnation, Key, Now, POLL, Telegrams, Ticket, start_timeout};
use crate::trace::TraceUse;

/// The maximum number of trace numbers that one telegram skips because their keys are in quarantine. Beyond that the
/// telegram is refused, and the next one continues from there.
const SKIPS_MAX: usize = 1000;

impl<T: Telegrams> Institution<T> {
    /// Encodes a telegram whose key is free. A trace number whose key is still in quarantine or in flight is skipped.
    pub(super) fn make(
        &mut self,
        now: Now,
        for_what: TraceUse,
        mut encode: impl FnMut(&T, u64) -> Result<EncodedRequest, String>,
    ) -> Result<EncodedRequest, NotSent> {
        let day = self.telegrams.day(now);
        let made = self.make_on(day, for_what, &mut encode);
        self.ask_for_traces(day, now);
        made
    }

    fn make_on(
        &mut self,
        day: i64,
        for_what: TraceUse,
        encode: &mut impl FnMut(&T, u64) -> Result<EncodedRequest, String>,
    ) -> Result<EncodedRequest, NotSent> {
        let mut last = None;
        for _ in 0..=self.mux.len().min(SKIPS_MAX) {
            let trace = match self.next_trace(day, for_what) {
                // The numbers that there are cannot be used, so waiting for more of them is no remedy.
                Err(NotSent::NoTraceBlock) if last.is_some() => break,
                taken => taken?,
            };
            let wire = encode(&self.telegrams, trace).map_err(NotSent::Unencodable)?;
            if wire.key.is_empty() || self.mux.is_free(&wire.key) {
                return Ok(wire);
            }
            // The key does not contain the trace number, so another number would not help.
            if last.replace(wire.key.clone()) == Some(wire.key) {
                break;
            }
        }
        Err(NotSent::KeyInUse)
    }

    pub(super) fn send_wire(
        &mut self,
        ticket: Ticket,
        owner: Owner,
        incarnation: Incarnation,
        wire: EncodedRequest,
        since: Duration,
        now: Now,
    ) {
        let EncodedRequest { telegram, bytes, mut key, answer, trace, answer_timeout } = wire;
        if key.is_empty() {
            key = self.own_key(now);
            if let Some(link) = self.link_mut(incarnation.link) {
                let slot = if *answer == *POLL { &mut link.poll } else { &mut link.keyless };
                *slot = Some(key.clone());
            }
        } else if owner.is_business() {
            self.own(&key, answer_timeout * 2 + self.settings.quarantine);
        }
        let request = owner.is_business().then(|| OutgoingRequest { key: key.clone(), trace });
        let waits = Some((key.clone(), answer_timeout));
        let ready = Ready { telegram: Some(telegram), bytes, waits, since, request };
        self.send(ticket, owner, incarnation, ready);
        let within = if owner.is_business() { start_timeout(answer_timeout) } else { answer_timeout };
        // `make` has checked that the key is free.
        let _ = self.mux.reserve(key, ticket, answer, since + within);
    }

    pub(super) fn send_reply(&mut self, incarnation: Incarnation, bytes: TelegramBytes) -> Ticket {
        let ticket = self.ticket();
        self.send(ticket, Owner::Reply, incarnation, Ready::reply(bytes));
        ticket
    }

    fn send(&mut self, ticket: Ticket, owner: Owner, incarnation: Incarnation, ready: Ready) {
        let Ready { telegram, bytes, waits, since, request } = ready;
        let bytes_of_it = bytes.clone();
        if waits.is_some() {
            if let Some(link) = self.link_mut(incarnation.link) {
                link.places.insert(ticket);
            }
            self.refresh(incarnation.link);
        }
        let item =
            UnderWay { owner, incarnation, bytes: bytes_of_it, waits, since, written: false, over: None, permit: None };
        self.under_way.insert(ticket, item);
        self.actions.push_back(Action::Journal(Outgoing { ticket, incarnation, telegram, bytes, request }));
    }

    /// Forgets a telegram that is not sent, and gives up everything that it has: its key, its places and its permit.
    pub(super) fn take_back(&mut self, ticket: Ticket, now: Now) -> Option<UnderWay> {
        let item = self.under_way.remove(&ticket)?;
        if let Some((key, _)) = &item.waits {
            self.mux.withdraw(key);
        }
        self.vacate(ticket, item.incarnation);
        match item.owner {
            Owner::Exchange | Owner::Step => {
                self.admission.flow.unsent(ticket, now.steady);
                self.admission.record(item.permit.as_ref(), BreakerResult::Nothing, now);
            }
            Owner::Duty { .. } | Owner::Probe { .. } if !item.written => self.admission.flow.duty_unsent(),
            Owner::Duty { .. } | Owner::Probe { .. } | Owner::Reply => {}
        }
        Some(item)
    }

    /// The telegram certainly was not written: its place is free.
    pub(super) fn vacate(&mut self, ticket: Ticket, incarnation: Incarnation) {
        self.held.remove(&ticket);
        let Some(link) = self.link_mut(incarnation.link).filter(|link| link.incarnation == incarnation.number) else {
            return;
        };
        link.places.remove(&ticket);
        link.stuck_since = None;
        if link.places.is_empty() {
            link.keyless = None;
        }
        self.refresh(incarnation.link);
    }

    /// The telegram was answered: its place is free, and a link for one request has served.
    pub(super) fn answered_on(&mut self, ticket: Ticket, incarnation: Incarnation) {
        self.vacate(ticket, incarnation);
        if self.is_one_shot(incarnation.link) && self.is_open(incarnation) {
            self.close(incarnation.link, CloseReason::RequestDone);
        }
    }

    /// The telegram was not answered in time. Its answer must not reach another one.
    pub(super) fn overdue(&mut self, ticket: Ticket, incarnation: Incarnation, within: Duration, now: Now) {
        let line = self.link(incarnation.link).map(|link| link.line);
        let Some(line) = line.filter(|_| self.is_open(incarnation)) else { return };
        let is_limited = line.window < usize::MAX || line.one_shot;
        match (is_limited && !is_on(Mutant::OverdueFreesTheWindow), line.holds_overdue) {
            (false, _) => self.vacate(ticket, incarnation),
            (true, true) => self.hold(ticket, incarnation, now),
            (true, false) => self.close(incarnation.link, CloseReason::Overdue { within }),
        }
    }

    /// Lets a telegram that was not answered in time keep its place.
    fn hold(&mut self, ticket: Ticket, incarnation: Incarnation, now: Now) {
        self.held.insert(ticket, incarnation);
        let Some(link) =
            self.lines.get_mut(incarnation.link.line).and_then(|links| links.get_mut(incarnation.link.link))
        else {
            return;
        };
        if !link.has_room() && link.places.iter().all(|place| self.held.contains_key(place)) {
            link.stuck_since.get_or_insert(now.steady);
        }
        self.refresh(incarnation.link);
    }

    /// The answer to a telegram that is not waited for any more came, or can never come: it no longer holds a place.
    pub(super) fn released(&mut self, ticket: Ticket, is_answered: bool, now: Now) {
        let Some(incarnation) = self.held.get(&ticket).copied() else { return };
        let is_keyless = self.link(incarnation.link).is_some_and(|link| link.keyless.is_some());
        self.vacate(ticket, incarnation);
        // Its answer never came, and would be taken for that of the next telegram.
        if is_keyless && !is_answered && self.is_open(incarnation) {
            return self.close(incarnation.link, CloseReason::OutOfStep);
        }
        let is_open = self.is_open(incarnation);
        let Some(link) = self.link_mut(incarnation.link).filter(|link| is_open && link.is_heard && link.has_room())
        else {
            return;
        };
        if std::mem::take(&mut link.repeats_with_room) {
            self.session(incarnation.link, SessionEvent::Heard, now);
        }
    }

    /// The key of the telegram in flight to which a telegram without a key on this connection belongs.
    pub(super) fn keyless(&self, incarnation: Incarnation) -> Option<Key> {
        let link = self.link(incarnation.link).filter(|link| link.incarnation == incarnation.number)?;
        link.keyless.clone()
    }

    /// A key for a telegram that has none, never used before, also not by an earlier run.
    pub(super) fn own_key(&mut self, now: Now) -> Key {
        self.own_keys += 1;
        Key::new(["keyless".to_owned(), now.wall_ms.to_string(), self.own_keys.to_string()])
    }
}
