//! Services from end to end: requests over HTTP, the gateway, and the simulated bank with accounts behind it.

use fep_codec::Record;
use fep_spec::model::Spec;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Bench, transfer};

const BANK_A: &str = include_str!("../../specs/bank-a/bank-a.toml");
const ACCOUNTS: &str = include_str!("../../specs/bank-a/scenarios/accounts.toml");
/// The balance of the account that the transfers debit, and what one of them costs.
const BEGINNING: i64 = 10_000_000;
const COST: i64 = 1_234_567 + 500;

async fn bench(more_rules: &str) -> Bench {
    let settlement = format!(
        "[institutions.bank-a.telegrams.Transfer.settlement]\naccepted = {{ \"header.response_code\" = \"0000\" }}\n\
         horizon_ms = 300\nfirst_wait_ms = 10\nbackoff_min_ms = 10\nbackoff_max_ms = 50\n{}tries_max = 3\n",
        include_str!("../settlement.toml").replace("tries_max = 2", "tries_max = 50")
    );
    Bench::of(&format!("{ACCOUNTS}{more_rules}"), &settlement).await
}

/// The balance of the account, as a service sees it.
async fn balance(bench: &Bench) -> i64 {
    let path = "/v1/institutions/bank-a/exchanges/BalanceInquiry";
    let body = json!({"account": "1002345678901", "available": 0}).to_string();
    let (status, reply) = bench.post(path, body, &[]).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply["answer"]["fields"]["balance"].as_i64().unwrap()
}

/// Sends a transfer whose outcome is unknown. Returns what it is after its settlement.
async fn settled(bench: &Bench, memo: &str) -> Json {
    let (status, reply) = bench.transfer(&transfer(memo), None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    let path = format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap());
    bench.until(&path, |exchange| exchange.get("settled_by").is_some()).await
}

/// Sends a telegram to the bank beside the gateway. Returns the fields of the answer.
async fn ask(link: &mut TcpStream, name: &str, fields: &Json) -> Json {
    let spec = Spec::parse("bank-a.toml", BANK_A).unwrap();
    let layout = &spec.telegram(name).unwrap().layout;
    let telegram = Record::from_json_value(layout, fields).unwrap().encode().unwrap();
    link.write_all(&telegram).await.unwrap();
    let mut answer = vec![0; telegram.len()];
    link.read_exact(&mut answer).await.unwrap();
    Record::decode(&spec.choose(&answer).unwrap().layout, &answer).unwrap().to_json_value()
}

#[tokio::test]
async fn a_transfer_debits_once_even_if_the_same_trace_comes_again() {
    let bench = bench("").await;
    let (status, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let answered = &reply["answer"]["fields"];
    assert_eq!(
        (&answered["header"]["response_code"], &answered["balance"]),
        (&json!("0000"), &json!(BEGINNING - COST))
    );

    let mut link = TcpStream::connect(bench.bank.as_ref().unwrap().address()).await.unwrap();
    let mut header = answered["header"].clone();
    header["telegram_code"] = json!("0800");
    header.as_object_mut().unwrap().remove("length");
    assert_eq!(ask(&mut link, "SignOn", &json!({"header": header})).await["header"]["telegram_code"], "0810");
    let mut again = answered.clone();
    again["header"] = header;
    again["header"]["telegram_code"] = json!("0100");
    assert_eq!(&ask(&mut link, "Transfer", &again).await, answered);
    assert_eq!(balance(&bench).await, BEGINNING - COST);
}

#[tokio::test]
async fn a_transfer_without_an_answer_is_settled_as_done_by_the_inquiry() {
    let bench = bench("").await;
    let exchange = settled(&bench, "무응답").await;
    assert_eq!((&exchange["settled_by"], &exchange["money"]), (&json!("inquiry"), &json!("done")), "{exchange}");
    assert_eq!(balance(&bench).await, BEGINNING - COST);
}

#[tokio::test]
async fn a_transfer_that_never_arrived_is_settled_as_not_done_after_the_horizon() {
    let bench = bench("").await;
    let exchange = settled(&bench, "유실").await;
    assert_eq!((&exchange["settled_by"], &exchange["money"]), (&json!("inquiry"), &json!("not_done")), "{exchange}");
    assert_eq!(balance(&bench).await, BEGINNING);
}

#[tokio::test]
async fn a_reversal_restores_the_balance_if_inquiries_decide_nothing() {
    let undecided = "[[rules]]\ntelegram = \"ResultInquiry\"\naction = \"answer\"\nset = { result_code = \"0199\" }\n";
    let bench = bench(undecided).await;
    let exchange = settled(&bench, "무응답").await;
    assert_eq!((&exchange["settled_by"], &exchange["money"]), (&json!("reversal"), &json!("reversed")), "{exchange}");
    assert_eq!(balance(&bench).await, BEGINNING);
}

#[tokio::test]
async fn a_transfer_that_the_account_cannot_pay_is_answered_and_moves_nothing() {
    let bench = bench("").await;
    let mut much = transfer("rent");
    much["amount"] = json!(BEGINNING);
    let (status, reply) = bench.transfer(&much, None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")));
    assert_eq!(reply["answer"]["fields"]["header"]["response_code"], "0110");
    assert_eq!(balance(&bench).await, BEGINNING);
}
