//! How the task reads facts, and looks at each alarm. It tells nobody.

use std::time::Duration;

use fep_protocol::alarm::measure::{AHEAD_MAX_MS, Measurement, Observation, Present};
use fep_protocol::fact::Fact;
use fep_protocol::zone::TimeZone;
use tracing::warn;

use super::{AlarmTask, STORE_PAUSE};
use crate::alarms::observing::{amount, observations};
use crate::alarms::watched::is_of;
use crate::config::AlarmRule;
use crate::fault::{FaultPoint, point};
use crate::gateway::{InstitutionStatus, OpenCount, OpenKind};
use crate::journal::JournalError;

/// The maximum number of facts in a piece, and of pieces between two looks.
const PIECE_MAX: usize = 512;
const PIECES_MAX: usize = 64;

/// How long an institution may take to say whether its business is open.
const PATIENCE: Duration = Duration::from_millis(500);

impl AlarmTask {
    /// Reads facts. Returns whether there are more.
    pub(super) async fn read(&mut self) -> Result<bool, JournalError> {
        if !self.asks_for_facts {
            return Ok(false);
        }
        // What comes meanwhile is for the next turn: a journal that never rests is not behind.
        let last = self.feed.journal.last_fact().await?;
        for _ in 0..PIECES_MAX {
            let after = self.book.read_up_to.unwrap_or_default();
            if after >= last {
                return Ok(false);
            }
            let piece = self.feed.journal.facts_after(after, PIECE_MAX).await?;
            if piece.missing > 0 {
                warn!(
                    facts = piece.missing,
                    "facts are gone that alarms did not know: what they measure leaves them out"
                );
            }
            let Some((latest, _)) = piece.facts.last() else { return Ok(false) };
            self.book.read_up_to = Some(*latest);
            let ahead_ms = self.feed.now_ms().saturating_add(AHEAD_MAX_MS);
            piece.facts.iter().for_each(|(_, fact)| self.observe(fact, ahead_ms));
        }
        Ok(self.book.read_up_to.unwrap_or_default() < last)
    }

    /// Takes a fact. A later time than `latest_ms` is of a clock that was wrong.
    fn observe(&mut self, fact: &Fact, latest_ms: i64) {
        let institution = &*fact.institution;
        let Some(catalogue) = self.feed.catalogue(institution) else { return };
        let timely = |seen: Observation| Observation { at_ms: seen.at_ms.min(latest_ms), ..seen };
        let seen = observations(fact, catalogue.response_codes());
        let zone = catalogue.zone();
        for (name, rule) in self.config.rules.iter().filter(|(_, rule)| is_of(rule, institution)) {
            match &rule.amount {
                Some(field) => {
                    if let Some(seen) = amount(fact, field, &catalogue) {
                        self.book.observe((name, rule), institution, timely(seen), zone);
                    }
                }
                None => {
                    seen.iter().for_each(|seen| self.book.observe((name, rule), institution, timely(*seen), zone));
                }
            }
        }
    }

    /// Looks at each alarm. What is to be told is stored before.
    ///
    /// # Errors
    /// If rules that need what is open could not be looked at. The others were.
    pub(super) async fn look(&mut self) -> Result<(), JournalError> {
        point(FaultPoint::LookingAtAlarms);
        let counts = match self.asks_for_open {
            true => self.feed.journal.open_counts().await,
            false => Ok(Vec::new()),
        };
        let known = counts.as_deref().unwrap_or_default();
        let institutions = self.feed.institutions();
        let mut is_told = self.book.keep_only(&self.config, &institutions, self.feed.now_ms());
        for institution in &institutions {
            let present = self.present(institution, known).await;
            let can_look = |rule: &AlarmRule| rule.measurement.needs_observations() || counts.is_ok();
            for rule in self.config.rules.iter().filter(|(_, rule)| is_of(rule, institution) && can_look(rule)) {
                is_told |= self.book.look((rule.0, rule.1), institution, &present, || self.feed.new_name());
            }
        }
        if is_told || self.stored_at.elapsed() >= STORE_PAUSE {
            self.save().await;
        }
        self.log_for_those_who_fail();
        counts.map(drop)
    }

    /// Whether business is open, and whether that is of an earlier look. One that never said so is taken as open: an alarm too many is better than one too
    /// few. One that stops, or is replaced, says nothing for a moment.
    async fn is_open(&mut self, institution: &str) -> (bool, bool) {
        match self.feed.institution(institution, PATIENCE).await {
            Some(status) => {
                let is_open = is_business_open(&status);
                self.were_open.insert(institution.to_owned(), is_open);
                (is_open, false)
            }
            None => (self.were_open.get(institution).copied().unwrap_or(true), true),
        }
    }

    /// What holds of an institution now.
    async fn present(&mut self, institution: &str, counts: &[OpenCount]) -> Present {
        let (is_open, is_open_stale) =
            match self.config.rules.values().any(|rule| asks_for_hours(rule) && is_of(rule, institution)) {
                true => self.is_open(institution).await,
                false => (true, false),
            };
        let of = counts.iter().filter(|count| count.institution == institution);
        let unknown = of.clone().filter(|count| count.kind == OpenKind::Unsettled);
        let dead = of.filter(|count| matches!(count.kind, OpenKind::DeadLetter | OpenKind::DeadNotice));
        Present {
            now_ms: self.feed.now_ms(),
            business_ms: self.feed.business_ms(),
            zone: self.feed.catalogue(institution).map_or_else(TimeZone::default, |of| of.zone()),
            is_open,
            is_open_stale,
            oldest_unknown_ms: unknown.map(|count| count.oldest_ms).min(),
            dead_letters: dead.map(|count| count.count).sum(),
        }
    }
}

/// Whether a rule has to know if business is open.
fn asks_for_hours(rule: &AlarmRule) -> bool {
    rule.only_while_open || matches!(rule.measurement, Measurement::NoTraffic { .. })
}

/// Whether business with the whole institution is open.
fn is_business_open(status: &InstitutionStatus) -> bool {
    status.closed.iter().all(|closed| closed.business.is_some())
}
