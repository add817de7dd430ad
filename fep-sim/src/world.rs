//! The world: virtual time, the events in it, and the process of the gateway, which can die at any of its effects.
//!
//! Everything is in one value behind one lock, and all tasks run in one thread, so that a seed replays one history. The world outlives
//! the process: banks, network and the journal's files stay when the gateway dies.

mod check;

mod lines;

mod bank;
mod disk;

mod dial;
mod net;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::random::SplitMix64;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::bank::{Bank, BankEvent};
use self::check::Checks;
use self::dial::Doors;
use self::disk::DiskState;
use self::lines::{FullWindow, LineChecks};
use self::net::{Net, NetEvent};

use crate::draw::Draw;
use crate::plan::{FAULTS_END, Plan, What};
use crate::setup::{BANKS, Setup};

pub(crate) use self::bank::Transfer;
pub(crate) use self::check::Told;
pub use self::check::{Failure, Rule};
pub(crate) use self::disk::SimulatedDisk;
pub(crate) use self::lines::watch;
pub(crate) use self::net::SimulatedNetwork;

/// The number of a connection, over all processes.
type ConnectionId = u64;

/// A handle to the world.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    /// The driver of the world has an earlier event.
    pub(crate) sooner: Arc<Notify>,
    /// The process has died.
    pub(crate) died: Arc<Notify>,
}

/// Everything outside of the gateway.
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) draw: Draw,
    pub(crate) net: Net,
    doors: Doors,
    pub(crate) banks: [Bank; BANKS],
    /// Which bank got the transfer of each amount, and its key there. The callers give each transfer an amount of its own.
    amounts: BTreeMap<u64, (usize, Vec<u8>)>,
    pub(crate) disk: DiskState,
    pub(crate) checks: Checks,
    pub(crate) lines: LineChecks,
    pub(crate) setup: Setup,
    pub(crate) history: History,
    /// The difference between the wall clock and the time of the world.
    pub(crate) wall_offset_ms: i64,
    /// When the wall clock was last set forward.
    set_forward_at: Option<Duration>,
    narrow: [bool; BANKS],
    /// Whether the second bank has troubles, too.
    pub(crate) troubles_all: bool,
    /// Whether decisions of the gateway can be seen at once.
    pub(crate) is_punctual: bool,
    events: BTreeMap<(Duration, u64), Event>,
    serial: u64,
    /// When the present process began, in the world and in its runtime.
    process: Option<(Duration, Instant)>,
    /// The number of effects after which the process dies.
    dies_after: Option<u32>,
    /// The same for the processes that have not begun.
    next_die_after: VecDeque<u32>,
    /// The number of steps of archiving after which a process dies.
    dies_archiving: Option<u32>,
    /// The days that pass before the next process begins.
    days_away: u8,
    /// The latest time that a wall clock showed, in milliseconds since 1970.
    newest_wall_ms: i64,
    dead: bool,
    sooner: Arc<Notify>,
    died: Arc<Notify>,
}

/// Something that happens in the world at some time.
#[derive(Debug)]
pub(crate) enum Event {
    Net(NetEvent),
    Bank(usize, BankEvent),
    FullWindow(FullWindow),
    Begin(What),
    End(What),
}

/// What happened, as text for people. Only its digest is kept, unless somebody wants to read it.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) lines: Option<Vec<String>>,
    digest: DefaultHasher,
}

/// How long an earlier process's requests count as in flight at most: the time for an answer and the quarantine.
const REMEMBERED: Duration = Duration::from_secs(14);

/// A day, and the offset of the banks' days, in milliseconds.
const DAY_MS: i64 = 86_400_000;
const OFFSET_MS: i64 = 540 * 60_000;

/// 2026-11-27T12:00:00+09:00.
const STARTED_AT_MS: i64 = 1_795_748_400_000;

impl History {
    /// The same for the same history.
    pub(crate) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    fn add(&mut self, now: Duration, what: std::fmt::Arguments<'_>) {
        let line = format!("{:10.6}  {what}", now.as_secs_f64());
        line.hash(&mut self.digest);
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }
}

impl Shared {
    pub(crate) fn new(plan: &Plan, keep_history: bool) -> Self {
        let sooner = Arc::new(Notify::new());
        let died = Arc::new(Notify::new());
        let mut world = World {
            now: Duration::ZERO,
            draw: Draw(SplitMix64::new(plan.seed)),
            net: Net::default(),
            doors: Doors::new(),
            amounts: BTreeMap::new(),
            banks: [Bank::new(), Bank::new()],
            disk: DiskState::default(),
            checks: Checks::default(),
            lines: LineChecks::default(),
            setup: Setup::of(plan.seed),
            history: History { lines: keep_history.then(Vec::new), digest: DefaultHasher::new() },
            wall_offset_ms: STARTED_AT_MS,
            set_forward_at: None,
            troubles_all: plan.troubles_all(),
            is_punctual: plan.is_punctual(),
            narrow: [0, 1].map(|bank| plan.holds_bytes_back(bank)),
            events: BTreeMap::new(),
            serial: 0,
            process: None,
            dies_after: None,
            next_die_after: VecDeque::new(),
            dies_archiving: None,
            days_away: 0,
            newest_wall_ms: STARTED_AT_MS,
            dead: false,
            sooner: Arc::clone(&sooner),
            died: Arc::clone(&died),
        };
        for (_, item) in &plan.items {
            world.at(item.at, Event::Begin(item.what));
            if let Some(lasts) = item.what.lasts() {
                world.at(item.at + lasts, Event::End(item.what));
            }
        }
        world.banks_dial();
        Self { world: Arc::new(Mutex::new(world)), sooner, died }
    }

    /// The world at the present time.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        let mut world = self.as_it_was();
        if let Some((began, instant)) = world.process {
            world.now = world.now.max(began + instant.elapsed());
        }
        world
    }

    /// The world at the time of the last look at it.
    fn as_it_was(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process is gone. Outside of its runtime, its clock is that of the machine, which a replay must not see.
    pub(crate) fn process_ended(&self) {
        self.as_it_was().process_ended();
    }

    /// Lets everything happen that is due, as long as the process runs.
    pub(crate) async fn drive(self) {
        loop {
            let next = {
                let mut world = self.lock();
                world.run_due();
                world.next_event().map(|at| at.saturating_sub(world.now))
            };
            let sleep = tokio::time::sleep(next.unwrap_or(Duration::from_secs(3600)));
            tokio::select! {
                biased;
                () = self.sooner.notified() => {}
                () = sleep => {}
            }
        }
    }
}

impl World {
    /// Says what happens.
    pub(crate) fn say(&mut self, what: std::fmt::Arguments<'_>) {
        self.history.add(self.now, what);
    }

    pub(crate) fn wall_ms(&self) -> i64 {
        self.wall_offset_ms + i64::try_from(self.now.as_millis()).unwrap_or(0)
    }

    /// Lets something happen at a time.
    pub(crate) fn at(&mut self, at: Duration, event: Event) {
        let at = at.max(self.now);
        if self.next_event().is_none_or(|next| at < next) {
            self.sooner.notify_one();
        }
        self.serial += 1;
        self.events.insert((at, self.serial), event);
    }

    pub(crate) fn after(&mut self, pause: Duration, event: Event) {
        self.at(self.now + pause, event);
    }

    pub(crate) fn next_event(&self) -> Option<Duration> {
        self.events.keys().next().map(|(at, _)| *at)
    }

    fn run_due(&mut self) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let event = entry.remove();
            match event {
                Event::Net(event) => self.net_event(event),
                Event::Bank(bank, event) => self.bank_event(bank, event),
                Event::FullWindow(full) => self.full_window(&full),
                Event::Begin(what) => self.begin(what),
                Event::End(what) => self.end(what),
            }
            self.lines_are_on_time();
        }
    }

    /// Lets time pass while no process runs.
    pub(crate) fn pass(&mut self, until: Duration) {
        while let Some(at) = self.next_event().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.run_due();
        }
        self.now = self.now.max(until);
    }

    /// A new process begins.
    pub(crate) fn process_begins(&mut self) {
        self.process = Some((self.now, Instant::now()));
        self.dead = false;
        self.dies_after = self.next_die_after.pop_front().filter(|_| self.now < FAULTS_END);
        self.newest_wall_ms = self.newest_wall_ms.max(self.wall_ms());
        self.say(format_args!("the process begins"));
        self.lines_of_process_begin();
        if self.set_forward_at.is_some_and(|at| at + REMEMBERED > self.now) {
            // By its clock, what the earlier process sent is long over. There is no other clock that both processes know.
            self.checks.forget_what_was_sent();
        }
    }

    /// The days pass for which the process is away.
    pub(crate) fn days_pass(&mut self) {
        let days = i64::from(std::mem::take(&mut self.days_away));
        if days > 0 {
            self.say(format_args!("{days} days pass"));
            self.count("days without a process");
            self.wall_offset_ms += days * DAY_MS;
            self.set_forward_at = Some(self.now);
        }
    }

    /// Exchanges that were accepted before this time may be removed on purpose. In milliseconds since 1970.
    pub(crate) fn removed_before_ms(&self) -> Option<i64> {
        let keep_days = self.setup.archives?.keep_days?;
        let today = (self.newest_wall_ms.max(self.wall_ms()) + OFFSET_MS).div_euclid(DAY_MS);
        Some((today - keep_days) * DAY_MS - OFFSET_MS)
    }

    /// A step of archiving is about to be made. Returns false if the process dies before it.
    fn archiving(&mut self) -> bool {
        match self.dies_archiving.as_mut() {
            Some(0) if !self.dead => {
                self.count("a death while archiving");
                self.die();
            }
            Some(left) => *left = left.saturating_sub(1),
            None => {}
        }
        self.effect()
    }

    /// The process is gone, with all of its memory and connections.
    fn process_ended(&mut self) {
        self.process = None;
        self.dead = true;
        self.say(format_args!("the process is gone"));
        self.net_process_ended();
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// The process is about to have an effect on its surroundings. Returns false if it dies before that.
    pub(crate) fn effect(&mut self) -> bool {
        if self.dead {
            return false;
        }
        match self.dies_after.as_mut() {
            Some(0) => {
                self.die();
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    fn die(&mut self) {
        self.dead = true;
        self.dies_after = None;
        self.dies_archiving = None;
        self.say(format_args!("the process dies"));
        self.died.notify_one();
    }

    fn begin(&mut self, what: What) {
        self.say(format_args!("begin {what:?}"));
        match what {
            What::Bank { bank, fault, .. } => self.bank_fault(bank, fault, true),
            What::Net { bank, fault, .. } => self.net_fault(bank, fault, true),
            What::Disk { fault, lasts } => self.disk.begin(fault, self.now + lasts),
            What::Crash { effects } if self.process.is_some() && !self.dead => self.dies_after = Some(effects),
            What::CrashAtStart { effects } => self.next_die_after.push_back(effects),
            What::CrashArchiving { steps } => self.dies_archiving = Some(steps),
            What::Away { days, dies } => {
                self.days_away += days;
                if dies && self.process.is_some() && !self.dead {
                    self.die();
                }
            }
            What::Jump { ms } => {
                self.wall_offset_ms += ms;
                self.set_forward_at = (ms > 0).then_some(self.now).or(self.set_forward_at);
            }
            What::Notice { bank, times } => self.bank_notice(bank, times),
            What::Closes { bank, .. } => self.bank_closes(bank, true),
            // The gateway's users do these; `life` carries them out.
            What::Transfer { .. } | What::Balance { .. } | What::Stop | What::Person | What::Crash { .. } => {}
        }
    }

    fn end(&mut self, what: What) {
        self.say(format_args!("end {what:?}"));
        match what {
            What::Bank { bank, fault, .. } => self.bank_fault(bank, fault, false),
            What::Net { bank, fault, .. } => self.net_fault(bank, fault, false),
            What::Disk { fault, .. } => self.disk.end(fault),
            What::Closes { bank, .. } => self.bank_closes(bank, false),
            _ => {}
        }
    }

    /// The process does not die any more.
    pub(crate) fn calm(&mut self) {
        self.dies_after = None;
        self.dies_archiving = None;
    }

    /// Whether a process may fail to start now: it died, or the disk takes nothing. Then somebody starts it again.
    pub(crate) fn may_fail_to_start(&self) -> bool {
        self.dead || self.disk.takes_nothing()
    }

    /// Whether the kernel may hand bytes over much later than the gateway wrote them, so that a rate cannot be seen on the wire.
    pub(crate) fn is_narrow(&self, bank: usize) -> bool {
        self.narrow.get(bank).copied().unwrap_or(false)
    }
}

impl What {
    /// How long it lasts, if it does.
    pub(crate) fn lasts(self) -> Option<Duration> {
        match self {
            Self::Bank { lasts, .. }
            | Self::Net { lasts, .. }
            | Self::Disk { lasts, .. }
            | Self::Closes { lasts, .. } => Some(lasts),
            _ => None,
        }
    }
}
