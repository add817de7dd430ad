//! Balances (잔액): a snapshot of balances at one moment, counted back or forward to another one by what the journal knows of each transfer, against the
//! balances that a file tells of that moment. What the journal does not know makes a range, never a guess.
//!
//! ```text
//! journal ──► movements, each with its least and greatest effect ──► sorted by account ──┐
//! snapshot ──► balances ───────────────────────────────────────────► sorted by account ──┼──► counted, account by account
//! the file, or another one ──► balances that it tells ─────────────► sorted by account ──┘
//! ```

mod movement;
mod told;
mod counting;
mod report;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use fep_codec::Field;
use fep_codec::files::FileLayout;
use fep_protocol::exchange::Outcome;
use ring::digest;

pub use self::counting::BalanceClass;
use self::counting::{BalanceTotals, CountError, Counted, Counting, explain};
pub use self::movement::Fate;
use self::movement::{Movement, Window, effect};
pub use self::report::{BalanceLine, BalanceOf, BalanceReport, ClassCount, MovementLine, Range};
use self::report::{Circumstances, Shown};
pub(super) use self::told::BalanceFields;
pub use self::told::RefusedBalances;
use self::told::{Columns, read_records};
use super::fields::{Place, amount, decimals, key, place};
use super::here::{Meaning, origin};
use super::row::State;
use super::sorter::{PIECE_BYTES, Sorted, Sorter};
use super::{Hashed, Lacks, ReconcileError};
use crate::config::{BalanceRecord, BalancesConfig, InstitutionConfig, ReconciliationConfig, ToldAt};
use crate::hex::hex;
use crate::journal::filter::ExchangeFilter;
use crate::journal::lookup::{Lookup, Walked};
use crate::time::{DAY_MS, Rfc3339};

/// What to count balances from.
#[derive(Clone, Debug)]
pub struct BalanceRequest {
    /// The snapshot.
    pub snapshot: PathBuf,
    /// Its moment, in milliseconds since 1970. It has what happened before it.
    pub snapshot_at_ms: i64,
    /// The CSV file that tells the balances. Default: the file of the institution tells them.
    pub told: Option<PathBuf>,
    /// The moment of what is told. Default: as the configuration says.
    pub told_at: Option<ToldAt>,
}

/// The terms of a counting: the configuration with the layouts, their fields found once.
#[derive(Debug)]
pub(super) struct Balances<'c> {
    config: &'c BalancesConfig,
    days_around: u8,
    moves: Vec<Move<'c>>,
    told: Option<BalanceFields>,
    snapshot: Option<(FileLayout, BalanceFields)>,
    shown: Shown,
}

/// A request that moves a balance.
#[derive(Debug)]
struct Move<'c> {
    telegram: &'c str,
    is_out: bool,
    account: Vec<Place>,
    amount: (Place, u32),
    can_be_reversed: bool,
}

impl<'c> Balances<'c> {
    /// The terms of a checked configuration.
    ///
    /// # Errors
    /// If the reconciliation counts no balances, nothing tells them, or the specs do not have the fields.
    pub(super) fn new(
        institution: &'c InstitutionConfig,
        (name, own): (&str, &'c ReconciliationConfig),
        request: &BalanceRequest,
    ) -> Result<Self, ReconcileError> {
        let unfit = |why: &str| ReconcileError::Unfit(format!("{name} {why}"));
        let config = own.balances.as_ref().ok_or_else(|| {
            unfit("has no `balances`: write which requests move them into the configuration: out = { Transfer = { amount = \"amount\" } }")
        })?;
        if request.told.is_none() && config.told.is_none() {
            let why = "does not tell balances: give the file that does with --told, or name its record with `told` in the configuration";
            return Err(unfit(why));
        }
        let found = Self::found(institution, own, config).filter(|found| !found.moves.is_empty());
        let mut found = found.ok_or_else(|| unfit("has `balances` whose fields the specs do not have"))?;
        if request.told.is_some() {
            found.told = None;
        }
        Ok(found)
    }

    fn found(
        institution: &'c InstitutionConfig,
        own: &'c ReconciliationConfig,
        config: &'c BalancesConfig,
    ) -> Option<Self> {
        let a_move = |one: &'c crate::config::MoveConfig| {
            let layout = &institution.spec.telegram(&one.telegram)?.layout;
            let settlement = institution.telegrams.get(&one.telegram).and_then(|limits| limits.settlement.as_ref());
            Some(Move {
                telegram: &one.telegram,
                is_out: one.is_out,
                account: one.account.iter().map(|path| place(layout, path)).collect::<Option<_>>()?,
                amount: (place(layout, &one.amount)?, 0),
                can_be_reversed: settlement.is_some_and(|settlement| settlement.reversal.is_some()),
            })
        };
        let mut moves = config.moves.iter().map(a_move).collect::<Option<Vec<_>>>()?;
        let fields = |spec: &fep_spec::model::Spec, record: &BalanceRecord| {
            BalanceFields::new(record, &spec.telegram(&record.record)?.layout)
        };
        let told = match &config.told {
            Some(record) => Some(fields(&own.spec, record)?),
            None => None,
        };
        let snapshot = match &config.snapshot {
            Some(file) => Some((file.spec.file_layout(file.spec.file(&file.file)?), fields(&file.spec, &file.record)?)),
            None => None,
        };
        let files = || told.iter().chain(snapshot.iter().map(|(_, fields)| fields));
        let most = moves.iter().map(|one| decimals(&one.amount.0)).chain(files().map(BalanceFields::decimals)).max()?;
        let hides = |at: usize| files().any(|fields| fields.is_secret().get(at).copied().unwrap_or(true));
        let shown = Shown {
            decimals: most,
            hides_accounts: hides(0) || moves.iter().flat_map(|one| &one.account).any(|(field, _)| field.secret),
            hides_amounts: hides(1) || moves.iter().any(|one| one.amount.0.0.secret),
        };
        for one in &mut moves {
            one.amount.1 = most - decimals(&one.amount.0);
        }
        let told = told.map(|fields| fields.scaled(most));
        let snapshot = snapshot.map(|(file, fields)| (file, fields.scaled(most)));
        Some(Self { config, days_around: own.days_around, moves, told, snapshot, shown })
    }

    /// Where the balances are in the file of the institution, if it tells them.
    pub(super) fn told(&self) -> Option<&BalanceFields> {
        self.told.as_ref()
    }

    /// Counts the balances. `told` are those of the file with this name.
    ///
    /// # Errors
    /// If a file is refused, the journal cannot be read or lacks what was removed, or the moments are not over.
    pub(super) fn count(
        &self,
        (name, institution): (&str, &InstitutionConfig),
        (day, now_ms): (i64, i64),
        request: &BalanceRequest,
        (file, told): (String, Sorted),
        journal: &Lookup,
        findings_max: usize,
    ) -> Result<BalanceReport, ReconcileError> {
        let calendar = &institution.hours.calendar;
        let told_at_ms = match request.told_at.unwrap_or(self.config.told_at) {
            ToldAt::End => calendar.begins_ms(day.saturating_add(1)),
            ToldAt::Begin => calendar.begins_ms(day),
        };
        let snapshot_at_ms = request.snapshot_at_ms;
        if told_at_ms.max(snapshot_at_ms) > now_ms {
            let moment = Rfc3339(told_at_ms.max(snapshot_at_ms));
            return Err(ReconcileError::Unfit(format!(
                "balances at {moment} cannot be counted before that moment is over"
            )));
        }
        let (told_file, told) = match &request.told {
            Some(path) => (file_name(path), self.csv(path)?.0),
            None => (file, told),
        };
        let (snapshot, snapshot_sha256) = match &self.snapshot {
            None => self.csv(&request.snapshot)?,
            Some((layout, fields)) => read(&request.snapshot, |input, rows| read_records(layout, fields, input, rows))?,
        };
        let window = Window { from_ms: told_at_ms.min(snapshot_at_ms), to_ms: told_at_ms.max(snapshot_at_ms) };
        let movements = self.movements((name, institution), window, told_at_ms, journal)?;
        let is_back = snapshot_at_ms >= told_at_ms;
        let mut findings: Vec<Counted> = Vec::new();
        let mut found = |counted| {
            if findings.len() < findings_max {
                findings.push(counted);
            }
        };
        let mut counting = Counting {
            told_at_ms,
            is_back,
            near_ms: self.near_ms(),
            totals: BalanceTotals::default(),
            found: &mut found,
        };
        let told_path = request.told.clone().unwrap_or_else(|| PathBuf::from(&told_file));
        counting.run(snapshot, told, movements).map_err(|error| {
            let of = |is_snapshot: bool| if is_snapshot { request.snapshot.clone() } else { told_path.clone() };
            match error {
                CountError::Disk(error) => ReconcileError::Disk(error),
                CountError::TooLarge => ReconcileError::TooLarge,
                CountError::Twice(is_snapshot, one, other) => {
                    refused(of(is_snapshot), RefusedBalances::Twice(one, other))
                }
                CountError::NoBalance(is_snapshot, record) => {
                    refused(of(is_snapshot), RefusedBalances::NoBalance(record))
                }
            }
        })?;
        let totals = counting.totals;
        if findings.iter().any(|finding| finding.class == BalanceClass::Differs) {
            // The difference is known now, so each movement is looked at once more.
            let again = self.movements((name, institution), window, told_at_ms, journal)?;
            explain(&mut findings, again, is_back).map_err(ReconcileError::Disk)?;
        }
        let lines = findings.iter().map(|finding| self.shown.line(finding, is_back)).collect();
        let snapshot = file_name(&request.snapshot);
        let of = Circumstances { told_at_ms, told: told_file, snapshot_at_ms, snapshot, snapshot_sha256 };
        Ok(BalanceReport::new(of, &totals, lines))
    }

    fn near_ms(&self) -> i64 {
        i64::from(self.config.near_s) * 1000
    }

    fn csv(&self, path: &Path) -> Result<(Sorted, String), ReconcileError> {
        let account: Option<&Field> = self.moves.first().and_then(|one| one.account.first()).map(|(field, _)| field);
        let columns = Columns { account, decimals: self.shown.decimals };
        read(path, |input, rows| columns.read(BufReader::new(input), rows))
    }

    /// What may have moved balances in the window or near the moment of what is told.
    fn movements(
        &self,
        (name, institution): (&str, &InstitutionConfig),
        window: Window,
        told_at_ms: i64,
        journal: &Lookup,
    ) -> Result<Sorted<Movement>, ReconcileError> {
        let differs_ms = i64::from(self.config.clock_differs_s) * 1000;
        let near_ms = self.near_ms();
        // What was sent before and became known in the window has an effect, too.
        let since_ms = window.from_ms - near_ms - differs_ms - i64::from(self.days_around.max(1)) * DAY_MS;
        if let Some(before_ms) = journal.removed_before_ms()?.filter(|before_ms| *before_ms > since_ms) {
            let why = format!(
                "the journal has no exchanges before {} any more, and balances need those since {}: keep more days",
                Rfc3339(before_ms),
                Rfc3339(since_ms)
            );
            return Err(ReconcileError::Unfit(why));
        }
        let mut rows = Sorter::new(PIECE_BYTES);
        for one in &self.moves {
            let meaning = Meaning::new(institution, one.telegram)?;
            let filter = ExchangeFilter {
                since_ms: Some(since_ms),
                until_ms: Some(window.to_ms.max(told_at_ms + near_ms) + differs_ms + 1),
                institution: Some(name.to_owned()),
                telegram: Some(one.telegram.to_owned()),
                ..ExchangeFilter::default()
            };
            // Of the older ones, those that nobody knows yet, and those of which something became known since then.
            let open = Some(since_ms);
            let older =
                ExchangeFilter { since_ms: None, until_ms: Some(since_ms), open_since_ms: open, ..filter.clone() };
            for filter in [filter, older] {
                journal.walk(&filter, |exchange| {
                    let unreadable = |lacks| ReconcileError::Unreadable(exchange.id, lacks);
                    let movement = one.movement(&meaning, &exchange, window, differs_ms).map_err(unreadable)?;
                    let explains = |one: &Movement| matches!(one.fate, Fate::Late | Fate::Reversed);
                    let kept = movement
                        .filter(|one| one.effect != (0, 0) || one.is_near(told_at_ms, near_ms) || explains(one));
                    kept.map_or(Ok(()), |movement| rows.push(&movement)).map_err(ReconcileError::Disk)
                })?;
            }
        }
        rows.finish().map_err(ReconcileError::Disk)
    }
}

impl Move<'_> {
    /// What an exchange can have done to the balance. `None`: it moved nothing, for certain.
    fn movement(
        &self,
        meaning: &Meaning,
        exchange: &Walked,
        window: Window,
        differs_ms: i64,
    ) -> Result<Option<Movement>, Lacks> {
        let fate = match meaning.state(exchange) {
            State::Done if exchange.outcome == Some(Outcome::Answered) => Fate::Done,
            State::Done => Fate::Late,
            State::Reversed => Fate::Reversed,
            State::Unsettled => Fate::Unknown,
            State::NotDone | State::Declined | State::NotSent | State::Unclear => return Ok(None),
        };
        let request = meaning.request(exchange)?;
        let (place, more) = &self.amount;
        let amount = amount(place, *more, request).ok_or(Lacks::Amount)?;
        let amount = if self.is_out { amount.saturating_neg() } else { amount };
        let since_ms = exchange.sent_at_ms.unwrap_or(exchange.id.accepted_at_ms());
        let until_ms = match fate {
            Fate::Unknown => i64::MAX,
            _ => exchange.known_at_ms.unwrap_or(i64::MAX).max(since_ms).saturating_add(differs_ms),
        };
        let since_ms = since_ms.saturating_sub(differs_ms);
        Ok(Some(Movement {
            account: key(&self.account, request),
            amount,
            effect: effect(window, (since_ms, until_ms), (fate, self.can_be_reversed), amount),
            fate,
            since_ms,
            until_ms,
            origin: origin(exchange.id),
        }))
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn refused(path: PathBuf, why: RefusedBalances) -> ReconcileError {
    ReconcileError::Balances(path, Box::new(why))
}

/// The balances of a file, and its SHA-256 in lower hex.
fn read(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, &mut Sorter) -> Result<(), RefusedBalances>,
) -> Result<(Sorted, String), ReconcileError> {
    let file = File::open(path).map_err(|error| ReconcileError::File(path.to_owned(), error))?;
    let mut input = Hashed { input: BufReader::new(file), hash: digest::Context::new(&digest::SHA256) };
    let mut rows = Sorter::new(PIECE_BYTES);
    read(&mut input, &mut rows).map_err(|why| refused(path.to_owned(), why))?;
    let rows = rows.finish().map_err(ReconcileError::Disk)?;
    Ok((rows, hex(input.hash.finish().as_ref())))
}
