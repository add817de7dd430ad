//! `/v1/reload`: the configuration that holds, and the reload of its file.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::Shared;
use super::access::Who;
use super::caller::caller;
use super::decision::{named, noted};
use super::error::ApiError;
use super::origin::refuse_foreign_page;
use crate::config::Action;
use crate::contract::problem::Problem;
use crate::contract::reload::{BlockerView, HoldingView, ReloadBody, ReloadState, Reloaded, changes, keys};
use crate::gateway::reload::{ReloadBy, ReloadError};

/// `GET /v1/reload`
pub(super) async fn state(State(shared): State<Shared>, who: Who) -> Result<Json<ReloadState>, ApiError> {
    who.may(Action::Configure, None, None)?;
    let file = shared.gateway.file_state().await;
    Ok(Json(ReloadState::new(&shared.gateway.holding(), file, shared.gateway.is_reloading())))
}

/// `POST /v1/reload`: `{"note": "…"}`, with `"dry_run": true` to see only what it would change.
pub(super) async fn reload(
    State(shared): State<Shared>,
    who: Who,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Reloaded>, ApiError> {
    refuse_foreign_page(&headers)?;
    who.may(Action::Configure, None, None)?;
    let ReloadBody { note, person, dry_run } = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(Problem::BadDecision, format!("{error}; write {{\"note\": \"…\"}}")))?;
    let caller = Some(caller(&headers, &who)).filter(|caller| !caller.is_empty()).map(Arc::new);
    let by = ReloadBy { person: named(person, &who)?, note: noted(note)?, caller };
    let done = shared.gateway.reload_file(by, dry_run).await;
    let holds = HoldingView::from(&shared.gateway.holding());
    match done {
        Ok(difference) => {
            Ok(Json(Reloaded { dry_run, changes: changes(&difference), streams: keys(&difference.streams), holds }))
        }
        Err(why) => Err(refused(&why)),
    }
}

fn refused(why: &ReloadError) -> ApiError {
    let problem = match why {
        ReloadError::Running => Problem::ReloadRunning,
        ReloadError::Stopping => Problem::Stopped,
        ReloadError::NoFile => Problem::NoConfigFile,
        ReloadError::Mistakes(_) | ReloadError::Unfit(_) => Problem::ConfigMistakes,
        ReloadError::NeedsRestart(_) => Problem::NeedsRestart,
        ReloadError::WouldLose(_) => Problem::WouldLose,
        ReloadError::Journal(_) => Problem::Journal,
        ReloadError::Partly { .. } => Problem::ReloadPartly,
    };
    let error = ApiError::new(problem, why.to_string().replace('\n', " "));
    match why {
        ReloadError::Mistakes(_) | ReloadError::Unfit(_) => error.with("mistakes", why.reasons()),
        ReloadError::NeedsRestart(process) => error.with("keys", value(keys(process))),
        ReloadError::WouldLose(blockers) => {
            error.with("blockers", value(blockers.iter().map(BlockerView::from).collect::<Vec<_>>()))
        }
        ReloadError::Partly { failed, difference } => {
            error.with("failed", json!(failed)).with("changes", value(changes(difference)))
        }
        _ => error,
    }
}

fn value(what: impl serde::Serialize) -> Value {
    serde_json::to_value(what).unwrap_or_default()
}
