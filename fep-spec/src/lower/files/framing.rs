//! What stands around the records of a file: line ends, length words, blocks.

use fep_codec::files::{BlockWord, Blocks, LastLineEnd, LengthWord, LineEnd};
use fep_codec::layout::{Encoding, LengthScope};
use fep_core::words::Word as _;

use super::RECORDS_MAX;
use crate::document::{Table, Value};
use crate::report::{Code, Fix};

/// What stands around the records of a file.
pub(super) struct Framing {
    pub(super) line_ends: Vec<LineEnd>,
    pub(super) last_line_end: LastLineEnd,
    pub(super) record_word: Option<LengthWord>,
    pub(super) block_word: Option<BlockWord>,
    pub(super) blocks: Option<Blocks>,
    /// Whether all of it could be read.
    pub(super) complete: bool,
}

impl Framing {
    pub(super) fn read(table: &Table<'_>) -> Self {
        let given = table.get("line_end").map(line_ends);
        let last_line_end = table.choice("last_line_end", &LAST_LINE_ENDS);
        let line_ends = given.unwrap_or_else(|| vec![LineEnd::None]);
        if let Some(last) = &last_line_end
            && line_ends.iter().all(|end| *end == LineEnd::None)
        {
            let hint = "leave out `last_line_end`, or write `line_end`";
            table.document().error_hint(
                Code::ConflictingKeys,
                last.span.clone(),
                "no record of this file has a line end",
                hint,
            );
        }
        let record_word = table.get("record_word").map(record_word);
        let block_word = table.get("block_word").map(block_word);
        let blocks = table.table("blocks").map(blocks);
        let complete = record_word != Some(None) && block_word != Some(None) && blocks != Some(None);
        Self {
            line_ends,
            last_line_end: last_line_end.map_or(LastLineEnd::Required, |last| last.value),
            record_word: record_word.flatten(),
            block_word: block_word.flatten(),
            blocks: blocks.flatten(),
            complete,
        }
    }
}

/// The words of `line_end`.
pub(crate) const LINE_ENDS: [(&str, LineEnd); 8] = [
    ("none", LineEnd::None),
    ("cr", LineEnd::Cr),
    ("lf", LineEnd::Lf),
    ("crlf", LineEnd::CrLf),
    ("nl", LineEnd::Nl),
    ("ebcdic-lf", LineEnd::EbcdicLf),
    ("ebcdic-crlf", LineEnd::EbcdicCrLf),
    ("crnl", LineEnd::CrNl),
];

/// The words of `last_line_end`.
pub(crate) const LAST_LINE_ENDS: [(&str, LastLineEnd); 3] =
    [("required", LastLineEnd::Required), ("optional", LastLineEnd::Optional), ("none", LastLineEnd::None)];

/// `"crlf"`, or `["crlf", "lf"]`.
fn line_ends(value: Value<'_>) -> Vec<LineEnd> {
    if !value.is_array() {
        return value.choice(&LINE_ENDS).map_or_else(|| vec![LineEnd::None], |word| vec![word.value]);
    }
    let values = value.array().unwrap_or_default();
    let document = value.document();
    if values.is_empty() {
        document.error_hint(Code::Empty, value.span(), "no line end", "leave out `line_end`, or write \"none\"");
    }
    let mut all = Vec::new();
    for word in values.into_iter().filter_map(|value| value.choice(&LINE_ENDS)) {
        if all.contains(&word.value) {
            let message = "this line end stands twice";
            document.error_fix(Code::Duplicate, word.span, message, "leave one out", Fix::TakeOutCopy);
        } else {
            all.push(word.value);
        }
    }
    all
}

/// `"rdw"`, or `{ len = 4, encoding = "ascii", counts = "rest" }`.
fn record_word(value: Value<'_>) -> Option<LengthWord> {
    if value.is_string() {
        return value.choice(&[("rdw", LengthWord::RDW)]).map(|word| word.value);
    }
    let table = value.table()?;
    let word = length_word(&table);
    table.finish();
    word
}

/// `"bdw"`, or `{ len = 4, encoding = "ascii", counts = "rest", max = 4096 }`.
fn block_word(value: Value<'_>) -> Option<BlockWord> {
    if value.is_string() {
        return value.choice(&[("bdw", BlockWord::BDW)]).map(|word| word.value);
    }
    let table = value.table()?;
    let word = length_word(&table);
    let max = table.required("max").and_then(|max| max.integer(2..=BLOCK_MAX_BYTES));
    table.finish();
    Some(BlockWord { word: word?, max_bytes: max?.value })
}

/// The keys of a word that states a length.
fn length_word(table: &Table<'_>) -> Option<LengthWord> {
    let document = table.document();
    let len = table.required("len").and_then(|len| len.integer(1..=WORD_LEN_MAX));
    let has_encoding = table.has("encoding");
    let encoding = table.choice("encoding", Encoding::WORDS);
    let counts = table.required("counts").and_then(|counts| counts.choice(LengthScope::WORDS));
    let zeros = table.integer("zeros", 0..=WORD_LEN_MAX).map_or(0, |zeros| zeros.value);
    let zeros_before = table.integer("zeros_before", 0..=WORD_LEN_MAX).map_or(0, |zeros| zeros.value);
    let encoding = match encoding {
        None if has_encoding => return None,
        None => Encoding::Ascii,
        Some(encoding) => encoding.value,
    };
    let len = len?;
    let binary = matches!(encoding, Encoding::Binary | Encoding::BinaryLittle);
    if binary && len.value > BINARY_LEN_MAX {
        let message = format!("a binary number has {BINARY_LEN_MAX} bytes at most");
        document.error_hint(Code::BadValue, len.span, message, "the bytes 00 around it are `zeros` and `zeros_before`");
        return None;
    }
    Some(LengthWord { len: len.value, encoding, counts: counts?.value, zeros_before, zeros })
}

/// `{ records = 10, fill = "9" }`
fn blocks(table: Table<'_>) -> Option<Blocks> {
    let records = table.required("records").and_then(|records| records.integer(2..=RECORDS_MAX));
    let fill = table.required_string("fill");
    let document = table.document();
    table.finish();
    let records = records?;
    let fill = fill?;
    match *fill.value.as_bytes() {
        [fill @ b' '..=b'~'] => Some(Blocks { records: records.value, fill }),
        _ => {
            let message = format!("`fill` cannot be \"{}\"", fill.value);
            document.error_hint(
                Code::BadValue,
                fill.span,
                message,
                "write one ASCII character; the filling records consist of it",
            );
            None
        }
    }
}

/// The maximum length of a length word, and of the bytes `00` on each side of it.
pub(crate) const WORD_LEN_MAX: usize = 18;

/// The maximum length of a binary number in a length word.
const BINARY_LEN_MAX: usize = 8;

/// The maximum length of a block in bytes.
pub(crate) const BLOCK_MAX_BYTES: usize = 1 << 24;
