//! Separate lines for each direction: what happens while no answer could arrive.

use super::connections::{on, pair, writes};
use super::*;

/// A second connection of the line.
fn again(line: usize) -> Incarnation {
    Incarnation { number: 2, ..on(line) }
}

fn policy(sign_on: bool) -> SessionPolicy {
    let echo_interval = 30 * SECOND;
    let echo_idle = 20 * SECOND;
    SessionPolicy { sign_on, echo_test: true, echo_interval, echo_idle, ..SessionPolicy::default() }
}

fn texts(bench: &mut Bench) -> Vec<String> {
    writes(bench).into_iter().map(|(_, text)| text).collect()
}

/// A pair whose send line is proved by an echo test, 10 s after its connection.
fn proved() -> Bench {
    let mut bench = pair(LineDuty::Receive, policy(false));
    bench.machine.connected(on(1), at(Duration::ZERO));
    bench.machine.tick(at(Duration::ZERO));
    assert_eq!(texts(&mut bench), ["ECHO:0001"]);
    bench.receive(on(1), "ECHO-OK:0001");
    bench.at(10 * SECOND);
    bench.done.clear();
    bench
}

fn lose_receiving(bench: &mut Bench) {
    bench.machine.lost(on(1), &closed("gone"), &[], at(bench.now));
    bench.run();
    bench.done.clear();
}

#[test]
fn a_sign_on_that_no_answer_could_reach_closes_nothing_and_is_repeated_when_one_can() {
    let mut bench = pair(LineDuty::Receive, policy(true));
    // It was sent when the send line was connected: some institutions connect the other line only then.
    bench.at(60 * SECOND);
    bench.expect(&[]);
    bench.machine.connected(on(1), at(bench.now));
    assert_eq!(texts(&mut bench), ["ON:0002"]);
    bench.receive(on(1), "ON-OK:0002");
    bench.expect(&["answer", "link 0 Up"]);
    assert_eq!(bench.machine.request(Priority::Customer, bench.now, at(bench.now)).map(drop), Ok(()));
}

/// The simulation found it with the seed 3019.
#[test]
fn a_sign_on_that_no_answer_could_reach_is_repeated_when_its_place_is_free() {
    let mut settings = settings(1, policy(true));
    settings.lines[0] = LineSettings { duty: LineDuty::Send, window: 1, holds_overdue: true, ..settings.lines[0] };
    settings.lines.push(LineSettings { duty: LineDuty::Receive, listens: true, ..settings.lines[0] });
    let mut bench = Bench::with(settings);
    bench.machine.connected(on(0), at(Duration::ZERO));
    bench.run();
    assert!(bench.done.contains(&"0.1 < ON:0001".to_owned()), "{:?}", bench.done);
    bench.done.clear();
    bench.at(10 * SECOND);
    bench.machine.connected(on(1), at(bench.now));
    assert_eq!(texts(&mut bench), [""; 0], "the first one may still be answered, and holds the only place");
    bench.done.clear();
    bench.machine.received(on(1), TelegramBytes::copy_of(b"ON-OK:0001"), at(bench.now));
    assert_eq!(texts(&mut bench), ["ON:0002"]);
    bench.receive(on(1), "ON-OK:0002");
    bench.expect(&["answer", "link 0 Up"]);
}

#[test]
fn a_sign_on_that_could_be_answered_and_was_not_closes_the_link_as_ever() {
    let mut bench = pair(LineDuty::Receive, policy(true));
    bench.machine.connected(on(1), at(SECOND));
    assert_eq!(texts(&mut bench), ["ON:0002"]);
    bench.done.clear();
    bench.at(7 * SECOND);
    bench.expect(&["close 0: sign-on: no answer within 5000 ms"]);
}

/// The sign-on of the first connection was not answered, so the line that sends was connected again. Nothing was answered since.
fn unanswered_once() -> Bench {
    let mut bench = pair(LineDuty::Receive, policy(true));
    bench.machine.connected(on(1), at(SECOND));
    bench.run();
    bench.at(7 * SECOND);
    bench.machine.lost(on(0), &CloseReason::ByUs, &[], at(bench.now));
    bench.run();
    bench.at(10 * SECOND);
    bench.machine.connected(again(0), at(bench.now));
    assert_eq!(texts(&mut bench).last().map(String::as_str), Some("ON:0003"));
    bench.done.clear();
    bench
}

#[test]
fn a_line_that_receives_and_does_not_deliver_is_closed_when_the_second_duty_is_not_answered() {
    let mut bench = unanswered_once();
    // What the institution sends on its own does not show that its answers come, too.
    bench.receive(on(1), "ECHO:9001");
    bench.done.clear();
    bench.at(16 * SECOND);
    let reason = "two sign-ons or echo tests in a row got no answer on this line, on which the answers come";
    bench.expect(&[&format!("close 0: {reason}"), "close 0: sign-on: no answer within 5000 ms"]);
    assert_eq!(CloseReason::NoAnswersCame.code(), "no_answers_came");
}

#[test]
fn a_line_that_receives_keeps_its_connection_if_it_is_new_or_delivered_an_answer() {
    let mut bench = unanswered_once();
    lose_receiving(&mut bench);
    bench.at(11 * SECOND);
    bench.machine.connected(again(1), at(bench.now));
    bench.run();
    bench.done.clear();
    bench.at(17 * SECOND);
    bench.expect(&["close 0: sign-on: no answer within 5000 ms"]);

    let mut bench = unanswered_once();
    bench.receive(on(1), "ON-OK:0003");
    bench.machine.tick(at(bench.now));
    assert_eq!(texts(&mut bench).last().map(String::as_str), Some("ECHO:0004"));
    bench.done.clear();
    bench.at(16 * SECOND);
    bench.expect(&["close 0: echo test: no answer within 5000 ms"]);
}

#[test]
fn while_no_line_receives_silence_says_nothing_about_the_line_that_sends() {
    let mut bench = proved();
    bench.at(20 * SECOND);
    bench.expect(&["0.1 < ECHO:0002"]);
    lose_receiving(&mut bench);
    bench.at(26 * SECOND);
    bench.expect(&["link 0 Listening", "connect 0.2"]);
    bench.at(200 * SECOND);
    bench.expect(&["1 forgotten", "2 forgotten"]);
    assert_eq!(bench.request(), Err("no line that receives is up: read: gone".to_owned()));
    // The former proof was about the former connection.
    bench.machine.connected(again(1), at(bench.now));
    bench.machine.tick(at(bench.now));
    assert_eq!(texts(&mut bench), ["ECHO:0003"]);
    bench.at(205 * SECOND);
    bench.expect(&["close 0: echo test: no answer within 5000 ms"]);
}

#[test]
fn a_request_that_is_not_written_when_the_receiving_line_goes_is_not_sent() {
    let mut bench = proved();
    let ticket = bench.machine.request(Priority::Customer, bench.now, at(bench.now)).unwrap();
    let Some(Action::Journal(_)) = bench.machine.next_action() else { panic!("the journal comes first") };
    bench.machine.lost(on(1), &closed("gone"), &[], at(bench.now));
    bench.machine.journaled(ticket, Ok(()), at(bench.now));
    bench.run();
    bench.expect(&["link 0 Down", "2 not sent: no line that receives is up: read: gone"]);
}

#[test]
fn what_was_written_waits_for_its_answer_on_the_next_connection() {
    let mut bench = proved();
    bench.request().unwrap();
    bench.request().unwrap();
    lose_receiving(&mut bench);
    bench.at(11 * SECOND);
    bench.machine.connected(again(1), at(bench.now));
    bench.run();
    bench.done.clear();
    bench.receive(again(1), "ANS:0002");
    bench.expect(&["answer", "2 answered"]);
    bench.at(15 * SECOND);
    bench.receive(again(1), "ANS:0003");
    assert_eq!(
        bench.done.split_off(bench.done.len() - 3),
        ["3 unknown: no answer within 5000 ms", "late", "3 settled"]
    );
}

#[test]
fn the_institution_polls_on_the_line_on_which_it_sends() {
    let polled = SessionPolicy { polled_within: Some(60 * SECOND), closes_unpolled: true, ..policy(false) };
    let mut bench = pair(LineDuty::Receive, polled);
    bench.machine.connected(on(1), at(Duration::ZERO));
    bench.run();
    bench.at(50 * SECOND);
    // Their echo test is a poll, too.
    for (poll, silent_until) in [("POLL:", 109), ("ECHO:9001", 168)] {
        bench.receive(on(1), poll);
        bench.now = silent_until * SECOND;
        bench.machine.tick(at(bench.now));
        assert!(!writes(&mut bench).iter().any(|(line, _)| *line == 1), "nothing is written where they send");
    }
    bench.done.clear();
    bench.at(169 * SECOND);
    let closes: Vec<_> = bench.done.iter().filter(|line| line.starts_with("close")).cloned().collect();
    assert_eq!(closes, ["close 0: the institution did not poll within 60000 ms"]);
    assert_eq!(bench.machine.state(on(0).link), LinkState::Up, "nobody polls where we send");
}

#[test]
fn their_sign_on_on_their_line_does_not_answer_ours() {
    let mut bench = pair(LineDuty::Receive, policy(true));
    bench.machine.connected(on(1), at(Duration::ZERO));
    bench.run();
    bench.done.clear();
    bench.receive(on(1), "ON:9001");
    bench.expect(&["duty", "0.1 < ON:9001-accepted"]);
    bench.request().unwrap_err();
    bench.receive(on(1), "ON-OK:0002");
    bench.done.clear();
    // Their sign-off stops what we send, and their next sign-on opens it again.
    bench.receive(on(1), "OFF:9002");
    bench.receive(on(1), "ON:9003");
    let links: Vec<_> = bench.done.iter().filter(|line| line.starts_with("link")).cloned().collect();
    assert_eq!(links, ["link 0 SigningOff", "link 0 Up"]);
}
