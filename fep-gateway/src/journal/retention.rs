//! Retention: archives that are older than `keep_days` are deleted, from the oldest on.
//!
//! ```text
//! mark in the journal: facts up to n, exchanges accepted before t ─► the index forgets them ─► the files are deleted
//! ```
//!
//! The mark is durable first, so a reader knows that the beginning is missing on purpose. It also keeps what an index that is made again
//! needs of the removed facts: the marks of trace numbers, and what still holds, such as a line that a person stopped.
//! A crash at any step is made good by the next run. What is still needed holds back everything behind it: exchanges without an
//! outcome, settlements that go on or need a person, notices that are not delivered, open exceptions of reconciliations, and facts whose
//! events have not been published. A fact that no archive has is never removed.

use std::path::Path;

use fep_protocol::reason::JournalError;

use super::archive::Archiver;
use super::index_path;
use super::reading::JournalFiles;
use super::sqlite::facts::FactReader;
use super::sqlite::index::IndexReader;
use super::sqlite::{marks, removals};
use super::store::{FactNumber, FactReads, Removal};
use super::whose::Whose;
use crate::time::{DAY_MS, Rfc3339};

/// The maximum number of archives that one run deletes. A clock that was set forward by mistake does not delete all at once.
const FILES_PER_RUN_MAX: usize = 10;

/// Time in which nothing was recorded counts for at most this long, in milliseconds: longer than holidays. A clock that was wrong makes such
/// a gap, also when the gateway was started with it again and again.
const GAP_MAX_MS: i64 = 10 * DAY_MS;

impl Archiver {
    /// Deletes what is older than `keep_days`.
    ///
    /// # Errors
    /// If a file cannot be read, written or deleted. The next run continues.
    pub(super) fn retain(&self) -> Result<(), JournalError> {
        let Some(keep_days) = self.options.keep_days else { return Ok(()) };
        let journal = self.archives.live()?;
        // What an earlier run did not complete.
        if let Some(removal) = journal.removal()? {
            self.complete(&removal)?;
        }
        let Some(removal) = self.removal(&journal, keep_days)? else { return Ok(()) };
        self.step()?;
        marks::mark(self.archives.journal(), &removal)?;
        self.complete(&removal)
    }

    /// What can be removed now.
    fn removal(&self, journal: &FactReader, keep_days: u32) -> Result<Option<Removal>, JournalError> {
        let index = IndexReader::open(&index_path(self.archives.journal()))?;
        // A clock that was set forward is not believed beyond the newest fact. One that was wrong when the gateway started has made
        // facts of this time already, so it is not believed more than a day beyond the earlier ones.
        let Some(newest_ms) = journal.newest_ms()? else { return Ok(None) };
        let now_ms = self.now_ms();
        let witnessed_ms = self.earlier_ms.map_or(now_ms, |at_ms| at_ms.saturating_add(DAY_MS + self.uptime_ms()));
        let known_ms = now_ms.min(newest_ms).min(witnessed_ms);
        let today = self.day_of(known_ms);
        let offset_ms = i64::from(self.options.utc_offset_minutes) * 60_000;
        let horizon_ms = today.saturating_sub(i64::from(keep_days)) * DAY_MS - offset_ms;
        // The newest facts of a removal are in an archive, and no longer in the journal. What is needed is known by its first fact: after
        // the clock was set back, a time says nothing.
        let needed = index.oldest_needed()?.map(|(_, first)| first);
        let notice = index.oldest_open_notice()?;
        let exception = index.oldest_open_exception()?;
        let unpublished = self.mark.published().map(|number| number + 1);
        let end = [needed, notice, exception, unpublished]
            .into_iter()
            .flatten()
            .fold(journal.first()?.unwrap_or(0), FactNumber::min);
        let Some(archives) = self.archives.open()? else { return Ok(None) };
        let (removed, mut before_ms) = journal.removal()?.map_or((0, 0), |removal| (removal.last, removal.before_ms));
        let mut last = removed;
        let mut whole = (last, before_ms);
        for (path, first, newest) in archives.spans().filter(|(_, _, newest)| *newest > removed).take(FILES_PER_RUN_MAX)
        {
            let is_old = |at_ms: &i64| *at_ms < horizon_ms;
            if archives.newest_ms(path)?.filter(is_old).is_none() || newest >= end || first > last + 1 {
                break;
            }
            // An exchange of these facts may have been accepted by another clock than theirs.
            let accepted_ms = archives.newest_exchange(path)?.map_or(0, |id| id.accepted_at_ms());
            if !is_old(&accepted_ms) || recorded_ms(&archives, path, known_ms)? < i64::from(keep_days) * DAY_MS {
                break;
            }
            last = last.max(newest);
            before_ms = before_ms.max(accepted_ms.saturating_add(1));
            if !index.parts_comparisons(last)? && !index.parts_verifications(last)? {
                whole = (last, before_ms);
            }
        }
        let (last, before_ms) = whole;
        let traces = index.traces()?;
        let mut standing = index.standing(&Whose::default())?;
        standing.retain(|stood| stood.number <= last);
        Ok((last > removed).then_some(Removal { last, before_ms, at_ms: now_ms, keep_days, traces, standing }))
    }

    /// Removes what a mark covers from the index and from the disk.
    fn complete(&self, removal: &Removal) -> Result<(), JournalError> {
        self.step()?;
        removals::forget(&index_path(self.archives.journal()), removal)?;
        let Some(archives) = self.archives.open()? else { return Ok(()) };
        let failed = |path: &Path, error: std::io::Error| JournalError::Failed(format!("{}: {error}", path.display()));
        let mut deleted = 0;
        for (path, _, _) in archives.spans().filter(|(_, _, newest)| *newest <= removal.last) {
            self.step()?;
            std::fs::remove_file(path).map_err(|error| failed(path, error))?;
            deleted += 1;
            tracing::info!(archive = %path.display(), keep_days = removal.keep_days, "an archive was deleted: it is too old");
        }
        if deleted > 0 {
            let folder = self.archives.folder();
            std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(folder, error))?;
        }
        Ok(())
    }
}

/// How long ago an archive ended by the facts behind it, in milliseconds. One clock that was wrong adds at most one gap to it.
fn recorded_ms(archives: &JournalFiles, path: &Path, now_ms: i64) -> Result<i64, JournalError> {
    let mut recorded_ms = 0_i64;
    let mut at_ms = None;
    for (path, ..) in archives.spans().skip_while(|(archive, ..)| *archive != path) {
        let next_ms = archives.newest_ms(path)?;
        recorded_ms += gap_ms(at_ms, next_ms);
        at_ms = next_ms.or(at_ms);
    }
    Ok(recorded_ms + gap_ms(at_ms, Some(now_ms)))
}

fn gap_ms(from_ms: Option<i64>, to_ms: Option<i64>) -> i64 {
    from_ms.zip(to_ms).map_or(0, |(from_ms, to_ms)| to_ms.saturating_sub(from_ms).clamp(0, GAP_MAX_MS))
}

impl Removal {
    /// The mark as a sentence.
    pub(super) fn sentence(&self) -> String {
        let Self { last, before_ms, at_ms, keep_days, .. } = self;
        format!(
            "the facts 1 to {last}, and the exchanges that began in them, all accepted before {}, were removed on purpose at {}: \
             keep_days = {keep_days}",
            Rfc3339(*before_ms),
            Rfc3339(*at_ms)
        )
    }
}

#[cfg(test)]
mod tests;
