//! Tests of lanes: a broker is a map of committed offsets and claims, and gateways come and go.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { running_max: 4, waiting_max: 8, bytes_max: 1000 };

fn key(number: u8) -> Option<Vec<u8>> {
    (number > 0).then(|| vec![number])
}

/// Two partitions with messages of these keys, and what the broker has committed.
struct World {
    topics: [Vec<u8>; 2],
    committed: BTreeMap<TopicPartition, (i64, Option<Claim>)>,
    lanes: Lanes<(TopicPartition, i64)>,
    running: Vec<Begun<(TopicPartition, i64)>>,
    /// The journals that sent each message.
    sent: BTreeMap<(TopicPartition, i64), BTreeSet<String>>,
    /// The messages whose end is durable.
    ended: BTreeSet<(TopicPartition, i64)>,
}

impl World {
    fn new(topics: [Vec<u8>; 2]) -> Self {
        let lanes = Lanes::new("aa".to_owned(), LIMITS);
        let mut world = Self {
            topics,
            committed: BTreeMap::new(),
            lanes,
            running: Vec::new(),
            sent: BTreeMap::new(),
            ended: BTreeSet::new(),
        };
        world.starts("aa");
        world
    }

    /// A gateway with this journal takes all partitions. What ran of the one before may have been sent, and never ends.
    fn starts(&mut self, journal: &str) {
        self.lanes = Lanes::new(journal.to_owned(), LIMITS);
        self.running.clear();
        for partition in 0..2 {
            let place = (0, partition);
            self.lanes.assigned(place, self.committed.get(&place).cloned());
        }
    }

    fn come(&mut self, count: usize) {
        for (partition, keys) in (0..).zip(&self.topics) {
            let place = (0, partition);
            let from = usize::try_from(self.lanes.lanes[&place].position).unwrap();
            for (offset, number) in keys.iter().enumerate().skip(from).take(count) {
                let offset = i64::try_from(offset).unwrap();
                self.lanes.came(place, offset, 0, key(*number), 10, (place, offset));
            }
        }
    }

    /// Commits, and begins if the broker takes the commit.
    fn begins(&mut self, is_taken: bool) {
        let plan = self.lanes.plan(0);
        let commits = self.lanes.commits(&plan);
        if !is_taken {
            return;
        }
        for Commit { place, offset, claim } in commits.clone() {
            for before in 0..offset {
                assert!(self.ended.contains(&(place, before)), "{before} of {place:?} is committed and has not ended");
            }
            self.committed.insert(place, (offset, claim));
        }
        self.lanes.committed(commits);
        for begun in self.lanes.begin(plan) {
            let Ticket { place, offset, .. } = begun.ticket;
            if !begun.is_doubtful {
                let claim = self.committed[&place].1.clone().expect("what begins is claimed");
                assert!(claim.journal == self.lanes.journal && claim.begun_up_to > offset, "{claim:?} {offset}");
                self.sent.entry((place, offset)).or_default().insert(claim.journal);
            }
            let same = |other: &Begun<_>| other.ticket.key.is_some() && other.ticket.key == begun.ticket.key;
            assert!(!self.running.iter().any(same), "two of one key run");
            let keys = &self.topics[usize::try_from(place.1).unwrap()];
            let number = keys[usize::try_from(offset).unwrap()];
            for before in 0..offset {
                let is_same = number > 0 && keys[usize::try_from(before).unwrap()] == number;
                assert!(!is_same || self.ended.contains(&(place, before)), "{before} of the same key has not ended");
            }
            self.running.push(begun);
        }
        assert!(self.lanes.running() <= LIMITS.running_max);
    }

    /// Gives everything up in order: the next gateway finds a claim only on what had not come here since an earlier run began it.
    fn hands_over(&mut self, journal: &str) {
        while self.lanes.running() > 0 || self.lanes.claimed(None) > 0 {
            let plan = self.lanes.plan_claimed(0);
            let begun = self.lanes.begin(plan);
            self.running.extend(begun);
            assert!(!self.running.is_empty(), "something claimed never begins");
            while !self.running.is_empty() {
                self.ends(0);
            }
        }
        for Commit { place, offset, claim } in self.lanes.commits(&Plan::default()) {
            self.committed.insert(place, (offset, claim));
        }
        for (place, (_, claim)) in &self.committed {
            let own = claim.as_ref().filter(|claim| claim.journal == self.lanes.journal);
            let position = self.lanes.lanes[place].position;
            assert!(own.is_none_or(|own| own.begun_up_to > position), "{claim:?} at {position}");
        }
        self.starts(journal);
    }

    fn ends(&mut self, at: usize) {
        if !self.running.is_empty() {
            let begun = self.running.remove(at % self.running.len());
            self.ended.insert((begun.ticket.place, begun.ticket.offset));
            self.lanes.ended(&begun.ticket);
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_reordered_or_sent_by_two_journals(
        keys in prop::collection::vec(0..4_u8, 0..20),
        others in prop::collection::vec(0..4_u8, 0..20),
        acts in prop::collection::vec((0..13_u8, any::<u8>()), 0..120),
    ) {
        let mut world = World::new([keys, others]);
        for (act, number) in acts {
            match act {
                0..=2 => world.come(usize::from(number % 5)),
                3..=5 => world.begins(true),
                6 => world.begins(false),
                7..=9 => world.ends(usize::from(number)),
                10 => {
                    let journal = world.lanes.journal.clone();
                    world.starts(&journal);
                }
                11 => world.hands_over(["aa", "bb", "cc"][usize::from(number % 3)]),
                _ => world.starts(["aa", "bb", "cc"][usize::from(number % 3)]),
            }
            prop_assert!(world.sent.values().all(|journals| journals.len() == 1), "{:?}", world.sent);
        }
        for _ in 0..200 {
            world.come(20);
            world.begins(true);
            world.ends(0);
        }
        world.begins(true);
        for (partition, keys) in (0..).zip(&world.topics) {
            let all = i64::try_from(keys.len()).unwrap();
            prop_assert_eq!(world.committed.get(&(0, partition)).map_or(0, |(offset, _)| *offset), all);
        }
        prop_assert_eq!((world.lanes.bytes(), world.lanes.waiting(), world.lanes.running()), (0, 0, 0));
    }
}

#[test]
fn a_partition_that_is_not_due_holds_up_no_other() {
    let mut lanes = Lanes::new("aa".to_owned(), LIMITS);
    lanes.assigned((0, 0), None);
    lanes.assigned((1, 0), None);
    lanes.came((1, 0), 5, 1000, key(1), 1, "later");
    lanes.came((0, 0), 7, 0, key(1), 1, "now");
    let plan = lanes.plan(999);
    assert_eq!(lanes.begin(plan).into_iter().map(|begun| begun.message).collect::<Vec<_>>(), ["now"]);
    assert!(lanes.plan(1000).is_empty(), "its key runs");
}

#[test]
fn full_partitions_are_paused_and_resumed_when_there_is_room() {
    let mut lanes = Lanes::new("aa".to_owned(), LIMITS);
    lanes.assigned((0, 0), None);
    (0..8).for_each(|offset| lanes.came((0, 0), offset, 0, None, 10, ()));
    assert_eq!(lanes.pauses(), (vec![(0, 0)], Vec::new()));
    assert_eq!(lanes.pauses(), (Vec::new(), Vec::new()), "once");
    let plan = lanes.plan(0);
    assert_eq!(lanes.begin(plan).len(), 4);
    assert_eq!(lanes.pauses(), (Vec::new(), vec![(0, 0)]));
    lanes.came((0, 0), 8, 0, None, 2000, ());
    assert_eq!(lanes.pauses(), (vec![(0, 0)], Vec::new()), "too many bytes");
}

#[test]
fn what_ends_after_its_partition_left_counts_nowhere() {
    let mut lanes = Lanes::new("aa".to_owned(), LIMITS);
    lanes.assigned((0, 0), None);
    lanes.came((0, 0), 0, 0, key(1), 10, ());
    let plan = lanes.plan(0);
    let begun = lanes.begin(plan);
    lanes.assigned((0, 0), Some((0, None)));
    lanes.came((0, 0), 0, 0, key(1), 10, ());
    assert!(lanes.plan(0).is_empty(), "it still runs");
    lanes.ended(&begun[0].ticket);
    assert_eq!((lanes.running(), lanes.bytes()), (0, 10));
    let plan = lanes.plan(0);
    assert_eq!(lanes.begin(plan).len(), 1, "it comes again");
    assert_eq!(lanes.commits(&Plan::default())[0].offset, 0);
}
