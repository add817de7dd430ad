//! Recordings: what was recorded is replayed in its order and its time, and a file that a crash cut off is valid up to there.

use std::path::Path;
use std::time::{Duration, Instant};

use fep_stream::{Event, Policy, Receiver, Recorder, Replay, Slow, Speed};

use crate::exchange::{Exchange, bests, receiver, sees, send};

const POLICY: Policy = Policy::new(100_000, Slow::Disconnect);

/// Records three telegrams, 150 ms apart.
async fn record(path: &Path) {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    let mut recorder = Recorder::open(path, 1_000_000).unwrap();
    for number in 1..=3 {
        send(&mut line, &bests([number])).await;
        loop {
            if let Some(Event::Telegram(received)) = consumer.next().await {
                recorder.record(received).unwrap();
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    recorder.sync().unwrap();
    receiver.stop().await;
}

async fn replay(path: &Path, speed: Speed) -> (Vec<u64>, Vec<Duration>, Duration, Receiver) {
    let mut builder = receiver().source(Replay::open(path, speed).await.unwrap());
    let mut consumer = builder.consumer(POLICY);
    let begun = Instant::now();
    let mut receiver = builder.start().unwrap();
    let mut numbers = Vec::new();
    let mut times = Vec::new();
    while let Some(event) = consumer.next().await {
        if let Event::Telegram(received) = event {
            numbers.push(received.number().unwrap());
            times.push(received.received_at());
        }
    }
    receiver.ended().await;
    (numbers, times, begun.elapsed(), receiver)
}

#[tokio::test]
async fn a_recording_is_replayed_at_any_speed_with_its_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    record(&path).await;
    let (numbers, times, _, _) = replay(&path, Speed::Fastest).await;
    assert_eq!(numbers, [1, 2, 3]);
    assert!(times[1] - times[0] >= Duration::from_millis(140), "{times:?}");
    let (numbers, again, slow, _) = replay(&path, Speed::Times(0.5)).await;
    assert_eq!((numbers, &again), (vec![1, 2, 3], &times));
    // A bound from below only: twice as long as the recording.
    assert!(slow >= Duration::from_millis(560), "{slow:?}");
}

#[tokio::test]
async fn a_recording_that_a_crash_cut_off_is_valid_up_to_there_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    record(&path).await;
    let whole = std::fs::read(&path).unwrap();
    // 8 bytes of head, and three entries of 16 and 80 bytes.
    assert_eq!(whole.len(), 8 + 3 * 96);
    for len in 0..whole.len() {
        std::fs::write(&path, &whole[..len]).unwrap();
        let recorder = Recorder::open(&path, 1_000_000).unwrap();
        let entries = len.saturating_sub(8) / 96;
        assert_eq!(recorder.len(), 8 + 96 * entries as u64, "{len}");
        let left = if len < 8 { len } else { (len - 8) % 96 };
        let cut_bytes = if len < 8 { 0 } else { left as u64 };
        assert_eq!(recorder.cut_bytes(), cut_bytes, "{len}");
        drop(recorder);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 8 + 96 * entries as u64, "{len}");
    }
    // A bit that changed ends the recording there, and a replay says so.
    let mut damaged = whole.clone();
    damaged[8 + 96 + 40] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let (numbers, _, _, receiver) = replay(&path, Speed::Fastest).await;
    assert_eq!(numbers, [1]);
    assert_eq!(broken_off(&path).await, "the recording is damaged: the check of an entry is wrong");
    let trouble = receiver.counts().feeds[0].last_trouble.clone();
    assert_eq!(trouble.as_deref(), Some("the recording is damaged: the check of an entry is wrong"));
    // A whole entry stands behind the damage: no crash did that, and nothing is cut off.
    let error = Recorder::open(&path, 1_000_000).unwrap_err();
    assert!(error.to_string().contains("the check of the entry at byte 104 is wrong"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
    // The last entry may be damaged by a crash.
    let mut damaged = whole;
    damaged[8 + 2 * 96 + 40] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let recorder = Recorder::open(&path, 1_000_000).unwrap();
    assert_eq!((recorder.len(), recorder.cut_bytes()), (8 + 2 * 96, 96));
}

/// What a consumer of a recording is told about its end.
async fn broken_off(path: &Path) -> String {
    let mut builder = receiver().source(Replay::open(path, Speed::Fastest).await.unwrap());
    let mut consumer = builder.consumer(POLICY);
    let _receiver = builder.start().unwrap();
    while let Some(event) = consumer.next().await {
        if let Event::BrokenOff { feed: 0, reason } = event {
            return reason.to_string();
        }
    }
    "whole".to_owned()
}

#[tokio::test]
async fn a_speed_that_no_clock_can_follow_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    drop(Recorder::open(&path, 1_000_000).unwrap());
    for times in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        let error = Replay::open(&path, Speed::Times(times)).await.unwrap_err();
        assert!(error.to_string().starts_with("the speed of a replay is from 0.000001 to 1000000"), "{error}");
    }
    assert_eq!(broken_off(&path).await, "whole");
}

#[tokio::test]
async fn the_end_of_a_receiver_can_be_waited_for_again_and_it_can_be_stopped_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    drop(Recorder::open(&path, 1_000_000).unwrap());
    let mut receiver = receiver().source(Replay::open(&path, Speed::Fastest).await.unwrap()).start().unwrap();
    receiver.ended().await;
    receiver.ended().await;
    assert!(receiver.join(POLICY).await.is_err());
    receiver.stop().await;
}

#[tokio::test]
async fn a_recording_is_no_longer_than_its_limit_and_other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    record(&path).await;
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let _receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, &bests([4])).await;
    sees(&mut consumer, &["snapshot 0 0 0"]).await;
    let Some(Event::Telegram(received)) = consumer.next().await else { unreachable!("a telegram") };
    let mut recorder = Recorder::open(&path, 300).unwrap();
    let error = recorder.record(received).unwrap_err();
    assert_eq!(error.to_string(), "the recording has 296 of at most 300 bytes");
    recorder.flush().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 296);
    let other = folder.path().join("notes.txt");
    std::fs::write(&other, "not a recording").unwrap();
    assert!(Recorder::open(&other, 1_000_000).unwrap_err().to_string().contains("is no recording"));
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "not a recording");
    assert!(Replay::open(&other, Speed::Fastest).await.is_err());
}
