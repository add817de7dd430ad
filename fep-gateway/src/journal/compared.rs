//! Business dates of which files of institutions were compared, and which of them somebody asks for. Nothing here reads a file.

use super::filter::Scope;

/// One business date of one file of an institution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComparedDate {
    /// The institution.
    pub institution: String,
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The date, in days since 1970-01-01.
    pub day: i64,
}

/// A date of which a file was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDate {
    /// Which date.
    pub date: ComparedDate,
    /// When its last file was compared, in milliseconds since 1970.
    pub at_ms: i64,
    /// The SHA-256 of that file, in lower hex.
    pub sha256: String,
    /// How many exceptions are open.
    pub open: u64,
    /// How many a later file explained.
    pub explained: u64,
    /// How many persons resolved.
    pub resolved: u64,
}

/// Which dates to find. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconciliationFilter {
    /// The institution.
    pub institution: Option<String>,
    /// The name of the reconciliation.
    pub reconciliation: Option<String>,
    /// The date, in days since 1970-01-01.
    pub day: Option<i64>,
    /// Whether it has open exceptions.
    pub is_open: Option<bool>,
    /// Only those behind this one in the list, which is the newest first.
    pub behind: Option<ComparedDate>,
    /// What may be seen: of its parts, only the institutions count. `None`: everything.
    pub scope: Option<Scope>,
}

/// How many exceptions of a kind are open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionCount {
    /// The institution.
    pub institution: String,
    /// The kind, such as `missing_here`.
    pub class: String,
    /// How many.
    pub open: u64,
}
