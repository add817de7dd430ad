//! The adaptive limit with a model institution of known capacity: some workers with one queue in front of them.

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::mutant::is_caught;

const MS: Duration = Duration::from_millis(1);

/// A model institution, and the load on it.
#[derive(Clone, Copy, Debug)]
struct Case {
    workers: usize,
    service_ms: u64,
    /// A second kind of telegram, as frequent as the first, takes this many times longer.
    slow_factor: u64,
    network_ms: u64,
    contract: usize,
    /// Offered requests, in percent of the capacity.
    load_percent: u64,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Offer,
    /// The request reaches the institution.
    Arrives(Ticket),
    /// A worker is done.
    Done(Ticket),
    Answered(Ticket),
    TimedOut(Ticket),
    Released(Ticket),
    Tick,
}

struct World {
    case: Case,
    flow: Flow,
    random: u64,
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    next_id: u64,
    /// When each request was sent. Those that were answered or timed out are gone.
    sent: BTreeMap<Ticket, Duration>,
    idle_workers: usize,
    line: VecDeque<Ticket>,
    is_silent: bool,
    slowness: u64,
    answers: u64,
    latency: Duration,
    limits: Vec<usize>,
}

const TIMEOUT_MS: u64 = 2000;
const QUARANTINE_MS: u64 = 3000;

impl World {
    fn new(case: Case) -> Self {
        let contract = GateSettings { rate: None, inflight_max: case.contract, adapts: true };
        let settings = FlowSettings { contract, businesses: BTreeMap::new(), reserved_percent: 0, queue_max: 10_000 };
        let mut world = Self {
            case,
            flow: Flow::new(settings),
            random: 0x9E37_79B9_7F4A_7C15,
            now: Duration::from_secs(1),
            events: BTreeMap::new(),
            serial: 0,
            next_id: 0,
            sent: BTreeMap::new(),
            idle_workers: case.workers,
            line: VecDeque::new(),
            is_silent: false,
            slowness: 1,
            answers: 0,
            latency: Duration::ZERO,
            limits: Vec::new(),
        };
        world.after(0, Event::Offer);
        world
    }

    fn after(&mut self, wait_us: u64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + Duration::from_micros(wait_us), self.serial), event);
    }

    fn dice(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    /// The mean service time in microseconds.
    fn mean_service_us(&self) -> u64 {
        self.case.service_ms * 1000 * (1 + self.case.slow_factor) / 2
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        self.answers = 0;
        self.latency = Duration::ZERO;
        self.limits.clear();
        while self.now < end {
            let next = self.events.first_key_value().map(|((time, _), _)| *time);
            let event = match (self.flow.deadline(), next) {
                (Some(deadline), Some(next)) if deadline < next => {
                    self.now = self.now.max(deadline);
                    Event::Tick
                }
                _ => {
                    let ((time, _), event) = self.events.pop_first().unwrap();
                    self.now = time;
                    event
                }
            };
            self.happen(event);
            while let Some(event) = self.flow.next(self.now) {
                if let FlowEvent::Start(id) = event {
                    self.flow.written(id, self.now);
                    self.sent.insert(id, self.now);
                    self.after(self.case.network_ms * 500, Event::Arrives(id));
                    self.after(TIMEOUT_MS * 1000, Event::TimedOut(id));
                }
            }
            assert!(self.flow.deadline().is_none_or(|deadline| deadline > self.now), "something is due and not done");
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Offer => {
                let id = Ticket(self.next_id);
                self.next_id += 1;
                let deadline = self.now + 500 * MS;
                let _ = self
                    .flow
                    .offer(&Offer { id, priority: Priority::Customer, business: None, caller: 0, deadline }, self.now);
                let gap =
                    self.mean_service_us() * 100 / u64::try_from(self.case.workers).unwrap() / self.case.load_percent;
                let jitter = self.dice(gap.max(1) * 2);
                self.after(jitter, Event::Offer);
            }
            Event::Arrives(_) if self.is_silent => {}
            Event::Arrives(id) => {
                self.line.push_back(id);
                self.serve();
            }
            Event::Done(id) => {
                self.idle_workers += 1;
                self.after(self.case.network_ms * 500, Event::Answered(id));
                self.serve();
            }
            Event::Answered(id) => {
                if let Some(sent) = self.sent.remove(&id) {
                    self.answers += 1;
                    self.latency += self.now - sent;
                    self.limits.push(self.flow.status(self.now).contract.limit);
                }
                self.flow.answered(id, self.now);
            }
            Event::TimedOut(id) => {
                if self.sent.remove(&id).is_some() {
                    self.flow.timed_out(id, self.now);
                    self.after(QUARANTINE_MS * 1000, Event::Released(id));
                }
            }
            Event::Released(id) => self.flow.released(id, self.now),
            Event::Tick => {}
        }
    }

    fn serve(&mut self) {
        while self.idle_workers > 0
            && let Some(id) = self.line.pop_front()
        {
            self.idle_workers -= 1;
            let factor = if self.dice(2) == 0 { 1 } else { self.case.slow_factor };
            // Evenly spread between half and one and a half of the mean.
            let mean = self.case.service_ms * 1000 * factor * self.slowness;
            let time = mean / 2 + self.dice(mean);
            self.after(time, Event::Done(id));
        }
    }

    /// The throughput in percent of the capacity in this many seconds.
    fn used_percent(&mut self, seconds: u64) -> u64 {
        self.run(seconds);
        let capacity =
            u64::try_from(self.case.workers).unwrap() * seconds * 1_000_000 / (self.mean_service_us() * self.slowness);
        self.answers * 100 / capacity
    }

    fn mean_latency_ms(&self) -> u64 {
        u64::try_from(self.latency.as_millis()).unwrap() / self.answers.max(1)
    }
}

const CASES: [Case; 5] = [
    Case { workers: 10, service_ms: 20, slow_factor: 1, network_ms: 2, contract: 100, load_percent: 150 },
    Case { workers: 4, service_ms: 50, slow_factor: 1, network_ms: 10, contract: 500, load_percent: 200 },
    Case { workers: 50, service_ms: 40, slow_factor: 10, network_ms: 5, contract: 400, load_percent: 130 },
    Case { workers: 1, service_ms: 10, slow_factor: 1, network_ms: 1, contract: 20, load_percent: 300 },
    Case { workers: 8, service_ms: 30, slow_factor: 1, network_ms: 200, contract: 200, load_percent: 150 },
];

/// The institution gets what it can do, without a long queue in it, and again after it was silent.
fn the_limit_tracks_the_capacity() {
    for case in CASES {
        let mut world = World::new(case);
        world.run(10);
        let used = world.used_percent(20);
        assert!(used >= 90, "{case:?}: {used} %, limits {:?}", world.limits.iter().min());
        world.is_silent = true;
        world.run(10);
        world.is_silent = false;
        world.line.clear();
        world.run(20);
        let used = world.used_percent(20);
        assert!(used >= 90, "{case:?} after the silence: {used} %, limits {:?}", world.limits.iter().min());
        let limit = world.limits.iter().min();
        assert!(case.workers == 1 || limit > Some(&1), "{case:?}: the limit collapsed");
    }
}

/// An institution that becomes slower for good is used again, and one that becomes quick again, too.
fn a_slower_institution_is_used() {
    let case = CASES[0];
    let mut world = World::new(Case { load_percent: 200, ..case });
    // A quiet beginning shows the latency without a queue.
    world.case.load_percent = 20;
    world.run(10);
    world.case.load_percent = 200;
    for slowness in [5, 1, 3] {
        world.slowness = slowness;
        world.run(20);
        let used = world.used_percent(30);
        assert!(used >= 90, "{slowness} times slower: {used} %");
    }
}

/// After a quiet time has shown the latency without a queue, the guard keeps the queue in the institution short, so that
/// requests wait here, where priorities and deadlines count.
fn the_queue_stays_here() {
    let case = CASES[0];
    let mut world = World::new(Case { load_percent: 20, ..case });
    world.run(20);
    world.case.load_percent = 300;
    let used = world.used_percent(40);
    assert!(used >= 90, "{used} %");
    let latency = world.mean_latency_ms();
    // The contract would allow a queue of 100 requests: 200 ms. Without any queue it is 22 ms.
    assert!(latency <= 3 * 22, "{latency} ms");
}

/// A limit that is not reached does not grow.
fn an_unreached_limit_stays() {
    let case = CASES[0];
    let mut world = World::new(case);
    world.is_silent = true;
    world.run(10);
    world.is_silent = false;
    world.line.clear();
    world.case.load_percent = 10;
    world.run(10);
    let before = world.flow.status(world.now).contract.limit;
    world.run(30);
    let after = world.flow.status(world.now).contract.limit;
    assert!(before < case.contract && after <= before + 1, "from {before} to {after}");
}

/// The time-outs of one stall cut the limit once.
fn one_stall_is_one_cause() {
    let mut world = World::new(CASES[0]);
    world.run(10);
    let before = world.flow.status(world.now).contract.limit;
    world.is_silent = true;
    world.run(3);
    let status = world.flow.status(world.now).contract;
    assert_eq!(status.limit_cause, Some(LimitCause::Timeout));
    assert!(status.limit * 5 >= before * 4, "from {before} to {}", status.limit);
}

#[test]
fn the_limit_uses_what_an_institution_can_do() {
    the_limit_tracks_the_capacity();
}

#[test]
fn an_institution_that_becomes_slower_does_not_collapse_the_limit() {
    a_slower_institution_is_used();
}

#[test]
fn requests_wait_here_and_not_in_the_institution() {
    the_queue_stays_here();
}

#[test]
fn the_time_outs_of_one_stall_cut_once() {
    one_stall_is_one_cause();
}

#[test]
fn the_limit_grows_only_while_it_is_reached() {
    an_unreached_limit_stays();
}

#[test]
fn each_mutant_of_the_limit_is_caught() {
    assert!(is_caught(Mutant::GrowsUnreached, an_unreached_limit_stays));
    assert!(is_caught(Mutant::FollowsTheMinimum, a_slower_institution_is_used));
    assert!(is_caught(Mutant::CutsForEachTimeout, one_stall_is_one_cause));
    assert!(is_caught(Mutant::NeverGrows, the_limit_tracks_the_capacity));
}
