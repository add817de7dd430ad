//! The audit trail over HTTP: what is recorded before it happens and how it ended, the list of it, and the look at secrets.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use fep_protocol::audit::{Act, AuditEnd, AuditFact, AuditOutcome};
use fep_protocol::exchange::Exchange;
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::caller::caller;
use super::decision::{named, noted};
use super::error::ApiError;
use super::exchanges::{at_path, checked_limit, time_of, unreadable, wrong};
use super::origin::refuse_foreign_page;
use super::scope::{ScopeWord, scope_of};
use crate::config::Action;
use crate::contract::audit::{AuditList, AuditView, RevealBody};
use crate::contract::exchanges::Detail;
use crate::contract::problem::Problem;
use crate::gateway::{AuditEntry, AuditError, AuditFilter, JournalError};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    limit: Option<String>,
    cursor: Option<String>,
    since: Option<String>,
    until: Option<String>,
    institution: Option<String>,
    act: Option<String>,
    outcome: Option<String>,
    client: Option<String>,
    scope: Option<ScopeWord>,
}

/// What a request does that is recorded.
pub(super) struct Deed<'d> {
    pub(super) act: Act,
    pub(super) person: &'d str,
    pub(super) note: &'d str,
    pub(super) about: Option<String>,
    pub(super) exchange: Option<&'d Exchange>,
}

/// Records what a request is about to do, does it, and records how that ended. Without the first entry it does nothing.
pub(super) async fn recorded<T>(
    shared: &Shared,
    who: &Who,
    headers: &HeaderMap,
    institution: &str,
    deed: Deed<'_>,
    act: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let Deed { act: kind, person, note, about, exchange } = deed;
    let caller = Some(caller(headers, who)).filter(|caller| !caller.is_empty()).map(Arc::new);
    let fact = AuditFact { note: note.to_owned(), about, ..AuditFact::new(kind, person) };
    let entry = AuditEntry { fact, exchange: exchange.map(|exchange| exchange.id), caller };
    let attempt = shared.gateway.audit(institution, entry).await.map_err(|error| refused(&error, institution))?;
    let done = act.await;
    attempt.end(done.as_ref().map_or_else(|error| AuditEnd::refused(error.code()), |_| AuditEnd::done()));
    done
}

fn refused(error: &AuditError, institution: &str) -> ApiError {
    let problem = match error {
        AuditError::UnknownInstitution => Problem::UnknownInstitution,
        AuditError::Stopped | AuditError::Journal(JournalError::Closed) => Problem::Stopped,
        _ => Problem::Journal,
    };
    let whose = if institution.is_empty() { "the gateway" } else { institution };
    ApiError::new(problem, format!("{whose}: {error}"))
}

/// `POST /v1/exchanges/{id}/reveal`: `{"note": "…"}`
pub(super) async fn reveal(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Detail>, ApiError> {
    refuse_foreign_page(&headers)?;
    let exchange = at_path(&shared, &who, id).await?;
    who.may(Action::Reveal, Some(&exchange.institution), Some(&exchange.telegram))?;
    let body: RevealBody = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(Problem::BadDecision, format!("{error}; write {{\"note\": \"…\"}}")))?;
    let person = named(body.person, &who)?;
    let note = noted(body.note)?;
    let deed = Deed { act: Act::Reveal, person: &person, note: &note, about: None, exchange: Some(&exchange) };
    let shown = super::exchanges::detail_of(&shared, &exchange, true);
    recorded(&shared, &who, &headers, &exchange.institution, deed, shown).await.map(Json)
}

/// `GET /v1/audit?limit=50&institution=bank-a&act=reveal&outcome=refused&client=kim&cursor=…`
pub(super) async fn list(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<AuditList>, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let limit = checked_limit(query.limit.as_deref())?;
    let behind = query.cursor.map(|cursor| cursor.parse().map_err(|_| wrong("cursor", "it is the `next` of a page")));
    let behind = behind.transpose()?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), None)?;
    let act = query.act.map(|act| {
        let names: Vec<_> = Act::ALL.iter().map(|act| act.name()).collect();
        let unknown =
            || ApiError::new(Problem::Query, format!("there is no act {act:?}; there are: {}", names.join(", ")));
        Act::from_name(&act).ok_or_else(unknown)
    });
    let outcome = query.outcome.map(|outcome| {
        let names: Vec<_> = AuditOutcome::ALL.iter().map(|outcome| outcome.name()).collect();
        let unknown = || wrong("outcome", format!("there is no {outcome:?}; there are: {}", names.join(", ")));
        AuditOutcome::from_name(&outcome).ok_or_else(unknown)
    });
    let filter = AuditFilter {
        since_ms: time_of("since", query.since)?,
        until_ms: time_of("until", query.until)?,
        behind,
        institution: query.institution,
        act: act.transpose()?,
        outcome: outcome.transpose()?,
        client: query.client,
        scope,
    };
    let page = shared.gateway.audit_trail(filter, limit).await?;
    let entries = page.entries.iter().filter_map(AuditView::of).collect();
    Ok(Json(AuditList { entries, next: page.next }))
}
