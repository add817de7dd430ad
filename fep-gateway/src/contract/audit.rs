//! The audit trail as HTTP shows it.

use fep_protocol::audit::{Act, AuditOutcome};
use fep_protocol::exchange::{ExchangeId, RequestId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::nobody;
use crate::gateway::AuditRecord;

/// The body of `POST /v1/exchanges/{id}/reveal`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevealBody {
    /// Why somebody has to see the secrets.
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
}

/// A page of the audit trail, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditList {
    pub(crate) entries: Vec<AuditView>,
    /// The `cursor` of the next page; `null` if there is none.
    pub(crate) next: Option<u64>,
}

/// What a person or a program did or looked at. It was recorded before it happened, and its end after.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditView {
    /// The number of its fact in the journal.
    pub(crate) number: u64,
    /// In milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// Empty if it belongs to no institution.
    pub(crate) institution: String,
    pub(crate) act: Act,
    /// What became of it: `open` if nothing says how it ended, because it still runs or the gateway ended in between. Absent if it is an event that
    /// had happened, or if a version wrote it that recorded no ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<AuditOutcome>,
    /// The code of the problem with which it was refused: `GET /problems/{code}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// Who did it: the client, and the person for whom it speaks.
    pub(crate) person: String,
    /// Why.
    pub(crate) note: String,
    /// What it concerns besides an exchange: a line, a business code or a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exchange: Option<ExchangeId>,
    /// The client, if clients have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<RequestId>,
}

impl AuditView {
    /// The entry of a fact. `None` if the fact is not one of the audit trail.
    pub(crate) fn of(record: &AuditRecord) -> Option<Self> {
        let AuditRecord { number, fact, end } = record;
        let audit = fact.audit.as_deref()?;
        let caller = fact.caller.as_deref();
        Some(Self {
            number: *number,
            at_ms: fact.at_ms,
            institution: fact.institution.to_string(),
            act: audit.act,
            outcome: end.as_ref().map(|end| end.outcome),
            code: end.as_ref().and_then(|end| end.code.as_deref()).map(str::to_owned),
            person: audit.person.clone(),
            note: audit.note.clone(),
            about: audit.about.clone(),
            exchange: fact.exchange,
            client: caller.and_then(|caller| caller.client.as_deref()).map(str::to_owned),
            request_id: caller.and_then(|caller| caller.request_id.clone()),
        })
    }
}
