//! The tables `notices` and `delivery`: how telegrams of the institution are answered and brought to services.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::delivery::DeliveryLimits;
use fep_spec::document::{Table, Value};
use fep_spec::model::Spec;

use super::callbacks::CallbackConfig;
use super::names::{known_path, known_telegram, ms, values};

/// `[institutions.NAME.notices.TELEGRAM]`: how the gateway answers this telegram of the institution, and brings it to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeConfig {
    /// `callback`: the service. Default: none, the stand-in answers at once and nothing is delivered.
    pub callback: Option<Arc<CallbackConfig>>,
    /// `callback_timeout_ms`, default 3000: how long after the receipt the institution gets its answer at the latest. Later attempts to
    /// deliver take as long at most.
    pub callback_timeout: Duration,
    /// `stand_in`: the answer's fields if the service gives no answer. The other fields are those of the notice. Default: no field
    /// differs from the notice.
    pub stand_in: Vec<(String, String)>,
    /// `refuse`: the answer's fields when the gateway refuses the notice. Default: it does not refuse.
    pub refuse: RefuseConfig,
    /// `may_differ`: the paths of fields in which a repetition may differ from the first one, such as the number of sendings. Default:
    /// none.
    pub may_differ: Vec<String>,
    /// `backoff_min_ms`, default 1000, and `backoff_max_ms`, default 600000: the waits between attempts to deliver.
    pub backoff: (Duration, Duration),
    /// `attempts_max`, default 200: the number of attempts after which the notice needs a person.
    pub attempts_max: u32,
    /// `horizon_ms`, default 86400000: the time after which the notice needs a person.
    pub horizon: Duration,
}

/// `refuse`: for each reason the fields of the answer that differ from the notice. `None` if the contract has no such answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefuseConfig {
    /// `closed`: business is closed, or the gateway is stopping.
    pub closed: Option<Vec<(String, String)>>,
    /// `conflict`: another notice had the key before.
    pub conflict: Option<Vec<(String, String)>>,
    /// `busy`: too many notices are being handled.
    pub busy: Option<Vec<(String, String)>>,
}

/// The longest horizon: 30 days, in milliseconds.
const HORIZON_MAX_MS: u64 = 30 * 86_400_000;

/// The maximum number of attempts.
const ATTEMPTS_MAX: u32 = 10_000;

/// Reads the table `notices`.
pub(super) fn read(table: &Table<'_>, spec: &Spec, folder: &Path) -> BTreeMap<String, NoticeConfig> {
    let mut notices = BTreeMap::new();
    for (name, value) in table.table("notices").map_or(Vec::new(), |table| table.entries()) {
        let name = known_telegram(table.document(), spec, &name);
        let Some(table) = value.table() else { continue };
        let backoff_min = ms(&table, "backoff_min_ms", 1000);
        let horizon = table.integer("horizon_ms", 1..=HORIZON_MAX_MS).map_or(86_400_000, |time| time.value);
        let notice = NoticeConfig {
            callback: CallbackConfig::read(&table, folder).map(Arc::new),
            callback_timeout: ms(&table, "callback_timeout_ms", 3000),
            stand_in: values(&table, "stand_in", spec),
            refuse: table.table("refuse").map_or_else(RefuseConfig::default, |table| refuse(table, spec)),
            may_differ: may_differ(&table, spec),
            backoff: (backoff_min, ms(&table, "backoff_max_ms", 600_000).max(backoff_min)),
            attempts_max: table.integer("attempts_max", 1..=ATTEMPTS_MAX).map_or(200, |max| max.value),
            horizon: Duration::from_millis(horizon),
        };
        table.finish();
        notices.insert(name, notice);
    }
    notices
}

/// Reads the table `delivery`.
pub(super) fn limits(table: Option<Table<'_>>) -> DeliveryLimits {
    let default = DeliveryLimits { undelivered_max: 1000, answering_max: 64, retrying_max: 8 };
    let Some(table) = table else { return default };
    let limits = DeliveryLimits {
        undelivered_max: table
            .integer("undelivered_max", 1..=100_000_usize)
            .map_or(default.undelivered_max, |max| max.value),
        answering_max: table.integer("answering_max", 1..=10_000_usize).map_or(default.answering_max, |max| max.value),
        retrying_max: table.integer("retrying_max", 1..=1000_usize).map_or(default.retrying_max, |max| max.value),
    };
    table.finish();
    limits
}

fn refuse(table: Table<'_>, spec: &Spec) -> RefuseConfig {
    let fields = |key| table.has(key).then(|| values(&table, key, spec));
    let refuse = RefuseConfig { closed: fields("closed"), conflict: fields("conflict"), busy: fields("busy") };
    table.finish();
    refuse
}

fn may_differ(table: &Table<'_>, spec: &Spec) -> Vec<String> {
    let paths = table.array("may_differ").unwrap_or_default().into_iter().filter_map(Value::string);
    paths.map(|path| known_path(table.document(), spec, &path)).collect()
}
