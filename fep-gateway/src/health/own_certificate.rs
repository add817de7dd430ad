//! TLS towards the gateway of the same machine: it has to show the very certificate that the configuration names.
//!
//! No authority is asked, and no name is compared. A health check connects to an address, which certificates seldom have, and it reads the
//! same file as the gateway.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use fep_gateway::config::TlsConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};

/// Accepts one certificate.
#[derive(Debug)]
struct Only {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

/// Makes the handshake. `client` is the certificate of the health check itself and its key, PEM files.
pub(super) async fn connect(
    stream: TcpStream,
    address: SocketAddr,
    tls: &TlsConfig,
    client: Option<(PathBuf, PathBuf)>,
) -> Result<TlsStream<TcpStream>, Box<dyn Error + Send + Sync>> {
    let provider = Arc::new(ring::default_provider());
    let certificate = tls.load(false)?.own.ok_or("the configuration names no certificate")?;
    let only = Arc::new(Only { certificate, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(only);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            // The errors of the parser are not shown: they could contain a part of the file.
            let unreadable = |what: &str, path: &PathBuf| {
                format!("{}: it has no {what} in PEM form that can be read", path.display())
            };
            let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&cert).and_then(Iterator::collect);
            let chain = chain.map_err(|_| unreadable("certificate", &cert))?;
            let own = PrivateKeyDer::from_pem_file(&key).map_err(|_| unreadable("private key", &key))?;
            builder.with_client_auth_cert(chain, own)?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::IpAddress(address.ip().into()), stream).await?)
}

impl ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if *shown == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(TlsError::General("it shows another certificate than `cert` of `[http] tls`".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
