//! Consumers of random speed against the stream: each position comes once, or is told to be missing. Late joiners see what the others see.

use std::collections::BTreeMap;

use bytes::Bytes;
use fep_codec::{Telegram, Text};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::order::{Frame, Order};
use crate::plan::Plan;

#[derive(Telegram, Clone, Debug)]
struct Quote {
    #[field(literal = "Q")]
    code: (),
    #[field(len = 1)]
    issue: Text<1>,
    #[field(len = 4)]
    price: u32,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Move {
    /// A batch of quotes of these instruments. Every eighth is rubbish, so that notices have positions, too.
    Publish(Vec<u8>),
    Join(Policy),
    /// The consumer with this index, modulo their number, reads so many events.
    Read(usize, usize),
    Drop(usize),
    /// The receiver was woken.
    CatchUp,
}

fn policy() -> impl Strategy<Value = Policy> {
    let slow = prop_oneof![Just(Slow::ToLatest), Just(Slow::Skip), Just(Slow::Disconnect)];
    (0..20_usize, slow).prop_map(|(max, slow)| Policy::new(max, slow))
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    vec(
        prop_oneof![
            4 => vec(0..8_u8, 0..12).prop_map(Move::Publish),
            1 => policy().prop_map(Move::Join),
            6 => (0..8_usize, 0..15_usize).prop_map(|(who, count)| Move::Read(who, count)),
            1 => Just(Move::CatchUp),
            1 => (0..40_usize).prop_map(Move::Drop),
        ],
        0..120,
    )
}

/// A consumer, and what it must get next.
struct Reader {
    consumer: Consumer,
    policy: Policy,
    next: Option<u64>,
    /// What is left of a snapshot: its telegrams, where it began, and where the stream goes on.
    snapshot: Option<(usize, u64, u64)>,
    /// The last position of each instrument.
    last: BTreeMap<Vec<u8>, u64>,
    has_ended: bool,
}

/// The stream as it was: the instrument at each position, or `None` for a notice.
type Sent = Vec<Option<Vec<u8>>>;

impl Reader {
    fn new(consumer: Consumer, policy: Policy) -> Self {
        Self { consumer, policy, next: None, snapshot: None, last: BTreeMap::new(), has_ended: false }
    }

    /// Reads one event. Returns `false` if there is none.
    fn read(&mut self, sent: &Sent) -> Result<bool, TestCaseError> {
        let Some(event) = self.consumer.try_next().cloned() else { return Ok(false) };
        prop_assert!(!self.has_ended);
        if let Some((left, from, next)) = &mut self.snapshot {
            let Event::Telegram(received) = event else { return Err(TestCaseError::fail(format!("{event:?}"))) };
            prop_assert!((*from..*next).contains(&received.position()));
            *from = received.position() + 1;
            *left -= 1;
            self.last.insert(received.telegram()[..2].to_vec(), received.position());
            if *left == 0 {
                let next = *next;
                self.snapshot = None;
                self.agrees(next, sent)?;
            }
            return Ok(true);
        }
        match event {
            Event::Snapshot { from, next, telegrams, left_out } => {
                prop_assert!(self.next.is_none_or(|expected| expected == from && self.policy.slow == Slow::ToLatest));
                prop_assert_eq!(left_out, 0);
                prop_assert!(self.next.is_some() || from == 0);
                self.next = Some(next);
                self.snapshot = (telegrams > 0).then_some((telegrams, from, next));
                if telegrams == 0 {
                    self.agrees(next, sent)?;
                }
            }
            Event::Telegram(received) => {
                prop_assert_eq!(Some(received.position()), self.next);
                prop_assert_eq!(
                    sent[usize::try_from(received.position()).unwrap()].as_deref(),
                    received.telegram().get(..2)
                );
                self.last.insert(received.telegram()[..2].to_vec(), received.position());
                self.next = Some(received.position() + 1);
            }
            Event::Unreadable { .. } => {
                let at = self.next.unwrap();
                prop_assert_eq!(&sent[usize::try_from(at).unwrap()], &None);
                self.next = Some(at + 1);
            }
            Event::Missed { first, last } => {
                prop_assert_eq!((Some(first), self.policy.slow), (self.next, Slow::Skip));
                self.next = Some(last + 1);
            }
            Event::Ended(Ended::TooSlow { next }) => {
                prop_assert_eq!((Some(next), self.policy.slow), (self.next, Slow::Disconnect));
                self.has_ended = true;
            }
            Event::Ended(Ended::Stopped) => {
                prop_assert_eq!(self.next, Some(sent.len() as u64));
                self.has_ended = true;
            }
            other => return Err(TestCaseError::fail(format!("{other:?}"))),
        }
        Ok(true)
    }

    /// Behind a snapshot, the consumer knows the last telegram of each instrument, as if it had read all of the stream.
    fn agrees(&self, next: u64, sent: &Sent) -> Result<(), TestCaseError> {
        let mut last = BTreeMap::new();
        for (position, instrument) in (0..next).zip(sent) {
            if let Some(instrument) = instrument {
                last.insert(instrument.clone(), position);
            }
        }
        prop_assert_eq!(&self.last, &last);
        Ok(())
    }
}

fn publish(order: &mut Order, hub: &mut Hub, sent: &mut Sent, instruments: &[u8]) {
    let first = order.next();
    for instrument in instruments {
        let telegram = format!("Q{instrument}{:04}", order.next() % 10_000);
        let is_rubbish = *instrument == 7;
        let bytes = if is_rubbish { Bytes::from_static(b"rubbish") } else { Bytes::from(telegram.clone()) };
        let before = order.next();
        let frame = Frame { content: 0..bytes.len(), bytes, feed: 0, at_ns: 0 };
        let _ = order.on_frame(frame, Default::default());
        // Rubbish behind rubbish is one notice.
        if order.next() > before {
            sent.push((!is_rubbish).then(|| telegram.as_bytes()[..2].to_vec()));
        }
    }
    let events = order.take_events();
    hub.publish(events, first, order.latest());
}

proptest! {
    #[test]
    fn each_position_comes_once_or_is_told_to_be_missing(moves in moves()) {
        let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
        let mut order = Order::new(plan, None, 100);
        let mut hub = Hub::default();
        let mut sent = Sent::new();
        let mut readers: Vec<Reader> = Vec::new();
        for step in moves {
            match step {
                Move::Publish(instruments) => publish(&mut order, &mut hub, &mut sent, &instruments),
                Move::Join(policy) => {
                    let consumer = hub.join(policy, order.latest(), order.next());
                    readers.push(Reader::new(consumer, policy));
                }
                Move::Read(who, count) if !readers.is_empty() => {
                    let index = who % readers.len();
                    for _ in 0..count {
                        if !readers[index].read(&sent)? {
                            break;
                        }
                    }
                }
                Move::Drop(who) if who < readers.len() => drop(readers.remove(who)),
                Move::Read(..) | Move::Drop(_) => {}
                Move::CatchUp => hub.catch_up(order.latest(), order.next()),
            }
            for reader in &readers {
                prop_assert!(reader.consumer.waiting() <= reader.policy.buffer_max);
            }
        }
        hub.end(order.latest(), order.next());
        for reader in &mut readers {
            while reader.read(&sent)? {}
            prop_assert!(reader.has_ended, "a consumer is never left without an end");
        }
    }
}

#[test]
fn a_consumer_that_is_behind_wakes_the_receiver_when_it_has_room() {
    let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
    let mut order = Order::new(plan, None, 100);
    let mut hub = Hub::default();
    let mut sent = Sent::new();
    let mut consumer = hub.join(Policy::new(4, Slow::Skip), order.latest(), 0);
    for _ in 0..3 {
        publish(&mut order, &mut hub, &mut sent, &[1, 2, 3]);
    }
    let room = hub.room();
    let is_woken = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { tokio::time::timeout(std::time::Duration::ZERO, room.notified()).await.is_ok() })
    };
    assert!(!is_woken());
    // The snapshot, and the first batch: one of four events is left, and room was made when the next one was asked for.
    for _ in 0..5 {
        assert!(consumer.try_next().is_some());
    }
    assert!(is_woken());
    hub.catch_up(order.latest(), order.next());
    assert!(matches!(consumer.try_next(), Some(Event::Missed { first: 4, last: 8 })));
}

/// The receiver on one thread, a consumer on another: none waits for the other, and the consumer gets each position or learns that it does not.
#[test]
fn a_consumer_on_another_thread_gets_each_position_or_learns_that_it_does_not() {
    const BATCHES: u64 = 20_000;
    for slow in [Slow::ToLatest, Slow::Skip] {
        let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
        let mut order = Order::new(plan, None, 100);
        let mut hub = Hub::default();
        let mut consumer = hub.join(Policy::new(8, slow), order.latest(), 0);
        let reader = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut next = 0;
            let mut missed = 0;
            let mut left = 0_usize;
            loop {
                match runtime.block_on(consumer.next()).cloned() {
                    Some(Event::Telegram(_)) if left > 0 => left -= 1,
                    Some(Event::Telegram(received)) => {
                        assert_eq!(received.position(), next);
                        next += 1;
                    }
                    Some(Event::Snapshot { from, next: goes_on, telegrams, .. }) => {
                        assert_eq!((from, left), (next, 0));
                        missed += goes_on - from;
                        (next, left) = (goes_on, telegrams);
                    }
                    Some(Event::Missed { first, last }) => {
                        assert_eq!(first, next);
                        missed += last + 1 - first;
                        next = last + 1;
                    }
                    Some(Event::Ended(Ended::Stopped)) => return (next, missed),
                    other => unreachable!("{other:?}"),
                }
            }
        });
        let mut sent = Sent::new();
        for batch in 0..BATCHES {
            publish(&mut order, &mut hub, &mut sent, &[1, 2, 3]);
            if batch % 3 == 0 {
                hub.catch_up(order.latest(), order.next());
            }
        }
        hub.end(order.latest(), order.next());
        let (next, missed) = reader.join().unwrap();
        assert_eq!(next, 3 * BATCHES);
        assert!(missed <= next);
    }
}

#[test]
fn a_consumer_that_was_dropped_while_nothing_came_is_forgotten() {
    let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
    let order = Order::new(plan, None, 2);
    let mut hub = Hub::default();
    for _ in 0..3 {
        drop(hub.join(Policy { buffer_max: 0, slow: Slow::Skip }, order.latest(), 0));
    }
    assert_eq!(hub.consumers(), 1);
}

#[test]
fn a_buffer_of_no_events_has_one() {
    let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
    let mut order = Order::new(plan, None, 2);
    let mut hub = Hub::default();
    let mut consumer = hub.join(Policy { buffer_max: 0, slow: Slow::Disconnect }, order.latest(), 0);
    publish(&mut order, &mut hub, &mut Sent::new(), &[1]);
    assert!(matches!(consumer.try_next(), Some(Event::Snapshot { .. })));
    assert!(matches!(consumer.try_next(), Some(Event::Telegram(_))));
}

#[test]
fn more_instruments_than_are_kept_are_passed_on_and_the_snapshot_says_so() {
    let plan = Plan::builder().keyed(Quote::LAYOUT, &["issue"]).build().unwrap();
    let mut order = Order::new(plan, None, 2);
    let mut hub = Hub::default();
    let mut sent = Sent::new();
    publish(&mut order, &mut hub, &mut sent, &[1, 2, 3, 1]);
    let mut late = hub.join(Policy::new(4, Slow::Skip), order.latest(), order.next());
    let head = late.try_next().cloned();
    assert!(matches!(head, Some(Event::Snapshot { from: 0, next: 4, telegrams: 2, left_out: 1 })), "{head:?}");
}
