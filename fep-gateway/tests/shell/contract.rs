//! The HTTP contract: the routes, statuses and JSON fields that services may rely on.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};

fn keys(json: &Json) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn an_answer_is_200_with_its_fields_and_a_decline_is_an_answer() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (status, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(keys(&reply), ["answer", "exchange", "institution", "outcome", "trace"]);
    assert_eq!((&reply["outcome"], &reply["institution"]), (&json!("answered"), &json!("bank-a")));
    assert_eq!(keys(&reply["answer"]), ["fields", "telegram"]);
    assert_eq!(reply["answer"]["telegram"], "TransferAnswer");
    let fields = &reply["answer"]["fields"];
    assert_eq!((&fields["header"]["response_code"], &fields["payee_name"]), (&json!("0000"), &json!("홍길동")));
    let (status, reply) = bench.transfer(&transfer("decline"), None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")));
    assert_eq!(reply["answer"]["fields"]["header"]["response_code"], "0110");
}

#[tokio::test]
async fn what_was_not_sent_is_503_and_says_why() {
    let bench = Bench::alone().await;
    let (status, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")));
    assert!(!reply["reason"].as_str().unwrap().is_empty());
    assert_eq!(reply["reason_code"], "no_line_up");
    let listed = bench.get("/v1/exchanges").await.1;
    assert_eq!(listed["exchanges"][0]["reason_code"], "no_line_up");
    let path = format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap());
    assert_eq!(bench.get(&path).await.1["reason_code"], "no_line_up");
    bench.until("/v1/lines", |reply| reply["lines"][0]["last_error_code"] == "connect_failed").await;
    assert!(reply.get("answer").is_none());
}

#[tokio::test]
async fn what_is_unknown_is_504_and_a_late_answer_settles_it() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (status, reply) = bench.transfer(&transfer("late"), None).await;
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    let path = format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap());
    assert!(bench.get(&path).await.1.get("settled_by").is_none());
    assert_eq!(bench.get(&path).await.1["telegram"], "Transfer");
    let settled = bench.until(&path, |exchange| exchange.get("settled_by").is_some()).await;
    assert_eq!((&settled["settled_by"], &settled["trace"]), (&json!("late answer"), &reply["trace"]));
    assert_eq!(settled["answer"]["fields"]["header"]["response_code"], "0000");
}

#[tokio::test]
async fn an_idempotency_key_names_one_exchange() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (_, first) = bench.transfer(&transfer("rent"), Some("k1")).await;
    let (status, again) = bench.transfer(&transfer("rent"), Some("k1")).await;
    assert_eq!((status, &again["exchange"]), (StatusCode::OK, &first["exchange"]));
    let (status, other) = bench.transfer(&transfer("other"), Some("k1")).await;
    assert_eq!((status, &other["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("other_body")));
    assert_eq!(other["exchange"], first["exchange"]);
    let slow = transfer("slow");
    // The request that arrives second finds the first one running.
    let both = (bench.transfer(&slow, Some("k2")), bench.transfer(&slow, Some("k2")));
    let ((status, reply), (other_status, other)) = tokio::join!(both.0, both.1);
    let (ok, conflict, refused) =
        if status.is_success() { (status, other_status, other) } else { (other_status, status, reply) };
    assert_eq!((ok, conflict), (StatusCode::OK, StatusCode::CONFLICT));
    assert_eq!(refused["code"], "still_running");
}

/// Posts a body and checks the error: status, kind, and a piece of the message.
async fn check(bench: &Bench, path: &str, body: &str, status: u16, kind: &str, message: &str) -> Json {
    let (found, reply) = bench.post(path, body.to_owned(), &[]).await;
    assert_eq!((found.as_u16(), reply["code"].as_str().unwrap()), (status, kind), "{reply}");
    let text = reply["detail"].as_str().unwrap();
    assert!(text.contains(message) && !text.contains('\n'), "{text}");
    for secret in SECRETS {
        assert!(!reply.to_string().contains(secret), "{reply}");
    }
    reply
}

#[tokio::test]
async fn an_error_is_a_problem_whose_kind_the_gateway_explains() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let reply = bench.raw("/v1/exchanges?limit=0").await;
    assert_eq!(reply.headers()["content-type"], "application/problem+json");
    let problem: Json = reply.json().await.unwrap();
    assert_eq!(keys(&problem), ["code", "detail", "status", "title", "type"], "RFC 9457, and the code: {problem}");
    assert_eq!((&problem["status"], &problem["type"]), (&json!(400), &json!("/problems/query")));
    let (status, row) = bench.get(problem["type"].as_str().unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    for name in ["code", "status", "title", "type"] {
        assert_eq!(row[name], problem[name], "{name}");
    }
    assert!(!row["advice"].as_str().unwrap().is_empty());
    let (_, table) = bench.get("/problems").await;
    assert!(table["problems"].as_array().unwrap().contains(&row), "{table}");
    assert_eq!(bench.get("/problems/none").await.1["code"], "no_such_problem");
}

#[tokio::test]
async fn a_request_that_makes_no_telegram_is_told_which_field_and_why() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let path = "/v1/institutions/bank-a/exchanges/Transfer";
    let with = |name: &str, value: Json| {
        let mut fields = transfer("rent");
        fields[name] = value;
        fields.to_string()
    };
    let long = with("payee_name", json!("홍길동홍길동홍길동홍길동"));
    let error =
        check(&bench, path, &long, 422, "too_long", "payee_name (입금인성명): needs 24 bytes, the field has 20").await;
    assert_eq!((&error["field"], &error["label"]), (&json!("payee_name"), &json!("입금인성명")));
    assert_eq!((&error["given_bytes"], &error["len"]), (&json!(24), &json!(20)));
    check(&bench, path, &with("payee_name", json!("😀")), 422, "not_in_charset", "payee_name").await;
    check(&bench, path, &with("amount", json!("많이")), 422, "wrong_type", "amount (출금금액)").await;
    let error =
        check(&bench, path, &with("payeename", json!("x")), 422, "unknown_field", "did you mean payee_name?").await;
    assert_eq!(error["nearest"], "payee_name");
    check(&bench, path, r#"{"amount": 1, "amount": 2}"#, 422, "duplicate_key", "\"amount\" stands twice").await;
    check(&bench, path, r#"{"amount": 1"#, 400, "not_json", "the body is not JSON").await;
    check(&bench, path, "", 400, "not_json", "the body is not JSON").await;
    check(&bench, path, &"x".repeat(300_000), 413, "body_too_large", "more than 262144 bytes").await;
    assert!(bench.get("/v1/exchanges").await.1["exchanges"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn names_that_do_not_exist_are_404_with_the_near_ones() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let body = transfer("rent").to_string();
    let at = |institution: &str, telegram: &str| format!("/v1/institutions/{institution}/exchanges/{telegram}");
    check(&bench, &at("bank-b", "Transfer"), &body, 404, "unknown_institution", "did you mean `bank-a`?").await;
    check(&bench, &at("bank-a", "Transfers"), &body, 404, "unknown_telegram", "did you mean Transfer?").await;
    check(&bench, &at("bank-a", "TransferAnswer"), &body, 404, "not_a_request", "TransferAnswer").await;
    check(&bench, &at("bank-a", "SignOn"), "{}", 404, "not_a_request", "SignOn").await;
    check(&bench, "/v1/nothing", "{}", 404, "no_such_route", "/v1/nothing").await;
    check(&bench, "/v1/lines", "{}", 405, "method_not_allowed", "does not take POST").await;
    let (status, reply) = bench.get("/v1/exchanges/nobody").await;
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("unknown_exchange")));
    let (status, reply) = bench.get("/v1/exchanges?limit=0").await;
    assert_eq!((status, &reply["code"]), (StatusCode::BAD_REQUEST, &json!("query")));
    assert_eq!(bench.get("/v1/exchanges?limit=x").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(bench.get("/v1/exchanges?limt=5").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn no_foreign_page_can_post() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let path = "/v1/institutions/bank-a/exchanges/Transfer";
    for origin in ["https://elsewhere.example", "null", "http://127.0.0.1:1"] {
        let (status, reply) = bench.post(path, transfer("rent").to_string(), &[("origin", origin)]).await;
        assert_eq!((status, &reply["code"]), (StatusCode::FORBIDDEN, &json!("origin")), "{origin}");
    }
    let (status, _) = bench.post(path, transfer("rent").to_string(), &[("origin", &bench.url)]).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = bench.post(path, transfer("rent").to_string(), &[("idempotency-key", "")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn readiness_follows_the_line_and_life_does_not() {
    let mut bench = Bench::of(GOOD_BANK, "").await;
    let (_, lines) = bench.get("/v1/lines").await;
    assert_eq!((&lines["lines"][0]["line"], &lines["lines"][0]["links"][0]["state"]), (&json!("main"), &json!("up")));
    bench.bank.take().unwrap().stop().await;
    let reply = bench.until("/readyz", |reply| reply["ready"] == false).await;
    assert_eq!(reply["reasons"], json!(["bank-a: no link is up"]));
    assert_eq!(bench.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.get("/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn readiness_says_which_lines_nothing_proves() {
    let bench = Bench::of(GOOD_BANK, "").await;
    assert_eq!(bench.get("/v1/lines").await.1["lines"][0]["proved_by"], Json::Null);
    let (status, reply) = bench.get("/readyz").await;
    let note = "bank-a: line main counts as alive because it is connected: no answer has come yet, and neither session.echo_test nor \
                session.poll proves it";
    let expected = json!({ "ready": true, "reasons": [], "notes": [note] });
    assert_eq!((status, reply), (StatusCode::OK, expected), "what nothing tests counts as alive while it is connected");
    bench.transfer(&transfer("decline"), None).await;
    bench.until("/readyz", |reply| *reply == json!({ "ready": true, "reasons": [], "notes": [] })).await;
    let bench = Bench::alone().await;
    let (status, reply) = bench.get("/readyz").await;
    assert_eq!((status, &reply["notes"]), (StatusCode::SERVICE_UNAVAILABLE, &json!([])), "the reasons say it");
}

#[tokio::test]
async fn metrics_count_outcomes_and_name_no_field() {
    let bench = Bench::of(GOOD_BANK, "").await;
    bench.transfer(&transfer("rent"), None).await;
    bench.transfer(&transfer("silence"), None).await;
    let page = bench.text("/metrics").await;
    // Other tests count in the same process, so the numbers are unknown. Only names and labels are checked.
    for line in [
        r#"fep_exchanges_total{institution="bank-a",telegram="Transfer",outcome="answered",reason=""} "#,
        r#"fep_exchanges_total{institution="bank-a",telegram="Transfer",outcome="unknown",reason="no_answer"} "#,
        r#"fep_links_up{institution="bank-a",line="main"} "#,
        r#"fep_inflight_max{institution="bank-a",line="main"} 500"#,
        r#"fep_round_trip_seconds_bucket{institution="bank-a",telegram="Transfer",le="0.5"} "#,
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(SECRETS.iter().all(|secret| !page.contains(secret)));
}

#[tokio::test]
async fn events_tell_of_exchanges_as_they_happen() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let mut stream = bench.raw("/v1/events").await;
    bench.transfer(&transfer("rent"), None).await;
    let mut text = String::new();
    while !text.contains("\"outcome\":\"answered\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), stream.chunk()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.contains("event: exchange\ndata: {"), "{text}");
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
}

#[tokio::test]
async fn the_number_of_listeners_is_limited_and_places_are_given_back() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let mut listeners = Vec::new();
    for _ in 0..64 {
        listeners.push(bench.raw("/v1/events").await);
    }
    let (status, reply) = bench.get("/v1/events").await;
    assert_eq!((status, &reply["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("too_many_listeners")));
    listeners.clear();
    for _ in 0..500 {
        // The gateway notices a closed connection only when it writes the next event to it.
        bench.transfer(&transfer("rent"), None).await;
        if bench.raw("/v1/events").await.status() == StatusCode::OK {
            return;
        }
    }
    panic!("no place is given back");
}

const WITH_BREAKER: &str = "[institutions.bank-a.breaker]\n";

#[tokio::test]
async fn a_person_stops_and_opens_business_with_an_institution() {
    let bench = Bench::of(GOOD_BANK, WITH_BREAKER).await;
    let decide =
        async |what: &str, body: Json| bench.post(&format!("/v1/institutions/{what}"), body.to_string(), &[]).await;
    for (what, body, status, kind) in [
        ("bank-b/breaker", json!({ "decision": "reset" }), 404, "unknown_institution"),
        ("bank-a/breaker", json!({ "decision": "stop" }), 400, "not_a_decision"),
        ("bank-a/breaker", json!({ "decision": "trip" }), 422, "no_note"),
        ("bank-a/breaker", json!({ "decision": "trip", "note": "x".repeat(201) }), 422, "no_note"),
        ("bank-a/business", json!({ "decision": "unblock" }), 409, "cannot_decide"),
    ] {
        let (got, reply) = decide(what, body).await;
        assert_eq!((got.as_u16(), &reply["code"]), (status, &json!(kind)), "{reply}");
    }
    let foreign = [("origin", "http://evil.example")];
    let trip = json!({ "decision": "trip", "note": "maintenance" });
    assert_eq!(
        bench.post("/v1/institutions/bank-a/breaker", trip.to_string(), &foreign).await.0,
        StatusCode::FORBIDDEN
    );

    let (status, reply) = decide("bank-a/breaker", trip).await;
    assert_eq!((status, &reply["breakers"][0]["state"]), (StatusCode::OK, &json!("tripped")), "{reply}");
    let (status, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!((status, &reply["reason_code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("breaker_tripped")));
    let page = bench.text("/metrics").await;
    assert!(page.contains(r#"fep_breaker_tripped{institution="bank-a",business=""} 1"#), "{page}");
    decide("bank-a/breaker", json!({ "decision": "reset" })).await;
    let block = json!({ "decision": "block", "business": "Transfer", "note": "wrong fees" });
    decide("bank-a/business", block).await;
    let (_, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!(reply["reason"], "business code Transfer is blocked: wrong fees");
    let closed = bench.get("/v1/institutions/bank-a").await.1["closed"][0].clone();
    assert_eq!((&closed["business"], &closed["why"]["person"]["note"]), (&json!("Transfer"), &json!("wrong fees")));
    decide("bank-a/business", json!({ "decision": "unblock", "business": "Transfer" })).await;
    assert_eq!(bench.transfer(&transfer("rent"), None).await.0, StatusCode::OK);
    let listed = bench.get("/v1/institutions").await.1;
    assert_eq!(keys(&listed["institutions"][0]["limit"]), LIMIT_KEYS, "{listed}");
    assert!(bench.get("/v1/institutions/bank-b").await.0 == StatusCode::NOT_FOUND);
}

const WITH_BACKUP: &str = "[[institutions.bank-a.lines]]\nname = \"backup\"\nconnect = \"127.0.0.1:9\"\nrank = 2\nstandby = \"cold\"\n\
     [institutions.bank-a.switchover]\nafter_ms = 100\n";

#[tokio::test]
async fn a_person_stops_starts_and_switches_lines() {
    let bench = Bench::of(GOOD_BANK, WITH_BACKUP).await;
    let decide = async |what: &str, body: Json| {
        bench.post(&format!("/v1/institutions/bank-a/{what}"), body.to_string(), &[]).await
    };
    for (what, body, status, kind) in [
        ("lines/main", json!({ "decision": "halt" }), 400, "not_a_decision"),
        ("lines/main", json!({ "decision": "stop" }), 422, "no_note"),
        ("lines/none", json!({ "decision": "start" }), 409, "cannot_decide"),
        ("lines/main", json!({ "decision": "start" }), 409, "cannot_decide"),
        ("switchover", json!({ "decision": "switch", "note": "x" }), 400, "not_a_decision"),
        ("switchover", json!({ "decision": "switch", "line": "none", "note": "x" }), 409, "cannot_decide"),
        ("switchover", json!({ "decision": "return", "note": " " }), 422, "no_note"),
    ] {
        let (got, reply) = decide(what, body).await;
        assert_eq!((got.as_u16(), &reply["code"]), (status, &json!(kind)), "{what}: {reply}");
    }
    let (status, reply) =
        decide("switchover", json!({ "decision": "switch", "line": "backup", "note": "works" })).await;
    // The backup line cannot be connected, so business stays where it works.
    let switchover = &reply["switchover"];
    assert_eq!((status.as_u16(), &switchover["rank"], &switchover["ordered"]), (200, &json!(1), &json!(2)), "{reply}");
    assert_eq!(switchover["lines"], json!(["main"]));
    decide("switchover", json!({ "decision": "return", "note": "works are over" })).await;
    decide("lines/main", json!({ "decision": "stop", "note": "new cables" })).await;
    let lines = bench.get("/v1/lines").await.1;
    let main = &lines["lines"][0];
    assert_eq!((&main["stopped"]["note"], &main["carries"]), (&json!("new cables"), &json!(false)), "{lines}");
    assert_eq!((&main["carries_since_ms"], &main["carries_why"]), (&Json::Null, &Json::Null), "{lines}");
    let page = bench.text("/metrics").await;
    assert!(page.contains(r#"fep_line_carries{institution="bank-a",line="main"} 0"#), "{page}");
    let (status, reply) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!((status, &reply["reason_code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("no_line_up")), "{reply}");
    decide("lines/main", json!({ "decision": "start" })).await;
    while bench.get("/v1/lines").await.1["lines"][0]["links"][0]["state"] != "up" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.transfer(&transfer("rent"), None).await.0, StatusCode::OK);
    bench.until("/v1/lines", |reply| reply["lines"][0]["carries"] == true).await;
    let page = bench.text("/metrics").await;
    assert!(page.contains(r#"fep_line_carries{institution="bank-a",line="backup"} 0"#), "{page}");
}

const LIMIT_KEYS: [&str; 8] =
    ["inflight", "inflight_max", "limit", "limit_cause", "limit_since_ms", "rate_max", "rate_used", "unanswered"];

const WITH_STAND_IN: &str = r#"
[institutions.bank-a.breaker]
failures_in_row = 1
wait_min_ms = 30000
[institutions.bank-a.breaker.alternatives]
Transfer = { stand_in = { "header.response_code" = "0199" } }
"#;

#[tokio::test]
async fn a_stand_in_is_told_apart_from_an_answer_and_says_when_to_ask_again() {
    let bench = Bench::of(GOOD_BANK, WITH_STAND_IN).await;
    let silent = bench.transfer(&transfer("silence"), None).await;
    assert_eq!(silent.0, StatusCode::GATEWAY_TIMEOUT, "{}", silent.1);
    let url = format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url);
    let response = bench.client.post(url).body(transfer("rent").to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let reply: Json = response.json().await.unwrap();
    assert_eq!((&reply["outcome"], &reply["reason_code"]), (&json!("not_sent"), &json!("stood_in")), "{reply}");
    assert_eq!((reply.get("answer"), &reply["stand_in"]["telegram"]), (None, &json!("TransferAnswer")), "{reply}");
    assert_eq!(reply["stand_in"]["fields"]["header"]["response_code"], "0199");
    let exchange = reply["exchange"].as_str().unwrap();
    let stored = bench.get(&format!("/v1/exchanges/{exchange}")).await.1;
    assert_eq!((&stored["stand_in"], &stored["outcome"]), (&reply["stand_in"], &reply["outcome"]), "{stored}");
    let view = bench.text(&format!("/v1/exchanges/{exchange}/view")).await;
    assert!(view.contains("\"stand_in\""), "{view}");
    let acting = bench.get("/v1/institutions/bank-a").await.1["alternatives"][0].clone();
    assert_eq!((&acting["alternative"], &acting["acts"]), (&json!("stand_in"), &json!(true)), "{acting}");
    let page = bench.text("/metrics").await;
    assert!(page.contains(r#"fep_alternatives_total{institution="bank-a",alternative="stand_in"} 1"#), "{page}");
}
