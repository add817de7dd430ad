//! The gateway against an institution over real TCP on loopback.
//!
//! The institution of these tests does not use the codec. Its bytes come from the golden files, and it patches fixed offsets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod archive;
#[cfg(feature = "kafka")]
mod book;
mod carrying;
mod cluster;
mod conformance;
mod connecting;
mod dialects;
mod embedded;
mod examples;
mod exporting;
mod fake;
mod framing;
mod harness;
mod host_b;
mod hours;
mod limits;
mod liveness;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "kafka")]
mod requests;
mod keys;
mod lines;
mod migration;
mod notices;
mod outcomes;
mod passing_on;
mod pair;
mod peer;
mod ports;
#[cfg(feature = "redis")]
mod redis;
mod settlement;
mod progress;
mod publishing;
mod reconciling;
mod reconciling_balances;
mod signs;
mod simulated_tls;
mod stream;
mod ten_years;
mod tls;
mod typed;
mod verifying;
mod verifying_reads;
