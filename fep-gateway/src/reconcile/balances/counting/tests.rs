//! Balances by hand, and random days against a model that moves money at one moment each.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::super::row::State;
use super::super::super::sorter::Sorter;
use super::super::movement::{Window, effect};
use super::*;

const TOLD_AT: i64 = 1000;
const SNAPSHOT_AT: i64 = 1200;
const WINDOW: Window = Window { from_ms: TOLD_AT, to_ms: SNAPSHOT_AT };

fn account(name: &str) -> Key {
    Key::of(&[name.to_owned()])
}

fn rows(balances: &[(&str, i128)]) -> Sorted {
    let mut sorter = Sorter::new(64);
    for (number, (name, balance)) in (1_u64..).zip(balances) {
        let mut origin = [0; 16];
        origin[..8].copy_from_slice(&number.to_be_bytes());
        let row = Row { key: account(name), amount: Some(*balance), state: State::Done, day: 0, origin };
        sorter.push(&row).unwrap();
    }
    sorter.finish().unwrap()
}

fn movement(name: &str, amount: i128, since_ms: i64, until_ms: i64, fate: Fate) -> Movement {
    let effect = effect(WINDOW, (since_ms, until_ms), (fate, false), amount);
    Movement { account: account(name), amount, effect, fate, since_ms, until_ms, origin: [0; 16] }
}

fn sorted(movements: &[Movement]) -> Sorted<Movement> {
    let mut sorter = Sorter::new(64);
    movements.iter().for_each(|movement| sorter.push(movement).unwrap());
    sorter.finish().unwrap()
}

fn run(
    snapshot: &[(&str, i128)],
    told: &[(&str, i128)],
    movements: &[Movement],
    is_back: bool,
) -> Result<(BalanceTotals, Vec<Counted>), CountError> {
    let mut findings = Vec::new();
    let mut found = |counted| findings.push(counted);
    let totals = BalanceTotals::default();
    let mut counting = Counting { told_at_ms: TOLD_AT, is_back, near_ms: 10, totals, found: &mut found };
    counting.run(rows(snapshot), rows(told), sorted(movements))?;
    let totals = counting.totals;
    Ok((totals, findings))
}

#[test]
fn a_balance_is_that_of_the_snapshot_without_what_happened_since() {
    let done = [
        movement("a", -300, 900, 901, Fate::Done),
        movement("a", -50, 1100, 1101, Fate::Done),
        movement("a", 20, 1150, 1150, Fate::Done),
        movement("a", -7, 1300, 1301, Fate::Done),
    ];
    // 1000 at the end, 50 went out and 20 came in: 1030 before.
    let (totals, findings) = run(&[("a", 1000)], &[("a", 1030)], &done, true).unwrap();
    assert_eq!((totals.agree, totals.certain, totals.uncertain, findings.len()), (1, 2, 0, 0));
    let (_, findings) = run(&[("a", 1000)], &[("a", 1000)], &done, true).unwrap();
    assert_eq!((findings[0].class, findings[0].counted), (BalanceClass::Differs, Some((1030, 1030))));
    // Forward from the same snapshot: the other way.
    let (totals, _) = run(&[("a", 1000)], &[("a", 970)], &done, false).unwrap();
    assert_eq!(totals.agree, 1);
}

#[test]
fn what_nobody_knows_makes_a_range() {
    let moves = [
        movement("a", -100, 1100, i64::MAX, Fate::Unknown),
        movement("a", -30, 990, 1010, Fate::Late),
        movement("b", -5, 1005, 1006, Fate::Done),
    ];
    for (told, expected) in [(999, Some(BalanceClass::Differs)), (1131, Some(BalanceClass::Differs))] {
        let (_, findings) = run(&[("a", 1000), ("b", 1)], &[("a", told), ("b", 6)], &moves, true).unwrap();
        assert_eq!(findings.first().map(|one| one.class), expected, "{told}");
    }
    for told in [1000, 1030, 1077, 1130] {
        let (totals, findings) = run(&[("a", 1000), ("b", 1)], &[("a", told), ("b", 6)], &moves, true).unwrap();
        assert_eq!((totals.agree, totals.uncertain), (1, 2));
        assert_eq!((findings[0].class, findings[0].counted), (BalanceClass::Uncertain, Some((1000, 1130))));
        assert_eq!(findings[0].movements.len(), 2);
    }
}

#[test]
fn an_account_that_one_file_lacks_is_a_finding_and_one_that_is_there_twice_is_refused() {
    let moves = [movement("c", -5, 1100, 1101, Fate::Done)];
    let (totals, findings) = run(&[("a", 1)], &[("b", 2)], &moves, true).unwrap();
    let classes: Vec<_> = findings.iter().map(|one| one.class).collect();
    assert_eq!((classes, totals.neither), (vec![BalanceClass::NotTold, BalanceClass::NoSnapshot], 1));
    assert!(matches!(run(&[("a", 1), ("b", 1), ("a", 1)], &[], &[], true), Err(CountError::Twice(true, 1, 3))));
    assert!(matches!(run(&[], &[("b", 1), ("b", 2)], &[], true), Err(CountError::Twice(false, 1, 2))));
    let huge = [movement("a", i128::MAX, 1100, 1101, Fate::Done), movement("a", i128::MAX, 1100, 1101, Fate::Done)];
    assert!(matches!(run(&[("a", 1)], &[], &huge, true), Err(CountError::TooLarge)));
    assert!(matches!(
        run(&[("a", i128::MAX)], &[], &[movement("a", -5, 1100, 1101, Fate::Done)], true),
        Err(CountError::TooLarge)
    ));
}

#[test]
fn a_movement_that_is_the_difference_is_found_wherever_it_is() {
    let of = |number: u8, amount: i128, since: i64, fate: Fate| {
        let until = if fate == Fate::Unknown { i64::MAX } else { since + 1 };
        Movement { origin: [number; 16], ..movement("b", amount, since, until, fate) }
    };
    // The bank has the 40 before the moment, or not at all; the 25 of just before it after it; and perhaps the 7.
    let moves = [
        of(1, -40, 1100, Fate::Done),
        of(2, -25, 995, Fate::Done),
        of(3, -1, 1150, Fate::Done),
        movement("a", -40, 1100, 1101, Fate::Done),
    ];
    let explained = |told: i128, is_back: bool| {
        let snapshot = [("a", 1000), ("b", 1000)];
        let told = [("a", if is_back { 1040 } else { 960 }), ("b", told)];
        let (_, mut findings) = run(&snapshot, &told, &moves, is_back).unwrap();
        explain(&mut findings, sorted(&moves), is_back).unwrap();
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        let by = finding.movements.iter().filter(|one| finding.is_explained_by(one, is_back));
        by.map(|one| one.origin[0]).collect::<Vec<_>>()
    };
    assert_eq!(explained(1041 - 40, true), [1], "counted, and not by the bank");
    assert_eq!(explained(1041 + 25, true), [2], "before the moment, and behind it for the bank");
    assert_eq!(explained(1041 + 40, true), [] as [u8; 0], "the wrong way");
    assert_eq!(explained(959 + 40, false), [1]);
    assert_eq!(explained(959 - 25, false), [2]);
    assert_eq!(explained(5, true), [] as [u8; 0]);
}

#[test]
fn a_finding_shows_few_movements_and_counts_the_rest() {
    let mut moves: Vec<_> = (0..30).map(|_| movement("a", -1, 1005, 1006, Fate::Done)).collect();
    moves.extend((0..3).map(|_| movement("a", -1, 1100, i64::MAX, Fate::Unknown)));
    let (_, findings) = run(&[("a", 0)], &[("a", 0)], &moves, true).unwrap();
    let shown: Vec<_> = findings[0].movements.iter().map(|one| one.fate).collect();
    assert_eq!((shown.len(), &shown[..3], findings[0].not_shown), (SHOWN_MAX, &[Fate::Unknown; 3][..], 13));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// However a day went, a balance that was true is never reported as different, and it agrees if each movement is known for certain.
    #[test]
    fn a_true_balance_never_differs(
        start in prop::collection::btree_map("[a-c]", -1000_i128..1000, 1..4),
        moves in prop::collection::vec(("[a-c]", -50_i128..50, 900_i64..1300, 0_i64..60, 0_u8..4, 0_i64..60), 0..40),
        is_back: bool,
    ) {
        let within = |at: i64| i128::from((WINDOW.from_ms..WINDOW.to_ms).contains(&at));
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        let mut movements = Vec::new();
        for (name, amount, since, takes, kind, at) in moves {
            let moment = since + at.min(takes);
            let (fate, until, effect) = match kind {
                0 => (Fate::Done, since + takes, within(moment)),
                1 => (Fate::Unknown, i64::MAX, within(since + at)),
                2 => (Fate::Unknown, i64::MAX, 0),
                _ => (Fate::Reversed, since + takes, within(since) - within(moment)),
            };
            *sums.entry(name.clone()).or_default() += effect * amount;
            movements.push(movement(&name, amount, since, until, fate));
        }
        let snapshot: Vec<_> = start.iter().map(|(name, balance)| (name.as_str(), *balance)).collect();
        let sign = if is_back { -1 } else { 1 };
        let told: Vec<_> =
            snapshot.iter().map(|(name, balance)| (*name, balance + sign * sums.get(*name).copied().unwrap_or(0))).collect();
        let (totals, findings) = run(&snapshot, &told, &movements, is_back).unwrap();
        prop_assert!(findings.iter().all(|one| one.class == BalanceClass::Uncertain), "{findings:?}");
        prop_assert_eq!(totals.agree + findings.len() as u64, snapshot.len() as u64);
        let certain = movements.iter().all(Movement::is_certain);
        prop_assert!(!certain || findings.is_empty());
    }
}
