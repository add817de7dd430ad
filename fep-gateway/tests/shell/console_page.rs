//! The console in a headless Chromium, as a person uses it: what tests of its views and buttons need.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::devtools::Browser;
use crate::harness::Bench;

/// How long the page may take to show something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The browser with the console of a gateway.
pub(crate) struct Page {
    pub(crate) browser: Browser,
    url: String,
}

impl Page {
    /// Opens the console, or returns `None` if this machine has no browser.
    pub(crate) fn open(bench: &Bench) -> Option<Self> {
        let Some(browser) = tokio::task::block_in_place(Browser::start) else {
            let told =
                "chromium is missing here (Debian: apt-get install chromium); the console is not tried in a browser";
            assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
            eprintln!("skipped: {told}");
            return None;
        };
        let mut page = Self { browser, url: bench.url.clone() };
        page.browser.go(&format!("{}/", bench.url));
        page.language("en");
        Some(page)
    }

    /// Loads the page in this language.
    pub(crate) fn language(&mut self, language: &str) {
        self.browser.eval(&format!("localStorage.setItem('fep.language', '{language}')"));
        // From here to here with another hash would not load anything.
        self.browser.go("about:blank");
        self.browser.go(&format!("{}/", self.url));
    }

    /// Shows a view, as a link does.
    pub(crate) fn show(&mut self, hash: &str) {
        self.browser.eval(&format!("location.hash = {}", json!(hash)));
    }

    /// Waits until an expression is as wanted.
    pub(crate) fn until(&mut self, expression: &str, wanted: impl Fn(&Json) -> bool) -> Json {
        let start = Instant::now();
        loop {
            let value = self.browser.eval(expression);
            if wanted(&value) {
                return value;
            }
            let text = self.browser.eval("document.body?.innerText");
            assert!(start.elapsed() < PATIENCE, "{expression} stays {value}; the page: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the content has a text.
    pub(crate) fn has(&mut self, text: &str) {
        self.until(&format!("(document.body?.innerText ?? '').includes({})", json!(text)), |found| found == true);
    }

    /// Presses the first button with a text.
    pub(crate) fn press(&mut self, text: &str) {
        let press = format!(
            "(() => {{ const all = [...document.querySelectorAll('dialog[open] button, main button')];
               const one = all.find(one => one.textContent.trim() === {}); one?.focus(); one?.click(); return Boolean(one); }})()",
            json!(text)
        );
        self.until(&press, |pressed| pressed == true);
    }

    /// Confirms the open dialog.
    pub(crate) fn confirm(&mut self) {
        self.browser.eval("document.querySelector('dialog[open] button[type=submit]').click()");
    }

    /// Writes into a field by its name.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        let focus = format!("document.querySelector('[name={}]').focus()", json!(name));
        self.browser.eval(&focus);
        self.browser.eval("document.activeElement.select?.()");
        self.browser.insert(text);
    }

    /// The page said nothing on the console, broke no policy, and asked only its gateway.
    pub(crate) fn was_quiet(&self) {
        for event in &self.browser.events {
            let method = event["method"].as_str().unwrap_or_default();
            assert!(!["Runtime.exceptionThrown", "Runtime.consoleAPICalled"].contains(&method), "{event}");
            // The log also has the errors of HTTP that a test provokes.
            assert!(method != "Log.entryAdded" || event["params"]["entry"]["source"] == "network", "{event}");
            if method == "Network.requestWillBeSent" {
                let asked = event["params"]["request"]["url"].as_str().unwrap();
                assert!(asked.starts_with(&self.url) || asked.starts_with("data:"), "{asked}");
            }
        }
    }
}
