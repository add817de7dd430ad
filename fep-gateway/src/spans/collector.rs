//! A collector: takes requests over HTTP/1.1, on one connection that is kept, with the TLS of the gateway. It follows no redirect and uses no proxy.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::otlp::rejected;
use crate::config::{CollectorEndpoint, OpenTelemetryConfig, collector_headers};
use crate::tls::{Party, Tls};

/// The longest reply that is read, in bytes.
const REPLY_MAX_BYTES: usize = 64 * 1024;

/// The longest wait that a collector can ask for.
const RETRY_AFTER_MAX_S: u64 = 30;

/// A collector, and the connection to it.
pub(super) struct Collector {
    endpoint: CollectorEndpoint,
    tls: Option<Arc<Tls>>,
    headers_file: Option<PathBuf>,
    export_timeout: Duration,
    connection: Option<SendRequest<Body>>,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Exported {
    /// The collector took it, except for so many spans.
    Taken { rejected: u64 },
    /// It will never take it.
    Refused(String),
    /// It may take it later, after this time if it says one.
    NotNow(String, Option<Duration>),
}

type Failed = Box<dyn Error + Send + Sync>;

impl Collector {
    pub(super) fn new(config: &OpenTelemetryConfig, endpoint: CollectorEndpoint) -> Self {
        let tls = config.tls.clone().map(|tls| Tls::new(tls, Party::Collector, true));
        let headers_file = config.headers_file.clone();
        Self { endpoint, tls, headers_file, export_timeout: config.export_timeout, connection: None }
    }

    /// Brings a request to the collector, once.
    pub(super) async fn export(&mut self, body: &Bytes) -> Exported {
        let max = self.export_timeout;
        let done = timeout(max, self.send(body)).await;
        if !matches!(done, Ok(Ok(_))) {
            // Nobody knows what comes on it.
            self.connection = None;
        }
        match done {
            Ok(Ok(exported)) => exported,
            Ok(Err(error)) => Exported::NotNow(last_cause(&*error), None),
            Err(_) => Exported::NotNow(format!("it did not answer within {} ms", max.as_millis()), None),
        }
    }

    async fn send(&mut self, body: &Bytes) -> Result<Exported, Failed> {
        let mut kept = self.connection.take();
        if let Some(connection) = &mut kept
            && connection.ready().await.is_err()
        {
            kept = None;
        }
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let reply = match connection.send_request(self.request(body).await?).await {
            Ok(reply) => reply,
            // The collector may have closed it at the same time.
            Err(error) if error.is_canceled() || error.is_incomplete_message() => {
                connection = self.connect().await?;
                connection.send_request(self.request(body).await?).await?
            }
            Err(error) => return Err(error.into()),
        };
        let status = reply.status();
        let wait = reply.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let wait = wait.map(|seconds| Duration::from_secs(seconds.min(RETRY_AFTER_MAX_S)));
        let said = to_bytes(Body::new(reply.into_body()), REPLY_MAX_BYTES).await?;
        self.connection = Some(connection);
        Ok(match status {
            _ if status.is_success() => Exported::Taken { rejected: rejected(&said) },
            // Those that OTLP names, and no others.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Exported::NotNow(format!("it answered {status}"), wait),
            _ => Exported::Refused(format!("it answered {status}")),
        })
    }

    async fn request(&self, body: &Bytes) -> Result<Request<Body>, Failed> {
        let CollectorEndpoint { host, port, path, .. } = &self.endpoint;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let mut request = Request::post(path).header(HOST, format!("{host}:{port}"));
        request = request.header(CONTENT_TYPE, "application/x-protobuf");
        request = request.header(USER_AGENT, concat!("fep-gateway/", env!("CARGO_PKG_VERSION")));
        if let Some(file) = self.headers_file.clone() {
            for (name, value) in tokio::task::spawn_blocking(move || collector_headers(&file)).await?? {
                request = request.header(name, value);
            }
        }
        Ok(request.body(Body::from(body.clone()))?)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Failed> {
        let stream = TcpStream::connect((self.endpoint.host.as_str(), self.endpoint.port)).await?;
        let address = stream.peer_addr()?;
        match &self.tls {
            Some(tls) => {
                let stream = tls.handshake(stream, &address.to_string()).await.map_err(|why| why.to_string())?;
                carried(stream).await
            }
            None => carried(stream).await,
        }
    }
}

/// A connection that is served until one side ends it.
async fn carried<S>(stream: S) -> Result<SendRequest<Body>, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Why it ended is seen by the next request.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// The last cause of an error: the operating system's words.
fn last_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
