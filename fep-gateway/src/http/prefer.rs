//! What a client prefers (RFC 7240): `Prefer: respond-async` to have a reply before the outcome, and `wait=10` for how long it waits.

use std::time::Duration;

use axum::http::HeaderMap;

/// The header.
const PREFER: &str = "prefer";

/// The longest wait that a client can ask for.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// How long a client that prefers a reply before the outcome waits for the outcome. `None` if it waits for the outcome. Preferences that are
/// unknown or cannot be read count as absent, as the standard says.
pub(super) fn leaves_after(headers: &HeaderMap) -> Option<Duration> {
    let lists = headers.get_all(PREFER).iter().filter_map(|list| list.to_str().ok());
    let preferences: Vec<_> = lists.flat_map(|list| list.split(',')).map(name_and_value).collect();
    let first = |name: &str| preferences.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    first("respond-async")?;
    let wait = first("wait").and_then(|seconds| seconds.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    Some(wait.min(WAIT_MAX))
}

/// A preference without its parameters. Names have no case.
fn name_and_value(preference: &str) -> (String, String) {
    let preference = preference.split(';').next().unwrap_or_default();
    let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
    (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_forms_are_read_and_others_count_as_absent() {
        let leaves = |lists: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(PREFER, list.parse().unwrap());
            }
            leaves_after(&headers).map(|wait| wait.as_secs())
        };
        // The examples of RFC 7240, sections 2 and 4.
        assert_eq!(leaves(&["respond-async, wait=10"]), Some(10));
        assert_eq!(leaves(&["respond-async", "wait=100", "handling=lenient"]), Some(100));
        assert_eq!(leaves(&["foo; some-parameter=x, Respond-Async; bar=\"x\", WAIT = \"5\""]), Some(5));
        assert_eq!(leaves(&["respond-async"]), Some(0));
        assert_eq!(leaves(&["respond-async, wait=soon"]), Some(0));
        assert_eq!(leaves(&["respond-async, wait=99999"]), Some(600));
        for absent in [&[][..], &["wait=10"], &["return=minimal"], &["respond-asynchronously"], &[""]] {
            assert_eq!(leaves(absent), None, "{absent:?}");
        }
    }
}
