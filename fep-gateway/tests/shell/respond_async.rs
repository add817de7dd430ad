//! `Prefer: respond-async`: the reply comes before the outcome, and the exchange is found at its place from then on.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};

const TRANSFER: &str = "/v1/institutions/bank-a/exchanges/Transfer";

/// The status, the headers `Location` and `Preference-Applied`, and the body.
async fn post(bench: &Bench, memo: &str, prefer: &str) -> (StatusCode, Option<String>, bool, Json) {
    let request = bench.client.post(format!("{}{TRANSFER}", bench.url)).header("prefer", prefer);
    let reply = request.body(transfer(memo).to_string()).send().await.unwrap();
    let place = reply.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    let is_applied = reply.headers().get("preference-applied").is_some_and(|applied| applied == "respond-async");
    (reply.status(), place, is_applied, reply.json().await.unwrap())
}

#[tokio::test]
async fn the_reply_comes_before_the_outcome_and_says_where_it_will_be() {
    // One request at a time: the second one waits for its turn, and no journal has it yet.
    let bench = Bench::of(GOOD_BANK, "window = 1\n").await;
    let mut places = Vec::new();
    for _ in 0..2 {
        let (status, place, is_applied, reply) = post(&bench, "slow", "respond-async").await;
        assert_eq!((status, is_applied, &reply["outcome"]), (StatusCode::ACCEPTED, true, &Json::Null), "{reply}");
        assert_eq!(reply.get("trace"), None, "it has no trace number yet, and an empty one would be none");
        let place = place.unwrap();
        assert_eq!(place, format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap()));
        places.push(place);
    }
    for place in &places {
        let (status, reply) = bench.get(place).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
    }
    for place in &places {
        let ended = bench.until(place, |reply| !reply["outcome"].is_null()).await;
        assert_eq!((&ended["outcome"], &ended["answer"]["telegram"]), (&json!("answered"), &json!("TransferAnswer")));
    }
}

#[tokio::test]
async fn a_request_that_is_on_its_way_has_its_trace_number_in_the_reply() {
    let bench = Bench::of(GOOD_BANK, "[institutions.bank-a.telegrams.Transfer]\nanswer_timeout_ms = 5000\n").await;
    let (status, place, _, reply) = post(&bench, "silence", "respond-async, wait=1").await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::ACCEPTED, &Json::Null), "{reply}");
    let (_, read) = bench.get(&place.unwrap()).await;
    assert!(reply["trace"].as_str().is_some_and(|trace| !trace.is_empty()), "{reply}");
    assert_eq!(reply["trace"], read["trace"]);
}

#[tokio::test]
async fn a_client_can_wait_for_the_outcome_first() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (status, place, is_applied, reply) = post(&bench, "slow", "respond-async, wait=10").await;
    assert_eq!((status, place, is_applied), (StatusCode::OK, None, true), "{reply}");
    let started = tokio::time::Instant::now();
    let (status, place, ..) = post(&bench, "silence", "respond-async, wait=0").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert!(started.elapsed() < Duration::from_millis(700), "it did not wait for the answer timeout");
    let ended = bench.until(&place.unwrap(), |reply| !reply["outcome"].is_null()).await;
    assert_eq!(ended["reason_code"], "no_answer");
    let (status, _, is_applied, _) = post(&bench, "rent", "wait=10").await;
    assert_eq!((status, is_applied), (StatusCode::OK, false), "without the preference it waits for the outcome");
}
