//! What a gateway stands on: the clocks, sockets, threads and disk of a machine, or a simulation of them.
//!
//! The simulation is behind the feature `simulation`, which no release has. Everything else in the gateway is the same code on
//! both grounds.

#[cfg(feature = "simulation")]
mod shared;
#[cfg(feature = "simulation")]
mod simulated;

#[cfg(feature = "simulation")]
pub use self::shared::{Committed, SharedBlock, SharedJournal, SharedRun, Uncommitted};
#[cfg(feature = "simulation")]
pub use self::simulated::{Accepting, Connecting, Disk, Fate, Network, SimulatedGround, Stream};
#[cfg(feature = "simulation")]
pub use crate::fault::{FaultPoint, set_hook};

/// The ground of one gateway.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ground {
    /// The machine that the gateway runs on.
    #[default]
    Machine,
    /// A simulation.
    #[cfg(feature = "simulation")]
    Simulated(SimulatedGround),
}
