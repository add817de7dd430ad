//! What the task shares with other instances: it passes questions on, and news to the machine.

use std::sync::Arc;

use fep_protocol::coordination::{Ask, News, RoutedAnswer};
use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::{Fact, What};
use fep_protocol::indicators::Indicators;
use fep_protocol::institution::Origin;
use fep_protocol::terms::{Incarnation, Now};
use fep_protocol::trace::TraceHighWater;

use super::Task;
use crate::net::admission::SharingStatus;
use crate::net::indicators::IndicatorsStatus;

impl Task {
    /// Passes news to the machine. A block of trace numbers goes to the journal first: facts are stored in their order, so
    /// the block is durable before the first telegram with one of its numbers.
    pub(super) fn news(&mut self, news: News) {
        let now = self.shared.clock.now();
        if let News::Traces(block) = &news {
            let high_water = TraceHighWater { day: block.day, high: block.last };
            self.append(Fact { what: What::Traces(high_water), ..self.fact(now) });
        }
        if let News::Fenced(fenced) = &news {
            tracing::error!(
                institution = &*self.name,
                epoch = fenced.epoch,
                "this instance was declared dead: it sends nothing until it has joined again"
            );
        }
        self.machine.news(news, now);
    }

    /// Passes a question on. With each report the other instances also hear what the requests of the last minute came to.
    pub(super) fn ask_others(&mut self, ask: Ask) {
        if matches!(ask, Ask::Report(_)) {
            let own = self.own_indicators(self.shared.clock.now());
            self.seat.tell(&own);
        }
        self.seat.ask(ask);
    }

    /// Passes an answer to the instance that waits for it.
    pub(super) fn hand_over(&mut self, to: Arc<str>, incarnation: Incarnation, bytes: TelegramBytes) {
        let (line, _) = self.link_name(incarnation.link);
        let line = RoutedAnswer::line_at(line, &self.shared.coordinator.instance());
        let answer = RoutedAnswer { line, incarnation: incarnation.number, bytes };
        self.seat.ask(Ask::HandOver { to, answer });
    }

    /// The line on which bytes came, for their fact.
    pub(super) fn line_of(&self, origin: Origin) -> Option<(Arc<str>, u64)> {
        match origin {
            Origin::Here(incarnation) => self.line(incarnation),
            Origin::Elsewhere(line, incarnation) => Some((line, incarnation)),
        }
    }

    /// What the requests of the last minute came to, here and at other instances.
    pub(super) fn indicators(&self, now: Now) -> IndicatorsStatus {
        let coordinator = &self.shared.coordinator;
        let others = coordinator.others(&self.name);
        IndicatorsStatus::new(&coordinator.instance(), &self.own_indicators(now), &coordinator.terms(), others)
    }

    fn own_indicators(&self, now: Now) -> Indicators {
        let oldest = self.running.values().map(|running| running.since).min();
        Indicators {
            counts: self.statuses.traffic().recent(),
            in_flight: u64::try_from(self.running.len()).unwrap_or(u64::MAX),
            oldest: oldest.map(|since| now.steady.saturating_sub(since)),
        }
    }

    /// The instance's part of the contract. `None` if the gateway is alone.
    pub(super) fn sharing(&self) -> Option<SharingStatus> {
        let terms = self.shared.coordinator.terms();
        let membership = self.machine.membership();
        (!terms.is_alone()).then(|| SharingStatus {
            instance: self.shared.coordinator.instance().to_string(),
            instances_max: terms.instances_max,
            epoch: membership.epoch(),
            has_lease: membership.has_lease(),
            share: membership.share(),
        })
    }
}
