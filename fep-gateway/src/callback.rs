//! Posts the notices of institutions to services over HTTP.
//!
//! The gateway sends a `POST` to the configured URL: `{"institution", "telegram", "exchange", "fields"}`. The service answers 200
//! with `{"fields": {…}}`. These are the fields of the answer telegram that differ from the notice's, for example
//! `{"header": {"response_code": "0000"}}`.
//!
//! The same notice may arrive twice, each time with another `exchange`. The service recognises a repetition by the fields of the
//! institution's `key`, for example the trace number and the date.

use std::time::Duration;

use fep_protocol::exchange::ExchangeId;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::debug;

use crate::gateway::{Notice, NoticeFuture, NoticeHandler};

/// The longest answer of a service, in bytes. A longer answer is refused.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// How long an unused connection to a service is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Posts notices to services over HTTP.
#[derive(Clone, Debug)]
pub struct HttpCallback {
    client: Client,
}

#[derive(Debug, Serialize)]
struct Body<'n> {
    institution: &'n str,
    telegram: &'n str,
    exchange: ExchangeId,
    fields: &'n Value,
}

impl HttpCallback {
    /// Creates a client that follows no redirects and uses no proxy. A notice goes only to the configured address.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().pool_idle_timeout(IDLE).build()?;
        Ok(Self { client })
    }

    async fn post(&self, notice: Notice) -> Result<Map<String, Value>, String> {
        let Some(url) = &notice.callback else { return Err("no callback is configured".to_owned()) };
        let body = Body {
            institution: &notice.institution,
            telegram: &notice.telegram,
            exchange: notice.id,
            fields: &notice.fields,
        };
        let request = self.client.post(url).timeout(notice.timeout).json(&body);
        let mut response = request.send().await.map_err(|error| why(&error, notice.timeout))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the service answered {}, not 200", response.status()));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error, notice.timeout))? {
            if answer.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(format!("the service's answer has more than {ANSWER_MAX_BYTES} bytes"));
            }
            answer.extend_from_slice(&chunk);
        }
        debug!(institution = notice.institution, telegram = notice.telegram, "the service took the notice");
        fields(&answer)
    }
}

impl NoticeHandler for HttpCallback {
    fn notice(&self, notice: Notice) -> NoticeFuture<'_> {
        Box::pin(self.post(notice))
    }
}

/// Reads the fields of a service's answer. The error text is logged, so it contains nothing from the notice or the answer.
fn fields(answer: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(answer).map_err(|_| "the service's answer is not UTF-8".to_owned())?;
    let parsed = fep_codec::json::parse(text)
        .map_err(|error| format!("the service's answer is not JSON: {}", error.message()))?;
    let Value::Object(mut object) = parsed else { return Err("the service's answer is not an object".to_owned()) };
    match object.remove("fields") {
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err("`fields` of the service's answer is not an object".to_owned()),
        None => Err("the service's answer has no `fields`; `{\"fields\": {}}` adds nothing".to_owned()),
    }
}

fn why(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        format!("the service did not answer within {} ms", timeout.as_millis())
    } else if error.is_connect() {
        "the service cannot be reached".to_owned()
    } else if error.is_builder() {
        "the configured callback is not a usable URL".to_owned()
    } else {
        "the connection to the service broke".to_owned()
    }
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
        check("OK", Err("not JSON"));
    }
}
