//! Instances that share places by way of a store that answers late or not at all. Instances pause, die and come back; persons stop lines.
//!
//! At each step, at most one instance that runs has the link of a place open. Once faults stop, each place is held, evenly.

use super::*;
use crate::random::SplitMix64;

const MS: Duration = Duration::from_millis(1);
const STEP: Duration = Duration::from_millis(10);
const TERMS: PlaceTerms = PlaceTerms { lease: Duration::from_secs(1) };

/// How long a link takes to sign off and close.
const CLOSING: Duration = Duration::from_millis(150);

#[derive(Clone, Debug, Default)]
struct Row {
    holder: Option<(Arc<str>, u64)>,
    until: Duration,
    seekers: BTreeMap<Arc<str>, Duration>,
}

/// What is on its way. The number is that of the life of the instance.
enum Message {
    Asked(usize, u64, PlacesAsked, Duration),
    Seen(usize, u64, PlacesAsked, PlacesSeen, Duration),
    Take(usize, u64, Vec<PlaceKey>, Duration),
    Took(usize, u64, Vec<PlaceKey>, Duration),
}

struct OpenPlace {
    limits: PlaceLimits,
    closes_at: Option<Duration>,
}

struct Instance {
    name: Arc<str>,
    life: u64,
    places: Places,
    open: BTreeMap<PlaceKey, OpenPlace>,
    stopped: BTreeSet<PlaceKey>,
    /// When it looks again, if no look is under way.
    looks_at: Option<Duration>,
    gives_up_at: Duration,
    paused_until: Duration,
    given: Vec<Duration>,
}

struct World {
    random: SplitMix64,
    now: Duration,
    rows: BTreeMap<PlaceKey, Row>,
    instances: Vec<Instance>,
    network: BTreeMap<(Duration, u64), Message>,
    serial: u64,
    has_faults: bool,
}

fn key(institution: u32, line: u32) -> PlaceKey {
    PlaceKey { institution: format!("bank-{institution}").into(), line: format!("line-{line}").into(), number: 0 }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let instance = |name: &str| Instance {
            name: name.into(),
            life: 0,
            places: Places::new(name.into(), TERMS),
            open: BTreeMap::new(),
            stopped: BTreeSet::new(),
            looks_at: Some(Duration::ZERO),
            gives_up_at: Duration::ZERO,
            paused_until: Duration::ZERO,
            given: Vec::new(),
        };
        let lines = 1 + u32::try_from(random.next_u64() % 3).unwrap();
        let keys = (0..2).flat_map(|institution| (0..lines).map(move |line| key(institution, line)));
        Self {
            rows: keys.map(|key| (key, Row::default())).collect(),
            random,
            now: Duration::ZERO,
            instances: ["a", "b", "c"].map(instance).into(),
            network: BTreeMap::new(),
            serial: 0,
            has_faults: true,
        }
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.has_faults && self.random.next_u64().is_multiple_of(one_in)
    }

    fn send(&mut self, message: Message) {
        if self.chance(12) {
            return;
        }
        let delay = if self.chance(6) { self.random.next_u64() % 900 } else { self.random.next_u64() % 20 };
        self.serial += 1;
        self.network.insert((self.now + MS * u32::try_from(delay).unwrap(), self.serial), message);
    }

    fn deliver(&mut self, message: Message) {
        match message {
            Message::Asked(who, life, asked, at) => {
                let seen = self.store_looks(who, life, &asked);
                self.send(Message::Seen(who, life, asked, seen, at));
            }
            Message::Take(who, life, keys, at) => {
                let name = Arc::clone(&self.instances[who].name);
                let now = self.now;
                let mut taken = keys;
                taken.retain(|key| {
                    let row = self.rows.get_mut(key).unwrap();
                    let is_free = row.holder.is_none() || row.until <= now;
                    if is_free {
                        row.holder = Some((Arc::clone(&name), life));
                        row.until = now + TERMS.lease;
                    }
                    is_free
                });
                self.send(Message::Took(who, life, taken, at));
            }
            Message::Seen(who, life, asked, seen, at) if self.hears(who, life, at) => {
                let now = self.now;
                let instance = &mut self.instances[who];
                let (words, take) = instance.places.saw(&asked, &seen, at, now);
                words.into_iter().for_each(|(key, word)| instance.told(key, word, now));
                match take.is_empty() {
                    true => instance.looks_at = Some(now + TERMS.look_pause()),
                    false => {
                        instance.gives_up_at = now + TERMS.lease;
                        self.send(Message::Take(who, life, take, now));
                    }
                }
            }
            Message::Took(who, life, taken, at) if self.hears(who, life, at) => {
                let now = self.now;
                let instance = &mut self.instances[who];
                let words = instance.places.took(taken, at);
                words.into_iter().for_each(|(key, word)| instance.told(key, word, now));
                instance.looks_at = Some(now + TERMS.look_pause());
            }
            Message::Seen(..) | Message::Took(..) => {}
        }
    }

    /// Whether an answer is not too late.
    fn hears(&self, who: usize, life: u64, asked_at: Duration) -> bool {
        let instance = &self.instances[who];
        instance.life == life && instance.looks_at.is_none() && asked_at + TERMS.lease >= self.now
    }

    fn store_looks(&mut self, who: usize, life: u64, asked: &PlacesAsked) -> PlacesSeen {
        let name = Arc::clone(&self.instances[who].name);
        let own = Some((Arc::clone(&name), life));
        for key in &asked.release {
            let row = self.rows.get_mut(key).unwrap();
            if row.holder == own {
                row.holder = None;
            }
        }
        let mut renewed = Vec::new();
        for (key, row) in &mut self.rows {
            if asked.renew.contains(key) && row.holder == own {
                row.until = self.now + TERMS.lease;
                renewed.push(key.clone());
            }
            row.seekers.remove(&name);
            if asked.seek.contains(key) {
                row.seekers.insert(Arc::clone(&name), self.now + TERMS.lease);
            }
            row.seekers.retain(|_, until| *until > self.now);
        }
        let place = |(key, row): (&PlaceKey, &Row)| PlaceSeen {
            key: key.clone(),
            holder: row.holder.as_ref().filter(|_| row.until > self.now).map(|(name, _)| Arc::clone(name)),
            seekers: row.seekers.keys().cloned().collect(),
        };
        PlacesSeen { renewed, places: self.rows.iter().map(place).collect() }
    }

    fn step(&mut self) {
        self.now += STEP;
        for who in 0..self.instances.len() {
            if self.chance(400) {
                // It dies, its links are closed by the system, and it comes back with a new life.
                let instance = &mut self.instances[who];
                instance.life += 1;
                instance.places = Places::new(Arc::clone(&instance.name), TERMS);
                instance.open.clear();
                instance.given.clear();
                instance.looks_at = Some(self.now + STEP * 20);
            }
            if self.chance(600) {
                self.instances[who].paused_until =
                    self.now + MS * u32::try_from(self.random.next_u64() % 3000).unwrap();
            }
            if self.chance(300) {
                let keys: Vec<_> = self.rows.keys().cloned().collect();
                let line = usize::try_from(self.random.next_u64()).unwrap_or_default() % keys.len();
                let stopped = &mut self.instances[who].stopped;
                if !stopped.remove(&keys[line]) {
                    stopped.insert(keys[line].clone());
                }
            }
            if self.instances[who].paused_until <= self.now {
                self.run(who);
            }
        }
        while let Some(entry) = self.network.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let message = entry.remove();
            match message {
                // Who is paused reads later.
                Message::Seen(who, ..) | Message::Took(who, ..) if self.instances[who].paused_until > self.now => {
                    self.serial += 1;
                    let until = self.instances[who].paused_until;
                    self.network.insert((until, self.serial), message);
                }
                message => self.deliver(message),
            }
        }
        self.check();
    }

    fn run(&mut self, who: usize) {
        let now = self.now;
        let keys: Vec<_> = self.rows.keys().cloned().collect();
        let instance = &mut self.instances[who];
        instance.look_at_places(now);
        if instance.looks_at.is_none() && instance.gives_up_at <= now {
            instance.looks_at = Some(now);
        }
        if instance.looks_at.is_some_and(|at| at <= now) {
            instance.looks_at = None;
            instance.gives_up_at = now + TERMS.lease;
            let what = |key: PlaceKey| {
                let is_wanted = !instance.stopped.contains(&key);
                (key.clone(), PlaceNow { is_open: instance.open.contains_key(&key), is_wanted })
            };
            let asked = instance.places.ask(&keys.into_iter().map(what).collect());
            let life = instance.life;
            self.send(Message::Asked(who, life, asked, now));
        }
    }

    fn check(&self) {
        for place in self.rows.keys() {
            let open = self.instances.iter().filter(|instance| {
                // One that is paused closes its link as soon as it runs again, and writes nothing before.
                instance.paused_until <= self.now && instance.open.contains_key(place)
            });
            let open: Vec<_> = open.map(|instance| &*instance.name).collect();
            assert!(open.len() <= 1, "{place:?} is open at {open:?} at {:?}", self.now);
        }
    }
}

impl Instance {
    fn told(&mut self, key: PlaceKey, word: PlaceWord, now: Duration) {
        match (word, self.open.get_mut(&key)) {
            (PlaceWord::Have(limits) | PlaceWord::Renewed(limits), Some(open)) => open.limits = limits,
            (PlaceWord::Have(limits), None) if limits.leave_at > now && !self.stopped.contains(&key) => {
                self.open.insert(key, OpenPlace { limits, closes_at: None });
            }
            (PlaceWord::Leave(_), Some(open)) if open.closes_at.is_none() => {
                self.given.push(now);
                open.closes_at = Some(now + CLOSING);
            }
            (PlaceWord::Lost, _) => drop(self.open.remove(&key)),
            _ => {}
        }
    }

    fn look_at_places(&mut self, now: Duration) {
        for (key, open) in &mut self.open {
            if self.stopped.contains(key) || open.limits.leave_at <= now {
                open.closes_at.get_or_insert(now + CLOSING);
            }
        }
        self.open.retain(|_, open| open.limits.cut_at > now && open.closes_at.is_none_or(|at| at > now));
    }
}

#[test]
fn no_two_instances_have_one_link_and_all_links_are_spread_in_the_end() {
    for seed in 0..300 {
        let mut world = World::new(seed);
        while world.now < Duration::from_secs(30) {
            world.step();
        }
        world.has_faults = false;
        world.instances.iter_mut().for_each(|instance| instance.stopped.clear());
        while world.now < Duration::from_secs(60) {
            world.step();
        }
        let holders: Vec<_> =
            world.rows.iter().map(|(key, row)| (key, row.holder.clone().expect("each is held").0)).collect();
        for institution in ["bank-0", "bank-1", ""] {
            let own = holders.iter().filter(|(key, _)| institution.is_empty() || *key.institution == *institution);
            let own: Vec<_> = own.collect();
            let counts =
                world.instances.iter().map(|instance| own.iter().filter(|(_, name)| *name == instance.name).count());
            let counts: Vec<_> = counts.collect();
            let least = counts.iter().min().unwrap();
            let most = counts.iter().max().unwrap();
            assert!(most - least <= 1, "seed {seed}, {institution}: {counts:?}");
        }
        for instance in &world.instances {
            let pauses = instance.given.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(pauses.min().is_none_or(|pause| pause >= TERMS.lease), "seed {seed}: {:?}", instance.given);
            let open = world.rows.keys().filter(|key| instance.open.contains_key(key)).count();
            let held = holders.iter().filter(|(_, name)| *name == instance.name).count();
            assert_eq!(open, held, "seed {seed}: {} has links that it does not open", instance.name);
        }
    }
}
