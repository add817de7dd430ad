//! Frames in a byte stream: split, glued together, and invalid.

use std::time::Duration;

use tokio::time::sleep;

use crate::harness::{Bench, Setup, outcome, until};
use crate::peer::transfer_answer;

#[tokio::test]
async fn a_frame_may_be_split_at_every_byte() {
    let mut bench = Bench::new(Setup::default()).await;
    for at in 1..300 {
        let asked = bench.ask();
        let (connection, request) = bench.peer.receive().await;
        let answer = transfer_answer(&request);
        bench.peer.send(connection, &answer[..at]).await;
        tokio::task::yield_now().await;
        if at % 50 == 0 {
            sleep(Duration::from_millis(20)).await;
        }
        bench.peer.send(connection, &answer[at..]).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered", "split at {at}");
    }
}

#[tokio::test]
async fn frames_may_be_glued_and_end_in_half_a_frame() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = [bench.ask(), bench.ask(), bench.ask()];
    let mut glued = Vec::new();
    for _ in 0..3 {
        glued.extend(transfer_answer(&bench.peer.receive().await.1));
    }
    bench.peer.send(0, &glued[..750]).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_finished()).count(), 2);
    bench.peer.send(0, &glued[750..]).await;
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
}

#[tokio::test]
async fn byte_by_byte_is_a_frame_too() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    for byte in transfer_answer(&request) {
        bench.peer.send(connection, &[byte]).await;
    }
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}

async fn check_broken(bytes: &[u8], expected: &str) {
    let mut bench = Bench::new(Setup::default()).await;
    bench.answered().await;
    let asked = bench.ask();
    let (connection, _) = bench.peer.receive().await;
    bench.peer.send(connection, bytes).await;
    let said = outcome(&asked.await.unwrap());
    assert_eq!(said, format!("unknown: the link was lost after the write: {expected}"));
    until("the link is up again", async || bench.gateway.lines()[0].links[0].incarnation == 2).await;
    bench.links_up(1).await;
    let entries = bench.entries(4).await;
    assert_eq!((entries[3].1.as_str(), &entries[3].2[..]), ("bad_frame", bytes));
    let line = bench.gateway.lines().remove(0);
    assert_eq!((line.reconnects, line.last_error.as_deref()), (1, Some(expected)));
    assert_eq!(bench.answered().await.line, Some(("main".into(), 2)));
}

#[tokio::test]
async fn rubbish_closes_the_link_and_is_shown() {
    check_broken(
        b"HTTP/1.1 400 Bad Request",
        "byte 300 of the connection: byte 0 is 48, not a digit of the frame's length",
    )
    .await;
}

#[tokio::test]
async fn a_length_over_the_maximum_closes_the_link_before_its_bytes_come() {
    check_broken(b"9999", "byte 300 of the connection: a frame of 10003 bytes is announced, at most 1000 are accepted")
        .await;
}
