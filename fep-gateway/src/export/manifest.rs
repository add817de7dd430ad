//! What an export says about itself: its plan before it begins, how far it is, and its manifest at the end. All three are JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::reconcile::parse_date;

/// The version of the columns and of the manifest. It changes if a program that read the one before could misread the new one.
pub const SCHEMA: u32 = 1;

/// What an export covers. It is decided before the first row, so that an export that begins again is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the columns and of the manifest: [`SCHEMA`].
    pub schema: u32,
    /// The name of the export and its folder: its business date, `2026-11-26`, and from the second export of a date on a number,
    /// `2026-11-26.2`.
    pub name: String,
    /// The business date.
    pub business_date: String,
    /// When this date had ended at all institutions: `2026-11-26T15:00:00.000Z`. `None` if it had not: further exports of the date follow.
    pub ended_at: Option<String>,
    /// The random name of the journal, in hexadecimal digits.
    pub journal: String,
    /// The first fact. It follows the last one of the export before.
    pub first_fact: u64,
    /// The last fact. If it is less than the first one, there is none.
    pub last_fact: u64,
    /// The institutions. `None`: all of the configuration.
    pub institutions: Option<BTreeSet<String>>,
}

/// The name of an export, in the order of exports: its business date in days since 1970-01-01, and its number within that date.
pub(super) fn parse_name(name: &str) -> Option<(i64, u32)> {
    let (date, number) = name.split_once('.').map_or((name, None), |(date, number)| (date, Some(number)));
    let number = number.map_or(Some(1), |number| number.parse().ok().filter(|number| *number > 1))?;
    let parsed = (parse_date(date).ok()?, number);
    // The same name is written in one way only.
    (name_of(date, number) == name).then_some(parsed)
}

/// The name of the export with this number of a date.
pub(super) fn name_of(date: &str, number: u32) -> String {
    if number > 1 { format!("{date}.{number}") } else { date.to_owned() }
}

/// How much of a table is on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The SHA-256 of these bytes, in hexadecimal digits.
    pub(super) sha256: String,
    /// The sum of each column of numbers, in its smallest unit. `None` if it has become too large for a number of 128 bits.
    pub(super) sums: BTreeMap<String, Option<i128>>,
}

/// What the rows of an export add up to, beside the tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// The exchanges of each business date.
    pub(super) dates: BTreeMap<String, u64>,
    pub(super) findings: Vec<Finding>,
}

/// How far an export is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The SHA-256 of the description of all tables. Rows of other columns are not gone on with.
    pub(super) tables: String,
    /// All rows of the facts up to this one are on the disk.
    pub(super) fact: u64,
    pub(super) written: BTreeMap<String, Written>,
    pub(super) tally: Tally,
}

/// Telegrams that are missing in the tables, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `no_institution`: the configuration does not have it any more. `no_telegram`: its spec does not have it. `not_readable`: the bytes are no
    /// such telegram. `key_forgotten`: the key of the bytes was deleted on purpose.
    pub what: String,
    /// The institution.
    pub institution: String,
    /// The telegram. Empty if it is not known.
    pub telegram: String,
    /// How many there are.
    pub count: u64,
    /// The first fact.
    pub first_fact: u64,
}

/// The description of an export. It is written last: a folder without it is no export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// What it covers.
    #[serde(flatten)]
    pub plan: Plan,
    /// The form of the files: `csv`.
    pub format: String,
    /// The name of the key of the hashes. `None`: there are none.
    pub hash_key: Option<String>,
    /// The exchanges of each business date. A date before that of the export has late changes.
    pub exchanges: BTreeMap<String, u64>,
    /// What is missing in the tables.
    pub findings: Vec<Finding>,
    /// The tables, in the order of their names.
    pub tables: Vec<TableEntry>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The name of the file.
    pub file: String,
    /// The number of rows, without the header.
    pub rows: u64,
    /// The length of the file, in bytes.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal digits, as `sha256sum` prints it.
    pub sha256: String,
    /// The sum of each column of numbers.
    pub sums: BTreeMap<String, String>,
    /// The columns, in their order.
    pub columns: Vec<serde_json::Value>,
}

impl Tally {
    /// Adds a telegram that is missing.
    pub(super) fn missing(&mut self, what: &str, (institution, telegram): (&str, &str), number: u64) {
        let is_same =
            |one: &&mut Finding| one.what == what && one.institution == institution && one.telegram == telegram;
        match self.findings.iter_mut().find(is_same) {
            Some(one) => one.count += 1,
            None => self.findings.push(Finding {
                what: what.to_owned(),
                institution: institution.to_owned(),
                telegram: telegram.to_owned(),
                count: 1,
                first_fact: number,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_exports() {
        let names = ["2026-11-25", "2026-11-26", "2026-11-26.2", "2026-11-26.10", "2026-11-27"];
        let parsed = names.map(|name| parse_name(name).unwrap());
        assert!(parsed.is_sorted(), "{parsed:?}");
        // 2026-11-26 is day 20783, by `date -d 2026-11-26 +%s`.
        assert_eq!(parsed[2], (20_783, 2));
        for wrong in
            ["", "2026-11-31", "2026-11-26.1", "2026-11-26.02", "2026-11-26.", "2026-11-26.+2", "manifest.json", "."]
        {
            assert_eq!(parse_name(wrong), None, "{wrong}");
        }
    }
}
