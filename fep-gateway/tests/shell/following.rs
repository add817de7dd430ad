//! `GET /v1/exchanges/{id}/events`: the states of one exchange, until nothing more is expected.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::settlement;

/// The events until the stream ends: name and data.
async fn events(bench: &Bench, id: &str) -> Vec<(String, Json)> {
    let read = async {
        let response = bench.raw(&format!("/v1/exchanges/{id}/events")).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.text().await.unwrap()
    };
    let text = tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
    let part = |event: &str, name: &str| {
        let mut parts = event.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        parts.next().map(str::to_owned)
    };
    let event = |event: &str| Some((part(event, "event")?, serde_json::from_str(&part(event, "data")?).unwrap()));
    text.split("\n\n").filter_map(event).collect()
}

async fn begun(bench: &Bench, memo: &str) -> String {
    let headers = [("prefer", "respond-async")];
    let path = "/v1/institutions/bank-a/exchanges/Transfer";
    let (status, reply) = bench.post(path, transfer(memo).to_string(), &headers).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    reply["exchange"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_sees_each_state_until_nothing_follows() {
    let bench = Bench::of(GOOD_BANK, "").await;
    for (memo, expected) in [
        ("slow", &[(Json::Null, Json::Null), (json!("answered"), Json::Null)][..]),
        // The answer comes after the deadline, and settles it.
        ("late", &[(Json::Null, Json::Null), (json!("unknown"), Json::Null), (json!("unknown"), json!("late answer"))]),
    ] {
        let id = begun(&bench, memo).await;
        let events = events(&bench, &id).await;
        let (last, states) = events.split_last().unwrap();
        assert_eq!(last, &("end".to_owned(), json!({})));
        let mut found: Vec<_> =
            states.iter().map(|(_, state)| (state["outcome"].clone(), state["settled_by"].clone())).collect();
        // Before it runs, its trace number is not known yet.
        found.dedup();
        assert_eq!(found, expected, "{memo}");
        let (_, now) = bench.get(&format!("/v1/exchanges/{id}")).await;
        assert_eq!(states.last().unwrap(), &("exchange".to_owned(), now), "the last one is what GET says");
    }
}

#[tokio::test]
async fn an_exchange_that_has_ended_is_one_event() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (_, reply) = bench.transfer(&transfer("rent"), None).await;
    let names: Vec<_> = events(&bench, reply["exchange"].as_str().unwrap()).await;
    assert_eq!(names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["exchange", "end"]);
    let (status, problem) = bench.get("/v1/exchanges/01a20009090d000016e7e8/events").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("unknown_exchange")));
}

#[tokio::test]
async fn the_steps_of_a_settlement_are_told_as_well() {
    let bench = Bench::of(settlement::BANK, settlement::SETTLEMENT).await;
    let id = begun(&bench, "silence").await;
    let mut stream = bench.raw(&format!("/v1/exchanges/{id}/events")).await;
    let mut text = String::new();
    // It ends with the decision of a person, who decides once the gateway has tried everything.
    let read = async {
        let mut is_decided = false;
        while let Some(part) = stream.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&part).unwrap());
            if text.contains(r#""flags":["dead_letter"]"#) && !is_decided {
                is_decided = true;
                let body = json!({ "decision": "not_done", "note": "the bank says so" });
                let path = format!("/v1/exchanges/{id}/settlement");
                assert_eq!(bench.post(&path, body.to_string(), &[]).await.0, StatusCode::OK);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
    let counts: Vec<u64> = text
        .split("event: facts\ndata: ")
        .skip(1)
        .map(|data| serde_json::from_str::<Json>(data.lines().next().unwrap()).unwrap()["facts"].as_u64().unwrap())
        .collect();
    assert!(counts.len() >= 2 && counts.is_sorted_by(|one, next| one < next), "{counts:?}: {text}");
    assert!(text.contains(r#""money":"not_done""#) && text.ends_with("event: end\ndata: {}\n\n"), "{text}");
}
