//! The checks about proof, where there are polls: a line is ready only while an answer or a poll proves it, and one whose polls are
//! not answered, or that is not polled as agreed, is given up.

use std::time::Duration;

use fep_gateway::Gateway;

use super::{CLOSING_MAX, DECISION, Link};
use crate::setup::{ALIVE, BANKS, POLLED_WITHIN, PollSetup};
use crate::world::check::Rule;
use crate::world::{ConnectionId, Shared, World};

/// How long a poll of ours may wait for its answer, by `config.toml`.
const ECHO_TIMEOUT: Duration = Duration::from_millis(1500);

/// The time between two looks at what is ready.
const LOOK: Duration = Duration::from_millis(250);

/// The time of a proof is in whole milliseconds.
const MS: Duration = Duration::from_millis(1);

/// What shows that a link is alive.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// The last answer or poll that proves it.
    at: Option<Duration>,
    /// When it carried business first, or the bank polled last.
    pub(super) polled: Duration,
    /// When a poll of ours was written that was not answered yet.
    asked: Option<Duration>,
    /// When the gateway began to close the connection. It counts as one until it is closed.
    pub(super) left: Option<Duration>,
}

/// Looks again and again which banks are ready, as a load balancer does.
pub(crate) async fn watch(shared: Shared, gateway: Gateway) {
    loop {
        let troubles = gateway.troubles();
        shared.lock().look(&troubles);
        tokio::time::sleep(LOOK).await;
    }
}

impl World {
    /// The gateway read a frame on a connection. Returns whether it is a poll or the answer to one.
    pub(super) fn reads_poll(&mut self, id: ConnectionId, bank: usize, frame: &[u8]) -> bool {
        let Some(polls) = self.setup.bank(bank).polls else { return false };
        let now = self.now;
        let [is_request, is_answer] = [polls.request, polls.answer].map(|poll| poll.as_bytes() == frame);
        let Some(link) = self.lines.links.get_mut(&id) else { return is_request || is_answer };
        let answers = is_answer && link.proof.asked.take().is_some();
        if is_request {
            link.proof.polled = now;
        }
        if answers || polls.is_ambiguous() || (is_request && polls.proves) {
            link.proof.at = Some(now);
        }
        if is_request && polls.theirs.is_some() {
            self.count("a poll of a bank");
        }
        is_request || is_answer
    }

    /// The gateway wrote a frame on a connection. Returns whether it is a poll or the answer to one.
    pub(super) fn writes_poll(&mut self, id: ConnectionId, frame: &[u8]) -> bool {
        let now = self.now;
        let Some(link) = self.lines.links.get_mut(&id) else { return false };
        let Some(polls) = self.setup.bank(link.bank).polls else { return false };
        let [is_request, is_answer] = [polls.request, polls.answer].map(|poll| poll.as_bytes() == frame);
        if is_request && polls.ours && !polls.is_ambiguous() {
            link.proof.asked = Some(now);
        }
        is_request || is_answer
    }

    /// The gateway read the answer to an echo test on this connection, or to a request that was written on it.
    pub(super) fn proves(&mut self, id: ConnectionId) {
        let now = self.now;
        if let Some(link) = self.lines.links.get_mut(&id) {
            link.proof.at = Some(now);
        }
    }

    /// A link without what proves it must be gone by now.
    pub(super) fn links_are_proved(&mut self) {
        let now = self.now;
        if !self.setup.has_polls() || self.lines.is_stopping {
            return;
        }
        let mut late = Vec::new();
        for (id, link) in &self.lines.links {
            let Some(polls) = self.setup.bank(link.bank).polls else { continue };
            let closes = polls.theirs.is_some_and(|unpolled| unpolled.closes()) && link.is_signed_on;
            if link.proof.asked.is_some_and(|asked| asked + ECHO_TIMEOUT + CLOSING_MAX + DECISION < now) {
                late.push(format!("connection {id} is there, and a poll of ours was not answered on it"));
            }
            if closes && link.proof.polled + POLLED_WITHIN + CLOSING_MAX + DECISION < now {
                let polled = link.proof.polled;
                late.push(format!("connection {id} is there, and the bank has not polled since {polled:?}"));
            }
        }
        late.into_iter().for_each(|what| self.fail(Rule::Alive, what));
    }

    /// A bank is ready only if a link of its carries business, and what has to prove it came lately.
    fn look(&mut self, troubles: &[String]) {
        if self.is_dead() || self.lines.is_stopping {
            return;
        }
        for bank in 0..BANKS {
            let Some(polls) = self.setup.bank(bank).polls else { continue };
            let name = format!("bank-{bank}: ");
            if troubles.iter().any(|trouble| trouble.starts_with(&name)) {
                self.count("a bank that is not ready");
                continue;
            }
            self.count("a bank that is ready");
            let now = self.now;
            // While a connection is being closed, the gateway counts it as it was before.
            let links = self.lines.links.values().chain(self.lines.former.values()).filter(|link| link.bank == bank);
            let links = links.map(|link| (link, link.proof.left.unwrap_or(now)));
            // Behind a flood, it learns late that a connection is gone.
            let learns_late = !self.is_punctual;
            let is_proved = links.clone().any(|(link, at)| at + CLOSING_MAX >= now && link.is_proved(polls, at))
                || (learns_late && links.clone().any(|(link, _)| link.is_proved(polls, now)));
            if !is_proved {
                self.fail(Rule::Alive, format!("bank {bank} is ready, and nothing has proved any link of it"));
            }
        }
    }
}

impl Link {
    fn is_proved(&self, polls: PollSetup, now: Duration) -> bool {
        let is_fresh = self.proof.at.is_some_and(|at| at + ALIVE + MS >= now);
        let is_polled = polls.theirs.is_none() || self.proof.polled + POLLED_WITHIN + DECISION >= now;
        self.is_signed_on && is_fresh && is_polled
    }
}
