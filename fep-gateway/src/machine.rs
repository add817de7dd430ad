//! The protocol as pure state machines: `(event, now) → actions`.
//!
//! This module has no clock, no socket, no lock, no task and no source of randomness. Callers pass time and a seed in. The
//! whole protocol can therefore run under virtual time, and one seed always replays the same history.
//!
//! ```text
//! terms ◄── backoff   when to connect again
//!       ◄── trace     the next trace number
//!       ◄── session   whether a link may carry business
//!       ◄── mux       pairs answers with requests
//!       ◄── reason    why something was not sent, is unknown, closed or was not expected
//!       ◄── institution: all of these, over lines and links
//! ```

// Forbids clocks, sockets, files, locks, threads and tasks. The lists are in clippy.toml.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod terms;

pub mod backoff;
pub mod trace;

pub mod mux;
pub mod reason;
pub mod session;

pub mod institution;
