//! How urgent a client says that its request is (RFC 9218): `Priority: u=7` is what nobody waits for, such as a batch.

use axum::http::HeaderMap;

/// The header.
const PRIORITY: &str = "priority";

/// The lowest urgency: background work.
const BACKGROUND: &str = "7";

/// Whether nobody waits for the request, so that it starts after those that somebody waits for. A header that cannot be read counts as
/// absent, as the standard says, and the last value of a parameter counts.
pub(super) fn is_background(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(PRIORITY).iter().filter_map(|list| list.to_str().ok());
    let parameters = lists.flat_map(|list| list.split(',')).map(str::trim);
    let mut urgencies = parameters.filter_map(|parameter| parameter.strip_prefix("u="));
    urgencies.next_back().is_some_and(|urgency| urgency.split(';').next() == Some(BACKGROUND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lowest_urgency_is_background() {
        let of = |lists: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append(PRIORITY, list.parse().unwrap());
            }
            is_background(&headers)
        };
        for background in [&["u=7"][..], &["i, u=7"], &["u=7, i"], &["u=1", "u=7"], &["u=7;x"]] {
            assert!(of(background), "{background:?}");
        }
        for other in [&[][..], &["u=6"], &["u=7, u=3"], &["i"], &["U=7"], &["u=77"], &["u=\"7\""]] {
            assert!(!of(other), "{other:?}");
        }
    }
}
