//! `/v1/streams`: market data for consumers over HTTP, as server-sent events, or as messages of a WebSocket for who asks with `Upgrade: websocket`. Both
//! are one route, so they cannot differ in who may follow a stream and what can be asked for.
//!
//! A client that does not read is no load for the reader of the feeds: its events wait in a buffer of its own, whose policy decides when it is full, and the
//! connection is cut when it takes no byte for `[http] reply_timeout_ms`.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::UPGRADE;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fep_spec::document::instead;
use futures_util::{Stream as Events, StreamExt, stream};
use serde::Deserialize;

use super::Shared;
use super::access::Who;
use super::ends::Ends;
use super::error::ApiError;
use super::events::{KEEP_ALIVE, UNBUFFERED};
use super::exchanges::unreadable;
use super::held::Upgrading;
use super::origin::refuse_foreign_page;
use super::source::{Address, Network};
use super::web_socket;
use crate::config::{Action, WhenSlow};
use crate::contract::StreamList;
use crate::contract::problem::Problem;
use crate::streams::{Filter, NotJoined, Stream, Telling, Terms};

/// The most instruments that a consumer can name, and the longest time between two telegrams of one.
const KEYS_MAX: usize = 1000;
const EVERY_MAX_MS: u64 = 60_000;

/// What a consumer asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamQuery {
    keys: Option<String>,
    telegrams: Option<String>,
    every_ms: Option<u64>,
    when_slow: Option<String>,
    buffer: Option<usize>,
}

/// `GET /v1/streams`: those that the client may read.
pub(super) async fn list(State(shared): State<Shared>, who: Who) -> Json<StreamList> {
    let mut streams = shared.gateway.streams();
    streams.retain(|stream| who.may_read_stream(&stream.stream));
    // Who else reads quotes is the business of those who may read everything.
    if who.may(Action::Read, None, None).is_err() {
        let others = streams.iter_mut().flat_map(|stream| &mut stream.consumers);
        others.filter(|consumer| consumer.client.as_deref() != who.name()).for_each(|consumer| consumer.client = None);
    }
    Json(StreamList { streams })
}

/// `GET /v1/streams/{stream}`: a snapshot, then every event.
pub(super) async fn follow(
    State(shared): State<Shared>,
    (who, ends, address): (Who, Ends, Option<Extension<Address>>),
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<StreamQuery>, QueryRejection>,
    headers: HeaderMap,
    upgrading: Option<Extension<Upgrading>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let stopped = shared.stream_ends(ends);
    let network = Network::of(address.map(|Extension(address)| address));
    if !wants_web_socket(&headers) {
        let telling = joined(&shared, (&who, network), name, query).await?;
        let events = events(telling).take_until(Box::pin(stopped));
        let events = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
        return Ok((UNBUFFERED, events).into_response());
    }
    refuse_foreign_page(&headers)?;
    let upgrade = upgrade.map_err(|error| ApiError::new(Problem::Upgrade, error.body_text()))?;
    let telling = joined(&shared, (&who, network), name, query).await?;
    let upgrading = upgrading.map(|Extension(upgrading)| upgrading);
    Ok(web_socket::carry(upgrade, telling, stopped, upgrading, shared.reply_timeout))
}

/// Whether a client asks for a WebSocket. Some clients offer other protocols with each request, and take a reply as well.
fn wants_web_socket(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(UPGRADE).iter().filter_map(|offered| offered.to_str().ok());
    offered.flat_map(|offered| offered.split(',')).any(|offered| offered.trim().eq_ignore_ascii_case("websocket"))
}

/// Lets a client join a stream, if it may.
async fn joined(
    shared: &Shared,
    (who, network): (&Who, Network),
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<StreamQuery>, QueryRejection>,
) -> Result<Telling, ApiError> {
    let Path(name) = name.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    // Who may not read a stream does not learn whether it is there.
    if !who.may_read_stream(&name) {
        let message = format!("{} has no right to read the stream {name}", who.name().unwrap_or_default());
        return Err(ApiError::new(Problem::Forbidden, message).with("action", Action::Read.name()));
    }
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    let stream = shared.gateway.stream(&name).ok_or_else(|| unknown(shared, who, &name))?;
    let (buffer, when_slow, terms) = wanted(&stream, &query)?;
    let holder = who.name().map_or_else(|| format!("who comes from {network}"), str::to_owned);
    let joined = stream.join((who.name(), &holder), buffer, when_slow).await;
    let joined = joined.map_err(|why| match why {
        NotJoined::Full => {
            let message = format!("{} consumers follow {name} already: `consumers_max`", stream.config().consumers_max);
            ApiError::new(Problem::TooManyListeners, message)
        }
        NotJoined::OwnShare(has) => {
            let message = format!(
                "{holder} follows {name} {has} times already, as often as one client may: `consumers_per_client_max`"
            );
            ApiError::new(Problem::TooManyListeners, message).with("own", has)
        }
        NotJoined::Stopped => ApiError::new(Problem::Stopped, format!("the stream {name} was stopped")),
    })?;
    Ok(Telling::new(joined, terms))
}

fn unknown(shared: &Shared, who: &Who, name: &str) -> ApiError {
    let streams = shared.gateway.running_streams();
    let known: Vec<&str> =
        streams.iter().map(|stream| stream.name()).filter(|name| who.may_read_stream(name)).collect();
    let message = match known.as_slice() {
        [] => "this gateway has no streams: add a table [streams.NAME] to its configuration".to_owned(),
        known => format!("there is no stream `{name}`: {}", instead(name, known)),
    };
    ApiError::new(Problem::UnknownStream, message)
}

/// What a consumer wants, within what the configuration allows.
fn wanted(stream: &Stream, query: &StreamQuery) -> Result<(usize, WhenSlow, Terms), ApiError> {
    let refused = |message: String| ApiError::new(Problem::Query, message);
    let config = stream.config();
    let buffer = query.buffer.unwrap_or(config.buffer_events);
    let max = config.buffer_events_max;
    if buffer == 0 || buffer > max {
        return Err(refused(format!("`buffer` is {buffer}, it must be 1 to {max}: `buffer_events_max`")));
    }
    let when_slow = match query.when_slow.as_deref() {
        None => config.when_slow,
        Some(word) => {
            let found = WhenSlow::ALL.iter().find(|(known, _)| *known == word).map(|(_, policy)| *policy);
            found.ok_or_else(|| {
                refused(format!("`when_slow` is {word:?}: {}", instead(word, &WhenSlow::ALL.map(|(word, _)| word))))
            })?
        }
    };
    if let Some(every) = query.every_ms.filter(|every| !(1..=EVERY_MAX_MS).contains(every)) {
        return Err(refused(format!("`every_ms` is {every}, it must be 1 to {EVERY_MAX_MS}")));
    }
    let kinds = query.telegrams.as_deref().map(|names| kinds(stream, names)).transpose()?;
    let keys = query.keys.as_deref().map(|keys| keys.split(',').map(str::to_owned).collect::<BTreeSet<_>>());
    if keys.as_ref().is_some_and(|keys| keys.len() > KEYS_MAX) {
        return Err(refused(format!("`keys` has more than {KEYS_MAX} instruments: leave it out and choose among all")));
    }
    if keys.is_some() && config.key.is_empty() {
        return Err(refused(format!("`keys` chooses instruments, and the stream {} has no `key`", stream.name())));
    }
    let every = query.every_ms.map(Duration::from_millis);
    Ok((buffer, when_slow, Terms { filter: Filter { kinds, keys }, every }))
}

fn kinds(stream: &Stream, names: &str) -> Result<BTreeSet<usize>, ApiError> {
    let kind = |name: &str| {
        stream.kinds().find(name).ok_or_else(|| {
            let known: Vec<&str> = stream.kinds().names().collect();
            let message = format!("the stream {} has no telegram `{name}`: {}", stream.name(), instead(name, &known));
            ApiError::new(Problem::Query, message)
        })
    };
    names.split(',').map(kind).collect()
}

/// Every event with its name; the ID of a telegram is its number.
fn events(telling: Telling) -> impl Events<Item = Result<SseEvent, Infallible>> {
    stream::unfold(telling, |mut telling| async move {
        let shown = telling.next().await?;
        let event = SseEvent::default().event(shown.name).data(shown.json);
        let event = match shown.id {
            Some(id) => event.id(id.to_string()),
            None => event,
        };
        Some((Ok(event), telling))
    })
}
