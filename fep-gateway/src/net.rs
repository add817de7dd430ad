//! The Tokio shell around the state machines. It reads clocks, moves bytes and sends commands to the journal. It makes no
//! protocol decisions.
//!
//! ```text
//!              commands            events
//! [`Gateway`] ────────► institution ◄──── link ◄═══► TCP        one task per institution owns its machine,
//!                        │      └──frames──► │                  one per link reads and writes,
//!                        ▼
//!                      journal (a thread)  listener             one per line on which the institution connects
//! ```
//!
//! Every channel is bounded. An institution's task never waits for a link, and the journal's thread waits for no task. A
//! cycle of tasks that wait for each other is therefore impossible.
//!
//! [`Gateway`]: crate::gateway::Gateway

pub mod indicators;
pub mod admission;
pub mod traffic;
pub mod statuses;
pub mod routing;
pub mod clock;

mod outbox;

mod transport;

mod link;

pub mod institution;
