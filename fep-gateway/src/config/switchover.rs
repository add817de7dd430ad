//! `[institutions.NAME.switchover]`: when business moves between main and backup lines. And whether the lines fit each other.

use std::time::Duration;

use fep_protocol::switchover::SwitchoverSettings;
use fep_protocol::terms::LineDuty;
use fep_spec::document::Table;
use fep_spec::report::Code;

use super::lines::LineConfig;
use super::names::ms;

/// Reads `switchover`, and checks that the lines fit each other.
pub(super) fn read(institution: &Table<'_>, lines: &[LineConfig], key_is_empty: bool) -> SwitchoverSettings {
    let document = institution.document();
    let mut ranks: Vec<u8> = lines.iter().filter(|line| line.duty.sends()).map(|line| line.carry.rank).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let span = institution.key_span("lines").unwrap_or_default();
    for line in lines.iter().filter(|line| line.duty.only_receives() && !ranks.contains(&line.carry.rank)) {
        let message = format!("line `{}` only receives, and no line of rank {} sends", line.name, line.carry.rank);
        document.error_hint(Code::WrongReference, span.clone(), message, "a pair of lines has one rank");
    }
    // Without a key, an answer is told by its link: nothing else may be in flight there.
    let is_in_step = |line: &&LineConfig| line.carry.window == Some(1) && line.duty == LineDuty::Both;
    if key_is_empty && let Some(line) = lines.iter().find(|line| !is_in_step(line)) {
        let span = institution.key_span("key").unwrap_or_default();
        let message =
            format!("`key` names no field, and line `{}` is not a line with one telegram in flight", line.name);
        let hint = "answers are told by fields, or by their link: then each line needs `window = 1` and carries both directions";
        document.error_hint(Code::Empty, span, message, hint);
    }
    let Some(table) = institution.table("switchover") else { return SWITCHOVER };
    if ranks.len() < 2 {
        let span = institution.key_span("switchover").unwrap_or_default();
        let hint = "write `rank = 2` at the backup line";
        document.error_hint(Code::ConflictingKeys, span, "there is no backup line", hint);
    }
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let settings = SwitchoverSettings {
        after: ms(&table, "after_ms", millis(SWITCHOVER.after)),
        return_after: ms(&table, "return_after_ms", millis(SWITCHOVER.return_after)),
        returns: table.choice("return", &[("automatic", true), ("manual", false)]).is_none_or(|word| word.value),
    };
    table.finish();
    settings
}

const SWITCHOVER: SwitchoverSettings =
    SwitchoverSettings { after: Duration::from_secs(2), return_after: Duration::from_secs(60), returns: true };
