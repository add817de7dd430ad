//! A notice of the bank reaches the service over HTTP.

use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::harness::Bench;

const NOTIFYING_BANK: &str = r#"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000" }
[[notices]]
telegram = "DepositNotice"
every_ms = 50
set = { header.trace_no = "<sequence>", header.sent_date = "<date>", account = "1002345678901", kind = "20", amount = 50000, sender_name = "김서연" }
"#;

#[tokio::test]
async fn a_notice_is_posted_to_its_callback() {
    let (sender, mut received) = mpsc::channel::<Value>(16);
    let take = move |Json(notice): Json<Value>| async move {
        sender.send(notice).await.unwrap();
        Json(json!({ "fields": { "header": { "response_code": "0000" } } }))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notices", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/notices", post(take))).await });
    let more = format!("[institutions.bank-a.notices.DepositNotice]\ncallback = \"{url}\"\n");
    let _bench = Bench::of(NOTIFYING_BANK, &more).await;
    let notice = tokio::time::timeout(Duration::from_secs(5), received.recv()).await.unwrap().unwrap();
    assert_eq!((&notice["institution"], &notice["telegram"]), (&json!("bank-a"), &json!("DepositNotice")));
    assert_eq!((&notice["fields"]["amount"], &notice["fields"]["sender_name"]), (&json!(50_000), &json!("김서연")));
    assert!(!notice["exchange"].as_str().unwrap().is_empty());
}
