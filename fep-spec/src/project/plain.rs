//! What a spec says about an exchange: the request to begin with, the fields that pair an answer with it, the framing, the code that accepts.

use fep_codec::Layout;
use fep_codec::json::put;
use fep_codec::layout::{CodeRule, Field, Item, Kind};
use serde_json::Value as Json;

use crate::codec::encode_fields;
use crate::framing::Framing;
use crate::model::{Spec, TelegramSpec};
use crate::samples::{Options, Samples};

/// What is known of a spec.
#[derive(Default)]
pub(super) struct Plain<'s> {
    pub(super) request: Option<&'s TelegramSpec>,
    /// The fields of the request as JSON.
    pub(super) sample: Option<String>,
    /// The path of the trace number, and those of the key.
    pub(super) trace: Option<String>,
    pub(super) key: Vec<String>,
    /// Whether the trace number was told by less than its name.
    is_trace_uncertain: bool,
    /// Fields that may be a part of the key.
    pub(super) candidates: Vec<String>,
    /// The words of the framing.
    pub(super) framing: String,
    pub(super) is_framing_assumed: bool,
    /// The longest telegram, in bytes.
    pub(super) longest: usize,
    pub(super) echo_test: Option<&'s str>,
    /// Fields that the gateway can fill, and fields that the simulator sets, as lines of TOML.
    pub(super) fill: Vec<String>,
    pub(super) set: Vec<String>,
    /// The response code that means acceptance, with its path.
    pub(super) accepted: Option<(String, String)>,
}

/// The most fields or telegrams that a text lists.
pub(super) const LISTED_MAX: usize = 12;

impl<'s> Plain<'s> {
    pub(super) fn of(spec: &'s Spec) -> Self {
        let answered =
            |telegram: &&TelegramSpec| telegram.answer.as_ref().is_some_and(|name| spec.telegram(name).is_some());
        let requests: Vec<&TelegramSpec> = spec.telegrams.iter().filter(answered).collect();
        let answers = requests.iter().filter_map(|request| spec.telegram(request.answer.as_deref()?));
        let both: Vec<&Layout> = requests.iter().copied().chain(answers).map(|telegram| &telegram.layout).collect();
        let framing = Framing::words_of_spec(spec);
        let longest = both.iter().map(|layout| layout.max_len()).max().unwrap_or_default();
        let mut plain = Self {
            is_framing_assumed: framing.is_none(),
            framing: framing.unwrap_or_else(|| assumed_framing(longest).to_owned()),
            longest,
            ..Self::default()
        };
        plain.key(&both);
        if let Some(first) = both.first() {
            for (path, field) in leaves(first) {
                plain.field(&path, field);
            }
        }
        let header_only = |telegram: &&&TelegramSpec| telegram.layout.items().len() == 1;
        let is_echo = |telegram: &&&TelegramSpec| telegram.name() == "EchoTest";
        plain.echo_test = requests.iter().filter(is_echo).find(header_only).map(|telegram| telegram.name());
        plain.request = example_of(&requests);
        plain.sample = plain.request.and_then(|telegram| plain.sample(spec, telegram));
        plain.sample.is_none().then(|| plain.request = None);
        plain
    }

    /// A request with values to try. Its response code is blank, if it may be.
    fn sample(&self, spec: &Spec, telegram: &TelegramSpec) -> Option<String> {
        let samples = Samples::of(spec, telegram, Options::default());
        let mut fields = serde_json::to_value(&samples.all.first()?.record).ok()?;
        drop_given(&telegram.layout, &telegram.layout, "", &mut fields);
        let mut blank = fields.clone();
        if let (Some((path, _)), Json::Object(fields)) = (&self.accepted, &mut blank) {
            put(fields, path, Json::from(""));
        }
        let fields = if encode_fields(telegram, &blank).is_ok() { blank } else { fields };
        serde_json::to_string_pretty(&fields).ok().map(|json| json + "\n")
    }

    /// The key: a trace number that each request and answer has at one place, and the date beside it.
    fn key(&mut self, both: &[&Layout]) {
        let Some(first) = both.first() else { return };
        let is_everywhere = |path: &str| both.iter().all(|layout| layout.span(path).is_some());
        let all: Vec<_> = leaves(first).into_iter().filter(|(path, _)| is_everywhere(path)).collect();
        self.candidates = all.iter().map(|(path, _)| path.clone()).take(LISTED_MAX).collect();
        let found = NUMBERS.iter().enumerate().find_map(|(rank, word)| {
            let (path, _) = all.iter().find(|(_, field)| is_called(field, word))?;
            Some((rank, path.clone()))
        });
        let Some((rank, trace)) = found else { return };
        let traces = all.iter().filter(|(_, field)| NUMBERS.iter().take(TRACES).any(|word| is_called(field, word)));
        self.is_trace_uncertain = rank >= TRACES || traces.count() > 1;
        let is_date = |field: &Field| {
            matches!(field.kind, Kind::Date(_)) && (field.name == "sent_date" || field.label.contains("전송일"))
        };
        let date = all.iter().find(|(_, field)| is_date(field)).map(|(path, _)| path.clone());
        self.key = [trace.clone()].into_iter().chain(date).collect();
        self.trace = Some(trace);
    }

    /// What the gateway and the simulator can put into a field of the header.
    fn field(&mut self, path: &str, field: &Field) {
        let word = match (&*field.name, &field.kind) {
            ("sent_date", Kind::Date(_)) => "<date>",
            ("sent_time", Kind::Time(_)) => "<time>",
            ("response_code", Kind::Code(rule)) => {
                if let Some(good) = accepting(rule) {
                    self.set.push(format!("\"{path}\" = \"{good}\""));
                    self.accepted = Some((path.to_owned(), good.to_owned()));
                }
                ""
            }
            _ => return,
        };
        self.fill.push(format!("\"{path}\" = \"{word}\""));
    }

    /// Whether the trace number is one of the assumptions.
    pub(super) fn is_trace_assumed(&self) -> bool {
        self.request.is_some() && self.is_trace_uncertain
    }

    /// What was assumed here, because the spec does not say it.
    pub(super) fn assumed(&self) -> Vec<String> {
        let mut assumed = Vec::new();
        if let Some(trace) = self.trace.as_ref().filter(|_| self.is_trace_assumed()) {
            assumed.push(format!("`gateway.toml`: `{trace}` pairs an answer with its request."));
        }
        if self.request.is_some() && self.is_framing_assumed {
            assumed.push(
                "`gateway.toml` and `scenario.toml`: the length of a telegram stands in front of it, as ASCII digits that are not part of \
                 it."
                    .to_owned(),
            );
        }
        assumed
    }

    /// What a person must fill in before an exchange is possible.
    pub(super) fn to_fill(&self, spec: &Spec, file: &str) -> Vec<String> {
        let mut to_fill = Vec::new();
        let has_request = spec.telegrams.iter().any(|telegram| telegram.answer.is_some());
        if !spec.files.is_empty() && !has_request {
            to_fill.push(format!(
                "`{file}` describes a record file. A gateway exchanges telegrams: write a request with its `answer`. For the file itself, use \
                 `fep sample`, `fep decode` and `fep explain`."
            ));
        } else if !has_request {
            let names: Vec<_> = spec.telegrams.iter().map(TelegramSpec::name).take(LISTED_MAX).collect();
            to_fill.push(format!(
                "No telegram in `{file}` has an `answer`, so which is a request is not known (there are: {}). Write the telegram of the \
                 request, if it is missing. Give it `answer = \"NAME\"`, and give each telegram a `when` with the code that identifies it: \
                 `when = {{ \"header.telegram_code\" = \"0100\" }}`.",
                names.join(", ")
            ));
        } else if self.request.is_none() {
            to_fill.push("No valid request could be made of the spec: `fep sample` says why.".to_owned());
        }
        if has_request && self.trace.is_none() {
            to_fill.push(
                "`gateway.toml`: which fields pair an answer with its request? Complete `key` and `trace` there."
                    .to_owned(),
            );
        }
        to_fill
    }
}

/// The names of the number that pairs an answer with its request. The first [`TRACES`] are plain.
const NUMBERS: [&str; 14] = [
    "trace",
    "추적번호",
    "correlation",
    "stan",
    "unique",
    "거래고유번호",
    "message_id",
    "msg_id",
    "message_no",
    "전문번호",
    "sequence",
    "seq",
    "serial",
    "일련번호",
];
const TRACES: usize = 2;

fn is_called(field: &Field, word: &str) -> bool {
    let is_original = field.name.starts_with("original") || field.label.starts_with('원');
    let is_kind = matches!(field.kind, Kind::Number(_) | Kind::Digits(_) | Kind::Text(_));
    let name = format!("_{}_", field.name);
    is_kind && !is_original && (name.contains(&format!("_{word}_")) || (!word.is_ascii() && field.label.contains(word)))
}

/// The code that means acceptance: zeros, or the first one with such a name.
fn accepting(rule: &CodeRule) -> Option<&str> {
    let zeros =
        ["0000", "000", "00", "0"].into_iter().find_map(|zeros| rule.codes.iter().find(|known| known.code == zeros));
    let is_named = |label: &str| ["정상", "OK", "ok", "accepted", "normal"].iter().any(|sign| label.contains(sign));
    let named = || rule.codes.iter().find(|known| is_named(&known.label));
    zeros.or_else(named).map(|known| &*known.code)
}

/// Leaves out what the encoder fills in itself: computed fields, and the codes that identify the telegram.
fn drop_given(whole: &Layout, layout: &Layout, before: &str, fields: &mut Json) {
    let Json::Object(fields) = fields else { return };
    for item in layout.items() {
        let Some(name) = item.name() else { continue };
        let path = format!("{before}{name}");
        match item {
            Item::Field(field) if !field.is_given() || whole.when.iter().any(|when| when.path == path) => {
                fields.remove(name);
            }
            Item::Part(part) => {
                fields
                    .get_mut(name)
                    .into_iter()
                    .for_each(|inner| drop_given(whole, &part.layout, &format!("{path}."), inner));
            }
            Item::Group(group) => {
                let entries = fields.get_mut(name).and_then(Json::as_array_mut).into_iter().flatten();
                entries.for_each(|entry| drop_given(whole, &group.layout, &format!("{path}[]."), entry));
            }
            _ => {}
        }
    }
}

/// A framing that has the longest telegram.
const fn assumed_framing(longest: usize) -> &'static str {
    if longest <= 9999 { "ascii4,stripped" } else { "ascii8,stripped" }
}

/// The request to begin with: one that moves no money, if there is one.
fn example_of<'s>(requests: &[&'s TelegramSpec]) -> Option<&'s TelegramSpec> {
    let is_network =
        |name: &str| ["Sign", "Echo", "Test", "Open", "Close", "Notice"].iter().any(|word| name.contains(word));
    let business = || requests.iter().copied().filter(|telegram| !is_network(telegram.name()));
    let with = |word: &'static str| business().find(move |telegram| telegram.name().contains(word));
    with("Balance").or_else(|| with("Inquiry")).or_else(|| business().next()).or_else(|| requests.first().copied())
}

/// The fields of a layout and of its parts, each with its path. Computed ones are left out.
fn leaves(layout: &Layout) -> Vec<(String, &Field)> {
    let mut found = Vec::new();
    for item in layout.items() {
        match item {
            Item::Field(field) if field.computed.is_none() => found.push((field.name.to_string(), field)),
            Item::Part(part) => {
                let name = item.name().map(|name| format!("{name}.")).unwrap_or_default();
                found.extend(leaves(&part.layout).into_iter().map(|(path, field)| (format!("{name}{path}"), field)));
            }
            _ => {}
        }
    }
    found
}
