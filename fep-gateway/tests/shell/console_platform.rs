//! The console's views of the configuration and of where requests go, in a browser.

use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, bank, bank_b, transfer};

const BUTTONS: &str = "[...document.querySelectorAll('main button')].map(button => button.textContent)";

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_looked_at_refused_and_done() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/reload");
    page.has("the file says what holds");
    page.has("nobody since the start");
    page.press("Show what a reload would do");
    page.has("No institution differs.");

    bench.rewrite(|text| text.replace("answer_timeout_ms = 800", "answer_timeout_ms = 700"));
    page.has("the file differs from what holds");
    page.press("Show what a reload would do");
    page.has("A reload would do this");
    let key = "[...document.querySelectorAll('[role=status] .keys > div')].map(key => key.textContent)";
    page.until(key, |keys| *keys == json!(["institutions.bank-a.answer_timeout_ms800 → 700"]));
    page.has("changes in place: its connections stay");
    assert_eq!(bench.get("/v1/reload").await.1["file"], "differs", "a look changes nothing");

    bench.rewrite(|text| text.replace("answer_timeout_ms = 700", "answer_timeout = 700"));
    page.has("the file cannot be used");
    page.press("Reload");
    page.write("note", "shorter");
    page.write("person", "kim");
    page.confirm();
    page.has("The reload was refused; nothing has changed");
    page.press("Cancel");
    let mistakes = page.browser.eval("document.querySelector('[role=status] .mistakes').innerText");
    assert!(mistakes.as_str().unwrap().contains("answer_timeout"), "{mistakes}");

    bench.rewrite(|text| text.replace("answer_timeout = 700", "answer_timeout_ms = 700"));
    page.has("the file differs from what holds");
    page.press("Reload");
    page.write("note", "the bank answers faster now");
    page.write("person", "kim");
    page.confirm();
    page.has("The configuration is reloaded.");
    page.has("The last reload did this");
    page.has("the file says what holds");
    page.until("document.querySelector('.facts').innerText", |facts| facts.as_str().unwrap().contains("kim"));
    let holds = bench.get("/v1/reload").await.1;
    assert_eq!((&holds["file"], &holds["holds"]["by"]), (&json!("same"), &json!("kim")));
    page.was_quiet();
}

/// `office` may configure, `reader` only reads. The hashes are those of `printf %s NAME | sha256sum`.
const ACCESS: &str = r#"
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["send", "read", "configure"] }]
"#;

fn enters(page: &mut Page, client: &str) {
    page.has("This gateway wants the token of a client.");
    page.write("token", client);
    page.confirm();
    page.until("document.querySelector('.here b')?.textContent", |name| name == client);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_requests_go_is_shown_to_all_and_changed_by_those_with_the_right() {
    let other = bank(GOOD_BANK).await;
    let rules = "[institutions.bank-a.routing.Transfer]\nto = \"bank-b\"\npercent = 10\n\
                 [institutions.bank-a.routing.HolderInquiry]\nto = \"bank-b\"\nsticky = \"account\"\n";
    let more = format!("{rules}{}", bank_b(&other.address().to_string()));
    let bench = Bench::with_access(GOOD_BANK, &more, ACCESS).await;
    let Some(mut page) = Page::open(&bench) else { return };
    enters(&mut page, "reader");
    page.show("#/routes");
    page.has("10 % of the sticky values");
    page.has("as the file says, since the start");
    assert_eq!(page.browser.eval(BUTTONS), json!([]), "who may only read is offered nothing");
    assert_eq!(page.browser.eval("document.getElementById('nav').innerText.includes('Config')"), false);
    page.browser.eval("document.querySelector('.here button').click()");

    enters(&mut page, "office");
    page.show("#/routes");
    page.press("Change Transfer …");
    page.write("percent", "101");
    page.write("note", "the second step");
    page.write("person", "kim");
    page.confirm();
    page.has("The percentage is a whole number from 0 to 100.");
    page.write("percent", "100");
    page.write("callers", "nobody-knows");
    page.confirm();
    page.until("document.querySelector('dialog .error').textContent", |error| {
        error.as_str().is_some_and(|error| error.contains("nobody-knows"))
    });
    page.write("callers", "reader, office");
    page.confirm();
    page.has("Transfer: 100 % go to bank-b now.");
    page.has("kim office");
    page.has("the second step");

    let request = bench.client.post(format!("{}/v1/institutions/bank-a/exchanges/Transfer", bench.url));
    let paid: Json =
        request.bearer_auth("office").body(transfer("rent").to_string()).send().await.unwrap().json().await.unwrap();
    assert_eq!((&paid["outcome"], &paid["institution"]), (&json!("answered"), &json!("bank-b")), "{paid}");
    let rows =
        "[...document.querySelectorAll('.counts tbody tr')].map(row => [...row.cells].map(cell => cell.innerText))";
    // The telegrams stand in the order of their names: HolderInquiry with two rows, then Transfer.
    page.until(rows, |rows| rows[3] == json!(["bank-b Goes to", "1", "1", "0", "0"]));
    let request = bench.client.get(format!("{}/v1/institutions/bank-a/routing", bench.url)).bearer_auth("office");
    let status: Json = request.send().await.unwrap().json().await.unwrap();
    let rule = &status["rules"]["Transfer"];
    assert_eq!((&rule["percent"], &rule["callers"]), (&json!(100), &json!(["office", "reader"])));
    assert_eq!(status["rules"]["HolderInquiry"]["changed"], Json::Null, "the other rule is as the file says");
    page.press("As the file says …");
    page.write("note", "back");
    page.confirm();
    page.has("Transfer goes as the file says.");
    page.has("10 % of the sticky values");
    page.was_quiet();
}
