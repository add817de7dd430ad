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

/// What `/v1/lines` says about the proof of the only line, and what is noted about it.
fn proof(bench: &Bench) -> (Option<&'static str>, Vec<String>) {
    (bench.gateway.lines()[0].proved_by, bench.gateway.notes())
}

const UNTESTED: &str = "\n[institutions.bank-a.session]\nalive_ms = 400\n";

#[tokio::test]
async fn a_line_that_nothing_tests_is_ready_with_a_note_unless_an_answer_came_lately() {
    let mut bench = Bench::new(Setup { tables: UNTESTED, ..Setup::default() }).await;
    let note = |when: &str| {
        let counts = "bank-a: line main counts as alive because it is connected";
        format!("{counts}: no answer {when}, and neither session.echo_test nor session.poll proves it")
    };
    assert_eq!(proof(&bench), (None, vec![note("has come yet")]));
    assert!(bench.gateway.troubles().is_empty(), "it is connected");
    bench.answered().await;
    until("an answer proves it", async || bench.gateway.notes().is_empty()).await;
    until("the answer is old", async || !bench.gateway.notes().is_empty()).await;
    assert_eq!(proof(&bench), (None, vec![note("came within 400 ms")]));
    assert!(bench.gateway.troubles().is_empty(), "no request came, so no answer could");
    bench.answered().await;
    until("an answer proves it again", async || bench.gateway.notes().is_empty()).await;
    bench.peer.close(0).await;
    until("a new connection is not proved", async || proof(&bench).1 == [note("has come yet")]).await;
}

const TESTED: &str = r#"
[institutions.bank-a.session]
echo_test = "EchoTest"
echo_interval_ms = 60000
echo_idle_ms = 60000
alive_ms = 500
"#;

#[tokio::test]
async fn a_line_is_ready_for_alive_ms_after_the_answer_to_an_echo_test_or_a_request() {
    let mut bench = Bench::new(Setup { tables: TESTED, ..Setup::default() }).await;
    assert_eq!(bench.gateway.troubles(), ["bank-a: no answer has come yet"]);
    bench.peer.answer_duty(b"300", b"0000").await;
    until("the echo test proves it", async || bench.gateway.troubles().is_empty()).await;
    assert_eq!(proof(&bench), (Some("echo_test"), Vec::new()));
    until("the proof is old", async || !bench.gateway.troubles().is_empty()).await;
    assert_eq!(bench.gateway.troubles(), ["bank-a: no answer came within 500 ms"]);
    assert_eq!(bench.gateway.lines()[0].links[0].state, LinkState::Up);
    assert!(bench.gateway.notes().is_empty(), "the reason says it");
    // Answers that come more often than every second are all proofs.
    let mut time = interval(Duration::from_millis(50));
    for _ in 0..30 {
        time.tick().await;
        bench.answered().await;
        until("an answer proves it", async || bench.gateway.troubles().is_empty()).await;
    }
    let proved_ms = bench.gateway.lines()[0].links[0].proved_ms.unwrap();
    assert_eq!(bench.gateway.lines()[0].links[0].incarnation, 1);
    until("the proof is old again", async || !bench.gateway.troubles().is_empty()).await;
    assert_eq!(bench.gateway.lines()[0].links[0].proved_ms, Some(proved_ms));
}

const POLLS: &str = r#"
[institutions.bank-a.session]
poll = { request = "0000" }
alive_ms = 400
"#;

#[tokio::test]
async fn polls_that_nobody_asks_for_prove_a_line_only_while_they_come() {
    let mut bench = Bench::new(Setup { tables: POLLS, ..Setup::default() }).await;
    bench.peer.send(0, b"0000").await;
    until("a poll proves it", async || bench.gateway.notes().is_empty()).await;
    until("the poll is old", async || !bench.gateway.notes().is_empty()).await;
    assert_eq!(proof(&bench).0, None);
    assert!(bench.gateway.troubles().is_empty());
}

#[tokio::test]
async fn a_line_that_has_to_be_polled_is_proved_by_polls() {
    let bench = Bench::new(Setup { tables: NOT_READY, ..Setup::default() }).await;
    assert_eq!(proof(&bench), (Some("echo_test"), Vec::new()), "the gateway tests it itself, too");
    let by_poll = "\n[institutions.bank-a.session]\npoll = { request = \"0000\" }\npolled_within_ms = 60000\n";
    let bench = Bench::new(Setup { tables: by_poll, ..Setup::default() }).await;
    assert_eq!(proof(&bench), (Some("poll"), Vec::new()));
}
