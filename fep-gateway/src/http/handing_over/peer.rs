//! One gateway of the other site: connections to it over HTTP/1.1, with or without TLS, and the pause after it could not be reached.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use bytes::BytesMut;
use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::config::{GatewayAt, SitesConfig};
use crate::tls::{Party, Tls};

/// How many connections are kept while nothing is on them.
const IDLE_MAX: usize = 64;

/// The longest reply, in bytes. The fields of a long answer have more bytes as JSON than as a telegram.
const REPLY_MAX_BYTES: usize = 4 * 1024 * 1024;

/// A gateway of the other site.
pub(super) struct Peer {
    instance: String,
    at: GatewayAt,
    tls: Option<Arc<Tls>>,
    connect_timeout: Duration,
    pause: Duration,
    idle: Mutex<Vec<SendRequest<Body>>>,
    trouble: Mutex<Option<Trouble>>,
}

/// Why a gateway gets no requests, until when.
struct Trouble {
    why: String,
    until: Instant,
}

/// A reply with its whole body.
#[derive(Debug)]
pub(super) struct Replied {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no reply. One line.
#[derive(Debug)]
pub(super) enum Failed {
    /// The gateway has no byte of the request.
    NotSent(String),
    /// It may have the request.
    NoReply(String),
}

impl Peer {
    pub(super) fn new(instance: &str, at: &GatewayAt, config: &SitesConfig) -> Self {
        Self {
            instance: instance.to_owned(),
            at: at.clone(),
            tls: at.tls.as_ref().map(|tls| Tls::new(tls.clone(), Party::OtherSite, true)),
            connect_timeout: config.connect_timeout,
            pause: config.pause,
            idle: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// The name of the gateway.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    fn trouble_now(&self) -> MutexGuard<'_, Option<Trouble>> {
        // A change is one assignment, so it is complete even after a panic elsewhere.
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it gets no requests now.
    pub(super) fn is_paused(&self) -> bool {
        self.trouble_now().as_ref().is_some_and(|trouble| Instant::now() < trouble.until)
    }

    /// Why it was last not reached. `None` if it was.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble_now().as_ref().map(|trouble| trouble.why.clone())
    }

    /// Gives it no requests for a while.
    pub(super) fn pause(&self, why: &str) {
        let trouble = Trouble { why: why.to_owned(), until: Instant::now() + self.pause };
        if self.trouble_now().replace(trouble).is_none() {
            warn!(
                gateway = self.instance,
                why, "a gateway of the other site gets no requests for a while; they are served here"
            );
        }
    }

    /// It replied.
    pub(super) fn works(&self) {
        if self.trouble_now().take().is_some() {
            info!(gateway = self.instance, "a gateway of the other site gets requests again");
        }
    }

    /// Posts a body, and waits for the reply at most this long.
    pub(super) async fn post(
        &self,
        path: &str,
        headers: &HeaderMap,
        body: &Bytes,
        limit: Duration,
    ) -> Result<Replied, Failed> {
        let mut request = self.request(path, headers, body)?;
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

    fn request(&self, path: &str, headers: &HeaderMap, body: &Bytes) -> Result<Request<Body>, Failed> {
        let GatewayAt { host, port, .. } = &self.at;
        let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let request = Request::post(path).header(HOST, host).body(Body::from(body.clone()));
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

fn late(limit: Duration) -> Failed {
    Failed::NoReply(format!("it did not reply within {} ms", limit.as_millis()))
}
