//! [`Picture`]: what a consumer is told at the end of a span of time: the last telegram of each instrument, and what happened between telegrams, in
//! the order of the stream. It knows nothing of telegrams, consumers and clocks.
//!
//! An instrument is told at most once in a span. So nothing makes a picture told early: one that is full takes no other instrument, and what comes
//! waits in the consumer's own buffer, whose policy decides.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

/// The most events between telegrams that wait for the end of a span.
const BETWEEN_MAX: usize = 10_000;

/// The bytes that name an instrument, and the kind of its telegrams.
pub(super) type Instrument = (usize, Vec<u8>);

/// What waits for the end of the span.
#[derive(Debug)]
pub(super) struct Picture<T> {
    every: Duration,
    instruments_max: usize,
    /// Where the last telegram of each instrument waits.
    places: HashMap<Instrument, u64>,
    /// What is told, in the order in which it came.
    waiting: BTreeMap<u64, T>,
    next_place: u64,
    /// The end of the span. `None` while no telegram waits.
    due: Option<Instant>,
}

impl<T> Picture<T> {
    /// A picture that is told at most once in `every`, of at most so many instruments.
    pub(super) fn new(every: Duration, instruments_max: usize) -> Self {
        let instruments_max = instruments_max.max(1);
        Self { every, instruments_max, places: HashMap::new(), waiting: BTreeMap::new(), next_place: 0, due: None }
    }

    /// Keeps a telegram in place of the one before of its instrument. The first one begins a span.
    ///
    /// # Errors
    /// The telegram, if it is of one more instrument than there is room for.
    pub(super) fn put(&mut self, instrument: Instrument, telegram: T, now: Instant) -> Result<(), T> {
        let is_full = self.places.len() >= self.instruments_max;
        match self.places.entry(instrument) {
            Entry::Occupied(mut place) => drop(self.waiting.remove(&place.insert(self.next_place))),
            Entry::Vacant(_) if is_full => return Err(telegram),
            Entry::Vacant(place) => drop(place.insert(self.next_place)),
        }
        self.push(telegram);
        self.due.get_or_insert(now + self.every);
        Ok(())
    }

    /// Keeps what happened between telegrams, behind those that came before.
    ///
    /// # Errors
    /// The event, if too many wait.
    pub(super) fn put_between(&mut self, event: T) -> Result<(), T> {
        if self.waiting.len() - self.places.len() >= BETWEEN_MAX {
            return Err(event);
        }
        self.push(event);
        Ok(())
    }

    /// When it is told. `None` if no telegram waits.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes everything, in the order in which it came.
    pub(super) fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.places.clear();
        self.due = None;
        std::mem::take(&mut self.waiting).into_values()
    }

    fn push(&mut self, item: T) {
        self.waiting.insert(self.next_place, item);
        self.next_place += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const EVERY: Duration = Duration::from_millis(100);
    const INSTRUMENTS_MAX: usize = 3;

    /// What happens to a consumer.
    #[derive(Clone, Debug)]
    enum Step {
        Telegram(u8),
        Between,
        /// So many milliseconds pass.
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        // More instruments than there is room for.
        prop_oneof![4 => (0..5_u8).prop_map(Step::Telegram), 1 => Just(Step::Between), 2 => (1..150_u64).prop_map(Step::Pass)]
    }

    /// An event of the stream: its position, and its instrument if it is a telegram.
    type Item = (usize, Option<u8>);

    /// Takes events as the consumer does: what has no room waits, and everything behind it, until the picture was told.
    struct Model {
        picture: Picture<Item>,
        now: Instant,
        inbox: std::collections::VecDeque<Item>,
        told: Vec<(Instant, Item)>,
    }

    impl Model {
        fn read(&mut self) {
            while let Some(item) = self.inbox.pop_front() {
                let kept = match item.1 {
                    Some(instrument) => self.picture.put((0, vec![instrument]), item, self.now),
                    None => self.picture.put_between(item),
                };
                if let Err(item) = kept {
                    self.inbox.push_front(item);
                    break;
                }
                if self.picture.due().is_none() {
                    self.tell();
                }
            }
        }

        fn tell(&mut self) {
            let now = self.now;
            self.told.extend(self.picture.take().map(|item| (now, item)));
        }

        fn pass(&mut self, until: Instant) {
            while let Some(due) = self.picture.due().filter(|due| *due <= until) {
                self.now = due;
                self.tell();
                self.read();
            }
            self.now = until;
        }
    }

    proptest! {
        /// Whatever comes and when: each instrument is told at most once in a span, in the order of the stream; its last telegram is told, and
        /// everything between telegrams; and the memory has a limit.
        #[test]
        fn an_instrument_is_told_at_most_once_in_a_span(steps in vec(step(), 1..200)) {
            let picture = Picture::new(EVERY, INSTRUMENTS_MAX);
            let mut model = Model { picture, now: Instant::now(), inbox: Default::default(), told: Vec::new() };
            let mut sent: Vec<Item> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(ms) => model.pass(model.now + Duration::from_millis(ms)),
                    Step::Telegram(instrument) => sent.push((sent.len(), Some(instrument))),
                    Step::Between => sent.push((sent.len(), None)),
                }
                if !matches!(step, Step::Pass(_)) {
                    model.inbox.extend(sent.last());
                }
                model.read();
                prop_assert!(model.picture.places.len() <= INSTRUMENTS_MAX);
            }
            // At the end, everything that waits is told in its time.
            while model.picture.due().is_some() || !model.inbox.is_empty() {
                model.pass(model.now + EVERY);
                model.read();
            }
            for pair in model.told.windows(2) {
                prop_assert!(pair[0].1.0 < pair[1].1.0, "out of order: {:?}", model.told);
            }
            let between = |items: Vec<Item>| items.into_iter().filter(|item| item.1.is_none()).collect::<Vec<_>>();
            let told: Vec<Item> = model.told.iter().map(|(_, item)| *item).collect();
            prop_assert_eq!(between(told), between(sent.clone()));
            for instrument in 0..5 {
                let own: Vec<_> = model.told.iter().filter(|(_, item)| item.1 == Some(instrument)).collect();
                for pair in own.windows(2) {
                    prop_assert!(pair[1].0 - pair[0].0 >= EVERY, "{instrument} twice in a span: {own:?}");
                }
                let last = sent.iter().rfind(|item| item.1 == Some(instrument));
                prop_assert_eq!(own.last().map(|(_, item)| item), last);
            }
        }
    }

    #[test]
    fn what_happens_between_telegrams_has_a_limit() {
        let mut picture = Picture::new(EVERY, INSTRUMENTS_MAX);
        let now = Instant::now();
        picture.put((0, vec![1]), 0, now).unwrap();
        for event in 1..=BETWEEN_MAX {
            picture.put_between(event).unwrap();
        }
        assert_eq!(picture.put_between(0), Err(0));
        assert_eq!(picture.put((0, vec![1]), 99_999, now), Ok(()), "a telegram replaces the one before");
        assert_eq!(picture.take().count(), BETWEEN_MAX + 1);
        assert_eq!((picture.due(), picture.put_between(7)), (None, Ok(())));
    }
}
