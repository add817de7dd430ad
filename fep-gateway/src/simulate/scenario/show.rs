//! Parts of a scenario as JSON, with the keys and values that the file has.

use serde_json::{Map, Value as Json, json};

use super::{AccountValue, Assignment, BankValue, Calendar, Delay, Party, Percentile, Rule, ScenarioAction, Setting};
use crate::time::{DAY_MS, Rfc3339};

impl Rule {
    /// Its name, or one for its place among the rules of the file, counted from 0.
    #[must_use]
    pub fn name_at(&self, place: usize) -> String {
        self.name.clone().unwrap_or_else(|| format!("rule-{}", place.saturating_add(1)))
    }

    /// The rule with the keys that a scenario gives it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut keys = Map::new();
        let mut put = |key: &str, value: Option<Json>| {
            if let Some(value) = value {
                keys.insert(key.to_owned(), value);
            }
        };
        put("name", self.name.as_deref().map(Json::from));
        put("telegram", self.telegram.as_deref().map(Json::from));
        let when = self.when.iter().map(|(path, values)| (path.clone(), one_or_all(values.clone())));
        put("when", (!self.when.is_empty()).then(|| Json::Object(when.collect())));
        put("recall", (!self.recall.is_empty()).then(|| json!(self.recall)));
        put("at", self.at.as_ref().map(Calendar::to_json));
        put("skip", (self.skip > 0).then(|| self.skip.into()));
        put("every", self.every.map(Json::from));
        put("per_10000", self.per_10000.map(Json::from));
        put("times", self.times.map(Json::from));
        put("action", Some(self.action.name().into()));
        match self.action {
            ScenarioAction::WrongLength { bytes } => put("bytes", Some(bytes.into())),
            ScenarioAction::Glued { hold, hold_max } => {
                put("hold", Some(hold.into()));
                put("hold_max_ms", Some(ms(hold_max)));
            }
            _ => {}
        }
        keys.extend(self.delay.iter().flat_map(Delay::to_json));
        if !self.set.is_empty() {
            keys.insert("set".to_owned(), set(&self.set));
        }
        Json::Object(keys)
    }
}

impl Delay {
    /// The keys that a scenario has for it.
    fn to_json(&self) -> Map<String, Json> {
        let latency = match self {
            Self::Even { least, spread } => {
                let keys = [("delay_ms", *least), ("jitter_ms", *spread)];
                return keys.map(|(key, time)| (key.to_owned(), ms(time))).into_iter().collect();
            }
            Self::Normal { mean, deviation } => json!({"mean_ms": ms(*mean), "deviation_ms": ms(*deviation)}),
            Self::Exponential { mean } => json!({"mean_ms": ms(*mean)}),
            Self::Measured(points) => {
                Json::Object(points.iter().map(|point| (point.key().to_owned(), ms(point.within))).collect())
            }
        };
        Map::from_iter([("latency".to_owned(), latency)])
    }
}

impl Calendar {
    /// The keys that a scenario has for it.
    fn to_json(&self) -> Json {
        let mut keys = Map::new();
        if let Some((from, until)) = self.between {
            let minute = |second: u32| format!("{:02}:{:02}", second / 3600, second / 60 % 60);
            keys.insert("between".to_owned(), json!([minute(from), minute(until)]));
        }
        if !self.dates.is_empty() {
            let date =
                |day: &i64| Rfc3339(day.saturating_mul(DAY_MS)).to_string().chars().take("2026-12-31".len()).collect();
            keys.insert("dates".to_owned(), json!(self.dates.iter().map(date).collect::<Vec<String>>()));
        }
        if !self.weekdays.is_empty() {
            let words = Self::WEEKDAYS.iter().filter(|(_, day)| self.weekdays.contains(day)).map(|(word, _)| *word);
            keys.insert("weekdays".to_owned(), json!(words.collect::<Vec<_>>()));
        }
        if !self.month_days.is_empty() {
            keys.insert("month_days".to_owned(), json!(self.month_days));
        }
        Json::Object(keys)
    }
}

impl Percentile {
    /// The keys of a measured distribution, with their parts in thousandths.
    pub(super) const KEYS: [(&str, u32); 8] = [
        ("min_ms", 0),
        ("p50_ms", 500),
        ("p75_ms", 750),
        ("p90_ms", 900),
        ("p95_ms", 950),
        ("p99_ms", 990),
        ("p999_ms", 999),
        ("max_ms", 1000),
    ];

    fn key(self) -> &'static str {
        Self::KEYS.iter().find(|(_, per_mille)| *per_mille == self.per_mille).map_or("", |(key, _)| key)
    }
}

fn set(set: &[Assignment]) -> Json {
    let values = |assignment: &Assignment| one_or_all(assignment.values.iter().map(Setting::to_json).collect());
    Json::Object(set.iter().map(|assignment| (assignment.path.clone(), values(assignment))).collect())
}

fn one_or_all(mut values: Vec<Json>) -> Json {
    if values.len() == 1 { values.pop().unwrap_or_default() } else { Json::Array(values) }
}

fn ms(time: std::time::Duration) -> Json {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).into()
}

impl Setting {
    fn to_json(&self) -> Json {
        let filling = match self {
            Self::Constant(value) => return value.clone(),
            Self::Sequence => "sequence".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Time => "time".to_owned(),
            Self::Request(path) => format!("request.{path}"),
            Self::Recalled(path) => format!("recalled.{path}"),
            Self::Original(path) => format!("original.{path}"),
            Self::State(name) => format!("state.{name}"),
            Self::Bank(BankValue::Amount) => "amount".to_owned(),
            Self::Bank(BankValue::Fee) => "fee".to_owned(),
            Self::Bank(BankValue::Of(party, value)) => {
                let party = match party {
                    Party::Debit => "debit",
                    Party::Credit => "credit",
                    Party::Account => "account",
                };
                let value = match value {
                    AccountValue::Balance => "balance",
                    AccountValue::UnsignedBalance => "unsigned_balance",
                    AccountValue::Sign => "sign",
                    AccountValue::Available => "available",
                    AccountValue::Field(name) => name,
                };
                format!("{party}.{value}")
            }
        };
        format!("<{filling}>").into()
    }
}
