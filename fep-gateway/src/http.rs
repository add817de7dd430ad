//! The HTTP interface: the embedded API as JSON, the console, health and metrics.
//!
//! | route | meaning |
//! |---|---|
//! | `POST /v1/institutions/{institution}/exchanges/{Telegram}` | sends a request; optional headers `Idempotency-Key`, `Prefer: respond-async, wait=10`, `X-Request-Id`, `traceparent` and `tracestate` |
//! | `GET /v1/exchanges/{id}` | the outcome of an exchange, also long after its end |
//! | `GET /v1/exchanges/{id}/events` | server-sent events: the exchange now and after each change, until nothing more is expected |
//! | `GET /v1/exchanges/{id}/view` | both telegrams field by field, secrets masked |
//! | `POST /v1/exchanges/{id}/reveal` | both telegrams with their secrets: `{"note": "…"}`; recorded before they are shown |
//! | `GET /v1/audit?limit=50&institution=…&act=…&outcome=…&client=…&cursor=…` | the audit trail: what persons and programs did or looked at, and how it ended, newest first |
//! | `POST /v1/exchanges/{id}/settlement` | a person settles an unknown exchange, or asks for a step: `{"decision": "done", "note": "…"}` |
//! | `GET /v1/dead-letters?limit=50&institution=…&cursor=…` | the exchanges whose settlement needs a person, and the notices that no service took, oldest first |
//! | `GET /v1/notices?limit=50&institution=…&state=…&cursor=…` | notices of institutions, newest first, page by page; also by `telegram`, `since`, `until` |
//! | `GET /v1/notices/{id}` | a notice: its telegrams field by field, secrets masked, its delivery and its facts |
//! | `POST /v1/notices/{id}/delivery` | a person lets a notice be delivered again, or ends its delivery: `{"decision": "deliver", "note": "…"}` |
//! | `GET /v1/exchanges?limit=50&institution=…&outcome=…&cursor=…` | exchanges, newest first, page by page; also by `telegram`, `code`, `since`, `until`, `trace`, `request_id`, `idempotency_key` |
//! | `GET /v1/institutions`, `GET /v1/institutions/{institution}` | limits, waiting requests, breakers, and what closes business |
//! | `POST /v1/institutions/{institution}/breaker` | a person trips or resets a breaker: `{"decision": "trip", "note": "…", "business"?, "person"?}`; it holds over a restart |
//! | `POST /v1/institutions/{institution}/business` | a person blocks or unblocks business: `{"decision": "block", "note": "…", "business"?}` |
//! | `POST /v1/institutions/{institution}/lines/{line}` | a person stops or starts a line: `{"decision": "stop", "note": "…"}` |
//! | `POST /v1/institutions/{institution}/lines/{line}/echo-test`, `sign-on`, `sign-off` | an echo test now; a person signs a line on, or off: `{"note": "…"}` |
//! | `GET /v1/institutions/{institution}/routing`, `PUT` | where requests go; a person changes it: `{"rules": {"Transfer": {"percent": 1}}, "note": "…"}` |
//! | `GET /v1/sites`, `PUT` | what percentage of the requests each of two sites gets; a person changes it at all gateways: `{"percents": {"seoul": 99, "busan": 1}, "note": "…"}` |
//! | `GET /v1/overview` | traffic, outcomes, and what is unknown, undelivered or needs a person, by institution that the client may read; gateways, Redis and topics |
//! | `GET /v1/alarms` | every alarm of the institutions that the client may read, what was told last, and how telling goes |
//! | `POST /v1/alarms/{rule}/{institution}/silence` | a person silences an alarm: `{"minutes": 60, "note": "…"}` |
//! | `GET /v1/clock`, `PUT` | what the business clock shows; a test sets it: `{"base": "2026-12-31T23:59:30+09:00", "speed": 60}` |
//! | `PUT /v1/batches/{batch}/{date}` | a program tells how far a batch is; `GET /v1/overview` shows it |
//! | `POST /v1/institutions/{institution}/reconciliations/{reconciliation}?date=…&file=…` | compares a file of the institution, which is the body, with the journal, and keeps its exceptions |
//! | `GET /v1/reconciliations?limit=50&institution=…&date=…&state=open&cursor=…` | the business dates of which files were compared, newest first |
//! | `GET /v1/reconciliations/{institution}/{reconciliation}/{date}?state=…&cursor=…` | one of them with its exceptions |
//! | `POST /v1/reconciliations/{institution}/{reconciliation}/{date}/exceptions/{id}/resolution` | a person resolves an exception: `{"decision": "other_date", "note": "…"}` |
//! | `GET /v1/lines` | every line and its links |
//! | `GET /v1/events` | server-sent events: `exchange`, `notice`, `line`, `missed` |
//! | `PUT /v1/verifications/{institution}/{verification}/{run}` | a program tells what a run of a verification found; the same run twice is one |
//! | `GET /v1/verifications?institution=…&limit=30` | the last runs of each verification, newest first |
//! | `GET /v1/verifications/{institution}/{verification}/{run}` | one run with what it found |
//! | `GET /v1/streams` | the streams of market data that the client may read: feeds, gaps, consumers |
//! | `GET /v1/streams/{stream}?keys=…&telegrams=…&every_ms=…&when_slow=…&buffer=…` | server-sent events, or with `Upgrade: websocket` messages: `snapshot`, `telegram`, `lost`, `missed` and others, until the client goes |
//! | `GET /v1/reload`, `POST` | the configuration that holds and whether its file differs; reads the file again: `{"note": "…", "dry_run"?}` |
//! | `POST /v1/session`, `GET`, `DELETE` | a browser gives a token and gets a cookie; who asks, and what that client may do; the end |
//! | `GET /openapi.json` | this interface as an OpenAPI 3.1 document, with one operation for each request telegram |
//! | `GET /problems`, `GET /problems/{code}` | the kinds of errors, with what to do |
//! | `GET /healthz` `/readyz` `/metrics` | for the platform: liveness, readiness, Prometheus metrics |
//! | `GET /` | the console |
//!
//! `[http.operators]` and `[http.metrics]` move some of the routes to listeners of their own; `listeners` has the list.
//!
//! A list of everything needs the right to read everything. With `scope=readable`, lists and `/v1/events` have what the client may read.
//!
//! With `[http] access`, each client has a token or a certificate, and rights; `/`, `/console/…`, `/healthz`, `/readyz` and `/problems` need none. Without it, a
//! client that reaches the port can use every route: keep the port in a trusted network.

mod error;
mod origin;
mod source;
mod tally;
mod key_server;
mod issuer_keys;
mod signatures;
mod jwt;
mod sessions;
mod places;
mod watched;
mod held;
mod secured;
mod ends;
mod access;
mod scope;
mod spans;
mod refusals;

mod listeners;

mod admission;
mod caller;
mod upload;
mod edge;
mod connections;
mod decision;
mod overview;
mod prefer;
mod urgency;
mod exposure;
mod handing_over;
mod exchanges;
mod followed;
mod events;
mod following;
mod auditing;
mod health;
mod institutions;
mod alarms;
mod batches;
mod clock;
mod line_duties;
mod notices;
mod openapi;
mod problems;
mod reconciliations;
mod verifications;
mod reload;
mod routing;
mod session;
mod settlement;
mod sites;
mod web_socket;
mod streams;

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tracing::warn;

use self::access::{Guard, Who};
use self::edge::Edge;
use self::ends::Ends;
pub use self::error::ApiError;
use self::handing_over::HandOver;
pub use self::listeners::Listeners;
use self::listeners::Place;
use self::reconciliations::resolve;
use self::refusals::Refusals;
use crate::config::{Config, ConfigError, Http, HttpListener};
use crate::console;
use crate::contract::problem::Problem;
use crate::gateway::Gateway;
use crate::telegrams::TelegramCatalogue;

/// The maximum length of a request body, in bytes. A typical telegram has a few hundred bytes, a long list of entries about ten
/// thousand.
pub(crate) const BODY_MAX_BYTES: usize = 256 * 1024;

/// The maximum number of clients that listen to events at the same time.
const LISTENERS_MAX: usize = 64;

/// The maximum number of connections of the operators' listener, and of that of the metrics. Clients cannot take them.
const OWN_CONNECTIONS_MAX: usize = 100;

/// How long replies may take to leave after the gateway has stopped. The documentation of [`serve`] states this number.
const REPLY_MAX: Duration = Duration::from_millis(500);

/// What the routes share. Every request copies it, so a copy is one counter.
#[derive(Clone)]
struct Shared(Arc<Parts>);

struct Parts {
    gateway: Gateway,
    guard: Arc<Guard>,
    /// `None` if the gateways are at one site.
    handing_over: Option<HandOver>,
    stopping: watch::Receiver<bool>,
    events: events::EventHub,
    overview: overview::OverviewCache,
    batches: batches::Batches,
    /// One permit for each client that listens to events.
    listeners: Arc<Semaphore>,
    /// How long a client may take no byte, or give no sign of life when it is asked for one.
    reply_timeout: Duration,
    /// One permit for each client that follows an exchange.
    followers: Arc<Semaphore>,
}

/// Why a stream of events ends that could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamEnd {
    /// The server stops.
    Stopping,
    /// Rights have changed, or what proved who asks has ended.
    Rights,
}

impl Deref for Shared {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    /// Completes when streams of events must end: the server stops, clients' rights have changed, or what proved who asks has ended.
    fn stream_ends(&self, ends: Ends) -> impl Future<Output = StreamEnd> + use<> {
        let mut stopping = self.stopping.clone();
        async move {
            tokio::select! {
                // An error means that the sender is gone, so the server has ended.
                _ = stopping.wait_for(|stopping| *stopping) => StreamEnd::Stopping,
                () = ends.wait() => StreamEnd::Rights,
            }
        }
    }
}

/// Creates all routes. `stopping` ends the event streams, which would otherwise never end. Of `settings`, the names and the time for a
/// body are used: what concerns connections is up to [`serve`], and so is reading the access file again.
pub fn router(gateway: Gateway, settings: &Http, stopping: watch::Receiver<bool>) -> Router {
    let guard = Guard::new(settings.access.as_deref(), &gateway);
    let refusals = Refusals::new(&gateway);
    let edge = Edge::new(settings, Arc::clone(&guard), refusals, Place::Services);
    routes()
        .layer(middleware::from_fn_with_state(edge, edge::pass))
        .with_state(shared(gateway, guard, settings, stopping))
}

fn shared(gateway: Gateway, guard: Arc<Guard>, settings: &Http, stopping: watch::Receiver<bool>) -> Shared {
    Shared(Arc::new(Parts {
        events: events::EventHub::new(gateway.clone()),
        handing_over: HandOver::new(&gateway),
        gateway,
        guard,
        stopping,
        overview: overview::OverviewCache::new(),
        batches: batches::Batches::default(),
        listeners: Arc::new(Semaphore::new(LISTENERS_MAX)),
        reply_timeout: settings.reply_timeout,
        followers: Arc::new(Semaphore::new(following::FOLLOWERS_MAX)),
    }))
}

/// All routes, of every listener.
fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/institutions/{institution}/exchanges/{telegram}", post(exchanges::ask))
        .route("/v1/exchanges", get(exchanges::list))
        .route("/v1/exchanges/{id}", get(exchanges::one))
        .route("/v1/exchanges/{id}/events", get(following::follow))
        .route("/v1/exchanges/{id}/view", get(exchanges::detail))
        .route("/v1/exchanges/{id}/reveal", post(auditing::reveal))
        .route("/v1/audit", get(auditing::list))
        .route("/v1/exchanges/{id}/settlement", post(settlement::settle))
        .route("/v1/dead-letters", get(settlement::dead_letters))
        .route("/v1/notices", get(notices::list))
        .route("/v1/notices/{id}", get(notices::one))
        .route("/v1/notices/{id}/delivery", post(notices::decide))
        .route("/v1/institutions", get(institutions::list))
        .route("/v1/institutions/{institution}", get(institutions::one))
        .route("/v1/institutions/{institution}/breaker", post(institutions::breaker))
        .route("/v1/institutions/{institution}/business", post(institutions::business))
        .route("/v1/institutions/{institution}/lines/{line}", post(institutions::line))
        .route("/v1/institutions/{institution}/lines/{line}/echo-test", post(line_duties::echo_test))
        .route("/v1/institutions/{institution}/lines/{line}/sign-on", post(line_duties::sign_on))
        .route("/v1/institutions/{institution}/lines/{line}/sign-off", post(line_duties::sign_off))
        .route("/v1/institutions/{institution}/switchover", post(institutions::switchover))
        .route("/v1/institutions/{institution}/routing", get(routing::show).put(routing::change))
        .route("/v1/sites", get(sites::show).put(sites::change))
        .route("/v1/overview", get(overview::overview))
        .route("/v1/alarms", get(alarms::list))
        .route("/v1/alarms/{rule}/{institution}/silence", post(alarms::silence))
        .route("/v1/batches/{batch}/{date}", put(batches::tell))
        .route("/v1/clock", get(clock::show).put(clock::set))
        .route("/v1/institutions/{institution}/reconciliations/{reconciliation}", post(reconciliations::give))
        .route("/v1/verifications", get(verifications::list))
        .route("/v1/verifications/{institution}/{verification}/{run}", put(verifications::tell).get(verifications::one))
        .route("/v1/reconciliations", get(reconciliations::list))
        .route("/v1/reconciliations/{institution}/{reconciliation}/{date}", get(reconciliations::one))
        .route("/v1/reconciliations/{institution}/{reconciliation}/{date}/exceptions/{id}/resolution", post(resolve))
        .route("/v1/lines", get(health::lines))
        .route("/v1/events", get(events::events))
        .route("/v1/streams", get(streams::list))
        .route("/v1/streams/{stream}", get(streams::follow))
        .route("/v1/reload", get(reload::state).post(reload::reload))
        .route("/v1/session", get(session::show).post(session::begin).delete(session::end))
        .route("/openapi.json", get(described))
        .route("/problems", get(problems::list))
        .route("/problems/{code}", get(problems::one))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::counters))
        .merge(console::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
}

/// Serves until `stop` completes. Then open requests may end until `drained` completes, and half a second longer. `drained`
/// completes when the gateway has stopped: by then every exchange has its outcome, so an open request is one that its client
/// has not sent completely. The addresses in `settings` are not used: the listeners have theirs.
pub async fn serve(
    listeners: impl Into<Listeners>,
    gateway: Gateway,
    settings: &Http,
    stop: impl Future<Output = ()> + Send + 'static,
    drained: impl Future<Output = ()>,
) {
    let Listeners { services, operators, metrics } = listeners.into();
    let (stopping, stopped) = watch::channel(false);
    let links: usize = gateway.lines().iter().map(|line| line.links.len()).sum();
    let others = usize::from(operators.is_some()) + usize::from(metrics.is_some());
    let connections_max = connections::connections_max(settings.connections_max, links, others * OWN_CONNECTIONS_MAX);
    let guard = Guard::new(settings.access.as_deref(), &gateway);
    let refusals = Refusals::new(&gateway);
    let shared = shared(gateway, Arc::clone(&guard), settings, stopped.clone());
    let one = async |listener: Option<TcpListener>, place: Place, settings: &Http, connections_max: usize| {
        let Some(listener) = listener else { return };
        let edge = Edge::new(settings, Arc::clone(&guard), Arc::clone(&refusals), place);
        let router = routes().layer(middleware::from_fn_with_state(edge, edge::pass)).with_state(shared.clone());
        let mut stopped = stopped.clone();
        let stop = async move {
            // An error means that nobody can stop it any more.
            let _ = stopped.wait_for(|stopping| *stopping).await;
        };
        connections::serve(listener, router, settings, connections_max, stop).await;
    };
    let own = |own: &Option<HttpListener>| own.as_ref().map_or_else(|| settings.clone(), |own| settings.of(own));
    let of_operators = own(&settings.operators);
    let of_metrics = own(&settings.metrics);
    let servers = async {
        tokio::join!(
            one(Some(services), Place::Services, settings, connections_max),
            one(operators, Place::Operators, &of_operators, OWN_CONNECTIONS_MAX),
            one(metrics, Place::Metrics, &of_metrics, OWN_CONNECTIONS_MAX),
        );
    };
    let told = async {
        stop.await;
        stopping.send_replace(true);
        refusals.say_rest();
        std::future::pending::<()>().await;
    };
    let too_long = async {
        let mut stopped = stopped.clone();
        // An error means that the server has ended.
        let _ = stopped.wait_for(|stopping| *stopping).await;
        drained.await;
        tokio::time::sleep(REPLY_MAX).await;
    };
    tokio::select! {
        () = servers => {}
        () = told => {}
        () = crate::metrics::upkeep() => {}
        () = guard.follow() => {}
        () = refusals.follow() => {}
        () = too_long => warn!("requests that were not sent completely are cut off"),
    }
}

/// What a person should know about these settings, although nothing is wrong with them: who can reach the gateway without proving who it
/// is, tokens that travel unencrypted, certificates that end soon. One line each.
pub fn notes(settings: &Http) -> Vec<String> {
    exposure::notes(settings)
}

/// What a person should know about the access file: tokens that end within 14 days or have ended, and certificates that no listener asks for.
/// One line each. A gateway that runs says the first itself.
///
/// # Errors
/// If the access file cannot be used. A gateway that runs keeps the rights that it has.
pub fn access_notes(config: &Config) -> Result<Vec<String>, ConfigError> {
    exposure::of_access(config)
}

/// The OpenAPI document of the HTTP interface, with the request telegrams of these institutions.
pub fn openapi<'c>(institutions: impl IntoIterator<Item = (&'c str, &'c TelegramCatalogue)>) -> Value {
    openapi::document(institutions)
}

/// The fields in a body, or why it has none, as a reply would say it.
#[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only messages of a broker need it"))]
pub(crate) fn fields(body: &[u8]) -> Result<Value, ApiError> {
    exchanges::parse(body)
}

/// `GET /openapi.json`
async fn described(State(shared): State<Shared>, _: Who) -> Json<Value> {
    let catalogues = shared.gateway.catalogues();
    Json(openapi(catalogues.iter().map(|(name, catalogue)| (&**name, &**catalogue))))
}

async fn no_route(request: Request) -> ApiError {
    let message = format!("there is nothing at {}", request.uri().path());
    ApiError::new(Problem::NoSuchRoute, message)
}

async fn wrong_method(request: Request) -> ApiError {
    let message = format!("{} does not take {}", request.uri().path(), request.method());
    ApiError::new(Problem::MethodNotAllowed, message)
}
