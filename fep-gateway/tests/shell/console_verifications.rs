//! Verifications in the console: a person sees in the morning whether the night passed, what differs, and where.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::verifications::{call, passed};

/// Shows times, most of which no clock has.
const TIMES: &str = "import('/console/time.js').then(({ stamp, when, ago }) => {
    const show = (ms) => [stamp(ms), when(ms).textContent, ago(ms).title].join();
    window.said = [2 ** 63, -8.64e15, 8.64e15, NaN, 'x'].map(show).join(';');
}); 0";

/// A run that found something at this exchange, and more than a report can have.
fn found(exchange: &str) -> Json {
    let mut report = passed();
    let counts = json!({
        "passed": false, "compared": 1204, "same": 1201, "unexplained": 3, "explained": 1206, "compared_clean": 0,
        "made_at_ms": 1_767_225_700_000_i64, "summary": "1204 compared: 3 unexplained differences",
    });
    report["counts"].as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
    report["findings"] = json!([
        { "telegram": "TransferAnswer", "path": "fee", "label": "수수료", "count": 3, "reason": "unexplained",
          "place": format!("exchange {exchange}"), "exchange": exchange, "old": "500", "new": "<b>0</b>" },
        { "telegram": "TransferAnswer", "path": "header.trace_no", "count": 1204, "reason": "filled" },
    ]);
    report["more_findings"] = json!(2);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_the_gate_the_trend_and_what_differs_where() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let exchange = bench.transfer(&transfer("rent"), None).await.1["exchange"].as_str().unwrap().to_owned();
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/verifications");
    page.has("No run was told.");
    let tell = async |run: &str, report: &Json| {
        let (status, reply) =
            call(&bench, "", Method::PUT, &format!("/v1/verifications/bank-a/nightly/{run}"), report).await;
        assert_eq!(status, 200, "{reply}");
    };
    tell("one", &passed()).await;
    page.show("#/verifications?again");
    page.has("passed 3 compared, zero unexplained");
    tell("two", &found(&exchange)).await;
    page.show("#/verifications");
    page.has("1,204 compared, 3 differences unexplained, 0 could not be compared");
    let trend = page.browser.eval("[...document.querySelectorAll('main a.dot')].map(dot => dot.className).join()");
    assert_eq!(trend, "dot good,dot bad", "the oldest first");
    page.browser.eval("document.querySelector('tbody tr').click()");
    page.has("By telegram and field");
    assert_eq!(page.browser.eval("location.hash"), "#/verifications/bank-a/nightly?kind=reads");
    page.has("수수료");
    page.has("2 more did not fit into the report.");
    let row = page.browser.eval("document.querySelector('main tbody tr').innerText.replace(/\\s+/g, ' ')");
    // What a program tells is text, and never markup.
    assert_eq!(row, format!("✕ unexplained TransferAnswer 수수료 fee 3 500 <b>0</b> {exchange}"));
    let link = page.browser.eval("document.querySelector('main tbody a[href^=\"#/exchanges/\"]').hash");
    assert_eq!(link, format!("#/exchanges/{exchange}"));
    // An earlier run.
    page.show("#/verifications/bank-a/nightly?run=one");
    page.has("Nothing differs.");
    page.has("the newest run");
    page.show("#/verifications/bank-a/nightly?run=four");
    page.has("bank-a has no run \"four\" of \"nightly\"");
    // Writes of the same name are another one, which hides nothing. Times that no clock has are text.
    let mut writes = passed();
    writes["counts"]["kind"] = json!("writes");
    tell("three", &writes).await;
    page.show("#/verifications");
    page.has("passed 3 compared, zero unexplained");
    page.has("1,204 compared, 3 differences unexplained");
    assert_eq!(page.browser.eval("document.querySelectorAll('main tbody tr').length"), 2);
    page.show("#/verifications/bank-a/nightly?kind=writes");
    page.has("requests of: bank-b");
    page.show("#/verifications/bank-a/nightly");
    page.has("answers of: bank-b");
    page.browser.eval(TIMES);
    let said = page.until("window.said || null", |said| !said.is_null());
    assert!(
        said.as_str().unwrap().starts_with("9223372036854776000,9223372036854776000,9223372036854776000;"),
        "{said}"
    );
    page.language("ko");
    page.show("#/verifications/bank-a/nightly?kind=reads");
    page.has("1,204건 비교, 설명되지 않은 차이 3건, 비교하지 못함 0건");
    page.has("게이트웨이가 채움");
    page.was_quiet();
}
