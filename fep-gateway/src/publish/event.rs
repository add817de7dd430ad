//! The content of events: JSON with a schema and a version, secrets masked.

use fep_codec::Record;
use fep_protocol::exchange::{Exchange, LineStatus};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::contract::exchanges::{AnswerFields, Fields};
use crate::contract::notices::{NoticeSummary, notice_summary};
use crate::contract::view::{Summary, summary};
use crate::journal::notice::StoredNotice;
use crate::telegrams::LineSpec;

/// The version of the content. It changes when a program that reads events would have to change. New keys do not change it.
pub const VERSION: u32 = 1;

/// One event.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(super) struct Content<'s> {
    /// The version of this content: 1.
    pub(super) version: u32,
    /// A name that no other event has. An event that comes again has the same one.
    pub(super) id: &'s str,
    pub(super) kind: EventKind,
    /// When it happened, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// `test` if the gateway is for tests: nothing of this moved money. Absent in production.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<&'static str>,
    /// The number of the fact in the journal. Absent if the event is about a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fact: Option<u64>,
    #[serde(flatten)]
    pub(super) about: About<'s>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum EventKind {
    /// An exchange has its outcome.
    ExchangeEnded,
    /// The unknown outcome of an exchange was settled, or settled in another way than before.
    ExchangeSettled,
    /// The settlement of an exchange needs a person.
    ExchangeDeadLetter,
    /// A person should look at an exchange: answers contradict each other, or somebody doubts its settlement.
    ExchangeFlagged,
    /// A notice of an institution came.
    NoticeReceived,
    /// A notice has another state.
    NoticeChanged,
    /// A line has another state, or the gateway started.
    LineChanged,
}

impl EventKind {
    /// The stable name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ExchangeEnded => "exchange_ended",
            Self::ExchangeSettled => "exchange_settled",
            Self::ExchangeDeadLetter => "exchange_dead_letter",
            Self::ExchangeFlagged => "exchange_flagged",
            Self::NoticeReceived => "notice_received",
            Self::NoticeChanged => "notice_changed",
            Self::LineChanged => "line_changed",
        }
    }
}

/// What an event is about, as it was right after the event. One of `exchange`, `notice` and `line` is there.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct About<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<NoticeSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<LineStatus>,
    /// The fields of the request, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<AnswerFields<'s>>,
    /// The fields of the answer, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerFields<'s>>,
    /// The fields of the notice, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<AnswerFields<'s>>,
}

impl<'s> About<'s> {
    /// An exchange. `with_fields` says whether the fields of its telegrams are there.
    pub(super) fn exchange(exchange: &Exchange, spec: Option<LineSpec<'s>>, with_fields: bool) -> Self {
        let spec_of_fields = spec.filter(|_| with_fields);
        let answer = exchange.answer.as_ref();
        Self {
            exchange: Some(summary(exchange, spec)),
            request: spec_of_fields.and_then(|spec| fields(spec, &exchange.telegram, &exchange.request)),
            answer: spec_of_fields.zip(answer).and_then(|(spec, answer)| fields(spec, &answer.telegram, &answer.bytes)),
            ..Self::default()
        }
    }

    /// A notice.
    pub(super) fn notice(notice: &StoredNotice, spec: Option<LineSpec<'s>>, with_fields: bool) -> Self {
        let spec_of_fields = spec.filter(|_| with_fields);
        Self {
            notice: Some(notice_summary(notice, spec)),
            received: spec_of_fields.and_then(|spec| fields(spec, &notice.telegram, &notice.bytes)),
            ..Self::default()
        }
    }

    /// A line.
    pub(super) fn line(line: LineStatus) -> Self {
        Self { line: Some(line), ..Self::default() }
    }
}

/// The fields of a telegram, secrets masked. `None` if the bytes are not such a telegram: then nothing says which of them are secret.
fn fields<'s>(spec: LineSpec<'s>, telegram: &str, frame: &[u8]) -> Option<AnswerFields<'s>> {
    let layout = &spec.named(telegram)?.layout;
    let fields = Record::decode(layout, spec.telegram(frame)).ok()?;
    Some(AnswerFields { telegram: telegram.to_owned(), fields: Fields { fields, is_masked: true } })
}

/// The JSON Schema of the content of events (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Content<'_>>().to_value()
}
