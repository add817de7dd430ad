//! Telegrams that an institution sends without being asked: they are read and stored within limits, so that a flood costs
//! the other institutions nothing.
//!
//! A link reads a limited number of frames ahead of this task. An answer that a request waits for is given back at once. Any
//! other telegram is given back as the budget of the institution allows. When the budget is used up, the link stops reading,
//! and the institution's own kernel holds the rest.
//!
//! Where several gateways work, an answer that nobody waits for here may be for a request of another one, which reads it in the journal. As
//! many of those as others can have asked for are stored, and no line of the log calls them strange.

use std::collections::BTreeMap;
use std::time::Duration;

use fep_protocol::budget::Budget;
use fep_protocol::fact::{Class, Fact, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::mux::Unmatched;
use fep_protocol::reason::Mismatch;
use fep_protocol::terms::{LinkId, Now};

use super::Task;
use crate::config::InstitutionConfig;

/// The state of the limits.
#[derive(Debug)]
pub(super) struct Surplus {
    read: Budget,
    stored: Budget,
    logged: Budget,
    changes: Budget,
    services: Budget,
    /// Answers that may be for requests of other gateways. `None` if there are none.
    others: Option<Budget>,
    /// Frames that were handled and not given back yet, by link.
    owed: BTreeMap<LinkId, usize>,
    /// Telegrams that were not stored since the last report.
    counted: BTreeMap<Class, u64>,
    /// Log lines about the institution that were not written since the last report.
    unlogged: u64,
    /// The same about services that have trouble with notices.
    unlogged_of_services: u64,
    report_at: Option<Duration>,
    credits_at: Option<Duration>,
}

/// Junk that is stored each second, and in one burst. The rest is counted.
const STORED_PER_S: u32 = 10;
const STORED_BURST: u32 = 1000;

/// Log lines about received telegrams each second, and in one burst. Those about services that get notices are as many, and are counted
/// apart, because the institution is not to blame for them.
const LOGGED_PER_S: u32 = 2;
const LOGGED_BURST: u32 = 20;

/// Log lines about links and business that the institution opens and closes: each second, and in one burst. A start with many links
/// has a line for each.
const CHANGES_PER_S: u32 = 2;
const CHANGES_BURST: u32 = 40;
const CHANGES_BURST_OF_LINK: usize = 4;

/// The pause between two reports of what was only counted.
const REPORT_PAUSE: Duration = Duration::from_secs(1);

/// The pause before frames are given back when the budget was used up.
const CREDIT_PAUSE: Duration = Duration::from_millis(10);

impl Surplus {
    pub(super) fn new(config: &InstitutionConfig, is_alone: bool, now: Duration) -> Self {
        let per_s = config.unsolicited_max_per_s;
        let links: usize = config.lines.iter().map(|line| line.links).sum();
        let of_links = u32::try_from(links.saturating_mul(CHANGES_BURST_OF_LINK)).unwrap_or(u32::MAX);
        Self {
            read: Budget::new(per_s, per_s.saturating_mul(2), now),
            stored: Budget::new(STORED_PER_S, STORED_BURST, now),
            logged: Budget::new(LOGGED_PER_S, LOGGED_BURST, now),
            changes: Budget::new(CHANGES_PER_S, CHANGES_BURST.saturating_add(of_links), now),
            services: Budget::new(LOGGED_PER_S, LOGGED_BURST, now),
            others: (!is_alone).then(|| config.flow.settings.contract.answers(now)),
            owed: BTreeMap::new(),
            counted: BTreeMap::new(),
            unlogged: 0,
            unlogged_of_services: 0,
            report_at: None,
            credits_at: None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        [self.report_at, self.credits_at].into_iter().flatten().min()
    }

    /// Whether a received telegram may be the answer to a request of another gateway.
    pub(super) fn may_be_for_others(&mut self, class: Class, note: Option<&Mismatch>, now: Duration) -> bool {
        let nobody_waits = class == Class::Unmatched && note == Some(&Mismatch::Unmatched(Unmatched::NoSuchKey));
        nobody_waits && self.others.as_mut().is_some_and(|others| others.take(now))
    }

    /// Whether a received telegram of this class is stored. If not, it is counted.
    pub(super) fn is_stored(&mut self, class: Class, now: Duration) -> bool {
        let is_junk = matches!(class, Class::Unmatched | Class::Undecodable | Class::Duplicate | Class::BadFrame);
        if !is_junk || self.stored.take(now) || is_on(Mutant::NoBudgets) {
            return true;
        }
        *self.counted.entry(class).or_default() += 1;
        self.report_at.get_or_insert(now + REPORT_PAUSE);
        false
    }

    /// Whether a log line about a received telegram is written. If not, it is counted.
    pub(super) fn is_logged(&mut self, now: Duration) -> bool {
        let logged = self.logged.take(now);
        self.count_unlogged(logged, now)
    }

    /// The same for a log line about a link or the business that the institution opens or closes.
    pub(super) fn is_change_logged(&mut self, now: Duration) -> bool {
        let logged = self.changes.take(now);
        self.count_unlogged(logged, now)
    }

    /// The same for a log line about a service that has trouble with a notice.
    pub(super) fn is_service_logged(&mut self, now: Duration) -> bool {
        let logged = self.services.take(now);
        if !logged {
            self.unlogged_of_services += 1;
            self.report_at.get_or_insert(now + REPORT_PAUSE);
        }
        logged
    }

    fn count_unlogged(&mut self, logged: bool, now: Duration) -> bool {
        if !logged {
            self.unlogged += 1;
            self.report_at.get_or_insert(now + REPORT_PAUSE);
        }
        logged
    }

    /// Forgets what a lost link is owed.
    pub(super) fn lost(&mut self, link: LinkId) {
        self.owed.remove(&link);
    }
}

impl Task {
    /// Gives a frame back to its link, now or later.
    pub(super) fn handled(&mut self, link: LinkId, class: Class, now: Now) {
        if !class.is_unsolicited() || self.surplus.read.take(now.steady) || is_on(Mutant::NoBudgets) {
            if let Some(link) = self.links.get(&link) {
                link.outbox.credit(1);
            }
            return;
        }
        *self.surplus.owed.entry(link).or_default() += 1;
        self.surplus.credits_at.get_or_insert(now.steady + CREDIT_PAUSE);
    }

    /// Gives owed frames back, as far as the budget allows.
    pub(super) fn return_credits(&mut self, now: Now) {
        if self.surplus.credits_at.is_none_or(|at| at > now.steady) {
            return;
        }
        let links: Vec<_> = self.surplus.owed.keys().copied().collect();
        // Each link gets one frame in turn.
        let mut gave = true;
        while std::mem::take(&mut gave) {
            for id in &links {
                let owed = self.surplus.owed.get_mut(id).filter(|owed| **owed > 0);
                let Some(owed) = owed.filter(|_| self.surplus.read.take(now.steady)) else { continue };
                *owed -= 1;
                gave = true;
                if let Some(link) = self.links.get(id) {
                    link.outbox.credit(1);
                }
            }
        }
        self.surplus.owed.retain(|_, owed| *owed > 0);
        self.surplus.credits_at = (!self.surplus.owed.is_empty()).then_some(now.steady + CREDIT_PAUSE);
    }

    /// Stores and logs how much was only counted.
    pub(super) fn report_surplus(&mut self, now: Now) {
        if self.surplus.report_at.is_none_or(|at| at > now.steady) {
            return;
        }
        self.surplus.report_at = None;
        let counted = std::mem::take(&mut self.surplus.counted);
        let unlogged = std::mem::take(&mut self.surplus.unlogged);
        let unstored: u64 = counted.values().sum();
        if unlogged > 0 || unstored > 0 {
            tracing::warn!(
                institution = &*self.name,
                unlogged,
                unstored,
                "the institution sends much that fits nothing, or opens and closes links or business very often: some of it is only counted"
            );
        }
        let unlogged = std::mem::take(&mut self.surplus.unlogged_of_services);
        if unlogged > 0 {
            tracing::warn!(
                institution = &*self.name,
                unlogged,
                "services have trouble with many notices: some of the log lines about it are only counted"
            );
        }
        for (class, count) in counted {
            let fact = Fact { what: What::Surplus(class, count), ..self.fact(now) };
            self.append(fact);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn surplus(is_alone: bool) -> Surplus {
        let bank = include_str!("../../../testdata/bank-a.toml");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let config = Config::parse("gateway.toml", bank, &root).unwrap();
        let bank = &config.institutions["bank-a"];
        assert_eq!((bank.flow.settings.contract.rate, bank.flow.settings.contract.inflight_max), (None, 500));
        Surplus::new(bank, is_alone, Duration::ZERO)
    }

    #[test]
    fn others_get_as_many_answers_as_they_can_have_asked_for() {
        let nobody_waits = Mismatch::Unmatched(Unmatched::NoSuchKey);
        let count = |surplus: &mut Surplus, class, note: &Mismatch, now| {
            (0..1000).filter(|_| surplus.may_be_for_others(class, Some(note), Duration::from_secs(now))).count()
        };
        let mut shared = surplus(false);
        assert_eq!(count(&mut shared, Class::Conflicting, &Mismatch::Conflicting, 0), 0);
        assert_eq!(count(&mut shared, Class::Unmatched, &Mismatch::ConnectionGone, 0), 0);
        assert_eq!(count(&mut shared, Class::Unmatched, &nobody_waits, 0), 500, "one for each place");
        assert_eq!(count(&mut shared, Class::Unmatched, &nobody_waits, 1), 500);
        assert_eq!(count(&mut surplus(true), Class::Unmatched, &nobody_waits, 0), 0);
    }
}
