//! Record files: `[files.EB13]` with its records, totals, serial numbers and what stands around the records.

use fep_codec::lenient::Deviation;
use fep_core::encoding::Encoding;
use fep_core::rules::LengthScope;
use serde_json::{Value, json};

use super::tables::{Key, Table, has_one_of, key, none_of, reference};
use super::values::{
    by_default, field_of, filled_list, flag, length, list, matching, number, one_or_list, set, text, word, words,
};
use crate::lower::{
    BLOCK_MAX_BYTES, LAST_DIGITS_MAX, LAST_LINE_ENDS, LINE_ENDS, NUMBER_MAX, RECORDS_MAX, TELEGRAM_LEN_MAX,
    WORD_LEN_MAX, lenient_words,
};

/// The tables of a record file.
pub(super) fn tables() -> [Table; 4] {
    [file(), record(), total(), serial()]
}

fn file() -> Table {
    let lenient = lenient_words().map(|(word, deviation): (_, Deviation)| (word, deviation.help()));
    Table::new("file", "A record file.")
        .keys([
            key("label", "The name of the file in the sheet.", text()),
            key(
                "record_len",
                "The length of every record in bytes, as the sheet states it. It may be left out; if it is there, it is checked.",
                length(TELEGRAM_LEN_MAX),
            ),
            key("records", "The records in their order. Each comes once, unless `min` or `max` say otherwise.", list(reference("record"))),
            key("totals", "Fields that are totals over records: filled in, and checked.", list(reference("total"))),
            key("serials", "Fields that number the records: filled in, and checked.", list(reference("serial"))),
            key("lenient", "The deviations that are always forgiven.", list(words(lenient))),
        ])
        .keys(framing())
        .needs(&["records"])
}

/// What stands around the records.
fn framing() -> [Key; 5] {
    let blocks = Table::new("blocks", "Blocks of a fixed number of records.")
        .keys([
            key("records", "The number of records in a block.", number(2, RECORDS_MAX)),
            key("fill", "The character of the records that fill the last block.", matching("^[ -~]$")),
        ])
        .needs(&["records", "fill"]);
    [
        key(
            "line_end",
            "The line end behind each record. From a list any is read, and the first is written.",
            one_or_list(words(LINE_ENDS.map(|(word, _)| (word, "")))),
        ),
        key(
            "last_line_end",
            "Whether the last record has a line end.",
            by_default(words(LAST_LINE_ENDS.map(|(word, _)| (word, ""))), "required"),
        ),
        key(
            "record_word",
            "The word before each record that states its length: `\"rdw\"`, or a table.",
            length_word("rdw", None),
        ),
        key(
            "block_word",
            "The word before each block of records: `\"bdw\"`, or a table with `max`.",
            length_word("bdw", Some(key("max", "The most bytes of a block.", number(2, BLOCK_MAX_BYTES)))),
        ),
        key("blocks", "The last block is filled up: `{ records = 10, fill = \"9\" }`.", blocks.schema()),
    ]
}

/// A descriptor word of mainframes, or a table.
fn length_word(usual: &str, max: Option<Key>) -> Value {
    let needs_max = max.is_some();
    let table = Table::new("length_word", "A number that states a length in bytes.")
        .keys([
            key("len", "The bytes of the number.", length(WORD_LEN_MAX)),
            key("encoding", "How the number is stored.", by_default(word::<Encoding>(), "ascii")),
            key("counts", "Whether the length includes the word itself.", word::<LengthScope>()),
            key("zeros", "The number of bytes `00` behind the number.", by_default(number(0, WORD_LEN_MAX), 0)),
            key("zeros_before", "The number of bytes `00` before the number.", by_default(number(0, WORD_LEN_MAX), 0)),
        ])
        .keys(max)
        .needs(&["len", "counts"])
        .needs(if needs_max { &["max"] } else { &[] });
    json!({ "anyOf": [words([(usual, "The descriptor word of mainframes.")]), table.schema()] })
}

fn record() -> Table {
    Table::new("record", "A record, or a group of records that repeat together.")
        .keys([
            key("telegram", "The telegram that the record is.", text()),
            key("records", "The records of the group, in their order.", filled_list(reference("record"))),
            key("min", "The least number. Without `min` and `max` it comes once.", number(0, RECORDS_MAX)),
            key("max", "The greatest number. If only `min` is there, there is no limit.", number(1, RECORDS_MAX)),
            key(
                "position",
                "`\"last\"`: the file ends behind this record.",
                words([("last", "The file ends behind it.")]),
            ),
        ])
        .rule(json!({
            "if": { "required": ["records"] },
            "then": { "properties": none_of(["telegram", "position"]) },
            "else": { "required": ["telegram"] },
        }))
}

/// A field with the values that select records.
fn only() -> Value {
    let values = json!({ "type": ["string", "array"], "items": text() });
    json!({ "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": values })
}

fn total() -> Table {
    let minus = json!({ "anyOf": [one_or_list(field_of()), only()] });
    Table::new("total", "A field that is a total over records.")
        .keys([
            key("field", "The field that holds the total: `\"Trailer.total\"`.", field_of()),
            key("count", "The records that are counted, or `\"*\"` for all.", one_or_list(text())),
            key("except", "The records that `count = \"*\"` leaves out.", one_or_list(text())),
            key("sum", "The fields that are summed: `\"Row.amount\"`.", one_or_list(field_of())),
            key("blocks", "The number of blocks.", set()),
            key("where", "Only records whose field has this value, or one of a list: `{ kind = \"1\" }`.", only()),
            key("minus", "What is subtracted: records, `{ side = \"D\" }`, or fields, `\"Note.fee\"`.", minus),
            key("absolute", "Whether a difference is stated without its sign.", flag()),
            key(
                "last_digits",
                "How many of the last digits are stated: the total modulo 10 to this power.",
                number(1, LAST_DIGITS_MAX),
            ),
        ])
        .needs(&["field"])
        .rule(json!({ "oneOf": has_one_of(&["count", "sum", "blocks"]) }))
        .rule(json!({ "dependencies": {
            "except": { "required": ["count"] },
            "blocks": { "properties": none_of(["where", "minus"]) },
        } }))
}

fn serial() -> Table {
    Table::new("serial", "A field that numbers the records.")
        .keys([
            key("field", "The field with the number, or several that share one numbering: `\"Row.no\"`.", one_or_list(field_of())),
            key(
                "from",
                "The first number, or `\"any\"` for any first number.",
                by_default(
                    json!({ "anyOf": [number(0, NUMBER_MAX), words([("any", "Any first number, which must be given.")])] }),
                    1,
                ),
            ),
            key("to", "The number after which `from` comes again.", number(1, NUMBER_MAX)),
            key("restart", "The records at which the numbering begins again.", one_or_list(text())),
            key("gaps", "Whether each number is only greater than the one before it.", flag()),
        ])
        .needs(&["field"])
}
