//! What a delivery says after some facts.

use super::*;

const AT_MS: i64 = 1_800_000_000_000;

fn policy() -> DeliveryPolicy {
    DeliveryPolicy {
        answer_within: Duration::from_secs(3),
        backoff_min: Duration::from_secs(1),
        backoff_max: Duration::from_secs(60),
        attempts_max: 3,
        horizon: Duration::from_secs(3600),
        refuses: Refuses::default(),
    }
}

/// Checks the name of the stage, who answered, the number of attempts, and what a give-up would say a minute later.
fn check(facts: &[DeliveryFact], stage: &str, by: Option<AnsweredBy>, attempts: u32, hopeless: Option<DeadReason>) {
    let mut all = vec![DeliveryFact::Received { answer_by_ms: AT_MS + 3000 }];
    all.extend_from_slice(facts);
    let case = DeliveryCase::of(all.iter().map(|fact| (AT_MS, fact)));
    assert_eq!((case.stage().name(), case.answered(), case.attempts()), (stage, by, attempts), "{facts:?}");
    let since = Since::now(Now::new(Duration::ZERO, AT_MS));
    let minute = Duration::from_secs(60);
    assert_eq!(case.is_hopeless(Some(&policy()), since, minute), hopeless, "{facts:?}");
    let at_the_end = case.is_hopeless(Some(&policy()), since, policy().horizon);
    assert_eq!(at_the_end, hopeless.or(Some(DeadReason::HorizonPassed)), "{facts:?}");
    let text = serde_json::to_string(&case).unwrap();
    assert_eq!(serde_json::from_str::<DeliveryCase>(&text).unwrap(), case, "{text}");
    for fact in &all {
        let text = serde_json::to_string(fact).unwrap();
        assert_eq!(&serde_json::from_str::<DeliveryFact>(&text).unwrap(), fact, "{text}");
        assert!(text.starts_with(&format!("{{\"fact\":\"{}\"", fact.name())), "{text}");
    }
}

#[test]
fn a_delivery_is_the_sum_of_its_facts() {
    use AnsweredBy::{Busy, Closed, Service, StandIn};
    let answered = |by| DeliveryFact::Answered { by };
    let failed = |attempt| DeliveryFact::Failed { attempt, why: "500".to_owned() };
    let begun = |attempt| DeliveryFact::Begun { attempt };
    let taken = |attempt| DeliveryFact::Taken { attempt, says: ServiceSays::Other };
    let dead = DeliveryFact::DeadLettered { why: DeadReason::TriesUsedUp };
    let asked = DeliveryFact::Asked { person: "kim".to_owned(), note: "again".to_owned() };
    let tried = [failed(1), answered(StandIn), begun(2), failed(2), begun(3), failed(3)];
    check(&[], "delivering", None, 1, None);
    check(&[answered(Service)], "delivered", Some(Service), 1, None);
    check(&[answered(Closed)], "refused", Some(Closed), 0, None);
    check(&[answered(Busy)], "refused", Some(Busy), 0, None);
    check(&[answered(StandIn), answered(Service)], "delivering", Some(StandIn), 1, None);
    check(&tried[..4], "delivering", Some(StandIn), 2, None);
    check(&tried, "delivering", Some(StandIn), 3, Some(DeadReason::TriesUsedUp));
    check(
        &[&tried[..], std::slice::from_ref(&dead)].concat(),
        "dead_letter",
        Some(StandIn),
        3,
        Some(DeadReason::TriesUsedUp),
    );
    check(&[&tried[..], &[dead, asked]].concat(), "delivering", Some(StandIn), 3, None);
    check(&[&tried[..3], &[taken(2)]].concat(), "delivered", Some(StandIn), 2, None);
    check(&[DeliveryFact::Conflicted { first: None }], "conflict", None, 0, None);
    check(&[DeliveryFact::Unwanted], "unwanted", None, 1, None);
}

#[test]
fn a_wall_clock_that_is_set_gives_no_notice_up() {
    let start = Now::new(Duration::ZERO, AT_MS);
    let limits = DeliveryLimits { undelivered_max: 9, answering_max: 9, retrying_max: 9 };
    let mut machine = Delivery::new([("N".to_owned(), policy())].into(), limits, 1);
    let id = ExchangeId::named("a");
    let case = DeliveryCase::of([(AT_MS, &DeliveryFact::Received { answer_by_ms: AT_MS + 3000 })]);
    let notice = NoticeRef { id, telegram: "N".to_owned(), case };
    machine.receive(notice.clone(), Duration::from_secs(3), Gate::Open, start);
    let days_later = AT_MS + 3 * 86_400_000;
    machine.failed(&id, 1, "503", Now::new(Duration::from_secs(1), days_later));
    machine.answered(&id, Now::new(Duration::from_secs(1), days_later));
    let stage = |machine: &Delivery| machine.case(&id).unwrap().stage();
    assert_eq!(stage(&machine), Stage::Open, "its first second");
    let mut next = Delivery::new([("N".to_owned(), policy())].into(), limits, 1);
    next.load(notice, Now::new(Duration::ZERO, days_later));
    assert_eq!(stage(&next), Stage::Open, "it may have been set forward while nothing ran");
}

#[test]
fn a_history_is_bounded_and_keeps_its_begin_and_its_end() {
    let received = DeliveryFact::Received { answer_by_ms: AT_MS };
    let mut case = DeliveryCase::of([(AT_MS, &received)]);
    for attempt in 2..1000 {
        case.apply(AT_MS, &DeliveryFact::Begun { attempt });
    }
    assert_eq!((case.history().len(), case.omitted()), (HISTORY_MAX, 959));
    assert_eq!(case.history().first().map(|past| &past.fact), Some(&received));
    assert_eq!(case.history().last().map(|past| &past.fact), Some(&DeliveryFact::Begun { attempt: 999 }));
}

#[test]
fn the_names_of_stages_are_known() {
    let stages = [
        Stage::Open,
        Stage::Delivered,
        Stage::DeadLetter(DeadReason::NoPolicy),
        Stage::Closed,
        Stage::Refused,
        Stage::Conflicted,
        Stage::Repeated,
        Stage::Unwanted,
    ];
    assert_eq!(stages.map(Stage::name), Stage::NAMES);
}
