//! The seam between an institution's task and what several instances share.
//!
//! An instance is one running gateway. [`Coordinator`] is what it asks for trace numbers, its share of a contract, the state
//! of breakers, and the owners of answers. [`LocalCoordinator`] is the form for a gateway that is alone. Other forms put a
//! store behind it that several instances reach. What a form says is decided in [`fep_protocol::coordination`], which has
//! the arithmetic for both sides; a form carries it.
//!
//! # The contract of a form
//!
//! **Nothing waits.** [`Seat::ask`] returns at once, and news comes on the institution's channel when it comes. A task
//! never waits for a form, so a form that is slow, away or stuck costs no request any time.
//!
//! **Only trace numbers are truth.** A block that was granted is never granted again, to anybody, in any crash, so a form
//! stores it durably before it sends the news. The block's instance journals it once more before it uses the first number.
//! Everything else may be late, lost, repeated, overtaken, or forgotten: the table in [`fep_protocol::coordination`] says what
//! follows. A form must not invent: it passes on what an instance said, and grants by a [`Division`].
//!
//! **Shares.** The answers to [`Ask::Report`] are those of one [`Division`] for each institution. A form that keeps it in a
//! store replaces it with compare-and-set, and loads what is there before each report. A store that lost its content begins a
//! new one, and one that went back to an older copy goes on with it: the division itself notices both and raises nobody until
//! no unknown share can be in use. When a journal proves that an instance can write nothing any more, the form calls
//! [`Division::fence`]; without such a proof it never does.
//!
//! **Epochs.** Joining gives an instance an epoch, which its grants and reports carry. After a fence, what an instance says
//! in an older epoch is refused with [`News::Fenced`], and grants of an older epoch are ignored by the instance.
//!
//! **Breakers.** A form sends the state to all other instances within [`PUSH_MAX`] while it works, and the newest known state
//! of each breaker to an instance that joins. It sends nothing back to the instance that said it.
//!
//! **Echo tests for breakers.** [`Ask::Probe`] is answered as soon as possible. The first instance that asks in a generation may send the test,
//! and hears the same if it asks again. No other one may in this or an older generation until the lease is over. A form without a store lets
//! everybody.
//!
//! **Keys.** [`Ask::Own`] comes before the bytes of the request are written, usually by one commit of the journal. A form that
//! does not know a key yet may wait until [`Terms::owner_timeout`] before it says [`KeyOwner::Nobody`]. The asking instance is
//! never the answer. A form may also find the owner in a field of the answer that the institution echoes.
//!
//! `fep-gateway/tests/engine/conformance.rs` checks a form against this contract.
//!
//! [`Division`]: fep_protocol::coordination::Division
//! [`Division::fence`]: fep_protocol::coordination::Division::fence
//! [`KeyOwner::Nobody`]: fep_protocol::coordination::KeyOwner::Nobody
//! [`News::Fenced`]: fep_protocol::coordination::News::Fenced
//! [`Ask::Report`]: fep_protocol::coordination::Ask::Report
//! [`Ask::Own`]: fep_protocol::coordination::Ask::Own
//! [`Ask::Probe`]: fep_protocol::coordination::Ask::Probe

mod local;
mod instances;
#[cfg(feature = "redis")]
mod redis;
mod shared;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::coordination::{Ask, Contract, News, Terms};
use fep_protocol::indicators::{Indicators, Others};
use fep_protocol::trace::{TraceHighWater, TraceRange};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;

pub use self::instances::{BlockReply, BlockWanted, Instances};
pub use self::local::LocalCoordinator;
pub use self::shared::SharedCoordinator;

/// The longest time until other instances hear of a breaker, while the coordinator works.
pub const PUSH_MAX: Duration = Duration::from_millis(100);

/// The number of news that may wait for an institution's task. Further news is lost, as if the network had lost it.
pub const NEWS_MAX: usize = 1024;

/// What instances ask. One value serves all institutions of a gateway.
pub trait Coordinator: Send + Sync + fmt::Debug + 'static {
    /// The name of this instance, unique among those that run: `seoul-1`.
    fn instance(&self) -> Arc<str>;

    /// The rules by which instances share. They are the same for all instances and do not change while the gateway runs.
    fn terms(&self) -> Terms;

    /// Whether this instance was fenced since it ran last. The store in which an instance is fenced is durable, such as its
    /// journal. An instance that was fenced has nothing until it has joined again, even if the coordinator is away.
    fn was_fenced(&self) -> bool {
        false
    }

    /// The journal proves that this instance can write nothing any more, because another one took over from it. A form that divides calls
    /// [`Division::fence`](fep_protocol::coordination::Division::fence).
    fn fence(&self, _instance: &str) {}

    /// The store that carries words between instances. `None` if there is none.
    fn store(&self) -> Option<StoreStatus> {
        None
    }

    /// What other instances said about the requests of an institution in the last minute. `None` if that is not known. People look at it, and
    /// nothing decides by it, so it is no news for the machine.
    fn others(&self, _institution: &str) -> Option<Others> {
        None
    }

    /// Takes part for one institution. Called once for each institution when the gateway starts.
    fn join(&self, joining: Joining, news: NewsSender) -> Box<dyn Seat>;
}

/// Makes the coordinator of a simulated gateway from what its journal knows about the instances.
#[cfg(feature = "simulation")]
#[derive(Clone)]
pub struct MakeCoordinator(pub Arc<Make>);

/// A function that makes a coordinator.
#[cfg(feature = "simulation")]
pub type Make = dyn Fn(Arc<dyn Instances>, Terms) -> Arc<dyn Coordinator> + Send + Sync;

/// How the store does that carries words between instances. It is never the truth: without it, each instance has its equal part of every
/// contract, and breakers of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoreStatus {
    /// Whether it works.
    pub is_reached: bool,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Why it does not work; `null` if it does.
    pub error: Option<String>,
}

/// What an instance holds while it takes part for one institution. It is dropped when the institution's task has ended.
pub trait Seat: Send + fmt::Debug {
    /// Passes a question or a message on. It returns at once and never fails: what cannot be passed on is lost.
    fn ask(&mut self, ask: Ask);

    /// Tells the other instances what the requests of the last minute came to here. It returns at once and never fails. A newer value replaces
    /// one that was not passed on yet.
    fn tell(&mut self, _own: &Indicators) {}
}

/// What a form must know about an institution.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The name of the institution, the same on all instances.
    pub institution: Arc<str>,
    /// The contract that is shared.
    pub contract: Contract,
    /// The trace numbers of a business day.
    pub traces: TraceRange,
    /// The numbers that this instance's journal knows as used, by day. No form grants numbers up to there again.
    pub used: Vec<TraceHighWater>,
}

/// The way of news to an institution's task.
#[derive(Clone, Debug)]
pub struct NewsSender(mpsc::Sender<News>);

#[cfg(feature = "simulation")]
impl fmt::Debug for MakeCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MakeCoordinator").finish_non_exhaustive()
    }
}

impl StoreStatus {
    /// What a person should know while the store does not work.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let error = self.error.as_deref().unwrap_or("no reason is known");
        (!self.is_reached)
            .then(|| format!("Redis does not work, so each gateway has its equal part of every contract: {error}"))
    }
}

impl NewsSender {
    /// A sender with its receiver.
    #[must_use]
    pub fn channel() -> (Self, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(NEWS_MAX);
        (Self(news), receiver)
    }

    /// Sends news. Returns `false` if the task has ended, or too much news waits: then this news is lost.
    pub fn send(&self, news: News) -> bool {
        self.0.try_send(news).is_ok()
    }

    /// As [`NewsSender::send`], if no more than half of the news that may wait does. For news that comes in any number.
    pub(crate) fn send_if_calm(&self, news: News) -> bool {
        self.0.capacity() > NEWS_MAX / 2 && self.send(news)
    }
}
