//! Whose an idempotency key is: it protects an order at its institution for all clients, and shows its exchange only to clients that may see it.

use fep_gateway::gateway::RequestOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};

/// The token of each client is its name, and `orders` has a second one, `other`. The hashes are those of `printf %s NAME | sha256sum`.
const ACCESS: &str = r#"
[clients.orders]
tokens = [
  "sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719",
  "sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa",
]
may = [{ actions = ["send"], institutions = ["bank-a"], telegrams = ["Transfer"] }]
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["send"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["send", "read"] }]
"#;

/// Sends a transfer with a key.
async fn pay(bench: &Bench, token: &str, key: &str, memo: &str, prefer: Option<&str>) -> (StatusCode, Json) {
    let url = format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url);
    let request = bench.client.request(Method::POST, url).bearer_auth(token).header("idempotency-key", key);
    let request = prefer.into_iter().fold(request, |request, prefer| request.header("prefer", prefer));
    let response = request.body(transfer(memo).to_string()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

/// A refusal that says whose the key is not, and nothing of the exchange.
fn is_anothers((status, problem): &(StatusCode, Json), exchange: &str) {
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("key_of_another_client")), "{problem}");
    let text = problem.to_string();
    assert!(!text.contains(exchange) && !text.contains("orders") && !text.contains("answered"), "{text}");
}

#[tokio::test]
async fn a_key_of_one_client_shows_nothing_to_another_and_sends_nothing() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let (status, paid) = pay(&bench, "orders", "order-1", "rent", None).await;
    let id = paid["exchange"].as_str().unwrap();
    assert_eq!(status, StatusCode::OK, "{paid}");
    assert_eq!(
        pay(&bench, "other", "order-1", "rent", None).await,
        (StatusCode::OK, paid.clone()),
        "an instance of the same service"
    );
    for memo in ["rent", "another order"] {
        is_anothers(&pay(&bench, "kim", "order-1", memo, None).await, id);
    }
    let (status, other) = pay(&bench, "orders", "order-1", "another order", None).await;
    assert_eq!((status.as_u16(), &other["code"]), (422, &json!("other_body")));
    // Who may read the exchange gets it, with secrets masked.
    let (status, seen) = pay(&bench, "office", "order-1", "rent", None).await;
    assert_eq!((status, &seen["exchange"]), (StatusCode::OK, &json!(id)));
    assert_eq!(seen["answer"]["fields"]["payee_name"], "<secret>");
    assert_eq!(bench.gateway.recent(10).await.unwrap().len(), 1, "one transfer was sent");
    let listed = async |token: &str, query: &str| {
        let url = format!("{}/v1/exchanges{query}", bench.url);
        let response = bench.client.request(Method::GET, url).bearer_auth(token).send().await.unwrap();
        let status = response.status();
        let list: Json = response.json().await.unwrap();
        (
            status.as_u16(),
            list["exchanges"].as_array().map(|found| found.iter().map(|one| one["exchange"].clone()).collect()),
        )
    };
    let own = Some(vec![json!(id)]);
    assert_eq!(
        listed("orders", "?idempotency_key=order-1").await,
        (200, own.clone()),
        "who may only send finds its own"
    );
    assert_eq!(listed("kim", "?idempotency_key=order-1").await, (200, Some(Vec::new())), "and nothing else");
    assert_eq!(listed("office", "?idempotency_key=order-1").await, (200, own));
    assert_eq!(listed("orders", "").await, (403, None));
}

#[tokio::test]
async fn a_key_whose_exchange_still_runs_shows_nothing_to_another_client() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let (status, begun) = pay(&bench, "orders", "order-2", "silence", Some("respond-async")).await;
    let id = begun["exchange"].as_str().unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    for memo in ["silence", "another order"] {
        is_anothers(&pay(&bench, "kim", "order-2", memo, None).await, id);
    }
    let (status, running) = pay(&bench, "other", "order-2", "silence", None).await;
    assert!(
        status == StatusCode::CONFLICT && running["code"] == "still_running" || status == StatusCode::GATEWAY_TIMEOUT,
        "{running}"
    );
    assert_eq!(running["exchange"], json!(id));
}

#[tokio::test]
async fn a_key_from_a_time_without_names_still_protects_its_order() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    // A program that embeds the gateway, or a time before there was an access file: nobody has a name.
    let options = RequestOptions { idempotency_key: Some("order-3"), ..RequestOptions::default() };
    let sent = bench.gateway.exchange("bank-a", "Transfer", &transfer("rent"), options).await.unwrap();
    is_anothers(&pay(&bench, "orders", "order-3", "rent", None).await, &sent.id.to_string());
    assert_eq!(pay(&bench, "office", "order-3", "rent", None).await.1["exchange"], json!(sent.id.to_string()));
    assert_eq!(bench.gateway.recent(10).await.unwrap().len(), 1, "one transfer was sent");
}
