//! Imports COBOL copybooks.
//!
//! The stages follow each other: lines → tokens → entries → storage (levels, lengths, offsets) → spec.

mod line;
mod token;
mod replace;
mod directive;
mod source;
mod picture;
mod entry;
mod storage;
mod codes;
mod filler;
mod counters;
mod write;
mod table;
mod choice;
mod comment;

use std::fmt;

use self::write::Writer;
use super::{Doubt, Imported, Severity};
use crate::draft::Entry;

/// The most doubts of one copybook that are shown.
const DOUBTS_MAX: usize = 1000;

/// Finds a copybook by the name that COPY gives.
pub type Reader<'r> = &'r dyn Fn(&str) -> Option<Vec<u8>>;

/// What the copybook itself does not say.
#[derive(Clone, Debug)]
pub struct CopybookOptions {
    /// The charset of the data: `cp037`, `ibm933`, `euc-kr`, `ascii`, …
    pub charset: String,
    /// How many bytes a binary number has.
    pub binary_size: BinarySize,
}

/// How many bytes binary numbers have, by their digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BinarySize {
    /// 2, 4 or 8 bytes, as IBM's compilers have it.
    #[default]
    TwoFourEight,
    /// 1, 2, 4 or 8 bytes.
    OneTwoFourEight,
}

impl BinarySize {
    fn bytes(self, digits: usize) -> usize {
        match (self, digits) {
            (Self::OneTwoFourEight, 0..=2) => 1,
            (_, 0..=4) => 2,
            (_, 5..=9) => 4,
            (_, 10..=18) => 8,
            _ => 16,
        }
    }
}

/// Why a file cannot be imported at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopybookError {
    /// It is larger than this number of bytes, with what it copies.
    TooLarge(usize),
    /// It has more than this number of words, with what it copies and replaces.
    TooMany(usize),
    /// More than this number of replacements are in force at once.
    TooManyReplacements(usize),
    /// A replacement makes a word that is longer than this number of bytes.
    TooLongWord(usize),
    /// It is neither UTF-8 nor CP949.
    NoText,
    /// No entry was found. What was found instead.
    NoEntry(Vec<Doubt>),
    /// There is no charset with this label.
    Charset(String),
}

impl fmt::Display for CopybookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(max) => write!(f, "is larger than {max} bytes, with what it copies"),
            Self::TooMany(max) => write!(f, "has more than {max} words, with what it copies and replaces"),
            Self::TooManyReplacements(max) => write!(f, "has more than {max} replacements in force at once"),
            Self::TooLongWord(max) => write!(f, "makes a word of more than {max} bytes by REPLACE or REPLACING"),
            Self::NoText => f.write_str(
                "is neither text in UTF-8 nor in CP949: transfer a file of a host as text, so that it is converted",
            ),
            Self::NoEntry(doubts) => {
                f.write_str("has no data description entry, such as `05 AMOUNT PIC 9(9).`")?;
                doubts.iter().take(3).try_for_each(|doubt| write!(f, "; {}: {}", doubt.origin, doubt.message))
            }
            Self::Charset(label) => write!(f, "cannot be in the charset `{label}`: `fep text list` shows the charsets"),
        }
    }
}

impl std::error::Error for CopybookError {}

/// Imports a copybook. `name` is the name of its file.
///
/// # Errors
/// If the file is no text or has no entry.
pub fn import(
    name: &str,
    bytes: &[u8],
    options: &CopybookOptions,
    load: Reader<'_>,
) -> Result<Imported, CopybookError> {
    let charset = fep_codec::Charset::from_label(&options.charset)
        .map_err(|_| CopybookError::Charset(options.charset.clone()))?;
    let mut doubts = Vec::new();
    let tokens = source::read(bytes, load, &mut doubts)?;
    let entries = entry::entries(&tokens, &mut doubts);
    let records = storage::records(entries, options.binary_size, &mut doubts);
    if records.is_empty() {
        return Err(CopybookError::NoEntry(doubts));
    }
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let mut writer = Writer::new(charset.is_ebcdic(), head(name, stem, options));
    for record in &records {
        if record.entry.level == 77 {
            let message = "level 77 is no part of a record: it was left out".to_owned();
            writer.doubt(record, Severity::Note, "entry", message);
        } else {
            writer.record(record, stem);
        }
    }
    writer.draft.remarks =
        vec![format!("Imported from {name}. Lines with # above an item say what is doubtful there.")];
    doubts.extend(writer.doubts);
    doubts.sort_by_key(|doubt| doubt.origin.line);
    if let Some(last) = doubts.get(DOUBTS_MAX).and_then(|doubt| doubt.origin.line) {
        doubts.truncate(DOUBTS_MAX);
        let message = format!("there are more than {DOUBTS_MAX} doubts: those from here on are not shown");
        doubts.push(super::doubt("entry", last, message, "mend the first ones: others follow from them"));
    }
    comment::comment(&mut writer.draft, &doubts);
    let mut imported = Imported { draft: writer.draft, doubts, items: writer.items, map: None };
    super::check(&mut imported);
    Ok(imported)
}

/// Whether a file is a copybook, by its content: a line begins with a level, and there is a picture.
#[must_use]
pub fn is_copybook(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    let text = String::from_utf8_lossy(start).to_uppercase();
    let mut lines = text.lines().map(|line| {
        let mut words = line.split_whitespace();
        let is_level = |word: &str| word.len() <= 2 && word.parse::<u8>().is_ok_and(|level| (1..=49).contains(&level));
        // A sequence number may stand before the level.
        let has_level = words.by_ref().take(2).any(is_level);
        (has_level, words.any(|word| word == "PIC" || word == "PICTURE"))
    });
    !start.contains(&0) && lines.any(|(has_level, has_picture)| has_level && has_picture)
}

/// The keys of the spec file.
fn head(name: &str, stem: &str, options: &CopybookOptions) -> Vec<Entry> {
    let keys = [
        ("spec", super::spec_name(stem)),
        ("title", stem.to_owned()),
        ("version", "1".to_owned()),
        ("source", name.to_owned()),
        ("charset", options.charset.clone()),
    ];
    keys.into_iter().map(|(key, text)| Entry::new(key, text)).collect()
}
