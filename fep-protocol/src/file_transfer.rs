//! The transfer of a file by telegrams: start, offer, blocks of numbered pieces, a check of each block that names what is missing, the end of the
//! file, the end. Both sides as values: what is to be sent or answered next, and what is known of the file if the connection ends now.
//!
//! ```text
//!  sender                        receiver
//!    Start ─────────────────────►
//!    ◄───────────────────────── answer
//!    Offer (name, size) ────────►            has it already, takes it, or refuses
//!    ◄───────────────────────── answer
//!    Data 1 … n of block 1 ─────►            not answered
//!    Check block 1 ─────────────►
//!    ◄───────────────────────── what is missing
//!    Data again, Check, … ──────►            until nothing is missing
//!    …
//!    EndOfFile ─────────────────►            durable before the answer
//!    ◄───────────────────────── answer
//!    End ───────────────────────►
//! ```
//!
//! It knows no telegram, no file and no connection: which fields carry the numbers is the matter of who runs it.

mod blocks;
mod receiving;
mod sending;
#[cfg(test)]
mod tests;

pub use self::blocks::{BLOCK_MAX_BYTES, Blocks, PIECES_MAX};
pub use self::receiving::{Came, Has, Offer, ReceiveAct, ReceiveFault, Receiving, Verdict};
pub use self::sending::{Asked, Fate, SendStep, Sending, Told};
