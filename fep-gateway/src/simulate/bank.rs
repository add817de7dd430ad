//! The bank of the simulated institution: accounts, balances and the transactions that it remembers. It takes the fields of a request and
//! returns a verdict. It knows neither bytes of a line nor delays, and no clock: callers pass the time.

mod ledger;
pub(super) mod money;

use std::sync::Arc;
use std::time::Duration;

use fep_codec::{Layout, json};
use serde_json::{Map, Value as Json};

pub(super) use self::ledger::Account;
use self::ledger::{Ledger, State, Transaction};
use super::rules::{holds, key};
use super::scenario::{AccountValue, Assignment, BankValue, Does, Operation, Party, Post, Verdict};
use super::{compose, scenario};

/// The bank with its state.
#[derive(Debug)]
pub(super) struct Bank {
    terms: Arc<scenario::Bank>,
    pub(super) ledger: Ledger,
}

/// What the bank decided about a request.
#[derive(Debug)]
pub(super) struct Ruling {
    terms: Arc<scenario::Bank>,
    /// The index of the operation.
    operation: usize,
    pub(super) verdict: Verdict,
    /// The key under which the answer is remembered, if the request is one that posts.
    pub(super) key: Option<Vec<String>>,
    /// The answer to the same request before.
    pub(super) replay: Option<Vec<u8>>,
    /// The answer of the request that is asked about.
    pub(super) original: Option<Vec<u8>>,
    debit: Option<Account>,
    credit: Option<Account>,
    account: Option<Account>,
    amount: Option<i64>,
    fee: Option<i64>,
}

/// A request, as the bank sees it.
pub(super) struct Order<'o> {
    /// The name of the request telegram.
    pub(super) telegram: &'o str,
    pub(super) layout: &'o Layout,
    pub(super) fields: &'o Map<String, Json>,
    /// Whether the bank declines it, whatever it would decide.
    pub(super) is_declined: bool,
    /// The time since the institution started.
    pub(super) at: Duration,
}

impl Bank {
    pub(super) fn new(terms: scenario::Bank) -> Self {
        let ledger = Ledger::new(&terms);
        Self { terms: Arc::new(terms), ledger }
    }

    /// Carries out a request. `None` if no operation is about it.
    pub(super) fn carry_out(&mut self, order: &Order<'_>) -> Option<Ruling> {
        let terms = Arc::clone(&self.terms);
        let fits = |operation: &Operation| {
            operation.telegram == order.telegram && operation.when.iter().all(|when| holds(when, order.fields))
        };
        let number = terms.operations.iter().position(fits)?;
        let operation = terms.operations.get(number)?;
        let mut ruling = Ruling {
            terms: Arc::clone(&terms),
            operation: number,
            verdict: Verdict::Refused,
            key: None,
            replay: None,
            original: None,
            debit: None,
            credit: None,
            account: None,
            amount: None,
            fee: None,
        };
        match &operation.does {
            Does::Post(post) => self.post(&mut ruling, order, post),
            _ if order.is_declined => {}
            Does::Read { account } => {
                ruling.account = self.ledger.account(&text(order, account)).cloned();
                ruling.verdict = if ruling.account.is_some() { Verdict::Done } else { Verdict::UnknownAccount };
            }
            Does::Inquire { original, lag } => self.inquire(&mut ruling, order, original, *lag),
            Does::Reverse { original, amount } => self.reverse(&mut ruling, order, original, amount.as_deref()),
        }
        Some(ruling)
    }

    /// Remembers the answer to a request, for the same request again and for inquiries.
    pub(super) fn answered(&mut self, key: &[String], answer: &[u8]) {
        if let Some(transaction) = self.ledger.transaction(key) {
            transaction.answer = Some(answer.to_vec());
        }
    }

    fn post(&mut self, ruling: &mut Ruling, order: &Order<'_>, post: &Post) {
        let key = key(order.fields, &post.key);
        let is_credited = post.credit_when.iter().all(|when| holds(when, order.fields));
        let amount = json::get(order.fields, &post.amount);
        let amount = amount.and_then(|amount| money::read(order.layout, &post.amount, amount, self.terms.decimals));
        let fee = if post.debit.is_some() { post.fee } else { 0 };
        let mut transaction = Transaction {
            telegram: order.telegram.to_owned(),
            debit: post.debit.as_deref().map(|path| text(order, path)),
            credit: post.credit.as_deref().filter(|_| is_credited).map(|path| text(order, path)),
            amount: amount.unwrap_or_default(),
            fee,
            at: order.at,
            state: State::Declined,
            answer: None,
        };
        ruling.amount = amount;
        ruling.fee = Some(fee);
        match self.ledger.transaction(&key) {
            Some(before) if before.state == State::Barred => ruling.verdict = Verdict::Reversed,
            Some(before) if before.is_same(&transaction) => {
                ruling.replay.clone_from(&before.answer);
                ruling.verdict = if before.state == State::Declined { Verdict::Refused } else { Verdict::Done };
            }
            Some(_) => ruling.verdict = Verdict::Conflict,
            None => {
                ruling.verdict = match (order.is_declined, amount) {
                    (true, _) => Verdict::Refused,
                    (false, Some(1..)) => self.ledger.post(&transaction),
                    (false, _) => Verdict::BadAmount,
                };
                if ruling.verdict == Verdict::Done {
                    transaction.state = State::Done;
                }
                ruling.key = Some(key.clone());
                self.show_parties(ruling, &transaction);
                self.ledger.remember(key, transaction);
                return;
            }
        }
        self.show_parties(ruling, &transaction);
    }

    fn inquire(&mut self, ruling: &mut Ruling, order: &Order<'_>, original: &[String], lag: Duration) {
        let key = key(order.fields, original);
        let found = self.ledger.transaction(&key).filter(|found| order.at >= found.at.saturating_add(lag));
        let Some(found) = found.map(|found| found.clone()) else {
            ruling.verdict = Verdict::NotFound;
            return;
        };
        ruling.verdict = match found.state {
            State::Done => Verdict::Done,
            State::Declined => Verdict::Declined,
            State::Reversed => Verdict::Reversed,
            State::Barred => Verdict::NotFound,
        };
        self.show_original(ruling, &found);
    }

    fn reverse(&mut self, ruling: &mut Ruling, order: &Order<'_>, original: &[String], amount: Option<&str>) {
        let key = key(order.fields, original);
        let Some(found) = self.ledger.transaction(&key).map(|found| found.clone()) else {
            ruling.verdict = Verdict::NotFound;
            self.ledger.remember(key, Transaction::barred(order.telegram, order.at));
            return;
        };
        let asked = amount.and_then(|path| Some((path, json::get(order.fields, path)?)));
        let asked = asked.map(|(path, amount)| money::read(order.layout, path, amount, self.terms.decimals));
        ruling.verdict = match found.state {
            State::Barred => Verdict::NotFound,
            _ if asked.is_some_and(|asked| asked != Some(found.amount)) => Verdict::Conflict,
            State::Declined => Verdict::Declined,
            State::Reversed => Verdict::Reversed,
            State::Done => self.ledger.undo(&key, &found),
        };
        self.show_original(ruling, &found);
    }

    fn show_original(&self, ruling: &mut Ruling, found: &Transaction) {
        ruling.original.clone_from(&found.answer);
        ruling.amount = Some(found.amount);
        ruling.fee = Some(found.fee);
        self.show_parties(ruling, found);
    }

    fn show_parties(&self, ruling: &mut Ruling, transaction: &Transaction) {
        let shown = |number: &Option<String>| self.ledger.shown(number.as_deref()?).cloned();
        ruling.debit = shown(&transaction.debit);
        ruling.credit = shown(&transaction.credit);
    }
}

impl Ruling {
    /// The fields that tell the verdict, in the order in which they are set.
    pub(super) fn sets(&self) -> impl Iterator<Item = &[Assignment]> {
        let operation = self.terms.operations.get(self.operation);
        operation.into_iter().flat_map(|operation| self.terms.fields_of(operation, self.verdict))
    }

    /// The value of a filling for the field at this path. `None` if there is none.
    pub(super) fn value(&self, value: &BankValue, layout: &Layout, path: &str) -> Option<Json> {
        let amount = |amount: i64| money::write(layout, path, amount, self.terms.decimals);
        match value {
            BankValue::Amount => self.amount.map(amount),
            BankValue::Fee => self.fee.map(amount),
            BankValue::Of(party, value) => {
                let account = match party {
                    Party::Debit => self.debit.as_ref(),
                    Party::Credit => self.credit.as_ref(),
                    Party::Account => self.account.as_ref(),
                }?;
                match value {
                    AccountValue::Balance => Some(amount(account.balance)),
                    AccountValue::UnsignedBalance => Some(amount(account.balance.saturating_abs())),
                    AccountValue::Sign => Some(Json::from(if account.balance < 0 { "-" } else { "+" })),
                    AccountValue::Available => Some(amount(account.available().max(0))),
                    AccountValue::Field(name) => account.fields.get(name).map(|value| Json::from(value.as_str())),
                }
            }
        }
    }
}

/// The value of a field of the request, as text.
fn text(order: &Order<'_>, path: &str) -> String {
    json::get(order.fields, path).map(compose::text).unwrap_or_default()
}
