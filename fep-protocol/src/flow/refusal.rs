//! The reasons why flow control refuses a request.

use std::fmt;
use std::time::Duration;

/// The reason why a request does not start. It certainly was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Its deadline had passed when it was offered.
    TooLate,
    /// The rate has no room before its deadline.
    RateUsedUp {
        /// The time until the rate has room.
        wait: Duration,
    },
    /// Too many requests wait.
    QueueFull {
        /// The maximum number of waiting requests for its priority.
        max: usize,
    },
    /// It waited until its deadline.
    Waited {
        /// The time from the offer to its deadline.
        within: Duration,
    },
    /// Business was closed while it waited.
    Closed,
    /// Another request has its number.
    KnownTicket,
}

impl Refusal {
    /// The stable code, as in the table of [`reason`](crate::reason).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLate => "offered_too_late",
            Self::RateUsedUp { .. } => "rate_limit",
            Self::QueueFull { .. } => "queue_full",
            Self::Waited { .. } => "waited_too_long",
            Self::Closed => "closed_while_waiting",
            Self::KnownTicket => "ticket_in_use",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLate => f.write_str("its deadline had passed before it could wait for its turn"),
            Self::RateUsedUp { wait } => {
                let wait = wait.as_millis();
                write!(f, "the contracted rate is used up for {wait} ms more, which is beyond its deadline")
            }
            Self::QueueFull { max } => write!(f, "{max} requests wait for their turn already"),
            Self::Waited { within } => {
                write!(f, "the limits of the institution let it not start within {} ms", within.as_millis())
            }
            Self::Closed => f.write_str("business was closed while it waited for its turn"),
            Self::KnownTicket => f.write_str("another request has its number"),
        }
    }
}
