//! Instances that divide a contract over a network that delays, loses and repeats; instances that pause, die and come back;
//! a coordinator that is away, forgets, or goes back to an older copy of itself.
//!
//! At each step, the requests in flight and the rates of all instances together are at most the contract. Once faults stop,
//! the whole contract is in use.

use std::collections::BTreeMap;

use super::*;
use crate::mutant::{Mutant, is_caught};
use crate::random::SplitMix64;

const MS: Duration = Duration::from_millis(1);

const TERMS: Terms = Terms {
    instances_max: 3,
    lease: Duration::from_millis(900),
    report_every: Duration::from_millis(300),
    owner_timeout: MS,
};

const CONTRACT: Contract = Contract {
    whole: Amounts { rate: 90, inflight: 120 },
    window: Duration::from_secs(1),
    occupied_max: Duration::from_secs(2),
};

#[derive(Clone, Debug)]
enum Message {
    Report(usize, u64, Report),
    Answer(usize, u64, Result<Grant, Fenced>),
}

struct Instance {
    name: Arc<str>,
    /// Counts restarts: a message to an earlier life is lost.
    life: u64,
    membership: Membership,
    /// When requests in flight end.
    inflight: Vec<Duration>,
    appetite: usize,
    paused_until: Duration,
    is_dead: bool,
}

struct World {
    random: SplitMix64,
    now: Duration,
    division: Division,
    copy: Division,
    away_until: Duration,
    instances: Vec<Instance>,
    network: BTreeMap<(Duration, u64), Message>,
    serial: u64,
    has_faults: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let division = Division::new(TERMS, CONTRACT, Duration::ZERO);
        let instance = |name: &str| Instance {
            name: name.into(),
            life: 0,
            membership: Membership::new(TERMS, CONTRACT, Duration::ZERO),
            inflight: Vec::new(),
            appetite: 40,
            paused_until: Duration::ZERO,
            is_dead: false,
        };
        Self {
            random: SplitMix64::new(seed),
            now: Duration::ZERO,
            copy: division.clone(),
            division,
            away_until: Duration::ZERO,
            instances: ["a", "b", "c"].map(instance).into(),
            network: BTreeMap::new(),
            serial: 0,
            has_faults: true,
        }
    }

    fn dice(&mut self, below: u64) -> u64 {
        self.random.next_u64() % below
    }

    fn index(&mut self, below: usize) -> usize {
        usize::try_from(self.dice(u64::try_from(below).unwrap())).unwrap()
    }

    fn send(&mut self, message: Message) {
        let copies = if self.has_faults { [1, 1, 1, 1, 0, 2][self.index(6)] } else { 1 };
        for _ in 0..copies {
            self.serial += 1;
            let most = if self.has_faults && self.dice(10) == 0 { 1500 } else { 60 };
            let delay = u32::try_from(self.dice(most)).unwrap();
            self.network.insert((self.now + delay * MS, self.serial), message.clone());
        }
    }

    fn step(&mut self) {
        self.now += 20 * MS;
        if self.has_faults {
            self.fault();
        }
        while let Some(entry) = self.network.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let message = entry.remove();
            self.deliver(message);
        }
        for which in 0..self.instances.len() {
            self.live(which);
        }
        self.check();
    }

    fn fault(&mut self) {
        let which = self.index(self.instances.len());
        let pause = u32::try_from(self.dice(6000)).unwrap() * MS;
        match self.dice(400) {
            0 => self.instances[which].paused_until = self.now + pause,
            1 => self.away_until = self.now + pause,
            2 => self.forget(Division::new(TERMS, CONTRACT, self.now)),
            3 => self.copy = self.division.clone(),
            4 => self.forget(self.copy.clone()),
            5 => self.instances[which].appetite = [0, 5, 40, 200][self.index(4)],
            6 => self.instances[which].is_dead = true,
            7 if self.instances[which].is_dead => {
                let name = Arc::clone(&self.instances[which].name);
                // What it had in flight is somebody else's by now: a takeover recalls it.
                self.instances[which].inflight.clear();
                self.division.fence(&name, self.now);
                self.copy = self.division.clone();
                self.revive(which);
            }
            _ => {}
        }
    }

    /// The store loses its memory, or goes back to an older copy. All connections to it end.
    fn forget(&mut self, division: Division) {
        self.division = division;
        self.network.retain(|_, message| !matches!(message, Message::Report(..)));
    }

    /// An instance starts again. Its journal has its requests in flight.
    fn revive(&mut self, which: usize) {
        let now = self.now;
        let instance = &mut self.instances[which];
        instance.life += 1;
        instance.is_dead = false;
        // It was fenced, so it may send only after it has joined.
        instance.membership = Membership::after_fence(TERMS, CONTRACT, now);
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Report(which, life, report) => {
                if self.away_until <= self.now {
                    let name = Arc::clone(&self.instances[which].name);
                    let answer = self.division.report(&name, &report, self.now);
                    self.send(Message::Answer(which, life, answer));
                }
            }
            Message::Answer(which, life, answer) => {
                let now = self.now;
                let instance = &mut self.instances[which];
                if instance.life != life || instance.is_dead {
                    return;
                }
                if instance.paused_until > now {
                    // It reads the message when it wakes up.
                    self.serial += 1;
                    self.network.insert((instance.paused_until, self.serial), Message::Answer(which, life, answer));
                    return;
                }
                match answer {
                    Ok(grant) => instance.membership.granted(grant, now),
                    Err(fenced) => instance.membership.fenced(fenced, now),
                };
            }
        }
    }

    fn live(&mut self, which: usize) {
        let now = self.now;
        let random = self.random.next_u64();
        let instance = &mut self.instances[which];
        instance.inflight.retain(|end| *end > now);
        if instance.is_dead || instance.paused_until > now {
            return;
        }
        instance.membership.tick(now);
        let share = instance.membership.share();
        while instance.inflight.len() < share.inflight.min(instance.appetite) {
            // Most are answered soon. Some are silent as long as they can be.
            let random = random.rotate_left(u32::try_from(instance.inflight.len() % 64).unwrap());
            let time = if random.is_multiple_of(7) { 2000 } else { 100 };
            instance.inflight.push(now + time * MS);
        }
        let wanted = Amounts { rate: instance.appetite, inflight: instance.appetite };
        let occupied = instance.inflight.len();
        let life = instance.life;
        if let Some(report) = instance.membership.report(occupied, wanted, now) {
            self.send(Message::Report(which, life, report));
        }
    }

    fn check(&self) {
        let inflight: usize = self.instances.iter().map(|instance| instance.inflight.len()).sum();
        assert!(inflight <= CONTRACT.whole.inflight, "{inflight} in flight at {:?}", self.now);
        let awake = self.instances.iter().filter(|one| !one.is_dead && one.paused_until <= self.now);
        let rate: usize = awake.map(|instance| instance.membership.share().rate).sum();
        assert!(rate <= CONTRACT.whole.rate, "a rate of {rate} at {:?}", self.now);
    }

    /// Ends all faults. Then the whole contract is in use, by those that want it.
    fn heal(&mut self) {
        self.has_faults = false;
        self.away_until = self.now;
        for which in 0..self.instances.len() {
            let now = self.now;
            let instance = &mut self.instances[which];
            instance.paused_until = now;
            if instance.is_dead {
                instance.life += 1;
                instance.is_dead = false;
                // It may have been fenced, and its journal knows.
                instance.membership = Membership::after_fence(TERMS, CONTRACT, now);
            }
            instance.appetite = if which == 0 { 500 } else { 3 };
        }
        for _ in 0..600 {
            self.step();
        }
        let shares: Vec<_> = self.instances.iter().map(|one| one.membership.share()).collect();
        let least = TERMS.least(CONTRACT.whole);
        let most = CONTRACT.whole.each(least, |whole, least| whole - 2 * least);
        assert_eq!(shares, [most, least, least]);
    }
}

fn the_contract_holds(seed: u64, steps: usize) {
    let mut world = World::new(seed);
    for _ in 0..steps {
        world.step();
    }
    world.heal();
}

fn over_seeds(seeds: std::ops::Range<u64>) {
    seeds.for_each(|seed| the_contract_holds(seed, 3000));
}

#[test]
fn all_instances_together_keep_the_contract() {
    over_seeds(0..150);
}

#[test]
fn each_mutant_of_the_division_is_caught() {
    let mutants = [
        Mutant::FallsBackAtOnce,
        Mutant::ReportsNoInflight,
        Mutant::FreesUnconfirmed,
        Mutant::ForgetsTheSilent,
        Mutant::TrustsAnEmptyMemory,
    ];
    for mutant in mutants {
        assert!(is_caught(mutant, || over_seeds(0..150)), "{mutant:?}");
    }
}
