//! The facts of an institution's task, and the end of exchanges.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{Answer, Exchange, Outcome};
use fep_protocol::fact::{Fact, Reason, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::NotSent;
use fep_protocol::terms::{Incarnation, Now};

use tokio::sync::oneshot;

use super::spans::Traced;
use super::{Onward, Running, TELL_GRACE, Task};
use crate::journal::{KeyTicket, LaneNumber};

/// An outcome whose fact is on its way to the journal.
pub(super) struct End {
    pub(super) number: LaneNumber,
    pub(super) exchange: Exchange,
    /// `None` after the caller was told.
    pub(super) reply: Option<oneshot::Sender<Exchange>>,
    /// The caller is told by then, even if the journal has not taken the fact.
    pub(super) tell_by: Duration,
    /// When the exchange ended, if it was answered.
    pub(super) answered_at: Option<Duration>,
    /// Where the request goes on instead of the caller being told.
    pub(super) onward: Option<Box<Onward>>,
    /// Held until the outcome is durable.
    pub(super) key: Option<KeyTicket>,
    /// What becomes spans, if the exchange is recorded.
    pub(super) traced: Option<Box<Traced>>,
}

/// The outcomes whose facts are on their way to the journal.
#[derive(Default)]
pub(super) struct Ends {
    /// In the order of their facts.
    ends: VecDeque<End>,
    /// When callers are told nevertheless, with the fact. It may contain callers who were told already.
    times: BTreeSet<(Duration, LaneNumber)>,
}

impl Ends {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The next time when a caller is told an outcome that the journal does not have.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.times.first().map(|(at, _)| *at).filter(|_| !is_on(Mutant::WaitsForTheDisk))
    }

    fn add(&mut self, end: End) {
        self.times.insert((end.tell_by, end.number));
        // Facts of answers are added before the outcome, so the order of the numbers may differ by a few places.
        let at = self.ends.iter().rposition(|other| other.number <= end.number).map_or(0, |at| at + 1);
        self.ends.insert(at, end);
    }

    /// Takes the first outcome if its fact is durable.
    pub(super) fn durable(&mut self, durable: LaneNumber) -> Option<End> {
        self.ends.front().filter(|end| end.number <= durable)?;
        let end = self.ends.pop_front()?;
        self.times.remove(&(end.tell_by, end.number));
        Some(end)
    }

    fn tell_late(&mut self, now: Duration) {
        while let Some(late) = self.times.first().copied().filter(|(at, _)| *at <= now) {
            self.times.remove(&late);
            let (_, number) = late;
            let from = self.ends.partition_point(|end| end.number < number);
            let same = self.ends.range_mut(from..).take_while(|end| end.number == number);
            same.filter(|end| end.tell_by <= now).for_each(End::tell_unjournaled);
        }
    }
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
        let why = self.alternative(&mut running, why, now);
        // If the journal has not begun to write the request, it need not, and it never had the request.
        running.request = running.request.filter(|number| !self.lane.withdraw(*number));
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
        let traced = self.traced(&running, now);
        let Running { mut exchange, onward, key, reply, place, deadline, request, answer: answered, .. } = running;
        exchange.outcome = Some(outcome);
        exchange.ended_at_ms = Some(answered.map_or(now.wall_ms, |(_, at_ms)| at_ms));
        exchange.answer = answer;
        if let Some(reason) = &reason {
            exchange.reason = Some(reason.sentence.to_string());
            exchange.reason_code = Some(reason.code.to_string());
        }
        self.meters.ended(&exchange, reason.as_ref().map(|reason| &reason.code));
        self.shared.routings.count(&exchange);
        self.exchange_log.ended(&exchange, &self.catalogue, now.steady);
        drop(place);
        // A request that the journal never took is gone without a trace. While the journal is in trouble, such outcomes
        // are not kept, because there could be any number of them.
        if request.is_none() && !self.keeps_unsent() {
            exchange.journaled = false;
            self.tell(&exchange);
            self.trace(traced.as_deref(), &exchange, now);
            // The caller may be gone.
            let _ = reply.send(exchange);
            return;
        }
        let number =
            answered.map(|(number, _)| number).unwrap_or_else(|| self.append(self.outcome(&exchange, reason, now)));
        let tell_by = deadline.max(now.steady) + TELL_GRACE;
        if is_on(Mutant::TellsBeforeDurable) {
            let _ = reply.send(exchange);
            return;
        }
        let answered_at = (outcome == Outcome::Answered).then_some(now.steady);
        let end = End { number, exchange, reply: Some(reply), tell_by, answered_at, onward, key, traced };
        self.ends.add(end);
    }

    /// Tells a caller an outcome that is durable, or passes the request on.
    pub(super) fn tell_caller(&self, end: End) {
        let End { exchange, reply, onward, key, .. } = end;
        match (reply, onward) {
            // A caller who was told at the deadline that the request was not sent must not see it sent later.
            (None, _) => {}
            (Some(reply), Some(onward)) => self.pass_on(&exchange, *onward, key, reply),
            (Some(reply), None) => {
                // The caller may be gone. The outcome is in the journal.
                let _ = reply.send(exchange);
            }
        }
    }

    /// Tells outcomes whose deadline is over although the journal does not have them yet.
    pub(super) fn tell_late(&mut self, now: Now) {
        if !is_on(Mutant::WaitsForTheDisk) {
            self.ends.tell_late(now.steady);
        }
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
        self.ends.ends.iter_mut().for_each(End::tell_unjournaled);
    }

    /// Whether the journal keeps the outcomes of requests that it never took.
    pub(super) fn keeps_unsent(&self) -> bool {
        self.shared.journal.trouble().is_none() && self.lane.has_room()
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
            passage: exchange.passage.clone().map(Box::new),
            // A request has it already.
            caller: exchange.caller.clone().filter(|_| exchange.request.is_empty()),
            bytes: exchange.stand_in.clone().unwrap_or_default(),
            ..self.fact(now)
        }
    }

    /// The time of a duration as a metric.
    pub(super) fn seconds(since: Duration, now: Now) -> f64 {
        now.steady.saturating_sub(since).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use fep_protocol::exchange::ExchangeId;

    use super::*;

    /// The simulation found a caller who waited for the deadline of another one whose fact was earlier (seed 310).
    #[test]
    fn each_caller_is_told_at_his_own_deadline() {
        let exchange = Exchange::accepted(ExchangeId::new(0, 0, 0), "bank-a".into(), "Transfer".into(), 0);
        let mut ends = Ends::default();
        let mut callers = Vec::new();
        for (number, tell_by) in [(1, 30), (2, 10), (3, 20), (3, 25)] {
            let (reply, told) = oneshot::channel();
            let tell_by = Duration::from_secs(tell_by);
            let exchange = exchange.clone();
            let end = End {
                number,
                exchange,
                reply: Some(reply),
                tell_by,
                answered_at: None,
                onward: None,
                key: None,
                traced: None,
            };
            ends.add(end);
            callers.push(told);
        }
        let mut told_at = vec![0; callers.len()];
        while let Some(at) = ends.deadline() {
            ends.tell_late(at);
            for (caller, told_at) in callers.iter_mut().zip(&mut told_at) {
                if caller.try_recv().is_ok_and(|exchange| !exchange.journaled) {
                    *told_at = at.as_secs();
                }
            }
        }
        assert_eq!(told_at, [30, 10, 20, 25]);
        assert_eq!(std::iter::from_fn(|| ends.durable(2)).count(), 2, "the facts keep their order");
        assert_eq!(ends.len(), 2);
    }
}
