//! The simulated institution as a system over HTTP and HTTPS, behind the gateway: answers, declines and faults by a scenario.

use fep_gateway::simulate::{Scenario, Simulator, make_test_certificates};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Bench, GOOD_BANK};
use crate::old_system::{pay, tables_with};

const SCENARIO: &str = r#"
trace = "header.trace_no"
[http]
answer = "answer.fields"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
[[rules]]
when = { passbook_memo = "decline" }
action = "decline"
set = { "header.response_code" = "0110" }
[[rules]]
when = { passbook_memo = "silence" }
action = "silence"
[[rules]]
when = { passbook_memo = "garbage" }
action = "garbage"
[[rules]]
when = { passbook_memo = "disconnect" }
action = "disconnect"
[[rules]]
when = { passbook_memo = "half" }
action = "half_frame"
"#;

async fn system(folder: &std::path::Path, more: &str) -> Simulator {
    let spec = Spec::parse("bank-a.toml", include_str!("../../specs/bank-a/bank-a.toml")).unwrap();
    let source = Source::new(folder.join("s.toml").display().to_string(), format!("{SCENARIO}{more}"));
    let scenario = Scenario::read(source, &spec).unwrap_or_else(|report| panic!("{report}"));
    Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap()
}

fn tables(system: &Simulator, keys: &str) -> String {
    let line = tables_with(&system.address().to_string(), keys);
    line.replace("/v1\" }", "/v1\", answer = \"answer.fields\" }")
}

#[tokio::test]
async fn a_simulated_system_answers_declines_and_fails_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let system = system(folder.path(), "").await;
    let bench = Bench::of_some(GOOD_BANK, &tables(&system, "links = 1")).await;
    for (memo, status, outcome, code) in [
        ("rent", StatusCode::OK, "answered", json!("0000")),
        ("decline", StatusCode::OK, "answered", json!("0110")),
        ("garbage", StatusCode::GATEWAY_TIMEOUT, "unknown", json!(null)),
        ("disconnect", StatusCode::GATEWAY_TIMEOUT, "unknown", json!(null)),
        ("half", StatusCode::GATEWAY_TIMEOUT, "unknown", json!(null)),
        ("again", StatusCode::OK, "answered", json!("0000")),
        ("silence", StatusCode::GATEWAY_TIMEOUT, "unknown", json!(null)),
    ] {
        let (seen, reply) = pay(&bench, memo).await;
        assert_eq!(
            (seen, &reply["outcome"], &reply["institution"]),
            (status, &json!(outcome), &json!("old")),
            "{memo}: {reply}"
        );
        let fields = &reply["answer"]["fields"];
        assert_eq!(fields["header"]["response_code"], code, "{memo}: {reply}");
        assert!(code != "0000" || fields["balance"] == 5000, "{memo}: {reply}");
    }
}

#[tokio::test]
async fn a_simulated_system_over_https_shows_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    make_test_certificates(folder.path(), &["old.test".to_owned()]).unwrap();
    let system = system(folder.path(), "[tls]\ncert = \"bank.pem\"\nkey = \"bank.key\"\n").await;
    let ca = folder.path().join("ca.pem");
    let keys = format!("links = 2\ntls = {{ ca = \"{}\", name = \"old.test\" }}", ca.display());
    let bench = Bench::of_some(GOOD_BANK, &tables(&system, &keys)).await;
    assert_eq!(pay(&bench, "rent").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_simulated_system_refuses_what_is_no_request_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let system = system(folder.path(), "").await;
    let url = format!("http://{}/fep/Transfer/v1", system.address());
    let client = reqwest::Client::new();
    let code = "{\"header\": {\"telegram_code\": \"0100\", \"business_code\": \"100\"}, \"amount\": -1}";
    for (body, why) in [
        ("no", "the body is "),
        ("[]", "the body is no object with fields"),
        ("{}", "no telegram of the spec has the codes of these fields"),
        (code, "Transfer: "),
    ] {
        let reply = client.post(&url).body(body).send().await.unwrap();
        let status = reply.status();
        let text = reply.text().await.unwrap();
        assert!(status == StatusCode::BAD_REQUEST && text.starts_with(why), "{body}: {status} {text}");
    }
    assert_eq!(client.get(&url).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
}
