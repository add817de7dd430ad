//! A request that a breaker stopped goes on to another institution.
//!
//! ```text
//! bank-a  request ─► breaker ─► outcome not_sent, "passed on to bank-b as exchange 2" ─► durable ─┐
//! bank-b                            request of exchange 2, with the idempotency key of bank-a  ◄──┘
//! ```
//!
//! Only a request of which bank-a has got no byte goes on: a breaker stops a request before it is encoded. The order of the two facts
//! is the order of the events, so a crash in between leaves an exchange that was not sent, and nothing else. The key belongs to the
//! first exchange until its outcome is durable, then to the second one. A repeated request finds that one by the key.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fep_protocol::exchange::{Exchange, OtherExchange, Outcome, Passage};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::NotSent;
use fep_protocol::terms::Now;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::commands::send;
use super::{AcceptedRequest, Handle, Running, Task, TaskCommand, count_refused};
use crate::fault::{FaultPoint, point};
use crate::journal::KeyTicket;
use crate::net::traffic::Traffic;
use crate::telegrams::{Draft, TelegramCatalogue};

/// The ways to the tasks of all institutions. They are known after all tasks have started, and change with a reload.
#[derive(Clone, Debug, Default)]
pub struct Neighbours(Arc<RwLock<BTreeMap<String, Neighbour>>>);

/// The way to the task of an institution. It does not keep the task running.
#[derive(Clone, Debug)]
pub(super) struct Neighbour {
    catalogue: Arc<TelegramCatalogue>,
    commands: mpsc::WeakSender<TaskCommand>,
    permits: Arc<Semaphore>,
    traffic: Arc<Traffic>,
}

/// Where a request goes on.
#[derive(Debug)]
pub(super) struct Onward {
    /// The exchange that it becomes there.
    to: OtherExchange,
    neighbour: Neighbour,
    draft: Draft,
    /// The time of its first acceptance, by the steady clock. It has one deadline.
    since: Duration,
}

impl Neighbours {
    /// Makes all institutions known, instead of those before.
    pub fn set(&self, handles: &BTreeMap<String, Arc<Handle>>) {
        let neighbour = |handle: &Arc<Handle>| Neighbour {
            catalogue: Arc::clone(&handle.catalogue),
            commands: handle.commands.downgrade(),
            permits: Arc::clone(&handle.entrance.permits),
            traffic: Arc::clone(handle.statuses.traffic()),
        };
        let neighbours = handles.iter().map(|(name, handle)| (name.clone(), neighbour(handle))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = neighbours;
    }

    fn get(&self, name: &str) -> Option<Neighbour> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl Neighbour {
    /// Passes a request to the task, or returns it with the reason why it was not sent.
    fn request(&self, request: Box<AcceptedRequest>) -> Result<(), (NotSent, Box<AcceptedRequest>)> {
        match self.commands.upgrade() {
            Some(commands) => send(&commands, request),
            None => Err((NotSent::Stopping, request)),
        }
    }
}

impl Task {
    /// Lets a request that a breaker stopped go on to another institution. Returns the exchange that it becomes there, or `None` if it
    /// stays here: it came from another institution itself, or the journal cannot say at once where it went.
    pub(super) fn goes_on(&self, running: &mut Running, to: &str, now: Now) -> Option<OtherExchange> {
        let is_first = running.exchange.passage.is_none() && running.request.is_none();
        if !is_first || self.leaving || !self.keeps_unsent() {
            return None;
        }
        let neighbour = self.shared.neighbours.get(to)?;
        let draft = self.catalogue.passed_on(running.spare.as_ref()?, &neighbour.catalogue)?;
        let other = OtherExchange { institution: to.to_owned(), exchange: self.shared.clock.name(now) };
        running.exchange.passage = Some(Passage::PassedOn(other.clone()));
        running.onward = Some(Box::new(Onward { to: other.clone(), neighbour, draft, since: running.since }));
        Some(other)
    }

    /// Passes a request on, after the outcome of its first exchange is durable.
    pub(super) fn pass_on(
        &self,
        first: &Exchange,
        onward: Onward,
        key: Option<KeyTicket>,
        reply: oneshot::Sender<Exchange>,
    ) {
        point(FaultPoint::PassingOn);
        let Onward { to, neighbour, draft, since } = onward;
        let from = OtherExchange { institution: first.institution.to_string(), exchange: first.id };
        let telegram = Arc::clone(&first.telegram);
        let accepted_at_ms = to.exchange.accepted_at_ms();
        let accepted = Exchange::accepted(to.exchange, to.institution.into(), telegram, accepted_at_ms);
        let passage = Some(Passage::CameFrom(from));
        let exchange = Exchange { passage, caller: first.caller.clone(), ..accepted };
        let key = key.filter(|_| !is_on(Mutant::LosesKeysPassedOn));
        key.iter().for_each(|key| key.moves_to(exchange.id));
        let Ok(place) = Arc::clone(&neighbour.permits).try_acquire_owned() else {
            let _ = reply.send(self.refused(exchange, &NotSent::TooManyWaiting));
            return;
        };
        // The journal may have needed the time of the request. Its caller waits no longer.
        let within = neighbour.catalogue.answer_timeout(&exchange.telegram);
        if self.shared.clock.now().steady >= since + within {
            let _ = reply.send(self.refused(exchange, &NotSent::NotStarted { within }));
            return;
        }
        let request = AcceptedRequest { draft, exchange, key, since, place, reply };
        if let Err((why, request)) = neighbour.request(Box::new(request)) {
            let _ = request.reply.send(self.refused(request.exchange, &why));
        }
    }

    /// An exchange that the other institution did not take. As with any request that does not reach its institution, the journal has
    /// nothing of it.
    fn refused(&self, exchange: Exchange, why: &NotSent) -> Exchange {
        let exchange = Exchange {
            outcome: Some(Outcome::NotSent),
            reason: Some(why.to_string()),
            reason_code: Some(why.code().to_owned()),
            ended_at_ms: Some(self.shared.clock.now().wall_ms),
            journaled: false,
            ..exchange
        };
        count_refused(&exchange);
        self.shared.neighbours.get(&exchange.institution).iter().for_each(|other| other.traffic.refused(&exchange));
        exchange
    }
}
