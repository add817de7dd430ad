//! The coordinator of one simulated gateway: trace numbers come from the shared journal by the shipped code, everything else by way of the modelled
//! Redis.

use std::fmt;
use std::sync::Arc;

use fep_gateway::coordinator::{Coordinator, Instances, Joining, NewsSender, Seat, SharedCoordinator};
use fep_protocol::coordination::{Ask, Terms};

use super::world::Shared;
use super::world::{Known, Word};

/// The coordinator of one process.
pub(super) struct WordsCoordinator {
    pub(super) shared: Shared,
    pub(super) at: usize,
    pub(super) process: u32,
    pub(super) instances: Arc<dyn Instances>,
    pub(super) inner: SharedCoordinator,
}

struct WordsSeat {
    shared: Shared,
    at: usize,
    process: u32,
    inner: Box<dyn Seat>,
}

impl Coordinator for WordsCoordinator {
    fn instance(&self) -> Arc<str> {
        self.inner.instance()
    }

    fn terms(&self) -> Terms {
        self.inner.terms()
    }

    fn was_fenced(&self) -> bool {
        self.instances.was_fenced()
    }

    fn fence(&self, instance: &str) {
        self.shared.lock().word(self.at, self.process, Word::Fence(instance.into()));
    }

    fn join(&self, joining: Joining, news: NewsSender) -> Box<dyn Seat> {
        let known = Known {
            process: self.process,
            instance: self.inner.instance(),
            contract: joining.contract,
            terms: self.inner.terms(),
            news: news.clone(),
            sent: None,
            breakers: std::collections::BTreeMap::new(),
        };
        self.shared.lock().words.joined(self.at, known);
        let inner = self.inner.join(joining, news);
        Box::new(WordsSeat { shared: self.shared.clone(), at: self.at, process: self.process, inner })
    }
}

impl Seat for WordsSeat {
    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Traces { .. } => self.inner.ask(ask),
            ask => self.shared.lock().word(self.at, self.process, Word::Ask(ask)),
        }
    }
}

impl fmt::Debug for WordsCoordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WordsCoordinator({})", self.at)
    }
}

impl fmt::Debug for WordsSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WordsSeat({})", self.at)
    }
}
