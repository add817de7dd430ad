//! The routes for liveness, readiness, lines and metrics.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::access::Who;
use super::error::ApiError;
use crate::config::Action;
use crate::contract::{Alive, Lines, Ready};
use crate::metrics;

/// `GET /healthz`: answers as long as the process runs.
pub(super) async fn alive() -> Json<Alive> {
    Json(Alive { alive: true })
}

/// `GET /readyz`: whether every institution has a link that is alive and the journal takes writes. If not, the `reasons`. The `notes`
/// name lines that count as alive without a proof; they change nothing.
pub(super) async fn ready(State(shared): State<Shared>) -> Response {
    let mut reasons = shared.gateway.troubles();
    if *shared.stopping.borrow() && reasons.is_empty() {
        reasons.push("the gateway is stopping".to_owned());
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = Ready { ready: reasons.is_empty(), reasons, notes: shared.gateway.notes() };
    (status, Json(ready)).into_response()
}

/// `GET /v1/lines`: those of institutions of which the client may read something.
pub(super) async fn lines(State(shared): State<Shared>, who: Who) -> Json<Lines> {
    let mut lines = shared.gateway.lines();
    lines.retain(|line| who.may_some(Action::Read, &line.institution));
    Json(Lines { lines })
}

/// `GET /metrics`, for Prometheus.
pub(super) async fn counters(State(shared): State<Shared>, who: Who) -> Result<Response, ApiError> {
    who.may(Action::Read, None, None)?;
    // A journal that cannot be read now leaves the numbers as they are.
    if let Ok(counts) = shared.gateway.notice_counts().await {
        metrics::show_notices(&counts);
    }
    if let Ok(counts) = shared.gateway.exception_counts().await {
        metrics::show_exceptions(&counts);
    }
    let verifications = shared.gateway.last_verifications().await.ok();
    verifications.iter().for_each(|last| metrics::show_verifications(last));
    metrics::show_readiness(shared.gateway.troubles().is_empty(), shared.gateway.journal_works());
    if let Some(store) = shared.gateway.store() {
        metrics::show_redis(store.is_reached);
    }
    let holding = shared.gateway.holding();
    let stopped = holding.differs.keys().map(String::as_str);
    let streams = shared.gateway.running_streams();
    metrics::show_streams(&streams);
    let streams = streams.iter().map(|stream| {
        let topics = stream.config().topics.iter().map(|own| &*own.topic).collect();
        (stream.name(), topics)
    });
    let institutions = shared.gateway.institutions().await;
    let text = metrics::page(&shared.gateway.lines(), &institutions, stopped, streams, verifications.as_deref());
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
