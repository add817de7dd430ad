//! The audit trail: what persons and programs do or look at is recorded before it happens, and found again.

use fep_gateway::gateway::AuditEntry;
use fep_protocol::audit::{Act, AuditEnd, AuditFact};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::journal::journal;
use crate::rights::ACCESS;

/// The status and the JSON of a post of this client.
async fn post(bench: &Bench, client: &str, path: &str, body: Json) -> (StatusCode, Json) {
    let request =
        bench.client.post(format!("{}{path}", bench.url)).bearer_auth(client).header("x-request-id", "call-9");
    let response = request.body(body.to_string()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn trail(bench: &Bench, query: &str) -> Vec<Json> {
    let request = bench.client.get(format!("{}/v1/audit{query}", bench.url)).bearer_auth("office");
    let page: Json = request.send().await.unwrap().json().await.unwrap();
    page["entries"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

fn of(entries: &[Json], name: &str) -> Vec<Json> {
    entries.iter().map(|entry| entry[name].clone()).collect()
}

#[tokio::test]
async fn secrets_are_shown_to_those_with_the_right_and_a_reason_and_that_is_recorded() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let (_, paid) = post(&bench, "orders", "/v1/institutions/bank-a/exchanges/Transfer", transfer("rent")).await;
    let id = paid["exchange"].as_str().unwrap();
    let path = format!("/v1/exchanges/{id}/reveal");
    let reason = json!({ "note": "the customer asks which account" });
    for (client, body, code) in [
        ("office", reason.clone(), "forbidden"),
        ("auditor", json!({ "note": " " }), "no_note"),
        ("auditor", json!({}), "bad_decision"),
    ] {
        assert_eq!(post(&bench, client, &path, body).await.1["code"], code, "{client}");
    }
    assert_eq!(trail(&bench, "?act=reveal").await, Vec::<Json>::new(), "nothing was shown");

    let (status, seen) = post(&bench, "auditor", &path, reason).await;
    assert_eq!(status, StatusCode::OK, "{seen}");
    let fields = seen["request"]["fields"].as_array().unwrap();
    let account = fields.iter().find(|field| field["path"] == "withdraw_account").unwrap();
    assert_eq!((&account["value"], &account["secret"]), (&json!("1002345678901"), &json!(false)));
    let entries = trail(&bench, "?act=reveal").await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    for (name, value) in [
        ("act", "reveal"),
        ("outcome", "done"),
        ("person", "auditor"),
        ("client", "auditor"),
        ("note", "the customer asks which account"),
        ("exchange", id),
        ("institution", "bank-a"),
        ("request_id", "call-9"),
    ] {
        assert_eq!(entry[name], value, "{entry}");
    }
}

#[tokio::test]
async fn every_decision_is_recorded_with_who_and_why_also_one_that_could_not_be_carried_out() {
    let bench = Bench::with_access(GOOD_BANK, "[institutions.bank-a.breaker]", ACCESS).await;
    let institution = "/v1/institutions/bank-a";
    for (path, body, status) in [
        ("breaker", json!({ "decision": "trip", "note": "fees are wrong", "person": "이지은" }), 200),
        ("breaker", json!({ "decision": "reset" }), 200),
        ("business", json!({ "decision": "block", "note": "maintenance" }), 200),
        ("business", json!({ "decision": "unblock" }), 200),
        ("lines/main", json!({ "decision": "stop", "note": "cabling" }), 200),
        ("lines/main", json!({ "decision": "start" }), 200),
        ("switchover", json!({ "decision": "return", "note": "it is good again" }), 409),
    ] {
        let (found, reply) = post(&bench, "kim", &format!("{institution}/{path}"), body).await;
        assert_eq!(found.as_u16(), status, "{path}: {reply}");
    }
    let entries = trail(&bench, "").await;
    let acts = ["switch_back", "start_line", "stop_line", "unblock", "block", "reset_breaker", "trip_breaker"];
    assert_eq!(of(&entries, "act"), acts.map(Json::from), "the newest first");
    assert_eq!(of(&entries[5..], "person"), [json!("kim"), json!("이지은 by kim")]);
    assert_eq!(of(&entries[..3], "note"), [json!("it is good again"), json!(""), json!("cabling")]);
    assert_eq!(entries[2]["about"], "main");
    // How each of them ended, and why one was not carried out.
    assert_eq!(of(&entries, "outcome")[..2], [json!("refused"), json!("done")]);
    assert_eq!(of(&entries, "code")[..2], [json!("cannot_decide"), Json::Null]);
    assert_eq!(trail(&bench, "?outcome=refused").await, entries[..1]);
    assert_eq!(trail(&bench, "?outcome=done&act=block").await, entries[4..5]);
    assert_eq!(trail(&bench, "?outcome=open").await, Vec::<Json>::new());
    assert_eq!(trail(&bench, "?act=block&client=kim&institution=bank-a").await, entries[4..5]);
    assert_eq!(trail(&bench, "?client=office").await, Vec::<Json>::new());
    let page = trail(&bench, "?limit=3").await;
    let next = trail(&bench, &format!("?limit=10&cursor={}", page[2]["number"])).await;
    assert_eq!([page, next].concat(), entries);
    let since = "?since=2026-01-01T00:00:00Z&until=9999-01-01T00:00:00Z";
    assert_eq!(trail(&bench, since).await, entries);

    // The journal has them as facts, and verifies them.
    let files = format!("--journal {}", bench.journal().display());
    let export = String::from_utf8(journal(&format!("export {files}")).stdout).unwrap();
    let lines = export.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let both: Vec<_> =
        lines.filter(|fact| fact["kind"].as_str().is_some_and(|kind| kind.starts_with("audit"))).collect();
    let facts: Vec<_> = both.iter().filter(|fact| fact["kind"] == "audit").collect();
    let end = both.iter().find(|fact| fact["kind"] == "audit_end" && fact["outcome"] == "refused").unwrap();
    assert_eq!((&end["attempt"], &end["reason"]), (&facts[6]["attempt"], &json!("cannot_decide")), "{end}");
    assert_eq!((facts.len(), &facts[0]["class"], &facts[0]["client"]), (7, &json!("trip_breaker"), &json!("kim")));
    let verified = journal(&format!("verify {files}"));
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test]
async fn an_attempt_without_an_end_is_shown_as_one() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let recorded = async |note: &str| {
        let fact = AuditFact { note: note.to_owned(), ..AuditFact::new(Act::StopLine, "kim") };
        bench.gateway.audit("bank-a", AuditEntry { fact, exchange: None, caller: None }).await.unwrap()
    };
    recorded("carried out").await.end(AuditEnd::done());
    // A gateway that crashes here, or a client that leaves, says no more.
    drop(recorded("cut off").await);
    let entries = trail(&bench, "").await;
    assert_eq!(of(&entries, "note"), [json!("cut off"), json!("carried out")]);
    assert_eq!(of(&entries, "outcome"), [json!("open"), json!("done")]);
    assert_eq!(trail(&bench, "?outcome=open").await, entries[..1]);
    let verified = journal(&format!("verify --journal {}", bench.journal().display()));
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let request = bench.client.get(format!("{}/v1/audit?outcome=lost", bench.url)).bearer_auth("office");
    let problem: Json = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(problem["detail"], "outcome: there is no \"lost\"; there are: done, refused, open");
}

#[tokio::test]
async fn while_the_gateway_stops_a_decision_is_refused_as_stopped_and_not_as_a_broken_journal() {
    let bench = Bench::of(GOOD_BANK, "[institutions.bank-a.breaker]").await;
    let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
    let exchange = format!("/v1/exchanges/{}", unknown["exchange"].as_str().unwrap());
    bench.gateway.stop().await;
    for (path, body) in [
        (format!("{exchange}/reveal"), json!({ "note": "the customer asks" })),
        (format!("{exchange}/settlement"), json!({ "decision": "done", "note": "the bank says so" })),
        ("/v1/institutions/bank-a/breaker".to_owned(), json!({ "decision": "trip", "note": "fees are wrong" })),
        ("/v1/institutions/bank-a/business".to_owned(), json!({ "decision": "block", "note": "maintenance" })),
        ("/v1/institutions/bank-a/lines/main".to_owned(), json!({ "decision": "stop", "note": "cabling" })),
        ("/v1/institutions/bank-a/switchover".to_owned(), json!({ "decision": "return", "note": "good again" })),
    ] {
        let (status, problem) = bench.post(&path, body.to_string(), &[]).await;
        assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("stopped")), "{path}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("bank-a") && detail.contains("nothing is done"), "{path}: {detail}");
    }
    let (status, problem) = bench.get("/v1/institutions/bank-a").await;
    assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("stopped")), "it is configured");
    assert_eq!(bench.get("/v1/institutions/bank-b").await.0, StatusCode::NOT_FOUND);
}
