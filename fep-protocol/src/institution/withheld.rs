//! Lines that another instance has: withheld from this one, and given to it. Who has a line is decided elsewhere, as [`places`](crate::places) says.
//!
//! A line that is withheld is left as one that a person stops: what is in flight on it may end, then it signs off and closes. Nothing is
//! stored about that, because it holds only as long as the instance runs.

use std::sync::Arc;
use std::time::Duration;

use super::Institution;
use super::link::Stage;
use crate::reason::{CloseReason, NotSent};
use crate::terms::{Now, Telegrams};

/// A line that this instance may not open.
#[derive(Clone, Debug)]
pub(super) struct Withheld {
    /// Who has it. `None` if nobody is known.
    pub(super) holder: Option<Arc<str>>,
    /// Requests in flight on it may end until this time.
    pub(super) drain_until: Duration,
}

impl<T: Telegrams> Institution<T> {
    /// Takes a line from this instance: it gets no new request. What is in flight on it may end, then it signs off and closes. For a line that
    /// is withheld already, only the holder changes.
    pub fn withhold_line(&mut self, line: usize, holder: Option<Arc<str>>, now: Now) {
        self.begin_withheld(line, holder, now);
        self.progress(now);
    }

    /// The same, before the start.
    pub fn begin_withheld(&mut self, line: usize, holder: Option<Arc<str>>, now: Now) {
        let drain_until = match self.withheld.get(&line) {
            Some(withheld) => withheld.drain_until,
            None => now.steady + self.settings.drain_max,
        };
        self.withheld.insert(line, Withheld { holder: holder.clone(), drain_until });
        for id in self.links_of(line) {
            if let Some(link) = self.link_mut(id) {
                link.is_stopped = true;
                link.last_error = Some(CloseReason::LineElsewhere { holder: holder.clone() });
            }
            self.refresh(id);
        }
    }

    /// Gives a line to this instance, which connects it, unless a person stopped it.
    pub fn give_line(&mut self, line: usize, now: Now) {
        if self.withheld.remove(&line).is_some() && self.stopped_line(line).is_none() {
            self.open_line(line);
            self.progress(now);
        }
    }

    /// Closes the links of a line at once, because this instance may not have it any more.
    pub fn cut_line(&mut self, line: usize, now: Now) {
        self.withhold_line(line, None, now);
        for id in self.links_of(line) {
            self.close(id, CloseReason::PlaceLost);
        }
        self.progress(now);
    }

    /// Whether no link of the line has a connection, and none is being made.
    #[must_use]
    pub fn is_line_closed(&self, line: usize) -> bool {
        self.lines.get(line).into_iter().flatten().all(|link| link.stage == Stage::Down)
    }

    /// Why nothing can be sent, if all lines for it that no person stopped are at other instances.
    pub(super) fn is_elsewhere(&self) -> Option<NotSent> {
        let sending = self.settings.lines.iter().enumerate().filter(|(_, line)| line.duty.sends());
        let mut withheld = sending.filter(|(line, _)| !self.stopped_lines.contains_key(line));
        let mut found = None;
        withheld
            .all(|(line, _)| {
                let held = self.withheld.get(&line);
                found = found.take().or_else(|| held.map(|held| held.holder.clone()));
                held.is_some()
            })
            .then_some(found)
            .flatten()
            .map(NotSent::LinkElsewhere)
    }
}
