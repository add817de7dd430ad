//! Compares two sides that are sorted by their keys, in one pass: what agrees is counted, what does not is a finding. It reads no file and
//! does not know what the keys mean.

use std::io;

use super::row::{Key, Row, State};
use super::sorter::Sorted;
use crate::config::FileLists;

/// The maximum number of rows with the same key. If there are more, the key does not tell transactions apart.
pub(super) const SAME_KEY_MAX: usize = 1000;

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The file has it, and the journal has no such request.
    MissingHere,
    /// It was carried out according to the journal, and the file says by its silence that it was not.
    MissingThere,
    /// Both have it, with different amounts.
    AmountDiffers,
    /// Both have it, and say different things about the money.
    StateDiffers,
    /// We do not know what became of it, and the file says it, in words or by its silence.
    Unsettled,
    /// The file has it more often than the journal.
    TwiceThere,
    /// The journal has it more often than the file.
    TwiceHere,
    /// No condition of the configuration says what the record means.
    Unclear,
    /// Both agree, but the journal has it on another business date.
    Late,
}

impl Class {
    /// All classes, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::MissingHere,
        Self::MissingThere,
        Self::AmountDiffers,
        Self::StateDiffers,
        Self::Unsettled,
        Self::TwiceThere,
        Self::TwiceHere,
        Self::Unclear,
        Self::Late,
    ];

    /// The stable name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::AmountDiffers => "amount_differs",
            Self::StateDiffers => "state_differs",
            Self::Unsettled => "unsettled",
            Self::TwiceThere => "twice_there",
            Self::TwiceHere => "twice_here",
            Self::Unclear => "unclear",
            Self::Late => "late",
        }
    }

    /// Whether a person has to look at it. What is late agrees.
    #[must_use]
    pub fn is_exception(self) -> bool {
        self != Self::Late
    }
}

/// One thing that does not simply agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// What is wrong.
    pub(super) class: Class,
    /// The record of the file.
    pub(super) there: Option<Row>,
    /// The exchange of the journal.
    pub(super) here: Option<Row>,
    /// What the file says about the money, also by its silence. `None` if it does not say.
    pub(super) says: Option<State>,
}

impl Finding {
    /// The key of both.
    pub(super) fn key(&self) -> Option<&Key> {
        self.there.as_ref().or(self.here.as_ref()).map(|row| &row.key)
    }

    /// The amount that is at stake: that of the file, or else that of the journal.
    pub(super) fn amount(&self) -> Option<i128> {
        self.there.as_ref().and_then(|row| row.amount).or(self.here.as_ref().and_then(|row| row.amount))
    }
}

/// How many, and their amounts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// How many.
    pub(super) count: u64,
    /// Their amounts together, counted in the smallest unit. `None` if that does not fit into 127 bits.
    pub(super) amount: Option<i128>,
}

impl Sum {
    pub(super) const ZERO: Self = Self { count: 0, amount: Some(0) };

    /// Adds one. An amount that is not compared counts as 0.
    pub(super) fn add(&mut self, amount: Option<i128>) {
        self.count = self.count.saturating_add(1);
        self.amount = self.amount.and_then(|sum| sum.checked_add(amount.unwrap_or_default()));
    }
}

/// What a comparison counted. Each record of the file is in one of the sums besides `there`, and each exchange of the date in one besides `here`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Totals {
    /// The records of the file.
    pub(super) there: Sum,
    /// Those of them that were carried out.
    pub(super) there_done: Sum,
    /// The requests of the date.
    pub(super) here: Sum,
    /// Those of them that were carried out.
    pub(super) here_done: Sum,
    /// Carried out, as both say.
    pub(super) matched: Sum,
    /// Moved back, as both say.
    pub(super) reversed: Sum,
    /// Not carried out, as both say, the file in words.
    pub(super) not_done: Sum,
    /// Not in the file, and that is right.
    pub(super) not_listed: Sum,
    /// Records of what was carried out and moved back within the file: only the record that moved it back is compared.
    pub(super) undone_there: Sum,
    /// The findings, in the order of [`Class::ALL`].
    pub(super) findings: [Sum; Class::ALL.len()],
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            there: Sum::ZERO,
            there_done: Sum::ZERO,
            here: Sum::ZERO,
            here_done: Sum::ZERO,
            matched: Sum::ZERO,
            reversed: Sum::ZERO,
            not_done: Sum::ZERO,
            not_listed: Sum::ZERO,
            undone_there: Sum::ZERO,
            findings: [Sum::ZERO; Class::ALL.len()],
        }
    }
}

impl Totals {
    /// The findings of a class.
    pub(super) fn of(&self, class: Class) -> Sum {
        Class::ALL.iter().zip(self.findings).find(|(own, _)| **own == class).map_or(Sum::ZERO, |(_, sum)| sum)
    }

    /// How many findings need a person.
    pub(super) fn exceptions(&self) -> u64 {
        Class::ALL.iter().filter(|class| class.is_exception()).map(|class| self.of(*class).count).sum()
    }
}

/// The reason why two sides cannot be compared.
#[derive(Debug)]
pub(super) enum CompareError {
    /// A temporary file cannot be read.
    Disk(io::Error),
    /// Too many rows have the same key.
    SameKey(Key),
}

impl From<io::Error> for CompareError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// A comparison that runs.
pub(super) struct Comparison<'f> {
    /// The business date, in days since 1970-01-01.
    pub(super) day: i64,
    pub(super) lists: FileLists,
    /// Whether a file of failures leaves out what an answer declined at once.
    pub(super) leaves_out_declined: bool,
    pub(super) totals: Totals,
    /// Gets each finding, in the order of the keys.
    pub(super) found: &'f mut dyn FnMut(Finding),
}

impl Comparison<'_> {
    /// Compares both sides.
    ///
    /// # Errors
    /// If a temporary file cannot be read, or more than [`SAME_KEY_MAX`] rows have the same key.
    pub(super) fn run(&mut self, there: Sorted, here: Sorted) -> Result<(), CompareError> {
        let mut there = Side::new(there)?;
        let mut here = Side::new(here)?;
        loop {
            match (&there.next, &here.next) {
                (None, None) => return Ok(()),
                (Some(one), Some(other)) if one.key == other.key => {
                    let key = one.key.clone();
                    let records = there.take(&key)?;
                    let exchanges = here.take(&key)?;
                    self.group(records, exchanges);
                }
                // What only one side has needs no partner, however often it has it.
                (one, other) if other.is_none() || one.as_ref().is_some_and(|one| Some(&one.key) < key_of(other)) => {
                    self.group(there.one()?, Vec::new());
                }
                _ => self.group(Vec::new(), here.one()?),
            }
        }
    }

    /// Compares the rows of one key. Nearly always there is one on each side. If there are more, each record gets the exchange of the date that fits
    /// it best. Those of other dates only explain the records that are left over.
    fn group(&mut self, records: Vec<Row>, exchanges: Vec<Row>) {
        let (mut of_date, mut others): (Vec<Row>, Vec<Row>) =
            exchanges.into_iter().partition(|row| row.day == self.day);
        for row in &of_date {
            self.totals.here.add(row.amount);
            if row.state == State::Done {
                self.totals.here_done.add(row.amount);
            }
        }
        let has_records = !records.is_empty();
        let had_exchanges = !of_date.is_empty() || !others.is_empty();
        for record in self.in_effect(records) {
            let from = if of_date.is_empty() { &mut others } else { &mut of_date };
            let best = from.iter().enumerate().max_by_key(|(at, row)| (fit(&record, row), usize::MAX - at));
            match best.map(|(at, _)| at) {
                Some(at) => {
                    let exchange = from.remove(at);
                    self.pair(record, exchange);
                }
                None => {
                    let class = if had_exchanges { Class::TwiceThere } else { Class::MissingHere };
                    self.find(class, Some(record), None, None);
                }
            }
        }
        of_date.into_iter().for_each(|exchange| self.alone(exchange, has_records));
    }

    /// The records of a key without those that others of them moved back.
    fn in_effect(&mut self, mut records: Vec<Row>) -> Vec<Row> {
        for record in &records {
            self.totals.there.add(record.amount);
            if record.state == State::Done {
                self.totals.there_done.add(record.amount);
            }
        }
        let moved_back: Vec<_> =
            records.iter().filter(|row| row.state == State::Reversed).map(|row| row.amount).collect();
        for amount in moved_back {
            if let Some(at) = records.iter().position(|row| row.state == State::Done && row.amount == amount) {
                self.totals.undone_there.add(records.remove(at).amount);
            }
        }
        records
    }

    fn pair(&mut self, record: Row, exchange: Row) {
        let class = match (record.state, exchange.state) {
            (State::Unclear, _) => Class::Unclear,
            (_, State::Unsettled) => Class::Unsettled,
            (there, here) if !agree(there, here) => Class::StateDiffers,
            // A side without an amount differs, too.
            (state, _) if state != State::NotDone && record.amount != exchange.amount => Class::AmountDiffers,
            _ if exchange.day != self.day => Class::Late,
            (State::Reversed, _) => return self.totals.reversed.add(exchange.amount),
            (State::NotDone, _) => return self.totals.not_done.add(exchange.amount),
            _ => return self.totals.matched.add(exchange.amount),
        };
        self.find(class, Some(record), Some(exchange), None);
    }

    /// An exchange of the date that the file does not have, or not once more.
    fn alone(&mut self, exchange: Row, is_listed: bool) {
        let silence = match self.lists {
            FileLists::Done => State::NotDone,
            FileLists::NotDone => State::Done,
        };
        let is_right = match (self.lists, exchange.state) {
            (_, State::NotSent) => true,
            (FileLists::Done, State::NotDone | State::Declined | State::Reversed) => true,
            (FileLists::NotDone, State::Declined) => self.leaves_out_declined || is_listed,
            (FileLists::NotDone, State::NotDone | State::Reversed) => is_listed,
            _ => false,
        };
        let class = match (self.lists, exchange.state) {
            _ if is_right => return self.totals.not_listed.add(exchange.amount),
            (_, State::Done | State::Unsettled) if is_listed => Class::TwiceHere,
            (_, State::Unsettled | State::Unclear) => Class::Unsettled,
            (FileLists::NotDone, State::Done) => return self.totals.matched.add(exchange.amount),
            (FileLists::Done, _) => Class::MissingThere,
            (FileLists::NotDone, _) => Class::StateDiffers,
        };
        self.find(class, None, Some(exchange), (!is_listed).then_some(silence));
    }

    fn find(&mut self, class: Class, there: Option<Row>, here: Option<Row>, silence: Option<State>) {
        let says = there.as_ref().map(|row| row.state).filter(|state| *state != State::Unclear).or(silence);
        let finding = Finding { class, there, here, says };
        let sums = Class::ALL.iter().zip(&mut self.totals.findings);
        sums.filter(|(own, _)| **own == class).for_each(|(_, sum)| sum.add(finding.amount()));
        (self.found)(finding);
    }
}

/// Whether both sides say the same about the money.
fn agree(there: State, here: State) -> bool {
    there == here || (there == State::NotDone && here == State::Declined)
}

/// How well an exchange fits a record with the same key.
fn fit(record: &Row, exchange: &Row) -> u8 {
    let state = match exchange.state {
        state if agree(record.state, state) => 4,
        State::Unsettled => 2,
        _ => 0,
    };
    state + u8::from(exchange.amount == record.amount)
}

fn key_of(row: &Option<Row>) -> Option<&Key> {
    row.as_ref().map(|row| &row.key)
}

/// One side with the row that comes next.
struct Side {
    rows: Sorted,
    next: Option<Row>,
}

impl Side {
    fn new(mut rows: Sorted) -> io::Result<Self> {
        let next = rows.next()?;
        Ok(Self { rows, next })
    }

    /// The next row alone.
    fn one(&mut self) -> io::Result<Vec<Row>> {
        let next = self.rows.next()?;
        Ok(std::mem::replace(&mut self.next, next).into_iter().collect())
    }

    /// All rows with this key.
    fn take(&mut self, key: &Key) -> Result<Vec<Row>, CompareError> {
        let mut same = Vec::new();
        while let Some(row) = self.next.take_if(|row| row.key == *key) {
            if same.len() == SAME_KEY_MAX {
                return Err(CompareError::SameKey(row.key));
            }
            same.push(row);
            self.next = self.rows.next()?;
        }
        Ok(same)
    }
}

#[cfg(test)]
mod tests;
