//! The routes of what a person does to the session of a line: echo test, sign-on and sign-off.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use fep_protocol::audit::Act;

use super::Shared;
use super::access::Who;
use super::auditing::{Deed, recorded};
use super::decision::{named, noted};
use super::error::ApiError;
use super::institutions::{carry_out, operated, parse, undecided, unknown};
use super::origin::refuse_foreign_page;
use crate::contract::decisions::{NoteBody, UNNAMED};
use crate::contract::lines::{LineSigned, LineTested};
use crate::contract::problem::Problem;
use crate::gateway::Decision;

type Names = Result<Path<(String, String)>, PathRejection>;

/// `POST /v1/institutions/{institution}/lines/{line}/echo-test`
pub(super) async fn echo_test(
    State(shared): State<Shared>,
    who: Who,
    names: Names,
    headers: HeaderMap,
) -> Result<Json<LineTested>, ApiError> {
    let (name, line) = line_of(&who, names, &headers)?;
    if shared.gateway.spec(&name).is_none() {
        return Err(unknown(&name));
    }
    let person = named(UNNAMED.to_owned(), &who)?;
    let about = Some(line.clone());
    let deed = Deed { act: Act::TestLine, person: &person, note: "", about, exchange: None };
    let tested = async { shared.gateway.test_line(&name, &line).await.map_err(|why| undecided(&name, &why)) };
    let links = recorded(&shared, &who, &headers, &name, deed, tested).await?;
    Ok(Json(LineTested { institution: name, line, links }))
}

/// `POST /v1/institutions/{institution}/lines/{line}/sign-on`
pub(super) async fn sign_on(
    State(shared): State<Shared>,
    who: Who,
    names: Names,
    headers: HeaderMap,
) -> Result<Json<LineSigned>, ApiError> {
    let (name, line) = line_of(&who, names, &headers)?;
    carry_out(&shared, &who, &headers, &name, Decision::SignOn(line.clone())).await?;
    signed(&shared, &name, &line)
}

/// `POST /v1/institutions/{institution}/lines/{line}/sign-off`: `{"note": "…"}`
pub(super) async fn sign_off(
    State(shared): State<Shared>,
    who: Who,
    names: Names,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<LineSigned>, ApiError> {
    let (name, line) = line_of(&who, names, &headers)?;
    let NoteBody { note } = parse(body)?;
    carry_out(&shared, &who, &headers, &name, Decision::SignOff(line.clone(), noted(note)?)).await?;
    signed(&shared, &name, &line)
}

fn line_of(who: &Who, names: Names, headers: &HeaderMap) -> Result<(String, String), ApiError> {
    refuse_foreign_page(headers)?;
    let Path((institution, line)) = names.map_err(|error| unknown(&error.body_text()))?;
    Ok((operated(who, Ok(Path(institution)))?, line))
}

/// The line after it was told to sign on or off.
fn signed(shared: &Shared, name: &str, line: &str) -> Result<Json<LineSigned>, ApiError> {
    let mut lines = shared.gateway.lines();
    lines.retain(|one| one.institution == name && one.line == line);
    let stopped =
        || ApiError::new(Problem::Stopped, format!("{name}: the decision was taken, and the institution has stopped"));
    let line = lines.pop().ok_or_else(stopped)?;
    Ok(Json(LineSigned { waiting: line.inflight, line }))
}
