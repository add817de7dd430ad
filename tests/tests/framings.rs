//! Telegrams over every framing: glued together, and cut at every byte.

use fep_tests::properties::frames::{any_telegrams, dialects};
use proptest::prelude::*;

#[test]
fn telegrams_arrive_wherever_the_stream_is_cut() {
    let text: Vec<u8> = (0..=u8::MAX).collect();
    any_telegrams(b"0200", |len| (0..=len).collect());
    any_telegrams(text.get(..80).expect("256 bytes"), |len| (0..=len).collect());
    any_telegrams(text.get(176..).expect("256 bytes"), |len| (0..=len).collect());
}

#[test]
fn the_dialects_are_many() {
    assert_eq!(dialects().len(), 14 * 2 * 6 + 2 + 16 + 10 + 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_telegrams_arrive(bytes in prop::collection::vec(any::<u8>(), 0..160), cut in 0_usize..700) {
        any_telegrams(&bytes, |_| vec![cut]);
    }
}
