//! The protocol of a gateway to institutions as pure state machines: `(event, now) → actions`.
//!
//! This crate has no clock, no socket, no lock, no task and no source of randomness. Callers pass time and a seed in. The
//! whole protocol can therefore run under virtual time, and one seed always replays the same history. It does not depend on
//! an async runtime: `fep-gateway` runs the machines on Tokio, and another program can run them on anything else.
//!
//! ```text
//! exchange ◄── terms ◄── backoff   when to connect again
//!                    ◄── breaker   whether an institution that does not answer gets requests
//!                    ◄── budget    how much of something may happen now
//!                    ◄── calendar  when an institution is open, and its business date
//!                    ◄── file_transfer: a file in blocks, and what is missing of them
//!                    ◄── flow      how many requests an institution gets, and which one is next
//!                    ◄── random    jitter from a seed
//!                    ◄── trace     the next trace number
//!                    ◄── coordination: what several instances share
//!                    ◄── indicators: what the requests of the last minute came to, over instances
//!                    ◄── alarm     whether what is measured is worth a call
//!                    ◄── business  whether business is open: by hours, notices and persons
//!                    ◄── settlement: what became of the money when an outcome is unknown
//!                    ◄── delivery  brings notices to services, at least once
//!                    ◄── switchover: which of the main and backup lines carry business
//!                    ◄── routing   which of two institutions gets a request
//!                    ◄── sites     which of two sites serves a request
//!                    ◄── standing  what holds until it is changed, also over a restart
//!                    ◄── fact      what the journal stores
//!                    ◄── session   whether a link may carry business
//!                    ◄── mux       pairs answers with requests
//!                    ◄── reason    why something was not sent, is unknown, closed or was not expected
//!                    ◄── institution: all of these, over lines and links
//! ```

// Forbids clocks, sockets, files, locks, threads and tasks. The lists are in clippy.toml.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

// Reading order: a module imports only modules listed above it.
pub mod note;

pub mod random;
pub mod routing;
pub mod sites;

pub mod exchange;

pub mod terms;

/// Not part of the API.
#[doc(hidden)]
pub mod mutant;

mod agenda;
mod since;
pub mod backoff;
pub mod breaker;
pub mod budget;
mod dates;
pub mod zone;
pub mod calendar;
pub mod file_transfer;
pub mod flow;
pub mod trace;

pub mod coordination;
pub mod alarm;
pub mod indicators;
pub mod places;

pub mod business;
pub mod settlement;
pub mod switchover;

pub mod standing;

pub mod audit;
pub mod delivery;
pub mod reconciliation;
pub mod verification;

pub mod fact;

pub mod mux;
pub mod reason;
pub mod session;

pub mod institution;

#[cfg(feature = "schema")]
mod schema;

/// Compiles and runs the code in the README of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
