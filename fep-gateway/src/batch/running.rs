//! The loop of a batch: feeds requests at the pace of the plan, keeps what becomes of them, and sends those again later that were not sent. What a reply
//! means is decided in `fate`, and when something is sent in `windows`.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::json;
use serde_json::Map;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::clock::{BatchClock, LOOK_AGAIN};
use super::ending::{Batch, BatchError, Stopped};
use super::fate::{Fate, Outcome};
use super::input::{InputFile, RefusedInput, Request};
use super::ledger::{Entry, Ledger, State};
use super::progress::Progress;
use super::sender::Sender;
use super::windows::{Pace, Started};
use crate::time::Rfc3339;

/// How many requests are read ahead.
const AHEAD: usize = 64;

/// How often outcomes are brought to the disk, and how often progress is told.
const BEAT: Duration = Duration::from_millis(500);

/// How often the gateway is told how far the batch is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// After how many requests that were all refused the batch stops.
const REFUSED_FIRST_MAX: u32 = 10;

/// How often unknown outcomes are asked for.
const POLL: Duration = Duration::from_secs(2);

/// The longest wait before a request is sent again.
const RETRY_MAX: Duration = Duration::from_secs(300);

/// How long requests that are on their way are waited for after the batch was stopped. The journal of the gateway knows them.
const LEAVE_AFTER: Duration = Duration::from_secs(30);

/// A batch that runs.
pub(super) struct Running<'b> {
    batch: &'b Batch,
    sender: Arc<Sender>,
    clock: BatchClock,
    ledger: Ledger,
    progress: Progress,
    started: Started,
    stopped: Option<Stopped>,
    /// How many requests were refused in this run before the first that was not. `None`: there was one.
    refused_first: Option<u32>,
    /// Whether an exchange of this batch was seen: the keys of another file under its name would have been noticed.
    is_own: bool,
    /// Why requests wait. `None` if the last reply was a state.
    trouble: Option<String>,
    tell: &'b mut (dyn FnMut(&Progress) + Send),
    /// The report to the gateway that is on its way, and when it began.
    told: Option<JoinHandle<()>>,
    told_at: Instant,
}

/// A request that has no state yet.
struct InFlight {
    request: Request,
    window: Option<String>,
    /// When it was sent first, by the business clock, in milliseconds since 1970. `None`: it was not.
    started_ms: Option<i64>,
    /// How often it was sent or asked for.
    tries: u32,
}

/// What holds before the next request.
enum Turn {
    /// It may start.
    Now,
    /// It may start then.
    At(Instant),
}

/// What is sent next.
enum Next {
    Request(InFlight),
    /// Everything was read.
    End,
}

/// The requests that are sent again, the next one first.
type Later = VecDeque<(Instant, InFlight)>;

impl<'b> Running<'b> {
    /// A batch that goes on behind what the ledger has.
    pub(super) fn new(
        batch: &'b Batch,
        (sender, clock): (Arc<Sender>, BatchClock),
        ledger: Ledger,
        (progress, started): (Progress, Started),
        tell: &'b mut (dyn FnMut(&Progress) + Send),
    ) -> Self {
        let is_own = ledger.states().any(is_of_exchange);
        let is_refused = |state: State| state == State::Refused;
        let refused_first = ledger.states().all(|state| state.is_none_or(is_refused)).then_some(0);
        Self {
            batch,
            sender,
            clock,
            is_own,
            refused_first,
            ledger,
            progress,
            started,
            stopped: None,
            trouble: None,
            tell,
            told: None,
            told_at: Instant::now(),
        }
    }

    /// How far the batch is, its outcomes, and why it stopped.
    pub(super) fn end(self) -> (Progress, Ledger, Option<Stopped>) {
        (self.progress, self.ledger, self.stopped)
    }

    /// Sends each request that has no state. Returns the file of requests.
    pub(super) async fn send_all(
        &mut self,
        input: InputFile,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<InputFile, BatchError> {
        let (requests, mut fed) = mpsc::channel(AHEAD);
        // Whether something is left is known without reading the file, because it is read while a window is open only.
        let mut left = self.is_final().iter().filter(|is_final| !**is_final).count();
        let feeding = self.feed(input, requests);
        let mut sending = JoinSet::new();
        let mut later = Later::new();
        let mut next_start = Instant::now();
        let mut beat = interval(BEAT);
        // A slow disk must not make one beat follow the other.
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut leave_at: Option<Instant> = None;
        loop {
            let has_work = left > 0 || !later.is_empty();
            let is_idle = sending.is_empty() && (self.stopped.is_some() || !has_work);
            if is_idle || leave_at.is_some_and(|at| at <= Instant::now()) {
                break;
            }
            let has_room = sending.len() + later.len() < self.in_flight_max();
            let takes = has_room && left > 0;
            let due = later.front().map(|(at, _)| *at);
            let is_due = due.is_some_and(|at| at <= Instant::now());
            let (turn, window, between) = self.turn(next_start, is_due, sending.is_empty() && has_work);
            let goes = self.stopped.is_none() && matches!(turn, Turn::Now);
            let wake = self.wake(&turn, due, takes);
            let next = async {
                match later.pop_front() {
                    Some((_, again)) if is_due => Some(Next::Request(again)),
                    Some(early) => {
                        later.push_front(early);
                        fed_one(&mut fed, takes).await
                    }
                    None => fed_one(&mut fed, takes).await,
                }
            };
            tokio::select! {
                biased;
                () = stop.as_mut(), if self.stopped.is_none() => {
                    self.stop(Stopped::Asked);
                    leave_at = Some(Instant::now() + LEAVE_AFTER);
                }
                Some(joined) = sending.join_next() => {
                    let (sent, fate, wait) = joined.map_err(|error| BatchError::Broken(error.to_string()))?;
                    self.ended(sent, fate, wait, &mut later)?;
                    if self.stopped.is_some() && leave_at.is_none() {
                        leave_at = Some(Instant::now() + LEAVE_AFTER);
                    }
                }
                _ = beat.tick() => self.beat(sending.len()).await?,
                Some(next) = next, if goes && (is_due || takes) => {
                    let Next::Request(next) = next else {
                        left = 0;
                        continue;
                    };
                    left = left.saturating_sub(usize::from(next.started_ms.is_none()));
                    next_start = next_start.max(Instant::now() - between) + between;
                    sending.spawn(sent(Arc::clone(&self.sender), self.starts(next, window)));
                }
                () = sleep_until(wake) => {}
            }
        }
        drop(fed);
        self.look_at_the_end();
        self.beat(0).await?;
        let (input, read) = feeding.await.map_err(|error| BatchError::Broken(error.to_string()))?;
        read.map_err(BatchError::Input)?;
        Ok(input)
    }

    /// How many requests may be without a state. One, until the first exchange shows that no other file has the keys of this batch.
    fn in_flight_max(&self) -> usize {
        if self.is_own { self.batch.plan.in_flight_max } else { 1 }
    }

    /// When the loop has something to do again that no reply and no beat shows.
    fn wake(&self, turn: &Turn, due: Option<Instant>, takes: bool) -> Instant {
        let now = Instant::now();
        match (turn, due) {
            (Turn::At(at), _) if takes || due.is_some() => *at,
            (Turn::Now, Some(due)) if due > now => due,
            _ => now + LOOK_AGAIN,
        }
    }

    /// Whether each request has a state with which it is not sent, or asked for, again. What the gateway refused was never sent. It may take it now,
    /// with another plan or configuration, unless its result was told.
    fn is_final(&self) -> Vec<bool> {
        let is_told = self.ledger.is_closed();
        self.ledger.states().map(|state| state.is_some_and(|state| is_told || state != State::Refused)).collect()
    }

    /// Reads the requests that have no state, as far ahead as there is room.
    fn feed(
        &self,
        mut input: InputFile,
        requests: mpsc::Sender<Request>,
    ) -> JoinHandle<(InputFile, Result<(), RefusedInput>)> {
        let plan = Arc::clone(&self.batch.plan);
        let has_state = self.is_final();
        tokio::task::spawn_blocking(move || {
            let is_done = |number: u64| {
                let at = usize::try_from(number.wrapping_sub(1)).ok();
                at.and_then(|at| has_state.get(at)).copied().unwrap_or_default()
            };
            let read = input.walk(&plan, |request| {
                let goes_on = is_done(request.number) || requests.blocking_send(request).is_ok();
                if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            (input, read.map(drop))
        })
    }

    /// When the next request may start, in which window, and how long after the one before. One that is sent again was counted before.
    fn turn(&mut self, next_start: Instant, is_again: bool, is_waiting: bool) -> (Turn, Option<String>, Duration) {
        let now_ms = self.clock.business_ms();
        let none = Started::default();
        let started = if is_again { &none } else { &self.started };
        match self.batch.plan.windows.at(now_ms, started) {
            Pace::Go { window, per_second } => {
                let between = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
                let turn = if next_start <= Instant::now() { Turn::Now } else { Turn::At(next_start) };
                self.progress.note = None;
                (turn, window.map(str::to_owned), between)
            }
            Pace::Wait { until_ms } => {
                let windows = &self.batch.plan.windows;
                match until_ms {
                    Some(ms) => self.progress.note = Some(format!("waits for a window until {}", windows.text(ms))),
                    None if is_waiting => {
                        self.stop(Stopped::Refused("no window of the plan opens within 400 days".to_owned()));
                    }
                    None => {}
                }
                let wait = self.clock.wait(until_ms.unwrap_or(i64::MAX).saturating_sub(now_ms));
                (Turn::At(Instant::now() + wait), None, Duration::ZERO)
            }
        }
    }

    /// A request is sent, or asked for again.
    fn starts(&mut self, next: InFlight, window: Option<String>) -> InFlight {
        if next.started_ms.is_some() {
            return InFlight { tries: next.tries.saturating_add(1), ..next };
        }
        let now_ms = self.clock.business_ms();
        self.started.count(window.as_deref(), self.batch.plan.windows.date(now_ms));
        // What an earlier run found does not hold any more.
        if let Some(before) = self.ledger.state(next.request.number) {
            self.progress.uncount(before, next.request.amount.unwrap_or_default());
        }
        InFlight { window, started_ms: Some(now_ms), tries: 1, ..next }
    }

    /// Keeps what became of a request, or has it sent again later.
    fn ended(&mut self, sent: InFlight, fate: Fate, wait: Duration, later: &mut Later) -> Result<(), BatchError> {
        let why = match fate {
            // Only the reply to the first sending proves it: what an earlier one left at the gateway is not looked up for a request with a mistake.
            Fate::Ended(outcome) if outcome.state == State::Refused && sent.tries > 1 => {
                let why = outcome.reason.unwrap_or_default();
                Some(format!("the gateway refuses now what it may have sent before: {why}"))
            }
            Fate::Ended(outcome) => {
                self.trouble = None;
                self.is_own |= outcome.exchange.is_some();
                self.look_at_refusals((outcome.state == State::Refused).then_some(&outcome));
                return self.keep(&sent, outcome);
            }
            Fate::Stop(why) => {
                self.stop(Stopped::Refused(why));
                return Ok(());
            }
            Fate::NotSent(outcome) => {
                self.is_own |= outcome.exchange.is_some();
                outcome.reason
            }
            Fate::Again(why) => Some(why),
        };
        self.trouble = why.as_deref().map(one_line);
        let longer = wait.saturating_mul(1 << sent.tries.saturating_sub(1).min(8)).min(RETRY_MAX.max(wait));
        let at = Instant::now() + longer;
        let place = later.partition_point(|(other, _)| *other <= at);
        later.insert(place, (at, sent));
        Ok(())
    }

    /// Stops a batch of which nothing fits the gateway: a mistake of the plan, and not of single requests.
    fn look_at_refusals(&mut self, refused: Option<&Outcome>) {
        match (refused, self.refused_first) {
            (Some(outcome), Some(count)) => {
                self.refused_first = Some(count + 1);
                if count + 1 == REFUSED_FIRST_MAX {
                    let why = outcome.reason.as_deref().unwrap_or_default();
                    let first =
                        format!("the gateway refused the first {REFUSED_FIRST_MAX} requests and sent none of them");
                    self.stop(Stopped::Refused(format!("{first}; the last one: {why}")));
                }
            }
            (Some(_), None) => {}
            (None, _) => self.refused_first = None,
        }
    }

    /// The same for a batch that is shorter than that.
    fn look_at_the_end(&mut self) {
        let is_all = self.progress.with(State::Refused).requests == self.progress.all.requests;
        if is_all && self.refused_first.is_some_and(|count| count > 0) {
            self.stop(Stopped::Refused("the gateway refused all requests, and sent none of them".to_owned()));
        }
    }

    fn keep(&mut self, sent: &InFlight, outcome: Outcome) -> Result<(), BatchError> {
        let amount = sent.request.amount;
        let started = Rfc3339(sent.started_ms.unwrap_or_default()).to_string();
        self.progress.count(None, outcome.state, amount.unwrap_or_default());
        self.kept(sent.request.number, outcome, (amount, started, sent.window.clone()))
    }

    fn kept(
        &mut self,
        request: u64,
        outcome: Outcome,
        (amount, started, window): (Option<i128>, String, Option<String>),
    ) -> Result<(), BatchError> {
        let mut answer = Map::new();
        for path in self.batch.plan.answers() {
            if let Some(value) = json::get(&outcome.answer, path) {
                json::put(&mut answer, path, value.clone());
            }
        }
        let Outcome { state, exchange, reason_code, reason, .. } = outcome;
        let at = Rfc3339(self.clock.real_ms()).to_string();
        let entry = Entry { request, at, started, state, exchange, reason_code, reason, amount, window, answer };
        Ok(self.ledger.keep(&entry)?)
    }

    fn stop(&mut self, why: Stopped) {
        let why = if let Stopped::Refused(why) = why { Stopped::Refused(one_line(&why)) } else { why };
        // The first reason counts.
        self.stopped.get_or_insert(why);
    }

    async fn beat(&mut self, in_flight: usize) -> Result<(), BatchError> {
        self.ledger.sync().await?;
        self.progress.in_flight = in_flight;
        let mut told = self.progress.clone();
        if let Some(why) = &self.trouble {
            told.note.get_or_insert_with(|| why.clone());
        }
        (self.tell)(&told);
        if self.told.as_ref().is_none_or(JoinHandle::is_finished) && self.told_at.elapsed() >= TELL_EVERY {
            self.told_at = Instant::now();
            let sender = Arc::clone(&self.sender);
            self.told = Some(tokio::spawn(async move { sender.tell(&told, "running").await }));
        }
        Ok(())
    }

    /// Tells the gateway how the run ended, after what was told before.
    pub(super) async fn last_word(&mut self) -> Result<(), BatchError> {
        self.ledger.sync().await?;
        if let Some(told) = self.told.take() {
            let _ = told.await;
        }
        let word = if self.stopped.is_some() || self.progress.left() > 0 { "stopped" } else { "ended" };
        self.sender.tell(&self.progress, word).await;
        Ok(())
    }

    /// Asks for the outcomes that are unknown, until all are known or the time for it is over.
    pub(super) async fn settle(&mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> Result<(), BatchError> {
        let until = Instant::now() + self.batch.plan.settle_wait;
        while self.stopped.is_none() {
            let unknown = (1..).zip(self.ledger.states()).filter(|(_, state)| *state == Some(State::Unknown));
            let unknown: Vec<u64> = unknown.map(|(number, _)| number).collect();
            for number in unknown {
                let asking = Arc::clone(&self.sender);
                let Some(entry) = self.ledger.entry(number)? else { continue };
                let Some(exchange) = entry.exchange.clone() else { continue };
                tokio::select! {
                    () = stop.as_mut() => self.stop(Stopped::Asked),
                    fate = asking.look_up(&exchange) => self.looked_up(entry, fate)?,
                    // At least one look, however short the time is.
                    () = sleep_until(until.max(Instant::now() + POLL)) => break,
                }
                if self.stopped.is_some() {
                    break;
                }
                self.waits_for_unknown();
                if self.told_at.elapsed() >= TELL_EVERY {
                    self.beat(0).await?;
                }
            }
            self.waits_for_unknown();
            self.beat(0).await?;
            if self.progress.with(State::Unknown).requests == 0 || Instant::now() >= until || self.stopped.is_some() {
                break;
            }
            tokio::select! {
                () = stop.as_mut() => self.stop(Stopped::Asked),
                () = sleep(POLL) => {}
            }
        }
        self.progress.note = None;
        self.beat(0).await
    }

    fn waits_for_unknown(&mut self) {
        let open = self.progress.with(State::Unknown).requests;
        self.progress.note = (open > 0).then(|| format!("waits for {open} outcomes that are unknown"));
    }

    /// Keeps what is new about an exchange whose outcome was unknown.
    fn looked_up(&mut self, entry: Entry, fate: Fate) -> Result<(), BatchError> {
        let outcome = match fate {
            Fate::Ended(outcome) => outcome,
            // It stays unknown, and the others are looked at. Where it was passed on to, it was not sent either: a person decides what that means.
            Fate::NotSent(Outcome { reason, .. }) => {
                self.trouble = reason;
                return Ok(());
            }
            Fate::Again(why) | Fate::Stop(why) => {
                self.trouble = Some(one_line(&why));
                return Ok(());
            }
        };
        if outcome.state == State::Unknown && outcome.exchange == entry.exchange {
            return Ok(());
        }
        self.progress.count(Some(State::Unknown), outcome.state, entry.amount.unwrap_or_default());
        self.kept(entry.request, outcome, (entry.amount, entry.started, entry.window))
    }
}

/// Sends a request: what becomes of it, and how long to wait before it is sent again.
async fn sent(sender: Arc<Sender>, next: InFlight) -> (InFlight, Fate, Duration) {
    let (fate, wait) = sender.send(&next.request).await;
    (next, fate, wait)
}

/// Whether a state is that of an exchange.
fn is_of_exchange(state: Option<State>) -> bool {
    state.is_some_and(|state| state != State::Refused)
}

/// A text of elsewhere, for a line of a terminal.
fn one_line(text: &str) -> String {
    text.chars().map(|of| if of.is_control() { ' ' } else { of }).collect()
}

/// The next request of the file, if one may be taken.
async fn fed_one(fed: &mut mpsc::Receiver<Request>, takes: bool) -> Option<Next> {
    if !takes {
        return None;
    }
    Some(match fed.recv().await {
        Some(request) => Next::Request(InFlight { request, window: None, started_ms: None, tries: 0 }),
        None => Next::End,
    })
}
