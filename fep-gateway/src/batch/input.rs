//! The requests of a file, one after the other: the records of a record file, or JSON lines. A file with a mistake is refused as a whole, before
//! anything is sent. Where requests go is not decided here.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fep_codec::files::{FileError, FileReader, RawRecord};
use fep_codec::layout::Layout;
use fep_codec::record::Value;
use fep_codec::{Record, json};
use ring::digest::{Context, SHA256};
use serde_json::{Map, Value as Json};

use super::plan::Plan;
use super::plan_input::{Input, InputSource};
use crate::fitting::set;
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

/// The records of a name that are no requests.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub(super) record: String,
    /// How many there are.
    pub(super) count: u64,
    /// The fields of the first one.
    pub(super) fields: Map<String, Json>,
}

/// The records that are no requests, by name.
pub(super) type Others = Vec<Other>;

/// What a whole file has.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) requests: u64,
    /// The sum of their amounts.
    pub(super) amount: i128,
    /// How many records of each other name there are.
    pub(super) others: Vec<(String, u64)>,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub(super) digest: String,
}

/// The reason why a file is refused.
#[derive(Debug)]
pub enum RefusedInput {
    /// It cannot be read, or not be copied.
    Unreadable(PathBuf, io::Error),
    /// The copy cannot be read.
    Copy(io::Error),
    /// It has mistakes: the first ones, and whether there are more.
    Wrong {
        /// One line for each.
        mistakes: Vec<String>,
        /// Whether others were not read any more.
        has_more: bool,
    },
    /// The copy has a mistake that it did not have before.
    Spoiled(String),
    /// It has no requests.
    Empty,
    /// The spec does not describe a file that can be read.
    Impossible(FileError),
}

impl fmt::Display for RefusedInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => {
                write!(
                    f,
                    "{}: the file of requests cannot be read, or not be copied to the folder of temporary files: {error}",
                    path.display()
                )
            }
            Self::Copy(error) => write!(f, "the copy of the file of requests cannot be read: {error}"),
            Self::Wrong { mistakes, has_more } => {
                f.write_str("the file is refused as a whole, and nothing was sent:")?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
                if *has_more { f.write_str("\n  … and more") } else { Ok(()) }
            }
            Self::Spoiled(mistake) => write!(f, "the disk has damaged the copy of the file of requests: {mistake}"),
            Self::Empty => f.write_str("the file has no requests"),
            Self::Impossible(error) => write!(f, "the spec describes no file that can be read: {error}"),
        }
    }
}

impl std::error::Error for RefusedInput {}

/// A file of requests: a copy without a name, so that it is the same file to its end whatever others write into the one that was given.
#[derive(Debug)]
pub(super) struct InputFile {
    file: File,
    contents: Contents,
}

impl InputFile {
    /// Copies a file and reads it from its start to its end: each field, the order, totals, and that the values of each request fit its telegram.
    ///
    /// # Errors
    /// If anything is wrong with it.
    pub(super) fn check(plan: &Plan, path: &Path) -> Result<Self, RefusedInput> {
        let unreadable = |error| RefusedInput::Unreadable(path.to_owned(), error);
        let given = File::open(path).map_err(unreadable)?;
        let (file, digest) = copied(given).map_err(unreadable)?;
        let mut own = Self { file, contents: Contents { digest, ..Contents::default() } };
        let mut contents = own.contents.clone();
        let mut mistakes = Vec::new();
        let mut others = Others::default();
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
        own.read(plan, &mut each, &mut others)?;
        if !mistakes.is_empty() {
            let has_more = mistakes.len() > MISTAKES_MAX;
            mistakes.truncate(MISTAKES_MAX);
            return Err(RefusedInput::Wrong { mistakes, has_more });
        }
        if contents.requests == 0 {
            return Err(RefusedInput::Empty);
        }
        contents.others = others.into_iter().map(|other| (other.record, other.count)).collect();
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
    /// If it cannot be read.
    pub(super) fn walk(
        &mut self,
        plan: &Plan,
        mut each: impl FnMut(Request) -> ControlFlow<()>,
    ) -> Result<Others, RefusedInput> {
        let mut others = Others::new();
        let mut wrong = None;
        let mut checked = |read: Result<Request, String>| match read {
            Ok(request) => each(request),
            Err(mistake) => {
                wrong = Some(mistake);
                ControlFlow::Break(())
            }
        };
        self.read(plan, &mut checked, &mut others)?;
        match wrong {
            Some(mistake) => Err(RefusedInput::Spoiled(mistake)),
            None => Ok(others),
        }
    }

    fn read(&mut self, plan: &Plan, each: &mut Each<'_>, others: &mut Others) -> Result<(), RefusedInput> {
        self.file.rewind().map_err(RefusedInput::Copy)?;
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
                each(request.map_err(|why| format!("record {at}, as a request: {why}")))
            }
            Ok((Json::Object(fields), name, _)) => {
                match others.iter_mut().find(|other| other.record == name) {
                    Some(other) => other.count += 1,
                    None => others.push(Other { record: name, count: 1, fields }),
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
) -> Result<Request, String> {
    let mut record = Record::new(layout);
    let mut fields = Map::new();
    for (path, from) in &input.fields {
        let value = match from {
            InputSource::Constant(text) => Json::String(text.clone()),
            InputSource::Input(from) => json::get(&source, from).cloned().unwrap_or_default(),
        };
        // A value that is left out on one side is left out on the other.
        if !value.is_null() {
            let value = set(&mut record, path, value).map_err(|error| error.to_string())?;
            json::put(&mut fields, path, value);
        }
    }
    record.each_fits().map_err(|error| error.to_string())?;
    let amount = amount(plan, &record)?;
    Ok(Request { number, fields, source, amount })
}

fn amount(plan: &Plan, record: &Record<'_>) -> Result<Option<i128>, String> {
    let Some(path) = &plan.amount else { return Ok(None) };
    match record.get(path) {
        Some(Value::Number(amount)) => Ok(Some(*amount)),
        _ => Err(format!("it has no `{path}`, of which the plan makes sums")),
    }
}

/// A copy of a file without a name, and its SHA-256 in hexadecimal digits.
fn copied(mut given: File) -> io::Result<(File, String)> {
    let mut copy = tempfile::tempfile()?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match given.read(&mut buffer)? {
            0 => return Ok((copy, hex(digest.finish().as_ref()))),
            count => {
                let piece = buffer.get(..count).unwrap_or_default();
                digest.update(piece);
                copy.write_all(piece)?;
            }
        }
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
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                // What follows has no known place.
                let _ = each(Err(format!("line {at} is not UTF-8, or has more than {LINE_MAX_BYTES} bytes")));
                break;
            }
            Ok(len) if u64::try_from(len).is_ok_and(|len| len >= LINE_MAX_BYTES) && !line.ends_with('\n') => {
                let _ = each(Err(format!("line {at} has more than {LINE_MAX_BYTES} bytes")));
                break;
            }
            Ok(_) => {}
            Err(error) => return Err(RefusedInput::Copy(error)),
        }
        if at == 1 && line.starts_with('\u{feff}') {
            line.remove(0);
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
    let said = json::parse(line).map_err(|error| error.message())?;
    let Json::Object(mut said) = said else { return Err("it is no JSON object".to_owned()) };
    let is_named = said.len() == 2 && said.contains_key("telegram") && said.contains_key("fields");
    let fields = match said.get("telegram").and_then(Json::as_str) {
        Some(name) if is_named && name != plan.telegram => {
            return Err(format!("it is a `{name}`, and the batch has `{}`", plan.telegram));
        }
        None if is_named => return Err("`telegram` is no text".to_owned()),
        Some(_) if is_named => match said.remove("fields") {
            Some(Json::Object(fields)) => fields,
            _ => return Err("`fields` is no JSON object".to_owned()),
        },
        _ => said,
    };
    let record = Record::from_json_value(layout, &Json::Object(fields.clone())).map_err(|error| error.to_string())?;
    record.each_fits().map_err(|error| error.to_string())?;
    let amount = amount(plan, &record)?;
    Ok(Request { number, source: fields.clone(), fields, amount })
}
