//! Tokens that an issuer signs: what each proves, the attacks that prove nothing, and the keys that come from a server. The tokens are made by
//! another program.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::{Bench, GOOD_BANK, transfer};

/// Keys and tokens, or nothing if the Python packages are missing.
pub(crate) fn made() -> Option<Json> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import jwt, cryptography"]).output();
    if !found.is_ok_and(|output| output.status.success()) {
        let told = "the Python packages PyJWT and cryptography are missing here (pip install); FEP_PYTHON names the Python that has them. \
                    Tokens of issuers are not tried";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jwt/tokens.py");
    let output = Command::new(python).arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// An access file with one issuer, whose keys come from there.
fn access(keys: &str, more: &str) -> String {
    format!(
        r#"
[issuers.login]
issuer = "https://login.bank.example"
audience = "fep-gateway"
{keys}
algorithms = ["RS256", "PS256", "ES256", "EdDSA"]
groups_claim = "groups"
{more}
[clients.orders]
subjects = ["login:orders-service"]
may = [{{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer"] }}, {{ actions = ["read"] }}]
[roles.operators]
groups = ["login:fep-operators"]
may = [{{ actions = ["read", "operate"] }}]
[roles.auditors]
groups = ["login:fep-auditors"]
may = [{{ actions = ["reveal"] }}]
"#
    )
}

fn key_file(folder: &Path, keys: &Json) -> String {
    let path = folder.join("keys.json");
    std::fs::write(&path, keys.to_string()).unwrap();
    format!("jwks_file = {:?}", path.display().to_string())
}

/// The status and the JSON of a request with a token.
async fn call(bench: &Bench, token: &str, method: Method, path: &str, body: &Json) -> (StatusCode, Json) {
    let mut request = bench.client.request(method.clone(), format!("{}{path}", bench.url)).bearer_auth(token);
    if method == Method::POST {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap_or_default())
}

/// Who asks with this token: the name of a client, or the code of the refusal and its reason.
async fn who(bench: &Bench, token: &str) -> String {
    let (status, said) = call(bench, token, Method::GET, "/v1/session", &Json::Null).await;
    if status == StatusCode::OK {
        return said["client"].as_str().unwrap().to_owned();
    }
    assert!(matches!(status.as_u16(), 401 | 503), "{status} {said}");
    assert!(
        !said.to_string().contains(token.split('.').nth(1).filter(|part| part.len() > 8).unwrap_or("\0")),
        "{said}"
    );
    let code = said["code"].as_str().unwrap();
    said["reason_code"].as_str().map_or(code.to_owned(), |reason| format!("{code} {reason}"))
}

/// What each token of the other program proves.
const PROVED: [(&str, &str); 45] = [
    ("rs256", "orders"),
    ("ps256", "orders"),
    ("es256", "orders"),
    ("eddsa", "orders"),
    ("only_one_key_fits", "orders"),
    ("audience_in_a_list", "orders"),
    ("in_time", "orders"),
    ("person", "login:kim"),
    ("person_of_two_groups", "login:lee"),
    ("nobody", "token_refused nobody"),
    ("none", "token_refused algorithm"),
    ("none_in_another_case", "token_refused algorithm"),
    ("hs256_with_the_public_key_as_pem", "token_refused algorithm"),
    ("hs256_with_the_public_key_as_der", "token_refused algorithm"),
    ("hs256_with_the_modulus", "token_refused algorithm"),
    ("hs256_with_nothing", "token_refused algorithm"),
    ("rs256_of_a_key_for_ec", "token_refused algorithm"),
    ("ps256_of_a_key_for_rs256", "token_refused algorithm"),
    ("es384_which_is_not_allowed", "token_refused algorithm"),
    ("expired", "token_expired"),
    ("without_an_end", "token_refused claims"),
    ("an_end_as_text", "token_refused claims"),
    ("not_yet", "token_refused not_yet"),
    ("nbf_as_text", "token_refused claims"),
    ("other_audience", "token_refused audience"),
    ("without_audience", "token_refused claims"),
    ("other_issuer", "token_refused issuer"),
    ("without_issuer", "token_refused malformed"),
    ("issuers_in_a_list", "token_refused malformed"),
    ("without_a_subject", "token_refused claims"),
    ("unknown_key", "token_refused unknown_key"),
    ("newer_key", "token_refused unknown_key"),
    ("key_unnamed", "token_refused unknown_key"),
    ("key_of_another_issuer", "token_refused signature"),
    ("key_for_encryption", "token_refused unknown_key"),
    ("key_in_the_token", "token_refused signature"),
    ("key_at_a_url_in_the_token", "token_refused signature"),
    ("critical_extension", "token_refused malformed"),
    ("other_claims", "token_refused signature"),
    ("without_signature", "token_refused signature"),
    ("cut_signature", "token_refused signature"),
    ("nothing_in_it", "token_refused malformed"),
    ("garbage", "token_refused malformed"),
    ("claims_that_are_no_object", "token_refused malformed"),
    ("long", "token_refused too_long"),
];

#[tokio::test]
async fn a_token_of_an_issuer_proves_what_it_says_and_no_attack_does() {
    let Some(made) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_access(GOOD_BANK, "", &access(&key_file(folder.path(), &made["jwks"]), "")).await;
    let token = |name: &str| made["tokens"][name].as_str().unwrap().to_owned();
    for (name, expected) in PROVED {
        assert_eq!(who(&bench, &token(name)).await, expected, "{name}");
    }
    let huge = format!("eyJhbGciOiJSUzI1NiJ9.{}.x", "A".repeat(1 << 20));
    let refused = bench.client.get(format!("{}/v1/session", bench.url)).bearer_auth(huge).send().await;
    assert!(refused.map_or(true, |reply| reply.status() == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));

    let path = "/v1/institutions/bank-a/exchanges/Transfer";
    let (status, paid) = call(&bench, &token("es256"), Method::POST, path, &transfer("rent")).await;
    assert_eq!((status, &paid["client"]), (StatusCode::OK, &json!("orders")), "{paid}");
    assert_eq!(call(&bench, &token("person"), Method::POST, path, &transfer("rent")).await.0, StatusCode::FORBIDDEN);
    let one = format!("/v1/exchanges/{}", paid["exchange"].as_str().unwrap());
    let (_, seen) = call(&bench, &token("person"), Method::GET, &one, &Json::Null).await;
    assert_eq!(seen["answer"]["fields"]["payee_name"], "<secret>");
    // A person of two groups may what both roles say.
    for (name, expected) in [("person", StatusCode::FORBIDDEN), ("person_of_two_groups", StatusCode::OK)] {
        let note = json!({ "note": "a complaint" });
        let (status, _) = call(&bench, &token(name), Method::POST, &format!("{one}/reveal"), &note).await;
        assert_eq!(status, expected, "{name}");
    }
    let (_, audit) = call(&bench, &token("rs256"), Method::GET, "/v1/audit", &Json::Null).await;
    let entry = &audit["entries"][0];
    assert_eq!((&entry["client"], &entry["person"]), (&json!("login:lee"), &json!("login:lee")), "{audit}");
}

#[tokio::test]
async fn a_service_that_speaks_for_a_person_has_both_names_in_the_audit_trail() {
    let Some(made) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = access(&key_file(folder.path(), &made["jwks"]), "client_claim = \"azp\"");
    let file = file.replace("[clients.orders]", "[clients.teller]\nsubjects = [\"login:teller-service\"]\nmay = [{ actions = [\"read\", \"operate\"] }]\n[clients.orders]");
    let bench = Bench::with_access(GOOD_BANK, "[institutions.bank-a.breaker]", &file).await;
    let token = made["tokens"]["service_for_a_person"].as_str().unwrap();
    assert_eq!(who(&bench, token).await, "teller");
    assert_eq!(who(&bench, made["tokens"]["person_in_a_program"].as_str().unwrap()).await, "login:kim");
    let trip = json!({ "decision": "trip", "note": "maintenance" });
    let (status, state) = call(&bench, token, Method::POST, "/v1/institutions/bank-a/breaker", &trip).await;
    assert_eq!((status, &state["breakers"][0]["person"]), (StatusCode::OK, &json!("kim by teller")), "{state}");
}

#[tokio::test]
async fn a_stream_and_a_session_end_with_their_token() {
    let Some(made) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_access(GOOD_BANK, "", &access(&key_file(folder.path(), &made["jwks"]), "")).await;
    // It ends ten seconds after it was made, by the leeway of a minute.
    let token = made["tokens"]["soon_ended"].as_str().unwrap();
    let begun = bench.client.post(format!("{}/v1/session", bench.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!(begun.status(), StatusCode::OK);
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let with_cookie = |path: &str| bench.client.get(format!("{}{path}", bench.url)).header("cookie", &cookie);
    assert_eq!(with_cookie("/v1/lines").send().await.unwrap().status(), StatusCode::OK);
    let patient = reqwest::Client::builder().no_proxy().build().unwrap();
    let of_token = patient.get(format!("{}/v1/events", bench.url)).bearer_auth(token).send().await.unwrap();
    let of_session = patient.get(format!("{}/v1/events", bench.url)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!((of_token.status(), of_session.status()), (StatusCode::OK, StatusCode::OK));
    let ends = async { tokio::join!(of_token.text(), of_session.text()) };
    let ended = tokio::time::timeout(Duration::from_secs(30), ends).await.expect("the streams end");
    assert!(ended.0.is_ok() && ended.1.is_ok());
    let refused = with_cookie("/v1/lines").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json::<Json>().await.unwrap()["code"], "token_expired");
}

/// A server of keys.
#[derive(Clone, Default)]
struct KeyServer {
    /// The whole answer. Without one, connections are closed.
    answer: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    fn says(&self, answer: impl Into<Option<String>>) {
        *self.answer.lock().unwrap() = answer.into();
    }

    fn gives(&self, keys: &Json) {
        let keys = keys.to_string();
        self.says(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{keys}", keys.len()));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Serves, and returns the port.
    async fn start(&self, tls: Option<TlsAcceptor>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                match &tls {
                    None => server.serve(stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            server.serve(stream).await;
                        }
                    }
                }
            }
        });
        port
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut request = vec![0; 4096];
        let len = stream.read(&mut request).await.unwrap_or_default();
        let request = String::from_utf8_lossy(&request[..len]).into_owned();
        assert!(request.starts_with("GET /keys?tenant=1 HTTP/1.1\r\n"), "{request}");
        let answer = self.answer.lock().unwrap().clone();
        if let Some(answer) = answer {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// Asks until it is who was expected, at most ten seconds.
async fn eventually(bench: &Bench, token: &str, expected: &str) {
    let asked = async {
        while who(bench, token).await != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap_or_else(|_| panic!("it never was {expected}"));
}

#[tokio::test]
async fn keys_come_from_a_server_and_stay_while_it_is_away() {
    let Some(made) = made() else { return };
    let server = KeyServer::default();
    let port = server.start(None).await;
    let keys = format!("jwks_url = \"http://127.0.0.1:{port}/keys?tenant=1\"\nkeys_pause_s = 1");
    let bench = Bench::with_access(GOOD_BANK, "", &access(&keys, "")).await;
    let token = |name: &str| made["tokens"][name].as_str().unwrap();
    // Without keys nobody is let in, and nobody is told that the token was wrong.
    assert_eq!(who(&bench, token("rs256")).await, "keys_unavailable");
    for useless in [
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(300 * 1024)),
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"keys\":[]}".to_owned(),
    ] {
        server.says(useless);
        let before = server.asked();
        while server.asked() == before {
            assert_eq!(who(&bench, token("rs256")).await, "keys_unavailable");
        }
        assert_eq!(who(&bench, token("rs256")).await, "keys_unavailable");
    }
    server.gives(&made["jwks"]);
    eventually(&bench, token("rs256"), "orders").await;
    let begun =
        bench.client.post(format!("{}/v1/session", bench.url)).bearer_auth(token("es256")).send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let in_session = async || {
        let lines = bench.client.get(format!("{}/v1/lines", bench.url)).header("cookie", &cookie);
        lines.send().await.unwrap().status()
    };
    assert_eq!(in_session().await, StatusCode::OK);

    // Tokens with invented keys are no flood for the issuer: there is a pause of a second between two fetches.
    let before = server.asked();
    let began = std::time::Instant::now();
    for _ in 0..40 {
        assert_eq!(who(&bench, token("unknown_key")).await, "token_refused unknown_key");
    }
    let fetches = server.asked() - before;
    let allowed = 1 + usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((0..=allowed).contains(&fetches), "{fetches} in {:?}", began.elapsed());

    // A new key is known as soon as a token names it. A key that is not there any more ends what began with it.
    server.gives(&made["newer"]);
    eventually(&bench, token("newer_key"), "orders").await;
    assert_eq!(who(&bench, token("es256")).await, "token_refused unknown_key");
    assert_eq!(in_session().await, StatusCode::UNAUTHORIZED);

    server.says(None);
    let before = server.asked();
    while server.asked() == before {
        assert_eq!(who(&bench, token("unknown_key")).await, "token_refused unknown_key");
    }
    assert_eq!(who(&bench, token("rs256")).await, "orders", "the keys stay while the server is away");
}

#[tokio::test]
async fn a_server_of_keys_proves_who_it_is() {
    let Some(made) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = KeyServer::default();
    server.gives(&made["jwks"]);
    let signed = |file: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.path().join(file), certificate.pem()).unwrap();
        (certificate.der().clone(), PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
    };
    let (certificate, key) = signed("trusted.pem");
    signed("other.pem");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key).unwrap();
    let port = server.start(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let token = made["tokens"]["rs256"].as_str().unwrap();
    for (ca, expected) in [("trusted.pem", "orders"), ("other.pem", "keys_unavailable")] {
        let ca = folder.path().join(ca);
        let keys = format!(
            "jwks_url = \"https://localhost:{port}/keys?tenant=1\"\ntls = {{ ca = {:?} }}",
            ca.display().to_string()
        );
        let bench = Bench::with_access(GOOD_BANK, "", &access(&keys, "")).await;
        assert_eq!(who(&bench, token).await, expected, "{}", ca.display());
    }
}

#[tokio::test]
async fn a_file_of_keys_is_read_again_when_it_changes_or_comes() {
    let Some(made) = made() else { return };
    let folder = tempfile::tempdir().unwrap();
    let keys = key_file(folder.path(), &made["jwks"]);
    let path = folder.path().join("keys.json");
    std::fs::remove_file(&path).unwrap();
    let bench = Bench::with_access(GOOD_BANK, "", &access(&keys, "")).await;
    let token = |name: &str| made["tokens"][name].as_str().unwrap();
    // A file that cannot be used gives nobody a right.
    assert_eq!(who(&bench, token("rs256")).await, "unauthenticated");
    std::fs::write(&path, made["jwks"].to_string()).unwrap();
    eventually(&bench, token("rs256"), "orders").await;
    assert_eq!(who(&bench, token("newer_key")).await, "token_refused unknown_key");
    // Its algorithm has no key then, so the file is not used.
    std::fs::write(&path, made["newer"].to_string()).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(who(&bench, token("newer_key")).await, "token_refused unknown_key", "keys stay as they were");
    bench.give_access(&access(&keys, "").replace(", \"ES256\"", ""));
    eventually(&bench, token("newer_key"), "orders").await;
}
