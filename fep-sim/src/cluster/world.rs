//! Everything outside of the gateways: virtual time, what happens in it, and which process runs at present.

mod bank;
mod checks;

mod net;
mod words;

mod jobs;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::random::SplitMix64;
use tokio::sync::Notify;

use self::bank::{Bank, BankEvent};
use self::checks::Checks;
use self::jobs::Job;
use self::net::{Net, NetEvent};
use self::words::{WordEvent, Words};
use super::config::name;
use super::plan::{Back, ClusterPlan, EVENTFUL, Item, What};
use super::rows::Rows;
use crate::draw::Draw;

pub(super) use self::bank::Transfer;
pub(super) use self::net::Line;
pub(super) use self::words::{Known, Word};

/// A handle to the world.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

pub(super) struct World {
    pub(super) now: Duration,
    pub(super) draw: Draw,
    pub(super) rows: Rows,
    pub(super) words: Words,
    pub(super) net: Net,
    pub(super) bank: Bank,
    pub(super) checks: Checks,
    pub(super) jobs: Vec<Job>,
    /// Jobs that are to be asked of gateways now.
    pub(super) asks: VecDeque<(usize, usize)>,
    /// What lasts at present.
    pub(super) faults: Vec<What>,
    pub(super) members: Vec<Member>,
    pub(super) lines: Option<Vec<String>>,
    pub(super) elsewhere_percent: u64,
    pub(super) has_marks: bool,
    digest: DefaultHasher,
    events: BTreeMap<(Duration, u64), Event>,
    serial: u64,
}

/// One gateway, over all of its processes.
pub(super) struct Member {
    pub(super) name: Arc<str>,
    /// The machine and the files on it.
    pub(super) place: (usize, u32),
    /// The number of its process.
    pub(super) process: u32,
    /// The run of the process in the journal.
    pub(super) run: u64,
    pub(super) state: State,
    /// What becomes of the process after this many effects.
    trigger: Option<(u32, Fate)>,
    /// The process is to run no further.
    pub(super) halt: Arc<Notify>,
    pub(super) is_asked_to_stop: bool,
    pub(super) has_stopped: bool,
    back: Back,
}

/// What a gateway does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It has no process until then.
    Away(Duration),
    Runs,
    Paused(Duration),
    /// Its process is dead, and not gone yet.
    Dead(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Dies(Duration, Back),
    Pauses(Duration),
}

/// Something that happens at some time.
#[derive(Debug)]
pub(super) enum Event {
    Begin(usize, What),
    End(What),
    Net(NetEvent),
    Bank(BankEvent),
    Word(WordEvent),
    Ask(usize, Option<usize>),
    Overdue(usize, u32),
    Remember,
}

/// 2026-11-27T12:00:00+09:00.
const STARTED_AT_MS: i64 = 1_795_748_400_000;

impl Shared {
    pub(super) fn new(plan: &ClusterPlan, keep_history: bool) -> Self {
        let member = |at: usize| Member {
            name: name(at).into(),
            place: (at, 0),
            process: 0,
            run: 0,
            state: State::Away(Duration::ZERO),
            trigger: None,
            halt: Arc::default(),
            is_asked_to_stop: false,
            has_stopped: false,
            back: Back::Same,
        };
        let mut world = World {
            now: Duration::ZERO,
            draw: Draw(SplitMix64::new(plan.seed)),
            rows: Rows::default(),
            words: Words::default(),
            net: Net::default(),
            bank: Bank::default(),
            checks: Checks::default(),
            jobs: Vec::new(),
            asks: VecDeque::new(),
            faults: Vec::new(),
            members: (0..plan.gateways).map(member).collect(),
            lines: keep_history.then(Vec::new),
            elsewhere_percent: plan.elsewhere_percent,
            has_marks: plan.has.marks,
            digest: DefaultHasher::new(),
            events: BTreeMap::new(),
            serial: 0,
        };
        for (number, Item { at, what }) in &plan.items {
            world.at(*at, Event::Begin(*number, *what));
            if let Some(lasts) = what.lasts() {
                world.at(*at + lasts, Event::End(*what));
            }
        }
        world.at(Duration::ZERO, Event::Remember);
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub(super) fn say(&mut self, what: std::fmt::Arguments<'_>) {
        let line = format!("{:9.3}  {what}", self.now.as_secs_f64());
        line.hash(&mut self.digest);
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    pub(super) fn count(&mut self, what: &'static str) {
        self.checks.count(what);
    }

    pub(super) fn gateways(&self) -> usize {
        self.members.len()
    }

    pub(super) fn wall_ms(&self) -> i64 {
        STARTED_AT_MS + i64::try_from(self.now.as_millis()).unwrap_or(0)
    }

    pub(super) fn at(&mut self, at: Duration, event: Event) {
        self.serial += 1;
        self.events.insert((at.max(self.now), self.serial), event);
    }

    pub(super) fn after(&mut self, pause: Duration, event: Event) {
        self.at(self.now + pause, event);
    }

    /// Lets everything happen that is due.
    pub(super) fn run_due(&mut self) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= self.now) {
            match entry.remove() {
                Event::Begin(number, what) => self.begin(number, what),
                Event::End(what) => self.end(what),
                Event::Net(event) => self.net_event(event),
                Event::Bank(event) => self.bank_event(event),
                Event::Word(event) => self.word_event(event),
                Event::Ask(job, at) => self.ask(job, at),
                Event::Overdue(job, call) => self.overdue(job, call),
                Event::Remember => {
                    self.words.remember();
                    self.after(Duration::from_millis(700), Event::Remember);
                }
            }
        }
    }

    fn begin(&mut self, number: usize, what: What) {
        self.say(format_args!("begin {what:?}"));
        if what.lasts().is_some() {
            self.faults.push(what);
        }
        match what {
            What::Transfer { at, account, key, twice } => self.job(number, at, Some(account), (key, twice)),
            What::Balance { at } => self.job(number, at, None, (false, false)),
            What::Dies { at, effects, away, back } => self.triggers(at, effects, Fate::Dies(away, back)),
            What::Pauses { at, effects, lasts } => self.triggers(at, effects, Fate::Pauses(lasts)),
            What::Stops { at } => {
                if let Some(member) = self.members.get_mut(at).filter(|member| member.state == State::Runs) {
                    member.is_asked_to_stop = true;
                }
            }
            What::Words(fault, _) => self.words_begin(fault),
            What::Line { at, breaks: true, .. } => self.line_breaks(at),
            What::CutOff { .. } | What::Doubts { .. } | What::JournalAway { .. } => {}
            What::JournalSlow { .. } | What::Bank(..) | What::Line { .. } => {}
        }
    }

    fn end(&mut self, what: What) {
        self.say(format_args!("end {what:?}"));
        if let Some(at) = self.faults.iter().position(|other| *other == what) {
            self.faults.remove(at);
        }
        if let What::Words(fault, _) = what {
            self.words_end(fault);
        }
    }

    fn triggers(&mut self, at: usize, effects: u32, fate: Fate) {
        if let Some(member) = self.members.get_mut(at).filter(|member| member.state == State::Runs) {
            member.trigger = Some((effects, fate));
        }
    }

    /// A process is about to have an effect. Returns false if it is dead, or dies before that.
    pub(super) fn effect(&mut self, at: usize) -> bool {
        let now = self.now;
        let Some(member) = self.members.get_mut(at) else { return false };
        if matches!(member.state, State::Dead(_) | State::Away(_)) {
            return false;
        }
        let fate = match &mut member.trigger {
            Some((0, fate)) => *fate,
            Some((left, _)) => {
                *left -= 1;
                return true;
            }
            None => return true,
        };
        member.trigger = None;
        member.halt.notify_one();
        let name = Arc::clone(&member.name);
        match fate {
            Fate::Dies(away, back) => {
                member.state = State::Dead(now + away);
                member.back = back;
                self.say(format_args!("{name} dies"));
                self.count("a death");
                false
            }
            Fate::Pauses(lasts) => {
                member.state = State::Paused(now + lasts);
                self.say(format_args!("{name} is paused"));
                self.count("a pause");
                true
            }
        }
    }

    /// The process of a gateway reached something at which it can be stopped.
    pub(super) fn reached(&mut self, at: usize) {
        self.effect(at);
    }

    pub(super) fn is_dead(&self, at: usize) -> bool {
        self.members.get(at).is_none_or(|member| matches!(member.state, State::Dead(_)))
    }

    /// A run of the journal began.
    pub(super) fn begun(&mut self, at: usize, run: u64) {
        let now = self.now;
        if let Some(member) = self.members.get_mut(at) {
            member.run = run;
            let name = Arc::clone(&member.name);
            self.checks.heard(run, now);
            self.say(format_args!("{name} begins run {run}"));
        }
    }

    /// A process begins. Returns its name, and its place.
    pub(super) fn process_begins(&mut self, at: usize) -> Option<(Arc<str>, (usize, u32))> {
        let member = self.members.get_mut(at)?;
        member.process += 1;
        member.state = State::Runs;
        member.trigger = None;
        member.halt = Arc::default();
        member.is_asked_to_stop = false;
        member.has_stopped = false;
        match std::mem::replace(&mut member.back, Back::Same) {
            Back::Same => {}
            Back::Elsewhere => member.place.1 += 1,
            Back::Renamed => {
                member.place.1 += 1;
                member.name = format!("gateway-{at}-{}", member.process).into();
            }
        }
        let begins = (Arc::clone(&member.name), member.place);
        self.say(format_args!("{} starts", begins.0));
        self.count("a process");
        Some(begins)
    }

    /// A process is gone. The next one begins at this time.
    pub(super) fn process_ended(&mut self, at: usize, next: Duration) {
        let Some(member) = self.members.get_mut(at) else { return };
        member.state = State::Away(next);
        let name = Arc::clone(&member.name);
        let process = member.process;
        self.say(format_args!("{name} is gone"));
        self.net_process_ended(at);
        self.words.left(at);
        self.callers_lost(at, process);
    }

    /// Nothing that happens from now on is a fault: what is paused goes on, what is away begins.
    pub(super) fn calm(&mut self) {
        self.say(format_args!("calm"));
        let now = self.now;
        for member in &mut self.members {
            member.trigger = None;
            member.state = match member.state {
                State::Away(at) => State::Away(at.min(now)),
                State::Paused(at) => State::Paused(at.min(now)),
                State::Dead(at) => State::Dead(at.min(now)),
                State::Runs => State::Runs,
            };
        }
    }

    pub(super) fn is_eventful(&self) -> bool {
        self.now < EVENTFUL
    }
}
