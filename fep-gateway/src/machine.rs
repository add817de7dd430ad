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
//!       ◄── institution: all of them over lines and links
//! ```

pub mod terms;

pub mod backoff;
pub mod trace;

pub mod mux;
pub mod session;

pub mod institution;
