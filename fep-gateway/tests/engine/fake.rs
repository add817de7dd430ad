//! A coordinator for several gateways in one process. Its messages can be delayed and lost, and it can be away, forget, and
//! declare an instance dead.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fep_gateway::coordinator::{Coordinator, Joining, NewsSender, Seat};
use fep_protocol::breaker::{BreakerScope, BreakerSnapshot};
use fep_protocol::coordination::{Ask, Division, KeyOwner, News, Terms};
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceCounter;
use tokio::time::{Instant, sleep};

pub(crate) const TERMS: Terms = Terms {
    instances_max: 2,
    lease: Duration::from_millis(600),
    report_every: Duration::from_millis(100),
    owner_timeout: Duration::from_millis(500),
};

/// The store that the instances share.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    state: Arc<Mutex<State>>,
    started: Instant,
}

#[derive(Debug)]
struct State {
    institutions: BTreeMap<Arc<str>, Shared>,
    /// How long each message takes.
    delay: Duration,
    /// Each message with this number is lost. 0 for none.
    loses_each: usize,
    messages: usize,
    is_away: bool,
}

#[derive(Debug)]
struct Shared {
    division: Division,
    /// Durable: it is not forgotten.
    traces: TraceCounter,
    breakers: BTreeMap<BreakerScope, BreakerSnapshot>,
    /// Who sends the echo test for a breaker: the instance, the generation, and until when.
    probes: BTreeMap<BreakerScope, (Arc<str>, u64, Duration)>,
    owners: HashMap<Key, Arc<str>>,
    seats: BTreeMap<Arc<str>, NewsSender>,
    joining: Joining,
}

/// One instance's coordinator.
#[derive(Debug)]
struct FakeCoordinator {
    instance: Arc<str>,
    cluster: Cluster,
}

#[derive(Debug)]
struct FakeSeat {
    instance: Arc<str>,
    institution: Arc<str>,
    cluster: Cluster,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let state = State {
            institutions: BTreeMap::new(),
            delay: Duration::from_millis(1),
            loses_each: 0,
            messages: 0,
            is_away: false,
        };
        Self { state: Arc::new(Mutex::new(state)), started: Instant::now() }
    }

    pub(crate) fn instance(&self, name: &str) -> Arc<dyn Coordinator> {
        Arc::new(FakeCoordinator { instance: name.into(), cluster: self.clone() })
    }

    pub(crate) fn go_away(&self, is_away: bool) {
        self.state().is_away = is_away;
    }

    pub(crate) fn delay(&self, delay: Duration, loses_each: usize) {
        let mut state = self.state();
        state.delay = delay;
        state.loses_each = loses_each;
    }

    /// Loses everything but the trace numbers.
    pub(crate) fn forget(&self) {
        let now = self.started.elapsed();
        for shared in self.state().institutions.values_mut() {
            shared.division = Division::new(TERMS, shared.joining.contract, now);
            shared.breakers.clear();
            shared.probes.clear();
            shared.owners.clear();
        }
    }

    /// Declares an instance dead, which the test knows it is.
    pub(crate) fn fence(&self, instance: &str) {
        let now = self.started.elapsed();
        for shared in self.state().institutions.values_mut() {
            shared.division.fence(&instance.into(), now);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Counts a message. Returns its delay, or `None` if it is lost.
    fn carry(&self) -> Option<Duration> {
        let mut state = self.state();
        state.messages += 1;
        let is_lost = state.loses_each > 0 && state.messages.is_multiple_of(state.loses_each);
        (!state.is_away && !is_lost).then_some(state.delay)
    }

    fn send(&self, to: NewsSender, news: News) {
        let Some(delay) = self.carry() else { return };
        tokio::spawn(async move {
            sleep(delay).await;
            to.send(news);
        });
    }

    fn hear(&self, institution: &Arc<str>, instance: &Arc<str>, ask: Ask) {
        let now = self.started.elapsed();
        let mut sent = Vec::new();
        {
            let mut state = self.state();
            let Some(shared) = state.institutions.get_mut(institution) else { return };
            let own = |news| (Arc::clone(instance), news);
            match ask {
                Ask::Traces { day, for_what } => {
                    let block = shared.traces.next(day, for_what);
                    sent.push(own(block.map_or(News::TracesUsedUp { day, for_what }, News::Traces)));
                }
                Ask::Report(report) => {
                    sent.push(own(match shared.division.report(instance, &report, now) {
                        Ok(grant) => News::Grant(grant),
                        Err(fenced) => News::Fenced(fenced),
                    }));
                }
                Ask::Breaker(snapshot) => {
                    let known = shared.breakers.get(&snapshot.scope).map_or(0, |known| known.generation);
                    if snapshot.generation > known {
                        shared.breakers.insert(snapshot.scope.clone(), snapshot.clone());
                        let others = shared.seats.keys().filter(|other| *other != instance);
                        sent.extend(others.map(|other| (Arc::clone(other), News::Breaker(snapshot.clone()))));
                    }
                }
                Ask::Probe { scope, generation, lease } => {
                    let known = shared.probes.get(&scope);
                    let is_taken =
                        known.is_some_and(|(by, of, until)| by != instance && *of >= generation && *until > now);
                    if !is_taken {
                        shared.probes.insert(scope.clone(), (Arc::clone(instance), generation, now + lease));
                    }
                    sent.push(own(News::Probe { scope, generation, may: !is_taken }));
                }
                Ask::Own { key, .. } => drop(shared.owners.insert(key, Arc::clone(instance))),
                Ask::Whose { key } => {
                    let owner = shared.owners.get(&key).filter(|owner| *owner != instance);
                    let owner = owner.map_or(KeyOwner::Nobody, |owner| KeyOwner::Instance(Arc::clone(owner)));
                    sent.push(own(News::Owner { key, owner }));
                }
                Ask::HandOver { to, answer } => sent.push((to, News::Answer(answer))),
            }
        }
        for (to, news) in sent {
            let seat = self.state().institutions.get(institution).and_then(|shared| shared.seats.get(&to).cloned());
            seat.into_iter().for_each(|seat| self.send(seat, news.clone()));
        }
    }
}

impl Coordinator for FakeCoordinator {
    fn instance(&self) -> Arc<str> {
        Arc::clone(&self.instance)
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    fn join(&self, joining: Joining, news: NewsSender) -> Box<dyn Seat> {
        let institution = Arc::clone(&joining.institution);
        let now = self.cluster.started.elapsed();
        let mut state = self.cluster.state();
        let shared = state.institutions.entry(Arc::clone(&institution)).or_insert_with(|| Shared {
            division: Division::new(TERMS, joining.contract, now),
            traces: TraceCounter::new(joining.traces, joining.used.clone()),
            breakers: BTreeMap::new(),
            probes: BTreeMap::new(),
            owners: HashMap::new(),
            seats: BTreeMap::new(),
            joining,
        });
        shared.seats.insert(Arc::clone(&self.instance), news.clone());
        let known: Vec<_> = shared.breakers.values().cloned().collect();
        drop(state);
        known.into_iter().for_each(|snapshot| self.cluster.send(news.clone(), News::Breaker(snapshot)));
        Box::new(FakeSeat { instance: Arc::clone(&self.instance), institution, cluster: self.cluster.clone() })
    }
}

impl Seat for FakeSeat {
    fn ask(&mut self, ask: Ask) {
        let Some(delay) = self.cluster.carry() else { return };
        let instance = Arc::clone(&self.instance);
        let institution = Arc::clone(&self.institution);
        let cluster = self.cluster.clone();
        tokio::spawn(async move {
            sleep(delay).await;
            cluster.hear(&institution, &instance, ask);
        });
    }
}
