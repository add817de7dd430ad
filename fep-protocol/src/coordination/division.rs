//! The coordinator's side: divides one contract among instances by what they report.
//!
//! The amounts that an instance may use are *charged* to it until it says that it holds less. Nobody gets more before
//! somebody else holds less. So delays, losses and repetitions cost throughput, never the contract.

mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use self::stored::{StoredDivision, Unfit};
use super::{Amounts, Contract, Grant, Report, Terms};
use crate::mutant::{Mutant, is_on};

/// The division of one contract. It has no clock: callers pass the time, which never goes back.
#[derive(Clone, Debug)]
pub struct Division {
    terms: Terms,
    contract: Contract,
    /// When this division began, or noticed that it had lost its memory. Shares that it does not know may be in use until
    /// every instance has reported, or [`Terms::quiet`] has passed.
    since: Duration,
    last_epoch: u64,
    members: BTreeMap<Arc<str>, Member>,
    /// The epochs up to which instances were fenced, and when.
    fenced: BTreeMap<Arc<str>, (u64, Duration)>,
}

/// An instance was fenced up to this epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenced {
    /// The last epoch that is void.
    pub epoch: u64,
}

#[derive(Clone, Debug)]
struct Member {
    epoch: u64,
    /// The number of the last report. An older one that comes late says nothing.
    number: u64,
    seen: Duration,
    wanted: Amounts,
    /// What it is to have. The targets of all members are set together, and their sum is the contract at most.
    target: Amounts,
    /// The last grant, and its serial number.
    granted: Amounts,
    serial: u64,
    /// The most that it may be using.
    charged: Amounts,
}

/// The maximum number of instance names that are remembered as fenced.
const FENCED_MAX: usize = 64;

impl Division {
    /// Begins without any member.
    #[must_use]
    pub fn new(terms: Terms, contract: Contract, now: Duration) -> Self {
        Self { terms, contract, since: now, last_epoch: 0, members: BTreeMap::new(), fenced: BTreeMap::new() }
    }

    /// Takes a report, and returns the share of that instance.
    ///
    /// # Errors
    /// If the instance was fenced in the epoch of the report.
    pub fn report(&mut self, name: &Arc<str>, report: &Report, now: Duration) -> Result<Grant, Fenced> {
        if let (Some((fenced, _)), Some(epoch)) = (self.fenced.get(name), report.epoch)
            && epoch <= *fenced
        {
            return Err(Fenced { epoch: *fenced });
        }
        let known = self.members.get(name).filter(|member| report.epoch == Some(member.epoch));
        let is_new = known.is_none();
        let was_silent = known.is_some_and(|member| !self.is_alive(member, now));
        let is_unknown_epoch = is_new && report.epoch.is_some();
        if is_unknown_epoch || known.is_some_and(|member| member.is_behind(report)) {
            // This is a copy of the division that lacks its latest grants, to this instance and maybe to others.
            self.since = now;
        }
        if is_new {
            self.join(name, report, now);
        }
        if let Some(member) = self.members.get_mut(name) {
            if was_silent {
                // Its lease has ended, so it has what it says. The rest may be somebody else's by now.
                member.serial += 1;
                member.granted = report.held;
                member.charged = report.held;
            }
            member.hear(report, is_new, now);
        }
        if is_new || was_silent || self.is_settled(now) {
            self.aim(now);
        }
        Ok(self.grant(name, report, now))
    }

    /// Removes an instance that certainly can send nothing any more, with everything that it had. Returns the epoch up to
    /// which it is fenced.
    pub fn fence(&mut self, name: &Arc<str>, now: Duration) -> Fenced {
        let epoch = self.members.remove(name).map_or(self.last_epoch, |member| member.epoch);
        if self.fenced.len() >= FENCED_MAX {
            self.fenced.pop_first();
        }
        self.fenced.insert(Arc::clone(name), (epoch, now));
        self.aim(now);
        Fenced { epoch }
    }

    /// The epoch of an instance. `None` if it has not joined.
    #[must_use]
    pub fn epoch(&self, name: &str) -> Option<u64> {
        self.members.get(name).map(|member| member.epoch)
    }

    /// The instances that reported within their lease, by name, with their epochs and shares.
    pub fn alive(&self, now: Duration) -> impl Iterator<Item = (&Arc<str>, u64, Amounts)> {
        let alive = self.members.iter().filter(move |(_, member)| self.is_alive(member, now));
        alive.map(|(name, member)| (name, member.epoch, member.granted))
    }

    fn join(&mut self, name: &Arc<str>, report: &Report, now: Duration) {
        // Epochs grow with time, so a division without memory gives none again.
        let time = u64::try_from(now.as_millis()).unwrap_or(u64::MAX - 1);
        self.last_epoch = self.last_epoch.max(report.epoch.unwrap_or_default()).max(time) + 1;
        self.fenced.remove(name);
        // An earlier life of the instance may still have requests in flight.
        let before = self.members.get(name).map_or(Amounts::default(), |member| member.charged);
        let member = Member {
            epoch: self.last_epoch,
            number: 0,
            seen: now,
            wanted: report.wanted,
            target: report.held,
            granted: report.held,
            serial: report.grant + 1,
            charged: report.held.max(before),
        };
        self.members.insert(Arc::clone(name), member);
    }

    /// Grants as much of the target as the others leave.
    fn grant(&mut self, name: &Arc<str>, report: &Report, now: Duration) -> Grant {
        let others = self.members.iter().filter(|(other, _)| *other != name);
        let reserved = self.sum(others.map(|(_, member)| member), now);
        let is_young = self.is_young(now);
        let free = self.contract.whole.each(reserved, usize::saturating_sub);
        let Some(member) = self.members.get_mut(name) else {
            return Grant { report: report.number, epoch: 0, serial: 0, share: Amounts::default() };
        };
        // It keeps what it has, unless it is to have less.
        let kept = member.granted.min(member.target);
        let share = if is_young { report.held.min(member.granted) } else { member.target.min(free).max(kept) };
        if share != member.granted {
            member.serial += 1;
            member.granted = share;
        }
        member.charged = member.charged.max(share);
        Grant { report: report.number, epoch: member.epoch, serial: member.serial, share }
    }

    /// Whether every instance has what it is to have, so that new targets may be set.
    fn is_settled(&self, now: Duration) -> bool {
        let mut alive = self.members.values().filter(|member| self.is_alive(member, now));
        alive.all(|member| member.granted == member.target && member.charged == member.target)
            || self.members.values().any(|member| !self.is_alive(member, now))
    }

    /// Sets the targets of the instances that are alive: each gets what it wants, up to an equal part of what there is. What
    /// is left goes to those that want more, and then to all.
    fn aim(&mut self, now: Duration) {
        let silent = self.members.values().filter(|member| !self.is_alive(member, now));
        let reserved = self.sum(silent, now);
        let there_is = self.contract.whole.each(reserved, usize::saturating_sub);
        let least = self.terms.least(self.contract.whole);
        let lease_max = self.lease_max();
        let is_alive = |member: &Member| now.saturating_sub(member.seen) < lease_max;
        let mut alive: Vec<&mut Member> = self.members.values_mut().filter(|member| is_alive(member)).collect();
        let wanted = |part: fn(Amounts) -> usize| -> Vec<usize> {
            alive.iter().map(|member| part(member.wanted.max(least))).collect()
        };
        let rates = divide(there_is.rate, &wanted(|amounts| amounts.rate));
        let places = divide(there_is.inflight, &wanted(|amounts| amounts.inflight));
        for (member, (rate, inflight)) in alive.iter_mut().zip(rates.into_iter().zip(places)) {
            let target = Amounts { rate, inflight };
            if target != member.target {
                // An older copy of the division could grant the former target, until the instance has a later grant.
                member.charged = member.charged.max(member.target);
                member.target = target;
                member.serial += 1;
            }
        }
    }

    /// What these instances, and those that never reported, may be using or may begin to use without asking.
    fn sum<'m>(&self, members: impl Iterator<Item = &'m Member>, now: Duration) -> Amounts {
        let equal = self.terms.equal_part(self.contract.whole);
        let absent = self.terms.instances_max.saturating_sub(self.members.len() + self.fenced());
        let absent = Amounts { rate: equal.rate * absent, inflight: equal.inflight * absent };
        members.fold(absent, |sum, member| sum.each(self.reserve(member, now), usize::saturating_add))
    }

    fn reserve(&self, member: &Member, now: Duration) -> Amounts {
        if self.is_alive(member, now) {
            return member.charged.max(member.target);
        }
        if is_on(Mutant::ForgetsTheSilent) {
            return Amounts::default();
        }
        let equal = self.terms.equal_part(self.contract.whole);
        let Contract { window, occupied_max, .. } = self.contract;
        let silent = now.saturating_sub(member.seen + self.lease_max());
        // A grant of another copy of the division may have reached it.
        let most = member.charged.max(member.target);
        Amounts {
            rate: if silent < window { most.rate.max(equal.rate) } else { equal.rate },
            inflight: if silent < occupied_max { most.inflight.max(equal.inflight) } else { equal.inflight },
        }
    }

    /// Whether instances may use shares that this division does not know.
    fn is_young(&self, now: Duration) -> bool {
        let heard = self.members.values().filter(|member| member.seen >= self.since).count() + self.fenced();
        let is_early = now.saturating_sub(self.since) < self.terms.quiet(&self.contract);
        is_early && heard < self.terms.instances_max && !is_on(Mutant::TrustsAnEmptyMemory)
    }

    /// The number of instances that certainly use nothing. One that was fenced before the memory was lost may have joined since.
    fn fenced(&self) -> usize {
        self.fenced.values().filter(|(_, at)| *at >= self.since).count()
    }

    fn is_alive(&self, member: &Member, now: Duration) -> bool {
        now.saturating_sub(member.seen) < self.lease_max()
    }

    /// A lease as the coordinator counts it: longer than the instance does, because its report took some time, and clocks
    /// differ.
    fn lease_max(&self) -> Duration {
        self.terms.lease * 3 / 2
    }
}

impl Member {
    fn hear(&mut self, report: &Report, is_new: bool, now: Duration) {
        if report.number <= self.number {
            return;
        }
        self.seen = now;
        self.wanted = report.wanted;
        if !is_new && self.is_behind(report) {
            self.serial = report.grant + 1;
            self.granted = report.held;
        }
        self.number = report.number;
        let is_confirmed = !is_new && report.grant == self.serial;
        self.charged = match is_confirmed || is_on(Mutant::FreesUnconfirmed) {
            true => self.granted.max(report.held),
            false => self.charged.max(report.held),
        };
    }

    /// Whether the instance has had a grant that this copy of the division does not know.
    fn is_behind(&self, report: &Report) -> bool {
        let is_other = report.grant == self.serial && report.granted != self.granted;
        report.number > self.number && (report.grant > self.serial || is_other)
    }
}

/// Divides an amount: nobody gets more than it wants while another one wants more than it has. The rest is divided equally.
fn divide(amount: usize, wanted: &[usize]) -> Vec<usize> {
    let mut parts = vec![0; wanted.len()];
    let mut left = amount;
    // Those that want least are served first; each round gives the others an equal part of what is left.
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|index| wanted.get(*index));
    for (served, index) in order.iter().enumerate() {
        let equal = left / (order.len() - served);
        let (Some(part), Some(wants)) = (parts.get_mut(*index), wanted.get(*index)) else { continue };
        *part = equal.min(*wants);
        left -= *part;
    }
    for (served, index) in order.iter().enumerate() {
        let equal = left / (order.len() - served);
        if let Some(part) = parts.get_mut(*index) {
            *part += equal;
            left -= equal;
        }
    }
    parts
}
