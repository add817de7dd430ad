//! `flow`: how many requests an institution gets, and in which order.

use std::collections::BTreeMap;
use std::time::Duration;

use fep_codec::json;
use fep_protocol::flow::{FlowSettings, GateSettings, Priority, RateSettings};
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::names::{known_path, known_telegram, ms, values_of};

/// `[institutions.NAME.flow]`: the limits of the contract with the institution. Without the table there is no rate, and
/// `inflight_max` adapts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowConfig {
    /// `rate_max`, `rate_window_ms` (default 1000) and `burst_max` (default `rate_max`): the rate, default none.
    /// `adaptive`, default true: whether the limit of requests in flight adapts within `inflight_max` of the institution.
    /// `reserved_percent`: the share of each limit that only inquiries and reversals may use. Default: 5 if a telegram has a
    /// settlement or one of these priorities, otherwise 0.
    /// `queue_max`, default 1000: how many requests may wait.
    /// `businesses.CODE`: limits of one business code, with the same keys and `inflight_max`.
    pub settings: FlowSettings,
    /// `business`: the path of the field that holds the business code of a request. Default: the name of its telegram is its
    /// business code.
    pub business: Option<String>,
    /// `priorities`: the priorities of telegrams. Default: `customer`.
    pub priorities: BTreeMap<String, Priority>,
    /// `busy`: the field values of an answer by which the institution says that it is busy; one of several tables must hold. Such an
    /// answer is an answer, and it makes the adaptive limit smaller. Default: none.
    pub busy: Vec<Vec<(String, String)>>,
}

const PRIORITIES: [(&str, Priority); 4] = [
    ("reversal", Priority::Reversal),
    ("inquiry", Priority::Inquiry),
    ("customer", Priority::Customer),
    ("batch", Priority::Batch),
];

impl FlowConfig {
    /// `settles` says that the gateway sends inquiries and reversals.
    pub(super) fn read(table: Option<Table<'_>>, spec: &Spec, inflight_max: usize, settles: bool) -> Self {
        let mut contract = GateSettings { rate: None, inflight_max, adapts: true };
        let Some(table) = table else {
            let reserved_percent = if settles { 5 } else { 0 };
            let settings = FlowSettings { contract, businesses: BTreeMap::new(), reserved_percent, queue_max: 1000 };
            return Self { settings, business: None, priorities: BTreeMap::new(), busy: Vec::new() };
        };
        contract = gate(&table, inflight_max);
        let business = table.string("business").map(|path| known_path(table.document(), spec, &path));
        let mut businesses = BTreeMap::new();
        for (code, value) in table.table("businesses").map_or(Vec::new(), |table| table.entries()) {
            let name = match &business {
                Some(path) => known_code(&table, spec, path, &code),
                None => known_telegram(table.document(), spec, &code),
            };
            let Some(own) = value.table() else { continue };
            let inflight = own.integer("inflight_max", 1..=100_000_usize);
            let settings = gate(&own, inflight.as_ref().map_or(inflight_max, |max| max.value));
            within(&own, inflight, inflight_max, "inflight_max");
            let rate = own.integer("rate_max", 1..=RATE_MAX);
            let contract_rate = contract.rate.filter(|rate| settings.rate.is_some_and(|own| own.window == rate.window));
            within(&own, rate, contract_rate.map_or(usize::MAX, |rate| rate.max), "rate_max");
            own.finish();
            businesses.insert(name, settings);
        }
        let mut priorities = BTreeMap::new();
        for (name, value) in table.table("priorities").map_or(Vec::new(), |table| table.entries()) {
            let name = known_telegram(table.document(), spec, &name);
            priorities.extend(value.choice(&PRIORITIES).map(|priority| (name, priority.value)));
        }
        let busy = table.array("busy").unwrap_or_default().into_iter().filter_map(Value::table);
        let busy = busy.map(|table| values_of(&table, spec)).collect();
        let has_privileged = settles || priorities.values().any(|priority| priority.is_privileged());
        let default = if has_privileged { 5 } else { 0 };
        let reserved_percent = table.integer("reserved_percent", 0..=50_u32).map_or(default, |percent| percent.value);
        let queue_max = table.integer("queue_max", 1..=100_000_usize).map_or(1000, |max| max.value);
        table.finish();
        let settings = FlowSettings { contract, businesses, reserved_percent, queue_max };
        Self { settings, business, priorities, busy }
    }
}

/// Returns a business code. Reports an error if no telegram can have it, as far as the spec says which codes there are.
fn known_code(table: &Table<'_>, spec: &Spec, path: &str, code: &Located<&str>) -> String {
    let mut known = Vec::new();
    for layout in spec.telegrams.iter().map(|telegram| &telegram.layout).filter(|layout| layout.span(path).is_some()) {
        match json::get(&layout.codes(), path).and_then(serde_json::Value::as_str) {
            Some(code) => known.push(code.to_owned()),
            // The service says the code.
            None => return code.value.to_owned(),
        }
    }
    if !known.is_empty() && !known.iter().any(|known| *known == code.value) {
        let message = format!("no telegram of {} has `{}` in `{path}`", spec.name, code.value);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        table.document().error_hint(Code::UnknownName, code.span.clone(), message, instead(code.value, &known));
    }
    code.value.to_owned()
}

/// The largest rate. Each telegram of a window takes 16 bytes of memory.
const RATE_MAX: usize = 100_000;

fn gate(table: &Table<'_>, inflight_max: usize) -> GateSettings {
    let adapts = table.boolean("adaptive").is_none_or(|adapts| adapts.value);
    let max = table.integer("rate_max", 1..=RATE_MAX);
    let window: Duration = ms(table, "rate_window_ms", 1000);
    let burst = table.integer("burst_max", 1..=RATE_MAX);
    if !table.has("rate_max") {
        for key in ["rate_window_ms", "burst_max"].into_iter().filter(|key| table.has(key)) {
            let place = table.key_span(key).unwrap_or_default();
            let hint = "write `rate_max`, the number of telegrams in a window";
            table.document().error_hint(Code::MissingKey, place, format!("`{key}` has no rate"), hint);
        }
    }
    let rate = max.map(|max| {
        let burst_max = burst.as_ref().map_or(max.value, |burst| burst.value);
        if let Some(burst) = burst.filter(|burst| burst.value > max.value) {
            let hint = format!("`rate_max` is {}, and no burst can be larger", max.value);
            let message = format!("`burst_max` is {}", burst.value);
            table.document().error_hint(Code::OutOfRange, burst.span, message, hint);
        }
        RateSettings { max: max.value, window, burst_max }
    });
    GateSettings { rate, inflight_max, adapts }
}

/// Reports a limit of a business code that the institution's limit makes useless.
fn within(table: &Table<'_>, limit: Option<Located<usize>>, max: usize, name: &str) {
    if let Some(limit) = limit.filter(|limit| limit.value > max) {
        let message = format!("`{name}` of this business code is {}, and the institution's is {max}", limit.value);
        let hint = "a business code cannot have more than its institution";
        table.document().error_hint(Code::OutOfRange, limit.span, message, hint);
    }
}
