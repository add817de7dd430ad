//! The routes about the institution as a whole: what it is, what it did, and what it sends on its own.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use fep_spec::report::Source;
use serde_json::{Value, json};
use tracing::info;

use super::problem::{ApiError, Problem};
use super::toml;
use crate::business_clock::BaseTime;
use crate::simulate::Shared;
use crate::simulate::clock::Clock;
use crate::simulate::scenario::{ScenarioHandshake, ScenarioNotice};
use crate::time::Rfc3339;

/// `GET /v1/institution`
pub(super) async fn institution(State(shared): State<Shared>) -> Json<Value> {
    let institution = &shared.institution;
    let links = shared.links.open().len();
    Json(json!({
        "spec": institution.spec.name, "title": institution.scenario.title, "seed": institution.scenario.seed,
        "open_links": links, "has_bank": institution.scenario.bank.is_some(),
    }))
}

/// `GET /v1/counts`
pub(super) async fn counts(State(shared): State<Shared>) -> Json<Value> {
    let memory = shared.institution.memory();
    let counts = &memory.counts;
    let rules = memory.rules.entries().iter();
    let rules = rules.map(|rule| json!({"name": rule.name, "matches": rule.matches, "applied": rule.applied}));
    Json(json!({
        "received": counts.received, "unreadable": counts.unreadable, "ignored": counts.ignored, "actions": counts.actions,
        "verdicts": counts.verdicts, "unasked": counts.unasked, "rules": rules.collect::<Vec<_>>(),
    }))
}

/// `GET /v1/clock`
pub(super) async fn clock(State(shared): State<Shared>) -> Json<Value> {
    Json(shown(&shared.institution.memory().clock))
}

/// `PUT /v1/clock`
pub(super) async fn put_clock(
    State(shared): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let source = Source::new("the body", toml::lines(&toml::object(&body?)?)?);
    let institution = &shared.institution;
    let base = BaseTime::read(source, &institution.spec).map_err(|report| ApiError::unfit(&report))?;
    let clock = institution.memory().clock.clone();
    clock.business().set(Some(base));
    info!(now = %Rfc3339(base.ms), speed = base.speed, "the clock was set");
    Ok(Json(shown(&clock)))
}

/// What the clock shows, and how.
fn shown(clock: &Clock) -> Value {
    let (setting, now) = clock.reading();
    let base = setting.base();
    json!({
        "now": Rfc3339(now.ms).to_string(), "now_ms": now.ms, "date": now.date, "time": now.time,
        "base": base.map(|base| Rfc3339(base.ms).to_string()), "speed": setting.speed(), "number": setting.number,
    })
}

/// `GET /v1/state`
pub(super) async fn counted(State(shared): State<Shared>) -> Json<Value> {
    let memory = shared.institution.memory();
    let counts = memory.kept.counts().map(|(name, count)| (name.to_owned(), count.into()));
    Json(json!({ "entries": counts.collect::<serde_json::Map<_, _>>(), "notices_waiting": memory.kept.waiting.len() }))
}

/// `GET /v1/state/{name}/{key}`
pub(super) async fn entry(
    State(shared): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path((name, key)) = path?;
    let shown = shared.institution.memory().kept.shown(&name, &key);
    shown.map(Json).ok_or_else(|| ApiError::new(Problem::NoSuchEntry, format!("{name} has no entry with this key")))
}

/// `GET /v1/handshakes`
pub(super) async fn handshakes(State(shared): State<Shared>) -> Json<Value> {
    Json(shared.institution.handshakes.to_json())
}

/// `PUT /v1/handshakes`
pub(super) async fn put_handshakes(
    State(shared): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let institution = &shared.institution;
    let source = Source::new("the body", toml::lines(&toml::object(&body?)?)?);
    let faults = ScenarioHandshake::read_all(source, &institution.spec).map_err(|report| ApiError::unfit(&report))?;
    if !institution.handshakes.has_tls() && !faults.is_empty() {
        let message = "no connection of this institution has TLS: the scenario has no `[tls]`";
        return Err(ApiError::new(Problem::BadBody, message));
    }
    info!(faults = faults.len(), "the faults of handshakes were replaced");
    institution.handshakes.replace(faults);
    Ok(Json(institution.handshakes.to_json()))
}

/// `POST /v1/reset`
pub(super) async fn reset(State(shared): State<Shared>) -> StatusCode {
    shared.institution.reset();
    info!("accounts, transactions, counts and rules are as at the start");
    StatusCode::NO_CONTENT
}

/// `POST /v1/notices/{telegram}`
pub(super) async fn notice(
    State(shared): State<Shared>,
    telegram: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(telegram) = telegram?;
    let mut keys = toml::object(&body?)?;
    keys.insert("telegram".to_owned(), telegram.as_str().into());
    keys.insert("every_ms".to_owned(), 1.into());
    let source = Source::new("the body", toml::lines(&keys)?);
    let institution = &shared.institution;
    let notice = ScenarioNotice::read(source, &institution.spec).map_err(|report| ApiError::unfit(&report))?;
    let frame = institution.notice_now(&notice);
    let frame = frame.map_err(|error| ApiError::new(Problem::BadBody, error))?;
    if !shared.send_unasked(frame, 0) {
        return Err(ApiError::new(Problem::NotSent, "no link is open, or it is too slow"));
    }
    info!(telegram, "a telegram was sent for a client of the interface");
    Ok(Json(json!({ "telegram": telegram })))
}
