//! What is going on and what is left to do: the traffic, and what is unknown, undelivered or needs a person.

use fep_protocol::exchange::{Exchange, ExchangeId};
use fep_protocol::settlement::SettlementCase;

use super::Gateway;
use crate::journal::JournalError;
pub use crate::journal::filter::{LetterFilter, OpenCount, OpenKind, Scope};
use crate::journal::notice::{NoticeCounts, StoredNotice};
pub use crate::journal::{InstanceRecord, InstanceState, Owner};
pub use crate::net::traffic::{ROUND_TRIP_BOUNDS_MS, TrafficCounts};

/// The traffic of one institution since the gateway started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficOf {
    /// The institution.
    pub institution: String,
    /// The number of answers that came too late.
    pub late: u64,
    /// By request telegram.
    pub telegrams: Vec<TrafficCounts>,
}

/// What is going on and what is left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Every institution, by name.
    pub traffic: Vec<TrafficOf>,
    /// What is open, by institution and telegram. What has no entry is 0.
    pub open: Vec<OpenCount>,
    /// The gateways that share the journal, by name. Empty if this one has a journal of its own.
    pub instances: Vec<InstanceRecord>,
}

impl Gateway {
    /// The exchanges whose settlement needs a person, oldest first, with their settlements.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<(Exchange, SettlementCase)>, JournalError> {
        self.dead_letters_of(LetterFilter::default(), limit).await
    }

    /// Those of them that the filter lets pass, oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn dead_letters_of(
        &self,
        filter: LetterFilter,
        limit: usize,
    ) -> Result<Vec<(Exchange, SettlementCase)>, JournalError> {
        self.inner.shared.journal.dead_letters(filter, limit).await
    }

    /// The gateways to which exchanges or notices belong, in the order of their names. `None` if this gateway shares its journal with no other,
    /// or the journal does not know the name.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn owners(&self, ids: Vec<ExchangeId>) -> Result<Vec<Option<Owner>>, JournalError> {
        self.inner.shared.journal.owners(ids).await
    }

    /// The notices that no service took and that need a person, as far as the filter lets them pass, oldest first, at most `limit`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn dead_notices(&self, filter: LetterFilter, limit: usize) -> Result<Vec<StoredNotice>, JournalError> {
        self.inner.shared.journal.dead_notices(filter, limit).await
    }

    /// The traffic since the gateway started, and what is open now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn overview(&self) -> Result<Overview, JournalError> {
        let open = self.inner.shared.journal.open_counts().await?;
        let institutions = self.running();
        let traffic = institutions.iter().map(|(name, handle)| TrafficOf {
            institution: name.clone(),
            late: handle.statuses.traffic().late_count(),
            telegrams: handle.statuses.traffic().counts(),
        });
        let instances = self.inner.shared.journal.instances().await?;
        Ok(Overview { traffic: traffic.collect(), open, instances })
    }

    /// How many notices are not delivered, by institution.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn notice_counts(&self) -> Result<Vec<NoticeCounts>, JournalError> {
        let now_ms = self.inner.shared.clock.now().wall_ms;
        let mut counts = self.inner.shared.journal.notice_counts(now_ms).await?;
        for institution in self.running().keys() {
            if counts.iter().all(|count| count.institution != *institution) {
                counts.push(NoticeCounts::none(institution));
            }
        }
        Ok(counts)
    }
}
