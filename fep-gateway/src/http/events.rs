//! `GET /v1/events`: server-sent events until the client disconnects or the gateway stops.
//!
//! One task makes the text of each event once, for all clients. It shows at most a number of exchanges each second: nobody
//! can read more, and listeners must not slow the exchanges down. How many it left out is an event of its own.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use fep_protocol::budget::Budget;
use fep_protocol::exchange::{Event, ExchangeId};
use futures_util::{FutureExt, Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::access::Who;
use super::ends::Ends;
use super::error::ApiError;
use super::exchanges::unreadable;
use super::followed::{Followed, Follower};
use super::scope::{ScopeWord, scope_of};
use super::{LISTENERS_MAX, Shared};
use crate::config::Action;
use crate::contract::notices::notice_summary;
use crate::contract::problem::Problem;
use crate::contract::view::summary;
use crate::gateway::Gateway;
use crate::telegrams::TelegramCatalogue;

/// How often a silent stream sends a keep-alive. Proxies close streams that send nothing.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The number of exchange events each second, and in one burst. The rest is counted.
const SHOWN_PER_S: u32 = 200;
const SHOWN_BURST: u32 = 400;

/// The pause between two reports of events that were left out.
const MISSED_PAUSE: Duration = Duration::from_secs(1);

/// The number of events that a client may fall behind.
const BEHIND_MAX: usize = 1024;

/// Makes the texts of events for all clients.
#[derive(Clone)]
pub(super) struct EventHub {
    gateway: Gateway,
    texts: broadcast::Sender<Text>,
    followed: Followed,
    /// Whether the task runs.
    running: Arc<Mutex<bool>>,
}

/// Proxies must forward events without buffering.
pub(super) const UNBUFFERED: [(HeaderName, &str); 2] =
    [(CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];

/// The name of an event and its JSON.
#[derive(Clone)]
struct Text {
    name: &'static str,
    json: Arc<str>,
    /// The institution that it is about, and the telegram. `None` if it is about none.
    about: Option<(Arc<str>, Option<Arc<str>>)>,
}

/// What a client asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventQuery {
    scope: Option<ScopeWord>,
}

impl EventHub {
    pub(super) fn new(gateway: Gateway) -> Self {
        let (texts, _) = broadcast::channel(BEHIND_MAX);
        Self { gateway, texts, followed: Followed::default(), running: Arc::default() }
    }

    /// Adds a client. The first one starts the task.
    fn listen(&self) -> broadcast::Receiver<Text> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let texts = self.texts.subscribe();
        self.start(&mut running);
        texts
    }

    /// Adds a client that follows one exchange.
    pub(super) fn follow(&self, id: ExchangeId) -> Follower {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let follower = self.followed.follow(id);
        self.start(&mut running);
        follower
    }

    fn start(&self, running: &mut bool) {
        if !std::mem::replace(running, true) {
            let hub = self.clone();
            let events = self.gateway.subscribe();
            tokio::spawn(async move { hub.run(events).await });
        }
    }

    /// Runs until no client listens.
    async fn run(self, mut events: broadcast::Receiver<Event>) {
        let started = Instant::now();
        let mut budget = Budget::new(SHOWN_PER_S, SHOWN_BURST, Duration::ZERO);
        let mut missed = 0_u64;
        let mut report = tokio::time::interval(MISSED_PAUSE);
        loop {
            tokio::select! {
                event = events.recv().map(|event| self.passed_to_followers(event)) => match event {
                    // Who only follows exchanges needs no texts.
                    Ok(_) if self.texts.receiver_count() == 0 => {}
                    Ok(Event::Exchange(exchange)) if budget.take(started.elapsed()) => {
                        let catalogue = self.gateway.catalogue(&exchange.institution);
                        let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
                        let about = (Arc::clone(&exchange.institution), Some(Arc::clone(&exchange.telegram)));
                        let json = serde_json::to_string(&summary(&exchange, spec)).unwrap_or_default();
                        self.tell("exchange", &json, Some(about));
                    }
                    Ok(Event::Notice(id)) if budget.take(started.elapsed()) => self.notice(&id).await,
                    Ok(Event::Exchange(_) | Event::Notice(_)) => missed += 1,
                    Ok(Event::Line(line)) => {
                        let about = (line.institution.as_str().into(), None);
                        self.tell("line", &serde_json::to_string(&*line).unwrap_or_default(), Some(about));
                    }
                    Err(RecvError::Lagged(count)) => missed += count,
                    Err(RecvError::Closed) => return,
                },
                _ = report.tick() => {
                    if missed > 0 {
                        self.tell("missed", &json!({ "missed": missed }).to_string(), None);
                        missed = 0;
                    }
                    let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                    if self.texts.receiver_count() == 0 && self.followed.is_empty() {
                        *running = false;
                        return;
                    }
                }
            }
        }
    }

    fn passed_to_followers(&self, event: Result<Event, RecvError>) -> Result<Event, RecvError> {
        match &event {
            Ok(Event::Exchange(exchange)) => self.followed.changed(&exchange.id),
            Err(RecvError::Lagged(_)) => self.followed.all_changed(),
            Ok(Event::Line(_) | Event::Notice(_)) | Err(RecvError::Closed) => {}
        }
        event
    }

    /// Shows a notice as it is now. A notice that cannot be read now is shown with its next change.
    async fn notice(&self, id: &ExchangeId) {
        if let Ok(Some(notice)) = self.gateway.find_notice(id).await {
            let catalogue = self.gateway.catalogue(&notice.institution);
            let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
            let about = (Arc::clone(&notice.institution), Some(Arc::clone(&notice.telegram)));
            let json = serde_json::to_string(&notice_summary(&notice, spec)).unwrap_or_default();
            self.tell("notice", &json, Some(about));
        }
    }

    fn tell(&self, name: &'static str, json: &str, about: Option<(Arc<str>, Option<Arc<str>>)>) {
        // The last client may have gone meanwhile.
        let _ = self.texts.send(Text { name, json: json.into(), about });
    }
}

/// Streams `event: exchange` and `event: notice` with a summary, `event: line` with a line, and `event: missed` with the number of events that were
/// left out.
///
/// # Errors
/// If the client may not read everything and does not ask for `scope=readable`, or too many clients listen already. The number is limited because each of them keeps a connection.
pub(super) async fn events(
    State(shared): State<Shared>,
    who: Who,
    ends: Ends,
    query: Result<Query<EventQuery>, QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let Query(query) = query.map_err(|error| unreadable(&error))?;
    // With a scope, each event is looked at.
    let is_narrow = scope_of(&who, query.scope, None, None)?.is_some();
    let place = Arc::clone(&shared.listeners).try_acquire_owned().map_err(|_| {
        let message = format!("{LISTENERS_MAX} clients listen to events already");
        ApiError::new(Problem::TooManyListeners, message)
    })?;
    let stopped = shared.stream_ends(ends);
    let stream =
        stream(shared.events.listen(), is_narrow.then_some(who)).take_until(Box::pin(stopped)).inspect(move |_| {
            // The stream owns the permit and returns it when it is dropped.
            let _ = &place;
        });
    Ok((UNBUFFERED, Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

/// The events that a client may read. `None` stands for one that may read all of them.
fn stream(texts: broadcast::Receiver<Text>, who: Option<Who>) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    BroadcastStream::new(texts).filter_map(move |text| {
        let event = match text {
            Ok(text) if who.as_ref().is_some_and(|who| !reads(who, &text)) => None,
            Ok(Text { name, json, .. }) => Some(SseEvent::default().event(name).data(&*json)),
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                Some(SseEvent::default().event("missed").data(json!({ "missed": missed }).to_string()))
            }
        };
        std::future::ready(event.map(Ok))
    })
}

/// Whether a client may read an event: of a line, whoever may read something of its institution, as in the list of lines.
fn reads(who: &Who, text: &Text) -> bool {
    match &text.about {
        None => true,
        Some((institution, None)) => who.may_some(Action::Read, institution),
        Some((institution, telegram)) => who.may(Action::Read, Some(institution), telegram.as_deref()).is_ok(),
    }
}
