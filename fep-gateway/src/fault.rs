//! Fault points: places at which a test lets the process die, where no timer could hit.
//!
//! They exist only with the features `fault-points` and `simulation`, which no release has. The environment variable
//! `FEP_FAULT=POINT:N` ends the process when the point is reached for the N-th time, and `FEP_FAULT=POINT:N:panic` lets only the task panic that
//! reaches it. A simulation sets a hook instead.

/// The points, in the order in which one exchange passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "simulation"), expect(unreachable_pub, reason = "a simulation reaches it"))]
pub enum FaultPoint {
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
    /// The outcome of a request that goes to another institution is durable, and that institution has not got it yet.
    PassingOn,
    /// A service came to an end with a notice, and nothing of it is on its way to the journal.
    NoticeTaken,
    /// A step of the index was written.
    AfterIndexStep,
    /// Alarms are looked at.
    LookingAtAlarms,
    /// At the start: a step of the index was written.
    AfterCatchUpStep,
    /// At the start: the ends of an earlier run's exchanges are durable, and the index does not have them.
    Recovered,
    /// Old days are marked and detached in the database, and that is not committed.
    #[cfg(feature = "postgres")]
    RemovalBegun,
    /// It is committed. The index still has them.
    #[cfg(feature = "postgres")]
    DaysRemoved,
    /// The index has forgotten them. Their idempotency keys and tables are there.
    #[cfg(feature = "postgres")]
    RemovalFollowed,
    /// Some of their idempotency keys are gone.
    #[cfg(feature = "postgres")]
    KeysDeleted,
    /// A table is gone with all its keys.
    #[cfg(feature = "postgres")]
    TableDropped,
}

/// Lets a test decide what happens here.
#[cfg(any(feature = "fault-points", feature = "simulation"))]
pub(crate) fn point(point: FaultPoint) {
    #[cfg(feature = "simulation")]
    HOOK.with_borrow(|hook| hook.iter().for_each(|hook| hook(point)));
    #[cfg(feature = "fault-points")]
    end(point);
}

#[cfg(feature = "simulation")]
type Hook = Box<dyn Fn(FaultPoint)>;

#[cfg(feature = "simulation")]
thread_local! {
    static HOOK: std::cell::RefCell<Option<Hook>> = const { std::cell::RefCell::new(None) };
}

/// Calls this at each fault point that this thread reaches from now on.
#[cfg(feature = "simulation")]
pub fn set_hook(hook: Option<Hook>) {
    HOOK.set(hook);
}

/// What the environment wants at one point.
#[cfg(feature = "fault-points")]
struct Wanted {
    point: String,
    /// How many times it is reached until then.
    left: std::sync::atomic::AtomicU64,
    panics: bool,
}

/// Ends the process or panics here, if the environment says so.
#[cfg(feature = "fault-points")]
fn end(point: FaultPoint) {
    use std::sync::OnceLock;
    use std::sync::atomic::Ordering;

    static WANTED: OnceLock<Option<Wanted>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("FEP_FAULT").ok()?;
        let mut parts = text.split(':');
        let point = parts.next()?.to_owned();
        let left = parts.next()?.parse::<u64>().ok()?.into();
        Some(Wanted { point, left, panics: parts.next() == Some("panic") })
    });
    let Some(wanted) = wanted.as_ref().filter(|wanted| wanted.point == format!("{point:?}")) else { return };
    if wanted.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        assert!(!wanted.panics, "a test lets {point:?} panic");
        std::process::abort();
    }
}

/// Does nothing: this build has no fault points.
#[cfg(not(any(feature = "fault-points", feature = "simulation")))]
pub(crate) fn point(_: FaultPoint) {}
