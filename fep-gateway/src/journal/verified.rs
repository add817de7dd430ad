//! Runs of verifications as the journal has them, and which of them somebody asks for. Nothing here compares or reads.

use fep_protocol::verification::VerificationFact;

/// The name of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationRun {
    /// The institution.
    pub institution: String,
    /// The name of the verification.
    pub name: String,
    /// The name of the run.
    pub run: String,
}

/// A run that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVerification {
    /// The institution.
    pub institution: String,
    /// The number of its fact.
    pub number: u64,
    /// When it was told, in milliseconds since 1970.
    pub at_ms: i64,
    /// What everybody may know of it.
    pub fact: VerificationFact,
}
