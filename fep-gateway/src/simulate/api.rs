//! The interface to a running institution, as HTTP and JSON: its rules, its accounts, its counts. For tests, so there is no authentication.
//!
//! | route | meaning |
//! |---|---|
//! | `GET /v1/institution` | the spec, the scenario and the links |
//! | `GET /v1/counts` | what it received and did since the start, and how often each rule applied |
//! | `GET /v1/rules`, `GET /v1/rules/{name}` | the rules in the order in which they are tried, with their counts |
//! | `PUT /v1/rules/{name}` | replaces a rule at its place, or adds one before all others. The body has the keys of a scenario |
//! | `DELETE /v1/rules/{name}` | removes a rule |
//! | `GET /v1/accounts`, `GET /v1/accounts/{number}` | the accounts of the bank |
//! | `PUT /v1/accounts/{number}`, `DELETE /v1/accounts/{number}` | opens, replaces or removes an account |
//! | `GET /v1/transactions?limit=50` | the remembered requests that move money, newest first |
//! | `GET /v1/state`, `GET /v1/state/{name}/{key}` | how many entries of `[[state]]` there are, and one of them |
//! | `GET /v1/clock`, `PUT /v1/clock` | the institution's clock: `{"base": "2026-12-31T23:59:30+09:00", "speed": 60}` |
//! | `GET /v1/handshakes`, `PUT /v1/handshakes` | how many TLS handshakes were made and failed, and their faults: `{"handshakes": [{"fault": "hang", "times": 1}]}` |
//! | `POST /v1/notices/{telegram}` | sends a telegram without a request: `{"set": {…}}` |
//! | `POST /v1/reset` | accounts, transactions, counts and rules are again as at the start |
//! | `GET /problems` | the kinds of errors |
//!
//! Errors are problem details (RFC 9457). What a body says is checked as a scenario is, with the same messages.

mod problem;
mod toml;

mod accounts;
mod rules;
mod state;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CACHE_CONTROL, HOST, HeaderValue, ORIGIN};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::warn;

use self::problem::{ApiError, Problem};
#[cfg(test)]
pub(super) use self::toml::lines;
use super::Shared;

/// The maximum length of a request body, in bytes.
const BODY_MAX_BYTES: usize = 64 * 1024;
/// The maximum number of clients at the same time. One more is closed at once.
const CLIENTS_MAX: usize = 64;
/// How long a client may take for the head of a request, and for all of it.
const HEAD_MAX: Duration = Duration::from_secs(10);
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// Serves clients until it is dropped.
pub(super) async fn serve(listener: TcpListener, shared: Shared) {
    let router = router(shared);
    let places = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut running = JoinSet::new();
    loop {
        while running.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "a client of the interface cannot be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            warn!(max = CLIENTS_MAX, "too many clients of the interface, closed");
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        running.spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
            // An error is one of the client, who knows it.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/institution", get(state::institution))
        .route("/v1/counts", get(state::counts))
        .route("/v1/clock", get(state::clock).put(state::put_clock))
        .route("/v1/handshakes", get(state::handshakes).put(state::put_handshakes))
        .route("/v1/reset", post(state::reset))
        .route("/v1/notices/{telegram}", post(state::notice))
        .route("/v1/rules", get(rules::list))
        .route("/v1/rules/{name}", get(rules::one).put(rules::put).delete(rules::remove))
        .route("/v1/accounts", get(accounts::list))
        .route("/v1/accounts/{number}", get(accounts::one).put(accounts::put).delete(accounts::remove))
        .route("/v1/state", get(state::counted))
        .route("/v1/state/{name}/{key}", get(state::entry))
        .route("/v1/transactions", get(accounts::transactions))
        .route("/problems", get(problem::list))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn(admit))
        .with_state(shared)
}

async fn no_route(request: Request) -> ApiError {
    ApiError::new(Problem::NoSuchRoute, format!("there is nothing at {}", request.uri().path()))
}

async fn wrong_method(request: Request) -> ApiError {
    let message = format!("{} does not take {}", request.uri().path(), request.method());
    ApiError::new(Problem::MethodNotAllowed, message)
}

/// Refuses pages of browsers, and requests that take too long. A page on the internet could otherwise change what a test does.
async fn admit(request: Request, next: Next) -> Result<Response, Infallible> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if request.headers().contains_key(ORIGIN) || !is_local_name(host) {
        let message =
            "the interface is for programs of this network: name it by its address, without the header Origin";
        return Ok(ApiError::new(Problem::Origin, message).into_response());
    }
    let mut response = match tokio::time::timeout(REQUEST_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!("the body did not come within {} s", REQUEST_MAX.as_secs());
            ApiError::new(Problem::BodyTooSlow, message).into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Whether a host is an address or a name without a dot. Names of the internet have dots.
fn is_local_name(host: &str) -> bool {
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.parse::<IpAddr>().is_ok() || !host.contains('.')
}
