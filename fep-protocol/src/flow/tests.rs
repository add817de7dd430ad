//! Single rules of flow control, under time that the tests move by hand.

use super::*;

const MS: Duration = Duration::from_millis(1);

/// An institution with these limits, and nothing in flight.
fn flow(rate: Option<(usize, usize)>, inflight_max: usize, reserved_percent: u32, queue_max: usize) -> Flow {
    let rate = rate.map(|(max, burst_max)| RateSettings { max, window: 1000 * MS, burst_max });
    let contract = GateSettings { rate, inflight_max, adapts: false };
    let own = GateSettings { rate: None, inflight_max: 1, adapts: false };
    let businesses = BTreeMap::from([("100".to_owned(), own), ("200".to_owned(), own)]);
    Flow::new(FlowSettings { contract, businesses, reserved_percent, queue_max })
}

fn offer(flow: &mut Flow, id: u64, priority: Priority, business: &str, caller: u64, at: u32) -> Result<(), Refusal> {
    let deadline = MS * (at + 500);
    flow.offer(&Offer { id: Ticket(id), priority, business: Some(business.to_owned()), caller, deadline }, MS * at)
}

/// The events at this time: the numbers of started requests, and those of refused ones as negative numbers.
fn events(flow: &mut Flow, at: u32) -> Vec<i64> {
    let event = |event| match event {
        FlowEvent::Start(Ticket(id)) => i64::try_from(id).unwrap(),
        FlowEvent::Refused(Ticket(id), _) => -i64::try_from(id).unwrap(),
    };
    std::iter::from_fn(|| flow.next(MS * at)).map(event).collect()
}

/// Offers a customer's request every `gap` milliseconds, whose bytes are written and answered at once, and checks when they start.
fn check_rate(max: usize, burst_max: usize, gap: u32, expected: &[u32]) {
    let mut flow = flow(Some((max, burst_max)), 100, 0, 100);
    let mut starts = Vec::new();
    for at in 0..1500 {
        if at % gap == 0 {
            let deadline = MS * (at + 10_000);
            let id = Ticket(u64::from(at));
            let offer = Offer { id, priority: Priority::Customer, business: None, caller: 0, deadline };
            let _ = flow.offer(&offer, MS * at);
        }
        while let Some(event) = flow.next(MS * at) {
            if let FlowEvent::Start(id) = event {
                starts.push(at);
                flow.answered(id, MS * at);
            }
        }
    }
    assert_eq!(starts, expected, "{max} in 1000 ms, bursts of {burst_max}");
}

#[test]
fn a_rate_is_exact_in_every_window_and_spaced_after_its_burst() {
    check_rate(3, 3, 100, &[0, 100, 200, 1000, 1100, 1200]);
    check_rate(4, 1, 10, &[0, 250, 500, 750, 1000, 1250]);
    check_rate(4, 2, 10, &[0, 10, 250, 500, 1000, 1010, 1250]);
    check_rate(2, 2, 600, &[0, 600, 1200]);
}

#[test]
fn a_slow_journal_does_not_press_two_windows_into_one() {
    let mut flow = flow(Some((2, 2)), 100, 0, 100);
    for id in 1..=4 {
        offer(&mut flow, id, Priority::Customer, "", 0, 700).unwrap();
    }
    assert_eq!(events(&mut flow, 700), [1, 2]);
    // The journal stalls. One window after the decision, nothing was written yet.
    flow.written(Ticket(1), 900 * MS);
    flow.written(Ticket(2), 1100 * MS);
    assert_eq!(events(&mut flow, 1199), [0_i64; 0]);
    assert_eq!(events(&mut flow, 1200), [-3, -4]);
    for id in 5..=6 {
        offer(&mut flow, id, Priority::Customer, "", 0, 1600).unwrap();
    }
    assert_eq!(flow.deadline(), Some(1900 * MS));
    assert_eq!(events(&mut flow, 1900), [5]);
    assert_eq!(flow.deadline(), Some(2100 * MS));
}

#[test]
fn what_certainly_cannot_start_in_time_is_refused_at_once() {
    let mut flow = flow(Some((1, 1)), 100, 0, 100);
    offer(&mut flow, 1, Priority::Customer, "", 0, 0).unwrap();
    assert_eq!(events(&mut flow, 0), [1]);
    flow.answered(Ticket(1), Duration::ZERO);
    assert_eq!(offer(&mut flow, 2, Priority::Customer, "", 0, 499), Err(Refusal::RateUsedUp { wait: 501 * MS }));
    assert_eq!(offer(&mut flow, 3, Priority::Customer, "", 0, 501), Ok(()));
    let late = Offer { id: Ticket(4), priority: Priority::Reversal, business: None, caller: 0, deadline: 600 * MS };
    assert_eq!(flow.offer(&late, 600 * MS), Err(Refusal::TooLate));
    assert_eq!(offer(&mut flow, 3, Priority::Customer, "", 0, 600), Err(Refusal::KnownTicket));
    assert_eq!(
        flow.status(Duration::ZERO).refused.into_iter().collect::<Vec<_>>(),
        [("offered_too_late", 1), ("rate_limit", 1), ("ticket_in_use", 1)]
    );
}

#[test]
fn a_request_that_waited_until_its_deadline_is_refused_then() {
    let mut flow = flow(None, 1, 0, 10);
    offer(&mut flow, 1, Priority::Customer, "", 0, 0).unwrap();
    offer(&mut flow, 2, Priority::Customer, "", 0, 10).unwrap();
    assert_eq!(events(&mut flow, 10), [1]);
    assert_eq!((flow.deadline(), flow.status(20 * MS).oldest_since), (Some(510 * MS), Some(10 * MS)));
    assert_eq!(flow.next(509 * MS), None);
    let waited = Refusal::Waited { within: 500 * MS };
    assert_eq!(flow.next(510 * MS), Some(FlowEvent::Refused(Ticket(2), waited)));
    assert_eq!(flow.deadline(), None);
}

#[test]
fn the_highest_priority_starts_first_and_callers_take_turns() {
    let mut flow = flow(None, 1, 0, 100);
    offer(&mut flow, 1, Priority::Customer, "", 0, 0).unwrap();
    assert_eq!(events(&mut flow, 0), [1]);
    for (id, priority, caller) in [
        (2, Priority::Batch, 0),
        (3, Priority::Customer, 7),
        (4, Priority::Customer, 7),
        (5, Priority::Customer, 7),
        (6, Priority::Customer, 8),
        (7, Priority::Inquiry, 0),
        (8, Priority::Reversal, 0),
    ] {
        offer(&mut flow, id, priority, "", caller, 1).unwrap();
    }
    let mut order = Vec::new();
    let mut last = 1;
    for at in 2..9 {
        flow.answered(Ticket(last), MS * at);
        let started = events(&mut flow, at);
        last = u64::try_from(started[0]).unwrap();
        order.extend(started);
    }
    assert_eq!(order, [8, 7, 3, 6, 4, 5, 2]);
}

#[test]
fn a_business_code_at_its_limit_does_not_hold_up_the_others() {
    let mut flow = flow(None, 10, 0, 100);
    for (id, business) in [(1, "100"), (2, "100"), (3, "200"), (4, "200"), (5, "300"), (6, "300")] {
        offer(&mut flow, id, Priority::Customer, business, 0, 0).unwrap();
    }
    let mut started = events(&mut flow, 0);
    started.sort_unstable();
    assert_eq!(started, [1, 3, 5, 6]);
    flow.answered(Ticket(3), MS);
    assert_eq!(events(&mut flow, 1), [4]);
    flow.close(Some("100"));
    assert_eq!(events(&mut flow, 2), [-2]);
}

#[test]
fn who_has_not_answered_occupies_a_place_until_it_is_released() {
    let mut flow = flow(None, 3, 0, 100);
    flow.recall(Ticket(1), None, Duration::ZERO);
    for id in 2..=6 {
        offer(&mut flow, id, Priority::Customer, "", 0, 0).unwrap();
    }
    assert_eq!(events(&mut flow, 0), [2, 3]);
    flow.timed_out(Ticket(2), MS);
    flow.link_lost(Ticket(3), MS);
    let status = flow.status(MS).contract;
    assert_eq!((status.inflight, status.unanswered, status.inflight_max), (0, 3, 3));
    assert_eq!(events(&mut flow, 2), [0_i64; 0]);
    flow.answered(Ticket(2), 3 * MS);
    assert_eq!(events(&mut flow, 3), [4], "a late answer frees the place");
    flow.released(Ticket(1), 4 * MS);
    assert_eq!(events(&mut flow, 4), [5], "so does the end of the quarantine");
    flow.unsent(Ticket(5), 5 * MS);
    assert_eq!(events(&mut flow, 5), [6], "and a request that was not handed over");
    for _ in 0..2 {
        flow.released(Ticket(3), 6 * MS);
    }
    assert_eq!(flow.status(6 * MS).contract.unanswered, 0, "a place is freed once");
}

#[test]
fn inquiries_and_reversals_have_places_that_customers_cannot_take() {
    let mut flow = flow(None, 10, 20, 10);
    for id in 1..=8 {
        offer(&mut flow, id, Priority::Customer, "", 0, 0).unwrap();
    }
    assert_eq!(offer(&mut flow, 9, Priority::Batch, "", 0, 0), Err(Refusal::QueueFull { max: 8 }));
    assert_eq!(events(&mut flow, 0).len(), 8);
    offer(&mut flow, 10, Priority::Customer, "", 0, 1).unwrap();
    offer(&mut flow, 11, Priority::Inquiry, "", 0, 1).unwrap();
    offer(&mut flow, 12, Priority::Reversal, "", 0, 1).unwrap();
    offer(&mut flow, 13, Priority::Reversal, "", 0, 1).unwrap();
    assert_eq!(events(&mut flow, 1), [12, 13]);
    flow.answered(Ticket(1), 2 * MS);
    assert_eq!(events(&mut flow, 2), [11], "the customer waits for a place of its own");
}

#[test]
fn a_share_is_taken_away_at_once_and_grows_after_one_window() {
    let mut flow = flow(Some((4, 4)), 10, 0, 100);
    for id in 1..=9 {
        let deadline = 10_000 * MS;
        let offer = Offer { id: Ticket(id), priority: Priority::Customer, business: None, caller: 0, deadline };
        flow.offer(&offer, Duration::ZERO).unwrap();
    }
    flow.share(Share { rate_max: Some(2), inflight_max: 1 }, Duration::ZERO);
    assert_eq!(events(&mut flow, 0), [1]);
    flow.answered(Ticket(1), MS);
    assert_eq!(events(&mut flow, 1), [2]);
    flow.answered(Ticket(2), 2 * MS);
    flow.share(Share { rate_max: Some(4), inflight_max: 10 }, 2 * MS);
    assert_eq!(flow.status(2 * MS).contract.rate_max, Some(2));
    assert_eq!(events(&mut flow, 1000), [0_i64; 0], "two of two in this window");
    assert_eq!(events(&mut flow, 1001), [3], "one of two");
    assert_eq!(events(&mut flow, 1002), [4, 5, 6], "one of four");
}

#[test]
fn without_a_share_of_the_rate_a_duty_waits_for_one() {
    let mut flow = flow(Some((4, 4)), 100, 0, 100);
    flow.share(Share { rate_max: Some(0), inflight_max: 10 }, Duration::ZERO);
    assert!(!flow.may_send_duty(Duration::ZERO) && flow.duty_at().is_none(), "no time brings it");
    flow.share(Share { rate_max: Some(1), inflight_max: 10 }, 10 * MS);
    assert!(flow.may_send_duty(5000 * MS));
}

#[test]
fn what_an_earlier_run_sent_counts_in_the_rate_for_one_window() {
    let mut flow = flow(Some((4, 4)), 100, 0, 100);
    for is_privileged in [false, true, false] {
        flow.recall_sent(None, is_privileged, 10 * MS);
    }
    for id in 1..=3 {
        offer(&mut flow, id, Priority::Customer, "", 0, 600).unwrap();
    }
    assert_eq!(events(&mut flow, 600), [1], "one was left");
    assert!(!flow.may_send_duty(600 * MS));
    assert_eq!(events(&mut flow, 1010), [2, 3]);
    for _ in 0..9 {
        flow.recall_sent(None, false, 1010 * MS);
    }
    assert_eq!(flow.status(1010 * MS).contract.rate_used, 4, "more need not be known");
}

#[test]
fn other_limits_hold_at_once_and_no_window_has_more_than_the_higher_rate() {
    let settings = |max: usize, inflight_max: usize| FlowSettings {
        contract: GateSettings {
            rate: Some(RateSettings { max, window: 1000 * MS, burst_max: max }),
            inflight_max,
            adapts: false,
        },
        businesses: BTreeMap::new(),
        reserved_percent: 0,
        queue_max: 100,
    };
    let ask = |flow: &mut Flow, ids: std::ops::Range<u64>, at: u32| {
        for id in ids {
            offer(flow, id, Priority::Customer, "none", 0, at).unwrap();
        }
        events(flow, at)
    };
    // Places: a higher limit lets one more start, a lower one nothing until enough has ended.
    let mut flow = Flow::new(settings(100, 2));
    assert_eq!(ask(&mut flow, 1..5, 0), [1, 2]);
    flow.retune(&settings(100, 3), MS);
    assert_eq!(events(&mut flow, 1), [3]);
    flow.retune(&settings(100, 1), MS);
    for id in 1..=3 {
        assert_eq!(events(&mut flow, 2), [] as [i64; 0], "{id}");
        flow.answered(Ticket(id), 2 * MS);
    }
    assert_eq!(events(&mut flow, 2), [4]);
    // The rate: what was sent before counts in the window of the new one.
    let mut flow = Flow::new(settings(2, 100));
    assert_eq!(ask(&mut flow, 1..6, 0), [1, 2]);
    (1..=2).for_each(|id| flow.written(Ticket(id), Duration::ZERO));
    flow.retune(&settings(4, 100), 10 * MS);
    assert_eq!(events(&mut flow, 10), [3, 4], "the fifth has no room in the window");
    (3..=4).for_each(|id| flow.written(Ticket(id), 10 * MS));
    flow.retune(&settings(1, 100), 20 * MS);
    assert_eq!(ask(&mut flow, 10..11, 900).iter().filter(|id| **id > 0).count(), 0, "four count, one is allowed");
}
