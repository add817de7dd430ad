//! `GET /v1/exchanges`: filters, pages, and what a wrong query is told.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};

fn ids(page: &Json) -> Vec<String> {
    let exchanges = page["exchanges"].as_array().unwrap().iter();
    exchanges.map(|exchange| exchange["exchange"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn exchanges_are_found_by_what_is_known_of_them_page_by_page() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let mut made = Vec::new();
    for memo in ["rent", "decline", "silence", "rent", "decline", "rent", "rent"] {
        let (_, reply) = bench.transfer(&transfer(memo), Some(&format!("order-{}", made.len()))).await;
        made.push(reply);
    }
    let all: Vec<_> = made.iter().rev().map(|reply| reply["exchange"].as_str().unwrap().to_owned()).collect();
    let mut found = Vec::new();
    let mut cursor = String::new();
    for expected in [3, 3, 1] {
        let (status, page) = bench.get(&format!("/v1/exchanges?limit=3{cursor}")).await;
        assert_eq!((status, ids(&page).len()), (StatusCode::OK, expected), "{page}");
        found.extend(ids(&page));
        cursor = page["next"].as_str().map_or_else(String::new, |next| format!("&cursor={next}"));
    }
    assert_eq!((found, cursor.as_str()), (all.clone(), ""), "the last page is short, so there is no next one");
    let search = async |query: &str| ids(&bench.get(&format!("/v1/exchanges?{query}")).await.1);
    assert_eq!(search("outcome=unknown").await, all[4..5]);
    assert_eq!(search("outcome=unsettled&institution=bank-a&telegram=Transfer").await, all[4..5]);
    assert_eq!(search("outcome=running").await, [""; 0]);
    assert_eq!(search("institution=bank-b").await, [""; 0]);
    assert_eq!(search("idempotency_key=order-1").await, all[5..6]);
    let trace = made[1]["trace"].as_str().unwrap();
    assert_eq!(search(&format!("trace={trace}")).await, all[5..6]);
    assert_eq!(search("code=0110").await, [all[2].clone(), all[5].clone()], "the response code");
    assert_eq!(search("code=no_answer").await, all[4..5], "the code of the reason");
    assert_eq!(search("code=0199").await, [""; 0]);
    assert_eq!(search("since=2026-01-01T00:00:00%2B09:00&until=9999-01-01T00:00:00Z").await, all);
    assert_eq!(search("until=2026-01-01T00:00:00Z").await, [""; 0]);
}

#[tokio::test]
async fn a_wrong_query_is_told_what_is_wrong() {
    let bench = Bench::alone().await;
    for (query, message) in [
        ("outcome=lost", "there are: answered, not_sent, unknown, running, unsettled"),
        ("since=yesterday", "since: "),
        ("cursor=0193", "cursor: it is the `next` of a page"),
        ("limit=1001", "limit: it must be a whole number, 1 to 1000"),
        ("limit=x", "limit: it must be a whole number, 1 to 1000"),
        ("institute=bank-a", "institute: unknown field"),
    ] {
        let (status, problem) = bench.get(&format!("/v1/exchanges?{query}")).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("query")), "{query}");
        assert!(problem["detail"].as_str().unwrap().contains(message), "{problem}");
    }
}
