//! The table of streams in code.

use super::*;
use crate::config::WhenSlow;

#[test]
fn streams_are_configured_in_code() {
    let quotes = |key: &'static str| {
        StreamBuilder::new("../specs/feed-b7/feed-b7.toml", ["Best", "Deal", "Status"])
            .label("Best quotes")
            .framing(FramingBuilder::code_table())
            .skip_to("ff")
            .key([key, "board"])
            .number("sequence")
            .heartbeat("Heartbeat", "last_sequence")
            .ask(AskBuilder::new("Resend", "first", "last").set("data_code", "B70RQ"))
            .lost_after(ms(500))
            .consumers_max(5)
            .when_slow(WhenSlow::Disconnect)
            .recording("quotes.feed", 10)
            .feed("a", "10.0.0.7:9101")
            .feed("b", "10.0.1.7:9101")
    };
    let built = |key| ConfigBuilder::new().folder(folder()).stream("quotes", quotes(key));
    let read = &built("issue").build().unwrap().streams["quotes"];
    assert_eq!((read.feeds.len(), read.consumers_max, read.when_slow), (2, 5, WhenSlow::Disconnect));
    assert_eq!((read.buffer_events, read.buffer_events_max, read.lost_after), (10_000, 100_000, ms(500)));
    let ask = read.ask.as_ref().unwrap();
    assert_eq!(read.ask_frame(ask, 7, 12).unwrap(), b"B70RQ0000000700000012\xFF");
    check(&built("isue"), &["streams.quotes.telegrams: Best: isue: there is no such field; did you mean issue?"]);
}
