//! Fault points: places at which a test lets the process die, where no timer could hit.
//!
//! They exist only with the feature `fault-points`, which no release has. The environment variable `FEP_FAULT=POINT:N` ends the
//! process when the point is reached for the N-th time.

/// The points, in the order in which one exchange passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    /// Facts are on their way to the journal's file.
    BeforeCommit,
    /// Facts are durable, and no task was told yet.
    AfterCommit,
    /// A request is durable and will be handed to its link.
    BeforeWrite,
    /// The kernel took bytes.
    AfterWrite,
    /// An answer was read and is not on its way to the journal yet.
    AnswerRead,
    /// An outcome is durable and will be told.
    BeforeReply,
    /// A service came to an end with a notice, and nothing of it is on its way to the journal.
    NoticeTaken,
    /// A step of the index was written.
    AfterIndexStep,
}

/// Ends the process here, if the environment says so.
#[cfg(feature = "fault-points")]
pub(crate) fn point(point: FaultPoint) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("FEP_FAULT").ok()?;
        let (name, times) = text.split_once(':')?;
        Some((name.to_owned(), AtomicU64::new(times.parse().ok()?)))
    });
    let Some((_, left)) = wanted.as_ref().filter(|(name, _)| *name == format!("{point:?}")) else { return };
    if left.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

/// Does nothing: this build has no fault points.
#[cfg(not(feature = "fault-points"))]
pub(crate) fn point(_: FaultPoint) {}
