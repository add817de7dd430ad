//! `tls` of a line, of the HTTP interface, of a server of keys and of a simulated institution: which certificates are shown and trusted. Reads the files, when the configuration is checked and again
//! when they change.
//!
//! The handshake and the reload belong to `net::transport`. No text of this module shows a byte of a key.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use fep_spec::document::Table;
use fep_spec::report::Code;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// `tls` of a line or of the HTTP interface. TLS 1.2 or 1.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// `ca`, required if the gateway connects; `client_ca` if it listens: the authorities that may have signed the certificate of the
    /// institution, or of a client of the HTTP interface. A listener without it asks for no certificate.
    pub ca: Option<PathBuf>,
    /// `cert` and `key`, required if the gateway listens: the own certificate with its chain, and its private key. PEM files.
    pub own: Option<(PathBuf, PathBuf)>,
    /// `name`: the name in the certificate of the institution. Default: the host of `connect`. A listening line checks no name by default.
    pub name: Option<ServerName<'static>>,
    /// `client_certificate`, `required` (default) or `optional`, of the HTTP interface: whether a client without a certificate is let in, to
    /// prove by a token who it is. A certificate that is shown is checked in any case.
    pub without_certificate: bool,
}

/// Who has a table `tls`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TlsPlace<'h> {
    /// A line on which the gateway connects to this host.
    Dials(&'h str),
    /// A line on which the institution connects.
    Listens,
    /// The HTTP interface.
    Http,
    /// A server that the gateway asks, on this host.
    Asks(&'h str),
    /// A simulated institution that connects to the gateway on this host, or that listens.
    Simulated(Option<&'h str>),
}

impl<'h> TlsPlace<'h> {
    /// The host to connect to. `None`: the other side connects.
    fn host(self) -> Option<&'h str> {
        match self {
            Self::Dials(host) | Self::Asks(host) => Some(host),
            Self::Simulated(host) => host,
            Self::Listens | Self::Http => None,
        }
    }

    /// The other side.
    fn other(self) -> &'static str {
        match self {
            Self::Asks(_) => "server",
            Self::Simulated(_) => "gateway",
            Self::Dials(_) | Self::Listens | Self::Http => "institution",
        }
    }

    /// Who needs a certificate of its own, because it listens.
    fn needs_own(self) -> &'static str {
        match self {
            Self::Http => "the HTTP interface shows its own certificate",
            Self::Simulated(_) => {
                "an institution that listens shows its own certificate: `fep-gateway test-certificates` makes some"
            }
            Self::Dials(_) | Self::Asks(_) | Self::Listens => "a line that listens shows its own certificate",
        }
    }
}

/// The words of `client_certificate`.
const CLIENT_CERTIFICATE: [(&str, bool); 2] = [("required", false), ("optional", true)];

/// The content of the files, ready for a handshake.
#[derive(Clone, Debug)]
pub struct TlsMaterial {
    /// For a line on which the gateway connects.
    pub client: Option<Arc<ClientConfig>>,
    /// For a line on which it listens.
    pub server: Option<Arc<ServerConfig>>,
    /// The own certificate, without its chain.
    pub own: Option<CertificateDer<'static>>,
}

/// A file that cannot be used for TLS, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFileError {
    path: PathBuf,
    why: String,
}

/// The maximum length of a file, in bytes.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

impl TlsConfig {
    /// Reads a table `tls`.
    pub(crate) fn read(table: Table<'_>, place: TlsPlace<'_>, folder: &Path) -> Self {
        let host = place.host();
        let asked = place.other();
        let path = |key| table.string(key).map(|path| folder.join(path.value));
        let document = table.document();
        let cert = path("cert");
        let key = path("key");
        if cert.is_some() != key.is_some() {
            let span = table.key_span(if cert.is_some() { "cert" } else { "key" });
            let hint = "a certificate is shown with its private key";
            document.error_hint(Code::MissingKey, span.unwrap_or_default(), "`cert` and `key` belong together", hint);
        }
        let ca = match host {
            Some(_) => {
                let ca = path("ca");
                if ca.is_none() && !table.has("ca") {
                    let hint = format!("the authority that signs the certificate of the {asked}, as a PEM file");
                    document.error_hint(Code::MissingKey, table.span(), "`ca` is missing", hint);
                }
                ca
            }
            None => {
                if cert.is_none() && key.is_none() {
                    let message = "`cert` and `key` are missing";
                    document.error_hint(Code::MissingKey, table.span(), message, place.needs_own());
                }
                path("client_ca")
            }
        };
        let is_http = matches!(place, TlsPlace::Http);
        let without_certificate = is_http && lets_in_without_certificate(&table, ca.is_some());
        let name = if is_http { None } else { table.string("name") };
        if let Some(span) = name.as_ref().map(|name| name.span.clone()).filter(|_| host.is_none() && ca.is_none()) {
            let hint = "without it, no certificate is asked for";
            document.error_hint(Code::ConflictingKeys, span, "`name` needs `client_ca`", hint);
        }
        let text = name.as_ref().map(|name| name.value).or(host);
        let server_name = text.and_then(|text| ServerName::try_from(text.to_owned()).ok());
        if text.is_some() && server_name.is_none() {
            let span = name.map_or(table.span(), |name| name.span);
            let message = "`name` must be a host name or an address";
            let hint = format!("the name that the certificate of the {asked} has");
            document.error_hint(Code::BadValue, span, message, hint);
        }
        let config = Self { ca, own: cert.zip(key), name: server_name, without_certificate };
        let is_complete = if host.is_some() { config.ca.is_some() } else { config.own.is_some() };
        if let Some(error) = is_complete.then(|| config.load(host.is_some()).err()).flatten() {
            document.error_hint(Code::BadValue, table.span(), error.to_string(), "paths are relative to this file");
        }
        table.finish();
        config
    }

    /// Reads the files. `connects` says whether the gateway connects.
    ///
    /// # Errors
    /// If a file cannot be read, or its content cannot be used.
    pub fn load(&self, connects: bool) -> Result<TlsMaterial, TlsFileError> {
        let provider = Arc::new(ring::default_provider());
        let own = self.own.as_ref().map(|(cert, key)| Ok((certificates(cert)?, private_key(key)?)));
        let own = own.transpose()?;
        let first = own.as_ref().and_then(|(certificates, _)| certificates.first().cloned());
        let roots = self.ca.as_ref().map(|path| roots(path)).transpose()?;
        let mut material = TlsMaterial { client: None, server: None, own: first };
        if connects {
            material.client = Some(Arc::new(self.client(provider, roots.unwrap_or_else(RootCertStore::empty), own)?));
        } else {
            material.server = Some(Arc::new(self.server(provider, roots, own)?));
        }
        Ok(material)
    }

    /// What changes when a file changes: the time of its last change, and its length.
    #[must_use]
    pub fn stamps(&self) -> Vec<Option<(SystemTime, u64)>> {
        let own = self.own.iter().flat_map(|(cert, key)| [cert, key]);
        let stamp = |path: &PathBuf| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        self.ca.iter().chain(own).map(stamp).collect()
    }

    /// The private key, if everybody on this machine may read it.
    pub(super) fn open_key(&self) -> Option<&Path> {
        let (_, key) = self.own.as_ref()?;
        is_open(key).then_some(key)
    }

    fn client(
        &self,
        provider: Arc<CryptoProvider>,
        roots: RootCertStore,
        own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Result<ClientConfig, TlsFileError> {
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| self.wrong(&error))?.with_root_certificates(roots);
        match own {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| self.wrong(&error)),
            None => Ok(builder.with_no_client_auth()),
        }
    }

    fn server(
        &self,
        provider: Arc<CryptoProvider>,
        roots: Option<RootCertStore>,
        own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> Result<ServerConfig, TlsFileError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| self.wrong(&error))?;
        let builder = match roots {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if self.without_certificate { verifier.allow_unauthenticated() } else { verifier };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| self.wrong(&error))?)
            }
        };
        let (chain, key) = own.ok_or_else(|| self.wrong(&"`cert` and `key` are missing"))?;
        builder.with_single_cert(chain, key).map_err(|error| self.wrong(&error))
    }

    /// An error of the files together, such as a key that does not belong to the certificate.
    fn wrong(&self, why: &dyn fmt::Display) -> TlsFileError {
        let path = self.own.as_ref().map(|(cert, _)| cert.clone()).or_else(|| self.ca.clone()).unwrap_or_default();
        TlsFileError { path, why: why.to_string() }
    }
}

/// Whether everybody may read a file. Its group may: packages give private keys to a group.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    let mode = fs::metadata(path).map(|metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()));
    mode.is_ok_and(|mode| mode & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

/// Reads `client_certificate`.
fn lets_in_without_certificate(table: &Table<'_>, has_client_ca: bool) -> bool {
    let Some(word) = table.choice("client_certificate", &CLIENT_CERTIFICATE) else { return false };
    if !has_client_ca {
        let hint = "name the authority that signs the certificates of clients, or leave it out";
        let message = "`client_certificate` needs `client_ca`";
        table.document().error_hint(Code::ConflictingKeys, word.span, message, hint);
    }
    word.value
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsFileError> {
    let wrong = |why: String| TlsFileError { path: path.to_owned(), why };
    let len = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if len > FILE_MAX_BYTES {
        return Err(wrong(format!("it has {len} bytes, at most {FILE_MAX_BYTES} are read")));
    }
    fs::read(path).map_err(|error| wrong(error.to_string()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let wrong = |why: &str| TlsFileError { path: path.to_owned(), why: why.to_owned() };
    let bytes = bytes(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|_| wrong("it is not a PEM file with certificates"))?;
    if found.is_empty() { Err(wrong("it has no certificate in PEM form")) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFileError> {
    // The error of the parser is not shown: it could contain a part of the file.
    let why = || "it has no private key in PEM form (PKCS #8, PKCS #1 or SEC 1, not encrypted)".to_owned();
    PrivateKeyDer::from_pem_slice(&bytes(path)?).map_err(|_| TlsFileError { path: path.to_owned(), why: why() })
}

fn roots(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let added = roots.add(certificate);
        added.map_err(|error| TlsFileError { path: path.to_owned(), why: error.to_string() })?;
    }
    Ok(roots)
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for TlsFileError {}
