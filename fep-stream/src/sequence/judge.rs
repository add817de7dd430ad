//! Where a telegram belongs: in its place, out of place, or nowhere.
//!
//! A feed that went back behind its own last number, and brings something else than what came with these numbers, may have begun anew. A
//! feed that only lags goes on in its own numbers. So after a restart of one feed, the others are judged by the old numbers, until they
//! begin anew themselves.

use super::memory::{Known, differ};
use super::run::Proof;
use super::{Came, FEEDS_MAX, Held, Sequencer, Step};
use crate::numbering::Distance;

impl<T> Sequencer<T> {
    /// A telegram of a feed that is where the others are.
    pub(super) fn judge(&mut self, feed: usize, came: Came<T>, out: &mut Vec<Step<T>>) {
        let Some(expected) = self.expected else { return };
        let near = self.terms.near();
        match self.terms.numbering.distance(expected, came.number) {
            Distance::Ahead(steps) if self.at + steps < self.known_end && self.went_back(feed, came.number) => {
                self.judge_behind_gap(feed, self.at + steps, came, out);
            }
            Distance::Ahead(steps) if self.reaches(steps) => {
                self.close_run(feed, came.number, out);
                self.in_place(feed, came, out);
            }
            Distance::Behind(steps) if steps <= near => {
                let known = match self.memory.known(steps, came.digest) {
                    Known::Unknown if self.came_before(&came) => Known::Same,
                    known => known,
                };
                self.behind(feed, known, came, out);
            }
            _ if self.came_before(&came) => self.drop_known(feed, Known::Same, came.number, out),
            Distance::Ahead(steps) if steps <= near => self.keep(feed, came, Proof::Ahead, out),
            _ if came.number > expected => self.keep(feed, came, Proof::Ahead, out),
            _ if self.may_begin_anew(feed, came.number, true) => self.keep(feed, came, Proof::Back, out),
            _ => self.tell(feed, came.number, out),
        }
    }

    /// A feed went back to a number behind a gap, or in it. That is a late answer, a repetition, or a new day.
    fn judge_behind_gap(&mut self, feed: usize, place: u64, came: Came<T>, out: &mut Vec<Step<T>>) {
        match self.held.get(&place).map(|held| differ(held.came.digest, came.digest)) {
            Some(true) => {
                self.differs(came.number, out);
                self.keep(feed, came, Proof::Back, out);
            }
            Some(false) => self.drop_known(feed, Known::Same, came.number, out),
            None if self.goes_on_back(feed, came.number) => self.keep(feed, came, Proof::None, out),
            None => self.in_place(feed, came, out),
        }
    }

    /// A telegram of a feed that has not begun anew as another one has. It brings what is left of the old numbers, until it begins anew.
    pub(super) fn judge_before(&mut self, feed: usize, came: Came<T>, out: &mut Vec<Step<T>>) {
        if self.is_there(&came) {
            self.join(feed, Some(came.number), out);
            return self.judge(feed, came, out);
        }
        let Some(before) = &self.before else { return };
        let number = came.number;
        let place = self.terms.numbering.distance(before.expected, number);
        let known = match place {
            Distance::Behind(steps) => before.memory.known(steps, came.digest),
            Distance::Ahead(_) => Known::Unknown,
        };
        let went_back = self.went_back(feed, number);
        match (known, place) {
            (Known::Unknown, Distance::Ahead(_)) => {
                self.reached(feed, number);
                self.tell(feed, number, out);
            }
            (Known::Different | Known::Unknown, _) if went_back => self.keep(feed, came, Proof::Back, out),
            (known, _) => self.drop_known(feed, known, number, out),
        }
    }

    /// Whether exactly this telegram was passed on before the new day was recognised. It proves no other day when it comes again.
    fn came_before(&self, came: &Came<T>) -> bool {
        self.before.as_ref().is_some_and(|before| match self.terms.numbering.distance(before.expected, came.number) {
            Distance::Behind(steps) => before.memory.has(steps, came.digest),
            Distance::Ahead(_) => false,
        })
    }

    /// Whether it is a repetition of what came since the restart.
    fn is_there(&self, came: &Came<T>) -> bool {
        let distance = self.expected.map(|expected| self.terms.numbering.distance(expected, came.number));
        came.digest != 0
            && match distance {
                Some(Distance::Behind(steps)) => self.memory.known(steps, came.digest) == Known::Same,
                Some(Distance::Ahead(steps)) => {
                    self.held.get(&(self.at + steps)).is_some_and(|held| held.came.digest == came.digest)
                }
                None => false,
            }
    }

    /// A telegram whose number is before the expected one, and is remembered or could be.
    fn behind(&mut self, feed: usize, known: Known, came: Came<T>, out: &mut Vec<Step<T>>) {
        let is_new = matches!(known, Known::Different | Known::Unknown);
        if is_new && self.may_begin_anew(feed, came.number, known == Known::Different) {
            if known == Known::Different {
                self.differs(came.number, out);
            }
            return self.keep(feed, came, Proof::Back, out);
        }
        // It may be of the new day, too, but it proves nothing.
        if matches!(known, Known::Lost | Known::DifferentAnswer) && self.goes_on_back(feed, came.number) {
            return self.keep(feed, came, Proof::None, out);
        }
        self.drop_known(feed, known, came.number, out);
    }

    /// Drops a telegram. It is a repetition, or consumers know of it, or they are told.
    pub(super) fn drop_known(&mut self, feed: usize, known: Known, number: u64, out: &mut Vec<Step<T>>) {
        match known {
            Known::Same => {
                self.break_run(feed, out);
                self.reached(feed, number);
                self.tally.repeated += 1;
            }
            // Consumers know that it is missing. A late answer is no break of anything.
            Known::Lost => self.tally.repeated += 1,
            Known::Different | Known::DifferentAnswer => {
                self.differs(number, out);
                self.tell(feed, number, out);
            }
            Known::Unknown => self.tell(feed, number, out),
        }
    }

    /// Whether the feed may have begun its numbers anew: it went back behind its own last number. If nothing was passed on for long, what was
    /// followed until now may have been wrong.
    fn may_begin_anew(&mut self, feed: usize, number: u64, is_sure: bool) -> bool {
        let is_quiet = self.now >= self.passed_at.saturating_add(self.terms.lag_max);
        self.went_back(feed, number) || (is_sure && is_quiet)
    }

    fn went_back(&mut self, feed: usize, number: u64) -> bool {
        let numbering = self.terms.numbering;
        let near = self.terms.near();
        let is_behind = |highest: u64| match numbering.distance(highest, number) {
            Distance::Ahead(steps) => steps == 0 || (steps > near && number < highest),
            Distance::Behind(_) => true,
        };
        self.feed(feed).highest.is_some_and(is_behind)
    }

    /// The feed brought this number in its place.
    pub(super) fn reached(&mut self, feed: usize, number: u64) {
        let numbering = self.terms.numbering;
        let state = self.feed(feed);
        if state.highest.is_none_or(|highest| matches!(numbering.distance(highest, number), Distance::Ahead(_))) {
            state.highest = Some(number);
        }
    }

    /// Feeds that lag since the last restart are no longer waited for.
    pub(super) fn forget_before(&mut self, out: &mut Vec<Step<T>>) {
        if self.before.as_ref().is_none_or(|before| self.now < before.until) {
            return;
        }
        self.before = None;
        for feed in 0..FEEDS_MAX {
            if self.feed(feed).is_before {
                self.break_run(feed, out);
                self.join(feed, None, out);
            }
        }
    }

    /// Whether so far ahead of the expected number is near what is known.
    pub(super) fn reaches(&self, steps: u64) -> bool {
        steps <= (self.known_end - self.at).saturating_add(self.terms.jump()).min(self.terms.near())
    }

    pub(super) fn tell(&mut self, feed: usize, number: u64, out: &mut Vec<Step<T>>) {
        self.tally.stray += 1;
        out.push(Step::OutOfPlace { feed, number });
    }

    fn differs(&mut self, number: u64, out: &mut Vec<Step<T>>) {
        self.tally.different += 1;
        out.push(Step::Differs { number });
    }

    pub(super) fn in_place(&mut self, feed: usize, came: Came<T>, out: &mut Vec<Step<T>>) {
        let Some(expected) = self.expected else { return };
        if self.came_before(&came) {
            self.tally.repeated += 1;
            return;
        }
        self.reached(feed, came.number);
        match self.terms.numbering.distance(expected, came.number) {
            Distance::Ahead(0) if self.known_end == self.at => self.pass(Held { came, was_missing: false }, out),
            Distance::Ahead(steps) => self.ahead(self.at + steps, feed, came, out),
            Distance::Behind(steps) => {
                let known = self.memory.known(steps, came.digest);
                self.drop_known(feed, known, came.number, out);
            }
        }
    }
}
