//! `[[state]]`: what the institution keeps under a key, such as the loans under their numbers, and how requests and days change it.

use std::collections::BTreeSet;

use super::Assignment;
use super::formula::Formula;

/// `[[state]]`: entries of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct StateTable {
    /// `name`, required: what the entries are, such as `loan`. For the log and the interface.
    pub name: String,
    /// `key`, required: the field that names an entry. A telegram without it is not about one.
    pub key: String,
    /// `entries_max`, default 10000: how many there are at most. A request that would make one more changes nothing.
    pub entries_max: usize,
    /// `holidays`, `holidays_file`: the days that are no working days, beside weekends, in days since 1970-01-01.
    pub holidays: BTreeSet<i64>,
    /// `[[state.on]]`: what requests do. The first one that fits a request counts.
    pub on: Vec<StateStep>,
    /// `[[state.daily]]`: what each day does to each entry, one after the other.
    pub daily: Vec<StateDaily>,
}

/// `[[state.on]]`: what a request does to the entry that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct StateStep {
    /// `telegram`, required: the name of the request.
    pub telegram: String,
    /// `when`: the formula that must not be 0. `None`: always.
    pub when: Option<Formula>,
    /// `do` and `keep`.
    pub change: Change,
    /// `remove`, default false: the entry is gone afterwards.
    pub remove: bool,
    /// `set`: field values of the answer, also `<state.NAME>`.
    pub set: Vec<Assignment>,
}

/// `[[state.daily]]`: what a day does to an entry, as soon as the clock of the institution shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StateDaily {
    /// `when`, required: the formula that must not be 0.
    pub when: Formula,
    /// `do`.
    pub change: Change,
    /// `remove`, default false: the entry is gone afterwards.
    pub remove: bool,
    /// `notice`: the telegram that the institution sends then. `None`: it sends nothing.
    pub notice: Option<String>,
    /// `set`: field values of the notice.
    pub set: Vec<Assignment>,
}

impl Change {
    /// Whether nothing changes.
    pub(in crate::simulate) fn is_none(&self) -> bool {
        self.formulas.is_empty() && self.keep.is_empty()
    }
}

/// How an entry changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// `do`: names and the formulas of their new numbers, one after the other: `["turn = turn + 1"]`.
    pub formulas: Vec<(String, Formula)>,
    /// `keep`: names, and the fields of the request whose values they keep as they are: `{ borrower = "borrower_name" }`.
    pub keep: Vec<(String, String)>,
}
