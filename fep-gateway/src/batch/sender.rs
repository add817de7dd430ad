//! Sends one request, or asks for what became of it. Its idempotency key depends on the batch, the date and the number of the request alone, so that a
//! batch that begins again asks for the same exchanges. When it is sent again is decided by `running`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Value as Json, json};

use super::fate::{Fate, Reply, fate};
use super::input::Request;
use super::ledger::State;
use super::plan::Plan;
use super::progress::Progress;
use crate::client::{Client, Failed, Replied, bearer, segment};
use crate::followed_clock::Reading;
use crate::tls::Party;

/// How many digits of the digest are in the name of a request.
const DIGEST_DIGITS: usize = 16;

/// How long a reply is waited for. The gateway replies when the exchange has an outcome.
const REPLY_MAX: Duration = Duration::from_secs(600);

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Where the business clock of the gateway is.
const CLOCK: &str = "/v1/clock";

/// How long a report of the progress may take.
const TELL_MAX: Duration = Duration::from_secs(5);

/// The longest note of a report, in characters.
const NOTE_MAX_CHARS: usize = 300;

/// The longest wait that a gateway can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);

/// Sends the requests of one batch.
pub(super) struct Sender {
    plan: Arc<Plan>,
    client: Client,
    headers: HeaderMap,
    path: String,
    report_path: String,
    /// What each key begins with.
    keys: String,
    /// The first digits of the digest of the file of requests.
    digest: String,
    /// The token that is shown.
    token: Mutex<Option<HeaderValue>>,
}

impl Sender {
    /// A sender with the token of the plan.
    ///
    /// # Errors
    /// If the token cannot be read or used.
    pub(super) fn new(plan: &Arc<Plan>, (date, digest): (&str, &str)) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The urgency of what nobody waits for (RFC 9218): the gateway lets others go first.
        headers.insert(HeaderName::from_static("priority"), HeaderValue::from_static("u=7"));
        let token = plan.token_file.as_deref().map(bearer).transpose()?;
        Ok(Self {
            client: Client::new(&plan.gateway, Party::Gateway, CONNECT_MAX),
            headers,
            path: format!("/v1/institutions/{}/exchanges/{}", segment(&plan.institution), segment(&plan.telegram)),
            report_path: format!("/v1/batches/{}/{date}", segment(&plan.name)),
            keys: format!("batch:{}:{date}", plan.name),
            digest: digest.chars().take(DIGEST_DIGITS).collect(),
            token: Mutex::new(token),
            plan: Arc::clone(plan),
        })
    }

    /// Sends a request once, or asks for what became of it: what becomes of it now, and how long to wait before it is sent again.
    pub(super) async fn send(&self, request: &Request) -> (Fate, Duration) {
        let body = Bytes::from(Json::Object(request.fields.clone()).to_string());
        let key = format!("{}:{}", self.keys, request.number);
        let id = format!("{key}@{}", self.digest);
        self.ask((Method::POST, &self.path), Some((&key, &id)), &body).await
    }

    /// Asks what is known about an exchange.
    pub(super) async fn look_up(&self, exchange: &str) -> Fate {
        let path = format!("/v1/exchanges/{}", segment(exchange));
        self.ask((Method::GET, &path), None, &Bytes::new()).await.0
    }

    /// Tells the gateway how far the batch is, for its console. Nothing depends on it, so a gateway that does not take it is not asked again soon.
    pub(super) async fn tell(&self, progress: &Progress, word: &str) {
        let failed = [State::NotDone, State::Reversed, State::Refused].map(|state| progress.with(state).requests);
        let note = progress.note.as_deref().map(|note| {
            let line = note.chars().map(|of| if of.is_control() { ' ' } else { of });
            line.take(NOTE_MAX_CHARS).collect::<String>()
        });
        let mut report = json!({
            "institution": self.plan.institution,
            "telegram": self.plan.telegram,
            "state": word,
            "requests": progress.all.requests,
            "done": progress.with(State::Done).requests,
            "failed": failed.iter().sum::<u64>(),
            "unknown": progress.with(State::Unknown).requests,
            "in_flight": progress.in_flight,
        });
        if let (Some(note), Some(report)) = (note, report.as_object_mut()) {
            report.insert("note".to_owned(), note.into());
        }
        let body = Bytes::from(report.to_string());
        let headers = with_token(&self.headers, self.token_now().as_ref());
        let _ = self.client.ask((Method::PUT, &self.report_path), &headers, &body, TELL_MAX).await;
    }

    /// What the business clock of the gateway shows.
    ///
    /// # Errors
    /// If it does not say. An older gateway has no such clock.
    pub(super) async fn clock(&self) -> Result<Reading, String> {
        let headers = with_token(&self.headers, self.token_now().as_ref());
        let asked = Instant::now();
        let replied = self.client.ask((Method::GET, CLOCK), &headers, &Bytes::new(), TELL_MAX).await;
        let replied = replied.map_err(|failed| match failed {
            Failed::NotSent(why) | Failed::NoReply(why) => why,
        })?;
        if replied.status != StatusCode::OK {
            return Err(format!("{CLOCK} answered {}", replied.status));
        }
        Reading::parse(&replied.body, asked.elapsed())
    }

    /// Asks once, and once more if the token was renewed meanwhile.
    async fn ask(&self, what: (Method, &str), names: Option<(&str, &str)>, body: &Bytes) -> (Fate, Duration) {
        let mut headers = self.headers.clone();
        for (name, value) in names.into_iter().flat_map(|(key, id)| [("idempotency-key", key), ("x-request-id", id)]) {
            match HeaderValue::try_from(value) {
                Ok(value) => drop(headers.insert(HeaderName::from_static(name), value)),
                Err(error) => return (Fate::Stop(error.to_string()), Duration::ZERO),
            }
        }
        let shown = self.token_now();
        let mut replied = self.asked(&what, with_token(&headers, shown.as_ref()), body).await;
        let is_refused = matches!(&replied, Ok(replied) if replied.status == StatusCode::UNAUTHORIZED);
        if is_refused && let Some(renewed) = self.renewed(shown.as_ref()) {
            replied = self.asked(&what, with_token(&headers, Some(&renewed)), body).await;
        }
        let replied = match replied {
            Ok(replied) => replied,
            // With the same key it does not matter whether the gateway has the request.
            Err(Failed::NotSent(why) | Failed::NoReply(why)) => {
                return (Fate::Again(format!("the gateway: {why}")), self.plan.retry);
            }
        };
        let wait = wait_of(&replied).unwrap_or(self.plan.retry);
        let reply =
            Reply { status: replied.status.as_u16(), body: serde_json::from_slice(&replied.body).unwrap_or_default() };
        (fate(&reply, &self.plan.accepted, names.map(|(_, id)| id)), wait)
    }

    async fn asked(&self, what: &(Method, &str), headers: HeaderMap, body: &Bytes) -> Result<Replied, Failed> {
        self.client.ask((what.0.clone(), what.1), &headers, body, REPLY_MAX).await
    }

    fn token_now(&self) -> Option<HeaderValue> {
        // A change is one assignment, so it is complete even after a panic elsewhere.
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The token in the file, if it is another one than the one that was shown.
    fn renewed(&self, shown: Option<&HeaderValue>) -> Option<HeaderValue> {
        let token = bearer(self.plan.token_file.as_deref()?).ok()?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        (Some(&token) != shown).then_some(token)
    }
}

fn with_token(headers: &HeaderMap, token: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = headers.clone();
    headers.extend(token.map(|token| (AUTHORIZATION, token.clone())));
    headers
}

/// How long the gateway asks to wait.
fn wait_of(replied: &Replied) -> Option<Duration> {
    let seconds = replied.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
