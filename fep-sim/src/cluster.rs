//! Several gateways at once: the shipped gateway code, each in a runtime of its own, over a modelled journal that they share, a modelled Redis
//! between them, and one bank that may answer on the line of another gateway than the one that asked.
//!
//! ```text
//!  callers ─► gateway 0 ─► line ─┐            ┌─► model journal: PostgreSQL's guarantees, delays, doubts, partitions
//!  callers ─► gateway 1 ─► line ─┼─► the bank │
//!  callers ─► gateway 2 ─► line ─┘            └─► model Redis: shares, owners, answers; all of it may be lost
//! ```
//!
//! Gateways run in turn, each for ten milliseconds of virtual time. What they do to the world takes effect in it at once, and what the world does to
//! them takes at least as long, so the turns do not matter. A gateway can die, or be paused, between any two of its steps; when it wakes up, its
//! clock jumps as that of a paused process does. Not simulated: the SQL of the PostgreSQL journal, the commands of the Redis client, archives,
//! encryption, notices, events, and a second institution.

mod config;
mod plan;
mod rows;

mod world;

mod journal;
mod seat;

mod member;

mod end;
mod run;

mod mutants;

pub use self::mutants::{CLUSTER_MUTANTS, find_in_clusters};
pub use self::plan::ClusterPlan;
pub use self::run::{run_cluster, shrink_cluster};
