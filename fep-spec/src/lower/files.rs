//! Record files: `[files.EB13]`.

use std::ops::Range;

use super::items::TELEGRAM_LEN_MAX;
use super::names;
use crate::document::{Located, Table};
use crate::model::{FileSpec, LineEnd, RecordUse};

/// Where a file stands.
pub(crate) struct FilePlace {
    pub(crate) name: Range<usize>,
    /// The telegram of each record.
    pub(crate) records: Vec<Range<usize>>,
}

/// Reads all files; what cannot be read is noted and left out.
pub(super) fn files(sections: Vec<(Located<&str>, Table<'_>)>) -> (Vec<FileSpec>, Vec<FilePlace>) {
    sections.into_iter().filter_map(|(name, table)| file(&name, table)).unzip()
}

fn file(name: &Located<&str>, table: Table<'_>) -> Option<(FileSpec, FilePlace)> {
    names::check_type(table.document(), name, "a file");
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let len = table.required("record_len").and_then(|len| len.integer(1..=TELEGRAM_LEN_MAX));
    let line_ends = [("none", LineEnd::None), ("lf", LineEnd::Lf), ("crlf", LineEnd::CrLf)];
    let line_end = table.choice("line_end", &line_ends).map_or(LineEnd::None, |line_end| line_end.value);
    let values = table.required("records").and_then(crate::document::Value::array).unwrap_or_default();
    table.finish();
    let (records, places): (Vec<_>, Vec<_>) =
        values.into_iter().filter_map(|value| value.table()).filter_map(record).unzip();
    let len = len?;
    let place = FilePlace { name: name.span.clone(), records: places };
    let name = name.value.to_owned();
    Some((FileSpec { name, label, record_len: len.value, line_end, records }, place))
}

/// `{ telegram = "Header" }` is one; with `min` or `max` there are that many.
fn record(table: Table<'_>) -> Option<(RecordUse, Range<usize>)> {
    let telegram = table.required_string("telegram");
    let min = table.integer("min", 0..=RECORDS_MAX);
    let max = table.integer("max", 1..=RECORDS_MAX);
    let document = table.document();
    table.finish();
    let telegram = telegram?;
    let once = min.is_none() && max.is_none();
    let (min, max) = match (&min, &max) {
        (Some(min), Some(max)) if min.value > max.value => {
            let message = format!("min is {}, max is {}", min.value, max.value);
            document.error_hint(max.span.clone(), message, "max must not be below min");
            return None;
        }
        _ if once => (1, Some(1)),
        (min, max) => (min.as_ref().map_or(0, |min| min.value), max.as_ref().map(|max| max.value)),
    };
    Some((RecordUse { telegram: telegram.value.to_owned(), min, max }, telegram.span))
}

/// Records of one kind in a file.
const RECORDS_MAX: usize = 1_000_000_000;
