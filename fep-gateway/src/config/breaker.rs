//! `breaker`: when to stop sending to an institution that does not answer, and what to do instead.

use std::collections::BTreeMap;

use fep_protocol::breaker::{Alternative, BreakerSettings};
use fep_spec::document::Table;
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::names::{known_telegram, ms, values};

/// `[institutions.NAME.breaker]`: the breakers of the institution and of its business codes. Without the table there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerConfig {
    /// `failures_in_row`, default 5: time-outs and lost links in a row that trip the breaker.
    /// `window_ms` (10000), `failure_percent` (50), `volume_min` (20): the share of failures that trips it, and the number of results
    /// that it needs.
    /// `wait_min_ms` (5000), `wait_max_ms` (60000): the wait before an echo test, which doubles with each failed attempt.
    /// `echo_first`, default true with `session.echo_test`: whether an echo test must be answered before requests pass.
    /// `probe_timeout_ms` (10000): how long an echo test or a trial may take.
    /// `trial_inflight_max` (2), `trial_answers` (5): how many requests pass at a time in a trial, and how many answers end it.
    /// `lane_inflight_max` (1): how many inquiries and reversals pass a tripped breaker at a time.
    pub settings: BreakerSettings,
    /// `alternatives.TELEGRAM`: what to do with this telegram: `closed` with a note for services, `stand_in` with the fields of a
    /// stand-in answer to a telegram that moves no money, or `institution` with the name of another one. Default: it is refused.
    pub alternatives: BTreeMap<String, Alternative>,
    /// `stand_in` of the same tables: the fields of the stand-in answer.
    pub stand_ins: BTreeMap<String, Vec<(String, String)>>,
}

/// The maximum length of the note of a closed entrance, in characters.
const NOTE_MAX_CHARS: usize = 200;

impl BreakerConfig {
    /// `own` is the institution, `institutions` are all of the file. `has_echo_test` says whether the session has one,
    /// `moves_money` which telegrams have a settlement.
    pub(super) fn read(
        table: Table<'_>,
        spec: &Spec,
        (own, institutions): (&str, &[&str]),
        has_echo_test: bool,
        moves_money: impl Fn(&str) -> bool,
    ) -> Self {
        let count = |key, default| table.integer(key, 1..=1_000_000_u32).map_or(default, |count| count.value);
        let echo_first = table.boolean("echo_first");
        if let Some(first) = echo_first.as_ref().filter(|first| first.value && !has_echo_test) {
            let hint = "write `echo_test` in the table `session`, or `echo_first = false`";
            let message = "the institution has no echo test";
            table.document().error_hint(Code::ConflictingKeys, first.span.clone(), message, hint);
        }
        let settings = BreakerSettings {
            failures_in_row: count("failures_in_row", 5),
            window: ms(&table, "window_ms", 10_000),
            failure_percent: table.integer("failure_percent", 1..=100_u32).map_or(50, |percent| percent.value),
            volume_min: count("volume_min", 20),
            wait_min: ms(&table, "wait_min_ms", 5000),
            wait_max: ms(&table, "wait_max_ms", 60_000),
            echo_first: echo_first.map_or(has_echo_test, |first| first.value),
            probe_timeout: ms(&table, "probe_timeout_ms", 10_000),
            trial_inflight_max: count("trial_inflight_max", 2),
            trial_answers: count("trial_answers", 5),
            lane_inflight_max: table.integer("lane_inflight_max", 0..=1000_u32).map_or(1, |max| max.value),
        };
        if settings.wait_max < settings.wait_min {
            let place = ["wait_max_ms", "wait_min_ms"].into_iter().find_map(|key| table.key_span(key));
            let hint = format!("the shortest is {} ms", settings.wait_min.as_millis());
            let message = "`wait_max_ms` is below `wait_min_ms`";
            table.document().error_hint(Code::OutOfRange, place.unwrap_or_default(), message, hint);
        }
        let mut config = Self { settings, alternatives: BTreeMap::new(), stand_ins: BTreeMap::new() };
        for (name, value) in table.table("alternatives").map_or(Vec::new(), |table| table.entries()) {
            let span = name.span.clone();
            let name = known_telegram(table.document(), spec, &name);
            let Some(entry) = value.table() else { continue };
            let other = other_institution(&entry, own, institutions);
            match (entry.has("institution"), entry.has("stand_in"), entry.has("closed")) {
                (true, false, false) => drop(config.alternatives.insert(name, other)),
                (false, false, true) => {
                    config.alternatives.insert(name, Alternative::Closed(note(&entry)));
                }
                (false, true, false) => {
                    if moves_money(&name) {
                        let hint = "write `closed`, or leave the table out: nobody may take a stand-in for a payment";
                        let message = format!("`{name}` moves money, so no stand-in may answer it");
                        table.document().error_hint(Code::ConflictingKeys, span, message, hint);
                    }
                    config.stand_ins.insert(name.clone(), values(&entry, "stand_in", spec));
                    config.alternatives.insert(name, Alternative::StandIn);
                }
                _ => {
                    entry.knows(&["stand_in", "closed", "institution"]);
                    let hint =
                        "write one of `closed`, `stand_in`, `institution`; leave the table out to refuse the telegram";
                    let message = format!("`{name}` needs exactly one alternative");
                    table.document().error_hint(Code::ConflictingKeys, span, message, hint);
                }
            }
            entry.finish();
        }
        table.finish();
        config
    }
}

/// The note of a closed entrance.
fn note(entry: &Table<'_>) -> String {
    let Some(note) = entry.string("closed") else { return String::new() };
    let is_text = !note.value.trim().is_empty() && note.value.chars().count() <= NOTE_MAX_CHARS;
    if !is_text || note.value.chars().any(char::is_control) {
        let hint = format!("write one line with at most {NOTE_MAX_CHARS} characters");
        entry.document().error_hint(Code::BadValue, note.span, "`closed` is the note that services get", hint);
    }
    note.value.to_owned()
}

fn other_institution(entry: &Table<'_>, own: &str, institutions: &[&str]) -> Alternative {
    let Some(name) = entry.string("institution") else { return Alternative::Refuse };
    if name.value == own || !institutions.contains(&name.value) {
        let others: Vec<&str> = institutions.iter().copied().filter(|other| *other != own).collect();
        let message = format!("there is no other institution `{}`", name.value);
        let hint = if others.is_empty() { "add its table".to_owned() } else { format!("known: {}", others.join(", ")) };
        entry.document().error_hint(Code::UnknownName, name.span, message, hint);
    }
    Alternative::Institution(name.value.to_owned())
}
