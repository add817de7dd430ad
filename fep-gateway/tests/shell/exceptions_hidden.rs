//! Exceptions whose amounts are hidden: a file that says another amount is told apart, and what is shown does not say the amount. The rest of
//! exceptions is `exceptions`.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::exceptions::{Day, TABLES, give};
use crate::harness::{Bench, GOOD_BANK, transfer};

/// The spec of the file with a secret amount.
fn spec_with_a_secret_amount() -> tempfile::NamedTempFile {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/settlement-a/settlement-a.toml");
    let amount = "{ name = \"amount\",         label = \"금액\",";
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(amount));
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text.replace(amount, &format!("{amount} secret = true,"))).unwrap();
    file
}

#[tokio::test]
async fn a_resolution_does_not_stay_beside_a_hidden_amount_that_its_person_never_saw() {
    let spec = spec_with_a_secret_amount();
    let open = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/settlement-a/settlement-a.toml");
    let tables = TABLES.replace(open, spec.path().to_str().unwrap());
    let bench = Bench::of(GOOD_BANK, &tables).await;
    let reply = bench.transfer(&transfer("rent"), None).await.1;
    let day = Day::of(std::slice::from_ref(&reply));
    let trace: u64 = reply["trace"].as_str().unwrap().parse().unwrap();
    let given = async |amount: u64| {
        let (status, report) = give(&bench.url, "", day.file(&[(trace, amount)], amount)).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        let exception = bench.get(&day.path()).await.1["exceptions"][0].clone();
        assert_eq!((&exception["class"], &exception["there"]["amount"]), (&json!("amount_differs"), &json!("***")));
        assert_eq!(exception["hidden"], Json::Null, "{exception}");
        exception
    };
    let resolve = async |of: &Json| {
        let path = format!("{}/exceptions/{}/resolution", day.path(), of["id"].as_str().unwrap());
        let body = json!({ "decision": "accepted", "note": "a fee", "person": "kim", "seen": of["seen"] });
        bench.post(&path, body.to_string(), &[]).await
    };
    let small = given(51_000).await;
    let large = given(99_000_000).await;
    assert_eq!(large["id"], small["id"]);
    assert_ne!(large["seen"], small["seen"]);
    let (status, problem) = resolve(&small).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("exception_changed")), "{problem}");
    assert_eq!(resolve(&large).await.0, StatusCode::OK);
    assert_eq!(given(99_000_000).await["state"], "resolved");
    assert_eq!(given(51_000).await["state"], "open");
}

#[tokio::test]
async fn a_record_that_is_none_shows_no_bytes_if_a_field_of_the_file_is_secret() {
    let spec = spec_with_a_secret_amount();
    let open = concat!(env!("CARGO_MANIFEST_DIR"), "/specs/settlement-a/settlement-a.toml");
    let bench = Bench::of(GOOD_BANK, &TABLES.replace(open, spec.path().to_str().unwrap())).await;
    let line = |text: &str| format!("{text:60}\n");
    // The header, which may stand first alone, has no secret.
    for (before, at, expected) in [("", "record 1 at byte 0", "HD"), ("HD20261126", "record 2 at byte 61", "DT")] {
        let before = if before.is_empty() { String::new() } else { line(before) };
        let file = [before, line("1002345678901DT0000001")].concat().into_bytes();
        let (status, problem) = give(&bench.url, "", file).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("file_refused")), "{problem}");
        let text = problem.to_string();
        assert!(text.contains(at) && text.contains(&format!("\\\"{expected}\\\" at byte 0")), "{text}");
        assert!(!text.contains("31 30 30") && !text.contains("100234") && !text.contains("\\\"10\\\""), "{text}");
    }
}
