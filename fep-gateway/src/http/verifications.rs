//! The routes by which programs tell what verifications found, and by which persons see it. Nothing is compared here.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use fep_protocol::verification::{VerificationReport, check_name};
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::error::ApiError;
use super::exchanges::{unreadable, wrong};
use super::institutions::unknown;
use super::origin::refuse_foreign_page;
use super::reconciliations::not_kept;
use super::scope::{ScopeWord, scope_of};
use crate::config::Action;
use crate::contract::problem::Problem;
use crate::contract::verifications::{VerificationDetail, VerificationList, VerificationRunView, VerificationSummary};
use crate::gateway::{Untold, VerificationRun};

/// How many runs of each verification are shown, unless the client says another number.
const RUNS_DEFAULT: usize = 30;

/// How many runs of each verification a client can ask for.
const RUNS_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<String>,
    institution: Option<String>,
    scope: Option<ScopeWord>,
}

/// `PUT /v1/verifications/{institution}/{verification}/{run}`: what a run found.
pub(super) async fn tell(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<VerificationRunView>, ApiError> {
    refuse_foreign_page(&headers)?;
    let of = run_of(names)?;
    who.may(Action::Verify, Some(&of.institution), None)?;
    if shared.gateway.spec(&of.institution).is_none() {
        return Err(unknown(&of.institution));
    }
    let wrong = |why: String| ApiError::new(Problem::BadReport, why);
    for name in [&of.name, &of.run] {
        check_name(name).map_err(|why| wrong(why.to_string()))?;
    }
    let report: VerificationReport = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
    report.check(shared.gateway.now_ms()).map_err(|why| wrong(why.to_string()))?;
    let kept = shared.gateway.keep_verification(&of, report, who.name().map(str::to_owned)).await;
    Ok(Json(kept.map_err(|why| untold(&of, why))?.into()))
}

/// `GET /v1/verifications?institution=bank-a&limit=30`
pub(super) async fn list(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<VerificationList>, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), None)?;
    let limit = match query.limit.as_deref() {
        None => RUNS_DEFAULT,
        Some(limit) => {
            let number = limit.parse().ok().filter(|number| (1..=RUNS_MAX).contains(number));
            number.ok_or_else(|| wrong("limit", format!("it must be a whole number, 1 to {RUNS_MAX}")))?
        }
    };
    let all = shared.gateway.verifications(query.institution, limit).await?;
    let is_seen = |one: &VerificationSummary| {
        // A run is about all telegrams of its institution.
        scope.as_ref().is_none_or(|scope| scope.institutions.contains(&one.institution))
    };
    Ok(Json(VerificationList {
        verifications: all.into_iter().filter_map(VerificationSummary::of).filter(is_seen).collect(),
    }))
}

/// `GET /v1/verifications/{institution}/{verification}/{run}`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String, String)>, PathRejection>,
) -> Result<Json<VerificationDetail>, ApiError> {
    let of = run_of(names)?;
    who.may(Action::Read, Some(&of.institution), None)?;
    let found = shared.gateway.verification(&of).await?;
    let missing = || {
        let VerificationRun { institution, name, run } = &of;
        ApiError::new(Problem::UnknownVerification, format!("{institution} has no run {run:?} of {name:?}"))
    };
    let (stored, report) = found.ok_or_else(missing)?;
    Ok(Json(VerificationDetail::of(stored, report)))
}

fn run_of(names: Result<Path<(String, String, String)>, PathRejection>) -> Result<VerificationRun, ApiError> {
    let Path((institution, name, run)) = names.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    Ok(VerificationRun { institution, name, run })
}

fn untold(of: &VerificationRun, why: Untold) -> ApiError {
    let VerificationRun { institution, name, run } = of;
    let error = |problem, message: String| ApiError::new(problem, message);
    match why {
        Untold::NoInstitution => unknown(institution),
        Untold::OtherReport => {
            error(Problem::OtherReport, format!("the run {run} of {name} was told with another report, which holds"))
        }
        Untold::TooManyNames(max) => error(
            Problem::TooManyVerifications,
            format!("{institution} has {max} verifications with runs of the last 30 days: tell runs of those"),
        ),
        Untold::TooManyRuns(max) => {
            error(Problem::TooManyVerifications, format!("{name} has {max} runs within a day: tell it later"))
        }
        Untold::NotKept(why) => not_kept(&why),
    }
}
