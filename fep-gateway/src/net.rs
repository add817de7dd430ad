//! The Tokio shell around the machines: it reads clocks, moves bytes and tells the journal, and decides nothing.
//!
//! ```text
//!              commands            events
//! [`Gateway`] ────────► institution ◄──── link ◄═══► TCP        one task per institution owns its machine,
//!                        │      └──frames──► │                  one per link writes, one per link reads
//!                        ▼
//!                      journal (a thread)
//! ```
//!
//! Every channel is bounded. An institution's task never waits for a link, and the journal's thread waits for nobody, so
//! nothing can wait in a circle.
//!
//! [`Gateway`]: crate::gateway::Gateway

pub mod statuses;
pub mod clock;

mod outbox;

mod link;

pub mod institution;
