//! The seam of a journal that several simulated gateways share: what a database would be asked, and what it answers.
//!
//! A model on the other side keeps the facts. It gives the guarantees of the PostgreSQL journal, and takes as long, fails, and forgets answers
//! as it likes.

use std::sync::Arc;

use fep_protocol::fact::{Fact, TakenOver};
use fep_protocol::reason::JournalError;
use fep_protocol::trace::{TraceBlock, TraceHighWater, TraceRange, TraceUse};

/// The journal, seen by one gateway.
pub trait SharedJournal: Send + Sync {
    /// The name of this gateway among those that share the journal.
    fn instance(&self) -> Arc<str>;

    /// Begins a run: from here on the commits of earlier runs of this name are refused.
    ///
    /// # Errors
    /// If the model cannot be reached, or another gateway with this name has a lease. One line for people.
    fn begin(&self) -> Result<SharedRun, String>;

    /// Stores these facts with one commit.
    ///
    /// # Errors
    /// Why they were not stored, or that it is not known.
    fn commit(&self, run: u64, batch: u64, facts: &[Fact]) -> Result<Committed, Uncommitted>;

    /// The last commit of this gateway's name: its run, its number and its first fact.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn last_commit(&self) -> Result<(u64, u64, u64), String>;

    /// Renews the lease of a run without a commit. `false` if the run is over.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn renew(&self, run: u64) -> Result<bool, String>;

    /// Ends a run.
    fn end(&self, run: u64);

    /// The number of the last fact.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn last(&self) -> Result<u64, String>;

    /// The facts after a number and up to another, in their order, at most `max`.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn facts(&self, after: u64, up_to: u64, max: usize) -> Result<Vec<(u64, Fact)>, String>;

    /// The runs of other gateways whose leases are over, each with the institutions from which somebody has taken over.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn over(&self) -> Result<Vec<(TakenOver, Vec<String>)>, String>;

    /// The next block of trace numbers. `None` if there are no more.
    ///
    /// # Errors
    /// If the model cannot be reached.
    fn block(&self, wanted: &SharedBlock) -> Result<Option<TraceBlock>, String>;
}

/// A run that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedRun {
    /// Its number, which no other run has.
    pub epoch: u64,
    /// Whether another gateway took over from the run before.
    pub was_fenced: bool,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of its first fact. The others follow.
    pub first: u64,
    /// The places of the facts that another gateway does not let us have, in their order, and why. They are not stored.
    pub refused: Vec<(usize, JournalError)>,
}

/// Why a commit did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncommitted {
    /// Nothing was stored.
    Failed(String),
    /// The run is over, so nothing was stored.
    Fenced,
    /// The answer was lost. [`SharedJournal::last_commit`] tells whether the facts were stored, without those that are refused.
    InDoubt {
        /// The places of the facts that are not stored in either case, and why.
        refused: Vec<(usize, JournalError)>,
    },
}

/// A question for a block of trace numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedBlock {
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The trace numbers of a business day.
    pub range: TraceRange,
    /// The numbers that the gateway knows as used, by day.
    pub used: Vec<TraceHighWater>,
    /// The business day, in days since 1970-01-01.
    pub day: i64,
    /// For what.
    pub for_what: TraceUse,
}
