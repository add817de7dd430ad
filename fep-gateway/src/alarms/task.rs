//! The task that judges and tells: who of the gateways does it, when it looks, and what it stores.

mod looking;

mod attempting;

mod showing;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use metrics::counter;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::showing::{Seen, Shown};
use super::AlarmStartError;
use super::attempts::Telling;
use super::telling::{NotTold, Teller, each_recipient_alone};
use super::watched::{AlarmBook, is_of};
use crate::alarm_status::AlarmsStatus;
use crate::config::AlarmsConfig;
use crate::gateway::{AlarmPart, AlarmSilence, Feed, NotSilenced, SilenceOrder, Taken};
use crate::journal::{AlarmStore, JournalError, Judging};

/// The pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The pause after a look at the facts that found no new ones.
const IDLE_PAUSE: Duration = Duration::from_millis(200);

/// How long alarms are not judged because facts are behind. After that they are judged by what is known.
const BEHIND_MAX: Duration = Duration::from_secs(60);

/// The longest time between two times of storing. After a crash, the facts behind the last one are read again.
const STORE_PAUSE: Duration = Duration::from_secs(60);

/// The pause between two questions whether this gateway judges.
const PLACE_PAUSE: Duration = Duration::from_secs(1);

/// How long others may begin to judge after this gateway could not.
const GIVE_WAY: Duration = Duration::from_secs(3);

/// The pause between two lines of the log about trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// The maximum number of silences that wait.
const ORDERS_MAX: usize = 16;

pub(super) struct AlarmTask {
    feed: Feed,
    config: AlarmsConfig,
    store: AlarmStore,
    /// The name of the journal. `None` until it could be read.
    journal: Option<String>,
    book: AlarmBook,
    teller: Arc<Teller>,
    telling: BTreeMap<String, Telling>,
    attempts: JoinSet<(String, Result<(), NotTold>)>,
    /// Whether a rule needs facts, and whether one needs what is open.
    asks_for_facts: bool,
    asks_for_open: bool,
    /// Whether this gateway judges.
    judges: bool,
    /// When the next question is due whether it does.
    ask_at: Instant,
    /// Until when no other gateway judges. `None`: none ever does.
    judges_until: Option<Instant>,
    looked_at: Instant,
    stored_at: Instant,
    /// Since when facts are behind.
    behind_since: Option<Instant>,
    complained_at: Option<Instant>,
    orders: mpsc::Receiver<SilenceOrder>,
    /// Whether business was open when an institution last said so.
    were_open: BTreeMap<String, bool>,
    /// The rules and institutions with a metric.
    measured: BTreeSet<(String, String)>,
    shown: Arc<Mutex<Shown>>,
    /// Free again when this ends.
    _place: Taken<dyn AlarmPart>,
}

impl AlarmTask {
    /// Begins. What cannot be read or reached now is tried again: alarms do not keep a gateway from its business.
    pub(super) async fn begin(feed: Feed, config: &AlarmsConfig) -> Result<Self, AlarmStartError> {
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        let now = Instant::now();
        let shown =
            Arc::new(Mutex::new(Shown { status: AlarmsStatus::default(), judges_until: None, judged_at: Some(now) }));
        let place = feed.take_alarms(Seen { shown: Arc::clone(&shown), orders }).ok_or(AlarmStartError::Already)?;
        let teller =
            Teller::new(feed.journal.instance()).map_err(|error| AlarmStartError::Client(error.to_string()))?;
        let config = each_recipient_alone(config);
        let mut task = Self {
            book: AlarmBook::new(""),
            asks_for_facts: config.rules.values().any(|rule| rule.measurement.needs_observations()),
            asks_for_open: config.rules.values().any(|rule| !rule.measurement.needs_observations()),
            store: feed.journal.alarms(),
            journal: None,
            teller: Arc::new(teller),
            telling: config.to.keys().map(|name| (name.clone(), Telling::new(now))).collect(),
            attempts: JoinSet::new(),
            config,
            judges: false,
            ask_at: now,
            judges_until: None,
            looked_at: now,
            stored_at: now,
            behind_since: None,
            complained_at: None,
            were_open: BTreeMap::new(),
            measured: BTreeSet::new(),
            orders: ordered,
            shown,
            feed,
            _place: place,
        };
        // A gateway that never judges is to be seen, too.
        task.measure_time();
        if let Err(error) = task.has_place().await {
            task.complain(&error);
        }
        task.show().await;
        Ok(task)
    }

    /// Judges and tells until `finish`. After `quiet` nothing is judged any more: what happens while a gateway ends is no reason to call anybody.
    pub(super) async fn run(mut self, quiet: CancellationToken, finish: CancellationToken) {
        let mut is_saved = false;
        loop {
            let ends = finish.is_cancelled();
            let is_quiet = ends || quiet.is_cancelled();
            if is_quiet {
                self.ends();
            }
            let went = if is_quiet { false } else { self.guarded_turn().await };
            if ends && !is_saved {
                is_saved = self.save().await;
            }
            self.tell().await;
            let is_told = self.attempts.is_empty();
            if ends && is_told && (self.book.outboxes.values().all(|outbox| outbox.is_empty()) || !self.judges) {
                break;
            }
            let pause = if went { Duration::ZERO } else { IDLE_PAUSE };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Some(order) = self.orders.recv() => self.order(order).await,
                Some(told) = self.attempts.join_next() => self.told(told.ok()).await,
                () = finish.cancelled(), if !ends => {}
                // Nobody waits for the rest of a gateway that was dropped, and its journal must be free for the next one.
                () = self.feed.gone() => break,
            }
        }
        self.save().await;
        self.judges = false;
        self.show().await;
    }

    /// A turn. One that panics is reported, and the next one goes on with what is stored.
    async fn guarded_turn(&mut self) -> bool {
        let turn = AssertUnwindSafe(self.turn()).catch_unwind().await;
        turn.unwrap_or_else(|_| {
            error!("judging alarms panicked, which is a bug: it begins again with what is stored");
            counter!("fep_alarm_panics_total").increment(1);
            self.judges = false;
            self.ask_at = Instant::now() + GIVE_WAY;
            false
        })
    }

    /// Reads facts, and looks if it is time. Returns whether there are more facts.
    async fn turn(&mut self) -> bool {
        if let Err(error) = self.has_place().await {
            self.complain(&error);
            return false;
        }
        if !self.judges {
            if self.looked_at.elapsed() >= LOOK_PAUSE {
                self.looked_at = Instant::now();
                self.show().await;
            }
            return false;
        }
        let is_behind = match self.read().await {
            Ok(is_behind) => is_behind,
            Err(error) => {
                self.complain(&error);
                true
            }
        };
        let since = if is_behind { Some(*self.behind_since.get_or_insert_with(Instant::now)) } else { None };
        self.behind_since = since;
        let is_late = since.is_some_and(|since| since.elapsed() >= BEHIND_MAX);
        if self.looked_at.elapsed() >= LOOK_PAUSE && (!is_behind || is_late) {
            self.looked_at = Instant::now();
            if is_late {
                warn!("facts are read more slowly than they come: alarms know them late");
                self.behind_since = None;
            }
            match self.look().await {
                Ok(()) => self.judged(),
                Err(error) => self.complain(&error),
            }
            self.show().await;
        }
        is_behind
    }

    /// Whether this gateway judges. If it begins to, it goes on where the last one left it.
    async fn has_place(&mut self) -> Result<(), JournalError> {
        if self.ask_at > Instant::now() || (self.judges && self.feed.journal.instance().is_none()) {
            return Ok(());
        }
        self.ask_at = Instant::now() + PLACE_PAUSE;
        let taken = self.take_over().await;
        self.mind_its_time();
        taken
    }

    /// Ends judging when another gateway may do so. Whoever waits for the database a long time asks this before it tells anybody.
    pub(super) fn mind_its_time(&mut self) {
        if self.judges && self.judges_until.is_some_and(|until| until <= Instant::now()) {
            warn!("another gateway may judge alarms by now, so this one does not");
            self.judges = false;
        }
    }

    async fn take_over(&mut self) -> Result<(), JournalError> {
        self.prepare().await?;
        let asked_at = Instant::now();
        let Judging::Here(lasts) = self.store.claim().await? else {
            self.judges = false;
            self.judged();
            return Ok(());
        };
        self.judges_until = lasts.map(|lasts| asked_at + lasts);
        if !self.judges
            && let Err(error) = self.begin_to_judge().await
        {
            self.ask_at = Instant::now() + GIVE_WAY;
            // If it fails, too, the others wait for the end of the lease.
            let _ = self.store.release().await;
            return Err(error);
        }
        self.judges = true;
        Ok(())
    }

    /// Takes connections of its own to the journal, so that reading facts holds up no question of others.
    async fn prepare(&mut self) -> Result<(), JournalError> {
        if self.journal.is_none() {
            let apart = self.feed.journal.apart().await?;
            self.journal = Some(apart.name().await?);
            self.store = apart.alarms();
            self.feed.journal = apart;
        }
        Ok(())
    }

    /// Goes on with what is stored.
    async fn begin_to_judge(&mut self) -> Result<(), JournalError> {
        let state = self.store.read().await?.state;
        let last = self.feed.journal.last_fact().await?;
        self.book = match self.parsed(state.clone()).await? {
            Ok(book) => book,
            Err(why) => {
                let kept = self.store.keep_damaged(state.unwrap_or_default()).await;
                let kept = kept.map_or_else(|error| error.to_string(), |file| shown(file.as_deref()));
                // Business does not wait for alarms, and nobody misses one.
                error!(why, kept, "the state of the alarms is of no use: what is raised is told again");
                AlarmBook::new(self.journal.as_deref().unwrap_or_default())
            }
        };
        self.book.check_basis(&self.config);
        self.redirect();
        // Without a state, or with the journal of an earlier time, it begins with the next fact.
        self.book.read_up_to = Some(self.book.read_up_to.map_or(last, |known| known.min(last)));
        info!(rules = self.config.rules.len(), "alarms are judged by this gateway");
        Ok(())
    }

    /// What a stored state says, read on a thread that may be slow: it can be long.
    async fn parsed(&self, state: Option<Vec<u8>>) -> Result<Result<AlarmBook, String>, JournalError> {
        let journal = self.journal.clone().unwrap_or_default();
        let parsed = tokio::task::spawn_blocking(move || AlarmBook::stored(&journal, state.as_deref())).await;
        parsed.map_err(|error| JournalError::Failed(error.to_string()))
    }

    /// The text to store, written on a thread that may be slow.
    async fn text(&mut self) -> Result<String, JournalError> {
        let book = std::mem::replace(&mut self.book, AlarmBook::new(""));
        let written = tokio::task::spawn_blocking(move || (book.text(), book)).await;
        let written = written.map_err(|error| {
            // It is gone, so what is stored is the best that there is.
            self.judges = false;
            JournalError::Failed(error.to_string())
        });
        let (text, book) = written?;
        self.book = book;
        Ok(text)
    }

    /// Stores what is known. If that fails, alarms are told nevertheless.
    async fn save(&mut self) -> bool {
        if !self.judges {
            return false;
        }
        self.stored_at = Instant::now();
        let stored = match self.text().await {
            Ok(text) => self.store.store(text).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(()) => true,
            Err(error) => {
                counter!("fep_alarm_store_failures_total").increment(1);
                self.complain(&error);
                false
            }
        }
    }

    async fn order(&mut self, (silence, reply): SilenceOrder) {
        let AlarmSilence { rule, institution, until_ms, by } = silence;
        let known = self.config.rules.get(&rule).filter(|rule| is_of(rule, &institution));
        let known = known.filter(|_| self.feed.institutions().contains(&institution));
        let done = match known {
            None => Err(NotSilenced::UnknownAlarm),
            Some(_) if !self.judges => {
                let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
                Err(NotSilenced::Elsewhere(shown.status.instance.clone()))
            }
            Some(of) => {
                self.book.silence((&rule, of), &institution, until_ms, by);
                let is_stored = self.save().await;
                self.show().await;
                let not_durable = || NotSilenced::NotDurable("it cannot be stored now".to_owned());
                if is_stored { Ok(()) } else { Err(not_durable()) }
            }
        };
        // The caller may be gone.
        let _ = reply.send(done);
    }

    fn complain(&mut self, error: &JournalError) {
        if self.complained_at.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            self.complained_at = Some(Instant::now());
            warn!(%error, "alarms cannot be judged or stored as they should");
        }
    }
}

/// Where a damaged state is kept, for the log.
fn shown(file: Option<&Path>) -> String {
    file.map_or("nothing".to_owned(), |file| file.display().to_string())
}
