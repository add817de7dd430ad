//! Thousands of exchanges with an institution that drops, delays, repeats and garbles telegrams, over links that break. All
//! randomness comes from a seed.
//!
//! The tests check the invariants of ARCHITECTURE in this world. An answer reaches only the request whose key it carries.
//! No bytes are written twice or unjournaled. Every request ends once. Unknown never becomes not sent. The limits in flight
//! and of the rate are kept. Nothing starts while the breaker is tripped.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::Range;

use super::tests::{ToyTelegrams, answered, at, flow, settings};
use super::*;
use crate::breaker::{BreakerSettings, BreakerState};
use crate::coordination::Ask;
use crate::flow::RateSettings;
use crate::mutant::{Mutant, is_caught};
use crate::reason::CloseReason;
use crate::terms::{Duty, Priority};
use crate::trace::TraceCounter;

const MS: Duration = Duration::from_millis(1);

/// Spreads small seeds over all bits. It is odd, so the product is even exactly if the seed is.
const SPREAD: u64 = 0x1234_5678_9ABC_DEF1;

/// The institution answers nothing in this time.
const OUTAGE: Range<Duration> = Duration::from_millis(1000)..Duration::from_millis(1600);

const BREAKER: BreakerSettings = BreakerSettings {
    failures_in_row: 5,
    window: Duration::from_secs(2),
    failure_percent: 20,
    volume_min: 20,
    wait_min: Duration::from_millis(200),
    wait_max: Duration::from_secs(1),
    echo_first: true,
    probe_timeout: Duration::from_secs(6),
    trial_inflight_max: 2,
    trial_answers: 3,
    lane_inflight_max: 0,
};

/// An event that the world sends to the machine at some time.
#[derive(Debug)]
enum Event {
    Request,
    Connected(Incarnation),
    Refused(Incarnation),
    Journaled(Ticket, bool),
    /// The link's writer took the bytes.
    Handed(Ticket, Incarnation, TelegramBytes),
    Received(Incarnation, TelegramBytes),
    Break(Incarnation),
    /// The coordinator hears a question.
    Asked(Ask),
    Tick,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Ends {
    answered: usize,
    not_sent: usize,
    unknown: usize,
    settled: usize,
}

struct World {
    machine: Institution<ToyTelegrams>,
    traces: TraceCounter,
    random: u64,
    now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    journaled: HashSet<Ticket>,
    /// Bytes that wait for a link's writer: they are not handed to the kernel yet.
    waiting: HashMap<Ticket, Incarnation>,
    alive: HashSet<Incarnation>,
    requests: HashMap<Ticket, TelegramBytes>,
    handed: HashSet<Ticket>,
    ends: HashMap<Ticket, Vec<FinalState>>,
    /// Exchanges that the institution has not answered.
    occupied: HashSet<Ticket>,
    ended: Ends,
    /// Requests that the machine took.
    accepted: HashSet<Ticket>,
    has_outage: bool,
    inflight_max: usize,
    rate: RateSettings,
    /// When requests were written in the last window.
    written: VecDeque<Duration>,
    breaker: BreakerState,
    trips: usize,
}

impl World {
    /// With even seeds the limits are reached all the time. With odd ones the institution has an outage.
    fn new(seed: u64) -> Self {
        let policy = SessionPolicy {
            sign_on: true,
            sign_off: true,
            echo_test: true,
            echo_interval: 2000 * MS,
            echo_idle: 1000 * MS,
            ..SessionPolicy::default()
        };
        let mut settings = settings(3, policy);
        let is_tight = seed.is_multiple_of(2);
        let inflight_max = if is_tight { 80 } else { 400 };
        let max = if is_tight { 120 } else { 1000 };
        let rate = RateSettings { max, window: 1000 * MS, burst_max: max / 4 };
        settings.flow = FlowSettings { reserved_percent: 5, queue_max: 50, ..flow(inflight_max, Some(rate)) };
        settings.flow.contract.adapts = is_tight;
        settings.breaker =
            Some(BreakerPolicy { settings: BREAKER, alternatives: BTreeMap::new(), start: at(Duration::ZERO) });
        settings.quarantine = 20_000 * MS;
        let traces = TraceCounter::new(settings.traces, None);
        let mut machine = Institution::new(settings, ToyTelegrams::default(), seed);
        machine.start(at(Duration::ZERO));
        Self {
            machine,
            traces,
            random: seed,
            now: Duration::ZERO,
            queue: BTreeMap::new(),
            serial: 0,
            journaled: HashSet::new(),
            waiting: HashMap::new(),
            alive: HashSet::new(),
            requests: HashMap::new(),
            handed: HashSet::new(),
            ends: HashMap::new(),
            occupied: HashSet::new(),
            ended: Ends::default(),
            accepted: HashSet::new(),
            has_outage: !is_tight,
            inflight_max,
            rate,
            written: VecDeque::new(),
            breaker: BreakerState::Passing,
            trips: 0,
        }
    }

    /// A random number below `below`.
    fn dice(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn after(&mut self, wait_ms: u64, event: Event) {
        self.serial += 1;
        self.queue.insert((self.now + MS * u32::try_from(wait_ms).unwrap(), self.serial), event);
    }

    fn run(&mut self, requests: u64) {
        for number in 0..requests {
            self.after(number * 5, Event::Request);
        }
        self.obey();
        let end = MS * u32::try_from(requests * 5 + 60_000).unwrap();
        while self.now < end {
            let next = self.queue.first_key_value().map(|((time, _), _)| *time);
            let event = match (self.machine.deadline(), next) {
                (None, None) => break,
                (Some(deadline), next) if next.is_none_or(|next| deadline < next) => {
                    self.now = self.now.max(deadline);
                    Event::Tick
                }
                _ => {
                    let Some(((time, _), event)) = self.queue.pop_first() else { break };
                    self.now = time;
                    event
                }
            };
            self.happen(event);
            self.obey();
        }
    }

    fn happen(&mut self, event: Event) {
        let now = at(self.now);
        match event {
            Event::Request => {
                let priority = match self.dice(20) {
                    0 => Priority::Reversal,
                    1 => Priority::Inquiry,
                    2..5 => Priority::Batch,
                    _ => Priority::Customer,
                };
                self.accepted.extend(self.machine.request(priority, now.steady, now));
            }
            Event::Connected(incarnation) => {
                self.alive.insert(incarnation);
                self.machine.connected(incarnation, now);
            }
            Event::Refused(incarnation) => {
                self.machine.lost(incarnation, &CloseReason::Read("connection refused".to_owned()), &[], now)
            }
            Event::Journaled(ticket, true) => {
                self.journaled.insert(ticket);
                self.machine.journaled(ticket, Ok(()), now);
            }
            Event::Journaled(ticket, false) => {
                self.machine.journaled(ticket, Err(JournalError::Failed("disk full".to_owned())), now)
            }
            Event::Handed(ticket, incarnation, bytes) => {
                if self.waiting.remove(&ticket).is_some() && self.alive.contains(&incarnation) {
                    assert!(self.handed.insert(ticket), "{ticket:?} was written twice");
                    self.institution(incarnation, &bytes);
                }
            }
            Event::Asked(ask) => {
                let news = answered(ask, &mut self.traces);
                self.machine.news(news, now);
            }
            Event::Received(incarnation, bytes) => {
                if self.alive.contains(&incarnation) {
                    self.machine.received(incarnation, bytes, now);
                }
            }
            Event::Break(incarnation) => {
                if self.alive.remove(&incarnation) {
                    let mut untouched: Vec<_> = self
                        .waiting
                        .iter()
                        .filter(|(_, there)| **there == incarnation)
                        .map(|(ticket, _)| *ticket)
                        .collect();
                    untouched.sort_unstable();
                    self.waiting.retain(|_, there| *there != incarnation);
                    self.machine.lost(incarnation, &CloseReason::Read("reset".to_owned()), &untouched, now);
                }
            }
            Event::Tick => self.machine.tick(now),
        }
    }

    /// The institution's side. It usually answers. Sometimes it does not answer, answers late, twice, garbled, with a wrong
    /// key or on another link, or drops the connection.
    fn institution(&mut self, incarnation: Incarnation, bytes: &TelegramBytes) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let Some((telegram, key)) = text.split_once(':') else { return };
        let answer = match telegram {
            "REQ" => format!("ANS:{key}"),
            "ON" | "OFF" | "ECHO" if !text.contains("accepted") => format!("{telegram}-OK:{key}"),
            _ => return,
        };
        let wait = 1 + self.dice(30);
        let answer = TelegramBytes::from(answer.into_bytes());
        if self.has_outage && OUTAGE.contains(&self.now) {
            return;
        }
        match self.dice(40) {
            0 => {}
            1 => self.after(5000 + wait * 100, Event::Received(incarnation, answer)),
            2 => {
                self.after(wait, Event::Received(incarnation, answer.clone()));
                self.after(wait * 3, Event::Received(incarnation, answer));
            }
            3 => self.after(wait, Event::Received(incarnation, TelegramBytes::from(format!("BAD:{key}").into_bytes()))),
            4 => {
                let other = self.alive.iter().copied().min().unwrap_or(incarnation);
                self.after(wait, Event::Received(other, answer));
            }
            5 if telegram == "REQ" => {
                self.after(wait, Event::Received(incarnation, TelegramBytes::copy_of(b"ANS:7777")))
            }
            6 if self.dice(10) == 0 => self.after(wait / 2, Event::Break(incarnation)),
            7 => self.after(wait, Event::Received(incarnation, TelegramBytes::copy_of(b"ECHO:9000"))),
            _ => self.after(wait, Event::Received(incarnation, answer)),
        }
    }

    fn obey(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Connect(incarnation) => {
                    let event =
                        if self.dice(4) == 0 { Event::Refused(incarnation) } else { Event::Connected(incarnation) };
                    let wait = self.dice(20);
                    self.after(wait, event);
                }
                Action::Close(incarnation, why) => {
                    if let CloseReason::DutyFailed { duty: Duty::EchoTest, why } = &why {
                        assert!(why.concerns_link(), "our own trouble closes a link: {why}");
                    }
                    self.alive.insert(incarnation);
                    self.after(0, Event::Break(incarnation));
                }
                Action::Journal(out) => {
                    if out.request.is_some() {
                        self.requests.insert(out.ticket, out.bytes.clone());
                        self.starts(out.ticket);
                    }
                    let works = self.dice(200) != 0;
                    self.after(1, Event::Journaled(out.ticket, works));
                }
                Action::Write { ticket, incarnation, bytes, .. } => {
                    assert!(self.journaled.contains(&ticket), "{ticket:?} is written and not journaled");
                    self.waiting.insert(ticket, incarnation);
                    if self.requests.contains_key(&ticket) {
                        self.counts();
                    }
                    let wait = self.dice(3);
                    self.after(wait, Event::Handed(ticket, incarnation, bytes));
                }
                Action::Withdraw(ticket, _) => {
                    if self.waiting.remove(&ticket).is_some() {
                        self.machine.withdrawn(ticket, at(self.now));
                    } else {
                        self.machine.unanswered(ticket, at(self.now));
                    }
                }
                Action::Finish(ticket, state) => self.end(ticket, state),
                Action::Ask(ask) => {
                    // The coordinator is slow now and then.
                    let wait = self.dice(30);
                    self.after(wait, Event::Asked(ask));
                }
                Action::Breaker(snapshot) => {
                    self.breaker = snapshot.state;
                    self.trips += usize::from(snapshot.state == BreakerState::Tripped);
                }
                Action::Forget(ticket) => {
                    self.occupied.remove(&ticket);
                }
                _ => {}
            }
        }
    }

    fn starts(&mut self, ticket: Ticket) {
        self.occupied.insert(ticket);
        assert!(self.occupied.len() <= self.inflight_max, "more in flight than agreed");
        let is_stopped = matches!(self.breaker, BreakerState::Tripped | BreakerState::Echo);
        assert!(!is_stopped, "{ticket:?} starts although the breaker is tripped");
    }

    /// Counts the requests in the window that ends now.
    fn counts(&mut self) {
        self.written.push_back(self.now);
        while self.written.front().is_some_and(|first| *first + self.rate.window <= self.now) {
            self.written.pop_front();
        }
        assert!(self.written.len() <= self.rate.max, "{} requests in a second", self.written.len());
    }

    fn end(&mut self, ticket: Ticket, end: FinalState) {
        let request = self.requests.get(&ticket);
        assert!(request.is_some() || matches!(end, FinalState::NotSent(_)), "{ticket:?} ends and never started");
        let key = request.and_then(|request| request.get(4..)).unwrap_or_default();
        match &end {
            FinalState::Answered(telegram, answer) | FinalState::Settled(telegram, answer) => {
                assert_eq!((&**telegram, answer.get(4..)), ("ANS", Some(key)), "an answer reached another request");
                assert!(self.handed.contains(&ticket), "answered and never sent");
            }
            FinalState::NotSent(_) => assert!(!self.handed.contains(&ticket), "{ticket:?} was sent"),
            FinalState::Unknown(_) => {}
        }
        match end {
            FinalState::Answered(..) => self.ended.answered += 1,
            FinalState::NotSent(_) => self.ended.not_sent += 1,
            FinalState::Unknown(_) => self.ended.unknown += 1,
            FinalState::Settled(..) => self.ended.settled += 1,
        }
        let is_silent = matches!(&end, FinalState::Unknown(why) if !matches!(why, Unknown::Unreadable(_)));
        if !is_silent {
            self.occupied.remove(&ticket);
        }
        let ends = self.ends.entry(ticket).or_default();
        let settles = matches!((ends.as_slice(), &end), ([FinalState::Unknown(_)], FinalState::Settled(..)));
        assert!(ends.is_empty() || settles, "{ticket:?} ended twice: {ends:?}, then {end:?}");
        ends.push(end);
    }
}

#[test]
fn the_invariants_hold_in_a_hostile_world() {
    let mut total = Ends::default();
    let mut trips = 0;
    for seed in 1..=20 {
        let mut world = World::new(SPREAD.wrapping_mul(seed));
        world.run(1500);
        let unended: Vec<_> = world.accepted.iter().filter(|ticket| !world.ends.contains_key(ticket)).collect();
        assert!(unended.is_empty(), "seed {seed}: {unended:?} never ended");
        total.answered += world.ended.answered;
        total.not_sent += world.ended.not_sent;
        total.unknown += world.ended.unknown;
        total.settled += world.ended.settled;
        trips += world.trips;
    }
    // The world must have been hostile, and the machine must still have worked.
    assert!(total.answered > 10_000 && total.not_sent > 50 && total.unknown > 500 && total.settled > 200, "{total:?}");
    assert!(trips >= 20, "{trips} trips");
}

#[test]
fn a_seed_replays_one_history() {
    let history = || {
        let mut world = World::new(42);
        world.run(300);
        let mut ends: Vec<_> = world.ends.into_iter().collect();
        ends.sort_by_key(|(ticket, _)| *ticket);
        ends
    };
    assert_eq!(history(), history());
}

#[test]
fn the_checks_find_deliberate_mistakes() {
    // Even seeds reach the limits, odd ones have an outage.
    for (mutant, seed) in [(Mutant::UnansweredFreesItsPlace, 2), (Mutant::SkipsTheProbe, 3)] {
        let run = move || World::new(SPREAD.wrapping_mul(seed)).run(1500);
        assert!(is_caught(mutant, run), "{mutant:?}");
    }
}
