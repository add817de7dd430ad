//! The streams of a gateway from inside: those that a reload stops, with a recording whose disk is stuck. Feeds and consumers over real connections are in
//! `tests/shell`.

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::config::build::{ConfigBuilder, FramingBuilder, StreamBuilder};

/// How long the end of a recording is waited for here.
const END_MAX: Duration = Duration::from_millis(200);

#[tokio::test]
async fn streams_that_end_together_wait_together() {
    const STREAMS: usize = 20;
    let quotes = StreamBuilder::new("../specs/feed-b7/feed-b7.toml", ["Best"])
        .framing(FramingBuilder::code_table())
        .feed("a", "127.0.0.1:1");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = ConfigBuilder::new().folder(folder).stream("quotes", quotes).build().unwrap();
    let streams = Streams::default();
    for number in 0..STREAMS {
        let name = format!("quotes-{number}");
        let mut stream = Stream::start(&name, &config.streams["quotes"], &CancellationToken::new()).unwrap();
        stream.recording = Some(Recording::stuck(END_MAX));
        streams.lock().insert(name, Arc::new(stream));
    }
    let begun = Instant::now();
    assert!(streams.apply(&BTreeMap::new()).await.is_empty());
    let took = begun.elapsed();
    assert!(took >= END_MAX && took < END_MAX * 10, "{STREAMS} streams took {took:?}");
    assert!(streams.all().is_empty());
}

/// Two instruments never have the same key of messages, also if their names have what stands between fields.
#[cfg(feature = "kafka")]
#[test]
fn an_instrument_has_a_key_of_its_own() {
    let quotes = |key: &[&str]| {
        let quotes = StreamBuilder::new("../specs/feed-b7/feed-b7.toml", ["Best"])
            .framing(FramingBuilder::code_table())
            .key(key.iter().copied())
            .feed("a", "127.0.0.1:1");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        ConfigBuilder::new().folder(folder).stream("quotes", quotes).build().unwrap().streams["quotes"].clone()
    };
    let both = Kinds::new(&quotes(&["issue", "board"]));
    let telegram = |issue: &[u8; 12], board: &[u8; 2]| [b"B701S00000001", &issue[..], &board[..], &[b'0'; 53]].concat();
    for (issue, board, wanted) in [
        (b"KR7005930003", b"G1", "KR7005930003|G1"),
        (b"A           ", b"G1", "A|G1"),
        (b"A|G1        ", b"  ", "A%7cG1|"),
        (b"A%7c        ", b"G1", "A%257c|G1"),
    ] {
        assert_eq!(both.instrument(0, &telegram(issue, board)), wanted);
    }
    let unreadable = both.instrument(0, &telegram(b"\xFF\xFE          ", b"G1"));
    assert!(unreadable.starts_with("%ff%fe%20"), "{unreadable}");
    assert_eq!(Kinds::new(&quotes(&[])).instrument(0, &telegram(b"KR7005930003", b"G1")), "Best");
}
