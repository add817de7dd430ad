//! Files that tell balances: a record file of a spec, or a CSV file with the columns `account` and `balance`. Each is read once and whole. If anything in it
//! is wrong, it is refused as a whole, with the record or the line. An account is never in a message.

use std::fmt;
use std::io::{self, BufRead, Read};

use fep_codec::charset::Charset;
use fep_codec::files::{FileError, FileLayout, FileReader, RawRecord};
use fep_codec::layout::{Item, Kind, Layout, Overflow, TextRule};
use fep_codec::{Field, Record};
use serde_json::Value as Json;

use super::super::fields::{Place, amount, decimals, key, place};
use super::super::row::{Key, Row, State};
use super::super::sorter::Sorter;
use crate::config::BalanceRecord;

/// The maximum length of a line of a CSV file, in bytes.
const LINE_MAX: u64 = 4096;

/// The name of the column and of the field with an account.
const ACCOUNT: &str = "account";

/// The maximum number of digits of a balance in a CSV file.
const DIGITS_MAX: usize = 30;

/// The reason why a file with balances is refused.
#[derive(Debug)]
pub enum RefusedBalances {
    /// A record is wrong: the first mistake.
    Record(FileError),
    /// A record has no balance.
    NoBalance(u64),
    /// A line is wrong, and why. Lines count from 1.
    Line(u64, String),
    /// Two records or lines have the same account.
    Twice(u64, u64),
    /// The file cannot be read, or a temporary one cannot be written.
    Disk(io::Error),
}

impl fmt::Display for RefusedBalances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(error) => write!(f, "the balances are refused as a whole: {error}"),
            Self::NoBalance(record) => write!(f, "the balances are refused as a whole: record {record} has no balance"),
            Self::Line(line, why) => write!(f, "the balances are refused as a whole: line {line}: {why}"),
            Self::Twice(one, other) => write!(
                f,
                "the balances are refused as a whole: {one} and {other} (records, or lines) have the same account, so one of them is wrong"
            ),
            Self::Disk(error) => write!(f, "a file cannot be read or written: {error}"),
        }
    }
}

impl std::error::Error for RefusedBalances {}

impl From<io::Error> for RefusedBalances {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Where the values of a record with a balance are.
#[derive(Debug)]
pub(in super::super) struct BalanceFields {
    record: String,
    account: Vec<Place>,
    balance: Place,
    more: u32,
}

impl BalanceFields {
    /// `None` if the layout does not have the fields.
    pub(super) fn new(record: &BalanceRecord, layout: &Layout) -> Option<Self> {
        let account = record.account.iter().map(|path| place(layout, path)).collect::<Option<_>>()?;
        Some(Self { record: record.record.clone(), account, balance: place(layout, &record.balance)?, more: 0 })
    }

    pub(super) fn decimals(&self) -> u32 {
        decimals(&self.balance)
    }

    pub(super) fn is_secret(&self) -> [bool; 2] {
        [self.account.iter().any(|(field, _)| field.secret), self.balance.0.secret]
    }

    /// Counts balances in a unit with this many decimals.
    pub(super) fn scaled(self, decimals: u32) -> Self {
        let more = decimals.saturating_sub(self.decimals());
        Self { more, ..self }
    }

    /// The balance of a record, or `None` if it is another record.
    pub(in super::super) fn row(&self, record: &RawRecord<'_, '_>) -> Option<Row> {
        (*record.layout.name == *self.record).then(|| {
            let bytes = record.repaired();
            balance_row(key(&self.account, &bytes), amount(&self.balance, self.more, &bytes), record.number)
        })
    }
}

/// A balance as a row. Its amount is missing if the record has none.
fn balance_row(account: Key, balance: Option<i128>, number: u64) -> Row {
    let mut origin = [0; 16];
    if let Some(to) = origin.first_chunk_mut() {
        *to = number.to_be_bytes();
    }
    Row { key: account, amount: balance, state: State::Done, day: 0, origin }
}

/// Reads a record file.
///
/// # Errors
/// If anything in it is wrong, or a temporary file cannot be written.
pub(super) fn read_records(
    file: &FileLayout,
    fields: &BalanceFields,
    input: impl Read,
    rows: &mut Sorter,
) -> Result<(), RefusedBalances> {
    let mut reader = FileReader::new(file, input).map_err(RefusedBalances::Record)?;
    while let Some(record) = reader.next() {
        let record = record.map_err(RefusedBalances::Record)?;
        record.decode().map_err(RefusedBalances::Record)?;
        if let Some(row) = fields.row(&record) {
            rows.push(&row)?;
        }
    }
    Ok(())
}

/// How a CSV file is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'c> {
    /// The field whose values accounts are compared with. `None`: there is one balance, and no column `account`.
    pub(super) account: Option<&'c Field>,
    /// How many decimals balances are counted in.
    pub(super) decimals: u32,
}

impl Columns<'_> {
    /// Reads a CSV file: a line with the names of the columns, and a line for each account.
    ///
    /// # Errors
    /// If anything in it is wrong, or a temporary file cannot be written.
    pub(super) fn read(self, mut input: impl BufRead, rows: &mut Sorter) -> Result<(), RefusedBalances> {
        let expected: &[&str] = if self.account.is_some() { &["account", "balance"] } else { &["balance"] };
        let alone = self.account.map(alone);
        let mut number = 0_u64;
        let mut line = Vec::new();
        loop {
            number += 1;
            line.clear();
            let read = input.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut line)?;
            let wrong = |why: String| RefusedBalances::Line(number, why);
            if read == 0 && number > 1 {
                return Ok(());
            }
            if line.len() as u64 > LINE_MAX {
                return Err(wrong(format!("it has more than {LINE_MAX} bytes")));
            }
            let text = std::str::from_utf8(&line).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
            let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
            let cells: Vec<_> = text.trim_end_matches(['\n', '\r']).split(',').map(cell).collect();
            if number == 1 {
                if cells != expected {
                    return Err(wrong(format!("the first line is `{}`, the names of the columns", expected.join(","))));
                }
                continue;
            }
            let (account, balance) = match *cells.as_slice() {
                [account, balance] if self.account.is_some() => (Some(account), balance),
                [balance] if self.account.is_none() => (None, balance),
                _ => return Err(wrong(format!("it has {} values and not {}", cells.len(), expected.len()))),
            };
            let account = account
                .zip(alone.as_ref())
                .map(|(text, alone)| account_text(alone, text))
                .transpose()
                .map_err(wrong)?;
            let balance = number_of(balance, self.decimals).map_err(wrong)?;
            rows.push(&balance_row(Key::of(account.as_slice()), Some(balance), number))?;
        }
    }
}

/// A layout that has only this field, which takes what its institution can write into it.
fn alone(field: &Field) -> Layout {
    let kind = match &field.kind {
        // An account that was cut off would be another account.
        Kind::Text(rule) => Kind::Text(TextRule { overflow: Overflow::Error, ..*rule }),
        kind => kind.clone(),
    };
    let field = Field { name: ACCOUNT.into(), kind, computed: None, ..field.clone() };
    Layout {
        name: ACCOUNT.into(),
        label: "".into(),
        charset: Charset::Ascii,
        stated_len: None,
        when: Vec::new().into(),
        items: vec![Item::Field(field)].into(),
    }
}

/// An account as the key text of its field. What the field cannot have is no account: no movement has it, so it would agree with everything.
fn account_text(alone: &Layout, text: &str) -> Result<String, String> {
    let has_more = |text: &str| text.trim() != text || text.contains('"') || text.contains(char::is_control);
    if text.is_empty() {
        return Err("`account` is empty".to_owned());
    }
    if has_more(text) {
        return Err("`account` has blanks at its ends, a quotation mark or a control character".to_owned());
    }
    let Some((field, _)) = place(alone, ACCOUNT) else { return Err("the field of accounts is not known".to_owned()) };
    let mut record = Record::new(alone);
    let put = match &field.kind {
        Kind::Number(_) if !text.bytes().all(|byte| byte.is_ascii_digit()) => {
            return Err("`account` is not a whole number".to_owned());
        }
        Kind::Number(_) => text.parse::<i128>().is_ok_and(|number| record.set(ACCOUNT, number).is_ok()),
        _ => record.set_json(ACCOUNT, &Json::from(text)).is_ok(),
    };
    let encoded = record.encode().ok().filter(|_| put);
    encoded.map(|bytes| field.key_text(&bytes)).ok_or_else(|| {
        format!(
            "`account` cannot be in the field that requests have it in: {} of {} bytes",
            field.kind.word(),
            field.len
        )
    })
}

/// A value without blanks around it and without quotation marks.
fn cell(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A decimal number in the unit with this many decimals. It is not rounded.
fn number_of(text: &str, decimals: u32) -> Result<i128, String> {
    let wrong = || "`balance` is not a number such as 1500000 or -20.50".to_owned();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > DIGITS_MAX || part.len() > DIGITS_MAX || digits.ends_with('.') {
        return Err(wrong());
    }
    if !are_digits(whole) || !are_digits(part) {
        return Err(wrong());
    }
    let kept = part.trim_end_matches('0');
    let room = decimals as usize;
    if kept.len() > room {
        return Err(format!("`balance` has more decimals than the amounts of the requests, which have {decimals}"));
    }
    let unsigned = format!("{whole}{kept}{:0<width$}", "", width = room - kept.len());
    let number: i128 = unsigned.parse().map_err(|_| wrong())?;
    Ok(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests;
