//! The routes that show institutions and let a person stop and open their business.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use fep_protocol::audit::Act;
use fep_protocol::breaker::BreakerScope;
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision::{named, noted};
use super::error::ApiError;
use super::origin::refuse_foreign_page;
use crate::config::Action;
use crate::contract::Institutions;
use crate::contract::decisions::{
    BreakerBody, BreakerWord, BusinessBody, BusinessWord, LineBody, LineWord, SwitchoverBody, UNNAMED,
};
use crate::contract::problem::Problem;
use crate::gateway::{CannotDecide, Decision, InstitutionStatus, Undecided};

/// `GET /v1/institutions`: those of which the client may read something.
pub(super) async fn list(State(shared): State<Shared>, who: Who) -> Response {
    let mut institutions = shared.gateway.institutions().await;
    institutions.retain(|status| who.may_some(Action::Read, &status.institution));
    let institutions = institutions.into_iter().map(|status| readable(&who, status)).collect();
    Json(Institutions { institutions }).into_response()
}

/// The state without what the client may not read: indicators are of all telegrams.
fn readable(who: &Who, status: InstitutionStatus) -> InstitutionStatus {
    let may_read = who.may(Action::Read, Some(&status.institution), None).is_ok();
    InstitutionStatus { indicators: status.indicators.filter(|_| may_read), ..status }
}

/// `GET /v1/institutions/{institution}`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<InstitutionStatus>, ApiError> {
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Read, Some(&name), None)?;
    if shared.gateway.spec(&name).is_none() {
        return Err(unknown(&name));
    }
    let stopped = || ApiError::new(Problem::Stopped, format!("{name}: the institution has stopped"));
    shared.gateway.institution(&name).await.map(Json).ok_or_else(stopped)
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
    decide(&shared, &who, &headers, &name, decision).await
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
    decide(&shared, &who, &headers, &name, decision).await
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
    decide(&shared, &who, &headers, &name, decision).await
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
    decide(&shared, &who, &headers, &name, decision).await
}

/// The institution of a path, if the client may operate it.
pub(super) fn operated(who: &Who, name: Result<Path<String>, PathRejection>) -> Result<String, ApiError> {
    let Path(name) = name.map_err(|error| unknown(&error.body_text()))?;
    who.may(Action::Operate, Some(&name), None)?;
    Ok(name)
}

async fn decide(
    shared: &Shared,
    who: &Who,
    headers: &HeaderMap,
    name: &str,
    decision: Decision,
) -> Result<Json<InstitutionStatus>, ApiError> {
    carry_out(shared, who, headers, name, decision).await?;
    // It was carried out; the institution can have stopped since.
    let stopped =
        || ApiError::new(Problem::Stopped, format!("{name}: the decision was taken, and the institution has stopped"));
    shared.gateway.institution(name).await.map(|status| Json(readable(who, status))).ok_or_else(stopped)
}

/// Records a decision, and carries it out.
pub(super) async fn carry_out(
    shared: &Shared,
    who: &Who,
    headers: &HeaderMap,
    name: &str,
    decision: Decision,
) -> Result<(), ApiError> {
    if shared.gateway.spec(name).is_none() {
        return Err(unknown(name));
    }
    let person = named(UNNAMED.to_owned(), who)?;
    let deed = deed(&decision, &person);
    let decided = async { shared.gateway.decide(name, decision.clone()).await.map_err(|why| undecided(name, &why)) };
    recorded(shared, who, headers, name, deed, decided).await
}

/// The reason why a decision or a test was not carried out.
pub(super) fn undecided(name: &str, why: &Undecided) -> ApiError {
    match why {
        Undecided::UnknownInstitution => unknown(name),
        Undecided::Cannot(why @ CannotDecide::Stopped) => {
            ApiError::new(Problem::Stopped, format!("{name}: {why}: nothing is done"))
        }
        Undecided::Cannot(why @ CannotDecide::NoSuchDuty(_)) => ApiError::new(Problem::NoSuchDuty, why.to_string()),
        Undecided::Cannot(why) => ApiError::new(Problem::CannotDecide, why.to_string()),
    }
}

/// What the audit trail says of a decision. `person` is who decides it if the decision has no name.
fn deed<'d>(decision: &'d Decision, person: &'d str) -> Deed<'d> {
    let business = |scope: &BreakerScope| match scope {
        BreakerScope::Business(code) => Some(code.clone()),
        _ => None,
    };
    let (act, person, note, about) = match decision {
        Decision::Trip { scope, person, note } => (Act::TripBreaker, person.as_str(), note.as_str(), business(scope)),
        Decision::Reset { scope, person } => (Act::ResetBreaker, person.as_str(), "", business(scope)),
        Decision::Block(code, note) => (Act::Block, person, note.as_str(), code.clone()),
        Decision::Unblock(code) => (Act::Unblock, person, "", code.clone()),
        Decision::StopLine(line, note) => (Act::StopLine, person, note.as_str(), Some(line.clone())),
        Decision::StartLine(line) => (Act::StartLine, person, "", Some(line.clone())),
        Decision::SignOn(line) => (Act::SignOn, person, "", Some(line.clone())),
        Decision::SignOff(line, note) => (Act::SignOff, person, note.as_str(), Some(line.clone())),
        Decision::Switch(line, note) => (Act::Switch, person, note.as_str(), Some(line.clone())),
        Decision::Return(note) => (Act::SwitchBack, person, note.as_str(), None),
    };
    Deed { act, person, note, about, exchange: None }
}

pub(super) fn parse<B: for<'d> Deserialize<'d>>(body: Bytes) -> Result<B, ApiError> {
    serde_json::from_slice(&body).map_err(|error| ApiError::new(Problem::NotADecision, error.to_string()))
}

pub(super) fn unknown(name: &str) -> ApiError {
    ApiError::new(Problem::UnknownInstitution, format!("there is no institution {name:?}"))
}
