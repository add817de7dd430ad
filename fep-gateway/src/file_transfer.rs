//! Sends files to an institution and receives files from one, by the telegrams of a plan: start, offer, blocks, what is missing, end.
//!
//! The protocol is [`fep_protocol::file_transfer`]. Here are the plan, which says how its telegrams are called and which of their fields carry what, the
//! connection, and the files. A file transfer has a connection of its own and no gateway: nothing of it is an exchange.
//!
//! ```text
//! send:     file ──blocks──► script ──frames──► connection
//!                              ▲                    │
//!                 ledger ◄── Sending ◄── answers ◄──┘
//! receive:  connection ──frames──► script ──► Receiving ──► folder
//! ```

mod template;

mod plan;

mod script;

mod connection;

mod ledger;
mod sender;

mod receipts;
mod folder;
mod receiver;

pub use self::connection::Broken;
pub use self::folder::Finished;
pub use self::ledger::SentError;
pub use self::plan::Plan;
pub use self::receiver::{Incoming, Received, Receiver, ReceiverError, ToldFile};
pub use self::script::ScriptError;
pub use self::sender::{Checked, Ended, SendError, check, send};
