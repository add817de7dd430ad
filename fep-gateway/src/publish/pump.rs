//! The task that brings facts to a publisher, one piece after the other.
//!
//! A piece is read, made into events, published, and only then the mark moves. So no failure leaves anything out, and what is published
//! twice has the same bytes, because the content is made of the facts up to its own and of nothing later.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::backoff::Backoff;
use fep_protocol::exchange::{Event, Exchange, LineStatus};
use fep_protocol::fact::Fact;
use metrics::{counter, gauge};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::maker::{Maker, until};
use super::recent::Recent;
use super::{JournalError, Outgoing, PublishError, PublishOptions, PublishStartError, Publisher};
use crate::gateway::{Feed, Taken};
use crate::journal::Journal;
use crate::journal::change::{self, ExchangeChange};
use crate::journal::notice::StoredNotice;
use crate::journal::unpublished::UnpublishedEvent;

/// The maximum number of facts in a piece.
const PIECE_MAX: usize = 512;

/// The pause after a look that found nothing.
const IDLE_PAUSE: Duration = Duration::from_millis(50);

/// The shortest and the longest pause after an attempt that failed.
const RETRY_MIN: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The pause between two questions whether this gateway publishes.
const PLACE_PAUSE: Duration = Duration::from_secs(1);

/// The longest time between two moves of the mark while pieces are published. After a crash, what is behind the mark comes again.
const MARK_PAUSE: Duration = Duration::from_secs(1);

/// The pause between two lines of the log about the same trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// Publishing that runs. It ends with [`Publishing::finish`], or when the gateway is gone.
#[derive(Debug)]
pub struct Publishing {
    finish: CancellationToken,
    task: JoinHandle<()>,
    state: Arc<Mutex<State>>,
}

/// What others may know about the pump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// When the oldest event that waits happened, in milliseconds since 1970.
    oldest_ms: Option<i64>,
    /// Since when attempts fail.
    fails_since: Option<Instant>,
    /// Why the last attempt failed. `None` after one that succeeded.
    trouble: Option<String>,
    /// How many events the broker never takes.
    dead_letters: usize,
}

struct Pump {
    feed: Feed,
    publisher: Arc<dyn Publisher>,
    maker: Maker,
    recent: Recent,
    /// Whether this gateway publishes facts, and since when that is known. Of those that share a journal one does.
    publishes: bool,
    asked_at: Instant,
    /// The last fact that was published, and the last one that the mark has.
    published: u64,
    marked: u64,
    marked_at: Instant,
    events: broadcast::Receiver<Event>,
    /// The states of lines that wait, by institution and line.
    lines: BTreeMap<(String, String), LineStatus>,
    backoff: Backoff,
    complained_at: Option<Instant>,
    state: Arc<Mutex<State>>,
    /// Free again when this ends.
    _place: Taken,
}

/// What came of a turn.
enum Turn {
    /// Something was published.
    Went,
    /// There is nothing to publish.
    Idle,
    /// It failed.
    Failed(String),
}

/// Begins to publish.
pub(super) async fn start(
    feed: Feed,
    publisher: Arc<dyn Publisher>,
    options: PublishOptions,
) -> Result<Publishing, PublishStartError> {
    let state = Arc::new(Mutex::new(State::default()));
    let told = Arc::clone(&state);
    let alarm_after = options.alarm_after;
    let note = move |now_ms| told.lock().unwrap_or_else(PoisonError::into_inner).note(now_ms, alarm_after);
    let place = feed.take(note).ok_or(PublishStartError::Already)?;
    let feed = feed.apart().await.map_err(PublishStartError::Journal)?;
    let pump = Pump::begin(feed, place, publisher, options, &state).await;
    let finish = CancellationToken::new();
    let task = tokio::spawn(pump.map_err(PublishStartError::Journal)?.run(finish.clone()));
    Ok(Publishing { finish, task, state })
}

/// The last fact that was published.
async fn published(journal: &Journal) -> Result<u64, JournalError> {
    let last = journal.last_fact().await?;
    let published = match journal.published() {
        Some(published) if published <= last => published,
        Some(published) => {
            // The journal is a copy of an earlier time. Its next facts have numbers that were published before; their times make their
            // events differ.
            error!(published, last, "the journal has fewer facts than were published: it is an older copy");
            last
        }
        None => {
            info!(after = last, "events are published from the next new fact on");
            last
        }
    };
    journal.set_published(published).await?;
    Ok(published)
}

impl Publishing {
    /// Publishes what is there and ends, at the latest after this time. What is left is published after the next start. Call it after
    /// [`Gateway::stop`](crate::Gateway::stop), so that the last facts are there.
    pub async fn finish(mut self, max: Duration) {
        self.finish.cancel();
        if tokio::time::timeout(max, &mut self.task).await.is_err() {
            self.task.abort();
            // It ends with an error that says so.
            let _ = self.task.await;
            warn!("not all events are published: the others follow after the next start");
        }
    }

    /// Why events do not leave now, or `None` if they do.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }
}

impl State {
    /// How long the oldest event waits.
    fn waits(&self, now_ms: i64) -> Duration {
        let oldest = self.oldest_ms.map(|at_ms| now_ms.saturating_sub(at_ms));
        let oldest = oldest.and_then(|ms| u64::try_from(ms).ok()).map_or(Duration::ZERO, Duration::from_millis);
        oldest.max(self.fails_since.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    fn note(&self, now_ms: i64, alarm_after: Duration) -> Option<String> {
        let waits = self.waits(now_ms);
        let why = self.trouble.as_deref().unwrap_or("the broker has not taken them yet");
        let late = (waits >= alarm_after).then(|| format!("events wait for {} s: {why}", waits.as_secs()));
        let dead = (self.dead_letters > 0).then(|| {
            format!(
                "the broker never took {} events: the file `.unpublished` beside the journal names them, `fep-gateway events republish` publishes \
                 them again, and without that file this note ends with the next start",
                self.dead_letters
            )
        });
        let notes: Vec<_> = late.into_iter().chain(dead).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

impl Pump {
    async fn begin(
        feed: Feed,
        place: Taken,
        publisher: Arc<dyn Publisher>,
        options: PublishOptions,
        state: &Arc<Mutex<State>>,
    ) -> Result<Self, JournalError> {
        let publishes = feed.journal.publishes().await?;
        let published = if publishes { published(&feed.journal).await? } else { 0 };
        let events = feed.subscribe();
        let dead_letters = feed.journal.unpublished().await?;
        state.lock().unwrap_or_else(PoisonError::into_inner).dead_letters = dead_letters;
        Ok(Self {
            maker: Maker { journal: feed.journal.name().await?, options, is_test: feed.is_test },
            lines: feed.lines().into_iter().map(|line| (name_of(&line), line)).collect(),
            feed,
            publisher,
            recent: Recent::default(),
            publishes,
            asked_at: Instant::now(),
            published,
            marked: published,
            marked_at: Instant::now(),
            events,
            backoff: Backoff::new(RETRY_MIN, RETRY_MAX),
            complained_at: None,
            state: Arc::clone(state),
            _place: place,
        })
    }

    async fn run(mut self, finish: CancellationToken) {
        loop {
            let ends = finish.is_cancelled();
            let pause = match self.turn().await {
                Turn::Went => Duration::ZERO,
                Turn::Idle if ends => break,
                Turn::Idle => IDLE_PAUSE,
                Turn::Failed(why) => self.failed(why),
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = finish.cancelled(), if !ends => {}
                // Nobody waits for the rest of a gateway that was dropped, and its journal must be free for the next one.
                () = self.feed.gone() => break,
            }
        }
        self.mark(true).await;
    }

    async fn turn(&mut self) -> Turn {
        match self.piece().await {
            Err(error) => Turn::Failed(error.to_string()),
            Ok((events, _)) if events.is_empty() && self.lines.is_empty() => self.idle().await,
            Ok((mut events, up_to)) => {
                // A state of a line that waits is replaced by a later one, so it is never old.
                self.tell(|state| state.oldest_ms = events.first().map(|event| event.at_ms));
                self.gauge();
                let lines: Vec<_> = self.lines.values().cloned().collect();
                events.extend(lines.iter().map(|line| self.line(line)));
                if let Err(why) = self.publish(&events).await {
                    counter!("fep_event_failures_total").increment(1);
                    return Turn::Failed(why);
                }
                for line in lines {
                    // One that changed meanwhile is published again.
                    if let Entry::Occupied(waiting) = self.lines.entry(name_of(&line))
                        && *waiting.get() == line
                    {
                        waiting.remove();
                    }
                }
                self.went(up_to).await
            }
        }
    }

    /// Publishes all events, except those that the broker never takes: they are dead letters, and hold up nothing.
    async fn publish(&mut self, events: &[Outgoing]) -> Result<(), String> {
        let refused = match self.publisher.publish(events).await {
            Ok(()) => Vec::new(),
            Err(PublishError { why, refused }) if refused.is_empty() => return Err(why),
            Err(PublishError { refused, .. }) => refused,
        };
        for event in events {
            // A broker refuses a batch as a whole, so each of it is tried alone.
            let why = match refused.contains(&event.id) {
                false => None,
                true => match self.publisher.publish(std::slice::from_ref(event)).await {
                    Ok(()) => None,
                    Err(PublishError { why, refused }) if refused.is_empty() => return Err(why),
                    Err(PublishError { why, .. }) => Some(why),
                },
            };
            match why {
                None => counter!("fep_events_total", "kind" => event.kind).increment(1),
                Some(why) => self.give_up(event, &why).await.map_err(|error| error.to_string())?,
            }
        }
        Ok(())
    }

    /// Records an event that the broker never takes.
    async fn give_up(&mut self, event: &Outgoing, why: &str) -> Result<(), JournalError> {
        error!(id = event.id, kind = event.kind, why, "the broker never takes this event: it is a dead letter");
        counter!("fep_event_dead_letters_total", "kind" => event.kind).increment(1);
        let Outgoing { id, kind, at_ms, .. } = event;
        let letter = UnpublishedEvent { id: id.clone(), kind: (*kind).to_owned(), at_ms: *at_ms, why: why.to_owned() };
        let letters = self.feed.journal.add_unpublished(letter).await?;
        self.tell(|state| state.dead_letters = letters);
        Ok(())
    }

    /// The events of the next facts, and the last of these facts.
    async fn piece(&mut self) -> Result<(Vec<Outgoing>, u64), JournalError> {
        self.hear();
        if !self.has_place().await? {
            return Ok((Vec::new(), self.published));
        }
        let mut up_to = self.published;
        loop {
            let piece = self.feed.journal.facts_after(up_to, PIECE_MAX).await?;
            if piece.missing > 0 {
                counter!("fep_events_lost_total").increment(piece.missing);
                error!(
                    facts = piece.missing,
                    after = up_to,
                    "facts are gone that were not published: their events are lost"
                );
            }
            let Some(((first, _), (last, _))) = piece.facts.first().zip(piece.facts.last()) else {
                return Ok((Vec::new(), up_to));
            };
            // What is lost is reported once, also if what follows does not leave now.
            self.published = first - 1;
            up_to = *last;
            let mut events = Vec::new();
            for (number, fact) in &piece.facts {
                events.extend(self.event(*number, fact).await?);
            }
            if !events.is_empty() {
                return Ok((events, up_to));
            }
            // Most facts are no events. The mark moves over them.
            self.published = up_to;
            self.mark(false).await;
        }
    }

    /// Whether this gateway publishes facts. Its lines are its own in each case.
    async fn has_place(&mut self) -> Result<bool, JournalError> {
        if self.asked_at.elapsed() < PLACE_PAUSE || self.feed.journal.instance().is_none() {
            return Ok(self.publishes);
        }
        self.asked_at = Instant::now();
        let publishes = self.feed.journal.publishes().await?;
        if publishes && !self.publishes {
            info!("this gateway publishes events from now on");
            self.published = published(&self.feed.journal).await?;
            self.marked = self.published;
        }
        self.publishes = publishes;
        Ok(publishes)
    }

    /// The event of a fact, if it is one.
    async fn event(&mut self, number: u64, fact: &Fact) -> Result<Option<Outgoing>, JournalError> {
        let Some(id) = fact.exchange else { return Ok(None) };
        self.recent.add(id, number, fact);
        if change::may_change_exchange(fact) {
            let known = self.recent.facts(&id, number).map(<[_]>::to_vec);
            let facts = match known {
                Some(facts) => facts,
                None => until(self.feed.journal.timeline(&id).await?, number, fact),
            };
            let changed = change::of_exchange(id, &facts)?;
            return Ok(changed.map(|(change, exchange)| self.exchange(number, fact, change, &exchange)));
        }
        if change::may_change_notice(fact) {
            let facts = until(self.feed.journal.notice_timeline(&id).await?, number, fact);
            let is_first = facts.len() == 1;
            let changed = change::of_notice(id, &facts)?;
            return Ok(changed.map(|notice| self.notice(number, fact, is_first, &notice)));
        }
        Ok(None)
    }

    fn exchange(&self, number: u64, fact: &Fact, change: ExchangeChange, exchange: &Exchange) -> Outgoing {
        let catalogue = self.feed.catalogue(&exchange.institution);
        let veil = |account| self.feed.journal.veiled_account(account);
        self.maker.exchange((number, fact), change, exchange, catalogue.as_deref(), veil)
    }

    fn notice(&self, number: u64, fact: &Fact, is_first: bool, notice: &StoredNotice) -> Outgoing {
        let catalogue = self.feed.catalogue(&notice.institution);
        self.maker.notice((number, fact), is_first, notice, catalogue.as_deref())
    }

    fn line(&self, line: &LineStatus) -> Outgoing {
        self.maker.line(line, self.feed.journal.instance().as_deref(), self.feed.now_ms())
    }

    /// Takes what lines said since the last look.
    fn hear(&mut self) {
        loop {
            match self.events.try_recv() {
                Ok(Event::Line(line)) => drop(self.lines.insert(name_of(&line), *line)),
                Ok(_) => {}
                // Some were missed, so all are told again.
                Err(broadcast::error::TryRecvError::Lagged(_)) => {
                    self.lines.extend(self.feed.lines().into_iter().map(|line| (name_of(&line), line)));
                }
                Err(_) => return,
            }
        }
    }

    async fn went(&mut self, up_to: u64) -> Turn {
        self.published = up_to;
        self.backoff.succeeded();
        self.complained_at = None;
        self.tell(|state| {
            state.fails_since = None;
            state.trouble = None;
        });
        self.mark(false).await;
        Turn::Went
    }

    async fn idle(&mut self) -> Turn {
        self.tell(|state| *state = State { dead_letters: state.dead_letters, ..State::default() });
        self.gauge();
        self.mark(false).await;
        Turn::Idle
    }

    /// Returns the pause before the next attempt.
    fn failed(&mut self, why: String) -> Duration {
        if self.complained_at.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            warn!(why, "events do not leave: they wait in the journal");
            self.complained_at = Some(Instant::now());
        }
        self.tell(|state| {
            state.fails_since.get_or_insert_with(Instant::now);
            state.trouble = Some(why);
        });
        self.gauge();
        self.backoff.failed(self.feed.seed())
    }

    fn gauge(&self) {
        let waits = self.state.lock().unwrap_or_else(PoisonError::into_inner).waits(self.feed.now_ms());
        gauge!("fep_events_waiting_seconds").set(waits.as_secs_f64());
    }

    /// Moves the mark, at most once in a while unless it is the last time.
    async fn mark(&mut self, is_last: bool) {
        if !self.publishes || self.published == self.marked || !is_last && self.marked_at.elapsed() < MARK_PAUSE {
            return;
        }
        self.marked_at = Instant::now();
        match self.feed.journal.set_published(self.published).await {
            Ok(()) => self.marked = self.published,
            Err(error) => warn!(%error, "the mark of published facts does not move: after a restart some come again"),
        }
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn name_of(line: &LineStatus) -> (String, String) {
    (line.institution.clone(), line.line.clone())
}
