//! Notices that are in the journal and not here: fetched when there is room for them, when they come again, or when a person
//! decides about them.

use fep_protocol::delivery::NoticeRef;
use fep_protocol::exchange::ExchangeId;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::JournalError;

use super::Task;
use super::notices::{FETCH_PAUSE, Fetching, NoticeDone, Then};
use crate::journal::notice::StoredNotice;

/// The maximum number of notices that are fetched from the journal at once.
const FETCHED_MAX: usize = 256;

/// The maximum number of notices that wait to be fetched because of a repetition or a person.
const LOADING_MAX: usize = 256;

impl Task {
    /// Fetches a notice from the journal, because it came again or a person decides about it.
    pub(super) fn load(&mut self, id: ExchangeId, then: Then) {
        let loading = &mut self.notices.loading;
        if let Some(waiting) = loading.get_mut(&id) {
            if waiting.len() < LOADING_MAX {
                waiting.push(then);
            }
            return;
        }
        // Beyond the limit a repetition gets no answer, and the institution sends it again.
        if loading.len() >= LOADING_MAX {
            return;
        }
        loading.insert(id, vec![then]);
        let journal = self.shared.journal.clone();
        self.others.push(Box::pin(async move {
            NoticeDone::Loaded(id, journal.find_notice(&id).await.map(|found| found.map(Box::new)))
        }));
    }

    pub(super) fn loaded(&mut self, id: ExchangeId, found: Result<Option<Box<StoredNotice>>, JournalError>) {
        let now = self.shared.clock.now();
        let waiting = self.notices.loading.remove(&id).unwrap_or_default();
        match found {
            Ok(Some(notice)) => {
                self.take_stored(*notice);
                if let Some(case) = self.stored_case(&id)
                    && let Some(entry) = self.notices.entries.get(&id)
                {
                    let notice = NoticeRef { id, telegram: entry.key.telegram.to_string(), case };
                    self.notices.delivery.load(notice, now);
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, institution = &*self.name, notice = %id, "a notice cannot be fetched")
            }
        }
        let Some(key) = self.notices.entries.get(&id).map(|entry| entry.key.clone()) else { return };
        for then in waiting {
            match then {
                Then::Answer(incarnation) => self.repetition(&key, id, incarnation),
                Then::Decide(decision, reply) => self.decide_delivery(id, decision, reply),
            }
        }
    }

    /// Fetches undelivered notices from the journal, if there is room for them.
    pub(super) fn fetch(&mut self) {
        let is_early = self.notices.fetch_at > self.shared.clock.now().steady;
        if is_early || self.notices.fetching.is_some() || !self.notices.delivery.wants_more() {
            return;
        }
        self.notices.fetching = Some(Fetching::default());
        let here = self.notices.entries.len();
        // Those that are here are found, too.
        let limit = here + self.notices.delivery.room().min(FETCHED_MAX);
        let journal = self.shared.journal.clone();
        let institution = self.name.clone();
        self.others.push(Box::pin(async move {
            let found = journal.undelivered(&institution, limit).await;
            NoticeDone::Fetched(limit, found)
        }));
    }

    pub(super) fn fetched(&mut self, limit: usize, found: Result<Vec<StoredNotice>, JournalError>) {
        let ended = self.notices.fetching.take().unwrap_or_default().ended;
        let found = match found {
            Ok(_) if is_on(Mutant::ForgetsNotices) => Vec::new(),
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, institution = &*self.name, "undelivered notices cannot be fetched");
                self.notices.fetch_at = self.shared.clock.now().steady + FETCH_PAUSE;
                return self.notices.delivery.fetched(false);
            }
        };
        let mut all = found.len() < limit;
        let mut fetching = Fetching::default();
        for notice in found {
            let id = notice.id;
            if ended.contains(&id) {
                all = false;
            } else if self.take_stored(notice) {
                fetching.unresolved.insert(id);
                self.look_up_later(id);
            }
        }
        self.notices.delivery.fetched(all);
        self.notices.fetching = Some(fetching).filter(|fetching| !fetching.unresolved.is_empty());
        self.look_up();
    }

    /// A fetched notice was looked up.
    pub(super) fn fetched_one(&mut self, id: &ExchangeId) {
        if let Some(fetching) = &mut self.notices.fetching
            && fetching.unresolved.remove(id)
            && fetching.unresolved.is_empty()
        {
            self.notices.fetching = None;
        }
    }
}
