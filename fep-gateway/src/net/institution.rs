//! The task of one institution. It owns the machine, carries out its actions, and reports the results to it.

mod actions;
mod notices;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesOrdered, FuturesUnordered, StreamExt};
use tokio::sync::{Semaphore, SemaphorePermit, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::link::LinkEvent;
use super::statuses::LineStatuses;
use crate::config::InstitutionConfig;
use crate::journal::{Finish, Journal, JournalError, NoticeId, Recalled};
use crate::notice::NoticeHandler;
use crate::telegrams::{Draft, TelegramCatalogue};
use fep_protocol::exchange::{Answer, Event, Exchange, ExchangeId, Outcome, TelegramBytes};
use fep_protocol::institution::{Institution as Machine, LineSettings, Settings};
use fep_protocol::terms::{Incarnation, LinkId, Now, Ticket};
use fep_protocol::trace::TraceHighWater;

/// The parts that all institutions of a gateway share.
#[derive(Clone)]
pub struct Shared {
    /// The durable record.
    pub journal: Journal,
    /// The channel that sends events to subscribers.
    pub events: broadcast::Sender<Event>,
    /// The handler of notices.
    pub notices: Arc<dyn NoticeHandler>,
    /// The clocks.
    pub clock: Arc<Clock>,
}

/// A running institution.
#[derive(Debug)]
pub struct Handle {
    /// The telegrams of the institution.
    pub catalogue: Arc<TelegramCatalogue>,
    /// The states of its lines.
    pub statuses: Arc<LineStatuses>,
    commands: mpsc::Sender<TaskCommand>,
    /// One permit for each request between its acceptance and its end.
    permits: Semaphore,
    task: tokio::sync::Mutex<Option<JoinHandle<()>>>,
}

/// A request that is in the journal and waits to be sent.
#[derive(Debug)]
pub struct AcceptedRequest {
    /// The request to send.
    pub draft: Draft,
    /// The exchange so far.
    pub exchange: Exchange,
    /// The time of acceptance, by the steady clock.
    pub since: Duration,
    /// The channel for the finished exchange.
    pub reply: oneshot::Sender<Exchange>,
}

#[derive(Debug)]
enum TaskCommand {
    Request(Box<AcceptedRequest>),
    Stop,
}

/// The number of trace numbers that one high-water mark in the journal covers.
const TRACE_BLOCK: u64 = 1000;

/// The number of requests that may wait for the task, in addition to those in flight. Further requests are refused.
const COMMANDS_MAX: usize = 1024;

/// The maximum number of reads of all links that may wait for the task. If the queue is full, links stop reading.
const EVENTS_MAX: usize = 256;

/// The maximum number of notices that the handler has at once. The stand-in answers further notices.
const NOTICES_RUNNING_MAX: usize = 64;

impl Handle {
    /// Starts the task, which connects at once.
    #[must_use]
    pub fn start(
        name: &str,
        config: InstitutionConfig,
        catalogue: TelegramCatalogue,
        used: Option<TraceHighWater>,
        recalled: Vec<Recalled>,
        shared: Shared,
    ) -> Self {
        let catalogue = Arc::new(catalogue);
        let now = shared.clock.now();
        let statuses = Arc::new(LineStatuses::new(name, &config, now.wall_ms));
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (events, event_queue) = mpsc::channel(EVENTS_MAX);
        let permits = Semaphore::new(config.inflight_max + COMMANDS_MAX);
        let settings = settings(&config, &catalogue);
        let machine = Machine::new(settings, Arc::clone(&catalogue), used, shared.clock.seed());
        let mut task = Task {
            name: name.to_owned(),
            config,
            machine,
            catalogue: Arc::clone(&catalogue),
            statuses: Arc::clone(&statuses),
            shared,
            events,
            links: HashMap::new(),
            running: HashMap::new(),
            ended: HashMap::new(),
            notice_replies: HashMap::new(),
            notices_running: HashSet::new(),
            notice_permits: Arc::new(Semaphore::new(NOTICES_RUNNING_MAX)),
            journaled: FuturesOrdered::new(),
            others: FuturesUnordered::new(),
            stopped: false,
        };
        task.recall(recalled, now);
        let task = tokio::spawn(task.run(command_queue, event_queue));
        Self { catalogue, statuses, commands, permits, task: tokio::sync::Mutex::new(Some(task)) }
    }

    /// Returns a permit for one more request, which is held until the request ends. Returns `None` if too many requests
    /// already run or wait: more requests would only fill the journal's queue, which other institutions need too.
    #[must_use]
    pub fn admit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.try_acquire().ok()
    }

    /// Passes a request to the task. Returns false if the institution has stopped.
    pub async fn request(&self, request: AcceptedRequest) -> bool {
        self.commands.send(TaskCommand::Request(Box::new(request))).await.is_ok()
    }

    /// Stops the institution: lets exchanges in flight end, signs off, closes the links, and waits until all that is
    /// complete.
    pub async fn stop(&self) {
        // If the task is already gone, there is nothing to stop.
        let _ = self.commands.send(TaskCommand::Stop).await;
        // The lock is held during the wait, so a second call waits too.
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            if let Err(error) = running.await {
                tracing::error!(%error, "an institution's task failed");
            }
            *task = None;
        }
    }
}

struct Task {
    name: String,
    config: InstitutionConfig,
    machine: Machine<Arc<TelegramCatalogue>>,
    catalogue: Arc<TelegramCatalogue>,
    statuses: Arc<LineStatuses>,
    shared: Shared,
    events: mpsc::Sender<LinkEvent>,
    links: HashMap<LinkId, OpenLink>,
    running: HashMap<Ticket, Running>,
    /// Exchanges that were sent and have ended, but may still get another answer.
    ended: HashMap<Ticket, ExchangeId>,
    notice_replies: HashMap<Ticket, NoticeId>,
    notices_running: HashSet<NoticeId>,
    notice_permits: Arc<Semaphore>,
    /// In the order of the commands to the journal, so that bytes are written in the same order.
    journaled: FuturesOrdered<Waiting<(Ticket, Result<(), JournalError>)>>,
    others: FuturesUnordered<Waiting<Done>>,
    stopped: bool,
}

type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

struct OpenLink {
    incarnation: Incarnation,
    frames: mpsc::Sender<(Ticket, TelegramBytes)>,
    close: Option<oneshot::Sender<()>>,
}

struct Running {
    exchange: Exchange,
    reply: oneshot::Sender<Exchange>,
    since: Duration,
}

/// A slow operation that is complete.
enum Done {
    /// The outcome of an exchange is in the journal.
    Finished(Box<Exchange>, oneshot::Sender<Exchange>),
    Settled(Option<Exchange>),
    /// A notice has its answer, or `None` if the institution must send it again.
    Notice {
        incarnation: Incarnation,
        id: NoticeId,
        answer: Option<TelegramBytes>,
        fresh: bool,
    },
}

impl Task {
    async fn run(mut self, mut commands: mpsc::Receiver<TaskCommand>, mut events: mpsc::Receiver<LinkEvent>) {
        self.machine.start();
        let mut hung_up = false;
        loop {
            self.obey().await;
            if self.stopped && self.running.is_empty() && self.others.is_empty() && self.journaled.is_empty() {
                commands.close();
                match commands.try_recv() {
                    Ok(command) => self.command(Some(command)).await,
                    Err(_) => break,
                }
                continue;
            }
            let deadline = self.machine.deadline().unwrap_or(Duration::from_secs(86_400 * 365));
            let deadline = tokio::time::Instant::from_std(self.shared.clock.instant(deadline));
            tokio::select! {
                command = commands.recv(), if !hung_up => {
                    hung_up = command.is_none();
                    self.command(command).await;
                }
                Some(event) = events.recv() => self.event(event),
                Some((ticket, result)) = self.journaled.next(), if !self.journaled.is_empty() => {
                    let now = self.shared.clock.now();
                    self.machine.journaled(ticket, result, now);
                }
                Some(done) = self.others.next(), if !self.others.is_empty() => self.done(done),
                () = tokio::time::sleep_until(deadline) => self.machine.tick(self.shared.clock.now()),
            }
        }
    }

    /// Restores the exchanges of an earlier run whose keys are still in quarantine.
    fn recall(&mut self, recalled: Vec<Recalled>, now: Now) {
        let quarantine_ms = i64::try_from(self.config.quarantine.as_millis()).unwrap_or(i64::MAX);
        for earlier in recalled {
            if now.wall_ms.saturating_sub(earlier.ended_at_ms) < quarantine_ms {
                let key = self.catalogue.recalled_key(&earlier.answer, &earlier.key);
                let ticket = self.machine.recall(key, earlier.answer.into(), earlier.answered.as_deref(), now);
                self.ended.insert(ticket, earlier.id);
            }
        }
    }

    async fn command(&mut self, command: Option<TaskCommand>) {
        let now = self.shared.clock.now();
        match command {
            Some(TaskCommand::Request(request)) => {
                let AcceptedRequest { draft, exchange, since, reply } = *request;
                self.tell(Event::Exchange(Box::new(exchange.clone())));
                match self.machine.request(&draft, since, now) {
                    Ok(ticket) => {
                        self.running.insert(ticket, Running { exchange, reply, since });
                    }
                    Err(why) => {
                        let reason = Some((why.to_string(), why.code()));
                        self.finish_exchange(exchange, reply, Outcome::NotSent, reason, None).await;
                    }
                }
            }
            // All senders are gone, which means stop too.
            Some(TaskCommand::Stop) | None => self.machine.leave(now),
        }
    }

    fn event(&mut self, event: LinkEvent) {
        let now = self.shared.clock.now();
        match event {
            LinkEvent::Connected(incarnation) => self.machine.connected(incarnation, now),
            LinkEvent::Received(incarnation, frames) => {
                for frame in frames {
                    self.machine.received(incarnation, frame, now);
                }
            }
            LinkEvent::BadFrame(incarnation, bytes, why) => self.machine.bad_frame(incarnation, bytes, why),
            LinkEvent::Lost { incarnation, why, untouched } => {
                if self.links.get(&incarnation.link).is_some_and(|link| link.incarnation == incarnation) {
                    self.links.remove(&incarnation.link);
                }
                let (line, link) = self.link_name(incarnation.link);
                tracing::warn!(
                    institution = self.name,
                    line,
                    link,
                    incarnation = incarnation.number,
                    why = why.to_string(),
                    code = why.code(),
                    "the link is down"
                );
                self.machine.lost(incarnation, &why, &untouched, now);
            }
        }
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Finished(exchange, reply) => {
                self.tell(Event::Exchange(exchange.clone()));
                // The caller may be gone. The outcome is in the journal.
                let _ = reply.send(*exchange);
            }
            Done::Settled(Some(exchange)) => self.tell(Event::Exchange(Box::new(exchange))),
            Done::Settled(None) => {}
            Done::Notice { incarnation, id, answer, fresh } => self.answer_notice(incarnation, id, answer, fresh),
        }
    }

    /// Records the outcome of an exchange in the journal, and then reports it to the caller.
    async fn finish_exchange(
        &mut self,
        mut exchange: Exchange,
        reply: oneshot::Sender<Exchange>,
        outcome: Outcome,
        reason: Option<(String, &'static str)>,
        answer: Option<Answer>,
    ) {
        let at_ms = self.shared.clock.now().wall_ms;
        exchange.outcome = Some(outcome);
        if let Some((sentence, code)) = &reason {
            exchange.reason = Some(sentence.clone());
            exchange.reason_code = Some((*code).to_owned());
        }
        exchange.answer.clone_from(&answer);
        exchange.ended_at_ms = Some(at_ms);
        count_outcome(&exchange);
        let finish = Finish { id: exchange.id.clone(), outcome, reason, answer, at_ms };
        // The command is sent now, so that a settlement cannot overtake it.
        let written = self.shared.journal.finish(finish).await;
        self.others.push(Box::pin(async move {
            // The result does not matter: the outcome is a fact, and a failed write is retried.
            let _ = written.await;
            Done::Finished(Box::new(exchange), reply)
        }));
    }

    fn tell(&self, event: Event) {
        // There may be no subscriber.
        let _ = self.shared.events.send(event);
    }
}

/// Counts an exchange that reached its outcome. The code of the reason is a label, so that an operator can distinguish a
/// full journal from a reached limit.
pub(crate) fn count_outcome(exchange: &Exchange) {
    let labels = [
        ("institution", exchange.institution.clone()),
        ("telegram", exchange.telegram.clone()),
        ("outcome", exchange.outcome.map_or("", Outcome::name).to_owned()),
        ("reason", exchange.reason_code.clone().unwrap_or_default()),
    ];
    metrics::counter!("fep_exchanges_total", &labels).increment(1);
}

fn settings(config: &InstitutionConfig, catalogue: &TelegramCatalogue) -> Settings {
    let line = |line: &crate::config::LineConfig| LineSettings {
        links: line.links,
        reconnect_min: line.reconnect_min,
        reconnect_max: line.reconnect_max,
    };
    Settings {
        inflight_max: config.inflight_max,
        quarantine: config.quarantine,
        drain_max: config.drain_max,
        policy: catalogue.policy(config),
        lines: config.lines.iter().map(line).collect(),
        trace_max: catalogue.trace_max(),
        trace_block: TRACE_BLOCK,
    }
}
