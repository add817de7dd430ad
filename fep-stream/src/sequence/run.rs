//! Numbers out of place: a single telegram, or a feed that goes on from there.
//!
//! One number proves nothing. It may be a mistake, and following it would drop all telegrams behind it. So the telegrams are kept until
//! [`restart_run`](super::SequenceTerms::restart_run) of them came one behind the other on one feed.

use std::time::Duration;

use super::{Held, Sequencer, Step};

#[derive(Debug)]
pub(super) struct Run<T> {
    feed: usize,
    first: u64,
    next: u64,
    held: Vec<Held<T>>,
}

impl<T> Sequencer<T> {
    pub(super) fn forget_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.tally.stray += run.held.len() as u64;
        }
    }

    /// Whether the telegram follows those that are out of place.
    pub(super) fn goes_on(&self, feed: usize, number: u64) -> bool {
        self.run.as_ref().is_some_and(|run| run.feed == feed && run.next == number)
    }

    pub(super) fn far(&mut self, feed: usize, number: u64, held: Held<T>, now: Duration, out: &mut Vec<Step<T>>) {
        if !self.goes_on(feed, number) {
            self.forget_run();
        }
        let numbering = self.terms.numbering;
        let run = self.run.get_or_insert_with(|| Run { feed, first: number, next: number, held: Vec::new() });
        run.next = numbering.after(number);
        run.held.push(held);
        if run.held.len() >= self.terms.restart_run
            && let Some(run) = self.run.take()
        {
            self.follow(run, now, out);
        }
    }

    /// Goes on where the run is. What was held back before comes first.
    fn follow(&mut self, run: Run<T>, now: Duration, out: &mut Vec<Step<T>>) {
        self.end(out);
        let numbering = self.terms.numbering;
        let expected = self.expected.unwrap_or(run.first);
        if run.first > expected {
            let count = run.first - expected;
            self.tally.gaps += 1;
            self.tally.lost += count;
            out.push(Step::Lost { first: expected, last: run.first - 1, count });
            self.skip(count);
        } else {
            // Numbers that begin anew begin with the first one. What is missing since then is a gap like any other.
            let is_near = run.first - numbering.first() <= self.terms.near();
            let found = if is_near { numbering.first() } else { run.first };
            self.tally.restarts += 1;
            out.push(Step::Restarted { expected, found });
            self.expected = Some(found);
            self.digests.clear();
        }
        let mut number = run.first;
        for Held { telegram, digest } in run.held {
            self.on(run.feed, number, digest, telegram, now, out);
            number = numbering.after(number);
        }
    }
}
