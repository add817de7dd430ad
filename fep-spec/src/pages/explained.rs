//! [`Explained`]: the bytes of a sample, item by item, with what they mean. Secrets are masked.
//!
//! A sample is a telegram, several telegrams behind each other, or a record file. Nothing here reads files: the caller has their bytes.

use std::fmt::Write as _;

use fep_codec::dump::{Line, lines};
use fep_codec::files::{FileReader, Lenient};
use fep_codec::layout::Item;
use fep_codec::{Charset, Layout, Record};

use super::bytes::hex;
use super::kinds::item_class;
use crate::glued::own_len;
use crate::model::{FileSpec, Spec, TelegramSpec};

/// The maximum number of samples of one telegram that a page shows.
pub const SAMPLES_MAX: usize = 3;

/// The maximum length of a sample in bytes.
pub const SAMPLE_MAX_BYTES: usize = 1 << 20;

/// One telegram of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The name of the telegram.
    pub telegram: String,
    /// The name of the sample's file, or `None` if the sample was made from the spec.
    pub file: Option<String>,
    /// Its number in the file, if the file has several.
    pub number: Option<usize>,
    /// The length in bytes.
    pub len: usize,
    /// Its items.
    pub items: Vec<ExplainedItem>,
}

/// One item of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedItem {
    /// The offset from 0.
    pub offset: usize,
    /// The length in bytes.
    pub len: usize,
    /// The path, with the numbers of entries. Empty for fillers and literals without a name.
    pub path: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The word of the kind, or `computed`.
    pub class: &'static str,
    /// The bytes as hex digits. Many equal bytes are counted: `20 × 89`.
    pub hex: String,
    /// The bytes as characters: `·` is a space, `▪` a byte that is no text, `*` a byte of a secret.
    pub characters: String,
    /// The value, or why there is none.
    pub value: Result<String, String>,
}

/// Explains the telegrams or records of a sample. Of each telegram and record at most [`SAMPLES_MAX`] are returned.
///
/// # Errors
/// In one line, if the bytes are no telegram and no record file of the spec.
pub fn explain(spec: &Spec, file: &str, bytes: &[u8]) -> Result<Vec<Explained>, String> {
    if bytes.is_empty() {
        return Err("the sample is empty".to_owned());
    }
    if bytes.len() > SAMPLE_MAX_BYTES {
        return Err(format!("the sample has {} bytes, at most {SAMPLE_MAX_BYTES} are explained", bytes.len()));
    }
    let of_file = spec.files.iter().find_map(|plan| records(spec, plan, bytes));
    let found = match of_file {
        Some(found) => found,
        None => telegrams(spec, bytes)?,
    };
    let several = found.len() > 1;
    let mut shown: Vec<Explained> = Vec::new();
    for (number, (telegram, bytes)) in found.into_iter().enumerate() {
        if shown.iter().filter(|one| one.telegram == telegram.name()).count() < SAMPLES_MAX {
            let number = several.then_some(number + 1);
            shown.push(Explained { number, ..explained(telegram, Some(file.to_owned()), bytes) });
        }
    }
    Ok(shown)
}

/// Explains a telegram that was made from the spec.
#[must_use]
pub fn made(telegram: &TelegramSpec, bytes: &[u8]) -> Explained {
    explained(telegram, None, bytes)
}

/// The records of a file, if the bytes are one.
fn records<'s, 'b>(spec: &'s Spec, file: &FileSpec, bytes: &'b [u8]) -> Option<Vec<(&'s TelegramSpec, &'b [u8])>> {
    let plan = spec.file_layout(file);
    [file.lenient, Lenient::ALL].into_iter().find_map(|lenient| {
        let mut reader = FileReader::new(&plan, bytes).ok()?.lenient(lenient);
        let mut found = Vec::new();
        while let Some(record) = reader.next() {
            let record = record.ok()?;
            record.decode().ok()?;
            let start = usize::try_from(record.offset).ok()?;
            // A stripped record is completed by the reader, and shown as it is in the file.
            let end = start.saturating_add(record.bytes.len()).min(bytes.len());
            found.push((spec.telegram(&record.layout.name)?, bytes.get(start..end)?));
        }
        (!found.is_empty()).then_some(found)
    })
}

/// The telegrams that follow each other.
fn telegrams<'s, 'b>(spec: &'s Spec, bytes: &'b [u8]) -> Result<Vec<(&'s TelegramSpec, &'b [u8])>, String> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let telegram = spec.choose(rest).map_err(|error| error.to_string())?;
        let (own, behind) = rest.split_at(own_len(telegram, rest, Lenient::STRICT));
        Record::decode(&telegram.layout, own).map_err(|error| format!("{}: {error}", telegram.name()))?;
        found.push((telegram, own));
        rest = behind;
    }
    Ok(found)
}

fn explained(telegram: &TelegramSpec, file: Option<String>, bytes: &[u8]) -> Explained {
    let layout = &telegram.layout;
    let items = lines(layout, bytes, false).into_iter().map(|line| item(layout, line)).collect();
    Explained { telegram: telegram.name().to_owned(), file, number: None, len: bytes.len(), items }
}

fn item(layout: &Layout, line: Line) -> ExplainedItem {
    let Line { offset, bytes, len, path, label, value } = line;
    let known = if path.is_empty() { None } else { layout.item_by_path(&path) };
    let class = known.map_or("filler", item_class);
    let charset = known.map_or(layout.charset, |item| charset_of(item, layout.charset));
    ExplainedItem {
        offset,
        len,
        path,
        label,
        class,
        hex: bytes.as_deref().map_or_else(|| counted("**", len), shown_hex),
        characters: bytes.as_deref().map_or_else(|| "*".repeat(len), |bytes| characters(charset, bytes)),
        value,
    }
}

fn charset_of(item: &Item, usual: Charset) -> Charset {
    use fep_codec::layout::Kind;
    match item {
        Item::Field(field) | Item::Tail(field) => match &field.kind {
            Kind::Text(rule) => rule.charset,
            Kind::Code(rule) => rule.charset,
            _ => usual,
        },
        _ => usual,
    }
}

/// The number of hex pairs up to which bytes are shown one by one, if all of them are equal.
const EQUAL_MAX: usize = 12;

fn shown_hex(bytes: &[u8]) -> String {
    match bytes {
        [first, rest @ ..] if bytes.len() > EQUAL_MAX && rest.iter().all(|byte| byte == first) => {
            counted(&format!("{first:02X}"), bytes.len())
        }
        bytes => hex(bytes),
    }
}

fn counted(pair: &str, len: usize) -> String {
    if len > EQUAL_MAX { format!("{pair} × {len}") } else { vec![pair; len].join(" ") }
}

/// The bytes as text, or byte by byte if they are none.
fn characters(charset: Charset, bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    match charset.decode(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            for character in text.chars() {
                out.push(if character == ' ' { '·' } else { character });
            }
        }
        _ => {
            for byte in bytes {
                match charset.decode(std::slice::from_ref(byte)) {
                    Ok(text) if text.chars().all(|one| !one.is_control() && one != ' ') => {
                        // Writing to a String cannot fail.
                        let _ = write!(out, "{text}");
                    }
                    Ok(text) if text == " " => out.push('·'),
                    _ => out.push('▪'),
                }
            }
        }
    }
    out
}
