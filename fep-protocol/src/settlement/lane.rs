//! The reserved lane: which step may go on the wire next.
//!
//! The steps of one account go one after the other. A step that waits for its account does not hold up other accounts. Reversals go
//! before inquiries, older exchanges before newer ones.

use std::collections::{BTreeMap, BTreeSet};

use super::fact::{AccountKey, StepKind};
use crate::exchange::ExchangeId;

/// The steps that are due, and those on the wire.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    max: usize,
    is_open: bool,
    on_wire: BTreeMap<ExchangeId, Option<AccountKey>>,
    waiting: BTreeMap<ExchangeId, (Urgency, Option<AccountKey>)>,
    ready: BTreeSet<(Urgency, ExchangeId)>,
    blocked: BTreeMap<AccountKey, BTreeSet<(Urgency, ExchangeId)>>,
}

/// The order of steps: a reversal comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Reversal,
    Inquiry,
}

impl Lane {
    /// An empty lane that carries at most `max` steps at once, but at least one.
    pub(super) fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            is_open: true,
            on_wire: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ready: BTreeSet::new(),
            blocked: BTreeMap::new(),
        }
    }

    /// Opens or closes the lane.
    pub(super) fn set_open(&mut self, is_open: bool) {
        self.is_open = is_open;
    }

    /// A step of this case is due.
    pub(super) fn want(&mut self, case: &ExchangeId, step: StepKind, account: Option<AccountKey>) {
        let urgency = match step {
            StepKind::Inquiry => Urgency::Inquiry,
            StepKind::Reversal => Urgency::Reversal,
        };
        self.waiting.insert(*case, (urgency, account));
        self.place(urgency, *case, account);
    }

    /// The case wants no step any more.
    pub(super) fn withdraw(&mut self, case: &ExchangeId) {
        let Some((urgency, account)) = self.waiting.remove(case) else { return };
        let entry = (urgency, *case);
        self.ready.remove(&entry);
        if let Some(account) = account {
            if let Some(blocked) = self.blocked.get_mut(&account) {
                blocked.remove(&entry);
            }
            self.wake(account);
        }
    }

    /// Whether a step may be ready, and the lane has room for it.
    pub(super) fn has_next(&self) -> bool {
        self.is_open && self.on_wire.len() < self.max && !self.ready.is_empty()
    }

    /// Takes the next case whose step may go on the wire now, and the kind of step. The step occupies its place until
    /// [`done`](Self::done).
    pub(super) fn next(&mut self) -> Option<(ExchangeId, StepKind)> {
        while self.is_open && self.on_wire.len() < self.max {
            let (urgency, case) = self.ready.pop_first()?;
            let account = self.waiting.get(&case).and_then(|(_, account)| *account);
            if account.is_some_and(|account| self.is_busy(account)) {
                self.place(urgency, case, account);
                continue;
            }
            self.waiting.remove(&case);
            self.on_wire.insert(case, account);
            let step = match urgency {
                Urgency::Inquiry => StepKind::Inquiry,
                Urgency::Reversal => StepKind::Reversal,
            };
            return Some((case, step));
        }
        None
    }

    /// The step of this case left the wire. One that another run or instance began was never on it here, so it frees nothing.
    pub(super) fn done(&mut self, case: &ExchangeId) {
        if let Some(Some(account)) = self.on_wire.remove(case) {
            self.wake(account);
        }
    }

    /// Whether a step of this account is on the wire. The lane carries few steps, so each is looked at.
    fn is_busy(&self, account: AccountKey) -> bool {
        self.on_wire.values().any(|other| *other == Some(account))
    }

    fn place(&mut self, urgency: Urgency, case: ExchangeId, account: Option<AccountKey>) {
        match account.filter(|account| self.is_busy(*account)) {
            Some(account) => self.blocked.entry(account).or_default().insert((urgency, case)),
            None => self.ready.insert((urgency, case)),
        };
    }

    /// Lets the first case go on that waits for this account, if the account is free.
    fn wake(&mut self, account: AccountKey) {
        if self.is_busy(account) {
            return;
        }
        let Some(blocked) = self.blocked.get_mut(&account) else { return };
        self.ready.extend(blocked.pop_first());
        if blocked.is_empty() {
            self.blocked.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Carries out a script and checks which steps go on the wire: `+a1i` wants an inquiry of case `a` on account 1 (0: no account), `-a`
    /// ends the step of case `a`, `xa` withdraws case `a`.
    fn check(max: usize, script: &str, expected: &str) {
        let mut lane = Lane::new(max);
        let mut sent = String::new();
        for word in script.split(' ') {
            let (sign, rest) = word.split_at(1);
            let account = |text: &str| text.parse().ok().filter(|number| *number > 0).map(AccountKey);
            match sign {
                "+" => {
                    let step = if rest.ends_with('i') { StepKind::Inquiry } else { StepKind::Reversal };
                    lane.want(&ExchangeId::named(&rest[..1]), step, account(&rest[1..2]));
                }
                "-" => lane.done(&ExchangeId::named(rest)),
                "x" => lane.withdraw(&ExchangeId::named(rest)),
                "." => {
                    while let Some((case, _)) = lane.next() {
                        sent += &case.text();
                    }
                    sent.push('.');
                }
                _ => panic!("{word}"),
            }
        }
        assert_eq!(sent, expected, "{script}");
        assert!(lane.blocked.values().all(|blocked| !blocked.is_empty()), "{script}: {lane:?}");
    }

    #[test]
    fn steps_of_one_account_go_one_after_the_other_and_hold_up_no_other() {
        check(9, "+a1i +b1i +c2i . -a . -b .", "ac.b..");
        check(9, "+a1i . +b1i +c1i xb -a .", "a.c.");
        check(9, "+a1i +b1i +c1i . xb -a .", "a.c.");
        check(9, "+a1i +b1i . -a xb .", "a..");
        check(9, "+a0i +b0i .", "ab.");
    }

    #[test]
    fn who_is_not_on_the_wire_frees_nothing() {
        check(1, "+a1i . +b1i +c0i -b -z . -a .", "a..b.");
        check(9, "+a1i . +b1i -z . -a -a +c1i . -b .", "a..b.c.");
    }

    #[test]
    fn reversals_go_first_and_older_exchanges_before_newer_ones() {
        check(1, "+b0i +a0i +c0r . -c . -a .", "c.a.b.");
        check(9, "+a1i . +c1i +b1i +d1r -a . -d . -b .", "a.d.b.c.");
    }

    #[test]
    fn the_lane_has_a_width() {
        check(2, "+a0i +b0i +c0i . -a .", "ab.c.");
        let mut closed = Lane::new(1);
        closed.set_open(false);
        closed.want(&ExchangeId::named("a"), StepKind::Inquiry, None);
        assert_eq!(closed.next(), None);
    }
}
