//! `[institutions.NAME.reconciliation.NAME]`: a file of the institution that is compared with the journal.

use std::path::Path;

use super::keys::keys;
use super::page::Page;
use crate::config::{FileLists, ToldAt};

/// `reconciliation.NAME`: how a file of the institution is compared with the journal.
#[derive(Clone, Debug)]
pub struct ReconciliationBuilder(pub(super) Page);

impl ReconciliationBuilder {
    /// The record of the file and the request telegram that have one transaction each. A comparison needs one [`key`](Self::key) at least.
    #[must_use]
    pub fn new(record: impl Into<String>, telegram: impl Into<String>) -> Self {
        let mut page = Page::default();
        page.set("record", record.into());
        page.set("telegram", telegram.into());
        Self(page)
    }

    /// `spec`: the spec with the file, if that is not the spec of the institution.
    #[must_use]
    pub fn spec(mut self, file: impl AsRef<Path>) -> Self {
        self.0.set("spec", file.as_ref());
        self
    }

    /// One entry of `key`: a field of the record, and that of the request.
    #[must_use]
    pub fn key(mut self, record: &str, request: impl Into<String>) -> Self {
        self.0.entry("key").set(record, request.into());
        self
    }

    /// `amount`: the fields with the amount, in the record and in the request.
    #[must_use]
    pub fn amount(mut self, record: &str, request: impl Into<String>) -> Self {
        self.0.entry("amount").set(record, request.into());
        self
    }

    /// `lists`: which transactions the file has.
    #[must_use]
    pub fn lists(mut self, lists: FileLists) -> Self {
        let word = match lists {
            FileLists::Done => "done",
            FileLists::NotDone => "not_done",
        };
        self.0.set("lists", word);
        self
    }

    /// One entry of `done`: a field of the record, and a value by which it was carried out.
    #[must_use]
    pub fn done(mut self, path: &str, value: impl Into<String>) -> Self {
        self.0.entry("done").set(path, value.into());
        self
    }

    /// One entry of `not_done`: a field of the record, and a value by which it was not.
    #[must_use]
    pub fn not_done(mut self, path: &str, value: impl Into<String>) -> Self {
        self.0.entry("not_done").set(path, value.into());
        self
    }

    /// One entry of `reversed`: a field of the record, and a value by which it was moved back.
    #[must_use]
    pub fn reversed(mut self, path: &str, value: impl Into<String>) -> Self {
        self.0.entry("reversed").set(path, value.into());
        self
    }
}

/// `balances`: how balances are counted from a snapshot.
#[derive(Clone, Debug, Default)]
pub struct BalancesBuilder(pub(super) Page);

impl BalancesBuilder {
    /// No request moves a balance yet. One is needed at least.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One entry of `out`: a request that makes a balance less, with the path of its amount, and of its account if there are several balances.
    #[must_use]
    pub fn moves_out(mut self, telegram: &str, amount: impl Into<String>, account: Option<&str>) -> Self {
        move_of(self.0.entry("out").entry(telegram), amount.into(), account);
        self
    }

    /// One entry of `in`: a request that makes a balance greater.
    #[must_use]
    pub fn moves_in(mut self, telegram: &str, amount: impl Into<String>, account: Option<&str>) -> Self {
        move_of(self.0.entry("in").entry(telegram), amount.into(), account);
        self
    }

    /// `told`: the record of the institution's file that tells balances, with the path of the balance, and of its account if there are several.
    #[must_use]
    pub fn told(mut self, record: impl Into<String>, balance: impl Into<String>, account: Option<&str>) -> Self {
        let told = self.0.entry("told");
        told.set("record", record.into());
        told.set("balance", balance.into());
        account.into_iter().for_each(|account| told.set("account", account.to_owned()));
        self
    }

    /// `told_at`: the moment of which balances are told.
    #[must_use]
    pub fn told_at(mut self, at: ToldAt) -> Self {
        let word = match at {
            ToldAt::Begin => "begin",
            ToldAt::End => "end",
        };
        self.0.set("told_at", word);
        self
    }

    /// `snapshot`: the record file of the snapshot, written as [`told`](Self::told). `spec` is the file of its spec, if that is another one than that of
    /// the reconciliation, and `file` the name of the record file, if the spec has several.
    #[must_use]
    pub fn snapshot(
        mut self,
        (spec, file): (Option<&Path>, Option<&str>),
        record: impl Into<String>,
        balance: impl Into<String>,
        account: Option<&str>,
    ) -> Self {
        let snapshot = self.0.entry("snapshot");
        spec.into_iter().for_each(|spec| snapshot.set("spec", spec));
        file.into_iter().for_each(|file| snapshot.set("file", file.to_owned()));
        snapshot.set("record", record.into());
        snapshot.set("balance", balance.into());
        account.into_iter().for_each(|account| snapshot.set("account", account.to_owned()));
        self
    }
}

fn move_of(entry: &mut Page, amount: String, account: Option<&str>) {
    entry.set("amount", amount);
    account.into_iter().for_each(|account| entry.set("account", account.to_owned()));
}

keys! { BalancesBuilder {
    near_s(u32) = "near_s", "how many seconds from that moment a movement is shown as near it.";
    clock_differs_s(u32) = "clock_differs_s", "by how many seconds the institution may date a movement otherwise.";
} }

keys! { ReconciliationBuilder {
    file(text) = "file", "the record file of the spec.";
    date(text) = "date", "the record and its field with the business date.";
    leaves_out_declined(bool) = "leaves_out_declined", "whether a file of failures leaves out what an answer declined at once.";
    days_around(u32) = "days_around", "how many calendar days before and after are looked at.";
    file_max_bytes(u64) = "file_max_bytes", "how long a file may be that a running gateway takes.";
    balances(table BalancesBuilder) = "balances", "how balances are counted from a snapshot.";
    exceptions_max(u32) = "exceptions_max", "how many exceptions of a file a running gateway keeps.";
} }
