//! `[alarms]`: what is worth a call, and who is called. It calls nobody.

mod receivers;
mod rules;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fep_protocol::alarm::AlarmHolds;
use fep_protocol::alarm::measure::Measurement;
use fep_protocol::calendar::Calendar;
use fep_spec::document::Table;
use fep_spec::report::Code;

pub use self::receivers::{AlarmReceiver, MailConfig, MailSecurity, ReceiverKind};
use super::InstitutionConfig;

/// The maximum number of rules, and of receivers.
const RULES_MAX: usize = 100;
const RECEIVERS_MAX: usize = 20;

/// `[alarms]`: rules and receivers.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmsConfig {
    /// `[alarms.to.NAME]`: who is told, by name. At least one.
    pub to: BTreeMap<String, AlarmReceiver>,
    /// `[alarms.rules.NAME]`: what is worth telling, by name. At least one.
    pub rules: BTreeMap<String, AlarmRule>,
}

/// `[alarms.rules.NAME]`: what is measured, for which institutions, and who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmRule {
    /// `institutions`. Default: all of them, each with an alarm of its own.
    pub institutions: Option<Vec<String>>,
    /// `to`, required: the receivers.
    pub to: Vec<String>,
    /// `raise_after_ms`, default 0; `clear_after_ms`, default 300000; `remind_after_ms`, default never.
    pub holds: AlarmHolds,
    /// `only_while_open`, default false: nothing is raised while business with the institution is closed.
    pub only_while_open: bool,
    /// `hours`: when alarms may be raised, with the keys of the hours of an institution, on the clock of `[alarms]`: `utc_offset_minutes` (default 540) or `zone`.
    /// Default: always.
    pub hours: Option<Calendar>,
    /// `kind`, required, and the limits of the kind.
    pub measurement: Measurement,
    /// `telegram` and `amount` of the kind `amount`: the request and its field.
    pub amount: Option<AmountField>,
}

/// The field with the amount of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountField {
    /// The request telegram.
    pub telegram: String,
    /// The path of the field.
    pub path: String,
}

/// The longest time of a rule: a week.
const LONG_MAX_MS: u64 = 7 * 86_400_000;

/// Reads the table, if there is one.
pub(super) fn read(
    table: Option<Table<'_>>,
    institutions: &BTreeMap<String, InstitutionConfig>,
    folder: &Path,
) -> Option<AlarmsConfig> {
    let table = table?;
    let to = table.table("to").map_or_else(BTreeMap::new, |table| receivers::read(&table, folder));
    let known: Vec<&str> = table.table("to").map_or_else(Vec::new, |table| {
        let entries = table.entries();
        entries.into_iter().map(|(name, _)| name.value).collect()
    });
    let zone = super::hours::zone(&table, -720..=840).unwrap_or_else(|| 540.into());
    let around = rules::Around { receivers: &known, institutions, folder, zone };
    let rules = table.table("rules").map_or_else(BTreeMap::new, |table| rules::read(&table, &around));
    for (key, what, count, max) in
        [("to", "receiver", to.len(), RECEIVERS_MAX), ("rules", "rule", rules.len(), RULES_MAX)]
    {
        let is_empty = table.table(key).is_none_or(|table| table.entries().is_empty());
        if is_empty || count > max {
            let message = format!("`[alarms]` has {count} {what}s, it must have 1 to {max}");
            let hint = format!("add a table [alarms.{key}.NAME]");
            table.document().error_hint(Code::MissingKey, table.span(), message, hint);
        }
    }
    table.finish();
    Some(AlarmsConfig { to, rules })
}

/// A duration of up to a week, or `None` if the key is not there.
fn long_ms<'d>(table: &Table<'d>, key: &'d str, least_ms: u64) -> Option<Duration> {
    table.integer(key, least_ms..=LONG_MAX_MS).map(|time| Duration::from_millis(time.value))
}

#[cfg(test)]
mod tests;
