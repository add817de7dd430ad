//! An institution that starts while the journal is open: its lane, and what an earlier run of it left. Opening the journal itself is
//! `recovery`, whose rules hold here, too.

use std::time::Duration;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use fep_protocol::standing::Standing;
use fep_protocol::trace::TraceHighWater;

use super::lane::{Lane, LaneNumber};
use super::recovery::{EarlierCase, OpenOptions, Recalled, earlier_cases, endings, resting, sent};
use super::routed::{StoredAnswer, routed_since};
use super::{Journal, Whose};

/// What an earlier run of an institution left.
#[derive(Debug, Default)]
pub struct Left {
    /// The high-water marks of its used trace numbers.
    pub high_waters: Vec<TraceHighWater>,
    /// The exchanges whose keys may still be in quarantine.
    pub recalled: Vec<Recalled>,
    /// The answers, to those among others, that came to other gateways lately.
    pub routed: Vec<StoredAnswer>,
    /// The telegrams of ours that a rate may still count, as the facts of their sending.
    pub sent: Vec<Fact>,
    /// The settlements that go on.
    pub cases: Vec<EarlierCase>,
    /// What holds from earlier runs.
    pub standing: Vec<Standing>,
}

/// The pause between two looks at a lane.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

impl Journal {
    /// A lane for an institution that the journal did not know when it was opened. It stays for ever: an institution that comes again
    /// uses the same one.
    pub(crate) fn add_lane(&self) -> Lane {
        let lane = Lane::new(self.inner.bell.clone(), self.inner.reading.veil.clone());
        self.inner.newcomers.add(lane.clone());
        lane
    }

    /// Reads what the earlier run of an institution left, after `first`, the first fact of its next run, and so all earlier ones are durable.
    /// `options` names only this institution. Exchanges that the earlier run left open end as they do when the journal is opened.
    ///
    /// # Errors
    /// If the journal cannot be read, or does not take the facts of the lane within `patience`.
    pub(crate) async fn left_by(
        &self,
        lane: &Lane,
        first: Fact,
        options: OpenOptions,
        patience: Duration,
    ) -> Result<Left, JournalError> {
        is_stored(lane, lane.append(first)?, patience).await?;
        let whose = Whose::of(self.inner.home.instance());
        let options = OpenOptions { whose, ..options };
        let of_open = options.clone();
        let is_own = |institution: &str| options.institutions.iter().any(|name| name == institution);
        let ends = self.read_all(move |reader| endings(reader, &of_open)).await?;
        let mut last = 0;
        for end in ends.into_iter().filter(|end| is_own(&end.institution)) {
            last = lane.append(end)?;
        }
        is_stored(lane, last, patience).await?;
        self.read_all(move |reader| {
            let is_own = |institution: &str| options.institutions.iter().any(|name| name == institution);
            let mut left = Left {
                recalled: resting(reader, &options)?,
                routed: routed_since(reader, options.now_ms.saturating_sub(options.quarantine_max_ms))?,
                sent: sent(reader, &options)?,
                cases: earlier_cases(reader, &options)?,
                high_waters: reader
                    .index
                    .traces()?
                    .into_iter()
                    .filter(|(name, _)| is_own(name))
                    .map(|(_, high)| high)
                    .collect(),
                standing: reader
                    .index
                    .standing(&reader.whose)?
                    .into_iter()
                    .filter(|stood| is_own(&stood.institution))
                    .map(|stood| stood.standing)
                    .collect(),
            };
            left.recalled.retain(|earlier| is_own(&earlier.institution));
            left.routed.retain(|stored| is_own(&stored.institution));
            left.sent.retain(|fact| is_own(&fact.institution));
            left.cases.retain(|case| is_own(&case.institution));
            Ok(left)
        })
        .await
    }
}

impl Lane {
    /// Waits until every fact that the lane has now is durable, at most this long.
    pub(crate) async fn catches_up(&self, patience: Duration) {
        // Who waits reads what there is then. A journal in trouble is reported elsewhere.
        let _ = is_stored(self, self.last(), patience).await;
    }

    /// Waits until the fact with this number is durable, and all before it.
    ///
    /// # Errors
    /// If that takes longer than `patience`. The journal may take it later.
    pub(crate) async fn has_stored(&self, number: LaneNumber, patience: Duration) -> Result<(), JournalError> {
        is_stored(self, number, patience).await
    }
}

/// Waits until the facts of the lane up to this one are durable.
pub(super) async fn is_stored(lane: &Lane, number: LaneNumber, patience: Duration) -> Result<(), JournalError> {
    let stored = async {
        // The lane tells its news to the task of its institution, which has ended or is to start. So it is looked at.
        lane.flush();
        while lane.durable() < number {
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    };
    let late = |_| JournalError::Failed("the journal does not take what was done last".to_owned());
    tokio::time::timeout(patience, stored).await.map_err(late)
}
