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
        let mut stream = Stream::start(&name, &config.streams["quotes"]).unwrap();
        stream.recording = Some(Recording::stuck(END_MAX));
        streams.lock().insert(name, Arc::new(stream));
    }
    let begun = Instant::now();
    assert!(streams.apply(&BTreeMap::new()).await.is_empty());
    let took = begun.elapsed();
    assert!(took >= END_MAX && took < END_MAX * 10, "{STREAMS} streams took {took:?}");
    assert!(streams.all().is_empty());
}
