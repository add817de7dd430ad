//! `[institutions.NAME.reconciliation.NAME]`: a file of the institution that is compared with the journal.

use std::path::Path;

use super::keys::keys;
use super::page::Page;
use crate::config::FileLists;

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

keys! { ReconciliationBuilder {
    file(text) = "file", "the record file of the spec.";
    date(text) = "date", "the record and its field with the business date.";
    leaves_out_declined(bool) = "leaves_out_declined", "whether a file of failures leaves out what an answer declined at once.";
    days_around(u32) = "days_around", "how many calendar days before and after are looked at.";
    file_max_bytes(u64) = "file_max_bytes", "how long a file may be that a running gateway takes.";
    exceptions_max(u32) = "exceptions_max", "how many exceptions of a file a running gateway keeps.";
} }
