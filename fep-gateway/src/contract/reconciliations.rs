//! Reconciliations as HTTP shows them: the dates of which files were compared, and their exceptions.

use fep_protocol::reconciliation::{
    ComparedFile, ExceptionBook, ExceptionState, KeptException, KeptFinding, Resolution, ResolutionReason,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::nobody;
use crate::gateway::{ComparedDate, StoredDate};
use crate::reconcile::{self, show_date};

/// The body by which a person resolves an exception. Its `decision` says in which way.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolutionBody {
    pub(crate) decision: ResolutionReason,
    pub(crate) note: String,
    #[serde(default = "nobody")]
    pub(crate) person: String,
    /// The `seen` of the exception that the person looked at. If the exception says something else by now, nothing is changed. Without it, what
    /// it says when the request comes counts as seen: only a client that may `read` can leave it out.
    #[serde(default)]
    pub(crate) seen: Option<String>,
}

/// A page of business dates of which files were compared, the newest date first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReconciliationList {
    pub(crate) reconciliations: Vec<ReconciliationSummary>,
    /// The `cursor` of the next page; `null` if there is none.
    pub(crate) next: Option<String>,
}

/// One business date of one file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReconciliationSummary {
    pub(crate) institution: String,
    /// The name of the reconciliation.
    pub(crate) reconciliation: String,
    /// The business date: `2026-11-26`.
    pub(crate) date: String,
    /// When its last file was compared, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The SHA-256 of that file, in lower hex.
    pub(crate) file_sha256: String,
    #[serde(flatten)]
    pub(crate) counts: ExceptionCounts,
}

/// How many exceptions stand where.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ExceptionCounts {
    /// Those that wait for a person.
    pub(crate) open: u64,
    /// Those that a later file explained.
    pub(crate) explained: u64,
    /// Those that persons resolved.
    pub(crate) resolved: u64,
}

/// One business date of one file, with its exceptions.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReconciliationDetail {
    pub(crate) institution: String,
    /// The name of the reconciliation.
    pub(crate) reconciliation: String,
    /// The business date: `2026-11-26`.
    pub(crate) date: String,
    /// The last file of the date.
    pub(crate) file: ComparedFile,
    #[serde(flatten)]
    pub(crate) counts: ExceptionCounts,
    /// The names of the key fields, as in the request.
    pub(crate) key: Vec<String>,
    /// A page of them: first those of the last file in its order, then the earlier ones.
    pub(crate) exceptions: Vec<ExceptionView>,
    /// The `cursor` of the next page; `null` if there is none.
    pub(crate) next: Option<usize>,
}

/// One exception.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ExceptionView {
    /// Its name, which the path of a resolution has.
    pub(crate) id: String,
    pub(crate) state: ExceptionState,
    /// Stands for what it says. A resolution sends it back, so that nobody resolves what was not seen.
    pub(crate) seen: String,
    /// What the last file that showed it said, and what the journal said then.
    #[serde(flatten)]
    pub(crate) finding: KeptFinding,
    /// Since when it has been known, in milliseconds since 1970.
    pub(crate) since_ms: i64,
    /// The file that does not show it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explained_by: Option<ComparedFile>,
    /// Who resolved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolution: Option<Resolution>,
}

impl From<StoredDate> for ReconciliationSummary {
    fn from(stored: StoredDate) -> Self {
        let StoredDate { date, at_ms, sha256, open, explained, resolved } = stored;
        let ComparedDate { institution, reconciliation, day } = date;
        let counts = ExceptionCounts { open, explained, resolved };
        Self { institution, reconciliation, date: show_date(day), at_ms, file_sha256: sha256, counts }
    }
}

impl ExceptionView {
    /// An exception of a book with this key.
    pub(crate) fn of(kept: KeptException, secret: &str) -> Self {
        let state = kept.state();
        let KeptException { id, finding, since_ms, explained_by, resolution } = kept;
        let seen = reconcile::seen(secret, &id, &finding);
        let finding = KeptFinding { hidden: None, ..finding };
        Self { id, state, seen, finding, since_ms, explained_by, resolution }
    }
}

impl ExceptionCounts {
    pub(crate) fn of(book: &ExceptionBook) -> Self {
        let mut counts = Self::default();
        for kept in &book.exceptions {
            match kept.state() {
                ExceptionState::Open => counts.open += 1,
                ExceptionState::Explained => counts.explained += 1,
                ExceptionState::Resolved => counts.resolved += 1,
            }
        }
        counts
    }
}
