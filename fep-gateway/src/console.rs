//! The console: one page at `/` that shows lines and exchanges and lets persons decide. It has no build step, no framework and nothing
//! from the internet.
//!
//! The page is a program in modules, under `/console/`. It shows only data from the HTTP interface. It gets telegrams in the form of
//! [`View`](crate::contract::view::View), where the secrets of the layout are already masked. A secret reaches the browser only after a person
//! with the right asked for it with a reason, and that was recorded.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

const PAGE: &str = include_str!("console/page.html");

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file that the page asks for: its path, its type and its text.
type File = (&'static str, &'static str, &'static str);

/// Each file stands once, as it is on the disk.
macro_rules! files {
    ($($kind:ident $name:literal)*) => {
        [$((concat!("/console/", $name), $kind, include_str!(concat!("console/", $name)))),*]
    };
}

/// The files of the page. Modules stand in reading order.
const FILES: [File; FILES_LEN] = files! {
    STYLE "base.css"
    STYLE "parts.css"
    SCRIPT "dom.js"
    SCRIPT "texts_en.js"
    SCRIPT "texts_ko.js"
    SCRIPT "texts_acts_en.js"
    SCRIPT "texts_acts_ko.js"
    SCRIPT "texts_platform_en.js"
    SCRIPT "texts_platform_ko.js"
    SCRIPT "texts.js"
    SCRIPT "reasons_ko.js"
    SCRIPT "problems_ko.js"
    SCRIPT "time.js"
    SCRIPT "api.js"
    SCRIPT "store.js"
    SCRIPT "traffic.js"
    SCRIPT "feed.js"
    SCRIPT "session.js"
    SCRIPT "ask.js"
    SCRIPT "table.js"
    SCRIPT "chart.js"
    SCRIPT "marks.js"
    SCRIPT "timeline.js"
    SCRIPT "decide.js"
    SCRIPT "lists.js"
    SCRIPT "search.js"
    SCRIPT "view_overview.js"
    SCRIPT "view_streams.js"
    SCRIPT "view_lines.js"
    SCRIPT "view_exchanges.js"
    SCRIPT "reveal.js"
    SCRIPT "view_exchange.js"
    SCRIPT "view_notices.js"
    SCRIPT "view_letters.js"
    SCRIPT "view_limits.js"
    SCRIPT "bytes.js"
    SCRIPT "form.js"
    SCRIPT "view_send.js"
    SCRIPT "view_audit.js"
    SCRIPT "view_reconciliations.js"
    SCRIPT "view_verifications.js"
    SCRIPT "view_sites.js"
    SCRIPT "view_routes.js"
    SCRIPT "view_reload.js"
    SCRIPT "main.js"
};
const FILES_LEN: usize = 45;

/// Allows no inline code, nothing from other hosts and no embedding in a frame. Injected markup could not run anything.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// The routes of the page and its files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = Router::new().route("/", served("text/html; charset=utf-8", PAGE));
    FILES.into_iter().fold(page, |router, (path, kind, text)| router.route(path, served(kind, text)))
}

fn served<S: Clone + Send + Sync + 'static>(kind: &'static str, text: &'static str) -> MethodRouter<S> {
    let tag = tag(text);
    get(move |asked: HeaderMap| async move { file(kind, text, tag, &asked) })
}

/// What tells this text from that of another version.
fn tag(text: &str) -> Option<HeaderValue> {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).ok()
}

fn file(kind: &'static str, text: &'static str, tag: Option<HeaderValue>, asked: &HeaderMap) -> Response {
    let headers: [(HeaderName, &'static str); 6] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // After an update of the gateway, a browser must not show the old page. It asks each time whether its copy is the same.
        (CACHE_CONTROL, "no-cache"),
    ];
    let has_it = tag.is_some() && asked.get(IF_NONE_MATCH) == tag.as_ref();
    let mut response = match has_it {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, text).into_response(),
    };
    tag.into_iter().for_each(|tag| drop(response.headers_mut().insert(ETAG, tag)));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The scripts: their names and texts.
    fn scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
        FILES.into_iter().filter(|(_, kind, _)| *kind == SCRIPT).map(|(path, _, text)| (path, text))
    }

    fn script(name: &str) -> &'static str {
        scripts().find(|(path, _)| path.ends_with(name)).map(|(_, text)| text).unwrap()
    }

    /// The modules of texts of a language.
    fn texts(language: &str) -> [&'static str; 3] {
        ["texts", "texts_acts", "texts_platform"].map(|module| script(&format!("/{module}_{language}.js")))
    }

    /// The names of a module of texts, which stand at the beginning of lines.
    fn names(texts: &str) -> BTreeSet<&str> {
        texts.lines().filter_map(|line| line.strip_prefix("  \"")?.split('"').next()).collect()
    }

    /// The names of all texts.
    fn known() -> BTreeSet<&'static str> {
        texts("en").into_iter().flat_map(names).collect()
    }

    #[test]
    fn the_page_needs_nothing_inline_and_nothing_from_elsewhere() {
        for forbidden in ["style=", "onclick", "onload", "<style", "http://", "https://", "//cdn"] {
            assert!(!PAGE.contains(forbidden), "page.html has {forbidden}");
        }
        for (path, _, text) in FILES {
            // The name of the language of drawings is no address.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"), "{path}");
        }
    }

    #[test]
    fn the_scripts_set_text_and_never_markup_or_style() {
        let forbidden = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
            "createContextualFragment",
            "parseFromString",
            "\"style\"",
            ".style.",
        ];
        for (path, text) in scripts() {
            for forbidden in forbidden {
                assert!(!text.contains(forbidden), "{path} has {forbidden}");
            }
        }
    }

    #[test]
    fn each_module_says_what_it_is_and_is_short() {
        for (path, kind, text) in FILES {
            assert!(text.starts_with(if kind == SCRIPT { "// " } else { "/* " }), "{path} has no head");
            assert!(text.lines().count() <= 500, "{path} is too long");
        }
    }

    #[test]
    fn a_module_imports_only_modules_before_it() {
        let names: Vec<_> = scripts().map(|(path, _)| path).collect();
        for (at, (path, text)) in scripts().enumerate() {
            for name in text.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(names[..at].contains(&&*format!("/console/{name}")), "{path} imports {name}");
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_places() {
        let places = |texts: &'static str, name: &str| -> BTreeSet<&'static str> {
            let line = texts.lines().find(|line| line.starts_with(&format!("  \"{name}\":"))).unwrap();
            line.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
        };
        for (english, korean) in texts("en").into_iter().zip(texts("ko")) {
            assert_eq!(names(english), names(korean));
            for name in names(english) {
                assert_eq!(places(english, name), places(korean, name), "{name}");
            }
        }
        let count: usize = texts("en").map(names).iter().map(BTreeSet::len).sum();
        assert_eq!(count, known().len(), "a name stands in one module");
    }

    #[test]
    fn each_text_that_a_script_asks_for_is_there() {
        let known = known();
        for (path, text) in scripts() {
            for (at, begin) in text.match_indices("t(\"") {
                let is_part_of_a_name = text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '.');
                let name = text[at + begin.len()..].split('"').next().unwrap();
                assert!(is_part_of_a_name || known.contains(name), "{path} asks for {name}");
            }
        }
    }

    #[test]
    fn every_word_of_the_interface_has_a_text_and_a_look() {
        use fep_protocol::audit::{Act, AuditOutcome};
        use fep_protocol::delivery::{AnsweredBy, Stage};
        use fep_protocol::exchange::{Money, SettledBy};
        let known = known();
        let looks = script("marks.js");
        let word =
            |kind: &str, name: &str| assert!(known.contains(&*format!("{kind}.{name}")), "no text for {kind}.{name}");
        for name in ["answered", "not_sent", "unknown", "running"] {
            word("outcome", name);
            assert!(looks.contains(&format!(" {name}: ")), "no look for {name}");
        }
        for state in Stage::NAMES {
            word("delivery", state);
            assert!(looks.contains(&format!(" {state}: ")), "no look for {state}");
        }
        SettledBy::ALL.iter().for_each(|by| word("settled", by.name()));
        Money::ALL.iter().for_each(|money| word("money", money.name()));
        AnsweredBy::ALL.iter().for_each(|by| word("answered_by", by.name()));
        let filter = script("view_audit.js");
        for outcome in AuditOutcome::ALL {
            word("audit.outcome", outcome.name());
            assert!(filter.contains(&format!(" {}: ", outcome.name())), "nobody can look for {}", outcome.name());
        }
        for act in Act::ALL {
            word("act", act.name());
            assert!(filter.contains(&format!("\"{}\"", act.name())), "nobody can look for {}", act.name());
        }
        // Those about an exchange are in its timeline.
        [Act::Reveal, Act::Settle].iter().for_each(|act| word("fact", &format!("audit_{}", act.name())));
    }
}
