//! Stopping: exchanges in flight may end, then the links sign off and close, each within a limit.

use std::time::Duration;

use super::link::ContractedLink;
use super::{Action, Institution};
use crate::reason::{CloseReason, NotSent, Unknown};
use crate::terms::{Now, Telegrams};

/// The longest wait for the answers to our sign-offs when the gateway stops.
const SIGN_OFF_MAX: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shutdown {
    /// Exchanges in flight may end until this time.
    Draining(Duration),
    /// The links sign off and close. Those that have not done so by this time are closed.
    SigningOff(Duration),
    Gone,
}

impl<T: Telegrams> Institution<T> {
    /// Begins to stop. New requests are refused, and exchanges in flight may end until `drain_max` after `since`, the time on the steady
    /// clock when the gateway was told to stop. Then the machine signs off and closes the links. [`Action::Stopped`] is the last action.
    pub fn leave(&mut self, since: Duration, now: Now) {
        if self.leaving.is_none() {
            self.leaving = Some(Shutdown::Draining(since + self.settings.drain_max));
            self.stop_waiting();
            self.progress(now);
        }
    }

    /// Ends every exchange that still runs: as unknown if it was written, otherwise as not sent.
    pub(super) fn finish_all(&mut self, now: Now) {
        let until = now.steady + self.settings.quarantine;
        let exchanges = self.under_way.iter().filter(|(_, item)| item.owner.is_business());
        let mut running: Vec<_> = exchanges.map(|(ticket, item)| (*ticket, item.written)).collect();
        running.sort_unstable();
        for (ticket, written) in running {
            if !written {
                self.unsent(ticket, NotSent::Stopped, now);
                continue;
            }
            let Some(item) = self.under_way.get_mut(&ticket) else { continue };
            item.over = Some(Unknown::Stopped);
            if let Some((key, _)) = &item.waits {
                self.mux.give_up(key, until);
            }
            self.actions.push_back(Action::Withdraw(ticket, item.incarnation));
        }
    }

    /// Takes every next step that is possible now: starts requests that wait, and goes on with stopping.
    pub(super) fn progress(&mut self, now: Now) {
        self.coordinate(now);
        self.listen(now);
        self.send_duties(now);
        self.choose_lines(now);
        self.admit(now);
        if matches!(self.leaving, Some(Shutdown::Draining(_))) && self.inflight == 0 {
            self.leaving = Some(Shutdown::SigningOff(now.steady + SIGN_OFF_MAX));
            for link in self.link_ids().into_iter().filter(|link| self.sends(*link)).collect::<Vec<_>>() {
                self.leave_link(link, &CloseReason::Stopped, now);
            }
        }
        if matches!(self.leaving, Some(Shutdown::SigningOff(_))) {
            self.leave_receiving(now);
        }
        if matches!(self.leaving, Some(Shutdown::SigningOff(_)))
            && self.lines.iter().flatten().all(ContractedLink::is_down)
        {
            self.leaving = Some(Shutdown::Gone);
            self.actions.push_back(Action::Stopped);
        }
    }

    /// Handles what is due by time while the machine stops.
    pub(super) fn tick_stopping(&mut self, now: Now) {
        match self.leaving {
            Some(Shutdown::Draining(until)) if until <= now.steady => self.finish_all(now),
            Some(Shutdown::SigningOff(until)) if until <= now.steady => self.close_all(),
            _ => {}
        }
    }

    pub(super) fn stopping_deadline(&self) -> Option<Duration> {
        match self.leaving {
            Some(Shutdown::Draining(until)) => Some(until),
            Some(Shutdown::SigningOff(until)) if self.is_any_open() => Some(until),
            _ => None,
        }
    }
}
