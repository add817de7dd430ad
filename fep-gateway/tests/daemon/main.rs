//! The real daemon as a child process, over real TCP and HTTP: how it stops, what happens when its journal is taken away, its disk is full or
//! nobody takes its log, what it tells a service manager, and what holds over a restart.
//!
//! The institution is the peer of the engine's tests: golden bytes and fixed offsets. `tests/kill` kills the daemon; here it lives on.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod alarms;
#[cfg(feature = "kafka")]
#[path = "../engine/book.rs"]
mod book;
#[cfg(feature = "kafka")]
mod broker;
#[cfg(feature = "opentelemetry")]
mod collector;
mod described;
mod disk;
mod edge;
#[cfg(feature = "kafka")]
mod events;
#[cfg(feature = "kafka")]
mod failing_over;
mod full_disk;
mod harness;
mod https;
mod issued_tokens;
mod journal_file;
mod journal_lost;
mod listeners;
#[cfg(target_os = "linux")]
mod log;
mod metrics;
#[path = "../engine/peer.rs"]
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod peer;
#[path = "../engine/ports.rs"]
#[allow(dead_code, reason = "the engine's tests use the rest")]
mod ports;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod readiness;
mod refusals;
mod reload;
#[cfg(feature = "kafka")]
mod requests;
mod reload_in_flight;
mod reload_in_place;
mod stopping;
#[cfg(feature = "kafka")]
mod streams;
#[cfg(target_os = "linux")]
mod supervised;
mod test_clock;
mod traces;
#[cfg(target_os = "linux")]
mod uploads;
