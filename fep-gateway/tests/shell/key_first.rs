//! A repeated request is the exchange of its idempotency key, also if its fields or its institution are not in the configuration any more.
//! Otherwise a client that lost the first reply would read "refused" of a transfer that was carried out.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Bench, GOOD_BANK, bank, bank_b, transfer};

async fn reload(bench: &Bench) {
    let (status, reply) = bench.post("/v1/reload", json!({ "note": "a test", "person": "kim" }).to_string(), &[]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
}

#[tokio::test]
async fn a_repeat_after_a_field_went_is_the_exchange_that_was_sent() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (status, first) = bench.transfer(&transfer("rent"), Some("k1")).await;
    assert_eq!((status, &first["outcome"]), (StatusCode::OK, &json!("answered")), "{first}");

    let spec = bench.file("bank-a.toml");
    let text = std::fs::read_to_string(&spec).unwrap();
    std::fs::write(&spec, text.replace("passbook_memo", "account_memo")).unwrap();
    reload(&bench).await;
    bench.eventually_ready().await;

    let (status, new) = bench.transfer(&transfer("rent"), Some("k2")).await;
    assert_eq!((status, &new["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_field")), "{new}");
    let (status, again) = bench.transfer(&transfer("rent"), Some("k1")).await;
    assert_eq!((status, &again["exchange"]), (StatusCode::OK, &first["exchange"]), "{again}");
    let (status, other) = bench.transfer(&transfer("other"), Some("k1")).await;
    assert_eq!((status, &other["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("other_body")), "{other}");
    assert_eq!(other["exchange"], first["exchange"]);

    // The refused request did not take its key.
    let mut renamed = transfer("rent");
    let fields = renamed.as_object_mut().unwrap();
    let memo = fields.remove("passbook_memo").unwrap();
    fields.insert("account_memo".to_owned(), memo);
    let (status, sent) = bench.transfer(&renamed, Some("k2")).await;
    assert_eq!((status, &sent["outcome"]), (StatusCode::OK, &json!("answered")), "{sent}");
}

#[tokio::test]
async fn a_repeat_after_its_institution_went_is_the_exchange_that_was_sent() {
    let other = bank(GOOD_BANK).await;
    let second = bank_b(&other.address().to_string());
    let bench = Bench::of(GOOD_BANK, &second).await;
    let path = "/v1/institutions/bank-b/exchanges/Transfer";
    let ask = async |key| bench.post(path, transfer("rent").to_string(), &[("idempotency-key", key)]).await;
    bench.eventually_ready().await;
    let (status, first) = ask("k1").await;
    assert_eq!((status, &first["outcome"]), (StatusCode::OK, &json!("answered")), "{first}");

    bench.rewrite(|text| text.replace(&second, ""));
    reload(&bench).await;
    let (status, new) = ask("k2").await;
    assert_eq!((status, &new["code"]), (StatusCode::NOT_FOUND, &json!("unknown_institution")), "{new}");
    let (status, again) = ask("k1").await;
    assert_eq!((status, &again["exchange"]), (StatusCode::OK, &first["exchange"]), "{again}");
}
