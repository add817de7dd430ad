//! The spans of exchanges and of settlements. Their times are those of the stages in `meters`, so that a trace and a histogram agree.
//!
//! A settlement can take days, and what looks at whole traces waits for seconds. So it is a trace of its own, and its spans are linked to the exchange.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use fep_protocol::exchange::{Exchange, ExchangeId, Money, Outcome, Passage, SettledBy};
use fep_protocol::institution::FinalState;
use fep_protocol::settlement::Step;
use fep_protocol::terms::{Now, Ticket};

use super::{Running, Task};
use crate::spans::{ExchangeTrace, Span, SpanKind, SpanPlace, Tracer, unix_ns};

/// What becomes the spans of an exchange, in times of the steady clock.
pub(super) struct Traced {
    trace: ExchangeTrace,
    since: Duration,
    queued: Option<Duration>,
    written: Option<Duration>,
    ended: Duration,
}

/// What the traces of settlements follow from.
const SETTLEMENT: &str = "settlement";

impl Task {
    /// What becomes the spans of an exchange that ends now, or `None` if it is not recorded.
    pub(super) fn traced(&self, running: &Running, now: Now) -> Option<Box<Traced>> {
        let Exchange { id, caller, .. } = &running.exchange;
        let trace = self.shared.tracer.exchange(id, caller.as_deref())?;
        let Running { since, queued, .. } = *running;
        let written = running.written.map(|at| at.steady);
        Some(Box::new(Traced { trace, since, queued, written, ended: now.steady }))
    }

    /// Records the spans of an exchange whose outcome is durable and told now.
    pub(super) fn trace(&self, traced: Option<&Traced>, exchange: &Exchange, now: Now) {
        let Some(Traced { trace, since, queued, written, ended }) = traced else { return };
        let now_ns = unix_ns(SystemTime::now());
        let at = |time: Duration| {
            let ago = now.steady.saturating_sub(time).as_nanos();
            now_ns.saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX))
        };
        let lasting = |span: Span, from: Duration, to: Duration| span.lasting(at(from), at(to));
        let parent_id = trace.exchange.span_id;
        let child = |name: &'static str, span_id: u64, kind: SpanKind| {
            let place = SpanPlace { span_id, ..trace.exchange };
            Span::new(place, parent_id, name, kind)
        };
        let tracer = &self.shared.tracer;
        let own = |name| child(name, tracer.new_id(), SpanKind::Internal);
        tracer.record(lasting(own("queue"), *since, queued.unwrap_or(*ended)));
        if let Some(queued) = queued {
            tracer.record(lasting(own("journal"), *queued, written.unwrap_or(*ended)));
        }
        let answer = exchange.answer.as_ref();
        let code = answer.and_then(|answer| self.catalogue.response_code(&answer.telegram, &answer.bytes));
        let code = code.as_deref().map(str::to_owned);
        let line = exchange.line.as_ref().map(|(line, _)| line.to_string());
        if let Some(written) = written {
            let span = child("institution", trace.wire_id, SpanKind::Client);
            let mut span = lasting(span, *written, *ended);
            span.set("fep.institution", Some(exchange.institution.to_string()));
            span.set("fep.line", line.clone());
            span.set("fep.response.code", code.clone());
            if exchange.outcome == Some(Outcome::Unknown) {
                span.fails(reason(exchange));
            }
            tracer.record(span);
        }
        tracer.record(lasting(own("reply"), *ended, now.steady));
        let name = format!("exchange {}", exchange.telegram);
        let span = Span::new(trace.exchange, trace.parent_id, name, SpanKind::Internal);
        let mut span = lasting(span, *since, now.steady);
        span.describe(exchange);
        span.set("fep.line", line);
        span.set("fep.response.code", code);
        if let Some(Passage::CameFrom(first)) = &exchange.passage {
            let first = tracer.exchange(&first.exchange, exchange.caller.as_deref());
            span.links.extend(first.map(|first| first.exchange));
        }
        tracer.record(span);
    }

    /// Records a step of a settlement that was written and has ended.
    pub(super) fn trace_step(&mut self, ticket: Ticket, step: &Step, state: &FinalState) {
        let Some(written_ns) = self.settling.take_written(ticket) else { return };
        let Some(original) = self.original(&step.case) else { return };
        let root = Tracer::aside(&step.case, SETTLEMENT);
        let place = SpanPlace { span_id: self.shared.tracer.new_id(), ..root };
        let span = Span::new(place, root.span_id, step.kind.name(), SpanKind::Client);
        let mut span = span.lasting(written_ns, unix_ns(SystemTime::now()));
        span.links.push(original);
        span.set("fep.institution", Some(self.name.to_string()));
        span.set("fep.exchange.id", Some(step.case.to_string()));
        span.set("fep.attempt", Some(i64::from(step.attempt)));
        let outcome = match state {
            FinalState::Answered(..) | FinalState::Settled(..) => Outcome::Answered,
            FinalState::NotSent(_) => Outcome::NotSent,
            FinalState::Unknown(_) => Outcome::Unknown,
        };
        span.set("fep.outcome", Some(outcome.name()));
        if outcome != Outcome::Answered {
            let reason = state.reason();
            span.fails(reason.map_or(Cow::Borrowed(outcome.name()), |reason| reason.code));
        }
        self.shared.tracer.record(span);
    }

    /// Records a settlement that has ended: the root of its steps.
    pub(super) fn trace_settled(&self, case: &ExchangeId, by: SettledBy, money: Money) {
        let Some(original) = self.original(case) else { return };
        let Some(written_at_ms) = self.settling.written_at_ms(case) else { return };
        let start_ns = u64::try_from(written_at_ms).unwrap_or_default().saturating_mul(1_000_000);
        let span = Span::new(Tracer::aside(case, SETTLEMENT), 0, SETTLEMENT, SpanKind::Internal);
        let mut span = span.lasting(start_ns, unix_ns(SystemTime::now()));
        span.links.push(original);
        span.set("fep.institution", Some(self.name.to_string()));
        span.set("fep.exchange.id", Some(case.to_string()));
        span.set("fep.settled_by", Some(by.name()));
        span.set("fep.money", Some(money.name()));
        self.shared.tracer.record(span);
    }

    /// The span of the exchange that is settled, or `None` if it is not recorded.
    fn original(&self, case: &ExchangeId) -> Option<SpanPlace> {
        if !self.shared.tracer.is_on() {
            return None;
        }
        let caller = self.settling.caller(case)?;
        Some(self.shared.tracer.exchange(case, caller)?.exchange)
    }
}

fn reason(exchange: &Exchange) -> Cow<'static, str> {
    exchange.reason_code.clone().map_or(Cow::Borrowed("unknown"), Cow::Owned)
}
