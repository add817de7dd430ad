//! The routes that show institutions and let a person stop and open their business.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use fep_protocol::breaker::BreakerScope;
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::decision::named;
use super::error::ApiError;
use super::origin::refuse_foreign_page;
use crate::config::Action;
use crate::contract::Institutions;
use crate::contract::decisions::{
    BreakerBody, BreakerWord, BusinessBody, BusinessWord, LineBody, LineWord, SwitchoverBody,
};
use crate::contract::problem::Problem;
use crate::gateway::{Decision, InstitutionStatus, Undecided};

/// The maximum length of a note, in characters.
const NOTE_MAX_CHARS: usize = 200;

/// `GET /v1/institutions`: those of which the client may read something.
pub(super) async fn list(State(shared): State<Shared>, who: Who) -> Response {
    let mut institutions = shared.gateway.institutions().await;
    institutions.retain(|status| who.may_some(Action::Read, &status.institution));
    Json(Institutions { institutions }).into_response()
}

/// `GET /v1/institutions/{institution}`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<InstitutionStatus>, ApiError> {
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Read, Some(&name), None)?;
    shared.gateway.institution(&name).await.map(Json).ok_or_else(|| unknown(&name))
}

/// `POST /v1/institutions/{institution}/breaker`: `{"decision": "trip", "note": "…"}` or `{"decision": "reset"}`, with `business` for
/// one business code, and with `person` for who decides it.
pub(super) async fn breaker(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<InstitutionStatus>, ApiError> {
    refuse_foreign_page(&headers)?;
    let name = operated(&who, name)?;
    let BreakerBody { decision, business, note, person } = parse(body)?;
    let person = named(person, &who)?;
    let scope = business.map_or(BreakerScope::Institution, BreakerScope::Business);
    let decision = match decision {
        BreakerWord::Trip => Decision::Trip { scope, person, note: noted(note)? },
        BreakerWord::Reset => Decision::Reset { scope, person },
    };
    decide(&shared, &name, decision).await
}

/// `POST /v1/institutions/{institution}/business`: `{"decision": "block", "note": "…"}` or `{"decision": "unblock"}`, with `business`
/// for one business code.
pub(super) async fn business(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<InstitutionStatus>, ApiError> {
    refuse_foreign_page(&headers)?;
    let name = operated(&who, name)?;
    let BusinessBody { decision, business, note } = parse(body)?;
    let decision = match decision {
        BusinessWord::Block => Decision::Block(business, noted(note)?),
        BusinessWord::Unblock => Decision::Unblock(business),
    };
    decide(&shared, &name, decision).await
}

/// `POST /v1/institutions/{institution}/lines/{line}`: `{"decision": "stop", "note": "…"}` or `{"decision": "start"}`.
pub(super) async fn line(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<InstitutionStatus>, ApiError> {
    refuse_foreign_page(&headers)?;
    let Path((institution, line)) = names.map_err(|error| unknown(&error.body_text()))?;
    let name = operated(&who, Ok(Path(institution)))?;
    let LineBody { decision, note } = parse(body)?;
    let decision = match decision {
        LineWord::Stop => Decision::StopLine(line, noted(note)?),
        LineWord::Start => Decision::StartLine(line),
    };
    decide(&shared, &name, decision).await
}

/// `POST /v1/institutions/{institution}/switchover`: `{"decision": "switch", "line": "backup", "note": "…"}` or
/// `{"decision": "return", "note": "…"}`.
pub(super) async fn switchover(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<InstitutionStatus>, ApiError> {
    refuse_foreign_page(&headers)?;
    let name = operated(&who, name)?;
    let decision = match parse(body)? {
        SwitchoverBody::Switch { line, note } => Decision::Switch(line, noted(note)?),
        SwitchoverBody::Return { note } => Decision::Return(noted(note)?),
    };
    decide(&shared, &name, decision).await
}

/// The institution of a path, if the client may operate it.
fn operated(who: &Who, name: Result<Path<String>, PathRejection>) -> Result<String, ApiError> {
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Operate, Some(&name), None)?;
    Ok(name)
}

async fn decide(shared: &Shared, name: &str, decision: Decision) -> Result<Json<InstitutionStatus>, ApiError> {
    match shared.gateway.decide(name, decision).await {
        Ok(()) => {}
        Err(Undecided::UnknownInstitution) => return Err(unknown(name)),
        Err(Undecided::Cannot(why)) => {
            return Err(ApiError::new(Problem::CannotDecide, why.to_string()));
        }
    }
    shared.gateway.institution(name).await.map(Json).ok_or_else(|| unknown(name))
}

fn parse<B: for<'d> Deserialize<'d>>(body: Bytes) -> Result<B, ApiError> {
    serde_json::from_slice(&body).map_err(|error| ApiError::new(Problem::NotADecision, error.to_string()))
}

fn noted(note: String) -> Result<String, ApiError> {
    let is_text = !note.trim().is_empty() && note.chars().count() <= NOTE_MAX_CHARS;
    if is_text && !note.chars().any(char::is_control) {
        return Ok(note);
    }
    let message =
        format!("write a `note` of one line with at most {NOTE_MAX_CHARS} characters: others read it as the reason");
    Err(ApiError::new(Problem::NoNote, message))
}

fn unknown(name: &str) -> ApiError {
    ApiError::new(Problem::UnknownInstitution, format!("there is no institution {name:?}"))
}
