//! [`Telling`]: what one consumer is told, one event after the other: the telegrams that it wants, all of them or the last of each instrument in a
//! span of time, and everything that happened between them. How it goes over the line is not known here.
//!
//! It takes the next event only when the last one was taken from it. So a client that does not read lets its buffer in the receiver become full, and the
//! policy of that buffer decides.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fep_stream::{Consumer, Ended, Event, Received};
use tokio::time::{Instant, sleep_until};

use super::kinds::Kinds;
use super::picture::Picture;
use super::shown::{self, Kept, Shown};
use super::{Joined, Seated};

/// Which telegrams a consumer wants. `None` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The places of their kinds.
    pub(crate) kinds: Option<BTreeSet<usize>>,
    /// The names of their instruments.
    pub(crate) keys: Option<BTreeSet<String>>,
}

/// What a consumer wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) filter: Filter,
    /// At most one telegram of each instrument and kind in this time. `None`: every telegram.
    pub(crate) every: Option<Duration>,
}

/// Tells one consumer.
pub(crate) struct Telling {
    consumer: Consumer,
    kinds: Arc<Kinds>,
    filter: Filter,
    /// What is told at the end of a span of time. `None`: every telegram is told at once.
    picture: Option<Picture<Told>>,
    /// What has no room in the picture, until that was told. Nothing behind it is read.
    next: Option<Event>,
    ready: VecDeque<Told>,
    /// The positions that the consumer was too slow for, and that no snapshot has.
    missed: u64,
    has_ended: bool,
    was_too_slow: bool,
    /// Free again when this is dropped.
    seat: Option<Seated>,
}

/// What is told next.
#[derive(Debug)]
pub(super) enum Told {
    /// A telegram, told at once.
    Received(Received),
    /// A telegram that has waited.
    Kept(Kept),
    /// What happened between telegrams.
    Other(Shown),
}

impl Told {
    fn shown(self, kinds: &Kinds) -> Shown {
        match self {
            Self::Received(received) => shown::telegram(kinds, (&received).into()),
            Self::Kept(kept) => shown::telegram(kinds, kept.placed()),
            Self::Other(shown) => shown,
        }
    }
}

impl Filter {
    fn passes(&self, kinds: &Kinds, received: &Received) -> bool {
        let is_kind = self.kinds.as_ref().is_none_or(|wanted| wanted.contains(&received.kind()));
        is_kind
            && self.keys.as_ref().is_none_or(|wanted| {
                kinds.key_text(received.kind(), received.telegram()).is_some_and(|key| wanted.contains(&key))
            })
    }
}

impl Telling {
    /// Tells a consumer that came over HTTP.
    pub(crate) fn new(joined: Joined, terms: Terms) -> Self {
        let Joined { consumer, seated } = joined;
        let kinds = Arc::clone(&seated.stream.kinds);
        let instruments_max = seated.stream.config().instruments_max;
        Self { seat: Some(seated), ..Self::of(consumer, kinds, instruments_max, terms) }
    }

    /// Tells a consumer that has no seat. At most so many instruments wait for the end of a span of time.
    pub(super) fn of(consumer: Consumer, kinds: Arc<Kinds>, instruments_max: usize, terms: Terms) -> Self {
        Self {
            consumer,
            kinds,
            filter: terms.filter,
            picture: terms.every.map(|every| Picture::new(every, instruments_max)),
            next: None,
            ready: VecDeque::new(),
            missed: 0,
            has_ended: false,
            was_too_slow: false,
            seat: None,
        }
    }

    /// Whether it has ended because the gateway stops.
    pub(crate) fn ends_with_gateway(&self) -> bool {
        self.seat.as_ref().is_some_and(|seated| seated.stream.ends_with_gateway.load(Ordering::Relaxed))
    }

    /// How many positions the consumer was too slow for. Those that a snapshot has do not count.
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only topics count them"))]
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }

    /// Whether it has ended because the consumer was too slow.
    pub(crate) fn was_too_slow(&self) -> bool {
        self.was_too_slow
    }

    /// The next event. `None` after the last one. If the call is cancelled, no event is lost.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        self.next_told().await.map(|told| told.shown(&self.kinds))
    }

    /// The same, not shown yet.
    pub(super) async fn next_told(&mut self) -> Option<Told> {
        loop {
            match self.ready.pop_front() {
                Some(told) => return Some(told),
                None if self.has_ended => return None,
                None => {}
            }
            let due = self.picture.as_ref().and_then(Picture::due);
            let is_due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_due => self.on_due(),
                event = self.consumer.next(), if self.next.is_none() => match event.cloned() {
                    None => self.on_end(None),
                    Some(event) => {
                        self.missed = self.missed.saturating_add(missed(&event));
                        self.on_event(event);
                    }
                },
            }
        }
    }

    fn on_due(&mut self) {
        self.tell_picture();
        if let Some(event) = self.next.take() {
            self.on_event(event);
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Telegram(received) => self.on_telegram(received),
            Event::Ended(_) => self.on_end(Some(&event)),
            event => self.on_other(event),
        }
    }

    fn on_telegram(&mut self, received: Received) {
        if !self.filter.passes(&self.kinds, &received) {
            return;
        }
        let Some(picture) = &mut self.picture else {
            return self.ready.push_back(Told::Received(received));
        };
        let instrument = (received.kind(), self.kinds.key_bytes(received.kind(), received.telegram()));
        if picture.put(instrument, Told::Kept(Kept::from(&received)), Instant::now()).is_err() {
            self.next = Some(Event::Telegram(received));
        }
    }

    /// What happened between telegrams is told behind those that came before.
    fn on_other(&mut self, event: Event) {
        let Some(shown) = shown::event(&self.kinds, &event) else { return };
        let Some(picture) = self.picture.as_mut().filter(|picture| picture.due().is_some()) else {
            return self.ready.push_back(Told::Other(shown));
        };
        if picture.put_between(Told::Other(shown)).is_err() {
            self.next = Some(event);
        }
    }

    /// Nothing follows, so what is left is told at once.
    fn on_end(&mut self, event: Option<&Event>) {
        self.tell_picture();
        self.has_ended = true;
        self.was_too_slow = matches!(event, Some(Event::Ended(Ended::TooSlow { .. })));
        let shown = event.and_then(|event| shown::event(&self.kinds, event));
        self.ready.extend(shown.map(Told::Other));
    }

    fn tell_picture(&mut self) {
        self.ready.extend(self.picture.iter_mut().flat_map(Picture::take));
    }
}

/// The positions that an event says are not told.
fn missed(event: &Event) -> u64 {
    match event {
        Event::Missed { first, last } => last.saturating_sub(*first).saturating_add(1),
        // That of a late joiner is what was before it.
        Event::Snapshot { from, next, telegrams, .. } if *from > 0 => {
            next.saturating_sub(*from).saturating_sub(*telegrams as u64)
        }
        _ => 0,
    }
}
