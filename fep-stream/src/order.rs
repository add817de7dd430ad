//! [`Order`]: frames of feeds in, events of the stream out. Everything between the socket and the consumers that needs no clock.
//!
//! ```text
//!  frame ──plan──► kind, instrument, number ──sequencer──► position ──► latest
//! ```

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Event, Received};
use crate::latest::Latest;
use crate::plan::{Key, NumberSaid, Plan, Planning, Unplanned};
use crate::sequence::{SequenceTerms, Sequencer, Step, Tally};

/// Numbers to ask the sender for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The first missing number.
    pub first: u64,
    /// The last missing number. It is smaller than `first` if the numbers began again between them.
    pub last: u64,
}

/// A frame of a feed.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Bytes,
    /// Where the telegram is in it.
    pub(crate) content: Range<usize>,
    pub(crate) feed: usize,
    pub(crate) at_ns: u64,
}

#[derive(Debug)]
pub(crate) struct Order {
    plan: Plan,
    sequencer: Option<Sequencer<(Key, Received)>>,
    latest: Latest,
    next: u64,
    events: Vec<Event>,
    asks: Vec<Ask>,
    steps: Vec<Step<(Key, Received)>>,
    different: Vec<u64>,
}

impl Order {
    /// An order with these terms, or without numbers. At most `instruments_max` last telegrams are kept.
    pub(crate) fn new(plan: Plan, terms: Option<SequenceTerms>, instruments_max: usize) -> Self {
        Self {
            plan,
            sequencer: terms.map(Sequencer::new),
            latest: Latest::new(instruments_max),
            next: 0,
            events: Vec::new(),
            asks: Vec::new(),
            steps: Vec::new(),
            different: Vec::new(),
        }
    }

    pub(crate) fn latest(&self) -> &Latest {
        &self.latest
    }

    /// The position of the next event.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn tally(&self) -> Tally {
        self.sequencer.as_ref().map(Sequencer::tally).unwrap_or_default()
    }

    /// What came of the frames since the last call, in order. The first event has the position `next` of that time.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        let room = self.events.len();
        let mut events = std::mem::replace(&mut self.events, Vec::with_capacity(room));
        // Consumers keep a batch for as long as they need. A small one behind a large one must not have the size of that.
        if events.capacity() > 4 * events.len() {
            events.shrink_to_fit();
        }
        events
    }

    pub(crate) fn take_asks(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.asks)
    }

    /// Numbers under which two feeds brought different telegrams.
    pub(crate) fn take_different(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.different)
    }

    /// A frame came.
    ///
    /// # Errors
    /// If it has no place in the stream. The stream says so, too.
    pub(crate) fn on_frame(&mut self, frame: Frame, now: Duration) -> Result<(), Unplanned> {
        let telegram = frame.bytes.get(frame.content.clone()).unwrap_or_default();
        let Planning { kind, key, number } = match self.plan.of(telegram) {
            Ok(planning) => planning,
            Err(error) => {
                self.on_unreadable(frame.feed, frame.bytes.len() as u64);
                return Err(error);
            }
        };
        let digest = if self.sequencer.is_some() { u64::from(crc32fast::hash(telegram)) | 1 << 32 } else { 0 };
        let mut received = Received {
            start: u32::try_from(frame.content.start).unwrap_or(u32::MAX),
            end: u32::try_from(frame.content.end).unwrap_or(u32::MAX),
            kind: u16::try_from(kind).unwrap_or(u16::MAX),
            feed: u16::try_from(frame.feed).unwrap_or(u16::MAX),
            position: 0,
            number: None,
            at_ns: frame.at_ns,
            frame: frame.bytes,
        };
        match (number, &mut self.sequencer) {
            (NumberSaid::Own(number), Some(sequencer)) => {
                received.number = Some(number);
                sequencer.on(frame.feed, number, digest, (key, received), now, &mut self.steps);
                self.carry_out();
            }
            (NumberSaid::LastSent(last), Some(sequencer)) => {
                sequencer.on_last(frame.feed, last, now, &mut self.steps);
                self.carry_out();
            }
            // A heartbeat that says nothing, because the feed has sent nothing yet.
            (NumberSaid::LastSent(_) | NumberSaid::NothingSent, _) => {}
            (NumberSaid::Nothing | NumberSaid::Own(_), _) => self.pass(key, received),
        }
        Ok(())
    }

    /// Bytes of a feed were dropped.
    pub(crate) fn on_unreadable(&mut self, feed: usize, bytes: u64) {
        if let Some(Event::Unreadable { feed: same, bytes: before }) = self.events.last_mut()
            && *same == feed
        {
            *before = before.saturating_add(bytes);
            return;
        }
        self.tell(Event::Unreadable { feed, bytes });
    }

    /// No feed is connected any more.
    pub(crate) fn on_interrupted(&mut self) {
        self.tell(Event::Interrupted);
    }

    /// A feed has ended before its time.
    pub(crate) fn on_broken_off(&mut self, feed: usize, reason: &str) {
        self.tell(Event::BrokenOff { feed, reason: reason.into() });
    }

    pub(crate) fn on_time(&mut self, now: Duration) {
        if let Some(sequencer) = &mut self.sequencer {
            sequencer.on_time(now, &mut self.steps);
            self.carry_out();
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.sequencer.as_ref().and_then(Sequencer::deadline)
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        if let Some(sequencer) = &mut self.sequencer {
            sequencer.end(&mut self.steps);
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        let mut steps = std::mem::take(&mut self.steps);
        for step in steps.drain(..) {
            match step {
                Step::Pass((key, received)) => self.pass(key, received),
                Step::Ask { first, last } => self.asks.push(Ask { first, last }),
                Step::Lost { first, last, count } => self.tell(Event::Lost { first, last, count }),
                Step::Restarted { expected, found } => self.tell(Event::Restarted { expected, found }),
                Step::Differs { number } => self.different.push(number),
                Step::OutOfPlace { feed, number } => self.on_out_of_place(feed, number),
            }
        }
        self.steps = steps;
    }

    /// Telegrams that follow each other are one event.
    fn on_out_of_place(&mut self, feed: usize, number: u64) {
        if let Some(Event::OutOfPlace { feed: same, last, count, .. }) = self.events.last_mut()
            && *same == feed
        {
            *last = number;
            *count += 1;
            return;
        }
        self.tell(Event::OutOfPlace { feed, first: number, last: number, count: 1 });
    }

    fn pass(&mut self, key: Key, mut received: Received) {
        received.position = self.next;
        self.latest.keep(key, &received);
        self.tell(Event::Telegram(received));
    }

    fn tell(&mut self, event: Event) {
        self.next += 1;
        self.events.push(event);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

    use fep_codec::Telegram;

    use super::*;

    #[derive(Telegram)]
    struct Quote {
        #[field(literal = "Q")]
        code: (),
        #[field(len = 4)]
        sequence: u32,
    }

    #[derive(Telegram)]
    struct Beat {
        #[field(literal = "H")]
        code: (),
        #[field(len = 4)]
        last: u32,
    }

    #[test]
    fn a_heartbeat_goes_to_no_consumer_whatever_it_says() {
        let plan = Plan::builder().numbered(Quote::LAYOUT, &[], "sequence").heartbeat(Beat::LAYOUT, "last");
        let plan = plan.build().unwrap();
        let terms = plan.numbering().map(SequenceTerms::new);
        let mut order = Order::new(plan, terms, 10);
        for text in ["H0000", "Q0001", "H0001", "H0000"] {
            let frame = Frame { bytes: Bytes::from_static(text.as_bytes()), content: 0..5, feed: 0, at_ns: 0 };
            order.on_frame(frame, Duration::ZERO).unwrap();
        }
        let events = order.take_events();
        assert!(matches!(events.as_slice(), [Event::Telegram(received)] if received.number() == Some(1)), "{events:?}");
        assert_eq!((order.latest().len(), order.next()), (1, 1));
    }

    #[test]
    fn telegrams_out_of_place_are_one_event() {
        let plan = Plan::builder().numbered(Quote::LAYOUT, &[], "sequence").build().unwrap();
        let terms = plan.numbering().map(SequenceTerms::new);
        let mut order = Order::new(plan, terms, 10);
        for text in ["Q0001", "Q4000", "Q4001", "Q0002"] {
            let frame = Frame { bytes: Bytes::from_static(text.as_bytes()), content: 0..5, feed: 0, at_ns: 0 };
            order.on_frame(frame, Duration::ZERO).unwrap();
        }
        let events = order.take_events();
        let [Event::Telegram(_), Event::OutOfPlace { feed: 0, first: 4000, last: 4001, count: 2 }, Event::Telegram(_)] =
            events.as_slice()
        else {
            unreachable!("{events:?}")
        };
    }
}
