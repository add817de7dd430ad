//! A request that goes on to another institution, as services, operators and commands see it.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Bench, GOOD_BANK, bank, bank_b, transfer};
use crate::journal::journal;

/// The breaker of bank-a sends transfers to bank-b, at this address.
fn tables(address: &str) -> String {
    let rule = "alternatives = { Transfer = { institution = \"bank-b\" } }";
    format!("[institutions.bank-a.breaker]\n{rule}\n{}", bank_b(address))
}

#[tokio::test]
async fn both_exchanges_say_where_the_other_one_is() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::of(GOOD_BANK, &tables(&other.address().to_string())).await;
    let trip = async |by: &str| {
        let body = format!(r#"{{"decision": "trip", "note": "maintenance"{by}}}"#);
        bench.post("/v1/institutions/bank-a/breaker", body, &[]).await
    };
    assert_eq!(trip(r#", "person": "\n""#).await.1["code"], "no_person");
    assert_eq!(trip("").await.1["breakers"][0]["person"], "operator");
    let (status, acting) = trip(r#", "person": "김""#).await;
    assert_eq!((status, &acting["breakers"][0]["person"]), (StatusCode::OK, &json!("김")), "{acting}");
    let acting = &acting["alternatives"][0];
    assert_eq!(
        (&acting["alternative"], &acting["to"], &acting["acts"]),
        (&json!("institution"), &json!("bank-b"), &json!(true))
    );

    let (status, reply) = bench.transfer(&transfer("rent"), Some("rent")).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(
        (&reply["institution"], &reply["answer"]["fields"]["header"]["bank_code"]),
        (&json!("bank-b"), &json!("088"))
    );
    assert_eq!(reply["came_from"]["institution"], "bank-a", "{reply}");
    let id = |reply: &Json| reply["exchange"].as_str().unwrap().to_owned();
    let second = id(&reply);
    let first = id(&reply["came_from"]);
    let (status, stored) = bench.get(&format!("/v1/exchanges/{first}")).await;
    assert_eq!(
        (status, &stored["outcome"], &stored["reason_code"]),
        (StatusCode::OK, &json!("not_sent"), &json!("passed_on"))
    );
    assert_eq!(stored["passed_on"], json!({ "institution": "bank-b", "exchange": second }), "{stored}");
    assert_eq!(bench.transfer(&transfer("rent"), Some("rent")).await.1, reply, "the key finds the second exchange");

    // A bank that is silent, and one that is tripped, too.
    let (status, silent) = bench.transfer(&transfer("silence"), Some("silence")).await;
    assert_eq!(
        (status, &silent["came_from"]["institution"]),
        (StatusCode::GATEWAY_TIMEOUT, &json!("bank-a")),
        "{silent}"
    );
    let listed = bench.get("/v1/exchanges?limit=10").await.1["exchanges"].clone();
    let of = |id: &str| listed.as_array().unwrap().iter().find(|one| one["exchange"] == id).unwrap().clone();
    assert_eq!((&of(&first)["passed_on"], &of(&second)["came_from"]), (&stored["passed_on"], &reply["came_from"]));
    let page = bench.text("/metrics").await;
    assert!(page.contains(r#"fep_alternatives_total{institution="bank-a",alternative="institution"} "#), "{page}");

    let file = bench.journal().display().to_string();
    let text = |arguments: &str| String::from_utf8(journal(&format!("{arguments} --journal {file}")).stdout).unwrap();
    let searched = text("search --key rent");
    assert!(
        searched.contains(&second) && searched.contains(&format!("came from bank-a, exchange {first}")),
        "{searched}"
    );
    let shown = text(&format!("show {first}"));
    assert!(shown.contains(&format!("and went to bank-b as exchange {second}: the breaker")), "{shown}");
    assert!(text(&format!("show {second}")).contains(&format!("came from bank-a, exchange {first}")));
    let verified = journal(&format!("verify --journal {file}"));
    assert!(verified.status.success(), "{verified:?}");
}

#[tokio::test]
async fn the_openapi_document_knows_that_the_other_institution_may_answer() {
    let other = bank(GOOD_BANK).await;
    let bench = Bench::of(GOOD_BANK, &tables(&other.address().to_string())).await;
    let (_, document) = bench.get("/openapi.json").await;
    let answers = |telegram: &str| {
        let schema =
            &document["paths"][format!("/v1/institutions/bank-a/exchanges/{telegram}")]["post"]["responses"]["200"];
        let reply = schema["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        let answer = &document.pointer(&reply[1..]).unwrap()["properties"]["answer"];
        let one = std::slice::from_ref(answer);
        let answers = answer["anyOf"].as_array().map_or(one, Vec::as_slice).iter();
        answers.map(|answer| answer["properties"]["fields"]["$ref"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let of = |institution: &str, answer: &str| format!("#/components/schemas/{institution}.{answer}");
    assert_eq!(answers("Transfer"), [of("bank-a", "TransferAnswer"), of("bank-b", "TransferAnswer")]);
    assert_eq!(answers("BalanceInquiry"), [of("bank-a", "BalanceInquiryAnswer")]);
}
