//! Reads `[bank]` and checks its operations against the spec.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fep_codec::layout::Kind;
use fep_codec::{Layout, Record};
use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::Reader;
use super::rules::{WAIT_MAX_MS, milliseconds};
use crate::simulate::scenario::{Assignment, Bank, BankAccount, Does, Operation, Post, Verdict, Verdicts};

/// The largest `accounts_max` and `transactions_max`.
const LIMIT_MAX: usize = 1_000_000;
const ACCOUNTS_MAX: usize = 10_000;
const TRANSACTIONS_MAX: usize = 100_000;

impl Reader<'_> {
    pub(super) fn bank(&self, table: Table<'_>) -> Option<Bank> {
        let limit = |key, default| table.integer(key, 1..=LIMIT_MAX).map_or(default, |limit| limit.value);
        let decimals = table.integer("decimals", 0..=9_u8).map_or(0, |decimals| decimals.value);
        let accounts_max = limit("accounts_max", ACCOUNTS_MAX);
        let transactions_max = limit("transactions_max", TRANSACTIONS_MAX);
        let opens_with = table.integer("opens_with", 0..=i64::MAX).map(|balance| balance.value);
        let verdicts = table.required("verdicts").and_then(Value::table).map(|verdicts| self.bank_verdicts(verdicts));
        let accounts = self.accounts(&table, accounts_max);
        let operations = self.tables(&table, "operations", |operation| self.operation(operation));
        if operations.is_empty() {
            let hint = "write [[bank.operations]]: which telegram does what?";
            self.document.error_hint(Code::MissingKey, table.span(), "a bank without operations does nothing", hint);
        }
        let operations: Vec<_> = operations.into_iter().collect::<Option<_>>()?;
        self.keys_fit(&table, &operations);
        table.finish();
        Some(Bank { decimals, accounts_max, transactions_max, opens_with, verdicts: verdicts?, accounts, operations })
    }

    fn accounts(&self, table: &Table<'_>, accounts_max: usize) -> Vec<BankAccount> {
        let accounts = self.tables(table, "accounts", |account| self.account(account));
        let place = table.key_span("accounts").unwrap_or_default();
        if accounts.len() > accounts_max {
            let message = format!("there are {} accounts, `accounts_max` is {accounts_max}", accounts.len());
            self.document.error(Code::OutOfRange, place.clone(), message);
        }
        let accounts: Vec<BankAccount> = accounts.into_iter().flatten().collect();
        let mut numbers = HashSet::new();
        if accounts.iter().any(|account| !numbers.insert(&*account.number)) {
            self.document.error(Code::NameTaken, place, "two accounts have the same number");
        }
        accounts
    }

    pub(super) fn account(&self, table: Table<'_>) -> Option<BankAccount> {
        let number = table.required_string("number");
        if let Some(number) = number.as_ref().filter(|number| number.value.is_empty()) {
            self.document.error(Code::Empty, number.span.clone(), "`number` is empty");
        }
        let balance = table.integer("balance", i64::MIN..=i64::MAX).map_or(0, |balance| balance.value);
        let overdraft = table.integer("overdraft", 0..=i64::MAX).map_or(0, |overdraft| overdraft.value);
        let stopped = table.boolean("stopped").is_some_and(|stopped| stopped.value);
        let fields = table.table("fields").map(|fields| fields.entries()).unwrap_or_default();
        let fields = fields
            .into_iter()
            .filter_map(|(key, value)| Some((key.value.to_owned(), value.string()?.value.to_owned())));
        let fields: BTreeMap<_, _> = fields.collect();
        table.finish();
        Some(BankAccount { number: number?.value.to_owned(), balance, overdraft, stopped, fields })
    }

    fn operation(&self, table: Table<'_>) -> Option<Operation> {
        let named = table.required_string("telegram");
        let telegram = named.clone().and_then(|name| self.telegram(name));
        let answer = telegram.and_then(|telegram| telegram.answer.as_deref()).and_then(|name| self.spec.telegram(name));
        if let (Some(name), Some(_), None) = (&named, telegram, answer) {
            self.not_a_request(name);
        }
        let layout = telegram.map(|telegram| &telegram.layout);
        let when = table.table("when").map(|when| self.when(when, layout)).unwrap_or_default();
        let does = self.does(&table, layout);
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        if let Some(answer) = answer {
            self.check_set(&answer.layout, &set);
        }
        let verdicts =
            table.table("verdicts").map(|verdicts| self.verdicts(verdicts, answer.map(|answer| &answer.layout)));
        table.finish();
        Some(Operation {
            telegram: answer.and(named)?.value.to_owned(),
            when,
            does: does?,
            set: set.into_iter().map(|(_, assignment)| assignment).collect(),
            verdicts: verdicts.unwrap_or_default(),
        })
    }

    fn does(&self, table: &Table<'_>, layout: Option<&Layout>) -> Option<Does> {
        let field = |key| table.string(key).and_then(|path| self.account_field(layout, path));
        let required = |key| table.required_string(key).and_then(|path| self.account_field(layout, path));
        let fields = |key| {
            let fields = self.paths(table.required(key), |path| {
                self.account_field(layout, path);
            });
            Some(fields).filter(|fields| !fields.is_empty())
        };
        let words = [("post", 0_u8), ("read", 1), ("inquire", 2), ("reverse", 3)];
        match table.required("does")?.choice(&words)?.value {
            0 => {
                let debit = field("debit");
                let credit = field("credit");
                if !table.has("debit") && !table.has("credit") {
                    let hint = "write `debit`, `credit` or both: fields of the request that have an account";
                    self.document.error_hint(Code::MissingKey, table.span(), "whose money moves?", hint);
                }
                let credit_when = table.table("credit_when").map(|when| self.when(when, layout)).unwrap_or_default();
                let amount = required("amount");
                let fee = table.integer("fee", 0..=i64::MAX).map_or(0, |fee| fee.value);
                let key = fields("key");
                Some(Does::Post(Post { debit, credit, credit_when, amount: amount?, fee, key: key? }))
            }
            1 => Some(Does::Read { account: required("account")? }),
            2 => {
                let lag = milliseconds(table, "lag_ms", 0..=WAIT_MAX_MS).unwrap_or(Duration::ZERO);
                Some(Does::Inquire { original: fields("original")?, lag })
            }
            _ => {
                let amount = field("amount");
                Some(Does::Reverse { original: fields("original")?, amount })
            }
        }
    }

    /// A field of the request that the bank reads. It must have one plain value.
    fn account_field(&self, layout: Option<&Layout>, path: Located<&str>) -> Option<String> {
        let layout = layout?;
        if !self.known_in(layout, path.clone()) {
            return None;
        }
        let record = Record::new(layout);
        let kind = record.field(path.value).map(|(field, _)| &field.kind);
        let is_plain =
            matches!(kind, Some(Kind::Number(_) | Kind::Digits(_) | Kind::Text(_) | Kind::Code(_) | Kind::Date(_)));
        if !is_plain {
            let message = format!("{} is no field with an account, an amount or a key", path.value);
            self.document.error(Code::WrongReference, path.span, message);
            return None;
        }
        Some(path.value.to_owned())
    }

    fn bank_verdicts(&self, table: Table<'_>) -> Verdicts {
        // A missing one is noted. The others fall back on these two.
        let _noted = ["done", "refused"].map(|key| table.required(key));
        self.verdicts(table, None)
    }

    /// The fields for each verdict, in the answer with this layout or in any telegram of the spec.
    fn verdicts(&self, table: Table<'_>, layout: Option<&Layout>) -> Verdicts {
        let mut verdicts = Verdicts::new();
        for (verdict, key) in Verdict::ALL {
            let Some(set) = table.table(key).map(|set| self.assignments(set)) else { continue };
            match layout {
                Some(layout) => self.check_set(layout, &set),
                None => set.iter().for_each(|(place, Assignment { path, .. })| {
                    self.known_somewhere(Located { value: path, span: place.clone() });
                }),
            }
            verdicts.insert(verdict, set.into_iter().map(|(_, assignment)| assignment).collect());
        }
        table.finish();
        verdicts
    }

    /// An inquiry names a request by as many fields as its key has.
    fn keys_fit(&self, table: &Table<'_>, operations: &[Operation]) {
        let keys = operations.iter().filter_map(|operation| match &operation.does {
            Does::Post(post) => Some((&*operation.telegram, post.key.len())),
            _ => None,
        });
        let keys: Vec<_> = keys.collect();
        let originals = operations.iter().filter_map(|operation| match &operation.does {
            Does::Inquire { original, .. } | Does::Reverse { original, .. } => {
                Some((&*operation.telegram, original.len()))
            }
            _ => None,
        });
        let place = || table.key_span("operations").unwrap_or_default();
        for (telegram, len) in originals {
            if keys.is_empty() {
                let message = format!("{telegram} names a request, but no operation posts one");
                self.document.error(Code::WrongReference, place(), message);
            }
            for (posted, key_len) in keys.iter().filter(|(_, key_len)| *key_len != len) {
                let message = format!("{telegram} has {len} fields in `original`, {posted} has {key_len} in `key`");
                let hint = "the same fields in the same order name the same request";
                self.document.error_hint(Code::WrongReference, place(), message, hint);
            }
        }
    }
}
