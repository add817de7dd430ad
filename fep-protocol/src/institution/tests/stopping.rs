//! Stopping: what still ends, and how the links are closed.

use super::*;

#[test]
fn stopping_drains_signs_off_and_closes() {
    let mut bench = Bench::new(1, SessionPolicy { sign_off: true, ..SessionPolicy::default() });
    bench.request().unwrap();
    bench.done.clear();
    bench.machine.leave(SECOND, at(SECOND));
    bench.run();
    bench.expect(&[]);
    assert_eq!(bench.request(), Err("the gateway is stopping, or a reload starts this institution anew".to_owned()));
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.receive(incarnation_of(0, 1), "OFF-OK:0002");
    bench.machine.lost(incarnation_of(0, 1), &closed("closed"), &[], at(SECOND));
    bench.run();
    let closing = ["link 0 SigningOff", "0.1 < OFF:0002", "answer", "close 0: signed off", "link 0 Down", "stopped"];
    bench.expect(&[&["answer", "1 answered"][..], &closing].concat());
}

/// The institution waited for the answer to a notice first, so the time for draining is nearly over. The sign-off has its whole time.
#[test]
fn a_sign_off_has_its_time_however_long_ago_the_stop_was() {
    let mut bench = Bench::new(1, SessionPolicy { sign_off: true, ..SessionPolicy::default() });
    bench.done.clear();
    bench.now = 30 * SECOND;
    bench.machine.leave(SECOND, at(bench.now));
    bench.run();
    bench.expect(&["link 0 SigningOff", "0.1 < OFF:0001"]);
    bench.at(bench.now);
    bench.expect(&[]);
    bench.at(32 * SECOND);
    bench.expect(&["close 0: the gateway stopped"]);
}

#[test]
fn stopping_waits_no_longer_than_its_limit() {
    let mut bench = Bench::up(1);
    bench.request().unwrap();
    bench.now = SECOND;
    bench.machine.leave(SECOND, at(SECOND));
    assert_eq!(bench.machine.deadline(), Some(5 * SECOND));
    let mut patient = settings(1, SessionPolicy::default());
    patient.drain_max = SECOND;
    bench.machine.settings = patient;
    bench.machine.leaving = Some(Shutdown::Draining(2 * SECOND));
    bench.done.clear();
    bench.at(2 * SECOND);
    bench.expect(&["1 unknown: the gateway stopped before an answer came", "close 0: the gateway stopped"]);
}

#[test]
fn stopping_withdraws_what_the_journal_has_not_taken() {
    let mut machine = started(Settings { drain_max: SECOND, ..settings(1, SessionPolicy::default()) });
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let ticket = machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    machine.leave(Duration::ZERO, at(Duration::ZERO));
    machine.tick(at(SECOND));
    assert_eq!(machine.deadline(), None, "nothing is left to wait for but the link");
    machine.journaled(ticket, Ok(()), at(2 * SECOND));
    let ends: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter(|action| matches!(action, Action::Write { .. } | Action::Finish(..)))
        .collect();
    let why = "the gateway stopped before it was sent";
    assert!(
        matches!(&ends[..], [Action::Finish(_, FinalState::NotSent(reason))] if reason.to_string() == why),
        "{ends:?}"
    );
}
