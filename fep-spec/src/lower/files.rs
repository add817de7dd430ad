//! Record files: `[files.EB13]`.

mod framing;

use std::ops::Range;

use fep_codec::files::Lenient;
use fep_codec::lenient::{Deviation, DeviationPlace};

use self::framing::Framing;
pub(crate) use self::framing::{BLOCK_MAX_BYTES, LAST_LINE_ENDS, LINE_ENDS, WORD_LEN_MAX};
use super::items::TELEGRAM_LEN_MAX;
use super::names;
use super::totals::{serial, total};
use crate::document::{Located, Table, Value};
use crate::model::{FileSpec, RecordUse, RecordUseOf};
use crate::report::Code;

/// The places of a file in the document.
pub(crate) struct FilePlace {
    pub(crate) name: Range<usize>,
    /// The telegram of each record, including records in groups.
    pub(crate) records: Vec<Range<usize>>,
    /// The field of each total.
    pub(crate) totals: Vec<Range<usize>>,
    /// The field of each serial number.
    pub(crate) serials: Vec<Range<usize>>,
    /// Whether all records could be read.
    pub(crate) complete: bool,
}

/// Reads all files. Anything that cannot be read is noted and left out.
pub(super) fn files(sections: Vec<(Located<&str>, Table<'_>)>) -> (Vec<FileSpec>, Vec<FilePlace>) {
    sections.into_iter().map(|(name, table)| file(&name, table)).unzip()
}

fn file(name: &Located<&str>, table: Table<'_>) -> (FileSpec, FilePlace) {
    names::check_type(table.document(), name, "a file");
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let record_len = table.integer("record_len", 1..=TELEGRAM_LEN_MAX).map(|len| len.value);
    let Framing { line_ends, last_line_end, record_word, block_word, blocks, complete: framed } = Framing::read(&table);
    let lenient = table.array("lenient").map(lenient).unwrap_or_default();
    let mut walk = OrderWalk { places: Vec::new(), complete: true };
    let values = table.required("records").and_then(Value::array);
    walk.complete = values.is_some() && framed;
    let records = records(values.unwrap_or_default(), &mut walk);
    let totals = table.array("totals").unwrap_or_default().into_iter();
    let (totals, total_places) = totals.filter_map(Value::table).filter_map(total).unzip();
    let serials = table.array("serials").unwrap_or_default().into_iter();
    let (serials, serial_places) = serials.filter_map(Value::table).filter_map(serial).unzip();
    table.finish();
    let OrderWalk { places, complete } = walk;
    let place =
        FilePlace { name: name.span.clone(), records: places, totals: total_places, serials: serial_places, complete };
    let name = name.value.to_owned();
    let spec = FileSpec {
        name,
        label,
        record_len,
        line_ends,
        last_line_end,
        record_word,
        block_word,
        records,
        blocks,
        totals,
        serials,
        lenient,
    };
    (spec, place)
}

/// The words of `lenient`.
pub(crate) fn lenient_words() -> impl Iterator<Item = (&'static str, Deviation)> {
    let of_files = Deviation::ALL.iter().filter(|deviation| deviation.place() != DeviationPlace::Telegrams);
    of_files.map(|deviation| (deviation.word(), *deviation))
}

fn lenient(values: Vec<Value<'_>>) -> Lenient {
    let words: Vec<_> = lenient_words().collect();
    let given = values.into_iter().filter_map(|value| value.choice(&words));
    given.fold(Lenient::STRICT, |all, word| all.with(word.value))
}

/// The state of the walk over a file's records.
struct OrderWalk {
    /// The telegram of each record so far.
    places: Vec<Range<usize>>,
    /// Whether all records so far could be read.
    complete: bool,
}

fn records(values: Vec<Value<'_>>, walk: &mut OrderWalk) -> Vec<RecordUse> {
    let mut uses = Vec::new();
    for value in values {
        match value.table().and_then(|table| record(table, walk)) {
            Some(one) => uses.push(one),
            None => walk.complete = false,
        }
    }
    uses
}

/// `{ telegram = "Header" }` is exactly one record. With `min` or `max` the number of records is within these limits. `position =
/// "last"` says that the file ends behind it.
fn record(table: Table<'_>, walk: &mut OrderWalk) -> Option<RecordUse> {
    let document = table.document();
    let group = table.get("records");
    let telegram = if group.is_some() { table.string("telegram") } else { table.required_string("telegram") };
    let min = table.integer("min", 0..=RECORDS_MAX);
    let max = table.integer("max", 1..=RECORDS_MAX);
    let last = table.choice("position", &[("last", true)]);
    table.finish();
    let once = min.is_none() && max.is_none();
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let message = format!("min is {}, max is {}", min.value, max.value);
        document.error_hint(Code::OutOfRange, max.span.clone(), message, "max must not be below min");
        walk.complete = false;
    }
    let (min, max) = if once { (1, Some(1)) } else { (min.map_or(0, |min| min.value), max.map(|max| max.value)) };
    let what = match (telegram, group) {
        (Some(telegram), None) => {
            walk.places.push(telegram.span);
            RecordUseOf::Telegram(telegram.value.to_owned())
        }
        (None, Some(group)) => {
            let values = group.array()?;
            if values.is_empty() {
                document.error(Code::Empty, group.span(), "no records that could repeat");
                return None;
            }
            RecordUseOf::Group(records(values, walk))
        }
        (Some(telegram), Some(_)) => {
            document.error_hint(Code::ConflictingKeys, telegram.span, "both `telegram` and `records`", "leave one out");
            return None;
        }
        (None, None) => return None,
    };
    if let (Some(last), RecordUseOf::Group(_)) = (&last, &what) {
        document.error_hint(
            Code::ConflictingKeys,
            last.span.clone(),
            "a group of records has no `position`",
            "write it at a record",
        );
        walk.complete = false;
    }
    Some(RecordUse { what, min, max, is_last: last.is_some() })
}

/// The maximum number of records that `min`, `max` and `blocks` can state.
pub(crate) const RECORDS_MAX: usize = 1_000_000_000;
