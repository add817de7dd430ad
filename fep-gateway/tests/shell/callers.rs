//! By what other systems know a request: its request ID and its trace are in replies, lists and the journal, and in the header of each
//! response.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::journal::journal;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRANSFER: &str = "/v1/institutions/bank-a/exchanges/Transfer";

async fn called(bench: &Bench, memo: &str, headers: &[(&str, &str)]) -> Json {
    bench.post(TRANSFER, transfer(memo).to_string(), headers).await.1
}

#[tokio::test]
async fn an_exchange_is_found_by_the_callers_own_name() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let headers = [("x-request-id", "order-service/7f3a"), ("traceparent", PARENT)];
    let answered = called(&bench, "rent", &headers).await;
    let other = called(&bench, "rent", &[("x-request-id", "two words"), ("traceparent", "00-0-0-00")]).await;
    assert_eq!((&answered["request_id"], &answered["traceparent"]), (&json!("order-service/7f3a"), &json!(PARENT)));
    assert_eq!((other.get("request_id"), other.get("traceparent")), (None, None), "they count as absent");
    let (_, page) = bench.get("/v1/exchanges?request_id=order-service/7f3a").await;
    assert_eq!(page["exchanges"].as_array().unwrap().len(), 1);
    let found = &page["exchanges"][0];
    assert_eq!((&found["exchange"], &found["traceparent"]), (&answered["exchange"], &json!(PARENT)));
    let id = answered["exchange"].as_str().unwrap();
    let (_, one) = bench.get(&format!("/v1/exchanges/{id}")).await;
    assert_eq!((&one["request_id"], &one["traceparent"]), (&json!("order-service/7f3a"), &json!(PARENT)));

    let files = format!("--journal {}", bench.journal().display());
    let text = |arguments: &str| String::from_utf8(journal(arguments).stdout).unwrap();
    assert!(text(&format!("search --request-id order-service/7f3a {files}")).contains(id));
    let export = text(&format!("export {files}"));
    let lines: Vec<Json> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let called: Vec<_> = lines.iter().filter(|line| line.get("request_id").is_some()).collect();
    assert_eq!(called.len(), 1, "only its request says it: {export}");
    assert_eq!((&called[0]["class"], &called[0]["exchange"]), (&json!("request"), &json!(id)));
    assert!(
        text(&format!("show {id} {files}")).contains("the caller's request order-service/7f3a, traceparent 00-4bf9")
    );
}

#[tokio::test]
async fn a_request_that_never_reached_its_line_is_found_too() {
    let bench = Bench::alone().await;
    let refused = called(&bench, "rent", &[("x-request-id", "call-1")]).await;
    assert_eq!((&refused["outcome"], &refused["request_id"]), (&json!("not_sent"), &json!("call-1")));
    let (_, page) = bench.get("/v1/exchanges?request_id=call-1").await;
    assert_eq!(page["exchanges"][0]["exchange"], refused["exchange"]);
    let (_, page) = bench.get(&format!("/v1/exchanges?code={}", refused["reason_code"].as_str().unwrap())).await;
    assert_eq!(page["exchanges"][0]["exchange"], refused["exchange"]);
}

#[tokio::test]
async fn every_response_repeats_a_request_id_that_can_be_used() {
    let bench = Bench::alone().await;
    for path in ["/v1/exchanges", "/v1/nothing", "/healthz", "/"] {
        for (given, repeated) in [("call-7", Some("call-7")), ("call 7", None), ("<script>", None)] {
            let response = bench.client.get(format!("{}{path}", bench.url)).header("x-request-id", given).send().await;
            let response = response.unwrap();
            assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let found = response.headers().get("x-request-id").map(|id| id.to_str().unwrap());
            assert_eq!(found, repeated, "{path} with {given:?}");
        }
    }
}
