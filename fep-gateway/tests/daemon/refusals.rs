//! What the log of the daemon says about requests that it refuses, and what it never says. What of it the audit trail has is tried in
//! `shell/refusals`.

use std::fs;

use crate::harness::{Setup, rest, sends};
use crate::peer::{PATIENCE, Peer};

/// The token of each client is its name. The hash is that of `printf %s reader | sha256sum`.
const ACCESS: &str = r#"
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read"] }]
"#;

#[tokio::test]
async fn each_kind_of_refusal_has_one_line_with_its_source_and_never_what_the_client_wrote() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.toml"), ACCESS).unwrap();
    let peer = Peer::start().await;
    let http = "access = \"access.toml\"\n[http.metrics]\nlisten = \"127.0.0.1:0\"";
    let mut daemon = Setup { http, ..Setup::new(folder.path(), peer.port, "") }.spawn().await;
    daemon.logs("the gateway runs").await;
    let port = daemon.port;
    let asks = async |method: &str, path: &str, host: &str, token: &str, status: u16| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let reply = rest(sends(port, head).await).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    };
    for _ in 0..200 {
        asks("GET", "/v1/lines?since=hunter2", "localhost", "fep_guess", 401).await;
    }
    let long = "X".repeat(1000);
    asks("POST", "/v1/reload", "localhost", "reader", 403).await;
    asks(&long, "/v1/exchanges/secret-path", "evil.example", "reader", 403).await;
    asks("GET", "/metrics", "localhost", "reader", 421).await;
    daemon.logs("code=\"other_listener\"").await;
    let log = daemon.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("a request is refused")).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for (line, parts) in lines.iter().zip([
        &["status=401", "code=\"unauthenticated\"", "address=127.0.0.1 ", "method=\"GET\"", "route=\"/v1/lines\""][..],
        &["status=403", "code=\"forbidden\"", "client=\"reader\"", "route=\"/v1/reload\"", "action=\"configure\""],
        &[
            "status=403",
            "code=\"unknown_host\"",
            "client=\"reader\"",
            "method=\"other\"",
            "route=\"/v1/exchanges/{id}\"",
        ],
        &["status=421", "code=\"other_listener\"", "address=127.0.0.1 ", "route=\"/metrics\""],
    ]) {
        parts.iter().for_each(|part| assert!(line.contains(part), "{part}: {line}"));
    }
    for never in ["hunter2", "fep_guess", "secret-path", "evil.example", &long] {
        assert!(!log.contains(never), "{never}: {log}");
    }
    daemon.terminate().await;
    assert!(daemon.ends_within(PATIENCE).await.success());
    // What was counted is not lost when the gateway stops.
    assert!(daemon.log().contains("more=199"), "{}", daemon.log());
}
