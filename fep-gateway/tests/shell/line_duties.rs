//! What a person does to the session of a line, over HTTP: echo test, sign-on and sign-off.

use fep_gateway::simulate::Simulator;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, bank, bank_b, transfer};

/// A bank that answers the first echo tests, of which the gateway sends one itself, and is silent to the third.
const ECHOES: &str = r#"
[[rules]]
telegram = "EchoTest"
skip = 2
times = 1
action = "silence"
"#;

const LINE: &str = "/v1/institutions/bank-b/lines/main";

/// `bank-a`, which has a sign-on only, and `bank-b`, which has all three telegrams.
async fn two_banks() -> (Simulator, Bench) {
    // Its slow answers leave time to sign off, also on a loaded machine.
    let slower = GOOD_BANK.replace("delay_ms = 250", "delay_ms = 600");
    let other = bank(&format!("{slower}{ECHOES}")).await;
    let all = "sign_on = \"SignOn\"\nsign_off = \"SignOff\"\necho_test = \"EchoTest\"\necho_timeout_ms = 300";
    let more = bank_b(&other.address().to_string()).replace("sign_on = \"SignOn\"", all);
    let bench = Bench::of(GOOD_BANK, &format!("{more}reconnect_min_ms = 10\n")).await;
    (other, bench)
}

async fn does(bench: &Bench, path: &str, body: Json) -> (u16, Json) {
    let (status, reply) = bench.post(path, body.to_string(), &[]).await;
    (status.as_u16(), reply)
}

/// Waits until the one link of bank-b is in this state, and returns the line.
async fn line_is(bench: &Bench, state: &str) -> Json {
    let lines = bench.until("/v1/lines", |reply| reply["lines"][1]["links"][0]["state"] == state).await;
    lines["lines"][1].clone()
}

#[tokio::test]
async fn an_echo_test_says_its_round_trip_or_why_there_is_none() {
    let (other, bench) = two_banks().await;
    let echo = format!("{LINE}/echo-test");
    let (status, reply) = does(&bench, &echo, json!({})).await;
    assert_eq!((status, &reply["institution"], &reply["line"]), (200, &json!("bank-b"), &json!("main")), "{reply}");
    let link = &reply["links"][0];
    assert_eq!((&link["link"], &link["why"]), (&json!(1), &Json::Null), "{reply}");
    assert!(link["round_trip_us"].as_u64().is_some_and(|time| time > 0), "{reply}");

    let (status, reply) = does(&bench, &echo, json!({})).await;
    let link = &reply["links"][0];
    assert_eq!(
        (status, &link["round_trip_us"], &link["why_code"]),
        (200, &Json::Null, &json!("echo_test_failed")),
        "{reply}"
    );
    assert!(link["why"].as_str().is_some_and(|why| why.contains("300 ms")), "{reply}");

    // The link was closed, and is connected again. Without the bank nothing can be tested.
    line_is(&bench, "up").await;
    other.stop().await;
    bench.until("/v1/lines", |reply| reply["lines"][1]["links"][0]["state"] != "up").await;
    let (status, problem) = does(&bench, &echo, json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("cannot_decide")), "{problem}");
    let trail = bench.get("/v1/audit?act=test_line").await.1;
    let about: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|entry| entry["about"].clone()).collect();
    assert_eq!(about, vec![json!("main"); 3], "each test is recorded before it is sent");
}

#[tokio::test]
async fn a_line_without_such_a_telegram_and_a_line_that_is_not_there_say_so() {
    let (_other, bench) = two_banks().await;
    let of = "/v1/institutions/bank-a/lines";
    for (path, body, status, code, told) in [
        ("main/echo-test", json!({}), 409, "no_such_duty", "echo test"),
        ("main/sign-off", json!({ "note": "works" }), 409, "no_such_duty", "sign-off"),
        ("main/sign-off", json!({}), 422, "no_note", "note"),
        ("main/sign-on", json!({}), 409, "cannot_decide", "already"),
        ("other/echo-test", json!({}), 409, "cannot_decide", "no such line"),
        ("other/sign-on", json!({}), 409, "cannot_decide", "no such line"),
    ] {
        let (found, problem) = does(&bench, &format!("{of}/{path}"), body).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{path}: {problem}");
    }
    let (status, _) = bench.post("/v1/institutions/bank-c/lines/main/echo-test", "{}".to_owned(), &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("/v1/lines").await.1["lines"][0]["links"][0]["state"], "up", "nothing was done");
}

#[tokio::test]
async fn a_line_signs_off_after_what_is_in_flight_and_stays_so_until_it_is_signed_on() {
    let (_other, bench) = two_banks().await;
    let pay = async |memo: &str| {
        let path = "/v1/institutions/bank-b/exchanges/Transfer";
        bench.post(path, transfer(memo).to_string(), &[]).await
    };
    let sign_off = async {
        bench.until("/v1/lines", |reply| reply["lines"][1]["inflight"] == 1).await;
        does(&bench, &format!("{LINE}/sign-off"), json!({ "note": "maintenance of the bank" })).await
    };
    let ((status, paid), (signed, reply)) = tokio::join!(pay("slow"), sign_off);
    assert_eq!((signed, &reply["waiting"]), (200, &json!(1)), "{reply}");
    assert_eq!(reply["line"]["stopped"]["note"], "maintenance of the bank");
    assert_eq!((status.as_u16(), &paid["outcome"]), (200, &json!("answered")), "what was in flight may end: {paid}");
    line_is(&bench, "down").await;
    let (status, refused) = pay("rent").await;
    assert_eq!((status.as_u16(), &refused["outcome"]), (503, &json!("not_sent")), "{refused}");
    let (status, problem) = does(&bench, &format!("{LINE}/sign-off"), json!({ "note": "again" })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("cannot_decide")), "{problem}");

    // The bank had the sign-off before the connection was closed: the journal has its answer.
    let files = format!("--journal {}", bench.journal().display());
    let export = String::from_utf8(crate::journal::journal(&format!("export {files}")).stdout).unwrap();
    let facts = export.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let named = |name: &str| facts.clone().filter(|fact| fact["telegram"] == name).count();
    assert_eq!((named("SignOff"), named("SignOffAnswer")), (1, 1));

    assert_eq!(does(&bench, &format!("{LINE}/sign-on"), json!({})).await.0, 200);
    assert_eq!(line_is(&bench, "up").await["stopped"], Json::Null);
    assert_eq!(pay("rent").await.1["outcome"], "answered");
    let trail = bench.get("/v1/audit?institution=bank-b").await.1;
    let acts: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|entry| entry["act"].clone()).collect();
    assert_eq!(acts, [json!("sign_on"), json!("sign_off"), json!("sign_off")], "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_tests_a_line_and_signs_it_off_and_on() {
    let (_other, bench) = two_banks().await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/lines/bank-b");
    page.press("Echo test");
    page.has("Test line main of bank-b now?");
    page.confirm();
    page.has("Echo test of line main: link 1: ");
    page.press("Sign off");
    page.write("note", "maintenance of the bank");
    page.confirm();
    page.has("Line main signs off now.");
    page.has("stopped by a person");
    line_is(&bench, "down").await;
    page.press("Sign on");
    page.confirm();
    page.has("Line main was told to sign on.");
    line_is(&bench, "up").await;
    page.show("#/lines/bank-a");
    page.press("Echo test");
    page.confirm();
    page.has("the gateway sends no echo test on this line");
    page.press("Cancel");
    page.show("#/audit");
    page.has("signed a line off");
    page.has("sent an echo test");
    page.was_quiet();
}
