//! One instance's side of the division: the share that it may use now, and its reports.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Amounts, Contract, Fenced, Grant, Report, Terms};
use crate::mutant::{Mutant, is_on};

/// The share of one instance.
#[derive(Clone, Debug)]
pub struct Membership {
    terms: Terms,
    contract: Contract,
    epoch: Option<u64>,
    share: Amounts,
    /// The serial number and the share of the last grant that took effect.
    serial: u64,
    granted: Amounts,
    number: u64,
    /// When the last reports were sent. The oldest first.
    reports: VecDeque<(u64, Duration)>,
    report_at: Duration,
    /// When the share ends. `None` without a lease.
    lease_end: Option<Duration>,
    /// When the instance may use its equal part although it hears nothing. `None` if it does already, or has a lease.
    fallback_at: Option<Duration>,
}

/// The maximum number of reports whose answers are awaited. Older ones are not answered any more.
const REPORTS_MAX: usize = 32;

impl Membership {
    /// A new instance. Alone it has the whole contract. Otherwise it begins with what every instance keeps.
    #[must_use]
    pub fn new(terms: Terms, contract: Contract, now: Duration) -> Self {
        let share = if terms.is_alone() { contract.whole } else { terms.least(contract.whole) };
        Self {
            terms,
            contract,
            epoch: None,
            share,
            serial: 0,
            granted: Amounts::default(),
            number: 0,
            reports: VecDeque::new(),
            report_at: now,
            lease_end: None,
            fallback_at: (!terms.is_alone()).then(|| now + terms.quiet(&contract)),
        }
    }

    /// The same for an instance that was fenced in an earlier life: it has nothing until it has joined again.
    #[must_use]
    pub fn after_fence(terms: Terms, contract: Contract, now: Duration) -> Self {
        let new = Self::new(terms, contract, now);
        Self { share: Amounts::default(), fallback_at: None, ..new }
    }

    /// The share that may be used now.
    #[must_use]
    pub fn share(&self) -> Amounts {
        self.share
    }

    /// Whether the share is the one that the coordinator granted.
    #[must_use]
    pub fn has_lease(&self) -> bool {
        self.terms.is_alone() || self.lease_end.is_some()
    }

    /// The epoch of the instance, if it has joined.
    #[must_use]
    pub fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    /// Takes a grant. Returns whether the share changed. A grant whose report was sent too long ago, or that an older one has
    /// overtaken, is ignored.
    pub fn granted(&mut self, grant: Grant, now: Duration) -> bool {
        let Some(sent_at) = self.reports.iter().find(|(number, _)| *number == grant.report).map(|(_, at)| *at) else {
            return false;
        };
        let place = (Some(grant.epoch), grant.serial);
        let known = (self.epoch, self.serial);
        // The same number with another share comes from a coordinator that has lost its memory.
        let is_newer = place > known || (place == known && grant.share == self.granted);
        let end = sent_at + self.terms.lease;
        if !is_newer || end <= now || self.terms.is_alone() {
            return false;
        }
        self.reports.retain(|(number, _)| *number > grant.report);
        self.epoch = Some(grant.epoch);
        self.serial = grant.serial;
        self.granted = grant.share;
        self.lease_end = Some(end);
        self.fallback_at = None;
        let before = std::mem::replace(&mut self.share, grant.share);
        before != self.share
    }

    /// Takes the news that the instance was fenced: it has nothing until it has joined again. Returns whether that is about
    /// its present epoch.
    pub fn fenced(&mut self, fenced: Fenced, now: Duration) -> bool {
        if self.epoch.is_none_or(|epoch| epoch > fenced.epoch) {
            return false;
        }
        let number = self.number;
        *self = Self { number, ..Self::after_fence(self.terms, self.contract, now) };
        true
    }

    /// Does what is due by time. Returns whether the share changed.
    pub fn tick(&mut self, now: Duration) -> bool {
        let before = self.share;
        if let Some(end) = self.lease_end.filter(|end| *end <= now) {
            let equal = self.terms.equal_part(self.contract.whole);
            let is_careful = !is_on(Mutant::FallsBackAtOnce);
            self.share = if is_careful { self.share.min(equal) } else { equal };
            self.lease_end = None;
            self.fallback_at = Some(end + self.terms.quiet(&self.contract));
        }
        if self.fallback_at.is_some_and(|at| at <= now) {
            self.share = self.share.max(self.terms.equal_part(self.contract.whole));
            self.fallback_at = None;
        }
        before != self.share
    }

    /// The next report, if it is due. `occupied` is the number of requests that the institution may be busy with, `wanted`
    /// what the instance could use.
    pub fn report(&mut self, occupied: usize, wanted: Amounts, now: Duration) -> Option<Report> {
        if self.terms.is_alone() || self.report_at > now {
            return None;
        }
        self.report_at = now + self.terms.report_every;
        self.number += 1;
        self.reports.push_back((self.number, now));
        if self.reports.len() > REPORTS_MAX {
            self.reports.pop_front();
        }
        let occupied = if is_on(Mutant::ReportsNoInflight) { 0 } else { occupied };
        let held = Amounts { inflight: self.share.inflight.max(occupied), ..self.share };
        let Self { number, epoch, serial: grant, granted, .. } = *self;
        Some(Report { number, epoch, grant, granted, held, wanted })
    }

    /// The next time when [`tick`](Self::tick) or [`report`](Self::report) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let report = (!self.terms.is_alone()).then_some(self.report_at);
        [self.lease_end, self.fallback_at, report].into_iter().flatten().min()
    }
}
