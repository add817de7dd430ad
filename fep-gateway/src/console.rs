//! The console: one page at `/` that shows the current lines and exchanges. It needs no login, no framework and no internet.
//!
//! The page shows only data from the HTTP interface. It gets telegrams in the form of [`View`](crate::contract::view::View), where the
//! secrets of the layout are already masked. A secret never reaches the browser.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::IntoResponse;
use axum::routing::get;

const PAGE: &str = include_str!("console/page.html");
const STYLE: &str = include_str!("console/page.css");
const SCRIPT: &str = include_str!("console/page.js");

/// Allows no inline code, nothing from other hosts and no embedding in a frame. Injected markup could not run anything.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The routes of the page and its two files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(|| async { file("text/html; charset=utf-8", PAGE) }))
        .route("/console.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route("/console.js", get(|| async { file("text/javascript; charset=utf-8", SCRIPT) }))
}

fn file(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &'static str); 6] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // After an update of the gateway, a browser must not show the old page.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_inline_and_nothing_from_elsewhere() {
        for forbidden in ["style=", "onclick", "onload", "<style", "http://", "https://", "//cdn"] {
            assert!(!PAGE.contains(forbidden), "page.html has {forbidden}");
        }
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"));
        }
    }

    #[test]
    fn the_script_sets_text_and_never_markup() {
        for forbidden in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"]
        {
            assert!(!SCRIPT.contains(forbidden), "page.js has {forbidden}");
        }
    }

    #[test]
    fn the_page_has_every_element_that_the_script_asks_for() {
        for id in SCRIPT.split("byId(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(PAGE.contains(&format!("id=\"{id}\"")), "page.html lacks #{id}");
        }
    }

    #[test]
    fn every_outcome_has_a_word_and_a_look_of_its_own() {
        for outcome in ["answered", "not_sent", "unknown", "running"] {
            assert!(SCRIPT.contains(&format!("  {outcome}: \"")), "no word for {outcome}");
            assert!(STYLE.contains(&format!(".pill.{outcome}")), "no look for {outcome}");
        }
    }

    #[test]
    fn every_state_of_a_delivery_has_a_word_and_a_look_of_its_own() {
        for state in fep_protocol::delivery::Stage::NAMES {
            assert!(SCRIPT.contains(&format!("  {state}: \"")), "no word for {state}");
            assert!(STYLE.contains(&format!(".pill.{state}")), "no look for {state}");
        }
    }
}
