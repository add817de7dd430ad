//! HTTPS and certificates of clients, with a real daemon. The other side is rustls without the gateway.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::harness::{Daemon, Setup, rest, sends};
use crate::peer::{PATIENCE, Peer};
use crate::ports::dead_port;

/// An authority, and a folder for what it signs.
struct Authority {
    folder: PathBuf,
    name: &'static str,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate and its key, as PEM files.
#[derive(Clone)]
struct Signed {
    cert: PathBuf,
    key: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &'static str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        Self {
            folder: folder.to_owned(),
            name,
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Signs a certificate with these names: DNS names, or URIs.
    fn sign(&self, file: &str, names: &[&str], last_year: i32) -> Signed {
        self.sign_until(file, names, |params| params.not_after = date_time_ymd(last_year, 1, 1))
    }

    /// The same, with an end of its own.
    fn sign_until(&self, file: &str, names: &[&str], end: impl FnOnce(&mut CertificateParams)) -> Signed {
        let mut params = CertificateParams::default();
        let san = |name: &&str| {
            let text = Ia5String::try_from(*name).unwrap();
            if name.contains("://") { SanType::URI(text) } else { SanType::DnsName(text) }
        };
        params.subject_alt_names = names.iter().map(san).collect();
        end(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |kind: &str| self.folder.join(format!("{file}.{kind}.pem"));
        let signed = Signed { cert: path("cert"), key: path("key") };
        fs::write(&signed.cert, certificate.pem()).unwrap();
        fs::write(&signed.key, key.serialize_pem()).unwrap();
        signed
    }

    /// Keys of `[http]`: this authority signs the certificates of clients.
    fn tls(&self, own: &Signed, more: &str) -> String {
        let Signed { cert, key } = own;
        let ca = self.folder.join(format!("{}.pem", self.name));
        let cert = cert.display();
        let key = key.display();
        let ca = ca.display();
        format!(
            "access = \"access.toml\"\nhead_timeout_ms = 60000\ntls = {{ cert = \"{cert}\", key = \"{key}\", client_ca = \"{ca}\"{more} }}"
        )
    }
}

/// A client of the gateway that trusts this authority, and shows this certificate.
async fn connect(port: u16, servers: &Authority, own: Option<&Signed>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(servers.certificate.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(Signed { cert, key }) => {
            let chain = CertificateDer::pem_file_iter(cert).unwrap().map(Result::unwrap).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap()
        }
    };
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("fep.test").unwrap(), stream).await
}

/// The reply to one request, or nothing if the connection ends without one.
async fn ask(stream: std::io::Result<TlsStream<TcpStream>>, request: &str, headers: &str) -> String {
    let Ok(mut stream) = stream else { return String::new() };
    let head = format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    if stream.write_all(head.as_bytes()).await.is_err() {
        return String::new();
    }
    let mut reply = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut reply)).await.expect("the connection ends");
    String::from_utf8(reply).unwrap()
}

fn status(reply: &str) -> &str {
    reply.split(' ').nth(1).unwrap_or_default()
}

fn body(reply: &str) -> Json {
    serde_json::from_str(reply.split_once("\r\n\r\n").expect("a reply").1).unwrap_or_else(|_| panic!("{reply}"))
}

/// The SHA-256 of `test`, as `sha256sum` prints it.
const TEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const TOKEN: &str = "authorization: Bearer test\r\n";

fn give_access(folder: &Path) {
    let access = format!(
        r#"
[clients.kim]
tokens = ["{TEST}"]
may = [{{ actions = ["read", "operate"] }}]
[clients.orders]
certificates = ["dns:orders.bank.example"]
may = [{{ actions = ["read"] }}]
[clients.ledger]
certificates = ["uri:spiffe://bank.example/ledger"]
may = [{{ actions = ["read"] }}]
"#
    );
    fs::write(folder.join("access.toml"), access).unwrap();
}

/// A daemon with HTTPS.
async fn start(folder: &Path, http: &str) -> (Daemon, Peer) {
    give_access(folder);
    let peer = Peer::start().await;
    let daemon = Setup { http, ..Setup::new(folder, peer.port, "") }.spawn().await;
    daemon.logs("the gateway runs").await;
    (daemon, peer)
}

#[tokio::test]
async fn a_certificate_proves_who_a_client_is_and_a_token_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, ", client_certificate = \"optional\"")).await;
    let client = async |own: Option<&Signed>, headers: &str| {
        ask(connect(daemon.port, &ca, own).await, "GET /v1/session", headers).await
    };
    for (names, client_name) in [
        (&["orders.bank.example"][..], Some("orders")),
        (&["ORDERS.bank.example", "other.bank.example"], Some("orders")),
        (&["spiffe://bank.example/ledger"], Some("ledger")),
        (&["other.bank.example"], None),
        (&["*.bank.example"], None),
        (&["spiffe://bank.example/ledger/x"], None),
        // Nobody could tell which of both it is.
        (&["orders.bank.example", "spiffe://bank.example/ledger"], None),
    ] {
        let signed = ca.sign("client", names, 2040);
        let reply = client(Some(&signed), "").await;
        match client_name {
            Some(name) => assert_eq!(body(&reply)["client"], name, "{names:?}: {reply}"),
            None => {
                assert_eq!((status(&reply), &body(&reply)["code"]), ("401", &"unauthenticated".into()), "{names:?}")
            }
        }
    }
    let signed = ca.sign("client", &["orders.bank.example"], 2040);
    assert_eq!(body(&client(Some(&signed), TOKEN).await)["client"], "kim");
    assert_eq!(status(&client(Some(&signed), "authorization: Bearer wrong\r\n").await), "401");
    // A browser shows its certificate whichever page makes the request.
    assert_eq!(status(&client(Some(&signed), "origin: https://evil.example\r\n").await), "403");
    assert_eq!(status(&client(None, "").await), "401");
    assert_eq!(body(&client(None, TOKEN).await)["client"], "kim");
    daemon.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_certificate_of_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, "")).await;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let ends = Duration::from_secs(now.as_secs() + 4);
    let signed = ca.sign_until("client", &["orders.bank.example"], |params| {
        params.not_after = date_time_ymd(1970, 1, 1) + ends;
    });
    // Nothing else ends it: its end comes long before that of a connection without a request.
    let reply = ask(connect(daemon.port, &ca, Some(&signed)).await, "GET /v1/events", "").await;
    assert_eq!(status(&reply), "200", "{reply}");
    let ended = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(ended > ends, "{ended:?} {ends:?}");
    assert!(!daemon.log().contains("cut off"));
    daemon.stop().await;
}

#[tokio::test]
async fn listeners_of_their_own_have_tls_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let services = Authority::new(folder.path(), "services");
    let operators = Authority::new(folder.path(), "operators");
    let own = services.sign("own", &["fep.test"], 2040);
    let theirs = operators.sign("theirs", &["fep.test"], 2040);
    let ports = [dead_port().await, dead_port().await];
    let listener = |name: &str, port: u16| {
        let Signed { cert, key } = &theirs;
        let cert = cert.display();
        let key = key.display();
        format!("\n[http.{name}]\nlisten = \"127.0.0.1:{port}\"\ntls = {{ cert = \"{cert}\", key = \"{key}\" }}")
    };
    let http = services.tls(&own, ", client_certificate = \"optional\"")
        + &listener("operators", ports[0])
        + &listener("metrics", ports[1]);
    let (daemon, _peer) = start(folder.path(), &http).await;
    for (port, trusted, other, path) in [
        (daemon.port, &services, &operators, "/v1/lines"),
        (ports[0], &operators, &services, "/v1/audit"),
        (ports[1], &operators, &services, "/metrics"),
    ] {
        let reply = ask(connect(port, trusted, None).await, &format!("GET {path}"), TOKEN).await;
        assert_eq!(status(&reply), "200", "{path}: {reply}");
        assert!(connect(port, other, None).await.is_err(), "{path}: the certificate of another listener");
        let plain = reqwest::Client::builder().no_proxy().build().unwrap();
        let told = plain.get(format!("http://127.0.0.1:{port}{path}")).send().await.unwrap();
        assert_eq!(told.status(), 400, "{path}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_certificate_that_is_asked_for_must_come_and_must_be_signed_by_the_right_authority() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let other = Authority::new(folder.path(), "other");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, "")).await;
    let names = ["orders.bank.example"];
    let good = ca.sign("good", &names, 2040);
    let session = "GET /v1/session";
    assert_eq!(body(&ask(connect(daemon.port, &ca, Some(&good)).await, session, "").await)["client"], "orders");
    for (signed, why) in [
        (None, "the client shows no certificate"),
        (Some(other.sign("foreign", &names, 2040)), "is not signed by an authority that the HTTP listener trusts"),
        (Some(ca.sign("ended", &names, 2020)), "expired"),
    ] {
        let reply = ask(connect(daemon.port, &ca, signed.as_ref()).await, session, TOKEN).await;
        assert_eq!(reply, "", "{why}");
        daemon.logs(why).await;
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_session_over_tls_has_a_cookie_that_is_never_sent_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, ", client_certificate = \"optional\"")).await;
    for method in ["POST", "DELETE"] {
        let request = format!("{method} /v1/session");
        let reply =
            ask(connect(daemon.port, &ca, None).await, &request, &format!("{TOKEN}content-length: 0\r\n")).await;
        let cookie = reply.lines().find(|line| line.starts_with("set-cookie: ")).unwrap_or_else(|| panic!("{reply}"));
        assert!(cookie.ends_with("; Secure"), "{cookie}");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn a_client_without_tls_is_told_and_a_slow_one_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, "").replace("60000", "600")).await;
    let plain = rest(sends(daemon.port, "GET /v1/lines HTTP/1.1\r\nhost: localhost\r\n\r\n").await).await;
    assert_eq!((status(&plain), &body(&plain)["code"]), ("400", &"tls_required".into()), "{plain}");
    assert_eq!(body(&plain)["type"], "/problems/tls_required");
    daemon.logs("it does not begin with TLS").await;
    // Not HTTP either: closed without a word.
    assert_eq!(rest(sends(daemon.port, b"\x00\x01\x02").await).await, "");
    // The first bytes of a ClientHello, and no more.
    let began = Instant::now();
    let slow = sends(daemon.port, b"\x16\x03\x01\x02\x00\x01\x00").await;
    rest(slow).await;
    assert!((Duration::from_millis(500)..PATIENCE).contains(&began.elapsed()), "{:?}", began.elapsed());
    // Half a handshake and a silent client do not delay the end.
    let _slow = sends(daemon.port, b"\x16\x03\x01\x02\x00\x01\x00").await;
    let _silent = sends(daemon.port, b"").await;
    let stops = Instant::now();
    daemon.stop().await;
    assert!(stops.elapsed() < Duration::from_secs(5), "{:?}", stops.elapsed());
}

#[tokio::test]
async fn a_handshake_gives_its_place_to_another_client() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let settings = ca.tls(&own, ", client_certificate = \"optional\"");
    let (daemon, _peer) = start(folder.path(), &format!("connections_max = 4\n{settings}")).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(sends(daemon.port, b"").await);
        idle.push(sends(daemon.port, b"\x16\x03\x01\x02\x00\x01\x00").await);
    }
    let reply = timeout(PATIENCE, async { ask(connect(daemon.port, &ca, None).await, "GET /healthz", "").await }).await;
    assert_eq!(status(&reply.expect("it gets a place")), "200");
    daemon.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_health_asks_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    let own = ca.sign("fep", &["fep.test"], 2040);
    let (daemon, _peer) = start(folder.path(), &ca.tls(&own, "")).await;
    let probe = ca.sign("probe", &["probe.test"], 2040);
    let config = folder.path().join("gateway.toml");
    let health = async |with: Option<&Signed>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        command.args(["health", "--config"]).arg(&config);
        if let Some(probe) = with {
            command.arg("--cert").arg(&probe.cert).arg("--key").arg(&probe.key);
        }
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(health(Some(&probe)).await, (Some(0), String::new()));
    let (code, said) = health(None).await;
    assert!(code == Some(1) && said.contains("CertificateRequired"), "{said}");

    let shown = async || {
        let stream = connect(daemon.port, &ca, Some(&probe)).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let before = shown().await;
    ca.sign("fep", &["fep.test"], 2041);
    assert!(shown().await != before, "the new one");
    assert_eq!(health(Some(&probe)).await, (Some(0), String::new()));
    daemon.logs("changed certificates were read again").await;
    daemon.stop().await;
}

#[tokio::test]
async fn check_names_what_ends_soon_and_what_travels_unencrypted() {
    let folder = tempfile::tempdir().unwrap();
    let ca = Authority::new(folder.path(), "ca");
    give_access(folder.path());
    let checked = async |http: &str| {
        let spec = crate::harness::root().join("specs/bank-a/bank-a.toml");
        let text = format!(
            "[http]\n{http}\n[institutions.bank-a]\nspec = \"{}\"\nkey = [\"header.trace_no\"]\n[[institutions.bank-a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:9\"\n",
            spec.display()
        );
        let path = folder.path().join("gateway.toml");
        fs::write(&path, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        let output = command.args(["check", "--config"]).arg(&path).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let own = ca.sign("fep", &["fep.test"], 2020);
    let all = "listen = \"0.0.0.0:8470\"\naccess = \"access.toml\"";
    let (code, said) = checked(all).await;
    assert!(code == Some(0) && said.contains("clients send their tokens to 0.0.0.0:8470 unencrypted"), "{said}");
    assert!(said.contains("ledger (and 1 more) can never be known by `certificates`: no listener asks"), "{said}");
    let (code, said) = checked(&format!("listen = \"0.0.0.0:8470\"\n{}", ca.tls(&own, ""))).await;
    assert!(code == Some(0) && said.contains("`cert` of `[http] tls`") && said.contains("ended"), "{said}");
    assert!(!said.contains("unencrypted") && !said.contains("client_ca"), "{said}");
    // Mistakes of the access file are mistakes.
    fs::write(folder.path().join("access.toml"), "[clients.kim]\ntokens = [\"oops\"]\nmay = []\n").unwrap();
    let (code, said) = checked("access = \"access.toml\"").await;
    assert!(code == Some(1) && said.contains("access.toml:2:11") && said.contains("not the hash of a token"), "{said}");
    fs::remove_file(folder.path().join("access.toml")).unwrap();
    let (code, said) = checked("access = \"access.toml\"").await;
    assert!(code == Some(2) && said.contains("access.toml"), "{said}");
    for (http, message) in [
        (ca.tls(&own, ", client_certificate = \"optional\"").replace("access = \"access.toml\"", ""), "needs `access`"),
        (ca.tls(&own, ", client_certificate = \"never\""), "optional"),
        (ca.tls(&own, ", name = \"orders\""), "unknown key `name`"),
        ("tls = {}".to_owned(), "`cert` and `key` are missing"),
        (ca.tls(&own, "").replace("client_ca", "client_certificate = \"optional\", ca"), "unknown key `ca`"),
    ] {
        let (code, said) = checked(&http).await;
        assert!(code == Some(1) && said.contains(message), "{message}: {said}");
    }
}
