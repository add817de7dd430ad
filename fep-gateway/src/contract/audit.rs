//! The audit trail as HTTP shows it.

use fep_protocol::audit::Act;
use fep_protocol::exchange::{ExchangeId, RequestId};
use fep_protocol::fact::Fact;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::nobody;

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

/// What a person or a program did or looked at. It was recorded before it happened.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditView {
    /// The number of its fact in the journal.
    pub(crate) number: u64,
    /// In milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) institution: String,
    pub(crate) act: Act,
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
    pub(crate) fn of(number: u64, fact: &Fact) -> Option<Self> {
        let audit = fact.audit.as_deref()?;
        let caller = fact.caller.as_deref();
        Some(Self {
            number,
            at_ms: fact.at_ms,
            institution: fact.institution.to_string(),
            act: audit.act,
            person: audit.person.clone(),
            note: audit.note.clone(),
            about: audit.about.clone(),
            exchange: fact.exchange,
            client: caller.and_then(|caller| caller.client.as_deref()).map(str::to_owned),
            request_id: caller.and_then(|caller| caller.request_id.clone()),
        })
    }
}
