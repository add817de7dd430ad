//! The HTTP interface: the embedded API as JSON, the console, health and metrics.
//!
//! | route | is |
//! |---|---|
//! | `POST /v1/institutions/{institution}/exchanges/{Telegram}` | a request; header `Idempotency-Key` |
//! | `GET /v1/exchanges/{id}` | its outcome, also long after |
//! | `GET /v1/exchanges/{id}/view` | both telegrams taken apart, secrets masked |
//! | `GET /v1/exchanges?limit=50` | the latest, newest first |
//! | `GET /v1/lines` | every line and its links |
//! | `GET /v1/events` | server-sent events: `exchange`, `line`, `missed` |
//! | `GET /healthz` `/readyz` `/metrics` | for the platform |
//! | `GET /` | the console |
//!
//! Whoever reaches the port may use all of it: it belongs on a trusted network or behind a proxy that asks who is there.

mod error;
mod events;
mod exchanges;
mod health;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::warn;

pub use self::error::ApiError;
use crate::console;
use crate::gateway::Gateway;
use crate::metrics;

/// The longest body of a request. Telegrams are a few hundred bytes; a long list of entries is some ten thousand.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// How many clients may listen to events at the same time.
const LISTENERS_MAX: usize = 64;

/// How long open requests may take once the server stops; [`serve`] says so.
const STOP_MAX: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Shared {
    gateway: Gateway,
    stopping: watch::Receiver<bool>,
    /// Places for those who listen to events.
    listeners: Arc<Semaphore>,
}

/// All routes. `stopping` ends the streams of events, which would never end by themselves.
pub fn router(gateway: Gateway, stopping: watch::Receiver<bool>) -> Router {
    Router::new()
        .route("/v1/institutions/{institution}/exchanges/{telegram}", post(exchanges::ask))
        .route("/v1/exchanges", get(exchanges::list))
        .route("/v1/exchanges/{id}", get(exchanges::one))
        .route("/v1/exchanges/{id}/view", get(exchanges::detail))
        .route("/v1/lines", get(health::lines))
        .route("/v1/events", get(events::events))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::counters))
        .merge(console::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn(never_stored))
        .with_state(Shared { gateway, stopping, listeners: Arc::new(Semaphore::new(LISTENERS_MAX)) })
}

/// Serves until `stop` is ready; then open requests end, but not for longer than 30 seconds.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let router = router(gateway, stopped.clone());
    let stop = async move {
        stop.await;
        stopping.send_replace(true);
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(stop);
    let too_long = async move {
        let mut stopped = stopped;
        let _ = stopped.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(STOP_MAX).await;
    };
    tokio::select! {
        served = server => served,
        () = metrics::upkeep() => Ok(()),
        () = too_long => {
            warn!(limit = ?STOP_MAX, "open requests are cut off; their outcomes stand in the journal");
            Ok(())
        }
    }
}

async fn no_route(request: Request) -> ApiError {
    let message = format!("there is nothing at {}", request.uri().path());
    ApiError::new(StatusCode::NOT_FOUND, "no_such_route", message)
}

async fn wrong_method(request: Request) -> ApiError {
    let message = format!("{} does not take {}", request.uri().path(), request.method());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

/// Answers hold customers' data: no cache may keep them. The console's files say themselves what holds for them.
async fn never_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
