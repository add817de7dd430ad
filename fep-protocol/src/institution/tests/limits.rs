//! Limits: exchanges in flight, bytes that nobody takes, trace numbers, keys in quarantine.

use super::*;

#[test]
fn who_has_no_place_waits_for_one_until_its_deadline() {
    let mut bench = Bench::up(1);
    for _ in 0..5 {
        bench.request().unwrap();
    }
    bench.expect(&["0.1 < REQ:0001", "0.1 < REQ:0002", "0.1 < REQ:0003"]);
    bench.at(SECOND);
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.expect(&["answer", "2 answered", "0.1 < REQ:0004"]);
    assert_eq!(bench.machine.deadline(), Some(5 * SECOND / 2));
    bench.at(5 * SECOND / 2);
    bench.expect(&["5 not sent: the limits of the institution let it not start within 2500 ms"]);
    bench.at(5 * SECOND);
    bench.expect(
        &[1, 3, 4].map(|ticket| format!("{ticket} unknown: no answer within 5000 ms")).each_ref().map(String::as_str),
    );
}

#[test]
fn who_has_not_answered_still_occupies_its_place() {
    let mut bench = Bench::up(1);
    for _ in 0..3 {
        bench.request().unwrap();
    }
    bench.at(5 * SECOND);
    bench.done.clear();
    bench.request().unwrap();
    bench.expect(&[]);
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.expect(&["late", "2 settled", "0.1 < REQ:0004"]);
    bench.receive(incarnation_of(0, 1), "ANS:0004");
    bench.machine.settled(Ticket(1), at(bench.now));
    bench.done.clear();
    for _ in 0..3 {
        bench.request().unwrap();
    }
    bench.expect(&["0.1 < REQ:0005", "0.1 < REQ:0006"]);
    bench.at(65 * SECOND - SECOND / 1000);
    bench.done.clear();
    bench.request().unwrap();
    bench.expect(&[]);
    bench.at(65 * SECOND);
    bench.expect(&["1 forgotten", "2 forgotten", "3 forgotten", "4 forgotten", "0.1 < REQ:0007"]);
}

/// The simulation found 25 requests at an institution whose contract has 24 (seed 1111): an inquiry had lost its place at its time-out.
#[test]
fn an_inquiry_without_an_answer_occupies_its_place_too() {
    let mut bench = Bench::up(1);
    for _ in 0..3 {
        bench.machine.step(StepKind::Inquiry, Priority::Inquiry, at(bench.now)).unwrap();
    }
    bench.run();
    bench.at(5 * SECOND);
    bench.done.clear();
    bench.machine.step(StepKind::Inquiry, Priority::Inquiry, at(bench.now)).unwrap();
    bench.run();
    bench.expect(&[]);
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.expect(&["late", "2 settled", "0.1 < REQ:0004"]);
}

/// The simulation found 25 requests at an institution again, after a crash (seed 443): the new run knew nothing of the old one's inquiries.
#[test]
fn an_inquiry_of_an_earlier_run_occupies_a_place_until_its_quarantine_ends() {
    let mut bench = Bench::up(1);
    bench.machine.recall_step(at(bench.now));
    for _ in 0..3 {
        bench.request().unwrap();
    }
    bench.expect(&["0.1 < REQ:0001", "0.1 < REQ:0002"]);
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.receive(incarnation_of(0, 1), "ANS:0002");
    bench.receive(incarnation_of(0, 1), "ANS:0003");
    bench.at(60 * SECOND);
    bench.done.clear();
    for _ in 0..4 {
        bench.request().unwrap();
    }
    bench.expect(&["0.1 < REQ:0004", "0.1 < REQ:0005", "0.1 < REQ:0006"]);
}

#[test]
fn who_waits_keeps_the_timeout_with_which_the_wait_began() {
    let settings = Settings { flow: flow(1, None), ..settings(1, SessionPolicy::default()) };
    let mut bench = Bench::with(settings.clone());
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    bench.request().unwrap();
    bench.request().unwrap();
    bench.machine.retune(&settings, ToyTelegrams { answer_timeout: 60 * SECOND }, at(Duration::ZERO));
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.request().unwrap();
    bench.done.clear();
    bench.at(5 * SECOND);
    bench.expect(&["2 unknown: no answer within 5000 ms"]);
}

#[test]
fn a_full_queue_refuses_at_once() {
    let mut bench = Bench::up(1);
    for _ in 0..13 {
        bench.request().unwrap();
    }
    assert_eq!(bench.request(), Err("10 requests wait for their turn already".to_owned()));
}

#[test]
fn the_higher_priority_starts_first() {
    let mut bench = Bench::with(one_at_a_time());
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    for priority in [Priority::Customer, Priority::Batch, Priority::Customer, Priority::Reversal, Priority::Inquiry] {
        bench.machine.request(priority, Duration::ZERO, at(Duration::ZERO)).unwrap();
    }
    bench.run();
    let mut order = Vec::new();
    for trace in 1..=5 {
        bench.done.clear();
        bench.receive(incarnation_of(0, 1), &format!("ANS:{trace:04}"));
        order.extend(bench.done.iter().filter(|done| done.ends_with("answered")).cloned());
    }
    assert_eq!(order, ["1 answered", "4 answered", "5 answered", "3 answered", "2 answered"]);
}

fn one_at_a_time() -> Settings {
    Settings { flow: flow(1, None), ..settings(1, SessionPolicy::default()) }
}

#[test]
fn a_request_gets_its_number_when_it_starts_and_waits_for_the_rate() {
    let rate = RateSettings { max: 2, window: SECOND, burst_max: 2 };
    let settings = Settings { flow: flow(100, Some(rate)), ..settings(1, SessionPolicy::default()) };
    let mut bench = Bench::with(settings);
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    bench.done.clear();
    for priority in [Priority::Customer, Priority::Customer, Priority::Customer, Priority::Reversal] {
        bench.machine.request(priority, Duration::ZERO, at(Duration::ZERO)).unwrap();
    }
    bench.run();
    bench.expect(&["0.1 < REQ:0001", "0.1 < REQ:0002"]);
    let next = bench.machine.deadline().unwrap();
    assert!(next > Duration::ZERO && next <= SECOND + SECOND / 1000, "{next:?}");
    bench.at(next);
    bench.receive(incarnation_of(0, 1), "ANS:0003");
    assert_eq!(&bench.done[..3], ["0.1 < REQ:0003", "0.1 < REQ:0004", "answer"]);
    assert_eq!(bench.done[3], "4 answered", "the reversal went first");
}

#[test]
fn what_waits_is_not_sent_when_the_last_line_goes_down_or_the_gateway_stops() {
    let mut bench = Bench::up(1);
    for _ in 0..4 {
        bench.request().unwrap();
    }
    bench.machine.lost(incarnation_of(0, 1), &closed("reset"), &[], at(SECOND));
    bench.run();
    assert!(bench.done.contains(&"4 not sent: no line is up: read: reset".to_owned()), "{:?}", bench.done);
    let mut bench = Bench::up(1);
    for _ in 0..4 {
        bench.request().unwrap();
    }
    bench.done.clear();
    bench.machine.leave(SECOND, at(SECOND));
    bench.run();
    bench.expect(&["4 not sent: the gateway stopped before it was sent"]);
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
    settings.flow = flow(1000, None);
    let mut bench = Bench::with(settings);
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
    settings.flow = flow(9, None);
    let mut traces = TraceCounter::new(settings.traces, None);
    let mut machine = Institution::new(settings, ToyTelegrams::default(), 7);
    machine.start(at(Duration::ZERO));
    actions(&mut machine, &mut traces, at(Duration::ZERO));
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    machine.recall(Key::new(["0002"]), "ANS".into(), None, at(Duration::ZERO));
    machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    machine.request(Priority::Customer, Duration::ZERO, at(Duration::ZERO)).unwrap();
    let traces: Vec<_> = actions(&mut machine, &mut traces, at(Duration::ZERO))
        .into_iter()
        .filter_map(|action| match action {
            Action::Journal(out) => Some(out.request.unwrap().trace),
            _ => None,
        })
        .collect();
    assert_eq!(traces, ["1", "3"]);
    assert!(
        machine
            .request(Priority::Customer, Duration::ZERO, at(Duration::ZERO))
            .unwrap_err()
            .to_string()
            .contains("quarantine")
    );
}

/// Another gateway left it twice: it came back in between.
#[test]
fn an_exchange_that_is_recalled_twice_has_one_place() {
    let mut settings = settings(1, SessionPolicy::default());
    settings.flow = flow(1, None);
    let mut machine = Institution::new(settings, ToyTelegrams::default(), 7);
    machine.start(at(Duration::ZERO));
    let recall = |machine: &mut Institution<ToyTelegrams>| {
        machine.recall(Key::new(["0002"]), "ANS".into(), None, at(Duration::ZERO)).unwrap()
    };
    let first = recall(&mut machine);
    let second = recall(&mut machine);
    let is_first = |action| matches!(action, Action::Forget(ticket) if ticket == first);
    let forgotten = std::iter::from_fn(|| machine.next_action()).any(is_first);
    assert!(forgotten);
    let unanswered = |machine: &Institution<ToyTelegrams>| machine.flow_status(at(Duration::ZERO)).contract.unanswered;
    assert_eq!(unanswered(&machine), 1);
    machine.settled(second, at(Duration::ZERO));
    assert_eq!(unanswered(&machine), 0);
}

#[test]
fn a_request_has_one_deadline_for_its_turn_and_its_answer() {
    let mut bench = Bench::with(one_at_a_time());
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    bench.request().unwrap();
    bench.request().unwrap();
    bench.now = 2 * SECOND;
    bench.receive(incarnation_of(0, 1), "ANS:0001");
    bench.done.clear();
    // The second one was accepted at 0 s and written at 2 s. Its caller waits until 5 s.
    bench.at(5 * SECOND);
    bench.expect(&["2 unknown: no answer within 5000 ms"]);
}

#[test]
fn the_institution_has_at_least_half_of_the_time() {
    let mut bench = Bench::with(one_at_a_time());
    bench.machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    bench.run();
    bench.request().unwrap();
    bench.request().unwrap();
    bench.done.clear();
    bench.at(5 * SECOND / 2);
    bench.expect(&["2 not sent: the limits of the institution let it not start within 2500 ms"]);
}

/// The simulation found 41 telegrams within a second at an institution whose contract has 40 (seed 20106): a link fell again and again, and
/// each time it signed on and was tested.
#[test]
fn sign_ons_and_echo_tests_wait_for_the_rate_but_not_for_long() {
    let policy = SessionPolicy { sign_on: true, ..SessionPolicy::default() };
    let rate = |window| Some(RateSettings { max: 3, window, burst_max: 3 });
    let check = |window: Duration, sends_at: Duration| {
        let mut bench = Bench::with(Settings { flow: flow(3, rate(window)), ..settings(5, policy.clone()) });
        for link in 0..5 {
            bench.machine.connected(incarnation_of(link, 1), at(Duration::ZERO));
        }
        bench.run();
        let sent =
            |bench: &mut Bench| std::mem::take(&mut bench.done).iter().filter(|done| done.contains("< ON:")).count();
        assert_eq!(sent(&mut bench), 3, "{window:?}");
        // The fourth link is lost meanwhile. Its sign-on is not sent, also not on its next connection.
        bench.machine.lost(incarnation_of(3, 1), &closed("gone"), &[], at(bench.now));
        bench.at(sends_at - SECOND / 1000);
        assert_eq!(sent(&mut bench), 0, "{window:?}");
        bench.at(sends_at);
        assert_eq!(sent(&mut bench), 1, "{window:?}");
        assert!(bench.machine.duties.is_empty());
    };
    check(SECOND, SECOND);
    // A link must not be down for a minute.
    check(60 * SECOND, 2 * SECOND);
}

#[test]
fn a_request_must_be_in_the_kernel_before_its_answer_is_due_and_a_reply_may_be_late() {
    let mut machine = started(settings(1, SessionPolicy::default()));
    machine.connected(incarnation_of(0, 1), at(Duration::ZERO));
    let ticket = machine.request(Priority::Customer, SECOND, at(SECOND)).unwrap();
    machine.journaled(ticket, Ok(()), at(2 * SECOND));
    let reply = machine.send_reply(incarnation_of(0, 1), TelegramBytes::copy_of(b"yes"));
    machine.journaled(reply, Ok(()), at(2 * SECOND));
    let written: Vec<_> = std::iter::from_fn(|| machine.next_action())
        .filter_map(|action| match action {
            Action::Write { ticket, not_after, .. } => Some((ticket, not_after)),
            _ => None,
        })
        .collect();
    assert_eq!(written, [(ticket, Some(SECOND + 5 * SECOND)), (reply, None)]);
}
