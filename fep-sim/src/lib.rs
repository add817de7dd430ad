//! A deterministic simulation of the gateway: its shipped machines, journal and links, under virtual time, in a world that breaks.
//!
//! ```text
//!  callers ─► Gateway ─► machines ─► links ─► network ─► model bank, which knows the truth
//!                │                                            │
//!                └──► journal (real files) ◄── disk           │
//!                          └───────────── checks ◄────────────┘
//! ```
//!
//! A [`Plan`] follows from a seed: requests, and faults of banks, network, disk, clock and process. [`run`] carries it out in one
//! thread, so that it always gives the same [`Report`]. The checks look at every step. [`shrink`] finds the part of a failing plan that
//! is enough to fail. [`run_cluster`] does the same with several gateways. What is not simulated: HTTP, TLS and threads.

mod draw;

mod setup;
mod telegram;

mod plan;

mod world;

mod end;
mod life;

mod many;
mod shrink;

mod cluster;

pub use cluster::{CLUSTER_MUTANTS, ClusterPlan, find_in_clusters, run_cluster, shrink_cluster};
pub use life::{Report, run};
pub use many::{MUTANTS, find};
pub use plan::Plan;
pub use shrink::shrink;
pub use world::{Failure, Rule};
