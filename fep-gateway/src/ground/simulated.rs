//! The seams of a simulation: a wall clock, a network and a disk that somebody else moves.
//!
//! A simulated gateway runs in a Tokio runtime with one thread and paused time. It then reads no clock of the machine, starts no
//! thread and opens no socket. Its journal is in real files, and its index is built when somebody reads it.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::fact::Fact;
use tokio::io::{AsyncRead, AsyncWrite};

use super::shared::SharedJournal;

/// Clocks, network and disk of a simulated gateway.
#[derive(Clone)]
pub struct SimulatedGround {
    /// The wall clock, in milliseconds since 1970.
    pub wall_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The source of all jitter and names.
    pub seed: u64,
    /// The way to the institutions.
    pub network: Arc<dyn Network>,
    /// The disk of the journal.
    pub disk: Arc<dyn Disk>,
    /// The journal that other simulated gateways share. `None` for a file of its own. The disk then says only how long its answers take.
    pub shared: Option<Arc<dyn SharedJournal>>,
}

/// Connects the links of lines.
pub trait Network: Send + Sync {
    /// Connects a link of this institution's line.
    fn connect(&self, institution: &str, line: &str) -> Connecting;

    /// Waits for the next connection of the institution to this line.
    fn accept(&self, institution: &str, line: &str) -> Accepting;
}

/// A connection that comes about.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// A connection for which a line waits.
pub type Accepting = Pin<Box<dyn Future<Output = Box<dyn Stream>> + Send>>;

/// The gateway's end of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug> Stream for S {}

/// Decides what becomes of the writes of the journal.
pub trait Disk: Send + Sync {
    /// How long a write of this many facts takes. 0 facts are a probe.
    fn delay(&self, facts: usize) -> Duration;

    /// What becomes of a write of these facts. No facts are a probe.
    fn write(&self, facts: &[Fact]) -> Fate;

    /// What becomes of a step of archiving: a piece of a copy, a name, a removal, a deletion.
    fn step(&self) -> Fate;

    /// The process died, and these facts of a failed write are durable: see [`Fate::FailedButLeft`].
    fn left(&self, facts: &[Fact]);
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is durable.
    Stored,
    /// It is durable, but the process dies before it hears of it. The caller of [`Disk`] sees to the death.
    StoredUnheard,
    /// It fails, and nothing is stored.
    Failed,
    /// It fails. If the process dies before its next successful write, it is durable nevertheless, as after a failed `fsync`.
    FailedButLeft,
    /// It fails because the disk is full, and nothing is stored.
    Full,
    /// The answer of a database is lost: the gateway does not know whether it is durable, until a later probe succeeds.
    InDoubt {
        /// Whether it is.
        is_stored: bool,
    },
}

impl fmt::Debug for SimulatedGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedGround").field("seed", &self.seed).finish_non_exhaustive()
    }
}
