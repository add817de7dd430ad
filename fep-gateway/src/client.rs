//! A client of one gateway over HTTP/1.1, with or without TLS: its connections are kept. What is asked, and what a reply means, is said by those
//! who ask.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{HOST, HeaderValue};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::BytesMut;
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::config::{GatewayAt, read_secret};
use crate::tls::{Party, Tls};

/// How many connections are kept while nothing is on them.
const IDLE_MAX: usize = 64;

/// The longest reply, in bytes. The fields of a long answer have more bytes as JSON than as a telegram.
const REPLY_MAX_BYTES: usize = 4 * 1024 * 1024;

/// A client of one gateway.
pub(crate) struct Client {
    at: GatewayAt,
    tls: Option<Arc<Tls>>,
    connect_timeout: Duration,
    idle: Mutex<Vec<SendRequest<Body>>>,
}

/// A reply with its whole body.
#[derive(Debug)]
pub(crate) struct Replied {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no reply. One line.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The gateway has no byte of the request.
    NotSent(String),
    /// It may have the request.
    NoReply(String),
}

impl Client {
    /// A client that connects when it is asked to send. `party` is how messages about its TLS call the gateway.
    pub(crate) fn new(at: &GatewayAt, party: Party, connect_timeout: Duration) -> Self {
        Self {
            at: at.clone(),
            tls: at.tls.as_ref().map(|tls| Tls::new(tls.clone(), party, true)),
            connect_timeout,
            idle: Mutex::default(),
        }
    }

    /// Sends a request, and waits for the reply at most this long.
    ///
    /// # Errors
    /// If there is no reply.
    pub(crate) async fn ask(
        &self,
        (method, path): (Method, &str),
        headers: &HeaderMap,
        body: &Bytes,
        limit: Duration,
    ) -> Result<Replied, Failed> {
        let mut request = self.request(method, path, headers, body)?;
        let until = Instant::now() + limit;
        // If none is ready in time, there is a new one.
        if let Some(mut sender) = timeout(self.connect_timeout, self.idle_one()).await.ok().flatten() {
            match timeout(limit, sender.try_send_request(request)).await {
                Ok(Ok(reply)) => return self.whole(reply, sender, until).await,
                Ok(Err(mut error)) => match error.take_message() {
                    // It was closed meanwhile, and has nothing of the request.
                    Some(unsent) => request = unsent,
                    None => return Err(Failed::NoReply(format!("the connection broke: {}", error.error()))),
                },
                Err(_) => return Err(late(limit)),
            }
        }
        let mut sender = match timeout(self.connect_timeout, self.connect()).await {
            Ok(connected) => connected.map_err(Failed::NotSent)?,
            Err(_) => return Err(Failed::NotSent("it does not accept connections in time".to_owned())),
        };
        match timeout(limit, sender.send_request(request)).await {
            Ok(Ok(reply)) => self.whole(reply, sender, until).await,
            Ok(Err(error)) => Err(Failed::NoReply(format!("the connection broke: {error}"))),
            Err(_) => Err(late(limit)),
        }
    }

    fn request(&self, method: Method, path: &str, headers: &HeaderMap, body: &Bytes) -> Result<Request<Body>, Failed> {
        let GatewayAt { host, port, .. } = &self.at;
        let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let request = Request::builder().method(method).uri(path).header(HOST, host).body(Body::from(body.clone()));
        let mut request = request.map_err(|error| Failed::NotSent(error.to_string()))?;
        request.headers_mut().extend(headers.clone());
        Ok(request)
    }

    /// A connection on which nothing is.
    async fn idle_one(&self) -> Option<SendRequest<Body>> {
        loop {
            let mut sender = self.idle().pop()?;
            // One that was closed is never ready.
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SendRequest<Body>>> {
        // The list is valid after every single change, so a panic elsewhere does not damage it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, String> {
        let GatewayAt { host, port, .. } = &self.at;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let broke = |error: hyper::Error| error.to_string();
        let Some(tls) = &self.tls else {
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
            // It ends with the sender, or when the other side closes it.
            tokio::spawn(connection);
            return Ok(sender);
        };
        let peer = stream.peer_addr().map_err(|error| error.to_string())?.to_string();
        let stream = tls.handshake(stream, &peer).await.map_err(|why| why.to_string())?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Reads the rest of a reply, and keeps its connection.
    async fn whole(
        &self,
        reply: Response<Incoming>,
        sender: SendRequest<Body>,
        until: Instant,
    ) -> Result<Replied, Failed> {
        let (head, body) = reply.into_parts();
        let mut chunks = Body::new(body).into_data_stream();
        let read = async {
            let mut whole = BytesMut::new();
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|_| Failed::NoReply("the connection broke in the reply".to_owned()))?;
                if whole.len() + chunk.len() > REPLY_MAX_BYTES {
                    return Err(Failed::NoReply(format!("the reply has more than {REPLY_MAX_BYTES} bytes")));
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(whole.freeze())
        };
        let left = until.saturating_duration_since(Instant::now());
        let body =
            timeout(left, read).await.map_err(|_| Failed::NoReply("the reply does not end in time".to_owned()))??;
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX && !sender.is_closed() {
            idle.push(sender);
        }
        Ok(Replied { status: head.status, headers: head.headers, body })
    }
}

/// The token of a file, as the value of `Authorization`.
///
/// # Errors
/// If the file cannot be read, others may read it, or it has no token. One line, without a part of the token.
pub(crate) fn bearer(path: &Path) -> Result<HeaderValue, String> {
    let value = HeaderValue::try_from(format!("Bearer {}", read_secret(path)?.trim()));
    let mut value = value.map_err(|_| format!("{}: it is no token", path.display()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A name as a segment of a path.
pub(crate) fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn late(limit: Duration) -> Failed {
    Failed::NoReply(format!("it did not reply within {} ms", limit.as_millis()))
}
