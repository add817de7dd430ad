//! Real-time market data: feeds of fixed-length telegrams over TCP, in order, for consumers that may be slow.
//!
//! The modules that decide are values without clock, socket, task or lock: callers pass `now`. The receiver is one task that owns them
//! all, so a late joiner and the stream behind its snapshot fit together without a lock.
//!
//! ```text
//!  source ──► cut ──► plan ──► sequence ──► latest ──► hub ──► consumer
//!  bytes      frames   key,     order, gaps,  last of     shared    its own buffer
//!  (TCP,               number   redundant     each        batches   and policy
//!  recording)                   feeds         instrument
//! ```
//!
//! It decodes nothing but keys and numbers, and it does not send business telegrams: that is `fep-gateway`. The README has an example.

mod numbering;
mod plan;
pub mod sequence;
mod policy;
mod event;

mod latest;
mod order;
mod cut;

mod consumer;
mod hub;

mod recording;
mod source;

mod counts;
mod receiver;

pub use consumer::{Backlog, Consumer};
pub use counts::{Counts, FeedCounts};
pub use cut::{AnyFraming, BadFrame};
pub use event::{Ended, Event, Received};
pub use numbering::Numbering;
pub use order::Ask;
pub use plan::{Plan, PlanBuilder, PlanError, Unplanned};
pub use policy::{Policy, Slow};
pub use receiver::{BuildError, Receiver, ReceiverBuilder, Stopped};
pub use recording::Recorder;
pub use sequence::{SequenceTerms, Sequencer, Step, Tally};
pub use source::{Filled, Replay, Source, Speed, TcpSource, TcpTerms};

/// Compiles and runs the code in the README of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
