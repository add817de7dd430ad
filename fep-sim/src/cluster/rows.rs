//! What the modelled journal keeps: the tables of the PostgreSQL journal, and what its commits and questions do to them. It never fails: who
//! reaches it, and whose answers are lost, is the business of `journal`.

use std::collections::BTreeMap;
use std::time::Duration;

use fep_gateway::exchange::{ExchangeId, Outcome};
use fep_gateway::ground::{Committed, SharedBlock, SharedRun};
use fep_protocol::exchange::Passage;
use fep_protocol::fact::{Fact, SentClass, TakenOver, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::JournalError;
use fep_protocol::trace::{TraceBlock, TraceCounter, TraceHighWater};

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The facts in their order, with the runs that stored them.
    pub(super) facts: Vec<(Fact, u64)>,
    instances: BTreeMap<String, Instance>,
    /// The run, the institution and the heir.
    taken_over: Vec<(TakenOver, String, String)>,
    keys: BTreeMap<(String, String), ExchangeId>,
    /// The highest number that was given, by institution and day.
    traces: BTreeMap<(String, i64), u64>,
    epochs: u64,
}

/// The row of an instance.
#[derive(Debug)]
struct Instance {
    /// The machine and the files of its run.
    place: (usize, u32),
    epoch: u64,
    seen_at: Duration,
    has_ended: bool,
    batch: u64,
    batch_first: u64,
}

/// How long a gateway may be silent until others take over.
pub(super) const LEASE: Duration = Duration::from_millis(2000);

impl Instance {
    fn is_silent(&self, now: Duration) -> bool {
        now.saturating_sub(self.seen_at) >= LEASE || is_on(Mutant::TakesOverEarly)
    }
}

impl Rows {
    /// Begins a run, as `begin` in `postgres::lease` does.
    pub(super) fn begin(
        &mut self,
        name: &str,
        place: (usize, u32),
        max: usize,
        now: Duration,
    ) -> Result<SharedRun, String> {
        let writes = |row: &Instance| !row.has_ended && now.saturating_sub(row.seen_at) < LEASE && row.place != place;
        let is_in_the_way = self.instances.get(name).is_some_and(writes);
        let others = self.instances.iter().filter(|(other, row)| *other != name && writes(row)).count();
        if is_in_the_way || others >= max {
            return Err("another gateway has the lease".to_owned());
        }
        for (other, row) in &mut self.instances {
            row.has_ended |= other == name || now.saturating_sub(row.seen_at) >= LEASE;
        }
        let was = self.instances.get(name).map(|row| row.epoch);
        let was_fenced = self.taken_over.iter().any(|(run, ..)| run.instance == name && Some(run.epoch) == was);
        self.epochs += 1;
        let epoch = self.epochs;
        let row = Instance { place, epoch, seen_at: now, has_ended: false, batch: 0, batch_first: 0 };
        self.instances.insert(name.to_owned(), row);
        Ok(SharedRun { epoch, was_fenced })
    }

    /// Renews a lease. `None` if the run is over.
    pub(super) fn renew(&mut self, name: &str, epoch: u64, now: Duration) -> Option<()> {
        let row = self.instances.get_mut(name)?;
        let writes = row.epoch == epoch && !row.has_ended;
        if !writes && !is_on(Mutant::NoFence) {
            return None;
        }
        if writes {
            row.seen_at = now;
        }
        Some(())
    }

    /// What a commit would leave out, and why. Nothing is changed.
    fn refused(&self, name: &str, facts: &[Fact], now: Duration) -> Vec<(usize, JournalError)> {
        let mut claimed: Vec<(String, String)> = Vec::new();
        let mut refused = Vec::new();
        for (place, fact) in facts.iter().enumerate() {
            if let Some((key, _)) = claim(fact) {
                let is_taken = self.keys.contains_key(&key) || claimed.contains(&key);
                if is_taken && !is_on(Mutant::KeyIsNotClaimed) {
                    refused.push((place, JournalError::KeyTaken));
                }
                claimed.push(key);
            }
            if let (What::TakenOver, Some(run)) = (fact.what, fact.taken_over.as_deref())
                && !self.may_take(name, run, &fact.institution, now)
            {
                refused.push((place, JournalError::Failed(format!("{} writes, or is taken over", run.instance))));
            }
        }
        refused
    }

    fn may_take(&self, name: &str, run: &TakenOver, institution: &str, now: Duration) -> bool {
        let row = self.instances.get(&run.instance);
        let is_over = row.is_some_and(|row| row.epoch == run.epoch && row.is_silent(now));
        let is_free =
            !self.taken_over.iter().any(|(taken, of, _)| taken == run && (of == institution || of.is_empty()));
        run.instance != name && is_over && (is_free || is_on(Mutant::TakesOverTwice))
    }

    /// Stores facts. `None` if the run is over.
    pub(super) fn commit(
        &mut self,
        name: &str,
        (epoch, batch): (u64, u64),
        facts: &[Fact],
        now: Duration,
    ) -> Option<Committed> {
        self.renew(name, epoch, now)?;
        let refused = self.refused(name, facts, now);
        let first = self.last() + 1;
        if let Some(row) = self.instances.get_mut(name).filter(|row| row.epoch == epoch) {
            row.batch = batch;
            row.batch_first = first;
        }
        let is_stored = |place: usize| !refused.iter().any(|(other, _)| *other == place);
        let stored: Vec<&Fact> =
            facts.iter().enumerate().filter(|(place, _)| is_stored(*place)).map(|(_, fact)| fact).collect();
        for fact in &stored {
            if let Some((key, exchange)) = claim(fact) {
                self.keys.insert(key, exchange);
            }
        }
        for fact in stored {
            self.store(name, epoch, fact);
        }
        Some(Committed { first, refused })
    }

    fn store(&mut self, name: &str, epoch: u64, fact: &Fact) {
        if fact.outcome == Some(Outcome::NotSent)
            && let Some(exchange) = fact.exchange
        {
            self.keys.retain(|_, owner| *owner != exchange);
        }
        if let (What::TakenOver, Some(run)) = (fact.what, fact.taken_over.as_deref()) {
            if let Some(row) = self.instances.get_mut(&run.instance) {
                row.has_ended = true;
            }
            self.taken_over.push((run.clone(), fact.institution.to_string(), name.to_owned()));
        }
        let fact = Fact { instance: Some(name.into()), ..fact.clone() };
        self.facts.push((fact, epoch));
    }

    /// The last commit of a name.
    pub(super) fn last_commit(&self, name: &str) -> Option<(u64, u64, u64)> {
        self.instances.get(name).map(|row| (row.epoch, row.batch, row.batch_first))
    }

    /// Gives the right to write back.
    pub(super) fn end(&mut self, name: &str, epoch: u64) {
        if let Some(row) = self.instances.get_mut(name).filter(|row| row.epoch == epoch) {
            row.has_ended = true;
        }
    }

    /// The number of the last fact.
    pub(super) fn last(&self) -> u64 {
        u64::try_from(self.facts.len()).unwrap_or(u64::MAX)
    }

    /// Some facts after a number and up to another.
    pub(super) fn after(&self, after: u64, up_to: u64, max: usize) -> Vec<(u64, Fact)> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let facts = (after + 1..).zip(self.facts.iter().skip(skip));
        facts
            .take(max)
            .take_while(|(number, _)| *number <= up_to)
            .map(|(number, (fact, _))| (number, fact.clone()))
            .collect()
    }

    /// The runs of others from which somebody must take over.
    pub(super) fn over(&self, name: &str, now: Duration) -> Vec<(TakenOver, Vec<String>)> {
        let silent = self.instances.iter().filter(|(other, row)| *other != name && row.is_silent(now));
        let mut over: Vec<_> = silent
            .map(|(other, row)| {
                let run = TakenOver { instance: other.clone(), epoch: row.epoch };
                let taken =
                    self.taken_over.iter().filter(|(taken, ..)| *taken == run && !is_on(Mutant::TakesOverTwice));
                let taken = taken.map(|(_, institution, _)| institution.clone()).collect();
                (run, taken)
            })
            .collect();
        over.sort_by_key(|(run, _)| run.epoch);
        over
    }

    /// Grants the next block of trace numbers.
    pub(super) fn block(&mut self, wanted: &SharedBlock) -> Option<TraceBlock> {
        let SharedBlock { institution, range, used, day, for_what } = wanted;
        let of_institution = self.traces.iter().filter(|((name, _), _)| **name == **institution);
        let mut known: BTreeMap<i64, u64> = of_institution.map(|((_, day), high)| (*day, *high)).collect();
        for mark in used {
            let high = known.entry(mark.day).or_default();
            *high = mark.high.max(*high);
        }
        let known = known.into_iter().map(|(day, high)| TraceHighWater { day, high });
        let mut counter = TraceCounter::new(*range, known);
        let block = counter.next(*day, *for_what)?;
        if !is_on(Mutant::GrantsBlocksTwice) {
            self.traces.insert((institution.to_string(), *day), block.last);
        }
        Some(block)
    }
}

/// The idempotency key that a fact claims, with its exchange.
fn claim(fact: &Fact) -> Option<((String, String), ExchangeId)> {
    let key = fact.idempotency.as_deref().filter(|_| fact.what == What::Sent(SentClass::Request))?;
    let asked = fact.passage.as_deref().and_then(Passage::asked).unwrap_or(&fact.institution);
    Some(((asked.to_owned(), key.key.to_string()), fact.exchange?))
}
