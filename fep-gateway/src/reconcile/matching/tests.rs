//! Each case of two sides, and properties of random sides: each row is counted once, and no contradiction is lost.

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
    let mut comparison =
        Comparison { day: DAY, lists, leaves_out_declined: false, totals: Totals::default(), found: &mut found };
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
    use State::{Declined, Done, NotDone, NotSent, Reversed, Unclear, Unsettled};
    let cases = [
        (Done, Done, 5, None),
        (Reversed, Reversed, 5, None),
        (NotDone, NotDone, 5, None),
        (NotDone, Declined, 5, None),
        // The institution lists what it never got.
        (NotDone, NotSent, 5, Some(Class::StateDiffers)),
        (Done, NotSent, 5, Some(Class::StateDiffers)),
        (Done, Declined, 5, Some(Class::StateDiffers)),
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
    use State::{Declined, Done, NotDone, NotSent, Reversed, Unsettled};
    let cases = [
        (FileLists::Done, Done, Some((Class::MissingThere, Some(NotDone)))),
        (FileLists::Done, NotDone, None),
        (FileLists::Done, Declined, None),
        (FileLists::Done, NotSent, None),
        (FileLists::Done, Reversed, None),
        (FileLists::Done, Unsettled, Some((Class::Unsettled, Some(NotDone)))),
        (FileLists::NotDone, Done, None),
        (FileLists::NotDone, NotSent, None),
        // The file says by its silence that they were carried out.
        (FileLists::NotDone, NotDone, Some((Class::StateDiffers, Some(Done)))),
        (FileLists::NotDone, Declined, Some((Class::StateDiffers, Some(Done)))),
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
fn an_exchange_of_the_date_comes_before_one_of_another_date_that_would_fit_better() {
    // Trace numbers begin again each day, and the key has no date: the file says that the declined one was carried out.
    let yesterday = Row { day: DAY - 1, ..row("1", 5, State::Done) };
    let today = row("1", 5, State::Declined);
    let found = only(&[row("1", 5, State::Done)], &[yesterday, today], FileLists::Done);
    assert_eq!(found, Some((Class::StateDiffers, Some(State::Done))));
}

#[test]
fn a_record_that_moves_another_one_back_counts_alone() {
    use State::{Done, Reversed};
    let both = [row("1", 5, Done), row("1", 5, Reversed)];
    assert_eq!(only(&both, &[row("1", 5, Reversed)], FileLists::Done), None);
    assert_eq!(only(&both, &[row("1", 5, Done)], FileLists::Done), Some((Class::StateDiffers, Some(Reversed))));
    let (totals, _) = run(&both, &[row("1", 5, Reversed)], FileLists::Done).unwrap();
    assert_eq!((totals.there.count, totals.undone_there.count, totals.reversed.count), (2, 1, 1));
    // Another amount is another transaction.
    let (totals, findings) = run(&[row("1", 5, Done), row("1", 6, Reversed)], &[], FileLists::Done).unwrap();
    assert_eq!((totals.undone_there.count, findings.len()), (0, 2));
}

#[test]
fn a_file_of_failures_can_leave_out_what_was_declined_at_once() {
    let sorted = |rows: &[Row]| {
        let mut sorter = Sorter::new(200);
        rows.iter().for_each(|row| sorter.push(row).unwrap());
        sorter.finish().unwrap()
    };
    let here = [row("1", 5, State::Declined), row("2", 5, State::NotDone)];
    let mut classes = Vec::new();
    let mut found = |finding: Finding| classes.push((finding.class, finding.key().map(Key::texts)));
    let mut comparison = Comparison {
        day: DAY,
        lists: FileLists::NotDone,
        leaves_out_declined: true,
        totals: Totals::default(),
        found: &mut found,
    };
    comparison.run(sorted(&[]), sorted(&here)).unwrap();
    // What was settled as not done is what the silence contradicts.
    assert_eq!(classes, [(Class::StateDiffers, Some(vec!["2".to_owned()]))]);
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
    let refused = run(&rows, &rows[..1], FileLists::Done);
    assert!(matches!(&refused, Err(CompareError::SameKey(key)) if key.texts() == ["1"]), "{refused:?}");
    // A blank key of other channels, which nothing of ours has, stops nothing.
    let (totals, _) = run(&rows, &[row("2", 5, State::Done)], FileLists::Done).unwrap();
    assert_eq!(totals.of(Class::MissingHere).count, rows.len() as u64);
    let (totals, _) = run(&[], &rows, FileLists::Done).unwrap();
    assert_eq!(totals.of(Class::MissingThere).count, rows.len() as u64);
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
    fn each_row_is_counted_once_and_no_contradiction_is_lost(
        there in rows(&[State::Done, State::NotDone, State::Reversed, State::Unclear]),
        here in rows(&[State::Done, State::NotDone, State::Declined, State::NotSent, State::Reversed, State::Unsettled]),
        lists in prop::sample::select(&[FileLists::Done, FileLists::NotDone][..]),
    ) {
        let there: Vec<Row> = there.into_iter().map(|row| Row { day: DAY, ..row }).collect();
        let (totals, findings) = run(&there, &here, lists).unwrap();
        let found = |has: &dyn Fn(&Finding) -> bool| findings.iter().filter(|one| has(one)).count() as u64;
        let agreed = totals.matched.count + totals.reversed.count + totals.not_done.count;
        // With failures only, what was carried out agrees without a record.
        let records_in_findings = found(&|one| one.there.is_some());
        let agreed_alone = (agreed + records_in_findings + totals.undone_there.count).checked_sub(there.len() as u64);
        prop_assert!(agreed_alone.is_some_and(|count| count == 0 || lists == FileLists::NotDone));
        prop_assert_eq!(totals.there.count, there.len() as u64);
        let of_date = here.iter().filter(|row| row.day == DAY).count() as u64;
        prop_assert_eq!(totals.here.count, of_date);
        let exchanges_in_findings = found(&|one| one.here.as_ref().is_some_and(|row| row.day == DAY));
        prop_assert_eq!(agreed + totals.not_listed.count + exchanges_in_findings, of_date);

        // If no person is told, file and journal say that the same money was moved.
        let moved = |rows: &[Row]| {
            let done = rows.iter().filter(|row| row.day == DAY && row.state == State::Done);
            done.map(|row| row.amount.unwrap_or_default()).sum::<i128>()
        };
        let is_late = findings.iter().any(|one| one.class == Class::Late);
        let undone = totals.undone_there.amount.unwrap_or_default();
        if lists == FileLists::Done && totals.exceptions() == 0 && !is_late {
            prop_assert_eq!(moved(&there) - undone, moved(&here));
        }
        // A side agrees with itself, except for records that are unclear.
        let unclear = there.iter().any(|row| row.state == State::Unclear);
        let has_pair = there.iter().any(|row| row.state == State::Reversed);
        if !unclear && !has_pair {
            prop_assert_eq!(run(&there, &there, lists).unwrap().1.len(), 0);
        }
    }
}
