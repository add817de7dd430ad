//! The facts of an institution's task, and the end of exchanges.

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{Answer, Exchange, Outcome};
use fep_protocol::fact::{Fact, Reason, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::NotSent;
use fep_protocol::terms::{Incarnation, Now};

use tokio::sync::oneshot;

use super::{Running, TELL_GRACE, Task};
use crate::journal::{KeyTicket, LaneNumber};

/// An outcome whose fact is on its way to the journal.
pub(super) struct End {
    pub(super) number: LaneNumber,
    pub(super) exchange: Exchange,
    /// `None` after the caller was told.
    pub(super) reply: Option<oneshot::Sender<Exchange>>,
    /// The caller is told by then, even if the journal has not taken the fact.
    pub(super) tell_by: Duration,
    /// Held until the outcome is durable.
    _key: Option<KeyTicket>,
}

impl End {
    /// Tells the caller an outcome that the journal does not have.
    fn tell_unjournaled(&mut self) {
        if let Some(reply) = self.reply.take() {
            // The caller may be gone.
            let _ = reply.send(Exchange { journaled: false, ..self.exchange.clone() });
        }
    }
}

impl Task {
    /// A fact of this institution without content.
    pub(super) fn fact(&self, now: Now) -> Fact {
        Fact::new(self.name.clone(), now.wall_ms)
    }

    /// A fact about a connection.
    pub(super) fn fact_on(&self, incarnation: Incarnation, now: Now) -> Fact {
        Fact { line: self.line(incarnation), ..self.fact(now) }
    }

    /// The name of the line of a connection, with its incarnation.
    pub(super) fn line(&self, incarnation: Incarnation) -> Option<(Arc<str>, u64)> {
        let line = self.line_names.get(incarnation.link.line).cloned();
        line.map(|line| (line, incarnation.number))
    }

    /// Adds a fact that has happened.
    pub(super) fn append(&self, fact: Fact) -> LaneNumber {
        // Only a permission can be refused.
        self.lane.append(fact).unwrap_or_default()
    }

    /// Ends an exchange that certainly was not sent.
    pub(super) fn not_sent(&mut self, mut running: Running, why: NotSent, now: Now) {
        let why = self.stand_in(&mut running, why, now);
        if let Some(number) = running.request {
            // If the journal has not begun to write the request, it need not.
            self.lane.withdraw(number);
        }
        self.end(running, Outcome::NotSent, Some(Reason::new(&why, why.code())), None, now);
    }

    /// Ends an exchange: brings its outcome to the journal, and tells it as soon as it is there.
    pub(super) fn end(
        &mut self,
        running: Running,
        outcome: Outcome,
        reason: Option<Reason>,
        answer: Option<Answer>,
        now: Now,
    ) {
        let Running { mut exchange, key, reply, place, since, request, answer: answered, .. } = running;
        exchange.outcome = Some(outcome);
        exchange.ended_at_ms = Some(answered.map_or(now.wall_ms, |(_, at_ms)| at_ms));
        exchange.answer = answer;
        if let Some(reason) = &reason {
            exchange.reason = Some(reason.sentence.to_string());
            exchange.reason_code = Some(reason.code.to_string());
        }
        self.meters.ended(&exchange, reason.as_ref().map(|reason| &reason.code));
        drop(place);
        // A request that the journal never took is gone without a trace. While the journal is in trouble, such outcomes
        // are not kept, because there could be any number of them.
        if request.is_none() && (self.shared.journal.trouble().is_some() || !self.lane.has_room()) {
            exchange.journaled = false;
            self.tell(&exchange);
            // The caller may be gone.
            let _ = reply.send(exchange);
            return;
        }
        let number =
            answered.map(|(number, _)| number).unwrap_or_else(|| self.append(self.outcome(&exchange, reason, now)));
        let deadline = since + self.catalogue.answer_timeout(&exchange.telegram);
        let tell_by = deadline.max(now.steady) + TELL_GRACE;
        if is_on(Mutant::TellsBeforeDurable) {
            let _ = reply.send(exchange);
            return;
        }
        let end = End { number, exchange, reply: Some(reply), tell_by, _key: key };
        // Facts of answers are added before the outcome, so the order of the numbers may differ by a few places.
        let at = self.ends.iter().rposition(|other| other.number <= number).map_or(0, |at| at + 1);
        self.ends.insert(at, end);
    }

    /// Tells outcomes whose deadline is over although the journal does not have them yet.
    pub(super) fn tell_late(&mut self, now: Now) {
        if is_on(Mutant::WaitsForTheDisk) {
            return;
        }
        self.ends.iter_mut().filter(|end| end.tell_by <= now.steady).for_each(End::tell_unjournaled);
    }

    /// Tells callers the outcomes that the journal has not taken until the end.
    pub(super) fn tell_the_rest(&mut self) {
        if !self.ends.is_empty() {
            let untaken = self.ends.len();
            tracing::error!(
                institution = &*self.name,
                untaken,
                "the journal has not taken outcomes that callers are told"
            );
        }
        self.ends.iter_mut().for_each(End::tell_unjournaled);
    }

    fn outcome(&self, exchange: &Exchange, reason: Option<Reason>, now: Now) -> Fact {
        let trace = (!exchange.trace.is_empty()).then(|| exchange.trace.as_str().into());
        Fact {
            what: What::Outcome,
            line: exchange.line.clone(),
            exchange: Some(exchange.id),
            telegram: Some(exchange.telegram.clone()),
            trace,
            outcome: exchange.outcome,
            reason,
            bytes: exchange.stand_in.clone().unwrap_or_default(),
            ..self.fact(now)
        }
    }

    /// The time of a duration as a metric.
    pub(super) fn seconds(since: Duration, now: Now) -> f64 {
        now.steady.saturating_sub(since).as_secs_f64()
    }
}
