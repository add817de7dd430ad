//! Unknown exchanges in a hostile world: an institution that is slow, silent, refuses and lies, a journal and a process that break at any
//! point, clocks that jump, and people. All randomness comes from a seed.
//!
//! The model institution knows the truth. The checks are in `watch`. Each mutant of the machine must be caught.

mod bank;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use self::bank::{Bank, MS, limits, machine, policy};
use self::watch::{Record, Watch};
use super::*;
use crate::mutant::{Mutant, switch};

/// An event that the world sends to the machine at some time.
#[derive(Debug)]
enum Event {
    Unknown,
    Durable(u64, FactNumber),
    /// The shell hands the step to the kernel.
    Handed(u64, Step),
    NotSent(u64, Step),
    /// The institution has the step.
    Arrived(Step),
    Answered(Step, Verdict),
    Timeout(u64, Step),
    Late(ExchangeId, Verdict),
    Person(ExchangeId),
    Line(bool),
    Business(bool),
    WallJump,
    Crash,
}

struct World {
    machine: Settlement,
    bank: Bank,
    watch: Watch,
    /// The time of the world, and the start of the present run.
    now: Duration,
    started: Duration,
    run: u64,
    skew_ms: i64,
    /// Without crashes, full disks and lost lines, so that each first step has to be on time.
    smooth: bool,
    /// Whether the institution takes no steps now.
    closed: bool,
    lane_max: usize,
    queue: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    journal: Vec<CaseFact>,
    undurable: Vec<(FactNumber, CaseFact)>,
    /// Steps that the shell has not handed to the kernel yet.
    pending: BTreeSet<Step>,
}

const CASES: u64 = 40;

impl World {
    fn new(seed: u64) -> Self {
        let random = SplitMix64::new(seed);
        let lies = seed % 4 == 3;
        let smooth = seed.is_multiple_of(2);
        let lane_max = if smooth || seed.is_multiple_of(3) { 1000 } else { 2 };
        let mut world = Self {
            machine: machine(),
            bank: Bank { random, lies, calm: false },
            watch: Watch::new(lies),
            now: Duration::ZERO,
            started: Duration::ZERO,
            run: 0,
            skew_ms: 1_800_000_000_000,
            smooth,
            closed: false,
            lane_max,
            queue: BTreeMap::new(),
            serial: 0,
            journal: Vec::new(),
            undurable: Vec::new(),
            pending: BTreeSet::new(),
        };
        world.restart();
        for _ in 0..CASES {
            world.within(60_000, Event::Unknown);
        }
        // Some processes hardly live.
        let crashes = if seed % 5 == 4 { 25 } else { 6 };
        for _ in 0..if smooth { 0 } else { crashes } {
            world.within(90_000, Event::Crash);
        }
        for _ in 0..if smooth { 0 } else { 6 } {
            world.within(90_000, Event::Line(false));
        }
        for _ in 0..if smooth { 0 } else { 3 } {
            world.within(90_000, Event::Business(false));
        }
        for _ in 0..4 {
            world.within(90_000, Event::WallJump);
        }
        world
    }

    fn clock(&self) -> Now {
        let elapsed = i64::try_from(self.now.as_millis()).unwrap();
        Now::new(self.now - self.started, self.skew_ms + elapsed)
    }

    fn after(&mut self, wait_ms: u64, event: Event) {
        self.serial += 1;
        let at = self.now + u32::try_from(wait_ms).unwrap() * MS;
        self.queue.insert((at, self.serial), event);
    }

    fn within(&mut self, max_ms: u64, event: Event) {
        let wait = self.bank.dice(max_ms);
        self.after(wait, event);
    }

    /// Runs until nothing is left to do, or the time is over.
    fn run(&mut self, until: Duration) {
        loop {
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
            self.watch.on_time(self.now);
            if self.watch.fault.is_some() {
                break;
            }
        }
        self.now = self.now.max(until);
    }

    fn happen(&mut self, event: Event) {
        let now = self.clock();
        match event {
            Event::Unknown => self.open_next(),
            Event::Durable(run, number) if run == self.run => {
                let durable = self.undurable.iter().take_while(|(held, _)| *held <= number).count();
                for (_, fact) in self.undurable.drain(..durable) {
                    self.watch.durable(&fact);
                    self.journal.push(fact);
                }
                self.machine.recorded(number, now);
            }
            Event::Handed(run, step) if run == self.run && self.pending.remove(&step) => {
                self.machine.sent(&step, now);
                self.hand_over(step);
            }
            Event::NotSent(run, step) if run == self.run && self.pending.remove(&step) => {
                self.watch.not_sent(&step);
                self.machine.not_sent(&step, "no_line_up", now);
            }
            Event::Arrived(step) => {
                let world_now = self.now;
                let Some(record) = self.watch.records.get_mut(&step.case) else { return };
                let verdict = self.bank.step(&mut record.truth, step.kind, world_now);
                if self.bank.calm || self.bank.dice(6) > 0 {
                    let slow = !self.bank.calm && self.bank.dice(6) == 0;
                    self.within(if slow { 20_000 } else { 50 }, Event::Answered(step, verdict));
                }
            }
            Event::Answered(step, verdict) => {
                self.watch.off_wire(&step);
                self.machine.verdict(&step, verdict, now);
            }
            Event::Timeout(run, step) if run == self.run => {
                self.watch.off_wire(&step);
                self.machine.unanswered(&step, now);
            }
            Event::Late(case, verdict) => {
                self.watch.late(&case, verdict);
                let _ = self.machine.late_answer(&case, verdict, now);
            }
            Event::Person(case) => self.decide(&case),
            Event::Line(up) => {
                self.machine.set_line_up(up);
                if !up {
                    self.within(20_000, Event::Line(true));
                }
            }
            Event::Business(open) => {
                self.closed = !open;
                if !open {
                    self.within(20_000, Event::Business(true));
                }
            }
            Event::WallJump => self.skew_ms += i64::try_from(self.bank.dice(14_400_000)).unwrap() - 7_200_000,
            Event::Crash => self.crash(),
            Event::Durable(..) | Event::Handed(..) | Event::NotSent(..) | Event::Timeout(..) => {}
        }
    }

    /// An exchange was written a while ago and is unknown now.
    fn open_next(&mut self) {
        let id = ExchangeId::named(&format!("{:03}", self.watch.records.len()));
        let age = u32::try_from(self.bank.dice(2000))
            .unwrap()
            .min(u32::try_from((self.now - self.started).as_millis()).unwrap());
        let truth = self.bank.request(self.now - age * MS);
        let account = (self.bank.dice(2) == 0).then(|| AccountKey(self.bank.dice(5)));
        let written_at_ms = self.clock().wall_ms - i64::from(age);
        if let Some((at, verdict)) = truth.late_answer()
            && self.bank.dice(2) == 0
        {
            let longest = [5000, 60_000][usize::try_from(self.bank.dice(2)).unwrap()];
            let delay = self.bank.dice(longest);
            let made = u64::try_from(at.saturating_sub(self.now).as_millis()).unwrap();
            self.after(made + delay, Event::Late(id, verdict));
        }
        let deadline = self.smooth.then(|| self.now + policy().first_wait * 5 / 4 + 50 * MS);
        let unique = account.is_none();
        let record = Record::new(truth, account, written_at_ms, deadline.filter(|_| unique));
        let written = Some(record.truth.written - self.started);
        self.watch.records.insert(id, record);
        self.open(id, written);
    }

    fn open(&mut self, exchange: ExchangeId, written: Option<Duration>) {
        let record = &self.watch.records[&exchange];
        let unknown = UnknownExchange {
            exchange,
            telegram: "Transfer".to_owned(),
            account: record.account,
            written_at_ms: record.written_at_ms,
            written,
        };
        self.machine.open(unknown, self.clock()).expect("a new case");
    }

    fn hand_over(&mut self, step: Step) {
        self.watch.handed(&step);
        if self.bank.calm || self.bank.dice(6) > 0 {
            self.within(50, Event::Arrived(step.clone()));
        }
        let run = self.run;
        self.after(5000, Event::Timeout(run, step));
    }

    fn decide(&mut self, case: &ExchangeId) {
        let wants = match self.bank.dice(4) {
            0 => PersonWants::Step(StepKind::Inquiry),
            1 => PersonWants::Step(StepKind::Reversal),
            2 => PersonWants::Settle(Money::Done),
            _ => PersonWants::Settle(Money::NotDone),
        };
        let decision = PersonDecision { person: "kim".to_owned(), note: "a note".to_owned(), wants };
        if self.machine.decide(case, decision, self.clock()).is_ok() {
            self.watch.decided(case, wants);
        }
    }

    /// The process dies: of what was not known to be durable, a part is. Steps in the shell may still have been written.
    fn crash(&mut self) {
        let durable = usize::try_from(self.bank.dice(4)).unwrap().min(self.undurable.len());
        for (_, fact) in self.undurable.drain(..).take(durable) {
            self.watch.durable(&fact);
            self.journal.push(fact);
        }
        for step in std::mem::take(&mut self.pending) {
            if self.bank.dice(2) == 0 {
                self.hand_over(step);
            }
        }
        self.now += u32::try_from(self.bank.dice(1000)).unwrap() * MS;
        if self.bank.dice(2) == 0 {
            self.happen(Event::WallJump);
        }
        self.restart();
    }

    fn restart(&mut self) {
        self.run += 1;
        self.started = self.now;
        self.watch.restarted(&self.journal);
        let policies = [("Transfer".to_owned(), policy())].into();
        let facts = self.journal.clone();
        let now = self.clock();
        let seed = u64::try_from(now.wall_ms).unwrap_or(0);
        self.machine = Settlement::resume(policies, limits(self.lane_max), seed, facts, now);
        let exchanges: Vec<ExchangeId> = self.watch.records.keys().cloned().collect();
        for exchange in exchanges {
            if self.machine.case(&exchange).is_none() {
                self.open(exchange, None);
            }
        }
    }

    fn obey(&mut self) {
        self.carry_out();
        while self.machine.begin_steps(self.clock(), |_, _| !self.closed) {
            self.carry_out();
        }
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.machine.next_action() {
            match action {
                SettlementAction::Record(number, fact) => {
                    self.watch.recorded(&fact, self.now);
                    self.watch.begun_while(self.closed, &fact);
                    self.undurable.push((number, fact));
                    let run = self.run;
                    let hangs = !self.smooth && !self.bank.calm && self.bank.dice(40) == 0;
                    self.within(if hangs { 10_000 } else { 20 }, Event::Durable(run, number));
                }
                SettlementAction::Send(step) => {
                    self.watch.released(&step, &self.journal);
                    self.pending.insert(step.clone());
                    let fails = !self.bank.calm && self.bank.dice(8) == 0;
                    let run = self.run;
                    let event = if fails { Event::NotSent(run, step) } else { Event::Handed(run, step) };
                    self.within(50, event);
                }
                SettlementAction::Withdraw(step) => {
                    if self.bank.dice(4) > 0 && self.pending.remove(&step) {
                        self.watch.not_sent(&step);
                        self.machine.not_sent(&step, "withdrawn", self.clock());
                    }
                }
                SettlementAction::DeadLetter(case, _) | SettlementAction::Flag(case, _) => {
                    if self.bank.dice(2) == 0 {
                        self.within(30_000, Event::Person(case));
                    }
                }
                SettlementAction::Settled(..) | SettlementAction::Forgotten(_) => {}
            }
        }
    }
}

/// Runs one seed. Returns the first fault.
fn fault(seed: u64) -> (Option<String>, Watch) {
    let mut world = World::new(seed);
    world.run(90_000 * MS);
    // Faults stop. Answers that are on their way may still come.
    world.bank.calm = true;
    world.happen(Event::Line(true));
    world.happen(Event::Business(true));
    world.obey();
    let is_trouble =
        |event: &Event| matches!(event, Event::Crash | Event::Line(false) | Event::Business(false) | Event::Person(_));
    world.queue.retain(|_, event| !is_trouble(event));
    world.run(world.now + policy().schedule_max() + 60_000 * MS);
    world.watch.end(&world.machine);
    (world.watch.fault.take(), world.watch)
}

#[test]
fn nothing_is_lost_or_settled_wrongly_in_a_hostile_world() {
    let mut seen = BTreeMap::<String, usize>::new();
    for seed in 0..SEEDS {
        let (fault, watch) = fault(seed);
        assert_eq!(fault, None, "seed {seed}");
        for (what, count) in watch.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    // The world must have been hostile, and every way must have been gone.
    for what in WAYS {
        assert!(seen.get(what).is_some_and(|count| *count >= 10), "{what}: {seen:?}");
    }
}

/// Each seed has 40 cases.
const SEEDS: u64 = 300;

const WAYS: [&str; 15] = [
    "late answer=done",
    "late answer=not_done",
    "inquiry=done",
    "inquiry=not_done",
    "reversal=reversed",
    "person=done",
    "reversal_refused",
    "reversal_unconfirmed",
    "done_and_reversed",
    "done_after_not_done",
    "not_done_after_done",
    "not written",
    "repeat",
    "restart",
    "extra inquiry",
];

#[test]
fn one_seed_replays_one_history() {
    let history = |seed| {
        let mut world = World::new(seed);
        world.run(90_000 * MS);
        world.journal
    };
    assert_eq!(history(5), history(5));
    assert_ne!(history(5), history(6));
}

/// Each mutant with the rule that it breaks.
const MUTANTS: [(Mutant, &str); 12] = [
    (Mutant::BeginsWithoutAsking, "nothing is begun while business is closed"),
    (Mutant::DropsReversalOnExpiry, "a reversal is never dropped"),
    (Mutant::SettlesNotFoundAtOnce, "not done is not said before the horizon"),
    (Mutant::TrustsTheWallClock, "not done is not said before the horizon"),
    (Mutant::ForgetsMark, "the second reversal carries the mark"),
    (Mutant::ForgetsBegunSteps, "the second reversal carries the mark"),
    (Mutant::BlocksOnOneUnanswered, "no case waits for another account"),
    (Mutant::IgnoresAccounts, "one step of an account at a time"),
    (Mutant::NeverWithdraws, "no step follows a settlement"),
    (Mutant::KeepsStepsOfSettledCases, "no step follows a settlement"),
    (Mutant::SendsUnrecorded, "a step is sent after its fact is durable"),
    (Mutant::NeverGivesUp, "tries are bounded"),
];

#[test]
fn each_mutant_is_caught() {
    for (mutant, rule) in MUTANTS {
        switch(Some(mutant));
        let breaks = |seed: &u64| fault(*seed).0.is_some_and(|fault| fault.contains(rule));
        let is_caught = (0..SEEDS).any(|seed| breaks(&seed));
        switch(None);
        assert!(is_caught, "{mutant:?} survives");
    }
}

/// Continues after these facts with an institution that answers nothing. Every case must end, and a reversal that may have been written
/// must be repeated with the mark.
fn end_in_silence(facts: &[CaseFact]) {
    let mut written = BTreeMap::<ExchangeId, i32>::new();
    for CaseFact { case, fact, .. } in facts {
        match fact {
            SettlementFact::Begun { step: StepKind::Reversal, .. } => *written.entry(*case).or_default() += 1,
            SettlementFact::NotWritten { step: StepKind::Reversal, .. } => *written.entry(*case).or_default() -= 1,
            _ => {}
        }
    }
    let mut now = Now::new(Duration::ZERO, 1_800_000_100_000);
    let policies = [("Transfer".to_owned(), policy())].into();
    let mut machine = Settlement::resume(policies, limits(1000), 1, facts.iter().cloned(), now);
    let end = policy().schedule_max() * 5;
    loop {
        while let Some(action) = machine.next_action() {
            match action {
                SettlementAction::Record(number, _) => machine.recorded(number, now),
                SettlementAction::Send(step) => {
                    if step.kind == StepKind::Reversal {
                        let count = written.entry(step.case).or_default();
                        assert_eq!(step.repeat, *count > 0, "{step:?} after {} facts", facts.len());
                        *count += 1;
                    }
                    machine.unanswered(&step, now);
                }
                _ => {}
            }
        }
        if machine.begin_steps(now, |_, _| true) {
            continue;
        }
        let Some(next) = machine.deadline().filter(|next| *next <= end) else { break };
        now.steady = now.steady.max(next);
        machine.tick(now);
    }
    let open = machine.cases().find(|(_, case)| case.stage() == Stage::Open);
    assert!(machine.strays() == 0 && open.is_none(), "after {} facts: {open:?}", facts.len());
}

#[test]
fn after_a_crash_at_any_fact_every_case_ends() {
    for seed in [0, 1, 9] {
        let mut world = World::new(seed);
        world.run(90_000 * MS);
        assert!(world.journal.len() > 100, "seed {seed}: {} facts", world.journal.len());
        (0..=world.journal.len()).for_each(|facts| end_in_silence(&world.journal[..facts]));
    }
}
