//! Verifications as HTTP shows them: the runs that programs told, and what one of them found.

use fep_protocol::verification::{VerificationCounts, VerificationFinding, VerificationKind, VerificationReport};
use schemars::JsonSchema;
use serde::Serialize;

use crate::gateway::StoredVerification;

/// The verifications that the client may see, by institution, name and kind.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerificationList {
    pub(crate) verifications: Vec<VerificationSummary>,
}

/// One verification with its last runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerificationSummary {
    pub(crate) institution: String,
    /// The name of the verification.
    pub(crate) verification: String,
    /// What it compares. Reads and writes of one name are two verifications.
    pub(crate) kind: VerificationKind,
    /// Its last runs, in the order in which they were told, the newest first.
    pub(crate) runs: Vec<VerificationRunView>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerificationRunView {
    pub(crate) run: String,
    /// When it was told, in milliseconds since 1970.
    pub(crate) told_at_ms: i64,
    /// The client that told it, if clients have names.
    pub(crate) client: Option<String>,
    pub(crate) counts: VerificationCounts,
}

/// One run with what it found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerificationDetail {
    pub(crate) institution: String,
    /// The name of the verification.
    pub(crate) verification: String,
    pub(crate) run: VerificationRunView,
    /// What is unexplained or failed first.
    pub(crate) findings: Vec<VerificationFinding>,
    /// How many more there were.
    pub(crate) more_findings: u64,
}

impl VerificationSummary {
    /// A verification with these runs, the newest first. `None` if there is none.
    pub(crate) fn of(runs: Vec<StoredVerification>) -> Option<Self> {
        let last = runs.first()?;
        Some(Self {
            institution: last.institution.clone(),
            verification: last.fact.name.clone(),
            kind: last.fact.counts.kind,
            runs: runs.into_iter().map(VerificationRunView::from).collect(),
        })
    }
}

impl From<StoredVerification> for VerificationRunView {
    fn from(stored: StoredVerification) -> Self {
        let StoredVerification { at_ms, fact, .. } = stored;
        Self { run: fact.run, told_at_ms: at_ms, client: fact.client, counts: fact.counts }
    }
}

impl VerificationDetail {
    pub(crate) fn of(stored: StoredVerification, report: VerificationReport) -> Self {
        Self {
            institution: stored.institution.clone(),
            verification: stored.fact.name.clone(),
            run: VerificationRunView::from(stored),
            findings: report.findings,
            more_findings: report.more_findings,
        }
    }
}
