//! From what a range of facts says to the rows of all tables. It decides which table a row belongs to; the tables write it.

use std::collections::{BTreeMap, BTreeSet};

use fep_protocol::fact::Fact;
use ring::digest;

use super::column::Column;
use super::disk::AtPath;
use super::folder::Folder;
use super::hashing::HashKey;
use super::manifest::{Manifest, Plan, Progress, SCHEMA, Tally, Written};
use super::table::Table;
use super::telegrams::{TelegramRows, has_row};
use super::{ExportError, exchanges, verifications};
use crate::config::{Config, InstitutionConfig, SessionConfig};
use crate::hex::hex;
use crate::journal::changed::{ChangedExchange, TakesFacts};
use crate::journal::seal::Unreadable;
use crate::telegrams::TelegramCatalogue;
use crate::time::{DAY_MS, Rfc3339};

/// The file with the exchanges.
const EXCHANGES: &str = "exchanges.csv";

/// The file with the runs of verifications.
const VERIFICATIONS: &str = "verifications.csv";

/// The files that are of no single telegram.
pub const OTHER_TABLES: [&str; 2] = [EXCHANGES, VERIFICATIONS];

/// What the rows of one institution are made by.
#[derive(Debug)]
struct Counterpart<'c> {
    config: &'c InstitutionConfig,
    catalogue: TelegramCatalogue,
    telegrams: BTreeMap<&'c str, (String, TelegramRows<'c>)>,
}

/// The tables of an export while they are written.
pub(super) struct Rows<'e> {
    plan: &'e Plan,
    key: Option<&'e HashKey>,
    folder: &'e Folder,
    counterparts: BTreeMap<&'e str, Counterpart<'e>>,
    tables: BTreeMap<String, Table>,
    /// The SHA-256 of the description of all tables.
    described: String,
    tally: Tally,
    /// How many facts may pass before what was written is noted.
    noted_each: u64,
    noted: u64,
}

/// The columns of each file.
type Described = BTreeMap<String, Vec<Column>>;

impl<'e> Rows<'e> {
    /// Opens the tables: those that were begun where they were left, if they still have the same columns.
    ///
    /// # Errors
    /// If the configuration does not fit its specs, or the folder cannot be written.
    pub(super) fn open(
        config: &'e Config,
        plan: &'e Plan,
        key: Option<&'e HashKey>,
        folder: &'e Folder,
        noted_each: u64,
    ) -> Result<Self, ExportError> {
        let is_meant = |name: &str| plan.institutions.as_ref().is_none_or(|only| only.contains(name));
        let mut counterparts = BTreeMap::new();
        for (name, institution) in config.institutions.iter().filter(|(name, _)| is_meant(name)) {
            let unfit = |why| ExportError::Unfit(format!("institutions.{name}: {why}"));
            counterparts.insert(name.as_str(), Counterpart::new(name, institution).map_err(unfit)?);
        }
        let mut columns = Described::from([
            (EXCHANGES.to_owned(), exchanges::columns()),
            (VERIFICATIONS.to_owned(), verifications::columns()),
        ]);
        for (file, rows) in counterparts.values().flat_map(|one| one.telegrams.values()) {
            columns.insert(file.clone(), rows.columns().to_vec());
        }
        let described = description(&columns, key);
        let begun = folder.progress(&plan.name).filter(|progress| progress.tables == described);
        let mut rows = Self {
            plan,
            key,
            folder,
            counterparts,
            tables: BTreeMap::new(),
            described,
            tally: Tally::default(),
            noted_each,
            noted: plan.first_fact.saturating_sub(1),
        };
        let resumed = begun.map(|progress| rows.go_on(&columns, &progress)).transpose();
        if !matches!(resumed, Ok(Some(()))) {
            rows.begin(&columns)?;
        }
        Ok(rows)
    }

    fn begin(&mut self, columns: &Described) -> Result<(), AtPath> {
        for (file, columns) in columns {
            let table = self.table(file, columns, None)?;
            self.tables.insert(file.clone(), table);
        }
        self.folder.disk.sync_folder(&self.folder.part(&self.plan.name))
    }

    /// Goes on where an earlier run was. An error means that its files are not what they were: then everything is written again.
    fn go_on(&mut self, columns: &Described, progress: &Progress) -> Result<(), AtPath> {
        let mut tables = BTreeMap::new();
        for (file, columns) in columns {
            let written = progress.written.get(file).cloned().unwrap_or_default();
            tables.insert(file.clone(), self.table(file, columns, Some(&written))?);
        }
        self.tables = tables;
        self.tally = progress.tally.clone();
        self.noted = progress.fact;
        Ok(())
    }

    fn table(&self, file: &str, columns: &[Column], written: Option<&Written>) -> Result<Table, AtPath> {
        let part = self.folder.part(&self.plan.name);
        Table::open(&self.folder.disk, &part, file, columns.to_vec(), written)
    }

    /// The fact behind which rows are missing.
    pub(super) fn passed(&self) -> u64 {
        self.noted
    }

    /// Waits until all rows are on the disk.
    fn sync(&mut self) -> Result<BTreeMap<String, Written>, AtPath> {
        self.tables.iter_mut().map(|(file, table)| Ok((file.clone(), table.sync()?))).collect()
    }

    /// Waits until all rows are on the disk, and describes them.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn finish(mut self) -> Result<Manifest, ExportError> {
        self.sync()?;
        Ok(Manifest {
            // What was begun with an older version has the columns of this one, too.
            plan: Plan { schema: SCHEMA, ..self.plan.clone() },
            format: "csv".to_owned(),
            hash_key: self.key.map(|key| key.name().to_owned()),
            exchanges: self.tally.dates,
            findings: self.tally.findings,
            tables: self.tables.values().map(Table::entry).collect(),
        })
    }

    fn add_verification(&mut self, number: u64, fact: &Fact) -> Result<(), ExportError> {
        let told = fact.verification.as_deref();
        let counterpart = self.counterparts.get(&*fact.institution);
        let Some((told, counterpart)) = told.zip(counterpart) else {
            if self.plan.institutions.is_none() {
                self.tally.missing("no_institution", (&fact.institution, "(verification)"), number);
            }
            return Ok(());
        };
        let date = date_text(counterpart.config.hours.calendar.business_date(fact.at_ms));
        let row = verifications::row((number, fact), told, &date);
        if let Some(table) = self.tables.get_mut(VERIFICATIONS) {
            table.add(&row)?;
        }
        Ok(())
    }

    fn add_telegram(&mut self, number: u64, fact: &Fact) -> Result<(), ExportError> {
        let telegram = fact.telegram.as_deref().unwrap_or_default();
        let of = (&*fact.institution, telegram);
        let Some(counterpart) = self.counterparts.get(&*fact.institution) else {
            if self.plan.institutions.is_none() {
                self.tally.missing("no_institution", of, number);
            }
            return Ok(());
        };
        let Some((file, rows)) = counterpart.telegrams.get(telegram) else {
            self.tally.missing("no_telegram", of, number);
            return Ok(());
        };
        let date = date_text(counterpart.config.hours.calendar.business_date(fact.at_ms));
        let row = rows.row((number, fact), counterpart.catalogue.telegram(&fact.bytes), &date, self.key);
        match (row, self.tables.get_mut(file)) {
            (Ok(row), Some(table)) => table.add(&row)?,
            _ => self.tally.missing("not_readable", of, number),
        }
        Ok(())
    }
}

impl TakesFacts for Rows<'_> {
    type Error = ExportError;

    fn fact(&mut self, number: u64, fact: &Fact, unreadable: Option<&Unreadable>) -> Result<(), ExportError> {
        let is_meant = self.plan.institutions.as_ref().is_none_or(|only| only.contains(&*fact.institution));
        // A row of a run needs nothing that was encrypted.
        match unreadable.filter(|_| is_meant && fact.verification.is_none()) {
            Some(Unreadable::Forgotten(_)) => {
                let telegram = fact.telegram.as_deref().unwrap_or_default();
                self.tally.missing("key_forgotten", (&fact.institution, telegram), number);
                Ok(())
            }
            Some(why) => Err(ExportError::Unreadable { number, why: *why }),
            None if is_meant && fact.verification.is_some() => self.add_verification(number, fact),
            None if is_meant && has_row(fact) && !fact.bytes.is_empty() => self.add_telegram(number, fact),
            None => Ok(()),
        }
    }

    fn exchange(&mut self, changed: &ChangedExchange) -> Result<(), ExportError> {
        let exchange = &changed.exchange;
        let Some(counterpart) = self.counterparts.get(&*exchange.institution) else { return Ok(()) };
        let at_ms = changed.request.map_or(exchange.accepted_at_ms, |(_, at_ms)| at_ms);
        let date = date_text(counterpart.config.hours.calendar.business_date(at_ms));
        let row = exchanges::row(changed, &date, &counterpart.catalogue);
        if let Some(table) = self.tables.get_mut(EXCHANGES) {
            table.add(&row)?;
        }
        *self.tally.dates.entry(date).or_default() += 1;
        Ok(())
    }

    fn passed(&mut self, up_to: u64) -> Result<(), ExportError> {
        if up_to.saturating_sub(self.noted) < self.noted_each {
            return Ok(());
        }
        let written = self.sync()?;
        self.noted = up_to;
        let tables = self.described.clone();
        let progress = Progress { tables, fact: up_to, written, tally: self.tally.clone() };
        self.folder.note(&self.plan.name, &progress)
    }

    fn missing(first: u64, last: u64) -> ExportError {
        ExportError::Missing { first, last }
    }
}

impl<'c> Counterpart<'c> {
    fn new(name: &str, config: &'c InstitutionConfig) -> Result<Self, String> {
        let catalogue = TelegramCatalogue::new(config)?;
        let duties: BTreeSet<&str> = config.session.iter().flat_map(duties).collect();
        let all = &config.spec.telegrams;
        let mut of_business = BTreeSet::new();
        let mut of_duties = duties.clone();
        for telegram in all.iter() {
            let answers = if duties.contains(telegram.name()) { &mut of_duties } else { &mut of_business };
            answers.extend(telegram.answer.as_deref());
        }
        let mut telegrams = BTreeMap::new();
        for telegram in all.iter() {
            let name_of = telegram.name();
            if of_duties.contains(name_of) && !of_business.contains(name_of) {
                continue;
            }
            let file = format!("{}.{}.csv", file_name(name), file_name(name_of));
            telegrams.insert(name_of, (file, TelegramRows::new(&telegram.layout)?));
        }
        Ok(Self { config, catalogue, telegrams })
    }
}

/// The telegrams that keep lines alive.
fn duties(session: &SessionConfig) -> impl Iterator<Item = &str> {
    [&session.sign_on, &session.sign_off, &session.echo_test].into_iter().flatten().map(String::as_str)
}

/// A name as a part of the name of a file: anything but letters, digits, `-` and `_` as `%` and two digits for each byte.
fn file_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') {
            safe.push(letter);
        } else {
            let mut bytes = [0; 4];
            letter.encode_utf8(&mut bytes).bytes().for_each(|byte| safe.push_str(&format!("%{byte:02X}")));
        }
    }
    safe
}

/// What decides whether rows can be added to those of an earlier run.
fn description(columns: &Described, key: Option<&HashKey>) -> String {
    let all = serde_json::to_vec(&(columns, key.map(HashKey::name))).unwrap_or_default();
    hex(digest::digest(&digest::SHA256, &all).as_ref())
}

/// A number of days since 1970-01-01 as a date.
pub(super) fn date_text(day: i64) -> String {
    let mut text = Rfc3339(day.saturating_mul(DAY_MS)).to_string();
    text.truncate("2026-11-26".len());
    text
}
