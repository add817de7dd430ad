//! The gateway: services ask over HTTP or the embedded [`Gateway`], institutions are asked over long-lived TCP lines.
//!
//! What it promises: a reply reaches only the request whose key it carries; an outcome that is not known is called unknown;
//! what crosses a line stands in the journal before.

// Reading order: a module imports only modules that stand before it.
pub mod exchange;

pub mod config;

pub mod machine;

pub mod telegrams;

pub mod journal;
pub mod notice;

pub mod net;

pub mod gateway;

pub mod callback;
pub mod metrics;

pub mod console;
pub mod http;

pub mod simulate;

pub mod demo;

pub use config::Config;
pub use gateway::Gateway;

/// The code in the README of this crate compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
