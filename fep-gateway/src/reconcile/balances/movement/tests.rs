//! The effects of a transfer against all that can have happened: each moment at which it can have moved, and each at which it can have moved back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// All effects of a transfer in a window, by trying each moment.
fn possible(window: Window, since: i64, until: i64, fate: Fate, can_be_reversed: bool) -> BTreeSet<i128> {
    let within = |at: i64| i128::from((window.from_ms..window.to_ms).contains(&at));
    let last = until.min(40);
    let mut effects = BTreeSet::new();
    for out in since..=last {
        let backs = || (out..=last).map(move |back| within(out) - within(back));
        match fate {
            Fate::Done | Fate::Late => effects.extend([within(out)]),
            Fate::Reversed => effects.extend(backs()),
            Fate::Unknown => {
                effects.extend([0, within(out)]);
                effects.extend(backs().filter(|_| can_be_reversed));
            }
        }
    }
    effects
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// The range has each effect that is possible, and both of its ends are possible.
    #[test]
    fn the_range_is_that_of_all_histories(
        from in 0_i64..20, len in 0_i64..12, since in 0_i64..30, takes in 0_i64..10,
        fate in prop::sample::select(Fate::ALL.to_vec()), can_be_reversed: bool, amount in prop::sample::select(vec![7_i128, -7]),
    ) {
        let window = Window { from_ms: from, to_ms: from + len };
        let until = if fate == Fate::Unknown { i64::MAX } else { since + takes };
        let all = possible(window, since, until, fate, can_be_reversed);
        let all: Vec<i128> = all.into_iter().map(|effect| effect * amount).collect();
        let expected = (*all.iter().min().unwrap(), *all.iter().max().unwrap());
        prop_assert_eq!(effect(window, (since, until), (fate, can_be_reversed), amount), expected);
    }

    #[test]
    fn what_is_stored_is_what_is_read(account in "[0-9]{0,16}", amount: i128, low: i128, high: i128, since_ms: i64, until_ms: i64, origin: [u8; 16]) {
        for fate in Fate::ALL {
            let account = Key::of(std::slice::from_ref(&account));
            let movement = Movement { account, amount, effect: (low, high), fate, since_ms, until_ms, origin };
            let mut bytes = Vec::new();
            movement.put(&mut bytes);
            movement.put(&mut bytes);
            let (key, len) = Movement::stored(&bytes).unwrap();
            prop_assert_eq!((key, 2 * len), (movement.account.bytes(), bytes.len()));
            let mut from = bytes.as_slice();
            prop_assert_eq!(Movement::take(&mut from).unwrap(), Some(movement.clone()));
            prop_assert_eq!(Movement::take(&mut from).unwrap(), Some(movement));
            prop_assert_eq!(Movement::take(&mut from).unwrap(), None);
            prop_assert!(Movement::take(&mut &bytes[..len - 1]).is_err());
        }
    }
}
