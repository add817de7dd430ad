//! The coordinator of gateways that share a journal: its trace numbers are granted there. Everything else goes by way of Redis.
//!
//! Without Redis, each gateway has its equal part of every contract and breakers of its own. An answer on another gateway's line reaches its
//! gateway by way of the journal. If it does not name its gateway, it is unmatched where it came.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::coordination::{Ask, Contract, Grant, KeyOwner, News, Report, Terms};
#[cfg(feature = "redis")]
use fep_protocol::indicators::{Indicators, Others};
use fep_protocol::trace::{TraceHighWater, TraceRange};
use tokio::time::Instant;

#[cfg(feature = "redis")]
use super::redis::{Redis, RedisSeat};
use super::{BlockWanted, Coordinator, Instances, Joining, NewsSender, Seat, StoreStatus};
#[cfg(feature = "redis")]
use crate::config::RedisConfig;

/// Several instances that share a journal.
pub struct SharedCoordinator {
    instances: Arc<dyn Instances>,
    terms: Terms,
    #[cfg(feature = "redis")]
    redis: Option<Redis>,
}

struct SharedSeat {
    instances: Arc<dyn Instances>,
    terms: Terms,
    institution: Arc<str>,
    contract: Contract,
    range: TraceRange,
    used: Vec<TraceHighWater>,
    news: NewsSender,
    /// The serial number of the last grant.
    serial: u64,
    complaints: Arc<Complaints>,
    #[cfg(feature = "redis")]
    redis: Option<RedisSeat>,
}

/// Keeps the log short while the journal grants nothing.
#[derive(Debug, Default)]
struct Complaints(std::sync::Mutex<Option<Instant>>);

/// The pause between two lines of the log about the same trouble.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(60);

/// The epoch of the only division there is.
const EPOCH: u64 = 1;

impl SharedCoordinator {
    /// The coordinator of an instance, without Redis.
    #[must_use]
    pub fn new(instances: Arc<dyn Instances>, terms: Terms) -> Self {
        Self {
            instances,
            terms,
            #[cfg(feature = "redis")]
            redis: None,
        }
    }

    /// The coordinator of an instance that shares by way of Redis. A server that is not reached now is tried again.
    ///
    /// # Errors
    /// If the server says that it will never work so, such as after a wrong password. One line that says what to do.
    #[cfg(feature = "redis")]
    pub async fn with_redis(instances: Arc<dyn Instances>, terms: Terms, redis: RedisConfig) -> Result<Self, String> {
        let redis = Redis::start(redis, instances.instance(), terms).await?;
        Ok(Self { instances, terms, redis: Some(redis) })
    }
}

impl Coordinator for SharedCoordinator {
    fn instance(&self) -> Arc<str> {
        self.instances.instance()
    }

    fn terms(&self) -> Terms {
        self.terms
    }

    /// Without Redis nobody gets the part of an instance that was fenced, so it has that part at once.
    #[cfg(feature = "redis")]
    fn was_fenced(&self) -> bool {
        self.redis.is_some() && self.instances.was_fenced()
    }

    #[cfg(feature = "redis")]
    fn fence(&self, instance: &str) {
        if let Some(redis) = &self.redis {
            redis.fence(instance);
        }
    }

    fn store(&self) -> Option<StoreStatus> {
        #[cfg(feature = "redis")]
        return self.redis.as_ref().map(Redis::status);
        #[cfg(not(feature = "redis"))]
        None
    }

    #[cfg(feature = "redis")]
    fn others(&self, institution: &str) -> Option<Others> {
        self.redis.as_ref()?.others(institution)
    }

    fn join(&self, joining: Joining, news: NewsSender) -> Box<dyn Seat> {
        self.instances.listen(Arc::clone(&joining.institution), news.clone());
        Box::new(SharedSeat {
            #[cfg(feature = "redis")]
            redis: self.redis.as_ref().map(|redis| redis.join(&joining, news.clone())),
            instances: Arc::clone(&self.instances),
            terms: self.terms,
            institution: joining.institution,
            contract: joining.contract,
            range: joining.traces,
            used: joining.used,
            news,
            serial: 0,
            complaints: Arc::default(),
        })
    }
}

impl SharedSeat {
    /// The equal part, which nobody else can have.
    fn grant(&mut self, report: &Report) {
        self.serial += 1;
        let share = self.terms.equal_part(self.contract.whole);
        self.news.send(News::Grant(Grant { report: report.number, epoch: EPOCH, serial: self.serial, share }));
    }
}

impl Seat for SharedSeat {
    fn ask(&mut self, ask: Ask) {
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis.as_mut().filter(|_| !matches!(ask, Ask::Traces { .. })) {
            return redis.ask(ask);
        }
        match ask {
            Ask::Traces { day, for_what } => {
                let institution = Arc::clone(&self.institution);
                let block = self.instances.block(BlockWanted {
                    institution: Arc::clone(&institution),
                    range: self.range,
                    used: self.used.clone(),
                    day,
                    for_what,
                });
                let news = self.news.clone();
                let complaints = Arc::clone(&self.complaints);
                tokio::spawn(async move {
                    match block.await {
                        Ok(Some(block)) => drop(news.send(News::Traces(block))),
                        Ok(None) => drop(news.send(News::TracesUsedUp { day, for_what })),
                        // The instance asks again.
                        Err(error) => complaints.say(&institution, &error),
                    }
                });
            }
            Ask::Report(report) => self.grant(&report),
            Ask::Whose { key } => drop(self.news.send(News::Owner { key, owner: KeyOwner::Nobody })),
            Ask::Probe { scope, generation, .. } => {
                self.news.send(News::Probe { scope, generation, may: true });
            }
            Ask::Breaker(_) | Ask::Own { .. } | Ask::HandOver { .. } => {}
        }
    }

    #[cfg(feature = "redis")]
    fn tell(&mut self, own: &Indicators) {
        if let Some(redis) = &self.redis {
            redis.tell(own);
        }
    }
}

impl Complaints {
    fn say(&self, institution: &str, error: &dyn fmt::Display) {
        let mut said = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= COMPLAINT_PAUSE) {
            *said = Some(Instant::now());
            tracing::error!(institution, %error, "the journal grants no trace numbers: requests wait for them");
        }
    }
}

impl fmt::Debug for SharedCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCoordinator").field("instances", &self.instances).finish_non_exhaustive()
    }
}

impl fmt::Debug for SharedSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSeat").field("institution", &self.institution).finish_non_exhaustive()
    }
}
