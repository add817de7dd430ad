//! The data of the console: a page with a strict policy, and telegrams with their secrets masked.

use reqwest::StatusCode;
use serde_json::Value as Json;

use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};

fn field<'j>(side: &'j Json, path: &str) -> &'j Json {
    side["fields"].as_array().unwrap().iter().find(|field| field["path"] == path).unwrap()
}

#[tokio::test]
async fn the_page_may_run_nothing_but_its_own_script() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let files = [("/", "text/html"), ("/console/base.css", "text/css"), ("/console/main.js", "text/javascript")];
    for (path, kind) in files {
        let response = bench.raw(path).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind));
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(
            (&headers["x-content-type-options"], &headers["x-frame-options"]),
            (&"nosniff".parse().unwrap(), &"DENY".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn a_browser_that_has_a_file_does_not_get_it_again() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let path = "/console/main.js";
    let tag = bench.raw(path).await.headers()["etag"].clone();
    let asked = |tag: reqwest::header::HeaderValue| {
        bench.client.get(format!("{}{path}", bench.url)).header("if-none-match", tag).send()
    };
    assert_eq!(asked(tag).await.unwrap().status(), StatusCode::NOT_MODIFIED);
    assert_eq!(asked("\"other\"".parse().unwrap()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn secrets_stay_on_the_server() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (_, reply) = bench.transfer(&transfer("11월월세"), None).await;
    let id = reply["exchange"].as_str().unwrap();
    let (status, view) = bench.get(&format!("/v1/exchanges/{id}/view")).await;
    assert_eq!(status, StatusCode::OK);
    for side in [&view["request"], &view["answer"]] {
        let account = field(side, "withdraw_account");
        assert_eq!((account["hex"].as_str(), account["secret"].as_bool()), (Some("** × 16"), Some(true)));
        assert_eq!(field(side, "passbook_memo")["value"], "11월월세");
        assert_eq!(field(side, "amount")["offset"], 116);
    }
    assert_eq!(view["exchange"]["response_meaning"], "정상");
    assert_eq!(view["exchange"]["label"], "이체");
    let list = bench.text("/v1/exchanges").await;
    let hexes = ["31 30 30 32 33 34", "c8 ab b1 e6 b5 bf"];
    for hidden in SECRETS.iter().chain(&hexes) {
        assert!(!view.to_string().contains(hidden) && !list.contains(hidden), "{hidden}");
    }
}

#[test]
fn every_code_of_a_reason_has_a_korean_text() {
    // `//! | `no_answer` | [`Unknown`] | the answer timeout passed |`
    let table = include_str!("../../../fep-protocol/src/reason.rs");
    let codes: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('`').next()).collect();
    assert!(codes.len() > 60, "{codes:?}");
    let texts = include_str!("../../src/console/reasons_ko.js");
    for code in codes {
        assert!(texts.contains(&format!("\n  {code}: \"")), "{code}");
    }
}

#[tokio::test]
async fn the_korean_texts_of_errors_are_those_of_errors_that_exist() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let (_, table) = bench.get("/problems").await;
    let known: Vec<_> = table["problems"].as_array().unwrap().iter().filter_map(|row| row["code"].as_str()).collect();
    let texts = include_str!("../../src/console/problems_ko.js");
    let codes: Vec<_> = texts.lines().filter_map(|line| line.strip_prefix("  ")?.split(": \"").next()).collect();
    assert!(codes.len() > 30, "{codes:?}");
    assert!(codes.iter().all(|code| known.contains(code)), "{codes:?} and {known:?}");
    // Why a service did not take a notice has no code: the fixed words of each sentence are those of the gateway.
    let sentences = include_str!("../../src/console/reasons_ko.js")
        .lines()
        .filter_map(|line| line.strip_prefix("  [/^")?.split("$/").next());
    let said = include_str!("../../src/callback.rs");
    let parts: Vec<_> = sentences.flat_map(|sentence| sentence.split("(.+)")).collect();
    assert!(parts.len() > 5, "{parts:?}");
    parts.iter().for_each(|part| assert!(said.contains(part.trim()), "{part}"));
}
