//! [`Task`]: the loop of a receiver. It owns everything and waits for the sources, commands, time and consumers that have room again.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::Command;
use crate::counts::{Counts, FeedCounts};
use crate::cut::{AnyFraming, BadFrame, Cut, Cutter, said};
use crate::hub::Hub;
use crate::order::{Ask, Frame, Order};
use crate::plan::Unplanned;
use crate::source::{Filled, Source};

/// How often the counts are shown while something happens.
const COUNTS_EVERY: Duration = Duration::from_millis(50);

/// The time between two log lines about differences. Feeds that differ may differ a million times a second.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// So many events of one read are handed out at once. The first one does not wait until all of a large read was ordered.
const BATCH_EVENTS: u64 = 128;

/// Makes the telegram that asks for missing numbers, as a whole frame.
pub(super) type Asking = Box<dyn FnMut(Ask) -> Vec<u8> + Send>;

pub(super) struct Task {
    feeds: Vec<Feed>,
    order: Order,
    hub: Hub,
    asking: Option<Asking>,
    cuts: Vec<Cut>,
    started: Instant,
    /// The feed that is read first, so that none is always the last one.
    turn: usize,
    /// The feed that gets the next request. One that is connected and says nothing must not get all of them.
    ask_turn: usize,
    /// When a difference between telegrams of one number was last logged.
    warned: Option<Instant>,
}

struct Feed {
    source: Box<dyn Source>,
    cutter: Cutter,
    counts: FeedCounts,
    has_ended: bool,
}

/// Whether the loop goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoesOn,
    Ends,
}

impl Task {
    pub(super) fn new(
        sources: Vec<Box<dyn Source>>,
        framing: AnyFraming,
        bad_frame: BadFrame,
        order: Order,
        hub: Hub,
        asking: Option<Asking>,
    ) -> Self {
        let feed = |source: Box<dyn Source>| Feed {
            cutter: Cutter::new(Arc::clone(&framing), bad_frame),
            counts: FeedCounts { name: source.name().to_owned(), ..FeedCounts::default() },
            has_ended: false,
            source,
        };
        let feeds = sources.into_iter().map(feed).collect();
        Self {
            feeds,
            order,
            hub,
            asking,
            cuts: Vec::new(),
            started: Instant::now(),
            turn: 0,
            ask_turn: 0,
            warned: None,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>, counts: Arc<Mutex<Counts>>) {
        let room = self.hub.room();
        let show = sleep(COUNTS_EVERY);
        tokio::pin!(show);
        let mut is_shown = true;
        loop {
            // A deadline beyond all times is none.
            let deadline = self.order.deadline().and_then(|after| self.started.checked_add(after));
            let next = tokio::select! {
                (feed, filled) = fill(&mut self.feeds, self.turn) => self.on_filled(feed, filled),
                command = inbox.recv() => self.on_command(command),
                () = room.notified() => {
                    self.hub.catch_up(self.order.latest(), self.order.next());
                    Next::GoesOn
                }
                () = sleep_until(deadline.unwrap_or(self.started)), if deadline.is_some() => {
                    self.change(|order, now| order.on_time(now));
                    Next::GoesOn
                }
                () = &mut show, if !is_shown => {
                    is_shown = self.show(&counts);
                    show.as_mut().reset(Instant::now() + COUNTS_EVERY);
                    continue;
                }
            };
            is_shown = false;
            if next == Next::Ends {
                break;
            }
        }
        self.change(|order, _| order.end());
        self.hub.end(self.order.latest(), self.order.next());
        while !self.show(&counts) {
            tokio::task::yield_now().await;
        }
    }

    fn on_command(&mut self, command: Option<Command>) -> Next {
        match command {
            Some(Command::Join(policy, joined)) => {
                let consumer = self.hub.join(policy, self.order.latest(), self.order.next());
                // If nobody waits for the consumer any more, it is dropped, and the next batch notices.
                let _ = joined.send(consumer);
                Next::GoesOn
            }
            Some(Command::Stop) | None => Next::Ends,
        }
    }

    fn on_filled(&mut self, index: usize, filled: Filled) -> Next {
        self.turn = index + 1;
        match filled {
            Filled::Connected => self.on_connected(index),
            Filled::Bytes(bytes) => self.on_bytes(index, bytes),
            Filled::Disconnected(reason) => self.on_disconnected(index, Some(reason), false),
            Filled::Ended(reason) => self.on_disconnected(index, reason, true),
        }
        if self.feeds.iter().all(|feed| feed.has_ended) { Next::Ends } else { Next::GoesOn }
    }

    fn on_connected(&mut self, index: usize) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        tracing::info!(feed = feed.counts.name, "the feed is connected");
        feed.counts.is_connected = true;
        feed.counts.connections += 1;
    }

    fn on_disconnected(&mut self, index: usize, reason: Option<String>, has_ended: bool) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        let was_connected = std::mem::take(&mut feed.counts.is_connected);
        feed.has_ended = has_ended;
        if let Some(reason) = &reason {
            tracing::warn!(feed = feed.counts.name, reason, "the feed is not connected");
        }
        if reason.is_some() {
            feed.counts.last_trouble.clone_from(&reason);
        }
        let left = feed.cutter.clear();
        feed.counts.dropped_bytes += left;
        let is_alone = was_connected && !self.feeds.iter().any(|feed| feed.counts.is_connected);
        self.change(|order, _| {
            if left > 0 {
                order.on_unreadable(index, left);
            }
            match reason {
                Some(reason) if has_ended => order.on_broken_off(index, &reason),
                _ if is_alone && !has_ended => order.on_interrupted(),
                _ => {}
            }
        });
    }

    fn on_bytes(&mut self, index: usize, bytes: usize) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        let at_ns = feed.source.received_ns().unwrap_or_else(now_ns);
        let now = self.started.elapsed();
        feed.counts.bytes += bytes as u64;
        let mut cuts = std::mem::take(&mut self.cuts);
        let cut = feed.cutter.cut(&mut cuts);
        match cut {
            Ok(None) => {}
            Ok(Some(error)) => feed.counts.last_trouble = Some(said(&error)),
            Err(error) => feed.source.close(&format!("its bytes are no frame: {}", said(&error))),
        }
        let mut first = self.order.next();
        for cut in cuts.drain(..) {
            self.on_cut(index, cut, at_ns, now);
            if self.order.next() - first >= BATCH_EVENTS {
                self.hand_out(first);
                first = self.order.next();
            }
        }
        self.cuts = cuts;
        self.hand_out(first);
    }

    fn on_cut(&mut self, index: usize, cut: Cut, at_ns: u64, now: Duration) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        match cut {
            Cut::Frame(bytes, content) => {
                feed.counts.frames += 1;
                let frame = Frame { bytes, content, feed: index, at_ns };
                if let Err(error) = self.order.on_frame(frame, now) {
                    feed.counts.unplanned += 1;
                    feed.counts.last_trouble = Some(trouble(error));
                }
            }
            Cut::Dropped(bytes) => {
                feed.counts.dropped_bytes += bytes;
                self.order.on_unreadable(index, bytes);
            }
        }
    }

    /// Changes the order, and hands out what came of it.
    fn change(&mut self, change: impl FnOnce(&mut Order, Duration)) {
        let first = self.order.next();
        change(&mut self.order, self.started.elapsed());
        self.hand_out(first);
    }

    fn hand_out(&mut self, first: u64) {
        let events = self.order.take_events();
        self.hub.publish(events, first, self.order.latest());
        for ask in self.order.take_asks() {
            self.ask(ask);
        }
        if let Some(number) = self.order.take_different().first()
            && self.warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY)
        {
            self.warned = Some(Instant::now());
            let different = self.order.tally().different;
            tracing::warn!(
                number,
                different,
                "another telegram came with a number that was there before; the first one counts"
            );
        }
    }

    /// Asks one feed that is connected. With redundant feeds, the next request goes to another one.
    fn ask(&mut self, ask: Ask) {
        let Some(asking) = &mut self.asking else { return };
        let frame = asking(ask);
        let count = self.feeds.len();
        for step in 0..count {
            let index = (self.ask_turn + step) % count.max(1);
            let Some(feed) = self.feeds.get_mut(index) else { continue };
            if feed.counts.is_connected {
                if !frame.is_empty() && feed.source.send(&frame) {
                    self.ask_turn = index + 1;
                    return;
                }
                feed.counts.unsent_asks += 1;
            }
        }
    }

    /// Shows the counts. Returns `false` if somebody reads them at this moment: the reader of the feeds does not wait for that.
    fn show(&self, counts: &Mutex<Counts>) -> bool {
        let Ok(mut counts) = counts.try_lock() else { return false };
        *counts = self.counts();
        true
    }

    /// What was seen so far.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            feeds: self.feeds.iter().map(|feed| feed.counts.clone()).collect(),
            sequence: self.order.tally(),
            next: self.order.next(),
            instruments: self.order.latest().len(),
            left_out: self.order.latest().left_out(),
            consumers: self.hub.consumers(),
            too_slow: self.hub.too_slow,
        }
    }
}

/// Waits for the first source that has something.
async fn fill(feeds: &mut [Feed], turn: usize) -> (usize, Filled) {
    poll_fn(|context| {
        let count = feeds.len();
        for step in 0..count {
            let index = (turn + step) % count;
            let Some(feed) = feeds.get_mut(index).filter(|feed| !feed.has_ended) else { continue };
            if let Poll::Ready(filled) = feed.source.poll_fill(context, &mut feed.cutter.buffer) {
                return Poll::Ready((index, filled));
            }
        }
        Poll::Pending
    })
    .await
}

fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn trouble(error: Unplanned) -> String {
    match error {
        Unplanned::Unknown => "a frame is no telegram of the plan: its marks or its length are of no other".to_owned(),
        Unplanned::BadNumber => "the number of a telegram is not of digits, or the feed cannot have it".to_owned(),
    }
}
