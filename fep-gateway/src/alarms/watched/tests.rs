//! The book of alarms: what is stored, what is raised when, and who hears of it.

use std::time::Duration;

use fep_protocol::alarm::AlarmHolds;
use fep_protocol::calendar::{Calendar, DayHours, Span};

use super::*;
use crate::config::{AlarmReceiver, ReceiverKind};

#[test]
fn what_was_stored_belongs_to_one_journal_and_damage_is_said() {
    let mut book = AlarmBook::new("aa");
    book.read_up_to = Some(7);
    let text = book.text();
    assert_eq!(AlarmBook::stored("aa", Some(text.as_bytes())).unwrap().read_up_to, Some(7));
    assert_eq!(
        AlarmBook::stored("bb", Some(text.as_bytes())).unwrap().read_up_to,
        None,
        "a journal that was here before"
    );
    assert_eq!(AlarmBook::stored("aa", None).unwrap(), AlarmBook::new("aa"));
    let texts = [String::new(), "{}".to_owned(), text.replace('7', "-7"), format!("{text}x")].map(String::into_bytes);
    for damage in texts.into_iter().chain([vec![0xff]]) {
        assert!(AlarmBook::stored("aa", Some(&damage)).unwrap_err().starts_with("this is no state of alarms"));
    }
    let newer = AlarmBook::stored("aa", Some(text.replace("\"version\":1", "\"version\":2").as_bytes())).unwrap_err();
    assert_eq!(newer, "its version is 2, and this gateway knows 1");
}

/// The configuration with this rule and these receivers. All of them are the log.
fn config(rule: &AlarmRule, receivers: &[&str]) -> AlarmsConfig {
    let log = |name: &&str| {
        let receiver = AlarmReceiver { kind: ReceiverKind::Log, pause: Duration::ZERO, timeout: Duration::ZERO };
        ((*name).to_owned(), receiver)
    };
    let to = receivers.iter().map(log).collect();
    AlarmsConfig { to, rules: BTreeMap::from([("letters".to_owned(), rule.clone())]) }
}

/// The rule `letters`, told to these.
fn letters(to: &[&str]) -> AlarmRule {
    AlarmRule {
        institutions: None,
        to: to.iter().map(|name| (*name).to_owned()).collect(),
        holds: AlarmHolds { raise_after: Duration::ZERO, clear_after: Duration::ZERO, remind_after: None },
        only_while_open: false,
        hours: None,
        measurement: Measurement::DeadLetters { count_max: 0, clear_count: 0 },
        amount: None,
    }
}

fn look(book: &mut AlarmBook, rule: &AlarmRule, dead_letters: u64) -> bool {
    let present = Present { now_ms: 5, is_open: true, dead_letters, ..Present::default() };
    book.look(("letters", rule), "bank-a", &present, || "x".to_owned())
}

/// The actions that wait for a receiver.
fn waiting(book: &AlarmBook, receiver: &str) -> Vec<AlarmAction> {
    book.outboxes.get(receiver).map(|of| of.changes().map(|change| change.action).collect()).unwrap_or_default()
}

#[test]
fn what_is_not_told_goes_to_the_receivers_that_the_rule_has_now() {
    // The receiver `desk` is called `people` now. A letter to it was on its way.
    for is_on_its_way in [false, true] {
        let mut book = AlarmBook::new("aa");
        look(&mut book, &letters(&["desk"]), 1);
        if is_on_its_way {
            book.outboxes.get_mut("desk").unwrap().letter(|| "first".to_owned());
        }
        let rule = letters(&["people"]);
        let given = book.redirect(&config(&rule, &["people"]));
        assert_eq!(given.len(), 1, "it is said for each change");
        assert_eq!((given[0].0.as_str(), waiting(&book, "people")), ("desk", vec![AlarmAction::Raise]));
        assert!(!book.outboxes.contains_key("desk"));
        assert!(book.redirect(&config(&rule, &["people"])).is_empty(), "once");
        assert_eq!(waiting(&book, "people"), [AlarmAction::Raise]);
    }
}

#[test]
fn whoever_has_not_heard_of_a_raised_alarm_hears_of_it_and_whoever_was_called_hears_of_its_end() {
    let mut book = AlarmBook::new("aa");
    look(&mut book, &letters(&["desk"]), 1);
    let desk = book.outboxes.get_mut("desk").unwrap();
    desk.letter(|| "first".to_owned());
    desk.taken();
    // The rule has another receiver besides, and then instead.
    let both = letters(&["desk", "people"]);
    assert!(book.redirect(&config(&both, &["desk", "people"])).is_empty());
    assert_eq!((waiting(&book, "desk"), waiting(&book, "people")), (vec![], vec![AlarmAction::Raise]));
    let people = book.outboxes.get_mut("people").unwrap();
    people.letter(|| "second".to_owned());
    people.taken();
    let only = letters(&["people"]);
    book.redirect(&config(&only, &["desk", "people"]));
    assert!(look(&mut book, &only, 0));
    for receiver in ["desk", "people"] {
        assert_eq!(waiting(&book, receiver), [AlarmAction::Clear], "{receiver}");
    }
    assert_eq!(book.take_added().len(), 2, "the raise and the clear");
}

#[test]
fn nothing_is_raised_outside_its_hours_or_while_business_is_closed() {
    // From 09:00 to 18:00 at UTC, each day.
    let hours = DayHours::new(vec![Span::new(540, 1080).unwrap()]).unwrap();
    let holds = AlarmHolds { raise_after: Duration::ZERO, clear_after: Duration::ZERO, remind_after: None };
    let rule = AlarmRule {
        institutions: None,
        to: vec!["desk".to_owned()],
        holds,
        only_while_open: true,
        hours: Some(Calendar::new(std::array::from_fn(|_| hours.clone()), 0, 0)),
        measurement: Measurement::DeadLetters { count_max: 0, clear_count: 0 },
        amount: None,
    };
    let mut book = AlarmBook::new("aa");
    let mut look = |hour: i64, is_open, dead_letters| {
        let now_ms = hour * 3_600_000;
        let present = Present { now_ms, business_ms: now_ms, is_open, dead_letters, ..Present::default() };
        book.look(("letters", &rule), "bank-a", &present, || "x".to_owned())
    };
    assert!(!look(8, true, 1), "it is too early");
    assert!(!look(9, false, 1), "business is closed");
    assert!(look(10, true, 1));
    assert!(!look(11, true, 1), "it is told once");
    assert!(look(20, false, 0), "the end is told at any time");
    assert_eq!(book.outboxes["desk"].waiting().0, 0, "nobody had heard of it");
    assert_eq!(book.recent().len(), 2);
}
