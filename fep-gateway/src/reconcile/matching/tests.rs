//! Each case of two sides, and that no row is lost whatever the two sides are.

use proptest::prelude::*;

use super::super::row::{Key, Row, State};
use super::super::sorter::Sorter;
use super::{Class, CompareError, Comparison, Finding, SAME_KEY_MAX, Totals};
use crate::config::FileLists;

const DAY: i64 = 20_000;

fn row(key: &str, amount: i128, state: State) -> Row {
    Row { key: Key::of(&[key.to_owned()]), amount: Some(amount), state, day: DAY, origin: [0; 16] }
}

fn run(there: &[Row], here: &[Row], lists: FileLists) -> Result<(Totals, Vec<Finding>), CompareError> {
    let sorted = |rows: &[Row]| {
        let mut sorter = Sorter::new(200);
        rows.iter().for_each(|row| sorter.push(row).unwrap());
        sorter.finish().unwrap()
    };
    let mut findings = Vec::new();
    let mut found = |finding| findings.push(finding);
    let mut comparison = Comparison { day: DAY, lists, totals: Totals::default(), found: &mut found };
    comparison.run(sorted(there), sorted(here))?;
    Ok((comparison.totals, findings))
}

/// The class of the only finding, with what the file says, or `None` if there is none.
#[track_caller]
fn only(there: &[Row], here: &[Row], lists: FileLists) -> Option<(Class, Option<State>)> {
    let (totals, findings) = run(there, here, lists).unwrap();
    assert!(findings.len() <= 1, "{findings:?}");
    assert_eq!(findings.len() as u64, totals.findings.iter().map(|sum| sum.count).sum::<u64>());
    findings.first().map(|finding| (finding.class, finding.says))
}

#[test]
fn one_record_and_one_exchange_are_compared_by_outcome_amount_and_date() {
    use State::{Done, NotDone, Reversed, Unclear, Unsettled};
    let cases = [
        (Done, Done, 5, None),
        (Reversed, Reversed, 5, None),
        (NotDone, NotDone, 5, None),
        (Done, Done, 6, Some(Class::AmountDiffers)),
        (Reversed, Reversed, 6, Some(Class::AmountDiffers)),
        // No money was moved, so the amounts do not matter.
        (NotDone, NotDone, 6, None),
        (Done, NotDone, 5, Some(Class::StateDiffers)),
        (Done, Reversed, 5, Some(Class::StateDiffers)),
        (NotDone, Done, 5, Some(Class::StateDiffers)),
        (Reversed, NotDone, 5, Some(Class::StateDiffers)),
        (Done, Unsettled, 5, Some(Class::Unsettled)),
        (NotDone, Unsettled, 6, Some(Class::Unsettled)),
        (Unclear, Done, 5, Some(Class::Unclear)),
        (Unclear, Unsettled, 5, Some(Class::Unclear)),
    ];
    for (there, here, amount, expected) in cases {
        let found = only(&[row("1", 5, there)], &[row("1", amount, here)], FileLists::Done);
        let says = (there != Unclear).then_some(there);
        assert_eq!(found, expected.map(|class| (class, says)), "{there:?} {here:?} {amount}");
    }
}

#[test]
fn what_the_file_leaves_out_has_the_other_state() {
    use State::{Done, NotDone, Reversed, Unsettled};
    let cases = [
        (FileLists::Done, Done, Some((Class::MissingThere, Some(NotDone)))),
        (FileLists::Done, NotDone, None),
        (FileLists::Done, Reversed, None),
        (FileLists::Done, Unsettled, Some((Class::Unsettled, Some(NotDone)))),
        (FileLists::NotDone, Done, None),
        (FileLists::NotDone, NotDone, None),
        (FileLists::NotDone, Reversed, Some((Class::StateDiffers, Some(Done)))),
        (FileLists::NotDone, Unsettled, Some((Class::Unsettled, Some(Done)))),
    ];
    for (lists, here, expected) in cases {
        assert_eq!(only(&[], &[row("1", 5, here)], lists), expected, "{lists:?} {here:?}");
    }
    assert_eq!(only(&[row("1", 5, Done)], &[], FileLists::Done), Some((Class::MissingHere, Some(Done))));
    assert_eq!(only(&[row("1", 5, NotDone)], &[], FileLists::NotDone), Some((Class::MissingHere, Some(NotDone))));
}

#[test]
fn another_date_explains_a_record_and_is_never_missing_itself() {
    let yesterday = Row { day: DAY - 1, ..row("1", 5, State::Done) };
    assert_eq!(only(&[], std::slice::from_ref(&yesterday), FileLists::Done), None);
    let found = only(&[row("1", 5, State::Done)], std::slice::from_ref(&yesterday), FileLists::Done);
    assert_eq!(found, Some((Class::Late, Some(State::Done))));
    // What is wrong besides is told first.
    let found = only(&[row("1", 6, State::Done)], &[yesterday], FileLists::Done);
    assert_eq!(found, Some((Class::AmountDiffers, Some(State::Done))));
}

#[test]
fn each_record_gets_the_exchange_that_fits_it_best() {
    use State::{Done, NotDone};
    // The first try was not sent, the second one was carried out: the caller used its key again.
    let tries = [row("1", 5, NotDone), row("1", 5, Done)];
    assert_eq!(only(&[row("1", 5, Done)], &tries, FileLists::Done), None);
    // Two exchanges, two records, in another order.
    let (totals, findings) =
        run(&[row("1", 5, Done), row("1", 6, Done)], &[row("1", 6, Done), row("1", 5, Done)], FileLists::Done).unwrap();
    assert_eq!((findings.len(), totals.matched.count, totals.matched.amount), (0, 2, Some(11)));
    assert_eq!(
        only(&[row("1", 5, Done), row("1", 5, Done)], &[row("1", 5, Done)], FileLists::Done),
        Some((Class::TwiceThere, Some(Done)))
    );
    assert_eq!(
        only(&[row("1", 5, Done)], &[row("1", 5, Done), row("1", 5, Done)], FileLists::Done),
        Some((Class::TwiceHere, None))
    );
}

#[test]
fn an_amount_that_one_side_does_not_have_differs() {
    let without = Row { amount: None, ..row("1", 5, State::Done) };
    assert_eq!(
        only(std::slice::from_ref(&without), &[row("1", 5, State::Done)], FileLists::Done),
        Some((Class::AmountDiffers, Some(State::Done)))
    );
    assert_eq!(only(std::slice::from_ref(&without), std::slice::from_ref(&without), FileLists::Done), None);
}

#[test]
fn a_key_that_does_not_tell_transactions_apart_is_refused() {
    let rows = vec![row("1", 5, State::Done); SAME_KEY_MAX + 1];
    assert!(run(&rows[1..], &rows[1..], FileLists::Done).is_ok());
    let refused = run(&rows, &[], FileLists::Done);
    assert!(matches!(&refused, Err(CompareError::SameKey(key)) if key.texts() == ["1"]), "{refused:?}");
}

#[test]
fn sums_that_do_not_fit_are_not_shown_as_others() {
    let rows = [row("1", i128::MAX, State::Done), row("2", i128::MAX, State::Done)];
    let (totals, _) = run(&rows, &rows, FileLists::Done).unwrap();
    assert_eq!((totals.matched.count, totals.matched.amount), (2, None));
}

fn rows(states: &'static [State]) -> impl Strategy<Value = Vec<Row>> {
    let one = (0..6_u8, 0..3_i128, prop::sample::select(states), -1..=1_i64);
    let row = |(key, amount, state, shift)| Row { day: DAY + shift, ..row(&format!("{key}"), amount, state) };
    prop::collection::vec(one.prop_map(row), 0..20)
}

proptest! {
    #[test]
    fn each_row_is_counted_once(
        there in rows(&[State::Done, State::NotDone, State::Reversed, State::Unclear]),
        here in rows(&[State::Done, State::NotDone, State::Reversed, State::Unsettled]),
        lists in prop::sample::select(&[FileLists::Done, FileLists::NotDone][..]),
    ) {
        let there: Vec<Row> = there.into_iter().map(|row| Row { day: DAY, ..row }).collect();
        let (totals, findings) = run(&there, &here, lists).unwrap();
        let paired = findings.iter().filter(|one| one.there.is_some() && one.here.is_some()).count() as u64;
        let records = findings.iter().filter(|one| one.there.is_some()).count() as u64;
        // A pair of another date that agrees is late, so what agrees without a finding is of this date. With failures only, what was done
        // agrees without a record.
        let agreed = totals.matched.count + totals.reversed.count + totals.not_done.count;
        let without_record = if lists == FileLists::NotDone {
            let done = |row: &&Row| row.day == DAY && row.state == State::Done;
            here.iter().filter(done).count() as u64
        } else {
            0
        };
        prop_assert_eq!(totals.there.count, there.len() as u64);
        prop_assert!(records + agreed >= totals.there.count && records + agreed <= totals.there.count + without_record);
        let of_date = here.iter().filter(|row| row.day == DAY).count() as u64;
        prop_assert_eq!(totals.here.count, of_date);
        let alone = findings.iter().filter(|one| one.there.is_none()).count() as u64;
        let others = findings.iter().filter_map(|one| one.here.as_ref()).filter(|row| row.day != DAY).count() as u64;
        prop_assert_eq!(agreed + totals.not_listed.count + alone + paired - others, of_date);
        // Nothing that agrees is a finding, and the two sides agree with themselves.
        let (same, none) = run(&there, &there, lists).unwrap();
        let unclear = there.iter().filter(|row| row.state == State::Unclear).count() as u64;
        prop_assert_eq!((same.exceptions(), none.len() as u64), (unclear, unclear));
    }
}
