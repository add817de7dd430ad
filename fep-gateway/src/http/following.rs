//! `GET /v1/exchanges/{id}/events`: server-sent events about one exchange, for services of slow institutions.
//!
//! `event: exchange` has what `GET /v1/exchanges/{id}` replies: first as it is now, then after each change. `event: facts` has the number of its
//! facts after a step that changes nothing of that reply, such as an inquiry: `GET /v1/exchanges/{id}/view` shows it. `event: end` says that
//! nothing follows: the exchange was answered, was not sent, or is settled, or the stream has its longest duration. A client that comes
//! again gets the present state first, so it misses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use fep_protocol::exchange::{Exchange, Outcome};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::access::Who;
use super::ends::Ends;
use super::error::ApiError;
use super::events::{KEEP_ALIVE, UNBUFFERED};
use super::exchanges::{find, reply_json};
use super::followed::Follower;
use crate::contract::problem::Problem;

/// The maximum number of clients that follow an exchange at the same time.
pub(super) const FOLLOWERS_MAX: usize = 1000;

/// The longest duration of a stream. An unknown exchange may wait for a person for days.
const STREAM_MAX: Duration = Duration::from_secs(600);

/// `GET /v1/exchanges/{id}/events`
pub(super) async fn follow(
    State(shared): State<Shared>,
    who: Who,
    ends: Ends,
    id: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let place = Arc::clone(&shared.followers).try_acquire_owned().map_err(|_| {
        let message = format!("{FOLLOWERS_MAX} clients follow an exchange already; ask GET /v1/exchanges/{{id}}");
        ApiError::new(Problem::TooManyListeners, message)
    })?;
    let Path(name) = id.map_err(|error| ApiError::new(Problem::Path, error.body_text()))?;
    // It follows before it looks, so no change is missed in between.
    let follower = name.parse().ok().map(|id| shared.events.follow(id));
    let exchange = find(&shared, &who, &name).await?;
    let stopped = shared.stream_ends(ends);
    let states = follower.map(|follower| states(shared, who, follower, exchange, place));
    let states = stream::iter(states).flatten().take_until(Box::pin(stopped));
    Ok((UNBUFFERED, Sse::new(states).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

/// What a stream has to say next.
enum Next {
    Show(Box<Exchange>),
    Wait,
    End,
}

/// What a client was shown last.
#[derive(Default)]
struct Shown {
    json: String,
    /// The number of facts.
    facts: usize,
}

/// The exchange now and after each change, until nothing follows.
fn states(
    shared: Shared,
    who: Who,
    follower: Follower,
    first: Exchange,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    let until = Instant::now() + STREAM_MAX;
    let begin = ((shared, who), follower, Shown::default(), Some(Next::Show(Box::new(first))), place);
    stream::unfold(begin, move |(seen_by, mut follower, mut shown, mut next, place)| async move {
        let (shared, who) = &seen_by;
        loop {
            next = match next? {
                Next::Show(exchange) => {
                    let json = reply_json(shared, who, &exchange);
                    let after = if is_final(&exchange) { Next::End } else { Next::Wait };
                    // If the journal cannot be read now, the next look counts.
                    let facts = shared.gateway.timeline(&exchange.id).await.map_or(shown.facts, |facts| facts.len());
                    let name =
                        if json != shown.json { Some("exchange") } else { (facts > shown.facts).then_some("facts") };
                    shown = Shown { json, facts };
                    if let Some(name) = name {
                        let data =
                            if name == "facts" { json!({ "facts": facts }).to_string() } else { shown.json.clone() };
                        let event = SseEvent::default().event(name).data(data);
                        return Some((Ok(event), (seen_by, follower, shown, Some(after), place)));
                    }
                    Some(after)
                }
                Next::Wait if timeout_at(until, follower.changed()).await.is_err() => Some(Next::End),
                Next::Wait => match shared.gateway.find(&follower.id).await {
                    Ok(Some(exchange)) => Some(Next::Show(Box::new(exchange))),
                    // The journal cannot be read now, or the exchange was removed: the client may ask again.
                    Ok(None) | Err(_) => Some(Next::End),
                },
                Next::End => {
                    let event = SseEvent::default().event("end").data("{}");
                    return Some((Ok(event), (seen_by, follower, shown, None, place)));
                }
            };
        }
    })
}

/// Whether nothing more is expected.
fn is_final(exchange: &Exchange) -> bool {
    match exchange.outcome {
        Some(Outcome::Answered | Outcome::NotSent) => true,
        Some(Outcome::Unknown) => exchange.settled_by.is_some(),
        None => false,
    }
}
