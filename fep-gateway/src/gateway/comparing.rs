//! Files of institutions that a running gateway compares with its journal, and whose exceptions it keeps. The comparison is `reconcile`.
//!
//! ```text
//! file ──► compared in a thread of its own ──► report
//!                                               └──► exceptions, with what is known of earlier ones ──► one fact ──► index
//! ```
//!
//! Everything about a file is one fact: it is kept as a whole or not at all.

use std::fmt;
use std::sync::Arc;

use fep_protocol::reconciliation::{
    ComparedFact, ComparedFile, EXCEPTIONS_MAX, ExceptionBook, KeptExchange, KeptFinding, KeptRecord,
    ReconciliationFact, ShownException, TooManyExceptions,
};
use tokio::sync::oneshot;

use super::exceptions::{ComparedDate, ComparingTurn, NotKept};
use super::{Gateway, JournalError};
use crate::config::{Config, ReconciliationConfig};
use crate::journal::exceptions::new_secret;
use crate::reconcile::{self, GivenAs, Line, ReconcileError, Report, Request};

/// How often it is tried to keep what a comparison found, each time with what other gateways did to the exceptions of the date meanwhile.
const ATTEMPTS_MAX: usize = 16;

/// A file of an institution, and who gave it.
#[derive(Clone, Debug)]
pub struct GivenFile {
    /// The institution.
    pub institution: String,
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The business date, in days since 1970-01-01. It may be left out if the file says it.
    pub day: Option<i64>,
    /// The file.
    pub file: GivenAs,
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
    /// The file shows more exceptions than `exceptions_max`. Nothing was kept.
    TooMany {
        /// How many.
        count: u64,
        /// How many may be kept.
        max: u64,
    },
    /// Those of the file and those that persons resolved are more than a date can have. Nothing was kept.
    Full {
        /// How many.
        count: u64,
        /// How many a date can have.
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
            file: given.file.clone(),
            journal: None,
            now_ms: self.now_ms(),
            findings_max: usize::try_from(max).unwrap_or(usize::MAX),
            secret: None,
            balances: None,
        };
        let day = apart(&config, &request, reconcile::date_of).await?;
        let date =
            ComparedDate { institution: given.institution.clone(), reconciliation: given.reconciliation.clone(), day };
        let mut named: Option<(String, Report)> = None;
        for _ in 0..ATTEMPTS_MAX {
            // Persons at this gateway wait until it is kept, and not while it is compared.
            let acting = self.inner.comparing.act(&date.institution).await;
            let stored = self.inner.shared.journal.exception_book(&date).await.map_err(unread)?;
            let key = stored.as_ref().map(|stored| stored.book.secret.clone());
            // What was compared stays as long as the names of exceptions have the same key: what others did meanwhile is only joined with it.
            let known = named.take().filter(|(secret, _)| key.as_ref().is_none_or(|key| key == secret));
            let Some((secret, report)) = known else {
                drop(acting);
                let secret = key.map_or_else(new_secret, Ok).map_err(unread)?;
                let request = Request { day: Some(day), secret: Some(secret.clone().into_bytes()), ..request.clone() };
                let mut report = apart(&config, &request, reconcile::reconcile).await?;
                report.file.clone_from(&given.name);
                if report.exceptions > max {
                    return Err(NotCompared::TooMany { count: report.exceptions, max });
                }
                named = Some((secret, report));
                continue;
            };
            let (continues, before) = stored.map(|stored| (stored.last, stored.book)).unzip();
            let file = compared_file(&given, &report, request.now_ms);
            let shown = report.findings.iter().filter_map(kept).collect();
            let book = ExceptionBook::after_file(before, &secret, file, report.key.clone(), shown).map_err(full)?;
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
            named = Some((secret, report));
        }
        Err(NotCompared::Contended)
    }
}

fn unread(error: JournalError) -> NotCompared {
    NotCompared::NotKept(NotKept::Journal(error))
}

fn full(many: TooManyExceptions) -> NotCompared {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    NotCompared::Full { count: number(many.count), max: number(2 * EXCEPTIONS_MAX) }
}

fn compared_file(given: &GivenFile, report: &Report, at_ms: i64) -> ComparedFile {
    ComparedFile {
        name: given.name.clone(),
        sha256: report.file_sha256.clone(),
        at_ms,
        person: given.person.clone(),
        records: report.there.all.count,
        matched: report.matched.count,
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
        hidden: line.hidden.clone(),
    };
    Some(ShownException { id: line.exception.clone()?, earlier: line.earlier.clone(), finding })
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
                "the file shows {count} exceptions, and a file may show {max} (`exceptions_max`), so nothing was kept: look whether it is the \
                 file of this date, and whether `key` fits"
            ),
            Self::Full { count, max } => write!(
                f,
                "the exceptions of the file and those of this date that persons resolved are {count}, and a date can have {max}, so nothing was \
                 kept: look whether `key` fits; earlier files of this date have shown others"
            ),
            Self::Contended => write!(
                f,
                "other gateways changed the exceptions of this date {ATTEMPTS_MAX} times while those of the file were to be kept, so nothing was \
                 kept: give the file again"
            ),
            Self::NotKept(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for NotCompared {}
