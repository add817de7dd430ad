//! What a reload would lose: open exchanges, settlements, decisions and notices of an institution that is removed, or that would read what it has
//! kept by another layout. Such a reload is refused, and nothing changes.

use std::collections::BTreeMap;

use super::Gateway;
use super::prepared::Prepared;
use super::reload::{BlockedBy, Blocker, ReloadError};
use crate::config::{Difference, InstitutionChange};
use crate::net::institution::Closed;

/// The number of decisions among which those of an institution are looked for.
const DECISIONS_MAX: usize = 10_000;

/// What a reload changes.
#[derive(Clone, Copy)]
pub(super) struct Changes<'p> {
    pub(super) difference: &'p Difference,
    /// The institutions that start anew or are new, by name.
    pub(super) starts: &'p BTreeMap<String, Prepared>,
}

impl Gateway {
    /// The institutions that may have something that the reload would lose: those that are removed, and those that would read what they
    /// have kept by another layout. A reversal of other bytes than the request had would move other money.
    fn losing<'p>(&self, changes: Changes<'p>) -> Vec<&'p String> {
        let is_relaid = |name: &String, to: &Prepared| {
            self.find_handle(name).is_some_and(|handle| handle.catalogue.is_read_otherwise_by(&to.catalogue))
        };
        let relaid = changes.starts.iter().filter(|(name, to)| is_relaid(name, to)).map(|(name, _)| name);
        removed(changes.difference).chain(relaid).collect()
    }

    /// Closes the entrances of the institutions that may lose something, if they have nothing that would be lost. Otherwise all stay open.
    pub(super) async fn close_losing(&self, changes: Changes<'_>) -> Result<Vec<Closed>, ReloadError> {
        let mut closed = Vec::new();
        let mut blockers = Vec::new();
        let losing = self.losing(changes);
        for name in &losing {
            let Some(handle) = self.find_handle(name) else { continue };
            match handle.close() {
                Ok(entrance) => closed.push(entrance),
                Err(count) => blockers.push(blocker(name, BlockedBy::OpenExchanges, count)),
            }
        }
        for name in losing {
            blockers.extend(self.left_behind(name).await.map_err(ReloadError::Journal)?);
        }
        if blockers.is_empty() { Ok(closed) } else { Err(ReloadError::WouldLose(blockers)) }
    }

    /// The same without closing anything.
    pub(super) async fn blockers(&self, changes: Changes<'_>) -> Result<Vec<Blocker>, ReloadError> {
        let mut blockers = Vec::new();
        for name in self.losing(changes) {
            let open = self.find_handle(name).map_or(0, |handle| handle.requests());
            blockers.extend((open > 0).then(|| blocker(name, BlockedBy::OpenExchanges, open)));
            blockers.extend(self.left_behind(name).await.map_err(ReloadError::Journal)?);
        }
        Ok(blockers)
    }

    /// What an institution has that only it can bring to an end, besides its open exchanges.
    pub(super) async fn left_behind(&self, name: &str) -> Result<Vec<Blocker>, super::JournalError> {
        let mut blockers = Vec::new();
        let status = match self.find_handle(name) {
            Some(handle) => handle.status().await,
            None => None,
        };
        let unanswered = status.as_ref().map_or(0, |status| status.limit.unanswered);
        let settles = usize::from(status.is_some_and(|status| status.unsettled_since_ms.is_some()));
        let letters = self.dead_letters(DECISIONS_MAX).await?;
        let letters = letters.iter().filter(|(exchange, _)| *exchange.institution == *name).count();
        let counts = self.notice_counts().await?;
        let notices = counts.iter().find(|count| count.institution == name);
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let persons = letters + notices.map_or(0, |count_of| count(count_of.dead_letters));
        let undelivered = notices.map_or(0, |count_of| count(count_of.undelivered));
        for (what, count) in [
            (BlockedBy::UnknownExchanges, unanswered),
            (BlockedBy::UnfinishedSettlements, settles),
            (BlockedBy::OpenDecisions, persons),
            (BlockedBy::UndeliveredNotices, undelivered),
        ] {
            blockers.extend((count > 0).then(|| blocker(name, what, count)));
        }
        Ok(blockers)
    }
}

fn blocker(institution: &str, what: BlockedBy, count: usize) -> Blocker {
    Blocker { institution: institution.to_owned(), what, count: u64::try_from(count).unwrap_or(u64::MAX) }
}

/// The institutions that are removed.
pub(super) fn removed(difference: &Difference) -> impl Iterator<Item = &String> {
    let institutions = difference.institutions.iter();
    institutions.filter(|(_, change)| matches!(change, InstitutionChange::Removed)).map(|(name, _)| name)
}
