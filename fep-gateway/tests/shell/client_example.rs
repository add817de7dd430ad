//! `examples/http_client.rs`: a service that talks HTTP to the gateway, against the simulated bank.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use tokio::net::TcpListener;

use crate::harness::{Bench, GOOD_BANK};

#[path = "../../examples/http_client.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program with a `main`; here it is a module")]
mod example;

use example::{Gateway, Payment, transfer};

const SETTLEMENT: &str = "[institutions.bank-a.telegrams.Transfer.settlement]\n\
    accepted = { \"header.response_code\" = \"0000\" }\nhorizon_ms = 60000\n";

#[tokio::test]
async fn each_reply_leads_to_what_the_example_says() {
    let mut bench = Bench::of(GOOD_BANK, SETTLEMENT).await;
    let gateway = Gateway::new(&bench.url, None).unwrap();
    let paid = gateway.pay("order-1", &transfer("rent")).await.unwrap();
    assert!(matches!(paid, Payment::Paid { .. }), "{paid:?}");
    assert_eq!(gateway.pay("order-1", &transfer("rent")).await.unwrap(), paid, "the same order is the same exchange");
    let declined = gateway.pay("order-2", &transfer("decline")).await.unwrap();
    assert_eq!(declined, Payment::Declined { code: "0110".to_owned() });
    // Unknown at first. The late answer settles it.
    let late = gateway.pay("order-3", &transfer("late")).await.unwrap();
    assert!(matches!(late, Payment::Paid { .. }), "{late:?}");
    let other = gateway.pay("order-1", &transfer("another")).await.unwrap_err().to_string();
    assert!(other.starts_with("422 Unprocessable Entity other_body: "), "{other}");

    let silent = gateway.clone();
    let asked = tokio::spawn(async move { silent.pay("order-4", &transfer("silence")).await.unwrap() });
    let unknown =
        bench.until("/v1/exchanges?outcome=unsettled", |list| !list["exchanges"].as_array().unwrap().is_empty());
    let id = unknown.await["exchanges"][0]["exchange"].as_str().unwrap().to_owned();
    let decision = r#"{"decision": "not_done", "note": "the bank says no"}"#.to_owned();
    let (status, reply) = bench.post(&format!("/v1/exchanges/{id}/settlement"), decision, &[]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(asked.await.unwrap(), Payment::Declined { code: "not_done".to_owned() });

    bench.bank.take().unwrap().stop().await;
    let not_sent = gateway.pay("order-5", &transfer("rent")).await.unwrap();
    assert!(matches!(not_sent, Payment::NotSent { .. }), "{not_sent:?}");
}

#[tokio::test]
async fn replies_that_say_nothing_are_asked_again_with_the_same_key() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let routes = Router::new().fallback(move |headers: axum::http::HeaderMap| {
        let count = counted.fetch_add(1, Ordering::SeqCst);
        let same = headers.get("idempotency-key").is_some_and(|key| key == "order-1");
        async move {
            match count {
                _ if !same => (StatusCode::BAD_REQUEST, "{}"),
                0 => (StatusCode::BAD_GATEWAY, "a proxy says: no"),
                1 => (StatusCode::SERVICE_UNAVAILABLE, r#"{"code": "key_unchecked", "detail": ""}"#),
                2 => (StatusCode::CONFLICT, r#"{"code": "still_running", "detail": ""}"#),
                _ => (
                    StatusCode::OK,
                    r#"{"exchange": "x", "outcome": "answered", "answer": {"fields": {"header": {"response_code": "0000"}}}}"#,
                ),
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let paid = Gateway::new(url, None).unwrap().pay("order-1", &transfer("rent")).await.unwrap();
    assert_eq!((paid, asked.load(Ordering::SeqCst)), (Payment::Paid { exchange: "x".to_owned() }, 4));
}
