//! The routes that send requests and show exchanges.

use std::fmt;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use fep_codec::{Fault, json};
use serde::Deserialize;
use serde_json::Value;

use super::Shared;
use super::access::{Credential, Who};
use super::caller::caller;
use super::error::ApiError;
use super::handing_over::{Asked, Went};
use super::origin::refuse_foreign_page;
use super::prefer::leaves_after;
use super::scope::{ScopeWord, scope_of};
use super::spans::Served;
use super::urgency::is_background;
use crate::config::Action;
use crate::contract::exchanges::{Detail, ExchangeList, OwnerView, Reply};
use crate::contract::notices::FactView;
use crate::contract::problem::Problem;
use crate::contract::view::{revealed, summary, view};
use crate::gateway::{Begun, ExchangeFilter, Refusal, RequestOptions};
use crate::telegrams::TelegramCatalogue;
use fep_protocol::exchange::{Caller, Exchange, ExchangeId, Outcome};

/// The maximum number of exchanges in one list.
pub(super) const LIST_MAX: usize = 1000;
pub(super) const LIST_DEFAULT: usize = 50;
/// The deepest nesting of a body. Telegrams have groups and parts within each other, but far fewer.
const DEPTH_MAX: usize = 100;
/// What the reader of queries says before it says what is wrong.
const NOT_READ: &str = "Failed to deserialize query string: ";
/// The route of requests, as traces show it.
const EXCHANGES: &str = "/v1/institutions/{institution}/exchanges/{telegram}";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const IDEMPOTENCY_KEY_MAX_BYTES: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LetterQuery {
    pub(super) limit: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) institution: Option<String>,
    pub(super) scope: Option<ScopeWord>,
}

/// The words of `outcome` in a query, and the one for unknown exchanges that nothing has settled.
pub(super) const OUTCOMES: [&str; 4] = ["answered", "not_sent", "unknown", "running"];
pub(super) const UNSETTLED: &str = "unsettled";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangeQuery {
    limit: Option<String>,
    cursor: Option<String>,
    institution: Option<String>,
    telegram: Option<String>,
    outcome: Option<String>,
    since: Option<String>,
    until: Option<String>,
    trace: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
    idempotency_key: Option<String>,
    scope: Option<ScopeWord>,
}

/// `POST /v1/institutions/{institution}/exchanges/{telegram}`
pub(super) async fn ask(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String)>, PathRejection>,
    (uri, credential, headers): (Uri, Credential, HeaderMap),
    body: Bytes,
) -> Response {
    let came = Came { headers, uri, credential };
    let mut served = Served::new(shared.gateway.tracer());
    let asked = asked(&shared, &who, names, (&came, &body), &mut served).await;
    let mut response = asked.into_response();
    if let Some(handing_over) = &shared.handing_over {
        handing_over.sign(&mut response);
    }
    served.ends(response.status());
    response
}

/// How a request came.
struct Came {
    headers: HeaderMap,
    uri: Uri,
    credential: Credential,
}

async fn asked(
    shared: &Shared,
    who: &Who,
    names: Result<Path<(String, String)>, PathRejection>,
    (came, body): (&Came, &Bytes),
    served: &mut Served<'_>,
) -> Result<Response, ApiError> {
    let Came { headers, uri, credential } = came;
    let caller = caller(headers, who);
    let caller = Caller { traceparent: served.enters(caller.traceparent, EXCHANGES), ..caller };
    let Path((institution, telegram)) = names.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    refuse_foreign_page(headers)?;
    who.may(Action::Send, Some(&institution), Some(&telegram))?;
    let key = idempotency_key(headers)?;
    let fields = parse(body)?;
    let leaves_after = leaves_after(headers);
    let traceparent = caller.traceparent;
    let options = RequestOptions { idempotency_key: key, caller, batch: is_background(headers) };
    let names = (institution.as_str(), telegram.as_str());
    let offered = Asked { names, key, uri, headers, body, credential, traceparent };
    let begun = match handed_over(shared, &offered).await {
        Went::Replied(response) => return Ok(response),
        Went::Here => shared.gateway.begin(&institution, &telegram, &fields, options).await,
        Went::HereToo => {
            let patience = leaves_after.unwrap_or_else(|| shared.gateway.patience(&institution, &telegram));
            shared.gateway.begin_or_join(&institution, &telegram, &fields, options, patience).await
        }
    };
    let ended = match (begun, leaves_after) {
        (Ok(Begun::Running(running)), Some(patience)) => running.end_within(patience).await,
        (Ok(begun), _) => begun.end().await,
        (Err(refusal), _) => Err(refusal),
    };
    let ended = owned(shared, who, &institution, ended).await?;
    let exchange = ended.map_err(|refusal| ApiError::refused(&refusal, &institution, &telegram))?;
    let has_waited = leaves_after.is_some_and(|patience| !patience.is_zero());
    let exchange = if exchange.outcome.is_none() && has_waited { as_it_is(shared, exchange).await } else { exchange };
    served.shows(&exchange);
    let status = match exchange.outcome {
        Some(Outcome::Answered) => StatusCode::OK,
        Some(Outcome::NotSent) => StatusCode::SERVICE_UNAVAILABLE,
        Some(Outcome::Unknown) => StatusCode::GATEWAY_TIMEOUT,
        None => StatusCode::ACCEPTED,
    };
    let catalogue = shared.gateway.catalogue(&exchange.institution);
    let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
    let mut response = in_one_piece(&Reply::of(&exchange, spec, !who.may_see_secrets(&exchange)))?;
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(seconds) = retry_after(shared, &exchange).await {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if exchange.outcome.is_none() {
        // Its text has only digits of an ID.
        let place = HeaderValue::from_str(&format!("/v1/exchanges/{}", exchange.id));
        place.into_iter().for_each(|place| drop(headers.insert(LOCATION, place)));
    }
    if leaves_after.is_some() {
        headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    }
    Ok(response)
}

async fn handed_over(shared: &Shared, offered: &Asked<'_>) -> Went {
    match &shared.handing_over {
        Some(handing_over) => handing_over.offer(offered).await,
        None => Went::Here,
    }
}

/// An exchange that still runs, with what the journal has of it by now: its trace number. It may have ended meanwhile.
async fn as_it_is(shared: &Shared, exchange: Exchange) -> Exchange {
    shared.gateway.find(&exchange.id).await.ok().flatten().unwrap_or(exchange)
}

/// Refuses a request whose idempotency key stands for an exchange that its client may not see. The key belongs to the institution, so that one
/// order is never sent twice, no matter which client sends it. Its exchange belongs to the client that sent it.
async fn owned(
    shared: &Shared,
    who: &Who,
    institution: &str,
    ended: Result<Exchange, Refusal>,
) -> Result<Result<Exchange, Refusal>, ApiError> {
    let is_seen = |exchange: &Exchange| who.sent(exchange) || who.may_see(exchange).is_ok();
    let sees = match &ended {
        Ok(exchange) => Some(is_seen(exchange)),
        Err(Refusal::StillRunning(id) | Refusal::OtherBody(id)) if matches!(who, Who::Client(_)) => {
            let found = shared.gateway.find(id).await.ok().flatten();
            found.as_ref().map(is_seen)
        }
        _ => Some(true),
    };
    match sees {
        Some(true) => Ok(ended),
        Some(false) => {
            let message = format!("another client used this Idempotency-Key at {institution}; nothing was sent now");
            Err(ApiError::new(Problem::KeyOfAnotherClient, message))
        }
        None => {
            let message = "the gateway cannot look up whose Idempotency-Key this is; nothing was sent now, try again";
            Err(ApiError::new(Problem::KeyUnchecked, message))
        }
    }
}

/// The room for a reply with an answer of usual length, in bytes. Longer ones grow.
const REPLY_BYTES: usize = 4096;

/// A reply as JSON. [`Json`] begins with little room and grows often.
fn in_one_piece(reply: &Reply<'_>) -> Result<Response, ApiError> {
    let mut body = Vec::with_capacity(REPLY_BYTES);
    serde_json::to_writer(&mut body, reply)
        .map_err(|error| ApiError::new(Problem::Unwritable, format!("the reply cannot be written: {error}")))?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// When it is worth to ask again, in seconds: when the breaker that stops the request tests the institution next. `None` if no
/// breaker stops it, or if a person tripped it.
async fn retry_after(shared: &Shared, exchange: &Exchange) -> Option<u64> {
    let codes = ["breaker_tripped", "entrance_closed", "stood_in"];
    exchange.reason_code.as_deref().filter(|code| codes.contains(code))?;
    let status = shared.gateway.institution(&exchange.institution).await?;
    let wait_ms = status.breakers.iter().filter_map(|breaker| breaker.wait_ms).max()?;
    Some(wait_ms.div_ceil(1000).max(1))
}

/// `GET /v1/exchanges/{id}`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let exchange = at_path(&shared, &who, id).await?;
    Ok(reply_of(&shared, &who, &exchange))
}

/// An exchange as `GET` shows it.
pub(super) fn reply_of(shared: &Shared, who: &Who, exchange: &Exchange) -> Response {
    shown(shared, who, exchange, |reply| Json(reply).into_response())
}

/// The same as a text.
pub(super) fn reply_json(shared: &Shared, who: &Who, exchange: &Exchange) -> String {
    shown(shared, who, exchange, |reply| serde_json::to_string(reply).unwrap_or_default())
}

fn shown<T>(shared: &Shared, who: &Who, exchange: &Exchange, show: impl FnOnce(&Reply<'_>) -> T) -> T {
    let is_masked = !who.may_see_secrets(exchange);
    let catalogue = shared.gateway.catalogue(&exchange.institution);
    let reply = Reply::of(exchange, catalogue.as_deref().map(TelegramCatalogue::line_spec), is_masked);
    show(&Reply { telegram: Some(exchange.telegram.to_string()), ..reply })
}

/// `GET /v1/exchanges/{id}/view`
pub(super) async fn detail(
    State(shared): State<Shared>,
    who: Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Detail>, ApiError> {
    let exchange = at_path(&shared, &who, id).await?;
    detail_of(&shared, &exchange, false).await.map(Json)
}

/// Both telegrams of an exchange field by field. With `reveal`, with their secrets: whoever sees them is recorded first.
pub(super) async fn detail_of(shared: &Shared, exchange: &Exchange, reveal: bool) -> Result<Detail, ApiError> {
    let catalogue = shared.gateway.catalogue(&exchange.institution);
    let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
    let facts = shared.gateway.timeline(&exchange.id).await?;
    let owner = shared.gateway.owners(vec![exchange.id]).await?.pop().flatten();
    let view = if reveal { revealed } else { view };
    Ok(Detail {
        owner: owner.map(OwnerView::from),
        request: (!exchange.request.is_empty()).then(|| view(spec, &exchange.telegram, &exchange.request)),
        answer: exchange.answer.as_ref().map(|answer| view(spec, &answer.telegram, &answer.bytes)),
        stand_in: exchange.stand_in.as_ref().and_then(|bytes| {
            let answer = spec?.answer_to(&exchange.telegram)?;
            Some(view(spec, &answer.layout.name, bytes))
        }),
        facts: facts.iter().map(|(number, fact)| FactView::new(*number, fact)).collect(),
        exchange: summary(exchange, spec),
    })
}

/// `GET /v1/exchanges?limit=50&institution=bank-a&outcome=unsettled&since=2026-11-28T00:00:00%2B09:00&cursor=…`
pub(super) async fn list(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<ExchangeQuery>, QueryRejection>,
) -> Result<Json<ExchangeList>, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let limit = checked_limit(query.limit.as_deref())?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), query.telegram.as_deref());
    // Who has no right to read looks its own exchanges up by their keys.
    let only_own = scope.is_err() && query.idempotency_key.is_some() && who.may_send();
    let scope = if only_own { None } else { scope? };
    let filter = ExchangeFilter { scope, ..query.filter()? };
    let mut page = shared.gateway.exchanges(filter, limit).await?;
    page.exchanges.retain(|exchange| !only_own || who.may_see(exchange).is_ok());
    let catalogues = shared.gateway.catalogues();
    let line = |exchange: &Exchange| {
        summary(exchange, catalogues.get(&*exchange.institution).map(|catalogue| catalogue.line_spec()))
    };
    Ok(Json(ExchangeList { exchanges: page.exchanges.iter().map(line).collect(), next: page.next }))
}

impl ExchangeQuery {
    fn filter(self) -> Result<ExchangeFilter, ApiError> {
        let outcome = match self.outcome.as_deref() {
            None | Some(UNSETTLED) => None,
            Some(given) => Some(*OUTCOMES.iter().find(|outcome| **outcome == given).ok_or_else(|| {
                wrong("outcome", format!("there is no {given:?}; there are: {}, {UNSETTLED}", OUTCOMES.join(", ")))
            })?),
        };
        Ok(ExchangeFilter {
            since_ms: time_of("since", self.since)?,
            until_ms: time_of("until", self.until)?,
            behind: place_of(self.cursor)?,
            institution: self.institution,
            telegram: self.telegram,
            trace: self.trace,
            code: self.code,
            request_id: self.request_id,
            unsettled: self.outcome.as_deref() == Some(UNSETTLED),
            open_since_ms: None,
            outcome,
            idempotency_key: self.idempotency_key,
            scope: None,
        })
    }
}

/// A time of a query, in milliseconds since 1970.
pub(super) fn time_of(name: &str, text: Option<String>) -> Result<Option<i64>, ApiError> {
    text.map(|text| crate::time::parse(&text).map_err(|why| wrong(name, why))).transpose()
}

/// The place behind which a page begins.
pub(super) fn place_of(cursor: Option<String>) -> Result<Option<ExchangeId>, ApiError> {
    cursor.map(|cursor| cursor.parse().map_err(|_| wrong("cursor", "it is the `next` of a page"))).transpose()
}

/// A query with a name that the route does not know, or a name twice.
pub(super) fn unreadable(error: &QueryRejection) -> ApiError {
    let text = error.body_text();
    ApiError::new(Problem::Query, text.strip_prefix(NOT_READ).unwrap_or(&text))
}

pub(super) fn wrong(name: &str, why: impl fmt::Display) -> ApiError {
    ApiError::new(Problem::Query, format!("{name}: {why}"))
}

/// The length of a list, as its query states it.
pub(super) fn checked_limit(limit: Option<&str>) -> Result<usize, ApiError> {
    let Some(limit) = limit else { return Ok(LIST_DEFAULT) };
    let number = limit.parse().ok().filter(|number| (1..=LIST_MAX).contains(number));
    number.ok_or_else(|| wrong("limit", format!("it must be a whole number, 1 to {LIST_MAX}")))
}

/// The exchange of a path, if the client may see it.
pub(super) async fn at_path(
    shared: &Shared,
    who: &Who,
    id: Result<Path<String>, PathRejection>,
) -> Result<Exchange, ApiError> {
    let Path(id) = id.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    find(shared, who, &id).await
}

/// The exchange with this name, if the client may see it.
pub(super) async fn find(shared: &Shared, who: &Who, id: &str) -> Result<Exchange, ApiError> {
    let unknown = || ApiError::new(Problem::UnknownExchange, format!("there is no exchange {id:?}"));
    let name: ExchangeId = id.parse().map_err(|_| unknown())?;
    let exchange = shared.gateway.find(&name).await?.ok_or_else(unknown)?;
    who.may_see(&exchange)?;
    Ok(exchange)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(ApiError::new(Problem::IdempotencyKey, "the header Idempotency-Key is given twice"));
    }
    match key.to_str() {
        Ok(key) if (1..=IDEMPOTENCY_KEY_MAX_BYTES).contains(&key.len()) => Ok(Some(key)),
        _ => {
            let message = format!(
                "the header Idempotency-Key must have 1 to {IDEMPOTENCY_KEY_MAX_BYTES} visible ASCII characters"
            );
            Err(ApiError::new(Problem::IdempotencyKey, message))
        }
    }
}

/// Parses the body. Text that is not JSON is a bad request (400). JSON with a duplicate key is well-formed but unprocessable (422).
pub(super) fn parse(body: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        ApiError::new(Problem::NotJson, format!("the body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    if let Some(at) = too_deep(body) {
        let message = format!("the body is nested more than {DEPTH_MAX} deep at byte {at}");
        return Err(ApiError::new(Problem::TooDeep, message).with("max", DEPTH_MAX));
    }
    json::parse(text).map_err(|error| {
        let well_formed = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        match error.fault() {
            Fault::NotJson { reason } if well_formed => ApiError::new(Problem::DuplicateKey, &**reason),
            Fault::NotJson { reason } => ApiError::new(Problem::NotJson, format!("the body is not JSON: {reason}")),
            _ => ApiError::invalid(&error),
        }
    })
}

/// The place of the bracket that nests too deep, in bytes from 0.
fn too_deep(body: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut escaped = false;
    body.iter().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH_MAX
    })
}
