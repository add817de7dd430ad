//! `fep decode`, `fep encode`, `fep explain`.

use std::fmt::Display;
use std::io::Read;

use fep_codec::files::{FileError, FileLayout, FileReader, Lenient};
use fep_codec::lenient::Forgiven;
use fep_codec::{Fault, Layout, Record, dump};
use fep_spec::codec;
use fep_spec::files::{decode_file, encode_file};
use fep_spec::model::{Named, SpecSet, TelegramSpec, UnchosenError};

use crate::end::{Ended, Outcome, Stop, colour_stdout, note, print};
use crate::files::{open, read_bytes, read_text, to_hex};
use crate::{DecodeArgs, ExplainArgs, TelegramArgs};

/// Bytes → lines of JSON.
pub(crate) fn decode(args: &DecodeArgs) -> Ended {
    let specs = SpecSet::load(&args.telegram.spec)?;
    let named = named(&specs, &args.telegram)?;
    if let Some(Named::File(spec, file)) = named {
        let plan = spec.file_layout(file);
        return decode_records(decode_file(reader(&plan, args)?));
    }
    let bytes = read_bytes(args.telegram.file.as_deref(), args.telegram.hex)?;
    let lenient = lenient(args);
    each(&specs, named, &bytes, lenient, |telegram, bytes, place| match codec::decode(telegram, bytes, lenient) {
        Ok((line, forgiven)) => {
            report(place, &forgiven);
            print((line + "\n").as_bytes()).map(|()| Outcome::Clean)
        }
        Err(errors) => Ok(findings(place, &errors)),
    })
}

/// Calls `act` for each of the telegrams that follow each other in these bytes. The last argument of `act` is the telegram's
/// place as text, which is empty for the first telegram.
fn each(
    specs: &SpecSet,
    named: Option<Named<'_>>,
    bytes: &[u8],
    lenient: Lenient,
    mut act: impl FnMut(&TelegramSpec, &[u8], &str) -> Ended,
) -> Ended {
    let mut outcome = Outcome::Clean;
    let mut rest = bytes;
    let mut place = String::new();
    for number in 2_usize.. {
        let telegram = match named {
            Some(Named::Telegram(telegram)) => telegram,
            _ => match specs.choose(rest) {
                Ok(telegram) => telegram,
                Err(_) if lenient.trailing && number > 2 => break,
                Err(error) => return unchosen(specs, &error, rest, &place),
            },
        };
        // A telegram whose length cannot be determined gets all the bytes that are left.
        let len = telegram.layout.telegram_len(rest).ok().filter(|len| *len > 0).unwrap_or(rest.len());
        let (own, behind) = rest.split_at(len.min(rest.len()));
        let acted = act(telegram, own, &place)?;
        outcome = outcome.and(acted);
        // After an error in a telegram of varying length, the start of the next one is not reliable.
        if behind.is_empty() || acted == Outcome::Findings && telegram.layout.fixed_len().is_none() {
            break;
        }
        rest = behind;
        place = format!("telegram {number} at byte {}: ", bytes.len() - rest.len());
    }
    Ok(outcome)
}

/// Prints lines and errors in the order of the file. Lines are printed in large pieces, because a file can have millions.
fn decode_records(lines: impl Iterator<Item = Result<String, FileError>>) -> Ended {
    let mut outcome = Outcome::Clean;
    let mut pending = String::new();
    for line in lines {
        let error = line.map(|line| pending.extend([&*line, "\n"])).err();
        if error.is_some() || pending.len() > PIECE_BYTES {
            print(pending.as_bytes())?;
            pending.clear();
        }
        if let Some(error) = error {
            outcome = finding(&error.to_string());
        }
    }
    print(pending.as_bytes())?;
    Ok(outcome)
}

/// The number of bytes of output that are written at once.
const PIECE_BYTES: usize = 1 << 16;

/// JSON → bytes.
pub(crate) fn encode(args: &TelegramArgs) -> Ended {
    let specs = SpecSet::load(&args.spec)?;
    let named = named(&specs, args)?;
    let text = read_text(args.file.as_deref())?;
    let encoded = match named {
        Some(Named::File(spec, file)) => {
            let values: Result<Vec<_>, _> = codec::values(&text).collect();
            let written = values.map_err(|error| error.to_string());
            let plan = spec.file_layout(file);
            written.and_then(|values| encode_file(&plan, &values, Vec::new()).map_err(|error| error.to_string()))
        }
        Some(Named::Telegram(telegram)) => encode_each(&text, |json| {
            let is_its_name =
                |name: &str| matches!(specs.named(name), Ok(Named::Telegram(own)) if std::ptr::eq(own, telegram));
            codec::encode_fields(telegram, codec::fields_of(telegram, json, is_its_name)?)
        }),
        None => encode_each(&text, |envelope| codec::encode(&specs, envelope)),
    };
    match encoded {
        Ok(bytes) if args.hex => print(to_hex(&bytes).as_bytes()).map(|()| Outcome::Clean),
        Ok(bytes) => print(&bytes).map(|()| Outcome::Clean),
        Err(message) => Ok(finding(&message)),
    }
}

/// Bytes → the meaning of each.
pub(crate) fn explain(args: &ExplainArgs) -> Ended {
    let options = dump::DumpOptions { reveal: args.reveal, colour: colour_stdout() };
    let args = &args.decode;
    let specs = SpecSet::load(&args.telegram.spec)?;
    let named = named(&specs, &args.telegram)?;
    if let Some(Named::File(spec, file)) = named {
        let plan = spec.file_layout(file);
        return explain_records(reader(&plan, args)?, options);
    }
    let bytes = read_bytes(args.telegram.file.as_deref(), args.telegram.hex)?;
    let lenient = lenient(args);
    each(&specs, named, &bytes, lenient, |telegram, bytes, place| {
        print(place.as_bytes())?;
        dump_one(&telegram.layout, bytes, lenient, options, place)
    })
}

/// Prints one dump after the other, and errors in their order.
fn explain_records(mut reader: FileReader<'_, impl Read>, options: dump::DumpOptions) -> Ended {
    let mut outcome = Outcome::Clean;
    while let Some(record) = reader.next() {
        match record {
            Ok(record) => {
                let place = format!("record {} at byte {}: ", record.number, record.offset);
                print(place.as_bytes())?;
                outcome = outcome.and(dump_one(record.layout, record.bytes, record.lenient, options, &place)?);
            }
            Err(error) => outcome = finding(&error.to_string()),
        }
    }
    Ok(outcome)
}

/// A reader of the record file that the user named. The file is never in memory as a whole, unless it is hex digits.
fn reader<'f>(plan: &'f FileLayout, args: &DecodeArgs) -> Result<FileReader<'f, Box<dyn Read>>, Stop> {
    let file = args.telegram.file.as_deref();
    let input: Box<dyn Read> =
        if args.telegram.hex { Box::new(std::io::Cursor::new(read_bytes(file, true)?)) } else { open(file)? };
    let reader = FileReader::new(plan, input).map_err(|error| Stop::Message(error.to_string()))?;
    Ok(if args.lenient { reader.lenient(Lenient::ALL) } else { reader })
}

fn lenient(args: &DecodeArgs) -> Lenient {
    if args.lenient { Lenient::ALL } else { Lenient::STRICT }
}

/// Prints the dump of a telegram. The dump goes on after a mistake and shows it at its place. The messages repeat all mistakes.
/// A deviation that `lenient` accepts is shown as it is read, and reported.
fn dump_one(layout: &Layout, bytes: &[u8], lenient: Lenient, options: dump::DumpOptions, place: &str) -> Ended {
    let read = Record::decode_lenient(layout, bytes, lenient);
    let (repaired, _) = lenient.mend(layout, bytes);
    print(dump::dump(layout, &repaired, options).as_bytes())?;
    match read {
        Ok((_, forgiven)) => {
            report(place, &forgiven);
            Ok(Outcome::Clean)
        }
        Err(first) => {
            let mut errors = layout.all_errors(&repaired);
            if errors.is_empty() || matches!(first.fault(), Fault::NotCompleted { .. }) {
                errors.push(first);
            }
            Ok(findings(place, &errors))
        }
    }
}

/// Says on stderr what was forgiven, one line each.
fn report(place: &str, forgiven: &[Forgiven]) {
    forgiven.iter().for_each(|forgiven| note(&format!("{place}forgiven: {forgiven}")));
}

/// Reports bytes whose telegram cannot be determined. If they match no telegram, that is a finding. If the specs cannot decide,
/// the user must name the telegram.
fn unchosen(specs: &SpecSet, error: &UnchosenError, bytes: &[u8], place: &str) -> Ended {
    if bytes.is_empty() && !matches!(error, UnchosenError::NoMarks) {
        return Ok(finding("the input is empty"));
    }
    if let UnchosenError::NoMatch(error) = error {
        return Ok(finding(&format!("{place}{error}")));
    }
    Err(Stop::Message(format!("{place}{error}; name one with --telegram: {}", specs.names().join(", "))))
}

fn named<'s>(specs: &'s SpecSet, args: &TelegramArgs) -> Result<Option<Named<'s>>, Stop> {
    args.telegram.as_deref().map(|name| specs.named(name).map_err(Stop::Message)).transpose()
}

/// The bytes of all values of a text, one after the other; `Err` is the message.
fn encode_each(
    text: &str,
    encode: impl Fn(&serde_json::Value) -> Result<Vec<u8>, codec::CodecError>,
) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for (number, value) in codec::values(text).enumerate() {
        let encoded = value.and_then(|value| encode(&value));
        bytes.extend(encoded.map_err(|error| format!("object {}: {error}", number + 1))?);
    }
    if bytes.is_empty() { Err("the input has no JSON object".to_owned()) } else { Ok(bytes) }
}

fn findings(place: &str, errors: &[impl Display]) -> Outcome {
    errors.iter().for_each(|error| note(&format!("{place}{error}")));
    Outcome::Findings
}

fn finding(message: &str) -> Outcome {
    note(message);
    Outcome::Findings
}
