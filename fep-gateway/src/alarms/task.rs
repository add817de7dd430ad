//! The task that reads facts, looks once a second, stores what it knows, and tells receivers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::alarm::measure::{Measurement, Present};
use fep_protocol::fact::Fact;
use metrics::{counter, gauge};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::AlarmStartError;
use super::attempts::Telling;
use super::observing::{amount, observations};
use super::telling::{Teller, log};
use super::watched::{AlarmBook, is_of};
use crate::alarm_status::{AlarmWord, AlarmsStatus, ReceiverStatus};
use crate::config::{AlarmRule, AlarmsConfig};
use crate::gateway::{
    AlarmPart, AlarmSilence, Feed, InstitutionStatus, NotSilenced, OpenCount, OpenKind, SilenceOrder, Taken,
};
use crate::journal::{AlarmStore, JournalError};

/// The pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The pause after a look at the facts that found no new ones.
const IDLE_PAUSE: Duration = Duration::from_millis(200);

/// The maximum number of facts in a piece, and of pieces between two looks.
const PIECE_MAX: usize = 512;
const PIECES_MAX: usize = 64;

/// How long alarms are not judged because facts are behind. After that they are judged by what is known.
const BEHIND_MAX: Duration = Duration::from_secs(60);

/// The longest time between two times of storing. After a crash, the facts behind the last one are read again.
const STORE_PAUSE: Duration = Duration::from_secs(60);

/// The pause between two questions whether this gateway judges.
const PLACE_PAUSE: Duration = Duration::from_secs(1);

/// How long an institution may take to say whether its business is open.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long attempts may fail until a note says so, and the pause between two lines of the log about it.
const NOTED_AFTER: Duration = Duration::from_secs(60);
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// The maximum number of silences that wait.
const ORDERS_MAX: usize = 16;

pub(super) struct AlarmTask {
    feed: Feed,
    config: AlarmsConfig,
    store: AlarmStore,
    journal: String,
    book: AlarmBook,
    teller: Arc<Teller>,
    telling: BTreeMap<String, Telling>,
    attempts: JoinSet<(String, Result<(), String>)>,
    /// Whether a rule needs facts, and whether one needs what is open.
    asks_for_facts: bool,
    asks_for_open: bool,
    /// Whether this gateway judges.
    judges: bool,
    asked_at: Instant,
    looked_at: Instant,
    stored_at: Instant,
    /// Since when facts are behind.
    behind_since: Option<Instant>,
    complained_at: Option<Instant>,
    orders: mpsc::Receiver<SilenceOrder>,
    status: Arc<Mutex<AlarmsStatus>>,
    /// Free again when this ends.
    _place: Taken<dyn AlarmPart>,
}

/// What others see of the task.
struct Seen {
    status: Arc<Mutex<AlarmsStatus>>,
    orders: mpsc::Sender<SilenceOrder>,
}

impl AlarmPart for Seen {
    fn note(&self, now_ms: i64) -> Option<String> {
        let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let late = |receiver: &&ReceiverStatus| {
            let waits_ms = receiver.oldest_ms.map_or(0, |oldest| now_ms.saturating_sub(oldest));
            receiver.trouble.is_some() && u128::try_from(waits_ms).is_ok_and(|ms| ms >= NOTED_AFTER.as_millis())
        };
        let notes = status.receivers.iter().filter(late).map(|receiver| {
            let why = receiver.trouble.as_deref().unwrap_or_default();
            format!("alarms do not reach the receiver {}: {why}", receiver.receiver)
        });
        Some(notes.collect::<Vec<_>>().join("; ")).filter(|note| !note.is_empty())
    }

    fn status(&self) -> AlarmsStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn orders(&self) -> mpsc::Sender<SilenceOrder> {
        self.orders.clone()
    }
}

impl AlarmTask {
    pub(super) async fn begin(feed: Feed, config: &AlarmsConfig) -> Result<Self, AlarmStartError> {
        let (orders, ordered) = mpsc::channel(ORDERS_MAX);
        let status = Arc::new(Mutex::new(AlarmsStatus::default()));
        let place = feed.take_alarms(Seen { status: Arc::clone(&status), orders }).ok_or(AlarmStartError::Already)?;
        let feed = feed.apart().await.map_err(AlarmStartError::Journal)?;
        let store = feed.journal.alarms();
        let journal = feed.journal.name().await.map_err(AlarmStartError::Journal)?;
        let teller =
            Teller::new(feed.journal.instance()).map_err(|error| AlarmStartError::Client(error.to_string()))?;
        let now = Instant::now();
        let mut task = Self {
            book: AlarmBook::new(&journal),
            asks_for_facts: config.rules.values().any(|rule| rule.measurement.needs_observations()),
            asks_for_open: config.rules.values().any(|rule| !rule.measurement.needs_observations()),
            config: config.clone(),
            store,
            journal,
            teller: Arc::new(teller),
            telling: config.to.keys().map(|name| (name.clone(), Telling::new(now))).collect(),
            attempts: JoinSet::new(),
            judges: false,
            asked_at: now,
            looked_at: now,
            stored_at: now,
            behind_since: None,
            complained_at: None,
            orders: ordered,
            status,
            feed,
            _place: place,
        };
        task.take_over().await.map_err(AlarmStartError::Journal)?;
        task.show().await;
        Ok(task)
    }

    pub(super) async fn run(mut self, finish: CancellationToken) {
        let mut is_saved = false;
        loop {
            let ends = finish.is_cancelled();
            // What happens while a gateway ends is no reason to call anybody.
            let went = if ends { false } else { self.turn().await };
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
            if let Err(error) = self.look().await {
                self.complain(&error);
            }
        }
        is_behind
    }

    /// Whether this gateway judges. If it begins to, it goes on where the last one left it.
    async fn has_place(&mut self) -> Result<(), JournalError> {
        if self.asked_at.elapsed() < PLACE_PAUSE || self.feed.journal.instance().is_none() {
            return Ok(());
        }
        self.asked_at = Instant::now();
        self.take_over().await
    }

    async fn take_over(&mut self) -> Result<(), JournalError> {
        let judges = self.store.claim().await?;
        if judges && !self.judges {
            let stored = self.store.read().await?;
            let book = AlarmBook::stored(&self.journal, stored.state.as_deref());
            self.book = book.unwrap_or_else(|why| {
                // Business does not wait for alarms, and nobody misses one.
                error!(why, "the state of the alarms beside the journal is of no use: what is raised is told again");
                AlarmBook::new(&self.journal)
            });
            self.book.check_basis(&self.config);
            let last = self.feed.journal.last_fact().await?;
            // Without a state, or with the journal of an earlier time, it begins with the next fact.
            self.book.read_up_to = Some(self.book.read_up_to.map_or(last, |known| known.min(last)));
            info!(rules = self.config.rules.len(), "alarms are judged by this gateway");
        }
        self.judges = judges;
        Ok(())
    }

    /// Reads facts. Returns whether there are more.
    async fn read(&mut self) -> Result<bool, JournalError> {
        if !self.asks_for_facts {
            return Ok(false);
        }
        for _ in 0..PIECES_MAX {
            let after = self.book.read_up_to.unwrap_or_default();
            let piece = self.feed.journal.facts_after(after, PIECE_MAX).await?;
            if piece.missing > 0 {
                warn!(
                    facts = piece.missing,
                    "facts are gone that alarms did not know: what they measure leaves them out"
                );
            }
            let Some((last, _)) = piece.facts.last() else { return Ok(false) };
            self.book.read_up_to = Some(*last);
            piece.facts.iter().for_each(|(_, fact)| self.observe(fact));
        }
        Ok(true)
    }

    fn observe(&mut self, fact: &Fact) {
        let institution = &*fact.institution;
        let Some(catalogue) = self.feed.catalogue(institution) else { return };
        let seen = observations(fact, catalogue.response_codes());
        let offset = catalogue.utc_offset_minutes();
        for (name, rule) in self.config.rules.iter().filter(|(_, rule)| is_of(rule, institution)) {
            match &rule.amount {
                Some(field) => {
                    if let Some(seen) = amount(fact, field, &catalogue) {
                        self.book.observe((name, rule), institution, seen, offset);
                    }
                }
                None => {
                    seen.iter().for_each(|seen| self.book.observe((name, rule), institution, *seen, offset));
                }
            }
        }
    }

    /// Looks at each alarm. What is to be told is stored before.
    async fn look(&mut self) -> Result<(), JournalError> {
        let counts = match self.asks_for_open {
            true => self.feed.journal.open_counts().await?,
            false => Vec::new(),
        };
        let institutions = self.feed.institutions();
        let mut is_told = self.book.keep_only(&self.config, &institutions, self.feed.now_ms());
        for institution in &institutions {
            let present = self.present(institution, &counts).await;
            for rule in self.config.rules.iter().filter(|(_, rule)| is_of(rule, institution)) {
                is_told |= self.book.look((rule.0, rule.1), institution, &present, || self.feed.new_name());
            }
        }
        if is_told || self.stored_at.elapsed() >= STORE_PAUSE {
            self.save().await;
        }
        self.show().await;
        Ok(())
    }

    /// What holds of an institution now.
    async fn present(&self, institution: &str, counts: &[OpenCount]) -> Present {
        // One that does not say so is taken as open: an alarm too many is better than one too few.
        let is_open = match self.config.rules.values().any(|rule| asks_for_hours(rule) && is_of(rule, institution)) {
            true => self.feed.institution(institution, PATIENCE).await.is_none_or(|status| is_business_open(&status)),
            false => true,
        };
        let of = counts.iter().filter(|count| count.institution == institution);
        let unknown = of.clone().filter(|count| count.kind == OpenKind::Unsettled);
        let dead = of.filter(|count| matches!(count.kind, OpenKind::DeadLetter | OpenKind::DeadNotice));
        Present {
            now_ms: self.feed.now_ms(),
            business_ms: self.feed.business_ms(),
            utc_offset_minutes: self.feed.catalogue(institution).map_or(0, |of| of.utc_offset_minutes()),
            is_open,
            oldest_unknown_ms: unknown.map(|count| count.oldest_ms).min(),
            dead_letters: dead.map(|count| count.count).sum(),
        }
    }

    /// Stores what is known. If that fails, alarms are told nevertheless.
    async fn save(&mut self) -> bool {
        if !self.judges {
            return false;
        }
        self.stored_at = Instant::now();
        match self.store.store(self.book.text()).await {
            Ok(()) => true,
            Err(error) => {
                counter!("fep_alarm_store_failures_total").increment(1);
                self.complain(&error);
                false
            }
        }
    }

    /// Begins an attempt for each receiver that has something to hear.
    async fn tell(&mut self) {
        if !self.judges {
            return;
        }
        let now = Instant::now();
        let due = self.telling.iter().filter(|(_, telling)| !telling.is_running && telling.next_at <= now);
        let due: Vec<String> = due.map(|(name, _)| name.clone()).collect();
        let mut letters = Vec::new();
        let mut is_new = false;
        for name in due {
            let Some(outbox) = self.book.outboxes.get_mut(&name) else { continue };
            let letter = outbox.letter(|| {
                is_new = true;
                self.feed.new_name()
            });
            letters.extend(letter.cloned().map(|letter| (name, letter)));
        }
        if is_new {
            // Its name must not be another one after a crash.
            self.save().await;
        }
        for (name, letter) in letters {
            let Some(receiver) = self.config.to.get(&name).cloned() else { continue };
            self.telling.iter_mut().filter(|(of, _)| **of == name).for_each(|(_, telling)| telling.is_running = true);
            let teller = Arc::clone(&self.teller);
            self.attempts.spawn(async move { (name, teller.tell(&receiver, &letter).await) });
        }
    }

    /// Takes what came of an attempt.
    async fn told(&mut self, told: Option<(String, Result<(), String>)>) {
        let Some((name, result)) = told else {
            // An attempt that panicked counts for all that run: each is tried again.
            self.telling.values_mut().for_each(|telling| telling.is_running = false);
            return;
        };
        let seed = self.feed.seed();
        let pause = self.config.to.get(&name).map_or(Duration::ZERO, |receiver| receiver.pause);
        let Some((telling, outbox)) = self.telling.get_mut(&name).zip(self.book.outboxes.get_mut(&name)) else {
            return;
        };
        telling.is_running = false;
        match result {
            Ok(()) => {
                counter!("fep_alarm_messages_total", "to" => name).increment(1);
                outbox.taken();
                telling.succeeded(pause);
                self.save().await;
            }
            Err(why) => {
                counter!("fep_alarm_failures_total", "to" => name.clone()).increment(1);
                let is_first = telling.fails_since.is_none();
                if telling.failed(why, seed) {
                    let (waiting, _) = outbox.waiting();
                    let why = telling.trouble.as_deref().unwrap_or_default();
                    error!(to = name, why, waiting, "alarms do not reach a receiver: they are told again");
                }
                let letter = outbox.letter(String::new).filter(|_| is_first);
                letter.iter().flat_map(|letter| &letter.changes).for_each(log);
            }
        }
        self.show().await;
    }

    async fn order(&mut self, (silence, reply): SilenceOrder) {
        let AlarmSilence { rule, institution, until_ms, by } = silence;
        let known = self.config.rules.get(&rule).filter(|rule| is_of(rule, &institution));
        let known = known.filter(|_| self.feed.institutions().contains(&institution));
        let done = match known {
            None => Err(NotSilenced::UnknownAlarm),
            Some(_) if !self.judges => {
                let status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
                Err(NotSilenced::Elsewhere(status.instance.clone()))
            }
            Some(of) => {
                self.book.silence((&rule, of), &institution, until_ms, by);
                let is_stored = self.save().await;
                self.show().await;
                let not_durable = || NotSilenced::NotDurable("it cannot be stored now".to_owned());
                if is_stored { Ok(()) } else { Err(not_durable()) }
            }
        };
        // Whoever asked may be gone.
        let _ = reply.send(done);
    }

    /// Shows what is known. A gateway that does not judge shows what the other one stored.
    async fn show(&mut self) {
        let now_ms = self.feed.now_ms();
        let instance = self.feed.journal.instance();
        let mut judge = instance.as_ref().filter(|_| self.judges).map(|name| name.to_string());
        if !self.judges {
            let Ok(stored) = self.store.read().await else { return };
            judge = stored.instance;
            match AlarmBook::stored(&self.journal, stored.state.as_deref()) {
                Ok(book) => self.book = book,
                Err(_) => return,
            }
        }
        let institutions = self.feed.institutions();
        let alarms = self.book.statuses(&self.config, &institutions, now_ms);
        for alarm in alarms.iter().filter(|_| self.judges) {
            let labels = [("rule", alarm.rule.clone()), ("institution", alarm.institution.clone())];
            gauge!("fep_alarms_raised", &labels).set(f64::from(u8::from(alarm.state == AlarmWord::Raised)));
        }
        let receiver = |(name, telling): (&String, &Telling)| {
            let (waiting, oldest_ms) = self.book.outboxes.get(name).map(|outbox| outbox.waiting()).unwrap_or_default();
            let waits_ms = oldest_ms.map_or(0, |oldest| now_ms.saturating_sub(oldest));
            let waits = Duration::from_millis(u64::try_from(waits_ms).unwrap_or_default());
            gauge!("fep_alarm_waiting_seconds", "to" => name.clone()).set(waits.as_secs_f64());
            ReceiverStatus { receiver: name.clone(), waiting, oldest_ms, trouble: telling.trouble.clone() }
        };
        let receivers = self.telling.iter().map(receiver).collect();
        let status =
            AlarmsStatus { judges: self.judges, instance: judge, alarms, recent: self.book.recent(), receivers };
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    fn complain(&mut self, error: &JournalError) {
        if self.complained_at.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            self.complained_at = Some(Instant::now());
            warn!(%error, "alarms cannot be judged or stored as they should");
        }
    }
}

/// Whether a rule has to know if business is open.
fn asks_for_hours(rule: &AlarmRule) -> bool {
    rule.only_while_open || matches!(rule.measurement, Measurement::NoTraffic { .. })
}

/// Whether business with the whole institution is open.
fn is_business_open(status: &InstitutionStatus) -> bool {
    status.closed.iter().all(|closed| closed.business.is_some())
}
