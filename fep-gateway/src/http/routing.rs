//! The routes that show and change where requests go: to the institution that was asked, or to another one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{ETAG, HeaderValue, IF_MATCH};
use axum::response::{IntoResponse, Response};
use fep_protocol::audit::Act;
use fep_protocol::routing::{Share, Sticky};

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision::{named, noted};
use super::error::ApiError;
use super::exchanges::parse;
use super::origin::refuse_foreign_page;
use crate::config::Action;
use crate::contract::problem::Problem;
use crate::contract::routing::RoutingBody;
use crate::gateway::{NotRouted, RoutingDecision, RoutingStatus};

/// `GET /v1/institutions/{institution}/routing`
pub(super) async fn show(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Read, Some(&name), None)?;
    shared.gateway.routing(&name).map(shown).ok_or_else(|| unknown(&name))
}

/// `PUT /v1/institutions/{institution}/routing`: `{"rules": {"Transfer": {"percent": 1}, "BalanceInquiry": null}, "note": "…"}`
pub(super) async fn change(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    refuse_foreign_page(&headers)?;
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Configure, Some(&name), None)?;
    let status = shared.gateway.routing(&name).ok_or_else(|| unknown(&name))?;
    let revision = seen(&headers)?;
    // One telegram named twice has two percentages.
    let RoutingBody { rules, note, person } = serde_json::from_value(parse(&body)?)
        .map_err(|error| ApiError::new(Problem::BadRouting, format!("{error}; {EXAMPLE}")))?;
    let note = noted(note)?;
    let person = named(person, &who)?;
    let callers = rules.values().flatten().flat_map(|share| &share.callers);
    shared.guard.are_clients(callers).map_err(|why| ApiError::new(Problem::BadRouting, why))?;
    let said: Vec<_> = rules.iter().map(|(telegram, share)| said(telegram, share.as_ref(), &status)).collect();
    let about = Some(said.join("; "));
    let deed = Deed { act: Act::Route, person: &person, note: &note, about, exchange: None };
    let decision = RoutingDecision { rules, revision, person: person.clone(), note: note.clone() };
    let routed = async { shared.gateway.route(&name, decision).await.map_err(|why| refused(&why)) };
    recorded(&shared, &who, &headers, &name, deed, routed).await.map(shown)
}

const EXAMPLE: &str = "write {\"rules\": {\"Transfer\": {\"percent\": 1}}, \"note\": \"…\"}";

fn shown(status: RoutingStatus) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", status.revision));
    let mut response = Json(status).into_response();
    tag.into_iter().for_each(|tag| drop(response.headers_mut().insert(ETAG, tag)));
    response
}

/// The revision that the person saw, if the request says one.
pub(super) fn seen(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let mut given = headers.get_all(IF_MATCH).iter();
    let Some(tag) = given.next() else { return Ok(None) };
    let tag = tag.to_str().ok().filter(|_| given.next().is_none()).map(str::trim);
    if tag == Some("*") {
        return Ok(None);
    }
    let number = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    let unreadable =
        || ApiError::new(Problem::BadRouting, "If-Match has the ETag of one GET, such as \"7\", or is left out");
    number.map(Some).ok_or_else(unreadable)
}

/// What the audit trail says of one rule. The callers themselves are in the journal's fact.
fn said(telegram: &str, share: Option<&Share>, status: &RoutingStatus) -> String {
    let to = status.rules.get(telegram).map_or("?", |rule| rule.to.as_str());
    let Some(Share { percent, callers, sticky }) = share else { return format!("{telegram}: as the file says") };
    let callers = if callers.is_empty() { String::new() } else { format!(" and {} callers", callers.len()) };
    let by = match sticky {
        None => String::new(),
        Some(Sticky::Field(path)) => format!(" by {path}"),
        Some(Sticky::Key) => " by idempotency key".to_owned(),
    };
    format!("{telegram}: {percent} %{callers} to {to}{by}")
}

fn refused(why: &NotRouted) -> ApiError {
    let problem = match why {
        NotRouted::Changed { .. } => Problem::RoutingChanged,
        NotRouted::Journal(_) => Problem::Journal,
        NotRouted::NotDurable(_) => Problem::NotDurable,
        NotRouted::Stopped => Problem::Stopped,
        _ => Problem::BadRouting,
    };
    ApiError::new(problem, why.to_string())
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Problem::UnknownInstitution, format!("there is no institution {name:?}"))
}
