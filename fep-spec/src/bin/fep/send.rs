//! `fep send`: one telegram over TCP, and its answer. Both are shown as `fep explain` or `fep decode` shows them.
//!
//! ```text
//! JSON or bytes ──► telegram ──► frame ──► TCP ──► frame ──► telegram ──► is it the answer of the request?
//! ```

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use fep_codec::dump::{DumpOptions, dump};
use fep_codec::lenient::Lenient;
use fep_codec::{Layout, Plan, Record};
use fep_spec::codec::{self, CodecError};
use fep_spec::framing::{Framing, WORDS};
use fep_spec::model::{Named, Spec, SpecSet, TelegramSpec, UnchosenError};
use serde_json::{Value as Json, json};

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour_stdout, flush, note, print, say};
use crate::files::{from_hex, read};
use crate::messages::{Messages, Place};
use crate::wire::{FRAME_MAX_BYTES, Received, Wire};

/// The longest time to wait, in seconds.
const TIMEOUT_MAX_S: f64 = 3600.0;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep send --spec bank.toml --to 127.0.0.1:9000 request.json\n  \
    fep send --spec bank.toml --to 127.0.0.1:9000 --frame ascii4,stripped --timeout 3 request.bin\n  \
    fep send --spec bank.toml --to 127.0.0.1:9000 --format json request.json | jq .received.fields\n\n\
    The telegram is sent once and never again. A line that needs a sign-on does not answer before it.\n\
    Exit: 0 answered; 1 no answer, or another one than expected; 2 nothing was sent.")]
pub(crate) struct SendArgs {
    /// A spec file, or a folder of them
    #[arg(long, value_name = "SPEC")]
    spec: PathBuf,
    /// The host and the port to connect to
    #[arg(long, value_name = "HOST:PORT")]
    to: String,
    #[arg(long, value_name = "FRAME", help = frame_help())]
    frame: Option<String>,
    /// How long connecting, sending and waiting may take together
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = timeout)]
    timeout: Duration,
    /// The telegram that is sent; if left out, its JSON names it, or its bytes identify it
    #[arg(long, value_name = "NAME")]
    telegram: Option<String>,
    /// The input is hex digits
    #[arg(long)]
    hex: bool,
    /// Show secret fields
    #[arg(long)]
    reveal: bool,
    /// A dump of both telegrams, or one JSON object with both
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The telegram, as JSON or as bytes; stdin if left out or -
    file: Option<PathBuf>,
}

fn frame_help() -> String {
    let words: Vec<_> = WORDS.iter().map(|(word, what)| format!("{word} ({what})")).collect();
    format!(
        "How the line encloses telegrams; if left out, the computed length in the telegrams says it. One of: {}. Further keys of \
         `framing` in a gateway's configuration follow with commas: ascii4,counts=all",
        words.join("; ")
    )
}

fn timeout(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0 && *seconds <= TIMEOUT_MAX_S);
    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    timeout.ok_or_else(|| format!("write a number of seconds above 0, at most {TIMEOUT_MAX_S}"))
}

/// Sends a telegram and shows its answer.
pub(crate) fn send(args: &SendArgs) -> Ended {
    let specs = SpecSet::load(&args.spec)?;
    let (telegram, bytes) = match request(&specs, args)? {
        Ok(request) => request,
        Err(errors) => {
            let outcome = Messages { format: args.format }.findings(Place::Telegram(1, 0), &errors);
            note("nothing was sent");
            return Ok(outcome);
        }
    };
    let spec = specs.specs.iter().find(|spec| spec.telegrams.iter().any(|own| std::ptr::eq(own, telegram)));
    let spec = spec.ok_or_else(|| Stop::Message("the telegram has no spec".to_owned()))?;
    let (words, framing) = framing(args, spec)?;
    let frame = framing.frame(bytes.clone()).map_err(|error| {
        let hint = if words.contains("stripped") {
            ""
        } else {
            "; if the length is no field of the telegram, add `,stripped` to --frame"
        };
        Stop::Message(format!("{} cannot be sent in the frame {words}: {error}{hint}", telegram.name()))
    })?;
    let mut wire = Wire::connect(&args.to, args.timeout).map_err(|error| Stop::Message(error.to_string()))?;
    let shown = Shown { args, spec };
    shown.heading(&format!("sent to {}, {} in the frame {words}", args.to, bytes_of(frame.len())))?;
    shown.telegram(&telegram.layout, &bytes)?;
    flush()?;
    let sent = shown.json(&telegram.layout, &bytes);
    match wire.exchange(&frame, &framing) {
        Ok(received) => shown.answer(&specs, telegram, &framing, &received, &sent),
        Err(failed) => {
            let message = failed.to_string();
            let ahead = frame.len().saturating_sub(bytes.len()).min(framing.content(&frame).start);
            shown.finish(&sent, "null", &[message])?;
            if !failed.bytes.is_empty() {
                say(&format!("fep: the bytes: {}\n", shown.hex(&failed.bytes, ahead)));
            }
            Ok(Outcome::Findings)
        }
    }
}

type Request<'s> = Result<(&'s TelegramSpec, Vec<u8>), Vec<CodecError>>;

/// The telegram that is to be sent, with its bytes. A text that begins with `{` is JSON.
fn request<'s>(specs: &'s SpecSet, args: &SendArgs) -> Result<Request<'s>, Stop> {
    let named = match args.telegram.as_deref().map(|name| specs.named(name)).transpose().map_err(Stop::Message)? {
        Some(Named::Telegram(telegram)) => Some(telegram),
        Some(Named::File(..)) => {
            return Err(Stop::Message("a record file is no telegram: name one of its records".to_owned()));
        }
        None => None,
    };
    let input = read(args.file.as_deref())?;
    let is_json = !args.hex && input.trim_ascii_start().starts_with(b"{");
    if let Some(text) = std::str::from_utf8(&input).ok().filter(|_| is_json) {
        return Ok(from_json(specs, named, text).map_err(|error| vec![error]));
    }
    let bytes = if args.hex { from_hex(&input).map_err(Stop::Message)? } else { input };
    let telegram = match named {
        Some(telegram) => telegram,
        None => match specs.choose(&bytes) {
            Ok(telegram) => telegram,
            Err(UnchosenError::NoMatch(error)) => return Ok(Err(vec![CodecError::Envelope(error.to_string())])),
            Err(error) => {
                return Err(Stop::Message(format!("{error}; name one with --telegram: {}", specs.names().join(", "))));
            }
        },
    };
    Ok(match codec::decode(&Plan::new(&telegram.layout), &bytes, Lenient::STRICT) {
        Ok(_) => Ok((telegram, bytes)),
        Err(errors) => Err(errors),
    })
}

fn from_json<'s>(
    specs: &'s SpecSet,
    named: Option<&'s TelegramSpec>,
    text: &str,
) -> Result<(&'s TelegramSpec, Vec<u8>), CodecError> {
    let mut values = codec::values(text);
    let json = values.next().unwrap_or_else(|| Err(CodecError::Envelope("the input is empty".to_owned())))?;
    if values.next().is_some() {
        return Err(CodecError::Envelope("more than one telegram; one exchange has one".to_owned()));
    }
    let Some(telegram) = named else {
        let telegram = specs.telegram(codec::open(&json)?.0).map_err(CodecError::Envelope)?;
        return Ok((telegram, codec::encode(specs, &json)?));
    };
    let is_its_name = |name: &str| matches!(specs.named(name), Ok(Named::Telegram(own)) if std::ptr::eq(own, telegram));
    let fields = codec::fields_of(telegram, &json, is_its_name)?;
    Ok((telegram, codec::encode_fields(telegram, fields)?))
}

/// The framing of the line, with its words.
fn framing(args: &SendArgs, spec: &Spec) -> Result<(String, Framing), Stop> {
    let words = args.frame.clone().or_else(|| Framing::words_of_spec(spec));
    let words = words.ok_or_else(|| {
        let list: Vec<_> = WORDS.iter().map(|(word, what)| format!("  --frame {word:20} {what}")).collect();
        Stop::Message(format!(
            "the telegrams of {} do not say how a line encloses them, so name the frame:\n{}",
            spec.name,
            list.join("\n")
        ))
    })?;
    let framing = Framing::of_words(&words, spec, FRAME_MAX_BYTES);
    framing.map(|framing| (words, framing)).map_err(|why| Stop::Message(format!("--frame: {why}")))
}

/// How telegrams are shown.
struct Shown<'a> {
    args: &'a SendArgs,
    spec: &'a Spec,
}

impl Shown<'_> {
    fn heading(&self, text: &str) -> Result<(), Stop> {
        if self.args.format == Format::Text { print(format!("{text}\n").as_bytes()) } else { Ok(()) }
    }

    fn telegram(&self, layout: &Layout, bytes: &[u8]) -> Result<(), Stop> {
        let options = DumpOptions { reveal: self.args.reveal, colour: colour_stdout() };
        if self.args.format == Format::Text { print(dump(layout, bytes, options).as_bytes()) } else { Ok(()) }
    }

    /// `{"telegram": …, "fields": {…}}`, in wire order. Without fields if the bytes cannot be decoded.
    fn json(&self, layout: &Layout, bytes: &[u8]) -> String {
        let record = Record::decode(layout, bytes).ok();
        let fields = record.map(|record| match self.args.reveal {
            true => serde_json::to_string(&record),
            false => serde_json::to_string(&record.masked()),
        });
        // This cannot fail, because a record has only string keys and finite numbers.
        let fields = fields.and_then(Result::ok).unwrap_or_else(|| "null".to_owned());
        format!("{{\"telegram\":{},\"fields\":{fields}}}", Json::from(&*layout.name))
    }

    /// Shows what came, and says whether it is the answer.
    fn answer(
        &self,
        specs: &SpecSet,
        request: &TelegramSpec,
        framing: &Framing,
        received: &Received,
        sent: &str,
    ) -> Ended {
        let bytes = framing.telegram(&received.frame);
        let expected = request.answer.as_deref().and_then(|name| self.spec.telegram(name));
        let after = received.after.as_secs_f64() * 1000.0;
        self.heading(&format!("\nreceived after {after:.1} ms, {}", bytes_of(received.frame.len())))?;
        let mut wrong = Vec::new();
        if received.surplus > 0 {
            wrong.push(format!("{} came behind the answer and were not read", bytes_of(received.surplus)));
        }
        let found = match (specs.choose(bytes), expected) {
            (Ok(found), _) => found,
            // Nothing in the bytes tells telegrams apart, so the answer is what must come.
            (Err(UnchosenError::NoMarks | UnchosenError::Several(_)), Some(expected)) => expected,
            (Err(error), _) => {
                wrong.push(format!("the answer is no telegram of the spec: {error}"));
                self.finish(sent, "null", &wrong)?;
                say(&format!("fep: the bytes: {}\n", self.hex(bytes, 0)));
                return Ok(Outcome::Findings);
            }
        };
        self.telegram(&found.layout, bytes)?;
        match (expected, &request.answer) {
            (Some(expected), _) if std::ptr::eq(expected, found) => {}
            (_, Some(expected)) => {
                wrong.push(format!("this is {}, and the answer of {} is {expected}", found.name(), request.name()));
            }
            (_, None) => note(&format!("the spec does not say what answers {}: it has no `answer`", request.name())),
        }
        wrong.extend(found.layout.all_errors(bytes).iter().map(|error| format!("{}: {error}", found.name())));
        self.finish(sent, &self.json(&found.layout, bytes), &wrong)
    }

    /// Prints the JSON, if it is asked for, and the messages.
    fn finish(&self, sent: &str, received: &str, wrong: &[String]) -> Ended {
        if self.args.format == Format::Json {
            let errors = if wrong.is_empty() { String::new() } else { format!(",\"errors\":{}", json!(wrong)) };
            print(format!("{{\"sent\":{sent},\"received\":{received}{errors}}}\n").as_bytes())?;
        }
        wrong.iter().for_each(|message| note(message));
        Ok(if wrong.is_empty() { Outcome::Clean } else { Outcome::Findings })
    }

    /// Bytes that are no known telegram, as hex digits. `**` stands where any telegram of the spec has a secret. The first `ahead` bytes
    /// stand before the telegram.
    fn hex(&self, bytes: &[u8], ahead: usize) -> String {
        let secrets: Vec<_> = self.spec.telegrams.iter().flat_map(|telegram| secrets(&telegram.layout)).collect();
        let is_hidden = |at: usize| {
            let at = at.checked_sub(ahead);
            !self.args.reveal && at.is_some_and(|at| secrets.iter().any(|range| range.contains(&at)))
        };
        let byte = |(at, byte): (usize, &u8)| if is_hidden(at) { "**".to_owned() } else { format!("{byte:02x}") };
        let shown: Vec<_> = bytes.iter().enumerate().take(HEX_MAX_BYTES).map(byte).collect();
        let rest = bytes.len().saturating_sub(HEX_MAX_BYTES);
        let more = if rest == 0 { String::new() } else { format!(" … and {}", bytes_of(rest)) };
        shown.join(" ") + &more
    }
}

/// The bytes of an unknown telegram that are shown at most.
const HEX_MAX_BYTES: usize = 512;

/// The places of secrets. After an item of varying length, a secret may be anywhere.
fn secrets(layout: &Layout) -> Vec<std::ops::Range<usize>> {
    let mut start = Some(0_usize);
    let mut ranges = Vec::new();
    let mut last = 0;
    for item in layout.items() {
        let end = start.and_then(|start| start.checked_add(item.fixed_len()?));
        if item.has_secret() {
            ranges.push(start.unwrap_or(last)..end.unwrap_or(usize::MAX));
        }
        last = start.unwrap_or(last);
        start = end;
    }
    ranges
}

/// `1 byte`, `12 bytes`
fn bytes_of(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}
