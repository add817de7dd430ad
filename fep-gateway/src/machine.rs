//! The protocol as values: `(event, now) → actions`.
//!
//! Nothing in here has a clock, a socket, a lock, a task or a source of chance; callers pass all of them in. So the whole
//! protocol runs under virtual time, and one seed replays one history.
//!
//! ```text
//! terms ◄── backoff   when to connect again
//!       ◄── trace     which number the next telegram gets
//!       ◄── session   whether a link may carry business
//!       ◄── mux       whose answer this is
//!       ◄── reason    why something was not sent, is unknown, closed, or fits nothing
//!       ◄── institution: all of them over lines and links
//! ```

// Clocks, sockets, files, locks, threads and tasks: the lists are in clippy.toml.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod terms;

pub mod backoff;
pub mod trace;

pub mod mux;
pub mod reason;
pub mod session;

pub mod institution;
