//! What came of an operation on a line: an echo test, sign-on or sign-off.

use fep_protocol::exchange::LineStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::gateway::LinkTested;

/// What came of an echo test on each link of a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LineTested {
    pub(crate) institution: String,
    pub(crate) line: String,
    pub(crate) links: Vec<LinkTested>,
}

/// A line that was told to sign on or off.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LineSigned {
    /// The number of exchanges on the line that still wait for their answer. It signs off after them.
    pub(crate) waiting: usize,
    /// The line now. What becomes of it is in `GET /v1/lines`.
    pub(crate) line: LineStatus,
}
