//! Sessions on real lines: sign-on, echo tests in both directions, sign-off, limits.

use std::time::Duration;

use fep_gateway::exchange::{Event, LinkState};
use tokio::time::timeout;

use crate::harness::{Bench, SESSION, Setup, golden, outcome, until};
use crate::peer::{PATIENCE, answer_to, transfer_answer};
use crate::ports::listens;

fn session() -> Setup {
    Setup { tables: SESSION, ..Setup::default() }
}

#[tokio::test]
async fn nothing_is_sent_before_sign_on_was_accepted() {
    let mut bench = Bench::new(session()).await;
    let early = bench.ask().await.unwrap();
    assert_eq!(outcome(&early), "not sent: no line is up");
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    bench.answered().await;
}

#[tokio::test]
async fn a_refused_sign_on_is_the_reason_and_is_tried_again() {
    let mut bench = Bench::new(session()).await;
    bench.peer.sign_on(1, b"0003").await;
    until("the refusal is known", async || bench.gateway.lines()[0].last_error.is_some()).await;
    let said = outcome(&bench.ask().await.unwrap());
    let why = "not sent: no line is up: sign-on was refused: header.response_code is 0003, not 0000";
    assert_eq!(said, why);
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    bench.answered().await;
}

#[tokio::test]
async fn their_sign_on_opens_business_and_is_answered() {
    let mut bench = Bench::new(session()).await;
    let (connection, _ours) = bench.peer.receive().await;
    let mut theirs = golden("bank-a-sign-on.json");
    theirs[32..38].copy_from_slice(b"900001");
    bench.peer.send(connection, &theirs).await;
    let (_, answer) = bench.peer.receive().await;
    assert_eq!(String::from_utf8_lossy(&answer), String::from_utf8_lossy(&answer_to(&theirs, b"0000")));
    bench.peer.answer_duty(b"300", b"0000").await;
    bench.links_up(1).await;
    bench.answered().await;
}

const ECHO: &str = r#"
[institutions.bank-a.session]
sign_on = "SignOn"
echo_test = "EchoTest"
accepted = { "header.response_code" = "0000" }
echo_interval_ms = 150
echo_idle_ms = 100
echo_timeout_ms = 300
"#;

#[tokio::test]
async fn echo_tests_go_both_ways_and_silence_loses_the_link() {
    let mut bench = Bench::new(Setup { tables: ECHO, ..Setup::default() }).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let (connection, echo) = bench.peer.receive().await;
    assert_eq!(&echo[24..31], b"0800300");
    bench.peer.send(connection, &answer_to(&echo, b"0000")).await;
    until("the round trip is shown", async || bench.gateway.lines()[0].links[0].echo_round_trip_us.is_some()).await;

    let mut theirs = golden("bank-a-sign-on.json");
    theirs[28..38].copy_from_slice(b"3001900002");
    bench.peer.send(connection, &theirs).await;
    let mut silent = false;
    loop {
        let (_, frame) = bench.peer.receive().await;
        if frame[24..28] == *b"0810" {
            assert_eq!(frame, answer_to(&theirs, b"0000"));
            break;
        }
        assert!(!silent, "one echo test at a time");
        silent = true;
    }
    let line = async || bench.gateway.lines().remove(0);
    until("the link is given up", async || line().await.reconnects == 1).await;
    assert_eq!(line().await.last_error.as_deref(), Some("echo test: no answer within 300 ms"));
}

#[tokio::test]
async fn stopping_lets_what_is_in_flight_end_and_signs_off() {
    let mut bench = Bench::new(session()).await;
    bench.peer.sign_on(1, b"0000").await;
    bench.links_up(1).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let gateway = bench.gateway.clone();
    let stop = tokio::spawn(async move { gateway.stop().await });
    until("it is stopping", async || {
        outcome(&bench.ask().await.unwrap())
            == "not sent: the gateway is stopping, or a reload starts this institution anew"
    })
    .await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
    let (connection, sign_off) = bench.peer.receive().await;
    assert_eq!(&sign_off[24..31], b"0800200");
    bench.peer.send(connection, &answer_to(&sign_off, b"0000")).await;
    timeout(PATIENCE, stop).await.expect("it stops").unwrap();
    assert!(bench.gateway.lines()[0].links.iter().all(|link| link.state == LinkState::Down));
    assert!(listens(bench.peer.port).await);
}

#[tokio::test]
async fn the_line_shows_how_many_are_in_flight() {
    let setup = Setup { institution: "inflight_max = 2", ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    let asked = [bench.ask(), bench.ask()];
    let requests = [bench.peer.receive().await, bench.peer.receive().await];
    assert_eq!(bench.gateway.lines()[0].inflight, 2);
    for (connection, request) in &requests {
        bench.peer.send(*connection, &transfer_answer(request)).await;
    }
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }
    assert_eq!(bench.gateway.lines()[0].inflight, 0);
}

#[tokio::test]
async fn subscribers_hear_of_exchanges_and_lines() {
    let mut bench = Bench::new(Setup::default()).await;
    let mut events = bench.gateway.subscribe();
    let exchange = bench.answered().await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let event = timeout(Duration::from_secs(5), events.recv()).await.unwrap().unwrap();
        if let Event::Exchange(event) = event {
            heard.push((event.id, outcome(&event)));
        }
    }
    assert_eq!(heard, [(exchange.id, "running".to_owned()), (exchange.id, "answered".to_owned())]);
    bench.peer.close(0).await;
    let down = async {
        loop {
            if let Event::Line(line) = events.recv().await.unwrap()
                && line.links[0].state == LinkState::Down
            {
                return line;
            }
        }
    };
    let line = timeout(PATIENCE, down).await.unwrap();
    assert_eq!(line.last_error.as_deref(), Some("the institution closed the connection"));
}

#[tokio::test]
async fn stopping_ends_though_the_journal_takes_no_writes() {
    let setup = Setup { institution: "answer_timeout_ms = 60000\ndrain_max_ms = 200", ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let other = rusqlite::Connection::open(bench.journal()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    bench.peer.send(connection, &transfer_answer(&request)).await;
    timeout(PATIENCE, bench.gateway.stop()).await.expect("it stops");
    let exchange = timeout(PATIENCE, asked).await.expect("the caller is told").unwrap();
    assert_eq!((outcome(&exchange).as_str(), exchange.journaled), ("answered", false));
}

#[tokio::test]
async fn who_stops_a_second_time_waits_for_the_first() {
    let mut bench = Bench::new(Setup::default()).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let stop = || {
        let gateway = bench.gateway.clone();
        tokio::spawn(async move { gateway.stop().await })
    };
    let first = stop();
    let second = stop();
    until("it is stopping", async || {
        outcome(&bench.ask().await.unwrap())
            == "not sent: the gateway is stopping, or a reload starts this institution anew"
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!first.is_finished() && !second.is_finished(), "something is in flight");
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let exchange = asked.await.unwrap();
    timeout(PATIENCE, async { (first.await.unwrap(), second.await.unwrap()) }).await.expect("both end");
    assert_eq!(outcome(&bench.gateway.find(&exchange.id).await.unwrap().unwrap()), "answered", "in the journal");
}

#[tokio::test]
async fn a_journal_that_hangs_delays_no_request_beyond_its_time() {
    let setup = Setup { institution: "answer_timeout_ms = 600", ..Setup::default() };
    let mut bench = Bench::new(setup).await;
    let other = rusqlite::Connection::open(bench.journal()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = bench.ask();
    // Shorter than the time that SQLite waits for the lock, longer than a request may take until it is written to the line.
    tokio::time::sleep(Duration::from_millis(600)).await;
    other.execute_batch("ROLLBACK").unwrap();
    let said = outcome(&asked.await.unwrap());
    assert_eq!(said, "not sent: it could not be started within 300 ms: the journal had not taken it");
    assert!(bench.peer.is_quiet().await);
}
