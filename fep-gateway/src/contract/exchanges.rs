//! What services and persons are told about an exchange.

use fep_codec::Record;
use fep_protocol::exchange::{Exchange, ExchangeId, Flags, Money, Outcome, Passage, RequestId, SettledBy, TraceParent};
use fep_protocol::reason::Unknown;
use fep_protocol::settlement::SettlementFact;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::notices::{Delivered, FactView};
use super::view::{Summary, View};
use crate::journal::Owner;
use crate::telegrams::LineSpec;

/// The reply to a service. The service owns the answer's fields, so no field is masked.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reply<'s> {
    pub(crate) exchange: ExchangeId,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) institution: String,
    /// Only in the reply to `GET`: a client that sent the `POST` itself knows the telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) telegram: Option<String>,
    /// The trace number (전문추적번호) by which the institution knows the request. Absent while it waits for its turn and has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) settled_by: Option<SettledBy>,
    /// What became of the money, if an unknown exchange was settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) money: Option<Money>,
    /// What a person should look at.
    #[serde(skip_serializing_if = "Flags::is_empty")]
    pub(crate) flags: Flags,
    /// `false` if the journal does not have this outcome yet. After a crash it could then become unknown.
    #[serde(skip_serializing_if = "is_true")]
    pub(crate) journaled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<AnswerFields<'s>>,
    /// Only of a request that was not sent, while a breaker stops it: an answer by the configuration, not by the institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stand_in: Option<AnswerFields<'s>>,
    /// `passed_on` or `came_from`, with `institution` and `exchange`: the other exchange of a request that a breaker stopped at one
    /// institution, and that went to another.
    #[serde(flatten)]
    pub(crate) passage: Option<Passage>,
    /// The caller's name for its request, from the header `X-Request-Id` of the `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<RequestId>,
    /// The client that sent the request, if clients have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    /// The trace that the request belongs to, from the header `traceparent` of the `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<TraceParent>,
}

impl<'s> Reply<'s> {
    /// The reply about an exchange.
    pub(crate) fn of(exchange: &Exchange, spec: Option<LineSpec<'s>>, is_masked: bool) -> Self {
        let mut reason = exchange.reason.clone();
        let mut reason_code = exchange.reason_code.clone();
        let answer = exchange.answer.as_ref().and_then(|answer| {
            let spec = spec?;
            let layout = &spec.named(&answer.telegram)?.layout;
            match Record::decode(layout, spec.telegram(&answer.bytes)) {
                Ok(fields) => {
                    Some(AnswerFields { telegram: answer.telegram.to_string(), fields: Fields { fields, is_masked } })
                }
                Err(error) => {
                    let why = Unknown::Unreadable(error.to_string());
                    reason.get_or_insert_with(|| why.to_string());
                    reason_code.get_or_insert_with(|| why.code().to_owned());
                    None
                }
            }
        });
        Self {
            exchange: exchange.id,
            outcome: exchange.outcome,
            institution: exchange.institution.to_string(),
            telegram: None,
            // An exchange that has ended without a number keeps the empty text: programs read the key there.
            trace: Some(exchange.trace.clone()).filter(|trace| exchange.outcome.is_some() || !trace.is_empty()),
            reason,
            reason_code,
            settled_by: exchange.settled_by,
            money: exchange.money,
            flags: exchange.flags,
            journaled: exchange.journaled,
            answer,
            stand_in: stand_in(exchange, spec, is_masked),
            passage: exchange.passage.clone(),
            request_id: exchange.caller.as_ref().and_then(|caller| caller.request_id.clone()),
            traceparent: exchange.caller.as_ref().and_then(|caller| caller.traceparent),
            client: exchange.caller.as_ref().and_then(|caller| caller.client.as_deref()).map(str::to_owned),
        }
    }
}

fn stand_in<'s>(exchange: &Exchange, spec: Option<LineSpec<'s>>, is_masked: bool) -> Option<AnswerFields<'s>> {
    let spec = spec?;
    let answer = spec.answer_to(&exchange.telegram)?;
    let fields = Record::decode(&answer.layout, spec.telegram(exchange.stand_in.as_ref()?)).ok()?;
    Some(AnswerFields { telegram: answer.layout.name.to_string(), fields: Fields { fields, is_masked } })
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AnswerFields<'s> {
    pub(crate) telegram: String,
    /// The fields in wire order. For a client that may not see them, each secret value is `<secret>`: of the exchanges of others, and of its own
    /// if the access file says `own_secrets = "masked"`.
    #[schemars(with = "Map<String, Value>")]
    pub(crate) fields: Fields<'s>,
}

/// The fields of a telegram, for a client that may see its secrets or not.
#[derive(Debug)]
pub(crate) struct Fields<'s> {
    pub(crate) fields: Record<'s>,
    /// Whether each secret is `<secret>`.
    pub(crate) is_masked: bool,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_masked { self.fields.masked().serialize(serializer) } else { self.fields.serialize(serializer) }
    }
}

/// An exchange with both telegrams field by field, secrets masked, and everything that happened to it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Detail {
    pub(crate) exchange: Summary,
    pub(crate) request: Option<View>,
    pub(crate) answer: Option<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stand_in: Option<View>,
    /// The facts of the journal in their order.
    pub(crate) facts: Vec<FactView>,
    /// The gateway that works on it. Absent if no other gateway shares the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<OwnerView>,
}

/// The gateway to which an exchange belongs. People decide about it there.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OwnerView {
    pub(crate) instance: String,
    /// Whether it is the gateway that replies.
    pub(crate) is_own: bool,
}

impl From<Owner> for OwnerView {
    fn from(owner: Owner) -> Self {
        let Owner { instance, is_own } = owner;
        Self { instance, is_own }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ExchangeList {
    pub(crate) exchanges: Vec<Summary>,
    /// The `cursor` of the next page; `null` if there is none. A page can be short although another one follows.
    pub(crate) next: Option<ExchangeId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeadLetters {
    pub(crate) dead_letters: Vec<DeadLetter>,
    /// The notices that no service took.
    pub(crate) notices: Vec<Delivered>,
    /// The `cursor` of the next page. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// An exchange that needs a person, with everything that was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeadLetter {
    pub(crate) exchange: Summary,
    /// Why it is a dead letter. Absent if it is settled, and only disputed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<&'static str>,
    /// How its facts contradict each other.
    pub(crate) disputes: Vec<&'static str>,
    pub(crate) inquiries: u32,
    pub(crate) reversals: u32,
    pub(crate) history: Vec<Past>,
    /// The number of facts that the history leaves out in the middle.
    pub(crate) omitted: u64,
    /// The gateway that works on it. Absent if no other gateway shares the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<OwnerView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Past {
    pub(crate) at_ms: i64,
    #[serde(flatten)]
    pub(crate) fact: SettlementFact,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}
