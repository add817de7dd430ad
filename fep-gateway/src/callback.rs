//! Posts the notices of institutions to services over HTTP or HTTPS.
//!
//! The gateway sends a `POST` to the configured URL:
//!
//! | key | meaning |
//! |---|---|
//! | `notice` | the name of the notice. It is the same each time: the service recognises by it a notice that it has |
//! | `attempt` | the number of the attempt, from 1. From 2 on the service may have the notice |
//! | `institution`, `telegram`, `fields` | the notice |
//! | `received_at_ms` | when it came, in milliseconds since 1970 |
//! | `answer_by_ms` | when the institution gets an answer at the latest. Absent if it does not wait now |
//! | `answered` | the answer that the institution has: `{"by": "stand_in", "fields": {…}}`. Absent if it has none |
//! | `exchange` | the same as `notice`, for services of earlier versions |
//!
//! The header `X-Request-Id` is the name of the notice, for the log of the service. A notice begins a trace. With
//! `[opentelemetry]` the header `traceparent` has it, with the attempt as the parent; otherwise there is none, and the service decides whether it is sampled.
//! There is no `tracestate`.
//!
//! With `callback_secrets`, each post is signed as Standard Webhooks says: `webhook-id` (the name of the notice), `webhook-timestamp` and
//! `webhook-signature`. A library of that name verifies it. With https, `callback_tls` says whose certificate the service has.
//!
//! Any status from 200 to 299 means that the service has taken the notice, so it is not sent again. With a body
//! `{"fields": {…}}` the service answers the institution, if that waits. These are the fields of the answer telegram that differ
//! from the notice's, for example `{"header": {"response_code": "0000"}}`. Without a body the stand-in answers.
//!
//! If the institution has an answer already, it stays. Other fields are stored and marked.

mod secured;
mod signing;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use fep_protocol::exchange::{ExchangeId, TraceParent};
use futures_util::StreamExt;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::debug;

use self::secured::SecuredServices;
use self::signing::{SecretFiles, signatures};
use crate::config::CallbackConfig;
use crate::notice::{AnsweredBy, NotTaken, Notice, NoticeFuture, NoticeHandler, NoticeReply};
use crate::spans::{Span, SpanKind, SpanPlace, Tracer, unix_ns};

/// The longest answer of a service, in bytes. A longer answer is refused.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// How long an unused connection to a service is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Posts notices to services over HTTP or HTTPS, signed if the configuration says by which secrets.
#[derive(Clone, Debug)]
pub struct HttpCallback {
    client: Client,
    tracer: Tracer,
    secured: Arc<SecuredServices>,
    secrets: Arc<SecretFiles>,
}

#[derive(Debug, Serialize)]
struct Post<'n> {
    notice: ExchangeId,
    exchange: ExchangeId,
    institution: &'n str,
    telegram: &'n str,
    attempt: u32,
    received_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_by_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Answered<'n>>,
    fields: &'n Value,
}

#[derive(Debug, Serialize)]
struct Answered<'n> {
    by: AnsweredBy,
    fields: &'n Value,
}

impl HttpCallback {
    /// Creates a client that follows no redirects and uses no proxy. A notice goes only to the configured address.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().pool_idle_timeout(IDLE).build()?;
        Ok(Self { client, tracer: Tracer::default(), secured: Arc::default(), secrets: Arc::default() })
    }

    /// The same with spans: of each notice, and of each attempt to deliver it.
    #[must_use]
    pub fn with_tracer(self, tracer: Tracer) -> Self {
        Self { tracer, ..self }
    }

    /// Posts a notice, and records that if its trace is recorded.
    async fn deliver(&self, notice: Notice) -> Result<NoticeReply, NotTaken> {
        let Some(place) = self.tracer.notice(&notice.id).filter(|_| notice.callback.is_some()) else {
            return self.post(&notice, None, &mut None).await;
        };
        let Some(own) = place.with_parent(self.tracer.new_id()) else { return Err(NotTaken::Unwanted) };
        let start = SystemTime::now();
        let mut status = None;
        let result = self.post(&notice, Some(own), &mut status).await;
        if place.is_sampled() {
            self.record(&notice, (place, own), start, (status, result.is_ok()));
        }
        result
    }

    fn record(
        &self,
        notice: &Notice,
        (place, own): (TraceParent, TraceParent),
        start: SystemTime,
        (status, is_taken): (Option<StatusCode>, bool),
    ) {
        let end_ns = unix_ns(SystemTime::now());
        let describe = |span: &mut Span| {
            span.set("fep.institution", Some(notice.institution.clone()));
            span.set("fep.telegram", Some(notice.telegram.clone()));
            span.set("fep.notice.id", Some(notice.id.to_string()));
        };
        let mut span = Span::new(SpanPlace::of(own), place.parent_id(), "POST", SpanKind::Client);
        describe(&mut span);
        span.set("fep.attempt", Some(i64::from(notice.attempt)));
        span.set("http.request.method", Some("POST"));
        span.set("http.response.status_code", status.map(|status| i64::from(status.as_u16())));
        let url = notice.callback.as_ref().and_then(|callback| callback.url.parse::<Url>().ok());
        span.set("server.address", url.as_ref().and_then(Url::host_str).map(str::to_owned));
        span.set("server.port", url.as_ref().and_then(Url::port_or_known_default).map(i64::from));
        if !is_taken {
            let failed = status.filter(|status| !status.is_success());
            span.fails(failed.map_or("not_taken".to_owned(), |status| status.as_str().to_owned()));
        }
        self.tracer.record(span.lasting(unix_ns(start), end_ns));
        // One span for the notice itself, at its first attempt.
        if notice.attempt == 1 {
            let name = format!("notice {}", notice.telegram);
            let mut span = Span::new(SpanPlace::of(place), 0, name, SpanKind::Consumer);
            describe(&mut span);
            let received_ns = u64::try_from(notice.received_at_ms).unwrap_or_default().saturating_mul(1_000_000);
            self.tracer.record(span.lasting(received_ns, end_ns));
        }
    }

    /// The headers of a post. The same notice has the same ID each time.
    async fn headers(
        &self,
        callback: &CallbackConfig,
        id: &str,
        traceparent: Option<TraceParent>,
        body: &[u8],
    ) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).map_err(|_| format!("the header {name} cannot be written"))?;
            headers.insert(HeaderName::from_static(name), value);
            Ok::<_, String>(())
        };
        set("content-type", "application/json")?;
        set("x-request-id", id)?;
        if let Some(traceparent) = traceparent {
            set("traceparent", &traceparent.to_string())?;
        }
        if let Some(file) = &callback.secrets {
            let files = Arc::clone(&self.secrets);
            let file = file.clone();
            // A disk may be slow.
            let secrets = tokio::task::spawn_blocking(move || files.secrets(&file)).await;
            let secrets = secrets.map_err(|error| error.to_string()).flatten()?;
            // The clock of the machine, also in a test with another business clock: the service compares it with its own.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            set("webhook-id", id)?;
            set("webhook-timestamp", &now.to_string())?;
            set("webhook-signature", &signatures(&secrets, id, now, body))?;
        }
        Ok(headers)
    }

    async fn reply(
        &self,
        callback: &CallbackConfig,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Response<Body>, String> {
        let url = Url::parse(&callback.url).map_err(|_| "the configured callback is not a usable URL".to_owned())?;
        if let Some(tls) = &callback.tls {
            return self.secured.post(&url, tls, headers, body).await;
        }
        let reply = self.client.post(url).headers(headers).body(body).send().await.map_err(|error| why(&error))?;
        Ok(Response::from(reply).map(Body::new))
    }

    /// Posts a body that is no notice, signed as notices are. The same body has the same ID each time. Any status from 200 to 299 means that it was taken.
    pub(crate) async fn post_signed(
        &self,
        callback: &CallbackConfig,
        id: &str,
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<(), String> {
        let headers = self.headers(callback, id, None, &body).await?;
        let reply = tokio::time::timeout(timeout, self.reply(callback, headers, body)).await;
        let late = |_| format!("the service did not answer within {} ms", timeout.as_millis());
        let reply = reply.map_err(late)??;
        if reply.status().is_success() {
            return Ok(());
        }
        Err(format!("the service answered {}, not 2xx", reply.status()))
    }

    async fn post(
        &self,
        notice: &Notice,
        traceparent: Option<TraceParent>,
        status: &mut Option<StatusCode>,
    ) -> Result<NoticeReply, NotTaken> {
        let Some(callback) = &notice.callback else { return Err(NotTaken::Unwanted) };
        let body = Post {
            notice: notice.id,
            exchange: notice.id,
            institution: &notice.institution,
            telegram: &notice.telegram,
            attempt: notice.attempt,
            received_at_ms: notice.received_at_ms,
            answer_by_ms: notice.answer_by_ms,
            answered: notice.answered.as_ref().map(|answer| Answered { by: answer.by, fields: &answer.fields }),
            fields: &notice.fields,
        };
        let body = serde_json::to_vec(&body).map_err(|error| format!("the notice cannot be written: {error}"))?;
        let headers = self.headers(callback, &notice.id.to_string(), traceparent, &body).await?;
        let within = tokio::time::timeout(notice.timeout, async {
            let reply = self.reply(callback, headers, body).await?;
            *status = Some(reply.status());
            if !reply.status().is_success() {
                return Err(format!("the service answered {}, not 2xx", reply.status()));
            }
            // Its status may be wrong, too, if the rest is cut off: a service that has the notice recognises it.
            answer(reply).await
        });
        let late = |_| format!("the service did not answer within {} ms", notice.timeout.as_millis());
        let answer = match within.await.map_err(late)?? {
            Ok(answer) => answer,
            Err(unusable) => return Ok(NoticeReply::Unusable(unusable)),
        };
        debug!(institution = notice.institution, telegram = notice.telegram, "the service took the notice");
        if answer.is_empty() {
            return Ok(NoticeReply::Taken);
        }
        Ok(fields(&answer).map_or_else(NoticeReply::Unusable, NoticeReply::Answer))
    }
}

/// Reads the body of a reply. The inner error is one of a service that took the notice.
async fn answer(reply: Response<Body>) -> Result<Result<Vec<u8>, String>, String> {
    let mut answer = Vec::new();
    let mut chunks = reply.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| "the connection to the service broke".to_owned())?;
        if answer.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Ok(Err(format!("the service's answer has more than {ANSWER_MAX_BYTES} bytes")));
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(Ok(answer))
}

impl NoticeHandler for HttpCallback {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        Box::pin(self.deliver(notice))
    }
}

/// Reads the fields of a service's answer. The error text is logged, so it contains nothing from the notice or the answer.
fn fields(answer: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(answer).map_err(|_| "the service's answer is not UTF-8".to_owned())?;
    let parsed =
        fep_codec::json::parse(text).map_err(|error| format!("the service's answer is {}", error.message()))?;
    let Value::Object(mut object) = parsed else { return Err("the service's answer is not an object".to_owned()) };
    match object.remove("fields") {
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err("`fields` of the service's answer is not an object".to_owned()),
        None => Err("the service's answer has no `fields`; `{\"fields\": {}}` adds nothing".to_owned()),
    }
}

fn why(error: &reqwest::Error) -> String {
    let why = if error.is_connect() {
        "the service cannot be reached"
    } else if error.is_builder() {
        "the configured callback is not a usable URL"
    } else {
        "the connection to the service broke"
    };
    why.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Result<Value, &str>) {
        let found = fields(answer.as_bytes()).map(Value::Object);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_services_answer_is_an_object_with_fields() {
        check(
            r#"{"fields": {"header": {"response_code": "0000"}}}"#,
            Ok(serde_json::json!({"header": {"response_code": "0000"}})),
        );
        check(r#"{"fields": {}}"#, Ok(serde_json::json!({})));
        check("{}", Err("has no `fields`"));
        check("[]", Err("not an object"));
        check(r#"{"fields": 1}"#, Err("not an object"));
        check(r#"{"fields": {"a": 1, "a": 2}}"#, Err("twice"));
        check("OK", Err("the service's answer is not JSON: expected "));
    }
}
