//! One message from its arrival to its end: it becomes an exchange, and what became of it goes to a topic.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::backoff::Backoff;
use fep_protocol::exchange::{Caller, Exchange, Outcome};
use metrics::counter;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::fate::{Fate, Said, fate};
use super::message::{self, Bad, Past, Request, TopicMessage};
use super::poster::{Post, PostError, Poster};
use super::result::{Content, Source, Told, VERSION, reply};
use super::rights::Rights;
use crate::config::RequestsConfig;
use crate::contract::problem::Problem;
use crate::gateway::{Gateway, Refusal, RequestOptions};
use crate::http::{self, ApiError};
use crate::telegrams::TelegramCatalogue;
use crate::time::Rfc3339;

/// How long it takes until the gateway is asked again about an exchange that runs.
const WAIT_PAUSE: Duration = Duration::from_millis(100);

/// The shortest and the longest pause after a topic took nothing.
const RETRY_MIN: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The longest history of attempts, in bytes.
const HISTORY_MAX_BYTES: usize = 2000;

/// What all messages of a cluster need.
pub(super) struct Desk {
    pub(super) gateway: Gateway,
    pub(super) rights: Rights,
    pub(super) config: RequestsConfig,
    /// The name of the journal.
    pub(super) journal: String,
    /// The name of the cluster.
    pub(super) cluster: String,
    pub(super) poster: Poster,
    /// Nothing begins any more.
    pub(super) stop: CancellationToken,
    pub(super) entering: Entering,
    pub(super) tally: Arc<Tally>,
}

/// What was counted since the gateway started, for each topic in the order of the configuration.
#[derive(Debug)]
pub(super) struct Tally(Vec<Counts>);

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    dead_letters: AtomicU64,
}

impl Tally {
    pub(super) fn new(topics: usize) -> Self {
        Self(std::iter::repeat_with(Counts::default).take(topics).collect())
    }

    /// The messages that were taken, and those that went to the dead letters.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|of| (of.taken.load(Ordering::Relaxed), of.dead_letters.load(Ordering::Relaxed)))
    }

    fn add(&self, topic: usize, which: impl Fn(&Counts) -> &AtomicU64) {
        if let Some(counts) = self.0.get(topic) {
            which(counts).fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The number of messages that were claimed and that the gateway has not taken yet. When it stops, they are let in first, because nobody else
/// may send what was claimed.
#[derive(Clone, Debug, Default)]
pub(super) struct Entering {
    enter: Arc<AtomicUsize>,
    /// Those of each cluster that wait for others.
    waiting: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// A message that enters. Dropping it says that the gateway has taken it, or never will.
#[derive(Debug)]
pub(super) struct Enters(Arc<AtomicUsize>);

impl Entering {
    pub(super) fn one(&self) -> Enters {
        self.enter.fetch_add(1, Ordering::SeqCst);
        Enters(Arc::clone(&self.enter))
    }

    /// Notes how many claimed messages of a cluster wait.
    pub(super) fn holds(&self, cluster: &str, count: usize) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.get_mut(cluster) {
            Some(known) => *known = count,
            None => drop(waiting.insert(cluster.to_owned(), count)),
        }
    }

    pub(super) fn count(&self) -> usize {
        let waiting: usize = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).values().sum();
        self.enter.load(Ordering::SeqCst) + waiting
    }
}

impl Drop for Enters {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A message at its place.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    /// 0 for the topic of requests, else the number of the retry topic.
    pub(super) topic: usize,
    /// `TOPIC/PARTITION/OFFSET`.
    pub(super) place: String,
    pub(super) message: TopicMessage,
}

/// What is known about a message while it is served.
struct Served<'d> {
    desk: &'d Desk,
    arrived: &'d Arrived,
    past: Past,
    request: Option<Request>,
}

impl Desk {
    /// Serves a message. Returns whether what became of it is durable; otherwise it comes again.
    pub(super) async fn serve(&self, arrived: &Arrived, is_doubtful: bool, enters: Enters) -> bool {
        self.tally.add(arrived.topic, |counts| &counts.taken);
        let mut served = Served { desk: self, arrived, past: Past::default(), request: None };
        match served.fate(is_doubtful, enters).await {
            Fate::Result(exchange) => served.result(Some(&exchange), None, status(&exchange)).await,
            Fate::Retry { topic, reason } => served.retry(topic, &reason).await,
            Fate::Dead { code, why, status, exchange } => {
                warn!(
                    cluster = self.cluster,
                    place = arrived.place,
                    code,
                    why,
                    "a request from a topic is a dead letter"
                );
                served.dead(&code, &why).await && served.result(exchange.as_deref(), Some((&code, &why)), status).await
            }
            Fate::Wait | Fate::Leave => false,
        }
    }

    fn count(&self, became: &'static str) {
        counter!("fep_intake_messages_total", "cluster" => self.cluster.clone(), "became" => became).increment(1);
    }

    /// Posts the first of these that its topic takes, and tries until then. Returns whether one was taken, or none can ever be.
    async fn post(&self, posts: Vec<Post<'_>>) -> bool {
        let mut backoff = Backoff::new(RETRY_MIN, RETRY_MAX);
        for post in &posts {
            loop {
                match self.poster.post(post).await {
                    Ok(()) => return true,
                    Err(PostError::ForGood(why)) => {
                        error!(cluster = self.cluster, topic = post.topic, why, "a topic never takes this message");
                        break;
                    }
                    Err(PostError::Now(why)) => {
                        counter!("fep_intake_failures_total", "cluster" => self.cluster.clone()).increment(1);
                        info!(cluster = self.cluster, topic = post.topic, why, "a topic takes nothing now");
                        tokio::select! {
                            () = sleep(backoff.failed(self.gateway.feed().seed())) => {}
                            () = self.stop.cancelled() => return false,
                        }
                    }
                }
            }
        }
        self.count("lost");
        true
    }
}

impl Served<'_> {
    async fn fate(&mut self, is_doubtful: bool, enters: Enters) -> Fate {
        let mut enters = Some(enters);
        let request = match self.read() {
            Ok(request) => request,
            Err(Bad { code, why }) => return dead(code, why, 400),
        };
        let elsewhere = self.past.journal.as_ref().is_some_and(|journal| *journal != self.desk.journal);
        if is_doubtful || elsewhere {
            let why = "a gateway with another journal may have sent it: look there, or ask the institution";
            return dead("begun_elsewhere", why.to_owned(), 504);
        }
        let desk = self.desk;
        let institution = &*request.institution;
        let telegram = &*request.telegram;
        if let Err(why) = desk.rights.may_send(institution, telegram, || desk.gateway.specs()) {
            return dead(Problem::Forbidden.meaning().code, why, 403);
        }
        let fields = match http::fields(self.arrived.message.value.as_deref().unwrap_or_default()) {
            Ok(fields) => fields,
            Err(error) => return refused(&error),
        };
        let tries = self.past.tries.saturating_add(1);
        loop {
            let caller = Caller { client: Some(desk.rights.caller().into()), ..request.caller.clone() };
            let options = RequestOptions { idempotency_key: Some(&request.idempotency_key), caller, batch: true };
            let begun = desk.gateway.begin(institution, telegram, &fields, options).await;
            drop(enters.take());
            let ended = match begun {
                Ok(begun) => begun.end().await,
                Err(refusal) => Err(refusal),
            };
            let said = match ended {
                Ok(exchange) if !desk.rights.owns(&exchange) => {
                    let why =
                        format!("another client used this idempotency key at {institution}; nothing was sent now");
                    return dead(Problem::KeyOfAnotherClient.meaning().code, why, 409);
                }
                Ok(exchange) => Said::Ended(Box::new(exchange)),
                Err(Refusal::StillRunning(_)) => Said::Runs,
                Err(refusal) => said(&ApiError::refused(&refusal, institution, telegram)),
            };
            match fate(said, tries, desk.config.retries.len(), desk.stop.is_cancelled()) {
                Fate::Wait => sleep(WAIT_PAUSE).await,
                fate => return fate,
            }
        }
    }

    fn read(&mut self) -> Result<Request, Bad> {
        let message = &self.arrived.message;
        if self.arrived.topic > 0 {
            self.past = message.past()?;
        }
        let request = message.request()?;
        self.request = Some(request.clone());
        Ok(request)
    }

    /// The place of the message in the topic of requests.
    fn source(&self) -> &str {
        self.past.source.as_deref().unwrap_or(&self.arrived.place)
    }

    fn history(&self, reason: &str) -> String {
        let now = Rfc3339(self.desk.gateway.feed().now_ms());
        let mut history = if self.past.history.is_empty() { String::new() } else { format!("{}; ", self.past.history) };
        history.push_str(&format!("{now} {reason}"));
        let over = history.len().saturating_sub(HISTORY_MAX_BYTES);
        let from = (over..history.len()).find(|at| history.is_char_boundary(*at)).unwrap_or_default();
        history.split_off(from)
    }

    /// The headers of the message, without those that the gateway writes.
    fn headers(&self) -> Vec<(Cow<'static, str>, Vec<u8>)> {
        let given = self.arrived.message.headers.iter().filter(|(name, _)| !message::is_own(name));
        given.map(|(name, value)| (Cow::Owned(name.clone()), value.clone())).collect()
    }

    fn tries(&self) -> u32 {
        self.past.tries.saturating_add(1)
    }

    async fn retry(&self, topic: usize, reason: &str) -> bool {
        let desk = self.desk;
        let Some(retry) = desk.config.retries.get(topic) else { return false };
        let delay_ms = i64::try_from(retry.delay.as_millis()).unwrap_or(i64::MAX);
        let not_before = desk.gateway.feed().now_ms().saturating_add(delay_ms);
        let mut headers = self.headers();
        for (name, value) in [
            (message::TRY, self.tries().to_string()),
            (message::NOT_BEFORE, not_before.to_string()),
            (message::HISTORY, self.history(reason)),
            (message::SOURCE, self.source().to_owned()),
            (message::JOURNAL, desk.journal.clone()),
        ] {
            headers.push((Cow::Borrowed(name), value.into_bytes()));
        }
        let message = &self.arrived.message;
        let post = Post { topic: &retry.topic, key: message.key.as_deref(), headers, value: message.value.clone() };
        desk.count("retry");
        desk.post(vec![post]).await
    }

    async fn dead(&self, code: &str, why: &str) -> bool {
        let desk = self.desk;
        let mut headers = self.headers();
        for (name, value) in [
            (message::DEAD_CODE, code.to_owned()),
            (message::DEAD_REASON, why.to_owned()),
            (message::SOURCE, self.source().to_owned()),
            (message::TRY, self.tries().to_string()),
            (message::HISTORY, self.history(code)),
        ] {
            headers.push((Cow::Borrowed(name), value.into_bytes()));
        }
        let message = &self.arrived.message;
        let topic = &*desk.config.dead_letters;
        let whole = Post { topic, key: message.key.as_deref(), headers: headers.clone(), value: message.value.clone() };
        // What is too large for the topic is named, and stays where it was.
        headers.retain(|(name, _)| message::names_it(name));
        let named = Post { topic, key: None, headers, value: None };
        desk.count("dead_letter");
        desk.tally.add(self.arrived.topic, |counts| &counts.dead_letters);
        desk.post(vec![whole, named]).await
    }

    async fn result(&self, exchange: Option<&Exchange>, problem: Option<(&str, &str)>, status: u16) -> bool {
        let desk = self.desk;
        let catalogue = exchange.and_then(|exchange| desk.gateway.catalogue(&exchange.institution));
        let spec = catalogue.as_deref().map(TelegramCatalogue::line_spec);
        let id =
            exchange.map_or_else(|| format!("{}/{}", desk.cluster, self.source()), |exchange| exchange.id.to_string());
        let json = |with_answer| {
            let content = Content {
                version: VERSION,
                id: &id,
                status,
                tries: self.tries(),
                source: Source { cluster: &desk.cluster, place: self.source() },
                idempotency_key: self.request.as_ref().map(|request| &*request.idempotency_key),
                reply: exchange.map(|exchange| reply(exchange, spec, with_answer)),
                problem: problem.map(|(code, detail)| Told { code, detail }),
            };
            // Its types have no content that JSON cannot hold.
            serde_json::to_vec(&content).unwrap_or_default()
        };
        let message = &self.arrived.message;
        let post = |with_answer| {
            let mut headers = vec![
                (Cow::Borrowed("content-type"), b"application/json".to_vec()),
                (Cow::Borrowed("fep-id"), id.clone().into_bytes()),
                (Cow::Borrowed("fep-status"), status.to_string().into_bytes()),
            ];
            for name in [message::REQUEST_ID, message::TRACEPARENT] {
                headers.extend(message.said(name).map(|value| (Cow::Borrowed(name), value.as_bytes().to_vec())));
            }
            let key = message.key.as_deref();
            Post { topic: &desk.config.results, key, headers, value: Some(json(with_answer)) }
        };
        desk.count("result");
        desk.post(vec![post(true), post(false)]).await
    }
}

fn status(exchange: &Exchange) -> u16 {
    match exchange.outcome {
        Some(Outcome::Answered) => 200,
        Some(Outcome::NotSent) => 503,
        Some(Outcome::Unknown) => 504,
        None => 202,
    }
}

fn dead(code: &str, why: String, status: u16) -> Fate {
    Fate::Dead { code: code.to_owned(), why, status, exchange: None }
}

fn said(error: &ApiError) -> Said {
    let (status, why) = error.told();
    Said::Refused { code: error.code().to_owned(), why: why.to_owned(), status }
}

fn refused(error: &ApiError) -> Fate {
    let (status, why) = error.told();
    dead(error.code(), why.to_owned(), status)
}
