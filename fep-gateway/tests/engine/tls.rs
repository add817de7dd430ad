//! TLS on lines: both roles, certificates of both sides, wrong ones, and files that change. The other side is rustls without the gateway.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_gateway::exchange::LinkState;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::connecting::{Lines, dial, line};
use crate::harness::{outcome, until};
use crate::peer::PATIENCE;
use crate::ports::dead_port;

/// An authority, with a folder for what it signs.
pub(crate) struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate and its key, as PEM files.
pub(crate) struct Signed {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, certificate: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    pub(crate) fn ca(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    pub(crate) fn sign(&self, name: &str, last_year: i32) -> Signed {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |kind: &str| self.folder.path().join(format!("{name}-{last_year}.{kind}.pem"));
        let signed = Signed { cert: path("cert"), key: path("key") };
        fs::write(&signed.cert, certificate.pem()).unwrap();
        fs::write(&signed.key, key.serialize_pem()).unwrap();
        signed
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }
}

impl Signed {
    fn keys(&self) -> String {
        format!("cert = \"{}\", key = \"{}\"", self.cert.display(), self.key.display())
    }

    fn read(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_file_iter(&self.cert).unwrap().map(Result::unwrap).collect();
        (chain, PrivateKeyDer::from_pem_file(&self.key).unwrap())
    }

    /// A bank that shows this certificate, and asks for one of ours if it has an authority for it.
    fn acceptor(&self, clients: Option<&Authority>) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let (chain, key) = self.read();
        let config = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(clients.roots()), provider).build().unwrap(),
            ),
        };
        TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()))
    }
}

/// A bank that connects, trusts the authority, and shows this certificate.
async fn connect(
    port: u16,
    servers: &Authority,
    own: Option<&Signed>,
) -> std::io::Result<client::TlsStream<TcpStream>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(servers.roots());
    let config = match own.map(Signed::read) {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
    };
    let stream = dial("127.0.0.1", port).await;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("fep.test").unwrap(), stream).await
}

/// A bank that listens, and the line to it.
struct Bank {
    listener: TcpListener,
}

impl Bank {
    async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn line(&self, tls: &str) -> String {
        let port = self.listener.local_addr().unwrap().port();
        line(&format!("connect = \"127.0.0.1:{port}\"\ntls = {{ {tls} }}"))
    }

    async fn accept(&self, acceptor: &TlsAcceptor) -> std::io::Result<server::TlsStream<TcpStream>> {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await.expect("it connects").unwrap();
        acceptor.accept(stream).await
    }
}

/// A line whose handshake with this certificate fails for this reason.
async fn check_refused(signed: &Signed, clients: Option<&Authority>, tls: &str, expected: &str) {
    let bank = Bank::new().await;
    let lines = Lines::new(&bank.line(tls)).await;
    // Some handshakes fail only after the bank's side is complete.
    let acceptor = signed.acceptor(clients);
    let accepted = bank.accept(&acceptor).await;
    until("the reason is shown", async || lines.last_error().1 == "tls_failed").await;
    let port = bank.listener.local_addr().unwrap().port();
    let (why, _) = lines.last_error();
    assert!(why.starts_with(&format!("127.0.0.1:{port}: TLS: {expected}")), "{why}");
    drop((accepted, bank));
}

#[tokio::test]
async fn both_sides_show_certificates_where_the_gateway_connects() {
    let ca = Authority::new();
    let bank = Bank::new().await;
    let keys = format!("ca = \"{}\", name = \"bank.test\", {}", ca.ca(), ca.sign("fep.test", 2040).keys());
    let lines = Lines::new(&bank.line(&keys)).await;
    let mut stream = bank.accept(&ca.sign("bank.test", 2040).acceptor(Some(&ca))).await.unwrap();
    lines.become_so(&[LinkState::Up]).await;
    lines.answered_on(&mut stream).await;
    lines.answered_on(&mut stream).await;
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_and_named() {
    let ca = Authority::new();
    let other = Authority::new();
    let trust = format!("ca = \"{}\", name = \"bank.test\"", ca.ca());
    let right = ca.sign("bank.test", 2040);
    let unknown = "the certificate of the institution is not signed by an authority that the line trusts";
    check_refused(&other.sign("bank.test", 2040), None, &trust, unknown).await;
    let not_accepted = "the certificate of the institution is not accepted: ";
    let of_name = format!("{not_accepted}certificate not valid for name \"bank.test\"");
    check_refused(&ca.sign("else.test", 2040), None, &trust, &of_name).await;
    check_refused(&ca.sign("bank.test", 2020), None, &trust, &format!("{not_accepted}certificate expired")).await;
    // Without `name`, the certificate must be for the host of `connect`.
    let by_host = format!("ca = \"{}\"", ca.ca());
    check_refused(&right, None, &by_host, &format!("{not_accepted}certificate not valid for name \"127.0.0.1\"")).await;
    let ours = "the institution does not accept our certificate: ";
    check_refused(&right, Some(&ca), &trust, ours).await;
    let wrong_own = format!("{trust}, {}", other.sign("fep.test", 2040).keys());
    check_refused(&right, Some(&ca), &wrong_own, ours).await;
}

#[tokio::test]
async fn an_institution_that_connects_shows_its_certificate() {
    let ca = Authority::new();
    let other = Authority::new();
    let port = dead_port().await;
    let own = ca.sign("fep.test", 2040).keys();
    let tls = format!("tls = {{ client_ca = \"{}\", name = \"bank.test\", {own} }}", ca.ca());
    let keys = format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]\nconnect_timeout_ms = 60000\n{tls}");
    let lines = Lines::new(&line(&keys)).await;
    let refused = async |own: Option<Signed>, expected: &str| {
        let shown = connect(port, &ca, own.as_ref()).await;
        until("the reason is shown", async || lines.last_error().0.contains(expected)).await;
        assert_eq!(lines.last_error().1, "tls_failed");
        drop(shown);
    };
    refused(None, "TLS: the institution shows no certificate").await;
    let unknown = "TLS: the certificate of the institution is not signed by an authority that the line trusts";
    refused(Some(other.sign("bank.test", 2040)), unknown).await;
    refused(Some(ca.sign("bank.test", 2020)), "TLS: the certificate of the institution is not accepted: ").await;
    refused(Some(ca.sign("else.test", 2040)), "certificate not valid for name \"bank.test\"").await;

    // Peers that never finish their handshake occupy at most the places of their address.
    let mut silent = Vec::new();
    for _ in 0..7 {
        silent.push(dial("127.0.0.1", port).await);
    }
    let mut stream = connect(port, &ca, Some(&ca.sign("bank.test", 2040))).await.unwrap();
    lines.become_so(&[LinkState::Up]).await;
    lines.answered_on(&mut stream).await;
}

#[tokio::test]
async fn changed_certificates_are_read_again_and_wrong_ones_are_not_used() {
    let old = Authority::new();
    let new = Authority::new();
    let bank = Bank::new().await;
    let lines = Lines::new(&bank.line(&format!("ca = \"{}\", name = \"bank.test\"", old.ca()))).await;
    let accepted = async |acceptor: &TlsAcceptor| {
        let mut stream = bank.accept(acceptor).await.unwrap();
        lines.become_so(&[LinkState::Up]).await;
        lines.answered_on(&mut stream).await;
        drop(stream);
        until("the link is down", async || lines.states() != [LinkState::Up]).await;
    };
    let of_old = old.sign("bank.test", 2040).acceptor(None);
    accepted(&of_old).await;
    fs::write(Path::new(&old.ca()), "no certificate").unwrap();
    accepted(&of_old).await;
    fs::copy(new.ca(), old.ca()).unwrap();
    accepted(&new.sign("bank.test", 2040).acceptor(None)).await;
    let said = outcome(&lines.ask().await.unwrap());
    assert!(said.starts_with("not sent: no line is up"), "{said}");
}
