//! Failed logins and acts without the right are in the audit trail, within limits, and the command line finds them there.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK};
use crate::journal::journal;
use crate::rights::ACCESS;

async fn call(bench: &Bench, client: &str, method: Method, path: &str) -> StatusCode {
    let request = bench.client.request(method, format!("{}{path}", bench.url)).bearer_auth(client);
    let body = json!({ "decision": "block", "note": "a note" });
    request.header("x-request-id", "call-7").body(body.to_string()).send().await.unwrap().status()
}

async fn trail(bench: &Bench, client: &str, query: &str) -> Json {
    let request = bench.client.get(format!("{}/v1/audit{query}", bench.url)).bearer_auth(client);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn failed_logins_and_acts_without_the_right_are_recorded_and_a_flood_is_counted() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    for _ in 0..300 {
        assert_eq!(call(&bench, "guess", Method::POST, "/v1/session").await, StatusCode::UNAUTHORIZED);
    }
    let business = "/v1/institutions/bank-a/business";
    for _ in 0..20 {
        assert_eq!(call(&bench, "reader", Method::POST, business).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(call(&bench, "office", Method::POST, "/v1/reload").await, StatusCode::FORBIDDEN);
    // A service that may not read, and a token that proves nothing elsewhere, are only in the log.
    assert_eq!(call(&bench, "orders", Method::GET, "/v1/exchanges").await, StatusCode::FORBIDDEN);
    assert_eq!(call(&bench, "guess", Method::GET, "/v1/exchanges").await, StatusCode::UNAUTHORIZED);

    let page = trail(&bench, "office", "?outcome=refused").await;
    let entries = page["entries"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| ["act", "code", "person", "about", "institution", "client"].map(|name| entry[name].as_str()))
        .collect();
    let reload = Some("configure: POST /v1/reload");
    let block = Some("operate: POST /v1/institutions/{institution}/business");
    let [refused, unknown] = [Some("forbidden"), Some("unauthenticated")];
    assert_eq!(
        found,
        [
            [Some("overstep"), refused, Some("office"), reload, Some(""), Some("office")],
            [Some("overstep"), refused, Some("reader"), block, Some("bank-a"), Some("reader")],
            [Some("log_in"), unknown, Some(""), Some("127.0.0.1"), Some(""), None],
        ]
    );
    assert!(entries.iter().all(|entry| entry["request_id"] == "call-7"), "{page}");
    assert!(!page.to_string().contains("guess"), "{page}");
    // What belongs to an institution is seen by those who may read it. The rest needs the right to everything.
    let page = trail(&bench, "kim", "?scope=readable").await;
    assert_eq!(page["entries"].as_array().unwrap().len(), 1, "{page}");
    // The one who blocks with the right is between none of them.
    assert_eq!(call(&bench, "kim", Method::POST, business).await, StatusCode::OK);

    let file = bench.journal().display().to_string();
    let list = |options: &str| {
        let output = journal(&format!("audit --journal {file} {options}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let found = list("--outcome refused --act overstep --client reader --format json");
    let line: Json = serde_json::from_str(&found).unwrap();
    assert_eq!((&line["code"], &line["institution"]), (&json!("forbidden"), &json!("bank-a")), "{line}");
    let table = list("--limit 2");
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("block") && table.contains("done") && table.contains("a note"), "{table}");
    let output = journal(&format!("audit --journal {file} --act sleep"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no such act; there are: reveal, "));
}
