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
        ("first = \"first\"", "first = \"data_code\"", "the request for missing numbers: caller: data_code"),
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

const NUMBERS: Numbering = match Numbering::new(8, 1) {
    Some(numbers) => numbers,
    None => panic!("8 digits"),
};

/// The request for missing numbers at the borders of its fields.
#[test]
fn missing_numbers_are_asked_for_up_to_the_largest_one_and_beyond_it_in_two_requests() {
    let quotes = read_text(QUOTES).0.remove("quotes").unwrap();
    let ask = quotes.ask.clone().unwrap();
    for (first, last, wanted) in [
        (1, 1, "B70RQ0000000100000001\u{ff}"),
        (99_999_999, 99_999_999, "B70RQ9999999999999999\u{ff}"),
        (1, 99_999_999, "B70RQ0000000199999999\u{ff}"),
        (99_999_998, 2, "B70RQ9999999899999999\u{ff}B70RQ0000000100000002\u{ff}"),
        (99_999_999, 1, "B70RQ9999999999999999\u{ff}B70RQ0000000100000001\u{ff}"),
    ] {
        let frames = quotes.ask_frames(&ask, NUMBERS, first, last).unwrap();
        assert_eq!(frames.iter().map(|byte| char::from(*byte)).collect::<String>(), wanted, "{first} {last}");
    }
    let refused = quotes.ask_frame(&ask, 100_000_000, 100_000_001).unwrap_err();
    assert!(refused.starts_with("caller: first "), "{refused}");
}

/// The fields of the request are shorter than the number of a telegram: the numbers of the afternoon could not be asked for.
#[test]
fn a_request_without_room_for_each_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/feed-b7/feed-b7.toml");
    let spec = std::fs::read_to_string(spec).unwrap();
    let head = spec.find("[telegrams.Resend]").unwrap();
    let (before, resend) = spec.split_at(head);
    let short = resend
        .replacen("len   = 22", "len   = 18", 1)
        .replacen("len = 8, at = 5", "len = 6, at = 5", 1)
        .replacen("len = 8, at = 13", "len = 6, at = 11", 1)
        .replacen("at = 21", "at = 17", 1);
    let path = folder.path().join("short.toml");
    std::fs::write(&path, [before, &short].concat()).unwrap();
    let text = QUOTES.replace("../specs/feed-b7/feed-b7.toml", path.to_str().unwrap());
    let report = read_text(&text).1;
    assert!(report.contains("the request for missing numbers: caller: first"), "{report}");
    assert!(report.contains("the numbers 1 to 99999999"), "{report}");
}

#[cfg(feature = "kafka")]
#[test]
fn a_topic_has_the_defaults_of_its_stream_and_mistakes_have_their_places() {
    let with = |of_stream: &str, of_topic: &str| {
        let text = QUOTES.replacen("framing", &format!("{of_stream}\nframing"), 1);
        let own = format!("[[streams.quotes.kafka]]\ntopic = \"fep.quotes\"\nbrokers = [\"kafka-1:9092\"]\n{of_topic}");
        read_text(&format!("{text}{own}"))
    };
    for (of_stream, of_topic, when_slow, buffer_events) in [
        ("", "", WhenSlow::Latest, 10_000),
        ("when_slow = \"skip\"\nbuffer_events = 7", "", WhenSlow::Skip, 7),
        ("when_slow = \"disconnect\"", "", WhenSlow::Skip, 10_000),
        ("", "when_slow = \"skip\"\nbuffer_events = 1000000", WhenSlow::Skip, 1_000_000),
    ] {
        let (streams, report) = with(of_stream, of_topic);
        assert_eq!(report, "");
        let topic = &streams["quotes"].topics[0];
        assert_eq!((topic.when_slow, topic.buffer_events), (when_slow, buffer_events));
        assert_eq!((topic.delivery_timeout, topic.every, &topic.telegrams), (Duration::from_secs(10), None, &None));
    }
    let topic = "[[streams.quotes.kafka]]\ntopic = \"fep.quotes\"\nbrokers = ";
    let again = &*format!("{topic}[\"kafka-1:9092\"]");
    assert_eq!(with("", &format!("{topic}[\"kafka-2:9092\"]")).1, "", "another cluster has a topic of its own");
    for (of_topic, wanted) in [
        ("when_slow = \"disconnect\"", "a topic is never disconnected"),
        ("telegrams = [\"Bst\"]", "the stream has no telegram `Bst`"),
        ("telegrams = []", "without telegrams nothing goes there"),
        ("every_ms = 60001", "every_ms"),
        ("every = 5", "unknown key `every`"),
        (again, "the stream goes to the topic fep.quotes already"),
    ] {
        let report = with("", of_topic).1;
        assert!(report.contains(wanted), "{of_topic}: {report}");
    }
}

/// The key of a message shows its fields to whoever reads the topic.
#[cfg(feature = "kafka")]
#[test]
fn a_secret_is_no_key_of_messages() {
    let folder = tempfile::tempdir().unwrap();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs/feed-b7/feed-b7.toml");
    let spec = std::fs::read_to_string(spec).unwrap();
    let path = folder.path().join("secret.toml");
    let text = QUOTES.replace("../specs/feed-b7/feed-b7.toml", path.to_str().unwrap());
    let own = "[[streams.quotes.kafka]]\ntopic = \"fep.quotes\"\nbrokers = [\"kafka-1:9092\"]\n";
    for (field, of) in [("board", "key"), ("sequence", "number")] {
        let at = spec.find(&format!("name = \"{field}\"")).unwrap();
        let secret = format!("{}secret = true, {}", &spec[..at], &spec[at..]);
        std::fs::write(&path, secret).unwrap();
        assert_eq!(read_text(&text).1, "", "others get `<secret>`");
        let report = read_text(&format!("{text}{own}")).1;
        let wanted = format!("the field `{field}` of `{of}` is secret, and messages would show it");
        assert!(report.contains(&wanted), "{report}");
    }
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_topic_needs_a_gateway_with_kafka() {
    let own = "[[streams.quotes.kafka]]\ntopic = \"fep.quotes\"\nbrokers = [\"kafka-1:9092\"]\n";
    let report = read_text(&format!("{QUOTES}{own}")).1;
    assert!(report.contains("this gateway was built without Kafka"), "{report}");
}

/// Two streams must not write one file, however its path is written.
#[test]
fn a_recording_belongs_to_one_stream() {
    for (one, other) in [("a.feed", "a.feed"), ("a.feed", "./src/../a.feed"), ("src/a.feed", "src//a.feed")] {
        let with = |file: &str| QUOTES.replacen("framing", &format!("recording = {{ file = \"{file}\" }}\nframing"), 1);
        let text = format!("{}{}", with(one), with(other).replacen("streams.quotes", "streams.trades", 1));
        let report = read_text(&text).1;
        assert!(report.contains("the streams quotes and trades have the same recording"), "{one} {other}: {report}");
        let text = format!("{}{}", with(one), with("b.feed").replacen("streams.quotes", "streams.trades", 1));
        assert_eq!(read_text(&text).1, "");
    }
}
