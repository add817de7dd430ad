//! [`ReceiverBuilder`]: what a receiver needs before it runs.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fep_codec::framing::Framing;
use tokio::sync::mpsc;

use super::Receiver;
use super::task::{Asking, Task};
use crate::consumer::Consumer;
use crate::cut::{AnyFraming, BadFrame};
use crate::hub::Hub;
use crate::order::{Ask, Order};
use crate::plan::Plan;
use crate::policy::Policy;
use crate::sequence::SequenceTerms;
use crate::source::Source;

/// Commands that wait for the task. Callers wait for a place, not the task.
const COMMANDS_MAX: usize = 16;

/// What a receiver needs before it runs.
#[must_use]
pub struct ReceiverBuilder {
    plan: Plan,
    framing: AnyFraming,
    bad_frame: BadFrame,
    sources: Vec<Box<dyn Source>>,
    terms: Option<SequenceTerms>,
    instruments_max: usize,
    asking: Option<Asking>,
    hub: Hub,
}

/// Why a receiver cannot start. The mistake is in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no source.
    NoSource,
    /// Several sources, and nothing by which their telegrams can be told to be the same.
    NoNumbers {
        /// How many sources there are.
        sources: usize,
    },
    /// Several sources, and a telegram of the plan that has no number. It would come once from each.
    Unnumbered {
        /// How many sources there are.
        sources: usize,
        /// The telegram.
        telegram: String,
    },
    /// More sources than a receiver merges.
    ManySources {
        /// How many sources there are.
        sources: usize,
    },
    /// The terms of the sequence are for other numbers than the plan has.
    OtherNumbers,
    /// No tokio runtime is entered.
    NoRuntime,
}

impl Receiver {
    /// A receiver of the telegrams of this plan, in frames of this framing.
    pub fn builder(plan: Plan, framing: impl Framing + Send + Sync + 'static) -> ReceiverBuilder {
        ReceiverBuilder {
            terms: plan.numbering().map(SequenceTerms::new),
            plan,
            framing: Arc::new(framing),
            bad_frame: BadFrame::Close,
            sources: Vec::new(),
            instruments_max: 100_000,
            asking: None,
            hub: Hub::default(),
        }
    }
}

impl ReceiverBuilder {
    /// The most redundant feeds that one receiver merges.
    pub const SOURCES_MAX: usize = 8;

    /// Reads this source. Several sources are redundant feeds of the same sequence: the first telegram of each number counts, and each telegram of
    /// the plan must have a number, except heartbeats. A gap then
    /// waits 20 ms for the other feed before it is asked for, or [`SequenceTerms::ask_after`] if that is not zero.
    pub fn source(mut self, source: impl Source + 'static) -> Self {
        self.sources.push(Box::new(source));
        self
    }

    /// What happens when bytes are no frame. [`BadFrame::Close`] unless this says otherwise.
    pub fn bad_frame(mut self, bad_frame: BadFrame) -> Self {
        self.bad_frame = bad_frame;
        self
    }

    /// The limits of the sequence. [`SequenceTerms::new`] unless this says otherwise. A plan without numbers has none.
    pub fn sequence(mut self, terms: SequenceTerms) -> Self {
        self.terms = Some(terms);
        self
    }

    /// How to ask for missing numbers: a frame, or several one behind the other, that go to a feed that is connected. Without it, or if no feed
    /// can send, missing numbers are only waited for. No bytes stand for a request that cannot be made: it counts as not sent.
    pub fn ask(mut self, asking: impl FnMut(Ask) -> Vec<u8> + Send + 'static) -> Self {
        self.asking = Some(Box::new(asking));
        self
    }

    /// The most instruments whose last telegram is kept, each kind of telegram counted on its own. 100,000 unless this says otherwise.
    pub fn instruments_max(mut self, max: usize) -> Self {
        self.instruments_max = max;
        self
    }

    /// A consumer from the first telegram on. [`Receiver::join`] adds others later.
    pub fn consumer(&mut self, policy: Policy) -> Consumer {
        let empty = Order::new(self.plan.clone(), None, 0);
        self.hub.join(policy, empty.latest(), 0)
    }

    /// Starts a task that reads the sources. It needs a tokio runtime.
    ///
    /// # Errors
    /// If the receiver could not do its work.
    pub fn start(self) -> Result<Receiver, BuildError> {
        let sources = self.sources.len();
        match (self.plan.numbering(), self.terms) {
            _ if sources == 0 => return Err(BuildError::NoSource),
            _ if sources > Self::SOURCES_MAX => return Err(BuildError::ManySources { sources }),
            (None, _) if sources > 1 => return Err(BuildError::NoNumbers { sources }),
            (Some(_), _)
                if sources > 1
                    && let Some(telegram) = self.plan.without_number() =>
            {
                return Err(BuildError::Unnumbered { sources, telegram: telegram.to_owned() });
            }
            (None, Some(_)) => return Err(BuildError::OtherNumbers),
            (Some(own), Some(terms)) if own != terms.numbering => return Err(BuildError::OtherNumbers),
            _ => {}
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let terms = self.terms.map(|terms| with_redundancy(terms, sources, self.asking.is_some()));
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let order = Order::new(self.plan, terms, self.instruments_max);
        let task = Task::new(self.sources, self.framing, self.bad_frame, order, self.hub, self.asking);
        let counts = Arc::new(Mutex::new(task.counts()));
        let task = runtime.spawn(task.run(inbox, Arc::clone(&counts)));
        Ok(Receiver { commands, counts, task: Some(task) })
    }
}

/// With redundant feeds, the other feed gets some time to bring what is missing before it is asked for.
fn with_redundancy(terms: SequenceTerms, sources: usize, can_ask: bool) -> SequenceTerms {
    let asks_max = if can_ask { terms.asks_max } else { 0 };
    let terms = SequenceTerms { asks_max, ..terms };
    if sources < 2 {
        return terms;
    }
    let ask_after = if terms.ask_after.is_zero() { Duration::from_millis(20) } else { terms.ask_after };
    SequenceTerms { ask_after, ..terms }
}

/// One line, lower case.
impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSource => f.write_str("the receiver has no source: add one with `source`"),
            Self::NoNumbers { sources } => write!(
                f,
                "{sources} sources cannot be merged: no telegram of the plan has a number; add telegrams with `numbered`, or make a \
                 receiver for each source"
            ),
            Self::Unnumbered { sources, telegram } => write!(
                f,
                "{sources} sources cannot be merged: {telegram} has no number and would come from each of them; add it with `numbered`, or \
                 make a receiver for each source"
            ),
            Self::ManySources { sources } => {
                write!(f, "{sources} sources are too many, at most {} are merged", ReceiverBuilder::SOURCES_MAX)
            }
            Self::OtherNumbers => f.write_str(
                "the terms of `sequence` are for other numbers than those of the plan: take `Plan::numbering`, and no terms for a \
                 plan without numbers",
            ),
            Self::NoRuntime => f.write_str("a receiver needs a tokio runtime: start it within one"),
        }
    }
}

impl std::error::Error for BuildError {}
