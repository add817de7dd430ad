//! `balances`: how balances at a moment are counted from a snapshot and the journal, and which file tells what they should be. The counting is
//! `crate::reconcile`.

use std::path::Path;
use std::sync::Arc;

use fep_codec::Field;
use fep_codec::layout::{Kind, Layout};
use fep_spec::document::{Located, Table};
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::super::names::telegram;
use super::super::settlement::field_at;
use super::{file, never_equal, record_of, spec};

/// `[institutions.NAME.reconciliation.NAME.balances]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancesConfig {
    /// `out` and `in`, one of them required: the requests that move a balance.
    pub moves: Vec<MoveConfig>,
    /// `told`: the record of the institution's file that tells balances. Default: the file does not tell them, and the command has `--told`.
    pub told: Option<BalanceRecord>,
    /// `told_at`, default `end`: of which moment of the business date they are.
    pub told_at: ToldAt,
    /// `snapshot`: the record file of a snapshot. Default: a snapshot is a CSV file.
    pub snapshot: Option<SnapshotFile>,
    /// `near_s`, default 600: how many seconds before and after that moment a movement is shown as near it.
    pub near_s: u32,
    /// `clock_differs_s`, default 0: by how many seconds the institution may date a movement otherwise than our clock.
    pub clock_differs_s: u32,
}

/// One entry of `out` or `in`: a request that moves a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveConfig {
    /// The request.
    pub telegram: String,
    /// Whether the balance becomes less.
    pub is_out: bool,
    /// `amount`, required: the path of the amount.
    pub amount: String,
    /// `account`: the path of the account. Default: there is one balance. All entries have it, or none.
    pub account: Option<String>,
}

/// A record with a balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRecord {
    /// `record`, required: the record.
    pub record: String,
    /// `balance`, required: the path of the balance.
    pub balance: String,
    /// `account`: the path of the account, if the moves have one.
    pub account: Option<String>,
}

/// A record file with balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotFile {
    /// `spec`: the spec that has it. Default: that of the reconciliation.
    pub spec: Arc<Spec>,
    /// `file`: its name in the spec. Default: its only one.
    pub file: String,
    /// `record`, `balance` and `account`.
    pub record: BalanceRecord,
}

/// The moment of which balances are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToldAt {
    /// The end of the business date.
    #[default]
    End,
    /// Its beginning.
    Begin,
}

/// The default of `near_s`.
const NEAR_S: u32 = 600;

const KEYS: [&str; 7] = ["out", "in", "told", "told_at", "snapshot", "near_s", "clock_differs_s"];

/// Reads the table `balances` of a reconciliation. `of` is the spec and the file of the reconciliation, `own` the spec of the institution.
pub(super) fn read(
    table: &Table<'_>,
    of: (&Arc<Spec>, &str),
    own: &Arc<Spec>,
    folder: &Path,
) -> Option<BalancesConfig> {
    table.knows(&KEYS);
    let mut moves = Vec::new();
    let mut accounts = Vec::new();
    let mut is_empty = !["out", "in"].into_iter().any(|key| table.misspells(key, &KEYS));
    for (key, is_out) in [("out", true), ("in", false)] {
        for (name, value) in table.table(key).map(|table| table.entries()).unwrap_or_default() {
            is_empty = false;
            let Some(one) = value.table() else { continue };
            let found = a_move(&one, own, &name, is_out);
            one.finish();
            if let Some((found, account)) = found {
                accounts.extend(account);
                moves.push(found);
            }
        }
    }
    let place = table.key_span("out").or(table.key_span("in")).unwrap_or_else(|| table.span());
    if is_empty {
        let hint = "such as out = { Transfer = { amount = \"amount\", account = \"withdraw_account\" } }";
        table.document().error_hint(Code::MissingKey, place.clone(), "no request moves a balance", hint);
    }
    let all_have_one = moves.iter().all(|one| one.account.is_some());
    if !all_have_one && !accounts.is_empty() {
        let hint = "name the `account` of each, or of none if there is one balance";
        let message = "some requests have an account and others have none";
        table.document().error_hint(Code::MissingKey, place.clone(), message, hint);
    }
    if let Some(why) = accounts.iter().skip(1).find_map(|one| never_equal(one, accounts.first()?)) {
        let message = format!("the accounts of two requests are never equal: {why}");
        table.document().error_hint(Code::WrongReference, place, message, "name other fields");
    }
    let account = accounts.first().filter(|_| all_have_one);
    let told = table.table("told").and_then(|told| {
        told.knows(&["record", "balance", "account"]);
        let found = balance_record(&told, of, account);
        told.finish();
        found
    });
    let snapshot = table.table("snapshot").and_then(|snapshot| {
        snapshot.knows(&["spec", "file", "record", "balance", "account"]);
        let found = snapshot_file(&snapshot, of.0, folder, account);
        snapshot.finish();
        found
    });
    let told_at = table.choice("told_at", &[("end", ToldAt::End), ("begin", ToldAt::Begin)]);
    Some(BalancesConfig {
        moves,
        told,
        told_at: told_at.map(|at| at.value).unwrap_or_default(),
        snapshot,
        near_s: table.integer("near_s", 0..=86_400_u32).map_or(NEAR_S, |near| near.value),
        clock_differs_s: table.integer("clock_differs_s", 0..=600_u32).map_or(0, |differs| differs.value),
    })
}

fn a_move(table: &Table<'_>, own: &Spec, name: &Located<&str>, is_out: bool) -> Option<(MoveConfig, Option<Field>)> {
    table.knows(&["amount", "account"]);
    let amount = table.required_string("amount");
    let account = table.string("account");
    let request = telegram(table.document(), own, name)?;
    let amount = number_at(&request.layout, &amount?, table)?;
    let field = match &account {
        Some(account) => Some(account_at(&request.layout, account, table)?.clone()),
        None => None,
    };
    let account = account.map(|account| account.value.to_owned());
    Some((MoveConfig { telegram: name.value.to_owned(), is_out, amount, account }, field))
}

fn snapshot_file(table: &Table<'_>, of: &Arc<Spec>, folder: &Path, account: Option<&Field>) -> Option<SnapshotFile> {
    let spec = spec(table, of, folder)?;
    let file = file(table, &spec)?;
    let record = balance_record(table, (&spec, &file), account)?;
    Some(SnapshotFile { spec, file, record })
}

fn balance_record(
    table: &Table<'_>,
    (spec, file): (&Arc<Spec>, &str),
    account: Option<&Field>,
) -> Option<BalanceRecord> {
    let record = table.required_string("record");
    let balance = table.required_string("balance");
    let own = table.string("account");
    let layout = record_of(table, spec, file, &record?)?;
    let balance = number_at(layout, &balance?, table)?;
    let document = table.document();
    match (&own, account) {
        (Some(path), Some(account)) => {
            if let Some(why) = never_equal(account_at(layout, path, table)?, account) {
                let message = format!("`{}` is never equal to the account of the requests: {why}", path.value);
                document.error_hint(Code::WrongReference, path.span.clone(), message, "name another field");
            }
        }
        (Some(path), None) => {
            let hint = "name the `account` of the requests, too, or leave it out here";
            document.error_hint(Code::WrongReference, path.span.clone(), "the requests have no account", hint);
        }
        (None, Some(_)) => {
            let place = table.key_span("balance").unwrap_or_else(|| table.span());
            let hint = "add `account` with the field of the record that has it";
            document.error_hint(Code::MissingKey, place, "a balance without an account is of all of them", hint);
        }
        (None, None) => {}
    }
    let account = own.map(|account| account.value.to_owned());
    Some(BalanceRecord { record: layout.name.to_string(), balance, account })
}

/// The path of a number.
fn number_at(layout: &Layout, path: &Located<&str>, table: &Table<'_>) -> Option<String> {
    let field = field_at(layout, path, table)?;
    if !matches!(field.kind, Kind::Number(_)) {
        let message = format!("`{}` is not a number", path.value);
        table.document().error_hint(
            Code::WrongReference,
            path.span.clone(),
            message,
            "an amount or a balance is a number",
        );
        return None;
    }
    Some(path.value.to_owned())
}

/// The field of an account.
fn account_at<'l>(layout: &'l Layout, path: &Located<&str>, table: &Table<'_>) -> Option<&'l Field> {
    let field = field_at(layout, path, table)?;
    if !matches!(&field.kind, Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) | Kind::Number(_)) {
        let message = format!("`{}` is no account: it is neither a text nor digits", path.value);
        table.document().error_hint(Code::WrongReference, path.span.clone(), message, "name another field");
        return None;
    }
    Some(field)
}

#[cfg(test)]
mod tests;
