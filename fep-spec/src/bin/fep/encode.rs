//! `fep encode`: JSON → bytes, one value after the other, in memory that does not grow with the input.

use std::io::{BufWriter, ErrorKind, Read, Seek as _, SeekFrom};

use fep_codec::files::{FileError, FileFault, FileLayout, FileWriter};
use fep_spec::codec::{self, CodecError};
use fep_spec::files::{EncodeError, StreamError, StreamFault, encode_stream};
use fep_spec::model::Named;
use fep_spec::model::SpecSet;
use fep_spec::values::{ValueError, Values};
use serde_json::Value as Json;

use crate::end::{Ended, Outcome, Printer, Stop, note, print};
use crate::files::open;
use crate::telegrams::{TelegramArgs, named};

/// JSON → bytes.
pub(crate) fn encode(args: &TelegramArgs) -> Ended {
    let specs = SpecSet::load(&args.spec)?;
    let named = named(&specs, args)?;
    let input = open(args.file.as_deref())?;
    let printer = Printer { hex: args.hex };
    let ended = match named {
        Some(Named::File(spec, file)) => records(&spec.file_layout(file), input, printer),
        Some(Named::Telegram(telegram)) => each(input, printer, |json| {
            let is_its_name =
                |name: &str| matches!(specs.named(name), Ok(Named::Telegram(own)) if std::ptr::eq(own, telegram));
            let fields = codec::fields_of(telegram, json, is_its_name)?;
            let encoded = codec::encode_fields(telegram, fields)?;
            if !std::ptr::eq(fields, json) {
                codec::stated_bytes(json, &encoded)?;
            }
            Ok(encoded)
        }),
        None => each(input, printer, |envelope| codec::encode(&specs, envelope)),
    };
    if args.hex && matches!(ended, Ok(Outcome::Clean)) {
        print(b"\n")?;
    }
    ended
}

/// Encodes telegram by telegram.
fn each(input: impl Read, mut printer: Printer, encode: impl Fn(&Json) -> Result<Vec<u8>, CodecError>) -> Ended {
    let mut telegrams = 0_u64;
    let mut bytes = 0_u64;
    for value in Values::new(input) {
        let (line, value) = match value {
            Ok(value) => value,
            Err(error) => return broken(&error, || written(telegrams, "telegrams", bytes)),
        };
        match encode(&value) {
            Ok(encoded) => {
                printer.print(&encoded)?;
                telegrams += 1;
                bytes += encoded.len() as u64;
            }
            Err(error) => {
                finding(&format!("line {line}: {error}"));
                return Ok(written(telegrams, "telegrams", bytes));
            }
        }
    }
    if telegrams == 0 { Ok(finding("the input has no JSON object")) } else { Ok(Outcome::Clean) }
}

/// Encodes the records of a file. A total in a header is known only after the records behind it, and stdout cannot go back. So a file
/// with such totals is made in a temporary file first.
fn records(plan: &FileLayout, input: impl Read, printer: Printer) -> Ended {
    let bad_plan = |error: FileError| Stop::Message(error.to_string());
    if !plan.has_later_totals().map_err(bad_plan)? {
        let writer = FileWriter::new(plan, printer).map_err(bad_plan)?;
        return match encode_stream(plan, writer, input) {
            Ok(_) => Ok(Outcome::Clean),
            Err(error) => failed(&error, || written(error.written.records, "records", error.written.bytes)),
        };
    }
    let spool =
        tempfile::tempfile().map_err(|error| Stop::Message(format!("cannot create a temporary file: {error}")))?;
    let writer = FileWriter::seeking(plan, BufWriter::new(spool)).map_err(bad_plan)?;
    match encode_stream(plan, writer, input) {
        Ok(spool) => copy(spool, printer),
        Err(error) => failed(&error, || written(0, "records", 0)),
    }
}

/// Prints a temporary file.
fn copy(spool: BufWriter<std::fs::File>, mut printer: Printer) -> Ended {
    let unreadable = |error: std::io::Error| Stop::Message(format!("cannot read a temporary file: {error}"));
    let mut file = spool.into_inner().map_err(|error| unreadable(error.into_error()))?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        let len = match file.read(&mut piece) {
            Ok(0) => return Ok(Outcome::Clean),
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        printer.print(piece.get(..len).unwrap_or_default())?;
    }
}

/// Ends a stream of records at its error.
fn failed(error: &StreamError, written: impl FnOnce() -> Outcome) -> Ended {
    match &error.what {
        StreamFault::Input(error) => broken(error, written),
        StreamFault::Record(fault) => match &**fault {
            EncodeError::File(FileError { what: FileFault::Io { kind, message }, .. }) => {
                Err(if *kind == ErrorKind::BrokenPipe { Stop::BrokenPipe } else { Stop::Message(message.clone()) })
            }
            _ => {
                finding(&error.to_string());
                Ok(written())
            }
        },
    }
}

/// Ends at JSON that cannot be read. That is a finding, unless it is not even text.
fn broken(error: &ValueError, written: impl FnOnce() -> Outcome) -> Ended {
    match error {
        ValueError::Io(_) | ValueError::NotUtf8 { .. } => Err(Stop::Message(error.to_string())),
        ValueError::NotJson { .. } | ValueError::TooLong { .. } => {
            finding(&error.to_string());
            Ok(written())
        }
    }
}

/// Says what was written before an error. A reader of the output must know that it is not complete.
fn written(number: u64, what: &str, bytes: u64) -> Outcome {
    if number > 0 {
        note(&format!("the output is not complete: {number} {what} ({bytes} bytes) were written before the error"));
    }
    Outcome::Findings
}

fn finding(message: &str) -> Outcome {
    note(message);
    Outcome::Findings
}
