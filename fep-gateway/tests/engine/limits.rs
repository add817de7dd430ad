//! Limits: places in flight, the rate, the queue in front of them, and the breaker.

use std::time::{Duration, Instant};

use fep_gateway::exchange::Exchange;
use tokio::task::JoinHandle;

use crate::harness::{Bench, Setup, outcome, until};
use crate::peer::transfer_answer;

fn limited(institution: &'static str, tables: &'static str) -> Setup {
    Setup { links: 1, institution, tables }
}

/// Answers this number of requests, each as soon as it comes.
async fn answer(bench: &mut Bench, requests: usize) {
    for _ in 0..requests {
        let (connection, request) = bench.peer.receive().await;
        bench.peer.send(connection, &transfer_answer(&request)).await;
    }
}

async fn all(asked: Vec<JoinHandle<Exchange>>) -> Vec<String> {
    let mut ends = Vec::new();
    for asked in asked {
        ends.push(outcome(&asked.await.unwrap()));
    }
    ends
}

#[tokio::test]
async fn a_window_of_one_serves_twenty_callers_one_after_the_other() {
    let mut bench = Bench::new(limited("inflight_max = 1", "")).await;
    let asked: Vec<_> = (0..20).map(|_| bench.ask()).collect();
    for served in 0..20 {
        let (connection, request) = bench.peer.receive().await;
        if served == 0 {
            assert!(bench.peer.is_quiet().await, "two requests are in flight");
        }
        // The numbers are given when a request starts, so they are in the order on the line.
        assert_eq!(request[32..38], *format!("{:06}", served + 1).as_bytes());
        bench.peer.send(connection, &transfer_answer(&request)).await;
    }
    assert!(all(asked).await.iter().all(|end| end == "answered"));
}

#[tokio::test]
async fn who_waits_until_its_deadline_is_not_sent() {
    let mut bench = Bench::new(limited("inflight_max = 1\nanswer_timeout_ms = 300", "")).await;
    let first = bench.ask();
    let (_, request) = bench.peer.receive().await;
    let second = bench.ask().await.unwrap();
    let why = "not sent: the limits of the institution let it not start within 300 ms";
    assert_eq!((outcome(&second).as_str(), second.reason_code.as_deref()), (why, Some("waited_too_long")));
    assert_eq!(bench.gateway.find(&second.id).await.unwrap(), Some(second));
    let first = first.await.unwrap();
    assert_eq!(outcome(&first), "unknown: no answer within 300 ms");
    // The institution may still work on the first one, so its place is not free before its late answer.
    assert_eq!(outcome(&bench.ask().await.unwrap()), why);
    bench.peer.send(0, &transfer_answer(&request)).await;
    bench.settled(&first.id).await;
    bench.answered().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let flow = "[institutions.bank-a.flow]\nqueue_max = 1";
    let mut bench = Bench::new(limited("inflight_max = 1", flow)).await;
    let first = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let two = [bench.ask(), bench.ask()];
    until("one is refused", async || two.iter().any(JoinHandle::is_finished)).await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    answer(&mut bench, 1).await;
    assert_eq!(outcome(&first.await.unwrap()), "answered");
    let mut ends = all(two.into()).await;
    ends.sort();
    assert_eq!(ends, ["answered", "not sent: 1 requests wait for their turn already"]);
}

#[tokio::test]
async fn a_rate_that_is_used_up_is_known_at_once() {
    let flow = "[institutions.bank-a.flow]\nrate_max = 3\nrate_window_ms = 3600000";
    let mut bench = Bench::new(limited("", flow)).await;
    for _ in 0..3 {
        bench.answered().await;
    }
    let fourth = bench.ask().await.unwrap();
    assert_eq!(fourth.reason_code.as_deref(), Some("rate_limit"), "{}", outcome(&fourth));
    assert!(bench.peer.is_quiet().await);
}

#[tokio::test]
async fn requests_wait_for_the_rate() {
    let flow = "[institutions.bank-a.flow]\nrate_max = 3\nrate_window_ms = 300";
    let mut bench = Bench::new(limited("", flow)).await;
    let started = Instant::now();
    let asked: Vec<_> = (0..9).map(|_| bench.ask()).collect();
    answer(&mut bench, 9).await;
    assert!(all(asked).await.iter().all(|end| end == "answered"));
    assert!(started.elapsed() >= Duration::from_millis(600), "nine telegrams need three windows");
}
