//! The task of one institution. It owns the machine, carries out its actions, and reports the results to it.
//!
//! ```text
//!           requests                     facts
//! services ─────────► task ◄──► machine ───────► lane ─► journal
//!     ▲                │ ▲                                  │
//!     └─── outcomes ───┘ └───────────── durable ────────────┘
//! ```
//!
//! A request is written to a line after its fact is durable. An outcome is told after its fact is durable, or at the caller's
//! deadline: then the outcome says that the journal does not have it yet.

mod actions;
mod alternatives;
mod commands;
mod entrance;
mod coordination;
mod auditing;
mod exchange_log;
mod meters;
mod passing_on;
mod placed;
mod spans;
mod facts;
mod lines;
mod line_tests;
mod known;
mod notices;
mod delivering;
mod undelivered;
mod settings;
mod recalling;
mod retuning;
mod routing;
mod settling;
mod standing;
mod surplus;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::coordination::{Contract, News};
use fep_protocol::delivery::DeliveryDecision;
use fep_protocol::exchange::{Event, Exchange, ExchangeId};
use fep_protocol::institution::Institution as Machine;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::places::PlaceWord;
use fep_protocol::settlement::{PersonDecision, unanswered_steps};
use fep_protocol::terms::{Incarnation, LinkId, Now, Ticket, TicketMap};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use self::auditing::{AuditEntry, AuditError};
use self::auditing::{AuditReply, Audits};
pub(crate) use self::entrance::Closed;
use self::entrance::Entrance;
use self::exchange_log::ExchangeLog;
use self::facts::Ends;
use self::line_tests::{LineTestReply, LineTests};
use self::lines::Lines;
use self::meters::Meters;
pub(crate) use self::meters::count_refused;
use self::notices::{DeliveryReply, NoticeDone};
pub use self::passing_on::Neighbours;
use self::passing_on::Onward;
pub use self::recalling::Legacy;
use self::retuning::{Retuned, places};
use self::routing::RoutingReply;
use self::settings::settings;
use self::settling::{DecisionReply, Settling};
use self::surplus::Surplus;
use super::admission::{CannotDecide, Decision, InstitutionStatus};
use super::clock::Clock;
use super::link::LinkEvent;
use super::outbox::Outbox;
use super::routing::{RoutingDecision, Routings};
use super::statuses::LineStatuses;
use super::transport::http::Asker;
use crate::config::InstitutionConfig;
use crate::coordinator::{Coordinator, Joining, NewsSender, Seat};
use crate::fault::{FaultPoint, point};
use crate::ground::Ground;
use crate::journal::{Journal, KeyTicket, Lane, LaneNumber, Left};
use crate::notice::NoticeHandler;
use crate::spans::Tracer;
use crate::telegrams::{Draft, TelegramCatalogue};

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
    /// What several gateways share.
    pub coordinator: Arc<dyn Coordinator>,
    /// The ways from one institution to another.
    pub neighbours: Neighbours,
    /// Where requests go instead of to the institution that was asked.
    pub routings: Routings,
    /// What makes spans.
    pub tracer: Tracer,
    pub(crate) ground: Ground,
}

/// A running institution.
#[derive(Debug)]
pub struct Handle {
    /// The name of the institution.
    pub name: Arc<str>,
    /// The telegrams of the institution.
    pub catalogue: Arc<TelegramCatalogue>,
    /// The states of its lines.
    pub statuses: Arc<LineStatuses>,
    /// The way of its facts to the journal, for the next run of the institution.
    pub(crate) lane: Lane,
    commands: mpsc::Sender<TaskCommand>,
    entrance: Arc<Entrance>,
    /// How long an echo test waits for its answer.
    echo_timeout: Duration,
    task: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

/// A request that waits to be sent.
#[derive(Debug)]
pub struct AcceptedRequest {
    /// The request to send.
    pub draft: Draft,
    /// The exchange so far.
    pub exchange: Exchange,
    /// The idempotency key of the caller.
    pub key: Option<KeyTicket>,
    /// The time of acceptance, by the steady clock.
    pub since: Duration,
    /// The place among the requests that the institution has at once.
    pub place: OwnedSemaphorePermit,
    /// The channel for the finished exchange.
    pub reply: oneshot::Sender<Exchange>,
}

#[derive(Debug)]
enum TaskCommand {
    Request(Box<AcceptedRequest>),
    Settle(ExchangeId, PersonDecision, DecisionReply),
    Deliver(ExchangeId, DeliveryDecision, DeliveryReply),
    Status(oneshot::Sender<InstitutionStatus>),
    Find(ExchangeId, oneshot::Sender<Option<Exchange>>),
    Decide(Decision, oneshot::Sender<Result<(), CannotDecide>>),
    TestLine(String, LineTestReply),
    Route(Box<RoutingDecision>, RoutingReply),
    Audit(Box<AuditEntry>, AuditReply),
    Retune(Box<Retuned>, oneshot::Sender<()>),
    Inherit(Box<Left>),
    Place(usize, PlaceWord),
    Stop,
}

/// The number of requests that may wait for the task, in addition to those in flight and in the queue. Further requests are refused.
const COMMANDS_MAX: usize = 1024;

/// The maximum number of reads of all links that may wait for the task. If the queue is full, links stop reading.
const EVENTS_MAX: usize = 256;

/// The maximum number of commands, or of reads, that the task handles before it looks at everything else.
const TURN_MAX: usize = 256;

/// How long a task that has stopped waits for the journal to take its last facts.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(2);

/// The time after its deadline until a caller is told an outcome that the journal does not have yet.
const TELL_GRACE: Duration = Duration::from_millis(250);

impl Handle {
    /// Starts the task, which connects at once.
    #[must_use]
    pub fn start(
        name: &str,
        config: InstitutionConfig,
        catalogue: Arc<TelegramCatalogue>,
        legacy: Legacy,
        lane: Lane,
        shared: Shared,
    ) -> Self {
        let name: Arc<str> = name.into();
        let now = shared.clock.now();
        let steps: Vec<i64> = legacy.cases.iter().flat_map(|case| unanswered_steps(&case.facts)).collect();
        let statuses = Arc::new(LineStatuses::new(&name, &config, now.wall_ms));
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (events, event_queue) = mpsc::channel(EVENTS_MAX);
        let entrance = Arc::new(Entrance::new(places(&config)));
        let settings = settings(&config, &catalogue, &*shared.coordinator, now);
        let joining = Joining {
            institution: Arc::clone(&name),
            contract: Contract::of(&settings.flow.contract, settings.occupied_max),
            traces: settings.traces,
            used: if is_on(Mutant::ForgetsTraces) { Vec::new() } else { legacy.used },
        };
        let (news, news_queue) = NewsSender::channel();
        let seat = shared.coordinator.join(joining, news);
        let (lines, replace_queue) = Lines::start(&config, &name, &statuses, &shared.clock, &shared.ground);
        let echo_timeout = config.session.as_ref().map_or(Duration::ZERO, |session| session.echo_timeout);
        let notices = notices::Notices::new(&config, shared.clock.seed());
        let machine = Machine::new(settings, Arc::clone(&catalogue), shared.clock.seed());
        let mut task = Task {
            name: Arc::clone(&name),
            line_names: config.lines.iter().map(|line| Arc::from(line.name.as_str())).collect(),
            settling: Settling::new(&config, &catalogue, legacy.cases, shared.clock.seed(), now),
            surplus: Surplus::new(&config, shared.coordinator.terms().is_alone(), now.steady),
            meters: Meters::new(Arc::clone(&name), Arc::clone(statuses.traffic())),
            exchange_log: ExchangeLog::new(now.steady),
            audits: Audits::new(),
            tests: LineTests::default(),
            placed: placed::Placed::default(),
            config,
            machine,
            catalogue: Arc::clone(&catalogue),
            statuses: Arc::clone(&statuses),
            shared,
            lane: lane.clone(),
            events,
            links: BTreeMap::new(),
            lines,
            seat,
            running: TicketMap::default(),
            ended: TicketMap::default(),
            permissions: VecDeque::new(),
            ends: Ends::default(),
            changes: VecDeque::new(),
            notices,
            others: FuturesUnordered::new(),
            leaving: false,
            leave_at: None,
            stopped_at: None,
        };
        task.withhold_lines(now);
        task.recall_standing(legacy.standing, now);
        task.recall(legacy.recalled, legacy.routed, now);
        task.recall_steps(&steps, now);
        task.recall_sent(&legacy.sent, now);
        let task = tokio::spawn(task.run(command_queue, event_queue, replace_queue, news_queue));
        let task = Arc::new(tokio::sync::Mutex::new(Some(task)));
        Self { name, catalogue, statuses, lane, commands, entrance, echo_timeout, task }
    }
}

struct Task {
    name: Arc<str>,
    line_names: Vec<Arc<str>>,
    config: InstitutionConfig,
    machine: Machine<Arc<TelegramCatalogue>>,
    catalogue: Arc<TelegramCatalogue>,
    statuses: Arc<LineStatuses>,
    shared: Shared,
    lane: Lane,
    settling: Settling,
    surplus: Surplus,
    meters: Meters,
    exchange_log: ExchangeLog,
    audits: Audits,
    tests: LineTests,
    placed: placed::Placed,
    events: mpsc::Sender<LinkEvent>,
    links: BTreeMap<LinkId, OpenLink>,
    lines: Lines,
    /// The place among the instances that share the contract.
    seat: Box<dyn Seat>,
    running: TicketMap<Running>,
    /// Exchanges that were sent and have ended, but may still get another answer.
    ended: TicketMap<ExchangeId>,
    /// Bytes that may be written once their fact is durable, in the order of the facts.
    permissions: VecDeque<(LaneNumber, Ticket)>,
    /// Outcomes that are told once their fact is durable, in the order of the facts.
    ends: Ends,
    /// Exchanges that changed after their end, with the fact of the change.
    changes: VecDeque<(LaneNumber, ExchangeId)>,
    notices: notices::Notices,
    others: FuturesUnordered<Waiting<NoticeDone>>,
    /// Whether the institution stops. Then it reads from its links even if the journal takes nothing, so that they can end.
    leaving: bool,
    /// When the institution was told to stop, while an answer to a notice is awaited.
    leave_at: Option<Duration>,
    /// When the machine had stopped.
    stopped_at: Option<Duration>,
}

type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

struct OpenLink {
    incarnation: Incarnation,
    outbox: Arc<Outbox>,
    /// Over HTTP: who asks.
    asker: Option<Asker>,
}

struct Running {
    exchange: Exchange,
    /// The request, if a stand-in may answer it, or it may go to another institution.
    spare: Option<Draft>,
    /// Where the request goes on, once the outcome is durable.
    onward: Option<Box<Onward>>,
    key: Option<KeyTicket>,
    reply: oneshot::Sender<Exchange>,
    place: OwnedSemaphorePermit,
    since: Duration,
    /// When its caller hears of it at the latest: the answer timeout with which it was taken.
    deadline: Duration,
    /// When its turn had come and its fact went to the journal.
    queued: Option<Duration>,
    /// When its bytes went to the link.
    written: Option<Now>,
    /// The fact of the request, once it is on its way to the journal.
    request: Option<LaneNumber>,
    /// The fact of the answer, and its time in milliseconds since 1970.
    answer: Option<(LaneNumber, i64)>,
}

impl Task {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<TaskCommand>,
        mut events: mpsc::Receiver<LinkEvent>,
        mut replaces: mpsc::Receiver<usize>,
        mut news: mpsc::Receiver<News>,
    ) {
        self.machine.start(self.shared.clock.now());
        let mut hung_up = false;
        let mut requests = Vec::new();
        let mut reads = Vec::new();
        let sleep = tokio::time::sleep_until(Instant::now());
        tokio::pin!(sleep);
        let lane = self.lane.clone();
        loop {
            self.obey();
            if self.running.len() > 1 && self.lane.has_waiting() {
                // What other tasks have ready joins the same commit.
                tokio::task::yield_now().await;
                self.take_ready(&mut commands, &mut events);
                self.obey();
            }
            self.flush();
            if self.is_done() {
                commands.close();
                match commands.try_recv() {
                    Ok(command) => self.command(command),
                    Err(_) => break,
                }
                continue;
            }
            let deadline = self.shared.clock.instant(self.deadline());
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            let may_read = self.leaving || self.lane.has_room();
            tokio::select! {
                biased;
                () = lane.changed() => self.durable(),
                Some(news) = news.recv() => self.news(news),
                Some(done) = self.others.next(), if !self.others.is_empty() => self.notice_done(done),
                _ = events.recv_many(&mut reads, TURN_MAX), if may_read => {
                    reads.drain(..).for_each(|event| self.event(event));
                }
                count = commands.recv_many(&mut requests, TURN_MAX), if !hung_up => {
                    hung_up = count == 0;
                    requests.drain(..).for_each(|command| self.command(command));
                    if hung_up {
                        // All senders are gone, which means stop too.
                        self.command(TaskCommand::Stop);
                    }
                }
                Some(line) = replaces.recv() => self.machine.replace(line),
                () = &mut sleep => {}
            }
            self.tick();
        }
        self.tell_the_rest();
    }

    /// Handles the commands and the reads that wait already.
    fn take_ready(&mut self, commands: &mut mpsc::Receiver<TaskCommand>, events: &mut mpsc::Receiver<LinkEvent>) {
        let may_read = self.leaving || self.lane.has_room();
        let reads = std::iter::from_fn(|| events.try_recv().ok()).take(if may_read { TURN_MAX } else { 0 });
        reads.for_each(|event| self.event(event));
        let requests = std::iter::from_fn(|| commands.try_recv().ok()).take(TURN_MAX);
        requests.for_each(|command| self.command(command));
    }

    /// Whether everything has ended. A journal that takes no writes is waited for only so long.
    fn is_done(&self) -> bool {
        let Some(give_up_at) = self.give_up_at() else { return false };
        let is_stored = self.permissions.is_empty() && self.ends.is_empty() && self.notices.is_stored();
        let is_over = is_stored || give_up_at <= self.shared.clock.now().steady;
        // Attempts to deliver that run are made again at the next start.
        self.running.is_empty() && is_over
    }

    fn deadline(&self) -> Duration {
        let deadlines = [
            self.machine.deadline(),
            self.settling.deadline(),
            self.ends.deadline(),
            self.surplus.deadline(),
            self.notices.deadline(),
            self.leave_at.map(|since| since + self.config.drain_max),
            self.placed.deadline(),
            self.give_up_at().filter(|at| *at > self.shared.clock.now().steady),
        ];
        deadlines.into_iter().flatten().min().unwrap_or(Duration::from_secs(86_400 * 365))
    }

    /// Handles everything that is due by time.
    fn tick(&mut self) {
        let now = self.shared.clock.now();
        self.look_at_places(now);
        if self.machine.deadline().is_some_and(|deadline| deadline <= now.steady) {
            self.machine.tick(now);
        }
        self.settling.tick(now);
        self.notices.delivery.tick(now);
        self.leave(now);
        self.tell_late(now);
        self.return_credits(now);
        self.report_surplus(now);
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
                    self.surplus.lost(incarnation.link);
                }
                self.log_lost(incarnation, &why);
                self.machine.lost(incarnation, &why, &untouched, now);
            }
        }
    }

    /// Handles the news of the lane: permissions that are durable or have failed, and outcomes that are durable.
    fn durable(&mut self) {
        let progress = self.lane.progress();
        let now = self.shared.clock.now();
        self.look_at_places(now);
        let mut failed: HashMap<_, _> = progress.failed.into_iter().collect();
        // A permission that failed may be ahead of the durable ones.
        if !failed.is_empty() {
            let permissions = std::mem::take(&mut self.permissions);
            for (number, ticket) in permissions {
                match failed.remove(&number) {
                    Some(error) => {
                        // The journal never took the request: its outcome needs no fact that the caller would wait for.
                        if let Some(running) = self.running.get_mut(&ticket) {
                            running.request = None;
                        }
                        self.replied(ticket, false);
                        self.machine.journaled(ticket, Err(error), now);
                    }
                    None => self.permissions.push_back((number, ticket)),
                }
            }
        }
        while self.permissions.front().is_some_and(|(number, _)| *number <= progress.durable) {
            let Some((_, ticket)) = self.permissions.pop_front() else { break };
            point(FaultPoint::BeforeWrite);
            self.machine.journaled(ticket, Ok(()), now);
            self.replied(ticket, true);
        }
        while let Some(end) = self.ends.durable(progress.durable) {
            self.tell(&end.exchange);
            point(FaultPoint::BeforeReply);
            if let Some(answered_at) = end.answered_at {
                self.meters.told(answered_at, now.steady);
            }
            self.trace(end.traced.as_deref(), &end.exchange, now);
            self.tell_caller(end);
        }
        self.durable_settlement(progress.durable, now);
        self.durable_changes(progress.durable);
        self.durable_audits(progress.durable);
        self.durable_notices(progress.durable);
        self.durable_deliveries(progress.durable, now);
    }
}
