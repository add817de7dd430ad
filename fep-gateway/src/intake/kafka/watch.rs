//! What librdkafka tells during a poll: partitions that come and go, trouble, and how many messages wait.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use metrics::gauge;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::{Statistics, Topic};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Shared;
use crate::intake::lanes::{Begun, Commit, Lanes, Plan, Ticket, TopicPartition};
use crate::intake::serving::{Arrived, Desk};

/// The longest time that a partition is kept from its next member so that what runs can end. After it, the claim stays.
const GIVE_UP_MAX: Duration = Duration::from_secs(60);

/// The end of a message: whether what became of it is durable.
pub(super) type Done = (Ticket, bool);

/// The partitions, which the thread and the callbacks of its polls share.
pub(super) struct Hold {
    pub(super) lanes: Lanes<Arrived>,
    /// Partitions whose claims are not read yet.
    pub(super) unread: Vec<TopicPartition>,
    pub(super) done: Receiver<Done>,
}

/// The context of a consumer.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) hold: Arc<Mutex<Hold>>,
    pub(super) state: Shared,
    pub(super) cluster: String,
    pub(super) topics: Arc<Vec<String>>,
    /// Whether claims are written.
    pub(super) claims: bool,
    pub(super) abandon: CancellationToken,
    pub(super) starter: Starter,
}

/// Starts the tasks of messages.
#[derive(Clone)]
pub(super) struct Starter {
    pub(super) desk: Arc<Desk>,
    pub(super) done: Sender<Done>,
    pub(super) runtime: Handle,
}

impl Starter {
    pub(super) fn now_ms(&self) -> i64 {
        self.desk.gateway.feed().now_ms()
    }

    pub(super) fn start(&self, Begun { ticket, is_doubtful, message }: Begun<Arrived>) {
        let desk = Arc::clone(&self.desk);
        let done = self.done.clone();
        let enters = desk.entering.one();
        self.runtime.spawn(async move {
            let is_durable = desk.serve(&message, is_doubtful, enters).await;
            // Without a receiver the thread has ended.
            let _ = done.send((ticket, is_durable));
        });
    }
}

impl Watch {
    pub(super) fn hold(&self) -> MutexGuard<'_, Hold> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn place(&self, topic: &str, partition: i32) -> Option<TopicPartition> {
        Some((self.topics.iter().position(|known| known == topic)?, partition))
    }

    /// The partitions of places.
    pub(super) fn list(&self, places: &[TopicPartition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in places {
            if let Some(topic) = self.topics.get(*topic) {
                list.add_partition(topic, *partition);
            }
        }
        list
    }

    fn places(&self, list: &TopicPartitionList) -> Vec<TopicPartition> {
        list.elements().iter().filter_map(|element| self.place(element.topic(), element.partition())).collect()
    }

    /// Commits what has ended, with the claims of a plan.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>, commits: &[Commit]) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::new();
        for Commit { place: (topic, partition), offset, claim } in commits {
            let Some(topic) = self.topics.get(*topic) else { continue };
            let mut element = list.add_partition(topic, *partition);
            element.set_offset(Offset::Offset(*offset))?;
            if let Some(claim) = claim.as_ref().filter(|_| self.claims) {
                element.set_metadata(claim.to_string());
            }
        }
        consumer.commit(&list, CommitMode::Sync)
    }

    /// Gives partitions up: what runs of them ends and is committed.
    fn give_up(&self, consumer: &BaseConsumer<Self>, places: &[TopicPartition]) {
        let since = Instant::now();
        let mut hold = self.hold();
        let hold = &mut *hold;
        while hold.lanes.running_in(places) + hold.lanes.claimed(Some(places)) > 0 && since.elapsed() < GIVE_UP_MAX {
            if consumer.assignment_lost() || self.abandon.is_cancelled() {
                break;
            }
            let plan = hold.lanes.plan_claimed(self.starter.now_ms());
            hold.lanes.begin(plan).into_iter().for_each(|begun| self.starter.start(begun));
            match hold.done.recv_timeout(Duration::from_millis(50)) {
                Ok(done) => hold.ended(&done),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let left = hold.lanes.running_in(places) + hold.lanes.claimed(Some(places));
        if left > 0 {
            warn!(cluster = self.cluster, left, "partitions go to another member while requests of them run");
        }
        let commits = hold.lanes.commits(&Plan::default());
        if !commits.is_empty() && !consumer.assignment_lost() {
            match self.commit(consumer, &commits) {
                Ok(()) => hold.lanes.committed(commits),
                Err(error) => warn!(cluster = self.cluster, %error, "offsets are not committed: messages come again"),
            }
        }
        for place in places {
            hold.lanes.revoked(*place);
            hold.unread.retain(|unread| unread != place);
        }
    }
}

impl Hold {
    pub(super) fn ended(&mut self, (ticket, is_durable): &Done) {
        if *is_durable {
            self.lanes.ended(ticket);
        } else {
            self.lanes.left(ticket);
        }
    }
}

impl ConsumerContext for Watch {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            self.give_up(consumer, &self.places(list));
            info!(cluster = self.cluster, partitions = list.count(), "partitions of requests are given up");
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            // Nothing comes before the claims are read.
            if let Err(error) = consumer.pause(list) {
                debug!(%error, "kafka");
            }
            self.hold().unread.extend(self.places(list));
            info!(cluster = self.cluster, partitions = list.count(), "partitions of requests are taken");
        }
    }
}

impl ClientContext for Watch {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "kafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "kafka");
        self.state.tell(|state| state.fails(reason.to_owned(), is_away(&error)));
    }

    fn stats(&self, statistics: Statistics) {
        let is_up = statistics.brokers.values().any(|broker| broker.state == "UP");
        let lag_of = |topic: &Topic| -> u64 {
            topic.partitions.values().filter_map(|partition| u64::try_from(partition.consumer_lag).ok()).sum()
        };
        let lags: BTreeMap<_, _> = statistics.topics.values().map(|topic| (&*topic.topic, lag_of(topic))).collect();
        let lag = lags.values().sum();
        gauge!("fep_intake_lag", "cluster" => self.cluster.clone()).set(f64_of(lag));
        self.state.tell(|state| {
            state.lag = Some(lag);
            state.lags(&lags);
            if is_up {
                state.reached();
            } else {
                state.fails("no broker is reached".to_owned(), true);
            }
        });
    }
}

/// Whether the error says only that brokers are not reached.
pub(super) fn is_away(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| {
        use RDKafkaErrorCode::{AllBrokersDown, BrokerTransportFailure, OperationTimedOut, Resolve};
        matches!(code, AllBrokersDown | BrokerTransportFailure | OperationTimedOut | Resolve)
    })
}

#[allow(clippy::cast_precision_loss, reason = "a gauge shows a magnitude")]
fn f64_of(number: u64) -> f64 {
    number as f64
}
