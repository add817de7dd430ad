//! A thousand lines, and thousands of requests in flight.
//!
//! `FEP_MANY` is the number of requests in flight: 10000 by hand. It is a program of its own, because it would slow down tests beside it
//! that measure time.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

#[allow(dead_code, reason = "the tests in `engine` use the rest of it")]
#[path = "../engine/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the tests in `engine` use the rest of it")]
#[path = "../engine/peer.rs"]
mod peer;
#[path = "../engine/ports.rs"]
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod ports;

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_gateway::exchange::LinkState;
use fep_gateway::gateway::StandInOnly;

use crate::harness::{Setup, config_with, outcome, start, transfer, until};
use crate::peer::{Peer, transfer_answer};

const LINES: usize = 1000;

/// How many requests are passed on before the institution has received them.
const WAVE: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_lines_carry_thousands_of_requests_in_flight() {
    let many = std::env::var("FEP_MANY").ok().map_or(2000, |many| many.parse().unwrap());
    let mut peer = Peer::start().await;
    let mut lines = String::new();
    for number in 0..LINES {
        let port = peer.port;
        writeln!(lines, "[[institutions.bank-a.lines]]\nname = \"line-{number}\"\nconnect = \"127.0.0.1:{port}\"")
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let institution = "answer_timeout_ms = 120000\ninflight_max = 100000\n";
    let tables = "[institutions.bank-a.flow]\nadaptive = false\n";
    let setup = Setup { institution, tables, ..Setup::default() };
    let began = Instant::now();
    let config = config_with(&folder.path().join("journal.sqlite"), &setup, &lines);
    let gateway = start(config, Arc::new(StandInOnly)).await;
    until("all lines are up", async || gateway.lines().iter().all(|line| line.links[0].state == LinkState::Up)).await;
    let connected = began.elapsed();
    let mut asked = Vec::new();
    let mut requests = Vec::new();
    while asked.len() < many {
        for _ in 0..WAVE.min(many - asked.len()) {
            let gateway = gateway.clone();
            asked.push(tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await }));
        }
        while requests.len() < asked.len() {
            requests.push(peer.receive().await);
        }
    }
    let inflight = gateway.lines().iter().map(|line| line.inflight).sum::<usize>();
    let most = gateway.lines().iter().map(|line| line.inflight).max().unwrap();
    assert_eq!((inflight, most), (many, many.div_ceil(LINES)), "spread evenly over the lines");
    let sent = began.elapsed();
    for (connection, request) in &requests {
        peer.send(*connection, &transfer_answer(request)).await;
    }
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap().unwrap()), "answered");
    }
    let ms = |time: Duration| time.as_millis();
    println!(
        "{LINES} lines up after {} ms, {many} in flight after {} ms, answered after {} ms",
        ms(connected),
        ms(sent),
        ms(began.elapsed())
    );
    gateway.stop().await;
}
