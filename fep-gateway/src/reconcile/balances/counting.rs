//! Counts balances from a snapshot to another moment, account by account, and compares them with what is told. All sides are sorted by account, and one
//! account is in memory at a time, with a few of its movements.

use std::io;

use super::super::fields::record_number;
use super::super::row::{Key, Row, Sortable};
use super::super::sorter::Sorted;
use super::movement::{Fate, Movement};

/// How many movements of an account a finding shows at most.
pub(super) const SHOWN_MAX: usize = 20;

/// The kinds of findings about balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BalanceClass {
    /// The balance that is told is not possible by what the journal knows.
    Differs,
    /// It is possible, and others are as well: the journal does not know everything.
    Uncertain,
    /// It is told, and the snapshot does not have the account.
    NoSnapshot,
    /// The snapshot has the account, and no balance of it is told.
    NotTold,
}

impl BalanceClass {
    /// All classes, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Differs, Self::Uncertain, Self::NoSnapshot, Self::NotTold];

    /// The stable name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Uncertain => "uncertain",
            Self::NoSnapshot => "no_snapshot",
            Self::NotTold => "not_told",
        }
    }
}

/// One account that does not simply agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) class: BalanceClass,
    pub(super) account: Key,
    /// The record or the line of the snapshot, and its balance.
    pub(super) snapshot: Option<(u64, i128)>,
    /// The same of what is told.
    pub(super) told: Option<(u64, i128)>,
    /// The least and the greatest balance that is possible at the moment of what is told.
    pub(super) counted: Option<(i128, i128)>,
    /// Movements that can explain it: first those that are uncertain, then those near the moment.
    pub(super) movements: Vec<Movement>,
    /// How many further ones there are.
    pub(super) not_shown: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BalanceTotals {
    pub(super) snapshot: u64,
    pub(super) told: u64,
    pub(super) agree: u64,
    pub(super) classes: [u64; BalanceClass::ALL.len()],
    /// Movements that have an effect for certain, or perhaps.
    pub(super) certain: u64,
    pub(super) uncertain: u64,
    /// Accounts with movements of which neither file has a balance.
    pub(super) neither: u64,
}

/// The reason why balances cannot be counted.
#[derive(Debug)]
pub(super) enum CountError {
    /// A temporary file cannot be read.
    Disk(io::Error),
    /// Two records of a file have the same account: whether it is the snapshot, and the records.
    Twice(bool, u64, u64),
    /// A record of a file has no balance: whether it is the snapshot, and the record.
    NoBalance(bool, u64),
    /// The movements of an account are too many or too large to be added.
    TooLarge,
}

impl From<io::Error> for CountError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// A counting that runs.
pub(super) struct Counting<'f> {
    /// The moment of what is told, in milliseconds since 1970.
    pub(super) told_at_ms: i64,
    /// Whether the snapshot is of a later moment, so that it is counted back.
    pub(super) is_back: bool,
    /// How near a movement is shown, in milliseconds.
    pub(super) near_ms: i64,
    pub(super) totals: BalanceTotals,
    /// Gets each finding, in the order of the accounts.
    pub(super) found: &'f mut dyn FnMut(Counted),
}

/// What is known of the movements of one account.
#[derive(Default)]
struct Moved {
    low: i128,
    high: i128,
    any: bool,
    uncertain: Vec<Movement>,
    near: Vec<Movement>,
    more: u64,
}

impl Counted {
    /// How far what is told is from what is possible: negative if it is less. `None` if it is possible, or there is nothing to compare.
    pub(super) fn difference(&self) -> Option<i128> {
        let ((low, high), (_, told)) = self.counted.zip(self.told)?;
        let bound = if told < low { Some(low) } else { (told > high).then_some(high) };
        told.checked_sub(bound?)
    }

    /// Whether a movement is the difference, if the institution has it on the other side of the moment, or does not have it.
    pub(super) fn is_explained_by(&self, movement: &Movement, is_back: bool) -> bool {
        let Some(difference) = self.difference() else { return false };
        let amount = if is_back { movement.amount } else { movement.amount.saturating_neg() };
        match movement.effect {
            (0, 0) => amount.saturating_neg() == difference,
            (low, high) if low != high => amount == difference || amount.saturating_neg() == difference,
            _ => amount == difference,
        }
    }

    /// Puts a movement in front that explains the finding, if it is not shown.
    fn show(&mut self, movement: Movement) {
        if self.movements.iter().any(|shown| shown.origin == movement.origin && shown.amount == movement.amount) {
            return;
        }
        self.movements.insert(0, movement);
        if self.movements.len() > SHOWN_MAX {
            self.movements.pop();
            self.not_shown += 1;
        }
    }
}

/// Looks among all movements for those that explain findings. Both are in the order of the accounts.
///
/// # Errors
/// If a temporary file cannot be read.
pub(super) fn explain(findings: &mut [Counted], mut movements: Sorted<Movement>, is_back: bool) -> io::Result<()> {
    let mut findings = findings.iter_mut().peekable();
    while let Some(movement) = movements.next()? {
        while findings.next_if(|finding| finding.account < movement.account).is_some() {}
        let Some(finding) = findings.peek_mut() else { return Ok(()) };
        if finding.account == movement.account && finding.is_explained_by(&movement, is_back) {
            finding.show(movement);
        }
    }
    Ok(())
}

impl Counting<'_> {
    /// Counts all accounts.
    ///
    /// # Errors
    /// If a temporary file cannot be read, an account is told twice or without a balance, or a sum does not fit into 127 bits.
    pub(super) fn run(
        &mut self,
        snapshot: Sorted,
        told: Sorted,
        movements: Sorted<Movement>,
    ) -> Result<(), CountError> {
        let mut snapshot = Next::new(snapshot)?;
        let mut told = Next::new(told)?;
        let mut movements = Next::new(movements)?;
        loop {
            let keys = [snapshot.key(), told.key(), movements.key()];
            let Some(account) = keys.into_iter().flatten().min().cloned() else { return Ok(()) };
            let snapshot = balance(&mut snapshot, &account, true)?;
            let told = balance(&mut told, &account, false)?;
            let mut moved = Moved::default();
            while let Some(movement) = movements.take(&account)? {
                self.add(&mut moved, movement)?;
            }
            self.judge(account, snapshot, told, moved)?;
        }
    }

    fn add(&mut self, moved: &mut Moved, movement: Movement) -> Result<(), CountError> {
        let (low, high) = movement.effect;
        moved.low = moved.low.checked_add(low).ok_or(CountError::TooLarge)?;
        moved.high = moved.high.checked_add(high).ok_or(CountError::TooLarge)?;
        moved.any = true;
        let is_certain = movement.is_certain();
        match (is_certain, low) {
            (true, 0) => {}
            (true, _) => self.totals.certain += 1,
            (false, _) => self.totals.uncertain += 1,
        }
        let is_near = movement.is_near(self.told_at_ms, self.near_ms);
        let list = match is_certain {
            false => &mut moved.uncertain,
            true if is_near || matches!(movement.fate, Fate::Late | Fate::Reversed) => &mut moved.near,
            true => return Ok(()),
        };
        if list.len() < SHOWN_MAX {
            list.push(movement);
        } else {
            moved.more += 1;
        }
        Ok(())
    }

    fn judge(
        &mut self,
        account: Key,
        snapshot: Option<(u64, i128)>,
        told: Option<(u64, i128)>,
        moved: Moved,
    ) -> Result<(), CountError> {
        self.totals.snapshot += u64::from(snapshot.is_some());
        self.totals.told += u64::from(told.is_some());
        let sum = |one: i128, other: Option<i128>| other.and_then(|other| one.checked_add(other));
        let counted = match snapshot {
            // What came in since then was not there yet.
            Some((_, balance)) if self.is_back => {
                Some((sum(balance, moved.high.checked_neg()), sum(balance, moved.low.checked_neg())))
            }
            Some((_, balance)) => Some((sum(balance, Some(moved.low)), sum(balance, Some(moved.high)))),
            None => None,
        };
        let counted = counted.map(|(low, high)| low.zip(high).ok_or(CountError::TooLarge)).transpose()?;
        let class = match (counted, told) {
            (Some((low, high)), Some((_, told))) if told < low || told > high => BalanceClass::Differs,
            (Some((low, high)), Some(_)) if low < high => BalanceClass::Uncertain,
            (Some(_), Some(_)) => {
                self.totals.agree += 1;
                return Ok(());
            }
            (None, Some(_)) => BalanceClass::NoSnapshot,
            (Some(_), None) => BalanceClass::NotTold,
            (None, None) => {
                self.totals.neither += u64::from(moved.any);
                return Ok(());
            }
        };
        let classes = BalanceClass::ALL.iter().zip(&mut self.totals.classes);
        classes.filter(|(own, _)| **own == class).for_each(|(_, count)| *count += 1);
        let mut movements = moved.uncertain;
        movements.extend(moved.near);
        let left_out = movements.len().saturating_sub(SHOWN_MAX);
        movements.truncate(SHOWN_MAX);
        let not_shown = moved.more + left_out as u64;
        (self.found)(Counted { class, account, snapshot, told, counted, movements, not_shown });
        Ok(())
    }
}

/// The balance of an account, with its record.
fn balance(rows: &mut Next<Row>, account: &Key, is_snapshot: bool) -> Result<Option<(u64, i128)>, CountError> {
    let Some(row) = rows.take(account)? else { return Ok(None) };
    let number = record_number(&row);
    if let Some(other) = rows.take(account)? {
        let other = record_number(&other);
        return Err(CountError::Twice(is_snapshot, number.min(other), number.max(other)));
    }
    let balance = row.amount.ok_or(CountError::NoBalance(is_snapshot, number))?;
    Ok(Some((number, balance)))
}

/// Sorted rows with the one that comes next.
struct Next<R> {
    rows: Sorted<R>,
    next: Option<R>,
}

impl<R: Sortable> Next<R> {
    fn new(mut rows: Sorted<R>) -> io::Result<Self> {
        let next = rows.next()?;
        Ok(Self { rows, next })
    }

    fn key(&self) -> Option<&Key> {
        self.next.as_ref().map(Sortable::key)
    }

    /// The next row if it is of this account.
    fn take(&mut self, account: &Key) -> io::Result<Option<R>> {
        if self.key() != Some(account) {
            return Ok(None);
        }
        let next = self.rows.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

#[cfg(test)]
mod tests;
