//! The shared journal as one gateway reaches it: slow, cut off, away, and with answers that are lost.

use std::sync::Arc;
use std::time::Duration;

use fep_gateway::ground::{Committed, Disk, Fate, SharedBlock, SharedJournal, SharedRun, Uncommitted};
use fep_protocol::fact::{Fact, TakenOver};
use fep_protocol::trace::TraceBlock;

use super::plan::What;
use super::world::{Shared, World};

/// The way of one process to the journal.
pub(super) struct Way {
    pub(super) shared: Shared,
    pub(super) at: usize,
    pub(super) name: Arc<str>,
    /// The machine and its files.
    pub(super) place: (usize, u32),
}

const AWAY: &str = "the journal does not answer";

impl Way {
    fn reached<T>(&self, of: impl FnOnce(&mut World) -> T) -> Result<T, String> {
        let mut world = self.shared.lock();
        if world.is_dead(self.at) || !world.reaches_journal(self.at) {
            return Err(AWAY.to_owned());
        }
        Ok(of(&mut world))
    }
}

impl World {
    fn reaches_journal(&self, at: usize) -> bool {
        !self.faults.iter().any(|what| match what {
            What::JournalAway { .. } => true,
            What::CutOff { at: cut, .. } => *cut == at,
            _ => false,
        })
    }

    fn commit(&mut self, way: &Way, run: u64, batch: u64, facts: &[Fact]) -> Result<Committed, Uncommitted> {
        let now = self.now;
        let lives = self.effect(way.at);
        let doubts = self.faults.iter().any(|what| matches!(what, What::Doubts { at, .. } if *at == way.at));
        let is_lost = !lives || (doubts && self.draw.percent(50));
        if is_lost && self.draw.percent(50) {
            self.say(format_args!("{}: a commit of {} facts is lost", way.name, facts.len()));
            return Err(Uncommitted::InDoubt { refused: Vec::new() });
        }
        let Some(committed) = self.rows.commit(&way.name, (run, batch), facts, now) else {
            self.say(format_args!("{}: a commit of {} facts is fenced", way.name, facts.len()));
            self.count("a commit that was fenced");
            return Err(Uncommitted::Fenced);
        };
        self.stored(committed.first);
        for _ in &committed.refused {
            self.count("a fact that another gateway does not let us have");
        }
        if is_lost {
            self.say(format_args!("{}: the answer to a commit of {} facts is lost", way.name, facts.len()));
            self.count("a commit in doubt that is stored");
            return Err(Uncommitted::InDoubt { refused: committed.refused });
        }
        Ok(committed)
    }
}

impl SharedJournal for Way {
    fn instance(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    fn begin(&self) -> Result<SharedRun, String> {
        self.reached(|world| {
            let max = world.gateways();
            let now = world.now;
            let run = world.rows.begin(&self.name, self.place, max, now)?;
            world.begun(self.at, run.epoch);
            Ok(run)
        })?
    }

    fn commit(&self, run: u64, batch: u64, facts: &[Fact]) -> Result<Committed, Uncommitted> {
        let committed = self.reached(|world| world.commit(self, run, batch, facts));
        committed.map_err(Uncommitted::Failed).flatten()
    }

    fn last_commit(&self) -> Result<(u64, u64, u64), String> {
        self.reached(|world| world.rows.last_commit(&self.name).unwrap_or_default())
    }

    fn renew(&self, run: u64) -> Result<bool, String> {
        self.reached(|world| {
            let now = world.now;
            world.rows.renew(&self.name, run, now).is_some()
        })
    }

    fn end(&self, run: u64) {
        // If it is not reached, its lease ends.
        let _ = self.reached(|world| world.rows.end(&self.name, run));
    }

    fn last(&self) -> Result<u64, String> {
        self.reached(|world| world.rows.last())
    }

    fn facts(&self, after: u64, up_to: u64, max: usize) -> Result<Vec<(u64, Fact)>, String> {
        self.reached(|world| world.rows.after(after, up_to, max))
    }

    fn over(&self) -> Result<Vec<(TakenOver, Vec<String>)>, String> {
        self.reached(|world| world.rows.over(&self.name, world.now))
    }

    fn block(&self, wanted: &SharedBlock) -> Result<Option<TraceBlock>, String> {
        self.reached(|world| world.rows.block(wanted))
    }
}

/// How long the journal's answers take.
pub(super) struct Delay(pub(super) Shared);

impl Disk for Delay {
    fn delay(&self, _: usize) -> Duration {
        let mut world = self.0.lock();
        let slow = world.faults.iter().filter_map(|what| match what {
            What::JournalSlow { ms, .. } => Some(*ms),
            _ => None,
        });
        let slow: u64 = slow.sum();
        world.draw.ms(1, 12) + Duration::from_millis(slow)
    }

    fn write(&self, _: &[Fact]) -> Fate {
        Fate::Stored
    }

    fn step(&self) -> Fate {
        Fate::Stored
    }

    fn left(&self, _: &[Fact]) {}
}
