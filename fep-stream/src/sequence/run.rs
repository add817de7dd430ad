//! Numbers out of place: a single telegram, or a feed that goes on from there.
//!
//! One number proves nothing. It may be a mistake, and following it would drop all telegrams behind it. So the telegrams are kept until
//! [`restart_run`](super::SequenceTerms::restart_run) of them came in ascending order on one feed. Each feed has a run of its own, and
//! only the same feed breaks it. What was kept is passed on, or consumers are told that it was out of place.

use super::memory::{Before, Known, Memory};
use super::{Came, Sequencer, Step};
use crate::numbering::{Distance, Numbering};

/// What one feed brought out of place.
#[derive(Debug)]
pub(super) struct Run<T> {
    /// Whether it is ahead of the expected number. Otherwise the feed began its numbers anew.
    is_ahead: bool,
    proofs: usize,
    came: Vec<Kept<T>>,
}

/// What a telegram proves that is out of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The feed goes on ahead.
    Ahead,
    /// The feed has begun its numbers anew.
    Back,
    /// Nothing: it may also be a late answer. It is kept because it follows others of a feed that may have begun anew.
    None,
}

#[derive(Debug)]
enum Kept<T> {
    Telegram(Came<T>),
    /// A heartbeat: the feed has sent this number.
    Said(u64),
}

impl<T> Kept<T> {
    fn number(&self) -> u64 {
        match self {
            Self::Telegram(came) => came.number,
            Self::Said(number) => *number,
        }
    }
}

impl<T> Sequencer<T> {
    /// Keeps a telegram that is out of place. Enough of them are followed.
    pub(super) fn keep(&mut self, feed: usize, came: Came<T>, proof: Proof, out: &mut Vec<Step<T>>) {
        self.keep_any(feed, Kept::Telegram(came), proof, out);
    }

    /// Keeps what a heartbeat said. A wrong one must not open a gap.
    pub(super) fn keep_said(&mut self, feed: usize, last: u64, out: &mut Vec<Step<T>>) {
        self.keep_any(feed, Kept::Said(last), Proof::Ahead, out);
    }

    /// The feed is where it was expected to be: what it brought out of place was a mistake.
    pub(super) fn break_run(&mut self, feed: usize, out: &mut Vec<Step<T>>) {
        let Some(run) = self.feed(feed).run.take() else { return };
        for kept in run.came {
            self.give_up(feed, kept, out);
        }
    }

    /// The feed goes on at a number that is in place. If that is where it was out of place, the others came to where it is.
    pub(super) fn close_run(&mut self, feed: usize, number: u64, out: &mut Vec<Step<T>>) {
        let Some(run) = self.feed(feed).run.take() else { return };
        let goes_on = run.is_ahead
            && run
                .came
                .last()
                .is_some_and(|last| ascends(self.terms.numbering, self.terms.jump(), last.number(), number));
        for kept in run.came {
            match goes_on {
                true => self.place(feed, kept, out),
                false => self.give_up(feed, kept, out),
            }
        }
    }

    /// Whether the number follows those of a feed that may have begun anew.
    pub(super) fn goes_on_back(&mut self, feed: usize, number: u64) -> bool {
        let numbering = self.terms.numbering;
        let jump = self.terms.jump();
        let last = self.feed(feed).run.as_ref().filter(|run| !run.is_ahead).and_then(|run| run.came.last());
        last.is_some_and(|last| ascends(numbering, jump, last.number(), number))
    }

    /// A feed that lagged is where the others are: it brought this number, which came since the restart, or its run proves it. What it brought
    /// out of place before is from there, too, if the number follows it.
    pub(super) fn join(&mut self, feed: usize, number: Option<u64>, out: &mut Vec<Step<T>>) {
        if number.is_some_and(|number| !self.goes_on_back(feed, number)) {
            self.break_run(feed, out);
        }
        let state = self.feed(feed);
        state.is_before = false;
        state.highest = None;
        let Some(run) = state.run.take() else { return };
        for kept in run.came {
            if let Kept::Telegram(came) = kept {
                self.judge(feed, came, out);
            }
        }
    }

    fn keep_any(&mut self, feed: usize, kept: Kept<T>, proof: Proof, out: &mut Vec<Step<T>>) {
        let numbering = self.terms.numbering;
        let jump = self.terms.jump();
        let is_ahead = proof == Proof::Ahead;
        let last = self.feed(feed).run.as_ref().filter(|run| run.is_ahead == is_ahead).and_then(|run| run.came.last());
        let goes_on = match (last, &kept) {
            (Some(last), _) if repeats(last, &kept) => {
                self.tally.repeated += 1;
                return;
            }
            (Some(last), Kept::Said(said)) if *said == last.number() => true,
            (Some(last), _) => ascends(numbering, jump, last.number(), kept.number()),
            (None, _) => false,
        };
        if !goes_on {
            self.break_run(feed, out);
        }
        let held_max = self.terms.held_max.max(1);
        if self.feed(feed).run.as_ref().is_some_and(|run| run.came.len() >= held_max) {
            self.break_run(feed, out);
        }
        let proofs_min = self.terms.restart_run;
        let run = self.feed(feed).run.get_or_insert_with(|| Run { is_ahead, proofs: 0, came: Vec::new() });
        run.came.push(kept);
        run.proofs += usize::from(proof != Proof::None);
        if run.proofs < proofs_min {
            return;
        }
        let Some(run) = self.feed(feed).run.take() else { return };
        if self.feed(feed).is_before {
            self.feed(feed).run = Some(run);
            self.join(feed, None, out);
        } else if run.is_ahead {
            self.jump(feed, run, out);
        } else {
            self.restart(feed, run, out);
        }
    }

    /// Goes on ahead. What is skipped is a gap like any other, or it is too large to be waited for.
    fn jump(&mut self, feed: usize, run: Run<T>, out: &mut Vec<Step<T>>) {
        for kept in run.came {
            let number = kept.number();
            if self.is_far_ahead(number) {
                self.lose_all(out);
                self.lose_up_to(number, out);
            }
            self.place(feed, kept, out);
        }
    }

    /// Whether a gap up to this number is too large to be waited for.
    fn is_far_ahead(&self, number: u64) -> bool {
        let near = self.terms.near();
        self.expected.is_some_and(|expected| match self.terms.numbering.distance(expected, number) {
            Distance::Ahead(steps) => steps > near,
            Distance::Behind(steps) => steps > near && number > expected,
        })
    }

    /// Declares all numbers before this one lost.
    fn lose_up_to(&mut self, number: u64, out: &mut Vec<Step<T>>) {
        let Some(first) = self.expected else { return };
        let numbering = self.terms.numbering;
        let count = numbering.steps(first, number);
        if count == 0 {
            return;
        }
        self.tally.gaps += 1;
        self.tally.lost += count;
        out.push(Step::Lost { first, last: numbering.forward(first, count - 1), count });
        self.skip(count);
    }

    /// The numbers begin anew. What was held back before comes first.
    fn restart(&mut self, feed: usize, run: Run<T>, out: &mut Vec<Step<T>>) {
        self.lose_all(out);
        let Some((expected, first)) = self.expected.zip(run.came.first().map(Kept::number)) else { return };
        let numbering = self.terms.numbering;
        // Numbers that begin anew begin with the first one. What is missing since then is a gap like any other.
        let is_near = first - numbering.first() <= self.terms.jump();
        let found = if is_near { numbering.first() } else { first };
        self.tally.restarts += 1;
        out.push(Step::Restarted { expected, found });
        self.expected = Some(found);
        let memory = std::mem::replace(&mut self.memory, Memory::new(self.terms.remembered()));
        self.before = Some(Before { expected, memory, until: self.now.saturating_add(self.terms.lag_max) });
        self.feeds.iter_mut().for_each(|feed| feed.is_before = true);
        let state = self.feed(feed);
        state.is_before = false;
        state.highest = None;
        for kept in run.came {
            self.place(feed, kept, out);
        }
    }

    /// Puts what was kept where its number says.
    fn place(&mut self, feed: usize, kept: Kept<T>, out: &mut Vec<Step<T>>) {
        let Some(expected) = self.expected else { return };
        let number = kept.number();
        let Distance::Ahead(steps) = self.terms.numbering.distance(expected, number) else {
            return self.give_up(feed, kept, out);
        };
        match kept {
            Kept::Telegram(came) => self.in_place(feed, came, out),
            Kept::Said(_) => self.miss_up_to(self.at + steps + 1, out),
        }
    }

    /// What was kept is not followed. It is told, unless it fills a gap of its day, or is a repetition by now.
    fn give_up(&mut self, feed: usize, kept: Kept<T>, out: &mut Vec<Step<T>>) {
        let Kept::Telegram(came) = kept else { return };
        if self.feed(feed).is_before {
            return self.tell(feed, came.number, out);
        }
        match self.expected.map(|expected| self.terms.numbering.distance(expected, came.number)) {
            Some(Distance::Ahead(steps)) if self.hole_of(self.at + steps).is_some() => self.in_place(feed, came, out),
            Some(Distance::Behind(steps))
                if matches!(self.memory.known(steps, came.digest), Known::Same | Known::Lost) =>
            {
                self.tally.repeated += 1;
            }
            _ => self.tell(feed, came.number, out),
        }
    }
}

/// Whether a number follows another one in a run. Telegrams between them may be lost.
fn ascends(numbering: Numbering, jump: u64, last: u64, number: u64) -> bool {
    matches!(numbering.distance(last, number), Distance::Ahead(steps) if 0 < steps && steps <= jump.max(1))
}

/// Whether it is the same telegram once more.
fn repeats<T>(last: &Kept<T>, kept: &Kept<T>) -> bool {
    match (last, kept) {
        (Kept::Telegram(last), Kept::Telegram(came)) => {
            last.number == came.number && last.digest == came.digest && came.digest != 0
        }
        _ => false,
    }
}
