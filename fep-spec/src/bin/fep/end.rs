//! How a command ends: clean, with findings, or not at all.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use fep_spec::load::LoadError;
use fep_spec::report::Report;

/// Whether there was something to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit 0.
    Clean,
    /// Exit 1.
    Findings,
}

impl Outcome {
    /// Both together: clean if both are.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Clean { other } else { self }
    }
}

/// Why a command could not run.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Exit 2, with this line.
    Message(String),
    /// Exit 2: a spec that had to be used has errors.
    Spec(Report),
    /// Whoever read stdout has gone.
    BrokenPipe,
}

/// What every command gives back.
pub(crate) type Ended = Result<Outcome, Stop>;

/// Says on stderr why a command stopped, and makes the contract's exit code.
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

/// One line on stderr, with the command's name.
pub(crate) fn note(message: &str) {
    say(&format!("fep: {message}\n"));
}

/// Text on stderr. If that is closed too, there is nobody left to tell.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Data on stdout.
pub(crate) fn print(data: &[u8]) -> Result<(), Stop> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(data).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::BrokenPipe,
        _ => Stop::Message(format!("cannot write to stdout: {error}")),
    })
}

/// Whether to colour what goes there.
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

/// Whether stdin would wait for somebody to type.
pub(crate) fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}
