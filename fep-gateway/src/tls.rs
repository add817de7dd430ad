//! TLS of a line, of the HTTP interface, of a server of keys, of a callback and of a simulated institution: the handshake in both roles, the reload of
//! changed files, and why a handshake failed.
//!
//! Which files there are is said in `config`. What a certificate allows is not decided here.

mod expiry;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use fep_protocol::reason::CloseReason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

pub(crate) use self::expiry::not_after_s;
use crate::config::{TlsConfig, TlsMaterial};

/// Who is on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// The institution of a line.
    Institution,
    /// A client of the HTTP interface.
    Client,
    /// The server that publishes the keys of an issuer of tokens.
    KeyServer,
    /// The collector of spans.
    #[cfg(feature = "opentelemetry")]
    Collector,
    /// A service that takes notices.
    Service,
    /// A gateway of the other site.
    OtherSite,
    /// A gateway, for the simulated institution.
    Gateway,
}

/// The TLS of one line, shared by its links, or of one HTTP listener.
#[derive(Debug)]
pub(crate) struct Tls {
    config: TlsConfig,
    other: Party,
    connects: bool,
    loaded: Mutex<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    stamps: Vec<Option<(SystemTime, u64)>>,
    material: Option<TlsMaterial>,
    /// When a certificate was last reported that ends soon: the own one, and that of the other side.
    warned: [Option<SystemTime>; 2],
}

/// A certificate that ends within this time is reported, once a day.
pub(crate) const EXPIRY_WARNED: Duration = Duration::from_secs(30 * 86_400);
const WARNING_PAUSE: Duration = Duration::from_secs(86_400);

impl Tls {
    pub(crate) fn new(config: TlsConfig, other: Party, connects: bool) -> Arc<Self> {
        Arc::new(Self { config, other, connects, loaded: Mutex::default() })
    }

    /// Makes the handshake on a new connection, in the role of the line.
    pub(crate) async fn handshake<S>(self: &Arc<Self>, stream: S, peer: &str) -> Result<Box<TlsStream<S>>, CloseReason>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let failed = |why: String| CloseReason::TlsFailed { peer: peer.to_owned(), why };
        let own = Arc::clone(self);
        let material = tokio::task::spawn_blocking(move || own.material()).await;
        let material = material.map_err(|error| error.to_string()).flatten().map_err(failed)?;
        let handshake_failed =
            |error: io::Error| failed(self.other.describe(&error).unwrap_or_else(|| error.to_string()));
        let stream = match (material.client, material.server, &self.config.name) {
            (Some(client), _, Some(name)) => {
                let connecting = TlsConnector::from(client).connect(name.clone(), stream);
                TlsStream::from(connecting.await.map_err(handshake_failed)?)
            }
            (_, Some(server), _) => {
                TlsStream::from(TlsAcceptor::from(server).accept(stream).await.map_err(handshake_failed)?)
            }
            _ => return Err(failed("the line has no name to check".to_owned())),
        };
        let theirs = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        if let Some(theirs) = theirs {
            self.warn(self.other.ends_soon(), 1, theirs, peer);
            self.check_name(theirs).map_err(failed)?;
        }
        if let Some(own) = &material.own {
            self.warn("our certificate ends soon", 0, own, peer);
        }
        Ok(Box::new(stream))
    }

    /// A client's certificate has the name that the line asks for. (That of a server is checked in the handshake.)
    fn check_name(&self, theirs: &CertificateDer<'_>) -> Result<(), String> {
        let Some(name) = self.config.name.as_ref().filter(|_| !self.connects) else { return Ok(()) };
        let checked = ParsedCertificate::try_from(theirs).and_then(|parsed| verify_server_name(&parsed, name));
        checked.map_err(|error| self.other.sentence(&error))
    }

    /// The content of the files as they are now. If changed files cannot be used, the ones before stay in use.
    fn material(&self) -> Result<TlsMaterial, String> {
        let stamps = self.config.stamps();
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(material) = loaded.material.as_ref().filter(|_| loaded.stamps == stamps) {
            return Ok(material.clone());
        }
        match self.config.load(self.connects) {
            Ok(material) => {
                if loaded.material.is_some() {
                    tracing::info!(of = self.other.place(), "changed certificates were read again");
                }
                loaded.stamps = stamps;
                loaded.material = Some(material.clone());
                Ok(material)
            }
            Err(error) => {
                let Some(material) = loaded.material.clone() else { return Err(format!("our files: {error}")) };
                tracing::error!(of = self.other.place(), %error, "changed certificates cannot be used; the ones before stay in use");
                // The next change is read again.
                loaded.stamps = stamps;
                Ok(material)
            }
        }
    }

    /// Reports a certificate that ends soon.
    fn warn(&self, what: &'static str, whose: usize, certificate: &CertificateDer<'_>, peer: &str) {
        let Some(end_s) = not_after_s(certificate) else { return };
        let now = SystemTime::now();
        let now_s = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let left_s = end_s.saturating_sub(i64::try_from(now_s.as_secs()).unwrap_or(i64::MAX));
        if left_s > i64::try_from(EXPIRY_WARNED.as_secs()).unwrap_or(i64::MAX) {
            return;
        }
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = loaded.warned.get_mut(whose) else { return };
        if last.is_none_or(|last| now.duration_since(last).unwrap_or_default() >= WARNING_PAUSE) {
            *last = Some(now);
            tracing::warn!(peer, days_left = left_s / 86_400, "{what}");
        }
    }
}

impl Party {
    /// Why TLS failed, if it did: whose certificate is wrong, and what is wrong with it.
    pub(crate) fn describe(self, error: &io::Error) -> Option<String> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).map(|error| self.sentence(error))
    }

    fn sentence(self, error: &Error) -> String {
        let name = self.name();
        match error {
            Error::NoCertificatesPresented => format!("{name} shows no certificate"),
            // A bad signature is what an authority gives that has the name of a trusted one, and another key.
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                format!("the certificate of {name} is not signed by an authority that {} trusts", self.place())
            }
            Error::InvalidCertificate(why) => format!("the certificate of {name} is not accepted: {why}"),
            Error::AlertReceived(
                alert @ (AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA
                | AlertDescription::DecryptError
                | AlertDescription::AccessDenied),
            ) => format!("{name} does not accept our certificate: {alert:?}"),
            Error::AlertReceived(alert) => format!("{name} ended TLS: {alert:?}"),
            error => error.to_string(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Institution => "the institution",
            Self::Client => "the client",
            Self::KeyServer => "the server of keys",
            #[cfg(feature = "opentelemetry")]
            Self::Collector => "the collector",
            Self::Service => "the service",
            Self::OtherSite => "the gateway of the other site",
            Self::Gateway => "the gateway",
        }
    }

    /// What the own side has towards it.
    fn place(self) -> &'static str {
        match self {
            Self::Institution => "the line",
            Self::Client => "the HTTP listener",
            Self::KeyServer => "the issuer of tokens",
            #[cfg(feature = "opentelemetry")]
            Self::Collector => "the exporter of spans",
            Self::Service => "the callback",
            Self::OtherSite => "`hand_over`",
            Self::Gateway => "the scenario",
        }
    }

    fn ends_soon(self) -> &'static str {
        match self {
            Self::Institution => "the certificate of the institution ends soon",
            Self::Client => "the certificate of a client ends soon",
            Self::KeyServer => "the certificate of a server of keys ends soon",
            #[cfg(feature = "opentelemetry")]
            Self::Collector => "the certificate of the collector ends soon",
            Self::Service => "the certificate of a service ends soon",
            Self::OtherSite => "the certificate of a gateway of the other site ends soon",
            Self::Gateway => "the certificate of the gateway ends soon",
        }
    }
}
