//! What a counting of balances found, for people and programs. How it looks on paper is not decided here.

use fep_protocol::exchange::ExchangeId;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::super::row::Key;
use super::super::terms::{HIDDEN, decimal};
use super::counting::{BalanceClass, BalanceTotals, Counted};
use super::movement::{Fate, Movement};
use crate::time::Rfc3339;

/// The result of a counting. It serialises as the `balances` of the JSON report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "CountedBalances")]
pub struct BalanceReport {
    /// The moment of which balances are told, in RFC 3339.
    pub told_at: String,
    /// The name of the file that tells them, without its folder.
    pub told_file: String,
    /// The moment of the snapshot, in RFC 3339.
    pub snapshot_at: String,
    /// The name of its file, without its folder.
    pub snapshot_file: String,
    /// The SHA-256 of that file, in lower hex.
    pub snapshot_sha256: String,
    /// Whether each balance that is told, or is in the snapshot, agrees.
    pub clean: bool,
    /// How many do not.
    pub exceptions: u64,
    /// How many balances are told.
    pub told: u64,
    /// How many are in the snapshot.
    pub in_snapshot: u64,
    /// How many agree.
    pub agree: u64,
    /// The findings by their class, in the order of [`BalanceClass::ALL`].
    pub classes: Vec<ClassCount>,
    /// How many transfers moved a balance between the two moments, for certain.
    pub movements: u64,
    /// How many may have moved one, or not.
    pub uncertain_movements: u64,
    /// How many accounts have movements, and neither file has them.
    pub neither: u64,
    /// Whether a person has to look at those, because an account can be spelt in a CSV file otherwise than in the journal. They are in `exceptions`.
    #[serde(skip)]
    pub neither_needs_a_person: bool,
    /// The findings, at most as many as were asked for.
    pub findings: Vec<BalanceLine>,
    /// How many further findings there are, which are only counted.
    pub not_shown: u64,
}

/// How many findings a class has.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "BalanceClassCount")]
pub struct ClassCount {
    /// The class.
    #[serde(serialize_with = "class_name")]
    #[schemars(with = "String")]
    pub class: BalanceClass,
    /// How many.
    pub count: u64,
}

/// One account that does not agree.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "BalanceFinding")]
pub struct BalanceLine {
    /// The class.
    #[serde(serialize_with = "class_name")]
    #[schemars(with = "String")]
    pub class: BalanceClass,
    /// The account, `***` if it is secret. `None` if there is one balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What the snapshot says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<BalanceOf>,
    /// What is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<BalanceOf>,
    /// What is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Range>,
    /// How far what is told is from what is possible: negative if it is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// Movements that can explain it: first those that are uncertain, then those near the moment of what is told.
    pub movements: Vec<MovementLine>,
    /// How many further ones there are.
    pub movements_not_shown: u64,
}

/// A balance in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BalanceOf {
    /// The number of its record or line, from 1.
    pub record: u64,
    /// The balance, as a decimal number.
    pub balance: String,
}

/// The least and the greatest balance that is possible. They are the same if the journal knows everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BalanceRange")]
pub struct Range {
    /// The least one, as a decimal number.
    pub low: String,
    /// The greatest one.
    pub high: String,
}

/// A transfer that can explain a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BalanceMovement")]
pub struct MovementLine {
    /// Its exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeId>,
    /// What it does to the balance, as a decimal number: negative if money goes out.
    pub amount: String,
    /// What became of it: `done`, `late`, `reversed` or `unknown`.
    #[serde(serialize_with = "fate_name")]
    #[schemars(with = "String")]
    pub fate: Fate,
    /// The first moment at which it can have moved the balance, in RFC 3339.
    pub since: String,
    /// The last one. `None` if there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether it counts: `yes`, `no`, or `perhaps`.
    pub counts: &'static str,
    /// Whether its amount is the difference.
    pub explains: bool,
}

/// What the report says about the files.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    pub(super) told_at_ms: i64,
    pub(super) told: String,
    pub(super) snapshot_at_ms: i64,
    pub(super) snapshot: String,
    pub(super) snapshot_sha256: String,
}

/// How values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) decimals: u32,
    pub(super) hides_accounts: bool,
    pub(super) hides_amounts: bool,
}

impl BalanceReport {
    pub(super) fn new(of: Circumstances, totals: &BalanceTotals, findings: Vec<BalanceLine>) -> Self {
        let classes = BalanceClass::ALL.into_iter().zip(totals.classes);
        let classes: Vec<_> = classes.map(|(class, count)| ClassCount { class, count }).collect();
        let exceptions: u64 = totals.classes.iter().sum();
        Self {
            told_at: Rfc3339(of.told_at_ms).to_string(),
            told_file: of.told,
            snapshot_at: Rfc3339(of.snapshot_at_ms).to_string(),
            snapshot_file: of.snapshot,
            snapshot_sha256: of.snapshot_sha256,
            clean: exceptions == 0,
            exceptions,
            told: totals.told,
            in_snapshot: totals.snapshot,
            agree: totals.agree,
            classes,
            movements: totals.certain,
            uncertain_movements: totals.uncertain,
            neither: totals.neither,
            neither_needs_a_person: false,
            not_shown: exceptions.saturating_sub(findings.len() as u64),
            findings,
        }
    }

    /// The report if a file is a CSV file, whose accounts anybody may have spelt. If accounts have movements that neither file has, the balances that
    /// agree may be those of the same accounts, spelt otherwise, so that none of the movements counted.
    pub(in super::super) fn of_csv(self) -> Self {
        let exceptions = self.exceptions.saturating_add(self.neither);
        Self { clean: exceptions == 0, exceptions, neither_needs_a_person: self.neither > 0, ..self }
    }
}

impl Shown {
    pub(super) fn line(self, counted: &Counted, is_back: bool) -> BalanceLine {
        let difference = counted.difference();
        let movement = |movement: &Movement| self.movement(movement, counted.is_explained_by(movement, is_back));
        let of = |(record, balance): (u64, i128)| BalanceOf { record, balance: self.amount(balance) };
        BalanceLine {
            class: counted.class,
            account: self.account(&counted.account),
            snapshot: counted.snapshot.map(of),
            told: counted.told.map(of),
            counted: counted.counted.map(|(low, high)| Range { low: self.amount(low), high: self.amount(high) }),
            difference: difference.map(|difference| self.amount(difference)),
            movements: counted.movements.iter().map(movement).collect(),
            movements_not_shown: counted.not_shown,
        }
    }

    fn movement(self, movement: &Movement, explains: bool) -> MovementLine {
        let is_open = movement.until_ms == i64::MAX;
        MovementLine {
            exchange: movement.origin.get(..ExchangeId::LEN).and_then(ExchangeId::from_bytes),
            amount: self.amount(movement.amount),
            fate: movement.fate,
            since: Rfc3339(movement.since_ms).to_string(),
            until: (!is_open).then(|| Rfc3339(movement.until_ms).to_string()),
            counts: match movement.effect {
                (low, high) if low != high => "perhaps",
                (0, _) => "no",
                _ => "yes",
            },
            explains,
        }
    }

    fn account(self, account: &Key) -> Option<String> {
        let text = account.texts().into_iter().next()?;
        Some(if self.hides_accounts { HIDDEN.to_owned() } else { text })
    }

    fn amount(self, amount: i128) -> String {
        if self.hides_amounts { HIDDEN.to_owned() } else { decimal(amount, self.decimals) }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn class_name<S: Serializer>(class: &BalanceClass, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(class.name())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn fate_name<S: Serializer>(fate: &Fate, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(fate.name())
}
