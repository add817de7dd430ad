//! What holds until it is changed: stores it, shows it, and brings it back at the start. And the log of connections.

use fep_protocol::exchange::{Event, Exchange};
use fep_protocol::fact::{Fact, What};
use fep_protocol::standing::{PersonNote, Standing};
use fep_protocol::switchover::SwitchoverState;
use fep_protocol::terms::Now;

use super::Task;

impl Task {
    /// Brings back what held at the end of the earlier run.
    pub(super) fn recall_standing(&mut self, standing: Vec<Standing>, now: Now) {
        for standing in standing {
            if let Standing::Breaker { business, person, by: Some(by) } = &standing {
                let business = business.as_deref().unwrap_or_default();
                let note = by.note.as_str();
                tracing::warn!(
                    institution = &*self.name,
                    business,
                    person,
                    note,
                    "a person tripped this breaker before the restart"
                );
            }
            let names = &self.line_names;
            self.machine.recall_standing(standing, |name| names.iter().position(|line| **line == *name), now);
        }
        for line in 0..self.line_names.len() {
            self.statuses.stopped(line, self.machine.stopped_line(line).cloned());
        }
        if let Some(state) = self.machine.switchover().cloned() {
            self.statuses.carries(&state);
            self.show_carrying();
        }
    }

    /// Stores and shows what holds from now on.
    pub(super) fn standing(&mut self, standing: Standing) {
        if let Standing::Switchover(state) = &standing {
            self.switched(state);
        }
        let now = self.shared.clock.now();
        self.append(Fact { what: What::Standing, standing: Some(Box::new(standing)), ..self.fact(now) });
    }

    pub(super) fn line_stopped(&mut self, line: usize, by: Option<PersonNote>) {
        let Some(name) = self.line_names.get(line).map(|name| name.to_string()) else { return };
        self.statuses.stopped(line, by.clone());
        if self.machine.switchover().is_some() {
            self.show_carrying();
        }
        self.tell_line(line);
        self.standing(Standing::Line { line: name, by });
    }

    fn switched(&mut self, state: &SwitchoverState) {
        if !self.statuses.carries(state) {
            return;
        }
        tracing::warn!(
            institution = &*self.name,
            rank = state.rank,
            lines = ?self.carrying(state.rank),
            cause = state.cause.name(),
            why = state.to_string(),
            "other lines carry business now"
        );
        let labels = [("institution", self.name.to_string()), ("cause", state.cause.name().to_owned())];
        metrics::counter!("fep_switchovers_total", &labels).increment(1);
        self.show_carrying();
        (0..self.line_names.len()).for_each(|line| self.tell_line(line));
    }

    /// The names of the lines of this rank that send.
    pub(super) fn carrying(&self, rank: u8) -> Vec<&str> {
        let lines = self.config.lines.iter().filter(|line| line.duty.sends() && line.carry.rank == rank);
        lines.map(|line| line.name.as_str()).collect()
    }

    fn show_carrying(&self) {
        for line in self.statuses.lines() {
            let labels = [("institution", line.institution), ("line", line.line)];
            metrics::gauge!("fep_line_carries", &labels).set(f64::from(u8::from(line.carries)));
        }
    }

    pub(super) fn tell_line(&self, line: usize) {
        if let Some(line) = self.statuses.line(line) {
            // There may be no subscriber.
            let _ = self.shared.events.send(Event::Line(Box::new(line)));
        }
    }

    /// Shows an exchange to subscribers.
    pub(super) fn tell(&self, exchange: &Exchange) {
        if self.shared.events.receiver_count() > 0 {
            // The last subscriber may have gone meanwhile.
            let _ = self.shared.events.send(Event::Exchange(Box::new(exchange.clone())));
        }
    }
}
