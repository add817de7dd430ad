//! The thread of a cluster.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use metrics::gauge;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{BorrowedMessage, Headers, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::watch::{Hold, Starter, Watch, is_away};
use super::{Shared, State};
use crate::config::ClusterConfig;
use crate::intake::claim::Claim;
use crate::intake::lanes::{Commit, Lanes, Limits, TopicPartition};
use crate::intake::message::{TopicMessage, VALUE_MAX_BYTES};
use crate::intake::serving::{Arrived, Desk};

/// How many messages of one partition are here before they begin, and how many bytes all of them have.
const WAITING_MAX: usize = 128;
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// What librdkafka keeps of messages that were not polled yet, in KiB.
const QUEUED_KIB: &str = "8192";

/// How long a poll waits while something runs or waits, and while nothing does.
const BUSY_POLL: Duration = Duration::from_millis(5);
const IDLE_POLL: Duration = Duration::from_millis(100);

/// How often offsets are committed while nothing begins.
const COMMIT_PAUSE: Duration = Duration::from_millis(200);

/// How long a question to the broker may take.
const ASK_MAX: Duration = Duration::from_secs(5);

/// The maximum number of messages of one turn.
const TURN_MAX: usize = 256;

/// The pause between two lines of the log about the same trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// What one message takes besides its bytes.
const MESSAGE_BYTES: usize = 256;

/// The number of headers that are looked at, and the bytes of each.
const HEADERS_KEPT: usize = 65;
const HEADER_BYTES_KEPT: usize = 4097;

pub(super) struct Worker {
    desk: Arc<Desk>,
    consumer: BaseConsumer<Watch>,
    watch: Watch,
    state: Shared,
    abandon: CancellationToken,
    committed_at: Instant,
    complained_at: Option<Instant>,
    /// Whether the broker was seen to keep claims.
    keeps_claims: bool,
}

impl Worker {
    pub(super) fn new(
        desk: Arc<Desk>,
        cluster: &ClusterConfig,
        state: Shared,
        abandon: CancellationToken,
        runtime: Handle,
    ) -> Result<Self, String> {
        let config = &desk.config;
        let topics = config.topics();
        let limits = Limits { running_max: config.in_flight_max, waiting_max: WAITING_MAX, bytes_max: BYTES_MAX };
        let (done, heard) = channel();
        let hold = Hold { lanes: Lanes::new(desk.journal.clone(), limits), unread: Vec::new(), done: heard };
        let watch = Watch {
            hold: Arc::new(Mutex::new(hold)),
            state: state.clone(),
            cluster: cluster.name.clone(),
            topics: Arc::new(topics.clone()),
            claims: !config.is_only_member,
            abandon: abandon.clone(),
            starter: Starter { desk: Arc::clone(&desk), done, runtime },
        };
        let consumer: BaseConsumer<Watch> = ClientConfig::new()
            .set("bootstrap.servers", cluster.brokers.join(","))
            .set("client.id", "fep-gateway")
            .set("group.id", &config.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // A group that begins, or whose offsets are gone, leaves no request out: those that were begun have their keys in the journal.
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", config.session_timeout.as_millis().to_string())
            .set("heartbeat.interval.ms", (config.session_timeout.as_millis() / 4).max(1).to_string())
            .set("queued.max.messages.kbytes", QUEUED_KIB)
            .set("statistics.interval.ms", "1000")
            .set("reconnect.backoff.max.ms", "2000")
            .create_with_context(watch.clone())
            .map_err(|error| error.to_string())?;
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|error| error.to_string())?;
        Ok(Self {
            desk,
            consumer,
            watch,
            state,
            abandon,
            committed_at: Instant::now(),
            complained_at: None,
            keeps_claims: false,
        })
    }

    pub(super) fn run(mut self) {
        loop {
            let ends = self.desk.stop.is_cancelled();
            self.hear();
            let is_done = ends && {
                let hold = self.watch.hold();
                hold.lanes.running() + hold.lanes.claimed(None) == 0
            };
            if self.abandon.is_cancelled() || is_done {
                break;
            }
            self.read_claims();
            self.poll(ends);
            self.hear();
            self.begin(ends);
            self.pause();
        }
        // Its end gives the partitions up, which commits what has ended.
        self.consumer.unsubscribe();
        let since = Instant::now();
        while since.elapsed() < ASK_MAX && self.consumer.assignment().is_ok_and(|list| list.count() > 0) {
            drop(self.consumer.poll(BUSY_POLL));
        }
    }

    /// Takes what has ended.
    fn hear(&self) {
        let mut hold = self.watch.hold();
        let ended: Vec<_> = hold.done.try_iter().collect();
        ended.iter().for_each(|done| hold.ended(done));
        let running = hold.lanes.running();
        self.desk.entering.holds(&self.watch.cluster, hold.lanes.claimed(None));
        drop(hold);
        #[allow(clippy::cast_precision_loss, reason = "it is far below 2^52")]
        gauge!("fep_intake_in_flight", "cluster" => self.watch.cluster.clone()).set(running as f64);
    }

    /// Reads the claims of new partitions. Nothing comes from them before.
    fn read_claims(&mut self) {
        let unread = self.watch.hold().unread.clone();
        if unread.is_empty() {
            return;
        }
        let list = match self.consumer.committed_offsets(self.watch.list(&unread), ASK_MAX) {
            Ok(list) => list,
            Err(error) => return self.complain(&format!("committed offsets cannot be read: {error}")),
        };
        let mut hold = self.watch.hold();
        let mut read = Vec::new();
        for element in list.elements() {
            let Some(place) = self.watch.place(element.topic(), element.partition()) else { continue };
            if let Err(error) = element.error() {
                debug!(%error, "kafka");
                continue;
            }
            let committed = match element.offset() {
                Offset::Offset(offset) => Some((offset, Claim::read(element.metadata()))),
                _ => None,
            };
            hold.lanes.assigned(place, committed);
            hold.unread.retain(|unread| *unread != place);
            read.push(place);
        }
        drop(hold);
        if let Err(error) = self.consumer.resume(&self.watch.list(&read)) {
            return self.complain(&format!("partitions cannot be read: {error}"));
        }
        // A topic in which nothing comes has nothing to commit, and reads all the same.
        if !read.is_empty() {
            self.works();
        }
    }

    fn poll(&mut self, ends: bool) {
        let is_busy = {
            let hold = self.watch.hold();
            ends || hold.lanes.running() + hold.lanes.waiting() > 0 || !hold.unread.is_empty()
        };
        let mut patience = if is_busy { BUSY_POLL } else { IDLE_POLL };
        let mut trouble = None;
        for _ in 0..TURN_MAX {
            match self.consumer.poll(patience) {
                None => break,
                Some(Err(error)) => trouble = Some(error),
                Some(Ok(message)) => {
                    let Some(place) = self.watch.place(message.topic(), message.partition()) else { continue };
                    let (arrived, bytes) = arrived(place, &message);
                    let due_ms =
                        if place.0 == 0 { 0 } else { arrived.message.past().map_or(0, |past| past.not_before_ms) };
                    let key = arrived.message.key.clone();
                    self.watch.hold().lanes.came(place, message.offset(), due_ms, key, bytes, arrived);
                }
            }
            patience = Duration::ZERO;
        }
        if let Some(error) = trouble {
            self.complain_of(&error.to_string(), is_away(&error));
        }
    }

    /// Begins what may begin, after its claims are committed.
    fn begin(&mut self, ends: bool) {
        let now_ms = self.watch.starter.now_ms();
        let (plan, commits) = {
            let hold = self.watch.hold();
            let plan = if ends { hold.lanes.plan_claimed(now_ms) } else { hold.lanes.plan(now_ms) };
            let commits = hold.lanes.commits(&plan);
            (plan, commits)
        };
        if plan.is_empty() && self.committed_at.elapsed() < COMMIT_PAUSE {
            return;
        }
        if !commits.is_empty() && !self.commit(commits) {
            return;
        }
        let begun = self.watch.hold().lanes.begin(plan);
        begun.into_iter().for_each(|begun| self.watch.starter.start(begun));
    }

    /// Commits. Returns whether what it claims may begin.
    fn commit(&mut self, commits: Vec<Commit>) -> bool {
        self.committed_at = Instant::now();
        let claim = commits.iter().find(|commit| commit.claim.is_some()).cloned();
        if let Err(error) = self.watch.commit(&self.consumer, &commits) {
            // Members come and go. Nothing begins until they have their partitions.
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::RebalanceInProgress) {
                debug!(%error, "kafka");
            } else {
                self.complain(&format!("offsets are not committed: {error}"));
            }
            return false;
        }
        if let Some(commit) = claim.filter(|_| self.watch.claims && !self.keeps_claims) {
            let list = self.watch.list(&[commit.place]);
            let read = self.consumer.committed_offsets(list, ASK_MAX);
            let kept =
                read.ok().and_then(|list| list.elements().first().and_then(|element| Claim::read(element.metadata())));
            if kept != commit.claim {
                self.complain(
                    "the broker does not keep the metadata of offsets, so requests could be sent twice: if this gateway is the only one in its \
                     group, write `only_member = true`",
                );
                return false;
            }
            self.keeps_claims = true;
        }
        self.watch.hold().lanes.committed(commits);
        self.works();
        true
    }

    fn pause(&mut self) {
        let (full, free) = {
            let mut hold = self.watch.hold();
            let changes = hold.lanes.pauses();
            self.state.tell(|state| state.has(&hold.lanes));
            changes
        };
        let change = |places: &[TopicPartition],
                      change: &dyn Fn(&TopicPartitionList) -> rdkafka::error::KafkaResult<()>| {
            if places.is_empty() { Ok(()) } else { change(&self.watch.list(places)) }
        };
        let paused = change(&full, &|list| self.consumer.pause(list));
        let resumed = change(&free, &|list| self.consumer.resume(list));
        if let Err(error) = paused.and(resumed) {
            self.complain(&format!("partitions cannot be paused: {error}"));
        }
    }

    fn works(&mut self) {
        self.complained_at = None;
        self.state.tell(State::works);
    }

    /// Something prevents that requests are taken, until a commit succeeds.
    fn complain(&mut self, why: &str) {
        self.complain_of(why, false);
    }

    fn complain_of(&mut self, why: &str, is_away: bool) {
        if self.complained_at.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            warn!(cluster = self.watch.cluster, why, "no requests are taken from Kafka");
            self.complained_at = Some(Instant::now());
        }
        self.state.tell(|state| state.fails(why.to_owned(), is_away));
    }
}

/// A message, and how many bytes it takes here.
fn arrived((topic, _): TopicPartition, message: &BorrowedMessage<'_>) -> (Arrived, usize) {
    let mut headers = Vec::new();
    for header in message.headers().into_iter().flat_map(Headers::iter).take(HEADERS_KEPT) {
        let value = header.value.unwrap_or_default();
        headers.push((header.key.to_owned(), value.get(..HEADER_BYTES_KEPT).unwrap_or(value).to_vec()));
    }
    let payload = message.payload().unwrap_or_default();
    let value = (payload.len() <= VALUE_MAX_BYTES).then(|| payload.to_vec());
    let key = message.key().map(<[u8]>::to_vec);
    let of_headers: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let bytes = of_headers + value.as_ref().map_or(0, Vec::len) + key.as_ref().map_or(0, Vec::len) + MESSAGE_BYTES;
    let place = format!("{}/{}/{}", message.topic(), message.partition(), message.offset());
    (Arrived { topic, place, message: TopicMessage { key, headers, value } }, bytes)
}
