//! Moving in beside a system that takes requests as JSON over HTTP: it is an institution whose line is `http`. What it got and said is in the
//! journal as any other exchange, and an outcome that it did not say is unknown.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::journal::journal;

/// What the old system got, by its key: how often, and the last one.
type Ledger = Arc<Mutex<BTreeMap<String, (u32, HeaderMap, Json)>>>;

/// Answers as the memo of the transfer says.
async fn old_fep(
    State(ledger): State<Ledger>,
    Path(telegram): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    assert_eq!(telegram, "Transfer");
    let fields: Json = serde_json::from_slice(&body).unwrap();
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    {
        let mut ledger = ledger.lock().unwrap();
        let times = ledger.get(&key).map_or(0, |(times, ..)| *times);
        ledger.insert(key, (times + 1, headers, fields.clone()));
    }
    let code = |code: &str| json!({ "header": { "response_code": code }, "balance": 5000, "fee": 500 });
    match fields["passbook_memo"].as_str().unwrap() {
        "decline" => axum::Json(code("0110")).into_response(),
        "teapot" => (StatusCode::IM_A_TEAPOT, axum::Json(code("0000"))).into_response(),
        "broken" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "text" => "all right".into_response(),
        "empty" => axum::Json(json!({})).into_response(),
        "no code" => axum::Json(json!({ "header": {}, "balance": 5000 })).into_response(),
        "null" => axum::Json(json!({ "header": { "response_code": null }, "balance": 5000 })).into_response(),
        "list" => axum::Json(json!([1])).into_response(),
        "strange" => axum::Json(json!({ "header": { "response_code": "0000" }, "blance": 1 })).into_response(),
        "long" => axum::Json(json!({ "header": { "response_code": "00000" } })).into_response(),
        "huge" => " ".repeat(300_000).into_response(),
        "silence" => std::future::pending().await,
        _ => axum::Json(code("0000")).into_response(),
    }
}

/// Starts the old system on this address.
async fn old_system(address: &str) -> (String, Ledger) {
    let ledger = Ledger::default();
    let router = Router::new().route("/fep/{telegram}/v1", post(old_fep)).with_state(Arc::clone(&ledger));
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, ledger)
}

/// All transfers to bank-a go to the old system at this address.
fn tables(address: &str) -> String {
    tables_with(address, "links = 16")
}

/// The same, with these keys of the line.
pub(crate) fn tables_with(address: &str, keys: &str) -> String {
    format!(
        r#"
[institutions.bank-a.routing.Transfer]
to = "old"
percent = 100
[institutions.old]
label = "the system that was there before"
spec = "bank-a.toml"
key = []
trace = "header.trace_no"
answer_timeout_ms = 800
[institutions.old.fill]
"header.bank_code" = "099"
{}
[[institutions.old.lines]]
name = "http"
connect = "{address}"
one_shot = true
reconnect_min_ms = 10
{keys}
http = {{ path = "/fep/{{telegram}}/v1" }}
"#,
        include_str!("../fill.toml")
    )
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(crate) async fn pay(bench: &Bench, memo: &str) -> (StatusCode, Json) {
    let headers = [
        ("idempotency-key", memo),
        ("x-request-id", "call-7"),
        ("traceparent", PARENT),
        ("tracestate", "rojo=1 ,, b=2"),
    ];
    bench.post("/v1/institutions/bank-a/exchanges/Transfer", transfer(memo).to_string(), &headers).await
}

#[tokio::test]
async fn the_old_system_gets_json_and_its_answer_is_a_telegram_of_the_journal() {
    let (address, ledger) = old_system("127.0.0.1:0").await;
    let bench = Bench::of_some(GOOD_BANK, &tables(&address)).await;
    let (status, reply) = pay(&bench, "rent").await;
    assert_eq!((status, &reply["institution"]), (StatusCode::OK, &json!("old")), "{reply}");
    assert_eq!(reply["routed_from"], json!({ "institution": "bank-a", "because": "percent" }));
    let answer = &reply["answer"]["fields"];
    assert_eq!((&answer["balance"], &answer["amount"]), (&json!(5000), &json!(1_234_567)), "{reply}");
    let (times, headers, fields) = ledger.lock().unwrap()["rent"].clone();
    assert_eq!((times, &fields["amount"], &fields["payee_name"]), (1, &json!(1_234_567), &json!("홍길동")));
    assert_eq!(
        (&headers["x-request-id"], &headers["traceparent"]),
        (&"call-7".parse().unwrap(), &PARENT.parse().unwrap())
    );
    assert_eq!(headers["tracestate"], "rojo=1,b=2");
    assert_eq!(headers["host"], address);

    let (_, declined) = pay(&bench, "decline").await;
    assert_eq!(
        (&declined["outcome"], &declined["answer"]["fields"]["header"]["response_code"]),
        (&json!("answered"), &json!("0110"))
    );
    assert_eq!(pay(&bench, "rent").await.1, reply, "the key finds the exchange");
    assert_eq!(ledger.lock().unwrap()["rent"].0, 1);

    let id = reply["exchange"].as_str().unwrap();
    let (_, view) = bench.get(&format!("/v1/exchanges/{id}/view")).await;
    assert!(view["request"]["fields"].is_array() && view["answer"]["fields"].is_array(), "{view}");
    let (_, page) = bench.get("/v1/exchanges?institution=old&request_id=call-7").await;
    assert_eq!(page["exchanges"].as_array().unwrap().len(), 2, "{page}");
    let verified = journal(&format!("verify --journal {}", bench.journal().display()));
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn what_is_no_answer_is_unknown_and_is_never_sent_again() {
    let (address, ledger) = old_system("127.0.0.1:0").await;
    let bench = Bench::of_some(GOOD_BANK, &tables(&address)).await;
    for (memo, why) in [
        ("broken", "the reply is 500"),
        ("teapot", "the reply is 418"),
        ("text", "the reply is not JSON"),
        ("list", "no object with fields"),
        ("empty", "the reply has no `header.response_code`"),
        ("no code", "the reply has no `header.response_code`"),
        ("null", "the reply has no `header.response_code`"),
        ("strange", "no answer"),
        ("long", "no answer"),
        ("huge", "longer than"),
        ("silence", ""),
    ] {
        let (status, reply) = pay(&bench, memo).await;
        assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{memo}: {reply}");
        assert_eq!(reply["institution"], "old");
        let reason = reply["reason"].as_str().unwrap();
        assert!(reason.contains(why), "{memo}: {reason}");
        assert!(!reason.contains("3333011234567"), "{memo}: {reason}");
        // Back at once: its key still finds it, and nobody gets it again.
        let back = json!({ "rules": { "Transfer": { "percent": 0 } }, "note": "back" });
        let path = format!("{}/v1/institutions/bank-a/routing", bench.url);
        assert!(
            bench.client.request(Method::PUT, &path).body(back.to_string()).send().await.unwrap().status().is_success()
        );
        let (_, again) = pay(&bench, memo).await;
        assert_eq!((&again["exchange"], &again["outcome"]), (&reply["exchange"], &json!("unknown")), "{memo}");
        assert_eq!(ledger.lock().unwrap()[memo].0, 1, "{memo}");
        let on = json!({ "rules": { "Transfer": null }, "note": "again" });
        assert!(
            bench.client.request(Method::PUT, &path).body(on.to_string()).send().await.unwrap().status().is_success()
        );
    }
    // Nothing of that disturbs the next request.
    assert_eq!(pay(&bench, "rent").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_bad_reply_on_the_only_link_does_not_delay_the_next_request() {
    let (address, ledger) = old_system("127.0.0.1:0").await;
    // A link that backed off would wait for ten seconds at least, longer than a request waits for a line.
    let keys = "links = 1\nreconnect_min_ms = 10000\nreconnect_max_ms = 20000";
    let bench = Bench::of_some(GOOD_BANK, &tables_with(&address, keys).replace("reconnect_min_ms = 10\n", "")).await;
    for number in 0..20 {
        for bad in ["broken", "text", "empty"] {
            let mut body = transfer(bad);
            body["amount"] = json!(number + 1);
            let (_, reply) = bench.transfer(&body, Some(&format!("{bad} {number}"))).await;
            assert_eq!(reply["outcome"], "unknown", "{reply}");
        }
        let (status, reply) = bench.transfer(&transfer("rent"), Some(&format!("good {number}"))).await;
        assert_eq!(status, StatusCode::OK, "{number}: {reply}");
    }
    let (_, lines) = bench.get("/v1/lines").await;
    let line = lines["lines"].as_array().unwrap().iter().find(|line| line["institution"] == "old").unwrap();
    assert_eq!(line["last_error_code"], "read_failed", "an operator still sees the bad reply: {lines}");
    assert_eq!(ledger.lock().unwrap().len(), 80);
}

#[tokio::test]
async fn an_old_system_that_is_down_got_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let bench = Bench::of_some(GOOD_BANK, &tables(&closed)).await;
    let (status, reply) = pay(&bench, "rent").await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
    assert_eq!(reply["institution"], "old");
    let (_, ledger) = old_system(&closed).await;
    let asked = async {
        while pay(&bench, "rent").await.0 != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
    assert_eq!(ledger.lock().unwrap()["rent"].0, 1, "the key was free, and is used once");
}

#[tokio::test]
async fn many_requests_at_once_each_get_their_own_answer() {
    let (address, ledger) = old_system("127.0.0.1:0").await;
    let bench = Bench::of_some(GOOD_BANK, &tables(&address)).await;
    let bench = Arc::new(bench);
    let ask = |amount: u64| {
        let bench = Arc::clone(&bench);
        async move {
            let mut body = transfer("rent");
            body["amount"] = json!(amount);
            let (status, reply) = bench.transfer(&body, Some(&format!("key {amount}"))).await;
            assert_eq!((status, &reply["answer"]["fields"]["amount"]), (StatusCode::OK, &json!(amount)), "{reply}");
        }
    };
    let all: Vec<_> = (1..=40).map(|amount| tokio::spawn(ask(amount))).collect();
    for one in all {
        one.await.unwrap();
    }
    let ledger = ledger.lock().unwrap();
    assert_eq!(ledger.len(), 40);
    for amount in 1..=40 {
        let (times, _, fields) = &ledger[&format!("key {amount}")];
        assert_eq!((times, &fields["amount"]), (&1, &json!(amount)), "the caller's own key");
    }
}

#[tokio::test]
async fn each_request_shows_the_token_that_the_file_has_by_then() {
    let (address, ledger) = old_system("127.0.0.1:0").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let gives = |token: &str, mode: u32| {
        std::fs::write(&file, token).unwrap();
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    gives("first-token\n", 0o600);
    let path = file.display();
    let tables = tables(&address).replace("/v1\" }", &format!("/v1\", token_file = \"{path}\" }}"));
    let bench = Bench::of_some(GOOD_BANK, &tables).await;
    let shown = |memo: &str| ledger.lock().unwrap()[memo].1["authorization"].to_str().unwrap().to_owned();
    assert_eq!(pay(&bench, "rent").await.0, StatusCode::OK);
    assert_eq!(shown("rent"), "Bearer first-token");
    gives("second-token", 0o600);
    assert_eq!(pay(&bench, "salary").await.0, StatusCode::OK);
    assert_eq!(shown("salary"), "Bearer second-token");

    // Without a token that can be used, no connection is made and nothing is sent.
    for (token, mode) in [("second-token", 0o604), ("", 0o600), ("a token", 0o600)] {
        gives(token, mode);
        let (status, reply) = pay(&bench, &format!("m{mode}{}", token.len())).await;
        assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
        assert!(!reply.to_string().contains("second-token"), "{reply}");
    }
    let lines = bench.text("/v1/lines").await;
    assert!(lines.contains(&path.to_string()) && !lines.contains("second-token"), "{lines}");
    assert_eq!(ledger.lock().unwrap().len(), 2);
    gives("third-token", 0o600);
    bench.eventually_ready().await;
    assert_eq!(pay(&bench, "again").await.0, StatusCode::OK);
    assert_eq!(shown("again"), "Bearer third-token");
}
