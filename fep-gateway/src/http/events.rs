//! `GET /v1/events`: server-sent events until the client disconnects or the gateway stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::error::ApiError;
use super::{LISTENERS_MAX, Shared};
use crate::console::view::summary;
use fep_protocol::exchange::Event;

/// How often a silent stream sends a keep-alive. Proxies close streams that send nothing.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Streams `event: exchange` with a summary, `event: line` with a line, and `event: missed` with the number of events that a slow
/// client did not get.
///
/// # Errors
/// If too many clients listen already. The number is limited because each of them costs work at every exchange.
pub(super) async fn events(State(shared): State<Shared>) -> Result<impl IntoResponse, ApiError> {
    let place = Arc::clone(&shared.listeners).try_acquire_owned().map_err(|_| {
        let message = format!("{LISTENERS_MAX} clients listen to events already");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_listeners", message)
    })?;
    let mut stopping = shared.stopping.clone();
    let stopped = async move {
        // An error means that the sender is gone, so the server has ended: the stream stops too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let stream = stream(shared).take_until(Box::pin(stopped)).inspect(move |_| {
        // The stream owns the permit and returns it when it is dropped.
        let _ = &place;
    });
    // Proxies must forward events without buffering.
    let headers = [(CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

fn stream(shared: Shared) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    BroadcastStream::new(shared.gateway.subscribe()).map(move |event| {
        let sse = match event {
            Ok(Event::Exchange(exchange)) => {
                let summary = summary(&exchange, shared.gateway.line_spec(&exchange.institution));
                SseEvent::default().event("exchange").json_data(summary)
            }
            Ok(Event::Line(line)) => SseEvent::default().event("line").json_data(*line),
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                SseEvent::default().event("missed").json_data(json!({ "missed": missed }))
            }
        };
        // Serializing strings and numbers cannot fail. If that ever changes, a comment keeps the stream alive.
        Ok(sse.unwrap_or_else(|_| SseEvent::default().comment("an event that is not JSON")))
    })
}
