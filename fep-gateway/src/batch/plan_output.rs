//! `[output]` of a plan: the file of results. Which records it has, and where each of their values comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fep_codec::files::FileLayout;
use fep_spec::document::{Located, Table, instead};
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::report::Code;

use super::plan_input::Input;
use crate::plans::{field, file, record_of, spec};

/// The file of results.
#[derive(Clone, Debug)]
pub struct Output {
    /// `path`, required: where it is written, relative to the plan. `{date}` in it stands for the date of the batch: 20261130.
    pub path: PathBuf,
    /// `spec` and `file`: the record file, with the defaults of `[input]`.
    pub file: FileLayout,
    /// `lists`, default `all`: which requests it has.
    pub lists: Lists,
    /// `results`: what is written for `result`, by the state of the request.
    pub results: BTreeMap<&'static str, String>,
    /// `records`: the records in the order of the file.
    pub records: Vec<OutputRecord>,
}

/// Which requests a file of results has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// All.
    #[default]
    All,
    /// Those that were carried out.
    Done,
    /// The others.
    Failed,
}

/// `[[output.records]]`: one record of the file, or one for each request.
#[derive(Clone, Debug)]
pub struct OutputRecord {
    /// `record`, required: its name.
    pub record: String,
    /// `each`, `request` or `file` (default): how often it is written.
    pub each_request: bool,
    /// `copy`, default false: whether fields begin with the values of the same names in the input: those of the record of the request, or of
    /// the record with this name. Totals and serial numbers are made anew.
    pub copy: bool,
    /// `fields`: where values come from.
    pub fields: Vec<(String, Source)>,
}

/// Where a value of a result comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `=text`: a constant.
    Constant(String),
    /// `input.PATH`: the record of the request in the input.
    Input(String),
    /// `answer.PATH`: the answer. If there is none, the field is left blank, or zero.
    Answer(String),
    /// `result`: the word of `results`.
    Result,
    /// `number`: the number of the request in the input, from 1.
    Number,
    /// `exchange`: the ID of the exchange.
    Exchange,
    /// `date`: the date of the batch.
    Date,
}

/// The states that `results` can have a word for. A file of results waits for what is unknown, unless there is a word for that, too.
const STATES: [&str; 5] = ["done", "not_done", "reversed", "refused", UNKNOWN];

/// The state that needs no word.
const UNKNOWN: &str = "unknown";

/// What the table stands among.
pub(super) struct Around<'p> {
    pub(super) spec: &'p Arc<Spec>,
    pub(super) request: &'p TelegramSpec,
    pub(super) answer: &'p TelegramSpec,
    pub(super) input: Option<&'p Input>,
    pub(super) folder: &'p Path,
}

/// Reads the table.
pub(super) fn read(table: &Table<'_>, around: &Around<'_>) -> Option<Output> {
    let document = table.document();
    // Nobody is told that these are unknown because another one is wrong.
    table.knows(&["path", "spec", "file", "lists", "results", "records"]);
    let spec = match table.string("spec") {
        Some(path) => spec(document, &path, around.folder)?,
        None => Arc::clone(around.spec),
    };
    let path = table.required_string("path");
    let file = file(table, &spec)?;
    let lists = [("all", Lists::All), ("done", Lists::Done), ("failed", Lists::Failed)];
    let lists = table.choice("lists", &lists).map(|lists| lists.value).unwrap_or_default();
    let results = results(table);
    let mut records = Vec::new();
    for value in table.required("records")?.array()? {
        let Some(own) = value.table() else { continue };
        records.extend(record(&own, &file, around));
        own.finish();
    }
    if !records.iter().any(|record: &OutputRecord| record.each_request) && !document.has_errors() {
        let hint = "write `each = \"request\"` at the record that each request has";
        document.error_hint(
            Code::MissingKey,
            table.span(),
            "no record of the file of results is written for requests",
            hint,
        );
    }
    let uses_result = |record: &OutputRecord| record.fields.iter().any(|(_, source)| *source == Source::Result);
    let needed = STATES.iter().filter(|state| **state != UNKNOWN && lists.has(state));
    let missing: Vec<&str> = needed.copied().filter(|state| !results.contains_key(state)).collect();
    if records.iter().any(uses_result) && !missing.is_empty() {
        let message = format!("`results` does not say what is written for {}", missing.join(", "));
        let hint = "such as results = { done = \"Y\", not_done = \"N\", reversed = \"N\", refused = \"N\" }";
        document.error_hint(Code::MissingKey, table.span(), message, hint);
    }
    Some(Output { path: around.folder.join(path?.value), file, lists, results, records })
}

impl Output {
    /// Whether the file of results says of requests that their outcomes are unknown, and does not wait for them.
    #[must_use]
    pub fn tells_unknown(&self) -> bool {
        self.results.contains_key(UNKNOWN)
    }
}

impl Lists {
    /// Whether a request of this state is listed.
    pub(super) fn has(self, state: &str) -> bool {
        match self {
            Self::All => true,
            Self::Done => state == "done",
            Self::Failed => state != "done",
        }
    }
}

/// Reads `results`.
fn results(table: &Table<'_>) -> BTreeMap<&'static str, String> {
    let mut results = BTreeMap::new();
    for (state, word) in table.table("results").map_or(Vec::new(), |table| table.entries()) {
        match STATES.into_iter().find(|known| *known == state.value) {
            Some(state) => results.extend(word.string().map(|word| (state, word.value.to_owned()))),
            None => {
                let message = format!("no request has the state `{}`", state.value);
                table.document().error_hint(Code::UnknownName, state.span, message, instead(state.value, &STATES));
            }
        }
    }
    results
}

/// Reads one of `records`.
fn record(table: &Table<'_>, file: &FileLayout, around: &Around<'_>) -> Option<OutputRecord> {
    let document = table.document();
    let name = table.required_string("record");
    let each = table.choice("each", &[("file", false), ("request", true)]).is_some_and(|each| each.value);
    let copy = table.boolean("copy").is_some_and(|copy| copy.value);
    let fields = table.table("fields");
    let name = name?;
    let layout = record_of(document, file, &name)?;
    if copy && !each && around.input.is_some_and(|input| *input.record == *layout.name) {
        let message = format!("`{}` is the record of the requests", name.value);
        document.error_hint(Code::ConflictingKeys, name.span, message, "write `each = \"request\"`");
    } else if copy
        && !each
        && around.input.is_none_or(|input| !input.file.layouts().iter().any(|other| other.name == layout.name))
    {
        let message = format!("the input has no record `{}`", name.value);
        document.error_hint(
            Code::WrongReference,
            name.span,
            message,
            "leave `copy` out, and write its values in `fields`",
        );
    }
    let mut all = Vec::new();
    for (path, value) in fields.map_or(Vec::new(), |table| table.entries()) {
        let Some(from) = value.string() else { continue };
        let Some(path) = field(document, &layout, &path) else { continue };
        all.extend(source(table, &from, each, around).map(|source| (path, source)));
    }
    Some(OutputRecord { record: layout.name.to_string(), each_request: each, copy, fields: all })
}

/// Reads where a value comes from.
fn source(table: &Table<'_>, from: &Located<&str>, each: bool, around: &Around<'_>) -> Option<Source> {
    let document = table.document();
    let inner = |path| Located { value: path, span: from.span.clone() };
    let source = match (from.value, from.value.split_once('.')) {
        ("date", _) => return Some(Source::Date),
        (text, _) if text.starts_with('=') => return Some(Source::Constant(text.chars().skip(1).collect())),
        ("result", _) => Source::Result,
        ("number", _) => Source::Number,
        ("exchange", _) => Source::Exchange,
        (_, Some(("answer", path))) => Source::Answer(field(document, &around.answer.layout, &inner(path))?),
        (_, Some(("input", path))) => {
            let layouts = around.input.map(|input| input.file.layouts()).unwrap_or_default();
            let record = around.input.and_then(|input| layouts.iter().find(|layout| *layout.name == *input.record));
            Source::Input(field(document, record.map_or(&around.request.layout, |layout| layout), &inner(path))?)
        }
        _ => {
            let message = format!("`{}` is no place of a value", from.value);
            let hint = "`=text`, `date`, and in a record of a request: `input.PATH`, `answer.PATH`, `result`, `number`, `exchange`";
            document.error_hint(Code::BadValue, from.span.clone(), message, hint);
            return None;
        }
    };
    if !each {
        let message = format!("`{}` belongs to a request", from.value);
        document.error_hint(Code::ConflictingKeys, from.span.clone(), message, "write `each = \"request\"`");
    }
    Some(source)
}
