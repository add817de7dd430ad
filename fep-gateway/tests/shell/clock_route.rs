//! `/v1/clock` of a gateway: a test sets it, production refuses it, and programs that send follow it. What follows the clock is tried in
//! `test_time`.

use std::time::Duration;

use fep_gateway::batch::State;
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::batches::desk::Desk;
use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::rights::ACCESS;

/// A gateway for tests at a Saturday, with an institution that is closed at weekends.
const SATURDAY: &str = "environment = \"test\"\n[test_clock]\nbase = \"2028-02-26T10:00:00+09:00\"\n";
const WEEKDAYS: &str = "[institutions.bank-a.hours]\nweek = { mon-fri = [\"00:00-24:00\"], sat-sun = [] }\n";

/// Who may change the configuration may set the clock of a test.
const TESTER: &str = r#"
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["configure"] }]
"#;

async fn set(bench: &Bench, token: Option<&str>, body: &str) -> (u16, Json) {
    let request = bench.client.request(Method::PUT, format!("{}/v1/clock", bench.url)).body(body.to_owned());
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

async fn sent_date(bench: &Bench) -> Json {
    let (status, reply) = bench.transfer(&transfer("a"), None).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    reply["answer"]["fields"]["header"]["sent_date"].clone()
}

#[tokio::test]
async fn a_test_sets_the_clock_over_the_interface_and_the_leap_day_is_a_day() {
    let bench = Bench::with_root(SATURDAY, GOOD_BANK, WEEKDAYS, None).await;
    let (_, shown) = bench.get("/v1/clock").await;
    assert_eq!((&shown["environment"], &shown["speed"], &shown["number"]), (&json!("test"), &json!(1), &json!(0)));
    assert!(shown["now"].as_str().unwrap().starts_with("2028-02-26T01:0"), "{shown}");
    let (_, refused) = bench.transfer(&transfer("closed"), None).await;
    assert!(refused["reason"].as_str().unwrap().ends_with("which opens at 2028-02-28 00:00"), "{refused}");

    // 2028 has a February 29. It is a Tuesday, by `cal`.
    for (base, date) in [
        ("2028-02-28T23:59:00+09:00", "2028-02-28"),
        ("2028-02-29T00:00:00+09:00", "2028-02-29"),
        ("2028-02-29T14:59:58Z", "2028-02-29"),
        ("2028-03-01T00:00:00+09:00", "2028-03-01"),
        ("2027-03-01T00:00:00+09:00", "2027-03-01"),
    ] {
        let (status, shown) = set(&bench, None, &json!({ "base": base }).to_string()).await;
        assert_eq!((status, &shown["speed"]), (200, &json!(1)), "{shown}");
        assert_eq!(sent_date(&bench).await, date, "{base}");
    }
    // The last second of the leap day, which passes by itself.
    assert_eq!(set(&bench, None, r#"{"base": "2028-02-29T23:59:50+09:00", "speed": 20}"#).await.0, 200);
    bench.until("/v1/clock", |clock| clock["now"].as_str() >= Some("2028-02-29T15:00:01")).await;
    assert_eq!(sent_date(&bench).await, "2028-03-01");
    // Back to the real time.
    let (status, shown) = set(&bench, None, r#"{"base": null}"#).await;
    assert_eq!((status, &shown["base"], &shown["number"]), (200, &Json::Null, &json!(7)), "{shown}");
}

#[tokio::test]
async fn production_has_no_clock_to_set_and_a_follower_names_the_clock_that_it_follows() {
    let real = Bench::of(GOOD_BANK, "").await;
    let (status, shown) = real.get("/v1/clock").await;
    assert_eq!((status, &shown["environment"], &shown["base"]), (StatusCode::OK, &json!("production"), &Json::Null));
    let (status, refused) = set(&real, None, r#"{"base": "2028-02-29T00:00:00Z"}"#).await;
    assert_eq!((status, &refused["code"]), (409, &json!("not_for_production")), "{refused}");
    assert_eq!(real.get("/v1/clock").await.1["number"], 0);

    let (follower, clock) = Bench::in_test_time(GOOD_BANK, "").await;
    let (status, refused) = set(&follower, None, r#"{"base": "2028-02-29T00:00:00Z"}"#).await;
    assert_eq!((status, &refused["code"]), (409, &json!("follows_another")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains(&clock), "{refused}");
}

#[tokio::test]
async fn a_clock_is_set_by_who_may_and_with_a_time() {
    let bench = Bench::with_root(SATURDAY, GOOD_BANK, "", Some(ACCESS)).await;
    let body = r#"{"base": "2028-02-29T00:00:00Z"}"#;
    let (status, refused) = set(&bench, Some("office"), body).await;
    assert_eq!((status, &refused["action"]), (403, &json!("configure")), "{refused}");
    assert_eq!(set(&bench, None, body).await.0, 401);
    bench.give_access(TESTER);
    let is_read = async {
        while set(&bench, Some("kim"), body).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_read).await.unwrap();
    for (body, part) in [
        ("{}", "missing field `base`"),
        (r#"{"base": "tomorrow"}"#, "`base` is no time: tomorrow"),
        (r#"{"base": "2027-02-29T00:00:00Z"}"#, "`base` is no time"),
        (r#"{"base": "2028-02-29T00:00:00Z", "speed": 0}"#, "`speed` is 0, not 1 to 1000000"),
        (r#"{"base": "2028-02-29T00:00:00Z", "speed": 1000001}"#, "`speed` is 1000001"),
        (r#"{"base": null, "speed": 2}"#, "`speed` needs a `base`"),
        (r#"{"base": "2028-02-29T00:00:00Z", "sped": 2}"#, "unknown field `sped`"),
    ] {
        let (status, refused) = set(&bench, Some("kim"), body).await;
        let why = refused["detail"].as_str().unwrap();
        assert!((status, &refused["code"]) == (422, &json!("bad_clock")) && why.contains(part), "{body}: {refused}");
    }
    assert_eq!(set(&bench, Some("kim"), "now").await.0, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_has_its_windows_by_the_clock_of_its_gateway() {
    let bench = Bench::with_root(SATURDAY, GOOD_BANK, "", None).await;
    let desk = Desk::at(&bench.url, "");
    // 2028-02-29 only: none of this batch's days is one of the real ones.
    desk.plans(|plan| plan + "[calendar]\nutc_offset_minutes = 540\n[windows.leap]\ndays = [\"tue\"]\nhours = [\"09:00-10:00\"]\nper_second = 50\n");
    let file = desk.pays(&[(1000, "salary"), (2000, "bonus")]);
    let running = async {
        // The batch looks at its own real clock nowhere: it would say a Monday of 2026.
        desk.runs(&file).await.unwrap()
    };
    let setting = async {
        let waits = |overview: &Json| {
            let note = overview["batches"][0]["note"].as_str().unwrap_or_default();
            note.contains("waits for a window until 2028-02-29 09:00")
        };
        bench.until("/v1/overview", waits).await;
        assert_eq!(set(&bench, None, r#"{"base": "2028-02-29T09:30:00+09:00"}"#).await.0, 200);
    };
    let (ended, ()) = tokio::join!(running, setting);
    assert_eq!(ended.progress.with(State::Done).requests, 2, "{ended:?}");
    let outcomes = std::fs::read_to_string(&ended.ledger).unwrap();
    assert_eq!(outcomes.matches("\"started\":\"2028-02-29T00:30").count(), 2, "{outcomes}");
}
