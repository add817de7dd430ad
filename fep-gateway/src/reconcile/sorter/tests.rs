//! Rows come out in the order of their keys, however small the memory is.

use proptest::prelude::*;

use super::super::row::{Key, Row, State};
use super::{RUNS_MAX, Sorter};

fn row(key: &str, number: u64) -> Row {
    let mut origin = [0; 16];
    origin[..8].copy_from_slice(&number.to_be_bytes());
    let amount = (!number.is_multiple_of(3)).then(|| i128::from(number) - 5);
    let state = if number.is_multiple_of(2) { State::Done } else { State::Reversed };
    Row { key: Key::of(&[key.to_owned(), "x".to_owned()]), amount, state, day: 20_000, origin }
}

fn sorted(rows: &[Row], piece_max: usize) -> Vec<Row> {
    let mut sorter = Sorter::new(piece_max);
    rows.iter().for_each(|row| sorter.push(row).unwrap());
    let mut sorted = sorter.finish().unwrap();
    std::iter::from_fn(|| sorted.next().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_are_sorted_as_a_stable_sort_in_memory_does_it(keys in prop::collection::vec("[a-c가]{0,9}", 0..200), piece in 1_usize..4000) {
        let rows: Vec<Row> = keys.iter().zip(0..).map(|(key, number)| row(key, number)).collect();
        let mut expected = rows.clone();
        expected.sort_by(|one, other| one.key.cmp(&other.key));
        prop_assert_eq!(sorted(&rows, piece), expected);
    }
}

#[test]
fn more_runs_than_are_read_at_once_are_joined() {
    // Each row is a run of its own.
    let rows: Vec<Row> =
        (0..3 * RUNS_MAX as u64).map(|number| row(&format!("{:03}", 997 * number % 500), number)).collect();
    let mut expected = rows.clone();
    expected.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(sorted(&rows, 1), expected);
}

#[test]
fn a_key_keeps_its_texts_apart() {
    let texts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    for parts in [&["ab", "c"][..], &["a", "bc"], &["", "abc"], &["abc", ""], &[]] {
        assert_eq!(Key::of(&texts(parts)).texts(), texts(parts));
    }
    assert_ne!(Key::of(&texts(&["ab", "c"])), Key::of(&texts(&["a", "bc"])));
}
