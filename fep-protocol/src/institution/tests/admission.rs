//! What stops business: the breaker, the hours, the institution's own notices, and persons.

use super::*;
use crate::breaker::{BreakerScope, BreakerSettings};
use crate::calendar::DayHours;

pub(super) fn policy() -> BreakerPolicy {
    let settings = BreakerSettings {
        failures_in_row: 2,
        window: 10 * SECOND,
        failure_percent: 100,
        volume_min: 100,
        wait_min: SECOND,
        wait_max: 8 * SECOND,
        echo_first: true,
        probe_timeout: 10 * SECOND,
        trial_inflight_max: 1,
        trial_answers: 1,
        lane_inflight_max: 0,
    };
    BreakerPolicy { settings, alternatives: BTreeMap::new(), start: at(Duration::ZERO) }
}

fn bench(change: impl FnOnce(&mut Settings)) -> Bench {
    let mut settings = settings(1, SessionPolicy::default());
    settings.flow = flow(10, None);
    change(&mut settings);
    let mut bench = Bench::with(settings);
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    bench.done.clear();
    bench
}

#[test]
fn silence_trips_the_breaker_and_an_echo_test_comes_before_any_request() {
    let mut bench = bench(|settings| settings.breaker = Some(policy()));
    bench.request().unwrap();
    bench.request().unwrap();
    bench.at(5 * SECOND);
    let silent = ["1 unknown: no answer within 5000 ms", "2 unknown: no answer within 5000 ms"];
    bench.expect(&["0.1 < REQ:0001", "0.1 < REQ:0002", silent[0], silent[1], "breaker Tripped"]);
    let tripped = "the breaker of the institution is tripped: 2 requests in a row were not answered";
    assert_eq!(bench.request(), Err(tripped.to_owned()));
    // The first echo test is not answered, so the next wait is longer.
    bench.at(6 * SECOND);
    bench.at(11 * SECOND);
    bench.expect(&["breaker Echo", "0.1 < ECHO:0003", "breaker Tripped"]);
    bench.at(13 * SECOND);
    bench.receive(incarnation_of(0, 1), "ECHO-OK:0004");
    bench.expect(&["breaker Echo", "0.1 < ECHO:0004", "answer", "echo 0 0 ms", "breaker Trial"]);
    bench.request().unwrap();
    assert!(bench.request().is_err(), "one request at a time in a trial");
    bench.receive(incarnation_of(0, 1), "ANS:0005");
    bench.expect(&["0.1 < REQ:0005", "answer", "5 answered", "breaker Passing"]);
    assert!(bench.request().is_ok());
}

#[test]
fn an_echo_test_for_the_breaker_that_is_not_answered_closes_its_link() {
    let [echo_interval, echo_idle] = [60 * SECOND, 50 * SECOND];
    let mut bench = bench(|settings| {
        settings.breaker = Some(policy());
        settings.policy = SessionPolicy { echo_test: true, echo_interval, echo_idle, ..SessionPolicy::default() };
    });
    bench.at(Duration::ZERO);
    bench.receive(incarnation_of(0, 1), "ECHO-OK:0001");
    bench.request().unwrap();
    bench.request().unwrap();
    bench.at(5 * SECOND);
    bench.done.clear();
    bench.at(6 * SECOND);
    bench.at(11 * SECOND);
    let close = "close 0: echo test: no answer within 5000 ms";
    bench.expect(&["breaker Echo", "0.1 < ECHO:0004", close, "breaker Tripped"]);
}

#[test]
fn what_waits_is_refused_when_the_breaker_trips() {
    let mut bench = bench(|settings| {
        settings.breaker = Some(policy());
        settings.flow = flow(1, None);
    });
    bench.request().unwrap();
    bench.request().unwrap();
    bench.done.clear();
    bench.machine.trip_breaker(&BreakerScope::Institution, "kim", "maintenance", at(SECOND));
    bench.run();
    let why = "2 not sent: the breaker of the institution is tripped: a person stopped it: maintenance";
    bench.expect(&["kim trips", "breaker Tripped", why]);
    bench.machine.reset_breaker(&BreakerScope::Institution, "lee", at(SECOND));
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.request().unwrap();
    bench.expect(&["lee resets", "breaker Passing", "answer", "1 answered", "0.1 < REQ:0002"]);
}

#[test]
fn an_inquiry_that_is_taken_back_gives_up_its_place_beside_the_breaker() {
    let mut bench = bench(|settings| {
        let policy = policy();
        let settings_of_breaker = BreakerSettings { lane_inflight_max: 1, ..policy.settings };
        settings.breaker = Some(BreakerPolicy { settings: settings_of_breaker, ..policy });
    });
    bench.request().unwrap();
    bench.request().unwrap();
    bench.at(5 * SECOND);
    bench.done.clear();
    let inquire = |bench: &mut Bench| bench.machine.step(StepKind::Inquiry, Priority::Inquiry, at(bench.now));
    for _ in 0..3 {
        let ticket = inquire(&mut bench).unwrap();
        assert!(inquire(&mut bench).is_err(), "one at a time");
        assert!(bench.machine.withdraw_step(ticket, false, at(bench.now)));
    }
    inquire(&mut bench).unwrap();
    bench.run();
    assert!(bench.done.iter().any(|done| done.starts_with("0.1 < REQ:")), "{:?}", bench.done);
}

#[test]
fn a_lost_link_is_one_failure_however_many_requests_waited_on_it() {
    let mut bench = bench(|settings| settings.breaker = Some(policy()));
    for incarnation in 1..=2 {
        for _ in 0..3 {
            bench.request().unwrap();
        }
        bench.done.clear();
        bench.machine.lost(incarnation_of(0, incarnation), &closed("reset"), &[], at(bench.now));
        bench.run();
        let trips = bench.done.iter().filter(|done| *done == "breaker Tripped").count();
        assert_eq!(trips, usize::from(incarnation == 2), "{:?}", bench.done);
        let next = bench.machine.deadline().unwrap();
        bench.at(next);
        bench.machine.connected(incarnation_of(0, incarnation + 1), at(next));
        bench.run();
    }
}

#[test]
fn notices_of_the_institution_stop_and_open_business() {
    let sign_on = SessionPolicy { sign_on: true, ..SessionPolicy::default() };
    let mut bench = bench(|settings| {
        settings.policy = sign_on;
        settings.flow = flow(1, None);
    });
    bench.receive(incarnation_of(0, 1), "ON-OK:0001");
    bench.request().unwrap();
    bench.request().unwrap();
    bench.done.clear();
    bench.receive(incarnation_of(0, 1), "END:0900");
    let ended = "the institution said that business has ended";
    let refused = format!("3 not sent: {ended}");
    bench.expect(&["duty", "business End stops All", &refused, "0.1 < END:0900-accepted"]);
    assert_eq!(bench.request(), Err(ended.to_owned()));
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.receive(incarnation_of(0, 1), "FAULT:0901");
    assert_eq!(bench.request(), Err("the institution reported a fault".to_owned()));
    bench.done.clear();
    bench.receive(incarnation_of(0, 1), "ON:0902");
    bench.expect(&["duty", "business Open stops Nothing", "0.1 < ON:0902-accepted"]);
    bench.receive(incarnation_of(0, 1), "FAULT:0903");
    bench.request().unwrap_err();
    bench.machine.lost(incarnation_of(0, 1), &closed("reset"), &[], at(bench.now));
    bench.run();
    let next = bench.machine.deadline().unwrap();
    bench.at(next);
    bench.machine.connected(incarnation_of(0, 2), at(next));
    bench.run();
    bench.receive(incarnation_of(0, 2), "ON-OK:0003");
    assert!(bench.request().is_ok(), "an accepted sign-on opens business: {:?}", bench.done);
}

/// The tests begin on 2025-11-21 at 10:00 in Korea: date -d @1763686800.
#[test]
fn hours_and_persons_close_business() {
    let mut bench = bench(|settings| {
        let week = std::array::from_fn(|_| DayHours::closed());
        let mut calendar = Calendar::new(week, 540, 0);
        let morning = crate::calendar::Span::new(9 * 60, 10 * 60).unwrap();
        calendar.set_day(20_414, DayHours::new(vec![morning]).unwrap()).unwrap();
        settings.business = Business::new(calendar, BTreeSet::new());
    });
    let outside = "it is outside the hours of the institution, which opens at 2025-11-22 09:00";
    assert_eq!(bench.request(), Err(outside.to_owned()));
    bench.at(23 * 3600 * SECOND);
    assert!(bench.request().is_ok());
    bench.machine.block(None, "audit", at(bench.now)).unwrap();
    assert_eq!(bench.request(), Err("business with the institution is blocked: audit".to_owned()));
    assert!(bench.machine.unblock(None));
    assert!(bench.request().is_ok());
}

#[test]
fn a_request_that_cannot_start_in_time_is_not_sent_and_stays_so() {
    let mut machine = started(settings(1, SessionPolicy::default()));
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let stale = machine.request(Priority::Customer, Duration::ZERO, at(6 * SECOND)).unwrap_err();
    assert_eq!(stale.to_string(), "it could not be started within 2500 ms");
    let ticket = machine.request(Priority::Customer, Duration::ZERO, at(SECOND)).unwrap();
    assert_eq!(machine.deadline(), Some(5 * SECOND / 2), "the journal has until then");
    machine.tick(at(5 * SECOND / 2));
    machine.journaled(ticket, Ok(()), at(6 * SECOND));
    let ends: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter(|action| matches!(action, Action::Write { .. } | Action::Finish(..)))
        .collect();
    let why = "it could not be started within 2500 ms: the journal had not taken it";
    assert!(
        matches!(&ends[..], [Action::Finish(_, FinalState::NotSent(reason))] if reason.to_string() == why),
        "{ends:?}"
    );
}
