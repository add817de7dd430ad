//! The table of exchanges: its columns, and the row of an exchange. Of the telegrams it has the response code only.

use fep_protocol::exchange::{Passage, SettledBy};

use super::column::{Cell, Column, Kind};
use crate::journal::changed::ChangedExchange;
use crate::telegrams::TelegramCatalogue;
use crate::time::Rfc3339;

/// The columns. A new one goes to the end.
const COLUMNS: [(&str, Kind, &str); 32] = [
    ("exchange", Kind::Text, "the ID of the exchange"),
    (
        "revision",
        Kind::Integer,
        "the last fact of this state: of the rows of an exchange, the one with the highest counts",
    ),
    ("business_date", Kind::Date, "the business date of the institution when the request was stored to be sent"),
    ("institution", Kind::Text, "the institution"),
    ("telegram", Kind::Text, "the telegram of the request"),
    ("outcome", Kind::Text, "answered, not_sent or unknown; empty while it runs"),
    ("response_code", Kind::Text, "the response code of the answer"),
    ("accepted", Kind::Boolean, "whether the response code accepts, by `accepted_codes`"),
    ("reason_code", Kind::Text, "why there is no answer: a stable code"),
    ("reason", Kind::Text, "the same as a sentence"),
    ("settled_by", Kind::Text, "what settled an unknown exchange: late_answer, inquiry, reversal or person"),
    ("money", Kind::Text, "what became of the money then: done, not_done or reversed"),
    ("dead_letter", Kind::Boolean, "whether it needs a person"),
    ("disputed", Kind::Boolean, "whether two facts about the money contradict each other"),
    ("conflicting", Kind::Boolean, "whether a second answer differs from the first one"),
    ("contradicting", Kind::Boolean, "whether an answer does not repeat a value of its request"),
    ("accepted_at", Kind::Timestamp, "when the gateway took the request"),
    ("sent_at", Kind::Timestamp, "when the request was stored to be sent"),
    ("ended_at", Kind::Timestamp, "when it reached its outcome"),
    ("latency_ms", Kind::Integer, "from accepted_at to ended_at, in milliseconds"),
    ("trace_no", Kind::Text, "the trace number on the line"),
    ("line", Kind::Text, "the line that carried the request"),
    ("client", Kind::Text, "the client that asked, if clients have names"),
    ("request_id", Kind::Text, "the name that the caller gave the request"),
    ("trace_id", Kind::Text, "the trace that the request belongs to, by W3C Trace Context"),
    (
        "passage",
        Kind::Text,
        "passed_on, came_from or routed_from: the request is with another institution than the one that was asked",
    ),
    ("other_institution", Kind::Text, "the other institution"),
    ("other_exchange", Kind::Text, "the other exchange of the request"),
    ("request_fact", Kind::Integer, "the fact with the request: fep_fact of its table"),
    ("answer_telegram", Kind::Text, "the telegram of the answer"),
    ("answer_fact", Kind::Integer, "the fact with the answer: fep_fact of its table"),
    ("stood_in", Kind::Boolean, "whether the caller got a stand-in answer, because a breaker stopped the request"),
];

/// The columns of the table.
pub(super) fn columns() -> Vec<Column> {
    let column = |(name, kind, label): &(&str, Kind, &str)| Column {
        name: (*name).to_owned(),
        kind: *kind,
        label: (*label).to_owned(),
    };
    COLUMNS.iter().map(column).collect()
}

/// The row of an exchange of this business date.
pub(super) fn row(changed: &ChangedExchange, date: &str, catalogue: &TelegramCatalogue) -> Vec<Cell> {
    // An encrypted journal has a keyed hash of the code beside the answer, so the code is read from the answer itself.
    let answer = changed.exchange.answer.as_ref();
    let code = answer.and_then(|answer| catalogue.response_code(&answer.telegram, &answer.bytes));
    let code = code.as_deref();
    let exchange = &changed.exchange;
    let time = |at_ms: Option<i64>| Cell::of(at_ms.map(Rfc3339));
    let number = |number: Option<i128>| number.map_or(Cell::Empty, |number| Cell::Number(number, number.to_string()));
    let flag = |flag: bool| Cell::text(flag.to_string());
    let caller = exchange.caller.as_deref();
    let latency = exchange.ended_at_ms.map(|ended| ended.saturating_sub(exchange.accepted_at_ms));
    let passage = Passed::of(exchange.passage.as_ref());
    vec![
        Cell::text(exchange.id.to_string()),
        number(Some(changed.revision.into())),
        Cell::text(date),
        Cell::text(&*exchange.institution),
        Cell::text(&*exchange.telegram),
        Cell::of(exchange.outcome.map(|outcome| outcome.name())),
        Cell::of(code),
        Cell::of(code.map(|code| catalogue.response_codes().accept(code))),
        Cell::of(exchange.reason_code.as_deref()),
        Cell::of(exchange.reason.as_deref()),
        Cell::of(exchange.settled_by.map(settled_by)),
        Cell::of(exchange.money.map(|money| money.name())),
        flag(exchange.flags.dead_letter),
        flag(exchange.flags.disputed),
        flag(exchange.flags.conflicting),
        flag(exchange.flags.contradicting),
        time(Some(exchange.accepted_at_ms)),
        time(changed.request.map(|(_, at_ms)| at_ms)),
        time(exchange.ended_at_ms),
        number(latency.map(i128::from)),
        Cell::text(exchange.trace.as_str()),
        Cell::of(exchange.line.as_ref().map(|(line, _)| line)),
        Cell::of(caller.and_then(|caller| caller.client.as_deref())),
        Cell::of(caller.and_then(|caller| caller.request_id.as_ref())),
        Cell::of(caller.and_then(|caller| trace_id(&caller.traceparent?.to_string()))),
        Cell::text(passage.word),
        Cell::text(passage.institution),
        Cell::text(passage.exchange),
        number(changed.request.map(|(number, _)| number.into())),
        Cell::of(exchange.answer.as_ref().map(|answer| &answer.telegram)),
        number(changed.answer.map(i128::from)),
        flag(exchange.stand_in.is_some()),
    ]
}

/// The words of the journal have a blank; a column of words has none.
fn settled_by(by: SettledBy) -> String {
    by.name().replace(' ', "_")
}

/// The second part of a `traceparent`: `00-TRACE-SPAN-FLAGS`.
fn trace_id(traceparent: &str) -> Option<String> {
    traceparent.split('-').nth(1).map(str::to_owned)
}

/// Where a request came from or went.
#[derive(Default)]
struct Passed {
    word: &'static str,
    institution: String,
    exchange: String,
}

impl Passed {
    fn of(passage: Option<&Passage>) -> Self {
        let (word, other) = match passage {
            None => return Self::default(),
            Some(Passage::PassedOn(to)) => ("passed_on", to),
            Some(Passage::CameFrom(from)) => ("came_from", from),
            Some(Passage::RoutedFrom(from)) => {
                return Self { word: "routed_from", institution: from.institution.clone(), exchange: String::new() };
            }
        };
        Self { word, institution: other.institution.clone(), exchange: other.exchange.to_string() }
    }
}
