//! Reconciliation (대사): the institution's file of a business date against the exchanges of that date. It reads, and changes nothing: what a
//! running gateway keeps of it for persons is `gateway::exceptions`.
//!
//! ```text
//! file of the institution ──► checked whole, rows ──► sorted by key ──┐
//!                                                                     ├──► one pass ──► sums and findings ──► report
//! index and facts of the journal ──► rows ──────────► sorted by key ──┘
//! ```
//!
//! Both sides are read at the same time, and their rows are sorted in bounded memory. What a row is, which rows belong together and what is
//! a finding does not depend on the institution: the configuration says which fields are compared.

mod row;
mod sorter;
mod matching;
mod fields;
mod terms;
mod names;
mod there;
mod here;
mod balances;
mod words;
mod report;
mod balance_text;
mod text;
mod page;
mod book;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_codec::files::RawRecord;
use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;
use ring::digest;

pub use self::balances::{
    BalanceClass, BalanceLine, BalanceOf, BalanceReport, BalanceRequest, ClassCount, Fate, MovementLine, Range,
    RefusedBalances,
};
use self::balances::{BalanceFields, Balances};
pub use self::book::write as write_book;
pub use self::matching::Class;
use self::matching::{CompareError, Comparison, Finding, SAME_KEY_MAX, Totals};
use self::names::Names;
pub(crate) use self::names::seen;
pub use self::page::write as write_page;
pub use self::report::{Amounts, ClassSums, Here, Line, Report, SideSums, There};
use self::report::{Circumstances, Shown};
pub use self::row::State;
use self::sorter::{PIECE_BYTES, Sorted, Sorter};
use self::terms::{Terms, date_text, printable};
pub use self::text::write as write_text;
pub use self::there::RefusedFile;
use crate::config::{Config, InstitutionConfig, ReconciliationConfig};
use crate::hex::hex;
use crate::journal::lookup::Lookup;
use crate::journal::reading::JournalPlace;
use crate::journal::seal::KeyRing;
use crate::time::{self, DAY_MS, Rfc3339};

/// What to reconcile.
#[derive(Clone, Debug)]
pub struct Request {
    /// The name of the institution.
    pub institution: String,
    /// The name of the reconciliation. It may be left out if the institution has one.
    pub reconciliation: Option<String>,
    /// The business date, in days since 1970-01-01. It may be left out if the file says it.
    pub day: Option<i64>,
    /// The file of the institution.
    pub file: GivenAs,
    /// Where the journal is. Default: where the configuration says.
    pub journal: Option<JournalPlace>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// How many findings the report has at most. Further ones are only in the sums.
    pub findings_max: usize,
    /// The key of the names of exceptions, if they get names.
    pub secret: Option<Vec<u8>>,
    /// From what balances are counted, if they are.
    pub balances: Option<BalanceRequest>,
}

/// How the file of the institution is given.
#[derive(Clone, Debug)]
pub enum GivenAs {
    /// By its path.
    Path(PathBuf),
    /// As an open file, which needs no name. It is read from its start.
    Open(Arc<File>),
}

impl GivenAs {
    /// Its path, or what stands for it in messages.
    fn path(&self) -> PathBuf {
        match self {
            Self::Path(path) => path.clone(),
            Self::Open(_) => PathBuf::from("the file"),
        }
    }

    fn can_be_read_twice(&self) -> bool {
        match self {
            Self::Path(path) => path.metadata().is_ok_and(|file| file.is_file()),
            Self::Open(_) => true,
        }
    }

    fn open(&self) -> Result<BufReader<File>, ReconcileError> {
        let opened = match self {
            Self::Path(path) => File::open(path),
            Self::Open(file) => file.try_clone().and_then(|mut file| file.rewind().map(|()| file)),
        };
        let file = opened.map_err(|error| ReconcileError::File(self.path(), error))?;
        Ok(BufReader::with_capacity(256 * 1024, file))
    }
}

/// The reason why there is no report.
#[derive(Debug)]
pub enum ReconcileError {
    /// The configuration has no such reconciliation. The text says what it has.
    Unknown(String),
    /// The configuration does not fit the spec.
    Unfit(String),
    /// The file cannot be opened or read.
    File(PathBuf, io::Error),
    /// The file is refused.
    Refused(PathBuf, Box<RefusedFile>),
    /// A file with balances is refused.
    Balances(PathBuf, Box<RefusedBalances>),
    /// The movements of a balance are too large to be added.
    TooLarge,
    /// The business date is missing.
    NoDate,
    /// The file says its date, and cannot be read twice.
    ReadOnce(PathBuf),
    /// The journal cannot be read.
    Journal(JournalError),
    /// The request of this exchange cannot be read.
    Unreadable(ExchangeId, Lacks),
    /// Too many transactions have this key, with the names of its fields. Secret values are hidden.
    SameKey(Vec<(String, String)>),
    /// A temporary file cannot be written or read.
    Disk(io::Error),
}

/// What is missing, so that a request cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// The fact with its bytes.
    Fact,
    /// The key that sealed its body.
    Key,
    /// The layout that it was encoded with.
    Layout,
    /// An amount, of which balances are counted.
    Amount,
}

impl fmt::Display for ReconcileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(why) | Self::Unfit(why) => f.write_str(why),
            Self::File(path, error) => write!(f, "{} cannot be read: {error}", shown_path(path)),
            Self::Refused(path, why) => write!(f, "{}: {why}", shown_path(path)),
            Self::Balances(path, why) => write!(f, "{}: {why}", shown_path(path)),
            Self::TooLarge => f.write_str("the movements of an account are too large to be added: look whether `amount` is the right field"),
            Self::NoDate => f.write_str(
                "give the business date with --date, or name the field of the file that says it with `date` in the configuration",
            ),
            Self::ReadOnce(path) => {
                write!(f, "{} can be read only once: give the business date with --date, or a file", shown_path(path))
            }
            Self::Journal(error) => error.fmt(f),
            Self::Unreadable(id, lacks) => {
                write!(f, "nothing was compared, because the request of exchange {id} cannot be read: ")?;
                f.write_str(match lacks {
                    Lacks::Fact => "no file has it. If it was archived, give the folder of the archives with --journal, too",
                    Lacks::Key => "its body is encrypted, and the key file that the configuration names does not have its key",
                    Lacks::Amount => "its amount is blank: name the field that has it in `balances`",
                    Lacks::Layout => {
                        "it is not a telegram of the spec. If the spec has changed since that date, use the configuration and the spec of then"
                    }
                })
            }
            Self::SameKey(key) => {
                let key: Vec<_> = key.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                write!(
                    f,
                    "more than {SAME_KEY_MAX} records or exchanges have the key {}: add a field to `key` that tells them apart",
                    key.join(", ")
                )
            }
            Self::Disk(error) => write!(f, "a temporary file cannot be written or read: {error}. TMPDIR says where they are"),
        }
    }
}

impl std::error::Error for ReconcileError {}

fn shown_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Compares the file with the journal.
///
/// # Errors
/// If the file is refused, the journal cannot be read, or the two cannot be compared. Then nothing is known.
pub fn reconcile(config: &Config, request: &Request) -> Result<Report, ReconcileError> {
    let (institution, name, own) = find(config, request)?;
    let terms = terms(institution, name, own)?;
    let day = day(request, &terms)?;
    let keys = config.journal.key_file.as_deref().map(KeyRing::read).transpose();
    let keys = keys.map_err(|error| ReconcileError::Unfit(error.to_string()))?;
    let place = request.journal.clone().unwrap_or_else(|| JournalPlace::configured(&config.journal));
    let balances = request.balances.as_ref().map(|asked| Balances::new(institution, (name, own), asked)).transpose()?;
    let told = balances.as_ref().and_then(Balances::told);
    let (there, here) = std::thread::scope(|scope| {
        let there = scope.spawn(|| read_file(&terms, day, &request.file, told));
        let here = || {
            let mut rows = Sorter::new(PIECE_BYTES);
            let journal = Lookup::open(&place, keys.as_ref())?;
            here::read(&terms, (&request.institution, institution), day, &journal, &mut rows)?;
            rows.finish().map_err(ReconcileError::Disk)
        };
        let here = here();
        (there.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), here)
    });
    // If both sides fail, the error of the file is reported. It is the one that the institution can mend.
    let (there, told, file_sha256) = there?;
    let shown = Shown::new(&terms);
    let names = request.secret.as_deref().map(Names::new);
    let (totals, lines) = compare((there, here?), &terms, day, (request.findings_max, names))?;
    let file = request.file.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let of = Circumstances {
        institution: request.institution.clone(),
        reconciliation: name.to_owned(),
        day,
        file: file.clone(),
        file_sha256,
        made_at: Rfc3339(request.now_ms).to_string(),
    };
    let report = shown.report(of, &totals, lines);
    let Some((balances, asked)) = balances.zip(request.balances.as_ref()) else { return Ok(report) };
    let journal = Lookup::open(&place, keys.as_ref())?;
    let of = (request.institution.as_str(), institution);
    let moments = (day, request.now_ms);
    let counted = balances.count(of, moments, asked, (file, told), &journal, request.findings_max)?;
    let is_csv = asked.told.is_some() || own.balances.as_ref().is_some_and(|balances| balances.snapshot.is_none());
    Ok(report.with_balances(if is_csv { counted.of_csv() } else { counted }))
}

/// The business date that a request means.
///
/// # Errors
/// If nothing says it, or there is no such reconciliation.
pub fn date_of(config: &Config, request: &Request) -> Result<i64, ReconcileError> {
    let (institution, name, own) = find(config, request)?;
    day(request, &terms(institution, name, own)?)
}

fn terms<'c>(
    institution: &'c InstitutionConfig,
    name: &str,
    own: &'c ReconciliationConfig,
) -> Result<Terms<'c>, ReconcileError> {
    let layout = institution.spec.telegram(&own.telegram).map(|telegram| &telegram.layout);
    let terms = layout.and_then(|layout| Terms::new(own, layout));
    terms.ok_or_else(|| ReconcileError::Unfit(format!("the specs do not have the fields of {name}")))
}

fn compare(
    (there, here): (Sorted, Sorted),
    terms: &Terms<'_>,
    day: i64,
    (findings_max, mut names): (usize, Option<Names>),
) -> Result<(Totals, Vec<Line>), ReconcileError> {
    let shown = Shown::new(terms);
    let mut lines = Vec::new();
    // What is late needs nobody, so it takes no room from what does.
    let mut late = Vec::new();
    let mut found = |finding: Finding| {
        let of_class = if finding.class.is_exception() { &mut lines } else { &mut late };
        if of_class.len() < findings_max {
            let named = names.as_mut().filter(|_| finding.class.is_exception()).map(|names| names.of(&finding));
            let (exception, earlier) = named.map(|named| (named.name, named.earlier)).unzip();
            let hidden =
                names.as_ref().filter(|_| terms.hides_amounts).map(|names| names.hidden(&finding, terms.decimals));
            of_class.push(Line { exception, earlier, hidden, ..shown.line(&finding) });
        }
    };
    let mut comparison = Comparison {
        day,
        lists: terms.config.lists,
        leaves_out_declined: terms.config.leaves_out_declined,
        totals: Totals::default(),
        found: &mut found,
    };
    comparison.run(there, here).map_err(|error| match error {
        CompareError::Disk(error) => ReconcileError::Disk(error),
        CompareError::SameKey(key) => {
            let names = terms.key.iter().map(|(name, _)| name.clone());
            ReconcileError::SameKey(names.zip(shown.key(&key)).collect())
        }
    })?;
    let totals = comparison.totals;
    let room = findings_max.saturating_sub(lines.len());
    lines.extend(late.into_iter().take(room));
    Ok((totals, lines))
}

/// The institution and the reconciliation that are meant.
fn find<'c>(
    config: &'c Config,
    request: &'c Request,
) -> Result<(&'c InstitutionConfig, &'c str, &'c ReconciliationConfig), ReconcileError> {
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let Some(institution) = config.institutions.get(&request.institution) else {
        let known = names(config.institutions.keys().map(String::as_str).collect());
        let why = format!("the configuration has no institution `{}`; it has {known}", request.institution);
        return Err(ReconcileError::Unknown(why));
    };
    let all = &institution.reconciliation;
    let found = match &request.reconciliation {
        Some(name) => all.get_key_value(name),
        None => all.first_key_value().filter(|_| all.len() == 1),
    };
    found.map(|(name, own)| (institution, name.as_str(), own)).ok_or_else(|| {
        let known = names(all.keys().map(String::as_str).collect());
        let name = request.reconciliation.as_deref();
        let why = match name {
            Some(name) => format!("{} has no reconciliation `{name}`; it has {known}", request.institution),
            None if all.is_empty() => format!(
                "{} has no reconciliation: write [institutions.{}.reconciliation.NAME] into the configuration",
                request.institution, request.institution
            ),
            None => format!("{} has several reconciliations, choose one with --name: {known}", request.institution),
        };
        ReconcileError::Unknown(why)
    })
}

fn day(request: &Request, terms: &Terms<'_>) -> Result<i64, ReconcileError> {
    match (request.day, &terms.config.date) {
        (Some(day), _) => Ok(day),
        (None, Some(_)) if !request.file.can_be_read_twice() => {
            request.file.open()?;
            Err(ReconcileError::ReadOnce(request.file.path()))
        }
        (None, Some(date)) => {
            let day = there::date_of(&terms.file, date, request.file.open()?);
            day.map_err(|why| ReconcileError::Refused(request.file.path(), Box::new(why)))
        }
        (None, None) => Err(ReconcileError::NoDate),
    }
}

/// The rows of the file, the balances that it tells, and its SHA-256 in lower hex.
fn read_file(
    terms: &Terms<'_>,
    day: i64,
    file: &GivenAs,
    told: Option<&BalanceFields>,
) -> Result<(Sorted, Sorted, String), ReconcileError> {
    let mut rows = Sorter::new(PIECE_BYTES);
    let mut balances = Sorter::new(PIECE_BYTES);
    let mut input = Hashed { input: file.open()?, hash: digest::Context::new(&digest::SHA256) };
    let mut also = |record: &RawRecord<'_, '_>| {
        let balance = told.and_then(|told| told.row(record));
        balance.map_or(Ok(()), |row| balances.push(&row))
    };
    there::read(terms, day, &mut input, &mut rows, &mut also)
        .map_err(|why| ReconcileError::Refused(file.path(), Box::new(why)))?;
    let rows = rows.finish().map_err(ReconcileError::Disk)?;
    let balances = balances.finish().map_err(ReconcileError::Disk)?;
    Ok((rows, balances, hex(input.hash.finish().as_ref())))
}

/// Bytes that are hashed while they are read.
struct Hashed<R> {
    input: R,
    hash: digest::Context,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(to)?;
        self.hash.update(to.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// `2026-11-26` of days since 1970-01-01.
#[must_use]
pub fn show_date(day: i64) -> String {
    date_text(day)
}

/// Reads a moment of the command line: `2026-11-27T03:00:00+09:00`, in milliseconds since 1970.
///
/// # Errors
/// A text that says what a moment looks like.
pub fn parse_moment(text: &str) -> Result<i64, String> {
    // A date alone would be midnight in UTC, which nobody means.
    let is_moment = text.contains(['T', 't', ' ']);
    let wrong = || format!("`{text}` is not a moment such as 2026-11-27T03:00:00+09:00");
    time::parse(text).ok().filter(|_| is_moment).ok_or_else(wrong)
}

/// Reads a date of the command line: `2026-11-26`, in days since 1970-01-01.
///
/// # Errors
/// A text that says what a date looks like.
pub fn parse_date(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a date such as 2026-11-26");
    if text.len() != "2026-11-26".len() {
        return Err(wrong());
    }
    let day = time::parse(text).map_err(|_| wrong())?.div_euclid(DAY_MS);
    if date_text(day) == text { Ok(day) } else { Err(wrong()) }
}
