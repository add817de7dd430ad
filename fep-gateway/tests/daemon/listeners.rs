//! Listeners of their own for operators and for metrics, with a real daemon: what is where, who needs a token, and what `check` refuses.

use std::fs;
use std::path::Path;

use reqwest::{Client, Method};
use serde_json::Value as Json;
use tokio::process::Command;

use crate::harness::{Daemon, EXCHANGES, Setup, rest, root, sends};
use crate::peer::Peer;
use crate::ports::dead_port;

/// The SHA-256 of `test`, as `sha256sum` prints it.
const ACCESS: &str = r#"
[clients.kim]
tokens = ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
may = [{ actions = ["send", "read", "operate", "reveal", "settle", "configure"] }]
"#;

/// A daemon with three listeners.
struct Apart {
    daemon: Daemon,
    operators: u16,
    metrics: u16,
    client: Client,
    _peer: Peer,
}

impl Apart {
    async fn start(folder: &Path) -> Self {
        fs::write(folder.join("access.toml"), ACCESS).unwrap();
        let peer = Peer::start().await;
        let operators = dead_port().await;
        let metrics = dead_port().await;
        let http = format!(
            "access = \"access.toml\"\nhosts = [\"fep.bank.example\"]\n[http.operators]\nlisten = \"127.0.0.1:{operators}\"\nhosts = [\"ops.bank.example\"]\n[http.metrics]\nlisten = \"127.0.0.1:{metrics}\""
        );
        let daemon = Setup { http: &http, ..Setup::new(folder, peer.port, "") }.spawn().await;
        daemon.logs("the gateway runs").await;
        Self { daemon, operators, metrics, client: Client::builder().no_proxy().build().unwrap(), _peer: peer }
    }

    /// The status of a request, and the code of its problem.
    async fn asks(&self, port: u16, method: Method, path: &str, token: &str) -> (u16, Json) {
        let request = self.client.request(method, format!("http://127.0.0.1:{port}{path}")).body("{}");
        let request = if token.is_empty() { request } else { request.bearer_auth(token) };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert!(status == 200 || !text.contains("127.0.0.1"), "no address is named: {text}");
        (status, serde_json::from_str::<Json>(&text).map(|body| body["code"].clone()).unwrap_or_default())
    }
}

/// The routes that services need, as the documentation lists them.
const SERVICES: [&str; 4] = ["/v1/exchanges", "/v1/lines", "/v1/institutions/bank-a", "/openapi.json"];

/// What is only for operators.
const OPERATORS: [(&str, &str); 11] = [
    ("GET", "/"),
    ("GET", "/console/main.js"),
    ("GET", "/v1/session"),
    ("POST", "/v1/session"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/dead-letters"),
    ("POST", "/v1/exchanges/00000000000000000000aa/reveal"),
    ("POST", "/v1/exchanges/00000000000000000000aa/settlement"),
    ("POST", "/v1/institutions/bank-a/breaker"),
    ("POST", "/v1/institutions/bank-a/lines/main"),
    ("GET", "/v1/institutions/bank-a/routing"),
];

#[tokio::test]
async fn each_listener_has_its_routes_and_says_where_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let apart = Apart::start(folder.path()).await;
    let services = apart.daemon.port;
    let elsewhere = (421, Json::from("other_listener"));
    for port in [services, apart.operators, apart.metrics] {
        assert_eq!(apart.asks(port, Method::GET, "/healthz", "").await.0, 200);
        assert!([200, 503].contains(&apart.asks(port, Method::GET, "/readyz", "").await.0));
        assert_eq!(apart.asks(port, Method::GET, "/problems/other_listener", "").await.0, 200);
        assert_eq!(apart.asks(port, Method::GET, "/nothing", "test").await.0, 404);
    }
    for path in SERVICES {
        assert_eq!(apart.asks(services, Method::GET, path, "test").await.0, 200, "{path}");
        assert_eq!(apart.asks(apart.operators, Method::GET, path, "test").await.0, 200, "{path}");
        assert_eq!(apart.asks(apart.metrics, Method::GET, path, "test").await, elsewhere, "{path}");
    }
    for (method, path) in OPERATORS {
        let method: Method = method.parse().unwrap();
        for port in [services, apart.metrics] {
            for token in ["test", "wrong", ""] {
                assert_eq!(apart.asks(port, method.clone(), path, token).await, elsewhere, "{method} {path}");
            }
        }
        assert_ne!(apart.asks(apart.operators, method.clone(), path, "test").await.0, 421, "{method} {path}");
    }
    // An exchange is the services' and the operators': the console sends, too. Its body has mistakes here.
    assert_eq!(apart.asks(services, Method::POST, EXCHANGES, "test").await.0, 422);
    assert_eq!(apart.asks(apart.operators, Method::POST, EXCHANGES, "test").await.0, 422);
    assert_eq!(apart.asks(apart.metrics, Method::POST, EXCHANGES, "test").await, elsewhere);
    // Metrics need no token where only they are, and nobody gets them elsewhere.
    assert_eq!(apart.asks(apart.metrics, Method::GET, "/metrics", "").await.0, 200);
    assert_eq!(apart.asks(services, Method::GET, "/metrics", "test").await, elsewhere);
    assert_eq!(apart.asks(apart.operators, Method::GET, "/metrics", "test").await, elsewhere);
    // A token is wanted as before, and other spellings of a path are no way around.
    assert_eq!(apart.asks(apart.operators, Method::GET, "/v1/audit", "").await.0, 401);
    for path in ["//v1/audit", "/v1//audit", "/v1/audit/", "/V1/audit", "/v1/%61udit", "/metrics/"] {
        let (status, _) = apart.asks(services, Method::GET, path, "test").await;
        assert!([404, 421].contains(&status), "{path}: {status}");
    }
    apart.daemon.stop().await;
}

#[tokio::test]
async fn each_listener_has_its_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let apart = Apart::start(folder.path()).await;
    let ask = async |port: u16, host: &str| {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        rest(sends(port, request).await).await.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(ask(apart.daemon.port, "fep.bank.example").await, "200");
    assert_eq!(ask(apart.daemon.port, "ops.bank.example").await, "403");
    assert_eq!(ask(apart.operators, "ops.bank.example").await, "200");
    assert_eq!(ask(apart.operators, "fep.bank.example").await, "403");
    assert_eq!(ask(apart.metrics, "ops.bank.example").await, "403");
    apart.daemon.stop().await;
}

#[tokio::test]
async fn addresses_that_overlap_are_refused_with_both_names() {
    let folder = tempfile::tempdir().unwrap();
    for (http, line, messages) in [
        (
            "[http.operators]\nlisten = \"127.0.0.1:8470\"",
            "connect = \"127.0.0.1:9\"",
            vec!["`[http] listen` has this address"],
        ),
        (
            "[http.operators]\nlisten = \"127.0.0.1:9100\"\n[http.metrics]\nlisten = \"0.0.0.0:9100\"",
            "connect = \"127.0.0.1:9\"",
            vec!["`[http.operators] listen` has this address", "0.0.0.0:9100"],
        ),
        (
            "[http.metrics]\nlisten = \"[::]:9100\"",
            "listen = \"127.0.0.1:9100\"\npeers = [\"127.0.0.1\"]",
            vec!["`[http.metrics] listen` has this address"],
        ),
        ("[http.metrics]\nhosts = []", "connect = \"127.0.0.1:9\"", vec!["listen"]),
        ("[http.metric]\nlisten = \"127.0.0.1:9100\"", "connect = \"127.0.0.1:9\"", vec!["did you mean `metrics`"]),
        (
            "[http.operators]\nlisten = \"127.0.0.1:9100\"\naccess = \"x\"",
            "connect = \"127.0.0.1:9\"",
            vec!["unknown key `access`"],
        ),
    ] {
        let spec = root().join("specs/bank-a/bank-a.toml");
        let text = format!(
            "{http}\n[institutions.bank-a]\nspec = \"{}\"\nkey = [\"header.trace_no\"]\n[[institutions.bank-a.lines]]\nname = \"main\"\n{line}\n",
            spec.display()
        );
        let path = folder.path().join("gateway.toml");
        fs::write(&path, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
        let output = command.args(["check", "--config"]).arg(&path).output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        messages.iter().for_each(|message| assert!(said.contains(message), "{message}: {said}"));
    }
}
