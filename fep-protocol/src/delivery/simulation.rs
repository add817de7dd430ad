//! Deliveries in a hostile world: a service that fails, is slow and dies, a journal and a process that break at any point, an
//! institution that repeats its notices, and people. All randomness comes from a seed. Each mutant of the machine must be caught.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::since::RESTART_DISTRUST_MAX;

const MS: Duration = Duration::from_millis(1);
const WITHIN: Duration = Duration::from_secs(3);
const ATTEMPTS_MAX: u32 = 5;
const NOTICES: u64 = 40;
const LIMITS: DeliveryLimits = DeliveryLimits { undelivered_max: 12, answering_max: 4, retrying_max: 2 };

#[derive(Debug)]
enum Event {
    Notice,
    Repeat,
    Durable(u64, DeliveryFactNumber),
    AnswerDurable(u64, ExchangeId, AnsweredBy),
    /// The service comes to an end with an attempt.
    Result(u64, Attempt, Outcome),
    Person,
    Crash,
    WallJump,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Answer,
    Nothing,
    Fails,
    Unwanted,
}

/// What the world knows about a notice.
#[derive(Debug, Default)]
struct Truth {
    service_has_it: bool,
    unwanted: bool,
    asked: BTreeSet<u32>,
    decided: Option<AnsweredBy>,
    closed: bool,
    /// The attempts before the present round.
    base: u32,
    /// When the present round began.
    since: Duration,
    answer_by: Option<Duration>,
}

struct World {
    machine: Delivery,
    mutant: Option<Mutant>,
    random: SplitMix64,
    refuses: bool,
    calm: bool,
    now: Duration,
    started: Duration,
    /// By how much the wall clock was set.
    skew_ms: i64,
    run: u64,
    serial: u64,
    queue: BTreeMap<(Duration, u64), Event>,
    journal: Vec<(ExchangeId, i64, DeliveryFact)>,
    undurable: Vec<(DeliveryFactNumber, ExchangeId, i64, DeliveryFact)>,
    truths: BTreeMap<ExchangeId, Truth>,
    running: BTreeSet<Attempt>,
    fault: Option<&'static str>,
}

impl World {
    fn new(seed: u64, mutant: Option<Mutant>) -> Self {
        let refuses = seed.is_multiple_of(2);
        let mut world = Self {
            machine: Delivery::new(BTreeMap::new(), LIMITS, 0),
            mutant,
            random: SplitMix64::new(seed),
            refuses,
            calm: false,
            now: Duration::ZERO,
            started: Duration::ZERO,
            skew_ms: 0,
            run: 0,
            serial: 0,
            queue: BTreeMap::new(),
            journal: Vec::new(),
            undurable: Vec::new(),
            truths: BTreeMap::new(),
            running: BTreeSet::new(),
            fault: None,
        };
        world.restart();
        let span = if seed.is_multiple_of(3) { 1000 } else { 120_000 };
        for _ in 0..NOTICES {
            world.within(span, Event::Notice);
            world.within(150_000, Event::Repeat);
        }
        for _ in 0..if seed % 5 == 4 { 0 } else { 5 } {
            world.within(150_000, Event::Crash);
        }
        for _ in 0..20 {
            world.within(300_000, Event::Person);
        }
        for _ in 0..4 {
            world.within(300_000, Event::WallJump);
        }
        world
    }

    fn dice(&mut self, sides: u64) -> u64 {
        self.random.next_u64() % sides
    }

    fn clock(&self) -> Now {
        let elapsed = i64::try_from(self.now.as_millis()).unwrap();
        Now::new(self.now - self.started, 1_800_000_000_000 + self.skew_ms + elapsed)
    }

    fn within(&mut self, max_ms: u64, event: Event) {
        let wait = u32::try_from(self.dice(max_ms)).unwrap();
        self.serial += 1;
        self.queue.insert((self.now + wait * MS, self.serial), event);
    }

    fn policy(&self) -> DeliveryPolicy {
        DeliveryPolicy {
            answer_within: WITHIN,
            backoff_min: 1000 * MS,
            backoff_max: 60_000 * MS,
            attempts_max: ATTEMPTS_MAX,
            horizon: Duration::from_secs(1200),
            refuses: Refuses { closed: self.refuses, conflict: self.refuses, busy: self.refuses },
        }
    }

    /// The process begins with nothing but the journal.
    fn restart(&mut self) {
        self.run += 1;
        self.started = self.now;
        self.running.clear();
        self.machine = Delivery::new([("N".to_owned(), self.policy())].into(), LIMITS, self.run);
        self.machine.mutant = self.mutant;
        for truth in self.truths.values_mut() {
            truth.answer_by = None;
        }
        for id in self.truths.keys().copied().collect::<Vec<_>>() {
            let answered = self.stored(&id).answered();
            if let Some(truth) = self.truths.get_mut(&id) {
                truth.decided = answered;
            }
        }
    }

    /// The delivery by what is durable.
    fn stored(&self, id: &ExchangeId) -> DeliveryCase {
        DeliveryCase::of(self.journal.iter().filter(|(of, ..)| of == id).map(|(_, at_ms, fact)| (*at_ms, fact)))
    }

    fn reference(&self, id: ExchangeId) -> NoticeRef {
        NoticeRef { id, telegram: "N".to_owned(), case: self.stored(&id) }
    }

    fn blame(&mut self, rule: &'static str, broken: bool) {
        if broken && self.fault.is_none() {
            self.fault = Some(rule);
        }
    }

    fn run(&mut self, until: Duration) {
        while self.fault.is_none() {
            let tick = self.machine.deadline().map(|deadline| self.started + deadline);
            let event = self.queue.keys().next().map(|(at, _)| *at);
            let Some(next) = tick.into_iter().chain(event).min().filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if event.is_none_or(|event| tick.is_some_and(|tick| tick < event)) {
                self.machine.tick(self.clock());
            } else if let Some((_, event)) = self.queue.pop_first() {
                self.happen(event);
            }
            self.obey();
            self.fetch();
            self.obey();
            let now = self.clock().steady;
            let late = self.truths.values().any(|truth| truth.answer_by.is_some_and(|by| by + MS < now));
            self.blame("the institution is answered in time", late);
        }
        self.now = self.now.max(until);
    }

    fn happen(&mut self, event: Event) {
        let now = self.clock();
        match event {
            Event::Notice => self.notice(),
            Event::Repeat => self.repeat(),
            Event::Durable(run, number) if run == self.run => {
                let durable = self.undurable.iter().take_while(|(held, ..)| *held <= number).count();
                self.journal.extend(self.undurable.drain(..durable).map(|(_, id, at_ms, fact)| (id, at_ms, fact)));
                self.machine.recorded(number, now);
            }
            Event::AnswerDurable(run, id, by) if run == self.run => {
                let answered = self.stored(&id).answered();
                self.blame("the institution has one answer", answered.is_some());
                self.journal.push((id, now.wall_ms, DeliveryFact::Answered { by }));
                self.machine.answered(&id, now);
            }
            Event::Result(run, attempt, outcome) if run == self.run && self.running.remove(&attempt) => {
                let Attempt { id, number, .. } = attempt;
                let is_undecided = self.truths[&id].decided.is_none();
                match outcome {
                    Outcome::Answer if is_undecided => self.machine.taken(&id, number, ServiceSays::Answer, now),
                    Outcome::Answer if self.mutant == Some(Mutant::SendsTheLateAnswer) => {
                        self.machine.taken(&id, number, ServiceSays::Answer, now);
                    }
                    Outcome::Answer => self.machine.taken(&id, number, ServiceSays::Other, now),
                    Outcome::Nothing => self.machine.taken(&id, number, ServiceSays::Nothing, now),
                    Outcome::Fails => self.machine.failed(&id, number, "it fails", now),
                    Outcome::Unwanted => self.machine.unwanted(&id, number, now),
                }
            }
            Event::Person => self.decide(),
            Event::WallJump => self.skew_ms += i64::try_from(self.dice(14_400_000)).unwrap() - 7_200_000,
            Event::Crash => {
                let durable = usize::try_from(self.dice(4)).unwrap().min(self.undurable.len());
                let some: Vec<_> = self.undurable.drain(..).take(durable).collect();
                self.journal.extend(some.into_iter().map(|(_, id, at_ms, fact)| (id, at_ms, fact)));
                let pause = u32::try_from(self.dice(5000)).unwrap();
                self.now += pause * MS;
                if self.dice(2) == 0 {
                    self.happen(Event::WallJump);
                }
                self.restart();
            }
            Event::Durable(..) | Event::AnswerDurable(..) | Event::Result(..) => {}
        }
    }

    fn notice(&mut self) {
        let now = self.clock();
        let id = ExchangeId::named(&format!("{:03}", self.truths.len()));
        let received = DeliveryFact::Received { answer_by_ms: now.wall_ms + 3000 };
        self.journal.push((id, now.wall_ms, received));
        let gate = match self.dice(12) {
            0 => Gate::Closed,
            1 => Gate::Conflict(None),
            _ => Gate::Open,
        };
        let answer_by = now.steady + WITHIN;
        let waits = self.refuses || !matches!(gate, Gate::Conflict(_));
        let answered_by = waits.then_some(answer_by);
        self.truths.insert(id, Truth { answer_by: answered_by, since: self.now, ..Truth::default() });
        self.machine.receive(self.reference(id), answer_by, gate, now);
    }

    fn repeat(&mut self) {
        let Some(id) = self.some_notice() else { return };
        let now = self.clock();
        if self.stored(&id).stage() == Stage::Conflicted {
            return;
        }
        let mut repetition = self.machine.repeated(&id, now);
        if repetition == Repetition::NotHere && self.stored(&id).answered().is_none() {
            self.machine.load(self.reference(id), now);
            repetition = self.machine.repeated(&id, now);
        }
        if repetition == Repetition::Waits && self.truths[&id].decided.is_none() {
            let by = now.steady + WITHIN;
            if let Some(truth) = self.truths.get_mut(&id) {
                truth.answer_by.get_or_insert(by);
            }
        }
    }

    fn some_notice(&mut self) -> Option<ExchangeId> {
        let count = u64::try_from(self.truths.len()).unwrap();
        let at = usize::try_from(self.dice(count.max(1))).unwrap();
        self.truths.keys().nth(at).copied()
    }

    fn decide(&mut self) {
        // Some decisions are about a notice that waits for its turn.
        let waiting = self.machine.ready.last().filter(|_| self.serial.is_multiple_of(2));
        let Some(id) = waiting.or_else(|| self.some_notice()) else { return };
        let wants = if self.dice(3) == 0 { DeliveryWish::Close } else { DeliveryWish::Deliver };
        self.machine.load(self.reference(id), self.clock());
        let decision = DeliveryDecision { person: "kim".to_owned(), note: "a note".to_owned(), wants };
        let world_now = self.now;
        let base = self.machine.case(&id).map_or(0, DeliveryCase::attempts);
        let taken = self.machine.decide(&id, decision, self.clock());
        if let Some(truth) = self.truths.get_mut(&id).filter(|_| taken.is_ok()) {
            truth.closed = wants == DeliveryWish::Close;
            truth.base = base;
            truth.since = world_now;
        }
    }

    fn fetch(&mut self) {
        if self.machine.wants_more() {
            let ids: Vec<_> = self.truths.keys().copied().collect();
            let open = |id: &ExchangeId| self.stored(id).stage() == Stage::Open && self.machine.case(id).is_none();
            let missing: Vec<_> = ids.into_iter().filter(open).collect();
            let room = self.machine.room();
            for id in missing.iter().take(room) {
                self.machine.load(self.reference(*id), self.clock());
            }
            self.machine.fetched(missing.len() <= room);
        }
    }

    fn obey(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                DeliveryAction::Record(number, id, at_ms, fact) => {
                    if fact == (DeliveryFact::DeadLettered { why: DeadReason::HorizonPassed }) {
                        // Of an earlier run, and of a notice that was not here for a while, only the wall clock knows.
                        let is_early = self.now < self.truths[&id].since + RESTART_DISTRUST_MAX;
                        self.blame("nothing is given up before the horizon", is_early);
                    }
                    self.undurable.push((number, id, at_ms, fact));
                    let run = self.run;
                    let slow = !self.calm && self.dice(30) == 0;
                    self.within(if slow { 8000 } else { 20 }, Event::Durable(run, number));
                }
                DeliveryAction::Ask(attempt) => self.ask(attempt),
                DeliveryAction::Answer(id, by) => {
                    let decided = self.truths[&id].decided;
                    self.blame("the institution has one answer", decided.is_some());
                    if let Some(truth) = self.truths.get_mut(&id) {
                        truth.decided = Some(by);
                        truth.answer_by = None;
                    }
                    let run = self.run;
                    self.within(20, Event::AnswerDurable(run, id, by));
                }
                DeliveryAction::DeadLetter(_) | DeliveryAction::Forgotten(_) => {}
            }
        }
    }

    fn ask(&mut self, attempt: Attempt) {
        let Attempt { id, number, answer_by } = attempt;
        let begun = DeliveryFact::Begun { attempt: number };
        let is_recorded = number == 1 || self.journal.iter().any(|(of, _, fact)| *of == id && *fact == begun);
        self.blame("an attempt is made after its fact is durable", !is_recorded);
        let stage = self.stored(&id).stage();
        let refused = matches!(stage, Stage::Refused | Stage::Conflicted | Stage::Unwanted);
        self.blame("no service gets a refused notice", refused);
        self.blame("no service gets a notice that a person closed", stage == Stage::Closed);
        let truth = self.truths.get_mut(&id).unwrap();
        let is_new = truth.asked.insert(number);
        let beyond = number.saturating_sub(truth.base) > ATTEMPTS_MAX;
        self.blame("the number of an attempt is used once", !is_new);
        let is_running = self.running.iter().any(|running| running.id == id);
        self.blame("a notice has one attempt at a time", is_running);
        self.blame("attempts are bounded", beyond);
        let outcome = match self.dice(10) {
            _ if self.calm => Outcome::Answer,
            0 | 1 => Outcome::Answer,
            2 => Outcome::Nothing,
            3 if self.dice(4) == 0 => Outcome::Unwanted,
            _ => Outcome::Fails,
        };
        let truth = self.truths.get_mut(&id).unwrap();
        truth.service_has_it |= matches!(outcome, Outcome::Answer | Outcome::Nothing);
        truth.unwanted |= outcome == Outcome::Unwanted;
        let run = self.run;
        self.running.insert(attempt.clone());
        let retrying = self.running.iter().filter(|attempt| attempt.answer_by.is_none()).count();
        self.blame("attempts at once are bounded", retrying > LIMITS.retrying_max);
        self.blame("attempts at once are bounded", self.running.len() > LIMITS.retrying_max + LIMITS.answering_max);
        let _ = answer_by;
        self.within(3000, Event::Result(run, attempt, outcome));
    }
}

/// Runs a world with this seed. Returns the rule that was broken.
fn run(seed: u64, mutant: Option<Mutant>) -> Option<&'static str> {
    let mut world = World::new(seed, mutant);
    world.run(Duration::from_secs(300));
    world.calm = true;
    world.run(Duration::from_secs(3600));
    for id in world.truths.keys().copied().collect::<Vec<_>>() {
        let stage = world.stored(&id).stage();
        let truth = &world.truths[&id];
        let is_done = match stage {
            Stage::Open | Stage::Repeated => false,
            Stage::Delivered => truth.service_has_it,
            Stage::Closed => truth.closed,
            Stage::Unwanted => truth.unwanted,
            Stage::Refused => world.refuses,
            Stage::DeadLetter(_) | Stage::Conflicted => true,
        };
        world.blame("a notice is delivered, or a person hears of it", !is_done);
    }
    let left = world.machine.len();
    world.blame("what is over is forgotten", left > 0);
    let Delivery { answering, retrying, .. } = world.machine;
    world.blame("what is over gives up its place", answering + retrying > 0);
    world.fault
}

#[test]
fn notices_are_delivered_at_least_once_whatever_breaks() {
    for seed in 0..150 {
        assert_eq!(run(seed, None), None, "seed {seed}");
    }
}

#[test]
fn the_simulation_catches_every_mutant() {
    for (mutant, rule) in Mutant::ALL {
        let found: BTreeSet<_> = (0..200).filter_map(|seed| run(seed, Some(mutant))).collect();
        assert!(found.contains(rule), "{mutant:?} breaks {rule:?}, found were {found:?}");
    }
}

#[test]
fn one_seed_gives_one_history() {
    let history = |seed| {
        let mut world = World::new(seed, None);
        world.run(Duration::from_secs(600));
        world.journal
    };
    assert_eq!(history(7), history(7));
}
