//! Settlement over HTTP: what became of an unknown transfer, the dead letters, and a person's decision.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, transfer};

/// A bank that is silent about transfers with the memo `silence`, knows nothing of them, and refuses to undo them.
pub(crate) const BANK: &str = r#"
trace = "header.trace_no"
[session]
open = "SignOn"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
[[rules]]
telegram = "Transfer"
when = { passbook_memo = "silence" }
action = "silence"
[[rules]]
telegram = "ResultInquiry"
action = "answer"
set = { result_code = "0199", amount = 0, fee = 0 }
[[rules]]
telegram = "Reversal"
action = "answer"
set = { "header.response_code" = "0110" }
"#;

pub(crate) const SETTLEMENT: &str = r#"
[institutions.bank-a.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
horizon_ms = 100
first_wait_ms = 10
backoff_min_ms = 10
backoff_max_ms = 20
[institutions.bank-a.telegrams.Transfer.settlement.inquiry]
telegram = "ResultInquiry"
tries_max = 1
fields = { original_trace_no = "<request.header.trace_no>", original_date = "<request.header.sent_date>", result_code = "", amount = 0 }
processed = { result_code = "0000" }
[institutions.bank-a.telegrams.Transfer.settlement.reversal]
telegram = "Reversal"
tries_max = 1
fields = { original_trace_no = "<request.header.trace_no>", original_date = "<request.header.sent_date>", withdraw_account = "<request.withdraw_account>", amount = "<request.amount>", deposit_bank = "<request.deposit_bank>", deposit_account = "<request.deposit_account>", reason = "01" }
confirmed = { "header.response_code" = "0000" }
"#;

async fn decide(bench: &Bench, path: &str, body: &Json) -> (StatusCode, Json) {
    let response = bench.client.post(format!("{}{path}", bench.url)).json(body).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_dead_letter_is_listed_with_its_history_until_a_person_settles_it() {
    let bench = Bench::of(BANK, SETTLEMENT).await;
    let (status, reply) = bench.transfer(&transfer("silence"), None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    let id = reply["exchange"].as_str().unwrap();
    let listed = bench.until("/v1/dead-letters", |reply| reply["dead_letters"][0]["why"] == "reversal_refused").await;
    let letter = &listed["dead_letters"][0];
    assert_eq!(
        (&letter["exchange"]["exchange"], &letter["inquiries"], &letter["reversals"]),
        (&json!(id), &json!(1), &json!(1))
    );
    let history: Vec<_> = letter["history"].as_array().unwrap().iter().map(|past| past["fact"].clone()).collect();
    assert_eq!(history, ["opened", "begun", "answered", "begun", "answered", "dead_lettered"]);
    // The journal has a digest of the account, from which the number could be found by trying. Clients do not get it.
    let view = bench.get(&format!("/v1/exchanges/{id}/view")).await.1;
    let opened = view["facts"].as_array().unwrap().iter().find(|fact| fact["class"] == "opened").unwrap();
    assert_eq!((&letter["history"][0]["account"], &opened["settlement"]["account"]), (&Json::Null, &Json::Null));
    let shown = bench.get(&format!("/v1/exchanges/{id}")).await.1;
    assert_eq!((shown.get("settled_by"), &shown["flags"]), (None, &json!(["dead_letter"])));

    let path = format!("/v1/exchanges/{id}/settlement");
    let check = async |body: Json, status: StatusCode, kind: &str| {
        let (found, reply) = decide(&bench, &path, &body).await;
        assert_eq!((found, reply["code"].as_str()), (status, Some(kind)), "{body}: {reply}");
    };
    check(json!({"decision": "lost", "note": "x"}), StatusCode::UNPROCESSABLE_ENTITY, "bad_decision").await;
    check(json!({"decision": "done", "note": " "}), StatusCode::UNPROCESSABLE_ENTITY, "bad_note").await;
    check(json!({"decision": "done", "note": "a\u{1b}[2J"}), StatusCode::UNPROCESSABLE_ENTITY, "bad_note").await;
    let two_lines = json!({"decision": "done", "note": "because", "person": "kim\nlee decided"});
    check(two_lines, StatusCode::UNPROCESSABLE_ENTITY, "no_person").await;
    let body = json!({"decision": "not_done", "note": "the bank confirmed by telephone", "person": "kim"});
    let (status, reply) = decide(&bench, &path, &body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!((&reply["settled_by"], &reply["money"]), (&json!("person"), &json!("not_done")));
    assert_eq!((&reply["outcome"], reply.get("flags")), (&json!("unknown"), None));
    assert_eq!(bench.get("/v1/dead-letters").await.1, json!({"dead_letters": [], "notices": []}));
    check(body, StatusCode::CONFLICT, "already_settled").await;
    let (_, answered) = bench.transfer(&transfer("rent"), None).await;
    let path = format!("/v1/exchanges/{}/settlement", answered["exchange"].as_str().unwrap());
    let (status, reply) = decide(&bench, &path, &json!({"decision": "done", "note": "x"})).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("no_case")));
}
