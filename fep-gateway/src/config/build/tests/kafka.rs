//! Tables about Kafka in code.

use super::*;

#[test]
fn events_are_configured_in_code() {
    let cluster = ClusterBuilder::new("main", ["kafka-1:9092"]).delivery_timeout(ms(1500));
    let events = EventsBuilder::new("fep.events").fields(false).alarm_after(ms(900)).cluster(cluster);
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let config = bank(line()).events(events.clone()).build().unwrap();
    let read = config.events.unwrap();
    assert_eq!((read.topic.as_str(), read.fields, read.alarm_after), ("fep.events", false, ms(900)));
    assert_eq!(read.clusters[0].delivery_timeout, ms(1500));
    check(
        &bank(line()).events(events.by_account()),
        &["events.order: `order = \"account\"` needs an encrypted journal"],
    );
}

#[test]
fn requests_from_topics_are_configured_in_code() {
    let requests = RequestsBuilder::new("in", "fep").caller("batch").results("out").dead_letters("dead");
    let retry = RetryTopicBuilder::new("again", ms(5));
    let requests = requests.retry(retry).in_flight_max(9).cluster(ClusterBuilder::new("main", ["kafka-1:9092"]));
    let line = || LineBuilder::connect("main", "10.0.0.7:9001");
    let read = bank(line()).requests(requests.clone()).build().unwrap().requests.unwrap();
    assert_eq!((read.topic.as_str(), read.in_flight_max, read.retries[0].delay), ("in", 9, ms(5)));
    check(&bank(line()).requests(requests.results("in")), &["requests.results: the topic \"in\" is used twice"]);
}

#[test]
fn topics_of_streams_are_configured_in_code() {
    let topic = StreamTopicBuilder::new("fep.quotes", ["kafka-1:9092"]).telegrams(["Best"]).every(ms(200));
    let quotes = StreamBuilder::new("../specs/feed-b7/feed-b7.toml", ["Best"])
        .framing(FramingBuilder::code_table())
        .feed("a", "10.0.0.7:9101")
        .topic(topic.delivery_timeout(ms(1500)).buffer_events(7));
    let read =
        &ConfigBuilder::new().folder(folder()).stream("quotes", quotes).build().unwrap().streams["quotes"].topics[0];
    assert_eq!((read.topic.as_str(), read.every, read.buffer_events), ("fep.quotes", Some(ms(200)), 7));
    assert_eq!(read.telegrams, Some(BTreeSet::from(["Best".to_owned()])));
}
