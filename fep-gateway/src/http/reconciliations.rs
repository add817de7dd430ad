//! The routes that take a file of an institution, show the exceptions of a business date, and take a person's resolution of one.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use fep_protocol::audit::Act;
use fep_protocol::reconciliation::{ExceptionBook, ExceptionState, NotResolved, Resolution};
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::admission::closing;
use super::auditing::{Deed, recorded};
use super::decision::{self, named, noted};
use super::error::ApiError;
use super::exchanges::{checked_limit, unreadable, wrong};
use super::institutions::{operated, unknown};
use super::origin::refuse_foreign_page;
use super::scope::{ScopeWord, scope_of};
use super::upload;
use crate::config::Action;
use crate::contract::decisions::UNNAMED;
use crate::contract::problem::Problem;
use crate::contract::reconciliations::{
    ExceptionCounts, ExceptionView, ReconciliationDetail, ReconciliationList, ReconciliationSummary, ResolutionBody,
};
use crate::gateway::{ComparedDate, GivenFile, NotCompared, NotKept, ReconciliationFilter, Unresolved};
use crate::reconcile::{GivenAs, ReconcileError, RefusedFile, Report, parse_date, show_date};
use crate::time::Rfc3339;

/// The maximum length of the name of a file, in characters.
const NAME_MAX_CHARS: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileQuery {
    date: Option<String>,
    file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
    institution: Option<String>,
    reconciliation: Option<String>,
    date: Option<String>,
    state: Option<String>,
    scope: Option<ScopeWord>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneQuery {
    limit: Option<String>,
    cursor: Option<String>,
    state: Option<String>,
}

/// `POST /v1/institutions/{institution}/reconciliations/{reconciliation}?date=2026-11-26&file=settlement.dat`: the body is the file.
pub(super) async fn give(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let asked = match asked(&shared, &who, &headers, names, query) {
        Ok(asked) => asked,
        Err(error) => {
            upload::refuse(&headers, body).await;
            return closing(error);
        }
    };
    match given(&shared, &who, &headers, asked, body).await {
        Ok(report) => Json(report).into_response(),
        // What follows on the connection may be the rest of the file.
        Err(error) => closing(error),
    }
}

/// What is to be compared, before its file is read.
struct Asked {
    of: (String, String),
    day: Option<i64>,
    name: String,
    person: String,
    max: u64,
}

fn asked(
    shared: &Shared,
    who: &Who,
    headers: &HeaderMap,
    names: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
) -> Result<Asked, ApiError> {
    refuse_foreign_page(headers)?;
    let Path((institution, reconciliation)) = names.map_err(|error| unknown(&error.body_text()))?;
    let institution = operated(who, Ok(Path(institution)))?;
    let Query(FileQuery { date, file }) = query.map_err(|error| unreadable(&error))?;
    let day = date.map(|date| day_of(&date)).transpose()?;
    let name = file.unwrap_or_default();
    if name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(wrong("file", format!("the name of a file has at most {NAME_MAX_CHARS} characters in one line")));
    }
    let person = named(UNNAMED.to_owned(), who)?;
    if shared.gateway.spec(&institution).is_none() {
        return Err(unknown(&institution));
    }
    let own = shared.gateway.reconciliation_config(&institution, &reconciliation);
    let own = own.map_err(|known| refused(NotCompared::Unknown(known)))?;
    if day.is_none() && own.date.is_none() {
        return Err(wrong("date", "this file does not say its business date: add date=2026-11-26"));
    }
    Ok(Asked { of: (institution, reconciliation), day, name, person, max: own.file_max_bytes })
}

async fn given(shared: &Shared, who: &Who, headers: &HeaderMap, asked: Asked, body: Body) -> Result<Report, ApiError> {
    let Asked { of: (institution, reconciliation), day, name, person, max } = asked;
    let turn = match shared.gateway.begin_comparing(&institution) {
        Ok(turn) => turn,
        Err(running) => {
            upload::refuse(headers, body).await;
            return Err(refused(running));
        }
    };
    let file = upload::receive(headers, body, max).await?;
    let date = day.map(|day| format!(" {}", show_date(day))).unwrap_or_default();
    let about = Some(format!("{reconciliation}{date}"));
    let deed = Deed { act: Act::Reconcile, person: &person, note: &name, about, exchange: None };
    let gateway = shared.gateway.clone();
    let given = GivenFile {
        institution: institution.clone(),
        reconciliation,
        day,
        file: GivenAs::Open(Arc::new(file)),
        name: name.clone(),
        person: person.clone(),
    };
    // It goes to its end, also if the client goes away.
    let compared = async move {
        let compared = tokio::spawn(async move { gateway.compare(given, turn).await });
        let failed = |_| ApiError::new(Problem::NotCompared, "the comparison panicked, which is a bug");
        compared.await.map_err(failed)?.map_err(refused)
    };
    let report = recorded(shared, who, headers, &institution, deed, compared).await?;
    // Its findings are what the journal has.
    Ok(if who.may(Action::Read, Some(&institution), None).is_ok() { report } else { report.without_findings() })
}

/// `GET /v1/reconciliations?limit=50&institution=bank-a&date=2026-11-26&state=open&cursor=…`
pub(super) async fn list(
    State(shared): State<Shared>,
    who: Who,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<ReconciliationList>, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let limit = checked_limit(query.limit.as_deref())?;
    let scope = scope_of(&who, query.scope, query.institution.as_deref(), None)?;
    let is_open = match query.state.as_deref() {
        None => None,
        Some("open") => Some(true),
        Some("resolved") => Some(false),
        Some(other) => return Err(wrong("state", format!("there is no {other:?}; there are: open, resolved"))),
    };
    let filter = ReconciliationFilter {
        institution: query.institution,
        reconciliation: query.reconciliation,
        day: query.date.map(|date| day_of(&date)).transpose()?,
        is_open,
        behind: query.cursor.map(|cursor| place_of(&cursor)).transpose()?,
        scope,
    };
    let dates = shared.gateway.reconciliations(filter, limit).await?;
    let next = dates.last().filter(|_| dates.len() == limit).map(|last| cursor(&last.date));
    let reconciliations = dates.into_iter().map(ReconciliationSummary::from).collect();
    Ok(Json(ReconciliationList { reconciliations, next }))
}

/// Where the next page begins: behind this date. No name of an institution or a reconciliation has a colon.
fn cursor(date: &ComparedDate) -> String {
    format!("{}:{}:{}", show_date(date.day), date.institution, date.reconciliation)
}

fn place_of(cursor: &str) -> Result<ComparedDate, ApiError> {
    let other = || wrong("cursor", "it is the `next` of a page");
    let mut parts = cursor.splitn(3, ':');
    let mut part = || parts.next().ok_or_else(other);
    let day = parse_date(part()?).map_err(|_| other())?;
    Ok(ComparedDate { day, institution: part()?.to_owned(), reconciliation: part()?.to_owned() })
}

/// `GET /v1/reconciliations/{institution}/{reconciliation}/{date}?limit=50&state=open&cursor=…`
pub(super) async fn one(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String, String)>, PathRejection>,
    query: Result<Query<OneQuery>, QueryRejection>,
) -> Result<Json<ReconciliationDetail>, ApiError> {
    let Query(OneQuery { limit, cursor, state }) = query.map_err(|error| unreadable(&error))?;
    let Path((institution, reconciliation, date)) = names.map_err(|error| unknown_date(&error.body_text()))?;
    who.may(Action::Read, Some(&institution), None)?;
    let limit = checked_limit(limit.as_deref())?;
    let from = cursor.map(|cursor| cursor.parse().map_err(|_| wrong("cursor", "it is the `next` of a page")));
    let from: usize = from.transpose()?.unwrap_or(0);
    let names = ExceptionState::ALL.map(ExceptionState::name).join(", ");
    let state = state.map(|state| {
        let unknown = || wrong("state", format!("there is no {state:?}; there are: {names}"));
        ExceptionState::from_name(&state).ok_or_else(unknown)
    });
    let page = Page { from, limit, state: state.transpose()? };
    let date = date_of(institution, reconciliation, &date)?;
    let book = shared.gateway.exceptions(&date).await?.ok_or_else(|| unknown_date(&cursor_text(&date)))?;
    Ok(Json(detail(date, book, page)))
}

/// Which exceptions are shown.
struct Page {
    from: usize,
    limit: usize,
    state: Option<ExceptionState>,
}

fn detail(date: ComparedDate, book: ExceptionBook, page: Page) -> ReconciliationDetail {
    let counts = ExceptionCounts::of(&book);
    let ExceptionBook { secret, file, key, exceptions } = book;
    let of_state = exceptions.into_iter().enumerate().skip(page.from);
    let mut wanted = of_state.filter(|(_, kept)| page.state.is_none_or(|state| kept.state() == state));
    let shown: Vec<_> = wanted.by_ref().take(page.limit).map(|(_, kept)| ExceptionView::of(kept, &secret)).collect();
    let next = wanted.next().map(|(position, _)| position);
    ReconciliationDetail {
        institution: date.institution,
        reconciliation: date.reconciliation,
        date: show_date(date.day),
        file,
        counts,
        key,
        exceptions: shown,
        next,
    }
}

/// `POST /v1/reconciliations/{institution}/{reconciliation}/{date}/exceptions/{id}/resolution`: `{"decision": "other_date", "note": "…"}`
pub(super) async fn resolve(
    State(shared): State<Shared>,
    who: Who,
    names: Result<Path<(String, String, String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ReconciliationDetail>, ApiError> {
    refuse_foreign_page(&headers)?;
    let Path((institution, reconciliation, date, id)) = names.map_err(|error| unknown_date(&error.body_text()))?;
    who.may(Action::Settle, Some(&institution), None)?;
    let reads = who.may(Action::Read, Some(&institution), None);
    let may_read = reads.is_ok();
    let example = r#"write {"decision": "other_date", "note": "…", "seen": "…"}, with other_date, corrected_there, corrected_here, accepted or other, and the `seen` of the exception"#;
    let ResolutionBody { decision: reason, note, person, seen } = decision::parsed(&body, example)?;
    decision::storable(&note)?;
    let person = named(person, &who)?;
    let note = noted(note)?;
    if seen.is_none() {
        // Who may not read has not seen what it says now, and sends the `seen` of what a person saw elsewhere.
        reads?;
    }
    let date = date_of(institution, reconciliation, &date)?;
    // An act that cannot be done is not in the audit trail.
    let book = shared.gateway.exceptions(&date).await?.ok_or_else(|| unknown_date(&cursor_text(&date)))?;
    if book.exceptions.iter().all(|kept| kept.id != id) {
        return Err(unresolved(Unresolved::Not(NotResolved::Unknown), false));
    }
    let about = Some(format!("{} {} {id}", date.reconciliation, show_date(date.day)));
    let deed = Deed { act: Act::ResolveException, person: &person, note: &note, about, exchange: None };
    let resolution = Resolution { person: person.clone(), reason, note: note.clone(), at_ms: shared.gateway.now_ms() };
    let resolved = async {
        let resolved = shared.gateway.resolve_exception(&date, &id, seen, resolution).await;
        resolved.map_err(|why| unresolved(why, may_read))
    };
    let mut book = recorded(&shared, &who, &headers, &date.institution, deed, resolved).await?;
    let counts = ExceptionCounts::of(&book);
    book.exceptions.retain(|kept| kept.id == id && may_read);
    let shown = detail(date, book, Page { from: 0, limit: 1, state: None });
    Ok(Json(ReconciliationDetail { counts, ..shown }))
}

fn day_of(date: &str) -> Result<i64, ApiError> {
    parse_date(date).map_err(|why| wrong("date", why))
}

fn date_of(institution: String, reconciliation: String, date: &str) -> Result<ComparedDate, ApiError> {
    let day = parse_date(date).map_err(|why| ApiError::new(Problem::Path, why))?;
    Ok(ComparedDate { institution, reconciliation, day })
}

fn cursor_text(date: &ComparedDate) -> String {
    format!("{} of {} on {}", date.reconciliation, date.institution, show_date(date.day))
}

fn unknown_date(what: &str) -> ApiError {
    ApiError::new(Problem::UnknownReconciliation, format!("no file was compared for {what}"))
}

fn refused(why: NotCompared) -> ApiError {
    match why {
        NotCompared::Unknown(known) => {
            let message = NotCompared::Unknown(known.clone()).to_string();
            ApiError::new(Problem::UnknownReconciliation, message).with("known", known)
        }
        NotCompared::Running | NotCompared::Contended => ApiError::new(Problem::ReconciliationRunning, why.to_string()),
        NotCompared::TooMany { count, max } | NotCompared::Full { count, max } => {
            ApiError::new(Problem::TooManyExceptions, why.to_string()).with("count", count).with("max", max)
        }
        NotCompared::NotKept(why) => not_kept(&why),
        NotCompared::Reconcile(error) => not_compared(error),
    }
}

fn not_compared(error: ReconcileError) -> ApiError {
    match error {
        ReconcileError::Refused(_, why) => {
            let mistakes: Vec<String> = match &*why {
                RefusedFile::Wrong { mistakes, .. } => mistakes.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            };
            let text = why.to_string();
            let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            ApiError::new(Problem::FileRefused, line).with("mistakes", mistakes)
        }
        ReconcileError::Journal(error) => error.into(),
        // The temporary file has a path that says nothing to a client.
        ReconcileError::File(_, error) => {
            ApiError::new(Problem::NotCompared, format!("the temporary file cannot be read: {error}"))
        }
        error => ApiError::new(Problem::NotCompared, error.to_string()),
    }
}

/// `may_read`: whether the client may read what another one wrote about the exception.
fn unresolved(why: Unresolved, may_read: bool) -> ApiError {
    match why {
        Unresolved::UnknownDate => unknown_date("this date"),
        Unresolved::Not(NotResolved::Unknown) => {
            ApiError::new(Problem::UnknownException, "the date has no such exception")
        }
        Unresolved::Not(NotResolved::Already(earlier)) => {
            let at = Rfc3339(earlier.at_ms).to_string();
            let note = if may_read { format!(": {}", earlier.note) } else { String::new() };
            let message = format!("{} resolved it at {at}{note}", earlier.person);
            let error = ApiError::new(Problem::AlreadyResolved, message);
            error.with("resolved_by", earlier.person).with("resolved_at", at).with("reason", earlier.reason.name())
        }
        Unresolved::Not(NotResolved::Explained(file)) => {
            let at = Rfc3339(file.at_ms).to_string();
            let message = format!("the file of {at} does not show it any more");
            ApiError::new(Problem::AlreadyExplained, message).with("file_sha256", file.sha256)
        }
        Unresolved::Changed { file, seen } => {
            let at = Rfc3339(file.at_ms).to_string();
            let message = format!("the file of {at} says something else about the exception than what was seen");
            let error = ApiError::new(Problem::ExceptionChanged, message);
            let error = error.with("file_sha256", file.sha256).with("compared_at", at);
            // With it, who may not read would resolve what nobody looked at.
            if may_read { error.with("seen", seen) } else { error }
        }
        Unresolved::NotKept(why) => not_kept(&why),
    }
}

pub(super) fn not_kept(why: &NotKept) -> ApiError {
    match why {
        NotKept::Journal(error) => error.clone().into(),
        NotKept::NotDurable(_) => ApiError::new(Problem::NotDurable, why.to_string()),
    }
}
