//! Reads a scenario file into a [`Scenario`] and checks it against its spec.

use std::ops::RangeInclusive;
use std::time::Duration;

use fep_codec::{Layout, Record, json};
use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::{Code, Report, Source};
use serde_json::{Map, Value as Json};

use super::{
    Answers, Assignment, Delay, Remember, Rule, Scenario, ScenarioAction, ScenarioNotice, ScenarioSendLine,
    ScenarioSession, SendLineRole, Setting,
};
use crate::config::Framing;

/// The longest duration in a scenario, in milliseconds: one hour.
const WAIT_MAX_MS: u64 = 3_600_000;
/// The default limit of a frame, in bytes.
const FRAME_MAX_BYTES: usize = 9999;
const HOLD_MAX: usize = 1000;

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// If the file has mistakes. The report has all of them, each with its line and column.
    pub fn read(source: Source, spec: &Spec) -> Result<Self, Report> {
        let document = Document::new(source);
        let scenario = document.walk(|root| Reader { document: &document, spec }.scenario(root));
        match scenario.flatten() {
            Some(scenario) if !document.has_errors() => Ok(scenario),
            _ => Err(document.into_report()),
        }
    }
}

struct Reader<'s> {
    document: &'s Document,
    spec: &'s Spec,
}

impl<'s> Reader<'s> {
    fn scenario(&self, root: Table<'_>) -> Option<Scenario> {
        let title = root.string("title").map_or(String::new(), |title| title.value.to_owned());
        let seed = root.integer("seed", 0..=i64::MAX).map_or(1, |seed| seed.value.unsigned_abs());
        let sequence_start = root.integer("sequence_start", 0..=i64::MAX).map_or(1, |start| start.value.unsigned_abs());
        let utc_offset_minutes = root.integer("utc_offset_minutes", -840..=840).map_or(540, |offset| offset.value);
        let trace = root.string("trace").map(|trace| self.known_somewhere(trace));
        let framing = Framing::read(root.table("framing"), self.spec, FRAME_MAX_BYTES);
        let session = root.table("session").map(|table| self.session(table));
        let send_line = root.table("send_line").map(|table| self.send_line(table));
        let memory = root.table("memory").map(|table| self.memory(table));
        let answers = root.table("answers").map(|table| self.answers(table)).unwrap_or_default();
        let rules = self.tables(&root, "rules", |table| self.rule(table));
        let notices = self.tables(&root, "notices", |table| self.notice(table));
        if let (None, Some(place)) = (&trace, root.key_span("rules"))
            && rules.iter().flatten().any(|rule| rule.action == ScenarioAction::WrongTrace)
        {
            self.document.error(
                Code::MissingKey,
                place,
                "`wrong_trace` falsifies the field that `trace` names at the top of the file: it is missing",
            );
        }
        root.finish();
        Some(Scenario {
            title,
            seed,
            sequence_start,
            utc_offset_minutes,
            trace,
            framing,
            session: session.flatten(),
            send_line: send_line.flatten(),
            memory,
            answers,
            rules: rules.into_iter().collect::<Option<_>>()?,
            notices: notices.into_iter().collect::<Option<_>>()?,
        })
    }

    fn tables<'d, T>(&self, root: &Table<'d>, key: &'d str, read: impl Fn(Table<'d>) -> Option<T>) -> Vec<Option<T>> {
        let values = root.array(key).unwrap_or_default();
        values.into_iter().map(|value| value.table().and_then(&read)).collect()
    }

    fn session(&self, table: Table<'_>) -> Option<ScenarioSession> {
        let open = table.required_string("open").and_then(|name| self.telegram(name));
        let close = table.string("close").and_then(|name| self.telegram(name));
        table.finish();
        Some(ScenarioSession {
            open: open?.layout.name.to_string(),
            close: close.map(|close| close.layout.name.to_string()),
        })
    }

    fn send_line(&self, table: Table<'_>) -> Option<ScenarioSendLine> {
        let connect = table.string("connect").map(|address| {
            let parts = address.value.rsplit_once(':');
            if parts.is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
                let message = "`connect` must be a host and a port";
                self.document.error_hint(Code::BadValue, address.span, message, "such as 127.0.0.1:9006");
            }
            SendLineRole::Connect(address.value.to_owned())
        });
        let listen = table.string("listen").and_then(|address| match address.value.parse() {
            Ok(address) => Some(SendLineRole::Listen(address)),
            Err(_) => {
                let message = "`listen` must be an address of this machine and a port";
                self.document.error_hint(Code::BadValue, address.span, message, "such as 127.0.0.1:9006");
                None
            }
        });
        if table.has("connect") == table.has("listen") {
            let message = "who connects the send line? Write `connect` or `listen`, one of them";
            self.document.error(Code::MissingKey, table.span(), message);
        }
        let sign_on = table.table("sign_on").and_then(|sign_on| {
            let place = sign_on.span();
            let sign_on = self.notice(sign_on)?;
            if self.spec.telegram(&sign_on.telegram).is_some_and(|telegram| telegram.answer.is_none()) {
                let message = format!("{} is not a request: the spec names no answer to it", sign_on.telegram);
                self.document.error(Code::WrongReference, place, message);
            }
            Some(sign_on)
        });
        table.finish();
        Some(ScenarioSendLine { role: connect.or(listen)?, sign_on })
    }

    fn memory(&self, table: Table<'_>) -> Remember {
        let names = table.required("telegrams").and_then(Value::array).unwrap_or_default();
        let names: Vec<Located<&str>> = names.into_iter().filter_map(Value::string).collect();
        let telegrams: Vec<_> = names.into_iter().filter_map(|name| self.telegram(name)).collect();
        let key = self.paths(table.required("key"), |path| {
            telegrams.iter().for_each(|telegram| {
                self.known_in(&telegram.layout, path.clone());
            });
        });
        table.finish();
        Remember { telegrams: telegrams.iter().map(|telegram| telegram.name().to_owned()).collect(), key }
    }

    fn paths<'d>(&self, value: Option<Value<'d>>, check: impl Fn(Located<&'d str>)) -> Vec<String> {
        let paths = value.and_then(Value::array).unwrap_or_default();
        let paths = paths.into_iter().filter_map(Value::string);
        paths.inspect(|path| check(path.clone())).map(|path| path.value.to_owned()).collect()
    }

    fn answers(&self, table: Table<'_>) -> Answers {
        let delay = self.delay(&table).unwrap_or_default();
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        for (place, assignment) in &set {
            self.known_somewhere(Located { value: assignment.path.as_str(), span: place.clone() });
        }
        table.finish();
        Answers { delay, set: set.into_iter().map(|(_, assignment)| assignment).collect() }
    }

    fn rule(&self, table: Table<'_>) -> Option<Rule> {
        let named = table.string("telegram");
        let telegram = named.clone().and_then(|name| self.telegram(name));
        let answer = telegram.and_then(|telegram| telegram.answer.as_deref()).and_then(|name| self.spec.telegram(name));
        if let (Some(name), Some(_), None) = (&named, telegram, answer) {
            self.document.error(
                Code::WrongReference,
                name.span.clone(),
                format!("{} is not a request: the spec names no answer to it", name.value),
            );
        }
        let when = table.table("when").map(|when| self.when(when, telegram.map(|telegram| &telegram.layout)));
        let recall = self.paths(table.get("recall"), |path| match telegram {
            Some(telegram) => {
                self.known_in(&telegram.layout, path);
            }
            None => {
                self.known_somewhere(path);
            }
        });
        let every = table.integer("every", 1..=i64::MAX).map(|every| every.value.unsigned_abs());
        let percent = table.integer("percent", 0..=100_u8).map(|percent| percent.value);
        let delay = self.delay(&table);
        let action = self.action(&table);
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        match answer {
            Some(answer) => self.check_set(&answer.layout, &set),
            None => set.iter().for_each(|(place, assignment)| {
                self.known_somewhere(Located { value: assignment.path.as_str(), span: place.clone() });
            }),
        }
        table.finish();
        Some(Rule {
            telegram: named.map(|name| name.value.to_owned()),
            when: when.unwrap_or_default(),
            recall,
            every,
            percent,
            action: action?,
            delay,
            set: set.into_iter().map(|(_, assignment)| assignment).collect(),
        })
    }

    fn action(&self, table: &Table<'_>) -> Option<ScenarioAction> {
        let glued = ScenarioAction::Glued { hold: 2, hold_max: Duration::from_millis(500) };
        let action = table.required("action")?.choice(&[
            ("answer", ScenarioAction::Answer),
            ("late", ScenarioAction::Late),
            ("silence", ScenarioAction::Silence),
            ("wrong_trace", ScenarioAction::WrongTrace),
            ("duplicate", ScenarioAction::Duplicate),
            ("half_frame", ScenarioAction::HalfFrame),
            ("disconnect", ScenarioAction::Disconnect),
            ("garbage", ScenarioAction::Garbage),
            ("bad_length", ScenarioAction::BadLength),
            ("glued", glued),
        ])?;
        match action.value {
            ScenarioAction::Glued { hold, hold_max } => Some(ScenarioAction::Glued {
                hold: table
                    .integer("hold", 2..=i64::try_from(HOLD_MAX).unwrap_or(i64::MAX))
                    .map_or(hold, |hold| usize::try_from(hold.value).unwrap_or(HOLD_MAX)),
                hold_max: milliseconds(table, "hold_max_ms", 1..=WAIT_MAX_MS).unwrap_or(hold_max),
            }),
            ScenarioAction::Late if !table.has("delay_ms") => {
                self.document.error(
                    Code::MissingKey,
                    action.span,
                    "`late` needs `delay_ms`: longer than the other side waits",
                );
                None
            }
            other => Some(other),
        }
    }

    fn notice(&self, table: Table<'_>) -> Option<ScenarioNotice> {
        let telegram = table.required_string("telegram").and_then(|name| self.telegram(name));
        let every = table.required("every_ms").and_then(|every| every.integer(1..=WAIT_MAX_MS));
        let set = table.table("set").map(|set| self.assignments(set)).unwrap_or_default();
        if let Some(telegram) = telegram {
            self.check_set(&telegram.layout, &set);
        }
        table.finish();
        Some(ScenarioNotice {
            telegram: telegram?.layout.name.to_string(),
            every: Duration::from_millis(every?.value),
            set: set.into_iter().map(|(_, assignment)| assignment).collect(),
        })
    }

    fn delay(&self, table: &Table<'_>) -> Option<Delay> {
        let base = milliseconds(table, "delay_ms", 0..=WAIT_MAX_MS);
        let jitter = milliseconds(table, "jitter_ms", 0..=WAIT_MAX_MS);
        (base.is_some() || jitter.is_some())
            .then(|| Delay { base: base.unwrap_or_default(), jitter: jitter.unwrap_or_default() })
    }

    /// The telegram with this name. Reports an error if the spec has no such telegram.
    fn telegram(&self, name: Located<&str>) -> Option<&'s fep_spec::model::TelegramSpec> {
        let telegram = self.spec.telegram(name.value);
        if telegram.is_none() {
            let known: Vec<&str> = self.spec.telegrams.iter().map(|telegram| &*telegram.layout.name).collect();
            let message = format!("the spec {} has no telegram {}", self.spec.name, name.value);
            self.document.error_hint(Code::UnknownName, name.span, message, instead(name.value, &known));
        }
        telegram
    }

    /// Returns the path. Reports an error if no telegram of the spec has it.
    fn known_somewhere(&self, path: Located<&str>) -> String {
        if !self.spec.telegrams.iter().any(|telegram| Record::new(&telegram.layout).get(path.value).is_some()) {
            self.document.error(
                Code::UnknownName,
                path.span,
                format!("no telegram of the spec {} has a field {}", self.spec.name, path.value),
            );
        }
        path.value.to_owned()
    }

    /// Reports paths that the telegram does not have, and values that its fields cannot have.
    fn check_set(&self, layout: &Layout, set: &[(std::ops::Range<usize>, Assignment)]) {
        for (place, assignment) in set {
            if !self.known_in(layout, Located { value: &assignment.path, span: place.clone() }) {
                continue;
            }
            for setting in &assignment.values {
                let Setting::Constant(value) = setting else { continue };
                let mut fields = Map::new();
                json::put(&mut fields, &assignment.path, value.clone());
                if let Err(error) = Record::from_json_value(layout, &Json::Object(fields)) {
                    self.document.error(
                        Code::BadValue,
                        place.clone(),
                        format!("{}: {}", error.path(), error.message()),
                    );
                }
            }
        }
    }

    fn known_in(&self, layout: &Layout, path: Located<&str>) -> bool {
        let known = Record::new(layout).get(path.value).is_some();
        if !known {
            let paths = layout.paths();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let message = format!("{} has no field {}", layout.name, path.value);
            match fep_spec::document::nearest(path.value, paths) {
                Some(nearest) => self.document.error_hint(
                    Code::UnknownName,
                    path.span,
                    message,
                    format!("did you mean `{nearest}`?"),
                ),
                None => self.document.error(Code::UnknownName, path.span, message),
            }
        }
        known
    }

    fn when(&self, table: Table<'_>, layout: Option<&Layout>) -> Vec<(String, Vec<Json>)> {
        let mut conditions = Vec::new();
        for (place, assignment) in self.assignments(table) {
            match layout {
                Some(layout) => {
                    self.known_in(layout, Located { value: &assignment.path, span: place.clone() });
                }
                None => {
                    self.known_somewhere(Located { value: &assignment.path, span: place.clone() });
                }
            }
            let constants = assignment.values.into_iter().filter_map(|setting| match setting {
                Setting::Constant(value) => Some(value),
                _ => {
                    self.document.error(
                        Code::WrongReference,
                        place.clone(),
                        "a condition compares with values, not with fillings",
                    );
                    None
                }
            });
            conditions.push((assignment.path, constants.collect()));
        }
        conditions
    }

    /// Reads `{ "header.response_code" = "0110" }`. Without the quotes, TOML reads the path as nested tables. They mean the same.
    fn assignments(&self, table: Table<'_>) -> Vec<(std::ops::Range<usize>, Assignment)> {
        let mut all = Vec::new();
        self.flatten("", &table, &mut all);
        all
    }

    fn flatten(&self, within: &str, table: &Table<'_>, all: &mut Vec<(std::ops::Range<usize>, Assignment)>) {
        for (key, value) in table.entries() {
            let path = if within.is_empty() { key.value.to_owned() } else { format!("{within}.{}", key.value) };
            if value.is_table() {
                if let Some(inner) = value.table() {
                    self.flatten(&path, &inner, all);
                }
                continue;
            }
            let values = if value.is_array() { value.array().unwrap_or_default() } else { vec![value] };
            if values.is_empty() {
                self.document.error(Code::Empty, value.span(), format!("`{path}` has no value"));
            }
            let values = values.into_iter().filter_map(|value| self.setting(value)).collect();
            all.push((key.span, Assignment { path, values }));
        }
    }

    fn setting(&self, value: Value<'_>) -> Option<Setting> {
        if !value.is_string() {
            return json(value).map(Setting::Constant);
        }
        let text = value.string()?;
        let word = text.value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let Some(word) = word else { return Some(Setting::Constant(text.value.into())) };
        match word.split_once('.') {
            None if word == "sequence" => Some(Setting::Sequence),
            None if word == "date" => Some(Setting::Date),
            None if word == "time" => Some(Setting::Time),
            Some(("request", path)) => Some(Setting::Request(path.to_owned())),
            Some(("recalled", path)) => Some(Setting::Recalled(path.to_owned())),
            _ => {
                let words = ["<sequence>", "<date>", "<time>", "<request.FIELD>", "<recalled.FIELD>"];
                let message = format!("there is no filling `{}`", text.value);
                self.document.error_hint(Code::UnknownWord, text.span, message, instead(text.value, &words));
                None
            }
        }
    }
}

fn milliseconds(table: &Table<'_>, key: &'static str, range: RangeInclusive<u64>) -> Option<Duration> {
    table.integer(key, range).map(|ms| Duration::from_millis(ms.value))
}

/// A value of the document as JSON.
fn json(value: Value<'_>) -> Option<Json> {
    if value.is_string() {
        value.string().map(|text| text.value.into())
    } else if value.is_integer() {
        value.integer(i64::MIN..=i64::MAX).map(|number| number.value.into())
    } else if value.is_array() {
        value.array()?.into_iter().map(json).collect::<Option<Vec<_>>>().map(Json::Array)
    } else if value.is_table() {
        let entries = value.table()?.entries();
        let entries = entries.into_iter().map(|(key, value)| Some((key.value.to_owned(), json(value)?)));
        entries.collect::<Option<Map<_, _>>>().map(Json::Object)
    } else {
        value.boolean().map(|yes| yes.value.into())
    }
}
