//! What a reconciliation found, for people and programs: the sums, and the findings up to a maximum. How it looks on paper is not decided here.

use fep_protocol::exchange::ExchangeId;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::balances::BalanceReport;
use super::fields::record_number;
use super::here::exchange_id;
use super::matching::{Class, Finding, Sum, Totals};
use super::row::{Key, Row};
use super::terms::{HIDDEN, Terms, date_text, decimal};
use super::words::{CARRIED_OUT, MATCHED, NOT_DONE, NOT_LISTED, RECORDS, REQUESTS, REVERSED, UNDONE_THERE, Words};

/// The result of a reconciliation. It serialises as its JSON report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Reconciled")]
pub struct Report {
    /// The name of the institution.
    pub institution: String,
    /// The name of the reconciliation.
    pub reconciliation: String,
    /// The business date: `2026-11-26`.
    pub date: String,
    /// The name of the file, without its folder.
    pub file: String,
    /// The SHA-256 of the file, in lower hex.
    pub file_sha256: String,
    /// When it was made, in RFC 3339.
    pub made_at: String,
    /// Whether a person has nothing to look at.
    pub clean: bool,
    /// How many findings need a person.
    pub exceptions: u64,
    /// The records of the file.
    pub there: SideSums,
    /// The requests of the date.
    pub here: SideSums,
    /// Carried out, as both say.
    pub matched: Amounts,
    /// Moved back, as both say.
    pub reversed: Amounts,
    /// Not carried out, as both say, the file in words.
    pub not_done: Amounts,
    /// Not in the file, and that is right.
    pub not_listed: Amounts,
    /// Records of what was carried out and moved back within the file. Only the record that moved it back is compared.
    pub undone_there: Amounts,
    /// The findings by their class, in the order of [`Class::ALL`].
    pub classes: Vec<ClassSums>,
    /// The findings, at most as many as were asked for.
    pub findings: Vec<Line>,
    /// How many further findings there are, which are only in the sums.
    pub not_shown: u64,
    /// The names of the key fields, as in the request.
    pub key: Vec<String>,
    /// Whether amounts were compared. If not, all of them are absent.
    pub amounts: bool,
    /// The balances, if they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balances: Option<BalanceReport>,
}

impl Report {
    /// Adds the balances. What they show needs a person, too.
    pub(super) fn with_balances(self, balances: BalanceReport) -> Self {
        let exceptions = self.exceptions.saturating_add(balances.exceptions);
        Self { clean: self.clean && balances.clean, exceptions, balances: Some(balances), ..self }
    }

    /// The report for who may not read what the journal has: its sums, without its findings.
    #[must_use]
    pub fn without_findings(self) -> Self {
        let not_shown = self.not_shown.saturating_add(self.findings.len() as u64);
        Self { findings: Vec::new(), not_shown, ..self }
    }

    /// What all forms of a report show of the two sides: first what each has, then what agrees.
    pub(super) fn sums(&self) -> Vec<(Words, &Amounts)> {
        vec![
            (RECORDS, &self.there.all),
            (CARRIED_OUT, &self.there.done),
            (REQUESTS, &self.here.all),
            (CARRIED_OUT, &self.here.done),
            (MATCHED, &self.matched),
            (REVERSED, &self.reversed),
            (NOT_DONE, &self.not_done),
            (NOT_LISTED, &self.not_listed),
            (UNDONE_THERE, &self.undone_there),
        ]
    }
}

/// The sums of one side.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SideSums {
    /// All of them.
    pub all: Amounts,
    /// Those that were carried out.
    pub done: Amounts,
}

/// How many, and their amounts together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Amounts {
    /// How many.
    pub count: u64,
    /// Their amounts together, as a decimal number. `None` if amounts are not compared or are hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

/// The findings of a class.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClassSums {
    /// The class.
    #[serde(serialize_with = "class_name")]
    #[schemars(with = "String")]
    pub class: Class,
    /// Whether a person has to look at them.
    pub exception: bool,
    /// How many, and their amounts.
    #[serde(flatten)]
    pub sums: Amounts,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReconciledFinding")]
pub struct Line {
    /// The class.
    #[serde(serialize_with = "class_name")]
    #[schemars(with = "String")]
    pub class: Class,
    /// The values of the key fields, in the order of [`Report::key`]. Secret ones are hidden.
    pub key: Vec<String>,
    /// The name under which a gateway keeps it for a person. `None` if it is kept nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// The name that earlier versions gave it.
    #[serde(skip)]
    pub(crate) earlier: Option<String>,
    /// A keyed hash of what is hidden, if amounts are.
    #[serde(skip)]
    pub(crate) hidden: Option<String>,
    /// What the file says became of it, also by its silence: `done`, `not_done` or `reversed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_says: Option<&'static str>,
    /// The record of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<There>,
    /// The exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<Here>,
}

/// A record of the file.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReconciledRecord")]
pub struct There {
    /// Its number, from 1.
    pub record: u64,
    /// Its amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What it says: `done`, `not_done`, `reversed` or `unclear`.
    pub state: &'static str,
}

/// An exchange of the journal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReconciledExchange")]
pub struct Here {
    /// Its ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeId>,
    /// Its amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// What became of it: `done`, `not_done`, `reversed` or `unsettled`.
    pub state: &'static str,
    /// Its business date.
    pub date: String,
}

/// What the report says about the file and the run.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    pub(super) institution: String,
    pub(super) reconciliation: String,
    pub(super) day: i64,
    pub(super) file: String,
    pub(super) file_sha256: String,
    pub(super) made_at: String,
}

/// Makes the lines of findings as they are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'t> {
    terms: &'t Terms<'t>,
}

impl<'t> Shown<'t> {
    pub(super) fn new(terms: &'t Terms<'t>) -> Self {
        Self { terms }
    }

    pub(super) fn line(self, finding: &Finding) -> Line {
        Line {
            class: finding.class,
            exception: None,
            earlier: None,
            hidden: None,
            key: finding.key().map(|key| self.key(key)).unwrap_or_default(),
            file_says: finding.says.map(super::row::State::name),
            there: finding.there.as_ref().map(|row| There {
                record: record_number(row),
                amount: self.amount(row),
                state: row.state.name(),
            }),
            here: finding.here.as_ref().map(|row| Here {
                exchange: exchange_id(row),
                amount: self.amount(row),
                state: row.state.name(),
                date: date_text(row.day),
            }),
        }
    }

    /// The values of a key. Secret ones are hidden.
    pub(super) fn key(self, key: &Key) -> Vec<String> {
        let shown = |(text, (_, is_secret)): (String, &(String, bool))| {
            if *is_secret { HIDDEN.to_owned() } else { text }
        };
        key.texts().into_iter().zip(&self.terms.key).map(shown).collect()
    }

    fn amount(self, row: &Row) -> Option<String> {
        if self.terms.hides_amounts {
            return row.amount.map(|_| HIDDEN.to_owned());
        }
        row.amount.map(|amount| decimal(amount, self.terms.decimals))
    }

    fn sums(self, sum: Sum) -> Amounts {
        let is_shown = self.terms.config.amount.is_some() && !self.terms.hides_amounts;
        let amount = sum.amount.map_or_else(|| "too large".to_owned(), |sum| decimal(sum, self.terms.decimals));
        Amounts { count: sum.count, amount: is_shown.then_some(amount) }
    }

    pub(super) fn report(self, of: Circumstances, totals: &Totals, findings: Vec<Line>) -> Report {
        let classes = Class::ALL.map(|class| ClassSums {
            class,
            exception: class.is_exception(),
            sums: self.sums(totals.of(class)),
        });
        let found: u64 = totals.findings.iter().map(|sum| sum.count).sum();
        Report {
            institution: of.institution,
            reconciliation: of.reconciliation,
            date: date_text(of.day),
            file: of.file,
            file_sha256: of.file_sha256,
            made_at: of.made_at,
            clean: totals.exceptions() == 0,
            exceptions: totals.exceptions(),
            there: SideSums { all: self.sums(totals.there), done: self.sums(totals.there_done) },
            here: SideSums { all: self.sums(totals.here), done: self.sums(totals.here_done) },
            matched: self.sums(totals.matched),
            reversed: self.sums(totals.reversed),
            not_done: self.sums(totals.not_done),
            not_listed: self.sums(totals.not_listed),
            undone_there: self.sums(totals.undone_there),
            classes: classes.into(),
            not_shown: found.saturating_sub(findings.len() as u64),
            findings,
            key: self.terms.key.iter().map(|(name, _)| name.clone()).collect(),
            amounts: self.terms.config.amount.is_some(),
            balances: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn class_name<S: Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_decimal_number_has_all_its_decimals() {
        assert_eq!([decimal(1205, 2), decimal(-5, 2), decimal(0, 2), decimal(7, 0)], ["12.05", "-0.05", "0.00", "7"]);
        assert_eq!(decimal(i128::MIN, 1), "-17014118346046923173168730371588410572.8");
    }
}
