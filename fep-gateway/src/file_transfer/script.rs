//! The telegrams of a plan: makes each of them, and reads what comes from the other side. It knows no order of telegrams and no files.

use std::fmt;
use std::sync::Arc;

use fep_codec::layout::{Item, Layout};
use fep_codec::{Record, Value};
use fep_protocol::file_transfer::{Asked, Blocks, Told, Verdict};
use fep_spec::framing::Framing;
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;

use super::plan::{Plan, Telegram};
use super::template::{Moment, Template};
use crate::fitting::{leave_blank, set, set_count};

/// What the names of the ledgers of senders end with.
pub(super) const LEDGER_END: &str = ".sent.jsonl";

/// The longest name of a file, in bytes.
const NAME_MAX_BYTES: usize = 100;

/// The telegrams of a plan.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) plan: Arc<Plan>,
}

/// A telegram that cannot be made, or one that is none of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError(String);

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScriptError {}

/// A telegram that a receiver takes.
#[derive(Debug)]
pub(super) enum Request<'l> {
    /// `false`: it does not show what `expect` wants.
    Start(bool),
    Offer {
        name: String,
        size: u64,
        /// The bytes of a piece, if the telegram says them.
        piece_bytes: Option<u64>,
    },
    Data {
        block: u64,
        sequence: u32,
        record: Record<'l>,
    },
    Check {
        block: u64,
        last: u32,
    },
    EndOfFile,
    End,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Told(Told),
    Missing(Vec<u32>),
}

impl Script {
    /// The script of a sender. Each telegram is tried out, so that no field is found wrong in the middle of a transfer.
    ///
    /// # Errors
    /// If a telegram cannot be made.
    pub(super) fn of_sender(plan: &Arc<Plan>, moment: Moment<'_>) -> Result<Self, ScriptError> {
        let script = Self { plan: Arc::clone(plan) };
        let in_table = |table: &'static str| {
            move |ScriptError(why)| {
                ScriptError(format!("[{table}] {why}; `set` there or at the top of the plan gives values"))
            }
        };
        for (table, asked) in [
            ("start", Asked::Start),
            ("offer", Asked::Offer),
            ("check", Asked::Check { block: 1, last: 1 }),
            ("end_of_file", Asked::EndOfFile),
            ("end", Asked::End),
        ] {
            script.ask(asked, 0, moment).map_err(in_table(table))?;
        }
        script.data((1, 1), false, b"", moment).map_err(in_table("data"))?;
        script.data((1, 1), true, b"", moment).map_err(in_table("data"))?;
        let largest = vec![0xFF; usize::try_from(plan.data.bytes.get()).unwrap_or(usize::MAX)];
        let of_bytes = |ScriptError(why)| ScriptError(format!("[data] `bytes`: {why}"));
        script.data((1, 1), false, &largest, moment).map_err(of_bytes)?;
        Ok(script)
    }

    /// The script of a receiver.
    ///
    /// # Errors
    /// If the answer to a check has no room for the marks of a block.
    pub(super) fn of_receiver(plan: &Arc<Plan>) -> Result<Self, ScriptError> {
        let script = Self { plan: Arc::clone(plan) };
        let pieces = plan.data.pieces.get();
        let layout = script.answer_layout(&plan.check.telegram)?;
        let mut record = Record::new(layout);
        let no_room =
            |path: &str| ScriptError(format!("[check] `{path}` has no room for the {pieces} `pieces` of [data]"));
        set(&mut record, &plan.check.missing, Json::from(script.marks(pieces, &[])))
            .map_err(|_| no_room(&plan.check.missing))?;
        if let Some(count) = &plan.check.count {
            set_count(&mut record, count, pieces.into()).map_err(|_| no_room(count))?;
        }
        record.each_fits().map_err(|error| ScriptError(format!("[check] with {pieces} `pieces`: {error}")))?;
        Ok(script)
    }

    /// Whether all numbers of a file fit into their fields.
    ///
    /// # Errors
    /// If one does not.
    pub(super) fn fits(&self, blocks: Blocks, moment: Moment<'_>) -> Result<(), ScriptError> {
        self.ask(Asked::Offer, blocks.size(), moment)?;
        let last = blocks.count();
        for block in [1, last] {
            let Some(sequence) = blocks.last_piece(block) else { continue };
            self.data((block, sequence), false, b"", moment)?;
            self.data((block, sequence), true, b"", moment)?;
            self.ask(Asked::Check { block, last: sequence }, blocks.size(), moment)?;
        }
        Ok(())
    }

    /// A request of a sender, as a frame. `size` is that of the file.
    pub(super) fn ask(&self, asked: Asked, size: u64, moment: Moment<'_>) -> Result<Vec<u8>, ScriptError> {
        let plan = &*self.plan;
        let telegram = self.telegram(asked);
        let layout = self.layout(&telegram.name)?;
        let number = |path: &str| match asked {
            Asked::Offer if path == plan.offer.size => Some(size),
            Asked::Offer if Some(path) == plan.offer.piece_bytes.as_deref() => Some(u64::from(plan.data.bytes.get())),
            Asked::Check { block, .. } if path == plan.check.block => Some(block),
            Asked::Check { last, .. } if path == plan.check.last => Some(u64::from(last)),
            _ => None,
        };
        let record = self.made(layout, telegram, moment, |record, path| {
            if asked == Asked::Offer && path == plan.offer.name {
                return Some(set(record, path, Json::from(moment.file)).map(drop));
            }
            number(path).map(|number| set_count(record, path, number))
        })?;
        self.frame(&record)
    }

    /// A piece, as a frame.
    pub(super) fn data(
        &self,
        (block, sequence): (u64, u32),
        again: bool,
        bytes: &[u8],
        moment: Moment<'_>,
    ) -> Result<Vec<u8>, ScriptError> {
        let data = &self.plan.data;
        let telegram = if again { &data.again } else { &data.telegram };
        let layout = self.layout(&telegram.name)?;
        let record = self.made(layout, telegram, moment, |record, path| {
            if path == data.data {
                return Some(record.set(path, Value::Bytes(bytes.to_vec())));
            }
            let numbers = [(&data.block, block), (&data.sequence, u64::from(sequence))];
            let (_, number) = numbers.into_iter().find(|(known, _)| path == **known)?;
            Some(set_count(record, path, number))
        })?;
        self.frame(&record)
    }

    /// Reads the answer to a request.
    ///
    /// # Errors
    /// If it is another telegram, or does not answer this request.
    pub(super) fn read_answer(&self, asked: Asked, telegram: &[u8]) -> Result<Answer, ScriptError> {
        let plan = &*self.plan;
        let own = self.telegram(asked);
        let layout = self.answer_layout(own)?;
        let record = self.read(telegram)?;
        if record.layout().name != layout.name {
            return Err(ScriptError(format!("{} came, but {} is the answer", record.layout().name, layout.name)));
        }
        if let Some((path, _)) = own.when.iter().find(|(path, value)| !is_value(&record, path, value)) {
            return Err(ScriptError(format!("{} came with another `{path}` than its request has", layout.name)));
        }
        let answers = &plan.answers;
        let is = |code: &String| is_value(&record, &answers.code, code);
        let told = if is(&answers.ok) {
            Told::Ok
        } else if is(&answers.there) {
            Told::There
        } else {
            // What the other side sends is shown to a person.
            let code = text(&record, &answers.code).escape_debug().to_string();
            let means_no = [&answers.other, &answers.incomplete, &answers.refused].into_iter().any(is);
            if means_no { Told::Refused(code) } else { Told::Unclear(code) }
        };
        let Asked::Check { block, last } = asked else { return Ok(Answer::Told(told)) };
        if told != Told::Ok {
            return Ok(Answer::Told(told));
        }
        for (path, asked) in [(&plan.check.block, block), (&plan.check.last, u64::from(last))] {
            let came = number(&record, path)?;
            if came != asked {
                return Err(ScriptError(format!(
                    "{} came with {came} in `{path}`, but {asked} was asked",
                    layout.name
                )));
            }
        }
        self.missing(&record, last).map(Answer::Missing)
    }

    /// The pieces whose marks say that they are missing.
    fn missing(&self, record: &Record<'_>, last: u32) -> Result<Vec<u32>, ScriptError> {
        let check = &self.plan.check;
        let marks = text(record, &check.missing);
        let mut missing = Vec::new();
        let mut marks = marks.chars();
        for piece in 1..=last {
            match marks.next() {
                Some(mark) if mark == check.gone => missing.push(piece),
                Some(mark) if mark == check.here => {}
                other => {
                    let found = other.map_or_else(|| "nothing".to_owned(), |mark| format!("{mark:?}"));
                    return Err(ScriptError(format!(
                        "`{}` has {found} for piece {piece}, and no mark: {:?} or {:?}",
                        check.missing, check.here, check.gone
                    )));
                }
            }
        }
        if let Some(path) = &check.count {
            let count = number(record, path)?;
            if u64::try_from(missing.len()).ok() != Some(count) {
                return Err(ScriptError(format!(
                    "`{path}` says that {count} pieces are missing, and `{}` marks {}",
                    check.missing,
                    missing.len()
                )));
            }
        }
        Ok(missing)
    }

    /// Reads a telegram of a sender.
    ///
    /// # Errors
    /// If it is none of the protocol.
    pub(super) fn read_request(&self, telegram: &[u8], moment: Moment<'_>) -> Result<Request<'_>, ScriptError> {
        let plan = &*self.plan;
        let record = self.read(telegram)?;
        let is = |telegram: &Telegram| {
            record.layout().name == telegram.name
                && telegram.when.iter().all(|(path, value)| is_value(&record, path, value))
        };
        if is(&plan.data.telegram) || is(&plan.data.again) {
            let block = number(&record, &plan.data.block)?;
            let sequence = small(&record, &plan.data.sequence)?;
            return Ok(Request::Data { block, sequence, record });
        }
        if is(&plan.start) {
            let mut is_expected = true;
            for (path, template) in &plan.expect {
                let wanted = template.text(moment).map_err(ScriptError)?;
                // Digests are compared, so that the time tells nothing of a password.
                let [wanted, came] = [wanted, text(&record, path)].map(|text| digest(&SHA256, text.as_bytes()));
                is_expected &= wanted.as_ref() == came.as_ref();
            }
            return Ok(Request::Start(is_expected));
        }
        if is(&plan.offer.telegram) {
            let piece_bytes = plan.offer.piece_bytes.as_deref().map(|path| number(&record, path)).transpose()?;
            let name = text(&record, &plan.offer.name);
            return Ok(Request::Offer { name, size: number(&record, &plan.offer.size)?, piece_bytes });
        }
        if is(&plan.check.telegram) {
            let last = small(&record, &plan.check.last)?;
            return Ok(Request::Check { block: number(&record, &plan.check.block)?, last });
        }
        if is(&plan.end_of_file) {
            return Ok(Request::EndOfFile);
        }
        if is(&plan.end) {
            return Ok(Request::End);
        }
        Err(ScriptError(format!("{} came, which is no telegram of the plan as it is", record.layout().name)))
    }

    /// The bytes of a piece that came.
    pub(super) fn piece<'r>(&self, record: &'r Record<'_>) -> &'r [u8] {
        match record.get(&self.plan.data.data) {
            Some(Value::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }

    /// The answer to a telegram that came, as a frame. What the answer has of the telegram is the same, but for secrets.
    pub(super) fn answer(
        &self,
        request: &[u8],
        verdict: Verdict,
        missing: Option<(u64, u32, &[u32])>,
        moment: Moment<'_>,
    ) -> Result<Vec<u8>, ScriptError> {
        let plan = &*self.plan;
        let asked = self.read(request)?;
        let answers = &plan.answers;
        let code = match verdict {
            Verdict::Ok => &answers.ok,
            Verdict::There => &answers.there,
            Verdict::Other => &answers.other,
            Verdict::Incomplete => &answers.incomplete,
            Verdict::Refused => &answers.refused,
        };
        let own = Telegram { name: asked.layout().name.to_string(), when: Vec::new(), set: Vec::new() };
        let layout = self.answer_layout(&own)?;
        let record = self.made(layout, &own, moment, |record, path| {
            if path == answers.code {
                return Some(set(record, path, Json::from(code.as_str())).map(drop));
            }
            if let Some((block, last, missing)) = missing {
                let check = &plan.check;
                let count = u64::try_from(missing.len()).unwrap_or(u64::MAX);
                let numbers =
                    [(Some(&check.block), block), (Some(&check.last), last.into()), (check.count.as_ref(), count)];
                if let Some((_, number)) =
                    numbers.into_iter().find(|(known, _)| known.is_some_and(|known| known == path))
                {
                    return Some(set_count(record, path, number));
                }
                if path == check.missing {
                    return Some(set(record, path, Json::from(self.marks(last, missing))).map(drop));
                }
            }
            // Whoever asks knows its own secrets, and is told none of ours.
            if matches!(layout.item_by_path(path), Some(item) if item.has_secret()) || self.is_secret(path) {
                return Some(leave_blank(record, path));
            }
            let same = asked.get(path).filter(|value| **value != Value::Absent)?;
            Some(record.set(path, same.clone()))
        })?;
        self.frame(&record)
    }

    /// Whether the plan has a secret for this field.
    fn is_secret(&self, path: &str) -> bool {
        let plan = &*self.plan;
        let all = plan.set.iter().chain(&plan.start.set).chain(&plan.expect);
        all.into_iter().any(|(known, template)| known == path && matches!(template, Template::Secret(_)))
    }

    /// The telegram in a frame.
    pub(super) fn telegram_of<'f>(&self, frame: &'f [u8]) -> &'f [u8] {
        self.plan.framing.telegram(frame)
    }

    /// How frames are found.
    pub(super) fn framing(&self) -> &Framing {
        &self.plan.framing
    }

    /// A mark for each piece up to the last one.
    fn marks(&self, last: u32, missing: &[u32]) -> String {
        let check = &self.plan.check;
        (1..=last).map(|piece| if missing.binary_search(&piece).is_ok() { check.gone } else { check.here }).collect()
    }

    fn telegram(&self, asked: Asked) -> &Telegram {
        let plan = &*self.plan;
        match asked {
            Asked::Start => &plan.start,
            Asked::Offer => &plan.offer.telegram,
            Asked::Check { .. } => &plan.check.telegram,
            Asked::EndOfFile => &plan.end_of_file,
            Asked::End => &plan.end,
        }
    }

    fn layout(&self, name: &str) -> Result<&Layout, ScriptError> {
        let found = self.plan.spec.telegram(name).map(|telegram| &telegram.layout);
        found.ok_or_else(|| ScriptError(format!("the spec has no telegram {name}")))
    }

    fn answer_layout(&self, telegram: &Telegram) -> Result<&Layout, ScriptError> {
        let answer = self.plan.spec.telegram(&telegram.name).and_then(|telegram| telegram.answer.as_deref());
        self.layout(answer.unwrap_or_default())
    }

    fn read(&self, telegram: &[u8]) -> Result<Record<'_>, ScriptError> {
        let chosen = self.plan.spec.choose(telegram).map_err(|error| ScriptError(error.to_string()))?;
        let layout = &chosen.layout;
        Record::decode(layout, telegram).map_err(|error| ScriptError(format!("{}: {error}", layout.name)))
    }

    /// A telegram. `fill` sets fields whose values the protocol gives; the others have those of the plan, or are blank.
    fn made<'l>(
        &self,
        layout: &'l Layout,
        telegram: &Telegram,
        moment: Moment<'_>,
        fill: impl Fn(&mut Record<'l>, &str) -> Option<Result<(), fep_codec::Error>>,
    ) -> Result<Record<'l>, ScriptError> {
        let failed = |error: &dyn fmt::Display| ScriptError(format!("{}: {error}", layout.name));
        let mut record = Record::new(layout);
        record.identify().map_err(|error| failed(&error))?;
        let common = |path: &str| self.plan.set.iter().find(|(known, _)| known == path);
        for path in layout.paths() {
            match layout.item_by_path(&path) {
                Some(Item::Field(field)) if field.is_given() => {}
                Some(Item::Tail(_)) => {}
                _ => continue,
            }
            if record.get(&path) != Some(&Value::Absent) {
                continue;
            }
            if let Some((_, value)) = telegram.when.iter().find(|(known, _)| *known == path) {
                set(&mut record, &path, Json::from(value.as_str())).map_err(|error| failed(&error))?;
                continue;
            }
            if let Some(filled) = fill(&mut record, &path) {
                filled.map_err(|error| failed(&error))?;
                continue;
            }
            let own = telegram.set.iter().find(|(known, _)| *known == path).or_else(|| common(&path));
            match own {
                Some((_, template)) => {
                    let text = template.text(moment).map_err(|error| failed(&error))?;
                    put(&mut record, &path, template, &text).map_err(|error| failed(&error))?;
                }
                None => leave_blank(&mut record, &path).map_err(|error| failed(&error))?,
            }
        }
        Ok(record)
    }

    fn frame(&self, record: &Record<'_>) -> Result<Vec<u8>, ScriptError> {
        let name = &record.layout().name;
        let telegram = record.encode().map_err(|error| ScriptError(format!("{name}: {error}")))?;
        self.plan.framing.frame(telegram).map_err(|error| ScriptError(format!("{name}: {error}")))
    }
}

/// Puts a value of the plan. What a secret is does not stand in an error.
fn put(record: &mut Record<'_>, path: &str, template: &Template, text: &str) -> Result<(), String> {
    match (set(record, path, Json::from(text)), template) {
        (Ok(_), _) => Ok(()),
        (Err(_), Template::Secret(file)) => Err(format!("`{path}` does not take what {} has", file.display())),
        (Err(error), Template::Text(_)) => Err(error.to_string()),
    }
}

/// Whether a name of the other side may be the name of a file here.
pub(super) fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_ours = name.starts_with('.') || name.ends_with(LEDGER_END);
    (1..=NAME_MAX_BYTES).contains(&name.len()) && !is_ours && name.bytes().all(is_plain)
}

/// Whether a field has this value, as a plan writes it. A field that the layout does not have is not compared.
fn is_value(record: &Record<'_>, path: &str, value: &str) -> bool {
    let layout = record.layout();
    if layout.item_by_path(path).is_none() {
        return true;
    }
    let mut wanted = Record::new(layout);
    set(&mut wanted, path, Json::from(value)).is_ok() && wanted.get(path) == record.get(path)
}

/// A number of a field of numbers or digits.
fn number(record: &Record<'_>, path: &str) -> Result<u64, ScriptError> {
    let found = match record.get(path) {
        Some(Value::Number(number)) => u64::try_from(*number).ok(),
        Some(Value::Text(text)) => text.trim().parse().ok(),
        _ => None,
    };
    found.ok_or_else(|| ScriptError(format!("{}: `{path}` is no number", record.layout().name)))
}

fn small(record: &Record<'_>, path: &str) -> Result<u32, ScriptError> {
    let number = number(record, path)?;
    u32::try_from(number).map_err(|_| ScriptError(format!("{}: `{path}` is too large", record.layout().name)))
}

/// The text of a field, or nothing.
fn text(record: &Record<'_>, path: &str) -> String {
    record.field(path).map(|(field, value)| value.to_text(field)).unwrap_or_default()
}
