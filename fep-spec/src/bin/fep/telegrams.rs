//! `fep decode`, `fep explain`.

use std::cell::RefCell;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use fep_codec::files::{FileError, FileLayout, FileReader, Lenient};
use fep_codec::lenient::{Deviation, Forgiven};
use fep_codec::{Fault, Layout, Record, dump};
use fep_spec::codec;
use fep_spec::files::decode_file_reporting;
use fep_spec::glued::{NextTelegram, lost, next_telegram, own_len};
use fep_spec::model::{FileSpec, Named, Spec, SpecSet, TelegramSpec, UnchosenError};

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour_stdout, print};
use crate::files::{open, read_bytes};
use crate::glued::{Glued, TELEGRAM_MAX_BYTES, WINDOW_BYTES};
use crate::messages::{Messages, Place};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep encode --spec bank.toml request.json > request.bin\n  \
                        fep encode --spec bank.toml --telegram Transfer --hex fields.json\n  \
                        fep decode --spec bank.toml request.bin | fep encode --spec bank.toml | cmp - request.bin\n\n\
                        The JSON: {\"telegram\": NAME, \"fields\": {…}}, or with --telegram the fields alone. What `fep decode` prints is such JSON.")]
pub(crate) struct TelegramArgs {
    /// A spec file, or a folder of them
    #[arg(long, value_name = "SPEC")]
    pub(crate) spec: PathBuf,
    /// A telegram or a record file of the spec; if left out, the telegram is recognised by its codes, or named in its JSON
    #[arg(long, value_name = "NAME")]
    pub(crate) telegram: Option<String>,
    /// Bytes are hex digits, in the input and in the output
    #[arg(long)]
    pub(crate) hex: bool,
    /// The file to read; stdin if left out or -
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fep decode --spec bank.toml captured.bin\n  fep decode --spec bank.toml --telegram Transfer --hex - < dump.txt\n  \
                        fep decode --spec specs captured.bin | jq .fields.amount"
)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) telegram: TelegramArgs,
    #[arg(long, help = lenient_help())]
    pub(crate) lenient: bool,
    /// The form of the messages on stderr: text, or one JSON object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// The deviations that `--lenient` forgives.
fn lenient_help() -> String {
    let deviations: Vec<&str> = Deviation::ALL.iter().map(|deviation| deviation.help()).collect();
    format!("Forgive common mistakes, and report each on stderr: {}", deviations.join("; "))
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fep explain --spec bank.toml captured.bin\n  fep encode --spec bank.toml request.json | fep explain --spec bank.toml\n  \
                        fep explain --spec bank.toml --hex --reveal - < dump.txt"
)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) decode: DecodeArgs,
    /// Show secret fields
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// Bytes → lines of JSON.
pub(crate) fn decode(args: &DecodeArgs) -> Ended {
    let specs = SpecSet::load(&args.telegram.spec)?;
    let named = named(&specs, &args.telegram)?;
    if let Some(Named::File(spec, file)) = named {
        let plan = spec.file_layout(file);
        unverified_in_file(spec, file, args.messages());
        let forgiven = RefCell::new(Vec::new());
        let lines = decode_file_reporting(reader(&plan, args)?, |one| forgiven.borrow_mut().push(one.clone()));
        return decode_records(lines, &forgiven, args.messages());
    }
    each(&specs, named, args, |telegram, bytes, place| match codec::decode(telegram, bytes, args.leniency()) {
        Ok((line, forgiven)) => {
            args.messages().forgiven(place, &forgiven);
            print((line + "\n").as_bytes()).map(|()| Outcome::Clean)
        }
        Err(errors) => Ok(args.messages().findings(place, &errors)),
    })
}

/// Calls `act` for each of the telegrams that follow each other in the input. Lenient reading looks for a telegram behind surplus bytes, so
/// it reads the whole input first.
fn each(
    specs: &SpecSet,
    named: Option<Named<'_>>,
    args: &DecodeArgs,
    mut act: impl FnMut(&TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let lenient = args.leniency();
    let named = match named {
        Some(Named::Telegram(telegram)) => Some(telegram),
        _ => None,
    };
    let mut input = Glued::new(input(args)?);
    let mut outcome = Outcome::Clean;
    let mut known: Vec<&str> = Vec::new();
    for number in 1_usize.. {
        input.fill(if lenient.trailing { usize::MAX } else { WINDOW_BYTES })?;
        if lenient.trailing {
            let (passed, next) = pass_surplus(specs, named, &mut input, number, args.messages());
            outcome = outcome.and(passed);
            if next == NextTelegram::Nowhere {
                break;
            }
        }
        let place = Place::Telegram(number, input.used());
        let telegram = match named {
            Some(telegram) => telegram,
            None => match specs.choose(input.rest()) {
                Ok(telegram) => telegram,
                Err(error) => return unchosen(specs, &error, input.rest(), place, args.messages()),
            },
        };
        let mut len = own_len(telegram, input.rest(), lenient);
        // The end may be behind the bytes in memory.
        while len == input.rest().len() && !input.is_whole() {
            if len > TELEGRAM_MAX_BYTES {
                let message = format!("the telegram does not end within {TELEGRAM_MAX_BYTES} bytes");
                return Ok(args.messages().findings(place, &[codec::CodecError::Envelope(message)]));
            }
            input.fill(len.saturating_mul(2))?;
            len = own_len(telegram, input.rest(), lenient);
        }
        if !known.contains(&telegram.name()) {
            known.push(telegram.name());
            args.messages().unverified(&telegram.layout);
        }
        let acted = act(telegram, input.rest().get(..len).unwrap_or_default(), place)?;
        outcome = outcome.and(acted);
        input.skip(len);
        input.fill(1)?;
        // After an error in a telegram of varying length, the start of the next one is not reliable.
        if input.rest().is_empty() || acted == Outcome::Findings && telegram.layout.fixed_len().is_none() {
            break;
        }
    }
    Ok(outcome)
}

/// Passes the surplus bytes before the next telegram, and reports them. If they may be a damaged telegram, that is an error.
fn pass_surplus(
    specs: &SpecSet,
    named: Option<&TelegramSpec>,
    input: &mut Glued,
    number: usize,
    messages: Messages,
) -> (Outcome, NextTelegram) {
    let mut outcome = Outcome::Clean;
    let next = next_telegram(specs, named, input.rest(), number == 1);
    let len = match next {
        NextTelegram::At(len) => len,
        NextTelegram::Nowhere => input.rest().len(),
    };
    let surplus = input.rest().get(..len).unwrap_or_default();
    if let Some(lost) = lost(specs, named, surplus) {
        let message = format!("{} are no telegram of the spec and were passed", bytes(lost.len()));
        let place = Place::Telegram(number, input.used().saturating_add(lost.start));
        outcome = messages.findings(place, &[codec::CodecError::Envelope(message)]);
    } else if !surplus.is_empty() {
        // The bytes belong to the input, not to a telegram.
        messages.forgiven(Place::Telegram(1, input.used()), &[Forgiven::surplus(0, surplus)]);
    }
    input.skip(len);
    (outcome, next)
}

/// `1 byte`, `12 bytes`
fn bytes(count: usize) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// Says once which checks of a file's records nobody verifies.
fn unverified_in_file(spec: &Spec, file: &FileSpec, messages: Messages) {
    let mut known: Vec<&str> = Vec::new();
    for name in file.telegrams() {
        if let Some(telegram) = spec.telegram(name).filter(|_| !known.contains(&name)) {
            messages.unverified(&telegram.layout);
        }
        known.push(name);
    }
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
                outcome = messages.finding_in_file(&error);
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
        unverified_in_file(spec, file, args.messages());
        return explain_records(reader(&plan, args)?, args.messages(), options);
    }
    each(&specs, named, args, |telegram, bytes, place| {
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
            Err(error) => outcome = messages.finding_in_file(&error),
        }
    }
    messages.forgiven_in_file(reader.forgiven());
    Ok(outcome)
}

/// A reader of the record file that the user named. The file is never in memory as a whole, unless it is hex digits.
fn reader<'f>(plan: &'f FileLayout, args: &DecodeArgs) -> Result<FileReader<'f, Box<dyn Read>>, Stop> {
    let reader = FileReader::new(plan, input(args)?).map_err(|error| Stop::Message(error.to_string()))?;
    Ok(if args.lenient { reader.lenient(Lenient::ALL) } else { reader })
}

/// The bytes that the user named.
fn input(args: &DecodeArgs) -> Result<Box<dyn Read>, Stop> {
    let file = args.telegram.file.as_deref();
    if args.telegram.hex { Ok(Box::new(std::io::Cursor::new(read_bytes(file, true)?))) } else { open(file) }
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
    if bytes.is_empty() && !matches!(error, UnchosenError::NoMarks) {
        return Ok(messages.finding("the input is empty"));
    }
    if let UnchosenError::NoMatch(error) = error {
        return Ok(messages.findings(place, std::slice::from_ref(error)));
    }
    Err(Stop::Message(format!("{place}{error}; name one with --telegram: {}", specs.names().join(", "))))
}

pub(crate) fn named<'s>(specs: &'s SpecSet, args: &TelegramArgs) -> Result<Option<Named<'s>>, Stop> {
    args.telegram.as_deref().map(|name| specs.named(name).map_err(Stop::Message)).transpose()
}
