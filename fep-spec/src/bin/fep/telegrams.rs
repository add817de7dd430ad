//! `fep decode`, `fep explain`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use fep_codec::files::{FileError, FileLayout, FileReader, Lenient};
use fep_codec::lenient::{Deviation, Forgiven};
use fep_codec::{Fault, Layout, Plan, Record, dump};
use fep_spec::capture::{Capture, MAGIC_BYTES};
use fep_spec::codec;
use fep_spec::files::decode_file_reporting;
use fep_spec::framing::Framing;
use fep_spec::glued::{NextTelegram, lost, next_telegram, own_len};
use fep_spec::model::{FileSpec, Named, Spec, SpecSet, TelegramSpec};

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour_stdout, print};
use crate::files::{open, read_bytes};
use crate::frames::{FRAME_MAX_BYTES, Reading, each_frame, each_in_capture};
use crate::glued::{Glued, TELEGRAM_MAX_BYTES, WINDOW_BYTES};
use crate::messages::{Messages, Place};
use crate::progress::watch;

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
                        fep decode --spec specs captured.bin | jq .fields.amount\n  \
                        fep decode --spec bank.toml --frame ascii4 line.pcapng"
)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) telegram: TelegramArgs,
    /// How the line encloses telegrams: ascii4, binary2, stx-etx, lf, fixed300, code-table …, also with keys of a gateway's
    /// `framing`: ascii4,stripped or stx-etx,check=bcc-xor. Without it, the layouts say where telegrams end
    #[arg(long, value_name = "FRAME")]
    pub(crate) frame: Option<String>,
    /// The TCP stream of a capture file (pcap, pcapng), if it has several
    #[arg(long, value_name = "N")]
    pub(crate) stream: Option<usize>,
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
                        fep explain --spec bank.toml --hex --reveal - < dump.txt\n  \
                        fep explain --spec bank.toml --frame stx-etx,check=bcc-xor --stream 2 line.pcap"
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
        args.no_frame_of_a_file()?;
        unverified_in_file(spec, file, args.messages());
        let forgiven = RefCell::new(Vec::new());
        let lines = decode_file_reporting(reader(&plan, args)?, |one| forgiven.borrow_mut().push(one.clone()));
        return decode_records(lines, &forgiven, args.messages());
    }
    let mut plans = Plans::default();
    telegrams(&specs, named, args, |telegram, bytes, place| {
        match codec::decode(plans.of(telegram), bytes, args.leniency()) {
            Ok((mut line, forgiven)) => {
                args.messages().forgiven(place, &forgiven);
                if let Place::Packet { packet, side, .. } = place {
                    // Behind the fields, because the envelope ends with a brace.
                    line.pop();
                    line.push_str(&format!(",\"packet\":{packet},\"from\":\"{side}\"}}"));
                }
                print((line + "\n").as_bytes()).map(|()| Outcome::Clean)
            }
            Err(errors) => Ok(args.messages().findings(place, &errors)),
        }
    })
}

/// The plans of the layouts that came, by the addresses of the layouts. Each is made when its first telegram comes.
#[derive(Default)]
struct Plans<'s>(HashMap<*const Layout, Plan<'s>>);

impl<'s> Plans<'s> {
    fn of(&mut self, telegram: &'s TelegramSpec) -> &Plan<'s> {
        let layout = &telegram.layout;
        self.0.entry(std::ptr::from_ref(layout)).or_insert_with(|| Plan::new(layout))
    }
}

/// Calls `act` for each telegram of the input: a capture, frames, or telegrams that follow each other.
fn telegrams<'s>(
    specs: &'s SpecSet,
    named: Option<Named<'s>>,
    args: &DecodeArgs,
    act: impl FnMut(&'s TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let named = match named {
        Some(Named::Telegram(telegram)) => Some(telegram),
        _ => None,
    };
    let framing = args.frame.as_deref().map(|words| framing(specs, words)).transpose()?;
    let reading = Reading {
        specs,
        named,
        framing: framing.as_ref(),
        stream: args.stream,
        lenient: args.leniency(),
        messages: args.messages(),
    };
    let (input, is_capture) = peek(input(args)?)?;
    if is_capture {
        return each_in_capture(&reading, input, act);
    }
    if args.stream.is_some() {
        return Err(Stop::Message("--stream chooses a stream of a capture, and the input is no capture".to_owned()));
    }
    match &framing {
        Some(framing) => each_frame(&reading, framing, input, act),
        None => each(specs, named, args, input, act),
    }
}

/// The framing that the user named. It is compared with the telegrams of the spec, if there is one spec only.
fn framing(specs: &SpecSet, words: &str) -> Result<Framing, Stop> {
    let spec = match specs.specs.as_slice() {
        [only] => only.clone(),
        [first, ..] => Spec { telegrams: Vec::new(), files: Vec::new(), ..first.clone() },
        [] => return Err(Stop::Message("there is no spec".to_owned())),
    };
    match Framing::of_words(words, &spec, FRAME_MAX_BYTES) {
        Ok(Framing::CodeTable(_)) if specs.specs.len() > 1 => {
            let message = "--frame code-table: the table is made from the telegrams of one spec, and --spec is a folder of several; name one";
            Err(Stop::Message(message.to_owned()))
        }
        framing => framing.map_err(|error| Stop::Message(format!("--frame: {error}"))),
    }
}

/// The input, and whether it is a capture file.
fn peek(mut input: Box<dyn Read>) -> Result<(Box<dyn Read>, bool), Stop> {
    let mut start = Vec::new();
    // An input that cannot be a capture is not waited for.
    while start.len() < MAGIC_BYTES && Capture::may_be_capture(&start) {
        let more = input.by_ref().take((MAGIC_BYTES - start.len()) as u64).read_to_end(&mut start);
        if more.map_err(|error| Stop::Message(format!("cannot read the input: {error}")))? == 0 {
            break;
        }
    }
    let is_capture = Capture::is_capture(&start);
    Ok((Box::new(std::io::Cursor::new(start).chain(input)), is_capture))
}

/// Calls `act` for each of the telegrams that follow each other in the input. Lenient reading looks for a telegram behind surplus bytes, so
/// it reads the whole input first.
fn each<'s>(
    specs: &'s SpecSet,
    named: Option<&'s TelegramSpec>,
    args: &DecodeArgs,
    input: Box<dyn Read>,
    mut act: impl FnMut(&'s TelegramSpec, &[u8], Place) -> Ended,
) -> Ended {
    let lenient = args.leniency();
    let mut input = Glued::new(input);
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
                Err(error) => return args.messages().unchosen(specs, &error, input.rest(), place),
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
        args.no_frame_of_a_file()?;
        unverified_in_file(spec, file, args.messages());
        return explain_records(reader(&plan, args)?, args.messages(), options);
    }
    telegrams(&specs, named, args, |telegram, bytes, place| {
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
    if args.telegram.hex {
        return Ok(Box::new(std::io::Cursor::new(read_bytes(file, true)?)));
    }
    let len =
        file.and_then(|path| std::fs::metadata(path).ok()).filter(std::fs::Metadata::is_file).map(|file| file.len());
    Ok(watch(open(file)?, len))
}

impl DecodeArgs {
    /// A record file has its own line ends and length words.
    fn no_frame_of_a_file(&self) -> Result<(), Stop> {
        if self.frame.is_none() && self.stream.is_none() {
            return Ok(());
        }
        let message =
            "--frame and --stream are for telegrams of a line; the plan of a record file says where records end";
        Err(Stop::Message(message.to_owned()))
    }

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

pub(crate) fn named<'s>(specs: &'s SpecSet, args: &TelegramArgs) -> Result<Option<Named<'s>>, Stop> {
    args.telegram.as_deref().map(|name| specs.named(name).map_err(Stop::Message)).transpose()
}
