//! Sends one request and asks until it has a state. Each attempt has an idempotency key that depends on the batch, the date and the number of the
//! request alone, so that a batch that begins again asks for the same exchanges.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, Method};
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::fate::{Fate, Outcome, Reply, fate};
use super::input::Request;
use super::ledger::State;
use super::plan::Plan;
use super::progress::Progress;
use crate::client::{Client, Failed, Replied};
use crate::config::secret_file;
use crate::tls::Party;

/// How many digits of the digest are in the name of a request.
const DIGEST_DIGITS: usize = 16;

/// How long requests that are on their way are waited for after the batch was stopped. The journal of the gateway knows them.
const LEAVE_AFTER: Duration = Duration::from_secs(30);

/// How long a reply is waited for. The gateway replies when the exchange has an outcome.
const REPLY_MAX: Duration = Duration::from_secs(600);

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

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
    /// Why requests wait. `None` if the last reply was an outcome.
    trouble: Mutex<Option<String>>,
    stop: watch::Receiver<bool>,
}

/// What became of the wish to send a request.
#[derive(Debug)]
pub(super) enum Sent {
    /// It has a state.
    Ended(Outcome),
    /// The batch was stopped before it had one.
    Left,
    /// The batch has to stop.
    Stop(String),
}

impl Sender {
    /// A sender with the token of the plan.
    ///
    /// # Errors
    /// If the token cannot be read or used.
    pub(super) fn new(
        plan: &Arc<Plan>,
        (date, digest): (&str, &str),
        stop: watch::Receiver<bool>,
    ) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The urgency of what nobody waits for (RFC 9218): the gateway lets others go first.
        headers.insert(HeaderName::from_static("priority"), HeaderValue::from_static("u=7"));
        if let Some(path) = &plan.token_file {
            let token = secret_file::read(path)?;
            let value = HeaderValue::try_from(format!("Bearer {}", token.trim()));
            let mut value = value.map_err(|_| format!("{}: it is no token", path.display()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self {
            client: Client::new(&plan.gateway, Party::Gateway, CONNECT_MAX),
            headers,
            path: format!("/v1/institutions/{}/exchanges/{}", segment(&plan.institution), segment(&plan.telegram)),
            report_path: format!("/v1/batches/{}/{date}", segment(&plan.name)),
            keys: format!("batch:{}:{date}", plan.name),
            digest: digest.chars().take(DIGEST_DIGITS).collect(),
            trouble: Mutex::default(),
            stop,
            plan: Arc::clone(plan),
        })
    }

    /// Why requests wait now.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn waits_because(&self, why: Option<String>) {
        // One assignment, so it is complete even after a panic elsewhere.
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Sends a request, and asks until it has a state or the batch is stopped.
    pub(super) async fn send(&self, request: &Request) -> Sent {
        let body = Bytes::from(Json::Object(request.fields.clone()).to_string());
        let id = format!("{}:{}@{}", self.keys, request.number, self.digest);
        let mut attempt = 1;
        loop {
            let key = self.key(request.number, attempt);
            let asked = self.ask((Method::POST, &self.path), Some((&key, &id)), &body);
            let (fate, wait) = tokio::select! {
                asked = asked => asked,
                () = self.left() => return Sent::Left,
            };
            match fate {
                Fate::Ended(outcome) => {
                    self.waits_because(None);
                    return Sent::Ended(outcome);
                }
                Fate::NotSent(outcome) if attempt >= self.plan.attempts_max => return Sent::Ended(outcome),
                Fate::NotSent(outcome) => {
                    self.waits_because(outcome.reason);
                    attempt += 1;
                }
                Fate::Again(why) => self.waits_because(Some(why)),
                Fate::Stop(why) => return Sent::Stop(why),
            }
            if !self.waited(wait).await {
                return Sent::Left;
            }
        }
    }

    /// Asks what is known about an exchange. `None`: nothing new.
    pub(super) async fn look_up(&self, exchange: &str) -> Option<Outcome> {
        let path = format!("/v1/exchanges/{}", segment(exchange));
        match self.ask((Method::GET, &path), None, &Bytes::new()).await.0 {
            Fate::Ended(outcome) | Fate::NotSent(outcome) => Some(outcome),
            Fate::Again(_) | Fate::Stop(_) => None,
        }
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
        let _ = self.client.ask((Method::PUT, &self.report_path), &self.headers, &body, TELL_MAX).await;
    }

    /// Asks once: what becomes of the request, and how long to wait before it is asked again.
    async fn ask(&self, what: (Method, &str), names: Option<(&str, &str)>, body: &Bytes) -> (Fate, Duration) {
        let mut headers = self.headers.clone();
        if let Some((key, id)) = names {
            for (name, value) in [("idempotency-key", key), ("x-request-id", id)] {
                match HeaderValue::try_from(value) {
                    Ok(value) => drop(headers.insert(HeaderName::from_static(name), value)),
                    Err(error) => return (Fate::Stop(error.to_string()), Duration::ZERO),
                }
            }
        }
        let replied = match self.client.ask(what, &headers, body, REPLY_MAX).await {
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

    fn key(&self, number: u64, attempt: u32) -> String {
        format!("{}:{number}:{attempt}", self.keys)
    }

    /// Completes when the batch was stopped and what was on its way had its time.
    async fn left(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody can stop it any more.
            std::future::pending::<()>().await;
        }
        sleep(LEAVE_AFTER).await;
    }

    /// Waits. Returns false if the batch was stopped meanwhile.
    async fn waited(&self, wait: Duration) -> bool {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = sleep(wait) => !*self.stop.borrow(),
            _ = stop.wait_for(|stop| *stop) => false,
        }
    }
}

/// How long the gateway asks to wait.
fn wait_of(replied: &Replied) -> Option<Duration> {
    let seconds = replied.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

/// A name as a segment of a path.
fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
