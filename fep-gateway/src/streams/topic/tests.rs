//! What is sent again and what is left out, for any outcomes of a piece. Clusters are in `tests/shell/streams_kafka.rs`.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::streams::message::Content;

/// A telegram of this instrument at this position.
fn message(instrument: u8, position: u64) -> Message {
    let content =
        Content { name: "telegram", at_ms: 0, headers: Vec::new(), position: Some(position), json: String::new() };
    Message { key: format!("{instrument}").into(), partition: None, content: Arc::new(content) }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Taken),
        2 => Just(Outcome::Failed("away".to_owned())),
        1 => Just(Outcome::Refused("too large".to_owned())),
        1 => Just(Outcome::Doubtful("too large".to_owned())),
    ]
}

proptest! {
    /// Whatever a cluster does with each attempt: each telegram is taken or said to be left out, never both, and those of an instrument are taken for the first
    /// time in their order.
    #[test]
    fn each_telegram_is_taken_in_its_order_or_said_to_be_left_out(
        instruments in vec(0..4_u8, 1..40),
        attempts in vec(vec(outcome(), 40), 0..6),
    ) {
        let all: Vec<Message> = instruments.iter().zip(0..).map(|(own, position)| message(*own, position)).collect();
        let mut piece = all.clone();
        let mut taken: Vec<(Arc<str>, u64)> = Vec::new();
        let mut left_out = BTreeSet::new();
        let mut at_once = PIECE_MAX;
        // At last the cluster takes everything.
        for outcomes in attempts.into_iter().chain(vec![vec![Outcome::Taken; 40]; 7]) {
            let later = piece.split_off(at_once.min(piece.len()));
            let outcomes = &outcomes[..piece.len()];
            at_once = together(at_once, outcomes);
            let of_taken = piece.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Outcome::Taken);
            taken.extend(of_taken.filter_map(|(message, _)| Some((Arc::clone(&message.key), message.content.position?))));
            let is_whole = outcomes.iter().all(|outcome| *outcome == Outcome::Taken);
            let sorted = sort(piece, outcomes.to_vec());
            prop_assert!(sorted.why.is_none() || !is_whole);
            prop_assert!(is_whole || sorted.why.is_some() || !sorted.again.is_empty());
            prop_assert_eq!(sorted.refused, sorted.left_out.len() as u64);
            left_out.extend(sorted.left_out);
            piece = sorted.again;
            piece.extend(later);
        }
        prop_assert!(piece.is_empty());
        for own in all.iter().map(|message| &message.key) {
            let positions: Vec<u64> = taken.iter().filter(|(key, _)| key == own).map(|(_, position)| *position).collect();
            prop_assert!(positions.is_sorted(), "{positions:?}");
        }
        let taken: BTreeSet<u64> = taken.into_iter().map(|(_, position)| position).collect();
        prop_assert!(taken.is_disjoint(&left_out));
        prop_assert_eq!(taken.len() + left_out.len(), all.len());
    }

    /// A cluster that refuses each batch with certain telegrams: these are left out, and no others. What is sent together is one batch of each partition.
    #[test]
    fn a_refused_batch_costs_no_other_telegram(bad in vec(prop::bool::weighted(0.2), 1..200)) {
        const INSTRUMENTS: u64 = 6;
        const PARTITIONS: u64 = 3;
        let of = |message: &Message| usize::try_from(message.content.position.unwrap()).unwrap();
        let telegrams = (0..).take(bad.len());
        let mut piece: Vec<Message> = telegrams.map(|position| message((position % INSTRUMENTS) as u8, position)).collect();
        let mut at_once = PIECE_MAX;
        let mut taken = Vec::new();
        let mut left_out = Vec::new();
        // Each that is refused halves what is sent at once, and each that is taken doubles it.
        for _ in 0..20 * bad.len() {
            let later = piece.split_off(at_once.min(piece.len()));
            let partition = |message: &Message| message.content.position.unwrap() % INSTRUMENTS % PARTITIONS;
            let refused: BTreeSet<u64> = piece.iter().filter(|message| bad[of(message)]).map(partition).collect();
            let outcome = |message: &Message| match refused.contains(&partition(message)) {
                false => Outcome::Taken,
                true if piece.len() == 1 => Outcome::Refused("too large".to_owned()),
                true => Outcome::Doubtful("too large".to_owned()),
            };
            let outcomes: Vec<Outcome> = piece.iter().map(outcome).collect();
            let is_taken = |(message, outcome): (&Message, &Outcome)| (*outcome == Outcome::Taken).then(|| of(message));
            taken.extend(piece.iter().zip(&outcomes).filter_map(is_taken));
            at_once = together(at_once, &outcomes);
            let sorted = sort(piece, outcomes);
            left_out.extend(sorted.left_out);
            piece = sorted.again;
            piece.extend(later);
        }
        prop_assert!(piece.is_empty());
        taken.sort_unstable();
        let of_kind = |wanted: bool| (0..bad.len()).filter(|position| bad[*position] == wanted).collect::<Vec<_>>();
        let left_out: Vec<usize> = left_out.into_iter().map(|position| usize::try_from(position).unwrap()).collect();
        prop_assert_eq!((taken, left_out), (of_kind(false), of_kind(true)));
    }
}

/// What is no telegram, for this partition.
fn notice(partition: i32) -> Message {
    let content = Content { name: "lost", at_ms: 0, headers: Vec::new(), position: None, json: String::new() };
    Message { key: "%stream:quotes".into(), partition: Some(partition), content: Arc::new(content) }
}

#[test]
fn what_says_that_something_is_missing_is_sent_until_each_partition_has_it() {
    let refused = Outcome::Refused("not now".to_owned());
    let gone = Outcome::NoPartition("gone".to_owned());
    let piece = vec![notice(0), notice(1), notice(2), message(1, 7)];
    let sorted = sort(piece, vec![Outcome::Taken, refused, gone.clone(), Outcome::Taken]);
    let again: Vec<_> = sorted.again.iter().map(|message| message.partition).collect();
    assert_eq!((again, sorted.refused, sorted.has_changed), (vec![Some(1)], 0, true));
    // A telegram looks for its partition anew.
    let sorted = sort(vec![message(1, 7)], vec![gone]);
    assert_eq!((sorted.again.len(), sorted.left_out.len(), sorted.has_changed), (1, 0, false));
}
