//! The accounts and the remembered transactions. Every change leaves both right: money moves completely or not at all.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use crate::simulate::scenario::{self, BankAccount, Verdict};

/// All accounts and transactions.
#[derive(Debug)]
pub(in crate::simulate) struct Ledger {
    accounts: BTreeMap<String, Account>,
    accounts_max: usize,
    opens_with: Option<i64>,
    transactions: HashMap<Vec<String>, Transaction>,
    /// The keys of `transactions`, oldest first.
    order: VecDeque<Vec<String>>,
    transactions_max: usize,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::simulate) struct Account {
    /// In the smallest unit.
    pub(in crate::simulate) balance: i64,
    /// How far the balance may go below 0.
    pub(in crate::simulate) overdraft: i64,
    /// Whether no money moves.
    pub(in crate::simulate) stopped: bool,
    /// More about it.
    pub(in crate::simulate) fields: BTreeMap<String, String>,
}

/// A request that the bank remembers.
#[derive(Clone, Debug)]
pub(in crate::simulate) struct Transaction {
    pub(in crate::simulate) telegram: String,
    pub(in crate::simulate) debit: Option<String>,
    /// `None` also if the paid account is at another bank.
    pub(in crate::simulate) credit: Option<String>,
    pub(in crate::simulate) amount: i64,
    pub(in crate::simulate) fee: i64,
    /// When it came, since the start.
    pub(in crate::simulate) at: Duration,
    pub(in crate::simulate) state: State,
    /// The telegram of the answer, whether or not it arrived.
    pub(in crate::simulate) answer: Option<Vec<u8>>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulate) enum State {
    /// The money moved.
    Done,
    /// It did not.
    Declined,
    /// It moved and was moved back.
    Reversed,
    /// The reversal came first. The request will not be carried out.
    Barred,
}

impl State {
    pub(in crate::simulate) const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Declined => "declined",
            Self::Reversed => "reversed",
            Self::Barred => "barred",
        }
    }
}

impl Account {
    fn with(balance: i64) -> Self {
        Self { balance, ..Self::default() }
    }

    /// What can be paid from it.
    pub(in crate::simulate) fn available(&self) -> i64 {
        self.balance.saturating_add(self.overdraft)
    }
}

impl From<&BankAccount> for Account {
    fn from(account: &BankAccount) -> Self {
        let BankAccount { balance, overdraft, stopped, fields, .. } = account.clone();
        Self { balance, overdraft, stopped, fields }
    }
}

impl Transaction {
    /// The mark of a reversal that came before its request.
    pub(super) fn barred(telegram: &str, at: Duration) -> Self {
        let telegram = telegram.to_owned();
        Self { telegram, debit: None, credit: None, amount: 0, fee: 0, at, state: State::Barred, answer: None }
    }

    /// Whether the other one asks for the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let asks = |one: &Self| (one.telegram.clone(), one.debit.clone(), one.credit.clone(), one.amount);
        asks(self) == asks(other)
    }
}

impl Ledger {
    pub(super) fn new(terms: &scenario::Bank) -> Self {
        Self {
            accounts: terms.accounts.iter().map(|account| (account.number.clone(), account.into())).collect(),
            accounts_max: terms.accounts_max,
            opens_with: terms.opens_with,
            transactions: HashMap::new(),
            order: VecDeque::new(),
            transactions_max: terms.transactions_max,
        }
    }

    /// The account with this number. Opens it if the bank does so.
    pub(super) fn account(&mut self, number: &str) -> Option<&Account> {
        if !self.accounts.contains_key(number)
            && let Some(balance) = self.opens_with.filter(|_| !number.is_empty())
        {
            self.put(number.to_owned(), Account::with(balance));
        }
        self.accounts.get(number)
    }

    /// The account with this number, if it is there.
    pub(in crate::simulate) fn shown(&self, number: &str) -> Option<&Account> {
        self.accounts.get(number)
    }

    /// All accounts, by number.
    pub(in crate::simulate) fn accounts(&self) -> impl Iterator<Item = (&str, &Account)> {
        self.accounts.iter().map(|(number, account)| (&**number, account))
    }

    /// Opens an account, or replaces it. Returns false if there are too many.
    pub(in crate::simulate) fn put(&mut self, number: String, account: Account) -> bool {
        let has_room = self.accounts.len() < self.accounts_max || self.accounts.contains_key(&number);
        if has_room {
            self.accounts.insert(number, account);
        }
        has_room
    }

    /// Removes an account. Returns whether it was there.
    pub(in crate::simulate) fn remove(&mut self, number: &str) -> bool {
        self.accounts.remove(number).is_some()
    }

    /// The remembered transactions with their keys, newest first.
    pub(in crate::simulate) fn transactions(&self) -> impl Iterator<Item = (&[String], &Transaction)> {
        self.order.iter().rev().filter_map(|key| Some((&**key, self.transactions.get(key)?)))
    }

    /// The remembered transaction with this key.
    pub(super) fn transaction(&mut self, key: &[String]) -> Option<&mut Transaction> {
        self.transactions.get_mut(key)
    }

    /// Remembers a transaction. Forgets the oldest one if there are too many.
    pub(super) fn remember(&mut self, key: Vec<String>, transaction: Transaction) {
        if self.transactions.insert(key.clone(), transaction).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.transactions_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.transactions.remove(&oldest);
        }
    }

    /// Moves the money of a transaction, or says why not.
    pub(super) fn post(&mut self, transaction: &Transaction) -> Verdict {
        for number in [&transaction.debit, &transaction.credit].into_iter().flatten() {
            match self.account(number) {
                None => return Verdict::UnknownAccount,
                Some(account) if account.stopped => return Verdict::StoppedAccount,
                Some(_) => {}
            }
        }
        let Some(paid) = transaction.amount.checked_add(transaction.fee) else { return Verdict::BadAmount };
        let payer = transaction.debit.as_deref().and_then(|number| self.shown(number));
        if payer.is_some_and(|payer| payer.available() < paid) {
            return Verdict::InsufficientFunds;
        }
        if self.shift(transaction, -1) { Verdict::Done } else { Verdict::BadAmount }
    }

    /// Moves the money of a transaction back.
    pub(super) fn undo(&mut self, key: &[String], transaction: &Transaction) -> Verdict {
        if !self.shift(transaction, 1) {
            return Verdict::BadAmount;
        }
        if let Some(found) = self.transactions.get_mut(key) {
            found.state = State::Reversed;
        }
        Verdict::Done
    }

    /// Adds what the payer pays times `sign` to its balance, and takes the amount times `sign` from that of the paid account. Returns false,
    /// and changes nothing, if a balance would be too large. An account that was removed meanwhile is left out.
    fn shift(&mut self, transaction: &Transaction, sign: i64) -> bool {
        let Some(paid) = transaction.amount.checked_add(transaction.fee) else { return false };
        let mut balances: BTreeMap<&str, i64> = BTreeMap::new();
        let changes = [
            (&transaction.debit, paid.checked_mul(sign)),
            (&transaction.credit, transaction.amount.checked_mul(-sign)),
        ];
        for (number, change) in changes {
            let Some(number) = number.as_deref() else { continue };
            let Some(account) = self.accounts.get(number) else { continue };
            let balance = balances.get(number).copied().unwrap_or(account.balance);
            let Some(balance) = change.and_then(|change| balance.checked_add(change)) else { return false };
            balances.insert(number, balance);
        }
        for (number, balance) in balances {
            if let Some(account) = self.accounts.get_mut(number) {
                account.balance = balance;
            }
        }
        true
    }
}
