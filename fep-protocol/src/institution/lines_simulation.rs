//! Thousands of requests over lines of three ranks that break at random, with limited windows, an institution that is often silent,
//! and persons who stop, start and switch lines. All randomness comes from a seed.
//!
//! The world keeps its own account of what is up and what is in flight, and checks after each step:
//! no link has more telegrams in flight than its window; nothing starts on a backup while the main line has worked for long enough, or
//! on the main line before; nothing is refused for lack of a line while any line works, and nothing waits long while one has room.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::tests::{ToyTelegrams, answered, at, flow, settings};
use super::*;
use crate::mutant::{Mutant, is_caught};
use crate::reason::CloseReason;
use crate::standing::Standing;
use crate::terms::Priority;
use crate::trace::TraceCounter;

const MS: Duration = Duration::from_millis(1);
const AFTER: Duration = Duration::from_millis(300);
const RETURN_AFTER: Duration = Duration::from_millis(2000);
/// How long a request may wait although a link has room: the time of a switchover, and of some attempts to connect.
const PATIENCE: Duration = Duration::from_millis(1000);

/// Rank, links, window, whether an overdue telegram holds its place, whether it is connected at need, whether for one request.
type LinePlan = (u8, usize, usize, bool, bool, bool);

const PLANS: [&[LinePlan]; 4] = [
    &[(1, 2, 3, true, false, false), (2, 1, 1, false, false, false)],
    &[(1, 1, 1, false, false, false), (2, 2, 2, true, true, false)],
    &[(1, 2, usize::MAX, false, false, false), (2, 1, 1, false, true, false), (3, 3, 1, false, true, true)],
    &[(1, 4, 1, false, true, true), (2, 2, 2, true, false, false)],
];

#[derive(Debug)]
enum Event {
    Request,
    Connected(Incarnation),
    Refused(Incarnation),
    Received(Incarnation, TelegramBytes),
    Break(Incarnation),
    Person,
    Tick,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    started: [usize; 4],
    answered: usize,
    refused: usize,
    moves: usize,
}

struct World {
    machine: Institution<ToyTelegrams>,
    traces: TraceCounter,
    lines: Vec<LineSettings>,
    random: u64,
    now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    /// The connections that are up, and since when.
    up: BTreeMap<Incarnation, Duration>,
    closing: BTreeSet<Incarnation>,
    gone: BTreeSet<Incarnation>,
    stopped: BTreeSet<usize>,
    /// Since when a rank has worked without a break.
    works_since: BTreeMap<u8, Duration>,
    /// Requests in flight by connection. What was not answered stays until the connection is lost or it is forgotten.
    flying: HashMap<Ticket, Incarnation>,
    waiting: BTreeMap<Ticket, Duration>,
    /// Since when each rank that works has a link with room.
    open_since: Option<Duration>,
    rank: u8,
    /// Whether a person has decided since business moved.
    has_order: bool,
    is_calm: bool,
    counts: Counts,
}

impl World {
    fn new(seed: u64) -> Self {
        let plan = PLANS[usize::try_from(seed % 4).unwrap()];
        let mut settings = settings(1, SessionPolicy::default());
        let line = settings.lines[0];
        let lines: Vec<_> = plan
            .iter()
            .map(|(rank, links, window, holds_overdue, at_need, one_shot)| LineSettings {
                rank: *rank,
                links: *links,
                window: *window,
                holds_overdue: *holds_overdue,
                at_need: *at_need,
                one_shot: *one_shot,
                reconnect_max: 200 * MS,
                ..line
            })
            .collect();
        settings.lines.clone_from(&lines);
        settings.flow = FlowSettings { queue_max: 1000, ..flow(1000, None) };
        settings.switchover = SwitchoverSettings { after: AFTER, return_after: RETURN_AFTER, returns: true };
        settings.quarantine = 3000 * MS;
        let traces = TraceCounter::new(settings.traces, None);
        let mut machine = Institution::new(settings, ToyTelegrams::default(), seed);
        machine.start(at(Duration::ZERO));
        Self {
            machine,
            traces,
            lines,
            random: seed.wrapping_mul(0x1234_5678_9ABC_DEF1) | 1,
            now: Duration::ZERO,
            queue: BTreeMap::new(),
            serial: 0,
            up: BTreeMap::new(),
            closing: BTreeSet::new(),
            gone: BTreeSet::new(),
            stopped: BTreeSet::new(),
            works_since: BTreeMap::new(),
            flying: HashMap::new(),
            waiting: BTreeMap::new(),
            open_since: None,
            rank: 1,
            has_order: false,
            is_calm: false,
            counts: Counts::default(),
        }
    }

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

    /// A storm of this many requests, then a calm in which everything must work.
    fn run(&mut self, requests: u64) {
        for number in 0..requests {
            self.after(number * 20, Event::Request);
            if number % 25 == 0 {
                self.after(number * 20 + 7, Event::Person);
            }
        }
        self.step_until(MS * u32::try_from(requests * 20).unwrap());
        self.is_calm = true;
        for line in std::mem::take(&mut self.stopped) {
            self.machine.start_line(line, at(self.now)).unwrap();
        }
        self.machine.switch_back("the storm is over", at(self.now)).unwrap();
        self.has_order = true;
        self.step_until(self.now + 12_000 * MS);
        let before = self.counts.answered;
        for number in 0..20 {
            self.after(number * 100, Event::Request);
        }
        self.step_until(self.now + 8000 * MS);
        assert_eq!(self.counts.answered - before, 20, "after the storm everything is answered");
        assert_eq!((self.rank, self.waiting.len()), (1, 0), "business is on the main line again");
    }

    fn step_until(&mut self, end: Duration) {
        self.obey();
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
            self.note_ranks();
            self.check_waiting();
        }
    }

    fn happen(&mut self, event: Event) {
        let now = at(self.now);
        match event {
            Event::Request => match self.machine.request(Priority::Customer, now.steady, now) {
                Ok(ticket) => drop(self.waiting.insert(ticket, self.now)),
                Err(why) => self.refused(&why),
            },
            Event::Connected(incarnation) => {
                // A close may have been asked for meanwhile.
                if !self.closing.contains(&incarnation) && !self.gone.contains(&incarnation) {
                    self.up.insert(incarnation, self.now);
                    self.machine.connected(incarnation, now);
                }
            }
            Event::Refused(incarnation) => {
                if !self.closing.contains(&incarnation) && self.gone.insert(incarnation) {
                    self.machine.lost(incarnation, &CloseReason::Read("refused".to_owned()), &[], now);
                }
            }
            Event::Received(incarnation, bytes) => {
                if self.up.contains_key(&incarnation) {
                    self.machine.received(incarnation, bytes, now);
                }
            }
            Event::Break(incarnation) => {
                let was_up = self.up.remove(&incarnation).is_some();
                if (self.closing.remove(&incarnation) || was_up) && self.gone.insert(incarnation) {
                    self.flying.retain(|_, there| *there != incarnation);
                    self.machine.lost(incarnation, &CloseReason::Read("reset".to_owned()), &[], now);
                }
            }
            Event::Person => self.person(now),
            Event::Tick => self.machine.tick(now),
        }
    }

    fn person(&mut self, now: Now) {
        let line = usize::try_from(self.dice(self.lines.len() as u64)).unwrap();
        match self.dice(5) {
            0 => {
                self.machine.switch_to(line, "works in the street", now).unwrap();
                self.has_order = true;
            }
            1 => {
                self.machine.switch_back("done", now).unwrap();
                self.has_order = true;
            }
            2 if self.stopped.len() + 1 < self.lines.len() && !self.stopped.contains(&line) => {
                self.stopped.insert(line);
                self.machine.stop_line(line, "works in the street", now).unwrap();
            }
            _ => {
                for line in std::mem::take(&mut self.stopped) {
                    self.machine.start_line(line, now).unwrap();
                }
            }
        }
    }

    fn obey(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                Action::Connect(incarnation) => {
                    let is_refused = !self.is_calm && self.dice(4) == 0;
                    let wait = 1 + self.dice(30);
                    self.after(
                        wait,
                        if is_refused { Event::Refused(incarnation) } else { Event::Connected(incarnation) },
                    );
                }
                Action::Close(incarnation, _) => {
                    self.closing.insert(incarnation);
                    self.up.remove(&incarnation);
                    self.note_ranks();
                    self.after(2, Event::Break(incarnation));
                }
                Action::Journal(out) => {
                    if out.request.is_some() {
                        self.starts(out.ticket, out.incarnation);
                    }
                    self.machine.journaled(out.ticket, Ok(()), at(self.now));
                }
                Action::Write { incarnation, bytes, .. } => self.institution(incarnation, &bytes),
                Action::Withdraw(ticket, _) => self.machine.unanswered(ticket, at(self.now)),
                Action::Finish(ticket, state) => self.finish(ticket, &state),
                Action::Ask(ask) => {
                    let news = answered(ask, &mut self.traces);
                    self.machine.news(news, at(self.now));
                }
                Action::Standing(Standing::Switchover(state)) => self.moves(state.rank),
                Action::Forget(ticket) => drop(self.flying.remove(&ticket)),
                _ => {}
            }
        }
    }

    /// It usually answers. Sometimes it does not, or too late, or it drops the connection.
    fn institution(&mut self, incarnation: Incarnation, bytes: &TelegramBytes) {
        let answer = TelegramBytes::from([b"ANS", bytes.get(3..).unwrap_or_default()].concat());
        let wait = 1 + self.dice(80);
        match self.dice(if self.is_calm { 1 } else { 30 }) {
            1 => {}
            2 => self.after(5500, Event::Received(incarnation, answer)),
            3..=4 => self.after(wait / 2, Event::Break(incarnation)),
            _ => self.after(wait, Event::Received(incarnation, answer)),
        }
    }

    fn line(&self, incarnation: Incarnation) -> LineSettings {
        self.lines[incarnation.link.line]
    }

    fn is_usable(&self, incarnation: Incarnation) -> bool {
        self.up.contains_key(&incarnation) && !self.stopped.contains(&incarnation.link.line)
    }

    fn starts(&mut self, ticket: Ticket, incarnation: Incarnation) {
        self.waiting.remove(&ticket);
        self.flying.insert(ticket, incarnation);
        let line = self.line(incarnation);
        let flying = self.flying.values().filter(|there| **there == incarnation).count();
        assert!(flying <= line.window, "{flying} in flight on {incarnation:?}, its window is {}", line.window);
        assert!(self.is_usable(incarnation), "{incarnation:?} is not up, or its line is stopped");
        let better = self.works_since.iter().find(|(rank, since)| {
            // A link for one request has no connection that could be good for some time.
            let one_shot = self.lines.iter().any(|line| line.rank == **rank && line.one_shot);
            **rank < line.rank && **since + RETURN_AFTER + MS <= self.now && !one_shot
        });
        assert!(better.is_none() || self.has_order, "rank {} carries business although {better:?} works", line.rank);
        assert_eq!(line.rank, self.rank, "the rank that carries business is told before");
        self.counts.started[usize::from(line.rank)] += 1;
    }

    /// Business moves to another rank. It goes back to a better one only if that was good for long enough, the present one does not
    /// work, or a person wants it.
    fn moves(&mut self, rank: u8) {
        self.note_ranks();
        let one_shot = self.lines.iter().any(|line| line.one_shot && (line.rank == rank || line.rank == self.rank));
        let is_good = self.works_since.get(&rank).is_some_and(|since| *since + RETURN_AFTER <= self.now);
        let is_allowed = is_good || !self.works_since.contains_key(&self.rank) || self.has_order || one_shot;
        let state = (self.now, &self.works_since, &self.up, self.machine.switchover());
        assert!(rank >= self.rank || is_allowed, "business returned to rank {rank} too early: {state:?}");
        self.counts.moves += usize::from(rank != self.rank);
        self.rank = rank;
    }

    fn finish(&mut self, ticket: Ticket, state: &FinalState) {
        match state {
            FinalState::Answered(..) => {
                self.counts.answered += 1;
                self.flying.remove(&ticket);
            }
            FinalState::Settled(..) => drop(self.flying.remove(&ticket)),
            FinalState::NotSent(why) => {
                self.waiting.remove(&ticket);
                self.flying.remove(&ticket);
                self.refused(why);
            }
            // Its place in an unlimited window is free.
            FinalState::Unknown(_) => {
                if self.flying.get(&ticket).is_some_and(|there| self.line(*there).window == usize::MAX) {
                    self.flying.remove(&ticket);
                }
            }
        }
    }

    fn refused(&mut self, why: &NotSent) {
        self.counts.refused += 1;
        if matches!(why, NotSent::NoLineUp(_)) {
            let usable: Vec<_> = self.up.keys().filter(|incarnation| self.is_usable(**incarnation)).collect();
            assert!(usable.is_empty(), "{why} although {usable:?} work");
        }
    }

    /// Keeps account of which ranks work.
    fn note_ranks(&mut self) {
        let ranks: BTreeSet<_> = self.lines.iter().map(|line| line.rank).collect();
        for rank in ranks {
            let works = self.up.keys().any(|there| self.line(*there).rank == rank && self.is_usable(*there));
            match works {
                true => drop(self.works_since.entry(rank).or_insert(self.now)),
                false => drop(self.works_since.remove(&rank)),
            }
        }
        let ordered = self.machine.switchover().and_then(|state| state.ordered);
        self.has_order &= ordered.is_some() || self.machine.switchover().is_some_and(|state| state.rank != self.rank);
    }

    /// No request waits long while each rank that works has room: whichever carries business, it could have started.
    fn check_waiting(&mut self) {
        let has_room = |there: &Incarnation| {
            let flying = self.flying.values().filter(|other| *other == there).count();
            self.is_usable(*there) && flying < self.line(*there).window
        };
        let with_room: BTreeSet<_> =
            self.up.keys().filter(|there| has_room(there)).map(|there| self.line(*there).rank).collect();
        let is_open = !with_room.is_empty() && self.works_since.keys().all(|rank| with_room.contains(rank));
        self.open_since = is_open.then(|| self.open_since.unwrap_or(self.now));
        if let Some((open, (ticket, since))) = self.open_since.zip(self.waiting.first_key_value()) {
            let waited = self.now - open.max(*since);
            let state = (&self.up, &self.flying, &self.stopped, self.machine.switchover());
            assert!(
                waited <= PATIENCE,
                "at {:?} {ticket:?} waits for {waited:?} although there is room: {state:?}",
                self.now
            );
        }
    }
}

#[test]
fn requests_go_where_they_should_while_lines_break_and_persons_decide() {
    let mut total = Counts::default();
    for seed in 1..=40 {
        let mut world = World::new(seed);
        world.run(500);
        for (sum, started) in total.started.iter_mut().zip(world.counts.started) {
            *sum += started;
        }
        total.moves += world.counts.moves;
        total.refused += world.counts.refused;
        total.answered += world.counts.answered;
    }
    // The lines must have broken often, and most requests must have been answered nevertheless.
    assert!(
        total.moves > 150 && total.started[2] > 1000 && total.started[3] > 100 && total.answered > 10_000,
        "{total:?}"
    );
}

#[test]
fn the_checks_find_deliberate_mistakes() {
    let mutants =
        [Mutant::IgnoresTheWindow, Mutant::StandbyCarries, Mutant::ReturnsAtOnce, Mutant::OverdueFreesTheWindow];
    for mutant in mutants {
        let run = move || (1..=12).for_each(|seed| World::new(seed).run(400));
        assert!(is_caught(mutant, run), "{mutant:?}");
    }
}
