//! Leaves out the gauges of institutions, lines and streams that a reload has taken away. The exporter keeps the last value of each gauge, and a line
//! that is gone would be down for ever. Counters and histograms stay: they say what was.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The institutions that are there, each with its lines. `None` stands for all lines.
pub(super) type Present<'s> = BTreeMap<&'s str, Option<BTreeSet<&'s str>>>;

/// The streams that are there, each with its topics of Kafka.
pub(super) type Streams<'s> = BTreeMap<&'s str, BTreeSet<&'s str>>;

/// The verifications that have a run: institution, name and kind.
pub(super) type Verifications<'s> = BTreeSet<[&'s str; 3]>;

/// What is there.
pub(super) struct There<'s> {
    pub(super) institutions: Present<'s>,
    pub(super) streams: Streams<'s>,
    /// `None`: nobody knows, so all are.
    pub(super) verifications: Option<Verifications<'s>>,
}

/// The page without the gauges of what is not there.
pub(super) fn only(page: &str, there: &There<'_>) -> String {
    let mut is_gauge = false;
    let mut kept = String::with_capacity(page.len());
    for line in page.split_inclusive('\n') {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            is_gauge = kind.trim_end().ends_with(" gauge");
        }
        if !is_gauge || line.starts_with('#') || is_there(line, there) {
            kept.push_str(line);
        }
    }
    kept
}

/// Whether a sample is about something that is there, or about the whole process.
fn is_there(sample: &str, there: &There<'_>) -> bool {
    if let Some(stream) = label(sample, "stream") {
        let topics = there.streams.get(&*stream);
        return topics.is_some_and(|topics| label(sample, "topic").is_none_or(|topic| topics.contains(&*topic)));
    }
    let Some(institution) = label(sample, "institution") else { return true };
    if let (Some(name), Some(known)) = (label(sample, "verification"), &there.verifications) {
        let kind = label(sample, "kind").unwrap_or_default();
        return known.contains(&[&*institution, &*name, &*kind]);
    }
    match (there.institutions.get(&*institution), label(sample, "line")) {
        (None, _) => false,
        (Some(None), _) | (Some(_), None) => true,
        (Some(Some(lines)), Some(line)) => lines.contains(&*line),
    }
}

/// The value of a label of a sample, `NAME{key="value",…} number`.
fn label<'s>(sample: &'s str, key: &str) -> Option<Cow<'s, str>> {
    let (_, mut rest) = sample.split_once('{')?;
    loop {
        let (name, value) = rest.split_once("=\"")?;
        let end = end_of_value(value)?;
        let (value, behind) = value.split_at_checked(end)?;
        if name == key {
            return Some(unescaped(value));
        }
        rest = behind.strip_prefix("\",")?;
    }
}

/// Where the closing quote of a value is.
fn end_of_value(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(one) = chars.next() {
        text.push(match (one, one == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some(other) => other,
                None => '\\',
            },
            (one, false) => one,
        });
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# HELP fep_links_up links that are signed on
# TYPE fep_links_up gauge
fep_links_up{institution="bank-a",line="main"} 1
fep_links_up{line="old",institution="bank-a"} 0
fep_links_up{institution="bank-b",line="main"} 0
fep_links_up{institution="a\"b\\",line="x,y=\"z"} 1
fep_links_up{institution="gone",line="main"} 0
# TYPE fep_business_open gauge
fep_business_open{institution="bank-a"} 1
fep_business_open{institution="gone"} 0
# TYPE fep_stream_consumers gauge
fep_stream_consumers{stream="quotes"} 2
fep_stream_consumers{stream="gone"} 1
# TYPE fep_stream_topic_up gauge
fep_stream_topic_up{stream="quotes",topic="fep.quotes"} 1
fep_stream_topic_up{stream="quotes",topic="fep.quote"} 0
# TYPE fep_verification_passed gauge
fep_verification_passed{institution="bank-a",verification="nightly",kind="reads"} 0
fep_verification_passed{institution="bank-a",verification="nightly",kind="writes"} 1
# TYPE fep_exchanges_total counter
fep_exchanges_total{institution="gone",outcome="answered"} 7
# TYPE fep_ready gauge
fep_ready 1
"#;

    #[test]
    fn what_is_gone_has_no_gauges_and_keeps_its_counters() {
        let lines = |names: &[&'static str]| Some(names.iter().copied().collect());
        let present = Present::from([("bank-a", lines(&["main"])), ("a\"b\\", lines(&["x,y=\"z"])), ("bank-b", None)]);
        let streams = Streams::from([("quotes", BTreeSet::from(["fep.quotes"]))]);
        let verifications = Some(BTreeSet::from([["bank-a", "nightly", "reads"]]));
        let mut there = There { institutions: present, streams, verifications };
        let left_out = |there: &There<'_>| -> Vec<&str> {
            let kept = only(PAGE, there);
            PAGE.lines().filter(|line| !kept.lines().any(|kept| kept == *line)).collect()
        };
        assert_eq!(
            left_out(&there),
            [
                r#"fep_links_up{line="old",institution="bank-a"} 0"#,
                r#"fep_links_up{institution="gone",line="main"} 0"#,
                r#"fep_business_open{institution="gone"} 0"#,
                r#"fep_stream_consumers{stream="gone"} 1"#,
                r#"fep_stream_topic_up{stream="quotes",topic="fep.quote"} 0"#,
                r#"fep_verification_passed{institution="bank-a",verification="nightly",kind="writes"} 1"#,
            ]
        );
        there.verifications = None;
        assert_eq!(left_out(&there).len(), 5, "nobody knows which verifications there are");
    }
}
