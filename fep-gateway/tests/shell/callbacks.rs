//! A callback proves who posts it: by signatures that the library of Standard Webhooks verifies, and over TLS to a service whose certificate the
//! gateway knows.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::Bench;
use crate::notices::NOTIFYING_BANK;

const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What a service was sent.
#[derive(Clone, Debug)]
struct Posted {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Posted {
    fn signatures(&self) -> usize {
        self.headers.get("webhook-signature").map_or(0, |signatures| signatures.split(' ').count())
    }
}

/// Takes one post on a connection, byte by byte as it comes, without a library.
async fn take<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> Option<Posted> {
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let len = stream.read(&mut more).await.ok().filter(|len| *len > 0)?;
        bytes.extend_from_slice(&more[..len]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<_, _> = lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        if body.len() < headers["content-length"].parse().unwrap() {
            continue;
        }
        let reply = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        stream.write_all(reply).await.unwrap();
        let _ = stream.shutdown().await;
        return Some(Posted { headers, body: body.to_owned() });
    }
}

/// A service at this address. With a certificate, it takes only TLS.
async fn service(tls: Option<TlsAcceptor>) -> (u16, mpsc::Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = mpsc::channel(1000);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let posted = match &tls {
                None => take(stream).await,
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => take(stream).await,
                    Err(_) => None,
                },
            };
            if let Some(posted) = posted
                && sender.send(posted).await.is_err()
            {
                return;
            }
        }
    });
    (port, received)
}

fn give(path: &Path, secrets: &[&str]) {
    let new = path.with_extension("new");
    fs::write(&new, secrets.join("\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}

/// The next post with so many signatures.
async fn next(received: &mut mpsc::Receiver<Posted>, signatures: usize) -> Posted {
    let next = async {
        loop {
            let posted = received.recv().await.unwrap();
            if posted.signatures() == signatures {
                return posted;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), next).await.unwrap()
}

/// What the library of Standard Webhooks says to each case. Nothing if it is not there.
fn verified(cases: &Json) -> Option<Vec<Json>> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import standardwebhooks"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        let told = "the Python package standardwebhooks is missing here (pip install); FEP_PYTHON names the Python that has it. Signatures of \
                    callbacks are not tried with another program";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/webhooks/verify.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(cases.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_post_is_signed_and_secrets_change_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    give(&file, &[FIRST]);
    let (port, mut received) = service(None).await;
    let more = format!(
        "[institutions.bank-a.notices.DepositNotice]\ncallback = \"http://127.0.0.1:{port}/notices?from=bank-a\"\n\
         callback_secrets = {:?}\n",
        file.display().to_string()
    );
    let _bench = Bench::of(NOTIFYING_BANK, &more).await;
    let one = next(&mut received, 1).await;
    let notice: Json = serde_json::from_str(&one.body).unwrap();
    assert_eq!(notice["notice"], json!(one.headers["webhook-id"]), "the same at each attempt");
    give(&file, &[SECOND, FIRST]);
    let both = next(&mut received, 2).await;
    give(&file, &[SECOND]);
    let last = next(&mut received, 1).await;

    let case =
        |secret: &str, posted: &Posted| json!({ "secret": secret, "headers": posted.headers, "body": posted.body });
    let mut changed = one.clone();
    changed.body = one.body.replace("50000", "90000");
    let mut renamed = one.clone();
    renamed.headers.insert("webhook-id".to_owned(), "another".to_owned());
    let mut old = one.clone();
    old.headers.insert("webhook-timestamp".to_owned(), "1600000000".to_owned());
    let none = "No matching signature found";
    let cases = [
        (case(FIRST, &one), json!(true)),
        (case(SECOND, &one), json!(none)),
        (case(FIRST, &changed), json!(none)),
        (case(FIRST, &renamed), json!(none)),
        (case(FIRST, &old), json!("Message timestamp too old")),
        (case(FIRST, &both), json!(true)),
        (case(SECOND, &both), json!(true)),
        (case(FIRST, &last), json!(none)),
        (case(SECOND, &last), json!(true)),
    ];
    assert_ne!(changed.body, one.body);
    let asked: Vec<_> = cases.iter().map(|(case, _)| case).collect();
    let Some(found) = verified(&json!(asked)) else { return };
    let expected: Vec<_> = cases.iter().map(|(_, expected)| expected.clone()).collect();
    assert_eq!(found, expected);
}

/// An authority in a file, and a server with a certificate of it for this address.
pub(crate) fn secured(file: &Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
    let authority = Issuer::new(params, key);
    let own = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&own, &authority).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()))
}

#[tokio::test]
async fn a_callback_over_tls_reaches_only_the_service_whose_certificate_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.pem");
    let (port, mut received) = service(Some(secured(&ours))).await;
    let more = |ca: &Path| {
        format!(
            "[institutions.bank-a.notices.DepositNotice]\ncallback = \"https://127.0.0.1:{port}/notices\"\ncallback_tls = {{ ca = {:?} }}\n\
             attempts_max = 1\n",
            ca.display().to_string()
        )
    };
    {
        let _bench = Bench::of(NOTIFYING_BANK, &more(&ours)).await;
        let posted = next(&mut received, 0).await;
        assert_eq!(posted.headers["host"], format!("127.0.0.1:{port}"));
        assert_eq!(serde_json::from_str::<Json>(&posted.body).unwrap()["telegram"], "DepositNotice");
    }
    while received.try_recv().is_ok() {}
    let theirs = folder.path().join("theirs.pem");
    drop(secured(&theirs));
    let bench = Bench::of(NOTIFYING_BANK, &more(&theirs)).await;
    let listed = bench.until("/v1/notices?state=dead_letter", |reply| reply["notices"][0].is_object()).await;
    let notice = listed["notices"][0]["notice"].as_str().unwrap();
    let shown = bench.text(&format!("/v1/notices/{notice}")).await;
    assert!(
        shown.contains("the certificate of the service is not signed by an authority that the callback trusts"),
        "{shown}"
    );
    assert!(received.try_recv().is_err(), "nothing is said to a stranger");
}
