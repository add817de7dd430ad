//! Names of findings that share a key: the same finding has the same name, whichever others there are.

use std::collections::BTreeSet;

use fep_protocol::reconciliation::{KeptExchange, KeptRecord};
use proptest::prelude::*;

use super::super::row::Row;
use super::*;

fn row(amount: i128, origin: u8) -> Row {
    let key = Key::of(&["900001".to_owned()]);
    Row { key, amount: Some(amount), state: State::Done, day: 1, origin: [origin; 16] }
}

fn record(amount: i128, place: u8) -> Finding {
    Finding { class: Class::TwiceThere, there: Some(row(amount, place)), here: None, says: Some(State::Done) }
}

fn exchange(id: u8) -> Finding {
    Finding { class: Class::TwiceHere, there: None, here: Some(row(5, id)), says: None }
}

fn names(findings: &[Finding]) -> Vec<String> {
    let mut names = Names::new(b"secret");
    findings.iter().map(|finding| names.of(finding).name).collect()
}

#[test]
fn a_finding_keeps_its_name_when_another_one_with_its_key_is_gone() {
    assert_eq!(names(&[record(100, 1), record(200, 2)])[1], names(&[record(200, 1)])[0]);
    assert_eq!(names(&[exchange(1), exchange(2)])[1], names(&[exchange(2)])[0]);
    // What cannot be told apart is counted.
    let same = names(&[record(100, 1), record(100, 2), record(100, 3)]);
    assert_eq!(BTreeSet::from_iter(&same).len(), 3);
    assert_eq!(names(&[record(100, 9), record(100, 8)]), same[..2]);
}

#[test]
fn hidden_amounts_are_told_apart_and_their_place_is_not() {
    let hidden = |finding: &Finding, secret: &[u8]| Names::new(secret).hidden(finding, 2);
    let one = hidden(&record(51_000, 1), b"secret");
    assert_eq!(hidden(&record(51_000, 2), b"secret"), one);
    let both = Finding { here: Some(row(51_000, 1)), ..record(51_000, 1) };
    let others = [hidden(&record(9, 1), b"secret"), hidden(&both, b"secret"), hidden(&record(51_000, 1), b"other")];
    assert!(others.iter().all(|other| *other != one), "{one} {others:?}");
}

#[test]
fn what_was_seen_is_the_exception_with_both_amounts_and_outcomes_and_not_its_place() {
    let finding = KeptFinding {
        class: "amount_differs".to_owned(),
        key: vec!["1".to_owned()],
        file_says: Some("done".to_owned()),
        there: Some(KeptRecord { record: 3, amount: Some("10".to_owned()), state: "done".to_owned() }),
        here: Some(KeptExchange {
            exchange: None,
            amount: Some("11".to_owned()),
            state: "done".to_owned(),
            date: "2026-11-26".to_owned(),
        }),
        hidden: None,
    };
    let one = seen("s", "1", &finding);
    let there = |record: u64, amount: &str, state: &str| {
        Some(KeptRecord { record, amount: Some(amount.to_owned()), state: state.to_owned() })
    };
    let moved = KeptFinding { there: there(4, "10", "done"), ..finding.clone() };
    assert_eq!(seen("s", "1", &moved), one);
    let others = [
        seen("s", "1", &KeptFinding { there: there(3, "12", "done"), ..finding.clone() }),
        seen("s", "1", &KeptFinding { there: there(3, "10", "reversed"), ..finding.clone() }),
        seen("s", "1", &KeptFinding { here: None, ..finding.clone() }),
        seen("s", "1", &KeptFinding { hidden: Some("aa".to_owned()), ..finding.clone() }),
        seen("s", "2", &finding),
        seen("t", "1", &finding),
    ];
    assert!(others.iter().all(|other| *other != one), "{one} {others:?}");
}

proptest! {
    /// Each subset of findings, in any order, has the names that they have in the whole, as long as no two say the same.
    #[test]
    fn a_name_does_not_depend_on_the_others(ids in prop::collection::btree_set(0_u8..9, 1..9), keep in prop::collection::vec(any::<bool>(), 9)) {
        let all: Vec<_> = ids.iter().flat_map(|id| [record(i128::from(*id), *id), exchange(*id)]).collect();
        let named = names(&all);
        prop_assert_eq!(BTreeSet::from_iter(&named).len(), all.len());
        let kept = all.iter().cloned().zip(named).zip(keep.iter().cycle()).filter(|(_, keep)| **keep);
        let mut kept: Vec<_> = kept.map(|(one, _)| one).collect();
        kept.reverse();
        let (some, expected): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        prop_assert_eq!(names(&some), expected);
    }
}
