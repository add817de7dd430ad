//! One log line for each exchange that has ended, with what finds it in other logs: at most so many lines a second. Nothing of a telegram
//! is in it but the trace number and the response code.

use std::time::Duration;

use fep_protocol::budget::Budget;
use fep_protocol::exchange::{Exchange, Outcome};

use crate::telegrams::TelegramCatalogue;

/// The lines of one institution each second, and in one burst. The metrics count all exchanges.
const LINES_PER_S: u32 = 100;
const LINES_BURST: u32 = 500;

/// Writes the lines.
#[derive(Debug)]
pub(super) struct ExchangeLog {
    budget: Budget,
    /// The exchanges without a line since the last line.
    left_out: u64,
}

impl ExchangeLog {
    pub(super) fn new(now: Duration) -> Self {
        Self { budget: Budget::new(LINES_PER_S, LINES_BURST, now), left_out: 0 }
    }

    /// Writes the line of an exchange, or counts it.
    pub(super) fn ended(&mut self, exchange: &Exchange, catalogue: &TelegramCatalogue, now: Duration) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        if !self.budget.take(now) {
            self.left_out += 1;
            return;
        }
        let left_out = Some(std::mem::take(&mut self.left_out)).filter(|count| *count > 0);
        let answer = exchange.answer.as_ref();
        let code = answer.and_then(|answer| catalogue.response_code(&answer.telegram, &answer.bytes));
        let caller = exchange.caller.as_deref();
        tracing::info!(
            institution = &*exchange.institution,
            exchange = %exchange.id,
            telegram = &*exchange.telegram,
            outcome = exchange.outcome.map(Outcome::name),
            reason_code = exchange.reason_code,
            code = code.as_deref(),
            trace = Some(&*exchange.trace).filter(|trace| !trace.is_empty()),
            line = exchange.line.as_ref().map(|(line, _)| &**line),
            ms = exchange.ended_at_ms.map(|ended_at_ms| ended_at_ms.saturating_sub(exchange.accepted_at_ms)),
            client = caller.and_then(|caller| caller.client.as_deref()),
            request_id = caller.and_then(|caller| caller.request_id.as_ref()).map(|id| id.as_str()),
            traceparent = caller.and_then(|caller| caller.traceparent).map(|parent| parent.to_string()),
            left_out,
            "exchange ended"
        );
    }
}
