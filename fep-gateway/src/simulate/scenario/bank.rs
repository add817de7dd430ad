//! `[bank]`: accounts, and what each telegram does with them, in terms of the fields of the spec. What the bank decides about a request is
//! a [`Verdict`], and the scenario says which fields of the answer tell it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value as Json;

use super::Assignment;

/// `[bank]`: the accounts of the institution.
#[derive(Clone, Debug, PartialEq)]
pub struct Bank {
    /// `decimals`, default 0: how many decimals its money has. Balances are whole numbers of the smallest unit.
    pub decimals: u8,
    /// `accounts_max`, default 10000: the maximum number of accounts.
    pub accounts_max: usize,
    /// `transactions_max`, default 100000: how many transactions are remembered. The oldest are forgotten.
    pub transactions_max: usize,
    /// `opens_with`: an account that is not listed is opened with this balance when a request names it. `None`: it is unknown.
    pub opens_with: Option<i64>,
    /// `verdicts`: the fields of an answer for each verdict. An operation can have others.
    pub verdicts: Verdicts,
    /// `[[bank.accounts]]`
    pub accounts: Vec<BankAccount>,
    /// `[[bank.operations]]`: the first one that fits a request says what it does.
    pub operations: Vec<Operation>,
}

/// `[[bank.accounts]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// `number`, required: as the fields of requests have it.
    pub number: String,
    /// `balance`, default 0: in the smallest unit.
    pub balance: i64,
    /// `overdraft`, default 0: how far the balance may go below 0.
    pub overdraft: i64,
    /// `stopped`, default false: no money moves from it or to it.
    pub stopped: bool,
    /// `fields`: more about it, for `<account.NAME>`.
    pub fields: BTreeMap<String, String>,
}

/// `[[bank.operations]]`: what a request telegram does.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// `telegram`, required: the name of the request.
    pub telegram: String,
    /// `when`: the values that its fields must have.
    pub when: Vec<(String, Vec<Json>)>,
    /// `does`, with its options.
    pub does: Does,
    /// `set`: fields of the answer, whatever the verdict. A filling that has no value changes nothing.
    pub set: Vec<Assignment>,
    /// `verdicts`: fields of the answer for each verdict, after those of the bank.
    pub verdicts: Verdicts,
}

/// What a request does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// `post`: it moves money.
    Post(Post),
    /// `read`: it asks about an account.
    Read {
        /// `account`, required: the field with its number.
        account: String,
    },
    /// `inquire`: it asks what became of a request.
    Inquire {
        /// `original`, required: the fields with the key of that request, in the order of its `key`.
        original: Vec<String>,
        /// `lag_ms`, default 0: a request is found only after this time.
        lag: Duration,
    },
    /// `reverse`: it undoes a request, even if the account that was paid has spent the money. A request that comes after its reversal is
    /// not carried out.
    Reverse {
        /// `original`, required, as for `inquire`.
        original: Vec<String>,
        /// `amount`: the field that must have the amount of the request. `None`: it is not compared.
        amount: Option<String>,
    },
}

/// The options of `post`. At least one of `debit` and `credit` is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// `debit`: the field with the account that pays.
    pub debit: Option<String>,
    /// `credit`: the field with the account that is paid.
    pub credit: Option<String>,
    /// `credit_when`: the values that fields have if the paid account is one of this bank. With others it is elsewhere. Default: always.
    pub credit_when: Vec<(String, Vec<Json>)>,
    /// `amount`, required: the field with the amount.
    pub amount: String,
    /// `fee`, default 0: what the paying account pays besides, in the smallest unit.
    pub fee: i64,
    /// `key`, required: the fields that name the request. The same request again gets the same answer and moves no money.
    pub key: Vec<String>,
}

/// The fields of an answer, by verdict.
pub type Verdicts = BTreeMap<Verdict, Vec<Assignment>>;

/// What the bank decides about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// `done`: it was carried out, the account was read, or the request that it asks about was carried out.
    Done,
    /// `refused`: it was not. Also every verdict below that has no fields of its own, except as told there.
    Refused,
    /// `bad_amount`: the amount is 0, negative, not a number, or too large.
    BadAmount,
    /// `unknown_account`
    UnknownAccount,
    /// `stopped_account`
    StoppedAccount,
    /// `insufficient_funds`
    InsufficientFunds,
    /// `conflict`: another request had this key, or a reversal has another amount than its request.
    Conflict,
    /// `not_found`: no request has the key that an inquiry or a reversal names.
    NotFound,
    /// `declined`: the request that is asked about was declined. Without fields of its own: `done` for an inquiry.
    Declined,
    /// `reversed`: that request was reversed before. Without fields of its own: `done` for another reversal, `not_found` for an inquiry.
    Reversed,
}

impl Verdict {
    /// All verdicts with their keys.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Done, "done"),
        (Self::Refused, "refused"),
        (Self::BadAmount, "bad_amount"),
        (Self::UnknownAccount, "unknown_account"),
        (Self::StoppedAccount, "stopped_account"),
        (Self::InsufficientFunds, "insufficient_funds"),
        (Self::Conflict, "conflict"),
        (Self::NotFound, "not_found"),
        (Self::Declined, "declined"),
        (Self::Reversed, "reversed"),
    ];

    /// Its key in a scenario.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(verdict, _)| *verdict == self).map_or("", |(_, name)| name)
    }

    /// The verdict whose fields are used if this one has none.
    fn instead(self, does: &Does) -> Option<Self> {
        match (self, does) {
            (Self::Done | Self::Refused, _) => None,
            (Self::Declined, Does::Inquire { .. }) | (Self::Reversed, Does::Reverse { .. }) => Some(Self::Done),
            (Self::Reversed, Does::Inquire { .. }) => Some(Self::NotFound),
            _ => Some(Self::Refused),
        }
    }
}

impl Bank {
    /// The fields of the answer for a verdict: those that the operation always sets, of the bank, of the operation.
    pub(in crate::simulate) fn fields_of<'b>(
        &'b self,
        operation: &'b Operation,
        verdict: Verdict,
    ) -> impl Iterator<Item = &'b [Assignment]> {
        let find = move |verdicts: &'b Verdicts| {
            let mut wanted = Some(verdict);
            while let Some(verdict) = wanted {
                if let Some(set) = verdicts.get(&verdict) {
                    return set.as_slice();
                }
                wanted = verdict.instead(&operation.does);
            }
            &[]
        };
        [operation.set.as_slice(), find(&self.verdicts), find(&operation.verdicts)].into_iter()
    }
}
