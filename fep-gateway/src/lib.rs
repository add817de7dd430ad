//! The gateway. Services send requests over HTTP or the embedded [`Gateway`]. The gateway sends them to institutions over
//! long-lived TCP lines.
//!
//! It makes three promises. An answer reaches only the request whose key it carries. An outcome that is not known is
//! reported as unknown. Bytes are in the journal before they are written to a line.

// Reading order: a module imports only modules listed above it.
mod hex;
mod time;

pub mod business_clock;

mod followed_clock;

pub mod config;

mod fault;

#[cfg(not(feature = "simulation"))]
mod ground;
#[cfg(feature = "simulation")]
pub mod ground;

pub mod telegrams;

pub mod coordinator;
pub mod journal;
pub mod notice;

mod table;
mod page;

pub mod reconcile;

mod tls;

pub mod spans;

pub mod topics;

pub mod alarm_status;

pub mod net;

#[cfg(feature = "kafka")]
mod kafka_errors;

pub mod streams;

pub mod gateway;

pub mod callback;
pub mod metrics;

pub mod contract;

pub mod publish;

pub mod alarms;

pub mod console;

mod client;

pub mod http;

pub mod intake;

mod passed;

pub mod inspect;

pub mod verify;

mod fitting;
mod plans;

pub mod batch;

pub mod file_transfer;

pub mod export;

pub mod simulate;

pub mod tap;

pub mod demo;

pub use config::Config;
pub use fep_protocol::exchange;
pub use gateway::Gateway;

/// Compiles and runs the code in the README of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
