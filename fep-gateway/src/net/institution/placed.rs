//! The lines that another gateway may have: opens one while this gateway has its place, and leaves it in time. Who has which place is decided in
//! `fep_protocol::places`, and asked in `gateway::placing`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::{LinePlace, PlaceState};
use fep_protocol::places::{PlaceLimits, PlaceWord};
use fep_protocol::terms::Now;

use super::{Handle, Task, TaskCommand};

/// The shared lines that this gateway has, by their index.
#[derive(Debug, Default)]
pub(super) struct Placed(BTreeMap<usize, OwnPlace>);

#[derive(Debug)]
struct OwnPlace {
    limits: PlaceLimits,
    is_leaving: bool,
    is_cut: bool,
}

impl Placed {
    /// The next time at which a place must be left, or its link closed.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let next = |place: &OwnPlace| match (place.is_leaving, place.is_cut) {
            (false, _) => Some(place.limits.leave_at),
            (true, false) => Some(place.limits.cut_at),
            (true, true) => None,
        };
        self.0.values().filter_map(next).min()
    }
}

impl Handle {
    /// Tells what became of the place of a line. What the task cannot take now is lost: it is told again at the next look, and a place that is
    /// not renewed is left in time.
    pub(crate) fn place(&self, line: usize, word: PlaceWord) {
        let _ = self.commands.try_send(TaskCommand::Place(line, word));
    }
}

impl Task {
    /// Before the start: opens no line that another gateway may have.
    pub(super) fn withhold_lines(&mut self, now: Now) {
        for (line, config) in self.config.lines.iter().enumerate() {
            let sharing = &config.sharing;
            if sharing.is_elsewhere {
                self.machine.begin_withheld(line, Some(sharing.instances.join(", ").into()), now);
            } else if sharing.is_shared {
                self.machine.begin_withheld(line, None, now);
            }
        }
    }

    pub(super) fn place(&mut self, line: usize, word: PlaceWord, now: Now) {
        let own = self.placed.0.get_mut(&line);
        match (word, own) {
            (PlaceWord::Have(limits) | PlaceWord::Renewed(limits), Some(place)) => place.limits = limits,
            // What was asked too long ago is over already.
            (PlaceWord::Have(limits), None) if limits.leave_at <= now.steady || self.leaving => {}
            (PlaceWord::Have(limits), None) => {
                self.placed.0.insert(line, OwnPlace { limits, is_leaving: false, is_cut: false });
                self.machine.give_line(line, now);
                let own = self.shared.coordinator.instance();
                self.show_place(line, PlaceState::Here, Some(&own));
                tracing::info!(
                    institution = &*self.name,
                    line = self.line_names.get(line).map(|name| &**name),
                    "this gateway has the link"
                );
            }
            (PlaceWord::Leave(to), Some(_)) => self.leave_place(line, Some(to), now),
            (PlaceWord::Lost, Some(_)) => self.cut_place(line, now),
            (PlaceWord::Elsewhere(holder), None) => {
                self.machine.withhold_line(line, holder.clone(), now);
                self.show_place(line, PlaceState::Standby, holder.as_ref());
            }
            (PlaceWord::Renewed(_) | PlaceWord::Leave(_) | PlaceWord::Lost, None)
            | (PlaceWord::Elsewhere(_), Some(_)) => {}
        }
    }

    /// Leaves places whose time is over, and gives up those whose links are closed.
    pub(super) fn look_at_places(&mut self, now: Now) {
        let places: Vec<_> =
            self.placed.0.iter().map(|(line, place)| (*line, place.limits, place.is_leaving, place.is_cut)).collect();
        for (line, limits, is_leaving, is_cut) in places {
            if limits.cut_at <= now.steady && !is_cut {
                self.cut_place(line, now);
            } else if limits.leave_at <= now.steady && !is_leaving {
                self.leave_place(line, None, now);
            }
            let is_left = is_leaving || self.leaving || self.machine.stopped_line(line).is_some();
            if is_left && self.machine.is_line_closed(line) {
                self.placed.0.remove(&line);
                self.machine.withhold_line(line, None, now);
                self.show_place(line, PlaceState::Standby, None);
                tracing::info!(
                    institution = &*self.name,
                    line = self.line_names.get(line).map(|name| &**name),
                    "this gateway gave the link back"
                );
            }
        }
    }

    fn leave_place(&mut self, line: usize, to: Option<Arc<str>>, now: Now) {
        let Some(place) = self.placed.0.get_mut(&line).filter(|place| !place.is_leaving) else { return };
        place.is_leaving = true;
        let to_name = to.as_deref();
        tracing::info!(
            institution = &*self.name,
            line = self.line_names.get(line).map(|name| &**name),
            to = to_name,
            "this gateway leaves the link"
        );
        self.machine.withhold_line(line, to.clone(), now);
        self.show_place(line, PlaceState::Leaving, to.as_ref());
    }

    fn cut_place(&mut self, line: usize, now: Now) {
        let Some(place) = self.placed.0.get_mut(&line).filter(|place| !place.is_cut) else { return };
        place.is_leaving = true;
        place.is_cut = true;
        tracing::warn!(
            institution = &*self.name,
            line = self.line_names.get(line).map(|name| &**name),
            "the place of the link was not renewed in time: closing it"
        );
        self.machine.cut_line(line, now);
        self.show_place(line, PlaceState::Leaving, None);
    }

    fn show_place(&self, line: usize, state: PlaceState, holder: Option<&Arc<str>>) {
        let place = LinePlace { state, holders: holder.iter().map(|holder| holder.to_string()).collect() };
        let is_news = self.statuses.line(line).is_some_and(|line| line.place.as_ref() != Some(&place));
        self.statuses.placed(line, place);
        if is_news {
            self.tell_line(line);
        }
    }
}
