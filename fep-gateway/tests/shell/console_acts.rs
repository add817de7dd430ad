//! The buttons of the console in a browser: each asks, acts once, and says what came of it.

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::{notices, rights, settlement};

#[tokio::test(flavor = "multi_thread")]
async fn a_button_asks_and_then_acts_once() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/lines");
    page.press("Stop");
    page.has("Stop line main of bank-a?");
    assert_eq!(page.browser.eval("document.activeElement.name"), "note");
    // Without a reason the dialog does nothing; a person can leave it.
    page.confirm();
    assert_eq!(page.browser.eval("document.querySelector('dialog').open"), true);
    page.press("Cancel");
    assert_eq!(bench.get("/v1/lines").await.1["lines"][0]["stopped"], Json::Null);
    page.press("Stop");
    page.write("note", "maintenance");
    page.browser.events.clear();
    page.browser
        .eval("{ const yes = document.querySelector('dialog button[type=submit]'); yes.click(); yes.click(); }");
    page.has("Line main is stopped.");
    let posts = page.browser.events.iter().filter(|event| event["params"]["request"]["method"] == "POST").count();
    assert_eq!(posts, 1);
    assert_eq!(bench.get("/v1/lines").await.1["lines"][0]["stopped"]["note"], "maintenance");
    page.has("stopped by a person");
    // The button that was pressed is gone: the focus is on what stands in its place.
    page.until("document.activeElement.textContent", |text| text == "Start");
    page.press("Start");
    // Meanwhile somebody else starts it. What the gateway says stays in the dialog.
    let path = "/v1/institutions/bank-a/lines/main";
    assert_eq!(bench.post(path, json!({"decision": "start"}).to_string(), &[]).await.0, StatusCode::OK);
    page.confirm();
    page.has("the line is in that state already");
    page.press("Cancel");
    assert_eq!(page.browser.eval("document.querySelector('dialog').open"), false);
    page.until("document.querySelector('.card .pill')?.innerText", |text| {
        text.as_str().is_some_and(|text| text.contains("up"))
    });
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_says_why_and_a_person_settles_it() {
    let bench = Bench::of(settlement::BANK, settlement::SETTLEMENT).await;
    let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
    bench.until("/v1/dead-letters", |reply| reply["dead_letters"][0]["why"] == "reversal_refused").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.until("document.querySelector('.badge')?.textContent", |count| count == "1");
    page.show("#/letters");
    page.has("The institution refused the reversal.");
    page.has("Ask the institution what became of the money, then settle.");
    page.press("Settle");
    page.browser.eval("document.querySelector('dialog select').value = 'not_done'");
    page.write("note", "the bank confirmed by telephone");
    page.write("person", "kim");
    page.confirm();
    page.has("The exchange is settled.");
    let path = format!("/v1/exchanges/{}", unknown["exchange"].as_str().unwrap());
    let reply = bench.get(&path).await.1;
    assert_eq!((&reply["settled_by"], &reply["money"]), (&json!("person"), &json!("not_done")));
    page.until("document.querySelector('.badge')", Json::is_null);
    page.show(&format!("#{}", path.replace("/v1", "")));
    page.has("settled: a person · not done");
    // The timeline has the telegrams, the steps of the settlement, and what the person wrote.
    let steps = "[...document.querySelectorAll('.timeline li > :last-child')].map(step => step.innerText)";
    let steps = page.browser.eval(steps).to_string();
    for step in [
        "request written · main #1",
        "step begins step: reversal",
        "verdict: refused",
        "note: the bank confirmed by telephone",
    ] {
        assert!(steps.contains(step), "{step} is not in {steps}");
    }
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_no_service_took_is_delivered_again() {
    let (service, bench, _) = notices::with_a_dead_letter().await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/notices?state=dead_letter");
    page.has("all attempts failed");
    page.browser.eval("document.querySelector('tbody tr').click()");
    page.has("became a dead letter");
    service.works();
    page.press("Deliver again");
    page.write("note", "the service works again");
    page.write("person", "lee");
    page.confirm();
    page.has("The notice is delivered again.");
    page.until("document.querySelector('.card .pill')?.innerText", |text| {
        text.as_str().is_some_and(|text| text.contains("delivered"))
    });
    page.was_quiet();
}

/// The first reading of the notice from now on reaches the page only after `window.release` is set.
const SLOW_READING: &str = "{ const real = window.fetch; let slow = true; window.fetch = async (path, options) => {
    const isOf = /^\\/v1\\/notices\\/[0-9a-f]{22}$/.test(path) && slow; if (isOf) slow = false;
    const reply = await real(path, options);
    if (isOf) { window.held = true; while (!window.release) await new Promise(next => setTimeout(next, 10)); }
    return reply; }; }";

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_comes_late_does_not_hide_what_is_newer() {
    let (service, bench, notice) = notices::with_a_dead_letter().await;
    let id = notice["notice"].as_str().unwrap();
    let Some(mut page) = Page::open(&bench) else { return };
    page.show(&format!("#/notices/{id}"));
    page.has("became a dead letter");
    page.browser.eval("import('/console/store.js').then(store => window.known = store.state); 0");
    page.browser.eval(SLOW_READING);
    service.works();
    service.hesitates();
    page.press("Deliver again");
    page.write("note", "the service works again");
    page.write("person", "lee");
    page.confirm();
    page.until("window.held", |held| held == true);
    service.may_answer();
    let state = format!("window.known?.notices.get('{id}')?.state");
    page.until(&state, |state| state == "delivered");
    // A reading that this caused has its reply before the first one has.
    page.browser.eval("setTimeout(() => window.release = true, 300); 0");
    page.until("window.release", |released| released == true);
    page.until("document.querySelector('.card .pill')?.innerText", |text| {
        text.as_str().is_some_and(|text| text.contains("delivered"))
    });
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn business_is_blocked_and_unblocked() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/limits");
    page.has("Business is open.");
    page.press("Block business");
    page.write("note", "the bank asked for it");
    page.confirm();
    page.has("Business with bank-a is blocked.");
    page.has("the bank asked for it");
    assert_eq!(bench.transfer(&transfer("x"), None).await.1["reason_code"], "business_blocked");
    page.press("Unblock");
    page.confirm();
    page.has("Business is open.");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_is_sent_once_by_a_form_that_counts_its_bytes() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/send/bank-a/Transfer");
    page.has("withdraw_account");
    let order = "[...document.querySelectorAll('main .form-grid')][0].innerText.match(/[a-z_]{5,}/g).filter(name => name.includes('_'))";
    let order = page.browser.eval(order);
    assert_eq!((&order[0], &order[1]), (&json!("withdraw_account"), &json!("deposit_bank")), "{order}");
    let memo = |page: &mut Page, text: &str| {
        page.browser.eval("{ const memo = document.getElementById('f-passbook_memo'); memo.focus(); memo.select(); }");
        page.browser.insert(text);
        page.browser.eval("document.getElementById('f-passbook_memo').closest('.field').innerText").to_string()
    };
    let told = memo(&mut page, "11월월세");
    assert!(told.contains("8 / 14 bytes"), "{told}");
    let told = memo(&mut page, "십일월의월세입니다");
    assert!(told.contains("18 / 14 bytes") && told.contains("It has 18 bytes; the field has 14."), "{told}");
    let told = memo(&mut page, "뷁");
    assert!(told.contains("is not in the charset euc-kr"), "{told}");
    page.press("Send");
    page.has("Something is wrong; see the marked fields.");
    assert_eq!(bench.get("/v1/exchanges").await.1["exchanges"], json!([]));
    for (path, value) in transfer("11월월세").as_object().unwrap() {
        page.browser
            .eval(&format!("{{ const field = document.getElementById('f-{path}'); field.focus(); field.select(); }}"));
        page.browser.insert(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str());
    }
    page.press("Send");
    page.has("Send Transfer to bank-a?");
    page.confirm();
    page.has("answered");
    let exchanges = bench.get("/v1/exchanges").await.1;
    let exchanges = exchanges["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 1);
    let hash = format!("#/exchanges/{}", exchanges[0]["exchange"].as_str().unwrap());
    page.until("location.hash", |found| *found == hash);
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_chooses_a_telegram_with_the_keyboard_keeps_the_focus() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/send");
    page.has("Choose an institution and a telegram.");
    let choose = |name: &str, value: &str| {
        format!(
            "{{ const list = document.querySelector('[name={name}]'); list.focus(); list.value = '{value}';
               list.dispatchEvent(new Event('change')); }}; document.activeElement.name"
        )
    };
    assert_eq!(page.browser.eval(&choose("institution", "bank-a")), "institution");
    assert_eq!(page.browser.eval("location.hash"), "#/send/bank-a");
    assert_eq!(page.browser.eval(&choose("telegram", "Transfer")), "telegram");
    assert_eq!(page.browser.eval("location.hash"), "#/send/bank-a/Transfer");
    page.has("withdraw_account");
    assert_eq!(page.browser.eval("document.querySelector('h1').innerText"), "이체 Transfer · bank-a");
    assert_eq!(page.browser.eval(&choose("institution", "")), "institution");
    page.has("Choose an institution and a telegram.");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_a_token_once_and_works_under_its_name() {
    let bench = Bench::with_access(GOOD_BANK, "", rights::ACCESS).await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.has("This gateway wants the token of a client.");
    page.write("token", "fep_wrong");
    page.confirm();
    page.has("No client has this token.");
    page.write("token", "office");
    page.confirm();
    page.until("document.querySelector('.here b')?.textContent", |name| name == "office");
    page.show("#/limits");
    page.press("Block business");
    page.write("note", "maintenance");
    page.confirm();
    page.has("maintenance");
    assert_eq!(page.browser.eval("document.cookie"), "", "no script can read the session");
    page.browser.eval("window.isOld = true; location.reload()");
    page.until("!window.isOld && document.querySelector('.here b')?.textContent", |name| name == "office");
    page.browser.eval("document.querySelector('.here button').click()");
    page.has("This gateway wants the token of a client.");
}
