//! Properties that must hold for any input: plain functions that `cargo test` and the fuzzer both call. They panic if the property
//! does not hold.

#![allow(clippy::panic, clippy::expect_used, reason = "a property fails by panicking")]

pub mod captured;
pub mod edited;
pub mod frames;
pub mod leniency;
pub mod patched;
pub mod planned;
pub mod targets;
pub mod views;

use std::io::{Cursor, Read};

use fep_codec::__rt::serial;
use fep_codec::charset::{DecodeOptions, EncodeError, EncodeOptions, Half};
use fep_codec::dump::{DumpOptions, Line, dump, lines};
use fep_codec::files::{FileError, FileFault, FileLayout, FileReader, FileWriter, LastLineEnd, Lenient};
use fep_codec::layout::{Computed, Field, Kind};
use fep_codec::lenient::decode_lenient;
use fep_codec::record::Prefilled;
use fep_codec::survey::{ERRORS_MAX, decode_all_errors};
use fep_codec::view::{find, patch, refresh};
use fep_codec::{Charset, DecodeOwned, Error, Fault, Item, Layout, Record, Telegram, Value, diff};

use self::leniency::any_leniency;
use self::planned::any_plan;
use crate::arbitrary::{self, Random, path_of};

/// The number of fields of a telegram that are looked up by path. It is limited because each lookup begins at the first byte.
const PATHS_MAX: usize = 16;

/// Checks all properties of any bytes with a layout.
pub fn any_bytes(layout: &Layout, bytes: &[u8]) {
    any_survey(layout, bytes);
    any_round_trip(layout, bytes);
    any_plan(layout, bytes);
    any_paths(layout, bytes);
    any_leniency(layout, bytes, Lenient::ALL);
}

/// Checks any bytes: the dump never fails, the list of errors is empty exactly if the bytes decode, and bytes do not differ from
/// themselves.
pub fn any_survey(layout: &Layout, bytes: &[u8]) {
    let shown = dump(layout, bytes, DumpOptions::default());
    let mut lines = lines(layout, bytes, false).into_iter();
    let errors = layout.all_errors(bytes);
    assert!(diff(layout, bytes, bytes).differences.is_empty(), "what is the same has no differences");
    let decoded = Record::decode(layout, bytes);
    assert_eq!(
        layout.verify(bytes),
        decoded.as_ref().map(|_| ()).map_err(Clone::clone),
        "verifying is decoding without values"
    );
    match decoded {
        Ok(_) => {
            assert_eq!(errors, [], "what decodes has no errors");
            assert!(lines.all(|line| line.value.is_ok()), "what decodes has no errors in its dump:\n{shown}");
        }
        Err(error) => {
            assert!(shown.contains('!'), "the dump shows where it is wrong:\n{shown}");
            among(&error, &errors);
        }
    }
}

/// Checks any bytes: decoding ends. Bytes that decode encode to the same bytes, also through JSON, and state their own length.
pub fn any_round_trip(layout: &Layout, bytes: &[u8]) {
    let Ok(record) = Record::decode(layout, bytes) else { return };
    match layout.telegram_len(bytes) {
        Ok(len) => assert_eq!(len, bytes.len(), "{} says another length", layout.name),
        Err(error) => assert!(matches!(error.fault(), Fault::BadSpec { .. }), "{error}"),
    }
    match record.encode() {
        // A filler that may hold anything is written blank, other contents for "no value" as the first ones, and a further form of a
        // number in the field's own form.
        Ok(again) if passes_over(layout) => assert_eq!(Record::decode(layout, &again).as_ref(), Ok(&record)),
        Ok(again) => assert_eq!(again, bytes, "{} decodes and encodes to other bytes", layout.name),
        Err(error) => assert!(is_generous(&error), "{error}"),
    }
    let json = serde_json::to_string(&record).expect("JSON");
    // JSON does not have the content of fillers.
    let read = Record::from_json(layout, &json).expect("our own JSON");
    assert_eq!(read.to_json_value(), record.to_json_value());
    let prefilled = Prefilled::new(&record);
    let mut put = prefilled.record();
    put.put_json_value(&serde_json::json!({})).expect("no field is wrong");
    assert_eq!(put, record, "fields that are left out keep their values");
    put.put_json_value(&record.to_json_value()).expect("our own JSON");
    assert_eq!(put.to_json_value(), record.to_json_value());
}

/// Checks bytes that decode in other forms of their values: they read as the same values, strictly and leniently, and are written in the
/// same form. Returns the other bytes.
pub fn any_forms(layout: &Layout, bytes: &[u8], seed: u64) -> Vec<u8> {
    let other = arbitrary::other_forms(layout, bytes, &mut Random(seed));
    let Ok(record) = Record::decode(layout, bytes) else { return other };
    same_values(&record, &other);
    if Record::decode(layout, &other).is_ok() {
        let mut refreshed = other.clone();
        refresh(layout, &mut refreshed).expect("what decodes");
        assert_eq!(refreshed, other, "what decodes needs no refreshing");
    }
    other
}

/// Checks that other bytes for the same values read as these values. Only a check over these bytes may be wrong.
fn same_values(record: &Record<'_>, other: &[u8]) {
    match Record::decode(record.layout(), other) {
        Ok(same) => assert_eq!(same, *record, "other forms of the same values: {}", other.escape_ascii()),
        Err(error) => assert!(
            matches!(error.fault(), Fault::CheckLies { .. } | Fault::NoCheck { .. }),
            "{error}: {}",
            other.escape_ascii()
        ),
    }
}

/// Whether the layout reads more than it writes: it has a filler that may hold anything, or a field that reads several contents as one
/// value.
fn passes_over(layout: &Layout) -> bool {
    layout.items().iter().any(|item| match item {
        Item::Filler(filler) => filler.any,
        Item::Part(part) => passes_over(&part.layout),
        Item::Group(group) => passes_over(&group.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| passes_over(&case.layout)),
        Item::Field(Field { computed: Some(Computed::Sign(sign)), .. }) => !sign.accepts.is_empty(),
        Item::Field(field) | Item::Tail(field) => reads_several(&field.kind),
        Item::Literal(_) => false,
    })
}

/// Whether several contents of such a field are one value, of which one is written.
const fn reads_several(kind: &Kind) -> bool {
    match kind {
        Kind::Number(rule) => !(rule.none_also.is_empty() && rule.accepts.is_empty()),
        Kind::Digits(rule) => !rule.accepts.is_empty(),
        Kind::Date(rule) => !rule.none_also.is_empty(),
        Kind::Time(rule) => !rule.none_also.is_empty(),
        Kind::DateTime(rule) => !rule.none_also.is_empty(),
        Kind::Text(_) | Kind::Code(_) | Kind::Flag(_) | Kind::Bytes(_) => false,
    }
}

/// Whether the sign of this number is a field of its own, beside it, that reads several signs as one.
fn reads_several_signs(record: &Record<'_>, lines: &[Line], number: &Line, field: &Field) -> bool {
    let parents = |line: &Line| line.path.rsplit_once('.').map_or("", |(parents, _)| parents).to_owned();
    lines.iter().filter(|line| parents(line) == parents(number)).any(|line| {
        let beside = record.field(&line.path).map(|(beside, _)| &beside.computed);
        matches!(beside, Some(Some(Computed::Sign(sign))) if sign.of == field.name && !sign.accepts.is_empty())
    })
}

/// Whether the error comes from the only difference between reading and writing: EUC-KR is read as CP949 and written strictly.
fn is_generous(error: &Error) -> bool {
    error.to_string().contains("not in euc-kr")
}

/// Checks that the error at which reading stops is in the list of all errors.
fn among(first: &Error, all: &[Error]) {
    let is_same = |other: &Error| other.fault() == first.fault() && other.range() == first.range();
    assert!((1..=ERRORS_MAX).contains(&all.len()), "{all:?}");
    assert!(all.len() == ERRORS_MAX || all.iter().any(is_same), "{first} is not among {all:?}");
}

/// Checks any bytes that decode: the path of each field leads to its bytes, and patching a field with its own value changes nothing.
pub fn any_paths(layout: &Layout, bytes: &[u8]) {
    let Ok(record) = Record::decode(layout, bytes) else { return };
    let lines = lines(layout, bytes, true);
    let step = lines.len().div_ceil(PATHS_MAX).max(1);
    // The bytes decide where to start, so that different telegrams check different fields.
    let first = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_add(usize::from(*byte))) % step;
    for line in lines.iter().skip(first).step_by(step) {
        let Some((field, value)) = record.field(&line.path) else { continue };
        let (found, range) = find(layout, bytes, &line.path).expect("a path of the dump");
        assert_eq!((found, range), (field, line.offset..line.offset + line.len), "{}", line.path);
        let mut patched = bytes.to_vec();
        match patch(layout, &mut patched, &line.path, value) {
            // A further form of the value, or of its sign in another field, becomes the form that is written.
            Ok(()) if reads_several(&field.kind) || reads_several_signs(&record, &lines, line, field) => {
                same_values(&record, &patched);
            }
            Ok(()) => assert_eq!(patched, bytes, "{}", line.path),
            Err(_) if field.computed.is_some() => {}
            Err(error) => assert!(is_generous(&error), "{error}"),
        }
    }
    same_entries(&record, bytes, &lines);
    let mut refreshed = bytes.to_vec();
    refresh(layout, &mut refreshed).expect("lengths that fit");
    assert_eq!(refreshed, bytes, "what decodes needs no refreshing");
}

/// Checks that a group has as many entries in the dump, and by path, as in the record.
fn same_entries(record: &Record<'_>, bytes: &[u8], lines: &[Line]) {
    let mut inside = vec![(record.layout(), record.values(), String::new())];
    while let Some((layout, values, within)) = inside.pop() {
        for (item, value) in layout.items().iter().zip(values) {
            let path = format!("{within}{}", item.name().unwrap_or_default());
            match (item, value) {
                (Item::Part(part), Value::Part(values)) => inside.push((&part.layout, values, format!("{path}."))),
                (Item::Choice(choice), Value::Choice(case, values)) => {
                    let case = choice.cases().get(*case).expect("the case");
                    inside.push((&case.layout, values, format!("{path}.")));
                }
                (Item::Group(group), Value::Group(entries)) => {
                    for (index, values) in entries.iter().enumerate() {
                        inside.push((&group.layout, values, format!("{path}[{index}].")));
                    }
                    let field = group.layout.items().iter().find(|item| matches!(item, Item::Field(_)));
                    let Some(field) = field else { continue };
                    let of_entry = |index: usize| path_of(&format!("{path}[{index}]."), field);
                    let shown =
                        (0..).take_while(|index| lines.iter().any(|line| line.path == of_entry(*index))).count();
                    assert_eq!(shown, entries.len(), "{path} in the dump");
                    assert!(find(record.layout(), bytes, &of_entry(entries.len())).is_err(), "{path} has one more");
                    if let Some(last) = entries.len().checked_sub(1) {
                        assert!(find(record.layout(), bytes, &of_entry(last)).is_ok(), "{path} has one less");
                    }
                }
                _ => {}
            }
        }
    }
}

/// Checks any bytes: the derived type and the record agree about the value, the bytes and the error.
pub fn same_as_record<T: DecodeOwned + Telegram>(bytes: &[u8]) {
    match (T::decode(bytes), Record::decode(T::LAYOUT, bytes)) {
        (Ok(telegram), Ok(record)) => {
            let derived = telegram.encode_to_vec();
            let dynamic = without_fillers(&record).encode();
            assert_eq!(derived, dynamic, "{} is written in two ways", T::LAYOUT.name);
        }
        (Err(derived), Err(dynamic)) => assert_eq!(derived.to_string(), dynamic.to_string(), "{}", T::LAYOUT.name),
        (derived, dynamic) => panic!("{}: {:?} and {:?}", T::LAYOUT.name, derived.err(), dynamic.err()),
    }
}

/// The record without the content of its fillers, because a derived struct does not keep it. JSON does not keep it either.
fn without_fillers<'l>(record: &Record<'l>) -> Record<'l> {
    Record::from_json_value(record.layout(), &record.to_json_value()).expect("our own JSON")
}

/// Checks any bytes: lenient reading gives the same result for the derived type and the record. All errors of the type are the errors
/// of its layout.
pub fn same_as_record_in_all_ways<T: DecodeOwned + Telegram>(bytes: &[u8], lenient: Lenient) {
    same_as_record::<T>(bytes);
    match (T::decode(bytes), decode_all_errors::<T>(bytes)) {
        (Ok(telegram), Ok(_)) => same_json(&telegram, bytes),
        (Err(first), Err(all)) => {
            among(&first, &all);
            assert_eq!(all, T::LAYOUT.all_errors(bytes), "{}", T::LAYOUT.name);
        }
        (strict, all) => panic!("{}: {:?} and {:?}", T::LAYOUT.name, strict.err(), all.err()),
    }
    // A derived type can hold only the codes that its enum has.
    let lenient = Lenient { unknown_codes: false, ..lenient };
    match (decode_lenient::<T>(bytes, lenient), Record::decode_lenient(T::LAYOUT, bytes, lenient)) {
        (Ok((derived, forgiven)), Ok((dynamic, reports))) => {
            assert_eq!(derived.encode_to_vec(), without_fillers(&dynamic).encode(), "{}", T::LAYOUT.name);
            assert_eq!(forgiven, reports, "{}", T::LAYOUT.name);
        }
        (derived, dynamic) => assert_eq!(derived.err(), dynamic.err(), "{}", T::LAYOUT.name),
    }
}

/// A derived telegram has the JSON of its record and comes back from it. If it cannot be encoded (text in CP949 is read from a field
/// of EUC-KR and not written to one), its JSON is still the record's, or the error of encoding it.
fn same_json<T: DecodeOwned>(telegram: &T, bytes: &[u8]) {
    let name = &T::LAYOUT.name;
    let record = Record::decode(T::LAYOUT, bytes).expect("what the type decodes, the layout does");
    let encoded = telegram.encode_to_vec();
    let json = match (serial::serialize(telegram, serde_json::value::Serializer), &encoded) {
        (Ok(json), _) => json,
        (Err(error), Err(reason)) => return assert_eq!(error.to_string(), reason.to_string(), "{name}"),
        (Err(error), Ok(_)) => panic!("{name}: {error}"),
    };
    assert_eq!(json, record.to_json_value(), "{name}");
    match serial::deserialize::<T, _>(&json) {
        Ok(back) => assert_eq!(back.encode_to_vec(), encoded, "{name}"),
        Err(error) => assert!(encoded.is_err(), "{name}: {error}: {json}"),
    }
}

/// Checks any values that the layout allows: encoding and decoding them gives the same values.
pub fn any_values(layout: &Layout, seed: u64) -> Vec<u8> {
    let record = arbitrary::record(layout, &mut Random(seed));
    let bytes = match record.encode() {
        Ok(bytes) => bytes,
        // A check may refuse values that the fields allow, such as accounts that are too short for the check digits.
        Err(error) if matches!(error.fault(), Fault::NoCheck { .. }) => return Vec::new(),
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let decoded = Record::decode(layout, &bytes).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let json = serde_json::to_string(&decoded).expect("JSON");
    let again = Record::from_json(layout, &json).expect("our own JSON");
    assert_eq!(again, decoded, "seed {seed}");
    assert_eq!(again.encode().as_deref(), Ok(bytes.as_slice()), "seed {seed}");
    for (number, item) in layout.items().iter().enumerate() {
        let given = record.values().get(number).expect("a value");
        let plain = match item {
            Item::Field(field) => field.is_given(),
            other => matches!(other, Item::Tail(_)),
        };
        if plain {
            let read = decoded.values().get(number).expect("a value");
            assert!(given == read, "seed {seed}: {:?} came back otherwise", item.name());
        }
    }
    bytes
}

/// Checks any bytes as a record file: reading in pieces of any size gives the same records. A file without mistakes is written again as
/// it was, with the first line end that its plan names.
pub fn any_file(plan: &FileLayout, bytes: &[u8], seed: u64) {
    for lenient in [Lenient::STRICT, Lenient::ALL] {
        let whole = read_all(plan, lenient, bytes);
        let pieces = Pieces { input: Cursor::new(bytes), random: Random(seed) };
        assert_eq!(read_all(plan, lenient, pieces), whole, "seed {seed}");
    }
    let records = FileReader::new(plan, bytes).expect("a plan").records().collect::<Result<Vec<_>, _>>();
    let Ok(records) = records else { return };
    let mut reader = FileReader::new(plan, bytes).expect("a plan").lenient(Lenient::ALL);
    for record in &records {
        let (read, forgiven) =
            reader.next().expect("a record").expect("it reads").decode_reporting().expect("it reads");
        assert_eq!((&read, forgiven), (record, Vec::new()), "what reads strictly reads leniently to the same values");
    }
    assert!(reader.next().is_none() && reader.forgiven().is_empty());
    let mut writer = FileWriter::new(plan, Vec::new()).expect("a plan");
    for record in &records {
        match writer.write(record.clone()) {
            Ok(()) => {}
            Err(error) if error.to_string().contains("not in euc-kr") => return,
            // A text may hold a line end of the plan that is not the one of the file. It is written with the first one.
            Err(FileError { what: FileFault::LineEndInText { .. }, .. }) if plan.line_ends.len() > 1 => return,
            Err(error) => panic!("what was read is not written: {error}"),
        }
    }
    let again = writer.finish().expect("a whole file");
    let read = FileReader::new(plan, &*again).expect("a plan").records().collect::<Result<Vec<_>, _>>();
    assert_eq!(read.as_ref(), Ok(&records), "the file is written in another way");
    // The plan may accept several line ends, a missing line end, and blocks that are not full.
    if plan.line_ends.len() < 2 && plan.last_line_end != LastLineEnd::Optional && plan.block_word.is_none() {
        assert_eq!(again, bytes);
    }
}

/// The records and errors that a reader returns, as text.
fn read_all(plan: &FileLayout, lenient: Lenient, input: impl Read) -> Vec<String> {
    let mut reader = FileReader::new(plan, input).expect("a plan").lenient(lenient);
    let mut all = Vec::new();
    while let Some(record) = reader.next() {
        all.push(match record {
            Ok(record) => {
                format!("{} {} {} {:?}", record.number, record.offset, record.layout.name, record.bytes)
            }
            Err(error) => error.to_string(),
        });
    }
    all
}

/// A reader that returns a few bytes at a time.
struct Pieces<'b> {
    input: Cursor<&'b [u8]>,
    random: Random,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let piece = usize::try_from(1 + self.random.below(200)).unwrap_or(1);
        let len = out.len().min(piece);
        self.input.read(out.get_mut(..len).unwrap_or_default())
    }
}

/// Whether a text has jamo or sound marks, which are combined with other characters on writing.
fn in_pieces(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{1161}'..='\u{11C2}' | '\u{3099}' | '\u{309A}'))
}

/// Whether SO and SI alternate, beginning with SO and ending with SI.
fn is_balanced(bytes: &[u8]) -> bool {
    let mut shifts = bytes.iter().filter(|byte| matches!(byte, 0x0E | 0x0F));
    let turns = [0x0E, 0x0F].iter().cycle().take(shifts.clone().count());
    shifts.clone().count() % 2 == 0 && shifts.by_ref().eq(turns)
}

/// Checks any text in every charset with [`any_text_in`].
pub fn any_text(text: &str) {
    Charset::ALL.iter().for_each(|charset| any_text_in(*charset, text));
}

/// Checks any text: it is written or refused, and never beyond the buffer. A text that is written can be read again, and so can a text that
/// was cut at any byte.
pub fn any_text_in(charset: Charset, text: &str) {
    let len = charset.text_len(text);
    let mut out = vec![0; len];
    let written = charset.encode(text, &mut out);
    if !in_pieces(text) {
        assert_eq!(written.is_ok(), text.chars().all(|character| charset.has(character)), "{charset} {text:?}");
    }
    if written.is_err() {
        assert!(
            charset.encode_cut(text, EncodeOptions::default(), &mut out).is_err(),
            "what is cut off must be text too"
        );
        return;
    }
    assert_eq!(written, Ok(len), "{charset} {text:?}");
    let read = charset.decode(&out).expect("what is written is read");
    assert!(in_pieces(text) || read == text, "{charset} {text:?} {read:?}");
    assert!(!charset.is_shifted() || is_balanced(&out), "{charset} {out:02x?}");
    for room in 0..len.min(64) {
        let mut cut = vec![0; room];
        let short = charset.encode(text, &mut cut);
        assert!(matches!(short, Err(EncodeError::TooLong { needed, .. }) if needed == len), "{charset} {short:?}");
        let (kept, end) = charset.encode_cut(text, EncodeOptions::default(), &mut cut).expect("it can be written");
        let bytes = cut.get(..kept).expect("it keeps to its room");
        let part = charset.decode(bytes).expect("a cut text is a text");
        assert!(in_pieces(text) || text.get(..end) == Some(&*part), "{charset} {room} {part:?}");
        assert!(!charset.is_shifted() || is_balanced(bytes), "{charset} {bytes:02x?}");
    }
}

/// Checks any bytes in every charset with [`any_text_bytes_in`].
pub fn any_text_bytes(bytes: &[u8]) {
    Charset::ALL.iter().for_each(|charset| any_text_bytes_in(*charset, bytes));
}

/// Checks any bytes: they are read or refused. A text that was read is written again as the same bytes.
pub fn any_text_bytes_in(charset: Charset, bytes: &[u8]) {
    let text = match charset.decode(bytes) {
        Ok(text) => text,
        Err(error) => return assert!(error.offset <= bytes.len()),
    };
    let mut out = vec![0; bytes.len()];
    let again = charset.encode(&text, &mut out);
    // EUC-KR is read as CP949. Some characters of CP932 have two codes. Separate jamo of IBM-1364 may form a syllable. IBM-1390 has
    // two codes for €, and marks that may form one code with the preceding character.
    let marked = text.contains(['€', '\u{300}', '\u{301}', '\u{2E5}', '\u{2E9}']);
    let generous = match charset {
        Charset::EucKr | Charset::Cp932 => true,
        Charset::Ibm1390 | Charset::Ibm1399 if marked => true,
        _ => in_pieces(&text),
    };
    assert!(generous || again == Ok(bytes.len()) && out == bytes, "{charset} {bytes:02x?} {text:?} {again:?}");
    let lenient = DecodeOptions { half: Half::Replace, open_shift: true, newline_15: false };
    assert_eq!(charset.decode_with(bytes, lenient), Ok(text));
}
