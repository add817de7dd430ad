//! What every request must pass before its route sees it: it names a host that is ours, and its body is whole, short enough and came in
//! time.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::error::ApiError;
use crate::config::Http;
use crate::contract::problem::Problem;

/// How long the rest of a body that is too long is read, so that the client reads the reply and not a reset.
const REST_MAX: Duration = Duration::from_secs(2);

/// What requests must comply with.
#[derive(Debug)]
pub(super) struct Admission {
    hosts: Vec<String>,
    body_timeout: Duration,
}

/// The reason why a body is not read to its end.
enum BadBody {
    /// It is longer than this, in bytes.
    TooLong(usize),
    TooSlow,
    Cut,
}

impl Admission {
    pub(super) fn new(settings: &Http) -> Self {
        Self { hosts: settings.hosts.clone(), body_timeout: settings.body_timeout }
    }

    /// Lets a request pass with its whole body, of at most `max` bytes.
    pub(super) async fn admit(&self, request: Request, max: usize) -> Result<Request, ApiError> {
        self.check_host(&request)?;
        let (head, body) = request.into_parts();
        let body = self.body(&head.headers, body, max).await?;
        Ok(Request::from_parts(head, Body::from(body)))
    }

    /// Lets a request pass whose route reads the body.
    pub(super) fn admit_head(&self, request: Request) -> Result<Request, ApiError> {
        self.check_host(&request)?;
        Ok(request)
    }

    /// Checks that a request is meant for this gateway. A page on the internet can give its own name the gateway's address; a browser
    /// sends that name.
    fn check_host(&self, request: &Request) -> Result<(), ApiError> {
        let bad = |message: &str| ApiError::new(Problem::Host, message);
        let mut given = request.headers().get_all(HOST).iter();
        let header = given.next();
        if given.next().is_some() {
            return Err(bad("the header Host is given twice"));
        }
        let host = match (request.uri().authority(), header) {
            (Some(authority), _) => authority.as_str(),
            (None, Some(host)) => host.to_str().map_err(|_| bad("the header Host is not a name"))?,
            (None, None) => return Err(bad("the header Host is missing")),
        };
        if self.is_ours(name_of(host)) {
            return Ok(());
        }
        let message = "this gateway does not have the name in the header Host; if it should, add it to `[http] hosts`, else use its IP address";
        Err(ApiError::new(Problem::UnknownHost, message))
    }

    /// Whether a name can only be that of this gateway: an address, a name without a dot, which nobody can have on the internet, or a
    /// configured one.
    fn is_ours(&self, name: &str) -> bool {
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let is_address = address.parse::<IpAddr>().is_ok();
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_local =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_address || is_local || self.hosts.contains(&name)
    }

    /// Reads the body of a request, of at most `max` bytes.
    async fn body(&self, headers: &HeaderMap, body: Body, max: usize) -> Result<Bytes, BadBody> {
        let declared = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
        let is_too_long = declared.is_some_and(|len| len > u64::try_from(max).unwrap_or(u64::MAX));
        if is_too_long && headers.contains_key(EXPECT) {
            // The client waits with the body until it is asked for it.
            return Err(BadBody::TooLong(max));
        }
        let mut chunks = body.into_data_stream();
        let whole = async {
            let mut whole = BytesMut::new();
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|_| BadBody::Cut)?;
                if is_too_long || whole.len() + chunk.len() > max {
                    return Err(BadBody::TooLong(max));
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(whole.freeze())
        };
        let read = timeout(self.body_timeout, whole).await.unwrap_or(Err(BadBody::TooSlow));
        if matches!(read, Err(BadBody::TooLong(_))) {
            let rest = async { while let Some(Ok(_)) = chunks.next().await {} };
            // If there is more, the connection is closed with it.
            let _ = timeout(REST_MAX, rest).await;
        }
        read
    }
}

impl From<BadBody> for ApiError {
    fn from(bad: BadBody) -> Self {
        match bad {
            BadBody::TooLong(max) => {
                Self::new(Problem::BodyTooLarge, format!("the body has more than {max} bytes")).with("max", max)
            }
            BadBody::TooSlow => {
                let message = "the body did not come in time (`[http] body_timeout_ms`); nothing was sent";
                Self::new(Problem::BodyTooSlow, message)
            }
            BadBody::Cut => Self::new(Problem::BodyCut, "the body is incomplete"),
        }
    }
}

/// The host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The reply to a request that does not pass. The connection ends with it, because what follows on it may be the rest of a body.
pub(super) fn closing(error: ApiError) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_names_without_a_dot_and_configured_names_are_ours() {
        let admission = Admission::new(&Http { hosts: vec!["fep.bank.example".to_owned()], ..Http::default() });
        let ours = [
            "127.0.0.1",
            "127.0.0.1:8470",
            "10.1.2.3:80",
            "[::1]",
            "[::1]:8470",
            "localhost",
            "LocalHost:8470",
            "localhost.",
            "fep",
            "fep-gateway:8470",
            "fep.bank.example",
            "FEP.bank.example.:8470",
        ];
        for host in ours {
            assert!(admission.is_ours(name_of(host)), "{host}");
        }
        let foreign = [
            "",
            ":8470",
            "evil.example",
            "fep.bank.example.evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "1.2.3",
            "[::1",
            "fep.bank.example:80:80",
            "0x7f.1",
            "evil.example:127.0.0.1",
        ];
        for host in foreign {
            assert!(!admission.is_ours(name_of(host)), "{host}");
        }
    }
}
