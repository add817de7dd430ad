//! Single rules of the breaker, under time that the tests move by hand.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(ms: u32) -> Now {
    Now::new(MS * ms, 1_000_000 + i64::from(ms))
}

fn settings() -> BreakerSettings {
    BreakerSettings {
        failures_in_row: 3,
        window: 1000 * MS,
        failure_percent: 50,
        volume_min: 10,
        wait_min: 100 * MS,
        wait_max: 350 * MS,
        echo_first: true,
        probe_timeout: 50 * MS,
        trial_inflight_max: 2,
        trial_answers: 3,
        lane_inflight_max: 1,
    }
}

fn breaker() -> Breaker {
    let alternatives = BTreeMap::from([
        ("Balance".to_owned(), Alternative::StandIn),
        ("Transfer".to_owned(), Alternative::Institution("bank-b".to_owned())),
    ]);
    Breaker::new(settings(), alternatives, at(0))
}

fn permit(breaker: &mut Breaker, business: Option<&str>, ms: u32) -> Permit {
    breaker.permit("Other", business, false, at(ms)).expect("it passes")
}

/// Sends requests one after the other: `+` is answered, `-` is not, `?` says nothing, `L` is a lost link.
fn results(breaker: &mut Breaker, business: Option<&str>, ms: u32, results: &str) {
    for result in results.chars() {
        let result = match result {
            '+' => BreakerResult::Answered,
            '-' => BreakerResult::TimedOut,
            'L' => {
                breaker.link_lost(at(ms));
                continue;
            }
            _ => BreakerResult::Nothing,
        };
        let permit = permit(breaker, business, ms);
        breaker.record(&permit, result, at(ms));
    }
}

fn state(breaker: &Breaker, ms: u32) -> BreakerState {
    breaker.snapshots(at(ms)).first().expect("the institution").state
}

/// Checks whether results trip the breaker, and why.
fn check_trip(sent: &str, cause: Option<&str>) {
    let mut breaker = breaker();
    results(&mut breaker, None, 10, sent);
    let snapshot = breaker.snapshots(at(10)).remove(0);
    assert_eq!(snapshot.cause.as_ref().map(ToString::to_string).as_deref(), cause, "{sent}");
    assert_eq!(snapshot.state == BreakerState::Tripped, cause.is_some(), "{sent}");
}

#[test]
fn timeouts_and_lost_links_trip_and_nothing_else_does() {
    check_trip("---", Some("3 requests in a row were not answered"));
    check_trip("--+--+--", None);
    check_trip("LLL", Some("links were lost one after the other"));
    check_trip("+-+-+-+-+-", Some("50 % of 10 requests were not answered"));
    check_trip("+-+-+-+-+", None);
    check_trip("++-+-+-+-+-+", None);
    check_trip("????????????????????", None);
    check_trip("--?-", Some("3 requests in a row were not answered"));
}

#[test]
fn fifty_requests_on_one_lost_link_are_one_failure() {
    let mut breaker = breaker();
    let permits: Vec<_> = (0..50).map(|_| permit(&mut breaker, None, 1)).collect();
    breaker.link_lost(at(2));
    for permit in &permits {
        breaker.record(permit, BreakerResult::Nothing, at(2));
    }
    let snapshot = breaker.snapshots(at(2)).remove(0);
    assert_eq!((snapshot.state, snapshot.failures), (BreakerState::Passing, 1));
}

#[test]
fn results_older_than_the_window_are_forgotten() {
    let mut breaker = breaker();
    results(&mut breaker, None, 0, "+-+-+-+-");
    results(&mut breaker, None, 1100, "+-+-+");
    let snapshot = breaker.snapshots(at(1100)).remove(0);
    assert_eq!((snapshot.state, snapshot.failures, snapshot.answers), (BreakerState::Passing, 2, 3));
}

#[test]
fn it_waits_tests_tries_and_passes_again() {
    let mut breaker = breaker();
    results(&mut breaker, None, 0, "---");
    let Some(BreakerAction::Changed(snapshot)) = breaker.next_action() else { panic!("it changed") };
    assert_eq!((snapshot.state, snapshot.wait, snapshot.since_ms), (BreakerState::Tripped, Some(100 * MS), 1_000_000));
    assert_eq!(breaker.deadline(), Some(100 * MS));
    breaker.tick(at(99));
    assert_eq!(breaker.next_action(), None, "an early tick does nothing");
    breaker.tick(at(100));
    let Some(BreakerAction::Probe(scope, generation)) = breaker.next_action() else { panic!("an echo test") };
    let refused = breaker.permit("Balance", None, false, at(110)).expect_err("only the echo test goes");
    assert_eq!((refused.scope, refused.since_ms), (BreakerScope::Institution, 1_000_000));
    breaker.probed(&scope, generation - 1, true, at(110));
    assert_eq!(state(&breaker, 110), BreakerState::Echo, "another echo test's answer");
    breaker.probed(&scope, generation, true, at(120));
    let first = permit(&mut breaker, None, 130);
    let second = permit(&mut breaker, None, 130);
    assert!(breaker.permit("Other", None, false, at(130)).is_err(), "two are in flight");
    breaker.record(&first, BreakerResult::Answered, at(140));
    breaker.record(&second, BreakerResult::Nothing, at(140));
    results(&mut breaker, None, 150, "++");
    assert_eq!(state(&breaker, 150), BreakerState::Passing);
    assert_eq!(breaker.deadline(), None);
}

#[test]
fn each_failed_attempt_waits_longer_up_to_the_maximum() {
    let mut breaker = breaker();
    results(&mut breaker, None, 0, "---");
    let mut waits = Vec::new();
    let mut now = 0;
    for _ in 0..4 {
        let due = u32::try_from(breaker.deadline().unwrap().as_millis()).unwrap();
        waits.push(due - now);
        breaker.tick(at(due));
        now = due + 50;
        // The echo test is not answered.
        breaker.tick(at(now));
        assert_eq!(breaker.snapshots(at(now)).remove(0).cause, Some(TripCause::NoEcho));
    }
    assert_eq!(waits, [100, 200, 350, 350]);
}

#[test]
fn a_failure_of_the_trial_or_its_silence_trips_again() {
    for is_silent in [true, false] {
        let mut breaker = Breaker::new(BreakerSettings { echo_first: false, ..settings() }, BTreeMap::new(), at(0));
        results(&mut breaker, None, 0, "---");
        breaker.tick(at(100));
        assert_eq!(state(&breaker, 100), BreakerState::Trial);
        assert_eq!(breaker.deadline(), None, "a trial waits for requests as long as it must");
        let permit = permit(&mut breaker, None, 5000);
        if is_silent {
            breaker.tick(at(5049));
            assert_eq!(state(&breaker, 5049), BreakerState::Trial);
            breaker.tick(at(5050));
        } else {
            breaker.record(&permit, BreakerResult::TimedOut, at(5010));
        }
        assert_eq!(breaker.snapshots(at(5050)).remove(0).cause, Some(TripCause::TrialFailed));
    }
}

#[test]
fn a_business_code_has_a_breaker_of_its_own() {
    let mut breaker = breaker();
    results(&mut breaker, Some("100"), 0, "--");
    results(&mut breaker, Some("200"), 0, "+");
    results(&mut breaker, Some("100"), 0, "-");
    let blocked = breaker.permit("Transfer", Some("100"), false, at(1)).expect_err("tripped");
    assert_eq!(blocked.scope, BreakerScope::Business("100".to_owned()));
    assert_eq!(blocked.alternative, Alternative::Institution("bank-b".to_owned()));
    assert_eq!(breaker.permit("Balance", Some("100"), false, at(1)).unwrap_err().alternative, Alternative::StandIn);
    assert_eq!(breaker.permit("Other", Some("100"), false, at(1)).unwrap_err().alternative, Alternative::Refuse);
    assert!(breaker.permit("Transfer", Some("200"), false, at(1)).is_ok());
    assert!(breaker.permit("Transfer", None, false, at(1)).is_ok());
}

#[test]
fn a_few_inquiries_pass_a_tripped_breaker_but_not_one_that_a_person_tripped() {
    let mut breaker = breaker();
    results(&mut breaker, None, 0, "---");
    let lane = breaker.permit("ResultInquiry", None, true, at(1)).expect("the lane");
    assert!(breaker.permit("ResultInquiry", None, true, at(1)).is_err(), "one at a time");
    breaker.record(&lane, BreakerResult::TimedOut, at(2));
    assert!(breaker.permit("ResultInquiry", None, true, at(3)).is_ok());
    assert!(breaker.trip(&BreakerScope::Institution, "kim", "maintenance", at(4)));
    let blocked = breaker.permit("Reversal", Some("100"), true, at(5)).expect_err("by hand");
    assert_eq!(blocked.cause.to_string(), "a person stopped it: maintenance");
    breaker.tick(at(1_000_000));
    assert_eq!(breaker.deadline(), None, "it stays until a person resets it");
    breaker.reset(&BreakerScope::Institution, at(1_000_001));
    assert_eq!(state(&breaker, 1_000_001), BreakerState::Passing);
}

#[test]
fn another_instance_takes_the_newer_state_and_never_an_older_one() {
    let mut here = breaker();
    let mut there = breaker();
    let old = here.snapshots(at(0)).remove(0);
    let permit = permit(&mut there, None, 1);
    results(&mut here, None, 5, "---");
    let tripped = here.snapshots(at(10)).remove(0);
    there.import(&tripped, at(10));
    assert_eq!(there.snapshots(at(10)).remove(0), BreakerSnapshot { failures: 0, ..tripped.clone() });
    there.import(&old, at(11));
    assert_eq!(state(&there, 11), BreakerState::Tripped);
    // It started before: its answer says nothing about now.
    there.record(&permit, BreakerResult::Answered, at(12));
    here.tick(at(105));
    there.import(&here.snapshots(at(105)).remove(0), at(105));
    assert_eq!(state(&there, 105), BreakerState::Tripped, "the other instance sends the echo test");
    assert_eq!(there.deadline(), Some(255 * MS), "it takes over if no result comes");
    here.probed(&BreakerScope::Institution, 2, true, at(110));
    there.import(&here.snapshots(at(110)).remove(0), at(110));
    assert_eq!(state(&there, 110), BreakerState::Trial);
}

/// What the breaker asks and sends at a time.
fn wants(breaker: &mut Breaker, ms: u32) -> Vec<String> {
    breaker.tick(at(ms));
    let actions = std::iter::from_fn(|| breaker.next_action());
    actions
        .filter_map(|action| match action {
            BreakerAction::Probe(_, generation) => Some(format!("tests {generation}")),
            BreakerAction::MayProbe(_, generation, lease) => {
                Some(format!("asks {generation} for {} ms", lease.as_millis()))
            }
            BreakerAction::Changed(_) => None,
        })
        .collect()
}

#[test]
fn one_of_several_instances_asks_before_it_sends_an_echo_test() {
    let mut breaker = breaker().asking(30 * MS);
    results(&mut breaker, None, 0, "---");
    assert_eq!(wants(&mut breaker, 100), ["asks 1 for 150 ms"]);
    breaker.may_probe(&BreakerScope::Institution, 1, false, at(110));
    breaker.may_probe(&BreakerScope::Institution, 1, true, at(111));
    assert_eq!(wants(&mut breaker, 259), [] as [&str; 0], "another one does, and only the first answer counts");
    assert_eq!(wants(&mut breaker, 260), ["asks 1 for 150 ms"], "nothing was heard of it");
    breaker.may_probe(&BreakerScope::Institution, 0, true, at(270));
    assert_eq!(wants(&mut breaker, 289), [] as [&str; 0], "the answer was about another state");
    assert_eq!(wants(&mut breaker, 290), ["tests 2"], "nobody answers");
    assert_eq!(wants(&mut breaker, 340), [] as [&str; 0], "the institution does not, either");
    assert_eq!(wants(&mut breaker, 540), [] as [&str; 0], "others may reach it, and are let first");
    assert_eq!(wants(&mut breaker, 570), ["asks 3 for 150 ms"]);
    breaker.may_probe(&BreakerScope::Institution, 3, true, at(575));
    assert_eq!(wants(&mut breaker, 575), ["tests 4"]);
}

#[test]
fn breakers_are_bounded() {
    let mut breaker = breaker();
    for number in 0..BUSINESSES_MAX + 10 {
        results(&mut breaker, Some(&number.to_string()), 1, "+");
    }
    assert_eq!(breaker.snapshots(at(1)).len(), BUSINESSES_MAX + 1);
}

#[test]
fn other_thresholds_hold_at_once_and_a_tripped_breaker_stays_so() {
    let mut breaker = breaker();
    results(&mut breaker, None, 2, "--");
    let more_patient = BreakerSettings { failures_in_row: 7, window: 20_000 * MS, ..breaker.settings };
    breaker.retune(more_patient, BTreeMap::from([("Transfer".to_owned(), Alternative::Closed("at noon".to_owned()))]));
    results(&mut breaker, None, 3, "----");
    assert_eq!(state(&breaker, 3), BreakerState::Passing, "six in a row are too few now");
    results(&mut breaker, None, 4, "-");
    assert_eq!(state(&breaker, 4), BreakerState::Tripped);
    breaker.retune(BreakerSettings { failures_in_row: 100, ..more_patient }, BTreeMap::new());
    assert_eq!(state(&breaker, 5), BreakerState::Tripped);
}
