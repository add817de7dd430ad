//! The export for a data platform: what the facts of a journal say, as tables. It reads the journal, and changes nothing there.
//!
//! ```text
//! facts behind those of the export before, ──► exchanges: a row for each one that they changed ──┐
//! up to the end of a business date         ──► telegrams: a row for each one of them             ├──► files, then the manifest
//!                                          ──► verifications: a row for each run                ─┘
//! ```
//!
//! An export is a range of facts, and the next one follows it: no fact is exported twice or never, whatever its time says. A fact that comes when its
//! date was exported, such as a settlement the day after, is in the next export: the exchange has a row there again, with a higher revision. An
//! export that was interrupted goes on by its plan and ends with the same bytes.

mod disk;
mod column;
mod hashing;
mod manifest;
mod table;
mod exchanges;
mod telegrams;
mod verifications;
mod folder;
mod rows;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{fmt, io};

use fep_protocol::reason::JournalError;

use self::disk::{AtPath, Disk};
use self::folder::Folder;
use self::hashing::HashKey;
pub use self::manifest::{Finding, Manifest, Plan, SCHEMA, TableEntry};
use self::manifest::{name_of, parse_name};
pub use self::rows::OTHER_TABLES;
use self::rows::{Rows, date_text};
use crate::config::{Config, InstitutionConfig};
use crate::hex::hex;
use crate::journal::changed::FactRanges;
use crate::journal::reading::JournalPlace;
use crate::journal::seal::{KeyRing, Unreadable};
pub use crate::reconcile::parse_date;
use crate::time::Rfc3339;

/// After how many facts it is noted what was written, so that an export that is interrupted goes on there.
pub const NOTED_FACTS: u64 = 200_000;

/// Where an export ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// At the end of the newest business date that has ended at all institutions.
    Ended,
    /// At the end of this business date, in days since 1970-01-01.
    Date(i64),
    /// Now. The business date goes on.
    Now,
}

/// What to export.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder of the receiver.
    pub to: PathBuf,
    /// Up to when.
    pub until: Until,
    /// The institutions. `None`: all of the configuration.
    pub institutions: Option<BTreeSet<String>>,
    /// The file with the key for hashes of secret values. Default: there are no hashes.
    pub hash_key_file: Option<PathBuf>,
    /// Whether a date that was exported is exported again, with the same facts.
    pub again: bool,
    /// Where the journal is. Default: where the configuration says.
    pub journal: Option<JournalPlace>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// After how many facts it is noted what was written: [`NOTED_FACTS`].
    pub noted_facts: u64,
}

/// An export that is there.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Whether it was there before.
    pub was_there: bool,
}

/// The reason why there is no export. What was written of it is no export yet, and the next run goes on.
#[derive(Debug)]
pub enum ExportError {
    /// The configuration does not fit: the text says what to change.
    Unfit(String),
    /// What is asked for cannot be: the text says why.
    Refused(String),
    /// The journal cannot be read.
    Journal(JournalError),
    /// Facts are missing.
    Missing {
        /// The first missing fact.
        first: u64,
        /// The last missing fact of the first gap.
        last: u64,
    },
    /// The body of a fact cannot be read.
    Unreadable {
        /// The fact.
        number: u64,
        /// Why.
        why: Unreadable,
    },
    /// A file cannot be read or written.
    Disk(PathBuf, io::Error),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfit(why) | Self::Refused(why) => f.write_str(why),
            Self::Journal(error) => error.fmt(f),
            Self::Missing { first, last } => write!(
                f,
                "the facts {first} to {last} are in no file. If they were archived meanwhile, start the export again. If they were removed by \
                 `keep_days`, no export can have them: begin a new folder with --to"
            ),
            Self::Unreadable { number, why } => write!(f, "fact {number}: {why}"),
            Self::Disk(path, error) if is_full(error) => write!(
                f,
                "{}: the disk is full. The tables of this export were removed to make room; the next run begins it again",
                path.display()
            ),
            Self::Disk(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<JournalError> for ExportError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<AtPath> for ExportError {
    fn from((path, error): AtPath) -> Self {
        Self::Disk(path, error)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Exports a business date, and finishes what an earlier run left.
///
/// # Errors
/// If the journal cannot be read, the folder cannot be written, or the date has not ended.
pub fn export(config: &Config, request: &Request) -> Result<Exported, ExportError> {
    export_on(config, request, Disk::default())
}

fn export_on(config: &Config, request: &Request, disk: Disk) -> Result<Exported, ExportError> {
    known(config, request)?;
    let key = request.hash_key_file.as_deref().map(HashKey::read).transpose().map_err(ExportError::Unfit)?;
    let keys = config.journal.key_file.as_deref().map(KeyRing::read).transpose();
    let keys = keys.map_err(|error| ExportError::Unfit(error.to_string()))?;
    let place = request.journal.clone().unwrap_or_else(|| JournalPlace::configured(&config.journal));
    let folder = Folder::open(&request.to, disk)?;
    folder.tidy()?;
    let ranges = FactRanges::open(&place, keys.as_ref())?;
    let mut run = Run { config, request, key: key.as_ref(), folder: &folder, ranges };
    let date = run.date()?;
    run.has_the_same_key()?;
    let mut finished = None;
    for begun in folder.unfinished()? {
        let plan = folder.plan(&begun)?;
        let plan = plan.or(folder.completed(&begun)?.map(|manifest| manifest.plan));
        let Some(plan) = plan else {
            folder.disk.remove(&folder.part(&begun))?;
            continue;
        };
        run.fits(&plan)?;
        // An export up to now of a run that died has no end of a date.
        let is_asked_for = match request.until {
            Until::Now => plan.ended_at.is_none(),
            _ => plan.business_date == date && plan.ended_at.is_some(),
        };
        finished = Some(run.carry_out_again(&plan)?).filter(|_| is_asked_for).or(finished);
    }
    finished.map_or_else(|| run.begin(&date), Ok)
}

/// Checks that the configuration has the institutions.
fn known(config: &Config, request: &Request) -> Result<(), ExportError> {
    let unknown = request.institutions.iter().flatten().find(|name| !config.institutions.contains_key(*name));
    match unknown {
        Some(name) => {
            let known: Vec<_> = config.institutions.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Err(ExportError::Unfit(format!("the configuration has no institution `{name}`; it has {known}")))
        }
        None if config.institutions.is_empty() => {
            Err(ExportError::Unfit("the configuration has no institution, so there is no business date".to_owned()))
        }
        None => Ok(()),
    }
}

/// What all exports of one run have in common.
struct Run<'r> {
    config: &'r Config,
    request: &'r Request,
    key: Option<&'r HashKey>,
    folder: &'r Folder,
    ranges: FactRanges,
}

impl Run<'_> {
    fn institutions(&self) -> impl Iterator<Item = &InstitutionConfig> {
        let only = self.request.institutions.as_ref();
        let all = self.config.institutions.iter();
        all.filter(move |(name, _)| only.is_none_or(|only| only.contains(*name))).map(|(_, institution)| institution)
    }

    /// The business date of the export.
    fn date(&self) -> Result<String, ExportError> {
        let now = self.request.now_ms;
        let today = self.institutions().map(|one| one.hours.calendar.business_date(now)).min().unwrap_or_default();
        let day = match self.request.until {
            Until::Ended => today - 1,
            Until::Date(day) => day,
            Until::Now => return Ok(date_text(today)),
        };
        if day >= today {
            let date = date_text(day);
            let end = Rfc3339(self.end_ms(day));
            let why = format!(
                "the business date {date} ends at {end}: it can be exported from then on, or up to now with --now"
            );
            return Err(ExportError::Refused(why));
        }
        Ok(date_text(day))
    }

    /// When a business date has ended at all institutions, in milliseconds since 1970.
    fn end_ms(&self, day: i64) -> i64 {
        self.institutions().map(|one| one.hours.calendar.begins_ms(day.saturating_add(1))).max().unwrap_or(i64::MAX)
    }

    /// The export of a date, of which nothing was begun.
    fn begin(&mut self, date: &str) -> Result<Exported, ExportError> {
        let exports = self.folder.exports()?;
        let newest = exports.last().map(|name| self.folder.manifest(name)).transpose()?;
        newest.as_ref().map_or(Ok(()), |newest| self.fits(&newest.plan))?;
        let of_date = exports.iter().filter(|name| name.split('.').next() == Some(date));
        let mut there = None;
        for name in of_date.clone() {
            let manifest = self.folder.manifest(name)?;
            let has_ended = manifest.plan.ended_at.is_some();
            let exported = if self.request.again {
                self.folder.begin(&manifest.plan)?;
                self.carry_out_again(&manifest.plan)?
            } else {
                Exported { folder: self.folder.of(name), manifest, was_there: true }
            };
            there = Some(exported).filter(|_| has_ended).or(there);
        }
        if let Some(there) = there.filter(|_| self.request.until != Until::Now) {
            return Ok(there);
        }
        let number = of_date.filter_map(|name| parse_name(name)).map(|(_, number)| number).max().unwrap_or_default();
        let plan = self.plan(date, number.saturating_add(1), newest.map(|newest| newest.plan))?;
        self.folder.begin(&plan)?;
        self.carry_out(&plan)
    }

    /// The facts that belong to a new export.
    fn plan(&self, date: &str, number: u32, newest: Option<Plan>) -> Result<Plan, ExportError> {
        if let Some(newest) = newest.as_ref().filter(|newest| newest.business_date.as_str() > date) {
            let why = format!(
                "{date} was not exported before {}, so its facts are in that export: its rows have their own business dates",
                newest.business_date
            );
            return Err(ExportError::Refused(why));
        }
        let after = match newest {
            // An export without facts ends before it begins.
            Some(newest) => newest.last_fact,
            None => self.ranges.first()?.saturating_sub(1),
        };
        let day = parse_date(date).map_err(ExportError::Refused)?;
        let end_ms = Some(self.end_ms(day)).filter(|_| self.request.until != Until::Now);
        Ok(Plan {
            schema: SCHEMA,
            name: name_of(date, number),
            business_date: date.to_owned(),
            ended_at: end_ms.map(|end_ms| Rfc3339(end_ms).to_string()),
            journal: hex(&self.ranges.journal_id()),
            first_fact: after.saturating_add(1),
            last_fact: self.ranges.last_before(after, end_ms.unwrap_or(i64::MAX))?,
            institutions: self.request.institutions.clone(),
        })
    }

    /// Checks that an export of the folder has the same journal and the same institutions.
    fn fits(&self, plan: &Plan) -> Result<(), ExportError> {
        let other = |what: &str| {
            let folder = self.request.to.display();
            ExportError::Refused(format!("{folder} has exports of {what}: give another folder with --to"))
        };
        if plan.journal != hex(&self.ranges.journal_id()) {
            return Err(other("another journal"));
        }
        if plan.institutions != self.request.institutions {
            let names = plan.institutions.as_ref().map(|names| names.iter().cloned().collect::<Vec<_>>().join(", "));
            return Err(other(&names.unwrap_or_else(|| "all institutions".to_owned())));
        }
        Ok(())
    }

    /// Checks that secret fields are hashed as in the newest export: a fact is exported once, so its row cannot come again with the other key.
    fn has_the_same_key(&self) -> Result<(), ExportError> {
        let exports = self.folder.exports()?;
        let Some(newest) = exports.last().map(|name| self.folder.manifest(name)).transpose()? else { return Ok(()) };
        if newest.hash_key.as_deref() == self.key.map(HashKey::name) {
            return Ok(());
        }
        let has = newest.hash_key.map_or_else(|| "no hashes".to_owned(), |key| format!("hashes of the key {key}"));
        let folder = self.request.to.display();
        Err(ExportError::Refused(format!(
            "{folder} has exports with {has}: give the same --hash-key-file, or another folder with --to"
        )))
    }

    /// Writes what a plan says. If that cannot be, because facts are gone, and the export is there already, what was begun of it is removed: it would
    /// be in the way of all later exports.
    fn carry_out_again(&mut self, plan: &Plan) -> Result<Exported, ExportError> {
        let done = self.carry_out(plan);
        let is_there = self.folder.of(&plan.name).exists();
        if is_there && matches!(done, Err(ExportError::Missing { .. } | ExportError::Unreadable { .. })) {
            self.folder.disk.remove(&self.folder.part(&plan.name))?;
        }
        done
    }

    /// Writes what a plan says, or what is missing of it.
    fn carry_out(&mut self, plan: &Plan) -> Result<Exported, ExportError> {
        let name = &plan.name;
        let manifest = match self.folder.completed(name)? {
            Some(manifest) => manifest,
            None => {
                let written = self.write(plan).and_then(|manifest| {
                    self.folder.complete(&manifest)?;
                    Ok(manifest)
                });
                if matches!(&written, Err(ExportError::Disk(_, error)) if is_full(error)) {
                    self.folder.drop_tables(name);
                }
                written?
            }
        };
        self.folder.publish(&manifest)?;
        Ok(Exported { folder: self.folder.of(name), manifest, was_there: false })
    }

    fn write(&mut self, plan: &Plan) -> Result<Manifest, ExportError> {
        let mut rows = Rows::open(self.config, plan, self.key, self.folder, self.request.noted_facts)?;
        self.ranges.walk(rows.passed(), plan.last_fact, &mut rows)?;
        rows.finish()
    }
}

#[cfg(test)]
mod tests;
