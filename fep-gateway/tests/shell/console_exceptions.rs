//! Exceptions of reconciliations in the console: a person gives a file, sees what it says and what the journal says, and resolves it.

use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::exceptions::{Day, TABLES, give};
use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};

/// Two transfers, and the day of them.
async fn paid(bench: &Bench) -> Day {
    Day::of(&[bench.transfer(&transfer("rent"), None).await.1, bench.transfer(&transfer("rent"), None).await.1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_both_sides_of_an_exception_and_resolves_it() {
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let day = paid(&bench).await;
    assert_eq!(give(&bench.url, "", day.wrong_file()).await.0, 200);
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/reconciliations?state=open");
    page.until("document.querySelector('tbody tr')?.innerText", |text| {
        text.as_str().is_some_and(|text| text.contains(&day.date()))
    });
    page.browser.eval("document.querySelector('tbody tr').click()");
    page.has("amount differs");
    let hash = format!("#/reconciliations/bank-a/transfers/{}", day.date());
    assert_eq!(page.browser.eval("location.hash"), hash);
    let rows = "[...document.querySelectorAll('main tbody tr')].map(row => row.innerText.replace(/\\s+/g, ' '))";
    let shown = page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 2));
    let [differs, missing] = [0, 1].map(|at| shown[at].as_str().unwrap().to_owned());
    assert!(differs.contains("1,000 done record 3") && differs.contains("1,234,567 done"), "{differs}");
    assert!(missing.contains("7,000 done record 4") && missing.contains("not sent on that date"), "{missing}");
    let link = page.browser.eval("document.querySelector('main tbody a[href^=\"#/exchanges/\"]').hash");
    let exchange = link.as_str().unwrap().replace("#/", "/v1/");
    assert_eq!(bench.get(&exchange).await.1["outcome"], "answered");
    // A person resolves it, once.
    page.press("Resolve …");
    page.has("Both have it, with different amounts.");
    page.browser.eval("document.querySelector('dialog select').value = 'corrected_there'");
    page.write("note", "the bank corrects it tomorrow");
    page.write("person", "kim");
    page.confirm();
    page.has("The exception is resolved.");
    page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 1));
    page.show(&format!("{hash}?state=resolved"));
    page.has("The institution corrects it: the bank corrects it tomorrow · kim");
    // Somebody else resolves the other one meanwhile. What the gateway says stays in the dialog.
    page.show(&hash);
    page.press("Resolve …");
    let path = day.path();
    let open = bench.get(&format!("{path}?state=open")).await.1["exceptions"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "decision": "other", "note": "found elsewhere", "person": "lee" });
    assert_eq!(bench.post(&format!("{path}/exceptions/{open}/resolution"), body.to_string(), &[]).await.0, 200);
    page.browser.eval("document.querySelector('dialog select').value = 'accepted'");
    page.write("note", "a fee");
    page.write("person", "kim");
    page.confirm();
    page.has("found elsewhere");
    page.press("Cancel");
    page.has("Nothing waits for a person.");
    page.language("ko");
    page.show(&format!("{hash}?state=all"));
    page.has("금액 불일치");
    page.has("기관에서 정정");
    let text = page.browser.eval("document.body.innerText").to_string();
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_hears_that_a_newer_file_says_something_else_than_what_was_on_the_page() {
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let day = paid(&bench).await;
    assert_eq!(give(&bench.url, "", day.file(&[(900_001, 7_000)], 7_000)).await.0, 200);
    let Some(mut page) = Page::open(&bench) else { return };
    let hash = format!("#/reconciliations/bank-a/transfers/{}", day.date());
    page.show(&hash);
    page.has("7,000 done");
    page.press("Resolve …");
    // Both transfers are missing there, and the first row is the first of them. A newer file has it with another amount.
    let rows = bench.get(&day.path()).await.1["exceptions"].clone();
    let differs = |one: &Json| one["class"] == "missing_there";
    assert!(differs(&rows[0]), "{rows}");
    assert_eq!(give(&bench.url, "", day.wrong_file()).await.0, 200);
    page.browser.eval("document.querySelector('dialog select').value = 'accepted'");
    page.write("note", "it comes tomorrow");
    page.write("person", "kim");
    page.confirm();
    page.has("does not show it any more");
    page.press("Cancel");
    page.has("1,000 done");
    page.press("Resolve …");
    let open = bench.get(&format!("{}?state=open", day.path())).await.1["exceptions"].clone();
    let at = open.as_array().unwrap().iter().position(|one| one["class"] == "amount_differs").unwrap();
    assert_eq!(at, 0, "{open}");
    let other = day.file_with_other_amounts();
    assert_eq!(give(&bench.url, "", other).await.0, 200);
    page.browser.eval("document.querySelector('dialog select').value = 'accepted'");
    page.write("note", "a fee");
    page.write("person", "kim");
    page.confirm();
    page.has("says something else about the exception than what was seen");
    page.press("Cancel");
    page.has("2,000 done");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_a_file_and_hears_why_another_one_is_refused() {
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let day = paid(&bench).await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/reconciliations");
    page.has("No file was compared.");
    // A person would choose a file from the disk; what is sent is the same.
    let choose = |bytes: &[u8], name: &str| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        format!(
            "{{ const all = new DataTransfer(); all.items.add(new File([{}], {}));
               document.querySelector('dialog [type=file]').files = all.files; }}",
            json!(text),
            json!(name)
        )
    };
    page.press("Compare a file …");
    page.write("reconciliation", "transfers");
    page.browser.eval(&choose(&day.file(&[(900_001, 7_000)], 7_001), "wrong.dat"));
    page.confirm();
    page.has("`amount` of `Trailer` says 7001");
    page.browser.eval(&choose(&day.wrong_file(), "settlement.dat"));
    page.confirm();
    page.has("The file was compared: 2 exceptions.");
    page.has("settlement.dat");
    let hash = format!("#/reconciliations/bank-a/transfers/{}", day.date());
    assert_eq!(page.browser.eval("location.hash"), hash);
    assert_eq!(bench.get(&day.path()).await.1["file"]["name"], "settlement.dat");
    let trail = bench.get("/v1/audit?act=reconcile").await.1;
    let codes: Vec<&Json> = trail["entries"].as_array().unwrap().iter().map(|entry| &entry["code"]).collect();
    assert_eq!(codes, [&Json::Null, &json!("file_refused")]);
    page.was_quiet();
}
