//! What the log of the daemon says about tokens of issuers that prove nothing, and what it never says. What proves something is tried in
//! `shell/issued_tokens`.

use std::fs;

use crate::harness::{Setup, rest, sends};
use crate::peer::Peer;

/// The key of RFC 7517, appendix A.1.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

const ACCESS: &str = r#"
[issuers.login]
issuer = "https://login.bank.example"
audience = "fep"
jwks_file = "keys.json"
algorithms = ["ES256"]
[clients.ledger]
subjects = ["login:ledger"]
may = [{ actions = ["read"] }]
"#;

// `printf %s '{"alg":"none"}' | basenc --base64url`, without the signs `=` at its end; the others in the same way.
const NONE: &str = "eyJhbGciOiJub25lIn0";
/// `{"alg":"ES256","kid":"1"}`
const ES256: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ";
/// `{"iss":"https://login.bank.example","sub":"ledger"}`
const LEDGER: &str = "eyJpc3MiOiJodHRwczovL2xvZ2luLmJhbmsuZXhhbXBsZSIsInN1YiI6ImxlZGdlciJ9";
/// `{"iss":"https://other.example"}`
const OTHER: &str = "eyJpc3MiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ";

#[tokio::test]
async fn the_log_says_why_a_token_proves_nothing_without_the_token_and_not_for_each_of_many() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.toml"), ACCESS).unwrap();
    fs::write(folder.path().join("keys.json"), KEYS).unwrap();
    let peer = Peer::start().await;
    let daemon = Setup { http: "access = \"access.toml\"", ..Setup::new(folder.path(), peer.port, "") }.spawn().await;
    daemon.logs("the gateway runs").await;
    let refused = async |token: &str, reason: &str| {
        let head = format!(
            "GET /v1/lines HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let reply = rest(sends(daemon.port, head).await).await;
        assert!(reply.starts_with("HTTP/1.1 401 "), "{reply}");
        assert!(reply.contains(&format!("\"reason_code\":\"{reason}\"")), "{reply}");
        for part in token.split('.').filter(|part| !part.is_empty()) {
            assert!(!reply.contains(part), "{reply}");
        }
    };
    refused(&format!("{NONE}.{LEDGER}."), "algorithm").await;
    refused(&format!("{ES256}.{OTHER}.c2lnbmVk"), "issuer").await;
    refused(&format!("{ES256}.{LEDGER}.c2lnbmVk"), "signature").await;
    for reason in ["algorithm", "issuer", "signature"] {
        daemon.logs(&format!("reason_code=\"{reason}\"")).await;
    }
    for _ in 0..100 {
        refused(&format!("{ES256}.{LEDGER}.c2lnbmVk"), "signature").await;
    }
    let log = daemon.log();
    for part in [NONE, ES256, LEDGER, OTHER, "c2lnbmVk"] {
        assert!(!log.contains(part), "{log}");
    }
    let lines = log.matches("a token proves nothing").count();
    assert!((3..60).contains(&lines), "{lines}");
    daemon.stop().await;
}
