//! Telegrams that no service asked for, such as a sign-on or an echo test, within the rate of the contract.
//!
//! A duty goes before all business that waits, but not beyond the rate: a link that falls again and again would otherwise get more
//! telegrams than the contract allows. It does not wait long, because without its sign-on a link carries nothing. That also holds for an
//! instance that has no share of the rate, and may get one within that time.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Institution, Owner};
use crate::breaker::BreakerScope;
use crate::mutant::{Mutant, is_on};
use crate::terms::{Duty, Incarnation, LinkId, Now, Telegrams};
use crate::trace::TraceUse;

/// The longest wait for the rate. With a window of minutes, a link would be down too long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Duties that wait for the rate, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Duties(VecDeque<(What, Duration)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    OnLink(Incarnation, Duty),
    /// An echo test for a breaker of this generation.
    Probe(BreakerScope, u64),
}

impl What {
    /// How long it waits for the rate. A sign-off waits less: the link is closed soon.
    fn patience(&self) -> Duration {
        match self {
            Self::OnLink(_, Duty::SignOff) => PATIENCE / 2,
            _ => PATIENCE,
        }
    }
}

impl Duties {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, what: What, now: Duration) {
        if self.0.iter().all(|(waiting, _)| *waiting != what) {
            self.0.push_back((what, now));
        }
    }

    /// Forgets what waits for a connection.
    pub(super) fn lost(&mut self, incarnation: Incarnation) {
        self.0.retain(|(what, _)| !matches!(what, What::OnLink(link, _) if *link == incarnation));
    }
}

impl<T: Telegrams> Institution<T> {
    /// Sends a duty on a link, as soon as the rate lets it.
    pub(super) fn ask(&mut self, id: LinkId, duty: Duty, now: Now) {
        let Some(link) = self.link(id) else { return };
        let incarnation = Incarnation { link: id, number: link.incarnation };
        self.duties.add(What::OnLink(incarnation, duty), now.steady);
        self.send_duties(now);
    }

    /// Sends an echo test for a breaker, as soon as the rate lets it.
    pub(super) fn probe(&mut self, scope: BreakerScope, generation: u64, now: Now) {
        self.duties.add(What::Probe(scope, generation), now.steady);
        self.send_duties(now);
    }

    /// Sends the duties that the rate lets go now.
    pub(super) fn send_duties(&mut self, now: Now) {
        while let Some((what, since)) = self.duties.0.front() {
            let is_free = is_on(Mutant::DutiesIgnoreTheRate) || self.admission.flow.may_send_duty(now.steady);
            if !is_free && *since + what.patience() > now.steady {
                return;
            }
            match self.duties.0.pop_front() {
                Some((What::OnLink(incarnation, duty), _)) => self.send_on_link(incarnation, duty, now),
                Some((What::Probe(scope, generation), _)) => self.send_probe(scope, generation, now),
                None => return,
            }
        }
    }

    /// When [`Institution::send_duties`] has something to do, if nothing else happens.
    pub(super) fn duties_deadline(&self) -> Option<Duration> {
        let (what, since) = self.duties.0.front()?;
        let patience = *since + what.patience();
        Some(self.admission.flow.duty_at().map_or(patience, |at| at.min(patience)))
    }

    fn send_on_link(&mut self, incarnation: Incarnation, duty: Duty, now: Now) {
        match self.make(now, TraceUse::Duty, |telegrams, trace| telegrams.duty(duty, trace, now)) {
            Ok(wire) => {
                let ticket = self.ticket();
                let owner = Owner::Duty { duty, since: now.steady, times_heard: self.hearing.times() };
                self.admission.flow.duty_started(now.steady);
                self.send_wire(ticket, owner, incarnation, wire, now.steady, now);
            }
            Err(why) => self.duty_without_trace(incarnation, duty, why, now),
        }
    }

    /// Without a line, the echo test counts as not answered.
    fn send_probe(&mut self, scope: BreakerScope, generation: u64, now: Now) {
        let ticket = self.ticket();
        self.admission.probes.insert(ticket, (scope, generation));
        let made = self.incarnation_for_business().and_then(|incarnation| {
            let encode = |telegrams: &T, trace| telegrams.duty(Duty::EchoTest, trace, now);
            Ok((incarnation, self.make(now, TraceUse::Duty, encode)?))
        });
        match made {
            Ok((incarnation, wire)) => {
                let owner = Owner::Probe { since: now.steady, times_heard: self.hearing.times() };
                self.admission.flow.duty_started(now.steady);
                self.send_wire(ticket, owner, incarnation, wire, now.steady, now);
            }
            Err(_) => self.probed(ticket, false, now),
        }
    }
}
