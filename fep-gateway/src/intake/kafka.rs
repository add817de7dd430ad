//! Messages of Kafka, by a consumer group. One thread for each cluster polls, claims, begins and commits; exchanges run in tasks.
//!
//! A partition that goes to another member is given up when what runs of it has ended and is committed, so an orderly rebalance leaves nothing
//! in doubt. librdkafka sends heartbeats meanwhile.

mod watch;
mod worker;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use metrics::gauge;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::worker::Worker;
use super::IntakeError;
use super::lanes::Lanes;
use super::poster::Poster;
use super::rights::{self, Rights};
use super::serving::{Desk, Entering, Tally};
use crate::config::{ClusterConfig, RequestsConfig};
use crate::gateway::{Gateway, Part, Taken};
use crate::topics::TopicStatus;

/// Requests that are taken from topics. Dropping it stops that.
#[derive(Debug)]
pub struct Intake {
    stop: CancellationToken,
    entering: Entering,
    /// What still runs is left.
    abandon: CancellationToken,
    threads: Vec<JoinHandle<()>>,
    _place: Taken,
}

/// What others may know about a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// The topics, in the order of the configuration.
    topics: Vec<TopicStatus>,
    /// What prevents that something is taken.
    trouble: Option<Trouble>,
    /// How many messages the cluster has that are not committed. `None` before it is known.
    lag: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    why: String,
    since: Instant,
    /// Whether it ends when a broker is reached. Otherwise it ends when a commit succeeds.
    is_away: bool,
}

impl State {
    fn fails(&mut self, why: String, is_away: bool) {
        self.topics.iter_mut().for_each(|topic| topic.fails(&why));
        let since = self.trouble.as_ref().map_or_else(Instant::now, |trouble| trouble.since);
        self.trouble = Some(Trouble { why, since, is_away });
    }

    fn works(&mut self) {
        self.topics.iter_mut().for_each(TopicStatus::works);
        self.trouble = None;
    }

    /// The partitions that are here.
    fn has<M>(&mut self, lanes: &Lanes<M>) {
        for (place, topic) in self.topics.iter_mut().enumerate() {
            let (partitions, full) = lanes.of_topic(place);
            topic.has(partitions, full);
        }
    }

    /// How many messages of each topic are not committed.
    fn lags(&mut self, lags: &BTreeMap<&str, u64>) {
        for topic in self.topics.iter_mut().filter(|topic| topic.partitions > 0) {
            topic.lag = lags.get(&*topic.topic).copied();
        }
    }

    /// A broker is reached.
    fn reached(&mut self) {
        if self.trouble.as_ref().is_some_and(|trouble| trouble.is_away) {
            self.works();
        }
    }

    fn note(&self, cluster: &str, alarm_after: Duration) -> Option<String> {
        let Trouble { why, since, .. } = self.trouble.as_ref()?;
        let lag = self.lag.map_or_else(String::new, |lag| format!(", {lag} wait"));
        let seconds = since.elapsed().as_secs();
        let note = || format!("no requests are taken from Kafka cluster {cluster} for {seconds} s{lag}: {why}");
        (since.elapsed() >= alarm_after).then(note)
    }
}

/// A state that the thread, the callbacks of librdkafka, `/readyz` and the console share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    cluster: String,
    state: Arc<Mutex<State>>,
    tally: Arc<Tally>,
}

/// What others ask about all clusters.
struct Told {
    clusters: Vec<Shared>,
    alarm_after: Duration,
}

impl Part for Told {
    fn note(&self, _: i64) -> Option<String> {
        let note = |shared: &Shared| shared.state().note(&shared.cluster, self.alarm_after);
        let notes: Vec<_> = self.clusters.iter().filter_map(note).collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    fn topics(&self) -> Vec<TopicStatus> {
        self.clusters.iter().flat_map(Shared::topics).collect()
    }
}

impl Shared {
    fn of(cluster: &ClusterConfig, config: &RequestsConfig) -> Self {
        let names = config.topics();
        let topics = names.iter().map(|topic| TopicStatus::new(&cluster.name, topic, &config.dead_letters)).collect();
        let state = State { topics, trouble: None, lag: None };
        let tally = Arc::new(Tally::new(names.len()));
        let shared = Self { cluster: cluster.name.clone(), state: Arc::new(Mutex::new(state)), tally };
        shared.tell(|_| {});
        shared
    }

    /// The topics, with what was counted.
    fn topics(&self) -> Vec<TopicStatus> {
        let mut topics = self.state().topics;
        for (status, (taken, dead_letters)) in topics.iter_mut().zip(self.tally.counts()) {
            status.taken = taken;
            status.dead_letters = dead_letters;
        }
        topics
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let works = if state.trouble.is_none() { 1.0 } else { 0.0 };
        gauge!("fep_intake_works", "cluster" => self.cluster.clone()).set(works);
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Begins to take requests.
pub(super) async fn start(
    gateway: &Gateway,
    config: &RequestsConfig,
    access: Option<&Path>,
) -> Result<Intake, IntakeError> {
    if let Some(path) = access {
        rights::client(path, &gateway.specs(), &config.caller).map_err(IntakeError::Caller)?;
    }
    let journal = gateway.feed().journal.name().await.map_err(|error| IntakeError::Journal(error.to_string()))?;
    let stop = CancellationToken::new();
    let abandon = CancellationToken::new();
    let entering = Entering::default();
    let states: Vec<_> = config.clusters.iter().map(|cluster| Shared::of(cluster, config)).collect();
    let mut threads = Vec::new();
    for (cluster, state) in config.clusters.iter().zip(&states) {
        let desk = Desk {
            gateway: gateway.clone(),
            rights: Rights::new(&config.caller, access),
            config: config.clone(),
            journal: journal.clone(),
            cluster: cluster.name.clone(),
            poster: Poster::new(cluster).map_err(IntakeError::Client)?,
            stop: stop.clone(),
            entering: entering.clone(),
            tally: Arc::clone(&state.tally),
        };
        let worker = Worker::new(Arc::new(desk), cluster, state.clone(), abandon.clone(), Handle::current());
        let worker = worker.map_err(IntakeError::Client)?;
        let named = std::thread::Builder::new().name("requests".to_owned());
        threads.push(named.spawn(move || worker.run()).map_err(|error| IntakeError::Client(error.to_string()))?);
        info!(cluster = cluster.name, topic = config.topic, group = config.group, "requests are taken from Kafka");
    }
    let told = Told { clusters: states, alarm_after: config.alarm_after };
    let place =
        gateway.take_intake(told).ok_or_else(|| IntakeError::Client("requests are taken already".to_owned()))?;
    Ok(Intake { stop, entering, abandon, threads, _place: place })
}

impl Intake {
    /// By what it is stopped. Stop it before the gateway, so that nothing is refused because the gateway stops.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper { stop: self.stop.clone(), entering: self.entering.clone() }
    }

    /// Waits until what runs has ended and its results have left, at the latest after this time. Call it after
    /// [`Gateway::stop`](crate::Gateway::stop).
    pub async fn finish(mut self, max: Duration) {
        self.stop.cancel();
        let threads = std::mem::take(&mut self.threads);
        let mut all = tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        if tokio::time::timeout(max, &mut all).await.is_err() {
            self.abandon.cancel();
            warn!("not all requests from topics have ended: they come again after the next start");
            // A client of a broker that is away ends within its own limits.
            let _ = tokio::time::timeout(max, all).await;
        }
    }
}

/// Lets nothing begin any more that comes from topics.
#[derive(Clone, Debug)]
pub struct Stopper {
    stop: CancellationToken,
    entering: Entering,
}

/// The longest time that claimed messages have to reach the gateway.
const ENTER_MAX: Duration = Duration::from_secs(2);

impl Stopper {
    /// Lets nothing begin any more. Returns when the gateway has what was claimed, at the latest after two seconds. What runs goes on.
    pub async fn stop(&self) {
        self.stop.cancel();
        let since = Instant::now();
        while self.entering.count() > 0 && since.elapsed() < ENTER_MAX {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.stop.cancel();
        self.abandon.cancel();
    }
}
