//! The contract of the HTTP interface: every JSON that the gateway takes and gives, besides the fields of telegrams, which their specs
//! define. Each type has a JSON Schema, from which the OpenAPI document is made.
//!
//! Nothing here knows a route. The console, the demo and the command `fep-gateway journal` show the same types.

pub(crate) mod problem;

pub mod view;

pub(crate) mod decisions;
pub(crate) mod lines;
pub(crate) mod audit;
pub(crate) mod reconciliations;
pub(crate) mod verifications;
pub(crate) mod routing;
pub(crate) mod sites;
pub mod notices;

pub(crate) mod exchanges;
pub(crate) mod batches;
pub(crate) mod clock;
pub(crate) mod overview;
pub(crate) mod reload;

use std::collections::BTreeSet;

use fep_protocol::exchange::LineStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Grant;
use crate::gateway::InstitutionStatus;
use crate::streams::status::StreamStatus;

/// The streams of market data.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StreamList {
    pub(crate) streams: Vec<StreamStatus>,
}

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

/// Who asks, and what that client may do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SessionState {
    /// The name of the client; `null` if clients have no names.
    pub(crate) client: Option<String>,
    /// The second secret of a session, for the header `X-Csrf-Token`; `null` without a session.
    pub(crate) csrf: Option<String>,
    /// What the client may do; `null` if it may do everything.
    pub(crate) may: Option<Vec<GrantView>>,
    /// Whether the client sees the secret fields of the exchanges that it sends. Otherwise each is `<secret>`, until it is revealed.
    pub(crate) sees_own_secrets: bool,
}

/// Some actions with some telegrams of some institutions.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GrantView {
    /// `send`, `read`, `reveal`, `operate` or `settle`.
    pub(crate) actions: Vec<&'static str>,
    /// The institutions; `null` for all of them.
    pub(crate) institutions: Option<BTreeSet<String>>,
    /// The telegrams; `null` for all of them.
    pub(crate) telegrams: Option<BTreeSet<String>>,
    /// The streams of market data; `null` for all of them.
    pub(crate) streams: Option<BTreeSet<String>>,
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        Self {
            actions: grant.actions.iter().map(|action| action.name()).collect(),
            institutions: grant.institutions.clone(),
            telegrams: grant.telegrams.clone(),
            streams: grant.streams.clone(),
        }
    }
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
