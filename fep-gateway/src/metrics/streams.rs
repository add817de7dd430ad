//! The numbers of the streams of market data. A receiver counts for itself and from 0, and counters of the process only grow: so what was counted since
//! the page was written last is added.

use std::sync::Arc;

use fep_stream::{Counts, FeedCounts};
use metrics::{counter, gauge};

use super::number;
use crate::streams::Stream;
use crate::streams::status::StreamTopicStatus;

/// Sets the numbers of the streams that run.
pub(crate) fn show_streams(streams: &[Arc<Stream>]) {
    for stream in streams {
        let (now, before) = stream.counted();
        let name = stream.name();
        sequence(name, &now, &before);
        let of_before = before.feeds.iter().map(Some).chain(std::iter::repeat(None));
        for ((own, now), before) in stream.config().feeds.iter().zip(&now.feeds).zip(of_before) {
            feed([("stream", name.to_owned()), ("feed", own.name.clone())], now, before);
        }
        if let Some(recording) = stream.recording() {
            gauge!("fep_stream_recording_up", "stream" => name.to_owned()).set(f64::from(u8::from(recording.is_open)));
            let holes = counter!("fep_stream_recording_holes_total", "stream" => name.to_owned());
            holes.increment(stream.new_holes().unwrap_or_default());
        }
        stream.counted_topics().iter().for_each(|(now, before)| topic(name, now, before));
        let (consumers, waiting) = stream.consumers();
        gauge!("fep_stream_consumers", "stream" => name.to_owned()).set(number(consumers));
        gauge!("fep_stream_waiting_max", "stream" => name.to_owned()).set(number(waiting));
    }
}

fn sequence(stream: &str, now: &Counts, before: &Counts) {
    let grown = |name: &'static str, of: fn(&Counts) -> u64| {
        counter!(name, "stream" => stream.to_owned()).increment(of(now).saturating_sub(of(before)));
    };
    grown("fep_stream_events_total", |counts| counts.next);
    grown("fep_stream_gaps_total", |counts| counts.sequence.gaps);
    grown("fep_stream_asks_total", |counts| counts.sequence.asked);
    grown("fep_stream_lost_total", |counts| counts.sequence.lost);
    grown("fep_stream_stray_total", |counts| counts.sequence.stray);
    grown("fep_stream_too_slow_total", |counts| counts.too_slow);
}

fn topic(stream: &str, now: &StreamTopicStatus, before: &StreamTopicStatus) {
    let labels = [("stream", stream.to_owned()), ("topic", now.topic.clone())];
    gauge!("fep_stream_topic_up", &labels).set(f64::from(u8::from(now.trouble.is_none())));
    gauge!("fep_stream_topic_waiting", &labels).set(number(now.waiting));
    let grown = |name: &'static str, of: fn(&StreamTopicStatus) -> u64| {
        counter!(name, &labels).increment(of(now).saturating_sub(of(before)));
    };
    grown("fep_stream_topic_messages_total", |topic| topic.taken);
    grown("fep_stream_topic_missed_total", |topic| topic.missed);
    grown("fep_stream_topic_refused_total", |topic| topic.refused);
}

fn feed(labels: [(&'static str, String); 2], now: &FeedCounts, before: Option<&FeedCounts>) {
    gauge!("fep_stream_feed_up", &labels).set(f64::from(u8::from(now.is_connected)));
    let grown = |name: &'static str, of: fn(&FeedCounts) -> u64| {
        counter!(name, &labels).increment(of(now).saturating_sub(before.map_or(0, of)));
    };
    grown("fep_stream_frames_total", |counts| counts.frames);
    grown("fep_stream_unreadable_total", |counts| counts.unplanned);
    grown("fep_stream_dropped_bytes_total", |counts| counts.dropped_bytes);
}
