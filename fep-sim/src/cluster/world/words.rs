//! The modelled Redis: the division of the contract, the owners of keys, breakers, and answers on their way. It is never the truth: it can be slow,
//! away, empty, two, and a replica that lacks what was acknowledged can take over. What a gateway makes of that is in `seat`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::coordinator::NewsSender;
use fep_protocol::breaker::{BreakerScope, BreakerSnapshot};
use fep_protocol::coordination::{
    Ask, Contract, Division, Grant, KeyOwner, News, Report, RoutedAnswer, StoredDivision, Terms,
};
use fep_protocol::terms::Key;

use super::{Event, World};
use crate::cluster::plan::{What, WordsFault};

/// Both servers, and what each gateway knows of them.
#[derive(Default)]
pub(in crate::cluster) struct Words {
    sides: [Side; 2],
    /// What a replica has.
    replica: Side,
    seats: BTreeMap<usize, Known>,
}

/// One server.
#[derive(Clone, Default)]
struct Side {
    division: Option<StoredDivision>,
    owners: HashMap<Key, (Arc<str>, Duration)>,
    breakers: BTreeMap<BreakerScope, BreakerSnapshot>,
    /// Who sends the echo test for a breaker: the instance, the generation, and until when.
    probes: BTreeMap<BreakerScope, (Arc<str>, u64, Duration)>,
}

/// What the process of a gateway knows.
pub(in crate::cluster) struct Known {
    pub(in crate::cluster) process: u32,
    pub(in crate::cluster) instance: Arc<str>,
    pub(in crate::cluster) contract: Contract,
    pub(in crate::cluster) terms: Terms,
    pub(in crate::cluster) news: NewsSender,
    /// The last grant, until a report says that it took effect.
    pub(in crate::cluster) sent: Option<Grant>,
    /// The breakers that it was told, with their generations.
    pub(in crate::cluster) breakers: BTreeMap<BreakerScope, BreakerSnapshot>,
}

/// A word on its way.
#[derive(Debug)]
pub(in crate::cluster) struct WordEvent {
    pub(in crate::cluster) at: usize,
    pub(in crate::cluster) process: u32,
    pub(in crate::cluster) begun: Duration,
    pub(in crate::cluster) word: Word,
}

#[derive(Debug)]
pub(in crate::cluster) enum Word {
    /// To Redis.
    Ask(Ask),
    /// The journal proves that an instance writes nothing any more.
    Fence(Arc<str>),
    /// To a gateway.
    News(News),
    /// To a gateway by its name, from the server that the sender saw.
    Answer(Arc<str>, RoutedAnswer),
}

/// How long a word is tried again while Redis is away, as in `coordinator::redis`.
const PATIENCE: Duration = Duration::from_secs(2);
const FENCE_PATIENCE: Duration = Duration::from_secs(120);
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The clock of the servers, whose epochs are times.
const SERVER_STARTED: Duration = Duration::from_secs(1_795_748_400);

impl Words {
    /// A process takes part.
    pub(in crate::cluster) fn joined(&mut self, at: usize, known: Known) {
        self.seats.insert(at, known);
    }

    /// A process is gone.
    pub(in crate::cluster) fn left(&mut self, at: usize) {
        self.seats.remove(&at);
    }

    /// The replica gets what the first server has.
    pub(in crate::cluster) fn remember(&mut self) {
        let [first, _] = &self.sides;
        self.replica = first.clone();
    }
}

impl World {
    fn words_have(&self, wanted: WordsFault) -> bool {
        self.faults.iter().any(|what| matches!(what, What::Words(fault, _) if *fault == wanted))
    }

    pub(in crate::cluster) fn words_begin(&mut self, fault: WordsFault) {
        let Words { sides: [first, second], replica, .. } = &mut self.words;
        match fault {
            WordsFault::Empty => *first = Side::default(),
            WordsFault::FailsOver => *first = replica.clone(),
            WordsFault::Split => *second = first.clone(),
            WordsFault::Away | WordsFault::Slow { .. } | WordsFault::Lies => {}
        }
    }

    pub(in crate::cluster) fn words_end(&mut self, fault: WordsFault) {
        if fault == WordsFault::Split {
            // The second one becomes a replica of the first one, and loses what it had.
            let [_, second] = &mut self.words.sides;
            *second = Side::default();
        }
    }

    /// The server that a gateway sees.
    fn side_of(&self, at: usize) -> usize {
        if self.words_have(WordsFault::Split) { at % 2 } else { 0 }
    }

    fn side(&mut self, at: usize) -> &mut Side {
        let number = self.side_of(at);
        let [first, second] = &mut self.words.sides;
        if number == 0 { first } else { second }
    }

    fn word_delay(&mut self) -> Duration {
        let slow = self.faults.iter().filter_map(|what| match what {
            What::Words(WordsFault::Slow { ms }, _) => Some(*ms),
            _ => None,
        });
        let slow: u64 = slow.sum();
        self.draw.ms(10, 20) + Duration::from_millis(slow)
    }

    /// A word begins its way.
    pub(in crate::cluster) fn word(&mut self, at: usize, process: u32, word: Word) {
        let pause = self.word_delay();
        let begun = self.now;
        self.after(pause, Event::Word(WordEvent { at, process, begun, word }));
    }

    pub(in crate::cluster) fn word_event(&mut self, event: WordEvent) {
        let WordEvent { at, process, begun, ref word } = event;
        // What a dead process had sent arrives; it hears nothing.
        let is_there = self.words.seats.get(&at).is_some_and(|known| known.process == process);
        if let (Word::News(news), true) = (word, is_there) {
            if let Some(known) = self.words.seats.get(&at) {
                known.news.send(news.clone());
            }
            return;
        }
        if !is_there {
            return;
        }
        if self.words_have(WordsFault::Away) {
            let patience = if matches!(word, Word::Fence(_)) { FENCE_PATIENCE } else { PATIENCE };
            let repeats = !matches!(word, Word::Ask(Ask::Report(_) | Ask::Breaker(_) | Ask::Probe { .. }));
            if repeats && self.now < begun + patience {
                self.after(RETRY_PAUSE, Event::Word(event));
            }
            return;
        }
        self.count("a word");
        match event.word {
            Word::Ask(Ask::Report(report)) => self.report(at, process, report),
            Word::Ask(Ask::Breaker(snapshot)) => self.breaker(at, snapshot),
            Word::Ask(Ask::Probe { scope, generation, lease }) => self.may_probe(at, process, scope, generation, lease),
            Word::Ask(Ask::Own { key, keep }) => {
                let until = self.now + keep;
                let Some(instance) = self.instance_of(at) else { return };
                self.side(at).owners.insert(key, (instance, until));
            }
            Word::Ask(Ask::Whose { key }) => self.whose(at, process, begun, key),
            Word::Ask(Ask::HandOver { to, answer }) => {
                self.word(at, process, Word::Answer(to, answer));
            }
            Word::Ask(Ask::Traces { .. }) | Word::News(_) => {}
            Word::Answer(to, answer) => self.pass_on(at, process, begun, to, answer),
            Word::Fence(name) => self.fence(at, process, begun, name),
        }
    }

    fn instance_of(&self, at: usize) -> Option<Arc<str>> {
        self.words.seats.get(&at).map(|known| Arc::clone(&known.instance))
    }

    /// Changes the division on the server that a gateway sees.
    fn divided<T>(&mut self, at: usize, act: impl FnOnce(&mut Division, Duration) -> T) -> Option<T> {
        let now = SERVER_STARTED + self.now;
        let known = self.words.seats.get(&at)?;
        let terms = known.terms;
        let contract = known.contract;
        let side = self.side(at);
        let stored = side.division.take();
        let restored = stored.and_then(|stored| stored.restore(terms, contract, now).ok());
        let (mut division, now) = restored.unwrap_or_else(|| (Division::new(terms, contract, now), now));
        let result = act(&mut division, now);
        side.division = Some(StoredDivision::of(&division, now));
        Some(result)
    }

    /// As `report` in `coordinator::redis::dividing`.
    fn report(&mut self, at: usize, process: u32, mut report: Report) {
        let Some(known) = self.words.seats.get_mut(&at) else { return };
        let instance = Arc::clone(&known.instance);
        if let Some(sent) = known.sent {
            match (report.epoch, report.grant) >= (Some(sent.epoch), sent.serial) {
                true => known.sent = None,
                false => report.held = report.held.max(sent.share),
            }
        }
        let answer = self.divided(at, |division, now| division.report(&instance, &report, now));
        let Some(known) = self.words.seats.get_mut(&at) else { return };
        let news = match answer {
            Some(Ok(grant)) => {
                let unconfirmed = known.sent.map_or(grant.share, |sent| sent.share.max(grant.share));
                known.sent = Some(Grant { share: unconfirmed, ..grant });
                News::Grant(grant)
            }
            Some(Err(fenced)) => {
                known.sent = None;
                News::Fenced(fenced)
            }
            None => return,
        };
        self.word(at, process, Word::News(news));
        self.compare_breakers(at, process);
    }

    fn breaker(&mut self, at: usize, snapshot: BreakerSnapshot) {
        let order = |snapshot: &BreakerSnapshot| (snapshot.generation, snapshot.state);
        let breakers = &mut self.side(at).breakers;
        if breakers.get(&snapshot.scope).is_none_or(|known| order(known) < order(&snapshot)) {
            breakers.insert(snapshot.scope.clone(), snapshot.clone());
        }
        if let Some(known) = self.words.seats.get_mut(&at) {
            known.breakers.insert(snapshot.scope.clone(), snapshot);
        }
    }

    /// As `may_send` in `coordinator::redis::probes`.
    fn may_probe(&mut self, at: usize, process: u32, scope: BreakerScope, generation: u64, lease: Duration) {
        let until = self.now + lease;
        let now = self.now;
        let Some(own) = self.instance_of(at) else { return };
        let probes = &mut self.side(at).probes;
        let known = probes.get(&scope);
        let may =
            known.is_none_or(|(by, of, until)| (*by == own && *of == generation) || *of < generation || *until <= now);
        if may {
            probes.insert(scope.clone(), (own, generation, until));
        }
        self.word(at, process, Word::News(News::Probe { scope, generation, may }));
    }

    /// Tells a gateway what is newer on its server, and the server what is newer there.
    fn compare_breakers(&mut self, at: usize, process: u32) {
        let order = |snapshot: &BreakerSnapshot| (snapshot.generation, snapshot.state);
        let stored = self.side(at).breakers.clone();
        let Some(known) = self.words.seats.get_mut(&at) else { return };
        let is_news = |snapshot: &&BreakerSnapshot| {
            known.breakers.get(&snapshot.scope).is_none_or(|known| order(known) < order(snapshot))
        };
        let news: Vec<BreakerSnapshot> = stored.values().filter(is_news).cloned().collect();
        for snapshot in &news {
            known.breakers.insert(snapshot.scope.clone(), snapshot.clone());
        }
        let lost: Vec<BreakerSnapshot> = known.breakers.values().cloned().collect();
        news.into_iter().for_each(|snapshot| self.word(at, process, Word::News(News::Breaker(snapshot))));
        lost.into_iter().for_each(|snapshot| self.breaker(at, snapshot));
    }

    fn whose(&mut self, at: usize, process: u32, begun: Duration, key: Key) {
        let now = self.now;
        let Some(own) = self.instance_of(at) else { return };
        let owner =
            self.side(at).owners.get(&key).filter(|(_, until)| now < *until).map(|(owner, _)| Arc::clone(owner));
        let owner = match self.words_have(WordsFault::Lies) {
            true => {
                self.count("a lie about an owner");
                self.words.seats.values().map(|known| Arc::clone(&known.instance)).find(|other| *other != own)
            }
            false => owner,
        };
        let timeout = self.words.seats.get(&at).map_or(Duration::ZERO, |known| known.terms.owner_timeout);
        let owner = match owner {
            Some(owner) if owner != own => KeyOwner::Instance(owner),
            None if now + RETRY_PAUSE < begun + timeout => {
                let word = Word::Ask(Ask::Whose { key });
                return self.after(RETRY_PAUSE, Event::Word(WordEvent { at, process, begun, word }));
            }
            Some(_) | None => KeyOwner::Nobody,
        };
        self.word(at, process, Word::News(News::Owner { key, owner }));
    }

    fn pass_on(&mut self, at: usize, process: u32, begun: Duration, to: Arc<str>, answer: RoutedAnswer) {
        let side = self.side_of(at);
        let target = self.words.seats.iter().find(|(_, known)| known.instance == to);
        let target = target.map(|(target, known)| (*target, known.process));
        match target.filter(|(target, _)| self.side_of(*target) == side) {
            Some((target, its)) => {
                self.count("an answer that was handed over");
                self.word(target, its, Word::News(News::Answer(answer)));
            }
            None if self.now < begun + PATIENCE => {
                let word = Word::Answer(to, answer);
                self.after(RETRY_PAUSE, Event::Word(WordEvent { at, process, begun, word }));
            }
            None => {}
        }
    }

    /// As `fence` in `coordinator::redis::dividing`.
    fn fence(&mut self, at: usize, process: u32, begun: Duration, name: Arc<str>) {
        let age = self.now.saturating_sub(begun);
        let margin = self.words.seats.get(&at).map_or(Duration::ZERO, |known| known.terms.lease);
        let fenced = self.divided(at, |division, now| {
            let before = now.saturating_sub(age + margin);
            let epoch_max = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
            if division.epoch(&name).is_some_and(|epoch| epoch > epoch_max) {
                return true;
            }
            let is_alive = division.alive(now).any(|(alive, ..)| *alive == name);
            if !is_alive {
                division.fence(&name, now);
            }
            !is_alive
        });
        if fenced == Some(false) && age < FENCE_PATIENCE {
            let word = Word::Fence(name);
            self.after(Duration::from_millis(500), Event::Word(WordEvent { at, process, begun, word }));
        }
    }
}
