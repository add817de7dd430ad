//! The views of the console in a browser: what they show, also on small screens, in both languages, and to a screen reader.

use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::exceptions::{Day, TABLES, give};
use crate::harness::{Bench, GOOD_BANK, SECRETS, transfer};
use crate::settlement;

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_shows_traffic_and_lines_and_a_new_exchange_at_once() {
    let bench = Bench::of(GOOD_BANK, "").await;
    bench.transfer(&transfer("decline"), None).await;
    let Some(mut page) = Page::open(&bench) else { return };
    let tile = "document.querySelector('.tile')?.innerText.replace(/\\s+/g, ' ')";
    page.until(tile, |text| text.as_str().is_some_and(|text| text.starts_with("main ") && text.contains("up for")));
    let rows = "[...document.querySelectorAll('main > section:last-child tbody tr')].map(row => row.innerText.replace(/\\s+/g, ' '))";
    let shown = page.until(rows, |rows| rows[0].as_str().is_some_and(|row| row.contains("answered")));
    assert!(shown[0].as_str().unwrap().contains("이체 Transfer"), "{shown}");
    assert!(shown[0].as_str().unwrap().contains("0110"), "{shown}");
    // The institution's clock is nine hours ahead.
    page.until("document.getElementById('clock').textContent", |time| time.as_str().unwrap().ends_with("UTC+09:00"));
    let (_, reply) = bench.transfer(&transfer("silence"), None).await;
    page.has("not settled yet");
    let trace = reply["trace"].as_str().unwrap();
    page.until(rows, |rows| rows[0].as_str().is_some_and(|row| row.contains("unknown") && row.contains(trace)));
    page.until("document.querySelector('.chart .unknown') !== null", |drawn| drawn == true);
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_by_outcome_and_trace_and_leads_to_the_masked_telegrams() {
    let bench = Bench::of(GOOD_BANK, "").await;
    bench.transfer(&transfer("11월월세"), None).await;
    let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/exchanges");
    let ids = "[...document.querySelectorAll('tbody a[href^=\"#/exchanges/\"]')].map(link => link.hash.split('/')[2])";
    page.until(ids, |ids| ids.as_array().is_some_and(|ids| ids.len() == 2));
    for query in ["outcome=unknown", "code=no_answer", "institution=bank-a&telegram=Transfer&outcome=unsettled"] {
        page.show("#/exchanges");
        page.until(ids, |ids| ids.as_array().is_some_and(|ids| ids.len() == 2));
        page.show(&format!("#/exchanges?{query}"));
        page.until(ids, |ids| ids == &json!([unknown["exchange"]]));
    }
    page.show("#/exchanges");
    page.write("trace", unknown["trace"].as_str().unwrap());
    page.press("Search");
    page.until(ids, |ids| ids == &json!([unknown["exchange"]]));
    let hash = page.browser.eval("location.hash");
    assert_eq!(hash, format!("#/exchanges?trace={}", unknown["trace"].as_str().unwrap()));
    // A row opens its exchange, and the title has the focus.
    page.browser.eval("document.querySelector('tbody tr').click()");
    page.has("거래고유번호");
    assert_eq!(page.browser.eval("location.hash"), format!("#/exchanges/{}", unknown["exchange"].as_str().unwrap()));
    assert_eq!(page.browser.eval("document.activeElement.tagName"), "H1");
    let text = page.browser.eval("document.body.innerText");
    let text = text.as_str().unwrap();
    assert!(text.contains("** × 16") && text.contains("no_answer"), "{text}");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}");
    }
    // What the gateway says about an error is shown.
    page.show("#/exchanges?since=yesterday");
    page.has("since: ");
    page.show("#/exchanges/0000000000000000000000");
    page.has("there is no exchange");
    page.was_quiet();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_focus_stays_while_data_changes_and_old_data_is_called_old() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.until("document.querySelector('.tile') !== null", |shown| shown == true);
    page.browser.eval("document.querySelector('.tile').focus()");
    page.browser.eval("window.reads = 0; new PerformanceObserver(list => { window.reads += list.getEntriesByName(location.origin + '/v1/lines').length; }).observe({ type: 'resource' })");
    for _ in 0..3 {
        bench.transfer(&transfer("rent"), None).await;
    }
    page.until("window.reads", |reads| reads.as_u64() >= Some(2));
    assert_eq!(page.browser.eval("document.activeElement.className"), "tile unproved");
    drop(bench);
    page.has("The gateway cannot be reached. What is shown may be old.");
    page.has("reconnecting; the data may be old");
    // A list that could not be read is not empty.
    page.show("#/exchanges");
    page.until("document.querySelector('main .table')?.hidden", |hidden| hidden == true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_show_what_the_requests_of_the_last_minute_came_to() {
    let bench = Bench::of(GOOD_BANK, "").await;
    bench.transfer(&transfer("rent"), None).await;
    bench.transfer(&transfer("silence"), None).await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show("#/limits");
    page.has("Requests of the last minute");
    let cells =
        "[...document.querySelectorAll('table')].filter(table => table.caption.textContent.startsWith('Requests of'))
        .flatMap(table => [...table.querySelectorAll('td')].map(cell => cell.textContent))";
    let shown = page.until(cells, |cells| cells.as_array().is_some_and(|cells| cells.len() == 10));
    assert_eq!(
        shown.as_array().unwrap()[..5],
        [json!("this one"), json!("2"), json!("1"), json!("0"), json!("50.0 %")]
    );
    assert!(shown[5].as_str().unwrap().starts_with("≤ ") && shown[8] == "0" && shown[9] == "–", "{shown}");
    page.was_quiet();
}

/// The lines reach the page only after `window.release` is set.
const SLOW_LINES: &str = "{ const real = window.fetch; window.fetch = async (path, options) => {
    while (path === '/v1/lines' && !window.release) await new Promise(next => setTimeout(next, 10));
    return real(path, options); }; }";

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_made_once_also_if_its_address_comes_before_the_page_is_ready() {
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.browser.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": SLOW_LINES }));
    page.language("en");
    page.browser.eval("addEventListener('hashchange', () => window.isAddressed = true)");
    page.show("#/audit");
    page.until("window.isAddressed", |addressed| addressed == true);
    page.browser.eval("window.release = true");
    page.has("Nothing is recorded that matches.");
    let urls = page.browser.events.iter().filter_map(|event| event["params"]["request"]["url"].as_str());
    assert_eq!(urls.filter(|url| url.contains("/v1/audit?")).count(), 1);
    page.was_quiet();
}

/// How often the page has asked for something like this.
fn asked(page: &Page, what: &str) -> usize {
    let urls = page.browser.events.iter().filter_map(|event| event["params"]["request"]["url"].as_str());
    urls.filter(|url| url.ends_with(what)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_follows_its_events_and_is_read_again_while_there_are_none() {
    let bench = Bench::of(settlement::BANK, settlement::SETTLEMENT).await;
    let dead = async || {
        let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
        let id = unknown["exchange"].as_str().unwrap().to_owned();
        bench.until(&format!("/v1/exchanges/{id}"), |reply| reply["flags"] == json!(["dead_letter"])).await;
        id
    };
    let settle = async |id: &str| {
        let body = json!({ "decision": "not_done", "note": "the bank says so" }).to_string();
        assert_eq!(bench.post(&format!("/v1/exchanges/{id}/settlement"), body, &[]).await.0, reqwest::StatusCode::OK);
    };
    let followed = dead().await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.show(&format!("#/exchanges/{followed}"));
    page.has("became a dead letter");
    let events = format!("{followed}/events");
    // The browser tells of a request when it is asked for something.
    while asked(&page, &events) == 0 {
        page.has("became a dead letter");
    }
    assert_eq!(asked(&page, &events), 1);
    settle(&followed).await;
    page.has("note: the bank says so");
    // Nothing more is expected, so nobody follows it any more.
    page.show("#/lines");
    page.show(&format!("#/exchanges/{followed}"));
    page.has("note: the bank says so");
    assert_eq!(asked(&page, &events), 1);
    // The gateway lets nobody listen any more.
    let refused = "window.EventSource = class { static CLOSED = 2; static OPEN = 1; readyState = 2;
        addEventListener(name, tell) { if (name === 'error') setTimeout(tell); } close() {} }; 0";
    page.browser.eval(refused);
    let alone = dead().await;
    page.show(&format!("#/exchanges/{alone}"));
    page.has("became a dead letter");
    settle(&alone).await;
    page.has("note: the bank says so");
    page.was_quiet();
}

/// The view of a business date with exceptions.
async fn exceptions(bench: &Bench) -> String {
    let paid = [bench.transfer(&transfer("rent"), None).await.1, bench.transfer(&transfer("rent"), None).await.1];
    let day = Day::of(&paid);
    assert_eq!(give(&bench.url, "", day.wrong_file()).await.0, 200);
    day.path().replace("/v1/", "#/")
}

/// All views.
const VIEWS: [&str; 13] = [
    "#/",
    "#/lines",
    "#/exchanges",
    "#/notices",
    "#/letters",
    "#/reconciliations",
    "#/limits",
    "#/send",
    "#/send/bank-a/Transfer",
    "#/audit",
    "#/routes",
    "#/reload",
    "#/nowhere",
];

/// The view is complete.
const SHOWN: &str = "document.querySelector('main tbody tr, main .card, main form, main .bar, main .facts, main .empty') !== null
    && ![...document.querySelectorAll('main .empty')].some(one => /^(Loading|불러오는) /.test(one.textContent) && !one.hidden)
    || document.title.startsWith('There is no such view') || document.title.startsWith('없는 화면')";

/// The texts of the page by language.
const LEARN: &str = "Promise.all(['texts', 'texts_acts', 'texts_platform'].flatMap(name => ['en', 'ko'].map(language =>
    import(`/console/${name}_${language}.js`)))).then(all => { window.texts = Object.assign({}, ...all.flatMap(Object.values)); window.english =
    Object.assign({}, ...all.filter((_, at) => at % 2 === 0).flatMap(Object.values)); window.korean = Object.assign({}, ...all.filter((_, at) =>
    at % 2 === 1).flatMap(Object.values)); }); 0";

/// What a person sees or hears that is the name of a text, has a place that nothing filled, or is English in Korean. The other way round nobody
/// can tell: the labels of a sheet are Korean.
const UNTRANSLATED: &str = "(() => {
    const said = new Set(Object.values(window.korean));
    // Single words are also names of data.
    const isForeign = ([name, text]) => text.includes(' ') && !said.has(text) && document.documentElement.lang === 'ko';
    const foreign = new Set(Object.entries(window.english).filter(isForeign).map(([, text]) => text));
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('noscript, .tools [lang]')) texts.push(walk.currentNode.textContent.trim());
    for (const one of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
        texts.push(...['aria-label', 'title', 'placeholder'].map(name => one.getAttribute(name)).filter(Boolean));
    }
    return texts.filter(text => Object.hasOwn(window.texts, text) && text.includes('.') || /\\{\\w+\\}/.test(text) || foreign.has(text));
})()";

#[tokio::test(flavor = "multi_thread")]
async fn each_view_fits_each_screen_and_is_all_in_its_language() {
    let bench = Bench::of(GOOD_BANK, &format!("[institutions.bank-a.breaker]\n{TABLES}")).await;
    let exceptions = exceptions(&bench).await;
    bench.transfer(&transfer("decline"), None).await;
    let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
    let exchange = format!("#/exchanges/{}", unknown["exchange"].as_str().unwrap());
    let note = "가".repeat(40) + &"x".repeat(100);
    for (path, decision) in [("lines/main", "stop"), ("business", "block")] {
        let body = json!({ "decision": decision, "note": note });
        let path = format!("/v1/institutions/bank-a/{path}");
        assert!(bench.post(&path, body.to_string(), &[]).await.0.is_success());
    }
    let Some(mut page) = Page::open(&bench) else { return };
    for (language, title) in [("ko", "현황"), ("en", "Overview")] {
        page.language(language);
        page.until("document.querySelector('h1')?.textContent", |text| text == title);
        page.browser.eval(LEARN);
        page.until("window.korean !== undefined", |learned| learned == true);
        for width in [360, 768, 1440, 2560] {
            let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
            page.browser.call("Emulation.setDeviceMetricsOverride", screen);
            for hash in VIEWS.into_iter().chain([&*exceptions, &*exchange]) {
                page.show(hash);
                page.until(SHOWN, |shown| shown == true);
                let over = page.browser.eval("document.documentElement.scrollWidth - innerWidth");
                assert!(over.as_i64().unwrap() <= 0, "{hash} is {over} px too wide at {width} px, {language}");
                let wrong = page.browser.eval(UNTRANSLATED);
                assert_eq!(wrong, json!([]), "{hash}, {language}");
            }
        }
    }
    page.was_quiet();
}

/// The source of axe-core, which looks for what hinders people with a screen reader or without a mouse. `FEP_AXE` names its file.
fn axe() -> Option<String> {
    let Some(file) = std::env::var_os("FEP_AXE") else {
        let told = "FEP_AXE does not name axe.min.js (npm install axe-core); nobody looks for obstacles in the console";
        assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
        eprintln!("skipped: {told}");
        return None;
    };
    Some(std::fs::read_to_string(file).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_any_view() {
    let Some(axe) = axe() else { return };
    let bench = Bench::of(GOOD_BANK, TABLES).await;
    let exceptions = exceptions(&bench).await;
    let (_, unknown) = bench.transfer(&transfer("silence"), None).await;
    let exchange = format!("#/exchanges/{}", unknown["exchange"].as_str().unwrap());
    let Some(mut page) = Page::open(&bench) else { return };
    page.browser.eval(&axe);
    let check = |page: &mut Page, place: &str| {
        page.browser.eval("window.found = null; axe.run(document).then(all => { window.found = all.violations; }); 0");
        let found =
            "window.found?.map(one => `${one.impact} ${one.id}: ${one.nodes[0].html} ${one.nodes[0].failureSummary}`)";
        let found = page.until(found, Json::is_array);
        assert_eq!(found, json!([]), "{place}");
    };
    for colours in ["light", "dark"] {
        page.browser.eval(&format!("document.documentElement.dataset.colours = '{colours}'"));
        for width in [360, 1280] {
            let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
            page.browser.call("Emulation.setDeviceMetricsOverride", screen);
            for hash in VIEWS.into_iter().chain([&*exceptions, &*exchange]) {
                page.show(hash);
                page.until(SHOWN, |shown| shown == true);
                check(&mut page, &format!("{hash} at {width} px, {colours}"));
            }
            // The last view is that of an exchange.
            page.press("Show secrets …");
            check(&mut page, &format!("the question before secrets at {width} px, {colours}"));
            page.write("note", "axe looks at them");
            page.write("person", "axe");
            page.confirm();
            page.has("Secrets are shown");
            check(&mut page, &format!("secrets at {width} px, {colours}"));
            let over = page.browser.eval("document.documentElement.scrollWidth - innerWidth");
            assert!(over.as_i64().unwrap() <= 0, "secrets are {over} px too wide at {width} px");
        }
    }
}
