//! The institution has to poll. What follows when it does not: the link is closed, or counts as not ready.

use std::time::Duration;

use fep_gateway::exchange::LinkState;
use tokio::time::interval;

use crate::harness::{Bench, Setup, golden, until};
use crate::peer::answer_to;

const CLOSES: &str = r#"
[institutions.bank-a.session]
poll = { request = "0000", proves = false }
polled_within_ms = 1000
"#;

/// The institution sends this at each tenth of the agreed time, for twice that time.
async fn polls(bench: &mut Bench, connection: usize, poll: &[u8]) {
    let mut time = interval(Duration::from_millis(100));
    for _ in 0..20 {
        time.tick().await;
        bench.peer.send(connection, poll).await;
    }
}

#[tokio::test]
async fn a_link_without_the_institutions_polls_is_closed() {
    let mut bench = Bench::new(Setup { tables: CLOSES, ..Setup::default() }).await;
    polls(&mut bench, 0, b"0000").await;
    let line = bench.gateway.lines().remove(0);
    assert_eq!((line.links[0].incarnation, line.links[0].proved_ms), (1, None), "by contract a poll proves nothing");
    // Business goes on and is no poll.
    bench.answered().await;
    until("the link is closed", async || bench.gateway.lines()[0].last_error_code == Some("not_polled")).await;
    let why = bench.gateway.lines()[0].last_error.clone();
    assert_eq!(why.as_deref(), Some("the institution did not poll within 1000 ms"));
    until("it is connected again", async || bench.gateway.lines()[0].links[0].incarnation == 2).await;
}

const NOT_READY: &str = r#"
[institutions.bank-a.session]
echo_test = "EchoTest"
accepted = { "header.response_code" = "0000" }
echo_interval_ms = 60000
echo_idle_ms = 60000
polled_within_ms = 1000
when_unpolled = "not_ready"
"#;

#[tokio::test]
async fn a_link_without_the_institutions_polls_is_not_ready_and_carries_business() {
    let mut bench = Bench::new(Setup { tables: NOT_READY, ..Setup::default() }).await;
    bench.peer.answer_duty(b"300", b"0000").await;
    until("it is ready", async || bench.gateway.troubles().is_empty()).await;
    until("it is not ready", async || !bench.gateway.troubles().is_empty()).await;
    assert_eq!(bench.gateway.troubles(), ["bank-a: the institution does not poll as agreed"]);
    let link = bench.gateway.lines()[0].links[0].clone();
    assert_eq!((link.state, link.incarnation), (LinkState::Up, 1));
    assert!(link.unpolled_since_ms.is_some());
    bench.answered().await;
    assert!(!bench.gateway.troubles().is_empty(), "an answer is no poll");
    // The institution's own echo test is one.
    let mut theirs = golden("bank-a-sign-on.json");
    theirs[28..38].copy_from_slice(b"3001900001");
    bench.peer.send(0, &theirs).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&theirs, b"0000"));
    until("it is ready again", async || bench.gateway.troubles().is_empty()).await;
    assert_eq!(bench.gateway.lines()[0].links[0].unpolled_since_ms, None);
}
