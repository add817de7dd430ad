//! The reasons why a link closed, or was not connected.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::framing::FrameError;

use super::DutyFailure;
use crate::terms::Duty;

/// The reason why a link closed, or was not connected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The connection was refused, or the address is wrong.
    ConnectFailed {
        /// `host:port`.
        address: String,
        /// The error text of the operating system.
        error: String,
    },
    /// No connection in time.
    ConnectTimeout {
        /// `host:port`.
        address: String,
        /// `connect_timeout_ms`.
        within: Duration,
    },
    /// TLS failed, in the handshake or later.
    TlsFailed {
        /// The address of the institution.
        peer: String,
        /// Whose certificate is wrong and what is wrong with it, or what else failed.
        why: String,
    },
    /// The gateway cannot listen on the line's address.
    ListenFailed {
        /// `address:port`.
        address: String,
        /// The error text of the operating system.
        error: String,
    },
    /// A connection came from an address that is not in `peers`.
    PeerNotAllowed {
        /// The address.
        peer: String,
    },
    /// A connection came although all contracted links are connected.
    LineFull {
        /// The address and the port that it came from.
        peer: String,
        /// The number of contracted links.
        links: usize,
    },
    /// We closed the link because the institution connected again.
    Replaced,
    /// We closed the link before it was connected.
    Unconnected,
    /// We closed the connection.
    ByUs,
    /// The institution closed the connection.
    ByInstitution,
    /// Reading failed. Contains the error text of the operating system.
    Read(String),
    /// Writing failed. Contains the error text of the operating system, or says that the connection takes no more bytes.
    Write(String),
    /// The institution took no bytes for too long.
    WriteTimeout {
        /// `write_timeout_ms`.
        within: Duration,
    },
    /// A frame was begun and not finished in time.
    FrameTimeout {
        /// `frame_timeout_ms`.
        within: Duration,
        /// The number of bytes of the frame that arrived.
        len: usize,
    },
    /// The connection ended inside a frame.
    FrameCut {
        /// The number of bytes of the frame that arrived.
        len: usize,
    },
    /// Bytes came that cannot begin or end a frame.
    BadFrame {
        /// The number of bytes that arrived before them on this connection.
        offset: u64,
        /// The framing error.
        error: FrameError,
    },
    /// The answer to our sign-on is not a yes. The text shows no secret.
    SignOnRefused(String),
    /// A sign-on, sign-off or echo test of ours was not sent or not answered.
    DutyFailed {
        /// The duty.
        duty: Duty,
        /// The reason.
        why: DutyFailure,
    },
    /// We closed the link because the institution did not poll in time.
    NotPolled {
        /// `polled_within_ms`.
        within: Duration,
    },
    /// We closed the link because its one request is answered (`one_shot`).
    RequestDone,
    /// We closed the link of a backup line because the main line works again (`standby = "cold"`).
    NotNeeded,
    /// We closed the link because a telegram of ours was not answered in time. Its answer must not reach another request.
    Overdue {
        /// The answer timeout.
        within: Duration,
    },
    /// We closed the link because every place of its window was held by a telegram without an answer for too long.
    WindowUnanswered {
        /// `echo_interval_ms`.
        within: Duration,
    },
    /// We closed the link because it cannot be known any more which answer belongs to which request.
    OutOfStep,
    /// We closed the link because the answers to our sign-ons or echo tests should come on it, and did not twice.
    NoAnswersCame,
    /// We closed the link because a person stopped the line.
    LineStopped {
        /// The note of that person.
        note: String,
    },
    /// Another gateway has the line, so this one closed its link, or does not open it.
    LineElsewhere {
        /// The gateway that has it, or those that may open it. `None` if none is known.
        holder: Option<Arc<str>>,
    },
    /// We closed the link at once because its place could not be renewed in time: another gateway may have it soon.
    PlaceLost,
    /// Our sign-off was answered.
    SignedOff,
    /// The gateway stopped.
    Stopped,
    /// A task of the gateway failed or is gone.
    TaskFailed,
}

impl CloseReason {
    /// Whether the end of a connection for one request says that the next one would fare no better: the other side was too slow, or TLS
    /// failed. Anything else that came in place of an answer is a matter of the request, and of the breaker.
    #[must_use]
    pub(crate) const fn delays_the_next(&self) -> bool {
        matches!(
            self,
            Self::TlsFailed { .. } | Self::WriteTimeout { .. } | Self::FrameTimeout { .. } | Self::Overdue { .. }
        )
    }

    /// The stable code, as in the table of this module.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectFailed { .. } => "connect_failed",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::TlsFailed { .. } => "tls_failed",
            Self::ListenFailed { .. } => "listen_failed",
            Self::PeerNotAllowed { .. } => "peer_not_allowed",
            Self::LineFull { .. } => "line_full",
            Self::Replaced => "replaced",
            Self::Unconnected => "closed_unconnected",
            Self::ByUs => "closed_by_us",
            Self::ByInstitution => "closed_by_institution",
            Self::Read(_) => "read_failed",
            Self::Write(_) => "write_failed",
            Self::WriteTimeout { .. } => "write_timeout",
            Self::FrameTimeout { .. } => "frame_timeout",
            Self::FrameCut { .. } => "frame_cut",
            Self::BadFrame { .. } => "bad_frame",
            Self::SignOnRefused(_) => "sign_on_refused",
            Self::DutyFailed { duty: Duty::SignOn, .. } => "sign_on_failed",
            Self::DutyFailed { duty: Duty::EchoTest, .. } => "echo_test_failed",
            Self::DutyFailed { duty: Duty::SignOff, .. } => "sign_off_failed",
            Self::NotPolled { .. } => "not_polled",
            Self::RequestDone => "request_done",
            Self::NotNeeded => "not_needed",
            Self::Overdue { .. } => "overdue",
            Self::WindowUnanswered { .. } => "window_unanswered",
            Self::OutOfStep => "out_of_step",
            Self::NoAnswersCame => "no_answers_came",
            Self::LineStopped { .. } => "line_stopped",
            Self::LineElsewhere { .. } => "line_elsewhere",
            Self::PlaceLost => "place_lost",
            Self::SignedOff => "signed_off",
            Self::Stopped => "stopped",
            Self::TaskFailed => "task_failed",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectFailed { address, error } => write!(f, "{address}: {error}"),
            Self::ConnectTimeout { address, within } => {
                write!(f, "{address}: no connection within {} ms", within.as_millis())
            }
            Self::TlsFailed { peer, why } => write!(f, "{peer}: TLS: {why}"),
            Self::ListenFailed { address, error } => write!(f, "cannot listen on {address}: {error}"),
            Self::PeerNotAllowed { peer } => write!(f, "a connection came from {peer}, which is not in `peers`"),
            Self::LineFull { peer, links } => {
                write!(f, "a connection came from {peer}, but the contracted number of links, {links}, is connected")
            }
            Self::Replaced => f.write_str("the institution connected again, and its new connection replaces this one"),
            Self::Unconnected => f.write_str("closed before it was connected"),
            Self::ByUs => f.write_str("closed by us"),
            Self::ByInstitution => f.write_str("the institution closed the connection"),
            Self::Read(error) => write!(f, "read: {error}"),
            Self::Write(error) => write!(f, "write: {error}"),
            Self::WriteTimeout { within } => {
                write!(f, "the institution took no bytes for {} ms", within.as_millis())
            }
            Self::FrameTimeout { within, len } => {
                let within = within.as_millis();
                write!(f, "a frame was begun and not finished within {within} ms, after {len} of its bytes")
            }
            Self::FrameCut { len } => write!(f, "the connection ended inside a frame, after {len} of its bytes"),
            Self::BadFrame { offset, error } => write!(f, "byte {offset} of the connection: {error}"),
            Self::SignOnRefused(why) => write!(f, "sign-on was refused: {why}"),
            Self::DutyFailed { duty: Duty::SignOff, .. } => f.write_str("signed off without an answer"),
            Self::DutyFailed { duty, why } => write!(f, "{}: {why}", duty.name()),
            Self::NotPolled { within } => {
                write!(f, "the institution did not poll within {} ms", within.as_millis())
            }
            Self::RequestDone => f.write_str("its request is answered"),
            Self::NotNeeded => f.write_str("the main line works, so the backup line is not needed"),
            Self::Overdue { within } => {
                let within = within.as_millis();
                write!(f, "a telegram was not answered within {within} ms, and its answer must not reach another one")
            }
            Self::WindowUnanswered { within } => write!(
                f,
                "no telegram that fills the window was answered for {} ms, so no echo test could be sent",
                within.as_millis()
            ),
            Self::OutOfStep => f.write_str("a telegram came that cannot be the answer to the one in flight"),
            Self::NoAnswersCame => {
                f.write_str("two sign-ons or echo tests in a row got no answer on this line, on which the answers come")
            }
            Self::LineStopped { note } => write!(f, "a person stopped the line: {note}"),
            Self::LineElsewhere { holder: Some(holder) } => write!(f, "the line is at the gateway {holder}"),
            Self::LineElsewhere { holder: None } => f.write_str("the line is not at this gateway"),
            Self::PlaceLost => f.write_str("the place of the link could not be renewed in the database in time"),
            Self::SignedOff => f.write_str("signed off"),
            Self::Stopped => f.write_str("the gateway stopped"),
            Self::TaskFailed => f.write_str("a task of the gateway is gone"),
        }
    }
}
