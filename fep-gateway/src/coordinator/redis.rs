//! What instances share by way of Redis: shares of contracts, breakers, the owners of keys, and answers for other instances.
//!
//! Redis is never the truth. Everything in it may be lost, old, or unreadable, and it may be away: the contract of a form, in
//! [`coordinator`](super), says what follows. Trace numbers do not pass here.
//!
//! | key, with `P` for the prefix, `B` for an institution, `I` for an instance | type | content |
//! |---|---|---|
//! | `P:{B}:division` | string | the division of the contract, replaced by compare-and-set |
//! | `P:{B}:indicators` | hash | what the requests of the last minute came to at each instance, with the time of Redis. Shown, never used |
//! | `P:{B}:breakers` | hash | the newest state of each breaker; a change is published on the channel of the same name |
//! | `P:{B}:echo_test`, with `:C` for a business code | string | which instance sends the echo test for a tripped breaker, and in which generation |
//! | `P:{B}:owner:H` | string | the instance that has the request with a key; `H` is a hash of the key, which says nothing about it |
//! | `P:{to:I}:answers` | stream | answers that came to other instances |
//! | `P:{to:I}:probe` | string | nothing: writing it shows that Redis works |
//!
//! All keys of an institution have one hash tag, so that they are in one place of a Redis Cluster. All keys expire.

mod names;
mod stored;
mod connection;
mod watching;
mod dividing;
mod breakers;
mod indicators;
mod probes;
mod answers;
mod owners;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::coordination::{Ask, News, Report, Terms};
use fep_protocol::indicators::{Heard, Indicators, Others};
use redis::{ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::breakers::Said;
use self::connection::{Connector, Failure, Link};
use self::names::Names;
use self::owners::Write;
use super::{Joining, NewsSender, StoreStatus};
use crate::config::RedisConfig;

/// How long a command may take. What takes longer is too late for the one who asked.
const COMMAND_PATIENCE: Duration = Duration::from_millis(500);

/// How long the first connection may take before the gateway starts without one.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// The maximum number of breakers' states, and of fenced instances, that wait for an institution's tasks.
const WAITING_MAX: usize = 256;

/// The maximum number of owners and answers of one institution that wait until they are written.
const WRITES_MAX: usize = 8192;

/// The maximum number of owners of one institution that are looked up at the same time.
const LOOKUPS_MAX: usize = 256;

/// The connection of one instance. Its tasks end when it is dropped.
pub(super) struct Redis {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// What all tasks of an instance use.
struct Shared {
    instance: Arc<str>,
    terms: Terms,
    /// The zero of the clock by which values of others grow old.
    start: Instant,
    names: Names,
    connector: Connector,
    /// The connection for commands that are answered at once. `None` while there is none.
    link: watch::Sender<Option<Link>>,
    /// A command failed: the connection is looked at.
    trouble: Notify,
    status: Mutex<watching::Seen>,
    institutions: Mutex<BTreeMap<Arc<str>, Institution>>,
}

/// The way to the tasks of an institution.
#[derive(Clone)]
struct Institution {
    news: NewsSender,
    breakers: mpsc::Sender<Said>,
    fences: mpsc::Sender<(Arc<str>, Instant)>,
    heard: Arc<Mutex<Heard>>,
}

/// What an institution's task holds. Its tasks end when it is dropped.
pub(super) struct RedisSeat {
    shared: Arc<Shared>,
    institution: Arc<str>,
    news: NewsSender,
    reports: watch::Sender<Option<Report>>,
    indicators: watch::Sender<Option<Indicators>>,
    breakers: mpsc::Sender<Said>,
    writes: mpsc::Sender<Write>,
    lookups: Arc<Semaphore>,
    tasks: JoinSet<()>,
}

impl Redis {
    /// Connects. A server that is not reached now is tried again while the gateway runs.
    ///
    /// # Errors
    /// If the server says that it will never work so: a wrong password, another kind of server, too old a version. One line that says
    /// what to do.
    pub(super) async fn start(config: RedisConfig, instance: Arc<str>, terms: Terms) -> Result<Self, String> {
        let names = Names::new(&config.prefix);
        let connector = Connector::new(config);
        let first = timeout(START_PATIENCE, connector.connect(COMMAND_PATIENCE)).await;
        let first = first.unwrap_or_else(|_| Err(Failure::Lost("it does not answer".to_owned())));
        let (link, seen) = match first {
            Ok(link) => (Some(link), watching::Seen::well()),
            Err(Failure::Lost(why)) => {
                tracing::warn!(
                    error = why,
                    "Redis is not reached: each gateway has its equal part of every contract until it is"
                );
                (None, watching::Seen::unwell(why))
            }
            Err(Failure::Refused(why)) => return Err(why),
        };
        let shared = Arc::new(Shared {
            instance,
            terms,
            start: Instant::now(),
            names,
            connector,
            link: watch::Sender::new(link),
            trouble: Notify::new(),
            status: Mutex::new(seen),
            institutions: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(watching::watch(Arc::clone(&shared)));
        tasks.spawn(answers::receive(Arc::clone(&shared)));
        tasks.spawn(breakers::subscribe(Arc::clone(&shared)));
        Ok(Self { shared, _tasks: tasks })
    }

    /// Takes part for an institution.
    pub(super) fn join(&self, joining: &Joining, news: NewsSender) -> RedisSeat {
        let shared = Arc::clone(&self.shared);
        let institution = Arc::clone(&joining.institution);
        let (reports, reported) = watch::channel(None);
        let (indicators, told) = watch::channel(None);
        let (breakers, said) = mpsc::channel(WAITING_MAX);
        let (fences, fenced) = mpsc::channel(WAITING_MAX);
        let (writes, written) = mpsc::channel(WRITES_MAX);
        let heard = Arc::new(Mutex::new(Heard::default()));
        let own = Institution { news: news.clone(), breakers: breakers.clone(), fences, heard: Arc::clone(&heard) };
        shared.institutions().insert(Arc::clone(&institution), own);
        let mut tasks = JoinSet::new();
        let dividing = dividing::Dividing::new(Arc::clone(&shared), joining, news.clone());
        tasks.spawn(dividing.run(reported, fenced));
        let known = breakers::Breakers::new(Arc::clone(&shared), Arc::clone(&institution), news.clone());
        tasks.spawn(known.run(said));
        tasks.spawn(indicators::share(Arc::clone(&shared), Arc::clone(&institution), told, heard));
        tasks.spawn(owners::write(Arc::clone(&shared), Arc::clone(&institution), written));
        let lookups = Arc::new(Semaphore::new(LOOKUPS_MAX));
        RedisSeat { shared, institution, news, reports, indicators, breakers, writes, lookups, tasks }
    }

    /// Says that an instance can write nothing any more.
    pub(super) fn fence(&self, instance: &str) {
        let instance: Arc<str> = instance.into();
        for institution in self.shared.institutions().values() {
            // If too many wait, this one costs throughput: its share stays reserved.
            let _ = institution.fences.try_send((Arc::clone(&instance), Instant::now()));
        }
    }

    /// What other instances said about the requests of an institution. `None` if it could not be read for longer than a lease.
    pub(super) fn others(&self, institution: &str) -> Option<Others> {
        let heard = Arc::clone(&self.shared.institutions().get(institution)?.heard);
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.others(self.shared.terms.lease, self.shared.start.elapsed())
    }

    pub(super) fn status(&self) -> StoreStatus {
        self.shared.seen().status()
    }
}

impl RedisSeat {
    /// Tells the other instances. The newest value replaces those that wait.
    pub(super) fn tell(&self, own: &Indicators) {
        self.indicators.send_replace(Some(*own));
    }

    /// Passes a question on. What cannot be passed on is lost.
    pub(super) fn ask(&mut self, ask: Ask) {
        while self.tasks.try_join_next().is_some() {}
        match ask {
            Ask::Traces { .. } => {}
            Ask::Report(report) => drop(self.reports.send_replace(Some(report))),
            Ask::Breaker(snapshot) => drop(self.breakers.try_send(Said::Here(snapshot))),
            Ask::Probe { scope, generation, lease } => {
                let shared = Arc::clone(&self.shared);
                let institution = Arc::clone(&self.institution);
                let news = self.news.clone();
                self.tasks.spawn(async move {
                    let may = probes::may_send(&shared, &institution, &scope, generation, lease).await;
                    news.send(News::Probe { scope, generation, may });
                });
            }
            Ask::Own { key, keep } => drop(self.writes.try_send(Write::own(&key, keep))),
            Ask::HandOver { to, answer } => drop(self.writes.try_send(Write::hand_over(to, answer))),
            Ask::Whose { key } => {
                let Ok(permit) = Arc::clone(&self.lookups).try_acquire_owned() else { return };
                let shared = Arc::clone(&self.shared);
                let institution = Arc::clone(&self.institution);
                let news = self.news.clone();
                self.tasks.spawn(async move {
                    news.send(owners::look_up(&shared, &institution, key).await);
                    drop(permit);
                });
            }
        }
    }
}

impl Drop for RedisSeat {
    fn drop(&mut self) {
        let mut institutions = self.shared.institutions();
        if institutions.get(&self.institution).is_some_and(|own| own.breakers.same_channel(&self.breakers)) {
            institutions.remove(&self.institution);
        }
    }
}

impl Shared {
    /// Sends commands, and returns what the last one is answered with. All keys must have one hash tag.
    async fn send<T: FromRedisValue>(&self, pipeline: &Pipeline) -> RedisResult<T> {
        let Some(mut link) = self.link.borrow().clone() else { return Err(not_connected()) };
        let sent = timeout(COMMAND_PATIENCE, pipeline.query_async(&mut link)).await;
        self.noted(sent.unwrap_or_else(|_| Err(too_slow())))
    }

    /// Runs a script.
    async fn run<T: FromRedisValue>(&self, script: &redis::ScriptInvocation<'_>) -> RedisResult<T> {
        let Some(mut link) = self.link.borrow().clone() else { return Err(not_connected()) };
        let run = timeout(COMMAND_PATIENCE, script.invoke_async(&mut link)).await;
        self.noted(run.unwrap_or_else(|_| Err(too_slow())))
    }

    /// Remembers that a command failed, for the status.
    fn noted<T>(&self, result: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &result {
            self.seen().failed(error);
            self.trouble.notify_one();
        }
        result
    }

    fn institutions(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Institution>> {
        self.institutions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, watching::Seen> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("instance", &self.shared.instance).finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSeat").field("institution", &self.institution).finish_non_exhaustive()
    }
}

fn not_connected() -> RedisError {
    RedisError::from((ErrorKind::Io, "there is no connection"))
}

fn too_slow() -> RedisError {
    RedisError::from((ErrorKind::Io, "it does not answer in time"))
}
