//! The contract of the HTTP interface: every JSON that the gateway takes and gives, besides the fields of telegrams, which their specs
//! define. Each type has a JSON Schema, from which the OpenAPI document is made.
//!
//! Nothing here knows a route. The console, the demo and the command `fep-gateway journal` show the same types.

pub(crate) mod problem;

pub mod view;

pub(crate) mod decisions;
pub mod notices;

pub(crate) mod exchanges;

use fep_protocol::exchange::LineStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::gateway::InstitutionStatus;

/// Every line and its links.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Lines {
    pub(crate) lines: Vec<LineStatus>,
}

/// Every institution.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Institutions {
    pub(crate) institutions: Vec<InstitutionStatus>,
}

/// The process runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alive {
    pub(crate) alive: bool,
}

/// Whether the gateway can do its work.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ready {
    pub(crate) ready: bool,
    /// Why it is not ready.
    pub(crate) reasons: Vec<String>,
    /// The lines that count as alive without a proof. They change nothing.
    pub(crate) notes: Vec<String>,
}
