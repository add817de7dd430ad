//! What is going on and what is left to do, for clients that may read everything, a part, or nothing.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::rights::ACCESS;
use crate::settlement;

/// A client that may read one telegram. Its token is its name; the hash is that of `printf %s teller | sha256sum`.
const TELLER: &str = r#"
[clients.teller]
tokens = ["sha256:4fd76659c9306a403dbaac17bf927d3380ed4ef5895514c603351606e208b842"]
may = [{ actions = ["read"], institutions = ["bank-a"], telegrams = ["BalanceInquiry"] }]
"#;

async fn get(bench: &Bench, token: &str, path: &str) -> (StatusCode, Json) {
    let response = bench.client.get(format!("{}{path}", bench.url)).bearer_auth(token).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn pays(bench: &Bench, memo: &str) {
    let request = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url));
    request.bearer_auth("orders").body(transfer(memo).to_string()).send().await.unwrap();
}

fn access() -> String {
    format!("{ACCESS}{TELLER}")
}

#[tokio::test]
async fn the_overview_counts_what_its_client_may_read() {
    let bench = Bench::with_access(GOOD_BANK, "", &access()).await;
    for memo in ["rent", "rent", "decline", "silence"] {
        pays(&bench, memo).await;
    }
    let counted = async {
        loop {
            let (status, seen) = get(&bench, "kim", "/v1/overview").await;
            assert_eq!(status, StatusCode::OK, "{seen}");
            if seen["institutions"][0]["unsettled"]["count"] == 1 {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), counted).await.unwrap();
    let bank = &seen["institutions"][0];
    let transfers = &bank["telegrams"][0];
    assert_eq!(
        (&transfers["telegram"], &transfers["answered"], &transfers["unknown"], &transfers["not_sent"]),
        (&json!("Transfer"), &json!(3), &json!(1), &json!(0)),
        "a decline is an answer: {seen}"
    );
    let counts = transfers["round_trips"].as_array().unwrap();
    assert_eq!(counts.iter().filter_map(Json::as_u64).sum::<u64>(), 3);
    assert_eq!(counts.len(), seen["round_trip_bounds_ms"].as_array().unwrap().len() + 1);
    assert_eq!((&bank["unsettled"]["count"], &bank["late"]), (&json!(1), &json!(0)));
    let oldest = bank["unsettled"]["oldest_ms"].as_i64().unwrap();
    assert!((seen["since_ms"].as_i64().unwrap()..=seen["at_ms"].as_i64().unwrap()).contains(&oldest), "{seen}");
    for kind in ["dead_letters", "notices_undelivered", "notice_dead_letters"] {
        assert_eq!(bank[kind], json!({ "count": 0, "oldest_ms": null }), "{kind}");
    }
    let minute =
        async |client: &str| get(&bench, client, "/v1/institutions").await.1["institutions"][0]["indicators"].clone();
    let seen = minute("kim").await;
    assert_eq!((&seen["others"], &seen["window_ms"]), (&json!("none"), &json!(60_000)));
    assert_eq!(
        (&seen["all"]["answered"], &seen["all"]["unknown"], &seen["all"]["in_flight"]),
        (&json!(3), &json!(1), &json!(0))
    );
    assert_eq!((&seen["all"], seen["instances"].as_array().map(Vec::len)), (&seen["instances"][0]["values"], Some(1)));
    assert_eq!(minute("teller").await, Json::Null, "they are of all telegrams");
    // Others see a part of it, or nothing.
    let teller = &get(&bench, "teller", "/v1/overview").await.1["institutions"][0];
    assert_eq!((&teller["telegrams"], &teller["unsettled"]["count"]), (&json!([]), &json!(0)));
    assert_eq!(teller["late"], Json::Null, "late answers are not counted by telegram");
    assert_eq!(get(&bench, "nobody", "/v1/overview").await.1["institutions"], json!([]));
    // An exchange that is refused at once counts as well.
    bench.gateway.stop().await;
    pays(&bench, "rent").await;
    assert_eq!(bench.gateway.overview().await.map(|seen| seen.traffic[0].telegrams[0].not_sent), Ok(1));
}

#[tokio::test]
async fn a_list_has_what_its_client_may_read_only_if_it_asks_for_that() {
    let bench = Bench::with_access(GOOD_BANK, "", &access()).await;
    pays(&bench, "rent").await;
    let inquiry = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/BalanceInquiry", bench.url));
    let inquiry = inquiry
        .bearer_auth("office")
        .body(json!({ "account": "1002345678901", "balance": 0, "available": 0 }).to_string());
    assert_eq!(inquiry.send().await.unwrap().status(), StatusCode::OK);
    for path in ["/v1/exchanges", "/v1/notices", "/v1/audit", "/v1/dead-letters"] {
        for client in ["kim", "teller"] {
            let (status, problem) = get(&bench, client, path).await;
            assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("forbidden")), "{client} {path}");
            let (status, list) = get(&bench, client, &format!("{path}?scope=readable")).await;
            assert_eq!(status, StatusCode::OK, "{client} {path}: {list}");
        }
        assert_eq!(get(&bench, "nobody", &format!("{path}?scope=readable")).await.0, StatusCode::FORBIDDEN, "{path}");
        let (status, problem) = get(&bench, "kim", &format!("{path}?scope=everything")).await;
        assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("query")), "{path}");
    }
    let names = async |client: &str, query: &str| -> Vec<Json> {
        let list = get(&bench, client, &format!("/v1/exchanges?scope=readable{query}")).await.1;
        list["exchanges"].as_array().unwrap().iter().map(|one| one["telegram"].clone()).collect()
    };
    assert_eq!(names("kim", "").await, ["BalanceInquiry", "Transfer"]);
    assert_eq!(names("office", "").await, ["BalanceInquiry", "Transfer"]);
    assert_eq!(names("teller", "").await, ["BalanceInquiry"]);
    assert_eq!(names("teller", "&telegram=Transfer").await, Vec::<Json>::new(), "a filter shows nothing more");
    let events = |query: &str| bench.client.get(format!("{}/v1/events{query}", bench.url)).bearer_auth("teller").send();
    assert_eq!(events("").await.unwrap().status(), StatusCode::FORBIDDEN);
    let mut events = events("?scope=readable").await.unwrap();
    assert_eq!(events.status(), StatusCode::OK);
    pays(&bench, "rent").await;
    let again = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/BalanceInquiry", bench.url));
    again
        .bearer_auth("office")
        .body(json!({ "account": "1002345678901", "balance": 0, "available": 0 }).to_string())
        .send()
        .await
        .unwrap();
    let mut text = String::new();
    while !text.contains("event: exchange") {
        let part = tokio::time::timeout(Duration::from_secs(10), events.chunk()).await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&part.unwrap()).unwrap());
    }
    assert!(text.contains("BalanceInquiry") && !text.contains("Transfer"), "{text}");
}

#[tokio::test]
async fn who_waits_longest_is_the_first_dead_letter_page_by_page() {
    let bench = Bench::of(settlement::BANK, settlement::SETTLEMENT).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.transfer(&transfer("silence"), None).await.1["exchange"].clone());
    }
    bench.until("/v1/dead-letters", |list| list["dead_letters"].as_array().is_some_and(|all| all.len() == 3)).await;
    let page = async |query: &str| {
        let list = bench.get(&format!("/v1/dead-letters{query}")).await.1;
        let letters = list["dead_letters"].as_array().unwrap_or_else(|| panic!("{list}")).clone();
        (
            letters.into_iter().map(|letter| letter["exchange"]["exchange"].clone()).collect::<Vec<_>>(),
            list["next"].clone(),
        )
    };
    let (all, end) = page("").await;
    assert_eq!((&all, end), (&ids, Json::Null));
    let (first, next) = page("?limit=2").await;
    assert_eq!(first, ids[..2]);
    let (second, end) = page(&format!("?limit=2&cursor={}", next.as_str().unwrap())).await;
    assert_eq!((&second[..], end), (&ids[2..], Json::Null));
    assert_eq!(page("?institution=bank-b").await, (Vec::new(), Json::Null));
    for wrong in ["next", "-x", "01a20009090d000016e7e8", "01a20009090d000016e7e8-1"] {
        let (status, problem) = bench.get(&format!("/v1/dead-letters?cursor={wrong}")).await;
        assert_eq!(
            (status.as_u16(), &problem["detail"]),
            (400, &json!("cursor: it is the `next` of a page")),
            "{wrong}"
        );
    }
    bench.until("/v1/overview", |seen| seen["institutions"][0]["dead_letters"]["count"] == 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_of_a_client_that_may_read_one_institution_shows_it_without_an_alarm() {
    let bench = Bench::with_access(settlement::BANK, settlement::SETTLEMENT, &access()).await;
    pays(&bench, "rent").await;
    pays(&bench, "silence").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.has("This gateway wants the token of a client.");
    page.write("token", "kim");
    page.confirm();
    page.until("document.querySelector('.badge')?.textContent", |count| count == "1");
    let figures = "[...document.querySelectorAll('.figure')].map(figure => figure.innerText.replace(/\\s+/g, ' '))";
    page.until(figures, |figures| {
        let has = |begin: &str| figures.as_array().unwrap().iter().any(|one| one.as_str().unwrap().starts_with(begin));
        has("Dead letters 1 oldest") && has("Unknown 1 oldest") && has("Notices waiting 0")
    });
    page.until("document.querySelector('.live').className", |how| how == "live live");
    assert_eq!(page.browser.eval("document.getElementById('alarm').hidden"), true);
    page.show("#/letters");
    page.has("The institution refused the reversal.");
    for view in ["#/exchanges", "#/notices", "#/audit"] {
        page.show(view);
        page.has("no older ones");
    }
    page.was_quiet();
}
