//! Runs a batch: feeds requests at the pace of the plan, keeps what becomes of them, and writes the file of results at the end. What a reply means is
//! decided in `fate`, and when something is sent in `windows`.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use fep_codec::json;
use serde_json::Map;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep, sleep_until};

use super::fate::Outcome;
use super::input::{InputFile, RefusedInput, Request};
use super::ledger::{Entry, Identity, Ledger, LedgerError, State};
use super::output::{OutputError, Results};
use super::plan::Plan;
use super::progress::{Count, Progress};
use super::sender::{Sender, Sent};
use super::windows::{Pace, Started};
use crate::time::{self, Rfc3339};

/// How many requests are read ahead.
const AHEAD: usize = 64;

/// How often outcomes are brought to the disk, and how often progress is told.
const BEAT: Duration = Duration::from_millis(500);

/// How long a closed window is waited for at most before the clock is looked at again: somebody may have set it.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// After how many requests that were all refused the batch stops.
const REFUSED_FIRST_MAX: u32 = 10;

/// How often the gateway is told how far the batch is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// How often unknown outcomes are asked for.
const POLL: Duration = Duration::from_secs(2);

/// A batch that is to be run.
pub struct Batch {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The file of requests.
    pub file: PathBuf,
    /// The date of the batch, in days since 1970-01-01. With the name of the plan it says which batch it is.
    pub date: i64,
    /// The clock, in milliseconds since 1970.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// How a run of a batch ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How far the batch is.
    pub progress: Progress,
    /// The file of results, if it was written.
    pub results: Option<PathBuf>,
    /// The file with the outcomes.
    pub ledger: PathBuf,
    /// Why it stopped before its end. `None` if it did not.
    pub stopped: Option<Stopped>,
}

/// Why a batch stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was asked to.
    Asked,
    /// The gateway does not take requests of this batch.
    Refused(String),
}

/// The reason why a batch cannot be run.
#[derive(Debug)]
pub enum BatchError {
    /// The file of requests is refused.
    Input(RefusedInput),
    /// The outcomes cannot be kept.
    Ledger(LedgerError),
    /// The token cannot be used.
    Token(String),
    /// The file of results cannot be written.
    Output(Box<OutputError>),
    /// A task of the batch failed.
    Broken(String),
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Output(error) => error.fmt(f),
            Self::Token(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BatchError {}

impl From<LedgerError> for BatchError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Checks a file of requests as a run does, and sends nothing.
///
/// # Errors
/// If anything in the file is wrong.
pub fn check(plan: &Plan, file: &Path) -> Result<Count, RefusedInput> {
    let input = InputFile::check(plan, file)?;
    Ok(Count { requests: input.contents().requests, amount: input.contents().amount })
}

/// Runs a batch until each request has a state, or until `stop` completes. What was on its way then is waited for.
///
/// # Errors
/// If the file of requests is refused, before anything is sent. Also if outcomes or results cannot be written.
pub async fn run(
    batch: &Batch,
    stop: impl Future<Output = ()>,
    tell: &mut (dyn FnMut(&Progress) + Send),
) -> Result<Ended, BatchError> {
    let plan = &batch.plan;
    let (year, month, day) = time::date(batch.date);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let checking = (Arc::clone(plan), batch.file.clone());
    let input = blocking(move || InputFile::check(&checking.0, &checking.1)).await?.map_err(BatchError::Input)?;
    let contents = input.contents().clone();
    let own = Identity {
        batch: plan.name.clone(),
        date: date.clone(),
        institution: plan.institution.clone(),
        telegram: plan.telegram.clone(),
        requests: contents.requests,
        file: contents.digest,
    };
    let path = plan.folder.join(format!("{}-{date}.outcomes.jsonl", plan.name));
    let mut progress = Progress::of(Count { requests: contents.requests, amount: contents.amount });
    let mut started = Started::default();
    let ledger = Ledger::open(&path, &own, |entry, before| {
        progress.count(before, entry.state, entry.amount.unwrap_or_default());
        if before.is_none() {
            let at_ms = time::parse(&entry.at).unwrap_or_default();
            started.count(entry.window.as_deref(), plan.windows.date(at_ms));
        }
    })?;
    let (halt, halted) = watch::channel(false);
    let sender = Sender::new(plan, (&date, &own.file), halted).map_err(BatchError::Token)?;
    let mut running = Running {
        batch,
        sender: Arc::new(sender),
        ledger,
        progress,
        started,
        halt,
        stopped: None,
        refused_first: Some(0),
        tell,
        told: None,
        told_at: Instant::now(),
    };
    let mut stop = pin!(stop);
    let mut input = running.send_all(input, stop.as_mut()).await?;
    running.settle(stop.as_mut()).await?;
    running.ledger.sync().await?;
    running.last_word().await;
    let mut results = None;
    if let Some(output) = plan.output.as_ref().filter(|_| running.progress.is_complete()) {
        input.is_unchanged().map_err(BatchError::Input)?;
        let writing = Results { plan, output, ledger: &running.ledger, date: &date };
        results = Some(writing.write(&mut input).map_err(|error| BatchError::Output(Box::new(error)))?);
    }
    let Running { progress, stopped, .. } = running;
    Ok(Ended { progress, results, ledger: path, stopped })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BatchError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| BatchError::Broken(error.to_string()))
}

/// A batch that runs.
struct Running<'b> {
    batch: &'b Batch,
    sender: Arc<Sender>,
    ledger: Ledger,
    progress: Progress,
    started: Started,
    /// Tells the requests that wait to leave.
    halt: watch::Sender<bool>,
    stopped: Option<Stopped>,
    /// How many requests were refused in this run before the first that was not. `None`: there was one.
    refused_first: Option<u32>,
    tell: &'b mut (dyn FnMut(&Progress) + Send),
    /// The report to the gateway that is on its way, and when it began.
    told: Option<JoinHandle<()>>,
    told_at: Instant,
}

/// A request that has no state yet.
struct InFlight {
    number: u64,
    amount: Option<i128>,
    window: Option<String>,
    /// The state that an earlier run found.
    before: Option<State>,
}

/// What holds before the next request.
enum Turn {
    /// It may start.
    Now,
    /// It may start then.
    At(Instant),
}

impl Running<'_> {
    /// Sends each request that has no state. Returns the file of requests.
    async fn send_all(
        &mut self,
        input: InputFile,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<InputFile, BatchError> {
        let (requests, mut next) = mpsc::channel(AHEAD);
        let feeding = self.feed(input, requests);
        let mut sending = JoinSet::new();
        let mut next_start = Instant::now();
        let mut beat = interval(BEAT);
        let mut is_fed = false;
        loop {
            let may_start = !is_fed && self.stopped.is_none() && sending.len() < self.batch.plan.in_flight_max;
            if sending.is_empty() && (is_fed || self.stopped.is_some()) {
                break;
            }
            let (turn, window, between) = self.turn(next_start);
            let at = if let Turn::At(at) = turn { at } else { Instant::now() };
            tokio::select! {
                () = stop.as_mut(), if self.stopped.is_none() => self.stop(Stopped::Asked),
                Some(joined) = sending.join_next() => {
                    let (started, sent) = joined.map_err(|error| BatchError::Broken(error.to_string()))?;
                    self.ended(&started, sent)?;
                }
                request = next.recv(), if may_start && matches!(turn, Turn::Now) => match request {
                    None => is_fed = true,
                    Some(request) => {
                        next_start = next_start.max(Instant::now() - between) + between;
                        self.started.count(window.as_deref(), self.batch.plan.windows.date((self.batch.now_ms)()));
                        let sender = Arc::clone(&self.sender);
                        let before = self.ledger.state(request.number);
                        let started = InFlight { number: request.number, amount: request.amount, window, before };
                        sending.spawn(async move { (started, sender.send(&request).await) });
                    }
                },
                () = sleep_until(at), if may_start && matches!(turn, Turn::At(_)) => {}
                _ = beat.tick() => self.beat(sending.len()).await?,
            }
        }
        drop(next);
        self.beat(0).await?;
        let (input, read) = feeding.await.map_err(|error| BatchError::Broken(error.to_string()))?;
        read.map_err(BatchError::Input)?;
        Ok(input)
    }

    /// Reads the requests that have no state, as far ahead as there is room.
    fn feed(
        &self,
        mut input: InputFile,
        requests: mpsc::Sender<Request>,
    ) -> JoinHandle<(InputFile, Result<(), RefusedInput>)> {
        let plan = Arc::clone(&self.batch.plan);
        // What the gateway refused was never sent. It may take it now, with another plan or configuration.
        let has_state = self.ledger.states().map(|state| state.is_some_and(|state| state != State::Refused));
        let has_state: Vec<bool> = has_state.collect();
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

    /// When the next request may start, in which window, and how long after the one before.
    fn turn(&mut self, next_start: Instant) -> (Turn, Option<String>, Duration) {
        let now_ms = (self.batch.now_ms)();
        match self.batch.plan.windows.at(now_ms, &self.started) {
            Pace::Go { window, per_second } => {
                let between = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
                let turn = if next_start <= Instant::now() { Turn::Now } else { Turn::At(next_start) };
                self.progress.note = None;
                (turn, window.map(str::to_owned), between)
            }
            Pace::Wait { until_ms } => {
                let windows = &self.batch.plan.windows;
                self.progress.note = Some(match until_ms {
                    Some(until_ms) => format!("waits for a window until {}", windows.text(until_ms)),
                    None => "no window opens within 400 days".to_owned(),
                });
                let wait_ms = until_ms.map_or(i64::MAX, |until_ms| until_ms.saturating_sub(now_ms).max(0));
                let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default()).min(LOOK_AGAIN);
                (Turn::At(Instant::now() + wait), None, Duration::ZERO)
            }
        }
    }

    /// Keeps what became of a request.
    fn ended(&mut self, started: &InFlight, sent: Sent) -> Result<(), BatchError> {
        match sent {
            Sent::Ended(outcome) => {
                let refused = (outcome.state == State::Refused).then(|| outcome.reason.clone().unwrap_or_default());
                self.keep(started, outcome)?;
                self.look_at_refusals(refused);
                Ok(())
            }
            Sent::Left => Ok(()),
            Sent::Stop(why) => {
                self.stop(Stopped::Refused(why));
                Ok(())
            }
        }
    }

    /// Stops a batch of which nothing fits the gateway: a mistake of the plan, and not of single requests.
    fn look_at_refusals(&mut self, refused: Option<String>) {
        match (refused, &mut self.refused_first) {
            (Some(why), Some(count)) => {
                *count += 1;
                if *count == REFUSED_FIRST_MAX {
                    let why = format!(
                        "the gateway refused the first {count} requests and sent none of them; the last one: {why}"
                    );
                    self.stop(Stopped::Refused(why));
                }
            }
            (Some(_), None) => {}
            (None, _) => self.refused_first = None,
        }
    }

    fn keep(&mut self, started: &InFlight, outcome: Outcome) -> Result<(), BatchError> {
        let mut answer = Map::new();
        for path in self.batch.plan.answers() {
            if let Some(value) = json::get(&outcome.answer, path) {
                json::put(&mut answer, path, value.clone());
            }
        }
        self.progress.count(started.before, outcome.state, started.amount.unwrap_or_default());
        let entry = Entry {
            request: started.number,
            at: Rfc3339((self.batch.now_ms)()).to_string(),
            state: outcome.state,
            exchange: outcome.exchange,
            reason_code: outcome.reason_code,
            reason: outcome.reason,
            amount: started.amount,
            window: started.window.clone(),
            answer,
        };
        Ok(self.ledger.keep(&entry)?)
    }

    fn stop(&mut self, why: Stopped) {
        let _ = self.halt.send(true);
        // The first reason counts.
        self.stopped.get_or_insert(why);
    }

    async fn beat(&mut self, in_flight: usize) -> Result<(), BatchError> {
        self.ledger.sync().await?;
        self.progress.in_flight = in_flight;
        let trouble = self.sender.trouble().filter(|_| in_flight > 0);
        let mut told = self.progress.clone();
        told.note = told.note.or(trouble);
        (self.tell)(&told);
        if self.told.as_ref().is_none_or(JoinHandle::is_finished) && self.told_at.elapsed() >= TELL_EVERY {
            self.told_at = Instant::now();
            let sender = Arc::clone(&self.sender);
            self.told = Some(tokio::spawn(async move { sender.tell(&told, "running").await }));
        }
        Ok(())
    }

    /// Tells the gateway how the run ended, after what was told before.
    async fn last_word(&mut self) {
        if let Some(told) = self.told.take() {
            let _ = told.await;
        }
        let word = if self.stopped.is_some() || self.progress.left() > 0 { "stopped" } else { "ended" };
        self.sender.tell(&self.progress, word).await;
    }

    /// Asks for the outcomes that are unknown, until all are known or the time for it is over.
    async fn settle(&mut self, mut stop: Pin<&mut impl Future<Output = ()>>) -> Result<(), BatchError> {
        let until = Instant::now() + self.batch.plan.settle_wait;
        loop {
            let unknown = (1..).zip(self.ledger.states()).filter(|(_, state)| *state == Some(State::Unknown));
            let unknown: Vec<u64> = unknown.map(|(number, _)| number).collect();
            if unknown.is_empty() || self.stopped.is_some() {
                break;
            }
            for number in unknown {
                let Some(entry) = self.ledger.entry(number)? else { continue };
                let Some(exchange) = &entry.exchange else { continue };
                match self.sender.look_up(exchange).await {
                    Some(outcome) if outcome.state != State::Unknown => {
                        let before = Some(State::Unknown);
                        let started = InFlight { number, amount: entry.amount, window: entry.window.clone(), before };
                        self.keep(&started, outcome)?;
                    }
                    _ => {}
                }
            }
            let open = self.progress.with(State::Unknown).requests;
            self.progress.note = Some(format!("waits for {open} outcomes that are unknown"));
            self.beat(0).await?;
            if open == 0 || Instant::now() >= until {
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
}
