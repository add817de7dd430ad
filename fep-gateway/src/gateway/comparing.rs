//! Files of institutions that a running gateway compares with its journal, and whose exceptions it keeps. The comparison is `reconcile`.
//!
//! ```text
//! file ──► compared in a thread of its own ──► report
//!                                               └──► exceptions, with what is known of earlier ones ──► one fact ──► index
//! ```
//!
//! Everything about a file is one fact: it is kept as a whole or not at all.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use fep_protocol::reconciliation::{
    ComparedFact, ComparedFile, ExceptionBook, KeptExchange, KeptFinding, KeptRecord, ReconciliationFact,
    ShownException,
};
use tokio::sync::oneshot;

use super::exceptions::{ComparedDate, ComparingTurn, NotKept};
use super::{Gateway, JournalError};
use crate::config::{Config, ReconciliationConfig};
use crate::journal::exceptions::new_secret;
use crate::reconcile::{self, Line, ReconcileError, Report, Request};

/// How often a file is compared again because another gateway kept one of the same date meanwhile.
const ATTEMPTS_MAX: usize = 3;

/// A file of an institution, and who gave it.
#[derive(Clone, Debug)]
pub struct GivenFile {
    /// The institution.
    pub institution: String,
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The business date, in days since 1970-01-01. It may be left out if the file says it.
    pub day: Option<i64>,
    /// Where the file is.
    pub path: PathBuf,
    /// What it is called.
    pub name: String,
    /// Who gave it.
    pub person: String,
}

/// Why a file was not compared, or its exceptions were not kept.
#[derive(Debug)]
pub enum NotCompared {
    /// The institution has no such reconciliation. The names are those that it has.
    Unknown(Vec<String>),
    /// Another file of the institution is being compared.
    Running,
    /// There is no report.
    Reconcile(ReconcileError),
    /// The file shows more exceptions than may be kept. Nothing was kept.
    TooMany {
        /// How many.
        count: u64,
        /// How many may be kept.
        max: u64,
    },
    /// Other gateways compared files of the same date again and again meanwhile. Nothing was kept.
    Contended,
    /// The journal.
    NotKept(NotKept),
}

impl Gateway {
    /// The configuration of a reconciliation.
    ///
    /// # Errors
    /// The names of those that the institution has, if it has no such one.
    pub fn reconciliation_config(
        &self,
        institution: &str,
        reconciliation: &str,
    ) -> Result<ReconciliationConfig, Vec<String>> {
        let config = self.inner.reloads.config();
        let all = config.institutions.get(institution).map(|own| &own.reconciliation);
        let found = all.and_then(|all| all.get(reconciliation)).cloned();
        found.ok_or_else(|| all.into_iter().flatten().map(|(name, _)| name.clone()).collect())
    }

    /// Begins with a file of an institution. One is compared at a time.
    ///
    /// # Errors
    /// If another file of it is being compared.
    pub fn begin_comparing(&self, institution: &str) -> Result<ComparingTurn, NotCompared> {
        self.inner.comparing.begin(institution).ok_or(NotCompared::Running)
    }

    /// Compares a file of an institution with the journal, and keeps its exceptions for persons. Earlier exceptions of the date that the file
    /// does not show are explained by it. `turn` is that of its institution, from [`Gateway::begin_comparing`].
    ///
    /// # Errors
    /// If nothing was kept, or ([`NotKept::NotDurable`]) the journal does not have it yet.
    pub async fn compare(&self, given: GivenFile, turn: ComparingTurn) -> Result<Report, NotCompared> {
        let own =
            self.reconciliation_config(&given.institution, &given.reconciliation).map_err(NotCompared::Unknown)?;
        if !turn.is_of(&given.institution) {
            return Err(NotCompared::Running);
        }
        let config = self.inner.reloads.config();
        let max = u64::from(own.exceptions_max);
        let request = Request {
            institution: given.institution.clone(),
            reconciliation: Some(given.reconciliation.clone()),
            day: given.day,
            file: given.path.clone(),
            journal: None,
            now_ms: self.now_ms(),
            findings_max: usize::try_from(max).unwrap_or(usize::MAX),
            secret: None,
        };
        let day = apart(&config, &request, reconcile::date_of).await?;
        let date = ComparedDate { institution: given.institution, reconciliation: given.reconciliation, day };
        for _ in 0..ATTEMPTS_MAX {
            let journal = |error| NotCompared::NotKept(NotKept::Journal(error));
            let stored = self.inner.shared.journal.exception_book(&date).await.map_err(journal)?;
            let (continues, before) = stored.unzip();
            let secret = match &before {
                Some(before) => before.secret.clone(),
                None => new_secret().map_err(journal)?,
            };
            let request = Request { day: Some(day), secret: Some(secret.clone().into_bytes()), ..request.clone() };
            let mut report = apart(&config, &request, reconcile::reconcile).await?;
            report.file.clone_from(&given.name);
            if report.exceptions > max {
                return Err(NotCompared::TooMany { count: report.exceptions, max });
            }
            let file = ComparedFile {
                name: given.name.clone(),
                sha256: report.file_sha256.clone(),
                at_ms: request.now_ms,
                person: given.person.clone(),
                records: report.there.all.count,
                matched: report.matched.count,
            };
            let shown = report.findings.iter().filter_map(kept).collect();
            let book = ExceptionBook::after_file(before, &secret, file, report.key.clone(), shown);
            let book = book
                .map_err(|many| NotCompared::TooMany { count: u64::try_from(many.count).unwrap_or(u64::MAX), max })?;
            let name = self.new_name();
            let compared = ComparedFact {
                reconciliation: date.reconciliation.clone(),
                day,
                name,
                continues,
                sha256: report.file_sha256.clone(),
                marks: book.marks(),
            };
            let fact = ReconciliationFact::Compared(compared);
            if self.keep(&date.institution, fact, name, &book).await.map_err(NotCompared::NotKept)? {
                return Ok(report);
            }
        }
        Err(NotCompared::Contended)
    }
}

/// Does something in a thread of its own: a journal in a database is waited for, and files are read.
async fn apart<T: Send + 'static>(
    config: &Arc<Config>,
    request: &Request,
    work: fn(&Config, &Request) -> Result<T, ReconcileError>,
) -> Result<T, NotCompared> {
    let (done, result) = oneshot::channel();
    let config = Arc::clone(config);
    let request = request.clone();
    let begun = std::thread::Builder::new().name("reconcile".to_owned()).spawn(move || {
        // If nobody waits any more, nobody needs it.
        let _ = done.send(work(&config, &request));
    });
    let failed = |why: String| NotCompared::NotKept(NotKept::Journal(JournalError::Failed(why)));
    begun.map_err(|error| failed(format!("no thread can be begun: {error}")))?;
    let result = result.await.map_err(|_| failed("the comparison panicked, which is a bug".to_owned()))?;
    result.map_err(NotCompared::Reconcile)
}

/// What is kept of a finding.
fn kept(line: &Line) -> Option<ShownException> {
    let finding = KeptFinding {
        class: line.class.name().to_owned(),
        key: line.key.clone(),
        file_says: line.file_says.map(str::to_owned),
        there: line.there.as_ref().map(|there| KeptRecord {
            record: there.record,
            amount: there.amount.clone(),
            state: there.state.to_owned(),
        }),
        here: line.here.as_ref().map(|here| KeptExchange {
            exchange: here.exchange,
            amount: here.amount.clone(),
            state: here.state.to_owned(),
            date: here.date.clone(),
        }),
    };
    Some(ShownException { id: line.exception.clone()?, finding })
}

impl fmt::Display for NotCompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(known) if known.is_empty() => f.write_str("the institution has no reconciliation"),
            Self::Unknown(known) => {
                write!(f, "the institution has no such reconciliation; it has {}", known.join(", "))
            }
            Self::Running => f.write_str("another file of the institution is being compared"),
            Self::Reconcile(error) => error.fmt(f),
            Self::TooMany { count, max } => write!(
                f,
                "the file shows {count} exceptions, and {max} may be kept (`exceptions_max`), so nothing was kept: look whether it is the file \
                 of this date, and whether `key` fits"
            ),
            Self::Contended => f.write_str("other gateways compared files of this date meanwhile, so nothing was kept"),
            Self::NotKept(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NotCompared {}
