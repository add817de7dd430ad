//! How a command ends: clean, with findings, or because it could not run.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use fep_spec::load::LoadError;
use fep_spec::report::Report;

use crate::progress::around;

/// The result of a command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No findings: exit 0.
    Clean,
    /// Findings: exit 1.
    Findings,
}

impl Outcome {
    /// Combines two results: clean if both are clean.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Clean { other } else { self }
    }
}

/// The reason why a command stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Exit 2, with this line.
    Message(String),
    /// Exit 2: a spec that the command needs has errors.
    Spec(Report),
    /// Exit 0: the reader of stdout closed it.
    BrokenPipe,
}

/// The return value of every command.
pub(crate) type Ended = Result<Outcome, Stop>;

/// Prints on stderr why a command stopped, and returns the contract's exit code.
pub(crate) fn exit_code(ended: Ended) -> ExitCode {
    let flushed = if matches!(ended, Err(Stop::BrokenPipe)) { Ok(()) } else { flush() };
    match ended.and_then(|outcome| flushed.map(|()| outcome)) {
        Ok(Outcome::Clean) | Err(Stop::BrokenPipe) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(Stop::Message(message)) => {
            note(&message);
            ExitCode::from(2)
        }
        Err(Stop::Spec(report)) => {
            say(&report.render(colour(&io::stderr())));
            note("the spec cannot be used");
            ExitCode::from(2)
        }
    }
}

/// Prints one line on stderr, with the command's name.
pub(crate) fn note(message: &str) {
    say(&format!("fep: {message}\n"));
}

/// Prints text on stderr, after the data that was printed before it. A failure is ignored, because there is no other place to report
/// it. A failure of stdout is reported at the end.
pub(crate) fn say(text: &str) {
    let _ = flush();
    let _ = around(|| io::stderr().lock().write_all(text.as_bytes()));
}

/// The data that is printed but not yet written. A telegram is short, and a write of its own for each would cost more than its decoding.
static PENDING: Mutex<Pending> = Mutex::new(Pending { data: Vec::new(), failed: None });

struct Pending {
    data: Vec<u8>,
    /// The failure of stdout, after which nothing can be written.
    failed: Option<(io::ErrorKind, String)>,
}

/// The number of bytes that are written at once.
const PIECE_BYTES: usize = 1 << 16;

/// Prints data on stdout. It is written in large pieces, and before every message and every wait for input.
pub(crate) fn print(data: &[u8]) -> Result<(), Stop> {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    pending.data.extend_from_slice(data);
    if pending.data.len() < PIECE_BYTES && pending.failed.is_none() { Ok(()) } else { pending.write() }
}

/// Writes the printed data.
pub(crate) fn flush() -> Result<(), Stop> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner).write()
}

impl Pending {
    fn write(&mut self) -> Result<(), Stop> {
        if self.failed.is_none() {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(&self.data).and_then(|()| stdout.flush());
            self.failed = written.err().map(|error| (error.kind(), error.to_string()));
        }
        self.data.clear();
        match &self.failed {
            None => Ok(()),
            Some((io::ErrorKind::BrokenPipe, _)) => Err(Stop::BrokenPipe),
            Some((_, message)) => Err(Stop::Message(format!("cannot write to stdout: {message}"))),
        }
    }
}

/// [`print()`] as an output of the library.
#[derive(Debug)]
pub(crate) struct Printer {
    /// Whether the bytes are printed as hex digits.
    pub(crate) hex: bool,
}

impl Printer {
    /// Prints bytes.
    pub(crate) fn print(&mut self, data: &[u8]) -> Result<(), Stop> {
        if self.hex { print(&hex_digits(data)) } else { print(data) }
    }
}

impl io::Write for Printer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.print(data).map(|()| data.len()).map_err(|stop| match stop {
            Stop::BrokenPipe => io::ErrorKind::BrokenPipe.into(),
            Stop::Message(message) => io::Error::other(message),
            Stop::Spec(_) => io::Error::other("the spec cannot be used"),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes as hex digits.
fn hex_digits(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Whether to colour the output to this stream: what `--color` says, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM`, otherwise
/// whether it is a terminal.
pub(crate) fn colour(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// Whether to colour stdout.
pub(crate) fn colour_stdout() -> bool {
    colour(&io::stdout())
}

impl From<LoadError> for Stop {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Findings(report) => Self::Spec(report),
            other => Self::Message(other.to_string()),
        }
    }
}

/// Whether stdin is a terminal, so that reading waits for a person to type.
pub(crate) fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}
