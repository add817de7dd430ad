//! Why the journal could not be read or written. The codes are in the table of [`reason`](super).

use std::fmt;

/// The journal could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalError {
    /// Too many commands wait for the writer.
    Full {
        /// The maximum number of waiting commands.
        waiting_max: usize,
    },
    /// The journal is closed.
    Closed,
    /// Reading or writing the journal's file failed.
    Failed(String),
    /// The disk of the journal is full.
    DiskFull,
    /// The journal's file was deleted or replaced while the gateway runs.
    Replaced {
        /// The path of the file.
        path: String,
    },
    /// The journal's write-ahead log was deleted or replaced while the gateway runs. What it had is in the journal's file.
    LogReplaced {
        /// The path of the file.
        path: String,
    },
    /// Another instance has stored a request with the same idempotency key.
    KeyTaken,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { waiting_max } => write!(f, "{waiting_max} commands wait already"),
            Self::Closed => f.write_str("it is closed"),
            Self::Failed(why) => f.write_str(why),
            Self::DiskFull => f.write_str("its disk is full"),
            Self::Replaced { path } => {
                write!(
                    f,
                    "{path} was deleted or replaced while the gateway runs: stop the gateway and restore the file"
                )
            }
            Self::LogReplaced { path } => {
                write!(
                    f,
                    "{path} was deleted or replaced while the gateway runs: its content is saved; stop the gateway and start it again"
                )
            }
            Self::KeyTaken => f.write_str("another gateway has stored a request with this idempotency key"),
        }
    }
}

impl std::error::Error for JournalError {}
