//! The requests of a file, one after the other: the records of a record file, or JSON lines. A file with a mistake is refused as a whole, before
//! anything is sent. Where requests go is not decided here.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;

use fep_codec::files::{FileError, FileReader, RawRecord};
use fep_codec::layout::Layout;
use fep_codec::record::Value;
use fep_codec::{Error, Record, json};
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value as Json};

use super::plan::{Input, InputSource, Plan};
use crate::hex::hex;

/// The longest line of a file of JSON lines, in bytes.
const LINE_MAX_BYTES: u64 = 1 << 20;

/// How many mistakes of a file are reported at most.
const MISTAKES_MAX: usize = 10;

/// A request of the file.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its number among the requests, from 1.
    pub(super) number: u64,
    /// The fields as the gateway takes them.
    pub(super) fields: Map<String, Json>,
    /// What the input says: the fields of its record, or those of the line.
    pub(super) source: Map<String, Json>,
    /// The amount in the unit of its last decimal, if the plan has `amount`.
    pub(super) amount: Option<i128>,
}

/// A record of the file that is no request, the first of its name.
pub(super) type Others = Vec<(String, Map<String, Json>)>;

/// What a whole file has.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) requests: u64,
    /// The sum of their amounts.
    pub(super) amount: i128,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub(super) digest: String,
}

/// The reason why a file is refused.
#[derive(Debug)]
pub enum RefusedInput {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It has mistakes: the first ones, and whether there are more.
    Wrong {
        /// One line for each.
        mistakes: Vec<String>,
        /// Whether others were not read any more.
        has_more: bool,
    },
    /// It has no requests.
    Empty,
    /// The spec does not describe a file that can be read.
    Impossible(FileError),
    /// It was changed while it was read.
    Changed,
}

impl fmt::Display for RefusedInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "the file of requests cannot be read: {error}"),
            Self::Wrong { mistakes, has_more } => {
                f.write_str("the file is refused as a whole, and nothing was sent:")?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
                if *has_more { f.write_str("\n  … and more") } else { Ok(()) }
            }
            Self::Empty => f.write_str("the file has no requests"),
            Self::Impossible(error) => write!(f, "the spec describes no file that can be read: {error}"),
            Self::Changed => f.write_str("the file was changed while it was read: begin again"),
        }
    }
}

impl std::error::Error for RefusedInput {}

/// A file of requests. It stays open, so that it is the same file to its end.
#[derive(Debug)]
pub(super) struct InputFile {
    file: File,
    contents: Contents,
}

impl InputFile {
    /// Opens a file, and reads it from its start to its end: each field, the order, totals, and that each request fits its telegram.
    ///
    /// # Errors
    /// If anything is wrong with it.
    pub(super) fn check(plan: &Plan, path: &Path) -> Result<Self, RefusedInput> {
        let mut own = Self { file: File::open(path).map_err(RefusedInput::Unreadable)?, contents: Contents::default() };
        let mut contents = Contents::default();
        let mut mistakes = Vec::new();
        let mut each = |read: Result<Request, String>| {
            match read {
                Ok(request) => {
                    contents.requests += 1;
                    contents.amount = contents.amount.saturating_add(request.amount.unwrap_or_default());
                }
                Err(mistake) => mistakes.push(mistake),
            }
            if mistakes.len() > MISTAKES_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        own.read(plan, &mut each, &mut Others::new())?;
        if !mistakes.is_empty() {
            let has_more = mistakes.len() > MISTAKES_MAX;
            mistakes.truncate(MISTAKES_MAX);
            return Err(RefusedInput::Wrong { mistakes, has_more });
        }
        if contents.requests == 0 {
            return Err(RefusedInput::Empty);
        }
        contents.digest = own.digest()?;
        own.contents = contents;
        Ok(own)
    }

    /// What it has.
    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The requests once more, in their order, until `each` breaks. Returns the records that are no requests.
    ///
    /// # Errors
    /// If it cannot be read, or was changed.
    pub(super) fn walk(
        &mut self,
        plan: &Plan,
        mut each: impl FnMut(Request) -> ControlFlow<()>,
    ) -> Result<Others, RefusedInput> {
        let mut others = Others::new();
        let mut is_changed = false;
        let mut checked = |read: Result<Request, String>| match read {
            Ok(request) => each(request),
            Err(_) => {
                is_changed = true;
                ControlFlow::Break(())
            }
        };
        self.read(plan, &mut checked, &mut others)?;
        if is_changed { Err(RefusedInput::Changed) } else { Ok(others) }
    }

    /// Whether it is still the file that was checked.
    ///
    /// # Errors
    /// If it cannot be read, or was changed.
    pub(super) fn is_unchanged(&mut self) -> Result<(), RefusedInput> {
        if self.digest()? == self.contents.digest { Ok(()) } else { Err(RefusedInput::Changed) }
    }

    fn digest(&mut self) -> Result<String, RefusedInput> {
        self.file.rewind().map_err(RefusedInput::Unreadable)?;
        let mut digest = Context::new(&SHA256);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut buffer).map_err(RefusedInput::Unreadable)? {
                0 => return Ok(hex(digest.finish().as_ref())),
                count => digest.update(buffer.get(..count).unwrap_or_default()),
            }
        }
    }

    fn read(&mut self, plan: &Plan, each: &mut Each<'_>, others: &mut Others) -> Result<(), RefusedInput> {
        self.file.rewind().map_err(RefusedInput::Unreadable)?;
        // A plan that was read has its request.
        let Some(request) = plan.request() else { return Ok(()) };
        let layout = &request.layout;
        match &plan.input {
            Some(input) => records(plan, input, layout, &self.file, each, others),
            None => lines(plan, layout, &self.file, each),
        }
    }
}

/// Takes a request, or what is wrong with a place of the file.
type Each<'e> = dyn FnMut(Result<Request, String>) -> ControlFlow<()> + 'e;

fn records(
    plan: &Plan,
    input: &Input,
    layout: &Layout,
    file: &File,
    each: &mut Each<'_>,
    others: &mut Others,
) -> Result<(), RefusedInput> {
    let mut reader = FileReader::new(&input.file, file).map_err(RefusedInput::Impossible)?;
    let mut number = 0;
    while let Some(record) = reader.next() {
        let read = record.and_then(|record| Ok((record.decode()?.to_json_value(), name_of(&record), record.number)));
        let done = match read {
            Ok((Json::Object(source), name, at)) if name == input.record => {
                number += 1;
                let request = of_record(plan, input, layout, source, number);
                each(request.map_err(|error| format!("record {at}, as a request: {error}")))
            }
            Ok((Json::Object(fields), name, _)) => {
                if !others.iter().any(|(known, _)| *known == name) {
                    others.push((name, fields));
                }
                ControlFlow::Continue(())
            }
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => each(Err(error.to_string())),
        };
        if done.is_break() {
            break;
        }
    }
    Ok(())
}

fn name_of(record: &RawRecord<'_, '_>) -> String {
    record.layout.name.to_string()
}

/// The request of a record.
fn of_record(
    plan: &Plan,
    input: &Input,
    layout: &Layout,
    source: Map<String, Json>,
    number: u64,
) -> Result<Request, Error> {
    let mut record = Record::new(layout);
    let mut fields = Map::new();
    for (path, from) in &input.fields {
        let value = match from {
            InputSource::Constant(text) => Json::String(text.clone()),
            InputSource::Input(from) => json::get(&source, from).cloned().unwrap_or_default(),
        };
        // A value that is left out on one side is left out on the other.
        if !value.is_null() {
            json::put(&mut fields, path, set(&mut record, path, value)?);
        }
    }
    record.each_fits()?;
    let amount = amount(plan, &record);
    Ok(Request { number, fields, source, amount })
}

/// Puts a value into a record. Digits become a number, and a number becomes digits, if the field is of the other kind. Returns the value
/// as the field takes it.
///
/// # Errors
/// If the field takes neither.
pub(super) fn set(record: &mut Record<'_>, path: &str, value: Json) -> Result<Json, Error> {
    let Err(error) = record.set_json(path, &value) else { return Ok(value) };
    let other = match &value {
        Json::String(text) => text.trim().parse::<i64>().ok().map(Json::from),
        Json::Number(number) => Some(Json::String(number.to_string())),
        _ => None,
    };
    match other {
        Some(other) if record.set_json(path, &other).is_ok() => Ok(other),
        _ => Err(error),
    }
}

fn amount(plan: &Plan, record: &Record<'_>) -> Option<i128> {
    match record.get(plan.amount.as_deref()?)? {
        Value::Number(amount) => Some(*amount),
        _ => None,
    }
}

fn lines(plan: &Plan, layout: &Layout, file: &File, each: &mut Each<'_>) -> Result<(), RefusedInput> {
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    let mut number = 0;
    for at in 1_u64.. {
        line.clear();
        let read = reader.by_ref().take(LINE_MAX_BYTES).read_line(&mut line);
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                // What follows has no known place.
                let _ = each(Err(format!("line {at} is not UTF-8")));
                break;
            }
            Err(error) => return Err(RefusedInput::Unreadable(error)),
        }
        if u64::try_from(line.len()).is_ok_and(|len| len >= LINE_MAX_BYTES) && !line.ends_with('\n') {
            let _ = each(Err(format!("line {at} has more than {LINE_MAX_BYTES} bytes")));
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        number += 1;
        if each(of_line(plan, layout, &line, number).map_err(|why| format!("line {at}: {why}"))).is_break() {
            break;
        }
    }
    Ok(())
}

/// The request of a line: its fields, or a telegram as `fep decode` writes it.
fn of_line(plan: &Plan, layout: &Layout, line: &str, number: u64) -> Result<Request, String> {
    let said = json::parse(line).map_err(|error| error.to_string())?;
    let Json::Object(mut said) = said else { return Err("it is no JSON object".to_owned()) };
    let is_named = said.len() == 2 && said.contains_key("telegram") && said.contains_key("fields");
    let fields = match said.get("telegram").and_then(Json::as_str) {
        Some(name) if is_named && name != plan.telegram => {
            return Err(format!("it is a `{name}`, and the batch has `{}`", plan.telegram));
        }
        Some(_) if is_named => match said.remove("fields") {
            Some(Json::Object(fields)) => fields,
            _ => return Err("`fields` is no JSON object".to_owned()),
        },
        _ => said,
    };
    let record = Record::from_json_value(layout, &Json::Object(fields.clone())).map_err(|error| error.to_string())?;
    record.each_fits().map_err(|error| error.to_string())?;
    let amount = amount(plan, &record);
    Ok(Request { number, source: fields.clone(), fields, amount })
}
