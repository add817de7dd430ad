//! Takes over from another gateway that shares the journal and is gone: its exchanges end, and its settlements and undelivered notices become
//! those of this gateway. Ending what an earlier run of this gateway left is `recovery`.
//!
//! ```text
//! a lease is over ─► fact "taken over": the other one writes nothing any more, and nobody else takes over
//!                        └─► the index gives its unfinished exchanges to us ─► they end as after a crash ─► they are settled
//! ```

use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::{Fact, TakenOver, What};
use fep_protocol::reason::JournalError;
use tokio::time::Instant;

use super::again::{Left, is_stored};
use super::lane::Lane;
use super::recovery::{OpenOptions, earlier_cases, endings, resting};
use super::routed::routed_since;
use super::store::StoreError;
use super::whose::{InstanceRecord, Over, Owner};
use super::{INDEX_WAIT, Journal, Whose};

/// The pause between two looks at a lane.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

impl Journal {
    /// Whether several gateways share the journal.
    pub(crate) fn is_shared(&self) -> bool {
        self.inner.home.instance().is_some()
    }

    /// Whether another gateway took over from this one, so that it writes nothing any more.
    #[must_use]
    pub(crate) fn is_fenced(&self) -> bool {
        self.inner.home.is_fenced()
    }

    /// The other gateway to which an exchange or a notice belongs. `None` if it is our own.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn elsewhere(&self, id: &ExchangeId) -> Result<Option<String>, JournalError> {
        let owner = self.owners(vec![*id]).await?.pop().flatten();
        Ok(owner.filter(|owner| !owner.is_own).map(|owner| owner.instance))
    }

    /// The gateways to which exchanges or notices belong, in the order of their names. `None` if no other gateway shares the journal, or it does
    /// not know the name.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn owners(&self, ids: Vec<ExchangeId>) -> Result<Vec<Option<Owner>>, JournalError> {
        let Some(own) = self.inner.home.instance() else { return Ok(vec![None; ids.len()]) };
        let owners = self.read_all(move |reader| {
            Ok(ids.iter().map(|id| reader.index.owner(id)).collect::<Result<Vec<_>, StoreError>>()?)
        });
        let owner = |instance: String| Owner { is_own: *instance == *own, instance };
        Ok(owners.await?.into_iter().map(|instance| instance.map(owner)).collect())
    }

    /// The gateways that share the journal, with what is open at each as far as the index knows. None if it has a journal of its own.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn instances(&self) -> Result<Vec<InstanceRecord>, JournalError> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        let home = Arc::clone(&self.inner.home);
        let records = tokio::task::spawn_blocking(move || home.instances()).await;
        let mut records = records.map_err(|error| JournalError::Failed(error.to_string())).flatten()?;
        for (instance, in_flight, unsettled) in self.read(|reader| Ok(reader.index.open_at()?)).await? {
            if let Some(record) = records.iter_mut().find(|record| record.instance == instance) {
                record.in_flight = in_flight;
                record.unsettled = unsettled;
            }
        }
        Ok(records)
    }

    /// The runs of other gateways from which somebody must take over.
    ///
    /// # Errors
    /// If the journal cannot be reached.
    pub(crate) async fn over(&self) -> Result<Vec<Over>, JournalError> {
        let home = Arc::clone(&self.inner.home);
        #[cfg(feature = "simulation")]
        if matches!(self.inner.ground, crate::ground::Ground::Simulated(_)) {
            return home.over();
        }
        let over = tokio::task::spawn_blocking(move || home.over()).await;
        over.map_err(|error| JournalError::Failed(error.to_string())).flatten()
    }

    /// Takes over from a run of another gateway at one institution. `lane` is used by nobody else. Returns `false` if the run is not over, or
    /// another gateway took over. What it left follows with [`Journal::inherit`].
    ///
    /// # Errors
    /// If the journal does not take the fact within `patience`.
    pub(crate) async fn take_over(
        &self,
        lane: &Lane,
        run: &TakenOver,
        institution: &str,
        now_ms: i64,
        patience: Duration,
    ) -> Result<bool, JournalError> {
        let fact = Fact {
            what: What::TakenOver,
            taken_over: Some(Box::new(run.clone())),
            ..Fact::new(institution.into(), now_ms)
        };
        self.permits(lane, fact, patience).await
    }

    /// Whether this gateway took over from a run of another one at an institution. [`Journal::take_over`] can fail although it did, if the answer
    /// to its commit was lost.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) async fn has_taken_over(&self, run: &TakenOver, institution: &str) -> Result<bool, JournalError> {
        let own = self.inner.home.instance();
        let run = run.clone();
        let institution = institution.to_owned();
        let index = Arc::clone(&self.inner.index);
        let heir = move |reader: &super::Reader| Ok(reader.index.heir(&institution, &run)?);
        let heir = self.read_after(move || index.wait_for_all(INDEX_WAIT), heir).await?;
        Ok(heir.is_some() && heir.as_deref() == own.as_deref())
    }

    /// Ends the exchanges that were taken over from a run of another gateway at the one institution that `options` names, and reads what goes
    /// on. `lane` is used by nobody else.
    ///
    /// # Errors
    /// If the journal cannot be read, or does not take the facts within `patience`. A later call, or the next start, goes on.
    pub(crate) async fn inherit(
        &self,
        lane: &Lane,
        run: &TakenOver,
        options: OpenOptions,
        patience: Duration,
    ) -> Result<Left, JournalError> {
        let institution = options.institutions.first().cloned().unwrap_or_default();
        let asked = run.clone();
        let name = institution.clone();
        let index = Arc::clone(&self.inner.index);
        let number = move || index.wait_for_all(INDEX_WAIT);
        let number = self.read_after(number, move |reader| Ok(reader.index.taken_over_by(&name, &asked)?)).await?;
        let missing = || JournalError::Failed("its index lacks a takeover".to_owned());
        let whose = Whose::of(self.inner.home.instance()).taken_by(number.ok_or_else(missing)?);
        let options = OpenOptions { whose, ..options };
        let of_open = options.clone();
        let ends = self.read_all(move |reader| endings(reader, &of_open)).await?;
        tracing::warn!(
            instance = run.instance,
            institution,
            open = ends.iter().filter(|end| end.what == What::Outcome).count(),
            "this gateway goes on with what another one left"
        );
        let mut last = 0;
        for end in ends {
            last = lane.append(end)?;
        }
        is_stored(lane, last, patience).await?;
        self.read_all(move |reader| {
            let mut routed = routed_since(reader, options.now_ms.saturating_sub(options.quarantine_max_ms))?;
            routed.retain(|stored| options.institutions.iter().any(|name| **name == *stored.institution));
            Ok(Left {
                routed,
                recalled: resting(reader, &options)?,
                cases: earlier_cases(reader, &options)?,
                ..Left::default()
            })
        })
        .await
    }

    /// Stores a permission. Returns `false` if another gateway does not let us have it.
    async fn permits(&self, lane: &Lane, fact: Fact, patience: Duration) -> Result<bool, JournalError> {
        let number = lane.append(fact)?;
        lane.flush();
        let until = Instant::now() + patience;
        loop {
            let progress = lane.progress();
            if let Some((_, error)) = progress.failed.into_iter().find(|(failed, _)| *failed == number) {
                // A journal in trouble says so; a takeover that is refused while it works belongs to somebody else.
                return if self.trouble().is_some() { Err(error) } else { Ok(false) };
            }
            if progress.durable >= number {
                return Ok(true);
            }
            if Instant::now() > until && lane.withdraw(number) {
                return Err(JournalError::Failed("the journal does not take a takeover".to_owned()));
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }
}
