//! The simulated institution with TLS, against the gateway: both roles, the faults of its handshakes, and a renewed certificate.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use fep_gateway::exchange::LinkState;
use fep_gateway::simulate::{Scenario, Simulator, make_test_certificates};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::connecting::{Lines, line};
use crate::harness::{outcome, root, until};
use crate::ports::dead_port;

/// A folder with test certificates, and an institution whose scenario is in it.
struct Bank {
    folder: tempfile::TempDir,
    simulator: Simulator,
    api: String,
}

impl Bank {
    /// An institution that listens. Both sides show a certificate.
    async fn listens() -> Self {
        Self::with("[tls]\ncert = \"bank.pem\"\nkey = \"bank.key\"\nclient_ca = \"ca.pem\"\n").await
    }

    async fn with(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_test_certificates(folder.path(), &["bank.test".to_owned()]).unwrap();
        let spec = fs::read_to_string(root().join("specs/bank-a/bank-a.toml")).unwrap();
        let spec = Spec::parse("bank-a.toml", &spec).unwrap();
        let text =
            format!("trace = \"header.trace_no\"\n[answers]\nset = {{ \"header.response_code\" = \"0000\" }}\n{keys}");
        let name = folder.path().join("s.toml").display().to_string();
        let scenario = Scenario::read(Source::new(name, text), &spec).unwrap_or_else(|report| panic!("{report}"));
        let mut simulator = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
        let api = simulator.serve_api("127.0.0.1:0").await.unwrap();
        Self { folder, simulator, api: format!("http://{api}/v1/handshakes") }
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }

    /// A line to it.
    fn line(&self, more: &str) -> String {
        let keys = self.keys("gateway");
        let address = self.simulator.address();
        line(&format!(
            "connect = \"{address}\"\nconnect_timeout_ms = 400\nreconnect_min_ms = 10\n{more}\n\
             tls = {{ ca = \"{}\", name = \"bank.test\", {keys} }}",
            self.path("ca.pem")
        ))
    }

    fn keys(&self, name: &str) -> String {
        format!("cert = \"{}\", key = \"{}\"", self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")))
    }

    /// The faults from now on.
    async fn faults(&self, faults: Value) {
        let client = reqwest::Client::new();
        let replied = client.put(&self.api).body(json!({"handshakes": faults}).to_string()).send().await.unwrap();
        assert!(replied.status().is_success(), "{}", replied.text().await.unwrap());
    }

    async fn counts(&self) -> Value {
        serde_json::from_str(&reqwest::get(&self.api).await.unwrap().text().await.unwrap()).unwrap()
    }

    fn shown(&self, file: &str) -> Value {
        json!([{"fault": "certificate", "cert": self.path(&format!("{file}.pem")), "key": self.path(&format!("{file}.key"))}])
    }
}

/// The certificate that the institution shows to a client that is not the gateway.
async fn shown(bank: &Bank) -> CertificateDer<'static> {
    let mut roots = RootCertStore::empty();
    roots.add(read(&bank.folder.path().join("ca.pem"))).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let key = PemObject::from_pem_file(bank.folder.path().join("gateway.key")).unwrap();
    let chain = vec![read(&bank.folder.path().join("gateway.pem"))];
    let config = builder.with_client_auth_cert(chain, key).unwrap();
    let stream = TcpStream::connect(bank.simulator.address()).await.unwrap();
    let name = ServerName::try_from("bank.test").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn read(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

#[tokio::test]
async fn a_gateway_and_the_institution_show_each_other_certificates() {
    let bank = Bank::listens().await;
    let lines = Lines::new(&bank.line("")).await;
    lines.become_so(&[LinkState::Up]).await;
    for _ in 0..20 {
        assert_eq!(outcome(&lines.ask().await.unwrap()), "answered");
    }
    assert_eq!(bank.counts().await, json!({"made": 1, "failed": 0, "faults": []}));
    let explained = bank.simulator.explain_tls().join("\n");
    assert!(
        explained.starts_with(&format!("connections that come: shows {} (ends 20", bank.path("bank.pem"))),
        "{explained}"
    );
    assert!(explained.ends_with(&format!("), wants a certificate signed by {}", bank.path("ca.pem"))), "{explained}");
}

#[tokio::test]
async fn the_institution_connects_with_tls_and_shows_wrong_certificates_too() {
    let port = dead_port().await;
    let tls = "tls = { ca = \"ca.pem\", cert = \"bank.pem\", key = \"bank.key\", name = \"bank.test\" }";
    let bank = Bank::with(&format!("[line]\nconnect = \"127.0.0.1:{port}\"\nreconnect_ms = 20\n{tls}\n")).await;
    bank.faults(bank.shown("other-authority")).await;
    let keys = bank.keys("gateway");
    let tls = format!("tls = {{ client_ca = \"{}\", name = \"bank.test\", {keys} }}", bank.path("ca.pem"));
    let lines = Lines::new(&line(&format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]\n{tls}"))).await;
    let unknown = "TLS: the certificate of the institution is not signed by an authority that the line trusts";
    until("the reason is shown", async || lines.last_error().0.contains(unknown)).await;
    bank.faults(bank.shown("wrong-name")).await;
    until("the reason is shown", async || lines.last_error().0.contains("not valid for name \"bank.test\"")).await;
    bank.faults(json!([])).await;
    lines.become_so(&[LinkState::Up]).await;
    assert_eq!(outcome(&lines.ask().await.unwrap()), "answered");
}

#[tokio::test]
async fn each_fault_of_a_handshake_is_named_by_the_gateway_and_its_end_is_the_end_of_the_trouble() {
    let bank = Bank::listens().await;
    let not_accepted = "TLS: the certificate of the institution is not accepted: ";
    let faults = [
        (bank.shown("expired"), "tls_failed", format!("{not_accepted}certificate expired")),
        (bank.shown("wrong-name"), "tls_failed", format!("{not_accepted}certificate not valid for name \"bank.test\"")),
        (
            bank.shown("other-authority"),
            "tls_failed",
            "TLS: the certificate of the institution is not signed by an authority that the line trusts".to_owned(),
        ),
        (json!([{"fault": "hang"}]), "connect_timeout", "400 ms".to_owned()),
        (json!([{"fault": "hang", "hold_ms": 50}]), "tls_failed", "eof".to_owned()),
        (json!([{"fault": "close"}]), "tls_failed", "eof".to_owned()),
    ];
    for (fault, code, expected) in faults {
        bank.faults(fault.clone()).await;
        let lines = Lines::new(&bank.line("")).await;
        until(&format!("{fault} is named"), async || {
            let (why, of_kind) = lines.last_error();
            of_kind == code && why.contains(&expected)
        })
        .await;
        let said = outcome(&lines.ask().await.unwrap());
        assert!(said.starts_with("not sent: no line is up"), "{fault}: {said}");
        bank.faults(json!([])).await;
        lines.become_so(&[LinkState::Up]).await;
        assert_eq!(outcome(&lines.ask().await.unwrap()), "answered", "{fault}");
    }
}

#[tokio::test]
async fn a_bank_that_forgot_tls_is_not_taken_for_one_that_has_it() {
    let bank = Bank::listens().await;
    bank.faults(json!([{"fault": "no_tls", "every": 1, "times": 1}])).await;
    let lines = Lines::new(&bank.line("")).await;
    // The bank reads the handshake as a frame, and closes. The next connection has TLS.
    lines.become_so(&[LinkState::Up]).await;
    let counts = bank.counts().await;
    assert_eq!((&counts["made"], &counts["faults"][0]["applied"]), (&json!(1), &json!(1)), "{counts}");
    assert_eq!(outcome(&lines.ask().await.unwrap()), "answered");
}

#[tokio::test]
async fn a_certificate_is_renewed_while_a_link_is_up() {
    let bank = Bank::listens().await;
    let lines = Lines::new(&bank.line("")).await;
    lines.become_so(&[LinkState::Up]).await;
    let folder = bank.folder.path();
    assert_eq!(shown(&bank).await, read(&folder.join("bank.pem")));
    fs::copy(folder.join("bank-renewed.key"), folder.join("bank.key")).unwrap();
    // Between the two copies the key does not belong to the certificate: what was read before stays in use.
    let before = shown(&bank).await;
    assert_ne!(before, read(&folder.join("bank-renewed.pem")));
    fs::copy(folder.join("bank-renewed.pem"), folder.join("bank.pem")).unwrap();
    assert_eq!(shown(&bank).await, read(&folder.join("bank-renewed.pem")));
    assert_eq!(outcome(&lines.ask().await.unwrap()), "answered");
    // The link of the gateway is the first handshake still; the other three are ours.
    assert_eq!(bank.counts().await["made"], 4);
    assert_eq!(lines.gateway.lines()[0].links[0].state, LinkState::Up);
}
