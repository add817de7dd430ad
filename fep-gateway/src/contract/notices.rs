//! What services and persons are told about a notice.

use fep_protocol::delivery::{AnsweredBy, DeliveryFact, PastDeliveryFact, Stage};
use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::settlement::SettlementFact;
use schemars::JsonSchema;
use serde::Serialize;

use super::view::{View, settlement_step, verdict_of};
use crate::journal::notice::StoredNotice;
use crate::telegrams::LineSpec;

/// One notice in one line. Of the telegram's fields it contains only the response code of the answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NoticeSummary {
    /// The name of the notice.
    pub notice: ExchangeId,
    /// The institution that sent it.
    pub institution: String,
    /// The name of the telegram.
    pub telegram: String,
    /// The label of the telegram on the sheet.
    pub label: String,
    /// `delivering`, `delivered`, `dead_letter`, `closed`, `refused`, `conflict`, `repeated` or `unwanted`.
    pub state: &'static str,
    /// Why it is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// Who gave the answer: `service`, `stand_in`, `closed`, `conflict` or `busy`; `null` if there is none.
    pub answered_by: Option<AnsweredBy>,
    /// The number of attempts to deliver it that may have been made.
    pub attempts: u32,
    /// Why the last attempt that failed did so.
    pub last_failure: Option<String>,
    /// Whether the service wanted another answer than the one that the institution has.
    #[serde(skip_serializing_if = "is_false")]
    pub answer_differs: bool,
    /// How often the institution sent it again.
    pub repeats: u64,
    /// How many other telegrams came under its key.
    pub conflicts: u64,
    /// The notice that had its key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts_with: Option<ExchangeId>,
    /// The line that brought it.
    pub line: Option<String>,
    /// The incarnation of the link that brought it.
    pub link: Option<u64>,
    /// When it came, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// When its answer was decided, in milliseconds since 1970.
    pub answered_at_ms: Option<i64>,
    /// When it changed last, in milliseconds since 1970.
    pub changed_at_ms: i64,
    /// The response code (응답코드) of the answer.
    pub response_code: Option<String>,
    /// The meaning of the response code on the sheet.
    pub response_meaning: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NoticeList {
    pub(crate) notices: Vec<NoticeSummary>,
    /// The `cursor` of the next page; `null` if there is none. A page can be short although another one follows.
    pub(crate) next: Option<ExchangeId>,
}

/// A notice with its telegrams field by field, secrets masked, and everything that happened to it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NoticeDetail {
    #[serde(flatten)]
    pub(crate) notice: Delivered,
    pub(crate) received: View,
    pub(crate) answer: Option<View>,
    /// The answer that the service gave too late. It was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other_answer: Option<View>,
    /// The facts of the journal in their order.
    pub(crate) facts: Vec<FactView>,
}

/// A notice with its delivery.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Delivered {
    pub(crate) notice: NoticeSummary,
    pub(crate) deliveries: Vec<PastDeliveryFact>,
    /// The number of facts that `deliveries` leaves out in the middle.
    pub(crate) omitted: u64,
}

/// A fact of the journal about an exchange or a notice, without its bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FactView {
    pub(crate) number: u64,
    pub(crate) at_ms: i64,
    pub(crate) kind: &'static str,
    pub(crate) class: Option<&'static str>,
    pub(crate) line: Option<String>,
    pub(crate) link: Option<u64>,
    pub(crate) reason: Option<String>,
    pub(crate) reason_code: Option<String>,
    pub(crate) len: usize,
    /// A step of the settlement of an exchange, or what it brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settlement: Option<SettlementFact>,
}

impl FactView {
    pub(crate) fn new(number: u64, fact: &Fact) -> Self {
        let (line, link) = fact.line.clone().unzip();
        Self {
            number,
            at_ms: fact.at_ms,
            kind: fact.what.kind(),
            class: fact.class(),
            line: line.map(|line| line.to_string()),
            link,
            reason: fact.reason.as_ref().map(|reason| reason.sentence.to_string()),
            reason_code: fact.reason.as_ref().map(|reason| reason.code.to_string()),
            len: fact.bytes.len(),
            settlement: fact.settlement.as_deref().map(settlement_step),
        }
    }
}

/// Summarises a notice in one line.
#[must_use]
pub fn notice_summary(notice: &StoredNotice, spec: Option<LineSpec<'_>>) -> NoticeSummary {
    let telegram = spec.and_then(|spec| spec.named(&notice.telegram));
    let (line, link) = notice.line.clone().unzip();
    let answered = notice.case.history().iter().find(|past| matches!(past.fact, DeliveryFact::Answered { .. }));
    let verdict = spec.zip(notice.answer.as_ref()).and_then(|(spec, answer)| {
        let name = telegram.and_then(|telegram| telegram.answer.as_deref())?;
        verdict_of(name, answer, spec)
    });
    NoticeSummary {
        notice: notice.id,
        institution: notice.institution.to_string(),
        telegram: notice.telegram.to_string(),
        label: telegram.map_or_else(String::new, |telegram| telegram.layout.label.to_string()),
        state: notice.case.stage().name(),
        why: match notice.case.stage() {
            Stage::DeadLetter(why) => Some(why.name()),
            _ => None,
        },
        answered_by: notice.case.answered(),
        attempts: notice.case.attempts(),
        last_failure: notice.case.last_failure().map(str::to_owned),
        answer_differs: notice.case.differs(),
        repeats: notice.repeats,
        conflicts: notice.conflicts,
        conflicts_with: notice.first,
        line: line.map(|line| line.to_string()),
        link,
        received_at_ms: notice.id.accepted_at_ms(),
        answered_at_ms: answered.map(|past| past.at_ms),
        changed_at_ms: notice.changed_at_ms,
        response_code: verdict.as_ref().map(|(code, _)| code.clone()),
        response_meaning: verdict.and_then(|(_, meaning)| meaning),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
