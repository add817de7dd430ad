//! How a command ends: clean, with findings, or because it could not run.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use fep_spec::load::LoadError;
use fep_spec::report::Report;

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
    match ended {
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

/// Prints text on stderr. A failure is ignored, because there is no other place to report it.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Prints data on stdout.
pub(crate) fn print(data: &[u8]) -> Result<(), Stop> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(data).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::BrokenPipe,
        _ => Stop::Message(format!("cannot write to stdout: {error}")),
    })
}

/// Whether to colour the output to this stream.
pub(crate) fn colour(stream: &impl io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
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
