//! The journal in a PostgreSQL database. All SQL for PostgreSQL is here.
//!
//! | table | content |
//! |---|---|
//! | `journal` | one row: the name of the journal, its last fact. Each commit locks it, so facts are numbered in the order of their commits |
//! | `instances` | the gateways that write: their epochs and leases, and the last write of each |
//! | `taken_over` | from which runs of gateways others have taken over |
//! | `keys` | the idempotency keys of requests that may have been sent |
//! | `traces` | the trace numbers that were given to gateways |
//! | `places`, `seekers` | which gateway has which link that one gateway at a time has, and which ones want it |
//! | `facts`, by `stored_on` | the facts, one partition for each business date |
//! | `days` | the first fact of each partition |
//! | `published`, `publisher` | how far the facts have been published, and by whom |
//! | `alarms` | one row: what is known of alarms, and which gateway judges them |
//! | `seal_keys`, `removals`, `migrations` | as in a file; the versions of the tables |
//!
//! The index stays a file of each instance: it is built from the facts, and can be deleted. A gateway writes as long as its epoch is the newest
//! one of its name, which each commit checks: after another one took over, a gateway that was only paused can store nothing any more, and
//! so it gives no permission to send. One gateway writes, or, with the table `[instances]`, several at the same time.

mod errors;

mod database;
mod rows;
mod claims;
mod removals;
mod schema;
mod kept;

pub(super) mod lease;
mod places;
pub(super) mod mark;
pub(super) mod alarms;
pub(super) mod removing;
pub(super) mod sharing;

pub(super) mod facts;
pub(super) mod copy;
pub(super) mod looking;
pub(super) mod reader;
mod sealed;

pub(super) use self::database::Database;

#[cfg(test)]
pub(super) mod testing;

#[cfg(test)]
mod cut;

#[cfg(test)]
pub(super) mod tests;

#[cfg(test)]
mod tls_tests;
