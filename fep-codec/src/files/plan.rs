//! Whether a plan is possible: each record has an end, and the records that can stand at one place can be told apart.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::ending::{Ending, Known, binary_rest};
use super::fault::FileError;
use super::line_end::LineEnd;
use super::words::LengthWord;
use super::{FileLayout, RECORD_MAX_BYTES, Stands, Step};
use crate::layout::Layout;

/// The records of a file, after the plan was checked.
///
/// # Errors
/// If no file can satisfy the plan, or if its records cannot be told apart.
pub(super) fn records(file: &FileLayout) -> Result<Vec<Known<'_>>, FileError> {
    let records: Vec<Known<'_>> = file.layouts().into_iter().map(Known::new).collect();
    let problem = words(file)
        .or_else(|| records.iter().find_map(|record| ending(file, record)))
        .or_else(|| last(&file.steps, true))
        .or_else(|| blocks(file, &records))
        .or_else(|| file.alternatives().into_iter().find_map(alike));
    match problem {
        Some(reason) => Err(FileError::bad_plan(reason)),
        None => Ok(records),
    }
}

/// What is wrong with the end of a record.
fn ending(file: &FileLayout, record: &Known<'_>) -> Option<String> {
    let name = &record.layout.name;
    let has_lines = has_lines(file);
    if record.max > RECORD_MAX_BYTES || record.max == 0 {
        return Some(format!("the record `{name}` must have 1 to {RECORD_MAX_BYTES} bytes at most"));
    }
    let needs_end = record.ending == Ending::Open && file.record_word.is_none();
    if needs_end && (!has_lines || file.line_ends.contains(&LineEnd::None)) {
        return Some(format!(
            "the end of the record `{name}` cannot be found, because it takes what is left: give the file a `line_end` or a \
             `record_word`, or the record a computed length"
        ));
    }
    if needs_end && let Some(item) = binary_rest(record.layout) {
        return Some(format!(
            "the end of the record `{name}` cannot be found, because the bytes of a line end can occur in `{item}`: give the file a \
             `record_word` instead of a `line_end`, or the record a computed length"
        ));
    }
    let is_empty = record.min == 0 && !has_lines && file.record_word.is_none();
    is_empty.then(|| format!("the record `{name}` can have no bytes at all, so its records cannot be counted"))
}

/// What is wrong with the length words.
fn words(file: &FileLayout) -> Option<String> {
    let words: [(&str, Option<LengthWord>); 2] =
        [("record_word", file.record_word), ("block_word", file.block_word.map(|block| block.word))];
    for (key, word) in words {
        let Some(word) = word else { continue };
        if has_lines(file) {
            return Some(format!("the file has a `{key}`, so its records have no `line_end`"));
        }
        if file.blocks.is_some() {
            return Some(format!("the file has a `{key}`, so it has no `blocks` that are filled with records"));
        }
        if word.len == 0 || word.len > 18 || word.write(1).is_err() {
            return Some(format!("no number can stand in the {} bytes of `{key}`", word.len));
        }
    }
    let block = file.block_word?;
    let prefix = file.record_word.map_or(0, |word| word.word_len());
    let longest = file.layouts().into_iter().map(Layout::max_len).max().unwrap_or(0);
    let needed = block.word.word_len().saturating_add(prefix).saturating_add(longest);
    (needed > block.max_bytes)
        .then(|| format!("a block has {} bytes at most, and needs {needed} for the longest record", block.max_bytes))
}

/// What is wrong with the blocks that are filled with records.
fn blocks(file: &FileLayout, records: &[Known<'_>]) -> Option<String> {
    file.blocks?;
    let varies = records.iter().find(|record| !matches!(record.ending, Ending::Fixed(_)))?;
    Some(format!("the file fills `blocks` with records, and the record `{}` has no fixed length", varies.layout.name))
}

/// What is wrong with the place of the last record.
fn last(steps: &[Step], is_file: bool) -> Option<String> {
    steps.iter().enumerate().find_map(|(number, step)| match &step.stands {
        Stands::Last(layout) if !is_file || number + 1 < steps.len() || step.max != Some(1) => {
            Some(format!("the record `{}` is the last one, so it comes once and at the end of the file", layout.name))
        }
        Stands::Group(steps) => last(steps, false),
        Stands::Record(_) | Stands::Last(_) => None,
    })
}

/// Why two records that can stand at one place cannot be told apart.
fn alike([earlier, later]: [&Layout; 2]) -> Option<String> {
    if !earlier.is_recognisable() && !later.is_recognisable() {
        return Some(format!(
            "the records `{}` and `{}` can stand at the same place, and nothing tells them apart: give one of them a literal or a \
             `when`, or write position = \"last\" if it ends the file",
            earlier.name, later.name
        ));
    }
    Layout::is_hidden(&[earlier, later], 1).then(|| {
        format!(
            "the record `{}` would never be found, because `{}` can stand at the same place and is known by less: give it a literal \
             or a condition that the other one contradicts",
            later.name, earlier.name
        )
    })
}

fn has_lines(file: &FileLayout) -> bool {
    file.line_ends.iter().any(|end| *end != LineEnd::None)
}
