//! TLS of the HTTP interface: the handshake with a client, and what its certificate says about it. What that client may do is not decided
//! here: `access` does.
//!
//! ```text
//! connection ──► first byte ──► handshake ──► requests
//!                    │ not TLS      │ fails, or takes longer than `head_timeout_ms`
//!                    ▼              ▼
//!            "this is HTTPS"     closed, and the log says why
//! ```
//!
//! A client whose handshake is not finished has a place like every other, and gives it like an idle one if another client comes.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::http::Extensions;
use fep_protocol::budget::Budget;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::error::ApiError;
use super::places::Places;
use super::watched::{Watched, has_come};
use crate::config::{CertificateName, TlsConfig};
use crate::contract::problem::Problem;
use crate::tls::{Party, Tls, not_after_s};

/// The first byte of a TLS connection: the record of a handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// How much of a request that came without TLS is read, and how long, so that the client reads the reply and not a reset.
const PLAIN_MAX_BYTES: usize = 64 * 1024;
const PLAIN_MAX: Duration = Duration::from_secs(2);

/// Log lines about failed handshakes each second, and in one burst.
const LOGGED_PER_S: u32 = 1;
const LOGGED_BURST: u32 = 10;

/// The TLS of one listener.
#[derive(Debug)]
pub(super) struct Secured {
    tls: Arc<Tls>,
    began: Instant,
    log: Mutex<LogBudget>,
}

#[derive(Debug)]
struct LogBudget {
    left: Budget,
    unlogged: u64,
}

/// What is known about the connection of a request that came over TLS.
#[derive(Clone, Debug)]
pub(super) struct OverTls {
    /// The certificate that the client showed. It is signed by an authority of `client_ca`.
    certificate: Option<Arc<ClientCertificate>>,
}

/// The certificate of a client.
#[derive(Debug)]
pub(super) struct ClientCertificate {
    names: Vec<CertificateName>,
    /// The end of its validity, in seconds since 1970.
    ends_s: i64,
}

impl Secured {
    pub(super) fn new(tls: &TlsConfig) -> Arc<Self> {
        let left = Budget::new(LOGGED_PER_S, LOGGED_BURST, Duration::ZERO);
        let log = Mutex::new(LogBudget { left, unlogged: 0 });
        Arc::new(Self { tls: Tls::new(tls.clone(), Party::Client, false), began: Instant::now(), log })
    }

    /// Whether a client begins with TLS. One that does not is told so. `None` if it sends nothing for too long, or leaves.
    pub(super) async fn is_begun(
        &self,
        stream: &mut TcpStream,
        places: &Arc<Places>,
        idle_max: Duration,
    ) -> Option<()> {
        let mut idle = places.idle_client();
        let mut first = [0; 1];
        let len = tokio::select! {
            len = stream.peek(&mut first) => len.ok()?,
            () = sleep(idle_max) => 0,
            () = poll_fn(|cx| idle.poll_gives(cx, || has_come(stream))) => 0,
        };
        drop(idle);
        match first {
            _ if len == 0 => None,
            [HANDSHAKE_RECORD] => Some(()),
            [byte] => {
                self.report(stream, "it does not begin with TLS, but this listener has `tls`");
                if byte.is_ascii_uppercase() {
                    let _ = timeout(PLAIN_MAX, refuse_plain(stream)).await;
                }
                None
            }
        }
    }

    /// Makes the handshake.
    pub(super) async fn handshake(&self, stream: Watched) -> Option<(Box<TlsStream<Watched>>, OverTls)> {
        let peer = stream.peer();
        match self.tls.handshake(stream, &peer).await {
            Ok(mut stream) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                // What cannot be read names nobody.
                let certificate = shown.and_then(ClientCertificate::read).map(Arc::new);
                stream.get_mut().0.wait_for_request();
                Some((stream, OverTls { certificate }))
            }
            Err(why) => {
                self.say(&why.to_string());
                None
            }
        }
    }

    fn report(&self, stream: &TcpStream, why: &str) {
        let peer = stream.peer_addr().map_or_else(|_| "a client".to_owned(), |peer| peer.to_string());
        self.say(&format!("{peer}: {why}"));
    }

    fn say(&self, why: &str) {
        metrics::counter!("fep_http_connections_cut_total", "why" => "tls").increment(1);
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.left.take(self.began.elapsed()) {
            tracing::warn!(
                why,
                unlogged = std::mem::take(&mut log.unlogged),
                "a client's connection has no TLS that can be used"
            );
        } else {
            log.unlogged += 1;
        }
    }
}

/// Answers a request that came without TLS, and reads what it has sent.
async fn refuse_plain(stream: &mut TcpStream) {
    let mut bytes = vec![0; PLAIN_MAX_BYTES];
    if stream.read(&mut bytes).await.is_err() {
        return;
    }
    let error = ApiError::new(Problem::TlsRequired, "this port takes HTTPS only; nothing was done");
    let body = error.json();
    let head = format!(
        "HTTP/1.1 {} Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        Problem::TlsRequired.meaning().status,
        body.len()
    );
    if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(body.as_bytes()).await.is_err() {
        return;
    }
    let _ = stream.shutdown().await;
    while stream.read(&mut bytes).await.is_ok_and(|len| len > 0) {}
}

impl OverTls {
    /// The certificate of the client of a request.
    ///
    /// # Errors
    /// If the certificate has ended since the connection began.
    pub(super) fn certificate_of(extensions: &Extensions) -> Result<Option<&ClientCertificate>, ApiError> {
        let shown = extensions.get::<Self>().and_then(|over| over.certificate.as_deref());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if shown.is_some_and(|shown| i64::try_from(now.as_secs()).unwrap_or(i64::MAX) > shown.ends_s) {
            let message = "the certificate of this client has ended: connect again with a new one";
            return Err(ApiError::new(Problem::Unauthenticated, message));
        }
        Ok(shown)
    }

    /// Whether a request came over TLS.
    pub(super) fn has(extensions: &Extensions) -> bool {
        extensions.get::<Self>().is_some()
    }
}

impl ClientCertificate {
    fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let ends_s = not_after_s(certificate)?;
        let read = EndEntityCert::try_from(certificate).ok()?;
        let dns = read.valid_dns_names().map(CertificateName::dns);
        let uris = read.valid_uri_names().map(CertificateName::uri);
        Some(Self { names: dns.chain(uris).collect(), ends_s })
    }

    /// The end of its validity, in seconds since 1970.
    pub(super) fn ends_s(&self) -> i64 {
        self.ends_s
    }

    pub(super) fn names(&self) -> &[CertificateName] {
        &self.names
    }
}
