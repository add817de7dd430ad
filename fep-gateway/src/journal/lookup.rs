//! Finds exchanges in journal files through the index beside them, also while a gateway writes both.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fep_protocol::exchange::{Exchange, ExchangeId, Money, Outcome, SettledBy, TelegramBytes};
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::filter::{AuditFilter, AuditRecord, ExchangeFilter};
use super::notice::{NoticeFilter, StoredNotice, stored_notice};
use super::reading::{JournalFiles, JournalPlace};
use super::seal::{KeyId, KeyRing, Unreadable, Veil};
use super::sqlite::index::{IndexReader, Veiled};
use super::store::FactNumber;
use super::{exchange, index_path};

/// The longest wait for the indexer of a running gateway.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);

/// The pause before the index is asked again how far it is.
const CATCH_UP_PAUSE: Duration = Duration::from_millis(10);

/// How many exchanges [`Lookup::walk`] reads at a time.
pub const WALK_COUNT: usize = 2048;

/// The maximum number of facts of one exchange that are shown.
pub const FACTS_MAX: usize = 1000;

/// Journal files with the index of the newest one.
#[derive(Debug)]
pub struct Lookup {
    files: JournalFiles,
    index: Result<IndexReader, JournalError>,
    veil: Option<Veil>,
    unreadable: BTreeMap<FactNumber, Unreadable>,
}

/// An exchange of [`Lookup::walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Its name.
    pub id: ExchangeId,
    /// Its outcome, or `None` while it runs.
    pub outcome: Option<Outcome>,
    /// What settled it, if it was unknown.
    pub settled_by: Option<SettledBy>,
    /// What became of the money then.
    pub money: Option<Money>,
    /// Whether what became of the money is disputed: the institution said something else than a decision, and no person has decided since.
    pub is_disputed: bool,
    /// When its request was stored to be sent, in milliseconds since 1970. `None` if it was not encoded.
    pub sent_at_ms: Option<i64>,
    /// Since when it has been known what became of the money, in milliseconds since 1970: by its answer, or by the last step of its settlement.
    /// `None` if nobody knows.
    pub known_at_ms: Option<i64>,
    /// The frame of the request. Empty if it was never encoded or cannot be read.
    pub request: TelegramBytes,
    /// The frame of the answer, if there is one. Empty if it cannot be read.
    pub answer: Option<TelegramBytes>,
}

impl Lookup {
    /// Opens the files and the index. Waits until the index has all facts, if a gateway builds it just now.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn open(place: &JournalPlace, keys: Option<&KeyRing>) -> Result<Self, JournalError> {
        let files = JournalFiles::open_at(place, keys)?;
        let index = current_index(&files, place);
        let veil = keys.map(|keys| keys.veil().clone());
        Ok(Self { files, index, veil, unreadable: BTreeMap::new() })
    }

    /// Checks that [`Lookup::search`] can use this filter.
    ///
    /// # Errors
    /// If the index is missing or lags behind, or an idempotency key or a response code cannot be looked up without a key file.
    pub fn check(&self, filter: &ExchangeFilter) -> Result<(), JournalError> {
        self.index.as_ref().map_err(Clone::clone)?;
        let is_veiled = filter.idempotency_key.is_some() || filter.code.is_some();
        if is_veiled && self.veil.is_none() && self.files.is_encrypted()? {
            let why =
                "idempotency keys and response codes are looked up by keyed hashes in this journal: give --key-file";
            return Err(JournalError::Failed(why.to_owned()));
        }
        Ok(())
    }

    /// Passes the exchanges on that the filter lets pass, newest first, at most `limit`. Returns their number.
    ///
    /// # Errors
    /// As for [`Lookup::check`], or if `each` fails.
    pub fn search<E: From<JournalError>>(
        &self,
        filter: &ExchangeFilter,
        limit: usize,
        mut each: impl FnMut(Exchange) -> Result<(), E>,
    ) -> Result<usize, E> {
        self.check(filter)?;
        let index = self.index.as_ref().map_err(|error| E::from(error.clone()))?;
        let veiled = self.veil.as_ref().map(|veil| Veiled::of(filter, veil)).unwrap_or_default();
        let rows = index.search(filter, &veiled, limit).map_err(JournalError::from)?;
        let count = rows.len();
        for row in rows {
            each(exchange(row, |number| self.files.get(number))?)?;
        }
        Ok(count)
    }

    /// Passes all exchanges on that the filter lets pass, newest first, with their telegrams. At most [`WALK_COUNT`] of them are in memory.
    ///
    /// # Errors
    /// As for [`Lookup::check`], or if `each` fails.
    pub fn walk<E: From<JournalError>>(
        &self,
        filter: &ExchangeFilter,
        mut each: impl FnMut(Walked) -> Result<(), E>,
    ) -> Result<(), E> {
        self.check(filter)?;
        let index = self.index.as_ref().map_err(|error| E::from(error.clone()))?;
        let veiled = self.veil.as_ref().map(|veil| Veiled::of(filter, veil)).unwrap_or_default();
        let mut filter = filter.clone();
        loop {
            let rows = index.search(&filter, &veiled, WALK_COUNT).map_err(JournalError::from)?;
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
            filter.behind = Some(last);
            let numbers = rows.iter().flat_map(|row| [row.request, row.answer]).flatten().collect();
            let mut telegrams = self.files.telegrams(&numbers)?;
            let mut telegram = |number: Option<FactNumber>| number.and_then(|number| telegrams.remove(&number));
            for row in rows {
                let request = telegram(row.request);
                let answer = telegram(row.answer);
                let settled_at_ms = match row.outcome {
                    Some(Outcome::Unknown) if row.has_case => {
                        index.settled_at_ms(&row.id).map_err(JournalError::from)?
                    }
                    _ => None,
                };
                let is_known = row.outcome == Some(Outcome::Answered) || row.settled_by.is_some();
                let known_at_ms = settled_at_ms.max(answer.as_ref().map(|answer| answer.at_ms)).or(row.ended_at_ms);
                each(Walked {
                    id: row.id,
                    outcome: row.outcome,
                    settled_by: row.settled_by,
                    money: row.money,
                    is_disputed: row.flags.disputed,
                    sent_at_ms: request.as_ref().map(|request| request.at_ms),
                    known_at_ms: known_at_ms.filter(|_| is_known),
                    request: request.map(|request| request.bytes).unwrap_or_default(),
                    answer: answer.map(|answer| answer.bytes),
                })?;
            }
        }
    }

    /// The time before which exchanges were removed on purpose, in milliseconds since 1970.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn removed_before_ms(&self) -> Result<Option<i64>, JournalError> {
        Ok(self.files.removal()?.map(|removal| removal.before_ms))
    }

    /// Passes the notices on that the filter lets pass, newest first, at most `limit`. Returns their number.
    ///
    /// # Errors
    /// If the index is missing or lags behind, or `each` fails.
    pub fn search_notices<E: From<JournalError>>(
        &self,
        filter: &NoticeFilter,
        limit: usize,
        mut each: impl FnMut(StoredNotice) -> Result<(), E>,
    ) -> Result<usize, E> {
        let index = self.index.as_ref().map_err(|error| E::from(error.clone()))?;
        let (rows, _) = index.notice_page(filter, limit, usize::MAX).map_err(JournalError::from)?;
        let count = rows.len();
        for row in rows {
            each(stored_notice(row, |number| self.files.get(number))?)?;
        }
        Ok(count)
    }

    /// The entries of the audit trail that the filter lets pass, newest first, at most `limit`.
    ///
    /// # Errors
    /// If the index is missing or lags behind, or a file cannot be read.
    pub fn audit_trail(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<AuditRecord>, JournalError> {
        let index = self.index.as_ref().map_err(Clone::clone)?;
        let mut entries = Vec::new();
        for (number, end) in index.trail(filter, limit)? {
            entries.extend(self.files.get(number)?.map(|fact| AuditRecord { number, fact, end }));
        }
        Ok(entries)
    }

    /// A fact that this key sealed and that the gateway still needs, or `None` if there is none.
    pub(super) fn needs(&self, key: KeyId) -> Result<Option<FactNumber>, JournalError> {
        let index = self.index.as_ref().map_err(Clone::clone)?;
        for number in index.needed()? {
            if self.files.key_of(number)? == Some(key) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// The time of the newest fact that this key sealed, in milliseconds since 1970.
    pub(super) fn newest_of(&self, key: KeyId) -> Result<Option<i64>, JournalError> {
        self.files.newest_of(key)
    }

    /// The bodies that [`Lookup::facts`] could not read.
    #[must_use]
    pub fn unreadable(&self) -> &BTreeMap<u64, Unreadable> {
        &self.unreadable
    }

    /// The facts of an exchange or a notice in their order, at most [`FACTS_MAX`], or an empty list if there is none. Without an
    /// index, all facts are read.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn facts(&mut self, id: &ExchangeId) -> Result<Vec<(u64, Fact)>, JournalError> {
        let mut facts = Vec::new();
        if let Ok(index) = &self.index {
            let exchange = index.find(id)?.map(|row| row.facts());
            let numbers = match exchange {
                Some(numbers) => numbers,
                None => index.find_notice(id)?.map(|row| row.facts()).unwrap_or_default(),
            };
            for number in numbers {
                facts.extend(self.files.get(number)?.map(|fact| (number, fact)));
                self.unreadable.extend(self.files.take_unreadable());
            }
            return Ok(facts);
        }
        self.files.skip_to(0);
        loop {
            let page = self.files.next_page()?;
            self.unreadable.extend(self.files.take_unreadable());
            if page.is_empty() || facts.len() >= FACTS_MAX {
                facts.truncate(FACTS_MAX);
                self.unreadable.retain(|number, _| facts.iter().any(|(shown, _)| shown == number));
                return Ok(facts);
            }
            facts.extend(page.into_iter().filter(|(_, fact)| fact.exchange == Some(*id)));
        }
    }
}

/// The index of the newest file, with all its facts.
pub(super) fn current_index(files: &JournalFiles, place: &JournalPlace) -> Result<IndexReader, JournalError> {
    let journal = files.current().display();
    let path = index_path(files.current());
    let command = match place {
        JournalPlace::Files(_) => format!("`fep-gateway journal rebuild --journal {journal}` makes it again"),
        #[cfg(feature = "postgres")]
        JournalPlace::Database { .. } => {
            "ask on the machine of a gateway that runs: its index is there, and each start makes it whole".to_owned()
        }
    };
    let refused = |what: &str| JournalError::Failed(format!("{}: {what}: {command}", path.display()));
    if !path.exists() {
        return Err(refused("the index is missing"));
    }
    let index = IndexReader::open(&path)?;
    let until = Instant::now() + CATCH_UP_MAX;
    loop {
        match index.state() {
            Ok(Some((owner, _))) if owner != files.journal_id() => {
                return Err(refused("the index belongs to another journal"));
            }
            Ok(Some((_, applied))) if applied >= files.last() => return Ok(index),
            Ok(Some((_, applied))) if Instant::now() >= until => {
                let behind = files.last() - applied;
                return Err(refused(&format!("the index is {behind} facts behind")));
            }
            Ok(Some(_)) => std::thread::sleep(CATCH_UP_PAUSE),
            Ok(None) | Err(_) => return Err(refused("this is not an index of this version")),
        }
    }
}
