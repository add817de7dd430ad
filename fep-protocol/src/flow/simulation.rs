//! Random requests, shares, answers and losses over the gates, from a seed. The world keeps its own account of what the
//! institution sees, and checks it after each step. Each mutant breaks one of these properties.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::*;
use crate::mutant::is_caught;

const MS: Duration = Duration::from_millis(1);
const WINDOW: Duration = Duration::from_millis(100);
const RATE_MAX: usize = 12;
const INFLIGHT_MAX: usize = 10;
const BUSINESS_INFLIGHT_MAX: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Event {
    Offer,
    Written(Ticket),
    Unsent(Ticket),
    Answered(Ticket),
    Busy(Ticket),
    TimedOut(Ticket),
    LinkLost(Ticket),
    Released(Ticket),
    Withdraw(Ticket),
    Share,
    Retune,
    Close,
    Tick,
}

#[derive(Clone, Debug)]
struct Request {
    offer: Offer,
    ended: bool,
    started: bool,
}

/// What happened, so that the world can be shown to be hostile.
#[derive(Debug, Default)]
struct Counts {
    started: usize,
    refused: BTreeMap<&'static str, usize>,
    unanswered: usize,
    withdrawn: usize,
}

struct World {
    flow: Flow,
    random: u64,
    /// Only customers and batches, no shares.
    is_everyday: bool,
    /// Whether a person changes the contract now and then.
    is_changing: bool,
    /// The contract that holds: its rate and its places.
    holds: (usize, usize),
    now: Duration,
    events: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    requests: HashMap<Ticket, Request>,
    /// Those that wait, in order of their numbers.
    waiting: BTreeSet<Ticket>,
    /// Those that the institution may be busy with.
    occupying: BTreeSet<Ticket>,
    writes: Vec<(Duration, Priority)>,
    counts: Counts,
}

fn settings() -> FlowSettings {
    settings_of(RATE_MAX, INFLIGHT_MAX)
}

fn settings_of(rate_max: usize, inflight_max: usize) -> FlowSettings {
    let gate = |rate_max: usize, inflight_max| GateSettings {
        rate: Some(RateSettings { max: rate_max, window: WINDOW, burst_max: rate_max }),
        inflight_max,
        adapts: true,
    };
    FlowSettings {
        contract: gate(rate_max, inflight_max),
        businesses: BTreeMap::from([("100".to_owned(), gate(5, BUSINESS_INFLIGHT_MAX))]),
        reserved_percent: 20,
        queue_max: 20,
    }
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            flow: Flow::new(settings()),
            random: seed | 1,
            is_everyday: seed.is_multiple_of(4),
            is_changing: false,
            holds: (RATE_MAX, INFLIGHT_MAX),
            now: Duration::from_secs(1),
            events: BTreeMap::new(),
            serial: 0,
            requests: HashMap::new(),
            waiting: BTreeSet::new(),
            occupying: BTreeSet::new(),
            writes: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// A random number below `below`.
    fn dice(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below
    }

    fn after(&mut self, wait_ms: u64, event: Event) {
        self.serial += 1;
        self.events.insert((self.now + MS * u32::try_from(wait_ms).unwrap(), self.serial), event);
    }

    fn run(&mut self, requests: u64) {
        let mut at = 0;
        for _ in 0..requests {
            at += self.dice(12);
            self.after(at, Event::Offer);
        }
        for step in 0..at / 500 {
            let is_share = step % 3 != 2 && !self.is_everyday && !self.is_changing;
            self.after(step * 500, if is_share { Event::Share } else { Event::Close });
        }
        let changes = if self.is_changing { at / 70 } else { 0 };
        for step in 0..changes {
            self.after(step * 70, Event::Retune);
        }
        loop {
            let next = self.events.first_key_value().map(|((time, _), _)| *time);
            let event = match (self.flow.deadline(), next) {
                (None, None) => break,
                (Some(deadline), next) if next.is_none_or(|next| deadline < next) => {
                    self.now = self.now.max(deadline);
                    Event::Tick
                }
                _ => {
                    let Some(((time, _), event)) = self.events.pop_first() else { break };
                    self.now = time;
                    event
                }
            };
            self.happen(event);
            self.take_events();
            assert!(self.flow.deadline().is_none_or(|deadline| deadline > self.now), "something is due and not done");
            self.check();
        }
        let unended: Vec<_> = self.requests.values().filter(|request| !request.ended).collect();
        assert!(unended.is_empty(), "never ended: {unended:?}");
        assert!(self.occupying.is_empty() && self.flow.status(self.now).contract.inflight == 0);
    }

    fn happen(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Offer => self.offer(),
            Event::Written(id) => {
                self.writes.push((now, self.requests[&id].offer.priority));
                self.flow.written(id, now);
            }
            Event::Unsent(id) => {
                self.occupying.remove(&id);
                self.flow.unsent(id, now);
            }
            Event::Answered(id) => {
                self.occupying.remove(&id);
                self.flow.answered(id, now);
            }
            Event::Busy(id) => {
                self.occupying.remove(&id);
                self.flow.busy(id, now);
            }
            Event::TimedOut(id) => {
                self.counts.unanswered += 1;
                self.flow.timed_out(id, now);
            }
            Event::LinkLost(id) => {
                self.counts.unanswered += 1;
                self.flow.link_lost(id, now);
            }
            Event::Released(id) => {
                self.occupying.remove(&id);
                self.flow.released(id, now);
            }
            Event::Withdraw(id) => {
                if self.flow.withdraw(id) {
                    self.counts.withdrawn += 1;
                    self.end(id);
                }
            }
            Event::Share => {
                let rate_max = Some(usize::try_from(self.dice(RATE_MAX as u64) + 1).unwrap());
                let inflight_max = usize::try_from(self.dice(INFLIGHT_MAX as u64) + 1).unwrap();
                self.flow.share(Share { rate_max, inflight_max }, now);
            }
            Event::Retune => {
                let rate_max = usize::try_from(self.dice(RATE_MAX as u64) + 1).unwrap();
                let inflight_max = usize::try_from(self.dice(INFLIGHT_MAX as u64) + 1).unwrap();
                self.holds = (rate_max, inflight_max);
                self.flow.retune(&settings_of(rate_max, inflight_max), now);
            }
            Event::Close => self.flow.close(Some("100")),
            Event::Tick => {}
        }
    }

    fn offer(&mut self) {
        let id = Ticket(u64::try_from(self.requests.len()).unwrap());
        let index = if self.is_everyday { 2 + self.dice(2) } else { self.dice(4) };
        let priority = Priority::ALL[usize::try_from(index).unwrap()];
        let business = ["100", "200"][usize::try_from(self.dice(2)).unwrap()];
        let wait = self.dice(300);
        let offer = Offer {
            id,
            priority,
            business: Some(business.to_owned()),
            caller: self.dice(3),
            deadline: (self.now + MS * u32::try_from(wait).unwrap()).saturating_sub(20 * MS),
        };
        match self.flow.offer(&offer, self.now) {
            Ok(()) => {
                self.waiting.insert(id);
                self.requests.insert(id, Request { offer, ended: false, started: false });
                if self.dice(20) == 0 {
                    self.after(wait / 2, Event::Withdraw(id));
                }
            }
            Err(refusal) => {
                *self.counts.refused.entry(refusal.code()).or_default() += 1;
                self.requests.insert(id, Request { offer, ended: true, started: false });
            }
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.flow.next(self.now) {
            match event {
                FlowEvent::Start(id) => self.started(id),
                FlowEvent::Refused(id, refusal) => {
                    *self.counts.refused.entry(refusal.code()).or_default() += 1;
                    let deadline = self.requests[&id].offer.deadline;
                    assert!(self.now <= deadline, "refused {:?} after its deadline", self.now - deadline);
                    self.end(id);
                }
            }
        }
    }

    fn started(&mut self, id: Ticket) {
        self.counts.started += 1;
        self.end(id);
        let offer = self.requests.get_mut(&id).unwrap();
        offer.started = true;
        let offer = offer.offer.clone();
        assert!(self.now < offer.deadline, "started at or after its deadline");
        let rank = |priority| Priority::ALL.iter().position(|one| *one == priority).unwrap();
        for other in &self.waiting {
            let other = &self.requests[other].offer;
            let is_behind = rank(other.priority) < rank(offer.priority) && other.business == offer.business;
            assert!(!is_behind || other.deadline <= self.now, "{other:?} stood behind {offer:?}");
        }
        self.occupying.insert(id);
        let (rate_max, inflight_max) = self.holds;
        assert!(
            self.occupying.len() <= inflight_max,
            "it started as number {} of {inflight_max}",
            self.occupying.len()
        );
        let inside = self.writes.iter().rev().take_while(|(at, _)| *at + WINDOW > self.now).count();
        assert!(inside < rate_max, "it started behind {inside} in the window of {rate_max}");
        let handed_over = self.dice(80);
        match self.dice(12) {
            0 => return self.after(handed_over, Event::Unsent(id)),
            _ => self.after(handed_over, Event::Written(id)),
        }
        let latency = handed_over + 1 + self.dice(60);
        match self.dice(16) {
            0 | 1 => {
                self.after(handed_over + 60, Event::TimedOut(id));
                let end = if self.dice(2) == 0 { Event::Released(id) } else { Event::Answered(id) };
                self.after(handed_over + 300, end);
            }
            2 => {
                self.after(latency, Event::LinkLost(id));
                self.after(latency + 200, Event::Released(id));
            }
            3 => self.after(latency, Event::Busy(id)),
            _ => self.after(latency, Event::Answered(id)),
        }
    }

    fn end(&mut self, id: Ticket) {
        self.waiting.remove(&id);
        let request = self.requests.get_mut(&id).expect("only an offered request can end");
        assert!(!request.ended, "{id:?} ended twice");
        request.ended = true;
    }

    /// The world's own account of what the institution sees.
    fn check(&mut self) {
        let inside = self.writes.iter().rev().take_while(|(at, _)| *at + WINDOW > self.now);
        let is_ordinary: Vec<_> = inside.map(|(_, priority)| !priority.is_privileged()).collect();
        assert!(is_ordinary.len() <= RATE_MAX, "{} telegrams in one window", is_ordinary.len());
        let ordinary = is_ordinary.iter().filter(|is_ordinary| **is_ordinary).count();
        assert!(ordinary <= RATE_MAX - 3, "{ordinary} customers in one window, and three of it are reserved");
        assert!(self.occupying.len() <= INFLIGHT_MAX, "{} in flight", self.occupying.len());
        let of_business = |id: &&Ticket| self.requests[*id].offer.business.as_deref() == Some("100");
        let business = self.occupying.iter().filter(of_business).count();
        assert!(business <= BUSINESS_INFLIGHT_MAX, "{business} in flight of business 100");
        let ordinary = |id: &&Ticket| !self.requests[*id].offer.priority.is_privileged();
        let ordinary = self.occupying.iter().filter(ordinary).count();
        assert!(ordinary <= INFLIGHT_MAX - 2, "{ordinary} customers in flight, and two places are reserved");
        let status = self.flow.status(self.now).contract;
        assert_eq!(status.inflight + status.unanswered, self.occupying.len());
        assert!(status.limit >= 1 && status.limit <= INFLIGHT_MAX, "{status:?}");
    }
}

fn the_gates_hold() {
    let mut started = 0;
    let mut unanswered = 0;
    let mut withdrawn = 0;
    let mut refused: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 1..=24 {
        let mut world = World::new(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        world.run(800);
        started += world.counts.started;
        unanswered += world.counts.unanswered;
        withdrawn += world.counts.withdrawn;
        for (code, count) in world.counts.refused {
            *refused.entry(code).or_default() += count;
        }
    }
    // The world must have been hostile, and the gates must have let much through.
    assert!(started > 4000 && unanswered > 500 && withdrawn > 20, "{started} {unanswered} {withdrawn}");
    let codes = ["closed_while_waiting", "offered_too_late", "queue_full", "rate_limit", "waited_too_long"];
    assert!(codes.iter().all(|code| refused.get(code).is_some_and(|count| *count > 20)), "{refused:?}");
}

/// A person changes the contract while requests wait and are in flight: each start keeps the one that holds.
fn other_contracts_hold_at_once() {
    let mut started = 0;
    for seed in 1..=40 {
        let mut world = World::new(0xD1B5_4A32_D192_ED03_u64.wrapping_mul(seed));
        world.is_changing = true;
        world.run(400);
        started += world.counts.started;
    }
    assert!(started > 2000, "{started}");
}

/// Two instances share one contract. The one that gives up a part of its share does so before the other one takes it.
fn a_moving_share_keeps_the_contract() {
    for seed in 1..=200_u64 {
        let mut world = World::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut instances = [Flow::new(settings()), Flow::new(settings())];
        let mut shares = [RATE_MAX, 0];
        let mut writes: Vec<Duration> = Vec::new();
        let share = |rate_max| Share { rate_max: Some(rate_max), inflight_max: 1000 };
        instances[1].share(share(0), world.now);
        for number in 0..400 {
            let step = u32::try_from(world.dice(6)).unwrap();
            world.now += MS * step;
            let now = world.now;
            if world.dice(40) == 0 {
                let moved = usize::try_from(world.dice(12)).unwrap().min(shares[0].max(shares[1]));
                let giver = usize::from(shares[1] > shares[0]);
                shares[giver] -= moved;
                shares[1 - giver] += moved;
                instances[giver].share(share(shares[giver]), now);
                instances[1 - giver].share(share(shares[1 - giver]), now);
            }
            for (instance, flow) in instances.iter_mut().enumerate() {
                let id = Ticket(number * 2 + u64::try_from(instance).unwrap());
                let deadline = now + 5000 * MS;
                let offer = Offer { id, priority: Priority::Inquiry, business: None, caller: 0, deadline };
                let _ = flow.offer(&offer, now);
                while let Some(event) = flow.next(now) {
                    let FlowEvent::Start(id) = event else { continue };
                    flow.answered(id, now);
                    writes.push(now);
                }
            }
            let inside = writes.iter().rev().take_while(|write| **write + WINDOW > now).count();
            assert!(inside <= RATE_MAX, "seed {seed}: {inside} telegrams of two instances in one window");
        }
        assert!(writes.len() > 20, "{}", writes.len());
    }
}

#[test]
fn the_contract_holds_in_a_hostile_world() {
    the_gates_hold();
}

#[test]
fn other_contracts_hold_while_requests_are_in_flight() {
    other_contracts_hold_at_once();
}

#[test]
fn two_instances_keep_the_contract_while_their_shares_move() {
    a_moving_share_keeps_the_contract();
}

#[test]
fn each_mutant_of_the_gates_is_caught() {
    for mutant in [
        Mutant::RateCountsTheDecision,
        Mutant::UnansweredFreesItsPlace,
        Mutant::StartsAfterTheDeadline,
        Mutant::OnePriority,
        Mutant::NoReserve,
    ] {
        assert!(is_caught(mutant, the_gates_hold), "{mutant:?} was not caught");
    }
    assert!(is_caught(Mutant::OtherRateForgets, other_contracts_hold_at_once));
    assert!(is_caught(Mutant::ShareGrowsAtOnce, a_moving_share_keeps_the_contract));
}
