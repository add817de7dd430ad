//! The canonical form of spec files: one item a line, columns aligned, comments kept.
//!
//! [`format()`] lays out a text anew. It knows TOML and the usual keys of an item, and nothing else about specs: a text with findings is laid out
//! like any other. Whether a spec makes sense, [`Spec::check`](crate::Spec::check) finds out. A [`Draft`](crate::draft::Draft) of an importer is
//! written by the same writer, so that its text is in the canonical form.
//!
//! # The form
//!
//! - A list of tables has one entry a line, indented by two blanks, with a comma behind each. Other lists stand on one line. So does an
//!   inline table: the lists in it are continued on the lines below.
//! - Items of one list whose first keys are the same have aligned columns: the first key, then `name`, `label`, `type` or `kind`, `len` and `at`,
//!   as far as they follow each other. What stands behind them is not aligned.
//! - The values of neighbouring keys of a table are aligned. A blank line begins a new block.
//! - One blank line stands above each table header, or above the comments that stand directly above it. Elsewhere the blank lines of the author
//!   are kept, but never two of them, and none at the beginning or end of a file, a list or the keys of a table.
//! - A comment above something stays above it, a comment behind something stays behind it, also at the end of a list. Comments behind neighbouring
//!   lines are aligned, and so are lines that continue such a comment. A list or table with a comment inside has one entry a line.
//! - Keys are bare if they are words, `'…'` becomes `"…"` if no character needs an escape. All other values are kept as they are written: strings of
//!   several lines, escapes, `0xFF`, `1_000`. So are the order of keys and entries, dotted keys and `[[…]]`.
//! - The line ends are those of the last line, `\n` or `\r\n`. Within a string they stay as they are. A byte order mark is left out.
//!
//! ```
//! let text = "[types]\nN={kind='number'} # digits\nAN = { kind = \"text\",\n  charset = \"ascii\" }\n";
//! let formatted = fep_spec::canonical::format("a.toml", text)?;
//! assert_eq!(formatted, "[types]\nN  = { kind = \"number\" }  # digits\nAN = { kind = \"text\", charset = \"ascii\" }\n");
//! # Ok::<(), fep_spec::Report>(())
//! ```

mod word;
mod tree;
mod read;
mod column;
mod write;

pub(crate) use self::tree::{Body, Line, Node, Pair, Statement};
pub(crate) use self::word::{key, quoted};
#[cfg(feature = "import")]
pub(crate) use self::write::entries;
pub(crate) use self::write::text;
use crate::document::Document;
use crate::report::{Code, Finding, Report, Severity, Source};

/// The canonical form of a text. It is its own canonical form.
///
/// # Errors
/// All findings, if the text is not TOML.
pub fn format(file_name: &str, source: &str) -> Result<String, Report> {
    let document = Document::new(Source::new(file_name, source));
    match document.walk(|_| ()) {
        Some(()) => Ok(text(&read::read(source), line_end(source))),
        None => Err(document.into_report()),
    }
}

/// A finding at the first line of a text that differs from its canonical form, or `None` if they are equal.
///
/// # Errors
/// All findings, if the text is not TOML.
pub fn check(file_name: &str, source: &str) -> Result<Option<Finding>, Report> {
    let formatted = format(file_name, source)?;
    if formatted == source {
        return Ok(None);
    }
    let pairs = source.split_inclusive('\n').zip(formatted.split_inclusive('\n'));
    let same = pairs.take_while(|(found, wanted)| found == wanted).count();
    let start = source.split_inclusive('\n').take(same).map(str::len).sum();
    let end = start + source.lines().nth(same).map_or(0, str::len);
    let hint = match formatted.lines().nth(same) {
        Some("") => "a blank line belongs here; `fep fmt` rewrites the file".to_owned(),
        Some(wanted) if source.lines().nth(same) != Some(wanted) => {
            format!("write `{}`; `fep fmt` rewrites the file", wanted.trim_start())
        }
        _ => "`fep fmt` rewrites the file".to_owned(),
    };
    let source = std::sync::Arc::new(Source::new(file_name, source));
    let message = "differs from the canonical form from here on";
    Ok(Some(Finding::new(&source, Severity::Warning, Code::NotFormatted, start..end, message).with_hint(hint)))
}

/// The line end of a text: that of its last line, which is outside of strings in a formatted text.
fn line_end(text: &str) -> &'static str {
    if text.rsplit_once('\n').is_some_and(|(line, _)| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests;
