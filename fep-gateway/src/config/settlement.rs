//! How the unknown outcomes of a monetary telegram are settled: the tables `settlement` of a telegram and of an institution.
//!
//! What a value means in bytes is not checked here but when the catalogue of telegrams is made.

use std::time::Duration;

use fep_codec::Field;
use fep_codec::layout::{Kind, Layout};
use fep_protocol::settlement::{SettlementLimits, SettlementPolicy};
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::Code;
use serde_json::Value as Json;

/// `[institutions.NAME.telegrams.TELEGRAM.settlement]`: the telegram moves money, and this is how an unknown outcome is settled.
#[derive(Clone, Debug, PartialEq)]
pub struct SettlementConfig {
    /// `accepted`, required: the values of the telegram's own answer that mean that the money was moved.
    pub accepted: Vec<Condition>,
    /// `declined`: the values that mean that it was not and never will be. Default: every answer that is not accepted.
    pub declined: Vec<Condition>,
    /// `account_key`: the paths of the request's fields that identify the account. Default: none, no case waits for another.
    pub account_key: Vec<String>,
    /// `first_wait_ms` (default 2000), `backoff_min_ms` (1000), `backoff_max_ms` (30000), `step_wait_max_ms` (60000) and `horizon_ms`
    /// (required), with the tries of the inquiry and of the reversal.
    pub policy: SettlementPolicy,
    /// `inquiry`: how the institution is asked. Default: it cannot be asked.
    pub inquiry: Option<InquiryConfig>,
    /// `reversal`: how the request is undone. Default: the contract provides no reversal.
    pub reversal: Option<ReversalConfig>,
}

/// `settlement.inquiry`: how the institution is asked what became of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct InquiryConfig {
    /// `telegram` and `fields`.
    pub telegram: StepTelegram,
    /// `processed`, required: the values of the answer that mean that the money was moved.
    pub processed: Vec<Condition>,
    /// `declined`: the values that mean that the institution declined the request. Default: no answer means that.
    pub declined: Vec<Condition>,
    /// `not_processed`: the values that mean that the institution does not know the request. Default: no answer means that.
    pub not_processed: Vec<Condition>,
}

/// `settlement.reversal`: how a request is undone.
#[derive(Clone, Debug, PartialEq)]
pub struct ReversalConfig {
    /// `telegram` and `fields`.
    pub telegram: StepTelegram,
    /// `confirmed`, required: the values of the answer that mean that the request is undone.
    pub confirmed: Vec<Condition>,
    /// `refused`: the values that mean that it never will be. Default: every answer that is not confirmed.
    pub refused: Vec<Condition>,
    /// `repeat`, required if `tries_max` is above 1: the fields of the mark of a reversal that may have been sent before.
    pub repeat: Vec<StepField>,
}

/// The telegram of an inquiry or a reversal.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTelegram {
    /// `telegram`, required: its name.
    pub name: String,
    /// `fields`, required: its fields. The others come from `fill`.
    pub fields: Vec<StepField>,
}

/// One field of an inquiry or a reversal.
#[derive(Clone, Debug, PartialEq)]
pub struct StepField {
    /// The path of the field.
    pub path: String,
    /// Its value.
    pub with: StepValue,
}

/// The value of a field of an inquiry or a reversal.
#[derive(Clone, Debug, PartialEq)]
pub enum StepValue {
    /// A constant.
    Fixed(Json),
    /// `<request.PATH>`: the value of the request's field.
    Request(String),
    /// `<attempt>`: the number of the attempt, from 1, or the highest number that the field can hold.
    Attempt,
}

/// A field of an answer, and the values that it may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The path of the answer's field.
    pub path: String,
    /// The values. One of them must be in the field.
    pub values: Vec<ConditionValue>,
}

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionValue {
    /// This text.
    Text(String),
    /// `<request.PATH>`: the value of the request's field.
    Request(String),
}

/// Reads the table `settlement` of an institution: `cases_max`, `lane_max`, `closed_keep_ms` and `closed_max`.
pub(super) fn limits(table: Option<Table<'_>>) -> SettlementLimits {
    let default = SettlementLimits::default();
    let Some(table) = table else { return default };
    let number = |key, default| table.integer(key, 1..=1_000_000_usize).map_or(default, |number| number.value);
    let limits = SettlementLimits {
        cases_max: number("cases_max", default.cases_max),
        lane_max: number("lane_max", default.lane_max),
        closed_keep: ms(&table, "closed_keep_ms", DAY_MS).unwrap_or(default.closed_keep),
        closed_max: number("closed_max", default.closed_max),
    };
    table.finish();
    limits
}

/// Reads the keys `monetary` and `settlement` of a telegram.
pub(super) fn read(table: &Table<'_>, spec: &Spec, telegram: &str) -> Option<SettlementConfig> {
    let monetary = table.boolean("monetary");
    let document = table.document();
    match (&monetary, table.has("settlement")) {
        (Some(monetary), false) if monetary.value => {
            let hint = format!("write a table [institutions.NAME.telegrams.{telegram}.settlement]");
            let message = "a monetary telegram needs a settlement, or its unknown outcomes stay unknown";
            document.error_hint(Code::MissingKey, monetary.span.clone(), message, hint);
        }
        (Some(monetary), true) if !monetary.value => {
            let hint = "leave one of them out: `settlement` is for telegrams that move money";
            document.error_hint(Code::ConflictingKeys, monetary.span.clone(), "`settlement` stands beside it", hint);
        }
        _ => {}
    }
    let table = table.table("settlement")?;
    let request = &spec.telegram(telegram)?.layout;
    let reader = Reader { spec, request };
    let config = reader.settlement(&table);
    table.finish();
    config
}

const DAY_MS: u64 = 86_400_000;

const TRIES_MAX: u32 = 100;

/// A duration from 1 ms.
fn ms<'d>(table: &Table<'d>, key: &'d str, max: u64) -> Option<Duration> {
    table.integer(key, 1..=max).map(|time| Duration::from_millis(time.value))
}

/// Reads the table of one request.
struct Reader<'s> {
    spec: &'s Spec,
    request: &'s Layout,
}

impl Reader<'_> {
    fn settlement(&self, table: &Table<'_>) -> Option<SettlementConfig> {
        let wait = |key, default: u64| ms(table, key, 3_600_000).unwrap_or(Duration::from_millis(default));
        let first_wait = wait("first_wait_ms", 2000);
        let backoff_min = wait("backoff_min_ms", 1000);
        let backoff_max = wait("backoff_max_ms", 30_000);
        let step_wait_max = wait("step_wait_max_ms", 60_000);
        if backoff_max < backoff_min {
            let place = ["backoff_max_ms", "backoff_min_ms"].into_iter().find_map(|key| table.key_span(key));
            let hint = format!("the shortest is {} ms", backoff_min.as_millis());
            let message = "`backoff_max_ms` is below `backoff_min_ms`";
            table.document().error_hint(Code::OutOfRange, place.unwrap_or_default(), message, hint);
        }
        let horizon = table.required("horizon_ms").and_then(|_| ms(table, "horizon_ms", 7 * DAY_MS));
        let answer = self.answer_of(&self.request.name);
        let accepted = self.conditions(table, "accepted", answer, true);
        let declined = self.conditions(table, "declined", answer, false);
        never_hold(table, &[("accepted", &accepted), ("declined", &declined)]);
        let account_key = self.account_key(table);
        let inquiry = table.table("inquiry").map(|table| self.inquiry(table));
        let reversal = table.table("reversal").map(|table| self.reversal(table));
        let (inquiry_max, inquiry) = tries(inquiry)?;
        let (reversal_max, reversal) = tries(reversal)?;
        let horizon = horizon?;
        let policy = SettlementPolicy {
            first_wait,
            backoff_min,
            backoff_max,
            step_wait_max,
            horizon,
            inquiry_max,
            reversal_max,
        };
        Some(SettlementConfig { accepted, declined, account_key, policy, inquiry, reversal })
    }

    fn inquiry(&self, table: Table<'_>) -> Option<(u32, InquiryConfig)> {
        let telegram = self.step(&table);
        let tries_max = table.integer("tries_max", 1..=TRIES_MAX).map_or(5, |tries| tries.value);
        let answer = telegram.as_ref().and_then(|telegram| self.answer_of(&telegram.name));
        let processed = self.conditions(&table, "processed", answer, true);
        let declined = self.conditions(&table, "declined", answer, false);
        let not_processed = self.conditions(&table, "not_processed", answer, false);
        never_hold(&table, &[("processed", &processed), ("declined", &declined), ("not_processed", &not_processed)]);
        table.finish();
        Some((tries_max, InquiryConfig { telegram: telegram?, processed, declined, not_processed }))
    }

    fn reversal(&self, table: Table<'_>) -> Option<(u32, ReversalConfig)> {
        let telegram = self.step(&table);
        let tries_max = table.integer("tries_max", 1..=TRIES_MAX).map_or(10, |tries| tries.value);
        let layout =
            telegram.as_ref().and_then(|telegram| self.spec.telegram(&telegram.name)).map(|found| &found.layout);
        if tries_max > 1 && !table.has("repeat") {
            let hint =
                "such as repeat = { \"header.send_count\" = \"<attempt>\" }; {} if the institution wants no mark";
            let message = "`repeat` is missing: a reversal that may have been sent before carries a mark";
            table.document().error_hint(Code::MissingKey, table.span(), message, hint);
        }
        let repeat = table.table("repeat").map_or(Vec::new(), |repeat| self.fields(&repeat, layout));
        let answer = telegram.as_ref().and_then(|telegram| self.answer_of(&telegram.name));
        let confirmed = self.conditions(&table, "confirmed", answer, true);
        let refused = self.conditions(&table, "refused", answer, false);
        never_hold(&table, &[("confirmed", &confirmed), ("refused", &refused)]);
        table.finish();
        Some((tries_max, ReversalConfig { telegram: telegram?, confirmed, refused, repeat }))
    }

    /// The keys `telegram` and `fields`.
    fn step(&self, table: &Table<'_>) -> Option<StepTelegram> {
        let document = table.document();
        let name = table.required_string("telegram");
        let fields = table.required("fields").and_then(Value::table);
        let found = name.as_ref().and_then(|name| self.spec.telegram(name.value));
        let fitting = found.filter(|found| found.answer.is_some() && found.name() != self.request.name);
        let place = table.key_span("fields").unwrap_or_default();
        let fields = fields.map(|fields| self.fields(&fields, fitting.map(|found| &found.layout)));
        let name = name?;
        if found.is_none() {
            let known: Vec<_> = self.spec.telegrams.iter().map(|telegram| telegram.name()).collect();
            let message = format!("{} has no telegram `{}`", self.spec.name, name.value);
            document.error_hint(Code::UnknownName, name.span, message, instead(name.value, &known));
            return None;
        }
        if fitting.is_none() {
            let message = format!("`{}` cannot settle {}", name.value, self.request.name);
            let hint = "name another telegram that has an answer";
            document.error_hint(Code::WrongReference, name.span, message, hint);
            return None;
        }
        let fields = fields?;
        // A text in angle brackets that is no copy is a mistake of its own.
        let copies = |field: &StepField| match &field.with {
            StepValue::Fixed(json) => json.as_str().is_some_and(|text| text.starts_with('<')),
            StepValue::Request(_) => true,
            StepValue::Attempt => false,
        };
        if !fields.iter().any(copies) {
            let message = "`fields` copies nothing of the request, so the institution cannot know which one is meant";
            let hint = "such as { original_trace_no = \"<request.header.trace_no>\" }";
            document.error_hint(Code::MissingKey, place, message, hint);
        }
        Some(StepTelegram { name: name.value.to_owned(), fields })
    }

    /// Reads the values of fields of a step.
    fn fields(&self, table: &Table<'_>, layout: Option<&Layout>) -> Vec<StepField> {
        let mut fields = Vec::new();
        for (path, value) in table.entries() {
            let field = layout.and_then(|layout| field_at(layout, &path, table));
            let with = if value.is_integer() {
                value.integer(i64::MIN..=i64::MAX).map(|number| StepValue::Fixed(Json::from(number.value)))
            } else {
                value.string().map(|text| self.value(table, &text, field))
            };
            fields.extend(with.map(|with| StepField { path: path.value.to_owned(), with }));
        }
        fields
    }

    fn value(&self, table: &Table<'_>, text: &Located<&str>, field: Option<&Field>) -> StepValue {
        let document = table.document();
        if text.value == "<attempt>" {
            if field.is_some_and(|field| !matches!(field.kind, Kind::Number(_))) {
                let message = "`<attempt>` is a number, and the field is none";
                document.error_hint(Code::WrongReference, text.span.clone(), message, "give a constant");
            }
            return StepValue::Attempt;
        }
        if let Some(path) = self.request_path(table, text) {
            if let Some((field, from)) = field.zip(self.request.span(&path).map(|span| span.field))
                && let Some(why) = cannot_copy(from, field)
            {
                let message = format!("`{path}` of the request cannot be copied into `{}`: {why}", field.name);
                document.error_hint(Code::WrongReference, text.span.clone(), message, "copy another field");
            }
            return StepValue::Request(path);
        }
        StepValue::Fixed(Json::from(text.value))
    }

    /// The path in `<request.PATH>`. Notes an error for any other text in angle brackets, and if the request has no such field.
    fn request_path(&self, table: &Table<'_>, text: &Located<&str>) -> Option<String> {
        let inner = text.value.strip_prefix('<')?.strip_suffix('>')?;
        let document = table.document();
        let Some(path) = inner.strip_prefix("request.") else {
            let message = format!("there is no value `{}`", text.value);
            let hint = "<request.PATH> copies a field of the request, <attempt> is the number of the attempt";
            document.error_hint(Code::UnknownWord, text.span.clone(), message, hint);
            return None;
        };
        field_at(self.request, &Located { value: path, span: text.span.clone() }, table);
        Some(path.to_owned())
    }

    /// Reads `{ PATH = VALUE }` or `{ PATH = [VALUE, …] }` for fields of an answer.
    fn conditions<'d>(
        &self,
        table: &Table<'d>,
        key: &'d str,
        answer: Option<&Layout>,
        is_required: bool,
    ) -> Vec<Condition> {
        let conditions = if is_required { table.required(key).and_then(Value::table) } else { table.table(key) };
        let Some(conditions) = conditions else { return Vec::new() };
        if conditions.entries().is_empty() {
            let message = format!("`{key}` has no condition");
            let hint = "such as { \"header.response_code\" = \"0000\" }";
            let place = table.key_span(key).unwrap_or_default();
            table.document().error_hint(Code::Empty, place, message, hint);
        }
        let condition = |(path, value): (Located<&str>, Value<'_>)| {
            let field = answer.and_then(|answer| field_at(answer, &path, table));
            let texts = if value.is_array() { value.array().unwrap_or_default() } else { vec![value] };
            let values = texts.into_iter().filter_map(Value::string).map(|text| self.expected(table, &text, field));
            Condition { path: path.value.to_owned(), values: values.collect() }
        };
        conditions.entries().into_iter().map(condition).collect()
    }

    fn expected(&self, table: &Table<'_>, text: &Located<&str>, field: Option<&Field>) -> ConditionValue {
        let Some(path) = self.request_path(table, text) else { return ConditionValue::Text(text.value.to_owned()) };
        let from = self.request.span(&path).map(|span| span.field);
        if field.zip(from).is_some_and(|(field, from)| !field.pairs_with(from)) {
            let message = format!("`{path}` of the request is never equal to it: they are fields of different kinds");
            let hint = "compare it with another field";
            table.document().error_hint(Code::WrongReference, text.span.clone(), message, hint);
        }
        ConditionValue::Request(path)
    }

    fn account_key(&self, table: &Table<'_>) -> Vec<String> {
        let paths = table.array("account_key").unwrap_or_default().into_iter().filter_map(Value::string);
        let known = |path: Located<&str>| {
            field_at(self.request, &path, table);
            path.value.to_owned()
        };
        paths.map(known).collect()
    }

    fn answer_of(&self, telegram: &str) -> Option<&Layout> {
        let answer = self.spec.telegram(telegram)?.answer.as_deref()?;
        self.spec.telegram(answer).map(|answer| &answer.layout)
    }
}

/// Reports conditions that never decide anything, because others that come before them hold whenever they do.
fn never_hold(table: &Table<'_>, lists: &[(&str, &Vec<Condition>)]) {
    for (at, (key, later)) in lists.iter().enumerate().filter(|(_, (_, later))| !later.is_empty()) {
        let implies = |earlier: &Vec<Condition>| {
            let implied = |condition: &Condition| {
                let has = |other: &&Condition| other.path == condition.path;
                later
                    .iter()
                    .find(has)
                    .is_some_and(|other| other.values.iter().all(|value| condition.values.contains(value)))
            };
            !earlier.is_empty() && earlier.iter().all(implied)
        };
        let earlier = lists.iter().take(at).find(|(_, earlier)| implies(earlier));
        if let Some((first, _)) = earlier {
            let message = format!("`{key}` never counts: whenever it holds, `{first}` holds, too, and comes first");
            let place = table.key_span(key).unwrap_or_default();
            table.document().error_hint(Code::ConflictingKeys, place, message, "which values tell the two apart?");
        }
    }
}

/// The tries of a step and its table: `None` if the table is wrong.
fn tries<T>(step: Option<Option<(u32, T)>>) -> Option<(u32, Option<T>)> {
    match step {
        None => Some((0, None)),
        Some(None) => None,
        Some(Some((tries, step))) => Some((tries, Some(step))),
    }
}

/// The field at this path. Notes an error if the telegram has none at a fixed offset.
pub(super) fn field_at<'l>(layout: &'l Layout, path: &Located<&str>, table: &Table<'_>) -> Option<&'l Field> {
    let found = layout.span(path.value).map(|span| span.field);
    if found.is_none() {
        let message = format!("{} has no field `{}` at a fixed place", layout.name, path.value);
        let paths = layout.paths();
        let known: Vec<&str> = paths.iter().map(String::as_str).collect();
        table.document().error_hint(Code::UnknownName, path.span.clone(), message, instead(path.value, &known));
    }
    found
}

/// Why the values of a field cannot always be copied into another one.
fn cannot_copy(from: &Field, to: &Field) -> Option<String> {
    if !from.pairs_with(to) {
        return Some("they are fields of different kinds".to_owned());
    }
    match (&from.kind, &to.kind) {
        (Kind::Number(one), Kind::Number(other)) if one.decimals() != other.decimals() => {
            Some("they have different numbers of decimals".to_owned())
        }
        (Kind::Number(one), Kind::Number(other)) if one.digits(from.len) > other.digits(to.len) => {
            Some("it has more digits".to_owned())
        }
        (Kind::Date(one), Kind::Date(other)) if one.pattern.form() != other.pattern.form() => {
            Some("one of them has no year or no day".to_owned())
        }
        (Kind::Text(_) | Kind::Digits(_) | Kind::Code(_), _) if from.len > to.len => Some("it is longer".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
