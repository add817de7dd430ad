//! The disk of the journal: it is slow, fails, is full or hangs, and the process may die in the middle of a write.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use fep_gateway::ground::{Disk, Fate};
use fep_protocol::fact::Fact;

use super::{Shared, World};
use crate::plan::DiskFault;

/// The troubles of the disk, with their ends.
#[derive(Debug, Default)]
pub(crate) struct DiskState {
    faults: Vec<(DiskFault, Duration)>,
}

/// The disk as the gateway sees it.
pub(crate) struct SimulatedDisk(pub(crate) Shared);

/// What a fact adds to the time of a write.
const FACT: Duration = Duration::from_micros(200);

impl DiskState {
    pub(crate) fn begin(&mut self, fault: DiskFault, until: Duration) {
        self.faults.push((fault, until));
    }

    pub(crate) fn end(&mut self, fault: DiskFault) {
        if let Some(at) = self.faults.iter().position(|(other, _)| *other == fault) {
            self.faults.remove(at);
        }
    }

    pub(super) fn takes_nothing(&self) -> bool {
        self.has(DiskFault::Full) || self.has(DiskFault::Fails)
    }

    fn has(&self, fault: DiskFault) -> bool {
        self.faults.iter().any(|(other, _)| *other == fault)
    }
}

impl World {
    /// Deletes the files of the journal's index, while no process runs.
    pub(crate) fn lose_index(&mut self, journal: &Path) -> Result<(), String> {
        self.say(format_args!("the index is lost"));
        self.count("a lost index");
        for ending in ["", "-wal", "-shm"] {
            match std::fs::remove_file(journal.with_extension(format!("index.sqlite{ending}"))) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(format!("the index stays: {error}")),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn delay(&self, facts: usize) -> Duration {
        let mut world = self.0.lock();
        let mut delay = world.draw.ms(0, 2) + FACT * u32::try_from(facts).unwrap_or(u32::MAX);
        for (fault, until) in &world.disk.faults {
            match fault {
                DiskFault::Slow { ms } => delay += Duration::from_millis(*ms),
                DiskFault::Hangs => delay += until.saturating_sub(world.now),
                DiskFault::Full | DiskFault::Fails | DiskFault::ArchivesFull => {}
            }
        }
        delay
    }

    fn step(&self) -> Fate {
        let mut world = self.0.lock();
        if world.is_dead() || !world.archiving() {
            return Fate::Failed;
        }
        world.count("a step of archiving");
        let full =
            world.disk.has(DiskFault::Full) || (world.disk.has(DiskFault::ArchivesFull) && world.draw.percent(40));
        let fails = world.disk.has(DiskFault::Fails) && world.draw.percent(50);
        let fate = if full {
            Fate::Full
        } else if fails {
            Fate::Failed
        } else {
            Fate::Stored
        };
        world.say(format_args!("a step of archiving: {fate:?}"));
        if fate == Fate::Full {
            world.count("a full disk while archiving");
        }
        fate
    }

    fn left(&self, facts: &[Fact]) {
        let mut world = self.0.lock();
        world.say(format_args!("a failed write left {} facts", facts.len()));
        world.stored(facts);
    }

    fn write(&self, facts: &[Fact]) -> Fate {
        let mut world = self.0.lock();
        if world.is_dead() {
            return Fate::Failed;
        }
        if !world.effect() {
            // It died in the middle of the write: either everything is stored, or nothing.
            let is_stored = world.draw.percent(50);
            world.say(format_args!(
                "the write of {} facts is {}",
                facts.len(),
                if is_stored { "stored" } else { "lost" }
            ));
            if is_stored {
                world.stored(facts);
            }
            return if is_stored { Fate::StoredUnheard } else { Fate::Failed };
        }
        let fate = match world.disk.has(DiskFault::Full) {
            true => Fate::Full,
            false if world.disk.has(DiskFault::Fails) => match (world.setup.is_remote, world.draw.percent(50)) {
                (true, is_stored) if !facts.is_empty() => Fate::InDoubt { is_stored },
                (false, false) => Fate::FailedButLeft,
                (_, _) => Fate::Failed,
            },
            false => Fate::Stored,
        };
        if !facts.is_empty() || fate != Fate::Stored {
            world.say(format_args!("a write of {} facts: {fate:?}", facts.len()));
        }
        if let Fate::InDoubt { .. } = fate {
            world.count("a write in doubt");
        }
        if matches!(fate, Fate::Stored | Fate::InDoubt { is_stored: true }) {
            world.stored(facts);
        }
        if fate != Fate::Stored {
            let now = world.now;
            world.checks.write_failed(now);
        }
        fate
    }
}
