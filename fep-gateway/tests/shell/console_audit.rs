//! The console for those who look at secrets, and for those who look at who did so.

use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};
use crate::rights::ACCESS;

/// Opens the console as this client, whose token is its name.
fn page_of(bench: &Bench, client: &str) -> Option<Page> {
    let mut page = Page::open(bench)?;
    enters(&mut page, client);
    Some(page)
}

fn enters(page: &mut Page, client: &str) {
    page.has("This gateway wants the token of a client.");
    page.write("token", client);
    page.confirm();
    page.until("document.querySelector('.here b')?.textContent", |name| name == client);
}

fn leaves(page: &mut Page) {
    page.browser.eval("document.querySelector('.here button').click()");
}

/// Sends a transfer as the service. Returns the address of its exchange in the console.
async fn paid(bench: &Bench) -> String {
    let request = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url));
    let request = request.bearer_auth("orders").body(transfer("rent").to_string());
    let reply: Json = request.send().await.unwrap().json().await.unwrap();
    format!("#/exchanges/{}", reply["exchange"].as_str().unwrap())
}

/// Which secrets are anywhere in the page.
fn secrets(page: &mut Page) -> Vec<&'static str> {
    let page = page.browser.eval("document.documentElement.outerHTML").to_string();
    SECRETS.into_iter().filter(|secret| page.contains(secret)).collect()
}

const NOTHING: [&str; 0] = [];

const BUTTONS: &str = "[...document.querySelectorAll('main button')].map(button => button.textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_shown_for_a_reason_that_is_recorded_and_forgotten_with_the_view() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let address = paid(&bench).await;
    let Some(mut page) = page_of(&bench, "auditor") else { return };
    page.show(&address);
    page.has("** × 16");
    page.press("Show secrets …");
    assert_eq!(page.browser.eval("document.activeElement.name"), "note");
    page.confirm();
    assert_eq!(page.browser.eval("document.querySelector('dialog').open"), true, "without a reason nothing is shown");
    assert_eq!(secrets(&mut page), NOTHING);
    page.write("note", "the customer asks which account");
    page.write("person", "이지은");
    page.confirm();
    page.has("It was recorded that you looked at the secrets.");
    page.has("Secrets are shown, and that is recorded in the audit trail.");
    assert_eq!(page.browser.eval("document.activeElement.id"), "revealed", "a screen reader goes on there");
    assert_eq!(secrets(&mut page), SECRETS);
    page.has("31 30 30 32 33 34 35 36 37 38 39 30 31");
    let marked = "[...document.querySelectorAll('.revealed')].map(value => value.textContent)";
    assert_eq!(page.browser.eval(marked), json!([SECRETS, SECRETS].concat()), "those of the request and of the answer");
    // Another view has none of it, and neither has the exchange when somebody comes back.
    page.show("#/audit");
    page.has("the customer asks which account");
    assert_eq!(secrets(&mut page), NOTHING);
    page.show(&address);
    page.has("** × 16");
    assert_eq!(secrets(&mut page), NOTHING);
    // A person can hide them at once.
    page.press("Show secrets …");
    page.write("note", "once more");
    page.confirm();
    page.has("Secrets are shown");
    page.press("Hide secrets");
    page.has("** × 16");
    assert_eq!(secrets(&mut page), NOTHING);
    assert_eq!(page.browser.eval("document.activeElement.id"), "telegrams");
    // The browser may keep a page for the way back.
    page.press("Show secrets …");
    page.write("note", "a third time");
    page.confirm();
    page.has("Secrets are shown");
    page.browser.eval("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
    assert_eq!(secrets(&mut page), NOTHING);
    let kept = page.browser.eval("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])").to_string();
    assert!(SECRETS.iter().all(|secret| !kept.contains(secret)), "{kept}");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_with_the_right_are_offered_the_secrets() {
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let address = paid(&bench).await;
    let Some(mut page) = page_of(&bench, "office") else { return };
    for (client, offered) in [("office", false), ("auditor", true), ("reader", false)] {
        if page.browser.eval("document.querySelector('.here b')?.textContent") != client {
            leaves(&mut page);
            enters(&mut page, client);
        }
        page.show("#/exchanges");
        page.show(&address);
        page.has("** × 16");
        let buttons = page.browser.eval(BUTTONS);
        let shown = buttons.as_array().unwrap().contains(&json!("Show secrets …"));
        assert_eq!(shown, offered, "{client}: {buttons}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_with_the_right_are_offered_what_changes_business() {
    let bench = Bench::with_access(GOOD_BANK, "[institutions.bank-a.breaker]", ACCESS).await;
    let Some(mut page) = page_of(&bench, "office") else { return };
    for (client, offered) in [("office", true), ("reader", false)] {
        if page.browser.eval("document.querySelector('.here b')?.textContent") != client {
            leaves(&mut page);
            enters(&mut page, client);
        }
        for (view, shown, button) in [
            ("#/lines", "Address", "Stop"),
            ("#/limits", "Breakers", "Trip"),
            ("#/limits", "Breakers", "Block business"),
        ] {
            page.show(view);
            page.has(shown);
            let buttons = page.browser.eval(BUTTONS);
            assert_eq!(buttons.as_array().unwrap().contains(&json!(button)), offered, "{client} in {view}: {buttons}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_says_who_did_what_when_and_why_by_filters_and_pages() {
    let bench = Bench::with_access(GOOD_BANK, "[institutions.bank-a.breaker]", ACCESS).await;
    let act = async |client: &str, path: &str, body: Json| {
        let request = bench.client.post(format!("{}/v1/institutions/bank-a/{path}", bench.url));
        let status = request.bearer_auth(client).body(body.to_string()).send().await.unwrap().status();
        assert!(status.is_success(), "{path}: {status}");
    };
    for count in 0..26 {
        act("office", "business", json!({ "decision": "block", "note": format!("maintenance {count}") })).await;
        act("office", "business", json!({ "decision": "unblock" })).await;
    }
    act("kim", "lines/main", json!({ "decision": "stop", "note": "cabling" })).await;
    let Some(mut page) = page_of(&bench, "reader") else { return };
    page.show("#/audit");
    let rows = "[...document.querySelectorAll('tbody tr')].map(row => row.innerText.replace(/\\s+/g, ' '))";
    let first = page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 50));
    let newest = first[0].as_str().unwrap();
    assert!(newest.contains("stopped a line ● done kim cabling bank-a Line main"), "{newest}");
    assert!(newest.starts_with("20"), "a date: {newest}");
    page.has("On this page: 50");
    page.browser.eval("[...document.querySelectorAll('a.button')].find(link => link.textContent === 'Older').click()");
    let second = page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 3));
    assert!(second[2].as_str().unwrap().contains("blocked business ● done office maintenance 0"), "{second}");
    // By who, and by what.
    page.show("#/audit");
    page.write("client", "kim");
    page.press("Search");
    page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 1));
    assert_eq!(page.browser.eval("location.hash"), "#/audit?client=kim");
    page.show("#/audit?act=unblock");
    page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 26));
    page.show("#/audit?outcome=done&act=unblock");
    page.until(rows, |rows| rows.as_array().is_some_and(|rows| rows.len() == 26));
    page.show("#/audit?outcome=refused");
    page.has("Nothing is recorded that matches.");
    page.show("#/audit?act=reveal");
    page.has("Nothing is recorded that matches.");
    // It shows what somebody else does meanwhile.
    page.show("#/audit?client=kim");
    act("kim", "lines/main", json!({ "decision": "start" })).await;
    page.until(rows, |rows| rows[0].as_str().is_some_and(|row| row.contains("started a line")));
    page.browser.eval("document.querySelector('tbody a').click()");
    page.until("location.hash", |hash| hash == "#/lines/bank-a?q=main");
    page.was_quiet();
}
