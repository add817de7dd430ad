//! `fep decode`, `fep explain`.

use std::cell::RefCell;
use std::io::Read;

use fep_codec::files::{FileError, FileLayout, FileReader, Lenient};
use fep_codec::lenient::Forgiven;
use fep_codec::{Fault, Layout, Record, dump};
use fep_spec::codec;
use fep_spec::files::decode_file_reporting;
use fep_spec::glued::{NextTelegram, next_telegram, own_len};
use fep_spec::model::{Named, SpecSet, TelegramSpec, UnchosenError};

use crate::end::{Ended, Outcome, Stop, colour_stdout, print};
use crate::files::{open, read_bytes};
use crate::messages::{Messages, Place};
use crate::{DecodeArgs, ExplainArgs, TelegramArgs};

/// Bytes → lines of JSON.
pub(crate) fn decode(args: &DecodeArgs) -> Ended {
    let specs = SpecSet::load(&args.telegram.spec)?;
    let named = named(&specs, &args.telegram)?;
    if let Some(Named::File(spec, file)) = named {
        let plan = spec.file_layout(file);
        let forgiven = RefCell::new(Vec::new());
        let lines = decode_file_reporting(reader(&plan, args)?, |one| forgiven.borrow_mut().push(one.clone()));
        return decode_records(lines, &forgiven, args.messages());
    }
    let bytes = read_bytes(args.telegram.file.as_deref(), args.telegram.hex)?;
    each(&specs, named, &bytes, args, |telegram, bytes, place| match codec::decode(telegram, bytes, args.leniency()) {
        Ok((line, forgiven)) => {
            args.messages().forgiven(place, &forgiven);
            print((line + "\n").as_bytes()).map(|()| Outcome::Clean)
        }
        Err(errors) => Ok(args.messages().findings(place, &errors)),
    })
}

/// Calls `act` for each of the telegrams that follow each other in these bytes.
fn each(
    specs: &SpecSet,
    named: Option<Named<'_>>,
    bytes: &[u8],
    args: &DecodeArgs,
    mut act: impl FnMut(&TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let lenient = args.leniency();
    let named = match named {
        Some(Named::Telegram(telegram)) => Some(telegram),
        _ => None,
    };
    let mut outcome = Outcome::Clean;
    let mut at = 0;
    for number in 1_usize.. {
        if lenient.trailing {
            let behind = bytes.get(at..).unwrap_or_default();
            let next = next_telegram(specs, named, behind, number == 1);
            let surplus = match next {
                NextTelegram::At(skip) => behind.get(..skip).unwrap_or_default(),
                NextTelegram::Nowhere => behind,
            };
            if !surplus.is_empty() {
                // The bytes belong to the input, not to a telegram.
                args.messages().forgiven(Place::Telegram(1, at), &[Forgiven::surplus(0, surplus)]);
            }
            at += surplus.len();
            if next == NextTelegram::Nowhere {
                break;
            }
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let place = Place::Telegram(number, at);
        let telegram = match named {
            Some(telegram) => telegram,
            None => match specs.choose(rest) {
                Ok(telegram) => telegram,
                Err(error) => return unchosen(specs, &error, rest, place, args.messages()),
            },
        };
        let own = rest.get(..own_len(telegram, rest, lenient)).unwrap_or_default();
        let acted = act(telegram, own, place)?;
        outcome = outcome.and(acted);
        at += own.len();
        // After an error in a telegram of varying length, the start of the next one is not reliable.
        if at >= bytes.len() || acted == Outcome::Findings && telegram.layout.fixed_len().is_none() {
            break;
        }
    }
    Ok(outcome)
}

/// Prints lines, reports and errors in the order of the file. `forgiven` has the reports of the records so far.
fn decode_records(
    lines: impl Iterator<Item = Result<String, FileError>>,
    forgiven: &RefCell<Vec<Forgiven>>,
    messages: Messages,
) -> Ended {
    let mut outcome = Outcome::Clean;
    let report = || messages.forgiven_in_file(&forgiven.borrow_mut().drain(..).collect::<Vec<_>>());
    for line in lines {
        match line {
            Ok(line) => print((line + "\n").as_bytes())?,
            Err(error) => {
                report();
                outcome = messages.finding(&error.to_string());
            }
        }
        report();
    }
    report();
    Ok(outcome)
}

/// Bytes → the meaning of each.
pub(crate) fn explain(args: &ExplainArgs) -> Ended {
    let options = dump::DumpOptions { reveal: args.reveal, colour: colour_stdout() };
    let args = &args.decode;
    let specs = SpecSet::load(&args.telegram.spec)?;
    let named = named(&specs, &args.telegram)?;
    if let Some(Named::File(spec, file)) = named {
        let plan = spec.file_layout(file);
        return explain_records(reader(&plan, args)?, args.messages(), options);
    }
    let bytes = read_bytes(args.telegram.file.as_deref(), args.telegram.hex)?;
    each(&specs, named, &bytes, args, |telegram, bytes, place| {
        dump_one(&telegram.layout, bytes, args.leniency(), options, place, args.messages())
    })
}

/// Prints one dump after the other, and errors in their order.
fn explain_records(mut reader: FileReader<'_, impl Read>, messages: Messages, options: dump::DumpOptions) -> Ended {
    let mut outcome = Outcome::Clean;
    while let Some(record) = reader.next() {
        match record {
            Ok(record) => {
                let place = Place::Record(record.number, record.offset);
                messages.forgiven_in_file(record.forgiven);
                outcome = outcome.and(dump_one(record.layout, record.bytes, record.lenient, options, place, messages)?);
            }
            Err(error) => outcome = messages.finding(&error.to_string()),
        }
    }
    messages.forgiven_in_file(reader.forgiven());
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

impl DecodeArgs {
    const fn leniency(&self) -> Lenient {
        if self.lenient { Lenient::ALL } else { Lenient::STRICT }
    }

    const fn messages(&self) -> Messages {
        Messages { format: self.format }
    }
}

/// Prints the dump of a telegram. The dump goes on after a mistake and shows it at its place. The messages repeat all mistakes.
/// A deviation that `lenient` accepts is shown as it is read, and reported.
fn dump_one(
    layout: &Layout,
    bytes: &[u8],
    lenient: Lenient,
    options: dump::DumpOptions,
    place: Place,
    messages: Messages,
) -> Ended {
    print(place.to_string().as_bytes())?;
    let read = Record::decode_lenient(layout, bytes, lenient);
    let (repaired, _) = lenient.mend(layout, bytes);
    print(dump::dump(layout, &repaired, options).as_bytes())?;
    match read {
        Ok((_, forgiven)) => {
            messages.forgiven(place, &forgiven);
            Ok(Outcome::Clean)
        }
        Err(first) => {
            let mut errors = layout.all_errors(&repaired);
            if errors.is_empty() || matches!(first.fault(), Fault::NotCompleted { .. }) {
                errors.push(first);
            }
            Ok(messages.findings(place, &errors))
        }
    }
}

/// Reports bytes whose telegram cannot be determined. If they match no telegram, that is a finding. If the specs cannot decide,
/// the user must name the telegram.
fn unchosen(specs: &SpecSet, error: &UnchosenError, bytes: &[u8], place: Place, messages: Messages) -> Ended {
    if bytes.is_empty() && !matches!(error, UnchosenError::NoConditions) {
        return Ok(messages.finding("the input is empty"));
    }
    if let UnchosenError::NoMatch(error) = error {
        return Ok(messages.findings(place, &[error]));
    }
    Err(Stop::Message(format!("{place}{error}; name one with --telegram: {}", specs.names().join(", "))))
}

pub(crate) fn named<'s>(specs: &'s SpecSet, args: &TelegramArgs) -> Result<Option<Named<'s>>, Stop> {
    args.telegram.as_deref().map(|name| specs.named(name).map_err(Stop::Message)).transpose()
}
