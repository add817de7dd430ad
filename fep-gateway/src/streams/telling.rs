//! [`Telling`]: what one consumer is told, one event after the other: the telegrams that it wants, all of them or the last of each instrument in a
//! span of time, and everything that happened between them.
//!
//! It takes the next event only when the last one was taken from it. So a client that does not read lets its buffer in the receiver become full, and the
//! policy of that buffer decides.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use fep_stream::{Event, Received};
use tokio::time::{Instant, sleep_until};

use super::Joined;
use super::kinds::Kinds;
use super::picture::{Kept, Picture};
use super::shown::{self, Shown};

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
    joined: Joined,
    terms: Terms,
    picture: Picture,
    /// When the picture is told.
    due: Option<Instant>,
    ready: VecDeque<Ready>,
    has_ended: bool,
}

/// What is told next.
enum Ready {
    Telegram(Kept),
    Other(Shown),
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
    pub(crate) fn new(joined: Joined, terms: Terms) -> Self {
        let picture = Picture::default();
        Self { joined, terms, picture, due: None, ready: VecDeque::new(), has_ended: false }
    }

    /// The next event. `None` after the last one. If the call is cancelled, no event is lost.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        loop {
            let stream = &self.joined.stream;
            match self.ready.pop_front() {
                Some(Ready::Telegram(kept)) => return Some(shown::telegram(stream.kinds(), kept.placed())),
                Some(Ready::Other(shown)) => return Some(shown),
                None if self.has_ended => return None,
                None => {}
            }
            let due = self.due;
            let is_due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_due => self.tell_picture(),
                event = self.joined.consumer.next() => match event.cloned() {
                    None => self.has_ended = true,
                    Some(Event::Telegram(received)) => self.on_telegram(&received),
                    Some(event) => self.on_other(&event),
                },
            }
        }
    }

    fn on_telegram(&mut self, received: &Received) {
        let stream = &self.joined.stream;
        let kinds = stream.kinds();
        if !self.terms.filter.passes(kinds, received) {
            return;
        }
        let Some(every) = self.terms.every else {
            return self.ready.push_back(Ready::Other(shown::telegram(kinds, received.into())));
        };
        self.picture.put(kinds.key_bytes(received.kind(), received.telegram()), received);
        if self.due.is_none() {
            self.due = Some(Instant::now() + every);
        }
        // As many as the receiver keeps of all instruments are told at once.
        if self.picture.len() >= stream.config().instruments_max {
            self.tell_picture();
        }
    }

    /// What happened between telegrams is told behind those that came before.
    fn on_other(&mut self, event: &Event) {
        self.tell_picture();
        self.has_ended = matches!(event, Event::Ended(_));
        let shown = shown::event(self.joined.stream.kinds(), event);
        self.ready.extend(shown.map(Ready::Other));
    }

    fn tell_picture(&mut self) {
        self.due = None;
        self.ready.extend(self.picture.take().into_iter().map(Ready::Telegram));
    }
}
