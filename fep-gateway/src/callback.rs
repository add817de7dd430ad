//! Notices of institutions, posted to the services that want them.
//!
//! `POST` to the configured URL: `{"institution", "telegram", "exchange", "fields"}`. The service answers 200 with
//! `{"fields": {…}}`: what the answer telegram says beyond the notice's own fields, `{"header": {"response_code": "0000"}}` for
//! one. The same notice may come twice; `exchange` names it.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::debug;

use crate::gateway::{Notice, NoticeFuture, NoticeHandler};

/// The longest answer of a service that is read.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// How long an unused connection to a service is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Hands notices to services over HTTP.
#[derive(Clone, Debug)]
pub struct HttpCallback {
    client: Client,
}

#[derive(Debug, Serialize)]
struct Body<'n> {
    institution: &'n str,
    telegram: &'n str,
    exchange: &'n str,
    fields: &'n Value,
}

impl HttpCallback {
    /// A client that follows no redirects: a notice goes to the configured address or nowhere.
    ///
    /// # Errors
    /// If the client cannot be made.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().pool_idle_timeout(IDLE).build()?;
        Ok(Self { client })
    }

    async fn post(&self, notice: Notice) -> Result<Map<String, Value>, String> {
        let Some(url) = &notice.callback else { return Err("no callback is configured".to_owned()) };
        let body = Body {
            institution: &notice.institution,
            telegram: &notice.telegram,
            exchange: &notice.id.0,
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

/// The reasons hold no content of the notice or of the answer: they are logged.
fn fields(answer: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(answer).map_err(|_| "the service's answer is no UTF-8".to_owned())?;
    let parsed = fep_codec::json::parse(text)
        .map_err(|error| format!("the service's answer is not JSON: {}", error.message()))?;
    let Value::Object(mut object) = parsed else { return Err("the service's answer is no object".to_owned()) };
    match object.remove("fields") {
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err("`fields` of the service's answer is no object".to_owned()),
        None => Err("the service's answer has no `fields`; `{\"fields\": {}}` adds nothing".to_owned()),
    }
}

fn why(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        format!("the service did not answer within {} ms", timeout.as_millis())
    } else if error.is_connect() {
        "the service cannot be reached".to_owned()
    } else if error.is_builder() {
        "the configured callback is no URL that can be called".to_owned()
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
        check("[]", Err("no object"));
        check(r#"{"fields": 1}"#, Err("no object"));
        check(r#"{"fields": {"a": 1, "a": 2}}"#, Err("twice"));
        check("OK", Err("not JSON"));
    }
}
