//! The shipped scenario of a bad day. In spite of all faults, every request ends and no answer reaches another request.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::harness::{Bench, transfer};

const REQUESTS: u64 = 400;
/// The number of customers at the same time.
const CUSTOMERS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn on_a_bad_day_every_request_ends_and_keeps_its_own_answer() {
    let scenario = include_str!("../../specs/bank-a/scenarios/nasty.toml");
    let bench = Arc::new(Bench::of(scenario, "links = 3\n").await);
    let mut customers = JoinSet::new();
    for customer in 0..CUSTOMERS {
        let bench = Arc::clone(&bench);
        customers.spawn(async move {
            let mut outcomes = Vec::new();
            for number in 0..REQUESTS / CUSTOMERS {
                let mut fields = transfer("rent");
                fields["amount"] = json!(customer * 1000 + number);
                let (status, reply) = bench.transfer(&fields, None).await;
                if status == StatusCode::OK {
                    assert_eq!(reply["answer"]["fields"]["amount"], fields["amount"], "{reply}");
                }
                outcomes.push((status, reply["outcome"].as_str().unwrap().to_owned()));
            }
            outcomes
        });
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (status, outcome) in customers.join_all().await.into_iter().flatten() {
        let expected = match outcome.as_str() {
            "answered" => StatusCode::OK,
            "unknown" => StatusCode::GATEWAY_TIMEOUT,
            "not_sent" => StatusCode::SERVICE_UNAVAILABLE,
            other => panic!("{other} is not an outcome"),
        };
        assert_eq!(status, expected);
        *counts.entry(outcome).or_default() += 1;
    }
    assert_eq!(counts.values().sum::<u64>(), REQUESTS);
    assert!(counts["answered"] > REQUESTS / 2 && counts["unknown"] > 0, "{counts:?}");
    bench.eventually_ready().await;
}
