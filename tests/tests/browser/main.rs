//! The HTML of `fep doc` in a browser: the search, the languages, the ruler's keys, and nothing from elsewhere.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a helper of a test fails by panicking"
)]

mod devtools;

use std::fs;
use std::path::{Path, PathBuf};

use fep_spec::Spec;
use fep_spec::pages::explained::explain;
use fep_spec::pages::{Lang, Page, html};
use fep_tests::tools::missing;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::devtools::Browser;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// Runs a test in a browser, if this machine has one.
fn in_browser(test: impl FnOnce(&mut Browser)) {
    match Browser::start() {
        Some(mut browser) => test(&mut browser),
        None => missing("chromium", "chromium"),
    }
}

/// Writes the page of a spec to a file.
fn written(spec: &Spec, samples: &[&str], lang: Lang) -> (TempDir, PathBuf) {
    let mut page = Page::of(spec);
    for sample in samples {
        let bytes = fs::read(root().join("specs").join(&spec.name).join("samples").join(sample)).expect("a sample");
        page.samples.extend(explain(spec, sample, &bytes).expect("a telegram"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(format!("{}.html", spec.name));
    fs::write(&file, html::page(&page, lang)).expect("a file");
    (folder, file)
}

fn bank_a() -> (TempDir, PathBuf) {
    let spec = Spec::load(&root().join("specs/bank-a/bank-a.toml")).expect("a clean spec");
    written(&spec, &["transfer.bin", "list-answer.bin"], Lang::Ko)
}

/// The page said nothing on the console, broke no policy, asked for nothing but itself, and opened no dialog.
fn was_quiet(browser: &Browser, url: &str) {
    for event in &browser.events {
        let params = &event["params"];
        let method = event["method"].as_str().unwrap_or_default();
        let loud =
            ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening"];
        assert!(!loud.contains(&method), "{event}");
        if method == "Network.requestWillBeSent" {
            let asked = params["request"]["url"].as_str().expect("an address");
            assert!(asked == url || asked == "data:,", "{asked}");
        }
    }
}

const SHOWN: &str = "[...document.querySelectorAll('.items tbody tr')].filter(row => row.checkVisibility())";

#[test]
fn the_search_shows_the_items_that_have_all_words() {
    in_browser(|browser| {
        let (_folder, file) = bank_a();
        let url = browser.open(&file);
        let all = browser.eval(&format!("{SHOWN}.length"));
        assert_eq!(browser.eval("document.activeElement.id"), "");
        // By label.
        browser.press("/");
        assert_eq!(browser.eval("document.activeElement.id + document.activeElement.value"), "find");
        browser.insert("출금계좌");
        let texts = browser.eval(&format!("{SHOWN}.map(row => row.querySelector('.item').innerText.split('\\n')[0])"));
        assert_eq!(texts, json!(["출금계좌번호", "출금계좌번호"]));
        assert_eq!(browser.eval("document.getElementById('found').textContent"), "2개 항목");
        assert_eq!(browser.eval("document.querySelector('.front').checkVisibility()"), false);
        // By path within a group, with the group itself; the other word is in the title of the telegram.
        browser.press("Escape");
        assert_eq!(browser.eval(&format!("{SHOWN}.length")), all);
        browser.insert("ITEMS.memo 거래내역조회");
        let paths = browser.eval(&format!("{SHOWN}.map(row => row.querySelector('.item code').textContent)"));
        assert_eq!(paths, json!(["items", "items.memo"]));
        // By code, by meaning, by remark.
        for (words, label) in [("52 출금취소", "거래구분"), ("재전송마다", "송신횟수")] {
            browser.press("Escape");
            browser.insert(words);
            let labels = browser.eval(&format!("{SHOWN}.map(row => row.querySelector('.item span').textContent)"));
            assert!(labels.as_array().expect("a list").iter().any(|found| found == label), "{words}: {labels}");
        }
        // By nothing that is there.
        browser.insert(" no such word");
        assert_eq!(browser.eval(&format!("{SHOWN}.length")), 0);
        was_quiet(browser, &url);
    });
}

#[test]
fn the_fixed_words_change_their_language_and_the_labels_do_not() {
    in_browser(|browser| {
        let (_folder, file) = bank_a();
        let url = browser.open(&file);
        let head = "document.querySelector('#t-Transfer .items thead').innerText.replace(/\\s+/g, ' ').trim()";
        assert_eq!(browser.eval(head), "번호 항목명 영문명 속성 길이 위치 오프셋 규칙 비고");
        browser.eval("document.getElementById('lang').click()");
        assert_eq!(browser.eval("document.documentElement.lang"), "en");
        assert_eq!(browser.eval(head), "No. Item Path Type Length Position Offset Constraints Remark");
        assert_eq!(browser.eval("document.querySelector('#t-Transfer-3 .item span').innerText"), "출금금액");
        assert_eq!(
            browser.eval("document.querySelector('#t-Transfer .ruler a').getAttribute('aria-label')"),
            "전문길이 · length · 1–4 (offset 0) · 4 bytes · number"
        );
        was_quiet(browser, &url);
    });
}

#[test]
fn the_ruler_is_to_scale_and_goes_by_keys() {
    in_browser(|browser| {
        let (_folder, file) = bank_a();
        let url = browser.open(&file);
        let width = |browser: &mut Browser, id: &str| {
            let sum =
                format!("document.querySelector('#t-Transfer .ruler a[href=\"#{id}\"]').getBoundingClientRect().width");
            browser.eval(&sum).as_f64().expect("a width")
        };
        let four = width(browser, "p-Header-1");
        let sixteen = width(browser, "t-Transfer-2");
        assert!((sixteen / four - 4.0).abs() < 0.02, "{four} {sixteen}");
        let stops = "[...document.querySelectorAll('#t-Transfer .ruler a')].filter(stop => stop.tabIndex === 0).length";
        assert_eq!(browser.eval(stops), 1);
        browser.eval("document.querySelector('#t-Transfer .ruler a').focus()");
        let focused = "document.activeElement.getAttribute('aria-label')";
        assert_eq!(browser.eval(focused), "전문길이 · length · 1–4 (오프셋 0) · 4바이트 · 숫자");
        browser.press("ArrowRight");
        assert_eq!(browser.eval(focused), "식별코드 · transaction_code · 5–13 (오프셋 4) · 9바이트 · 문자");
        assert_eq!(browser.eval("getComputedStyle(document.activeElement, '::after').display"), "block");
        browser.press("End");
        assert_eq!(browser.eval(focused), "예비 · 212–300 (오프셋 211) · 89바이트 · 예비");
        assert_eq!(browser.eval(stops), 1);
        was_quiet(browser, &url);
    });
}

/// A page whose texts try to become markup, and one in a narrow window.
#[test]
fn no_text_becomes_markup_and_nothing_is_wider_than_a_narrow_window() {
    let text = r#"
spec    = "hostile"
title   = "</title><script>alert(1)</script>"
version = "\"><img src=x onerror=alert(2)>"
source  = "<style>*{display:none}</style>"
charset = "euc-kr"

[codes.Mark]
label = "<b>굵게</b>"
codes = [ { code = "<", label = "</code><script>alert(3)</script>" }, { code = "'", label = "\"'" } ]

[telegrams.Only]
label  = "</h2></section><script>alert(4)</script>"
remark = "<iframe src=https://example.com></iframe>"
items  = [
  { name = "a", label = "\" onmouseover=alert(5) x=\"", kind = "text", len = 40, remark = "' onfocus='alert(6)" },
  { name = "b", label = "<a href=javascript:alert(7)>", kind = "code", len = 1, codes = "Mark" },
  { literal = "</td><svg onload=alert(8)>", label = "--><!--" },
]
"#;
    in_browser(|browser| {
        let spec = Spec::parse("hostile.toml", text).expect("a clean spec");
        let (_folder, file) = written(&spec, &[], Lang::En);
        let url = browser.open(&file);
        let foreign = "[...document.body.querySelectorAll('script, img, iframe, style, svg, b, [onmouseover], [onfocus]')].map(one => one.outerHTML.slice(0, 20))";
        let found = browser.eval(foreign);
        let found: Vec<&Value> = found.as_array().expect("a list").iter().filter(|one| *one != "<b>굵게</b>").collect();
        // The page's own script, and the numbers at the ruler.
        assert!(
            found.iter().all(|one| one
                .as_str()
                .is_some_and(|one| one.starts_with("<script>\"use strict") || one.starts_with("<b>1</b>"))),
            "{found:?}"
        );
        assert_eq!(browser.eval("document.title"), "</title><script>alert(1)</script>");
        assert_eq!(
            browser.eval("document.querySelector('#t-Only-1 .item span').textContent"),
            "\" onmouseover=alert(5) x=\""
        );
        was_quiet(browser, &url);

        let (_folder, file) = bank_a();
        for width in [480, 360, 1400] {
            let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
            browser.call("Emulation.setDeviceMetricsOverride", size);
            let url = browser.open(&file);
            browser.eval("document.querySelectorAll('details').forEach(one => { one.open = true; })");
            assert_eq!(browser.eval("document.documentElement.scrollWidth <= innerWidth"), true, "{width}");
            was_quiet(browser, &url);
        }
    });
}
