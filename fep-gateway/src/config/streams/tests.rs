//! What `[streams]` may say, and what it is told if it says something else.

use fep_spec::document::Document;
use fep_spec::report::Source;

use super::*;

const QUOTES: &str = r#"
[streams.quotes]
spec = "../specs/feed-b7/feed-b7.toml"
framing = { kind = "code-table" }
telegrams = ["Best", "Deal", "Status"]
key = ["issue", "board"]
number = "sequence"
heartbeat = { telegram = "Heartbeat", last_sent = "last_sequence" }
ask = { telegram = "Resend", first = "first", last = "last" }
feeds = [{ name = "a", connect = "10.0.0.7:9101" }]
"#;

fn read_text(text: &str) -> (BTreeMap<String, StreamConfig>, String) {
    let document = Document::new(Source::new("a.toml", text));
    let streams = document.walk(|root| {
        let streams = read(root.table("streams"), Path::new(env!("CARGO_MANIFEST_DIR")));
        root.finish();
        streams
    });
    (streams.unwrap_or_default(), document.into_report().to_string())
}

#[test]
fn a_stream_has_defaults() {
    let (streams, report) = read_text(QUOTES);
    assert_eq!(report, "");
    let quotes = &streams["quotes"];
    assert_eq!((&*quotes.label, quotes.skip_to, quotes.when_slow), ("quotes", None, WhenSlow::Latest));
    assert_eq!((quotes.consumers_max, quotes.buffer_events, quotes.buffer_events_max), (100, 10_000, 100_000));
    assert_eq!(quotes.plan().unwrap().numbering(), Numbering::new(8, 1));
    assert!(read_text("").0.is_empty());
}

#[test]
fn mistakes_have_their_places() {
    for (from, to, wanted) in [
        ("\"Status\"]", "\"Stats\"]", "feed-b7 has no telegram `Stats`"),
        ("\"Status\"]", "\"Best\"]", "`Best` stands twice"),
        ("\"issue\"", "\"isue\"", "Best: isue: there is no such field; did you mean issue?"),
        ("number = \"sequence\"", "", "`heartbeat` has a meaning only beside `number`"),
        ("number = \"sequence\"", "number = \"issue\"", "issue"),
        ("first = \"first\"", "first = \"frst\"", "the request for missing numbers"),
        ("\"last_sequence\" }", "\"last_sequence\", every = 1 }", "unknown key `every`"),
        ("10.0.0.7:9101", "10.0.0.7", "`connect` must be a host and a port"),
        ("9101\" }]", "9101\" }, { name = \"a\", connect = \"10.0.1.7:9101\" }]", "there is a feed `a` already"),
        ("framing", "skip_to = \"xff\"\nframing", "`skip_to` must be two hexadecimal digits"),
        ("framing", "when_slow = \"wait\"\nframing", "when_slow"),
        ("framing", "buffer_events_max = 10\nframing", "no consumer could have so few"),
        ("framing", "keys = [\"issue\"]\nframing", "unknown key `keys`"),
        ("feed-b7.toml", "feed-b8.toml", "feed-b8.toml"),
    ] {
        let report = read_text(&QUOTES.replacen(from, to, 1)).1;
        assert!(report.contains(wanted), "{from} -> {to}: {report}");
    }
}
