//! The gateway against an institution over real TCP on loopback.
//!
//! The institution of these tests shares no codec with us: its bytes come from the golden files, and it patches fixed offsets.

mod harness;
mod lines;
mod notices;
mod outcomes;
mod peer;
mod stream;
