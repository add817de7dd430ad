//! Limits: exchanges in flight, bytes that nobody takes, trace numbers, keys in quarantine.

use super::*;

#[test]
fn the_limit_in_flight_is_kept() {
    let mut bench = Bench::up(1);
    for _ in 0..3 {
        bench.request().unwrap();
    }
    assert_eq!(bench.request(), Err("the limit of 3 exchanges in flight is reached".to_owned()));
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    assert!(bench.request().is_ok());
}

#[test]
fn who_has_not_answered_still_occupies_its_place() {
    let mut bench = Bench::up(1);
    for _ in 0..3 {
        bench.request().unwrap();
    }
    bench.at(5 * SECOND);
    let limit = Err("the limit of 3 exchanges in flight is reached".to_owned());
    assert_eq!(bench.request(), limit, "the institution may still work on three requests");
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    assert!(bench.request().is_ok(), "a late answer frees its place");
    assert_eq!(bench.request(), limit);
    bench.at(65 * SECOND);
    assert!(bench.request().is_ok() && bench.request().is_ok(), "the end of the quarantine frees the others");
}

#[test]
fn what_the_kernel_did_not_take_by_the_deadline_is_withdrawn() {
    let mut bench = Bench::up(1);
    bench.kernel_takes = false;
    bench.request().unwrap();
    bench.at(5 * SECOND);
    let not_sent = "1 not sent: the institution took no byte of it within 5000 ms";
    bench.expect(&["0.1 < REQ:0001", not_sent]);
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.expect(&["unmatched"]);
}

#[test]
fn the_last_trace_numbers_of_a_day_are_refused_and_announced() {
    let mut settings = settings(1, SessionPolicy::default());
    settings.traces = TraceRange { max: 200, block: 100, wraps: false };
    settings.inflight_max = 1000;
    let mut bench = Bench::up(1);
    bench.machine = Institution::new(settings, ToyTelegrams, None, 7);
    bench.machine.start();
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let sent = (0..300).filter(|_| bench.request().is_ok()).count();
    assert_eq!(sent, 198, "two numbers are kept for duties");
    assert_eq!(bench.done.iter().filter(|text| *text == "160 of 200 trace numbers").count(), 1);
    let refused = Err("all trace numbers of the business day are used, up to 198".to_owned());
    assert_eq!(bench.request(), refused);
    bench.at(5 * SECOND);
    bench.at(86_400 * SECOND);
    assert!(bench.request().is_ok(), "the next day has its own numbers");
}

#[test]
fn a_resting_key_is_skipped() {
    let mut settings = settings(1, SessionPolicy::default());
    settings.traces = TraceRange { max: 3, block: 100, wraps: true };
    settings.inflight_max = 9;
    let mut machine = Institution::new(settings, ToyTelegrams, None, 7);
    machine.start();
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    machine.recall(Key::new(["0002"]), "ANS".into(), None, at(Duration::ZERO));
    machine.request(&(), Duration::ZERO, at(Duration::ZERO)).unwrap();
    machine.request(&(), Duration::ZERO, at(Duration::ZERO)).unwrap();
    let traces: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter_map(|action| match action {
            Action::Journal(out) => Some(out.request.unwrap().trace),
            _ => None,
        })
        .collect();
    assert_eq!(traces, ["1", "3"]);
    assert!(machine.request(&(), Duration::ZERO, at(Duration::ZERO)).unwrap_err().to_string().contains("quarantine"));
}
